// The VGA: memory window, modes as a BIOS sets them, and the pictures that come out.
#include <criterion/criterion.h>
#include <string.h>

#include "bare_machine.h"
#include "hw/display/edid.h"
#include "hw/display/vga.h"

typedef struct VgaRig {
    Machine *m;
    Vga vga;
    AddressSpace *io;
} VgaRig;

static VgaRig *rig(void)
{
    VgaRig *r = g_new0(VgaRig, 1);
    r->m = bare_machine();
    MemRegion *io = mem_container("io", 0x10000);
    r->io = address_space_new("io", io);
    VgaPlaces p = {.memory = address_space_root(r->m->memory),
                   .io = io,
                   .vram_size = 16 << 20,
                   .name = "test"};
    vga_init(&r->vga, r->m, &p);
    mem_map(address_space_root(r->m->memory), 0xe0000000, r->vga.vram_region, 0);
    vga_reset(&r->vga);
    r->vga.dac_mask = 0xff;
    return r;
}

static void out8(VgaRig *r, unsigned port, unsigned v)
{
    mem_write_n(r->io, port, v, 1);
}

static void out16(VgaRig *r, unsigned port, unsigned v)
{
    mem_write_n(r->io, port, v, 2);
}

static unsigned in8(VgaRig *r, unsigned port)
{
    uint64_t v;
    mem_read_n(r->io, port, &v, 1);
    return (unsigned)v;
}

// What a VGA BIOS programs: miscellaneous, sequencer 1-4, CRTC 0-18, graphics 0-8, attribute 10-13.
typedef struct BiosMode {
    uint8_t misc, seq[4], crtc[25], gr[9], ar[4];
} BiosMode;

static const BiosMode mode_03 = {0x67,
                                 {0x00, 0x03, 0x00, 0x02},
                                 {0x5f, 0x4f, 0x50, 0x82, 0x55, 0x81, 0xbf, 0x1f, 0x00,
                                  0x4f, 0x0d, 0x0e, 0x00, 0x00, 0x00, 0x00, 0x9c, 0x8e,
                                  0x8f, 0x28, 0x1f, 0x96, 0xb9, 0xa3, 0xff},
                                 {0x00, 0x00, 0x00, 0x00, 0x00, 0x10, 0x0e, 0x0f, 0xff},
                                 {0x0c, 0x00, 0x0f, 0x08}};
static const BiosMode mode_04 = {0x63,
                                 {0x09, 0x03, 0x00, 0x02},
                                 {0x2d, 0x27, 0x28, 0x90, 0x2b, 0x80, 0xbf, 0x1f, 0x00,
                                  0xc1, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x9c, 0x8e,
                                  0x8f, 0x14, 0x00, 0x96, 0xb9, 0xa2, 0xff},
                                 {0x00, 0x00, 0x00, 0x00, 0x00, 0x30, 0x0f, 0x0f, 0xff},
                                 {0x01, 0x00, 0x03, 0x00}};
static const BiosMode mode_12 = {0xe3,
                                 {0x01, 0x0f, 0x00, 0x06},
                                 {0x5f, 0x4f, 0x50, 0x82, 0x54, 0x80, 0x0b, 0x3e, 0x00,
                                  0x40, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0xea, 0x8c,
                                  0xdf, 0x28, 0x00, 0xe7, 0x04, 0xe3, 0xff},
                                 {0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x05, 0x0f, 0xff},
                                 {0x01, 0x00, 0x0f, 0x00}};
static const BiosMode mode_13 = {0x63,
                                 {0x01, 0x0f, 0x00, 0x0e},
                                 {0x5f, 0x4f, 0x50, 0x82, 0x54, 0x80, 0xbf, 0x1f, 0x00,
                                  0x41, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x9c, 0x8e,
                                  0x8f, 0x28, 0x40, 0x96, 0xb9, 0xa3, 0xff},
                                 {0x00, 0x00, 0x00, 0x00, 0x00, 0x40, 0x05, 0x0f, 0xff},
                                 {0x41, 0x00, 0x0f, 0x00}};

