// VFP data processing: arithmetic, moves, compares, conversions (DDI 0487 F4.1.26). Field z is the
// operands' size: 1 half, 2 single, 3 double precision; 0 is not allocated.
//
// VMLA and its kind round the product first; VFMA and its kind do not.
#include "target-arm/a32/vfp.h"

static bool size_ok(const ArmCtx *c, unsigned esize)
{
    return (esize > 1 || (esize == 1 && arm_has(c->cpu, ARM_FEAT_FP16)));
}

static IRRef negate(ArmCtx *c, IRRef v, unsigned esize)
{
    return ir_v2(c->b, IR_vxor, v, ir_vconst(c->b, BIT((8u << esize) - 1), 0), 0);
}

// --- two operands and the destination

typedef struct Operands {
    IRRef d, n, m;
    unsigned esize;
} Operands;

typedef IRRef VfpFn(ArmCtx *c, const Operands *o);

static bool three(ArmCtx *c, const ArmFields *f, VfpFn *fn)
{
    if (!size_ok(c, f->z) || (c->flags & ARM_BF_FP_SHORT)) {
        return false;
    }
    if (!a32_vfp_trapped(c, false)) {
        unsigned d = vfp_reg(f->d, f->D, f->z);
        Operands o = {.d = vfp_lane(c, d, f->z),
                      .n = vfp_lane(c, vfp_reg(f->n, f->N, f->z), f->z),
                      .m = vfp_lane(c, vfp_reg(f->m, f->M, f->z), f->z),
                      .esize = f->z};
        vfp_put_lane(c, d, f->z, fn(c, &o));
    }
    return true;
}

static IRRef op2(ArmCtx *c, IROpcode op, const IRVHelper *exact, IRRef x, IRRef y, unsigned esize)
{
    return a64_fp(c, op, exact, x, y, IR_NONE, esize | IR_FP_SCALAR, 0);
}

static IRRef product(ArmCtx *c, const Operands *o)
{
    return op2(c, IR_fmul, &arm_fx_mul, o->n, o->m, o->esize);
}

// (+-d) + (+-n * m)
static IRRef chained(ArmCtx *c, const Operands *o, bool negate_d, bool negate_product)
{
    IRRef p = product(c, o), d = o->d;
    p = negate_product ? negate(c, p, o->esize) : p;
    d = negate_d ? negate(c, d, o->esize) : d;
    return op2(c, IR_fadd, &arm_fx_add, d, p, o->esize);
}

static IRRef fused(ArmCtx *c, const Operands *o, bool negate_d, bool negate_product)
{
    IRRef n = negate_product ? negate(c, o->n, o->esize) : o->n;
    IRRef d = negate_d ? negate(c, o->d, o->esize) : o->d;
    return a64_fp(c, IR_fma, &arm_fx_fma, n, o->m, d, o->esize | IR_FP_SCALAR, 0);
}

static IRRef vadd(ArmCtx *c, const Operands *o)
{
    return op2(c, IR_fadd, &arm_fx_add, o->n, o->m, o->esize);
}
static IRRef vsub(ArmCtx *c, const Operands *o)
{
    return op2(c, IR_fsub, &arm_fx_sub, o->n, o->m, o->esize);
}
static IRRef vdiv(ArmCtx *c, const Operands *o)
{
    return op2(c, IR_fdiv, &arm_fx_div, o->n, o->m, o->esize);
}
static IRRef vmul(ArmCtx *c, const Operands *o)
{
    return product(c, o);
}
static IRRef vnmul(ArmCtx *c, const Operands *o)
{
    return negate(c, product(c, o), o->esize);
}
static IRRef vmla(ArmCtx *c, const Operands *o)
{
    return chained(c, o, false, false);
}
static IRRef vmls(ArmCtx *c, const Operands *o)
{
    return chained(c, o, false, true);
}
static IRRef vnmls(ArmCtx *c, const Operands *o)
{
    return chained(c, o, true, false);
}
static IRRef vnmla(ArmCtx *c, const Operands *o)
{
    return chained(c, o, true, true);
}
static IRRef vfma(ArmCtx *c, const Operands *o)
{
    return fused(c, o, false, false);
}
static IRRef vfms(ArmCtx *c, const Operands *o)
{
    return fused(c, o, false, true);
}
static IRRef vfnms(ArmCtx *c, const Operands *o)
{
    return fused(c, o, true, false);
}
static IRRef vfnma(ArmCtx *c, const Operands *o)
{
    return fused(c, o, true, true);
}

#define TR3(name)                                                                                  \
    static bool tr_##name(ArmCtx *c, const ArmFields *f)                                           \
    {                                                                                              \
        return three(c, f, name);                                                                  \
    }

