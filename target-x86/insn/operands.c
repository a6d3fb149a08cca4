// Operands: effective addresses, segmentation, the stack, and reading and writing by number.
//
// In flat segments an offset is its linear address and nothing is emitted for segmentation.
// Otherwise the base is added; the limit is checked by a guard where that suffices (64 KiB
// segments of real mode), else by a call.
#include "target-x86/helpers.h"
#include "target-x86/insn/insn.h"

#define VEC(r)      (offsetof(X86CPU, vcpu.vec) + 16 * (size_t)(r))
#define MMX_FRAC(r) (offsetof(X86CPU, fpu.st[0].frac) + sizeof(X86Float80) * (r))
#define MMX_SE(r)   (offsetof(X86CPU, fpu.st[0].se) + sizeof(X86Float80) * (r))
#define UPPER(r)    ((r) + 16) // the upper half of YMMn, among vcpu.vec

// --- offsets

static bool code64(const X86Ctx *c)
{
    return c->flags & X86_BF_CODE64;
}

static IRRef ea64(X86Ctx *c, const X86Insn *i)
{
    IRRef a = IR_NONE;
    if (i->rip) {
        return ir_i64(c->b, c->next + (uint64_t)i->disp);
    }
    if (i->base != X86_NO_REG) {
        a = x86_reg64(c, i->base);
    }
    if (i->index != X86_NO_REG) {
        IRRef x = ir_shli(c->b, x86_reg64(c, i->index), i->scale);
        a = a == IR_NONE ? x : ir_add(c->b, a, x);
    }
    return a == IR_NONE ? ir_i64(c->b, (uint64_t)i->disp) : ir_addi(c->b, a, i->disp);
}

// 16- and 32-bit sums wrap.
static IRRef ea32(X86Ctx *c, const X86Insn *i)
{
    IRRef a = IR_NONE;
    if (i->base != X86_NO_REG) {
        a = x86_get_gpr(c, i->base, 4, false);
    }
    if (i->index != X86_NO_REG) {
        IRRef x = ir_shli(c->b, x86_get_gpr(c, i->index, 4, false), i->scale);
        a = a == IR_NONE ? x : ir_add(c->b, a, x);
    }
    uint32_t disp = (uint32_t)((uint64_t)i->disp + (i->rip ? c->next : 0));
    if (a == IR_NONE) {
        return ir_i64(c->b, i->addr_bytes == 2 ? disp & 0xffff : disp);
    }
    a = ir_addi(c->b, a, (int32_t)disp);
    return ir_extu(c->b, i->addr_bytes == 2 ? ir_zext(c->b, a, 16) : a);
}

IRRef x86_ea(X86Ctx *c)
{
    const X86Insn *i = &c->insn;
    return i->addr_bytes == 8 ? ea64(c, i) : ea32(c, i);
}

// --- linear addresses

static IRRef checked_linear(X86Ctx *c, unsigned seg, IRRef offset, unsigned bytes, bool store)
{
    return ir_call(c->b, &x86_h_check_access, ir_i32(c->b, seg), offset,
                   ir_i32(c->b, bytes | (unsigned)store << 8), IR_NONE);
}

static IRRef segment_base(X86Ctx *c, unsigned seg)
{
    return ir_get(c->b, IR_I64, offsetof(X86CPU, seg[0].base) + sizeof(X86Segment) * seg);
}

static bool flag(const X86Ctx *c, unsigned shift, unsigned seg)
{
    return c->flags >> (shift + seg) & 1;
}

static IRRef add_base(X86Ctx *c, unsigned seg, IRRef offset)
{
    IRRef sum = ir_add(c->b, segment_base(c, seg), offset);
    return code64(c) ? sum : ir_extu(c->b, ir_trunc(c->b, sum));
}

// width: bytes of the offset that count; 0xffff is the highest of two.
static IRRef linear(X86Ctx *c, unsigned seg, IRRef offset, unsigned width, unsigned bytes,
                    bool store)
{
    if (code64(c)) {
        return seg < X86_FS || x86_flat(c->flags, seg) ? offset : add_base(c, seg, offset);
    }
    if (seg == X86_CS && store && c->flags & X86_BF_PROTECTED) { // never writable
        return checked_linear(c, seg, offset, bytes, store);
    }
    if (x86_flat(c->flags, seg)) {
        return offset;
    }
    if (flag(c, X86_BF_NO_LIMIT_SHIFT, seg)) {
        return add_base(c, seg, offset);
    }
    if (!flag(c, X86_BF_64K_SHIFT, seg) || width > 2) {
        return checked_linear(c, seg, offset, bytes, store);
    }
    if (bytes > 1 && x86_guard(c, IR_GTU, offset, ir_i64(c->b, 0x10000 - bytes))) {
        return checked_linear(c, seg, offset, bytes, store);
    }
    return add_base(c, seg, offset);
}

