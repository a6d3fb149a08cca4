// Floating point on the host's own instructions, under the guest's rounding mode; the sticky flags
// gather in FPSR. For Arm guests the host's rules are the guest's: the bare instruction. Where A64
// has no instruction for an op, or a rule differs, the op's exact function is called. SSE's rules
// are in emit_fp_sse.c.
#include "host-backends/aarch64/emit_fp.h"
#include "tcg-like/passes.h"

void a64_fp_by_exact(Emit *e, const IRInsn *i)
{
    const IRVHelper *h = (const IRVHelper *)(uintptr_t)i->imm;
    a64_vector_call(e, i, h->fn, ir_fp_desc(e->b, i), h->flags);
    if (i->aux & IR_FP_KEEP && i->type == IR_V128) {
        int d = e->ra.v[e->at].reg;
        state_load_vec(&e->c, VA, VARG(1), 16);
        v_insert_lane(&e->c, i->aux & 3, VA, 0, d, 0);
        a64_vmov(&e->c, d, VA);
    }
}

// --- cold path
static void cold_exact(Emit *e, const Cold *c)
{
    const IRInsn *i = &e->b->insn[c->insn];
    const IRVHelper *h = (const IRVHelper *)(uintptr_t)i->imm;
    A64Code *x = &e->c;
    if (c->reg[4]) { // a second way in
        a64_patch(x, (size_t)c->reg[4], x->pos);
    }
    a64_cold_save(e, c);
    for (unsigned k = 0; k < 3; k++) {
        if (c->reg[1 + k] >= 0) {
            state_store_vec(x, c->reg[1 + k], VARG(1 + k), 16);
        }
    }
    a64_const(x, T0, (uintptr_t)h->fn);
    a64_const(x, T1, ir_fp_desc(e->b, i));
    a64_thunk(e, T_VCALL_PURE, c->index, 0);
    a64_cold_restore(e, c);
    if (i->type != IR_V128) {
        state_load(x, c->reg[0], VARG(0), is_wide(i) ? 8 : 4);
    } else if (i->aux & IR_FP_KEEP) {
        state_load_vec(x, c->reg[0], VARG(1), 16);
        state_load_vec(x, VA, VARG(0), 16);
        v_insert_lane(x, i->aux & 3, c->reg[0], 0, VA, 0);
    } else {
        state_load_vec(x, c->reg[0], VARG(0), 16);
    }
    a64_b(x, c->back);
}

Cold *a64_fp_cold(Emit *e, size_t from, int d, int a, int b, int c)
{
    Cold *cold = a64_cold(e, cold_exact, from);
    cold->reg[0] = d;
    cold->reg[1] = a;
    cold->reg[2] = b;
    cold->reg[3] = c;
    if (e->b->insn[e->at].type == IR_V128) {
        cold->busy_vec &= ~(1u << d);
    }
    return cold;
}

// --- arithmetic
static void arithmetic(Emit *e, const IRInsn *i, uint32_t scalar, uint32_t lanes)
{
    if (!a64_fp_native(i)) {
        a64_fp_by_exact(e, i);
    } else if (a64_fp_sse(i)) {
        a64_fp_sse_arithmetic(e, i, scalar, lanes);
    } else {
        Regs r = a64_r2(e, i);
        a64_rrr(&e->c, a64_fp_row(i, a64_fp_scalar(i) ? scalar : lanes), r.d, r.a, r.b);
    }
}
EMIT(fadd)
{
    arithmetic(e, i, 0x1e202800, V_SAME(0, 26));
}
EMIT(fsub)
{
    arithmetic(e, i, 0x1e203800, V_SAME(0, 26) | 1u << 23);
}
EMIT(fmul)
{
    arithmetic(e, i, 0x1e200800, V_SAME(1, 27));
}
EMIT(fdiv)
{
    arithmetic(e, i, 0x1e201800, V_SAME(1, 31));
}

EMIT(fsqrt)
{
    uint32_t scalar = 0x1e21c000, lanes = V_MISC(1, 31) | 1u << 23;
    if (!a64_fp_native(i)) {
        a64_fp_by_exact(e, i);
    } else if (a64_fp_sse(i)) {
        a64_fp_sse_arithmetic(e, i, scalar, lanes);
    } else {
        Regs r = a64_r1(e, i);
        a64_rr(&e->c, a64_fp_row(i, a64_fp_scalar(i) ? scalar : lanes), r.d, r.a);
    }
}