TR3(vadd)
TR3(vsub)
TR3(vdiv)
TR3(vmul)
TR3(vnmul)
TR3(vmla)
TR3(vmls)
TR3(vnmls)
TR3(vnmla)
TR3(vfma)
TR3(vfms)
TR3(vfnms)
TR3(vfnma)

// --- one operand

static IRRef vmov(ArmCtx *c, const Operands *o)
{
    (void)c;
    return o->m;
}
static IRRef vabs(ArmCtx *c, const Operands *o)
{
    return ir_v2(c->b, IR_vand, o->m, ir_vconst(c->b, mask64((8u << o->esize) - 1), 0), 0);
}
static IRRef vneg(ArmCtx *c, const Operands *o)
{
    return negate(c, o->m, o->esize);
}
static IRRef vsqrt(ArmCtx *c, const Operands *o)
{
    return op2(c, IR_fsqrt, &arm_fx_sqrt, o->m, IR_NONE, o->esize);
}
static IRRef vrintr(ArmCtx *c, const Operands *o)
{
    return vfp_round(c, o->m, o->esize, IR_RND_CURRENT);
}
static IRRef vrintz(ArmCtx *c, const Operands *o)
{
    return vfp_round(c, o->m, o->esize, IR_RND_ZERO);
}
static IRRef vrintx(ArmCtx *c, const Operands *o)
{
    return vfp_round(c, o->m, o->esize, IR_RND_CURRENT | IR_RND_EXACT);
}

IRRef vfp_round(ArmCtx *c, IRRef v, unsigned esize, unsigned round)
{
    return a64_fp(c, IR_fround, &arm_fx_round, v, IR_NONE, IR_NONE, esize | IR_FP_SCALAR, round);
}

TR3(vabs)
TR3(vneg)
TR3(vsqrt)
TR3(vrintr)
TR3(vrintz)
TR3(vrintx)

static bool tr_vmov(ArmCtx *c, const ArmFields *f)
{
    return f->z > 1 && three(c, f, vmov);
}

static bool tr_vmov_imm(ArmCtx *c, const ArmFields *f)
{
    if (!size_ok(c, f->z) || (c->flags & ARM_BF_FP_SHORT)) {
        return false;
    }
    if (!a32_vfp_trapped(c, false)) {
        IRRef v = ir_vconst(c->b, a64_expand_fp_imm(f->z, f->i), 0);
        vfp_put_lane(c, vfp_reg(f->d, f->D, f->z), f->z, v);
    }
    return true;
}

// --- compare: into FPSCR's flags

static bool compare(ArmCtx *c, const ArmFields *f, bool with_zero)
{
    if (!size_ok(c, f->z)) {
        return false;
    }
    if (!a32_vfp_trapped(c, false)) {
        IRRef d = vfp_lane(c, vfp_reg(f->d, f->D, f->z), f->z);
        IRRef m = with_zero ? simd_zero(c) : vfp_lane(c, vfp_reg(f->m, f->M, f->z), f->z);
        ir_put(c->b, offsetof(ARMCPU, vfp_flags), a64_fp_compare(c, d, m, f->z, f->e));
    }
    return true;
}

static bool tr_vcmp(ArmCtx *c, const ArmFields *f)
{
    return compare(c, f, false);
}
static bool tr_vcmp0(ArmCtx *c, const ArmFields *f)
{
    return compare(c, f, true);
}

// --- between formats

static bool tr_vcvt_double(ArmCtx *c, const ArmFields *f) // z: from
{
    if (f->z < 2) {
        return false;
    }
    if (!a32_vfp_trapped(c, false)) {
        unsigned to = f->z ^ 1;
        IRRef v = vfp_lane(c, vfp_reg(f->m, f->M, f->z), f->z);
        vfp_put_lane(c, vfp_reg(f->d, f->D, to), to, a64_fp_reformat(c, v, f->z, to));
    }
    return true;
}

// Halves of S registers: t tells which. Double precision came with ARMv8.
static bool half_ok(const ArmCtx *c, const ArmFields *f)
{
    return (f->z == 2 || (f->z == 3 && arm_has(c->cpu, ARM_FEAT_A32_V8)));
}

static bool tr_vcvt_from_half(ArmCtx *c, const ArmFields *f)
{
    if (!half_ok(c, f)) {
        return false;
    }
    if (!a32_vfp_trapped(c, false)) {
        unsigned s = vfp_s(f->m, f->M), lane = s % 4 * 2 + f->t;
        IRRef v = ir_v1(c->b, IR_vduplane, a32_q(c, s / 4), 1 | lane << 8);
        vfp_put_lane(c, vfp_reg(f->d, f->D, f->z), f->z, a64_fp_reformat(c, v, 1, f->z));
    }
    return true;
}

