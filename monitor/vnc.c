// VNC in both monitors: who is connected, passwords.
#include <stdlib.h>
#include <string.h>

#include "monitor/commands.h"
#include "monitor/qmp_command.h"
#include "monitor/qmp_server.h"
#include "ui/vnc.h"

// "now", "never", "+N" (seconds from now) or N (since 1970). False: none of these.
static bool parse_time(const char *text, int64_t *when)
{
    int64_t now = g_get_real_time() / G_USEC_PER_SEC;
    char *end;
    if (!strcmp(text, "now") || !strcmp(text, "never")) {
        *when = text[2] == 'w' ? now : INT64_MAX;
        return true;
    }
    gint64 n = g_ascii_strtoll(text + (text[0] == '+'), &end, 10);
    *when = text[0] == '+' ? now + n : n;
    return g_ascii_isdigit(text[text[0] == '+']) && !*end && n >= 0 && n < INT64_MAX / 2;
}

// --- for people

static void info_vnc(Machine *m, int argc, char **argv, GString *out)
{
    (void)argc;
    (void)argv;
    vnc_print(m, out);
}

static void tell_error(GString *out, const char *command, char *error)
{
    g_string_append_printf(out, "%s: %s\n", command, error);
    g_free(error);
}

static void set_password(Machine *m, int argc, char **argv, GString *out)
{
    char *error = NULL;
    if (argc < 3 || argc > 4 || strcmp(argv[1], "vnc") || (argc == 4 && strcmp(argv[3], "keep"))) {
        monitor_usage(argv[0], out);
    } else if (!vnc_set_password(m, NULL, argv[2], &error)) {
        tell_error(out, argv[0], error);
    }
}

static void expire_password(Machine *m, int argc, char **argv, GString *out)
{
    char *error = NULL;
    int64_t when;
    if (argc != 3 || strcmp(argv[1], "vnc")) {
        monitor_usage(argv[0], out);
    } else if (!parse_time(argv[2], &when)) {
        g_string_append_printf(out, "%s: %s: expected now, never, +SECONDS or seconds since 1970\n",
                               argv[0], argv[2]);
    } else if (!vnc_expire_password(m, NULL, when, &error)) {
        tell_error(out, argv[0], error);
    }
}

static const MonitorCommand hmp[] = {
    {"set_password", NULL, "vnc PASSWORD", "lets in viewers who know it (-vnc ...,password=on)",
     set_password},
    {"expire_password", NULL, "vnc now|never|+SECONDS|TIME", "until when the password is good",
     expire_password},
    {NULL, NULL, NULL, NULL, NULL},
};
static const MonitorCommand hmp_info[] = {
    {"vnc", NULL, "", "VNC servers and who is connected", info_vnc},
    {NULL, NULL, NULL, NULL, NULL},
};
static const MonitorTable hmp_table = {hmp, hmp_info};
MONITOR_TABLE(hmp_table);

// --- for programs

static Json *peer(const VncPeer *p)
{
    Json *o = qmp_add_str(json_object_new_object(), "host", p->host);
    qmp_add_str(o, "service", p->service);
    qmp_add_str(o, "family", p->family);
    return qmp_add_bool(o, "websocket", false);
}

static Json *clients(const VncServerInfo *i)
{
    Json *list = json_object_new_array();
    for (unsigned k = 0; k < i->n_clients; k++) {
        json_object_array_add(list, peer(&i->client[k]));
    }
    return list;
}

static void add_first(void *opaque, const VncServerInfo *i)
{
    Json *o = opaque;
    if (json_object_object_get(o, "host")) {
        return;
    }
    qmp_add_bool(o, "enabled", true);
    qmp_add_str(o, "host", i->address.host);
    qmp_add_str(o, "service", i->address.service);
    qmp_add_str(o, "family", i->address.family);
    qmp_add_str(o, "auth", i->auth);
    qmp_add(o, "clients", clients(i));
}

static Json *query_vnc(QmpCall *c)
{
    Json *o = qmp_add_bool(json_object_new_object(), "enabled", false);
    vnc_each(c->machine, add_first, o);
    return o;
}

