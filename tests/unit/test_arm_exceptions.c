// Exception entry and return, interrupts, PSCI, pointer authentication.
#include "arm_fixture.h"

#include "target-arm/helpers.h"

#define VBAR UINT64_C(0x40080000)

static Fixture f;

static void setup(void)
{
    fixture_init(&f, "max");
    f.c->sys->vbar_el[1] = VBAR;
}

TestSuite(arm_exceptions, .init = setup);

static ARMSystem *sys(void)
{
    return f.c->sys;
}

static uint64_t call1(const IRHelper *h, uint64_t a)
{
    return ((uint64_t(*)(VCPU *, uint64_t))h->fn)(&f.c->vcpu, a);
}

static uint64_t call3(const IRHelper *h, uint64_t a, uint64_t b, uint64_t c)
{
    return ((uint64_t(*)(VCPU *, uint64_t, uint64_t, uint64_t))h->fn)(&f.c->vcpu, a, b, c);
}

Test(arm_exceptions, svc_from_el0_and_back)
{
    set_el(&f, 0);
    sys()->sp_el[1] = 0x9000;
    f.c->vcpu.gpr[ARM_SP] = 0x7000;
    f.c->vcpu.pc = 0x1004;
    f.c->vcpu.flags = IR_FLAG_Z | IR_FLAG_C;
    call1(&arm_h_svc, 0x42);
    cr_assert_eq(f.c->vcpu.pc, VBAR + 0x400);
    cr_assert_eq(arm_el(f.c), 1u);
    cr_assert_eq(f.c->vcpu.gpr[ARM_SP], 0x9000u);
    cr_assert_eq(sys()->sp_el[0], 0x7000u);
    cr_assert_eq(sys()->elr_el[1], 0x1004u);
    cr_assert_eq(sys()->esr_el[1], 0x56000042u);
    cr_assert_eq(sys()->spsr_el[1], 0x60000000u);
    cr_assert_eq(f.c->pstate & 0x3c0, 0x3c0u);
    f.c->vcpu.flags = 0;
    call1(&arm_h_eret, sys()->elr_el[1]);
    cr_assert_eq(f.c->vcpu.pc, 0x1004u);
    cr_assert_eq(arm_el(f.c), 0u);
    cr_assert_eq(f.c->vcpu.gpr[ARM_SP], 0x7000u);
    cr_assert_eq(arm_nzcv(f.c), 0x60000000u);
    cr_assert_eq(f.c->pstate & 0x3c0, 0u);
}

Test(arm_exceptions, vectors_of_the_same_level)
{
    f.c->vcpu.pc = 0x2000;
    MmuFault fault = {.va = 0x1234, .access = MMU_WRITE, .code = FSC_PERMISSION | 3};
    arm_fault(&f.c->vcpu, &fault);
    cr_assert_eq(f.c->vcpu.pc, VBAR + 0x200);
    cr_assert_eq(sys()->esr_el[1], 0x9600004fu); // same level, WnR
    cr_assert_eq(sys()->far_el[1], 0x1234u);
    arm_set_pstate(f.c, f.c->pstate & ~PSTATE_SP);
    fault = (MmuFault){.va = 0x5678, .access = MMU_FETCH, .code = FSC_TRANSLATION | 2};
    arm_fault(&f.c->vcpu, &fault);
    cr_assert_eq(f.c->vcpu.pc, VBAR);
    cr_assert_eq(sys()->esr_el[1], 0x86000006u);
    fault = (MmuFault){.va = 0x5679, .access = MMU_FETCH, .code = FSC_PC_ALIGN};
    arm_fault(&f.c->vcpu, &fault);
    cr_assert_eq(sys()->esr_el[1], 0x8a000000u);
}

Test(arm_exceptions, pstate_on_entry)
{
    set_el(&f, 0);
    f.c->pstate |= PSTATE_UAO | PSTATE_SS | PSTATE_IL | PSTATE_DIT;
    arm_sysreg_find(f.c, 0);
    sys()->sctlr_el[1] &= ~SCTLR_SPAN;
    sys()->sctlr_el[1] |= SCTLR_DSSBS;
    call1(&arm_h_svc, 0);
    cr_assert(f.c->pstate & PSTATE_PAN);
    cr_assert(f.c->pstate & PSTATE_SSBS);
    cr_assert(f.c->pstate & PSTATE_DIT);
    cr_assert_eq(f.c->pstate & (PSTATE_UAO | PSTATE_SS | PSTATE_IL), 0u);
}

