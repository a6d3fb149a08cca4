#define _GNU_SOURCE // open_memstream
#include "monitor/commands.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "accel/engine.h"
#include "block/block.h"
#include "chardev/chardev.h"
#include "gdbstub/gdbstub.h"
#include "hw/core/powerdown.h"
#include "hw/watchdog/watchdog.h"
#include "monitor/row.h"
#include "net/net.h"
#include "util/keyval.h"
#include "util/log.h"
#include "util/nearest.h"

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

// A row of a list: the line up to its arguments, then what it does.
static void list_row(const MonitorCommand *c, const char *prefix, GString *out)
{
    char *left = g_strdup_printf("%s%s%s%s %s", prefix, c->name, c->alias ? "|" : "",
                                 c->alias ? c->alias : "", c->args);
    g_string_append_printf(out, "%-36s %s\n", left, c->help);
    g_free(left);
}

static void list(bool info, GString *out)
{
    GPtrArray *rows = monitor_rows(info);
    for (guint i = 0; i < rows->len; i++) {
        list_row(g_ptr_array_index(rows, i), info ? "info " : "", out);
    }
    g_ptr_array_unref(rows);
}

static void unknown(bool info, const char *name, GString *out)
{
    GPtrArray *rows = monitor_rows(info);
    Nearest n;
    nearest_init(&n, name);
    for (guint i = 0; i < rows->len; i++) {
        nearest_add(&n, ((const MonitorCommand *)g_ptr_array_index(rows, i))->name);
    }
    char *hint = nearest_hint(&n);
    g_string_append_printf(out, "%s '%s'%s; '%s' lists them\n",
                           info ? "info: unknown topic" : "unknown command", name, hint,
                           info ? "info" : "help");
    g_free(hint);
    g_ptr_array_unref(rows);
}

// --- commands

COMMAND(cmd_help)
{
    UNUSED_ARGS;
    if (argc == 1) {
        list(false, out);
        list(true, out);
        return;
    }
    bool info = argc > 2 && !strcmp(argv[1], "info");
    const char *name = argv[info ? 2 : 1];
    const MonitorCommand *c = monitor_find(info, name);
    if (c) {
        list_row(c, info ? "info " : "", out);
    } else {
        unknown(info, name, out);
    }
    if (c && !info && !strcmp(name, "info")) {
        list(true, out);
    }
}

// A command that takes nothing is not run with something: it may have been meant otherwise.
static void run_row(Machine *m, bool info, int argc, char **argv, GString *out)
{
    const MonitorCommand *c = monitor_find(info, argv[0]);
    if (!c) {
        unknown(info, argv[0], out);
    } else if (!*c->args && argc > 1) {
        g_string_append_printf(out, "%s%s takes no arguments\n", info ? "info " : "", argv[0]);
    } else {
        c->run(m, argc, argv, out);
    }
}

void monitor_run(Machine *m, int argc, char **argv, GString *out)
{
    // "x/4i $pc": the format may touch the name.
    const char *slash = strchr(argv[0], '/');
    char *name = slash ? g_strndup(argv[0], (gsize)(slash - argv[0])) : NULL;
    if (name && monitor_find(false, name)) {
        char **words = g_new0(char *, (gsize)argc + 2);
        words[0] = name;
        words[1] = argv[0] + strlen(name);
        memcpy(words + 2, argv + 1, (size_t)(argc - 1) * sizeof(*words));
        run_row(m, false, argc + 1, words, out);
        g_free(words);
    } else {
        run_row(m, false, argc, argv, out);
    }
    g_free(name);
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
    if (machine_needs_reset(m)) {
        g_string_append(out, "cont: the guest is powered off: system_reset comes first\n");
        return;
    }
    machine_continue(m);
}

COMMAND(cmd_wakeup)
{
    UNUSED_ARGS;
    g_string_append(out, "system_wakeup: the guest does not sleep (no suspend to RAM)\n");
}

COMMAND(cmd_cpu)
{
    uint64_t n;
    if (argc != 2 || !parse_u64(argv[1], &n)) {
        monitor_usage(argv[0], out);
    } else if (n >= m->n_cpus) {
        g_string_append_printf(out, "cpu %s: there are CPUs 0 to %u\n", argv[1], m->n_cpus - 1);
    } else {
        machine_register(m, "monitor-cpu", m->cpu[n]);
    }
}

COMMAND(cmd_watchdog_action)
{
    if (argc != 2) {
        monitor_usage(argv[0], out);
    } else if (!watchdog_set_action(m, argv[1])) {
        g_string_append_printf(out,
                               "watchdog_action %s: there are reset, shutdown, poweroff, pause, "
                               "debug, none and inject-nmi\n",
                               argv[1]);
    }
}

// The order counts from the next reset on, when firmware looks for it.
COMMAND(cmd_boot_set)
{
    if (argc != 2) {
        monitor_usage(argv[0], out);
    } else if (!*argv[1] || strspn(argv[1], "abcdnop") != strlen(argv[1])) {
        g_string_append_printf(out,
                               "boot_set %s: letters out of a (floppy), c (disk), d (CD) and n "
                               "(network)\n",
                               argv[1]);
    } else if (!machine_lookup(m, "apics")) {
        g_string_append_printf(out, "boot_set: the firmware of the board '%s' has no boot order\n",
                               m->board->name);
    } else {
        m->config.boot_order = g_intern_string(argv[1]);
        m->config.boot_once = NULL;
        g_string_append_printf(out, "boot device list now set to %s\n", argv[1]);
    }
}

