// GICv2 CPU interface (IHI 0048B, chapter 4.4; priorities and preemption 3.3).
#include "hw/intc/gicv2_internal.h"

#include "util/log.h"

// --- registers

enum {
    GICC_CTLR = 0x00,
    GICC_PMR = 0x04,
    GICC_BPR = 0x08,
    GICC_IAR = 0x0c,
    GICC_EOIR = 0x10,
    GICC_RPR = 0x14,
    GICC_HPPIR = 0x18,
    GICC_ABPR = 0x1c,
    GICC_AIAR = 0x20,
    GICC_AEOIR = 0x24,
    GICC_AHPPIR = 0x28,
    GICC_APR0 = 0xd0,
    GICC_APR_END = 0xf0,
    GICC_IIDR = 0xfc,
    GICC_DIR = 0x1000,
};

enum {
    CTLR_GROUP0 = 1 << 0,
    CTLR_GROUP1 = 1 << 1,
    CTLR_ACK_CTL = 1 << 2,
    CTLR_FIQ_EN = 1 << 3,
    CTLR_CBPR = 1 << 4,
    CTLR_EOI_MODE = 1 << 9,
    CTLR_MASK = 0x3ff, // with the bypass controls, which do nothing
};

#define GROUP1_PENDING 1022 // read from GICC_IAR when GICC_AIAR is the one to read

// --- priorities

// Bits of a priority that take part in preemption.
static uint8_t group_mask(const GicV2Cpu *c, bool group1)
{
    unsigned bpr = group1 && !(c->ctlr & CTLR_CBPR) ? c->abpr - 1u : c->bpr;
    return (uint8_t)(~0u << (bpr + 1));
}

static unsigned first_active(const uint32_t *apr)
{
    for (unsigned i = 0; i < 4; i++) {
        if (apr[i]) {
            return (i * 32 + (unsigned)__builtin_ctz(apr[i])) << 1;
        }
    }
    return GIC_IDLE_PRIO;
}

static unsigned running_priority(const GicV2Cpu *c)
{
    return MIN_OF(first_active(c->apr), first_active(c->apr + 4));
}

static void raise_priority(GicV2Cpu *c, unsigned prio, bool group1)
{
    unsigned level = (prio & group_mask(c, group1)) >> 1;
    c->apr[(group1 ? 4 : 0) + level / 32] |= UINT32_C(1) << (level % 32);
}

static void drop_priority(GicV2Cpu *c, bool group1)
{
    uint32_t *apr = c->apr + (group1 ? 4 : 0);
    for (unsigned i = 0; i < 4; i++) {
        if (apr[i]) {
            apr[i] &= apr[i] - 1;
            return;
        }
    }
}

// The best pending interrupt of groups that distributor and CPU interface have enabled.
static GicBest best(GicV2 *s, unsigned cpu)
{
    return gic_core_best(&s->core, cpu, s->ctlr & s->cpu[cpu].ctlr & (CTLR_GROUP0 | CTLR_GROUP1));
}

static bool deliverable(const GicV2Cpu *c, const GicBest *b)
{
    return gic_preempts(b, c->pmr, running_priority(c), group_mask(c, b->group1));
}

void gicv2_update_cpu(GicCore *g, unsigned cpu)
{
    GicV2 *s = (GicV2 *)g;
    const GicV2Cpu *c = &s->cpu[cpu];
    GicBest b = best(s, cpu);
    bool signal = deliverable(c, &b);
    bool as_fiq = !b.group1 && (c->ctlr & CTLR_FIQ_EN);
    irq_set(&g->irq[cpu], signal && !as_fiq);
    irq_set(&g->fiq[cpu], signal && as_fiq);
}

// --- acknowledge, end of interrupt

static unsigned with_source(const GicV2Cpu *c, unsigned intid)
{
    if (intid >= GIC_SGIS || !c->sgi_source[intid]) {
        return intid;
    }
    return intid | (unsigned)__builtin_ctz(c->sgi_source[intid]) << 10;
}

// What IAR and HPPIR (or, alias, AIAR and AHPPIR) answer for b.
static unsigned visible_intid(const GicV2Cpu *c, const GicBest *b, bool alias)
{
    if (b->intid == GIC_NONE || (alias && !b->group1)) {
        return GIC_NONE;
    }
    if (!alias && b->group1 && !(c->ctlr & CTLR_ACK_CTL)) {
        return GROUP1_PENDING;
    }
    return b->intid;
}

static uint32_t acknowledge(GicV2 *s, unsigned cpu, bool alias)
{
    GicV2Cpu *c = &s->cpu[cpu];
    GicBest b = best(s, cpu);
    if (!deliverable(c, &b)) {
        return GIC_NONE;
    }
    unsigned intid = visible_intid(c, &b, alias);
    if (intid >= GROUP1_PENDING) {
        return intid;
    }
    unsigned answer = with_source(c, intid);
    gic_core_acknowledge(&s->core, cpu, intid);
    if (intid < GIC_SGIS) { // other CPUs' requests stay pending
        unsigned source = answer >> 10;
        s->core.local[cpu].pending |= UINT32_C(1) << intid;
        gicv2_sgi_clear(s, cpu, intid, (uint8_t)(1u << source));
    }
    raise_priority(c, b.prio, b.group1);
    gic_core_update(&s->core);
    return answer;
}

