// Advanced SIMD scalar forms, integers (DDI 0487 C4.1.96): lane 0 of the vector operations.
#include "target-arm/a64/simd.h"

static bool scalar(ArmCtx *c, unsigned sizes, SimdFn *fn)
{
    Simd s = simd_scalar(c);
    return simd_size_ok(&s, sizes) && simd_run(c, &s, fn);
}

// Result twice the size of the operands.
static bool scalar_long(ArmCtx *c, SimdFn *fn)
{
    Simd s = simd_scalar(c);
    s.resized = true;
    s.out_esize = s.esize + 1;
    return simd_size_ok(&s, SIMD_HS) && simd_run(c, &s, fn);
}

static bool scalar_indexed(ArmCtx *c, bool long_result, SimdFn *fn)
{
    Simd s;
    unsigned lane, esize = extract32(c->insn, 22, 2);
    if ((esize != 1 && esize != 2) || !simd_by_element(c, true, esize, &s, &lane)) {
        return false;
    }
    if (a64_fp_trapped(c)) {
        return true;
    }
    s.m_value = ir_v1(c->b, IR_vduplane, a64_v(c, s.m), esize | lane << 8);
    s.m_given = true;
    s.resized = long_result;
    s.out_esize = esize + 1;
    return simd_run(c, &s, fn);
}

static bool shift(ArmCtx *c, const Simd *s, unsigned sizes, SimdFn *fn)
{
    return extract32(c->insn, 19, 4) && simd_size_ok(s, sizes) && simd_run(c, s, fn);
}

#define TR_BY(tr, call)                                                                            \
    static bool tr_##tr(ArmCtx *c, const ArmFields *f)                                             \
    {                                                                                              \
        (void)f;                                                                                   \
        return call;                                                                               \
    }
