// Pointer authentication, as other chapters use it (FEAT_PAuth).
#ifndef TARGET_ARM_A64_PAUTH_H
#define TARGET_ARM_A64_PAUTH_H

#include "target-arm/a64/a64.h"

enum { PAUTH_IA, PAUTH_IB, PAUTH_DA, PAUTH_DB };

// The authenticated, or signed, pointer; the pointer itself where SCTLR does not enable the key.
IRRef a64_auth(ArmCtx *c, IRRef pointer, IRRef modifier, unsigned key);
IRRef a64_sign(ArmCtx *c, IRRef pointer, IRRef modifier, unsigned key);
IRRef a64_strip_pac(ArmCtx *c, IRRef pointer, bool data);

// The instructions in hint space: hint = CRm:op2. False: it is not one of these.
bool a64_pauth_hint(ArmCtx *c, unsigned hint);

extern const ArmChapter a64_pauth;

#endif
