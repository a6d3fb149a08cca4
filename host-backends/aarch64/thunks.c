// Code at the start of the code cache.
//
//   enter: callee-saved registers to the C stack,
//          pins <- homes, FPCR, x24 <- ret_stack    blocks run
//                                                   bl thunk (slow paths, helpers):
//          C function <------------------------     pins -> homes, budget, host_ra
//                     ------------------------>     back: budget, pins, TLB; ret
//   leave: pins -> homes, FPSR, budget  <--------   exits jump here with the HostExit in x16
//
// A C function that does not return (engine_leave) finds everything stored and longjmps. The C
// stack pointer stays where it is.
//
// host_fpcr has FPCR's rounding mode and FPSR's sticky flags, which lie in different bits. While
// translated code runs the flags since it was entered are in FPSR alone.
#include "host-backends/aarch64/thunks.h"

#include <assert.h>

#include "host-backends/aarch64/link.h"
#include "softmmu/softmmu.h"

#define FPCR_ROUND 0xc00000u // DDI 0487 C5.2.7
#define FPSR_FLAGS 0x1fu     // IOC, DZC, OFC, UFC, IXC

typedef struct Thunks {
    A64Code c;
    RaRegs regs;
    HostThunks *t;
    size_t leave; // T0 = HostExit
} Thunks;

// --- pinned registers and their homes
static void pins(Thunks *t, bool store, uint32_t gpr_set)
{
    for (unsigned k = 0; k < t->regs.n_pins[RA_GPR]; k++) {
        const RaPin *p = &t->regs.pin[RA_GPR][k];
        if (!(gpr_set >> p->reg & 1)) {
            continue;
        }
        if (store) {
            state_store(&t->c, p->reg, p->off, 8);
        } else {
            state_load(&t->c, p->reg, p->off, 8);
        }
    }
    for (unsigned k = 0; k < t->regs.n_pins[RA_VEC]; k++) {
        const RaPin *p = &t->regs.pin[RA_VEC][k];
        if (store) {
            state_store_vec(&t->c, p->reg, p->off, 16);
        } else {
            state_load_vec(&t->c, p->reg, p->off, 16);
        }
    }
}

static void temps(Thunks *t, bool store)
{
    for (uint32_t set = TEMP_GPR; set; set &= set - 1) {
        int reg = __builtin_ctz(set);
        if (store) {
            state_store(&t->c, reg, SAVE_GPR(reg), 8);
        } else {
            state_load(&t->c, reg, SAVE_GPR(reg), 8);
        }
    }
}

static void load_tlb(Thunks *t)
{
    state_load(&t->c, REG_TLB, offsetof(VCPU, fast) + offsetof(TlbFast, entry), 8);
    state_load(&t->c, REG_MASK, offsetof(VCPU, fast) + offsetof(TlbFast, mask), 8);
}

// --- FPCR and FPSR; x4, x5 change
static void fp_put_aside(Thunks *t)
{
    A64Code *c = &t->c;
    a64_word(c, A64_MRS | SYS_FPSR | 4);
    a64_logic_imm(c, A64_ANDI, 4, 4, FPSR_FLAGS);
    state_load(c, 5, offsetof(VCPU, host_fpcr), 4);
    a64_rrr(c, A64_ORR, 5, 5, 4);
    state_store(c, 5, offsetof(VCPU, host_fpcr), 4);
    a64_logic_imm(c, A64_ANDI, 5, 5, FPCR_ROUND);
    size_t nearest = a64_cbz_fwd(c, false, false, 5);
    a64_word(c, A64_MSR | SYS_FPCR | XZR);
    a64_patch(c, nearest, c->pos);
    state_store(c, XZR, offsetof(VCPU, in_code), 4);
}

static void fp_take_up(Thunks *t)
{
    A64Code *c = &t->c;
    a64_const(c, 4, 1);
    state_store(c, 4, offsetof(VCPU, in_code), 4);
    state_load(c, 5, offsetof(VCPU, host_fpcr), 4);
    a64_logic_imm(c, A64_ANDI, 5, 5, FPCR_ROUND);
    size_t nearest = a64_cbz_fwd(c, false, false, 5);
    a64_word(c, A64_MSR | SYS_FPCR | 5);
    a64_patch(c, nearest, c->pos);
    a64_word(c, A64_MSR | SYS_FPSR | XZR);
}

