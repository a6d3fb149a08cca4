// Timers: order, re-arming, stopping from callbacks.
#include <criterion/criterion.h>

#include "hw/core/clock.h"

typedef struct Ctx {
    Clock *c;
    Timer *t[64];
    char log[256];
    unsigned n;
} Ctx;

typedef struct Tag {
    Ctx *ctx;
    char name;
    Timer *rearm, *stop;
    uint64_t when;
} Tag;

static void fire(void *opaque)
{
    Tag *t = opaque;
    t->ctx->log[t->ctx->n++] = t->name;
    if (t->rearm) {
        timer_arm(t->rearm, t->when);
    }
    if (t->stop) {
        timer_stop(t->stop);
    }
}

Test(clock, order_and_fifo)
{
    Ctx x = {.c = clock_new()};
    Tag tag[5];
    const uint64_t when[5] = {30, 10, 20, 10, 10};
    for (unsigned i = 0; i < 5; i++) {
        tag[i] = (Tag){&x, (char)('a' + i), NULL, NULL, 0};
        x.t[i] = timer_new(x.c, fire, &tag[i]);
        timer_arm(x.t[i], when[i]);
    }
    timer_arm(x.t[1], 10); // re-armed: behind its equals
    cr_assert_eq(clock_next_deadline(x.c), 10);
    clock_run_due(x.c, 9);
    cr_assert_str_eq(x.log, "");
    clock_run_due(x.c, 20);
    cr_assert_str_eq(x.log, "debc");
    cr_assert(!timer_armed(x.t[1]) && timer_armed(x.t[0]));
    cr_assert_eq(timer_deadline(x.t[0]), 30);
    cr_assert_eq(timer_deadline(x.t[1]), UINT64_MAX);
    clock_run_due(x.c, 1000);
    cr_assert_str_eq(x.log, "debca");
    cr_assert_eq(clock_next_deadline(x.c), UINT64_MAX);
}

Test(clock, rearming_in_the_past_does_not_hang)
{
    Ctx x = {.c = clock_new()};
    Tag a = {&x, 'a', NULL, NULL, 5};
    Timer *t = timer_new(x.c, fire, &a);
    a.rearm = t;
    timer_arm(t, 5);
    clock_run_due(x.c, 100);
    cr_assert_str_eq(x.log, "a");
    cr_assert_eq(clock_next_deadline(x.c), 5);
    clock_run_due(x.c, 100);
    cr_assert_str_eq(x.log, "aa");
}

Test(clock, stopping_one_that_is_due)
{
    Ctx x = {.c = clock_new()};
    Tag a = {&x, 'a', NULL, NULL, 0}, b = {&x, 'b', NULL, NULL, 0};
    Timer *ta = timer_new(x.c, fire, &a), *tb = timer_new(x.c, fire, &b);
    a.stop = tb;
    timer_arm(ta, 1);
    timer_arm(tb, 2);
    clock_run_due(x.c, 3);
    cr_assert_str_eq(x.log, "a");
    timer_free(ta);
    timer_free(tb);
    clock_free(x.c);
}

static uint64_t source(void *opaque)
{
    return *(uint64_t *)opaque;
}

Test(clock, now)
{
    Clock *c = clock_new();
    uint64_t t = 77;
    clock_run_due(c, 12);
    cr_assert_eq(clock_now(c), 12);
    clock_set_source(c, source, &t);
    cr_assert_eq(clock_now(c), 77);
}

Test(clock, random_heap)
{
    Ctx x = {.c = clock_new()};
    Tag tag[64];
    uint64_t s = 1;
    for (unsigned i = 0; i < 64; i++) {
        tag[i] = (Tag){&x, '.', NULL, NULL, 0};
        x.t[i] = timer_new(x.c, fire, &tag[i]);
    }
    for (unsigned round = 0; round < 2000; round++) {
        s = s * 6364136223846793005 + 1;
        unsigned i = (unsigned)(s >> 58);
        if (s >> 57 & 1) {
            timer_arm(x.t[i], s >> 40 & 0xfff);
        } else {
            timer_stop(x.t[i]);
        }
        uint64_t first = UINT64_MAX;
        for (unsigned k = 0; k < 64; k++) {
            first = timer_deadline(x.t[k]) < first ? timer_deadline(x.t[k]) : first;
        }
        cr_assert_eq(clock_next_deadline(x.c), first);
    }
}
