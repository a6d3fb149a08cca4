// The terminal's parser. Sequences: ECMA-48, DEC VT100/VT220 user guides, xterm's "control
// sequences".
#include "ui/text_console.h"

#include <glib.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "ui/text_screen.h"

#define MAX_PARAMS 16
#define PARAM_MAX  9999

typedef enum Parse { PARSE_TEXT, PARSE_ESCAPE, PARSE_CSI, PARSE_CHARSET, PARSE_STRING } Parse;

struct TextConsole {
    TextScreen screen;
    Console *console; // NULL: nobody can see it
    void (*send)(void *opaque, const char *text, size_t len);
    void *opaque;
    // --- parser
    Parse parse;
    unsigned param[MAX_PARAMS], n_params;
    bool private;              // CSI ?
    bool graphics[2], shifted; // G0, G1: DEC line drawing; SO selects G1
    unsigned charset;          // that PARSE_CHARSET sets
    uint32_t utf8;
    unsigned utf8_left;
    struct Saved {
        unsigned x, y;
        TextPen pen;
    } saved;
};

static void reply(TextConsole *t, const char *text)
{
    t->send(t->opaque, text, strlen(text));
}

// The n-th parameter, or what a missing one or 0 means.
static unsigned param(const TextConsole *t, unsigned n, unsigned missing)
{
    return n < t->n_params && t->param[n] ? t->param[n] : missing;
}

// --- SGR: colours and attributes

// 38;5;N or 38;2;R;G;B at i; returns the index of its last parameter.
static unsigned extended_colour(TextConsole *t, unsigned i, uint32_t *colour)
{
    if (i + 2 < t->n_params && t->param[i + 1] == 5) {
        *colour = text_screen_colour(t->param[i + 2]);
        return i + 2;
    }
    if (i + 4 < t->n_params && t->param[i + 1] == 2) {
        *colour =
            (t->param[i + 2] & 255) << 16 | (t->param[i + 3] & 255) << 8 | (t->param[i + 4] & 255);
        return i + 4;
    }
    return t->n_params;
}

static void attribute(TextPen *p, unsigned v)
{
    switch (v) {
    case 0:
        *p = text_screen_plain();
        break;
    case 1:
        p->bold = true;
        break;
    case 4:
        p->underline = true;
        break;
    case 7:
        p->inverse = true;
        break;
    case 22:
        p->bold = false;
        break;
    case 24:
        p->underline = false;
        break;
    case 27:
        p->inverse = false;
        break;
    case 39:
        p->front = text_screen_plain().front;
        break;
    case 49:
        p->back = text_screen_plain().back;
        break;
    default:
        if (v >= 30 && v <= 37) {
            p->front = text_screen_colour(v - 30 + (p->bold ? 8 : 0));
        } else if (v >= 40 && v <= 47) {
            p->back = text_screen_colour(v - 40);
        } else if (v >= 90 && v <= 97) {
            p->front = text_screen_colour(v - 90 + 8);
        } else if (v >= 100 && v <= 107) {
            p->back = text_screen_colour(v - 100 + 8);
        }
    }
}

static void sgr(TextConsole *t)
{
    TextPen *p = &t->screen.pen;
    if (!t->n_params) {
        attribute(p, 0);
    }
    for (unsigned i = 0; i < t->n_params; i++) {
        if (t->param[i] == 38) {
            i = extended_colour(t, i, &p->front);
        } else if (t->param[i] == 48) {
            i = extended_colour(t, i, &p->back);
        } else {
            attribute(p, t->param[i]);
        }
    }
}

// --- control sequences

static void save(TextConsole *t)
{
    t->saved = (struct Saved){t->screen.x, t->screen.y, t->screen.pen};
}

static void restore(TextConsole *t)
{
    t->screen.pen = t->saved.pen;
    text_screen_move(&t->screen, (int)t->saved.x, (int)t->saved.y);
}

static void set_modes(TextConsole *t, bool on)
{
    for (unsigned i = 0; t->private && i < t->n_params; i++) {
        switch (t->param[i]) {
        case 7:
            t->screen.no_wrap = !on;
            break;
        case 25:
            text_screen_show_cursor(&t->screen, on);
            break;
        case 1047:
        case 1049: // another screen: there is one only
            text_screen_erase(&t->screen, 2);
            break;
        }
    }
}

static void report_status(TextConsole *t)
{
    char text[32];
    if (param(t, 0, 0) == 5) {
        reply(t, "\033[0n");
    } else if (param(t, 0, 0) == 6) {
        snprintf(text, sizeof text, "\033[%u;%uR", t->screen.y + 1, t->screen.x + 1);
        reply(t, text);
    }
}

