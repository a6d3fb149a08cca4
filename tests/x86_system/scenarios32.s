# Scenarios in protected mode without long mode, and in real mode. Each ends with HLT at CPL 0.

.macro SCENARIO_ name, mode
.pushsection .data.rel.ro.x86_scenarios, "aw"
    .balign 8
    .quad 9f
    .long \name - x86_blob + BASE
    .long \mode
.popsection
.pushsection .rodata.x86_names, "a"
9:  .asciz "\name"
.popsection
\name:
.endm

.macro USER label
    movl $(\label - x86_blob + BASE), %eax
    jmp go_user32
.endm

.macro DONE
    hlt
    jmp .-1
.endm

.code32

SCENARIO_ plain32, PAGING_NONE
    DONE

# --- exceptions by instructions

SCENARIO_ faults32, PAGING_NONE
    movl $0x12345678, %ebx
    TRY 1f
    xorl %ecx, %ecx
    movl $5, %eax
    xorl %edx, %edx
    divl %ecx
1:  TRY 2f
    ud2
2:  TRY 3f
    int3
3:  TRY 4f
    movb $0x7f, %al
    addb $1, %al
    into
4:  TRY 5f
    int $0x42                   # DPL 0 gate at CPL 0
5:  TRY 6f
    int $0x92
6:  TRY 7f
    movl $100, %eax
    movl $5, SCRATCH
    movl $50, SCRATCH + 4
    boundl %eax, SCRATCH
7:  TRY 8f
    movl %cr0, %eax
    orl $8, %eax
    movl %eax, %cr0
    fnop
8:  TRY 9f
    clts
    movl %cr0, %eax
    orl $4, %eax
    movl %eax, %cr0
    fnop
9:  TRY 10f
    movl $SEL_ABSENT, %eax
    movl %eax, %ds
10: movl %cr0, %eax
    andl $~4, %eax
    movl %eax, %cr0
    TRY 11f
    .byte 0xf0, 0x90            # LOCK NOP
11: TRY 12f
    .byte 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x90
12: TRY 13f
    .byte 0xf1                  # INT1
13: USER u_faults
u_faults:
    TRY u1
    int $0x42                   # DPL 0 gate at CPL 3
u1: USER 1f
1:  TRY u2
    hlt
u2: USER 1f
1:  TRY u3
    cli
u3: USER 1f
1:  TRY u4
    movl %cr0, %eax
u4: USER 1f
1:  TRY u5
    inb $0x80, %al              # in the bitmap: allowed
    int $0x81
u5: USER 1f
1:  TRY u6
    movw $0x120, %dx
    inb %dx, %al                # beyond the bitmap
u6: movb $0x10, TSS + 0x68 + 0x10  # port 0x84 denied
    USER 1f
1:  TRY u7
    inb $0x84, %al
u7: USER 1f
1:  TRY u8
    inw $0x83, %ax
u8: USER 1f
1:  TRY u9
    inb $0x85, %al
    int3
u9: USER 1f
1:  TRY u10
    lgdt (gdtr - x86_blob + BASE)
u10: USER 1f
1:  TRY u11
    wbinvd
u11: USER 1f
1:  TRY u12
    rdmsr
u12: USER 1f
1:  TRY u13
    movl %eax, %dr0
u13: USER 1f
1:  TRY u14
    movw $SEL_TSS, %ax
    ltr %ax
u14: USER 1f
1:  TRY u15
    str %eax
    sldt %ebx
    smsw %cx
    sgdt SCRATCH + 0x20
    sidt SCRATCH + 0x28
    int $0x88
u15: NOTE %ebx
    andl $0xf, %ecx
    NOTE %ecx
    USER 1f
1:  TRY u16
    sti
u16: USER 1f
1:  TRY u17
    movl $0x88888, %eax
    clts
u17: DONE

# --- loading segments

.macro LOAD_ALL seg
    movl $0, %ebx
1:  TRY 2f
    movl %ebx, %eax
    movl %eax, %\seg
    movl $DATA, %eax
    movl %eax, %ds
    movl %\seg, %ecx
    NOTE %ecx
2:  movl $DATA, %eax
    movl %eax, %\seg
    movl %eax, %ds
    addl %esi, %ebx
    cmpl $0x118, %ebx
    jb 1b
.endm

SCENARIO_ load_es, PAGING_NONE
    movl $1, %esi
    LOAD_ALL es
    DONE

SCENARIO_ load_fs_ldt, PAGING_NONE
    movl $0x0000ffff, LDT       # data, DPL 3
    movl $0x00cff200, LDT + 4
    movl $0x0000ffff, LDT + 8
    movl $0x00cf7200, LDT + 12  # absent
    movw $SEL_LDT, %ax
    lldt %ax
    movl $1, %esi
    LOAD_ALL fs
    TRY 3f
    movw $SEL_TSS, %ax
    lldt %ax
3:  TRY 4f
    movw $4, %ax
    lldt %ax
4:  TRY 5f
    movw $0x3000, %ax
    lldt %ax
5:  TRY 6f
    xorw %ax, %ax
    lldt %ax
    movw $7, %ax
    movw %ax, %fs
6:  TRY 7f
    movw $SEL_TSS, %ax
    ltr %ax                     # busy
7:  TRY 8f
    movw $0, %ax
    ltr %ax
8:  TRY 9f
    movw $SEL_LDT, %ax
    ltr %ax
9:  movl GDT_SHADOW, %eax
    NOTE %eax
    DONE
.set GDT_SHADOW, SCRATCH

SCENARIO_ load_ss, PAGING_NONE
    xorl %ebx, %ebx
1:  TRY 2f
    movl %ebx, %eax
    movl %eax, %ss
    movl %ss, %ecx
    NOTE %ecx
2:  movl $DATA, %eax
    movl %eax, %ss
    movl $KSTACK, %esp
    incl %ebx
    cmpl $SEL_DOWN, %ebx        # nothing could be pushed there
    jne 3f
    incl %ebx
3:  cmpl $0x118, %ebx
    jb 1b
    DONE

SCENARIO_ load_user, PAGING_NONE
    movl $0, %ebx
lu_next:
    USER 1f
1:  TRY lu_after
    movl %ebx, %eax
    movl %eax, %es
    movl %es, %ecx
    int $0x90
