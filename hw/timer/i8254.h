// A PC's 8254 interval timer with the speaker port, as boards see it.
#ifndef HW_TIMER_I8254_H
#define HW_TIMER_I8254_H

#include "hw/core/device.h"

#define I8254_HZ 1193182

// Ports 40h-43h and 61h. irq0 is channel 0's output.
Device *i8254_create(struct Machine *m, MemRegion *io, IrqLine irq0);

#endif
