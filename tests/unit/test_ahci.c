// AHCI: ports, command slots, queued commands, packets, errors.
#include <criterion/criterion.h>

#include "hw/ide/ide.h"
#include "bus_rig.h"

#define ABAR      0xfeb00000
#define SLOT      (0x1f << 3 | 2)
#define PORT(n)   (ABAR + 0x100 + 0x80 * (n))
#define LIST(n)   (0x10000 + 0x1000 * (n))
#define FISES(n)  (0x20000 + 0x1000 * (n))
#define TABLE     0x30000
#define N_SECTORS 3000

typedef struct AhciRig {
    BusRig *r;
    char *disk, *cd;
} AhciRig;

static void fill(uint8_t *p, unsigned n)
{
    for (unsigned i = 0; i < 512; i++) {
        p[i] = (uint8_t)(n * 11 + i);
    }
    memcpy(p, &n, 4);
}

static uint32_t reg(AhciRig *t, uint32_t at)
{
    return (uint32_t)rd(t->r->m, at, 4);
}

static void set(AhciRig *t, uint32_t at, uint32_t v)
{
    wr(t->r->m, at, v, 4);
}

static AhciRig *ahci_rig(void)
{
    AhciRig *t = g_new0(AhciRig, 1);
    t->r = bus_rig();
    ahci_create(t->r->m, "1f.2");
    t->disk = bus_image(t->r, "d0", N_SECTORS, "", fill);
    t->cd = bus_image(t->r, "d1", N_SECTORS, ",media=cdrom", fill);
    bus_device(t->r, "ide-hd,drive=d0,bus=ide.0");
    bus_device(t->r, "ide-cd,drive=d1,bus=ide.2");
    bare_reset(t->r->m);
    pci_cfg_set(t->r, SLOT, PCI_BAR0 + 20, ABAR, 4);
    pci_cfg_set(t->r, SLOT, PCI_COMMAND, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER, 2);
    set(t, ABAR + 4, 2);
    for (unsigned n = 0; n < 3; n++) {
        set(t, PORT(n), LIST(n));
        set(t, PORT(n) + 8, FISES(n));
        set(t, PORT(n) + 0x14, 0xffffffff);
        set(t, PORT(n) + 0x18, 0x16);
        set(t, PORT(n) + 0x10, 0xffffffff);
        set(t, PORT(n) + 0x18, 0x17);
    }
    set(t, ABAR + 8, 0xffffffff);
    return t;
}

static void done(AhciRig *t)
{
    unlink(t->disk);
    unlink(t->cd);
}

// A command in slot n of a port, with one PRD. fis: from its command byte on.
static void prepare(AhciRig *t, unsigned port, unsigned n, const uint8_t fis[14], bool write,
                    uint32_t addr, uint32_t len)
{
    uint32_t table = TABLE + n * 0x100;
    memset(t->r->ram + table, 0, 0x100);
    t->r->ram[table] = 0x27;
    t->r->ram[table + 1] = 0x80;
    memcpy(t->r->ram + table + 2, fis, 14);
    ram32(t->r, table + 0x80, addr);
    ram32(t->r, table + 0x8c, len - 1);
    ram32(t->r, LIST(port) + 32 * n, 5 | (write ? 0x40 : 0) | 1u << 16);
    ram32(t->r, LIST(port) + 32 * n + 4, 0);
    ram32(t->r, LIST(port) + 32 * n + 8, table);
    ram32(t->r, LIST(port) + 32 * n + 12, 0);
}

static void expect_sector(const uint8_t *p, unsigned n)
{
    uint8_t want[512];
    fill(want, n);
    cr_expect_arr_eq(p, want, 512, "sector %u", n);
}

