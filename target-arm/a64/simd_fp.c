// Floating point in the Advanced SIMD encodings, vector and scalar: three same, pairwise, across
// lanes, two-register miscellaneous without conversions (DDI 0487 C4.1.96).
#include "target-arm/a64/fp.h"

// --- two operands

static IRRef fp2(ArmCtx *c, const Simd *s, IROpcode op, const IRVHelper *exact)
{
    return a64_fp(c, op, exact, simd_fp_clean(c, s, simd_n(c, s)),
                  simd_fp_clean(c, s, simd_m(c, s)), IR_NONE, simd_fp_aux(s), 0);
}

static IRRef exact2(ArmCtx *c, const Simd *s, const IRVHelper *exact)
{
    return a64_fp_exact(c, exact, simd_fp_clean(c, s, simd_n(c, s)),
                        simd_fp_clean(c, s, simd_m(c, s)), IR_NONE, simd_fp_aux(s), 0);
}

#define FP2(name, op, exact)                                                                       \
    IRRef simd_##name(ArmCtx *c, const Simd *s)                                                    \
    {                                                                                              \
        return fp2(c, s, op, &exact);                                                              \
    }
#define EXACT2(name, exact)                                                                        \
    IRRef simd_##name(ArmCtx *c, const Simd *s)                                                    \
    {                                                                                              \
        return exact2(c, s, &exact);                                                               \
    }

#define MAXNM(name, max)                                                                           \
    IRRef simd_##name(ArmCtx *c, const Simd *s)                                                    \
    {                                                                                              \
        return a64_fp_maxnm(c, simd_fp_clean(c, s, simd_n(c, s)),                                  \
                            simd_fp_clean(c, s, simd_m(c, s)), simd_fp_aux(s), max);               \
    }

FP2(fadd, IR_fadd, arm_fx_add)
FP2(fsub, IR_fsub, arm_fx_sub)
FP2(fmax, IR_fmax, arm_fx_max)
FP2(fmin, IR_fmin, arm_fx_min)
FP2(fcmeq, IR_fceq, arm_fx_ceq)
FP2(fcmge, IR_fcge, arm_fx_cge)
FP2(fcmgt, IR_fcgt, arm_fx_cgt)
MAXNM(fmaxnm, true)
MAXNM(fminnm, false)
EXACT2(frecps, arm_fx_recps)
EXACT2(frsqrts, arm_fx_rsqrts)

// These and FMLA have a form by element (simd_fp_products.c).
IRRef simd_fmul(ArmCtx *c, const Simd *s)
{
    return fp2(c, s, IR_fmul, &arm_fx_mul);
}
IRRef simd_fmulx(ArmCtx *c, const Simd *s)
{
    return exact2(c, s, &arm_fx_mulx);
}

// The divisors that do not count become 1.
IRRef simd_fdiv(ArmCtx *c, const Simd *s)
{
    IRRef m = simd_m(c, s);
    if (!s->scalar && !s->q) {
        m = simd_join(c, m, simd_splat(c, s->esize, a64_expand_fp_imm(s->esize, 0x70)));
    }
    return a64_fp(c, IR_fdiv, &arm_fx_div, simd_fp_clean(c, s, simd_n(c, s)), m, IR_NONE,
                  simd_fp_aux(s), 0);
}

IRRef simd_fabd(ArmCtx *c, const Simd *s)
{
    return a64_fp_abs(c, simd_fsub(c, s), s->esize);
}

static IRRef compare_absolute(ArmCtx *c, const Simd *s, IROpcode op, const IRVHelper *exact)
{
    IRRef n = a64_fp_abs(c, simd_fp_clean(c, s, simd_n(c, s)), s->esize);
    IRRef m = a64_fp_abs(c, simd_fp_clean(c, s, simd_m(c, s)), s->esize);
    return a64_fp(c, op, exact, n, m, IR_NONE, simd_fp_aux(s), 0);
}

IRRef simd_facge(ArmCtx *c, const Simd *s)
{
    return compare_absolute(c, s, IR_fcge, &arm_fx_cge);
}
IRRef simd_facgt(ArmCtx *c, const Simd *s)
{
    return compare_absolute(c, s, IR_fcgt, &arm_fx_cgt);
}

