// SHA512, SM3 and SM4 steps as exact C functions: target-arm/helpers_crypto.c.
// a, b, c are the instruction's operands in the order that each row tells.
#ifndef TARGET_ARM_HELPERS_CRYPTO_H
#define TARGET_ARM_HELPERS_CRYPTO_H

#include "tcg-like/ir.h"

// a = Qd, b = Qn, c = Vm
extern const IRVHelper arm_hv_sha512h, arm_hv_sha512h2, arm_hv_sha512su1;
extern const IRVHelper arm_hv_sm3partw1, arm_hv_sm3partw2;
// a = Vd, b = Vn
extern const IRVHelper arm_hv_sha512su0, arm_hv_sm4e;
extern const IRVHelper arm_hv_sm4ekey; // a = Vn, b = Vm
extern const IRVHelper arm_hv_sm3ss1;  // a = Vn, b = Vm, c = Va
// a = Vd, b = Vn, c = Vm; desc: index | variant << 4 (SM3TT1A, 1B, 2A, 2B)
extern const IRVHelper arm_hv_sm3tt;

#endif
