// The generic PCI Express host. Bus 0 only: other bus numbers have no devices.
//
//   ECAM: 4 KiB of config space for each function, address = bus << 20 | devfn << 12 | register
//   memory windows: aliases of one container whose addresses are the bus's own
//   I/O window: ports 0 and up
#include "hw/pci/gpex.h"

#include "hw/core/machine.h"
#include "net/net.h"
#include "util/log.h"

static uint64_t ecam_read(void *opaque, uint64_t offset, unsigned size)
{
    if (offset >> 20) {
        return mask64(8 * size);
    }
    return pci_bus_config_read(opaque, extract64(offset, 12, 8), offset & 0xfff, size);
}

static void ecam_write(void *opaque, uint64_t offset, uint64_t value, unsigned size)
{
    if (!(offset >> 20)) {
        pci_bus_config_write(opaque, extract64(offset, 12, 8), offset & 0xfff, value, size);
    }
}

static const MmioOps ecam_ops = {ecam_read, ecam_write, 1, 4, false};

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

// What no BAR decodes: PCI answers reads with all ones and drops writes.
static uint64_t unmapped_read(void *opaque, uint64_t offset, unsigned size)
{
    log_printf(LOG_GUEST_ERRORS, "%s: read of unmapped offset 0x%llx\n", (const char *)opaque,
               (unsigned long long)offset);
    return mask64(8 * size);
}

static void unmapped_write(void *opaque, uint64_t offset, uint64_t value, unsigned size)
{
    (void)value;
    (void)size;
    log_printf(LOG_GUEST_ERRORS, "%s: write to unmapped offset 0x%llx\n", (const char *)opaque,
               (unsigned long long)offset);
}

static const MmioOps unmapped_ops = {unmapped_read, unmapped_write, 1, 8, false};

static void map_window(const GpexConfig *c, const char *name, MemRegion *space, uint64_t base,
                       uint64_t offset, uint64_t size)
{
    if (size) {
        mem_map(c->sysmem, base, mem_alias(name, space, offset, size), 0);
        mem_map(c->sysmem, base, mem_mmio(name, size, &unmapped_ops, (void *)name), -1);
    }
}

void gpex_create(Machine *m, const GpexConfig *c)
{
    MemRegion *mem = mem_container("pci-mem", UINT64_MAX);
    MemRegion *io = mem_container("pci-io", 0x10000);
    PciBus *b = pci_bus_new(m, "pcie.0", mem, io, c->intx);
    machine_register(m, "pci", b);
    mem_map(c->sysmem, c->ecam_base, mem_mmio("pcie-ecam", c->ecam_size, &ecam_ops, b), 0);
    map_window(c, "pcie-mmio", mem, c->mmio_base, c->mmio_base, c->mmio_size);
    map_window(c, "pcie-mmio-high", mem, c->high_mmio_base, c->high_mmio_base, c->high_mmio_size);
    map_window(c, "pcie-io", io, c->pio_base, 0, c->pio_size);
    device_create(m, "gpex-root");
    char *error = NULL;
    if (!nic_create_pending(m, &error)) {
        die("%s", error);
    }
}