static IRRef multiply_add(ArmCtx *c, const Simd *s, bool negate)
{
    IRRef n = simd_fp_clean(c, s, simd_n(c, s));
    return a64_fp(c, IR_fma, &arm_fx_fma, negate ? a64_fp_neg(c, n, s->esize) : n,
                  simd_fp_clean(c, s, simd_m(c, s)), simd_fp_clean(c, s, simd_d(c, s)),
                  simd_fp_aux(s), 0);
}

IRRef simd_fmla(ArmCtx *c, const Simd *s)
{
    return multiply_add(c, s, false);
}
IRRef simd_fmls(ArmCtx *c, const Simd *s)
{
    return multiply_add(c, s, true);
}

// --- pairwise: neighbours of n, then of m. A D form is computed twice; that raises nothing new.

typedef IRRef Pair(ArmCtx *c, IRRef x, IRRef y, unsigned aux);

static IRRef pair_add(ArmCtx *c, IRRef x, IRRef y, unsigned aux)
{
    return a64_fp(c, IR_fadd, &arm_fx_add, x, y, IR_NONE, aux, 0);
}
static IRRef pair_max(ArmCtx *c, IRRef x, IRRef y, unsigned aux)
{
    return a64_fp(c, IR_fmax, &arm_fx_max, x, y, IR_NONE, aux, 0);
}
static IRRef pair_min(ArmCtx *c, IRRef x, IRRef y, unsigned aux)
{
    return a64_fp(c, IR_fmin, &arm_fx_min, x, y, IR_NONE, aux, 0);
}
static IRRef pair_maxnm(ArmCtx *c, IRRef x, IRRef y, unsigned aux)
{
    return a64_fp_maxnm(c, x, y, aux, true);
}
static IRRef pair_minnm(ArmCtx *c, IRRef x, IRRef y, unsigned aux)
{
    return a64_fp_maxnm(c, x, y, aux, false);
}

static IRRef pairs(ArmCtx *c, IRRef n, IRRef m, unsigned esize, Pair *op)
{
    IRRef x = ir_v2(c->b, IR_vuzp1, n, m, esize), y = ir_v2(c->b, IR_vuzp2, n, m, esize);
    return op(c, x, y, esize);
}

static IRRef pairwise(ArmCtx *c, const Simd *s, Pair *op)
{
    IRRef n = simd_n(c, s), m;
    if (s->scalar) { // lanes 0 and 1 of n
        return op(c, n, ir_v1(c->b, IR_vduplane, n, s->esize | 1 << 8), simd_fp_aux(s));
    }
    m = simd_m(c, s);
    if (!s->q) {
        n = m = simd_join(c, n, m);
    }
    return pairs(c, n, m, s->esize, op);
}

#define PAIRWISE(name, op)                                                                         \
    IRRef simd_##name(ArmCtx *c, const Simd *s)                                                    \
    {                                                                                              \
        return pairwise(c, s, op);                                                                 \
    }

PAIRWISE(faddp, pair_add)
PAIRWISE(fmaxp, pair_max)
PAIRWISE(fminp, pair_min)
PAIRWISE(fmaxnmp, pair_maxnm)
PAIRWISE(fminnmp, pair_minnm)

// --- across lanes: neighbours first (the order matters for NaNs)

static IRRef across(ArmCtx *c, const Simd *s, Pair *op)
{
    IRRef x = simd_n(c, s);
    if (!s->q) {
        x = simd_join(c, x, x);
    }
    for (unsigned lanes = (s->q ? 16u : 8u) >> s->esize; lanes > 1; lanes /= 2) {
        x = pairs(c, x, x, s->esize, op);
    }
    return x;
}

static bool across_shape(const ArmCtx *c, Simd *s)
{
    *s = simd_vector(c);
    s->esize = extract32(c->insn, 29, 1) ? 2 : 1;
    return s->q || s->esize == 1;
}

static bool run_across(ArmCtx *c, Pair *op)
{
    Simd s;
    if (!across_shape(c, &s)) {
        return false;
    }
    if (!a64_fp_trapped(c)) {
        a64_put_v(c, s.d, ir_v1(c->b, IR_vzext, across(c, &s, op), s.esize));
    }
    return true;
}

