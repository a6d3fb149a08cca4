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
#include <string.h>

#include "accel/engine.h"
#include "host-backends/x86_64/emit_x87.h"
#include "host-backends/x86_64/link.h"

static void give_back(Emit *e, unsigned index)
{
    if (hb_refund(e->b, index)) {
        x86_alu_ri(&e->c, ALU_ADD, false, REG_BUDGET, (int32_t)hb_refund(e->b, index));
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

// --- conditional. Flags that are put on this way out only (lazy_flags.h) are in EFLAGS, in a
// register or in memory.
enum { PUT_NONE, PUT_EFLAGS, PUT_REG, PUT_MEMORY };

static void put_on_exit(Emit *e, const Cold *c)
{
    size_t slot = (size_t)c->imm;
    switch (c->reg[1]) {
    case PUT_EFLAGS:
        flags_pack_rax(e, c->reg[2] & 1, c->reg[2] & 2);
        x86_store(&e->c, RAX, state_mem(slot), 2);
        break;
    case PUT_REG:
        x86_store(&e->c, c->reg[2], state_mem(slot), 2);
        break;
    case PUT_MEMORY:
        x86_load(&e->c, RAX, state_mem((size_t)c->reg[2]), 2);
        x86_store(&e->c, RAX, state_mem(slot), 2);
        break;
    }
}

static void cold_exit(Emit *e, const Cold *c)
{
    unsigned slot = (unsigned)c->reg[0];
    put_on_exit(e, c);
    x87_leave(e, c);
    give_back(e, c->index);
    size_t wrong_key = key_check(e, slot);
    e->link[slot].field = x86_jmp_fwd(&e->c);
    x86_patch(&e->c, e->link[slot].field, e->c.pos);
    if (wrong_key) {
        x86_patch(&e->c, wrong_key, e->c.pos);
    }
    stub(e, slot);
}

static void exit_on(Emit *e, X86Cond cc, unsigned slot, const Cold *put)
{
    size_t field = x86_jcc_fwd(&e->c, cc);
    bool direct =
        !put->reg[1] && !link_of(e, slot)->checked && !hb_refund(e->b, e->index) && !x87_is_busy(e);
    if (direct) {
        e->link[slot].field = field;
    }
    Cold *c = x86_cold(e, direct ? cold_stub : cold_exit, field);
    memcpy(c->reg, put->reg, sizeof(c->reg));
    c->reg[0] = (int)slot;
    c->imm = put->imm;
}

// Where the flags that are put on the way out are now.
static Cold exit_put(Emit *e, IRRef f)
{
    Cold c = {.reg = {0, PUT_NONE}};
    const LazyPlan *p = ra_pending(&e->ra, e->at);
    if (!p) {
        return c;
    }
    size_t off = 0;
    unsigned bytes;
    c.imm = e->b->insn[p->put].imm;
    if (e->ef == flags_root(e, f)) {
        c.reg[1] = PUT_EFLAGS;
        c.reg[2] = e->ef_inverted | e->ef_any_a << 1;
        return c;
    }
    int reg = ra_place(&e->ra, f, &off, &bytes);
    c.reg[1] = reg == RA_NO_REG ? PUT_MEMORY : PUT_REG;
    c.reg[2] = reg == RA_NO_REG ? (int)off : reg;
    return c;
}

EMIT(exit_if)
{
    const Cold nothing = {.reg = {0, PUT_NONE}};
    exit_on(e, x86_compare(e, (IRCond)i->aux2, i->arg[0], i->arg[1]), i->aux, &nothing);
}

EMIT(exit_if_f)
{
    X86Cond cc = flags_condition(e, i->arg[0], (IRFlagCond)i->aux2);
    Cold put = exit_put(e, i->arg[0]);
    exit_on(e, cc, i->aux, &put);
}

void x86_cold_alone(Emit *e, const Cold *c)
{
    x87_leave(e, c);
    x86_mov_ri(&e->c, RAX, (uintptr_t)(const void *)engine_run_alone);
    x86_thunk(e, T_CALL); // does not come back
    x86_side_entry(e, c->index, c->recipe);
}

EMIT(guard)
{
    X86Cond cc = x86_compare(e, (IRCond)i->aux2, i->arg[0], i->arg[1]);
    x86_cold(e, x86_cold_alone, x86_jcc_fwd(&e->c, cc));
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

// --- indirect
// rax = index times 4, rcx = table. What the host's branch unit waits for, if it guessed wrong, is
// one AND and one load after the target.
enum { INDEX_MASK = ((1 << JUMP_CACHE_BITS) - 1) << 2 };

static X86Mem jump_entry(size_t field)
{
    _Static_assert(sizeof(JumpCacheEntry) == 4 << 3, "the index is scaled by 8");
    return x86_mem_index(RCX, RAX, 3, (int32_t)field);
}

X86Mem x86_jump_cache_code(void)
{
    return jump_entry(offsetof(JumpCacheEntry, code));
}

void x86_jump_cache_look(X86Code *c, size_t miss[2])
{
    x86_mov_rr(c, false, RAX, RDX);
    x86_alu_ri(c, ALU_AND, false, RAX, INDEX_MASK);
    x86_mov_rr(c, true, RCX, RDX);
    x86_shift_ri(c, SH_SHR, true, RCX, 63);
    X86Mem key = state_mem(offsetof(VCPU, key));
    key.index = RCX;
    key.scale = 2;
    x86_load(c, R9, key, 4);
    x86_load(c, RCX, state_mem(offsetof(VCPU, jump_cache)), 8);
    x86_alu_rm(c, ALU_CMP, true, RDX, jump_entry(offsetof(JumpCacheEntry, pc)));
    miss[0] = x86_jcc_fwd(c, CC_NE);
    x86_alu_rm(c, ALU_CMP, false, R9, jump_entry(offsetof(JumpCacheEntry, key)));
    miss[1] = x86_jcc_fwd(c, CC_NE);
}

// A target that was not found as it is may have a tag. reg: which ones do, the thunk to go to.
static void cold_miss(Emit *e, const Cold *c)
{
    X86Code *x = &e->c;
    unsigned tags = (unsigned)c->reg[0];
    if (c->back) {
        x86_patch(x, c->back, x->pos);
    }
    x86_mov_rr(x, true, RCX, RDX);
    x86_shift_ri(x, SH_SHL, true, RCX, 8);
    x86_shift_ri(x, SH_SAR, true, RCX, 8);
    if (tags == 3) {
        x86_mov_rr(x, true, RDX, RCX);
    } else {
        x86_rr(x, 0xba | X86_0F | X86_W, 4, RDX); // bt
        x86_byte(x, 55);
        x86_cmov(x, tags == 1 ? CC_AE : CC_B, true, RDX, RCX);
    }
    x86_jmp(x, e->r->thunks->offset[c->reg[1]]);
}

// Where the n jumps of a target that was not found go. The return stack and the jump cache hold
// pcs, which have no tags, so that a tag cannot be found by mistake.
static void on_miss(Emit *e, const IRInsn *i, const size_t *field, unsigned n, unsigned thunk)
{
    if (!i->aux) {
        for (unsigned k = 0; k < n; k++) {
            x86_patch(&e->c, field[k], e->r->thunks->offset[thunk]);
        }
        return;
    }
    Cold *c = x86_cold(e, cold_miss, field[0]);
    c->back = n > 1 ? field[1] : 0;
    c->reg[0] = i->aux;
    c->reg[1] = (int)thunk;
}

EMIT(exit_ind)
{
    size_t miss[2];
    int target = ra_use(&e->ra, i->arg[0]);
    x86_copy(e, true, RDX, target);
    give_back(e, e->index);
    if (i->aux2 == IR_IND_RET) {
        x86_alu_rm(&e->c, ALU_CMP, true, RDX, x86_mem(RSP, 8));
        miss[0] = x86_jcc_fwd(&e->c, CC_NE);
        on_miss(e, i, miss, 1, T_RET_MISS);
        x86_ret(&e->c, 0);
        return;
    }
    x86_jump_cache_look(&e->c, miss);
    on_miss(e, i, miss, 2, T_INDIRECT);
    if (i->aux2 == IR_IND_CALL) {
        x86_mov_ri(&e->c, RDX, i->imm);
        x86_push(&e->c, RDX);
        x86_call_mem(&e->c, x86_jump_cache_code());
        landing(e);
    } else {
        x86_jmp_mem(&e->c, x86_jump_cache_code());
    }
}
