// GICv2m MSI frame (Arm Server Base System Architecture, appendix E): message-signalled interrupts
// for a GICv2. A device's MSI write of an interrupt number becomes an edge on that interrupt's
// wire.
#include <assert.h>

#include "hw/intc/gic.h"
#include "util/log.h"

// --- registers

enum {
    MSI_TYPER = 0x008, // first INTID << 16 | count
    MSI_SETSPI = 0x040,
    MSI_IIDR = 0xfcc,
    MSI_ID = 0xfd0,
};

// --- state: none of its own, the edges are the GIC's

#define MAX_MSIS 480

typedef struct GicV2m {
    Device dev;
    unsigned first_intid, count;
    IrqLine spi[MAX_MSIS];
} GicV2m;

static uint64_t v2m_read(void *opaque, uint64_t offset, unsigned size)
{
    GicV2m *s = opaque;
    (void)size;
    switch (offset) {
    case MSI_TYPER:
        return s->first_intid << 16 | s->count;
    case MSI_IIDR:
        return 0x53 << 20; // product number that drivers know as a plain frame
    }
    if (offset < MSI_ID) {
        log_printf(LOG_GUEST_ERRORS, "gicv2m: read of register 0x%x\n", (unsigned)offset);
    }
    return 0;
}

static void v2m_write(void *opaque, uint64_t offset, uint64_t value, unsigned size)
{
    GicV2m *s = opaque;
    (void)size;
    uint32_t n = (value & 0x3ff) - s->first_intid;
    if (offset != MSI_SETSPI || n >= s->count) {
        log_printf(LOG_GUEST_ERRORS, "gicv2m: write of 0x%x to register 0x%x\n", (unsigned)value,
                   (unsigned)offset);
        return;
    }
    irq_pulse(&s->spi[n]);
}

static const MmioOps ops = {v2m_read, v2m_write, .min_size = 4, .max_size = 4};

static const DeviceType gicv2m_type = {
    .name = "arm-gicv2m",
    .desc = "MSI frame for GICv2",
    .bus = "sysbus",
    .size = sizeof(GicV2m),
};
DEVICE_TYPE(gicv2m_type);

Device *gicv2m_create(Machine *m, MemRegion *sysmem, uint64_t base, unsigned first_spi,
                      unsigned count, const IrqLine *spi)
{
    assert(count <= MAX_MSIS);
    GicV2m *s = (GicV2m *)device_new(&gicv2m_type, m, NULL);
    s->first_intid = 32 + first_spi;
    s->count = count;
    for (unsigned i = 0; i < count; i++) {
        s->spi[i] = spi[i];
    }
    mem_map(sysmem, base, mem_mmio("gicv2m", 0x1000, &ops, s), 0);
    char *error = NULL;
    if (!device_realize(&s->dev, &error)) {
        die("%s", error);
    }
    return &s->dev;
}
