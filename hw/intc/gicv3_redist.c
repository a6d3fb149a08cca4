// GICv3 redistributors (IHI 0069, 12.10 and 12.11): 128 KiB for each CPU, of which the first 64 KiB
// are control registers and the second the state of its private interrupts.
#include "hw/intc/gicv3_internal.h"

#include "util/log.h"

// --- registers

enum {
    GICR_CTLR = 0x0000,
    GICR_IIDR = 0x0004,
    GICR_TYPER = 0x0008,
    GICR_TYPER_HIGH = 0x000c,
    GICR_STATUSR = 0x0010,
    GICR_WAKER = 0x0014,
    GICR_PROPBASER = 0x0070, // only with LPIs, like GICR_PENDBASER
    GICR_LPI_END = 0x0080,
    GICR_ID = 0xffd0,
    SGI_FRAME = 0x10000,
    GICR_IGRPMODR0 = 0x10d00, // one word each, reserved with a single security state
    GICR_NSACR = 0x10e00,
};

enum {
    WAKER_PROCESSOR_SLEEP = 1 << 1,
    WAKER_CHILDREN_ASLEEP = 1 << 2,
    TYPER_LAST = 1 << 4,
};

static uint32_t affinity_word(uint64_t mpidr)
{
    return (uint32_t)((mpidr & 0xffffff) | (mpidr >> 32 & 0xff) << 24);
}

static uint32_t read_control(const GicV3 *s, unsigned cpu, uint32_t offset)
{
    switch (offset) {
    case GICR_IIDR:
        return 0x43b;
    case GICR_TYPER:
        return cpu << 8 | (cpu == s->core.n_cpus - 1 ? TYPER_LAST : 0);
    case GICR_TYPER_HIGH:
        return affinity_word(s->affinity[cpu]);
    case GICR_WAKER:
        return s->cpu[cpu].waker;
    case GICR_CTLR:
    case GICR_STATUSR:
        return 0;
    }
    if (offset >= GICR_ID) {
        return gicv3_id(offset, 0x93);
    }
    if (offset < GICR_PROPBASER || offset >= GICR_LPI_END) {
        log_printf(LOG_GUEST_ERRORS, "gicv3: read of redistributor register 0x%x\n", offset);
    }
    return 0;
}

static void write_control(GicV3 *s, unsigned cpu, uint32_t offset, uint32_t v)
{
    if (offset == GICR_WAKER) {
        bool sleep = v & WAKER_PROCESSOR_SLEEP;
        s->cpu[cpu].waker = sleep ? WAKER_PROCESSOR_SLEEP | WAKER_CHILDREN_ASLEEP : 0;
    } else if (offset != GICR_CTLR && offset != GICR_STATUSR &&
               (offset < GICR_PROPBASER || offset >= GICR_LPI_END)) {
        log_printf(LOG_GUEST_ERRORS, "gicv3: write of redistributor register 0x%x: 0x%x\n", offset,
                   v);
    }
}

static bool private_register(uint32_t offset)
{
    return offset >= SGI_FRAME && gic_core_owns(offset - SGI_FRAME) &&
           gic_core_word(offset - SGI_FRAME) == 0;
}

static bool reserved(uint32_t offset)
{
    return (offset & ~3u) == GICR_IGRPMODR0 || (offset & ~3u) == GICR_NSACR;
}

static uint64_t redist_read(void *opaque, uint64_t offset, unsigned size)
{
    GicV3 *s = opaque;
    unsigned cpu = (unsigned)(offset / GICV3_REDIST_SIZE);
    uint32_t o = (uint32_t)(offset % GICV3_REDIST_SIZE);
    if (private_register(o)) {
        return gic_core_read(&s->core, cpu, o - SGI_FRAME, size);
    }
    if (o < SGI_FRAME) {
        return read_control(s, cpu, o & ~3u) >> (8 * (o & 3));
    }
    if (!reserved(o)) {
        log_printf(LOG_GUEST_ERRORS, "gicv3: read of redistributor register 0x%x\n", o);
    }
    return 0;
}

static void redist_write(void *opaque, uint64_t offset, uint64_t value, unsigned size)
{
    GicV3 *s = opaque;
    unsigned cpu = (unsigned)(offset / GICV3_REDIST_SIZE);
    uint32_t o = (uint32_t)(offset % GICV3_REDIST_SIZE);
    if (private_register(o)) {
        gic_core_write(&s->core, cpu, o - SGI_FRAME, (uint32_t)value, size);
    } else if (o < SGI_FRAME) {
        write_control(s, cpu, o & ~3u, (uint32_t)value << (8 * (o & 3)));
    } else if (!reserved(o)) {
        log_printf(LOG_GUEST_ERRORS, "gicv3: write of redistributor register 0x%x\n", o);
    }
    gicv3_update_cpu(&s->core, cpu);
}

const MmioOps gicv3_redist_ops = {redist_read, redist_write, .min_size = 1, .max_size = 4};
