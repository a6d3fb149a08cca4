// Advanced SIMD, three registers of the same length (DDI 0487 F4.1.22).
#include "target-arm/a32/vfp.h"

// --- what A64 does otherwise: the products of VMLA, VRECPS and VRSQRTS are rounded on their own

static IRRef multiply_add(ArmCtx *c, const Simd *s, IROpcode op, const IRVHelper *exact)
{
    return a64_fp(c, op, exact, s->d_value, simd_fmul(c, s), IR_NONE, s->esize, 0);
}

IRRef neon_fmla(ArmCtx *c, const Simd *s)
{
    return multiply_add(c, s, IR_fadd, &arm_fx_add);
}
IRRef neon_fmls(ArmCtx *c, const Simd *s)
{
    return multiply_add(c, s, IR_fsub, &arm_fx_sub);
}
static IRRef recps(ArmCtx *c, const Simd *s)
{
    return a64_fp_exact(c, &arm_fx_recps_twice, s->n_value, s->m_value, IR_NONE, s->esize, 0);
}
static IRRef rsqrts(ArmCtx *c, const Simd *s)
{
    return a64_fp_exact(c, &arm_fx_rsqrts_twice, s->n_value, s->m_value, IR_NONE, s->esize, 0);
}

// --- integers

static bool integer(ArmCtx *c, unsigned sizes, SimdFn *fn)
{
    Neon n = neon_fields(c);
    return (sizes >> n.size & 1) && neon_run(c, &n, n.size, fn);
}

// Neighbours' operations have no Q form.
static bool pairwise(ArmCtx *c, SimdFn *fn)
{
    Neon n = neon_fields(c);
    return !n.q && n.size < 3 && neon_run(c, &n, n.size, fn);
}

static bool bitwise(ArmCtx *c, SimdFn *fn)
{
    Neon n = neon_fields(c);
    return neon_run(c, &n, 0, fn);
}

// Vm is what is shifted, Vn the counts.
static bool shift(ArmCtx *c, SimdFn *fn)
{
    Neon n = neon_fields(c);
    unsigned counts = n.n;
    n.n = n.m;
    n.m = counts;
    return neon_run(c, &n, n.size, fn);
}

#define TR(name, sizes)  NEON_TR(name, integer(c, sizes, simd_##name))
#define TR_SHIFT(name)   NEON_TR(name, shift(c, simd_##name))
#define TR_PAIR(name)    NEON_TR(name, pairwise(c, simd_##name))
#define TR_BITWISE(name) NEON_TR(name, bitwise(c, simd_##name))

// --- floating point: bit 20 tells half precision

static bool floating(ArmCtx *c, SimdFn *fn)
{
    Neon n = neon_fields(c);
    bool half = n.size & 1;
    return (!half || arm_has(c->cpu, ARM_FEAT_FP16)) && neon_run(c, &n, half ? 1 : 2, fn);
}

static bool floating_pair(ArmCtx *c, SimdFn *fn)
{
    return !neon_fields(c).q && floating(c, fn);
}

#define TR_FLOAT(name, fn)      NEON_TR(name, floating(c, fn))
#define TR_FLOAT_PAIR(name, fn) NEON_TR(name, floating_pair(c, fn))

