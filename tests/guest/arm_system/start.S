// Bare-metal start at EL1, one vector for everything, and calls that survive an exception.
    .global _start
_start:
    adrp    x0, stack_top
    add     x0, x0, :lo12:stack_top
    mov     sp, x0
    mov     x0, #(3 << 20)
    msr     cpacr_el1, x0
    adr     x0, vectors
    msr     vbar_el1, x0
    isb
    bl      main
    mov     x0, #0x84000000
    add     x0, x0, #8              // PSCI SYSTEM_OFF
    hvc     #0
1:  wfi
    b       1b

    .balign 2048
vectors:
    .rept 16
    .balign 128
    b       handler
    .endr

// Writes the syndrome to `record` and goes on where x28 says, in the state record.resume.
handler:
    stp     x0, x1, [sp, #-16]!
    adrp    x0, record
    add     x0, x0, :lo12:record
    mrs     x1, esr_el1
    str     x1, [x0]
    mrs     x1, far_el1
    str     x1, [x0, #8]
    mrs     x1, elr_el1
    str     x1, [x0, #16]
    mrs     x1, spsr_el1
    str     x1, [x0, #24]
    mov     x1, #1
    str     x1, [x0, #32]
    msr     elr_el1, x28
    ldr     x1, [x0, #40]
    msr     spsr_el1, x1
    ldp     x0, x1, [sp], #16
    eret

    .macro  enter
    stp     x29, x30, [sp, #-16]!
    stp     x27, x28, [sp, #-16]!
    stp     x25, x26, [sp, #-16]!
    adr     x28, 1f
    mov     x26, sp
    .endm
    .macro  leave
1:  mov     sp, x26
    ldp     x25, x26, [sp], #16
    ldp     x27, x28, [sp], #16
    ldp     x29, x30, [sp], #16
    ret
    .endm

// probe(code, x0): at EL1; code ends with RET
    .global probe
probe:
    enter
    mov     x9, x0
    mov     x0, x1
    blr     x9
    leave

// probe_el0(code, x0): at EL0; code ends with SVC
    .global probe_el0
probe_el0:
    enter
    msr     elr_el1, x0
    mov     x0, #0x3c0
    msr     spsr_el1, x0
    mov     x0, x1
    eret
    leave

    .bss
    .balign 16
    .skip   65536
stack_top:
