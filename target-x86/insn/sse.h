// What the vector rows and translators share. One translator serves all forms of an instruction:
//
//   MMX      PADDB mm, mm/m64            64 bits in the low half, the upper half zero
//   SSE      PADDB xmm, xmm/m128         the first source is the destination; its upper half stays
//   VEX.128  VPADDB xmm, xmm, xmm/m128   the upper half of the YMM register becomes zero
//   VEX.256  VPADDB ymm, ymm, ymm/m256   twice the 128-bit operation
//
// Everything is read, memory first, then computed, then written.
#ifndef TARGET_X86_INSN_SSE_H
#define TARGET_X86_INSN_SSE_H

#include "target-x86/fp/sse.h"
#include "target-x86/insn/insn.h"

// --- rows. op: opcode with its digit or /r; pp: 66, F3, F2, NP.
#define R_SSE(name, enc, ops, tr, arg, feat)                                                       \
    {                                                                                              \
        name, enc, ops, tr, arg, X86_ROW_SSE, X86_FEAT_##feat, NULL                                \
    }
#define R_VEX(name, enc, ops, tr, arg, feat)                                                       \
    {                                                                                              \
        "V" name, "VEX." enc, ops, tr, arg, X86_ROW_AVX, X86_FEAT_##feat, NULL                     \
    }
// With VEX.W, in 64-bit mode only.
#define R_VEX64(name, enc, ops, tr, arg)                                                           \
    {                                                                                              \
        "V" name, "VEX." enc, ops, tr, arg, X86_ROW_AVX | X86_ROW_O64, X86_FEAT_AVX, NULL          \
    }
#define R_MMX(name, enc, ops, tr, arg, feat)                                                       \
    {                                                                                              \
        name, enc, ops, tr, arg, X86_ROW_MMX, X86_FEAT_##feat, NULL                                \
    }
// Integer: two sources; 256 bits came with AVX2.
#define R_INT2(name, pp, map, vmap, op, tr, arg, feat)                                             \
    R_SSE(name, pp " " map " " op " /r", "Vx,Wx", tr, arg, feat),                                  \
        R_VEX(name, "128." pp "." vmap ".WIG " op " /r", "Vx,Hx,Wx", tr, arg, AVX),                \
        R_VEX(name, "256." pp "." vmap ".WIG " op " /r", "Vx,Hx,Wx", tr, arg, AVX2)
#define R_0F(name, op, tr, arg, feat)   R_INT2(name, "66", "0F", "0F", op, tr, arg, feat)
#define R_0F38(name, op, tr, arg, feat) R_INT2(name, "66", "0F 38", "0F38", op, tr, arg, feat)
// The same with an MMX form.
#define R_M0F(name, op, tr, arg, mmx, feat)                                                        \
    R_MMX(name, "NP 0F " op " /r", "Pq,Qq", tr, arg, mmx), R_0F(name, op, tr, arg, feat)
#define R_M0F38(name, op, tr, arg, feat)                                                           \
    R_MMX(name, "NP 0F 38 " op " /r", "Pq,Qq", tr, arg, feat), R_0F38(name, op, tr, arg, feat)

// --- operands
// The last operand that is not an immediate, and the one before it: the two sources.
unsigned sse_source2(const X86Insn *i);
unsigned sse_source1(const X86Insn *i);
static inline unsigned sse_halves(const X86Insn *i, unsigned operand)
{
    return i->operand[operand].bytes > 16 ? 2 : 1;
}
static inline bool sse_is_mmx(const X86Insn *i)
{
    return i->operand[0].kind == X86_OP_MMX;
}
static inline unsigned sse_imm8(const X86Insn *i)
{
    return (unsigned)i->imm & 0xff;
}
IRRef sse_zero(X86Ctx *c);
// A half of an operand of any kind; the other halves of narrower ones are half 0 again.
IRRef sse_read(X86Ctx *c, unsigned operand, unsigned half);
// All halves of the destination, operand 0.
void sse_write(X86Ctx *c, const IRRef *r);
// Lane 0 of r on the rest of source 1, to operand 0.
void sse_write_scalar(X86Ctx *c, IRRef rest, IRRef r, unsigned esize);

// x: source 1, y: source 2, of one half. Both may be used again.
typedef struct SseOp {
    const X86Insn *i;
    unsigned arg; // the row's
    bool mmx;
    unsigned half;
    bool keep; // scalar FP: the op itself keeps the lanes above
} SseOp;
typedef IRRef SseFn2(X86Ctx *c, const SseOp *o, IRRef x, IRRef y);
typedef IRRef SseFn1(X86Ctx *c, const SseOp *o, IRRef x);
bool sse_binary(X86Ctx *c, const X86Insn *i, SseFn2 *fn);
bool sse_unary(X86Ctx *c, const X86Insn *i, SseFn1 *fn);

// --- translators with rows in several files
// arg: IROpcode | esize << 10 | SSE_SWAP: a pure op on both sources, or on source 2.
enum { SSE_ESIZE_SHIFT = 10, SSE_SWAP = 1 << 12 };
#define SSE_ARG(op, esize) ((op) | (esize) << SSE_ESIZE_SHIFT)
X86Translate sse_tr_op2, sse_tr_op1;
X86Translate sse_tr_move; // operand 0 = operand 1, all bits

static inline IRRef ir_v2i(IRBlock *b, IROpcode op, IRRef x, IRRef y, unsigned aux, uint64_t imm)
{
    return ir_make(b, op, IR_V128, x, y, IR_NONE, IR_NONE, aux, 0, imm);
}
// Memory operands that fault unless they are aligned to `bytes` (VEX forms; legacy ones are checked
// by x86_read_v).
void sse_check_aligned(X86Ctx *c, unsigned bytes, bool store);

// --- floating point (sse_fp.c)
// An FP op under MXCSR; aux without IR_FP_SSE.
IRRef sse_fp(X86Ctx *c, IROpcode op, IRType t, const IRRef arg[3], unsigned aux, unsigned aux2,
             const IRVHelper *exact);
static inline IRRef sse_fp2(X86Ctx *c, IROpcode op, IRRef x, IRRef y, unsigned aux,
                            const IRVHelper *exact)
{
    return sse_fp(c, op, IR_V128, (IRRef[]){x, y, IR_NONE}, aux, 0, exact);
}
static inline IRRef sse_fp1(X86Ctx *c, IROpcode op, IRRef x, unsigned aux, unsigned aux2,
                            const IRVHelper *exact)
{
    return sse_fp(c, op, IR_V128, (IRRef[]){x, IR_NONE, IR_NONE}, aux, aux2, exact);
}
// After the last FP op, before anything is written: raises #XM if an exception is unmasked.
void sse_fp_done(X86Ctx *c);

extern const X86Group x86_sse_int, x86_sse_shift, x86_sse_permute, x86_sse_move, x86_sse_fp,
    x86_sse_convert, x86_sse_crypto, x86_sse_string, x86_avx, x86_avx_memory, x86_fma, x86_xsave;

#endif
