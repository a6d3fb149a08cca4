// Monitors on character backends: a line of input, then a command.
#include "monitor/monitor.h"

#include <string.h>

#include "chardev/chardev.h"
#include "monitor/commands.h"
#include "monitor/line.h"
#include "monitor/qmp.h"
#include "util/keyval.h"

#define INPUT_ROOM 1024

typedef struct Monitor {
    Machine *machine;
    Chardev *chardev;
    Line *line;
} Monitor;

// --- running a line

void monitor_execute(struct Machine *m, const char *line, GString *out)
{
    int argc = 0;
    char **argv = NULL;
    GError *bad = NULL;
    char *text = g_strstrip(g_strdup(line));
    if (*text && !g_shell_parse_argv(text, &argc, &argv, &bad)) {
        g_string_append_printf(out, "%s\n", bad->message);
        g_error_free(bad);
    } else if (*text) {
        monitor_run(m, argc, argv, out);
    }
    g_strfreev(argv);
    g_free(text);
}

void monitor_execute_on(struct Machine *m, struct VCPU *v, const char *line, GString *out)
{
    VCPU *before = monitor_cpu(m);
    machine_register(m, "monitor-cpu", v);
    monitor_execute(m, line, out);
    machine_register(m, "monitor-cpu", before); // also after `cpu N`
}

// --- the terminal

static void say(Monitor *mon, const char *text)
{
    chardev_write(mon->chardev, text, strlen(text));
}

static void write_line(void *opaque, const char *text, size_t len)
{
    const Monitor *mon = opaque;
    chardev_write(mon->chardev, text, len);
}

static void say_lines(Monitor *mon, const GString *out)
{
    char **lines = g_strsplit(out->str, "\n", -1);
    char *text = g_strjoinv("\r\n", lines);
    say(mon, text);
    g_free(text);
    g_strfreev(lines);
}

// Nothing follows what ends the machine: the shell's prompt comes next.
static bool entered(void *opaque, const char *line)
{
    Monitor *mon = opaque;
    GString *out = g_string_new(NULL);
    if (!strcmp(line, "info history")) { // the only command about this terminal
        line_print_history(mon->line, out);
    } else {
        monitor_execute(mon->machine, line, out);
    }
    say_lines(mon, out);
    g_string_free(out, TRUE);
    return mon->machine->stop != MACHINE_QUIT;
}

static GPtrArray *complete(void *opaque, const char *line)
{
    const Monitor *mon = opaque;
    return monitor_complete(mon->machine, line);
}

static size_t can_receive(void *opaque)
{
    (void)opaque;
    return INPUT_ROOM;
}

static void receive(void *opaque, const uint8_t *buf, size_t len)
{
    const Monitor *mon = opaque;
    line_input(mon->line, buf, len);
}

// Also when a mux turns to the monitor.
static void connected(void *opaque, bool yes)
{
    Monitor *mon = opaque;
    if (yes) {
        say(mon, "\r\nMimus " MIMUS_VERSION " monitor, 'help' lists the commands\r\n");
        line_show(mon->line);
    } else {
        line_drop(mon->line);
    }
}

static void monitor_new(Machine *m, Chardev *c, bool own)
{
    Monitor *mon = g_new0(Monitor, 1);
    mon->machine = m;
    mon->chardev = c;
    mon->line = line_new(&(LineOwner){"(mimus) ", write_line, entered, complete, mon});
    ChardevFrontend f = {.can_receive = can_receive,
                         .receive = receive,
                         .connected = connected,
                         .opaque = mon,
                         .direct = true};
    if (own) {
        chardev_connect(c, &f);
    } else {
        chardev_connect_behind(c, &f);
    }
}

static bool open_on(Machine *m, Chardev *c, char **error)
{
    if (!chardev_claim(c, error)) {
        return false;
    }
    monitor_new(m, c, !chardev_is_mux(c)); // a serial port that shares it comes first
    return true;
}

bool monitor_open(struct Machine *m, const char *spec, char **error)
{
    Chardev *c = chardev_open(m, spec, error);
    return c && open_on(m, c, error);
}

static bool add(Machine *m, KeyVal *kv, char **error)
{
    static const char *const known[] = {"chardev", "mode", "pretty", NULL};
    const char *id = keyval_get(kv, "chardev"), *mode = keyval_get(kv, "mode");
    bool pretty = false, control = mode && !strcmp(mode, "control");
    if (!keyval_bool(kv, "pretty", &pretty, error) || !keyval_all_used(kv, known, error)) {
        return false;
    }
    if (mode && !control && strcmp(mode, "readline")) {
        *error = g_strdup_printf("mode=%s: there are readline and control", mode);
        return false;
    }
    Chardev *c = id ? chardev_find(m, id) : NULL;
    if (!c) {
        *error = id ? g_strdup_printf("chardev=%s: there is no -chardev with this id", id)
                    : g_strdup("chardev= is missing: the id of a -chardev");
        return false;
    }
    return control ? qmp_open_on(m, c, pretty, error) : open_on(m, c, error);
}

bool monitor_add(struct Machine *m, const char *optarg, char **error)
{
    KeyVal *kv = keyval_parse(optarg, "chardev");
    bool ok = add(m, kv, error);
    keyval_free(kv);
    return ok;
}

static void add_to_mux(void *opaque, Chardev *c)
{
    monitor_new(opaque, c, false);
}

void monitor_add_to_muxes(struct Machine *m)
{
    chardev_each_monitored(m, add_to_mux, m);
}
