// Code at the start of the code cache.
//
//   C stack                                    return-prediction stack
//   enter: push callee-saved, rsp -> host_rsp
//          pins <- homes, MXCSR <- host_fpcr,
//          rsp <- ret_stack                    blocks run
//                                              call thunk (slow paths, helpers):
//          C function <---------------------   pins -> homes, budget, host_ra; rsp <- host_rsp
//                     --------------------->   back: budget, pins, TLB; ret n
//   leave: pins -> homes, MXCSR, budget  <---   exits jump here with the HostExit in rax
//
// A C function that does not return (engine_leave) finds everything stored and longjmps.
#include <assert.h>

#include "host-backends/x86_64/thunks.h"
#include "softmmu/softmmu.h"

typedef struct Thunks {
    X86Code c;
    RaRegs regs;
    HostThunks *t;
    size_t leave; // rax = HostExit
} Thunks;

static const int8_t callee_saved[] = {RBX, RBP, R12, R13, R14, R15};

// --- pinned registers and their homes
static void gpr_pins(Thunks *t, bool store, uint32_t gpr_set)
{
    for (unsigned k = 0; k < t->regs.n_pins[RA_GPR]; k++) {
        const RaPin *p = &t->regs.pin[RA_GPR][k];
        if (!(gpr_set >> p->reg & 1)) {
            continue;
        }
        if (store) {
            x86_store(&t->c, p->reg, state_mem(p->off), 8);
        } else {
            x86_load(&t->c, p->reg, state_mem(p->off), 8);
        }
    }
}

static void pins(Thunks *t, bool store, uint32_t gpr_set)
{
    gpr_pins(t, store, gpr_set);
    for (unsigned k = 0; k < t->regs.n_pins[RA_VEC]; k++) {
        const RaPin *p = &t->regs.pin[RA_VEC][k];
        vex_rrm(&t->c, (store ? 0x29 : 0x28) | X86_0F, p->reg, 0, state_mem(p->off));
    }
}

static void temps(Thunks *t, bool store)
{
    unsigned k = 0;
    for (uint32_t set = TEMP_GPR; set; set &= set - 1, k++) {
        int reg = __builtin_ctz(set);
        if (store) {
            x86_store(&t->c, reg, state_mem(SAVE_GPR(k)), 8);
        } else {
            x86_load(&t->c, reg, state_mem(SAVE_GPR(k)), 8);
        }
    }
}

static void load_tlb(Thunks *t)
{
    x86_load(&t->c, REG_TLB, state_mem(offsetof(VCPU, fast) + offsetof(TlbFast, entry)), 8);
}

// --- in and out
static void emit_enter(Thunks *t, CodeCache *cache)
{
    X86Code *c = &t->c;
    t->t->enter = (HostExit(*)(VCPU *, const void *))(uintptr_t)(cache->rx + c->pos);
    for (unsigned k = 0; k < ARRAY_LEN(callee_saved); k++) {
        x86_push(c, callee_saved[k]);
    }
    x86_alu_ri(c, ALU_SUB, true, RSP, 8);
    x86_lea(c, true, REG_STATE, x86_mem(RDI, STATE_BIAS));
    x86_mov_rr(c, true, RCX, RSI);
    x86_store(c, RSP, state_mem(offsetof(VCPU, host_rsp)), 8);
    x86_alu_mi(c, ALU_OR, false, state_mem(offsetof(VCPU, host_fpcr)), DEFAULT_MXCSR);
    vex_rrm(c, 0xae | X86_0F, 2, 0, state_mem(offsetof(VCPU, host_fpcr))); // vldmxcsr
    x86_store_imm(c, state_mem(offsetof(VCPU, in_code)), 4, 1);
    x86_load(c, REG_BUDGET, state_mem(offsetof(VCPU, budget)), 4);
    load_tlb(t);
    pins(t, false, ~0u);
    x86_load(c, RSP, state_mem(offsetof(VCPU, ret_stack)), 8);
    // The top of the return stack: a return to ~0 matches it, and is a miss.
    x86_rm(c, 0x8d | X86_W, RAX, x86_mem_rip(0));
    size_t sentinel = c->pos - 4;
    x86_store(c, RAX, x86_mem(RSP, 0), 8);
    x86_store_imm(c, x86_mem(RSP, 8), 8, -1);
    x86_jmp_reg(c, RCX);
    t->t->offset[T_RET_MISS] = (uint32_t)sentinel; // patched when the thunk is there
}

