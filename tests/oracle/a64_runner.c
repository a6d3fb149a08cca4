// The reference side: runs cases from stdin on whatever executes this program (an AArch64 CPU, or
// qemu-aarch64) and writes results to stdout. Freestanding, without a C library: TPIDR_EL0 and all
// registers belong to the cases.
//
// Everything happens in the signal handler. A case ends in a signal (the BRK behind it, or its own
// fault); the handler takes the result from the signal frame, puts the next case's registers there
// and returns into it.
#include <asm/signal.h>
#include <asm/sigcontext.h>
#include <asm/ucontext.h>
#include <asm/unistd.h>
#include <stddef.h>

#include "tests/oracle/a64_case.h"

#define SIG_ILL  4
#define SIG_TRAP 5
#define SIG_BUS  7
#define SIG_FPE  8
#define SIG_SEGV 11

#define NZCV 0xf0000000u

typedef struct KernelSigaction {
    void *handler;
    unsigned long flags;
    void *restorer;
    unsigned long mask;
} KernelSigaction;

static OracleCase current;
static OracleResult result;
static int running;
static uint64_t pristine[ORACLE_MEM_SIZE / 8];
static unsigned char signal_stack[65536] __attribute__((aligned(16)));

static long call6(long n, long a, long b, long c, long d, long e, long f)
{
    register long x8 __asm__("x8") = n;
    register long x0 __asm__("x0") = a;
    register long x1 __asm__("x1") = b;
    register long x2 __asm__("x2") = c;
    register long x3 __asm__("x3") = d;
    register long x4 __asm__("x4") = e;
    register long x5 __asm__("x5") = f;
    __asm__ volatile("svc #0"
                     : "+r"(x0)
                     : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5)
                     : "memory");
    return x0;
}

static void leave(int status)
{
    for (;;) {
        call6(__NR_exit, status, 0, 0, 0, 0, 0);
    }
}

static int read_all(void *p, size_t n)
{
    unsigned char *b = p;
    while (n) {
        long got = call6(__NR_read, 0, (long)b, (long)n, 0, 0, 0);
        if (got <= 0) {
            return 0;
        }
        b += got;
        n -= (size_t)got;
    }
    return 1;
}

static void write_all(const void *p, size_t n)
{
    const unsigned char *b = p;
    while (n) {
        long done = call6(__NR_write, 1, (long)b, (long)n, 0, 0, 0);
        if (done <= 0) {
            leave(3);
        }
        b += done;
        n -= (size_t)done;
    }
}

static struct fpsimd_context *fp_of(struct ucontext *uc)
{
    return (struct fpsimd_context *)(void *)uc->uc_mcontext.__reserved;
}

static void take_regs(OracleRegs *r, struct ucontext *uc)
{
    const struct sigcontext *s = &uc->uc_mcontext;
    const struct fpsimd_context *f = fp_of(uc);
    for (int i = 0; i < 31; i++) {
        r->x[i] = s->regs[i];
    }
    r->x[31] = s->sp;
    for (int i = 0; i < 32; i++) {
        r->v[2 * i] = (uint64_t)f->vregs[i];
        r->v[2 * i + 1] = (uint64_t)(f->vregs[i] >> 64);
    }
    r->nzcv = (uint32_t)s->pstate & NZCV;
    r->fpcr = f->fpcr;
    r->fpsr = f->fpsr;
}

static void give_regs(struct ucontext *uc, const OracleRegs *r)
{
    struct sigcontext *s = &uc->uc_mcontext;
    struct fpsimd_context *f = fp_of(uc);
    for (int i = 0; i < 31; i++) {
        s->regs[i] = r->x[i];
    }
    s->sp = r->x[31];
    for (int i = 0; i < 32; i++) {
        f->vregs[i] = r->v[2 * i] | (__uint128_t)r->v[2 * i + 1] << 64;
    }
    s->pstate = r->nzcv & NZCV;
    f->fpcr = r->fpcr;
    f->fpsr = r->fpsr;
    s->pc = ORACLE_SLOT;
}

static void take_memory(void)
{
    uint64_t *mem = (uint64_t *)ORACLE_MEM;
    unsigned n = ORACLE_MEM_SIZE / 8, first = n, last = 0;
    for (unsigned i = 0; i < n; i++) {
        if (mem[i] != pristine[i]) {
            first = i < first ? i : first;
            last = i;
        }
    }
    result.mem_len = 0;
    result.mem_first = 0;
    if (first == n) {
        return;
    }
    result.mem_first = first * 8;
    result.mem_len = (last - first + 1) * 8;
    for (unsigned i = 0; i < ORACLE_MEM_REPORT; i++) {
        unsigned at = first * 8 + i;
        result.mem[i] = at < ORACLE_MEM_SIZE ? ((unsigned char *)mem)[at] : 0;
    }
    for (unsigned i = first; i <= last; i++) {
        mem[i] = pristine[i];
    }
}

static void put_code(void)
{
    volatile uint32_t *slot = (uint32_t *)ORACLE_SLOT;
    for (unsigned i = 0; i <= ORACLE_MAX_INSNS; i++) {
        uint32_t word = i < current.n_insns ? current.insn[i] : ORACLE_BRK;
        if (slot[i] == word) {
            continue;
        }
        slot[i] = word;
        __asm__ volatile("dc cvau, %0\n dsb ish\n ic ivau, %0\n dsb ish\n isb" ::"r"(&slot[i])
                         : "memory");
    }
}

static void handler(int sig, void *info, struct ucontext *uc)
{
    (void)info;
    if (running) {
        result.signal = (uint32_t)sig;
        result.pc = uc->uc_mcontext.pc;
        take_regs(&result.regs, uc);
        result.mem_len = 0;
        if (current.memory) {
            take_memory();
        }
        write_all(&result, sizeof result);
    }
    running = 1;
    if (!read_all(&current, sizeof current)) {
        leave(0);
    }
    put_code();
    give_regs(uc, &current.regs);
}

static void map_at(uint64_t at, unsigned size)
{
    // PROT_READ | WRITE | EXEC, MAP_PRIVATE | FIXED | ANONYMOUS
    if (call6(__NR_mmap, (long)at, size, 7, 0x32, -1, 0) != (long)at) {
        leave(2);
    }
}

static void catch (int sig)
{
    // SA_SIGINFO | SA_ONSTACK | SA_NODEFER
    static KernelSigaction a = {.handler = (void *)handler, .flags = 4 | 0x08000000 | 0x40000000};
    call6(__NR_rt_sigaction, sig, (long)&a, 0, 8, 0, 0);
}

void _start(void)
{
    stack_t stack = {.ss_sp = signal_stack, .ss_size = sizeof signal_stack};
    map_at(ORACLE_CODE, ORACLE_CODE_SIZE);
    map_at(ORACLE_MEM, ORACLE_MEM_SIZE);
    for (unsigned i = 0; i < ORACLE_CODE_SIZE / 4; i++) {
        ((uint32_t *)ORACLE_CODE)[i] = ORACLE_BRK;
    }
    oracle_fill(pristine, ORACLE_MEM_SIZE / 8);
    oracle_fill((uint64_t *)ORACLE_MEM, ORACLE_MEM_SIZE / 8);
    call6(__NR_sigaltstack, (long)&stack, 0, 0, 0, 0, 0);
    static const int signals[] = {SIG_ILL, SIG_TRAP, SIG_BUS, SIG_FPE, SIG_SEGV};
    for (unsigned i = 0; i < sizeof signals / sizeof signals[0]; i++) {
        catch (signals[i]);
    }
    __asm__ volatile("brk #0");
    leave(1);
}