lu_after:
    NOTE %ecx
    USER 1f
1:  TRY lu_after2
    movl %ebx, %eax
    movl %eax, %ss
    int $0x91
lu_after2:
    addl $1, %ebx
    cmpl $0x118, %ebx
    jb lu_next
    DONE

# What an outer level loses.
SCENARIO_ drop_segments, PAGING_NONE
    movl $DATA, %eax
    movl %eax, %es
    movl $UDATA, %eax
    movl %eax, %fs
    movl $SEL_CONF, %eax
    movl %eax, %gs
    TRY 1f
    pushl $UDATA
    pushl $USTACK
    pushl $2
    pushl $UCODE
    pushl $(ds_user - x86_blob + BASE)
    iretl
ds_user:
    movl %ds, %ebx
    movl %es, %ecx
    movl %fs, %edx
    movl %gs, %esi
    int $0x80
1:  NOTE %ebx
    NOTE %ecx
    NOTE %edx
    NOTE %esi
    DONE

SCENARIO_ examine, PAGING_NONE
    movl $0x0000ffff, LDT
    movl $0x00cff200, LDT + 4
    movw $SEL_LDT, %ax
    lldt %ax
    xorl %ebx, %ebx
    xorl %edi, %edi
ex_loop:
    movl $0x11111111, %eax
    lar %ebx, %eax
    setz %cl
    NOTE %eax
    movl $0x22222222, %eax
    lsl %ebx, %eax
    setz %ch
    NOTE %eax
    verr %bx
    setz %dl
    verw %bx
    setz %dh
    NOTE %ecx
    NOTE %edx
    addl $1, %ebx
    cmpl $0x118, %ebx
    jb ex_loop
    testl %edi, %edi
    jnz ex_user_done
    movl $1, %edi
    xorl %ebx, %ebx
    TRY ex_user_done
    USER ex_user
ex_user:
    movl $0x33333333, %eax
    lar %ebx, %eax
    setz %cl
    lsl %ebx, %edx
    setz %ch
    verr %bx
    setz %cl
    movl %eax, SCRATCH(,%ebx,8)
    movw %cx, SCRATCH + 4(,%ebx,8)
    addl $1, %ebx
    cmpl $0x118, %ebx
    jb ex_user
    int $0x80
ex_user_done:
    movl $1, %eax
    movw $0x13, %bx
    arpl %ax, %bx
    NOTE %ebx
    movw $0x10, %bx
    movw $3, %ax
    arpl %ax, %bx
    NOTE %ebx
    DONE

# --- limits and types of data accesses

SCENARIO_ limits, PAGING_NONE
    movl $SEL_SMALL, %eax
    movl %eax, %es
    TRY 1f
    movb %es:0xff, %al
    movl %es:0xfd, %eax
1:  movl $SEL_SMALL, %eax
    movl %eax, %es
    TRY 2f
    movw %es:0xff, %ax
2:  movl $SEL_SMALL, %eax
    movl %eax, %es
    TRY 3f
    movl %eax, %es:0xfffffffe
3:  movl $SEL_DOWN, %eax
    movl %eax, %es
    TRY 4f
    movl %es:0xffff, %eax
4:  movl $SEL_DOWN, %eax
    movl %eax, %es
    TRY 5f
    movl %es:0x10000, %eax
    movl %es:0xfffffffd, %eax
5:  movl $SEL_RDONLY, %eax
    movl %eax, %es
    TRY 6f
    movl %es:SCRATCH, %eax
    movl %eax, %es:SCRATCH
6:  movl $CODE, %eax
    movl %eax, %es
    TRY 7f
    movl %es:SCRATCH, %eax
    movl %eax, %es:SCRATCH
7:  TRY 8f
    movl %eax, %cs:SCRATCH
8:  xorl %eax, %eax
    movl %eax, %es
    TRY 9f
    movl %es:SCRATCH, %eax
9:  TRY 10f
    movl $SEL_SMALL, %eax
    movl %eax, %fs
    movl $0x100, %esi
    movl $SCRATCH + 0x10, %edi
    movl $0xf8, %esi
    movl $4, %ecx
    cld
    rep movsl %fs:(%esi), %es:(%edi)
10: NOTE %ecx
    NOTE %esi
    NOTE %edi
    TRY 11f
    movl $DATA16, %eax
    movl %eax, %ss
    movl $0x10002, %esp
    pushl %ebp
11: NOTE %esp
    TRY 12f
    movl $DATA16, %eax
    movl %eax, %ss
    movl $0xabcd0004, %esp
    pushl $0x77777777
    movl %esp, %ebx
    pushw $1
    movl %esp, %ebx
    pushw $1
    int $0x42
12: NOTE %ebx
    DONE

# --- far transfers

.macro FAR_ALL op, sel_step=1
    xorl %ebx, %ebx
1:  TRY 2f
    movl $KSTACK, %esp
    movl $(3f - x86_blob + BASE), SCRATCH
    movw %bx, SCRATCH + 4
    \op *SCRATCH
3:  movl $DATA, %eax
    movl %cs, %ecx
    NOTE %ecx
    movl %esp, %ecx
    NOTE %ecx
    ljmp $CODE, $(2f - x86_blob + BASE)
2:  cmpl $SEL_TSS_B - 8, %ebx
    jne 4f
    addl $8, %ebx
4:  addl $\sel_step, %ebx
    cmpl $SEL_TASKGATE, %ebx    # tasks have a scenario of their own
    jb 5f
    cmpl $CODE_1, %ebx
    jae 5f
    movl $CODE_1, %ebx
5:  cmpl $0x118, %ebx
    jb 1b
.endm

SCENARIO_ far_jump, PAGING_NONE
    movw $0, SCRATCH + 6
    xorl %ebx, %ebx
fj_loop:
    TRY fj_next
    movl $KSTACK, %esp
    movl $(fj_here - x86_blob + BASE), SCRATCH
    movw %bx, SCRATCH + 4
    ljmp *SCRATCH
fj_here:
    movl %cs, %ecx
    NOTE %ecx
    ljmp $CODE, $(fj_next - x86_blob + BASE)
