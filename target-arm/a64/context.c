// What every A64 translator uses: registers, flags, memory op bits, and the ways out of a block.
//
// Integer register slots are always read and written whole, as I64: a 32-bit view is a truncation
// and a 32-bit result is zero-extended, so that the passes see one type per slot.
#include "target-arm/a64/a64.h"
#include "target-arm/helpers.h"

#define MAX_CONDITIONAL_EXITS 3 // of a block, besides its end

#define GPR(r)  (offsetof(ARMCPU, vcpu.gpr) + 8 * (size_t)(r))
#define VREG(r) (offsetof(ARMCPU, vcpu.vec) + 16 * (size_t)(r))

enum { SYN_UNDEFINED = 0, SYN_FP_TRAP = 0x07 << 26 | 1 << 24 | 0xe << 20 };

// --- integer registers

IRRef a64_x_sp(ArmCtx *c, unsigned r)
{
    return ir_get(c->b, IR_I64, GPR(r));
}

IRRef a64_x(ArmCtx *c, unsigned r)
{
    return r == 31 ? ir_i64(c->b, 0) : a64_x_sp(c, r);
}

IRRef a64_w(ArmCtx *c, unsigned r)
{
    return r == 31 ? ir_i32(c->b, 0) : ir_trunc(c->b, a64_x_sp(c, r));
}

IRRef a64_r(ArmCtx *c, unsigned r, bool sf)
{
    return sf ? a64_x(c, r) : a64_w(c, r);
}

IRRef a64_r_sp(ArmCtx *c, unsigned r, bool sf)
{
    IRRef x = a64_x_sp(c, r);
    return sf ? x : ir_trunc(c->b, x);
}

static IRRef widen(ArmCtx *c, IRRef v)
{
    return ir_type(c->b, v) == IR_I32 ? ir_extu(c->b, v) : v;
}

void a64_put(ArmCtx *c, unsigned r, IRRef v)
{
    if (r != 31) {
        ir_put(c->b, GPR(r), widen(c, v));
    }
}

void a64_put_sp(ArmCtx *c, unsigned r, IRRef v)
{
    ir_put(c->b, GPR(r), widen(c, v));
    if (r == ARM_SP) {
        c->sp_checked = false;
    }
}

// --- vector registers

IRRef a64_v(ArmCtx *c, unsigned r)
{
    return ir_get(c->b, IR_V128, VREG(r));
}

void a64_put_v(ArmCtx *c, unsigned r, IRRef v)
{
    ir_put(c->b, VREG(r), v);
}

void a64_put_v_q(ArmCtx *c, unsigned r, IRRef v, bool q)
{
    a64_put_v(c, r, q ? v : ir_v1(c->b, IR_vzext, v, 3));
}

// --- flags

IRRef a64_flags(ArmCtx *c)
{
    return ir_get(c->b, IR_FLAGS, offsetof(ARMCPU, vcpu.flags));
}

void a64_put_flags(ArmCtx *c, IRRef f)
{
    ir_put(c->b, offsetof(ARMCPU, vcpu.flags), f);
}

IRFlagCond a64_cond(unsigned cond)
{
    static const uint8_t base[] = {IR_F_Z, IR_F_C, IR_F_S, IR_F_V, IR_F_C_NZ, IR_F_GE, IR_F_GT};
    return (IRFlagCond)(base[cond >> 1] ^ (cond & 1));
}

// --- memory

unsigned a64_memop(ArmCtx *c, unsigned size_log2)
{
    return size_log2 | (c->flags & ARM_BF_ALIGN ? IR_MEM_ALIGN : 0);
}

unsigned a64_memop_ordered(ArmCtx *c, unsigned size_log2)
{
    bool anywhere = arm_has(c->cpu, ARM_FEAT_LSE2) && !(c->flags & ARM_BF_ALIGN);
    return size_log2 | (anywhere ? IR_MEM_ALIGN16 : IR_MEM_ALIGN);
}

// The target of a failed SP check is this odd address: translating there gives the exception
// (translate.c). It costs the aligned case one test and branch, and no call.
#define SP_FAULT_PC 2

IRRef a64_base(ArmCtx *c, unsigned n)
{
    IRRef base = a64_x_sp(c, n);
    if (n == ARM_SP && (c->flags & ARM_BF_SP_ALIGN) && !c->sp_checked) {
        ir_exit_if(c->b, IR_TSTNZ, base, ir_i64(c->b, 15), c->pc | SP_FAULT_PC);
        c->sp_checked = true;
    }
    return base;
}

void a64_writeback(ArmCtx *c, unsigned n, IRRef old, int64_t offset)
{
    bool still_aligned = c->sp_checked && (offset & 15) == 0;
    a64_put_sp(c, n, ir_addi(c->b, old, offset));
    if (n == ARM_SP) {
        c->sp_checked = still_aligned;
    }
}

