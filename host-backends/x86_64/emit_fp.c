// Floating point on the host's own instructions, under the guest's rounding mode; the sticky flags
// gather in MXCSR. The results that the host could get wrong leave for the op's exact function:
//
//   add, sub, sqrt    a NaN result (which NaN it is differs between architectures)
//   div               the same: a quotient below a power of two is never rounded up to it
//   mul, fma          also |result| = the smallest normal number: only there do hosts that find
//                     tininess after rounding (x86) differ from those that find it before (Arm).
//                     FMA with 0 * inf + NaN makes a NaN, too, so its extra flag comes right.
//   min, max          a NaN operand; equal operands are only zeros of different sign: AND, OR
//
// What the host raises before it leaves is part of what the exact function raises, never more.
//
// With IR_FP_FLUSH operands that are denormal, or could make a denormal result, leave before the
// op: fp_guard_small; then only a NaN result is left to tell.
//
// With IR_FP_SSE the guest's rules are the host's: the bare instruction.
//
//      op  t, a, b                      vandpd  u, t, [abs]
//      vucomisd t, t       or           vucomisd u, [smallest normal]
//      jp  cold                         je  cold        (equal or NaN)
//      vmovq d, t                       lanes above a scalar become zero
#include "host-backends/x86_64/emit_fp.h"
#include "tcg-like/passes.h"

void fp_by_exact(Emit *e, const IRInsn *i)
{
    const IRVHelper *h = (const IRVHelper *)(uintptr_t)i->imm;
    x86_vector_call(e, i, h->fn, ir_fp_desc(e->b, i), h->flags);
}

// --- shapes
static bool upper_lanes_zero(Emit *e, IRRef r, unsigned esize)
{
    const IRInsn *i = &e->b->insn[r];
    switch (i->op) {
    case IR_fadd:
    case IR_fsub:
    case IR_fmul:
    case IR_fdiv:
    case IR_fsqrt:
    case IR_fma:
    case IR_fmin:
    case IR_fmax:
    case IR_fcmpp:
    case IR_fround:
        return (i->aux & IR_FP_SCALAR) && !(i->aux & IR_FP_KEEP) && (i->aux & 3) <= esize;
    case IR_fs2f:
    case IR_fu2f:
    case IR_vzext:
    case IR_vfromg:
        return (i->aux & 3) <= esize;
    case IR_fcvt:
        return i->aux & IR_FP_SCALAR && i->aux2 <= esize;
    case IR_ld:
        return (i->aux & IR_MEM_SIZE) <= esize;
    default:
        return false;
    }
}

Fp fp_operands(Emit *e, const IRInsn *i)
{
    int reg[3] = {-1, -1, -1};
    unsigned n = ir_op_info[i->op].n_args;
    flags_clobber(e);
    for (unsigned k = 0; k < n && k < 3; k++) {
        reg[k] = ra_use(&e->ra, i->arg[k]);
    }
    Fp f = {.a = reg[0],
            .b = reg[1],
            .c = reg[2],
            .esize = i->aux & 3,
            .scalar = i->aux & IR_FP_SCALAR,
            .keep = i->aux & IR_FP_KEEP};
    f.d = ra_def(&e->ra, e->at, i->arg[0], false);
    bool operand = f.d == f.a || f.d == f.b || f.d == f.c;
    f.t = operand && !fp_sse(i) ? XMM_B : f.d;
    f.clean = upper_lanes_zero(e, i->arg[0], f.esize);
    return f;
}

unsigned fp_op(const Fp *f, unsigned opcode)
{
    static const uint16_t prefix[2][2] = {{0, X86_66}, {X86_F3, X86_F2}};
    return opcode | X86_0F | prefix[f->scalar][f->esize == 3];
}

void fp_zero_upper(Emit *e, int d, int t, unsigned esize)
{
    if (esize == 3) {
        vex_rrr(&e->c, V_MOVQ, d, 0, t);
    } else {
        x86_vi(e, 0x21 | M0F3A, d, t, t, 0x0e); // insertps
    }
}

