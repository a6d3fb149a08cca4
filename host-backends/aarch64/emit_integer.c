// Sums, differences, logic, comparisons, products and quotients.
#include "host-backends/aarch64/emit_integer.h"

#include <assert.h>

#include "tcg-like/intops.h"

// A constant operand of a commutative op goes second.
static void order(Emit *e, const IRInsn *i, IRRef *x, IRRef *y)
{
    uint64_t v;
    *x = i->arg[0];
    *y = i->arg[1];
    if (ra_is_const(&e->ra, *x, &v) && !ra_is_const(&e->ra, *y, &v)) {
        *x = i->arg[1];
        *y = i->arg[0];
    }
}

// --- add, subtract, with the flags op on the same operands if there is one
static bool fused(Emit *e, const IRInsn *i, IROpcode flags_op, FlagsOp op)
{
    IRRef j = hb_partner(&e->ra, e->at, flags_op, i);
    if (j == IR_NONE) {
        return false;
    }
    ra_fuse(&e->ra, j);
    nz_operation(e, op, is_wide(i), i->arg[0], i->arg[1], e->at, j);
    return true;
}

// d = x + v or x - v, if one instruction can.
static bool add_const(Emit *e, const IRInsn *i, IRRef x, uint64_t v, bool subtract)
{
    bool wide = is_wide(i);
    uint64_t minus = wide ? -v : (uint32_t)-v;
    if (!a64_fits_add(v) && !a64_fits_add(minus)) {
        return false;
    }
    bool down = a64_fits_add(v) ? subtract : !subtract;
    int a = ra_use(&e->ra, x);
    int d = ra_def(&e->ra, e->at, x, false);
    a64_add_imm(&e->c, a64_wide(down ? A64_SUBI : A64_ADDI, wide), d, a,
                a64_fits_add(v) ? v : minus);
    return true;
}

EMIT(add)
{
    IRRef x, y;
    uint64_t v;
    if (fused(e, i, IR_f_add, FLAGS_ADD)) {
        return;
    }
    order(e, i, &x, &y);
    if (ra_is_const(&e->ra, y, &v) && add_const(e, i, x, v, false)) {
        return;
    }
    Regs r = a64_r2(e, i);
    a64_rrr(&e->c, a64_wide(A64_ADD, is_wide(i)), r.d, r.a, r.b);
}

EMIT(sub)
{
    uint64_t v;
    bool wide = is_wide(i);
    if (fused(e, i, IR_f_sub, FLAGS_SUB)) {
        return;
    }
    if (ra_is_const(&e->ra, i->arg[1], &v) && add_const(e, i, i->arg[0], v, true)) {
        return;
    }
    if (ra_is_const(&e->ra, i->arg[0], &v) && !v) {
        int b = ra_use(&e->ra, i->arg[1]);
        a64_rrr(&e->c, a64_wide(A64_SUB, wide), ra_def(&e->ra, e->at, i->arg[1], false), XZR, b);
        return;
    }
    Regs r = a64_r2(e, i);
    a64_rrr(&e->c, a64_wide(A64_SUB, wide), r.d, r.a, r.b);
}

// --- logic
static bool only_use_is(Emit *e, IRRef value, IRRef j)
{
    const RaValue *v = &e->ra.v[value];
    return v->next == j && e->ra.next[j][0] == IR_NONE;
}

// The flags of an AND: one ANDS, which need not write the result.
static bool fused_and(Emit *e, const IRInsn *i, IRRef x, IRRef y)
{
    IRInsn like = {.arg = {e->at, IR_NONE, IR_NONE, IR_NONE}};
    IRRef j = hb_partner(&e->ra, e->at, IR_f_logic, &like);
    if (j == IR_NONE) {
        return false;
    }
    bool alone = only_use_is(e, e->at, j);
    ra_fuse(&e->ra, j);
    nz_operation(e, FLAGS_AND, is_wide(i), x, y, alone ? IR_NONE : e->at, j);
    if (alone) {
        ra_kill(&e->ra, e->at);
    }
    return true;
}

static void logic(Emit *e, const IRInsn *i, uint32_t op, uint32_t imm_op)
{
    IRRef x, y;
    uint64_t v;
    uint32_t field;
    bool wide = is_wide(i);
    order(e, i, &x, &y);
    if (op == A64_AND && fused_and(e, i, x, y)) {
        return;
    }
    if (ra_is_const(&e->ra, y, &v) && a64_fits_logic(wide, v, &field)) {
        int a = ra_use(&e->ra, x);
        a64_logic_imm(&e->c, a64_wide(imm_op, wide), ra_def(&e->ra, e->at, x, false), a, v);
        return;
    }
    Regs r = a64_r2(e, i);
    a64_rrr(&e->c, a64_wide(op, wide), r.d, r.a, r.b);
}
EMIT(and)
{
    logic(e, i, A64_AND, A64_ANDI);
}
EMIT(or)
{
    logic(e, i, A64_ORR, A64_ORRI);
}
EMIT(xor)
{
    logic(e, i, A64_EOR, A64_EORI);
}

static void binary(Emit *e, const IRInsn *i, uint32_t op)
{
    Regs r = a64_r2(e, i);
    a64_rrr(&e->c, a64_wide(op, is_wide(i)), r.d, r.a, r.b);
}
EMIT(andn)
{
    binary(e, i, A64_BIC);
}
EMIT(orn)
{
    binary(e, i, A64_ORN);
}
EMIT(xnor)
{
    binary(e, i, A64_EON);
}

