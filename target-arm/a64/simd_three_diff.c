// Advanced SIMD three different: long, wide and narrowing operations (DDI 0487 C4.1.96). The "2"
// forms (Q = 1) read the high halves of their narrow operands or write the high half of a narrow
// result.
#include "target-arm/a64/simd.h"

static IRRef widen(ArmCtx *c, const Simd *s, IRRef v, bool is_signed)
{
    IROpcode op =
        s->q ? (is_signed ? IR_vwiden2_s : IR_vwiden2_u) : (is_signed ? IR_vwiden_s : IR_vwiden_u);
    return ir_v1(c->b, op, v, s->esize);
}

// op on both operands widened (long), or on the second one widened (wide).
static IRRef long_op(ArmCtx *c, const Simd *s, IROpcode op, bool is_signed)
{
    return ir_v2(c->b, op, widen(c, s, simd_n(c, s), is_signed),
                 widen(c, s, simd_m(c, s), is_signed), s->esize + 1);
}

static IRRef wide_op(ArmCtx *c, const Simd *s, IROpcode op, bool is_signed)
{
    return ir_v2(c->b, op, simd_n(c, s), widen(c, s, simd_m(c, s), is_signed), s->esize + 1);
}

static IRRef multiply(ArmCtx *c, const Simd *s, bool is_signed)
{
    IROpcode op =
        s->q ? (is_signed ? IR_vmull2_s : IR_vmull2_u) : (is_signed ? IR_vmull_s : IR_vmull_u);
    return ir_v2(c->b, op, simd_n(c, s), simd_m(c, s), s->esize);
}

static IRRef onto_d(ArmCtx *c, const Simd *s, IROpcode how, IRRef x)
{
    return ir_v2(c->b, how, simd_d(c, s), x, s->esize + 1);
}

IRRef simd_saddl(ArmCtx *c, const Simd *s)
{
    return long_op(c, s, IR_vadd, true);
}
IRRef simd_uaddl(ArmCtx *c, const Simd *s)
{
    return long_op(c, s, IR_vadd, false);
}
IRRef simd_ssubl(ArmCtx *c, const Simd *s)
{
    return long_op(c, s, IR_vsub, true);
}
IRRef simd_usubl(ArmCtx *c, const Simd *s)
{
    return long_op(c, s, IR_vsub, false);
}
IRRef simd_saddw(ArmCtx *c, const Simd *s)
{
    return wide_op(c, s, IR_vadd, true);
}
IRRef simd_uaddw(ArmCtx *c, const Simd *s)
{
    return wide_op(c, s, IR_vadd, false);
}
IRRef simd_ssubw(ArmCtx *c, const Simd *s)
{
    return wide_op(c, s, IR_vsub, true);
}
IRRef simd_usubw(ArmCtx *c, const Simd *s)
{
    return wide_op(c, s, IR_vsub, false);
}
IRRef simd_sabdl(ArmCtx *c, const Simd *s)
{
    return long_op(c, s, IR_vabds, true);
}
IRRef simd_uabdl(ArmCtx *c, const Simd *s)
{
    return long_op(c, s, IR_vabdu, false);
}
IRRef simd_sabal(ArmCtx *c, const Simd *s)
{
    return onto_d(c, s, IR_vadd, simd_sabdl(c, s));
}
IRRef simd_uabal(ArmCtx *c, const Simd *s)
{
    return onto_d(c, s, IR_vadd, simd_uabdl(c, s));
}
IRRef simd_smull(ArmCtx *c, const Simd *s)
{
    return multiply(c, s, true);
}
IRRef simd_umull(ArmCtx *c, const Simd *s)
{
    return multiply(c, s, false);
}
IRRef simd_smlal(ArmCtx *c, const Simd *s)
{
    return onto_d(c, s, IR_vadd, simd_smull(c, s));
}
IRRef simd_umlal(ArmCtx *c, const Simd *s)
{
    return onto_d(c, s, IR_vadd, simd_umull(c, s));
}
IRRef simd_smlsl(ArmCtx *c, const Simd *s)
{
    return onto_d(c, s, IR_vsub, simd_smull(c, s));
}
IRRef simd_umlsl(ArmCtx *c, const Simd *s)
{
    return onto_d(c, s, IR_vsub, simd_umull(c, s));
}

