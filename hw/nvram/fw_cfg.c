// Firmware configuration device, with DMA. The interface is described in QEMU's specification "QEMU
// Firmware Configuration (fw_cfg) Device".
//
//   memory  ports
//   +0      +1     data      bytes of the selected item, one after the other (reads of 1 to 8
//   bytes;
//                            the port: of 1)
//   +8      +0     selector  16 bits, big-endian in memory, little-endian at the port; selecting
//                            starts over at the item's first byte
//   +16     +4     DMA       64 bits, big-endian: address of {control, length, address}, all
//                            big-endian
#include "hw/nvram/fw_cfg.h"

#include <string.h>

#include "hw/core/machine.h"
#include "util/keyval.h"
#include "util/log.h"

// --- registers and formats

enum { REG_DATA = 0, REG_SELECTOR = 8, REG_DMA_HIGH = 16, REG_DMA_LOW = 20, REG_END = 24 };

enum {
    DMA_ERROR = 1 << 0,
    DMA_READ = 1 << 1,
    DMA_SKIP = 1 << 2,
    DMA_SELECT = 1 << 3,
    DMA_WRITE = 1 << 4,
};

enum { ID_TRADITIONAL = 1 << 0, ID_DMA = 1 << 1 };

#define DMA_SIGNATURE UINT64_C(0x51454d5520434647) // "QEMU CFG"
#define FILE_FIRST    0x20
#define MAX_FILES     128
#define LOCAL_FIRST   (FILE_FIRST + MAX_FILES) // where items with FW_CFG_LOCAL are kept
#define MAX_LOCAL     8
#define KEYS          (LOCAL_FIRST + MAX_LOCAL)
#define FW_CFG_LOCAL  0x8000 // the architecture's own items
#define FILE_NAME     56
#define NOTHING       0xffff

typedef struct DirEntry {
    uint32_t size;
    uint16_t select, reserved;
    char name[FILE_NAME];
} DirEntry;

typedef struct Item {
    uint8_t *data;
    uint64_t len;
    void (*refresh)(void *opaque);                      // before the guest reads it; may be NULL
    void (*written)(void *opaque, const uint8_t *data); // NULL: read-only
    void *opaque;
} Item;

// --- state: which byte of which item comes next. The items are configuration.

typedef struct FwCfg {
    Device dev;
    uint16_t key;
    uint64_t offset;
    uint64_t dma_addr;
    Item item[KEYS];
    DirEntry dir[MAX_FILES];
    unsigned n_files;
} FwCfg;

static const StateField fields[] = {
    STATE_U16(FwCfg, key),
    STATE_U64(FwCfg, offset),
    STATE_U64(FwCfg, dma_addr),
    STATE_END,
};

static bool loaded(void *obj, char **error)
{
    const FwCfg *s = obj;
    uint64_t len = s->key < KEYS ? s->item[s->key].len : 0;
    if (s->offset > len || (s->key >= KEYS && s->key != NOTHING)) {
        *error = g_strdup("fw_cfg: position out of range");
        return false;
    }
    return true;
}

static const StateDesc state = {"fw_cfg", 1, fields, .loaded = loaded};

// --- items

static void set_item(FwCfg *s, unsigned key, const void *data, size_t len)
{
    g_free(s->item[key].data);
    s->item[key].data = len ? g_memdup2(data, len) : NULL;
    s->item[key].len = len;
}

// Where an item is kept; NOTHING for a number that has none.
static uint16_t key_index(unsigned key)
{
    unsigned n = key & 0x3fff; // bit 14 selected a write mode that is gone
    if (key & FW_CFG_LOCAL) {
        return n < MAX_LOCAL ? LOCAL_FIRST + n : NOTHING;
    }
    return n < LOCAL_FIRST ? n : NOTHING;
}

void fw_cfg_add(Device *d, unsigned key, const void *data, size_t len)
{
    g_assert(key < FILE_FIRST || key & FW_CFG_LOCAL);
    set_item((FwCfg *)d, key_index(key), data, len);
}

void fw_cfg_add_int(Device *d, unsigned key, uint64_t value, unsigned size)
{
    fw_cfg_add(d, key, &value, size);
}