// --- in and out
enum { FRAME = 96 };

static void callee_saved(A64Code *c, uint32_t op)
{
    for (int k = 0; k < 5; k++) {
        a64_pair(c, op, 19 + 2 * k, 20 + 2 * k, SP, 16 + 16 * k);
    }
}

static void emit_enter(Thunks *t, CodeCache *cache)
{
    A64Code *c = &t->c;
    t->t->enter = (HostExit(*)(VCPU *, const void *))(uintptr_t)(cache->rx + c->pos);
    a64_pair(c, A64_STP_PRE, 29, 30, SP, -FRAME);
    callee_saved(c, A64_STP);
    a64_mov(c, true, REG_STATE, 0);
    fp_take_up(t);
    state_load(c, REG_BUDGET, offsetof(VCPU, budget), 4);
    load_tlb(t);
    pins(t, false, ~0u);
    state_load(c, REG_RET, offsetof(VCPU, ret_stack), 8);
    // The top of the return stack: a return to ~0 matches it, and is a miss.
    a64_const(c, T1, UINT64_MAX);
    size_t sentinel = a64_adr_fwd(c, T0);
    a64_pair(c, A64_STP, T1, T0, REG_RET, 0);
    a64_br(c, A64_BR, 1);
    t->t->offset[T_RET_MISS] = (uint32_t)sentinel; // patched when the thunk is there
}

static void emit_leave(Thunks *t)
{
    A64Code *c = &t->c;
    t->leave = c->pos;
    pins(t, true, ~0u);
    fp_put_aside(t);
    state_store(c, REG_BUDGET, offsetof(VCPU, budget), 4);
    a64_mov(c, true, 0, T0);
    callee_saved(c, A64_LDP);
    a64_pair(c, A64_LDP_POST, 29, 30, SP, FRAME);
    a64_br(c, A64_RET, 30);
}

static void begin(Thunks *t, unsigned thunk)
{
    assert(thunk < HOST_THUNKS_MAX);
    t->t->offset[thunk] = (uint32_t)t->c.pos;
}

static void emit_exits(Thunks *t)
{
    A64Code *c = &t->c;
    begin(t, T_BUDGET);
    a64_mem(c, A64_LDRH, T1, T0, offsetof(Block, guest_insns), T2);
    a64_rrr(c, A64_ADD, REG_BUDGET, REG_BUDGET, T1);
    a64_mem(c, A64_LDR_X, T1, T0, offsetof(Block, pc), T2);
    state_store(c, T1, offsetof(VCPU, pc), 8);
    a64_const(c, T0, HOST_EXIT_BUDGET);
    a64_b(c, t->leave);

    begin(t, T_UNLINKED);
    a64_mem(c, A64_LDR_X, T1, T0, offsetof(BlockLink, target_pc), T2);
    state_store(c, T1, offsetof(VCPU, pc), 8);
    a64_b(c, t->leave);

    begin(t, T_LOOP);
    a64_const(c, T0, HOST_EXIT_LOOP);
    a64_b(c, t->leave);

    begin(t, T_INDIRECT);
    state_store(c, T0, offsetof(VCPU, pc), 8);
    a64_const(c, T0, HOST_EXIT_INDIRECT);
    a64_b(c, t->leave);

    size_t sentinel = t->t->offset[T_RET_MISS];
    begin(t, T_RET_MISS);
    a64_patch(c, sentinel, c->pos);
    state_load(c, REG_RET, offsetof(VCPU, ret_stack), 8);
    size_t miss[2];
    a64_jump_cache_look(c, miss);
    a64_br(c, A64_BR, T1);
    a64_patch(c, miss[0], t->t->offset[T_INDIRECT]);
    a64_patch(c, miss[1], t->t->offset[T_INDIRECT]);
}

