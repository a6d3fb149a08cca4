// GICv2 (Arm Generic Interrupt Controller Architecture 2.0, IHI 0048B) without the Security
// Extensions or virtualization: distributor here, CPU interfaces in gicv2_cpuif.c.
//
//   SPI wires ---\                         /--> CPU interface 0 --> IRQ, FIQ of CPU 0
//   PPI wires ----> state, enables, targets --> CPU interface 1 --> ...
//   GICD_SGIR ---/        (distributor)    \--> priority mask, running priority, acknowledge
#include "hw/intc/gicv2_internal.h"

#include "util/log.h"

// --- registers (4.3)

enum {
    GICD_CTLR = 0x000,
    GICD_TYPER = 0x004,
    GICD_IIDR = 0x008,
    GICD_ITARGETSR = 0x800,
    GICD_ITARGETSR_END = 0xc00,
    GICD_PPISR = 0xd00,
    GICD_SPISR = 0xd04,
    GICD_SPISR_END = 0xd80,
    GICD_SGIR = 0xf00,
    GICD_CPENDSGIR = 0xf10,
    GICD_SPENDSGIR = 0xf20,
    GICD_SPENDSGIR_END = 0xf30,
    GICD_ID = 0xfd0,
};

// Peripheral and component identification from 0xfd0 on (4.3.17).
static const uint8_t dist_id[] = {
    0x04, 0x00, 0x00, 0x00, 0x90, 0xb4, 0x2b, 0x00, 0x0d, 0xf0, 0x05, 0xb1,
};

// --- state

static const StateField cpu_fields[] = {
    STATE_U32(GicV2Cpu, ctlr),
    STATE_U8(GicV2Cpu, pmr),
    STATE_U8(GicV2Cpu, bpr),
    STATE_U8(GicV2Cpu, abpr, .reset = 1),
    STATE_U32_ARRAY(GicV2Cpu, apr, 8),
    STATE_U8_ARRAY(GicV2Cpu, sgi_source, GIC_SGIS),
    STATE_END,
};

static const StateField fields[] = {
    STATE_U32(GicV2, ctlr),
    STATE_U8_ARRAY(GicV2, target, GIC_WORDS * 32),
    STATE_STRUCTS(GicV2, cpu, GicV2Cpu, MACHINE_MAX_CPUS, cpu_fields),
    STATE_STRUCTS(GicV2, core, GicCore, 1, gic_core_fields),
    STATE_END,
};

static bool loaded(void *obj, char **error)
{
    const GicV2 *s = obj;
    for (unsigned i = 0; i < MACHINE_MAX_CPUS; i++) {
        if (s->cpu[i].bpr > 7 || s->cpu[i].abpr > 7) {
            *error = g_strdup_printf("arm_gic: binary point of CPU %u out of range", i);
            return false;
        }
    }
    gic_core_route_all(obj);
    gic_core_update(obj);
    return true;
}

static const StateDesc state = {"arm_gic", 1, fields, .loaded = loaded};

// --- routing

// A single CPU gets everything; its target registers read as zero (4.3.12).
static bool goes_to(const GicCore *g, unsigned intid, unsigned cpu)
{
    const GicV2 *s = (const GicV2 *)g;
    return g->n_cpus == 1 || (s->target[intid] >> cpu & 1);
}

static const GicOps ops = {goes_to, gicv2_update_cpu};

unsigned gicv2_current_cpu(const GicV2 *s)
{
    const VCPU *v = s->core.dev.machine->current;
    return v && v->index < s->core.n_cpus ? v->index : 0;
}

// --- software-generated interrupts (4.3.15)

static void sgi_set(GicV2 *s, unsigned cpu, unsigned sgi, uint8_t sources)
{
    s->cpu[cpu].sgi_source[sgi] |= sources;
    if (s->cpu[cpu].sgi_source[sgi]) {
        s->core.local[cpu].pending |= UINT32_C(1) << sgi;
    }
}

void gicv2_sgi_clear(GicV2 *s, unsigned cpu, unsigned sgi, uint8_t sources)
{
    s->cpu[cpu].sgi_source[sgi] &= (uint8_t)~sources;
    if (!s->cpu[cpu].sgi_source[sgi]) {
        s->core.local[cpu].pending &= ~(UINT32_C(1) << sgi);
    }
}

static void write_sgir(GicV2 *s, unsigned self, uint32_t v)
{
    uint32_t all = (uint32_t)mask64(s->core.n_cpus);
    uint32_t targets;
    switch (extract32(v, 24, 2)) {
    case 0:
        targets = extract32(v, 16, 8) & all;
        break;
    case 1:
        targets = all & ~(UINT32_C(1) << self);
        break;
    case 2:
        targets = UINT32_C(1) << self;
        break;
    default:
        log_printf(LOG_GUEST_ERRORS, "gicv2: reserved target filter in GICD_SGIR 0x%x\n", v);
        return;
    }
    for (; targets; targets &= targets - 1) {
        sgi_set(s, (unsigned)__builtin_ctz(targets), v & 0xf, (uint8_t)(1u << self));
    }
}

// --- distributor read and write

static uint32_t read_targets(const GicV2 *s, unsigned cpu, unsigned intid, unsigned size)
{
    uint32_t v = 0;
    for (unsigned i = 0; i < size && intid + i < s->core.n_words * 32; i++) {
        uint8_t t = intid + i < GIC_PRIVATE ? (uint8_t)(1u << cpu) : s->target[intid + i];
        v |= (uint32_t)(s->core.n_cpus == 1 ? 0 : t) << (8 * i);
    }
    return v;
}

