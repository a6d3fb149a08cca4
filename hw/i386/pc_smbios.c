// SMBIOS 2.8 tables (DMTF DSP0134): what the machine calls itself, its CPUs and memory.
#include <string.h>

#include "hw/i386/pc_internal.h"
#include "hw/i386/smbios.h"

enum {
    TYPE_BIOS = 0,
    TYPE_SYSTEM = 1,
    TYPE_BOARD = 2,
    TYPE_CHASSIS = 3,
    TYPE_PROCESSOR = 4,
    TYPE_OEM_STRINGS = 11,
    TYPE_MEMORY_ARRAY = 16,
    TYPE_MEMORY_DEVICE = 17,
    TYPE_ARRAY_ADDRESS = 19,
    TYPE_BOOT = 32,
    TYPE_END = 127,
};
enum { UNKNOWN = 2, OTHER = 1 };

#define MAX_STRINGS SMBIOS_OEM_STRINGS
#define DIMM        (UINT64_C(16) * GIB)

typedef struct Smbios {
    Machine *m;
    unsigned type; // of the structure under way
    GByteArray *out;
    unsigned count, largest;
    guint start;
    const char *string[MAX_STRINGS];
    unsigned strings;
} Smbios;

static void put(Smbios *b, uint64_t value, unsigned bytes)
{
    for (unsigned i = 0; i < bytes; i++) {
        guint8 v = i < 8 ? value >> (8 * i) : 0;
        g_byte_array_append(b->out, &v, 1);
    }
}

static void begin(Smbios *b, uint8_t type, uint16_t handle)
{
    b->type = type;
    b->start = b->out->len;
    b->strings = 0;
    put(b, type, 1);
    put(b, 0, 1);
    put(b, handle, 2);
}

// A field that names a string; empty: none.
static void text(Smbios *b, const char *s)
{
    if (*s) {
        b->string[b->strings++] = s;
    }
    put(b, *s ? b->strings : 0, 1);
}

// What -smbios says for a key of this structure, or def.
static void option(Smbios *b, const char *key, const char *def)
{
    text(b, smbios_text(b->m, b->type, key, def));
}

// The formatted part's length, then the strings and an empty one.
static void end(Smbios *b)
{
    b->out->data[b->start + 1] = (guint8)(b->out->len - b->start);
    for (unsigned i = 0; i < b->strings; i++) {
        g_byte_array_append(b->out, (const guint8 *)b->string[i], (guint)strlen(b->string[i]) + 1);
    }
    put(b, 0, b->strings ? 1 : 2);
    b->count++;
    b->largest = MAX_OF(b->largest, b->out->len - b->start);
}

static void put_bios(Smbios *b)
{
    begin(b, TYPE_BIOS, 0);
    option(b, "vendor", "Mimus");
    option(b, "version", MIMUS_VERSION);
    put(b, 0xe800, 2);
    option(b, "date", "01/01/2024");
    put(b, 0, 1);    // 64 KiB
    put(b, 0x08, 8); // characteristics are not supported
    put(b, 0, 1);
    put(b, 0x14, 1); // a virtual machine; targeted content distribution
    const char *release = smbios_text(b->m, TYPE_BIOS, "release", "0.0");
    put(b, g_ascii_strtoull(release, NULL, 0), 1);
    put(b, g_ascii_strtoull(strchr(release, '.') + 1, NULL, 0), 1);
    put(b, 0xffff, 2);
    end(b);
}

// The first three fields are little-endian (SMBIOS 7.2.1). All zero: there is none.
static void put_uuid(Smbios *b, const char *uuid)
{
    static const uint8_t place[16] = {3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15};
    uint8_t byte[16] = {0};
    for (unsigned i = 0; uuid && i < 16; i++) {
        uuid += *uuid == '-';
        byte[place[i]] =
            (uint8_t)(g_ascii_xdigit_value(uuid[0]) << 4 | g_ascii_xdigit_value(uuid[1]));
        uuid += 2;
    }
    for (unsigned i = 0; i < 16; i++) {
        put(b, byte[i], 1);
    }
}

