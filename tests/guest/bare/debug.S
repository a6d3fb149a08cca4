// Self-hosted debug at EL1: software step, breakpoints, watchpoints.
    .include "common.inc"

    .equ SS, 1
    .equ KDE, 1 << 13
    .equ MDE, 1 << 15

    .macro mdscr bits
    lit x0, \bits
    msr mdscr_el1, x0
    isb
    .endm

main:
    msr oslar_el1, xzr
    isb
    bl  step
    bl  breakpoint
    bl  mmu_on
    bl  watchpoint
    exit 0

// Steps over five instructions, of which one branches. The handler sets SPSR.SS again.
step:
    mov x15, x30
    adr x0, step_vectors
    msr vbar_el1, x0
    mdscr SS | KDE
    lit x10, step_log
    mov x11, x10
    mov x2, #0
    adr x0, stepped
    msr elr_el1, x0
    lit x0, (1 << 21) | 0x1c5 // SS, EL1h, D clear
    msr spsr_el1, x0
    isb
    eret
stepped:
    add x2, x2, #1
    b   1f
    add x2, x2, #100
1:  add x2, x2, #10
    ldr x3, [x11]
    svc #0
stepped_end:
    mdscr 0
    adr x0, vectors
    msr vbar_el1, x0
    msr daifset, #15
    expect 1, x2, 11
    sub x10, x10, x11
    expect 2, x10, 4 * 8 // steps taken, each at the next instruction
    adr x4, stepped
    ldp x5, x6, [x11]
    sub x5, x5, x4
    sub x6, x6, x4
    expect 3, x5, 4
    expect 4, x6, 12
    ldp x5, x6, [x11, #16]
    sub x5, x5, x4
    sub x6, x6, x4
    expect 5, x5, 16
    expect 6, x6, 20
    ret x15

    .balign 2048
step_vectors:
    .rept 16
    b   on_step
    .balign 128
    .endr
on_step:
    mrs x20, esr_el1
    lsr x21, x20, #26
    cmp x21, #0x33
    b.ne 1f
    mrs x21, elr_el1
    str x21, [x10], #8
    mrs x21, spsr_el1
    orr x21, x21, #(1 << 21)
    msr spsr_el1, x21
    eret
1:  cmp x21, #0x15 // the SVC ends it
    mov x0, #7
    b.ne exit_x0
    mrs x21, spsr_el1
    orr x21, x21, #0x200
    msr spsr_el1, x21
    eret

    .macro bcr value
    lit x0, \value
    msr dbgbcr1_el1, x0
    isb
    .endm

breakpoint:
    mov x15, x30
    adr x1, 1f
    msr dbgbvr1_el1, x1
    mdscr MDE | KDE
    msr daifclr, #8
    on_exception 2f
    mov x2, #0
    mov x3, #0
    bcr (1 | 1 << 1 | 15 << 5) // EL1
    add x2, x2, #1
1:  add x3, x3, #1
2:  expect_exception 20, 0x31, 0x22, 0x3f, 1b
    expect 21, x2, 1
    expect 22, x3, 0
    skip_exceptions
    adr x1, 3f
    msr dbgbvr1_el1, x1
    bcr (1 | 2 << 1 | 15 << 5) // EL0 only
3:  nop
    expect 23, x24, 0
    // As often as it is met.
    skip_exceptions
    mov x4, #0
    adr x1, 5f
    msr dbgbvr1_el1, x1
    bcr (1 | 1 << 1 | 15 << 5)
4:  add x4, x4, #1
5:  nop
    cmp x4, #100
    b.ne 4b
    expect 24, x24, 100
    bcr 0
    mdscr 0
    msr daifset, #8
    ret x15

    .macro watch bits // at x1
    lit x0, \bits
    msr dbgwvr2_el1, x1
    msr dbgwcr2_el1, x0
    isb
    mov x24, #0
    .endm
    .macro quiet n // nothing was reported
    expect \n, x24, 0
    .endm
    .equ W_E, 1 | 1 << 1 // EL1
    .equ W_LOAD, 1 << 3
    .equ W_STORE, 2 << 3
    .equ W_ALL, 255 << 5

watchpoint:
    mov x15, x30
    skip_exceptions
    lit x1, PAGES + 0x4100
    mov x3, #1
    str x3, [x1] // before it is watched: the fast path
    str x3, [x1, #8]
    str x3, [x1, #-8]
    mdscr MDE | KDE
    msr daifclr, #8
    watch W_E | W_STORE | W_ALL
    mov x4, #2
1:  str x4, [x1]
    expect_exception 40, 0x35, 0x62, 0x7f, 1b
    cmp x27, x1
    mov x0, #41
    b.ne exit_x0
    ldr x5, [x1] // loads are not watched, and the store was not made
    quiet 42
    expect 43, x5, 1
    str x4, [x1, #8]
    str x4, [x1, #-8]
    quiet 44
2:  stp x4, x4, [x1, #-8]!
    expect_exception 45, 0x35, 0x62, 0x7f, 2b
    cmp x27, x1
    b.ne exit_x0
3:  stur x4, [x1, #-1] // its last seven bytes
    expect_exception 46, 0x35, 0x62, 0x7f, 3b
4:  dc  zva, x1
    expect_exception 47, 0x35, 0x62, 0x7f, 4b
5:  str q0, [x1, #-8]
    mov x24, #0
    stur q0, [x1, #-8]
    expect 48, x24, 1
    mov x24, #0
6:  ldadd x4, x5, [x1]
    expect_exception 49, 0x35, 0x62, 0x7f, 6b
    watch W_E | W_LOAD | 0x0c << 5 // bytes 2 and 3
    str x4, [x1]
    ldrh w5, [x1]
    ldr w5, [x1, #4]
    quiet 50
7:  ldrb w5, [x1, #2]
    expect_exception 51, 0x35, 0x22, 0x7f, 7b
8:  ldp x5, x6, [x1]
    expect_exception 52, 0x35, 0x22, 0x7f, 8b
    add x5, x1, #2
    cmp x27, x5
    mov x0, #53
    b.ne exit_x0
    watch W_E | W_LOAD | W_STORE | W_ALL | 12 << 24 // the whole page
    lit x6, PAGES + 0x4ff8
9:  ldr x5, [x6]
    expect_exception 54, 0x35, 0x22, 0x7f, 9b
    lit x6, PAGES + 0xa000
    ldr x5, [x6]
    quiet 55
    lit x1, PAGES + 0x9100
    watch 1 | 2 << 1 | W_LOAD | W_STORE | W_ALL // EL0
    ldr x5, [x1]
    quiet 56
10: ldtr x5, [x1]
    expect_exception 57, 0x35, 0x22, 0x7f, 10b
    msr daifset, #8 // masked
    watch W_E | W_LOAD | W_STORE | W_ALL
    ldr x5, [x1]
    quiet 58
    msr daifclr, #8
    ldr x5, [x1]
    expect 59, x24, 1
    watch 0
    ldr x5, [x1]
    str x5, [x1]
    quiet 60
    mdscr 0
    msr daifset, #8
    ret x15
    .ltorg

    .data
    .balign 16
step_log:
    .skip 1024
