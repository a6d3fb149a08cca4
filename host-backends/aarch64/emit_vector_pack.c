// Vector ops as x86 has them: products and sums of neighbours, saturating packs, blends, shifts by
// values, tests.
#include <string.h>

#include "host-backends/aarch64/emit_flags.h"
#include "host-backends/aarch64/emit_vector.h"

enum {
    SMULL = (int)V_WIDE(0, 12),
    UMULL = (int)V_WIDE(1, 12),
    UZP1 = (int)V_PERM(1),
    UZP2 = (int)V_PERM(5),
    ADDP = (int)V_SAME(0, 23),
};

// --- blends
EMIT(vblendi)
{
    V128 mask;
    Regs r = a64_r2(e, i);
    for (unsigned k = 0; k < 8; k++) {
        mask.u16[k] = i->imm >> k & 1 ? 0xffff : 0;
    }
    a64_pool(e, VA, mask);
    a64_rrr(&e->c, (uint32_t)V_BSL, VA, r.b, r.a);
    a64_vmov(&e->c, r.d, VA);
}

EMIT(vblendv)
{
    Regs r = a64_r3(e, i);
    a64_rr(&e->c, V_MISC(0, 10) | V_ESIZE(i->aux & 3), VA, r.c); // less than zero
    a64_rrr(&e->c, (uint32_t)V_BSL, VA, r.b, r.a);
    a64_vmov(&e->c, r.d, VA);
}

// --- products. VA, VB = those of the low and high 16-bit lanes.
static Regs products(Emit *e, const IRInsn *i, uint32_t op)
{
    Regs r = a64_r2(e, i);
    a64_rrr(&e->c, op | V_ESIZE(1), VA, r.a, r.b);
    a64_rrr(&e->c, op | V_HIGH | V_ESIZE(1), VB, r.a, r.b);
    return r;
}

EMIT(vmulh_s)
{
    Regs r = products(e, i, SMULL);
    a64_rrr(&e->c, UZP2 | V_ESIZE(1), r.d, VA, VB);
}
EMIT(vmulh_u)
{
    Regs r = products(e, i, UMULL);
    a64_rrr(&e->c, UZP2 | V_ESIZE(1), r.d, VA, VB);
}

EMIT(vmulhr_s)
{
    uint32_t rshrn = V_SHIFT(0, 17) & ~V_HIGH;
    Regs r = products(e, i, SMULL);
    v_shift_right(&e->c, rshrn, 1, VA, VA, 15);
    v_shift_right(&e->c, rshrn | V_HIGH, 1, VA, VB, 15);
    a64_vmov(&e->c, r.d, VA);
}

EMIT(vmaddp_s)
{
    Regs r = products(e, i, SMULL);
    a64_rrr(&e->c, ADDP | V_ESIZE(2), r.d, VA, VB);
}

static void even_products(Emit *e, const IRInsn *i, uint32_t op)
{
    Regs r = a64_r2(e, i);
    a64_rr(&e->c, V_XTN | V_ESIZE(2), VA, r.a);
    a64_rr(&e->c, V_XTN | V_ESIZE(2), VB, r.b);
    a64_rrr(&e->c, op | V_ESIZE(2), r.d, VA, VB);
}
EMIT(vmule_s)
{
    even_products(e, i, SMULL);
}
EMIT(vmule_u)
{
    even_products(e, i, UMULL);
}

// Each product fits 16 bits; the sums are saturated.
EMIT(vmaddp_us)
{
    A64Code *c = &e->c;
    uint32_t sshll = V_SHIFT(0, 20) & ~V_HIGH, ushll = V_SHIFT(1, 20) & ~V_HIGH;
    uint32_t mul = V_SAME(0, 19) | V_ESIZE(1);
    Regs r = a64_r2(e, i);
    v_shift_left(c, ushll, 0, VA, r.a, 0);
    v_shift_left(c, sshll, 0, VC, r.b, 0);
    a64_rrr(c, mul, VA, VA, VC);
    v_shift_left(c, ushll | V_HIGH, 0, VB, r.a, 0);
    v_shift_left(c, sshll | V_HIGH, 0, VC, r.b, 0);
    a64_rrr(c, mul, VB, VB, VC);
    a64_rrr(c, UZP1 | V_ESIZE(1), VC, VA, VB);
    a64_rrr(c, UZP2 | V_ESIZE(1), VA, VA, VB);
    a64_rrr(c, V_SAME(0, 1) | V_ESIZE(1), r.d, VC, VA);
}

EMIT(vsadu)
{
    Regs r = a64_r2(e, i);
    a64_rrr(&e->c, V_SAME(1, 14), VA, r.a, r.b);
    for (unsigned esize = 0; esize < 3; esize++) { // UADDLP
        a64_rr(&e->c, V_MISC(1, 2) | V_ESIZE(esize), esize == 2 ? r.d : VA, VA);
    }
}

