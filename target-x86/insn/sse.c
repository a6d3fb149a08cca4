// Shapes of vector instructions: which operands are sources, halves, MMX.
#include "target-x86/insn/sse.h"

#include "accel/engine.h"

unsigned sse_source2(const X86Insn *i)
{
    unsigned n = i->n_operands - 1u;
    return i->operand[n].kind == X86_OP_IMM ? n - 1 : n;
}

unsigned sse_source1(const X86Insn *i)
{
    unsigned n = sse_source2(i);
    return n ? n - 1 : 0;
}

IRRef sse_zero(X86Ctx *c)
{
    return ir_vconst(c->b, 0, 0);
}

IRRef sse_read(X86Ctx *c, unsigned operand, unsigned half)
{
    const X86Operand *o = &c->insn.operand[operand];
    if (o->kind == X86_OP_MMX || (o->kind == X86_OP_MEM && sse_is_mmx(&c->insn))) {
        return x86_read_mmx(c, operand);
    }
    return x86_read_v(c, operand, o->bytes > 16 ? half : 0);
}

void sse_write(X86Ctx *c, const IRRef *r)
{
    if (sse_is_mmx(&c->insn)) {
        x86_enter_mmx(c);
        x86_write_mmx(c, 0, r[0]);
        return;
    }
    for (unsigned h = 0; h < sse_halves(&c->insn, 0); h++) {
        x86_write_v(c, 0, h, r[h]);
    }
}

void sse_write_scalar(X86Ctx *c, IRRef rest, IRRef r, unsigned esize)
{
    x86_write_v(c, 0, 0, ir_v2(c->b, IR_vmovlane, rest, r, esize));
}

bool sse_binary(X86Ctx *c, const X86Insn *i, SseFn2 *fn)
{
    unsigned s2 = sse_source2(i), s1 = sse_source1(i), n = sse_halves(i, 0);
    SseOp o = {i, i->row->arg, sse_is_mmx(i), 0, false};
    IRRef x[2], y[2];
    for (unsigned h = 0; h < n; h++) {
        y[h] = h && sse_halves(i, s2) == 1 ? y[0] : sse_read(c, s2, h);
    }
    for (unsigned h = 0; h < n; h++) {
        x[h] = sse_read(c, s1, h);
    }
    for (o.half = 0; o.half < n; o.half++) {
        x[o.half] = fn(c, &o, x[o.half], y[o.half]);
    }
    sse_write(c, x);
    return true;
}

bool sse_unary(X86Ctx *c, const X86Insn *i, SseFn1 *fn)
{
    unsigned s = sse_source2(i), n = sse_halves(i, 0);
    SseOp o = {i, i->row->arg, sse_is_mmx(i), 0, false};
    IRRef x[2];
    for (unsigned h = 0; h < n; h++) {
        x[h] = h && sse_halves(i, s) == 1 ? x[0] : sse_read(c, s, h);
    }
    for (o.half = 0; o.half < n; o.half++) {
        x[o.half] = fn(c, &o, x[o.half]);
    }
    sse_write(c, x);
    return true;
}

static IRRef op2(X86Ctx *c, const SseOp *o, IRRef x, IRRef y)
{
    IROpcode op = (IROpcode)(o->arg & (BIT(SSE_ESIZE_SHIFT) - 1));
    unsigned esize = o->arg >> SSE_ESIZE_SHIFT & 3;
    return o->arg & SSE_SWAP ? ir_v2(c->b, op, y, x, esize) : ir_v2(c->b, op, x, y, esize);
}

bool sse_tr_op2(X86Ctx *c, const X86Insn *i)
{
    return sse_binary(c, i, op2);
}

static IRRef op1(X86Ctx *c, const SseOp *o, IRRef x)
{
    IROpcode op = (IROpcode)(o->arg & (BIT(SSE_ESIZE_SHIFT) - 1));
    return ir_v1(c->b, op, x, o->arg >> SSE_ESIZE_SHIFT & 3);
}

bool sse_tr_op1(X86Ctx *c, const X86Insn *i)
{
    return sse_unary(c, i, op1);
}

static IRRef same(X86Ctx *c, const SseOp *o, IRRef x)
{
    (void)c;
    (void)o;
    return x;
}

bool sse_tr_move(X86Ctx *c, const X86Insn *i)
{
    return sse_unary(c, i, same);
}

static void raise_unaligned(VCPU *v, uint64_t address, uint64_t mask)
{
    if (address & mask) {
        x86_exception(x86_cpu(v), X86_GP, 0);
    }
}
static const IRHelper h_raise_unaligned = {"raise_unaligned", (void *)raise_unaligned, IR_VOID, 2,
                                           IR_CALL_ALL};

void sse_check_aligned(X86Ctx *c, unsigned bytes, bool store)
{
    IRRef a = x86_mem(c, bytes, store), mask = ir_i64(c->b, bytes - 1);
    if (x86_guard(c, IR_TSTNZ, a, mask)) {
        ir_call(c->b, &h_raise_unaligned, a, mask, IR_NONE, IR_NONE);
    }
}
