// Advanced SIMD, three registers of different lengths (DDI 0487 F4.1.22): long, wide, narrowing.
#include "target-arm/a32/vfp.h"

typedef enum Lengths { LONG, WIDE, NARROW } Lengths; // Q = D op D, Q = Q op D, D = Q op Q

static bool different(ArmCtx *c, unsigned sizes, Lengths how, SimdFn *fn)
{
    Neon r = neon_fields(c);
    bool wide_d = how != NARROW, wide_n = how != LONG, wide_m = how == NARROW;
    if (!(sizes >> r.size & 1) || !neon_even(r.d, wide_d) || !neon_even(r.n, wide_n) ||
        !neon_even(r.m, wide_m)) {
        return false;
    }
    if (a32_vfp_trapped(c, true)) {
        return true;
    }
    Simd s = {.d = r.d,
              .n = r.n,
              .m = r.m,
              .esize = r.size,
              .given = true,
              .n_value = neon_reg(c, r.n, wide_n),
              .m_value = neon_reg(c, r.m, wide_m),
              .d_value = neon_reg(c, r.d, wide_d)};
    neon_put_reg(c, r.d, wide_d, fn(c, &s));
    return true;
}

#define TR(name, sizes, how) NEON_TR(name, different(c, sizes, how, simd_##name))

// clang-format off
TR(saddl, SIMD_BHS, LONG) TR(uaddl, SIMD_BHS, LONG) TR(saddw, SIMD_BHS, WIDE)
TR(uaddw, SIMD_BHS, WIDE) TR(ssubl, SIMD_BHS, LONG) TR(usubl, SIMD_BHS, LONG)
TR(ssubw, SIMD_BHS, WIDE) TR(usubw, SIMD_BHS, WIDE) TR(addhn, SIMD_BHS, NARROW)
TR(raddhn, SIMD_BHS, NARROW) TR(sabal, SIMD_BHS, LONG) TR(uabal, SIMD_BHS, LONG)
TR(subhn, SIMD_BHS, NARROW) TR(rsubhn, SIMD_BHS, NARROW) TR(sabdl, SIMD_BHS, LONG)
TR(uabdl, SIMD_BHS, LONG) TR(smlal, SIMD_BHS, LONG) TR(umlal, SIMD_BHS, LONG)
TR(sqdmlal, SIMD_HS, LONG) TR(smlsl, SIMD_BHS, LONG) TR(umlsl, SIMD_BHS, LONG)
TR(sqdmlsl, SIMD_HS, LONG) TR(smull, SIMD_BHS, LONG) TR(umull, SIMD_BHS, LONG)
TR(sqdmull, SIMD_HS, LONG) TR(pmull8, SIMD_B, LONG) TR(pmull64, SIMD_S, LONG)

// Size 11 is another kind of instruction, so that each size has a row.
#define ONE(name, u, size, op) \
    {#name "_" size, "1111 001" u " 1D" size " nnnn dddd " op " N0M0 mmmm", tr_##name, 0}
#define ROW(name, u, op) ONE(name, u, "0s", op), ONE(name, u, "10", op)

static const ArmRow rows[] = {
    ROW(saddl, "0", "0000"), ROW(uaddl, "1", "0000"), ROW(saddw, "0", "0001"),
    ROW(uaddw, "1", "0001"), ROW(ssubl, "0", "0010"), ROW(usubl, "1", "0010"),
    ROW(ssubw, "0", "0011"), ROW(usubw, "1", "0011"), ROW(addhn, "0", "0100"),
    ROW(raddhn, "1", "0100"), ROW(sabal, "0", "0101"), ROW(uabal, "1", "0101"),
    ROW(subhn, "0", "0110"), ROW(rsubhn, "1", "0110"), ROW(sabdl, "0", "0111"),
    ROW(uabdl, "1", "0111"), ROW(smlal, "0", "1000"), ROW(umlal, "1", "1000"),
    ROW(sqdmlal, "0", "1001"), ROW(smlsl, "0", "1010"), ROW(umlsl, "1", "1010"),
    ROW(sqdmlsl, "0", "1011"), ROW(smull, "0", "1100"), ROW(umull, "1", "1100"),
    ROW(sqdmull, "0", "1101"),
    ONE(pmull8, "0", "00", "1110"),
    {"pmull64", "1111 0010 1D10 nnnn dddd 1110 N0M0 mmmm", tr_pmull64, ARM_FEAT_PMULL},
};
// clang-format on

const ArmChapter a32_neon_three_diff = {"neon_three_diff", rows, ARRAY_LEN(rows)};
