// PAM and SMRAM of a PC's host bridge. The picture is in pc_bridge.h.
#include "hw/pci/pc_bridge.h"

#include <string.h>

#include "hw/pci/pci_host.h"

#define SMRAM_RESET 0x02

bool pc_bridge_plug(PcBridge *b, const PcBridgeModel *model, char **error)
{
    PciDevice *p = &b->pci;
    b->model = model;
    if (!pci_device_plug(p, &model->ids, false, error)) {
        return false;
    }
    p->config_written = model->config_written;
    pci_writable(p, 0x40, 0xc0);
    pci_put16(p->config, PCI_COMMAND, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
    p->config[model->smram] = SMRAM_RESET;
    return true;
}

void pc_bridge_update(PcBridge *b)
{
    const PcBridgeModel *model = b->model;
    uint8_t *c = b->pci.config;
    bool locked = c[model->smram] & PC_SMRAM_LOCK;
    if (locked) {
        c[model->smram] &= (uint8_t)~PC_SMRAM_OPEN;
    }
    b->pci.wmask[model->smram] = model->smram_wmask & (locked ? ~PC_SMRAM_LOCKED : 0xff);
    pam_set(&b->pam, c + model->pam);
    pam_set_smram(&b->pam, c[model->smram]);
    if (model->update) {
        model->update(b, locked);
    }
}

void pc_bridge_reset(Device *d)
{
    pci_device_reset((PciDevice *)d);
    pc_bridge_update((PcBridge *)d);
}

void pc_bridge_loaded(PcBridge *b)
{
    // A locked register keeps what the snapshot says.
    b->pci.wmask[b->model->smram] = b->model->smram_wmask;
    pci_device_loaded(&b->pci);
    pc_bridge_update(b);
}

void pc_bridge_open_shadow(PcBridge *b)
{
    memset(b->pci.config + b->model->pam, 0x33, PAM_REGISTERS);
}
