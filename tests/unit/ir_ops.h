// A block's ops by name, for tests that say what an instruction becomes.
#ifndef TESTS_UNIT_IR_OPS_H
#define TESTS_UNIT_IR_OPS_H

#include <glib.h>
#include <string.h>

// Of ir_text's text: the names of the ops, one after another.
static inline char *ops_of(const char *text)
{
    GString *s = g_string_new(NULL);
    char **line = g_strsplit(text, "\n", -1);
    for (unsigned i = 0; line[i]; i++) {
        const char *eq = strstr(line[i], " = ");
        const char *op = eq ? eq + 3 : line[i];
        op += strspn(op, " ");
        if (g_str_has_prefix(op, "block ") || !g_ascii_islower(*op)) {
            continue;
        }
        g_string_append_printf(s, "%s%.*s", s->len ? " " : "", (int)strcspn(op, " ."), op);
    }
    g_strfreev(line);
    return g_string_free(s, FALSE);
}

#endif