Test(arm_exceptions, illegal_returns)
{
    static const uint32_t bad[] = {0x8, 0x9, 0xd, 0x1, 0x11, 0x13, 0x2, 0x6, 0x7};
    for (unsigned i = 0; i < ARRAY_LEN(bad); i++) {
        f.c->pstate &= ~PSTATE_IL;
        sys()->spsr_el[1] = bad[i] | 0xa0000000u | PSTATE_I;
        call1(&arm_h_eret, 0x3000);
        cr_assert(f.c->pstate & PSTATE_IL, "SPSR 0x%x", bad[i]);
        cr_assert_eq(arm_el(f.c), 1u);
        cr_assert_eq(f.c->vcpu.pc, 0x3000u);
        cr_assert_eq(arm_nzcv(f.c), 0xa0000000u);
        cr_assert(arm_block_flags(&f.c->vcpu) & ARM_BF_IL);
    }
}

Test(arm_exceptions, return_ignores_bits_of_missing_features)
{
    Fixture g;
    fixture_init(&g, "cortex-a53");
    f = g;
    sys()->spsr_el[1] = 5 | PSTATE_PAN | PSTATE_UAO | PSTATE_DIT | PSTATE_SSBS | PSTATE_TCO;
    call1(&arm_h_eret, 0x3000);
    cr_assert_eq(f.c->pstate, 5u);
}

Test(arm_exceptions, interrupts)
{
    VCPU *v = &f.c->vcpu;
    IrqLine irq = arm_cpu_input(v, ARM_INPUT_IRQ), fiq = arm_cpu_input(v, ARM_INPUT_FIQ);
    irq_set(&irq, true);
    cr_assert(arm_has_work(v));
    cr_assert_not(arm_interrupt_ready(v), "masked");
    arm_set_daif(f.c, 0);
    cr_assert(arm_interrupt_ready(v));
    v->pc = 0x4000;
    irq_set(&fiq, true);
    arm_interrupt_take(v);
    cr_assert_eq(v->pc, VBAR + 0x200 + 0x100);
    cr_assert_eq(sys()->elr_el[1], 0x4000u);
    cr_assert_not(arm_interrupt_ready(v));
    irq_set(&fiq, false);
    arm_set_daif(f.c, PSTATE_F);
    arm_interrupt_take(v);
    cr_assert_eq(v->pc, VBAR + 0x200 + 0x80);
    cr_assert_eq(arm_sysreg_read(f.c, SR(3, 0, 12, 1, 0), 0), 0x80u); // ISR_EL1
    irq_set(&irq, false);
    cr_assert_not(arm_has_work(v));
}

Test(arm_exceptions, software_step)
{
    VCPU *v = &f.c->vcpu;
    sys()->debug.os_lock = false;
    arm_sysreg_write(f.c, SR(2, 0, 0, 2, 2), 1, 0); // MDSCR_EL1.SS
    sys()->spsr_el[1] = PSTATE_SS;                  // to EL0, stepping
    call1(&arm_h_eret, 0x1000);
    cr_assert(arm_block_flags(v) & ARM_BF_SS);
    cr_assert_not(arm_interrupt_ready(v));
    v->pc = 0x1004;
    ((void (*)(VCPU *))arm_h_step_done.fn)(v);
    cr_assert_eq(v->pc, VBAR + 0x400);
    cr_assert_eq(sys()->esr_el[1], 0xcb000022u);
    cr_assert_eq(sys()->elr_el[1], 0x1004u);
    sys()->spsr_el[1] = 0; // back without SS: the step exception comes at once
    call1(&arm_h_eret, 0x1004);
    cr_assert(arm_interrupt_ready(v));
    arm_interrupt_take(v);
    cr_assert_eq(v->pc, VBAR + 0x400);
}

static int64_t psci(uint64_t id, uint64_t a, uint64_t b, uint64_t c)
{
    uint64_t *x = f.c->vcpu.gpr;
    x[0] = id, x[1] = a, x[2] = b, x[3] = c;
    arm_cpu_set_psci(&f.c->vcpu, ARM_PSCI_HVC);
    call1(&arm_h_hvc, 0);
    return (int64_t)x[0];
}

