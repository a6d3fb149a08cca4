// Exception entry and return for an EL1 in AArch64 (exceptions_a32.c: in AArch32) (DDI 0487 D1.3,
// shared/exceptions pseudocode).
//
//   entry:  SPSR_ELx = PSTATE; ELR_ELx = pc; ESR_ELx, FAR_ELx for synchronous ones
//           pc = VBAR_ELx + 0x000 from the same level with SP_EL0
//                         + 0x200 from the same level with SP_ELx
//                         + 0x400 from a lower level, 0x600 if that was AArch32
//                         + 0x80 IRQ, 0x100 FIQ, 0x180 SError
//   return: PSTATE = SPSR_ELx, unless that names a state that cannot be returned to; then PSTATE.IL
#include "target-arm/system.h"

#include <assert.h>
#include <inttypes.h>

#include "hw/core/machine.h"
#include "util/log.h"

#define SPSR_NZCV 0xf0000000u

// --- PSTATE

uint32_t arm_nzcv(const ARMCPU *c)
{
    unsigned f = c->vcpu.flags;
    return (f & IR_FLAG_S ? 1u << 31 : 0) | (f & IR_FLAG_Z ? 1u << 30 : 0) |
           (f & IR_FLAG_C ? 1u << 29 : 0) | (f & IR_FLAG_V ? 1u << 28 : 0);
}

void arm_set_nzcv(ARMCPU *c, uint32_t spsr)
{
    c->vcpu.flags = (uint16_t)((spsr >> 31 & 1 ? IR_FLAG_S : 0) | (spsr >> 30 & 1 ? IR_FLAG_Z : 0) |
                               (spsr >> 29 & 1 ? IR_FLAG_C : 0) | (spsr >> 28 & 1 ? IR_FLAG_V : 0));
}

uint32_t arm_spsr(const ARMCPU *c)
{
    return arm_is_a32(c) ? arm_cpsr(c) : c->pstate | arm_nzcv(c);
}

// Which SP_ELx a PSTATE uses.
static unsigned sp_bank(uint32_t pstate)
{
    return pstate & PSTATE_SP ? (pstate & PSTATE_EL) >> PSTATE_EL_SHIFT : 0;
}

void arm_set_pstate(ARMCPU *c, uint32_t pstate)
{
    unsigned from = sp_bank(c->pstate), to = sp_bank(pstate);
    if (from != to) {
        c->sys->sp_el[from] = c->vcpu.gpr[ARM_SP];
        c->vcpu.gpr[ARM_SP] = c->sys->sp_el[to];
    }
    c->pstate = pstate;
}

void arm_set_daif(ARMCPU *c, uint32_t daif)
{
    uint32_t mask = PSTATE_D | PSTATE_A | PSTATE_I | PSTATE_F;
    uint32_t old = c->pstate;
    c->pstate = (old & ~mask) | (daif & mask);
    if (unlikely(c->sys->debug.mdscr & (MDSCR_SS | MDSCR_MDE)) && ((old ^ c->pstate) & PSTATE_D)) {
        arm_pstate_changed(c);
    } else if ((old & ~c->pstate & mask) && arm_interrupt_ready(&c->vcpu)) {
        vcpu_kick(&c->vcpu);
    }
}

unsigned arm_exception_el(const ARMCPU *c)
{
    return MAX_OF(arm_el(c), 1u);
}

// --- entry

static uint32_t entry_pstate(const ARMCPU *c, unsigned el)
{
    uint64_t sctlr = c->sys->sctlr_el[el];
    uint32_t p = c->pstate & (PSTATE_PAN | (arm_is_a32(c) ? 0 : PSTATE_DIT));
    p |= el << PSTATE_EL_SHIFT | PSTATE_SP | PSTATE_D | PSTATE_A | PSTATE_I | PSTATE_F;
    if (arm_has(c, ARM_FEAT_PAN) && el == 1 && !(sctlr & SCTLR_SPAN)) {
        p |= PSTATE_PAN;
    }
    if (arm_has(c, ARM_FEAT_SSBS) && (sctlr & SCTLR_DSSBS)) {
        p |= PSTATE_SSBS;
    }
    return p;
}

