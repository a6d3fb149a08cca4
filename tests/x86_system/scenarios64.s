# Scenarios in long mode: 64-bit mode, compatibility mode, and the ways between them.

.code64

# On the kernel's stack, when the program's is in use.
.macro NOTE64_R reg
    movq %rsp, %rbp
    movl $(KSTACK - 0x100), %esp
    pushq \reg
    call note64
    movq %rbp, %rsp
.endm
# From somewhere else: no relative call.
.macro NOTE64_FAR reg
    movl $(note64 - x86_blob + BASE), %ebp
    pushq \reg
    call *%rbp
.endm
.macro pushl_ value
    subq $4, %rsp
    movl $\value, (%rsp)
.endm

.macro USER64 label
    movl $(\label - x86_blob + BASE), %eax
    jmp go_user64
.endm
.macro COMPAT label
    movl $(\label - x86_blob + BASE), %eax
    jmp go_user_compat
.endm
.macro WRMSR_ msr, lo, hi=0
    movl $\msr, %ecx
    movl $\lo, %eax
    movl $\hi, %edx
    wrmsr
.endm

SCENARIO_ plain64, PAGING_LONG
    DONE

SCENARIO_ faults64, PAGING_LONG
    TRY 1f
    xorl %ecx, %ecx
    divq %rcx
1:  TRY 2f
    ud2
2:  TRY 3f
    int3
3:  TRY 4f
    int $0x42
4:  TRY 5f
    movabsq $0x8000000000000000, %rbx
    movq (%rbx), %rax
5:  TRY 6f
    movabsq $0x7fffffffffff, %rbx
    movq (%rbx), %rax           # its end is not canonical
6:  TRY 7f
    movabsq $0x8000000000000000, %rbp
    movq (%rbp), %rax           # #SS
7:
8:  TRY 9f
    movabsq $0x0001000000000000, %rdi
    movl $1, %ecx
    rep stosb
9:  TRY 10f
    movabsq $0x0001000000000000, %rdx
    call *%rdx
10: TRY 11f
    movabsq $0x0001000000000000, %rdx
    pushq %rdx
    ret
11: TRY 12f
    movl $0x40000000, %edx      # no page
    movq %rax, (%rdx)
12: TRY 13f
    .byte 0x06                  # PUSH ES
13: TRY 14f
    .byte 0x27                  # DAA
14: TRY 15f
    .byte 0x9a                  # CALL far
15: TRY 16f
    .byte 0x0f, 0x05            # SYSCALL: EFER.SCE is on
16: DONE

SCENARIO_ user64, PAGING_LONG
    TRY 1f
    USER64 2f
2:  hlt
1:  NOTE64 %rsp
    TRY 1f
    USER64 2f
2:  int $0x42
1:  TRY 1f
    USER64 2f
2:  int $0x92
1:  TRY 1f
    USER64 2f
2:  pushfq
    popq %rbx
    cli
1:  NOTE64 %rbx
    TRY 1f
    USER64 2f
2:  inb $0x80, %al
    movl $0x222, %edx
    inb %dx, %al
1:  TRY 1f
    USER64 2f
2:  swapgs
1:  TRY 1f
    USER64 2f
2:  movq %cr8, %rax
1:  TRY 1f
    USER64 2f
2:  movl $UDATA, %eax
    movl %eax, %ds
    movl %eax, %fs
    movl %fs, %ebx
    xorl %eax, %eax
    movl %eax, %ss              # null at CPL 3
1:  NOTE64 %rbx
    TRY 1f
    USER64 2f
2:  movl $0xfffff000, %esp
    int $0x80
1:  DONE

# IST, alignment of the frame.
SCENARIO_ ist, PAGING_LONG
    movb $1, IDT + 0x42 * 16 + 4
    TRY 1f
    movl $(KSTACK - 5), %esp
    int $0x42
1:  TRY 2f
    movl $(KSTACK - 5), %esp
    int $0x43
2:  TRY 3f
    movb $1, IDT + 0x90 * 16 + 4
    USER64 1f
1:  int $0x90
3:  TRY 4f
    movb $7, IDT + 0x44 * 16 + 4    # IST7 is 0: the push wraps to the top
    movl $0x1000, TSS + 0x24 + 6 * 8
    movl $0x00008000, TSS + 0x24 + 6 * 8 + 4  # not canonical: #SS
    int $0x44