static void make_directory(FwCfg *s)
{
    GByteArray *dir = g_byte_array_new();
    uint32_t count = __builtin_bswap32(s->n_files);
    g_byte_array_append(dir, (const guint8 *)&count, sizeof count);
    g_byte_array_append(dir, (const guint8 *)s->dir, s->n_files * sizeof(DirEntry));
    set_item(s, FW_CFG_FILE_DIR, dir->data, dir->len);
    g_byte_array_free(dir, TRUE);
}

// The directory is sorted by name; a file keeps its key when others come in before it.
bool fw_cfg_add_file(Device *d, const char *name, const void *data, size_t len)
{
    FwCfg *s = (FwCfg *)d;
    unsigned at = 0;
    while (at < s->n_files && strcmp(s->dir[at].name, name) < 0) {
        at++;
    }
    bool taken = at < s->n_files && !strcmp(s->dir[at].name, name);
    if (taken || s->n_files == MAX_FILES || strlen(name) >= FILE_NAME || len > UINT32_MAX) {
        return false;
    }
    unsigned key = FILE_FIRST + s->n_files;
    memmove(&s->dir[at + 1], &s->dir[at], (s->n_files - at) * sizeof(DirEntry));
    DirEntry *e = &s->dir[at];
    *e = (DirEntry){.size = __builtin_bswap32((uint32_t)len),
                    .select = __builtin_bswap16((uint16_t)key)};
    memcpy(e->name, name, strlen(name));
    s->n_files++;
    set_item(s, key, data, len);
    make_directory(s);
    return true;
}

static Item *file_item(FwCfg *s, const char *name)
{
    for (unsigned i = 0; i < s->n_files; i++) {
        if (!strcmp(s->dir[i].name, name)) {
            return &s->item[__builtin_bswap16(s->dir[i].select)];
        }
    }
    return NULL;
}

void fw_cfg_set_refresh(Device *d, const char *name, void (*refresh)(void *opaque), void *opaque)
{
    Item *i = file_item((FwCfg *)d, name);
    g_assert(i);
    i->refresh = refresh;
    i->opaque = opaque;
}

bool fw_cfg_add_writable(Device *d, const char *name, const void *data, size_t len,
                         void (*written)(void *opaque, const uint8_t *data), void *opaque)
{
    if (!fw_cfg_add_file(d, name, data, len)) {
        return false;
    }
    Item *i = file_item((FwCfg *)d, name);
    i->written = written;
    i->opaque = opaque;
    return true;
}

void fw_cfg_replace_file(Device *d, const char *name, const void *data, size_t len)
{
    Item *i = file_item((FwCfg *)d, name);
    g_assert(i && i->len == len);
    memcpy(i->data, data, len);
}

static bool add_parsed(Device *d, KeyVal *kv, char **error)
{
    const char *name = keyval_get(kv, "name"), *file = keyval_get(kv, "file");
    const char *string = keyval_get(kv, "string");
    gchar *data = NULL;
    gsize len = 0;
    if (!name || !*name || !file == !string) {
        *error = g_strdup("it takes name=NAME and either file=PATH or string=TEXT");
        return false;
    }
    GError *gerror = NULL;
    if (file && !g_file_get_contents(file, &data, &len, &gerror)) {
        *error = g_strdup(gerror->message);
        g_error_free(gerror);
        return false;
    }
    bool ok = fw_cfg_add_file(d, name, file ? data : string, file ? len : strlen(string));
    if (!ok) {
        *error =
            g_strdup_printf("name '%s' is taken or longer than %d characters", name, FILE_NAME - 1);
    }
    g_free(data);
    return ok;
}

bool fw_cfg_add_option(Machine *m, const char *optarg, char **error)
{
    Device *d = machine_lookup(m, "fw_cfg");
    if (!d) {
        *error = g_strdup_printf("-fw_cfg %s: this board has no fw_cfg device", optarg);
        return false;
    }
    KeyVal *kv = keyval_parse(optarg, "name");
    char *reason = NULL;
    bool ok = add_parsed(d, kv, &reason);
    keyval_free(kv);
    if (!ok) {
        *error = g_strdup_printf("-fw_cfg %s: %s", optarg, reason);
        g_free(reason);
    }
    return ok;
}

