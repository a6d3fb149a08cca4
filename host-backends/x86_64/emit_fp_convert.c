// Floating point: rounding to integral and conversions. Out-of-range results leave for the exact
// function before the host can raise "inexact", which does not go with "invalid".
#include "host-backends/x86_64/emit_fp.h"

enum {
    ROUND_CURRENT = 4, // immediate of VROUND: MXCSR's mode
    ROUND_QUIET = 8,   // inexact is not raised
};

static unsigned round_imm(unsigned round)
{
    return (round & 7) == IR_RND_CURRENT ? ROUND_CURRENT : round & 3;
}

static unsigned round_op(const Fp *f)
{
    return ((f->scalar ? 0x0a : 0x08) + (f->esize == 3)) | M0F3A;
}

EMIT(fround)
{
    if (!fp_native(i) || fp_flush(i) || (i->aux2 & 7) == IR_RND_AWAY) {
        fp_by_exact(e, i);
        return;
    }
    Fp f = fp_operands(e, i);
    unsigned imm = round_imm(i->aux2) | (i->aux2 & IR_RND_EXACT ? 0 : ROUND_QUIET);
    x86_vi(e, round_op(&f), f.t, f.scalar ? f.a : 0, f.a, imm);
    fp_finish(e, &f, NULL);
}

// --- between formats
// Packed, by SSE's rules.
static void packed(Emit *e, const IRInsn *i, unsigned op)
{
    int a = ra_use(&e->ra, i->arg[0]);
    vex_rrr(&e->c, op, ra_def(&e->ra, e->at, i->arg[0], false), 0, a);
}

EMIT(fcvt)
{
    unsigned from = i->aux & 3, to = i->aux2 & 3;
    if (fp_sse(i) && !(i->aux & IR_FP_SCALAR) && from == 1 && to == 2) {
        packed(e, i, 0x13 | M0F38); // vcvtph2ps
        return;
    }
    if (!fp_native(i) || to < 2 || from == to) {
        fp_by_exact(e, i);
        return;
    }
    if (!(i->aux & IR_FP_SCALAR)) {
        packed(e, i, 0x5a | X86_0F | (from == 3 ? X86_66 : 0));
        return;
    }
    Fp f = fp_operands(e, i);
    vex_rrr(&e->c, 0x5a | X86_0F | (from == 3 ? X86_F2 : X86_F3), f.t, f.a, f.a);
    f.esize = to;
    f.scalar = true;
    f.clean = false;
    if (to == 3 || fp_sse(i)) {
        fp_finish(e, &f, NULL);
        return;
    }
    vex_rrm(&e->c, V_PAND, XMM_A, f.t, x86_const(K_ABS32));
    vex_rrm(&e->c, 0x2e | X86_0F, XMM_A, 0, x86_const(K_MIN32)); // ucomiss
    fp_finish(e, &f, fp_cold(e, &f, CC_E));
}

// --- from integers
static unsigned from_int_op(unsigned esize, bool wide)
{
    return 0x2a | X86_0F | (esize == 3 ? X86_F2 : X86_F3) | (wide ? X86_W : 0);
}

EMIT(fs2f)
{
    unsigned esize = i->aux & 3;
    if (!fp_native(i) || i->aux2) {
        fp_by_exact(e, i);
        return;
    }
    int a = ra_use(&e->ra, i->arg[0]);
    int d = ra_def(&e->ra, e->at, IR_NONE, false);
    x86_zero(e, XMM_B);
    vex_rrr(&e->c, from_int_op(esize, arg_wide(e, i->arg[0])), d, XMM_B, a);
}

