// Writes ACPI machine language (ACPI 6.4, chapter 20). Calls append in the order of the language:
// an operator first, then its operands. What has a length is opened and closed:
//
//   aml_device(a, "RTC");                    Device (RTC) {
//   aml_name(a, "_HID"), aml_eisaid(...);        Name (_HID, EisaId ("PNP0B00"))
//   aml_name(a, "_CRS"), aml_resources(a);       Name (_CRS, ResourceTemplate () {
//   aml_io(a, 0x70, 0x70, 1, 8);                     IO (Decode16, 0x70, 0x70, 1, 8)
//   aml_irq(a, 8);                                   IRQNoFlags () {8}
//   aml_end(a);                                  })
//   aml_end(a);                              }
#ifndef HW_ACPI_AML_H
#define HW_ACPI_AML_H

#include <glib.h>
#include "util/bits.h"

#define AML_MAX_DEPTH 16

typedef struct Aml {
    GByteArray *code;
    unsigned depth;
    struct AmlOpen {
        guint start; // where the length goes
        bool resources;
    } open[AML_MAX_DEPTH];
} Aml;

void aml_init(Aml *a);
void aml_end(Aml *a); // closes what was opened last

// --- names and values. Paths: "\\_SB_.PCI0", "^ISA_.P40C"; segments are padded to 4 characters.
void aml_ref(Aml *a, const char *path);
void aml_int(Aml *a, uint64_t value);
void aml_string(Aml *a, const char *text);
void aml_eisaid(Aml *a, const char *id); // "PNP0A03", as an integer
void aml_uuid(Aml *a, const char *uuid); // as a buffer in the mixed byte order of ToUUID
void aml_local(Aml *a, unsigned n);
void aml_arg(Aml *a, unsigned n);
void aml_none(Aml *a); // "no target" of an operator

// --- declarations
void aml_name(Aml *a, const char *name); // a value follows
void aml_scope(Aml *a, const char *path);
void aml_device(Aml *a, const char *name);
void aml_method(Aml *a, const char *name, unsigned args, bool serialized);
void aml_package(Aml *a, unsigned elements); // values follow, then aml_end
// Field access types and region spaces are the specification's numbers.
enum { AML_SPACE_MEMORY = 0, AML_SPACE_IO = 1, AML_SPACE_PCI = 2 };
enum { AML_ACCESS_ANY = 0, AML_ACCESS_BYTE = 1, AML_ACCESS_WORD = 2, AML_ACCESS_DWORD = 3 };
void aml_region(Aml *a, const char *name, unsigned space, uint64_t offset, uint64_t len);
void aml_field(Aml *a, const char *region, unsigned access); // units follow, then aml_end
void aml_field_unit(Aml *a, const char *name, unsigned bits);
void aml_field_skip(Aml *a, unsigned bits);

// --- statements and operators; operands follow
typedef enum AmlOp {
    AML_STORE = 0x70,
    AML_ADD = 0x72,
    AML_SUBTRACT = 0x74,
    AML_SHL = 0x79,
    AML_SHR = 0x7a,
    AML_AND = 0x7b,
    AML_OR = 0x7d,
    AML_LAND = 0x90,
    AML_LOR = 0x91,
    AML_LNOT = 0x92,
    AML_LEQUAL = 0x93,
    AML_LGREATER = 0x94,
    AML_LLESS = 0x95,
    AML_NOTIFY = 0x86,
    AML_CREATE_DWORD_FIELD = 0x8a, // buffer, offset, name
    AML_RETURN = 0xa4,
} AmlOp;
void aml_op(Aml *a, AmlOp op);
void aml_if(Aml *a);   // condition and statements follow, then aml_end
void aml_else(Aml *a); // right after the aml_end of an if

// --- resources (6.4): between aml_resources and aml_end
void aml_resources(Aml *a);
void aml_io(Aml *a, uint16_t min, uint16_t max, uint8_t align, uint8_t len);
void aml_irq(Aml *a, unsigned irq);
void aml_dma(Aml *a, unsigned channel);
void aml_memory32(Aml *a, uint32_t base, uint32_t len);
// Level-triggered, active high, shared; the numbers may be chosen from.
void aml_interrupts(Aml *a, const uint32_t *number, unsigned n);
void aml_bus_numbers(Aml *a, uint16_t min, uint16_t max);
// What a bridge passes on.
void aml_window_io(Aml *a, uint16_t min, uint16_t max);
void aml_window_memory32(Aml *a, uint32_t min, uint32_t max, bool cacheable);
void aml_window_memory64(Aml *a, uint64_t min, uint64_t max, bool cacheable);

#endif
