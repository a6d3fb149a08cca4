// Recordings: a machine takes random input from every source and is recorded; a second one replays
// that and must end in the same state. In other runs the file is changed first: then anything may
// come of it but a crash.
#include <stdio.h>
#include <string.h>

#include "hw/core/machine.h"
#include "replay/replay.h"
#include "tests/fuzz/machine.h"

#define MOST_INPUTS 60
#define MOST_BYTES  300
#define MOST_INSNS  400000 // a changed recording may want any number

// For ever: some instructions, then a wait for an event, which others end.
static const uint32_t program[] = {
    0xd2807d01, // mov x1, #1000
    0x91000400, // add x0, x0, #1
    0xf1000421, // subs x1, x1, #1
    0x54ffffc1, // b.ne .-8
    0xd503205f, // wfe
    0x17fffffb, // b .-20
};

static const char *const sources[] = {
    "input",  "input-typing", "chardev:serial0/0", "break:serial0/0",
    "net:n0", "power-button", "reset-button",      "display:0",
};

static const char *const netdevs[] = {"user,id=n0,restrict=on", NULL};
static const char *const devices[] = {"virtio-net-device,netdev=n0", "virtio-keyboard-device",
                                      "virtio-tablet-device", "virtio-gpu-device", NULL};

typedef struct Player {
    GSource source; // of the main loop
    Fuzz *f;
    Machine *m;
    unsigned left; // inputs
} Player;

static size_t choose_length(Fuzz *f)
{
    return fuzz_one_in(f, 3) ? fuzz_below(f, MOST_BYTES) : fuzz_below(f, 17);
}

static void submit(Fuzz *f, Machine *m)
{
    const GateSource *s = gate_find_source(gate_get(m), FUZZ_PICK(f, sources));
    uint8_t bytes[MOST_BYTES];
    size_t n = choose_length(f);
    for (size_t i = 0; i < n; i++) {
        bytes[i] = (uint8_t)(fuzz_one_in(f, 2) ? fuzz_below(f, 4) : fuzz_random(f));
    }
    if (s) {
        gate_submit(gate_get(m), s, bytes, n);
        f->inputs++;
    }
}

// The main loop looks whether there is input: now and then there is.
static gboolean is_ready(GSource *source, gint *timeout)
{
    *timeout = 0;
    return fuzz_one_in(((Player *)source)->f, 3);
}

static gboolean give_input(GSource *source, GSourceFunc fn, gpointer opaque)
{
    Player *p = (Player *)source;
    (void)fn;
    (void)opaque;
    if (!p->left) {
        machine_request_by(p->m, MACHINE_QUIT, 0, MACHINE_CAUSE_HOST_QUIT);
        return G_SOURCE_REMOVE;
    }
    for (uint64_t n = 1 + fuzz_below(p->f, 3); n && p->left; n--, p->left--) {
        submit(p->f, p->m);
    }
    return G_SOURCE_CONTINUE;
}

static GSourceFuncs player_funcs = {.prepare = is_ready, .dispatch = give_input};

static FuzzMachine *make_machine(Fuzz *f, unsigned cpus, ReplayMode mode, const char *file,
                                 char **error)
{
    char *bios = fuzz_file(f, "bios", program, sizeof program);
    const FuzzParts parts = {.netdevs = netdevs, .devices = devices};
    const MachineConfig c = {
        .machine = "virt", .bios = bios, .smp = cpus, .icount_sleep = false, .no_shutdown = true};
    FuzzMachine *fm = fuzz_machine_new(f, &c, &parts, error);
    if (!fm) {
        fuzz_fail("no machine: %s", *error);
    }
    replay_rtc_base(fm->m, 0);
    if (!replay_open(fm->m, mode, file, error)) {
        fuzz_machine_free(fm);
        return NULL;
    }
    replay_set_settle(fm->m, 1000 + fuzz_below(f, 50000));
    if (!replay_begin(fm->m, error)) {
        fuzz_machine_free(fm);
        return NULL;
    }
    return fm;
}

static void quit_instead(void *machine)
{
    machine_request_by(machine, MACHINE_QUIT, 0, MACHINE_CAUSE_HOST_QUIT);
}

