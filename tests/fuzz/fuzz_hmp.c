// The human monitor: command lines, right, changed and nonsense; and what a terminal sends while
// one types them (completion, history, escape sequences).
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "chardev/backend.h"
#include "monitor/commands.h"
#include "tests/fuzz/machine.h"

#define LINES 80 // a run

static const char *const arguments[] = {
    "",
    "0",
    "0x1000",
    "-1",
    "$pc",
    "$sp+16",
    "$nope-3",
    "a.ppm",
    "a.png -f png",
    "f -f gif",
    "/4xw 0",
    "/8i $pc",
    "/4096xb 0",
    "/x $pc+4",
    "0 4096 m",
    "-f",
    "-a -v",
    "ctrl-alt-delete",
    "a 50",
    "1 2",
    "1 2 3",
    "none",
    "int,unimp",
    "reset",
    "cad",
    "100000",
    "/w 0x60",
    "/b 0x70 5",
    "0xcf8 0",
    "VGA type",
    "info status",
    "registers",
    "help",
    "\"open",
    "'a b' c",
};

static const char *const words[] = {
    "$",    "+",  "-", "/", "x", "\"", "'", "\\", " ", "  ", "0x", "9999999999999999999999",
    "%s%n", NULL,
};

// Commands that name files get names below the run's directory; the gdb server would listen.
static bool harmless(GString *s)
{
    static const char *const files[] = {"screendump", "memsave", "pmemsave", "logfile"};
    if (strstr(s->str, "gdb")) {
        return false;
    }
    for (size_t i = 0; i < ARRAY_LEN(files); i++) {
        if (strstr(s->str, files[i])) {
            g_strdelimit(s->str, "/", '_');
        }
    }
    return true;
}

static void make_line(Fuzz *f, GString *s, GPtrArray *commands, GPtrArray *topics)
{
    const MonitorCommand *c = g_ptr_array_index(commands, fuzz_below(f, commands->len));
    const MonitorCommand *t = g_ptr_array_index(topics, fuzz_below(f, topics->len));
    if (fuzz_one_in(f, 3)) {
        g_string_printf(s, "info %s %s", t->name, fuzz_one_in(f, 3) ? FUZZ_PICK(f, arguments) : "");
    } else {
        g_string_printf(s, "%s %s", c->name, FUZZ_PICK(f, arguments));
    }
    if (fuzz_one_in(f, 2)) {
        fuzz_mutate_text(f, s, words);
    }
}

static void type(Fuzz *f, Chardev *c, const GString *s)
{
    static const char *const keys[] = {"\t",   "\t\t", "\033[A", "\033[B",
                                       "\x15", "\x7f", "\033[",  "\x10"};
    for (size_t i = 0; i < s->len; i++) {
        chardev_input(c, (const uint8_t *)s->str + i, 1);
        if (fuzz_one_in(f, 12)) {
            const char *k = FUZZ_PICK(f, keys);
            chardev_input(c, (const uint8_t *)k, strlen(k));
        }
    }
    chardev_input(c, (const uint8_t *)"\x15", 1); // what completion made of it is not run
}

static void run(Fuzz *f)
{
    MachineConfig config = {.machine = fuzz_one_in(f, 2) ? "pc" : "virt",
                            .ram_size = UINT64_C(4) << 20};
    char *error = NULL;
    fuzz_machine_opt(&config.machine_opts, "firmware", "off");
    if (config.machine[0] == 'v') {
        config.machine_opts = NULL;
    }
    FuzzMachine *fm = fuzz_machine_new(f, &config, NULL, &error);
    if (!fm || chdir(f->dir) || !monitor_open(fm->m, "null", &error)) {
        fuzz_fail("%s", error ? error : "chdir");
    }
    Chardev *c = g_ptr_array_index(fm->m->config.chardevs->chardevs,
                                   fm->m->config.chardevs->chardevs->len - 1);
    GPtrArray *commands = monitor_rows(false), *topics = monitor_rows(true);
    for (unsigned i = 0; i < LINES; i++) {
        GString *s = g_string_new(NULL), *out = g_string_new(NULL);
        make_line(f, s, commands, topics);
        if (harmless(s)) {
            if (f->verbose) {
                printf("<- %s\n", s->str);
            }
            type(f, c, s);
            monitor_execute(fm->m, s->str, out);
            f->inputs++;
        }
        g_string_free(s, TRUE);
        g_string_free(out, TRUE);
        if (fm->m->stop == MACHINE_PAUSED) {
            machine_continue(fm->m);
        }
        fm->m->stop = MACHINE_RUNNING;
        if (fuzz_one_in(f, 10)) {
            fuzz_pass_time(fm);
        }
    }
    g_ptr_array_unref(commands);
    g_ptr_array_unref(topics);
    fuzz_machine_free(fm);
}

const Fuzzer fuzzer = {
    .name = "fuzz_hmp",
    .what = "Command lines of the human monitor, and keys while they are typed.",
    .unit = "lines",
    .run = run,
};
