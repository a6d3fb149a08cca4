// GICv2 and GICv3 as a driver sees them.
#include <criterion/criterion.h>

#include "hw/intc/gic.h"
#include "target-arm/board.h"
#include "tests/unit/bare_machine.h"

#define DIST 0x08000000
#define CPUI 0x08010000
#define V2M  0x08020000
#define RD   0x080a0000

typedef struct Rig {
    Machine *m;
    Device *gic;
    VCPU cpu[2];
    Pin irq[2], fiq[2];
} Rig;

static void rig_init(Rig *r, int version)
{
    *r = (Rig){.m = bare_machine()};
    GicConfig c = {.n_cpus = 2,
                   .n_spis = 256,
                   .sysmem = address_space_root(r->m->memory),
                   .dist_base = DIST,
                   .cpu_base = version == 2 ? CPUI : RD};
    for (unsigned i = 0; i < 2; i++) {
        r->cpu[i].index = i;
        c.irq[i] = pin_line(&r->irq[i]);
        c.fiq[i] = pin_line(&r->fiq[i]);
        c.affinity[i] = i;
    }
    r->gic = version == 2 ? gicv2_create(r->m, &c) : gicv3_create(r->m, &c);
    r->m->current = &r->cpu[0];
    bare_reset(r->m);
}

static void as(Rig *r, unsigned cpu)
{
    r->m->current = &r->cpu[cpu];
}

// --- GICv2

enum { IAR = CPUI + 0xc, EOIR = CPUI + 0x10, RPR = CPUI + 0x14, HPPIR = CPUI + 0x18 };

static void v2_enable(Rig *r, uint32_t cctlr)
{
    wr(r->m, DIST, 3, 4);
    for (unsigned i = 0; i < 2; i++) {
        as(r, i);
        wr(r->m, CPUI, cctlr, 4);
        wr(r->m, CPUI + 4, 0xff, 4);
    }
    as(r, 0);
}

static void v2_spi(Rig *r, unsigned intid, uint8_t prio, uint8_t targets)
{
    wr(r->m, DIST + 0x400 + intid, prio, 1);
    wr(r->m, DIST + 0x800 + intid, targets, 1);
    wr(r->m, DIST + 0x100 + intid / 32 * 4, UINT32_C(1) << (intid % 32), 4);
}

Test(gicv2, identification)
{
    Rig r;
    rig_init(&r, 2);
    cr_assert_eq(rd(r.m, DIST + 4, 4), 8 | 1 << 5); // 288 interrupts, 2 CPUs
    cr_assert_eq(rd(r.m, DIST + 0xfe8, 4) >> 4, 2); // architecture version
    cr_assert_eq(rd(r.m, DIST + 0xc00, 4), 0xaaaaaaaa);
    cr_assert_eq(rd(r.m, DIST + 0x100, 4), 0xffff);
    cr_assert_eq(rd(r.m, DIST + 0x800, 4), 0x01010101);
    as(&r, 1);
    cr_assert_eq(rd(r.m, DIST + 0x800, 4), 0x02020202);
}

Test(gicv2, level_interrupt)
{
    Rig r;
    rig_init(&r, 2);
    v2_enable(&r, 1);
    v2_spi(&r, 33, 0xa0, 2);
    IrqLine line = gic_spi(r.gic, 1);
    irq_set(&line, true);
    cr_assert(!r.irq[0].level && r.irq[1].level);
    as(&r, 1);
    cr_assert_eq(rd(r.m, HPPIR, 4), 33);
    cr_assert_eq(rd(r.m, IAR, 4), 33);
    cr_assert(!r.irq[1].level);
    cr_assert_eq(rd(r.m, RPR, 4), 0xa0);
    cr_assert_eq(rd(r.m, IAR, 4), 1023);
    wr(r.m, EOIR, 33, 4); // the wire is still high
    cr_assert(r.irq[1].level);
    cr_assert_eq(rd(r.m, RPR, 4), 0xff);
    irq_set(&line, false);
    cr_assert(!r.irq[1].level);
    cr_assert_eq(rd(r.m, IAR, 4), 1023);
}

