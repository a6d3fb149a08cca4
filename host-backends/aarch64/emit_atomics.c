// Atomics: one guest thread runs at a time, so a plain read, change and write is enough.
#include "host-backends/aarch64/emit_flags.h"
#include "host-backends/aarch64/emit_memory.h"

EMIT(fence)
{
    (void)e, (void)i; // one thread
}

// The access's host address in T1, if the fast path may take it.
static unsigned host_address(Emit *e, const Access *a, size_t *from)
{
    int va = access_address(e, a);
    unsigned n = access_check(e, a, va, from);
    a64_rrr(&e->c, A64_ADD | A64_X, T1, T1, va);
    return n;
}

static Access atomic_access(Emit *e, const IRInsn *i)
{
    Access a = access_of(e, i);
    a.store = true;
    return a;
}

// rd = the low bytes of rn, zero-extended
static void low_bytes(A64Code *c, int rd, int rn, unsigned bytes)
{
    if (bytes == 8) {
        a64_mov(c, true, rd, rn);
    } else {
        a64_ubfx(c, false, rd, rn, 0, 8 * bytes);
    }
}

// --- read, change, write
static void slow_rmw(Emit *e, const Cold *c)
{
    const IRInsn *i = &e->b->insn[c->insn];
    slow_address(e, c);
    a64_mov(&e->c, true, T3, c->reg[3]);
    slow_call(e, c, T_RMW);
    a64_mov(&e->c, is_wide(i), c->reg[2], T0);
    a64_b(&e->c, c->back);
}

// T2 = the larger or smaller of T0 and value.
static void choose(A64Code *c, IRRmwKind kind, int value, unsigned bytes)
{
    static const uint8_t stays[] = {[IR_RMW_SMAX] = A64_GE,
                                    [IR_RMW_SMIN] = A64_LE,
                                    [IR_RMW_UMAX] = A64_CS,
                                    [IR_RMW_UMIN] = A64_LS};
    bool wide = bytes == 8, sign = kind == IR_RMW_SMAX || kind == IR_RMW_SMIN;
    if (sign) {
        a64_sbfx(c, wide, T2, value, 0, 8 * bytes);
        a64_sbfx(c, wide, T3, T0, 0, 8 * bytes);
    } else {
        low_bytes(c, T2, value, bytes);
        a64_mov(c, wide, T3, T0);
    }
    a64_rrr(c, a64_wide(A64_SUBS, wide), XZR, T3, T2);
    a64_csel(c, a64_wide(A64_CSEL, wide), T2, T3, T2, (A64Cond)stays[kind]);
}

// T0 = old value, T1 = host address. Gives the register with the new value.
static int change(A64Code *c, IRRmwKind kind, int value, unsigned bytes)
{
    static const uint32_t op[] = {[IR_RMW_ADD] = A64_ADD,
                                  [IR_RMW_AND] = A64_AND,
                                  [IR_RMW_CLR] = A64_BIC,
                                  [IR_RMW_OR] = A64_ORR,
                                  [IR_RMW_XOR] = A64_EOR};
    if (kind == IR_RMW_XCHG) {
        return value;
    }
    if (kind >= IR_RMW_SMAX) {
        choose(c, kind, value, bytes);
    } else {
        a64_rrr(c, a64_wide(op[kind], bytes == 8), T2, T0, value);
    }
    return T2;
}

EMIT(rmw)
{
    size_t from[2];
    A64Code *c = &e->c;
    unsigned bytes = 1u << (i->aux & IR_MEM_SIZE);
    nz_clobber(e);
    Access a = atomic_access(e, i);
    int value = ra_use(&e->ra, i->arg[1]);
    int dst = ra_def(&e->ra, e->at, i->arg[1], false);
    unsigned n = host_address(e, &a, from);
    a64_mem(c, a64_load_op(bytes, false), T0, T1, 0, T2);
    int new_value = change(c, (IRRmwKind)i->aux2, value, bytes);
    a64_mem(c, a64_store_op(bytes, false), new_value, T1, 0, T2);
    a64_mov(c, is_wide(i), dst, T0);
    Cold *cold = access_slow(e, slow_rmw, &a, from, n, i->aux | (uint32_t)i->aux2 << 16);
    cold->reg[2] = dst;
    cold->reg[3] = value;
}

