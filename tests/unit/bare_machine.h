// A machine with memory, clock and device list but no CPUs or engine: enough for device tests.
#ifndef TESTS_UNIT_BARE_MACHINE_H
#define TESTS_UNIT_BARE_MACHINE_H

#include "hw/core/machine.h"

static inline Machine *bare_machine(void)
{
    Machine *m = g_new0(Machine, 1);
    m->clock = clock_new();
    m->devices = g_ptr_array_new();
    m->memories = g_ptr_array_new();
    m->registry = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    m->memory = address_space_new("memory", mem_container("system", UINT64_MAX));
    machine_hook_memory(m, m->memory);
    return m;
}

static inline void bare_reset(Machine *m)
{
    for (guint i = 0; i < m->devices->len; i++) {
        device_reset(m->devices->pdata[i]);
    }
}

static inline uint64_t rd(Machine *m, uint64_t addr, unsigned size)
{
    uint64_t v;
    mem_read_n(m->memory, addr, &v, size);
    return v;
}

static inline void wr(Machine *m, uint64_t addr, uint64_t v, unsigned size)
{
    mem_write_n(m->memory, addr, v, size);
}

// An input pin that remembers its level and counts its rises.
typedef struct Pin {
    bool level;
    unsigned rises;
} Pin;

static inline void pin_handler(void *opaque, unsigned n, bool level)
{
    Pin *p = opaque;
    (void)n;
    p->rises += level && !p->level;
    p->level = level;
}

static inline IrqLine pin_line(Pin *p)
{
    return irq_line(pin_handler, p, 0);
}

#endif
