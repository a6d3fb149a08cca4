# A small kernel for comparing privileged behaviour between CPUs. It lies at 0x1000 and starts there
# in real mode; the word at SCENARIO tells where to go, the one at MODE in which mode. Every
# exception and interrupt is logged (LOG on) and goes on at the label that TRY named, at CPL 0.
#
#   0x0500 parameters     0x9000 IDT     0xa000 TSS, 0xa100 another, 0xa200 16-bit one
#   0x1000 this           0xb000 LDT     0x10000.. page tables    0x20000 log
#   0x7000 stack (down)   0xe000 user stack (down), 0xf000 scratch

.set BASE, 0x1000
.set SCENARIO, 0x500
.set MODE, 0x504
.set LOGPTR, 0x508
.set RECOVER, 0x50c
.set KSTACK, 0x7000
.set IDT, 0x9000
.set TSS, 0xa000
.set TSS_B, 0xa100
.set TSS_16, 0xa200
.set LDT, 0xb000
.set USTACK, 0xe000
.set SCRATCH, 0xf000
.set PAGES, 0x10000
.set LOG, 0x20000

# Selectors.
.set CODE, 0x08
.set DATA, 0x10
.set UCODE, 0x1b
.set UDATA, 0x23
.set SEL_TSS, 0x28
.set SEL_TSS_B, 0x30
.set SEL_GATE, 0x38
.set SEL_CONF, 0x40
.set SEL_ABSENT, 0x48
.set SEL_RDONLY, 0x50
.set SEL_XONLY, 0x58
.set SEL_DOWN, 0x60
.set CODE16, 0x68
.set DATA16, 0x70
.set SEL_LDT, 0x78
.set SEL_TASKGATE, 0x80
.set SEL_TSS_16, 0x88
.set CODE_1, 0x90
.set DATA_1, 0x98
.set CODE_64, 0xa0
.set SEL_SMALL, 0xa8
.set UCODE_32S, 0xb3
.set UDATA_S, 0xbb
.set UCODE_64, 0xc3
.set SEL_GATE16, 0xc8
.set SEL_GATE_CONF, 0xd0
.set SEL_XABSENT, 0xd8
.set SEL_GATE_ABSENT, 0xe0
.set SEL_TSS_64, 0xe8          # two entries
.set SEL_GATE_64, 0xf8         # two entries
.set SEL_GATE_PARAMS, 0x108
.set GDT_LIMIT, 0x110

.set PAGING_NONE, 0
.set PAGING_4M, 1
.set PAGING_PAE, 2
.set PAGING_LONG, 3

.macro DESC base, limit, attr    # attr: G D L AVL | P DPL S type, as 0xGTT
    .word (\limit) & 0xffff
    .word (\base) & 0xffff
    .byte ((\base) >> 16) & 0xff
    .byte (\attr) & 0xff
    .byte (((\attr) >> 8) << 4) | (((\limit) >> 16) & 0xf)
    .byte ((\base) >> 24) & 0xff
.endm

.macro GATE sel, off, attr, count=0
    .word (\off) & 0xffff
    .word \sel
    .byte \count
    .byte \attr
    .word ((\off) >> 16) & 0xffff
.endm

.macro TRY label
    movl $(\label - x86_blob + BASE), RECOVER
.endm

# Paging (and CR0.WP) on with the tables at PAGES, after these bits of EFER and CR4.
.macro PAGING_ON cr4, efer=0
    .if \efer
    movl $0xc0000080, %ecx
    rdmsr
    orl $\efer, %eax
    wrmsr
    .endif
    movl %cr4, %eax
    orl $\cr4, %eax
    movl %eax, %cr4
    movl $PAGES, %eax
    movl %eax, %cr3
    movl %cr0, %eax
    orl $0x80010000, %eax
    movl %eax, %cr0
.endm

# A table of 8-byte entries at PAGES + \table for the first 2 MiB: user, writable pages.
.macro IDENTITY_TABLE table
    movl $7, %eax
    movl $(PAGES + \table), %edi
9:  movl %eax, (%edi)
    movl $0, 4(%edi)
    addl $8, %edi
    addl $0x1000, %eax
    cmpl $0x200000, %eax
    jb 9b
.endm

# A value of interest, as a log entry of its own.
.macro NOTE reg
    pushl \reg
    call note32
.endm
.macro NOTE64 reg
    pushq \reg
    call note64
.endm

