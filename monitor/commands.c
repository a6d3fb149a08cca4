#define _GNU_SOURCE // open_memstream
#include "monitor/commands.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "accel/engine.h"
#include "block/block.h"
#include "chardev/chardev.h"
#include "gdbstub/gdbstub.h"
#include "hw/core/powerdown.h"
#include "net/net.h"
#include "util/log.h"

const MonitorCommand *monitor_find(const MonitorCommand *table, const char *name)
{
    for (const MonitorCommand *c = table; c->name; c++) {
        if (!strcmp(c->name, name) || (c->alias && !strcmp(c->alias, name))) {
            return c;
        }
    }
    return NULL;
}

void monitor_capture(GString *out, void (*print)(Machine *, void *file), Machine *m)
{
    char *text = NULL;
    size_t len = 0;
    FILE *f = open_memstream(&text, &len);
    if (f) {
        print(m, f);
        fclose(f);
        g_string_append_len(out, text, (gssize)len);
    }
    free(text);
}

static void list(const MonitorCommand *table, const char *prefix, GString *out)
{
    for (const MonitorCommand *c = table; c->name; c++) {
        char *left = g_strdup_printf("%s%s%s%s %s", prefix, c->name, c->alias ? "|" : "",
                                     c->alias ? c->alias : "", c->args);
        g_string_append_printf(out, "%-28s %s\n", left, c->help);
        g_free(left);
    }
}

// --- commands

#define COMMAND(fn) static void fn(Machine *m, int argc, char **argv, GString *out)
#define UNUSED_ARGS (void)m, (void)argc, (void)argv, (void)out

COMMAND(cmd_help)
{
    UNUSED_ARGS;
    list(monitor_commands, "", out);
    list(monitor_info, "info ", out);
}

COMMAND(cmd_quit)
{
    UNUSED_ARGS;
    machine_request_by(m, MACHINE_QUIT, 0, MACHINE_CAUSE_HOST_QUIT);
}

COMMAND(cmd_reset)
{
    UNUSED_ARGS;
    machine_reset_button(m, MACHINE_CAUSE_HOST_RESET);
}

COMMAND(cmd_powerdown)
{
    UNUSED_ARGS;
    if (!machine_powerdown(m)) {
        g_string_append(out, "this board has no power button\n");
    }
}

COMMAND(cmd_stop)
{
    UNUSED_ARGS;
    machine_pause(m);
}

COMMAND(cmd_cont)
{
    UNUSED_ARGS;
    machine_continue(m);
}

COMMAND(cmd_log)
{
    UNUSED_ARGS;
    if (argc != 2) {
        g_string_append(out, "log ITEM[,ITEM]: one argument, as for -d\n");
    } else if (!log_set_categories(argv[1])) {
        g_string_append_printf(out, "log %s: unknown item\n", argv[1]);
    }
}

COMMAND(cmd_gdbserver)
{
    UNUSED_ARGS;
    char *error = NULL;
    const char *spec = argc > 1 ? argv[1] : "tcp::1234";
    if (gdb_server_start(m, spec, &error)) {
        g_string_append_printf(out, "gdb server: %s\n", spec);
    } else {
        g_string_append_printf(out, "gdbserver %s: %s\n", spec, error);
        g_free(error);
    }
}

COMMAND(cmd_hash)
{
    UNUSED_ARGS;
    StateHash h;
    machine_state_hash(m, &h);
    g_string_append_printf(
        out, "state %" G_GUINT64_FORMAT " %016" G_GINT64_MODIFIER "x%016" G_GINT64_MODIFIER "x\n",
        machine_icount(m), h.h[0], h.h[1]);
}

COMMAND(cmd_state)
{
    UNUSED_ARGS;
    monitor_capture(out, machine_print_state, m);
}

COMMAND(cmd_info)
{
    const MonitorCommand *c = argc > 1 ? monitor_find(monitor_info, argv[1]) : NULL;
    if (c) {
        c->run(m, argc - 1, argv + 1, out);
        return;
    }
    if (argc > 1) {
        g_string_append_printf(out, "info: unknown item '%s'\n", argv[1]);
    }
    list(monitor_info, "info ", out);
}

