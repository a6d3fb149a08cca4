// Recording and replaying: the picture is in replay.h.
#include "replay/replay.h"

#include <inttypes.h>
#include <string.h>

#include "hw/core/machine.h"
#include "block/rewind.h"
#include "hw/core/snapshot.h"
#include "replay/checkpoints.h"
#include "replay/disks.h"
#include "replay/log.h"
#include "util/log.h"

struct Replay {
    ReplayMode mode;
    char *file;
    uint64_t rtc_base; // UINT64_MAX: not said yet
    uint64_t inputs, break_at;
    bool disturbed;
    // --- recording
    ReplayWriter *writer;
    bool failed;
    // --- replaying
    ReplayReader *reader;
    const ReplayHeader *header;
    ReplayRecord next; // while mode is REPLAY_PLAY
    ReplayPlace next_at;
    bool ended, differs, hold;
    Checkpoints *checkpoints;
    gint64 began_us, spent_us; // host's time: since when, and how much went into checkpoints
    // --- both
    uint64_t interval;  // REPLAY_SETTLE, or what the recording says; 0: never
    uint64_t settle_at; // instruction count at which derived state is forgotten
};

ReplayMode replay_mode(const struct Machine *m)
{
    const Replay *r = m->replay;
    return r ? r->mode : REPLAY_OFF;
}

static uint32_t cpu_check(Machine *m)
{
    StateHash h;
    state_hash_init(&h);
    for (unsigned i = 0; i < m->n_cpus; i++) {
        if (m->cpu[i]->target->state) {
            state_hash(&h, m->cpu[i]->target->state, m->cpu[i]);
        }
    }
    return (uint32_t)(h.h[0] ^ h.h[1] >> 32);
}

static bool same_hash(const StateHash *a, const StateHash *b)
{
    return !memcmp(a->h, b->h, sizeof a->h);
}

// --- begin

static bool open_file(Replay *r, char **error)
{
    char *reason = NULL;
    if (r->mode == REPLAY_RECORD) {
        r->writer = replay_writer_open(r->file, error);
        return r->writer != NULL;
    }
    r->reader = replay_reader_open(r->file, error);
    r->header = r->reader ? replay_read_header(r->reader, &reason) : NULL;
    if (reason) {
        *error = g_strdup_printf("%s: %s", r->file, reason);
        g_free(reason);
    }
    return r->header != NULL;
}

bool replay_open(struct Machine *m, ReplayMode mode, const char *file, char **error)
{
    Replay *r = g_new0(Replay, 1);
    r->mode = mode;
    r->file = g_strdup(file);
    r->rtc_base = UINT64_MAX;
    r->interval = REPLAY_SETTLE;
    r->break_at = UINT64_MAX;
    m->replay = r;
    return open_file(r, error);
}

void replay_set_settle(struct Machine *m, uint64_t insns)
{
    m->replay->interval = insns;
}

uint64_t replay_rtc_base(struct Machine *m, uint64_t now)
{
    Replay *r = m->replay;
    if (!r) {
        return now;
    }
    r->rtc_base = r->mode == REPLAY_PLAY ? r->header->rtc_base : now;
    return r->rtc_base;
}

static void begin_recording(Machine *m, Replay *r)
{
    ReplayHeader h = {
        .rtc_base = r->rtc_base,
        .icount_shift = m->config.icount_shift,
        .n_cpus = m->n_cpus,
        .machine = (char *)m->board->name,
        .disks = replay_disks(m),
        .settle = r->interval,
    };
    machine_state_hash(m, &h.hash);
    replay_write_header(r->writer, &h);
    g_array_unref(h.disks);
}

// What differs, in words; NULL: nothing.
static char *compare_machines(Machine *m, const ReplayHeader *h)
{
    StateHash now;
    if (strcmp(h->machine, m->board->name)) {
        return g_strdup_printf("it was made with -M %s, not %s", h->machine, m->board->name);
    }
    if (h->n_cpus != m->n_cpus) {
        return g_strdup_printf("it was made with -smp %u, not %u", h->n_cpus, m->n_cpus);
    }
    if (h->icount_shift != m->config.icount_shift) {
        return g_strdup_printf("it was made with -icount shift=%u, not %u", h->icount_shift,
                               m->config.icount_shift);
    }
    machine_state_hash(m, &now);
    if (!same_hash(&now, &h->hash)) {
        return g_strdup(
            "the machine is another one before its first instruction (CPU model, memory "
            "size, devices, kernel, firmware, or another version of Mimus)");
    }
    return NULL;
}

