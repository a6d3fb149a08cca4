// runner.c on Arm: A32 and T32. The frame of a signal is the kernel's (arch/arm, struct
// rt_sigframe), whose FP part user headers do not have.
#define __NR_exit         1
#define __NR_read         3
#define __NR_write        4
#define __NR_rt_sigaction 174
#define __NR_sigaltstack  186
#define NR_MMAP           192 // mmap2
#define NR_CACHEFLUSH     0xf0002

#define CPSR_FLAGS 0xfe0ffe00u // N, Z, C, V, Q, IT, GE, E
#define CPSR_T     0x20u
#define CPSR_USER  0x10u
#define FPSR_BITS  0x0800009fu
#define VFP_MAGIC  0x56465001u
enum { FIRST_STATE = ORACLE_A32 };

typedef struct {
    void *ss_sp;
    int ss_flags;
    unsigned long ss_size;
} stack_t;

typedef struct Context {
    unsigned long flags, link;
    stack_t stack;
    unsigned long trap, error, old_mask, r[15], pc, cpsr, fault_address;
    unsigned long mask[2], unused[30];
    struct {
        unsigned long magic, size;
        uint64_t d[32];
        unsigned long fpscr;
    } vfp __attribute__((aligned(8)));
} Context;

static long call6(long n, long a, long b, long c, long d, long e, long f)
{
    register long r7 __asm__("r7") = n;
    register long r0 __asm__("r0") = a;
    register long r1 __asm__("r1") = b;
    register long r2 __asm__("r2") = c;
    register long r3 __asm__("r3") = d;
    register long r4 __asm__("r4") = e;
    register long r5 __asm__("r5") = f;
    __asm__ volatile("svc #0"
                     : "+r"(r0)
                     : "r"(r7), "r"(r1), "r"(r2), "r"(r3), "r"(r4), "r"(r5)
                     : "memory");
    return r0;
}

static void take_regs(OracleRegs *r, const Context *uc)
{
    for (int i = 0; i < 32; i++) {
        r->x[i] = i < 15 ? uc->r[i] : 0;
        r->v[i] = uc->vfp.d[i];
        r->v[32 + i] = 0;
    }
    r->flags = uc->cpsr & CPSR_FLAGS;
    r->fpcr = uc->vfp.fpscr & ~FPSR_BITS;
    r->fpsr = uc->vfp.fpscr & FPSR_BITS;
}

static uint64_t take_pc(const Context *uc)
{
    return uc->pc | (uc->cpsr & CPSR_T ? 1 : 0);
}

static void give_case(Context *uc, const OracleCase *c)
{
    const OracleRegs *r = &c->regs;
    for (int i = 0; i < 15; i++) {
        uc->r[i] = (unsigned long)r->x[i];
    }
    for (int i = 0; i < 32; i++) {
        uc->vfp.d[i] = r->v[i];
    }
    uc->cpsr = (r->flags & CPSR_FLAGS) | CPSR_USER | (c->state == ORACLE_THUMB ? CPSR_T : 0);
    uc->vfp.fpscr = (r->fpcr & ~FPSR_BITS) | (r->fpsr & FPSR_BITS);
    uc->pc = (unsigned long)ORACLE_SLOT - c->early;
}

static void sync_code(const void *p)
{
    call6(NR_CACHEFLUSH, (long)p, (long)p + 2, 0, 0, 0, 0);
}

static void breakpoint(void)
{
    __asm__ volatile("bkpt #0");
}
