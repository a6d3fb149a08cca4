// Programmable interval timer (Intel 231164, "8254 data sheet") and the PC's port 61h.
//
//   channel 0 --> IRQ 0      channel 1: DRAM refresh, seen only as port 61h's toggle
//   channel 2 --> speaker; its gate and output are bits of port 61h
//
// A channel is computed from the virtual time at which its count began; only channel 0 has events:
// a timer at each change of its output.
#include "hw/timer/i8254.h"

#include "hw/core/machine.h"
#include "util/log.h"

// --- registers

enum {
    CW_SELECT_SHIFT = 6, // 3: read-back
    CW_RW_SHIFT = 4,     // 0: latch
    CW_MODE_SHIFT = 1,
    CW_BCD = 1 << 0,
    READBACK_NO_COUNT = 1 << 5,
    READBACK_NO_STATUS = 1 << 4,
    STATUS_OUT = 1 << 7,
    STATUS_NULL = 1 << 6,
    RW_LOW = 1,
    RW_HIGH = 2,
    RW_BOTH = 3,
};

// Port 61h (IBM PC/AT technical reference).
enum {
    P61_GATE2 = 1 << 0,
    P61_SPEAKER = 1 << 1,
    P61_WRITABLE = 0x0f,
    P61_REFRESH = 1 << 4,
    P61_OUT2 = 1 << 5,
};
#define REFRESH_NS 15085

// --- state

typedef struct Channel {
    uint8_t mode; // 0..5
    uint8_t rw;
    bool bcd, gate;
    bool loaded;       // a count was written since the control word
    bool running;      // counting; else it stopped at `ticks`
    uint64_t start;    // virtual ns at which the count began, while running
    uint64_t ticks;    // counted, while not
    uint32_t count;    // 1..0x10000
    uint32_t next;     // count to take at the end of this period, 0: the same
    uint8_t write_low; // first byte of two
    bool second_write, second_read;
    bool count_latched, status_latched;
    uint16_t latch;
    uint8_t status;
} Channel;

typedef struct I8254 {
    Device dev;
    Channel ch[3];
    uint8_t port61;
    uint64_t edge; // ticks of channel 0's count at which its output changes next
    Timer *timer;
    IrqLine irq0;
} I8254;

static const StateField channel_fields[] = {
    STATE_U8(Channel, mode),
    STATE_U8(Channel, rw, .reset = RW_BOTH),
    STATE_BOOL(Channel, bcd),
    STATE_BOOL(Channel, gate, .reset = 1),
    STATE_BOOL(Channel, loaded),
    STATE_BOOL(Channel, running),
    STATE_U64(Channel, start),
    STATE_U64(Channel, ticks),
    STATE_U32(Channel, count, .reset = 0x10000),
    STATE_U32(Channel, next),
    STATE_U8(Channel, write_low),
    STATE_BOOL(Channel, second_write),
    STATE_BOOL(Channel, second_read),
    STATE_BOOL(Channel, count_latched),
    STATE_BOOL(Channel, status_latched),
    STATE_U16(Channel, latch),
    STATE_U8(Channel, status),
    STATE_END,
};
static const StateField fields[] = {
    STATE_STRUCTS(I8254, ch, Channel, 3, channel_fields),
    STATE_U8(I8254, port61),
    STATE_U64(I8254, edge),
    STATE_TIMER(I8254, timer),
    STATE_END,
};

// --- time: ticks of 1193182 Hz

static uint64_t now(const I8254 *s)
{
    return clock_now(s->dev.machine->clock);
}

static bool periodic(const Channel *c)
{
    return c->mode == 2 || c->mode == 3;
}

static uint64_t elapsed(const I8254 *s, Channel *c)
{
    if (!c->running) {
        return c->ticks;
    }
    uint64_t d = clock_ticks(now(s) - c->start, I8254_HZ);
    // A count that was written meanwhile is taken when the period ends.
    if (c->next && periodic(c) && d >= c->count) {
        c->start += clock_ticks_to_ns(c->count, I8254_HZ);
        c->count = c->next;
        c->next = 0;
        d = clock_ticks(now(s) - c->start, I8254_HZ);
    }
    return d;
}

