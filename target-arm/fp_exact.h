// Arm's floating point, exact in every bit and flag under any FPCR: what the IR's FP ops fall back
// to, and what does the operations that the IR does not have.
//
// desc = aux | aux2 << 16 as in tcg-like/ops.h: aux has the lane size (1 half, 2 single, 3 double)
// and IR_FP_SCALAR; aux2 has the rounding mode of conversions and, at ARM_FX_FBITS, fraction bits.
#ifndef TARGET_ARM_FP_EXACT_H
#define TARGET_ARM_FP_EXACT_H

#include "fpu/softfloat.h"
#include "target-arm/cpu.h"

// FPCR and FPSR (DDI 0487 C5.2.7, C5.2.10).
enum {
    FPCR_SHORT = 0x37 << 16, // LEN and STRIDE, of AArch32
    FPCR_FZ16 = 1 << 19,
    FPCR_RMODE_SHIFT = 22,
    FPCR_FZ = 1 << 24,
    FPCR_DN = 1 << 25,
    FPCR_AHP = 1 << 26,
    FPSR_FLAGS = 0x1f,
    FPSR_IDC = 1 << 7,
    FPSR_QC = 1 << 27,
};

// Complete values: sticky flags from translated code and inline saturation are merged.
uint32_t arm_fpsr_read(ARMCPU *c);
void arm_fpsr_write(ARMCPU *c, uint32_t value);
// Also loads the rounding mode for translated code. The caller reports the mode change.
void arm_fpcr_write(ARMCPU *c, uint32_t value);

// softfloat's settings for a format under the current FPCR, and the way back of its flags. _of: or,
// if desc has IR_FP_FLUSH, under the standard FPSCR value that Advanced SIMD has in AArch32.
SfStatus arm_fp_status(const ARMCPU *c, SfFormat f);
SfStatus arm_fp_status_of(const ARMCPU *c, SfFormat f, uint32_t desc);
void arm_fp_note(ARMCPU *c, SfFormat f, const SfStatus *s);

#define ARM_FX_FBITS 4                   // position in aux2, 7 bits
#define ARM_FX_I64   (UINT32_C(1) << 31) // in desc: the integer side has 64 bits
#define ARM_FX_I16   (UINT32_C(1) << 30) // 16 bits

// Lane by lane: a op b, a * b + c, op a.
extern const IRVHelper arm_fx_add, arm_fx_sub, arm_fx_mul, arm_fx_div, arm_fx_sqrt, arm_fx_fma,
    arm_fx_min, arm_fx_max, arm_fx_minnm, arm_fx_maxnm, arm_fx_mulx, arm_fx_abd, arm_fx_recps,
    arm_fx_rsqrts, arm_fx_recpe, arm_fx_rsqrte, arm_fx_recpx;
// AArch32's Newton steps, whose product is rounded before the subtraction.
extern const IRVHelper arm_fx_recps_twice, arm_fx_rsqrts_twice;
extern const IRVHelper arm_fx_ceq, arm_fx_cge, arm_fx_cgt, arm_fx_acge, arm_fx_acgt; // all-ones
extern const IRVHelper arm_fx_round;         // aux2: IRRound
extern const IRVHelper arm_fx_round_bounded; // FRINT32/64: aux2 also 64 or 32 at ARM_FX_FBITS
extern const IRVHelper arm_fx_vs2f, arm_fx_vu2f, arm_fx_vf2s, arm_fx_vf2u;
// Lane 0, integers in lane 0 of 64 bits.
extern const IRVHelper arm_fx_s2f, arm_fx_u2f, arm_fx_f2s, arm_fx_f2u;
extern const IRVHelper arm_fx_cvt;     // aux2: target format
extern const IRVHelper arm_fx_cvt_odd; // double to single, rounded to odd (FCVTXN)
extern const IRVHelper arm_fx_cmp;     // packed IR flags in lane 0
extern const IRVHelper arm_fx_jcvt;    // FJCVTZS: result in u32[0], packed IR flags in u32[1]
// Vectors: the low half lanes of a to twice the size; all lanes of a to half the size, in the low
// half. aux: lane size of a.
extern const IRVHelper arm_fx_lengthen, arm_fx_narrow, arm_fx_narrow_odd;
// Complex: c + a * b rotated. FCADD: a + b rotated. aux2: rotation in quarter turns.
extern const IRVHelper arm_fx_cmla, arm_fx_cadd;
// Half precision products onto single. aux2 bit 0: the high half of a and b; bit 1: a negated; bit
// 2: 64-bit vectors.
extern const IRVHelper arm_fx_mlal;
extern const IRVHelper arm_fx_bf_cvt, arm_fx_bf_narrow, arm_fx_bf_dot, arm_fx_bf_mmla,
    arm_fx_bf_mlal;

// Table lookups of DDI 0487 RecipEstimate and RecipSqrtEstimate: nine bits with the leading one (or
// below it for the root) to nine bits.
unsigned arm_recip_estimate(unsigned a);
unsigned arm_recip_sqrt_estimate(unsigned a);

#endif
