// VFP and Advanced SIMD in AArch32: short programs for what single instructions under a user-mode
// oracle cannot show: access traps, FPSCR's short vectors, alignment faults, flushed denormals
// beside ordinary lanes in one vector.
#include "target-arm/helpers_vfp.h"
#include "tests/unit/arm_fixture.h"

// --- programs, in supervisor mode with the MMU off

#define CODE RAM_BASE
#define DATA (RAM_BASE + 0x10000)
#define SELF 0xeafffffeu // b .

static void load_program(Fixture *f, const uint32_t *words, unsigned n)
{
    fixture_init_kind(f, true, "cortex-a15", NULL);
    machine_reset(f->m);
    memcpy(f->ram, words, 4 * n);
    f->c->sys->cpacr = 0xf << 20;
    f->c->fpexc = 1u << 30;
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

#define R(f, n)   ((f)->c->vcpu.gpr[n])
#define VEC(f, n) ((f)->c->vcpu.vec[n])

static bool in_undefined_mode(const Fixture *f)
{
    return (f->c->pstate & CPSR_M) == ARM_MODE_UND;
}

Test(a32_vfp, off_until_fpexc_has_en)
{
    Fixture f;
    LOAD(&f, 0xeef80a10, 0xeee80a10, 0xee300a01, SELF); // vmrs r0, fpexc; vmsr; vadd.f32 s0, s0, s2
    f.c->fpexc = 0;
    arm_mode_changed(f.c);
    run(&f, 2);
    cr_expect_eq(R(&f, 0), 0);
    cr_expect_not(in_undefined_mode(&f));
    run(&f, 1);
    cr_expect(in_undefined_mode(&f));
}

Test(a32_vfp, enabled_by_vmsr)
{
    Fixture f;
    LOAD(&f, 0xeee80a10, 0xee300a01, SELF); // vmsr fpexc, r0; vadd.f32 s0, s0, s2
    f.c->fpexc = 0;
    arm_mode_changed(f.c);
    R(&f, 0) = 1u << 30;
    VEC(&f, 0) = (V128){.u32 = {0x3f800000, 1, 0x40000000, 3}};
    run(&f, 2);
    cr_expect_not(in_undefined_mode(&f));
    cr_expect_eq(VEC(&f, 0).u32[0], 0x40400000);
    cr_expect_eq(VEC(&f, 0).u32[1], 1);
    cr_expect_eq(VEC(&f, 0).u32[3], 3);
}

Test(a32_vfp, cpacr_denies)
{
    Fixture f;
    LOAD(&f, 0xee300a01, SELF);
    f.c->sys->cpacr = 0;
    arm_mode_changed(f.c);
    run(&f, 1);
    cr_expect(in_undefined_mode(&f));
}

Test(a32_vfp, asedis_is_for_advanced_simd)
{
    Fixture f;
    LOAD(&f, 0xee300a01, 0xf2000d02, SELF); // vadd.f32 s0, s0, s2; vadd.f32 d0, d0, d2
    f.c->sys->cpacr |= 1u << 31;
    arm_mode_changed(f.c);
    run(&f, 1);
    cr_expect_not(in_undefined_mode(&f));
    run(&f, 1);
    cr_expect(in_undefined_mode(&f));
}

Test(a32_vfp, short_vectors_are_undefined)
{
    Fixture f;
    // vmsr fpscr, r0; vmrs r1, fpscr; vcmp.f32 s0, s2; vadd.f32 s0, s0, s2
    LOAD(&f, 0xeee10a10, 0xeef11a10, 0xeeb40a41, 0xee300a01, SELF);
    R(&f, 0) = 0x00030000;
    run(&f, 3);
    cr_expect_eq(R(&f, 1), 0x00030000);
    cr_expect_not(in_undefined_mode(&f));
    run(&f, 1);
    cr_expect(in_undefined_mode(&f));
}

Test(a32_vfp, flags_go_to_fpscr_and_on)
{
    Fixture f;
    // vcmp.f32 s0, #0; vmrs apsr_nzcv, fpscr; vmrs r1, fpscr
    LOAD(&f, 0xeeb50a40, 0xeef1fa10, 0xeef11a10, SELF);
    VEC(&f, 0).u32[0] = 0xbf800000;
    run(&f, 3);
    cr_expect_eq(f.c->vcpu.flags & IR_FLAG_MASK, IR_FLAG_S);
    cr_expect_eq(R(&f, 1), 0x80000000);
    cr_expect_eq(arm_fpscr_read(f.c), 0x80000000);
}

Test(a32_vfp, doublewords_ask_for_words_alignment)
{
    Fixture f;
    LOAD(&f, 0xed910b00, 0xed920b00, SELF); // vldr d0, [r1]; vldr d0, [r2]
    R(&f, 1) = DATA + 4;
    R(&f, 2) = DATA + 2;
    poke64(&f, DATA, UINT64_C(0x1122334455667788));
    f.c->sys->sctlr_el[1] = (f.c->sys->sctlr_el[1] | SCTLR_C) & ~SCTLR_A;
    arm_mode_changed(f.c);
    run(&f, 1);
    cr_expect_eq(VEC(&f, 0).u64[0], 0x11223344);
    run(&f, 1);
    cr_expect_eq(f.c->pstate & CPSR_M, ARM_MODE_ABT);
}

Test(a32_vfp, structures_ask_for_what_they_name)
{
    Fixture f;
    // vld1.8 {d0}, [r1]; vld1.8 {d0}, [r1:64]
    LOAD(&f, 0xf421070f, 0xf421071f, SELF);
    R(&f, 1) = DATA + 4;
    f.c->sys->sctlr_el[1] = (f.c->sys->sctlr_el[1] | SCTLR_C) & ~SCTLR_A;
    arm_mode_changed(f.c);
    run(&f, 1);
    cr_expect_eq(f.c->pstate & CPSR_M, ARM_MODE_SVC);
    run(&f, 1);
    cr_expect_eq(f.c->pstate & CPSR_M, ARM_MODE_ABT);
}

Test(a32_vfp, vectors_flush_and_scalars_do_not)
{
    Fixture f;
    // vadd.f32 q0, q1, q2; vadd.f32 s12, s4, s8
    LOAD(&f, 0xf2020d44, 0xee326a04, SELF);
    VEC(&f, 1) = (V128){.u32 = {1, 0x3f800000, 0x80000001, 0x7f800001}};
    VEC(&f, 2) = (V128){.u32 = {1, 0x40000000, 0, 0x3f800000}};
    run(&f, 2);
    cr_expect_eq(VEC(&f, 0).u32[0], 0);
    cr_expect_eq(VEC(&f, 0).u32[1], 0x40400000);
    cr_expect_eq(VEC(&f, 0).u32[3], 0x7fc00000);
    cr_expect_eq(VEC(&f, 3).u32[0], 2);
    cr_expect_eq(arm_fpscr_read(f.c) & 0x9f, 0x81); // IDC, IOC
}
