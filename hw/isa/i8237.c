// Two 8237 DMA controllers, the second for words and as the cascade of the first, with the page
// registers of a PC. Manual: Intel 8237A data sheet.
//
//   channel 2 of a floppy: page 81 | address | count  --  the device asks, the channel moves bytes
//
// Channel 4 is the cascade. Memory-to-memory transfers were never wired up in PCs.
#include "hw/isa/i8237.h"

#include <glib.h>
#include <string.h>

#include "hw/core/machine.h"
#include "util/log.h"

#define CHANNELS 8

enum {
    REG_COMMAND = 8,
    REG_REQUEST,
    REG_MASK,
    REG_MODE,
    REG_FLIP_FLOP,
    REG_CLEAR,
    REG_CLEAR_MASK,
    REG_ALL_MASKS
};

#define COMMAND_DISABLE  0x04
#define MODE_TO_MEMORY   0x04
#define MODE_FROM_MEMORY 0x08
#define MODE_KIND        0x0c
#define MODE_AUTO        0x10
#define MODE_DOWN        0x20

typedef struct DmaChannel {
    uint16_t base_address, base_count, address, count;
    uint8_t mode, page, high_page;
    bool masked, request;
} DmaChannel;

typedef struct DmaController {
    uint8_t command, reached; // channels that came to their terminal count
    bool second;              // flip-flop: the high byte is next
} DmaController;

struct I8237 {
    Device dev;
    DmaChannel channel[CHANNELS];
    DmaController unit[2];
    struct {
        void (*started)(void *opaque);
        void *opaque;
    } user[CHANNELS];
};

static const StateField channel_fields[] = {
    STATE_U16(DmaChannel, base_address), STATE_U16(DmaChannel, base_count),
    STATE_U16(DmaChannel, address),      STATE_U16(DmaChannel, count),
    STATE_U8(DmaChannel, mode),          STATE_U8(DmaChannel, page),
    STATE_U8(DmaChannel, high_page),     STATE_BOOL(DmaChannel, masked, .reset = 1),
    STATE_BOOL(DmaChannel, request),     STATE_END,
};
static const StateField unit_fields[] = {
    STATE_U8(DmaController, command),
    STATE_U8(DmaController, reached),
    STATE_BOOL(DmaController, second),
    STATE_END,
};
static const StateField fields[] = {
    STATE_STRUCTS(I8237, channel, DmaChannel, CHANNELS, channel_fields),
    STATE_STRUCTS(I8237, unit, DmaController, 2, unit_fields),
    STATE_END,
};
static const StateDesc state = {.name = "i8237", .version = 1, .fields = fields};

// --- transfers

static bool ready(const I8237 *d, unsigned n)
{
    return !d->channel[n].masked && !(d->unit[n / 4].command & COMMAND_DISABLE);
}

// Words have their addresses shifted by one, and the page's lowest bit does not count.
static uint64_t physical(const DmaChannel *c, bool words)
{
    uint64_t high = (uint64_t)c->high_page << 24;
    return words ? high | (uint64_t)(c->page & 0xfe) << 16 | (uint32_t)c->address << 1
                 : high | (uint64_t)c->page << 16 | c->address;
}

static void terminal_count(I8237 *d, unsigned n)
{
    DmaChannel *c = &d->channel[n];
    d->unit[n / 4].reached |= 1 << n % 4;
    if (c->mode & MODE_AUTO) {
        c->address = c->base_address;
        c->count = c->base_count;
    } else {
        c->masked = true;
    }
}

static void one_unit(I8237 *d, unsigned n, uint8_t *p, bool to_memory)
{
    DmaChannel *c = &d->channel[n];
    AddressSpace *as = d->dev.machine->memory;
    bool words = n >= 4;
    if (!(c->mode & MODE_KIND)) { // verify: nothing moves
        return;
    }
    if (to_memory) {
        mem_write(as, physical(c, words), p, words ? 2 : 1);
    } else {
        mem_read(as, physical(c, words), p, words ? 2 : 1);
    }
}

