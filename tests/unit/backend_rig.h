// Runs a block of IR on a host backend and in the interpreter, from the same random states, and
// tells what differs afterwards.
#ifndef TESTS_BACKEND_RIG_H
#define TESTS_BACKEND_RIG_H

#include <criterion/criterion.h>
#include <glib.h>
#include <stdio.h>
#include "host-backends/backend.h"
#include "ir_program.h"
#include "target-arm/fp_exact.h"
#include "target-x86/cpu.h"
#include "tcg-like/lazy_flags.h"

#if defined(__aarch64__)
#define HOST_BACKEND host_backend_aarch64
#else
#include <xmmintrin.h>
#define HOST_BACKEND host_backend_x86_64
#endif

#define CACHE_BYTES (32u << 20)
#define N_PINS      6

typedef struct Host {
    const HostBackend *backend;
    CodeCache cache;
    HostThunks thunks;
    TargetOps target;
    uint16_t pin_gpr[N_PINS + 1], pin_vec[N_PINS + 1];
    size_t empty; // of the cache: after the thunks
    const IRVHelper *exact[IR_OPCODES];
    bool sse;
} Host;

// One way of running: its vCPU, memory and what the engine would give it.
typedef struct Run {
    union { // first: helpers get a pointer to its vCPU
        ARMCPU cpu;
        X86CPU x86;
    };
    Arena arena;
    TlbEntry tlb[ARENA_TLB];
    JumpCacheEntry *jump_cache;
    uint64_t ret_stack[4096];
    unsigned fault_index; // instruction, if faulted
    bool faulted;
    bool on_host;
    bool sse;       // floating point under mxcsr rather than FPCR
    uint32_t mxcsr; // rounding, FZ, DAZ
    unsigned flags; // FPSR, or HOST_FP_*
} Run;

static inline const HostBackend *backend_of(VCPU *v)
{
    return ((Run *)v)->on_host ? &HOST_BACKEND : NULL;
}

// What the FPCR and FPSR code of the target wants of an engine.
unsigned engine_fp_take_flags(VCPU *v)
{
    const HostBackend *b = backend_of(v);
    return b ? b->fp_take_flags(v) : 0;
}

void engine_fp_set_round(VCPU *v, IRRound round)
{
    const HostBackend *b = backend_of(v);
    if (b) {
        b->fp_set_round(v, round);
    }
}

// --- setting up
static inline void set_exact(Host *h)
{
    static const struct {
        IROpcode op;
        const IRVHelper *exact;
    } row[] = {
        {IR_f_fcmp, &arm_fx_cmp},   {IR_fadd, &arm_fx_add},  {IR_fsub, &arm_fx_sub},
        {IR_fmul, &arm_fx_mul},     {IR_fdiv, &arm_fx_div},  {IR_fsqrt, &arm_fx_sqrt},
        {IR_fma, &arm_fx_fma},      {IR_fmin, &arm_fx_min},  {IR_fmax, &arm_fx_max},
        {IR_fceq, &arm_fx_ceq},     {IR_fcge, &arm_fx_cge},  {IR_fcgt, &arm_fx_cgt},
        {IR_fround, &arm_fx_round}, {IR_fcvt, &arm_fx_cvt},  {IR_fs2f, &arm_fx_s2f},
        {IR_fu2f, &arm_fx_u2f},     {IR_ff2s, &arm_fx_f2s},  {IR_ff2u, &arm_fx_f2u},
        {IR_vs2f, &arm_fx_vs2f},    {IR_vu2f, &arm_fx_vu2f}, {IR_vf2s, &arm_fx_vf2s},
        {IR_vf2u, &arm_fx_vf2u},
    };
    for (unsigned k = 0; k < ARRAY_LEN(row); k++) {
        h->exact[row[k].op] = row[k].exact;
    }
}

static inline Host *host_new(void)
{
    Host *h = g_new0(Host, 1);
    h->backend = &HOST_BACKEND;
    const char *why = h->backend->unusable();
    if (why) {
        cr_skip_test("%s", why);
    }
    for (unsigned k = 0; k < N_PINS; k++) {
        h->pin_gpr[k] = (uint16_t)offsetof(VCPU, gpr[k == 0 ? 31 : k]); // 0 and 6.. are in memory
        h->pin_vec[k] = (uint16_t)offsetof(VCPU, vec[k == 0 ? 31 : k]);
    }
    h->target = (TargetOps){.name = "test",
                            .pin_gpr = h->pin_gpr,
                            .pin_vec = h->pin_vec,
                            .va_canonical_mask = UINT64_MAX};
    cr_assert(codecache_init(&h->cache, CACHE_BYTES));
    cr_assert(h->backend->emit_thunks(&h->cache, &h->thunks, &h->target));
    h->empty = h->cache.used;
    set_exact(h);
    return h;
}

static inline void host_free(Host *h)
{
    codecache_free(&h->cache);
    g_free(h);
}

static inline unsigned seeds(unsigned otherwise)
{
    const char *s = getenv("MIMUS_TEST_SEEDS");
    return s ? (unsigned)atoi(s) : otherwise;
}

