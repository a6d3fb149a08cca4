// PCI resources on a machine without firmware: each BAR gets an address, each interrupt pin the ISA
// line that its PIRQ is routed to, and devices decode and may master the bus.
#include "hw/i386/pc_internal.h"

#define IO_START 0xc000u
#define IO_END   0x10000u

typedef struct Assign {
    uint64_t io, mem;
    uint64_t mem_end;
} Assign;

static bool take(uint64_t *next, uint64_t end, uint64_t size, uint64_t *at)
{
    uint64_t start = ALIGN_UP(*next, size);
    if (start + size > end) {
        return false;
    }
    *at = start;
    *next = start + size;
    return true;
}

static unsigned command_for(PciBus *b, unsigned devfn)
{
    return pci_bus_config_read(b, devfn, PCI_COMMAND, 2);
}

static void assign_bar(Assign *a, PciDevice *d, unsigned i)
{
    const PciBar *bar = &d->bar[i];
    bool io = bar->type & PCI_BAR_IO;
    uint64_t at;
    if (!bar->region || !take(io ? &a->io : &a->mem, io ? IO_END : a->mem_end, bar->size, &at)) {
        return;
    }
    pci_bus_config_write(d->bus, d->devfn, PCI_BAR0 + 4 * i, (uint32_t)at, 4);
    unsigned command = command_for(d->bus, d->devfn) | PCI_COMMAND_MASTER;
    command |= io ? PCI_COMMAND_IO : PCI_COMMAND_MEMORY;
    pci_bus_config_write(d->bus, d->devfn, PCI_COMMAND, command, 2);
}

static bool has_fixed_bars(const PciDevice *d)
{
    return pci_get16(d->config, PCI_CLASS_DEVICE) >> 8 == 0x06; // bridges
}

void pc_pci_assign(Pc *s)
{
    static const uint8_t line[] = {10, 10, 11, 11};
    Assign a = {IO_START, pc_hole_start(s), PC_HOLE_END};
    if (s->chipset->q35) {
        a.mem = MAX_OF(a.mem, PC_ECAM + PC_ECAM_SIZE);
    }
    for (unsigned devfn = 0; devfn < 256; devfn++) {
        PciDevice *d = pci_bus_device(s->bus, devfn);
        if (!d || has_fixed_bars(d)) {
            continue;
        }
        for (unsigned i = 0; i < PCI_BARS; i++) {
            assign_bar(&a, d, i);
        }
        if (d->config[PCI_INT_PIN]) {
            unsigned slot = devfn / 8, pin = d->config[PCI_INT_PIN] - 1u;
            unsigned pirq = s->chipset->q35 ? slot + pin : slot - 1 + pin;
            d->config[PCI_INT_LINE] = line[pirq % 4];
        }
    }
}
