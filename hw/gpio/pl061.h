// Arm PrimeCell GPIO, as boards see it.
#ifndef HW_GPIO_PL061_H
#define HW_GPIO_PL061_H

#include "hw/core/device.h"

Device *pl061_create(struct Machine *m, MemRegion *sysmem, uint64_t base, IrqLine irq);
IrqLine pl061_input(Device *d, unsigned line);                // 0-7
void pl061_connect(Device *d, unsigned line, IrqLine output); // told of the line's level

#endif
