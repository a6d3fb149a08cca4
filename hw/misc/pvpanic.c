// "pvpanic" (ISA port 505h) and "pvpanic-pci": the guest tells that it panicked. -action panic=
// says what happens then.
#include "hw/core/machine.h"
#include "hw/isa/isa.h"
#include "hw/pci/pci.h"
#include "util/log.h"

enum { EVENT_PANICKED = 1 << 0, EVENT_CRASH_LOADED = 1 << 1 };
#define EVENTS (EVENT_PANICKED | EVENT_CRASH_LOADED)

static uint64_t panic_read(void *opaque, uint64_t offset, unsigned size)
{
    (void)opaque;
    (void)offset;
    (void)size;
    return EVENTS;
}

static void panic_write(void *opaque, uint64_t offset, uint64_t value, unsigned size)
{
    (void)offset;
    (void)size;
    if (value & EVENT_PANICKED) {
        report("the guest panicked");
        machine_panicked(opaque);
    } else if (value & EVENT_CRASH_LOADED) {
        report("the guest panicked and goes on to its crash kernel");
        machine_event(opaque, &(MachineEvent){MACHINE_EVENT_GUEST_CRASHLOADED, .action = "run"});
    } else {
        log_printf(LOG_GUEST_ERRORS, "pvpanic: unknown event 0x%02x\n", (unsigned)value);
    }
}

static const MmioOps ops = {panic_read, panic_write, .min_size = 1, .max_size = 1};

// --- ISA

typedef struct PanicIsa {
    Device dev;
    uint32_t ioport;
} PanicIsa;

static bool isa_realize(Device *d, char **error)
{
    return isa_map(d->machine, ((PanicIsa *)d)->ioport, mem_mmio("pvpanic", 1, &ops, d->machine),
                   error);
}

static const DeviceProp isa_props[] = {
    {"ioport", PROP_U32, offsetof(PanicIsa, ioport), "0x505", "port"},
    {NULL, 0, 0, NULL, NULL},
};

static const DeviceType pvpanic_type = {
    .name = "pvpanic",
    .desc = "panic notification",
    .bus = "isa",
    .size = sizeof(PanicIsa),
    .user_creatable = true,
    .props = isa_props,
    .realize = isa_realize,
};
DEVICE_TYPE(pvpanic_type);

// --- PCI: the same byte in BAR 0

typedef struct PanicPci {
    PciDevice pci;
} PanicPci;

static const StateField pci_fields[] = {
    STATE_STRUCTS(PanicPci, pci, PciDevice, 1, pci_state_fields),
    STATE_END,
};

static bool pci_loaded(void *obj, char **error)
{
    (void)error;
    pci_device_loaded(obj);
    return true;
}

static const StateDesc pci_state = {"pvpanic-pci", 1, pci_fields, .loaded = pci_loaded};

static bool pci_realize(Device *d, char **error)
{
    static const PciIds ids = {0x1b36, 0x0011, 0x1af4, 0x1100, 1, 0x088000};
    PciDevice *pci = &((PanicPci *)d)->pci;
    if (!pci_device_plug(pci, &ids, false, error)) {
        return false;
    }
    pci_add_bar(pci, 0, 0, mem_mmio("pvpanic-pci", 16, &ops, d->machine));
    pci_device_ready(pci);
    return true;
}

static void pci_reset(Device *d)
{
    pci_device_reset(&((PanicPci *)d)->pci);
}

static void pci_unrealize(Device *d)
{
    pci_device_unplug(&((PanicPci *)d)->pci);
}

static const DeviceProp pci_props[] = {
    PCI_PROPS(PanicPci, pci),
    {NULL, 0, 0, NULL, NULL},
};

static const DeviceType pvpanic_pci_type = {
    .name = "pvpanic-pci",
    .desc = "panic notification on PCI",
    .bus = "pci",
    .size = sizeof(PanicPci),
    .user_creatable = true,
    .props = pci_props,
    .state = &pci_state,
    .realize = pci_realize,
    .reset = pci_reset,
    .unrealize = pci_unrealize,
};
DEVICE_TYPE(pvpanic_pci_type);
