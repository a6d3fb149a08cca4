// Near control flow: jumps, calls, returns, loops; BOUND.
//
// Targets are offsets in CS cut to the operand size. A target beyond the limit of CS is #GP(0) of
// the branch, so it is looked at before anything is changed.
#include "target-x86/insn/helpers.h"
#include "target-x86/insn/insn.h"

static uint64_t relative_target(X86Ctx *c, const X86Insn *i)
{
    return (x86_next_eip(c) + i->operand[0].imm) & mask64(8u * i->op_bytes);
}

static IRRef as_eip(X86Ctx *c, IRRef v)
{
    return ir_type(c->b, v) == IR_I32 ? ir_extu(c->b, v) : v;
}

static bool tr_jcc(X86Ctx *c, const X86Insn *i)
{
    x86_exit_if_f(c, x86_cond(i->opcode), x86_flags(c), relative_target(c, i));
    return true;
}

static bool tr_jmp(X86Ctx *c, const X86Insn *i)
{
    x86_exit_jump(c, relative_target(c, i));
    return true;
}

static void push_return(X86Ctx *c, const X86Insn *i)
{
    x86_do_push(c, ir_const(c->b, x86_type(i->op_bytes), x86_next_eip(c)), i->op_bytes);
}

static bool tr_call(X86Ctx *c, const X86Insn *i)
{
    uint64_t target = relative_target(c, i);
    if (!x86_refuse_target(c, target)) {
        push_return(c, i);
        x86_exit_call(c, target);
    }
    return true;
}

static bool tr_jmp_ind(X86Ctx *c, const X86Insn *i)
{
    (void)i;
    IRRef eip = as_eip(c, x86_read(c, 0));
    x86_check_eip(c, eip);
    x86_exit_ind(c, eip, IR_IND_JUMP);
    return true;
}

static bool tr_call_ind(X86Ctx *c, const X86Insn *i)
{
    IRRef eip = as_eip(c, x86_read(c, 0));
    x86_check_eip(c, eip);
    push_return(c, i);
    x86_exit_ind(c, eip, IR_IND_CALL);
    return true;
}

static bool tr_ret(X86Ctx *c, const X86Insn *i)
{
    unsigned n = i->op_bytes, drop = i->n_operands ? (unsigned)i->operand[0].imm : 0;
    IRRef a = x86_stack_address(c, 0, n, false);
    IRRef eip = as_eip(c, ir_ld(c->b, x86_type(n), a, 0, x86_memop(c, n)));
    x86_check_eip(c, eip);
    x86_stack_move(c, n + drop);
    x86_exit_ind(c, eip, IR_IND_RET);
    return true;
}

// --- loops: the counter has the address size

enum { LOOPNE, LOOPE, LOOP };

static bool tr_loop(X86Ctx *c, const X86Insn *i)
{
    IRBlock *b = c->b;
    unsigned n = i->addr_bytes, kind = i->row->arg;
    IRRef count = ir_addi(b, x86_get_gpr(c, X86_RCX, n, false), -1);
    count = n == 2 ? ir_zext(b, count, 16) : count;
    IRRef zero = ir_const(b, x86_type(n), 0);
    x86_put_gpr(c, X86_RCX, n, false, count);
    if (kind == LOOP) {
        x86_exit_if(c, IR_NE, count, zero, relative_target(c, i));
        return true;
    }
    IRRef more = ir_cmpset(b, IR_NE, count, zero);
    IRRef z = ir_f_test(b, kind == LOOPE ? IR_F_Z : IR_F_NZ, x86_flags(c));
    x86_exit_if(c, IR_NE, ir_and(b, more, z), ir_i32(b, 0), relative_target(c, i));
    return true;
}

static bool tr_jcxz(X86Ctx *c, const X86Insn *i)
{
    unsigned n = i->addr_bytes;
    IRRef count = x86_get_gpr(c, X86_RCX, n, false);
    x86_exit_if(c, IR_EQ, count, ir_const(c->b, x86_type(n), 0), relative_target(c, i));
    return true;
}

// --- BOUND: #BR unless the register lies within the two bounds in memory
static bool tr_bound(X86Ctx *c, const X86Insn *i)
{
    IRBlock *b = c->b;
    unsigned n = i->op_bytes, bits = 8 * n;
    IRRef a = x86_mem(c, 2 * n, false), x = x86_read(c, 0);
    unsigned memop = x86_memop(c, n) | IR_MEM_SIGN;
    IRRef lower = ir_ld(b, IR_I32, a, 0, memop), upper = ir_ld(b, IR_I32, a, n, memop);
    x = bits < 32 ? ir_sext(b, x, bits) : x;
    IRRef outside = ir_or(b, ir_cmpset(b, IR_LT, x, lower), ir_cmpset(b, IR_GT, x, upper));
    ir_call(b, &x86_h_bound_error_if, outside, IR_NONE, IR_NONE, IR_NONE);
    return true;
}

// clang-format off
static const X86Row rows[] = {
    {"Jcc", "70+r", "Jb", tr_jcc, 0, X86_ROW_F64},
    {"Jcc", "78+r", "Jb", tr_jcc, 0, X86_ROW_F64},
    {"Jcc", "0F 80+r", "Jz", tr_jcc, 0, X86_ROW_F64},
    {"Jcc", "0F 88+r", "Jz", tr_jcc, 0, X86_ROW_F64},
    {"JMP", "EB", "Jb", tr_jmp, 0, X86_ROW_F64},
    {"JMP", "E9", "Jz", tr_jmp, 0, X86_ROW_F64},
    {"JMP", "FF /4", "Ev", tr_jmp_ind, 0, X86_ROW_F64},
    {"CALL", "E8", "Jz", tr_call, 0, X86_ROW_F64},
    {"CALL", "FF /2", "Ev", tr_call_ind, 0, X86_ROW_F64},
    {"RET", "C3", "", tr_ret, 0, X86_ROW_F64},
    {"RET", "C2", "Iw", tr_ret, 0, X86_ROW_F64},
    {"LOOPNE", "E0", "Jb", tr_loop, LOOPNE, X86_ROW_F64},
    {"LOOPE", "E1", "Jb", tr_loop, LOOPE, X86_ROW_F64},
    {"LOOP", "E2", "Jb", tr_loop, LOOP, X86_ROW_F64},
    {"JCXZ", "E3", "Jb", tr_jcxz, 0, X86_ROW_F64},
    {"BOUND", "62 /r", "Gv,M", tr_bound, 0, X86_ROW_I64},
};
// clang-format on

const X86Group x86_int_control = {"control", rows, ARRAY_LEN(rows)};