// --- compare and swap
// Flags tell whether T0, the old value, was the expected one.
static void swap_if_equal(Emit *e, unsigned bytes, int expected, int value)
{
    A64Code *c = &e->c;
    a64_mem(c, a64_load_op(bytes, false), T0, T1, 0, T2);
    low_bytes(c, T2, expected, bytes);
    a64_rrr(c, A64_SUBS | A64_X, XZR, T0, T2);
    size_t other = a64_bcond_fwd(c, A64_NE);
    a64_mem(c, a64_store_op(bytes, false), value, T1, 0, T2);
    a64_patch(c, other, c->pos);
}

static void slow_swap(Emit *e, const Cold *c)
{
    unsigned bytes = 1u << (e->b->insn[c->insn].aux & IR_MEM_SIZE);
    slow_address(e, c);
    state_store(&e->c, c->reg[4], CALL_ARG(0), 8);
    low_bytes(&e->c, T3, c->reg[3], bytes);
    slow_call(e, c, T_CAS);
}

static void slow_cas(Emit *e, const Cold *c)
{
    slow_swap(e, c);
    a64_mov(&e->c, is_wide(&e->b->insn[c->insn]), c->reg[2], T0);
    a64_b(&e->c, c->back);
}

static void slow_casif(Emit *e, const Cold *c)
{
    slow_swap(e, c);
    low_bytes(&e->c, T1, c->reg[3], 1u << (e->b->insn[c->insn].aux & IR_MEM_SIZE));
    a64_rrr(&e->c, A64_SUBS | A64_X, XZR, T0, T1);
    a64_cset(&e->c, c->reg[2], A64_NE);
    a64_b(&e->c, c->back);
}

static void slow_of(Emit *e, const IRInsn *i, const Access *a, const size_t *from, unsigned n,
                    int dst, int expected, int value)
{
    Cold *c = access_slow(e, i->op == IR_cas ? slow_cas : slow_casif, a, from, n, i->aux);
    c->reg[2] = dst;
    c->reg[3] = expected;
    c->reg[4] = value;
}

EMIT(cas)
{
    size_t from[2];
    nz_clobber(e);
    Access a = atomic_access(e, i);
    int expected = ra_use(&e->ra, i->arg[1]), value = ra_use(&e->ra, i->arg[2]);
    int dst = ra_def(&e->ra, e->at, i->arg[1], false);
    unsigned n = host_address(e, &a, from);
    swap_if_equal(e, a.span, expected, value);
    a64_mov(&e->c, is_wide(i), dst, T0);
    slow_of(e, i, &a, from, n, dst, expected, value);
}

static void cold_not_held(Emit *e, const Cold *c)
{
    a64_const(&e->c, c->reg[0], 1);
    a64_b(&e->c, c->back);
}

EMIT(casif)
{
    size_t from[2];
    nz_clobber(e);
    Access a = atomic_access(e, i);
    int expected = ra_use(&e->ra, i->arg[1]), value = ra_use(&e->ra, i->arg[2]);
    int held = ra_use(&e->ra, i->arg[3]);
    int dst = ra_def(&e->ra, e->at, i->arg[3], false);
    size_t not_held = a64_cbz_fwd(&e->c, false, false, held);
    unsigned n = host_address(e, &a, from);
    swap_if_equal(e, a.span, expected, value);
    a64_cset(&e->c, dst, A64_NE);
    slow_of(e, i, &a, from, n, dst, expected, value);
    Cold *c = a64_cold(e, cold_not_held, not_held);
    c->reg[0] = dst;
    c->back = e->c.pos;
}
