// Going back in a replay: bs (one instruction), bc (to the last break- or watchpoint before here).
//
//   bs at n:   go back to the checkpoint before n - 1, run to n - 1
//   bc at n:   [checkpoint .. n)         run, remember the last stop; there was one: go back, run
//   to it
//              [one earlier .. that)     else the stretch before it
//              ...                       the beginning: replaylog:begin
//
// All of it is runs forward with pauses, of which gdb hears only the last. Instructions are counted
// over all CPUs, so that a step back may be another CPU's.
#include "gdbstub/internal.h"
#include "replay/replay.h"
#include "util/log.h"

bool gdb_can_reverse(const GdbServer *g)
{
    return replay_mode(g->machine) == REPLAY_PLAY;
}

bool gdb_at_end(const GdbServer *g)
{
    const Machine *m = g->machine;
    return gdb_can_reverse(g) && (replay_info(m).ended || machine_needs_reset(m));
}

static void done(GdbServer *g)
{
    Machine *m = g->machine;
    g->waiting = false;
    if (!g->reverse.found) {
        g->reg_cpu = m->cpu[m->round.open ? m->round.cpu : 0];
    }
    gdb_reply_stop(g, GDB_SIGTRAP);
    g->reverse = (GdbReverse){.kind = GDB_FORWARD};
}

// The state cannot be had: the replay has said why, and ends.
static void failed(GdbServer *g, char *error)
{
    report("gdb: %s", error);
    g_free(error);
    g->reverse = (GdbReverse){.kind = GDB_FORWARD};
    g->waiting = false;
    gdb_reply_error(g, GDB_E_INVAL);
}

static bool run_to(GdbServer *g, uint64_t icount)
{
    char *error = NULL;
    debug_single_step(g->machine, NULL); // forgets the last stop
    if (!replay_break(g->machine, icount, &error)) {
        failed(g, error);
        return false;
    }
    return true;
}

static void seek(GdbServer *g, uint64_t icount)
{
    g->reverse.kind = GDB_SEEK;
    g->reverse.to = icount;
    if (!run_to(g, icount)) {
        return;
    }
    if (machine_icount(g->machine) == icount) {
        char *error = NULL;
        replay_delete_break(g->machine, &error);
        g_free(error);
        done(g);
    } else {
        machine_continue(g->machine);
    }
}

// From the checkpoint before `to` up to it.
static void scan_before(GdbServer *g, uint64_t to)
{
    uint64_t begin = to ? replay_checkpoint(g->machine, to - 1) : UINT64_MAX;
    if (begin == UINT64_MAX) {
        g->reverse.at_begin = true;
        seek(g, to);
        return;
    }
    g->reverse.kind = GDB_SCAN;
    g->reverse.begin = begin;
    g->reverse.to = to;
    if (run_to(g, begin) && run_to(g, to)) {
        machine_continue(g->machine);
    }
}

// A watchpoint stops behind the access. For gdb, going back, that is where Arm's stop (it steps
// back once more by itself), while on other architectures it wants to be in front of it.
static uint64_t place_of(const GdbServer *g, const DebugStop *stop, uint64_t now)
{
    const char *arch = g->machine->cpu[0]->target->gdb_arch;
    bool arm = g_str_has_prefix(arch, "aarch64") || g_str_has_prefix(arch, "arm");
    return stop->why == DEBUG_WATCH && !arm && now ? now - 1 : now;
}

static void scanned(GdbServer *g, uint64_t now)
{
    GdbReverse *r = &g->reverse;
    DebugStop stop;
    if (debug_last_stop(g->machine, &stop) &&
        (now < r->from || (stop.why == DEBUG_WATCH && now == r->from))) {
        r->found = true;
        r->hit = place_of(g, &stop, now);
        r->stop = stop;
    }
    if (now < r->to) {
        debug_single_step(g->machine, NULL);
        machine_continue(g->machine);
    } else if (r->found) {
        seek(g, r->hit);
    } else {
        scan_before(g, r->begin);
    }
}

bool gdb_reverse_paused(GdbServer *g)
{
    uint64_t now = machine_icount(g->machine);
    switch (g->reverse.kind) {
    case GDB_FORWARD:
        return false;
    case GDB_SEEK:
        if (g->interrupted || gdb_at_end(g)) {
            break;
        }
        if (now >= g->reverse.to) {
            done(g);
        } else {
            debug_single_step(g->machine, NULL);
            machine_continue(g->machine);
        }
        return true;
    case GDB_SCAN:
        if (g->interrupted || gdb_at_end(g)) {
            break;
        }
        scanned(g, now);
        return true;
    }
    g->reverse = (GdbReverse){.kind = GDB_FORWARD}; // stopped on the way
    return false;
}

static bool begin(GdbServer *g)
{
    if (!gdb_can_reverse(g)) {
        gdb_reply(g, "");
        return false;
    }
    g->waiting = true;
    g->interrupted = false;
    g->reverse = (GdbReverse){.kind = GDB_SEEK, .from = machine_icount(g->machine)};
    return true;
}

void gdb_reverse_step(GdbServer *g, GdbArgs *a)
{
    (void)a;
    if (!begin(g)) {
        return;
    }
    uint64_t from = g->reverse.from;
    bool more = from && replay_checkpoint(g->machine, from - 1) != UINT64_MAX;
    g->reverse.at_begin = !more;
    seek(g, more ? from - 1 : from);
}

void gdb_reverse_continue(GdbServer *g, GdbArgs *a)
{
    (void)a;
    if (begin(g)) {
        scan_before(g, g->reverse.from);
    }
}