Test(gicv2, edge_interrupt_is_latched)
{
    Rig r;
    rig_init(&r, 2);
    v2_enable(&r, 1);
    v2_spi(&r, 40, 0x80, 1);
    wr(r.m, DIST + 0xc00 + 40 / 16 * 4, 2u << (40 % 16 * 2), 4);
    IrqLine line = gic_spi(r.gic, 8);
    irq_pulse(&line);
    cr_assert(r.irq[0].level);
    cr_assert_eq(rd(r.m, IAR, 4), 40);
    irq_pulse(&line); // again while active
    cr_assert(!r.irq[0].level);
    wr(r.m, EOIR, 40, 4);
    cr_assert_eq(rd(r.m, IAR, 4), 40);
    wr(r.m, EOIR, 40, 4);
    cr_assert_eq(rd(r.m, IAR, 4), 1023);
    wr(r.m, DIST + 0x200 + 4, 1 << 8, 4); // ISPENDR
    cr_assert(r.irq[0].level);
    wr(r.m, DIST + 0x280 + 4, 1 << 8, 4);
    cr_assert(!r.irq[0].level);
}

Test(gicv2, priorities_preempt_and_mask)
{
    Rig r;
    rig_init(&r, 2);
    v2_enable(&r, 1);
    v2_spi(&r, 50, 0x80, 1);
    v2_spi(&r, 51, 0x40, 1);
    v2_spi(&r, 52, 0x41, 1);
    IrqLine low = gic_spi(r.gic, 18), high = gic_spi(r.gic, 19), near = gic_spi(r.gic, 20);
    irq_set(&low, true);
    cr_assert_eq(rd(r.m, IAR, 4), 50);
    irq_set(&near, true);
    cr_assert(r.irq[0].level);
    cr_assert_eq(rd(r.m, IAR, 4), 52);
    irq_set(&high, true);
    cr_assert(!r.irq[0].level); // 0x40 and 0x41 are one group priority
    wr(r.m, EOIR, 52, 4);
    cr_assert_eq(rd(r.m, IAR, 4), 51);
    wr(r.m, EOIR, 51, 4);
    wr(r.m, CPUI + 4, 0x41, 4); // PMR: only what is above 0x41
    cr_assert(r.irq[0].level);
    wr(r.m, CPUI + 4, 0x40, 4);
    cr_assert(!r.irq[0].level);
    wr(r.m, CPUI + 4, 0xff, 4);
    wr(r.m, CPUI + 8, 7, 4); // BPR: nothing preempts
    cr_assert(!r.irq[0].level);
}

Test(gicv2, sgi_keeps_its_sources)
{
    Rig r;
    rig_init(&r, 2);
    v2_enable(&r, 1);
    wr(r.m, DIST + 0xf00, 2 << 16 | 5, 4); // CPU 0 to CPU 1
    as(&r, 1);
    wr(r.m, DIST + 0xf00, 2 << 24 | 5, 4); // CPU 1 to itself
    cr_assert(r.irq[1].level && !r.irq[0].level);
    cr_assert_eq(rd(r.m, DIST + 0xf20 + 4, 4), 0x0300);
    cr_assert_eq(rd(r.m, IAR, 4), 5);
    wr(r.m, EOIR, 5, 4);
    cr_assert_eq(rd(r.m, IAR, 4), 5 | 1 << 10);
    wr(r.m, EOIR, 5 | 1 << 10, 4);
    cr_assert_eq(rd(r.m, IAR, 4), 1023);
    as(&r, 0);
    wr(r.m, DIST + 0xf00, 1 << 24 | 3, 4); // all but self
    cr_assert(!r.irq[0].level && r.irq[1].level);
    as(&r, 1);
    wr(r.m, DIST + 0xf10, 1 << 24, 4); // CPENDSGIR of SGI 3, source CPU 0
    cr_assert(!r.irq[1].level);
}

