// Snapshots: a machine that has seen random accesses is saved. The state as it is has to load and
// go on as the machine did; a changed one is refused, and then nothing has happened, or gives some
// machine, which runs.
#include <stdio.h>
#include <string.h>
#include <zlib.h>

#include "hw/core/machine.h"
#include "hw/core/snapshot.h"
#include "tests/fuzz/machine.h"

#define HEAD  12 // of the stream: magic, version
#define TURNS 4
#define INSNS 3000

// Counts and stores for ever.
static const uint32_t arm_program[] = {
    0xd2a80801, // mov x1, #0x40400000 - 4 MiB of RAM end there: the stores below wrap into it
    0xd1400421, // sub x1, x1, #1, lsl #12
    0x91000400, // add x0, x0, #1
    0xf9000020, // str x0, [x1]
    0x17fffffe, // b .-8
};

static const char *const netdevs[] = {"user,id=n0,restrict=on", NULL};
static const char *const arm_devices[] = {"virtio-net-pci,netdev=n0",
                                          "virtio-gpu-pci",
                                          "virtio-keyboard-pci",
                                          "virtio-rng-pci",
                                          "virtio-serial-pci",
                                          "e1000",
                                          NULL};
static const char *const pc_devices[] = {"e1000,netdev=n0", "rtl8139",  "virtio-rng-pci",
                                         "ich9-ahci",       "i6300esb", NULL};

typedef struct Guest {
    FuzzMachine *fm;
    bool pc;
} Guest;

static char *pc_bios(Fuzz *f)
{
    enum { SIZE = 64 << 10 };
    uint8_t *rom = g_malloc0(SIZE);
    memcpy(rom + SIZE - 16, "\xff\x06\x00\x10\xeb\xfa", 6); // inc word [1000h]; jmp to it
    char *file = fuzz_file(f, "bios", rom, SIZE);
    g_free(rom);
    return file;
}

static Guest new_guest(Fuzz *f, bool pc, unsigned cpus)
{
    char *error = NULL;
    const FuzzParts parts = {.netdevs = netdevs, .devices = pc ? pc_devices : arm_devices};
    char *bios = pc ? pc_bios(f) : fuzz_file(f, "bios", arm_program, sizeof arm_program);
    const MachineConfig c = {.machine = pc ? "pc" : "virt", .bios = bios, .smp = cpus};
    Guest g = {fuzz_machine_new(f, &c, &parts, &error), pc};
    if (!g.fm) {
        fuzz_fail("no machine: %s", error);
    }
    return g;
}

static void disturb(Fuzz *f, Guest *g)
{
    static const uint64_t arm[] = {0x08000000, 0x09000000, 0x09010000, 0x09020000,
                                   0x09030000, 0x0a000000, 0x10000000, 0x3eff0000};
    for (uint64_t n = fuzz_below(f, 200); n; n--) {
        unsigned size = 1u << fuzz_below(f, 3);
        if (g->pc) {
            fuzz_out(g->fm, (unsigned)fuzz_below(f, 0x600), fuzz_number(f), size);
        } else {
            fuzz_write(g->fm, FUZZ_PICK(f, arm) + fuzz_below(f, 0x200) * 4, fuzz_number(f), size);
        }
        f->inputs++;
    }
    fuzz_pass_time(g->fm);
}

static StateHash go_on(Guest *g)
{
    StateHash h;
    for (unsigned i = 0; i < TURNS; i++) {
        fuzz_machine_turn(g->fm, INSNS);
    }
    machine_state_hash(g->fm->m, &h);
    return h;
}

static bool same(const StateHash *a, const StateHash *b)
{
    return !memcmp(a->h, b->h, sizeof a->h);
}

// --- changes

// Makes the checksums right again, as far as the sections can be followed.
static void sign(GByteArray *b)
{
    uint64_t at = HEAD, len;
    while (at + 16 <= b->len) {
        memcpy(&len, b->data + at + 4, 8);
        if (len > b->len - at - 16) {
            return;
        }
        uint32_t crc = (uint32_t)crc32(0, b->data + at, (uInt)(12 + len));
        memcpy(b->data + at + 12 + len, &crc, 4);
        at += 16 + len;
    }
}