#define TR_ACROSS(name, op)                                                                        \
    static bool tr_##name(ArmCtx *c, const ArmFields *f)                                           \
    {                                                                                              \
        (void)f;                                                                                   \
        return run_across(c, op);                                                                  \
    }

TR_ACROSS(fmaxv, pair_max)
TR_ACROSS(fminv, pair_min)
TR_ACROSS(fmaxnmv, pair_maxnm)
TR_ACROSS(fminnmv, pair_minnm)

// --- one operand

static IRRef fp1(ArmCtx *c, const Simd *s, IROpcode op, const IRVHelper *exact, unsigned aux2)
{
    return a64_fp(c, op, exact, simd_fp_clean(c, s, simd_n(c, s)), IR_NONE, IR_NONE, simd_fp_aux(s),
                  aux2);
}

IRRef simd_fabs(ArmCtx *c, const Simd *s)
{
    return a64_fp_abs(c, simd_n(c, s), s->esize);
}
IRRef simd_fneg(ArmCtx *c, const Simd *s)
{
    return a64_fp_neg(c, simd_n(c, s), s->esize);
}
IRRef simd_fsqrt(ArmCtx *c, const Simd *s)
{
    return fp1(c, s, IR_fsqrt, &arm_fx_sqrt, 0);
}

#define ROUND(name, mode)                                                                          \
    IRRef simd_##name(ArmCtx *c, const Simd *s)                                                    \
    {                                                                                              \
        return fp1(c, s, IR_fround, &arm_fx_round, mode);                                          \
    }

ROUND(frintn, IR_RND_NEAREST)
ROUND(frintp, IR_RND_UP)
ROUND(frintm, IR_RND_DOWN)
ROUND(frintz, IR_RND_ZERO)
ROUND(frinta, IR_RND_AWAY)
ROUND(frinti, IR_RND_CURRENT)
ROUND(frintx, IR_RND_CURRENT | IR_RND_EXACT)

static IRRef round_bounded(ArmCtx *c, const Simd *s, unsigned bits, IRRound mode)
{
    return a64_fp_exact(c, &arm_fx_round_bounded, simd_fp_clean(c, s, simd_n(c, s)), IR_NONE,
                        IR_NONE, simd_fp_aux(s), mode | bits << ARM_FX_FBITS);
}

#define ROUND_BOUNDED(name, bits, mode)                                                            \
    IRRef simd_##name(ArmCtx *c, const Simd *s)                                                    \
    {                                                                                              \
        return round_bounded(c, s, bits, mode);                                                    \
    }

ROUND_BOUNDED(frint32z, 32, IR_RND_ZERO)
ROUND_BOUNDED(frint32x, 32, IR_RND_CURRENT)
ROUND_BOUNDED(frint64z, 64, IR_RND_ZERO)
ROUND_BOUNDED(frint64x, 64, IR_RND_CURRENT)

// The zeroes of a D form estimate to infinity and raise DZC: its other half is 1.
static IRRef estimate(ArmCtx *c, const Simd *s, const IRVHelper *exact)
{
    IRRef n = simd_n(c, s);
    if (!s->scalar && !s->q) {
        n = simd_join(c, n, simd_splat(c, s->esize, a64_expand_fp_imm(s->esize, 0x70)));
    }
    return a64_fp_exact(c, exact, n, IR_NONE, IR_NONE, simd_fp_aux(s), 0);
}

IRRef simd_frecpe(ArmCtx *c, const Simd *s)
{
    return estimate(c, s, &arm_fx_recpe);
}
IRRef simd_frsqrte(ArmCtx *c, const Simd *s)
{
    return estimate(c, s, &arm_fx_rsqrte);
}
IRRef simd_frecpx(ArmCtx *c, const Simd *s)
{
    return estimate(c, s, &arm_fx_recpx);
}

static IRRef against_zero(ArmCtx *c, const Simd *s, IROpcode op, const IRVHelper *exact,
                          bool zero_first)
{
    IRRef n = simd_fp_clean(c, s, simd_n(c, s)), z = simd_zero(c);
    return a64_fp(c, op, exact, zero_first ? z : n, zero_first ? n : z, IR_NONE, simd_fp_aux(s), 0);
}

