// PCI interrupt lines to ISA lines, as Intel's south bridges route them.
//
//   PIRQ n --> routing register n: bit 7 off, bits 3..0 the ISA line (3-7, 9-12, 14, 15)
#ifndef HW_ISA_PIRQ_H
#define HW_ISA_PIRQ_H

#include "hw/isa/isa.h"

#define PIRQ_MAX 8
#define PIRQ_OFF 0x80

typedef struct PirqRouter {
    IrqLine isa[ISA_IRQS];
    unsigned n;
    const uint8_t *route[PIRQ_MAX]; // the registers, four in a row each
    bool level[PIRQ_MAX];           // derived: what the PCI devices ask for
} PirqRouter;

// low: registers of PIRQ A to D; high: of E to H, or NULL.
void pirq_init(PirqRouter *p, struct Machine *m, const uint8_t *low, const uint8_t *high);
// After the registers have changed.
void pirq_update(PirqRouter *p);
// False if the line had that level.
bool pirq_set(PirqRouter *p, unsigned n, bool level);
// What firmware would write into four registers: lines 10, 10, 11, 11.
void pirq_default(uint8_t registers[4]);

#endif