COMMAND(cmd_log)
{
    UNUSED_ARGS;
    if (argc != 2) {
        monitor_usage(argv[0], out);
    } else if (!strcmp(argv[1], "none")) {
        log_clear_categories();
    } else if (!strcmp(argv[1], "help") || !log_set_categories(argv[1])) {
        g_string_append_printf(
            out,
            "log %s: there are none, in_asm, op, op_opt, out_asm, int, mmu, exec, "
            "unimp, guest_errors and vnc, joined by commas\n",
            argv[1]);
    }
}

COMMAND(cmd_logfile)
{
    UNUSED_ARGS;
    if (argc != 2) {
        monitor_usage(argv[0], out);
    } else if (!log_set_file(argv[1])) {
        g_string_append_printf(out, "logfile %s: %s\n", argv[1], g_strerror(errno));
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
    if (argc > 1) {
        run_row(m, true, argc - 1, argv + 1, out);
    } else {
        list(true, out);
    }
}

static const MonitorCommand commands[] = {
    {"help", "?", "[COMMAND]", "all commands, or one", cmd_help},
    {"info", NULL, "[TOPIC]", "shows something of the machine; all topics", cmd_info},
    {"stop", "s", "", "pauses the machine", cmd_stop},
    {"cont", "c", "", "lets it run again", cmd_cont},
    {"cpu", NULL, "N", "commands about one vCPU mean this one from now on", cmd_cpu},
    {"system_wakeup", NULL, "", "wakes a sleeping guest", cmd_wakeup},
    {"watchdog_action", NULL, "reset|shutdown|poweroff|pause|debug|none|inject-nmi",
     "what happens when a watchdog expires", cmd_watchdog_action},
    {"boot_set", NULL, "LETTERS", "boot order from the next reset on (a, c, d, n)", cmd_boot_set},
    {"logfile", NULL, "FILE", "the log goes there", cmd_logfile},
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
    {"screendump", NULL, "FILE [-f png|ppm] [DISPLAY]", "writes the screen's picture",
     monitor_screendump},
    {"log", NULL, "none|in_asm|op|op_opt|out_asm|int|mmu|exec|unimp|guest_errors|vnc",
     "logs these, as -d; none: nothing", cmd_log},
    {"gdbserver", NULL, "[SPEC]", "starts the gdb server (none: ends it)", cmd_gdbserver},
    {NULL, NULL, NULL, NULL, NULL},
};

// --- info

COMMAND(info_version)
{
    UNUSED_ARGS;
    g_string_append(out, "Mimus " MIMUS_VERSION " (commands as in QEMU 7.2)\n");
}

COMMAND(info_status)
{
    UNUSED_ARGS;
    bool paused = m->stop == MACHINE_PAUSED;
    const char *why = machine_run_state(m);
    bool more = paused && strcmp(why, "paused");
    g_string_append_printf(out, "VM status: %s%s%s%s\n", paused ? "paused" : "running",
                           more ? " (" : "", more ? why : "", more ? ")" : "");
    g_string_append_printf(out, "board %s, %" G_GUINT64_FORMAT " instructions, %.6f s\n",
                           m->board->name, machine_icount(m), (double)clock_now(m->clock) / 1e9);
}

COMMAND(info_cpus)
{
    UNUSED_ARGS;
    for (unsigned i = 0; i < m->n_cpus; i++) {
        const VCPU *v = m->cpu[i];
        g_string_append_printf(out,
                               "%c CPU #%u: pc 0x%016" G_GINT64_MODIFIER "x, %s, %" G_GUINT64_FORMAT
                               " instructions\n",
                               v == monitor_cpu(m) ? '*' : ' ', i, v->pc,
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

static void print_network(Machine *m, void *file)
{
    net_print(m, file);
}

COMMAND_PRINT(info_jit, print_stats)
COMMAND_PRINT(info_network, print_network)
COMMAND_PRINT(all_blocks, block_print)

COMMAND(info_block)
{
    if (argc > 2 || (argc == 2 && strcmp(argv[1], "-v"))) {
        monitor_usage(argv[0], out);
        return;
    }
    all_blocks(m, argc, argv, out); // always with all there is to say
}
COMMAND_PRINT(info_chardev, chardev_print)

static const MonitorCommand info[] = {
    {"version", NULL, "", "Mimus's version", info_version},
    {"status", NULL, "", "running or paused, and for how long", info_status},
    {"cpus", NULL, "", "the vCPUs", info_cpus},
    {"registers", NULL, "[-a] [-v]", "registers (-a: all vCPUs, -v: upper halves of vectors)",
     monitor_registers},
    {"jit", NULL, "", "the translator's statistics", info_jit},
    {"block", NULL, "[-v]", "disk images", info_block},
    {"network", NULL, "", "network backends", info_network},
    // In QEMU these are the user-mode networks' connections; here a part of `info network`.
    {"usernet", NULL, "", "connections of user-mode networks", info_network},
    {"chardev", NULL, "", "character backends", info_chardev},
    {"pic", NULL, "", "a PC's interrupt controllers", monitor_pic},
    {"lapic", NULL, "", "a PC's local APICs", monitor_lapic},
    {"displays", NULL, "", "screens, and what stands on text screens", monitor_displays},
    {NULL, NULL, NULL, NULL, NULL},
};
static const MonitorTable table = {commands, info};
MONITOR_TABLE(table);
