// "isa-debugcon": a port whose bytes go to a character backend.
#include "hw/char/debugcon.h"

#include "chardev/chardev.h"
#include "hw/core/machine.h"
#include "hw/isa/isa.h"
#include "util/log.h"

typedef struct Debugcon {
    Device dev;
    // --- options
    char *chardev;
    uint32_t iobase, readback;
    // --- fixed
    Chardev *backend;
} Debugcon;

static uint64_t debugcon_read(void *opaque, uint64_t offset, unsigned size)
{
    (void)offset;
    (void)size;
    return ((Debugcon *)opaque)->readback;
}

static void debugcon_write(void *opaque, uint64_t offset, uint64_t value, unsigned size)
{
    uint8_t c = (uint8_t)value;
    (void)offset;
    (void)size;
    chardev_write(((Debugcon *)opaque)->backend, &c, 1);
}

static const MmioOps ops = {debugcon_read, debugcon_write, .min_size = 1, .max_size = 1};

static bool realize(Device *d, char **error)
{
    Debugcon *s = (Debugcon *)d;
    if (s->chardev && !chardev_use(d->machine, s->chardev, &s->backend, error)) {
        return false;
    }
    return isa_map(d->machine, s->iobase, mem_mmio("isa-debugcon", 1, &ops, s), error);
}

static const DeviceProp props[] = {
    {"chardev", PROP_STRING, offsetof(Debugcon, chardev), NULL, "character backend's id"},
    {"iobase", PROP_U32, offsetof(Debugcon, iobase), "0xe9", "port"},
    {"readback", PROP_U32, offsetof(Debugcon, readback), "0xe9", "what a read gives"},
    {NULL, 0, 0, NULL, NULL},
};

static const DeviceType debugcon_type = {
    .name = "isa-debugcon",
    .desc = "debug output port",
    .bus = "isa",
    .size = sizeof(Debugcon),
    .user_creatable = true,
    .props = props,
    .realize = realize,
};
DEVICE_TYPE(debugcon_type);

Device *debugcon_create(Machine *m, uint16_t base, Chardev *backend)
{
    Debugcon *s = (Debugcon *)device_new(&debugcon_type, m, NULL);
    char *error = NULL;
    s->iobase = base ? base : s->iobase;
    s->backend = backend;
    if (!device_realize(&s->dev, &error)) {
        die("isa-debugcon: %s", error);
    }
    return &s->dev;
}