4:  TRY 5f
    movb $0x85, IDT + 0x45 * 16 + 5 # a task gate
    int $0x45
5:  TRY 6f
    movb $0x86, IDT + 0x46 * 16 + 5 # a 16-bit gate
    int $0x46
6:  TRY 7f
    movw $CODE, IDT + 0x47 * 16 + 2 # 32-bit code
    int $0x47
7:  TRY 8f
    movl $0x8000, IDT + 0x48 * 16 + 8 # offset not canonical
    int $0x48
8:  TRY 9f
    movw $0x10f, SCRATCH
    movq $IDT, SCRATCH + 2
    lidt SCRATCH
    int $0x50
9:  DONE

SCENARIO_ segments64, PAGING_LONG
    xorl %ebx, %ebx
s64_loop:
    TRY 2f
    movl %ebx, %eax
    movl %eax, %es
    movl %es, %ecx
    NOTE64 %rcx
2:  TRY 3f
    movl %ebx, %eax
    movl %eax, %ss
    movl %ss, %ecx
    NOTE64 %rcx
3:  xorl %eax, %eax
    movl %eax, %ss
    movl $0x11111111, %eax
    lar %ebx, %eax
    setz %cl
    movl $0x22222222, %edx
    lsl %ebx, %edx
    setz %ch
    verr %bx
    setz %cl
    NOTE64 %rax
    NOTE64 %rdx
    movzwl %cx, %ecx
    NOTE64 %rcx
    addl $1, %ebx
    cmpl $0x120, %ebx
    jb s64_loop
    DONE

SCENARIO_ segments64_user, PAGING_LONG
    movl $3, %ebx
su_loop:
    USER64 1f
1:  TRY 2f
    xorl %ecx, %ecx
    movl %ebx, %eax
    movl %eax, %fs
    movl %fs, %ecx
    int $0x90
2:  NOTE64 %rcx
    TRY 3f
    USER64 1f
1:  xorl %ecx, %ecx
    movl %ebx, %eax
    movl %eax, %ss
    movl %ss, %ecx
    int $0x91
3:  NOTE64 %rcx
    addl $8, %ebx
    cmpl $0x120, %ebx
    jb su_loop
    DONE

SCENARIO_ far64, PAGING_LONG
    xorl %ebx, %ebx
f64_loop:
    movl $KSTACK, %esp
    TRY f64_next
    movl $(f64_here - x86_blob + BASE), SCRATCH
    movw %bx, SCRATCH + 4
    ljmpl *SCRATCH
f64_here:
    movl %cs, %ecx
    NOTE64 %rcx
    pushq $CODE_64
    pushq $(f64_next - x86_blob + BASE)
    lretq
f64_next:
    addl $1, %ebx
    movl %ebx, %eax
    andl $~7, %eax
    cmpl $CODE, %eax            # 32-bit code: see compat
    je f64_next
    cmpl $SEL_CONF, %eax
    je f64_next
    cmpl $CODE16, %eax
    je f64_next
    cmpl $SEL_XONLY, %eax
    je f64_next
    cmpl $SEL_GATE_64, %eax
    je f64_next
    cmpl $SEL_GATE_64 + 8, %eax
    je f64_next
    cmpl $0x120, %ebx
    jb f64_loop
    TRY 1f
    movl $0, SCRATCH + 8
    movl $SEL_GATE_64 << 16, SCRATCH + 12
    lcall *SCRATCH + 8          # 16-bit operand: selector where it should be
1:  TRY 2f
    movl $0, SCRATCH
    movl $SEL_GATE_64, SCRATCH + 4
    lcall *SCRATCH
    NOTE64 %rsp
2:  TRY 3f
    USER64 1f
1:  lcall *SCRATCH
    movl %esp, %ebx
    int $0x80
3:  NOTE64 %rbx
    TRY 4f
    pushq $UDATA_S
    pushq $USTACK
    pushq $UCODE_64
    pushq $(f64_user - x86_blob + BASE)
    lretq
f64_user:
    movl %cs, %ebx
    int $0x81
4:  NOTE64 %rbx
    TRY 5f
    pushq $0
    pushq $USTACK
    pushq $UCODE_64
    pushq $(f64_user - x86_blob + BASE)
    lretq
5:  TRY 6f
    pushq $0
    pushq $0
    lretq
