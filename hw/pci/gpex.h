// A generic PCI Express host: ECAM configuration window, memory and I/O windows, four INTx lines.
#ifndef HW_PCI_GPEX_H
#define HW_PCI_GPEX_H

#include "hw/pci/pci.h"

// Guest physical addresses; a size of 0 means that there is no such window. Memory windows map
// PCI addresses to equal CPU addresses; the I/O window starts at port 0.
typedef struct GpexConfig {
    MemRegion *sysmem;
    uint64_t ecam_base, ecam_size;
    uint64_t mmio_base, mmio_size;
    uint64_t high_mmio_base, high_mmio_size;
    uint64_t pio_base, pio_size;
    IrqLine intx[4]; // pin (INTA = 0) of slot s reaches intx[(s + pin) % 4]
} GpexConfig;

// Registers the bus as the machine's "pci" and plugs the NICs that -nic asked for.
void gpex_create(struct Machine *m, const GpexConfig *c);

#endif
