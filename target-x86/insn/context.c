// What every x86 translator uses: registers, flags, exceptions, and the ways out of a block.
//
// Integer register slots are always read and written whole, as I64: narrower views are extracts
// and deposits, so that the passes see one type per slot.
//
// Two modes of the block turn every way out into "put the pc, call, back to the dispatcher": TF
// (#DB after the instruction) and the interrupt shadow (which ends with this instruction).
#include "target-x86/helpers.h"
#include "target-x86/insn/helpers.h"
#include "target-x86/insn/insn.h"

#define MAX_CONDITIONAL_EXITS 3 // of a block, besides its end

#define GPR(r) (offsetof(X86CPU, vcpu.gpr) + 8 * (size_t)(r))

IRType x86_type(unsigned bytes)
{
    return bytes == 8 ? IR_I64 : IR_I32;
}

// --- integer registers

IRRef x86_reg64(X86Ctx *c, unsigned reg)
{
    return ir_get(c->b, IR_I64, GPR(reg));
}

IRRef x86_get_gpr(X86Ctx *c, unsigned reg, unsigned bytes, bool high_byte)
{
    IRRef x = x86_reg64(c, reg);
    if (bytes == 8) {
        return x;
    }
    IRRef w = ir_trunc(c->b, x);
    if (bytes == 4) {
        return w;
    }
    return high_byte ? ir_extract(c->b, w, 8, 8) : ir_zext(c->b, w, 8 * bytes);
}

void x86_put_gpr(X86Ctx *c, unsigned reg, unsigned bytes, bool high_byte, IRRef v)
{
    IRRef wide = ir_type(c->b, v) == IR_I32 ? ir_extu(c->b, v) : v;
    if (bytes < 4) {
        wide = ir_deposit(c->b, x86_reg64(c, reg), wide, high_byte ? 8 : 0, 8 * bytes);
    }
    ir_put(c->b, GPR(reg), wide);
}

IRRef x86_flags(X86Ctx *c)
{
    return ir_get(c->b, IR_FLAGS, offsetof(X86CPU, vcpu.flags));
}

void x86_put_flags(X86Ctx *c, IRRef f)
{
    ir_put(c->b, offsetof(X86CPU, vcpu.flags), f);
}

IRFlagCond x86_cond(unsigned cc)
{
    static const uint8_t conds[16] = {
        IR_F_V, IR_F_NV, IR_F_C, IR_F_NC, IR_F_Z,  IR_F_NZ, IR_F_C_OR_Z, IR_F_NC_NZ,
        IR_F_S, IR_F_NS, IR_F_P, IR_F_NP, IR_F_LT, IR_F_GE, IR_F_LE,     IR_F_GT,
    };
    return (IRFlagCond)conds[cc & 15];
}

// --- exceptions

void x86_raise(X86Ctx *c, unsigned vector, unsigned error)
{
    ir_call(c->b, &x86_h_raise, ir_i32(c->b, vector), ir_i32(c->b, error), IR_NONE, IR_NONE);
    ir_exit_loop(c->b); // not reached
    c->ended = true;
}

void x86_raise_ud(X86Ctx *c)
{
    x86_raise(c, X86_UD, 0);
}

bool x86_guard(X86Ctx *c, IRCond cond, IRRef x, IRRef y)
{
    if (c->req->single) {
        return true;
    }
    ir_guard(c->b, cond, x, y);
    return false;
}

// --- ways out

static bool stepping(const X86Ctx *c)
{
    return c->flags & (X86_BF_TF | X86_BF_SHADOW);
}

static void put_pc(X86Ctx *c, IRRef pc)
{
    ir_put(c->b, offsetof(X86CPU, vcpu.pc), pc);
}

// The pc has been put.
static void finish_step(X86Ctx *c)
{
    if (c->flags & X86_BF_SHADOW) {
        ir_call(c->b, &x86_h_end_shadow, IR_NONE, IR_NONE, IR_NONE, IR_NONE);
    }
    if (c->flags & X86_BF_TF) {
        ir_call(c->b, &x86_h_step_done, IR_NONE, IR_NONE, IR_NONE, IR_NONE);
    }
    ir_exit_loop(c->b);
}

