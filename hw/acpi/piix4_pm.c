// "PIIX4_PM": function 3 of the PIIX4 (Intel 290562, 82371AB, chapter 7): power management and
// SMBus. Its register block lies where PMBA says, general-purpose events at fixed ports.
#include <string.h>

#include "hw/acpi/pm_internal.h"
#include "hw/acpi/smbus.h"
#include "hw/core/machine.h"
#include "hw/pci/pci.h"
#include "util/log.h"

// --- config space

enum {
    CFG_PMBA = 0x40,      // I/O base of the register block
    CFG_DEVACTB = 0x58,   // bit 25: APM control writes cause SMIs
    CFG_PMREGMISC = 0x80, // bit 0: the block is enabled
    CFG_SMBBA = 0x90,
    CFG_SMBHSTCFG = 0xd2, // bit 0: SMBus enabled
};
enum {
    GLBCTL = 0x28, // to 2f, with DEVCTL: which events cause SMIs; none does here
    GLBCTL_END = 0x30,
};
#define APMC_ENABLE   BIT(25)
#define PM_BLOCK_SIZE 64

typedef struct Piix4Pm {
    PciDevice pci;
    AcpiPm pm;
    SmbusHost smbus;
    MemRegion *block, *smbus_block;
    bool block_mapped, smbus_mapped;
    uint8_t control[GLBCTL_END - GLBCTL];
    IrqLine sci, smi;
} Piix4Pm;

static const StateField fields[] = {
    STATE_STRUCTS(Piix4Pm, pci, PciDevice, 1, pci_state_fields),
    STATE_STRUCTS(Piix4Pm, pm, AcpiPm, 1, acpi_pm_state_fields),
    STATE_U8_ARRAY(Piix4Pm, control, GLBCTL_END - GLBCTL),
    STATE_STRUCTS(Piix4Pm, smbus, SmbusHost, 1, smbus_state_fields),
    STATE_END,
};

// --- where the blocks are

static void place(Machine *m, MemRegion *r, bool *mapped, uint32_t base, bool enabled)
{
    MemRegion *io = address_space_root(m->io);
    if (*mapped) {
        mem_unmap(io, r);
        *mapped = false;
    }
    if (enabled && base) {
        mem_map(io, base & 0xffc0, r, 1);
        *mapped = true;
    }
}

static void place_all(Piix4Pm *s)
{
    Machine *m = s->pci.dev.machine;
    const uint8_t *c = s->pci.config;
    place(m, s->block, &s->block_mapped, pci_get32(c, CFG_PMBA) & 0xffc0, c[CFG_PMREGMISC] & 1);
    place(m, s->smbus_block, &s->smbus_mapped, pci_get32(c, CFG_SMBBA) & 0xffc0,
          c[CFG_SMBHSTCFG] & 1);
}

static void config_written(PciDevice *d, unsigned offset, unsigned size)
{
    (void)size;
    if (offset >= CFG_PMBA) {
        place_all((Piix4Pm *)d);
    }
}

static bool loaded(void *obj, char **error)
{
    Piix4Pm *s = obj;
    (void)error;
    pci_device_loaded(&s->pci);
    place_all(s);
    acpi_pm_loaded(&s->pm);
    return true;
}

static const StateDesc state = {"PIIX4_PM", 1, fields, .loaded = loaded};

// --- ports

static uint64_t block_read(void *opaque, uint64_t offset, unsigned size)
{
    Piix4Pm *s = opaque;
    uint16_t v = 0;
    if (offset >= GLBCTL && offset < GLBCTL_END) {
        memcpy(&v, &s->control[offset - GLBCTL], size);
        return v;
    }
    if (!acpi_pm_read(&s->pm, (unsigned)offset & ~1u, &v)) {
        log_printf(LOG_UNIMP, "PIIX4_PM: read of register 0x%x\n", (unsigned)offset);
    }
    return size == 2 ? v : v >> (offset & 1) * 8;
}

static void block_write(void *opaque, uint64_t offset, uint64_t value, unsigned size)
{
    Piix4Pm *s = opaque;
    unsigned shift = size == 2 ? 0 : (offset & 1) * 8;
    uint16_t mask = size == 2 ? 0xffff : (uint16_t)(0xff << shift);
    if (offset >= GLBCTL && offset < GLBCTL_END) {
        memcpy(&s->control[offset - GLBCTL], &value, size);
        return;
    }
    if (!acpi_pm_write(&s->pm, (unsigned)offset & ~1u, (uint16_t)(value << shift), mask)) {
        log_printf(LOG_UNIMP, "PIIX4_PM: write of register 0x%x\n", (unsigned)offset);
    }
}

static const MmioOps block_ops = {block_read, block_write, .min_size = 1, .max_size = 2};

