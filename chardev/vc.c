// "vc": a text console that displays show besides the machine's screens.
//
// Options: vc:800x600 (pixels), vc:80Cx24C (characters); width=, height=, cols=, rows= of -chardev.
#include <stdio.h>
#include <string.h>

#include "chardev/backend.h"
#include "ui/font.h"
#include "ui/text_console.h"

#define COLUMNS 80
#define ROWS    24

typedef struct VcState {
    TextConsole *terminal;
    bool shown;
    GByteArray *typed; // what the frontend has no room for yet; bounded
} VcState;

static void pass_on(Chardev *c)
{
    VcState *s = c->state;
    size_t n = MIN_OF((size_t)s->typed->len, chardev_room(c));
    if (n) {
        uint8_t *bytes = g_memdup2(s->typed->data, n);
        g_byte_array_remove_range(s->typed, 0, (guint)n);
        chardev_input(c, bytes, n);
        g_free(bytes);
    }
}

static void vc_typed(void *opaque, const char *text, size_t len)
{
    Chardev *c = opaque;
    VcState *s = c->state;
    if (s->typed->len + len <= CHARDEV_QUEUE) {
        g_byte_array_append(s->typed, (const uint8_t *)text, (guint)len);
    }
    pass_on(c);
}

// A number of pixels or, with a C at its end, of characters.
static bool one_side(const char *text, char **end, unsigned glyph, unsigned *cells)
{
    guint64 n = g_ascii_strtoull(text, end, 10);
    if (*end == text || n > 100000) {
        return false;
    }
    if (**end == 'C') {
        ++*end;
        *cells = (unsigned)n;
    } else {
        *cells = (unsigned)n / glyph;
    }
    return true;
}

static bool parse_size_text(const char *text, unsigned *columns, unsigned *rows)
{
    char *end;
    return one_side(text, &end, FONT_WIDTH, columns) && *end == 'x' &&
           one_side(end + 1, &end, FONT_HEIGHT, rows) && !*end;
}

static bool vc_size(KeyVal *kv, unsigned *columns, unsigned *rows, char **error)
{
    uint64_t width = 0, height = 0, cols = COLUMNS, lines = ROWS;
    const char *size = keyval_get(kv, "size");
    if (!keyval_u64(kv, "width", &width, error) || !keyval_u64(kv, "height", &height, error) ||
        !keyval_u64(kv, "cols", &cols, error) || !keyval_u64(kv, "rows", &lines, error)) {
        return false;
    }
    cols = width ? width / FONT_WIDTH : cols;
    lines = height ? height / FONT_HEIGHT : lines;
    *columns = (unsigned)MIN_OF(cols, (uint64_t)UINT32_MAX);
    *rows = (unsigned)MIN_OF(lines, (uint64_t)UINT32_MAX);
    if (size && !parse_size_text(size, columns, rows)) {
        *error = g_strdup_printf("vc:%s: expected WxH in pixels or 80Cx24C in characters", size);
        return false;
    }
    if (!*columns || !*rows || *columns > TEXT_CONSOLE_MAX_COLUMNS ||
        *rows > TEXT_CONSOLE_MAX_ROWS) {
        *error = g_strdup_printf("a text console of %u x %u characters: expected up to %u x %u",
                                 *columns, *rows, TEXT_CONSOLE_MAX_COLUMNS, TEXT_CONSOLE_MAX_ROWS);
        return false;
    }
    return true;
}

static bool vc_open(Chardev *c, KeyVal *kv, char **error)
{
    unsigned columns, rows;
    if (!vc_size(kv, &columns, &rows, error)) {
        return false;
    }
    VcState *s = g_new0(VcState, 1);
    s->terminal = text_console_new(columns, rows, vc_typed, c);
    s->typed = g_byte_array_new();
    c->state = s;
    c->connected = true;
    return true;
}

static void vc_write(Chardev *c, const uint8_t *buf, size_t len)
{
    VcState *s = c->state;
    text_console_write(s->terminal, buf, len);
}

// The first time, the machine has come.
static void vc_resume(Chardev *c)
{
    VcState *s = c->state;
    if (!s->shown && c->set->machine) {
        s->shown = true;
        text_console_show(s->terminal, c->set->machine, c->id);
    }
    pass_on(c);
}

// The console, which displays may show, stays with what it said last.
static void vc_close(Chardev *c)
{
    VcState *s = c->state;
    g_byte_array_set_size(s->typed, 0);
}

static const char *const keys[] = {"size", "width",   "height",    "cols", "rows",
                                   "mux",  "logfile", "logappend", NULL};
const ChardevKind chardev_vc = {"vc", keys, vc_open, vc_write, vc_resume, vc_close};
