// QMP: clients, the greeting, and the way of one command.
#include "monitor/qmp_server.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "util/log.h"
#include "util/nearest.h"

// A client is not heard while there is less room than this: every answer fits.
#define OUTPUT_ROOM (768u << 10)

// --- tables

extern const QmpTable *const __start_mimus_qmp[] __attribute__((weak));
extern const QmpTable *const __stop_mimus_qmp[] __attribute__((weak));

void qmp_table_each(void (*fn)(void *, const QmpTable *), void *opaque)
{
    for (const QmpTable *const *t = __start_mimus_qmp; t < __stop_mimus_qmp; t++) {
        fn(opaque, *t);
    }
}

const QmpCommand *qmp_command_find(const char *name)
{
    for (const QmpTable *const *t = __start_mimus_qmp; t < __stop_mimus_qmp; t++) {
        for (unsigned i = 0; i < (*t)->n_commands; i++) {
            if (!strcmp((*t)->commands[i].name, name)) {
                return &(*t)->commands[i];
            }
        }
    }
    return NULL;
}

const QmpType *qmp_type_find(const char *name)
{
    for (const QmpTable *const *t = __start_mimus_qmp; t < __stop_mimus_qmp; t++) {
        for (unsigned i = 0; i < (*t)->n_types; i++) {
            if (!strcmp((*t)->types[i].name, name)) {
                return &(*t)->types[i];
            }
        }
    }
    return NULL;
}

// --- for handlers

Json *qmp_fail(QmpCall *c, const char *class, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    g_free(c->error);
    c->error = g_strdup_vprintf(fmt, ap);
    c->class = class;
    va_end(ap);
    return NULL;
}

Json *qmp_fail_with(QmpCall *c, char *error)
{
    qmp_fail(c, QMP_GENERIC, "%s", error);
    g_free(error);
    return NULL;
}

const char *qmp_str(const QmpCall *c, const char *name)
{
    Json *v = NULL;
    return json_object_object_get_ex(c->args, name, &v) ? json_object_get_string(v) : NULL;
}

int64_t qmp_int(const QmpCall *c, const char *name, int64_t def)
{
    Json *v = NULL;
    return json_object_object_get_ex(c->args, name, &v) ? json_object_get_int64(v) : def;
}

bool qmp_bool(const QmpCall *c, const char *name, bool def)
{
    Json *v = NULL;
    return json_object_object_get_ex(c->args, name, &v) ? json_object_get_boolean(v) : def;
}

// --- output

bool qmp_send(QmpServer *s, Json *message)
{
    GString *text = g_string_new(NULL);
    qmp_json_print(text, message, s->pretty);
    g_string_append(text, "\r\n");
    bool fits = text->len <= chardev_write_room(s->chardev);
    if (fits) {
        chardev_write(s->chardev, text->str, text->len);
    }
    g_string_free(text, TRUE);
    return fits;
}

static void respond(QmpServer *s, Json *message)
{
    if (!qmp_send(s, message)) {
        report("QMP: a client does not read its answers: disconnected");
        chardev_disconnect(s->chardev);
    }
    json_object_put(message);
}

static Json *error_message(const char *class, const char *desc)
{
    Json *e = qmp_add_str(json_object_new_object(), "class", class);
    return qmp_add(json_object_new_object(), "error", qmp_add_str(e, "desc", desc));
}

static void respond_error(QmpServer *s, const char *desc)
{
    respond(s, error_message(QMP_GENERIC, desc));
}

// The version of QEMU whose commands these are; ours is the package.
Json *qmp_version(void)
{
    Json *n = json_object_new_object();
    qmp_add_int(n, "micro", 0);
    qmp_add_int(n, "minor", 2);
    qmp_add_int(n, "major", 7);
    Json *v = qmp_add(json_object_new_object(), "qemu", n);
    return qmp_add_str(v, "package", "Mimus " MIMUS_VERSION);
}

static void greet(QmpServer *s)
{
    Json *g = qmp_add(json_object_new_object(), "version", qmp_version());
    qmp_add(g, "capabilities", json_object_new_array());
    respond(s, qmp_add(json_object_new_object(), "QMP", g));
}

