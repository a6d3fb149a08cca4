// AArch32's system side: modes and banked registers, exceptions and returns, coprocessor registers,
// short descriptors; AArch32 at EL0 under an EL1 of 64 bits.
#include "arm_fixture.h"

#include "target-arm/cp15.h"
#include "target-arm/helpers.h"
#include "target-arm/helpers_a32.h"

#define VBAR   0x40080000u
#define TABLE  (RAM_BASE + 0x4000)
#define LEVEL2 (RAM_BASE + 0x8000)

static Fixture f;

static void setup(void)
{
    fixture_init_kind(&f, true, "cortex-a15", NULL);
    f.c->sys->vbar_el[1] = VBAR;
}

static void setup_a64(void)
{
    fixture_init(&f, "cortex-a53");
    f.c->sys->vbar_el[1] = VBAR;
}

TestSuite(arm_a32, .init = setup);
TestSuite(arm_a32_el0, .init = setup_a64);

static ARMSystem *sys(void)
{
    return f.c->sys;
}

static uint64_t *r(void)
{
    return f.c->vcpu.gpr;
}

static uint64_t call0(const IRHelper *h)
{
    return ((uint64_t(*)(VCPU *))h->fn)(&f.c->vcpu);
}

static uint64_t call1(const IRHelper *h, uint64_t a)
{
    return ((uint64_t(*)(VCPU *, uint64_t))h->fn)(&f.c->vcpu, a);
}

static void call2(const IRHelper *h, uint64_t a, uint64_t b)
{
    ((void (*)(VCPU *, uint64_t, uint64_t))h->fn)(&f.c->vcpu, a, b);
}

static void set_mode(uint32_t cpsr)
{
    arm_set_cpsr(f.c, cpsr);
    arm_mode_changed(f.c);
}

static void write_cp(uint32_t enc, uint64_t value)
{
    arm_cp_write(f.c, enc, value, 0);
}

static uint32_t read_cp(uint32_t enc)
{
    return (uint32_t)arm_cp_read(f.c, enc, 0);
}

#define SCTLR CP(15, 0, 1, 0, 0)
#define TTBR0 CP(15, 0, 2, 0, 0)
#define TTBCR CP(15, 0, 2, 0, 2)
#define DACR  CP(15, 0, 3, 0, 0)

// --- modes

Test(arm_a32, starts_in_supervisor_mode)
{
    cr_assert_eq(arm_cpsr(f.c) & 0x1ff, 0x1d3u);
    cr_assert_eq(f.c->vcpu.pc_address, ARM_PC_ADDRESS);
    cr_assert_eq(arm_el(f.c), 1u);
    cr_assert(arm_block_flags(&f.c->vcpu) & ARM_BF_A32);
    cr_assert_str_eq(f.c->vcpu.target->name, "arm");
}

Test(arm_a32, modes_have_registers_of_their_own)
{
    static const uint8_t modes[] = {ARM_MODE_USR, ARM_MODE_FIQ, ARM_MODE_IRQ,
                                    ARM_MODE_SVC, ARM_MODE_ABT, ARM_MODE_UND};
    for (unsigned i = 0; i < ARRAY_LEN(modes); i++) {
        set_mode(modes[i]);
        r()[8] = i == 1 ? 0xf8 : 8;
        r()[13] = 0x100 + i;
        r()[14] = 0x200 + i;
    }
    for (unsigned i = 0; i < ARRAY_LEN(modes); i++) {
        set_mode(modes[i]);
        cr_assert_eq(r()[13], 0x100u + i);
        cr_assert_eq(r()[14], 0x200u + i);
        cr_assert_eq(r()[8], i == 1 ? 0xf8u : 8u);
    }
    set_mode(ARM_MODE_SYS);
    cr_assert_eq(r()[13], 0x100u);
    // MRS and MSR (banked register): SP_irq, R8_fiq, LR_usr, SPSR_abt
    cr_assert_eq(call1(&arm_h_get_banked, 0x11), 0x102u);
    cr_assert_eq(call1(&arm_h_get_banked, 0x08), 0xf8u);
    cr_assert_eq(call1(&arm_h_get_banked, 0x06), 0x200u);
    call2(&arm_h_set_banked, 0x20 | 0x14, 0x12345);
    cr_assert_eq(sys()->a32.spsr[ARM_BANK_ABT], 0x12345u);
    set_mode(ARM_MODE_FIQ);
    cr_assert_eq(call1(&arm_h_get_user, 8), 8u);
    call2(&arm_h_set_user, 13, 0x777);
    set_mode(ARM_MODE_USR);
    cr_assert_eq(r()[13], 0x777u);
}

