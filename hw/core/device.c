// Device types by name, properties, and -device.
//
// A type's file puts a pointer to its constant DeviceType into the section mimus_devices; the
// linker makes the table. An instance goes
//
//   device_new      defaults of the properties
//   device_set      option text -> fields
//   device_realize  the type's realize; from now on in machine->devices
#include "hw/core/device.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hw/core/machine.h"
#include "util/keyval.h"
#include "util/log.h"
#include "util/nearest.h"

// --- types

extern const DeviceType *const __start_mimus_devices[] __attribute__((weak));
extern const DeviceType *const __stop_mimus_devices[] __attribute__((weak));

void device_type_each(void (*fn)(void *, const DeviceType *), void *opaque)
{
    for (const DeviceType *const *t = __start_mimus_devices; t < __stop_mimus_devices; t++) {
        fn(opaque, *t);
    }
}

const DeviceType *device_type_find(const char *name)
{
    for (const DeviceType *const *t = __start_mimus_devices; t < __stop_mimus_devices; t++) {
        if (!strcmp((*t)->name, name) || ((*t)->alias && !strcmp((*t)->alias, name))) {
            return *t;
        }
    }
    return NULL;
}

static void add_creatable(void *opaque, const DeviceType *t)
{
    if (t->user_creatable) {
        nearest_add(opaque, t->name);
        nearest_add(opaque, t->alias);
    }
}

// A type that -device may name.
static const DeviceType *find_creatable(const char *name, char **error)
{
    const DeviceType *t = device_type_find(name);
    if (t && t->user_creatable) {
        return t;
    }
    if (t) {
        *error = g_strdup_printf("-device %s: belongs to the board, it cannot be added", name);
        return NULL;
    }
    Nearest n;
    nearest_init(&n, name);
    device_type_each(add_creatable, &n);
    char *hint = nearest_hint(&n);
    *error = g_strdup_printf("-device %s: there is no such device%s; -device help lists them", name,
                             hint);
    g_free(hint);
    return NULL;
}

// --- properties

static const DeviceProp *prop_find(const DeviceType *t, const char *name)
{
    for (const DeviceProp *p = t->props; p && p->name; p++) {
        if (!strcmp(p->name, name)) {
            return p;
        }
    }
    return NULL;
}

static bool parse_mac(const char *s, uint8_t *mac)
{
    unsigned b[6];
    int end = 0;
    if (sscanf(s, "%2x:%2x:%2x:%2x:%2x:%2x%n", &b[0], &b[1], &b[2], &b[3], &b[4], &b[5], &end) !=
            6 ||
        s[end]) {
        return false;
    }
    for (int i = 0; i < 6; i++) {
        mac[i] = (uint8_t)b[i];
    }
    return true;
}

static const char *const kind_names[] = {
    [PROP_BOOL] = "on or off", [PROP_U32] = "a number up to 0xffffffff",
    [PROP_U64] = "a number",   [PROP_SIZE] = "a size such as 512K or 4M",
    [PROP_STRING] = "text",    [PROP_MAC] = "an address such as 52:54:00:12:34:56",
};

static bool prop_parse(const DeviceProp *p, void *field, const char *value)
{
    uint64_t v;
    switch (p->kind) {
    case PROP_BOOL:
        return parse_bool(value, field);
    case PROP_U32:
        if (!parse_u64(value, &v) || v > UINT32_MAX) {
            return false;
        }
        *(uint32_t *)field = (uint32_t)v;
        return true;
    case PROP_U64:
        return parse_u64(value, field);
    case PROP_SIZE:
        return parse_size(value, 1, field);
    case PROP_STRING:
        g_free(*(char **)field);
        *(char **)field = g_strdup(value);
        return true;
    case PROP_MAC:
        return parse_mac(value, field);
    }
    return false;
}

static char *unknown_prop(const DeviceType *t, const char *name)
{
    Nearest n;
    nearest_init(&n, name);
    for (const DeviceProp *p = t->props; p && p->name; p++) {
        nearest_add(&n, p->name);
    }
    char *hint = nearest_hint_or_all(&n);
    char *error = g_strdup_printf("%s: there is no property '%s'%s", t->name, name, hint);
    g_free(hint);
    return error;
}

bool device_set(Device *d, const char *prop, const char *value, char **error)
{
    const DeviceProp *p = prop_find(d->type, prop);
    if (!p) {
        *error = unknown_prop(d->type, prop);
        return false;
    }
    if (!prop_parse(p, (char *)d + p->offset, value)) {
        *error = g_strdup_printf("%s: %s=%s: expected %s", d->type->name, prop, value,
                                 kind_names[p->kind]);
        return false;
    }
    return true;
}

// --- instances

static void apply_globals(Device *d)
{
    GHashTable *globals = d->machine ? d->machine->config.globals : NULL;
    for (const DeviceProp *p = d->type->props; globals && p && p->name; p++) {
        char *key = g_strdup_printf("%s.%s", d->type->name, p->name);
        const char *value = g_hash_table_lookup(globals, key);
        bool ok = !value || prop_parse(p, (char *)d + p->offset, value);
        assert(ok); // device_check_global has seen it
        (void)ok;
        g_free(key);
    }
}

bool device_check_global(const char *type, const char *prop, const char *value, char **error)
{
    const DeviceType *t = device_type_find(type);
    if (!t || strcmp(t->name, type)) {
        *error = g_strdup_printf("there is no device '%s'", type);
        return false;
    }
    Device *d = device_new(t, NULL, NULL);
    bool ok = device_set(d, prop, value, error);
    device_free(d);
    return ok;
}