IRRef x86_linear(X86Ctx *c, unsigned seg, IRRef offset, unsigned bytes, bool store)
{
    return linear(c, seg, offset, c->insn.addr_bytes, bytes, store);
}

IRRef x86_mem(X86Ctx *c, unsigned bytes, bool store)
{
    return x86_linear(c, c->insn.seg, x86_ea(c), bytes, store);
}

unsigned x86_memop(X86Ctx *c, unsigned bytes)
{
    unsigned size = (unsigned)__builtin_ctz(bytes);
    return size | (c->flags & X86_BF_ALIGN && size ? IR_MEM_ALIGN : 0);
}

// --- the stack

// rSP + n as an offset in the stack segment.
static IRRef stack_offset(X86Ctx *c, int64_t n)
{
    unsigned width = c->insn.stack_bytes;
    if (width == 8) {
        return ir_addi(c->b, x86_reg64(c, X86_RSP), n);
    }
    IRRef sp = ir_addi(c->b, x86_get_gpr(c, X86_RSP, 4, false), n);
    return ir_extu(c->b, width == 2 ? ir_zext(c->b, sp, 16) : sp);
}

IRRef x86_stack_address(X86Ctx *c, int64_t displacement, unsigned bytes, bool store)
{
    return linear(c, X86_SS, stack_offset(c, displacement), c->insn.stack_bytes, bytes, store);
}

void x86_stack_move(X86Ctx *c, int64_t n)
{
    x86_put_gpr(c, X86_RSP, c->insn.stack_bytes, false, stack_offset(c, n));
}

void x86_do_push(X86Ctx *c, IRRef v, unsigned bytes)
{
    IRRef a = x86_stack_address(c, -(int64_t)bytes, bytes, true);
    ir_st(c->b, a, 0, v, x86_memop(c, bytes));
    x86_stack_move(c, -(int64_t)bytes);
}

IRRef x86_do_pop(X86Ctx *c, unsigned bytes)
{
    IRRef v =
        ir_ld(c->b, x86_type(bytes), x86_stack_address(c, 0, bytes, false), 0, x86_memop(c, bytes));
    x86_stack_move(c, bytes);
    return v;
}

// --- integer operands

static IRRef string_offset(X86Ctx *c, unsigned reg)
{
    unsigned n = c->insn.addr_bytes;
    IRRef v = x86_get_gpr(c, reg, n, false);
    return n == 8 ? v : ir_extu(c->b, v);
}

static IRRef operand_address(X86Ctx *c, const X86Operand *o, bool store)
{
    switch (o->kind) {
    case X86_OP_STR_SRC:
        return x86_linear(c, c->insn.seg, string_offset(c, X86_RSI), o->bytes, store);
    case X86_OP_STR_DST:
        return x86_linear(c, X86_ES, string_offset(c, X86_RDI), o->bytes, store);
    default:
        return x86_mem(c, o->bytes, store);
    }
}

static IRRef read_segment(X86Ctx *c, unsigned seg)
{
    size_t off = offsetof(X86CPU, seg[0].selector) + sizeof(X86Segment) * seg;
    return ir_get_n(c->b, IR_I32, off, 2);
}

static IRRef read_operand(X86Ctx *c, unsigned n, unsigned extra)
{
    const X86Operand *o = &c->insn.operand[n];
    switch (o->kind) {
    case X86_OP_GPR:
        return x86_get_gpr(c, o->reg, o->bytes, o->high_byte);
    case X86_OP_IMM:
    case X86_OP_FAR:
        return ir_const(c->b, x86_type(o->bytes), o->imm);
    case X86_OP_SEG:
        return read_segment(c, o->reg);
    default:
        return ir_ld(c->b, x86_type(o->bytes), operand_address(c, o, extra & IR_MEM_WRITE), 0,
                     x86_memop(c, o->bytes) | extra);
    }
}

