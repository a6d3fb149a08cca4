// Text consoles: what control sequences do to the cells, what is drawn, what keys send.
#include <criterion/criterion.h>
#include <glib.h>
#include <string.h>

#include "bare_machine.h"
#include "ui/console.h"
#include "ui/font.h"
#include "ui/keymap.h"
#include "ui/text_console.h"

typedef struct Terminal {
    TextConsole *t;
    GString *sent;
    Console *c;
} Terminal;

static void sent(void *opaque, const char *text, size_t len)
{
    g_string_append_len(((Terminal *)opaque)->sent, text, (gssize)len);
}

static Terminal *terminal(unsigned columns, unsigned rows)
{
    Terminal *t = g_new0(Terminal, 1);
    Machine *m = bare_machine();
    t->sent = g_string_new(NULL);
    t->t = text_console_new(columns, rows, sent, t);
    text_console_show(t->t, m, "test");
    t->c = console_get(m, 0);
    return t;
}

static void says(const char *input, const char *screen)
{
    Terminal *t = terminal(10, 4);
    text_console_write(t->t, input, strlen(input));
    char *text = text_console_text(t->t);
    cr_expect_str_eq(text, screen, "%s\nis\n%s\nnot\n%s", g_strescape(input, NULL), text, screen);
    g_free(text);
}

Test(text_console, sequences)
{
    says("hello\r\nworld", "hello\nworld\n\n\n");
    says("0123456789ab", "0123456789\nab\n\n\n");
    says("0123456789\r\nab", "0123456789\nab\n\n\n"); // the wrap waits
    says("a\r\nb\r\nc\r\nd\r\ne", "b\nc\nd\ne\n");
    says("\033[2;3Hx\033[Ay\033[5Dz", "z  y\n  x\n\n\n");
    says("abcdef\033[3D\033[K", "abc\n\n\n\n");
    says("abcdef\033[1;3H\033[2P\033[@-", "ab-ef\n\n\n\n");
    says("a\r\nb\r\nc\r\nd\033[2;3r\033[3;1H\n", "a\nc\n\nd\n");
    says("a\r\nb\r\nc\033[1;1H\033[L", "\na\nb\nc\n");
    says("a\r\nb\r\nc\033[1;1H\033M\033[M", "a\nb\nc\n\n");
    says("abc\033[2J\033[Hx", "x\n\n\n\n");
    says("a\tb", "a       b\n\n\n\n");
    says("ab\b\bc", "cb\n\n\n\n");
    says("\0337abc\0338x", "xbc\n\n\n\n");
    says("\033]0;title\ax", "x\n\n\n\n");
    says("\033(0lqk\033(Bx", "┌─┐x\n\n\n\n");
    says("\xc3\xa4\xe2\x94\x80\xff", "ä─\xef\xbf\xbd\n\n\n\n");
    says("\033[999;999Hx", "\n\n\n         x\n");
}

Test(text_console, replies)
{
    Terminal *t = terminal(80, 24);
    const char *ask = "\033[5;7H\033[6n\033[5n\033[c";
    text_console_write(t->t, ask, strlen(ask));
    cr_expect_str_eq(t->sent->str, "\033[5;7R\033[0n\033[?6c");
}

Test(text_console, draws_changed_rows)
{
    Terminal *t = terminal(20, 5);
    const Surface *s = console_update(t->c);
    cr_assert(s->width == 160 && s->height == 80);
    console_update(t->c);
    cr_expect_eq(s->n_damage, 0);
    text_console_write(t->t, "\033[3;1H\033[31mA", 12);
    console_update(t->c);
    for (unsigned y = 0; y < FONT_HEIGHT; y++) {
        for (unsigned x = 0; x < FONT_WIDTH; x++) {
            uint32_t want = font_line('A', y) & 0x80u >> x ? 0xaa0000 : 0;
            cr_expect_eq(surface_line(s, 32 + y)[x], want, "%u,%u", x, y);
        }
    }
    cr_assert_eq(s->n_damage, 2); // where the cursor was; the letter and the cursor
    cr_expect(!memcmp(&s->damage[0], &(Rect){0, 0, FONT_WIDTH, FONT_HEIGHT}, sizeof(Rect)));
    cr_expect(!memcmp(&s->damage[1], &(Rect){0, 32, 2 * FONT_WIDTH, FONT_HEIGHT}, sizeof(Rect)));
}

