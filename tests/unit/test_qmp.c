// QMP: finding objects in a stream of bytes, checking arguments against declared types, JSON text,
// the tables as a whole.
#include <criterion/criterion.h>
#include <string.h>

#include "monitor/commands.h"
#include "monitor/qmp_command.h"
#include "monitor/qmp_frame.h"

// --- framing: what the bytes lead to, one letter each

static char *frames(const char *bytes, size_t len)
{
    static const char letters[] = {[QMP_FRAME_JUNK] = 'j',
                                   [QMP_FRAME_OPEN_STRING] = 's',
                                   [QMP_FRAME_TOO_LONG] = 'l',
                                   [QMP_FRAME_TOO_DEEP] = 'd'};
    GString *out = g_string_new(NULL);
    QmpFrame f;
    qmp_frame_init(&f);
    for (size_t i = 0; i < len; i++) {
        QmpFrameResult r = qmp_frame_byte(&f, (uint8_t)bytes[i]);
        if (r == QMP_FRAME_READY) {
            g_string_append_printf(out, "<%s>", f.text->str);
        } else if (r != QMP_FRAME_MORE) {
            g_string_append_c(out, letters[r]);
        }
    }
    qmp_frame_free(&f);
    return g_string_free(out, FALSE);
}

static void check_frames(const char *bytes, const char *expected)
{
    char *got = frames(bytes, strlen(bytes));
    cr_assert_str_eq(got, expected, "%s -> %s", bytes, got);
    g_free(got);
}

Test(qmp, frames)
{
    check_frames("{\"a\": 1}", "<{\"a\": 1}>");
    check_frames(" {}\r\n{} [1]{}", "<{}><{}><[1]><{}>");
    check_frames("{\"}\": \"\\\"}\"}", "<{\"}\": \"\\\"}\"}>"); // brackets and quotes in strings
    check_frames("{'}': 1}", "<{'}': 1}>");
    check_frames("abc {}", "j<{}>");
    check_frames("abc def\n}\n{}", "jj<{}>");
    check_frames("{\"open\n{}", "s<{}>");
    check_frames("{\"a\": [1, \xff{}", "j<{}>"); // in step again
}

Test(qmp, frames_have_limits)
{
    GString *deep = g_string_new(NULL);
    for (int i = 0; i < 1000; i++) {
        g_string_append_c(deep, '[');
    }
    for (int i = 0; i < 1000; i++) {
        g_string_append_c(deep, ']');
    }
    g_string_append(deep, "{}");
    check_frames(deep->str, "d<{}>");
    GString *text = g_string_new("{\"");
    while (text->len < QMP_MAX_MESSAGE + 1000) {
        g_string_append(text,
                        "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx");
    }
    g_string_append(text, "\"}{}");
    check_frames(text->str, "l<{}>");
}

// --- arguments

static void check_args(const char *spec, const char *json, const char *words)
{
    Json *o = json_tokener_parse(json);
    char *error = qmp_check_members(spec, o);
    if (words) {
        cr_assert_not_null(error, "%s", json);
        cr_assert_not_null(strstr(error, words), "%s: %s", json, error);
    } else {
        cr_assert_null(error, "%s: %s", json, error);
    }
    g_free(error);
    json_object_put(o);
}

Test(qmp, arguments)
{
    static const char spec[] = "name:str count?:int on?:bool list?:[int] f?:number x?:any";
    check_args("", "{}", NULL);
    check_args("", "{\"a\": 1}", "no parameter 'a'");
    check_args(spec, "{\"name\": \"x\"}", NULL);
    check_args(spec, "{\"name\": \"x\", \"count\": -1, \"on\": true, \"list\": [1], \"f\": 1.5}",
               NULL);
    check_args(spec, "{\"name\": \"x\", \"f\": 1, \"x\": null}", NULL);
    check_args(spec, "{}", "'name' is missing");
    check_args(spec, "{\"name\": 1}", "expected: string");
    check_args(spec, "{\"name\": null}", "expected: string");
    check_args(spec, "{\"name\": \"x\", \"count\": 1.0}", "expected: integer");
    check_args(spec, "{\"name\": \"x\", \"on\": 1}", "expected: boolean");
    check_args(spec, "{\"name\": \"x\", \"list\": 1}", "expected: array");
    check_args(spec, "{\"name\": \"x\", \"list\": [1, \"a\"]}", "expected: integer");
    check_args(spec, "{\"name\": \"x\", \"nam\": 1}", "did you mean 'name'");
    check_args("s:RunState", "{\"s\": \"paused\"}", NULL);
    check_args("s:RunState", "{\"s\": \"asleep\"}", "cannot be 'asleep'; accepted: debug");
    check_args("k:KeyValue", "{\"k\": {\"type\": \"qcode\", \"data\": \"a\"}}", NULL);
    check_args("k:KeyValue", "{\"k\": {\"type\": \"number\", \"data\": \"a\"}}",
               "expected: integer");
    check_args("k:KeyValue", "{\"k\": {\"type\": \"number\"}}", "'data' is missing");
    check_args("k:KeyValue", "{\"k\": {\"type\": \"word\", \"data\": 1}}", "cannot be 'word'");
    check_args("k:KeyValue", "{\"k\": {\"type\": \"number\", \"data\": 1, \"y\": 1}}",
               "no parameter 'y'");
    check_args("k:KeyValue", "{\"k\": 3}", "expected: object");
}

