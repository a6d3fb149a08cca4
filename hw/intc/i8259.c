// A PC's two 8259A programmable interrupt controllers (Intel 231468, "8259A data sheet"), with the
// edge/level registers of the PCI chipsets (82371SB data sheet, 2.5).
//
//   IRQ 0,1,3..7 --> master --> INTR
//   IRQ 8..15 --> slave --> master's input 2
//
// An edge stays requested until it is acknowledged, also when its line falls before: devices here
// pulse lines. The slave's output is a level for the master, so that nothing of it can be lost.
#include "hw/intc/i8259.h"

#include <stdio.h>

#include "hw/core/irq_stats.h"
#include "hw/core/machine.h"
#include "util/log.h"

// --- registers: command words are told apart by their bits, initialization words by their order

enum {
    ICW1_SELECT = 1 << 4,
    ICW1_SINGLE = 1 << 1,
    ICW1_ICW4 = 1 << 0,
    ICW4_NESTED = 1 << 4,
    ICW4_AUTO_EOI = 1 << 1,
    OCW3_SELECT = 1 << 3,
    OCW3_SMASK_SET = 1 << 6, // ESMM: bit 5 is meant
    OCW3_SMASK = 1 << 5,
    OCW3_POLL = 1 << 2,
    OCW3_READ = 1 << 1,
    OCW3_READ_ISR = 1 << 0,
    POLL_PENDING = 0x80,
};

#define CASCADE  2
#define SPURIOUS 7

// --- state

typedef struct Pic {
    uint8_t line;     // inputs as they are
    uint8_t edge;     // rising edges not acknowledged
    uint8_t level;    // ELCR: inputs that are levels
    uint8_t imr, isr; // masked; in service
    uint8_t lowest;   // the input that has the lowest priority
    uint8_t base;     // vector of input 0
    uint8_t icw;      // the initialization word that comes next, 0: none
    bool single, wants_icw4;
    bool auto_eoi, rotate_auto, nested, special_mask;
    bool read_isr, poll;
} Pic;

// The ports of one of the two.
typedef struct PicPorts {
    struct I8259 *s;
    Pic *pic;
} PicPorts;

typedef struct I8259 {
    Device dev;
    Pic pic[2];
    PicPorts ports[2];
    IrqLine out;
    uint64_t count[16]; // info irq
} I8259;

static const StateField pic_fields[] = {
    STATE_U8(Pic, line, .keep = true),
    STATE_U8(Pic, edge),
    STATE_U8(Pic, level),
    STATE_U8(Pic, imr),
    STATE_U8(Pic, isr),
    STATE_U8(Pic, lowest, .reset = 7),
    STATE_U8(Pic, base),
    STATE_U8(Pic, icw),
    STATE_BOOL(Pic, single),
    STATE_BOOL(Pic, wants_icw4),
    STATE_BOOL(Pic, auto_eoi),
    STATE_BOOL(Pic, rotate_auto),
    STATE_BOOL(Pic, nested),
    STATE_BOOL(Pic, special_mask),
    STATE_BOOL(Pic, read_isr),
    STATE_BOOL(Pic, poll),
    STATE_END,
};
static const StateField fields[] = {
    STATE_STRUCTS(I8259, pic, Pic, 2, pic_fields),
    STATE_END,
};

// --- requests and priorities

static uint8_t requests(const Pic *p)
{
    return (p->edge & ~p->level) | (p->line & p->level);
}

// The set bit of the highest priority as a distance from it: 0 highest, 8: no bit is set.
static unsigned distance(const Pic *p, uint8_t bits)
{
    unsigned first = p->lowest + 1u;
    for (unsigned i = 0; i < 8; i++) {
        if (bits >> ((first + i) & 7) & 1) {
            return i;
        }
    }
    return 8;
}

static unsigned input_at(const Pic *p, unsigned distance)
{
    return (p->lowest + 1u + distance) & 7;
}

// The input to serve next, or -1.
static int pending(const I8259 *s, const Pic *p)
{
    uint8_t busy = p->isr;
    if (p->special_mask) {
        busy &= ~p->imr;
    }
    if (p->nested && p == &s->pic[0]) {
        busy &= (uint8_t)~BIT(CASCADE); // the slave sorts out its own
    }
    unsigned d = distance(p, requests(p) & ~p->imr);
    return d < distance(p, busy) ? (int)input_at(p, d) : -1;
}

