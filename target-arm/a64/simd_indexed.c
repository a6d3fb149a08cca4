// Advanced SIMD vector x indexed element, integers (DDI 0487 C4.1.96): the three-same and
// three-different operations with one lane of Vm in place of all of them.
#include "target-arm/a64/simd.h"

static bool indexed(ArmCtx *c, unsigned esize, bool long_result, SimdFn *fn)
{
    Simd s;
    unsigned lane;
    if ((esize != 1 && esize != 2) || !simd_by_element(c, false, esize, &s, &lane)) {
        return false;
    }
    if (a64_fp_trapped(c)) {
        return true;
    }
    s.m_value = ir_v1(c->b, IR_vduplane, a64_v(c, s.m), esize | lane << 8);
    s.m_given = true;
    if (long_result) {
        a64_put_v(c, s.d, fn(c, &s));
        return true;
    }
    return simd_run(c, &s, fn);
}

#define TR(name, esize, is_long)                                                                   \
    static bool tr_##name(ArmCtx *c, const ArmFields *f)                                           \
    {                                                                                              \
        (void)f;                                                                                   \
        return indexed(c, esize, is_long, simd_##name);                                            \
    }

// clang-format off
TR(mul, f->s, false) TR(mla, f->s, false) TR(mls, f->s, false) TR(sqdmulh, f->s, false)
TR(sqrdmulh, f->s, false) TR(sqrdmlah, f->s, false) TR(sqrdmlsh, f->s, false) TR(smull, f->s, true)
TR(umull, f->s, true) TR(smlal, f->s, true) TR(umlal, f->s, true) TR(smlsl, f->s, true)
TR(umlsl, f->s, true) TR(sqdmull, f->s, true) TR(sqdmlal, f->s, true) TR(sqdmlsl, f->s, true)
TR(sdot, 2, false) TR(udot, 2, false) TR(usdot, 2, false) TR(sudot, 2, false)

#define ROW(name, u, size, op, feature) \
    {#name, "0q" #u "0 1111 " size "lm mmmm " op " h0nn nnnd dddd", tr_##name, ARM_FEAT_##feature}

static const ArmRow rows[] = {
    ROW(mla, 1, "ss", "0000", BASE),      ROW(mls, 1, "ss", "0100", BASE),
    ROW(smlal, 0, "ss", "0010", BASE),    ROW(umlal, 1, "ss", "0010", BASE),
    ROW(sqdmlal, 0, "ss", "0011", BASE),  ROW(smlsl, 0, "ss", "0110", BASE),
    ROW(umlsl, 1, "ss", "0110", BASE),    ROW(sqdmlsl, 0, "ss", "0111", BASE),
    ROW(mul, 0, "ss", "1000", BASE),      ROW(smull, 0, "ss", "1010", BASE),
    ROW(umull, 1, "ss", "1010", BASE),    ROW(sqdmull, 0, "ss", "1011", BASE),
    ROW(sqdmulh, 0, "ss", "1100", BASE),  ROW(sqrdmulh, 0, "ss", "1101", BASE),
    ROW(sqrdmlah, 1, "ss", "1101", RDM),  ROW(sqrdmlsh, 1, "ss", "1111", RDM),
    ROW(sdot, 0, "10", "1110", DOTPROD),  ROW(udot, 1, "10", "1110", DOTPROD),
    ROW(sudot, 0, "00", "1111", I8MM),    ROW(usdot, 0, "10", "1111", I8MM),
};
// clang-format on

const ArmChapter a64_simd_indexed = {"simd_indexed", rows, ARRAY_LEN(rows)};
