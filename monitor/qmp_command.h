// For files that add QMP commands, types and events.
//
//   static const QmpCommand commands[] = {
//       {"screendump", "filename:str device?:str head?:int", NULL, run_screendump},
//   };
//   static const QmpTable table = {.commands = commands, .n_commands = ARRAY_LEN(commands)};
//   QMP_TABLE(table);
//
// Members are written "name:type" or "name?:type" (may be missing), separated by spaces. Types are
// str, int, number, bool, any, null, a QmpType's name, or [TYPE] for a list.
#ifndef MONITOR_QMP_COMMAND_H
#define MONITOR_QMP_COMMAND_H

#include <json-c/json.h>
#include "hw/core/machine.h"
#include "monitor/qmp.h"

typedef struct json_object Json;

typedef struct QmpCall {
    Machine *machine;
    Json *args;         // an object, checked against the row: has what the handler expects
    const char *class;  // of the error
    char *error;        // NULL: none
    const void *client; // who asks
} QmpCall;

typedef struct QmpCommand {
    const char *name;
    const char *args; // members; "" if there are none
    const char *ret;  // type; NULL: an empty object
    // The return value, handed over; NULL after qmp_fail.
    Json *(*run)(QmpCall *c);
} QmpCommand;

typedef enum QmpKind {
    QMP_OBJECT,    // members
    QMP_ENUM,      // its values
    QMP_UNION,     // members | value=TYPE...: the first member is an enum and says what `data` is
    QMP_ALTERNATE, // its types
} QmpKind;

typedef struct QmpType {
    const char *name;
    QmpKind kind;
    const char *spec;
} QmpType;

typedef struct QmpEvent {
    const char *name;
    const char *data; // members
} QmpEvent;

typedef struct QmpTable {
    const QmpCommand *commands;
    unsigned n_commands;
    const QmpType *types;
    unsigned n_types;
    const QmpEvent *events;
    unsigned n_events;
} QmpTable;

#define QMP_TABLE(t)                                                                               \
    static const QmpTable *const t##_entry __attribute__((used, section("mimus_qmp"))) = &(t)
void qmp_table_each(void (*fn)(void *, const QmpTable *), void *opaque);
const QmpCommand *qmp_command_find(const char *name);
const QmpType *qmp_type_find(const char *name);

// --- for handlers
#define QMP_GENERIC          "GenericError"
#define QMP_COMMAND_NOTFOUND "CommandNotFound"
#define QMP_DEVICE_NOTFOUND  "DeviceNotFound"
#define QMP_DEVICE_INACTIVE  "DeviceNotActive"
Json *qmp_fail(QmpCall *c, const char *class, const char *fmt, ...) PRINTF_LIKE(3, 4);
// Takes over a message of the form that other subsystems give; NULL.
Json *qmp_fail_with(QmpCall *c, char *error);
static inline Json *qmp_nothing(void)
{
    return json_object_new_object();
}
// Arguments; the default if not given.
const char *qmp_str(const QmpCall *c, const char *name);
int64_t qmp_int(const QmpCall *c, const char *name, int64_t def);
bool qmp_bool(const QmpCall *c, const char *name, bool def);

// --- building (qmp_json.c)
Json *qmp_add(Json *o, const char *key, Json *value); // returns o
Json *qmp_add_str(Json *o, const char *key, const char *value);
Json *qmp_add_int(Json *o, const char *key, int64_t value);
Json *qmp_add_bool(Json *o, const char *key, bool value);
// As text, as QMP has it: one line, or indented.
void qmp_json_print(GString *out, Json *value, bool pretty);

// --- checking (qmp_check.c): NULL, or what is wrong
char *qmp_check_members(const char *spec, Json *object);
// Walks "name?:type ..."; false at the end.
typedef struct QmpMember {
    char name[64], type[64];
    bool optional;
} QmpMember;
bool qmp_next_member(const char **spec, QmpMember *m);
bool qmp_next_word(const char **spec, char word[64]); // of an enum, alternate or variant list

#endif
