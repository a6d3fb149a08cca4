// Stage 1 walks over tables made here: every granule and level, permissions, faults, hardware
// updates, the flat mapping.
#include "arm_fixture.h"

#define TABLES  (RAM_BASE + 0x100000)
#define PAGE    (RAM_BASE + 0x2000000)
#define VALID   1
#define TABLE   3
#define AF      BIT(10)
#define NG      BIT(11)
#define AP_EL0  BIT(6)
#define AP_RO   BIT(7)
#define DBM     BIT(51)
#define PXN     BIT(53)
#define UXN     BIT(54)
#define ATTR(n) ((uint64_t)(n) << 2)

static Fixture f;

static void write_tcr(uint64_t tcr)
{
    arm_sysreg_write(f.c, SR(3, 0, 2, 0, 2), tcr, 0);
}

static void setup(void)
{
    fixture_init(&f, "max");
    arm_sysreg_write(f.c, SR(3, 0, 10, 2, 0), 0xff04, 0); // 0: Device-nGnRE, 1: normal
    arm_sysreg_write(f.c, SR(3, 0, 2, 0, 0), TABLES, 0);
    arm_sysreg_write(f.c, SR(3, 0, 1, 0, 0), 1 | SCTLR_SPAN, 0);
}

TestSuite(arm_mmu, .init = setup);

typedef struct Geometry {
    unsigned granule, tsz, start_level;
    uint64_t tg0;
} Geometry;

static const Geometry geometries[] = {
    {12, 16, 0, 0}, {12, 25, 1, 0}, {12, 32, 1, 0}, {12, 34, 2, 0}, {12, 39, 2, 0},
    {14, 16, 0, 2}, {14, 17, 1, 2}, {14, 28, 2, 2}, {14, 39, 3, 2}, {16, 16, 1, 1},
    {16, 22, 2, 1}, {16, 25, 2, 1}, {16, 39, 3, 1},
};

static uint64_t tcr_for(const Geometry *g)
{
    return g->tsz | g->tg0 << 14 | UINT64_C(5) << 32 | TCR_EPD1 | BIT(31);
}

static uint64_t table_at(const Geometry *g, unsigned level)
{
    return TABLES + ((uint64_t)level << g->granule);
}

static unsigned shift_at(const Geometry *g, unsigned level)
{
    return g->granule + (g->granule - 3) * (3 - level);
}

static uint64_t desc_addr(const Geometry *g, uint64_t va, unsigned level)
{
    unsigned bits = level == g->start_level ? 64 - g->tsz - shift_at(g, level) : g->granule - 3;
    return table_at(g, level) + extract64(va, shift_at(g, level), bits) * 8;
}

// Tables down to level, with desc there.
static void map(const Geometry *g, uint64_t va, unsigned level, uint64_t desc)
{
    memset(f.ram + (TABLES - RAM_BASE), 0, 4u << g->granule);
    arm_sysreg_write(f.c, SR(3, 0, 2, 0, 0), table_at(g, g->start_level), 0);
    write_tcr(tcr_for(g));
    for (unsigned l = g->start_level; l < level; l++) {
        poke64(&f, desc_addr(g, va, l), table_at(g, l + 1) | TABLE);
    }
    poke64(&f, desc_addr(g, va, level), desc);
}

static const ARMWalkMode el1 = {0}, el0 = {.el0 = true}, el1_pan = {.pan = true};

static uint32_t walk(uint64_t va, MmuAccess a, ARMWalkMode mode, ARMWalk *w)
{
    uint32_t fsc = 0x1000;
    return arm_walk(f.c, va, a, mode, w, &fsc) ? 0xffff : fsc;
}
#define WALKED 0xffffu

static bool block_allowed(const Geometry *g, unsigned level)
{
    return level == 3 || level == 2 || (level == 1 && g->granule == 12);
}