// --- into C. After to_c x26 is the way back; T0, T1, T3 are as the caller left them, and the
// temporaries are free.
//
// foreign: the C code may come to functions that use floating point (libraries do, for example when
// a hash table grows), so the flags that the guest has gathered are set aside meanwhile.
static void to_c(Thunks *t, uint32_t gpr_set, bool foreign)
{
    A64Code *c = &t->c;
    pins(t, true, gpr_set);
    temps(t, true);
    if (foreign) {
        fp_put_aside(t);
    }
    state_store(c, REG_BUDGET, offsetof(VCPU, budget), 4);
    state_store(c, T2, offsetof(VCPU, host_ra), 8);
    a64_mov(c, true, REG_TLB, T2);
    a64_mov(c, true, 0, REG_STATE);
}

static void from_c(Thunks *t, uint32_t gpr_set, bool foreign)
{
    A64Code *c = &t->c;
    if (foreign) {
        fp_take_up(t);
    }
    a64_mov(c, true, T2, REG_TLB);
    state_store(c, XZR, offsetof(VCPU, host_ra), 8);
    state_load(c, REG_BUDGET, offsetof(VCPU, budget), 4);
    load_tlb(t);
    temps(t, false);
    pins(t, false, gpr_set);
    a64_br(c, A64_RET, T2);
}

static void call_c(Thunks *t, const void *fn)
{
    a64_const(&t->c, T0, (uintptr_t)fn);
    a64_br(&t->c, A64_BLR, T0);
    a64_mov(&t->c, true, T0, 0);
}
#define FN(f) ((const void *)(uintptr_t)(f))

static void state_address(A64Code *c, int rd, size_t off)
{
    a64_add_const(c, rd, REG_STATE, (int64_t)off, rd);
}

static void emit_loads_and_stores(Thunks *t)
{
    A64Code *c = &t->c;
    begin(t, T_LOAD);
    to_c(t, ~0u, true);
    a64_mov(c, true, 1, T0);
    a64_mov(c, false, 2, T1);
    call_c(t, FN(mmu_load));
    from_c(t, CALLER_SAVED, true);

    begin(t, T_STORE);
    to_c(t, ~0u, true);
    a64_mov(c, true, 1, T0);
    a64_mov(c, true, 2, T3);
    a64_mov(c, false, 3, T1);
    call_c(t, FN(mmu_store));
    from_c(t, CALLER_SAVED, true);

    begin(t, T_LOAD128);
    to_c(t, ~0u, true);
    a64_mov(c, true, 1, T0);
    state_address(c, 2, VARG(0));
    a64_mov(c, false, 3, T1);
    call_c(t, FN(mmu_load128));
    state_load_vec(c, VB, VARG(0), 16);
    from_c(t, CALLER_SAVED, true);

    begin(t, T_STORE128);
    state_store_vec(c, VB, VARG(0), 16);
    to_c(t, ~0u, true);
    a64_mov(c, true, 1, T0);
    state_address(c, 2, VARG(0));
    a64_mov(c, false, 3, T1);
    call_c(t, FN(mmu_store128));
    from_c(t, CALLER_SAVED, true);
}

static void emit_atomics(Thunks *t)
{
    A64Code *c = &t->c;
    begin(t, T_RMW);
    to_c(t, ~0u, true);
    a64_mov(c, true, 1, T0);
    a64_mov(c, true, 2, T3);
    a64_ubfx(c, false, 3, T1, 0, 16);
    a64_lsr(c, false, 4, T1, 16);
    call_c(t, FN(mmu_rmw));
    from_c(t, CALLER_SAVED, true);

    begin(t, T_CAS);
    to_c(t, ~0u, true);
    a64_mov(c, true, 1, T0);
    a64_mov(c, true, 2, T3);
    state_load(c, 3, CALL_ARG(0), 8);
    a64_mov(c, false, 4, T1);
    call_c(t, FN(mmu_cas));
    from_c(t, CALLER_SAVED, true);

    begin(t, T_CHK);
    to_c(t, ~0u, true);
    a64_mov(c, true, 1, T0);
    a64_lsr(c, false, 2, T1, 16);
    a64_ubfx(c, false, 3, T1, 0, 16);
    call_c(t, FN(mmu_chk));
    from_c(t, CALLER_SAVED, true);
}