fj_next:
    incl %ebx
    # Neither tasks, gates (which come back by LRET), nor code of other sizes.
    movl %ebx, %eax
    andl $~7, %eax
    cmpl $SEL_TSS_B, %eax
    je fj_next
    cmpl $SEL_TASKGATE, %eax
    je fj_next
    cmpl $SEL_TSS_16, %eax
    je fj_next
    cmpl $CODE16, %eax
    je fj_next
    cmpl $SEL_GATE, %eax
    je fj_next
    cmpl $SEL_GATE16, %eax
    je fj_next
    cmpl $SEL_GATE_CONF, %eax
    je fj_next
    cmpl $SEL_GATE_64, %eax
    je fj_next
    cmpl $SEL_GATE_PARAMS, %eax
    je fj_next
    cmpl $SEL_TSS_64, %eax
    je fj_next
    cmpl $0x120, %ebx
    jb fj_loop
    DONE

SCENARIO_ call_gates, PAGING_NONE
    TRY 1f
    lcall $SEL_GATE, $0x1234
    NOTE %esp
    lcall $SEL_GATE_CONF, $0
    NOTE %esp
    lcall $SEL_GATE16, $0
1:  TRY 2f
    lcall $SEL_GATE_ABSENT, $0
2:  TRY 3f
    lcall $SEL_GATE_PARAMS, $0
    NOTE %esp
3:  TRY 5f
    USER 1f
1:  pushl $0x11111111
    pushl $0x22222222
    lcall $SEL_GATE_PARAMS, $0
    int $0x80
5:  TRY 6f
    USER 1f
1:  lcall $SEL_GATE + 3, $0
    movl %esp, %ebx
    int $0x80
6:  NOTE %ebx
    TRY 10f
    USER 1f
1:  lcall $CODE + 3, $0
10: TRY 11f
    USER 1f
1:  lcall $SEL_CONF, $(1f - x86_blob + BASE)
1:  movl %cs, %ebx
    int $0x80
11: NOTE %ebx
    TRY 12f
    lcall $DATA, $0
12: TRY 13f
    lcall $UCODE, $0
13: TRY 14f
    lcallw $CODE, $(far16 - x86_blob + BASE)
far16:
    NOTE %esp
    movl (%esp), %eax
    NOTE %eax
14: DONE

SCENARIO_ far_return, PAGING_NONE
    TRY 1f
    pushl $0
    pushl $0
    lret
1:  TRY 2f
    pushl $DATA
    pushl $0
    lret
2:  TRY 3f
    pushl $SEL_XABSENT
    pushl $0
    lret
3:  TRY 4f
    pushl $UDATA
    pushl $USTACK
    pushl $UCODE
    pushl $(fr_user - x86_blob + BASE)
    lret $8
fr_user:
    movl %esp, %ebx
    int $0x80
4:  NOTE %ebx
    TRY 5f
    pushl $UDATA
    pushl $USTACK
    pushl $1
    pushl $2
    pushl $UCODE
    pushl $(fr_user - x86_blob + BASE)
    lret $8
5:  NOTE %ebx
    TRY 6f
    pushl $DATA
    pushl $USTACK
    pushl $UCODE
    pushl $(fr_user - x86_blob + BASE)
    lret
6:  TRY 7f
    pushl $0
    pushl $USTACK
    pushl $UCODE
    pushl $(fr_user - x86_blob + BASE)
    lret
7:  TRY 8f
    pushl $DATA_1 + 1
    pushl $USTACK
    pushl $CODE_1 + 1
    pushl $(fr_1 - x86_blob + BASE)
    lret
fr_1:
    movl %ss, %ebx
    movl %cs, %ecx
    movl $DATA_1 + 1, %eax
    movl %eax, %ds
    pushl $CODE                 # to an inner level
    pushl $0
    lret
8:  NOTE %ebx
    NOTE %ecx
    TRY 9f
    pushl $CODE + 3             # RPL does not fit DPL
    pushl $0
    lret
9:  DONE

SCENARIO_ irets, PAGING_NONE
    TRY 1f
    pushl $0x80040ed7           # many flags
    pushl $CODE
    pushl $(1f - x86_blob + BASE)
    iretl
1:  pushfl
    popl %eax
    NOTE %eax
    pushl $2
    popfl
    TRY 2f
    pushl $2
    pushl $DATA
    pushl $0
    iretl
2:  TRY 3f
    pushl $2
    pushl $SEL_XABSENT
    pushl $0
    iretl
3:  TRY 4f
    pushl $SEL_SMALL + 3
    pushl $0x80
    pushl $0x3202
    pushl $UCODE
    pushl $(ir_user - x86_blob + BASE)
    iretl
ir_user:
    movl %esp, %ebx
    pushfl
    popl %ecx
    cli
    pushfl
    popl %edx
    sti
    nop
    cli
    int $0x80
4:  NOTE %ebx
    NOTE %ecx
    NOTE %edx
    TRY 5f                      # at CPL 3 IOPL and IF stay
    USER 1f
1:  pushl $0x3202
    pushl $UCODE
    pushl $(2f - x86_blob + BASE)
    iretl
2:  pushfl
    popl %ebx
    pushl $0x247ed5
    popfl
    pushfl
    popl %ecx
    pushl $2
    popfl
    int $0x80
5:  NOTE %ebx
    NOTE %ecx
6:  TRY 7f
    pushw $2
    pushw $CODE
    pushw $(7f - x86_blob + BASE)
    iretw
7:  NOTE %esp
    pushl $0x247ed5
    popfl
    pushfl
    popl %eax
    pushl $2
    popfl
    NOTE %eax
    pushl $0xffffffff
    andl $~0x100, (%esp)
    popfl
    pushfl
    popl %eax
    pushl $2
    popfl
    NOTE %eax
    TRY 8f
    movl $SEL_SMALL, %eax
    pushl $UDATA
    pushl $USTACK
    pushl $2
    pushl $UCODE + 0x700
    pushl $0
    iretl
8:  DONE

# --- double faults

SCENARIO_ double_fault, PAGING_NONE
    TRY 1f
    andl $~0x8000, IDT + 13 * 8 + 4     # #GP's gate is not present: #NP, contributory
    movl $0x3000, %eax
    movl %eax, %es
1:  orl $0x8000, IDT + 13 * 8 + 4
    TRY 2f
    andl $~0x8000, IDT + 6 * 8 + 4      # #UD's: benign first
    ud2
