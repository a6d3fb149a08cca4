// The power button: what `system_powerdown` presses. Guests see it as the board has it (a GPIO
// key).
#ifndef HW_CORE_POWERDOWN_H
#define HW_CORE_POWERDOWN_H

#include "hw/core/irq.h"

struct Machine;

// For boards: the line that a press raises for 100 ms of virtual time.
void powerdown_connect(struct Machine *m, IrqLine line);
// Through the gate, so that the guest sees it at a recorded instruction. False: no power button.
bool machine_powerdown(struct Machine *m);

#endif