// --- cold path
static void cold_exact(Emit *e, const Cold *c)
{
    const IRInsn *i = &e->b->insn[c->insn];
    const IRVHelper *h = (const IRVHelper *)(uintptr_t)i->imm;
    x86_save_vec(e, c->busy_vec, false);
    for (unsigned k = 0; k < 3; k++) {
        if (c->reg[1 + k] < 0) {
            continue;
        }
        if (e->b->insn[i->arg[k]].type == IR_V128) {
            vex_rrm(&e->c, 0x29 | X86_0F, c->reg[1 + k], 0, state_mem(VARG(1 + k)));
        } else {
            x86_store(&e->c, c->reg[1 + k], state_mem(VARG(1 + k)), 8);
        }
    }
    x86_mov_ri(&e->c, RAX, (uintptr_t)h->fn);
    x86_mov_ri(&e->c, RCX, ir_fp_desc(e->b, i));
    x86_thunk(e, T_VCALL_PURE);
    x86_side_entry(e, c->index, 0);
    x86_save_vec(e, c->busy_vec, true);
    if (i->type == IR_V128) {
        vex_rrm(&e->c, V_MOVAPS, c->reg[0], 0, state_mem(VARG(0)));
    } else {
        x86_load(&e->c, c->reg[0], state_mem(VARG(0)), is_wide(i) ? 8 : 4);
    }
    x86_jmp(&e->c, c->back);
}

Cold *fp_cold(Emit *e, const Fp *f, X86Cond cc)
{
    Cold *c = x86_cold(e, cold_exact, x86_jcc_fwd(&e->c, cc));
    c->reg[0] = f->d;
    c->reg[1] = f->a;
    c->reg[2] = f->b;
    c->reg[3] = f->c;
    if (e->b->insn[e->at].type == IR_V128) {
        c->busy_vec &= ~(1u << f->d);
    }
    return c;
}

void fp_finish(Emit *e, const Fp *f, Cold *cold)
{
    if (f->scalar && !f->keep && !(f->clean && f->t == f->d)) {
        fp_zero_upper(e, f->d, f->t, f->esize);
    } else if (f->t != f->d) {
        vex_rrr(&e->c, V_MOVAPS, f->d, 0, f->t);
    }
    if (cold) {
        cold->back = e->c.pos;
    }
}

// --- guards
static unsigned compare_op(const Fp *f, bool signals)
{
    return (signals ? 0x2f : 0x2e) | X86_0F | (f->esize == 3 ? X86_66 : 0);
}

// Lanes' answers in XMM_A; any set leaves.
static Cold *any_lane(Emit *e, const Fp *f)
{
    vex_rrr(&e->c, 0x50 | X86_0F | (f->esize == 3 ? X86_66 : 0), RAX, 0, XMM_A); // movmsk
    x86_test_rr(&e->c, false, RAX, RAX);
    return fp_cold(e, f, CC_NE);
}

static Cold *guard_nan(Emit *e, const Fp *f)
{
    if (f->scalar) {
        vex_rrr(&e->c, compare_op(f, false), f->t, 0, f->t);
        return fp_cold(e, f, CC_P);
    }
    x86_vi(e, fp_op(f, 0xc2), XMM_A, f->t, f->t, 3); // unordered
    return any_lane(e, f);
}

static Cold *guard_tiny(Emit *e, const Fp *f)
{
    bool wide = f->esize == 3;
    X86Mem smallest = x86_const(wide ? K_MIN64 : K_MIN32);
    vex_rrm(&e->c, V_PAND, XMM_A, f->t, x86_const(wide ? K_ABS64 : K_ABS32));
    if (f->scalar) {
        vex_rrm(&e->c, compare_op(f, false), XMM_A, 0, smallest);
        return fp_cold(e, f, CC_E);
    }
    smallest.imm_bytes = 1;
    vex_rrm(&e->c, fp_op(f, 0xc2), XMM_A, XMM_A, smallest);
    x86_byte(&e->c, 8); // equal or unordered, quiet
    return any_lane(e, f);
}

void fp_colds_back(Emit *e, unsigned first)
{
    for (unsigned k = first; k < e->n_cold; k++) {
        e->cold[k].back = e->c.pos;
    }
}

// --- IR_FP_FLUSH. Magnitudes order like their bits: |x| - 1 wraps for zero, and is at most
// bits(2^n) - 2 for what is too small.
static void magnitude_less_1(Emit *e, int d, int x)
{
    vex_rrm(&e->c, V_PAND, d, x, x86_const(K_ABS32));
    vex_rrm(&e->c, V_PADDD, d, d, x86_const(K_ONES));
}

