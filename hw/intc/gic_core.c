// Interrupt state shared by GICv2 (Arm IHI 0048B, chapter 4.3) and GICv3 (IHI 0069, chapter 12.9).
#include "hw/intc/gic_core.h"

#include "hw/core/irq_stats.h"

#include <assert.h>
#include <string.h>

static const StateField bits_fields[] = {
    STATE_U32(GicBits, enabled),
    STATE_U32(GicBits, pending),
    STATE_U32(GicBits, active),
    STATE_U32(GicBits, level, .keep = true), // wires are their drivers' to reset
    STATE_U32(GicBits, group),
    STATE_U32(GicBits, edge),
    STATE_END,
};

const StateField gic_core_fields[] = {
    STATE_STRUCTS(GicCore, local, GicBits, MACHINE_MAX_CPUS, bits_fields),
    STATE_STRUCTS(GicCore, shared, GicBits, GIC_WORDS, bits_fields),
    STATE_U8_ARRAY(GicCore, local_prio, MACHINE_MAX_CPUS *GIC_PRIVATE),
    STATE_U8_ARRAY(GicCore, shared_prio, GIC_WORDS * 32),
    STATE_END,
};

void gic_core_init(GicCore *g, const GicOps *ops, const GicConfig *c)
{
    assert(c->n_cpus <= MACHINE_MAX_CPUS && c->n_spis % 32 == 0 && c->n_spis / 32 < GIC_WORDS);
    g->ops = ops;
    g->n_cpus = c->n_cpus;
    g->n_words = 1 + c->n_spis / 32;
    for (unsigned i = 0; i < c->n_cpus; i++) {
        g->irq[i] = c->irq[i];
        g->fiq[i] = c->fiq[i];
    }
    irq_stats_register(g->dev.machine, "gic", g->count, g->n_words * 32);
}

void gic_core_reset(GicCore *g)
{
    for (unsigned cpu = 0; cpu < g->n_cpus; cpu++) {
        g->local[cpu].edge = 0xffff;
        g->local[cpu].enabled = g->sgi_fixed ? 0xffff : 0;
    }
    gic_core_route_all(g);
    gic_core_update(g);
}

// --- routing and wires

void gic_core_route(GicCore *g, unsigned intid)
{
    uint32_t bit = UINT32_C(1) << (intid % 32);
    for (unsigned cpu = 0; cpu < g->n_cpus; cpu++) {
        uint32_t *w = &g->routed[cpu][intid / 32];
        *w = g->ops->goes_to(g, intid, cpu) ? *w | bit : *w & ~bit;
    }
}

void gic_core_route_all(GicCore *g)
{
    for (unsigned intid = GIC_PRIVATE; intid < g->n_words * 32; intid++) {
        gic_core_route(g, intid);
    }
}

void gic_core_update(GicCore *g)
{
    for (unsigned cpu = 0; cpu < g->n_cpus; cpu++) {
        g->ops->update_cpu(g, cpu);
    }
}

static void set_line(GicCore *g, unsigned cpu, unsigned intid, bool level)
{
    GicBits *b = gic_bits(g, cpu, intid / 32);
    uint32_t bit = UINT32_C(1) << (intid % 32);
    if (level) {
        g->count[intid] += !(b->level & bit);
        b->pending |= b->edge & ~b->level & bit;
        b->level |= bit;
    } else {
        b->level &= ~bit;
    }
}

static void spi_input(void *opaque, unsigned n, bool level)
{
    set_line(opaque, 0, GIC_PRIVATE + n, level);
    gic_core_update(opaque);
}

static void ppi_input(void *opaque, unsigned n, bool level)
{
    GicCore *g = opaque;
    set_line(g, n / GIC_PRIVATE, n % GIC_PRIVATE, level);
    g->ops->update_cpu(g, n / GIC_PRIVATE);
}

IrqLine gic_spi(Device *gic, unsigned n)
{
    assert(GIC_PRIVATE + n < gic_core(gic)->n_words * 32);
    return irq_line(spi_input, gic_core(gic), n);
}

IrqLine gic_ppi(Device *gic, unsigned cpu, unsigned intid)
{
    assert(intid >= GIC_SGIS && intid < GIC_PRIVATE);
    return irq_line(ppi_input, gic_core(gic), cpu * GIC_PRIVATE + intid);
}

// --- what is pending

static uint32_t pending_bits(const GicBits *b)
{
    return b->pending | (b->level & ~b->edge);
}

GicBest gic_core_best(GicCore *g, unsigned cpu, unsigned groups)
{
    GicBest best = {GIC_NONE, GIC_IDLE_PRIO, false};
    for (unsigned w = 0; w < g->n_words; w++) {
        const GicBits *b = gic_bits(g, cpu, w);
        uint32_t set = pending_bits(b) & b->enabled & ~b->active;
        set &= w ? g->routed[cpu][w] : UINT32_MAX;
        set &= (groups & GIC_GROUP0 ? ~b->group : 0) | (groups & GIC_GROUP1 ? b->group : 0);
        for (; set; set &= set - 1) {
            unsigned intid = w * 32 + (unsigned)__builtin_ctz(set);
            unsigned prio = *gic_prio(g, cpu, intid);
            if (prio < best.prio) {
                best = (GicBest){intid, prio, gic_is_group1(g, cpu, intid)};
            }
        }
    }
    return best;
}

