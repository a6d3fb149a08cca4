// Advanced SIMD shift by immediate (DDI 0487 C4.1.96). immh:immb tells both the lane size and the
// amount; immh = 0 is another encoding (modified immediate), so each operation has a row for each
// lane size.
#include "target-arm/a64/simd.h"

// --- plain, rounded, accumulated

static IRRef shift_right(ArmCtx *c, const Simd *s, bool is_signed, bool round)
{
    IRRef n = simd_n(c, s);
    if (round) {
        return simd_shr_round(c, n, s->esize, s->shift, is_signed);
    }
    return ir_v1i(c->b, is_signed ? IR_vsari : IR_vshri, n, s->esize, s->shift);
}

static IRRef onto_d(ArmCtx *c, const Simd *s, IRRef x)
{
    return ir_v2(c->b, IR_vadd, simd_d(c, s), x, s->esize);
}

IRRef simd_sshr(ArmCtx *c, const Simd *s)
{
    return shift_right(c, s, true, false);
}
IRRef simd_ushr(ArmCtx *c, const Simd *s)
{
    return shift_right(c, s, false, false);
}
IRRef simd_srshr(ArmCtx *c, const Simd *s)
{
    return shift_right(c, s, true, true);
}
IRRef simd_urshr(ArmCtx *c, const Simd *s)
{
    return shift_right(c, s, false, true);
}
IRRef simd_ssra(ArmCtx *c, const Simd *s)
{
    return onto_d(c, s, simd_sshr(c, s));
}
IRRef simd_usra(ArmCtx *c, const Simd *s)
{
    return onto_d(c, s, simd_ushr(c, s));
}
IRRef simd_srsra(ArmCtx *c, const Simd *s)
{
    return onto_d(c, s, simd_srshr(c, s));
}
IRRef simd_ursra(ArmCtx *c, const Simd *s)
{
    return onto_d(c, s, simd_urshr(c, s));
}
IRRef simd_shl(ArmCtx *c, const Simd *s)
{
    return ir_v1i(c->b, IR_vshli, simd_n(c, s), s->esize, s->shift);
}

// --- insert: the bits that the shift fills with zeroes stay Vd's

static IRRef keep_bits(ArmCtx *c, const Simd *s, IRRef shifted, uint64_t kept)
{
    IRRef old = ir_v2(c->b, IR_vand, simd_d(c, s), simd_splat(c, s->esize, kept), 0);
    return ir_v2(c->b, IR_vor, shifted, old, 0);
}

IRRef simd_sri(ArmCtx *c, const Simd *s)
{
    unsigned left = simd_bits(s) - s->shift;
    return keep_bits(c, s, simd_ushr(c, s), left ? ~mask64(left) : ~UINT64_C(0));
}
IRRef simd_sli(ArmCtx *c, const Simd *s)
{
    return keep_bits(c, s, simd_shl(c, s), s->shift ? mask64(s->shift) : 0);
}

// --- saturating left shifts

