// Short A64 programs at EL1, MMU off: what single instructions under a user-mode oracle cannot show
// (alignment of SP and pc, pointer authentication, exceptions, software step, self-made code).
#include "tests/unit/arm_fixture.h"

#define CODE    RAM_BASE
#define DATA    (RAM_BASE + 0x10000)
#define VECTORS (RAM_BASE + 0x20000)
#define SELF    0x14000000u // b .

static void load_program(Fixture *f, const uint32_t *words, unsigned n)
{
    fixture_init(f, "max");
    machine_reset(f->m);
    memcpy(f->ram, words, 4 * n);
    for (unsigned i = 0; i < 0x800 / 4; i++) {
        const uint32_t self = SELF;
        memcpy(f->ram + (VECTORS - RAM_BASE) + 4 * i, &self, 4);
    }
    set_el(f, 1);
    f->c->sys->vbar_el[1] = VECTORS;
    f->c->sys->cpacr = 3 << 20;
    f->c->vcpu.pc = CODE;
    f->c->vcpu.stopped = f->c->vcpu.halted = 0;
    arm_mode_changed(f->c);
}

#define LOAD(f, ...)                                                                               \
    do {                                                                                           \
        static const uint32_t words_[] = {__VA_ARGS__};                                            \
        load_program(f, words_, ARRAY_LEN(words_));                                                \
    } while (0)

static void run(Fixture *f, unsigned n)
{
    cr_assert_eq(engine_run(&f->c->vcpu, n), n);
}

static unsigned exception_class(const Fixture *f)
{
    return (unsigned)f->c->sys->esr_el[1] >> ESR_EC_SHIFT;
}

#define X(f, n) ((f)->c->vcpu.gpr[n])

Test(a64_run, misaligned_sp_faults_where_it_is_the_base)
{
    Fixture f;
    LOAD(&f, 0xd503201f, 0xa9bf7bfd, SELF); // nop; stp x29, x30, [sp, #-16]!
    f.c->sys->sctlr_el[1] |= SCTLR_SA;
    arm_mode_changed(f.c);
    X(&f, ARM_SP) = DATA + 8;
    run(&f, 3); // the last one in the vector
    cr_expect_eq(exception_class(&f), EC_SP_ALIGN);
    cr_expect_eq(f.c->sys->elr_el[1], CODE + 4);
    cr_expect_eq(f.c->vcpu.pc, VECTORS + 0x200);
    cr_expect_eq(X(&f, ARM_SP), DATA + 8);
}

Test(a64_run, aligned_sp_and_unchecked_sp_pass)
{
    Fixture f;
    LOAD(&f, 0xa9bf7bfd, 0xd503201f, SELF);
    f.c->sys->sctlr_el[1] |= SCTLR_SA;
    arm_mode_changed(f.c);
    X(&f, ARM_SP) = DATA + 16;
    run(&f, 2);
    cr_expect_eq(f.c->vcpu.pc, CODE + 8);
    cr_expect_eq(X(&f, ARM_SP), DATA);
    f.c->sys->sctlr_el[1] &= ~SCTLR_SA;
    arm_mode_changed(f.c);
    f.c->vcpu.pc = CODE;
    X(&f, ARM_SP) = DATA + 8;
    run(&f, 2);
    cr_expect_eq(f.c->vcpu.pc, CODE + 8);
}

Test(a64_run, branch_to_a_misaligned_pc)
{
    for (unsigned low = 1; low < 4; low++) {
        Fixture f;
        LOAD(&f, 0xd61f0000, SELF); // br x0
        X(&f, 0) = CODE + 4 + low;
        X(&f, ARM_SP) = DATA;
        run(&f, 2);
        cr_expect_eq(exception_class(&f), EC_PC_ALIGN);
        cr_expect_eq(f.c->sys->elr_el[1], CODE + 4 + low);
        cr_expect_eq(f.c->sys->far_el[1], CODE + 4 + low);
    }
}

Test(a64_run, signed_return_address_round_trip)
{
    Fixture f;
    LOAD(&f, 0xd503233f, 0xd50323bf, SELF); // paciasp; autiasp
    f.c->sys->sctlr_el[1] |= SCTLR_ENIA;
    arm_mode_changed(f.c);
    X(&f, 30) = CODE + 8;
    X(&f, ARM_SP) = DATA;
    run(&f, 1);
    cr_expect_neq(X(&f, 30), CODE + 8);
    run(&f, 1);
    cr_expect_eq(X(&f, 30), CODE + 8);
}

Test(a64_run, authenticated_return_and_branch)
{
    Fixture f;
    LOAD(&f, 0xd503233f, 0xd65f0bff, SELF, SELF); // paciasp; retaa
    f.c->sys->sctlr_el[1] |= SCTLR_ENIA;
    arm_mode_changed(f.c);
    X(&f, 30) = CODE + 12;
    run(&f, 2);
    cr_expect_eq(f.c->vcpu.pc, CODE + 12);
    LOAD(&f, 0xdac10041, 0xd71f0822, SELF, SELF); // pacia x1, x2; braa x1, x2
    f.c->sys->sctlr_el[1] |= SCTLR_ENIA;
    arm_mode_changed(f.c);
    X(&f, 1) = CODE + 12;
    X(&f, 2) = 99;
    run(&f, 2);
    cr_expect_eq(f.c->vcpu.pc, CODE + 12);
}

