// Advanced SIMD three same and three same (extra), integers: DDI 0487 C4.1.96. Floating point is in
// simd_fp.c.
#include "target-arm/a64/simd.h"

// --- add, subtract, compare: one IR op

#define ONE_OP(name, op)                                                                           \
    IRRef simd_##name(ArmCtx *c, const Simd *s)                                                    \
    {                                                                                              \
        return ir_v2(c->b, op, simd_n(c, s), simd_m(c, s), s->esize);                              \
    }

ONE_OP(add, IR_vadd)
ONE_OP(sub, IR_vsub)
ONE_OP(cmgt, IR_vcgt)
ONE_OP(cmge, IR_vcge)
ONE_OP(cmhi, IR_vcgtu)
ONE_OP(cmhs, IR_vcgeu)
ONE_OP(cmeq, IR_vceq)
ONE_OP(cmtst, IR_vctst)
ONE_OP(mul, IR_vmul)
ONE_OP(smax, IR_vmaxs)
ONE_OP(smin, IR_vmins)
ONE_OP(umax, IR_vmaxu)
ONE_OP(umin, IR_vminu)
ONE_OP(sabd, IR_vabds)
ONE_OP(uabd, IR_vabdu)

#define ACCUMULATE(name, op, how)                                                                  \
    IRRef simd_##name(ArmCtx *c, const Simd *s)                                                    \
    {                                                                                              \
        IRRef x = ir_v2(c->b, op, simd_n(c, s), simd_m(c, s), s->esize);                           \
        return ir_v2(c->b, how, simd_d(c, s), x, s->esize);                                        \
    }

ACCUMULATE(mla, IR_vmul, IR_vadd)
ACCUMULATE(mls, IR_vmul, IR_vsub)
ACCUMULATE(saba, IR_vabds, IR_vadd)
ACCUMULATE(uaba, IR_vabdu, IR_vadd)

// --- halving. With x = a ^ b: a + b = 2 (a & b) + x and a - b = x - 2 (~a & b).

static IRRef half_of_xor(ArmCtx *c, const Simd *s, IRRef n, IRRef m, bool is_signed)
{
    return ir_v1i(c->b, is_signed ? IR_vsari : IR_vshri, ir_v2(c->b, IR_vxor, n, m, 0), s->esize,
                  1);
}

static IRRef halving_add(ArmCtx *c, const Simd *s, bool is_signed)
{
    IRRef n = simd_n(c, s), m = simd_m(c, s);
    return ir_v2(c->b, IR_vadd, ir_v2(c->b, IR_vand, n, m, 0), half_of_xor(c, s, n, m, is_signed),
                 s->esize);
}

static IRRef halving_add_round(ArmCtx *c, const Simd *s, bool is_signed)
{
    IRRef n = simd_n(c, s), m = simd_m(c, s);
    if (!is_signed && s->esize < 2) {
        return ir_v2(c->b, IR_vavgu, n, m, s->esize);
    }
    return ir_v2(c->b, IR_vsub, ir_v2(c->b, IR_vor, n, m, 0), half_of_xor(c, s, n, m, is_signed),
                 s->esize);
}

static IRRef halving_sub(ArmCtx *c, const Simd *s, bool is_signed)
{
    IRRef n = simd_n(c, s), m = simd_m(c, s);
    return ir_v2(c->b, IR_vsub, half_of_xor(c, s, n, m, is_signed), ir_v2(c->b, IR_vandn, m, n, 0),
                 s->esize);
}

#define SIGNED_PAIR(name, fn)                                                                      \
    IRRef simd_s##name(ArmCtx *c, const Simd *s)                                                   \
    {                                                                                              \
        return fn(c, s, true);                                                                     \
    }                                                                                              \
    IRRef simd_u##name(ArmCtx *c, const Simd *s)                                                   \
    {                                                                                              \
        return fn(c, s, false);                                                                    \
    }

SIGNED_PAIR(hadd, halving_add)
SIGNED_PAIR(rhadd, halving_add_round)
SIGNED_PAIR(hsub, halving_sub)

// --- saturating

static IRRef saturating(ArmCtx *c, const Simd *s, IROpcode op, IROpcode wrap)
{
    IRRef n = simd_n_clean(c, s), m = simd_m_clean(c, s);
    IRRef r = ir_v2(c->b, op, n, m, s->esize);
    simd_note_saturation(c, r, ir_v2(c->b, wrap, n, m, s->esize));
    return r;
}

#define SATURATING(name, op, wrap)                                                                 \
    IRRef simd_##name(ArmCtx *c, const Simd *s)                                                    \
    {                                                                                              \
        return saturating(c, s, op, wrap);                                                         \
    }

