// Data movement: MOV in all integer forms, extensions, exchange, the stack, conditional moves.
#include "hw/core/machine.h"
#include "target-x86/insn/helpers.h"
#include "target-x86/insn/insn.h"

static bool tr_mov(X86Ctx *c, const X86Insn *i)
{
    (void)i;
    x86_write(c, 0, x86_read(c, 1));
    return true;
}

static IRRef resize(X86Ctx *c, IRRef v, unsigned from, unsigned to, bool is_signed)
{
    if (is_signed && from < 4) {
        v = ir_sext(c->b, v, 8 * from);
    }
    if (to < 8 || from == 8) {
        return v;
    }
    return is_signed ? ir_exts(c->b, v) : ir_extu(c->b, v);
}

// MOVZX (arg 0), MOVSX (1)
static bool tr_movx(X86Ctx *c, const X86Insn *i)
{
    IRRef v = x86_read(c, 1);
    x86_write(c, 0, resize(c, v, i->operand[1].bytes, i->operand[0].bytes, i->row->arg));
    return true;
}

static bool tr_lea(X86Ctx *c, const X86Insn *i)
{
    IRRef a = x86_ea(c);
    x86_write(c, 0, i->op_bytes == 8 ? a : ir_trunc(c->b, a));
    return true;
}

static bool tr_xchg(X86Ctx *c, const X86Insn *i)
{
    IRRef y = x86_read(c, 1), x;
    if (i->operand[0].kind == X86_OP_MEM) {
        unsigned bytes = i->operand[0].bytes;
        x = ir_rmw(c->b, IR_RMW_XCHG, x86_mem(c, bytes, true), y, x86_memop(c, bytes));
    } else {
        x = x86_read(c, 0);
        x86_write(c, 0, y);
    }
    x86_write(c, 1, x);
    return true;
}

// 90 with register 0 is NOP, and PAUSE after F3; else XCHG with rAX.
static bool tr_nop_xchg(X86Ctx *c, const X86Insn *i)
{
    if (i->operand[0].reg != X86_RAX) {
        return tr_xchg(c, i);
    }
    if (i->rep && c->cpu->vcpu.machine->n_cpus > 1) {
        x86_put_next_pc(c);
        ir_call(c->b, &x86_h_pause, IR_NONE, IR_NONE, IR_NONE, IR_NONE);
        x86_exit_loop(c);
    }
    return true;
}

static bool tr_bswap(X86Ctx *c, const X86Insn *i)
{
    unsigned bytes = i->operand[0].bytes;
    IRRef x = x86_read(c, 0);
    // Of 16 bits it is undefined; CPUs give 0.
    x86_write(c, 0, bytes == 2 ? ir_i32(c->b, 0) : ir_bswap(c->b, x, 8 * bytes));
    return true;
}

static bool tr_movbe(X86Ctx *c, const X86Insn *i)
{
    unsigned bytes = i->operand[0].bytes;
    x86_write(c, 0, ir_bswap(c->b, x86_read(c, 1), 8 * bytes));
    return true;
}

// CBW, CWDE, CDQE: the lower half of rAX extended.
static bool tr_cbw(X86Ctx *c, const X86Insn *i)
{
    unsigned half = i->op_bytes / 2;
    IRRef v = x86_get_gpr(c, X86_RAX, half, false);
    x86_put_gpr(c, X86_RAX, i->op_bytes, false, resize(c, v, half, i->op_bytes, true));
    return true;
}

// CWD, CDQ, CQO: rDX = the sign of rAX.
static bool tr_cwd(X86Ctx *c, const X86Insn *i)
{
    unsigned n = i->op_bytes;
    IRRef v = x86_get_gpr(c, X86_RAX, n, false);
    v = n == 2 ? ir_sext(c->b, v, 16) : v;
    x86_put_gpr(c, X86_RDX, n, false, ir_sari(c->b, v, n == 8 ? 63 : 31));
    return true;
}

static bool tr_cmov(X86Ctx *c, const X86Insn *i)
{
    IRRef y = x86_read(c, 1), x = x86_read(c, 0);
    x86_write(c, 0, ir_f_select(c->b, x86_cond(i->opcode), x86_flags(c), y, x));
    return true;
}

static bool tr_setcc(X86Ctx *c, const X86Insn *i)
{
    x86_write(c, 0, ir_f_test(c->b, x86_cond(i->opcode), x86_flags(c)));
    return true;
}

// AL = the byte at rBX + AL.
static bool tr_xlat(X86Ctx *c, const X86Insn *i)
{
    IRBlock *b = c->b;
    unsigned n = i->addr_bytes;
    IRRef al = ir_extract(b, x86_reg64(c, X86_RAX), 0, 8);
    IRRef a = ir_add(b, x86_reg64(c, X86_RBX), al);
    a = n == 8 ? a : ir_extract(b, a, 0, 8 * n);
    a = x86_linear(c, i->seg, a, 1, false);
    x86_put_gpr(c, X86_RAX, 1, false, ir_ld(b, IR_I32, a, 0, x86_memop(c, 1)));
    return true;
}

