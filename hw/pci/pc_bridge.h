// What the host bridges of the PC boards have in common: PAM and SMRAM registers, and their lock.
//
//   SMRAM  bit 6 open to all, 5 closed, 4 locked (closes, and makes the others read-only), 3
//   enabled
#ifndef HW_PCI_PC_BRIDGE_H
#define HW_PCI_PC_BRIDGE_H

#include "hw/pci/pam.h"
#include "hw/pci/pci.h"

#define PC_SMRAM_OPEN   0x40
#define PC_SMRAM_LOCK   0x10
#define PC_SMRAM_ON     0x08
#define PC_SMRAM_LOCKED 0x78 // the bits that the lock holds

typedef struct PcBridge PcBridge;

typedef struct PcBridgeModel {
    PciIds ids;
    uint8_t pam, smram;  // the registers' offsets
    uint8_t smram_wmask; // while it is not locked
    // After PAM and SMRAM: the rest of the bridge. May be NULL.
    void (*update)(PcBridge *b, bool locked);
    void (*config_written)(PciDevice *d, unsigned offset, unsigned size);
} PcBridgeModel;

struct PcBridge {
    PciDevice pci;
    PamMap pam;
    const PcBridgeModel *model;
};

// Registers that differ from zero, PAM and SMRAM apart, are the caller's to set after it, then
// pci_device_ready.
bool pc_bridge_plug(PcBridge *b, const PcBridgeModel *model, char **error);
void pc_bridge_update(PcBridge *b);
void pc_bridge_reset(Device *d);
void pc_bridge_loaded(PcBridge *b);
// What firmware would do: all areas below 1 MiB are RAM. The caller updates.
void pc_bridge_open_shadow(PcBridge *b);

#endif
