// The option -smbios: values by type and key, checked when they are given.
#include "hw/i386/smbios.h"

#include <string.h>

#include "hw/core/machine.h"
#include "util/keyval.h"

#define MAX_KEYS 8

// The structures that can be changed, and their keys as QEMU has them.
static const struct {
    unsigned type;
    const char *key[MAX_KEYS];
} types[] = {
    {0, {"vendor", "version", "date", "release"}},
    {1, {"manufacturer", "product", "version", "serial", "uuid", "sku", "family"}},
    {2, {"manufacturer", "product", "version", "serial", "asset", "location"}},
    {3, {"manufacturer", "version", "serial", "asset", "sku"}},
    {4, {"sock_pfx", "manufacturer", "version", "serial", "asset", "part"}},
    {11, {"value"}},
    {17, {"loc_pfx", "bank", "manufacturer", "serial", "asset", "part"}},
};

typedef struct SmbiosValues {
    GHashTable *text; // "TYPE.KEY" -> value
    GPtrArray *oem;   // char *
    uint64_t given;   // a bit a type
} SmbiosValues;

static SmbiosValues *values(Machine *m)
{
    SmbiosValues *v = machine_lookup(m, "smbios");
    if (!v) {
        v = g_new0(SmbiosValues, 1);
        v->text = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
        v->oem = g_ptr_array_new_with_free_func(g_free);
        machine_register(m, "smbios", v);
    }
    return v;
}

static const char *const *keys_of(uint64_t type)
{
    for (size_t i = 0; i < ARRAY_LEN(types); i++) {
        if (types[i].type == type) {
            return types[i].key;
        }
    }
    return NULL;
}

// BIOS release MAJOR.MINOR, each below 256.
static bool is_release(const char *value)
{
    unsigned dots = 0;
    uint64_t v;
    char **part = g_strsplit(value, ".", -1);
    bool ok = true;
    for (; ok && part[dots]; dots++) {
        ok = parse_u64(part[dots], &v) && v < 256;
    }
    g_strfreev(part);
    return ok && dots == 2;
}

static bool check(const char *key, const char *value, char **error)
{
    if (!strcmp(key, "uuid") && !g_uuid_string_is_valid(value)) {
        *error = g_strdup_printf("uuid=%s: expected 8-4-4-4-12 hexadecimal digits", value);
    } else if (!strcmp(key, "release") && !is_release(value)) {
        *error = g_strdup_printf("release=%s: expected MAJOR.MINOR, each 0 to 255", value);
    } else if (strlen(value) > 1024) {
        *error = g_strdup_printf("%s=: longer than 1024 characters", key);
    }
    return !*error;
}

static bool add_string(SmbiosValues *v, const char *value, char **error)
{
    if (v->oem->len == SMBIOS_OEM_STRINGS || !*value) {
        *error = *value ? g_strdup_printf("value=: more than %d strings", SMBIOS_OEM_STRINGS)
                        : g_strdup("value=: an empty string");
        return false;
    }
    g_ptr_array_add(v->oem, g_strdup(value));
    return true;
}

static bool add(SmbiosValues *v, KeyVal *kv, char **error)
{
    const char *known[MAX_KEYS + 2] = {"type"};
    uint64_t type = UINT64_MAX;
    if (!keyval_u64(kv, "type", &type, error)) {
        return false;
    }
    const char *const *keys = keys_of(type);
    if (!keys) {
        *error = g_strdup("expected type=0, 1, 2, 3, 4, 11 or 17 and what to put there (file= is "
                          "not supported)");
        return false;
    }
    for (unsigned i = 0; i < MAX_KEYS && keys[i]; i++) {
        const char *value = keyval_get(kv, keys[i]);
        known[i + 1] = keys[i];
        if (value && !check(keys[i], value, error)) {
            return false;
        }
        if (value && type != 11) {
            g_hash_table_replace(v->text, g_strdup_printf("%u.%s", (unsigned)type, keys[i]),
                                 g_strdup(value));
        }
    }
    for (unsigned i = 0; type == 11 && i < kv->n; i++) {
        if (!strcmp(kv->item[i].key, "value") && !add_string(v, kv->item[i].value, error)) {
            return false;
        }
    }
    v->given |= BIT(type);
    return keyval_all_used(kv, known, error);
}

bool smbios_add_option(Machine *m, const char *optarg, char **error)
{
    if (!m->io) {
        *error = g_strdup_printf("-M %s has no SMBIOS tables (pc and q35 have)", m->board->name);
        return false;
    }
    KeyVal *kv = keyval_parse(optarg, NULL);
    bool ok = add(values(m), kv, error);
    keyval_free(kv);
    return ok;
}

const char *smbios_text(Machine *m, unsigned type, const char *key, const char *def)
{
    char *name = g_strdup_printf("%u.%s", type, key);
    const char *value = g_hash_table_lookup(values(m)->text, name);
    g_free(name);
    return value ? value : def;
}

bool smbios_given(Machine *m, unsigned type)
{
    return values(m)->given & BIT(type);
}

const char *smbios_oem_string(Machine *m, unsigned n)
{
    const GPtrArray *oem = values(m)->oem;
    return n < oem->len ? oem->pdata[n] : NULL;
}