Test(arm_a32, cpsr_writes)
{
    call2(&arm_h_set_cpsr, 0xf80f0000 | ARM_MODE_IRQ, ~0u);
    cr_assert_eq(arm_cpsr(f.c), 0xf80f0000u | ARM_MODE_IRQ);
    call2(&arm_h_set_cpsr, ARM_MODE_HYP, 0xff); // not there: the mode stays
    cr_assert_eq(arm_cpsr(f.c) & CPSR_M, (unsigned)ARM_MODE_IRQ);
    set_mode(ARM_MODE_USR | PSTATE_I);
    call2(&arm_h_set_cpsr, CPSR_E | ARM_MODE_SVC, ~0u); // User mode: flags and E only
    cr_assert_eq(arm_cpsr(f.c), CPSR_E | ARM_MODE_USR | PSTATE_I);
    cr_assert_eq(call0(&arm_h_get_cpsr), CPSR_E | ARM_MODE_USR);
}

// --- exceptions

Test(arm_a32, svc_from_an_it_block_and_back)
{
    uint32_t cpsr = 0xa8050000 | ARM_MODE_USR | CPSR_T | 0x0600fc00;
    set_mode(cpsr);
    f.c->vcpu.pc = arm_a32_pc(0x8004, cpsr);
    cr_assert_eq(f.c->vcpu.pc >> 32, 0xffu);
    cr_assert_eq(arm_cpsr(f.c), cpsr);
    call1(&arm_h_svc, 0);
    cr_assert_eq(f.c->vcpu.pc, VBAR + 8);
    cr_assert_eq(arm_cpsr(f.c) & 0x0600fdff, PSTATE_I | ARM_MODE_SVC);
    cr_assert_eq(r()[14], 0x8004u);
    cr_assert_eq(call0(&arm_h_get_spsr), cpsr);
    call1(&arm_h_return, 0x8004);
    cr_assert_eq(arm_cpsr(f.c), cpsr);
    cr_assert_eq(f.c->vcpu.pc, UINT64_C(0xff00008005));
}

Test(arm_a32, return_addresses_vectors_and_masks)
{
    static const struct {
        ArmA32Exception e;
        uint32_t mode, vector, a32, t32, masks;
    } rows[] = {
        {A32_UNDEFINED, ARM_MODE_UND, 0x04, 4, 2, PSTATE_I},
        {A32_PREFETCH_ABORT, ARM_MODE_ABT, 0x0c, 4, 4, PSTATE_I | PSTATE_A},
        {A32_DATA_ABORT, ARM_MODE_ABT, 0x10, 8, 8, PSTATE_I | PSTATE_A},
        {A32_IRQ, ARM_MODE_IRQ, 0x18, 4, 4, PSTATE_I | PSTATE_A},
        {A32_FIQ, ARM_MODE_FIQ, 0x1c, 4, 4, PSTATE_I | PSTATE_A | PSTATE_F},
    };
    for (unsigned i = 0; i < 2 * ARRAY_LEN(rows); i++) {
        unsigned n = i / 2, t = i % 2;
        write_cp(SCTLR, t ? SCTLR_V | SCTLR_TE | SCTLR_EE : 0);
        set_mode(ARM_MODE_USR);
        f.c->vcpu.pc = 0x1000 | t;
        arm_a32_take(f.c, rows[n].e);
        cr_assert_eq(r()[14], 0x1000 + (t ? rows[n].t32 : rows[n].a32));
        cr_assert_eq(f.c->vcpu.pc, (t ? 0xffff0001u : VBAR) + rows[n].vector);
        cr_assert_eq(f.c->pstate, rows[n].mode | rows[n].masks | (t ? CPSR_E : 0));
        cr_assert_eq(call0(&arm_h_get_spsr), ARM_MODE_USR | (t ? CPSR_T : 0));
    }
}