static void put_system(Smbios *b, const Pc *s)
{
    begin(b, TYPE_SYSTEM, 0x100);
    option(b, "manufacturer", "Mimus");
    option(b, "product", s->chipset->q35 ? "PC (Q35 + ICH9)" : "PC (i440FX + PIIX)");
    option(b, "version", s->m->board->name);
    option(b, "serial", "");
    put_uuid(b, smbios_text(b->m, TYPE_SYSTEM, "uuid", s->m->config.uuid));
    put(b, 6, 1); // woken by the power switch
    option(b, "sku", "");
    option(b, "family", "");
    end(b);
}

// Only if asked for.
static void put_board(Smbios *b)
{
    if (!smbios_given(b->m, TYPE_BOARD)) {
        return;
    }
    begin(b, TYPE_BOARD, 0x200);
    option(b, "manufacturer", "Mimus");
    option(b, "product", "");
    option(b, "version", "");
    option(b, "serial", "");
    option(b, "asset", "");
    put(b, 1, 1); // hosts the processors
    option(b, "location", "");
    put(b, 0x300, 2); // in this chassis
    put(b, 10, 1);    // motherboard
    put(b, 0, 1);
    end(b);
}

static void put_oem_strings(Smbios *b)
{
    unsigned n = 0;
    while (smbios_oem_string(b->m, n)) {
        n++;
    }
    if (!n) {
        return;
    }
    begin(b, TYPE_OEM_STRINGS, 0xe00);
    put(b, n, 1);
    for (; b->strings < n; b->strings++) {
        b->string[b->strings] = smbios_oem_string(b->m, b->strings);
    }
    end(b);
}

static void put_chassis(Smbios *b)
{
    begin(b, TYPE_CHASSIS, 0x300);
    option(b, "manufacturer", "Mimus");
    put(b, 1, 1); // other
    option(b, "version", "");
    option(b, "serial", "");
    option(b, "asset", "");
    put(b, 0x030303, 3); // boot-up, power, thermal state: safe
    put(b, UNKNOWN, 1);
    put(b, 0, 4);
    put(b, 0, 4); // height, power cords, elements
    option(b, "sku", "");
    end(b);
}

static void put_processor(Smbios *b, unsigned n)
{
    begin(b, TYPE_PROCESSOR, (uint16_t)(0x400 + n));
    option(b, "sock_pfx", "CPU");
    put(b, 3, 1); // central processor
    put(b, 1, 1); // family: other
    option(b, "manufacturer", "Mimus");
    put(b, 0, 8); // id
    option(b, "version", "");
    put(b, 0, 1);    // voltage
    put(b, 0, 2);    // external clock
    put(b, 2000, 2); // MHz
    put(b, 2000, 2);
    put(b, 0x41, 1);  // populated, enabled
    put(b, OTHER, 1); // upgrade
    put(b, 0xffff, 2);
    put(b, 0xffff, 2);
    put(b, 0xffff, 2);
    option(b, "serial", "");
    option(b, "asset", "");
    option(b, "part", "");
    put(b, 1, 1); // cores, enabled, threads
    put(b, 1, 1);
    put(b, 1, 1);
    put(b, UNKNOWN, 2);
    put(b, 1, 2);
    end(b);
}

