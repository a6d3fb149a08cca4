// Runs instructions on this machine's CPU, from and to a complete register state.
#ifndef TESTS_UNIT_X86_NATIVE_H
#define TESTS_UNIT_X86_NATIVE_H

#include <setjmp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>

#include "tcg-like/ir.h"

// Offsets are in the assembly below.
typedef struct NativeState {
    uint64_t gpr[16]; // 0; RSP is not loaded
    V128 ymm[16][2];  // 128
    uint64_t eflags;  // 640
    uint64_t pad;
    uint8_t fx[512]; // 656: FXSAVE image
} __attribute__((aligned(64))) NativeState;

static inline uint32_t *native_mxcsr(NativeState *s)
{
    return (uint32_t *)(void *)(s->fx + 24);
}

static inline uint64_t *native_mmx(NativeState *s, unsigned n)
{
    return (uint64_t *)(void *)(s->fx + 32 + 16 * n);
}

void native_enter(NativeState *s, const void *code);
__asm__(".text\n"
        ".globl native_enter\n"
        "native_enter:\n"
        "push %rbx; push %rbp; push %r12; push %r13; push %r14; push %r15\n"
        "mov %rdi, native_state(%rip)\n"
        "mov %rsi, native_code(%rip)\n"
        "fxrstor64 656(%rdi)\n"
        ".irp n,0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15\n"
        "vmovdqu 128+32*\\n(%rdi), %ymm\\n\n"
        ".endr\n"
        "pushq 640(%rdi); popfq\n"
        "mov 0(%rdi), %rax; mov 8(%rdi), %rcx; mov 16(%rdi), %rdx; mov 24(%rdi), %rbx\n"
        "mov 40(%rdi), %rbp; mov 48(%rdi), %rsi\n"
        "mov 64(%rdi), %r8; mov 72(%rdi), %r9; mov 80(%rdi), %r10; mov 88(%rdi), %r11\n"
        "mov 96(%rdi), %r12; mov 104(%rdi), %r13; mov 112(%rdi), %r14; mov 120(%rdi), %r15\n"
        "mov 56(%rdi), %rdi\n"
        "call *native_code(%rip)\n"
        "mov %rdi, native_rdi(%rip)\n"
        "mov native_state(%rip), %rdi\n"
        "mov %rax, 0(%rdi); mov %rcx, 8(%rdi); mov %rdx, 16(%rdi); mov %rbx, 24(%rdi)\n"
        "mov %rbp, 40(%rdi); mov %rsi, 48(%rdi)\n"
        "mov %r8, 64(%rdi); mov %r9, 72(%rdi); mov %r10, 80(%rdi); mov %r11, 88(%rdi)\n"
        "mov %r12, 96(%rdi); mov %r13, 104(%rdi); mov %r14, 112(%rdi); mov %r15, 120(%rdi)\n"
        "mov native_rdi(%rip), %rax; mov %rax, 56(%rdi)\n"
        "pushfq; popq 640(%rdi); cld\n"
        ".irp n,0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15\n"
        "vmovdqu %ymm\\n, 128+32*\\n(%rdi)\n"
        ".endr\n"
        "fxsave64 656(%rdi)\n"
        "fninit; vzeroupper; ldmxcsr native_default(%rip)\n"
        "pop %r15; pop %r14; pop %r13; pop %r12; pop %rbp; pop %rbx\n"
        "ret\n"
        ".data\n"
        ".balign 8\n"
        "native_state: .quad 0\n"
        "native_code: .quad 0\n"
        "native_rdi: .quad 0\n"
        "native_default: .long 0x1f80\n"
        ".text\n");

static sigjmp_buf native_back;
static volatile int native_signal;
static volatile uint32_t native_trap_mxcsr;

static void native_handler(int sig, siginfo_t *info, void *context)
{
    ucontext_t *u = context;
    (void)info;
    native_signal = sig;
    native_trap_mxcsr = u->uc_mcontext.fpregs->mxcsr;
    siglongjmp(native_back, 1);
}

static inline void native_setup(void)
{
    struct sigaction a = {.sa_sigaction = native_handler, .sa_flags = SA_SIGINFO};
    static const int signals[] = {SIGFPE, SIGSEGV, SIGBUS, SIGILL, SIGTRAP};
    for (unsigned k = 0; k < ARRAY_LEN(signals); k++) {
        sigaction(signals[k], &a, NULL);
    }
}

// Runs code, which ends in RET. Gives the signal that stopped it, or 0; *s is only changed if none
// did, but for MXCSR.
static inline int native_run(NativeState *s, const void *code)
{
    static const uint32_t standard = 0x1f80;
    NativeState before = *s;
    native_signal = 0;
    if (sigsetjmp(native_back, 1) == 0) {
        native_enter(s, code);
    } else {
        __asm__ volatile("fninit; cld; ldmxcsr %0" ::"m"(standard));
        *s = before;
        *native_mxcsr(s) = native_trap_mxcsr;
    }
    return native_signal;
}

#endif
