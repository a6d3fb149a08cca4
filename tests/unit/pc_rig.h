// A bare machine with I/O ports and a clock that the test moves.
#ifndef TESTS_UNIT_PC_RIG_H
#define TESTS_UNIT_PC_RIG_H

#include <criterion/criterion.h>

#include "tests/unit/bare_machine.h"

typedef struct PcRig {
    Machine *m;
    MemRegion *io, *mem;
    uint64_t now;
} PcRig;

static inline uint64_t pc_rig_now(void *opaque)
{
    return ((PcRig *)opaque)->now;
}

static inline void pc_rig_init(PcRig *r)
{
    r->m = bare_machine();
    r->m->io = address_space_new("io", mem_container("io", 0x10000));
    r->io = address_space_root(r->m->io);
    r->mem = address_space_root(r->m->memory);
    r->now = 0;
    clock_set_source(r->m->clock, pc_rig_now, r);
}

// Goes on to a time, stopping at each deadline.
static inline void go_to(PcRig *r, uint64_t ns)
{
    for (;;) {
        uint64_t next = clock_next_deadline(r->m->clock);
        if (next > ns) {
            break;
        }
        r->now = MAX_OF(r->now, next);
        clock_run_due(r->m->clock, r->now);
    }
    r->now = ns;
}

static inline void pass(PcRig *r, uint64_t ns)
{
    go_to(r, r->now + ns);
}

static inline unsigned in(PcRig *r, unsigned port)
{
    uint64_t v;
    mem_read_n(r->m->io, port, &v, 1);
    return (unsigned)v;
}

static inline uint64_t in_n(PcRig *r, unsigned port, unsigned size)
{
    uint64_t v;
    mem_read_n(r->m->io, port, &v, size);
    return v;
}

static inline void out(PcRig *r, unsigned port, unsigned v)
{
    mem_write_n(r->m->io, port, v, 1);
}

static inline void out_n(PcRig *r, unsigned port, uint64_t v, unsigned size)
{
    mem_write_n(r->m->io, port, v, size);
}

#endif
