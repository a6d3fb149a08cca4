// NOR flash with Intel's command set (Common Flash Interface, JEDEC JESD68; Intel "28F640J3"): two
// 16-bit chips that make a 32-bit bus, so that each chip sees one half of every word; or, on PCs,
// one chip of bytes with small sectors. Reads see the memory itself until a command asks for
// status, identification or query data.
//
// In the chip of bytes, clearing the status clears the ready bit too, until the next command: OVMF
// tells flash from RAM and ROM that way.
//
// Words are programmed as in real flash: bits go from 1 to 0 only, an erase sets them.
#include "hw/block/pflash_cfi01.h"

#include <string.h>

#include "block/block.h"
#include "hw/core/machine.h"
#include "util/log.h"

// --- commands and status

enum {
    CMD_READ_ARRAY = 0xff,
    CMD_READ_ARRAY_ALT = 0x00,
    CMD_READ_ARRAY_AMD = 0xf0, // probes for another command set end with it
    CMD_PROGRAM_ALT = 0x10,
    CMD_PROGRAM = 0x40,
    CMD_ERASE = 0x20,
    CMD_CLEAR_STATUS = 0x50,
    CMD_LOCK = 0x60,
    CMD_READ_STATUS = 0x70,
    CMD_READ_ID = 0x90,
    CMD_QUERY = 0x98,
    CMD_BUFFER = 0xe8,
    CONFIRM = 0xd0,
    SET_LOCK = 0x01,
};

enum {
    STATUS_READY = 0x80,
    STATUS_ERASE_ERROR = 0x20,
    STATUS_PROGRAM_ERROR = 0x10,
};

#define SECTOR      UINT64_C(0x40000) // of both chips
#define CHIPS       2
#define BYTE_SECTOR UINT64_C(0x1000)
#define BUFFER_LOG  11 // bytes of one chip's write buffer
#define BUFFER      (CHIPS << BUFFER_LOG)
#define MAKER       0x89
#define MODEL       0x18
#define QUERY_LEN   0x52

// --- state

typedef struct PFlash {
    Device dev;
    uint8_t cmd;   // the command under way or whose data reads show; 0: array
    uint8_t cycle; // of cmd
    uint8_t status;
    uint32_t count;     // buffer writes still to come, minus one
    uint64_t buffer_at; // where the buffer goes
    uint8_t buffer[BUFFER];
    StateHash written; // everything ever written: stands for the contents in the state hash
    MemRegion *mem;
    uint64_t size;
    uint64_t sector;
    unsigned chips; // 2: 16 bits each; 1: 8 bits
    BlockDevice *file;
    bool readonly;
    uint8_t query[QUERY_LEN];
} PFlash;

static const StateField fields[] = {
    STATE_U8(PFlash, cmd),
    STATE_U8(PFlash, cycle),
    STATE_U8(PFlash, status, .reset = STATUS_READY),
    STATE_U32(PFlash, count),
    STATE_U64(PFlash, buffer_at),
    STATE_BYTES(PFlash, buffer),
    STATE_BYTES(PFlash, written, .keep = true),
    STATE_END,
};

static bool loaded(void *obj, char **error)
{
    PFlash *s = obj;
    if (s->buffer_at > s->size - BUFFER || s->buffer_at % BUFFER) {
        *error = g_strdup("pflash: write buffer out of range");
        return false;
    }
    mem_romd_set(s->mem, s->cmd == 0);
    return true;
}

static const StateDesc state = {"cfi.pflash01", 1, fields, .loaded = loaded};

// --- contents

static void set_status(PFlash *s, uint8_t bits)
{
    s->status |= STATUS_READY | bits;
}

static void write_back(PFlash *s, uint64_t offset, uint64_t len)
{
    const uint8_t *p = mem_host(s->mem) + offset;
    state_hash_bytes(&s->written, &offset, sizeof offset);
    state_hash_bytes(&s->written, p, len);
    mem_region_dirty(s->dev.machine->memory, s->mem, offset, len); // code may run from it
    if (s->file && !block_write(s->file, offset, p, len)) {
        set_status(s, STATUS_PROGRAM_ERROR);
    }
}

static void program(PFlash *s, uint64_t offset, const uint8_t *data, uint64_t len)
{
    if (s->readonly) {
        set_status(s, STATUS_PROGRAM_ERROR);
        return;
    }
    uint8_t *p = mem_host(s->mem) + offset;
    for (uint64_t i = 0; i < len; i++) {
        p[i] &= data[i];
    }
    write_back(s, offset, len);
    set_status(s, 0);
}

