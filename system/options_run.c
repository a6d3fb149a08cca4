// Options that say how the machine runs and how one looks into it.
#include "system/options.h"

#include <errno.h>
#include <string.h>

#include "util/keyval.h"
#include "util/log.h"

#define FLAG_OPTION(fn, field)                                                                     \
    static OptionsResult fn(Options *o, const char *arg, char **error)                             \
    {                                                                                              \
        (void)arg;                                                                                 \
        (void)error;                                                                               \
        o->field = true;                                                                           \
        return OPTIONS_RUN;                                                                        \
    }
FLAG_OPTION(opt_no_reboot, config.no_reboot)
FLAG_OPTION(opt_no_shutdown, config.no_shutdown)
FLAG_OPTION(opt_paused, paused)
FLAG_OPTION(opt_daemonize, daemonize)
FLAG_OPTION(opt_perfmap, config.engine.perf_map)
FLAG_OPTION(opt_jitdump, config.engine.jitdump)
FLAG_OPTION(opt_dump_state, config.dump_state)

static OptionsResult opt_screendump(Options *o, const char *arg, char **error)
{
    (void)error;
    o->screendump = options_keep(o, arg);
    return OPTIONS_RUN;
}

static OptionsResult opt_loadvm(Options *o, const char *arg, char **error)
{
    (void)error;
    o->loadvm = options_keep(o, arg);
    return OPTIONS_RUN;
}

static OptionsResult opt_incoming(Options *o, const char *arg, char **error)
{
    if (!g_str_has_prefix(arg, "file:")) {
        return options_fail(error, "expected file:FILE, which `migrate file:FILE` has written");
    }
    o->incoming = options_keep(o, arg + strlen("file:"));
    return OPTIONS_RUN;
}

static OptionsResult set_shift(Options *o, const char *shift, char **error)
{
    uint64_t n;
    if (!strcmp(shift, "off")) {
        o->config.icount = false;
        o->config.realtime = true;
        return OPTIONS_RUN;
    }
    o->config.icount = true;
    o->config.realtime = false;
    if (!strcmp(shift, "auto")) {
        o->config.icount_shift = 0;
        return OPTIONS_RUN;
    }
    if (!parse_u64(shift, &n) || n > 10) {
        return options_fail(error, "shift=%s: not 0 to 10, auto or off", shift);
    }
    o->config.icount_shift = (unsigned)n;
    return OPTIONS_RUN;
}

static OptionsResult set_replay(Options *o, KeyVal *kv, char **error)
{
    const char *rr = keyval_get(kv, "rr"), *file = keyval_get(kv, "rrfile");
    const char *snapshot = keyval_get(kv, "rrsnapshot");
    if (snapshot && !rr) {
        return options_fail(error, "rrsnapshot=%s: needs rr=record or rr=replay", snapshot);
    }
    o->replay_snapshot = snapshot ? options_keep(o, snapshot) : NULL;
    if (!rr != !file) {
        return options_fail(error,
                            rr ? "rr=%s: needs rrfile=FILE"
                               : "rrfile=%s: needs rr=record "
                                 "or rr=replay",
                            rr ? rr : file);
    }
    if (!rr) {
        return OPTIONS_RUN;
    }
    o->replay = !strcmp(rr, "record") ? REPLAY_RECORD : !strcmp(rr, "replay") ? REPLAY_PLAY : 0;
    o->replay_file = options_keep(o, file);
    if (!o->replay) {
        return options_fail(error, "rr=%s: expected record or replay", rr);
    }
    return o->config.realtime ? options_fail(error, "rr=%s: not with shift=off", rr) : OPTIONS_RUN;
}

static OptionsResult opt_icount(Options *o, const char *arg, char **error)
{
    static const char *const known[] = {"shift", "sleep", "rr", "rrfile", "rrsnapshot", NULL};
    KeyVal *kv = keyval_parse(arg, "shift");
    const char *shift = keyval_get(kv, "shift");
    OptionsResult r = shift ? set_shift(o, shift, error) : OPTIONS_RUN;
    r = r == OPTIONS_RUN ? set_replay(o, kv, error) : r;
    if (r == OPTIONS_RUN && (!keyval_bool(kv, "sleep", &o->config.icount_sleep, error) ||
                             !keyval_all_used(kv, known, error))) {
        r = OPTIONS_ERROR;
    }
    keyval_free(kv);
    return r;
}

