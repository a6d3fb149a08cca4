// Waits for an interrupt that never comes.
    .include "common.inc"
main:
    msr daifset, #15
1:  wfi
    b   1b