static void leave_if_small(Emit *e, const Fp *f, int x, int y, X86Mem limit)
{
    magnitude_less_1(e, XMM_B, x);
    if (y >= 0 && y != x) {
        magnitude_less_1(e, XMM_A, y);
        vex_rrr(&e->c, V_PMINUD, XMM_B, XMM_B, XMM_A);
    }
    vex_rrm(&e->c, V_PMINUD, XMM_A, XMM_B, limit);
    vex_rrr(&e->c, V_PCMPEQD, XMM_A, XMM_A, XMM_B);
    vex_rrr(&e->c, 0x50 | X86_0F, RAX, 0, XMM_A); // movmskps
    x86_test_rr(&e->c, false, RAX, RAX);
    fp_cold(e, f, CC_NE);
}

void fp_guard_small(Emit *e, const IRInsn *i, const Fp *f)
{
    bool product = i->op == IR_fmul || i->op == IR_fma;
    leave_if_small(e, f, f->a, f->b, x86_const(product ? K_SMALL32 : K_TINY32));
    if (f->c >= 0) {
        leave_if_small(e, f, f->c, -1, x86_const(K_TINY32));
    }
}

// Sums of normal numbers may be denormal, but then they are exact: nothing has been raised. The
// result may be in XMM_B.
static void leave_if_sum_small(Emit *e, const Fp *f)
{
    magnitude_less_1(e, XMM_A, f->t);
    vex_rrm(&e->c, V_PMAXUD, XMM_A, XMM_A, x86_const(K_TINY32));
    vex_rrm(&e->c, V_PCMPEQD, XMM_A, XMM_A, x86_const(K_TINY32));
    any_lane(e, f);
}

// --- arithmetic
static void arithmetic(Emit *e, const IRInsn *i, unsigned opcode,
                       Cold *(*guard)(Emit *, const Fp *))
{
    if (!fp_native(i)) {
        fp_by_exact(e, i);
        return;
    }
    Fp f = fp_operands(e, i);
    unsigned first = e->n_cold;
    if (fp_flush(i)) {
        fp_guard_small(e, i, &f);
        guard = guard_nan;
    }
    vex_rrr(&e->c, fp_op(&f, opcode), f.t, f.a, f.b);
    if (fp_flush(i) && i->op != IR_fmul) {
        leave_if_sum_small(e, &f);
    }
    fp_finish(e, &f, fp_sse(i) ? NULL : guard(e, &f));
    fp_colds_back(e, first);
}
EMIT(fadd)
{
    arithmetic(e, i, 0x58, guard_nan);
}
EMIT(fsub)
{
    arithmetic(e, i, 0x5c, guard_nan);
}
EMIT(fmul)
{
    arithmetic(e, i, 0x59, guard_tiny);
}
EMIT(fdiv)
{
    if (fp_flush(i)) {
        fp_by_exact(e, i);
        return;
    }
    arithmetic(e, i, 0x5e, guard_nan);
}

EMIT(fsqrt)
{
    if (!fp_native(i) || fp_flush(i)) {
        fp_by_exact(e, i);
        return;
    }
    Fp f = fp_operands(e, i);
    vex_rrr(&e->c, fp_op(&f, 0x51), f.t, f.scalar ? f.a : 0, f.a);
    fp_finish(e, &f, fp_sse(i) ? NULL : guard_nan(e, &f));
}

static void fma_sse(Emit *e, const IRInsn *i)
{
    static const uint8_t row[] = {
        [IR_FMA_ADD] = 0xb8,     [IR_FMA_SUB] = 0xba,     [IR_FMA_NEG_ADD] = 0xbc,
        [IR_FMA_NEG_SUB] = 0xbe, [IR_FMA_ADD_SUB] = 0xb6, [IR_FMA_SUB_ADD] = 0xb7};
    Fp f = fp_operands(e, i);
    f.t = f.d == f.a || f.d == f.b ? XMM_B : f.d;
    if (f.t != f.c) {
        vex_rrr(&e->c, V_MOVAPS, f.t, 0, f.c);
    }
    unsigned op = (row[i->aux2] + f.scalar) | M0F38 | (f.esize == 3 ? X86_W : 0);
    vex_rrr(&e->c, op, f.t, f.a, f.b);
    f.clean = upper_lanes_zero(e, i->arg[2], f.esize);
    fp_finish(e, &f, NULL);
}

EMIT(fma)
{
    if (fp_native(i) && fp_sse(i)) {
        fma_sse(e, i);
        return;
    }
    if (!fp_native(i)) {
        fp_by_exact(e, i);
        return;
    }
    Fp f = fp_operands(e, i);
    unsigned op = (f.scalar ? 0xb9 : 0xb8) | M0F38 | (f.esize == 3 ? X86_W : 0);
    unsigned first = e->n_cold;
    if (fp_flush(i)) {
        fp_guard_small(e, i, &f);
    }
    vex_rrr(&e->c, V_MOVAPS, f.t, 0, f.c);
    vex_rrr(&e->c, op, f.t, f.a, f.b); // fmadd231: t = a * b + t
    f.clean = upper_lanes_zero(e, i->arg[2], f.esize);
    fp_finish(e, &f, fp_flush(i) ? guard_nan(e, &f) : guard_tiny(e, &f));
    fp_colds_back(e, first);
}

