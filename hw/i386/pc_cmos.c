// What the board leaves in the RTC's memory for firmware: sizes, disks, boot order. The bytes are
// the PC/AT's where it had them, QEMU's elsewhere.
#include <string.h>

#include "hw/block/fdc.h"
#include "hw/i386/pc_internal.h"
#include "hw/ide/ide.h"
#include "hw/rtc/mc146818.h"

enum {
    CMOS_FLOPPIES = 0x10,
    CMOS_DISKS = 0x12,
    CMOS_EQUIPMENT = 0x14,
    CMOS_BASE_KIB = 0x15,
    CMOS_EXTENDED_KIB = 0x17,
    CMOS_DISK_TYPE = 0x19,
    CMOS_DISK_GEOMETRY = 0x1b, // 9 bytes a disk
    CMOS_EXTENDED_KIB_POST = 0x30,
    CMOS_ABOVE_16M = 0x34, // in units of 64 KiB
    CMOS_BOOT_3 = 0x38,
    CMOS_TRANSLATION = 0x39,
    CMOS_BOOT_12 = 0x3d,
    CMOS_ABOVE_4G = 0x5b, // 3 bytes, in units of 64 KiB
    CMOS_CPUS = 0x5f,
};

#define EQUIPMENT_FLOPPY       0x01
#define EQUIPMENT_TWO_FLOPPIES 0x40
#define EQUIPMENT_FPU          0x02
#define EQUIPMENT_MOUSE        0x04

static void put(Pc *s, unsigned at, uint64_t value, unsigned bytes)
{
    for (unsigned i = 0; i < bytes; i++) {
        mc146818_set_cmos(s->rtc, at + i, value >> (8 * i));
    }
}

static void memory(Pc *s)
{
    uint64_t below = s->below_4g;
    put(s, CMOS_BASE_KIB, MIN_OF(below / KIB, UINT64_C(640)), 2);
    uint64_t extended = below > MIB ? MIN_OF((below - MIB) / KIB, UINT64_C(65535)) : 0;
    put(s, CMOS_EXTENDED_KIB, extended, 2);
    put(s, CMOS_EXTENDED_KIB_POST, extended, 2);
    uint64_t above = below > 16 * MIB ? MIN_OF((below - 16 * MIB) >> 16, UINT64_C(65535)) : 0;
    put(s, CMOS_ABOVE_16M, above, 2);
    put(s, CMOS_ABOVE_4G, s->above_4g >> 16, 3);
}

static void disks(Pc *s)
{
    unsigned types = 0, translations = 0;
    for (unsigned i = 0; i < 4; i++) {
        IdeGeometry g;
        if (!ide_disk_geometry(s->m, i, &g)) {
            continue;
        }
        unsigned translation = g.translation;
        translations |= (translation & 3) << (2 * i);
        if (i >= 2) {
            continue; // only two have a geometry here
        }
        unsigned at = CMOS_DISK_GEOMETRY + 9 * i;
        types |= i ? 0x0f : 0xf0;
        put(s, CMOS_DISK_TYPE + i, 47, 1);
        put(s, at, g.cylinders, 2);
        put(s, at + 2, g.heads, 1);
        put(s, at + 3, 0xffff, 2); // no write precompensation
        put(s, at + 5, 0xc0 | (g.heads > 8) << 3, 1);
        put(s, at + 6, g.cylinders, 2);
        put(s, at + 8, g.sectors, 1);
    }
    put(s, CMOS_DISKS, types, 1);
    put(s, CMOS_TRANSLATION, translations, 1);
}

static void floppies(Pc *s)
{
    unsigned a = s->fdc ? fdc_drive_type(s->fdc, 0) : 0;
    unsigned b = s->fdc ? fdc_drive_type(s->fdc, 1) : 0;
    unsigned equipment = EQUIPMENT_FPU | EQUIPMENT_MOUSE;
    if (a || b) {
        equipment |= EQUIPMENT_FLOPPY | (a && b ? EQUIPMENT_TWO_FLOPPIES : 0);
    }
    put(s, CMOS_FLOPPIES, a << 4 | b, 1);
    put(s, CMOS_EQUIPMENT, equipment, 1);
}

static unsigned boot_code(char c)
{
    return c == 'a' || c == 'b' ? 1 : c == 'c' ? 2 : c == 'd' ? 3 : c == 'n' ? 4 : 0;
}

void pc_cmos_boot_order(Pc *s, bool once)
{
    const MachineConfig *c = &s->m->config;
    const char *order = once && c->boot_once ? c->boot_once : c->boot_order ? c->boot_order : "cad";
    unsigned code[3] = {0};
    for (unsigned i = 0; i < 3 && i < strlen(order); i++) {
        code[i] = boot_code(order[i]);
    }
    put(s, CMOS_BOOT_12, code[1] << 4 | code[0], 1);
    put(s, CMOS_BOOT_3, code[2] << 4, 1);
}

void pc_cmos_fill(Pc *s)
{
    memory(s);
    floppies(s);
    disks(s);
    pc_cmos_boot_order(s, true);
    put(s, CMOS_CPUS, s->m->n_cpus - 1, 1);
}
