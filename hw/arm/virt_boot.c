// What the virt board runs first: a kernel put into RAM, or firmware in flash.
//
//   -kernel           kernel, initrd and device tree are copied into RAM at each reset; the CPU
//                     starts at the kernel with x0 = device tree (EL1, MMU off); AArch32: r0 = 0,
//                     r1 = ~0, r2 = device tree (Supervisor mode)
//   -bios, pflash     the CPU starts at 0 in flash; the device tree is at the start of RAM, and
//                     -kernel, -initrd and -append reach the firmware through fw_cfg
//   -device loader    with cpu-num: the CPU starts there
#include <libfdt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "block/block.h"
#include "hw/arm/virt_internal.h"
#include "hw/block/pflash_cfi01.h"
#include "hw/core/generic_loader.h"
#include "hw/nvram/fw_cfg.h"
#include "target-arm/board.h"
#include "util/log.h"

#define MIB UINT64_C(0x100000)

// --- flash

static Device *create_flash(Virt *s, unsigned bank, char **error)
{
    static const char *const names[] = {"virt.flash0", "virt.flash1"};
    BlockDevice *file = block_find_interface(s->m, "pflash", bank);
    return pflash_create(s->m, s->sysmem, names[bank], bank * VIRT_FLASH_BANK, VIRT_FLASH_BANK,
                         file, error);
}

static bool load_bios(Virt *s, Device *flash, const char *path, char **error)
{
    uint64_t len;
    char *reason = NULL;
    uint8_t *data = load_file(path, VIRT_FLASH_BANK, &len, &reason);
    if (!data) {
        *error = g_strdup_printf("-bios %s", reason);
        g_free(reason);
        return false;
    }
    memcpy(pflash_contents(flash), data, len);
    g_free(data);
    pflash_set_readonly(flash);
    s->firmware = true;
    return true;
}

static bool create_flashes(Virt *s, char **error)
{
    const char *bios = s->m->config.bios;
    bool pflash = block_find_interface(s->m, "pflash", 0) != NULL;
    if (bios && pflash) {
        *error = g_strdup_printf("-bios %s: the first flash has a drive (if=pflash,unit=0) already",
                                 bios);
        return false;
    }
    Device *first = create_flash(s, 0, error);
    if (!first || !create_flash(s, 1, error)) {
        return false;
    }
    s->firmware = pflash;
    return !bios || !strcmp(bios, "none") || load_bios(s, first, bios, error);
}

// --- fw_cfg

static bool add_file_items(Virt *s, const char *path, unsigned size_key, unsigned data_key,
                           char **error)
{
    uint64_t len;
    if (!path) {
        return true;
    }
    uint8_t *data = load_file(path, s->m->config.ram_size, &len, error);
    if (!data) {
        return false;
    }
    fw_cfg_add_int(s->fw_cfg, size_key, len, 4);
    fw_cfg_add(s->fw_cfg, data_key, data, len);
    g_free(data);
    return true;
}

static bool fill_fw_cfg(Virt *s, char **error)
{
    const MachineConfig *c = &s->m->config;
    fw_cfg_add_int(s->fw_cfg, FW_CFG_NB_CPUS, c->smp, 2);
    fw_cfg_add_int(s->fw_cfg, FW_CFG_MAX_CPUS, c->smp, 2);
    fw_cfg_add_int(s->fw_cfg, FW_CFG_RAM_SIZE, c->ram_size, 8);
    fw_cfg_add_int(s->fw_cfg, FW_CFG_NOGRAPHIC, 1, 2);
    fw_cfg_add_int(s->fw_cfg, FW_CFG_BOOT_MENU, 0, 2);
    if (!s->firmware) {
        return true;
    }
    if (c->kernel && c->append) {
        fw_cfg_add_int(s->fw_cfg, FW_CFG_CMDLINE_SIZE, strlen(c->append) + 1, 4);
        fw_cfg_add(s->fw_cfg, FW_CFG_CMDLINE_DATA, c->append, strlen(c->append) + 1);
    }
    return add_file_items(s, c->kernel, FW_CFG_KERNEL_SIZE, FW_CFG_KERNEL_DATA, error) &&
           add_file_items(s, c->initrd, FW_CFG_INITRD_SIZE, FW_CFG_INITRD_DATA, error);
}

// --- direct boot

static uint64_t ram_end(const Virt *s)
{
    return virt_map[VIRT_RAM].base + s->m->config.ram_size;
}

// An initrd goes behind the kernel, at least half the RAM or 128 MiB from its start, so that the
// kernel can unpack itself below it.
static bool load_initrd(Virt *s, char **error)
{
    const MachineConfig *c = &s->m->config;
    uint64_t base = virt_map[VIRT_RAM].base;
    uint64_t at = base + MIN_OF(c->ram_size / 2, 128 * MIB);
    at = ALIGN_UP(MAX_OF(at, s->kernel->high), UINT64_C(4096));
    char *reason = NULL;
    s->initrd = at < ram_end(s) ? load_raw(c->initrd, at, ram_end(s) - at, &reason) : NULL;
    if (!s->initrd) {
        *error = g_strdup_printf("-initrd %s (RAM has %llu MiB)", reason ? reason : c->initrd,
                                 (unsigned long long)(c->ram_size / MIB));
        g_free(reason);
    }
    return s->initrd != NULL;
}

static bool load_kernel(Virt *s, char **error)
{
    const MachineConfig *c = &s->m->config;
    char *reason = NULL;
    s->kernel = (s->a32 ? load_arm_kernel : load_arm64_kernel)(c->kernel, virt_map[VIRT_RAM].base,
                                                               c->ram_size, &reason);
    if (!s->kernel || !load_fits(s->kernel, c->kernel, s->m->memory, &reason)) {
        *error = g_strdup_printf("-kernel %s", reason);
        g_free(reason);
        return false;
    }
    return !c->initrd || load_initrd(s, error);
}

