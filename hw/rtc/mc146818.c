// A PC's real-time clock (Motorola MC146818A data sheet; Intel 290562, 82371AB, for its place in a
// PC) with 256 bytes of battery-backed memory.
//
// Date and time are computed from virtual time when somebody looks. While they are being set (SET,
// or the divider held in reset) the registers keep what is written. Flags are brought up to date by
// catch_up; timers exist only for those whose interrupt is enabled.
#include "hw/rtc/mc146818.h"

#include <assert.h>
#include <string.h>

#include "hw/core/machine.h"
#include "hw/rtc/calendar.h"
#include "util/log.h"

// --- registers

enum {
    REG_SECONDS = 0,
    REG_SECONDS_ALARM = 1,
    REG_MINUTES = 2,
    REG_MINUTES_ALARM = 3,
    REG_HOURS = 4,
    REG_HOURS_ALARM = 5,
    REG_WEEKDAY = 6,
    REG_DAY = 7,
    REG_MONTH = 8,
    REG_YEAR = 9,
    REG_A = 10,
    REG_B = 11,
    REG_C = 12,
    REG_D = 13,
    CMOS_SIZE = 256,
};
enum {
    A_UIP = 0x80,
    A_DIVIDER_RESET = 0x60, // both bits: the divider is held in reset
    A_RATE = 0x0f,
    B_SET = 0x80,
    B_PIE = 0x40,
    B_AIE = 0x20,
    B_UIE = 0x10,
    B_BINARY = 0x04,
    B_24H = 0x02,
    C_IRQF = 0x80,
    C_PF = 0x40,
    C_AF = 0x20,
    C_UF = 0x10,
    D_VALID = 0x80,
    PM = 0x80,
    DONT_CARE = 0xc0,
};
#define UIP_NS      UINT64_C(244141) // the update cycle is announced half a 2048 Hz period ahead
#define CRYSTAL_HZ  UINT64_C(32768)
#define DAY_SECONDS 86400

// --- state

typedef struct MC146818 {
    Device dev;
    uint8_t cmos[CMOS_SIZE]; // time registers only while they stand
    uint8_t index[2];        // of ports 70h and 72h
    uint64_t offset;         // seconds, added to the machine's
    uint64_t phase;          // ns, added to virtual time: where seconds begin
    uint64_t seen;           // virtual ns (with phase) up to which flags are set
    Timer *timer;
    IrqLine irq;
} MC146818;

// It runs on a battery: only interrupt enables and flags are reset.
static const StateField fields[] = {
    STATE_U8_ARRAY(MC146818, cmos, CMOS_SIZE, .keep = true),
    STATE_U8_ARRAY(MC146818, index, 2),
    STATE_U64(MC146818, offset, .keep = true),
    STATE_U64(MC146818, phase, .keep = true),
    STATE_U64(MC146818, seen, .keep = true),
    STATE_TIMER(MC146818, timer),
    STATE_END,
};

static void update_irq(MC146818 *s)
{
    uint8_t *c = &s->cmos[REG_C];
    bool irq = *c & s->cmos[REG_B] & (C_PF | C_AF | C_UF);
    *c = (*c & ~C_IRQF) | (irq ? C_IRQF : 0);
    irq_set(&s->irq, irq);
}

static bool loaded(void *obj, char **error)
{
    (void)error;
    update_irq(obj);
    return true;
}

static const StateDesc state = {"mc146818rtc", 1, fields, .loaded = loaded};

// --- time

static uint64_t now(const MC146818 *s) // with phase: whole seconds are the clock's
{
    return clock_now(s->dev.machine->clock) + s->phase;
}

static bool runs(const MC146818 *s)
{
    return !(s->cmos[REG_B] & B_SET) && (s->cmos[REG_A] & A_DIVIDER_RESET) != A_DIVIDER_RESET;
}

static uint64_t seconds_at(const MC146818 *s, uint64_t ns)
{
    return clock_rtc_base(s->dev.machine->clock) + s->offset + ns / NS_PER_SEC;
}

