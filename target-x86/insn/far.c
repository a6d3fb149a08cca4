// Segment registers, far transfers, interrupts, ports, HLT: thin rows over the C functions
// of system/. What may change the mode ends the block.
#include "target-x86/helpers.h"
#include "target-x86/insn/helpers.h"
#include "target-x86/insn/insn.h"

// --- segment registers

static bool tr_mov_from_seg(X86Ctx *c, const X86Insn *i)
{
    (void)i;
    x86_write(c, 0, x86_read(c, 1));
    return true;
}

// The rest of a load of a segment register. SS puts the next instruction in the interrupt shadow.
static void exit_after_load(X86Ctx *c, unsigned seg, IRRef changed)
{
    if (seg != X86_SS) {
        if (!(c->flags & X86_BF_CODE64)) { // there no flag depends on the others
            x86_exit_if_mode(c, changed);
        }
        return;
    }
    x86_put_next_pc(c);
    if (!(c->flags & X86_BF_SHADOW)) {
        ir_call(c->b, &x86_h_inhibit, IR_NONE, IR_NONE, IR_NONE, IR_NONE);
    }
    x86_exit_unstepped(c);
}

// Whether the block's flags have changed.
static IRRef load_segment(X86Ctx *c, unsigned seg, IRRef selector)
{
    return ir_call(c->b, &x86_h_load_seg, ir_i32(c->b, seg), selector, IR_NONE, IR_NONE);
}

static bool tr_mov_to_seg(X86Ctx *c, const X86Insn *i)
{
    unsigned seg = i->operand[0].reg;
    if (seg == X86_CS) {
        return false;
    }
    exit_after_load(c, seg, load_segment(c, seg, x86_read(c, 1)));
    return true;
}

static bool tr_push_seg(X86Ctx *c, const X86Insn *i)
{
    IRRef v = x86_read(c, 0);
    x86_do_push(c, i->op_bytes == 8 ? ir_extu(c->b, v) : v, i->op_bytes);
    return true;
}

static bool tr_pop_seg(X86Ctx *c, const X86Insn *i)
{
    unsigned n = i->op_bytes;
    IRRef a = x86_stack_address(c, 0, n, false);
    IRRef v = ir_ld(c->b, IR_I32, a, 0, x86_memop(c, 2));
    IRRef changed = load_segment(c, i->operand[0].reg, v);
    x86_stack_move(c, n);
    exit_after_load(c, i->operand[0].reg, changed);
    return true;
}

// LDS, LES, LSS, LFS, LGS; arg: the segment
static bool tr_load_far(X86Ctx *c, const X86Insn *i)
{
    IRBlock *b = c->b;
    unsigned n = i->op_bytes;
    IRRef a = x86_mem(c, n + 2, false);
    IRRef offset = ir_ld(b, x86_type(n), a, 0, x86_memop(c, n));
    IRRef changed = load_segment(c, i->row->arg, ir_ld(b, IR_I32, a, n, x86_memop(c, 2)));
    x86_write(c, 0, offset);
    exit_after_load(c, i->row->arg, changed);
    return true;
}

// --- far transfers

static IRRef wide(X86Ctx *c, IRRef v)
{
    return ir_type(c->b, v) == IR_I32 ? ir_extu(c->b, v) : v;
}

// JMP, CALL: pointer in the instruction or in memory; arg: call
static bool tr_far(X86Ctx *c, const X86Insn *i)
{
    IRBlock *b = c->b;
    unsigned n = i->op_bytes;
    IRRef selector, offset;
    if (i->operand[0].kind == X86_OP_MEM) {
        IRRef a = x86_mem(c, n + 2, false);
        offset = wide(c, ir_ld(b, x86_type(n), a, 0, x86_memop(c, n)));
        selector = ir_ld(b, IR_I32, a, n, x86_memop(c, 2));
    } else {
        offset = ir_i64(b, i->operand[0].imm);
        selector = ir_i32(b, i->far_selector);
    }
    x86_put_next_pc(c);
    ir_call(b, i->row->arg ? &x86_h_far_call : &x86_h_far_jump, selector, offset, ir_i32(b, n),
            IR_NONE);
    x86_exit_taken(c);
    return true;
}

static bool tr_far_ret(X86Ctx *c, const X86Insn *i)
{
    IRRef drop = ir_i32(c->b, i->n_operands ? i->operand[0].imm : 0);
    ir_call(c->b, &x86_h_far_ret, ir_i32(c->b, i->op_bytes), drop, IR_NONE, IR_NONE);
    x86_exit_taken(c);
    return true;
}

static bool tr_iret(X86Ctx *c, const X86Insn *i)
{
    x86_put_next_pc(c);
    ir_call(c->b, &x86_h_iret, ir_i32(c->b, i->op_bytes), IR_NONE, IR_NONE, IR_NONE);
    x86_exit_taken(c);
    return true;
}

// arg: X86_INT_*
static bool tr_int(X86Ctx *c, const X86Insn *i)
{
    static const uint8_t vectors[] = {[X86_INT_3] = X86_BP, [X86_INT_1] = X86_DB};
    unsigned kind = i->row->arg, vector = kind == X86_INT_N ? (unsigned)i->imm : vectors[kind];
    x86_put_next_pc(c);
    ir_call(c->b, &x86_h_int, ir_i32(c->b, vector), ir_i32(c->b, kind), IR_NONE, IR_NONE);
    x86_exit_unstepped(c);
    return true;
}

