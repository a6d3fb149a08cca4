// What comparing single instructions with a CPU (tests/oracle_x86) does not show of the vector
// unit: the error of our estimates, and the areas that FXSAVE and XSAVE write.
#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "target-x86/fp/sse.h"
#include "target-x86/fp/xsave.h"
#include "tests/unit/x86_machine.h"

// --- RCPPS, RSQRTPS
static float estimate(const IRVHelper *h, uint32_t bits, uint32_t *out)
{
    V128 d, a = {.u32 = {bits}};
    float f;
    h->fn(NULL, &d, &a, NULL, NULL, 2 | IR_FP_SCALAR);
    *out = d.u32[0];
    memcpy(&f, &d, sizeof f);
    return f;
}

Test(x86_vector, estimates_are_within_the_manuals_bound)
{
    const double bound = 1.5 / 4096;
    for (uint32_t exp = 2; exp < 252; exp++) {
        for (uint32_t k = 0; k < 997; k++) {
            uint32_t bits = exp << 23 | (k * 8413 & 0x7fffff), r;
            float x;
            memcpy(&x, &bits, sizeof x);
            cr_assert_lt(fabs((double)estimate(&sse_fx_rcp, bits, &r) * (double)x - 1), bound);
            double root = (double)estimate(&sse_fx_rsqrt, bits, &r) * sqrt((double)x);
            cr_assert_lt(fabs(root - 1), bound);
        }
    }
}

Test(x86_vector, estimates_of_special_values)
{
    static const uint32_t row[][3] = {
        // operand, RCPSS, RSQRTSS
        {0x00000000, 0x7f800000, 0x7f800000}, {0x80000000, 0xff800000, 0xff800000},
        {0x00000123, 0x7f800000, 0x7f800000}, {0x7f800000, 0x00000000, 0x00000000},
        {0xff800000, 0x80000000, 0xffc00000}, {0x7f800001, 0x7fc00001, 0x7fc00001},
        {0xffc12345, 0xffc12345, 0xffc12345}, {0xbf800000, 0xbf800000, 0xffc00000},
        {0x3f800000, 0x3f800000, 0x3f800000}, {0x40800000, 0x3e800000, 0x3f000000},
    };
    for (unsigned k = 0; k < ARRAY_LEN(row); k++) {
        uint32_t rcp, rsqrt;
        estimate(&sse_fx_rcp, row[k][0], &rcp);
        estimate(&sse_fx_rsqrt, row[k][0], &rsqrt);
        cr_expect_eq(rcp, row[k][1], "1/%08x: %08x", row[k][0], rcp);
        cr_expect_eq(rsqrt, row[k][2], "1/sqrt(%08x): %08x", row[k][0], rsqrt);
    }
    uint32_t tiny;
    estimate(&sse_fx_rcp, 0x7f000001, &tiny);
    cr_expect_eq(tiny, 0); // results are never denormal
}

// --- areas: one instruction at CODE, in flat 32-bit mode, on the area that ESI points to
#define CODE 0x1000
#define AREA 0x2000

typedef struct Rig {
    X86CPU *c;
    uint8_t *ram;
    unsigned runs;
} Rig;

static Rig rig_new(void)
{
    X86Machine x = x86_machine_new(0x10000, (EngineConfig){0});
    VCPU *v = &x.c->vcpu;
    machine_reset(x.m);
    x86_cpu_boot_flat32(v, CODE, AREA, 0);
    v->stopped = v->halted = 0;
    x.c->cr4 |= X86_CR4_OSFXSR | X86_CR4_OSXSAVE;
    x.c->xcr0 = XSTATE_ALL;
    x86_mode_changed(x.c);
    return (Rig){.c = x.c, .ram = x.ram};
}

// eax: the components asked for.
static void run(Rig *r, unsigned modrm, unsigned opcode, unsigned eax)
{
    VCPU *v = &r->c->vcpu;
    uint8_t code[] = {0x0f, (uint8_t)opcode, (uint8_t)modrm};
    unsigned pc = CODE + 16 * r->runs++; // each at an address of its own: no code is rewritten
    memcpy(r->ram + pc, code, sizeof code);
    v->pc = pc;
    v->gpr[X86_RAX] = eax;
    v->gpr[X86_RDX] = 0;
    cr_assert_eq(engine_run(v, 1), 1);
    cr_assert_eq(v->pc, pc + sizeof code, "an exception");
}

enum { FXSAVE = 0x06, FXRSTOR = 0x0e, XSAVE = 0x26, XRSTOR = 0x2e };

static uint64_t word(const Rig *r, unsigned offset)
{
    uint64_t x;
    memcpy(&x, r->ram + AREA + offset, 8);
    return x;
}

