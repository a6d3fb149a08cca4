// The PCI virtio transport (Virtio 1.2, section 4.1): modern, legacy or both (transitional).
#ifndef HW_VIRTIO_VIRTIO_PCI_H
#define HW_VIRTIO_VIRTIO_PCI_H

#include "hw/pci/pci.h"
#include "hw/virtio/virtio.h"

// Where a device whose BARs have other things in them too wants the transport's.
typedef struct VirtioPciLayout {
    MemRegion *bar;  // a container for the registers, VIRTIO_PCI_MODERN_SIZE from `offset` on
    uint32_t offset; // a multiple of 4096
    uint8_t modern_bar, msix_bar;
} VirtioPciLayout;
#define VIRTIO_PCI_MODERN_SIZE 0x4000

// Every virtio-*-pci instance starts with one.
typedef struct VirtioPci {
    PciDevice pci;
    // --- options
    char *legacy_opt; // disable-legacy=on|off|auto
    bool disable_modern;
    uint32_t vectors; // UINT32_MAX: what the device suggests
    // --- fixed
    VirtioPciLayout layout; // set before virtio_pci_plug; bar NULL: the usual one
    VirtioDevice *vdev;
    bool legacy, modern;
    uint8_t cfg_cap; // config offset of the capability that reaches BARs through config space
    MemRegion *io, *mem;
    // --- state
    uint8_t isr;
    uint16_t config_vector;
    uint16_t queue_select;
    uint32_t feature_select, guest_feature_select;
    uint64_t guest_features;
} VirtioPci;

#define VIRTIO_PCI_PROPS(T, f)                                                                     \
    PCI_PROPS(T, f.pci),                                                                           \
        {"disable-legacy", PROP_STRING, offsetof(T, f.legacy_opt), "auto",                         \
         "no legacy interface: on, off, auto (off)"},                                              \
        {"disable-modern", PROP_BOOL, offsetof(T, f.disable_modern), "off",                        \
         "no modern interface"},                                                                   \
    {                                                                                              \
        "vectors", PROP_U32, offsetof(T, f.vectors), "4294967295", "MSI-X vectors, 0: INTx only"   \
    }

extern const StateField virtio_pci_state_fields[];

// v is initialized (queues added). class_code as in PciIds, vectors: the device's suggestion.
bool virtio_pci_plug(VirtioPci *p, VirtioDevice *v, uint32_t class_code, unsigned vectors,
                     char **error);
void virtio_pci_reset(VirtioPci *p);
bool virtio_pci_loaded(VirtioPci *p, char **error);
void virtio_pci_unplug(VirtioPci *p);

#endif
