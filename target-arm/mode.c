// What decoding and address translation depend on, cached: block_flags and the keys of the two
// regimes. Whatever changes SCTLR, TCR, TTBR, CPACR, FPCR or the debug registers calls
// arm_mode_changed; what only changes PSTATE, which happens at every exception, arm_pstate_changed.
#include "target-arm/system.h"

#include "hw/core/machine.h"

// Mode part of a regime key. With the MMU off there is one flat mapping for all. AArch32: with the
// number of DACR's value in front, so that a kernel that changes it at every entry (to shut itself
// out of programs' memory) finds its translations again.
enum { MODE_EL0, MODE_EL1, MODE_EL1_PAN, MODE_FLAT = ARM_REGIME_MODES };

#define FPEXC_EN     (1u << 30)
#define CPACR_ASEDIS BIT(31)

#define FPCR_DN    BIT(25)
#define FPCR_FZ    BIT(24)
#define FPCR_SHORT UINT64_C(0x370000) // LEN, STRIDE
#define FPCR_RMODE (UINT64_C(3) << 22)
#define FPCR_FZ16  BIT(19)
#define FPCR_TRAPS UINT64_C(0x9f00)
#define FPCR_SOFT  (FPCR_DN | FPCR_FZ | FPCR_FZ16 | FPCR_TRAPS | 3)

uint32_t arm_current_asid(const ARMCPU *c)
{
    const ARMSystem *s = c->sys;
    if (arm_a32_el1(c) && !(s->tcr_el[1] & TTBCR_EAE)) {
        return s->contextidr_el[1] & 0xff;
    }
    uint64_t ttbr = s->tcr_el[1] & TCR_A1 ? s->ttbr1_el[1] : s->ttbr0_el[1];
    return (uint32_t)(ttbr >> 48) & (!arm_a32_el1(c) && (s->tcr_el[1] & TCR_AS) ? 0xffff : 0xff);
}

ARMWalkMode arm_walk_mode(const ARMCPU *c, unsigned regime)
{
    bool el0 = arm_el(c) == 0;
    if (regime == 1 && (arm_is_a32(c) || !(c->pstate & PSTATE_UAO))) {
        el0 = true;
    }
    return (ARMWalkMode){.el0 = el0, .pan = !el0 && (c->pstate & PSTATE_PAN)};
}

// CPACR_EL1.FPEN: 0b11 no trap, 0b01 traps EL0, else traps both.
static bool fp_traps(const ARMCPU *c, unsigned el)
{
    unsigned fpen = c->sys->cpacr >> 20 & 3;
    return fpen == 3 ? false : fpen == 1 ? el == 0 : true;
}

// SCTLR bits that only matter at EL0.
static uint64_t el0_flags(uint64_t sctlr)
{
    uint64_t f = sctlr & SCTLR_SA0 ? ARM_BF_SP_ALIGN : 0;
    f |= sctlr & SCTLR_UMA ? ARM_BF_UMA : 0;
    f |= sctlr & SCTLR_UCI ? ARM_BF_UCI : 0;
    f |= sctlr & SCTLR_UCT ? ARM_BF_UCT : 0;
    f |= sctlr & SCTLR_DZE ? ARM_BF_DZE : 0;
    f |= sctlr & SCTLR_NTWI ? 0 : 1u << 21;
    f |= sctlr & SCTLR_NTWE ? 0 : 1u << 22;
    return f;
}

// EL1 may do what SCTLR can keep from EL0.
static uint64_t el1_flags(uint64_t sctlr)
{
    return (sctlr & SCTLR_SA ? ARM_BF_SP_ALIGN : 0) | ARM_BF_UMA | ARM_BF_UCI | ARM_BF_UCT |
           ARM_BF_DZE;
}

static uint64_t pauth_flags(const ARMCPU *c, uint64_t sctlr)
{
    if (!arm_has(c, ARM_FEAT_PAUTH)) {
        return 0;
    }
    unsigned f = (sctlr & SCTLR_ENIA ? 1 : 0) | (sctlr & SCTLR_ENIB ? 2 : 0) |
                 (sctlr & SCTLR_ENDA ? 4 : 0) | (sctlr & SCTLR_ENDB ? 8 : 0);
    return (uint64_t)f << ARM_BF_PAUTH_SHIFT;
}

static uint64_t tbi_flags(uint64_t tcr)
{
    unsigned low = (tcr & TCR_TBI0) && !(tcr & TCR_TBID0);
    unsigned high = (tcr & TCR_TBI1) && !(tcr & TCR_TBID1);
    return (uint64_t)(low | high << 1) << 19;
}

// What does not depend on PSTATE, for both levels.
static uint64_t control_flags(const ARMCPU *c, unsigned el)
{
    uint64_t sctlr = c->sys->sctlr_el[1];
    uint64_t f = el | (el == 0 ? el0_flags(sctlr) : el1_flags(sctlr));
    f |= fp_traps(c, el) ? ARM_BF_FP_TRAP : 0;
    f |= c->fpcr & FPCR_SOFT ? ARM_BF_FP_SOFT : 0;
    f |= sctlr & SCTLR_A ? ARM_BF_ALIGN : 0;
    return f | pauth_flags(c, sctlr) | tbi_flags(c->sys->tcr_el[1]);
}

