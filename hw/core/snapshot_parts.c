// The parts of a machine that have declared state: its run state and clock, vCPUs, devices.
//
//   fields of all parts --> each one's `loaded`, which checks and derives --> what these may have
//   moved: vCPUs that woke up, timers
//
// All fields are there before the first `loaded` runs, so that lines between devices are driven to
// the levels that both ends have saved. A line that several drive falls and rises meanwhile, and
// who is at its end may see an edge: so all is done twice. The second time the lines are right.
#include <stdio.h>
#include <string.h>

#include "hw/core/snapshot_internal.h"
#include "replay/gate.h"
#include "softmmu/softmmu.h"

#define MAX_OTHER_TIMERS 16 // timers in nobody's fields: the network's
#define MAX_COUNT        (UINT64_C(1) << 62)

typedef struct OtherTimer {
    bool armed;
    uint64_t deadline, order;
} OtherTimer;

// What of struct Machine and its clock is state.
typedef struct RunState {
    Machine *m;
    uint64_t now, executed, round_start_ns, longest_ns;
    uint64_t turn_start, turn_quantum, turn_charged_ns, turn_from;
    bool open, in_turn, idle;
    uint32_t cpu;
    uint64_t order; // of timers
    uint64_t rtc_base;
    OtherTimer other[MAX_OTHER_TIMERS];
} RunState;

typedef struct CpuRun {
    VCPU *v;
    uint64_t icount;
    uint8_t halted, stopped, yield, leave_single;
} CpuRun;

// Input that the machine has been given and not taken yet: the gate's queues.
typedef struct Queues {
    Machine *m;
    uint8_t *bytes;
    size_t len;
} Queues;

struct SnapshotParts {
    Machine *m;
    GArray *all; // SnapshotPart
    RunState run;
    Queues queues;
    CpuRun cpu[MACHINE_MAX_CPUS];
};

// --- timers that no part has

typedef struct Others {
    const GArray *known; // TimerSetting of the parts
    Timer *timer[MAX_OTHER_TIMERS];
    unsigned n;
} Others;

static void add_other(void *opaque, Timer *t)
{
    Others *o = opaque;
    for (guint i = 0; i < o->known->len; i++) {
        if (g_array_index(o->known, TimerSetting, i).timer == t) {
            return;
        }
    }
    if (o->n < MAX_OTHER_TIMERS) {
        o->timer[o->n++] = t;
    }
}

static void each_timer(const StateField *f, uint8_t *obj, GArray *known)
{
    for (; f->kind != STATE_KIND_END; f++) {
        uint8_t *p = obj + f->offset;
        for (uint32_t i = 0; f->kind == STATE_KIND_STRUCT && i < f->count; i++) {
            each_timer(f->fields, p + (size_t)i * f->size, known);
        }
        if (f->kind == STATE_KIND_TIMER && *(Timer **)(void *)p) {
            TimerSetting s = {.timer = *(Timer **)(void *)p};
            g_array_append_val(known, s);
        }
    }
}

static Others other_timers(const SnapshotParts *p)
{
    GArray *known = g_array_new(FALSE, FALSE, sizeof(TimerSetting));
    for (guint i = 0; i < p->all->len; i++) {
        const SnapshotPart *part = &g_array_index(p->all, SnapshotPart, i);
        each_timer(part->desc->fields, part->obj, known);
    }
    Others o = {.known = known};
    clock_each_timer(p->m->clock, add_other, &o);
    g_array_unref(known);
    return o;
}

static void save_others(SnapshotParts *p)
{
    Others o = other_timers(p);
    memset(p->run.other, 0, sizeof p->run.other);
    for (unsigned i = 0; i < o.n; i++) {
        TimerSetting s = timer_setting(o.timer[i]);
        p->run.other[i] = (OtherTimer){s.armed, s.deadline, s.order};
    }
}

static void restore_others(const SnapshotParts *p)
{
    Others o = other_timers(p);
    for (unsigned i = 0; i < o.n; i++) {
        const OtherTimer *t = &p->run.other[i];
        timer_restore(&(TimerSetting){o.timer[i], t->armed, t->deadline, t->order});
    }
}

// --- the machine

static void run_saving(void *obj)
{
    RunState *s = obj;
    const Machine *m = s->m;
    s->now = clock_now(m->clock);
    s->executed = m->executed;
    s->round_start_ns = m->round_start_ns;
    s->longest_ns = m->round.longest_ns;
    s->turn_start = m->turn_start;
    s->turn_quantum = m->turn_quantum;
    s->turn_charged_ns = m->turn_charged_ns;
    s->turn_from = m->turn_from;
    s->open = m->round.open;
    s->in_turn = m->round.in_turn;
    s->idle = m->round.idle;
    s->cpu = m->round.cpu;
    s->order = clock_order(m->clock);
    s->rtc_base = clock_rtc_base(m->clock);
}

