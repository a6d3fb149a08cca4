// Scalar FP conversions: to and from general registers, fixed point, between formats, and FMOV to
// and from general registers (DDI 0487 C4.1.97).
#include "target-arm/a64/fp.h"

static bool type_of(const ArmCtx *c, unsigned ptype, unsigned *esize)
{
    static const uint8_t sizes[] = {2, 3, 0, 1};
    *esize = sizes[ptype];
    return *esize > 1 || (*esize == 1 && arm_has(c->cpu, ARM_FEAT_FP16));
}

// --- to integers. rmode (field r): nearest, up, down, zero.

static bool to_int(ArmCtx *c, const ArmFields *f, IRRound round, unsigned fbits)
{
    unsigned esize;
    if (!type_of(c, f->p, &esize)) {
        return false;
    }
    if (!a64_fp_trapped(c)) {
        a64_put(c, f->d, a64_fp_to_int(c, a64_v(c, f->n), f->s, esize, fbits, round, !f->u));
    }
    return true;
}

static bool tr_fcvt_int(ArmCtx *c, const ArmFields *f)
{
    static const uint8_t mode[] = {IR_RND_NEAREST, IR_RND_UP, IR_RND_DOWN, IR_RND_ZERO};
    return to_int(c, f, (IRRound)mode[f->r], 0);
}

static bool tr_fcvta_int(ArmCtx *c, const ArmFields *f)
{
    return to_int(c, f, IR_RND_AWAY, 0);
}

// 64 - scale fraction bits, as many as the integer has at most.
static bool fraction(const ArmFields *f, unsigned *fbits)
{
    *fbits = 64 - f->f;
    return f->s || *fbits <= 32;
}

static bool tr_fcvtz_fixed(ArmCtx *c, const ArmFields *f)
{
    unsigned fbits;
    return fraction(f, &fbits) && to_int(c, f, IR_RND_ZERO, fbits);
}

// --- from integers

static bool from_int(ArmCtx *c, const ArmFields *f, unsigned fbits)
{
    unsigned esize;
    if (!type_of(c, f->p, &esize)) {
        return false;
    }
    if (!a64_fp_trapped(c)) {
        a64_put_v(c, f->d, a64_fp_from_int(c, a64_r(c, f->n, f->s), esize, fbits, !f->u));
    }
    return true;
}

static bool tr_cvtf_int(ArmCtx *c, const ArmFields *f)
{
    return from_int(c, f, 0);
}

static bool tr_cvtf_fixed(ArmCtx *c, const ArmFields *f)
{
    unsigned fbits;
    return fraction(f, &fbits) && from_int(c, f, fbits);
}

static bool tr_fjcvtzs(ArmCtx *c, const ArmFields *f)
{
    if (!a64_fp_trapped(c)) {
        IRRef r =
            a64_fp_exact(c, &arm_fx_jcvt, a64_v(c, f->n), IR_NONE, IR_NONE, 3 | IR_FP_SCALAR, 0);
        a64_put(c, f->d, ir_vget(c->b, IR_I32, r, 2, 0));
        a64_put_flags(c, ir_f_unpack(c->b, ir_vget(c->b, IR_I32, r, 2, 1)));
    }
    return true;
}

// --- FMOV. ptype and sf must fit; half precision goes with either.

static bool fmov_shape(const ArmCtx *c, const ArmFields *f, unsigned *esize)
{
    return type_of(c, f->p, esize) && (*esize == 1 || f->s == (*esize == 3));
}

static bool tr_fmov_to_general(ArmCtx *c, const ArmFields *f)
{
    unsigned esize;
    if (!fmov_shape(c, f, &esize)) {
        return false;
    }
    if (!a64_fp_trapped(c)) {
        a64_put(c, f->d, ir_vget(c->b, f->s ? IR_I64 : IR_I32, a64_v(c, f->n), esize, 0));
    }
    return true;
}

