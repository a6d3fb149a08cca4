// TCO watchdog timer (Intel 316972, "ICH9 family data sheet", 13.9): counts 0.6 s ticks down. The
// first time that it runs out it asks firmware by an SMI and starts again; the second time it
// resets the machine, or does what -watchdog-action says.
#include "hw/acpi/ich9_tco.h"

#include "hw/core/machine.h"
#include "hw/watchdog/watchdog.h"

enum {
    TCO_RLD = 0x00,
    TCO1_STS = 0x04,
    TCO2_STS = 0x06,
    TCO1_CNT = 0x08, // high byte: 9
    TCO2_CNT = 0x0a,
    TCO_TMR = 0x12,
};
enum {
    STS1_TIMEOUT = 1 << 3,
    STS2_SECOND = 1 << 1,
    STS2_BOOT = 1 << 2,
    CNT_HALT = 1 << 3, // of byte 9
    CNT_LOCK = 1 << 4, // of byte 9
};
#define TICK_NS UINT64_C(600000000)

const StateField ich9_tco_state_fields[] = {
    STATE_U8_ARRAY(Ich9Tco, reg, 0x20),
    STATE_U64(Ich9Tco, started),
    STATE_TIMER(Ich9Tco, timer),
    STATE_END,
};

static uint64_t ticks(const Ich9Tco *t)
{
    unsigned n = t->reg[TCO_TMR] | (t->reg[TCO_TMR + 1] & 3) << 8;
    return MAX_OF(n, 2u);
}

static bool halted(const Ich9Tco *t)
{
    return t->reg[TCO1_CNT + 1] & CNT_HALT;
}

static void restart(Ich9Tco *t)
{
    if (halted(t)) {
        timer_stop(t->timer);
        return;
    }
    t->started = clock_now(t->m->clock);
    timer_arm(t->timer, t->started + ticks(t) * TICK_NS);
}

static void expired(void *opaque)
{
    Ich9Tco *t = opaque;
    if (!(t->reg[TCO1_STS] & STS1_TIMEOUT)) {
        t->reg[TCO1_STS] |= STS1_TIMEOUT;
        restart(t);
        t->smi(t->opaque);
        return;
    }
    t->reg[TCO2_STS] |= STS2_SECOND;
    if (t->no_reboot) {
        restart(t);
    } else {
        t->reg[TCO2_STS] |= STS2_BOOT;
        watchdog_expired(t->m, "TCO");
    }
}

static unsigned left(const Ich9Tco *t)
{
    if (halted(t)) {
        return (unsigned)ticks(t);
    }
    uint64_t gone = (clock_now(t->m->clock) - t->started) / TICK_NS;
    return (unsigned)(ticks(t) - MIN_OF(gone, ticks(t)));
}

uint8_t ich9_tco_read(const Ich9Tco *t, unsigned offset)
{
    if (offset == TCO_RLD || offset == TCO_RLD + 1) {
        return (uint8_t)(left(t) >> 8 * offset);
    }
    return t->reg[offset];
}

void ich9_tco_write(Ich9Tco *t, unsigned offset, uint8_t v)
{
    uint8_t *r = &t->reg[offset];
    switch (offset) {
    case TCO_RLD: // any value
        t->reg[TCO1_STS] &= (uint8_t)~STS1_TIMEOUT;
        restart(t);
        break;
    case TCO1_STS:
    case TCO1_STS + 1:
    case TCO2_STS:
    case TCO2_STS + 1:
        *r &= (uint8_t)~v;
        break;
    case TCO1_CNT + 1: { // the lock stays
        uint8_t before = *r;
        *r = v | (before & CNT_LOCK);
        if ((before ^ v) & CNT_HALT) {
            restart(t);
        }
        break;
    }
    case TCO_TMR + 1:
        *r = v & 3;
        break;
    default:
        *r = v;
    }
}

void ich9_tco_init(Ich9Tco *t)
{
    t->timer = timer_new(t->m->clock, expired, t);
}

void ich9_tco_free(Ich9Tco *t)
{
    timer_free(t->timer);
}

void ich9_tco_reset(Ich9Tco *t)
{
    t->reg[TCO1_CNT + 1] = CNT_HALT;
    t->reg[TCO2_CNT] = 0x08;
    t->reg[0x10] = 3; // software interrupts: none
    t->reg[TCO_TMR] = 4;
}
