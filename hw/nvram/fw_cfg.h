// The firmware configuration device: how a board hands kernel, initrd, command line and named files
// to firmware running in the guest.
#ifndef HW_NVRAM_FW_CFG_H
#define HW_NVRAM_FW_CFG_H

#include "hw/core/device.h"

// Items with a fixed number; files get theirs by name.
enum {
    FW_CFG_SIGNATURE = 0x00,
    FW_CFG_ID = 0x01,
    FW_CFG_UUID = 0x02,
    FW_CFG_RAM_SIZE = 0x03,
    FW_CFG_NOGRAPHIC = 0x04,
    FW_CFG_NB_CPUS = 0x05,
    FW_CFG_KERNEL_ADDR = 0x07,
    FW_CFG_KERNEL_SIZE = 0x08,
    FW_CFG_INITRD_ADDR = 0x0a,
    FW_CFG_INITRD_SIZE = 0x0b,
    FW_CFG_BOOT_DEVICE = 0x0c,
    FW_CFG_NUMA = 0x0d,
    FW_CFG_BOOT_MENU = 0x0e,
    FW_CFG_MAX_CPUS = 0x0f,
    FW_CFG_KERNEL_ENTRY = 0x10,
    FW_CFG_KERNEL_DATA = 0x11,
    FW_CFG_INITRD_DATA = 0x12,
    FW_CFG_CMDLINE_ADDR = 0x13,
    FW_CFG_CMDLINE_SIZE = 0x14,
    FW_CFG_CMDLINE_DATA = 0x15,
    FW_CFG_SETUP_ADDR = 0x16,
    FW_CFG_SETUP_SIZE = 0x17,
    FW_CFG_SETUP_DATA = 0x18,
    FW_CFG_FILE_DIR = 0x19,
    FW_CFG_X86_ACPI_TABLES = 0x8000,
    FW_CFG_X86_SMBIOS = 0x8001,
    FW_CFG_X86_IRQ0_OVERRIDE = 0x8002,
    FW_CFG_X86_E820 = 0x8003,
    FW_CFG_X86_HPET = 0x8004,
};

// Maps 0x18 bytes at base: data, selector, DMA address. It is the machine's "fw_cfg".
Device *fw_cfg_create(struct Machine *m, MemRegion *sysmem, uint64_t base);

// The same at 12 I/O ports from base: selector, data, DMA address at base + 4.
Device *fw_cfg_create_ports(struct Machine *m, MemRegion *io, uint16_t base);

// The data is copied. Integers are little-endian items.
void fw_cfg_add(Device *d, unsigned key, const void *data, size_t len);
void fw_cfg_add_int(Device *d, unsigned key, uint64_t value, unsigned size);
// False if the name is too long (55 characters), taken, or there are too many files.
bool fw_cfg_add_file(Device *d, const char *name, const void *data, size_t len);
// For files whose contents depend on what the guest has done: refresh is called when it selects the
// file, and may replace the contents of any by as many bytes.
void fw_cfg_set_refresh(Device *d, const char *name, void (*refresh)(void *opaque), void *opaque);
// A file that the guest may write, by DMA, without making it longer. written is called after each
// write with all of its bytes. They belong to the state of whoever adds the file: after a reset or
// load, fw_cfg_replace_file puts them there.
bool fw_cfg_add_writable(Device *d, const char *name, const void *data, size_t len,
                         void (*written)(void *opaque, const uint8_t *data), void *opaque);
void fw_cfg_replace_file(Device *d, const char *name, const void *data, size_t len);
// -fw_cfg [name=]NAME,file=PATH or string=TEXT
bool fw_cfg_add_option(struct Machine *m, const char *optarg, char **error);

#endif
