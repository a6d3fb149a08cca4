// Registers -> how video memory becomes a picture.
#include "hw/display/vga.h"

#include <glib.h>
#include <limits.h>
#include <string.h>

#include "hw/core/machine.h"

// --- colours

static uint32_t dac_pixel(const Vga *s, uint8_t index)
{
    const uint8_t *c = &s->dac[(index & s->dac_mask) * 3];
    uint32_t p = 0;
    for (int i = 0; i < 3; i++) {
        p = p << 8 | (vga_dac_is_8bit(s) ? c[i] : (c[i] & 63) << 2 | (c[i] & 63) >> 4);
    }
    return p;
}

static void palette_16(const Vga *s, VgaMode *m)
{
    for (unsigned i = 0; i < 16; i++) {
        unsigned index = s->ar[i] & 0x3f, select = s->ar[AR_COLOR_SELECT];
        if (s->ar[AR_MODE] & 0x80) {
            index = (index & 15) | (select & 3) << 4;
        }
        m->palette[i] = dac_pixel(s, (uint8_t)(index | (select >> 2 & 3) << 6));
    }
}

static void palette_256(const Vga *s, VgaMode *m)
{
    for (unsigned i = 0; i < 256; i++) {
        m->palette[i] = dac_pixel(s, (uint8_t)i);
    }
}

// --- modes of the CRT controller

static void text_mode(const Vga *s, VgaMode *m)
{
    static const uint16_t blocks[8] = {0x0000, 0x4000, 0x8000, 0xc000,
                                       0x2000, 0x6000, 0xa000, 0xe000};
    unsigned f = s->seq[SEQ_FONT];
    unsigned b = (f & 3) | (f >> 2 & 4), a = (f >> 2 & 3) | (f >> 3 & 4);
    m->draw = VGA_TEXT;
    m->char_width = s->seq[SEQ_CLOCKING] & 1 ? 8 : 9;
    m->font[0] = blocks[b] * 4u;
    m->font[1] = blocks[a] * 4u;
    m->blink = s->ar[AR_MODE] & 8;
    m->mono = s->ar[AR_MODE] & 2;
    m->line_graphics = s->ar[AR_MODE] & 4;
    m->underline = s->cr[CR_UNDERLINE] & 0x1f;
    m->cursor = UINT32_MAX;
    if (!(s->cr[CR_CURSOR_START] & 0x20)) {
        m->cursor = (s->cr[CR_CURSOR_HIGH] << 8 | s->cr[CR_CURSOR_LOW]) * 4u;
        m->cursor_first = s->cr[CR_CURSOR_START] & 0x1f;
        m->cursor_last = s->cr[CR_CURSOR_END] & 0x1f;
    }
    palette_16(s, m);
}

static void graphics_mode(const Vga *s, VgaMode *m)
{
    unsigned shift = s->gr[GR_MODE] >> 5 & 3;
    m->char_width = 8;
    if (shift >= 2) {
        m->draw = VGA_INDEXED;
        m->pixel_double = 2;
        palette_256(s, m);
    } else {
        m->draw = shift ? VGA_CGA4 : VGA_PLANAR;
        m->planes = s->ar[AR_PLANE_ENABLE] & 15;
        palette_16(s, m);
    }
    // In word mode one address counts for two, so that its bits are one further down here.
    unsigned bit13 = s->cr[CR_MODE] & 0x40 ? 13 : 12;
    m->scan_bit[0] = s->cr[CR_MODE] & 1 ? 0 : 4u << bit13;
    m->scan_bit[1] = s->cr[CR_MODE] & 2 ? 0 : 8u << bit13;
}

static unsigned panning(const Vga *s, const VgaMode *m)
{
    unsigned p = s->ar[AR_PEL_PANNING] & 15;
    if (m->draw == VGA_INDEXED) {
        return p & 7; // in half pixels, as they are shown
    }
    if (m->char_width == 9) {
        return p >= 8 ? 0 : p + 1;
    }
    return (p & 7) * m->pixel_double;
}

