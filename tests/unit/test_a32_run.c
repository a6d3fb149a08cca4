// Short A32 programs at EL1 with the MMU off, in the interpreter and the JIT: what single
// instructions under a user-mode oracle cannot show (modes and their banks, exceptions and returns,
// byte order, exclusive accesses, calls). Each ends in a loop on itself.
#include "tests/unit/arm_fixture.h"

#include "host-backends/backend.h"

#define CODE    RAM_BASE
#define DATA    (RAM_BASE + 0x10000)
#define VECTORS (RAM_BASE + 0x20000)
#define SELF    0xeafffffeu // b .

#define R(f, n) ((uint32_t)(f)->c->vcpu.gpr[n])

typedef void Check(Fixture *f);

static void run_on(const uint32_t *words, unsigned n, uint32_t sctlr, bool jit, Check *check)
{
    const char *why;
    const EngineConfig engine = {.backend = jit ? host_backend_find(&why) : NULL,
                                 .cache_bytes = 16u << 20};
    Fixture f;
    fixture_init_kind(&f, true, "cortex-a15", &engine);
    machine_reset(f.m);
    memcpy(f.ram, words, 4 * n);
    for (unsigned i = 0; i < 8; i++) {
        const uint32_t self = SELF;
        memcpy(f.ram + (VECTORS - RAM_BASE) + 4 * i, &self, 4);
    }
    f.c->sys->vbar_el[1] = VECTORS;
    f.c->sys->sctlr_el[1] |= sctlr;
    f.c->vcpu.pc = CODE;
    f.c->vcpu.stopped = f.c->vcpu.halted = 0;
    arm_mode_changed(f.c);
    cr_assert_eq(engine_run(&f.c->vcpu, 400), 400u);
    check(&f);
}

#define RUN_WITH(sctlr, check, ...)                                                                \
    do {                                                                                           \
        static const uint32_t words_[] = {__VA_ARGS__};                                            \
        run_on(words_, ARRAY_LEN(words_), sctlr, false, check);                                    \
        run_on(words_, ARRAY_LEN(words_), sctlr, true, check);                                     \
    } while (0)
#define RUN(check, ...) RUN_WITH(0, check, __VA_ARGS__)

static void check_loop(Fixture *f)
{
    cr_expect_eq(R(f, 0), 1u + 3 + 5 + 7 + 9);
    cr_expect_eq(R(f, 1), 0u);
    cr_expect_eq(f->c->vcpu.pc, CODE + 0x18);
}

// mov r0, #0; mov r1, #10; 1: tst r1, #1; addne r0, r0, r1; subs r1, r1, #1; bne 1b; b .
Test(a32_run, conditions)
{
    RUN(check_loop, 0xe3a00000, 0xe3a0100a, 0xe3110001, 0x10800001, 0xe2511001, 0x1afffffb, SELF);
}

static void check_banks(Fixture *f)
{
    cr_expect_eq(R(f, 0), 0x100u);
    cr_expect_eq(R(f, 1), 0x200u);
    cr_expect_eq(R(f, 2), 8u);
    cr_expect_eq(R(f, 3), 0x400u);
    cr_expect_eq(R(f, 4), 9u);
    cr_expect_eq(R(f, 5), 0x400u);
}

// SP in SVC, IRQ, FIQ and System mode, r8 in the latter two; then mov r0, sp; mrs r1, sp_irq;
// mrs r2, r8_fiq; mrs r3, sp_usr; mov r4, r8; msr sp_irq, r3; mrs r5, sp_irq
Test(a32_run, banked_registers)
{
    RUN(check_banks, 0xe3a0dc01, 0xf1020012, 0xe3a0dc02, 0xf1020011, 0xe3a0dc03, 0xe3a08008,
        0xf102001f, 0xe3a0db01, 0xe3a08009, 0xf1020013, 0xe1a0000d, 0xe1011300, 0xe1082200,
        0xe1053200, 0xe1a04008, 0xe121f303, 0xe1015300, SELF);
}