static StateHash record(Fuzz *f, unsigned cpus, const char *file)
{
    char *error = NULL;
    StateHash h;
    FuzzMachine *fm = make_machine(f, cpus, REPLAY_RECORD, file, &error);
    if (!fm) {
        fuzz_fail("no recording: %s", error);
    }
    Player *p = (Player *)g_source_new(&player_funcs, sizeof *p);
    p->f = f;
    p->m = fm->m;
    p->left = (unsigned)fuzz_below(f, MOST_INPUTS);
    fm->m->paused = quit_instead;
    fm->m->paused_opaque = fm->m;
    g_source_attach(&p->source, NULL);
    machine_run(fm->m);
    g_source_destroy(&p->source);
    g_source_unref(&p->source);
    machine_state_hash(fm->m, &h);
    fuzz_machine_free(fm);
    return h;
}

// Back and forth before the rest is replayed.
typedef struct Wanderer {
    Fuzz *f;
    Machine *m;
    unsigned left;
} Wanderer;

static bool wander(Wanderer *w)
{
    char *error = NULL;
    uint64_t now = machine_icount(w->m);
    uint64_t to =
        w->left ? fuzz_below(w->f, MIN_OF(now + 30000, (uint64_t)MOST_INSNS)) : MOST_INSNS;
    w->left -= w->left > 0;
    bool ok = replay_break(w->m, to, &error);
    if (w->f->verbose) {
        printf("at %llu, to %llu: %s\n", (unsigned long long)now, (unsigned long long)to,
               ok ? "ok" : error);
    }
    g_free(error);
    return ok;
}

static void wander_on(void *opaque)
{
    Wanderer *w = opaque;
    bool end = w->m->pause != MACHINE_PAUSE_USER || machine_icount(w->m) >= MOST_INSNS;
    if (end || !wander(w)) {
        quit_instead(w->m);
    } else {
        machine_continue(w->m);
    }
}

// Returns the exit status, or -1 if the recording was refused.
static int replay(Fuzz *f, unsigned cpus, const char *file, StateHash *h)
{
    char *error = NULL;
    FuzzMachine *fm = make_machine(f, cpus, REPLAY_PLAY, file, &error);
    if (!fm) {
        if (f->verbose) {
            printf("refused: %s\n", error);
        }
        g_free(error);
        return -1;
    }
    Wanderer w = {f, fm->m, (unsigned)fuzz_below(f, 6)};
    if (!wander(&w)) { // nothing is left to replay: it would run for ever
        fuzz_machine_free(fm);
        return -1;
    }
    fm->m->paused = wander_on;
    fm->m->paused_opaque = &w;
    int status = machine_run(fm->m);
    machine_state_hash(fm->m, h);
    fuzz_machine_free(fm);
    return status;
}

static void change(Fuzz *f, const char *file)
{
    gchar *bytes;
    gsize len;
    if (!g_file_get_contents(file, &bytes, &len, NULL)) {
        fuzz_fail("no recording was written");
    }
    GByteArray *b = g_byte_array_new_take((guint8 *)bytes, len);
    fuzz_mutate(f, b);
    g_file_set_contents(file, (const gchar *)b->data, (gssize)b->len, NULL);
    g_byte_array_unref(b);
}

static void run(Fuzz *f)
{
    unsigned cpus = 1 + (unsigned)fuzz_below(f, 3);
    char *file = g_build_filename(f->dir, "recording", NULL);
    StateHash was = record(f, cpus, file), is;
    bool changed = fuzz_one_in(f, 2);
    if (changed) {
        change(f, file);
    }
    int status = replay(f, cpus, file, &is);
    if (!changed && (status != 0 || memcmp(&was, &is, sizeof was))) {
        fuzz_fail("the replay of an unchanged recording ended with status %d and %s state", status,
                  memcmp(&was, &is, sizeof was) ? "another" : "the same");
    }
    g_free(file);
}

const Fuzzer fuzzer = {
    .name = "fuzz_replay",
    .what = "Recordings of random input: replayed, and changed before.",
    .unit = "inputs",
    .run = run,
};
