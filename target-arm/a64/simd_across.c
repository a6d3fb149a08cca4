// Advanced SIMD across lanes, integers (DDI 0487 C4.1.96): sums, minima and maxima of all lanes, by
// halving the vector.
#include "target-arm/a64/simd.h"

static IRRef fold(ArmCtx *c, const Simd *s, IROpcode op)
{
    IRRef x = simd_n(c, s);
    for (unsigned bytes = s->q ? 8 : 4; bytes >= 1u << s->esize; bytes /= 2) {
        x = ir_v2(c->b, op, x, ir_vext(c->b, x, x, bytes), s->esize);
    }
    return ir_v1(c->b, IR_vzext, x, s->esize);
}

static IRRef smaxv(ArmCtx *c, const Simd *s)
{
    return fold(c, s, IR_vmaxs);
}
static IRRef sminv(ArmCtx *c, const Simd *s)
{
    return fold(c, s, IR_vmins);
}
static IRRef umaxv(ArmCtx *c, const Simd *s)
{
    return fold(c, s, IR_vmaxu);
}
static IRRef uminv(ArmCtx *c, const Simd *s)
{
    return fold(c, s, IR_vminu);
}
static IRRef addv(ArmCtx *c, const Simd *s)
{
    return fold(c, s, IR_vadd);
}

// Neighbours first, into lanes of twice the size, where the sum cannot overflow.
static IRRef add_long(ArmCtx *c, const Simd *s, bool is_signed)
{
    IRBlock *b = c->b;
    IROpcode right = is_signed ? IR_vsari : IR_vshri;
    unsigned wide = s->esize + 1, bits = simd_bits(s);
    IRRef n = simd_n(c, s);
    IRRef x = ir_v1i(b, right, ir_v1i(b, IR_vshli, n, wide, bits), wide, bits);
    x = ir_v2(b, IR_vadd, x, ir_v1i(b, right, n, wide, bits), wide);
    for (unsigned bytes = s->q ? 8 : 4; bytes >= 1u << wide; bytes /= 2) {
        x = ir_v2(b, IR_vadd, x, ir_vext(b, x, x, bytes), wide);
    }
    return ir_v1(b, IR_vzext, x, wide);
}

static IRRef saddlv(ArmCtx *c, const Simd *s)
{
    return add_long(c, s, true);
}
static IRRef uaddlv(ArmCtx *c, const Simd *s)
{
    return add_long(c, s, false);
}

static bool across(ArmCtx *c, SimdFn *fn)
{
    Simd s = simd_vector(c);
    if (s.esize == 3 || (s.esize == 2 && !s.q)) {
        return false;
    }
    if (!a64_fp_trapped(c)) {
        a64_put_v(c, s.d, fn(c, &s));
    }
    return true;
}

#define TR(name)                                                                                   \
    static bool tr_##name(ArmCtx *c, const ArmFields *f)                                           \
    {                                                                                              \
        (void)f;                                                                                   \
        return across(c, name);                                                                    \
    }

// clang-format off
TR(saddlv) TR(uaddlv) TR(smaxv) TR(umaxv) TR(sminv) TR(uminv) TR(addv)

#define ROW(name, u, op) \
    {#name, "0q" #u "0 1110 ss11 000" op "10 nnnn nddd dd", tr_##name, ARM_FEAT_BASE}

static const ArmRow rows[] = {
    ROW(saddlv, 0, "00011"), ROW(uaddlv, 1, "00011"), ROW(smaxv, 0, "01010"),
    ROW(umaxv, 1, "01010"),  ROW(sminv, 0, "11010"),  ROW(uminv, 1, "11010"),
    ROW(addv, 0, "11011"),
};
// clang-format on

const ArmChapter a64_simd_across = {"simd_across", rows, ARRAY_LEN(rows)};
