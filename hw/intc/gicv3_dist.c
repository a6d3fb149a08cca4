// GICv3 (IHI 0069) with a single security state (GICD_CTLR.DS = 1), affinity routing always on,
// without LPIs and ITS: the distributor and the device. The other parts are gicv3_redist.c (what is
// private to a CPU) and gicv3_cpuif.c (ICC_* system registers).
//
//   SPI wires --> distributor -- IROUTER --> CPU interface n --> IRQ, FIQ
//   PPI wires --> redistributor n ----------/
//   ICC_SGI*R of any CPU --> redistributor m
#include "hw/intc/gicv3_internal.h"

#include <string.h>

#include "util/log.h"

// --- registers (12.9)

enum {
    GICD_CTLR = 0x0000,
    GICD_TYPER = 0x0004,
    GICD_IIDR = 0x0008,
    GICD_TYPER2 = 0x000c,
    GICD_STATUSR = 0x0010,
    GICD_SETSPI_NSR = 0x0040,
    GICD_CLRSPI_NSR = 0x0048,
    GICD_SETSPI_SR = 0x0050,
    GICD_CLRSPI_SR = 0x0058,
    GICD_ITARGETSR = 0x0800,
    GICD_ITARGETSR_END = 0x0c00,
    GICD_IGRPMODR = 0x0d00,
    GICD_NSACR_END = 0x0f00,
    GICD_SGIR = 0x0f00,
    GICD_IROUTER = 0x6000,
    GICD_IROUTER_END = 0x8000,
    GICD_ID = 0xffd0,
};

enum {
    CTLR_GROUPS = 3,
    CTLR_ARE = 1 << 4,
    CTLR_DS = 1 << 6,
    CTLR_E1NWF = 1 << 7,
    TYPER_MBIS = 1 << 16,
    TYPER_A3V = 1 << 24,
    TYPER_NO1N = 1 << 25,
    ROUTER_IRM = 1u << 31, // "any one CPU": not offered (No1N)
};

#define ROUTER_MASK UINT64_C(0xff00ffffff)
#define ARM_IIDR    0x43b

uint32_t gicv3_id(uint32_t offset, uint8_t part)
{
    // PIDR4-7, PIDR0-3 (Arm, architecture 3), CIDR0-3
    const uint8_t id[] = {0x44, 0, 0, 0, part, 0xb4, 0x3b, 0, 0x0d, 0xf0, 0x05, 0xb1};
    return id[(offset - GICD_ID) / 4];
}

// --- state

static const StateField fields[] = {
    STATE_U32(GicV3, ctlr),
    STATE_U64_ARRAY(GicV3, router, GIC_WORDS * 32),
    STATE_STRUCTS(GicV3, cpu, GicV3Cpu, MACHINE_MAX_CPUS, gicv3_cpu_fields),
    STATE_STRUCTS(GicV3, core, GicCore, 1, gic_core_fields),
    STATE_END,
};

static bool loaded(void *obj, char **error)
{
    GicV3 *s = obj;
    for (unsigned i = 0; i < MACHINE_MAX_CPUS; i++) {
        if (s->cpu[i].bpr[0] > 7 || s->cpu[i].bpr[1] > 7) {
            *error = g_strdup_printf("arm-gicv3: binary point of CPU %u out of range", i);
            return false;
        }
    }
    gic_core_route_all(&s->core);
    gic_core_update(&s->core);
    return true;
}

static const StateDesc state = {"arm-gicv3", 1, fields, .loaded = loaded};

// --- routing

// An affinity that no CPU has leaves the interrupt pending (12.9.22).
static bool goes_to(const GicCore *g, unsigned intid, unsigned cpu)
{
    const GicV3 *s = (const GicV3 *)g;
    return ((s->router[intid] ^ s->affinity[cpu]) & ROUTER_MASK) == 0;
}

static const GicOps ops = {goes_to, gicv3_update_cpu};

// --- read and write

static bool is_router(const GicV3 *s, uint32_t offset)
{
    unsigned intid = (offset - GICD_IROUTER) / 8;
    return offset >= GICD_IROUTER && offset < GICD_IROUTER_END && intid >= GIC_PRIVATE &&
           intid < s->core.n_words * 32;
}

static uint32_t read_word(GicV3 *s, uint32_t offset)
{
    if (is_router(s, offset)) {
        uint64_t v = s->router[(offset - GICD_IROUTER) / 8];
        return (uint32_t)(offset & 4 ? v >> 32 : v);
    }
    if (offset >= GICD_ID) {
        return gicv3_id(offset, 0x92);
    }
    switch (offset) {
    case GICD_CTLR:
        return s->ctlr | CTLR_ARE | CTLR_DS;
    case GICD_TYPER:
        return (s->core.n_words - 1) | 15u << 19 | TYPER_MBIS | TYPER_A3V | TYPER_NO1N;
    case GICD_IIDR:
        return ARM_IIDR;
    case GICD_TYPER2:
    case GICD_STATUSR:
        return 0;
    }
    if ((offset >= GICD_ITARGETSR && offset < GICD_ITARGETSR_END) ||
        (offset >= GICD_IGRPMODR && offset <= GICD_SGIR) ||
        (offset >= GICD_IROUTER && offset < GICD_IROUTER_END)) {
        return 0; // reserved with affinity routing and a single security state
    }
    log_printf(LOG_GUEST_ERRORS, "gicv3: read of distributor register 0x%x\n", offset);
    return 0;
}