// Numbers and bytes within sections, so that these stay what they are.
static void change_within(Fuzz *f, GByteArray *b)
{
    for (uint64_t n = 1 + fuzz_below(f, 20); n; n--) {
        uint64_t v = fuzz_number(f), size = UINT64_C(1) << fuzz_below(f, 4);
        memcpy(b->data + HEAD + fuzz_below(f, b->len - HEAD - size), &v, size);
    }
}

static void change(Fuzz *f, GByteArray *b)
{
    switch (fuzz_below(f, 4)) {
    case 0:
        fuzz_mutate(f, b);
        return;
    case 1:
        fuzz_mutate(f, b);
        break;
    default:
        change_within(f, b);
    }
    sign(b);
}

static void load_changed(Fuzz *f, Guest *g, GByteArray *b)
{
    StateHash before, after;
    char *error = NULL;
    change(f, b);
    machine_state_hash(g->fm->m, &before);
    SnapshotResult r = snapshot_load_bytes(g->fm->m, b->data, b->len, &error);
    machine_state_hash(g->fm->m, &after);
    if ((r != SNAPSHOT_LOADED) != (error != NULL)) {
        fuzz_fail("result %d and error '%s'", r, error ? error : "none");
    }
    if (r == SNAPSHOT_REFUSED && !same(&before, &after)) {
        fuzz_fail("refused (%s), and the machine is another one", error);
    }
    if (f->verbose) {
        printf("result %d: %s\n", r, error ? error : "loaded");
    }
    g_free(error);
    machine_continue(g->fm->m);
    go_on(g);
    disturb(f, g);
    machine_reset(g->fm->m);
    go_on(g);
}

static void check_hash(Machine *m, const StateHash *want, bool verbose)
{
    StateHash is;
    machine_state_hash(m, &is);
    if (!same(&is, want)) {
        if (verbose) {
            machine_print_state(m, stdout);
        }
        fuzz_fail("what was loaded is not what was saved");
    }
}

static void run(Fuzz *f)
{
    bool pc = fuzz_one_in(f, 2);
    unsigned cpus = 1 + (unsigned)fuzz_below(f, 2);
    Guest a = new_guest(f, pc, cpus), b = new_guest(f, pc, cpus);
    GByteArray *bytes = g_byte_array_new();
    StateHash was, is;
    char *error = NULL;
    disturb(f, &a);
    go_on(&a);
    disturb(f, &b);
    fuzz_pass_time(a.fm); // no timer is due: some devices look at theirs when they are loaded
    if (a.fm->m->stop != MACHINE_RUNNING) {
        go_on(&a); // serves what it asks for
    }
    if (!snapshot_save_bytes(a.fm->m, bytes, &error)) {
        fuzz_fail("not saved: %s", error);
    }
    if (f->verbose) {
        machine_print_state(a.fm->m, stdout);
        puts("---");
    }
    b.fm->now = a.fm->now; // the frame's clock, which is in no state
    machine_state_hash(a.fm->m, &is);
    was = go_on(&a);
    if (snapshot_load_bytes(b.fm->m, bytes->data, bytes->len, &error) != SNAPSHOT_LOADED) {
        fuzz_fail("not loaded: %s", error);
    }
    check_hash(b.fm->m, &is, f->verbose);
    is = go_on(&b);
    if (!same(&was, &is)) {
        if (f->verbose) {
            puts("--- went on");
            machine_print_state(a.fm->m, stdout);
            puts("---");
            machine_print_state(b.fm->m, stdout);
        }
        fuzz_fail("what was loaded goes on in another way");
    }
    load_changed(f, &b, bytes);
    g_byte_array_unref(bytes);
    fuzz_machine_free(a.fm);
    fuzz_machine_free(b.fm);
}

const Fuzzer fuzzer = {
    .name = "fuzz_snapshot",
    .what = "Snapshots of disturbed machines: loaded into another one, and changed before.",
    .unit = "accesses",
    .run = run,
};