static void write_targets(GicV2 *s, unsigned intid, uint32_t v, unsigned size)
{
    for (unsigned i = 0; i < size && intid + i < s->core.n_words * 32; i++) {
        if (intid + i >= GIC_PRIVATE) {
            s->target[intid + i] = (v >> (8 * i)) & mask64(s->core.n_cpus);
            gic_core_route(&s->core, intid + i);
        }
    }
}

static uint32_t read_sgi_pending(const GicV2 *s, unsigned cpu, uint32_t offset)
{
    uint32_t v = 0;
    for (unsigned i = 0; i < 4; i++) {
        v |= (uint32_t)s->cpu[cpu].sgi_source[(offset & 0xc) + i] << (8 * i);
    }
    return v;
}

static void write_sgi_pending(GicV2 *s, unsigned cpu, uint32_t offset, uint32_t v)
{
    for (unsigned i = 0; i < 4; i++) {
        uint8_t sources = (v >> (8 * i)) & mask64(s->core.n_cpus);
        if (offset >= GICD_SPENDSGIR) {
            sgi_set(s, cpu, (offset & 0xc) + i, sources);
        } else {
            gicv2_sgi_clear(s, cpu, (offset & 0xc) + i, sources);
        }
    }
}

static uint32_t read_word(GicV2 *s, unsigned cpu, uint32_t offset)
{
    if (offset >= GICD_CPENDSGIR && offset < GICD_SPENDSGIR_END) {
        return read_sgi_pending(s, cpu, offset);
    }
    if (offset >= GICD_ID) {
        return dist_id[(offset - GICD_ID) / 4];
    }
    if (offset == GICD_PPISR) {
        return s->core.local[cpu].level & 0xffff0000;
    }
    if (offset >= GICD_SPISR && offset < GICD_SPISR_END) {
        unsigned w = (offset - GICD_PPISR) / 4;
        return w < s->core.n_words ? s->core.shared[w].level : 0;
    }
    switch (offset) {
    case GICD_CTLR:
        return s->ctlr;
    case GICD_TYPER:
        return (s->core.n_words - 1) | (s->core.n_cpus - 1) << 5;
    case GICD_IIDR:
        return 0x43b; // JEP106: Arm
    case GICD_SGIR:
        return 0;
    }
    log_printf(LOG_GUEST_ERRORS, "gicv2: read of distributor register 0x%x\n", offset);
    return 0;
}

static void write_word(GicV2 *s, unsigned cpu, uint32_t offset, uint32_t v)
{
    if (offset >= GICD_CPENDSGIR && offset < GICD_SPENDSGIR_END) {
        write_sgi_pending(s, cpu, offset, v);
    } else if (offset == GICD_CTLR) {
        s->ctlr = v & 3;
    } else if (offset == GICD_SGIR) {
        write_sgir(s, cpu, v);
    } else {
        log_printf(LOG_GUEST_ERRORS, "gicv2: write of distributor register 0x%x: 0x%x\n", offset,
                   v);
    }
}

static uint64_t dist_read(void *opaque, uint64_t offset, unsigned size)
{
    GicV2 *s = opaque;
    unsigned cpu = gicv2_current_cpu(s);
    if (gic_core_owns((uint32_t)offset)) {
        return gic_core_read(&s->core, cpu, (uint32_t)offset, size);
    }
    if (offset >= GICD_ITARGETSR && offset < GICD_ITARGETSR_END) {
        return read_targets(s, cpu, (unsigned)offset - GICD_ITARGETSR, size);
    }
    return read_word(s, cpu, (uint32_t)offset & ~3u) >> (8 * (offset & 3));
}

static void dist_write(void *opaque, uint64_t offset, uint64_t value, unsigned size)
{
    GicV2 *s = opaque;
    unsigned cpu = gicv2_current_cpu(s);
    uint32_t v = (uint32_t)value;
    if (gic_core_owns((uint32_t)offset)) {
        gic_core_write(&s->core, cpu, (uint32_t)offset, v, size);
    } else if (offset >= GICD_ITARGETSR && offset < GICD_ITARGETSR_END) {
        write_targets(s, (unsigned)offset - GICD_ITARGETSR, v, size);
    } else {
        write_word(s, cpu, (uint32_t)offset & ~3u, v << (8 * (offset & 3)));
    }
    gic_core_update(&s->core);
}

static const MmioOps dist_ops = {dist_read, dist_write, .min_size = 1, .max_size = 4};

// --- device

static void reset(Device *d)
{
    gic_core_reset(gic_core(d));
}

static const DeviceType gicv2_type = {
    .name = "arm_gic",
    .desc = "Arm GICv2 interrupt controller",
    .bus = "sysbus",
    .size = sizeof(GicV2),
    .state = &state,
    .reset = reset,
};
DEVICE_TYPE(gicv2_type);

Device *gicv2_create(Machine *m, const GicConfig *c)
{
    GicV2 *s = (GicV2 *)device_new(&gicv2_type, m, NULL);
    gic_core_init(&s->core, &ops, c);
    s->core.prio_mask = 0xff;
    s->core.sgi_fixed = true;
    mem_map(c->sysmem, c->dist_base, mem_mmio("gic_dist", 0x1000, &dist_ops, s), 0);
    mem_map(c->sysmem, c->cpu_base, mem_mmio("gic_cpu", 0x2000, &gicv2_cpuif_ops, s), 0);
    char *error = NULL;
    if (!device_realize(&s->core.dev, &error)) {
        die("%s", error);
    }
    return &s->core.dev;
}
