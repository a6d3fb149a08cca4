// AArch32's modes: the CPSR and the registers that modes have of their own (DDI 0487 G1.9).
//
//   vcpu.gpr[0..14]   the current mode's
//   a32.r13, r14, spsr by bank; a32.fiq: r8-r12 of FIQ mode or, in it, those of the others
//
// A mode's change swaps them, so that code needs not know the mode to name a register.
#include "target-arm/system.h"

#define CPSR_IL   (1u << 20)
#define CPSR_PAN  (1u << 22)
#define CPSR_SSBS (1u << 23)

bool arm_a32_mode_valid(unsigned mode)
{
    static const uint32_t valid = 1u << (ARM_MODE_USR & 15) | 1u << (ARM_MODE_FIQ & 15) |
                                  1u << (ARM_MODE_IRQ & 15) | 1u << (ARM_MODE_SVC & 15) |
                                  1u << (ARM_MODE_ABT & 15) | 1u << (ARM_MODE_UND & 15) |
                                  1u << (ARM_MODE_SYS & 15);
    return (mode & 16) && (valid >> (mode & 15) & 1);
}

ArmBank arm_a32_bank(unsigned mode)
{
    switch (mode & CPSR_M) {
    case ARM_MODE_FIQ:
        return ARM_BANK_FIQ;
    case ARM_MODE_IRQ:
        return ARM_BANK_IRQ;
    case ARM_MODE_SVC:
        return ARM_BANK_SVC;
    case ARM_MODE_ABT:
        return ARM_BANK_ABT;
    case ARM_MODE_UND:
        return ARM_BANK_UND;
    default:
        return ARM_BANK_USR;
    }
}

static void swap_fiq(ARMCPU *c)
{
    for (unsigned i = 0; i < ARRAY_LEN(c->sys->a32.fiq); i++) {
        uint32_t other = c->sys->a32.fiq[i];
        c->sys->a32.fiq[i] = (uint32_t)c->vcpu.gpr[8 + i];
        c->vcpu.gpr[8 + i] = other;
    }
}

static void switch_bank(ARMCPU *c, ArmBank from, ArmBank to)
{
    ARMSystemA32 *a = &c->sys->a32;
    if (from == to) {
        return;
    }
    a->r13[from] = (uint32_t)c->vcpu.gpr[13];
    a->r14[from] = (uint32_t)c->vcpu.gpr[14];
    c->vcpu.gpr[13] = a->r13[to];
    c->vcpu.gpr[14] = a->r14[to];
    if (from == ARM_BANK_FIQ || to == ARM_BANK_FIQ) {
        swap_fiq(c);
    }
}

// --- the CPSR

static uint32_t ge_bits(uint32_t masks)
{
    return (masks & 1) | (masks >> 7 & 2) | (masks >> 14 & 4) | (masks >> 21 & 8);
}

static uint32_t ge_masks(uint32_t bits)
{
    return (bits & 1 ? 0xffu : 0) | (bits & 2 ? 0xff00u : 0) | (bits & 4 ? 0xff0000u : 0) |
           (bits & 8 ? 0xff000000u : 0);
}

// ITSTATE is in two pieces: IT[7:2] at 15..10, IT[1:0] at 26..25.
static uint32_t it_bits(unsigned it)
{
    return (it >> 2) << 10 | (it & 3) << 25;
}

uint64_t arm_a32_pc(uint32_t address, uint32_t cpsr)
{
    bool t = cpsr & CPSR_T;
    uint64_t it = t ? (cpsr >> 10 & 0x3f) << 2 | (cpsr >> 25 & 3) : 0;
    return (address & (t ? ~1u : ~3u)) | (t ? ARM_PC_T : 0) | it << ARM_PC_IT_SHIFT;
}

uint32_t arm_cpsr(const ARMCPU *c)
{
    uint64_t pc = c->vcpu.pc;
    return c->pstate | arm_nzcv(c) | (c->q ? CPSR_Q : 0) | ge_bits(c->ge) << CPSR_GE_SHIFT |
           (pc & ARM_PC_T ? CPSR_T : 0) | it_bits(pc >> ARM_PC_IT_SHIFT & 0xff);
}

// What is kept in pstate.
static uint32_t pstate_bits(const ARMCPU *c)
{
    uint32_t m = CPSR_M | PSTATE_F | PSTATE_I | PSTATE_A | CPSR_E;
    m |= arm_has(c, ARM_FEAT_A32_V8) || !arm_a32_el1(c) ? CPSR_IL : 0;
    m |= arm_a32_el1(c) ? 0 : PSTATE_SS;
    m |= arm_has(c, ARM_FEAT_PAN) ? CPSR_PAN : 0;
    return m | (arm_has(c, ARM_FEAT_SSBS) ? CPSR_SSBS : 0);
}

void arm_set_cpsr(ARMCPU *c, uint32_t cpsr)
{
    if (arm_a32_el1(c)) {
        switch_bank(c, arm_a32_bank(c->pstate), arm_a32_bank(cpsr));
    }
    c->pstate = cpsr & pstate_bits(c);
    c->q = cpsr & CPSR_Q;
    c->ge = ge_masks(cpsr >> CPSR_GE_SHIFT & 15);
    arm_set_nzcv(c, cpsr);
}

// --- other modes' registers

uint32_t arm_a32_get_user(const ARMCPU *c, unsigned r)
{
    ArmBank now = arm_a32_bank(c->pstate);
    if (r >= 13 && now != ARM_BANK_USR) {
        return r == 13 ? c->sys->a32.r13[ARM_BANK_USR] : c->sys->a32.r14[ARM_BANK_USR];
    }
    bool other = r >= 8 && r < 13 && now == ARM_BANK_FIQ;
    return other ? c->sys->a32.fiq[r - 8] : (uint32_t)c->vcpu.gpr[r];
}

void arm_a32_set_user(ARMCPU *c, unsigned r, uint32_t value)
{
    ArmBank now = arm_a32_bank(c->pstate);
    if (r >= 13 && now != ARM_BANK_USR) {
        *(r == 13 ? &c->sys->a32.r13[ARM_BANK_USR] : &c->sys->a32.r14[ARM_BANK_USR]) = value;
    } else if (r >= 8 && r < 13 && now == ARM_BANK_FIQ) {
        c->sys->a32.fiq[r - 8] = value;
    } else {
        c->vcpu.gpr[r] = value;
    }
}

uint32_t arm_a32_get_sp(const ARMCPU *c, unsigned mode)
{
    ArmBank b = arm_a32_bank(mode);
    return b == arm_a32_bank(c->pstate) ? (uint32_t)c->vcpu.gpr[13] : c->sys->a32.r13[b];
}

void arm_a32_set_sp(ARMCPU *c, unsigned mode, uint32_t value)
{
    ArmBank b = arm_a32_bank(mode);
    if (b == arm_a32_bank(c->pstate)) {
        c->vcpu.gpr[13] = value;
    } else {
        c->sys->a32.r13[b] = value;
    }
}

uint32_t arm_a32_get_lr(const ARMCPU *c, unsigned mode)
{
    ArmBank b = arm_a32_bank(mode);
    return b == arm_a32_bank(c->pstate) ? (uint32_t)c->vcpu.gpr[14] : c->sys->a32.r14[b];
}

void arm_a32_set_lr(ARMCPU *c, unsigned mode, uint32_t value)
{
    ArmBank b = arm_a32_bank(mode);
    if (b == arm_a32_bank(c->pstate)) {
        c->vcpu.gpr[14] = value;
    } else {
        c->sys->a32.r14[b] = value;
    }
}
