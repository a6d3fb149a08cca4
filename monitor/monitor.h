// The monitor: commands for people, on a character backend or from gdb ("monitor ...").
#ifndef MONITOR_MONITOR_H
#define MONITOR_MONITOR_H

#include <glib.h>
#include "util/bits.h"

struct Machine;
struct VCPU;

// A monitor of its own on a backend (-monitor SPEC). False with *error.
bool monitor_open(struct Machine *m, const char *spec, char **error);
// -mon chardev=ID[,mode=readline|control][,pretty=on]: on a -chardev. False with *error.
bool monitor_add(struct Machine *m, const char *optarg, char **error);
// One on each mux ("mon:stdio"), reached with Ctrl-A c.
void monitor_add_to_muxes(struct Machine *m);

// Runs one command line; what it says is appended to out, lines ended by '\n'.
void monitor_execute(struct Machine *m, const char *line, GString *out);
// The same; commands about one vCPU mean v.
void monitor_execute_on(struct Machine *m, struct VCPU *v, const char *line, GString *out);

#endif
