// A PC's MC146818 real-time clock with battery-backed memory, as boards see it.
#ifndef HW_RTC_MC146818_H
#define HW_RTC_MC146818_H

#include "hw/core/device.h"

#define RTC_CENTURY 0x32 // CMOS byte, for the FADT

// Ports 70h-73h (two banks of 128 bytes). Alarm, periodic and update interrupts on irq8. The
// machine's "rtc".
Device *mc146818_create(struct Machine *m, MemRegion *io, IrqLine irq8);
// Memory bytes 0x0e..0xff: boards describe the machine to firmware there. They survive resets.
void mc146818_set_cmos(Device *d, unsigned index, uint8_t value);
uint8_t mc146818_get_cmos(const Device *d, unsigned index);

#endif
