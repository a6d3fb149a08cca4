// Text screens. A cell is four bytes of video memory: character, attribute, glyph data (of some
// character, for plane 2 holds the fonts), unused.
#include "hw/display/vga.h"

#include <glib.h>
#include <string.h>

#include "hw/core/machine.h"

#define FRAME_NS (NS_PER_SEC / 70)
#define GLYPHS   256
#define GLYPH_H  32 // bytes of a glyph in a font

// Some scan lines of one row of characters.
typedef struct TextRow {
    uint32_t address;  // of the first cell
    unsigned y, lines; // on the surface
    unsigned scan;     // of the first line
    unsigned panning;
} TextRow;

typedef struct TextPhase {
    bool cursor_on, blink_on;
} TextPhase;

static bool font_changed(Vga *s, uint32_t font)
{
    bool changed = false;
    for (unsigned i = 0; i < GLYPHS * GLYPH_H; i++) {
        uint32_t at = font + 4 * i + 2;
        changed |= s->vram[at] != s->shadow[at];
        s->shadow[at] = s->vram[at];
    }
    return changed;
}

typedef struct Cell {
    uint32_t front, back;
    const uint8_t *glyph; // a byte every four
    bool ninth;           // the ninth column repeats the eighth
    bool underlined, hidden;
} Cell;

static Cell decode(const Vga *s, const VgaMode *m, uint32_t address, bool blink_on)
{
    uint8_t ch = s->vram[address], attr = s->vram[address + 1];
    unsigned back = attr >> 4;
    Cell c = {.front = m->palette[attr & 15]};
    if (m->blink) {
        c.hidden = (back & 8) && !blink_on;
        back &= 7;
    }
    c.back = m->palette[back];
    c.glyph = s->vram + m->font[attr >> 3 & 1] + ch * GLYPH_H * 4u + 2;
    c.ninth = m->line_graphics && ch >= 0xc0 && ch <= 0xdf;
    c.underlined = m->mono && (attr & 7) == 1;
    return c;
}

// One scan line of a cell, 9 bits, leftmost highest.
static unsigned cell_bits(const VgaMode *m, const Cell *c, unsigned scan, bool cursor)
{
    if (cursor && scan >= m->cursor_first && scan <= m->cursor_last) {
        return 0x1ff;
    }
    unsigned bits = c->hidden ? 0 : c->glyph[scan * 4] << 1;
    bits |= c->ninth ? bits >> 1 & 1 : 0;
    return c->underlined && scan == m->underline && !c->hidden ? 0x1ff : bits;
}

static void draw_cell(const Vga *s, const VgaMode *m, const TextRow *r, Surface *surface, int x,
                      uint32_t address, const TextPhase *phase)
{
    Cell c = decode(s, m, address, phase->blink_on);
    bool cursor = phase->cursor_on && address == m->cursor;
    for (unsigned i = 0; i < r->lines; i++) {
        unsigned scan = r->scan + i / m->line_double;
        unsigned bits = cell_bits(m, &c, scan, cursor);
        uint32_t *line = surface_line(surface, r->y + i);
        for (int p = 0; p < (int)(m->char_width * m->pixel_double); p++) {
            int at = x + p;
            if (at >= 0 && at < (int)surface->width) {
                line[at] = bits & 0x100u >> p / m->pixel_double ? c.front : c.back;
            }
        }
    }
}

// A cell changed if its two bytes did, or if what blinks in it turned over.
static bool cell_changed(const Vga *s, const VgaMode *m, uint32_t a, const TextPhase *phase)
{
    return memcmp(s->vram + a, s->shadow + a, 2) ||
           (a == m->cursor && phase->cursor_on != s->last_cursor_on) ||
           (m->blink && s->vram[a + 1] & 0x80 && phase->blink_on != s->last_blink_on);
}

static void draw_row(Vga *s, const VgaMode *m, const TextRow *r, Surface *surface,
                     const TextPhase *phase, bool all)
{
    int cell = (int)(m->char_width * m->pixel_double), x = -(int)r->panning;
    for (uint32_t a = r->address; x < (int)surface->width; x += cell, a = (a + 4) & m->mask) {
        if (all || cell_changed(s, m, a, phase)) {
            draw_cell(s, m, r, surface, x, a, phase);
            surface_damage(surface, (unsigned)MAX_OF(x, 0), r->y, (unsigned)cell, r->lines);
        }
    }
}

// The row that scan line y belongs to, from there on.
static TextRow row_at(const VgaMode *m, unsigned y)
{
    VgaLine l = vga_line(m, y);
    TextRow r = {.address = l.address, .y = y, .scan = l.scan};
    r.panning = l.after_split && !m->pan_after_split ? 0 : m->panning;
    while (y < m->height) {
        VgaLine next = vga_line(m, y);
        if (next.address != l.address || next.scan < l.scan || next.after_split != l.after_split) {
            break;
        }
        l.scan = next.scan;
        y++;
    }
    r.lines = y - r.y;
    return r;
}

static void shadow_row(Vga *s, const VgaMode *m, const TextRow *r)
{
    unsigned cells = m->width / (m->char_width * m->pixel_double) + 2;
    for (uint32_t a = r->address; cells--; a = (a + 4) & m->mask) {
        memcpy(s->shadow + a, s->vram + a, 2);
    }
}

void vga_draw_text(Vga *s, const VgaMode *m, Surface *surface, bool all)
{
    uint64_t frame = clock_now(s->machine->clock) / FRAME_NS;
    TextPhase phase = {.cursor_on = !(frame / 8 & 1), .blink_on = !(frame / 16 & 1)};
    bool touched = vga_collect_touched(s, m, all);
    if (!touched && phase.cursor_on == s->last_cursor_on && phase.blink_on == s->last_blink_on) {
        return;
    }
    if (touched) {
        all |= font_changed(s, m->font[0]);
        all |= font_changed(s, m->font[1]);
    }
    for (unsigned y = 0; y < m->height;) {
        TextRow r = row_at(m, y);
        draw_row(s, m, &r, surface, &phase, all);
        y += r.lines;
    }
    for (unsigned y = 0; y < m->height;) { // rows may show the same memory
        TextRow r = row_at(m, y);
        shadow_row(s, m, &r);
        y += r.lines;
    }
    s->last_cursor_on = phase.cursor_on;
    s->last_blink_on = phase.blink_on;
}

// --- as characters

// Code page 437's graphic characters as ASCII or the nearest to it.
static char plain(uint8_t c)
{
    static const char high[] = "CueaaaaceeeiiiAAE**ooouuyOU$$$$$aiounN**?--24!<>"
                               "###|++++++|+++++++--|-+||++--|-+----++++++++#_||-"
                               "abgpsstptodooen=+><()/=o..vn2# ";
    if (c >= 0x80) {
        return high[MIN_OF(c - 0x80u, sizeof high - 2)];
    }
    return c >= 0x20 && c < 0x7f ? (char)c : c == 0 ? ' ' : '.';
}

char *vga_text(Vga *s, const VgaMode *m)
{
    GString *out = g_string_new(NULL);
    unsigned columns = m->width / (m->char_width * m->pixel_double);
    for (unsigned y = 0; y < m->height;) {
        TextRow r = row_at(m, y);
        gsize begin = out->len;
        for (unsigned i = 0; i < columns; i++) {
            g_string_append_c(out, plain(s->vram[(r.address + 4 * i) & m->mask]));
        }
        while (out->len > begin && out->str[out->len - 1] == ' ') {
            g_string_truncate(out, out->len - 1);
        }
        g_string_append_c(out, '\n');
        y += r.lines;
    }
    return g_string_free(out, FALSE);
}
