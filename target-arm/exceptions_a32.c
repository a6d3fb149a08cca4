// Exception entry and return where EL1 is in AArch32 (DDI 0487 G1.12, DDI 0406 B1.8).
//
//   entry:  LR_mode = pc + offset; SPSR_mode = CPSR; fault status and address registers
//           CPSR: the mode, I (A, F) masked, T = SCTLR.TE, E = SCTLR.EE, IT = 0
//           pc = vector of VBAR, or of ffff0000 with SCTLR.V
//   return: CPSR = SPSR_mode, or PSTATE.IL where that names no mode (ARMv7: the mode stays)
//
// Syndromes arrive as ESR has them, the same as in AArch64, and become FSRs here.
#include "target-arm/system.h"

#include <inttypes.h>

#include "util/log.h"

#define HIGH_VECTORS UINT32_C(0xffff0000)
#define CPSR_IL      (1u << 20)
#define CPSR_PAN     (1u << 22)

typedef struct Entry {
    const char *name;
    uint8_t mode, vector;
    uint8_t lr_a32, lr_t32; // offsets from the preferred return address
    uint16_t masks;
} Entry;

static const Entry entries[] = {
    [A32_UNDEFINED] = {"undefined", ARM_MODE_UND, 0x04, 4, 2, PSTATE_I},
    [A32_SVC] = {"SVC", ARM_MODE_SVC, 0x08, 0, 0, PSTATE_I},
    [A32_PREFETCH_ABORT] = {"prefetch abort", ARM_MODE_ABT, 0x0c, 4, 4, PSTATE_I | PSTATE_A},
    [A32_DATA_ABORT] = {"data abort", ARM_MODE_ABT, 0x10, 8, 8, PSTATE_I | PSTATE_A},
    [A32_IRQ] = {"IRQ", ARM_MODE_IRQ, 0x18, 4, 4, PSTATE_I | PSTATE_A},
    [A32_FIQ] = {"FIQ", ARM_MODE_FIQ, 0x1c, 4, 4, PSTATE_I | PSTATE_A | PSTATE_F},
};

static uint32_t vector_base(const ARMCPU *c)
{
    return c->sys->sctlr_el[1] & SCTLR_V ? HIGH_VECTORS : (uint32_t)c->sys->vbar_el[1];
}

static uint32_t entry_cpsr(const ARMCPU *c, const Entry *e, uint32_t cpsr)
{
    uint64_t sctlr = c->sys->sctlr_el[1];
    uint32_t clear = CPSR_M | CPSR_E | CPSR_IL;
    uint32_t p = (cpsr & ~clear) | e->mode | e->masks;
    p |= sctlr & SCTLR_EE ? CPSR_E : 0;
    return arm_has(c, ARM_FEAT_PAN) && !(sctlr & SCTLR_SPAN) ? p | CPSR_PAN : p;
}

void arm_a32_take(ARMCPU *c, ArmA32Exception exception)
{
    const Entry *e = &entries[exception];
    ARMSystem *s = c->sys;
    if (s->pmu.active) {
        arm_pmu_sync(c);
    }
    uint32_t cpsr = arm_cpsr(c);
    log_printf(LOG_INT, "cpu%u %s from pc 0x%" PRIx64 " cpsr 0x%x\n", c->vcpu.index, e->name,
               c->vcpu.pc & ARM_PC_ADDRESS, cpsr);
    uint32_t lr = (uint32_t)(c->vcpu.pc & ARM_PC_ADDRESS) + (cpsr & CPSR_T ? e->lr_t32 : e->lr_a32);
    arm_set_cpsr(c, entry_cpsr(c, e, cpsr));
    s->a32.spsr[arm_a32_bank(e->mode)] = cpsr;
    c->vcpu.gpr[14] = lr;
    c->vcpu.pc = (vector_base(c) + e->vector) | (s->sctlr_el[1] & SCTLR_TE ? ARM_PC_T : 0);
    arm_pstate_changed(c);
}

// --- fault status

// The short format's FS by FSC of the long one (G8.2.50).
static unsigned short_status(unsigned fsc)
{
    static const struct {
        uint8_t fsc, fs;
    } map[] = {
        {FSC_ALIGNMENT, 0x01},         {FSC_DEBUG, 0x02},           {FSC_ACCESS_FLAG | 1, 0x03},
        {FSC_ACCESS_FLAG | 2, 0x06},   {FSC_TRANSLATION | 1, 0x05}, {FSC_TRANSLATION | 2, 0x07},
        {FSC_DOMAIN | 1, 0x09},        {FSC_DOMAIN | 2, 0x0b},      {FSC_PERMISSION | 1, 0x0d},
        {FSC_PERMISSION | 2, 0x0f},    {FSC_EXTERNAL, 0x08},        {FSC_EXTERNAL_WALK | 1, 0x0c},
        {FSC_EXTERNAL_WALK | 2, 0x0e},
    };
    for (unsigned i = 0; i < ARRAY_LEN(map); i++) {
        if (map[i].fsc == fsc) {
            return map[i].fs;
        }
    }
    return 0x08; // what the format cannot say: an external abort
}