#define ZERO(name, op, exact, zero_first)                                                          \
    IRRef simd_##name(ArmCtx *c, const Simd *s)                                                    \
    {                                                                                              \
        return against_zero(c, s, op, &exact, zero_first);                                         \
    }

ZERO(fcmgt0, IR_fcgt, arm_fx_cgt, false)
ZERO(fcmge0, IR_fcge, arm_fx_cge, false)
ZERO(fcmeq0, IR_fceq, arm_fx_ceq, false)
ZERO(fcmle0, IR_fcge, arm_fx_cge, true)
ZERO(fcmlt0, IR_fcgt, arm_fx_cgt, true)

// --- translators and rows

// Scalar pairwise: U = 0 is half precision; else bit 22 tells.
static bool scalar_pair_shape(const ArmCtx *c, Simd *s)
{
    *s = simd_scalar(c);
    s->esize = extract32(c->insn, 29, 1) ? 2 + extract32(c->insn, 22, 1) : 1;
    return true;
}

// clang-format off
#define TR3(name)    TR_FP(name, simd_fp_three_same, simd_##name)
#define TR1(name)    TR_FP(name, simd_fp_two_misc, simd_##name)
#define TRPAIR(name) TR_FP(name##_pair, scalar_pair_shape, simd_##name)
TR3(fadd) TR3(fsub) TR3(fmul) TR3(fdiv) TR3(fmulx) TR3(fmla) TR3(fmls) TR3(fmax) TR3(fmin)
TR3(fmaxnm) TR3(fminnm) TR3(fcmeq) TR3(fcmge) TR3(fcmgt) TR3(facge) TR3(facgt) TR3(fabd)
TR3(frecps) TR3(frsqrts) TR3(faddp) TR3(fmaxp) TR3(fminp) TR3(fmaxnmp) TR3(fminnmp)
TR1(fabs) TR1(fneg) TR1(fsqrt) TR1(frintn) TR1(frintp) TR1(frintm) TR1(frintz) TR1(frinta)
TR1(frinti) TR1(frintx) TR1(frint32z) TR1(frint32x) TR1(frint64z) TR1(frint64x) TR1(frecpe)
TR1(frsqrte) TR1(frecpx) TR1(fcmgt0) TR1(fcmge0) TR1(fcmeq0) TR1(fcmle0) TR1(fcmlt0)
TRPAIR(faddp) TRPAIR(fmaxp) TRPAIR(fminp) TRPAIR(fmaxnmp) TRPAIR(fminnmp)

