// The machine: what belongs to it, reset, and its state as a whole. The loop is in machine_loop.c.
#include "hw/core/machine.h"

#include <stdio.h>
#include <string.h>

#include "accel/engine.h"
#include "hw/core/run_state.h"
#include "softmmu/softmmu.h"
#include "util/log.h"

extern const BoardType *const __start_mimus_boards[] __attribute__((weak));
extern const BoardType *const __stop_mimus_boards[] __attribute__((weak));

const BoardType *board_type_find(const char *name, const char *target)
{
    const BoardType *best = NULL;
    for (const BoardType *const *b = __start_mimus_boards; b < __stop_mimus_boards; b++) {
        bool named = !strcmp((*b)->name, name) || ((*b)->alias && !strcmp((*b)->alias, name));
        if (named && (!target || !strcmp((*b)->target, target)) &&
            (!best || (*b)->rank > best->rank)) {
            best = *b;
        }
    }
    return best;
}

void board_type_each(void (*fn)(void *, const BoardType *), void *opaque)
{
    for (const BoardType *const *b = __start_mimus_boards; b < __stop_mimus_boards; b++) {
        fn(opaque, *b);
    }
}

// The physical memory map changed: nothing that the MMUs cached is certain.
static void memory_changed(void *opaque)
{
    Machine *m = opaque;
    for (unsigned i = 0; i < m->n_cpus; i++) {
        mmu_flush_all(m->cpu[i]);
    }
    if (m->current) {
        vcpu_kick(m->current); // looks its code up again
    }
}

static void stored(void *opaque, const MemPage *p, unsigned offset, unsigned len)
{
    page_watch_stored(opaque, p, offset, len, WATCH_ALL);
}

Machine *machine_new(const BoardType *board, const MachineConfig *config)
{
    Machine *m = g_new0(Machine, 1);
    m->board = board;
    m->config = *config;
    m->clock = clock_new();
    m->devices = g_ptr_array_new();
    m->memories = g_ptr_array_new();
    m->registry = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    m->memory = address_space_new("memory", mem_container("system", UINT64_MAX));
    m->engine = engine_new(m, &m->config.engine);
    machine_hook_memory(m, m->memory);
    machine_add_reset_button(m);
    return m;
}

void machine_hook_memory(Machine *m, AddressSpace *as)
{
    address_space_set_hooks(as, m, memory_changed, stored);
}

void machine_free(Machine *m)
{
    engine_free(m->engine);
    clock_free(m->clock);
    g_ptr_array_free(m->devices, TRUE);
    g_ptr_array_free(m->memories, TRUE);
    g_hash_table_destroy(m->registry);
    g_free(m);
}

void machine_add_cpu(Machine *m, VCPU *v)
{
    g_assert(m->n_cpus < MACHINE_MAX_CPUS);
    v->index = m->n_cpus;
    v->machine = m;
    m->cpu[m->n_cpus++] = v;
    engine_attach(m->engine, v);
}

MemRegion *machine_add_memory(Machine *m, MemRegion *r)
{
    g_ptr_array_add(m->memories, r);
    return r;
}

void machine_register(Machine *m, const char *name, void *object)
{
    g_hash_table_replace(m->registry, g_strdup(name), object);
}

void *machine_lookup(const Machine *m, const char *name)
{
    return g_hash_table_lookup(m->registry, name);
}

static void reset_cpu(VCPU *v)
{
    if (v->target->state) {
        state_reset(v->target->state, v);
    }
    v->halted = v->stopped = v->yield = v->leave_single = 0;
    if (v->target->reset) {
        v->target->reset(v);
    }
}

void machine_reset(Machine *m)
{
    machine_end_round(m);
    for (guint i = 0; i < m->devices->len; i++) {
        device_reset(g_ptr_array_index(m->devices, i));
    }
    for (unsigned i = 0; i < m->n_cpus; i++) {
        reset_cpu(m->cpu[i]);
    }
    if (m->board->reset) {
        m->board->reset(m);
    }
    engine_flush(m->engine);
    for (unsigned i = 0; i < m->n_cpus; i++) {
        mmu_regime_changed(m->cpu[i]);
    }
}

void machine_notify_cpu(VCPU *v)
{
    if (v->target->has_work(v)) {
        v->halted = 0;
    }
    if (v->machine->current == v) {
        vcpu_kick(v);
    }
}

// --- the state as a whole

static void hash_ram(void *opaque, const char *name, uint64_t phys, uint8_t *host, uint64_t size)
{
    (void)name;
    for (uint64_t at = 0; at < size; at += 0x1000) {
        uint64_t n = MIN_OF(size - at, UINT64_C(0x1000));
        bool zero = !host[at] && !memcmp(host + at, host + at + 1, n - 1);
        if (!zero) {
            uint64_t where = phys + at;
            state_hash_bytes(opaque, &where, sizeof(where));
            state_hash_bytes(opaque, host + at, n);
        }
    }
}

void machine_state_hash(Machine *m, StateHash *h)
{
    state_hash_init(h);
    uint64_t now = clock_now(m->clock);
    state_hash_bytes(h, &now, sizeof(now));
    for (unsigned i = 0; i < m->n_cpus; i++) {
        VCPU *v = m->cpu[i];
        v->target->sync(v);
        state_hash(h, v->target->state, v);
        const uint8_t run[3] = {v->halted, v->stopped, v->yield};
        state_hash_bytes(h, run, sizeof(run));
    }
    for (guint i = 0; i < m->devices->len; i++) {
        Device *d = g_ptr_array_index(m->devices, i);
        if (d->type->state) {
            state_hash(h, d->type->state, d);
        }
    }
    address_space_each_ram(m->memory, hash_ram, h);
}

void machine_print_state(Machine *m, void *file)
{
    char prefix[80];
    for (unsigned i = 0; i < m->n_cpus; i++) {
        VCPU *v = m->cpu[i];
        v->target->sync(v);
        snprintf(prefix, sizeof(prefix), "cpu%u.", i);
        state_print(v->target->state, v, prefix, file);
    }
    for (guint i = 0; i < m->devices->len; i++) {
        Device *d = g_ptr_array_index(m->devices, i);
        if (d->type->state) {
            snprintf(prefix, sizeof(prefix), "%u:%s.", i, d->id ? d->id : d->type->name);
            state_print(d->type->state, d, prefix, file);
        }
    }
}
