// The AML writer. A construct with a length is written without it; closing it inserts the length,
// whose own size depends on what it counts (ACPI 6.4, 20.2.4).
#include "hw/acpi/aml.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

enum {
    OP_ZERO = 0x00,
    OP_ONE = 0x01,
    OP_NAME = 0x08,
    OP_BYTE = 0x0a,
    OP_WORD = 0x0b,
    OP_DWORD = 0x0c,
    OP_STRING = 0x0d,
    OP_QWORD = 0x0e,
    OP_SCOPE = 0x10,
    OP_BUFFER = 0x11,
    OP_PACKAGE = 0x12,
    OP_METHOD = 0x14,
    PREFIX_DUAL = 0x2e,
    PREFIX_MULTI = 0x2f,
    OP_EXT = 0x5b,
    OP_LOCAL0 = 0x60,
    OP_ARG0 = 0x68,
    OP_IF = 0xa0,
    OP_ELSE = 0xa1,
    EXT_REGION = 0x80,
    EXT_FIELD = 0x81,
    EXT_DEVICE = 0x82,
};

void aml_init(Aml *a)
{
    a->code = g_byte_array_new();
    a->depth = 0;
}

// --- bytes

static void put(Aml *a, uint64_t v, unsigned bytes)
{
    for (unsigned i = 0; i < bytes; i++) {
        guint8 b = v >> (8 * i);
        g_byte_array_append(a->code, &b, 1);
    }
}

static void put_bytes(Aml *a, const void *p, size_t n)
{
    g_byte_array_append(a->code, p, (guint)n);
}

static void open_length(Aml *a, bool resources)
{
    assert(a->depth < AML_MAX_DEPTH);
    a->open[a->depth].start = a->code->len;
    a->open[a->depth++].resources = resources;
}

static void insert(Aml *a, guint at, const guint8 *bytes, guint n)
{
    guint tail = a->code->len - at;
    g_byte_array_set_size(a->code, a->code->len + n);
    memmove(a->code->data + at + n, a->code->data + at, tail);
    memcpy(a->code->data + at, bytes, n);
}

// One byte counts to 63; otherwise the first one has the low 4 bits and how many more there are.
// The length includes its own bytes.
static unsigned encode_length(guint8 out[4], unsigned len, bool counts_itself)
{
    if (len + counts_itself < 64) {
        out[0] = (guint8)(len + counts_itself);
        return 1;
    }
    unsigned more = 1;
    while (more < 3 && (len + (counts_itself ? more + 1 : 0)) >> (4 + 8 * more)) {
        more++;
    }
    unsigned v = len + (counts_itself ? more + 1 : 0);
    out[0] = (guint8)(more << 6 | (v & 15));
    for (unsigned i = 0; i < more; i++) {
        out[1 + i] = (guint8)(v >> (4 + 8 * i));
    }
    return more + 1;
}

void aml_end(Aml *a)
{
    assert(a->depth);
    struct AmlOpen o = a->open[--a->depth];
    if (o.resources) {
        put(a, 0x0079, 2); // end tag, no checksum
        unsigned n = a->code->len - o.start;
        const guint8 size[3] = {OP_WORD, (guint8)n, (guint8)(n >> 8)};
        insert(a, o.start, size, 3);
    }
    guint8 length[4];
    unsigned n = encode_length(length, a->code->len - o.start, true);
    insert(a, o.start, length, n);
}

// --- names and values

static void put_segment(Aml *a, const char *s, unsigned n)
{
    char segment[4] = "____";
    assert(n && n <= 4);
    memcpy(segment, s, n);
    put_bytes(a, segment, 4);
}