static uint8_t encode(const MC146818 *s, unsigned v)
{
    return (uint8_t)(s->cmos[REG_B] & B_BINARY ? v : v / 10 % 10 << 4 | v % 10);
}

static unsigned decode(const MC146818 *s, uint8_t v)
{
    return s->cmos[REG_B] & B_BINARY ? v : (v >> 4) * 10u + (v & 15);
}

static uint8_t encode_hour(const MC146818 *s, unsigned hour)
{
    if (s->cmos[REG_B] & B_24H) {
        return encode(s, hour);
    }
    return encode(s, hour % 12 ? hour % 12 : 12) | (hour >= 12 ? PM : 0);
}

static unsigned decode_hour(const MC146818 *s, uint8_t v)
{
    if (s->cmos[REG_B] & B_24H) {
        return decode(s, v);
    }
    return decode(s, v & 0x7f) % 12 + (v & PM ? 12 : 0);
}

// The registers as they are at a time.
static void store_time(MC146818 *s, uint64_t seconds)
{
    CalendarTime t = calendar_from_seconds(seconds);
    s->cmos[REG_SECONDS] = encode(s, t.second);
    s->cmos[REG_MINUTES] = encode(s, t.minute);
    s->cmos[REG_HOURS] = encode_hour(s, t.hour);
    s->cmos[REG_WEEKDAY] = encode(s, t.weekday + 1);
    s->cmos[REG_DAY] = encode(s, t.day);
    s->cmos[REG_MONTH] = encode(s, t.month);
    s->cmos[REG_YEAR] = encode(s, t.year % 100);
    s->cmos[RTC_CENTURY] = encode(s, t.year / 100);
}

// The other way round; fields out of range count on into the next larger ones.
static uint64_t stored_time(const MC146818 *s)
{
    CalendarTime t = {
        .second = decode(s, s->cmos[REG_SECONDS]),
        .minute = decode(s, s->cmos[REG_MINUTES]),
        .hour = decode_hour(s, s->cmos[REG_HOURS]),
        .day = decode(s, s->cmos[REG_DAY]),
        .month = decode(s, s->cmos[REG_MONTH]),
        .year = decode(s, s->cmos[RTC_CENTURY]) * 100 + decode(s, s->cmos[REG_YEAR]),
    };
    return calendar_to_seconds(&t);
}

static bool is_time(unsigned reg)
{
    return reg == REG_SECONDS || reg == REG_MINUTES || reg == REG_HOURS ||
           (reg >= REG_WEEKDAY && reg <= REG_YEAR) || reg == RTC_CENTURY;
}

// --- alarm: the first second after `from` that matches; UINT64_MAX if none does within a day

static bool field_matches(uint8_t alarm, unsigned value, unsigned decoded)
{
    return alarm >= DONT_CARE || value == decoded;
}

static uint64_t next_alarm(const MC146818 *s, uint64_t from)
{
    uint8_t hour = s->cmos[REG_HOURS_ALARM], minute = s->cmos[REG_MINUTES_ALARM];
    uint8_t second = s->cmos[REG_SECONDS_ALARM];
    uint64_t t = from + 1;
    while (t <= from + DAY_SECONDS) {
        unsigned in_day = (unsigned)(t % DAY_SECONDS);
        if (!field_matches(hour, decode_hour(s, hour), in_day / 3600)) {
            t += 3600 - in_day % 3600;
        } else if (!field_matches(minute, decode(s, minute), in_day / 60 % 60)) {
            t += 60 - in_day % 60;
        } else if (!field_matches(second, decode(s, second), in_day % 60)) {
            t++;
        } else {
            return t;
        }
    }
    return UINT64_MAX;
}

// --- periodic interrupt: 2^n crystal periods, 0: off

static uint64_t period(const MC146818 *s)
{
    unsigned rate = s->cmos[REG_A] & A_RATE;
    return rate == 0 ? 0 : UINT64_C(1) << (rate < 3 ? rate + 6 : rate - 1);
}