2:  orl $0x8000, IDT + 6 * 8 + 4
    TRY 3f
    movw $SEL_ABSENT, IDT + 0 * 8 + 2   # #DE's leads to no code
    xorl %ecx, %ecx
    divl %ecx
3:  movw $CODE, IDT + 0 * 8 + 2
    TRY 4f
    movb $0x8c, IDT + 0x42 * 8 + 5      # a call gate
    int $0x42
4:  TRY 5f
    movw $0x3000, IDT + 0x43 * 8 + 2
    int $0x43
5:  TRY 6f
    movw $0, IDT + 0x44 * 8 + 2
    int $0x44
6:  TRY 7f
    movw $UCODE, IDT + 0x45 * 8 + 2     # an outer level
    int $0x45
7:  TRY 8f
    movw $SEL_CONF, IDT + 0x46 * 8 + 2
    int $0x46
8:  TRY 9f
    movw $SEL_CONF, IDT + 0x90 * 8 + 2
    USER 1f
1:  int $0x90                           # stays at CPL 3: the handler cannot store
9:  TRY 10f
    movw $0x1ff, SCRATCH                # IDT of 64 vectors
    movl $IDT, SCRATCH + 2
    lidt SCRATCH
    int $0x50
10: DONE

# Interrupt gates of 16 bits, trap gates.
SCENARIO_ gates16, PAGING_NONE
    movl $(g16 - x86_blob + BASE), %eax
    movw %ax, IDT + 0x42 * 8
    movw $0, IDT + 0x42 * 8 + 6
    movb $0x86, IDT + 0x42 * 8 + 5
    movl $0, %ebx
    int $0x42
    NOTE %ebx
    movb $0x8f, IDT + 0x43 * 8 + 5
    movl $(g32 - x86_blob + BASE), %eax
    movw %ax, IDT + 0x43 * 8
    int $0x43
    NOTE %ebx
    DONE
g16:
    movl (%esp), %ebx
    iretw
g32:
    pushfl
    popl %ebx
    iretl

# --- V86 mode

.macro V86 label, flags, ss=0, sp=0xd000
    pushl $0
    pushl $0
    pushl $0
    pushl $0
    pushl $\ss
    pushl $\sp
    pushl $(0x20002 | \flags)
    pushl $0
    pushl $(\label - x86_blob + BASE)
    iretl
.endm

SCENARIO_ v86, PAGING_NONE
    movw $0, TSS + 8 + 2
    TRY 1f
    V86 v86_a, 0
1:  TRY 2f
    V86 v86_b, 0x3000
2:  NOTE %ebx
    NOTE %ecx
    TRY 3f
    V86 v86_c, 0
3:  TRY 4f
    V86 v86_d, 0
4:  TRY 5f
    V86 v86_e, 0
5:  TRY 6f
    V86 v86_f, 0
6:  TRY 7f
    V86 v86_g, 0x3000
7:  TRY 8f
    V86 v86_h, 0x3000
8:  NOTE %ebx
    TRY 9f
    V86 v86_i, 0
9:  TRY 10f
    V86 v86_j, 0
10: DONE
.code16
v86_a:
    movw $0x1234, %ax
    movw %ax, %es
    movw %ax, %gs
    int $0x90
v86_b:                          # IOPL 3
    pushfw
    popw %bx
    movzwl %bx, %ebx
    sti
    pushfl
    popl %ecx
    cli
    pushw $0x7202
    popfw
    int $0x91
v86_c:
    cli
v86_d:
    pushfw
v86_e:
    hlt
v86_f:
    inb $0x84, %al              # the bitmap, even with IOPL 3
    movw $0x200, %dx
    inb %dx, %al
v86_g:
    inb $0x80, %al
    movw $0x200, %dx
    inb %dx, %al
v86_h:                          # IRET within
    pushw $0x3006
    pushw $0x10
    pushw $(1f - x86_blob + BASE - 0x100)
    iretw
1:  movw %cs, %bx
    movzwl %bx, %ebx
    int $0x93
v86_i:
    movw $0xffff, %bx
    movw (%bx), %ax             # limit
v86_j:
    smsw %ax
    movw %ax, %ds
    str %ax                     # #UD

.code32
SCENARIO_ vme, PAGING_NONE
    movl %cr4, %eax
    orl $1, %eax
    movl %eax, %cr4
    movw $0x88, TSS + 0x66      # I/O map at 0x88, redirection bitmap at 0x68
    movw $0x87 + 0x30, (gdt - x86_blob + BASE) + SEL_TSS
    andb $~2, (gdt - x86_blob + BASE) + SEL_TSS + 5
    movw $SEL_TSS, %ax
    ltr %ax
    movb $0x02, TSS + 0x68 + 0x12   # vector 0x91 goes to the monitor
    movw $(vme_int - x86_blob + BASE), 0x90 * 4
    movw $0, 0x90 * 4 + 2
    TRY 1f
    V86 vme_a, 0
1:  NOTE %ebx
    NOTE %ecx
    NOTE %edx
    TRY 2f
    V86 vme_b, 0
2:  TRY 3f
    V86 vme_c, 0x100000         # VIP
3:  TRY 4f
    V86 vme_a, 0x3000
4:  NOTE %ebx
    NOTE %ecx
    NOTE %edx
    DONE
.code16
vme_a:
    sti
    pushfw
    popw %bx
    movzwl %bx, %ebx
    int $0x90
    pushfw
    popw %cx
    movzwl %cx, %ecx
    cli
    pushw $0x0200
    popfw
    pushfw
    popw %dx
    movzwl %dx, %edx
    int $0x91
vme_int:
    pushfw
    popw %si
    iretw
vme_b:
    pushfl                      # 32 bits: #GP
vme_c:
    sti

# --- tasks

.code32
.macro FILL_TSS tss, eip, cs=CODE, ss=DATA, esp=KSTACK-0x400, eflags=2
    movl $\eip, \tss + 0x20
    movl $\eflags, \tss + 0x24
    movl $\esp, \tss + 0x38
    movl $DATA, \tss + 0x48
    movl $\cs, \tss + 0x4c
    movl $\ss, \tss + 0x50
    movl $DATA, \tss + 0x54
    movl $DATA, \tss + 0x58
    movl $DATA, \tss + 0x5c
    movl $0xb0b0b0b0, \tss + 0x34
    movl $0, \tss + 0x60
    movl $0, \tss + 0x64
