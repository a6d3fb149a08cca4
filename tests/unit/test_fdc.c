// The floppy disk controller and the DMA controllers.
#include <criterion/criterion.h>

#include "hw/block/fdc.h"
#include "bus_rig.h"

#define SECTORS 2880

typedef struct FdcRig {
    BusRig *r;
    Pin irq;
    Device *fdc;
    char *image;
} FdcRig;

static void fill(uint8_t *p, unsigned n)
{
    for (unsigned i = 0; i < 512; i++) {
        p[i] = (uint8_t)(n * 3 + i);
    }
    memcpy(p, &n, 4);
}

static void put(FdcRig *t, uint8_t v)
{
    cr_expect_eq(in_port(t->r, 0x3f4, 1) & 0xc0, 0x80);
    out_port(t->r, 0x3f5, v, 1);
}

static void command(FdcRig *t, const uint8_t *bytes, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        put(t, bytes[i]);
    }
}

static unsigned result(FdcRig *t, uint8_t *bytes)
{
    unsigned n = 0;
    while (n < 16 && (in_port(t->r, 0x3f4, 1) & 0xd0) == 0xd0) {
        bytes[n++] = (uint8_t)in_port(t->r, 0x3f5, 1);
    }
    return n;
}

static FdcRig *rig(bool dma)
{
    FdcRig *t = g_new0(FdcRig, 1);
    uint8_t r[16];
    t->r = bus_rig();
    MemRegion *io = address_space_root(t->r->m->io);
    I8237 *d = i8237_create(t->r->m, io);
    t->fdc = fdc_create(t->r->m, io, pin_line(&t->irq), d);
    t->image = bus_image(t->r, "x", SECTORS, "", fill);
    char *error = NULL, *arg = g_strdup_printf("file=%s,if=floppy,file.locking=off", t->image);
    cr_assert(drive_add(t->r->m, arg, false, &error), "%s", error);
    cr_assert(drive_create_devices(t->r->m, &error), "%s", error);
    bare_reset(t->r->m);
    out_port(t->r, 0x3f2, 0x00, 1);
    out_port(t->r, 0x3f2, 0x1c, 1);
    cr_expect(t->irq.level);
    for (unsigned i = 0; i < 4; i++) {
        command(t, (uint8_t[]){8}, 1);
        cr_expect_eq(result(t, r), 2);
        cr_expect_eq(r[0], 0xc0 | i);
    }
    cr_expect_not(t->irq.level);
    command(t, (uint8_t[]){3, 0xdf, dma ? 2 : 3}, 3);
    cr_expect_eq(in_port(t->r, 0x3f7, 1), 0x80, "changed");
    command(t, (uint8_t[]){7, 0}, 2);
    command(t, (uint8_t[]){8}, 1);
    result(t, r);
    cr_expect_eq(r[0], 0x20);
    cr_expect_eq(in_port(t->r, 0x3f7, 1), 0, "a step with a disk in");
    return t;
}

static void set_dma(FdcRig *t, uint8_t mode, uint32_t addr, unsigned count)
{
    out_port(t->r, 0x0a, 6, 1);
    out_port(t->r, 0x0c, 0, 1);
    out_port(t->r, 0x0b, mode, 1);
    out_port(t->r, 0x04, addr, 1);
    out_port(t->r, 0x04, addr >> 8, 1);
    out_port(t->r, 0x81, addr >> 16, 1);
    out_port(t->r, 0x05, count - 1, 1);
    out_port(t->r, 0x05, (count - 1) >> 8, 1);
    out_port(t->r, 0x0a, 2, 1);
}

static void seek(FdcRig *t, uint8_t track)
{
    uint8_t r[16];
    command(t, (uint8_t[]){0x0f, 0, track}, 3);
    cr_expect(t->irq.level);
    command(t, (uint8_t[]){8}, 1);
    cr_expect_eq(result(t, r), 2);
    cr_expect_eq(r[1], track);
}

static void expect_sector(const uint8_t *p, unsigned n)
{
    uint8_t want[512];
    fill(want, n);
    cr_expect_arr_eq(p, want, 512, "sector %u", n);
}

Test(fdc, dma_read_over_both_heads)
{
    FdcRig *t = rig(true);
    uint8_t r[16];
    cr_expect_eq(fdc_drive_type(t->fdc, 0), 4);
    cr_expect_eq(fdc_drive_type(t->fdc, 1), 0);
    seek(t, 5);
    set_dma(t, 0x46, 0x123400, 20 * 512);
    command(t, (uint8_t[]){0xe6, 0, 5, 0, 10, 2, 18, 0x1b, 0xff}, 9);
    cr_expect(t->irq.level);
    cr_expect_eq(result(t, r), 7);
    cr_expect_eq(r[0], 4, "ended on head 1");
    cr_expect_eq(r[1] | r[2], 0);
    cr_expect_eq(r[5], 12);
    cr_expect_not(t->irq.level);
    for (unsigned i = 0; i < 20; i++) {
        expect_sector(t->r->ram + 0x123400 + 512 * i, 5 * 36 + 9 + i);
    }
    cr_expect_eq(in_port(t->r, 0x08, 1) & 4, 4, "terminal count");
    cr_expect_eq(in_port(t->r, 0x0f, 1) & 4, 4, "masked");

    // The count is longer than the track.
    set_dma(t, 0x46, 0x123400, 20 * 512);
    command(t, (uint8_t[]){0x46, 0, 5, 0, 10, 2, 18, 0x1b, 0xff}, 9);
    result(t, r);
    cr_expect_eq(r[0], 0x40);
    cr_expect_eq(r[1], 0x80);
    unlink(t->image);
}

