// Inside monitor/: registers as QEMU's `info registers` lays them out, for scripts that look for
// "RIP=" or "PC=" and for people who compare the two.
#ifndef MONITOR_REGISTERS_H
#define MONITOR_REGISTERS_H

#include <glib.h>
#include "accel/vcpu.h"

// The state is home (target->sync). wide: upper halves of vector registers, too, where they are
// apart.
void monitor_registers_x86(VCPU *v, bool wide, GString *out);
void monitor_registers_arm(VCPU *v, bool wide, GString *out);

#endif
