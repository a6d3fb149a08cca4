// "isa-parallel": a PC's parallel port (IBM PC technical reference, "Parallel printer adapter"),
// with a printer that is always ready: each byte that is strobed goes to a character backend.
#include "hw/char/parallel.h"

#include "chardev/chardev.h"
#include "hw/core/machine.h"
#include "hw/isa/isa.h"
#include "util/log.h"

enum { REG_DATA = 0, REG_STATUS = 1, REG_CONTROL = 2 };
enum {
    STATUS_ERROR = 0x08, // active low
    STATUS_ONLINE = 0x10,
    STATUS_ACK = 0x40,  // active low
    STATUS_BUSY = 0x80, // active low
    STATUS_LOW = 0x07,
    CONTROL_STROBE = 0x01,
    CONTROL_INIT = 0x04, // active low
    CONTROL_SELECT = 0x08,
    CONTROL_IRQ = 0x10,
    CONTROL_INPUT = 0x20,
    CONTROL_ONES = 0xc0,
};

typedef struct Parallel {
    Device dev;
    // --- options
    char *chardev;
    uint32_t index, iobase, irq_number;
    // --- fixed
    Chardev *backend;
    IrqLine irq;
    // --- state
    uint8_t data, control;
    bool pending; // the printer acknowledged
} Parallel;

static const StateField fields[] = {
    STATE_U8(Parallel, data),
    STATE_U8(Parallel, control, .reset = CONTROL_INIT | CONTROL_SELECT),
    STATE_BOOL(Parallel, pending),
    STATE_END,
};

static void update_irq(const Parallel *s)
{
    irq_set(&s->irq, s->pending && (s->control & CONTROL_IRQ));
}

static bool loaded(void *obj, char **error)
{
    (void)error;
    update_irq(obj);
    return true;
}

static const StateDesc state = {"isa-parallel", 1, fields, .loaded = loaded};

// The byte is taken when the strobe ends.
static void write_control(Parallel *s, uint8_t v)
{
    bool strobed = (s->control & ~v & CONTROL_STROBE) && (v & CONTROL_INIT);
    s->control = v & ~CONTROL_ONES;
    if (strobed) {
        chardev_write(s->backend, &s->data, 1);
        s->pending = true;
    }
    if (!(v & CONTROL_IRQ)) {
        s->pending = false;
    }
    update_irq(s);
}

static uint64_t parallel_read(void *opaque, uint64_t offset, unsigned size)
{
    Parallel *s = opaque;
    (void)size;
    switch (offset) {
    case REG_DATA:
        return s->control & CONTROL_INPUT ? 0xff : s->data;
    case REG_STATUS:
        s->pending = false;
        update_irq(s);
        return STATUS_BUSY | STATUS_ACK | STATUS_ONLINE | STATUS_ERROR | STATUS_LOW;
    default:
        return s->control | CONTROL_ONES;
    }
}

static void parallel_write(void *opaque, uint64_t offset, uint64_t value, unsigned size)
{
    Parallel *s = opaque;
    (void)size;
    if (offset == REG_DATA) {
        s->data = (uint8_t)value;
    } else if (offset == REG_CONTROL) {
        write_control(s, (uint8_t)value);
    }
}

static const MmioOps ops = {parallel_read, parallel_write, .min_size = 1, .max_size = 1};

// --- device

static bool realize(Device *d, char **error)
{
    static const uint16_t bases[3] = {0x378, 0x278, 0x3bc};
    Parallel *s = (Parallel *)d;
    if (s->iobase == UINT32_MAX) {
        if (s->index >= ARRAY_LEN(bases)) {
            *error = g_strdup_printf("index=%u: not 0 to 2", s->index);
            return false;
        }
        s->iobase = bases[s->index];
    }
    if (s->irq_number >= ISA_IRQS) {
        *error = g_strdup_printf("irq=%u: not 0 to 15", s->irq_number);
        return false;
    }
    if (s->chardev && !chardev_use(d->machine, s->chardev, &s->backend, error)) {
        return false;
    }
    s->irq = isa_irq(d->machine, s->irq_number);
    return isa_map(d->machine, s->iobase, mem_mmio("parallel", 3, &ops, s), error);
}

static void reset(Device *d)
{
    update_irq((Parallel *)d);
}

static const DeviceProp props[] = {
    {"chardev", PROP_STRING, offsetof(Parallel, chardev), NULL, "character backend's id"},
    {"index", PROP_U32, offsetof(Parallel, index), "0", "0 to 2: LPT1 to LPT3"},
    {"iobase", PROP_U32, offsetof(Parallel, iobase), "0xffffffff", "first port"},
    {"irq", PROP_U32, offsetof(Parallel, irq_number), "7", "interrupt line"},
    {NULL, 0, 0, NULL, NULL},
};

static const DeviceType parallel_type = {
    .name = "isa-parallel",
    .desc = "parallel port",
    .bus = "isa",
    .size = sizeof(Parallel),
    .user_creatable = true,
    .props = props,
    .state = &state,
    .realize = realize,
    .reset = reset,
};
DEVICE_TYPE(parallel_type);

Device *parallel_isa_create(Machine *m, uint16_t base, unsigned irq, Chardev *backend)
{
    Parallel *s = (Parallel *)device_new(&parallel_type, m, NULL);
    char *error = NULL;
    s->iobase = base;
    s->irq_number = irq;
    s->backend = backend;
    if (!device_realize(&s->dev, &error)) {
        die("isa-parallel: %s", error);
    }
    return &s->dev;
}