static void put_half(ArmCtx *c, unsigned s, unsigned t, IRRef v)
{
    unsigned lane = s % 4 * 2 + t;
    a32_put_q(c, s / 4, ir_v2(c->b, IR_vmovlane, a32_q(c, s / 4), v, 1 | lane << 8));
}

static bool tr_vcvt_to_half(ArmCtx *c, const ArmFields *f)
{
    if (!half_ok(c, f)) {
        return false;
    }
    if (!a32_vfp_trapped(c, false)) {
        IRRef v = vfp_lane(c, vfp_reg(f->m, f->M, f->z), f->z);
        put_half(c, vfp_s(f->d, f->D), f->t, a64_fp_reformat(c, v, f->z, 1));
    }
    return true;
}

static bool tr_vcvt_to_brain(ArmCtx *c, const ArmFields *f)
{
    if (!a32_vfp_trapped(c, false)) {
        IRRef v = a32_sv(c, vfp_s(f->m, f->M));
        v = a64_fp_exact(c, &arm_fx_bf_cvt, v, IR_NONE, IR_NONE, 2 | IR_FP_SCALAR, 0);
        put_half(c, vfp_s(f->d, f->D), f->t, v);
    }
    return true;
}

// --- integers, in S registers

static bool tr_vcvt_from_int(ArmCtx *c, const ArmFields *f)
{
    if (!size_ok(c, f->z)) {
        return false;
    }
    if (!a32_vfp_trapped(c, false)) {
        IRRef x = a32_s(c, vfp_s(f->m, f->M));
        vfp_put_lane(c, vfp_reg(f->d, f->D, f->z), f->z, a64_fp_from_int(c, x, f->z, 0, f->s));
    }
    return true;
}

bool vfp_to_int(ArmCtx *c, const ArmFields *f, IRRound round)
{
    if (!a32_vfp_trapped(c, false)) {
        IRRef v = vfp_lane(c, vfp_reg(f->m, f->M, f->z), f->z);
        a32_put_s(c, vfp_s(f->d, f->D), a64_fp_to_int(c, v, false, f->z, 0, round, f->s));
    }
    return true;
}

static bool tr_vcvt_to_int(ArmCtx *c, const ArmFields *f)
{
    return size_ok(c, f->z) && vfp_to_int(c, f, f->r ? IR_RND_ZERO : IR_RND_CURRENT);
}

static bool tr_vjcvt(ArmCtx *c, const ArmFields *f)
{
    if (!a32_vfp_trapped(c, false)) {
        IRRef v = vfp_lane(c, vfp_d(f->m, f->M), 3);
        IRRef r = a64_fp_exact(c, &arm_fx_jcvt, v, IR_NONE, IR_NONE, 3 | IR_FP_SCALAR, 0);
        a32_put_s(c, vfp_s(f->d, f->D), ir_vget(c->b, IR_I32, r, 2, 0));
        ir_put(c->b, offsetof(ARMCPU, vfp_flags),
               ir_f_unpack(c->b, ir_vget(c->b, IR_I32, r, 2, 1)));
    }
    return true;
}

// --- fixed point: x tells 32 or 16 bits, i:j how many of them are not fraction; u: unsigned. To a
// fraction it rounds to zero, from one to nearest, whatever FPSCR says.

static bool fraction(const ArmCtx *c, const ArmFields *f, unsigned *fbits)
{
    unsigned bits = f->x ? 32 : 16, integer = f->i << 1 | f->j;
    *fbits = bits - integer;
    return size_ok(c, f->z) && integer <= bits;
}

static bool tr_vcvt_from_fixed(ArmCtx *c, const ArmFields *f)
{
    unsigned fbits, d = vfp_reg(f->d, f->D, f->z);
    if (!fraction(c, f, &fbits)) {
        return false;
    }
    if (a32_vfp_trapped(c, false)) {
        return true;
    }
    IRRef x = ir_vget(c->b, IR_I32, vfp_lane(c, d, f->z), 2, 0), v;
    if (!f->x) {
        x = f->u ? ir_zext(c->b, x, 16) : ir_sext(c->b, x, 16);
    }
    if (c->flags & (ARM_BF_FP_ROUND | ARM_BF_FP_SOFT) || f->z == 1) {
        // The standard FPSCR value rounds to nearest; its other bits have no part in this.
        v = ir_vcall(c->b, f->u ? &arm_fx_u2f : &arm_fx_s2f, ir_v1(c->b, IR_vfromg, x, 2), IR_NONE,
                     IR_NONE, f->z | IR_FP_SCALAR | IR_FP_FLUSH | fbits << (16 + ARM_FX_FBITS));
    } else {
        v = a64_fp_from_int(c, x, f->z, fbits, !f->u);
    }
    vfp_put_lane(c, d, f->z, v);
    return true;
}

