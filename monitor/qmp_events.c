// The machine's events as QMP has them.
#include <string.h>

#include "monitor/properties.h"
#include "monitor/qmp_server.h"
#include "util/log.h"

static Json *timestamp(void)
{
    gint64 us = g_get_real_time();
    Json *t = qmp_add_int(json_object_new_object(), "seconds", us / G_USEC_PER_SEC);
    return qmp_add_int(t, "microseconds", us % G_USEC_PER_SEC);
}

static void send_event(QmpServer *s, Json *message)
{
    if (!s->negotiated || !s->connected || qmp_send(s, message)) {
        return;
    }
    if (!s->events_lost++) {
        report("QMP: a client does not read: events for it are dropped");
    }
}

void qmp_event(Machine *m, const char *name, Json *data)
{
    const GPtrArray *servers = machine_lookup(m, "qmp-servers");
    Json *e = qmp_add(json_object_new_object(), "timestamp", timestamp());
    qmp_add_str(e, "event", name);
    if (data) {
        qmp_add(e, "data", data);
    }
    for (guint i = 0; servers && i < servers->len; i++) {
        send_event(g_ptr_array_index(servers, i), e);
    }
    json_object_put(e);
}

// --- rows: which parts of a MachineEvent become data

enum { HAS_CAUSE = 1, HAS_ACTION = 2, HAS_OFFSET = 4 };

static const struct {
    const char *name;
    unsigned has;
} rows[MACHINE_EVENTS] = {
    [MACHINE_EVENT_STOP] = {"STOP", 0},
    [MACHINE_EVENT_RESUME] = {"RESUME", 0},
    [MACHINE_EVENT_RESET] = {"RESET", HAS_CAUSE},
    [MACHINE_EVENT_POWERDOWN] = {"POWERDOWN", 0},
    [MACHINE_EVENT_SHUTDOWN] = {"SHUTDOWN", HAS_CAUSE},
    [MACHINE_EVENT_WATCHDOG] = {"WATCHDOG", HAS_ACTION},
    [MACHINE_EVENT_GUEST_PANICKED] = {"GUEST_PANICKED", HAS_ACTION},
    [MACHINE_EVENT_GUEST_CRASHLOADED] = {"GUEST_CRASHLOADED", HAS_ACTION},
    [MACHINE_EVENT_RTC_CHANGE] = {"RTC_CHANGE", HAS_OFFSET},
};

// Of the machine's one clock with a date.
static char *clock_path(Machine *m)
{
    static const char *const types[] = {"mc146818rtc", "pl031"};
    for (guint i = 0; i < m->devices->len; i++) {
        const Device *d = g_ptr_array_index(m->devices, i);
        for (size_t t = 0; t < ARRAY_LEN(types); t++) {
            if (!strcmp(d->type->name, types[t])) {
                return device_path(d);
            }
        }
    }
    return NULL;
}

static void on_event(void *opaque, const MachineEvent *e)
{
    unsigned has = rows[e->kind].has;
    Json *data = has ? json_object_new_object() : NULL;
    if (has & HAS_CAUSE) {
        qmp_add_bool(data, "guest", machine_cause_is_guest(e->cause));
        qmp_add_str(data, "reason", machine_cause_name(e->cause));
    }
    if (has & HAS_ACTION) {
        qmp_add_str(data, "action", e->action);
    }
    if (has & HAS_OFFSET) {
        qmp_add_int(data, "offset", e->value);
        char *path = clock_path(opaque);
        qmp_add_str(data, "qom-path", path ? path : "/machine");
        g_free(path);
    }
    qmp_event(opaque, rows[e->kind].name, data);
}

void qmp_events_start(Machine *m)
{
    machine_on_event(m, on_event, m);
    qmp_vnc_events_start(m);
}

static const QmpEvent events[] = {
    {"STOP", ""},
    {"RESUME", ""},
    {"RESET", "guest:bool reason:ShutdownCause"},
    {"POWERDOWN", ""},
    {"SHUTDOWN", "guest:bool reason:ShutdownCause"},
    {"WATCHDOG", "action:WatchdogAction"},
    {"GUEST_PANICKED", "action:GuestPanicAction"},
    {"GUEST_CRASHLOADED", "action:GuestPanicAction"},
    {"RTC_CHANGE", "offset:int qom-path:str"},
};

static const QmpType types[] = {
    {"ShutdownCause", QMP_ENUM,
     "none host-error host-qmp-quit host-qmp-system-reset host-signal host-ui guest-shutdown "
     "guest-reset guest-panic"},
    {"WatchdogAction", QMP_ENUM, "reset shutdown poweroff pause debug none inject-nmi"},
    {"GuestPanicAction", QMP_ENUM, "pause poweroff run"},
};

static const QmpTable table = {
    .types = types, .n_types = ARRAY_LEN(types), .events = events, .n_events = ARRAY_LEN(events)};
QMP_TABLE(table);
