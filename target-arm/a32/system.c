// Status registers, modes, hints and barriers of A32 and T32 (DDI 0487 F4.1.2, F4.1.18). What may
// change the mode or the masks is a helper's (helpers_a32.h); the flags are written inline.
#include "target-arm/a32/share.h"
#include "target-arm/helpers.h"
#include "target-arm/helpers_a32.h"
#include "target-arm/system.h"

#define CPU_SLOT(f) offsetof(ARMCPU, f)

static bool at_el0(const ArmCtx *c)
{
    return (c->flags & ARM_BF_EL) == 0;
}

static bool has_spsr(const ArmCtx *c)
{
    return !at_el0(c) && !(c->flags & ARM_BF_SYS);
}

// --- MRS

static IRRef call_read(ArmCtx *c, const IRHelper *h, IRRef which)
{
    return ir_trunc(c->b, ir_call(c->b, h, which, IR_NONE, IR_NONE, IR_NONE));
}

bool a32_tr_mrs(ArmCtx *c, const ArmFields *f)
{
    if (f->R && !has_spsr(c)) {
        return false;
    }
    a32_put(c, f->d, call_read(c, f->R ? &arm_h_get_spsr : &arm_h_get_cpsr, IR_NONE));
    return true;
}

static uint32_t banked(const ArmFields *f)
{
    return f->R << 5 | f->M << 4 | f->b;
}

bool a32_tr_mrs_banked(ArmCtx *c, const ArmFields *f)
{
    if (at_el0(c)) {
        return false;
    }
    a32_put(c, f->d, call_read(c, &arm_h_get_banked, ir_i32(c->b, banked(f))));
    return true;
}

bool a32_tr_msr_banked(ArmCtx *c, const ArmFields *f)
{
    if (at_el0(c)) {
        return false;
    }
    ir_call(c->b, &arm_h_set_banked, ir_i32(c->b, banked(f)), a32_r(c, f->n), IR_NONE, IR_NONE);
    return true;
}

// --- MSR

static IRRef flag_bit(ArmCtx *c, IRRef v, unsigned from, unsigned to)
{
    return ir_shli(c->b, ir_extract(c->b, v, from, 1), to);
}

static void put_nzcvq(ArmCtx *c, IRRef v)
{
    IRRef nz = ir_shli(c->b, ir_extract(c->b, v, 30, 2), 14);
    IRRef cv = ir_or(c->b, flag_bit(c, v, 29, 8), flag_bit(c, v, 28, 0));
    a32_put_flags(c, ir_f_unpack(c->b, ir_or(c->b, nz, cv)));
    ir_put(c->b, CPU_SLOT(q), ir_extract(c->b, v, 27, 1));
}

// Four bits, each to a byte of ones.
static void put_ge(ArmCtx *c, IRRef v)
{
    IRRef bits = ir_mul(c->b, ir_extract(c->b, v, CPSR_GE_SHIFT, 4), ir_i32(c->b, 0x00204081));
    bits = ir_and(c->b, bits, ir_i32(c->b, 0x01010101));
    ir_put(c->b, CPU_SLOT(ge), ir_mul(c->b, bits, ir_i32(c->b, 0xff)));
}

enum { FIELD_C = 1, FIELD_X = 2, FIELD_S = 4, FIELD_F = 8 };

static uint32_t mask_of(unsigned fields)
{
    return (fields & FIELD_C ? 0xff : 0) | (fields & FIELD_X ? 0xff00 : 0) |
           (fields & FIELD_S ? 0xff0000 : 0) | (fields & FIELD_F ? 0xff000000 : 0);
}

static void set_cpsr(ArmCtx *c, IRRef v, uint32_t mask)
{
    a32_put_next_pc(c);
    ir_call(c->b, &arm_h_set_cpsr, v, ir_i32(c->b, mask), IR_NONE, IR_NONE);
    a32_exit_again(c);
}

// PAN, in the s field, is not User mode's to write.
static bool writes_flags_only(const ArmCtx *c, unsigned fields)
{
    return !(fields & (FIELD_C | FIELD_X)) && (!(fields & FIELD_S) || at_el0(c));
}

static bool msr(ArmCtx *c, bool spsr, unsigned fields, IRRef v)
{
    if (spsr) {
        ir_call(c->b, &arm_h_set_spsr, v, ir_i32(c->b, mask_of(fields)), IR_NONE, IR_NONE);
        return true;
    }
    if (!writes_flags_only(c, fields)) {
        set_cpsr(c, v, mask_of(fields));
        return true;
    }
    if (fields & FIELD_F) {
        put_nzcvq(c, v);
    }
    if (fields & FIELD_S) {
        put_ge(c, v);
    }
    return true;
}

static bool may_write(const ArmCtx *c, const ArmFields *f)
{
    return !f->R || has_spsr(c);
}

bool a32_tr_msr(ArmCtx *c, const ArmFields *f)
{
    return may_write(c, f) && msr(c, f->R, f->k, a32_r(c, f->n));
}

static bool tr_msr_imm(ArmCtx *c, const ArmFields *f)
{
    int carry;
    return may_write(c, f) && msr(c, f->R, f->k, ir_i32(c->b, a32_expand_imm(f->i, &carry)));
}

// --- CPS, SETEND, SETPAN