static bool tr_vcvt_to_fixed(ArmCtx *c, const ArmFields *f)
{
    unsigned fbits, d = vfp_reg(f->d, f->D, f->z);
    if (!fraction(c, f, &fbits)) {
        return false;
    }
    if (a32_vfp_trapped(c, false)) {
        return true;
    }
    unsigned aux2 = IR_RND_ZERO | fbits << ARM_FX_FBITS | (f->x ? 0 : ARM_FX_I16 >> 16);
    IRRef r = a64_fp_exact(c, f->u ? &arm_fx_f2u : &arm_fx_f2s, vfp_lane(c, d, f->z), IR_NONE,
                           IR_NONE, f->z | IR_FP_SCALAR, aux2);
    IRRef x = ir_vget(c->b, IR_I32, r, 2, 0);
    if (!f->x) {
        x = f->u ? ir_zext(c->b, x, 16) : ir_sext(c->b, x, 16);
    }
    if (f->z == 3) {
        a32_put_d(c, d, f->u ? ir_extu(c->b, x) : ir_exts(c->b, x));
    } else {
        a32_put_s(c, d, x);
    }
    return true;
}

// clang-format off
#define ROW3(name, op, x, feature) \
    {#name, VFP_COND "1110 " op " nnnn dddd 10zz N" x "M0 mmmm", tr_##name, feature}
#define ROW1(name, op, x, feature) \
    {#name, VFP_COND "1110 1D11 " op " dddd 10zz " x "M0 mmmm", tr_##name, feature}

static const ArmRow rows[] = {
    ROW3(vmla, "0D00", "0", 0), ROW3(vmls, "0D00", "1", 0), ROW3(vnmls, "0D01", "0", 0),
    ROW3(vnmla, "0D01", "1", 0), ROW3(vmul, "0D10", "0", 0), ROW3(vnmul, "0D10", "1", 0),
    ROW3(vadd, "0D11", "0", 0), ROW3(vsub, "0D11", "1", 0), ROW3(vdiv, "1D00", "0", 0),
    ROW3(vfnms, "1D01", "0", ARM_FEAT_VFP4), ROW3(vfnma, "1D01", "1", ARM_FEAT_VFP4),
    ROW3(vfma, "1D10", "0", ARM_FEAT_VFP4), ROW3(vfms, "1D10", "1", ARM_FEAT_VFP4),
    {"vmov_imm", VFP_COND "1110 1D11 iiii dddd 10zz 0000 iiii", tr_vmov_imm, 0},
    ROW1(vmov, "0000", "01", 0), ROW1(vabs, "0000", "11", 0), ROW1(vneg, "0001", "01", 0),
    ROW1(vsqrt, "0001", "11", 0), ROW1(vcmp, "0100", "e1", 0),
    {"vcmp0", VFP_COND "1110 1D11 0101 dddd 10zz e100 0000", tr_vcmp0, 0},
    ROW1(vrintr, "0110", "01", ARM_FEAT_A32_V8), ROW1(vrintz, "0110", "11", ARM_FEAT_A32_V8),
    ROW1(vrintx, "0111", "01", ARM_FEAT_A32_V8),
    {"vcvt_double", VFP_COND "1110 1D11 0111 dddd 10zz 11M0 mmmm", tr_vcvt_double, 0},
    {"vcvt_from_half", VFP_COND "1110 1D11 0010 dddd 10zz t1M0 mmmm", tr_vcvt_from_half, 0},
    {"vcvt_to_half", VFP_COND "1110 1D11 0011 dddd 10zz t1M0 mmmm", tr_vcvt_to_half, 0},
    {"vcvt_to_brain", VFP_COND "1110 1D11 0011 dddd 1001 t1M0 mmmm", tr_vcvt_to_brain, ARM_FEAT_BF16},
    ROW1(vcvt_from_int, "1000", "s1", 0), ROW1(vcvt_to_int, "110s", "r1", 0),
    {"vjcvt", VFP_COND "1110 1D11 1001 dddd 1011 11M0 mmmm", tr_vjcvt, ARM_FEAT_JSCVT},
    {"vcvt_from_fixed", VFP_COND "1110 1D11 101u dddd 10zz x1j0 iiii", tr_vcvt_from_fixed, 0},
    {"vcvt_to_fixed", VFP_COND "1110 1D11 111u dddd 10zz x1j0 iiii", tr_vcvt_to_fixed, 0},
};
// clang-format on

const ArmChapter a32_vfp_dp = {"vfp_dp", rows, ARRAY_LEN(rows)};
