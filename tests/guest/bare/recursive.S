// The vector itself faults, for ever: the emulator must still stop when it is told to.
    .include "common.inc"
main:
    bl  mmu_on
    lit x0, PAGES + 0x1000
    msr vbar_el1, x0
    isb
    svc #0
    exit 1
