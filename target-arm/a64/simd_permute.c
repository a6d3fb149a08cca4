// Advanced SIMD permute, extract and table lookup (DDI 0487 C4.1.96).
#include "target-arm/a64/simd.h"

// With Q = 0 both operands are joined into one register first, except where the operation stays
// within lanes or takes the low halves anyway.

static IRRef zip1(ArmCtx *c, const Simd *s)
{
    return ir_v2(c->b, IR_vzip1, simd_n(c, s), simd_m(c, s), s->esize);
}

static IRRef zip2(ArmCtx *c, const Simd *s)
{
    if (s->q) {
        return ir_v2(c->b, IR_vzip2, simd_n(c, s), simd_m(c, s), s->esize);
    }
    return ir_v1(c->b, IR_vduplane, zip1(c, s), 3 | 1 << 8);
}

static IRRef unzip(ArmCtx *c, const Simd *s, IROpcode op)
{
    IRRef n = simd_n(c, s), m = simd_m(c, s);
    if (!s->q) {
        n = m = simd_join(c, n, m);
    }
    return ir_v2(c->b, op, n, m, s->esize);
}

static IRRef uzp1(ArmCtx *c, const Simd *s)
{
    return unzip(c, s, IR_vuzp1);
}
static IRRef uzp2(ArmCtx *c, const Simd *s)
{
    return unzip(c, s, IR_vuzp2);
}
static IRRef trn1(ArmCtx *c, const Simd *s)
{
    return ir_v2(c->b, IR_vtrn1, simd_n(c, s), simd_m(c, s), s->esize);
}
static IRRef trn2(ArmCtx *c, const Simd *s)
{
    return ir_v2(c->b, IR_vtrn2, simd_n(c, s), simd_m(c, s), s->esize);
}

static bool permute(ArmCtx *c, SimdFn *fn)
{
    Simd s = simd_vector(c);
    return simd_size_ok(&s, SIMD_BHSD) && simd_run(c, &s, fn);
}

#define TR(name)                                                                                   \
    static bool tr_##name(ArmCtx *c, const ArmFields *f)                                           \
    {                                                                                              \
        (void)f;                                                                                   \
        return permute(c, name);                                                                   \
    }

// clang-format off
TR(zip1) TR(zip2) TR(uzp1) TR(uzp2) TR(trn1) TR(trn2)

static bool tr_ext(ArmCtx *c, const ArmFields *f)
{
    if (!f->q && f->i >= 8) {
        return false;
    }
    if (!a64_fp_trapped(c)) {
        IRRef lo = a64_v(c, f->n), hi = a64_v(c, f->m);
        if (!f->q) {
            lo = hi = simd_join(c, lo, hi);
        }
        a64_put_v_q(c, f->d, f->i ? ir_vext(c->b, lo, hi, f->i) : lo, f->q);
    }
    return true;
}

// The table is 1 to 4 registers. Each register answers for the indices that fall into it: index - 16k
// is above 15 for all others, and gives 0 there.
static IRRef look_up(ArmCtx *c, const ArmFields *f, IRRef index)
{
    IRBlock *b = c->b;
    IRRef r = IR_NONE;
    for (unsigned i = 0; i <= f->l; i++) {
        IRRef local = i ? ir_v2(b, IR_vsub, index, simd_splat(c, 0, 16 * i), 0) : index;
        IRRef part = ir_v2(b, IR_vtbl, a64_v(c, (f->n + i) & 31), local, 0);
        r = i ? ir_v2(b, IR_vor, r, part, 0) : part;
    }
    return r;
}

static bool tr_tbl(ArmCtx *c, const ArmFields *f)
{
    if (!a64_fp_trapped(c)) {
        a64_put_v_q(c, f->d, look_up(c, f, a64_v(c, f->m)), f->q);
    }
    return true;
}

// Out of range: Vd's byte stays.
static bool tr_tbx(ArmCtx *c, const ArmFields *f)
{
    if (!a64_fp_trapped(c)) {
        IRRef index = a64_v(c, f->m);
        IRRef found = look_up(c, f, index);
        IRRef beyond = ir_v2(c->b, IR_vcgeu, index, simd_splat(c, 0, 16 * (f->l + 1)), 0);
        IRRef kept = ir_v2(c->b, IR_vand, a64_v(c, f->d), beyond, 0);
        a64_put_v_q(c, f->d, ir_v2(c->b, IR_vor, found, kept, 0), f->q);
    }
    return true;
}

#define ROW(name, op) \
    {#name, "0q00 1110 ss0m mmmm 0" op "10 nnnn nddd dd", tr_##name, ARM_FEAT_BASE}

static const ArmRow rows[] = {
    ROW(uzp1, "001"), ROW(trn1, "010"), ROW(zip1, "011"), ROW(uzp2, "101"), ROW(trn2, "110"),
    ROW(zip2, "111"),
    {"ext", "0q10 1110 000m mmmm 0iii i0nn nnnd dddd", tr_ext, ARM_FEAT_BASE},
    {"tbl", "0q00 1110 000m mmmm 0ll0 00nn nnnd dddd", tr_tbl, ARM_FEAT_BASE},
    {"tbx", "0q00 1110 000m mmmm 0ll1 00nn nnnd dddd", tr_tbx, ARM_FEAT_BASE},
};
// clang-format on

const ArmChapter a64_simd_permute = {"simd_permute", rows, ARRAY_LEN(rows)};
