// The C functions of helpers_a32.h: status and banked registers, exception return, coprocessors.
#include "target-arm/helpers_a32.h"

#include "target-arm/cp15.h"
#include "util/log.h"

// --- status registers

#define CPSR_AIF  (PSTATE_A | PSTATE_I | PSTATE_F)
#define CPSR_IL   (1u << 20)
#define CPSR_PAN  (1u << 22)
#define CPSR_SSBS (1u << 23)
// What MSR may write at EL0 and EL1: not T, J and IT, which only branches and returns change.
#define CPSR_EL0_BITS (0xf80f0000u | CPSR_E)
#define CPSR_EL1_BITS (CPSR_EL0_BITS | CPSR_AIF | CPSR_M | CPSR_PAN | CPSR_SSBS)
// MRS gives the execution state bits as 0 (F5.1.122).
#define CPSR_EXECUTION (0x0600fc00u | 1u << 24 | CPSR_T | CPSR_IL)

static uint64_t get_cpsr(VCPU *v)
{
    const ARMCPU *c = arm_cpu(v);
    uint32_t hidden = CPSR_EXECUTION | (arm_el(c) ? 0 : CPSR_AIF | CPSR_PAN | PSTATE_SS);
    return arm_cpsr(c) & ~hidden;
}

// A mode that is not there is not entered; from ARMv8 on that is an illegal state.
static uint32_t with_valid_mode(const ARMCPU *c, uint32_t cpsr)
{
    if (arm_a32_mode_valid(cpsr & CPSR_M)) {
        return cpsr;
    }
    log_printf(LOG_GUEST_ERRORS, "CPSR written with mode 0x%x, which is not there\n",
               cpsr & CPSR_M);
    cpsr = (cpsr & ~(uint32_t)CPSR_M) | (c->pstate & CPSR_M);
    return arm_has(c, ARM_FEAT_A32_V8) ? cpsr | CPSR_IL : cpsr;
}

static void set_cpsr(VCPU *v, uint64_t value, uint64_t mask)
{
    ARMCPU *c = arm_cpu(v);
    bool setend = mask == CPSR_E;
    if (setend && (c->sys->sctlr_el[1] & SCTLR_SED)) {
        arm_raise_undefined(c);
    }
    uint32_t m = (uint32_t)mask & (arm_el(c) ? CPSR_EL1_BITS : CPSR_EL0_BITS);
    uint32_t old = arm_cpsr(c), old_pstate = c->pstate;
    uint32_t new = with_valid_mode(c, (old & ~m) | ((uint32_t)value & m));
    if (c->sys->pmu.active && ((old ^ new) & CPSR_M)) {
        arm_pmu_sync(c);
    }
    arm_set_cpsr(c, new);
    if ((old_pstate ^ c->pstate) & ~(uint32_t)CPSR_AIF) {
        arm_pstate_changed(c);
    } else if ((old_pstate & ~c->pstate & CPSR_AIF) && arm_interrupt_ready(v)) {
        vcpu_kick(v);
    }
}

// User and System mode have none.
static uint32_t *current_spsr(ARMCPU *c)
{
    ArmBank b = arm_a32_bank(c->pstate);
    if (b == ARM_BANK_USR) {
        log_printf(LOG_GUEST_ERRORS, "SPSR of a mode that has none\n");
        arm_raise_undefined(c);
    }
    return &c->sys->a32.spsr[b];
}

static uint64_t get_spsr(VCPU *v)
{
    return *current_spsr(arm_cpu(v));
}

static void set_spsr(VCPU *v, uint64_t value, uint64_t mask)
{
    uint32_t *spsr = current_spsr(arm_cpu(v));
    *spsr = (*spsr & ~(uint32_t)mask) | (uint32_t)(value & mask);
}

const IRHelper arm_h_get_cpsr = {"get_cpsr", get_cpsr, IR_I64, 0, IR_CALL_READS};
const IRHelper arm_h_set_cpsr = {"set_cpsr", set_cpsr, IR_VOID, 2, IR_CALL_ALL};
const IRHelper arm_h_get_spsr = {"get_spsr", get_spsr, IR_I64, 0, IR_CALL_ALL};
const IRHelper arm_h_set_spsr = {"set_spsr", set_spsr, IR_VOID, 2, IR_CALL_ALL};

// --- banked registers

// SYSm of MRS and MSR (banked register), F6.1.2: bits 4..0, R at bit 5.
typedef struct Banked {
    uint8_t mode; // 0: no such register
    uint8_t reg;  // 8..14, or SPSR
} Banked;

enum { REG_SPSR = 16 };
#define SYSM_R 32

static Banked banked(unsigned sysm)
{
    static const uint8_t modes[] = {ARM_MODE_IRQ, ARM_MODE_SVC, ARM_MODE_ABT, ARM_MODE_UND};
    unsigned n = sysm & 31;
    if (sysm & SYSM_R) {
        bool pair = n >= 16 && n < 24 && !(n & 1);
        return n == 14 ? (Banked){ARM_MODE_FIQ, REG_SPSR}
               : pair  ? (Banked){modes[(n - 16) / 2], REG_SPSR}
                       : (Banked){0, 0};
    }
    if (n < 15 && n != 7) {
        return (Banked){n < 8 ? ARM_MODE_USR : ARM_MODE_FIQ, (uint8_t)(8 + (n & 7))};
    }
    return n >= 16 && n < 24 ? (Banked){modes[(n - 16) / 2], n & 1 ? 13 : 14} : (Banked){0, 0};
}