// --- the high half of a sum or difference, narrowed

static IRRef high_narrow(ArmCtx *c, const Simd *s, IROpcode op, bool round)
{
    IRBlock *b = c->b;
    unsigned wide = s->esize + 1, bits = simd_bits(s);
    IRRef x = ir_v2(b, op, simd_n(c, s), simd_m(c, s), wide);
    if (round) {
        x = ir_v2(b, IR_vadd, x, simd_splat(c, wide, UINT64_C(1) << (bits - 1)), wide);
    }
    x = ir_v1i(b, IR_vshri, x, wide, bits);
    return s->q ? ir_v2(b, IR_vnarrow2, simd_d(c, s), x, wide) : ir_v1(b, IR_vnarrow, x, wide);
}

IRRef simd_addhn(ArmCtx *c, const Simd *s)
{
    return high_narrow(c, s, IR_vadd, false);
}
IRRef simd_raddhn(ArmCtx *c, const Simd *s)
{
    return high_narrow(c, s, IR_vadd, true);
}
IRRef simd_subhn(ArmCtx *c, const Simd *s)
{
    return high_narrow(c, s, IR_vsub, false);
}
IRRef simd_rsubhn(ArmCtx *c, const Simd *s)
{
    return high_narrow(c, s, IR_vsub, true);
}

// --- saturating doubling products (also scalar: other lanes are zero and saturate nothing)

static IRRef saturated(ArmCtx *c, const Simd *s, IROpcode op, IROpcode wrap, IRRef a, IRRef b)
{
    IRRef r = ir_v2(c->b, op, a, b, s->esize + 1);
    simd_note_saturation(c, r, ir_v2(c->b, wrap, a, b, s->esize + 1));
    return r;
}

IRRef simd_sqdmull(ArmCtx *c, const Simd *s)
{
    bool high = s->q && !s->scalar;
    IRRef n = s->scalar ? simd_n_clean(c, s) : simd_n(c, s);
    IRRef m = s->scalar ? simd_m_clean(c, s) : simd_m(c, s);
    IRRef p = ir_v2(c->b, high ? IR_vmull2_s : IR_vmull_s, n, m, s->esize);
    return saturated(c, s, IR_vqadds, IR_vadd, p, p);
}

static IRRef doubling_onto_d(ArmCtx *c, const Simd *s, IROpcode op, IROpcode wrap)
{
    IRRef d = simd_d(c, s);
    if (s->scalar) {
        d = ir_v1(c->b, IR_vzext, d, s->esize + 1);
    }
    return saturated(c, s, op, wrap, d, simd_sqdmull(c, s));
}

IRRef simd_sqdmlal(ArmCtx *c, const Simd *s)
{
    return doubling_onto_d(c, s, IR_vqadds, IR_vadd);
}
IRRef simd_sqdmlsl(ArmCtx *c, const Simd *s)
{
    return doubling_onto_d(c, s, IR_vqsubs, IR_vsub);
}

// --- polynomials

IRRef simd_pmull8(ArmCtx *c, const Simd *s)
{
    return ir_vcall(c->b, &arm_hv_pmull8, simd_n(c, s), simd_m(c, s), IR_NONE,
                    arm_vdesc(0, true, s->q));
}

IRRef simd_pmull64(ArmCtx *c, const Simd *s)
{
    return ir_v2(c->b, IR_vclmul, simd_n(c, s), simd_m(c, s), s->q | s->q << 4);
}

// --- translators

