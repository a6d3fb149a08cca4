// POST code port (80h) and the coprocessor's error clear (f0h; IBM PC/AT technical reference).
#include "hw/misc/pc_ports.h"

#include "hw/core/machine.h"
#include "target-x86/board.h"
#include "util/log.h"

typedef struct PcPorts {
    Device dev;
    uint8_t post;
    bool error; // FERR# was raised and not cleared
    IrqLine irq13;
} PcPorts;

static const StateField fields[] = {
    STATE_U8(PcPorts, post),
    STATE_BOOL(PcPorts, error),
    STATE_END,
};

static bool loaded(void *obj, char **error)
{
    PcPorts *s = obj;
    (void)error;
    irq_set(&s->irq13, s->error);
    return true;
}

static const StateDesc state = {"pc-ports", 1, fields, .loaded = loaded};

// IRQ 13 stays until port f0h is written.
static void ferr(void *opaque, unsigned n, bool level)
{
    PcPorts *s = opaque;
    (void)n;
    if (level && !s->error) {
        s->error = true;
        irq_set(&s->irq13, true);
    }
}

static uint64_t post_read(void *opaque, uint64_t offset, unsigned size)
{
    (void)offset;
    (void)size;
    return ((PcPorts *)opaque)->post;
}

static void post_write(void *opaque, uint64_t offset, uint64_t value, unsigned size)
{
    (void)offset;
    (void)size;
    ((PcPorts *)opaque)->post = (uint8_t)value;
}

static const MmioOps post_ops = {post_read, post_write, .min_size = 1, .max_size = 1};

static uint64_t clear_read(void *opaque, uint64_t offset, unsigned size)
{
    (void)opaque;
    (void)offset;
    (void)size;
    return 0xff;
}

static void clear_write(void *opaque, uint64_t offset, uint64_t value, unsigned size)
{
    PcPorts *s = opaque;
    Machine *m = s->dev.machine;
    (void)offset;
    (void)value;
    (void)size;
    s->error = false;
    irq_set(&s->irq13, false);
    if (m->current) {
        x86_cpu_ignne(m->current);
    }
}

static const MmioOps clear_ops = {clear_read, clear_write, .min_size = 1, .max_size = 1};

static void reset(Device *d)
{
    irq_set(&((PcPorts *)d)->irq13, false);
}

static const DeviceType pc_ports_type = {
    .name = "pc-ports",
    .desc = "POST code and coprocessor error ports",
    .bus = "sysbus",
    .size = sizeof(PcPorts),
    .state = &state,
    .reset = reset,
};
DEVICE_TYPE(pc_ports_type);

Device *pc_ports_create(Machine *m, MemRegion *io, IrqLine irq13)
{
    PcPorts *s = (PcPorts *)device_new(&pc_ports_type, m, NULL);
    char *error = NULL;
    s->irq13 = irq13;
    mem_map(io, 0x80, mem_mmio("post-code", 1, &post_ops, s), 0);
    mem_map(io, 0xf0, mem_mmio("fpu-clear", 1, &clear_ops, s), 0);
    if (!device_realize(&s->dev, &error)) {
        die("%s", error);
    }
    for (unsigned i = 0; i < m->n_cpus; i++) {
        x86_cpu_connect_ferr(m->cpu[i], irq_line(ferr, s, 0));
    }
    return &s->dev;
}