// AH has the packed flags' upper byte, and bit 1 set.
static bool tr_lahf(X86Ctx *c, const X86Insn *i)
{
    IRBlock *b = c->b;
    (void)i;
    IRRef f = ir_shri(b, ir_f_pack(b, x86_flags(c)), 8);
    x86_put_gpr(c, X86_RAX, 1, true, ir_or(b, f, ir_i32(b, 2)));
    return true;
}

static bool tr_sahf(X86Ctx *c, const X86Insn *i)
{
    IRBlock *b = c->b;
    (void)i;
    IRRef overflow = ir_f_test(b, IR_F_V, x86_flags(c));
    IRRef ah = x86_get_gpr(c, X86_RAX, 1, true);
    x86_put_flags(c, ir_f_setv(b, ir_f_unpack(b, ir_shli(b, ah, 8)), overflow));
    return true;
}

// --- the stack

static bool tr_push(X86Ctx *c, const X86Insn *i)
{
    x86_do_push(c, x86_read(c, 0), i->op_bytes);
    return true;
}

static bool tr_pop(X86Ctx *c, const X86Insn *i)
{
    IRRef v = x86_do_pop(c, i->op_bytes);
    x86_write(c, 0, v);
    return true;
}

// The address is computed with rSP after the increment; a fault must find it as it was.
static bool tr_pop_rm(X86Ctx *c, const X86Insn *i)
{
    unsigned n = i->op_bytes;
    if (i->operand[0].kind == X86_OP_GPR) {
        return tr_pop(c, i);
    }
    IRRef from = x86_stack_address(c, 0, n, false);
    IRRef v = ir_ld(c->b, x86_type(n), from, 0, x86_memop(c, n));
    if (i->base == X86_RSP) {
        c->insn.disp += n;
    }
    x86_write(c, 0, v);
    x86_stack_move(c, n);
    return true;
}

static bool tr_pusha(X86Ctx *c, const X86Insn *i)
{
    unsigned n = i->op_bytes;
    for (unsigned r = 0; r < 8; r++) {
        IRRef a = x86_stack_address(c, -(int64_t)(n * (r + 1)), n, true);
        ir_st(c->b, a, 0, x86_get_gpr(c, r, n, false), x86_memop(c, n));
    }
    x86_stack_move(c, -(int64_t)(8 * n));
    return true;
}

static bool tr_popa(X86Ctx *c, const X86Insn *i)
{
    unsigned n = i->op_bytes;
    IRRef v[8];
    for (unsigned r = 0; r < 8; r++) {
        if (r != X86_RSP) {
            IRRef a = x86_stack_address(c, n * (7 - r), n, false);
            v[r] = ir_ld(c->b, IR_I32, a, 0, x86_memop(c, n));
        }
    }
    x86_stack_move(c, 8 * n);
    for (unsigned r = 0; r < 8; r++) {
        if (r != X86_RSP) {
            x86_put_gpr(c, r, n, false, v[r]);
        }
    }
    return true;
}

// rBP as an offset in the stack segment, plus n.
static IRRef frame_address(X86Ctx *c, int64_t n, unsigned bytes)
{
    unsigned width = c->insn.stack_bytes;
    IRRef bp = ir_addi(c->b, x86_reg64(c, X86_RBP), n);
    if (width < 8) {
        bp = ir_extract(c->b, bp, 0, 8 * width);
    }
    uint8_t addr_bytes = c->insn.addr_bytes;
    c->insn.addr_bytes = (uint8_t)width;
    IRRef a = x86_linear(c, X86_SS, bp, bytes, false);
    c->insn.addr_bytes = addr_bytes;
    return a;
}

static void push_at(X86Ctx *c, IRRef v, unsigned n, unsigned index)
{
    IRRef a = x86_stack_address(c, -(int64_t)(n * index), n, true);
    ir_st(c->b, a, 0, v, x86_memop(c, n));
}

// ENTER: rBP, the frame pointers of the outer levels, the new frame pointer; then room, whose last
// bytes must be writable.
static bool tr_enter(X86Ctx *c, const X86Insn *i)
{
    IRBlock *b = c->b;
    unsigned n = i->op_bytes, level = i->operand[1].imm & 31;
    push_at(c, x86_get_gpr(c, X86_RBP, n, false), n, 1);
    IRRef frame = ir_addi(b, x86_reg64(c, X86_RSP), -(int64_t)n);
    if (i->stack_bytes < 8) {
        frame = ir_extract(b, frame, 0, 8 * i->stack_bytes);
    }
    for (unsigned k = 1; k < level; k++) {
        IRRef a = frame_address(c, -(int64_t)(n * k), n);
        push_at(c, ir_ld(b, x86_type(n), a, 0, x86_memop(c, n)), n, k + 1);
    }
    if (level) {
        push_at(c, n == 8 ? frame : ir_trunc(b, frame), n, level + 1);
    }
    int64_t down = -(int64_t)(n * (level + 1) + i->operand[0].imm);
    ir_ld(b, x86_type(n), x86_stack_address(c, down, n, true), 0, x86_memop(c, n) | IR_MEM_WRITE);
    x86_stack_move(c, down);
    x86_put_gpr(c, X86_RBP, n, false, n == 8 ? frame : ir_trunc(b, frame));
    return true;
}

