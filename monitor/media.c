// Monitor commands about removable media.
#include <string.h>

#include "block/block.h"
#include "monitor/commands.h"
#include "ui/vnc.h"

static void answer(GString *out, const char *command, char *error)
{
    if (error) {
        g_string_append_printf(out, "%s %s\n", command, error);
        g_free(error);
    }
}

static void cmd_eject(Machine *m, int argc, char **argv, GString *out)
{
    bool force = argc > 1 && !strcmp(argv[1], "-f");
    char *error = NULL;
    if (argc != 2 + force) {
        monitor_usage(argv[0], out);
        return;
    }
    block_eject(m, argv[1 + force], force, &error);
    answer(out, argv[0], error);
}

static void cmd_change(Machine *m, int argc, char **argv, GString *out)
{
    static const struct {
        const char *word;
        int readonly;
    } modes[] = {{"retain", -1}, {"read-only", 1}, {"read-write", 0}};
    bool force = argc > 1 && !strcmp(argv[1], "-f");
    char **arg = argv + 1 + force;
    int n = argc - 1 - force, readonly = -1;
    bool known = n < 4;
    char *error = NULL;
    if (n == 3 && !strcmp(arg[0], "vnc") && !strcmp(arg[1], "password")) {
        if (!vnc_set_password(m, NULL, arg[2], &error)) {
            g_string_append_printf(out, "%s: %s\n", argv[0], error);
            g_free(error);
        }
        return;
    }
    if (n == 2 && !strcmp(arg[0], "vnc") && !strcmp(arg[1], "password")) {
        g_string_append_printf(out, "%s: a password is expected: %s vnc password PASSWORD\n",
                               argv[0], argv[0]);
        return;
    }
    for (size_t i = 0; n == 4 && i < ARRAY_LEN(modes); i++) {
        if (!strcmp(arg[3], modes[i].word)) {
            readonly = modes[i].readonly;
            known = true;
        }
    }
    if (n < 2 || n > 4 || !known) {
        monitor_usage(argv[0], out);
        return;
    }
    block_change(m, arg[0], arg[1], n > 2 ? arg[2] : NULL, readonly, force, &error);
    answer(out, argv[0], error);
}

static const MonitorCommand commands[] = {
    {"eject", NULL, "[-f] DRIVE", "takes a CD or floppy disk out (-f: also if it is locked)",
     cmd_eject},
    {"change", NULL,
     "[-f] DRIVE FILE [FORMAT [retain|read-only|read-write]] | vnc password PASSWORD",
     "puts another CD or floppy disk in; a new password for VNC viewers", cmd_change},
    {NULL, NULL, NULL, NULL, NULL},
};
static const MonitorTable table = {commands, NULL};
MONITOR_TABLE(table);