uint32_t arm_a32_fsr(const ARMCPU *c, uint32_t esr, unsigned domain)
{
    uint32_t flags = (esr & ISS_WNR ? 1u << 11 : 0) | (esr & ISS_CM ? 1u << 13 : 0);
    if (c->sys->tcr_el[1] & TTBCR_EAE) {
        return flags | 1u << 9 | (esr & 0x3f);
    }
    unsigned fs = short_status(esr & 0x3f);
    return flags | (fs & 15) | (fs >> 4) << 10 | domain << 4;
}

static void set_dfar(ARMCPU *c, uint64_t va)
{
    c->sys->far_el[1] = deposit64(c->sys->far_el[1], 0, 32, va);
}

static void set_ifar(ARMCPU *c, uint64_t va)
{
    c->sys->far_el[1] = deposit64(c->sys->far_el[1], 32, 32, va);
}

static void data_abort(ARMCPU *c, uint32_t esr, unsigned domain, const uint64_t *far)
{
    c->sys->esr_el[1] = arm_a32_fsr(c, esr, domain);
    if (far) {
        set_dfar(c, *far);
    }
    arm_a32_take(c, A32_DATA_ABORT);
}

static void prefetch_abort(ARMCPU *c, uint32_t esr, const uint64_t *far)
{
    // An instruction fault has neither WnR nor CM, nor a domain.
    c->sys->a32.ifsr = arm_a32_fsr(c, esr & 0x3f, 0);
    if (far) {
        set_ifar(c, *far);
    }
    arm_a32_take(c, A32_PREFETCH_ABORT);
}

void arm_a32_fault(ARMCPU *c, const MmuFault *f)
{
    if (f->access == MMU_FETCH) {
        prefetch_abort(c, f->code, &f->va);
    } else {
        uint32_t esr = f->code | (f->access == MMU_WRITE ? ISS_WNR : 0);
        data_abort(c, esr, (unsigned)f->extra, &f->va);
    }
}

void arm_a32_take_sync(ARMCPU *c, uint32_t esr, const uint64_t *far)
{
    switch (esr >> ESR_EC_SHIFT) {
    case EC_SVC_A32:
        arm_a32_take(c, A32_SVC);
        break;
    case EC_FETCH:
        prefetch_abort(c, esr, far);
        break;
    case EC_PC_ALIGN:
        prefetch_abort(c, FSC_ALIGNMENT, far);
        break;
    case EC_BREAKPOINT:
    case EC_BKPT:
    case EC_BRK:
        prefetch_abort(c, FSC_DEBUG, NULL); // IFAR is UNKNOWN
        break;
    case EC_DATA:
        data_abort(c, esr, 0, far);
        break;
    case EC_WATCHPOINT:
        data_abort(c, (esr & (ISS_WNR | ISS_CM)) | FSC_DEBUG, 0, far);
        break;
    default: // UNDEFINED, whatever the reason: traps to EL1 have no other form here
        arm_a32_take(c, A32_UNDEFINED);
        break;
    }
}

// --- return

void arm_a32_return(ARMCPU *c, uint32_t target, uint32_t cpsr)
{
    if (c->sys->pmu.active) {
        arm_pmu_sync(c);
    }
    if (!arm_a32_mode_valid(cpsr & CPSR_M)) {
        log_printf(LOG_GUEST_ERRORS, "exception return to mode 0x%x, which is not there\n",
                   cpsr & CPSR_M);
        cpsr = (cpsr & ~(uint32_t)CPSR_M) | (c->pstate & CPSR_M);
        cpsr |= arm_has(c, ARM_FEAT_A32_V8) ? CPSR_IL : 0;
    }
    arm_set_cpsr(c, cpsr);
    c->vcpu.pc = arm_a32_pc(target, cpsr);
    c->exclusive_size = 0;
    c->sys->event = true;
    arm_pstate_changed(c);
    log_printf(LOG_INT, "cpu%u return to pc 0x%" PRIx64 " cpsr 0x%x\n", c->vcpu.index,
               c->vcpu.pc & ARM_PC_ADDRESS, cpsr);
}
