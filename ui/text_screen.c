#include "ui/text_screen.h"

#include <glib.h>
#include <string.h>

#include "ui/font.h"

#define GREY 0xaaaaaa

static void touch(TextScreen *s, unsigned from, unsigned to)
{
    for (unsigned y = from; y < MIN_OF(to, s->rows); y++) {
        s->dirty[y] = true;
    }
}

void text_screen_redraw(TextScreen *s)
{
    s->redraw = true;
    touch(s, 0, s->rows);
}

static TextCell *at(const TextScreen *s, unsigned x, unsigned y)
{
    return &s->cell[(size_t)y * s->columns + x];
}

// Cells x .. end - 1 of a row become blank, with the pen's background.
static void blank(TextScreen *s, unsigned y, unsigned x, unsigned end)
{
    TextCell empty = {' ', text_screen_plain()};
    empty.pen.back = s->pen.back;
    for (; x < MIN_OF(end, s->columns); x++) {
        *at(s, x, y) = empty;
    }
    s->dirty[y] = true;
}

TextPen text_screen_plain(void)
{
    return (TextPen){.front = GREY};
}

void text_screen_reset(TextScreen *s)
{
    s->pen = text_screen_plain();
    s->x = s->y = s->top = 0;
    s->bottom = s->rows;
    s->no_wrap = s->cursor_hidden = false;
    text_screen_erase(s, 2);
}

void text_screen_init(TextScreen *s, unsigned columns, unsigned rows)
{
    s->columns = columns;
    s->rows = rows;
    s->cell = g_new0(TextCell, (size_t)columns * rows);
    s->drawn = g_new0(TextCell, (size_t)columns * rows);
    s->redraw = true;
    s->dirty = g_new0(bool, rows);
    text_screen_reset(s);
}

void text_screen_free(TextScreen *s)
{
    g_free(s->cell);
    g_free(s->drawn);
    g_free(s->dirty);
}

// The 16 colours of a VGA, a cube of 6 x 6 x 6, and 24 greys.
uint32_t text_screen_colour(unsigned index)
{
    static const uint32_t base[16] = {0x000000, 0xaa0000, 0x00aa00, 0xaa5500, 0x0000aa, 0xaa00aa,
                                      0x00aaaa, 0xaaaaaa, 0x555555, 0xff5555, 0x55ff55, 0xffff55,
                                      0x5555ff, 0xff55ff, 0x55ffff, 0xffffff};
    static const uint8_t step[6] = {0, 95, 135, 175, 215, 255};
    if (index < 16) {
        return base[index];
    }
    if (index < 232) {
        index -= 16;
        return (uint32_t)step[index / 36] << 16 | (uint32_t)step[index / 6 % 6] << 8 |
               step[index % 6];
    }
    return (8 + 10 * (MIN_OF(index, 255u) - 232)) * 0x010101u;
}

// --- the cursor

void text_screen_move(TextScreen *s, int x, int y)
{
    s->dirty[s->y] = true;
    s->x = x < 0 ? 0 : MIN_OF((unsigned)x, s->columns - 1);
    s->y = y < 0 ? 0 : MIN_OF((unsigned)y, s->rows - 1);
    s->dirty[s->y] = true;
}

void text_screen_show_cursor(TextScreen *s, bool on)
{
    s->cursor_hidden = !on;
    s->dirty[s->y] = true;
}

// --- lines

// Rows top .. bottom - 1 move up by n, or down by -n.
static void shift_rows(TextScreen *s, unsigned top, unsigned bottom, int n)
{
    unsigned height = bottom - top, by = MIN_OF((unsigned)ABS(n), height);
    size_t line = s->columns * sizeof(TextCell);
    if (n > 0) {
        memmove(at(s, 0, top), at(s, 0, top + by), (height - by) * line);
    } else {
        memmove(at(s, 0, top + by), at(s, 0, top), (height - by) * line);
    }
    for (unsigned i = 0; i < by; i++) {
        blank(s, n > 0 ? bottom - 1 - i : top + i, 0, s->columns);
    }
    touch(s, top, bottom);
}

void text_screen_scroll(TextScreen *s, int lines)
{
    shift_rows(s, s->top, s->bottom, lines);
}

void text_screen_insert_lines(TextScreen *s, int lines)
{
    if (s->y >= s->top && s->y < s->bottom) {
        shift_rows(s, s->y, s->bottom, -lines);
    }
}

void text_screen_line_feed(TextScreen *s)
{
    if (s->y + 1 == s->bottom) {
        text_screen_scroll(s, 1);
    } else {
        text_screen_move(s, (int)s->x, (int)s->y + 1);
    }
}

void text_screen_reverse_line_feed(TextScreen *s)
{
    if (s->y == s->top) {
        text_screen_scroll(s, -1);
    } else {
        text_screen_move(s, (int)s->x, (int)s->y - 1);
    }
}

// --- cells

void text_screen_put(TextScreen *s, uint32_t ch)
{
    if (s->x >= s->columns) {
        s->x = s->no_wrap ? s->columns - 1 : 0;
        if (!s->no_wrap) {
            text_screen_line_feed(s);
        }
    }
    *at(s, s->x++, s->y) = (TextCell){ch, s->pen};
    s->dirty[s->y] = true;
}

