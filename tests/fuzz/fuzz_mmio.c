// Random register accesses to every device of the virt board, as a hostile guest would make them,
// with RAM full of random descriptors. Meant for a build with sanitizers:
//
//   fuzz_mmio [-s FIRST_SEED] [-n SEEDS] [-a ACCESSES] [-v]
//
// Each seed is one machine: GICv2 or GICv3, disks, network cards and serial devices on PCI and in
// virtio-mmio slots. It repeats exactly; -v prints every access, to find the last one before a
// crash.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "block/block.h"
#include "chardev/chardev.h"
#include "hw/core/machine.h"
#include "hw/intc/gic.h"
#include "net/net.h"
#include "replay/gate.h"
#include "util/log.h"

#define RAM_BASE UINT64_C(0x40000000)
#define RAM_SIZE UINT64_C(0x400000)
#define HOT      UINT64_C(0x10000) // of RAM: where most descriptors and buffers are

typedef struct Fuzz {
    uint64_t random;
    Machine *m;
    uint64_t now;
    bool verbose;
} Fuzz;

// --- random choices

static uint64_t rnd(Fuzz *f)
{
    f->random ^= f->random << 13;
    f->random ^= f->random >> 7;
    f->random ^= f->random << 17;
    return f->random;
}

static uint64_t below(Fuzz *f, uint64_t n)
{
    return rnd(f) % n;
}

static bool one_in(Fuzz *f, unsigned n)
{
    return below(f, n) == 0;
}

static uint64_t random_value(Fuzz *f)
{
    switch (below(f, 6)) {
    case 0:
        return below(f, 16);
    case 1:
        return UINT64_C(1) << below(f, 64);
    case 2:
        return RAM_BASE + (below(f, HOT) & ~UINT64_C(15));
    case 3:
        return UINT64_MAX >> below(f, 64);
    case 4:
        return below(f, 0x400);
    default:
        return rnd(f);
    }
}

// --- targets

typedef struct Target {
    const char *name;
    uint64_t base, size;
    unsigned weight;
} Target;

// Sizes are what is interesting, which may be less than what is mapped.
static const Target targets[] = {
    {"flash0", 0x00000000, 0x4000000, 2},     {"flash1", 0x04000000, 0x1000, 3},
    {"gicd", 0x08000000, 0x10000, 3},         {"gicd-low", 0x08000000, 0x1000, 6},
    {"gicc", 0x08010000, 0x2000, 3},          {"gicc-low", 0x08010000, 0x100, 6},
    {"v2m", 0x08020000, 0x1000, 2},           {"gicr", 0x080a0000, 0x40000, 3},
    {"gicr-sgi", 0x080b0000, 0x1000, 3},      {"uart", 0x09000000, 0x1000, 2},
    {"uart-low", 0x09000000, 0x50, 4},        {"rtc", 0x09010000, 0x20, 2},
    {"fw_cfg", 0x09020000, 0x18, 4},          {"gpio", 0x09030000, 0x430, 3},
    {"virtio-mmio", 0x0a000000, 0x4000, 4},   {"virtio-last", 0x0a003800, 0x800, 16},
    {"pci-mem", 0x10000000, 0x100000, 12},    {"pci-pio", 0x3eff0000, 0x2000, 8},
    {"ecam", 0x4010000000, 0x10000, 10},      {"ecam-all", 0x4010000000, 0x10000000, 1},
    {"pci-high", 0x8000000000, 0x100000, 10}, {"ram", RAM_BASE, HOT, 20},
};

static const Target *pick_target(Fuzz *f)
{
    unsigned total = 0;
    for (size_t i = 0; i < ARRAY_LEN(targets); i++) {
        total += targets[i].weight;
    }
    unsigned at = (unsigned)below(f, total);
    for (size_t i = 0;; i++) {
        if (at < targets[i].weight) {
            return &targets[i];
        }
        at -= targets[i].weight;
    }
}

// --- actions

static void store(Fuzz *f, uint64_t addr, uint64_t value, unsigned size)
{
    if (f->verbose) {
        printf("w%u %llx = %llx\n", size, (unsigned long long)addr, (unsigned long long)value);
        fflush(stdout);
    }
    mem_write_n(f->m->memory, addr, value, size);
}

static void load(Fuzz *f, uint64_t addr, unsigned size)
{
    uint64_t v = 0;
    if (f->verbose) {
        printf("r%u %llx\n", size, (unsigned long long)addr);
        fflush(stdout);
    }
    mem_read_n(f->m->memory, addr, &v, size);
}

static void random_access(Fuzz *f)
{
    const Target *t = pick_target(f);
    unsigned size = 1u << below(f, 4);
    uint64_t offset = below(f, one_in(f, 2) && t->size > 0x100 ? 0x100 : t->size);
    if (!one_in(f, 8)) {
        size = one_in(f, 3) ? size : 4;
        offset &= ~(uint64_t)(size - 1);
    }
    if (one_in(f, 3)) {
        load(f, t->base + offset, size);
    } else {
        store(f, t->base + offset, random_value(f), size);
    }
}

