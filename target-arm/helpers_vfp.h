// VFP's system registers as AArch32 sees them, for translated code and for whoever shows them.
#ifndef TARGET_ARM_HELPERS_VFP_H
#define TARGET_ARM_HELPERS_VFP_H

#include "target-arm/cpu.h"

// FPSCR: FPCR, FPSR and the condition flags in one (DDI 0487 G8.2.53). Writing it reports the mode
// change.
uint32_t arm_fpscr_read(ARMCPU *c);
void arm_fpscr_write(ARMCPU *c, uint32_t value);

// arg0: the register's number in VMRS and VMSR (0 FPSID, 1 FPSCR, 5..7 MVFR2..0, 8 FPEXC). vmsr:
// arg1: value; FPSCR and FPEXC only. The block ends after it.
extern const IRHelper arm_h_vmrs, arm_h_vmsr;

#endif