static void emit_calls(Thunks *t)
{
    A64Code *c = &t->c;
    for (unsigned pure = 0; pure < 2; pure++) {
        uint32_t set = pure ? CALLER_SAVED : ~0u;
        begin(t, pure ? T_CALL_PURE : T_CALL);
        to_c(t, set, !pure);
        for (int k = 0; k < 4; k++) {
            state_load(c, 1 + k, CALL_ARG((size_t)k), 8);
        }
        a64_br(c, A64_BLR, T0);
        a64_mov(c, true, T0, 0);
        from_c(t, set, !pure);

        begin(t, pure ? T_VCALL_PURE : T_VCALL);
        to_c(t, set, false);
        for (int k = 0; k < 4; k++) {
            state_address(c, 1 + k, VARG((size_t)k));
        }
        a64_mov(c, false, 5, T1);
        a64_br(c, A64_BLR, T0);
        from_c(t, set, false);
    }
}

#if defined(__aarch64__)
#include <sys/auxv.h>

static uint32_t host_features(void)
{
    // AT_HWCAP of Linux: bits of the ID registers' fields
    static const struct {
        uint8_t bit, feature;
    } row[] = {{3, A64_HAS_AES},
               {4, A64_HAS_PMULL},
               {5, A64_HAS_SHA1},
               {6, A64_HAS_SHA2},
               {7, A64_HAS_CRC32}};
    unsigned long caps = getauxval(AT_HWCAP);
    uint32_t features = 0;
    for (unsigned k = 0; k < ARRAY_LEN(row); k++) {
        features |= caps >> row[k].bit & 1 ? row[k].feature : 0u;
    }
    return features;
}
#else
static uint32_t host_features(void)
{
    return 0;
}
#endif

bool a64_emit_thunks(CodeCache *cache, HostThunks *out, const TargetOps *target)
{
    Thunks t = {.c = {.rw = cache->rw, .end = MIN_OF(cache->size, A64_CACHE_MAX)}, .t = out};
    out->features = host_features();
    a64_registers(&t.regs, target);
    emit_enter(&t, cache);
    emit_leave(&t);
    emit_exits(&t);
    emit_loads_and_stores(&t);
    emit_atomics(&t);
    emit_calls(&t);
    cache->used = ALIGN_UP(t.c.pos, 64);
    if (!t.c.full) {
        a64_sync_code(cache, 0, cache->used);
    }
    return !t.c.full;
}

// --- FPCR and FPSR
#if defined(__aarch64__)
static unsigned take_fpsr(void)
{
    uint64_t x;
    __asm__ volatile("mrs %0, fpsr" : "=r"(x));
    __asm__ volatile("msr fpsr, xzr");
    return (unsigned)x & FPSR_FLAGS;
}
static void set_fpcr(uint64_t x)
{
    __asm__ volatile("msr fpcr, %0" : : "r"(x));
}
#else
static unsigned take_fpsr(void)
{
    return 0;
}
static void set_fpcr(uint64_t x)
{
    (void)x;
}
#endif

unsigned a64_fp_take_flags(VCPU *v)
{
    _Static_assert(HOST_FP_INVALID == 1 && HOST_FP_INEXACT == 16, "FPSR's order");
    unsigned flags = (v->host_fpcr & FPSR_FLAGS) | (v->in_code ? take_fpsr() : 0);
    v->host_fpcr &= ~FPSR_FLAGS;
    return flags;
}

void a64_fp_set_round(VCPU *v, IRRound round)
{
    static const uint8_t mode[] = {0, 2, 1, 3}; // nearest, down, up, zero
    v->host_fpcr = (v->host_fpcr & FPSR_FLAGS) | (uint32_t)mode[round & 3] << 22;
    if (v->in_code) {
        set_fpcr(v->host_fpcr & FPCR_ROUND);
    }
}

// FZ and DAZ change nothing but denormal numbers, which are the exact functions' in any case.
void a64_fp_set_control(VCPU *v, uint32_t mxcsr)
{
    a64_fp_set_round(v, (IRRound)(mxcsr >> 13 & 3));
}

void a64_left(VCPU *v)
{
    if (v->in_code) {
        v->host_fpcr |= take_fpsr();
        v->in_code = 0;
    }
    set_fpcr(0);
}