// --- flags

static void catch_up(MC146818 *s)
{
    uint64_t to = now(s), from = s->seen, p = period(s);
    if ((s->cmos[REG_A] & A_DIVIDER_RESET) == A_DIVIDER_RESET) {
        p = 0;
    }
    if (p && clock_ticks(to, CRYSTAL_HZ) / p != clock_ticks(from, CRYSTAL_HZ) / p) {
        s->cmos[REG_C] |= C_PF;
    }
    if (runs(s) && to / NS_PER_SEC != from / NS_PER_SEC) {
        s->cmos[REG_C] |= C_UF;
        if (next_alarm(s, seconds_at(s, from)) <= seconds_at(s, to)) {
            s->cmos[REG_C] |= C_AF;
        }
    }
    s->seen = to;
    update_irq(s);
}

static uint64_t next_event(const MC146818 *s)
{
    uint64_t at = now(s), next = UINT64_MAX, p = period(s);
    uint8_t wanted = s->cmos[REG_B] & ~s->cmos[REG_C];
    if ((wanted & B_PIE) && p && (s->cmos[REG_A] & A_DIVIDER_RESET) != A_DIVIDER_RESET) {
        next = clock_ticks_to_ns((clock_ticks(at, CRYSTAL_HZ) / p + 1) * p, CRYSTAL_HZ);
    }
    if (!runs(s)) {
        return next;
    }
    uint64_t second = at / NS_PER_SEC;
    if (wanted & B_UIE) {
        next = MIN_OF(next, (second + 1) * NS_PER_SEC);
    }
    uint64_t alarm = wanted & B_AIE ? next_alarm(s, seconds_at(s, at)) : UINT64_MAX;
    if (alarm != UINT64_MAX) {
        next = MIN_OF(next, (second + (alarm - seconds_at(s, at))) * NS_PER_SEC);
    }
    return next;
}

// A flag that is set already asks for nothing until it is read.
static void rearm(MC146818 *s)
{
    uint64_t next = next_event(s);
    if (next == UINT64_MAX) {
        timer_stop(s->timer);
    } else {
        timer_arm(s->timer, next - s->phase);
    }
}

static void fire(void *opaque)
{
    catch_up(opaque);
    rearm(opaque);
}

// --- registers

static uint8_t read_register(MC146818 *s, unsigned reg)
{
    uint8_t v;
    if (is_time(reg) && runs(s)) {
        store_time(s, seconds_at(s, now(s)));
    }
    switch (reg) {
    case REG_A:
        v = s->cmos[REG_A];
        return v | (runs(s) && now(s) % NS_PER_SEC >= NS_PER_SEC - UIP_NS ? A_UIP : 0);
    case REG_C:
        catch_up(s);
        v = s->cmos[REG_C];
        s->cmos[REG_C] = 0;
        update_irq(s);
        rearm(s);
        return v;
    case REG_D:
        return D_VALID;
    }
    return s->cmos[reg];
}

// The time goes on from what the registers say.
static void take_time(MC146818 *s)
{
    Machine *m = s->dev.machine;
    s->offset = stored_time(s) - clock_rtc_base(m->clock) - now(s) / NS_PER_SEC;
    machine_event(m,
                  &(MachineEvent){.kind = MACHINE_EVENT_RTC_CHANGE, .value = (int64_t)s->offset});
}

// Registers A and B: what they change of the clock's running is done around the write.
static void write_control(MC146818 *s, unsigned reg, uint8_t v)
{
    bool ran = runs(s);
    bool was_held = (s->cmos[REG_A] & A_DIVIDER_RESET) == A_DIVIDER_RESET;
    if (ran) {
        store_time(s, seconds_at(s, now(s)));
    }
    if (reg == REG_A) {
        s->cmos[REG_A] = v & ~A_UIP;
    } else {
        s->cmos[REG_B] = v;
    }
    bool held = (s->cmos[REG_A] & A_DIVIDER_RESET) == A_DIVIDER_RESET;
    if (was_held && !held) { // the first second ends after half of one
        uint64_t clock = clock_now(s->dev.machine->clock);
        s->phase = NS_PER_SEC + NS_PER_SEC / 2 - clock % NS_PER_SEC;
        s->seen = now(s);
    }
    if (!ran && runs(s)) {
        take_time(s);
    } else if (ran && runs(s) && reg == REG_B) {
        store_time(s, seconds_at(s, now(s))); // in the format that it says now
    }
}

