// The monitor's commands: one row each.
#ifndef MONITOR_COMMANDS_H
#define MONITOR_COMMANDS_H

#include "hw/core/machine.h"
#include "monitor/monitor.h"

typedef struct MonitorCommand {
    const char *name, *alias; // alias may be NULL
    const char *args;         // for the help text
    const char *help;
    // argv[0] is the command's name; rest is the text after it.
    void (*run)(Machine *m, int argc, char **argv, GString *out);
} MonitorCommand;

// Rows of a file, each ended by name NULL or not there at all. Any file may add some:
// MONITOR_TABLE(t).
typedef struct MonitorTable {
    const MonitorCommand *commands, *info;
} MonitorTable;
#define MONITOR_TABLE(t)                                                                           \
    static const MonitorTable *const t##_entry __attribute__((used, section("mimus_hmp"))) = &(t)

// Of all tables, in alphabetical order: const MonitorCommand *. Free it with g_ptr_array_unref.
GPtrArray *monitor_rows(bool info);
const MonitorCommand *monitor_find(bool info, const char *name);
// "NAME: wrong arguments; usage: NAME ARGS", from the command's row.
void monitor_usage(const char *name, GString *out);
// The vCPU that commands about one mean.
VCPU *monitor_cpu(Machine *m);
// What the word under way at the line's end may be: char *, owned by the array.
GPtrArray *monitor_complete(Machine *m, const char *line);

// "0x1000", "$pc", "($sp+16)&~7": an expression of numbers and registers of the vCPU. NULL, or why
// it is none (to be freed).
char *monitor_evaluate(VCPU *v, const char *text, uint64_t *value);
bool monitor_number(VCPU *v, const char *text, uint64_t *value); // false: it is none
// The same of the words that end a command, which may stand apart. False: the reason is in out.
bool monitor_expression(VCPU *v, int argc, char **argv, const char *command, uint64_t *value,
                        GString *out);
// A number as formats x, d, u, o and c show it; x: with this many digits at least.
void monitor_append_value(GString *out, char format, unsigned digits, uint64_t value);
// A function that prints to a FILE, printing to a GString.
void monitor_capture(GString *out, void (*print)(Machine *, void *file), Machine *m);

// Runs a command that has been split into words.
void monitor_run(Machine *m, int argc, char **argv, GString *out);

void monitor_examine(Machine *m, int argc, char **argv, GString *out);      // x
void monitor_examine_phys(Machine *m, int argc, char **argv, GString *out); // xp
void monitor_screendump(Machine *m, int argc, char **argv, GString *out);   // screendump
void monitor_displays(Machine *m, int argc, char **argv, GString *out);     // info displays
void monitor_sendkey(Machine *m, int argc, char **argv, GString *out);
void monitor_mouse_move(Machine *m, int argc, char **argv, GString *out);
void monitor_mouse_button(Machine *m, int argc, char **argv, GString *out);
void monitor_pic(Machine *m, int argc, char **argv, GString *out);   // info pic
void monitor_lapic(Machine *m, int argc, char **argv, GString *out); // info lapic
void monitor_nmi(Machine *m, int argc, char **argv, GString *out);
// A display by its name or number; the first if name is NULL.
bool monitor_find_display(Machine *m, const char *name, unsigned *n);
bool monitor_send_nmi(Machine *m, char **error);                         // false with *error
void monitor_registers(Machine *m, int argc, char **argv, GString *out); // info registers

#endif
