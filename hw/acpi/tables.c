// Collects ACPI tables, their pointers to each other and their checksums.
#include "hw/acpi/tables.h"

#include <string.h>

#define HEADER          36
#define CHECKSUM        9
#define RSDP_CHECKSUM   8
#define RSDP_RSDT       16
#define RSDP_XSDT       24
#define RSDP_CHECKSUM_2 32
#define RSDP_V1_LEN     20
#define RSDP_LEN        36

void acpi_tables_init(AcpiTables *t)
{
    t->data = g_byte_array_new();
    t->rsdp = g_byte_array_new();
    t->links = g_array_new(FALSE, FALSE, sizeof(AcpiLink));
    t->table = g_array_new(FALSE, FALSE, sizeof(guint32));
    t->oem_id = "MIMUS ";
    t->oem_table_id = "MIMUSPC ";
}

void acpi_tables_free(AcpiTables *t)
{
    g_byte_array_free(t->data, TRUE);
    g_byte_array_free(t->rsdp, TRUE);
    g_array_free(t->links, TRUE);
    g_array_free(t->table, TRUE);
}

// --- tables

void acpi_put_bytes(AcpiTables *t, const void *p, size_t n)
{
    g_byte_array_append(t->data, p, (guint)n);
}

void acpi_put(AcpiTables *t, uint64_t value, unsigned bytes)
{
    for (unsigned i = 0; i < bytes; i++) {
        guint8 b = value >> (8 * i);
        acpi_put_bytes(t, &b, 1);
    }
}

void acpi_align(AcpiTables *t, unsigned to)
{
    while (t->data->len % to) {
        acpi_put(t, 0, 1);
    }
}

guint acpi_table_begin(AcpiTables *t, const char *signature, uint8_t revision)
{
    acpi_align(t, 8);
    guint32 at = t->data->len;
    g_array_append_val(t->table, at);
    acpi_put_bytes(t, signature, 4);
    acpi_put(t, 0, 4); // length
    acpi_put(t, revision, 1);
    acpi_put(t, 0, 1); // checksum
    acpi_put_bytes(t, t->oem_id, 6);
    acpi_put_bytes(t, t->oem_table_id, 8);
    acpi_put(t, 1, 4);
    acpi_put_bytes(t, "MIMU", 4);
    acpi_put(t, 1, 4);
    return at;
}

static void poke(GByteArray *a, guint at, uint64_t v, unsigned bytes)
{
    for (unsigned i = 0; i < bytes; i++) {
        a->data[at + i] = v >> (8 * i);
    }
}

static uint32_t table_length(const AcpiTables *t, guint at)
{
    uint32_t len;
    memcpy(&len, t->data->data + at + 4, 4);
    return len;
}

void acpi_table_end(AcpiTables *t, guint at)
{
    poke(t->data, at + 4, t->data->len - at, 4);
}

static void add_link(AcpiTables *t, bool in_rsdp, guint at, unsigned size, guint target)
{
    AcpiLink l = {in_rsdp, at, size, target};
    g_array_append_val(t->links, l);
}

void acpi_put_link(AcpiTables *t, unsigned size, guint target)
{
    add_link(t, false, t->data->len, size, target);
    acpi_put(t, target, size);
}

void acpi_put_address(AcpiTables *t, uint8_t space, uint8_t bits, uint8_t access, uint64_t addr)
{
    acpi_put(t, space, 1);
    acpi_put(t, bits, 1);
    acpi_put(t, 0, 1);
    acpi_put(t, access, 1);
    acpi_put(t, addr, 8);
}

static guint put_root(AcpiTables *t, const char *signature, unsigned size, const guint *table,
                      unsigned n)
{
    guint at = acpi_table_begin(t, signature, 1);
    for (unsigned i = 0; i < n; i++) {
        acpi_put_link(t, size, table[i]);
    }
    acpi_table_end(t, at);
    return at;
}

