// ICH9 LPC bridge (Intel 316972, chapters 10 and 13): interrupt routing, the place of the PM block,
// and the chipset configuration registers behind RCBA.
//
//   pin of slot 0-24, 30     --> PIRQ E + (slot + pin) mod 4   (30: E + pin)
//   pin of slot 25-29, 31    --> PIRQ of DnnIR
//   PIRQ A-H --> I/O APIC 16-23, and the ISA line in PIRQn_ROUT (hw/isa/pirq.h)
#include "hw/isa/ich9_lpc.h"

#include <string.h>

#include "hw/acpi/pm.h"
#include "hw/core/machine.h"
#include "hw/isa/pirq.h"
#include "hw/pci/pci_host.h"

enum {
    REG_PMBASE = 0x40,
    REG_ACPI_CNTL = 0x44,
    REG_PIRQ_A = 0x60,
    REG_PIRQ_E = 0x68,
    REG_GEN_PMCON_1 = 0xa0,
    REG_RCBA = 0xf0,
};

#define PMBASE_MASK   0xff80
#define ACPI_EN       0x80
#define SCI_SELECT    0x07
#define SMI_LOCK      0x10
#define RCBA_SIZE     0x4000
#define RCBA_DEFAULT  0xfed1c000u
#define CC_FIRST      0x3000 // of the configuration registers that are kept
#define CC_SIZE       0x500
#define CC_GCS        0x3410
#define GCS_NO_REBOOT 0x20

// DnnIR of slots 25 to 31, 0 where there is none.
static const uint16_t route_register[] = {0x3150, 0x314c, 0x3148, 0x3146, 0x3144, 0, 0x3140};
#define FIRST_ROUTED 25

typedef struct Ich9Lpc {
    PciDevice pci;
    Ich9Config c;
    Device *pm;
    MemRegion *rcba;
    PirqRouter pirq;
    uint8_t cc[CC_SIZE];
    bool sci; // derived
} Ich9Lpc;

static const StateField fields[] = {
    STATE_STRUCTS(Ich9Lpc, pci, PciDevice, 1, pci_state_fields),
    STATE_BYTES(Ich9Lpc, cc, .keep = true),
    STATE_END,
};

// --- interrupts

static void pirq(void *opaque, unsigned n, bool level)
{
    Ich9Lpc *s = opaque;
    if (pirq_set(&s->pirq, n, level)) {
        irq_set(&s->c.gsi[n], level);
    }
}

static unsigned intx_map(void *opaque, unsigned devfn, unsigned pin)
{
    const Ich9Lpc *s = opaque;
    unsigned slot = devfn / 8;
    if (slot == 30) {
        return 4 + pin;
    }
    if (slot < FIRST_ROUTED) {
        return 4 + (slot + pin) % 4;
    }
    return (pci_get16(s->cc, route_register[slot - FIRST_ROUTED] - CC_FIRST) >> (4 * pin)) & 7;
}

// Which line the SCI is on: 0-2 ISA 9 to 11, 4-7 I/O APIC 20 to 23.
static void update_sci(Ich9Lpc *s)
{
    unsigned select = s->pci.config[REG_ACPI_CNTL] & SCI_SELECT;
    for (unsigned i = 0; i < 3; i++) {
        irq_set(&s->c.sci_isa[i], s->sci && select == i);
    }
    for (unsigned i = 4; i < ICH9_PIRQS; i++) {
        irq_set(&s->c.sci_gsi[i], s->sci && select == i);
    }
}

static void sci(void *opaque, unsigned n, bool level)
{
    Ich9Lpc *s = opaque;
    (void)n;
    s->sci = level;
    update_sci(s);
}

// --- configuration registers behind RCBA

static uint64_t rcba_read(void *opaque, uint64_t offset, unsigned size)
{
    const Ich9Lpc *s = opaque;
    uint64_t v = 0;
    if (offset >= CC_FIRST && offset + size <= CC_FIRST + CC_SIZE) {
        memcpy(&v, s->cc + (offset - CC_FIRST), size);
    }
    return v;
}

static void update_cc(Ich9Lpc *s)
{
    ich9_pm_no_reboot(s->pm, s->cc[CC_GCS - CC_FIRST] & GCS_NO_REBOOT);
    pci_bus_intx_moved(s->pci.bus);
}

static void rcba_write(void *opaque, uint64_t offset, uint64_t value, unsigned size)
{
    Ich9Lpc *s = opaque;
    if (offset >= CC_FIRST && offset + size <= CC_FIRST + CC_SIZE) {
        memcpy(s->cc + (offset - CC_FIRST), &value, size);
        update_cc(s);
    }
}

static const MmioOps rcba_ops = {rcba_read, rcba_write, 1, 4, false};

static void reset_cc(Ich9Lpc *s)
{
    memset(s->cc, 0, sizeof s->cc);
    for (size_t i = 0; i < ARRAY_LEN(route_register); i++) {
        if (route_register[i]) {
            pci_put16(s->cc, route_register[i] - CC_FIRST, 0x3210);
        }
    }
    pci_put32(s->cc, CC_GCS - CC_FIRST, GCS_NO_REBOOT);
}

