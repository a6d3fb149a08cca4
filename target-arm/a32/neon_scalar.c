// Advanced SIMD, two registers and a scalar (DDI 0487 F4.1.22): one lane of Dm in place of a
// register.
#include "target-arm/a32/vfp.h"

// Of 16-bit lanes D0..D7 have four, of 32-bit lanes D0..D15 two.
static IRRef splat(ArmCtx *c, unsigned m, unsigned size, bool q)
{
    unsigned d = size == 1 ? m & 7 : m & 15;
    unsigned lane = size == 1 ? m >> 3 : m >> 4;
    lane += d % 2 * (8u >> size);
    IRRef v = ir_v1(c->b, IR_vduplane, a32_q(c, d / 2), size | lane << 8);
    return q ? v : ir_v1(c->b, IR_vzext, v, 3);
}

// wide: Vd is Q and the result long; else q tells the length of Vd and Vn.
static bool scalar(ArmCtx *c, bool q, bool is_long, SimdFn *fn)
{
    Neon r = neon_fields(c);
    if (!neon_even(r.d, q || is_long) || !neon_even(r.n, q)) {
        return false;
    }
    if (a32_vfp_trapped(c, true)) {
        return true;
    }
    Simd s = {.d = r.d,
              .n = r.n,
              .m = r.m,
              .esize = r.size,
              .q = q,
              .given = true,
              .n_value = neon_reg(c, r.n, q),
              .m_value = splat(c, r.m, r.size, q),
              .d_value = neon_reg(c, r.d, q || is_long)};
    neon_put_reg(c, r.d, q || is_long, fn(c, &s));
    return true;
}

static bool floating(ArmCtx *c, const ArmFields *f, SimdFn *fn)
{
    return (neon_fields(c).size == 2 || arm_has(c->cpu, ARM_FEAT_FP16)) &&
           scalar(c, f->q, false, fn);
}

#define TR(name)      NEON_TR(name, scalar(c, f->q, false, simd_##name))
#define TR_LONG(name) NEON_TR(name, scalar(c, false, true, simd_##name))

// clang-format off
TR(mla) TR(mls) TR(mul) TR(sqdmulh) TR(sqrdmulh) TR(sqrdmlah) TR(sqrdmlsh)
TR_LONG(smlal) TR_LONG(umlal) TR_LONG(sqdmlal) TR_LONG(smlsl) TR_LONG(umlsl) TR_LONG(sqdmlsl)
TR_LONG(smull) TR_LONG(umull) TR_LONG(sqdmull)
NEON_TR(fmla, floating(c, f, neon_fmla)) NEON_TR(fmls, floating(c, f, neon_fmls))
NEON_TR(fmul, floating(c, f, simd_fmul))

// Sizes 01 and 10. q: the length, or U of what is long.
#define ONE(name, q, size, op, feature) \
    {#name "_" size, "1111 001" q " 1D" size " nnnn dddd " op " N1M0 mmmm", tr_##name, feature}
#define TWO(name, q, op, feature) ONE(name, q, "01", op, feature), ONE(name, q, "10", op, feature)

static const ArmRow rows[] = {
    TWO(mla, "q", "0000", 0), TWO(fmla, "q", "0001", 0), TWO(smlal, "0", "0010", 0),
    TWO(umlal, "1", "0010", 0), TWO(sqdmlal, "0", "0011", 0), TWO(mls, "q", "0100", 0),
    TWO(fmls, "q", "0101", 0), TWO(smlsl, "0", "0110", 0), TWO(umlsl, "1", "0110", 0),
    TWO(sqdmlsl, "0", "0111", 0), TWO(mul, "q", "1000", 0), TWO(fmul, "q", "1001", 0),
    TWO(smull, "0", "1010", 0), TWO(umull, "1", "1010", 0), TWO(sqdmull, "0", "1011", 0),
    TWO(sqdmulh, "q", "1100", 0), TWO(sqrdmulh, "q", "1101", 0),
    TWO(sqrdmlah, "q", "1110", ARM_FEAT_RDM), TWO(sqrdmlsh, "q", "1111", ARM_FEAT_RDM),
};
// clang-format on

const ArmChapter a32_neon_scalar = {"neon_scalar", rows, ARRAY_LEN(rows)};