static OptionsResult parse_count(const char *arg, uint64_t *out, char **error)
{
    if (!parse_u64(arg, out) || !*out) {
        return options_fail(error, "not a number of instructions above 0");
    }
    return OPTIONS_RUN;
}

static OptionsResult opt_stop_at(Options *o, const char *arg, char **error)
{
    return parse_count(arg, &o->config.stop_at, error);
}

static OptionsResult opt_hash_every(Options *o, const char *arg, char **error)
{
    static const char *const known[] = {"every", "from", NULL};
    KeyVal *kv = keyval_parse(arg, "every");
    const char *every = keyval_get(kv, "every"), *from = keyval_get(kv, "from");
    OptionsResult r = parse_count(every ? every : "", &o->config.hash_every, error);
    if (r == OPTIONS_RUN && from && !parse_u64(from, &o->config.hash_from)) {
        r = options_fail(error, "from=%s: not a number of instructions", from);
    }
    if (r == OPTIONS_RUN && !keyval_all_used(kv, known, error)) {
        r = OPTIONS_ERROR;
    }
    keyval_free(kv);
    return r;
}

static OptionsResult opt_pidfile(Options *o, const char *arg, char **error)
{
    (void)error;
    o->pidfile = options_keep(o, arg);
    return OPTIONS_RUN;
}

static OptionsResult opt_gdb(Options *o, const char *arg, char **error)
{
    (void)error;
    options_add(o->gdb, "-gdb", arg);
    return OPTIONS_RUN;
}

static OptionsResult opt_gdb_default(Options *o, const char *arg, char **error)
{
    (void)arg;
    return opt_gdb(o, "tcp::1234", error);
}

static OptionsResult opt_log(Options *o, const char *arg, char **error)
{
    (void)o;
    if (!strcmp(arg, "help") || !strcmp(arg, "?")) {
        log_set_categories("help");
        return OPTIONS_DONE;
    }
    return log_set_categories(arg) ? OPTIONS_RUN
                                   : options_fail(error, "unknown log item (-d help lists them)");
}

static OptionsResult opt_log_file(Options *o, const char *arg, char **error)
{
    (void)o;
    return log_set_file(arg) ? OPTIONS_RUN : options_fail(error, "%s", g_strerror(errno));
}

static OptionsResult opt_log_filter(Options *o, const char *arg, char **error)
{
    (void)o;
    return log_set_filter(arg)
               ? OPTIONS_RUN
               : options_fail(error, "not up to 16 ranges (LO..HI, START+LEN or END-LEN)");
}

static OptionsResult opt_dump_pass(Options *o, const char *arg, char **error)
{
    (void)error;
    o->config.engine.dump_pass = options_keep(o, arg);
    return OPTIONS_RUN;
}

static OptionsResult opt_trace(Options *o, const char *arg, char **error)
{
    (void)o;
    (void)arg;
    return options_fail(error, "there are no trace events; -d shows what there is");
}

static OptionsResult opt_msg(Options *o, const char *arg, char **error)
{
    static const char *const known[] = {"timestamp", NULL};
    KeyVal *kv = keyval_parse(arg, NULL);
    bool on = false;
    (void)o;
    bool ok = keyval_bool(kv, "timestamp", &on, error) && keyval_all_used(kv, known, error);
    if (ok) {
        log_set_timestamps(on);
    }
    keyval_free(kv);
    return ok ? OPTIONS_RUN : OPTIONS_ERROR;
}

static OptionsResult opt_watchdog_action(Options *o, const char *arg, char **error)
{
    (void)error;
    o->watchdog_action = options_keep(o, arg);
    return OPTIONS_RUN;
}