Test(gicv2, ppi_is_private)
{
    Rig r;
    rig_init(&r, 2);
    v2_enable(&r, 1);
    as(&r, 1);
    wr(r.m, DIST + 0x100, 1 << 27, 4);
    IrqLine a = gic_ppi(r.gic, 0, 27), b = gic_ppi(r.gic, 1, 27);
    irq_set(&a, true);
    irq_set(&b, true);
    cr_assert(!r.irq[0].level && r.irq[1].level);
    cr_assert_eq(rd(r.m, DIST + 0xd00, 4), 1 << 27);
}

Test(gicv2, groups_and_fiq)
{
    Rig r;
    rig_init(&r, 2);
    v2_enable(&r, 3 | 8); // both groups, group 0 as FIQ
    v2_spi(&r, 60, 0x80, 1);
    v2_spi(&r, 61, 0x90, 1);
    wr(r.m, DIST + 0x80 + 4, 1u << 29, 4); // 61 is group 1
    IrqLine g0 = gic_spi(r.gic, 28), g1 = gic_spi(r.gic, 29);
    irq_set(&g1, true);
    cr_assert(r.irq[0].level && !r.fiq[0].level);
    cr_assert_eq(rd(r.m, IAR, 4), 1022);
    irq_set(&g0, true);
    cr_assert(!r.irq[0].level && r.fiq[0].level);
    cr_assert_eq(rd(r.m, CPUI + 0x20, 4), 1023); // AIAR: the best is group 0
    cr_assert_eq(rd(r.m, IAR, 4), 60);
    irq_set(&g0, false);
    wr(r.m, EOIR, 60, 4);
    cr_assert_eq(rd(r.m, CPUI + 0x20, 4), 61);
    wr(r.m, CPUI + 0x24, 61, 4);
    cr_assert(r.irq[0].level);
}

Test(gicv2, eoi_mode_splits_drop_and_deactivate)
{
    Rig r;
    rig_init(&r, 2);
    v2_enable(&r, 1 | 1 << 9);
    v2_spi(&r, 33, 0x80, 1);
    IrqLine line = gic_spi(r.gic, 1);
    irq_set(&line, true);
    cr_assert_eq(rd(r.m, IAR, 4), 33);
    wr(r.m, EOIR, 33, 4);
    cr_assert_eq(rd(r.m, RPR, 4), 0xff);
    cr_assert(!r.irq[0].level); // still active
    cr_assert_eq(rd(r.m, DIST + 0x304, 4), 2);
    wr(r.m, CPUI + 0x1000, 33, 4);
    cr_assert(r.irq[0].level);
}

Test(gicv2, msi_frame)
{
    Rig r;
    rig_init(&r, 2);
    v2_enable(&r, 1);
    IrqLine lines[64];
    for (unsigned i = 0; i < 64; i++) {
        lines[i] = gic_spi(r.gic, 48 + i);
    }
    gicv2m_create(r.m, address_space_root(r.m->memory), V2M, 48, 64, lines);
    cr_assert_eq(rd(r.m, V2M + 8, 4), 80 << 16 | 64);
    v2_spi(&r, 82, 0x80, 1);
    wr(r.m, DIST + 0xc00 + 82 / 16 * 4, 2u << (82 % 16 * 2), 4);
    wr(r.m, V2M + 0x40, 82, 4);
    cr_assert(r.irq[0].level);
    cr_assert_eq(rd(r.m, IAR, 4), 82);
    wr(r.m, V2M + 0x40, 79, 4); // out of range
    wr(r.m, V2M + 0x40, 144, 4);
}

// --- GICv3

#define ICC(crn, crm, op2) (3u << 14 | (crn) << 7 | (crm) << 3 | (op2))
enum {
    PMR = ICC(4, 6, 0),
    IAR1 = ICC(12, 12, 0),
    EOIR1 = ICC(12, 12, 1),
    HPPIR1 = ICC(12, 12, 2),
    BPR1 = ICC(12, 12, 3),
    CTLR = ICC(12, 12, 4),
    SRE = ICC(12, 12, 5),
    IGRPEN1 = ICC(12, 12, 7),
    IGRPEN0 = ICC(12, 12, 6),
    IAR0 = ICC(12, 8, 0),
    EOIR0 = ICC(12, 8, 1),
    DIR_EL1 = ICC(12, 11, 1),
    RPR1 = ICC(12, 11, 3),
    SGI1R = ICC(12, 11, 5),
    AP1R0 = ICC(12, 9, 0),
    AP1R1 = ICC(12, 9, 1),
};