void gic_core_acknowledge(GicCore *g, unsigned cpu, unsigned intid)
{
    GicBits *b = gic_bits(g, cpu, intid / 32);
    uint32_t bit = UINT32_C(1) << (intid % 32);
    b->pending &= ~bit;
    b->active |= bit;
}

void gic_core_deactivate(GicCore *g, unsigned cpu, unsigned intid)
{
    gic_bits(g, cpu, intid / 32)->active &= ~(UINT32_C(1) << (intid % 32));
}

// --- registers

enum {
    REG_GROUP = 0x080,
    REG_SET_ENABLE = 0x100,
    REG_CLEAR_ENABLE = 0x180,
    REG_SET_PENDING = 0x200,
    REG_CLEAR_PENDING = 0x280,
    REG_SET_ACTIVE = 0x300,
    REG_CLEAR_ACTIVE = 0x380,
    REG_PRIORITY = 0x400,
    REG_PRIORITY_END = 0x800,
    REG_CONFIG = 0xc00,
    REG_CONFIG_END = 0xd00,
};

bool gic_core_owns(uint32_t offset)
{
    return (offset >= REG_GROUP && offset < REG_PRIORITY_END) ||
           (offset >= REG_CONFIG && offset < REG_CONFIG_END);
}

unsigned gic_core_word(uint32_t offset)
{
    if (offset >= REG_CONFIG) {
        return (offset - REG_CONFIG) / 8;
    }
    return offset >= REG_PRIORITY ? (offset - REG_PRIORITY) / 32 : (offset & 0x7f) / 4;
}

static uint32_t read_priority(GicCore *g, unsigned cpu, uint32_t offset, unsigned size)
{
    uint32_t v = 0;
    for (unsigned i = 0; i < size; i++) {
        v |= (uint32_t)*gic_prio(g, cpu, offset - REG_PRIORITY + i) << (8 * i);
    }
    return v;
}

// Two bits per interrupt, of which the upper one says "edge".
static uint32_t read_config(const GicBits *b, bool upper_half)
{
    uint32_t edge = upper_half ? b->edge >> 16 : b->edge & 0xffff, v = 0;
    for (unsigned i = 0; i < 16; i++) {
        v |= (edge >> i & 1) << (2 * i + 1);
    }
    return v;
}

uint32_t gic_core_read(GicCore *g, unsigned cpu, uint32_t offset, unsigned size)
{
    unsigned word = gic_core_word(offset);
    if (word >= g->n_words) {
        return 0;
    }
    if (offset >= REG_PRIORITY && offset < REG_PRIORITY_END) {
        return read_priority(g, cpu, offset, size);
    }
    const GicBits *b = gic_bits(g, cpu, word);
    if (offset >= REG_CONFIG) {
        return read_config(b, offset & 4) >> (8 * (offset & 3));
    }
    const uint32_t by_register[] = {
        0, b->group, b->enabled, b->enabled, pending_bits(b), pending_bits(b), b->active, b->active,
    };
    return by_register[offset / 0x80] >> (8 * (offset & 3));
}

static void write_config(GicBits *b, bool upper_half, uint32_t value, bool local)
{
    if (local && !upper_half) {
        return; // SGIs are edge-triggered
    }
    uint32_t edge = 0;
    for (unsigned i = 0; i < 16; i++) {
        edge |= (value >> (2 * i + 1) & 1) << i;
    }
    b->edge = upper_half ? (b->edge & 0xffff) | edge << 16 : (b->edge & 0xffff0000) | edge;
}

static void write_bits(GicCore *g, GicBits *b, uint32_t reg, uint32_t v, bool local)
{
    uint32_t sgis = local && g->sgi_fixed ? 0xffff : 0;
    switch (reg) {
    case REG_GROUP:
        b->group = v;
        break;
    case REG_SET_ENABLE:
        b->enabled |= v;
        break;
    case REG_CLEAR_ENABLE:
        b->enabled &= ~v | sgis;
        break;
    case REG_SET_PENDING:
        b->pending |= v & ~sgis;
        break;
    case REG_CLEAR_PENDING:
        b->pending &= ~v | sgis;
        break;
    case REG_SET_ACTIVE:
        b->active |= v;
        break;
    case REG_CLEAR_ACTIVE:
        b->active &= ~v;
        break;
    }
}

void gic_core_write(GicCore *g, unsigned cpu, uint32_t offset, uint32_t value, unsigned size)
{
    unsigned word = gic_core_word(offset);
    if (word >= g->n_words) {
        return;
    }
    if (offset >= REG_PRIORITY && offset < REG_PRIORITY_END) {
        for (unsigned i = 0; i < size; i++) {
            *gic_prio(g, cpu, offset - REG_PRIORITY + i) = (value >> (8 * i)) & g->prio_mask;
        }
        return;
    }
    GicBits *b = gic_bits(g, cpu, word);
    value <<= 8 * (offset & 3);
    if (offset >= REG_CONFIG) {
        write_config(b, offset & 4, value, word == 0);
    } else {
        write_bits(g, b, ALIGN_DOWN(offset, 0x80), value, word == 0);
    }
}
