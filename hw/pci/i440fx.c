// Intel 82441FX: the host bridge of `pc`. What counts of its registers (datasheet 290549, 3.2):
// PAM0-6 at 59h and SMRAM at 72h.
#include "hw/pci/i440fx.h"

#include "hw/core/machine.h"
#include "hw/pci/pc_bridge.h"
#include "hw/pci/pci_host.h"

#define REG_PAM      0x59
#define REG_SMRAM    0x72
#define REG_RAM_SIZE 0x57 // QEMU's: RAM below 4 GiB in units of 8 MiB, for coreboot

static const StateField fields[] = {
    STATE_STRUCTS(PcBridge, pci, PciDevice, 1, pci_state_fields),
    STATE_END,
};

static bool loaded(void *obj, char **error)
{
    (void)error;
    pc_bridge_loaded(obj);
    return true;
}

static const StateDesc state = {"i440fx", 1, fields, .loaded = loaded};

static void config_written(PciDevice *d, unsigned offset, unsigned size)
{
    bool pam = offset < REG_PAM + PAM_REGISTERS && offset + size > REG_PAM;
    if (pam || (offset <= REG_SMRAM && offset + size > REG_SMRAM)) {
        pc_bridge_update((PcBridge *)d);
    }
}

static bool realize(Device *d, char **error)
{
    static const PcBridgeModel model = {
        .ids = {0x8086, 0x1237, 0x1af4, 0x1100, 2, 0x060000},
        .pam = REG_PAM,
        .smram = REG_SMRAM,
        .smram_wmask = 0x7f,
        .config_written = config_written,
    };
    return pc_bridge_plug((PcBridge *)d, &model, error);
}

static const DeviceProp props[] = {PCI_PROPS(PcBridge, pci), {NULL, 0, 0, NULL, NULL}};

static const DeviceType i440fx_type = {
    .name = "i440FX",
    .desc = "Intel 440FX host bridge",
    .bus = "pci",
    .size = sizeof(PcBridge),
    .props = props,
    .state = &state,
    .realize = realize,
    .reset = pc_bridge_reset,
};
DEVICE_TYPE(i440fx_type);

Device *i440fx_create(Machine *m, const PcMemory *mem)
{
    PcBridge *s = (PcBridge *)pci_create(m, "i440FX", "0", false);
    uint64_t eighths = mem->below_4g >> 23;
    pam_init(&s->pam, m, mem);
    s->pci.config[REG_RAM_SIZE] = (uint8_t)MIN_OF(eighths, UINT64_C(255));
    pci_device_ready(&s->pci);
    return &s->pci.dev;
}

void i440fx_open_shadow(Device *d)
{
    pc_bridge_open_shadow((PcBridge *)d);
    pc_bridge_update((PcBridge *)d);
}
