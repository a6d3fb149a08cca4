// Drivers of a PC's disks, network cards and screen, tame and wild: commands, scatter lists,
// packets and descriptors that nearly make sense, so that devices get beyond their first check. Odd
// runs have AHCI, even ones IDE. fuzz_pc pokes the same registers at random.
#include "hw/pci/pci.h"
#include "tests/fuzz/machine.h"
#include "ui/console.h"

#define RAM_SIZE UINT64_C(0x800000)
#define HOT_BASE UINT64_C(0x100000)
#define HOT      UINT64_C(0x20000) // rings, lists and tables
#define STEPS    1500
#define BM       0xc000 // I/O BAR of the IDE function
#define ABAR     UINT64_C(0xe0000000)
#define E1000    UINT64_C(0xe1000000)
#define RTL      UINT64_C(0xe2000000)

typedef struct Rig {
    FuzzMachine *fm;
    Fuzz *f;
    bool ahci;
} Rig;

// --- memory

static uint64_t hot(Fuzz *f, unsigned align)
{
    return HOT_BASE + (fuzz_below(f, HOT - 4096) & ~(uint64_t)(align - 1));
}

// Where DMA may go: mostly RAM, sometimes a device or nothing.
static uint64_t dma_address(Fuzz *f)
{
    static const uint64_t odd[] = {ABAR + 0x100, E1000, RTL, 0xa0000, 0xfee00000, 0xfffffff0, 0};
    return fuzz_one_in(f, 12) ? FUZZ_PICK(f, odd) : hot(f, fuzz_one_in(f, 4) ? 1 : 4);
}

static void put32(Rig *r, uint64_t at, uint64_t v)
{
    uint32_t w = (uint32_t)v;
    mem_write(r->fm->m->memory, at, &w, 4);
}

static uint32_t length(Fuzz *f, uint32_t most)
{
    uint32_t n = fuzz_one_in(f, 3) ? (uint32_t)fuzz_number(f) : (uint32_t)fuzz_below(f, 8) * 512;
    return n % (most + 1);
}

// --- IDE

static void prds(Rig *r, uint64_t at, bool wide)
{
    Fuzz *f = r->f;
    unsigned n = 1 + (unsigned)fuzz_below(f, 6);
    for (unsigned i = 0; i < n; i++, at += wide ? 16 : 8) {
        put32(r, at, dma_address(f));
        if (wide) {
            put32(r, at + 4, fuzz_one_in(f, 30) ? fuzz_number(f) : 0);
        }
        uint64_t last = !wide && i == n - 1 && !fuzz_one_in(f, 10) ? BIT(31) : 0;
        put32(r, at + (wide ? 12 : 4), length(f, 0x3ffff) | last);
    }
}

static const uint8_t commands[] = {0x06, 0x08, 0x20, 0x24, 0x25, 0x29, 0x2f, 0x30, 0x34, 0x35,
                                   0x39, 0x3d, 0x42, 0x60, 0x61, 0x90, 0x91, 0xa0, 0xa0, 0xa1,
                                   0xb0, 0xc4, 0xc5, 0xc6, 0xc8, 0xca, 0xce, 0xe7, 0xec, 0xef};
static const uint8_t packets[] = {0x00, 0x03, 0x12, 0x1b, 0x1e, 0x25, 0x28, 0x2b, 0x42, 0x43,
                                  0x46, 0x4a, 0x51, 0x52, 0x55, 0x5a, 0xa8, 0xad, 0xbd, 0xbe};

static void packet(Fuzz *f, uint8_t cdb[12])
{
    for (unsigned i = 1; i < 12; i++) {
        cdb[i] = fuzz_one_in(f, 2) ? 0 : (uint8_t)fuzz_below(f, fuzz_one_in(f, 2) ? 4 : 256);
    }
    cdb[0] = fuzz_one_in(f, 20) ? (uint8_t)fuzz_below(f, 256) : FUZZ_PICK(f, packets);
}

static uint8_t small(Fuzz *f)
{
    return (uint8_t)(fuzz_one_in(f, 3) ? fuzz_number(f) : fuzz_below(f, 4));
}

// Data moves by 16 or 32 bits; not always all of it.
static void move_data(Rig *r, unsigned base)
{
    unsigned n = (unsigned)fuzz_below(r->f, 3) * 300, size = fuzz_one_in(r->f, 2) ? 2 : 4;
    for (unsigned i = 0; i < n && fuzz_in(r->fm, base + 7, 1) & 8; i++) {
        if (fuzz_one_in(r->f, 2)) {
            fuzz_in(r->fm, base, size);
        } else {
            fuzz_out(r->fm, base, fuzz_random(r->f), size);
        }
    }
}

