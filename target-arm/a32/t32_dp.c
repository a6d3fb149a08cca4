// T32 data processing: modified immediates (DDI 0487 F3.1.3), shifted registers (F3.1.8), plain
// immediates, and shifts by a register (F3.1.10).
#include "target-arm/a32/t32.h"

// With d 15 and S, four of the operations are comparisons; elsewhere d 15 is UNPREDICTABLE, as is n
// 15 where that does not make MOV and MVN of ORR and ORN.
static bool choose(unsigned *op, unsigned n, unsigned d, bool set)
{
    static const uint8_t compare[] = {
        [A32_AND] = A32_TST + 1,
        [A32_EOR] = A32_TEQ + 1,
        [A32_ADD] = A32_CMN + 1,
        [A32_SUB] = A32_CMP + 1,
    };
    if (n == 15 && (*op == A32_ORR || *op == A32_ORN)) {
        *op = *op == A32_ORR ? A32_MOV : A32_MVN;
    } else if (n == 15) {
        return false;
    }
    if (d != 15) {
        return true;
    }
    if (!set || *op >= ARRAY_LEN(compare) || !compare[*op]) {
        return false;
    }
    *op = compare[*op] - 1u;
    return true;
}

static bool by_imm(ArmCtx *c, const ArmFields *f, unsigned op)
{
    int carry;
    uint32_t imm = t32_expand_imm(f->i, &carry);
    return choose(&op, f->n, f->d, f->S) && a32_alu_imm(c, op, f->S, f->d, f->n, imm, carry);
}

static bool by_shift(ArmCtx *c, const ArmFields *f, unsigned op)
{
    return f->m != 15 && choose(&op, f->n, f->d, f->S) &&
           a32_alu_shift_imm(c, op, f->S, f->d, f->n, f->m, f->t, f->i);
}

#define OPERATION(name, op)                                                                        \
    static bool tr_##name##_imm(ArmCtx *c, const ArmFields *f)                                     \
    {                                                                                              \
        return by_imm(c, f, op);                                                                   \
    }                                                                                              \
    static bool tr_##name##_reg(ArmCtx *c, const ArmFields *f)                                     \
    {                                                                                              \
        return by_shift(c, f, op);                                                                 \
    }

// clang-format off
OPERATION(and, A32_AND)
OPERATION(bic, A32_BIC)
OPERATION(orr, A32_ORR)
OPERATION(orn, A32_ORN)
OPERATION(eor, A32_EOR)
OPERATION(add, A32_ADD)
OPERATION(adc, A32_ADC)
OPERATION(sbc, A32_SBC)
OPERATION(sub, A32_SUB)
OPERATION(rsb, A32_RSB)
// clang-format on

static bool tr_shift_reg(ArmCtx *c, const ArmFields *f)
{
    return f->d != 15 && f->n != 15 && f->m != 15 &&
           a32_alu_shift_reg(c, A32_MOV, f->S, f->d, 0, f->n, f->t, f->m);
}

// --- plain immediates

// Of pc: aligned down, which is ADR.
static bool add_wide(ArmCtx *c, const ArmFields *f, int32_t imm)
{
    if (f->d == 15) {
        return false;
    }
    a32_put(c, f->d, ir_addi(c->b, a32_r_aligned(c, f->n), imm));
    return true;
}

static bool tr_addw(ArmCtx *c, const ArmFields *f)
{
    return add_wide(c, f, (int32_t)f->i);
}

static bool tr_subw(ArmCtx *c, const ArmFields *f)
{
    return add_wide(c, f, -(int32_t)f->i);
}

static bool tr_movw(ArmCtx *c, const ArmFields *f)
{
    return f->d != 15 && a32_movw(c, f->d, f->k << 12 | f->i);
}

static bool tr_movt(ArmCtx *c, const ArmFields *f)
{
    return f->d != 15 && a32_movt(c, f->d, f->k << 12 | f->i);
}

#define SELECTS ARM_ROW_SELECTS

static const ArmRow rows[] = {
    {"AND_imm", "1111 0i00 000S nnnn 0iii dddd iiii iiii", tr_and_imm, SELECTS},
    {"BIC_imm", "1111 0i00 001S nnnn 0iii dddd iiii iiii", tr_bic_imm, SELECTS},
    {"ORR_imm", "1111 0i00 010S nnnn 0iii dddd iiii iiii", tr_orr_imm, SELECTS},
    {"ORN_imm", "1111 0i00 011S nnnn 0iii dddd iiii iiii", tr_orn_imm, SELECTS},
    {"EOR_imm", "1111 0i00 100S nnnn 0iii dddd iiii iiii", tr_eor_imm, SELECTS},
    {"ADD_imm", "1111 0i01 000S nnnn 0iii dddd iiii iiii", tr_add_imm, SELECTS},
    {"ADC_imm", "1111 0i01 010S nnnn 0iii dddd iiii iiii", tr_adc_imm, SELECTS},
    {"SBC_imm", "1111 0i01 011S nnnn 0iii dddd iiii iiii", tr_sbc_imm, SELECTS},
    {"SUB_imm", "1111 0i01 101S nnnn 0iii dddd iiii iiii", tr_sub_imm, SELECTS},
    {"RSB_imm", "1111 0i01 110S nnnn 0iii dddd iiii iiii", tr_rsb_imm, SELECTS},

    {"AND_reg", "1110 1010 000S nnnn 0iii dddd iitt mmmm", tr_and_reg, SELECTS},
    {"BIC_reg", "1110 1010 001S nnnn 0iii dddd iitt mmmm", tr_bic_reg, SELECTS},
    {"ORR_reg", "1110 1010 010S nnnn 0iii dddd iitt mmmm", tr_orr_reg, SELECTS},
    {"ORN_reg", "1110 1010 011S nnnn 0iii dddd iitt mmmm", tr_orn_reg, SELECTS},
    {"EOR_reg", "1110 1010 100S nnnn 0iii dddd iitt mmmm", tr_eor_reg, SELECTS},
    {"ADD_reg", "1110 1011 000S nnnn 0iii dddd iitt mmmm", tr_add_reg, SELECTS},
    {"ADC_reg", "1110 1011 010S nnnn 0iii dddd iitt mmmm", tr_adc_reg, SELECTS},
    {"SBC_reg", "1110 1011 011S nnnn 0iii dddd iitt mmmm", tr_sbc_reg, SELECTS},
    {"SUB_reg", "1110 1011 101S nnnn 0iii dddd iitt mmmm", tr_sub_reg, SELECTS},
    {"RSB_reg", "1110 1011 110S nnnn 0iii dddd iitt mmmm", tr_rsb_reg, SELECTS},

    {"SHIFT_reg", "1111 1010 0ttS nnnn 1111 dddd 0000 mmmm", tr_shift_reg, SELECTS},

    {"ADDW", "1111 0i10 0000 nnnn 0iii dddd iiii iiii", tr_addw, SELECTS},
    {"SUBW", "1111 0i10 1010 nnnn 0iii dddd iiii iiii", tr_subw, SELECTS},
    {"MOVW", "1111 0i10 0100 kkkk 0iii dddd iiii iiii", tr_movw, SELECTS},
    {"MOVT", "1111 0i10 1100 kkkk 0iii dddd iiii iiii", tr_movt, SELECTS},
};

const ArmChapter t32_dp = {"T32 data processing", rows, ARRAY_LEN(rows)};
