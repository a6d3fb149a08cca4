// What PCI hosts share: ways into configuration space, and what answers where no BAR decodes.
#ifndef HW_PCI_PCI_HOST_H
#define HW_PCI_PCI_HOST_H

#include "hw/pci/pci.h"

// ECAM window of a bus that has bus number 0 only.
MemRegion *pci_ecam_region(PciBus *b, uint64_t size);
// All ones to reads; writes are dropped. name: for the log, kept.
MemRegion *pci_unmapped_region(const char *name, uint64_t size);

// For boards: a device at addr ("1f.2"); die()s with the error.
Device *pci_create(struct Machine *m, const char *type, const char *addr, bool multifunction);
// Makes config bytes first .. first + n - 1 writable, as registers that only store are.
void pci_writable(PciDevice *d, unsigned first, unsigned n);

// Ports 0xcf8 (address) and 0xcfc (data) of a PC, and between them 0xcf9, the reset control of its
// south bridge: bit 2 going to 1 resets the machine.
Device *pci_ports_create(struct Machine *m, MemRegion *io, PciBus *b);

#endif