SATURATING(sqadd, IR_vqadds, IR_vadd)
SATURATING(uqadd, IR_vqaddu, IR_vadd)
SATURATING(sqsub, IR_vqsubs, IR_vsub)
SATURATING(uqsub, IR_vqsubu, IR_vsub)

// The high half of twice the product: the whole product shifted by one less, which alone is too
// large for the lane if both factors are the most negative value. Products of lanes i from the low
// and the high half are narrowed after saturation.
static IRRef double_high(ArmCtx *c, const Simd *s, bool round)
{
    IRBlock *b = c->b;
    unsigned wide = s->esize + 1, shift = simd_bits(s) - 1;
    IRRef n = simd_n_clean(c, s), m = simd_m_clean(c, s), half[2];
    IRRef most = simd_splat(c, wide, mask64(shift));
    for (unsigned i = 0; i < 1u + s->q; i++) {
        IRRef p = ir_v2(b, i ? IR_vmull2_s : IR_vmull_s, n, m, s->esize);
        if (round) {
            p = ir_v2(b, IR_vadd, p, simd_splat(c, wide, UINT64_C(1) << (shift - 1)), wide);
        }
        p = ir_v1i(b, IR_vsari, p, wide, shift);
        half[i] = ir_v2(b, IR_vmins, p, most, wide);
        simd_note_saturation(c, half[i], p);
    }
    IRRef r = ir_v1(b, IR_vnarrow, half[0], wide);
    return s->q ? ir_v2(b, IR_vnarrow2, r, half[1], wide) : r;
}

IRRef simd_sqdmulh(ArmCtx *c, const Simd *s)
{
    return double_high(c, s, false);
}
IRRef simd_sqrdmulh(ArmCtx *c, const Simd *s)
{
    return double_high(c, s, true);
}

// --- by C functions