// Units up to the count's end, upwards in one piece, downwards and over a 64 KiB edge one by one.
static size_t move(I8237 *d, unsigned n, uint8_t *p, size_t len, bool to_memory, bool *tc)
{
    DmaChannel *c = &d->channel[n];
    unsigned unit = n >= 4 ? 2 : 1, kind = to_memory ? MODE_TO_MEMORY : MODE_FROM_MEMORY;
    bool verify = !(c->mode & MODE_KIND);
    *tc = false;
    if (!ready(d, n) || (!verify && (c->mode & MODE_KIND) != kind)) {
        return 0;
    }
    size_t units = MIN_OF(len / unit, (size_t)c->count + 1);
    if (!(c->mode & MODE_DOWN) && c->address + units <= 0x10000 && !verify) {
        AddressSpace *as = d->dev.machine->memory;
        if (to_memory) {
            mem_write(as, physical(c, unit == 2), p, units * unit);
        } else {
            mem_read(as, physical(c, unit == 2), p, units * unit);
        }
        c->address = (uint16_t)(c->address + units);
    } else {
        for (size_t i = 0; i < units; i++) {
            one_unit(d, n, p + i * unit, to_memory);
            c->address = (uint16_t)(c->mode & MODE_DOWN ? c->address - 1 : c->address + 1);
        }
    }
    *tc = units == (size_t)c->count + 1;
    c->count = (uint16_t)(c->count - units);
    if (*tc) {
        terminal_count(d, n);
    }
    return units * unit;
}

size_t i8237_to_memory(I8237 *d, unsigned channel, const void *buf, size_t len, bool *tc)
{
    return move(d, channel, (uint8_t *)(uintptr_t)buf, len, true, tc);
}

size_t i8237_from_memory(I8237 *d, unsigned channel, void *buf, size_t len, bool *tc)
{
    return move(d, channel, buf, len, false, tc);
}

// --- requests

static void look(I8237 *d, unsigned n)
{
    if (d->channel[n].request && ready(d, n) && d->user[n].started) {
        d->user[n].started(d->user[n].opaque);
    }
}

void i8237_request(I8237 *d, unsigned channel, bool level)
{
    d->channel[channel].request = level;
}

void i8237_connect(I8237 *d, unsigned channel, void (*started)(void *opaque), void *opaque)
{
    d->user[channel].started = started;
    d->user[channel].opaque = opaque;
}

// --- registers

static uint8_t read_word(DmaController *u, uint16_t v)
{
    u->second = !u->second;
    return (uint8_t)(u->second ? v : v >> 8);
}

static void write_word(DmaController *u, uint16_t *base, uint16_t *now, uint8_t v)
{
    u->second = !u->second;
    *base = u->second ? (uint16_t)((*base & 0xff00) | v) : (uint16_t)((*base & 0xff) | v << 8);
    *now = *base;
}

static uint8_t unit_read(I8237 *d, unsigned unit, unsigned reg)
{
    DmaController *u = &d->unit[unit];
    DmaChannel *c = &d->channel[unit * 4];
    uint8_t v = 0;
    if (reg < 8) {
        return read_word(u, reg & 1 ? c[reg / 2].count : c[reg / 2].address);
    }
    if (reg == REG_COMMAND) {
        v = u->reached;
        for (unsigned i = 0; i < 4; i++) {
            v |= (uint8_t)(c[i].request << (4 + i));
        }
        u->reached = 0;
    } else if (reg == REG_ALL_MASKS) {
        v = 0xf0;
        for (unsigned i = 0; i < 4; i++) {
            v |= (uint8_t)(c[i].masked << i);
        }
    }
    return v;
}

static void set_masks(I8237 *d, unsigned unit, uint8_t masks)
{
    for (unsigned i = 0; i < 4; i++) {
        d->channel[unit * 4 + i].masked = masks >> i & 1;
    }
    for (unsigned i = 0; i < 4; i++) {
        look(d, unit * 4 + i);
    }
}

static void master_clear(I8237 *d, unsigned unit)
{
    d->unit[unit] = (DmaController){0};
    set_masks(d, unit, 15);
}