static void erase(PFlash *s, uint64_t offset)
{
    if (s->readonly) {
        set_status(s, STATUS_ERASE_ERROR);
        return;
    }
    offset = ALIGN_DOWN(offset, s->sector);
    memset(mem_host(s->mem) + offset, 0xff, s->sector);
    write_back(s, offset, s->sector);
    set_status(s, 0);
}

// --- commands

static void read_array(PFlash *s)
{
    s->cmd = 0;
    s->cycle = 0;
    mem_romd_set(s->mem, true);
}

static void bad_command(PFlash *s, uint64_t offset, uint32_t value)
{
    log_printf(LOG_GUEST_ERRORS, "pflash: 0x%x at 0x%llx is no command (cycle %u of 0x%x)\n", value,
               (unsigned long long)offset, s->cycle, s->cmd);
    read_array(s);
}

static void first_cycle(PFlash *s, uint64_t offset, uint8_t cmd)
{
    s->cycle = 1;
    s->cmd = cmd;
    switch (cmd) {
    case CMD_PROGRAM:
    case CMD_PROGRAM_ALT:
    case CMD_ERASE:
    case CMD_LOCK:
    case CMD_BUFFER:
        mem_romd_set(s->mem, false);
        set_status(s, 0);
        return;
    case CMD_READ_STATUS:
    case CMD_READ_ID:
    case CMD_QUERY:
        mem_romd_set(s->mem, false);
        s->cycle = 0;
        return;
    case CMD_CLEAR_STATUS:
        s->status = s->chips == 2 ? STATUS_READY : 0;
        read_array(s);
        return;
    case CMD_READ_ARRAY:
    case CMD_READ_ARRAY_ALT:
    case CMD_READ_ARRAY_AMD:
        read_array(s);
        return;
    }
    bad_command(s, offset, cmd);
}

static void start_buffer(PFlash *s, uint64_t offset, uint32_t value)
{
    s->count = value & 0xffff; // words of one chip, minus one: both chips are told the same
    s->buffer_at = ALIGN_DOWN(offset, BUFFER);
    memset(s->buffer, 0xff, sizeof s->buffer);
    s->cycle = 2;
}

static void fill_buffer(PFlash *s, uint64_t offset, const uint8_t *data, unsigned size)
{
    uint64_t at = offset - s->buffer_at;
    if (at >= BUFFER) {
        set_status(s, STATUS_PROGRAM_ERROR);
        bad_command(s, offset, data[0]);
        return;
    }
    memcpy(s->buffer + at, data, size);
    if (s->count-- == 0) {
        s->count = 0;
        s->cycle = 3;
    }
}

// Second cycle of a command that wants to be confirmed; anything else but a return is an error.
static void confirm(PFlash *s, uint64_t offset, uint8_t value)
{
    s->cycle = 0;
    if (value == CONFIRM && s->cmd == CMD_ERASE) {
        erase(s, offset);
    } else if (value == CONFIRM && s->cmd == CMD_BUFFER) {
        program(s, s->buffer_at, s->buffer, BUFFER);
    } else if (s->cmd == CMD_LOCK && (value == CONFIRM || value == SET_LOCK)) {
        set_status(s, 0); // no block is ever locked
    } else if (value == CMD_READ_ARRAY) {
        read_array(s);
    } else {
        bad_command(s, offset, value);
    }
}

static void pflash_write(void *opaque, uint64_t offset, uint64_t value, unsigned size)
{
    PFlash *s = opaque;
    uint8_t data[8];
    memcpy(data, &value, sizeof data);
    if (s->cycle == 0) {
        first_cycle(s, offset, data[0]);
    } else if (s->cmd == CMD_PROGRAM || s->cmd == CMD_PROGRAM_ALT) {
        s->cycle = 0;
        program(s, offset, data, size);
    } else if (s->cmd == CMD_BUFFER && s->cycle == 1) {
        start_buffer(s, offset, (uint32_t)value);
    } else if (s->cmd == CMD_BUFFER && s->cycle == 2) {
        fill_buffer(s, offset, data, size);
    } else {
        confirm(s, offset, data[0]);
    }
}

// --- what reads show while not in array mode

static uint32_t all_chips(const PFlash *s, uint16_t v)
{
    return s->chips == 2 ? v | (uint32_t)v << 16 : v;
}

static uint32_t read_id(const PFlash *s, uint64_t word)
{
    static const uint16_t ids[] = {MAKER, MODEL, 0}; // and the block's lock state
    word &= 0xff;
    return word < ARRAY_LEN(ids) ? all_chips(s, ids[word]) : 0;
}

static uint64_t pflash_read(void *opaque, uint64_t offset, unsigned size)
{
    PFlash *s = opaque;
    unsigned unit = s->chips == 2 ? 4 : 1;
    uint64_t word = offset / unit;
    uint32_t v;
    (void)size;
    if (s->cmd == CMD_READ_ID) {
        v = read_id(s, word);
    } else if (s->cmd == CMD_QUERY) {
        v = word < QUERY_LEN ? all_chips(s, s->query[word]) : 0;
    } else {
        v = all_chips(s, s->status);
    }
    return v >> (8 * (offset % unit));
}