static Banked checked_banked(ARMCPU *c, unsigned sysm)
{
    Banked b = banked(sysm);
    if (!b.mode || arm_el(c) == 0) {
        log_printf(LOG_GUEST_ERRORS, "banked register 0x%x: UNDEFINED\n", sysm);
        arm_raise_undefined(c);
    }
    return b;
}

static uint32_t *fiq_register(ARMCPU *c, Banked b)
{
    bool away = b.mode == ARM_MODE_FIQ && b.reg < 13 && arm_a32_bank(c->pstate) != ARM_BANK_FIQ;
    return away ? &c->sys->a32.fiq[b.reg - 8] : NULL;
}

static uint64_t get_banked(VCPU *v, uint64_t sysm)
{
    ARMCPU *c = arm_cpu(v);
    Banked b = checked_banked(c, (unsigned)sysm);
    const uint32_t *fiq = fiq_register(c, b);
    if (b.reg == REG_SPSR) {
        return c->sys->a32.spsr[arm_a32_bank(b.mode)];
    }
    if (b.mode == ARM_MODE_USR) {
        return arm_a32_get_user(c, b.reg);
    }
    if (b.reg < 13) {
        return fiq ? *fiq : v->gpr[b.reg];
    }
    return b.reg == 13 ? arm_a32_get_sp(c, b.mode) : arm_a32_get_lr(c, b.mode);
}

static void set_banked(VCPU *v, uint64_t sysm, uint64_t value)
{
    ARMCPU *c = arm_cpu(v);
    Banked b = checked_banked(c, (unsigned)sysm);
    uint32_t *fiq = fiq_register(c, b), word = (uint32_t)value;
    if (b.reg == REG_SPSR) {
        c->sys->a32.spsr[arm_a32_bank(b.mode)] = word;
    } else if (b.mode == ARM_MODE_USR) {
        arm_a32_set_user(c, b.reg, word);
    } else if (b.reg < 13 && fiq) {
        *fiq = word;
    } else if (b.reg < 13) {
        v->gpr[b.reg] = word;
    } else if (b.reg == 13) {
        arm_a32_set_sp(c, b.mode, word);
    } else {
        arm_a32_set_lr(c, b.mode, word);
    }
}

static uint64_t get_user(VCPU *v, uint64_t r)
{
    return arm_a32_get_user(arm_cpu(v), (unsigned)r);
}

static void set_user(VCPU *v, uint64_t r, uint64_t value)
{
    arm_a32_set_user(arm_cpu(v), (unsigned)r, (uint32_t)value);
}

static void check_mode(ARMCPU *c, uint64_t mode)
{
    if (!arm_a32_mode_valid((unsigned)mode) || arm_el(c) == 0) {
        arm_raise_undefined(c);
    }
}

static uint64_t get_mode_sp(VCPU *v, uint64_t mode)
{
    check_mode(arm_cpu(v), mode);
    return arm_a32_get_sp(arm_cpu(v), (unsigned)mode);
}

static void set_mode_sp(VCPU *v, uint64_t mode, uint64_t value)
{
    check_mode(arm_cpu(v), mode);
    arm_a32_set_sp(arm_cpu(v), (unsigned)mode, (uint32_t)value);
}

const IRHelper arm_h_get_banked = {"get_banked", get_banked, IR_I64, 1, IR_CALL_ALL};
const IRHelper arm_h_set_banked = {"set_banked", set_banked, IR_VOID, 2, IR_CALL_ALL};
const IRHelper arm_h_get_user = {"get_user", get_user, IR_I64, 1, IR_CALL_READS};
const IRHelper arm_h_set_user = {"set_user", set_user, IR_VOID, 2, IR_CALL_READS | IR_CALL_WRITES};
const IRHelper arm_h_get_mode_sp = {"get_mode_sp", get_mode_sp, IR_I64, 1, IR_CALL_ALL};
const IRHelper arm_h_set_mode_sp = {"set_mode_sp", set_mode_sp, IR_VOID, 2, IR_CALL_ALL};

// --- exception return

static void return_from(VCPU *v, uint64_t target)
{
    ARMCPU *c = arm_cpu(v);
    arm_a32_return(c, (uint32_t)target, *current_spsr(c));
}

static void rfe(VCPU *v, uint64_t target, uint64_t cpsr)
{
    ARMCPU *c = arm_cpu(v);
    if (arm_el(c) == 0) {
        arm_raise_undefined(c);
    }
    arm_a32_return(c, (uint32_t)target, (uint32_t)cpsr);
}

static void bkpt(VCPU *v, uint64_t imm)
{
    arm_raise(arm_cpu(v), ESR_EC(EC_BKPT) | (uint32_t)imm);
}

const IRHelper arm_h_return = {"return", return_from, IR_VOID, 1, IR_CALL_ALL};
const IRHelper arm_h_rfe = {"rfe", rfe, IR_VOID, 2, IR_CALL_ALL};
const IRHelper arm_h_bkpt = {"bkpt", bkpt, IR_VOID, 1, IR_CALL_ALL};

// --- coprocessors

static uint64_t cp_read(VCPU *v, uint64_t enc, uint64_t regs)
{
    return arm_cp_read(arm_cpu(v), (uint32_t)enc, (unsigned)regs);
}

static void cp_write(VCPU *v, uint64_t enc, uint64_t value, uint64_t regs)
{
    arm_cp_write(arm_cpu(v), (uint32_t)enc, value, (unsigned)regs);
}

const IRHelper arm_h_cp_read = {"cp_read", cp_read, IR_I64, 2, IR_CALL_ALL};
const IRHelper arm_h_cp_write = {"cp_write", cp_write, IR_VOID, 3, IR_CALL_ALL};