static bool tr_fmov_from_general(ArmCtx *c, const ArmFields *f)
{
    unsigned esize;
    if (!fmov_shape(c, f, &esize)) {
        return false;
    }
    if (!a64_fp_trapped(c)) {
        a64_put_v(c, f->d, ir_v1(c->b, IR_vfromg, a64_r(c, f->n, f->s), esize));
    }
    return true;
}

static bool tr_fmov_from_upper(ArmCtx *c, const ArmFields *f)
{
    if (!a64_fp_trapped(c)) {
        a64_put(c, f->d, ir_vget(c->b, IR_I64, a64_v(c, f->n), 3, 1));
    }
    return true;
}

static bool tr_fmov_to_upper(ArmCtx *c, const ArmFields *f)
{
    if (!a64_fp_trapped(c)) {
        a64_put_v(c, f->d, ir_vset(c->b, a64_v(c, f->d), a64_x(c, f->n), 3, 1));
    }
    return true;
}

// --- between formats; those of half precision do not need FEAT_FP16

static bool tr_fcvt(ArmCtx *c, const ArmFields *f)
{
    static const uint8_t sizes[] = {2, 3, 0, 1};
    unsigned from = sizes[f->p], to = sizes[f->o];
    if (!from || !to || from == to) {
        return false;
    }
    if (!a64_fp_trapped(c)) {
        a64_put_v(c, f->d, a64_fp_reformat(c, a64_v(c, f->n), from, to));
    }
    return true;
}

static bool tr_bfcvt(ArmCtx *c, const ArmFields *f)
{
    if (!a64_fp_trapped(c)) {
        a64_put_v(
            c, f->d,
            a64_fp_exact(c, &arm_fx_bf_cvt, a64_v(c, f->n), IR_NONE, IR_NONE, 2 | IR_FP_SCALAR, 0));
    }
    return true;
}

// clang-format off
static const ArmRow rows[] = {
    {"fcvt_int", "s001 1110 pp1r r00u 0000 00nn nnnd dddd", tr_fcvt_int, ARM_FEAT_BASE},
    {"fcvta_int", "s001 1110 pp10 010u 0000 00nn nnnd dddd", tr_fcvta_int, ARM_FEAT_BASE},
    {"cvtf_int", "s001 1110 pp10 001u 0000 00nn nnnd dddd", tr_cvtf_int, ARM_FEAT_BASE},
    {"fcvtz_fixed", "s001 1110 pp01 100u ffff ffnn nnnd dddd", tr_fcvtz_fixed, ARM_FEAT_BASE},
    {"cvtf_fixed", "s001 1110 pp00 001u ffff ffnn nnnd dddd", tr_cvtf_fixed, ARM_FEAT_BASE},
    {"fjcvtzs", "0001 1110 0111 1110 0000 00nn nnnd dddd", tr_fjcvtzs, ARM_FEAT_JSCVT},
    {"fmov_to_general", "s001 1110 pp10 0110 0000 00nn nnnd dddd", tr_fmov_to_general, ARM_FEAT_BASE},
    {"fmov_from_general", "s001 1110 pp10 0111 0000 00nn nnnd dddd", tr_fmov_from_general, ARM_FEAT_BASE},
    {"fmov_from_upper", "1001 1110 1010 1110 0000 00nn nnnd dddd", tr_fmov_from_upper, ARM_FEAT_BASE},
    {"fmov_to_upper", "1001 1110 1010 1111 0000 00nn nnnd dddd", tr_fmov_to_upper, ARM_FEAT_BASE},
    {"fcvt", "0001 1110 pp10 001o o100 00nn nnnd dddd", tr_fcvt, ARM_FEAT_BASE},
    {"bfcvt", "0001 1110 0110 0011 0100 00nn nnnd dddd", tr_bfcvt, ARM_FEAT_BF16},
};
// clang-format on

const ArmChapter a64_fp_convert = {"fp_convert", rows, ARRAY_LEN(rows)};
