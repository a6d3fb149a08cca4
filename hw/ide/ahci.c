// The AHCI host bus adapter of ICH9: global registers, interrupts, PCI. The picture is in
// ahci_internal.h.
#include <glib.h>
#include <string.h>

#include "hw/core/machine.h"
#include "hw/ide/ahci_internal.h"
#include "util/log.h"

enum { HBA_CAP = 0x00, HBA_GHC = 0x04, HBA_IS = 0x08, HBA_PI = 0x0c, HBA_VS = 0x10 };
#define HBA_PORTS 0x100
#define PORT_SIZE 0x80
#define HBA_SIZE  0x1000

#define GHC_RESET BIT(0)
#define GHC_IE    BIT(1)
#define GHC_AE    BIT(31)

// 64-bit addresses, queueing, AHCI only, 3 Gb/s.
#define CAP     (BIT(31) | BIT(30) | BIT(18) | 2u << 20 | (AHCI_SLOTS - 1) << 8 | (AHCI_PORTS - 1))
#define VERSION 0x00010301

#define IDP_INDEX 0x10 // index and data ports in the I/O BAR
#define IDP_DATA  0x14

void ahci_update_irq(Ahci *s)
{
    for (unsigned i = 0; i < AHCI_PORTS; i++) {
        if (s->port[i].is & s->port[i].ie) {
            s->is |= 1u << i;
        }
    }
    bool level = s->is && (s->ghc & GHC_IE);
    if (!pci_msi_enabled(&s->pci)) {
        pci_set_irq(&s->pci, level);
    } else if (level && !s->line) {
        pci_msi_notify(&s->pci, 0);
    }
    s->line = level;
}

static void hba_reset(Ahci *s)
{
    s->ghc = GHC_AE;
    s->is = 0;
    for (unsigned i = 0; i < AHCI_PORTS; i++) {
        ahci_port_reset(&s->port[i]);
    }
}

static AhciPort *port_at(Ahci *s, uint64_t offset)
{
    uint64_t n = (offset - HBA_PORTS) / PORT_SIZE;
    return offset >= HBA_PORTS && n < AHCI_PORTS ? &s->port[n] : NULL;
}

static uint32_t hba_read(Ahci *s, uint64_t offset)
{
    AhciPort *p = port_at(s, offset);
    if (p) {
        return ahci_port_read(p, (offset - HBA_PORTS) % PORT_SIZE);
    }
    switch (offset) {
    case HBA_CAP:
        return CAP;
    case HBA_GHC:
        return s->ghc;
    case HBA_IS:
        return s->is;
    case HBA_PI:
        return (1u << AHCI_PORTS) - 1;
    case HBA_VS:
        return VERSION;
    }
    return 0;
}

static void hba_write(Ahci *s, uint64_t offset, uint32_t v)
{
    AhciPort *p = port_at(s, offset);
    if (s->busy) {
        log_printf(LOG_GUEST_ERRORS, "ahci: DMA to its own registers\n");
        return;
    }
    if (p) {
        ahci_port_write(p, (offset - HBA_PORTS) % PORT_SIZE, v);
        return;
    }
    if (offset == HBA_GHC) {
        s->ghc = (v & GHC_IE) | GHC_AE;
        if (v & GHC_RESET) {
            hba_reset(s);
        }
    } else if (offset == HBA_IS) {
        s->is &= ~v;
        s->line &= !pci_msi_enabled(&s->pci); // what is still pending makes a new message
    }
    ahci_update_irq(s);
}

static uint64_t mmio_read(void *opaque, uint64_t offset, unsigned size)
{
    (void)size;
    return hba_read(opaque, offset);
}

static void mmio_write(void *opaque, uint64_t offset, uint64_t value, unsigned size)
{
    (void)size;
    hba_write(opaque, offset, (uint32_t)value);
}

static const MmioOps mmio_ops = {mmio_read, mmio_write, 4, 4, false};

