// Ways into PCI configuration space.
//
//   ECAM   memory, 4 KiB a function: address = bus << 20 | devfn << 12 | register
//   ports  0xcf8  31 enable, 23..16 bus, 15..8 devfn, 7..2 register (PCI 3.0, 3.2.2.3.2)
//          0xcfc  data, 1 to 4 bytes
#include "hw/pci/pci_host.h"

#include <string.h>

#include "hw/core/machine.h"
#include "util/log.h"

// --- ECAM

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

MemRegion *pci_ecam_region(PciBus *b, uint64_t size)
{
    return mem_mmio("pcie-ecam", size, &ecam_ops, b);
}

// --- what no BAR decodes

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

MemRegion *pci_unmapped_region(const char *name, uint64_t size)
{
    return mem_mmio(name, size, &unmapped_ops, (void *)name);
}

// --- devices of boards

Device *pci_create(Machine *m, const char *type, const char *addr, bool multifunction)
{
    const DeviceType *t = device_type_find(type);
    if (!t) {
        die("this build has no device '%s'", type);
    }
    Device *d = device_new(t, m, NULL);
    char *error = NULL;
    PciDevice *p = (PciDevice *)d;
    p->addr_opt = g_strdup(addr);
    p->multifunction = multifunction;
    if (!device_realize(d, &error)) {
        die("%s at %s: %s", type, addr, error);
    }
    return d;
}

void pci_writable(PciDevice *d, unsigned first, unsigned n)
{
    memset(d->wmask + first, 0xff, n);
}

// --- ports

#define ENABLE      0x80000000u
#define RESET_CPU   0x04
#define RESET_WMASK 0x0e

typedef struct PciPorts {
    Device dev;
    PciBus *bus;
    uint32_t address;
    uint8_t reset_control;
} PciPorts;

static const StateField fields[] = {
    STATE_U32(PciPorts, address),
    STATE_U8(PciPorts, reset_control),
    STATE_END,
};
static const StateDesc state = {"pci-ports", 1, fields, NULL, NULL};

static uint64_t address_read(void *opaque, uint64_t offset, unsigned size)
{
    PciPorts *s = opaque;
    if (offset == 0 && size == 4) {
        return s->address;
    }
    return offset == 1 && size == 1 ? s->reset_control : mask64(8 * size);
}

static void address_write(void *opaque, uint64_t offset, uint64_t value, unsigned size)
{
    PciPorts *s = opaque;
    if (offset == 0 && size == 4) {
        s->address = (uint32_t)value & ~0x7f000003u;
    } else if (offset == 1 && size == 1) {
        bool rises = value & ~s->reset_control & RESET_CPU;
        s->reset_control = value & RESET_WMASK;
        if (rises) {
            machine_request(s->dev.machine, MACHINE_RESET, 0);
        }
    }
}

static bool selected(const PciPorts *s)
{
    return (s->address & ENABLE) && !extract32(s->address, 16, 8);
}

static uint64_t data_read(void *opaque, uint64_t offset, unsigned size)
{
    PciPorts *s = opaque;
    if (!selected(s)) {
        return mask64(8 * size);
    }
    return pci_bus_config_read(s->bus, extract32(s->address, 8, 8),
                               (s->address & 0xfc) + (unsigned)offset, size);
}

static void data_write(void *opaque, uint64_t offset, uint64_t value, unsigned size)
{
    PciPorts *s = opaque;
    if (selected(s)) {
        pci_bus_config_write(s->bus, extract32(s->address, 8, 8),
                             (s->address & 0xfc) + (unsigned)offset, (uint32_t)value, size);
    }
}

static const MmioOps address_ops = {address_read, address_write, 1, 4, false};
static const MmioOps data_ops = {data_read, data_write, 1, 4, false};

static const DeviceType pci_ports_type = {
    .name = "pci-ports",
    .desc = "PCI configuration ports and reset control",
    .bus = "sysbus",
    .size = sizeof(PciPorts),
    .state = &state,
};
DEVICE_TYPE(pci_ports_type);

Device *pci_ports_create(Machine *m, MemRegion *io, PciBus *b)
{
    PciPorts *s = (PciPorts *)device_create(m, "pci-ports");
    s->bus = b;
    mem_map(io, 0xcf8, mem_mmio("pci-conf-address", 4, &address_ops, s), 0);
    mem_map(io, 0xcfc, mem_mmio("pci-conf-data", 4, &data_ops, s), 0);
    return &s->dev;
}
