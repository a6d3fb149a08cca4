// Runs cases on the host's CPU. State goes in and comes out through signal frames: a handler writes
// the case's registers into the frame that it returns to, and the INT3 (or fault) after the
// instruction brings the frame back. In 16-bit mode (the 32-bit runner with "16" as its second
// argument) the frame also has segments of the process's LDT. Reads a byte from stdin for each
// batch, writes one when done.
#define _GNU_SOURCE
#include <asm/ldt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include "tests/oracle_x86/case.h"

#define FX_BYTES    512
#define XSTATE_BV   512
#define YMM_HIGH    576
#define GREG(m, r)  ((m)->gregs[REG_##r])
#define STATUS_MASK 0x240cd5u // status flags, DF, AC, ID

#ifdef __x86_64__
#define N_XMM 16
static const int greg_index[16] = {REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP,
                                   REG_RSI, REG_RDI, REG_R8,  REG_R9,  REG_R10, REG_R11,
                                   REG_R12, REG_R13, REG_R14, REG_R15};
#define N_GPR 16
#define IP    REG_RIP
static uint8_t *fxsave_of(mcontext_t *m)
{
    return (uint8_t *)m->fpregs;
}
#else
#define N_XMM 8
static const int greg_index[8] = {REG_EAX, REG_ECX, REG_EDX, REG_EBX,
                                  REG_ESP, REG_EBP, REG_ESI, REG_EDI};
#define N_GPR 8
#define IP    REG_EIP
static uint8_t *fxsave_of(mcontext_t *m)
{
    return (uint8_t *)m->fpregs + 112; // behind the 387's image
}
#endif

static int mode16;
static XShared *shared;
static uint8_t *code, *data;
static uint64_t *pristine;
static volatile unsigned current;
static volatile int running;
static ucontext_t home;

#ifndef __x86_64__
static uint16_t full_tag(uint8_t valid)
{
    unsigned tags = 0;
    for (unsigned i = 0; i < 8; i++) {
        tags |= (valid >> i & 1 ? 0u : 3u) << (2 * i);
    }
    return (uint16_t)tags;
}
#endif

static void put_fp(mcontext_t *m, const XState *s)
{
    uint8_t *fx = fxsave_of(m);
    uint64_t bv;
#ifndef __x86_64__
    uint32_t *env = (uint32_t *)m->fpregs; // what the kernel takes the 387's words from
    env[0] = s->fcw;
    env[1] = s->fsw;
    env[2] = full_tag(s->valid);
    for (unsigned i = 0; i < 8; i++) {
        memcpy((uint8_t *)m->fpregs + 28 + 10 * i, s->st[i], 10);
    }
#endif
    memcpy(fx, &s->fcw, 2);
    memcpy(fx + 2, &s->fsw, 2);
    fx[4] = s->valid;
    memset(fx + 6, 0, 18);
    memcpy(fx + 24, &s->mxcsr, 4);
    for (unsigned i = 0; i < 8; i++) {
        memset(fx + 32 + 16 * i, 0, 16);
        memcpy(fx + 32 + 16 * i, s->st[i], 10);
    }
    for (unsigned i = 0; i < N_XMM; i++) {
        memcpy(fx + 160 + 16 * i, s->ymm[i], 16);
        memcpy(fx + YMM_HIGH + 16 * i, s->ymm[i] + 16, 16);
    }
    memcpy(&bv, fx + XSTATE_BV, 8);
    bv |= 7;
    memcpy(fx + XSTATE_BV, &bv, 8);
}

static void get_fp(mcontext_t *m, XState *s)
{
    const uint8_t *fx = fxsave_of(m);
    uint64_t bv;
    memcpy(&bv, fx + XSTATE_BV, 8);
    memcpy(&s->fcw, fx, 2);
    memcpy(&s->fsw, fx + 2, 2);
    s->valid = fx[4];
    memcpy(&s->fop, fx + 6, 2);
    memcpy(&s->mxcsr, fx + 24, 4);
    for (unsigned i = 0; i < 8; i++) {
        memcpy(s->st[i], fx + 32 + 16 * i, 10);
    }
    for (unsigned i = 0; i < N_XMM; i++) {
        memcpy(s->ymm[i], fx + 160 + 16 * i, 16);
        if (bv & 4) {
            memcpy(s->ymm[i] + 16, fx + YMM_HIGH + 16 * i, 16);
        }
    }
}

#ifndef __x86_64__
// Entries 0 and 1 of the LDT: CS over the code, DS, ES and SS over the data.
static void make_segments(void)
{
    for (unsigned i = 0; i < 2; i++) {
        struct user_desc d = {.entry_number = i,
                              .base_addr = (unsigned)(i ? XO_DATA : XO_CODE),
                              .limit = 0xffff,
                              .contents = i ? MODIFY_LDT_CONTENTS_DATA : MODIFY_LDT_CONTENTS_CODE};
        if (syscall(SYS_modify_ldt, 0x11, &d, sizeof d)) {
            perror("modify_ldt");
            exit(1);
        }
    }
}

static void put_segments(mcontext_t *m)
{
    GREG(m, CS) = 7;
    GREG(m, DS) = GREG(m, ES) = GREG(m, SS) = 15;
}
#else
static void make_segments(void)
{
    fprintf(stderr, "runner: 16-bit segments are the 32-bit runner's\n");
    exit(1);
}

static void put_segments(mcontext_t *m)
{
    (void)m;
}
#endif