static void crtc_mode(const Vga *s, VgaMode *m)
{
    const uint8_t *c = s->cr;
    unsigned overflow = c[CR_OVERFLOW];
    m->mask = 0x3ffff;
    m->pixel_double = s->seq[SEQ_CLOCKING] & 8 ? 2 : 1;
    m->start = (c[CR_START_HIGH] << 8 | c[CR_START_LOW]) * 4u + (c[CR_PRESET_ROW] >> 5 & 3) * 4u;
    m->line_bytes = c[CR_OFFSET] * 8u;
    m->split = c[CR_LINE_COMPARE] | (overflow & 0x10) << 4 | (c[CR_MAX_SCAN] & 0x40u) << 3;
    m->row_height = (c[CR_MAX_SCAN] & 0x1f) + 1u;
    m->line_double = c[CR_MAX_SCAN] & 0x80 ? 2 : 1;
    m->first_row_scan = c[CR_PRESET_ROW] & 0x1f;
    m->pan_after_split = !(s->ar[AR_MODE] & 0x20);
    m->height = (c[CR_VDISP_END] | (overflow & 2) << 7 | (overflow & 0x40) << 3) + 1u;
    if (c[CR_MODE] & 4) { // lines are counted in twos
        m->height *= 2;
        m->split = m->split * 2 + 1;
        m->line_double *= 2;
    }
    if (s->gr[GR_MISC] & 1) {
        graphics_mode(s, m);
        m->width = (c[CR_HDISP_END] + 1u) * 8 * (m->draw == VGA_INDEXED ? 1 : m->pixel_double);
    } else {
        text_mode(s, m);
        m->width = (c[CR_HDISP_END] + 1u) * m->char_width * m->pixel_double;
    }
    m->panning = panning(s, m);
}

static void vbe_mode(const Vga *s, VgaMode *m)
{
    const uint16_t *v = s->vbe;
    unsigned bpp = v[VBE_BPP];
    m->mask = s->vram_size - 1;
    m->width = v[VBE_XRES];
    m->height = v[VBE_YRES];
    m->row_height = m->line_double = m->pixel_double = 1;
    m->split = UINT32_MAX;
    m->line_bytes = vga_vbe_bytes(bpp, v[VBE_VIRT_WIDTH]);
    m->start = v[VBE_Y_OFFSET] * m->line_bytes + vga_vbe_bytes(bpp, v[VBE_X_OFFSET]);
    if (bpp == 4) {
        m->draw = VGA_PLANAR;
        m->planes = 15;
        m->start = v[VBE_Y_OFFSET] * m->line_bytes + v[VBE_X_OFFSET] / 8 * 4u;
        m->panning = v[VBE_X_OFFSET] % 8;
        palette_16(s, m);
    } else if (bpp == 8) {
        m->draw = VGA_INDEXED;
        palette_256(s, m);
    } else {
        m->draw = VGA_DIRECT;
        m->depth = bpp;
    }
}

// Modes are compared as bytes: padding has to be zero.
void vga_mode(const Vga *s, VgaMode *m)
{
    memset(m, 0, sizeof *m);
    if (vga_vbe_on(s)) {
        vbe_mode(s, m);
    } else {
        crtc_mode(s, m);
    }
    if (s->ar_blank || (s->seq[SEQ_CLOCKING] & 0x20) || m->width < 16 || m->height < 16) {
        unsigned width = m->width < 16 ? 640 : m->width, height = m->height < 16 ? 480 : m->height;
        memset(m, 0, sizeof *m);
        m->width = width;
        m->height = height;
    }
}

VgaLine vga_line(const VgaMode *m, unsigned y)
{
    VgaLine l = {m->start, m->first_row_scan, y > m->split};
    if (l.after_split) {
        y -= m->split + 1;
        l.address = l.scan = 0;
    }
    unsigned n = y / m->line_double + l.scan;
    l.scan = n % m->row_height;
    l.address += n / m->row_height * m->line_bytes;
    for (int i = 0; i < 2; i++) {
        if (m->scan_bit[i]) {
            l.address &= ~m->scan_bit[i];
            l.address |= l.scan >> i & 1 ? m->scan_bit[i] : 0;
        }
    }
    l.address &= m->mask;
    return l;
}

// --- the console

static void update(void *opaque, Surface *surface)
{
    Vga *s = opaque;
    VgaMode m;
    vga_mode(s, &m);
    bool all = !s->drawn || memcmp(&m, &s->last, sizeof m) || surface->width != m.width ||
               surface->height != m.height;
    surface_resize(surface, m.width, m.height);
    if (m.draw == VGA_BLANK) {
        if (all) {
            surface_fill(surface, 0);
        }
    } else if (m.draw == VGA_TEXT) {
        vga_draw_text(s, &m, surface, all);
    } else {
        vga_draw_graphics(s, &m, surface, all);
    }
    s->last = m;
    s->drawn = true;
}

static void invalidate(void *opaque)
{
    ((Vga *)opaque)->drawn = false;
}

static char *text(void *opaque)
{
    Vga *s = opaque;
    VgaMode m;
    vga_mode(s, &m);
    return m.draw == VGA_TEXT ? vga_text(s, &m) : NULL;
}

// In text screens something blinks while the machine runs.
static unsigned calm_ms(void *opaque)
{
    const Vga *s = opaque;
    bool blinks = s->last.draw == VGA_TEXT && s->machine->stop != MACHINE_PAUSED;
    return blinks ? VGA_BLINK_MS : UINT_MAX;
}

const ConsoleOps vga_console_ops = {
    .update = update, .invalidate = invalidate, .text = text, .calm_ms = calm_ms};