void acpi_tables_root(AcpiTables *t, const guint *table, unsigned n)
{
    guint rsdt = put_root(t, "RSDT", 4, table, n), xsdt = put_root(t, "XSDT", 8, table, n);
    g_byte_array_set_size(t->rsdp, RSDP_LEN);
    memset(t->rsdp->data, 0, RSDP_LEN);
    memcpy(t->rsdp->data, "RSD PTR ", 8);
    memcpy(t->rsdp->data + 9, t->oem_id, 6);
    t->rsdp->data[15] = 2; // revision
    poke(t->rsdp, RSDP_RSDT, rsdt, 4);
    poke(t->rsdp, 20, RSDP_LEN, 4);
    poke(t->rsdp, RSDP_XSDT, xsdt, 8);
    add_link(t, true, RSDP_RSDT, 4, rsdt);
    add_link(t, true, RSDP_XSDT, 8, xsdt);
}

// --- for firmware: entries of 128 bytes (QEMU's bios-linker-loader interface)

enum { CMD_ALLOCATE = 1, CMD_ADD_POINTER = 2, CMD_ADD_CHECKSUM = 3 };
enum { ZONE_HIGH = 1, ZONE_FSEG = 2 };

#define ENTRY_LEN 128
#define FILE_LEN  56

static void put_entry(GByteArray *out, uint32_t command, const char *file, const uint8_t *rest,
                      unsigned n)
{
    guint8 e[ENTRY_LEN] = {0};
    memcpy(e, &command, 4);
    memcpy(e + 4, file, strlen(file));
    memcpy(e + 4 + FILE_LEN, rest, n);
    g_byte_array_append(out, e, ENTRY_LEN);
}

static void put_allocate(GByteArray *out, const char *file, uint32_t align, uint8_t zone)
{
    uint8_t rest[5];
    memcpy(rest, &align, 4);
    rest[4] = zone;
    put_entry(out, CMD_ALLOCATE, file, rest, sizeof rest);
}

static void put_pointer(GByteArray *out, const AcpiLink *l)
{
    uint8_t rest[FILE_LEN + 5] = {0};
    strcpy((char *)rest, ACPI_TABLES_FILE);
    memcpy(rest + FILE_LEN, &l->at, 4);
    rest[FILE_LEN + 4] = (uint8_t)l->size;
    put_entry(out, CMD_ADD_POINTER, l->in_rsdp ? ACPI_RSDP_FILE : ACPI_TABLES_FILE, rest,
              sizeof rest);
}

static void put_checksum(GByteArray *out, const char *file, uint32_t at, uint32_t start,
                         uint32_t len)
{
    uint32_t rest[3] = {at, start, len};
    put_entry(out, CMD_ADD_CHECKSUM, file, (const uint8_t *)rest, sizeof rest);
}

GByteArray *acpi_loader_script(const AcpiTables *t)
{
    GByteArray *out = g_byte_array_new();
    put_allocate(out, ACPI_RSDP_FILE, 16, ZONE_FSEG);
    put_allocate(out, ACPI_TABLES_FILE, 64, ZONE_HIGH);
    for (guint i = 0; i < t->links->len; i++) {
        put_pointer(out, &g_array_index(t->links, AcpiLink, i));
    }
    for (guint i = 0; i < t->table->len; i++) {
        guint32 at = g_array_index(t->table, guint32, i);
        put_checksum(out, ACPI_TABLES_FILE, at + CHECKSUM, at, table_length(t, at));
    }
    put_checksum(out, ACPI_RSDP_FILE, RSDP_CHECKSUM, 0, RSDP_V1_LEN);
    put_checksum(out, ACPI_RSDP_FILE, RSDP_CHECKSUM_2, 0, RSDP_LEN);
    return out;
}

// --- without firmware

static void sum(GByteArray *a, guint at, guint start, guint len)
{
    uint8_t s = 0;
    a->data[at] = 0;
    for (guint i = 0; i < len; i++) {
        s += a->data[start + i];
    }
    a->data[at] = (uint8_t)-s;
}

void acpi_place(AcpiTables *t, uint32_t base)
{
    for (guint i = 0; i < t->links->len; i++) {
        const AcpiLink *l = &g_array_index(t->links, AcpiLink, i);
        poke(l->in_rsdp ? t->rsdp : t->data, l->at, base + l->target, l->size);
    }
    for (guint i = 0; i < t->table->len; i++) {
        guint32 at = g_array_index(t->table, guint32, i);
        sum(t->data, at + CHECKSUM, at, table_length(t, at));
    }
    sum(t->rsdp, RSDP_CHECKSUM, 0, RSDP_V1_LEN);
    sum(t->rsdp, RSDP_CHECKSUM_2, 0, RSDP_LEN);
}
