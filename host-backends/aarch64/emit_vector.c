// Vector ops that A64 has an instruction for, or nearly: lanes, logic, arithmetic, compare, widths.
// Permutes of lanes and what x86 alone has are in emit_vector_permute.c and emit_vector_pack.c.
// Results are written last or by the last instruction that reads operands; v29 to v31 are scratch.
#include "host-backends/aarch64/emit_vector.h"
#include "tcg-like/passes.h"

// --- shapes
void v_by_reference(Emit *e, const IRInsn *i)
{
    a64_vector_call(e, i, ir_vector_fn((IROpcode)i->op), ir_vector_desc(i), 0);
}

static void same(Emit *e, const IRInsn *i, uint32_t op)
{
    Regs r = a64_r2(e, i);
    a64_rrr(&e->c, op, r.d, r.a, r.b);
}

static void by_size(Emit *e, const IRInsn *i, uint32_t op)
{
    same(e, i, op | V_ESIZE(i->aux & 3));
}

static void misc(Emit *e, const IRInsn *i, uint32_t op)
{
    Regs r = a64_r1(e, i);
    a64_rr(&e->c, op, r.d, r.a);
}

#define SAME(name, op)                                                                             \
    EMIT(name)                                                                                     \
    {                                                                                              \
        same(e, i, (uint32_t)(op));                                                                \
    }
#define BY_SIZE(name, op)                                                                          \
    EMIT(name)                                                                                     \
    {                                                                                              \
        by_size(e, i, (uint32_t)(op));                                                             \
    }
#define MISC(name, op)                                                                             \
    EMIT(name)                                                                                     \
    {                                                                                              \
        misc(e, i, (uint32_t)(op));                                                                \
    }
SAME(vand, V_AND)
SAME(vor, V_ORR)
SAME(vxor, V_EOR)
SAME(vandn, V_BIC)
SAME(vorn, V_ORN)
MISC(vnot, V_NOT)
MISC(vcnt, V_MISC(0, 5))
MISC(vneg, V_NEG | V_ESIZE(i->aux & 3))
MISC(vabs, V_MISC(0, 11) | V_ESIZE(i->aux & 3))
BY_SIZE(vadd, V_ADD)
BY_SIZE(vsub, V_SUB)
BY_SIZE(vaddp, V_SAME(0, 23))
BY_SIZE(vceq, V_SAME(1, 17))
BY_SIZE(vctst, V_SAME(0, 17))
BY_SIZE(vcgt, V_SAME(0, 6))
BY_SIZE(vcge, V_SAME(0, 7))
BY_SIZE(vcgtu, V_SAME(1, 6))
BY_SIZE(vcgeu, V_SAME(1, 7))
BY_SIZE(vqadds, V_SAME(0, 1))
BY_SIZE(vqaddu, V_SAME(1, 1))
BY_SIZE(vqsubs, V_SAME(0, 5))
BY_SIZE(vqsubu, V_SAME(1, 5))
BY_SIZE(vmull_s, V_WIDE(0, 12))
BY_SIZE(vmull_u, V_WIDE(1, 12))
BY_SIZE(vmull2_s, V_WIDE(0, 12) | V_HIGH)
BY_SIZE(vmull2_u, V_WIDE(1, 12) | V_HIGH)

EMIT(vavgu)
{
    if ((i->aux & 3) == 3) {
        v_by_reference(e, i);
    } else {
        by_size(e, i, V_SAME(1, 2));
    }
}

// --- where there are no 64-bit lanes
EMIT(vmul)
{
    A64Code *c = &e->c;
    if ((i->aux & 3) < 3) {
        by_size(e, i, V_SAME(0, 19));
        return;
    }
    Regs r = a64_r2(e, i);
    for (unsigned lane = 2; lane-- > 0;) {
        v_umov(c, 3, T0, r.a, lane);
        v_umov(c, 3, T1, r.b, lane);
        a64_rrr(c, A64_MUL | A64_X, T0, T0, T1);
        if (lane) {
            v_dup(c, 3, VA, T0);
        } else {
            v_insert(c, 3, VA, 0, T0);
        }
    }
    a64_vmov(c, r.d, VA);
}

