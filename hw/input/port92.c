// Port 92h, "system control port A" (IBM PS/2 technical reference): A20 and reset without the
// keyboard controller.
#include "hw/core/machine.h"
#include "hw/input/i8042.h"
#include "util/log.h"

enum { P92_RESET = 1 << 0, P92_A20 = 1 << 1 };

typedef struct Port92 {
    Device dev;
    uint8_t value;
    IrqLine a20m;
} Port92;

// A20 follows whoever was written last, so a load leaves it to the CPU, which has its level.
static const StateField fields[] = {STATE_U8(Port92, value), STATE_END};
static const StateDesc state = {"port92", 1, fields, NULL, NULL};

static uint64_t port92_read(void *opaque, uint64_t offset, unsigned size)
{
    (void)offset;
    (void)size;
    return ((Port92 *)opaque)->value;
}

static void port92_write(void *opaque, uint64_t offset, uint64_t value, unsigned size)
{
    Port92 *s = opaque;
    uint8_t before = s->value;
    (void)offset;
    (void)size;
    s->value = (uint8_t)value;
    irq_set(&s->a20m, !(value & P92_A20));
    if (value & ~before & P92_RESET) {
        machine_request(s->dev.machine, MACHINE_RESET, 0);
    }
}

static const MmioOps ops = {port92_read, port92_write, .min_size = 1, .max_size = 1};

static const DeviceType port92_type = {
    .name = "port92",
    .desc = "system control port A",
    .bus = "sysbus",
    .size = sizeof(Port92),
    .state = &state,
};
DEVICE_TYPE(port92_type);

Device *port92_create(Machine *m, MemRegion *io, IrqLine a20m)
{
    Port92 *s = (Port92 *)device_new(&port92_type, m, NULL);
    char *error = NULL;
    s->a20m = a20m;
    mem_map(io, 0x92, mem_mmio("port92", 1, &ops, s), 0);
    if (!device_realize(&s->dev, &error)) {
        die("%s", error);
    }
    return &s->dev;
}