// --- minimum and maximum. MINPS gives its second operand if both are equal, so that doing it in
// both orders and joining the bits puts -0 below +0.
static void min_max(Emit *e, const IRInsn *i, unsigned opcode, unsigned join)
{
    if (!fp_native(i)) {
        fp_by_exact(e, i);
        return;
    }
    Fp f = fp_operands(e, i);
    Cold *cold;
    if (fp_sse(i)) {
        vex_rrr(&e->c, fp_op(&f, opcode), f.t, f.a, f.b);
        fp_finish(e, &f, NULL);
        return;
    }
    unsigned first = e->n_cold;
    if (fp_flush(i)) {
        fp_guard_small(e, i, &f);
    }
    if (f.scalar) {
        vex_rrr(&e->c, compare_op(&f, false), f.a, 0, f.b);
        cold = fp_cold(e, &f, CC_P);
    } else {
        x86_vi(e, fp_op(&f, 0xc2), XMM_A, f.a, f.b, 3);
        cold = any_lane(e, &f);
    }
    vex_rrr(&e->c, fp_op(&f, opcode), XMM_A, f.a, f.b);
    vex_rrr(&e->c, fp_op(&f, opcode), XMM_B, f.b, f.a);
    vex_rrr(&e->c, join, XMM_B, XMM_A, XMM_B);
    f.t = XMM_B;
    fp_finish(e, &f, cold);
    fp_colds_back(e, first);
}
EMIT(fmin)
{
    min_max(e, i, 0x5d, V_POR);
}
EMIT(fmax)
{
    min_max(e, i, 0x5f, V_PAND);
}

// --- comparisons
static void lane_compare(Emit *e, const IRInsn *i, unsigned predicate)
{
    if (!fp_native(i)) {
        fp_by_exact(e, i);
        return;
    }
    Fp f = fp_operands(e, i);
    unsigned first = e->n_cold;
    if (fp_flush(i)) {
        fp_guard_small(e, i, &f);
    }
    x86_vi(e, fp_op(&f, 0xc2), f.t, f.a, f.b, predicate);
    fp_finish(e, &f, NULL);
    fp_colds_back(e, first);
}
EMIT(fceq)
{
    lane_compare(e, i, 0x00); // ordered, quiet
}
EMIT(fcge)
{
    lane_compare(e, i, 0x0d); // ordered, signals
}
EMIT(fcgt)
{
    lane_compare(e, i, 0x0e);
}
EMIT(fcmpp)
{
    lane_compare(e, i, i->aux2);
}

// EFLAGS: less C; equal Z; greater none; unordered Z, P, C. Arm's flags are packed by moves, which
// leave EFLAGS, so that the conditions that can be told from them still are (flags_condition).
EMIT(f_fcmp)
{
    if (!fp_native(i)) {
        fp_by_exact(e, i);
        return;
    }
    static const struct {
        uint16_t flags;
        uint8_t cc;
    } outcome[] = {{IR_FLAG_S, CC_B}, {IR_FLAG_Z | IR_FLAG_C, CC_E}, {IR_FLAG_C | IR_FLAG_V, CC_P}};
    Fp f = {.esize = i->aux & 3};
    flags_clobber(e);
    f.a = ra_use(&e->ra, i->arg[0]);
    f.b = ra_use(&e->ra, i->arg[1]);
    unsigned op = compare_op(&f, i->aux & IR_FCMP_SIGNAL);
    if (!(i->aux & IR_FCMP_NZCV)) {
        vex_rrr(&e->c, op, f.a, 0, f.b);
        flags_set(e, e->at, false);
        return;
    }
    int dst = ra_def(&e->ra, e->at, IR_NONE, false);
    vex_rrr(&e->c, op, f.a, 0, f.b);
    x86_mov_ri(&e->c, dst, IR_FLAG_C);
    for (unsigned k = 0; k < ARRAY_LEN(outcome); k++) {
        x86_mov_ri(&e->c, RAX, outcome[k].flags);
        x86_cmov(&e->c, outcome[k].cc, false, dst, RAX);
    }
    flags_set_fcmp(e, e->at);
}