Test(fdc, dma_write_waits_for_the_channel)
{
    FdcRig *t = rig(true);
    uint8_t r[16];
    memset(t->r->ram + 0x20000, 0x99, 1024);
    set_dma(t, 0x4a, 0x20000, 1024);
    out_port(t->r, 0x0a, 6, 1);
    command(t, (uint8_t[]){0x45, 0, 0, 0, 3, 2, 18, 0x1b, 0xff}, 9);
    cr_expect_not(t->irq.level);
    cr_expect_eq(in_port(t->r, 0x3f4, 1), 0x10);
    out_port(t->r, 0x0a, 2, 1);
    cr_expect(t->irq.level);
    result(t, r);
    cr_expect_eq(r[0], 0);
    set_dma(t, 0x46, 0x30000, 512);
    command(t, (uint8_t[]){0x46, 0, 0, 0, 4, 2, 18, 0x1b, 0xff}, 9);
    result(t, r);
    cr_expect_eq(t->r->ram[0x301ff], 0x99);

    static const uint8_t ids[12] = {0, 0, 1, 2, 0, 0, 2, 2, 0, 0, 3, 2};
    memcpy(t->r->ram + 0x20000, ids, 12);
    set_dma(t, 0x4a, 0x20000, 12);
    command(t, (uint8_t[]){0x4d, 0, 2, 3, 0x54, 0xf6}, 6);
    cr_expect_eq(result(t, r), 7);
    cr_expect_eq(r[0], 0);
    set_dma(t, 0x46, 0x30000, 4 * 512);
    command(t, (uint8_t[]){0x46, 0, 0, 0, 1, 2, 18, 0x1b, 0xff}, 9);
    result(t, r);
    cr_expect_eq(t->r->ram[0x30000], 0xf6);
    cr_expect_eq(t->r->ram[0x305ff], 0xf6);
    cr_expect_eq(t->r->ram[0x30600], 0x99);
    unlink(t->image);
}

Test(fdc, bytes_without_dma)
{
    FdcRig *t = rig(false);
    uint8_t r[16], p[512];
    command(t, (uint8_t[]){0x46, 4, 0, 1, 18, 2, 18, 0x1b, 0xff}, 9);
    for (unsigned i = 0; i < 512; i++) {
        cr_expect_eq(in_port(t->r, 0x3f4, 1), 0xf0);
        p[i] = (uint8_t)in_port(t->r, 0x3f5, 1);
    }
    expect_sector(p, 35);
    cr_expect_eq(result(t, r), 7);
    cr_expect_eq(r[1], 0x80, "the end of the track");
    unlink(t->image);
}

Test(fdc, errors_and_small_commands)
{
    FdcRig *t = rig(true);
    uint8_t r[16];
    command(t, (uint8_t[]){0x46, 0, 7, 0, 1, 2, 18, 0x1b, 0xff}, 9);
    result(t, r);
    cr_expect_eq(r[1] | r[2] << 8, 0x1004, "wrong cylinder");
    command(t, (uint8_t[]){0x46, 0, 0, 0, 19, 2, 19, 0x1b, 0xff}, 9);
    result(t, r);
    cr_expect_eq(r[1], 4);
    out_port(t->r, 0x3f7, 2, 1); // a wrong data rate
    command(t, (uint8_t[]){0x4a, 0}, 2);
    cr_expect_eq(result(t, r), 7);
    cr_expect_eq(r[1], 1);
    out_port(t->r, 0x3f7, 0, 1);
    command(t, (uint8_t[]){0x4a, 0}, 2);
    result(t, r);
    cr_expect_eq(r[0] | r[1], 0);
    command(t, (uint8_t[]){0x10}, 1);
    cr_expect_eq(result(t, r), 1);
    cr_expect_eq(r[0], 0x90);
    command(t, (uint8_t[]){0x1f}, 1);
    result(t, r);
    cr_expect_eq(r[0], 0x80);
    command(t, (uint8_t[]){4, 0}, 2);
    result(t, r);
    cr_expect_eq(r[0], 0x38);
    uint32_t x = 7; // whatever comes
    for (unsigned i = 0; i < 200000; i++) {
        x = x * 1664525 + 1013904223;
        unsigned port = x >> 28 & 7;
        if (x & 0x100) {
            out_port(t->r, 0x3f0 + port, x >> 16, 1);
        } else if (x & 0x200) {
            out_port(t->r, x >> 16 & 15, x >> 20, 1);
        } else {
            in_port(t->r, 0x3f0 + port, 1);
        }
    }
    unlink(t->image);
}