static void check_svc(Fixture *f)
{
    cr_expect_eq(R(f, 1), 1u);
    cr_expect_neq(R(f, 2), 2u);
    cr_expect_eq(f->c->vcpu.pc, VECTORS + 8);
    cr_expect_eq(R(f, 14), CODE + 0x1c);
    cr_expect_eq(R(f, 13), 0x40020000u);
    cr_expect_eq(f->c->pstate & CPSR_M, (uint32_t)ARM_MODE_SVC);
}

// To User mode by movs pc, lr; back by svc
Test(a32_run, supervisor_call)
{
    RUN(check_svc, 0xe59fd01c, 0xe3a00010, 0xe16ff000, 0xe28fe000, 0xe1b0f00e, 0xe3a01001,
        0xef000005, 0xe3a02002, SELF, 0x40020000);
}

static void check_exclusive(Fixture *f)
{
    uint32_t word;
    memcpy(&word, f->ram + (DATA - RAM_BASE), 4);
    cr_expect_eq(word, 1u);
    cr_expect_eq(R(f, 2), 0u, "stored");
    cr_expect_eq(R(f, 3), 1u, "the monitor is closed");
    cr_expect_eq(R(f, 4), 1u);
    cr_expect_eq(R(f, 6), 1u, "CLREX");
}

// ldrex, add, strex, strex; ldrexd, clrex, strexd
Test(a32_run, exclusive_accesses)
{
    RUN(check_exclusive, 0xe59f101c, 0xe1910f9f, 0xe2800001, 0xe1812f90, 0xe1813f90, 0xe1b14f9f,
        0xf57ff01f, 0xe1a16f94, SELF, (uint32_t)DATA);
}

static void check_endian(Fixture *f)
{
    cr_expect_eq(R(f, 3), 0x3344u);
    cr_expect_eq(R(f, 4), 0x11223344u);
    cr_expect_eq(R(f, 5), 0x33440000u);
    cr_expect_eq(R(f, 6), 0x44332211u);
    cr_expect_eq(R(f, 7), 0x4433u);
}

// setend be; str, strh, ldrsh, ldrd; setend le; ldr, ldr
Test(a32_run, big_endian_data)
{
    RUN(check_endian, 0xe59f1024, 0xe59f2024, 0xf1010200, 0xe5812000, 0xe1c120b4, 0xe1d130f4,
        0xe1c140d0, 0xf1010000, 0xe5916000, 0xe5917004, SELF, (uint32_t)DATA, 0x11223344);
}

static void check_ldm(Fixture *f)
{
    cr_expect_eq(R(f, 0), DATA + 8);
    cr_expect_eq(R(f, 4), 0x11u);
    cr_expect_neq(R(f, 5), 1u);
    cr_expect_eq(R(f, 6), 0x55u);
    cr_expect_eq(R(f, 7), 0x77u);
    cr_expect_eq(R(f, 8) & CPSR_M, (uint32_t)ARM_MODE_SYS);
}

// stm and ldm of User mode's {sp, lr}; ldm r0!, {r4, pc}^ to System mode
Test(a32_run, multiple_with_user_registers_and_return)
{
    RUN(check_ldm, 0xe59f0050, 0xf102001f, 0xe3a0d055, 0xe3a0e066, 0xf1020013, 0xe8c06000,
        0xe320f000, 0xe3a01077, 0xe5801004, 0xe8d06000, 0xe320f000, 0xe28f2014, 0xe3a0301f,
        0xe16ff003, 0xe3a01011, 0xe8800006, 0xe8f08010, 0xe3a05001, 0xe1a0600d, 0xe1a0700e,
        0xe10f8000, SELF, (uint32_t)DATA);
}