EMIT(fma)
{
    A64Code *c = &e->c;
    if (!a64_fp_native(i) || a64_fp_sse(i)) {
        a64_fp_by_exact(e, i);
        return;
    }
    Regs r = a64_r3(e, i);
    if (a64_fp_scalar(i)) {
        a64_rrr(c, a64_fp_row(i, 0x1f000000) | (uint32_t)r.c << 10, r.d, r.a, r.b);
        return;
    }
    a64_vmov(c, VA, r.c);
    a64_rrr(c, a64_fp_row(i, V_SAME(0, 25)), VA, r.a, r.b);
    a64_vmov(c, r.d, VA);
}

static void min_max(Emit *e, const IRInsn *i, bool max)
{
    if (!a64_fp_native(i)) {
        a64_fp_by_exact(e, i);
    } else if (a64_fp_sse(i)) {
        a64_fp_sse_min_max(e, i, max);
    } else {
        uint32_t lanes = V_SAME(0, 30) | (max ? 0 : 1u << 23);
        arithmetic(e, i, max ? 0x1e204800 : 0x1e205800, lanes);
    }
}
EMIT(fmin)
{
    min_max(e, i, false);
}
EMIT(fmax)
{
    min_max(e, i, true);
}

// --- comparisons
static void lane_compare(Emit *e, const IRInsn *i, uint32_t lanes)
{
    if (!a64_fp_native(i) || a64_fp_sse(i)) {
        a64_fp_by_exact(e, i);
        return;
    }
    Regs r = a64_r2(e, i);
    a64_rrr(&e->c, a64_fp_row(i, a64_fp_scalar(i) ? lanes | 1u << 28 : lanes), r.d, r.a, r.b);
}
EMIT(fceq)
{
    lane_compare(e, i, V_SAME(0, 28));
}
EMIT(fcge)
{
    lane_compare(e, i, V_SAME(1, 28));
}
EMIT(fcgt)
{
    lane_compare(e, i, V_SAME(1, 28) | 1u << 23);
}
EMIT(fcmpp)
{
    a64_fp_by_exact(e, i);
}

EMIT(f_fcmp)
{
    if (!a64_fp_native(i)) {
        a64_fp_by_exact(e, i);
        return;
    }
    if (!(i->aux & IR_FCMP_NZCV)) {
        a64_fp_sse_compare(e, i);
        return;
    }
    nz_clobber(e);
    int a = ra_use(&e->ra, i->arg[0]), b = ra_use(&e->ra, i->arg[1]);
    uint32_t op = i->aux & IR_FCMP_SIGNAL ? 0x1e202010 : 0x1e202000;
    a64_rrr(&e->c, a64_fp_row(i, op), 0, a, b);
    if (nz_needs_packed(e, e->at)) {
        nz_pack_plain(&e->c, ra_def(&e->ra, e->at, IR_NONE, true), NZ_PLAIN);
    }
    nz_set(e, e->at, NZ_PLAIN);
}

// --- rounding to integral. Only FRINTX raises inexact, in the current mode.
static uint32_t round_row(unsigned round, bool scalar)
{
    static const uint32_t row[][2] = {
        [IR_RND_NEAREST] = {0x1e244000, V_MISC(0, 24)},
        [IR_RND_DOWN] = {0x1e254000, V_MISC(0, 25)},
        [IR_RND_UP] = {0x1e24c000, V_MISC(0, 24) | 1u << 23},
        [IR_RND_ZERO] = {0x1e25c000, V_MISC(0, 25) | 1u << 23},
        [IR_RND_AWAY] = {0x1e264000, V_MISC(1, 24)},
        [IR_RND_CURRENT] = {0x1e27c000, V_MISC(1, 25) | 1u << 23},
        [IR_RND_CURRENT + 1] = {0x1e274000, V_MISC(1, 25)},
    };
    if (round & IR_RND_EXACT) {
        return (round & 7) == IR_RND_CURRENT ? row[IR_RND_CURRENT + 1][!scalar] : 0;
    }
    return round < ARRAY_LEN(row) - 1 ? row[round][!scalar] : 0;
}

