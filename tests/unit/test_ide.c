// IDE: registers, PIO, bus-master DMA, and the packet commands of a CD-ROM drive.
#include <criterion/criterion.h>

#include "hw/ide/ide.h"
#include "bus_rig.h"
#include "replay/gate.h"

#define BM        0xc000
#define SLOT      (1 << 3 | 1)
#define N_SECTORS 3000

typedef struct IdeRig {
    BusRig *r;
    Pin irq[2];
    char *disk, *cd;
} IdeRig;

static void fill(uint8_t *p, unsigned n)
{
    for (unsigned i = 0; i < 512; i++) {
        p[i] = (uint8_t)(n * 7 + i);
    }
    memcpy(p, &n, 4);
}

static IdeRig *ide_rig(void)
{
    IdeRig *t = g_new0(IdeRig, 1);
    t->r = bus_rig();
    piix_ide_create(t->r->m, "piix3-ide", "1.1", pin_line(&t->irq[0]), pin_line(&t->irq[1]));
    t->disk = bus_image(t->r, "d0", N_SECTORS, "", fill);
    t->cd = bus_image(t->r, "d1", N_SECTORS, ",media=cdrom", fill);
    bus_device(t->r, "ide-hd,drive=d0,serial=SN 1");
    bus_device(t->r, "ide-cd,drive=d1,bus=ide.1");
    bare_reset(t->r->m);
    pci_cfg_set(t->r, SLOT, PCI_BAR0 + 16, BM, 4);
    pci_cfg_set(t->r, SLOT, PCI_COMMAND, PCI_COMMAND_IO | PCI_COMMAND_MASTER, 2);
    return t;
}

static void done(IdeRig *t)
{
    unlink(t->disk);
    unlink(t->cd);
}

static unsigned status(IdeRig *t, unsigned base)
{
    return (unsigned)in_port(t->r, base + 7, 1);
}

static void issue(IdeRig *t, uint64_t lba, unsigned count, uint8_t command, bool ext)
{
    BusRig *r = t->r;
    out_port(r, 0x1f6, 0xe0 | (ext ? 0 : lba >> 24), 1);
    for (int high = ext; high >= 0; high--) {
        unsigned shift = high ? 24 : 0;
        out_port(r, 0x1f2, count >> (high ? 8 : 0), 1);
        out_port(r, 0x1f3, lba >> shift, 1);
        out_port(r, 0x1f4, lba >> (shift + 8), 1);
        out_port(r, 0x1f5, lba >> (shift + 16), 1);
    }
    out_port(r, 0x1f7, command, 1);
}

static void read_block(IdeRig *t, unsigned base, uint8_t *p, unsigned len)
{
    for (unsigned i = 0; i < len; i += 2) {
        uint16_t v = (uint16_t)in_port(t->r, base, 2);
        memcpy(p + i, &v, 2);
    }
}

static void expect_sector(const uint8_t *p, unsigned n)
{
    uint8_t want[512];
    fill(want, n);
    cr_expect_arr_eq(p, want, 512, "sector %u", n);
}

Test(ide, identify)
{
    IdeRig *t = ide_rig();
    uint16_t id[256];
    out_port(t->r, 0x1f6, 0xa0, 1);
    out_port(t->r, 0x1f7, 0xec, 1);
    cr_expect(t->irq[0].level);
    cr_expect_eq(status(t, 0x1f0), 0x58);
    cr_expect_not(t->irq[0].level, "reading the status takes the interrupt back");
    read_block(t, 0x1f0, (uint8_t *)id, 512);
    cr_expect_eq(status(t, 0x1f0), 0x50);
    cr_expect_eq(id[60] | id[61] << 16, N_SECTORS);
    cr_expect_eq(id[100], N_SECTORS);
    cr_expect_eq(id[10], 'S' << 8 | 'N');
    cr_expect_eq(id[11], ' ' << 8 | '1');
    uint8_t sum = 0;
    for (int i = 0; i < 512; i++) {
        sum = (uint8_t)(sum + ((uint8_t *)id)[i]);
    }
    cr_expect_eq(sum, 0);
    cr_expect_eq(status(t, 0x1f0), 0x50);
    out_port(t->r, 0x1f6, 0xb0, 1);
    cr_expect_eq(status(t, 0x1f0), 0, "there is no slave");
    done(t);
}