IRRef x86_read(X86Ctx *c, unsigned n)
{
    return read_operand(c, n, 0);
}

IRRef x86_read_rmw(X86Ctx *c, unsigned n)
{
    return read_operand(c, n, IR_MEM_WRITE);
}

void x86_write(X86Ctx *c, unsigned n, IRRef v)
{
    const X86Operand *o = &c->insn.operand[n];
    if (o->kind == X86_OP_GPR) {
        x86_put_gpr(c, o->reg, o->bytes, o->high_byte, v);
    } else {
        ir_st(c->b, operand_address(c, o, true), 0, v, x86_memop(c, o->bytes));
    }
}

// --- vector operands

// SSE's 16-byte operands must be aligned, but for those that say otherwise; VEX ones need not.
static unsigned vector_memop(X86Ctx *c, const X86Operand *o, unsigned bytes)
{
    bool aligned = o->bytes == 16 && !c->insn.vex && !(c->insn.row->flags & X86_ROW_UNALIGNED);
    return (unsigned)__builtin_ctz(bytes) | (aligned ? IR_MEM_ALIGN : 0);
}

static IRRef read_vector_memory(X86Ctx *c, const X86Operand *o, unsigned half)
{
    IRRef a = x86_mem(c, o->bytes, false);
    unsigned bytes = MIN_OF(o->bytes, 16), memop = vector_memop(c, o, bytes);
    if (bytes < 4) {
        return ir_v1(c->b, IR_vfromg, ir_ld(c->b, IR_I32, a, 0, memop), memop & IR_MEM_SIZE);
    }
    return ir_ld(c->b, IR_V128, a, 16 * half, memop);
}

IRRef x86_read_v(X86Ctx *c, unsigned n, unsigned half)
{
    const X86Operand *o = &c->insn.operand[n];
    if (o->kind == X86_OP_VEC) {
        return ir_get(c->b, IR_V128, VEC(half ? UPPER(o->reg) : o->reg));
    }
    return read_vector_memory(c, o, half);
}

static void write_vector_memory(X86Ctx *c, const X86Operand *o, unsigned half, IRRef v)
{
    IRRef a = x86_mem(c, o->bytes, true);
    unsigned bytes = MIN_OF(o->bytes, 16), memop = vector_memop(c, o, bytes);
    if (bytes < 4) {
        ir_st(c->b, a, 0, ir_vget(c->b, IR_I32, v, memop & IR_MEM_SIZE, 0), memop);
    } else {
        ir_st(c->b, a, 16 * half, v, memop);
    }
}

void x86_write_v(X86Ctx *c, unsigned n, unsigned half, IRRef v)
{
    const X86Operand *o = &c->insn.operand[n];
    if (o->kind != X86_OP_VEC) {
        write_vector_memory(c, o, half, v);
        return;
    }
    ir_put(c->b, VEC(half ? UPPER(o->reg) : o->reg), v);
    if (half == 0 && c->insn.vex) {
        ir_put(c->b, VEC(UPPER(o->reg)), ir_vconst(c->b, 0, 0));
    }
}

// --- MMX

void x86_enter_mmx(X86Ctx *c)
{
    IRRef zero = ir_i32(c->b, 0);
    ir_put_n(c->b, offsetof(X86CPU, fpu.top), zero, 1);
    ir_put_n(c->b, offsetof(X86CPU, fpu.empty), zero, 1);
}

IRRef x86_read_mmx(X86Ctx *c, unsigned n)
{
    const X86Operand *o = &c->insn.operand[n];
    if (o->kind == X86_OP_MMX) {
        return ir_v1(c->b, IR_vfromg, ir_get(c->b, IR_I64, MMX_FRAC(o->reg)), 3);
    }
    return ir_ld(c->b, IR_V128, x86_mem(c, o->bytes, false), 0, x86_memop(c, o->bytes));
}

void x86_write_mmx(X86Ctx *c, unsigned n, IRRef v)
{
    const X86Operand *o = &c->insn.operand[n];
    if (o->kind == X86_OP_MMX) {
        ir_put(c->b, MMX_FRAC(o->reg), ir_vget(c->b, IR_I64, v, 3, 0));
        ir_put_n(c->b, MMX_SE(o->reg), ir_i32(c->b, 0xffff), 2);
    } else {
        ir_st(c->b, x86_mem(c, o->bytes, true), 0, v, x86_memop(c, o->bytes));
    }
}