static void set_mode(VgaRig *r, const BiosMode *b)
{
    out8(r, 0x3c2, b->misc);
    for (unsigned i = 0; i < 4; i++) {
        out16(r, 0x3c4, (i + 1) | (unsigned)b->seq[i] << 8);
    }
    out16(r, 0x3d4, 0x0011); // unprotect
    for (unsigned i = 0; i < 25; i++) {
        out16(r, 0x3d4, i | (unsigned)b->crtc[i] << 8);
    }
    for (unsigned i = 0; i < 9; i++) {
        out16(r, 0x3ce, i | (unsigned)b->gr[i] << 8);
    }
    in8(r, 0x3da);
    for (unsigned i = 0; i < 16; i++) {
        out8(r, 0x3c0, i);
        out8(r, 0x3c0, i < 8 || b == &mode_12 ? i : i + 0x30);
    }
    for (unsigned i = 0; i < 4; i++) {
        out8(r, 0x3c0, 0x10 + i);
        out8(r, 0x3c0, b->ar[i]);
    }
    out8(r, 0x3c0, 0x20);
    out8(r, 0x3c8, 0);
    for (unsigned i = 0; i < 256; i++) { // entry i: red i, green 0x3f - i, blue i / 4
        out8(r, 0x3c9, i & 63);
        out8(r, 0x3c9, 63 - (i & 63));
        out8(r, 0x3c9, i >> 2);
    }
}

static uint32_t colour(unsigned dac)
{
    unsigned c[3] = {dac & 63, 63 - (dac & 63), dac >> 2};
    uint32_t p = 0;
    for (int i = 0; i < 3; i++) {
        p = p << 8 | (c[i] << 2 | c[i] >> 4);
    }
    return p;
}

static uint32_t pixel(const Surface *s, unsigned x, unsigned y)
{
    return surface_line(s, y)[x];
}

// Glyph rows of character c: row n is the byte c ^ n.
static void load_font(VgaRig *r)
{
    out16(r, 0x3c4, 0x0402);
    out16(r, 0x3c4, 0x0604);
    out16(r, 0x3ce, 0x0005);
    out16(r, 0x3ce, 0x0406);
    for (unsigned c = 0; c < 256; c++) {
        for (unsigned n = 0; n < 16; n++) {
            wr(r->m, 0xa0000 + c * 32 + n, c == ' ' ? 0 : c ^ n, 1);
        }
    }
    out16(r, 0x3c4, 0x0302);
    out16(r, 0x3c4, 0x0204);
    out16(r, 0x3ce, 0x1005);
    out16(r, 0x3ce, 0x0e06);
}

static void say(VgaRig *r, unsigned column, unsigned row, const char *text, uint8_t attr)
{
    for (; *text; text++, column++) {
        wr(r->m, 0xb8000 + (row * 80 + column) * 2, (uint8_t)*text | attr << 8, 2);
    }
}

Test(vga, text_screen)
{
    VgaRig *r = rig();
    set_mode(r, &mode_03);
    load_font(r);
    for (unsigned row = 0; row < 25; row++) {
        for (unsigned column = 0; column < 80; column++) {
            say(r, column, row, " ", 0x07);
        }
    }
    say(r, 3, 2, "Hello", 0x1e);
    Surface *s = console_update(r->vga.console);
    cr_assert_eq(s->width, 720);
    cr_assert_eq(s->height, 400);
    for (unsigned y = 0; y < 16; y++) {
        for (unsigned x = 0; x < 9; x++) {
            bool on = x < 8 && ('H' ^ y) & 0x80 >> x;
            // Attribute registers 8-15 hold 0x38-0x3f.
            cr_expect_eq(pixel(s, 27 + x, 32 + y), colour(on ? 0x3e : 1), "%u,%u", x, y);
        }
    }
    cr_expect_eq(pixel(s, 3, 13), colour(7), "the cursor at 0,0");
    cr_expect_eq(pixel(s, 3, 12), colour(0));
    char *text = console_text(r->vga.console);
    cr_expect(!strncmp(text, "\n\n   Hello\n\n", 12), "%s", text);
    g_free(text);
}

Test(vga, only_what_changed_is_damaged)
{
    VgaRig *r = rig();
    set_mode(r, &mode_03);
    load_font(r);
    Surface *s = console_update(r->vga.console);
    surface_clear_damage(s);
    console_update(r->vga.console);
    cr_expect_eq(s->n_damage, 0);
    say(r, 10, 5, "x", 7);
    console_update(r->vga.console);
    cr_assert_eq(s->n_damage, 1);
    cr_expect_eq(s->damage[0].x, 90);
    cr_expect_eq(s->damage[0].y, 80);
    cr_expect_eq(s->damage[0].width, 9);
    cr_expect_eq(s->damage[0].height, 16);
}