.endm

SCENARIO_ tasks, PAGING_NONE
    FILL_TSS TSS_B, (task_b - x86_blob + BASE)
    movl $0x11111111, %ebx
    movl $0x22222222, %esi
    TRY 1f
    lcall $SEL_TSS_B, $0
    pushfl
    popl %eax
    NOTE %eax
    NOTE %ebx
    movl %cr0, %eax
    NOTE %eax
    clts
1:  movl (gdt - x86_blob + BASE) + SEL_TSS_B + 4, %eax
    NOTE %eax
    movl (gdt - x86_blob + BASE) + SEL_TSS + 4, %eax
    NOTE %eax
    TRY 2f
    lcall $SEL_TSS, $0          # busy
2:  TRY 3f
    FILL_TSS TSS_B, (task_b2 - x86_blob + BASE)
    ljmp $SEL_TASKGATE, $0
task_b2:
    str %ax
    movzwl %ax, %eax
    NOTE %eax
    pushfl
    popl %eax
    NOTE %eax
    ljmp $SEL_TSS, $0
3:  TRY 4f
    FILL_TSS TSS_B, (task_b - x86_blob + BASE)
    movl $SEL_ABSENT, TSS_B + 0x58
    lcall $SEL_TSS_B, $0
4:  str %ax
    movzwl %ax, %eax
    NOTE %eax
    DONE
task_b:
    str %ax
    movzwl %ax, %eax
    NOTE %eax
    NOTE %ebx
    pushfl
    popl %eax
    NOTE %eax
    movl TSS_B, %eax
    NOTE %eax
    iretl
    NOTE %esp
    iretl

SCENARIO_ task_interrupt, PAGING_NONE
    movl $(SEL_TASKGATE_TARGET << 16), IDT + 0x44 * 8
    movl $0x8500, IDT + 0x44 * 8 + 4
    movl $(SEL_TASKGATE_TARGET << 16), IDT + 13 * 8
    movl $0x8500, IDT + 13 * 8 + 4
    FILL_TSS TSS_B, (task_int - x86_blob + BASE)
    int $0x44
    movl $0x55, %ebp
    movl $0x3000, %eax
    FILL_TSS TSS_B, (task_gp - x86_blob + BASE)
    movl %eax, %fs              # #GP: skipped by the handler
    NOTE %ebp
    DONE
.set SEL_TASKGATE_TARGET, SEL_TSS_B
task_int:
    NOTE %esp
    pushfl
    popl %eax
    NOTE %eax
    iretl
task_gp:
    popl %eax
    NOTE %eax
    addl $2, TSS + 0x20
    iretl

SCENARIO_ task_16, PAGING_NONE
    movw $(task16 - x86_blob + BASE), TSS_16 + 0x0e
    movw $2, TSS_16 + 0x10
    movw $0x1111, TSS_16 + 0x12
    movw $(KSTACK - 0x400), TSS_16 + 0x1a
    movw $DATA, TSS_16 + 0x22
    movw $CODE16, TSS_16 + 0x24
    movw $DATA, TSS_16 + 0x26
    movw $DATA, TSS_16 + 0x28
    movw $0, TSS_16 + 0x2a
    movl $0x77777777, %eax
    lcall $SEL_TSS_16, $0
    NOTE %eax
    DONE
.code16
task16:
    movw %ax, SCRATCH
    movl %ecx, SCRATCH + 4
    iretw
.code32

SCENARIO_ task_faults, PAGING_NONE
    FILL_TSS TSS_B, 0
    movl $SEL_XONLY, TSS_B + 0x48
    TRY 1f
    ljmp $SEL_TSS_B, $0
1:  str %ax
    movzwl %ax, %eax
    NOTE %eax
    DONE

SCENARIO_ task_faults3, PAGING_NONE
    FILL_TSS TSS_B, 0
    movw $0x30, (gdt - x86_blob + BASE) + SEL_TSS_B
    TRY 1f
    ljmp $SEL_TSS_B, $0
1:  movw $0x67, (gdt - x86_blob + BASE) + SEL_TSS_B
    andb $0x7f, (gdt - x86_blob + BASE) + SEL_TSS_B + 5
    TRY 2f
    ljmp $SEL_TSS_B, $0
2:  orl $0x4000, %eax
    pushl %eax
    popfl
    movw $SEL_TSS_B, TSS
    TRY 3f
    pushfl
    orl $0x4000, (%esp)
    popfl
    iretl
3:  movw $0x3000, TSS
    TRY 4f
    pushfl
    orl $0x4000, (%esp)
    popfl
    iretl
4:  pushl $2
    popfl
    DONE

SCENARIO_ task_v86, PAGING_NONE
    FILL_TSS TSS_B, (tv_code - x86_blob + BASE), 0, 0, 0xd000, 0x23002
    movl $0, TSS_B + 0x48
    movl $0, TSS_B + 0x54
    movl $0, TSS_B + 0x58
    movl $0, TSS_B + 0x5c
    movl $(KSTACK - 0x900), TSS_B + 4
    movl $DATA, TSS_B + 8
    movl $0, TSS_B + 0x64
    TRY 1f
    ljmp $SEL_TSS_B, $0
1:  str %ax
    movzwl %ax, %eax
    NOTE %eax
    DONE
.code16
tv_code:
    movw $0x42, %bx
    int $0x94
.code32

# --- debug

SCENARIO_ single_step, PAGING_NONE
    TRY 1f
    pushl $0x102
    popfl
    nop
    nop
1:  movl %dr6, %eax
    NOTE %eax
    xorl %eax, %eax
    movl %eax, %dr6
    TRY 2f
    pushl $0x102
    popfl
    pushl $2
    popfl
    nop
2:  TRY 3f
    pushl $0x102
    pushl $CODE
    pushl $(ss_target - x86_blob + BASE)
    iretl
ss_target:
    incl %ebx
    incl %ebx
3:  TRY 4f
    pushl $0x102
    popfl
    int $0x42
4:  TRY 5f
    movl $DATA, %ecx
    pushl $0x102
    popfl
    movl %ecx, %ss
    movl $1, %ebx
    movl $2, %ebx
5:  NOTE %ebx
    TRY 6f
    movl $3, %ecx
    movl $SCRATCH, %edi
    pushl $0x102
    popfl
    rep stosb
    nop