static bool run_loaded(void *obj, char **error)
{
    const RunState *s = obj;
    Machine *m = s->m;
    if (s->executed > MAX_COUNT || s->turn_start > MAX_COUNT || s->turn_from > MAX_COUNT ||
        s->turn_quantum > MAX_COUNT || (s->open && s->cpu >= m->n_cpus)) {
        *error = g_strdup("counts of instructions, or a CPU, out of range");
        return false;
    }
    m->executed = s->executed;
    m->round_start_ns = s->round_start_ns;
    m->turn_start = s->turn_start;
    m->turn_quantum = s->turn_quantum;
    m->turn_charged_ns = s->turn_charged_ns;
    m->turn_from = s->turn_from;
    m->round = (MachineRound){.open = s->open,
                              .in_turn = s->in_turn,
                              .idle = s->idle,
                              .cpu = s->cpu,
                              .longest_ns = s->longest_ns};
    clock_set_rtc_base(m->clock, s->rtc_base);
    machine_set_time(m, s->now);
    return true;
}

static const StateField other_fields[] = {
    STATE_BOOL(OtherTimer, armed),
    STATE_U64(OtherTimer, deadline),
    STATE_U64(OtherTimer, order),
    STATE_END,
};

static const StateField run_fields[] = {
    STATE_U64(RunState, now),
    STATE_U64(RunState, executed),
    STATE_U64(RunState, round_start_ns),
    STATE_U64(RunState, longest_ns),
    STATE_U64(RunState, turn_start),
    STATE_U64(RunState, turn_quantum),
    STATE_U64(RunState, turn_charged_ns),
    STATE_U64(RunState, turn_from),
    STATE_BOOL(RunState, open),
    STATE_BOOL(RunState, in_turn),
    STATE_BOOL(RunState, idle),
    STATE_U32(RunState, cpu),
    STATE_U64(RunState, order),
    STATE_U64(RunState, rtc_base),
    STATE_STRUCTS(RunState, other, OtherTimer, MAX_OTHER_TIMERS, other_fields),
    STATE_END,
};
static const StateDesc run_state = {"machine", 1, run_fields, run_saving, run_loaded};

static void queues_saving(void *obj)
{
    Queues *q = obj;
    GByteArray *b = g_byte_array_new();
    gate_save_queues(gate_get(q->m), b);
    g_free(q->bytes);
    q->len = b->len;
    q->bytes = g_byte_array_free(b, FALSE);
}

static bool queues_loaded(void *obj, char **error)
{
    const Queues *q = obj;
    bool ok = gate_load_queues(gate_get(q->m), q->bytes, q->len);
    if (!ok) {
        *error = g_strdup("queues of input that do not fit their lengths");
    }
    return ok;
}

static const StateField queues_fields[] = {STATE_BUFFER(Queues, bytes, len), STATE_END};
static const StateDesc queues_state = {"queues", 1, queues_fields, queues_saving, queues_loaded};

// --- vCPUs, as the machine loop sees them

static void cpu_saving(void *obj)
{
    CpuRun *r = obj;
    const VCPU *v = r->v;
    *r = (CpuRun){
        (VCPU *)v, vcpu_icount(v), v->halted, v->stopped, v->yield, v->leave_single,
    };
}

static bool cpu_loaded(void *obj, char **error)
{
    const CpuRun *r = obj;
    VCPU *v = r->v;
    const Machine *m = v->machine;
    bool turns = m->round.open && m->round.in_turn && m->round.cpu == v->index;
    bool in_turn =
        !turns || (m->turn_start <= r->icount && r->icount - m->turn_start <= m->turn_quantum);
    if (r->icount > MAX_COUNT || !in_turn || r->yield > VCPU_SPINS || r->halted > 1 ||
        r->stopped > 1 || r->leave_single > 1) {
        *error = g_strdup("run state out of range");
        return false;
    }
    v->base = (int64_t)r->icount;
    v->budget = 0;
    v->halted = r->halted;
    v->stopped = r->stopped;
    v->yield = r->yield;
    v->leave_single = r->leave_single;
    return true;
}

static const StateField cpu_fields[] = {
    STATE_U64(CpuRun, icount), STATE_U8(CpuRun, halted),       STATE_U8(CpuRun, stopped),
    STATE_U8(CpuRun, yield),   STATE_U8(CpuRun, leave_single), STATE_END,
};
static const StateDesc cpu_state = {"run", 1, cpu_fields, cpu_saving, cpu_loaded};