Test(vga, planar_16_colours)
{
    VgaRig *r = rig();
    set_mode(r, &mode_12);
    out16(r, 0x3ce, 0x0205); // write mode 2: a colour, through the bit mask
    out16(r, 0x3ce, 0x8008);
    rd(r->m, 0xa0000 + 80 * 3 + 2, 1);
    wr(r->m, 0xa0000 + 80 * 3 + 2, 0x0d, 1);
    Surface *s = console_update(r->vga.console);
    cr_assert_eq(s->width, 640);
    cr_assert_eq(s->height, 480);
    cr_expect_eq(pixel(s, 16, 3), colour(0x0d));
    cr_expect_eq(pixel(s, 17, 3), colour(0));
    cr_expect_eq(pixel(s, 16, 4), colour(0));

    // Write mode 0, set/reset 6 for all planes, xor with the latches.
    out16(r, 0x3ce, 0x0005);
    out16(r, 0x3ce, 0x0600);
    out16(r, 0x3ce, 0x0f01);
    out16(r, 0x3ce, 0x1803);
    rd(r->m, 0xa0000 + 80 * 3 + 2, 1);
    wr(r->m, 0xa0000 + 80 * 3 + 2, 0, 1);
    console_update(r->vga.console);
    cr_expect_eq(pixel(s, 16, 3), colour(0x0d ^ 6));

    // Read mode 1: where is the colour 0xb?
    out16(r, 0x3ce, 0x0805);
    out16(r, 0x3ce, 0x0b02);
    out16(r, 0x3ce, 0x0f07);
    cr_expect_eq(rd(r->m, 0xa0000 + 80 * 3 + 2, 1), 0x80);

    // Write mode 1 copies four planes; write mode 3 uses the data as a mask.
    out16(r, 0x3ce, 0x0105);
    rd(r->m, 0xa0000 + 80 * 3 + 2, 1);
    wr(r->m, 0xa0000 + 80 * 4 + 2, 0xff, 1);
    out16(r, 0x3ce, 0x0305);
    out16(r, 0x3ce, 0x0003);
    out16(r, 0x3ce, 0xff08);
    rd(r->m, 0xa0000 + 80 * 4 + 3, 1);
    wr(r->m, 0xa0000 + 80 * 4 + 3, 0x01, 1);
    console_update(r->vga.console);
    cr_expect_eq(pixel(s, 16, 4), colour(0x0b));
    cr_expect_eq(pixel(s, 31, 4), colour(6));
    cr_expect_eq(pixel(s, 30, 4), colour(0));
}

Test(vga, mode_13h_is_plain_memory_and_mode_x_is_not)
{
    VgaRig *r = rig();
    set_mode(r, &mode_13);
    cr_expect_not_null(address_space_page(r->m->memory, 0xa0000).host);
    wr(r->m, 0xa0000 + 320 * 10 + 7, 0x55, 1);
    Surface *s = console_update(r->vga.console);
    cr_assert_eq(s->width, 640);
    cr_assert_eq(s->height, 400);
    cr_expect_eq(pixel(s, 14, 20), colour(0x55));
    cr_expect_eq(pixel(s, 15, 21), colour(0x55));
    cr_expect_eq(pixel(s, 16, 20), colour(0));

    out16(r, 0x3c4, 0x0604); // unchained
    out16(r, 0x3d4, 0x0014);
    out16(r, 0x3d4, 0xe317);
    cr_expect_null(address_space_page(r->m->memory, 0xa0000).host);
    out16(r, 0x3c4, 0x0402); // plane 2
    wr(r->m, 0xa0000 + 80 * 10 + 1, 0x66, 1);
    console_update(r->vga.console);
    cr_expect_eq(pixel(s, 12, 20), colour(0x66));
    cr_expect_eq(pixel(s, 14, 20), colour(0x55));
}

Test(vga, cga_4_colours_are_interleaved)
{
    VgaRig *r = rig();
    set_mode(r, &mode_04);
    wr(r->m, 0xb8000, 0x1b, 1);          // pixels 0 1 2 3
    wr(r->m, 0xb8000 + 1, 0xe4, 1);      // 3 2 1 0
    wr(r->m, 0xb8000 + 0x2000, 0xc0, 1); // line 1
    Surface *s = console_update(r->vga.console);
    cr_assert_eq(s->width, 640);
    cr_assert_eq(s->height, 400);
    for (unsigned i = 0; i < 4; i++) {
        cr_expect_eq(pixel(s, 2 * i, 0), colour(i));
        cr_expect_eq(pixel(s, 8 + 2 * i, 1), colour(3 - i));
    }
    cr_expect_eq(pixel(s, 0, 2), colour(3));
    cr_expect_eq(pixel(s, 2, 2), colour(0));
}