static unsigned vector_offset(const ARMCPU *c, unsigned el)
{
    if (arm_el(c) < el) {
        return arm_is_a32(c) ? 0x600 : 0x400;
    }
    return c->pstate & PSTATE_SP ? 0x200 : 0;
}

void arm_take_exception(ARMCPU *c, unsigned el, ARMVector vector)
{
    ARMSystem *s = c->sys;
    assert(!arm_a32_el1(c));
    if (s->pmu.active) {
        arm_pmu_sync(c);
    }
    if (log_enabled(LOG_INT)) {
        log_printf(LOG_INT,
                   "cpu%u exception to EL%u vector 0x%x from EL%u pc 0x%" PRIx64 " esr 0x%" PRIx64
                   " far 0x%" PRIx64 "\n",
                   c->vcpu.index, el, (unsigned)vector, arm_el(c), c->vcpu.pc,
                   vector == ARM_VECTOR_SYNC ? s->esr_el[el] : 0, s->far_el[el]);
    }
    unsigned offset = vector_offset(c, el) + vector;
    s->spsr_el[el] = arm_spsr(c);
    s->elr_el[el] = vcpu_pc_address(&c->vcpu);
    arm_set_pstate(c, entry_pstate(c, el));
    c->vcpu.pc = s->vbar_el[el] + offset;
    arm_pstate_changed(c);
}

static bool has_same_level_twin(unsigned ec)
{
    return ec == EC_FETCH || ec == EC_DATA || ec == EC_BREAKPOINT || ec == EC_STEP ||
           ec == EC_WATCHPOINT;
}

void arm_take_sync(ARMCPU *c, uint32_t esr, const uint64_t *far)
{
    unsigned el = arm_exception_el(c);
    if (arm_a32_el1(c)) {
        arm_a32_take_sync(c, esr, far);
        return;
    }
    if (arm_el(c) == el && has_same_level_twin(esr >> ESR_EC_SHIFT)) {
        esr |= ESR_EC(1);
    }
    c->sys->esr_el[el] = esr | ESR_IL;
    if (far) {
        c->sys->far_el[el] = *far;
    }
    arm_take_exception(c, el, ARM_VECTOR_SYNC);
}

void arm_raise(ARMCPU *c, uint32_t esr)
{
    engine_exception_begin(&c->vcpu);
    unsigned ec = esr >> ESR_EC_SHIFT;
    arm_take_sync(c, esr, ec == EC_PC_ALIGN ? &c->vcpu.pc : NULL);
    engine_leave(&c->vcpu);
}

void arm_raise_far(ARMCPU *c, uint32_t esr, uint64_t far)
{
    engine_exception_begin(&c->vcpu);
    arm_take_sync(c, esr, &far);
    engine_leave(&c->vcpu);
}

void arm_raise_undefined(ARMCPU *c)
{
    arm_raise(c, ESR_EC(EC_UNKNOWN));
}

// --- return

// Returns that the architecture calls illegal (D1.3.4): a level that is higher or not there,
// AArch32 but for EL0's User mode, EL0 with its own SP selector, reserved mode bits.
static bool illegal_return(const ARMCPU *c, uint32_t spsr)
{
    if (spsr & PSTATE_NRW) {
        return !arm_has(c, ARM_FEAT_AA32) || (spsr & CPSR_M) != ARM_MODE_USR;
    }
    unsigned el = (spsr & PSTATE_EL) >> PSTATE_EL_SHIFT;
    return (spsr & 2) || el > arm_el(c) || el > 1 || (el == 0 && (spsr & PSTATE_SP));
}

