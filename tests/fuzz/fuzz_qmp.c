// A QMP client that sends real commands, changed ones and noise to a small PC. What comes back must
// be JSON, line by line, and a right command after all that must get its answer.
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "chardev/backend.h"
#include "monitor/qmp_command.h"
#include "tests/fuzz/machine.h"

#define MESSAGES 120 // a run

static const char *const arguments[] = {
    "{\"filename\": \"a\"}",
    "{\"filename\": \"a\", \"format\": \"png\", \"head\": 0}",
    "{\"keys\": [{\"type\": \"qcode\", \"data\": \"ret\"}, {\"type\": \"number\", \"data\": 57}]}",
    "{\"keys\": [], \"hold-time\": 100000}",
    "{\"events\": [{\"type\": \"rel\", \"data\": {\"axis\": \"x\", \"value\": 5}}]}",
    "{\"events\": [{\"type\": \"btn\", \"data\": {\"down\": true, \"button\": \"wheel-up\"}}]}",
    ("{\"events\": [{\"type\": \"key\", \"data\": {\"down\": true, \"key\": {\"type\": \"qcode\", "
     "\"data\": \"a\"}}}]}"),
    "{\"command-line\": \"info registers\", \"cpu-index\": 0}",
    "{\"command-line\": \"x 0\"}",
    "{\"val\": 4096, \"size\": 100, \"filename\": \"b\"}",
    "{\"path\": \"/machine/unattached\"}",
    "{\"path\": \"/machine/unattached/device[3]\", \"property\": \"type\"}",
    "{\"typename\": \"e1000\"}",
    "{\"implements\": \"device\", \"abstract\": true}",
    "{\"action\": \"pause\"}",
    "{\"panic\": \"none\", \"shutdown\": \"pause\"}",
    "{\"enable\": [\"oob\"]}",
    "{\"option\": \"machine\"}",
    "{}",
};

static const char *const words[] = {
    "{",       "}",
    "[",       "]",
    "\"",      "\\",
    "\\u0000", "\\ud800",
    ",",       ":",
    "null",    "1e9",
    "true",    "-1",
    "\xff",    "\n",
    "'",       "[[[[[[",
    "{\"a\":", "\xc3\x28",
    "id",      "NaN",
    "/*",      "\"id\"",
    "execute", "99999999999999999999",
    NULL,
};

typedef struct Names {
    const char *name[200];
    unsigned n;
} Names;

static void add_names(void *opaque, const QmpTable *t)
{
    Names *names = opaque;
    for (unsigned i = 0; i < t->n_commands && names->n < ARRAY_LEN(names->name); i++) {
        names->name[names->n++] = t->commands[i].name;
    }
}

static void send_text(Chardev *c, const char *text, size_t len)
{
    while (len && c->connected) {
        size_t n = MIN_OF(len, chardev_room(c));
        if (!n) {
            fuzz_fail("the server takes no input, though its output goes to a file");
        }
        chardev_input(c, (const uint8_t *)text, n);
        text += n;
        len -= n;
    }
}

// Files are written below the run's directory only.
static void defuse(GString *s)
{
    for (char *p = s->str; (p = strchr(p, '/'));) {
        if (!g_str_has_prefix(p, "/machine") && !g_str_has_prefix(p, "/unattached") &&
            !g_str_has_prefix(p, "/device")) {
            *p = '_';
        }
        p++;
    }
}

static void message(Fuzz *f, const Names *names, Chardev *c)
{
    GString *s = g_string_new(NULL);
    const char *name = names->name[fuzz_below(f, names->n)];
    g_string_printf(s, "{\"execute\": \"%s\", \"arguments\": %s, \"id\": %u}", name,
                    FUZZ_PICK(f, arguments), (unsigned)fuzz_below(f, 100));
    if (fuzz_one_in(f, 4)) {
        g_string_printf(s, "{\"execute\": \"%s\"}", name);
    }
    if (!fuzz_one_in(f, 3)) {
        fuzz_mutate_text(f, s, words);
    }
    defuse(s);
    if (f->verbose) {
        printf("<- %s\n", s->str);
    }
    send_text(c, s->str, s->len);
    f->inputs++;
    g_string_free(s, TRUE);
}

// Each line an object of a known kind. True if one of them answers `id`.
static bool check_output(const char *path, const char *id)
{
    char *text = NULL;
    bool found = false;
    if (!g_file_get_contents(path, &text, NULL, NULL)) {
        fuzz_fail("no output");
    }
    char **lines = g_strsplit(text, "\r\n", -1);
    for (char **line = lines; *line && **line; line++) {
        json_object *o = json_tokener_parse(*line);
        if (!json_object_is_type(o, json_type_object) ||
            !(json_object_object_get_ex(o, "return", NULL) ||
              json_object_object_get_ex(o, "error", NULL) ||
              json_object_object_get_ex(o, "event", NULL) ||
              json_object_object_get_ex(o, "QMP", NULL))) {
            fuzz_fail("not a message: %.200s", *line);
        }
        json_object *got = json_object_object_get(o, "id");
        found |= got && json_object_is_type(got, json_type_string) &&
                 !strcmp(json_object_get_string(got), id);
        json_object_put(o);
    }
    g_strfreev(lines);
    g_free(text);
    return found;
}

static void go_on(Fuzz *f, Machine *m)
{
    if (m->stop == MACHINE_PAUSED && fuzz_one_in(f, 2)) {
        machine_continue(m);
    } else if (m->stop != MACHINE_PAUSED) {
        m->stop = MACHINE_RUNNING;
    }
}

static void run(Fuzz *f)
{
    static const char sync[] = "\xff\n{\"execute\": \"qmp_capabilities\"}\n"
                               "{\"execute\": \"query-status\", \"id\": \"the last\"}";
    MachineConfig config = {.machine = "pc", .ram_size = UINT64_C(4) << 20};
    char *error = NULL, *spec = g_strdup_printf("file:%s/out", f->dir);
    Names names = {.n = 0};
    fuzz_machine_opt(&config.machine_opts, "firmware", "off");
    FuzzMachine *fm = fuzz_machine_new(f, &config, NULL, &error);
    if (!fm || chdir(f->dir)) {
        fuzz_fail("%s", error ? error : "chdir");
    }
    Chardev *c = chardev_open(fm->m, spec, &error);
    if (!c || !qmp_open_on(fm->m, c, false, &error)) {
        fuzz_fail("%s", error);
    }
    qmp_table_each(add_names, &names);
    chardev_set_connected(c, false);
    chardev_set_connected(c, true);
    if (!fuzz_one_in(f, 10)) {
        send_text(c, "{\"execute\": \"qmp_capabilities\"}", 31);
    }
    for (unsigned i = 0; i < MESSAGES; i++) {
        message(f, &names, c);
        go_on(f, fm->m);
        if (fuzz_one_in(f, 20)) {
            fuzz_pass_time(fm);
        }
        if (fuzz_one_in(f, 40)) { // hangs up; the next one comes
            chardev_set_connected(c, false);
            chardev_set_connected(c, true);
            send_text(c, "{\"execute\": \"qmp_capabilities\"}", 31);
        }
    }
    send_text(c, sync, sizeof(sync) - 1);
    if (!check_output(spec + strlen("file:"), "the last")) {
        fuzz_fail("a right command at the end got no answer");
    }
    fuzz_machine_free(fm);
    g_free(spec);
}

const Fuzzer fuzzer = {
    .name = "fuzz_qmp",
    .what = "QMP commands, changed ones and noise.",
    .unit = "messages",
    .run = run,
};
