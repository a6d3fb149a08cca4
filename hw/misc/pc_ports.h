// Small things at fixed I/O ports of a PC: POST code (80h), coprocessor error clear (f0h).
#ifndef HW_MISC_PC_PORTS_H
#define HW_MISC_PC_PORTS_H

#include "hw/core/device.h"

// A write to f0h ends irq13 and lets the coprocessor go on (x86_cpu_ignne). Connects FERR# of all
// CPUs of the machine to irq13.
Device *pc_ports_create(struct Machine *m, MemRegion *io, IrqLine irq13);

#endif
