// The chipset of `q35`: Q35 memory controller hub and ICH9.
#include "hw/i386/pc_internal.h"

#include "hw/acpi/pm.h"
#include "hw/acpi/smbus.h"
#include "hw/ide/ide.h"
#include "hw/intc/apic.h"
#include "hw/isa/ich9_lpc.h"
#include "hw/isa/isa.h"
#include "hw/pci/pci_host.h"
#include "hw/pci/q35_mch.h"

#define MAX_BELOW   UINT64_C(0xb0000000)
#define SPLIT_BELOW UINT64_C(0x80000000)

static uint64_t below_4g(uint64_t ram)
{
    return ram >= MAX_BELOW ? SPLIT_BELOW : ram;
}

static unsigned pirq(unsigned slot, unsigned pin)
{
    return slot == 30 ? 4 + pin : slot < 25 ? 4 + (slot + pin) % 4 : pin;
}

static void create_lpc(Pc *s)
{
    Ich9Config c = {.sysmem = s->mem.sysmem, .io = s->io, .smi = pc_smi(s)};
    for (unsigned n = 0; n < ICH9_PIRQS; n++) {
        c.gsi[n] = pc_gsi(s, 16 + n, PC_GSI_PIRQ);
        c.sci_gsi[n] = pc_gsi(s, 16 + n, PC_GSI_SCI);
    }
    for (unsigned n = 0; n < 3; n++) {
        c.sci_isa[n] = isa_irq(s->m, 9 + n);
    }
    s->south = ich9_lpc_create(s->m, &c);
}

static void create(Pc *s)
{
    static const IrqLine none[4];
    Machine *m = s->m;
    s->bus = pci_bus_new(m, "pcie.0", s->mem.pci, s->io, none);
    machine_register(m, "pci", s->bus);
    pci_bus_enable_roms(s->bus);
    pci_bus_set_msi_hook(s->bus, apic_msi, m);
    s->host = q35_mch_create(m, &s->mem);
    pci_ports_create(m, s->io, s->bus);
    create_lpc(s);
    ahci_create(m, "1f.2");
}

static void prepare(Pc *s)
{
    q35_mch_prepare(s->host, PC_ECAM);
    ich9_lpc_prepare(s->south, ACPI_PM_DEFAULT);
}

static uint16_t pm_base(const Pc *s)
{
    uint16_t base = ich9_lpc_pm_base(s->south);
    return base ? base : ACPI_PM_DEFAULT;
}

const PcChipset pc_q35_chipset = {
    .below_4g = below_4g,
    .pirq = pirq,
    .create = create,
    .prepare = prepare,
    .pm_base = pm_base,
    .q35 = true,
    .ioapic_version = 0x20,
};
