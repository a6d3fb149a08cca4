// Intel 82441FX: the host bridge of `pc`. What counts of its registers (datasheet 290549, 3.2):
// PAM0-6 at 59h and SMRAM at 72h.
#include "hw/pci/i440fx.h"

#include <string.h>

#include "hw/core/machine.h"
#include "hw/pci/pci_host.h"

#define REG_PAM      0x59
#define REG_SMRAM    0x72
#define SMRAM_RESET  0x02
#define SMRAM_LOCK   0x10
#define SMRAM_LOCKED 0x78 // open, closed, lock, enable: read-only once locked
#define REG_RAM_SIZE 0x57 // QEMU's: RAM below 4 GiB in units of 8 MiB, for coreboot

typedef struct I440fx {
    PciDevice pci;
    PamMap pam;
} I440fx;

static const StateField fields[] = {
    STATE_STRUCTS(I440fx, pci, PciDevice, 1, pci_state_fields),
    STATE_END,
};

static void update(I440fx *s)
{
    uint8_t *c = s->pci.config, smram = c[REG_SMRAM];
    if (smram & SMRAM_LOCK) {
        c[REG_SMRAM] = smram &= (uint8_t)~0x40;
    }
    s->pci.wmask[REG_SMRAM] = smram & SMRAM_LOCK ? 0x07 & ~SMRAM_LOCKED : 0x7f;
    pam_set(&s->pam, c + REG_PAM);
    pam_set_smram(&s->pam, smram);
}

static bool loaded(void *obj, char **error)
{
    I440fx *s = obj;
    (void)error;
    s->pci.wmask[REG_SMRAM] = 0x7f; // a locked register keeps what the snapshot says
    pci_device_loaded(&s->pci);
    update(s);
    return true;
}

static const StateDesc state = {"i440fx", 1, fields, .loaded = loaded};

static void config_written(PciDevice *d, unsigned offset, unsigned size)
{
    bool pam = offset < REG_PAM + PAM_REGISTERS && offset + size > REG_PAM;
    if (pam || (offset <= REG_SMRAM && offset + size > REG_SMRAM)) {
        update((I440fx *)d);
    }
}

static bool realize(Device *d, char **error)
{
    static const PciIds ids = {0x8086, 0x1237, 0x1af4, 0x1100, 2, 0x060000};
    PciDevice *p = (PciDevice *)d;
    if (!pci_device_plug(p, &ids, false, error)) {
        return false;
    }
    p->config_written = config_written;
    pci_writable(p, 0x40, 0xc0);
    pci_put16(p->config, PCI_COMMAND, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
    p->config[REG_SMRAM] = SMRAM_RESET;
    return true;
}

static void reset(Device *d)
{
    pci_device_reset((PciDevice *)d);
    update((I440fx *)d);
}

static const DeviceProp props[] = {PCI_PROPS(I440fx, pci), {NULL, 0, 0, NULL, NULL}};

static const DeviceType i440fx_type = {
    .name = "i440FX",
    .desc = "Intel 440FX host bridge",
    .bus = "pci",
    .size = sizeof(I440fx),
    .props = props,
    .state = &state,
    .realize = realize,
    .reset = reset,
};
DEVICE_TYPE(i440fx_type);

Device *i440fx_create(Machine *m, const PcMemory *mem)
{
    I440fx *s = (I440fx *)pci_create(m, "i440FX", "0", false);
    uint64_t eighths = mem->below_4g >> 23;
    pam_init(&s->pam, m, mem);
    s->pci.config[REG_RAM_SIZE] = (uint8_t)MIN_OF(eighths, UINT64_C(255));
    pci_device_ready(&s->pci);
    return &s->pci.dev;
}

void i440fx_open_shadow(Device *d)
{
    I440fx *s = (I440fx *)d;
    memset(s->pci.config + REG_PAM, 0x33, PAM_REGISTERS);
    update(s);
}