#define BY_HELPER(name)                                                                            \
    IRRef simd_##name(ArmCtx *c, const Simd *s)                                                    \
    {                                                                                              \
        return simd_call2(c, s, &arm_hv_##name, simd_n_clean(c, s), simd_m_clean(c, s));           \
    }
#define BY_HELPER3(name)                                                                           \
    IRRef simd_##name(ArmCtx *c, const Simd *s)                                                    \
    {                                                                                              \
        return simd_call3(c, s, &arm_hv_##name, simd_n_clean(c, s), simd_m_clean(c, s),            \
                          simd_d_clean(c, s));                                                     \
    }

BY_HELPER(sshl)
BY_HELPER(ushl)
BY_HELPER(srshl)
BY_HELPER(urshl)
BY_HELPER(sqshl)
BY_HELPER(uqshl)
BY_HELPER(sqrshl)
BY_HELPER(uqrshl)
BY_HELPER(pmul)
BY_HELPER3(sqrdmlah)
BY_HELPER3(sqrdmlsh)

static IRRef dot(ArmCtx *c, const Simd *s, const IRVHelper *h, unsigned signs)
{
    return ir_vcall(c->b, h, simd_n(c, s), simd_m(c, s), simd_d(c, s), arm_vdesc(2, s->q, signs));
}

#define DOT(name, helper, signs)                                                                   \
    IRRef simd_##name(ArmCtx *c, const Simd *s)                                                    \
    {                                                                                              \
        return dot(c, s, &helper, signs);                                                          \
    }

DOT(udot, arm_hv_dot, 0)
DOT(sdot, arm_hv_dot, 3)
DOT(usdot, arm_hv_dot, 2)
DOT(sudot, arm_hv_dot, 1)
DOT(ummla, arm_hv_mmla, 0)
DOT(smmla, arm_hv_mmla, 3)
DOT(usmmla, arm_hv_mmla, 2)

// --- pairwise: even lanes of both operands against the odd ones

static IRRef pairwise(ArmCtx *c, const Simd *s, IROpcode op)
{
    IRRef n = simd_n(c, s), m = simd_m(c, s);
    if (!s->q) {
        n = m = simd_join(c, n, m);
    }
    if (op == IR_vaddp) {
        return ir_v2(c->b, op, n, m, s->esize);
    }
    return ir_v2(c->b, op, ir_v2(c->b, IR_vuzp1, n, m, s->esize),
                 ir_v2(c->b, IR_vuzp2, n, m, s->esize), s->esize);
}

#define PAIRWISE(name, op)                                                                         \
    IRRef simd_##name(ArmCtx *c, const Simd *s)                                                    \
    {                                                                                              \
        return pairwise(c, s, op);                                                                 \
    }

PAIRWISE(addp, IR_vaddp)
PAIRWISE(smaxp, IR_vmaxs)
PAIRWISE(sminp, IR_vmins)
PAIRWISE(umaxp, IR_vmaxu)
PAIRWISE(uminp, IR_vminu)

// --- bitwise; the size field tells the operation

IRRef simd_and(ArmCtx *c, const Simd *s)
{
    return ir_v2(c->b, IR_vand, simd_n(c, s), simd_m(c, s), 0);
}

IRRef simd_bic(ArmCtx *c, const Simd *s)
{
    return ir_v2(c->b, IR_vandn, simd_n(c, s), simd_m(c, s), 0);
}

IRRef simd_orr(ArmCtx *c, const Simd *s) // MOV if both are the same
{
    return s->n == s->m ? simd_n(c, s) : ir_v2(c->b, IR_vor, simd_n(c, s), simd_m(c, s), 0);
}

IRRef simd_orn(ArmCtx *c, const Simd *s)
{
    return ir_v2(c->b, IR_vorn, simd_n(c, s), simd_m(c, s), 0);
}

IRRef simd_eor(ArmCtx *c, const Simd *s)
{
    return ir_v2(c->b, IR_vxor, simd_n(c, s), simd_m(c, s), 0);
}

IRRef simd_bsl(ArmCtx *c, const Simd *s)
{
    return ir_v3(c->b, IR_vbsl, simd_d(c, s), simd_n(c, s), simd_m(c, s), 0);
}

IRRef simd_bit(ArmCtx *c, const Simd *s)
{
    return ir_v3(c->b, IR_vbsl, simd_m(c, s), simd_n(c, s), simd_d(c, s), 0);
}

IRRef simd_bif(ArmCtx *c, const Simd *s)
{
    return ir_v3(c->b, IR_vbsl, simd_m(c, s), simd_d(c, s), simd_n(c, s), 0);
}

// --- translators

static bool three_same(ArmCtx *c, unsigned sizes, SimdFn *fn)
{
    Simd s = simd_vector(c);
    return simd_size_ok(&s, sizes) && simd_run(c, &s, fn);
}

#define TR(name, sizes)                                                                            \
    static bool tr_##name(ArmCtx *c, const ArmFields *f)                                           \
    {                                                                                              \
        (void)f;                                                                                   \
        return three_same(c, sizes, simd_##name);                                                  \
    }
#define TR_MATRIX(name)                                                                            \
    static bool tr_##name(ArmCtx *c, const ArmFields *f)                                           \
    {                                                                                              \
        return f->q && three_same(c, SIMD_S, simd_##name);                                         \
    }
#define TR_BITWISE(name)                                                                           \
    static bool tr_##name(ArmCtx *c, const ArmFields *f)                                           \
    {                                                                                              \
        (void)f;                                                                                   \
        return simd_run_bytes(c, simd_##name);                                                     \
    }

// clang-format off
TR(add, SIMD_BHSD) TR(sub, SIMD_BHSD) TR(cmgt, SIMD_BHSD) TR(cmge, SIMD_BHSD) TR(cmhi, SIMD_BHSD)
TR(cmhs, SIMD_BHSD) TR(cmeq, SIMD_BHSD) TR(cmtst, SIMD_BHSD) TR(mul, SIMD_BHS) TR(mla, SIMD_BHS)
TR(mls, SIMD_BHS) TR(smax, SIMD_BHS) TR(smin, SIMD_BHS) TR(umax, SIMD_BHS) TR(umin, SIMD_BHS)
TR(sabd, SIMD_BHS) TR(uabd, SIMD_BHS) TR(saba, SIMD_BHS) TR(uaba, SIMD_BHS) TR(shadd, SIMD_BHS)
TR(uhadd, SIMD_BHS) TR(srhadd, SIMD_BHS) TR(urhadd, SIMD_BHS) TR(shsub, SIMD_BHS)
TR(uhsub, SIMD_BHS) TR(sqadd, SIMD_BHSD) TR(uqadd, SIMD_BHSD) TR(sqsub, SIMD_BHSD)
TR(uqsub, SIMD_BHSD) TR(sshl, SIMD_BHSD) TR(ushl, SIMD_BHSD) TR(srshl, SIMD_BHSD)
TR(urshl, SIMD_BHSD) TR(sqshl, SIMD_BHSD) TR(uqshl, SIMD_BHSD) TR(sqrshl, SIMD_BHSD)
TR(uqrshl, SIMD_BHSD) TR(sqdmulh, SIMD_HS) TR(sqrdmulh, SIMD_HS) TR(pmul, SIMD_B)
TR(addp, SIMD_BHSD) TR(smaxp, SIMD_BHS) TR(sminp, SIMD_BHS) TR(umaxp, SIMD_BHS)
TR(uminp, SIMD_BHS) TR(sqrdmlah, SIMD_HS) TR(sqrdmlsh, SIMD_HS) TR(udot, SIMD_S) TR(sdot, SIMD_S)
TR(usdot, SIMD_S)
TR_BITWISE(and) TR_BITWISE(bic) TR_BITWISE(orr) TR_BITWISE(orn) TR_BITWISE(eor) TR_BITWISE(bsl)
TR_BITWISE(bit) TR_BITWISE(bif) TR_MATRIX(ummla) TR_MATRIX(smmla) TR_MATRIX(usmmla)

// U, opcode
#define ROW(name, u, op) \
    {#name, "0q" #u "0 1110 ss1m mmmm " op "1 nnnn nddd dd", tr_##name, ARM_FEAT_BASE}
#define ROW_BITWISE(name, u, size) \
    {#name, "0q" #u "0 1110 " size "1m mmmm 0001 11nn nnnd dddd", tr_##name, ARM_FEAT_BASE}
#define ROW_EXTRA(name, u, size, op, feature) \
    {#name, "0q" #u "0 1110 " size "0m mmmm 1" op "1 nnnn nddd dd", tr_##name, ARM_FEAT_##feature}

static const ArmRow rows[] = {
    ROW(shadd, 0, "00000"), ROW(uhadd, 1, "00000"), ROW(sqadd, 0, "00001"), ROW(uqadd, 1, "00001"),
    ROW(srhadd, 0, "00010"), ROW(urhadd, 1, "00010"), ROW(shsub, 0, "00100"),
    ROW(uhsub, 1, "00100"), ROW(sqsub, 0, "00101"), ROW(uqsub, 1, "00101"), ROW(cmgt, 0, "00110"),
    ROW(cmhi, 1, "00110"), ROW(cmge, 0, "00111"), ROW(cmhs, 1, "00111"), ROW(sshl, 0, "01000"),
    ROW(ushl, 1, "01000"), ROW(sqshl, 0, "01001"), ROW(uqshl, 1, "01001"), ROW(srshl, 0, "01010"),
    ROW(urshl, 1, "01010"), ROW(sqrshl, 0, "01011"), ROW(uqrshl, 1, "01011"), ROW(smax, 0, "01100"),
    ROW(umax, 1, "01100"), ROW(smin, 0, "01101"), ROW(umin, 1, "01101"), ROW(sabd, 0, "01110"),
    ROW(uabd, 1, "01110"), ROW(saba, 0, "01111"), ROW(uaba, 1, "01111"), ROW(add, 0, "10000"),
    ROW(sub, 1, "10000"), ROW(cmtst, 0, "10001"), ROW(cmeq, 1, "10001"), ROW(mla, 0, "10010"),
    ROW(mls, 1, "10010"), ROW(mul, 0, "10011"), ROW(pmul, 1, "10011"), ROW(smaxp, 0, "10100"),
    ROW(umaxp, 1, "10100"), ROW(sminp, 0, "10101"), ROW(uminp, 1, "10101"),
    ROW(sqdmulh, 0, "10110"), ROW(sqrdmulh, 1, "10110"), ROW(addp, 0, "10111"),
    ROW_BITWISE(and, 0, "00"), ROW_BITWISE(bic, 0, "01"), ROW_BITWISE(orr, 0, "10"),
    ROW_BITWISE(orn, 0, "11"), ROW_BITWISE(eor, 1, "00"), ROW_BITWISE(bsl, 1, "01"),
    ROW_BITWISE(bit, 1, "10"), ROW_BITWISE(bif, 1, "11"),
    ROW_EXTRA(sqrdmlah, 1, "ss", "0000", RDM), ROW_EXTRA(sqrdmlsh, 1, "ss", "0001", RDM),
    ROW_EXTRA(sdot, 0, "ss", "0010", DOTPROD), ROW_EXTRA(udot, 1, "ss", "0010", DOTPROD),
    ROW_EXTRA(usdot, 0, "ss", "0011", I8MM), ROW_EXTRA(usmmla, 0, "ss", "0101", I8MM),
    ROW_EXTRA(smmla, 0, "ss", "0100", I8MM), ROW_EXTRA(ummla, 1, "ss", "0100", I8MM),
};
// clang-format on

const ArmChapter a64_simd_three_same = {"simd_three_same", rows, ARRAY_LEN(rows)};