static void fill(Rig *r)
{
    for (unsigned k = 0; k < 8; k++) {
        r->c->vcpu.vec[k] = (V128){.u64 = {0x1100 + k, 0x2200 + k}};
        r->c->vcpu.vec[16 + k] = (V128){.u64 = {0x3300 + k, 0x4400 + k}};
        r->c->fpu.st[k] = (X86Float80){.frac = BIT(63) + k, .se = (uint16_t)(0x3fff + k)};
    }
    r->c->fpu.empty = 0xf0;
    x86_mxcsr_set(r->c, 0x3fc1);
}

static void clear(Rig *r)
{
    memset(r->c->vcpu.vec, 0, sizeof r->c->vcpu.vec);
    memset(r->c->fpu.st, 0, sizeof r->c->fpu.st);
    x86_fpu_reset(r->c);
    x86_mxcsr_set(r->c, MXCSR_RESET);
}

static void expect_filled(Rig *r, bool avx)
{
    for (unsigned k = 0; k < 8; k++) {
        cr_expect_eq(r->c->vcpu.vec[k].u64[1], 0x2200 + k);
        cr_expect_eq(r->c->vcpu.vec[16 + k].u64[0], avx ? 0x3300 + k : 0);
        cr_expect_eq(r->c->fpu.st[k].frac, BIT(63) + k);
        cr_expect_eq(r->c->fpu.st[k].se, 0x3fff + k);
    }
    cr_expect_eq(r->c->fpu.empty, 0xf0);
    cr_expect_eq(x86_mxcsr_get(r->c), 0x3fc1);
}

Test(x86_vector, fxsave_and_back)
{
    Rig r = rig_new();
    fill(&r);
    run(&r, FXSAVE, 0xae, 0);
    cr_expect_eq(word(&r, 0) >> 32 & 0xff, 0x0f); // abridged tags
    cr_expect_eq(word(&r, 24), 0x0000ffff00003fc1);
    cr_expect_eq(word(&r, 32), BIT(63));
    cr_expect_eq(word(&r, 160 + 16 * 7), 0x1107);
    cr_expect_eq(word(&r, 160 + 16 * 8), 0); // not outside 64-bit mode
    clear(&r);
    run(&r, FXRSTOR, 0xae, 0);
    expect_filled(&r, false);
}

Test(x86_vector, xsave_and_back)
{
    Rig r = rig_new();
    fill(&r);
    run(&r, XSAVE, 0xae, XSTATE_ALL);
    cr_expect_eq(word(&r, XSAVE_HEADER), XSTATE_ALL);
    cr_expect_eq(word(&r, XSAVE_HEADER + 8), 0);
    cr_expect_eq(word(&r, XSAVE_AVX + 16 * 3 + 8), 0x4403);
    clear(&r);
    run(&r, XRSTOR, 0xae, XSTATE_ALL);
    expect_filled(&r, true);
}

Test(x86_vector, components_not_asked_for_stay)
{
    Rig r = rig_new();
    fill(&r);
    run(&r, XSAVE, 0xae, XSTATE_AVX);
    cr_expect_eq(word(&r, XSAVE_HEADER), XSTATE_AVX);
    cr_expect_eq(word(&r, 160), 0);
    cr_expect_eq(word(&r, 24) & UINT32_MAX, 0x3fc1); // MXCSR belongs to SSE and AVX
    clear(&r);
    r.c->vcpu.vec[2].u64[0] = 77;
    run(&r, XRSTOR, 0xae, XSTATE_AVX);
    cr_expect_eq(r.c->vcpu.vec[2].u64[0], 77);
    cr_expect_eq(r.c->vcpu.vec[18].u64[0], 0x3302);
}

Test(x86_vector, components_in_their_initial_state)
{
    Rig r = rig_new();
    clear(&r);
    r.c->vcpu.vec[17].u64[0] = 5;
    run(&r, XSAVE, 0xc7, XSTATE_ALL); // XSAVEC
    cr_expect_eq(word(&r, XSAVE_HEADER), XSTATE_AVX);
    cr_expect_eq(word(&r, XSAVE_HEADER + 8), XCOMP_COMPACT | XSTATE_ALL);
    fill(&r);
    run(&r, XRSTOR, 0xae, XSTATE_ALL);
    cr_expect_eq(r.c->vcpu.vec[1].u64[0], 0);
    cr_expect_eq(r.c->vcpu.vec[17].u64[0], 5);
    cr_expect_eq(r.c->fpu.empty, 0xff);
    cr_expect_eq(x86_mxcsr_get(r.c), (uint32_t)MXCSR_RESET);
}