// --- output

// OUT after d ticks (data sheet, "Mode definitions").
static bool output_at(const Channel *c, uint64_t d)
{
    if (!c->loaded) {
        return c->mode != 0;
    }
    switch (c->mode) {
    case 0:
    case 1:
        return d >= c->count;
    case 2:
        return !c->gate || d % c->count != c->count - 1;
    case 3:
        return !c->gate || d % c->count < (c->count + 1) / 2;
    default:
        return d != c->count;
    }
}

// Mode 1's one-shot and mode 5's strobe have not begun before the gate rises.
static bool output(const I8254 *s, Channel *c)
{
    if ((c->mode == 1 || c->mode == 5) && !c->running) {
        return true;
    }
    return output_at(c, elapsed(s, c));
}

// Ticks at which OUT changes first after d; UINT64_MAX: never again.
static uint64_t next_change(const Channel *c, uint64_t d)
{
    uint64_t in_period = d % c->count, period = d - in_period;
    uint32_t half = c->mode == 3 ? (c->count + 1) / 2 : c->count - 1;
    switch (c->mode) {
    case 0:
    case 1:
        return d < c->count ? c->count : UINT64_MAX;
    case 2:
    case 3:
        return in_period < half ? period + half : period + c->count;
    default:
        return d < c->count ? c->count : d == c->count ? c->count + 1u : UINT64_MAX;
    }
}

static void arm(I8254 *s, uint64_t after)
{
    const Channel *c = &s->ch[0];
    s->edge = c->running ? next_change(c, after) : UINT64_MAX;
    if (s->edge == UINT64_MAX) {
        timer_stop(s->timer);
    } else {
        timer_arm(s->timer, c->start + clock_ticks_to_ns(s->edge, I8254_HZ));
    }
}

// An edge is due. If it comes late (several vCPUs run in rounds), further edges may have passed:
// the interrupt line sees one pulse for all of them.
static void fire(void *opaque)
{
    I8254 *s = opaque;
    Channel *c = &s->ch[0];
    bool level = output_at(c, s->edge);
    bool late = next_change(c, s->edge) <= clock_ticks(now(s) - c->start, I8254_HZ);
    irq_set(&s->irq0, level);
    uint64_t d = elapsed(s, c); // may begin another count
    if (late) {
        irq_set(&s->irq0, !level);
        irq_set(&s->irq0, output_at(c, d));
    }
    arm(s, d);
}

static void changed(I8254 *s, Channel *c)
{
    if (c == &s->ch[0]) {
        irq_set(&s->irq0, output(s, c));
        arm(s, elapsed(s, c));
    }
}

static bool loaded(void *obj, char **error)
{
    I8254 *s = obj;
    for (unsigned i = 0; i < 3; i++) {
        const Channel *c = &s->ch[i];
        if (c->mode > 5 || c->count == 0 || c->count > 0x10000 || c->next > 0x10000) {
            *error = g_strdup("isa-pit: mode or count out of range");
            return false;
        }
    }
    irq_set(&s->irq0, output(s, &s->ch[0]));
    return true;
}

static const StateDesc state = {"isa-pit", 1, fields, .loaded = loaded};

// --- counting

static void start(const I8254 *s, Channel *c, uint64_t from)
{
    if (c->next) {
        c->count = c->next;
        c->next = 0;
    }
    c->running = true;
    c->start = now(s) - clock_ticks_to_ns(from, I8254_HZ);
}

static void stop(const I8254 *s, Channel *c)
{
    c->ticks = elapsed(s, c);
    c->running = false;
}

