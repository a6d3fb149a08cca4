// GICv3 CPU interface: the ICC_*_EL1 system registers (IHI 0069, 12.2; preemption 4.8), with the
// system register interface always enabled.
#include "hw/intc/gicv3_internal.h"

#include "target-arm/board.h"
#include "util/log.h"

// --- state

const StateField gicv3_cpu_fields[] = {
    STATE_U32(GicV3Cpu, waker, .reset = 6), // asleep
    STATE_U32(GicV3Cpu, ctlr),
    STATE_U8(GicV3Cpu, pmr),
    STATE_U8_ARRAY(GicV3Cpu, bpr, 2),
    STATE_U32_ARRAY(GicV3Cpu, apr, 2),
    {.name = "enabled",
     .offset = offsetof(GicV3Cpu, enabled),
     .size = sizeof(bool),
     .count = 2,
     .kind = STATE_KIND_INT},
    STATE_END,
};

void gicv3_reset_cpuif(GicV3 *s)
{
    for (unsigned i = 0; i < s->core.n_cpus; i++) {
        s->cpu[i].bpr[0] = GICV3_MIN_BPR0;
        s->cpu[i].bpr[1] = GICV3_MIN_BPR1;
    }
}

enum {
    CTLR_CBPR = 1 << 0,
    CTLR_EOI_MODE = 1 << 1,
    CTLR_PRI_BITS = (GICV3_PRIO_BITS - 1) << 8,
    CTLR_A3V = 1 << 15,
};

// --- priorities

static uint8_t group_mask(const GicV3Cpu *c, bool group1)
{
    unsigned bpr = group1 && !(c->ctlr & CTLR_CBPR) ? c->bpr[1] - 1u : c->bpr[0];
    return (uint8_t)(~0u << (bpr + 1));
}

static unsigned running_priority(const GicV3Cpu *c)
{
    uint32_t active = c->apr[0] | c->apr[1];
    return active ? (unsigned)__builtin_ctz(active) << (8 - GICV3_PRIO_BITS) : GIC_IDLE_PRIO;
}

static unsigned enabled_groups(const GicV3 *s, const GicV3Cpu *c)
{
    unsigned at_cpu = (c->enabled[0] ? GIC_GROUP0 : 0) | (c->enabled[1] ? GIC_GROUP1 : 0);
    return s->ctlr & at_cpu;
}

static bool deliverable(const GicV3Cpu *c, const GicBest *b)
{
    return gic_preempts(b, c->pmr, running_priority(c), group_mask(c, b->group1));
}

// Group 0 is signalled as FIQ, group 1 as IRQ (4.6.2, single security state).
void gicv3_update_cpu(GicCore *g, unsigned cpu)
{
    GicV3 *s = (GicV3 *)g;
    const GicV3Cpu *c = &s->cpu[cpu];
    GicBest b = gic_core_best(&s->core, cpu, enabled_groups(s, c));
    bool signal = deliverable(c, &b);
    irq_set(&g->irq[cpu], signal && b.group1);
    irq_set(&g->fiq[cpu], signal && !b.group1);
}

// --- acknowledge, end of interrupt

static uint64_t read_iar(GicV3 *s, unsigned cpu, unsigned group)
{
    GicV3Cpu *c = &s->cpu[cpu];
    GicBest b = gic_core_best(&s->core, cpu, enabled_groups(s, c));
    if (!deliverable(c, &b) || b.group1 != (group == 1)) {
        return GIC_NONE;
    }
    gic_core_acknowledge(&s->core, cpu, b.intid);
    unsigned level = (b.prio & group_mask(c, b.group1)) >> (8 - GICV3_PRIO_BITS);
    c->apr[group] |= UINT32_C(1) << level;
    gic_core_update(&s->core);
    return b.intid;
}

static uint64_t read_hppir(GicV3 *s, unsigned cpu, unsigned group)
{
    GicBest b = gic_core_best(&s->core, cpu, enabled_groups(s, &s->cpu[cpu]));
    return b.group1 == (group == 1) ? b.intid : GIC_NONE;
}