Test(ahci, ports_and_signatures)
{
    AhciRig *t = ahci_rig();
    cr_expect_eq(reg(t, ABAR) & 0x1f, 5);
    cr_expect_eq(reg(t, ABAR + 0xc), 0x3f);
    cr_expect_eq(reg(t, PORT(0) + 0x24), 0x101);
    cr_expect_eq(reg(t, PORT(2) + 0x24), 0xeb140101);
    cr_expect_eq(reg(t, PORT(0) + 0x28), 0x123);
    cr_expect_eq(reg(t, PORT(1) + 0x28), 0);
    cr_expect_eq(reg(t, PORT(0) + 0x20), 0x150);
    cr_expect_eq(t->r->ram[FISES(0) + 0x40], 0x34, "the signature came as a FIS");
    set(t, PORT(0) + 0x2c, 1); // COMRESET
    cr_expect_eq(reg(t, PORT(0) + 0x28), 0);
    set(t, PORT(0) + 0x2c, 0);
    cr_expect_eq(reg(t, PORT(0) + 0x28), 0x123);
    cr_expect_eq(reg(t, PORT(0) + 0x30), 1 << 26);
    cr_expect(t->r->intx[(0x1f) % 4].level);
    set(t, PORT(0) + 0x30, 0xffffffff);
    set(t, ABAR + 8, 1);
    cr_expect_not(t->r->intx[(0x1f) % 4].level);
    done(t);
}

Test(ahci, identify_and_dma)
{
    AhciRig *t = ahci_rig();
    prepare(t, 0, 3, (uint8_t[14]){0xec}, false, 0x100000, 512);
    set(t, PORT(0) + 0x38, 8);
    cr_expect_eq(reg(t, PORT(0) + 0x38), 0);
    cr_expect_eq(reg(t, PORT(0) + 0x10), 2, "PIO setup");
    cr_expect_eq(ram_get32(t->r, LIST(0) + 32 * 3 + 4), 512, "bytes moved");
    uint16_t word;
    memcpy(&word, t->r->ram + 0x100000 + 2 * 76, 2);
    cr_expect_eq(word, 0x106);
    cr_expect(t->r->intx[0x1f % 4].level);
    set(t, PORT(0) + 0x10, 2);
    set(t, ABAR + 8, 1);
    cr_expect_not(t->r->intx[0x1f % 4].level);

    prepare(t, 0, 0, (uint8_t[14]){0x25, 0, 0x10, 1, 0, 0x40, 0, 0, 0, 0, 4, 0}, false, 0x100000,
            2048);
    set(t, PORT(0) + 0x38, 1);
    cr_expect_eq(reg(t, PORT(0) + 0x10), 1, "register FIS");
    cr_expect_eq(reg(t, PORT(0) + 0x20), 0x50);
    expect_sector(t->r->ram + 0x100000 + 3 * 512, 0x113);
    done(t);
}