Device *device_new(const DeviceType *t, Machine *m, const char *id)
{
    assert(t->size >= sizeof(Device));
    Device *d = g_malloc0(t->size);
    d->type = t;
    d->machine = m;
    d->id = g_strdup(id);
    for (const DeviceProp *p = t->props; p && p->name; p++) {
        bool ok = !p->def || prop_parse(p, (char *)d + p->offset, p->def);
        assert(ok);
        (void)ok;
    }
    apply_globals(d);
    return d;
}

void device_free(Device *d)
{
    if (!d) {
        return;
    }
    if (d->realized && d->type->unrealize) {
        d->type->unrealize(d);
    }
    for (const DeviceProp *p = d->type->props; p && p->name; p++) {
        if (p->kind == PROP_STRING) {
            g_free(*(char **)(void *)((char *)d + p->offset));
        }
    }
    g_free(d->id);
    g_free(d);
}

bool device_realize(Device *d, char **error)
{
    if (d->type->realize && !d->type->realize(d, error)) {
        return false;
    }
    d->realized = true;
    g_ptr_array_add(d->machine->devices, d);
    return true;
}

Device *device_create(Machine *m, const char *type_name)
{
    const DeviceType *t = device_type_find(type_name);
    if (!t) {
        die("this build has no device '%s'", type_name);
    }
    Device *d = device_new(t, m, NULL);
    char *error = NULL;
    if (!device_realize(d, &error)) {
        die("%s", error);
    }
    return d;
}

void device_reset(Device *d)
{
    if (d->type->state) {
        state_reset(d->type->state, d);
    }
    if (d->type->reset) {
        d->type->reset(d);
    }
}

Device *device_find(Machine *m, const char *id)
{
    for (guint i = 0; i < m->devices->len; i++) {
        Device *d = m->devices->pdata[i];
        if (d->id && !strcmp(d->id, id)) {
            return d;
        }
    }
    return NULL;
}

// --- -device

static void print_props(const DeviceType *t, FILE *out)
{
    fprintf(out, "%s: %s\n", t->name, t->desc);
    for (const DeviceProp *p = t->props; p && p->name; p++) {
        fprintf(out, "  %s=<%s>  %s", p->name, kind_names[p->kind], p->help ? p->help : "");
        if (p->def) {
            fprintf(out, " (default: %s)", p->def);
        }
        fputc('\n', out);
    }
}

static int by_name(const void *a, const void *b)
{
    const DeviceType *const *x = a, *const *y = b;
    int bus = strcmp((*x)->bus, (*y)->bus);
    return bus ? bus : strcmp((*x)->name, (*y)->name);
}

static void collect_creatable(void *opaque, const DeviceType *t)
{
    if (t->user_creatable) {
        g_ptr_array_add(opaque, (gpointer)t);
    }
}

void device_list(void *file)
{
    GPtrArray *types = g_ptr_array_new();
    device_type_each(collect_creatable, types);
    if (types->len) {
        qsort(types->pdata, types->len, sizeof(gpointer), by_name);
    }
    for (guint i = 0; i < types->len; i++) {
        const DeviceType *t = types->pdata[i];
        fprintf(file, "%-24s bus %-12s %s", t->name, t->bus, t->desc);
        if (t->alias) {
            fprintf(file, " (also: %s)", t->alias);
        }
        fputc('\n', file);
    }
    g_ptr_array_free(types, TRUE);
}

static bool is_help(const char *s)
{
    return !strcmp(s, "help") || !strcmp(s, "?");
}

bool device_help(const char *optarg, bool *help, char **error)
{
    *help = false;
    if (is_help(optarg)) {
        *help = true;
        device_list(stdout);
        return true;
    }
    KeyVal *kv = keyval_parse(optarg, "driver");
    const char *driver = keyval_get(kv, "driver");
    const DeviceType *t = NULL;
    if (!driver || !*driver) {
        *error = g_strdup_printf("-device %s: it has to begin with a device's name", optarg);
    } else {
        t = find_creatable(driver, error);
    }
    for (unsigned i = 0; t && i < kv->n; i++) {
        if (kv->item[i].bare && is_help(kv->item[i].key)) {
            *help = true;
        }
    }
    if (*help) {
        print_props(t, stdout);
    }
    keyval_free(kv);
    return t != NULL;
}

static bool set_all(Device *d, const KeyVal *kv, char **error)
{
    for (unsigned i = 0; i < kv->n; i++) {
        const KeyValItem *item = &kv->item[i];
        if (!strcmp(item->key, "driver") || !strcmp(item->key, "id")) {
            continue;
        }
        if (!device_set(d, item->key, item->value, error)) {
            return false;
        }
    }
    return true;
}

bool device_add(Machine *m, const char *optarg, char **error)
{
    bool help;
    if (!device_help(optarg, &help, error)) {
        return false;
    }
    if (help) {
        return true;
    }
    KeyVal *kv = keyval_parse(optarg, "driver");
    const char *id = keyval_get(kv, "id");
    Device *d = NULL;
    char *reason = NULL;
    if (id && device_find(m, id)) {
        reason = g_strdup_printf("there is another device with id '%s'", id);
    } else {
        d = device_new(device_type_find(keyval_get(kv, "driver")), m, id);
        if (set_all(d, kv, &reason) && device_realize(d, &reason)) {
            keyval_free(kv);
            return true;
        }
    }
    *error = g_strdup_printf("-device %s: %s", optarg, reason ? reason : "it cannot be set up");
    g_free(reason);
    device_free(d);
    keyval_free(kv);
    return false;
}