// --- device tree

static uint8_t *read_dtb(const Virt *s, char **error)
{
    const char *path = s->m->config.dtb;
    uint64_t len;
    char *reason = NULL;
    uint8_t *data = load_file(path, VIRT_FDT_MAX / 2, &len, &reason);
    uint8_t *fdt = NULL;
    if (data && (len < sizeof(struct fdt_header) || fdt_check_full(data, len))) {
        reason = g_strdup_printf("%s: not a device tree blob, or damaged", path);
    } else if (data) {
        fdt = g_malloc0(VIRT_FDT_MAX);
        if (fdt_open_into(data, fdt, VIRT_FDT_MAX)) {
            reason = g_strdup_printf("%s: cannot use this device tree", path);
            g_free(fdt);
            fdt = NULL;
        }
    }
    if (!fdt) {
        *error = g_strdup_printf("-dtb %s", reason);
    }
    g_free(reason);
    g_free(data);
    return fdt;
}

static bool overlaps_kernel(const Virt *s, uint64_t at, uint64_t len)
{
    return s->kernel && at < s->kernel->high && s->kernel->low < at + len;
}

// Firmware and bare programs look for it at the start of RAM; Linux gets it behind the initrd, on a
// boundary of 2 MiB (arm64: a block of its mappings) or 4 KiB.
static uint64_t dtb_address(const Virt *s, uint64_t len)
{
    uint64_t base = virt_map[VIRT_RAM].base;
    bool linux_boot = s->kernel && s->kernel->kind == IMAGE_LINUX;
    if (!linux_boot && !overlaps_kernel(s, base, len)) {
        return base;
    }
    uint64_t unit = s->a32 ? 4096 : 2 * MIB;
    if (s->initrd) {
        return ALIGN_UP(s->initrd->high, unit);
    }
    uint64_t at = ALIGN_UP(s->kernel->high, unit);
    return linux_boot ? MAX_OF(at, base + MIN_OF(s->m->config.ram_size / 2, 128 * MIB)) : at;
}

static void dump_dtb(const uint8_t *fdt, const char *path)
{
    GError *error = NULL;
    if (!g_file_set_contents(path, (const gchar *)fdt, fdt_totalsize(fdt), &error)) {
        die("-M dumpdtb=%s: %s", path, error->message);
    }
    printf("device tree written to %s\n", path);
    exit(0);
}

static bool place_dtb(Virt *s, uint8_t *fdt, char **error)
{
    uint64_t len = fdt_totalsize(fdt), at = dtb_address(s, len);
    if (at > ram_end(s) || len > ram_end(s) - at || overlaps_kernel(s, at, len)) {
        if (s->kernel && s->kernel->kind != IMAGE_LINUX) {
            return true; // a bare program that leaves no room for one goes without
        }
        *error = g_strdup_printf("-m %llu MiB: too little RAM for kernel, initrd and device tree",
                                 (unsigned long long)(s->m->config.ram_size / MIB));
        return false;
    }
    s->dtb = g_new0(LoadImage, 1);
    s->dtb->n_segments = 1;
    s->dtb->segment = g_new0(LoadSegment, 1);
    s->dtb->segment[0] = (LoadSegment){at, g_memdup2(fdt, len), len, len};
    s->dtb->low = at;
    s->dtb->high = at + len;
    return true;
}

static bool make_dtb(Virt *s, char **error)
{
    const MachineConfig *c = &s->m->config;
    uint8_t *fdt = c->dtb ? read_dtb(s, error) : virt_make_fdt(s);
    if (!fdt) {
        return false;
    }
    bool ok = virt_fdt_set_boot(s, fdt, c->append, s->initrd, error);
    if (ok) {
        fdt_pack(fdt);
        if (c->dumpdtb) {
            dump_dtb(fdt, c->dumpdtb);
        }
        ok = place_dtb(s, fdt, error);
    }
    g_free(fdt);
    return ok;
}

// --- start

static void set_boot(Virt *s)
{
    for (unsigned i = 0; i < s->m->n_cpus; i++) {
        uint64_t pc = s->kernel ? s->kernel->entry : 0, x0 = 0;
        if (s->kernel && s->dtb) {
            x0 = s->dtb->low;
        }
        bool own = generic_loader_pc(s->m, i, &pc);
        arm_cpu_set_boot(s->m->cpu[i], pc, x0, i != 0 && !own);
    }
}

static bool has_program(const Virt *s)
{
    uint64_t pc;
    for (unsigned i = 0; i < s->m->n_cpus; i++) {
        if (generic_loader_pc(s->m, i, &pc)) {
            return true;
        }
    }
    return s->firmware || s->kernel || s->m->config.dumpdtb;
}

bool virt_boot_finish(Virt *s, char **error)
{
    if (!create_flashes(s, error) || !fill_fw_cfg(s, error)) {
        return false;
    }
    if (s->m->config.kernel && !s->firmware && !load_kernel(s, error)) {
        return false;
    }
    if (!make_dtb(s, error)) {
        return false;
    }
    if (!has_program(s)) {
        report("-M virt: nothing to run: give -kernel, -bios, -drive if=pflash or -device loader");
    }
    set_boot(s);
    return true;
}

void virt_boot_reset(Virt *s)
{
    LoadImage *const images[] = {s->kernel, s->initrd, s->dtb};
    for (size_t i = 0; i < ARRAY_LEN(images); i++) {
        if (images[i]) {
            load_write(images[i], s->m->memory);
        }
    }
}
