// T16: the 16-bit instructions of T32 (DDI 0487 F3.2). Their registers are r0-r7 but where a row
// has more bits for one; those that set flags do so outside of IT blocks only.
#include "target-arm/a32/t32.h"

static bool sets(const ArmCtx *c)
{
    return !t32_in_it(c);
}

// --- shift, add, subtract, move, compare (F3.2.1)

static bool tr_shift_imm(ArmCtx *c, const ArmFields *f)
{
    return a32_alu_shift_imm(c, A32_MOV, sets(c), f->d, 0, f->m, f->t, f->i);
}

static bool tr_add_reg(ArmCtx *c, const ArmFields *f)
{
    return a32_alu_shift_imm(c, A32_ADD, sets(c), f->d, f->n, f->m, 0, 0);
}

static bool tr_sub_reg(ArmCtx *c, const ArmFields *f)
{
    return a32_alu_shift_imm(c, A32_SUB, sets(c), f->d, f->n, f->m, 0, 0);
}

static bool tr_add_imm3(ArmCtx *c, const ArmFields *f)
{
    return a32_alu_imm(c, A32_ADD, sets(c), f->d, f->n, f->i, -1);
}

static bool tr_sub_imm3(ArmCtx *c, const ArmFields *f)
{
    return a32_alu_imm(c, A32_SUB, sets(c), f->d, f->n, f->i, -1);
}

static bool tr_mov_imm(ArmCtx *c, const ArmFields *f)
{
    return a32_alu_imm(c, A32_MOV, sets(c), f->d, 0, f->i, -1);
}

static bool tr_cmp_imm(ArmCtx *c, const ArmFields *f)
{
    return a32_alu_imm(c, A32_CMP, true, 0, f->n, f->i, -1);
}

static bool tr_add_imm8(ArmCtx *c, const ArmFields *f)
{
    return a32_alu_imm(c, A32_ADD, sets(c), f->d, f->d, f->i, -1);
}

static bool tr_sub_imm8(ArmCtx *c, const ArmFields *f)
{
    return a32_alu_imm(c, A32_SUB, sets(c), f->d, f->d, f->i, -1);
}

// --- two low registers (F3.2.2): Rdn = Rdn op Rm

static bool two(ArmCtx *c, const ArmFields *f, unsigned op)
{
    return a32_alu_shift_imm(c, op, sets(c), f->d, f->d, f->m, 0, 0);
}

// clang-format off
static bool tr_and(ArmCtx *c, const ArmFields *f) { return two(c, f, A32_AND); }
static bool tr_eor(ArmCtx *c, const ArmFields *f) { return two(c, f, A32_EOR); }
static bool tr_adc(ArmCtx *c, const ArmFields *f) { return two(c, f, A32_ADC); }
static bool tr_sbc(ArmCtx *c, const ArmFields *f) { return two(c, f, A32_SBC); }
static bool tr_orr(ArmCtx *c, const ArmFields *f) { return two(c, f, A32_ORR); }
static bool tr_bic(ArmCtx *c, const ArmFields *f) { return two(c, f, A32_BIC); }
static bool tr_mvn(ArmCtx *c, const ArmFields *f) { return two(c, f, A32_MVN); }
// clang-format on

static bool compare(ArmCtx *c, unsigned op, unsigned n, unsigned m)
{
    return a32_alu_shift_imm(c, op, true, 0, n, m, 0, 0);
}

static bool tr_tst(ArmCtx *c, const ArmFields *f)
{
    return compare(c, A32_TST, f->n, f->m);
}

static bool tr_cmp(ArmCtx *c, const ArmFields *f)
{
    return compare(c, A32_CMP, f->n, f->m);
}

static bool tr_cmn(ArmCtx *c, const ArmFields *f)
{
    return compare(c, A32_CMN, f->n, f->m);
}

static bool tr_shift_reg(ArmCtx *c, const ArmFields *f)
{
    return a32_alu_shift_reg(c, A32_MOV, sets(c), f->d, 0, f->d, f->t, f->s);
}

static bool tr_asr_reg(ArmCtx *c, const ArmFields *f)
{
    return a32_alu_shift_reg(c, A32_MOV, sets(c), f->d, 0, f->d, 2, f->s);
}

