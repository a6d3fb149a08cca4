// Floating point arithmetic and comparisons. Each operation is one IR FP op, which the host
// computes under the guest's MXCSR; where an exception is unmasked the exact function does, and
// what it raised is looked at before the destination is written (target-x86/fp/sse.h).
#include "target-x86/insn/sse.h"

// --- operations under MXCSR
// Integers on either side travel in lane 0 of a vector.
static IRRef by_exact(X86Ctx *c, IROpcode op, IRType t, const IRRef arg[3], uint32_t desc,
                      const IRVHelper *exact)
{
    IRRef a = arg[0];
    if (op == IR_fs2f) {
        bool wide = ir_type(c->b, a) == IR_I64;
        a = ir_v1(c->b, IR_vfromg, a, wide ? 3 : 2);
        desc |= wide ? UINT32_C(1) << 31 : 0;
    }
    if (op == IR_ff2s && t == IR_I64) {
        desc |= UINT32_C(1) << 31;
    }
    IRRef r = ir_vcall(c->b, exact, a, arg[1], arg[2], desc);
    if (t == IR_V128) {
        return r;
    }
    r = ir_vget(c->b, t == IR_I64 ? IR_I64 : IR_I32, r, t == IR_I64 ? 3 : 2, 0);
    return t == IR_FLAGS ? ir_f_unpack(c->b, r) : r;
}

IRRef sse_fp(X86Ctx *c, IROpcode op, IRType t, const IRRef arg[3], unsigned aux, unsigned aux2,
             const IRVHelper *exact)
{
    aux |= IR_FP_SSE;
    if (c->flags & X86_BF_SSE_TRAPS || op == IR_vcall) {
        IRRef r = by_exact(c, op, t, arg, (aux & ~(unsigned)IR_FP_KEEP) | aux2 << 16, exact);
        return aux & IR_FP_KEEP ? ir_v2(c->b, IR_vmovlane, arg[0], r, aux & 3) : r;
    }
    return ir_fp(c->b, op, t, arg[0], arg[1], arg[2], aux, aux2, exact);
}

void sse_fp_done(X86Ctx *c)
{
    if (c->flags & X86_BF_SSE_TRAPS) {
        ir_call(c->b, &x86_h_sse_trap, IR_NONE, IR_NONE, IR_NONE, IR_NONE);
    }
}

// --- shapes. aux: lane size | IR_FP_SCALAR, the low bits of the row's arg.
enum { FP_AUX = 0x1f, FP_OP_SHIFT = 5 };

typedef IRRef FpFn(X86Ctx *c, const SseOp *o, IRRef x, IRRef y);

// Whether a scalar op itself can keep the lanes above: those of its first operand.
typedef enum FpKeep { KEEP_NEVER, KEEP_ALWAYS, KEEP_IF_SAME } FpKeep;

static bool same_register(const X86Insn *i, unsigned s1, unsigned s2)
{
    const X86Operand *x = &i->operand[s1], *y = &i->operand[s2];
    return x->kind == X86_OP_VEC && y->kind == X86_OP_VEC && x->reg == y->reg;
}

// Packed: all halves. Scalar: lane 0, on the rest of source 1.
static bool fp_binary(X86Ctx *c, const X86Insn *i, FpFn *fn, FpKeep keep)
{
    unsigned s2 = sse_source2(i), s1 = sse_source1(i);
    bool scalar = i->row->arg & IR_FP_SCALAR;
    bool keeps = scalar && keep && (keep == KEEP_ALWAYS || same_register(i, s1, s2));
    SseOp o = {i, i->row->arg, false, 0, keeps};
    unsigned n = scalar ? 1 : sse_halves(i, s2);
    IRRef x[2], y[2], r[2];
    for (unsigned h = 0; h < n; h++) {
        y[h] = sse_read(c, s2, h);
    }
    for (unsigned h = 0; h < n; h++) {
        x[h] = sse_read(c, s1, h);
    }
    for (o.half = 0; o.half < n; o.half++) {
        r[o.half] = fn(c, &o, x[o.half], y[o.half]);
    }
    sse_fp_done(c);
    if (scalar && !keeps) {
        sse_write_scalar(c, x[0], r[0], i->row->arg & 3);
    } else {
        sse_write(c, r);
    }
    return true;
}

static unsigned fp_aux(const SseOp *o)
{
    return (o->arg & FP_AUX) | (o->keep ? IR_FP_KEEP : 0);
}

typedef struct FpKind {
    uint16_t op;
    const IRVHelper *exact;
} FpKind;

