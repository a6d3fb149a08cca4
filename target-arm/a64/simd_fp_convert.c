// Conversions in the Advanced SIMD encodings, vector and scalar: between FP and integers or fixed
// point of the same size, and between FP formats (DDI 0487 C4.1.96).
#include "target-arm/a64/fp.h"

static IRRef convert(ArmCtx *c, const Simd *s, IROpcode op, const IRVHelper *exact, IRRound round)
{
    return a64_fp(c, op, exact, simd_fp_clean(c, s, simd_n(c, s)), IR_NONE, IR_NONE, simd_fp_aux(s),
                  round);
}

#define CONVERT(name, op, exact, round)                                                            \
    IRRef simd_##name(ArmCtx *c, const Simd *s)                                                    \
    {                                                                                              \
        return convert(c, s, op, &exact, round);                                                   \
    }

CONVERT(scvtf, IR_vs2f, arm_fx_vs2f, 0)
CONVERT(ucvtf, IR_vu2f, arm_fx_vu2f, 0)
CONVERT(fcvtns, IR_vf2s, arm_fx_vf2s, IR_RND_NEAREST)
CONVERT(fcvtnu, IR_vf2u, arm_fx_vf2u, IR_RND_NEAREST)
CONVERT(fcvtms, IR_vf2s, arm_fx_vf2s, IR_RND_DOWN)
CONVERT(fcvtmu, IR_vf2u, arm_fx_vf2u, IR_RND_DOWN)
CONVERT(fcvtps, IR_vf2s, arm_fx_vf2s, IR_RND_UP)
CONVERT(fcvtpu, IR_vf2u, arm_fx_vf2u, IR_RND_UP)
CONVERT(fcvtzs, IR_vf2s, arm_fx_vf2s, IR_RND_ZERO)
CONVERT(fcvtzu, IR_vf2u, arm_fx_vf2u, IR_RND_ZERO)
CONVERT(fcvtas, IR_vf2s, arm_fx_vf2s, IR_RND_AWAY)
CONVERT(fcvtau, IR_vf2u, arm_fx_vf2u, IR_RND_AWAY)

// --- fixed point: shift = fraction bits

static IRRef convert_fixed(ArmCtx *c, const Simd *s, const IRVHelper *exact, IRRound round)
{
    return a64_fp_exact(c, exact, simd_fp_clean(c, s, simd_n(c, s)), IR_NONE, IR_NONE,
                        simd_fp_aux(s), round | (unsigned)s->shift << ARM_FX_FBITS);
}

IRRef simd_scvtf_fix(ArmCtx *c, const Simd *s)
{
    return convert_fixed(c, s, &arm_fx_vs2f, 0);
}
IRRef simd_ucvtf_fix(ArmCtx *c, const Simd *s)
{
    return convert_fixed(c, s, &arm_fx_vu2f, 0);
}
IRRef simd_fcvtzs_fix(ArmCtx *c, const Simd *s)
{
    return convert_fixed(c, s, &arm_fx_vf2s, IR_RND_ZERO);
}
IRRef simd_fcvtzu_fix(ArmCtx *c, const Simd *s)
{
    return convert_fixed(c, s, &arm_fx_vf2u, IR_RND_ZERO);
}

// --- between formats. Between single and double: lane by lane with the IR's op.

static IRRef narrowed(ArmCtx *c, const Simd *s, const IRVHelper *h)
{
    unsigned from = s->esize;
    IRRef n = simd_n(c, s);
    if (from == 2 || h != &arm_fx_narrow) {
        return a64_fp_exact(c, h, n, IR_NONE, IR_NONE, from, 0);
    }
    IRRef lo = a64_fp_reformat(c, n, 3, 2);
    IRRef hi = a64_fp_reformat(c, ir_v1(c->b, IR_vduplane, n, 3 | 1 << 8), 3, 2);
    return ir_v2(c->b, IR_vzip1, lo, hi, 2);
}

static bool narrow(ArmCtx *c, unsigned from, const IRVHelper *h)
{
    Simd s = simd_vector(c);
    s.esize = from;
    if (!a64_fp_trapped(c)) {
        IRRef r = narrowed(c, &s, h);
        a64_put_v(c, s.d, s.q ? simd_join(c, simd_d(c, &s), r) : r);
    }
    return true;
}

static bool tr_fcvtn(ArmCtx *c, const ArmFields *f)
{
    return narrow(c, 2 + f->s, &arm_fx_narrow);
}

static bool tr_fcvtxn(ArmCtx *c, const ArmFields *f)
{
    (void)f;
    return narrow(c, 3, &arm_fx_narrow_odd);
}

static bool tr_bfcvtn(ArmCtx *c, const ArmFields *f)
{
    (void)f;
    return narrow(c, 2, &arm_fx_bf_narrow);
}

static bool tr_fcvtxn_s(ArmCtx *c, const ArmFields *f)
{
    if (!a64_fp_trapped(c)) {
        a64_put_v(c, f->d,
                  a64_fp_exact(c, &arm_fx_cvt_odd, a64_v(c, f->n), IR_NONE, IR_NONE,
                               3 | IR_FP_SCALAR, 0));
    }
    return true;
}