Test(arm_mmu, every_granule_and_level)
{
    for (unsigned i = 0; i < ARRAY_LEN(geometries); i++) {
        const Geometry *g = &geometries[i];
        uint64_t va = UINT64_C(0x0000123456789abc) & mask64(64 - g->tsz);
        for (unsigned level = g->start_level; level <= 3; level++) {
            unsigned bits = shift_at(g, level);
            uint64_t base = UINT64_C(0x0000654321000000) & ~mask64(bits) & mask64(48);
            map(g, va, level, base | (level == 3 ? TABLE : VALID) | AF | ATTR(1));
            ARMWalk w;
            uint32_t got = walk(va, MMU_READ, el1, &w);
            if (!block_allowed(g, level)) {
                cr_assert_eq(got, FSC_TRANSLATION | level, "granule %u tsz %u level %u: %x",
                             g->granule, g->tsz, level, got);
                continue;
            }
            cr_assert_eq(got, WALKED, "granule %u tsz %u level %u: %x", g->granule, g->tsz, level,
                         got);
            cr_assert_eq(w.phys, base | (va & mask64(bits)));
            cr_assert_eq(w.page_bits, bits);
            cr_assert_eq(w.attr, 0xff);
            cr_assert(w.global && w.r && w.w);
        }
    }
}

Test(arm_mmu, invalid_descriptors_fault_at_their_level)
{
    for (unsigned i = 0; i < ARRAY_LEN(geometries); i++) {
        const Geometry *g = &geometries[i];
        for (unsigned level = g->start_level; level <= 3; level++) {
            ARMWalk w;
            map(g, 0x1000, level, 0);
            cr_assert_eq(walk(0x1000, MMU_READ, el1, &w), FSC_TRANSLATION | level);
            map(g, 0x1000, level, PAGE | (level == 3 ? TABLE : VALID)); // AF clear
            if (block_allowed(g, level)) {
                cr_assert_eq(walk(0x1000, MMU_READ, el1, &w), FSC_ACCESS_FLAG | level);
            }
        }
        ARMWalk w;
        map(g, 0x1000, 3, PAGE | VALID | AF); // reserved at level 3
        cr_assert_eq(walk(0x1000, MMU_READ, el1, &w), FSC_TRANSLATION | 3);
    }
}

static const Geometry g4k = {12, 25, 1, 0};

static void page(uint64_t attrs)
{
    map(&g4k, 0x5000, 3, PAGE | TABLE | AF | ATTR(1) | attrs);
}

Test(arm_mmu, addresses_out_of_range)
{
    ARMWalk w;
    page(0);
    cr_assert_eq(walk(UINT64_C(1) << 39, MMU_READ, el1, &w), FSC_TRANSLATION);
    cr_assert_eq(walk(UINT64_C(0x0100000000005000), MMU_READ, el1, &w), FSC_TRANSLATION);
    cr_assert_eq(walk(UINT64_C(0xffffff8000005000), MMU_READ, el1, &w), FSC_TRANSLATION); // EPD1
    write_tcr(tcr_for(&g4k) | TCR_TBI0);
    cr_assert_eq(walk(UINT64_C(0x5a00000000005000), MMU_READ, el1, &w), WALKED);
    cr_assert_eq(walk(UINT64_C(0x5a00000000005000), MMU_FETCH, el1, &w), WALKED);
    write_tcr(tcr_for(&g4k) | TCR_TBI0 | TCR_TBID0);
    cr_assert_eq(walk(UINT64_C(0x5a00000000005000), MMU_READ, el1, &w), WALKED);
    cr_assert_eq(walk(UINT64_C(0x5a00000000005000), MMU_FETCH, el1, &w), FSC_TRANSLATION);
    write_tcr(tcr_for(&g4k) | TCR_EPD0);
    cr_assert_eq(walk(0x5000, MMU_READ, el1, &w), FSC_TRANSLATION);
}