EMIT(fround)
{
    uint32_t op = round_row(i->aux2, a64_fp_scalar(i));
    if (!a64_fp_native(i) || a64_fp_sse(i) || !op) {
        a64_fp_by_exact(e, i);
        return;
    }
    Regs r = a64_r1(e, i);
    a64_rr(&e->c, a64_fp_row(i, op), r.d, r.a);
}

// --- between formats
EMIT(fcvt)
{
    unsigned from = i->aux & 3, to = i->aux2 & 3;
    if (!a64_fp_native(i) || to < 2 || from == to || !a64_fp_scalar(i)) {
        a64_fp_by_exact(e, i);
    } else if (a64_fp_sse(i)) {
        a64_fp_sse_convert(e, i);
    } else {
        Regs r = a64_r1(e, i);
        a64_rr(&e->c, from == 3 ? 0x1e624000 : 0x1e22c000, r.d, r.a);
    }
}

// --- from integers: the same for all rules
static void from_int(Emit *e, const IRInsn *i, uint32_t op)
{
    if (!a64_fp_native(i) || i->aux2) {
        a64_fp_by_exact(e, i);
        return;
    }
    int a = ra_use(&e->ra, i->arg[0]);
    int d = ra_def(&e->ra, e->at, IR_NONE, true);
    a64_rr(&e->c, a64_fp_row(i, a64_wide(op, arg_wide(e, i->arg[0]))), d, a);
}
EMIT(fs2f)
{
    from_int(e, i, 0x1e220000);
}
EMIT(fu2f)
{
    from_int(e, i, 0x1e230000);
}

static void lanes_from_int(Emit *e, const IRInsn *i, uint32_t op)
{
    if (!a64_fp_native(i) || i->aux2) {
        a64_fp_by_exact(e, i);
        return;
    }
    Regs r = a64_r1(e, i);
    a64_rr(&e->c, a64_fp_row(i, a64_fp_scalar(i) ? op | 1u << 28 : op), r.d, r.a);
}
EMIT(vs2f)
{
    lanes_from_int(e, i, V_MISC(0, 29));
}
EMIT(vu2f)
{
    lanes_from_int(e, i, V_MISC(1, 29));
}

// --- to integers. Rows by IRRound: of FCVTNS and its like; those of unsigned results differ by a
// bit. The current mode has no row.
static bool rounds(const IRInsn *i)
{
    return i->aux2 <= IR_RND_AWAY;
}

static void to_int(Emit *e, const IRInsn *i, bool is_unsigned)
{
    static const uint32_t row[] = {0x1e200000, 0x1e300000, 0x1e280000, 0x1e380000, 0x1e240000};
    if (!a64_fp_native(i) || (!a64_fp_sse(i) && !rounds(i)) || (a64_fp_sse(i) && is_unsigned)) {
        a64_fp_by_exact(e, i);
    } else if (a64_fp_sse(i)) {
        a64_fp_sse_to_int(e, i);
    } else {
        int a = ra_use(&e->ra, i->arg[0]);
        int d = ra_def(&e->ra, e->at, IR_NONE, true);
        uint32_t op = row[i->aux2] | (is_unsigned ? 1u << 16 : 0);
        a64_rr(&e->c, a64_fp_row(i, a64_wide(op, is_wide(i))), d, a);
    }
}
EMIT(ff2s)
{
    to_int(e, i, false);
}
EMIT(ff2u)
{
    to_int(e, i, true);
}

static void lanes_to_int(Emit *e, const IRInsn *i, unsigned u)
{
    static const uint32_t row[] = {V_MISC(0, 26), V_MISC(0, 27), V_MISC(0, 26) | 1u << 23,
                                   V_MISC(0, 27) | 1u << 23, V_MISC(0, 28)};
    if (!a64_fp_native(i) || a64_fp_sse(i) || !rounds(i)) {
        a64_fp_by_exact(e, i);
        return;
    }
    Regs r = a64_r1(e, i);
    uint32_t op = row[i->aux2] | u << 29 | (a64_fp_scalar(i) ? 1u << 28 : 0);
    a64_rr(&e->c, a64_fp_row(i, op), r.d, r.a);
}
EMIT(vf2s)
{
    lanes_to_int(e, i, 0);
}
EMIT(vf2u)
{
    lanes_to_int(e, i, 1);
}
EMIT(vw2f)
{
    a64_fp_by_exact(e, i);
}
EMIT(vf2w)
{
    a64_fp_by_exact(e, i);
}
