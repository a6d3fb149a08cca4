// The tables of commands, found by linker section.
#include <string.h>

#include "monitor/commands.h"

extern const MonitorTable *const __start_mimus_hmp[] __attribute__((weak));
extern const MonitorTable *const __stop_mimus_hmp[] __attribute__((weak));

static gint by_name(gconstpointer a, gconstpointer b)
{
    const MonitorCommand *const *x = a, *const *y = b;
    return strcmp((*x)->name, (*y)->name);
}

GPtrArray *monitor_rows(bool info)
{
    GPtrArray *all = g_ptr_array_new();
    for (const MonitorTable *const *t = __start_mimus_hmp; t < __stop_mimus_hmp; t++) {
        const MonitorCommand *c = info ? (*t)->info : (*t)->commands;
        for (; c && c->name; c++) {
            g_ptr_array_add(all, (gpointer)c);
        }
    }
    g_ptr_array_sort(all, by_name);
    return all;
}

const MonitorCommand *monitor_find(bool info, const char *name)
{
    for (const MonitorTable *const *t = __start_mimus_hmp; t < __stop_mimus_hmp; t++) {
        const MonitorCommand *c = info ? (*t)->info : (*t)->commands;
        for (; c && c->name; c++) {
            if (!strcmp(c->name, name) || (c->alias && !strcmp(c->alias, name))) {
                return c;
            }
        }
    }
    return NULL;
}

void monitor_usage(const char *name, GString *out)
{
    const MonitorCommand *c = monitor_find(false, name);
    bool info = !c;
    c = c ? c : monitor_find(true, name);
    g_string_append_printf(out, "%s: wrong arguments; usage: %s%s %s\n", name, info ? "info " : "",
                           name, c ? c->args : "");
}

VCPU *monitor_cpu(Machine *m)
{
    VCPU *v = machine_lookup(m, "monitor-cpu");
    return v ? v : m->cpu[0];
}
