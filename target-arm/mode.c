// What decoding and address translation depend on, cached: block_flags and the keys of the two
// regimes. Whatever changes SCTLR, TCR, TTBR, CPACR, FPCR or the debug registers calls
// arm_mode_changed; what only changes PSTATE, which happens at every exception, arm_pstate_changed.
#include "target-arm/system.h"

#include "hw/core/machine.h"

// Mode part of a regime key. With the MMU off there is one flat mapping for all.
enum { MODE_EL0, MODE_EL1, MODE_EL1_PAN, MODE_FLAT = ARM_REGIME_MODES };

#define FPCR_DN    BIT(25)
#define FPCR_FZ    BIT(24)
#define FPCR_FZ16  BIT(19)
#define FPCR_TRAPS UINT64_C(0x9f00)
#define FPCR_SOFT  (FPCR_DN | FPCR_FZ | FPCR_FZ16 | FPCR_TRAPS | 3)

uint32_t arm_current_asid(const ARMCPU *c)
{
    const ARMSystem *s = c->sys;
    uint64_t ttbr = s->tcr_el[1] & TCR_A1 ? s->ttbr1_el[1] : s->ttbr0_el[1];
    return (uint32_t)(ttbr >> 48) & (s->tcr_el[1] & TCR_AS ? 0xffff : 0xff);
}

ARMWalkMode arm_walk_mode(const ARMCPU *c, unsigned regime)
{
    bool el0 = arm_el(c) == 0;
    if (regime == 1 && !(c->pstate & PSTATE_UAO)) {
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
    s->block_flags = s->control_flags[el != 0] | pstate_flags(c->pstate);
    if (unlikely(s->debug.mdscr & (MDSCR_SS | MDSCR_MDE))) {
        s->block_flags |= arm_debug_block_flags(c);
    }
    s->regime_key[0] = s->mode_key[key];
    s->regime_key[1] = s->mode_key[c->pstate & PSTATE_UAO ? key : MODE_EL0];
}

void arm_mode_refresh(ARMCPU *c)
{
    ARMSystem *s = c->sys;
    bool mmu = s->sctlr_el[1] & SCTLR_M;
    for (unsigned i = 0; i < ARM_REGIME_MODES; i++) {
        s->mode_key[i] = mmu ? (uint64_t)i << 32 | arm_current_asid(c) : (uint64_t)MODE_FLAT << 32;
    }
    s->control_flags[0] = control_flags(c, 0);
    s->control_flags[1] = control_flags(c, 1);
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
