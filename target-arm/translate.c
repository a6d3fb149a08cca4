// What translating A64, A32 and T32 code has in common: the end of a software step, and the
// exclusive monitor.
#include "target-arm/translate.h"

#include "target-arm/helpers.h"

// --- software step

void arm_put_pc(ArmCtx *c, IRRef pc)
{
    ir_put(c->b, offsetof(ARMCPU, vcpu.pc), pc);
}

void arm_finish_step(ArmCtx *c)
{
    ir_call(c->b, &arm_h_step_done, IR_NONE, IR_NONE, IR_NONE, IR_NONE);
    ir_exit_loop(c->b);
}

void arm_step_to(ArmCtx *c, IRRef pc)
{
    arm_put_pc(c, pc);
    arm_finish_step(c);
}

// --- the exclusive monitor

void arm_open_monitor(ArmCtx *c, IRRef addr, IRRef value, unsigned size)
{
    IRRef wide = ir_type(c->b, value) == IR_I32 ? ir_extu(c->b, value) : value;
    ir_put(c->b, offsetof(ARMCPU, exclusive_addr), addr);
    ir_put(c->b, offsetof(ARMCPU, exclusive_size), ir_i32(c->b, 1u << size));
    ir_put(c->b, offsetof(ARMCPU, exclusive_value), wide);
}

IRRef arm_monitor_holds(ArmCtx *c, IRRef addr, unsigned size)
{
    IRRef held_addr = ir_get(c->b, IR_I64, offsetof(ARMCPU, exclusive_addr));
    IRRef held_size = ir_get(c->b, IR_I32, offsetof(ARMCPU, exclusive_size));
    return ir_and(c->b, ir_cmpset(c->b, IR_EQ, held_addr, addr),
                  ir_cmpset(c->b, IR_EQ, held_size, ir_i32(c->b, 1u << size)));
}

void arm_close_monitor(ArmCtx *c)
{
    ir_put(c->b, offsetof(ARMCPU, exclusive_size), ir_i32(c->b, 0));
}
