// What is left of the ISA bus in a PC: the I/O ports and 16 interrupt lines.
#ifndef HW_ISA_ISA_H
#define HW_ISA_ISA_H

#include "hw/core/device.h"

#define ISA_IRQS 16

// For boards: irq[n] is where line n goes (8259 and I/O APIC). Makes the machine's "isa"; devices
// of bus "isa" can be created after it.
void isa_bus_create(struct Machine *m, const IrqLine irq[ISA_IRQS]);
// A new source on line n; the line is high while any of its sources is. Not connected if there is
// no bus.
IrqLine isa_irq(struct Machine *m, unsigned n);
// The machine's I/O ports; NULL on boards without.
MemRegion *isa_io(struct Machine *m);
// Maps ports; false with *error if the range does not lie in the 64 Ki ports.
bool isa_map(struct Machine *m, uint32_t base, MemRegion *region, char **error);

#endif