EMIT(fu2f)
{
    unsigned esize = i->aux & 3;
    if (!fp_native(i) || i->aux2) {
        fp_by_exact(e, i);
        return;
    }
    Fp f = {.esize = esize, .scalar = true, .b = -1, .c = -1};
    flags_clobber(e);
    f.a = ra_use(&e->ra, i->arg[0]);
    f.d = ra_def(&e->ra, e->at, IR_NONE, false);
    Cold *cold = NULL;
    int src = f.a;
    if (arg_wide(e, i->arg[0])) {
        x86_test_rr(&e->c, true, f.a, f.a);
        cold = fp_cold(e, &f, CC_S);
    } else {
        x86_mov_rr(&e->c, false, RAX, f.a);
        src = RAX;
    }
    x86_zero(e, XMM_B);
    vex_rrr(&e->c, from_int_op(esize, true), f.d, XMM_B, src);
    if (cold) {
        cold->back = e->c.pos;
    }
}

// --- to integers
static void to_int(Emit *e, const Fp *f, bool wide, bool truncate, int dst, int src)
{
    unsigned op = (truncate ? 0x2c : 0x2d) | X86_0F | (f->esize == 3 ? X86_F2 : X86_F3);
    vex_rrr(&e->c, op | (wide ? X86_W : 0), dst, 0, src);
}

// A rounded operand: in scratch, inexact not raised yet. Truncation needs no rounding.
static int rounded(Emit *e, const Fp *f, unsigned round)
{
    x86_vi(e, round_op(f), XMM_B, f->a, f->a, round_imm(round) | ROUND_QUIET);
    return XMM_B;
}

// Truncating the operand itself once more raises inexact where it is due: rounding had no more than
// the fraction to drop, and the integer is in range.
static void raise_inexact(Emit *e, const Fp *f)
{
    to_int(e, f, true, true, RCX, f->a);
}

static Fp to_int_operands(Emit *e, const IRInsn *i)
{
    Fp f = {.esize = i->aux & 3, .scalar = true, .b = -1, .c = -1};
    flags_clobber(e);
    f.a = ra_use(&e->ra, i->arg[0]);
    f.d = ra_def(&e->ra, e->at, IR_NONE, false);
    return f;
}

// The integer in rax, from lane 0; the ways out are Emit.cold[first] and on.
static void signed_in_rax(Emit *e, const Fp *f, unsigned round, bool w)
{
    bool direct = round == IR_RND_ZERO || round == IR_RND_CURRENT;
    int src = direct ? f->a : rounded(e, f, round);
    to_int(e, f, w, round != IR_RND_CURRENT, RAX, src);
    x86_alu_ri(&e->c, ALU_CMP, w, RAX, 1); // overflows for MIN alone: the host's "invalid"
    fp_cold(e, f, CC_O);
    if (!direct) {
        raise_inexact(e, f);
    }
}

static void unsigned_in_rax(Emit *e, const Fp *f, unsigned round, bool w)
{
    int src = rounded(e, f, round);
    if (w) {
        vex_rrm(&e->c, 0x2e | X86_0F | (f->esize == 3 ? X86_66 : 0), src, 0,
                x86_const(f->esize == 3 ? K_TWO63_64 : K_TWO63_32));
        fp_cold(e, f, CC_AE);
    }
    to_int(e, f, true, true, RAX, src);
    if (w) {
        x86_test_rr(&e->c, true, RAX, RAX);
    } else {
        x86_mov_rr(&e->c, false, RCX, RAX);
        x86_alu_rr(&e->c, ALU_CMP, true, RCX, RAX);
    }
    fp_cold(e, f, w ? CC_S : CC_NE);
    raise_inexact(e, f);
}

static bool host_rounds(const IRInsn *i)
{
    return i->aux2 == IR_RND_ZERO || i->aux2 == IR_RND_CURRENT;
}

typedef void InRax(Emit *e, const Fp *f, unsigned round, bool w);

// The result goes to an integer register, or to lane 0 of a vector of the same lane size.
static void convert_to_int(Emit *e, const IRInsn *i, InRax *convert)
{
    if (!fp_native(i) || fp_sse(i) || i->aux2 == IR_RND_AWAY || i->aux2 > 7) {
        fp_by_exact(e, i);
        return;
    }
    Fp f = to_int_operands(e, i);
    bool vector = i->type == IR_V128, w = vector ? f.esize == 3 : is_wide(i);
    unsigned first = e->n_cold;
    convert(e, &f, i->aux2, w);
    if (vector) {
        vex_rrr(&e->c, 0x6e | M0F | (w ? X86_W : 0), f.d, 0, RAX);
    } else {
        x86_mov_rr(&e->c, w, f.d, RAX);
    }
    fp_colds_back(e, first);
}

