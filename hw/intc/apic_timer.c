// The timer of a local APIC (SDM volume 3, 10.5.4): counts down at 1 GHz divided, or waits for a
// value of the time stamp counter. A masked timer is only computed when somebody looks.
#include "hw/intc/apic_internal.h"

// Nanoseconds of a count: the divider's exponent is bits 3, 1 and 0, plus one modulo 8.
static unsigned shift(const Apic *s)
{
    unsigned code = (s->divide & 3) | (s->divide >> 1 & 4);
    return (code + 1) & 7;
}

static uint64_t period(const Apic *s)
{
    return (uint64_t)s->initial << shift(s);
}

static uint64_t now(const Apic *s)
{
    return clock_now(s->dev.machine->clock);
}

// Arms the timer for what comes next, strictly after now.
static void rearm(Apic *s)
{
    uint32_t lvt = s->lvt[LVT_TIMER];
    timer_stop(s->timer);
    if (!(lvt & LVT_DEADLINE) && s->initial && !(lvt & LVT_MASKED)) {
        uint64_t gone = now(s) - s->started, n = gone / period(s);
        if (n == 0 || (lvt & LVT_PERIODIC)) {
            timer_arm(s->timer, s->started + (n + 1) * period(s));
        }
    } else if ((lvt & LVT_DEADLINE) && s->deadline) {
        timer_arm(s->timer, x86_cpu_tsc_to_ns(s->cpu, s->deadline));
    }
}

void apic_timer_fire(void *opaque)
{
    Apic *s = opaque;
    if (s->lvt[LVT_TIMER] & LVT_DEADLINE) {
        s->deadline = 0;
    }
    apic_local(s, LVT_TIMER);
    rearm(s);
}

uint32_t apic_timer_current(const Apic *s)
{
    if ((s->lvt[LVT_TIMER] & LVT_DEADLINE) || !s->initial) {
        return 0;
    }
    uint64_t gone = now(s) - s->started;
    if (gone >= period(s)) {
        if (!(s->lvt[LVT_TIMER] & LVT_PERIODIC)) {
            return 0;
        }
        gone %= period(s);
    }
    return s->initial - (uint32_t)(gone >> shift(s));
}

void apic_timer_start(Apic *s, uint32_t initial)
{
    if (s->lvt[LVT_TIMER] & LVT_DEADLINE) {
        return; // ignored (10.5.4.1)
    }
    s->initial = initial;
    s->started = now(s);
    rearm(s);
}

// What was counted keeps its value: the count goes on from there at the new rate.
void apic_timer_divide(Apic *s, uint32_t value)
{
    uint32_t counted = s->initial - apic_timer_current(s);
    s->divide = value;
    uint64_t before = (uint64_t)counted << shift(s);
    s->started = now(s) >= before ? now(s) - before : 0;
    rearm(s);
}

void apic_timer_lvt(Apic *s, uint32_t value)
{
    bool other = (value ^ s->lvt[LVT_TIMER]) & LVT_DEADLINE;
    s->lvt[LVT_TIMER] = value;
    if (other) {
        s->initial = 0;
        s->deadline = 0;
    }
    rearm(s);
}

uint64_t apic_timer_deadline(const Apic *s)
{
    return s->deadline;
}

void apic_timer_set_deadline(Apic *s, uint64_t tsc)
{
    if (s->lvt[LVT_TIMER] & LVT_DEADLINE) {
        s->deadline = tsc;
        rearm(s);
    }
}
