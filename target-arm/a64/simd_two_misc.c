// Advanced SIMD two-register miscellaneous, integers (DDI 0487 C4.1.96). Floating point is in
// simd_fp.c and simd_fp_convert.c.
#include "target-arm/a64/simd.h"

// --- against zero, negate, absolute

IRRef simd_cmgt0(ArmCtx *c, const Simd *s)
{
    return ir_v2(c->b, IR_vcgt, simd_n(c, s), simd_zero(c), s->esize);
}
IRRef simd_cmge0(ArmCtx *c, const Simd *s)
{
    return ir_v2(c->b, IR_vcge, simd_n(c, s), simd_zero(c), s->esize);
}
IRRef simd_cmeq0(ArmCtx *c, const Simd *s)
{
    return ir_v2(c->b, IR_vceq, simd_n(c, s), simd_zero(c), s->esize);
}
IRRef simd_cmle0(ArmCtx *c, const Simd *s)
{
    return ir_v2(c->b, IR_vcge, simd_zero(c), simd_n(c, s), s->esize);
}
IRRef simd_cmlt0(ArmCtx *c, const Simd *s)
{
    return ir_v2(c->b, IR_vcgt, simd_zero(c), simd_n(c, s), s->esize);
}
IRRef simd_abs(ArmCtx *c, const Simd *s)
{
    return ir_v1(c->b, IR_vabs, simd_n(c, s), s->esize);
}
IRRef simd_neg(ArmCtx *c, const Simd *s)
{
    return ir_v1(c->b, IR_vneg, simd_n(c, s), s->esize);
}

// --- by C functions