// --- input: the envelope

typedef struct Request {
    const char *execute;
    Json *arguments, *id;
    bool has_id;
} Request;

// What is wrong with it, or NULL. The id is found whatever else is.
static const char *read_request(Json *message, Request *r)
{
    const char *error = NULL;
    Json *name = NULL;
    if (!json_object_is_type(message, json_type_object)) {
        return "a QMP command is a JSON object";
    }
    r->has_id = json_object_object_get_ex(message, "id", &r->id);
    if (!json_object_object_get_ex(message, "execute", &name)) {
        error = "the member 'execute' is missing";
    } else if (!json_object_is_type(name, json_type_string)) {
        error = "the member 'execute' is not a string";
    }
    bool has_args = json_object_object_get_ex(message, "arguments", &r->arguments);
    if (has_args && !json_object_is_type(r->arguments, json_type_object)) {
        error = "the member 'arguments' is not an object";
    }
    json_object_object_foreach(message, key, value)
    {
        (void)value;
        if (strcmp(key, "execute") && strcmp(key, "arguments") && strcmp(key, "id")) {
            error = "there are the members 'execute', 'arguments' and 'id' only";
        }
    }
    r->execute = error ? NULL : json_object_get_string(name);
    return error;
}

// --- input: the command

static void add_name(void *opaque, const QmpTable *t)
{
    for (unsigned i = 0; i < t->n_commands; i++) {
        nearest_add(opaque, t->commands[i].name);
    }
}

static Json *unknown_command(QmpCall *c, const char *name)
{
    Nearest n;
    nearest_init(&n, name);
    qmp_table_each(add_name, &n);
    char *hint = nearest_hint(&n);
    qmp_fail(c, QMP_COMMAND_NOTFOUND, "there is no command '%.64s'%s; query-commands lists them",
             name, hint);
    g_free(hint);
    return NULL;
}

static Json *capabilities(QmpServer *s, QmpCall *c)
{
    Json *enable = json_object_object_get(c->args, "enable");
    if (s->negotiated) {
        return qmp_fail(c, QMP_COMMAND_NOTFOUND, "qmp_capabilities: this was negotiated already");
    }
    if (enable && json_object_array_length(enable)) {
        return qmp_fail(c, QMP_GENERIC, "enable: the greeting offers no such capability");
    }
    s->negotiated = true;
    return qmp_nothing();
}

static Json *execute(QmpServer *s, QmpCall *c, const char *name)
{
    const QmpCommand *command = qmp_command_find(name);
    bool negotiating = !strcmp(name, "qmp_capabilities");
    if (!s->negotiated && !negotiating) {
        return qmp_fail(c, QMP_COMMAND_NOTFOUND, "'qmp_capabilities' has to come first");
    }
    if (!command) {
        return unknown_command(c, name);
    }
    char *error = qmp_check_members(command->args, c->args);
    if (error) {
        return qmp_fail_with(c, error);
    }
    return negotiating ? capabilities(s, c) : command->run(c);
}

static void run_request(QmpServer *s, const Request *r)
{
    Json *args = r->arguments ? json_object_get(r->arguments) : json_object_new_object();
    QmpCall c = {.machine = s->machine, .args = args, .client = s};
    Json *value = execute(s, &c, r->execute);
    Json *answer = c.error ? error_message(c.class, c.error)
                           : qmp_add(json_object_new_object(), "return", value);
    if (r->has_id) {
        qmp_add(answer, "id", json_object_get(r->id));
    }
    respond(s, answer);
    g_free(c.error);
    json_object_put(args);
}

// The parser takes NaN, Infinity and 1e999, which could not be said in an answer.
static bool all_finite(Json *j)
{
    if (json_object_is_type(j, json_type_double)) {
        return isfinite(json_object_get_double(j));
    }
    for (size_t i = 0; json_object_is_type(j, json_type_array) && i < json_object_array_length(j);
         i++) {
        if (!all_finite(json_object_array_get_idx(j, i))) {
            return false;
        }
    }
    if (json_object_is_type(j, json_type_object)) {
        json_object_object_foreach(j, key, value)
        {
            (void)key;
            if (!all_finite(value)) {
                return false;
            }
        }
    }
    return true;
}

