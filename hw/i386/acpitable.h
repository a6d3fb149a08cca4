// -acpitable: tables of the user's among a PC's ACPI tables.
#ifndef HW_I386_ACPITABLE_H
#define HW_I386_ACPITABLE_H

#include "hw/acpi/tables.h"

struct Machine;

#define ACPITABLE_MAX 8 // so many options

// file=FILE: a whole table.
// data=FILE[:FILE...],sig=XXXX[,rev=][,oem_id=][,oem_table_id=][,oem_rev=]
// [,asl_compiler_id=][,asl_compiler_rev=]: what comes after the header. False with *error (the
// reason only). Before the board's finish.
bool acpitable_add_option(struct Machine *m, const char *optarg, char **error);
// Appends them; their offsets to at. Returns how many.
unsigned acpitable_put(struct Machine *m, AcpiTables *t, guint at[ACPITABLE_MAX]);

#endif