static void min_max(Emit *e, const IRInsn *i, bool is_unsigned, bool max)
{
    if ((i->aux & 3) < 3) {
        by_size(e, i, V_SAME(is_unsigned, max ? 12 : 13));
        return;
    }
    Regs r = a64_r2(e, i);
    a64_rrr(&e->c, V_SAME(is_unsigned, 6) | V_ESIZE(3), VA, r.a, r.b);
    a64_rrr(&e->c, (uint32_t)V_BSL, VA, max ? r.a : r.b, max ? r.b : r.a);
    a64_vmov(&e->c, r.d, VA);
}
EMIT(vmins)
{
    min_max(e, i, false, false);
}
EMIT(vmaxs)
{
    min_max(e, i, false, true);
}
EMIT(vminu)
{
    min_max(e, i, true, false);
}
EMIT(vmaxu)
{
    min_max(e, i, true, true);
}

static void difference(Emit *e, const IRInsn *i, bool is_unsigned)
{
    if ((i->aux & 3) < 3) {
        by_size(e, i, V_SAME(is_unsigned, 14));
        return;
    }
    Regs r = a64_r2(e, i);
    a64_rrr(&e->c, V_SAME(is_unsigned, 6) | V_ESIZE(3), VA, r.a, r.b);
    a64_rrr(&e->c, (uint32_t)V_SUB | V_ESIZE(3), VB, r.a, r.b);
    a64_rrr(&e->c, (uint32_t)V_SUB | V_ESIZE(3), VC, r.b, r.a);
    a64_rrr(&e->c, (uint32_t)V_BSL, VA, VB, VC);
    a64_vmov(&e->c, r.d, VA);
}
EMIT(vabds)
{
    difference(e, i, false);
}
EMIT(vabdu)
{
    difference(e, i, true);
}

// --- selection
EMIT(vbsl)
{
    A64Code *c = &e->c;
    Regs r = a64_r3(e, i);
    if (r.d == r.c && r.d != r.a) {
        a64_rrr(c, (uint32_t)V_BIT, r.d, r.b, r.a);
    } else if (r.d == r.b && r.d != r.a) {
        a64_rrr(c, (uint32_t)V_BIT | V_ESIZE(1), r.d, r.c, r.a); // BIF
    } else {
        if (r.d != r.a) {
            a64_vmov(c, r.d, r.a);
        }
        a64_rrr(c, (uint32_t)V_BSL, r.d, r.b, r.c);
    }
}

// --- shifts by constants
void v_shift_right(A64Code *c, uint32_t op, unsigned esize, int d, int a, unsigned n)
{
    a64_rr(c, op | ((16u << esize) - n) << 16, d, a);
}

void v_shift_left(A64Code *c, uint32_t op, unsigned esize, int d, int a, unsigned n)
{
    a64_rr(c, op | ((8u << esize) + n) << 16, d, a);
}

EMIT(vshli)
{
    Regs r = a64_r1(e, i);
    v_shift_left(&e->c, V_SHIFT(0, 10), i->aux & 3, r.d, r.a, (unsigned)i->imm);
}

static void shift_right(Emit *e, const IRInsn *i, uint32_t op)
{
    Regs r = a64_r1(e, i);
    if (i->imm) {
        v_shift_right(&e->c, op, i->aux & 3, r.d, r.a, (unsigned)i->imm);
    } else if (r.d != r.a) {
        a64_vmov(&e->c, r.d, r.a);
    }
}
EMIT(vshri)
{
    shift_right(e, i, V_SHIFT(1, 0));
}
EMIT(vsari)
{
    shift_right(e, i, V_SHIFT(0, 0));
}

// --- widths
static void widen(Emit *e, const IRInsn *i, bool is_unsigned, bool high)
{
    Regs r = a64_r1(e, i);
    uint32_t op = V_SHIFT(is_unsigned, 20) & ~V_HIGH; // SSHLL, USHLL
    v_shift_left(&e->c, op | (high ? V_HIGH : 0), i->aux & 3, r.d, r.a, 0);
}
EMIT(vwiden_s)
{
    widen(e, i, false, false);
}
EMIT(vwiden_u)
{
    widen(e, i, true, false);
}
EMIT(vwiden2_s)
{
    widen(e, i, false, true);
}
EMIT(vwiden2_u)
{
    widen(e, i, true, true);
}

EMIT(vnarrow)
{
    Regs r = a64_r1(e, i);
    a64_rr(&e->c, V_XTN | V_ESIZE((i->aux & 3) - 1u), r.d, r.a);
}

EMIT(vnarrow2)
{
    Regs r = a64_r2(e, i);
    int into = r.d == r.b ? VA : r.d;
    if (into != r.a) {
        a64_vmov(&e->c, into, r.a);
    }
    a64_rr(&e->c, V_XTN | V_HIGH | V_ESIZE((i->aux & 3) - 1u), into, r.b);
    if (into != r.d) {
        a64_vmov(&e->c, r.d, into);
    }
}