// U, bit 23, low bits of the opcode
#define SAME(name, u, hi, op) \
    {#name, "0q" #u "0 1110 " #hi "s1m mmmm 11" op "1 nnnn nddd dd", tr_##name, ARM_FEAT_BASE}, \
    {#name "_h", "0q" #u "0 1110 " #hi "10m mmmm 00" op "1 nnnn nddd dd", tr_##name, ARM_FEAT_FP16}
#define SCALAR(name, u, hi, op) \
    {#name "_s", "01" #u "1 1110 " #hi "s1m mmmm 11" op "1 nnnn nddd dd", tr_##name, ARM_FEAT_BASE}, \
    {#name "_sh", "01" #u "1 1110 " #hi "10m mmmm 00" op "1 nnnn nddd dd", tr_##name, ARM_FEAT_FP16}
#define BOTH(name, u, hi, op) SAME(name, u, hi, op), SCALAR(name, u, hi, op)
#define MISC(name, u, hi, op) \
    {#name, "0q" #u "0 1110 " #hi "s10 000" op "10 nnnn nddd dd", tr_##name, ARM_FEAT_BASE}, \
    {#name "_h", "0q" #u "0 1110 " #hi "111 100" op "10 nnnn nddd dd", tr_##name, ARM_FEAT_FP16}
#define MISC_SCALAR(name, u, hi, op) \
    {#name "_s", "01" #u "1 1110 " #hi "s10 000" op "10 nnnn nddd dd", tr_##name, ARM_FEAT_BASE}, \
    {#name "_sh", "01" #u "1 1110 " #hi "111 100" op "10 nnnn nddd dd", tr_##name, ARM_FEAT_FP16}
#define MISC_BOTH(name, u, hi, op) MISC(name, u, hi, op), MISC_SCALAR(name, u, hi, op)
#define BOUNDED(name, u, op) \
    {#name, "0q" #u "0 1110 0s10 000" op "10 nnnn nddd dd", tr_##name, ARM_FEAT_FRINTTS}
#define ACROSS(name, hi, op) \
    {#name, "0q10 1110 " #hi "011 000" op "10 nnnn nddd dd", tr_##name, ARM_FEAT_BASE}, \
    {#name "_h", "0q00 1110 " #hi "011 000" op "10 nnnn nddd dd", tr_##name, ARM_FEAT_FP16}
#define PAIR(name, hi, op) \
    {#name "_pair", "0111 1110 " #hi "s11 000" op "10 nnnn nddd dd", tr_##name##_pair, ARM_FEAT_BASE}, \
    {#name "_pair_h", "0101 1110 " #hi "011 000" op "10 nnnn nddd dd", tr_##name##_pair, ARM_FEAT_FP16}

static const ArmRow rows[] = {
    SAME(fmaxnm, 0, 0, "000"), SAME(fminnm, 0, 1, "000"), SAME(fmaxnmp, 1, 0, "000"),
    SAME(fminnmp, 1, 1, "000"), SAME(fmla, 0, 0, "001"), SAME(fmls, 0, 1, "001"),
    SAME(fadd, 0, 0, "010"), SAME(fsub, 0, 1, "010"), SAME(faddp, 1, 0, "010"),
    BOTH(fabd, 1, 1, "010"), BOTH(fmulx, 0, 0, "011"), SAME(fmul, 1, 0, "011"),
    BOTH(fcmeq, 0, 0, "100"), BOTH(fcmge, 1, 0, "100"), BOTH(fcmgt, 1, 1, "100"),
    BOTH(facge, 1, 0, "101"), BOTH(facgt, 1, 1, "101"), SAME(fmax, 0, 0, "110"),
    SAME(fmin, 0, 1, "110"), SAME(fmaxp, 1, 0, "110"), SAME(fminp, 1, 1, "110"),
    BOTH(frecps, 0, 0, "111"), BOTH(frsqrts, 0, 1, "111"), SAME(fdiv, 1, 0, "111"),
    MISC_BOTH(fcmgt0, 0, 1, "01100"), MISC_BOTH(fcmge0, 1, 1, "01100"),
    MISC_BOTH(fcmeq0, 0, 1, "01101"), MISC_BOTH(fcmle0, 1, 1, "01101"),
    MISC_BOTH(fcmlt0, 0, 1, "01110"), MISC(fabs, 0, 1, "01111"), MISC(fneg, 1, 1, "01111"),
    MISC(frintn, 0, 0, "11000"), MISC(frinta, 1, 0, "11000"), MISC(frintp, 0, 1, "11000"),
    MISC(frintm, 0, 0, "11001"), MISC(frintx, 1, 0, "11001"), MISC(frintz, 0, 1, "11001"),
    MISC(frinti, 1, 1, "11001"), MISC_BOTH(frecpe, 0, 1, "11101"), MISC_BOTH(frsqrte, 1, 1, "11101"),
    MISC_SCALAR(frecpx, 0, 1, "11111"), MISC(fsqrt, 1, 1, "11111"),
    BOUNDED(frint32z, 0, "11110"), BOUNDED(frint32x, 1, "11110"), BOUNDED(frint64z, 0, "11111"),
    BOUNDED(frint64x, 1, "11111"),
    ACROSS(fmaxnmv, 0, "01100"), ACROSS(fminnmv, 1, "01100"), ACROSS(fmaxv, 0, "01111"),
    ACROSS(fminv, 1, "01111"),
    PAIR(fmaxnmp, 0, "01100"), PAIR(fminnmp, 1, "01100"), PAIR(faddp, 0, "01101"),
    PAIR(fmaxp, 0, "01111"), PAIR(fminp, 1, "01111"),
};
// clang-format on

const ArmChapter a64_simd_fp = {"simd_fp", rows, ARRAY_LEN(rows)};