static void write_eoir(GicV3 *s, unsigned cpu, unsigned group, uint64_t v)
{
    unsigned intid = v & 0xffffff;
    if (intid >= s->core.n_words * 32) {
        return; // special numbers have no effect
    }
    GicV3Cpu *c = &s->cpu[cpu];
    if (gic_is_group1(&s->core, cpu, intid) != (group == 1)) {
        log_printf(LOG_GUEST_ERRORS,
                   "gicv3: CPU %u: ICC_EOIR%u of interrupt %u of the other group\n", cpu, group,
                   intid);
        return;
    }
    c->apr[group] &= c->apr[group] - 1;
    if (!(c->ctlr & CTLR_EOI_MODE)) {
        gic_core_deactivate(&s->core, cpu, intid);
    }
}

static void write_dir(GicV3 *s, unsigned cpu, uint64_t v)
{
    unsigned intid = v & 0xffffff;
    if (!(s->cpu[cpu].ctlr & CTLR_EOI_MODE)) {
        log_printf(LOG_GUEST_ERRORS, "gicv3: CPU %u: ICC_DIR without EOImode\n", cpu);
    } else if (intid < s->core.n_words * 32) {
        gic_core_deactivate(&s->core, cpu, intid);
    }
}

// --- software-generated interrupts (12.2.17-12.2.19)

static bool sgi_hits(const GicV3 *s, unsigned self, unsigned cpu, uint64_t v)
{
    if (v & BIT(40)) { // everyone else
        return cpu != self;
    }
    uint64_t a = s->affinity[cpu];
    unsigned aff0 = a & 0xff;
    return extract64(v, 16, 8) == extract64(a, 8, 8) &&
           extract64(v, 32, 8) == extract64(a, 16, 8) &&
           extract64(v, 48, 8) == extract64(a, 32, 8) && aff0 / 16 == extract64(v, 44, 4) &&
           (v >> (aff0 % 16) & 1);
}

static void send_sgi(GicV3 *s, unsigned self, unsigned group, uint64_t v)
{
    unsigned sgi = extract64(v, 24, 4);
    for (unsigned cpu = 0; cpu < s->core.n_cpus; cpu++) {
        if (sgi_hits(s, self, cpu, v) && gic_is_group1(&s->core, cpu, sgi) == (group == 1)) {
            s->core.local[cpu].pending |= UINT32_C(1) << sgi;
        }
    }
}

// --- system registers

#define ICC(op1, crn, crm, op2) (3u << 14 | (op1) << 11 | (crn) << 7 | (crm) << 3 | (op2))

typedef enum IccReg {
    R_PMR,
    R_IAR,
    R_EOIR,
    R_HPPIR,
    R_BPR,
    R_APR,
    R_DIR,
    R_RPR,
    R_SGI1R,
    R_ASGI1R,
    R_SGI0R,
    R_CTLR,
    R_SRE,
    R_IGRPEN,
} IccReg;

enum { ICC_R = 1, ICC_W = 2, ICC_RW = 3 };

typedef struct IccRow {
    uint16_t enc;
    uint8_t reg, group, access;
} IccRow;

static const IccRow icc_rows[] = {
    {ICC(0, 4, 6, 0), R_PMR, 0, ICC_RW},      {ICC(0, 12, 8, 0), R_IAR, 0, ICC_R},
    {ICC(0, 12, 8, 1), R_EOIR, 0, ICC_W},     {ICC(0, 12, 8, 2), R_HPPIR, 0, ICC_R},
    {ICC(0, 12, 8, 3), R_BPR, 0, ICC_RW},     {ICC(0, 12, 8, 4), R_APR, 0, ICC_RW},
    {ICC(0, 12, 9, 0), R_APR, 1, ICC_RW},     {ICC(0, 12, 11, 1), R_DIR, 0, ICC_W},
    {ICC(0, 12, 11, 3), R_RPR, 0, ICC_R},     {ICC(0, 12, 11, 5), R_SGI1R, 1, ICC_W},
    {ICC(0, 12, 11, 6), R_ASGI1R, 1, ICC_W},  {ICC(0, 12, 11, 7), R_SGI0R, 0, ICC_W},
    {ICC(0, 12, 12, 0), R_IAR, 1, ICC_R},     {ICC(0, 12, 12, 1), R_EOIR, 1, ICC_W},
    {ICC(0, 12, 12, 2), R_HPPIR, 1, ICC_R},   {ICC(0, 12, 12, 3), R_BPR, 1, ICC_RW},
    {ICC(0, 12, 12, 4), R_CTLR, 0, ICC_RW},   {ICC(0, 12, 12, 5), R_SRE, 0, ICC_RW},
    {ICC(0, 12, 12, 6), R_IGRPEN, 0, ICC_RW}, {ICC(0, 12, 12, 7), R_IGRPEN, 1, ICC_RW},
};