6:  NOTE %ecx
    TRY 7f
    pushl $0x102
    popfl
    jmp 8f
8:  nop
    nop
7:  TRY 9f
    pushl $0x102
    popfl
    divl %esi
9:  TRY 10f
    pushl $0x302
    popfl
    cli
10: DONE

SCENARIO_ breakpoints, PAGING_NONE
    movl $(bp_here - x86_blob + BASE), %eax
    movl %eax, %dr0
    movl $SCRATCH + 4, %eax
    movl %eax, %dr1
    movl $SCRATCH + 0x10, %eax
    movl %eax, %dr2
    movl $0xffff0fff, %eax
    movl %eax, %dr6
    movl %dr6, %eax
    NOTE %eax
    movl $(0x2aa | (13 << 20) | (7 << 24)), %eax # DR1: write of 4, DR2: 2 bytes any
    movl %eax, %dr7
    movl %dr7, %eax
    NOTE %eax
    TRY 1f
    movl $1, %ebx
bp_here:
    movl $2, %ebx
    cmpl $77, %ebp
    je 2f
1:  NOTE %ebx
    movl %dr6, %eax
    NOTE %eax
    xorl %eax, %eax
    movl %eax, %dr6
    TRY 2f
    movl $77, %ebp
    pushl $0x10002              # RF
    pushl $CODE
    pushl $(bp_here - x86_blob + BASE)
    iretl
2:  NOTE %ebx
    TRY 3f
    movl SCRATCH + 4, %eax      # reading does not match
    movl %eax, SCRATCH + 8
    movb %al, SCRATCH + 7
    nop
3:  movl %dr6, %eax
    NOTE %eax
    xorl %eax, %eax
    movl %eax, %dr6
    TRY 4f
    movb SCRATCH + 0x11, %al
    nop
4:  movl %dr6, %eax
    NOTE %eax
    xorl %eax, %eax
    movl %eax, %dr6
    TRY 5f
    movl $0x99, %eax
    movw $DATA, SCRATCH + 0x10
    movl $0, %ecx
5:  xorl %eax, %eax
    movl %eax, %dr6
    TRY 6f
    movl $SCRATCH, %edi
    movl $8, %ecx
    rep stosb
6:  NOTE %ecx
    NOTE %edi
    movl %dr6, %eax
    NOTE %eax
    xorl %eax, %eax
    movl %eax, %dr6
    movl %dr7, %eax
    orl $0x2000, %eax           # GD
    movl %eax, %dr7
    TRY 7f
    movl %dr0, %eax
7:  movl %dr6, %eax
    NOTE %eax
    movl %dr7, %eax
    NOTE %eax
    xorl %eax, %eax
    movl %eax, %dr7
    TRY 8f
    movl %dr4, %eax
    NOTE %eax
    movl %cr4, %eax
    orl $8, %eax
    movl %eax, %cr4
    movl %dr4, %eax
8:  movl $0x80, %eax
    movl %eax, %dr3
    movl $(0x40 | 2 << 28), %eax
    movl %eax, %dr7
    xorl %eax, %eax
    movl %eax, %dr6
    TRY 9f
    outb %al, $0x80
    nop
9:  movl %dr6, %eax
    NOTE %eax
    DONE

# --- control registers

.macro SET_CR n, value, next
    TRY \next
    movl $\value, %eax
    movl %eax, %cr\n
    movl %cr\n, %eax
    NOTE %eax
.endm

SCENARIO_ control, PAGING_NONE
    SET_CR 0, 0x20000011, 2f
2:  SET_CR 0, 0x6000003f, 3f
3:  SET_CR 0, 0x00050031, 4f
4:  SET_CR 0, 0x00000011, 5f
5:  SET_CR 4, 0x80000000, 6f
6:  SET_CR 4, 0x000006ff, 7f
7:  SET_CR 4, 0x00020000, 8f
8:  SET_CR 4, 0, 9f
9:  SET_CR 2, 0xdeadbeef, 10f
10: SET_CR 3, 0xfffff018, 11f
11: TRY 12f
    movl $0x3e, %eax
    lmsw %ax
    smsw %eax
    NOTE %eax
    movl $0, %eax
    lmsw %ax
    smsw %eax
    NOTE %eax
12: TRY 13f
    .byte 0x0f, 0x20, 0xc8      # CR1
13: TRY 14f
    .byte 0x0f, 0x20, 0xf8      # CR7
14: TRY 15f
    movl $0xc0000080, %ecx
    movl $0x800, %eax
    xorl %edx, %edx
    wrmsr
    rdmsr
    NOTE %eax
    movl $0x2, %eax
    wrmsr
15: TRY 16f
    movl $0x12345678, %ecx
    rdmsr
16: TRY 17f
    movl $0x277, %ecx
    rdmsr
    NOTE %eax
    NOTE %edx
    movl $0x02000000, %eax
    wrmsr
17: TRY 18f
    movl $0x174, %ecx
    movl $CODE, %eax
    xorl %edx, %edx
    wrmsr
    movl $0x175, %ecx
    movl $KSTACK, %eax
    wrmsr
    movl $0x176, %ecx
    movl $(sysenter_target - x86_blob + BASE), %eax
    wrmsr
    USER 1f
1:  sysenter
sysenter_target:
    movl %cs, %eax
    NOTE %eax
    movl %ss, %eax
    NOTE %eax
    NOTE %esp
    pushfl
    popl %eax
    NOTE %eax
    movl $(sysexit_target - x86_blob + BASE), %edx
    movl $USTACK, %ecx
    sysexit
sysexit_target:
    movl %cs, %ebx
    movl %ss, %esi
    int $0x80
18: NOTE %ebx
    NOTE %esi
    DONE

# --- paging, 4 MiB and 4 KiB pages

.macro PTE page, flags
    movl $((\page) | (\flags)), PAGES + 0x1000 + ((\page) >> 12) * 4
    invlpg (\page)
.endm
.macro SHOW_PTE page
    movl PAGES + 0x1000 + ((\page) >> 12) * 4, %eax
    NOTE %eax
.endm

SCENARIO_ paging32, PAGING_4M
    PTE 0x30000, 0
    TRY 1f
    movl 0x30000, %eax
1:  TRY 2f
    movl %eax, 0x30ffe
