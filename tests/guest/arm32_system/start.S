// Start, vectors and probes of the programs of 32 bits. An exception fills the record and goes on behind
// the probe that met it, in Supervisor mode.
    .syntax unified
    .arch armv7-a
    .arch_extension virt
    .arm
    .global _start, probe, probe_user, record
_start:
    ldr sp, =stack_top
    ldr r0, =vectors
    mcr p15, 0, r0, c12, c0, 0
    bl main
    ldr r0, =0x84000008         // PSCI SYSTEM_OFF
    hvc #0
1:  b 1b

    .balign 32
vectors:
    b .
    b undefined
    b supervisor
    b prefetch
    b data
    b .
    b .
    b .

// record: kind, lr, spsr, dfsr, dfar, ifsr, ifar, result
.macro fill reg, n
    ldr \reg, =record
    str lr, [\reg, #4]
    mrs lr, spsr
    str lr, [\reg, #8]
    mov lr, #\n
    str lr, [\reg]
    mrc p15, 0, lr, c5, c0, 0
    str lr, [\reg, #12]
    mrc p15, 0, lr, c6, c0, 0
    str lr, [\reg, #16]
    mrc p15, 0, lr, c5, c0, 1
    str lr, [\reg, #20]
    mrc p15, 0, lr, c6, c0, 2
    str lr, [\reg, #24]
    msr cpsr_c, #0xd3
    b probe_out
.endm
undefined:
    fill sp, 1
supervisor:
    fill r12, 2
prefetch:
    fill sp, 3
data:
    fill sp, 4

// probe(code, r0): calls it; its result is in the record.
probe:
    push {r4-r11, lr}
    ldr r2, =saved_sp
    str sp, [r2]
    mov r3, r0
    mov r0, r1
    blx r3
    ldr r2, =record
    str r0, [r2, #28]
probe_out:
    ldr r2, =saved_sp
    ldr sp, [r2]
    pop {r4-r11, pc}

// In User mode; the code ends with SVC.
probe_user:
    push {r4-r11, lr}
    ldr r2, =saved_sp
    str sp, [r2]
    mov r2, #0x1d0
    msr spsr_cxsf, r2
    mov lr, r0
    mov r0, r1
    movs pc, lr

    .data
    .balign 8
record: .space 32
saved_sp: .word 0
    .section .note.GNU-stack,"",%progbits
    .bss
    .balign 16
stack: .space 16384
stack_top:
