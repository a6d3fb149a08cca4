// QMP commands that run, stop and end the machine, and that ask how it is.
#include <string.h>

#include "hw/core/powerdown.h"
#include "hw/watchdog/watchdog.h"
#include "monitor/commands.h"
#include "monitor/monitor.h"
#include "monitor/qmp_server.h"

// Of human-monitor-command: an answer has to fit into what may wait for a client.
#define MAX_TEXT (256u << 10)

// --- state

static Json *query_status(QmpCall *c)
{
    Json *o =
        qmp_add_bool(json_object_new_object(), "running", c->machine->stop == MACHINE_RUNNING);
    qmp_add_bool(o, "singlestep", c->machine->config.engine.one_insn_per_block);
    return qmp_add_str(o, "status", machine_run_state(c->machine));
}

static Json *query_version(QmpCall *c)
{
    (void)c;
    return qmp_version();
}

static Json *query_name(QmpCall *c)
{
    Json *o = json_object_new_object();
    return c->machine->config.name ? qmp_add_str(o, "name", c->machine->config.name) : o;
}

static Json *query_uuid(QmpCall *c)
{
    const char *uuid = c->machine->config.uuid;
    return qmp_add_str(json_object_new_object(), "UUID",
                       uuid ? uuid : "00000000-0000-0000-0000-000000000000");
}

static Json *query_kvm(QmpCall *c)
{
    (void)c;
    return qmp_add_bool(qmp_add_bool(json_object_new_object(), "enabled", false), "present", false);
}

static Json *empty_list(QmpCall *c)
{
    (void)c;
    return json_object_new_array();
}

// --- running

static Json *run_stop(QmpCall *c)
{
    machine_pause(c->machine);
    return qmp_nothing();
}

static Json *run_cont(QmpCall *c)
{
    if (machine_needs_reset(c->machine)) {
        return qmp_fail(c, QMP_GENERIC, "cont: the guest is powered off: system_reset comes first");
    }
    machine_continue(c->machine);
    return qmp_nothing();
}

static Json *run_reset(QmpCall *c)
{
    machine_reset_button(c->machine, MACHINE_CAUSE_HOST_RESET);
    return qmp_nothing();
}

static Json *run_powerdown(QmpCall *c)
{
    return machine_powerdown(c->machine)
               ? qmp_nothing()
               : qmp_fail(c, QMP_GENERIC, "system_powerdown: the board '%s' has no power button",
                          c->machine->board->name);
}

static Json *run_wakeup(QmpCall *c)
{
    return qmp_fail(c, QMP_GENERIC,
                    "system_wakeup: the guest does not sleep (there is no suspend to RAM)");
}

static Json *run_quit(QmpCall *c)
{
    machine_request_by(c->machine, MACHINE_QUIT, 0, MACHINE_CAUSE_HOST_QUIT);
    return qmp_nothing();
}

static Json *inject_nmi(QmpCall *c)
{
    char *error = NULL;
    return monitor_send_nmi(c->machine, &error) ? qmp_nothing() : qmp_fail_with(c, error);
}

static Json *set_watchdog_action(QmpCall *c)
{
    watchdog_set_action(c->machine, qmp_str(c, "action")); // the type has checked it
    return qmp_nothing();
}

static Json *reset_reinjection(QmpCall *c)
{
    (void)c; // ticks are never lost: virtual time waits for the guest
    return qmp_nothing();
}

static void set_flag(QmpCall *c, const char *arg, const char *on, bool *flag)
{
    const char *value = qmp_str(c, arg);
    *flag = value ? !strcmp(value, on) : *flag;
}

static Json *set_action(QmpCall *c)
{
    static const struct {
        const char *name;
        MachinePanicAction action;
    } panics[] = {{"pause", MACHINE_PANIC_PAUSE},
                  {"shutdown", MACHINE_PANIC_SHUTDOWN},
                  {"exit-failure", MACHINE_PANIC_EXIT_FAILURE},
                  {"none", MACHINE_PANIC_NONE}};
    MachineConfig *config = &c->machine->config;
    const char *panic = qmp_str(c, "panic"), *watchdog = qmp_str(c, "watchdog");
    set_flag(c, "reboot", "shutdown", &config->no_reboot);
    set_flag(c, "shutdown", "pause", &config->no_shutdown);
    for (size_t i = 0; panic && i < ARRAY_LEN(panics); i++) {
        if (!strcmp(panic, panics[i].name)) {
            config->panic_action = panics[i].action;
        }
    }
    if (watchdog) {
        watchdog_set_action(c->machine, watchdog);
    }
    return qmp_nothing();
}