// --- config space

static void update(Ich9Lpc *s)
{
    const uint8_t *c = s->pci.config;
    uint32_t rcba = pci_get32(c, REG_RCBA);
    ich9_pm_map(s->pm, pci_get16(c, REG_PMBASE) & PMBASE_MASK, c[REG_ACPI_CNTL] & ACPI_EN);
    ich9_pm_smi_lock(s->pm, c[REG_GEN_PMCON_1] & SMI_LOCK);
    s->pci.wmask[REG_GEN_PMCON_1] = c[REG_GEN_PMCON_1] & SMI_LOCK ? 0xff & ~SMI_LOCK : 0xff;
    mem_set_enabled(s->rcba, false);
    mem_set_address(s->rcba, rcba & ~(RCBA_SIZE - 1u));
    mem_set_enabled(s->rcba, rcba & 1);
    pirq_update(&s->pirq);
    update_sci(s);
}

static void config_written(PciDevice *d, unsigned offset, unsigned size)
{
    if (offset + size > REG_PMBASE) {
        update((Ich9Lpc *)d);
    }
}

static bool loaded(void *obj, char **error)
{
    Ich9Lpc *s = obj;
    (void)error;
    s->pci.wmask[REG_GEN_PMCON_1] = 0xff;
    pci_device_loaded(&s->pci);
    update(s);
    update_cc(s);
    return true;
}

static const StateDesc state = {"ich9-lpc", 1, fields, .loaded = loaded};

static bool realize(Device *d, char **error)
{
    static const PciIds ids = {0x8086, 0x2918, 0x1af4, 0x1100, 2, 0x060100};
    PciDevice *p = (PciDevice *)d;
    if (!pci_device_plug(p, &ids, false, error)) {
        return false;
    }
    p->config_written = config_written;
    pci_writable(p, 0x40, 0xc0);
    pci_put16(p->config, PCI_COMMAND, PCI_COMMAND_IO | PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
    pci_put32(p->config, REG_PMBASE, 1);
    pci_put32(p->wmask, REG_PMBASE, PMBASE_MASK);
    memset(p->config + REG_PIRQ_A, PIRQ_OFF, 4);
    memset(p->config + REG_PIRQ_E, PIRQ_OFF, 4);
    pci_put32(p->wmask, REG_RCBA, ~(RCBA_SIZE - 1u) | 1);
    pci_device_ready(p);
    return true;
}

static void reset(Device *d)
{
    Ich9Lpc *s = (Ich9Lpc *)d;
    s->pci.wmask[REG_GEN_PMCON_1] = 0xff;
    pci_device_reset(&s->pci);
    reset_cc(s);
    update(s);
    update_cc(s);
}

static const DeviceProp props[] = {PCI_PROPS(Ich9Lpc, pci), {NULL, 0, 0, NULL, NULL}};

static const DeviceType ich9_lpc_type = {
    .name = "ICH9-LPC",
    .desc = "PCI-to-LPC bridge",
    .bus = "pci",
    .size = sizeof(Ich9Lpc),
    .props = props,
    .state = &state,
    .realize = realize,
    .reset = reset,
};
DEVICE_TYPE(ich9_lpc_type);

Device *ich9_lpc_create(Machine *m, const Ich9Config *c)
{
    Ich9Lpc *s = (Ich9Lpc *)pci_create(m, "ICH9-LPC", "1f.0", true);
    IrqLine lines[ICH9_PIRQS];
    s->c = *c;
    pirq_init(&s->pirq, m, s->pci.config + REG_PIRQ_A, s->pci.config + REG_PIRQ_E);
    for (unsigned n = 0; n < ICH9_PIRQS; n++) {
        lines[n] = irq_line(pirq, s, n);
    }
    s->rcba = mem_mmio("ich9-rcba", RCBA_SIZE, &rcba_ops, s);
    mem_set_enabled(s->rcba, false);
    mem_map(c->sysmem, RCBA_DEFAULT, s->rcba, 0);
    pci_bus_set_intx(s->pci.bus, lines, ICH9_PIRQS, intx_map, s);
    s->pm = ich9_pm_create(m, c->io, irq_line(sci, s, 0), c->smi);
    return &s->pci.dev;
}

uint16_t ich9_lpc_pm_base(const Device *d)
{
    const uint8_t *c = ((const Ich9Lpc *)d)->pci.config;
    return c[REG_ACPI_CNTL] & ACPI_EN ? pci_get16(c, REG_PMBASE) & PMBASE_MASK : 0;
}

void ich9_lpc_prepare(Device *d, uint16_t pm_base)
{
    Ich9Lpc *s = (Ich9Lpc *)d;
    pirq_default(s->pci.config + REG_PIRQ_A);
    pirq_default(s->pci.config + REG_PIRQ_E);
    pci_put16(s->pci.config, REG_PMBASE, pm_base | 1);
    s->pci.config[REG_ACPI_CNTL] = ACPI_EN;
    update(s);
}
