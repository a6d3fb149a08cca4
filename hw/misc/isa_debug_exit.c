// "isa-debug-exit": a write of v to its port ends the run with status 2 * v + 1.
#include "hw/core/machine.h"
#include "hw/isa/isa.h"

typedef struct DebugExit {
    Device dev;
    uint32_t iobase, iosize;
} DebugExit;

static uint64_t exit_read(void *opaque, uint64_t offset, unsigned size)
{
    (void)opaque;
    (void)offset;
    (void)size;
    return 0;
}

static void exit_write(void *opaque, uint64_t offset, uint64_t value, unsigned size)
{
    DebugExit *s = opaque;
    (void)offset;
    (void)size;
    machine_request(s->dev.machine, MACHINE_QUIT, (int)((value << 1 | 1) & 0xff));
}

static const MmioOps ops = {exit_read, exit_write, .min_size = 1, .max_size = 4};

static bool realize(Device *d, char **error)
{
    DebugExit *s = (DebugExit *)d;
    if (!s->iosize || s->iosize > 0x10000) {
        *error = g_strdup_printf("iosize=%u: not 1 to 65536", s->iosize);
        return false;
    }
    return isa_map(d->machine, s->iobase, mem_mmio("isa-debug-exit", s->iosize, &ops, s), error);
}

static const DeviceProp props[] = {
    {"iobase", PROP_U32, offsetof(DebugExit, iobase), "0x501", "first port"},
    {"iosize", PROP_U32, offsetof(DebugExit, iosize), "2", "number of ports"},
    {NULL, 0, 0, NULL, NULL},
};

static const DeviceType debug_exit_type = {
    .name = "isa-debug-exit",
    .desc = "ends the run with an exit status",
    .bus = "isa",
    .size = sizeof(DebugExit),
    .user_creatable = true,
    .props = props,
    .realize = realize,
};
DEVICE_TYPE(debug_exit_type);