static bool tr_ror_reg(ArmCtx *c, const ArmFields *f)
{
    return a32_alu_shift_reg(c, A32_MOV, sets(c), f->d, 0, f->d, 3, f->s);
}

static bool tr_rsb(ArmCtx *c, const ArmFields *f)
{
    return a32_alu_imm(c, A32_RSB, sets(c), f->d, f->n, 0, -1);
}

static bool tr_mul(ArmCtx *c, const ArmFields *f)
{
    ArmFields x = {.d = f->d, .n = f->n, .m = f->d, .S = sets(c)};
    return a32_tr_mul(c, &x);
}

// --- all registers (F3.2.3); to and from pc

static bool tr_add_high(ArmCtx *c, const ArmFields *f)
{
    return a32_alu_shift_imm(c, A32_ADD, false, f->d, f->d, f->m, 0, 0);
}

static bool tr_mov_high(ArmCtx *c, const ArmFields *f)
{
    return a32_alu_shift_imm(c, A32_MOV, false, f->d, 0, f->m, 0, 0);
}

// Inside an IT block: UNPREDICTABLE.
static bool tr_add_pc(ArmCtx *c, const ArmFields *f)
{
    return !t32_inside_it(c) && a32_alu_shift_imm(c, A32_ADD, false, 15, 15, f->m, 0, 0);
}

static bool tr_mov_pc(ArmCtx *c, const ArmFields *f)
{
    return !t32_inside_it(c) && a32_alu_shift_imm(c, A32_MOV, false, 15, 0, f->m, 0, 0);
}

static bool tr_bx(ArmCtx *c, const ArmFields *f)
{
    return !t32_inside_it(c) && a32_tr_bx(c, f);
}

static bool tr_blx(ArmCtx *c, const ArmFields *f)
{
    return !t32_inside_it(c) && f->m != 15 && a32_tr_blx(c, f);
}

// --- loads and stores (F3.2.4, F3.2.5)

static bool tr_ldr_literal(ArmCtx *c, const ArmFields *f)
{
    return t32_load(c, f->t, 15, (int32_t)f->i * 4, IR_NONE, 2);
}

// clang-format off
static bool tr_str_reg(ArmCtx *c, const ArmFields *f)
{
    return t32_store(c, f->t, f->n, 0, a32_r(c, f->m), 2);
}
static bool tr_strh_reg(ArmCtx *c, const ArmFields *f)
{
    return t32_store(c, f->t, f->n, 0, a32_r(c, f->m), 1);
}
static bool tr_strb_reg(ArmCtx *c, const ArmFields *f)
{
    return t32_store(c, f->t, f->n, 0, a32_r(c, f->m), 0);
}
static bool tr_ldrsb_reg(ArmCtx *c, const ArmFields *f)
{
    return t32_load(c, f->t, f->n, 0, a32_r(c, f->m), 0 | IR_MEM_SIGN);
}
static bool tr_ldr_reg(ArmCtx *c, const ArmFields *f)
{
    return t32_load(c, f->t, f->n, 0, a32_r(c, f->m), 2);
}
static bool tr_ldrh_reg(ArmCtx *c, const ArmFields *f)
{
    return t32_load(c, f->t, f->n, 0, a32_r(c, f->m), 1);
}
static bool tr_ldrb_reg(ArmCtx *c, const ArmFields *f)
{
    return t32_load(c, f->t, f->n, 0, a32_r(c, f->m), 0);
}
static bool tr_ldrsh_reg(ArmCtx *c, const ArmFields *f)
{
    return t32_load(c, f->t, f->n, 0, a32_r(c, f->m), 1 | IR_MEM_SIGN);
}
// clang-format on

// An offset in units of the size.
static bool load_imm(ArmCtx *c, const ArmFields *f, unsigned n, unsigned size)
{
    return t32_load(c, f->t, n, (int32_t)(f->i << size), IR_NONE, size);
}

static bool store_imm(ArmCtx *c, const ArmFields *f, unsigned n, unsigned size)
{
    return t32_store(c, f->t, n, (int32_t)(f->i << size), IR_NONE, size);
}