static void read_next(Machine *m, Replay *r);

// --- settling, checkpoints

#define CHECKPOINT_BYTES (UINT64_C(1) << 30)
#define CHECKPOINT_SHARE 8 // of the host's time that may go into them: one part in so many

static void take_checkpoint(Replay *r)
{
    const CheckpointPlace place = {r->next_at, r->inputs};
    gint64 start = g_get_monotonic_time();
    bool often = r->interval < REPLAY_SETTLE; // somebody wants to see checkpoints
    if (!often && r->spent_us > (start - r->began_us) / CHECKPOINT_SHARE) {
        return;
    }
    checkpoints_take(r->checkpoints, &place);
    r->spent_us += g_get_monotonic_time() - start;
}

static uint64_t next_settle(const Machine *m, const Replay *r)
{
    return r->interval ? (m->executed / r->interval + 1) * r->interval : UINT64_MAX;
}

static void settle(Machine *m, Replay *r)
{
    r->settle_at = next_settle(m, r);
    snapshot_settle(m);
    bool quiet = m->stop == MACHINE_RUNNING || m->stop == MACHINE_PAUSED; // nothing is asked for
    if (r->mode == REPLAY_PLAY && !r->differs && quiet) {
        take_checkpoint(r);
    }
}

bool replay_begin(struct Machine *m, char **error)
{
    Replay *r = m->replay;
    if (!r) {
        return true;
    }
    if (r->mode == REPLAY_RECORD) {
        begin_recording(m, r);
        settle(m, r);
        return true;
    }
    char *what = compare_machines(m, r->header);
    if (what) {
        *error = g_strdup_printf("%s: %s", r->file, what);
        g_free(what);
        return false;
    }
    if (!m->loads) { // else the disks are those of a snapshot
        replay_check_disks(m, r->header->disks, r->file);
    }
    if (!block_rewind_begin(m, error)) {
        return false;
    }
    r->interval = r->header->settle;
    read_next(m, r);
    r->began_us = g_get_monotonic_time();
    r->checkpoints = checkpoints_new(m, CHECKPOINT_BYTES);
    settle(m, r);
    return true;
}

// --- recording

static ReplayRecord record_now(const Machine *m, ReplayKind kind)
{
    return (ReplayRecord){.kind = kind, .icount = m->executed, .ns = m->round_start_ns};
}

static void flush(Replay *r)
{
    char *why = NULL;
    if (!r->failed && !replay_writer_flush(r->writer, &why)) {
        report("recording to %s ends here: %s", r->file, why);
        g_free(why);
        r->failed = true;
    }
}

void replay_record_input(struct Machine *m, const GateSource *src, const void *data, size_t len)
{
    Replay *r = m->replay;
    if (!r || r->mode != REPLAY_RECORD) {
        return;
    }
    g_assert(len <= REPLAY_MAX_INPUT && strlen(src->name) <= REPLAY_MAX_NAME);
    ReplayRecord record = record_now(m, REPLAY_INPUT);
    record.source = src->name;
    record.data = data;
    record.len = len;
    record.check = cpu_check(m);
    replay_write(r->writer, &record);
    r->inputs++;
    flush(r);
}

void replay_waited(struct Machine *m)
{
    Replay *r = m->replay;
    if (r && r->mode == REPLAY_RECORD) {
        ReplayRecord record = record_now(m, REPLAY_WAIT);
        replay_write(r->writer, &record);
    }
}

void replay_disturbed(struct Machine *m, const char *by)
{
    Replay *r = m->replay;
    if (r && !r->disturbed) {
        r->disturbed = true;
        report("%s: %s changed the machine, which the recording does not hold: %s", r->file, by,
               r->mode == REPLAY_RECORD ? "it will not replay" : "what follows may differ");
    }
}

// --- replaying

static void quit_differing(Machine *m, Replay *r)
{
    r->differs = true;
    machine_request_by(m, MACHINE_QUIT, 1, MACHINE_CAUSE_HOST_ERROR);
}

static void stop_differing(Machine *m, Replay *r, const char *what)
{
    if (!r->differs) {
        report("%s: the replay differs from the recording at instruction %" PRIu64
               ", after %" PRIu64 " inputs: %s",
               r->file, m->executed, r->inputs, what);
    }
    quit_differing(m, r);
}