static void write_router(GicV3 *s, uint32_t offset, uint32_t v)
{
    unsigned intid = (offset - GICD_IROUTER) / 8;
    s->router[intid] = deposit64(s->router[intid], offset & 4 ? 32 : 0, 32, v) & ROUTER_MASK;
    gic_core_route(&s->core, intid);
}

// Message-based interrupts: a write latches (or clears) the interrupt's pending state (12.9.30).
static void message(GicV3 *s, uint32_t v, bool set)
{
    unsigned intid = v & 0x3ff;
    if (intid < GIC_PRIVATE || intid >= s->core.n_words * 32) {
        log_printf(LOG_GUEST_ERRORS, "gicv3: message for interrupt %u\n", intid);
        return;
    }
    uint32_t bit = UINT32_C(1) << (intid % 32), *pending = &s->core.shared[intid / 32].pending;
    *pending = set ? *pending | bit : *pending & ~bit;
}

static void write_word(GicV3 *s, uint32_t offset, uint32_t v)
{
    if (is_router(s, offset)) {
        write_router(s, offset, v);
        return;
    }
    switch (offset) {
    case GICD_CTLR:
        s->ctlr = v & (CTLR_GROUPS | CTLR_E1NWF);
        return;
    case GICD_SETSPI_NSR:
    case GICD_CLRSPI_NSR:
        message(s, v, offset == GICD_SETSPI_NSR);
        return;
    case GICD_STATUSR:
    case GICD_SETSPI_SR:
    case GICD_CLRSPI_SR:
        return;
    }
    if ((offset >= GICD_ITARGETSR && offset < GICD_ITARGETSR_END) ||
        (offset >= GICD_IGRPMODR && offset <= GICD_SGIR) ||
        (offset >= GICD_IROUTER && offset < GICD_IROUTER_END)) {
        return;
    }
    log_printf(LOG_GUEST_ERRORS, "gicv3: write of distributor register 0x%x: 0x%x\n", offset, v);
}

static uint64_t dist_read(void *opaque, uint64_t offset, unsigned size)
{
    GicV3 *s = opaque;
    uint32_t o = (uint32_t)offset;
    if (gic_core_owns(o)) { // interrupts 0-31 are the redistributors'
        return gic_core_word(o) ? gic_core_read(&s->core, 0, o, size) : 0;
    }
    return read_word(s, o & ~3u) >> (8 * (o & 3));
}

static void dist_write(void *opaque, uint64_t offset, uint64_t value, unsigned size)
{
    GicV3 *s = opaque;
    uint32_t o = (uint32_t)offset;
    if (!gic_core_owns(o)) {
        write_word(s, o & ~3u, (uint32_t)value << (8 * (o & 3)));
    } else if (gic_core_word(o)) {
        gic_core_write(&s->core, 0, o, (uint32_t)value, size);
    }
    gic_core_update(&s->core);
}

const MmioOps gicv3_dist_ops = {dist_read, dist_write, .min_size = 1, .max_size = 4};

// --- device

static void reset(Device *d)
{
    gicv3_reset_cpuif((GicV3 *)d);
    gic_core_reset(gic_core(d));
}

static const DeviceType gicv3_type = {
    .name = "arm-gicv3",
    .desc = "Arm GICv3 interrupt controller",
    .bus = "sysbus",
    .size = sizeof(GicV3),
    .state = &state,
    .reset = reset,
};
DEVICE_TYPE(gicv3_type);

Device *gicv3_create(Machine *m, const GicConfig *c)
{
    GicV3 *s = (GicV3 *)device_new(&gicv3_type, m, NULL);
    gic_core_init(&s->core, &ops, c);
    s->core.prio_mask = (uint8_t)(0xff << (8 - GICV3_PRIO_BITS));
    memcpy(s->affinity, c->affinity, sizeof(s->affinity));
    mem_map(c->sysmem, c->dist_base, mem_mmio("gicv3_dist", 0x10000, &gicv3_dist_ops, s), 0);
    mem_map(c->sysmem, c->cpu_base,
            mem_mmio("gicv3_redist", c->n_cpus * GICV3_REDIST_SIZE, &gicv3_redist_ops, s), 0);
    char *error = NULL;
    if (!device_realize(&s->core.dev, &error)) {
        die("%s", error);
    }
    return &s->core.dev;
}