6:  TRY 7f
    movabsq $0x8000000000000, %rax
    pushq $CODE_64
    pushq %rax
    lretq
7:  DONE

SCENARIO_ iret64, PAGING_LONG
    TRY 1f
    pushq $0                    # SS null at CPL 0
    pushq $KSTACK
    pushq $0x247ed5
    pushq $CODE_64
    pushq $(2f - x86_blob + BASE)
    iretq
2:  pushfq
    popq %rax
    NOTE64 %rax
    movl %ss, %eax
    NOTE64 %rax
    pushq $2
    popfq
1:  TRY 3f
    pushq $3
    pushq $USTACK
    pushq $2
    pushq $UCODE_64
    pushq $0
    iretq
3:  TRY 4f
    pushq $UDATA_S
    pushq $USTACK
    pushq $2
    pushq $UCODE_64
    movabsq $0x8000000000000, %rax
    pushq %rax
    iretq
4:  TRY 5f
    pushq $DATA
    pushq $KSTACK
    pushq $0x2
    pushq $SEL_XABSENT
    pushq $0
    iretq
5:  TRY 6f
    pushq $DATA
    pushq $KSTACK - 8
    pushq $0x4002
    popfq                       # NT
    iretq
6:  pushq $2
    popfq
    TRY 7f
    movabsq $0x1234567800005000, %rax
    movl $KSTACK, %esp
    pushq $DATA
    pushq $KSTACK - 0x10
    pushq $2
    pushq $CODE_64
    pushq $(8f - x86_blob + BASE)
    iretq
8:  NOTE64 %rsp
7:  TRY 9f
    pushq $UDATA_S
    pushq $USTACK
    pushq $0x20002              # VM means nothing here
    pushq $UCODE_64
    pushq $(10f - x86_blob + BASE)
    iretq
10: pushfq
    popq %rbx
    int $0x80
9:  NOTE64 %rbx
    TRY 11f
    pushl_ DATA
    pushl_ KSTACK
    pushl_ 2
    pushl_ CODE_64
    pushl_ (12f - x86_blob + BASE)
    iretl
12: NOTE64 %rsp
11: DONE

SCENARIO_ compat, PAGING_LONG
    TRY 1f
    COMPAT compat_a
1:  NOTE64 %rbx
    TRY 2f
    COMPAT compat_b
2:  TRY 3f
    COMPAT compat_c
3:  TRY 4f
    COMPAT compat_d
4:  NOTE64 %rbx
    TRY 5f
    COMPAT compat_e
5:  TRY 6f
    COMPAT compat_f
6:  TRY 7f
    COMPAT compat_g
7:  TRY 8f
    pushq $CODE                 # compatibility mode at CPL 0
    pushq $(compat_0 - x86_blob + BASE)
    lretq
8:  NOTE64 %rbx
    DONE
.code32
compat_a:
    movl %esp, %ebx
    pushl $5
    popl %ecx
    movl $0xffffffff, %edx
    incl %edx
    pushal
    popal
    int $0x80
compat_b:
    movl $0x40000000, %edx
    movl (%edx), %eax
compat_c:
    movl $SEL_SMALL, %eax
    movl %eax, %es
    movl %es:0xfe, %eax         # limits apply
compat_d:
    lcall $UCODE_64, $(compat_64 - x86_blob + BASE)
compat_d2:
    movl %cs, %ecx
    int $0x81
.code64
compat_64:
    movl %cs, %ebx
    movq $-1, %rdx
    lretl
.code32
compat_e:
    lcall $SEL_GATE, $0         # a 32-bit gate is not one here
compat_f:
    lcall $SEL_GATE_64, $0
    int $0x82
compat_g:
    sldt %eax
    .byte 0x48                  # DEC EAX
    movl $0x77, %eax
    ljmp $SEL_TSS_B, $0
compat_0:
    movl %cs, %ebx
    movl $DATA, %eax
    movl %eax, %ss
    pushl $0x99
    int $0x42

.code64
SCENARIO_ syscalls, PAGING_LONG
    WRMSR_ 0xc0000081, 0, (UCODE_32S << 16) | CODE_64
    WRMSR_ 0xc0000082, (sc_entry - x86_blob + BASE)
    WRMSR_ 0xc0000083, (sc_compat - x86_blob + BASE)
    WRMSR_ 0xc0000084, 0x300
    TRY 1f
    pushq $UDATA_S
    pushq $USTACK
    pushq $0x3ed7
    pushq $UCODE_64
    pushq $(sc_user - x86_blob + BASE)
    iretq
