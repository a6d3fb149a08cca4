// Graphics screens. Pages that were stored to are compared with their shadow in chunks, each once
// an update; lines that touch a changed chunk are drawn.
#include "hw/display/vga.h"

#include <string.h>

#define CHUNKS (uint32_t)(RAM_DIRTY_PAGE / VGA_CHUNK) // in a page

enum { CHUNK_UNKNOWN, CHUNK_SAME, CHUNK_CHANGED };

static bool chunk_changed(Vga *s, uint32_t chunk)
{
    if (s->chunk[chunk] == CHUNK_UNKNOWN) {
        size_t at = (size_t)chunk * VGA_CHUNK;
        bool same = !ram_dirty_bit(s->touched, at / RAM_DIRTY_PAGE) ||
                    !memcmp(s->vram + at, s->shadow + at, VGA_CHUNK);
        s->chunk[chunk] = same ? CHUNK_SAME : CHUNK_CHANGED;
    }
    return s->chunk[chunk] == CHUNK_CHANGED;
}

static bool range_changed(Vga *s, const VgaMode *m, uint32_t address, uint32_t len)
{
    uint32_t first = address / VGA_CHUNK, last = (address + len - 1) / VGA_CHUNK;
    bool changed = false;
    for (uint32_t c = first; c <= last; c++) {
        changed |= chunk_changed(s, (c * VGA_CHUNK & m->mask) / VGA_CHUNK);
    }
    return changed;
}

static void take_shadow(Vga *s)
{
    uint32_t first = s->shown_first * CHUNKS, n = s->shown_pages * CHUNKS;
    for (uint32_t c = first; c < first + n; c++) {
        if (s->chunk[c] == CHUNK_CHANGED) {
            size_t at = (size_t)c * VGA_CHUNK;
            memcpy(s->shadow + at, s->vram + at, VGA_CHUNK);
        }
    }
    memset(s->chunk + first, CHUNK_UNKNOWN, n);
}

// --- lines: count pixels from address on

typedef void DrawLine(const Vga *s, const VgaMode *m, uint32_t address, uint32_t *out,
                      unsigned count);

static uint32_t *put(uint32_t *out, uint32_t pixel, unsigned times)
{
    out[0] = pixel;
    if (times == 2) {
        out[1] = pixel;
    }
    return out + times;
}

// A bit of each plane makes a pixel.
static void draw_planar(const Vga *s, const VgaMode *m, uint32_t a, uint32_t *out, unsigned count)
{
    for (unsigned done = 0; done < count; done += 8 * m->pixel_double, a += 4) {
        const uint8_t *p = s->vram + (a & m->mask);
        for (int bit = 7; bit >= 0; bit--) {
            unsigned v = (p[0] >> bit & 1) | (p[1] >> bit & 1) << 1 | (p[2] >> bit & 1) << 2 |
                         (p[3] >> bit & 1) << 3;
            out = put(out, m->palette[v & m->planes], m->pixel_double);
        }
    }
}

// Two bits of planes 0 and 2 make a pixel, then those of planes 1 and 3.
static void draw_cga4(const Vga *s, const VgaMode *m, uint32_t a, uint32_t *out, unsigned count)
{
    for (unsigned done = 0; done < count; done += 8 * m->pixel_double, a += 4) {
        const uint8_t *p = s->vram + (a & m->mask);
        for (int i = 0; i < 8; i++) {
            const uint8_t *q = p + (i >> 2);
            int shift = 6 - 2 * (i & 3);
            unsigned v = (q[0] >> shift & 3) | (q[2] >> shift & 3) << 2;
            out = put(out, m->palette[v & m->planes], m->pixel_double);
        }
    }
}

static void draw_indexed(const Vga *s, const VgaMode *m, uint32_t a, uint32_t *out, unsigned count)
{
    for (unsigned done = 0; done < count; done += m->pixel_double, a++) {
        out = put(out, m->palette[s->vram[a & m->mask]], m->pixel_double);
    }
}

static uint32_t rgb555(unsigned v)
{
    unsigned r = v >> 10 & 31, g = v >> 5 & 31, b = v & 31;
    return (r << 3 | r >> 2) << 16 | (g << 3 | g >> 2) << 8 | (b << 3 | b >> 2);
}

static uint32_t rgb565(unsigned v)
{
    unsigned r = v >> 11 & 31, g = v >> 5 & 63, b = v & 31;
    return (r << 3 | r >> 2) << 16 | (g << 2 | g >> 4) << 8 | (b << 3 | b >> 2);
}

static void draw_direct(const Vga *s, const VgaMode *m, uint32_t a, uint32_t *out, unsigned count)
{
    unsigned bytes = (m->depth + 7) / 8;
    uint8_t p[4];
    for (; count--; a += bytes) {
        for (unsigned i = 0; i < bytes; i++) {
            p[i] = s->vram[(a + i) & m->mask];
        }
        unsigned v = p[0] | p[1] << 8;
        *out++ = bytes >= 3 ? v | (uint32_t)p[2] << 16 : m->depth == 15 ? rgb555(v) : rgb565(v);
    }
}

// The usual case: 32 bits, and the line does not wrap.
static void draw_32(const Vga *s, const VgaMode *m, uint32_t a, uint32_t *out, unsigned count)
{
    if (a + 4 * (size_t)count > (size_t)m->mask + 1) {
        draw_direct(s, m, a, out, count);
        return;
    }
    for (unsigned i = 0; i < count; i++) {
        uint32_t v;
        memcpy(&v, s->vram + a + 4 * (size_t)i, 4);
        out[i] = v & 0xffffff;
    }
}

static DrawLine *drawer(const VgaMode *m)
{
    switch (m->draw) {
    case VGA_PLANAR:
        return draw_planar;
    case VGA_CGA4:
        return draw_cga4;
    case VGA_INDEXED:
        return draw_indexed;
    default:
        return m->depth == 32 ? draw_32 : draw_direct;
    }
}

uint32_t vga_source_bytes(const VgaMode *m, unsigned pixels)
{
    switch (m->draw) {
    case VGA_PLANAR:
    case VGA_CGA4:
        return (pixels / m->pixel_double + 7) / 8 * 4;
    case VGA_INDEXED:
        return pixels / m->pixel_double + 1;
    default:
        return pixels * ((m->depth + 7) / 8);
    }
}

// The line as it is now. Of the old one, only what differs is damaged.
static void show_line(Surface *surface, unsigned y, const uint32_t *pixels, bool all)
{
    uint32_t *line = surface_line(surface, y);
    unsigned first = 0, end = surface->width;
    while (!all && first < end && line[first] == pixels[first]) {
        first++;
    }
    while (!all && first < end && line[end - 1] == pixels[end - 1]) {
        end--;
    }
    memcpy(line + first, pixels + first, (end - first) * sizeof *line);
    surface_damage(surface, first, y, end - first, 1);
}

void vga_draw_graphics(Vga *s, const VgaMode *m, Surface *surface, bool all)
{
    DrawLine *draw = drawer(m);
    if (!vga_collect_touched(s, m, all)) {
        return;
    }
    for (unsigned y = 0; y < m->height; y++) {
        VgaLine l = vga_line(m, y);
        unsigned skip = l.after_split && !m->pan_after_split ? 0 : m->panning;
        bool changed = range_changed(s, m, l.address, vga_source_bytes(m, m->width + skip));
        if (!all && !changed) {
            continue;
        }
        draw(s, m, l.address, s->line, m->width + skip);
        show_line(surface, y, s->line + skip, all);
    }
    take_shadow(s);
}
