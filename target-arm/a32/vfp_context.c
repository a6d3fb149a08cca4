// Registers, traps and shapes of VFP and Advanced SIMD. Qn is vec[n]; parts of it are read and
// written with the whole, so that the passes see one size a slot.
#include "target-arm/a32/vfp.h"

enum {
    SYN_FP_TRAP = 0x07 << 26 | 1 << 24, // EC, CV
    SYN_COND_SHIFT = 20,
};

// --- Q, D, S

static size_t slot(unsigned q)
{
    return offsetof(ARMCPU, vcpu.vec) + 16 * (size_t)q;
}

IRRef a32_q(ArmCtx *c, unsigned q)
{
    return ir_get(c->b, IR_V128, slot(q));
}

void a32_put_q(ArmCtx *c, unsigned q, IRRef v)
{
    ir_put(c->b, slot(q), v);
}

IRRef a32_d(ArmCtx *c, unsigned d)
{
    return ir_vget(c->b, IR_I64, a32_q(c, d / 2), 3, d % 2);
}

void a32_put_d(ArmCtx *c, unsigned d, IRRef v)
{
    a32_put_q(c, d / 2, ir_vset(c->b, a32_q(c, d / 2), v, 3, d % 2));
}

IRRef a32_dv(ArmCtx *c, unsigned d)
{
    IRRef q = a32_q(c, d / 2);
    return d % 2 ? ir_vext(c->b, q, simd_zero(c), 8) : ir_v1(c->b, IR_vzext, q, 3);
}

void a32_put_dv(ArmCtx *c, unsigned d, IRRef v)
{
    IRRef q = ir_v2(c->b, IR_vmovlane, a32_q(c, d / 2), v, 3 | (d % 2) << 8);
    a32_put_q(c, d / 2, q);
}

IRRef a32_s(ArmCtx *c, unsigned s)
{
    return ir_vget(c->b, IR_I32, a32_q(c, s / 4), 2, s % 4);
}

void a32_put_s(ArmCtx *c, unsigned s, IRRef v)
{
    a32_put_q(c, s / 4, ir_vset(c->b, a32_q(c, s / 4), v, 2, s % 4));
}

IRRef a32_sv(ArmCtx *c, unsigned s)
{
    IRRef q = a32_q(c, s / 4);
    return s % 4 ? ir_v1(c->b, IR_vduplane, q, 2 | (s % 4) << 8) : q;
}

void a32_put_sv(ArmCtx *c, unsigned s, IRRef v)
{
    IRRef q = ir_v2(c->b, IR_vmovlane, a32_q(c, s / 4), v, 2 | (s % 4) << 8);
    a32_put_q(c, s / 4, q);
}

IRRef vfp_lane(ArmCtx *c, unsigned r, unsigned esize)
{
    if (esize < 3) {
        return a32_sv(c, r);
    }
    IRRef q = a32_q(c, r / 2);
    return r % 2 ? ir_v1(c->b, IR_vduplane, q, 3 | 1 << 8) : q;
}

// Half precision: the result's upper half is zero.
void vfp_put_lane(ArmCtx *c, unsigned r, unsigned esize, IRRef v)
{
    if (esize == 3) {
        a32_put_dv(c, r, v);
    } else {
        a32_put_sv(c, r, esize == 1 ? ir_v1(c->b, IR_vzext, v, 1) : v);
    }
}

IRRef neon_reg(ArmCtx *c, unsigned d, bool q)
{
    return q ? a32_q(c, d / 2) : a32_dv(c, d);
}

void neon_put_reg(ArmCtx *c, unsigned d, bool q, IRRef v)
{
    if (q) {
        a32_put_q(c, d / 2, v);
    } else {
        a32_put_dv(c, d, v);
    }
}

// --- traps (DDI 0487 G1.16.6, AArch32.CheckAdvSIMDOrFPEnabled)

bool a32_vfp_trapped(ArmCtx *c, bool simd)
{
    if (c->flags & ARM_BF_FP_TRAP) {
        a32_raise(c, SYN_FP_TRAP | (uint32_t)c->cond << SYN_COND_SHIFT);
        return true;
    }
    if ((c->flags & ARM_BF_VFP_OFF) || (simd && c->flags & ARM_BF_NO_SIMD)) {
        a32_undefined(c);
        return true;
    }
    return false;
}

// --- Advanced SIMD

Neon neon_fields(const ArmCtx *c)
{
    uint32_t i = c->insn;
    return (Neon){.d = extract32(i, 22, 1) << 4 | extract32(i, 12, 4),
                  .n = extract32(i, 7, 1) << 4 | extract32(i, 16, 4),
                  .m = extract32(i, 5, 1) << 4 | extract32(i, 0, 4),
                  .size = extract32(i, 20, 2),
                  .q = extract32(i, 6, 1)};
}

Simd neon_shape(ArmCtx *c, const Neon *n, unsigned esize)
{
    return (Simd){.d = n->d,
                  .n = n->n,
                  .m = n->m,
                  .esize = esize,
                  .q = n->q,
                  .given = true,
                  .n_value = neon_reg(c, n->n, n->q),
                  .m_value = neon_reg(c, n->m, n->q),
                  .d_value = neon_reg(c, n->d, n->q)};
}

bool neon_run(ArmCtx *c, const Neon *n, unsigned esize, SimdFn *fn)
{
    if (!neon_even(n->d | n->n | n->m, n->q)) {
        return false;
    }
    if (!a32_vfp_trapped(c, true)) {
        Simd s = neon_shape(c, n, esize);
        neon_put_reg(c, n->d, n->q, fn(c, &s));
    }
    return true;
}

bool neon_run_one(ArmCtx *c, const Neon *n, unsigned esize, SimdFn *fn)
{
    Neon same = *n;
    same.n = n->m;
    return neon_run(c, &same, esize, fn);
}
