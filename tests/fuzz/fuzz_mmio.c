// Random register accesses to every device of the virt board, as a hostile guest would make them,
// with RAM full of random descriptors. Each run is one machine: GICv2 or GICv3, disks, network
// cards and serial devices on PCI and in virtio-mmio slots.
#include "tests/fuzz/machine.h"

#define RAM_BASE UINT64_C(0x40000000)
#define RAM_SIZE UINT64_C(0x400000)
#define HOT      UINT64_C(0x10000) // of RAM: where most descriptors and buffers are
#define STEPS    10000             // a run

static uint64_t random_value(Fuzz *f)
{
    switch (fuzz_below(f, 4)) {
    case 0:
        return RAM_BASE + (fuzz_below(f, HOT) & ~UINT64_C(15));
    case 1:
        return fuzz_below(f, 0x400);
    default:
        return fuzz_number(f);
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
    unsigned at = (unsigned)fuzz_below(f, total);
    for (size_t i = 0;; i++) {
        if (at < targets[i].weight) {
            return &targets[i];
        }
        at -= targets[i].weight;
    }
}

// --- actions

static void random_access(FuzzMachine *fm)
{
    Fuzz *f = fm->f;
    const Target *t = pick_target(f);
    unsigned size = 1u << fuzz_below(f, 4);
    uint64_t offset = fuzz_below(f, fuzz_one_in(f, 2) && t->size > 0x100 ? 0x100 : t->size);
    if (!fuzz_one_in(f, 8)) {
        size = fuzz_one_in(f, 3) ? size : 4;
        offset &= ~(uint64_t)(size - 1);
    }
    if (fuzz_one_in(f, 3)) {
        fuzz_read(fm, t->base + offset, size);
    } else {
        fuzz_write(fm, t->base + offset, random_value(f), size);
    }
}

static uint64_t hot_address(Fuzz *f)
{
    return RAM_BASE + (fuzz_below(f, HOT - 0x2000) & ~UINT64_C(15));
}

// Descriptors that are not complete nonsense: addresses in RAM, short chains. Buffers begin with a
// small number, which disks take for a request.
static void fill_descriptors(FuzzMachine *fm, uint64_t at)
{
    Fuzz *f = fm->f;
    for (unsigned i = 0; i < 16; i++, at += 16) {
        uint64_t buf = hot_address(f);
        fuzz_write(fm, buf, fuzz_below(f, 16), 4);
        fuzz_write(fm, buf + 8, fuzz_below(f, 4), 8);
        fuzz_write(fm, at, fuzz_one_in(f, 40) ? fuzz_random(f) : buf, 8);
        fuzz_write(fm, at + 8,
                   fuzz_one_in(f, 20)  ? random_value(f)
                   : fuzz_one_in(f, 2) ? 16
                                       : fuzz_below(f, 2048),
                   4);
        fuzz_write(fm, at + 12, fuzz_one_in(f, 8) ? fuzz_below(f, 8) : fuzz_below(f, 4), 2);
        fuzz_write(fm, at + 14, fuzz_one_in(f, 16) ? random_value(f) : i + 1, 2);
    }
}

// A queue with something in its available ring.
typedef struct Rings {
    unsigned num;
    uint64_t part[3]; // descriptors, available, used
} Rings;

static Rings make_rings(FuzzMachine *fm)
{
    Fuzz *f = fm->f;
    Rings r = {.num = 1u << (2 + fuzz_below(f, 6))};
    for (unsigned i = 0; i < 3; i++) {
        r.part[i] = hot_address(f);
    }
    fill_descriptors(fm, r.part[0]);
    fuzz_write(fm, r.part[1], fuzz_below(f, 2), 2);
    fuzz_write(fm, r.part[1] + 2, 1 + fuzz_below(f, 4), 2);
    for (unsigned i = 0; i < 4; i++) {
        fuzz_write(fm, r.part[1] + 4 + 2 * i,
                   fuzz_one_in(f, 20) ? fuzz_random(f) : fuzz_below(f, MIN_OF(r.num, 16)), 2);
    }
    return r;
}

// A virtio-mmio slot brought up as a driver does it.
static void virtio_bring_up(FuzzMachine *fm)
{
    Fuzz *f = fm->f;
    uint64_t base = 0x0a003800 + fuzz_below(f, 4) * 0x200;
    fuzz_write(fm, base + 0x70, 0, 4);
    fuzz_write(fm, base + 0x70, 3, 4);
    fuzz_write(fm, base + 0x24, 1, 4);
    fuzz_write(fm, base + 0x20, fuzz_one_in(f, 8) ? fuzz_random(f) : 1, 4);
    fuzz_write(fm, base + 0x24, 0, 4);
    fuzz_write(fm, base + 0x20, fuzz_one_in(f, 8) ? fuzz_random(f) : 0, 4);
    fuzz_write(fm, base + 0x70, 11, 4);
    for (unsigned q = 0; q < 4; q++) {
        Rings r = make_rings(fm);
        fuzz_write(fm, base + 0x30, q, 4);
        fuzz_write(fm, base + 0x38, r.num, 4);
        for (unsigned i = 0; i < 3; i++) {
            fuzz_write(fm, base + 0x80 + 0x10 * i, r.part[i], 4);
            fuzz_write(fm, base + 0x84 + 0x10 * i, 0, 4);
        }
        fuzz_write(fm, base + 0x44, 1, 4);
    }
    fuzz_write(fm, base + 0x70, 15, 4);
    for (unsigned q = 0; q < 4; q++) {
        fuzz_write(fm, base + 0x50, q, 4);
    }
}

// A PCI function's BARs, its commands and, through BAR 4, the modern virtio registers.
static void pci_bring_up(FuzzMachine *fm)
{
    Fuzz *f = fm->f;
    uint64_t dev = fuzz_below(f, 6), cfg = 0x4010000000 + (dev << 15),
             bar = 0x10000000 + dev * 0x8000;
    for (unsigned i = 0; i < 6; i++) {
        fuzz_write(fm, cfg + 0x10 + 4 * i,
                   i == 0   ? 0x1000 + dev * 0x100
                   : i == 5 ? 0
                            : bar + i * 0x1000,
                   4);
    }
    fuzz_write(fm, cfg + 4, 7, 2);
    uint64_t common = bar + 0x4000;
    fuzz_write(fm, common + 0x14, 0, 1);
    fuzz_write(fm, common + 0x14, 3, 1);
    fuzz_write(fm, common + 0x08, 1, 4);
    fuzz_write(fm, common + 0x0c, 1, 4);
    fuzz_write(fm, common + 0x14, 11, 1);
    for (unsigned q = 0; q < 3; q++) {
        Rings r = make_rings(fm);
        fuzz_write(fm, common + 0x16, q, 2);
        fuzz_write(fm, common + 0x18, r.num, 2);
        fuzz_write(fm, common + 0x1a, fuzz_below(f, 4), 2);
        for (unsigned i = 0; i < 3; i++) {
            fuzz_write(fm, common + 0x20 + 8 * i, r.part[i], 8);
        }
        fuzz_write(fm, common + 0x1c, 1, 2);
    }
    fuzz_write(fm, common + 0x14, 15, 1);
    for (unsigned q = 0; q < 3; q++) {
        fuzz_write(fm, bar + 0x4000 + 0x3000 + 4 * q, q, 2);
    }
}

static void step(FuzzMachine *fm)
{
    unsigned what = (unsigned)fuzz_below(fm->f, 100);
    if (what == 0) {
        virtio_bring_up(fm);
    } else if (what == 1) {
        pci_bring_up(fm);
    } else if (what < 4) {
        fill_descriptors(fm, hot_address(fm->f));
    } else if (what < 7) {
        fuzz_pass_time(fm);
    } else {
        random_access(fm);
    }
}

// --- machine

static FuzzMachine *make_machine(Fuzz *f)
{
    static const char *const netdevs[] = {"user,id=n0,restrict=on", "user,id=n1,restrict=on", NULL};
    static const char *const devices[] = {
        "virtio-rng-device",    "virtio-blk-device,drive=d0", "virtio-net-device,netdev=n0",
        "virtio-serial-device", "virtio-blk-pci,drive=d1",    "virtio-net-pci,netdev=n1",
        "virtio-rng-pci",       "virtio-serial-pci",          NULL,
    };
    char *disk = fuzz_disk(f, "disk.img", 1 << 20), *error = NULL;
    char *d0 = g_strdup_printf("file=%s,if=none,id=d0,format=raw,snapshot=on", disk);
    char *d1 = g_strdup_printf("file=%s,if=none,id=d1,format=raw,snapshot=on", disk);
    const char *const drives[] = {d0, d1, NULL};
    MachineConfig c = {.machine = "virt", .cpu = "max", .smp = 2, .ram_size = RAM_SIZE};
    fuzz_machine_opt(&c.machine_opts, "gic-version", fuzz_one_in(f, 2) ? "2" : "3");
    FuzzMachine *fm = fuzz_machine_new(f, &c, &(FuzzParts){drives, netdevs, devices}, &error);
    if (!fm) {
        fuzz_fail("machine: %s", error);
    }
    g_free(disk);
    g_free(d0);
    g_free(d1);
    return fm;
}

static void run(Fuzz *f)
{
    FuzzMachine *fm = make_machine(f);
    uint8_t *ram = mem_dma(fm->m->memory, RAM_BASE, HOT);
    for (uint64_t i = 0; i < HOT; i++) {
        ram[i] = fuzz_one_in(f, 3) ? (uint8_t)fuzz_random(f) : 0;
    }
    for (unsigned i = 0; i < STEPS; i++) {
        step(fm);
        fm->m->stop = MACHINE_RUNNING;
        if (fuzz_one_in(f, 5000)) {
            machine_reset(fm->m);
        }
    }
    fuzz_machine_free(fm);
}

const Fuzzer fuzzer = {
    .name = "fuzz_mmio",
    .what = "Random register accesses to every device of the virt board.",
    .unit = "accesses",
    .runs_per_worker = 50,
    .run = run,
};