.section .rodata
.balign 16
.globl x86_blob
x86_blob:
.code16
    cli
    xorw %ax, %ax
    movw %ax, %ds
    movw %ax, %es
    movw %ax, %ss
    movw $KSTACK, %sp
    cmpb $0xff, MODE            # stay in real mode
    jne 1f
    movl $(SCRATCH + 0x100), LOGPTR     # within the limit
    jmpw *SCENARIO
1:  lgdtl (gdtr - x86_blob + BASE)
    lidtl (idtr - x86_blob + BASE)
    movl %cr0, %eax
    orl $1, %eax
    movl %eax, %cr0
    ljmpl $CODE, $(start32 - x86_blob + BASE)

.code32
start32:
    movl $DATA, %eax
    movl %eax, %ds
    movl %eax, %es
    movl %eax, %fs
    movl %eax, %gs
    movl %eax, %ss
    movl $KSTACK, %esp
    movl $LOG, LOGPTR
    movl $DATA, TSS + 8
    movl $(KSTACK - 0x800), TSS + 4
    movl $DATA_1 + 1, TSS + 16
    movl $(KSTACK - 0xc00), TSS + 12
    movw $0x68, TSS + 0x66
    cmpl $PAGING_LONG, MODE
    je start_long
    # IDT: 256 gates, DPL 3 from 0x80 on, and for INT3, INTO
    movl $IDT, %edi
    movl $(stubs32 - x86_blob + BASE), %eax
    xorl %ecx, %ecx
2:  movl %eax, %edx
    andl $0xffff, %edx
    orl $(CODE << 16), %edx
    movl %edx, (%edi)
    movl %eax, %edx
    andl $0xffff0000, %edx
    orl $0x8e00, %edx
    cmpl $0x80, %ecx
    jb 3f
    orl $0x6000, %edx
3:  movl %edx, 4(%edi)
    addl $8, %edi
    addl $16, %eax
    incl %ecx
    cmpl $256, %ecx
    jb 2b
    orl $0x6000, IDT + 3 * 8 + 4
    orl $0x6000, IDT + 4 * 8 + 4
    movw $SEL_TSS, %ax
    ltr %ax
    cmpl $PAGING_4M, MODE
    je paging_4m
    cmpl $PAGING_PAE, MODE
    je paging_pae
    jmp *SCENARIO

# Identity map by a page table for the first 4 MiB: user, writable pages; a large page at 4 MiB.
paging_4m:
    movl $(PAGES + 0x1000 + 7), PAGES
    movl $0x00400087, PAGES + 4   # same as physical 4 MiB.. (there is memory)
    movl $7, %eax
    movl $(PAGES + 0x1000), %edi
4:  movl %eax, (%edi)
    addl $4, %edi
    addl $0x1000, %eax
    cmpl $0x400000, %eax
    jb 4b
    PAGING_ON cr4=0x10
    jmp *SCENARIO

# The same with PAE: PDPT at PAGES, directory, one table for the first 2 MiB; NXE on.
paging_pae:
    movl $(PAGES + 0x1000 + 1), PAGES
    movl $(PAGES + 0x2000 + 7), PAGES + 0x1000
    movl $0x00200087, PAGES + 0x1008
    IDENTITY_TABLE 0x2000
    PAGING_ON cr4=0x20 efer=0x800
    jmp *SCENARIO

# Long mode: PML4, PDPT, directory, one table for the first 2 MiB, a large page for the next.
start_long:
    movl $(PAGES + 0x1000 + 7), PAGES
    movl $(PAGES + 0x2000 + 7), PAGES + 0x1000
    movl $(PAGES + 0x3000 + 7), PAGES + 0x2000
    movl $0x00200087, PAGES + 0x2008
    IDENTITY_TABLE 0x3000
    PAGING_ON cr4=0x20 efer=0x901
    ljmpl $CODE_64, $(start64 - x86_blob + BASE)

.code64
start64:
    movl $(KSTACK - 0x800), TSS + 4     # RSP0
    movl $0, TSS + 8
    movl $(KSTACK - 0xc00), TSS + 12    # RSP1
    movl $0, TSS + 16
    movl $(KSTACK - 0xe00), TSS + 0x24  # IST1
    movl $0, TSS + 0x28
    movl $IDT, %edi
    movl $(stubs64 - x86_blob + BASE), %eax
    xorl %ecx, %ecx
7:  movl %eax, %edx
    andl $0xffff, %edx
    orl $(CODE_64 << 16), %edx
    movl %edx, (%rdi)
    movl %eax, %edx
    andl $0xffff0000, %edx
    orl $0x8e00, %edx
    cmpl $0x80, %ecx
    jb 8f
    orl $0x6000, %edx