Test(ide, pio_reads_and_writes)
{
    IdeRig *t = ide_rig();
    uint8_t p[512 * 16];
    issue(t, 5, 3, 0x20, false);
    for (unsigned i = 0; i < 3; i++) {
        cr_expect(t->irq[0].level);
        cr_expect_eq(status(t, 0x1f0), 0x58);
        read_block(t, 0x1f0, p, 512);
        expect_sector(p, 5 + i);
    }
    cr_expect_not(t->irq[0].level);
    cr_expect_eq(in_port(t->r, 0x1f3, 1), 7, "the last sector's address");

    out_port(t->r, 0x1f2, 8, 1);
    out_port(t->r, 0x1f7, 0xc6, 1); // blocks of 8
    issue(t, 100, 10, 0x29, true);
    read_block(t, 0x1f0, p, 8 * 512);
    read_block(t, 0x1f0, p, 2 * 512);
    expect_sector(p + 512, 109);
    cr_expect_eq(status(t, 0x1f0), 0x50);

    issue(t, 20, 2, 0x30, false);
    cr_expect_not(t->irq[0].level, "the first block of a write comes without interrupt");
    for (unsigned i = 0; i < 512; i++) {
        cr_expect_eq(status(t, 0x1f0), 0x58);
        out_port(t->r, 0x1f0, 0x1234, 2);
    }
    cr_expect_eq(status(t, 0x1f0), 0x50);
    issue(t, 20, 2, 0x20, false);
    read_block(t, 0x1f0, p, 1024);
    cr_expect_eq(p[0], 0x34);
    cr_expect_eq(p[1023], 0x12);
    done(t);
}

Test(ide, errors)
{
    IdeRig *t = ide_rig();
    issue(t, N_SECTORS - 1, 2, 0x20, false);
    cr_expect_eq(status(t, 0x1f0), 0x51);
    cr_expect_eq(in_port(t->r, 0x1f1, 1) & 0x10, 0x10);
    issue(t, 0, 1, 0x77, false);
    cr_expect_eq(status(t, 0x1f0), 0x51);
    cr_expect_eq(in_port(t->r, 0x1f1, 1), 4);
    out_port(t->r, 0x1f6, 0xa0, 1); // CHS with sector 0
    out_port(t->r, 0x1f3, 0, 1);
    out_port(t->r, 0x1f7, 0x20, 1);
    cr_expect_eq(in_port(t->r, 0x1f1, 1), 0x10);
    out_port(t->r, 0x1f3, 3, 1); // and a valid one: cylinder 0, head 2, sector 3
    out_port(t->r, 0x1f4, 0, 1);
    out_port(t->r, 0x1f5, 0, 1);
    out_port(t->r, 0x1f2, 1, 1);
    out_port(t->r, 0x1f6, 0xa2, 1);
    out_port(t->r, 0x1f7, 0x20, 1);
    uint8_t p[512];
    read_block(t, 0x1f0, p, 512);
    expect_sector(p, 2 * 63 + 2);
    out_port(t->r, 0x3f6, 2, 1); // interrupts off
    out_port(t->r, 0x1f7, 0xe7, 1);
    cr_expect_not(t->irq[0].level);
    out_port(t->r, 0x3f6, 4, 1);
    cr_expect_eq(in_port(t->r, 0x3f6, 1), 0x80);
    out_port(t->r, 0x3f6, 0, 1);
    cr_expect_eq(in_port(t->r, 0x1f2, 1), 1);
    cr_expect_eq(in_port(t->r, 0x1f4, 1), 0);
    cr_expect_eq(status(t, 0x1f0), 0x50);
    done(t);
}

static void prd(IdeRig *t, unsigned i, uint32_t addr, uint32_t len, bool last)
{
    ram32(t->r, 0x1000 + 8 * i, addr);
    ram32(t->r, 0x1004 + 8 * i, (len & 0xffff) | (last ? 0x80000000u : 0));
}

