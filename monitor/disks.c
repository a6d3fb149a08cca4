// Monitor commands about disks. Those about removable media are in media.c.
#include "block/block.h"
#include "monitor/commands.h"

static void cmd_commit(Machine *m, int argc, char **argv, GString *out)
{
    char *error = NULL;
    if (argc != 2) {
        monitor_usage(argv[0], out);
        return;
    }
    if (!block_commit(m, argv[1], &error)) {
        g_string_append_printf(out, "%s: %s\n", argv[0], error);
        g_free(error);
    }
}

static const MonitorCommand commands[] = {
    {"commit", NULL, "DRIVE|all",
     "writes a disk's changes (-snapshot, or an image with a backing file) to the file below it",
     cmd_commit},
    {NULL, NULL, NULL, NULL, NULL},
};
static const MonitorTable table = {commands, NULL};
MONITOR_TABLE(table);
