// Advanced SIMD VEXT, VTBL, VTBX, VDUP (scalar), VSWP, VTRN, VUZP, VZIP (DDI 0487 F4.1.22).
#include "target-arm/a32/vfp.h"

static bool tr_vext(ArmCtx *c, const ArmFields *f)
{
    Neon n = neon_fields(c);
    if (!neon_even(n.d | n.n | n.m, n.q) || (!n.q && f->i >= 8)) {
        return false;
    }
    if (!a32_vfp_trapped(c, true)) {
        IRRef lo = neon_reg(c, n.n, n.q), hi = neon_reg(c, n.m, n.q);
        if (!n.q) {
            lo = hi = simd_join(c, lo, hi);
        }
        neon_put_reg(c, n.d, n.q, f->i ? ir_vext(c->b, lo, hi, f->i) : lo);
    }
    return true;
}

// The table is 1 to 4 D registers, from any number on: two at a time make one of 16 bytes.
static IRRef table(ArmCtx *c, unsigned first, unsigned n)
{
    if (n == 1) {
        return a32_dv(c, first);
    }
    if (first % 2 == 0) {
        return a32_q(c, first / 2);
    }
    return ir_vext(c->b, a32_q(c, first / 2), a32_q(c, first / 2 + 1), 8);
}

static bool tr_vtbl(ArmCtx *c, const ArmFields *f)
{
    Neon r = neon_fields(c);
    IRBlock *b = c->b;
    unsigned n = f->l + 1;
    if (r.n + n > 32) {
        return false;
    }
    if (a32_vfp_trapped(c, true)) {
        return true;
    }
    IRRef index = a32_dv(c, r.m), x = IR_NONE;
    for (unsigned k = 0; k < n; k += 2) {
        IRRef local = k ? ir_v2(b, IR_vsub, index, simd_splat(c, 0, 8 * k), 0) : index;
        IRRef part = ir_v2(b, IR_vtbl, table(c, r.n + k, n - k), local, 0);
        x = k ? ir_v2(b, IR_vor, x, part, 0) : part;
    }
    // The second half of an odd last table has zeroes; VTBX keeps what is beyond.
    if (f->x) {
        IRRef beyond = ir_v2(b, IR_vcgeu, index, simd_splat(c, 0, 8 * n), 0);
        x = ir_v3(b, IR_vbsl, beyond, a32_dv(c, r.d), x, 0);
    }
    a32_put_dv(c, r.d, x);
    return true;
}

// Field i: the lowest set bit tells the lane size, the bits above it the lane.
static bool tr_vdup(ArmCtx *c, const ArmFields *f)
{
    Neon n = neon_fields(c);
    if (!(f->i & 7) || !neon_even(n.d, n.q)) {
        return false;
    }
    if (!a32_vfp_trapped(c, true)) {
        unsigned esize = (unsigned)__builtin_ctz(f->i);
        unsigned lane = (f->i >> (esize + 1)) + n.m % 2 * (8u >> esize);
        neon_put_reg(c, n.d, n.q, ir_v1(c->b, IR_vduplane, a32_q(c, n.m / 2), esize | lane << 8));
    }
    return true;
}

// --- both registers are changed

typedef void Both(ArmCtx *c, unsigned esize, bool q, IRRef d, IRRef m, IRRef *new_d, IRRef *new_m);

static void swap(ArmCtx *c, unsigned esize, bool q, IRRef d, IRRef m, IRRef *new_d, IRRef *new_m)
{
    (void)c, (void)esize, (void)q;
    *new_d = m;
    *new_m = d;
}

static void transpose(ArmCtx *c, unsigned esize, bool q, IRRef d, IRRef m, IRRef *new_d,
                      IRRef *new_m)
{
    (void)q;
    *new_d = ir_v2(c->b, IR_vtrn1, d, m, esize);
    *new_m = ir_v2(c->b, IR_vtrn2, d, m, esize);
}

static IRRef upper(ArmCtx *c, IRRef v)
{
    return ir_v1(c->b, IR_vduplane, v, 3 | 1 << 8);
}

static void zip(ArmCtx *c, unsigned esize, bool q, IRRef d, IRRef m, IRRef *new_d, IRRef *new_m)
{
    *new_d = ir_v2(c->b, IR_vzip1, d, m, esize);
    *new_m = q ? ir_v2(c->b, IR_vzip2, d, m, esize) : upper(c, *new_d);
}

static void unzip(ArmCtx *c, unsigned esize, bool q, IRRef d, IRRef m, IRRef *new_d, IRRef *new_m)
{
    if (!q) {
        d = m = simd_join(c, d, m);
    }
    *new_d = ir_v2(c->b, IR_vuzp1, d, m, esize);
    *new_m = ir_v2(c->b, IR_vuzp2, d, m, esize);
}

// Size is at 19..18. Of 32-bit lanes in D registers VTRN does what VUZP and VZIP would.
static bool both(ArmCtx *c, unsigned sizes, Both *fn)
{
    Neon n = neon_fields(c);
    unsigned esize = extract32(c->insn, 18, 2);
    if (!(sizes >> esize & 1) || !neon_even(n.d | n.m, n.q)) {
        return false;
    }
    if (!a32_vfp_trapped(c, true)) {
        IRRef d, m;
        fn(c, esize, n.q, neon_reg(c, n.d, n.q), neon_reg(c, n.m, n.q), &d, &m);
        neon_put_reg(c, n.d, n.q, d);
        neon_put_reg(c, n.m, n.q, m);
    }
    return true;
}

NEON_TR(vswp, both(c, SIMD_B, swap))
NEON_TR(vtrn, both(c, SIMD_BHS, transpose))
NEON_TR(vuzp, both(c, f->q ? SIMD_BHS : SIMD_B | SIMD_H, unzip))
NEON_TR(vzip, both(c, f->q ? SIMD_BHS : SIMD_B | SIMD_H, zip))

static const ArmRow rows[] = {
    {"vext", "1111 0010 1D11 nnnn dddd iiii NqM0 mmmm", tr_vext, 0},
    {"vtbl", "1111 0011 1D11 nnnn dddd 10ll NxM0 mmmm", tr_vtbl, 0},
    {"vdup_scalar", "1111 0011 1D11 iiii dddd 1100 0qM0 mmmm", tr_vdup, 0},
    {"vswp", "1111 0011 1D11 ss10 dddd 0000 0qM0 mmmm", tr_vswp, 0},
    {"vtrn", "1111 0011 1D11 ss10 dddd 0000 1qM0 mmmm", tr_vtrn, 0},
    {"vuzp", "1111 0011 1D11 ss10 dddd 0001 0qM0 mmmm", tr_vuzp, 0},
    {"vzip", "1111 0011 1D11 ss10 dddd 0001 1qM0 mmmm", tr_vzip, 0},
};

const ArmChapter a32_neon_permute = {"neon_permute", rows, ARRAY_LEN(rows)};