// clang-format off
static bool tr_ldr_imm(ArmCtx *c, const ArmFields *f) { return load_imm(c, f, f->n, 2); }
static bool tr_str_imm(ArmCtx *c, const ArmFields *f) { return store_imm(c, f, f->n, 2); }
static bool tr_ldrh_imm(ArmCtx *c, const ArmFields *f) { return load_imm(c, f, f->n, 1); }
static bool tr_strh_imm(ArmCtx *c, const ArmFields *f) { return store_imm(c, f, f->n, 1); }
static bool tr_ldrb_imm(ArmCtx *c, const ArmFields *f) { return load_imm(c, f, f->n, 0); }
static bool tr_strb_imm(ArmCtx *c, const ArmFields *f) { return store_imm(c, f, f->n, 0); }
static bool tr_ldr_sp(ArmCtx *c, const ArmFields *f) { return load_imm(c, f, A32_SP, 2); }
static bool tr_str_sp(ArmCtx *c, const ArmFields *f) { return store_imm(c, f, A32_SP, 2); }
// clang-format on

// --- addresses (F3.2.6), adjusting SP

static bool tr_adr(ArmCtx *c, const ArmFields *f)
{
    a32_put(c, f->d, ir_addi(c->b, a32_r_aligned(c, A32_PC), f->i * 4));
    return true;
}

static bool tr_add_sp(ArmCtx *c, const ArmFields *f)
{
    return a32_alu_imm(c, A32_ADD, false, f->d, A32_SP, f->i * 4, -1);
}

static bool tr_add_sp_sp(ArmCtx *c, const ArmFields *f)
{
    return a32_alu_imm(c, A32_ADD, false, A32_SP, A32_SP, f->i * 4, -1);
}

static bool tr_sub_sp_sp(ArmCtx *c, const ArmFields *f)
{
    return a32_alu_imm(c, A32_SUB, false, A32_SP, A32_SP, f->i * 4, -1);
}

// --- extends: no rotation, nothing added

static bool extend(ArmCtx *c, const ArmFields *f, ArmTranslate *t)
{
    ArmFields x = {.d = f->d, .n = 15, .m = f->m};
    return t(c, &x);
}

// clang-format off
static bool tr_sxth(ArmCtx *c, const ArmFields *f) { return extend(c, f, a32_tr_sxtah); }
static bool tr_sxtb(ArmCtx *c, const ArmFields *f) { return extend(c, f, a32_tr_sxtab); }
static bool tr_uxth(ArmCtx *c, const ArmFields *f) { return extend(c, f, a32_tr_uxtah); }
static bool tr_uxtb(ArmCtx *c, const ArmFields *f) { return extend(c, f, a32_tr_uxtab); }
// clang-format on

// --- several registers (F3.2.8)

static bool tr_push(ArmCtx *c, const ArmFields *f)
{
    uint32_t list = f->r | f->M << A32_LR;
    return list && a32_stm(c, A32_SP, list, false, true, true);
}

static bool tr_pop(ArmCtx *c, const ArmFields *f)
{
    uint32_t list = f->r | f->P << A32_PC;
    return list && !(f->P && t32_inside_it(c)) && a32_ldm(c, A32_SP, list, true, false, true);
}

static bool tr_stm(ArmCtx *c, const ArmFields *f)
{
    return f->r && a32_stm(c, f->n, f->r, true, false, true);
}

static bool tr_ldm(ArmCtx *c, const ArmFields *f)
{
    return f->r && a32_ldm(c, f->n, f->r, true, false, !(f->r >> f->n & 1));
}

// --- miscellaneous (F3.2.7)

static bool tr_setend(ArmCtx *c, const ArmFields *f)
{
    return !t32_in_it(c) && a32_tr_setend(c, f);
}

static bool tr_setpan(ArmCtx *c, const ArmFields *f)
{
    return !t32_in_it(c) && a32_tr_setpan(c, f);
}

static bool tr_cps(ArmCtx *c, const ArmFields *f)
{
    return !t32_in_it(c) && a32_cps(c, f->m ? 3 : 2, f->a << 2 | f->i << 1 | f->f, -1);
}

// ITSTATE becomes the instruction's low byte. SCTLR.ITD allows blocks of one only.
static bool tr_it(ArmCtx *c, const ArmFields *f)
{
    bool long_block = f->m != 8;
    if (t32_in_it(c) || ((c->flags & ARM_BF_NO_IT) && long_block)) {
        return false;
    }
    c->next |= (uint64_t)(f->c << 4 | f->m) << ARM_PC_IT_SHIFT;
    return true;
}

// --- branches (F3.2.9, F3.2.10)

