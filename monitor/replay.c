// Monitors and replays: where one is, and pausing it at an instruction.
#include "replay/replay.h"

#include "monitor/commands.h"
#include "monitor/qmp_command.h"

// --- for people

static void info_replay(Machine *m, int argc, char **argv, GString *out)
{
    static const char *const what[] = {[REPLAY_OFF] = "no recording",
                                       [REPLAY_RECORD] = "recording to",
                                       [REPLAY_PLAY] = "replaying"};
    const ReplayInfo r = replay_info(m);
    (void)argc;
    (void)argv;
    g_string_append_printf(out, "%s%s%s; instruction count = %" G_GUINT64_FORMAT "\n", what[r.mode],
                           r.file ? " " : "", r.file ? r.file : "", r.icount);
    if (r.mode != REPLAY_OFF) {
        g_string_append_printf(out, "inputs so far: %" G_GUINT64_FORMAT "%s%s\n", r.inputs,
                               r.ended ? ", at the end" : "",
                               r.differs ? ", the replay differs from the recording" : "");
    }
    if (r.break_at != UINT64_MAX) {
        g_string_append_printf(out, "pauses at instruction %" G_GUINT64_FORMAT "\n", r.break_at);
    }
    if (r.checkpoints) {
        g_string_append_printf(out, "can go back: %u checkpoints, %" G_GUINT64_FORMAT " MiB\n",
                               r.checkpoints, r.checkpoint_bytes >> 20);
    }
}

static void say(const char *command, char *error, GString *out)
{
    g_string_append_printf(out, "%s: %s\n", command, error);
    g_free(error);
}

// replay_break and replay_seek
static bool set_break(Machine *m, int argc, char **argv, GString *out)
{
    uint64_t icount;
    char *error = NULL;
    if (argc != 2 || !monitor_number(monitor_cpu(m), argv[1], &icount)) {
        monitor_usage(argv[0], out);
        return false;
    }
    if (!replay_break(m, icount, &error)) {
        say(argv[0], error, out);
        return false;
    }
    return true;
}

static void cmd_break(Machine *m, int argc, char **argv, GString *out)
{
    set_break(m, argc, argv, out);
}

static void cmd_delete_break(Machine *m, int argc, char **argv, GString *out)
{
    char *error = NULL;
    if (argc != 1) {
        monitor_usage(argv[0], out);
    } else if (!replay_delete_break(m, &error)) {
        say(argv[0], error, out);
    }
}

static void cmd_seek(Machine *m, int argc, char **argv, GString *out)
{
    if (set_break(m, argc, argv, out)) {
        machine_continue(m);
    }
}

static const MonitorCommand commands[] = {
    {"replay_break", NULL, "ICOUNT", "pauses a replay at this instruction count", cmd_break},
    {"replay_delete_break", NULL, "", "takes that back", cmd_delete_break},
    {"replay_seek", NULL, "ICOUNT", "takes a replay to this instruction count, on or back",
     cmd_seek},
    {NULL, NULL, NULL, NULL, NULL},
};
static const MonitorCommand info[] = {
    {"replay", NULL, "", "recording and replay", info_replay},
    {NULL, NULL, NULL, NULL, NULL},
};
static const MonitorTable table = {commands, info};
MONITOR_TABLE(table);

// --- for programs

static Json *query_replay(QmpCall *c)
{
    static const char *const mode[] = {
        [REPLAY_OFF] = "none", [REPLAY_RECORD] = "record", [REPLAY_PLAY] = "play"};
    const ReplayInfo r = replay_info(c->machine);
    Json *o = qmp_add_str(json_object_new_object(), "mode", mode[r.mode]);
    if (r.file) {
        qmp_add_str(o, "filename", r.file);
    }
    return qmp_add_int(o, "icount", (int64_t)r.icount);
}

static Json *run_break(QmpCall *c)
{
    char *error = NULL;
    int64_t icount = qmp_int(c, "icount", 0);
    if (icount < 0) {
        return qmp_fail(c, QMP_GENERIC, "icount: %" G_GINT64_FORMAT " is below 0", icount);
    }
    return replay_break(c->machine, (uint64_t)icount, &error) ? qmp_nothing()
                                                              : qmp_fail_with(c, error);
}

static Json *run_delete_break(QmpCall *c)
{
    char *error = NULL;
    return replay_delete_break(c->machine, &error) ? qmp_nothing() : qmp_fail_with(c, error);
}

static Json *run_seek(QmpCall *c)
{
    Json *done = run_break(c);
    if (done) {
        machine_continue(c->machine);
    }
    return done;
}

static const QmpCommand qmp_commands[] = {
    {"query-replay", "", "ReplayInfo", query_replay},
    {"replay-break", "icount:int", NULL, run_break},
    {"replay-delete-break", "", NULL, run_delete_break},
    {"replay-seek", "icount:int", NULL, run_seek},
};
static const QmpType types[] = {
    {"ReplayMode", QMP_ENUM, "none record play"},
    {"ReplayInfo", QMP_OBJECT, "mode:ReplayMode filename?:str icount:int"},
};
static const QmpTable qmp_table = {
    qmp_commands, ARRAY_LEN(qmp_commands), types, ARRAY_LEN(types), NULL, 0};
QMP_TABLE(qmp_table);