static void set_gate(I8254 *s, Channel *c, bool gate)
{
    bool rises = gate && !c->gate;
    bool falls = !gate && c->gate;
    if (c->loaded && rises) {
        bool goes_on = c->mode == 0 || c->mode == 4;
        if (!c->running || !goes_on) {
            start(s, c, goes_on ? c->ticks : 0);
        }
    } else if (c->loaded && falls && c->mode != 1 && c->mode != 5) {
        stop(s, c);
    }
    c->gate = gate;
    changed(s, c);
}

static unsigned from_bcd(unsigned v)
{
    return (v & 15) + (v >> 4 & 15) * 10 + (v >> 8 & 15) * 100 + (v >> 12 & 15) * 1000;
}

static unsigned to_bcd(unsigned v)
{
    return v % 10 | v / 10 % 10 << 4 | v / 100 % 10 << 8 | v / 1000 % 10 << 12;
}

static void load(I8254 *s, Channel *c, uint16_t value)
{
    uint32_t count = c->bcd ? from_bcd(value) : value;
    if (!count) {
        count = c->bcd ? 10000 : 0x10000;
    }
    bool triggered = c->mode == 1 || c->mode == 5;
    if (c->running && (periodic(c) || triggered)) { // not before the period ends, the gate rises
        c->next = count;
        return;
    }
    c->count = count;
    c->next = 0;
    c->loaded = true;
    if (triggered) {
        return;
    }
    c->ticks = 0;
    c->running = false;
    if (c->gate) {
        start(s, c, 0);
    }
    changed(s, c);
}

static uint16_t current(const I8254 *s, Channel *c)
{
    uint64_t d = elapsed(s, c);
    uint32_t wrap = c->bcd ? 10000 : 0x10000, v;
    switch (c->mode) {
    case 2:
        v = c->count - (uint32_t)(d % c->count);
        break;
    case 3: // counts by two, twice
        v = c->count - (uint32_t)(2 * d % c->count);
        break;
    default:
        v = (uint32_t)((c->count + (uint64_t)wrap - d % wrap) % wrap);
    }
    return (uint16_t)(c->bcd ? to_bcd(v) : v);
}

// --- read and write

static void latch_count(const I8254 *s, Channel *c)
{
    if (!c->count_latched) {
        c->latch = current(s, c);
        c->count_latched = true;
    }
}

static void latch_status(const I8254 *s, Channel *c)
{
    if (!c->status_latched) {
        bool empty = !c->loaded || c->next;
        c->status = (uint8_t)((output(s, c) ? STATUS_OUT : 0) | (empty ? STATUS_NULL : 0) |
                              c->rw << CW_RW_SHIFT | c->mode << CW_MODE_SHIFT | c->bcd);
        c->status_latched = true;
    }
}

static void read_back(I8254 *s, uint8_t v)
{
    for (unsigned i = 0; i < 3; i++) {
        if (!(v >> (i + 1) & 1)) {
            continue;
        }
        if (!(v & READBACK_NO_COUNT)) {
            latch_count(s, &s->ch[i]);
        }
        if (!(v & READBACK_NO_STATUS)) {
            latch_status(s, &s->ch[i]);
        }
    }
}

static void write_control(I8254 *s, uint8_t v)
{
    unsigned select = v >> CW_SELECT_SHIFT, rw = v >> CW_RW_SHIFT & 3;
    if (select == 3) {
        read_back(s, v);
        return;
    }
    Channel *c = &s->ch[select];
    if (rw == 0) {
        latch_count(s, c);
        return;
    }
    unsigned mode = v >> CW_MODE_SHIFT & 7;
    c->mode = (uint8_t)(mode > 5 ? mode - 4 : mode); // 6 and 7 are 2 and 3
    c->rw = (uint8_t)rw;
    c->bcd = v & CW_BCD;
    c->loaded = c->running = false;
    c->second_read = c->second_write = false;
    c->count_latched = c->status_latched = false;
    c->ticks = c->next = 0;
    changed(s, c);
}

