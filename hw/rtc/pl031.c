// PrimeCell real-time clock (Arm DDI 0224, "PL031"): seconds, counted by virtual time from the
// machine's -rtc base, with one alarm.
#include "hw/rtc/pl031.h"

#include "hw/core/machine.h"
#include "util/log.h"

// --- registers (chapter 3)

enum {
    RTC_DR = 0x00,
    RTC_MR = 0x04,
    RTC_LR = 0x08,
    RTC_CR = 0x0c,
    RTC_IMSC = 0x10,
    RTC_RIS = 0x14,
    RTC_MIS = 0x18,
    RTC_ICR = 0x1c,
    RTC_ID = 0xfe0,
};

static const uint8_t id[] = {0x31, 0x10, 0x14, 0x00, 0x0d, 0xf0, 0x05, 0xb1};

// --- state

typedef struct PL031 {
    Device dev;
    uint64_t offset; // what the guest set (RTCLR): added to the machine's seconds
    uint32_t load;
    uint32_t match;
    uint32_t mask, raw;
    Timer *alarm;
    IrqLine irq;
} PL031;

// The clock runs on a battery: a reset does not change the time.
static const StateField fields[] = {
    STATE_U64(PL031, offset, .keep = true),
    STATE_U32(PL031, load, .keep = true),
    STATE_U32(PL031, match),
    STATE_U32(PL031, mask),
    STATE_U32(PL031, raw),
    STATE_TIMER(PL031, alarm),
    STATE_END,
};

static void update_irq(PL031 *s)
{
    irq_set(&s->irq, s->raw & s->mask);
}

static bool loaded(void *obj, char **error)
{
    (void)error;
    update_irq(obj);
    return true;
}

static const StateDesc state = {"pl031", 1, fields, .loaded = loaded};

static uint32_t seconds(const PL031 *s)
{
    const Clock *c = s->dev.machine->clock;
    return (uint32_t)(clock_rtc_base(c) + s->offset + clock_now(c) / NS_PER_SEC);
}

static void fire(void *opaque)
{
    PL031 *s = opaque;
    s->raw = 1;
    update_irq(s);
}

// The alarm comes when the counter reaches match, after wrapping if need be.
static void set_alarm(PL031 *s)
{
    uint32_t ahead = s->match - seconds(s);
    if (ahead == 0) {
        timer_stop(s->alarm);
        fire(s);
        return;
    }
    uint64_t now = clock_now(s->dev.machine->clock);
    timer_arm(s->alarm, (now / NS_PER_SEC + ahead) * NS_PER_SEC);
}

// --- read and write

static uint64_t pl031_read(void *opaque, uint64_t offset, unsigned size)
{
    PL031 *s = opaque;
    (void)size;
    switch (offset) {
    case RTC_DR:
        return seconds(s);
    case RTC_MR:
        return s->match;
    case RTC_LR:
        return s->load;
    case RTC_CR:
        return 1; // always running
    case RTC_IMSC:
        return s->mask;
    case RTC_RIS:
        return s->raw;
    case RTC_MIS:
        return s->raw & s->mask;
    }
    if (offset >= RTC_ID) {
        return id[(offset - RTC_ID) / 4];
    }
    log_printf(LOG_GUEST_ERRORS, "pl031: read of register 0x%x\n", (unsigned)offset);
    return 0;
}

static void pl031_write(void *opaque, uint64_t offset, uint64_t value, unsigned size)
{
    PL031 *s = opaque;
    uint32_t v = (uint32_t)value;
    (void)size;
    switch (offset) {
    case RTC_MR:
        s->match = v;
        set_alarm(s);
        break;
    case RTC_LR:
        s->load = v;
        s->offset += (uint32_t)(v - seconds(s));
        machine_event(s->dev.machine, &(MachineEvent){.kind = MACHINE_EVENT_RTC_CHANGE,
                                                      .value = (int32_t)s->offset});
        set_alarm(s);
        break;
    case RTC_CR:
        break; // it cannot be stopped
    case RTC_IMSC:
        s->mask = v & 1;
        break;
    case RTC_ICR:
        s->raw &= ~v;
        break;
    default:
        log_printf(LOG_GUEST_ERRORS, "pl031: write of register 0x%x: 0x%x\n", (unsigned)offset, v);
        return;
    }
    update_irq(s);
}

static const MmioOps ops = {pl031_read, pl031_write, .min_size = 4, .max_size = 4};

// --- device

static void reset(Device *d)
{
    update_irq((PL031 *)d);
}

static bool realize(Device *d, char **error)
{
    PL031 *s = (PL031 *)d;
    (void)error;
    s->alarm = timer_new(d->machine->clock, fire, s);
    return true;
}

static void unrealize(Device *d)
{
    timer_free(((PL031 *)d)->alarm);
}

static const DeviceType pl031_type = {
    .name = "pl031",
    .desc = "Arm PrimeCell real-time clock",
    .bus = "sysbus",
    .size = sizeof(PL031),
    .state = &state,
    .realize = realize,
    .reset = reset,
    .unrealize = unrealize,
};
DEVICE_TYPE(pl031_type);

Device *pl031_create(Machine *m, MemRegion *sysmem, uint64_t base, IrqLine irq)
{
    PL031 *s = (PL031 *)device_new(&pl031_type, m, NULL);
    s->irq = irq;
    mem_map(sysmem, base, mem_mmio("pl031", 0x1000, &ops, s), 0);
    char *error = NULL;
    if (!device_realize(&s->dev, &error)) {
        die("%s", error);
    }
    return &s->dev;
}
