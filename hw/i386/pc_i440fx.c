// The chipset of `pc`: i440FX and PIIX3 with the PIIX4's power management function.
#include "hw/i386/pc_internal.h"

#include "hw/acpi/pm.h"
#include "hw/ide/ide.h"
#include "hw/isa/isa.h"
#include "hw/isa/piix3.h"
#include "hw/pci/i440fx.h"
#include "hw/pci/pci_host.h"
#include "hw/intc/apic.h"

#define PMBA        0x40
#define PMREGMISC   0x80
#define MAX_BELOW   UINT64_C(0xe0000000)
#define SPLIT_BELOW UINT64_C(0xc0000000)

// What does not fit below 3.5 GiB is split at 3, so that the rest begins on a whole gigabyte.
static uint64_t below_4g(uint64_t ram)
{
    return ram >= MAX_BELOW ? SPLIT_BELOW : ram;
}

static unsigned pirq(unsigned slot, unsigned pin)
{
    return (slot - 1 + pin) % 4;
}

static void create(Pc *s)
{
    static const IrqLine none[4];
    Machine *m = s->m;
    s->bus = pci_bus_new(m, "pci.0", s->mem.pci, s->io, none);
    machine_register(m, "pci", s->bus);
    pci_bus_enable_roms(s->bus);
    pci_bus_set_msi_hook(s->bus, apic_msi, m);
    s->host = i440fx_create(m, &s->mem);
    pci_ports_create(m, s->io, s->bus);
    s->south = piix3_create(m);
    piix_ide_create(m, "piix3-ide", "1.1", isa_irq(m, 14), isa_irq(m, 15));
    s->pm = piix4_pm_create(m, isa_irq(m, PC_SCI), pc_smi(s));
}

static void prepare(Pc *s)
{
    i440fx_open_shadow(s->host);
    piix3_route_default(s->south);
    piix4_pm_map(s->pm, ACPI_PM_DEFAULT);
}

static uint16_t pm_base(const Pc *s)
{
    const uint8_t *c = ((const PciDevice *)s->pm)->config;
    return c[PMREGMISC] & 1 ? pci_get16(c, PMBA) & 0xffc0 : ACPI_PM_DEFAULT;
}

const PcChipset pc_i440fx_chipset = {
    .below_4g = below_4g,
    .pirq = pirq,
    .create = create,
    .prepare = prepare,
    .pm_base = pm_base,
    .ioapic_version = 0x11,
};
