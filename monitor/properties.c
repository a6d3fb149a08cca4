#include "monitor/properties.h"

#include <stdio.h>
#include <string.h>

#define PERIPHERAL "/machine/peripheral/"
#define UNATTACHED "/machine/unattached/device["

const char *property_type(const DeviceProp *p)
{
    static const char *const names[] = {
        [PROP_BOOL] = "bool", [PROP_U32] = "uint32", [PROP_U64] = "uint64",
        [PROP_SIZE] = "size", [PROP_STRING] = "str", [PROP_MAC] = "str",
    };
    return names[p->kind];
}

char *property_text(const Device *d, const DeviceProp *p)
{
    const void *field = (const char *)d + p->offset;
    const uint8_t *mac = field;
    switch (p->kind) {
    case PROP_BOOL:
        return g_strdup(*(const bool *)field ? "on" : "off");
    case PROP_U32:
        return g_strdup_printf("%u", *(const uint32_t *)field);
    case PROP_U64:
    case PROP_SIZE:
        return g_strdup_printf("%" G_GUINT64_FORMAT, *(const uint64_t *)field);
    case PROP_STRING:
        return g_strdup(*(char *const *)field);
    case PROP_MAC:
        return g_strdup_printf("%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3],
                               mac[4], mac[5]);
    }
    return NULL;
}

const DeviceProp *property_find(const DeviceType *t, const char *name)
{
    for (const DeviceProp *p = t->props; p && p->name; p++) {
        if (!strcmp(p->name, name)) {
            return p;
        }
    }
    return NULL;
}

char *device_path(const Device *d)
{
    if (d->id) {
        return g_strconcat(PERIPHERAL, d->id, NULL);
    }
    guint n = 0;
    g_ptr_array_find(d->machine->devices, d, &n);
    return g_strdup_printf(UNATTACHED "%u]", n);
}

Device *device_at(Machine *m, const char *path)
{
    if (g_str_has_prefix(path, PERIPHERAL)) {
        return device_find(m, path + strlen(PERIPHERAL));
    }
    if (g_str_has_prefix(path, UNATTACHED)) {
        char *end;
        guint64 n = g_ascii_strtoull(path + strlen(UNATTACHED), &end, 10);
        return !strcmp(end, "]") && n < m->devices->len ? g_ptr_array_index(m->devices, n) : NULL;
    }
    return strchr(path, '/') ? NULL : device_find(m, path);
}