Test(a64_run, dc_zva_clears_its_block)
{
    Fixture f;
    LOAD(&f, 0xd50b7420, SELF); // dc zva, x0
    memset(f.ram + (DATA - RAM_BASE), 0xff, 256);
    X(&f, 0) = DATA + 64 + 13;
    run(&f, 1);
    for (unsigned i = 0; i < 256; i++) {
        cr_assert_eq(f.ram[DATA - RAM_BASE + i], i / 64 == 1 ? 0 : 0xff, "byte %u", i);
    }
}

Test(a64_run, svc_and_eret)
{
    Fixture f;
    LOAD(&f, 0xd4000541, 0xd503201f, SELF); // svc #42; nop
    const uint32_t eret = 0xd69f03e0;
    memcpy(f.ram + (VECTORS - RAM_BASE) + 0x200, &eret, 4);
    run(&f, 1);
    cr_expect_eq(f.c->vcpu.pc, VECTORS + 0x200);
    cr_expect_eq(f.c->sys->esr_el[1], ESR_EC(EC_SVC) | ESR_IL | 42);
    cr_expect_eq(f.c->sys->elr_el[1], CODE + 4);
    run(&f, 2);
    cr_expect_eq(f.c->vcpu.pc, CODE + 8);
}

Test(a64_run, masking_interrupts_inline_and_by_helper)
{
    Fixture f;
    LOAD(&f, 0xd50342df, 0xd53b4220, 0xd50342ff, SELF); // msr daifset, #2; mrs x0, daif; daifclr #2
    run(&f, 2);
    cr_expect_eq(X(&f, 0), (uint64_t)PSTATE_I);
    run(&f, 1);
    cr_expect_eq(f.c->pstate & PSTATE_I, 0u);
}

Test(a64_run, kernel_registers_inline)
{
    Fixture f;
    // msr sp_el0, x1; mrs x2, sp_el0; msr tpidr_el1, x3; mrs x4, tpidr_el1; mrs x5, currentel
    LOAD(&f, 0xd5184101, 0xd5384102, 0xd518d083, 0xd538d084, 0xd5384245, SELF);
    X(&f, 1) = 0x1111;
    X(&f, 3) = 0x3333;
    run(&f, 5);
    cr_expect_eq(X(&f, 2), 0x1111u);
    cr_expect_eq(f.c->sys->sp_el[0], 0x1111u);
    cr_expect_eq(X(&f, 4), 0x3333u);
    cr_expect_eq(X(&f, 5), 4u);
}

Test(a64_run, sp_el0_is_undefined_while_it_is_the_stack_pointer)
{
    Fixture f;
    LOAD(&f, 0xd5384102, SELF); // mrs x2, sp_el0
    arm_set_pstate(f.c, 1 << PSTATE_EL_SHIFT);
    arm_mode_changed(f.c);
    run(&f, 1);
    cr_expect_eq(exception_class(&f), EC_UNKNOWN);
    cr_expect_eq(f.c->sys->elr_el[1], CODE);
}

Test(a64_run, store_exclusive_needs_its_load)
{
    Fixture f;
    // ldxr x1, [x0]; stxr w2, x3, [x0]; stxr w4, x3, [x0]
    LOAD(&f, 0xc85f7c01, 0xc8027c03, 0xc8047c03, SELF);
    X(&f, 0) = DATA;
    X(&f, 3) = 77;
    X(&f, 2) = X(&f, 4) = 5;
    run(&f, 3);
    cr_expect_eq(X(&f, 2), 0u);
    cr_expect_eq(X(&f, 4), 1u);
    cr_expect_eq(peek64(&f, DATA), 77u);
}

Test(a64_run, write_to_code_ahead_is_seen)
{
    Fixture f;
    // str w1, [x0]; nop; (replaced by add x2, x2, #1); b .
    LOAD(&f, 0xb9000001, 0xd503201f, 0xd503201f, SELF);
    X(&f, 0) = CODE + 8;
    X(&f, 1) = 0x91000442;
    run(&f, 1);
    run(&f, 2);
    cr_expect_eq(X(&f, 2), 1u);
}

Test(a64_run, fp_access_traps_when_disabled)
{
    Fixture f;
    LOAD(&f, 0x1e602820, SELF); // fadd d0, d1, d0
    f.c->sys->cpacr = 0;
    arm_mode_changed(f.c);
    run(&f, 1);
    cr_expect_eq(exception_class(&f), EC_FP);
    cr_expect_eq(f.c->sys->esr_el[1] & 0x1ffffff, 0x1e00000u);
}

Test(a64_run, illegal_state)
{
    Fixture f;
    LOAD(&f, 0xd503201f, SELF);
    f.c->pstate |= PSTATE_IL;
    arm_mode_changed(f.c);
    run(&f, 1);
    cr_expect_eq(exception_class(&f), EC_ILLEGAL);
    cr_expect_eq(f.c->pstate & PSTATE_IL, 0u);
}

Test(a64_run, software_step_of_el0)
{
    Fixture f;
    LOAD(&f, 0x91000400, 0xb4000041, SELF, 0x91000400, SELF); // add x0, x0, #1; cbz x1, .+8
    f.c->sys->debug.mdscr = 1;                                // SS
    f.c->sys->debug.os_lock = false;
    arm_set_pstate(f.c, PSTATE_SS);
    arm_mode_changed(f.c);
    run(&f, 1);
    cr_expect_eq(X(&f, 0), 1u);
    cr_expect_eq(exception_class(&f), EC_STEP);
    cr_expect_eq(f.c->sys->elr_el[1], CODE + 4);
    arm_set_pstate(f.c, PSTATE_SS);
    arm_mode_changed(f.c);
    f.c->vcpu.pc = CODE + 4;
    run(&f, 1);
    cr_expect_eq(f.c->sys->elr_el[1], CODE + 12);
}