static bool long_result(ArmCtx *c, const ArmFields *f, unsigned sizes, SimdFn *fn)
{
    Simd s = simd_vector(c);
    if (!(sizes >> f->s & 1)) {
        return false;
    }
    if (!a64_fp_trapped(c)) {
        a64_put_v(c, s.d, fn(c, &s));
    }
    return true;
}

#define TR(name, sizes, fn)                                                                        \
    static bool tr_##name(ArmCtx *c, const ArmFields *f)                                           \
    {                                                                                              \
        return long_result(c, f, sizes, fn);                                                       \
    }

// clang-format off
TR(saddl, SIMD_BHS, simd_saddl) TR(uaddl, SIMD_BHS, simd_uaddl) TR(ssubl, SIMD_BHS, simd_ssubl)
TR(usubl, SIMD_BHS, simd_usubl) TR(saddw, SIMD_BHS, simd_saddw) TR(uaddw, SIMD_BHS, simd_uaddw)
TR(ssubw, SIMD_BHS, simd_ssubw) TR(usubw, SIMD_BHS, simd_usubw) TR(sabdl, SIMD_BHS, simd_sabdl)
TR(uabdl, SIMD_BHS, simd_uabdl) TR(sabal, SIMD_BHS, simd_sabal) TR(uabal, SIMD_BHS, simd_uabal)
TR(smull, SIMD_BHS, simd_smull) TR(umull, SIMD_BHS, simd_umull) TR(smlal, SIMD_BHS, simd_smlal)
TR(umlal, SIMD_BHS, simd_umlal) TR(smlsl, SIMD_BHS, simd_smlsl) TR(umlsl, SIMD_BHS, simd_umlsl)
TR(addhn, SIMD_BHS, simd_addhn) TR(raddhn, SIMD_BHS, simd_raddhn) TR(subhn, SIMD_BHS, simd_subhn)
TR(rsubhn, SIMD_BHS, simd_rsubhn) TR(sqdmull, SIMD_HS, simd_sqdmull) TR(sqdmlal, SIMD_HS, simd_sqdmlal)
TR(sqdmlsl, SIMD_HS, simd_sqdmlsl) TR(pmull8, 1, simd_pmull8) TR(pmull64, 1, simd_pmull64)

#define ROW(name, u, op) \
    {#name, "0q" #u "0 1110 ss1m mmmm " op "00 nnnn nddd dd", tr_##name, ARM_FEAT_BASE}

static const ArmRow rows[] = {
    ROW(saddl, 0, "0000"), ROW(uaddl, 1, "0000"), ROW(saddw, 0, "0001"), ROW(uaddw, 1, "0001"),
    ROW(ssubl, 0, "0010"), ROW(usubl, 1, "0010"), ROW(ssubw, 0, "0011"), ROW(usubw, 1, "0011"),
    ROW(addhn, 0, "0100"), ROW(raddhn, 1, "0100"), ROW(sabal, 0, "0101"), ROW(uabal, 1, "0101"),
    ROW(subhn, 0, "0110"), ROW(rsubhn, 1, "0110"), ROW(sabdl, 0, "0111"), ROW(uabdl, 1, "0111"),
    ROW(smlal, 0, "1000"), ROW(umlal, 1, "1000"), ROW(sqdmlal, 0, "1001"), ROW(smlsl, 0, "1010"),
    ROW(umlsl, 1, "1010"), ROW(sqdmlsl, 0, "1011"), ROW(smull, 0, "1100"), ROW(umull, 1, "1100"),
    ROW(sqdmull, 0, "1101"),
    {"pmull8", "0q00 1110 001m mmmm 1110 00nn nnnd dddd", tr_pmull8, ARM_FEAT_BASE},
    {"pmull64", "0q00 1110 111m mmmm 1110 00nn nnnd dddd", tr_pmull64, ARM_FEAT_PMULL},
};
// clang-format on

const ArmChapter a64_simd_three_diff = {"simd_three_diff", rows, ARRAY_LEN(rows)};