Test(ide, bus_master_dma)
{
    IdeRig *t = ide_rig();
    prd(t, 0, 0x100000, 512 + 256, false);
    prd(t, 1, 0x200000, 256 + 512 * 126, true);
    out_port(t->r, BM + 4, 0x1000, 4);
    issue(t, 1000, 128, 0x25, true);
    cr_expect_not(t->irq[0].level);
    out_port(t->r, BM, 9, 1);
    cr_expect(t->irq[0].level);
    cr_expect_eq(in_port(t->r, BM + 2, 1), 4, "interrupt, no longer active");
    cr_expect_eq(status(t, 0x1f0), 0x50);
    expect_sector(t->r->ram + 0x100000, 1000);
    cr_expect_eq(ram_get32(t->r, 0x200100), 1002);
    expect_sector(t->r->ram + 0x200100 + 512 * 125, 1127);
    out_port(t->r, BM, 0, 1);
    out_port(t->r, BM + 2, 6, 1);
    cr_expect_eq(in_port(t->r, BM + 2, 1), 0);

    // Engine first, command second; the table is longer than the transfer.
    out_port(t->r, BM, 1, 1);
    memset(t->r->ram + 0x100000, 0xab, 512);
    issue(t, 1, 1, 0xca, false);
    cr_expect_eq(in_port(t->r, BM + 2, 1), 5);
    out_port(t->r, BM, 0, 1);
    out_port(t->r, BM + 2, 6, 1);
    uint8_t p[512];
    issue(t, 1, 1, 0x20, false);
    read_block(t, 0x1f0, p, 512);
    cr_expect_eq(p[511], 0xab);

    // A table that is too short: no interrupt, the drive waits.
    prd(t, 0, 0x100000, 100, true);
    status(t, 0x1f0);
    out_port(t->r, BM + 2, 6, 1);
    issue(t, 1, 2, 0xc8, false);
    out_port(t->r, BM, 9, 1);
    cr_expect_eq(in_port(t->r, BM + 2, 1) & 5, 0);
    cr_expect_not(t->irq[0].level);
    issue(t, 1, 2, 0x40, false);
    cr_expect_eq(status(t, 0x1f0), 0x50);

    // Without memory behind it.
    prd(t, 0, 0xf0000000, 1024, true);
    out_port(t->r, BM, 0, 1);
    issue(t, 1, 2, 0xc8, false);
    out_port(t->r, BM, 9, 1);
    cr_expect_eq(status(t, 0x1f0), 0x50);
    done(t);
}

static void packet(IdeRig *t, const uint8_t *cdb, bool dma, unsigned limit)
{
    out_port(t->r, 0x176, 0xa0, 1);
    out_port(t->r, 0x171, dma, 1);
    out_port(t->r, 0x174, limit, 1);
    out_port(t->r, 0x175, limit >> 8, 1);
    out_port(t->r, 0x177, 0xa0, 1);
    cr_expect_eq(in_port(t->r, 0x172, 1), 1);
    for (int i = 0; i < 12; i += 2) {
        out_port(t->r, 0x170, cdb[i] | cdb[i + 1] << 8, 2);
    }
}

// All of the reply to a packet by PIO; its length.
static unsigned reply(IdeRig *t, uint8_t *p)
{
    unsigned len = 0;
    while (status(t, 0x170) & 8) {
        unsigned n = (unsigned)in_port(t->r, 0x174, 1) | (unsigned)in_port(t->r, 0x175, 1) << 8;
        cr_expect_eq(in_port(t->r, 0x172, 1), 2);
        read_block(t, 0x170, p + len, n);
        len += n;
    }
    cr_expect_eq(in_port(t->r, 0x172, 1), 3);
    return len;
}

Test(ide, cdrom)
{
    IdeRig *t = ide_rig();
    uint8_t p[16384];
    cr_expect_eq(in_port(t->r, 0x174, 1), 0x14);
    cr_expect_eq(in_port(t->r, 0x175, 1), 0xeb);
    packet(t, (uint8_t[12]){0x12, 0, 0, 0, 36}, false, 0xfffe);
    cr_expect_eq(reply(t, p), 36);
    cr_expect_eq(p[0], 5);
    packet(t, (uint8_t[12]){0x25}, false, 0xfffe);
    cr_expect_eq(reply(t, p), 8);
    cr_expect_eq(p[2] << 8 | p[3], N_SECTORS / 4 - 1);
    packet(t, (uint8_t[12]){0x28, 0, 0, 0, 0, 3, 0, 0, 4}, false, 2048);
    cr_expect_eq(reply(t, p), 8192);
    expect_sector(p, 12);
    expect_sector(p + 8192 - 512, 27);
    packet(t, (uint8_t[12]){0xbe, 0, 0, 0, 0, 3, 0, 0, 2, 0xf8}, false, 0xfffe);
    cr_expect_eq(reply(t, p), 2 * 2352);
    expect_sector(p + 2352 + 16, 16);
    packet(t, (uint8_t[12]){0x43, 2, 0, 0, 0, 0, 0, 0, 20}, false, 0xfffe);
    cr_expect_eq(reply(t, p), 20);
    cr_expect_eq(p[18], (N_SECTORS / 4 + 150) / 75 % 60);

    prd(t, 0, 0x100000, 4096, true);
    out_port(t->r, BM + 12, 0x1000, 4);
    packet(t, (uint8_t[12]){0x28, 0, 0, 0, 0, 5, 0, 0, 2}, true, 0);
    out_port(t->r, BM + 8, 9, 1);
    cr_expect_eq(in_port(t->r, BM + 10, 1), 4);
    expect_sector(t->r->ram + 0x100000 + 4096 - 512, 27);

    packet(t, (uint8_t[12]){0x28, 0, 0, 0, 0xff, 0, 0, 0, 1}, false, 2048);
    cr_expect_eq(status(t, 0x170), 0x41);
    cr_expect_eq(in_port(t->r, 0x171, 1), 0x54);
    packet(t, (uint8_t[12]){0x03, 0, 0, 0, 18}, false, 2048);
    cr_expect_eq(reply(t, p), 18);
    cr_expect_eq(p[2], 5);
    cr_expect_eq(p[12], 0x21);

    packet(t, (uint8_t[12]){0x1b, 0, 0, 0, 2}, false, 2048); // eject
    packet(t, (uint8_t[12]){0x00}, false, 2048);
    cr_expect_eq(in_port(t->r, 0x171, 1), 0x20);
    packet(t, (uint8_t[12]){0x1b, 0, 0, 0, 3}, false, 2048); // load
    packet(t, (uint8_t[12]){0x00}, false, 2048);
    cr_expect_eq(in_port(t->r, 0x171, 1), 0x60, "unit attention");
    packet(t, (uint8_t[12]){0x00}, false, 2048);
    cr_expect_eq(status(t, 0x170), 0x40);
    packet(t, (uint8_t[12]){0x4a, 1, 0, 0, 0x10, 0, 0, 0, 8}, false, 2048);
    cr_expect_eq(reply(t, p), 8);
    cr_expect_eq(p[4], 2);
    cr_expect_eq(p[5], 2);
    for (unsigned code = 0; code < 256; code++) { // whatever comes, the drive answers
        packet(t, (uint8_t[12]){(uint8_t)code, 0xff, 0xff, 0xff, 0xff, 0, 0, 0xff, 0xff}, false, 1);
        out_port(t->r, 0x3f6, 0, 1);
        for (unsigned i = 0; i < 40000 && status(t, 0x170) & 8; i++) {
            in_port(t->r, 0x170, 4);
        }
    }
    done(t);
}