static void add_server(void *opaque, const VncServerInfo *i)
{
    Json *address = peer(&i->address), *servers = json_object_new_array();
    qmp_add_str(address, "auth", i->auth);
    json_object_array_add(servers, address);
    Json *o = qmp_add_str(json_object_new_object(), "id", i->id);
    qmp_add(o, "server", servers);
    qmp_add(o, "clients", clients(i));
    json_object_array_add(opaque, qmp_add_str(o, "auth", i->auth));
}

static Json *query_vnc_servers(QmpCall *c)
{
    Json *list = json_object_new_array();
    vnc_each(c->machine, add_server, list);
    return list;
}

static Json *result(QmpCall *c, bool ok, char *error)
{
    return ok ? qmp_nothing() : qmp_fail_with(c, error);
}

static Json *run_set_password(QmpCall *c)
{
    const char *connected = qmp_str(c, "connected");
    char *error = NULL;
    if (connected && strcmp(connected, "keep")) {
        return qmp_fail(c, QMP_GENERIC, "connected: viewers stay connected: expected 'keep'");
    }
    bool ok = vnc_set_password(c->machine, qmp_str(c, "display"), qmp_str(c, "password"), &error);
    return result(c, ok, error);
}

static Json *run_change_password(QmpCall *c)
{
    char *error = NULL;
    bool ok = vnc_set_password(c->machine, NULL, qmp_str(c, "password"), &error);
    return result(c, ok, error);
}

static Json *run_expire_password(QmpCall *c)
{
    const char *time = qmp_str(c, "time");
    int64_t when;
    char *error = NULL;
    if (!parse_time(time, &when)) {
        return qmp_fail(c, QMP_GENERIC,
                        "time: '%.64s': expected now, never, +SECONDS or seconds since 1970", time);
    }
    bool ok = vnc_expire_password(c->machine, qmp_str(c, "display"), when, &error);
    return result(c, ok, error);
}

// --- events

static void on_change(void *opaque, VncChange what, const VncServerInfo *server,
                      const VncPeer *client)
{
    static const char *const names[VNC_CHANGES] = {
        [VNC_CHANGE_CONNECTED] = "VNC_CONNECTED",
        [VNC_CHANGE_INITIALIZED] = "VNC_INITIALIZED",
        [VNC_CHANGE_DISCONNECTED] = "VNC_DISCONNECTED",
    };
    Json *data = json_object_new_object();
    qmp_add(data, "server", qmp_add_str(peer(&server->address), "auth", server->auth));
    qmp_add(data, "client", peer(client));
    qmp_event(opaque, names[what], data);
}

void qmp_vnc_events_start(Machine *m)
{
    vnc_on_change(m, on_change, m);
}

static const QmpEvent events[] = {
    {"VNC_CONNECTED", "server:VncServerInfo2 client:VncClientInfo"},
    {"VNC_INITIALIZED", "server:VncServerInfo2 client:VncClientInfo"},
    {"VNC_DISCONNECTED", "server:VncServerInfo2 client:VncClientInfo"},
};

// --- rows

static const QmpCommand commands[] = {
    {"query-vnc", "", "VncInfo", query_vnc},
    {"query-vnc-servers", "", "[VncInfo2]", query_vnc_servers},
    {"change-vnc-password", "password:str", NULL, run_change_password},
    {"set_password", "protocol:DisplayProtocol password:str connected?:str display?:str", NULL,
     run_set_password},
    {"expire_password", "protocol:DisplayProtocol time:str display?:str", NULL,
     run_expire_password},
};

static const QmpType types[] = {
    {"DisplayProtocol", QMP_ENUM, "vnc"},
    {"VncClientInfo", QMP_OBJECT, "host:str service:str family:str websocket:bool"},
    {"VncServerInfo2", QMP_OBJECT, "host:str service:str family:str websocket:bool auth:str"},
    {"VncInfo", QMP_OBJECT,
     "enabled:bool host?:str service?:str family?:str auth?:str clients?:[VncClientInfo]"},
    {"VncInfo2", QMP_OBJECT, "id:str server:[VncServerInfo2] clients:[VncClientInfo] auth:str"},
};

static const QmpTable table = {.commands = commands,
                               .n_commands = ARRAY_LEN(commands),
                               .types = types,
                               .n_types = ARRAY_LEN(types),
                               .events = events,
                               .n_events = ARRAY_LEN(events)};
QMP_TABLE(table);
