// PIIX3 south bridge, function 0: the PCI-to-ISA bridge 8086:7000 at 1.0 of the machine's "pci".
#ifndef HW_ISA_PIIX3_H
#define HW_ISA_PIIX3_H

#include "hw/core/device.h"

#define PIIX3_PIRQS 4

// Takes over the bus's interrupt lines: PIRQ A to D go to the ISA lines that its registers say.
Device *piix3_create(struct Machine *m);
// What firmware would do: PIRQs on lines 10, 10, 11, 11. From the board's reset.
void piix3_route_default(Device *d);

#endif
