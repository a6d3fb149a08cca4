// The object tree, as far as it goes here: the machine, its CPUs and devices with their properties.
//
//   /machine/peripheral/ID            devices with an id
//   /machine/unattached/device[N]     the others
//   /machine/unattached/cpu[N]
#include <string.h>

#include "monitor/properties.h"
#include "monitor/qmp_command.h"

static void add_property(Json *list, const char *name, const char *type)
{
    Json *o = qmp_add_str(json_object_new_object(), "name", name);
    json_object_array_add(list, qmp_add_str(o, "type", type));
}

static void add_child(Json *list, const char *name, const char *type)
{
    char *text = g_strdup_printf("child<%s>", type);
    add_property(list, name, text);
    g_free(text);
}

// --- the containers

static void list_root(Machine *m, Json *list)
{
    (void)m;
    add_child(list, "machine", "machine");
}

static void list_machine(Machine *m, Json *list)
{
    (void)m;
    add_property(list, "type", "string");
    add_property(list, "memory-size", "size");
    add_child(list, "peripheral", "container");
    add_child(list, "unattached", "container");
}

static void list_devices(Machine *m, Json *list, bool with_id)
{
    for (guint i = 0; i < m->devices->len; i++) {
        const Device *d = g_ptr_array_index(m->devices, i);
        if (!d->id == !with_id) {
            char *path = device_path(d);
            add_child(list, strrchr(path, '/') + 1, d->type->name);
            g_free(path);
        }
    }
}

static void list_peripheral(Machine *m, Json *list)
{
    list_devices(m, list, true);
}

static void list_unattached(Machine *m, Json *list)
{
    for (unsigned i = 0; i < m->n_cpus; i++) {
        char *name = g_strdup_printf("cpu[%u]", i);
        add_child(list, name, m->cpu[i]->target->name);
        g_free(name);
    }
    list_devices(m, list, false);
}

static const struct {
    const char *path;
    void (*list)(Machine *m, Json *list);
} containers[] = {
    {"/", list_root},
    {"/machine", list_machine},
    {"/machine/peripheral", list_peripheral},
    {"/machine/unattached", list_unattached},
};

static bool is_cpu(const Machine *m, const char *path)
{
    for (unsigned i = 0; i < m->n_cpus; i++) {
        char name[64];
        g_snprintf(name, sizeof(name), "/machine/unattached/cpu[%u]", i);
        if (!strcmp(name, path)) {
            return true;
        }
    }
    return false;
}

static void list_device(const Device *d, Json *list)
{
    add_property(list, "type", "string");
    add_property(list, "realized", "bool");
    for (const DeviceProp *p = d->type->props; p && p->name; p++) {
        add_property(list, p->name, property_type(p));
    }
}

static Json *qom_list(QmpCall *c)
{
    const char *path = qmp_str(c, "path");
    const Device *d = device_at(c->machine, path);
    Json *list = json_object_new_array();
    for (size_t i = 0; i < ARRAY_LEN(containers); i++) {
        if (!strcmp(path, containers[i].path)) {
            containers[i].list(c->machine, list);
            return list;
        }
    }
    if (d) {
        list_device(d, list);
    } else if (is_cpu(c->machine, path)) {
        add_property(list, "type", "string");
    } else {
        json_object_put(list);
        return qmp_fail(c, QMP_DEVICE_NOTFOUND, "path: there is no object '%.128s'", path);
    }
    return list;
}

// --- values

static Json *property_value(const Device *d, const DeviceProp *p)
{
    const void *field = (const char *)d + p->offset;
    if (p->kind == PROP_BOOL) {
        return json_object_new_boolean(*(const bool *)field);
    }
    if (p->kind == PROP_U32) {
        return json_object_new_int64(*(const uint32_t *)field);
    }
    if (p->kind == PROP_U64 || p->kind == PROP_SIZE) {
        return json_object_new_uint64(*(const uint64_t *)field);
    }
    char *text = property_text(d, p);
    Json *value = json_object_new_string(text ? text : "");
    g_free(text);
    return value;
}

