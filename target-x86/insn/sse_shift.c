// Shifts of lanes and of whole registers.
#include "target-x86/insn/sse.h"

// --- by an immediate. Destination: operand 0, source: the last register.
static IRRef shift_imm(X86Ctx *c, const SseOp *o, IRRef x)
{
    IROpcode op = (IROpcode)(o->arg & (BIT(SSE_ESIZE_SHIFT) - 1));
    unsigned esize = o->arg >> SSE_ESIZE_SHIFT & 3, bits = 8u << esize, n = sse_imm8(o->i);
    if (n >= bits && op == IR_vshli) {
        return sse_zero(c);
    }
    return ir_v1i(c->b, op, x, esize, MIN_OF(n, bits));
}

static bool tr_shift_imm(X86Ctx *c, const X86Insn *i)
{
    return sse_unary(c, i, shift_imm);
}

// Of bytes. arg: to the left.
static IRRef shift_bytes(X86Ctx *c, const SseOp *o, IRRef x)
{
    unsigned n = sse_imm8(o->i);
    if (n == 0 || n >= 16) {
        return n ? sse_zero(c) : x;
    }
    return o->arg ? ir_vext(c->b, sse_zero(c), x, 16 - n) : ir_vext(c->b, x, sse_zero(c), n);
}

static bool tr_shift_bytes(X86Ctx *c, const X86Insn *i)
{
    return sse_unary(c, i, shift_bytes);
}

#define A(op, esize) SSE_ARG(IR_##op, esize)

#define R_IMM(name, op, digit, arg)                                                                \
    R_MMX(name, "NP 0F " op " /" digit " reg", "Nq,Ib", tr_shift_imm, arg, MMX),                   \
        R_SSE(name, "66 0F " op " /" digit " reg", "Udq,Ib", tr_shift_imm, arg, SSE2),             \
        R_VEX(name, "128.66.0F.WIG " op " /" digit " reg", "Hx,Ux,Ib", tr_shift_imm, arg, AVX),    \
        R_VEX(name, "256.66.0F.WIG " op " /" digit " reg", "Hx,Ux,Ib", tr_shift_imm, arg, AVX2)
#define R_BYTES(name, digit, left)                                                                 \
    R_SSE(name, "66 0F 73 /" digit " reg", "Udq,Ib", tr_shift_bytes, left, SSE2),                  \
        R_VEX(name, "128.66.0F.WIG 73 /" digit " reg", "Hx,Ux,Ib", tr_shift_bytes, left, AVX),     \
        R_VEX(name, "256.66.0F.WIG 73 /" digit " reg", "Hx,Ux,Ib", tr_shift_bytes, left, AVX2)
// By the low 64 bits of an operand that has 128.
#define R_COUNT(name, op, arg)                                                                     \
    R_MMX(name, "NP 0F " op " /r", "Pq,Qq", sse_tr_op2, arg, MMX),                                 \
        R_SSE(name, "66 0F " op " /r", "Vdq,Wdq", sse_tr_op2, arg, SSE2),                          \
        R_VEX(name, "128.66.0F.WIG " op " /r", "Vx,Hx,Wdq", sse_tr_op2, arg, AVX),                 \
        R_VEX(name, "256.66.0F.WIG " op " /r", "Vx,Hx,Wdq", sse_tr_op2, arg, AVX2)
#define R_EACH(name, w, op, arg)                                                                   \
    R_VEX(name, "66.0F38." w " " op " /r", "Vx,Hx,Wx", sse_tr_op2, arg, AVX2)

static const X86Row rows[] = {
    R_IMM("PSRLW", "71", "2", A(vshri, 1)),
    R_IMM("PSRAW", "71", "4", A(vsari, 1)),
    R_IMM("PSLLW", "71", "6", A(vshli, 1)),
    R_IMM("PSRLD", "72", "2", A(vshri, 2)),
    R_IMM("PSRAD", "72", "4", A(vsari, 2)),
    R_IMM("PSLLD", "72", "6", A(vshli, 2)),
    R_IMM("PSRLQ", "73", "2", A(vshri, 3)),
    R_IMM("PSLLQ", "73", "6", A(vshli, 3)),
    R_BYTES("PSRLDQ", "3", 0),
    R_BYTES("PSLLDQ", "7", 1),
    R_COUNT("PSRLW", "D1", A(vshr, 1)),
    R_COUNT("PSRLD", "D2", A(vshr, 2)),
    R_COUNT("PSRLQ", "D3", A(vshr, 3)),
    R_COUNT("PSRAW", "E1", A(vsar, 1)),
    R_COUNT("PSRAD", "E2", A(vsar, 2)),
    R_COUNT("PSLLW", "F1", A(vshl, 1)),
    R_COUNT("PSLLD", "F2", A(vshl, 2)),
    R_COUNT("PSLLQ", "F3", A(vshl, 3)),
    R_EACH("PSRLVD", "W0", "45", A(vshrv, 2)),
    R_EACH("PSRLVQ", "W1", "45", A(vshrv, 3)),
    R_EACH("PSRAVD", "W0", "46", A(vsarv, 2)),
    R_EACH("PSLLVD", "W0", "47", A(vshlv, 2)),
    R_EACH("PSLLVQ", "W1", "47", A(vshlv, 3)),
};
const X86Group x86_sse_shift = {"sse_shift", rows, ARRAY_LEN(rows)};