static bool tr_b(ArmCtx *c, const ArmFields *f)
{
    if (t32_inside_it(c)) {
        return false;
    }
    a32_exit_jump(c, t32_target(c, t32_sign(f->i << 1, 12)));
    return true;
}

static bool tr_b_cond(ArmCtx *c, const ArmFields *f)
{
    if (t32_in_it(c)) {
        return false;
    }
    c->cond = (uint8_t)f->c;
    c->selects = true;
    a32_exit_jump(c, t32_target(c, t32_sign(f->i << 1, 9)));
    return true;
}

// Always forward, so that the block goes on behind it (translate.c ends it where there is no room
// for more exits).
static bool tr_cbz(ArmCtx *c, const ArmFields *f)
{
    IRCond cond = f->o ? IR_NE : IR_EQ;
    uint32_t target = t32_target(c, (int32_t)f->i << 1) | (uint32_t)ARM_PC_T;
    if (t32_in_it(c)) {
        return false;
    }
    IRRef n = a32_r(c, f->n), zero = ir_i32(c->b, 0);
    if (c->flags & ARM_BF_SS) {
        IRRef next = ir_i32(c->b, a32_link_value(c));
        a32_exit_bx(c, ir_select(c->b, cond, n, zero, ir_i32(c->b, target), next), IR_IND_JUMP);
        return true;
    }
    ir_exit_if(c->b, cond, n, zero, target);
    c->conditional_exits++;
    return true;
}

#define SELECTS ARM_ROW_SELECTS
#define V8      ARM_FEAT_A32_V8

