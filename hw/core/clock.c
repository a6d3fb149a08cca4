// Virtual time's event queue: timers in a binary heap. Of equal deadlines the one that was armed
// first fires first, so that a run repeats exactly.
#include "hw/core/clock.h"

#include <assert.h>
#include <glib.h>

#define NOT_IN_HEAP UINT32_MAX

struct Timer {
    Clock *clock;
    void (*fire)(void *opaque);
    void *opaque;
    uint64_t deadline;
    uint64_t order; // of arming
    uint32_t slot;  // in the heap, or NOT_IN_HEAP
    bool due;       // taken out of the heap by the clock_run_due under way
};

struct Clock {
    GPtrArray *all;  // Timer *, as they were made
    GPtrArray *heap; // those that are armed
    GPtrArray *due;  // those that the clock_run_due under way is about to fire
    uint64_t order;
    uint64_t base; // now, while no source is set
    uint64_t (*now)(void *opaque);
    void *now_opaque;
    uint64_t rtc_base;
    bool running; // clock_run_due is on the stack
};

Clock *clock_new(void)
{
    Clock *c = g_new0(Clock, 1);
    c->all = g_ptr_array_new();
    c->heap = g_ptr_array_new();
    c->due = g_ptr_array_new();
    return c;
}

void clock_free(Clock *c)
{
    if (c) {
        g_ptr_array_free(c->all, TRUE);
        g_ptr_array_free(c->heap, TRUE);
        g_ptr_array_free(c->due, TRUE);
        g_free(c);
    }
}

uint64_t clock_now(const Clock *c)
{
    return c->now ? c->now(c->now_opaque) : c->base;
}

void clock_set_source(Clock *c, uint64_t (*now)(void *opaque), void *opaque)
{
    c->now = now;
    c->now_opaque = opaque;
}

uint64_t clock_rtc_base(const Clock *c)
{
    return c->rtc_base;
}

void clock_set_rtc_base(Clock *c, uint64_t seconds)
{
    c->rtc_base = seconds;
}

// --- heap

static Timer *at(const Clock *c, uint32_t i)
{
    return c->heap->pdata[i];
}

static bool before(const Timer *a, const Timer *b)
{
    return a->deadline != b->deadline ? a->deadline < b->deadline : a->order < b->order;
}

static void place(Clock *c, uint32_t i, Timer *t)
{
    c->heap->pdata[i] = t;
    t->slot = i;
}

static void sift_up(Clock *c, uint32_t i, Timer *t)
{
    while (i > 0 && before(t, at(c, (i - 1) / 2))) {
        place(c, i, at(c, (i - 1) / 2));
        i = (i - 1) / 2;
    }
    place(c, i, t);
}

static void sift_down(Clock *c, uint32_t i, Timer *t)
{
    uint32_t n = c->heap->len;
    for (;;) {
        uint32_t child = 2 * i + 1;
        if (child + 1 < n && before(at(c, child + 1), at(c, child))) {
            child++;
        }
        if (child >= n || !before(at(c, child), t)) {
            break;
        }
        place(c, i, at(c, child));
        i = child;
    }
    place(c, i, t);
}

static void heap_remove(Clock *c, Timer *t)
{
    uint32_t i = t->slot;
    t->slot = NOT_IN_HEAP;
    Timer *last = at(c, c->heap->len - 1);
    g_ptr_array_set_size(c->heap, (gint)c->heap->len - 1);
    if (last == t) {
        return;
    }
    if (i > 0 && before(last, at(c, (i - 1) / 2))) {
        sift_up(c, i, last);
    } else {
        sift_down(c, i, last);
    }
}

// --- timers

Timer *timer_new(Clock *c, void (*fire)(void *opaque), void *opaque)
{
    Timer *t = g_new0(Timer, 1);
    t->clock = c;
    t->fire = fire;
    t->opaque = opaque;
    t->slot = NOT_IN_HEAP;
    g_ptr_array_add(c->all, t);
    return t;
}

void timer_free(Timer *t)
{
    if (t) {
        timer_stop(t);
        g_ptr_array_remove(t->clock->due, t);
        g_ptr_array_remove(t->clock->all, t);
        g_free(t);
    }
}

static void arm(Timer *t, uint64_t deadline, uint64_t order)
{
    Clock *c = t->clock;
    timer_stop(t);
    t->deadline = deadline;
    t->order = order;
    g_ptr_array_add(c->heap, t);
    sift_up(c, c->heap->len - 1, t);
}

void timer_arm(Timer *t, uint64_t deadline_ns)
{
    arm(t, deadline_ns, t->clock->order++);
}

void timer_stop(Timer *t)
{
    t->due = false;
    if (t->slot != NOT_IN_HEAP) {
        heap_remove(t->clock, t);
    }
}

bool timer_armed(const Timer *t)
{
    return t->slot != NOT_IN_HEAP || t->due;
}

uint64_t timer_deadline(const Timer *t)
{
    return timer_armed(t) ? t->deadline : UINT64_MAX;
}

// --- snapshots

TimerSetting timer_setting(Timer *t)
{
    bool armed = timer_armed(t);
    return (TimerSetting){t, armed, armed ? t->deadline : 0, armed ? t->order : 0};
}

void timer_restore(const TimerSetting *s)
{
    if (s->armed) {
        arm(s->timer, s->deadline, s->order);
    } else {
        timer_stop(s->timer);
    }
}

uint64_t clock_order(const Clock *c)
{
    return c->order;
}

void clock_set_order(Clock *c, uint64_t order)
{
    c->order = order;
}

void clock_each_timer(const Clock *c, void (*fn)(void *opaque, Timer *t), void *opaque)
{
    for (guint i = 0; i < c->all->len; i++) {
        fn(opaque, c->all->pdata[i]);
    }
}

uint64_t clock_next_deadline(const Clock *c)
{
    return c->heap->len ? at(c, 0)->deadline : UINT64_MAX;
}

// What is armed while this runs waits for the next call even if it is due already: a device that
// re-arms in the past cannot keep the machine here for ever.
void clock_run_due(Clock *c, uint64_t now)
{
    assert(!c->running);
    c->running = true;
    c->base = MAX_OF(c->base, now);
    while (c->heap->len && at(c, 0)->deadline <= now) {
        Timer *t = at(c, 0);
        heap_remove(c, t);
        t->due = true;
        g_ptr_array_add(c->due, t);
    }
    while (c->due->len) {
        Timer *t = g_ptr_array_remove_index(c->due, 0);
        if (t->due) {
            t->due = false;
            t->fire(t->opaque);
        }
    }
    c->running = false;
}