void x86_end_shadow(X86Ctx *c)
{
    if (c->shadow == X86_SHADOW_NOW) {
        c->shadow = X86_SHADOW_NONE;
        ir_put_n(c->b, offsetof(X86CPU, inhibit), ir_i32(c->b, 0), 1);
    }
}

static void step_to(X86Ctx *c, IRRef pc)
{
    c->ended = true;
    put_pc(c, pc);
    finish_step(c);
}

static uint64_t linear_of(const X86Ctx *c, uint64_t eip)
{
    return c->flags & X86_BF_CODE64 ? eip : (uint32_t)(c->cs_base + eip);
}

static bool limited(const X86Ctx *c)
{
    return (c->flags & X86_BF_CS) != 0 && !(c->flags & X86_BF_CODE64);
}

// Whether a jump there is #GP(0): beyond the limit of CS, or not canonical.
static bool bad_target(const X86Ctx *c, uint64_t eip)
{
    if (c->flags & X86_BF_CODE64) {
        return (uint64_t)sextract64(eip, 0, 48) != eip;
    }
    return limited(c) && eip > c->cpu->seg[X86_CS].limit;
}

static void check_target(X86Ctx *c, IRRef eip)
{
    ir_call(c->b, &x86_h_check_eip, eip, IR_NONE, IR_NONE, IR_NONE);
}

uint64_t x86_next_eip(X86Ctx *c)
{
    return c->flags & X86_BF_CODE64 ? c->next : (uint32_t)(c->next - c->cs_base);
}

bool x86_refuse_target(X86Ctx *c, uint64_t eip)
{
    if (bad_target(c, eip)) {
        x86_raise(c, X86_GP, 0);
        return true;
    }
    return false;
}

void x86_exit_jump(X86Ctx *c, uint64_t target_eip)
{
    uint64_t target = linear_of(c, target_eip);
    if (x86_refuse_target(c, target_eip)) {
        return;
    }
    x86_end_shadow(c);
    if (stepping(c)) {
        step_to(c, ir_i64(c->b, target));
        return;
    }
    c->ended = true;
    ir_exit_jump(c->b, target);
}

void x86_exit_call(X86Ctx *c, uint64_t target_eip)
{
    uint64_t target = linear_of(c, target_eip);
    x86_end_shadow(c);
    if (stepping(c)) {
        step_to(c, ir_i64(c->b, target));
        return;
    }
    c->ended = true;
    ir_exit_call(c->b, target, c->next);
}

// After a conditional exit the block goes on with the next instruction if the branch went forward:
// such branches mostly fall through, while one that goes back closes a loop.
static void fall_through(X86Ctx *c, uint64_t target)
{
    if (target > c->pc && c->conditional_exits < MAX_CONDITIONAL_EXITS) {
        c->conditional_exits++;
    } else {
        c->ended = true;
        ir_exit_jump(c->b, c->next);
    }
}

void x86_exit_if(X86Ctx *c, IRCond cond, IRRef x, IRRef y, uint64_t target_eip)
{
    uint64_t target = linear_of(c, target_eip);
    if (bad_target(c, target_eip)) {
        check_target(c, ir_select(c->b, cond, x, y, ir_i64(c->b, target_eip), ir_i64(c->b, 0)));
    }
    x86_end_shadow(c);
    if (stepping(c)) {
        IRRef taken = ir_i64(c->b, target), next = ir_i64(c->b, c->next);
        step_to(c, ir_select(c->b, cond, x, y, taken, next));
        return;
    }
    ir_exit_if(c->b, cond, x, y, target);
    fall_through(c, target);
}

