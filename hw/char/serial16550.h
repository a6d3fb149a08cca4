// 16550A UARTs: ISA ("isa-serial", COM1 to COM4), PCI ("pci-serial").
#ifndef HW_CHAR_SERIAL16550_H
#define HW_CHAR_SERIAL16550_H

#include "hw/core/device.h"

struct Chardev;

// Eight ports at base. backend may be NULL: output is dropped, no input comes.
Device *serial_isa_create(struct Machine *m, uint16_t base, unsigned irq, struct Chardev *backend);
// COM1..COM4 (n = 0..3) at their usual ports and interrupts, with the n-th -serial.
Device *serial_isa_create_com(struct Machine *m, unsigned n);

#endif