static void ide_command(Rig *r)
{
    Fuzz *f = r->f;
    unsigned n = (unsigned)fuzz_below(f, 2), base = n ? 0x170 : 0x1f0, bm = BM + 8 * n;
    uint64_t list = hot(f, 4);
    uint8_t command = FUZZ_PICK(f, commands);
    prds(r, list, false);
    fuzz_out(r->fm, bm + 4, list, 4);
    fuzz_out(r->fm, base + 6, fuzz_one_in(f, 8) ? fuzz_random(f) : 0xe0, 1);
    for (unsigned reg = 1; reg <= 5; reg++) {
        for (unsigned twice = 0; twice < 2; twice++) {
            fuzz_out(r->fm, base + reg, small(f), 1);
        }
    }
    if (command == 0xb0) {
        fuzz_out(r->fm, base + 4, 0x4f, 1);
        fuzz_out(r->fm, base + 5, 0xc2, 1);
        fuzz_out(r->fm, base + 1, 0xd0 + fuzz_below(f, 11), 1);
    }
    fuzz_out(r->fm, base + 7, command, 1);
    if (command == 0xa0) {
        uint8_t cdb[12];
        packet(f, cdb);
        for (unsigned i = 0; i < 12; i += 2) {
            fuzz_out(r->fm, base, cdb[i] | cdb[i + 1] << 8, 2);
        }
    }
    fuzz_out(r->fm, bm, fuzz_below(f, 2) * 8 + 1, 1);
    move_data(r, base);
    fuzz_out(r->fm, bm, 0, 1);
    fuzz_out(r->fm, bm + 2, 6, 1);
}

// --- AHCI

static void ahci_start(Rig *r, unsigned port)
{
    uint64_t p = ABAR + 0x100 + 0x80 * port;
    fuzz_write(r->fm, p + 0x18, 0, 4);
    fuzz_write(r->fm, p, hot(r->f, 1024), 4);
    fuzz_write(r->fm, p + 8, dma_address(r->f), 4);
    fuzz_write(r->fm, p + 0x14, 0xffffffff, 4);
    fuzz_write(r->fm, p + 0x18, 0x17, 4);
}

static void ahci_command(Rig *r)
{
    Fuzz *f = r->f;
    unsigned port = (unsigned)fuzz_below(f, 3), slot = (unsigned)fuzz_below(f, 32);
    uint64_t p = ABAR + 0x100 + 0x80 * port;
    if (fuzz_one_in(f, 3)) {
        ahci_start(r, port);
    }
    uint64_t header = fuzz_read(r->fm, p, 4) + 32 * slot, table = hot(f, 128);
    uint8_t fis[20] = {0x27, fuzz_one_in(f, 10) ? small(f) : 0x80, FUZZ_PICK(f, commands)};
    for (unsigned i = 3; i < sizeof fis; i++) {
        fis[i] = fuzz_one_in(f, 3) ? small(f) : 0;
    }
    fis[7] |= fuzz_one_in(f, 8) ? 0 : 0x40;
    fis[12] = (fis[2] & 0xfe) == 0x60 ? (uint8_t)(slot << 3) : fis[12];
    uint8_t cdb[16] = {0};
    packet(f, cdb);
    mem_write(r->fm->m->memory, table, fis, sizeof fis);
    mem_write(r->fm->m->memory, table + 0x40, cdb, sizeof cdb);
    prds(r, table + 0x80, true);
    put32(r, header, 5 | (fis[2] == 0xa0 ? 0x20 : 0) | fuzz_below(f, 8) << 16);
    put32(r, header + 8, table);
    put32(r, header + 12, 0);
    if ((fis[2] & 0xfe) == 0x60) {
        fuzz_write(r->fm, p + 0x34, 1u << slot, 4);
    }
    fuzz_write(r->fm, p + 0x38, 1u << slot, 4);
    fuzz_write(r->fm, p + 0x10, 0xffffffff, 4);
    if (fuzz_one_in(f, 20)) {
        fuzz_write(r->fm, p + 0x2c, fuzz_below(f, 2), 4);
    }
}

// --- network cards