static void vbe(VgaRig *r, unsigned index, unsigned v)
{
    out16(r, 0x1ce, index);
    out16(r, 0x1cf, v);
}

static unsigned vbe_get(VgaRig *r, unsigned index)
{
    uint64_t v;
    out16(r, 0x1ce, index);
    mem_read_n(r->io, 0x1cf, &v, 2);
    return (unsigned)v;
}

static void vbe_mode_set(VgaRig *r, unsigned w, unsigned h, unsigned bpp)
{
    vbe(r, VBE_ENABLE, 0);
    vbe(r, VBE_XRES, w);
    vbe(r, VBE_YRES, h);
    vbe(r, VBE_BPP, bpp);
    vbe(r, VBE_ENABLE, VBE_ENABLED | VBE_LFB);
    in8(r, 0x3da);
    out8(r, 0x3c0, 0x20);
}

Test(vga, vbe_direct_colour)
{
    static const struct {
        unsigned bpp;
        uint32_t value, pixel;
    } depth[] = {{15, 0x7c1f, 0xff00ff},
                 {16, 0x07e0, 0x00ff00},
                 {24, 0x123456, 0x123456},
                 {32, 0xff654321, 0x654321}};
    VgaRig *r = rig();
    cr_expect_eq(vbe_get(r, VBE_ID), 0xb0c5);
    cr_expect_eq(vbe_get(r, VBE_MEMORY_64K), 256);
    for (size_t i = 0; i < ARRAY_LEN(depth); i++) {
        unsigned bytes = (depth[i].bpp + 7) / 8;
        vbe_mode_set(r, 800, 600, depth[i].bpp);
        wr(r->m, 0xe0000000 + (100 * 800 + 50) * bytes, depth[i].value & mask64(8 * bytes), 4);
        Surface *s = console_update(r->vga.console);
        cr_assert_eq(s->width, 800);
        cr_assert_eq(s->height, 600);
        cr_expect_eq(pixel(s, 50, 100), depth[i].pixel, "%u bits", depth[i].bpp);
        cr_expect_eq(pixel(s, 49, 100), 0);
        vbe(r, VBE_X_OFFSET, 8);
        vbe(r, VBE_Y_OFFSET, 90);
        console_update(r->vga.console);
        cr_expect_eq(pixel(s, 42, 10), depth[i].pixel);
        vbe(r, VBE_Y_OFFSET, 0);
        vbe(r, VBE_X_OFFSET, 0);
    }
}

Test(vga, vbe_virtual_width_banks_and_8_bit_palette)
{
    VgaRig *r = rig();
    out8(r, 0x3c2, 0x63);
    vbe_mode_set(r, 640, 480, 8);
    vbe(r, VBE_VIRT_WIDTH, 1024);
    cr_expect_eq(vbe_get(r, VBE_VIRT_HEIGHT), (16 << 20) / 1024);
    vbe(r, VBE_BANK, 3);
    cr_expect_not_null(address_space_page(r->m->memory, 0xa0000).host);
    wr(r->m, 0xa0000 + 5, 0x42, 1);
    cr_expect_eq(r->vga.vram[3 * 65536 + 5], 0x42);
    vbe(r, VBE_ENABLE, VBE_ENABLED | VBE_8BIT_DAC | VBE_NO_CLEAR);
    out8(r, 0x3c8, 0x42);
    out8(r, 0x3c9, 0xfe);
    out8(r, 0x3c9, 0x81);
    out8(r, 0x3c9, 0x03);
    Surface *s = console_update(r->vga.console);
    cr_expect_eq(pixel(s, 5, 192), 0xfe8103);
    vbe(r, VBE_X_OFFSET, 4);
    vbe(r, VBE_Y_OFFSET, 100);
    console_update(r->vga.console);
    cr_expect_eq(pixel(s, 1, 92), 0xfe8103);
}

Test(vga, hostile_registers_draw_something)
{
    VgaRig *r = rig();
    uint32_t x = 12345;
    for (int round = 0; round < 300; round++) {
        for (int i = 0; i < 40; i++) {
            x = x * 1664525 + 1013904223;
            out8(r, 0x3b0 + (x >> 8) % 0x30, x >> 24);
            if (!(x & 0x70)) {
                vbe(r, x >> 8 & 15, x >> 16);
            }
            wr(r->m, 0xa0000 + (x >> 9) % 0x20000, x, 1);
            rd(r->m, 0xa0000 + (x >> 10) % 0x20000, 1);
        }
        if (round % 8 == 0 || r->vga.vbe[VBE_XRES] < 2000) {
            r->vga.ar_blank = false;
            r->vga.seq[SEQ_CLOCKING] &= 0x1f;
            console_update(r->vga.console);
        }
        char *text = console_text(r->vga.console);
        g_free(text);
    }
}

