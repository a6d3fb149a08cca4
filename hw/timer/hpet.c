// High precision event timer (Intel "IA-PC HPET specification" 1.0a): a 64-bit counter at 100 MHz
// and three comparators, each periodic if asked. Two of them can take over the lines of the 8254
// and of the RTC ("legacy replacement").
#include "hw/timer/hpet.h"

#include <assert.h>

#include "hw/core/machine.h"
#include "util/log.h"

#define TIMERS  3
#define TICK_NS (HPET_PERIOD_FS / 1000000)
#define READ_NS 250 // of virtual time, about what a read costs the host

// --- registers (2.3)

enum {
    HPET_ID = 0x000,
    HPET_CONFIG = 0x010,
    HPET_STATUS = 0x020,
    HPET_COUNTER = 0x0f0,
    HPET_TIMERS = 0x100, // 32 bytes each
    TIMER_CONFIG = 0x00,
    TIMER_COMPARATOR = 0x08,
    TIMER_MESSAGE = 0x10,
};
enum {
    CONFIG_ENABLE = 1 << 0,
    CONFIG_LEGACY = 1 << 1,
    TN_LEVEL = 1 << 1,
    TN_ENABLE = 1 << 2,
    TN_PERIODIC = 1 << 3,
    TN_CAN_PERIODIC = 1 << 4,
    TN_CAN_64 = 1 << 5,
    TN_SET_VALUE = 1 << 6,
    TN_32 = 1 << 8,
    TN_ROUTE_SHIFT = 9,
    TN_WRITABLE = TN_LEVEL | TN_ENABLE | TN_PERIODIC | TN_SET_VALUE | TN_32 | 31 << TN_ROUTE_SHIFT,
};
#define ID_VALUE ((uint64_t)HPET_PERIOD_FS << 32 | HPET_BLOCK_ID)

// --- state

typedef struct HpetTimer {
    uint64_t config;     // capabilities included
    uint64_t comparator; // next match
    uint64_t period;     // ticks; periodic mode
    Timer *timer;
} HpetTimer;

typedef struct Hpet {
    Device dev;
    uint32_t routes; // hpet-intcap: interrupts that a timer may use
    uint64_t config, status;
    uint64_t counter; // its value while it stands still
    uint64_t started; // virtual ns at which it would have been 0, while it runs (modulo 2^64 ticks)
    bool input[2];    // levels of the 8254 and the RTC
    HpetTimer t[TIMERS];
    IrqLine gsi[HPET_IOAPIC_PINS], isa[2];
} Hpet;

static const StateField timer_fields[] = {
    STATE_U64(HpetTimer, config),
    STATE_U64(HpetTimer, comparator, .reset = UINT64_MAX),
    STATE_U64(HpetTimer, period),
    STATE_TIMER(HpetTimer, timer),
    STATE_END,
};
static const StateField fields[] = {
    STATE_U64(Hpet, config),
    STATE_U64(Hpet, status),
    STATE_U64(Hpet, counter),
    STATE_U64(Hpet, started),
    STATE_U8_ARRAY(Hpet, input, 2, .keep = true),
    STATE_STRUCTS(Hpet, t, HpetTimer, TIMERS, timer_fields),
    STATE_END,
};

// --- the counter

static uint64_t now(const Hpet *s)
{
    return clock_now(s->dev.machine->clock);
}

static bool running(const Hpet *s)
{
    return s->config & CONFIG_ENABLE;
}

static uint64_t counter(const Hpet *s)
{
    return running(s) ? s->counter + (now(s) - s->started) / TICK_NS : s->counter;
}

static bool narrow(const HpetTimer *t)
{
    return t->config & TN_32;
}

// Ticks until the comparator matches: 1 to 2^32 or 2^64 (as 0 of that many).
static uint64_t distance(const HpetTimer *t, uint64_t at)
{
    uint64_t d = t->comparator - at;
    return narrow(t) ? (d - 1) % (UINT64_C(1) << 32) + 1 : d;
}

static void arm(Hpet *s, HpetTimer *t)
{
    timer_stop(t->timer);
    if (!running(s) || !(t->config & TN_ENABLE)) {
        return;
    }
    uint64_t begun = (now(s) - s->started) / TICK_NS;
    uint64_t d = distance(t, s->counter + begun);
    if (d == 0 || d > UINT64_MAX / TICK_NS / 2 - begun) {
        return; // in centuries
    }
    timer_arm(t->timer, s->started + (begun + d) * TICK_NS);
}

// --- interrupts

static bool legacy(const Hpet *s)
{
    return s->config & CONFIG_LEGACY;
}

static const IrqLine *line_of(const Hpet *s, unsigned n)
{
    unsigned route = (unsigned)extract64(s->t[n].config, TN_ROUTE_SHIFT, 5);
    if (legacy(s) && n < 2) {
        return &s->isa[n];
    }
    return route < HPET_IOAPIC_PINS && (s->routes >> route & 1) ? &s->gsi[route] : NULL;
}