static unsigned cursor_column(const TextScreen *s)
{
    return MIN_OF(s->x, s->columns - 1);
}

void text_screen_insert_cells(TextScreen *s, unsigned n)
{
    unsigned x = cursor_column(s);
    n = MIN_OF(n, s->columns - x);
    memmove(at(s, x, s->y) + n, at(s, x, s->y), (s->columns - x - n) * sizeof(TextCell));
    blank(s, s->y, x, x + n);
}

void text_screen_delete_cells(TextScreen *s, unsigned n)
{
    unsigned x = cursor_column(s);
    n = MIN_OF(n, s->columns - x);
    memmove(at(s, x, s->y), at(s, x, s->y) + n, (s->columns - x - n) * sizeof(TextCell));
    blank(s, s->y, s->columns - n, s->columns);
}

void text_screen_erase_cells(TextScreen *s, unsigned n)
{
    unsigned x = cursor_column(s);
    blank(s, s->y, x, x + MIN_OF(n, s->columns));
}

void text_screen_erase_line(TextScreen *s, unsigned how)
{
    unsigned x = cursor_column(s);
    blank(s, s->y, how == 0 ? x : 0, how == 1 ? x + 1 : s->columns);
}

void text_screen_erase(TextScreen *s, unsigned how)
{
    if (how < 2) {
        text_screen_erase_line(s, how);
    }
    unsigned from = how == 0 ? s->y + 1 : 0, to = how == 1 ? s->y : s->rows;
    for (unsigned y = from; y < to; y++) {
        blank(s, y, 0, s->columns);
    }
}

// --- drawing

static bool same(const TextCell *a, const TextCell *b)
{
    return a->ch == b->ch && a->pen.front == b->pen.front && a->pen.back == b->pen.back &&
           a->pen.bold == b->pen.bold && a->pen.underline == b->pen.underline &&
           a->pen.inverse == b->pen.inverse;
}

static void draw_cell(const TextScreen *s, Surface *to, unsigned x, unsigned y, bool cursor)
{
    const TextCell *c = at(s, x, y);
    bool swap = c->pen.inverse != cursor;
    uint32_t front = c->pen.bold && c->pen.front == GREY ? 0xffffff : c->pen.front;
    uint32_t on = swap ? c->pen.back : front, off = swap ? front : c->pen.back;
    for (unsigned line = 0; line < FONT_HEIGHT; line++) {
        uint32_t *out = surface_line(to, y * FONT_HEIGHT + line) + x * FONT_WIDTH;
        unsigned bits = font_line(c->ch, line);
        if (c->pen.underline && line == FONT_HEIGHT - 1) {
            bits = 0xff;
        }
        for (unsigned i = 0; i < FONT_WIDTH; i++) {
            out[i] = bits & 0x80u >> i ? on : off;
        }
    }
}

// True if the cell was not as it was drawn.
static bool update_cell(TextScreen *s, Surface *to, unsigned x, unsigned y, const TextCell *cursor)
{
    const TextCell *c = at(s, x, y);
    TextCell *drawn = s->drawn + (c - s->cell);
    bool has_cursor = c == cursor, had_cursor = drawn == s->drawn_cursor;
    if (!s->redraw && has_cursor == had_cursor && same(c, drawn)) {
        return false;
    }
    draw_cell(s, to, x, y, has_cursor);
    *drawn = *c;
    return true;
}

static void draw_row(TextScreen *s, Surface *to, unsigned y, const TextCell *cursor)
{
    for (unsigned x = 0; x < s->columns; x++) {
        unsigned first = x;
        while (x < s->columns && update_cell(s, to, x, y, cursor)) {
            x++;
        }
        surface_damage(to, first * FONT_WIDTH, y * FONT_HEIGHT, (x - first) * FONT_WIDTH,
                       FONT_HEIGHT);
    }
    s->dirty[y] = false;
}

void text_screen_draw(TextScreen *s, Surface *to)
{
    unsigned width = s->columns * FONT_WIDTH, height = s->rows * FONT_HEIGHT;
    const TextCell *cursor = s->cursor_hidden ? NULL : at(s, cursor_column(s), s->y);
    if (to->width != width || to->height != height) {
        surface_resize(to, width, height);
        text_screen_redraw(s);
    }
    for (unsigned y = 0; y < s->rows; y++) {
        if (s->dirty[y]) {
            draw_row(s, to, y, cursor);
        }
    }
    s->drawn_cursor = cursor ? s->drawn + (cursor - s->cell) : NULL;
    s->redraw = false;
}

char *text_screen_text(const TextScreen *s)
{
    GString *out = g_string_new(NULL);
    for (unsigned y = 0; y < s->rows; y++) {
        gsize begin = out->len;
        for (unsigned x = 0; x < s->columns; x++) {
            uint32_t ch = at(s, x, y)->ch;
            g_string_append_unichar(out, g_unichar_validate(ch) && ch >= 0x20 ? ch : '?');
        }
        while (out->len > begin && out->str[out->len - 1] == ' ') {
            g_string_truncate(out, out->len - 1);
        }
        g_string_append_c(out, '\n');
    }
    return g_string_free(out, FALSE);
}