// --- data

static void select_item(FwCfg *s, uint16_t key)
{
    s->key = key_index(key);
    s->offset = 0;
    if (s->key != NOTHING && s->item[s->key].refresh) {
        s->item[s->key].refresh(s->item[s->key].opaque);
    }
}

static const Item *selected(const FwCfg *s)
{
    static const Item none = {0};
    return s->key < KEYS ? &s->item[s->key] : &none;
}

static uint8_t next_byte(FwCfg *s)
{
    const Item *i = selected(s);
    return s->offset < i->len ? i->data[s->offset++] : 0;
}

#define COPY_CHUNK UINT64_C(4096)

// Copies the item to RAM, zeroes behind its end. Anything but RAM is refused: a transfer of 4 GiB
// into a device would take for ever.
static bool copy_out(FwCfg *s, uint64_t to, uint32_t len)
{
    AddressSpace *as = s->dev.machine->memory;
    const Item *i = selected(s);
    uint64_t n;
    for (uint64_t done = 0; done < len; done += n) {
        n = MIN_OF(len - done, COPY_CHUNK - ((to + done) & (COPY_CHUNK - 1)));
        uint8_t *p = mem_dma(as, to + done, n);
        if (!p) {
            log_printf(LOG_GUEST_ERRORS, "fw_cfg: DMA to 0x%llx, which is not RAM\n",
                       (unsigned long long)(to + done));
            return false;
        }
        uint64_t have = MIN_OF(i->len - s->offset, n);
        if (have) {
            memcpy(p, i->data + s->offset, have);
        }
        memset(p + have, 0, n - have);
        s->offset += have;
        mem_dirty(as, to + done, n);
    }
    return true;
}

// Takes bytes of a writable item from RAM: all of them or none.
static bool copy_in(FwCfg *s, uint64_t from, uint32_t len)
{
    const Item *i = selected(s);
    const uint8_t *p = len ? mem_dma(s->dev.machine->memory, from, len) : NULL;
    if (!i->written || !p || len > i->len - s->offset) {
        log_printf(LOG_GUEST_ERRORS, "fw_cfg: write of %u bytes to item 0x%x, %s\n", len, s->key,
                   !i->written ? "which is read-only"
                   : p         ? "which is not so long"
                               : "from what is not RAM");
        return false;
    }
    memcpy(i->data + s->offset, p, len);
    s->offset += len;
    i->written(i->opaque, i->data);
    return true;
}

// --- DMA

typedef struct DmaRequest {
    uint32_t control, length;
    uint64_t address;
} DmaRequest;

static uint32_t do_request(FwCfg *s, uint32_t control, uint32_t length, uint64_t address)
{
    if (control & DMA_SELECT) {
        select_item(s, (uint16_t)(control >> 16));
    }
    if (control & DMA_READ) {
        return copy_out(s, address, length) ? 0 : DMA_ERROR;
    }
    if (control & DMA_WRITE) {
        return copy_in(s, address, length) ? 0 : DMA_ERROR;
    }
    if (control & DMA_SKIP) {
        uint64_t left = selected(s)->len - s->offset;
        s->offset += MIN_OF(left, length);
    }
    return 0;
}

static void run_dma(FwCfg *s)
{
    AddressSpace *as = s->dev.machine->memory;
    uint64_t at = s->dma_addr;
    DmaRequest r;
    s->dma_addr = 0;
    if (mem_read(as, at, &r, sizeof r) != MEM_OK) {
        log_printf(LOG_GUEST_ERRORS, "fw_cfg: DMA request at 0x%llx is not in memory\n",
                   (unsigned long long)at);
        return;
    }
    uint32_t status = do_request(s, __builtin_bswap32(r.control), __builtin_bswap32(r.length),
                                 __builtin_bswap64(r.address));
    status = __builtin_bswap32(status);
    mem_write(as, at, &status, sizeof status);
}

// --- read and write

static uint64_t signature(unsigned byte)
{
    return __builtin_bswap64(DMA_SIGNATURE) >> (8 * byte);
}