void aml_ref(Aml *a, const char *path)
{
    while (*path == '\\' || *path == '^') {
        put(a, (uint8_t)*path++, 1);
    }
    unsigned n = 1;
    for (const char *p = path; *p; p++) {
        n += *p == '.';
    }
    if (!*path) {
        put(a, 0, 1);
        return;
    }
    if (n == 2) {
        put(a, PREFIX_DUAL, 1);
    } else if (n > 2) {
        put(a, PREFIX_MULTI, 1);
        put(a, n, 1);
    }
    while (n--) {
        unsigned len = (unsigned)strcspn(path, ".");
        put_segment(a, path, len);
        path += len + (path[len] == '.');
    }
}

void aml_int(Aml *a, uint64_t v)
{
    if (v <= 1) {
        put(a, v ? OP_ONE : OP_ZERO, 1);
    } else if (v <= 0xff) {
        put(a, OP_BYTE, 1);
        put(a, v, 1);
    } else if (v <= 0xffff) {
        put(a, OP_WORD, 1);
        put(a, v, 2);
    } else if (v <= 0xffffffff) {
        put(a, OP_DWORD, 1);
        put(a, v, 4);
    } else {
        put(a, OP_QWORD, 1);
        put(a, v, 8);
    }
}

void aml_string(Aml *a, const char *text)
{
    put(a, OP_STRING, 1);
    put_bytes(a, text, strlen(text) + 1);
}

// Three letters of 5 bits and four hexadecimal digits, the bytes swapped (19.3.4).
void aml_eisaid(Aml *a, const char *id)
{
    unsigned product = 0;
    int n = sscanf(id + 3, "%4x", &product);
    assert(strlen(id) == 7 && n == 1);
    (void)n;
    uint32_t v = (uint32_t)(id[0] - '@') << 26 | (uint32_t)(id[1] - '@') << 21 |
                 (uint32_t)(id[2] - '@') << 16 | product;
    put(a, OP_DWORD, 1);
    put(a, __builtin_bswap32(v), 4);
}

void aml_uuid(Aml *a, const char *uuid)
{
    static const uint8_t order[16] = {3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15};
    guint8 byte[16];
    for (unsigned i = 0; i < 16; i++) {
        uuid += *uuid == '-';
        byte[i] = (guint8)(g_ascii_xdigit_value(uuid[0]) << 4 | g_ascii_xdigit_value(uuid[1]));
        uuid += 2;
    }
    put(a, OP_BUFFER, 1);
    open_length(a, false);
    aml_int(a, 16);
    for (unsigned i = 0; i < 16; i++) {
        put(a, byte[order[i]], 1);
    }
    aml_end(a);
}

void aml_local(Aml *a, unsigned n)
{
    put(a, OP_LOCAL0 + n, 1);
}

void aml_arg(Aml *a, unsigned n)
{
    put(a, OP_ARG0 + n, 1);
}

void aml_none(Aml *a)
{
    put(a, 0, 1);
}

// --- declarations

void aml_name(Aml *a, const char *name)
{
    put(a, OP_NAME, 1);
    aml_ref(a, name);
}

void aml_scope(Aml *a, const char *path)
{
    put(a, OP_SCOPE, 1);
    open_length(a, false);
    aml_ref(a, path);
}

void aml_device(Aml *a, const char *name)
{
    put(a, OP_EXT | EXT_DEVICE << 8, 2);
    open_length(a, false);
    aml_ref(a, name);
}

void aml_method(Aml *a, const char *name, unsigned args, bool serialized)
{
    put(a, OP_METHOD, 1);
    open_length(a, false);
    aml_ref(a, name);
    put(a, args | (serialized ? 8 : 0), 1);
}

void aml_package(Aml *a, unsigned elements)
{
    put(a, OP_PACKAGE, 1);
    open_length(a, false);
    put(a, elements, 1);
}

void aml_region(Aml *a, const char *name, unsigned space, uint64_t offset, uint64_t len)
{
    put(a, OP_EXT | EXT_REGION << 8, 2);
    aml_ref(a, name);
    put(a, space, 1);
    aml_int(a, offset);
    aml_int(a, len);
}