// --- text

Test(qmp, json_text)
{
    Json *o = qmp_add_str(json_object_new_object(), "s", "a\"\\\n\x01\xc3\xa9\xf0\x9f\x98\x80\xff");
    qmp_add_int(o, "i", -5);
    qmp_add_bool(o, "b", true);
    qmp_add(o, "n", NULL);
    qmp_add(o, "e", json_object_new_array());
    GString *out = g_string_new(NULL);
    qmp_json_print(out, o, false);
    cr_assert_str_eq(out->str, "{\"s\": \"a\\\"\\\\\\n\\u0001\\u00e9\\ud83d\\ude00\\ufffd\", "
                               "\"i\": -5, \"b\": true, \"n\": null, \"e\": []}");
    g_string_truncate(out, 0);
    json_object_object_del(o, "s");
    qmp_json_print(out, o, true);
    cr_assert_str_eq(out->str,
                     "{\n    \"i\": -5,\n    \"b\": true,\n    \"n\": null,\n    \"e\": []\n}");
}

// --- the tables

static void known_type(const char *type)
{
    static const char *const builtin[] = {"str", "int", "number", "bool", "any", "null"};
    char *name = g_strdup(type);
    if (name[0] == '[') {
        cr_assert_eq(name[strlen(name) - 1], ']', "%s", type);
        name[strlen(name) - 1] = 0;
    }
    const char *bare = name + (name[0] == '[');
    bool known = qmp_type_find(bare) != NULL;
    for (size_t i = 0; i < ARRAY_LEN(builtin); i++) {
        known |= !strcmp(bare, builtin[i]);
    }
    cr_assert(known, "type %s", type);
    g_free(name);
}

static void known_members(const char *spec)
{
    QmpMember m;
    while (qmp_next_member(&spec, &m)) {
        known_type(m.type);
    }
}

static void check_table(void *seen, const QmpTable *t)
{
    for (unsigned i = 0; i < t->n_commands; i++) {
        known_members(t->commands[i].args);
        known_type(t->commands[i].ret ? t->commands[i].ret : "any");
        cr_assert(g_hash_table_add(seen, (gpointer)t->commands[i].name), "twice: %s",
                  t->commands[i].name);
    }
    for (unsigned i = 0; i < t->n_types; i++) {
        if (t->types[i].kind == QMP_OBJECT || t->types[i].kind == QMP_UNION) {
            known_members(t->types[i].spec);
        }
        cr_assert(g_hash_table_add(seen, (gpointer)t->types[i].name), "twice: %s",
                  t->types[i].name);
    }
    for (unsigned i = 0; i < t->n_events; i++) {
        known_members(t->events[i].data);
    }
}

Test(qmp, tables_fit_together)
{
    GHashTable *seen = g_hash_table_new(g_str_hash, g_str_equal);
    qmp_table_each(check_table, seen);
    cr_assert_gt(g_hash_table_size(seen), 80);
    for (int info = 0; info < 2; info++) {
        GPtrArray *rows = monitor_rows(info);
        for (guint i = 0; i < rows->len; i++) {
            const MonitorCommand *c = g_ptr_array_index(rows, i);
            cr_assert(c->args && c->help && *c->help, "%s", c->name);
            cr_assert_eq(monitor_find(info, c->name), c, "twice: %s", c->name);
        }
        g_ptr_array_unref(rows);
    }
}
