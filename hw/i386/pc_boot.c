// What a PC runs first.
//
//   firmware   ROM or flash at the reset vector; -kernel reaches it through fw_cfg
//   -kernel    without firmware: bzImage, Multiboot or PVH kernel in RAM, entered in flat 32-bit
//   mode.
//              The board does what firmware would have done: RAM below 1 MiB is open, ACPI and
//              SMBIOS tables lie there, PCI devices have addresses and interrupt lines.
//
//   000e0000  ACPI tables     000f0000  root pointer, SMBIOS
#include <string.h>

#include "hw/acpi/tables.h"
#include "hw/core/generic_loader.h"
#include "hw/i386/pc_internal.h"
#include "hw/input/i8042.h"
#include "target-x86/board.h"
#include "target-x86/cpu.h"
#include "util/log.h"

#define RSDP_AT          0xf0000u
#define SMBIOS_ANCHOR_AT 0xf0040u
#define SMBIOS_AT        0xf0080u
#define MULTIBOOT_MAGIC  0x2badb002

void pc_add_image(Pc *s, uint64_t addr, const void *data, uint64_t len)
{
    LoadImage *image = g_new0(LoadImage, 1);
    image->n_segments = 1;
    image->segment = g_new0(LoadSegment, 1);
    image->segment[0] = (LoadSegment){addr, g_memdup2(data, len), len, len};
    image->low = addr;
    image->high = addr + len;
    g_ptr_array_add(s->images, image);
}

static void place_acpi(Pc *s)
{
    AcpiTables t;
    acpi_tables_init(&t);
    pc_acpi_build(s, &t);
    acpi_place(&t, PC_LOW_TABLES);
    if (t.data->len > RSDP_AT - PC_LOW_TABLES) {
        die("-M %s: %u bytes of ACPI tables do not fit below 1 MiB", s->m->board->name,
            t.data->len);
    }
    pc_add_image(s, PC_LOW_TABLES, t.data->data, t.data->len);
    pc_add_image(s, RSDP_AT, t.rsdp->data, t.rsdp->len);
    acpi_tables_free(&t);
}

static void place_smbios(Pc *s)
{
    unsigned count, largest;
    GByteArray *tables = pc_smbios_tables(s, &count, &largest);
    GByteArray *anchor = pc_smbios_anchor(tables, count, largest, SMBIOS_AT);
    pc_add_image(s, SMBIOS_ANCHOR_AT, anchor->data, anchor->len);
    pc_add_image(s, SMBIOS_AT, tables->data, tables->len);
    g_byte_array_free(anchor, TRUE);
    g_byte_array_free(tables, TRUE);
}

uint32_t pc_place_tables(Pc *s)
{
    place_smbios(s);
    if (!s->acpi) {
        return 0;
    }
    place_acpi(s);
    return RSDP_AT;
}

static bool load_kernel(Pc *s, char **error)
{
    static bool (*const loaders[])(Pc *, const uint8_t *, uint64_t, bool *,
                                   char **) = {pc_load_linux, pc_load_multiboot, pc_load_pvh};
    const char *path = s->m->config.kernel;
    char *reason = NULL;
    uint64_t len;
    uint8_t *file = load_file(path, s->below_4g, &len, &reason);
    bool known = false, ok = false;
    for (size_t i = 0; i < ARRAY_LEN(loaders) && file && !known; i++) {
        ok = loaders[i](s, file, len, &known, &reason);
    }
    g_free(file);
    if (ok) {
        return true;
    }
    if (!reason) {
        reason = g_strdup_printf("%s: not a bzImage, Multiboot or PVH kernel", path);
    }
    *error = reason[0] == '-' ? reason : g_strdup_printf("-kernel %s", reason);
    return false;
}

static bool has_program(const Pc *s)
{
    uint64_t pc;
    return s->firmware || s->m->config.kernel || generic_loader_pc(s->m, 0, &pc);
}

bool pc_boot_finish(Pc *s, char **error)
{
    pc_cmos_fill(s);
    if (!pc_firmware_create(s, error)) {
        return false;
    }
    if (s->firmware) {
        s->boot = PC_BOOT_FIRMWARE;
        return pc_fw_cfg_fill(s, error);
    }
    s->boot = PC_BOOT_NOTHING;
    if (!has_program(s)) {
        report("-M %s: nothing to run: give -kernel, -bios, a disk or -device loader",
               s->m->board->name);
    }
    return !s->m->config.kernel || load_kernel(s, error);
}

static void start_cpu(Pc *s)
{
    VCPU *v = s->m->cpu[0];
    uint64_t pc;
    if (generic_loader_pc(s->m, 0, &pc)) {
        x86_cpu_boot_flat32(v, pc, 0, 0);
    } else if (s->boot == PC_BOOT_LINUX) {
        x86_cpu_boot_flat32(v, s->entry, s->boot_arg, 0);
    } else if (s->boot == PC_BOOT_MULTIBOOT || s->boot == PC_BOOT_PVH) {
        x86_cpu_boot_flat32(v, s->entry, 0, s->boot_arg);
        v->gpr[X86_RAX] = s->boot == PC_BOOT_MULTIBOOT ? MULTIBOOT_MAGIC : 0;
    }
}

void pc_boot_reset(Pc *s)
{
    if (s->resets++ == 1) {
        pc_cmos_boot_order(s, false); // once= is over
    }
    if (s->boot != PC_BOOT_FIRMWARE) {
        s->chipset->prepare(s);
        if (s->i8042) {
            i8042_prepare(s->i8042);
        }
        pc_pci_assign(s);
    }
    if (s->kernel) {
        load_write(s->kernel, s->m->memory);
    }
    for (guint i = 0; i < s->images->len; i++) {
        load_write(s->images->pdata[i], s->m->memory);
    }
    start_cpu(s);
}