static void pass_legacy(Hpet *s, unsigned n)
{
    if (!legacy(s)) {
        irq_set(&s->isa[n], s->input[n]);
    }
}

static void legacy_input(void *opaque, unsigned n, bool level)
{
    Hpet *s = opaque;
    s->input[n] = level;
    pass_legacy(s, n);
}

// The level of a timer's line: high while a level-triggered interrupt is not acknowledged.
static void drive(Hpet *s, unsigned n)
{
    const IrqLine *line = line_of(s, n);
    bool high = (s->status >> n & 1) && (s->t[n].config & TN_ENABLE) && running(s);
    if (line) {
        irq_set(line, high && (s->t[n].config & TN_LEVEL));
    }
}

static void interrupt(Hpet *s, unsigned n)
{
    const HpetTimer *t = &s->t[n];
    const IrqLine *line = line_of(s, n);
    if (t->config & TN_LEVEL) {
        s->status |= BIT(n);
        drive(s, n);
    } else if ((t->config & TN_ENABLE) && line) {
        irq_pulse(line);
    }
}

// Moves a periodic comparator past `at`.
static void next_period(HpetTimer *t, uint64_t at)
{
    if (!(t->config & TN_PERIODIC) || !t->period) {
        return;
    }
    if (narrow(t)) {
        uint32_t late = (uint32_t)at - (uint32_t)t->comparator;
        uint64_t steps = late / t->period + 1;
        t->comparator = (uint32_t)(t->comparator + steps * t->period);
    } else {
        t->comparator += ((at - t->comparator) / t->period + 1) * t->period;
    }
}

static void fired(Hpet *s, unsigned n)
{
    next_period(&s->t[n], counter(s));
    interrupt(s, n);
    arm(s, &s->t[n]);
}

static void fire0(void *opaque)
{
    fired(opaque, 0);
}

static void fire1(void *opaque)
{
    fired(opaque, 1);
}

static void fire2(void *opaque)
{
    fired(opaque, 2);
}

static bool loaded(void *obj, char **error)
{
    Hpet *s = obj;
    (void)error;
    for (unsigned n = 0; n < TIMERS; n++) {
        drive(s, n);
    }
    pass_legacy(s, 0);
    pass_legacy(s, 1);
    return true;
}

static const StateDesc state = {"hpet", 1, fields, .loaded = loaded};

// --- read and write: 64-bit registers, whose halves may be written alone

static uint64_t read_register(Hpet *s, unsigned reg)
{
    switch (reg) {
    case HPET_ID:
        return ID_VALUE;
    case HPET_CONFIG:
        return s->config;
    case HPET_STATUS:
        return s->status;
    case HPET_COUNTER:
        if (s->dev.machine->current) { // as port accesses are charged: guests wait by reading it
            machine_charge(s->dev.machine->current, READ_NS);
        }
        return counter(s);
    }
    unsigned n = (reg - HPET_TIMERS) / 32;
    if (reg < HPET_TIMERS || n >= TIMERS) {
        return 0;
    }
    switch (reg % 32) {
    case TIMER_CONFIG:
        return s->t[n].config;
    case TIMER_COMPARATOR:
        return s->t[n].comparator;
    }
    return 0;
}

static void write_config(Hpet *s, uint64_t v)
{
    uint64_t changed = v ^ s->config;
    if (changed & s->config & CONFIG_LEGACY) {
        irq_set(&s->isa[0], s->input[0]);
        irq_set(&s->isa[1], s->input[1]);
    } else if (changed & CONFIG_LEGACY) {
        irq_set(&s->isa[0], false);
        irq_set(&s->isa[1], false);
    }
    if (changed & s->config & CONFIG_ENABLE) {
        s->counter = counter(s);
    } else if (changed & CONFIG_ENABLE) {
        s->started = now(s);
    }
    s->config = v & (CONFIG_ENABLE | CONFIG_LEGACY);
    for (unsigned n = 0; n < TIMERS; n++) {
        arm(s, &s->t[n]);
        drive(s, n);
    }
}

static void write_status(Hpet *s, uint64_t v)
{
    for (unsigned n = 0; n < TIMERS; n++) {
        if (v & s->status & BIT(n)) {
            s->status &= ~BIT(n);
            drive(s, n);
        }
    }
}

static void write_timer_config(Hpet *s, unsigned n, uint64_t v)
{
    HpetTimer *t = &s->t[n];
    const IrqLine *before = line_of(s, n);
    if (before && (t->config & TN_LEVEL)) {
        irq_set(before, false);
    }
    t->config = (t->config & ~(uint64_t)TN_WRITABLE) | (v & TN_WRITABLE);
    if (!(t->config & TN_LEVEL)) {
        s->status &= ~BIT(n);
    }
    if (narrow(t)) {
        t->comparator = (uint32_t)t->comparator;
        t->period = (uint32_t)t->period;
    }
    arm(s, t);
    drive(s, n);
}