static void from_zero(Emit *e, const IRInsn *i, uint32_t op)
{
    Regs r = a64_r1(e, i);
    a64_rrr(&e->c, a64_wide(op, is_wide(i)), r.d, XZR, r.a);
}
EMIT(not )
{
    from_zero(e, i, A64_ORN);
}
EMIT(neg)
{
    from_zero(e, i, A64_SUB);
}

// --- compare
A64Cond a64_compare(Emit *e, IRCond cond, IRRef x, IRRef y)
{
    static const uint8_t cc[] = {A64_EQ, A64_NE, A64_CC, A64_CS, A64_HI, A64_LS,
                                 A64_LT, A64_GE, A64_GT, A64_LE, A64_NE, A64_EQ};
    A64Code *c = &e->c;
    bool wide = arg_wide(e, x), test = cond == IR_TSTNZ || cond == IR_TSTZ;
    uint64_t v = 0;
    uint32_t field;
    nz_clobber(e);
    int a = ra_use(&e->ra, x);
    bool known = ra_is_const(&e->ra, y, &v);
    uint64_t minus = wide ? -v : (uint32_t)-v;
    if (test && known && a64_fits_logic(wide, v, &field)) {
        a64_logic_imm(c, a64_wide(A64_ANDSI, wide), XZR, a, v);
    } else if (test) {
        a64_rrr(c, a64_wide(A64_ANDS, wide), XZR, a, ra_use(&e->ra, y));
    } else if (known && a64_fits_add(v)) {
        a64_add_imm(c, a64_wide(A64_SUBSI, wide), XZR, a, v);
    } else if (known && a64_fits_add(minus)) {
        a64_add_imm(c, a64_wide(A64_ADDSI, wide), XZR, a, minus);
    } else {
        a64_rrr(c, a64_wide(A64_SUBS, wide), XZR, a, ra_use(&e->ra, y));
    }
    return (A64Cond)cc[cond];
}

EMIT(cmpset)
{
    A64Cond cc = a64_compare(e, (IRCond)i->aux, i->arg[0], i->arg[1]);
    a64_cset(&e->c, ra_def(&e->ra, e->at, IR_NONE, false), cc);
}

EMIT(select)
{
    A64Cond cc = a64_compare(e, (IRCond)i->aux, i->arg[0], i->arg[1]);
    int t = ra_use(&e->ra, i->arg[2]), f = ra_use(&e->ra, i->arg[3]);
    int dst = ra_def(&e->ra, e->at, i->arg[3], false);
    a64_csel(&e->c, a64_wide(A64_CSEL, is_wide(i)), dst, t, f, cc);
}

// --- products and quotients. A64's own: x / 0 = 0, MIN / -1 = MIN.
EMIT(mul)
{
    binary(e, i, A64_MUL);
}

static void high_half(Emit *e, const IRInsn *i, uint32_t narrow_op, uint32_t wide_op)
{
    Regs r = a64_r2(e, i);
    if (is_wide(i)) {
        a64_rrr(&e->c, wide_op | A64_X, r.d, r.a, r.b);
    } else {
        a64_rrr(&e->c, narrow_op | A64_X, r.d, r.a, r.b);
        a64_lsr(&e->c, true, r.d, r.d, 32);
    }
}
EMIT(mulhu)
{
    high_half(e, i, A64_UMULL, A64_UMULH);
}
EMIT(mulhs)
{
    high_half(e, i, A64_SMULL, A64_SMULH);
}
EMIT(divu)
{
    binary(e, i, A64_UDIV);
}
EMIT(divs)
{
    binary(e, i, A64_SDIV);
}

// --- two words by one
static uint64_t divide2(VCPU *v, uint64_t hi, uint64_t lo, uint64_t y)
{
    (void)v;
    return ir_eval_divide2(true, hi, lo, y, false);
}

static uint64_t remainder2(VCPU *v, uint64_t hi, uint64_t lo, uint64_t y)
{
    (void)v;
    return ir_eval_divide2(true, hi, lo, y, true);
}

// 64 bits by 32 is one instruction. T0 = both words, T1 = the divisor; quotients that do not fit
// are those with the high word at or above it.
static void divide2_narrow(Emit *e, const IRInsn *i, bool rem)
{
    A64Code *c = &e->c;
    nz_clobber(e);
    Regs r = a64_r3(e, i);
    a64_mov(c, false, T0, r.b);
    a64_bfi(c, true, T0, r.a, 32, 32);
    a64_mov(c, false, T1, r.c);
    a64_rrr(c, A64_SUBS, XZR, r.a, T1);
    a64_rrr(c, A64_UDIV | A64_X, T2, T0, T1);
    if (rem) {
        a64_rrr(c, A64_MSUB | A64_X | (uint32_t)T0 << 10, T2, T2, T1);
    }
    a64_csel(c, A64_CSEL, r.d, T2, XZR, A64_CC);
}

EMIT(div2u)
{
    if (is_wide(i)) {
        a64_call_helper(e, i, (const void *)(uintptr_t)divide2);
    } else {
        divide2_narrow(e, i, false);
    }
}
EMIT(rem2u)
{
    if (is_wide(i)) {
        a64_call_helper(e, i, (const void *)(uintptr_t)remainder2);
    } else {
        divide2_narrow(e, i, true);
    }
}
