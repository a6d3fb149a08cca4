// The floppy disk controller of a PC (82078) with two drives.
#ifndef HW_BLOCK_FDC_H
#define HW_BLOCK_FDC_H

#include "hw/core/device.h"
#include "hw/isa/i8237.h"

struct Machine;

// Ports 3f1-3f5 and 3f7 in io; DMA channel 2. Takes the drives with if=floppy (-fda, -fdb) when
// they come.
Device *fdc_create(struct Machine *m, MemRegion *io, IrqLine irq6, I8237 *dma);

// What CMOS byte 0x10 calls a drive: 0 none, 1 360K, 2 1.2M, 3 720K, 4 1.44M, 5 2.88M. After the
// drives were added.
unsigned fdc_drive_type(Device *fdc, unsigned unit);

#endif