// clang-format off
TR(shadd, SIMD_BHS) TR(uhadd, SIMD_BHS) TR(srhadd, SIMD_BHS) TR(urhadd, SIMD_BHS)
TR(shsub, SIMD_BHS) TR(uhsub, SIMD_BHS) TR(sqadd, SIMD_BHSD) TR(uqadd, SIMD_BHSD)
TR(sqsub, SIMD_BHSD) TR(uqsub, SIMD_BHSD) TR(cmgt, SIMD_BHS) TR(cmhi, SIMD_BHS)
TR(cmge, SIMD_BHS) TR(cmhs, SIMD_BHS) TR(smax, SIMD_BHS) TR(umax, SIMD_BHS) TR(smin, SIMD_BHS)
TR(umin, SIMD_BHS) TR(sabd, SIMD_BHS) TR(uabd, SIMD_BHS) TR(saba, SIMD_BHS) TR(uaba, SIMD_BHS)
TR(add, SIMD_BHSD) TR(sub, SIMD_BHSD) TR(cmtst, SIMD_BHS) TR(cmeq, SIMD_BHS) TR(mla, SIMD_BHS)
TR(mls, SIMD_BHS) TR(mul, SIMD_BHS) TR(pmul, SIMD_B) TR(sqdmulh, SIMD_HS) TR(sqrdmulh, SIMD_HS)
TR(sqrdmlah, SIMD_HS) TR(sqrdmlsh, SIMD_HS)
TR_SHIFT(sshl) TR_SHIFT(ushl) TR_SHIFT(srshl) TR_SHIFT(urshl) TR_SHIFT(sqshl) TR_SHIFT(uqshl)
TR_SHIFT(sqrshl) TR_SHIFT(uqrshl)
TR_PAIR(smaxp) TR_PAIR(umaxp) TR_PAIR(sminp) TR_PAIR(uminp) TR_PAIR(addp)
TR_BITWISE(and) TR_BITWISE(bic) TR_BITWISE(orr) TR_BITWISE(orn) TR_BITWISE(eor) TR_BITWISE(bsl)
TR_BITWISE(bit) TR_BITWISE(bif)
TR_FLOAT(vfma, simd_fmla) TR_FLOAT(vfms, simd_fmls) TR_FLOAT(vadd, simd_fadd)
TR_FLOAT(vsub, simd_fsub) TR_FLOAT_PAIR(vpadd, simd_faddp) TR_FLOAT(vabd, simd_fabd)
TR_FLOAT(vmla, neon_fmla) TR_FLOAT(vmls, neon_fmls) TR_FLOAT(vmul, simd_fmul)
TR_FLOAT(vceq, simd_fcmeq) TR_FLOAT(vcge, simd_fcmge) TR_FLOAT(vcgt, simd_fcmgt)
TR_FLOAT(vacge, simd_facge) TR_FLOAT(vacgt, simd_facgt) TR_FLOAT(vmax, simd_fmax)
TR_FLOAT(vmin, simd_fmin) TR_FLOAT_PAIR(vpmax, simd_fmaxp) TR_FLOAT_PAIR(vpmin, simd_fminp)
TR_FLOAT(vrecps, recps) TR_FLOAT(vrsqrts, rsqrts) TR_FLOAT(vmaxnm, simd_fmaxnm)
TR_FLOAT(vminnm, simd_fminnm)

