// Answers to -help, -version, and "help" as the argument of -M and -device.
#include <stdio.h>
#include <string.h>

#include "system/options.h"
#include "util/nearest.h"

OptionsResult help_usage(Options *o, const char *arg, char **error)
{
    (void)o;
    (void)arg;
    (void)error;
    puts("usage: mimus [options] [FILE]\n"
         "Runs a whole machine. FILE (a kernel, ELF file, firmware or disk image) picks the board\n"
         "by itself; -M NAME names one. Options are QEMU's, -x or --x:");
    for (unsigned g = 0; g < n_option_groups; g++) {
        printf("\n%s:\n", option_groups[g].title);
        for (const OptionDef *d = option_groups[g].def; d->name; d++) {
            if (!d->help) {
                continue;
            }
            char *left = g_strdup_printf("-%s %s", d->name, d->arg ? d->arg : "");
            printf(strlen(left) > 30 ? "  %s\n%34s%s\n" : "  %-30s%2s%s\n", left, "", d->help);
            g_free(left);
        }
    }
    return OPTIONS_DONE;
}

OptionsResult help_version(Options *o, const char *arg, char **error)
{
    (void)o;
    (void)arg;
    (void)error;
    puts("mimus version " MIMUS_VERSION);
    return OPTIONS_DONE;
}

static void print_board(void *opaque, const BoardType *b)
{
    const Options *o = opaque;
    if (o->target && strcmp(o->target, b->target)) {
        return;
    }
    char *alias = b->alias ? g_strdup_printf(" (alias %s)", b->alias) : g_strdup("");
    printf("  %-20s %s%s%s\n", b->name, b->desc, alias, b->is_default ? " (default)" : "");
    g_free(alias);
}

void help_boards(const Options *o)
{
    puts("Boards:");
    board_type_each(print_board, (void *)o);
}

static const char *kind_name(PropKind k)
{
    static const char *const names[] = {
        [PROP_BOOL] = "on|off", [PROP_U32] = "number",  [PROP_U64] = "number",
        [PROP_SIZE] = "size",   [PROP_STRING] = "text", [PROP_MAC] = "MAC address",
    };
    return (size_t)k < ARRAY_LEN(names) ? names[k] : "?";
}

static void print_props(const DeviceProp *p)
{
    for (; p && p->name; p++) {
        printf("  %s=<%s>%s%s%s%s\n", p->name, kind_name(p->kind), p->help ? "  " : "",
               p->help ? p->help : "", p->def ? "; default " : "", p->def ? p->def : "");
    }
}

static void add_board(void *opaque, const BoardType *b)
{
    nearest_add(opaque, b->name);
    nearest_add(opaque, b->alias);
}

char *help_nearest_board(const char *name)
{
    Nearest n;
    nearest_init(&n, name);
    board_type_each(add_board, &n);
    return nearest_hint(&n);
}

bool help_board_options(const char *name, char **error)
{
    const BoardType *b = name ? board_type_find(name, NULL) : NULL;
    if (!b) {
        char *hint = name ? help_nearest_board(name) : g_strdup("");
        *error = g_strdup_printf("unknown board '%s'%s", name ? name : "", hint);
        g_free(hint);
        return false;
    }
    printf("%s options:\n", b->name);
    print_props(b->opts);
    return true;
}

char *help_nearest_board_option(const BoardType *b, const char *key)
{
    Nearest n;
    nearest_init(&n, key);
    for (const DeviceProp *p = b->opts; p && p->name; p++) {
        nearest_add(&n, p->name);
    }
    return nearest_hint_or_all(&n);
}