static uint64_t gpe_read(void *opaque, uint64_t offset, unsigned size)
{
    (void)size;
    return acpi_gpe_read(&((Piix4Pm *)opaque)->pm, (unsigned)offset);
}

static void gpe_write(void *opaque, uint64_t offset, uint64_t value, unsigned size)
{
    (void)size;
    acpi_gpe_write(&((Piix4Pm *)opaque)->pm, (unsigned)offset, (uint8_t)value);
}

static const MmioOps gpe_ops = {gpe_read, gpe_write, .min_size = 1, .max_size = 1};

static void apm_written(void *opaque, uint8_t value)
{
    Piix4Pm *s = opaque;
    (void)value;
    if (pci_get32(s->pci.config, CFG_DEVACTB) & APMC_ENABLE) {
        irq_pulse(&s->pm.smi);
    }
}

// --- device

static void set_up_config(PciDevice *d)
{
    pci_put32(d->config, CFG_PMBA, 1); // I/O space
    pci_put32(d->wmask, CFG_PMBA, 0xffc0);
    pci_put32(d->wmask, CFG_DEVACTB, 0xffffffff);
    d->wmask[CFG_PMREGMISC] = 1;
    pci_put32(d->config, CFG_SMBBA, 1);
    pci_put32(d->wmask, CFG_SMBBA, 0xffc0);
    d->wmask[CFG_SMBHSTCFG] = 0x0f;
    // Device activity: what a BIOS of this chipset is told is there (serial and parallel ports).
    d->wmask[0x5f] = d->wmask[0x63] = d->wmask[0x67] = 0xff;
    d->config[0x5f] = 0x90;
    d->config[0x63] = 0x60;
    d->config[0x67] = 0x98;
    d->config_written = config_written;
}

static bool realize(Device *d, char **error)
{
    static const PciIds ids = {0x8086, 0x7113, 0x1af4, 0x1100, 3, 0x068000};
    Piix4Pm *s = (Piix4Pm *)d;
    if (!pci_device_plug(&s->pci, &ids, true, error)) {
        return false;
    }
    set_up_config(&s->pci);
    pci_device_ready(&s->pci);
    MemRegion *io = address_space_root(d->machine->io);
    s->pm = (AcpiPm){.m = d->machine,
                     .name = "PIIX4_PM",
                     .sci = s->sci,
                     .smi = s->smi,
                     .gpe_len = 2,
                     .enable_cmd = ACPI_ENABLE_PIIX4,
                     .disable_cmd = ACPI_DISABLE_PIIX4,
                     .apm_written = apm_written,
                     .opaque = s};
    s->block = mem_mmio("piix4-pm", PM_BLOCK_SIZE, &block_ops, s);
    acpi_pm_init(&s->pm, io, s->block);
    s->smbus_block = mem_mmio("piix4-smbus", SMBUS_PORTS, &smbus_ops, &s->smbus);
    mem_map(io, PIIX4_GPE0, mem_mmio("piix4-gpe0", 4, &gpe_ops, s), 0);
    return true;
}

static void reset(Device *d)
{
    Piix4Pm *s = (Piix4Pm *)d;
    pci_device_reset(&s->pci);
    place_all(s);
    acpi_pm_reset(&s->pm);
}

static void unrealize(Device *d)
{
    Piix4Pm *s = (Piix4Pm *)d;
    acpi_pm_free(&s->pm);
    pci_device_unplug(&s->pci);
}

static const DeviceProp props[] = {
    PCI_PROPS(Piix4Pm, pci),
    {NULL, 0, 0, NULL, NULL},
};

static const DeviceType piix4_pm_type = {
    .name = "PIIX4_PM",
    .desc = "power management of the PIIX4",
    .bus = "pci",
    .size = sizeof(Piix4Pm),
    .props = props,
    .state = &state,
    .realize = realize,
    .reset = reset,
    .unrealize = unrealize,
};
DEVICE_TYPE(piix4_pm_type);

Device *piix4_pm_create(Machine *m, IrqLine sci, IrqLine smi)
{
    Piix4Pm *s = (Piix4Pm *)device_new(&piix4_pm_type, m, NULL);
    char *error = NULL;
    s->sci = sci;
    s->smi = smi;
    if (!device_set(&s->pci.dev, "addr", "1.3", &error) || !device_realize(&s->pci.dev, &error)) {
        die("PIIX4_PM: %s", error);
    }
    machine_register(m, "acpi-pm", &s->pm);
    return &s->pci.dev;
}

void piix4_pm_map(Device *d, uint16_t base)
{
    Piix4Pm *s = (Piix4Pm *)d;
    pci_put32(s->pci.config, CFG_PMBA, (base & 0xffc0) | 1u);
    s->pci.config[CFG_PMREGMISC] = 1;
    place_all(s);
}