#define BY_HELPER(name)                                                                            \
    IRRef simd_##name(ArmCtx *c, const Simd *s)                                                    \
    {                                                                                              \
        return simd_call1(c, s, &arm_hv_##name, simd_n_clean(c, s));                               \
    }
#define BY_HELPER_ON_D(name)                                                                       \
    IRRef simd_##name(ArmCtx *c, const Simd *s)                                                    \
    {                                                                                              \
        return simd_call2(c, s, &arm_hv_##name, simd_n_clean(c, s), simd_d_clean(c, s));           \
    }

BY_HELPER_ON_D(suqadd)
BY_HELPER_ON_D(usqadd)
BY_HELPER(cls)
BY_HELPER(clz)
BY_HELPER(rbit)
BY_HELPER(urecpe)
BY_HELPER(ursqrte)

// --- saturating, of the most negative value alone

IRRef simd_sqabs(ArmCtx *c, const Simd *s)
{
    IRRef wrapped = ir_v1(c->b, IR_vabs, simd_n_clean(c, s), s->esize);
    IRRef most = simd_splat(c, s->esize, mask64(simd_bits(s) - 1));
    IRRef r = ir_v2(c->b, IR_vminu, wrapped, most, s->esize);
    simd_note_saturation(c, r, wrapped);
    return r;
}

IRRef simd_sqneg(ArmCtx *c, const Simd *s)
{
    IRRef n = simd_n_clean(c, s), zero = simd_zero(c);
    IRRef r = ir_v2(c->b, IR_vqsubs, zero, n, s->esize);
    simd_note_saturation(c, r, ir_v1(c->b, IR_vneg, n, s->esize));
    return r;
}

// --- bits and order

IRRef simd_cnt(ArmCtx *c, const Simd *s)
{
    return ir_v1(c->b, IR_vcnt, simd_n(c, s), 0);
}
IRRef simd_not(ArmCtx *c, const Simd *s)
{
    return ir_v1(c->b, IR_vnot, simd_n(c, s), 0);
}

static IRRef reverse(ArmCtx *c, const Simd *s, unsigned container)
{
    return ir_make(c->b, IR_vrev, IR_V128, simd_n(c, s), IR_NONE, IR_NONE, IR_NONE, s->esize,
                   container, 0);
}
IRRef simd_rev64(ArmCtx *c, const Simd *s)
{
    return reverse(c, s, 3);
}
IRRef simd_rev32(ArmCtx *c, const Simd *s)
{
    return reverse(c, s, 2);
}
IRRef simd_rev16(ArmCtx *c, const Simd *s)
{
    return reverse(c, s, 1);
}

// --- sums of neighbours, widened

static IRRef add_long_pairs(ArmCtx *c, const Simd *s, bool is_signed)
{
    IRBlock *b = c->b;
    IROpcode right = is_signed ? IR_vsari : IR_vshri;
    unsigned wide = s->esize + 1, bits = simd_bits(s);
    IRRef n = simd_n(c, s);
    IRRef even = ir_v1i(b, right, ir_v1i(b, IR_vshli, n, wide, bits), wide, bits);
    return ir_v2(b, IR_vadd, even, ir_v1i(b, right, n, wide, bits), wide);
}

IRRef simd_saddlp(ArmCtx *c, const Simd *s)
{
    return add_long_pairs(c, s, true);
}
IRRef simd_uaddlp(ArmCtx *c, const Simd *s)
{
    return add_long_pairs(c, s, false);
}
IRRef simd_sadalp(ArmCtx *c, const Simd *s)
{
    return ir_v2(c->b, IR_vadd, simd_d(c, s), add_long_pairs(c, s, true), s->esize + 1);
}
IRRef simd_uadalp(ArmCtx *c, const Simd *s)
{
    return ir_v2(c->b, IR_vadd, simd_d(c, s), add_long_pairs(c, s, false), s->esize + 1);
}

// --- to half the size. The vector forms write the low half (the high half becomes zero) or, with
// Q, the high half of Vd.

IRRef simd_sqxtn(ArmCtx *c, const Simd *s)
{
    return simd_narrow_saturating(c, s, simd_wide_n(c, s), NARROW_S_TO_S);
}
IRRef simd_uqxtn(ArmCtx *c, const Simd *s)
{
    return simd_narrow_saturating(c, s, simd_wide_n(c, s), NARROW_U_TO_U);
}
IRRef simd_sqxtun(ArmCtx *c, const Simd *s)
{
    return simd_narrow_saturating(c, s, simd_wide_n(c, s), NARROW_S_TO_U);
}

IRRef simd_xtn(ArmCtx *c, const Simd *s)
{
    IRRef n = simd_n(c, s);
    return s->q ? ir_v2(c->b, IR_vnarrow2, simd_d(c, s), n, s->esize + 1)
                : ir_v1(c->b, IR_vnarrow, n, s->esize + 1);
}

IRRef simd_shll(ArmCtx *c, const Simd *s)
{
    IRRef wide = ir_v1(c->b, s->q ? IR_vwiden2_u : IR_vwiden_u, simd_n(c, s), s->esize);
    return ir_v1i(c->b, IR_vshli, wide, s->esize + 1, simd_bits(s));
}

// --- translators

static bool two_misc(ArmCtx *c, unsigned sizes, SimdFn *fn)
{
    Simd s = simd_vector(c);
    return simd_size_ok(&s, sizes) && simd_run(c, &s, fn);
}

// Results of 128 bits whatever Q says, or with the high half already right.
static bool two_misc_whole(ArmCtx *c, SimdFn *fn)
{
    Simd s = simd_vector(c);
    if (s.esize == 3) {
        return false;
    }
    if (!a64_fp_trapped(c)) {
        a64_put_v(c, s.d, fn(c, &s));
    }
    return true;
}

#define TR(name, sizes)                                                                            \
    static bool tr_##name(ArmCtx *c, const ArmFields *f)                                           \
    {                                                                                              \
        (void)f;                                                                                   \
        return two_misc(c, sizes, simd_##name);                                                    \
    }
#define TR_WHOLE(name)                                                                             \
    static bool tr_##name(ArmCtx *c, const ArmFields *f)                                           \
    {                                                                                              \
        (void)f;                                                                                   \
        return two_misc_whole(c, simd_##name);                                                     \
    }
#define TR_BYTES(name)                                                                             \
    static bool tr_##name(ArmCtx *c, const ArmFields *f)                                           \
    {                                                                                              \
        (void)f;                                                                                   \
        return simd_run_bytes(c, simd_##name);                                                     \
    }

// clang-format off
TR(rev64, SIMD_BHS) TR(rev32, SIMD_B | SIMD_H) TR(rev16, SIMD_B) TR(saddlp, SIMD_BHS)
TR(uaddlp, SIMD_BHS) TR(sadalp, SIMD_BHS) TR(uadalp, SIMD_BHS) TR(suqadd, SIMD_BHSD)
TR(usqadd, SIMD_BHSD) TR(cls, SIMD_BHS) TR(clz, SIMD_BHS) TR(cnt, SIMD_B) TR(sqabs, SIMD_BHSD)
TR(sqneg, SIMD_BHSD) TR(cmgt0, SIMD_BHSD) TR(cmge0, SIMD_BHSD) TR(cmeq0, SIMD_BHSD)
TR(cmle0, SIMD_BHSD) TR(cmlt0, SIMD_BHSD) TR(abs, SIMD_BHSD) TR(neg, SIMD_BHSD)
TR(urecpe, SIMD_S) TR(ursqrte, SIMD_S) TR_BYTES(not) TR_BYTES(rbit) TR_WHOLE(xtn)
TR_WHOLE(sqxtn) TR_WHOLE(uqxtn) TR_WHOLE(sqxtun) TR_WHOLE(shll)

// U, size, opcode
#define ROW(name, u, size, op) \
    {#name, "0q" #u "0 1110 " size "10 000" op "10 nnnn nddd dd", tr_##name, ARM_FEAT_BASE}

static const ArmRow rows[] = {
    ROW(rev64, 0, "ss", "00000"), ROW(rev32, 1, "ss", "00000"), ROW(rev16, 0, "ss", "00001"),
    ROW(saddlp, 0, "ss", "00010"), ROW(uaddlp, 1, "ss", "00010"), ROW(suqadd, 0, "ss", "00011"),
    ROW(usqadd, 1, "ss", "00011"), ROW(cls, 0, "ss", "00100"), ROW(clz, 1, "ss", "00100"),
    ROW(cnt, 0, "ss", "00101"), ROW(not, 1, "00", "00101"), ROW(rbit, 1, "01", "00101"),
    ROW(sadalp, 0, "ss", "00110"), ROW(uadalp, 1, "ss", "00110"), ROW(sqabs, 0, "ss", "00111"),
    ROW(sqneg, 1, "ss", "00111"), ROW(cmgt0, 0, "ss", "01000"), ROW(cmge0, 1, "ss", "01000"),
    ROW(cmeq0, 0, "ss", "01001"), ROW(cmle0, 1, "ss", "01001"), ROW(cmlt0, 0, "ss", "01010"),
    ROW(abs, 0, "ss", "01011"), ROW(neg, 1, "ss", "01011"), ROW(xtn, 0, "ss", "10010"),
    ROW(sqxtun, 1, "ss", "10010"), ROW(shll, 1, "ss", "10011"), ROW(sqxtn, 0, "ss", "10100"),
    ROW(uqxtn, 1, "ss", "10100"), ROW(urecpe, 0, "10", "11100"), ROW(ursqrte, 1, "10", "11100"),
};
// clang-format on

const ArmChapter a64_simd_two_misc = {"simd_two_misc", rows, ARRAY_LEN(rows)};
