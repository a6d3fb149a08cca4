// Two CPUs: one patches the code that the other runs, and unmaps the page that it reads.
    .include "common.inc"

    .macro sync reg
    dc  cvau, \reg
    dsb ish
    ic  ivau, \reg
    dsb ish
    isb
    .endm

    .equ ROUNDS, 200

main:
    bl  mmu_on
    lit x20, shared
    lit x1, second
    lit x0, 0xc4000003 // PSCI CPU_ON
    mov x3, #0
    mov x2, x1
    mov x1, #1
    hvc #0
    expect 1, x0, 0
    bl  patch_the_other
    bl  unmap_from_the_other
    exit 0

// The other CPU calls `function` for ever and stores what it returns.
patch_the_other:
    mov x15, x30
    adr x4, function
    lit x5, 0xd2800006 // mov x6, #0
    mov x3, #1
1:  add w7, w5, w3, lsl #5
    str w7, [x4]
    sync x4
2:  yield
    ldar x8, [x20]
    cmp x8, x3
    b.ne 2b
    add x3, x3, #1
    cmp x3, #ROUNDS
    b.ne 1b
    ret x15

// Page 2 is taken away: the other CPU's handler counts, and the page comes back.
unmap_from_the_other:
    mov x15, x30
    lit x4, level3 + 16
    lit x5, PAGES + 0x2000
    lsr x6, x5, #12
    ldr x7, [x4]
    mov x3, #0
1:  ldr x8, [x20, #8] // faults so far
    str xzr, [x4]
    dsb ish
    tlbi vaae1is, x6
    dsb ish
2:  yield
    ldar x9, [x20]
    ldr x9, [x20, #8]
    cmp x9, x8
    b.eq 2b
    str x7, [x4]
    dsb ish
    tlbi vaae1is, x6
    dsb ish
3:  ldr x8, [x20, #16] // reads so far
4:  yield
    ldr x9, [x20, #16]
    cmp x9, x8
    b.eq 4b
    add x3, x3, #1
    cmp x3, #ROUNDS
    b.ne 1b
    ret x15

    .balign 64
function:
    mov x6, #0
    ret

second:
    adr x0, vectors
    msr vbar_el1, x0
    lit x0, stack
    mov sp, x0
    bl  mmu_on
    lit x20, shared
    lit x21, PAGES + 0x2000
    mov x28, #0
    mov x24, #0
1:  isb
    bl  function
    stlr x6, [x20]
    ldr x0, [x21]
    str x24, [x20, #8]
    ldr x0, [x20, #16]
    add x0, x0, #1
    str x0, [x20, #16]
    yield
    b   1b
    .ltorg

    .data
    .balign 64
shared:
    .quad 0, 0, 0
    .text
