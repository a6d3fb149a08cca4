// I/O APIC with 24 inputs, as boards see it.
#ifndef HW_INTC_IOAPIC_H
#define HW_INTC_IOAPIC_H

#include "hw/core/device.h"

#define IOAPIC_PINS    24
#define IOAPIC_ADDRESS 0xfec00000

// version: 0x11 (i440FX) or 0x20 (with an EOI register, q35). Sends to the machine's local APICs.
// The machine's "ioapic".
Device *ioapic_create(struct Machine *m, MemRegion *sysmem, uint64_t base, unsigned version);
// Boards connect ISA line 0 (the timer) to pin 2, as the MADT then says.
IrqLine ioapic_input(Device *d, unsigned pin);
// A local APIC ended a level-triggered interrupt.
void ioapic_eoi(struct Machine *m, unsigned vector);
void ioapic_print(const Device *d, void *file);

#endif