static const MmioOps ops = {pflash_read, pflash_write, .min_size = 1, .max_size = 4};
static const MmioOps byte_ops = {pflash_read, pflash_write, .min_size = 1, .max_size = 1};

// What one chip answers to a query (JESD68 and Intel's primary table at 0x31).
static void make_query(PFlash *s)
{
    static const struct {
        uint8_t at, value;
    } rows[] =
        {
            {0x10, 'Q'},        {0x11, 'R'},  {0x12, 'Y'},
            {0x13, 0x01},       {0x15, 0x31},               // command set, table
            {0x1b, 0x45},       {0x1c, 0x55},               // voltages
            {0x1f, 0x07},       {0x20, 0x07}, {0x21, 0x0a}, // usual times
            {0x23, 0x04},       {0x24, 0x04}, {0x25, 0x04}, // longest times
            {0x2a, BUFFER_LOG}, {0x2c, 0x01},               // one kind of sector
            {0x31, 'P'},        {0x32, 'R'},  {0x33, 'I'},
            {0x34, '1'},        {0x35, '0'},  {0x3f, 0x01},
        };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        s->query[rows[i].at] = rows[i].value;
    }
    uint64_t sectors = s->size / s->sector, sector = s->sector / s->chips;
    s->query[0x27] = (uint8_t)(63 - __builtin_clzll(s->size / s->chips));
    s->query[0x28] = s->chips == 2 ? 2 : 0; // 8 and 16 bits, or 8
    s->query[0x2d] = (uint8_t)(sectors - 1);
    s->query[0x2e] = (uint8_t)((sectors - 1) >> 8);
    s->query[0x2f] = (uint8_t)(sector >> 8);
    s->query[0x30] = (uint8_t)(sector >> 16);
}

// --- device

static void reset(Device *d)
{
    mem_romd_set(((PFlash *)d)->mem, true);
}

static const DeviceType pflash_type = {
    .name = "cfi.pflash01",
    .desc = "NOR flash, Intel command set",
    .bus = "sysbus",
    .size = sizeof(PFlash),
    .state = &state,
    .reset = reset,
};
DEVICE_TYPE(pflash_type);

uint8_t *pflash_contents(Device *d)
{
    return mem_host(((PFlash *)d)->mem);
}

void pflash_set_readonly(Device *d)
{
    ((PFlash *)d)->readonly = true;
}

// A read-only file may be shorter than the flash. One that is written has to have room for all.
static bool read_file(PFlash *s, const char *name, char **error)
{
    uint64_t len = block_size(s->file);
    if (len > s->size || (len < s->size && !block_readonly(s->file))) {
        *error = g_strdup_printf(
            "%s: drive '%s' has %llu bytes, the flash %llu (make the file that "
            "size, or readonly=on for a shorter one)",
            name, block_file(s->file), (unsigned long long)len, (unsigned long long)s->size);
        return false;
    }
    if (!block_claim(s->file, name, error)) {
        return false;
    }
    if (!block_read(s->file, 0, mem_host(s->mem), len)) {
        *error = g_strdup_printf("%s: cannot read '%s'", name, block_file(s->file));
        return false;
    }
    s->readonly = block_readonly(s->file);
    return true;
}

static Device *create(Machine *m, MemRegion *sysmem, const char *name, uint64_t base, uint64_t size,
                      unsigned chips, BlockDevice *file, char **error)
{
    PFlash *s = (PFlash *)device_new(&pflash_type, m, name);
    s->size = size;
    s->chips = chips;
    s->sector = chips == 2 ? SECTOR : BYTE_SECTOR;
    s->file = file;
    s->mem = machine_add_memory(m, mem_romd(name, size, chips == 2 ? &ops : &byte_ops, s));
    make_query(s);
    if (file && !read_file(s, name, error)) {
        device_free(&s->dev);
        return NULL;
    }
    mem_map(sysmem, base, s->mem, 0);
    if (!device_realize(&s->dev, error)) {
        return NULL;
    }
    return &s->dev;
}

Device *pflash_create(Machine *m, MemRegion *sysmem, const char *name, uint64_t base, uint64_t size,
                      BlockDevice *file, char **error)
{
    return create(m, sysmem, name, base, size, CHIPS, file, error);
}

Device *pflash_create_bytewise(Machine *m, MemRegion *sysmem, const char *name, uint64_t base,
                               uint64_t size, BlockDevice *file, char **error)
{
    return create(m, sysmem, name, base, size, 1, file, error);
}