sc_user:
    syscall
sc_back:
    pushfq
    popq %rbx
    movl %cs, %edx
    movl %ss, %esi
    int $0x80
sc_entry:
    NOTE64_R %rcx
    NOTE64_R %r11
    movl %cs, %eax
    NOTE64_R %rax
    movl %ss, %eax
    NOTE64_R %rax
    pushfq
    popq %rax
    NOTE64_R %rax
    sysretq
1:  NOTE64 %rbx
    NOTE64 %rdx
    NOTE64 %rsi
    TRY 2f
    movl $(sc_user32 - x86_blob + BASE), %ecx
    movl $0x202, %r11d
    sysretl
.code32
sc_user32:
    movl %cs, %ebx
    movl %ss, %edx
    int $0x80
.code64
2:  NOTE64 %rbx
    NOTE64 %rdx
    cli
    TRY 3f
    COMPAT sc_compat_user
.code32
sc_compat_user:
    syscall                     # AMD: by way of CSTAR
    int $0x83
.code64
sc_compat:
    NOTE64_R %rcx
    NOTE64_R %r11
    movl %cs, %eax
    NOTE64_R %rax
    sysretl
3:  TRY 4f
    USER64 1f
1:  sysretq
4:  TRY 5f
    USER64 1f
1:  sysenter
5:  WRMSR_ 0xc0000080, 0x900
    TRY 6f
    syscall
6:  TRY 7f
    sysretq
7:  DONE

SCENARIO_ bases, PAGING_LONG
    TRY 1f
    WRMSR_ 0xc0000100, 0x12345678, 0x7fff
    WRMSR_ 0xc0000101, SCRATCH, 0
    WRMSR_ 0xc0000102, SCRATCH + 0x100, 0
    movl $0x11, %gs:0
    swapgs
    movl $0x22, %gs:0
    movl SCRATCH, %eax
    NOTE64 %rax
    movl SCRATCH + 0x100, %eax
    NOTE64 %rax
    WRMSR_ 0xc0000100, 0, 0x8000
1:  TRY 2f
    rdfsbase %rax
2:  movq %cr4, %rax
    orl $0x10000, %eax
    movq %rax, %cr4
    TRY 3f
    rdfsbase %rax
    NOTE64 %rax
    rdgsbase %eax
    NOTE64 %rax
    movabsq $0xffff800012345678, %rbx
    wrfsbase %rbx
    wrgsbase %ebx
    rdfsbase %rax
    NOTE64 %rax
    rdgsbase %rax
    NOTE64 %rax
    movabsq $0x1000000000000000, %rbx
    wrfsbase %rbx
3:  movl $UDATA, %eax
    movl %eax, %fs
    rdfsbase %rax
    NOTE64 %rax
    movabsq $0x0000700012345678, %rbx
    wrfsbase %rbx
    movl %fs, %eax
    NOTE64 %rax
    TRY 4f
    movabsq $0x00007fffffffffff, %rbx
    wrfsbase %rbx
    movl %fs:1, %eax
4:  DONE

SCENARIO_ control64, PAGING_LONG
    TRY 1f
    movq %cr0, %rax
    andl $0x7fffffff, %eax
    movq %rax, %cr0             # PG cannot go in 64-bit mode
1:  TRY 2f
    movq %cr4, %rax
    andl $~0x20, %eax
    movq %rax, %cr4             # nor PAE
2:  TRY 3f
    WRMSR_ 0xc0000080, 0x800    # nor LME
3:  TRY 4f
    movabsq $0x100000000, %rax
    movq %rax, %cr0
4:  TRY 5f
    movabsq $0x0100000000010000, %rax
    movq %rax, %cr3
5:  TRY 6f
    WRMSR_ 0xc0000082, 0, 0x8000
6:  TRY 7f
    movl $3, %eax
    movq %rax, %cr8
    movq %cr8, %rax
    NOTE64 %rax
    movl $16, %eax
    movq %rax, %cr8
7:  movq %cr8, %rax
    xorl %eax, %eax
    movq %rax, %cr8
    TRY 8f
    movabsq $0x100000000, %rax
    movq %rax, %dr7