static void update(I8259 *s)
{
    Pic *master = &s->pic[0];
    uint8_t cascade = (uint8_t)(pending(s, &s->pic[1]) >= 0) << CASCADE;
    master->line = (master->line & (uint8_t)~BIT(CASCADE)) | cascade;
    master->edge = (master->edge & (uint8_t)~BIT(CASCADE)) | cascade;
    irq_set(&s->out, pending(s, master) >= 0);
}

static bool loaded(void *obj, char **error)
{
    I8259 *s = obj;
    for (unsigned i = 0; i < 2; i++) {
        if (s->pic[i].lowest > 7 || s->pic[i].icw > 4) {
            *error = g_strdup("i8259: priority or initialization step out of range");
            return false;
        }
    }
    update(s);
    return true;
}

static const StateDesc state = {"i8259", 1, fields, .loaded = loaded};

static void input(void *opaque, unsigned n, bool level)
{
    I8259 *s = opaque;
    Pic *p = &s->pic[n / 8];
    uint8_t bit = (uint8_t)BIT(n % 8);
    if (level && !(p->line & bit)) {
        s->count[n]++;
        p->edge |= bit;
    }
    p->line = level ? p->line | bit : p->line & (uint8_t)~bit;
    update(s);
}

// --- acknowledge, end of interrupt

static void take(Pic *p, unsigned n)
{
    p->edge &= (uint8_t)~BIT(n);
    if (!p->auto_eoi) {
        p->isr |= (uint8_t)BIT(n);
    } else if (p->rotate_auto) {
        p->lowest = (uint8_t)n;
    }
}

unsigned i8259_acknowledge(Device *d)
{
    I8259 *s = (I8259 *)d;
    Pic *master = &s->pic[0], *slave = &s->pic[1];
    int n = pending(s, master);
    if (n < 0) {
        return master->base + SPURIOUS;
    }
    unsigned vector = master->base + (unsigned)n;
    if (n == CASCADE) {
        int inner = pending(s, slave);
        if (inner >= 0) {
            take(slave, (unsigned)inner);
        }
        vector = slave->base + (inner >= 0 ? (unsigned)inner : SPURIOUS);
    }
    take(master, (unsigned)n);
    update(s);
    return vector;
}

bool i8259_pending(const Device *d)
{
    const I8259 *s = (const I8259 *)d;
    return pending(s, &s->pic[0]) >= 0;
}

// OCW2: rotate, specific, EOI (bits 7..5).
static void write_eoi(Pic *p, uint8_t v)
{
    bool rotate = v & 0x80, specific = v & 0x40, eoi = v & 0x20;
    if (!eoi && !specific) {
        p->rotate_auto = rotate;
        return;
    }
    if (!eoi && !rotate) {
        return; // no operation
    }
    unsigned n = v & 7;
    if (!specific) {
        unsigned d = distance(p, p->special_mask ? p->isr & ~p->imr : p->isr);
        if (d == 8) {
            return;
        }
        n = input_at(p, d);
    }
    if (eoi) {
        p->isr &= (uint8_t)~BIT(n);
    }
    if (rotate) {
        p->lowest = (uint8_t)n;
    }
}

static void write_mode(Pic *p, uint8_t v)
{
    p->poll = v & OCW3_POLL;
    if (v & OCW3_READ) {
        p->read_isr = v & OCW3_READ_ISR;
    }
    if (v & OCW3_SMASK_SET) {
        p->special_mask = v & OCW3_SMASK;
    }
}

// --- initialization

static void write_icw1(Pic *p, uint8_t v)
{
    p->edge = p->imr = p->isr = p->base = 0;
    p->lowest = 7;
    p->special_mask = p->read_isr = p->poll = false;
    p->auto_eoi = p->rotate_auto = p->nested = false;
    p->single = v & ICW1_SINGLE;
    p->wants_icw4 = v & ICW1_ICW4;
    p->icw = 2;
    if (p->single) {
        log_printf(LOG_UNIMP, "i8259: single mode: the other controller stays connected\n");
    }
}