static bool tr_fcvtl(ArmCtx *c, const ArmFields *f)
{
    if (a64_fp_trapped(c)) {
        return true;
    }
    IRRef n = a64_v(c, f->n);
    if (f->q) {
        n = ir_v1(c->b, IR_vduplane, n, 3 | 1 << 8);
    }
    if (!f->s) {
        a64_put_v(c, f->d, a64_fp_exact(c, &arm_fx_lengthen, n, IR_NONE, IR_NONE, 1, 0));
        return true;
    }
    IRRef lo = a64_fp_reformat(c, n, 2, 3);
    IRRef hi = a64_fp_reformat(c, ir_v1(c->b, IR_vduplane, n, 2 | 1 << 8), 2, 3);
    a64_put_v(c, f->d, simd_join(c, lo, hi));
    return true;
}

// --- translators and rows

// The size by immh, as for shifts.
static bool fixed_shape(const ArmCtx *c, Simd *s)
{
    *s = simd_shift_right(c, extract32(c->insn, 28, 1));
    return simd_size_ok(s, SIMD_HS | SIMD_D);
}

// clang-format off
#define TR(name)       TR_FP(name, simd_fp_two_misc, simd_##name)
#define TR_FIXED(name) TR_FP(name, fixed_shape, simd_##name)
TR(scvtf) TR(ucvtf) TR(fcvtns) TR(fcvtnu) TR(fcvtms) TR(fcvtmu) TR(fcvtps) TR(fcvtpu) TR(fcvtzs)
TR(fcvtzu) TR(fcvtas) TR(fcvtau)
TR_FIXED(scvtf_fix) TR_FIXED(ucvtf_fix) TR_FIXED(fcvtzs_fix) TR_FIXED(fcvtzu_fix)

#define MISC(name, u, hi, op) \
    {#name, "0q" #u "0 1110 " #hi "s10 000" op "10 nnnn nddd dd", tr_##name, ARM_FEAT_BASE}, \
    {#name "_h", "0q" #u "0 1110 " #hi "111 100" op "10 nnnn nddd dd", tr_##name, ARM_FEAT_FP16}, \
    {#name "_s", "01" #u "1 1110 " #hi "s10 000" op "10 nnnn nddd dd", tr_##name, ARM_FEAT_BASE}, \
    {#name "_sh", "01" #u "1 1110 " #hi "111 100" op "10 nnnn nddd dd", tr_##name, ARM_FEAT_FP16}
#define FIXED_ROW(name, size, form, immh, op, feature) \
    {#name size, form " 1111 0" immh op "1 nnnn nddd dd", tr_##name, ARM_FEAT_##feature}
#define FIXED(name, u, op) \
    FIXED_ROW(name, "_vh", "0q" #u "0", "001 iiii ", op, FP16), \
    FIXED_ROW(name, "_vs", "0q" #u "0", "01i iiii ", op, BASE), \
    FIXED_ROW(name, "_vd", "0q" #u "0", "1ii iiii ", op, BASE), \
    FIXED_ROW(name, "_h", "01" #u "1", "001 iiii ", op, FP16), \
    FIXED_ROW(name, "_s", "01" #u "1", "01i iiii ", op, BASE), \
    FIXED_ROW(name, "_d", "01" #u "1", "1ii iiii ", op, BASE)

static const ArmRow rows[] = {
    MISC(fcvtns, 0, 0, "11010"), MISC(fcvtnu, 1, 0, "11010"), MISC(fcvtps, 0, 1, "11010"),
    MISC(fcvtpu, 1, 1, "11010"), MISC(fcvtms, 0, 0, "11011"), MISC(fcvtmu, 1, 0, "11011"),
    MISC(fcvtzs, 0, 1, "11011"), MISC(fcvtzu, 1, 1, "11011"), MISC(fcvtas, 0, 0, "11100"),
    MISC(fcvtau, 1, 0, "11100"), MISC(scvtf, 0, 0, "11101"), MISC(ucvtf, 1, 0, "11101"),
    FIXED(scvtf_fix, 0, "11100"), FIXED(ucvtf_fix, 1, "11100"), FIXED(fcvtzs_fix, 0, "11111"),
    FIXED(fcvtzu_fix, 1, "11111"),
    {"fcvtn", "0q00 1110 0s10 0001 0110 10nn nnnd dddd", tr_fcvtn, ARM_FEAT_BASE},
    {"fcvtxn", "0q10 1110 0110 0001 0110 10nn nnnd dddd", tr_fcvtxn, ARM_FEAT_BASE},
    {"fcvtxn_s", "0111 1110 0110 0001 0110 10nn nnnd dddd", tr_fcvtxn_s, ARM_FEAT_BASE},
    {"bfcvtn", "0q00 1110 1010 0001 0110 10nn nnnd dddd", tr_bfcvtn, ARM_FEAT_BF16},
    {"fcvtl", "0q00 1110 0s10 0001 0111 10nn nnnd dddd", tr_fcvtl, ARM_FEAT_BASE},
};
// clang-format on

const ArmChapter a64_simd_fp_convert = {"simd_fp_convert", rows, ARRAY_LEN(rows)};
