// The option -acpitable. Lengths and checksums are made anew for all tables.
#include "hw/i386/acpitable.h"

#include <string.h>

#include "hw/core/loader.h"
#include "hw/core/machine.h"
#include "util/keyval.h"

#define MAX_BYTES 0x10000u // of one table: they have to fit below 1 MiB

// The header (ACPI 6.5, 5.2.6).
enum {
    SIGNATURE = 0,
    REVISION = 8,
    OEM_ID = 10,
    OEM_TABLE = 16,
    OEM_REV = 24,
    MAKER = 28,
    MAKER_REV = 32,
    HEADER = 36
};

static const struct {
    const char *key;
    uint8_t at, size;
} texts[] = {{"sig", SIGNATURE, 4},
             {"oem_id", OEM_ID, 6},
             {"oem_table_id", OEM_TABLE, 8},
             {"asl_compiler_id", MAKER, 4}},
  numbers[] = {{"rev", REVISION, 1}, {"oem_rev", OEM_REV, 4}, {"asl_compiler_rev", MAKER_REV, 4}};

static const char *const known[] = {"file",
                                    "data",
                                    "sig",
                                    "rev",
                                    "oem_id",
                                    "oem_table_id",
                                    "oem_rev",
                                    "asl_compiler_id",
                                    "asl_compiler_rev",
                                    NULL};

static bool append_file(GByteArray *table, const char *path, char **error)
{
    uint64_t len = 0;
    uint8_t *data = load_file(path, MAX_BYTES, &len, error);
    if (!data) {
        return false;
    }
    g_byte_array_append(table, data, (guint)len);
    g_free(data);
    if (table->len > MAX_BYTES) {
        *error = g_strdup_printf("%s: the table would be longer than %u bytes", path, MAX_BYTES);
        return false;
    }
    return true;
}

static bool append_files(GByteArray *table, const char *paths, char **error)
{
    char **path = g_strsplit(paths, ":", -1);
    bool ok = true;
    for (unsigned i = 0; path[i] && ok; i++) {
        ok = append_file(table, path[i], error);
    }
    g_strfreev(path);
    return ok;
}

static bool set_texts(GByteArray *table, KeyVal *kv, char **error)
{
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        const char *value = keyval_get(kv, texts[i].key);
        size_t n = value ? strlen(value) : 0;
        if (n > texts[i].size) {
            *error =
                g_strdup_printf("%s=%s: at most %u characters", texts[i].key, value, texts[i].size);
            return false;
        }
        if (value) {
            memset(table->data + texts[i].at, texts[i].at == SIGNATURE ? ' ' : 0, texts[i].size);
            memcpy(table->data + texts[i].at, value, n);
        }
    }
    return true;
}

static bool set_numbers(GByteArray *table, KeyVal *kv, char **error)
{
    for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
        uint8_t *p = table->data + numbers[i].at;
        uint64_t v = 0;
        memcpy(&v, p, numbers[i].size);
        if (!keyval_u64(kv, numbers[i].key, &v, error)) {
            return false;
        }
        if (v >> (8 * numbers[i].size)) {
            *error = g_strdup_printf("%s=%llu: does not fit into %u bytes", numbers[i].key,
                                     (unsigned long long)v, numbers[i].size);
            return false;
        }
        memcpy(p, &v, numbers[i].size);
    }
    return true;
}

static bool build(GByteArray *table, KeyVal *kv, char **error)
{
    static const uint8_t header[HEADER] = {[REVISION] = 1,
                                           [OEM_ID] = 'M',
                                           'I',
                                           'M',
                                           'U',
                                           'S',
                                           ' ',
                                           [OEM_REV] = 1,
                                           [MAKER] = 'M',
                                           'I',
                                           'M',
                                           'U',
                                           [MAKER_REV] = 1};
    const char *file = keyval_get(kv, "file"), *data = keyval_get(kv, "data");
    if (!file == !data || (data && !keyval_get(kv, "sig"))) {
        *error = g_strdup("expected file=TABLE, or sig=XXXX,data=FILE");
        return false;
    }
    if (data) {
        g_byte_array_append(table, header, sizeof header);
    }
    if (!append_files(table, file ? file : data, error)) {
        return false;
    }
    if (table->len < HEADER) {
        *error = g_strdup_printf("file=%s: too short for a table", file);
        return false;
    }
    return set_texts(table, kv, error) && set_numbers(table, kv, error) &&
           keyval_all_used(kv, known, error);
}

static GPtrArray *tables_of(Machine *m)
{
    GPtrArray *all = machine_lookup(m, "acpitables");
    if (!all) {
        all = g_ptr_array_new_with_free_func((GDestroyNotify)g_byte_array_unref);
        machine_register(m, "acpitables", all);
    }
    return all;
}

bool acpitable_add_option(Machine *m, const char *optarg, char **error)
{
    GPtrArray *all;
    if (!m->io) {
        *error = g_strdup_printf("-M %s has no ACPI tables (pc and q35 have)", m->board->name);
        return false;
    }
    all = tables_of(m);
    if (all->len == ACPITABLE_MAX) {
        *error = g_strdup_printf("more than %d tables", ACPITABLE_MAX);
        return false;
    }
    KeyVal *kv = keyval_parse(optarg, NULL);
    GByteArray *table = g_byte_array_new();
    bool ok = build(table, kv, error);
    if (ok) {
        g_ptr_array_add(all, table);
    } else {
        g_byte_array_unref(table);
    }
    keyval_free(kv);
    return ok;
}

unsigned acpitable_put(Machine *m, AcpiTables *t, guint at[ACPITABLE_MAX])
{
    GPtrArray *all = tables_of(m);
    for (guint i = 0; i < all->len; i++) {
        const GByteArray *table = all->pdata[i];
        char signature[5] = "";
        memcpy(signature, table->data, 4);
        at[i] = acpi_table_begin(t, signature, 1);
        memcpy(t->data->data + at[i], table->data, HEADER);
        t->data->data[at[i] + 9] = 0; // checksum: comes when the table is placed
        acpi_put_bytes(t, table->data + HEADER, table->len - HEADER);
        acpi_table_end(t, at[i]);
    }
    return all->len;
}
