// Scalar floating point: data processing, compare, select, FMOV, FRINT (DDI 0487 C4.1.97).
// Conversions are in fp_convert.c.
#include "target-arm/a64/fp.h"

// ptype (field p): single, double, none, half.
static bool type_of(const ArmCtx *c, unsigned ptype, unsigned *esize)
{
    static const uint8_t sizes[] = {2, 3, 0, 1};
    *esize = sizes[ptype];
    return *esize > 1 || (*esize == 1 && arm_has(c->cpu, ARM_FEAT_FP16));
}

typedef IRRef Fp2(ArmCtx *c, IRRef n, IRRef m, unsigned esize);

static IRRef op2(ArmCtx *c, IRRef n, IRRef m, unsigned esize, IROpcode op, const IRVHelper *exact)
{
    return a64_fp(c, op, exact, n, m, IR_NONE, esize | IR_FP_SCALAR, 0);
}

#define FP2(name, op, exact)                                                                       \
    static IRRef op_##name(ArmCtx *c, IRRef n, IRRef m, unsigned esize)                            \
    {                                                                                              \
        return op2(c, n, m, esize, op, &exact);                                                    \
    }

FP2(fadd, IR_fadd, arm_fx_add)
FP2(fsub, IR_fsub, arm_fx_sub)
FP2(fmul, IR_fmul, arm_fx_mul)
FP2(fdiv, IR_fdiv, arm_fx_div)
FP2(fmax, IR_fmax, arm_fx_max)
FP2(fmin, IR_fmin, arm_fx_min)

static IRRef op_fmaxnm(ArmCtx *c, IRRef n, IRRef m, unsigned esize)
{
    return a64_fp_maxnm(c, n, m, esize | IR_FP_SCALAR, true);
}

static IRRef op_fminnm(ArmCtx *c, IRRef n, IRRef m, unsigned esize)
{
    return a64_fp_maxnm(c, n, m, esize | IR_FP_SCALAR, false);
}

// The sign bit of lane 0 alone, so that the other lanes stay zero.
static IRRef negate(ArmCtx *c, IRRef v, unsigned esize)
{
    return ir_v2(c->b, IR_vxor, v, ir_vconst(c->b, BIT((8u << esize) - 1), 0), 0);
}

static IRRef op_fnmul(ArmCtx *c, IRRef n, IRRef m, unsigned esize)
{
    return negate(c, op_fmul(c, n, m, esize), esize);
}

static bool two_source(ArmCtx *c, const ArmFields *f, Fp2 *fn)
{
    unsigned esize;
    if (!type_of(c, f->p, &esize)) {
        return false;
    }
    if (!a64_fp_trapped(c)) {
        a64_put_v(c, f->d, fn(c, a64_v(c, f->n), a64_v(c, f->m), esize));
    }
    return true;
}