enum { FP_ADD, FP_MUL, FP_SUB, FP_MIN, FP_DIV, FP_MAX, FP_SQRT };
static const FpKind kinds[] = {
    [FP_ADD] = {IR_fadd, &sse_fx_add},    [FP_MUL] = {IR_fmul, &sse_fx_mul},
    [FP_SUB] = {IR_fsub, &sse_fx_sub},    [FP_MIN] = {IR_fmin, &sse_fx_min},
    [FP_DIV] = {IR_fdiv, &sse_fx_div},    [FP_MAX] = {IR_fmax, &sse_fx_max},
    [FP_SQRT] = {IR_fsqrt, &sse_fx_sqrt},
};

static IRRef arithmetic(X86Ctx *c, const SseOp *o, IRRef x, IRRef y)
{
    const FpKind *k = &kinds[o->arg >> FP_OP_SHIFT];
    if (k->op == IR_fsqrt) {
        return sse_fp1(c, IR_fsqrt, y, fp_aux(o), 0, k->exact);
    }
    return sse_fp2(c, (IROpcode)k->op, x, y, fp_aux(o), k->exact);
}

static bool tr_arithmetic(X86Ctx *c, const X86Insn *i)
{
    bool sqrt = i->row->arg >> FP_OP_SHIFT == FP_SQRT;
    return fp_binary(c, i, arithmetic, sqrt ? KEEP_IF_SAME : KEEP_ALWAYS);
}

static IRRef compare(X86Ctx *c, const SseOp *o, IRRef x, IRRef y)
{
    unsigned predicate = sse_imm8(o->i) & (o->i->vex ? 31 : 7);
    return sse_fp(c, IR_fcmpp, IR_V128, (IRRef[]){x, y, IR_NONE}, fp_aux(o), predicate,
                  &sse_fx_cmp);
}

static bool tr_compare(X86Ctx *c, const X86Insn *i)
{
    return fp_binary(c, i, compare, KEEP_ALWAYS);
}

// imm8: bit 3 keeps inexact from being told, bit 2 takes MXCSR's rounding.
static IRRef round_to_int(X86Ctx *c, const SseOp *o, IRRef x, IRRef y)
{
    unsigned imm = sse_imm8(o->i);
    unsigned mode = imm & 4 ? IR_RND_CURRENT : imm & 3;
    (void)x;
    return sse_fp1(c, IR_fround, y, fp_aux(o), mode | (imm & 8 ? 0 : IR_RND_EXACT), &sse_fx_round);
}

static bool tr_round(X86Ctx *c, const X86Insn *i)
{
    return fp_binary(c, i, round_to_int, KEEP_IF_SAME);
}

// RCPPS, RSQRTPS: no exceptions. arg: which.
static IRRef estimate(X86Ctx *c, const SseOp *o, IRRef x, IRRef y)
{
    (void)x;
    return ir_vcall(c->b, o->arg >> FP_OP_SHIFT ? &sse_fx_rsqrt : &sse_fx_rcp, y, IR_NONE, IR_NONE,
                    o->arg & FP_AUX);
}

static bool tr_estimate(X86Ctx *c, const X86Insn *i)
{
    return fp_binary(c, i, estimate, KEEP_NEVER);
}

// arg: lane size, IR_FCMP_SIGNAL.
static bool tr_comis(X86Ctx *c, const X86Insn *i)
{
    IRRef y = sse_read(c, 1, 0), x = sse_read(c, 0, 0);
    IRRef f =
        sse_fp(c, IR_f_fcmp, IR_FLAGS, (IRRef[]){x, y, IR_NONE}, i->row->arg, 0, &sse_fx_fcmp);
    sse_fp_done(c);
    x86_put_flags(c, f);
    return true;
}

// --- across lanes
static IRRef horizontal(X86Ctx *c, const SseOp *o, IRRef x, IRRef y)
{
    unsigned esize = o->arg & 3;
    IRRef even = ir_v2(c->b, IR_vuzp1, x, y, esize), odd = ir_v2(c->b, IR_vuzp2, x, y, esize);
    return arithmetic(c, o, even, odd);
}

static bool tr_horizontal(X86Ctx *c, const X86Insn *i)
{
    return fp_binary(c, i, horizontal, KEEP_NEVER);
}

