// savevm, loadvm, delvm, info snapshots; migrate to a file.
#include <string.h>

#include "block/block.h"
#include "hw/core/savevm.h"
#include "hw/core/snapshot.h"
#include "monitor/commands.h"
#include "replay/replay.h"

static void answer(GString *out, bool ok, char *error)
{
    if (!ok) {
        g_string_append_printf(out, "Error: %s\n", error);
        g_free(error);
    }
}

static void cmd_savevm(Machine *m, int argc, char **argv, GString *out)
{
    char *error = NULL;
    if (argc > 2) {
        monitor_usage(argv[0], out);
        return;
    }
    bool ok = savevm_save(m, argc == 2 ? argv[1] : NULL, &error);
    answer(out, ok, error);
}

static void named(Machine *m, int argc, char **argv, GString *out,
                  bool (*fn)(Machine *m, const char *name, char **error))
{
    char *error = NULL;
    if (argc != 2) {
        monitor_usage(argv[0], out);
        return;
    }
    bool ok = fn(m, argv[1], &error);
    answer(out, ok, error);
}

static void cmd_loadvm(Machine *m, int argc, char **argv, GString *out)
{
    if (replay_mode(m) != REPLAY_OFF) {
        answer(out, false,
               g_strdup("not while a recording is made or replayed (replay_seek goes back)"));
        return;
    }
    named(m, argc, argv, out, savevm_load);
}

static void cmd_delvm(Machine *m, int argc, char **argv, GString *out)
{
    named(m, argc, argv, out, savevm_delete);
}

static void cmd_migrate(Machine *m, int argc, char **argv, GString *out)
{
    const char *uri = argv[argc - 1];
    bool detached = argc == 3 && !strcmp(argv[1], "-d");
    char *error = NULL;
    if (argc != 2 + detached || !g_str_has_prefix(uri, "file:")) {
        monitor_usage(argv[0], out);
        return;
    }
    machine_pause(m);
    answer(out, snapshot_save_file(m, uri + strlen("file:"), &error), error);
}

// --- info snapshots, in QEMU's columns

static char *size_text(uint64_t bytes)
{
    static const char *const units[] = {"", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"};
    double v = (double)bytes;
    unsigned u = 0;
    for (; v >= 1000 && u + 1 < ARRAY_LEN(units); u++) {
        v /= 1024;
    }
    return g_strdup_printf("%0.3g %sB", v, units[u]);
}

static void print_row(const SavevmRow *r, GString *out)
{
    GDateTime *t = g_date_time_new_from_unix_local(r->seconds);
    char *date = t ? g_date_time_format(t, "%Y-%m-%d %H:%M:%S") : g_strdup("");
    char *size = size_text(r->state_size);
    uint64_t ms = r->vm_clock_ns / 1000000;
    char *clock = g_strdup_printf("%02u:%02u:%02u.%03u", (unsigned)(ms / 3600000),
                                  (unsigned)(ms / 60000 % 60), (unsigned)(ms / 1000 % 60),
                                  (unsigned)(ms % 1000));
    char *icount = r->icount < 0 ? g_strdup("") : g_strdup_printf("%lld", (long long)r->icount);
    g_string_append_printf(out, "%-10s%-17s%8s%20s%13s%11s\n", r->on ? r->id : "--", r->name, size,
                           date, clock, icount);
    g_free(icount);
    g_free(clock);
    g_free(size);
    g_free(date);
    if (t) {
        g_date_time_unref(t);
    }
}

static void print_head(const BlockDevice *on, GString *out)
{
    if (on) {
        g_string_append_printf(out, "\nList of partial (non-loadable) snapshots on '%s':\n",
                               block_id(on));
    } else {
        g_string_append(out, "List of snapshots present on all disks:\n");
    }
    g_string_append_printf(out, "%-10s%-17s%8s%20s%13s%11s\n", "ID", "TAG", "VM SIZE", "DATE",
                           "VM CLOCK", "ICOUNT");
}

static void info_snapshots(Machine *m, int argc, char **argv, GString *out)
{
    (void)argc;
    (void)argv;
    GArray *rows = savevm_list(m);
    if (!rows) {
        g_string_append(out, "No available block device supports snapshots\n");
        return;
    }
    if (!rows->len) {
        g_string_append(out, "There is no snapshot available.\n");
    } else if (g_array_index(rows, SavevmRow, 0).on) {
        g_string_append(out, "There is no suitable snapshot available\n");
    }
    for (guint i = 0; i < rows->len; i++) {
        const SavevmRow *r = &g_array_index(rows, SavevmRow, i);
        const SavevmRow *before = i ? r - 1 : NULL;
        if ((!before && !r->on) || (r->on && (!before || before->on != r->on))) {
            print_head(r->on, out);
        }
        print_row(r, out);
    }
    g_array_unref(rows);
}

static const MonitorCommand commands[] = {
    {"savevm", NULL, "[TAG]", "saves the machine and its disks as a snapshot in them", cmd_savevm},
    {"loadvm", NULL, "TAG", "goes back to a snapshot", cmd_loadvm},
    {"delvm", NULL, "TAG", "deletes a snapshot", cmd_delvm},
    {"migrate", NULL, "[-d] file:FILE",
     "pauses, and writes the state, without disks, for -incoming file:FILE", cmd_migrate},
    {NULL, NULL, NULL, NULL, NULL},
};
static const MonitorCommand info[] = {
    {"snapshots", NULL, "", "snapshots of the machine in its disks", info_snapshots},
    {NULL, NULL, NULL, NULL, NULL},
};
static const MonitorTable table = {commands, info};
MONITOR_TABLE(table);