// Text that the framing says is one bracketed value.
static void run_text(QmpServer *s, const GString *text)
{
    // The framing counts brackets outside of strings, so one level more is enough.
    json_tokener *t = json_tokener_new_ex(QMP_MAX_DEPTH + 2);
    json_tokener_set_flags(t, JSON_TOKENER_VALIDATE_UTF8);
    Json *message = json_tokener_parse_ex(t, text->str, (int)text->len);
    enum json_tokener_error how = json_tokener_get_error(t);
    if (how != json_tokener_success) {
        char *error = g_strdup_printf("not JSON: %s, at byte %zu",
                                      how == json_tokener_continue ? "incomplete"
                                                                   : json_tokener_error_desc(how),
                                      json_tokener_get_parse_end(t));
        respond_error(s, error);
        g_free(error);
    } else {
        Request r = {0};
        const char *error =
            all_finite(message) ? read_request(message, &r) : "not JSON: a number is out of range";
        if (error) {
            Json *answer = error_message(QMP_GENERIC, error);
            respond(s, r.has_id ? qmp_add(answer, "id", json_object_get(r.id)) : answer);
        } else {
            run_request(s, &r);
        }
    }
    json_object_put(message);
    json_tokener_free(t);
}

// --- the frontend

static size_t can_receive(void *opaque)
{
    const QmpServer *s = opaque;
    return chardev_write_room(s->chardev) >= OUTPUT_ROOM ? 4096 : 0;
}

static void receive(void *opaque, const uint8_t *buf, size_t len)
{
    static const char *const complaints[] = {
        [QMP_FRAME_JUNK] = "not JSON: something outside of an object",
        [QMP_FRAME_OPEN_STRING] = "not JSON: a string does not end in its line",
        [QMP_FRAME_TOO_LONG] = "a message is longer than 4 MiB",
        [QMP_FRAME_TOO_DEEP] = "a message is nested deeper than 64 levels",
    };
    QmpServer *s = opaque;
    for (size_t i = 0; i < len && s->connected; i++) {
        QmpFrameResult r = qmp_frame_byte(&s->frame, buf[i]);
        if (r == QMP_FRAME_READY) {
            run_text(s, s->frame.text);
        } else if (r != QMP_FRAME_MORE) {
            respond_error(s, complaints[r]);
        }
    }
}

static void connected(void *opaque, bool yes)
{
    QmpServer *s = opaque;
    if (!yes && s->events_lost) {
        report("QMP: %" G_GUINT64_FORMAT " events did not reach a client that did not read",
               s->events_lost);
    }
    s->connected = yes;
    s->negotiated = false;
    s->events_lost = 0;
    qmp_frame_reset(&s->frame);
    if (yes) {
        greet(s);
    }
}

GPtrArray *qmp_servers(Machine *m)
{
    GPtrArray *list = machine_lookup(m, "qmp-servers");
    if (!list) {
        list = g_ptr_array_new();
        machine_register(m, "qmp-servers", list);
        qmp_events_start(m);
    }
    return list;
}

bool qmp_open_on(Machine *m, Chardev *c, bool pretty, char **error)
{
    if (chardev_is_mux(c)) {
        *error = g_strdup("QMP needs a backend of its own (it has mux=on)");
        return false;
    }
    if (!chardev_claim(c, error)) {
        return false;
    }
    QmpServer *s = g_new0(QmpServer, 1);
    s->machine = m;
    s->chardev = c;
    s->pretty = pretty;
    qmp_frame_init(&s->frame);
    g_ptr_array_add(qmp_servers(m), s);
    const ChardevFrontend f = {.can_receive = can_receive,
                               .receive = receive,
                               .connected = connected,
                               .opaque = s,
                               .direct = true};
    chardev_connect(c, &f);
    return true;
}

bool qmp_open(Machine *m, const char *spec, bool pretty, char **error)
{
    Chardev *c = chardev_open(m, spec, error);
    return c && qmp_open_on(m, c, pretty, error);
}