static const IccRow *find_row(uint32_t enc, unsigned access)
{
    for (size_t i = 0; i < ARRAY_LEN(icc_rows); i++) {
        if (icc_rows[i].enc == enc) {
            return icc_rows[i].access & access ? &icc_rows[i] : NULL;
        }
    }
    return NULL;
}

static uint64_t read_bpr(const GicV3Cpu *c, unsigned group)
{
    if (group == 1 && (c->ctlr & CTLR_CBPR)) {
        return MIN_OF(c->bpr[0] + 1, 7);
    }
    return c->bpr[group];
}

static bool icc_read(void *opaque, unsigned cpu, uint32_t enc, uint64_t *value)
{
    GicV3 *s = opaque;
    const IccRow *row = find_row(enc, ICC_R);
    if (!row) {
        return false;
    }
    const GicV3Cpu *c = &s->cpu[cpu];
    *value = 0;
    switch ((IccReg)row->reg) {
    case R_PMR:
        *value = c->pmr;
        break;
    case R_IAR:
        *value = read_iar(s, cpu, row->group);
        break;
    case R_HPPIR:
        *value = read_hppir(s, cpu, row->group);
        break;
    case R_BPR:
        *value = read_bpr(c, row->group);
        break;
    case R_APR:
        *value = c->apr[row->group];
        break;
    case R_RPR:
        *value = MIN_OF(running_priority(c), 0xff);
        break;
    case R_CTLR:
        *value = c->ctlr | CTLR_PRI_BITS | CTLR_A3V;
        break;
    case R_SRE:
        *value = 7; // system registers, no bypass
        break;
    case R_IGRPEN:
        *value = c->enabled[row->group];
        break;
    default:
        break;
    }
    return true;
}

static void write_bpr(GicV3Cpu *c, unsigned group, uint64_t v)
{
    if (group == 1 && (c->ctlr & CTLR_CBPR)) {
        return;
    }
    unsigned min = group ? GICV3_MIN_BPR1 : GICV3_MIN_BPR0;
    c->bpr[group] = (uint8_t)MAX_OF(v & 7, min);
}

static bool icc_write(void *opaque, unsigned cpu, uint32_t enc, uint64_t v)
{
    GicV3 *s = opaque;
    const IccRow *row = find_row(enc, ICC_W);
    if (!row) {
        return false;
    }
    GicV3Cpu *c = &s->cpu[cpu];
    switch ((IccReg)row->reg) {
    case R_PMR:
        c->pmr = v & s->core.prio_mask;
        gicv3_update_cpu(&s->core, cpu);
        return true;
    case R_EOIR:
        write_eoir(s, cpu, row->group, v);
        break;
    case R_BPR:
        write_bpr(c, row->group, v);
        break;
    case R_APR:
        c->apr[row->group] = (uint32_t)v;
        break;
    case R_DIR:
        write_dir(s, cpu, v);
        break;
    case R_SGI1R:
    case R_SGI0R:
        send_sgi(s, cpu, row->group, v);
        break;
    case R_CTLR:
        c->ctlr = v & (CTLR_CBPR | CTLR_EOI_MODE);
        break;
    case R_IGRPEN:
        c->enabled[row->group] = v & 1;
        break;
    default: // SRE is fixed; ICC_ASGI1R means the other security state, which there is none of
        break;
    }
    gic_core_update(&s->core);
    return true;
}

const ARMGicOps gicv3_sysreg_ops = {icc_read, icc_write};