// In periodic mode a write sets the period; with TN_SET_VALUE, once, the next match (2.3.9.2.2).
// `shift` and `bits` say which half is written.
static void write_comparator(Hpet *s, HpetTimer *t, unsigned shift, unsigned bits, uint64_t v)
{
    if (narrow(t) && shift) {
        return;
    }
    if (!(t->config & TN_PERIODIC) || (t->config & TN_SET_VALUE)) {
        t->comparator = deposit64(t->comparator, shift, bits, v);
    }
    if (t->config & TN_PERIODIC) {
        t->period = deposit64(t->period, shift, bits, v);
    }
    if (narrow(t)) {
        t->comparator = (uint32_t)t->comparator;
        t->period = (uint32_t)t->period;
    }
    t->config &= ~(uint64_t)TN_SET_VALUE;
    arm(s, t);
}

static void write_counter(Hpet *s, uint64_t v)
{
    if (running(s)) {
        log_printf(LOG_GUEST_ERRORS, "hpet: the counter is written while it runs\n");
        s->started = now(s);
    }
    s->counter = v;
    for (unsigned n = 0; n < TIMERS; n++) {
        arm(s, &s->t[n]);
    }
}

static uint64_t hpet_read(void *opaque, uint64_t offset, unsigned size)
{
    uint64_t v = read_register(opaque, (unsigned)(offset & ~UINT64_C(7)));
    return size == 8 ? v : v >> (offset & 4) * 8;
}

static void hpet_write(void *opaque, uint64_t offset, uint64_t value, unsigned size)
{
    Hpet *s = opaque;
    unsigned reg = (unsigned)(offset & ~UINT64_C(7)), n = (reg - HPET_TIMERS) / 32;
    unsigned shift = (offset & 4) * 8, bits = size * 8;
    uint64_t whole = deposit64(read_register(s, reg), shift, bits, value);
    bool is_timer = reg >= HPET_TIMERS && n < TIMERS;
    if (reg == HPET_CONFIG) {
        write_config(s, whole);
    } else if (reg == HPET_STATUS) {
        write_status(s, shift ? 0 : value);
    } else if (reg == HPET_COUNTER) {
        write_counter(s, whole);
    } else if (is_timer && reg % 32 == TIMER_CONFIG) {
        write_timer_config(s, n, whole);
    } else if (is_timer && reg % 32 == TIMER_COMPARATOR) {
        write_comparator(s, &s->t[n], shift, bits, value);
    } else {
        log_printf(LOG_GUEST_ERRORS, "hpet: write of register 0x%x\n", (unsigned)offset);
    }
}

static const MmioOps ops = {hpet_read, hpet_write, .min_size = 4, .max_size = 8};

// --- device

static void reset(Device *d)
{
    Hpet *s = (Hpet *)d;
    for (unsigned n = 0; n < TIMERS; n++) {
        s->t[n].config = (uint64_t)s->routes << 32 | TN_CAN_PERIODIC | TN_CAN_64;
        drive(s, n);
    }
    pass_legacy(s, 0);
    pass_legacy(s, 1);
}

static bool realize(Device *d, char **error)
{
    static void (*const fire[TIMERS])(void *) = {fire0, fire1, fire2};
    Hpet *s = (Hpet *)d;
    (void)error;
    for (unsigned n = 0; n < TIMERS; n++) {
        s->t[n].timer = timer_new(d->machine->clock, fire[n], s);
    }
    return true;
}

static void unrealize(Device *d)
{
    for (unsigned n = 0; n < TIMERS; n++) {
        timer_free(((Hpet *)d)->t[n].timer);
    }
}

static const DeviceProp props[] = {
    {"hpet-intcap", PROP_U32, offsetof(Hpet, routes), "0xff0104",
     "interrupts that its timers may use, a bit for each"},
    {NULL, 0, 0, NULL, NULL},
};

static const DeviceType hpet_type = {
    .name = "hpet",
    .desc = "high precision event timer",
    .bus = "sysbus",
    .size = sizeof(Hpet),
    .props = props,
    .state = &state,
    .realize = realize,
    .reset = reset,
    .unrealize = unrealize,
};
DEVICE_TYPE(hpet_type);

IrqLine hpet_legacy_input(Device *d, unsigned which)
{
    assert(which < 2);
    return irq_line(legacy_input, d, which);
}

Device *hpet_create(Machine *m, MemRegion *sysmem, uint64_t base,
                    const IrqLine gsi[HPET_IOAPIC_PINS], IrqLine isa0, IrqLine isa8)
{
    Hpet *s = (Hpet *)device_new(&hpet_type, m, NULL);
    char *error = NULL;
    for (unsigned i = 0; i < HPET_IOAPIC_PINS; i++) {
        s->gsi[i] = gsi[i];
    }
    s->isa[0] = isa0;
    s->isa[1] = isa8;
    mem_map(sysmem, base, mem_mmio("hpet", 0x400, &ops, s), 0);
    if (!device_realize(&s->dev, &error)) {
        die("%s", error);
    }
    return &s->dev;
}