8:  TRY 9f
    movq %rax, %dr1
    movq %dr1, %rbx
    NOTE64 %rbx
    smsw %eax
    NOTE64 %rax
    smsw %rax
    NOTE64 %rax
    str %rax
    NOTE64 %rax
    sgdt SCRATCH
    movq SCRATCH + 2, %rax
    NOTE64 %rax
9:  TRY 10f
    movl $0, %ecx
    xgetbv                      # OSXSAVE is clear
10: TRY 11f
    movq %cr4, %rax
    orl $0x40000, %eax
    movq %rax, %cr4
    xorl %ecx, %ecx
    xgetbv
    NOTE64 %rax
    movl $6, %eax
    xsetbv
11: TRY 12f
    movl $5, %eax
    xorl %edx, %edx
    xsetbv
12: TRY 13f
    movl $7, %eax
    xsetbv
    xgetbv
    NOTE64 %rax
    movl $1, %ecx
    xsetbv
13: TRY 14f
    USER64 1f
1:  xorl %ecx, %ecx
    xgetbv
    xsetbv
14: DONE

.macro PTE64 page, lo, hi=0
    movl $((\page) | (\lo)), PAGES + 0x3000 + ((\page) >> 12) * 8
    movl $\hi, PAGES + 0x3000 + ((\page) >> 12) * 8 + 4
    invlpg \page
.endm
.macro SHOW64 page
    movq PAGES + 0x3000 + ((\page) >> 12) * 8, %rax
    NOTE64 %rax
.endm

SCENARIO_ paging64, PAGING_LONG
    PTE64 0x30000, 0
    TRY 1f
    movl 0x30000, %eax
1:  PTE64 0x30000, 1
    TRY 2f
    movl %eax, 0x30000
2:  SHOW64 0x30000
    PTE64 0x30000, 7, 0x80000000
    TRY 3f
    movl %eax, 0x30000
    SHOW64 0x30000
    movl $0x30000, %eax
    jmp *%rax
3:  PTE64 0x30000, 3
    TRY 4f
    USER64 1f
1:  movl 0x30000, %eax
4:  PTE64 0x30000, 3, 0x80000000
    TRY 5f
    USER64 1f
1:  movl $0x30000, %eax
    jmp *%rax
5:  PTE64 0x30000, 3, 0x00010000 # above the physical width
    TRY 6f
    movl 0x30000, %eax
6:  TRY 7f                      # restrictions higher up
    movl $0x00200083, PAGES + 0x2008
    invlpg 0x200000
    movl %eax, 0x200000
    USER64 1f
1:  movl 0x200000, %eax
7:  DONE

SCENARIO_ paging_levels, PAGING_LONG
    movl $0x00000083, PAGES + 0x1000 + 8        # 1 GiB page at 1 GiB
    TRY 1f
    movl 0x40000500, %eax
    NOTE64 %rax
    movl PAGES + 0x1008, %eax
    NOTE64 %rax
1:  movl $0x00002083, PAGES + 0x1000 + 16       # with a reserved bit
    TRY 2f
    movl $0x80000000, %eax
    movl (%rax), %eax
2:  movl $0x00000080 | 7, PAGES + 8             # PS in the PML4
    TRY 3f
    movabsq $0x8000000000, %rax
    movl (%rax), %eax
3:  movl $(PAGES + 0x1000 + 7), PAGES + 0xff8   # the upper half: the same again
    TRY 4f
    movabsq $0xffffff8000000500, %rax
    movl (%rax), %ebx
    NOTE64 %rbx
    movabsq $0xffffff8000000000, %rax
    addq $(5f - x86_blob + BASE), %rax
    jmp *%rax
5:  leaq (%rip), %rax
    NOTE64_FAR %rax
    ud2
4:  DONE

SCENARIO_ smep_smap, PAGING_LONG
    PTE64 0x1000, 3             # this program is the supervisor's
    PTE64 0x2000, 3
    PTE64 0x3000, 3
    PTE64 0x4000, 3
    PTE64 0x5000, 3
    PTE64 0x6000, 3
    PTE64 0x7000, 3
    PTE64 0x8000, 3
    PTE64 0x9000, 3
    PTE64 0x0000, 3
    PTE64 0x10000, 3
    PTE64 0x13000, 3
    PTE64 0x20000, 3
    movq %cr4, %rax
    orl $0x300000, %eax
    movq %rax, %cr4
    TRY 1f
    movl $SCRATCH, %eax
    jmp *%rax                   # SMEP