static uint64_t fw_cfg_read(void *opaque, uint64_t offset, unsigned size)
{
    FwCfg *s = opaque;
    uint64_t v = 0;
    if (offset < REG_SELECTOR) {
        for (unsigned i = 0; i < size; i++) {
            v |= (uint64_t)next_byte(s) << (8 * i);
        }
    } else if (offset >= REG_DMA_HIGH) {
        v = signature((unsigned)offset - REG_DMA_HIGH);
    }
    return v;
}

static void fw_cfg_write(void *opaque, uint64_t offset, uint64_t value, unsigned size)
{
    FwCfg *s = opaque;
    if (offset == REG_SELECTOR && size == 2) {
        select_item(s, __builtin_bswap16((uint16_t)value));
    } else if (offset == REG_DMA_HIGH && size == 8) {
        s->dma_addr = __builtin_bswap64(value);
        run_dma(s);
    } else if (offset == REG_DMA_HIGH && size == 4) {
        s->dma_addr = (uint64_t)__builtin_bswap32((uint32_t)value) << 32;
    } else if (offset == REG_DMA_LOW && size == 4) {
        s->dma_addr |= __builtin_bswap32((uint32_t)value);
        run_dma(s);
    } else {
        log_printf(LOG_GUEST_ERRORS, "fw_cfg: write of %u bytes at 0x%x\n", size, (unsigned)offset);
    }
}

static const MmioOps ops = {fw_cfg_read, fw_cfg_write, .min_size = 1, .max_size = 8};

static uint64_t port_read(void *opaque, uint64_t offset, unsigned size)
{
    (void)size;
    return offset == 1 ? next_byte(opaque) : 0;
}

static void port_write(void *opaque, uint64_t offset, uint64_t value, unsigned size)
{
    if (offset == 0 && size == 2) {
        select_item(opaque, (uint16_t)value);
    }
}

static uint64_t dma_port_read(void *opaque, uint64_t offset, unsigned size)
{
    (void)opaque;
    (void)size;
    return signature((unsigned)offset);
}

static void dma_port_write(void *opaque, uint64_t offset, uint64_t value, unsigned size)
{
    fw_cfg_write(opaque, REG_DMA_HIGH + offset, value, size);
}

static const MmioOps port_ops = {port_read, port_write, .min_size = 1, .max_size = 2};
static const MmioOps dma_port_ops = {dma_port_read, dma_port_write, .min_size = 1, .max_size = 8};

// --- device

static void unrealize(Device *d)
{
    FwCfg *s = (FwCfg *)d;
    for (unsigned i = 0; i < KEYS; i++) {
        g_free(s->item[i].data);
    }
}

static const DeviceType fw_cfg_type = {
    .name = "fw_cfg_mem",
    .desc = "firmware configuration",
    .bus = "sysbus",
    .size = sizeof(FwCfg),
    .state = &state,
    .unrealize = unrealize,
};
DEVICE_TYPE(fw_cfg_type);

static FwCfg *create(Machine *m)
{
    FwCfg *s = (FwCfg *)device_new(&fw_cfg_type, m, NULL);
    set_item(s, FW_CFG_SIGNATURE, "QEMU", 4);
    fw_cfg_add_int(&s->dev, FW_CFG_ID, ID_TRADITIONAL | ID_DMA, 4);
    make_directory(s);
    char *error = NULL;
    if (!device_realize(&s->dev, &error)) {
        die("%s", error);
    }
    machine_register(m, "fw_cfg", &s->dev);
    return s;
}

Device *fw_cfg_create(Machine *m, MemRegion *sysmem, uint64_t base)
{
    FwCfg *s = create(m);
    mem_map(sysmem, base, mem_mmio("fw_cfg", REG_END, &ops, s), 0);
    return &s->dev;
}

Device *fw_cfg_create_ports(Machine *m, MemRegion *io, uint16_t base)
{
    FwCfg *s = create(m);
    mem_map(io, base, mem_mmio("fw_cfg", 2, &port_ops, s), 0);
    mem_map(io, base + 4, mem_mmio("fw_cfg-dma", 8, &dma_port_ops, s), 0);
    return &s->dev;
}
