// PIIX3 PCI-to-ISA bridge (Intel 82371SB, datasheet 290550, 2.2): interrupt routing.
//
//   pin P of slot S --> PIRQ (S - 1 + P) mod 4 --> PIRQRC (60h-63h, hw/isa/pirq.h)
#include "hw/isa/piix3.h"

#include "hw/core/machine.h"
#include "hw/isa/pirq.h"
#include "hw/pci/pci_host.h"

#define REG_PIRQ 0x60

typedef struct Piix3 {
    PciDevice pci;
    PirqRouter pirq;
} Piix3;

static const StateField fields[] = {
    STATE_STRUCTS(Piix3, pci, PciDevice, 1, pci_state_fields),
    STATE_END,
};

static void pirq(void *opaque, unsigned n, bool level)
{
    pirq_set(&((Piix3 *)opaque)->pirq, n, level);
}

static unsigned intx_map(void *opaque, unsigned devfn, unsigned pin)
{
    (void)opaque;
    return (devfn / 8 - 1 + pin) % PIIX3_PIRQS;
}

static bool loaded(void *obj, char **error)
{
    (void)error;
    pci_device_loaded(obj);
    pirq_update(&((Piix3 *)obj)->pirq);
    return true;
}

static const StateDesc state = {"piix3", 1, fields, .loaded = loaded};

static void config_written(PciDevice *d, unsigned offset, unsigned size)
{
    if (offset < REG_PIRQ + PIIX3_PIRQS && offset + size > REG_PIRQ) {
        pirq_update(&((Piix3 *)d)->pirq);
    }
}

// Registers with other values than zero after reset.
static const uint8_t initial[][2] = {
    {0x4c, 0x4d}, {0x4e, 0x03}, {0x60, 0x80}, {0x61, 0x80}, {0x62, 0x80},
    {0x63, 0x80}, {0x69, 0x02}, {0x70, 0x80}, {0x76, 0x0c}, {0x77, 0x0c},
    {0x78, 0x02}, {0xa0, 0x08}, {0xa8, 0x0f},
};

static bool realize(Device *d, char **error)
{
    static const PciIds ids = {0x8086, 0x7000, 0x1af4, 0x1100, 0, 0x060100};
    PciDevice *p = (PciDevice *)d;
    if (!pci_device_plug(p, &ids, false, error)) {
        return false;
    }
    p->config_written = config_written;
    pci_writable(p, 0x40, 0xc0);
    pci_put16(p->config, PCI_COMMAND, PCI_COMMAND_IO | PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
    pci_put16(p->config, PCI_STATUS, 0x0200);
    for (size_t i = 0; i < ARRAY_LEN(initial); i++) {
        p->config[initial[i][0]] = initial[i][1];
    }
    pci_device_ready(p);
    return true;
}

static void reset(Device *d)
{
    pci_device_reset((PciDevice *)d);
    pirq_update(&((Piix3 *)d)->pirq);
}

static const DeviceProp props[] = {PCI_PROPS(Piix3, pci), {NULL, 0, 0, NULL, NULL}};

static const DeviceType piix3_type = {
    .name = "PIIX3",
    .desc = "PCI-to-ISA bridge",
    .bus = "pci",
    .size = sizeof(Piix3),
    .props = props,
    .state = &state,
    .realize = realize,
    .reset = reset,
};
DEVICE_TYPE(piix3_type);

Device *piix3_create(Machine *m)
{
    Piix3 *s = (Piix3 *)pci_create(m, "PIIX3", "1.0", true);
    IrqLine lines[PIIX3_PIRQS];
    pirq_init(&s->pirq, m, s->pci.config + REG_PIRQ, NULL);
    for (unsigned n = 0; n < PIIX3_PIRQS; n++) {
        lines[n] = irq_line(pirq, s, n);
    }
    pci_bus_set_intx(s->pci.bus, lines, PIIX3_PIRQS, intx_map, s);
    return &s->pci.dev;
}

void piix3_route_default(Device *d)
{
    Piix3 *s = (Piix3 *)d;
    pirq_default(s->pci.config + REG_PIRQ);
    pirq_update(&s->pirq);
}