1:  TRY 2f
    movl SCRATCH, %eax          # SMAP
2:  TRY 3f
    movl %eax, SCRATCH
3:  TRY 4f
    stac
    movl $0x55, SCRATCH
    movl SCRATCH, %ebx
    clac
    NOTE64 %rbx
    movl SCRATCH, %eax
4:  TRY 5f
    stac
    PTE64 0xa000, 7             # the TSS: system accesses do not heed AC
    int $0x42
5:  clac
    TRY 6f
    pushq $0x40002
    popfq
    movl SCRATCH, %ebx
    pushq $2
    popfq
6:  NOTE64 %rbx
    TRY 7f
    movq %cr0, %rax             # a supervisor store to a read-only user page
    andl $~0x10000, %eax
    movq %rax, %cr0
    PTE64 0xf000, 5
    stac
    movl $0x66, SCRATCH
    movl SCRATCH, %ebx
    clac
    NOTE64 %rbx
    SHOW64 0xf000
7:  DONE

SCENARIO_ pcid, PAGING_LONG
    TRY 1f
    movl $(PAGES + 1), %eax
    movq %rax, %cr3
    movq %cr4, %rax
    orl $0x20000, %eax
    movq %rax, %cr4             # CR3's low bits are not 0
1:  movl $PAGES, %eax
    movq %rax, %cr3
    TRY 2f
    movq %cr4, %rax
    orl $0x20000, %eax
    movq %rax, %cr4
    # Another address space, where 0x30000 is something else.
    movl $PAGES, %esi
    movl $(PAGES + 0x4000), %edi
    movl $0x1000, %ecx
    rep movsl
    movl $(PAGES + 0x5000 + 7), PAGES + 0x4000
    movl $(PAGES + 0x6000 + 7), PAGES + 0x5000
    movl $(PAGES + 0x7000 + 7), PAGES + 0x6000
    movl $0x31007, PAGES + 0x7000 + 0x30 * 8
    movl $0x30303030, 0x30000
    movl $0x31313131, 0x31000
    movl 0x30000, %ebx
    NOTE64 %rbx
    movl $(PAGES + 0x4000 + 5), %eax
    movq %rax, %cr3
    movl 0x30000, %ebx
    NOTE64 %rbx
    movl $0x32007, PAGES + 0x3000 + 0x30 * 8  # changed behind the other's back
    movl $0x32323232, 0x32000
    movl $PAGES, %eax
    movq %rax, %cr3             # flushes
    movl 0x30000, %ebx
    NOTE64 %rbx
    movq %cr3, %rax
    NOTE64 %rax
    movl $1, %eax
    movq $0, SCRATCH
    movq $0, SCRATCH + 8
    invpcid SCRATCH, %rax
    movl $2, %eax
    invpcid SCRATCH, %rax
    movl $4, %eax
    invpcid SCRATCH, %rax
2:  TRY 3f
    movq $0x1000, SCRATCH
    movl $1, %eax
    invpcid SCRATCH, %rax
3:  TRY 4f
    movq %cr0, %rax
    andl $0x7fffffff, %eax
    movq %rax, %cr0
4:  DONE

SCENARIO_ debug64, PAGING_LONG
    TRY 1f
    pushq $0x102
    popfq
    nop
1:  TRY 2f
    movl $SCRATCH, %eax
    movq %rax, %dr0
    movl $0x000b0002, %eax      # 8 bytes, any access... length 10b
    movq %rax, %dr7
    movb SCRATCH + 7, %al
    nop
2:  movq %dr6, %rax
    NOTE64 %rax
    xorl %eax, %eax
    movq %rax, %dr6
    TRY 3f
    movq %rax, SCRATCH + 4
    nop
3:  movq %dr6, %rax
    NOTE64 %rax
    xorl %eax, %eax
    movq %rax, %dr6
    movq %rax, %dr7
    TRY 4f
    WRMSR_ 0xc0000081, 0, (UCODE_32S << 16) | CODE_64
    WRMSR_ 0xc0000082, (dbg_entry - x86_blob + BASE)
    WRMSR_ 0xc0000084, 0x100
    USER64 1f
1:  pushq $0x102
    popfq
    syscall
    nop
dbg_entry:
    movq %rcx, %rbx
    sysretq
4:  NOTE64 %rbx
    movq %dr6, %rax
    NOTE64 %rax
    DONE
