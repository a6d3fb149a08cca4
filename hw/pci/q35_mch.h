// Intel Q35 memory controller hub, 8086:29c0, at slot 0 of the machine's "pci".
#ifndef HW_PCI_Q35_MCH_H
#define HW_PCI_Q35_MCH_H

#include "hw/pci/pam.h"
#include "hw/pci/pci.h"

Device *q35_mch_create(struct Machine *m, const PcMemory *mem);
// What firmware would do, from the board's reset: areas below 1 MiB are RAM, the configuration
// window is at ecam.
void q35_mch_prepare(Device *d, uint64_t ecam);

#endif