// reboot=reset|shutdown, shutdown=poweroff|pause, panic=..., watchdog=ACTION
static OptionsResult action_item(Options *o, const KeyValItem *it, char **error)
{
    static const struct {
        const char *key, *value;
        size_t field; // of Options
        bool on;
    } rows[] = {
        {"reboot", "reset", offsetof(Options, config.no_reboot), false},
        {"reboot", "shutdown", offsetof(Options, config.no_reboot), true},
        {"shutdown", "poweroff", offsetof(Options, config.no_shutdown), false},
        {"shutdown", "pause", offsetof(Options, config.no_shutdown), true},
    };
    static const char *const panics[] = {
        [MACHINE_PANIC_SHUTDOWN] = "shutdown",
        [MACHINE_PANIC_PAUSE] = "pause",
        [MACHINE_PANIC_EXIT_FAILURE] = "exit-failure",
        [MACHINE_PANIC_NONE] = "none",
    };
    if (!strcmp(it->key, "watchdog")) {
        return opt_watchdog_action(o, it->value, error);
    }
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        if (!strcmp(it->key, rows[i].key) && !strcmp(it->value, rows[i].value)) {
            *(bool *)((char *)o + rows[i].field) = rows[i].on;
            return OPTIONS_RUN;
        }
    }
    for (size_t i = 0; i < ARRAY_LEN(panics); i++) {
        if (!strcmp(it->key, "panic") && !strcmp(it->value, panics[i])) {
            o->config.panic_action = (MachinePanicAction)i;
            return OPTIONS_RUN;
        }
    }
    return options_fail(error,
                        "%s=%s: there are reboot=reset|shutdown, shutdown=poweroff|pause, "
                        "panic=shutdown|pause|exit-failure|none and watchdog=ACTION",
                        it->key, it->value);
}

static OptionsResult opt_action(Options *o, const char *arg, char **error)
{
    KeyVal *kv = keyval_parse(arg, NULL);
    OptionsResult r = OPTIONS_RUN;
    for (unsigned i = 0; i < kv->n && r == OPTIONS_RUN; i++) {
        r = action_item(o, &kv->item[i], error);
    }
    keyval_free(kv);
    return r;
}

const OptionDef options_run[] = {
    {"icount", "shift=N|auto|off[,sleep=on|off][,rr=record|replay,rrfile=FILE]",
     "an instruction lasts 2^N ns; off: host time; sleep=off: waits are skipped; rr=: the run is "
     "recorded to FILE, or replayed from it",
     opt_icount},
    {"S", NULL, "start paused", opt_paused},
    {"loadvm", "TAG", "start from a snapshot that savevm has made", opt_loadvm},
    {"incoming", "file:FILE", "start from a state that migrate has written", opt_incoming},
    {"no-reboot", NULL, "exit when the guest resets", opt_no_reboot},
    {"no-shutdown", NULL, "pause when the guest powers off", opt_no_shutdown},
    {"stop-at", "N", "stop after exactly N instructions, print the state's hash", opt_stop_at},
    {"hash-every", "N[,from=M]", "print the state's hash every N instructions (after the first M)",
     opt_hash_every},
    {"dump-state", NULL, "print CPUs and devices at the end of -stop-at", opt_dump_state},
    {"screendump", "FILE", "writes the screen as it is at the end (.png or PPM)", opt_screendump},
    {"action", "EVENT=ACTION", "reboot=, shutdown=, panic=, watchdog=: what happens then",
     opt_action},
    {"watchdog-action", "ACTION", "reset, shutdown, poweroff, pause, none, ...",
     opt_watchdog_action},
    {"pidfile", "FILE", "write the process id there", opt_pidfile},
    {"daemonize", NULL, "go to the background once started", opt_daemonize},
    {"msg", "timestamp=on", "host time before each message", opt_msg},
    {"help", NULL, "this text", help_usage},
    {"h", NULL, NULL, help_usage},
    {"version", NULL, "the version", help_version},
    {NULL, NULL, NULL, NULL},
};

const OptionDef options_debug[] = {
    {"s", NULL, "the same as -gdb tcp::1234", opt_gdb_default},
    {"gdb", "tcp::PORT|unix:PATH|...", "wait for gdb there", opt_gdb},
    {"d", "ITEM[,ITEM]", "log these; 'help' lists them", opt_log},
    {"D", "FILE", "the log goes there instead of stderr", opt_log_file},
    {"dfilter", "RANGES", "log code at these addresses only", opt_log_filter},
    {"dump-pass", "NAME|all", "print the intermediate code after a pass", opt_dump_pass},
    {"perfmap", NULL, "write /tmp/perf-PID.map for perf", opt_perfmap},
    {"jitdump", NULL, "write jit-PID.dump for perf inject", opt_jitdump},
    {"trace", "EVENTS", "not available", opt_trace},
    {NULL, NULL, NULL, NULL},
};
