// Branches, exceptions and returns of A32 and T32 (DDI 0487 F4.1.2, F4.1.14).
#include "hw/core/machine.h"
#include "target-arm/a32/share.h"
#include "target-arm/helpers.h"
#include "target-arm/helpers_a32.h"

static bool at_el0(const ArmCtx *c)
{
    return (c->flags & ARM_BF_EL) == 0;
}

static void put_link(ArmCtx *c)
{
    a32_put(c, A32_LR, ir_i32(c->b, a32_link_value(c)));
}

// --- to a register

bool a32_tr_bx(ArmCtx *c, const ArmFields *f)
{
    a32_exit_bx(c, a32_r(c, f->m), f->m == A32_LR ? IR_IND_RET : IR_IND_JUMP);
    return true;
}

bool a32_tr_blx(ArmCtx *c, const ArmFields *f)
{
    IRRef target = a32_r(c, f->m);
    put_link(c);
    a32_exit_bx(c, target, IR_IND_CALL);
    return true;
}

// There is no Jazelle state to go to.
bool a32_tr_bxj(ArmCtx *c, const ArmFields *f)
{
    return a32_tr_bx(c, f);
}

// --- exceptions. The preferred return address of SVC, HVC and SMC is the next instruction.

static void call_exception(ArmCtx *c, const IRHelper *h, uint32_t imm)
{
    a32_put_next_pc(c);
    ir_call(c->b, h, ir_i32(c->b, imm & 0xffff), IR_NONE, IR_NONE, IR_NONE);
}

// HLT's number for A64 and A32; T32 has another.
enum { SEMIHOSTING_HLT = 0xf000, SEMIHOSTING_HLT_T32 = 0x3c };
enum { SEMIHOSTING_SVC = 0x123456, SEMIHOSTING_SVC_T32 = 0xab };

static unsigned semihosting_hlt(const ArmCtx *c)
{
    return a32_thumb(c) ? SEMIHOSTING_HLT_T32 : SEMIHOSTING_HLT;
}

// The helper tells the instruction set by the pc.
static bool semihosting(ArmCtx *c)
{
    a32_put_next_pc(c);
    ir_call(c->b, &arm_h_hlt, ir_i32(c->b, semihosting_hlt(c)), IR_NONE, IR_NONE, IR_NONE);
    a32_exit_loop(c);
    return true;
}

static bool is_semihosting_svc(const ArmCtx *c, uint32_t imm)
{
    const Machine *m = c->cpu->vcpu.machine;
    uint32_t number = a32_thumb(c) ? SEMIHOSTING_SVC_T32 : SEMIHOSTING_SVC;
    return imm == number && !at_el0(c) && m && m->config.semihosting;
}

bool a32_tr_svc(ArmCtx *c, const ArmFields *f)
{
    if (is_semihosting_svc(c, f->i)) {
        return semihosting(c);
    }
    call_exception(c, &arm_h_svc, f->i);
    a32_exit_taken(c);
    return true;
}

// Firmware calls may stop or suspend the CPU: the dispatcher has to look.
static bool call_firmware(ArmCtx *c, const IRHelper *h, uint32_t imm)
{
    if (at_el0(c)) {
        return false;
    }
    call_exception(c, h, imm);
    ir_exit_loop(c->b);
    c->ended = true;
    return true;
}

bool a32_tr_hvc(ArmCtx *c, const ArmFields *f)
{
    return call_firmware(c, &arm_h_hvc, f->i);
}

bool a32_tr_smc(ArmCtx *c, const ArmFields *f)
{
    return call_firmware(c, &arm_h_smc, f->i);
}

bool a32_tr_bkpt(ArmCtx *c, const ArmFields *f)
{
    ir_call(c->b, &arm_h_bkpt, ir_i32(c->b, f->i), IR_NONE, IR_NONE, IR_NONE);
    ir_exit_loop(c->b); // not reached
    c->ended = true;
    return true;
}

bool a32_tr_hlt(ArmCtx *c, const ArmFields *f)
{
    return f->i == semihosting_hlt(c) && semihosting(c);
}

bool a32_tr_udf(ArmCtx *c, const ArmFields *f)
{
    (void)f;
    return a32_undefined(c);
}

// --- exception return

bool a32_exception_return(ArmCtx *c, IRRef target)
{
    a32_skip(c);
    ir_call(c->b, &arm_h_return, target, IR_NONE, IR_NONE, IR_NONE);
    a32_exit_taken(c);
    return true;
}

bool a32_tr_eret(ArmCtx *c, const ArmFields *f)
{
    (void)f;
    return !at_el0(c) && a32_exception_return(c, a32_r(c, A32_LR));
}

// --- A32's rows

static uint32_t relative(ArmCtx *c, uint32_t imm24)
{
    return (uint32_t)(c->pc & ARM_PC_ADDRESS) + 8 + (uint32_t)(sextract64(imm24, 0, 24) * 4);
}

static bool tr_b(ArmCtx *c, const ArmFields *f)
{
    a32_exit_jump(c, relative(c, f->i));
    return true;
}

static bool tr_bl(ArmCtx *c, const ArmFields *f)
{
    put_link(c);
    a32_exit_call(c, relative(c, f->i));
    return true;
}

static bool tr_blx_imm(ArmCtx *c, const ArmFields *f)
{
    put_link(c);
    a32_exit_call_exchange(c, relative(c, f->i) + 2 * f->h);
    return true;
}

static const ArmRow rows[] = {
    {"B", "---- 1010 iiii iiii iiii iiii iiii iiii", tr_b, ARM_ROW_SELECTS},
    {"BL", "---- 1011 iiii iiii iiii iiii iiii iiii", tr_bl, ARM_FEAT_BASE},
    {"BLX_imm", "1111 101h iiii iiii iiii iiii iiii iiii", tr_blx_imm, ARM_FEAT_BASE},
    {"BX", "---- 0001 0010 1111 1111 1111 0001 mmmm", a32_tr_bx, ARM_FEAT_BASE},
    {"BXJ", "---- 0001 0010 1111 1111 1111 0010 mmmm", a32_tr_bxj, ARM_FEAT_BASE},
    {"BLX_reg", "---- 0001 0010 1111 1111 1111 0011 mmmm", a32_tr_blx, ARM_FEAT_BASE},
    {"SVC", "---- 1111 iiii iiii iiii iiii iiii iiii", a32_tr_svc, ARM_FEAT_BASE},
    {"HLT", "1110 0001 0000 iiii iiii iiii 0111 iiii", a32_tr_hlt, ARM_FEAT_BASE},
    {"BKPT", "1110 0001 0010 iiii iiii iiii 0111 iiii", a32_tr_bkpt, ARM_FEAT_BASE},
    {"HVC", "1110 0001 0100 iiii iiii iiii 0111 iiii", a32_tr_hvc, ARM_FEAT_VIRT},
    {"SMC", "---- 0001 0110 0000 0000 0000 0111 iiii", a32_tr_smc, ARM_FEAT_BASE},
    {"ERET", "---- 0001 0110 0000 0000 0000 0110 1110", a32_tr_eret, ARM_FEAT_VIRT},
    {"UDF", "---- 0111 1111 iiii iiii iiii 1111 iiii", a32_tr_udf, ARM_FEAT_BASE},
};
const ArmChapter a32_branches = {"Branches and exceptions", rows, ARRAY_LEN(rows)};
