// The machine loop: rounds of turns.
//
//   round:  deliver input -> fire due timers -> each vCPU runs up to `quantum` instructions
//           (all of them "at once": each turn starts at the round's virtual time) -> time moves on
//
// With one vCPU a turn ends at exactly the next deadline; with several, timers fire between rounds.
// A pause in the middle of a round leaves it open: it goes on with the same vCPU, so that looking
// at a machine does not change what it does.
#include "hw/core/machine.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#include "accel/debug_internal.h"
#include "hw/core/run_state.h"
#include "replay/gate.h"
#include "replay/replay.h"
#include "util/log.h"

#define QUANTUM_ONE  100000 // instructions between looks at the host's files, one vCPU
#define QUANTUM_MANY 20000  // a turn, several vCPUs

static uint64_t host_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * NS_PER_SEC + (uint64_t)t.tv_nsec;
}

// Virtual time that the current turn has taken when the vCPU's count is icount.
static uint64_t turn_ns(const Machine *m, uint64_t icount)
{
    return ((icount - m->turn_start) << m->config.icount_shift) + m->turn_charged_ns;
}

// Virtual time now: the round's start, and what the vCPU in turn has executed since.
static uint64_t virtual_now(void *opaque)
{
    const Machine *m = opaque;
    if (m->config.realtime) {
        return host_ns() - m->host_start_ns;
    }
    return m->round_start_ns + (m->current ? turn_ns(m, engine_icount(m->current)) : 0);
}

uint64_t machine_icount(const Machine *m)
{
    return m->executed + (m->current ? engine_icount(m->current) - m->turn_from : 0);
}

// Instructions that take at least ns.
static uint64_t insns_for(const Machine *m, uint64_t ns)
{
    uint64_t unit = UINT64_C(1) << m->config.icount_shift;
    return ns / unit + (ns % unit != 0);
}

// Several vCPUs: what is charged shortens the turn, or the others would stand still meanwhile.
static uint64_t turn_end(const Machine *m)
{
    if (!m->turn_quantum) {
        return UINT64_MAX;
    }
    uint64_t charged = insns_for(m, m->turn_charged_ns);
    return m->turn_start + m->turn_quantum - MIN_OF(m->turn_quantum, charged);
}

uint64_t machine_deadline_icount(const Machine *m)
{
    if (m->config.realtime) {
        return UINT64_MAX;
    }
    if (m->n_cpus > 1) {
        return turn_end(m);
    }
    uint64_t deadline = clock_next_deadline(m->clock);
    if (deadline == UINT64_MAX) {
        return UINT64_MAX;
    }
    uint64_t from = m->round_start_ns + m->turn_charged_ns;
    return m->turn_start + insns_for(m, deadline > from ? deadline - from : 0);
}

void machine_meet_deadline(VCPU *v)
{
    const Machine *m = v->machine;
    if (m->current != v) {
        return;
    }
    int64_t end = (int64_t)MIN_OF(machine_deadline_icount(m), (uint64_t)INT64_MAX);
    if (end < v->base) {
        v->budget -= (int32_t)(v->base - end);
        v->base = end;
    }
}

void machine_charge(VCPU *v, uint64_t ns)
{
    Machine *m = v->machine;
    if (m->current != v || m->config.realtime) {
        return;
    }
    m->turn_charged_ns += ns;
    machine_meet_deadline(v);
}

static void print_hash(Machine *m)
{
    StateHash h;
    machine_state_hash(m, &h);
    printf("state %" PRIu64 " %016" PRIx64 "%016" PRIx64 "\n", m->executed, h.h[0], h.h[1]);
    fflush(stdout);
}

static uint64_t until_deadline(const Machine *m)
{
    uint64_t deadline = clock_next_deadline(m->clock);
    if (deadline == UINT64_MAX || m->config.realtime) {
        return UINT64_MAX;
    }
    return insns_for(m, deadline > m->round_start_ns ? deadline - m->round_start_ns : 0);
}

static uint64_t quantum(const Machine *m)
{
    uint64_t q = m->n_cpus == 1 ? QUANTUM_ONE : QUANTUM_MANY;
    return MAX_OF(MIN_OF(q, until_deadline(m)), UINT64_C(1));
}

// Instructions until the next event of the command line (-stop-at, -hash-every) or of a replay.
static uint64_t until_mark(const Machine *m)
{
    uint64_t left = replay_mark(m) - m->executed;
    if (m->config.stop_at) {
        left = MIN_OF(left, m->config.stop_at - m->executed);
    }
    if (m->config.hash_every) {
        left = MIN_OF(left, m->next_hash - m->executed);
    }
    return left;
}

