// Advanced SIMD copy (DUP, INS, SMOV, UMOV) and modified immediate (MOVI, MVNI, FMOV, ORR, BIC):
// DDI 0487 C4.1.96.
#include "target-arm/a64/simd.h"

// imm5: the lowest set bit tells the lane size, the bits above it the lane.
static bool lane_of(unsigned imm5, unsigned *esize, unsigned *lane)
{
    if (!(imm5 & 15)) {
        return false;
    }
    *esize = __builtin_ctz(imm5);
    *lane = imm5 >> (*esize + 1);
    return true;
}

static bool tr_dup_element(ArmCtx *c, const ArmFields *f)
{
    unsigned esize, lane;
    if (!lane_of(f->i, &esize, &lane) || (esize == 3 && !f->q)) {
        return false;
    }
    if (!a64_fp_trapped(c)) {
        IRRef v = ir_v1(c->b, IR_vduplane, a64_v(c, f->n), esize | lane << 8);
        a64_put_v_q(c, f->d, v, f->q);
    }
    return true;
}

static bool tr_dup_scalar(ArmCtx *c, const ArmFields *f)
{
    unsigned esize, lane;
    if (!lane_of(f->i, &esize, &lane)) {
        return false;
    }
    if (!a64_fp_trapped(c)) {
        IRRef v = a64_v(c, f->n);
        if (lane) {
            v = ir_v1(c->b, IR_vduplane, v, esize | lane << 8);
        }
        a64_put_v(c, f->d, ir_v1(c->b, IR_vzext, v, esize));
    }
    return true;
}

static bool tr_dup_general(ArmCtx *c, const ArmFields *f)
{
    unsigned esize, lane;
    if (!lane_of(f->i, &esize, &lane) || (esize == 3 && !f->q)) {
        return false;
    }
    if (!a64_fp_trapped(c)) {
        a64_put_v_q(c, f->d, ir_v1(c->b, IR_vdup, a64_r(c, f->n, esize == 3), esize), f->q);
    }
    return true;
}

static bool tr_smov(ArmCtx *c, const ArmFields *f)
{
    unsigned esize, lane;
    if (!lane_of(f->i, &esize, &lane) || esize > 1 + f->q) {
        return false;
    }
    if (!a64_fp_trapped(c)) {
        IRRef x = ir_vgets(c->b, f->q ? IR_I64 : IR_I32, a64_v(c, f->n), esize, lane);
        a64_put(c, f->d, x);
    }
    return true;
}

static bool tr_umov(ArmCtx *c, const ArmFields *f)
{
    unsigned esize, lane;
    if (!lane_of(f->i, &esize, &lane) || (esize == 3) != f->q) {
        return false;
    }
    if (!a64_fp_trapped(c)) {
        a64_put(c, f->d, ir_vget(c->b, f->q ? IR_I64 : IR_I32, a64_v(c, f->n), esize, lane));
    }
    return true;
}

static bool tr_ins_general(ArmCtx *c, const ArmFields *f)
{
    unsigned esize, lane;
    if (!lane_of(f->i, &esize, &lane)) {
        return false;
    }
    if (!a64_fp_trapped(c)) {
        IRRef x = a64_r(c, f->n, esize == 3);
        a64_put_v(c, f->d, ir_vset(c->b, a64_v(c, f->d), x, esize, lane));
    }
    return true;
}

static bool tr_ins_element(ArmCtx *c, const ArmFields *f)
{
    unsigned esize, lane;
    if (!lane_of(f->i, &esize, &lane)) {
        return false;
    }
    if (!a64_fp_trapped(c)) {
        unsigned from = f->j >> esize;
        IRRef v = ir_v2(c->b, IR_vmovlane, a64_v(c, f->d), a64_v(c, f->n),
                        esize | lane << 8 | from << 12);
        a64_put_v(c, f->d, v);
    }
    return true;
}