static Json *device_value(const Device *d, const char *name)
{
    const DeviceProp *p = property_find(d->type, name);
    return !strcmp(name, "type")       ? json_object_new_string(d->type->name)
           : !strcmp(name, "realized") ? json_object_new_boolean(d->realized)
           : p                         ? property_value(d, p)
                                       : NULL;
}

static Json *machine_value(const Machine *m, const char *name)
{
    char *type = g_strconcat(m->board->name, "-machine", NULL);
    Json *value = !strcmp(name, "type") ? json_object_new_string(type)
                  : !strcmp(name, "memory-size")
                      ? json_object_new_int64((int64_t)m->config.ram_size)
                      : NULL;
    g_free(type);
    return value;
}

static Json *qom_get(QmpCall *c)
{
    const char *path = qmp_str(c, "path"), *name = qmp_str(c, "property");
    Machine *m = c->machine;
    const Device *d = device_at(m, path);
    Json *value = NULL;
    if (d) {
        value = device_value(d, name);
    } else if (!strcmp(path, "/machine")) {
        value = machine_value(m, name);
    } else if (is_cpu(m, path)) {
        value = !strcmp(name, "type") ? json_object_new_string(m->cpu[0]->target->name) : NULL;
    } else {
        return qmp_fail(c, QMP_DEVICE_NOTFOUND, "path: there is no object '%.128s'", path);
    }
    return value
               ? value
               : qmp_fail(c, QMP_GENERIC, "property: '%.128s' has no property '%.64s'", path, name);
}

// --- types

typedef struct TypeList {
    Json *list;
    const char *implements;
} TypeList;

static void add_type(void *opaque, const DeviceType *t)
{
    const TypeList *l = opaque;
    if (!l->implements || !strcmp(l->implements, "device") || !strcmp(l->implements, t->name)) {
        Json *o = qmp_add_str(json_object_new_object(), "name", t->name);
        json_object_array_add(l->list, qmp_add_str(o, "parent", "device"));
    }
}

static Json *qom_list_types(QmpCall *c)
{
    TypeList l = {json_object_new_array(), qmp_str(c, "implements")};
    device_type_each(add_type, &l);
    return l.list;
}

static Json *device_list_properties(QmpCall *c)
{
    const char *name = qmp_str(c, "typename");
    const DeviceType *t = device_type_find(name);
    if (!t) {
        return qmp_fail(c, QMP_DEVICE_NOTFOUND, "typename: there is no device '%.64s'", name);
    }
    Json *list = json_object_new_array();
    for (const DeviceProp *p = t->props; p && p->name; p++) {
        Json *o = qmp_add_str(json_object_new_object(), "name", p->name);
        qmp_add_str(o, "type", property_type(p));
        if (p->help) {
            qmp_add_str(o, "description", p->help);
        }
        if (p->def) {
            qmp_add_str(o, "default-value", p->def);
        }
        json_object_array_add(list, o);
    }
    return list;
}

static const QmpCommand commands[] = {
    {"qom-list", "path:str", "[ObjectPropertyInfo]", qom_list},
    {"qom-get", "path:str property:str", "any", qom_get},
    {"qom-list-types", "implements?:str abstract?:bool", "[ObjectTypeInfo]", qom_list_types},
    {"device-list-properties", "typename:str", "[ObjectPropertyInfo]", device_list_properties},
};

static const QmpType types[] = {
    {"ObjectPropertyInfo", QMP_OBJECT, "name:str type:str description?:str default-value?:any"},
    {"ObjectTypeInfo", QMP_OBJECT, "name:str abstract?:bool parent?:str"},
};

static const QmpTable table = {.commands = commands,
                               .n_commands = ARRAY_LEN(commands),
                               .types = types,
                               .n_types = ARRAY_LEN(types)};
QMP_TABLE(table);