// --- drawing bit by bit

static uint32_t *copy_of(const Surface *s)
{
    return g_memdup2(s->pixels, (size_t)s->width * s->height * sizeof *s->pixels);
}

static bool damaged(const Surface *s, unsigned x, unsigned y)
{
    for (unsigned i = 0; i < s->n_damage; i++) {
        const Rect *d = &s->damage[i];
        if (x - d->x < d->width && y - d->y < d->height) {
            return true;
        }
    }
    return false;
}

// Draws what changed; that is what drawing all gives, and what differs from before is damaged.
static void check_picture(VgaRig *r)
{
    const Surface *s = console_surface(r->vga.console);
    unsigned width = s->width, height = s->height;
    uint32_t *before = copy_of(s);
    console_update(r->vga.console);
    uint32_t *now = copy_of(s);
    if (s->width == width && s->height == height) {
        for (unsigned i = 0; i < width * height; i++) {
            cr_assert(before[i] == now[i] || damaged(s, i % width, i / width));
        }
    }
    vga_console_ops.invalidate(&r->vga);
    console_update(r->vga.console);
    cr_assert(!memcmp(now, s->pixels, (size_t)s->width * s->height * sizeof *now));
    g_free(before);
    g_free(now);
}

// Stores to the window, to the frame buffer, by DMA, and a change of what is shown now and then.
static void scribble(VgaRig *r, uint32_t *seed)
{
    uint8_t bytes[300];
    *seed = *seed * 1664525 + 1013904223;
    for (unsigned n = (*seed >> 24) % 6; n--;) {
        *seed = *seed * 1664525 + 1013904223;
        uint32_t x = *seed;
        memset(bytes, (int)(x >> 20), sizeof bytes);
        switch (x >> 29) {
        case 0:
            vbe(r, VBE_Y_OFFSET, x >> 8 & 15);
            break;
        case 1:
            out16(r, 0x3d4, (x & 0x0100 ? CR_START_LOW : CR_CURSOR_LOW) | (x >> 16 & 0x7f) << 8);
            break;
        case 2:
            vbe(r, VBE_BANK, x >> 8 & 7);
            break;
        case 3:
            mem_write(r->m->memory, 0xe0000000 + (x >> 8) % 0x40000, bytes, x & 0xff);
            break;
        default:
            wr(r->m, (x >> 28 & 1 ? 0xa0000 : 0xb8000) + (x >> 8) % 0x8000, x, 1);
        }
    }
}

Test(vga, drawing_what_changed_gives_the_whole_picture)
{
    static const BiosMode *const bios[] = {&mode_03, &mode_04, &mode_12, &mode_13};
    static const uint8_t depths[] = {4, 8, 15, 16, 24, 32};
    uint32_t seed = 99;
    for (unsigned mode = 0; mode < ARRAY_LEN(bios) + ARRAY_LEN(depths); mode++) {
        VgaRig *r = rig();
        if (mode < ARRAY_LEN(bios)) {
            set_mode(r, bios[mode]);
        } else {
            set_mode(r, &mode_12);
            vbe_mode_set(r, 320, 240, depths[mode - ARRAY_LEN(bios)]);
        }
        for (unsigned i = 0; i < 60; i++) {
            console_update(r->vga.console);
            for (unsigned k = 0; k < 3; k++) { // looks that draw little
                scribble(r, &seed);
                console_update(r->vga.console);
            }
            scribble(r, &seed);
            check_picture(r);
        }
    }
}

Test(vga, edid_is_whole)
{
    uint8_t e[EDID_SIZE], sum = 0;
    EdidInfo info = {1280, 800, 0, 0, "Mimus Monitor"};
    edid_make(&info, e);
    for (int i = 0; i < EDID_SIZE; i++) {
        sum += e[i];
    }
    cr_expect_eq(sum, 0);
    cr_expect_eq(e[54 + 2] | (e[54 + 4] & 0xf0) << 4, 1280);
    cr_expect_eq(e[54 + 5] | (e[54 + 7] & 0xf0) << 4, 800);
}
