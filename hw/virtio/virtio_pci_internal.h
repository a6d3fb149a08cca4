// What the parts of the PCI transport share. Nobody else includes it.
#ifndef HW_VIRTIO_VIRTIO_PCI_INTERNAL_H
#define HW_VIRTIO_VIRTIO_PCI_INTERNAL_H

#include "hw/virtio/virtio_pci.h"

// The modern registers' four pages.
#define MODERN_COMMON 0x0000
#define MODERN_ISR    0x1000
#define MODERN_CONFIG 0x2000
#define MODERN_NOTIFY 0x3000

// Where the device's configuration starts in the legacy BAR while MSI-X is on.
#define LEGACY_CONFIG_MSIX 0x18

extern const MmioOps virtio_pci_modern_ops, virtio_pci_legacy_ops;

uint8_t virtio_pci_read_isr(VirtioPci *p);                      // and clears it
uint16_t virtio_pci_vector(const VirtioPci *p, uint32_t value); // or VIRTIO_NO_VECTOR
void virtio_pci_set_queue_vector(VirtioPci *p, uint32_t value); // of the selected queue
void virtio_pci_set_status(VirtioPci *p, uint8_t status);

#endif
