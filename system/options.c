// Finds each argument in the tables of options_*.c and runs its handler. -x and --x are the same.
#include "system/options.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "util/nearest.h"

const OptionGroup option_groups[] = {
    {"Machine", options_machine},
    {"Devices and what they talk to", options_devices},
    {"Screen and keyboard", options_display},
    {"Running", options_run},
    {"Debugging", options_debug},
};
const unsigned n_option_groups = ARRAY_LEN(option_groups);

static void clear_item(void *item)
{
    g_free(((OptionsItem *)item)->arg);
}

static GArray *new_items(void)
{
    GArray *a = g_array_new(FALSE, TRUE, sizeof(OptionsItem));
    g_array_set_clear_func(a, clear_item);
    return a;
}

void options_init(Options *o)
{
    memset(o, 0, sizeof(*o));
    o->strings = g_ptr_array_new_with_free_func(g_free);
    GArray **lists[] = {&o->chardevs, &o->serials, &o->monitors,   &o->drives,
                        &o->netdevs,  &o->nics,    &o->devices,    &o->gdb,
                        &o->fw_cfg,   &o->smbios,  &o->acpitables, &o->displays};
    for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
        *lists[i] = new_items();
    }
    o->semihosting_args = g_array_new(TRUE, TRUE, sizeof(char *));
    o->config.globals = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    o->config.machine_opts = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    o->config.icount_sleep = true;
}

void options_free(Options *o)
{
    GArray *lists[] = {o->chardevs,        o->serials, o->monitors,   o->drives,
                       o->netdevs,         o->nics,    o->devices,    o->gdb,
                       o->fw_cfg,          o->smbios,  o->acpitables, o->displays,
                       o->semihosting_args};
    for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
        g_array_free(lists[i], TRUE);
    }
    g_hash_table_destroy(o->config.machine_opts);
    g_hash_table_destroy(o->config.globals);
    g_ptr_array_free(o->strings, TRUE);
}

const char *options_keep(Options *o, const char *s)
{
    char *copy = g_strdup(s);
    g_ptr_array_add(o->strings, copy);
    return copy;
}

void options_add(GArray *items, const char *option, const char *arg)
{
    OptionsItem it = {option, g_strdup(arg)};
    g_array_append_val(items, it);
}

OptionsResult options_fail(char **error, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    *error = g_strdup_vprintf(fmt, ap);
    va_end(ap);
    return OPTIONS_ERROR;
}

const char *options_target_of(const char *program)
{
    static const char *const targets[] = {"aarch64", "arm", "x86_64", "i386"};
    const char *base = strrchr(program, '/');
    base = base ? base + 1 : program;
    const char *t = NULL;
    if (g_str_has_prefix(base, "mimus-system-")) {
        t = base + strlen("mimus-system-");
    } else if (g_str_has_prefix(base, "qemu-system-")) {
        t = base + strlen("qemu-system-");
    }
    for (size_t i = 0; t && i < ARRAY_LEN(targets); i++) {
        if (!strcmp(t, targets[i])) {
            return targets[i];
        }
    }
    return NULL;
}

static const OptionDef *find_option(const char *name)
{
    for (unsigned g = 0; g < n_option_groups; g++) {
        for (const OptionDef *d = option_groups[g].def; d->name; d++) {
            if (!strcmp(d->name, name)) {
                return d;
            }
        }
    }
    return NULL;
}

static OptionsResult unknown_option(const char *arg, const char *name, char **error)
{
    Nearest n;
    nearest_init(&n, name);
    for (unsigned g = 0; g < n_option_groups; g++) {
        for (const OptionDef *d = option_groups[g].def; d->name; d++) {
            nearest_add(&n, d->name);
        }
    }
    const char *best = nearest_result(&n);
    if (best) {
        return options_fail(error, "unknown option '%s' (did you mean '-%s'?)", arg, best);
    }
    return options_fail(error, "unknown option '%s' (see -help)", arg);
}

static OptionsResult positional(Options *o, const char *arg, char **error)
{
    if (o->file) {
        return options_fail(error, "'%s': only one file can be started ('%s' came before)", arg,
                            o->file);
    }
    o->file = options_keep(o, arg);
    return OPTIONS_RUN;
}

// Prefixes a handler's complaint with the option it is about.
static OptionsResult handle(Options *o, const OptionDef *d, const char *arg, char **error)
{
    char *why = NULL;
    OptionsResult r = d->handle(o, arg, &why);
    if (r == OPTIONS_ERROR) {
        if (why[0] == '-') { // it names the option already
            *error = why;
            return r;
        }
        *error = arg ? g_strdup_printf("-%s %s: %s", d->name, arg, why)
                     : g_strdup_printf("-%s: %s", d->name, why);
        g_free(why);
    }
    return r;
}

OptionsResult options_parse(Options *o, int argc, char **argv, char **error)
{
    o->target = argc ? options_target_of(argv[0]) : NULL;
    for (int i = 1; i < argc; i++) {
        const char *arg = argv[i];
        OptionsResult r;
        if (arg[0] != '-' || !arg[1]) {
            r = positional(o, arg, error);
        } else {
            const char *name = arg + (arg[1] == '-' ? 2 : 1);
            const OptionDef *d = find_option(name);
            if (!d) {
                return unknown_option(arg, name, error);
            }
            if (d->arg && i + 1 == argc) {
                return options_fail(error, "%s needs an argument: %s", arg, d->arg);
            }
            r = handle(o, d, d->arg ? argv[++i] : NULL, error);
        }
        if (r != OPTIONS_RUN) {
            return r;
        }
    }
    return OPTIONS_RUN;
}