// Even lanes are subtracted, odd ones added, each in a vector whose other lanes are zero: those
// raise nothing.
static IRRef addsub(X86Ctx *c, const SseOp *o, IRRef x, IRRef y)
{
    IRBlock *b = c->b;
    unsigned words = (o->arg & 3) == 2 ? 0xcc : 0xf0; // of the odd lanes, in 16 bits
    IRRef zero = sse_zero(c);
    IRRef r[2];
    for (unsigned k = 0; k < 2; k++) {
        IRRef p = ir_v2i(b, IR_vblendi, zero, x, 0, k ? words : words ^ 0xff);
        IRRef q = ir_v2i(b, IR_vblendi, zero, y, 0, k ? words : words ^ 0xff);
        r[k] = k ? sse_fp2(c, IR_fadd, p, q, o->arg & FP_AUX, &sse_fx_add)
                 : sse_fp2(c, IR_fsub, p, q, o->arg & FP_AUX, &sse_fx_sub);
    }
    return ir_v2i(b, IR_vblendi, r[0], r[1], 0, words);
}

static bool tr_addsub(X86Ctx *c, const X86Insn *i)
{
    return fp_binary(c, i, addsub, KEEP_NEVER);
}

// DPPS: products under imm8[7:4], summed as (0 + 1) + (2 + 3), to the lanes of imm8[3:0]. DPPD the
// same with two lanes. Each of the steps may trap, for all lanes together.
static bool tr_dot_product(X86Ctx *c, const X86Insn *i)
{
    IRBlock *b = c->b;
    unsigned s2 = sse_source2(i), s1 = sse_source1(i), n = sse_halves(i, 0);
    unsigned esize = i->row->arg, imm = sse_imm8(i), per = 1u << (esize - 1), in = 0, out = 0;
    for (unsigned k = 0; k < 8; k++) {
        in |= (imm >> (4 + k / per) & 1) << k;
        out |= (imm >> (k / per) & 1) << k;
    }
    IRRef zero = sse_zero(c), r[2];
    for (unsigned h = 0; h < n; h++) { // a lane that is left out raises nothing
        r[h] = ir_v2i(b, IR_vblendi, zero, sse_read(c, s2, h), 0, in);
    }
    for (unsigned h = 0; h < n; h++) {
        IRRef x = ir_v2i(b, IR_vblendi, zero, sse_read(c, s1, h), 0, in);
        r[h] = sse_fp2(c, IR_fmul, x, r[h], esize, &sse_fx_mul);
    }
    sse_fp_done(c);
    for (unsigned k = esize; k < 4; k++) {
        for (unsigned h = 0; h < n; h++) {
            IRRef even = ir_v2(b, IR_vuzp1, r[h], r[h], esize);
            IRRef odd = ir_v2(b, IR_vuzp2, r[h], r[h], esize);
            r[h] = sse_fp2(c, IR_fadd, even, odd, esize, &sse_fx_add);
        }
        sse_fp_done(c);
    }
    for (unsigned h = 0; h < n; h++) {
        r[h] = ir_v2i(b, IR_vblendi, zero, r[h], 0, out);
    }
    sse_write(c, r);
    return true;
}

#define SCALAR  IR_FP_SCALAR
#define K(kind) ((kind) << FP_OP_SHIFT)
#define R_PACKED(name, pp, op, ops, vops, tr, arg, feat)                                           \
    R_SSE(name, pp " 0F " op " /r", ops, tr, arg, feat),                                           \
        R_VEX(name, pp ".0F.WIG " op " /r", vops, tr, arg, AVX)
#define R_SCALAR(name, pp, op, w, imm, tr, arg, feat)                                              \
    R_SSE(name, pp " 0F " op " /r", "Vdq," w imm, tr, (arg) | SCALAR, feat),                       \
        R_VEX(name, "LIG." pp ".0F.WIG " op " /r", "Vdq,Hdq," w imm, tr, (arg) | SCALAR, AVX)
#define R_FP4(name, op, kind)                                                                      \
    R_PACKED(name "PS", "NP", op, "Vx,Wx", "Vx,Hx,Wx", tr_arithmetic, K(kind) | 2, SSE),           \
        R_PACKED(name "PD", "66", op, "Vx,Wx", "Vx,Hx,Wx", tr_arithmetic, K(kind) | 3, SSE2),      \
        R_SCALAR(name "SS", "F3", op, "Wd", "", tr_arithmetic, K(kind) | 2, SSE),                  \
        R_SCALAR(name "SD", "F2", op, "Wq", "", tr_arithmetic, K(kind) | 3, SSE2)
#define R_COMIS(name, op, signal)                                                                  \
    R_SSE(name "SS", "NP 0F " op " /r", "Vdq,Wd", tr_comis, 2 | (signal), SSE),                    \
        R_SSE(name "SD", "66 0F " op " /r", "Vdq,Wq", tr_comis, 3 | (signal), SSE2),               \
        R_VEX(name "SS", "LIG.NP.0F.WIG " op " /r", "Vdq,Wd", tr_comis, 2 | (signal), AVX),        \
        R_VEX(name "SD", "LIG.66.0F.WIG " op " /r", "Vdq,Wq", tr_comis, 3 | (signal), AVX)