void x86_exit_if_f(X86Ctx *c, IRFlagCond cond, IRRef f, uint64_t target_eip)
{
    uint64_t target = linear_of(c, target_eip);
    if (bad_target(c, target_eip)) {
        check_target(c, ir_f_select(c->b, cond, f, ir_i64(c->b, target_eip), ir_i64(c->b, 0)));
    }
    x86_end_shadow(c);
    if (stepping(c)) {
        IRRef taken = ir_i64(c->b, target), next = ir_i64(c->b, c->next);
        step_to(c, ir_f_select(c->b, cond, f, taken, next));
        return;
    }
    ir_exit_if_f(c->b, cond, f, target);
    fall_through(c, target);
}

void x86_exit_repeat(X86Ctx *c, IRRef again)
{
    IRRef zero = ir_i32(c->b, 0);
    x86_end_shadow(c);
    if (stepping(c)) {
        IRRef self = ir_i64(c->b, c->pc), next = ir_i64(c->b, c->next);
        step_to(c, ir_select(c->b, IR_NE, again, zero, self, next));
        return;
    }
    ir_exit_if(c->b, IR_NE, again, zero, c->pc);
    if (c->conditional_exits++ == MAX_CONDITIONAL_EXITS) {
        c->ended = true;
        ir_exit_jump(c->b, c->next);
    }
}

void x86_check_eip(X86Ctx *c, IRRef eip)
{
    // 16-bit targets lie within any limit of 64 KiB and more.
    if (limited(c) && !(c->insn.op_bytes == 2 && c->cpu->seg[X86_CS].limit >= 0xffff)) {
        check_target(c, eip);
    }
}

void x86_exit_ind(X86Ctx *c, IRRef eip, IRIndKind kind)
{
    IRRef pc = eip;
    if (!(c->flags & X86_BF_CODE64) && c->cs_base) {
        pc = ir_extu(c->b, ir_trunc(c->b, ir_addi(c->b, eip, (int64_t)c->cs_base)));
    }
    x86_end_shadow(c);
    if (stepping(c)) {
        step_to(c, pc);
        return;
    }
    c->ended = true;
    ir_exit_ind(c->b, pc, kind, c->next);
}

void x86_put_next_pc(X86Ctx *c)
{
    put_pc(c, ir_i64(c->b, c->next));
}

void x86_exit_loop(X86Ctx *c)
{
    x86_end_shadow(c);
    c->ended = true;
    if (stepping(c)) {
        finish_step(c);
        return;
    }
    ir_exit_loop(c->b);
}

void x86_exit_again(X86Ctx *c)
{
    x86_end_shadow(c);
    c->ended = true;
    if (stepping(c)) {
        finish_step(c);
        return;
    }
    ir_exit_ind(c->b, ir_i64(c->b, c->next), IR_IND_JUMP, 0);
}

void x86_exit_if_mode(X86Ctx *c, IRRef changed)
{
    bool last = c->n == c->limit || c->b->n_slots + SLOTS_KEPT >= IR_MAX_SLOTS;
    if (last || stepping(c)) {
        x86_put_next_pc(c);
        x86_exit_again(c);
        return;
    }
    c->b->exit_checked |= 1u << c->b->n_slots;
    ir_exit_if(c->b, IR_NE, changed, ir_i32(c->b, 0), c->next);
}

void x86_exit_taken(X86Ctx *c)
{
    x86_end_shadow(c);
    c->ended = true;
    if (stepping(c)) {
        finish_step(c);
        return;
    }
    ir_exit_ind(c->b, ir_get(c->b, IR_I64, offsetof(X86CPU, vcpu.pc)), IR_IND_JUMP, 0);
}

void x86_exit_unstepped(X86Ctx *c)
{
    c->ended = true;
    if (c->flags & X86_BF_SHADOW) {
        ir_call(c->b, &x86_h_end_shadow, IR_NONE, IR_NONE, IR_NONE, IR_NONE);
    }
    ir_exit_ind(c->b, ir_get(c->b, IR_I64, offsetof(X86CPU, vcpu.pc)), IR_IND_JUMP, 0);
}
