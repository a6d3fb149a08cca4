// The generic PCI Express host. Bus 0 only: other bus numbers have no devices.
//
//   ECAM: 4 KiB of config space for each function, address = bus << 20 | devfn << 12 | register
//   memory windows: aliases of one container whose addresses are the bus's own
//   I/O window: ports 0 and up
#include "hw/pci/gpex.h"

#include "hw/core/machine.h"
#include "hw/pci/pci_host.h"
#include "net/net.h"
#include "util/log.h"

// --- the host bridge itself, at slot 0

typedef struct GpexRoot {
    PciDevice pci;
} GpexRoot;

static const StateField root_fields[] = {
    STATE_STRUCTS(GpexRoot, pci, PciDevice, 1, pci_state_fields),
    STATE_END,
};

static bool root_loaded(void *obj, char **error)
{
    (void)error;
    pci_device_loaded(obj);
    return true;
}

static const StateDesc root_state = {"gpex-root", 1, root_fields, .loaded = root_loaded};

static bool root_realize(Device *d, char **error)
{
    static const PciIds ids = {0x1b36, 0x0008, 0x1af4, 0x1100, 0, 0x060000};
    if (!pci_device_plug((PciDevice *)d, &ids, false, error)) {
        return false;
    }
    pci_device_ready((PciDevice *)d);
    return true;
}

static void root_reset(Device *d)
{
    pci_device_reset((PciDevice *)d);
}

static const DeviceType gpex_root_type = {
    .name = "gpex-root",
    .desc = "PCI Express host bridge",
    .bus = "pci",
    .size = sizeof(GpexRoot),
    .state = &root_state,
    .realize = root_realize,
    .reset = root_reset,
};
DEVICE_TYPE(gpex_root_type);

static void map_window(const GpexConfig *c, const char *name, MemRegion *space, uint64_t base,
                       uint64_t offset, uint64_t size)
{
    if (size) {
        mem_map(c->sysmem, base, mem_alias(name, space, offset, size), 0);
        mem_map(c->sysmem, base, pci_unmapped_region(name, size), -1);
    }
}

void gpex_create(Machine *m, const GpexConfig *c)
{
    MemRegion *mem = mem_container("pci-mem", UINT64_MAX);
    MemRegion *io = mem_container("pci-io", 0x10000);
    PciBus *b = pci_bus_new(m, "pcie.0", mem, io, c->intx);
    machine_register(m, "pci", b);
    mem_map(c->sysmem, c->ecam_base, pci_ecam_region(b, c->ecam_size), 0);
    map_window(c, "pcie-mmio", mem, c->mmio_base, c->mmio_base, c->mmio_size);
    map_window(c, "pcie-mmio-high", mem, c->high_mmio_base, c->high_mmio_base, c->high_mmio_size);
    map_window(c, "pcie-io", io, c->pio_base, 0, c->pio_size);
    device_create(m, "gpex-root");
    char *error = NULL;
    if (!nic_create_pending(m, &error)) {
        die("%s", error);
    }
}