static uint64_t hot_address(Fuzz *f)
{
    return RAM_BASE + (below(f, HOT - 0x2000) & ~UINT64_C(15));
}

// Descriptors that are not complete nonsense: addresses in RAM, short chains. Buffers begin with a
// small number, which disks take for a request.
static void fill_descriptors(Fuzz *f, uint64_t at)
{
    for (unsigned i = 0; i < 16; i++, at += 16) {
        uint64_t buf = hot_address(f);
        store(f, buf, below(f, 16), 4);
        store(f, buf + 8, below(f, 4), 8);
        store(f, at, one_in(f, 40) ? rnd(f) : buf, 8);
        store(f, at + 8, one_in(f, 20) ? random_value(f) : one_in(f, 2) ? 16 : below(f, 2048), 4);
        store(f, at + 12, one_in(f, 8) ? below(f, 8) : below(f, 4), 2);
        store(f, at + 14, one_in(f, 16) ? random_value(f) : i + 1, 2);
    }
}

// A queue with something in its available ring.
typedef struct Rings {
    unsigned num;
    uint64_t part[3]; // descriptors, available, used
} Rings;

static Rings make_rings(Fuzz *f)
{
    Rings r = {.num = 1u << (2 + below(f, 6))};
    for (unsigned i = 0; i < 3; i++) {
        r.part[i] = hot_address(f);
    }
    fill_descriptors(f, r.part[0]);
    store(f, r.part[1], below(f, 2), 2);
    store(f, r.part[1] + 2, 1 + below(f, 4), 2);
    for (unsigned i = 0; i < 4; i++) {
        store(f, r.part[1] + 4 + 2 * i, one_in(f, 20) ? rnd(f) : below(f, MIN_OF(r.num, 16)), 2);
    }
    return r;
}

// A virtio-mmio slot brought up as a driver does it.
static void virtio_bring_up(Fuzz *f)
{
    uint64_t base = 0x0a003800 + below(f, 4) * 0x200;
    store(f, base + 0x70, 0, 4);
    store(f, base + 0x70, 3, 4);
    store(f, base + 0x24, 1, 4);
    store(f, base + 0x20, one_in(f, 8) ? rnd(f) : 1, 4);
    store(f, base + 0x24, 0, 4);
    store(f, base + 0x20, one_in(f, 8) ? rnd(f) : 0, 4);
    store(f, base + 0x70, 11, 4);
    for (unsigned q = 0; q < 4; q++) {
        Rings r = make_rings(f);
        store(f, base + 0x30, q, 4);
        store(f, base + 0x38, r.num, 4);
        for (unsigned i = 0; i < 3; i++) {
            store(f, base + 0x80 + 0x10 * i, r.part[i], 4);
            store(f, base + 0x84 + 0x10 * i, 0, 4);
        }
        store(f, base + 0x44, 1, 4);
    }
    store(f, base + 0x70, 15, 4);
    for (unsigned q = 0; q < 4; q++) {
        store(f, base + 0x50, q, 4);
    }
}

// A PCI function's BARs, its commands and, through BAR 4, the modern virtio registers.
static void pci_bring_up(Fuzz *f)
{
    uint64_t dev = below(f, 6), cfg = 0x4010000000 + (dev << 15), bar = 0x10000000 + dev * 0x8000;
    for (unsigned i = 0; i < 6; i++) {
        store(f, cfg + 0x10 + 4 * i,
              i == 0   ? 0x1000 + dev * 0x100
              : i == 5 ? 0
                       : bar + i * 0x1000,
              4);
    }
    store(f, cfg + 4, 7, 2);
    uint64_t common = bar + 0x4000;
    store(f, common + 0x14, 0, 1);
    store(f, common + 0x14, 3, 1);
    store(f, common + 0x08, 1, 4);
    store(f, common + 0x0c, 1, 4);
    store(f, common + 0x14, 11, 1);
    for (unsigned q = 0; q < 3; q++) {
        Rings r = make_rings(f);
        store(f, common + 0x16, q, 2);
        store(f, common + 0x18, r.num, 2);
        store(f, common + 0x1a, below(f, 4), 2);
        for (unsigned i = 0; i < 3; i++) {
            store(f, common + 0x20 + 8 * i, r.part[i], 8);
        }
        store(f, common + 0x1c, 1, 2);
    }
    store(f, common + 0x14, 15, 1);
    for (unsigned q = 0; q < 3; q++) {
        store(f, bar + 0x4000 + 0x3000 + 4 * q, q, 2);
    }
}

static void pass_time(Fuzz *f)
{
    uint64_t next = clock_next_deadline(f->m->clock);
    f->now += below(f, 1000000);
    if (next != UINT64_MAX && next > f->now && one_in(f, 4)) {
        f->now = next;
    }
    clock_run_due(f->m->clock, f->now);
    gate_deliver(gate_get(f->m));
}