Test(text_console, drawing_what_changed_gives_the_whole_picture)
{
    static const char *const pieces[] = {"x",         "long text that wraps",
                                         "\r\n",      "\033[H",
                                         "\033[2J",   "\033[1;7m",
                                         "\033[0m",   "\033[3;4H",
                                         "\033[2L",   "\033[4P",
                                         "\033[2M",   "\033[?25l",
                                         "\033[?25h", "\033M",
                                         "\0337",     "\0338",
                                         "\033[44mz", "\033[K",
                                         "\033c"};
    Terminal *t = terminal(20, 5);
    GString *all = g_string_new(NULL);
    uint32_t seed = 7;
    for (unsigned i = 0; i < 3000; i++) {
        seed = seed * 1664525 + 1013904223;
        const char *piece = pieces[(seed >> 16) % ARRAY_LEN(pieces)];
        text_console_write(t->t, piece, strlen(piece));
        g_string_append(all, piece);
        const Surface *s = seed >> 30 ? NULL : console_update(t->c);
        if (s && i % 8 == 0) {
            Terminal *other = terminal(20, 5);
            text_console_write(other->t, all->str, all->len);
            const Surface *whole = console_update(other->c);
            size_t len = (size_t)s->width * s->height * sizeof *s->pixels;
            cr_assert(!memcmp(whole->pixels, s->pixels, len), "after %u pieces", i);
        }
    }
    g_string_free(all, TRUE);
}

Test(text_console, colours)
{
    Terminal *t = terminal(20, 5);
    const char *text = "\033[7m \033[0;44m \033[48;5;196m \033[48;2;1;2;3m ";
    text_console_write(t->t, text, strlen(text));
    const Surface *s = console_update(t->c);
    cr_expect_eq(surface_line(s, 0)[0], 0xaaaaaa);
    cr_expect_eq(surface_line(s, 0)[8], 0x0000aa);
    cr_expect_eq(surface_line(s, 0)[16], 0xff0000);
    cr_expect_eq(surface_line(s, 0)[24], 0x010203);
}

static void key_types(InputKey key, unsigned modifiers, const char *text)
{
    char out[KEYMAP_TEXT + 1] = {0};
    size_t n = keymap_text(key, modifiers, out);
    cr_expect(n == strlen(text) && !strcmp(out, text), "%s: '%s'", input_key_name(key), out);
}

Test(keymap, text)
{
    key_types(INPUT_KEY_A, 0, "a");
    key_types(INPUT_KEY_A, KEYMAP_SHIFT, "A");
    key_types(INPUT_KEY_A, KEYMAP_CAPS, "A");
    key_types(INPUT_KEY_D1, KEYMAP_CAPS, "1");
    key_types(INPUT_KEY_C, KEYMAP_CTRL, "\003");
    key_types(INPUT_KEY_BRACKET_LEFT, KEYMAP_CTRL, "\033");
    key_types(INPUT_KEY_X, KEYMAP_ALT, "\033x");
    key_types(INPUT_KEY_UP, 0, "\033[A");
    key_types(INPUT_KEY_SHIFT, 0, "");
}

Test(keymap, keysyms_and_scan_codes)
{
    KeymapShift shift;
    cr_expect_eq(keymap_keysym('A', &shift), INPUT_KEY_A);
    cr_expect_eq(shift, KEYMAP_WITH);
    cr_expect_eq(keymap_keysym('/', &shift), INPUT_KEY_SLASH);
    cr_expect_eq(shift, KEYMAP_WITHOUT);
    cr_expect_eq(keymap_keysym(0xffc9, &shift), INPUT_KEY_F12);
    cr_expect_eq(keymap_keysym(0x1000000, &shift), INPUT_KEY_NONE);
    cr_expect_eq(keymap_scancode(0x1e), INPUT_KEY_A);
    cr_expect_eq(keymap_scancode(0xc8), INPUT_KEY_UP);
    cr_expect_eq(keymap_scancode(0x48), INPUT_KEY_KP_8);
    cr_expect_eq(keymap_scancode(0x5b), INPUT_KEY_NONE);
}