// Numbers that floating point finds hard: any sign and fraction under a special exponent.
static inline uint64_t fp_number(Random *r, unsigned esize)
{
    unsigned bits = 8u << esize, frac = esize == 1 ? 10 : esize == 2 ? 23 : 52;
    uint64_t exps = mask64(bits - 1 - frac), bias = exps >> 1, e;
    switch (rnd(r, 5)) {
    case 0:
        e = 0;
        break;
    case 1:
        e = exps;
        break;
    case 2:
        e = rnd64(r) & exps;
        break;
    default:
        e = bias - 3 + rnd(r, bits + 6);
        break;
    }
    uint64_t f = rnd(r, 3) == 0 ? 0 : rnd(r, 3) ? rnd64(r) : BIT(rnd(r, frac));
    return ((rnd64(r) & 1) << (bits - 1) | (e & exps) << frac | (f & mask64(frac))) & mask64(bits);
}

static inline void fp_state(Random *r, VCPU *v)
{
    for (unsigned k = 0; k < 6; k++) {
        unsigned esize = 1 + rnd(r, 3);
        for (unsigned n = 0; n < 16u >> esize; n++) {
            uint64_t x = fp_number(r, esize);
            memcpy(&v->vec[k].u8[n << esize], &x, (size_t)1 << esize);
        }
    }
}

// --- running
static inline Run *run_new(Random *r, bool fp)
{
    Run *x = g_new0(Run, 1);
    VCPU *v = &x->cpu.vcpu;
    random_state(r, v);
    if (fp) {
        fp_state(r, v);
    }
    x->cpu.features = ~UINT64_C(0);
    v->gpr[31] = random_base(r);
    for (unsigned k = 0; k < ARENA_SIZE; k++) {
        x->arena.byte[k] = (uint8_t)rnd64(r);
    }
    return x;
}

// --- SSE's control and flags. Exact functions may be the x86 target's, or on x86-64 the host's own
// instructions.
// The order of the bits in MXCSR differs from HOST_FP_*.
static inline unsigned sse_flags_of(unsigned mxcsr)
{
    static const uint8_t bit[] = {HOST_FP_INVALID,  HOST_FP_DENORMAL,  HOST_FP_DIVZERO,
                                  HOST_FP_OVERFLOW, HOST_FP_UNDERFLOW, HOST_FP_INEXACT};
    unsigned flags = 0;
    for (unsigned k = 0; k < 6; k++) {
        flags |= mxcsr >> k & 1 ? bit[k] : 0;
    }
    return flags;
}

static inline void sse_start(Run *x)
{
    x->x86.mxcsr = 0x1f80 | x->mxcsr;
    if (x->on_host) {
        HOST_BACKEND.fp_set_control(&x->x86.vcpu, x->mxcsr);
        return;
    }
#if defined(__x86_64__)
    _mm_setcsr(x->x86.mxcsr);
#endif
}

static inline unsigned sse_gathered(Run *x)
{
    unsigned flags = sse_flags_of(x->x86.mxcsr);
    if (x->on_host) {
        return flags | HOST_BACKEND.fp_take_flags(&x->x86.vcpu);
    }
#if defined(__x86_64__)
    flags |= sse_flags_of(_mm_getcsr());
    _mm_setcsr(0x1f80);
#endif
    return flags;
}

static inline void start(Run *x)
{
    VCPU *v = &x->cpu.vcpu;
    v->debug = &x->arena;
    v->budget = 100;
    if (!x->sse) {
        arm_fpcr_write(&x->cpu, x->cpu.fpcr);
    } else {
        sse_start(x);
    }
}

static inline unsigned gathered_flags(Run *x)
{
    return x->sse ? sse_gathered(x) : arm_fpsr_read(&x->cpu);
}

// Of each four runs one has the good page in the TLB for loads, one for stores too.
static inline void fill_tlb(Run *x, unsigned how)
{
    arena_tlb(&x->cpu.vcpu, x->tlb, how & 1, (how & 3) == 3);
}

static inline void run_interp(Run *x, const IRBlock *b, unsigned how)
{
    VCPU *v = &x->cpu.vcpu;
    start(x);
    fill_tlb(x, how);
    if (setjmp(v->leave) == 0) {
        ir_interp(v, b);
    } else {
        x->faulted = true;
        x->fault_index = v->insn_index;
    }
    x->flags = gathered_flags(x);
}

static inline const SideEntry *side_of(const Block *blk, uintptr_t host_ra)
{
    uintptr_t off = host_ra - (uintptr_t)blk->code;
    for (unsigned k = 0; k < blk->n_side; k++) {
        if (blk->side[k].host_offset == off) {
            return &blk->side[k];
        }
    }
    return NULL;
}