#define BY_HELPER(name)                                                                            \
    IRRef simd_##name(ArmCtx *c, const Simd *s)                                                    \
    {                                                                                              \
        return simd_call1(c, s, &arm_hv_##name, simd_n_clean(c, s));                               \
    }

BY_HELPER(sqshl_imm)
BY_HELPER(uqshl_imm)
BY_HELPER(sqshlu_imm)

// --- narrowing: esize is that of the result

static IRRef narrow_shift(ArmCtx *c, const Simd *s, bool round)
{
    unsigned wide = s->esize + 1;
    IRRef x = simd_n(c, s);
    x = round ? simd_shr_round(c, x, wide, s->shift, false)
              : ir_v1i(c->b, IR_vshri, x, wide, s->shift);
    return s->q ? ir_v2(c->b, IR_vnarrow2, simd_d(c, s), x, wide)
                : ir_v1(c->b, IR_vnarrow, x, wide);
}

IRRef simd_shrn(ArmCtx *c, const Simd *s)
{
    return narrow_shift(c, s, false);
}
IRRef simd_rshrn(ArmCtx *c, const Simd *s)
{
    return narrow_shift(c, s, true);
}

static IRRef narrow_saturating(ArmCtx *c, const Simd *s, SimdNarrow how, bool round)
{
    unsigned wide = s->esize + 1;
    bool is_signed = how != NARROW_U_TO_U;
    IRRef x = simd_wide_n(c, s);
    x = round ? simd_shr_round(c, x, wide, s->shift, is_signed)
              : ir_v1i(c->b, is_signed ? IR_vsari : IR_vshri, x, wide, s->shift);
    return simd_narrow_saturating(c, s, x, how);
}

#define NARROW_SATURATING(name, how, round)                                                        \
    IRRef simd_##name(ArmCtx *c, const Simd *s)                                                    \
    {                                                                                              \
        return narrow_saturating(c, s, how, round);                                                \
    }

NARROW_SATURATING(sqshrn, NARROW_S_TO_S, false)
NARROW_SATURATING(sqrshrn, NARROW_S_TO_S, true)
NARROW_SATURATING(uqshrn, NARROW_U_TO_U, false)
NARROW_SATURATING(uqrshrn, NARROW_U_TO_U, true)
NARROW_SATURATING(sqshrun, NARROW_S_TO_U, false)
NARROW_SATURATING(sqrshrun, NARROW_S_TO_U, true)

// --- widening (SXTL, UXTL when the amount is 0)

static IRRef long_shift(ArmCtx *c, const Simd *s, bool is_signed)
{
    IROpcode op =
        s->q ? (is_signed ? IR_vwiden2_s : IR_vwiden2_u) : (is_signed ? IR_vwiden_s : IR_vwiden_u);
    IRRef wide = ir_v1(c->b, op, simd_n(c, s), s->esize);
    return s->shift ? ir_v1i(c->b, IR_vshli, wide, s->esize + 1, s->shift) : wide;
}

IRRef simd_sshll(ArmCtx *c, const Simd *s)
{
    return long_shift(c, s, true);
}
IRRef simd_ushll(ArmCtx *c, const Simd *s)
{
    return long_shift(c, s, false);
}

// --- translators

static bool in_lanes(ArmCtx *c, const Simd *s, SimdFn *fn)
{
    return simd_size_ok(s, SIMD_BHSD) && simd_run(c, s, fn);
}

// The result is 128 bits wide whatever Q says, or its high half is already right.
static bool other_size(ArmCtx *c, const Simd *s, SimdFn *fn)
{
    if (!a64_fp_trapped(c)) {
        a64_put_v(c, s->d, fn(c, s));
    }
    return true;
}

#define TR(name, shape, how, fn)                                                                   \
    static bool tr_##name(ArmCtx *c, const ArmFields *f)                                           \
    {                                                                                              \
        Simd s = shape(c, false);                                                                  \
        (void)f;                                                                                   \
        return how(c, &s, fn);                                                                     \
    }
#define RIGHT(name)  TR(name, simd_shift_right, in_lanes, simd_##name)
#define LEFT(name)   TR(name, simd_shift_left, in_lanes, simd_##name)
#define NARROW(name) TR(name, simd_shift_right, other_size, simd_##name)
#define WIDEN(name)  TR(name, simd_shift_left, other_size, simd_##name)

// clang-format off
RIGHT(sshr) RIGHT(ushr) RIGHT(ssra) RIGHT(usra) RIGHT(srshr) RIGHT(urshr) RIGHT(srsra) RIGHT(ursra)
RIGHT(sri) LEFT(shl) LEFT(sli) LEFT(sqshl_imm) LEFT(uqshl_imm) LEFT(sqshlu_imm)
NARROW(sqshrn) NARROW(sqrshrn) NARROW(uqshrn) NARROW(uqrshrn) NARROW(sqshrun) NARROW(sqrshrun)
NARROW(shrn) NARROW(rshrn) WIDEN(sshll) WIDEN(ushll)

#define ROW(name, size, u, immh, op) \
    {#name size, "0q" #u "0 1111 0" immh op "1 nnnn nddd dd", tr_##name, ARM_FEAT_BASE}
#define ROWS_BHS(name, u, op) \
    ROW(name, "_b", u, "000 1iii ", op), ROW(name, "_h", u, "001 iiii ", op), \
    ROW(name, "_s", u, "01i iiii ", op)
#define ROWS(name, u, op) ROWS_BHS(name, u, op), ROW(name, "_d", u, "1ii iiii ", op)

static const ArmRow rows[] = {
    ROWS(sshr, 0, "00000"), ROWS(ushr, 1, "00000"), ROWS(ssra, 0, "00010"), ROWS(usra, 1, "00010"),
    ROWS(srshr, 0, "00100"), ROWS(urshr, 1, "00100"), ROWS(srsra, 0, "00110"),
    ROWS(ursra, 1, "00110"), ROWS(sri, 1, "01000"), ROWS(shl, 0, "01010"), ROWS(sli, 1, "01010"),
    ROWS(sqshlu_imm, 1, "01100"), ROWS(sqshl_imm, 0, "01110"), ROWS(uqshl_imm, 1, "01110"),
    ROWS_BHS(shrn, 0, "10000"), ROWS_BHS(sqshrun, 1, "10000"), ROWS_BHS(rshrn, 0, "10001"),
    ROWS_BHS(sqrshrun, 1, "10001"), ROWS_BHS(sqshrn, 0, "10010"), ROWS_BHS(uqshrn, 1, "10010"),
    ROWS_BHS(sqrshrn, 0, "10011"), ROWS_BHS(uqrshrn, 1, "10011"), ROWS_BHS(sshll, 0, "10100"),
    ROWS_BHS(ushll, 1, "10100"),
};
// clang-format on

const ArmChapter a64_simd_shift = {"simd_shift", rows, ARRAY_LEN(rows)};