#define TR2(name)                                                                                  \
    static bool tr_##name(ArmCtx *c, const ArmFields *f)                                           \
    {                                                                                              \
        return two_source(c, f, op_##name);                                                        \
    }

TR2(fadd)
TR2(fsub)
TR2(fmul)
TR2(fdiv)
TR2(fmax)
TR2(fmin)
TR2(fmaxnm)
TR2(fminnm)
TR2(fnmul)

// --- fused: the addend is negated by o (field x), the first factor if x and y differ

static bool tr_fused(ArmCtx *c, const ArmFields *f)
{
    unsigned esize;
    if (!type_of(c, f->p, &esize)) {
        return false;
    }
    if (a64_fp_trapped(c)) {
        return true;
    }
    IRRef n = a64_v(c, f->n), a = a64_v(c, f->a);
    n = f->x != f->y ? negate(c, n, esize) : n;
    a = f->x ? negate(c, a, esize) : a;
    a64_put_v(c, f->d,
              a64_fp(c, IR_fma, &arm_fx_fma, n, a64_v(c, f->m), a, esize | IR_FP_SCALAR, 0));
    return true;
}

// --- one operand

typedef IRRef Fp1(ArmCtx *c, IRRef n, unsigned esize);

static IRRef op_fmov(ArmCtx *c, IRRef n, unsigned esize)
{
    return ir_v1(c->b, IR_vzext, n, esize);
}

static IRRef op_fabs(ArmCtx *c, IRRef n, unsigned esize)
{
    return ir_v2(c->b, IR_vand, n, ir_vconst(c->b, mask64((8u << esize) - 1), 0), 0);
}

static IRRef op_fneg(ArmCtx *c, IRRef n, unsigned esize)
{
    return negate(c, op_fmov(c, n, esize), esize);
}

static IRRef op_fsqrt(ArmCtx *c, IRRef n, unsigned esize)
{
    return a64_fp(c, IR_fsqrt, &arm_fx_sqrt, n, IR_NONE, IR_NONE, esize | IR_FP_SCALAR, 0);
}

static bool one_source(ArmCtx *c, const ArmFields *f, Fp1 *fn)
{
    unsigned esize;
    if (!type_of(c, f->p, &esize)) {
        return false;
    }
    if (!a64_fp_trapped(c)) {
        a64_put_v(c, f->d, fn(c, a64_v(c, f->n), esize));
    }
    return true;
}

#define TR1(name)                                                                                  \
    static bool tr_##name(ArmCtx *c, const ArmFields *f)                                           \
    {                                                                                              \
        return one_source(c, f, op_##name);                                                        \
    }

TR1(fmov)
TR1(fabs)
TR1(fneg)
TR1(fsqrt)

#define ROUND(name, mode)                                                                          \
    static IRRef op_##name(ArmCtx *c, IRRef n, unsigned esize)                                     \
    {                                                                                              \
        return a64_fp(c, IR_fround, &arm_fx_round, n, IR_NONE, IR_NONE, esize | IR_FP_SCALAR,      \
                      mode);                                                                       \
    }                                                                                              \
    TR1(name)

ROUND(frintn, IR_RND_NEAREST)
ROUND(frintp, IR_RND_UP)
ROUND(frintm, IR_RND_DOWN)
ROUND(frintz, IR_RND_ZERO)
ROUND(frinta, IR_RND_AWAY)
ROUND(frintx, IR_RND_CURRENT | IR_RND_EXACT)
ROUND(frinti, IR_RND_CURRENT)

// FRINT32Z, 32X, 64Z, 64X: not for half precision.
static bool tr_frint_bounded(ArmCtx *c, const ArmFields *f)
{
    unsigned esize;
    if (!type_of(c, f->p, &esize) || esize == 1) {
        return false;
    }
    if (!a64_fp_trapped(c)) {
        unsigned mode = f->x ? IR_RND_CURRENT : IR_RND_ZERO, bits = f->b ? 64 : 32;
        a64_put_v(c, f->d,
                  a64_fp_exact(c, &arm_fx_round_bounded, a64_v(c, f->n), IR_NONE, IR_NONE,
                               esize | IR_FP_SCALAR, mode | bits << ARM_FX_FBITS));
    }
    return true;
}

static bool tr_fmov_imm(ArmCtx *c, const ArmFields *f)
{
    unsigned esize;
    if (!type_of(c, f->p, &esize)) {
        return false;
    }
    if (!a64_fp_trapped(c)) {
        a64_put_v(c, f->d, ir_vconst(c->b, a64_expand_fp_imm(esize, f->i), 0));
    }
    return true;
}

// --- compare and select

IRRef a64_fp_compare(ArmCtx *c, IRRef n, IRRef m, unsigned esize, bool signalling)
{
    unsigned aux = esize | IR_FCMP_NZCV | (signalling ? IR_FCMP_SIGNAL : 0);
    if (a64_fp_soft(c, esize | IR_FP_SCALAR)) {
        IRRef r = ir_vcall(c->b, &arm_fx_cmp, n, m, IR_NONE, aux);
        return ir_f_unpack(c->b, ir_vget(c->b, IR_I32, r, 2, 0));
    }
    return ir_f_fcmp(c->b, n, m, aux, &arm_fx_cmp);
}

static bool tr_fcmp(ArmCtx *c, const ArmFields *f)
{
    unsigned esize;
    if (!type_of(c, f->p, &esize)) {
        return false;
    }
    if (!a64_fp_trapped(c)) {
        IRRef m = f->z ? simd_zero(c) : a64_v(c, f->m);
        a64_put_flags(c, a64_fp_compare(c, a64_v(c, f->n), m, esize, f->e));
    }
    return true;
}

static bool always(unsigned cond)
{
    return cond >= 14;
}

// Lane 0 of a if the condition holds, else of b; other lanes zero.
static IRRef choose(ArmCtx *c, unsigned cond, IRRef a, IRRef b, unsigned esize)
{
    if (always(cond)) {
        return ir_v1(c->b, IR_vzext, a, esize);
    }
    IRType t = esize == 3 ? IR_I64 : IR_I32;
    IRRef x = ir_vget(c->b, t, a, esize, 0), y = ir_vget(c->b, t, b, esize, 0);
    return ir_v1(c->b, IR_vfromg, ir_f_select(c->b, a64_cond(cond), a64_flags(c), x, y), esize);
}

static IRRef flags_of_nzcv(ArmCtx *c, unsigned nzcv)
{
    return ir_fconst(c->b, (nzcv & 8 ? IR_FLAG_S : 0) | (nzcv & 4 ? IR_FLAG_Z : 0) |
                               (nzcv & 2 ? IR_FLAG_C : 0) | (nzcv & 1 ? IR_FLAG_V : 0));
}

// A compare that is not wanted must raise nothing: it compares zeroes.
static bool tr_fccmp(ArmCtx *c, const ArmFields *f)
{
    unsigned esize;
    if (!type_of(c, f->p, &esize)) {
        return false;
    }
    if (a64_fp_trapped(c)) {
        return true;
    }
    IRRef zero = simd_zero(c), old = a64_flags(c);
    IRRef n = choose(c, f->c, a64_v(c, f->n), zero, esize);
    IRRef m = choose(c, f->c, a64_v(c, f->m), zero, esize);
    IRRef r = a64_fp_compare(c, n, m, esize, f->e);
    if (!always(f->c)) {
        r = ir_f_choose(c->b, a64_cond(f->c), old, r, flags_of_nzcv(c, f->k));
    }
    a64_put_flags(c, r);
    return true;
}

static bool tr_fcsel(ArmCtx *c, const ArmFields *f)
{
    unsigned esize;
    if (!type_of(c, f->p, &esize)) {
        return false;
    }
    if (!a64_fp_trapped(c)) {
        a64_put_v(c, f->d, choose(c, f->c, a64_v(c, f->n), a64_v(c, f->m), esize));
    }
    return true;
}

// clang-format off
#define ROW1(name, op) \
    {#name, "0001 1110 pp10 " op "100 00nn nnnd dddd", tr_##name, ARM_FEAT_BASE}
#define ROW2(name, op) \
    {#name, "0001 1110 pp1m mmmm " op " 10nn nnnd dddd", tr_##name, ARM_FEAT_BASE}

static const ArmRow rows[] = {
    ROW1(fmov, "0000 0"), ROW1(fabs, "0000 1"), ROW1(fneg, "0001 0"), ROW1(fsqrt, "0001 1"),
    ROW1(frintn, "0100 0"), ROW1(frintp, "0100 1"), ROW1(frintm, "0101 0"), ROW1(frintz, "0101 1"),
    ROW1(frinta, "0110 0"), ROW1(frintx, "0111 0"), ROW1(frinti, "0111 1"),
    {"frint_bounded", "0001 1110 pp10 100b x100 00nn nnnd dddd", tr_frint_bounded, ARM_FEAT_FRINTTS},
    ROW2(fmul, "0000"), ROW2(fdiv, "0001"), ROW2(fadd, "0010"), ROW2(fsub, "0011"),
    ROW2(fmax, "0100"), ROW2(fmin, "0101"), ROW2(fmaxnm, "0110"), ROW2(fminnm, "0111"),
    ROW2(fnmul, "1000"),
    {"fmadd", "0001 1111 ppxm mmmm yaaa aann nnnd dddd", tr_fused, ARM_FEAT_BASE},
    {"fcmp", "0001 1110 pp1m mmmm 0010 00nn nnne z000", tr_fcmp, ARM_FEAT_BASE},
    {"fccmp", "0001 1110 pp1m mmmm cccc 01nn nnne kkkk", tr_fccmp, ARM_FEAT_BASE},
    {"fcsel", "0001 1110 pp1m mmmm cccc 11nn nnnd dddd", tr_fcsel, ARM_FEAT_BASE},
    {"fmov_imm", "0001 1110 pp1i iiii iii1 0000 000d dddd", tr_fmov_imm, ARM_FEAT_BASE},
};
// clang-format on

const ArmChapter a64_fp_scalar = {"fp_scalar", rows, ARRAY_LEN(rows)};