8:  movl %edx, 4(%rdi)
    movq $0, 8(%rdi)
    addl $16, %edi
    addl $16, %eax
    incl %ecx
    cmpl $256, %ecx
    jb 7b
    orl $0x6000, IDT + 3 * 16 + 4
    movw $SEL_TSS_64, %ax
    ltr %ax
    movl SCENARIO, %eax
    jmpq *%rax

# --- handlers: vector, error, EIP, CS, EFLAGS, ESP, SS, CR2 (page faults), DS | ES << 16

.code32
.balign 16
stubs32:
.set vector, 0
.rept 256
    .balign 16
    .if !((vector == 8) || (vector >= 10 && vector <= 14) || (vector == 17))
    pushl $0x5555aaaa
    .endif
    pushl $vector
    jmp common32
    .set vector, vector + 1
.endr

common32:
    pushl %ebp
    movl %esp, %ebp
    pushl %eax
    pushl %edi
    movl %ds, %eax
    movl %es, %edi
    shll $16, %edi
    movw %ax, %di
    movl $DATA, %eax
    movl %eax, %ds
    movl LOGPTR, %eax
    movl %edi, 32(%eax)
    movl 4(%ebp), %edi
    movl %edi, (%eax)
    cmpl $14, %edi
    movl $0, 28(%eax)
    jne 1f
    movl %cr2, %edi
    movl %edi, 28(%eax)
1:  movl 8(%ebp), %edi
    movl %edi, 4(%eax)
    movl 12(%ebp), %edi
    movl %edi, 8(%eax)
    movl 16(%ebp), %edi
    movl %edi, 12(%eax)
    movl 20(%ebp), %edi
    movl %edi, 16(%eax)
    movl $0, 20(%eax)
    movl $0, 24(%eax)
    testb $3, 16(%ebp)
    jz 2f
    movl 24(%ebp), %edi
    movl %edi, 20(%eax)
    movl 28(%ebp), %edi
    movl %edi, 24(%eax)
    jmp 3f
2:  testl $0x20000, 20(%ebp)
    jz 3f
    movl 24(%ebp), %edi
    movl %edi, 20(%eax)
    movl 28(%ebp), %edi
    movl %edi, 24(%eax)
3:  movl -4(%ebp), %edi
    movl %edi, 36(%eax)         # EAX of the moment
    addl $40, LOGPTR
    movl $DATA, %eax
    movl %eax, %es
    movl %eax, %fs
    movl %eax, %gs
    movl %eax, %ss
    movl $KSTACK, %esp
    jmp *RECOVER

note32:
    pushl %eax
    movl LOGPTR, %eax
    movl $0xffff, (%eax)
    pushl %edi
    movl 12(%esp), %edi
    movl %edi, 4(%eax)
    addl $8, %eax
    movl %eax, LOGPTR
    popl %edi
    popl %eax
    ret $4

# CPL 3 at the address in EAX.
go_user32:
    pushl $UDATA
    pushl $USTACK
    pushl $0x2
    pushl $UCODE
    pushl %eax
    movl $UDATA, %eax
    movl %eax, %ds
    movl %eax, %es
    iretl

.code64
.balign 16
stubs64:
.set vector, 0
.rept 256
    .balign 16
    .if !((vector == 8) || (vector >= 10 && vector <= 14) || (vector == 17))
    pushq $0x5555aaa
    .endif
    pushq $vector
    jmp common64
    .set vector, vector + 1
.endr

common64:
    pushq %rbp
    movq %rsp, %rbp
    pushq %rax
    pushq %rdi
    movl LOGPTR, %eax
    movq 8(%rbp), %rdi
    movq %rdi, (%rax)
    movq $0, 56(%rax)
    cmpq $14, %rdi
    jne 1f
    movq %cr2, %rdi
    movq %rdi, 56(%rax)
1:  movq 16(%rbp), %rdi
    movq %rdi, 8(%rax)
    movq 24(%rbp), %rdi
    movq %rdi, 16(%rax)
    movq 32(%rbp), %rdi
    movq %rdi, 24(%rax)
    movq 40(%rbp), %rdi
    movq %rdi, 32(%rax)
    movq 48(%rbp), %rdi
    movq %rdi, 40(%rax)
    movq 56(%rbp), %rdi
    movq %rdi, 48(%rax)
    movq -8(%rbp), %rdi
    movq %rdi, 64(%rax)
    movq %rsp, %rdi             # which stack
    movq %rdi, 72(%rax)
    addl $80, LOGPTR
    xorl %eax, %eax
    movl %eax, %ds
    movl %eax, %es
    movl %eax, %ss
    movl $KSTACK, %esp
    movl RECOVER, %eax
    jmpq *%rax