Test(arm_a32, fault_status_in_both_formats)
{
    MmuFault fault = {.va = 0x1234, .access = MMU_WRITE, .code = FSC_PERMISSION | 2, .extra = 3};
    arm_fault(&f.c->vcpu, &fault);
    cr_assert_eq(read_cp(CP(15, 0, 5, 0, 0)), 0x83fu); // WnR, domain 3, page permission
    cr_assert_eq(read_cp(CP(15, 0, 6, 0, 0)), 0x1234u);
    write_cp(TTBCR, TTBCR_EAE);
    arm_fault(&f.c->vcpu, &fault);
    cr_assert_eq(read_cp(CP(15, 0, 5, 0, 0)), 0xa0eu);
    fault.access = MMU_FETCH;
    fault.va = 0x5678;
    arm_fault(&f.c->vcpu, &fault);
    cr_assert_eq(read_cp(CP(15, 0, 5, 0, 1)), 0x20eu);
    cr_assert_eq(read_cp(CP(15, 0, 6, 0, 2)), 0x5678u);
    cr_assert_eq(read_cp(CP(15, 0, 6, 0, 0)), 0x1234u);
}

Test(arm_a32, firmware_calls)
{
    arm_cpu_set_psci(&f.c->vcpu, ARM_PSCI_HVC);
    r()[0] = 0x84000000;
    call1(&arm_h_hvc, 0);
    cr_assert_eq(r()[0], 0x10001u);
    r()[0] = 0xc4000003; // SMC64's
    call1(&arm_h_hvc, 0);
    cr_assert_eq(r()[0], 0xffffffffu);
}

// --- short descriptors

static void poke32(uint64_t phys, uint32_t value)
{
    memcpy(f.ram + (phys - RAM_BASE), &value, 4);
}

static void mmu_on(uint64_t bits)
{
    write_cp(TTBR0, TABLE);
    write_cp(DACR, 1);
    write_cp(SCTLR, SCTLR_M | bits);
}

static bool walk(uint32_t va, MmuAccess access, bool el0, ARMWalk *w)
{
    uint32_t fsc = 0;
    bool ok = arm_walk(f.c, va, access, (ARMWalkMode){.el0 = el0}, w, &fsc);
    w->attr = ok ? w->attr : (uint8_t)fsc;
    return ok;
}

Test(arm_a32, sections_and_pages)
{
    ARMWalk w;
    poke32(TABLE + 4 * 1, 0x40100c02);           // 1 MiB, all may
    poke32(TABLE + 4 * 2, (uint32_t)LEVEL2 | 1); // pages
    poke32(TABLE + 4 * 26, 0x41f40c02);          // 16 MiB at f41000000
    poke32(LEVEL2 + 4 * 3, 0x40203a12);          // small, AP 5 (PL1 reads), nG
    for (unsigned i = 16; i < 32; i++) {
        poke32(LEVEL2 + 4 * i, 0x40300000 | 0x8031); // large, XN
    }
    mmu_on(0);
    cr_assert(walk(0x00123456, MMU_WRITE, true, &w));
    cr_assert_eq(w.phys, 0x40123456u);
    cr_assert_eq(w.page_bits, 20u);
    cr_assert(w.global);
    cr_assert(walk(0x00203456, MMU_READ, false, &w));
    cr_assert_eq(w.phys, 0x40203456u);
    cr_assert(!w.global);
    cr_assert(!walk(0x00203456, MMU_WRITE, false, &w));
    cr_assert_eq(w.attr, FSC_PERMISSION | 2);
    cr_assert(!walk(0x00203456, MMU_READ, true, &w));
    cr_assert(walk(0x0021a123, MMU_READ, true, &w));
    cr_assert_eq(w.phys, 0x4030a123u);
    cr_assert_eq(w.page_bits, 16u);
    cr_assert(!walk(0x0021a123, MMU_FETCH, true, &w));
    cr_assert(walk(0x01abcdef, MMU_READ, true, &w));
    cr_assert_eq(w.phys, UINT64_C(0xf41abcdef));
    cr_assert(!walk(0x00300000, MMU_READ, false, &w));
    cr_assert_eq(w.attr, FSC_TRANSLATION | 1);
    cr_assert(!walk(0x00204000, MMU_READ, false, &w));
    cr_assert_eq(w.attr, FSC_TRANSLATION | 2);
    write_cp(DACR, 0);
    cr_assert(!walk(0x00123456, MMU_READ, false, &w));
    cr_assert_eq(w.attr, FSC_DOMAIN | 1);
    write_cp(DACR, 3);
    cr_assert(walk(0x00203456, MMU_WRITE, true, &w)); // manager
}

