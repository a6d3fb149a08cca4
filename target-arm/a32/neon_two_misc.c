// Advanced SIMD, two registers, miscellaneous (DDI 0487 F4.1.22). Size is at 19..18. Permutes are
// in neon_permute.c, cryptography in neon_crypto.c.
#include "target-arm/a32/vfp.h"

static unsigned size_of(const ArmCtx *c)
{
    return extract32(c->insn, 18, 2);
}

static bool integer(ArmCtx *c, unsigned sizes, SimdFn *fn)
{
    Neon n = neon_fields(c);
    unsigned esize = size_of(c);
    return (sizes >> esize & 1) && neon_run_one(c, &n, esize, fn);
}

static bool floating(ArmCtx *c, SimdFn *fn)
{
    Neon n = neon_fields(c);
    unsigned esize = size_of(c);
    bool ok = esize == 2 || (esize == 1 && arm_has(c->cpu, ARM_FEAT_FP16));
    return ok && neon_run_one(c, &n, esize, fn);
}

// The zeroes of a D register estimate to infinity and raise DZC: its other half is 1.
static IRRef estimate(ArmCtx *c, const Simd *s, const IRVHelper *exact)
{
    IRRef n = s->n_value;
    if (!s->q) {
        n = simd_join(c, n, simd_splat(c, s->esize, a64_expand_fp_imm(s->esize, 0x70)));
    }
    return a64_fp_exact(c, exact, n, IR_NONE, IR_NONE, s->esize, 0);
}
static IRRef vrecpe(ArmCtx *c, const Simd *s)
{
    return estimate(c, s, &arm_fx_recpe);
}
static IRRef vrsqrte(ArmCtx *c, const Simd *s)
{
    return estimate(c, s, &arm_fx_rsqrte);
}

// --- between lengths. esize is that of the D register's lanes.

static bool resized(ArmCtx *c, unsigned sizes, bool narrow, SimdFn *fn)
{
    Neon n = neon_fields(c);
    unsigned esize = size_of(c);
    if (!(sizes >> esize & 1) || !neon_even(narrow ? n.m : n.d, true)) {
        return false;
    }
    if (!a32_vfp_trapped(c, true)) {
        Simd s = {.esize = esize, .given = true, .n_value = neon_reg(c, n.m, narrow)};
        neon_put_reg(c, n.d, !narrow, fn(c, &s));
    }
    return true;
}

static IRRef half_to_single(ArmCtx *c, const Simd *s)
{
    return a64_fp_exact(c, &arm_fx_lengthen, s->n_value, IR_NONE, IR_NONE, 1, 0);
}
static IRRef single_to_half(ArmCtx *c, const Simd *s)
{
    return a64_fp_exact(c, &arm_fx_narrow, s->n_value, IR_NONE, IR_NONE, 2, 0);
}
static IRRef single_to_brain(ArmCtx *c, const Simd *s)
{
    return a64_fp_exact(c, &arm_fx_bf_narrow, s->n_value, IR_NONE, IR_NONE, 2, 0);
}

// clang-format off
#define TR(name, sizes)     NEON_TR(name, integer(c, sizes, simd_##name))
#define TR_FLOAT(name)      NEON_TR(name, floating(c, simd_##name))
#define TR_NARROW(name)     NEON_TR(name, resized(c, SIMD_BHS, true, simd_##name))

TR(rev64, SIMD_BHS) TR(rev32, SIMD_B | SIMD_H) TR(rev16, SIMD_B) TR(saddlp, SIMD_BHS)
TR(uaddlp, SIMD_BHS) TR(cls, SIMD_BHS) TR(clz, SIMD_BHS) TR(cnt, SIMD_B) TR(not, SIMD_B)
TR(sadalp, SIMD_BHS) TR(uadalp, SIMD_BHS) TR(sqabs, SIMD_BHS) TR(sqneg, SIMD_BHS)
TR(cmgt0, SIMD_BHS) TR(cmge0, SIMD_BHS) TR(cmeq0, SIMD_BHS) TR(cmle0, SIMD_BHS)
TR(cmlt0, SIMD_BHS) TR(abs, SIMD_BHS) TR(neg, SIMD_BHS) TR(urecpe, SIMD_S) TR(ursqrte, SIMD_S)
TR_FLOAT(fcmgt0) TR_FLOAT(fcmge0) TR_FLOAT(fcmeq0) TR_FLOAT(fcmle0) TR_FLOAT(fcmlt0)
TR_FLOAT(fabs) TR_FLOAT(fneg) TR_FLOAT(frintn) TR_FLOAT(frintx) TR_FLOAT(frinta)
TR_FLOAT(frintz) TR_FLOAT(frintm) TR_FLOAT(frintp) TR_FLOAT(fcvtas) TR_FLOAT(fcvtau)
TR_FLOAT(fcvtns) TR_FLOAT(fcvtnu) TR_FLOAT(fcvtps) TR_FLOAT(fcvtpu) TR_FLOAT(fcvtms)
TR_FLOAT(fcvtmu) TR_FLOAT(scvtf) TR_FLOAT(ucvtf) TR_FLOAT(fcvtzs) TR_FLOAT(fcvtzu)
NEON_TR(frecpe, floating(c, vrecpe)) NEON_TR(frsqrte, floating(c, vrsqrte))
TR_NARROW(xtn) TR_NARROW(sqxtun) TR_NARROW(sqxtn) TR_NARROW(uqxtn)
NEON_TR(shll, resized(c, SIMD_BHS, false, simd_shll))
NEON_TR(half_to_single, resized(c, SIMD_H, false, half_to_single))
NEON_TR(single_to_half, resized(c, SIMD_H, true, single_to_half))
NEON_TR(single_to_brain, resized(c, SIMD_H, true, single_to_brain))

