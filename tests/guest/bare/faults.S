// Faults in odd places: at a page's edge, in the middle of a pair, misaligned, undefined.
    .include "common.inc"

    .equ HOLE, PAGES + 0x1000 // not mapped

    .macro unchanged n, reg, value
    expect \n, \reg, \value
    .endm

main:
    bl  mmu_on
    bl  fall_into_a_hole
    bl  jump_into_a_hole
    bl  pairs
    bl  crossing
    bl  permissions
    bl  alignment
    bl  undefined
    bl  nothing_there
    exit 0

// The last instruction of a page runs, then the next page is missing.
fall_into_a_hole:
    mov x15, x30
    lit x4, HOLE - 8
    lit x5, 0x91000442 // add x2, x2, #1
    str w5, [x4]
    str w5, [x4, #4]
    dc  cvau, x4
    ic  ivau, x4
    dsb ish
    isb
    mov x2, #0
    on_exception 1f
    br  x4
1:  expect 10, x24, 1
    expect 11, x25, 0x86000007 // instruction abort, translation, level 3
    expect 12, x26, HOLE
    expect 13, x27, HOLE
    expect 14, x2, 2
    ret x15

jump_into_a_hole:
    mov x15, x30
    lit x4, HOLE + 0x124
    on_exception 1f
    blr x4
1:  expect 15, x25, 0x86000007
    expect 16, x26, HOLE + 0x124
    adr x5, 1b
    cmp x30, x5 // the link was made
    mov x0, #17
    b.ne exit_x0
    ret x15

// One half of the pair faults: base and registers keep their values, and FAR tells the half.
pairs:
    mov x15, x30
    skip_exceptions
    lit x2, HOLE - 8
    mov x3, #33
    mov x4, #44
1:  ldp x3, x4, [x2], #16
    expect_exception 20, 0x25, 0x07, 0x7f, 1b
    expect 21, x27, HOLE
    unchanged 22, x2, HOLE - 8
    unchanged 23, x3, 33
    unchanged 24, x4, 44
2:  stp x3, x4, [x2, #0]!
    expect_exception 25, 0x25, 0x47, 0x7f, 2b
    expect 26, x27, HOLE
    unchanged 27, x2, HOLE - 8
    lit x5, HOLE - 24
3:  ldp x5, x4, [x5, #16] // the base is a target
    expect_exception 28, 0x25, 0x07, 0x7f, 3b
    unchanged 29, x5, HOLE - 24
    fmov d1, #1.0
    fmov d2, #2.0
    lit x2, HOLE - 16
4:  ldp q1, q2, [x2]
    expect_exception 30, 0x25, 0x07, 0x7f, 4b
    expect 31, x27, HOLE
    fmov x6, d1
    unchanged 32, x6, 0x3ff0000000000000
    lit x2, HOLE + 0x1000 - 8 // first half missing
5:  ldp x3, x4, [x2], #8
    expect_exception 33, 0x25, 0x07, 0x7f, 5b
    expect 34, x27, HOLE + 0x1000 - 8
    unchanged 35, x3, 33
    lit x2, HOLE - 4
    mov x6, #66
6:  ld1 {v1.4s, v2.4s}, [x2], #32
    expect_exception 36, 0x25, 0x07, 0x7f, 6b
    unchanged 37, x2, HOLE - 4
    ret x15

// An unaligned access of which one byte is missing.
crossing:
    mov x15, x30
    skip_exceptions
    lit x2, HOLE - 7
    mov x3, #33
    lit x4, 0x1122334455667788
    str x4, [x2, #-1]
1:  ldr x3, [x2]
    expect_exception 40, 0x25, 0x07, 0x7f, 1b
    expect 41, x27, HOLE
    unchanged 42, x3, 33
2:  str x3, [x2], #8
    expect_exception 43, 0x25, 0x47, 0x7f, 2b
    expect 44, x27, HOLE
    unchanged 45, x2, HOLE - 7
    ldr x5, [x2, #-1] // nothing was written
    expect 46, x5, 0x1122334455667788
    lit x2, HOLE - 16 // back in one page
    str x3, [x2, #5]
    ldr x5, [x2, #5]
    expect 47, x5, 33
    ret x15

permissions:
    mov x15, x30
    skip_exceptions
    lit x2, PAGES + 0x7000
    ldr x3, [x2]
    expect 50, x24, 0
1:  str x3, [x2]
    expect_exception 51, 0x25, 0x4f, 0x7f, 1b
2:  swp x3, x4, [x2]
    expect_exception 52, 0x25, 0x4f, 0x7f, 2b
    lit x4, PAGES + 0x8000
    str x3, [x4]
    expect 53, x24, 0
    on_exception 3f
    br  x4
3:  expect 54, x25, 0x8600000f
    ret x15

alignment:
    mov x15, x30
    skip_exceptions
    lit x2, PAGES + 0x4001
    ldr x3, [x2] // allowed
    expect 60, x24, 0
1:  ldxr x3, [x2]
    expect_exception 61, 0x25, 0x21, 0x3f, 1b
    expect 62, x27, PAGES + 0x4001
2:  ldar x3, [x2, #0]
    mov x24, #0 // LSE2 allows it within 16 bytes
    lit x4, PAGES + 0x6001 // device memory
3:  ldr w3, [x4]
    expect_exception 63, 0x25, 0x21, 0x3f, 3b
    mrs x5, sctlr_el1
    orr x6, x5, #2
    msr sctlr_el1, x6
    isb
4:  ldr x3, [x2]
    expect_exception 64, 0x25, 0x21, 0x3f, 4b
5:  stp x3, x3, [x2, #16]!
    expect_exception 65, 0x25, 0x61, 0x7f, 5b
    unchanged 66, x2, PAGES + 0x4001
    ldrb w3, [x2]
    expect 67, x24, 0
    orr x6, x5, #8 // SA
    msr sctlr_el1, x6
    isb
    mov x7, sp
    add sp, sp, #8
6:  ldr x3, [sp]
    expect_exception 68, 0x26, 0, 0xffff, 6b
    mov sp, x7
    msr sctlr_el1, x5
    isb
    adr x4, 7f
    add x4, x4, #2
    on_exception 7f
    br  x4
7:  lsr x10, x25, #26
    expect 69, x10, 0x22
    cmp x26, x4
    mov x0, #70
    b.ne exit_x0
    cmp x27, x4
    b.ne exit_x0
    ret x15

undefined:
    mov x15, x30
    skip_exceptions
1:  .inst 0
    expect_exception 80, 0, 0, 0xffff, 1b
2:  .inst 0xffffffff
    expect_exception 81, 0, 0, 0xffff, 2b
3:  mrs x3, s3_3_c15_c15_7
    expect_exception 82, 0, 0, 0xffff, 3b
4:  brk #0x1234
    expect_exception 83, 0x3c, 0x1234, 0xffff, 4b
    msr cpacr_el1, xzr
    isb
5:  fadd d1, d1, d2
    expect_exception 84, 0x07, 0, 0xffff, 5b
    mov x3, #(3 << 20)
    msr cpacr_el1, x3
    isb
    ret x15

// Physical addresses where nothing is: external aborts, from loads, stores and fetches.
nothing_there:
    mov x15, x30
    mrs x5, sctlr_el1
    bic x6, x5, #1
    msr sctlr_el1, x6
    isb
    skip_exceptions
    lit x2, 0x0c800000
1:  ldr x3, [x2]
    expect_exception 90, 0x25, 0x10, 0x7f, 1b
2:  str x3, [x2]
    expect_exception 91, 0x25, 0x50, 0x7f, 2b
    on_exception 3f
    br  x2
3:  lsr x10, x25, #26
    expect 92, x10, 0x21
    msr sctlr_el1, x5
    isb
    ret x15
    .ltorg
