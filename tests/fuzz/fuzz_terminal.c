// Text consoles: control sequences, true and changed, on screens of all sizes.
#include <string.h>

#include "tests/fuzz/fuzz.h"
#include "ui/text_screen.h"
#include "ui/text_console.h"
#include "tests/unit/bare_machine.h"

static const char *const words[] = {"\033[",        "\033[2J",  "\033[H",       "\033[999;999H",
                                    "\033[5;9r",    "\033[L",   "\033[M",       "\033[P",
                                    "\033[@",       "\033[X",   "\033M",        "\033D",
                                    "\033E",        "\033[99S", "\033[99T",     "\033[K",
                                    "\033[1K",      "\033[J",   "\033[1J",      "\033[38;5;200m",
                                    "\033[6n",      "\033[?7l", "\033(0",       "\016",
                                    "\xe2\x94\x80", "\r\n",     "\t",           "\b",
                                    "\0337",        "\0338",    "\033c",        "\033]0;",
                                    "\a",           "hello",    "\xf0\x9f\x98", NULL};

static void replied(void *opaque, const char *text, size_t len)
{
    (void)opaque;
    if (!len || text[0] != '\033') {
        fuzz_fail("a reply that is no control sequence");
    }
}

static void run(Fuzz *f)
{
    Machine *m = bare_machine();
    unsigned columns = 1 + (unsigned)fuzz_below(f, 100), rows = 1 + (unsigned)fuzz_below(f, 50);
    TextConsole *t = text_console_new(columns, rows, replied, NULL);
    text_console_show(t, m, "terminal");
    for (unsigned i = 0; i < 300; i++) {
        GString *s = g_string_new(NULL);
        for (unsigned n = (unsigned)fuzz_below(f, 8); n--;) {
            g_string_append(s, words[fuzz_below(f, ARRAY_LEN(words) - 1)]);
            g_string_append_printf(s, "%u", (unsigned)fuzz_below(f, 200));
        }
        fuzz_mutate_text(f, s, words);
        text_console_write(t, s->str, s->len);
        f->inputs += s->len;
        g_string_free(s, TRUE);
        const Surface *picture = console_update(console_get(m, 0));
        if (picture->width != columns * 8 || picture->height != rows * 16) {
            fuzz_fail("a picture of %u x %u", picture->width, picture->height);
        }
    }
    char *text = text_console_text(t);
    unsigned lines = 0;
    for (const char *p = text; *p; p++) {
        lines += *p == '\n';
    }
    if (lines != rows) {
        fuzz_fail("%u lines of %u", lines, rows);
    }
    g_free(text);
    console_remove(m, console_get(m, 0));
    text_console_free(t);
}

const Fuzzer fuzzer = {
    .name = "fuzz_terminal",
    .what = "Control sequences for text consoles",
    .unit = "bytes",
    .run = run,
};