// Bits 17..16, 11..7
#define BITS(group, op, q) "1111 0011 1D11 ss" group " dddd 0" op q "M0 mmmm"
#define ROW(name, group, op)      {#name, BITS(group, op, "q"), tr_##name, 0}
#define ROW_V8(name, group, op)   {#name, BITS(group, op, "q"), tr_##name, ARM_FEAT_A32_V8}
#define ROW_Q(name, group, op, q) {#name, BITS(group, op, q), tr_##name, 0}

static const ArmRow rows[] = {
    ROW(rev64, "00", "000 0"), ROW(rev32, "00", "000 1"), ROW(rev16, "00", "001 0"),
    ROW(saddlp, "00", "010 0"), ROW(uaddlp, "00", "010 1"), ROW(cls, "00", "100 0"),
    ROW(clz, "00", "100 1"), ROW(cnt, "00", "101 0"), ROW(not, "00", "101 1"),
    ROW(sadalp, "00", "110 0"), ROW(uadalp, "00", "110 1"), ROW(sqabs, "00", "111 0"),
    ROW(sqneg, "00", "111 1"),
    ROW(cmgt0, "01", "000 0"), ROW(cmge0, "01", "000 1"), ROW(cmeq0, "01", "001 0"),
    ROW(cmle0, "01", "001 1"), ROW(cmlt0, "01", "010 0"), ROW(abs, "01", "011 0"),
    ROW(neg, "01", "011 1"), ROW(fcmgt0, "01", "100 0"), ROW(fcmge0, "01", "100 1"),
    ROW(fcmeq0, "01", "101 0"), ROW(fcmle0, "01", "101 1"), ROW(fcmlt0, "01", "110 0"),
    ROW(fabs, "01", "111 0"), ROW(fneg, "01", "111 1"),
    ROW_Q(xtn, "10", "010 0", "0"), ROW_Q(sqxtun, "10", "010 0", "1"),
    ROW_Q(sqxtn, "10", "010 1", "0"), ROW_Q(uqxtn, "10", "010 1", "1"),
    ROW_Q(shll, "10", "011 0", "0"), ROW_V8(frintn, "10", "100 0"), ROW_V8(frintx, "10", "100 1"),
    ROW_V8(frinta, "10", "101 0"), ROW_V8(frintz, "10", "101 1"),
    ROW_Q(single_to_half, "10", "110 0", "0"), ROW_V8(frintm, "10", "110 1"),
    ROW_Q(half_to_single, "10", "111 0", "0"), ROW_V8(frintp, "10", "111 1"),
    {"single_to_brain", BITS("10", "110 0", "1"), tr_single_to_brain, ARM_FEAT_BF16},
    ROW_V8(fcvtas, "11", "000 0"), ROW_V8(fcvtau, "11", "000 1"), ROW_V8(fcvtns, "11", "001 0"),
    ROW_V8(fcvtnu, "11", "001 1"), ROW_V8(fcvtps, "11", "010 0"), ROW_V8(fcvtpu, "11", "010 1"),
    ROW_V8(fcvtms, "11", "011 0"), ROW_V8(fcvtmu, "11", "011 1"), ROW(urecpe, "11", "100 0"),
    ROW(ursqrte, "11", "100 1"), ROW(frecpe, "11", "101 0"), ROW(frsqrte, "11", "101 1"),
    ROW(scvtf, "11", "110 0"), ROW(ucvtf, "11", "110 1"), ROW(fcvtzs, "11", "111 0"),
    ROW(fcvtzu, "11", "111 1"),
};
// clang-format on

const ArmChapter a32_neon_two_misc = {"neon_two_misc", rows, ARRAY_LEN(rows)};
