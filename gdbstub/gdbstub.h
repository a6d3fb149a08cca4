// The gdb server (-s, -gdb): gdb's remote serial protocol over a character backend.
#ifndef GDBSTUB_GDBSTUB_H
#define GDBSTUB_GDBSTUB_H

#include "util/bits.h"

struct Machine;

// SPEC: "tcp::PORT" (this host only), "tcp:HOST:PORT", "unix:PATH", "stdio", "pty", "chardev:ID",
// "none" (stops the server). One gdb at a time. False with *error.
bool gdb_server_start(struct Machine *m, const char *spec, char **error);
// The machine is gone: tells gdb the exit status.
void gdb_server_exit(struct Machine *m, int status);

#endif
