// The ways out of a block of A32 or T32, and the branch over a conditional instruction.
//
// Software step (of an EL0 program under an AArch64 kernel) ends each by its helper, as in A64. An
// instruction stepped over because its condition fails goes to its own pc with A32_PC_SKIPPED.
#include "target-arm/a32/a32.h"
#include "target-arm/a32/internal.h"
#include "target-arm/helpers.h"

#define MAX_CONDITIONAL_EXITS 4 // of a block, besides its end

// --- conditions

bool a32_may_fail(const ArmCtx *c)
{
    return c->cond < A32_COND_AL && c->cond != c->known;
}

bool a32_never(const ArmCtx *c)
{
    return c->cond < A32_COND_AL && c->cond == (c->known ^ 1);
}

bool a32_room_for_exit(const ArmCtx *c)
{
    return c->conditional_exits < MAX_CONDITIONAL_EXITS;
}

void a32_skip(ArmCtx *c)
{
    if (a32_may_fail(c)) {
        uint64_t target = arm_stepping(c) ? c->pc | A32_PC_SKIPPED : c->next;
        ir_exit_if_f(c->b, a32_cond_of(c->cond ^ 1u), a32_flags(c), target);
        c->conditional_exits++;
        c->known = c->cond;
    }
    c->selects = false;
}

// --- direct

static uint64_t in_set(const ArmCtx *c, uint32_t target)
{
    return (target & ARM_PC_ADDRESS) | (c->pc & ARM_PC_T);
}

static void jump(ArmCtx *c, uint64_t pc)
{
    c->ended = true;
    if (arm_stepping(c)) {
        arm_step_to(c, ir_i64(c->b, pc));
    } else {
        ir_exit_jump(c->b, pc);
    }
}

void a32_exit_next(ArmCtx *c)
{
    jump(c, c->next);
}

// As in A64, the block goes on behind a branch forward.
static void jump_if(ArmCtx *c, uint64_t pc)
{
    IRFlagCond cond = a32_cond_of(c->cond);
    if (arm_stepping(c)) {
        c->ended = true;
        arm_step_to(c,
                    ir_f_select(c->b, cond, a32_flags(c), ir_i64(c->b, pc), ir_i64(c->b, c->next)));
        return;
    }
    ir_exit_if_f(c->b, cond, a32_flags(c), pc);
    c->known = c->cond ^ 1;
    if (pc > c->pc && a32_room_for_exit(c)) {
        c->conditional_exits++;
    } else {
        c->ended = true;
        ir_exit_jump(c->b, c->next);
    }
}

void a32_exit_jump(ArmCtx *c, uint32_t target)
{
    if (!c->selects || !a32_may_fail(c)) {
        jump(c, in_set(c, target));
    } else if (!a32_never(c)) {
        jump_if(c, in_set(c, target));
    }
}

static void call(ArmCtx *c, uint64_t pc)
{
    c->ended = true;
    if (arm_stepping(c)) {
        arm_step_to(c, ir_i64(c->b, pc));
    } else {
        ir_exit_call(c->b, pc, a32_link_value(c));
    }
}

void a32_exit_call(ArmCtx *c, uint32_t target)
{
    call(c, in_set(c, target));
}

void a32_exit_call_exchange(ArmCtx *c, uint32_t target)
{
    call(c, a32_thumb(c) ? target & ~UINT32_C(3) : target | ARM_PC_T);
}

// --- indirect

void a32_exit_bx(ArmCtx *c, IRRef target, IRIndKind kind)
{
    IRRef pc = ir_extu(c->b, target);
    c->ended = true;
    if (arm_stepping(c)) {
        arm_step_to(c, pc);
    } else {
        ir_exit_ind(c->b, pc, kind, a32_link_value(c));
    }
}

// --- past helpers

uint64_t a32_next_pc(const ArmCtx *c)
{
    return c->next;
}

uint32_t a32_link_value(const ArmCtx *c)
{
    return (uint32_t)((c->pc & ARM_PC_ADDRESS) + c->insn_bytes) | (uint32_t)(c->pc & ARM_PC_T);
}

void a32_put_next_pc(ArmCtx *c)
{
    arm_put_pc(c, ir_i64(c->b, c->next));
}

void a32_exit_loop(ArmCtx *c)
{
    c->ended = true;
    if (arm_stepping(c)) {
        arm_finish_step(c);
    } else {
        ir_exit_loop(c->b);
    }
}

void a32_exit_again(ArmCtx *c)
{
    c->ended = true;
    if (arm_stepping(c)) {
        arm_finish_step(c);
    } else {
        ir_exit_ind(c->b, ir_i64(c->b, c->next), IR_IND_JUMP, 0);
    }
}

void a32_exit_taken(ArmCtx *c)
{
    c->ended = true;
    ir_exit_ind(c->b, ir_get(c->b, IR_I64, offsetof(ARMCPU, vcpu.pc)), IR_IND_JUMP, 0);
}

void a32_translate_skipped(ArmCtx *c)
{
    arm_step_to(c, ir_i64(c->b, c->next));
    c->ended = true;
}