uint64_t simd_expand_imm(unsigned op, unsigned cmode, uint64_t imm8)
{
    if (cmode < 8) { // 32-bit lanes, shifted by whole bytes
        return (imm8 << (cmode >> 1) * 8) * UINT64_C(0x100000001);
    }
    if (cmode < 12) { // 16-bit lanes
        return (imm8 << (cmode >> 1 & 1) * 8) * UINT64_C(0x1000100010001);
    }
    if (cmode < 14) { // 32-bit lanes, ones shifted in
        unsigned n = (cmode & 1) ? 16 : 8;
        return (imm8 << n | mask64(n)) * UINT64_C(0x100000001);
    }
    if (!op) {
        return imm8 * UINT64_C(0x0101010101010101);
    }
    uint64_t v = 0;
    for (unsigned i = 0; i < 8; i++) {
        v |= (imm8 >> i & 1) ? UINT64_C(0xff) << i * 8 : 0;
    }
    return v;
}

uint64_t a64_expand_fp_imm(unsigned esize, unsigned imm8)
{
    unsigned bits = 8u << esize, exp_bits = esize == 1 ? 5 : esize == 2 ? 8 : 11;
    unsigned frac_bits = bits - 1 - exp_bits;
    uint64_t exp = (imm8 & 0x40) ? mask64(exp_bits - 3) << 2 : UINT64_C(1) << (exp_bits - 1);
    exp |= imm8 >> 4 & 3;
    return (uint64_t)(imm8 >> 7) << (bits - 1) | exp << frac_bits |
           (uint64_t)(imm8 & 15) << (frac_bits - 4);
}

static void put_splat64(ArmCtx *c, const ArmFields *f, uint64_t v)
{
    a64_put_v(c, f->d, ir_vconst(c->b, v, f->q ? v : 0));
}

static void or_or_clear(ArmCtx *c, const ArmFields *f, uint64_t v)
{
    IRRef r = ir_v2(c->b, f->o ? IR_vandn : IR_vor, a64_v(c, f->d), ir_vconst(c->b, v, v), 0);
    a64_put_v_q(c, f->d, r, f->q);
}

static bool tr_modified_imm(ArmCtx *c, const ArmFields *f)
{
    if (f->c == 15 && f->o && !f->q) {
        return false;
    }
    if (a64_fp_trapped(c)) {
        return true;
    }
    if (f->c == 15) {
        put_splat64(c, f,
                    f->o ? a64_expand_fp_imm(3, f->a)
                         : a64_expand_fp_imm(2, f->a) * UINT64_C(0x100000001));
        return true;
    }
    uint64_t v = simd_expand_imm(f->o, f->c, f->a);
    if (f->c < 12 && (f->c & 1)) {
        or_or_clear(c, f, v);
    } else {
        put_splat64(c, f, f->o && f->c != 14 ? ~v : v);
    }
    return true;
}

static bool tr_fmov_half_imm(ArmCtx *c, const ArmFields *f)
{
    if (!a64_fp_trapped(c)) {
        put_splat64(c, f, a64_expand_fp_imm(1, f->a) * UINT64_C(0x1000100010001));
    }
    return true;
}

// clang-format off
static const ArmRow rows[] = {
    {"DUP_element", "0q00 1110 000i iiii 0000 01nn nnnd dddd", tr_dup_element, ARM_FEAT_BASE},
    {"DUP_scalar", "0101 1110 000i iiii 0000 01nn nnnd dddd", tr_dup_scalar, ARM_FEAT_BASE},
    {"DUP_general", "0q00 1110 000i iiii 0000 11nn nnnd dddd", tr_dup_general, ARM_FEAT_BASE},
    {"SMOV", "0q00 1110 000i iiii 0010 11nn nnnd dddd", tr_smov, ARM_FEAT_BASE},
    {"UMOV", "0q00 1110 000i iiii 0011 11nn nnnd dddd", tr_umov, ARM_FEAT_BASE},
    {"INS_general", "0100 1110 000i iiii 0001 11nn nnnd dddd", tr_ins_general, ARM_FEAT_BASE},
    {"INS_element", "0110 1110 000i iiii 0jjj j1nn nnnd dddd", tr_ins_element, ARM_FEAT_BASE},
    {"MOVI", "0qo0 1111 0000 0aaa cccc 01aa aaad dddd", tr_modified_imm, ARM_FEAT_BASE},
    {"FMOV_half_imm", "0q00 1111 0000 0aaa 1111 11aa aaad dddd", tr_fmov_half_imm, ARM_FEAT_FP16},
};
// clang-format on

const ArmChapter a64_simd_copy = {"simd_copy", rows, ARRAY_LEN(rows)};