static uint64_t mrs(Rig *r, unsigned cpu, uint32_t enc)
{
    uint64_t v = 0;
    cr_assert(gicv3_sysreg_ops.read(r->gic, cpu, enc, &v));
    return v;
}

static void msr(Rig *r, unsigned cpu, uint32_t enc, uint64_t v)
{
    cr_assert(gicv3_sysreg_ops.write(r->gic, cpu, enc, v));
}

static void v3_enable(Rig *r)
{
    wr(r->m, DIST, 3, 4);
    for (unsigned i = 0; i < 2; i++) {
        wr(r->m, RD + i * 0x20000 + 0x14, 0, 4);
        wr(r->m, RD + i * 0x20000 + 0x10080, 0xffffffff, 4); // private ones: group 1
        msr(r, i, PMR, 0xf0);
        msr(r, i, IGRPEN1, 1);
    }
}

static void v3_spi(Rig *r, unsigned intid, uint8_t prio, uint64_t affinity)
{
    wr(r->m, DIST + 0x80 + intid / 32 * 4, UINT32_MAX, 4);
    wr(r->m, DIST + 0x400 + intid, prio, 1);
    wr(r->m, DIST + 0x6000 + 8 * intid, affinity, 8);
    wr(r->m, DIST + 0x100 + intid / 32 * 4, UINT32_C(1) << (intid % 32), 4);
}

Test(gicv3, identification)
{
    Rig r;
    rig_init(&r, 3);
    cr_assert_eq(rd(r.m, DIST + 0xffe8, 4) >> 4, 3);
    cr_assert_eq(rd(r.m, DIST, 4), 0x50); // ARE, DS
    cr_assert_eq(rd(r.m, DIST + 4, 4) & 0x1f, 8);
    cr_assert_eq(rd(r.m, RD + 8, 8), 0);
    cr_assert_eq(rd(r.m, RD + 0x20008, 8), UINT64_C(1) << 32 | 1 << 8 | 1 << 4);
    cr_assert_eq(rd(r.m, RD + 0x14, 4), 6);
    wr(r.m, RD + 0x14, 0, 4);
    cr_assert_eq(rd(r.m, RD + 0x14, 4), 0);
    cr_assert_eq(mrs(&r, 0, SRE), 7);
    cr_assert_eq(mrs(&r, 0, CTLR) >> 8 & 7, 4);
    msr(&r, 0, PMR, 0xff);
    cr_assert_eq(mrs(&r, 0, PMR), 0xf8);
    cr_assert_eq(mrs(&r, 0, BPR1), 3);
    uint64_t v;
    cr_assert_not(gicv3_sysreg_ops.read(r.gic, 0, AP1R1, &v));
    cr_assert_not(gicv3_sysreg_ops.write(r.gic, 0, IAR1, 0));
    cr_assert_not(gicv3_sysreg_ops.read(r.gic, 0, SGI1R, &v));
}

Test(gicv3, routed_level_interrupt)
{
    Rig r;
    rig_init(&r, 3);
    v3_enable(&r);
    v3_spi(&r, 33, 0xa0, 1);
    IrqLine line = gic_spi(r.gic, 1);
    irq_set(&line, true);
    cr_assert(!r.irq[0].level && r.irq[1].level);
    cr_assert_eq(mrs(&r, 1, HPPIR1), 33);
    cr_assert_eq(mrs(&r, 1, IAR1), 33);
    cr_assert_eq(mrs(&r, 1, AP1R0), UINT32_C(1) << (0xa0 >> 3));
    cr_assert_eq(mrs(&r, 1, RPR1), 0xa0);
    cr_assert(!r.irq[1].level);
    irq_set(&line, false);
    msr(&r, 1, EOIR1, 33);
    cr_assert_eq(mrs(&r, 1, RPR1), 0xff);
    cr_assert_eq(mrs(&r, 1, IAR1), 1023);
    wr(r.m, DIST + 0x6000 + 8 * 33, 7, 8); // an affinity that nobody has
    irq_set(&line, true);
    cr_assert(!r.irq[0].level && !r.irq[1].level);
    wr(r.m, DIST + 0x6000 + 8 * 33, 0, 8);
    cr_assert(r.irq[0].level);
}