static void at_mark(Machine *m)
{
    if (m->config.hash_every && m->executed == m->next_hash) {
        print_hash(m);
        m->next_hash += m->config.hash_every;
    }
    if (m->config.stop_at && m->executed == m->config.stop_at) {
        print_hash(m);
        if (m->config.dump_state) {
            machine_print_state(m, stdout);
        }
        machine_request_by(m, MACHINE_QUIT, 0, MACHINE_CAUSE_NONE);
    }
}

// The next multiple of hash_every behind hash_from that has not passed.
static uint64_t next_hash(const Machine *m)
{
    const MachineConfig *c = &m->config;
    if (!c->hash_every || m->executed < c->hash_from) {
        return c->hash_from + c->hash_every;
    }
    return c->hash_from + ((m->executed - c->hash_from) / c->hash_every + 1) * c->hash_every;
}

static bool runnable(const Machine *m, VCPU *v)
{
    const VCPU *only = debug_step_cpu(m);
    if (v->stopped || (only && only != v)) {
        return false;
    }
    if (v->halted && v->target->has_work(v)) {
        v->halted = 0;
    }
    return !v->halted;
}

// How much longer a turn may be than it was meant to: where it ends does not matter to a single
// vCPU as long as nothing is due.
static uint64_t slack(const Machine *m, uint64_t turn)
{
    uint64_t most = MIN_OF(until_deadline(m), until_mark(m));
    return m->n_cpus > 1 || most < turn ? 0 : MIN_OF(most - turn, (uint64_t)QUANTUM_ONE);
}

void machine_end_round(Machine *m)
{
    m->round_start_ns += m->round.longest_ns;
    m->round.longest_ns = 0;
    m->round.open = false;
}

static void begin_turn(Machine *m, VCPU *v)
{
    v->yield = 0;
    m->turn_start = vcpu_icount(v);
    m->turn_charged_ns = 0;
    m->round.in_turn = true;
}

static bool turn_over(const Machine *m, const VCPU *v)
{
    return m->n_cpus == 1 || v->halted || v->stopped || v->yield || vcpu_icount(v) >= turn_end(m);
}

// A turn or, after a pause, what is left of it. Returns true if it is over.
static bool run_turn(Machine *m, VCPU *v)
{
    if (!m->round.in_turn) {
        begin_turn(m, v);
    }
    uint64_t turn = MIN_OF(m->turn_start + m->turn_quantum - vcpu_icount(v), until_mark(m));
    if (!runnable(m, v) || !turn) {
        return true;
    }
    m->current = v;
    m->turn_from = vcpu_icount(v);
    m->executed += engine_run_turn(v, turn, slack(m, turn));
    m->turn_from = vcpu_icount(v);
    m->round.longest_ns = MAX_OF(m->round.longest_ns, turn_ns(m, vcpu_icount(v)));
    at_mark(m); // while the clock tells the time of this instruction, wherever the turn began
    replay_check_break(m);
    m->current = NULL;
    if (!turn_over(m, v)) {
        return false;
    }
    m->round.idle &= v->halted || v->stopped || v->yield;
    return true;
}

// One turn of each vCPU, or up to a pause. Returns true if nobody has more to do.
static bool run_round(Machine *m)
{
    MachineRound *r = &m->round;
    if (!r->open) {
        m->turn_quantum = quantum(m);
        *r = (MachineRound){.open = true, .idle = true};
    }
    while (r->cpu < m->n_cpus && m->stop == MACHINE_RUNNING && !replay_due(m)) {
        if (run_turn(m, m->cpu[r->cpu])) {
            r->cpu++;
            r->in_turn = false;
        }
    }
    if (r->cpu < m->n_cpus) {
        return false;
    }
    machine_end_round(m);
    return r->idle;
}

static gboolean keep_source(gpointer opaque)
{
    (void)opaque;
    return G_SOURCE_CONTINUE;
}

static bool all_waiting(Machine *m)
{
    for (unsigned i = 0; i < m->n_cpus; i++) {
        if (m->cpu[i]->yield != VCPU_WAITS && runnable(m, m->cpu[i])) {
            return false;
        }
    }
    return true;
}

static GSource *wake_in(uint64_t ns)
{
    GSource *wake = g_timeout_source_new(0);
    g_source_set_ready_time(wake, g_get_monotonic_time() + (gint64)(ns / 1000));
    g_source_set_callback(wake, keep_source, NULL, NULL);
    g_source_attach(wake, NULL);
    return wake;
}