static void region(TextConsole *t)
{
    TextScreen *s = &t->screen;
    unsigned top = param(t, 0, 1), bottom = param(t, 1, s->rows);
    if (top < bottom && bottom <= s->rows) {
        s->top = top - 1;
        s->bottom = bottom;
        text_screen_move(s, 0, 0);
    }
}

static void move_by(TextConsole *t, int dx, int dy)
{
    TextScreen *s = &t->screen;
    int n = (int)param(t, 0, 1);
    text_screen_move(s, (int)s->x + dx * n, (int)s->y + dy * n);
}

static void control_sequence(TextConsole *t, char c)
{
    TextScreen *s = &t->screen;
    int n = (int)param(t, 0, 1);
    switch (c) {
    case '@':
        text_screen_insert_cells(s, (unsigned)n);
        break;
    case 'A':
        move_by(t, 0, -1);
        break;
    case 'B':
    case 'e':
        move_by(t, 0, 1);
        break;
    case 'C':
    case 'a':
        move_by(t, 1, 0);
        break;
    case 'D':
        move_by(t, -1, 0);
        break;
    case 'E':
        text_screen_move(s, 0, (int)s->y + n);
        break;
    case 'F':
        text_screen_move(s, 0, (int)s->y - n);
        break;
    case 'G':
    case '`':
        text_screen_move(s, n - 1, (int)s->y);
        break;
    case 'H':
    case 'f':
        text_screen_move(s, (int)param(t, 1, 1) - 1, n - 1);
        break;
    case 'J':
        text_screen_erase(s, param(t, 0, 0));
        break;
    case 'K':
        text_screen_erase_line(s, param(t, 0, 0));
        break;
    case 'L':
        text_screen_insert_lines(s, n);
        break;
    case 'M':
        text_screen_insert_lines(s, -n);
        break;
    case 'P':
        text_screen_delete_cells(s, (unsigned)n);
        break;
    case 'S':
        text_screen_scroll(s, n);
        break;
    case 'T':
        text_screen_scroll(s, -n);
        break;
    case 'X':
        text_screen_erase_cells(s, (unsigned)n);
        break;
    case 'c':
        if (!param(t, 0, 0) && !t->private) {
            reply(t, "\033[?6c"); // a VT102
        }
        break;
    case 'd':
        text_screen_move(s, (int)s->x, n - 1);
        break;
    case 'h':
    case 'l':
        set_modes(t, c == 'h');
        break;
    case 'm':
        sgr(t);
        break;
    case 'n':
        report_status(t);
        break;
    case 'r':
        region(t);
        break;
    case 's':
        save(t);
        break;
    case 'u':
        restore(t);
        break;
    }
}

static void csi_byte(TextConsole *t, uint8_t c)
{
    if (c >= '0' && c <= '9') {
        t->n_params = MAX_OF(t->n_params, 1u);
        unsigned *p = &t->param[t->n_params - 1];
        *p = MIN_OF(*p * 10 + (c - '0'), (unsigned)PARAM_MAX);
    } else if (c == ';' || c == ':') {
        t->n_params = MAX_OF(t->n_params, 1u);
        if (t->n_params < MAX_PARAMS) {
            t->param[t->n_params++] = 0;
        }
    } else if (c >= '<' && c <= '?') {
        t->private = true;
    } else if (c >= 0x40) {
        t->parse = PARSE_TEXT;
        if (!t->private || c == 'h' || c == 'l') {
            control_sequence(t, (char)c);
        }
    }
}

// --- escape sequences

static void reset(TextConsole *t)
{
    text_screen_reset(&t->screen);
    t->graphics[0] = t->graphics[1] = t->shifted = false;
    save(t);
}

static void escape_byte(TextConsole *t, uint8_t c)
{
    TextScreen *s = &t->screen;
    t->parse = PARSE_TEXT;
    switch (c) {
    case '[':
        t->parse = PARSE_CSI;
        t->n_params = 0;
        t->private = false;
        memset(t->param, 0, sizeof t->param);
        break;
    case ']': // titles, colours
    case 'P':
    case '_':
    case '^':
        t->parse = PARSE_STRING;
        break;
    case '(':
    case ')':
        t->parse = PARSE_CHARSET;
        t->charset = c == ')';
        break;
    case '7':
        save(t);
        break;
    case '8':
        restore(t);
        break;
    case 'c':
        reset(t);
        break;
    case 'D':
        text_screen_line_feed(s);
        break;
    case 'E':
        s->x = 0;
        text_screen_line_feed(s);
        break;
    case 'M':
        text_screen_reverse_line_feed(s);
        break;
    }
}

// --- characters