2:  PTE 0x30000, 1
    TRY 3f
    movl 0x30000, %eax
    SHOW_PTE 0x30000
    movl %eax, 0x30000          # WP
3:  SHOW_PTE 0x30000
    movl %cr0, %eax
    andl $~0x10000, %eax
    movl %eax, %cr0
    movl %eax, 0x30000
    SHOW_PTE 0x30000
    orl $0x10000, %eax
    movl %cr0, %eax
    orl $0x10000, %eax
    movl %eax, %cr0
    TRY 4f
    USER 1f
1:  movl 0x30000, %eax          # supervisor
4:  PTE 0x30000, 5
    TRY 5f
    USER 1f
1:  movl 0x30000, %eax
    movl %eax, 0x30000
5:  PTE 0x30000, 7
    TRY 6f
    USER 1f
1:  movl 0x31234, %eax
    movl %eax, 0x30000
    int $0x80
6:  SHOW_PTE 0x30000
    SHOW_PTE 0x31000
    TRY 7f                      # an access across pages
    PTE 0x31000, 0
    movl $0x01020304, 0x30ffe
7:  movl 0x30ffc, %eax
    NOTE %eax
8:  TRY 9f
    movl 0x400000, %eax
    movl %eax, 0x400004
    movl 4 + PAGES, %eax
    NOTE %eax
    movl $0x00600087, PAGES + 4
    invlpg 0x400000
    movl 0x400000, %eax
    movl $0x00602087 | 1 << 21, PAGES + 4  # reserved bit
    invlpg 0x400000
    movl 0x400000, %eax
9:  TRY 10f
    movl $0x31000, %eax
    jmp *%eax
10: PTE 0x32000, 7
    movl $0x90909090, 0x32ffc
    TRY 11f
    PTE 0x33000, 0
    movl $0x32ffd, %eax
    jmp *%eax
11: TRY 12f
    movl $0xb8909090, 0x32ffc   # an instruction across pages
    movl $0x32ffd, %eax
    jmp *%eax
12: TRY 13f
    movl $SCRATCH, %esi
    movl $0x32ff0, %edi
    movl $0x20, %ecx
    rep movsb
13: NOTE %ecx
    NOTE %esi
    NOTE %edi
    PTE 0x34000, 7
    TRY 15f
    lock incl 0x34000
    SHOW_PTE 0x34000
    PTE 0x34000, 5
    cmpxchgl %ebx, 0x34000      # checks for writing, whatever comes out
    lock decl 0x34000
15: TRY 16f
    movl $0xfffffffe, %esi
    movl (%esi), %eax
16: DONE

SCENARIO_ paging_tables, PAGING_4M
    PTE 0xb000, 3               # LDT on a supervisor page: for the system it is readable
    movl $0x0000ffff, LDT
    movl $0x00cff200, LDT + 4
    movw $SEL_LDT, %ax
    lldt %ax
    TRY 2f
    USER 1f
1:  movl $7, %eax
    movl %eax, %es
    int $0x80
2:  movl LDT + 4, %eax
    NOTE %eax
    PTE 0xb000, 0
    TRY 3f
    USER 1f
1:  movl $7, %eax
    movl %eax, %es
3:  PTE 0x9000, 3               # so is the IDT
    TRY 4f
    USER 1f
1:  int $0x80
4:  # The IDT moved
    movw $0x7ff, SCRATCH
    movl $0x32000, SCRATCH + 2
    movl $IDT, %esi
    movl $0x32000, %edi
    movl $0x200, %ecx
    PTE 0x32000, 7
    rep movsl
    lidt SCRATCH
    TRY 5f
    int $0x42
5:  DONE

.macro PAE page, lo, hi=0
    movl $((\page) | (\lo)), PAGES + 0x2000 + ((\page) >> 12) * 8
    movl $\hi, PAGES + 0x2000 + ((\page) >> 12) * 8 + 4
    invlpg (\page)
.endm

SCENARIO_ paging_pae_, PAGING_PAE
    PAE 0x30000, 7, 0x80000000
    TRY 1f
    movl 0x30000, %eax
    movl $0x30000, %eax
    jmp *%eax
1:  PAE 0x30000, 7, 0x00100000  # reserved
    TRY 2f
    movl 0x30000, %eax
2:  PAE 0x30000, 7, 0x70000000
    TRY 3f
    movl %eax, 0x30000
3:  PAE 0x30000, 7, 0x80000000
    TRY 4f
    USER 1f
1:  movl $0x30000, %eax
    jmp *%eax
4:  TRY 5f
    movl $0xc0000080, %ecx      # without NXE the bit is reserved
    xorl %eax, %eax
    xorl %edx, %edx
    wrmsr
    movl 0x30000, %eax
5:  TRY 6f
    movl 0x200000, %eax
    movl %eax, 0x200000
    movl PAGES + 0x1008, %eax
    NOTE %eax
    movl $0x00202087, PAGES + 0x1008
    invlpg 0x200000
    movl 0x200000, %eax
6:  TRY 7f
    movl 0x40000000, %eax
7:  DONE

# --- what is left when CR3 is loaded again (target-x86/system/spaces.c): after enough loads for the
# CPU to keep what it can, tables are changed in every way

.set T0, PAGES + 0x1000
.set T1, 0x41000
.set D2, 0x42000
.set T2, 0x43000
.macro LOAD_CR3 dir
    movl $\dir, %eax
    movl %eax, %cr3
.endm
.macro READ page
    movl \page, %eax
    NOTE %eax
.endm
.macro COPY_TABLE from, to
    movl $\from, %esi
    movl $\to, %edi
    movl $0x400, %ecx
    cld
    rep movsl
.endm

SCENARIO_ cr3_kept, PAGING_4M
    TRY 9f
    movl $0x11111111, 0x30000
    movl $0x22222222, 0x31000
    movl $0x33333333, 0x32000
    COPY_TABLE T0, T1
    COPY_TABLE T0, T2
    movl $(T2 + 7), D2
    movl $20, %ecx
