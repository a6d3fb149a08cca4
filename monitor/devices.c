// Devices: the trees of the human monitor, and their properties.
#include <stdio.h>
#include <string.h>

#include "monitor/commands.h"
#include "monitor/properties.h"

// --- info qtree: buses, devices on them, their properties; children below their parents

static void append_device(const Device *d, unsigned depth, GString *out)
{
    g_string_append_printf(out, "%*sdev: %s, id \"%s\"\n", (int)depth, "", d->type->name,
                           d->id ? d->id : "");
    for (const DeviceProp *p = d->type->props; p && p->name; p++) {
        char *text = property_text(d, p);
        g_string_append_printf(out, "%*s%s = %s%s%s\n", (int)depth + 2, "", p->name,
                               p->kind == PROP_STRING ? "\"" : "", text ? text : "",
                               p->kind == PROP_STRING ? "\"" : "");
        g_free(text);
    }
    const GPtrArray *all = d->machine->devices;
    for (guint i = 0; i < all->len; i++) {
        const Device *child = g_ptr_array_index(all, i);
        if (child->parent == d) {
            append_device(child, depth + 2, out);
        }
    }
}

static void append_bus(Machine *m, const char *bus, GString *out)
{
    g_string_append_printf(out, "bus: %s\n", bus);
    for (guint i = 0; i < m->devices->len; i++) {
        const Device *d = g_ptr_array_index(m->devices, i);
        if (!d->parent && !strcmp(d->type->bus, bus)) {
            append_device(d, 2, out);
        }
    }
}

static void info_qtree(Machine *m, int argc, char **argv, GString *out)
{
    GHashTable *seen = g_hash_table_new(g_str_hash, g_str_equal);
    (void)argc;
    (void)argv;
    for (guint i = 0; i < m->devices->len; i++) {
        const Device *d = g_ptr_array_index(m->devices, i);
        if (!d->parent && g_hash_table_add(seen, (gpointer)d->type->bus)) {
            append_bus(m, d->type->bus, out);
        }
    }
    g_hash_table_destroy(seen);
}

// --- info qdm, qom-tree

static void print_types(Machine *m, void *file)
{
    (void)m;
    device_list(file);
}

static void info_qdm(Machine *m, int argc, char **argv, GString *out)
{
    (void)argc;
    (void)argv;
    monitor_capture(out, print_types, m);
}

static void info_qom_tree(Machine *m, int argc, char **argv, GString *out)
{
    (void)argc;
    (void)argv;
    g_string_append_printf(out, "/machine (%s-machine)\n", m->board->name);
    for (unsigned i = 0; i < m->n_cpus; i++) {
        g_string_append_printf(out, "  /machine/unattached/cpu[%u] (%s)\n", i,
                               m->cpu[i]->target->name);
    }
    for (guint i = 0; i < m->devices->len; i++) {
        const Device *d = g_ptr_array_index(m->devices, i);
        char *path = device_path(d);
        g_string_append_printf(out, "  %s (%s)\n", path, d->type->name);
        g_free(path);
    }
}

// --- qom-get

static void cmd_qom_get(Machine *m, int argc, char **argv, GString *out)
{
    if (argc != 3) {
        monitor_usage(argv[0], out);
        return;
    }
    const Device *d = device_at(m, argv[1]);
    const DeviceProp *p = d ? property_find(d->type, argv[2]) : NULL;
    if (!d) {
        g_string_append_printf(out, "qom-get %s: there is no such device ('info qom-tree')\n",
                               argv[1]);
    } else if (!p) {
        g_string_append_printf(out, "qom-get %s %s: it has no such property ('info qtree')\n",
                               argv[1], argv[2]);
    } else {
        char *text = property_text(d, p);
        g_string_append_printf(out, "%s\n", text ? text : "");
        g_free(text);
    }
}

static const MonitorCommand commands[] = {
    {"qom-get", NULL, "DEVICE PROPERTY", "a device's property, by path or id", cmd_qom_get},
    {NULL, NULL, NULL, NULL, NULL},
};
static const MonitorCommand info[] = {
    {"qtree", NULL, "", "buses, devices and their properties", info_qtree},
    {"qdm", NULL, "", "devices that -device can make", info_qdm},
    {"qom-tree", NULL, "", "paths of CPUs and devices", info_qom_tree},
    {NULL, NULL, NULL, NULL, NULL},
};
static const MonitorTable table = {commands, info};
MONITOR_TABLE(table);