static void check_rfe(Fixture *f)
{
    cr_expect_eq(R(f, 2), 0x40010ff8u);
    cr_expect_eq(R(f, 3) & CPSR_M, (uint32_t)ARM_MODE_SYS);
    cr_expect_neq(R(f, 5), 1u);
}

// srsdb sp!, #svc; mov r2, sp; rfeia sp!
Test(a32_run, stored_and_restored_return_state)
{
    RUN(check_rfe, 0xe59f0024, 0xe1a0d000, 0xe28fe014, 0xe3a0101f, 0xe16ff001, 0xf96d0513,
        0xe1a0200d, 0xf8bd0a00, 0xe3a05001, 0xe10f3000, SELF, 0x40011000);
}

static void check_flags(Fixture *f)
{
    cr_expect_eq(R(f, 1) & 0xf80f0000, 0xf80a0000u);
    cr_expect_eq(R(f, 4), 0xff00ff00u);
    cr_expect_eq(R(f, 5) & 0xf80f0000, 0x000a0000u);
}

// msr apsr_nzcvqg, r0; mrs r1, cpsr; sel r4, r2, r3; msr cpsr_f, #0; mrs r5, cpsr. (Privileged,
// the s field takes the long way.)
Test(a32_run, flags_by_msr)
{
    RUN(check_flags, 0xe59f001c, 0xe12cf000, 0xe10f1000, 0xe3e02000, 0xe3a03000, 0xe6824fb3,
        0xe328f000, 0xe10f5000, SELF, 0xf80a0000);
}

static void check_swp(Fixture *f)
{
    cr_expect_eq(R(f, 3), 0u);
    cr_expect_eq(R(f, 4), 5u);
}

static void check_undefined(Fixture *f)
{
    cr_expect_eq(f->c->vcpu.pc, VECTORS + 4);
    cr_expect_eq(f->c->pstate & CPSR_M, (uint32_t)ARM_MODE_UND);
    cr_expect_eq(R(f, 14), CODE + 12);
}

#define SWP_PROGRAM                                                                                \
    0xe59f100c, 0xe3a02005, 0xe1013092 /* swp r3, r2, [r1] */, 0xe5914000, SELF, (uint32_t)DATA

Test(a32_run, swp_if_enabled)
{
    RUN_WITH(SCTLR_SW, check_swp, SWP_PROGRAM);
    RUN(check_undefined, SWP_PROGRAM);
}

static void check_abort(Fixture *f)
{
    cr_expect_eq(f->c->vcpu.pc, VECTORS + 0x10);
    cr_expect_eq(f->c->pstate & CPSR_M, (uint32_t)ARM_MODE_ABT);
    cr_expect_eq(R(f, 14), CODE + 4 + 8);
    cr_expect_eq((uint32_t)f->c->sys->esr_el[1] & 0x40f, 1u, "alignment");
    cr_expect_eq((uint32_t)f->c->sys->far_el[1], DATA + 2);
}

Test(a32_run, alignment)
{
    RUN_WITH(SCTLR_A, check_abort, 0xe59f1004, 0xe5910000, SELF, (uint32_t)DATA + 2); // ldr
    RUN(check_abort, 0xe59f1004, 0xe891000c, SELF, (uint32_t)DATA + 2);               // ldm
}

static void check_calls(Fixture *f)
{
    cr_expect_eq(R(f, 0), 106u);
    cr_expect_eq(R(f, 13), 0x40020000u);
    cr_expect_eq(f->c->vcpu.pc, CODE + 0x14);
}

// bl to push {r4, lr} ... pop {r4, pc}; blx r1 to ... bx lr
Test(a32_run, calls_and_returns)
{
    RUN(check_calls, 0xe59fd028, 0xe3a00003, 0xeb000002, 0xe28f1014, 0xe12fff31, SELF, 0xe92d4010,
        0xe1a04000, 0xe0800004, 0xe8bd8010, 0xe2800064, 0xe12fff1e, 0x40020000);
}