static bool tr_into(X86Ctx *c, const X86Insn *i)
{
    (void)i;
    x86_put_next_pc(c);
    ir_call(c->b, &x86_h_into, ir_f_test(c->b, IR_F_V, x86_flags(c)), IR_NONE, IR_NONE, IR_NONE);
    x86_exit_taken(c);
    return true;
}

// --- HLT

static bool tr_hlt(X86Ctx *c, const X86Insn *i)
{
    (void)i;
    x86_put_next_pc(c);
    ir_call(c->b, &x86_h_hlt, IR_NONE, IR_NONE, IR_NONE, IR_NONE);
    x86_exit_loop(c);
    return true;
}

// --- ports

static bool tr_in(X86Ctx *c, const X86Insn *i)
{
    IRRef port = x86_read(c, 1), bytes = ir_i32(c->b, i->operand[0].bytes);
    IRRef v = ir_call(c->b, &x86_h_in, port, bytes, IR_NONE, IR_NONE);
    x86_write(c, 0, ir_type(c->b, v) == IR_I64 ? ir_trunc(c->b, v) : v);
    return true;
}

static bool tr_out(X86Ctx *c, const X86Insn *i)
{
    IRRef port = x86_read(c, 0), v = x86_read(c, 1);
    ir_call(c->b, &x86_h_out, port, v, ir_i32(c->b, i->operand[1].bytes), IR_NONE);
    return true;
}

#define SYS X86_ROW_SYSTEM

// clang-format off
static const X86Row rows[] = {
    {"MOV", "8C /r mem", "Mw,Sw", tr_mov_from_seg},
    {"MOV", "8C /r reg", "Rv,Sw", tr_mov_from_seg},
    {"MOV", "8E /r", "Sw,Ew", tr_mov_to_seg, 0, SYS},
    {"PUSH", "06", "ES", tr_push_seg, 0, X86_ROW_I64},
    {"PUSH", "0E", "CS", tr_push_seg, 0, X86_ROW_I64},
    {"PUSH", "16", "SS", tr_push_seg, 0, X86_ROW_I64},
    {"PUSH", "1E", "DS", tr_push_seg, 0, X86_ROW_I64},
    {"PUSH", "0F A0", "FS", tr_push_seg, 0, X86_ROW_D64},
    {"PUSH", "0F A8", "GS", tr_push_seg, 0, X86_ROW_D64},
    {"POP", "07", "ES", tr_pop_seg, 0, X86_ROW_I64 | SYS},
    {"POP", "17", "SS", tr_pop_seg, 0, X86_ROW_I64 | SYS},
    {"POP", "1F", "DS", tr_pop_seg, 0, X86_ROW_I64 | SYS},
    {"POP", "0F A1", "FS", tr_pop_seg, 0, X86_ROW_D64 | SYS},
    {"POP", "0F A9", "GS", tr_pop_seg, 0, X86_ROW_D64 | SYS},
    {"LES", "C4 /r mem", "Gv,M", tr_load_far, X86_ES, X86_ROW_I64 | SYS},
    {"LDS", "C5 /r mem", "Gv,M", tr_load_far, X86_DS, X86_ROW_I64 | SYS},
    {"LSS", "0F B2 /r mem", "Gv,M", tr_load_far, X86_SS, SYS},
    {"LFS", "0F B4 /r mem", "Gv,M", tr_load_far, X86_FS, SYS},
    {"LGS", "0F B5 /r mem", "Gv,M", tr_load_far, X86_GS, SYS},

    {"JMP", "EA", "Ap", tr_far, 0, X86_ROW_I64 | SYS},
    {"JMP", "FF /5 mem", "Mp", tr_far, 0, SYS},
    {"CALL", "9A", "Ap", tr_far, 1, X86_ROW_I64 | SYS},
    {"CALL", "FF /3 mem", "Mp", tr_far, 1, SYS},
    {"RETF", "CB", "", tr_far_ret, 0, SYS},
    {"RETF", "CA", "Iw", tr_far_ret, 0, SYS},
    {"IRET", "CF", "", tr_iret, 0, SYS},
    {"INT3", "CC", "", tr_int, X86_INT_3, SYS},
    {"INT", "CD", "Ib", tr_int, X86_INT_N, SYS},
    {"INT1", "F1", "", tr_int, X86_INT_1, SYS},
    {"INTO", "CE", "", tr_into, 0, X86_ROW_I64 | SYS},

    {"HLT", "F4", "", tr_hlt, 0, X86_ROW_CPL0 | SYS},

    {"IN", "E4", "AL,Ib", tr_in, 0, SYS},
    {"IN", "E5", "eAX,Ib", tr_in, 0, SYS},
    {"IN", "EC", "AL,DX", tr_in, 0, SYS},
    {"IN", "ED", "eAX,DX", tr_in, 0, SYS},
    {"OUT", "E6", "Ib,AL", tr_out, 0, SYS},
    {"OUT", "E7", "Ib,eAX", tr_out, 0, SYS},
    {"OUT", "EE", "DX,AL", tr_out, 0, SYS},
    {"OUT", "EF", "DX,eAX", tr_out, 0, SYS},
};
// clang-format on

const X86Group x86_int_far = {"far", rows, ARRAY_LEN(rows)};
