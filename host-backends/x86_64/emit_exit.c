// Ways out of a block.
//
//   direct      jcc or jmp rel32, patched by link.c. Unlinked it goes to its stub, which returns
//   the
//               BlockLink. A link to another page first compares the mapping key of the target's
//               half of the address space: cmp [key], imm32 ; jne stub.
//   call        push return pc ; call target ; landing: drop it ; checked link to the return pc.
//               The host's own return predictor follows the guest's calls that way.
//   return      cmp target, [rsp+8] ; jne miss ; ret        (to the landing)
//   indirect    jump cache: {pc, key, code}
//
// The return stack needs no bounds check: the budget bounds how deep calls can get before enter
// resets it, and at its top enter keeps a word that no landing has.
#include "host-backends/x86_64/emit.h"
#include "host-backends/x86_64/link.h"

static unsigned refund(const Emit *e, unsigned index)
{
    return e->b->guest_insns > index + 1 ? e->b->guest_insns - index - 1 : 0;
}

static void give_back(Emit *e, unsigned index)
{
    if (refund(e, index)) {
        x86_alu_ri(&e->c, ALU_ADD, false, REG_BUDGET, (int32_t)refund(e, index));
    }
}

static BlockLink *link_of(Emit *e, unsigned slot)
{
    Block *b = e->r->block;
    return &b->link[slot == LINK_LANDING ? b->n_links - 1u : slot];
}

void x86_cold_budget(Emit *e, const Cold *c)
{
    x86_mov_ri(&e->c, RAX, c->imm);
    x86_jmp(&e->c, e->r->thunks->offset[T_BUDGET]);
}

static void stub(Emit *e, unsigned slot)
{
    e->link[slot].stub = e->c.pos;
    x86_mov_ri(&e->c, RAX, (uintptr_t)link_of(e, slot));
    x86_jmp(&e->c, e->r->thunks->offset[T_UNLINKED]);
}

static void cold_stub(Emit *e, const Cold *c)
{
    stub(e, (unsigned)c->reg[0]);
}

// The jumps that fail a key check go to the stub, too.
static void cold_checked_stub(Emit *e, const Cold *c)
{
    if (c->back) {
        x86_patch(&e->c, c->back, e->c.pos);
    }
    stub(e, (unsigned)c->reg[0]);
}

// Compares the key if the link wants it; the jump to the stub, or 0.
static size_t key_check(Emit *e, unsigned slot)
{
    const BlockLink *l = link_of(e, slot);
    if (!l->checked) {
        return 0;
    }
    unsigned half = l->target_pc >> 63;
    x86_rm(&e->c, 0x81, ALU_CMP, state_mem(offsetof(VCPU, key) + 4 * half));
    x86_imm32(&e->c, 0);
    e->link[slot].key = e->c.pos - 4;
    return x86_jcc_fwd(&e->c, CC_NE);
}

static void linked_jump(Emit *e, unsigned slot)
{
    size_t wrong_key = key_check(e, slot);
    e->link[slot].field = x86_jmp_fwd(&e->c);
    Cold *c = x86_cold(e, cold_checked_stub, e->link[slot].field);
    c->reg[0] = (int)slot;
    c->back = wrong_key;
}

// --- conditional
static void cold_exit(Emit *e, const Cold *c)
{
    unsigned slot = (unsigned)c->reg[0];
    give_back(e, c->index);
    size_t wrong_key = key_check(e, slot);
    e->link[slot].field = x86_jmp_fwd(&e->c);
    x86_patch(&e->c, e->link[slot].field, e->c.pos);
    if (wrong_key) {
        x86_patch(&e->c, wrong_key, e->c.pos);
    }
    stub(e, slot);
}

static void exit_on(Emit *e, X86Cond cc, unsigned slot)
{
    size_t field = x86_jcc_fwd(&e->c, cc);
    bool direct = !link_of(e, slot)->checked && !refund(e, e->index);
    if (direct) {
        e->link[slot].field = field;
    }
    x86_cold(e, direct ? cold_stub : cold_exit, field)->reg[0] = (int)slot;
}

EMIT(exit_if)
{
    exit_on(e, x86_compare(e, (IRCond)i->aux2, i->arg[0], i->arg[1]), i->aux);
}

EMIT(exit_if_f)
{
    exit_on(e, flags_condition(e, i->arg[0], (IRFlagCond)i->aux2), i->aux);
}

// --- unconditional
EMIT(exit_jump)
{
    give_back(e, e->index);
    linked_jump(e, i->aux);
}

EMIT(exit_loop)
{
    (void)i;
    give_back(e, e->index);
    x86_jmp(&e->c, e->r->thunks->offset[T_LOOP]);
}

static void push_return_pc(Emit *e, uint64_t pc)
{
    x86_mov_ri(&e->c, RCX, pc);
    x86_push(&e->c, RCX);
}

static void landing(Emit *e)
{
    x86_lea(&e->c, true, RSP, x86_mem(RSP, 8));
    linked_jump(e, LINK_LANDING);
}

EMIT(exit_call)
{
    give_back(e, e->index);
    push_return_pc(e, i->imm);
    size_t wrong_key = key_check(e, i->aux);
    e->link[i->aux].field = x86_call_fwd(&e->c);
    Cold *c = x86_cold(e, cold_checked_stub, e->link[i->aux].field);
    c->reg[0] = i->aux;
    c->back = wrong_key;
    landing(e);
}

void x86_jump_cache_look(X86Code *c, size_t miss)
{
    x86_mov_rr(c, false, RAX, RDX);
    x86_shift_ri(c, SH_SHL, false, RAX, 3); // index times 32
    x86_alu_ri(c, ALU_AND, false, RAX, ((1 << JUMP_CACHE_BITS) - 1) << 5);
    x86_alu_rm(c, ALU_ADD, true, RAX, state_mem(offsetof(VCPU, jump_cache)));
    x86_alu_rm(c, ALU_CMP, true, RDX, x86_mem(RAX, offsetof(JumpCacheEntry, pc)));
    x86_jcc(c, CC_NE, miss);
    x86_mov_rr(c, true, RCX, RDX);
    x86_shift_ri(c, SH_SHR, true, RCX, 63);
    X86Mem key = state_mem(offsetof(VCPU, key));
    key.index = RCX;
    key.scale = 2;
    x86_load(c, RCX, key, 4);
    x86_alu_rm(c, ALU_CMP, false, RCX, x86_mem(RAX, offsetof(JumpCacheEntry, key)));
    x86_jcc(c, CC_NE, miss);
}

EMIT(exit_ind)
{
    const uint32_t *thunk = e->r->thunks->offset;
    int target = ra_use(&e->ra, i->arg[0]);
    x86_copy(e, true, RDX, target);
    give_back(e, e->index);
    if (i->aux2 == IR_IND_RET) {
        x86_alu_rm(&e->c, ALU_CMP, true, RDX, x86_mem(RSP, 8));
        x86_jcc(&e->c, CC_NE, thunk[T_RET_MISS]);
        x86_ret(&e->c, 0);
        return;
    }
    x86_jump_cache_look(&e->c, thunk[T_INDIRECT]);
    if (i->aux2 == IR_IND_CALL) {
        push_return_pc(e, i->imm);
        x86_call_mem(&e->c, x86_mem(RAX, offsetof(JumpCacheEntry, code)));
        landing(e);
    } else {
        x86_jmp_mem(&e->c, x86_mem(RAX, offsetof(JumpCacheEntry, code)));
    }
}
