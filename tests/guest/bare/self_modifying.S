// Code that writes code: its own page, the next instruction, a function across a page's edge.
    .include "common.inc"

    .macro sync reg // the new instruction at reg
    dc  cvau, \reg
    dsb ish
    ic  ivau, \reg
    dsb ish
    isb
    .endm

main:
    bl  next_instruction
    bl  in_a_loop
    bl  across_pages
    bl  data_beside_code
    bl  without_barriers
    bl  mmu_on
    bl  next_instruction
    bl  in_a_loop
    bl  across_pages
    bl  every_store
    exit 0

next_instruction:
    lit x5, 0xd28000e6 // mov x6, #7
    adr x4, 1f
    ldr w7, [x4]
    mov x6, #0
    str w5, [x4]
    sync x4
1:  mov x6, #1
    expect 1, x6, 7
    str w7, [x4]
    sync x4
    ret

// Each round of the loop patches the immediate that the same round then reads.
in_a_loop:
    mov x3, #0
    adr x4, 2f
    lit x5, 0xd2800006 // mov x6, #0
1:  add w7, w5, w3, lsl #5
    str w7, [x4]
    sync x4
2:  mov x6, #0
    cmp x6, x3
    mov x0, #2
    b.ne exit_x0
    add x3, x3, #1
    cmp x3, #2000
    b.ne 1b
    ret

// The two instructions of a function lie in two pages; each is patched.
across_pages:
    mov x15, x30
    lit x4, PAGES + 0x4aff8
    lit x5, 0xd2800006 // mov x6, #0
    lit x7, 0x910000c6 // add x6, x6, #0
    lit x8, 0xd65f03c0 // ret
    str w8, [x4, #12]
    mov x3, #0
1:  add w10, w5, w3, lsl #5
    str w10, [x4, #4]
    add x11, x4, #4
    sync x11
    add w10, w7, w3, lsl #10
    str w10, [x4, #8]
    add x12, x4, #8
    sync x12
    blr x11
    cmp x6, x3, lsl #1
    mov x0, #3
    b.ne exit_x0
    add x3, x3, #1
    cmp x3, #500
    b.ne 1b
    ret x15

// Every kind of store makes code stale. The function at x4 is mov x6, #n; ret, called before and after.
    .macro patched n, by:vararg
    str w7, [x4]
    sync x4
    blr x4
    expect \n, x6, 0
    \by
    sync x4
    blr x4
    expect \n, x6, 9
    .endm

    .macro exclusive
    ldxr w9, [x4]
    stxr w10, w8, [x4]
    .endm
    .macro misaligned // over the edge of the page before; the byte in front is arbitrary
    lsl x10, x13, #8
    stur x10, [x4, #-1]
    .endm
    .macro zeroed // then it faults
    dc  zva, x4
    sync x4
    on_exception 99f
    blr x4
99: mov x28, #0
    expect 19, x24, 1
    str x13, [x4]
    .endm

every_store:
    mov x15, x30
    lit x4, PAGES + 0xc000
    lit x7, 0xd2800006 // mov x6, #0
    lit x8, 0xd2800126 // mov x6, #9
    lit x14, 0xd65f03c0 // ret
    str w14, [x4, #4]
    orr x13, x8, x14, lsl #32 // both instructions
    dup v0.2d, x13
    patched 10, str w8, [x4]
    patched 11, strh w8, [x4]
    patched 12, stp w8, w14, [x4]
    patched 13, str q0, [x4]
    patched 14, st1 {v0.s}[0], [x4]
    patched 15, swp w8, w10, [x4]
    patched 16, exclusive
    patched 17, misaligned
    patched 18, zeroed
    patched 20, stp q0, q0, [x4]
    patched 21, stlr w8, [x4]
    ret x15

// Stores beside running code change nothing but the data.
data_beside_code:
    mov x3, #0
    adr x4, 3f
1:  ldr x5, [x4]
    add x5, x5, x3
    str x5, [x4]
    add x3, x3, #1
    cmp x3, #3000
    b.ne 1b
    b   4f
    .balign 8
3:  .quad 0
4:  expect 4, x5, 3000 * 2999 / 2
    ret

// Old or new instruction, but nothing else.
without_barriers:
    lit x5, 0xd28000e6
    adr x4, 1f
    mov x6, #0
    str w5, [x4]
1:  mov x6, #1
    cmp x6, #1
    ccmp x6, #7, #4, ne
    mov x0, #5
    b.ne exit_x0
    ret
    .ltorg
