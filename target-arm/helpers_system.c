// The C functions of helpers.h that belong to the system side: exceptions, waiting, system
// registers.
#include "target-arm/helpers.h"

#include <inttypes.h>

#include "hw/core/machine.h"
#include "target-arm/sysregs.h"
#include "util/log.h"

// --- exceptions

static void raise_syndrome(VCPU *v, uint64_t syndrome)
{
    arm_raise(arm_cpu(v), (uint32_t)syndrome);
}

// The older way of A32 and T32, besides HLT (Arm IHI 0100).
static bool is_semihosting_svc(const ARMCPU *c, uint64_t imm)
{
    uint64_t ours = c->vcpu.pc & ARM_PC_T ? 0xab : 0x123456;
    return imm == ours && c->vcpu.machine->config.semihosting && arm_el(c) > 0;
}

// The pc is already the next instruction's: the preferred return address. A stepped SVC has
// completed (D2.12.5).
static void svc(VCPU *v, uint64_t imm)
{
    ARMCPU *c = arm_cpu(v);
    if (arm_is_a32(c) && is_semihosting_svc(c, imm)) {
        arm_semihosting_call(c);
        return;
    }
    c->pstate &= ~(uint32_t)PSTATE_SS;
    arm_take_sync(c, ESR_EC(arm_is_a32(c) ? EC_SVC_A32 : EC_SVC) | ((uint32_t)imm & 0xffff), NULL);
}

// There is no EL2 or EL3: only PSCI answers.
static void firmware_call(VCPU *v, ARMPsciConduit conduit)
{
    ARMCPU *c = arm_cpu(v);
    if (arm_el(c) == 0 || c->sys->psci != conduit || !arm_psci_call(c)) {
        arm_raise_undefined(c);
    }
}

static void hvc(VCPU *v, uint64_t imm)
{
    (void)imm;
    firmware_call(v, ARM_PSCI_HVC);
}

static void smc(VCPU *v, uint64_t imm)
{
    (void)imm;
    firmware_call(v, ARM_PSCI_SMC);
}

static void brk(VCPU *v, uint64_t imm)
{
    arm_raise(arm_cpu(v), ESR_EC(EC_BRK) | (uint32_t)imm);
}

#define SEMIHOSTING_IMM 0xf000 // A64 and A32
#define SEMIHOSTING_T32 0x3c

// Without semihosting, HLT is UNDEFINED: halting debug is not enabled.
static void hlt(VCPU *v, uint64_t imm)
{
    ARMCPU *c = arm_cpu(v);
    bool t32 = arm_is_a32(c) && (v->pc & ARM_PC_T);
    bool ours = imm == (t32 ? SEMIHOSTING_T32 : SEMIHOSTING_IMM) &&
                v->machine->config.semihosting && arm_el(c) > 0;
    if (!ours) {
        arm_raise_undefined(c);
    }
    arm_semihosting_call(c);
}

static void eret(VCPU *v, uint64_t target)
{
    arm_exception_return(arm_cpu(v), target);
}

const IRHelper arm_h_raise = {"raise", raise_syndrome, IR_VOID, 1, IR_CALL_ALL};
const IRHelper arm_h_svc = {"svc", svc, IR_VOID, 1, IR_CALL_ALL};
const IRHelper arm_h_hvc = {"hvc", hvc, IR_VOID, 1, IR_CALL_ALL};
const IRHelper arm_h_smc = {"smc", smc, IR_VOID, 1, IR_CALL_ALL};
const IRHelper arm_h_brk = {"brk", brk, IR_VOID, 1, IR_CALL_ALL};
const IRHelper arm_h_hlt = {"hlt", hlt, IR_VOID, 1, IR_CALL_ALL};
const IRHelper arm_h_eret = {"eret", eret, IR_VOID, 1, IR_CALL_ALL};

// --- waiting

static void wfi(VCPU *v)
{
    v->halted = !arm_has_work(v);
}

static void wfe(VCPU *v)
{
    ARMSystem *s = arm_cpu(v)->sys;
    if (s->event) {
        s->event = false;
    } else if (!s->inputs) {
        arm_event_stream(arm_cpu(v));
        v->yield = VCPU_WAITS;
    }
}

// A spinning CPU gives way to one that does something; alone, time must go on at its usual pace.
static void yield(VCPU *v)
{
    const Machine *m = v->machine;
    for (unsigned i = 0; i < m->n_cpus; i++) {
        const VCPU *o = m->cpu[i];
        if (o != v && !o->halted && !o->stopped && !o->yield) {
            v->yield = VCPU_SPINS;
        }
    }
}

static void sev(VCPU *v)
{
    for (unsigned i = 0; i < v->machine->n_cpus; i++) {
        arm_cpu(v->machine->cpu[i])->sys->event = true;
    }
}