// PSTATE bits that this CPU has, besides those of every v8.0 CPU.
static uint32_t extra_pstate_bits(const ARMCPU *c)
{
    return (arm_has(c, ARM_FEAT_PAN) ? PSTATE_PAN : 0) |
           (arm_has(c, ARM_FEAT_UAO) ? PSTATE_UAO : 0) |
           (arm_has(c, ARM_FEAT_DIT) ? PSTATE_DIT : 0) |
           (arm_has(c, ARM_FEAT_SSBS) ? PSTATE_SSBS : 0) |
           (arm_has(c, ARM_FEAT_BTI) ? PSTATE_BTYPE : 0);
}

// PSTATE.SS after a return (D2.12.4): only if stepping starts with it.
static uint32_t returned_ss(const ARMCPU *c, uint32_t spsr, unsigned el)
{
    if (!(c->sys->debug.mdscr & MDSCR_SS) || !(spsr & PSTATE_SS)) {
        return 0;
    }
    bool at_source = arm_debug_enabled(c, arm_el(c), c->pstate & PSTATE_D);
    bool at_dest = arm_debug_enabled(c, el, spsr & PSTATE_D);
    return !at_source && at_dest ? PSTATE_SS : 0;
}

static uint32_t returned_pstate(const ARMCPU *c, uint32_t spsr, bool illegal)
{
    uint32_t daif = PSTATE_D | PSTATE_A | PSTATE_I | PSTATE_F;
    if (illegal) {
        uint32_t keep = PSTATE_EL | PSTATE_SP | (extra_pstate_bits(c) & ~PSTATE_BTYPE);
        return (c->pstate & keep) | (spsr & daif) | PSTATE_IL;
    }
    unsigned el = (spsr & PSTATE_EL) >> PSTATE_EL_SHIFT;
    return (spsr & (daif | PSTATE_EL | PSTATE_SP | PSTATE_IL | extra_pstate_bits(c))) |
           returned_ss(c, spsr, el);
}

// To AArch32 at EL0. R0-R14 are x0-x14 (D1.20.1).
static void return_a32(ARMCPU *c, uint64_t target, uint32_t spsr)
{
    for (unsigned i = 0; i < 15; i++) {
        c->vcpu.gpr[i] = (uint32_t)c->vcpu.gpr[i];
    }
    uint32_t ss = returned_ss(c, spsr, 0);
    arm_set_pstate(c, ARM_MODE_USR); // SP_EL0's place is the same
    arm_set_cpsr(c, (spsr & ~(uint32_t)PSTATE_SS) | ss);
    c->vcpu.pc = arm_a32_pc((uint32_t)target, spsr);
}

static void return_a64(ARMCPU *c, uint64_t target, uint32_t spsr, bool illegal)
{
    arm_set_pstate(c, returned_pstate(c, spsr, illegal));
    arm_set_nzcv(c, spsr);
    c->vcpu.pc = arm_untag(c, target, true);
}

void arm_exception_return(ARMCPU *c, uint64_t target)
{
    ARMSystem *s = c->sys;
    uint32_t spsr = (uint32_t)s->spsr_el[arm_el(c)];
    bool illegal = illegal_return(c, spsr);
    if (s->pmu.active) {
        arm_pmu_sync(c);
    }
    if (illegal) {
        log_printf(LOG_GUEST_ERRORS, "illegal exception return: SPSR 0x%x at pc 0x%" PRIx64 "\n",
                   spsr, c->vcpu.pc);
    }
    if (!illegal && (spsr & PSTATE_NRW)) {
        return_a32(c, target, spsr);
    } else {
        return_a64(c, target, spsr, illegal);
    }
    c->exclusive_size = 0;
    s->event = true;
    arm_pstate_changed(c);
    if (log_enabled(LOG_INT)) {
        log_printf(LOG_INT, "cpu%u return to EL%u pc 0x%" PRIx64 "\n", c->vcpu.index, arm_el(c),
                   c->vcpu.pc);
    }
}

// --- aborts

// LDADD and its like, SWP, CAS, CASP (C4.1.94).
static bool is_atomic(uint32_t insn)
{
    return (insn & 0x3b200c00) == 0x38200000 || (insn & 0x3fa07c00) == 0x08a07c00 ||
           (insn & 0xbfa07c00) == 0x08207c00;
}