static void write_data(Pic *p, uint8_t v)
{
    switch (p->icw) {
    case 2:
        p->base = v & 0xf8;
        p->icw = !p->single ? 3 : p->wants_icw4 ? 4 : 0;
        break;
    case 3: // how they are wired, which is fixed
        p->icw = p->wants_icw4 ? 4 : 0;
        break;
    case 4:
        p->nested = v & ICW4_NESTED;
        p->auto_eoi = v & ICW4_AUTO_EOI;
        p->icw = 0;
        break;
    default:
        p->imr = v;
    }
}

// --- ports

static uint64_t poll(I8259 *s, Pic *p)
{
    int n = pending(s, p);
    p->poll = false;
    if (n < 0) {
        return 0;
    }
    take(p, (unsigned)n);
    update(s);
    return POLL_PENDING | (unsigned)n;
}

static uint64_t pic_read(void *opaque, uint64_t offset, unsigned size)
{
    const PicPorts *ports = opaque;
    Pic *p = ports->pic;
    (void)size;
    if (p->poll) {
        return poll(ports->s, p);
    }
    return offset ? p->imr : p->read_isr ? p->isr : requests(p);
}

static void pic_write(void *opaque, uint64_t offset, uint64_t value, unsigned size)
{
    const PicPorts *ports = opaque;
    Pic *p = ports->pic;
    uint8_t v = (uint8_t)value;
    (void)size;
    if (offset) {
        write_data(p, v);
    } else if (v & ICW1_SELECT) {
        write_icw1(p, v);
    } else if (v & OCW3_SELECT) {
        write_mode(p, v);
    } else {
        write_eoi(p, v);
    }
    update(ports->s);
}

static const MmioOps ops = {pic_read, pic_write, .min_size = 1, .max_size = 1};

static uint64_t elcr_read(void *opaque, uint64_t offset, unsigned size)
{
    (void)size;
    return ((I8259 *)opaque)->pic[offset].level;
}

static void elcr_write(void *opaque, uint64_t offset, uint64_t value, unsigned size)
{
    static const uint8_t writable[2] = {0xf8, 0xde}; // not timer, keyboard, cascade, RTC, FPU
    I8259 *s = opaque;
    (void)size;
    s->pic[offset].level = (uint8_t)value & writable[offset];
    update(s);
}

static const MmioOps elcr_ops = {elcr_read, elcr_write, .min_size = 1, .max_size = 1};

// --- device

static void reset(Device *d)
{
    update((I8259 *)d);
}

static const DeviceType i8259_type = {
    .name = "isa-i8259",
    .desc = "PC interrupt controllers (8259A pair)",
    .bus = "sysbus",
    .size = sizeof(I8259),
    .state = &state,
    .reset = reset,
};
DEVICE_TYPE(i8259_type);

IrqLine i8259_input(Device *d, unsigned irq)
{
    return irq >= 16 || irq == CASCADE ? (IrqLine){0} : irq_line(input, d, irq);
}

void i8259_print(const Device *d, void *file)
{
    const I8259 *s = (const I8259 *)d;
    for (unsigned i = 0; i < 2; i++) {
        const Pic *p = &s->pic[i];
        fprintf(file, "pic%u: irr=%02x imr=%02x isr=%02x base=%02x elcr=%02x line=%02x\n", i,
                requests(p), p->imr, p->isr, p->base, p->level, p->line);
    }
}

static void map_ports(I8259 *s, MemRegion *io, unsigned n, uint64_t base)
{
    s->ports[n] = (PicPorts){s, &s->pic[n]};
    mem_map(io, base, mem_mmio(n ? "pic-slave" : "pic-master", 2, &ops, &s->ports[n]), 0);
}

Device *i8259_create(Machine *m, MemRegion *io, IrqLine out)
{
    I8259 *s = (I8259 *)device_new(&i8259_type, m, NULL);
    char *error = NULL;
    s->out = out;
    map_ports(s, io, 0, 0x20);
    map_ports(s, io, 1, 0xa0);
    mem_map(io, 0x4d0, mem_mmio("elcr", 2, &elcr_ops, s), 0);
    if (!device_realize(&s->dev, &error)) {
        die("%s", error);
    }
    machine_register(m, "pic", s);
    irq_stats_register(m, "isa-i8259", s->count, ARRAY_LEN(s->count));
    return &s->dev;
}
