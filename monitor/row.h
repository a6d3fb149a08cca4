// What files with commands (commands.h) write their functions with.
#ifndef MONITOR_ROW_H
#define MONITOR_ROW_H

#include "monitor/commands.h"

#define COMMAND(fn) static void fn(Machine *m, int argc, char **argv, GString *out)
#define UNUSED_ARGS (void)m, (void)argc, (void)argv, (void)out

// A command that prints what `print` prints to a FILE.
#define COMMAND_PRINT(fn, print)                                                                   \
    COMMAND(fn)                                                                                    \
    {                                                                                              \
        UNUSED_ARGS;                                                                               \
        monitor_capture(out, print, m);                                                            \
    }

#endif
