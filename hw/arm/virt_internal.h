// Shared by the parts of the virt board: virt.c (map and wiring), virt_fdt.c, virt_boot.c.
#ifndef HW_ARM_VIRT_INTERNAL_H
#define HW_ARM_VIRT_INTERNAL_H

#include "hw/core/loader.h"
#include "hw/core/machine.h"

typedef enum VirtSlot {
    VIRT_FLASH,
    VIRT_GIC_DIST,
    VIRT_GIC_CPU,
    VIRT_GIC_V2M,
    VIRT_GIC_REDIST,
    VIRT_UART,
    VIRT_RTC,
    VIRT_FW_CFG,
    VIRT_GPIO,
    VIRT_MMIO,
    VIRT_PCIE_MMIO,
    VIRT_PCIE_PIO,
    VIRT_PCIE_ECAM,
    VIRT_PCIE_HIGH_ECAM,
    VIRT_PCIE_HIGH_MMIO,
    VIRT_RAM,
    VIRT_SLOTS
} VirtSlot;

typedef struct VirtRange {
    uint64_t base, size;
} VirtRange;
extern const VirtRange virt_map[VIRT_SLOTS];

// Shared peripheral interrupts.
enum {
    VIRT_SPI_UART = 1,
    VIRT_SPI_RTC = 2,
    VIRT_SPI_PCIE = 3, // to 6
    VIRT_SPI_GPIO = 7,
    VIRT_SPI_MMIO = 16,
    VIRT_SPI_V2M = 48,
    VIRT_SPIS = 256,
};
// Private ones, as numbers of the device tree's PPI space (INTID - 16).
enum {
    VIRT_PPI_PMU = 7,
    VIRT_PPI_TIMER_HYP = 10,
    VIRT_PPI_TIMER_VIRT = 11,
    VIRT_PPI_TIMER_SEC = 13,
    VIRT_PPI_TIMER_PHYS = 14,
};

#define VIRT_MMIO_SLOTS 32
#define VIRT_V2M_SPIS   64
#define VIRT_POWER_LINE 3 // of the GPIO block
#define VIRT_FLASH_BANK UINT64_C(0x4000000)
#define VIRT_FDT_MAX    UINT64_C(0x100000)

typedef struct Virt {
    Machine *m;
    MemRegion *sysmem;
    unsigned gic_version; // 2 or 3
    bool a32;             // CPUs of 32 bits
    bool highmem, high_ecam;
    Device *gic, *fw_cfg;
    bool firmware; // starts in flash
    LoadImage *kernel, *initrd, *dtb;
} Virt;

static inline VirtRange virt_ecam(const Virt *s)
{
    return virt_map[s->high_ecam ? VIRT_PCIE_HIGH_ECAM : VIRT_PCIE_ECAM];
}

// The device tree, VIRT_FDT_MAX bytes with room in them, g_malloc'd; without /chosen's boot
// arguments.
uint8_t *virt_make_fdt(const Virt *s);
// Sets bootargs and, unless it is empty, the initrd's addresses; memory too for a user's own tree.
bool virt_fdt_set_boot(const Virt *s, void *fdt, const char *bootargs, const LoadImage *initrd,
                       char **error);

bool virt_boot_finish(Virt *s, char **error);
void virt_boot_reset(Virt *s);

#endif