Test(arm_a32, access_flag_and_remapping)
{
    ARMWalk w;
    poke32(TABLE + 4 * 1, 0x40100802 | 8); // AP 2: no access flag; C
    poke32(TABLE + 4 * 2, 0x40100c02 | 8);
    mmu_on(SCTLR_AFE | SCTLR_TRE);
    write_cp(CP(15, 0, 10, 2, 0), 2 << 4);     // region 2 (C): normal
    write_cp(CP(15, 0, 10, 2, 1), 0x00100010); // write-back, allocating
    cr_assert(!walk(0x00100000, MMU_READ, true, &w));
    cr_assert_eq(w.attr, FSC_ACCESS_FLAG | 1);
    cr_assert(walk(0x00200000, MMU_WRITE, true, &w));
    cr_assert_eq(w.attr, 0xff);
}

Test(arm_a32, domains_have_translations_of_their_own)
{
    mmu_on(0);
    uint64_t first = arm_regime_key(&f.c->vcpu, 0);
    write_cp(DACR, 0x55);
    uint64_t second = arm_regime_key(&f.c->vcpu, 0);
    cr_assert_neq(first, second);
    write_cp(DACR, 1);
    cr_assert_eq(arm_regime_key(&f.c->vcpu, 0), first);
    for (unsigned i = 0; i < 100; i++) {
        write_cp(DACR, i);
        cr_assert_lt(arm_regime_key(&f.c->vcpu, 0) >> 32, 32u);
    }
    write_cp(CP(15, 0, 13, 0, 1), 0x1234);
    cr_assert_eq(arm_current_asid(f.c), 0x34u);
}

// --- AArch32 below AArch64

Test(arm_a32_el0, return_to_and_exception_from)
{
    uint32_t spsr = 0x680f0000 | ARM_MODE_USR | CPSR_T;
    sys()->spsr_el[1] = spsr;
    r()[5] = UINT64_C(0x1122334455667788);
    r()[13] = 0x7000;
    call1(&arm_h_eret, 0x8000);
    cr_assert(arm_is_a32(f.c));
    cr_assert_eq(arm_el(f.c), 0u);
    cr_assert_eq(f.c->vcpu.pc, 0x8001u);
    cr_assert_eq(r()[5], 0x55667788u);
    cr_assert_eq(arm_cpsr(f.c), spsr);
    uint64_t flags = arm_block_flags(&f.c->vcpu);
    cr_assert((flags & ARM_BF_A32) && !(flags & ARM_BF_VFP_OFF));
    f.c->vcpu.pc = 0x8003;
    call1(&arm_h_svc, 0);
    cr_assert_eq(f.c->vcpu.pc, VBAR + 0x600);
    cr_assert_eq(f.c->vcpu.pc_address, ~UINT64_C(0));
    cr_assert_eq(sys()->elr_el[1], 0x8002u);
    cr_assert_eq(sys()->spsr_el[1], spsr);
    cr_assert_eq(sys()->esr_el[1] >> 26, (unsigned)EC_SVC_A32);
    cr_assert(!arm_is_a32(f.c));
}
