// The state of an Arm CPU, declared once. Reset, the state hash and snapshots derive from it.
#include "target-arm/system.h"

#include <glib.h>

#define N_KEYS 10 // key[5] as 64-bit halves

static const StateField timer_fields[] = {
    STATE_U64(ARMGenTimer, cval),
    STATE_U32(ARMGenTimer, ctl),
    STATE_BOOL(ARMGenTimer, level),
    STATE_TIMER(ARMGenTimer, timer),
    STATE_END,
};

static const StateField pmu_fields[] = {
    STATE_U64(ARMPmu, pmcr),
    STATE_U64(ARMPmu, userenr),
    STATE_U64(ARMPmu, selr),
    STATE_U64(ARMPmu, enabled),
    STATE_U64(ARMPmu, inten),
    STATE_U64(ARMPmu, overflow),
    STATE_U64(ARMPmu, ccfilt),
    STATE_U64(ARMPmu, ccnt),
    STATE_U64_ARRAY(ARMPmu, evtype, ARM_PMU_COUNTERS),
    STATE_U64_ARRAY(ARMPmu, evcnt, ARM_PMU_COUNTERS),
    STATE_U64(ARMPmu, last),
    STATE_U64(ARMPmu, prescale),
    STATE_BOOL(ARMPmu, level),
    STATE_TIMER(ARMPmu, timer),
    STATE_END,
};

static const StateField debug_fields[] = {
    STATE_U64(ARMDebug, mdscr),
    STATE_U64(ARMDebug, mdccint),
    STATE_U64(ARMDebug, osdtrrx),
    STATE_U64(ARMDebug, osdtrtx),
    STATE_U64(ARMDebug, oseccr),
    STATE_U64(ARMDebug, claim),
    STATE_BOOL(ARMDebug, os_lock, .reset = 1),
    STATE_BOOL(ARMDebug, os_dlock),
    STATE_U64_ARRAY(ARMDebug, bvr, ARM_MAX_BREAKPOINTS),
    STATE_U64_ARRAY(ARMDebug, bcr, ARM_MAX_BREAKPOINTS),
    STATE_U64_ARRAY(ARMDebug, wvr, ARM_MAX_WATCHPOINTS),
    STATE_U64_ARRAY(ARMDebug, wcr, ARM_MAX_WATCHPOINTS),
    STATE_END,
};

static const StateField a32_fields[] = {
    STATE_U32_ARRAY(ARMSystemA32, r13, ARM_BANKS),
    STATE_U32_ARRAY(ARMSystemA32, r14, ARM_BANKS),
    STATE_U32_ARRAY(ARMSystemA32, spsr, ARM_BANKS),
    STATE_U32_ARRAY(ARMSystemA32, fiq, 5),
    STATE_U64(ARMSystemA32, dacr),
    STATE_U64(ARMSystemA32, ifsr),
    STATE_U64(ARMSystemA32, adfsr),
    STATE_U64(ARMSystemA32, aifsr),
    STATE_END,
};

#define BANKED(f) STATE_U64_ARRAY(ARMSystem, f, 4)