static void sevl(VCPU *v)
{
    arm_cpu(v)->sys->event = true;
}

const IRHelper arm_h_wfi = {"wfi", wfi, IR_VOID, 0, IR_CALL_ALL};
const IRHelper arm_h_wfe = {"wfe", wfe, IR_VOID, 0, IR_CALL_ALL};
const IRHelper arm_h_yield = {"yield", yield, IR_VOID, 0, IR_CALL_ALL};
const IRHelper arm_h_sev = {"sev", sev, IR_VOID, 0, 0};
const IRHelper arm_h_sevl = {"sevl", sevl, IR_VOID, 0, 0};

// --- system registers

static uint64_t mrs(VCPU *v, uint64_t enc, uint64_t rt)
{
    return arm_sysreg_read(arm_cpu(v), (uint32_t)enc, (unsigned)rt);
}

static void msr(VCPU *v, uint64_t enc, uint64_t value, uint64_t rt)
{
    arm_sysreg_write(arm_cpu(v), (uint32_t)enc, value, (unsigned)rt);
}

// SYS encodings have op0 = 1; anything else that gets here is a frontend's bug.
static void sys(VCPU *v, uint64_t enc, uint64_t value, uint64_t rt)
{
    arm_sysreg_write(arm_cpu(v), (uint32_t)enc, value, (unsigned)rt);
}

static void dc_zva(VCPU *v, uint64_t va)
{
    arm_sysreg_write(arm_cpu(v), SR(1, 3, 7, 4, 1), va, 31);
}

const IRHelper arm_h_mrs = {"mrs", mrs, IR_I64, 2, IR_CALL_ALL};
const IRHelper arm_h_msr = {"msr", msr, IR_VOID, 3, IR_CALL_ALL};
const IRHelper arm_h_sys = {"sys", sys, IR_VOID, 3, IR_CALL_ALL};
const IRHelper arm_h_dc_zva = {"dc_zva", dc_zva, IR_VOID, 1, IR_CALL_ALL};

// --- MSR (immediate)

// One field by op1:op2. DAIFSet and DAIFClr name DAIF bits in the immediate; the others take its
// bit 0.
typedef struct PStateField {
    uint8_t op;
    uint8_t feature;
    bool el0;
    uint32_t bit;
} PStateField;

#define PSTATE_OP(op1, op2) ((op1) << 3 | (op2))

static const PStateField pstate_fields[] = {
    {PSTATE_OP(0, 3), ARM_FEAT_UAO, false, PSTATE_UAO},
    {PSTATE_OP(0, 4), ARM_FEAT_PAN, false, PSTATE_PAN},
    {PSTATE_OP(0, 5), ARM_FEAT_BASE, false, PSTATE_SP},
    {PSTATE_OP(3, 1), ARM_FEAT_SSBS, true, PSTATE_SSBS},
    {PSTATE_OP(3, 2), ARM_FEAT_DIT, true, PSTATE_DIT},
};

static void set_field(ARMCPU *c, uint64_t op, unsigned imm)
{
    for (unsigned i = 0; i < ARRAY_LEN(pstate_fields); i++) {
        const PStateField *f = &pstate_fields[i];
        if (f->op != op || (f->feature && !arm_has(c, f->feature)) || (!f->el0 && !arm_el(c))) {
            continue;
        }
        arm_set_pstate(c, imm & 1 ? c->pstate | f->bit : c->pstate & ~f->bit);
        arm_pstate_changed(c);
        return;
    }
    log_printf(LOG_UNIMP, "MSR (immediate) op1 %u op2 %u at EL%u: UNDEFINED\n", (unsigned)op >> 3,
               (unsigned)op & 7, arm_el(c));
    arm_raise_undefined(c);
}

static void msr_imm(VCPU *v, uint64_t op, uint64_t imm)
{
    ARMCPU *c = arm_cpu(v);
    bool set = op == PSTATE_OP(3, 6), clear = op == PSTATE_OP(3, 7);
    if (!set && !clear) {
        set_field(c, op, (unsigned)imm);
        return;
    }
    if (arm_el(c) == 0 && !(c->sys->sctlr_el[1] & SCTLR_UMA)) {
        uint32_t iss = (uint32_t)((op & 7) << 17 | (op >> 3) << 14 | 4 << 10 | 31 << 5 | imm << 1);
        arm_raise(c, ESR_EC(EC_SYSREG) | iss);
    }
    uint32_t bits = (uint32_t)imm << 6;
    arm_set_daif(c, set ? c->pstate | bits : c->pstate & ~bits);
}

const IRHelper arm_h_msr_imm = {"msr_imm", msr_imm, IR_VOID, 2, IR_CALL_ALL};
