// FP operations as IR: fp.h.
#include "target-arm/a64/fp.h"

bool a64_fp_soft(const ArmCtx *c, unsigned aux)
{
    uint64_t other = a64_fp_aux(c, aux) & IR_FP_FLUSH ? ARM_BF_FP_ROUND : ARM_BF_FP_SOFT;
    return (aux & 3) == 1 || (c->flags & other);
}

IRRef a64_fp(ArmCtx *c, IROpcode op, const IRVHelper *exact, IRRef x, IRRef y, IRRef z,
             unsigned aux, unsigned aux2)
{
    if (a64_fp_soft(c, aux)) {
        return a64_fp_exact(c, exact, x, y, z, aux, aux2);
    }
    return ir_fp(c->b, op, IR_V128, x, y, z, a64_fp_aux(c, aux), aux2, exact);
}

IRRef a64_fp_neg(ArmCtx *c, IRRef v, unsigned esize)
{
    return ir_v2(c->b, IR_vxor, v, simd_splat(c, esize, BIT((8u << esize) - 1)), 0);
}

IRRef a64_fp_abs(ArmCtx *c, IRRef v, unsigned esize)
{
    return ir_v2(c->b, IR_vand, v, simd_splat(c, esize, mask64((8u << esize) - 1)), 0);
}

// All ones where a lane is a quiet NaN.
static IRRef quiet_nan(ArmCtx *c, IRRef v, unsigned esize)
{
    uint64_t below = esize == 3 ? UINT64_C(0x7ff7ffffffffffff) : 0x7fbfffff;
    return ir_v2(c->b, IR_vcgt, a64_fp_abs(c, v, esize), simd_splat(c, esize, below), esize);
}

// A quiet NaN against anything else gives the other operand: it takes both places.
IRRef a64_fp_maxnm(ArmCtx *c, IRRef x, IRRef y, unsigned aux, bool max)
{
    IRBlock *b = c->b;
    unsigned esize = aux & 3;
    if (a64_fp_soft(c, aux)) {
        return a64_fp_exact(c, max ? &arm_fx_maxnm : &arm_fx_minnm, x, y, IR_NONE, aux, 0);
    }
    IRRef qx = quiet_nan(c, x, esize), qy = quiet_nan(c, y, esize);
    IRRef first = ir_v3(b, IR_vbsl, ir_v2(b, IR_vandn, qx, qy, 0), y, x, 0);
    IRRef second = ir_v3(b, IR_vbsl, ir_v2(b, IR_vandn, qy, qx, 0), x, y, 0);
    return ir_fp(b, max ? IR_fmax : IR_fmin, IR_V128, first, second, IR_NONE, a64_fp_aux(c, aux), 0,
                 max ? &arm_fx_max : &arm_fx_min);
}

static unsigned int_flag(const ArmCtx *c, IRRef x)
{
    return ir_type(c->b, x) == IR_I64 ? ARM_FX_I64 >> 16 : 0;
}

IRRef a64_fp_from_int(ArmCtx *c, IRRef x, unsigned esize, unsigned fbits, bool is_signed)
{
    const IRVHelper *exact = is_signed ? &arm_fx_s2f : &arm_fx_u2f;
    unsigned aux = esize | IR_FP_SCALAR;
    if (a64_fp_soft(c, aux)) {
        IRRef v = ir_v1(c->b, IR_vfromg, x, ir_type(c->b, x) == IR_I64 ? 3 : 2);
        return a64_fp_exact(c, exact, v, IR_NONE, IR_NONE, aux,
                            fbits << ARM_FX_FBITS | int_flag(c, x));
    }
    IRRef r =
        ir_fp(c->b, is_signed ? IR_fs2f : IR_fu2f, IR_V128, x, IR_NONE, IR_NONE, aux, 0, exact);
    if (!fbits) {
        return r;
    }
    // The scaling is exact: the smallest result, 2^-64, is far from the denormals.
    uint64_t scale = esize == 3 ? (uint64_t)(1023 - fbits) << 52 : (uint64_t)(127 - fbits) << 23;
    return ir_fp(c->b, IR_fmul, IR_V128, r, ir_vconst(c->b, scale, 0), IR_NONE, aux, 0,
                 &arm_fx_mul);
}

IRRef a64_fp_to_int(ArmCtx *c, IRRef v, bool to_sf, unsigned esize, unsigned fbits, IRRound round,
                    bool is_signed)
{
    const IRVHelper *exact = is_signed ? &arm_fx_f2s : &arm_fx_f2u;
    IRType t = to_sf ? IR_I64 : IR_I32;
    unsigned aux = esize | IR_FP_SCALAR;
    if (fbits || a64_fp_soft(c, aux)) {
        unsigned aux2 = round | fbits << ARM_FX_FBITS | (to_sf ? ARM_FX_I64 >> 16 : 0);
        IRRef r = a64_fp_exact(c, exact, v, IR_NONE, IR_NONE, aux, aux2);
        return ir_vget(c->b, t, r, to_sf ? 3 : 2, 0);
    }
    return ir_fp(c->b, is_signed ? IR_ff2s : IR_ff2u, t, v, IR_NONE, IR_NONE, aux, round, exact);
}

IRRef a64_fp_reformat(ArmCtx *c, IRRef v, unsigned from, unsigned to)
{
    unsigned aux = from | IR_FP_SCALAR;
    if (to == 1) {
        return a64_fp_exact(c, &arm_fx_cvt, v, IR_NONE, IR_NONE, aux, to);
    }
    return a64_fp(c, IR_fcvt, &arm_fx_cvt, v, IR_NONE, IR_NONE, aux, to);
}

static bool fp_shape(const ArmCtx *c, Simd *s, bool half)
{
    *s = extract32(c->insn, 28, 1) ? simd_scalar(c) : simd_vector(c);
    s->esize = half ? 1 : 2 + extract32(c->insn, 22, 1);
    return s->scalar || s->q || s->esize != 3;
}

bool simd_fp_three_same(const ArmCtx *c, Simd *s)
{
    return fp_shape(c, s, !extract32(c->insn, 21, 1));
}

bool simd_fp_two_misc(const ArmCtx *c, Simd *s)
{
    return fp_shape(c, s, extract32(c->insn, 19, 1));
}