// --- exceptions

void a64_raise(ArmCtx *c, uint32_t syndrome)
{
    ir_call(c->b, &arm_h_raise, ir_i64(c->b, syndrome), IR_NONE, IR_NONE, IR_NONE);
    ir_exit_loop(c->b); // not reached
    c->ended = true;
}

void a64_raise_undefined(ArmCtx *c)
{
    a64_raise(c, SYN_UNDEFINED);
}

bool a64_fp_trapped(ArmCtx *c)
{
    if (c->flags & ARM_BF_FP_TRAP) {
        a64_raise(c, SYN_FP_TRAP);
        return true;
    }
    return false;
}

// --- ways out

void a64_exit_jump(ArmCtx *c, uint64_t target)
{
    c->ended = true;
    if (arm_stepping(c)) {
        arm_step_to(c, ir_i64(c->b, target));
        return;
    }
    ir_exit_jump(c->b, target);
}

void a64_exit_call(ArmCtx *c, uint64_t target)
{
    c->ended = true;
    if (arm_stepping(c)) {
        arm_step_to(c, ir_i64(c->b, target));
        return;
    }
    ir_exit_call(c->b, target, c->pc + 4);
}

// After a conditional exit the block goes on with the next instruction if the branch went forward:
// such branches mostly fall through, while one that goes back closes a loop.
static void fall_through(ArmCtx *c, uint64_t target)
{
    if (target > c->pc && c->conditional_exits < MAX_CONDITIONAL_EXITS) {
        c->conditional_exits++;
    } else {
        c->ended = true;
        ir_exit_jump(c->b, c->pc + 4);
    }
}

void a64_exit_if(ArmCtx *c, IRCond cond, IRRef x, IRRef y, uint64_t target)
{
    if (arm_stepping(c)) {
        IRRef taken = ir_i64(c->b, target), next = ir_i64(c->b, c->pc + 4);
        c->ended = true;
        arm_step_to(c, ir_select(c->b, cond, x, y, taken, next));
        return;
    }
    ir_exit_if(c->b, cond, x, y, target);
    fall_through(c, target);
}

void a64_exit_if_f(ArmCtx *c, IRFlagCond cond, uint64_t target)
{
    if (arm_stepping(c)) {
        IRRef taken = ir_i64(c->b, target), next = ir_i64(c->b, c->pc + 4);
        c->ended = true;
        arm_step_to(c, ir_f_select(c->b, cond, a64_flags(c), taken, next));
        return;
    }
    ir_exit_if_f(c->b, cond, a64_flags(c), target);
    fall_through(c, target);
}

// A branch drops the tag of its target where TBI holds for instruction addresses (DDI 0487 D8.8:
// bits 63..56 become copies of bit 55).
static unsigned branch_tags(const ArmCtx *c)
{
    return (c->flags & ARM_BF_TBI) / (ARM_BF_TBI & -ARM_BF_TBI);
}

static IRRef strip_tag(ArmCtx *c, IRRef pc)
{
    unsigned tbi = branch_tags(c);
    if (!tbi) {
        return pc;
    }
    IRRef stripped = ir_sextract(c->b, pc, 0, 56);
    if (tbi == 3) {
        return stripped;
    }
    IRCond half = tbi == 1 ? IR_TSTZ : IR_TSTNZ;
    return ir_select(c->b, half, pc, ir_i64(c->b, BIT(55)), stripped, pc);
}

void a64_exit_ind(ArmCtx *c, IRRef target, IRIndKind kind)
{
    c->ended = true;
    if (arm_stepping(c)) {
        arm_step_to(c, strip_tag(c, target));
        return;
    }
    ir_exit_ind_tagged(c->b, target, kind, c->pc + 4, branch_tags(c));
}

void a64_put_next_pc(ArmCtx *c)
{
    arm_put_pc(c, ir_i64(c->b, c->pc + 4));
}

void a64_exit_loop(ArmCtx *c)
{
    c->ended = true;
    if (arm_stepping(c)) {
        arm_finish_step(c);
        return;
    }
    ir_exit_loop(c->b);
}

void a64_exit_again(ArmCtx *c)
{
    c->ended = true;
    if (arm_stepping(c)) {
        arm_finish_step(c);
        return;
    }
    ir_exit_ind(c->b, ir_i64(c->b, c->pc + 4), IR_IND_JUMP, 0);
}

void a64_exit_taken(ArmCtx *c)
{
    c->ended = true;
    ir_exit_ind(c->b, ir_get(c->b, IR_I64, offsetof(ARMCPU, vcpu.pc)), IR_IND_JUMP, 0);
}
