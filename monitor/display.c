// Monitor commands about displays.
#include <string.h>

#include "monitor/commands.h"
#include "ui/console.h"
#include "ui/screendump.h"

typedef struct DumpArgs {
    const char *file, *format, *device;
} DumpArgs;

static bool parse_args(int argc, char **argv, DumpArgs *a)
{
    for (int i = 1; i < argc; i++) {
        const char **value = !strcmp(argv[i], "-f")   ? &a->format
                             : !strcmp(argv[i], "-d") ? &a->device
                                                      : NULL;
        if (value && i + 1 < argc) {
            *value = argv[++i];
        } else if (!value && !a->file) {
            a->file = argv[i];
        } else if (!value && !a->device) { // QEMU's: FILE [-f FORMAT] [DEVICE [HEAD]]
            a->device = argv[i];
        } else if (!value && !strcmp(argv[i], "0")) {
            continue;
        } else {
            return false;
        }
    }
    return a->file != NULL;
}

bool monitor_find_display(Machine *m, const char *name, unsigned *n)
{
    for (unsigned i = 0; console_get(m, i); i++) {
        char *number = g_strdup_printf("%u", i);
        bool found =
            !name || !strcmp(number, name) || !strcmp(console_name(console_get(m, i)), name);
        g_free(number);
        if (found) {
            *n = i;
            return true;
        }
    }
    return false;
}

void monitor_screendump(Machine *m, int argc, char **argv, GString *out)
{
    DumpArgs a = {0};
    if (!parse_args(argc, argv, &a)) {
        g_string_append(
            out, "screendump: wrong arguments; usage: screendump FILE [-f png|ppm] [DISPLAY]\n");
        return;
    }
    ScreendumpFormat format = screendump_format_of(a.file);
    if (a.format && !screendump_format(a.format, &format)) {
        g_string_append_printf(out, "screendump -f %s: only png and ppm\n", a.format);
        return;
    }
    unsigned n = 0;
    char *error = NULL;
    if (!monitor_find_display(m, a.device, &n)) {
        g_string_append_printf(out, "screendump: there is no display%s%s\n", a.device ? " " : "",
                               a.device ? a.device : "");
    } else if (!screendump(m, n, a.file, format, &error)) {
        g_string_append_printf(out, "screendump %s: %s\n", a.file, error);
        g_free(error);
    }
}

void monitor_displays(Machine *m, int argc, char **argv, GString *out)
{
    (void)argc;
    (void)argv;
    for (unsigned i = 0; console_get(m, i); i++) {
        Console *c = console_get(m, i);
        Surface *s = console_update(c);
        char *text = console_text(c);
        g_string_append_printf(out, "%u: %s, %ux%u%s%s\n", i, console_name(c), s->width, s->height,
                               text ? ", text:\n" : "", text ? text : "");
        g_free(text);
    }
}
