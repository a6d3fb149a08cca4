// Linux kernels on a PC (Documentation/arch/x86/boot.rst of Linux): a bzImage's protected-mode part
// at 1 MiB, entered in flat 32-bit mode with ESI at the "zero page".
//
//   00010000  zero page: the file's setup header and what a real-mode loader would have found out
//   00020000  command line
//   00100000  kernel
//   ........  initrd, as high as the kernel allows
#include <string.h>

#include "hw/i386/pc_internal.h"
#include "hw/nvram/fw_cfg.h"

#define ZERO_PAGE   0x10000u
#define CMDLINE_AT  0x20000u
#define KERNEL_AT   0x100000u
#define CMDLINE_MAX 0x10000u
#define PAGE        0x1000u

// Offsets in file and zero page.
enum {
    ZP_ACPI_RSDP = 0x070,
    ZP_EXT_MEM_K = 0x002,
    ZP_ALT_MEM_K = 0x1e0,
    ZP_E820_COUNT = 0x1e8,
    HDR_SETUP_SECTS = 0x1f1,
    HDR_START = 0x1f1,
    HDR_LENGTH = 0x201, // header's end: 0x202 + this byte
    HDR_MAGIC = 0x202,
    HDR_VERSION = 0x206,
    HDR_LOADER = 0x210,
    HDR_LOADFLAGS = 0x211,
    HDR_INITRD = 0x218,
    HDR_INITRD_SIZE = 0x21c,
    HDR_HEAP_END = 0x224,
    HDR_CMDLINE = 0x228,
    HDR_INITRD_MAX = 0x22c,
    HDR_CMDLINE_SIZE = 0x238,
    ZP_E820 = 0x2d0,
};

#define LOADED_HIGH    0x01
#define CAN_USE_HEAP   0x80
#define LOADER_UNKNOWN 0xff

typedef struct LinuxHeader {
    uint32_t setup_bytes; // the real-mode part
    unsigned version;
    uint32_t initrd_max, cmdline_max;
} LinuxHeader;

static uint32_t get(const uint8_t *p, unsigned at, unsigned bytes)
{
    uint32_t v = 0;
    memcpy(&v, p + at, bytes);
    return v;
}

static void put(uint8_t *p, unsigned at, uint64_t v, unsigned bytes)
{
    memcpy(p + at, &v, bytes);
}

static bool parse_header(const char *path, const uint8_t *file, uint64_t len, LinuxHeader *h,
                         char **error)
{
    unsigned sects = file[HDR_SETUP_SECTS] ? file[HDR_SETUP_SECTS] : 4;
    h->version = get(file, HDR_VERSION, 2);
    h->setup_bytes = (sects + 1) * 512;
    if (h->version < 0x0202 || !(file[HDR_LOADFLAGS] & LOADED_HIGH)) {
        *error = g_strdup_printf("%s: a kernel for boot protocol %u.%02u%s; 2.02 and bzImages are "
                                 "supported",
                                 path, h->version >> 8, h->version & 0xff,
                                 file[HDR_LOADFLAGS] & LOADED_HIGH ? "" : ", zImage");
        return false;
    }
    if (h->setup_bytes >= len) {
        *error = g_strdup_printf("%s: truncated kernel", path);
        return false;
    }
    h->initrd_max = h->version >= 0x0203 ? get(file, HDR_INITRD_MAX, 4) : 0x37ffffff;
    h->cmdline_max = h->version >= 0x0206 ? get(file, HDR_CMDLINE_SIZE, 4) : 255;
    return true;
}

static bool check_cmdline(const Pc *s, const LinuxHeader *h, char **error)
{
    const char *append = s->m->config.append;
    uint64_t max = MIN_OF(h->cmdline_max, CMDLINE_MAX - 1);
    if (append && strlen(append) > max) {
        *error = g_strdup_printf("-append: %zu characters; this kernel takes %llu", strlen(append),
                                 (unsigned long long)max);
        return false;
    }
    return true;
}

static bool place_initrd(const Pc *s, const LinuxHeader *h, uint64_t low, uint64_t len,
                         uint32_t *at, char **error)
{
    uint64_t top = MIN_OF(s->below_4g, (uint64_t)h->initrd_max + 1);
    if (len > top || ALIGN_DOWN(top - len, (uint64_t)PAGE) < low) {
        *error = g_strdup_printf(
            "-initrd %s: %llu bytes do not fit between the kernel and %llu MiB",
            s->m->config.initrd, (unsigned long long)len, (unsigned long long)(top / MIB));
        return false;
    }
    *at = (uint32_t)ALIGN_DOWN(top - len, (uint64_t)PAGE);
    return true;
}

static bool load_initrd(Pc *s, const LinuxHeader *h, uint8_t *zero_page, uint64_t low, char **error)
{
    const char *path = s->m->config.initrd;
    uint64_t len;
    uint32_t at;
    char *reason = NULL;
    if (!path) {
        return true;
    }
    uint8_t *data = load_file(path, s->below_4g, &len, &reason);
    if (!data) {
        *error = g_strdup_printf("-initrd %s", reason);
        g_free(reason);
        return false;
    }
    bool ok = place_initrd(s, h, low, len, &at, error);
    if (ok) {
        pc_add_image(s, at, data, len);
        put(zero_page, HDR_INITRD, at, 4);
        put(zero_page, HDR_INITRD_SIZE, len, 4);
    }
    g_free(data);
    return ok;
}