static uint32_t highest_pending(GicV2 *s, unsigned cpu, bool alias)
{
    GicBest b = best(s, cpu);
    unsigned intid = visible_intid(&s->cpu[cpu], &b, alias);
    return intid < GIC_SGIS ? with_source(&s->cpu[cpu], intid) : intid;
}

static void end_of_interrupt(GicV2 *s, unsigned cpu, uint32_t v, bool alias)
{
    unsigned intid = v & 0x3ff;
    if (intid >= s->core.n_words * 32) {
        return; // special numbers have no effect
    }
    GicV2Cpu *c = &s->cpu[cpu];
    bool group1 = gic_is_group1(&s->core, cpu, intid);
    if (!gic_is_active(&s->core, cpu, intid) || (alias && !group1) ||
        (!alias && group1 && !(c->ctlr & CTLR_ACK_CTL))) {
        log_printf(LOG_GUEST_ERRORS, "gicv2: CPU %u: end of interrupt %u, which is not active\n",
                   cpu, intid);
        return;
    }
    drop_priority(c, group1);
    if (!(c->ctlr & CTLR_EOI_MODE)) {
        gic_core_deactivate(&s->core, cpu, intid);
    }
}

static void deactivate(GicV2 *s, unsigned cpu, uint32_t v)
{
    unsigned intid = v & 0x3ff;
    if (!(s->cpu[cpu].ctlr & CTLR_EOI_MODE)) {
        log_printf(LOG_GUEST_ERRORS, "gicv2: CPU %u: GICC_DIR without EOImode\n", cpu);
    } else if (intid < s->core.n_words * 32) {
        gic_core_deactivate(&s->core, cpu, intid);
    }
}

// --- read and write

static uint64_t cpuif_read(void *opaque, uint64_t offset, unsigned size)
{
    GicV2 *s = opaque;
    unsigned cpu = gicv2_current_cpu(s);
    const GicV2Cpu *c = &s->cpu[cpu];
    (void)size;
    if (offset >= GICC_APR0 && offset < GICC_APR_END) {
        return c->apr[(offset - GICC_APR0) / 4];
    }
    switch (offset) {
    case GICC_CTLR:
        return c->ctlr;
    case GICC_PMR:
        return c->pmr;
    case GICC_BPR:
        return c->bpr;
    case GICC_ABPR:
        return c->ctlr & CTLR_CBPR ? MIN_OF(c->bpr + 1, 7) : c->abpr;
    case GICC_IAR:
        return acknowledge(s, cpu, false);
    case GICC_AIAR:
        return acknowledge(s, cpu, true);
    case GICC_RPR:
        return MIN_OF(running_priority(c), 0xff);
    case GICC_HPPIR:
        return highest_pending(s, cpu, false);
    case GICC_AHPPIR:
        return highest_pending(s, cpu, true);
    case GICC_IIDR:
        return 0x0202043b; // architecture version 2, Arm
    }
    log_printf(LOG_GUEST_ERRORS, "gicv2: read of CPU interface register 0x%x\n", (unsigned)offset);
    return 0;
}

static void cpuif_write(void *opaque, uint64_t offset, uint64_t value, unsigned size)
{
    GicV2 *s = opaque;
    unsigned cpu = gicv2_current_cpu(s);
    GicV2Cpu *c = &s->cpu[cpu];
    uint32_t v = (uint32_t)value;
    (void)size;
    if (offset >= GICC_APR0 && offset < GICC_APR_END) {
        c->apr[(offset - GICC_APR0) / 4] = v;
        gicv2_update_cpu(&s->core, cpu);
        return;
    }
    switch (offset) {
    case GICC_CTLR:
        c->ctlr = v & CTLR_MASK;
        break;
    case GICC_PMR:
        c->pmr = (uint8_t)v;
        break;
    case GICC_BPR:
        c->bpr = v & 7;
        break;
    case GICC_ABPR:
        c->abpr = (uint8_t)MAX_OF(v & 7, 1);
        break;
    case GICC_EOIR:
        end_of_interrupt(s, cpu, v, false);
        break;
    case GICC_AEOIR:
        end_of_interrupt(s, cpu, v, true);
        break;
    case GICC_DIR:
        deactivate(s, cpu, v);
        break;
    default:
        log_printf(LOG_GUEST_ERRORS, "gicv2: write of CPU interface register 0x%x: 0x%x\n",
                   (unsigned)offset, v);
        return;
    }
    gic_core_update(&s->core);
}

const MmioOps gicv2_cpuif_ops = {cpuif_read, cpuif_write, .min_size = 4, .max_size = 4};