static void read_next(Machine *m, Replay *r)
{
    char *error = NULL;
    r->next_at = replay_reader_place(r->reader);
    bool more = replay_read(r->reader, &r->next, &error);
    if (error) {
        report("%s: %s", r->file, error);
        g_free(error);
        quit_differing(m, r);
    } else if (!more) { // whoever recorded was killed
        report("%s: the recording has no end: from instruction %" PRIu64
               " on the machine runs by itself, with the host's input",
               r->file, m->executed);
        r->mode = REPLAY_OFF;
    }
}

uint64_t replay_mark(const struct Machine *m)
{
    const Replay *r = m->replay;
    if (!r) {
        return UINT64_MAX;
    }
    uint64_t next = r->mode == REPLAY_PLAY ? r->next.icount : UINT64_MAX;
    uint64_t pause = r->break_at > m->executed ? r->break_at : UINT64_MAX;
    if (r->mode != REPLAY_OFF && r->settle_at > m->executed) {
        pause = MIN_OF(pause, r->settle_at);
    }
    return MIN_OF(MAX_OF(next, m->executed + 1), pause);
}

static bool is_next(const Machine *m, const Replay *r, ReplayKind kind)
{
    return r->mode == REPLAY_PLAY && r->next.kind == kind && r->next.icount == m->executed &&
           r->next.ns == m->round_start_ns;
}

static void deliver_next(Machine *m, Replay *r)
{
    const GateSource *src = gate_find_source(gate_get(m), r->next.source);
    if (!src) {
        char *what = g_strdup_printf("there is no '%s' to take its input", r->next.source);
        stop_differing(m, r, what);
        g_free(what);
        return;
    }
    if (cpu_check(m) != r->next.check) {
        stop_differing(m, r, "CPU registers");
        return;
    }
    r->inputs++;
    void *aligned = g_memdup2(r->next.data, r->next.len);
    src->deliver(src->opaque, aligned, r->next.len);
    g_free(aligned);
    read_next(m, r);
}

// The recording was stopped from outside, at this instruction.
static void end_here(Machine *m, Replay *r)
{
    bool first = !r->ended;
    r->ended = true;
    if (first && r->hold) {
        machine_pause(m);
    } else {
        machine_request_by(m, MACHINE_QUIT, (int)r->next.status, MACHINE_CAUSE_HOST_QUIT);
    }
}

bool replay_due(const struct Machine *m)
{
    const Replay *r = m->replay;
    return r && ((r->mode != REPLAY_OFF && m->executed >= r->settle_at) ||
                 (!r->ended && is_next(m, r, REPLAY_END)));
}

static bool goes_on(const Machine *m)
{
    return m->stop == MACHINE_RUNNING || m->stop == MACHINE_RESET;
}

static void check_passed(Machine *m, Replay *r)
{
    if (r->mode == REPLAY_PLAY && r->next.icount < m->executed) {
        stop_differing(m, r, "it did not stop where an input came");
    }
}

static void play(Machine *m, Replay *r)
{
    while (!r->differs && is_next(m, r, REPLAY_INPUT)) {
        deliver_next(m, r);
    }
    // Who quit in the same moment came before a reset.
    if (goes_on(m) && is_next(m, r, REPLAY_END)) {
        end_here(m, r);
    } else if (m->stop == MACHINE_RUNNING) {
        check_passed(m, r);
    }
}

void replay_check_break(struct Machine *m)
{
    Replay *r = m->replay;
    if (r && m->executed >= r->break_at) {
        r->break_at = UINT64_MAX;
        machine_pause(m);
    }
}

void replay_between_turns(struct Machine *m)
{
    Replay *r = m->replay;
    if (r && r->mode == REPLAY_PLAY && !m->round.open) {
        play(m, r);
    } else if (r && goes_on(m) && is_next(m, r, REPLAY_END)) {
        end_here(m, r); // who recorded quit in the middle of a round
    }
    if (r && r->mode != REPLAY_OFF && m->executed >= r->settle_at) {
        settle(m, r);
    }
    replay_check_break(m);
}

bool replay_wait(struct Machine *m, uint64_t deadline, uint64_t *ns)
{
    Replay *r = m->replay;
    if (!r || r->mode != REPLAY_PLAY) {
        return false;
    }
    if (r->next.kind == REPLAY_WAIT && r->next.icount == m->executed && r->next.ns < deadline) {
        *ns = r->next.ns;
        read_next(m, r);
        return true;
    }
    *ns = deadline;
    if (deadline == UINT64_MAX) {
        *ns = m->round_start_ns;
        stop_differing(m, r, "it waits for an input that does not come");
    }
    return true;
}