void aml_field(Aml *a, const char *region, unsigned access)
{
    put(a, OP_EXT | EXT_FIELD << 8, 2);
    open_length(a, false);
    aml_ref(a, region);
    put(a, access, 1); // no lock; other bits of the unit are preserved
}

static void put_bit_length(Aml *a, unsigned bits)
{
    guint8 length[4];
    unsigned n = encode_length(length, bits, false);
    put_bytes(a, length, n);
}

void aml_field_unit(Aml *a, const char *name, unsigned bits)
{
    put_segment(a, name, (unsigned)strlen(name));
    put_bit_length(a, bits);
}

void aml_field_skip(Aml *a, unsigned bits)
{
    put(a, 0, 1);
    put_bit_length(a, bits);
}

// --- statements

void aml_op(Aml *a, AmlOp op)
{
    put(a, op, 1);
}

void aml_if(Aml *a)
{
    put(a, OP_IF, 1);
    open_length(a, false);
}

void aml_else(Aml *a)
{
    put(a, OP_ELSE, 1);
    open_length(a, false);
}

// --- resources

void aml_resources(Aml *a)
{
    put(a, OP_BUFFER, 1);
    open_length(a, true);
}

void aml_io(Aml *a, uint16_t min, uint16_t max, uint8_t align, uint8_t len)
{
    put(a, 0x0147, 2); // 16-bit decode
    put(a, min, 2);
    put(a, max, 2);
    put(a, align, 1);
    put(a, len, 1);
}

void aml_irq(Aml *a, unsigned irq)
{
    put(a, 0x22, 1);
    put(a, BIT(irq), 2);
}

void aml_dma(Aml *a, unsigned channel)
{
    put(a, 0x2a, 1);
    put(a, BIT(channel), 1);
    put(a, 0, 1); // 8-bit, not a bus master, compatible timing
}

void aml_memory32(Aml *a, uint32_t base, uint32_t len)
{
    put(a, 0x86, 1);
    put(a, 9, 2);
    put(a, 1, 1); // writable
    put(a, base, 4);
    put(a, len, 4);
}

void aml_interrupts(Aml *a, const uint32_t *number, unsigned n)
{
    put(a, 0x89, 1);
    put(a, 2 + 4 * n, 2);
    put(a, 0x09, 1); // consumer, shared
    put(a, n, 1);
    for (unsigned i = 0; i < n; i++) {
        put(a, number[i], 4);
    }
}

// Address space descriptors: tag, length, type, general flags, type flags, then granularity,
// minimum, maximum, translation, length in the width given.
static void put_window(Aml *a, unsigned width, uint8_t type, uint8_t type_flags, uint64_t min,
                       uint64_t max)
{
    put(a, width == 2 ? 0x88 : width == 4 ? 0x87 : 0x8a, 1);
    put(a, 3 + 5 * width, 2);
    put(a, type, 1);
    put(a, 0x0c, 1); // producer, positive decode, fixed minimum and maximum
    put(a, type_flags, 1);
    put(a, 0, width);
    put(a, min, width);
    put(a, max, width);
    put(a, 0, width);
    put(a, max - min + 1, width);
}

enum { TYPE_MEMORY, TYPE_IO, TYPE_BUS };

void aml_bus_numbers(Aml *a, uint16_t min, uint16_t max)
{
    put_window(a, 2, TYPE_BUS, 0, min, max);
}

void aml_window_io(Aml *a, uint16_t min, uint16_t max)
{
    put_window(a, 2, TYPE_IO, 3, min, max); // the entire range
}

static uint8_t memory_flags(bool cacheable)
{
    return cacheable ? 0x03 : 0x01;
}

void aml_window_memory32(Aml *a, uint32_t min, uint32_t max, bool cacheable)
{
    put_window(a, 4, TYPE_MEMORY, memory_flags(cacheable), min, max);
}

void aml_window_memory64(Aml *a, uint64_t min, uint64_t max, bool cacheable)
{
    put_window(a, 8, TYPE_MEMORY, memory_flags(cacheable), min, max);
}
