// ICH9 LPC bridge, 8086:2918, at 1f.0 of the machine's "pci".
#ifndef HW_ISA_ICH9_LPC_H
#define HW_ISA_ICH9_LPC_H

#include "hw/core/device.h"

#define ICH9_PIRQS 8

typedef struct Ich9Config {
    MemRegion *sysmem, *io;
    IrqLine gsi[ICH9_PIRQS];     // where PIRQ A to H reach the I/O APIC: 16 to 23
    IrqLine sci_isa[3];          // the SCI on lines 9, 10, 11
    IrqLine sci_gsi[ICH9_PIRQS]; // and on 16 to 23, of which 20 to 23 can be chosen
    IrqLine smi;                 // may be not connected
} Ich9Config;

// Takes over the bus's interrupt lines; makes the PM block.
Device *ich9_lpc_create(struct Machine *m, const Ich9Config *c);
uint16_t ich9_lpc_pm_base(const Device *d); // 0: off
// What firmware would do, from the board's reset: PIRQs on lines 10 and 11, the PM block at base.
void ich9_lpc_prepare(Device *d, uint16_t pm_base);

#endif
