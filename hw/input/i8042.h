// Keyboard controller with a PS/2 keyboard and mouse, and port 92h, as boards see them.
#ifndef HW_INPUT_I8042_H
#define HW_INPUT_I8042_H

#include "hw/core/device.h"

// Ports 60h and 64h. irq1 is the keyboard's, irq12 the mouse's. a20m is high while address bit 20
// is masked: wire it to X86_INPUT_A20M of all CPUs. Its reset line resets the machine.
Device *i8042_create(struct Machine *m, MemRegion *io, IrqLine irq1, IrqLine irq12, IrqLine a20m);
// As firmware leaves it, for systems that start without: codes are translated to set 1, the
// keyboard interrupts, the mouse is off. After a reset.
void i8042_prepare(Device *d);
// Port 92h: bit 1 opens A20, bit 0 resets. The last of the two to be written decides A20.
Device *port92_create(struct Machine *m, MemRegion *io, IrqLine a20m);

#endif
