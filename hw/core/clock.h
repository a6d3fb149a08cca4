// Virtual time and the event queue. All guest-visible time comes from here.
//
// Virtual nanoseconds follow executed instructions (1 << shift ns each); while every vCPU waits,
// time jumps to the next deadline (sleep=off) or follows the host until input or the deadline
// (sleep=on). Timers fire between blocks, at exactly their deadline's instruction.
#ifndef HW_CORE_CLOCK_H
#define HW_CORE_CLOCK_H

#include "util/bits.h"

typedef struct Clock Clock;
typedef struct Timer Timer;

#define NS_PER_SEC UINT64_C(1000000000)

Clock *clock_new(void);
void clock_free(Clock *c);
uint64_t clock_now(const Clock *c); // virtual ns; exact inside device callbacks
// For the machine loop: how "now" continues from the queue's base, and advancing it.
void clock_set_source(Clock *c, uint64_t (*now)(void *opaque), void *opaque);
uint64_t clock_next_deadline(const Clock *c); // UINT64_MAX if none
void clock_run_due(Clock *c, uint64_t now);   // fires timers with deadline <= now, in order

Timer *timer_new(Clock *c, void (*fire)(void *opaque), void *opaque);
void timer_free(Timer *t);
void timer_arm(Timer *t, uint64_t deadline_ns); // replaces an earlier deadline
void timer_stop(Timer *t);
bool timer_armed(const Timer *t);
uint64_t timer_deadline(const Timer *t); // UINT64_MAX if not armed

// --- for snapshots. Of equal deadlines the lower number fires first.
typedef struct TimerSetting {
    Timer *timer;
    bool armed;
    uint64_t deadline, order;
} TimerSetting;

TimerSetting timer_setting(Timer *t);
void timer_restore(const TimerSetting *s);
uint64_t clock_order(const Clock *c); // that the next timer to be armed gets
void clock_set_order(Clock *c, uint64_t order);
// All timers, in the order in which they were made.
void clock_each_timer(const Clock *c, void (*fn)(void *opaque, Timer *t), void *opaque);

// Ticks of a clock of hz (below 2^32) that have passed in ns, and the first ns at which so many
// have.
static inline uint64_t clock_ticks(uint64_t ns, uint64_t hz)
{
    return ns / NS_PER_SEC * hz + ns % NS_PER_SEC * hz / NS_PER_SEC;
}

static inline uint64_t clock_ticks_to_ns(uint64_t ticks, uint64_t hz)
{
    return ticks / hz * NS_PER_SEC + (ticks % hz * NS_PER_SEC + hz - 1) / hz;
}

// Wall-clock seconds since 1970 at virtual time 0 (-rtc base=), for RTC devices.
uint64_t clock_rtc_base(const Clock *c);
void clock_set_rtc_base(Clock *c, uint64_t seconds);

#endif