static void e1000_send(Rig *r)
{
    Fuzz *f = r->f;
    uint64_t ring = hot(f, 16);
    unsigned n = 1 + (unsigned)fuzz_below(f, 7);
    for (unsigned i = 0; i < n; i++) {
        uint64_t at = ring + 16 * i;
        unsigned kind = (unsigned)fuzz_below(f, 3); // context, data, legacy
        put32(r, at, kind ? dma_address(f) : fuzz_random(f) & 0x3f3f3f3f);
        put32(r, at + 4, kind ? 0 : fuzz_random(f) & 0x3f3f);
        uint32_t cmd = (uint32_t)fuzz_random(f) & 0xdf000000;
        put32(r, at + 8,
              cmd | (kind < 2 ? 0x20000000u : 0) | (kind == 1 ? 0x100000u : 0) | length(f, 0xffff));
        put32(r, at + 12,
              kind ? fuzz_random(f) & 0x00ff0300
                   : (54 + fuzz_below(f, 20)) << 8 | fuzz_below(f, 2000) << 16);
    }
    fuzz_write(r->fm, E1000 + 0x3800, ring, 4);
    fuzz_write(r->fm, E1000 + 0x3808, 128, 4);
    fuzz_write(r->fm, E1000 + 0x3810, 0, 4);
    fuzz_write(r->fm, E1000 + 0x400, 2 | fuzz_below(f, 2) << 3, 4);
    fuzz_write(r->fm, E1000 + 0x3818, n, 4);
}

// What is sent comes back: reception runs too.
static void e1000_setup(Rig *r)
{
    Fuzz *f = r->f;
    uint64_t ring = hot(f, 16);
    for (unsigned i = 0; i < 16; i++) {
        put32(r, ring + 16 * i, dma_address(f));
        put32(r, ring + 16 * i + 4, 0);
    }
    fuzz_write(r->fm, E1000, 0x40 | fuzz_below(f, 2) << 30, 4);
    fuzz_write(r->fm, E1000 + 0x2800, ring, 4);
    fuzz_write(r->fm, E1000 + 0x2808, 256, 4);
    fuzz_write(r->fm, E1000 + 0x2810, 0, 4);
    fuzz_write(r->fm, E1000 + 0x2818, fuzz_below(f, 16), 4);
    fuzz_write(r->fm, E1000 + 0x5000, fuzz_random(f), 4);
    fuzz_write(r->fm, E1000 + 0xd0, 0xffff, 4);
    fuzz_write(r->fm, E1000 + 0x100, (fuzz_random(f) & 0x07ff8000) | 0xfa, 4);
}

static void rtl_send(Rig *r)
{
    Fuzz *f = r->f;
    uint64_t ring = hot(f, 256);
    unsigned n = 1 + (unsigned)fuzz_below(f, 6);
    for (unsigned i = 0; i < n; i++) {
        uint32_t flags = 0x80000000u | ((uint32_t)fuzz_random(f) & 0x3fff0000);
        put32(r, ring + 16 * i, flags | (i == n - 1 ? 0x40000000u : 0) | length(f, 0xffff));
        put32(r, ring + 16 * i + 4, fuzz_random(f));
        put32(r, ring + 16 * i + 8, dma_address(f));
        put32(r, ring + 16 * i + 12, 0);
    }
    fuzz_write(r->fm, RTL + 0x20, ring, 4);
    fuzz_write(r->fm, RTL + 0x24, 0, 4);
    fuzz_write(r->fm, RTL + 0xd9, 0x40, 1);
    for (unsigned i = 0; i < 4 && fuzz_one_in(f, 2); i++) { // the old way
        fuzz_write(r->fm, RTL + 0x20 + 4 * i, dma_address(f), 4);
        fuzz_write(r->fm, RTL + 0x10 + 4 * i, length(f, 0x1fff), 4);
    }
}

static void rtl_setup(Rig *r)
{
    Fuzz *f = r->f;
    uint64_t ring = hot(f, 256);
    for (unsigned i = 0; i < 8; i++) {
        put32(r, ring + 16 * i, 0x80000000u | (i == 7 ? 0x40000000u : 0) | length(f, 0x1fff));
        put32(r, ring + 16 * i + 8, dma_address(f));
        put32(r, ring + 16 * i + 12, 0);
    }
    fuzz_write(r->fm, RTL + 0x37, 0, 1);
    fuzz_write(r->fm, RTL + 0xe0, fuzz_below(f, 2) ? 0x63 : 0x01, 2);
    fuzz_write(r->fm, RTL + 0xe4, ring, 4);
    fuzz_write(r->fm, RTL + 0x30, dma_address(f), 4);
    fuzz_write(r->fm, RTL + 0x37, 0x0c, 1);
    fuzz_write(r->fm, RTL + 0x44, (fuzz_random(f) & 0x1880) | 0x0f, 4);
    fuzz_write(r->fm, RTL + 0x40, 0x60000, 4); // loops back
    fuzz_write(r->fm, RTL + 0x3c, 0xffff, 2);
}

// --- the screen

static void look(Rig *r)
{
    Console *c = console_get(r->fm->m, 0);
    if (c) {
        console_update(c);
        g_free(console_text(c));
    }
}