#define TR(name, sizes)     TR_BY(name, scalar(c, sizes, simd_##name))
#define TR_LONG(name)       TR_BY(name, scalar_long(c, simd_##name))
#define TR_INDEXED(name, l) TR_BY(name##_indexed, scalar_indexed(c, l, simd_##name))
#define TR_SHIFT(name, dir, sizes)                                                                 \
    static bool tr_##name(ArmCtx *c, const ArmFields *f)                                           \
    {                                                                                              \
        Simd s = simd_shift_##dir(c, true);                                                        \
        (void)f;                                                                                   \
        return shift(c, &s, sizes, simd_##name);                                                   \
    }

// clang-format off
// three same
TR(add, SIMD_D) TR(sub, SIMD_D) TR(cmgt, SIMD_D) TR(cmge, SIMD_D) TR(cmhi, SIMD_D) TR(cmhs, SIMD_D)
TR(cmeq, SIMD_D) TR(cmtst, SIMD_D) TR(sqadd, SIMD_BHSD) TR(uqadd, SIMD_BHSD) TR(sqsub, SIMD_BHSD)
TR(uqsub, SIMD_BHSD) TR(sshl, SIMD_D) TR(ushl, SIMD_D) TR(srshl, SIMD_D) TR(urshl, SIMD_D)
TR(sqshl, SIMD_BHSD) TR(uqshl, SIMD_BHSD) TR(sqrshl, SIMD_BHSD) TR(uqrshl, SIMD_BHSD)
TR(sqdmulh, SIMD_HS) TR(sqrdmulh, SIMD_HS) TR(sqrdmlah, SIMD_HS) TR(sqrdmlsh, SIMD_HS)
// three different
TR_LONG(sqdmlal) TR_LONG(sqdmlsl) TR_LONG(sqdmull)
// two-register miscellaneous
TR(suqadd, SIMD_BHSD) TR(usqadd, SIMD_BHSD) TR(sqabs, SIMD_BHSD) TR(sqneg, SIMD_BHSD)
TR(cmgt0, SIMD_D) TR(cmge0, SIMD_D) TR(cmeq0, SIMD_D) TR(cmle0, SIMD_D) TR(cmlt0, SIMD_D)
TR(abs, SIMD_D) TR(neg, SIMD_D) TR(sqxtn, SIMD_BHS) TR(uqxtn, SIMD_BHS) TR(sqxtun, SIMD_BHS)
// by element
TR_INDEXED(sqdmlal, true) TR_INDEXED(sqdmlsl, true) TR_INDEXED(sqdmull, true)
TR_INDEXED(sqdmulh, false) TR_INDEXED(sqrdmulh, false) TR_INDEXED(sqrdmlah, false)
TR_INDEXED(sqrdmlsh, false)
// shift by immediate
TR_SHIFT(sshr, right, SIMD_D) TR_SHIFT(ushr, right, SIMD_D) TR_SHIFT(ssra, right, SIMD_D)
TR_SHIFT(usra, right, SIMD_D) TR_SHIFT(srshr, right, SIMD_D) TR_SHIFT(urshr, right, SIMD_D)
TR_SHIFT(srsra, right, SIMD_D) TR_SHIFT(ursra, right, SIMD_D) TR_SHIFT(sri, right, SIMD_D)
TR_SHIFT(shl, left, SIMD_D) TR_SHIFT(sli, left, SIMD_D) TR_SHIFT(sqshl_imm, left, SIMD_BHSD)
TR_SHIFT(uqshl_imm, left, SIMD_BHSD) TR_SHIFT(sqshlu_imm, left, SIMD_BHSD)
TR_SHIFT(sqshrn, right, SIMD_BHS) TR_SHIFT(sqrshrn, right, SIMD_BHS)
TR_SHIFT(uqshrn, right, SIMD_BHS) TR_SHIFT(uqrshrn, right, SIMD_BHS)
TR_SHIFT(sqshrun, right, SIMD_BHS) TR_SHIFT(sqrshrun, right, SIMD_BHS)

// Vd = the sum of both lanes.
static bool tr_addp(ArmCtx *c, const ArmFields *f)
{
    if (!a64_fp_trapped(c)) {
        IRRef n = a64_v(c, f->n);
        a64_put_v(c, f->d, ir_v1(c->b, IR_vzext, ir_v2(c->b, IR_vaddp, n, n, 3), 3));
    }
    return true;
}

#define SAME(name, u, op) \
    {#name "_s", "01" #u "1 1110 ss1m mmmm " op "1 nnnn nddd dd", tr_##name, ARM_FEAT_BASE}
#define EXTRA(name, op) \
    {#name "_s", "0111 1110 ss0m mmmm 1" op "1 nnnn nddd dd", tr_##name, ARM_FEAT_RDM}
#define DIFF(name, op) \
    {#name "_s", "0101 1110 ss1m mmmm " op "00 nnnn nddd dd", tr_##name, ARM_FEAT_BASE}
#define MISC(name, u, op) \
    {#name "_s", "01" #u "1 1110 ss10 000" op "10 nnnn nddd dd", tr_##name, ARM_FEAT_BASE}
#define INDEXED(name, u, op, feature) \
    {#name "_s_indexed", "01" #u "1 1111 sslm mmmm " op " h0nn nnnd dddd", tr_##name##_indexed, \
     ARM_FEAT_##feature}
#define SHIFT(name, u, op) \
    {#name "_s", "01" #u "1 1111 0iii iiii " op "1 nnnn nddd dd", tr_##name, ARM_FEAT_BASE}

static const ArmRow rows[] = {
    SAME(sqadd, 0, "00001"), SAME(uqadd, 1, "00001"), SAME(sqsub, 0, "00101"),
    SAME(uqsub, 1, "00101"), SAME(cmgt, 0, "00110"), SAME(cmhi, 1, "00110"), SAME(cmge, 0, "00111"),
    SAME(cmhs, 1, "00111"), SAME(sshl, 0, "01000"), SAME(ushl, 1, "01000"), SAME(sqshl, 0, "01001"),
    SAME(uqshl, 1, "01001"), SAME(srshl, 0, "01010"), SAME(urshl, 1, "01010"),
    SAME(sqrshl, 0, "01011"), SAME(uqrshl, 1, "01011"), SAME(add, 0, "10000"),
    SAME(sub, 1, "10000"), SAME(cmtst, 0, "10001"), SAME(cmeq, 1, "10001"),
    SAME(sqdmulh, 0, "10110"), SAME(sqrdmulh, 1, "10110"),
    EXTRA(sqrdmlah, "0000"), EXTRA(sqrdmlsh, "0001"),
    DIFF(sqdmlal, "1001"), DIFF(sqdmlsl, "1011"), DIFF(sqdmull, "1101"),
    MISC(suqadd, 0, "00011"), MISC(usqadd, 1, "00011"), MISC(sqabs, 0, "00111"),
    MISC(sqneg, 1, "00111"), MISC(cmgt0, 0, "01000"), MISC(cmge0, 1, "01000"),
    MISC(cmeq0, 0, "01001"), MISC(cmle0, 1, "01001"), MISC(cmlt0, 0, "01010"),
    MISC(abs, 0, "01011"), MISC(neg, 1, "01011"), MISC(sqxtun, 1, "10010"),
    MISC(sqxtn, 0, "10100"), MISC(uqxtn, 1, "10100"),
    INDEXED(sqdmlal, 0, "0011", BASE), INDEXED(sqdmlsl, 0, "0111", BASE),
    INDEXED(sqdmull, 0, "1011", BASE), INDEXED(sqdmulh, 0, "1100", BASE),
    INDEXED(sqrdmulh, 0, "1101", BASE), INDEXED(sqrdmlah, 1, "1101", RDM),
    INDEXED(sqrdmlsh, 1, "1111", RDM),
    SHIFT(sshr, 0, "00000"), SHIFT(ushr, 1, "00000"), SHIFT(ssra, 0, "00010"),
    SHIFT(usra, 1, "00010"), SHIFT(srshr, 0, "00100"), SHIFT(urshr, 1, "00100"),
    SHIFT(srsra, 0, "00110"), SHIFT(ursra, 1, "00110"), SHIFT(sri, 1, "01000"),
    SHIFT(shl, 0, "01010"), SHIFT(sli, 1, "01010"), SHIFT(sqshlu_imm, 1, "01100"),
    SHIFT(sqshl_imm, 0, "01110"), SHIFT(uqshl_imm, 1, "01110"), SHIFT(sqshrun, 1, "10000"),
    SHIFT(sqrshrun, 1, "10001"), SHIFT(sqshrn, 0, "10010"), SHIFT(uqshrn, 1, "10010"),
    SHIFT(sqrshrn, 0, "10011"), SHIFT(uqrshrn, 1, "10011"),
    {"addp_s", "0101 1110 1111 0001 1011 10nn nnnd dddd", tr_addp, ARM_FEAT_BASE},
};
// clang-format on

const ArmChapter a64_simd_scalar = {"simd_scalar", rows, ARRAY_LEN(rows)};