static bool tr_leave(X86Ctx *c, const X86Insn *i)
{
    IRBlock *b = c->b;
    unsigned n = i->op_bytes, width = i->stack_bytes;
    IRRef sp = ir_addi(b, x86_reg64(c, X86_RBP), n);
    IRRef v = ir_ld(b, x86_type(n), frame_address(c, 0, n), 0, x86_memop(c, n));
    x86_put_gpr(c, X86_RSP, width, false, width == 8 ? sp : ir_trunc(b, sp));
    x86_put_gpr(c, X86_RBP, n, false, v);
    return true;
}

// clang-format off
static const X86Row rows[] = {
    {"MOV", "88 /r", "Eb,Gb", tr_mov},
    {"MOV", "89 /r", "Ev,Gv", tr_mov},
    {"MOV", "8A /r", "Gb,Eb", tr_mov},
    {"MOV", "8B /r", "Gv,Ev", tr_mov},
    {"MOV", "A0", "AL,Ob", tr_mov},
    {"MOV", "A1", "rAX,Ov", tr_mov},
    {"MOV", "A2", "Ob,AL", tr_mov},
    {"MOV", "A3", "Ov,rAX", tr_mov},
    {"MOV", "B0+r", "Zb,Ib", tr_mov},
    {"MOV", "B8+r", "Zv,Iv", tr_mov},
    {"MOV", "C6 /0", "Eb,Ib", tr_mov},
    {"MOV", "C7 /0", "Ev,Iz", tr_mov},
    {"MOVZX", "0F B6 /r", "Gv,Eb", tr_movx, 0},
    {"MOVZX", "0F B7 /r", "Gv,Ew", tr_movx, 0},
    {"MOVSX", "0F BE /r", "Gv,Eb", tr_movx, 1},
    {"MOVSX", "0F BF /r", "Gv,Ew", tr_movx, 1},
    {"MOVSXD", "63 /r", "Gv,Ez", tr_movx, 1, X86_ROW_O64},
    {"LEA", "8D /r", "Gv,M", tr_lea},
    {"XCHG", "86 /r", "Eb,Gb", tr_xchg, 0, X86_ROW_LOCK},
    {"XCHG", "87 /r", "Ev,Gv", tr_xchg, 0, X86_ROW_LOCK},
    {"XCHG", "90+r", "Zv,rAX", tr_nop_xchg},
    {"BSWAP", "0F C8+r", "Zv", tr_bswap},
    {"MOVBE", "NFx 0F 38 F0 /r", "Gv,Mv", tr_movbe, 0, 0, X86_FEAT_MOVBE},
    {"MOVBE", "NFx 0F 38 F1 /r", "Mv,Gv", tr_movbe, 0, 0, X86_FEAT_MOVBE},
    {"CBW", "98", "", tr_cbw},
    {"CWD", "99", "", tr_cwd},
    {"CMOVcc", "0F 40+r /r", "Gv,Ev", tr_cmov, 0, 0, X86_FEAT_CMOV},
    {"CMOVcc", "0F 48+r /r", "Gv,Ev", tr_cmov, 0, 0, X86_FEAT_CMOV},
    {"SETcc", "0F 90+r /r", "Eb", tr_setcc},
    {"SETcc", "0F 98+r /r", "Eb", tr_setcc},
    {"XLAT", "D7", "", tr_xlat},
    {"LAHF", "9F", "", tr_lahf, 0, X86_ROW_I64},
    {"SAHF", "9E", "", tr_sahf, 0, X86_ROW_I64},
    {"LAHF", "9F", "", tr_lahf, 0, X86_ROW_O64, X86_FEAT_LAHF_LM},
    {"SAHF", "9E", "", tr_sahf, 0, X86_ROW_O64, X86_FEAT_LAHF_LM},

    {"PUSH", "50+r", "Zv", tr_push, 0, X86_ROW_D64},
    {"PUSH", "68", "Iz", tr_push, 0, X86_ROW_D64},
    {"PUSH", "6A", "Ibs", tr_push, 0, X86_ROW_D64},
    {"PUSH", "FF /6", "Ev", tr_push, 0, X86_ROW_D64},
    {"POP", "58+r", "Zv", tr_pop, 0, X86_ROW_D64},
    {"POP", "8F /0", "Ev", tr_pop_rm, 0, X86_ROW_D64},
    {"PUSHA", "60", "", tr_pusha, 0, X86_ROW_I64},
    {"POPA", "61", "", tr_popa, 0, X86_ROW_I64},
    {"ENTER", "C8", "Iw,Ib", tr_enter, 0, X86_ROW_D64},
    {"LEAVE", "C9", "", tr_leave, 0, X86_ROW_D64},
};
// clang-format on

const X86Group x86_int_data = {"data", rows, ARRAY_LEN(rows)};