static void emit_leave(Thunks *t)
{
    X86Code *c = &t->c;
    t->leave = c->pos;
    pins(t, true, ~0u);
    vex_rrm(c, 0xae | X86_0F, 3, 0, state_mem(offsetof(VCPU, host_fpcr))); // vstmxcsr
    vex_rrm(c, 0xae | X86_0F, 2, 0, x86_const(K_MXCSR));
    x86_store_imm(c, state_mem(offsetof(VCPU, in_code)), 4, 0);
    x86_store(c, REG_BUDGET, state_mem(offsetof(VCPU, budget)), 4);
    x86_load(c, RSP, state_mem(offsetof(VCPU, host_rsp)), 8);
    x86_alu_ri(c, ALU_ADD, true, RSP, 8);
    for (unsigned k = ARRAY_LEN(callee_saved); k-- > 0;) {
        x86_pop(c, callee_saved[k]);
    }
    x86_ret(c, 0);
}

static void begin(Thunks *t, unsigned thunk)
{
    assert(thunk < HOST_THUNKS_MAX);
    t->t->offset[thunk] = (uint32_t)t->c.pos;
}

static void emit_exits(Thunks *t)
{
    X86Code *c = &t->c;
    begin(t, T_BUDGET);
    x86_load(c, RCX, x86_mem(RAX, offsetof(Block, guest_insns)), 2);
    x86_alu_rr(c, ALU_ADD, false, REG_BUDGET, RCX);
    x86_load(c, RCX, x86_mem(RAX, offsetof(Block, pc)), 8);
    x86_store(c, RCX, state_mem(offsetof(VCPU, pc)), 8);
    x86_mov_ri(c, RAX, HOST_EXIT_BUDGET);
    x86_jmp(c, t->leave);

    begin(t, T_UNLINKED);
    x86_load(c, RCX, x86_mem(RAX, offsetof(BlockLink, target_pc)), 8);
    x86_store(c, RCX, state_mem(offsetof(VCPU, pc)), 8);
    x86_jmp(c, t->leave);

    begin(t, T_LOOP);
    x86_mov_ri(c, RAX, HOST_EXIT_LOOP);
    x86_jmp(c, t->leave);

    begin(t, T_INDIRECT);
    x86_store(c, RDX, state_mem(offsetof(VCPU, pc)), 8);
    x86_mov_ri(c, RAX, HOST_EXIT_INDIRECT);
    x86_jmp(c, t->leave);

    size_t sentinel = t->t->offset[T_RET_MISS];
    begin(t, T_RET_MISS);
    x86_patch(c, sentinel, c->pos);
    x86_load(c, RSP, state_mem(offsetof(VCPU, ret_stack)), 8);
    size_t miss[2];
    x86_jump_cache_look(c, miss);
    x86_patch(c, miss[0], t->t->offset[T_INDIRECT]);
    x86_patch(c, miss[1], t->t->offset[T_INDIRECT]);
    x86_jmp_mem(c, x86_jump_cache_code());
}

// --- into C. After `to_c` rsp is the C stack's and r13 the old rsp: [r13] is the return address,
// the pushed words follow. rax, rcx are as the caller left them.
//
// foreign: the C code may come to functions that use floating point (libraries do, for example when
// a hash table grows), so the flags that the guest has gathered are set aside meanwhile.
static void to_c(Thunks *t, uint32_t gpr_set, bool foreign)
{
    X86Code *c = &t->c;
    pins(t, true, gpr_set);
    temps(t, true);
    if (foreign) {
        vex_rrm(c, 0xae | X86_0F, 3, 0, state_mem(offsetof(VCPU, host_fpcr))); // vstmxcsr
        x86_store_imm(c, state_mem(offsetof(VCPU, in_code)), 4, 0);
    }
    x86_store(c, REG_BUDGET, state_mem(offsetof(VCPU, budget)), 4);
    x86_load(c, RDX, x86_mem(RSP, 0), 8);
    x86_store(c, RDX, state_mem(offsetof(VCPU, host_ra)), 8);
    x86_mov_rr(c, true, R13, RSP);
    x86_load(c, RSP, state_mem(offsetof(VCPU, host_rsp)), 8);
}

static void from_c(Thunks *t, uint32_t gpr_set, bool foreign, unsigned pop_words)
{
    X86Code *c = &t->c;
    if (foreign) {
        vex_rrm(c, 0xae | X86_0F, 2, 0, state_mem(offsetof(VCPU, host_fpcr))); // vldmxcsr
        x86_store_imm(c, state_mem(offsetof(VCPU, in_code)), 4, 1);
    }
    x86_mov_rr(c, true, RSP, R13);
    x86_store_imm(c, state_mem(offsetof(VCPU, host_ra)), 8, 0);
    x86_load(c, REG_BUDGET, state_mem(offsetof(VCPU, budget)), 4);
    load_tlb(t);
    temps(t, false);
    pins(t, false, gpr_set);
    x86_ret(c, 8 * pop_words);
}

static void pushed(Thunks *t, int reg, unsigned word, unsigned bytes, unsigned skip)
{
    x86_load(&t->c, reg, x86_mem(R13, (int32_t)(8 + 8 * word + skip)), bytes);
}

static void vcpu_argument(Thunks *t)
{
    x86_lea(&t->c, true, RDI, x86_mem(REG_STATE, -STATE_BIAS));
}

