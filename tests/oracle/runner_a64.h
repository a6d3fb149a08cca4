// runner.c on AArch64.
#include <asm/signal.h>
#include <asm/sigcontext.h>
#include <asm/ucontext.h>
#include <asm/unistd.h>

typedef struct ucontext Context;

#define NR_MMAP __NR_mmap
#define NZCV    0xf0000000u
enum { FIRST_STATE = ORACLE_A64 };

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

static struct fpsimd_context *fp_of(Context *uc)
{
    return (struct fpsimd_context *)(void *)uc->uc_mcontext.__reserved;
}

static void take_regs(OracleRegs *r, Context *uc)
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
    r->flags = (uint32_t)s->pstate & NZCV;
    r->fpcr = f->fpcr;
    r->fpsr = f->fpsr;
}

static uint64_t take_pc(const Context *uc)
{
    return uc->uc_mcontext.pc;
}

static void give_case(Context *uc, const OracleCase *c)
{
    struct sigcontext *s = &uc->uc_mcontext;
    struct fpsimd_context *f = fp_of(uc);
    const OracleRegs *r = &c->regs;
    for (int i = 0; i < 31; i++) {
        s->regs[i] = r->x[i];
    }
    s->sp = r->x[31];
    for (int i = 0; i < 32; i++) {
        f->vregs[i] = r->v[2 * i] | (__uint128_t)r->v[2 * i + 1] << 64;
    }
    s->pstate = r->flags & NZCV;
    f->fpcr = r->fpcr;
    f->fpsr = r->fpsr;
    s->pc = ORACLE_SLOT - c->early;
}

static void sync_code(const void *p)
{
    __asm__ volatile("dc cvau, %0\n dsb ish\n ic ivau, %0\n dsb ish\n isb" ::"r"(p) : "memory");
}

static void breakpoint(void)
{
    __asm__ volatile("brk #0");
}