EMIT(ff2s)
{
    if (fp_sse(i) && fp_native(i) && host_rounds(i)) {
        Fp f = {.esize = i->aux & 3};
        f.a = ra_use(&e->ra, i->arg[0]);
        int dst = ra_def(&e->ra, e->at, IR_NONE, false);
        to_int(e, &f, is_wide(i), i->aux2 == IR_RND_ZERO, dst, f.a);
        return;
    }
    convert_to_int(e, i, signed_in_rax);
}
EMIT(ff2u)
{
    convert_to_int(e, i, unsigned_in_rax);
}

// --- lane by lane
EMIT(vs2f)
{
    Fp f;
    if (!fp_native(i) || i->aux2) {
        fp_by_exact(e, i);
        return;
    }
    f = fp_operands(e, i);
    if (!f.scalar && f.esize == 2) {
        vex_rrr(&e->c, 0x5b | X86_0F, f.d, 0, f.a); // cvtdq2ps
        return;
    }
    bool wide = f.esize == 3;
    x86_zero(e, XMM_B);
    vex_rrr(&e->c, 0x7e | M0F | (wide ? X86_W : 0), f.a, 0, RAX);
    if (f.scalar) {
        vex_rrr(&e->c, from_int_op(f.esize, wide), f.d, XMM_B, RAX);
        return;
    }
    vex_rrr(&e->c, from_int_op(3, true), XMM_A, XMM_B, RAX);
    vex_rrr(&e->c, 0x16 | M0F3A | X86_W, f.a, 0, RAX); // pextrq
    x86_byte(&e->c, 1);
    vex_rrr(&e->c, from_int_op(3, true), XMM_B, XMM_B, RAX);
    vex_rrr(&e->c, V_PUNPCKLQDQ, f.d, XMM_A, XMM_B);
}

// Single precision by the host's own conversion, whose "invalid" result is the smallest integer.
EMIT(vf2s)
{
    bool current = i->aux2 == IR_RND_CURRENT;
    if (i->aux & IR_FP_SCALAR) {
        convert_to_int(e, i, signed_in_rax);
        return;
    }
    if (!fp_native(i) || (i->aux & 3) != 2 || (i->aux2 != IR_RND_ZERO && !current)) {
        fp_by_exact(e, i);
        return;
    }
    Fp f = fp_operands(e, i);
    unsigned first = e->n_cold;
    if (fp_flush(i)) {
        fp_guard_small(e, i, &f);
    }
    vex_rrr(&e->c, 0x5b | X86_0F | (current ? X86_66 : X86_F3), f.t, 0, f.a);
    if (fp_sse(i)) {
        fp_finish(e, &f, NULL);
        return;
    }
    vex_rrm(&e->c, V_PCMPEQD, XMM_A, f.t, x86_const(K_SIGN32));
    vex_rrr(&e->c, 0x50 | X86_0F, RAX, 0, XMM_A);
    x86_test_rr(&e->c, false, RAX, RAX);
    fp_finish(e, &f, fp_cold(e, &f, CC_NE));
    fp_colds_back(e, first);
}

EMIT(vu2f)
{
    fp_by_exact(e, i);
}
EMIT(vf2u)
{
    if (i->aux & IR_FP_SCALAR) {
        convert_to_int(e, i, unsigned_in_rax);
    } else {
        fp_by_exact(e, i);
    }
}

EMIT(vw2f)
{
    packed(e, i, 0xe6 | X86_0F | X86_F3);
}

EMIT(vf2w)
{
    if (host_rounds(i)) {
        packed(e, i, 0xe6 | X86_0F | (i->aux2 == IR_RND_ZERO ? X86_66 : X86_F2));
    } else {
        fp_by_exact(e, i);
    }
}
