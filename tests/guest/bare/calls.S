// Calls that do not pair with returns: what predicts returns must neither overflow nor be fooled.
    .include "common.inc"

    .equ DEPTH, 3000000

main:
    // Calls without a return, more than any prediction remembers.
    mov x3, #0
    lit x4, DEPTH
1:  bl  2f
2:  add x3, x3, #1
    cmp x3, x4
    b.ne 1b
    // Deep recursion that unwinds to the last return: x5 counts them.
    mov x3, #0
    mov x5, #0
    lit x6, PAGES
    bl  recurse
    cmp x5, x4
    mov x0, #1
    b.ne exit_x0
    // Returns without calls.
    mov x3, #0
3:  adr x30, 4f
    ret
4:  add x3, x3, #1
    cmp x3, x4
    b.ne 3b
    // A callee that returns two frames up.
    mov x3, #0
5:  bl  outer
    exit 2
6:  add x3, x3, #1
    cmp x3, #1000
    b.ne 5b
    // A callee whose return address moves on each call.
    mov x3, #0
    mov x7, #0
7:  bl  moved
    exit 3
    exit 4
8:  exit 5
9:  add x3, x3, #1
    cmp x3, #1000
    b.ne 7b
    exit 0

    // Frames of 8 bytes at x6.
recurse:
    str x30, [x6], #8
    add x3, x3, #1
    cmp x3, x4
    b.eq 1f
    bl  recurse
1:  add x5, x5, #1
    ldr x30, [x6, #-8]!
    ret

outer:
    mov x8, x30
    bl  inner
    exit 6
inner:
    adr x30, 6b
    ret

moved:
    adr x30, 9b
    ret
    .ltorg
