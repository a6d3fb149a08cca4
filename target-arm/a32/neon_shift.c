// Advanced SIMD, two registers and a shift amount (DDI 0487 F4.1.22). L:imm6 (fields l, i) tell
// lane size and amount; without any of its high bits set it is another instruction, so that each
// operation has a row for each lane size.
#include "target-arm/a32/vfp.h"

// Of imm6 with L above it: the highest set bit is the lane size.
static void shift_of(const ArmCtx *c, unsigned *esize, unsigned *left, unsigned *right)
{
    unsigned imm = extract32(c->insn, 7, 1) << 6 | extract32(c->insn, 16, 6);
    *esize = 31 - __builtin_clz(imm >> 3);
    *left = imm - (8u << *esize);
    *right = (16u << *esize) - imm;
}

static bool in_lanes(ArmCtx *c, bool is_left, SimdFn *fn)
{
    unsigned esize, left, right;
    Neon n = neon_fields(c);
    shift_of(c, &esize, &left, &right);
    if (!neon_even(n.d | n.m, n.q)) {
        return false;
    }
    if (!a32_vfp_trapped(c, true)) {
        n.n = n.m;
        Simd s = neon_shape(c, &n, esize);
        s.shift = (uint8_t)(is_left ? left : right);
        neon_put_reg(c, n.d, n.q, fn(c, &s));
    }
    return true;
}

// Q to D: lanes of half the size, which esize is. D to Q: the other way round.
static bool resized(ArmCtx *c, bool narrow, SimdFn *fn)
{
    unsigned esize, left, right;
    Neon n = neon_fields(c);
    shift_of(c, &esize, &left, &right);
    if (!neon_even(narrow ? n.m : n.d, true)) {
        return false;
    }
    if (!a32_vfp_trapped(c, true)) {
        Simd s = {.esize = esize,
                  .given = true,
                  .shift = (uint8_t)(narrow ? right : left),
                  .n_value = neon_reg(c, n.m, narrow)};
        neon_put_reg(c, n.d, !narrow, fn(c, &s));
    }
    return true;
}

// Fixed point: fraction bits are counted like a right shift of 32-bit lanes; 16-bit ones have the
// same field.
static bool fixed(ArmCtx *c, unsigned esize, SimdFn *fn)
{
    Neon n = neon_fields(c);
    if (!neon_even(n.d | n.m, n.q)) {
        return false;
    }
    if (!a32_vfp_trapped(c, true)) {
        n.n = n.m;
        Simd s = neon_shape(c, &n, esize);
        s.shift = (uint8_t)(64 - extract32(c->insn, 16, 6));
        neon_put_reg(c, n.d, n.q, fn(c, &s));
    }
    return true;
}

#define RIGHT(name)  NEON_TR(name, in_lanes(c, false, simd_##name))
#define LEFT(name)   NEON_TR(name, in_lanes(c, true, simd_##name))
#define NARROW(name) NEON_TR(name, resized(c, true, simd_##name))
#define WIDEN(name)  NEON_TR(name, resized(c, false, simd_##name))
#define FIXED(name)                                                                                \
    NEON_TR(name, fixed(c, 2, simd_##name))                                                        \
    NEON_TR(name##_half, extract32(c->insn, 20, 1) && fixed(c, 1, simd_##name))

// clang-format off
RIGHT(sshr) RIGHT(ushr) RIGHT(ssra) RIGHT(usra) RIGHT(srshr) RIGHT(urshr) RIGHT(srsra) RIGHT(ursra)
RIGHT(sri) LEFT(shl) LEFT(sli) LEFT(sqshl_imm) LEFT(uqshl_imm) LEFT(sqshlu_imm)
NARROW(shrn) NARROW(rshrn) NARROW(sqshrn) NARROW(sqrshrn) NARROW(uqshrn) NARROW(uqrshrn)
NARROW(sqshrun) NARROW(sqrshrun) WIDEN(sshll) WIDEN(ushll)
FIXED(scvtf_fix) FIXED(ucvtf_fix) FIXED(fcvtzs_fix) FIXED(fcvtzu_fix)

#define ROW(name, size, u, imm, op, lq) \
    {#name size, "1111 001" u " 1D" imm " dddd " op " " lq "M1 mmmm", tr_##name, 0}
#define ROWS_BHS(name, u, op, q) \
    ROW(name, "_b", u, "00 1iii", op, "0" q), ROW(name, "_h", u, "01 iiii", op, "0" q), \
    ROW(name, "_s", u, "1i iiii", op, "0" q)
#define ROWS(name, u, op) \
    ROWS_BHS(name, u, op, "q"), ROW(name, "_d", u, "ii iiii", op, "1q")
#define ROW_FIXED(name, u, op) \
    ROW(name, "", u, "1i iiii", "111" op, "0q"), \
    {#name "_half", "1111 001" u " 1D1i iiii dddd 110" op " 0qM1 mmmm", tr_##name##_half, ARM_FEAT_FP16}

static const ArmRow rows[] = {
    ROWS(sshr, "0", "0000"), ROWS(ushr, "1", "0000"), ROWS(ssra, "0", "0001"),
    ROWS(usra, "1", "0001"), ROWS(srshr, "0", "0010"), ROWS(urshr, "1", "0010"),
    ROWS(srsra, "0", "0011"), ROWS(ursra, "1", "0011"), ROWS(sri, "1", "0100"),
    ROWS(shl, "0", "0101"), ROWS(sli, "1", "0101"), ROWS(sqshlu_imm, "1", "0110"),
    ROWS(sqshl_imm, "0", "0111"), ROWS(uqshl_imm, "1", "0111"),
    ROWS_BHS(shrn, "0", "1000", "0"), ROWS_BHS(rshrn, "0", "1000", "1"),
    ROWS_BHS(sqshrun, "1", "1000", "0"), ROWS_BHS(sqrshrun, "1", "1000", "1"),
    ROWS_BHS(sqshrn, "0", "1001", "0"), ROWS_BHS(sqrshrn, "0", "1001", "1"),
    ROWS_BHS(uqshrn, "1", "1001", "0"), ROWS_BHS(uqrshrn, "1", "1001", "1"),
    ROWS_BHS(sshll, "0", "1010", "0"), ROWS_BHS(ushll, "1", "1010", "0"),
    ROW_FIXED(scvtf_fix, "0", "0"), ROW_FIXED(ucvtf_fix, "1", "0"),
    ROW_FIXED(fcvtzs_fix, "0", "1"), ROW_FIXED(fcvtzu_fix, "1", "1"),
};
// clang-format on

const ArmChapter a32_neon_shift = {"neon_shift", rows, ARRAY_LEN(rows)};
