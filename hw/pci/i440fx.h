// Intel 440FX host bridge (82441FX), 8086:1237, at slot 0 of the machine's "pci".
#ifndef HW_PCI_I440FX_H
#define HW_PCI_I440FX_H

#include "hw/pci/pam.h"
#include "hw/pci/pci.h"

Device *i440fx_create(struct Machine *m, const PcMemory *mem);
// What firmware would do: all areas below 1 MiB are RAM. From the board's reset.
void i440fx_open_shadow(Device *d);

#endif