// --- end

static int end_recording(Machine *m, Replay *r, int status)
{
    ReplayRecord record = record_now(m, REPLAY_END);
    record.status = (uint64_t)(status & 0xff);
    machine_state_hash(m, &record.hash);
    replay_write(r->writer, &record);
    flush(r);
    replay_writer_close(r->writer);
    return r->failed ? 1 : status;
}

static void compare_end(Machine *m, Replay *r)
{
    StateHash now;
    if (!is_next(m, r, REPLAY_END)) {
        if (r->next.icount <= m->executed) {
            stop_differing(m, r, "the recording goes on");
        }
        return;
    }
    machine_state_hash(m, &now);
    if (!same_hash(&now, &r->next.hash)) {
        stop_differing(m, r, "memory or devices");
        return;
    }
    report("%s: replayed %" PRIu64 " instructions and %" PRIu64
           " inputs, with the recorded state at "
           "the end",
           r->file, m->executed, r->inputs);
}

static int end_replay(Machine *m, Replay *r, int status)
{
    if (!r->differs && r->mode == REPLAY_PLAY) {
        compare_end(m, r);
    }
    checkpoints_free(r->checkpoints);
    replay_reader_close(r->reader);
    return r->differs ? 1 : status;
}

int replay_end(struct Machine *m, int status)
{
    Replay *r = m->replay;
    if (!r) {
        return status;
    }
    status = r->writer ? end_recording(m, r, status) : end_replay(m, r, status);
    m->replay = NULL;
    g_free(r->file);
    g_free(r);
    return status;
}

// --- monitors

// To the last checkpoint at or before icount.
static bool go_back(Machine *m, Replay *r, uint64_t icount, char **error)
{
    CheckpointPlace place;
    uint64_t begin = replay_checkpoint(m, icount);
    if (begin == UINT64_MAX) {
        *error = g_strdup_printf("instruction %" PRIu64 " is before the beginning", icount);
        return false;
    }
    if (!checkpoints_load(r->checkpoints, icount, &place, error)) {
        quit_differing(m, r);
        return false;
    }
    replay_reader_return(r->reader, &place.place);
    r->inputs = place.inputs;
    r->ended = r->differs = r->disturbed = false;
    r->settle_at = next_settle(m, r);
    read_next(m, r);
    m->pause = MACHINE_PAUSE_USER;
    if (m->stop == MACHINE_RESET || m->stop == MACHINE_SHUTDOWN) {
        m->stop = MACHINE_RUNNING;
    }
    return true;
}

bool replay_break(struct Machine *m, uint64_t icount, char **error)
{
    Replay *r = m->replay;
    if (!r || r->mode != REPLAY_PLAY) {
        *error = g_strdup("no recording is replayed (-icount rr=replay,rrfile=FILE)");
        return false;
    }
    if (icount < machine_icount(m) && !go_back(m, r, icount, error)) {
        return false;
    }
    r->break_at = icount;
    return true;
}

uint64_t replay_checkpoint(const struct Machine *m, uint64_t icount)
{
    const Replay *r = m->replay;
    return r && r->checkpoints ? checkpoints_find(r->checkpoints, icount) : UINT64_MAX;
}

void replay_hold(struct Machine *m, bool hold)
{
    if (m->replay) {
        m->replay->hold = hold;
    }
}

bool replay_holds(const struct Machine *m)
{
    return m->replay && m->replay->mode == REPLAY_PLAY && m->replay->hold;
}

bool replay_delete_break(struct Machine *m, char **error)
{
    Replay *r = m->replay;
    if (!r || r->break_at == UINT64_MAX) {
        *error = g_strdup("no break is set");
        return false;
    }
    r->break_at = UINT64_MAX;
    return true;
}

ReplayInfo replay_info(const struct Machine *m)
{
    const Replay *r = m->replay;
    ReplayInfo info = {.icount = machine_icount(m), .break_at = UINT64_MAX};
    if (r) {
        info.mode = r->mode;
        info.file = r->file;
        info.inputs = r->inputs;
        info.break_at = r->break_at;
        info.ended = r->ended;
        info.differs = r->differs;
        info.checkpoints = r->checkpoints ? checkpoints_count(r->checkpoints) : 0;
        info.checkpoint_bytes = r->checkpoints ? checkpoints_bytes(r->checkpoints) : 0;
    }
    return info;
}