static uint64_t idp_read(void *opaque, uint64_t offset, unsigned size)
{
    Ahci *s = opaque;
    (void)size;
    return offset == IDP_INDEX ? s->index : offset == IDP_DATA ? hba_read(s, s->index) : 0;
}

static void idp_write(void *opaque, uint64_t offset, uint64_t value, unsigned size)
{
    Ahci *s = opaque;
    (void)size;
    if (offset == IDP_INDEX) {
        s->index = (uint32_t)value & (HBA_SIZE - 1) & ~3u;
    } else if (offset == IDP_DATA) {
        hba_write(s, s->index, (uint32_t)value);
    }
}

static const MmioOps idp_ops = {idp_read, idp_write, 4, 4, false};

// --- the device

static void add_sata_capability(PciDevice *d)
{
    uint8_t at = pci_add_capability(d, 0x12, 8);
    pci_put16(d->config, at + 2u, 0x0010);                   // revision 1.0
    pci_put32(d->config, at + 4u, 0x8 | IDP_INDEX / 4 << 4); // BAR 4, dword offset of the index
}

static bool realize(Device *d, char **error)
{
    static const PciIds ids = {0x8086, 0x2922, 0x1af4, 0x1100, 2, 0x010601};
    Ahci *s = (Ahci *)d;
    if (!pci_device_plug(&s->pci, &ids, true, error)) {
        return false;
    }
    for (unsigned i = 0; i < AHCI_PORTS; i++) {
        ahci_port_init(&s->port[i], s, i);
    }
    pci_add_bar(&s->pci, 4, PCI_BAR_IO, mem_mmio("ahci-idp", 32, &idp_ops, s));
    pci_add_bar(&s->pci, 5, 0, mem_mmio("ahci", HBA_SIZE, &mmio_ops, s));
    pci_add_msi(&s->pci, 1);
    add_sata_capability(&s->pci);
    pci_device_ready(&s->pci);
    return true;
}

static void reset(Device *d)
{
    Ahci *s = (Ahci *)d;
    pci_device_reset(&s->pci);
    s->line = false;
    s->ghc = GHC_AE;
    for (unsigned i = 0; i < AHCI_PORTS; i++) {
        ahci_port_power_on(&s->port[i]);
    }
}

static bool loaded(void *obj, char **error)
{
    Ahci *s = obj;
    bool ok = true;
    s->index &= (HBA_SIZE - 1) & ~3u;
    pci_device_loaded(&s->pci);
    for (unsigned i = 0; i < AHCI_PORTS; i++) {
        ok = ok && ahci_port_loaded(&s->port[i], error);
    }
    return ok;
}

static const StateField fields[] = {
    STATE_STRUCTS(Ahci, pci, PciDevice, 1, pci_state_fields),
    STATE_STRUCTS(Ahci, port, AhciPort, AHCI_PORTS, ahci_port_fields),
    STATE_U32(Ahci, ghc),
    STATE_U32(Ahci, is),
    STATE_U32(Ahci, index),
    STATE_BOOL(Ahci, line),
    STATE_END,
};
static const StateDesc state = {.name = "ahci", .version = 1, .fields = fields, .loaded = loaded};
static const DeviceProp props[] = {PCI_PROPS(Ahci, pci), {0}};

static const DeviceType ahci_type = {
    .name = "ich9-ahci",
    .alias = "ahci",
    .desc = "AHCI controller with six SATA ports",
    .bus = "pci",
    .size = sizeof(Ahci),
    .user_creatable = true,
    .props = props,
    .state = &state,
    .realize = realize,
    .reset = reset,
};
DEVICE_TYPE(ahci_type);

Device *ahci_create(Machine *m, const char *addr)
{
    Device *d = device_new(&ahci_type, m, NULL);
    char *error = NULL;
    if (!device_set(d, "addr", addr, &error) || !device_realize(d, &error)) {
        die("%s", error);
    }
    return d;
}
