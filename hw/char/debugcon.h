// "isa-debugcon": each byte written to a port goes to a character backend.
#ifndef HW_CHAR_DEBUGCON_H
#define HW_CHAR_DEBUGCON_H

#include "hw/core/device.h"

struct Chardev;

// base: 0 for the property iobase, which is 0xe9 (Bochs; OVMF's and SeaBIOS's log port is 0x402).
// Reads give 0xe9: somebody is there.
Device *debugcon_create(struct Machine *m, uint16_t base, struct Chardev *backend);

#endif
