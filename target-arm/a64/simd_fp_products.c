// FP products of other shapes: by element, complex (FCMLA, FCADD), half precision onto single
// (FMLAL, FMLSL), brain float (DDI 0487 C4.1.96).
#include "target-arm/a64/fp.h"

// --- by element

static bool by_element(ArmCtx *c, bool half, SimdFn *fn)
{
    Simd s;
    unsigned lane, esize = half ? 1 : 2 + extract32(c->insn, 22, 1);
    if (!simd_by_element(c, extract32(c->insn, 28, 1), esize, &s, &lane)) {
        return false;
    }
    if (a64_fp_trapped(c)) {
        return true;
    }
    s.m_value = ir_v1(c->b, IR_vduplane, a64_v(c, s.m), esize | lane << 8);
    s.m_given = true;
    return simd_run(c, &s, fn);
}

#define TR_ELEMENT(name)                                                                           \
    static bool tr_##name(ArmCtx *c, const ArmFields *f)                                           \
    {                                                                                              \
        (void)f;                                                                                   \
        return by_element(c, !extract32(c->insn, 23, 1), simd_##name);                             \
    }

TR_ELEMENT(fmla)
TR_ELEMENT(fmls)
TR_ELEMENT(fmul)
TR_ELEMENT(fmulx)

// --- complex. r = rotation in quarter turns.

static bool complex_size_ok(const ArmCtx *c, const Simd *s)
{
    return s->esize && (s->esize != 1 || arm_has(c->cpu, ARM_FEAT_FP16)) && (s->esize != 3 || s->q);
}

static bool complex_op(ArmCtx *c, const Simd *s, const IRVHelper *h, IRRef m, unsigned rotation)
{
    IRRef d = simd_clean(c, s, simd_d(c, s));
    a64_put_v_q(c, s->d,
                a64_fp_exact(c, h, simd_n_clean(c, s), simd_clean(c, s, m), d, s->esize, rotation),
                s->q);
    return true;
}

static bool tr_fcmla(ArmCtx *c, const ArmFields *f)
{
    Simd s = simd_vector(c);
    if (!complex_size_ok(c, &s)) {
        return false;
    }
    return a64_fp_trapped(c) || complex_op(c, &s, &arm_fx_cmla, simd_m(c, &s), f->r);
}

static bool tr_fcadd(ArmCtx *c, const ArmFields *f)
{
    Simd s = simd_vector(c);
    if (!complex_size_ok(c, &s)) {
        return false;
    }
    return a64_fp_trapped(c) || complex_op(c, &s, &arm_fx_cadd, simd_m(c, &s), f->r ? 3 : 1);
}

// The element is a pair of lanes; m is always five bits.
static bool tr_fcmla_element(ArmCtx *c, const ArmFields *f)
{
    Simd s = simd_vector(c);
    unsigned lane = s.esize == 1 ? f->h << 1 | f->l : f->h;
    if (s.esize == 1 ? f->h && !s.q : s.esize != 2 || f->l || !s.q) {
        return false;
    }
    if (!complex_size_ok(c, &s)) {
        return false;
    }
    if (a64_fp_trapped(c)) {
        return true;
    }
    IRRef m = ir_v1(c->b, IR_vduplane, simd_m(c, &s), (s.esize + 1) | lane << 8);
    return complex_op(c, &s, &arm_fx_cmla, m, f->r);
}

// --- half onto single

enum { HIGH = 1, NEGATE = 2, SHORT = 4 }; // aux2 of arm_fx_mlal

static bool mlal(ArmCtx *c, unsigned how, bool element)
{
    Simd s = simd_vector(c);
    unsigned lane = 0;
    if (element) {
        simd_by_element(c, false, 1, &s, &lane);
    }
    if (a64_fp_trapped(c)) {
        return true;
    }
    IRRef m = simd_m(c, &s);
    if (element) {
        m = ir_v1(c->b, IR_vduplane, m, 1 | lane << 8);
    }
    IRRef r =
        a64_fp_exact(c, &arm_fx_mlal, simd_n(c, &s), m, simd_d(c, &s), 2, how | (s.q ? 0 : SHORT));
    a64_put_v_q(c, s.d, r, s.q);
    return true;
}

#define TR_MLAL(name, how)                                                                         \
    static bool tr_##name(ArmCtx *c, const ArmFields *f)                                           \
    {                                                                                              \
        (void)f;                                                                                   \
        return mlal(c, how, false);                                                                \
    }                                                                                              \
    static bool tr_##name##_element(ArmCtx *c, const ArmFields *f)                                 \
    {                                                                                              \
        (void)f;                                                                                   \
        return mlal(c, how, true);                                                                 \
    }

TR_MLAL(fmlal, 0)
TR_MLAL(fmlsl, NEGATE)
TR_MLAL(fmlal2, HIGH)
TR_MLAL(fmlsl2, HIGH | NEGATE)

// --- brain float. Element: a pair of lanes for BFDOT, one lane for BFMLAL.

static bool brain(ArmCtx *c, const IRVHelper *h, unsigned aux2, unsigned element_esize)
{
    Simd s = simd_vector(c);
    unsigned lane = 0;
    if (element_esize) {
        simd_by_element(c, false, element_esize, &s, &lane);
    }
    if (a64_fp_trapped(c)) {
        return true;
    }
    IRRef m = simd_m(c, &s);
    if (element_esize) {
        m = ir_v1(c->b, IR_vduplane, m, element_esize | lane << 8);
    }
    a64_put_v_q(c, s.d, a64_fp_exact(c, h, simd_n(c, &s), m, simd_d(c, &s), 2, aux2),
                s.q || h == &arm_fx_bf_mlal);
    return true;
}

static bool tr_bfdot(ArmCtx *c, const ArmFields *f)
{
    (void)f;
    return brain(c, &arm_fx_bf_dot, 0, 0);
}
static bool tr_bfdot_element(ArmCtx *c, const ArmFields *f)
{
    (void)f;
    return brain(c, &arm_fx_bf_dot, 0, 2);
}
static bool tr_bfmmla(ArmCtx *c, const ArmFields *f)
{
    (void)f;
    return brain(c, &arm_fx_bf_mmla, 0, 0);
}
static bool tr_bfmlal(ArmCtx *c, const ArmFields *f) // Q tells bottom or top
{
    return brain(c, &arm_fx_bf_mlal, f->q, 0);
}
static bool tr_bfmlal_element(ArmCtx *c, const ArmFields *f)
{
    return brain(c, &arm_fx_bf_mlal, f->q, 1);
}

// clang-format off
#define ELEMENT(name, u, op) \
    {#name "_element", "0q" #u "0 1111 1slm mmmm " op " h0nn nnnd dddd", tr_##name, ARM_FEAT_BASE}, \
    {#name "_element_h", "0q" #u "0 1111 00lm mmmm " op " h0nn nnnd dddd", tr_##name, ARM_FEAT_FP16}, \
    {#name "_element_s", "01" #u "1 1111 1slm mmmm " op " h0nn nnnd dddd", tr_##name, ARM_FEAT_BASE}, \
    {#name "_element_sh", "01" #u "1 1111 00lm mmmm " op " h0nn nnnd dddd", tr_##name, ARM_FEAT_FP16}
#define MLAL(name, u, hi, op, element_op) \
    {#name, "0q" #u "0 1110 " #hi "01m mmmm " op "11nn nnnd dddd", tr_##name, ARM_FEAT_FHM}, \
    {#name "_element", "0q" #u "0 1111 10lm mmmm " element_op " h0nn nnnd dddd", tr_##name##_element, \
     ARM_FEAT_FHM}

static const ArmRow rows[] = {
    ELEMENT(fmla, 0, "0001"), ELEMENT(fmls, 0, "0101"), ELEMENT(fmul, 0, "1001"),
    ELEMENT(fmulx, 1, "1001"),
    {"fcmla", "0q10 1110 ss0m mmmm 110r r1nn nnnd dddd", tr_fcmla, ARM_FEAT_FCMA},
    {"fcadd", "0q10 1110 ss0m mmmm 111r 01nn nnnd dddd", tr_fcadd, ARM_FEAT_FCMA},
    {"fcmla_element", "0q10 1111 sslm mmmm 0rr1 h0nn nnnd dddd", tr_fcmla_element, ARM_FEAT_FCMA},
    MLAL(fmlal, 0, 0, "1110 ", "0000"), MLAL(fmlsl, 0, 1, "1110 ", "0100"),
    MLAL(fmlal2, 1, 0, "1100 ", "1000"), MLAL(fmlsl2, 1, 1, "1100 ", "1100"),
    {"bfdot", "0q10 1110 010m mmmm 1111 11nn nnnd dddd", tr_bfdot, ARM_FEAT_BF16},
    {"bfmmla", "0110 1110 010m mmmm 1110 11nn nnnd dddd", tr_bfmmla, ARM_FEAT_BF16},
    {"bfmlal", "0q10 1110 110m mmmm 1111 11nn nnnd dddd", tr_bfmlal, ARM_FEAT_BF16},
    {"bfdot_element", "0q00 1111 01lm mmmm 1111 h0nn nnnd dddd", tr_bfdot_element, ARM_FEAT_BF16},
    {"bfmlal_element", "0q00 1111 11lm mmmm 1111 h0nn nnnd dddd", tr_bfmlal_element, ARM_FEAT_BF16},
};
// clang-format on

const ArmChapter a64_simd_fp_products = {"simd_fp_products", rows, ARRAY_LEN(rows)};