static void start_case(ucontext_t *uc)
{
    const XCase *c = &shared->in[current];
    mcontext_t *m = &uc->uc_mcontext;
    memset(code + (XO_SLOT - XO_CODE), 0xcc, XO_MAX_CODE + 16);
    memcpy(code + (XO_SLOT - XO_CODE), c->code, c->len);
    memcpy(data, pristine, XO_DATA_SIZE);
    for (unsigned i = 0; i < N_GPR; i++) {
        m->gregs[greg_index[i]] = (greg_t)c->before.gpr[i];
    }
    m->gregs[IP] = (greg_t)(mode16 ? XO_SLOT - XO_CODE : XO_SLOT);
    if (mode16) {
        put_segments(m);
    }
    GREG(m, EFL) = (greg_t)((GREG(m, EFL) & ~STATUS_MASK) | (c->before.eflags & STATUS_MASK));
    put_fp(m, &c->before);
}

static void finish_case(ucontext_t *uc)
{
    XResult *r = &shared->out[current];
    mcontext_t *m = &uc->uc_mcontext;
    memset(r, 0, sizeof *r);
    r->trap = (uint32_t)GREG(m, TRAPNO);
    r->error = (uint32_t)GREG(m, ERR);
#ifdef __x86_64__
    r->cr2 = r->trap == 14 ? (uint64_t)GREG(m, CR2) : 0;
#else
    r->cr2 = r->trap == 14 ? m->cr2 : 0;
#endif
    for (unsigned i = 0; i < N_GPR; i++) {
#ifdef __x86_64__
        r->after.gpr[i] = (uint64_t)m->gregs[greg_index[i]];
#else
        r->after.gpr[i] = (uint32_t)m->gregs[greg_index[i]];
#endif
    }
#ifdef __x86_64__
    r->after.rip = (uint64_t)m->gregs[IP];
#else
    r->after.rip = (uint32_t)m->gregs[IP];
#endif
    r->after.eflags = (uint32_t)GREG(m, EFL) & STATUS_MASK;
    get_fp(m, &r->after);
    xo_note_memory(r, data, (const uint8_t *)pristine);
}

// The first signal (raised) starts the first case; each end starts the next.
static void handler(int sig, siginfo_t *info, void *context)
{
    ucontext_t *uc = context;
    (void)sig;
    (void)info;
    if (running) {
        finish_case(uc);
        current++;
    }
    running = 1;
    if (current < shared->n) {
        start_case(uc);
        return;
    }
    running = 0;
    setcontext(&home);
}

static void *map_at(uint64_t addr, size_t size, int prot, int fd)
{
    int flags = fd < 0 ? MAP_PRIVATE | MAP_ANONYMOUS : MAP_SHARED;
    void *p =
        mmap((void *)(uintptr_t)addr, size, prot, flags | (addr ? MAP_FIXED_NOREPLACE : 0), fd, 0);
    if (p == MAP_FAILED) {
        perror("mmap");
        exit(1);
    }
    return p;
}

static void keep_free(uint64_t addr, size_t size)
{
    mprotect(map_at(addr, size, PROT_READ, -1), size, PROT_NONE);
}

static void set_up_signals(void)
{
    static const int signals[] = {SIGTRAP, SIGSEGV, SIGILL, SIGFPE, SIGBUS, SIGUSR1};
    stack_t st = {.ss_size = 1 << 17};
    st.ss_sp = mmap(NULL, st.ss_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    sigaltstack(&st, NULL);
    for (unsigned i = 0; i < sizeof signals / sizeof *signals; i++) {
        struct sigaction sa = {.sa_sigaction = handler,
                               .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER};
        sigfillset(&sa.sa_mask);
        sigaction(signals[i], &sa, NULL);
    }
}

// A frame that XSTATE has touched holds all of it: use the upper halves once.
static void use_avx(void)
{
#ifdef __AVX__
    __asm__ volatile("vpcmpeqd %%ymm0, %%ymm0, %%ymm0" ::: "xmm0");
#endif
}

int main(int argc, char **argv)
{
    int fd = argc > 1 ? atoi(argv[1]) : -1;
    mode16 = argc > 2 && !strcmp(argv[2], "16");
    if (mode16) {
        make_segments();
    }
    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (shared == MAP_FAILED) {
        perror("runner: shared memory");
        return 1;
    }
    int code_fd = memfd_create("code", 0);
    if (code_fd < 0 || ftruncate(code_fd, XO_CODE_SIZE)) {
        perror("runner: code");
        return 1;
    }
    map_at(XO_CODE, XO_CODE_SIZE, PROT_READ | PROT_EXEC, code_fd);
    code = map_at(0, XO_CODE_SIZE, PROT_READ | PROT_WRITE, code_fd);
    data = map_at(XO_DATA, XO_DATA_SIZE, PROT_READ | PROT_WRITE, -1);
    keep_free(XO_CODE - 4096, 4096);
    keep_free(XO_CODE + XO_CODE_SIZE, XO_NEXT);
    keep_free(XO_DATA - 4096, 4096);
    keep_free(XO_DATA + XO_DATA_SIZE, XO_NEXT);
    keep_free(XO_GUARD, XO_GUARD_SIZE);
    memset(code, 0xcc, XO_CODE_SIZE);
    pristine = malloc(XO_DATA_SIZE);
    xo_fill(pristine, XO_DATA_SIZE / 8);
    set_up_signals();
    char byte;
    while (read(0, &byte, 1) == 1) {
        volatile int done = 0;
        current = 0;
        getcontext(&home);
        if (!done) {
            done = 1;
            use_avx();
            raise(SIGUSR1);
        }
        if (write(1, &byte, 1) != 1) {
            return 1;
        }
    }
    return 0;
}
