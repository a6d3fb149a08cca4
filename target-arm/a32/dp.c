// Data processing of A32 and T32 (DDI 0487 F4.1.2, F5.1): the sixteen operations and ORN on an
// immediate, a shifted register or a register shifted by a register; MOVW and MOVT.
#include "target-arm/a32/share.h"

static bool is_compare(unsigned op)
{
    return op >= A32_TST && op <= A32_CMN;
}

// --- the operations

static IRRef borrow(ArmCtx *c)
{
    return ir_f_cmc(c->b, a32_flags(c));
}

static IRRef value_of(ArmCtx *c, unsigned op, IRRef n, IRRef m)
{
    switch (op) {
    case A32_AND:
    case A32_TST:
        return ir_and(c->b, n, m);
    case A32_EOR:
    case A32_TEQ:
        return ir_xor(c->b, n, m);
    case A32_SUB:
        return ir_sub(c->b, n, m);
    case A32_RSB:
        return ir_sub(c->b, m, n);
    case A32_ADD:
        return ir_add(c->b, n, m);
    case A32_ADC:
        return ir_adc(c->b, n, m, a32_flags(c));
    case A32_SBC:
        return ir_sbb(c->b, n, m, borrow(c));
    case A32_RSC:
        return ir_sbb(c->b, m, n, borrow(c));
    case A32_ORR:
        return ir_or(c->b, n, m);
    case A32_MOV:
        return m;
    case A32_BIC:
        return ir_andn(c->b, n, m);
    case A32_MVN:
        return ir_not(c->b, m);
    case A32_ORN:
        return ir_orn(c->b, n, m);
    default: // CMP, CMN: flags only
        return IR_NONE;
    }
}

// N and Z of the result, C of the shifter, V as it was.
static IRRef logical_flags(ArmCtx *c, IRRef v, IRRef shifted)
{
    return ir_f_nz(c->b, shifted == IR_NONE ? a32_flags(c) : shifted, v);
}

// Arm's carry of a subtraction is "no borrow".
static IRRef flags_of(ArmCtx *c, unsigned op, IRRef n, IRRef m, IRRef v, IRRef shifted)
{
    switch (op) {
    case A32_SUB:
    case A32_CMP:
        return ir_f_cmc(c->b, ir_f_sub(c->b, n, m));
    case A32_RSB:
        return ir_f_cmc(c->b, ir_f_sub(c->b, m, n));
    case A32_ADD:
    case A32_CMN:
        return ir_f_add(c->b, n, m);
    case A32_ADC:
        return ir_f_adc(c->b, n, m, a32_flags(c));
    case A32_SBC:
        return ir_f_cmc(c->b, ir_f_sbb(c->b, n, m, borrow(c)));
    case A32_RSC:
        return ir_f_cmc(c->b, ir_f_sbb(c->b, m, n, borrow(c)));
    default:
        return logical_flags(c, v, shifted);
    }
}

bool a32_alu(ArmCtx *c, unsigned op, bool set, unsigned d, IRRef n, IRRef m, IRRef shifted)
{
    IRRef v = value_of(c, op, n, m);
    if (set && d == A32_PC && !is_compare(op)) {
        return a32_exception_return(c, v);
    }
    IRRef flags = set ? flags_of(c, op, n, m, v, shifted) : IR_NONE;
    if (!is_compare(op)) {
        a32_put(c, d, v);
    }
    if (set) {
        a32_put_flags(c, flags);
    }
    return true;
}

// --- operands

static IRRef first(ArmCtx *c, unsigned op, unsigned n)
{
    return op == A32_MOV || op == A32_MVN ? IR_NONE : a32_r(c, n);
}

static bool wants_carry(unsigned op, bool set)
{
    static const uint32_t logical = 1u << A32_AND | 1u << A32_EOR | 1u << A32_TST | 1u << A32_TEQ |
                                    1u << A32_ORR | 1u << A32_MOV | 1u << A32_BIC | 1u << A32_MVN |
                                    1u << A32_ORN;
    return set && logical >> op & 1;
}

bool a32_alu_imm(ArmCtx *c, unsigned op, bool set, unsigned d, unsigned n, uint32_t imm, int carry)
{
    IRRef shifted = IR_NONE, a = first(c, op, n);
    if (wants_carry(op, set) && carry >= 0) {
        shifted = ir_f_setc(c->b, a32_flags(c), ir_i32(c->b, (uint32_t)carry));
    }
    return a32_alu(c, op, set, d, a, ir_i32(c->b, imm), shifted);
}