Test(arm_mmu, upper_half)
{
    ARMWalk w;
    page(0);
    arm_sysreg_write(f.c, SR(3, 0, 2, 0, 1), table_at(&g4k, 1), 0);
    write_tcr(UINT64_C(25) << 16 | UINT64_C(2) << 30 | UINT64_C(5) << 32 | TCR_EPD0);
    cr_assert_eq(walk(UINT64_C(0xffffff8000005123), MMU_READ, el1, &w), WALKED);
    cr_assert_eq(w.phys, PAGE | 0x123);
    cr_assert_eq(walk(0x5000, MMU_READ, el1, &w), FSC_TRANSLATION);
}

Test(arm_mmu, permissions)
{
    static const struct {
        uint64_t attrs;
        const char *el1, *el0, *pan; // of "rwx"
    } rows[] = {
        {0, "rwx", "x", "rwx"},
        {AP_EL0, "rw", "rwx", ""},
        {AP_RO, "rx", "x", "rx"},
        {AP_RO | AP_EL0, "rx", "rx", "x"},
        {UXN, "rwx", "", "rwx"},
        {PXN, "rw", "x", "rw"},
        {PXN | UXN | AP_EL0, "rw", "rw", ""},
    };
    const ARMWalkMode modes[3] = {el1, el0, el1_pan};
    for (unsigned i = 0; i < ARRAY_LEN(rows); i++) {
        const char *expect[3] = {rows[i].el1, rows[i].el0, rows[i].pan};
        page(rows[i].attrs);
        for (unsigned m = 0; m < 3; m++) {
            for (unsigned a = MMU_READ; a <= MMU_FETCH; a++) {
                ARMWalk w;
                bool may = strchr(expect[m], "rwx"[a]) != NULL;
                cr_assert_eq(walk(0x5000, (MmuAccess)a, modes[m], &w),
                             may ? WALKED : (FSC_PERMISSION | 3u), "row %u mode %u access %u", i, m,
                             a);
            }
        }
    }
}

Test(arm_mmu, write_execute_never)
{
    ARMWalk w;
    page(0);
    arm_sysreg_write(f.c, SR(3, 0, 1, 0, 0), 1 | SCTLR_WXN, 0);
    cr_assert_eq(walk(0x5000, MMU_FETCH, el1, &w), FSC_PERMISSION | 3);
    page(AP_RO);
    cr_assert_eq(walk(0x5000, MMU_FETCH, el1, &w), WALKED);
}

Test(arm_mmu, hierarchical_attributes)
{
    ARMWalk w;
    page(AP_EL0);
    uint64_t l1 = desc_addr(&g4k, 0x5000, 1), d = peek64(&f, l1);
    poke64(&f, l1, d | BIT(61)); // no EL0 access
    cr_assert_eq(walk(0x5000, MMU_READ, el0, &w), FSC_PERMISSION | 3);
    poke64(&f, l1, d | BIT(62)); // read-only
    cr_assert_eq(walk(0x5000, MMU_WRITE, el1, &w), FSC_PERMISSION | 3);
    poke64(&f, l1, d | BIT(60)); // UXN
    cr_assert_eq(walk(0x5000, MMU_FETCH, el0, &w), FSC_PERMISSION | 3);
    poke64(&f, l1, d | BIT(59) | BIT(60) | BIT(61) | BIT(62));
    write_tcr(tcr_for(&g4k) | TCR_HPD0);
    cr_assert_eq(walk(0x5000, MMU_WRITE, el0, &w), WALKED);
}

Test(arm_mmu, e0pd)
{
    ARMWalk w;
    page(AP_EL0);
    write_tcr(tcr_for(&g4k) | TCR_E0PD0);
    cr_assert_eq(walk(0x5000, MMU_READ, el0, &w), FSC_TRANSLATION);
    cr_assert_eq(walk(0x5000, MMU_READ, el1, &w), WALKED);
}