static void call_c(Thunks *t, const void *fn)
{
    x86_mov_ri(&t->c, RAX, (uintptr_t)fn);
    x86_call_reg(&t->c, RAX);
}
#define FN(f) ((const void *)(uintptr_t)(f))

static void emit_loads_and_stores(Thunks *t)
{
    X86Code *c = &t->c;
    static const struct {
        unsigned thunk;
        bool store, wide;
    } rows[] = {{T_LOAD, false, false},
                {T_STORE, true, false},
                {T_LOAD128, false, true},
                {T_STORE128, true, true}};
    for (unsigned k = 0; k < ARRAY_LEN(rows); k++) {
        begin(t, rows[k].thunk);
        to_c(t, ~0u, true);
        vcpu_argument(t);
        x86_mov_rr(c, true, RSI, RAX);
        if (rows[k].wide) {
            x86_lea(c, true, RDX, state_mem(VARG(0)));
            if (rows[k].store) {
                vex_rrm(c, 0x29 | X86_0F, XMM_B, 0, state_mem(VARG(0)));
            }
        } else {
            x86_mov_rr(c, true, RDX, RCX);
        }
        bool plain_load = rows[k].thunk == T_LOAD;
        pushed(t, plain_load ? RDX : RCX, 0, 4, 0);
        switch (rows[k].thunk) {
        case T_LOAD:
            call_c(t, FN(mmu_load));
            break;
        case T_STORE:
            call_c(t, FN(mmu_store));
            break;
        case T_LOAD128:
            call_c(t, FN(mmu_load128));
            vex_rrm(c, 0x28 | X86_0F, XMM_B, 0, state_mem(VARG(0)));
            break;
        default:
            call_c(t, FN(mmu_store128));
            break;
        }
        from_c(t, CALLER_SAVED, true, 1);
    }
}

static void emit_atomics(Thunks *t)
{
    X86Code *c = &t->c;
    begin(t, T_RMW);
    to_c(t, ~0u, true);
    vcpu_argument(t);
    x86_mov_rr(c, true, RSI, RAX);
    x86_mov_rr(c, true, RDX, RCX);
    pushed(t, RCX, 0, 2, 0);
    pushed(t, R8, 0, 2, 2);
    call_c(t, FN(mmu_rmw));
    from_c(t, CALLER_SAVED, true, 1);

    begin(t, T_CAS);
    to_c(t, ~0u, true);
    vcpu_argument(t);
    x86_mov_rr(c, true, RSI, RAX);
    x86_mov_rr(c, true, RDX, RCX);
    pushed(t, RCX, 1, 8, 0);
    pushed(t, R8, 0, 4, 0);
    call_c(t, FN(mmu_cas));
    from_c(t, CALLER_SAVED, true, 2);

    begin(t, T_CHK);
    to_c(t, ~0u, true);
    vcpu_argument(t);
    x86_mov_rr(c, true, RSI, RAX);
    pushed(t, RDX, 0, 2, 2);
    pushed(t, RCX, 0, 2, 0);
    call_c(t, FN(mmu_chk));
    from_c(t, CALLER_SAVED, true, 1);
}

static void emit_calls(Thunks *t)
{
    X86Code *c = &t->c;
    static const int8_t argument[] = {RSI, RDX, RCX, R8};
    for (unsigned pure = 0; pure < 2; pure++) {
        uint32_t set = pure ? CALLER_SAVED : ~0u;
        begin(t, pure ? T_CALL_PURE : T_CALL);
        to_c(t, set, !pure);
        vcpu_argument(t);
        for (unsigned k = 0; k < 4; k++) {
            pushed(t, argument[k], k, 8, 0);
        }
        x86_call_reg(c, RAX);
        from_c(t, set, !pure, 4);

        begin(t, pure ? T_VCALL_PURE : T_VCALL);
        to_c(t, set, false);
        vcpu_argument(t);
        x86_mov_rr(c, false, R9, RCX);
        x86_lea(c, true, RSI, state_mem(VARG(0)));
        x86_lea(c, true, RDX, state_mem(VARG(1)));
        x86_lea(c, true, RCX, state_mem(VARG(2)));
        x86_lea(c, true, R8, state_mem(VARG(3)));
        x86_call_reg(c, RAX);
        from_c(t, set, false, 0);
    }
}

bool x86_emit_thunks(CodeCache *cache, HostThunks *out, const TargetOps *target)
{
    Thunks t = {.c = {.rw = cache->rw, .end = cache->size}, .t = out};
    out->features = x86_host_features();
    x86_registers(&t.regs, target);
    x86_emit_constants(&t.c);
    emit_enter(&t, cache);
    emit_leave(&t);
    emit_exits(&t);
    emit_loads_and_stores(&t);
    emit_atomics(&t);
    emit_calls(&t);
    cache->used = ALIGN_UP(t.c.pos, 64);
    return !t.c.full;
}