#define R_SSE3(name, op, tr, kind)                                                                 \
    R_PACKED(name "PS", "F2", op, "Vx,Wx", "Vx,Hx,Wx", tr, K(kind) | 2, SSE3),                     \
        R_PACKED(name "PD", "66", op, "Vx,Wx", "Vx,Hx,Wx", tr, K(kind) | 3, SSE3)
#define R_ROUND(name, op, sse_ops, vex, vex_ops, arg)                                              \
    R_SSE(name, "66 0F 3A " op " /r", sse_ops, tr_round, arg, SSE41),                              \
        R_VEX(name, vex "66.0F3A.WIG " op " /r", vex_ops, tr_round, arg, AVX)

static const X86Row rows[] = {
    R_FP4("ADD", "58", FP_ADD),
    R_FP4("MUL", "59", FP_MUL),
    R_FP4("SUB", "5C", FP_SUB),
    R_FP4("MIN", "5D", FP_MIN),
    R_FP4("DIV", "5E", FP_DIV),
    R_FP4("MAX", "5F", FP_MAX),
    R_PACKED("SQRTPS", "NP", "51", "Vx,Wx", "Vx,Wx", tr_arithmetic, K(FP_SQRT) | 2, SSE),
    R_PACKED("SQRTPD", "66", "51", "Vx,Wx", "Vx,Wx", tr_arithmetic, K(FP_SQRT) | 3, SSE2),
    R_SCALAR("SQRTSS", "F3", "51", "Wd", "", tr_arithmetic, K(FP_SQRT) | 2, SSE),
    R_SCALAR("SQRTSD", "F2", "51", "Wq", "", tr_arithmetic, K(FP_SQRT) | 3, SSE2),
    R_PACKED("RSQRTPS", "NP", "52", "Vx,Wx", "Vx,Wx", tr_estimate, K(1) | 2, SSE),
    R_SCALAR("RSQRTSS", "F3", "52", "Wd", "", tr_estimate, K(1) | 2, SSE),
    R_PACKED("RCPPS", "NP", "53", "Vx,Wx", "Vx,Wx", tr_estimate, 2, SSE),
    R_SCALAR("RCPSS", "F3", "53", "Wd", "", tr_estimate, 2, SSE),
    R_PACKED("CMPPS", "NP", "C2", "Vx,Wx,Ib", "Vx,Hx,Wx,Ib", tr_compare, 2, SSE),
    R_PACKED("CMPPD", "66", "C2", "Vx,Wx,Ib", "Vx,Hx,Wx,Ib", tr_compare, 3, SSE2),
    R_SCALAR("CMPSS", "F3", "C2", "Wd", ",Ib", tr_compare, 2, SSE),
    R_SCALAR("CMPSD", "F2", "C2", "Wq", ",Ib", tr_compare, 3, SSE2),
    R_COMIS("UCOMI", "2E", 0),
    R_COMIS("COMI", "2F", IR_FCMP_SIGNAL),
    R_SSE3("HADD", "7C", tr_horizontal, FP_ADD),
    R_SSE3("HSUB", "7D", tr_horizontal, FP_SUB),
    R_SSE3("ADDSUB", "D0", tr_addsub, 0),
    R_ROUND("ROUNDPS", "08", "Vx,Wx,Ib", "", "Vx,Wx,Ib", 2),
    R_ROUND("ROUNDPD", "09", "Vx,Wx,Ib", "", "Vx,Wx,Ib", 3),
    R_ROUND("ROUNDSS", "0A", "Vdq,Wd,Ib", "LIG.", "Vdq,Hdq,Wd,Ib", 2 | SCALAR),
    R_ROUND("ROUNDSD", "0B", "Vdq,Wq,Ib", "LIG.", "Vdq,Hdq,Wq,Ib", 3 | SCALAR),
    R_SSE("DPPS", "66 0F 3A 40 /r", "Vx,Wx,Ib", tr_dot_product, 2, SSE41),
    R_VEX("DPPS", "66.0F3A.WIG 40 /r", "Vx,Hx,Wx,Ib", tr_dot_product, 2, AVX),
    R_SSE("DPPD", "66 0F 3A 41 /r", "Vx,Wx,Ib", tr_dot_product, 3, SSE41),
    R_VEX("DPPD", "128.66.0F3A.WIG 41 /r", "Vx,Hx,Wx,Ib", tr_dot_product, 3, AVX),
};
const X86Group x86_sse_fp = {"sse_fp", rows, ARRAY_LEN(rows)};