static const StateField system_fields[] = {
    BANKED(sp_el),
    BANKED(elr_el),
    BANKED(spsr_el),
    BANKED(tpidr_el),
    BANKED(esr_el),
    BANKED(far_el),
    BANKED(vbar_el),
    BANKED(sctlr_el),
    BANKED(tcr_el),
    BANKED(ttbr0_el),
    BANKED(ttbr1_el),
    BANKED(mair_el),
    BANKED(amair_el),
    BANKED(afsr0_el),
    BANKED(afsr1_el),
    BANKED(actlr_el),
    BANKED(contextidr_el),
    STATE_U64(ARMSystem, cpacr),
    STATE_U64(ARMSystem, par),
    STATE_U64_ARRAY(ARMSystem, scxtnum, 2),
    STATE_U64(ARMSystem, csselr),
    STATE_U64(ARMSystem, cntkctl),
    STATE_U64(ARMSystem, cntfrq, .reset = ARM_TIMER_HZ),
    {.name = "key",
     .offset = offsetof(ARMSystem, key),
     .size = 8,
     .count = N_KEYS,
     .kind = STATE_KIND_INT},
    STATE_U64_ARRAY(ARMSystem, rng, 2),
    STATE_U64_ARRAY(ARMSystem, impdef, 4),
    STATE_STRUCTS(ARMSystem, debug, ARMDebug, 1, debug_fields),
    STATE_STRUCTS(ARMSystem, timer, ARMGenTimer, ARM_TIMERS, timer_fields),
    STATE_STRUCTS(ARMSystem, pmu, ARMPmu, 1, pmu_fields),
    STATE_STRUCTS(ARMSystem, a32, ARMSystemA32, 1, a32_fields),
    STATE_U32(ARMSystem, inputs),
    STATE_BOOL(ARMSystem, event),
    STATE_TIMER(ARMSystem, event_stream),
    STATE_END,
};

static const StateField fields[] = {
    STATE_U64(ARMCPUAll, cpu.vcpu.pc),
    STATE_U64_ARRAY(ARMCPUAll, cpu.vcpu.gpr, 32),
    STATE_BYTES(ARMCPUAll, cpu.vcpu.vec),
    STATE_U16(ARMCPUAll, cpu.vcpu.flags, .mask = IR_FLAG_S | IR_FLAG_Z | IR_FLAG_C | IR_FLAG_V),
    STATE_U8(ARMCPUAll, cpu.vcpu.halted),
    STATE_U8(ARMCPUAll, cpu.vcpu.stopped),
    STATE_U32(ARMCPUAll, cpu.pstate),
    STATE_U32(ARMCPUAll, cpu.fpcr),
    STATE_U32(ARMCPUAll, cpu.fpsr),
    STATE_U32(ARMCPUAll, cpu.exclusive_size),
    STATE_U64(ARMCPUAll, cpu.exclusive_addr),
    STATE_U64_ARRAY(ARMCPUAll, cpu.exclusive_value, 2),
    STATE_BYTES(ARMCPUAll, cpu.qc),
    STATE_U64(ARMCPUAll, cpu.tpidr_el0),
    STATE_U64(ARMCPUAll, cpu.tpidrro_el0),
    STATE_U32(ARMCPUAll, cpu.q),
    STATE_U32(ARMCPUAll, cpu.ge),
    STATE_U16(ARMCPUAll, cpu.vfp_flags, .mask = IR_FLAG_S | IR_FLAG_Z | IR_FLAG_C | IR_FLAG_V),
    STATE_U32(ARMCPUAll, cpu.fpexc),
    STATE_STRUCTS(ARMCPUAll, sys, ARMSystem, 1, system_fields),
    STATE_END,
};

static void saving(void *obj)
{
    VCPU *v = obj;
    v->target->sync(v);
}

// A level and mode that the CPU can be in.
static bool valid_pstate(const ARMCPU *c)
{
    if (arm_a32_el1(c)) {
        return arm_a32_mode_valid(c->pstate & CPSR_M);
    }
    if (arm_is_a32(c)) {
        return arm_has(c, ARM_FEAT_AA32) && (c->pstate & CPSR_M) == ARM_MODE_USR;
    }
    return arm_el(c) <= 1;
}

static bool loaded(void *obj, char **error)
{
    ARMCPU *c = obj;
    if (!valid_pstate(c)) {
        *error =
            g_strdup_printf("CPU %u: PSTATE 0x%x is not one of this CPU", c->vcpu.index, c->pstate);
        return false;
    }
    arm_cpu_state_loaded(c);
    return true;
}

const StateDesc arm_cpu_state = {"arm-cpu", 1, fields, .saving = saving, .loaded = loaded};
