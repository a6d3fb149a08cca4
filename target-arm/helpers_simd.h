// Vector operations without an IR op, as exact C functions. Saturation sets FPSR.QC in cpu->fpsr
// (which counts as FP status, so that translated code need not reload state).
//
// All take desc = arm_vdesc(): lane size, Q, and an immediate. They work on whole registers; lanes
// that do not count arrive as zero, which saturates nothing.
#ifndef TARGET_ARM_HELPERS_SIMD_H
#define TARGET_ARM_HELPERS_SIMD_H

#include "tcg-like/ir.h"

static inline uint32_t arm_vdesc(unsigned esize, bool q, unsigned imm)
{
    return esize | (uint32_t)q << 4 | imm << 8;
}
static inline unsigned arm_vdesc_esize(uint32_t desc)
{
    return desc & 7;
}
static inline bool arm_vdesc_q(uint32_t desc)
{
    return desc >> 4 & 1;
}
static inline unsigned arm_vdesc_imm(uint32_t desc)
{
    return desc >> 8 & 0xff;
}

// --- shifts of a by the signed low byte of each lane of b (helpers_simd_shift.c)
extern const IRVHelper arm_hv_sshl, arm_hv_ushl, arm_hv_srshl, arm_hv_urshl, arm_hv_sqshl,
    arm_hv_uqshl, arm_hv_sqrshl, arm_hv_uqrshl;
// --- shifts of a by the immediate
extern const IRVHelper arm_hv_sqshl_imm, arm_hv_uqshl_imm, arm_hv_sqshlu_imm;

// --- saturating arithmetic (helpers_simd.c)
extern const IRVHelper arm_hv_suqadd, arm_hv_usqadd;     // a: operand n, b: the accumulator d
extern const IRVHelper arm_hv_sqrdmlah, arm_hv_sqrdmlsh; // a * b, accumulated on c

// --- others
extern const IRVHelper arm_hv_cls, arm_hv_clz, arm_hv_rbit;
extern const IRVHelper arm_hv_pmul;                   // 8-bit polynomial product
extern const IRVHelper arm_hv_pmull8;                 // widening, of the half that imm tells
extern const IRVHelper arm_hv_urecpe, arm_hv_ursqrte; // 32-bit lanes
// Dot products, accumulated on c; imm: 1 a is signed, 2 b is signed.
extern const IRVHelper arm_hv_dot;
extern const IRVHelper arm_hv_mmla; // 2x2 += (2x8) * (8x2), same imm

#endif