static void step(Fuzz *f)
{
    unsigned what = (unsigned)below(f, 100);
    f->m->current = f->m->cpu[below(f, f->m->n_cpus)];
    if (what == 0) {
        virtio_bring_up(f);
    } else if (what == 1) {
        pci_bring_up(f);
    } else if (what < 4) {
        fill_descriptors(f, hot_address(f));
    } else if (what < 7) {
        f->m->current = NULL;
        pass_time(f);
    } else {
        random_access(f);
    }
    f->m->current = NULL;
}

// --- machine

static uint64_t now(void *opaque)
{
    return ((Fuzz *)opaque)->now;
}

static void must(bool ok, const char *what, const char *error)
{
    if (!ok) {
        die("fuzz_mmio: %s: %s", what, error);
    }
}

static void make_machine(Fuzz *f, const char *disk)
{
    static const char *const devices[] = {
        "virtio-rng-device",    "virtio-blk-device,drive=d0", "virtio-net-device,netdev=n0",
        "virtio-serial-device", "virtio-blk-pci,drive=d1",    "virtio-net-pci,netdev=n1",
        "virtio-rng-pci",       "virtio-serial-pci",
    };
    MachineConfig c = {.machine = "virt",
                       .cpu = "max",
                       .smp = 2,
                       .ram_size = RAM_SIZE,
                       .engine = {.cache_bytes = 1 << 20}};
    char *error = NULL;
    c.machine_opts = g_hash_table_new(g_str_hash, g_str_equal);
    g_hash_table_insert(c.machine_opts, "gic-version", one_in(f, 2) ? "2" : "3");
    c.chardevs = chardev_set_new();
    must(chardev_set_add_serial(c.chardevs, "null", &error), "serial", error);
    const BoardType *board = board_type_find("virt");
    Machine *m = f->m = machine_new(board, &c);
    must(board->init(m, &error), "board", error);
    for (unsigned i = 0; i < 2; i++) {
        char *drive = g_strdup_printf("file=%s,if=none,id=d%u,format=raw,snapshot=on", disk, i);
        must(drive_add(m, drive, true, &error), drive, error);
        g_free(drive);
        char *net = g_strdup_printf("user,id=n%u,restrict=on", i);
        must(netdev_add(m, net, &error), net, error);
        g_free(net);
    }
    for (size_t i = 0; i < ARRAY_LEN(devices); i++) {
        must(device_add(m, devices[i], &error), devices[i], error);
    }
    must(board->finish(m, &error), "finish", error);
    chardev_set_attach(c.chardevs, m);
    clock_set_source(m->clock, now, f);
    machine_reset(m);
    uint8_t *ram = mem_dma(m->memory, RAM_BASE, HOT);
    for (uint64_t i = 0; i < HOT; i++) {
        ram[i] = one_in(f, 3) ? (uint8_t)rnd(f) : 0;
    }
}

static char *make_disk(void)
{
    char *path = g_strdup("/tmp/mimus-fuzz-XXXXXX");
    int fd = mkstemp(path);
    if (fd < 0 || ftruncate(fd, 1 << 20)) {
        die("fuzz_mmio: cannot create a disk image");
    }
    close(fd);
    return path;
}

int main(int argc, char **argv)
{
    uint64_t first = 1, seeds = 10, accesses = 100000;
    bool verbose = false;
    int opt;
    while ((opt = getopt(argc, argv, "s:n:a:v")) != -1) {
        switch (opt) {
        case 's':
            first = strtoull(optarg, NULL, 0);
            break;
        case 'n':
            seeds = strtoull(optarg, NULL, 0);
            break;
        case 'a':
            accesses = strtoull(optarg, NULL, 0);
            break;
        case 'v':
            verbose = true;
            break;
        default:
            fprintf(stderr, "usage: fuzz_mmio [-s FIRST_SEED] [-n SEEDS] [-a ACCESSES] [-v]\n");
            return 2;
        }
    }
    char *disk = make_disk();
    for (uint64_t seed = first; seed < first + seeds; seed++) {
        Fuzz f = {.random = seed * UINT64_C(0x9e3779b97f4a7c15) | 1, .verbose = verbose};
        make_machine(&f, disk);
        printf("seed %llu\n", (unsigned long long)seed);
        fflush(stdout);
        for (uint64_t i = 0; i < accesses; i++) {
            step(&f);
            if (f.m->stop != MACHINE_RUNNING) {
                f.m->stop = MACHINE_RUNNING;
            }
            if (i % 20000 == 19999) {
                machine_reset(f.m);
            }
        }
        StateHash h;
        machine_state_hash(f.m, &h);
        printf("seed %llu ok %016llx\n", (unsigned long long)seed, (unsigned long long)h.h[0]);
    }
    unlink(disk);
    g_free(disk);
    return 0;
}