static void write_register(MC146818 *s, unsigned reg, uint8_t v)
{
    catch_up(s);
    if (is_time(reg)) {
        if (runs(s)) {
            store_time(s, seconds_at(s, now(s)));
        }
        s->cmos[reg] = v;
        if (runs(s) && reg != REG_WEEKDAY) {
            take_time(s);
        }
    } else if (reg == REG_A || reg == REG_B) {
        write_control(s, reg, v);
    } else if (reg == REG_C || reg == REG_D) {
        log_printf(LOG_GUEST_ERRORS, "rtc: write of register %u\n", reg);
    } else {
        s->cmos[reg] = v;
    }
    update_irq(s);
    rearm(s);
}

// --- ports: 70h and 71h reach the first 128 bytes, 72h and 73h the others

static uint64_t rtc_read(void *opaque, uint64_t offset, unsigned size)
{
    MC146818 *s = opaque;
    unsigned bank = (unsigned)offset / 2;
    (void)size;
    return offset & 1 ? read_register(s, bank * 128 + s->index[bank]) : 0xff;
}

static void rtc_write(void *opaque, uint64_t offset, uint64_t value, unsigned size)
{
    MC146818 *s = opaque;
    unsigned bank = (unsigned)offset / 2;
    (void)size;
    if (offset & 1) {
        write_register(s, bank * 128 + s->index[bank], (uint8_t)value);
    } else {
        s->index[bank] = value & 0x7f; // bit 7 masks NMIs, of which a PC here has none
    }
}

static const MmioOps ops = {rtc_read, rtc_write, .min_size = 1, .max_size = 1};

// --- device

static void reset(Device *d)
{
    MC146818 *s = (MC146818 *)d;
    s->cmos[REG_B] &= (uint8_t) ~(B_PIE | B_AIE | B_UIE);
    s->cmos[REG_C] = 0;
    update_irq(s);
}

static bool realize(Device *d, char **error)
{
    MC146818 *s = (MC146818 *)d;
    (void)error;
    s->timer = timer_new(d->machine->clock, fire, s);
    s->cmos[REG_A] = 0x26; // 32768 Hz crystal, 1024 Hz periodic rate
    s->cmos[REG_B] = B_24H;
    return true;
}

static void unrealize(Device *d)
{
    timer_free(((MC146818 *)d)->timer);
}

static const DeviceType mc146818_type = {
    .name = "mc146818rtc",
    .desc = "PC real-time clock (MC146818)",
    .bus = "sysbus",
    .size = sizeof(MC146818),
    .state = &state,
    .realize = realize,
    .reset = reset,
    .unrealize = unrealize,
};
DEVICE_TYPE(mc146818_type);

void mc146818_set_cmos(Device *d, unsigned index, uint8_t value)
{
    assert(index > REG_D && index < CMOS_SIZE);
    ((MC146818 *)d)->cmos[index] = value;
}

uint8_t mc146818_get_cmos(const Device *d, unsigned index)
{
    assert(index > REG_D && index < CMOS_SIZE);
    return ((const MC146818 *)d)->cmos[index];
}

Device *mc146818_create(Machine *m, MemRegion *io, IrqLine irq8)
{
    MC146818 *s = (MC146818 *)device_new(&mc146818_type, m, NULL);
    char *error = NULL;
    s->irq = irq8;
    mem_map(io, 0x70, mem_mmio("rtc", 4, &ops, s), 0);
    if (!device_realize(&s->dev, &error)) {
        die("%s", error);
    }
    machine_register(m, "rtc", s);
    return &s->dev;
}
