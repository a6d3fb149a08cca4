// Arm PrimeCell UART, as boards see it.
#ifndef HW_CHAR_PL011_H
#define HW_CHAR_PL011_H

#include "hw/core/device.h"

struct Chardev;

// backend may be NULL: output is dropped, no input comes.
Device *pl011_create(struct Machine *m, MemRegion *sysmem, uint64_t base, IrqLine irq,
                     struct Chardev *backend);

#endif