static unsigned media_event(IdeRig *t)
{
    uint8_t p[8];
    packet(t, (uint8_t[12]){0x4a, 1, 0, 0, 0x10, 0, 0, 0, 8}, false, 2048);
    cr_expect_eq(reply(t, p), 8);
    return p[4];
}

static unsigned sense_code(IdeRig *t)
{
    uint8_t p[18];
    packet(t, (uint8_t[12]){0x03, 0, 0, 0, 18}, false, 2048);
    cr_expect_eq(reply(t, p), 18);
    return p[12];
}

static void let_it_happen(IdeRig *t)
{
    cr_expect(gate_deliver(gate_get(t->r->m)));
}

// The CD is taken out in the middle of a transfer, and put in again.
Test(ide, media_changes)
{
    IdeRig *t = ide_rig();
    Machine *m = t->r->m;
    static uint8_t p[65536];
    char *error = NULL;
    packet(t, (uint8_t[12]){0x1e, 0, 0, 0, 1}, false, 2048); // lock
    cr_expect(!block_eject(m, "d1", false, &error));
    cr_expect_not_null(strstr(error, "locked"), "%s", error);
    let_it_happen(t);
    cr_expect_eq(media_event(t), 1, "somebody wants it");
    cr_expect_eq(media_event(t), 0);
    packet(t, (uint8_t[12]){0x28, 0, 0, 0, 0, 0, 0, 0, 32}, false, 2048);
    read_block(t, 0x170, p, 2048);
    expect_sector(p, 0);
    cr_assert(block_eject(m, "d1", true, &error), "%s", error);
    let_it_happen(t);
    cr_expect_lt(reply(t, p), 31 * 2048);
    cr_expect_eq(status(t, 0x170) & 1, 1);
    cr_expect_eq(sense_code(t), 0x3a, "no medium");
    cr_expect_eq(media_event(t), 3);
    cr_expect(!block_change(m, "d1", "/no/such/file", NULL, -1, false, &error));
    cr_expect(!block_change(m, "d0", t->cd, NULL, -1, false, &error));
    cr_expect_not_null(strstr(error, "fixed"), "%s", error);
    cr_assert(block_change(m, "d1", t->cd, NULL, -1, false, &error), "%s", error);
    let_it_happen(t);
    packet(t, (uint8_t[12]){0x00}, false, 2048);
    cr_expect_eq(in_port(t->r, 0x171, 1), 0x60, "unit attention");
    cr_expect_eq(media_event(t), 2);
    packet(t, (uint8_t[12]){0x28, 0, 0, 0, 0, 3, 0, 0, 1}, false, 2048);
    cr_expect_eq(reply(t, p), 2048);
    expect_sector(p, 12);
    done(t);
}