const MonitorCommand monitor_commands[] = {
    {"help", "?", "", "this list", cmd_help},
    {"info", NULL, "ITEM", "shows something of the machine", cmd_info},
    {"stop", "s", "", "pauses the machine", cmd_stop},
    {"cont", "c", "", "lets it run again", cmd_cont},
    {"system_reset", NULL, "", "presses the reset button", cmd_reset},
    {"system_powerdown", NULL, "", "presses the power button", cmd_powerdown},
    {"quit", "q", "", "ends Mimus", cmd_quit},
    {"x", NULL, "/FMT ADDR", "memory at a virtual address ($pc, $sp+16)", monitor_examine},
    {"xp", NULL, "/FMT ADDR", "memory at a physical address", monitor_examine_phys},
    {"hash", NULL, "", "the state's hash", cmd_hash},
    {"state", NULL, "", "all of the state but memory", cmd_state},
    {"sendkey", NULL, "KEYS [MS]", "presses keys (ctrl-alt-f1), for 100 ms", monitor_sendkey},
    {"mouse_move", NULL, "DX DY [DZ]", "moves the pointer, turns the wheel", monitor_mouse_move},
    {"mouse_button", NULL, "STATE", "1 left, 2 middle, 4 right", monitor_mouse_button},
    {"nmi", NULL, "", "a non-maskable interrupt for all CPUs of a PC", monitor_nmi},
    {"screendump", NULL, "FILE [-f png|ppm]", "writes the screen's picture", monitor_screendump},
    {"log", NULL, "ITEM[,ITEM]", "logs these, as -d", cmd_log},
    {"gdbserver", NULL, "[SPEC]", "starts the gdb server (none: ends it)", cmd_gdbserver},
    {NULL, NULL, NULL, NULL, NULL},
};

// --- info

COMMAND(info_version)
{
    UNUSED_ARGS;
    g_string_append(out, "Mimus " MIMUS_VERSION "\n");
}

COMMAND(info_status)
{
    UNUSED_ARGS;
    g_string_append_printf(out, "%s, board %s, %" G_GUINT64_FORMAT " instructions, %.6f s\n",
                           m->stop == MACHINE_PAUSED ? "paused" : "running", m->board->name,
                           machine_icount(m), (double)clock_now(m->clock) / 1e9);
}

COMMAND(info_cpus)
{
    UNUSED_ARGS;
    for (unsigned i = 0; i < m->n_cpus; i++) {
        const VCPU *v = m->cpu[i];
        g_string_append_printf(out,
                               "CPU %u: pc 0x%016" G_GINT64_MODIFIER "x, %s, %" G_GUINT64_FORMAT
                               " instructions\n",
                               i, v->pc,
                               v->stopped  ? "off"
                               : v->halted ? "waiting"
                                           : "running",
                               vcpu_icount(v));
    }
}

static void print_stats(Machine *m, void *file)
{
    engine_print_stats(m->engine, file);
}

static void print_mtree(Machine *m, void *file)
{
    address_space_print(m->memory, file);
}

static void print_network(Machine *m, void *file)
{
    net_print(m, file);
}

static void print_devices(Machine *m, void *file)
{
    for (guint i = 0; i < m->devices->len; i++) {
        const Device *d = g_ptr_array_index(m->devices, i);
        fprintf(file, "%s%s%s%s%s\n", d->type->name, d->id ? ", id " : "", d->id ? d->id : "",
                d->parent ? ", part of " : "", d->parent ? d->parent->type->name : "");
    }
}

#define INFO_PRINT(fn, print)                                                                      \
    COMMAND(fn)                                                                                    \
    {                                                                                              \
        UNUSED_ARGS;                                                                               \
        monitor_capture(out, print, m);                                                            \
    }
INFO_PRINT(info_jit, print_stats)
INFO_PRINT(info_mtree, print_mtree)
INFO_PRINT(info_network, print_network)
INFO_PRINT(info_block, block_print)
INFO_PRINT(info_devices, print_devices)
INFO_PRINT(info_chardev, chardev_print)

const MonitorCommand monitor_info[] = {
    {"version", NULL, "", "Mimus's version", info_version},
    {"status", NULL, "", "running or paused, and for how long", info_status},
    {"cpus", NULL, "", "the vCPUs", info_cpus},
    {"registers", NULL, "[-a] [-v]", "registers (-a: all vCPUs, -v: vectors too)",
     monitor_registers},
    {"jit", NULL, "", "the translator's statistics", info_jit},
    {"mtree", NULL, "", "the physical memory map", info_mtree},
    {"qtree", NULL, "", "the devices", info_devices},
    {"block", NULL, "", "disk images", info_block},
    {"network", NULL, "", "network backends", info_network},
    {"chardev", NULL, "", "character backends", info_chardev},
    {"pic", NULL, "", "a PC's interrupt controllers", monitor_pic},
    {"lapic", NULL, "", "a PC's local APICs", monitor_lapic},
    {"displays", NULL, "", "screens, and what stands on text screens", monitor_displays},
    {NULL, NULL, NULL, NULL, NULL},
};
