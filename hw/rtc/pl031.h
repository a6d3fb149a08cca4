// Arm PrimeCell real-time clock, as boards see it.
#ifndef HW_RTC_PL031_H
#define HW_RTC_PL031_H

#include "hw/core/device.h"

Device *pl031_create(struct Machine *m, MemRegion *sysmem, uint64_t base, IrqLine irq);

#endif
