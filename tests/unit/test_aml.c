// The AML writer: encodings of ACPI 6.4, chapter 20 and 6.4, byte by byte.
#include <criterion/criterion.h>
#include <string.h>

#include "hw/acpi/aml.h"

static void check_bytes(const Aml *a, const uint8_t *want, unsigned n)
{
    GString *got = g_string_new(NULL);
    for (unsigned i = 0; i < a->code->len; i++) {
        g_string_append_printf(got, " %02x", a->code->data[i]);
    }
    cr_assert(a->code->len == n && !memcmp(a->code->data, want, n), "got%s", got->str);
    cr_assert_eq(a->depth, 0);
    g_string_free(got, TRUE);
    g_byte_array_unref(a->code);
}

#define CHECK(a, ...)                                                                              \
    do {                                                                                           \
        static const uint8_t want[] = {__VA_ARGS__};                                               \
        check_bytes(a, want, sizeof want);                                                         \
    } while (0)

Test(aml, integers)
{
    Aml a;
    aml_init(&a);
    aml_int(&a, 0);
    aml_int(&a, 1);
    aml_int(&a, 2);
    aml_int(&a, 0xff);
    aml_int(&a, 0x100);
    aml_int(&a, 0xffff);
    aml_int(&a, 0x10000);
    aml_int(&a, 0x123456789a);
    CHECK(&a, 0x00, 0x01, 0x0a, 2, 0x0a, 0xff, 0x0b, 0, 1, 0x0b, 0xff, 0xff, 0x0c, 0, 0, 1, 0, 0x0e,
          0x9a, 0x78, 0x56, 0x34, 0x12, 0, 0, 0);
}

Test(aml, names)
{
    Aml a;
    aml_init(&a);
    aml_ref(&a, "AB");
    aml_ref(&a, "\\_SB_.PCI0");
    aml_ref(&a, "^^ISA_.P40C.X");
    aml_ref(&a, "\\");
    CHECK(&a, 'A', 'B', '_', '_', '\\', 0x2e, '_', 'S', 'B', '_', 'P', 'C', 'I', '0', '^', '^',
          0x2f, 3, 'I', 'S', 'A', '_', 'P', '4', '0', 'C', 'X', '_', '_', '_', '\\', 0);
}

Test(aml, values)
{
    Aml a;
    aml_init(&a);
    aml_string(&a, "hi");
    aml_eisaid(&a, "PNP0A03");
    aml_uuid(&a, "33DB4D5B-1FF7-401C-9657-7441C03DD766"); // of _OSC (6.2.11.3)
    CHECK(&a, 0x0d, 'h', 'i', 0, 0x0c, 0x41, 0xd0, 0x0a, 0x03, 0x11, 19, 0x0a, 16, 0x5b, 0x4d, 0xdb,
          0x33, 0xf7, 0x1f, 0x1c, 0x40, 0x96, 0x57, 0x74, 0x41, 0xc0, 0x3d, 0xd7, 0x66);
}

Test(aml, device_with_resources)
{
    Aml a;
    aml_init(&a);
    aml_device(&a, "RTC");
    aml_name(&a, "_CRS");
    aml_resources(&a);
    aml_io(&a, 0x70, 0x71, 1, 8);
    aml_irq(&a, 8);
    aml_dma(&a, 2);
    aml_end(&a);
    aml_end(&a);
    // 5b 82: device. The resources are a buffer whose size is a word, ended by 79 00.
    CHECK(&a, 0x5b, 0x82, 31, 'R', 'T', 'C', '_', 0x08, '_', 'C', 'R', 'S', 0x11, 20, 0x0b, 16, 0,
          0x47, 1, 0x70, 0, 0x71, 0, 1, 8, 0x22, 0x00, 0x01, 0x2a, 0x04, 0x00, 0x79, 0x00);
}

// A package of n zeros: its length's bytes and what they say.
static void check_length(unsigned n, unsigned bytes)
{
    Aml a;
    aml_init(&a);
    aml_package(&a, 1);
    for (unsigned i = 0; i < n; i++) {
        aml_int(&a, 0);
    }
    aml_end(&a);
    const uint8_t *p = a.code->data + 1;
    unsigned more = p[0] >> 6, len = more ? p[0] & 15 : p[0];
    for (unsigned i = 0; i < more; i++) {
        len |= (unsigned)p[1 + i] << (4 + 8 * i);
    }
    cr_assert_eq(p[-1], 0x12);
    cr_assert_eq(more + 1, bytes, "%u elements: %u", n, more + 1);
    cr_assert_eq(len, bytes + 1 + n, "%u elements: %u", n, len);
    cr_assert_eq(a.code->len, 1 + len);
    g_byte_array_unref(a.code);
}

Test(aml, lengths)
{
    check_length(0, 1);
    check_length(61, 1); // 63 is the last that fits into six bits
    check_length(62, 2);
    check_length(4092, 2); // 4095: twelve bits
    check_length(4093, 3);
    check_length(1000000, 3);
    check_length(1048575, 4);
}

Test(aml, statements)
{
    Aml a;
    aml_init(&a);
    aml_method(&a, "TEST", 2, true);
    aml_if(&a);
    aml_op(&a, AML_LEQUAL);
    aml_arg(&a, 0);
    aml_int(&a, 3);
    aml_op(&a, AML_RETURN);
    aml_local(&a, 1);
    aml_end(&a);
    aml_else(&a);
    aml_op(&a, AML_STORE);
    aml_arg(&a, 1);
    aml_local(&a, 7);
    aml_end(&a);
    aml_end(&a);
    CHECK(&a, 0x14, 19, 'T', 'E', 'S', 'T', 0x0a, 0xa0, 7, 0x93, 0x68, 0x0a, 3, 0xa4, 0x61, 0xa1, 4,
          0x70, 0x69, 0x67);
}

Test(aml, fields)
{
    Aml a;
    aml_init(&a);
    aml_region(&a, "PCST", AML_SPACE_IO, 0xae00, 8);
    aml_field(&a, "PCST", AML_ACCESS_DWORD);
    aml_field_unit(&a, "PCIU", 32);
    aml_field_skip(&a, 100);
    aml_field_unit(&a, "B", 1);
    aml_end(&a);
    CHECK(&a, 0x5b, 0x80, 'P', 'C', 'S', 'T', 1, 0x0b, 0x00, 0xae, 0x0a, 8, 0x5b, 0x81, 19, 'P',
          'C', 'S', 'T', 3, 'P', 'C', 'I', 'U', 32, 0, 0x44, 6, 'B', '_', '_', '_', 1);
}

Test(aml, windows)
{
    Aml a;
    aml_init(&a);
    aml_resources(&a);
    aml_memory32(&a, 0xfed00000, 0x400);
    aml_interrupts(&a, (const uint32_t[]){5, 10}, 2);
    aml_end(&a);
    CHECK(&a, 0x11, 31, 0x0b, 27, 0, 0x86, 9, 0, 1, 0, 0, 0xd0, 0xfe, 0, 4, 0, 0, 0x89, 10, 0, 9, 2,
          5, 0, 0, 0, 10, 0, 0, 0, 0x79, 0);
}
