// A PC's pair of 8259A interrupt controllers, as boards see it.
#ifndef HW_INTC_I8259_H
#define HW_INTC_I8259_H

#include "hw/core/device.h"

// Ports 20h, a0h and, for the edge/level registers, 4d0h. out is INTR: with local APICs,
// apic_lint0(m), and then apic_connect_pic. The machine's "pic".
Device *i8259_create(struct Machine *m, MemRegion *io, IrqLine out);
IrqLine i8259_input(Device *d, unsigned irq); // 0..15; 2 is the cascade and not connected
// The CPU's INTA cycles: the vector. With nothing pending it is the master's spurious one.
unsigned i8259_acknowledge(Device *d);
bool i8259_pending(const Device *d);           // INTR's level
void i8259_print(const Device *d, void *file); // `info pic`

#endif
