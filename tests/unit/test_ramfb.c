// ramfb, set up as firmware does it: by writing its fw_cfg file.
#include <criterion/criterion.h>

#include "hw/nvram/fw_cfg.h"
#include "ui/console.h"
#include "virtio_rig.h"

#define FW_CFG  UINT64_C(0x09020000)
#define PICTURE (RAM_BASE + 0x100000)

typedef struct Setup {
    Rig *r;
    uint16_t key;
} Setup;

static uint32_t dma(Rig *r, uint32_t control, uint32_t len, uint64_t addr)
{
    uint32_t req[4] = {__builtin_bswap32(control), __builtin_bswap32(len),
                       __builtin_bswap32((uint32_t)(addr >> 32)),
                       __builtin_bswap32((uint32_t)addr)};
    memcpy(at(r, DATA), req, sizeof req);
    wr(r->m, FW_CFG + 16, __builtin_bswap64(DATA), 8);
    return __builtin_bswap32(get32(r, DATA));
}

// The file's number, from the directory.
static uint16_t find_file(Rig *r, const char *name)
{
    cr_assert_eq(dma(r, FW_CFG_FILE_DIR << 16 | 8 | 2, 4 + 4 * 64, DATA + 0x1000), 0);
    unsigned n = __builtin_bswap32(get32(r, DATA + 0x1000));
    for (unsigned i = 0; i < n; i++) {
        uint64_t e = DATA + 0x1004 + 64 * i;
        if (!strcmp(at(r, e + 8), name)) {
            cr_expect_eq(__builtin_bswap32(get32(r, e)), 28);
            return __builtin_bswap16(get16(r, e + 4));
        }
    }
    return 0;
}

static Setup ramfb(void)
{
    Setup s = {.r = rig_new()};
    fw_cfg_create(s.r->m, address_space_root(s.r->m->memory), FW_CFG);
    cr_assert_null(rig_plug(s.r, "ramfb", NULL));
    s.key = find_file(s.r, "etc/ramfb");
    cr_assert(s.key);
    return s;
}

static uint32_t set_mode(const Setup *s, uint64_t addr, uint32_t fourcc, uint32_t w, uint32_t h,
                         uint32_t stride)
{
    uint32_t c[7] = {(uint32_t)(addr >> 32), (uint32_t)addr, fourcc, 0, w, h, stride};
    for (int i = 0; i < 7; i++) {
        c[i] = __builtin_bswap32(c[i]);
    }
    memcpy(at(s->r, DATA + 0x100), c, sizeof c);
    return dma(s->r, (uint32_t)s->key << 16 | 8 | 16, sizeof c, DATA + 0x100);
}

#define XR24 0x34325258
#define RG16 0x36314752

Test(ramfb, shows_what_is_in_ram)
{
    Setup s = ramfb();
    Console *c = console_get(s.r->m, 0);
    uint32_t pixel = 0xff102030;
    cr_expect_eq(set_mode(&s, PICTURE, XR24, 64, 4, 512), 0);
    memcpy(at(s.r, PICTURE + 512 + 4), &pixel, 4);
    Surface *p = console_update(c);
    cr_expect_eq(p->width, 64);
    cr_expect_eq(p->height, 4);
    cr_expect_eq(surface_line(p, 1)[1], 0x102030);
    cr_expect_eq(console_update(c)->n_damage, 0);
    wr(s.r->m, PICTURE + 3 * 512, UINT32_MAX, 4);
    p = console_update(c);
    cr_expect_eq(p->n_damage, 1);
    cr_expect_eq(p->damage[0].y, 3);
    wr(s.r->m, PICTURE + 64 * 4, UINT32_MAX, 4);
    cr_expect_eq(console_update(c)->n_damage, 0, "behind the line's end");
    wr(s.r->m, PICTURE, 0xffe0, 2);
    cr_expect_eq(set_mode(&s, PICTURE, RG16, 8, 8, 0), 0);
    cr_expect_eq(surface_line(console_update(c), 0)[0], 0xffff00);
    bare_reset(s.r->m);
    cr_expect_eq(surface_line(console_update(c), 0)[0], 0, "no picture after a reset");
}

Test(ramfb, nonsense_shows_nothing)
{
    Setup s = ramfb();
    Console *c = console_get(s.r->m, 0);
    memset(at(s.r, PICTURE), 0xff, 0x1000);
    cr_expect_eq(set_mode(&s, 0x1000, XR24, 8, 8, 0), 0, "not RAM");
    cr_expect_eq(surface_line(console_update(c), 0)[0], 0);
    set_mode(&s, PICTURE, XR24, 0xffffffff, 0xffffffff, 0xffffffff);
    set_mode(&s, PICTURE, XR24, 8, 8, 4);
    set_mode(&s, PICTURE, 0x12345678, 8, 8, 0);
    set_mode(&s, RAM_BASE + RAM_SIZE - 4, XR24, 8, 8, 0);
    cr_expect_eq(surface_line(console_update(c), 0)[0], 0);
}

Test(ramfb, its_file_cannot_grow)
{
    Setup s = ramfb();
    cr_expect_eq(dma(s.r, (uint32_t)s.key << 16 | 8 | 16, 29, DATA + 0x100), 1);
    cr_expect_eq(dma(s.r, (uint32_t)s.key << 16 | 8 | 16, 28, 0x1000), 1, "not RAM");
    cr_expect_eq(dma(s.r, FW_CFG_SIGNATURE << 16 | 8 | 16, 4, DATA + 0x100), 1, "read-only");
    char *error = rig_plug(s.r, "ramfb", NULL);
    cr_expect_str_eq(error, "there can be only one ramfb");
}
