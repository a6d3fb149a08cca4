// QMP: the monitor for programs, JSON objects on a character backend.
//
//   chardev --bytes--> qmp_frame: one object --json-c--> qmp_server: execute, arguments, id
//                                                          | qmp_check: against the row's types
//                                                          v
//   chardev <--text-- qmp_json <-- {"return"} {"error"} <-- handler of the QmpCommand row
//                           ^----- {"event"} <-- qmp_events <-- hw/core/events.h
//
// Commands, types and events are rows of tables (monitor/qmp_command.h), which any file may add;
// query-commands, query-events and query-qmp-schema are made from them.
#ifndef MONITOR_QMP_H
#define MONITOR_QMP_H

#include "util/bits.h"

struct Machine;
struct Chardev;
struct json_object;

// A QMP server on a backend (-qmp SPEC), or on an open one (-mon). pretty: indented output. False
// with *error.
bool qmp_open(struct Machine *m, const char *spec, bool pretty, char **error);
bool qmp_open_on(struct Machine *m, struct Chardev *c, bool pretty, char **error);

// Tells all clients. data may be NULL; it is taken over.
void qmp_event(struct Machine *m, const char *name, struct json_object *data);

#endif