// Until the deadline, or until something happened that ends the wait. Returns the host's time.
static uint64_t wait_for_host(Machine *m, uint64_t deadline, uint64_t host)
{
    GSource *wake = deadline != UINT64_MAX ? wake_in(deadline - host) : NULL;
    unsigned loads = m->loads;
    do {
        g_main_context_iteration(NULL, TRUE);
        host = host_ns() - m->host_start_ns;
    } while (!m->config.realtime && loads == m->loads && host < deadline &&
             m->stop == MACHINE_RUNNING && !gate_pending(gate_get(m)) && all_waiting(m));
    if (wake) {
        g_source_destroy(wake);
        g_source_unref(wake);
    }
    return host;
}

// Everybody waits. Time goes to the next deadline: at once, or with the host's clock.
static void wait_idle(Machine *m)
{
    uint64_t deadline = clock_next_deadline(m->clock), until;
    if (replay_wait(m, deadline, &until)) {
        m->round_start_ns = MAX_OF(m->round_start_ns, until);
        return;
    }
    uint64_t host = host_ns() - m->host_start_ns;
    // Instructions may have run ahead of the host's clock: what is left to wait counts from now.
    if (!m->config.realtime && host < m->round_start_ns) {
        m->host_start_ns -= m->round_start_ns - host;
        host = m->round_start_ns;
    }
    unsigned loads = m->loads;
    bool follow = m->config.icount_sleep || m->config.realtime || deadline == UINT64_MAX;
    if (follow && deadline > host) {
        host = wait_for_host(m, deadline, host);
    } else {
        host = deadline;
    }
    if (!m->config.realtime && loads == m->loads) { // else nobody has waited
        m->round_start_ns = MAX_OF(m->round_start_ns, MIN_OF(host, deadline));
        if (host < deadline) {
            replay_waited(m);
        }
    }
}

void machine_set_time(Machine *m, uint64_t now_ns)
{
    m->host_start_ns = host_ns() - now_ns;
    m->next_hash = next_hash(m);
}

static void wait_paused(Machine *m)
{
    uint64_t since = host_ns();
    unsigned loads = m->loads;
    machine_tell_paused(m);
    if (m->paused) {
        m->paused(m->paused_opaque);
    }
    while (m->stop == MACHINE_PAUSED) {
        g_main_context_iteration(NULL, TRUE);
        if (loads != m->loads) {
            loads = m->loads;
            since = host_ns();
        }
    }
    m->host_start_ns += host_ns() - since;
}

static void tell(Machine *m, MachineEventKind kind)
{
    machine_event(m, &(MachineEvent){.kind = kind, .cause = m->cause});
}

// Returns true if the run is over.
static bool handle_stop(Machine *m)
{
    switch (m->stop) {
    case MACHINE_RUNNING:
        return false;
    case MACHINE_PAUSED:
        wait_paused(m);
        return false;
    case MACHINE_RESET:
        if (m->config.no_reboot) {
            m->stop = MACHINE_SHUTDOWN;
            return handle_stop(m);
        }
        m->stop = MACHINE_RUNNING;
        machine_reset(m);
        tell(m, MACHINE_EVENT_RESET);
        return false;
    case MACHINE_SHUTDOWN:
        tell(m, MACHINE_EVENT_SHUTDOWN);
        if (m->config.no_shutdown || replay_holds(m)) {
            m->stop = MACHINE_PAUSED;
            m->pause = MACHINE_PAUSE_SHUTDOWN;
            return false;
        }
        return true;
    case MACHINE_QUIT:
        tell(m, MACHINE_EVENT_SHUTDOWN);
        return true;
    }
    return true;
}

int machine_run(Machine *m)
{
    if (!m->loads) {
        machine_set_time(m, 0);
    }
    clock_set_source(m->clock, virtual_now, m);
    for (;;) {
        while (g_main_context_iteration(NULL, FALSE)) {
        }
        if (!m->round.open) {
            gate_deliver(gate_get(m));
        }
        replay_between_turns(m);
        if (m->stop == MACHINE_PAUSED) { // it may be another machine afterwards
            wait_paused(m);
            continue;
        }
        if (handle_stop(m)) {
            return replay_end(m, m->exit_status);
        }
        if (!m->round.open) {
            clock_run_due(m->clock, virtual_now(m));
        }
        if (run_round(m) && m->stop == MACHINE_RUNNING && all_waiting(m)) {
            wait_idle(m);
        }
    }
}