// --- packs
static void pack(Emit *e, const IRInsn *i, uint32_t op)
{
    Regs r = a64_r2(e, i);
    op = (op & ~V_HIGH) | V_ESIZE((i->aux & 3) - 1u);
    a64_rr(&e->c, op, VA, r.a);
    a64_rr(&e->c, op | V_HIGH, VA, r.b);
    a64_vmov(&e->c, r.d, VA);
}
EMIT(vqpack_s)
{
    pack(e, i, V_MISC(0, 20));
}
EMIT(vqpack_u)
{
    pack(e, i, V_MISC(1, 18));
}

// --- shifts by values: USHL and SSHL take a signed count for each lane; the lane's width makes 0,
// or the sign, of it
static void shift_lanes(Emit *e, const IRInsn *i, Regs r, bool left, uint32_t op)
{
    if (!left) {
        a64_rr(&e->c, V_NEG | V_ESIZE(i->aux & 3), VA, VA);
    }
    a64_rrr(&e->c, op | V_ESIZE(i->aux & 3), r.d, r.a, VA);
}

static void shift_all(Emit *e, const IRInsn *i, bool left, uint32_t op)
{
    A64Code *c = &e->c;
    unsigned bits = 8u << (i->aux & 3);
    nz_clobber(e);
    Regs r = a64_r2(e, i);
    a64_fmov_from_vec(c, true, T0, r.b);
    a64_const(c, T1, bits);
    a64_rrr(c, A64_SUBS | A64_X, XZR, T0, T1);
    a64_csel(c, A64_CSEL | A64_X, T0, T0, T1, A64_CC);
    v_dup(c, i->aux & 3, VA, T0);
    shift_lanes(e, i, r, left, op);
}
EMIT(vshl)
{
    shift_all(e, i, true, V_USHL);
}
EMIT(vshr)
{
    shift_all(e, i, false, V_USHL);
}
EMIT(vsar)
{
    shift_all(e, i, false, V_SSHL);
}

static void shift_each(Emit *e, const IRInsn *i, bool left, uint32_t op)
{
    A64Code *c = &e->c;
    unsigned esize = i->aux & 3;
    Regs r = a64_r2(e, i);
    a64_const(c, T0, 8u << esize);
    v_dup(c, esize, VB, T0);
    a64_rrr(c, V_SAME(1, 6) | V_ESIZE(esize), VA, VB, r.b); // count < bits
    a64_rrr(c, (uint32_t)V_BSL, VA, r.b, VB);
    shift_lanes(e, i, r, left, op);
}
EMIT(vshlv)
{
    shift_each(e, i, true, V_USHL);
}
EMIT(vshrv)
{
    shift_each(e, i, false, V_USHL);
}
EMIT(vsarv)
{
    shift_each(e, i, false, V_SSHL);
}

// --- tests
// Each lane becomes its bit of the answer, then neighbours are added.
EMIT(vmovmsk)
{
    A64Code *c = &e->c;
    unsigned esize = i->aux & 3, sums = esize == 0 ? 3 : 4 - esize;
    V128 bit = {.u64 = {0}};
    for (unsigned k = 0; k < 16u >> esize; k++) {
        uint64_t value = BIT(k & 7);
        memcpy(&bit.u8[k << esize], &value, (size_t)1 << esize);
    }
    int a = ra_use(&e->ra, i->arg[0]);
    int dst = ra_def(&e->ra, e->at, IR_NONE, true);
    a64_rr(c, V_MISC(0, 10) | V_ESIZE(esize), VA, a); // less than zero
    a64_pool(e, VB, bit);
    a64_rrr(c, (uint32_t)V_AND, VA, VA, VB);
    while (sums-- > 0) {
        a64_rrr(c, ADDP | V_ESIZE(esize), VA, VA, VA);
    }
    v_umov(c, MIN_OF(MAX_OF(esize, 1u), 2u), dst, VA, 0);
}

// rd = 1 if the vector is zero.
static void is_zero(A64Code *c, int rd, int vector)
{
    a64_rr(c, V_ACROSS(1, 10) | V_HIGH | V_ESIZE(2), vector, vector); // UMAXV
    a64_fmov_from_vec(c, false, rd, vector);
    a64_rr(c, A64_CLZ, rd, rd);
    a64_lsr(c, false, rd, rd, 5);
}

EMIT(f_vtest)
{
    A64Code *c = &e->c;
    int a = ra_use(&e->ra, i->arg[0]), b = ra_use(&e->ra, i->arg[1]);
    int dst = ra_def(&e->ra, e->at, IR_NONE, true);
    a64_rrr(c, (uint32_t)V_AND, VA, a, b);
    a64_rrr(c, (uint32_t)V_BIC, VB, b, a);
    is_zero(c, dst, VA);
    is_zero(c, T0, VB);
    a64_lsl(c, false, dst, dst, 14);
    a64_bfi(c, false, dst, T0, 8, 1);
}