// U, opcode (11..8), bit 4
#define ROW(name, u, op, x) \
    {#name, "1111 001" u " 0Dss nnnn dddd " op " NqM" x " mmmm", tr_##name, 0}
#define BITWISE(name, u, size) \
    {#name, "1111 001" u " 0D" size " nnnn dddd 0001 NqM1 mmmm", tr_##name, 0}
#define FLOAT(name, u, hi, op, x, feature) \
    {#name, "1111 001" u " 0D" hi "s nnnn dddd " op " NqM" x " mmmm", tr_##name, feature}

static const ArmRow rows[] = {
    ROW(shadd, "0", "0000", "0"), ROW(uhadd, "1", "0000", "0"), ROW(sqadd, "0", "0000", "1"),
    ROW(uqadd, "1", "0000", "1"), ROW(srhadd, "0", "0001", "0"), ROW(urhadd, "1", "0001", "0"),
    BITWISE(and, "0", "00"), BITWISE(bic, "0", "01"), BITWISE(orr, "0", "10"),
    BITWISE(orn, "0", "11"), BITWISE(eor, "1", "00"), BITWISE(bsl, "1", "01"),
    BITWISE(bit, "1", "10"), BITWISE(bif, "1", "11"),
    ROW(shsub, "0", "0010", "0"), ROW(uhsub, "1", "0010", "0"), ROW(sqsub, "0", "0010", "1"),
    ROW(uqsub, "1", "0010", "1"), ROW(cmgt, "0", "0011", "0"), ROW(cmhi, "1", "0011", "0"),
    ROW(cmge, "0", "0011", "1"), ROW(cmhs, "1", "0011", "1"), ROW(sshl, "0", "0100", "0"),
    ROW(ushl, "1", "0100", "0"), ROW(sqshl, "0", "0100", "1"), ROW(uqshl, "1", "0100", "1"),
    ROW(srshl, "0", "0101", "0"), ROW(urshl, "1", "0101", "0"), ROW(sqrshl, "0", "0101", "1"),
    ROW(uqrshl, "1", "0101", "1"), ROW(smax, "0", "0110", "0"), ROW(umax, "1", "0110", "0"),
    ROW(smin, "0", "0110", "1"), ROW(umin, "1", "0110", "1"), ROW(sabd, "0", "0111", "0"),
    ROW(uabd, "1", "0111", "0"), ROW(saba, "0", "0111", "1"), ROW(uaba, "1", "0111", "1"),
    ROW(add, "0", "1000", "0"), ROW(sub, "1", "1000", "0"), ROW(cmtst, "0", "1000", "1"),
    ROW(cmeq, "1", "1000", "1"), ROW(mla, "0", "1001", "0"), ROW(mls, "1", "1001", "0"),
    ROW(mul, "0", "1001", "1"), ROW(pmul, "1", "1001", "1"), ROW(smaxp, "0", "1010", "0"),
    ROW(umaxp, "1", "1010", "0"), ROW(sminp, "0", "1010", "1"), ROW(uminp, "1", "1010", "1"),
    ROW(sqdmulh, "0", "1011", "0"), ROW(sqrdmulh, "1", "1011", "0"), ROW(addp, "0", "1011", "1"),
    {"sqrdmlah", "1111 0011 0Dss nnnn dddd 1011 NqM1 mmmm", tr_sqrdmlah, ARM_FEAT_RDM},
    {"sqrdmlsh", "1111 0011 0Dss nnnn dddd 1100 NqM1 mmmm", tr_sqrdmlsh, ARM_FEAT_RDM},
    FLOAT(vfma, "0", "0", "1100", "1", ARM_FEAT_VFP4),
    FLOAT(vfms, "0", "1", "1100", "1", ARM_FEAT_VFP4),
    FLOAT(vadd, "0", "0", "1101", "0", 0), FLOAT(vsub, "0", "1", "1101", "0", 0),
    FLOAT(vpadd, "1", "0", "1101", "0", 0), FLOAT(vabd, "1", "1", "1101", "0", 0),
    FLOAT(vmla, "0", "0", "1101", "1", 0), FLOAT(vmls, "0", "1", "1101", "1", 0),
    FLOAT(vmul, "1", "0", "1101", "1", 0), FLOAT(vceq, "0", "0", "1110", "0", 0),
    FLOAT(vcge, "1", "0", "1110", "0", 0), FLOAT(vcgt, "1", "1", "1110", "0", 0),
    FLOAT(vacge, "1", "0", "1110", "1", 0), FLOAT(vacgt, "1", "1", "1110", "1", 0),
    FLOAT(vmax, "0", "0", "1111", "0", 0), FLOAT(vmin, "0", "1", "1111", "0", 0),
    FLOAT(vpmax, "1", "0", "1111", "0", 0), FLOAT(vpmin, "1", "1", "1111", "0", 0),
    FLOAT(vrecps, "0", "0", "1111", "1", 0), FLOAT(vrsqrts, "0", "1", "1111", "1", 0),
    FLOAT(vmaxnm, "1", "0", "1111", "1", ARM_FEAT_A32_V8),
    FLOAT(vminnm, "1", "1", "1111", "1", ARM_FEAT_A32_V8),
};
// clang-format on

const ArmChapter a32_neon_three_same = {"neon_three_same", rows, ARRAY_LEN(rows)};