static const ArmRow rows[] = {
    {"SHIFT_imm", "000t tiii iimm mddd", tr_shift_imm, SELECTS},
    {"ADD_reg", "0001 100m mmnn nddd", tr_add_reg, SELECTS},
    {"SUB_reg", "0001 101m mmnn nddd", tr_sub_reg, SELECTS},
    {"ADD_imm3", "0001 110i iinn nddd", tr_add_imm3, SELECTS},
    {"SUB_imm3", "0001 111i iinn nddd", tr_sub_imm3, SELECTS},
    {"MOV_imm", "0010 0ddd iiii iiii", tr_mov_imm, SELECTS},
    {"CMP_imm", "0010 1nnn iiii iiii", tr_cmp_imm, SELECTS},
    {"ADD_imm8", "0011 0ddd iiii iiii", tr_add_imm8, SELECTS},
    {"SUB_imm8", "0011 1ddd iiii iiii", tr_sub_imm8, SELECTS},

    {"AND", "0100 0000 00mm mddd", tr_and, SELECTS},
    {"EOR", "0100 0000 01mm mddd", tr_eor, SELECTS},
    {"LSL_reg", "0100 0000 1tss sddd", tr_shift_reg, SELECTS}, // LSR, too
    {"ASR_reg", "0100 0001 00ss sddd", tr_asr_reg, SELECTS},
    {"ADC", "0100 0001 01mm mddd", tr_adc, SELECTS},
    {"SBC", "0100 0001 10mm mddd", tr_sbc, SELECTS},
    {"ROR_reg", "0100 0001 11ss sddd", tr_ror_reg, SELECTS},
    {"TST", "0100 0010 00mm mnnn", tr_tst, SELECTS},
    {"RSB", "0100 0010 01nn nddd", tr_rsb, SELECTS},
    {"CMP", "0100 0010 10mm mnnn", tr_cmp, SELECTS},
    {"CMN", "0100 0010 11mm mnnn", tr_cmn, SELECTS},
    {"ORR", "0100 0011 00mm mddd", tr_orr, SELECTS},
    {"MUL", "0100 0011 01nn nddd", tr_mul, SELECTS},
    {"BIC", "0100 0011 10mm mddd", tr_bic, SELECTS},
    {"MVN", "0100 0011 11mm mddd", tr_mvn, SELECTS},

    {"ADD_high", "0100 0100 dmmm mddd", tr_add_high, SELECTS},
    {"ADD_pc", "0100 0100 1mmm m111", tr_add_pc, 0},
    {"CMP_high", "0100 0101 nmmm mnnn", tr_cmp, SELECTS},
    {"MOV_high", "0100 0110 dmmm mddd", tr_mov_high, SELECTS},
    {"MOV_pc", "0100 0110 1mmm m111", tr_mov_pc, 0},
    {"BX", "0100 0111 0mmm m000", tr_bx, 0},
    {"BLX", "0100 0111 1mmm m000", tr_blx, 0},

    {"LDR_literal", "0100 1ttt iiii iiii", tr_ldr_literal, 0},
    {"STR_reg", "0101 000m mmnn nttt", tr_str_reg, 0},
    {"STRH_reg", "0101 001m mmnn nttt", tr_strh_reg, 0},
    {"STRB_reg", "0101 010m mmnn nttt", tr_strb_reg, 0},
    {"LDRSB_reg", "0101 011m mmnn nttt", tr_ldrsb_reg, 0},
    {"LDR_reg", "0101 100m mmnn nttt", tr_ldr_reg, 0},
    {"LDRH_reg", "0101 101m mmnn nttt", tr_ldrh_reg, 0},
    {"LDRB_reg", "0101 110m mmnn nttt", tr_ldrb_reg, 0},
    {"LDRSH_reg", "0101 111m mmnn nttt", tr_ldrsh_reg, 0},
    {"STR_imm", "0110 0iii iinn nttt", tr_str_imm, 0},
    {"LDR_imm", "0110 1iii iinn nttt", tr_ldr_imm, 0},
    {"STRB_imm", "0111 0iii iinn nttt", tr_strb_imm, 0},
    {"LDRB_imm", "0111 1iii iinn nttt", tr_ldrb_imm, 0},
    {"STRH_imm", "1000 0iii iinn nttt", tr_strh_imm, 0},
    {"LDRH_imm", "1000 1iii iinn nttt", tr_ldrh_imm, 0},
    {"STR_sp", "1001 0ttt iiii iiii", tr_str_sp, 0},
    {"LDR_sp", "1001 1ttt iiii iiii", tr_ldr_sp, 0},

    {"ADR", "1010 0ddd iiii iiii", tr_adr, SELECTS},
    {"ADD_sp", "1010 1ddd iiii iiii", tr_add_sp, SELECTS},
    {"ADD_sp_sp", "1011 0000 0iii iiii", tr_add_sp_sp, SELECTS},
    {"SUB_sp_sp", "1011 0000 1iii iiii", tr_sub_sp_sp, SELECTS},
    {"SXTH", "1011 0010 00mm mddd", tr_sxth, SELECTS},
    {"SXTB", "1011 0010 01mm mddd", tr_sxtb, SELECTS},
    {"UXTH", "1011 0010 10mm mddd", tr_uxth, SELECTS},
    {"UXTB", "1011 0010 11mm mddd", tr_uxtb, SELECTS},
    {"CBZ", "1011 o0i1 iiii innn", tr_cbz, 0},
    {"PUSH", "1011 010M rrrr rrrr", tr_push, 0},
    {"POP", "1011 110P rrrr rrrr", tr_pop, 0},
    {"SETPAN", "1011 0110 0001 i000", tr_setpan, ARM_FEAT_PAN},
    {"SETEND", "1011 0110 0101 E000", tr_setend, 0},
    {"CPS", "1011 0110 011m 0aif", tr_cps, 0},
    {"REV", "1011 1010 00mm mddd", a32_tr_rev, SELECTS},
    {"REV16", "1011 1010 01mm mddd", a32_tr_rev16, SELECTS},
    {"HLT", "1011 1010 10ii iiii", a32_tr_hlt, V8},
    {"REVSH", "1011 1010 11mm mddd", a32_tr_revsh, SELECTS},
    {"BKPT", "1011 1110 iiii iiii", a32_tr_bkpt, 0},
    {"IT", "1011 1111 cccc mmmm", tr_it, 0},
    {"HINT", "1011 1111 iiii 0000", a32_tr_hint, 0},

    {"STM", "1100 0nnn rrrr rrrr", tr_stm, 0},
    {"LDM", "1100 1nnn rrrr rrrr", tr_ldm, 0},
    {"B_cond", "1101 cccc iiii iiii", tr_b_cond, 0},
    {"UDF", "1101 1110 iiii iiii", a32_tr_udf, 0},
    {"SVC", "1101 1111 iiii iiii", a32_tr_svc, 0},
    {"B", "1110 0iii iiii iiii", tr_b, 0},
};

const ArmChapter t16_all = {"T16", rows, ARRAY_LEN(rows)};