Test(arm_exceptions, psci_calls)
{
    char *error = NULL;
    VCPU *second = arm_cpu_create(f.m, "max", &error);
    arm_cpu_set_boot(second, 0, 0, true);
    cr_assert_eq(psci(0x84000000, 0, 0, 0), 0x10001);
    cr_assert_eq(psci(0x80000000, 0, 0, 0), 0x10001);
    cr_assert_eq(psci(0x8400000a, 0xc4000003, 0, 0), 0);
    cr_assert_eq(psci(0x8400000a, 0x84000042, 0, 0), -1);
    cr_assert_eq(psci(0xc4000004, 1, 0, 0), 1);
    cr_assert_eq(psci(0xc4000003, 7, 0x1000, 0), -2);
    cr_assert_eq(psci(0xc4000003, 0, 0x1000, 0), -4);
    cr_assert_eq(psci(0xc4000003, 1, 0x40001000, 77), 0);
    cr_assert_not(second->stopped);
    cr_assert_eq(second->pc, 0x40001000u);
    cr_assert_eq(second->gpr[0], 77u);
    cr_assert_eq(psci(0xc4000004, 1, 0, 0), 0);
    cr_assert_eq(psci(0x84000006, 0, 0, 0), 2);
    psci(0x84000008, 0, 0, 0);
    cr_assert_eq(f.m->stop, MACHINE_SHUTDOWN);
}

Test(arm_exceptions, events)
{
    VCPU *v = &f.c->vcpu;
    void (*wfe)(VCPU *) = (void (*)(VCPU *))arm_h_wfe.fn;
    ((void (*)(VCPU *))arm_h_sev.fn)(v);
    wfe(v);
    cr_assert_not(v->yield);
    arm_sysreg_write(f.c, SR(3, 0, 14, 1, 0), 4 | 12 << 4, 0); // events when bit 12 rises
    wfe(v);
    cr_assert(v->yield);
    cr_assert_eq(clock_next_deadline(f.m->clock), 4096u * 16);
    ((void (*)(VCPU *))arm_h_wfi.fn)(v);
    cr_assert(v->halted);
}

Test(arm_exceptions, pointer_authentication)
{
    static const uint64_t tcr[] = {16 | 16 << 16, 25 | 25 << 16 | TCR_TBI0 | TCR_TBI1,
                                   16 | 16 << 16 | TCR_TBI0 | TCR_TBID0};
    for (unsigned i = 0; i < ARRAY_LEN(tcr); i++) {
        arm_sysreg_write(f.c, SR(3, 0, 2, 0, 2), tcr[i], 0);
        for (uint64_t key = 0; key < 4; key++) {
            sys()->key[key] = (ARMKey){0x1111 * (key + 1), 0x2222};
            uint64_t ptrs[] = {0x0000001234567890, ~UINT64_C(0xfff)};
            for (unsigned k = 0; k < 2; k++) {
                uint64_t p = ptrs[k], s = call3(&arm_h_pac, p, 99, key);
                cr_assert_neq(s, p);
                cr_assert_eq(call3(&arm_h_aut, s, 99, key), p);
                cr_assert_neq(call3(&arm_h_aut, s, 98, key), p);
                cr_assert_neq(call3(&arm_h_aut, s ^ BIT(53), 99, key), p);
                cr_assert_eq(call3(&arm_h_xpac, s, key >= 2, 0), p);
            }
        }
    }
    cr_assert_eq(call3(&arm_h_pacga, 1, 2, 0) & mask64(32), 0u);
}

// --- block flags follow the registers

Test(arm_exceptions, block_flags)
{
    VCPU *v = &f.c->vcpu;
    cr_assert(arm_block_flags(v) & ARM_BF_FP_TRAP);
    arm_sysreg_write(f.c, SR(3, 0, 1, 0, 2), UINT64_C(1) << 20, 0); // EL0 traps
    cr_assert_not(arm_block_flags(v) & ARM_BF_FP_TRAP);
    set_el(&f, 0);
    cr_assert(arm_block_flags(v) & ARM_BF_FP_TRAP);
    cr_assert_eq(arm_block_flags(v) & ARM_BF_EL, 0u);
    cr_assert_eq(arm_block_flags(v) & ARM_BF_NTWX, (uint64_t)ARM_BF_NTWX);
    set_el(&f, 1);
    arm_sysreg_write(f.c, SR(3, 0, 1, 0, 0), SCTLR_NTWI | SCTLR_UCI | SCTLR_ENIA, 0);
    cr_assert(arm_block_flags(v) & 1 << ARM_BF_PAUTH_SHIFT);
    set_el(&f, 0);
    cr_assert_eq(arm_block_flags(v) & ARM_BF_NTWX, UINT64_C(1) << 22);
    cr_assert(arm_block_flags(v) & ARM_BF_UCI);
    cr_assert_not(arm_block_flags(v) & ARM_BF_UCT);
}