static void put_memory(Smbios *b, uint64_t ram)
{
    unsigned n = (unsigned)((ram + DIMM - 1) / DIMM);
    begin(b, TYPE_MEMORY_ARRAY, 0x1000);
    put(b, 1, 1); // other
    put(b, 3, 1); // system memory
    put(b, 6, 1); // multi-bit ECC
    put(b, ram / KIB < 0x80000000 ? ram / KIB : 0x80000000, 4);
    put(b, 0xfffe, 2);
    put(b, n, 2);
    put(b, ram / KIB < 0x80000000 ? 0 : ram, 8);
    end(b);
    for (unsigned i = 0; i < n; i++) {
        uint64_t mib = MIN_OF(DIMM, ram - i * DIMM) / MIB;
        begin(b, TYPE_MEMORY_DEVICE, (uint16_t)(0x1100 + i));
        put(b, 0x1000, 2);
        put(b, 0xfffe, 2);
        put(b, 0xffff, 2);
        put(b, 0xffff, 2);
        put(b, mib < 0x7fff ? mib : 0x7fff, 2);
        put(b, 9, 1); // DIMM
        put(b, 0, 1);
        option(b, "loc_pfx", "DIMM");
        option(b, "bank", "");
        put(b, 7, 1); // RAM
        put(b, OTHER << 1, 2);
        put(b, 0, 2);
        option(b, "manufacturer", "Mimus");
        option(b, "serial", "");
        option(b, "asset", "");
        option(b, "part", "");
        put(b, 0, 1);
        put(b, mib < 0x7fff ? 0 : mib, 4);
        put(b, 0, 2);
        put(b, 0, 6);
        end(b);
    }
}

static void put_range(Smbios *b, unsigned n, uint64_t base, uint64_t size)
{
    begin(b, TYPE_ARRAY_ADDRESS, (uint16_t)(0x1300 + n));
    bool large = base + size > 4 * GIB * KIB / 4;
    put(b, large ? 0xffffffff : base / KIB, 4);
    put(b, large ? 0xffffffff : (base + size) / KIB - 1, 4);
    put(b, 0x1000, 2);
    put(b, 1, 1);
    put(b, large ? base : 0, 8);
    put(b, large ? base + size - 1 : 0, 8);
    end(b);
}

GByteArray *pc_smbios_tables(const Pc *s, unsigned *count, unsigned *largest)
{
    Smbios b = {.out = g_byte_array_new(), .m = s->m};
    put_bios(&b);
    put_system(&b, s);
    put_board(&b);
    put_chassis(&b);
    for (unsigned i = 0; i < s->m->n_cpus; i++) {
        put_processor(&b, i);
    }
    put_oem_strings(&b);
    put_memory(&b, s->m->config.ram_size);
    put_range(&b, 0, 0, s->below_4g);
    if (s->above_4g) {
        put_range(&b, 1, 4 * GIB, s->above_4g);
    }
    begin(&b, TYPE_BOOT, 0x2000);
    put(&b, 0, 7);
    end(&b);
    begin(&b, TYPE_END, 0x7f00);
    end(&b);
    *count = b.count;
    *largest = b.largest;
    return b.out;
}

static void sum(uint8_t *at, const uint8_t *start, unsigned len)
{
    uint8_t s = 0;
    *at = 0;
    for (unsigned i = 0; i < len; i++) {
        s += start[i];
    }
    *at = (uint8_t)-s;
}

#define ANCHOR_LEN 31

GByteArray *pc_smbios_anchor(const GByteArray *tables, unsigned count, unsigned largest,
                             uint32_t base)
{
    GByteArray *out = g_byte_array_new();
    g_byte_array_set_size(out, ANCHOR_LEN);
    uint8_t *e = out->data;
    memset(e, 0, ANCHOR_LEN);
    memcpy(e, "_SM_", 4);
    e[5] = ANCHOR_LEN;
    e[6] = 2; // version 2.8
    e[7] = 8;
    memcpy(e + 8, &(uint16_t){(uint16_t)largest}, 2);
    memcpy(e + 16, "_DMI_", 5);
    memcpy(e + 22, &(uint16_t){(uint16_t)tables->len}, 2);
    memcpy(e + 24, &base, 4);
    memcpy(e + 28, &(uint16_t){(uint16_t)count}, 2);
    e[30] = 0x28;
    sum(e + 21, e + 16, 15);
    sum(e + 4, e, ANCHOR_LEN);
    return out;
}
