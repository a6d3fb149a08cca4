// ACPI tables as firmware gets them: one blob of tables and the root pointer, with a list of what
// has to be filled in once it is known where they lie. Two ways from there:
//
//   acpi_loader_script   commands for firmware (fw_cfg's etc/table-loader), which places them
//   acpi_place           for boards without firmware: links for an address, now
#ifndef HW_ACPI_TABLES_H
#define HW_ACPI_TABLES_H

#include <glib.h>
#include "util/bits.h"

typedef struct AcpiLink {
    bool in_rsdp;  // the pointer stands in the root pointer, not in the tables
    uint32_t at;   // its offset
    uint32_t size; // 4 or 8
    uint32_t target;
} AcpiLink;

typedef struct AcpiTables {
    GByteArray *data; // tables, one after the other
    GByteArray *rsdp;
    GArray *links;      // AcpiLink
    GArray *table;      // offsets of all tables, as guint32
    const char *oem_id; // 6 characters
    const char *oem_table_id;
} AcpiTables;

void acpi_tables_init(AcpiTables *t);
void acpi_tables_free(AcpiTables *t);
// Begins a table with its 36-byte header; its offset. Fill data behind it, then finish.
guint acpi_table_begin(AcpiTables *t, const char *signature, uint8_t revision);
void acpi_table_end(AcpiTables *t, guint at); // sets the length
void acpi_put(AcpiTables *t, uint64_t value, unsigned bytes);
void acpi_put_bytes(AcpiTables *t, const void *p, size_t n);
void acpi_align(AcpiTables *t, unsigned to);
// The next `size` bytes are the address of what lies at offset target.
void acpi_put_link(AcpiTables *t, unsigned size, guint target);
// A generic address structure (5.2.3.2).
void acpi_put_address(AcpiTables *t, uint8_t space, uint8_t bits, uint8_t access, uint64_t addr);
// RSDT, XSDT and the root pointer over `n` tables.
void acpi_tables_root(AcpiTables *t, const guint *table, unsigned n);

#define ACPI_TABLES_FILE "etc/acpi/tables"
#define ACPI_RSDP_FILE   "etc/acpi/rsdp"
GByteArray *acpi_loader_script(const AcpiTables *t);
// Links all for tables at base and the root pointer at rsdp, with the checksums.
void acpi_place(AcpiTables *t, uint32_t base);

#endif
