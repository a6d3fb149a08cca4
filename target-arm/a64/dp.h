// What the integer data-processing chapters share.
#ifndef TARGET_ARM_A64_DP_H
#define TARGET_ARM_A64_DP_H

#include "target-arm/a64/a64.h"

// Rd = n + m, or n - m; set: flags too. Rd 31 is ZR.
void a64_add_sub(ArmCtx *c, unsigned d, IRRef n, IRRef m, bool sub, bool set);

// ExtendReg (DDI 0487 J1.1.3): the low bits of a 64-bit value as option says, 64 bits wide,
// shifted.
IRRef a64_extend(ArmCtx *c, IRRef x, unsigned option, unsigned shift);

#endif
