// Shared by the parts of the PC boards. The picture is in pc.c.
#ifndef HW_I386_PC_INTERNAL_H
#define HW_I386_PC_INTERNAL_H

#include "hw/core/loader.h"
#include "hw/core/machine.h"
#include "hw/pci/pam.h"
#include "hw/pci/pci.h"

#define GIB UINT64_C(0x40000000)
#define MIB UINT64_C(0x100000)
#define KIB UINT64_C(0x400)

#define PC_GSIS       24
#define PC_ECAM       UINT64_C(0xb0000000) // q35
#define PC_ECAM_SIZE  UINT64_C(0x10000000)
#define PC_HOLE_END   UINT64_C(0xfec00000) // of PCI memory below 4 GiB
#define PC_FW_CFG     0x510
#define PC_SCI        9
#define PC_FLASH_MAX  (8 * MIB)
#define PC_LOW_TABLES 0x000e0000u // where a machine without firmware has its tables

struct Pc;

// What differs between the two boards.
typedef struct PcChipset {
    uint64_t (*below_4g)(uint64_t ram); // bytes of RAM below 4 GiB
    void (*create)(struct Pc *s);       // PCI bus, bridges, PM block, disk controller
    // As firmware leaves the chipset, for kernels that start without one.
    void (*prepare)(struct Pc *s);
    uint16_t (*pm_base)(const struct Pc *s);       // where the PM block is, or will be
    unsigned (*pirq)(unsigned slot, unsigned pin); // PIRQ (A = 0) of a pin, as after reset
    bool q35;
    unsigned ioapic_version;
    uint64_t hole_start; // lowest start of PCI memory below 4 GiB
} PcChipset;

typedef enum PcBoot {
    PC_BOOT_FIRMWARE, // from the reset vector
    PC_BOOT_LINUX,    // bzImage at its 32-bit entry
    PC_BOOT_MULTIBOOT,
    PC_BOOT_PVH,
    PC_BOOT_NOTHING,
} PcBoot;

typedef struct Pc {
    Machine *m;
    const PcChipset *chipset;
    // --- options
    bool acpi, hpet_on, smm_on, i8042_on, fdc_on, firmware_given, firmware_wanted;
    // --- memory
    PcMemory mem;
    MemRegion *io;
    AddressSpace *smm;
    uint64_t below_4g, above_4g;
    // --- devices
    PciBus *bus;
    Device *pic, *ioapic, *rtc, *fdc, *parallel, *fw_cfg, *pm, *i8042, *host, *south;
    IrqLine pic_pin[16], ioapic_pin[PC_GSIS];
    uint8_t gsi_level[PC_GSIS]; // derived: a bit for each source
    // --- boot
    PcBoot boot;
    bool firmware; // there is one to start or to leave alone
    LoadImage *kernel;
    GPtrArray *images; // LoadImage: what is put into RAM at each reset, without firmware
    uint64_t entry, boot_arg;
    unsigned resets; // the first one is the machine's start
} Pc;

// Sources of a global interrupt besides the ISA lines.
enum { PC_GSI_PIRQ, PC_GSI_HPET, PC_GSI_SCI, PC_GSI_SOURCES };

// --- pc.c
const char *pc_option(const Pc *s, const char *name);
IrqLine pc_gsi(Pc *s, unsigned gsi, unsigned source);
IrqLine pc_smi(Pc *s);

// --- pc_memory.c: RAM and the views of it
bool pc_memory_create(Pc *s, char **error);
// Start of the window for PCI devices below 4 GiB, and above.
uint64_t pc_hole_start(const Pc *s);
uint64_t pc_high_hole_start(const Pc *s);
#define PC_HIGH_HOLE_END UINT64_C(0x7fffffffff)

typedef struct PcRange {
    uint64_t base, size;
    uint32_t type; // E820_*
} PcRange;
enum { E820_RAM = 1, E820_RESERVED = 2, E820_ACPI = 3 };
#define PC_E820_MAX 16
// RAM and holes as etc/e820 lists them; for a kernel, also what lies below 1 MiB.
unsigned pc_e820(const Pc *s, PcRange out[PC_E820_MAX], bool kernel);

// --- pc_firmware.c: ROM images, flash
bool pc_firmware_create(Pc *s, char **error);

// --- pc_cmos.c, pc_fw_cfg.c: what the board tells firmware
void pc_cmos_fill(Pc *s);
void pc_cmos_boot_order(Pc *s, bool once); // -boot order=, or what once= says
bool pc_fw_cfg_fill(Pc *s, char **error);

// --- pc_acpi.c, pc_dsdt.c
struct AcpiTables;
void pc_acpi_build(Pc *s, struct AcpiTables *t);
GByteArray *pc_dsdt(const Pc *s);

// --- pc_smbios.c: structure table and entry point; base is where the table will lie
GByteArray *pc_smbios_tables(const Pc *s, unsigned *count, unsigned *largest);
GByteArray *pc_smbios_anchor(const GByteArray *tables, unsigned count, unsigned largest,
                             uint32_t base);

// --- pc_boot.c and the loaders
bool pc_boot_finish(Pc *s, char **error);
void pc_boot_reset(Pc *s);
void pc_add_image(Pc *s, uint64_t addr, const void *data, uint64_t len);
// False with *error; *known says whether the file is of that kind.
bool pc_load_linux(Pc *s, const uint8_t *file, uint64_t len, bool *known, char **error);
// The same for firmware: fills fw_cfg's kernel, setup and address items.
bool pc_linux_fw_cfg(Pc *s, const uint8_t *file, uint64_t len, const uint8_t *initrd,
                     uint64_t initrd_len, char **error);
bool pc_load_multiboot(Pc *s, const uint8_t *file, uint64_t len, bool *known, char **error);
bool pc_load_pvh(Pc *s, const uint8_t *file, uint64_t len, bool *known, char **error);
// Tables for the operating system, without firmware; the root pointer's address.
uint32_t pc_place_tables(Pc *s);

// --- pc_pci.c: BARs and interrupt lines as firmware would set them
void pc_pci_assign(Pc *s);

// --- chipsets
extern const PcChipset pc_i440fx_chipset, pc_q35_chipset;

#endif