bool a32_cps(ArmCtx *c, unsigned imod, unsigned aif, int mode)
{
    uint32_t bits = aif << 6;
    if (imod == 1 || (!imod && mode < 0)) {
        return false;
    }
    if (at_el0(c)) {
        return true;
    }
    if (imod == 3 && mode < 0) { // masking needs no look at what is pending
        IRRef old = ir_get(c->b, IR_I32, CPU_SLOT(pstate));
        ir_put(c->b, CPU_SLOT(pstate), ir_or(c->b, old, ir_i32(c->b, bits)));
        return true;
    }
    uint32_t value = (imod == 3 ? bits : 0) | (mode < 0 ? 0 : (uint32_t)mode);
    uint32_t mask = (imod ? bits : 0) | (mode < 0 ? 0 : CPSR_M);
    set_cpsr(c, ir_i32(c->b, value), mask);
    return true;
}

static bool tr_cps(ArmCtx *c, const ArmFields *f)
{
    return a32_cps(c, f->o, f->a, f->M ? (int)f->m : -1);
}

bool a32_tr_setend(ArmCtx *c, const ArmFields *f)
{
    set_cpsr(c, ir_i32(c->b, f->E ? CPSR_E : 0), CPSR_E);
    return true;
}

bool a32_tr_setpan(ArmCtx *c, const ArmFields *f)
{
    if (!at_el0(c)) {
        set_cpsr(c, ir_i32(c->b, f->i ? PSTATE_PAN : 0), PSTATE_PAN);
    }
    return true;
}

// --- hints and barriers

static bool wait(ArmCtx *c, const IRHelper *h, bool wfe)
{
    if (at_el0(c) && (c->flags & ARM_BF_NTWX) >> 21 & (wfe ? 2 : 1)) {
        return a32_raise(c, ESR_EC(EC_WFX) | 1u << 24 | (uint32_t)c->cond << 20 | wfe);
    }
    a32_put_next_pc(c);
    ir_call(c->b, h, IR_NONE, IR_NONE, IR_NONE, IR_NONE);
    a32_exit_loop(c);
    return true;
}

static bool send_event(ArmCtx *c, const IRHelper *h)
{
    ir_call(c->b, h, IR_NONE, IR_NONE, IR_NONE, IR_NONE);
    return true;
}

bool a32_tr_hint(ArmCtx *c, const ArmFields *f)
{
    switch (f->i) {
    case 1: // YIELD
        a32_put_next_pc(c);
        ir_call(c->b, &arm_h_yield, IR_NONE, IR_NONE, IR_NONE, IR_NONE);
        a32_exit_loop(c);
        return true;
    case 2:
        return wait(c, &arm_h_wfe, true);
    case 3:
        return wait(c, &arm_h_wfi, false);
    case 4:
        return send_event(c, &arm_h_sev);
    case 5:
        return arm_has(c->cpu, ARM_FEAT_A32_V8) ? send_event(c, &arm_h_sevl) : true;
    default:
        return true;
    }
}

// One host thread runs all vCPUs, in order.
bool a32_tr_barrier(ArmCtx *c, const ArmFields *f)
{
    (void)c, (void)f;
    return true;
}

// A new block is fetched anew.
bool a32_tr_isb(ArmCtx *c, const ArmFields *f)
{
    (void)f;
    if (c->flags & ARM_BF_SS) {
        return true; // the block ends anyway
    }
    c->ended = true;
    ir_exit_jump(c->b, c->next);
    return true;
}

// --- A32's rows

static const ArmRow rows[] = {
    {"MRS", "---- 0001 0R00 1111 dddd 0000 0000 0000", a32_tr_mrs, ARM_FEAT_BASE},
    {"MSR_reg", "---- 0001 0R10 kkkk 1111 0000 0000 nnnn", a32_tr_msr, ARM_FEAT_BASE},
    {"MRS_banked", "---- 0001 0R00 bbbb dddd 001M 0000 0000", a32_tr_mrs_banked, ARM_FEAT_VIRT},
    {"MSR_banked", "---- 0001 0R10 bbbb 1111 001M 0000 nnnn", a32_tr_msr_banked, ARM_FEAT_VIRT},
    {"MSR_imm", "---- 0011 0R10 kkkk 1111 iiii iiii iiii", tr_msr_imm, ARM_FEAT_BASE},
    {"HINT", "---- 0011 0010 0000 1111 ---- iiii iiii", a32_tr_hint, ARM_FEAT_BASE},
    {"CPS", "1111 0001 0000 ooM0 ---- ---a aa0m mmmm", tr_cps, ARM_FEAT_BASE},
    {"SETEND", "1111 0001 0000 ---1 ---- --E- 0000 ----", a32_tr_setend, ARM_FEAT_BASE},
    {"SETPAN", "1111 0001 0001 ---- ---- --i- 0000 ----", a32_tr_setpan, ARM_FEAT_PAN},
    {"DSB", "1111 0101 0111 ---- ---- ---- 0100 ----", a32_tr_barrier, ARM_FEAT_BASE},
    {"DMB", "1111 0101 0111 ---- ---- ---- 0101 ----", a32_tr_barrier, ARM_FEAT_BASE},
    {"ISB", "1111 0101 0111 ---- ---- ---- 0110 ----", a32_tr_isb, ARM_FEAT_BASE},
    {"SB", "1111 0101 0111 ---- ---- ---- 0111 ----", a32_tr_barrier, ARM_FEAT_SB},
};
const ArmChapter a32_system = {"System", rows, ARRAY_LEN(rows)};
