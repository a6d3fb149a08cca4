// AArch32's coprocessors 14 and 15: system registers as MRC, MCR, MRRC and MCRR name them (DDI 0487
// G7.3). Rows are ARMSysReg's; their encodings those of arm_cp_enc (helpers_a32.h), which happen to
// be the ones of AArch64 for most registers that both have.
//
//   CP(15, 0, 1, 0, 0)  SCTLR         home: the same as SCTLR_EL1's
//   CP64(15, 1, 14)     CNTVCT        SR_ALIAS of an AArch64 row: its hooks, permissions and traps
//   CP(15, 0, 10, 2, 0) MAIR0         SR_LOW half of MAIR_EL1's home, MAIR1 the SR_HIGH one
//
// There is neither EL2 nor EL3: what would trap to them or is theirs is UNDEFINED, and each banked
// register has one copy.
#ifndef TARGET_ARM_CP15_H
#define TARGET_ARM_CP15_H

#include "target-arm/sysregs.h"

#define CP(cp, opc1, crn, crm, opc2) SR((cp)-12, opc1, crn, crm, opc2)
#define CP64(cp, opc1, crm)          SR((cp)-14, (opc1)&7, 0, crm, (opc1) >> 3)

// Flags besides those of sysregs.h.
enum {
    SR_ALIAS = 16, // .value: encoding of the AArch64 row that it is another name of
    SR_LOW = 32,   // bits 31..0 of the home
    SR_HIGH = 64,  // bits 63..32 of it
};

extern const ARMSysRegTable arm_cp_control, arm_cp_system, arm_cp_tlb, arm_cp_names, arm_cp_debug;

void arm_cp_init(ARMCPU *c); // for CPUs that have AArch32 at EL0 or EL1
void arm_cp_free(ARMCPU *c);
// May raise. regs: rt | rt2 << 8, for syndromes.
uint64_t arm_cp_read(ARMCPU *c, uint32_t enc, unsigned regs);
void arm_cp_write(ARMCPU *c, uint32_t enc, uint64_t value, unsigned regs);

#endif
