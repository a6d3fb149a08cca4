// What there is, told by the tables themselves: query-commands, query-events, query-qmp-schema.
#include <string.h>

#include "monitor/qmp_server.h"

// --- query-commands, query-events

static void add_commands(void *opaque, const QmpTable *t)
{
    for (unsigned i = 0; i < t->n_commands; i++) {
        json_object_array_add(opaque,
                              qmp_add_str(json_object_new_object(), "name", t->commands[i].name));
    }
}

static Json *query_commands(QmpCall *c)
{
    Json *list = json_object_new_array();
    (void)c;
    qmp_table_each(add_commands, list);
    return list;
}

static void add_events(void *opaque, const QmpTable *t)
{
    for (unsigned i = 0; i < t->n_events; i++) {
        json_object_array_add(opaque,
                              qmp_add_str(json_object_new_object(), "name", t->events[i].name));
    }
}

static Json *query_events(QmpCall *c)
{
    Json *list = json_object_new_array();
    (void)c;
    qmp_table_each(add_events, list);
    return list;
}

// --- query-qmp-schema

typedef struct Schema {
    Json *list;
    GHashTable *arrays; // names of list types that stand in it
} Schema;

static Json *entry(Schema *s, const char *name, const char *meta)
{
    Json *e = qmp_add_str(json_object_new_object(), "name", name);
    qmp_add_str(e, "meta-type", meta);
    json_object_array_add(s->list, e);
    return e;
}

// The type's name in the schema; list types get an entry when they are first met.
static const char *use_type(Schema *s, const char *type)
{
    if (type[0] == '[' && g_hash_table_add(s->arrays, g_strdup(type))) {
        char *element = g_strndup(type + 1, strlen(type) - 2);
        qmp_add_str(entry(s, type, "array"), "element-type", use_type(s, element));
        g_free(element);
    }
    return type;
}

static Json *members(Schema *s, const char *spec)
{
    Json *list = json_object_new_array();
    QmpMember m;
    while (qmp_next_member(&spec, &m)) {
        Json *e = qmp_add_str(json_object_new_object(), "name", m.name);
        qmp_add_str(e, "type", use_type(s, m.type));
        if (m.optional) {
            qmp_add(e, "default", NULL);
        }
        json_object_array_add(list, e);
    }
    return list;
}

static void add_enum(Schema *s, const QmpType *t)
{
    Json *values = json_object_new_array(), *list = json_object_new_array();
    const char *spec = t->spec;
    char word[64];
    while (qmp_next_word(&spec, word)) {
        json_object_array_add(values, json_object_new_string(word));
        json_object_array_add(list, qmp_add_str(json_object_new_object(), "name", word));
    }
    Json *e = qmp_add(entry(s, t->name, "enum"), "members", list);
    qmp_add(e, "values", values);
}

// In the schema a variant is an object type, with the member `data` here.
static void add_union(Schema *s, const QmpType *t)
{
    Json *e = entry(s, t->name, "object"), *variants = json_object_new_array();
    const char *spec = t->spec;
    char word[64];
    QmpMember tag;
    qmp_add(e, "members", members(s, t->spec));
    qmp_next_member(&spec, &tag);
    qmp_add_str(e, "tag", tag.name);
    spec = strchr(t->spec, '|') + 1;
    while (qmp_next_word(&spec, word)) {
        char *eq = strchr(word, '=');
        *eq = 0;
        char *wrapper = g_strdup_printf("%s-%s", t->name, word);
        char *data = g_strdup_printf("data:%s", eq + 1);
        qmp_add(entry(s, wrapper, "object"), "members", members(s, data));
        Json *v = qmp_add_str(json_object_new_object(), "case", word);
        json_object_array_add(variants, qmp_add_str(v, "type", wrapper));
        g_free(wrapper);
        g_free(data);
    }
    qmp_add(e, "variants", variants);
}

static void add_alternate(Schema *s, const QmpType *t)
{
    Json *list = json_object_new_array();
    const char *spec = t->spec;
    char word[64];
    while (qmp_next_word(&spec, word)) {
        json_object_array_add(list,
                              qmp_add_str(json_object_new_object(), "type", use_type(s, word)));
    }
    qmp_add(entry(s, t->name, "alternate"), "members", list);
}

static void add_type(Schema *s, const QmpType *t)
{
    switch (t->kind) {
    case QMP_OBJECT:
        qmp_add(entry(s, t->name, "object"), "members", members(s, t->spec));
        break;
    case QMP_ENUM:
        add_enum(s, t);
        break;
    case QMP_UNION:
        add_union(s, t);
        break;
    case QMP_ALTERNATE:
        add_alternate(s, t);
        break;
    }
}

// The name of the object type of these members.
static char *argument_type(Schema *s, const char *name, const char *spec)
{
    if (!*spec) {
        return g_strdup("q_empty");
    }
    char *type = g_strdup_printf("q_obj_%s-arg", name);
    qmp_add(entry(s, type, "object"), "members", members(s, spec));
    return type;
}

static void add_table(void *opaque, const QmpTable *t)
{
    Schema *s = opaque;
    for (unsigned i = 0; i < t->n_types; i++) {
        add_type(s, &t->types[i]);
    }
    for (unsigned i = 0; i < t->n_commands; i++) {
        const QmpCommand *c = &t->commands[i];
        char *type = argument_type(s, c->name, c->args);
        Json *e = qmp_add_str(entry(s, c->name, "command"), "arg-type", type);
        qmp_add_str(e, "ret-type", c->ret ? use_type(s, c->ret) : "q_empty");
        qmp_add_bool(e, "allow-oob", false);
        g_free(type);
    }
    for (unsigned i = 0; i < t->n_events; i++) {
        char *type = argument_type(s, t->events[i].name, t->events[i].data);
        qmp_add_str(entry(s, t->events[i].name, "event"), "arg-type", type);
        g_free(type);
    }
}

static Json *query_qmp_schema(QmpCall *c)
{
    static const struct {
        const char *name, *json;
    } builtin[] = {{"str", "string"},   {"int", "int"},   {"number", "number"},
                   {"bool", "boolean"}, {"any", "value"}, {"null", "null"}};
    Schema s = {json_object_new_array(),
                g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL)};
    (void)c;
    for (size_t i = 0; i < ARRAY_LEN(builtin); i++) {
        qmp_add_str(entry(&s, builtin[i].name, "builtin"), "json-type", builtin[i].json);
    }
    qmp_add(entry(&s, "q_empty", "object"), "members", json_object_new_array());
    qmp_table_each(add_table, &s);
    g_hash_table_destroy(s.arrays);
    return s.list;
}

// The server itself runs this one: it is about the client.
static Json *qmp_capabilities(QmpCall *c)
{
    return qmp_fail(c, QMP_GENERIC, "qmp_capabilities: only from a QMP client");
}

static const QmpCommand commands[] = {
    {"qmp_capabilities", "enable?:[str]", NULL, qmp_capabilities},
    {"query-commands", "", "[CommandInfo]", query_commands},
    {"query-events", "", "[EventInfo]", query_events},
    {"query-qmp-schema", "", "[any]", query_qmp_schema},
};

static const QmpType types[] = {
    {"CommandInfo", QMP_OBJECT, "name:str"},
    {"EventInfo", QMP_OBJECT, "name:str"},
};

static const QmpTable table = {.commands = commands,
                               .n_commands = ARRAY_LEN(commands),
                               .types = types,
                               .n_types = ARRAY_LEN(types)};
QMP_TABLE(table);