static inline void run_host(Host *h, Run *x, const Block *blk, unsigned how)
{
    VCPU *v = &x->cpu.vcpu;
    x->on_host = true;
    x->jump_cache = g_new0(JumpCacheEntry, 1 << JUMP_CACHE_BITS);
    v->jump_cache = x->jump_cache;
    v->key[0] = v->key[1] = 1;
    v->ret_stack = (uint64_t)(uintptr_t)&x->ret_stack[ARRAY_LEN(x->ret_stack) - 8];
    start(x);
    fill_tlb(x, how);
    if (setjmp(v->leave) == 0) {
        h->thunks.enter(v, blk->code);
    } else {
        h->backend->left(v);
        x->faulted = true;
        const SideEntry *side = side_of(blk, v->host_ra);
        x->fault_index = side ? side->insn_index : ~0u;
        if (side && side->recipe) {
            ir_recipe_follow(blk->recipes + side->recipe, v);
        }
    }
    x->flags = gathered_flags(x);
    g_free(x->jump_cache);
}

static inline bool same_run(const Run *x, const Run *y)
{
    const VCPU *v = &x->cpu.vcpu, *w = &y->cpu.vcpu;
    return x->faulted == y->faulted && x->fault_index == y->fault_index &&
           (x->faulted || v->pc == w->pc) && same_state(v, w) && x->flags == y->flags &&
           !memcmp(x->arena.byte, y->arena.byte, ARENA_SIZE);
}

// --- saying what differs
static inline void describe_vcpu(GString *s, const Run *x, const Run *y)
{
    const VCPU *v = &x->cpu.vcpu, *w = &y->cpu.vcpu;
    for (unsigned k = 0; k < 32; k++) {
        if (v->gpr[k] != w->gpr[k]) {
            g_string_append_printf(s, "  gpr %u: %016lx, host %016lx\n", k, v->gpr[k], w->gpr[k]);
        }
        if (v->vec[k].u128 != w->vec[k].u128) {
            g_string_append_printf(s, "  vec %u: %016lx %016lx, host %016lx %016lx\n", k,
                                   v->vec[k].u64[1], v->vec[k].u64[0], w->vec[k].u64[1],
                                   w->vec[k].u64[0]);
        }
    }
    g_string_append_printf(s,
                           "  flags %04x, host %04x; fpsr %x, host %x; pc %lx, host %lx; budget "
                           "%d, host %d; fault %d at %u, host %d at %u\n",
                           v->flags & IR_FLAG_MASK, w->flags & IR_FLAG_MASK, x->flags, y->flags,
                           v->pc, w->pc, v->budget, w->budget, x->faulted, x->fault_index,
                           y->faulted, y->fault_index);
}

static inline char *describe(const Run *before, const Run *x, const Run *y, const IRBlock *b)
{
    GString *s = g_string_new("");
    char *text = ir_text(b);
    g_string_append(s, text);
    free(text);
    for (unsigned k = 0; k < 6; k++) {
        const VCPU *v = &before->cpu.vcpu;
        g_string_append_printf(s, "  before: gpr %u %016lx, vec %016lx %016lx\n", k, v->gpr[k],
                               v->vec[k].u64[1], v->vec[k].u64[0]);
    }
    g_string_append_printf(s, "  before: flags %04x fpcr %x mxcsr %x\n", before->cpu.vcpu.flags,
                           before->cpu.fpcr, before->mxcsr);
    describe_vcpu(s, x, y);
    return g_string_free(s, FALSE);
}

// --- compiling
static inline Block *compile(Host *h, IRBlock *b)
{
    Block *blk = g_new0(Block, 1);
    blk->pc = b->pc;
    blk->guest_insns = (uint16_t)b->guest_insns;
    blk->valid = true;
    blk->n_links = (uint16_t)b->n_slots;
    blk->link = g_new0(BlockLink, b->n_slots + 1);
    for (unsigned k = 0; k < b->n_slots; k++) {
        blk->link[k] = (BlockLink){.from = blk, .target_pc = b->exit_pc[k]};
    }
    if (h->cache.size - h->cache.used < 1 << 20) {
        h->cache.used = h->empty;
    }
    CompileRequest q = {&h->cache, &h->thunks, &h->target, b, blk};
    cr_assert(h->backend->compile(&q), "the block does not compile");
    return blk;
}

static inline void block_free(Block *blk)
{
    g_free(blk->side);
    g_free(blk->recipes);
    g_free(blk->link);
    g_free(blk);
}

// Runs the block both ways from `states` random states; NULL, or what differs.
static inline char *compare(Host *h, Random *r, IRBlock *b, unsigned states, bool fp)
{
    char *error = ir_verify(b), *difference = NULL;
    cr_assert_null(error, "%s", error);
    Block *blk = compile(h, b);
    for (unsigned n = 0; n < states && !difference; n++) {
        Run *before = run_new(r, fp && n % 4);
        before->cpu.fpcr = rnd(r, 3) ? 0 : rnd(r, 4) << 22;
        before->sse = h->sse;
        before->mxcsr = rnd(r, 3) ? 0 : rnd(r, 4) << 13 | rnd(r, 2) << 15 | rnd(r, 2) << 6;
        Run *x = g_memdup2(before, sizeof *before), *y = g_memdup2(before, sizeof *before);
        run_interp(x, b, n + 1);
        run_host(h, y, blk, n);
        if (!same_run(x, y)) {
            difference = describe(before, x, y, b);
        }
        g_free(before);
        g_free(x);
        g_free(y);
    }
    block_free(blk);
    return difference;
}

#endif