static void screen(Rig *r)
{
    Fuzz *f = r->f;
    for (unsigned i = 0; i < 12; i++) {
        static const uint16_t indexed[] = {0x3c4, 0x3ce, 0x3d4};
        fuzz_out(r->fm, FUZZ_PICK(f, indexed), fuzz_below(f, 26) | fuzz_random(f) << 8, 2);
        fuzz_write(r->fm, 0xa0000 + fuzz_below(f, 0x20000), fuzz_random(f), 4);
    }
    fuzz_out(r->fm, 0x3c4, 0x0001, 2);
    fuzz_in(r->fm, 0x3da, 1);
    fuzz_out(r->fm, 0x3c0, 0x20, 1);
    if (fuzz_one_in(f, 2)) {
        static const uint8_t depths[] = {4, 8, 15, 16, 24, 32, 7};
        const uint16_t values[] = {(uint16_t)fuzz_below(f, 700), (uint16_t)fuzz_below(f, 600),
                                   FUZZ_PICK(f, depths), (uint16_t)fuzz_below(f, 256)};
        for (unsigned i = 0; i < 4; i++) {
            fuzz_out(r->fm, 0x1ce, i + 1, 2);
            fuzz_out(r->fm, 0x1cf, values[i], 2);
        }
        fuzz_out(r->fm, 0x1ce, 5 + fuzz_below(f, 6), 2);
        fuzz_out(r->fm, 0x1cf, fuzz_number(f), 2);
    }
    look(r);
}

// --- a run

static void config(Rig *r, unsigned devfn, unsigned reg, uint32_t v)
{
    fuzz_out(r->fm, 0xcf8, 0x80000000 | devfn << 8 | reg, 4);
    fuzz_out(r->fm, 0xcfc, v, 4);
}

static void bring_up(Rig *r)
{
    if (r->ahci) {
        config(r, 0xfa, 0x24, ABAR);
        config(r, 0xfa, 4, 7);
    } else {
        config(r, 9, 0x20, BM);
        config(r, 9, 4, 7);
    }
    config(r, 0x18 * 8, 0x10, E1000);
    config(r, 0x18 * 8, 0x14, 0xd000);
    config(r, 0x18 * 8, 4, 7);
    config(r, 0x19 * 8, 0x14, RTL);
    config(r, 0x19 * 8, 0x10, 0xd100);
    config(r, 0x19 * 8, 4, 7);
    fuzz_out(r->fm, 0x3c2, 0x63, 1);
}

static void step(Rig *r)
{
    switch (fuzz_below(r->f, 24)) {
    case 0 ... 9:
        if (r->ahci) {
            ahci_command(r);
        } else {
            ide_command(r);
        }
        break;
    case 10 ... 12:
        e1000_send(r);
        break;
    case 13:
        e1000_setup(r);
        break;
    case 14 ... 16:
        rtl_send(r);
        break;
    case 17:
        rtl_setup(r);
        break;
    case 18:
        screen(r);
        break;
    default:
        fuzz_pass_time(r->fm);
    }
    r->fm->m->stop = MACHINE_RUNNING;
}

static void run(Fuzz *f)
{
    Rig r = {.f = f, .ahci = fuzz_one_in(f, 2)};
    char *disk = fuzz_disk(f, "disk", 1 << 20);
    char *d0 = g_strdup_printf("file=%s,if=ide,format=raw,snapshot=on", disk);
    char *d1 = g_strdup_printf("file=%s,if=ide,index=2,media=cdrom,format=raw", disk);
    const char *const drives[] = {d0, d1, NULL};
    const char *const netdevs[] = {"user,id=n0,restrict=on", "user,id=n1,restrict=on", NULL};
    const char *const devices[] = {"e1000,netdev=n0,addr=18", "rtl8139,netdev=n1,addr=19", NULL};
    MachineConfig c = {.machine = r.ahci ? "q35" : "pc", .smp = 1, .ram_size = RAM_SIZE};
    FuzzParts parts = {drives, netdevs, devices};
    char *error = NULL;
    fuzz_machine_opt(&c.machine_opts, "firmware", "off");
    r.fm = fuzz_machine_new(f, &c, &parts, &error);
    if (!r.fm) {
        fuzz_fail("%s: %s", c.machine, error);
    }
    bring_up(&r);
    for (unsigned i = 0; i < STEPS; i++) {
        step(&r);
    }
    fuzz_check_states(r.fm);
    fuzz_machine_free(r.fm);
    g_free(d0);
    g_free(d1);
    g_free(disk);
}

const Fuzzer fuzzer = {
    .name = "fuzz_io",
    .what = "Drivers of a PC's disks, network cards and screen.",
    .unit = "accesses",
    .run = run,
};
