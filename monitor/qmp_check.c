// Arguments against the types that a command's row declares.
#include <string.h>

#include "monitor/qmp_command.h"
#include "util/nearest.h"

bool qmp_next_word(const char **spec, char word[64])
{
    const char *p = *spec + strspn(*spec, " ");
    size_t n = strcspn(p, " ");
    if (!n) {
        return false;
    }
    g_assert(n < 64);
    memcpy(word, p, n);
    word[n] = 0;
    *spec = p + n;
    return true;
}

bool qmp_next_member(const char **spec, QmpMember *m)
{
    char word[64];
    const char *before = *spec;
    if (!qmp_next_word(spec, word)) {
        return false;
    }
    if (!strcmp(word, "|")) { // a union's variants follow
        *spec = before;
        return false;
    }
    char *colon = strchr(word, ':');
    g_assert(colon && colon > word);
    *colon = 0;
    m->optional = colon[-1] == '?';
    if (m->optional) {
        colon[-1] = 0;
    }
    g_strlcpy(m->name, word, sizeof(m->name));
    g_strlcpy(m->type, colon + 1, sizeof(m->type));
    return true;
}

static char *check(const char *type, Json *value, const char *where);

static char **member_names(const char *spec)
{
    GPtrArray *names = g_ptr_array_new();
    QmpMember m;
    while (qmp_next_member(&spec, &m)) {
        g_ptr_array_add(names, g_strdup(m.name));
    }
    g_ptr_array_add(names, NULL);
    return (char **)g_ptr_array_free(names, FALSE);
}

static char *no_parameter(char **names, const char *key)
{
    Nearest n;
    nearest_init(&n, key);
    for (char **name = names; *name; name++) {
        nearest_add(&n, *name);
    }
    char *hint = nearest_hint_or_all(&n);
    char *error = g_strdup_printf("there is no parameter '%.64s'%s", key, hint);
    g_free(hint);
    return error;
}

// The first member of the object that is neither in spec nor `extra`.
static char *unexpected(const char *spec, Json *object, const char *extra)
{
    char **names = member_names(spec), *error = NULL;
    json_object_object_foreach(object, key, value)
    {
        (void)value;
        bool known = g_strv_contains((const char *const *)names, key);
        if (!known && !error && (!extra || strcmp(key, extra))) {
            error = no_parameter(names, key);
        }
    }
    g_strfreev(names);
    return error;
}

static char *check_members(const char *spec, Json *object, const char *extra)
{
    const char *all = spec;
    QmpMember m;
    while (qmp_next_member(&spec, &m)) {
        Json *value = NULL;
        bool there = json_object_object_get_ex(object, m.name, &value);
        if (!there && !m.optional) {
            return g_strdup_printf("parameter '%s' is missing", m.name);
        }
        char *error = there ? check(m.type, value, m.name) : NULL;
        if (error) {
            return error;
        }
    }
    return unexpected(all, object, extra);
}

char *qmp_check_members(const char *spec, Json *object)
{
    return check_members(spec, object, NULL);
}

static char *wrong(const char *where, const char *expected)
{
    return g_strdup_printf("parameter '%s' is of the wrong type, expected: %s", where, expected);
}

static char *check_enum(const QmpType *t, Json *value, const char *where)
{
    if (!json_object_is_type(value, json_type_string)) {
        return wrong(where, "string");
    }
    const char *spec = t->spec, *got = json_object_get_string(value);
    char word[64];
    while (qmp_next_word(&spec, word)) {
        if (!strcmp(word, got)) {
            return NULL;
        }
    }
    bool many = strlen(t->spec) > 400;
    return g_strdup_printf("parameter '%s' cannot be '%.64s'%s%s", where, got,
                           many ? "" : "; accepted: ", many ? "" : t->spec);
}

// Members, then "| value=TYPE ...": TYPE is that of the member `data`.
static char *check_union(const QmpType *t, Json *value, const char *where)
{
    if (!json_object_is_type(value, json_type_object)) {
        return wrong(where, "object");
    }
    char *error = check_members(t->spec, value, "data");
    if (error) {
        return error;
    }
    const char *spec = t->spec;
    QmpMember tag;
    char word[64];
    qmp_next_member(&spec, &tag);
    const char *got = json_object_get_string(json_object_object_get(value, tag.name));
    spec = strchr(t->spec, '|') + 1;
    while (qmp_next_word(&spec, word)) {
        char *eq = strchr(word, '=');
        *eq = 0;
        if (!strcmp(word, got)) {
            Json *data = NULL;
            return json_object_object_get_ex(value, "data", &data)
                       ? check(eq + 1, data, "data")
                       : g_strdup("parameter 'data' is missing");
        }
    }
    return NULL;
}

static char *check_alternate(const QmpType *t, Json *value, const char *where)
{
    const char *spec = t->spec;
    char word[64];
    while (qmp_next_word(&spec, word)) {
        char *error = check(word, value, where);
        if (!error) {
            return NULL;
        }
        g_free(error);
    }
    return wrong(where, t->spec);
}

static char *check_named(const char *type, Json *value, const char *where)
{
    const QmpType *t = qmp_type_find(type);
    g_assert(t);
    switch (t->kind) {
    case QMP_OBJECT:
        return json_object_is_type(value, json_type_object) ? check_members(t->spec, value, NULL)
                                                            : wrong(where, "object");
    case QMP_ENUM:
        return check_enum(t, value, where);
    case QMP_UNION:
        return check_union(t, value, where);
    case QMP_ALTERNATE:
        return check_alternate(t, value, where);
    }
    return NULL;
}

static char *check_list(const char *type, Json *value, const char *where)
{
    if (!json_object_is_type(value, json_type_array)) {
        return wrong(where, "array");
    }
    char element[64];
    g_strlcpy(element, type + 1, sizeof(element));
    element[strlen(element) - 1] = 0;
    for (size_t i = 0; i < json_object_array_length(value); i++) {
        char *error = check(element, json_object_array_get_idx(value, i), where);
        if (error) {
            return error;
        }
    }
    return NULL;
}

static char *check(const char *type, Json *value, const char *where)
{
    static const struct {
        const char *name;
        json_type type;
        const char *words;
    } builtin[] = {
        {"str", json_type_string, "string"},
        {"int", json_type_int, "integer"},
        {"bool", json_type_boolean, "boolean"},
        {"null", json_type_null, "null"},
    };
    for (size_t i = 0; i < ARRAY_LEN(builtin); i++) {
        if (!strcmp(type, builtin[i].name)) {
            return json_object_is_type(value, builtin[i].type) ? NULL
                                                               : wrong(where, builtin[i].words);
        }
    }
    if (!strcmp(type, "any")) {
        return NULL;
    }
    if (!strcmp(type, "number")) {
        bool ok = json_object_is_type(value, json_type_int) ||
                  json_object_is_type(value, json_type_double);
        return ok ? NULL : wrong(where, "number");
    }
    return type[0] == '[' ? check_list(type, value, where) : check_named(type, value, where);
}