// DEC's line drawing set, 0x60 to 0x7e.
static uint32_t drawing(uint32_t ch)
{
    static const uint16_t set[] = {0x25c6, 0x2592, 0x2409, 0x240c, 0x240d, 0x240a, 0xb0,   0xb1,
                                   0x2424, 0x240b, 0x2518, 0x2510, 0x250c, 0x2514, 0x253c, 0x2500,
                                   0x2500, 0x2500, 0x2500, 0x2500, 0x251c, 0x2524, 0x2534, 0x252c,
                                   0x2502, 0x2264, 0x2265, 0x3c0,  0x2260, 0xa3,   0xb7};
    return ch >= 0x60 && ch <= 0x7e ? set[ch - 0x60] : ch;
}

static void control(TextConsole *t, uint8_t c)
{
    TextScreen *s = &t->screen;
    switch (c) {
    case '\b':
        text_screen_move(s, (int)s->x - 1, (int)s->y);
        break;
    case '\t':
        text_screen_move(s, (int)(s->x | 7) + 1, (int)s->y);
        break;
    case '\n':
    case '\v':
    case '\f':
        text_screen_line_feed(s);
        break;
    case '\r':
        text_screen_move(s, 0, (int)s->y);
        break;
    case 0x0e:
    case 0x0f:
        t->shifted = c == 0x0e;
        break;
    case 0x18:
    case 0x1a:
        t->parse = PARSE_TEXT;
        break;
    case 0x1b:
        t->parse = PARSE_ESCAPE;
        break;
    }
}

static void put(TextConsole *t, uint32_t ch)
{
    text_screen_put(&t->screen, t->graphics[t->shifted] ? drawing(ch) : ch);
}

// Bytes that are no UTF-8 are shown as a replacement.
static void text_byte(TextConsole *t, uint8_t c)
{
    if (c >= 0x80 && c < 0xc0 && t->utf8_left) {
        t->utf8 = t->utf8 << 6 | (c & 0x3f);
        if (!--t->utf8_left) {
            put(t, t->utf8);
        }
        return;
    }
    if (t->utf8_left) {
        t->utf8_left = 0;
        put(t, 0xfffd);
    }
    if (c < 0x80) {
        put(t, c);
    } else if (c >= 0xc2 && c <= 0xf4) {
        t->utf8_left = c < 0xe0 ? 1 : c < 0xf0 ? 2 : 3;
        t->utf8 = c & (0x3f >> t->utf8_left);
    } else {
        put(t, 0xfffd);
    }
}

static void byte(TextConsole *t, uint8_t c)
{
    if (t->parse == PARSE_STRING) { // ended by BEL or ESC backslash
        t->parse = c == '\a' || c == 0x18 ? PARSE_TEXT : c == 0x1b ? PARSE_ESCAPE : PARSE_STRING;
    } else if (c < 0x20) {
        control(t, c);
    } else if (t->parse == PARSE_ESCAPE) {
        escape_byte(t, c);
    } else if (t->parse == PARSE_CSI) {
        csi_byte(t, c);
    } else if (t->parse == PARSE_CHARSET) {
        t->graphics[t->charset] = c == '0';
        t->parse = PARSE_TEXT;
    } else if (c != 0x7f) {
        text_byte(t, c);
    }
}

void text_console_write(TextConsole *t, const void *bytes, size_t len)
{
    const uint8_t *b = bytes;
    for (size_t i = 0; i < len; i++) {
        byte(t, b[i]);
    }
    if (t->console) {
        console_touch(t->console);
    }
}

// --- as a console

static void update(void *opaque, Surface *s)
{
    TextConsole *t = opaque;
    text_screen_draw(&t->screen, s);
}

static void invalidate(void *opaque)
{
    TextConsole *t = opaque;
    text_screen_redraw(&t->screen);
}

static char *console_text_of(void *opaque)
{
    return text_console_text(opaque);
}

static void typed(void *opaque, const char *text, size_t len)
{
    TextConsole *t = opaque;
    t->send(t->opaque, text, len);
}

static unsigned calm_ms(void *opaque)
{
    (void)opaque;
    return UINT_MAX;
}

static const ConsoleOps ops = {.update = update,
                               .invalidate = invalidate,
                               .text = console_text_of,
                               .calm_ms = calm_ms,
                               .typed = typed};

TextConsole *text_console_new(unsigned columns, unsigned rows,
                              void (*send)(void *opaque, const char *text, size_t len),
                              void *opaque)
{
    TextConsole *t = g_new0(TextConsole, 1);
    text_screen_init(&t->screen, columns, rows);
    t->send = send;
    t->opaque = opaque;
    save(t);
    return t;
}

void text_console_free(TextConsole *t)
{
    if (t) {
        text_screen_free(&t->screen);
        g_free(t);
    }
}

void text_console_show(TextConsole *t, struct Machine *m, const char *name)
{
    t->console = console_add(m, name, &ops, t);
}

char *text_console_text(const TextConsole *t)
{
    return text_screen_text(&t->screen);
}