1:  movl 0x30000, %ebx
    LOAD_CR3 PAGES
    movl 0x30000, %ebx
    LOAD_CR3 D2
    loop 1b
    LOAD_CR3 PAGES
    movl 0x30000, %ebx
    movl $(0x31000 + 7), T0 + 0x30 * 4      # through the mapping that all use
    LOAD_CR3 PAGES
    READ 0x30000
    movl $(T0 + 7), T0 + 0x33 * 4           # through another one
    invlpg 0x33000
    movl $(0x32000 + 7), 0x33000 + 0x30 * 4
    LOAD_CR3 PAGES
    READ 0x30000
    movl 0x30000, %ebx                      # the other space's table, from here
    movl $(0x31000 + 7), T2 + 0x30 * 4
    LOAD_CR3 D2
    READ 0x30000
    movl $(0x30000 + 7), T2 + 0x30 * 4
    invlpg 0x30000
    READ 0x30000
    movl $(0x30000 + 7), T0 + 0x30 * 4      # and back; by REP
    LOAD_CR3 PAGES
    READ 0x30000
    movl $(0x32000 + 7), %eax
    movl $(T0 + 0x30 * 4), %edi
    movl $2, %ecx
    rep stosl
    LOAD_CR3 PAGES
    READ 0x30000
    READ 0x31000
    movl $(0x30000 + 7), T0 + 0x30 * 4      # accessed and dirty bits are set anew
    LOAD_CR3 PAGES
    SHOW_PTE 0x30000
    movl 0x30000, %ebx
    SHOW_PTE 0x30000
    movl %ebx, 0x30000
    SHOW_PTE 0x30000
    movl $(0x30000 + 7), T0 + 0x30 * 4
    LOAD_CR3 PAGES
    movl %ebx, 0x30000
    SHOW_PTE 0x30000
    movl $(0x30000 + 0x27), T0 + 0x30 * 4   # only dirty
    LOAD_CR3 PAGES
    movl %ebx, 0x30000
    SHOW_PTE 0x30000
    movl $(T1 + 7), PAGES                   # a store above the last level
    movl $(0x32000 + 7), T1 + 0x30 * 4
    LOAD_CR3 PAGES
    READ 0x30000
    movl $(T0 + 7), PAGES
    LOAD_CR3 PAGES
    READ 0x30000
    movl $0x100, %ecx                       # more pages than are listed one by one
3:  movl %ecx, %ebx
    shll $12, %ebx
    movl (%ebx), %edx
    incl %ecx
    cmpl $0x140, %ecx
    jne 3b
    movl $0x100, %ecx
4:  movl $(0x31000 + 7), T0(,%ecx,4)
    incl %ecx
    cmpl $0x140, %ecx
    jne 4b
    movl $0x22222222, 0x31000
    movl $(0x31000 + 7), T0 + 0x31 * 4
    LOAD_CR3 PAGES
    READ 0x110000
    READ 0x13f000
    TRY 9f
    movl $0, T0 + 0x30 * 4
    LOAD_CR3 PAGES
    READ 0x30000
9:  LOAD_CR3 D2
    READ 0x30000
    DONE

SCENARIO_ pdptes, PAGING_PAE
    TRY 1f
    movl $(PAGES + 0x1000 + 0x1 + 0x20), PAGES   # reserved bits of a PDPTE: #GP at the load
    movl $PAGES, %eax
    movl %eax, %cr3
1:  TRY 2f
    movl $(PAGES + 0x1000 + 0x0), PAGES          # not noticed until CR3 is written
    movl 0x1000, %eax
    movl $(PAGES + 0x1000 + 0x1), PAGES
    movl $PAGES, %eax
    movl %eax, %cr3
2:  SET_CR 0, 0x20000011, 3f
3:  SET_CR 0, 0x80000010, 4f
4:  DONE

# --- real mode

.code16
SCENARIO_ real, 0xff
    movw $(real_int - x86_blob + BASE), 0x42 * 4
    movw $0, 0x42 * 4 + 2
    movw $(real_gp - x86_blob + BASE), 13 * 4
    movw $0, 13 * 4 + 2
    movw $(real_gp - x86_blob + BASE), 6 * 4
    movw $0, 6 * 4 + 2
    movw $(real_gp - x86_blob + BASE), 12 * 4
    movw $0, 12 * 4 + 2
    movw $(real_gp - x86_blob + BASE), 0
    movw $0, 2
    sti
    int $0x42
    movw %sp, SCRATCH
    movl $(1f - x86_blob + BASE), RECOVER
    movw $0xffff, %bx
    movw (%bx), %ax
1:  movl $(3f - x86_blob + BASE), RECOVER
    movl $0x10000, %ebx
    movb (%ebx), %al
3:  movl $(4f - x86_blob + BASE), RECOVER
    str %ax                     # #UD
4:  movl $(5f - x86_blob + BASE), RECOVER
    xorw %cx, %cx
    divw %cx
5:  pushl $0x247fd5
    andl $~0x100, (%esp)
    popfl
    pushfl
    popl SCRATCH + 8
    pushw $2
    popfw
    lcall $0x10, $(real_far - x86_blob + BASE - 0x100)
    movw %sp, SCRATCH + 12
    pushw $0x3202
    pushw %cs
    pushw $(6f - x86_blob + BASE)
    iretw
6:  pushfl
    popl SCRATCH + 16
    pushl $0x203202
    pushl $0
    pushl $(7f - x86_blob + BASE)
    iretl
7:  pushfl
    popl SCRATCH + 20
    cli
    # Unreal mode.
    lgdtl (gdtr - x86_blob + BASE)
    movl %cr0, %eax
    orb $1, %al
    movl %eax, %cr0
    movw $DATA, %bx
    movw %bx, %es
    andb $0xfe, %al
    movl %eax, %cr0
    xorw %bx, %bx
    movw %bx, %es
    movl $0x00012340, %ebx
    movl $0xfeedface, %es:(%ebx)
    movl %es:(%ebx), %eax
    movl %eax, SCRATCH + 24
    smsw SCRATCH + 28
    hlt
    jmp .-1
real_far:
    movw %cs, SCRATCH + 32
    movw %sp, SCRATCH + 34
    lretw
real_int:
    pushfw
    popw SCRATCH + 2
    iretw
real_gp:
    movw %sp, %bp
    movl LOGPTR, %edi
    movl (%bp), %eax
    movl %eax, (%edi)
    movw 4(%bp), %ax
    movw %ax, 4(%edi)
    addl $8, LOGPTR
    movw $KSTACK, %sp
    jmpw *RECOVER
