// The monitor's terminal: one line of input with simple editing, then a command.
#include "monitor/monitor.h"

#include <string.h>

#include "chardev/chardev.h"
#include "monitor/commands.h"
#include "monitor/qmp.h"
#include "util/keyval.h"

#define MAX_LINE    1024
#define MAX_HISTORY 64
#define PROMPT      "(mimus) "

typedef struct Monitor {
    Machine *machine;
    Chardev *chardev;
    GString *line;
    GPtrArray *history; // char *
    unsigned at;        // position in the history
    unsigned escape;    // bytes of an ESC [ X sequence seen
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

static void say_lines(Monitor *mon, const GString *out)
{
    char **lines = g_strsplit(out->str, "\n", -1);
    char *text = g_strjoinv("\r\n", lines);
    say(mon, text);
    g_free(text);
    g_strfreev(lines);
}

static void remember(Monitor *mon)
{
    if (mon->line->len) {
        g_ptr_array_add(mon->history, g_strdup(mon->line->str));
        if (mon->history->len > MAX_HISTORY) {
            g_ptr_array_remove_index(mon->history, 0);
        }
    }
    mon->at = mon->history->len;
}

static void print_history(const Monitor *mon, GString *out)
{
    for (guint i = 0; i < mon->history->len; i++) {
        g_string_append_printf(out, "%u: '%s'\n", i,
                               (const char *)g_ptr_array_index(mon->history, i));
    }
}

static void enter(Monitor *mon)
{
    GString *out = g_string_new(NULL);
    say(mon, "\r\n");
    remember(mon);
    if (!strcmp(mon->line->str, "info history")) { // the only command about this terminal
        print_history(mon, out);
    } else {
        monitor_execute(mon->machine, mon->line->str, out);
    }
    g_string_truncate(mon->line, 0);
    say_lines(mon, out);
    g_string_free(out, TRUE);
    say(mon, PROMPT);
}

static void erase(Monitor *mon, size_t n)
{
    while (n-- && mon->line->len) {
        g_string_truncate(mon->line, mon->line->len - 1);
        say(mon, "\b \b");
    }
}

static void recall(Monitor *mon, int step)
{
    if ((step < 0 && mon->at == 0) || (step > 0 && mon->at >= mon->history->len)) {
        return;
    }
    mon->at += (unsigned)step;
    erase(mon, mon->line->len);
    if (mon->at < mon->history->len) {
        g_string_assign(mon->line, g_ptr_array_index(mon->history, mon->at));
        say(mon, mon->line->str);
    }
}

static void add_text(Monitor *mon, const char *text)
{
    g_string_append(mon->line, text);
    say(mon, text);
}

// What all candidates have in common beyond what is there; the list of them if that is nothing.
static void complete(Monitor *mon)
{
    GPtrArray *list = monitor_complete(mon->machine, mon->line->str);
    const char *space = strrchr(mon->line->str, ' ');
    size_t there = strlen(space ? space + 1 : mon->line->str);
    char *common = list->len ? g_strdup(g_ptr_array_index(list, 0)) : g_strdup("");
    for (guint i = 1; i < list->len; i++) {
        const char *other = g_ptr_array_index(list, i);
        size_t n = 0;
        while (common[n] && common[n] == other[n]) {
            n++;
        }
        common[n] = 0;
    }
    if (strlen(common) > there && mon->line->len + strlen(common) < MAX_LINE) {
        add_text(mon, common + there);
    }
    if (list->len == 1 && !g_str_has_suffix(common, "/")) {
        add_text(mon, " ");
    } else if (list->len > 1 && strlen(common) <= there) {
        say(mon, "\r\n");
        for (guint i = 0; i < list->len; i++) {
            say(mon, g_ptr_array_index(list, i));
            say(mon, i + 1 < list->len ? " " : "\r\n" PROMPT);
        }
        say(mon, mon->line->str);
    }
    g_free(common);
    g_ptr_array_unref(list);
}

static void escape_byte(Monitor *mon, uint8_t c)
{
    if (mon->escape == 1 && (c == '[' || c == 'O')) {
        mon->escape = 2;
        return;
    }
    if (mon->escape == 2 && (c == 'A' || c == 'B')) {
        recall(mon, c == 'A' ? -1 : 1);
    }
    mon->escape = 0;
}

static void control_byte(Monitor *mon, uint8_t c)
{
    switch (c) {
    case '\r':
    case '\n':
        enter(mon);
        break;
    case 8:
    case 127:
        erase(mon, 1);
        break;
    case 3:  // Ctrl-C
    case 21: // Ctrl-U
        erase(mon, mon->line->len);
        break;
    case '\t':
        complete(mon);
        break;
    case 27:
        mon->escape = 1;
        break;
    case 14: // Ctrl-N
        recall(mon, 1);
        break;
    case 16: // Ctrl-P
        recall(mon, -1);
        break;
    default:
        break;
    }
}

static size_t can_receive(void *opaque)
{
    (void)opaque;
    return MAX_LINE;
}

static void receive(void *opaque, const uint8_t *buf, size_t len)
{
    Monitor *mon = opaque;
    for (size_t i = 0; i < len; i++) {
        uint8_t c = buf[i];
        if (mon->escape) {
            escape_byte(mon, c);
        } else if (c < 32 || c == 127) {
            control_byte(mon, c);
        } else if (mon->line->len < MAX_LINE) {
            g_string_append_c(mon->line, (char)c);
            chardev_write(mon->chardev, &c, 1);
        }
    }
}

// Also when a mux turns to the monitor.
static void connected(void *opaque, bool yes)
{
    Monitor *mon = opaque;
    if (yes) {
        say(mon, "\r\nMimus " MIMUS_VERSION " monitor, 'help' lists the commands\r\n" PROMPT);
        say(mon, mon->line->str);
    } else {
        g_string_truncate(mon->line, 0);
    }
}

static void monitor_new(Machine *m, Chardev *c, bool own)
{
    Monitor *mon = g_new0(Monitor, 1);
    mon->machine = m;
    mon->chardev = c;
    mon->line = g_string_new(NULL);
    mon->history = g_ptr_array_new_with_free_func(g_free);
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
