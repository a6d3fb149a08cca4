// Branches, exception generation and return (DDI 0487 C4.1.93).
#include "target-arm/a64/a64.h"
#include "target-arm/a64/pauth.h"
#include "target-arm/helpers.h"
#include "target-arm/system.h"

#define LR 30

static uint64_t relative(const ArmCtx *c, uint32_t imm, unsigned bits)
{
    return c->pc + (uint64_t)(sextract64(imm, 0, bits) * 4);
}

static void put_link(ArmCtx *c)
{
    a64_put(c, LR, ir_i64(c->b, c->pc + 4));
}

static bool tr_b(ArmCtx *c, const ArmFields *f)
{
    a64_exit_jump(c, relative(c, f->i, 26));
    return true;
}

static bool tr_bl(ArmCtx *c, const ArmFields *f)
{
    put_link(c);
    a64_exit_call(c, relative(c, f->i, 26));
    return true;
}

static bool tr_b_cond(ArmCtx *c, const ArmFields *f)
{
    uint64_t target = relative(c, f->i, 19);
    if (f->c >= 14) {
        a64_exit_jump(c, target);
    } else {
        a64_exit_if_f(c, a64_cond(f->c), target);
    }
    return true;
}

static bool tr_cbz(ArmCtx *c, const ArmFields *f)
{
    IRRef t = a64_r(c, f->t, f->z);
    IRRef zero = ir_const(c->b, ir_type(c->b, t), 0);
    a64_exit_if(c, f->o ? IR_NE : IR_EQ, t, zero, relative(c, f->i, 19));
    return true;
}

static bool tr_tbz(ArmCtx *c, const ArmFields *f)
{
    unsigned bit = f->h << 5 | f->b;
    IRRef mask = ir_i64(c->b, BIT(bit));
    a64_exit_if(c, f->o ? IR_TSTNZ : IR_TSTZ, a64_x(c, f->t), mask, relative(c, f->i, 14));
    return true;
}

// The target is read before the link register is written: BLR X30.
static bool branch_reg(ArmCtx *c, IRRef target, IRIndKind kind)
{
    if (kind == IR_IND_CALL) {
        put_link(c);
    }
    a64_exit_ind(c, target, kind);
    return true;
}

static bool tr_br(ArmCtx *c, const ArmFields *f)
{
    return branch_reg(c, a64_x(c, f->n), IR_IND_JUMP);
}

static bool tr_blr(ArmCtx *c, const ArmFields *f)
{
    return branch_reg(c, a64_x(c, f->n), IR_IND_CALL);
}

static bool tr_ret(ArmCtx *c, const ArmFields *f)
{
    return branch_reg(c, a64_x(c, f->n), IR_IND_RET);
}

// BRAA, BLRAA and their kind: l = link, k = key A or B, modifier Xm or SP; the Z forms have zero.
static bool tr_br_auth(ArmCtx *c, const ArmFields *f)
{
    IRRef target = a64_auth(c, a64_x(c, f->n), a64_x_sp(c, f->m), PAUTH_IA + f->k);
    return branch_reg(c, target, f->l ? IR_IND_CALL : IR_IND_JUMP);
}

static bool tr_br_auth_zero(ArmCtx *c, const ArmFields *f)
{
    IRRef target = a64_auth(c, a64_x(c, f->n), ir_i64(c->b, 0), PAUTH_IA + f->k);
    return branch_reg(c, target, f->l ? IR_IND_CALL : IR_IND_JUMP);
}

static bool tr_ret_auth(ArmCtx *c, const ArmFields *f)
{
    IRRef target = a64_auth(c, a64_x(c, LR), a64_x_sp(c, ARM_SP), PAUTH_IA + f->k);
    return branch_reg(c, target, IR_IND_RET);
}

// --- exception return

static IRRef exception_link(ArmCtx *c)
{
    unsigned el = c->flags & ARM_BF_EL;
    return ir_get(c->b, IR_I64, offsetof(ARMCPUAll, sys) + offsetof(ARMSystem, elr_el) + 8 * el);
}

static void exception_return(ArmCtx *c, IRRef target)
{
    ir_call(c->b, &arm_h_eret, target, IR_NONE, IR_NONE, IR_NONE);
    a64_exit_taken(c);
}

static bool tr_eret(ArmCtx *c, const ArmFields *f)
{
    (void)f;
    if ((c->flags & ARM_BF_EL) == 0) {
        return false;
    }
    exception_return(c, exception_link(c));
    return true;
}

static bool tr_eret_auth(ArmCtx *c, const ArmFields *f)
{
    if ((c->flags & ARM_BF_EL) == 0) {
        return false;
    }
    IRRef elr = exception_link(c);
    exception_return(c, a64_auth(c, elr, a64_x_sp(c, ARM_SP), PAUTH_IA + f->k));
    return true;
}