// The same in AArch32 state. Where EL1 is AArch64, FPEXC counts for nothing.
static uint64_t control_flags_a32(const ARMCPU *c, unsigned el)
{
    bool el1 = arm_a32_el1(c);
    uint64_t f = ARM_BF_A32 | el;
    f |= fp_traps(c, el) ? ARM_BF_FP_TRAP : 0;
    f |= c->fpcr & FPCR_SOFT ? ARM_BF_FP_SOFT : 0;
    f |= (c->sys->sctlr_el[1] & SCTLR_A) || arm_a32_all_device(c) ? ARM_BF_ALIGN : 0;
    f |= c->fpcr & FPCR_RMODE ? ARM_BF_FP_ROUND : 0;
    f |= c->fpcr & FPCR_SHORT ? ARM_BF_FP_SHORT : 0;
    f |= el1 && !(c->fpexc & FPEXC_EN) ? ARM_BF_VFP_OFF : 0;
    f |= el1 && (c->sys->cpacr & CPACR_ASEDIS) ? ARM_BF_NO_SIMD : 0;
    bool swp = el1 && !arm_has(c, ARM_FEAT_A32_V8) && (c->sys->sctlr_el[1] & SCTLR_SW);
    return f | (swp ? ARM_BF_SWP : 0) | (el ? ARM_BF_UNPRIV : 0);
}

static uint64_t cpsr_flags(uint32_t pstate)
{
    uint64_t f = pstate & CPSR_E ? ARM_BF_E : 0;
    f |= (pstate & CPSR_M) == ARM_MODE_SYS ? ARM_BF_SYS : 0;
    return f | (pstate & PSTATE_IL ? ARM_BF_IL : 0);
}

static uint64_t pstate_flags(uint32_t pstate)
{
    uint64_t f = pstate & PSTATE_SP ? ARM_BF_SPSEL : 0;
    f |= (pstate & PSTATE_EL) && !(pstate & PSTATE_UAO) ? ARM_BF_UNPRIV : 0;
    f |= (uint64_t)((pstate & PSTATE_BTYPE) >> 10) << ARM_BF_BTYPE_SHIFT;
    return f | (pstate & PSTATE_IL ? ARM_BF_IL : 0);
}

static void select_mode(ARMCPU *c)
{
    ARMSystem *s = c->sys;
    unsigned el = arm_el(c), key = el == 0                  ? MODE_EL0
                                   : c->pstate & PSTATE_PAN ? MODE_EL1_PAN
                                                            : MODE_EL1;
    bool a32 = arm_is_a32(c);
    s->block_flags = s->control_flags[(el != 0) + (a32 ? 2 : 0)] |
                     (a32 ? cpsr_flags(c->pstate) : pstate_flags(c->pstate));
    c->vcpu.pc_address = a32 ? ARM_PC_ADDRESS : ~UINT64_C(0);
    if (unlikely(s->debug.mdscr & (MDSCR_SS | MDSCR_MDE))) {
        s->block_flags |= arm_debug_block_flags(c);
    }
    s->regime_key[0] = s->mode_key[key];
    s->regime_key[1] = s->mode_key[!a32 && (c->pstate & PSTATE_UAO) ? key : MODE_EL0];
}

// --- DACR

static unsigned find_dacr(const ARMSystemA32 *a, uint32_t dacr)
{
    unsigned i = 0;
    while (i < a->n_dacr_slots && a->dacr_slot[i] != dacr) {
        i++;
    }
    return i;
}

static unsigned dacr_slot(const ARMSystem *s)
{
    unsigned i = find_dacr(&s->a32, (uint32_t)s->a32.dacr);
    return i < s->a32.n_dacr_slots ? i : 0; // AArch64, and before the first write: number 0
}

void arm_a32_write_dacr(ARMCPU *c, uint32_t value)
{
    ARMSystemA32 *a = &c->sys->a32;
    bool full = false;
    a->dacr = value;
    if (find_dacr(a, value) == a->n_dacr_slots) {
        full = a->n_dacr_slots == ARM_DACR_SLOTS;
        a->n_dacr_slots = full ? 0 : a->n_dacr_slots;
        a->dacr_slot[a->n_dacr_slots++] = value;
    }
    arm_mode_refresh(c);
    if (full) {
        mmu_regime_changed(&c->vcpu);
    }
    arm_mode_changed(c);
}

void arm_mode_refresh(ARMCPU *c)
{
    ARMSystem *s = c->sys;
    bool mmu = s->sctlr_el[1] & SCTLR_M;
    uint64_t first = (uint64_t)dacr_slot(s) * (MODE_FLAT + 1);
    for (unsigned i = 0; i < ARM_REGIME_MODES; i++) {
        s->mode_key[i] = mmu ? (first + i) << 32 | arm_current_asid(c) : (uint64_t)MODE_FLAT << 32;
    }
    s->control_flags[0] = control_flags(c, 0);
    s->control_flags[1] = control_flags(c, 1);
    s->control_flags[2] = control_flags_a32(c, 0);
    s->control_flags[3] = control_flags_a32(c, 1);
    select_mode(c);
}

void arm_mode_changed(ARMCPU *c)
{
    arm_mode_refresh(c);
    engine_mode_changed(&c->vcpu);
}

void arm_pstate_changed(ARMCPU *c)
{
    select_mode(c);
    engine_mode_changed(&c->vcpu);
}

uint64_t arm_block_flags(VCPU *v)
{
    return arm_cpu(v)->sys->block_flags;
}

uint64_t arm_regime_key(VCPU *v, unsigned regime)
{
    return arm_cpu(v)->sys->regime_key[regime];
}