// --- all

static void add(SnapshotParts *p, const StateDesc *d, void *obj, const char *fmt, unsigned n,
                const char *name)
{
    SnapshotPart part = {.desc = d, .obj = obj};
    g_snprintf(part.name, sizeof part.name, fmt, n, name);
    g_array_append_val(p->all, part);
}

SnapshotParts *snapshot_parts_new(Machine *m)
{
    SnapshotParts *p = g_new0(SnapshotParts, 1);
    p->m = m;
    p->all = g_array_new(FALSE, FALSE, sizeof(SnapshotPart));
    p->run.m = m;
    p->queues.m = m;
    add(p, &run_state, &p->run, "machine", 0, "");
    add(p, &queues_state, &p->queues, "queues", 0, "");
    for (unsigned i = 0; i < m->n_cpus; i++) {
        p->cpu[i].v = m->cpu[i];
        add(p, &cpu_state, &p->cpu[i], "turn%u%s", i, "");
    }
    for (unsigned i = 0; i < m->n_cpus; i++) {
        add(p, m->cpu[i]->target->state, m->cpu[i], "cpu%u%s", i, "");
    }
    for (guint i = 0; i < m->devices->len; i++) {
        Device *d = m->devices->pdata[i];
        if (d->type->state) {
            add(p, d->type->state, d, "%u:%s", i, d->type->name);
        }
    }
    return p;
}

void snapshot_parts_free(SnapshotParts *p)
{
    g_array_unref(p->all);
    g_free(p->queues.bytes);
    g_free(p);
}

unsigned snapshot_parts_count(const SnapshotParts *p)
{
    return p->all->len;
}

const SnapshotPart *snapshot_part(const SnapshotParts *p, unsigned n)
{
    return &g_array_index(p->all, SnapshotPart, n);
}

static void unref_bytes(gpointer bytes)
{
    g_byte_array_unref(bytes);
}

GPtrArray *snapshot_parts_save(SnapshotParts *p)
{
    GPtrArray *all = g_ptr_array_new_with_free_func(unref_bytes);
    save_others(p);
    for (guint i = 0; i < p->all->len; i++) {
        const SnapshotPart *part = snapshot_part(p, i);
        GByteArray *b = g_byte_array_new();
        state_save(part->desc, part->obj, b);
        g_ptr_array_add(all, b);
    }
    return all;
}

static bool derive(const SnapshotParts *p, char **error)
{
    for (guint i = 0; i < p->all->len; i++) {
        const SnapshotPart *part = snapshot_part(p, i);
        char *why = NULL;
        if (part->desc->loaded && !part->desc->loaded(part->obj, &why)) {
            *error = g_strdup_printf("%s: %s", part->name, why);
            g_free(why);
            return false;
        }
    }
    return true;
}

static void put_back(SnapshotParts *p, const GArray *timers)
{
    for (unsigned i = 0; i < p->m->n_cpus; i++) {
        char *error = NULL;
        bool ok = cpu_loaded(&p->cpu[i], &error); // lines that rose and fell may have woken it
        g_assert(ok);
    }
    for (guint i = 0; i < timers->len; i++) {
        timer_restore(&g_array_index(timers, TimerSetting, i));
    }
    restore_others(p);
    clock_set_order(p->m->clock, p->run.order);
}

static void load_fields(SnapshotParts *p, const GPtrArray *bytes, GArray *timers)
{
    g_array_set_size(timers, 0);
    for (guint i = 0; i < p->all->len; i++) {
        const SnapshotPart *part = snapshot_part(p, i);
        const GByteArray *b = bytes->pdata[i];
        state_load(part->desc, part->obj, b->data, b->len, timers);
    }
}

bool snapshot_parts_load(SnapshotParts *p, const GPtrArray *bytes, char **error)
{
    GArray *timers = g_array_new(FALSE, FALSE, sizeof(TimerSetting));
    g_assert(bytes->len == p->all->len);
    load_fields(p, bytes, timers);
    bool ok = derive(p, error);
    if (ok) {
        load_fields(p, bytes, timers);
        ok = derive(p, error);
    }
    if (ok) {
        put_back(p, timers);
        p->m->loads++;
        snapshot_settle(p->m);
    }
    g_array_unref(timers);
    return ok;
}

void snapshot_settle(struct Machine *m)
{
    for (unsigned i = 0; i < m->n_cpus; i++) {
        VCPU *v = m->cpu[i];
        if (v->target->forget) {
            v->target->forget(v);
        }
        mmu_forget(v);
    }
}
