// High precision event timer, as boards see it.
#ifndef HW_TIMER_HPET_H
#define HW_TIMER_HPET_H

#include "hw/core/device.h"

#define HPET_ADDRESS     0xfed00000
#define HPET_BLOCK_ID    0x8086a201u // for the ACPI table
#define HPET_PERIOD_FS   10000000    // 100 MHz
#define HPET_IOAPIC_PINS 24

// gsi[n]: global interrupt n (I/O APIC pin, and 8259 below 16). In legacy replacement mode timers 0
// and 1 take the place of the 8254 on isa[0] and of the RTC on isa[1].
Device *hpet_create(struct Machine *m, MemRegion *sysmem, uint64_t base,
                    const IrqLine gsi[HPET_IOAPIC_PINS], IrqLine isa0, IrqLine isa8);
// Where the 8254's output (0) and the RTC's (1) go: they pass to isa0 and isa8 unless replaced.
IrqLine hpet_legacy_input(Device *d, unsigned which);

#endif