static void write_count(I8254 *s, Channel *c, uint8_t v)
{
    if (c->rw != RW_BOTH) {
        load(s, c, (uint16_t)(c->rw == RW_HIGH ? v << 8 : v));
        return;
    }
    if (!c->second_write) {
        c->write_low = v;
        if (c->mode == 0 && c->loaded) { // the first byte stops the count
            stop(s, c);
            c->loaded = false;
            changed(s, c);
        }
    } else {
        load(s, c, (uint16_t)(v << 8 | c->write_low));
    }
    c->second_write = !c->second_write;
}

static uint8_t read_count(const I8254 *s, Channel *c)
{
    if (c->status_latched) {
        c->status_latched = false;
        return c->status;
    }
    uint16_t v = c->count_latched ? c->latch : current(s, c);
    bool high = c->rw == RW_HIGH || (c->rw == RW_BOTH && c->second_read);
    if (c->rw == RW_BOTH) {
        c->second_read = !c->second_read;
    }
    if (c->rw != RW_BOTH || high) {
        c->count_latched = false;
    }
    return (uint8_t)(high ? v >> 8 : v);
}

static uint64_t pit_read(void *opaque, uint64_t offset, unsigned size)
{
    I8254 *s = opaque;
    (void)size;
    return offset == 3 ? 0xff : read_count(s, &s->ch[offset]);
}

static void pit_write(void *opaque, uint64_t offset, uint64_t value, unsigned size)
{
    I8254 *s = opaque;
    (void)size;
    if (offset == 3) {
        write_control(s, (uint8_t)value);
    } else {
        write_count(s, &s->ch[offset], (uint8_t)value);
    }
}

static const MmioOps ops = {pit_read, pit_write, .min_size = 1, .max_size = 1};

static uint64_t port61_read(void *opaque, uint64_t offset, unsigned size)
{
    I8254 *s = opaque;
    (void)offset;
    (void)size;
    bool refresh = now(s) / REFRESH_NS & 1;
    return (uint64_t)(s->port61 | (refresh ? P61_REFRESH : 0) |
                      (output(s, &s->ch[2]) ? P61_OUT2 : 0));
}

static void port61_write(void *opaque, uint64_t offset, uint64_t value, unsigned size)
{
    I8254 *s = opaque;
    (void)offset;
    (void)size;
    s->port61 = value & P61_WRITABLE;
    set_gate(s, &s->ch[2], value & P61_GATE2);
}

static const MmioOps port61_ops = {port61_read, port61_write, .min_size = 1, .max_size = 1};

// --- device

static void reset(Device *d)
{
    I8254 *s = (I8254 *)d;
    s->ch[2].gate = false;
    s->edge = UINT64_MAX;
    irq_set(&s->irq0, output(s, &s->ch[0]));
}

static bool realize(Device *d, char **error)
{
    (void)error;
    ((I8254 *)d)->timer = timer_new(d->machine->clock, fire, d);
    return true;
}

static void unrealize(Device *d)
{
    timer_free(((I8254 *)d)->timer);
}

static const DeviceType i8254_type = {
    .name = "isa-pit",
    .desc = "PC interval timer (8254)",
    .bus = "sysbus",
    .size = sizeof(I8254),
    .state = &state,
    .realize = realize,
    .reset = reset,
    .unrealize = unrealize,
};
DEVICE_TYPE(i8254_type);

Device *i8254_create(Machine *m, MemRegion *io, IrqLine irq0)
{
    I8254 *s = (I8254 *)device_new(&i8254_type, m, NULL);
    char *error = NULL;
    s->irq0 = irq0;
    mem_map(io, 0x40, mem_mmio("pit", 4, &ops, s), 0);
    mem_map(io, 0x61, mem_mmio("port61", 1, &port61_ops, s), 0);
    if (!device_realize(&s->dev, &error)) {
        die("%s", error);
    }
    return &s->dev;
}