Test(arm_mmu, address_size_and_external_aborts)
{
    ARMWalk w;
    page(0);
    uint64_t no_ips = tcr_for(&g4k) & ~(UINT64_C(7) << 32); // 32 bits of output address
    write_tcr(no_ips);
    cr_assert_eq(walk(0x5000, MMU_READ, el1, &w), WALKED);
    poke64(&f, desc_addr(&g4k, 0x5000, 3), BIT(32) | TABLE | AF);
    cr_assert_eq(walk(0x5000, MMU_READ, el1, &w), FSC_ADDRESS_SIZE | 3);
    poke64(&f, desc_addr(&g4k, 0x5000, 2), BIT(40) | TABLE);
    cr_assert_eq(walk(0x5000, MMU_READ, el1, &w), FSC_ADDRESS_SIZE | 2);
    arm_sysreg_write(f.c, SR(3, 0, 2, 0, 0), BIT(36), 0);
    cr_assert_eq(walk(0x5000, MMU_READ, el1, &w), FSC_ADDRESS_SIZE);
    page(0);
    poke64(&f, desc_addr(&g4k, 0x5000, 2), UINT64_C(0x10000000) | TABLE); // no memory there
    cr_assert_eq(walk(0x5000, MMU_READ, el1, &w), FSC_EXTERNAL_WALK | 3);
}

Test(arm_mmu, hardware_access_flag_and_dirty_state)
{
    ARMWalk w;
    uint64_t at = desc_addr(&g4k, 0x5000, 3), clean = PAGE | TABLE | ATTR(1) | DBM | AP_RO;
    map(&g4k, 0x5000, 3, clean);
    write_tcr(tcr_for(&g4k) | TCR_HA);
    ARMWalkMode debug = {.debug = true};
    cr_assert_eq(walk(0x5000, MMU_READ, debug, &w), WALKED);
    cr_assert_eq(peek64(&f, at), clean);
    cr_assert_eq(walk(0x5000, MMU_READ, el1, &w), WALKED);
    cr_assert_eq(peek64(&f, at), clean | AF);
    cr_assert_eq(walk(0x5000, MMU_WRITE, el1, &w), FSC_PERMISSION | 3); // HD is off
    write_tcr(tcr_for(&g4k) | TCR_HA | TCR_HD);
    cr_assert_eq(walk(0x5000, MMU_READ, el1, &w), WALKED);
    cr_assert_not(w.w, "a clean page is not writable yet");
    cr_assert_eq(walk(0x5000, MMU_WRITE, el1, &w), WALKED);
    cr_assert(w.w);
    cr_assert_eq(peek64(&f, at), (clean | AF) & ~AP_RO);
    cr_assert_eq(walk(0x5000, MMU_READ, el1, &w), WALKED);
    cr_assert(w.w);
}

Test(arm_mmu, not_global_and_device)
{
    MmuPage p;
    MmuFault fault;
    map(&g4k, 0x5000, 3, PAGE | TABLE | AF | NG | ATTR(0));
    cr_assert(arm_mmu_walk(&f.c->vcpu, 0x5678, MMU_READ, 0, &p, &fault));
    cr_assert_not(p.global);
    cr_assert(p.device);
    cr_assert_eq(p.phys, PAGE);
}

Test(arm_mmu, unprivileged_regime)
{
    MmuPage p;
    MmuFault fault;
    page(0); // EL1 only
    cr_assert(arm_mmu_walk(&f.c->vcpu, 0x5000, MMU_READ, 0, &p, &fault));
    cr_assert_not(arm_mmu_walk(&f.c->vcpu, 0x5000, MMU_READ, 1, &p, &fault));
    cr_assert_eq(fault.code, FSC_PERMISSION | 3u);
    cr_assert_neq(arm_regime_key(&f.c->vcpu, 0), arm_regime_key(&f.c->vcpu, 1));
    arm_set_pstate(f.c, f.c->pstate | PSTATE_UAO);
    arm_mode_changed(f.c);
    cr_assert(arm_mmu_walk(&f.c->vcpu, 0x5000, MMU_READ, 1, &p, &fault));
    cr_assert_eq(arm_regime_key(&f.c->vcpu, 0), arm_regime_key(&f.c->vcpu, 1));
}