// An atomic instruction's fault counts as a read if reading alone would have raised it (ISS.WnR,
// D17.2.37).
static bool is_write(ARMCPU *c, const MmuFault *f)
{
    uint32_t insn, fsc;
    ARMWalk w;
    if (f->access != MMU_WRITE || arm_is_a32(c) ||
        !mmu_debug_access(&c->vcpu, c->vcpu.pc, &insn, 4, false) || !is_atomic(insn)) {
        return f->access == MMU_WRITE;
    }
    bool by_walk = f->code < FSC_EXTERNAL || (f->code & ~3u) == FSC_EXTERNAL_WALK;
    return by_walk && arm_walk(c, f->va, MMU_READ, arm_walk_mode(c, 0), &w, &fsc);
}

void arm_fault(VCPU *v, const MmuFault *f)
{
    ARMCPU *c = arm_cpu(v);
    if (arm_a32_el1(c)) {
        arm_a32_fault(c, f);
        return;
    }
    if (f->code == FSC_PC_ALIGN) {
        arm_take_sync(c, ESR_EC(EC_PC_ALIGN), &f->va);
        return;
    }
    uint32_t iss = f->code | (is_write(c, f) ? ISS_WNR : 0);
    arm_take_sync(c, ESR_EC(f->access == MMU_FETCH ? EC_FETCH : EC_DATA) | iss, &f->va);
}

void arm_unaligned(VCPU *v, uint64_t va, MmuAccess access, unsigned regime)
{
    (void)regime;
    MmuFault f = {.va = va, .access = access, .code = FSC_ALIGNMENT};
    arm_fault(v, &f);
}

void arm_bus_error(VCPU *v, uint64_t va, uint64_t phys, MmuAccess access)
{
    log_printf(LOG_GUEST_ERRORS, "external abort: nothing at 0x%" PRIx64 " (va 0x%" PRIx64 ")\n",
               phys, va);
    MmuFault f = {.va = va, .access = access, .code = FSC_EXTERNAL};
    arm_fault(v, &f);
}

// --- interrupts

static bool deliverable(const ARMCPU *c, ARMInput which, uint32_t mask)
{
    return (c->sys->inputs >> which & 1) && !(c->pstate & mask);
}

bool arm_interrupt_ready(VCPU *v)
{
    ARMCPU *c = arm_cpu(v);
    if (c->sys->inputs &&
        (deliverable(c, ARM_INPUT_IRQ, PSTATE_I) || deliverable(c, ARM_INPUT_FIQ, PSTATE_F))) {
        return true;
    }
    return (c->sys->debug.mdscr & MDSCR_SS) && arm_step_pending(c);
}

static void take_interrupt(ARMCPU *c, ARMInput which)
{
    bool fiq = which == ARM_INPUT_FIQ;
    if (arm_a32_el1(c)) {
        arm_a32_take(c, fiq ? A32_FIQ : A32_IRQ);
    } else {
        arm_take_exception(c, arm_exception_el(c), fiq ? ARM_VECTOR_FIQ : ARM_VECTOR_IRQ);
    }
}

// A pending software step comes before interrupts (D1.3.6), FIQ before IRQ.
void arm_interrupt_take(VCPU *v)
{
    ARMCPU *c = arm_cpu(v);
    if ((c->sys->debug.mdscr & MDSCR_SS) && arm_step_pending(c)) {
        arm_take_step(c);
    } else if (deliverable(c, ARM_INPUT_FIQ, PSTATE_F)) {
        take_interrupt(c, ARM_INPUT_FIQ);
    } else if (deliverable(c, ARM_INPUT_IRQ, PSTATE_I)) {
        take_interrupt(c, ARM_INPUT_IRQ);
    }
}

// WFI wakes for an interrupt even if PSTATE masks it.
bool arm_has_work(VCPU *v)
{
    return arm_cpu(v)->sys->inputs != 0;
}