static void put_e820(const Pc *s, uint8_t *zero_page)
{
    PcRange range[PC_E820_MAX];
    unsigned n = pc_e820(s, range, true);
    for (unsigned i = 0; i < n; i++) {
        unsigned at = ZP_E820 + 20 * i;
        put(zero_page, at, range[i].base, 8);
        put(zero_page, at + 8, range[i].size, 8);
        put(zero_page, at + 16, range[i].type, 4);
    }
    zero_page[ZP_E820_COUNT] = (uint8_t)n;
    uint64_t extended = (s->below_4g - MIB) / KIB;
    put(zero_page, ZP_EXT_MEM_K, MIN_OF(extended, UINT64_C(0xffff)), 2);
    put(zero_page, ZP_ALT_MEM_K, extended, 4);
}

static void fill_header(uint8_t *zero_page, const uint8_t *file, uint64_t len)
{
    uint64_t end = MIN_OF((uint64_t)HDR_MAGIC + file[HDR_LENGTH], MIN_OF(len, (uint64_t)ZP_E820));
    memcpy(zero_page + HDR_START, file + HDR_START, end - HDR_START);
    zero_page[HDR_LOADER] = LOADER_UNKNOWN;
    zero_page[HDR_LOADFLAGS] |= CAN_USE_HEAP;
    put(zero_page, HDR_HEAP_END, 0xfe00, 2);
    put(zero_page, HDR_CMDLINE, CMDLINE_AT, 4);
}

static bool is_linux(const uint8_t *file, uint64_t len)
{
    return len >= PAGE && !memcmp(file + HDR_MAGIC, "HdrS", 4);
}

bool pc_load_linux(Pc *s, const uint8_t *file, uint64_t len, bool *known, char **error)
{
    const MachineConfig *c = &s->m->config;
    LinuxHeader h;
    *known = is_linux(file, len);
    if (!*known || !parse_header(c->kernel, file, len, &h, error) || !check_cmdline(s, &h, error)) {
        return false;
    }
    uint64_t size = len - h.setup_bytes;
    if (KERNEL_AT + size > s->below_4g) {
        *error = g_strdup_printf("%s: does not fit into %llu MiB of RAM", c->kernel,
                                 (unsigned long long)(s->below_4g / MIB));
        return false;
    }
    uint8_t *zero_page = g_malloc0(PAGE);
    const char *append = c->append ? c->append : "";
    fill_header(zero_page, file, len);
    put_e820(s, zero_page);
    bool ok = load_initrd(s, &h, zero_page, KERNEL_AT + size, error);
    if (ok) {
        put(zero_page, ZP_ACPI_RSDP, pc_place_tables(s), 8);
        pc_add_image(s, KERNEL_AT, file + h.setup_bytes, size);
        pc_add_image(s, CMDLINE_AT, append, strlen(append) + 1);
        pc_add_image(s, ZERO_PAGE, zero_page, PAGE);
        s->boot = PC_BOOT_LINUX;
        s->entry = KERNEL_AT;
        s->boot_arg = ZERO_PAGE;
    }
    g_free(zero_page);
    return ok;
}

// --- through firmware: the option ROM puts the parts where these items say

#define FW_SETUP_AT   0x10000u
#define FW_CMDLINE_AT 0x20000u
#define FW_TOP        MIB // the end of RAM is the firmware's

bool pc_linux_fw_cfg(Pc *s, const uint8_t *file, uint64_t len, const uint8_t *initrd,
                     uint64_t initrd_len, char **error)
{
    const MachineConfig *c = &s->m->config;
    LinuxHeader h;
    uint32_t at = 0;
    if (!is_linux(file, len)) {
        *error =
            g_strdup_printf("%s: not a Linux kernel, which is what firmware can start", c->kernel);
        return false;
    }
    if (!parse_header(c->kernel, file, len, &h, error) || !check_cmdline(s, &h, error)) {
        return false;
    }
    uint64_t size = len - h.setup_bytes;
    if (s->below_4g > FW_TOP) {
        h.initrd_max = (uint32_t)MIN_OF((uint64_t)h.initrd_max, s->below_4g - FW_TOP - 1);
    }
    if (initrd && !place_initrd(s, &h, KERNEL_AT + size, initrd_len, &at, error)) {
        return false;
    }
    uint8_t *setup = g_memdup2(file, h.setup_bytes);
    setup[HDR_LOADER] = 0xb0; // "Qemu": firmware looks for it
    setup[HDR_LOADFLAGS] |= CAN_USE_HEAP;
    put(setup, HDR_HEAP_END, FW_CMDLINE_AT - FW_SETUP_AT - 0x200, 2);
    put(setup, HDR_CMDLINE, FW_CMDLINE_AT, 4);
    put(setup, HDR_INITRD, at, 4);
    put(setup, HDR_INITRD_SIZE, initrd_len, 4);
    fw_cfg_add_int(s->fw_cfg, FW_CFG_SETUP_ADDR, FW_SETUP_AT, 4);
    fw_cfg_add_int(s->fw_cfg, FW_CFG_SETUP_SIZE, h.setup_bytes, 4);
    fw_cfg_add(s->fw_cfg, FW_CFG_SETUP_DATA, setup, h.setup_bytes);
    fw_cfg_add_int(s->fw_cfg, FW_CFG_KERNEL_ADDR, KERNEL_AT, 4);
    fw_cfg_add_int(s->fw_cfg, FW_CFG_KERNEL_SIZE, size, 4);
    fw_cfg_add(s->fw_cfg, FW_CFG_KERNEL_DATA, file + h.setup_bytes, size);
    fw_cfg_add_int(s->fw_cfg, FW_CFG_CMDLINE_ADDR, FW_CMDLINE_AT, 4);
    fw_cfg_add_int(s->fw_cfg, FW_CFG_INITRD_ADDR, at, 4);
    g_free(setup);
    return true;
}