Test(arm_mmu, asid)
{
    arm_sysreg_write(f.c, SR(3, 0, 2, 0, 0), TABLES | UINT64_C(0x1234) << 48, 0);
    arm_sysreg_write(f.c, SR(3, 0, 2, 0, 1), TABLES | UINT64_C(0x5678) << 48, 0);
    write_tcr(0);
    cr_assert_eq((uint32_t)arm_regime_key(&f.c->vcpu, 0), 0x34);
    write_tcr(TCR_AS);
    cr_assert_eq((uint32_t)arm_regime_key(&f.c->vcpu, 0), 0x1234);
    write_tcr(TCR_AS | TCR_A1);
    cr_assert_eq((uint32_t)arm_regime_key(&f.c->vcpu, 0), 0x5678);
}

Test(arm_mmu, flat)
{
    ARMWalk w;
    arm_sysreg_write(f.c, SR(3, 0, 1, 0, 0), 0, 0);
    cr_assert_eq(walk(0x40001234, MMU_READ, el1, &w), WALKED);
    cr_assert_eq(w.phys, 0x40001234u);
    cr_assert_eq(w.page_bits, 30u);
    cr_assert_eq(w.attr, 0);
    cr_assert_eq(walk(0x40001234, MMU_FETCH, el1, &w), WALKED);
    cr_assert_eq(w.attr, 0xff);
    cr_assert_eq(walk(BIT(50), MMU_READ, el1, &w), FSC_ADDRESS_SIZE);
}

Test(arm_mmu, misaligned_pc)
{
    MmuPage p;
    MmuFault fault;
    cr_assert_not(arm_mmu_walk(&f.c->vcpu, RAM_BASE + 2, MMU_FETCH, 0, &p, &fault));
    cr_assert_eq(fault.code, FSC_PC_ALIGN);
}

Test(arm_mmu, at_s1e1r)
{
    page(AP_EL0 | UINT64_C(3) << 8);
    arm_sysreg_write(f.c, SR(1, 0, 7, 8, 0), 0x5123, 0);
    uint64_t par = arm_sysreg_read(f.c, SR(3, 0, 7, 4, 0), 0);
    cr_assert_eq(par & 1, 0u);
    cr_assert_eq(par & mask64(48) & ~mask64(12), PAGE);
    cr_assert_eq(par >> 56, 0xffu);
    cr_assert_eq(par >> 7 & 3, 3u);
    arm_sysreg_write(f.c, SR(1, 0, 7, 8, 2), 0x9000, 0);
    par = arm_sysreg_read(f.c, SR(3, 0, 7, 4, 0), 0);
    cr_assert_eq(par & 0x7f, 1u | (FSC_TRANSLATION | 3u) << 1);
}

// A page known by a tagged address too is not found by TLBI's address: everything has to go.
Test(arm_mmu, tlbi_of_tagged_pages)
{
    MmuPage p;
    MmuFault fault;
    page(0);
    write_tcr(tcr_for(&g4k) | TCR_TBI0);
    cr_assert(arm_mmu_walk(&f.c->vcpu, 0x5000, MMU_READ, 0, &p, &fault));
    cr_assert_not(f.c->sys->tagged_access);
    cr_assert(arm_mmu_walk(&f.c->vcpu, UINT64_C(0x5a00000000005000), MMU_READ, 0, &p, &fault));
    cr_assert(f.c->sys->tagged_access);
    arm_sysreg_write(f.c, SR(1, 0, 8, 7, 1), 5, 0); // TLBI VAE1
    cr_assert_not(f.c->sys->tagged_access);
}