// --- exception generation

// The preferred return address of these is the next instruction.
static void call_exception(ArmCtx *c, const IRHelper *h, uint32_t imm)
{
    a64_put_next_pc(c);
    ir_call(c->b, h, ir_i32(c->b, imm), IR_NONE, IR_NONE, IR_NONE);
}

static bool tr_svc(ArmCtx *c, const ArmFields *f)
{
    call_exception(c, &arm_h_svc, f->i);
    a64_exit_taken(c);
    return true;
}

// Firmware calls may stop or suspend the CPU: the dispatcher has to look.
static bool call_firmware(ArmCtx *c, const IRHelper *h, uint32_t imm)
{
    if ((c->flags & ARM_BF_EL) == 0) {
        return false;
    }
    call_exception(c, h, imm);
    ir_exit_loop(c->b);
    c->ended = true;
    return true;
}

static bool tr_hvc(ArmCtx *c, const ArmFields *f)
{
    return call_firmware(c, &arm_h_hvc, f->i);
}

static bool tr_smc(ArmCtx *c, const ArmFields *f)
{
    return call_firmware(c, &arm_h_smc, f->i);
}

static bool tr_brk(ArmCtx *c, const ArmFields *f)
{
    ir_call(c->b, &arm_h_brk, ir_i32(c->b, f->i), IR_NONE, IR_NONE, IR_NONE);
    ir_exit_loop(c->b); // not reached
    c->ended = true;
    return true;
}

// A semihosting call returns here and goes on at the next instruction.
static bool tr_hlt(ArmCtx *c, const ArmFields *f)
{
    ir_call(c->b, &arm_h_hlt, ir_i32(c->b, f->i), IR_NONE, IR_NONE, IR_NONE);
    a64_put_next_pc(c);
    a64_exit_loop(c);
    return true;
}

static bool tr_udf(ArmCtx *c, const ArmFields *f)
{
    (void)f;
    a64_raise_undefined(c);
    return true;
}

static const ArmRow rows[] = {
    {"B", "0001 01ii iiii iiii iiii iiii iiii iiii", tr_b, ARM_FEAT_BASE},
    {"BL", "1001 01ii iiii iiii iiii iiii iiii iiii", tr_bl, ARM_FEAT_BASE},
    {"B_cond", "0101 0100 iiii iiii iiii iiii iii0 cccc", tr_b_cond, ARM_FEAT_BASE},
    {"CBZ", "z011 010o iiii iiii iiii iiii iiit tttt", tr_cbz, ARM_FEAT_BASE},
    {"TBZ", "h011 011o bbbb biii iiii iiii iiit tttt", tr_tbz, ARM_FEAT_BASE},
    {"BR", "1101 0110 0001 1111 0000 00nn nnn0 0000", tr_br, ARM_FEAT_BASE},
    {"BLR", "1101 0110 0011 1111 0000 00nn nnn0 0000", tr_blr, ARM_FEAT_BASE},
    {"RET", "1101 0110 0101 1111 0000 00nn nnn0 0000", tr_ret, ARM_FEAT_BASE},
    {"BRA_zero", "1101 0110 00l1 1111 0000 1knn nnn1 1111", tr_br_auth_zero, ARM_FEAT_PAUTH},
    {"BRA", "1101 0111 00l1 1111 0000 1knn nnnm mmmm", tr_br_auth, ARM_FEAT_PAUTH},
    {"RETA", "1101 0110 0101 1111 0000 1k11 1111 1111", tr_ret_auth, ARM_FEAT_PAUTH},
    {"ERET", "1101 0110 1001 1111 0000 0011 1110 0000", tr_eret, ARM_FEAT_BASE},
    {"ERETA", "1101 0110 1001 1111 0000 1k11 1111 1111", tr_eret_auth, ARM_FEAT_PAUTH},
    {"SVC", "1101 0100 000i iiii iiii iiii iii0 0001", tr_svc, ARM_FEAT_BASE},
    {"HVC", "1101 0100 000i iiii iiii iiii iii0 0010", tr_hvc, ARM_FEAT_BASE},
    {"SMC", "1101 0100 000i iiii iiii iiii iii0 0011", tr_smc, ARM_FEAT_BASE},
    {"BRK", "1101 0100 001i iiii iiii iiii iii0 0000", tr_brk, ARM_FEAT_BASE},
    {"HLT", "1101 0100 010i iiii iiii iiii iii0 0000", tr_hlt, ARM_FEAT_BASE},
    {"UDF", "0000 0000 0000 0000 iiii iiii iiii iiii", tr_udf, ARM_FEAT_BASE},
};
const ArmChapter a64_branches = {"Branches and exceptions", rows, ARRAY_LEN(rows)};
