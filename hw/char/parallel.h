// PC parallel port ("isa-parallel"), standard mode.
#ifndef HW_CHAR_PARALLEL_H
#define HW_CHAR_PARALLEL_H

#include "hw/core/device.h"

struct Chardev;

// Ports base (usually 378h) to base + 2, and interrupt irq (usually 7). backend may be NULL.
Device *parallel_isa_create(struct Machine *m, uint16_t base, unsigned irq,
                            struct Chardev *backend);

#endif