Test(ahci, queued_commands)
{
    AhciRig *t = ahci_rig();
    memset(t->r->ram + 0x200000, 0x5a, 1024);
    prepare(t, 0, 5, (uint8_t[14]){0x61, 2, 7, 0, 0, 0x40, 0, 0, 0, 0, 5 << 3, 0}, true, 0x200000,
            1024);
    prepare(t, 0, 6, (uint8_t[14]){0x60, 3, 6, 0, 0, 0x40, 0, 0, 0, 0, 6 << 3, 0}, false, 0x100000,
            1536);
    set(t, PORT(0) + 0x34, 0x60);
    set(t, PORT(0) + 0x38, 0x60);
    cr_expect_eq(reg(t, PORT(0) + 0x38), 0);
    cr_expect_eq(reg(t, PORT(0) + 0x34), 0);
    cr_expect_eq(reg(t, PORT(0) + 0x10), 8);
    expect_sector(t->r->ram + 0x100000, 6);
    cr_expect_eq(ram_get32(t->r, 0x100200), 0x5a5a5a5a);
    cr_expect_eq(ram_get32(t->r, FISES(0) + 0x58 + 4), 0x40, "the last one's tag");

    // One beyond the end: the tag stays active, the log tells.
    prepare(t, 0, 9, (uint8_t[14]){0x60, 1, 0, 0, 1, 0x40, 0, 0, 0, 0, 9 << 3, 0}, false, 0x100000,
            512);
    set(t, PORT(0) + 0x34, 1 << 9);
    set(t, PORT(0) + 0x38, 1 << 9);
    cr_expect_eq(reg(t, PORT(0) + 0x34), 1 << 9);
    cr_expect(reg(t, PORT(0) + 0x10) & 1 << 30);
    cr_expect_eq(reg(t, PORT(0) + 0x20) & 0xff, 0x51);
    set(t, PORT(0) + 0x18, 0x16);
    cr_expect_eq(reg(t, PORT(0) + 0x34), 0);
    set(t, PORT(0) + 0x18, 0x17);
    prepare(t, 0, 0, (uint8_t[14]){0x2f, 0, 0x10, 0, 0, 0x40, 0, 0, 0, 0, 1, 0}, false, 0x100000,
            512);
    set(t, PORT(0) + 0x38, 1);
    cr_expect_eq(t->r->ram[0x100000], 9);
    cr_expect_eq(t->r->ram[0x100002], 0x51);
    done(t);
}

Test(ahci, packets_and_errors)
{
    AhciRig *t = ahci_rig();
    prepare(t, 2, 0, (uint8_t[14]){0xa0, 1}, false, 0x100000, 4096);
    t->r->ram[LIST(2)] |= 0x20;
    memcpy(t->r->ram + TABLE + 0x40, (uint8_t[12]){0x28, 0, 0, 0, 0, 4, 0, 0, 2}, 12);
    set(t, PORT(2) + 0x38, 1);
    expect_sector(t->r->ram + 0x100000 + 7 * 512, 23);
    cr_expect_eq(reg(t, PORT(2) + 0x20), 0x40);

    set(t, PORT(2) + 0x10, 0xffffffff);
    memcpy(t->r->ram + TABLE + 0x40, (uint8_t[12]){0x28, 0, 1, 0, 0, 4, 0, 0, 2}, 12);
    set(t, PORT(2) + 0x38, 1);
    cr_expect_eq(reg(t, PORT(2) + 0x20), 0x5441);
    cr_expect(reg(t, PORT(2) + 0x10) & 1 << 30);
    cr_expect_eq(reg(t, PORT(2) + 0x38), 1, "stays, until the port is stopped");
    set(t, PORT(2) + 0x18, 0x16);
    cr_expect_eq(reg(t, PORT(2) + 0x38), 0);
    set(t, PORT(2) + 0x18, 0x17);

    // A list that is too short, and one of no memory.
    prepare(t, 0, 0, (uint8_t[14]){0x25, 0, 0, 0, 0, 0x40, 0, 0, 0, 0, 4, 0}, false, 0x100000, 100);
    set(t, PORT(0) + 0x38, 1);
    cr_expect(reg(t, PORT(0) + 0x10) & 1 << 24);
    set(t, PORT(0) + 0x18, 0x16);
    set(t, PORT(0) + 0x18, 0x17);
    prepare(t, 0, 0, (uint8_t[14]){0x25, 0, 0, 0, 0, 0x40, 0, 0, 0, 0, 4, 0}, false, 0xc0000000,
            2048);
    set(t, PORT(0) + 0x10, 0xffffffff);
    set(t, PORT(0) + 0x38, 1);
    cr_expect_eq(reg(t, PORT(0) + 0x10), 1);
    // Onto its own registers.
    prepare(t, 0, 0, (uint8_t[14]){0x25, 0, 0, 0, 0, 0x40, 0, 0, 0, 0, 4, 0}, false, PORT(0), 2048);
    set(t, PORT(0) + 0x38, 1);
    cr_expect_eq(reg(t, PORT(0)), LIST(0));
    done(t);
}