note64:
    pushq %rax
    pushq %rdi
    movl LOGPTR, %eax
    movq $0xffff, (%rax)
    movq 24(%rsp), %rdi
    movq %rdi, 8(%rax)
    addl $16, LOGPTR
    popq %rdi
    popq %rax
    ret $8

go_user64:                      # 64-bit code at the address in RAX
    pushq $UDATA_S
    pushq $USTACK
    pushq $0x2
    pushq $UCODE_64
    pushq %rax
    iretq

go_user_compat:
    pushq $UDATA_S
    pushq $USTACK
    pushq $0x2
    pushq $UCODE
    pushq %rax
    movl $UDATA, %eax
    movl %eax, %ds
    movl %eax, %es
    iretq

.balign 8
gdt:
    DESC 0, 0, 0
    DESC 0, 0xfffff, 0xc9a      # 08 code
    DESC 0, 0xfffff, 0xc92      # 10 data
    DESC 0, 0xfffff, 0xcfa      # 18 user code
    DESC 0, 0xfffff, 0xcf2      # 20 user data
    DESC TSS, 0x87, 0x089       # 28 TSS
    DESC TSS_B, 0x67, 0x089     # 30 another
    GATE CODE, (gate_entry - x86_blob + BASE), 0xec # 38 call gate for CPL 3
    DESC 0, 0xfffff, 0xc9e      # 40 conforming
    DESC 0, 0xfffff, 0xc12      # 48 not present
    DESC 0, 0xfffff, 0xc90      # 50 read-only
    DESC 0, 0xfffff, 0xc98      # 58 execute-only
    DESC 0, 0x0000f, 0xc96      # 60 expand down, above 64 KiB
    DESC 0, 0xffff, 0x09a       # 68 16-bit code
    DESC 0, 0xffff, 0x092       # 70 16-bit data
    DESC LDT, 0x1f, 0x082       # 78 LDT
    GATE SEL_TSS_B, 0, 0xe5     # 80 task gate
    DESC TSS_16, 0x2b, 0x081    # 88 16-bit TSS
    DESC 0, 0xfffff, 0xcba      # 90 code DPL 1
    DESC 0, 0xfffff, 0xcb2      # 98 data DPL 1
    DESC 0, 0xfffff, 0xa9a      # a0 64-bit code
    DESC SCRATCH, 0xff, 0x0f2   # a8 small, for everybody
    DESC 0, 0xfffff, 0xcfa      # b0 user code, for SYSRET
    DESC 0, 0xfffff, 0xcf2      # b8 user data
    DESC 0, 0xfffff, 0xafa      # c0 user 64-bit code
    GATE CODE, (gate_entry16 - x86_blob + BASE), 0xe4 # c8 16-bit call gate
    GATE SEL_CONF, (gate_entry - x86_blob + BASE), 0xec # d0
    DESC 0, 0xfffff, 0xc1a      # d8 code, not present
    GATE CODE, 0, 0x6c          # e0 call gate, not present
    DESC TSS, 0x87, 0x089       # e8 64-bit TSS
    .quad 0
    GATE CODE_64, (gate_entry64 - x86_blob + BASE), 0xec # f8 64-bit call gate
    .quad 0
    GATE CODE, (gate_entry - x86_blob + BASE), 0xec, 2 # 108 with two parameters
gdt_end:
gdtr:
    .word GDT_LIMIT - 1
    .long gdt - x86_blob + BASE
idtr:
    .word 0xfff
    .long IDT

# What call gates lead to: logs where it is, then comes back.
.code32
gate_entry:
    movl %cs, %eax
    NOTE %eax
    movl %ss, %eax
    NOTE %eax
    movl %esp, %eax
    NOTE %eax
    movl (%esp), %eax
    NOTE %eax
    movl 4(%esp), %eax
    NOTE %eax
    movl 8(%esp), %eax
    NOTE %eax
    movl 12(%esp), %eax
    NOTE %eax
    lret
gate_entry16:
    movl %esp, %eax
    NOTE %eax
    movl (%esp), %eax
    NOTE %eax
    movl 4(%esp), %eax
    NOTE %eax
    lretw
.code64
gate_entry64:
    movq %rsp, %rax
    NOTE64 %rax
    movl %cs, %eax
    NOTE64 %rax
    movl %ss, %eax
    NOTE64 %rax
    movq (%rsp), %rax
    NOTE64 %rax
    movq 24(%rsp), %rax
    NOTE64 %rax
    lretq