static void unit_write(I8237 *d, unsigned unit, unsigned reg, uint8_t v)
{
    DmaController *u = &d->unit[unit];
    DmaChannel *c = &d->channel[unit * 4];
    if (reg < 8) {
        DmaChannel *at = &c[reg / 2];
        write_word(u, reg & 1 ? &at->base_count : &at->base_address,
                   reg & 1 ? &at->count : &at->address, v);
        return;
    }
    switch (reg) {
    case REG_COMMAND:
        u->command = v;
        for (unsigned i = 0; i < 4; i++) {
            look(d, unit * 4 + i);
        }
        break;
    case REG_REQUEST: // by software: only for memory-to-memory and block mode
        log_printf(LOG_UNIMP, "dma: request by software for channel %u\n", unit * 4 + (v & 3u));
        break;
    case REG_MASK:
        c[v & 3].masked = v & 4;
        look(d, unit * 4 + (v & 3u));
        break;
    case REG_MODE:
        c[v & 3].mode = v;
        break;
    case REG_FLIP_FLOP:
        u->second = false;
        break;
    case REG_CLEAR:
        master_clear(d, unit);
        break;
    case REG_CLEAR_MASK:
        set_masks(d, unit, 0);
        break;
    case REG_ALL_MASKS:
        set_masks(d, unit, v);
        break;
    }
}

static uint64_t low_read(void *opaque, uint64_t offset, unsigned size)
{
    (void)size;
    return unit_read(opaque, 0, (unsigned)offset);
}

static void low_write(void *opaque, uint64_t offset, uint64_t value, unsigned size)
{
    (void)size;
    unit_write(opaque, 0, (unsigned)offset, (uint8_t)value);
}

// The second controller's registers are two ports apart.
static uint64_t high_read(void *opaque, uint64_t offset, unsigned size)
{
    (void)size;
    return unit_read(opaque, 1, (unsigned)offset / 2);
}

static void high_write(void *opaque, uint64_t offset, uint64_t value, unsigned size)
{
    (void)size;
    unit_write(opaque, 1, (unsigned)offset / 2, (uint8_t)value);
}

static const MmioOps low_ops = {low_read, low_write, 1, 1, false};
static const MmioOps high_ops = {high_read, high_write, 1, 1, false};

// --- page registers: one region for each run of ports, as others lie between them

typedef struct PagePorts {
    uint16_t first;
    uint8_t n;
    uint8_t channel[3];
} PagePorts;

static const PagePorts pages[] = {
    {0x81, 3, {2, 3, 1}},
    {0x87, 1, {0}},
    {0x89, 3, {6, 7, 5}},
    {0x8f, 1, {4}},
};

typedef struct PageRegion {
    I8237 *dma;
    const PagePorts *ports;
    bool high;
} PageRegion;

static uint8_t *page_of(const PageRegion *r, uint64_t offset)
{
    DmaChannel *c = &r->dma->channel[r->ports->channel[offset]];
    return r->high ? &c->high_page : &c->page;
}

static uint64_t page_read(void *opaque, uint64_t offset, unsigned size)
{
    (void)size;
    return *page_of(opaque, offset);
}

static void page_write(void *opaque, uint64_t offset, uint64_t value, unsigned size)
{
    (void)size;
    *page_of(opaque, offset) = (uint8_t)value;
}

static const MmioOps page_ops = {page_read, page_write, 1, 1, false};

static void add_pages(I8237 *d, MemRegion *io, bool high)
{
    for (size_t i = 0; i < ARRAY_LEN(pages); i++) {
        PageRegion *r = g_new(PageRegion, 1);
        *r = (PageRegion){d, &pages[i], high};
        mem_map(io, pages[i].first + (high ? 0x400 : 0),
                mem_mmio("dma-pages", pages[i].n, &page_ops, r), 0);
    }
}

static const DeviceType type = {
    .name = "i8237",
    .desc = "DMA controllers of a PC",
    .bus = "sysbus",
    .size = sizeof(I8237),
    .state = &state,
};
DEVICE_TYPE(type);

I8237 *i8237_create(Machine *m, MemRegion *io)
{
    I8237 *d = (I8237 *)device_create(m, "i8237");
    device_reset(&d->dev);
    mem_map(io, 0x00, mem_mmio("dma-low", 16, &low_ops, d), 0);
    mem_map(io, 0xc0, mem_mmio("dma-high", 32, &high_ops, d), 0);
    add_pages(d, io, false);
    add_pages(d, io, true);
    return d;
}
