// "pc-testdev": what QEMU's device of that name has for test programs of x86 CPUs:
//
//   ports 2000h + n   interrupt line n gets the level written
//   ports e0h, e8h    four bytes each, as written
//   ports e4h         accepted (a hypervisor would flush a page)
//   memory ff000000   64 KiB, as written
#include <string.h>

#include "hw/core/machine.h"
#include "hw/isa/isa.h"

#define IRQ_PORTS 24
#define MEMORY    0x10000
#define MEMORY_AT 0xff000000

typedef struct PcTestdev {
    Device dev;
    IrqLine irq[ISA_IRQS];
    MemRegion *memory;
    uint8_t store[4];
    uint16_t levels;
} PcTestdev;

static const StateField fields[] = {
    STATE_U8_ARRAY(PcTestdev, store, 4),
    STATE_U16(PcTestdev, levels),
    STATE_END,
};

static void drive(const PcTestdev *s)
{
    for (unsigned n = 0; n < ISA_IRQS; n++) {
        irq_set(&s->irq[n], s->levels >> n & 1);
    }
}

static bool loaded(void *obj, char **error)
{
    (void)error;
    drive(obj);
    return true;
}

static const StateDesc state = {"pc-testdev", 1, fields, .loaded = loaded};

static void irq_write(void *opaque, uint64_t offset, uint64_t value, unsigned size)
{
    PcTestdev *s = opaque;
    (void)size;
    if (offset < ISA_IRQS) {
        s->levels = (uint16_t)deposit64(s->levels, (unsigned)offset, 1, value != 0);
        irq_set(&s->irq[offset], value != 0);
    }
}

static uint64_t store_read(void *opaque, uint64_t offset, unsigned size)
{
    uint64_t v = 0;
    memcpy(&v, ((PcTestdev *)opaque)->store + offset, size);
    return v;
}

static void store_write(void *opaque, uint64_t offset, uint64_t value, unsigned size)
{
    memcpy(((PcTestdev *)opaque)->store + offset, &value, size);
}

static const MmioOps irq_ops = {NULL, irq_write, .min_size = 1, .max_size = 1};
static const MmioOps store_ops = {store_read, store_write, .min_size = 1, .max_size = 4};
static const MmioOps flush_ops = {NULL, NULL, .min_size = 1, .max_size = 4};

static bool realize(Device *d, char **error)
{
    PcTestdev *s = (PcTestdev *)d;
    if (!isa_map(d->machine, 0x2000, mem_mmio("testdev-irq", IRQ_PORTS, &irq_ops, s), error) ||
        !isa_map(d->machine, 0xe0, mem_mmio("testdev-store", 4, &store_ops, s), error) ||
        !isa_map(d->machine, 0xe4, mem_mmio("testdev-flush", 4, &flush_ops, s), error) ||
        !isa_map(d->machine, 0xe8, mem_mmio("testdev-store", 4, &store_ops, s), error)) {
        return false;
    }
    for (unsigned n = 0; n < ISA_IRQS; n++) {
        s->irq[n] = isa_irq(d->machine, n);
    }
    s->memory = machine_add_memory(d->machine, mem_ram("testdev-memory", MEMORY));
    mem_map(address_space_root(d->machine->memory), MEMORY_AT, s->memory, 1);
    return true;
}

static void reset(Device *d)
{
    PcTestdev *s = (PcTestdev *)d;
    memset(mem_host(s->memory), 0, MEMORY);
    mem_region_dirty(d->machine->memory, s->memory, 0, MEMORY);
    drive(s);
}

static const DeviceType pc_testdev_type = {
    .name = "pc-testdev",
    .desc = "interrupts, ports and memory for test programs",
    .bus = "isa",
    .size = sizeof(PcTestdev),
    .user_creatable = true,
    .state = &state,
    .realize = realize,
    .reset = reset,
};
DEVICE_TYPE(pc_testdev_type);
