// Operands and shapes of VFP and Advanced SIMD.
#include "target-arm/a32/vfp.h"

// --- registers

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
