#include "accel/debug_internal.h"
#include "accel/engine.h"
#include "softmmu/softmmu.h"

typedef struct Watch {
    uint64_t va, len;
    WatchKind kind;
} Watch;

struct DebugState {
    GArray *breaks;     // uint64_t
    GArray *watches;    // Watch
    VCPU *step_cpu;     // runs one instruction, then the machine pauses
    uint64_t step_from; // its instruction count when the step began
    VCPU *resume_cpu;   // may pass the breakpoint at resume_pc once
    uint64_t resume_pc;
    bool stop_valid;
    DebugStop stop;
};

static DebugState *debug_state(Machine *m)
{
    DebugState *d = machine_lookup(m, "debug");
    if (!d) {
        d = g_new0(DebugState, 1);
        d->breaks = g_array_new(FALSE, FALSE, sizeof(uint64_t));
        d->watches = g_array_new(FALSE, FALSE, sizeof(Watch));
        machine_register(m, "debug", d);
        for (unsigned i = 0; i < m->n_cpus; i++) {
            m->cpu[i]->debug = d;
        }
    }
    return d;
}

static int find_break(const DebugState *d, uint64_t pc)
{
    for (unsigned i = 0; i < d->breaks->len; i++) {
        if (g_array_index(d->breaks, uint64_t, i) == pc) {
            return (int)i;
        }
    }
    return -1;
}

static int find_watch(const DebugState *d, const Watch *w)
{
    for (unsigned i = 0; i < d->watches->len; i++) {
        const Watch *x = &g_array_index(d->watches, Watch, i);
        if (x->va == w->va && x->len == w->len && x->kind == w->kind) {
            return (int)i;
        }
    }
    return -1;
}

bool debug_break_insert(Machine *m, uint64_t pc)
{
    DebugState *d = debug_state(m);
    if (find_break(d, pc) >= 0) {
        return false;
    }
    g_array_append_val(d->breaks, pc);
    engine_flush(m->engine); // blocks that run over it
    return true;
}

bool debug_break_remove(Machine *m, uint64_t pc)
{
    DebugState *d = debug_state(m);
    int i = find_break(d, pc);
    if (i < 0) {
        return false;
    }
    g_array_remove_index_fast(d->breaks, (guint)i);
    return true;
}

static void drop_pages(Machine *m, uint64_t va, uint64_t len)
{
    for (unsigned i = 0; i < m->n_cpus; i++) {
        for (uint64_t p = va & ~UINT64_C(0xfff); p <= va + len - 1 && p >= (va & ~UINT64_C(0xfff));
             p += 0x1000) {
            mmu_drop_fast(m->cpu[i], p);
        }
    }
}

bool debug_watch_insert(Machine *m, uint64_t va, uint64_t len, WatchKind kind)
{
    DebugState *d = debug_state(m);
    Watch w = {va, len, kind};
    if (!len || len > 0x10000 || find_watch(d, &w) >= 0) {
        return false;
    }
    g_array_append_val(d->watches, w);
    drop_pages(m, va, len);
    return true;
}

bool debug_watch_remove(Machine *m, uint64_t va, uint64_t len, WatchKind kind)
{
    DebugState *d = debug_state(m);
    Watch w = {va, len, kind};
    int i = find_watch(d, &w);
    if (i < 0) {
        return false;
    }
    g_array_remove_index_fast(d->watches, (guint)i);
    drop_pages(m, va, len);
    return true;
}

void debug_remove_all(Machine *m)
{
    DebugState *d = debug_state(m);
    g_array_set_size(d->breaks, 0);
    while (d->watches->len) {
        Watch w = g_array_index(d->watches, Watch, 0);
        debug_watch_remove(m, w.va, w.len, w.kind);
    }
}

void debug_single_step(Machine *m, VCPU *v)
{
    DebugState *d = debug_state(m);
    d->step_cpu = v;
    d->step_from = v ? vcpu_icount(v) : 0;
    d->stop_valid = false;
}

bool debug_last_stop(Machine *m, DebugStop *stop)
{
    const DebugState *d = debug_state(m);
    if (d->stop_valid) {
        *stop = d->stop;
    }
    return d->stop_valid;
}

bool debug_page_watched(VCPU *v, uint64_t page_va)
{
    if (v->watch_armed && v->target->page_watched(v, page_va)) {
        return true;
    }
    const DebugState *d = v->debug;
    for (unsigned i = 0; d && i < d->watches->len; i++) {
        const Watch *w = &g_array_index(d->watches, Watch, i);
        if (w->va <= page_va + 0xfff && w->va + w->len > page_va) {
            return true;
        }
    }
    return false;
}

static void pause_here(VCPU *v, DebugStop stop)
{
    DebugState *d = v->debug;
    d->stop = stop;
    d->stop_valid = true;
    d->step_cpu = NULL;
    d->resume_cpu = v;
    d->resume_pc = v->pc;
    machine_pause_for(v->machine, MACHINE_PAUSE_DEBUG);
}

bool debug_check_access(VCPU *v, uint64_t va, unsigned size, bool store)
{
    DebugState *d = v->debug;
    for (unsigned i = 0; d && i < d->watches->len; i++) {
        const Watch *w = &g_array_index(d->watches, Watch, i);
        if (va < w->va + w->len && w->va < va + size &&
            (w->kind & (store ? WATCH_WRITE : WATCH_READ))) {
            if (engine_in_single(v)) {
                d->stop = (DebugStop){.cpu = v, .why = DEBUG_WATCH, .va = w->va, .kind = w->kind};
                d->stop_valid = true;
                d->step_cpu = NULL;
                machine_pause_for(v->machine, MACHINE_PAUSE_DEBUG);
            }
            return true;
        }
    }
    return false;
}

uint64_t debug_next_break(const VCPU *v, uint64_t pc, uint64_t bytes)
{
    const DebugState *d = v->debug;
    uint64_t next = UINT64_MAX;
    for (unsigned i = 0; d && i < d->breaks->len; i++) {
        uint64_t b = g_array_index(d->breaks, uint64_t, i);
        if (b > pc && b - pc < bytes && b < next) {
            next = b;
        }
    }
    return next;
}

bool debug_should_pause(VCPU *v)
{
    DebugState *d = v->debug;
    if (!d) {
        return false;
    }
    if (d->step_cpu == v && vcpu_icount(v) != d->step_from) {
        pause_here(v, (DebugStop){.cpu = v, .why = DEBUG_STEP});
        return true;
    }
    bool resumed = d->resume_cpu == v && d->resume_pc == v->pc;
    d->resume_cpu = d->resume_cpu == v ? NULL : d->resume_cpu;
    if (!resumed && d->breaks->len && find_break(d, vcpu_pc_address(v)) >= 0) {
        pause_here(v, (DebugStop){.cpu = v, .why = DEBUG_BREAK});
        return true;
    }
    return false;
}

bool debug_stepping(const VCPU *v)
{
    const DebugState *d = v->debug;
    return d && (d->step_cpu || d->breaks->len);
}

const VCPU *debug_step_cpu(const Machine *m)
{
    const DebugState *d = m->n_cpus ? m->cpu[0]->debug : NULL;
    return d ? d->step_cpu : NULL;
}