// MOV PC, LR
static bool is_return(unsigned op, bool set, unsigned d, unsigned m, unsigned type, unsigned amount)
{
    return op == A32_MOV && !set && d == A32_PC && m == A32_LR && !type && !amount;
}

static bool return_by_mov(ArmCtx *c)
{
    a32_skip(c);
    IRRef lr = a32_r(c, A32_LR);
    if (a32_thumb(c)) {
        lr = ir_or(c->b, lr, ir_i32(c->b, ARM_PC_T));
    }
    a32_exit_bx(c, lr, IR_IND_RET);
    return true;
}

bool a32_alu_shift_imm(ArmCtx *c, unsigned op, bool set, unsigned d, unsigned n, unsigned m,
                       unsigned type, unsigned amount)
{
    if (is_return(op, set, d, m, type, amount)) {
        return return_by_mov(c);
    }
    IRRef shifted = IR_NONE, a = first(c, op, n), r = a32_r(c, m);
    bool unchanged = !type && !amount;
    IRRef b =
        a32_shift_imm(c, r, type, amount, wants_carry(op, set) && !unchanged ? &shifted : NULL);
    return a32_alu(c, op, set, d, a, b, shifted);
}

bool a32_alu_shift_reg(ArmCtx *c, unsigned op, bool set, unsigned d, unsigned n, unsigned m,
                       unsigned type, unsigned s)
{
    IRRef shifted = IR_NONE, a = first(c, op, n), r = a32_r(c, m);
    IRRef b = a32_shift_reg(c, r, type, a32_r(c, s), wants_carry(op, set) ? &shifted : NULL);
    return a32_alu(c, op, set, d, a, b, shifted);
}

// --- MOVW, MOVT

bool a32_movw(ArmCtx *c, unsigned d, uint32_t imm16)
{
    a32_put(c, d, ir_i32(c->b, imm16));
    return true;
}

bool a32_movt(ArmCtx *c, unsigned d, uint32_t imm16)
{
    a32_put(c, d, ir_deposit(c->b, a32_r(c, d), ir_i32(c->b, imm16), 16, 16));
    return true;
}

// --- A32's rows

// Compares that do not set flags are other instructions; registers that are not used are R0.
static bool is_allocated(const ArmFields *f)
{
    if (is_compare(f->o)) {
        return f->S && f->d == 0;
    }
    return (f->o != A32_MOV && f->o != A32_MVN) || f->n == 0;
}

static bool tr_imm(ArmCtx *c, const ArmFields *f)
{
    int carry;
    uint32_t imm = a32_expand_imm(f->i, &carry);
    return is_allocated(f) && a32_alu_imm(c, f->o, f->S, f->d, f->n, imm, carry);
}

static bool tr_shift_imm(ArmCtx *c, const ArmFields *f)
{
    return is_allocated(f) && a32_alu_shift_imm(c, f->o, f->S, f->d, f->n, f->m, f->t, f->i);
}

static bool tr_shift_reg(ArmCtx *c, const ArmFields *f)
{
    return is_allocated(f) && a32_alu_shift_reg(c, f->o, f->S, f->d, f->n, f->m, f->t, f->s);
}

static bool tr_movw(ArmCtx *c, const ArmFields *f)
{
    return a32_movw(c, f->d, f->i);
}

static bool tr_movt(ArmCtx *c, const ArmFields *f)
{
    return a32_movt(c, f->d, f->i);
}

static const ArmRow rows[] = {
    {"DP_imm", "---- 001o oooS nnnn dddd iiii iiii iiii", tr_imm, ARM_ROW_SELECTS},
    {"DP_reg", "---- 000o oooS nnnn dddd iiii itt0 mmmm", tr_shift_imm, ARM_ROW_SELECTS},
    {"DP_reg_reg", "---- 000o oooS nnnn dddd ssss 0tt1 mmmm", tr_shift_reg, ARM_ROW_SELECTS},
    {"MOVW", "---- 0011 0000 iiii dddd iiii iiii iiii", tr_movw, ARM_ROW_SELECTS},
    {"MOVT", "---- 0011 0100 iiii dddd iiii iiii iiii", tr_movt, ARM_ROW_SELECTS},
};
const ArmChapter a32_dp = {"Data processing", rows, ARRAY_LEN(rows)};