static Json *human_command(QmpCall *c)
{
    GString *out = g_string_new(NULL);
    int64_t cpu = qmp_int(c, "cpu-index", 0);
    if (cpu < 0 || cpu >= c->machine->n_cpus) {
        g_string_free(out, TRUE);
        return qmp_fail(c, QMP_GENERIC, "cpu-index: there are CPUs 0 to %u",
                        c->machine->n_cpus - 1);
    }
    monitor_execute_on(c->machine, c->machine->cpu[cpu], qmp_str(c, "command-line"), out);
    if (out->len > MAX_TEXT) {
        g_string_truncate(out, MAX_TEXT);
        g_string_append(out, "\n(the rest is left out: it is too long for an answer)\n");
    }
    char **lines = g_strsplit(out->str, "\n", -1); // QEMU ends lines as a terminal wants it
    char *text = g_strjoinv("\r\n", lines);
    Json *value = json_object_new_string(text);
    g_free(text);
    g_strfreev(lines);
    g_string_free(out, TRUE);
    return value;
}

static const QmpCommand commands[] = {
    {"query-status", "", "StatusInfo", query_status},
    {"query-version", "", "VersionInfo", query_version},
    {"query-name", "", "NameInfo", query_name},
    {"query-uuid", "", "UuidInfo", query_uuid},
    {"query-kvm", "", "KvmInfo", query_kvm},
    {"query-iothreads", "", "[any]", empty_list},
    {"query-jobs", "", "[any]", empty_list},
    {"query-block-jobs", "", "[any]", empty_list},
    {"query-memory-devices", "", "[any]", empty_list}, // no memory is plugged in while it runs
    {"stop", "", NULL, run_stop},
    {"cont", "", NULL, run_cont},
    {"system_reset", "", NULL, run_reset},
    {"system_powerdown", "", NULL, run_powerdown},
    {"system_wakeup", "", NULL, run_wakeup},
    {"quit", "", NULL, run_quit},
    {"inject-nmi", "", NULL, inject_nmi},
    {"watchdog-set-action", "action:WatchdogAction", NULL, set_watchdog_action},
    {"set-action",
     "reboot?:RebootAction shutdown?:ShutdownAction panic?:PanicAction watchdog?:WatchdogAction",
     NULL, set_action},
    {"rtc-reset-reinjection", "", NULL, reset_reinjection},
    {"human-monitor-command", "command-line:str cpu-index?:int", "str", human_command},
};

static const QmpType types[] = {
    {"RunState", QMP_ENUM,
     "debug inmigrate internal-error io-error paused postmigrate prelaunch finish-migrate "
     "restore-vm running save-vm shutdown suspended watchdog guest-panicked colo"},
    {"StatusInfo", QMP_OBJECT, "running:bool singlestep:bool status:RunState"},
    {"VersionTriple", QMP_OBJECT, "major:int minor:int micro:int"},
    {"VersionInfo", QMP_OBJECT, "qemu:VersionTriple package:str"},
    {"NameInfo", QMP_OBJECT, "name?:str"},
    {"UuidInfo", QMP_OBJECT, "UUID:str"},
    {"KvmInfo", QMP_OBJECT, "enabled:bool present:bool"},
    {"RebootAction", QMP_ENUM, "reset shutdown"},
    {"ShutdownAction", QMP_ENUM, "poweroff pause"},
    {"PanicAction", QMP_ENUM, "pause shutdown exit-failure none"},
};

static const QmpTable table = {.commands = commands,
                               .n_commands = ARRAY_LEN(commands),
                               .types = types,
                               .n_types = ARRAY_LEN(types)};
QMP_TABLE(table);