Test(gicv3, sgi_by_affinity)
{
    Rig r;
    rig_init(&r, 3);
    v3_enable(&r);
    for (unsigned i = 0; i < 2; i++) {
        wr(r.m, RD + i * 0x20000 + 0x10100, 0xffff, 4);
    }
    msr(&r, 0, SGI1R, 2 | 4 << 24);
    cr_assert(!r.irq[0].level && r.irq[1].level);
    cr_assert_eq(mrs(&r, 1, IAR1), 4);
    msr(&r, 1, EOIR1, 4);
    msr(&r, 1, SGI1R, BIT(40) | 2 << 24); // all others
    cr_assert(r.irq[0].level && !r.irq[1].level);
    cr_assert_eq(mrs(&r, 0, IAR1), 2);
    msr(&r, 0, EOIR1, 2);
    msr(&r, 0, SGI1R, 3 | 1 << 16 | 2 << 24); // Aff1 = 1: nobody
    cr_assert(!r.irq[0].level && !r.irq[1].level);
}

Test(gicv3, group_0_is_fiq)
{
    Rig r;
    rig_init(&r, 3);
    v3_enable(&r);
    msr(&r, 0, IGRPEN0, 1);
    wr(r.m, RD + 0x10080, 0, 4);
    wr(r.m, RD + 0x10100, 1 << 27, 4);
    IrqLine line = gic_ppi(r.gic, 0, 27);
    irq_set(&line, true);
    cr_assert(r.fiq[0].level && !r.irq[0].level);
    cr_assert_eq(mrs(&r, 0, IAR1), 1023);
    cr_assert_eq(mrs(&r, 0, IAR0), 27);
    msr(&r, 0, EOIR0, 27);
    cr_assert(r.fiq[0].level);
}

Test(gicv3, eoi_mode)
{
    Rig r;
    rig_init(&r, 3);
    v3_enable(&r);
    msr(&r, 0, CTLR, 2);
    wr(r.m, RD + 0x10100, 1 << 27, 4);
    IrqLine line = gic_ppi(r.gic, 0, 27);
    irq_set(&line, true);
    cr_assert_eq(mrs(&r, 0, IAR1), 27);
    msr(&r, 0, EOIR1, 27);
    cr_assert(!r.irq[0].level);
    msr(&r, 0, DIR_EL1, 27);
    cr_assert(r.irq[0].level);
}

Test(gicv3, message_based_spi)
{
    Rig r;
    rig_init(&r, 3);
    v3_enable(&r);
    v3_spi(&r, 100, 0x80, 0);
    wr(r.m, DIST + 0xc00 + 100 / 16 * 4, 2u << (100 % 16 * 2), 4);
    wr(r.m, DIST + 0x40, 100, 4);
    cr_assert(r.irq[0].level);
    wr(r.m, DIST + 0x48, 100, 4);
    cr_assert(!r.irq[0].level);
    wr(r.m, DIST + 0x40, 5, 4);
    wr(r.m, DIST + 0x40, 1000, 4);
}

Test(gicv3, reset_keeps_wires)
{
    Rig r;
    rig_init(&r, 3);
    v3_enable(&r);
    wr(r.m, RD + 0x10100, 1 << 27, 4);
    IrqLine line = gic_ppi(r.gic, 0, 27);
    irq_set(&line, true);
    bare_reset(r.m);
    cr_assert(!r.irq[0].level);
    cr_assert_eq(rd(r.m, RD + 0x10100, 4), 0);
    v3_enable(&r);
    wr(r.m, RD + 0x10100, 1 << 27, 4);
    cr_assert(r.irq[0].level);
}
