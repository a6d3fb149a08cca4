// Ways out of a block.
//
//   direct      b target, patched by link.c. Unlinked it goes to its stub, which returns the
//               BlockLink. A conditional one goes to its b out of line. A link to another page
//               first compares the mapping key of the target's half of the address space with the
//               word that the link was made for.
//   call        push {return pc, landing} ; bl target ; landing: checked link to the return pc.
//               The host's own return predictor follows the guest's calls that way.
//   return      pop {pc, landing} ; is pc the target? ret landing
//   indirect    jump cache: {pc, key, code}
//
// The return stack needs no bounds check: the budget bounds how deep calls can get before enter
// resets it, and at its top enter keeps a word that no landing has.
#include <string.h>

#include "accel/engine.h"
#include "host-backends/aarch64/emit_flags.h"
#include "host-backends/aarch64/link.h"
#include "host-backends/aarch64/thunks.h"

static void give_back(Emit *e, unsigned index)
{
    unsigned n = hb_refund(e->b, index);
    if (n) {
        a64_add_imm(&e->c, A64_ADDI, REG_BUDGET, REG_BUDGET, n);
    }
}

static BlockLink *link_of(Emit *e, unsigned slot)
{
    Block *b = e->r->block;
    return &b->link[slot == LINK_LANDING ? b->n_links - 1u : slot];
}

void a64_cold_budget(Emit *e, const Cold *c)
{
    a64_const(&e->c, T0, c->imm);
    a64_b(&e->c, e->r->thunks->offset[T_BUDGET]);
}

static void stub(Emit *e, unsigned slot)
{
    e->link[slot].stub = e->c.pos;
    a64_const(&e->c, T0, (uintptr_t)link_of(e, slot));
    a64_b(&e->c, e->r->thunks->offset[T_UNLINKED]);
    if (e->link[slot].key) {
        a64_patch(&e->c, e->link[slot].key, e->c.pos);
        e->link[slot].key = e->c.pos;
        a64_word(&e->c, 0);
    }
}

// The jumps that fail a key check go to the stub, too.
static void cold_checked_stub(Emit *e, const Cold *c)
{
    if (c->back) {
        a64_patch(&e->c, c->back, e->c.pos);
    }
    stub(e, (unsigned)c->reg[0]);
}

// Compares the key if the link wants it; the jump to the stub, or 0. Until the stub is written,
// link[].key is the load of the word.
static size_t key_check(Emit *e, unsigned slot)
{
    const BlockLink *l = link_of(e, slot);
    if (!l->checked) {
        return 0;
    }
    unsigned half = l->target_pc >> 63;
    state_load(&e->c, T0, offsetof(VCPU, key) + 4 * half, 4);
    e->link[slot].key = e->c.pos;
    a64_word(&e->c, A64_LDR_W_LIT | T1);
    a64_rrr(&e->c, A64_EOR, T0, T0, T1);
    return a64_cbz_fwd(&e->c, false, true, T0);
}

static void linked_jump(Emit *e, unsigned slot, bool call)
{
    size_t wrong_key = key_check(e, slot);
    e->link[slot].field = call ? a64_bl_fwd(&e->c) : a64_b_fwd(&e->c);
    Cold *c = a64_cold(e, cold_checked_stub, e->link[slot].field);
    c->reg[0] = (int)slot;
    c->back = wrong_key;
}

// --- conditional. Flags that are put on this way out only (lazy_flags.h) are made there, or in a
// register, or in memory.
enum { PUT_NONE, PUT_MADE, PUT_REG, PUT_MEMORY };

static void put_on_exit(Emit *e, const Cold *c)
{
    size_t slot = (size_t)c->imm;
    switch (c->reg[1]) {
    case PUT_MADE:
        nz_redo(e, &c->flags);
        state_store(&e->c, T3, slot, 2);
        break;
    case PUT_REG:
        state_store(&e->c, c->reg[2], slot, 2);
        break;
    case PUT_MEMORY:
        state_load(&e->c, T0, (size_t)c->reg[2], 2);
        state_store(&e->c, T0, slot, 2);
        break;
    }
}

static void cold_exit(Emit *e, const Cold *c)
{
    unsigned slot = (unsigned)c->reg[0];
    put_on_exit(e, c);
    give_back(e, c->index);
    size_t wrong_key = key_check(e, slot);
    e->link[slot].field = a64_b_fwd(&e->c);
    a64_patch(&e->c, e->link[slot].field, e->c.pos);
    if (wrong_key) {
        a64_patch(&e->c, wrong_key, e->c.pos);
    }
    stub(e, slot);
}

static void exit_on(Emit *e, size_t field, unsigned slot, const Cold *put)
{
    Cold *c = a64_cold(e, cold_exit, field);
    memcpy(c->reg, put->reg, sizeof(c->reg));
    c->reg[0] = (int)slot;
    c->imm = put->imm;
    c->flags = put->flags;
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
    if (!ra_has_place(&e->ra, f)) {
        c.reg[1] = PUT_MADE;
        c.flags = e->source;
        return c;
    }
    int reg = ra_place(&e->ra, f, &off, &bytes);
    c.reg[1] = reg == RA_NO_REG ? PUT_MEMORY : PUT_REG;
    c.reg[2] = reg == RA_NO_REG ? (int)off : reg;
    return c;
}

// The branch that is taken if the condition holds. Comparisons with zero leave NZCV alone.
static size_t branch_on(Emit *e, IRCond cond, IRRef x, IRRef y)
{
    uint64_t v;
    if ((cond == IR_EQ || cond == IR_NE) && ra_is_const(&e->ra, y, &v) && !v) {
        return a64_cbz_fwd(&e->c, arg_wide(e, x), cond == IR_NE, ra_use(&e->ra, x));
    }
    A64Cond cc = a64_compare(e, cond, x, y);
    return a64_bcond_fwd(&e->c, cc);
}

EMIT(exit_if)
{
    const Cold nothing = {.reg = {0, PUT_NONE}};
    exit_on(e, branch_on(e, (IRCond)i->aux2, i->arg[0], i->arg[1]), i->aux, &nothing);
}

EMIT(exit_if_f)
{
    A64Cond cc = nz_condition(e, i->arg[0], (IRFlagCond)i->aux2);
    Cold put = exit_put(e, i->arg[0]);
    exit_on(e, a64_bcond_fwd(&e->c, cc), i->aux, &put);
}

void a64_cold_alone(Emit *e, const Cold *c)
{
    a64_const(&e->c, T0, (uintptr_t)(const void *)engine_run_alone);
    a64_thunk(e, T_CALL, c->index, c->recipe); // does not come back
    a64_word(&e->c, 0);
}

EMIT(guard)
{
    a64_cold(e, a64_cold_alone, branch_on(e, (IRCond)i->aux2, i->arg[0], i->arg[1]));
}

// --- unconditional
EMIT(exit_jump)
{
    give_back(e, e->index);
    linked_jump(e, i->aux, false);
}

EMIT(exit_loop)
{
    (void)i;
    give_back(e, e->index);
    a64_b(&e->c, e->r->thunks->offset[T_LOOP]);
}

// The ADR of the landing, to be patched when it is there.
static size_t push_return(Emit *e, uint64_t pc)
{
    a64_const(&e->c, T1, pc);
    size_t field = a64_adr_fwd(&e->c, T3);
    a64_pair(&e->c, A64_STP_PRE, T1, T3, REG_RET, -16);
    return field;
}

static void landing(Emit *e, size_t pushed)
{
    a64_patch(&e->c, pushed, e->c.pos);
    linked_jump(e, LINK_LANDING, false);
}

EMIT(exit_call)
{
    give_back(e, e->index);
    size_t pushed = push_return(e, i->imm);
    linked_jump(e, i->aux, true);
    landing(e, pushed);
}

// --- indirect: target in T0
void a64_jump_cache_look(A64Code *c, size_t miss[2])
{
    _Static_assert(sizeof(JumpCacheEntry) == 1 << 5, "the index is shifted by 5");
    a64_ubfx(c, true, T1, T0, 2, JUMP_CACHE_BITS);
    state_load(c, T3, offsetof(VCPU, jump_cache), 8);
    a64_rrr_shift(c, A64_ADD | A64_X, T1, T3, T1, A64_LSL, 5);
    a64_mem(c, A64_LDR_X, T3, T1, offsetof(JumpCacheEntry, pc), T2);
    a64_rrr(c, A64_EOR | A64_X, T3, T3, T0);
    miss[0] = a64_cbz_fwd(c, true, true, T3);
    a64_lsr(c, true, T3, T0, 63);
    a64_rrr_shift(c, A64_ADD | A64_X, T3, REG_STATE, T3, A64_LSL, 2);
    a64_mem(c, A64_LDR_W, T3, T3, offsetof(VCPU, key), T2);
    a64_mem(c, A64_LDR_W, T2, T1, offsetof(JumpCacheEntry, key), T2);
    a64_rrr(c, A64_EOR, T3, T3, T2);
    miss[1] = a64_cbz_fwd(c, false, true, T3);
    a64_mem(c, A64_LDR_X, T1, T1, offsetof(JumpCacheEntry, code), T2);
}

// A target that was not found as it is may have a tag. reg: which ones do, the thunk to go to. The
// return stack and the jump cache hold pcs, which have no tags, so that a tag cannot be found by
// mistake.
static void cold_miss(Emit *e, const Cold *c)
{
    A64Code *x = &e->c;
    unsigned tags = (unsigned)c->reg[0];
    if (c->back) {
        a64_patch(x, c->back, x->pos);
    }
    if (tags == 3) {
        a64_sbfx(x, true, T0, T0, 0, 56);
    } else if (tags) {
        a64_sbfx(x, true, T1, T0, 0, 56);
        a64_logic_imm(x, A64_ANDSI | A64_X, XZR, T0, BIT(55));
        a64_csel(x, A64_CSEL | A64_X, T0, T1, T0, tags == 1 ? A64_EQ : A64_NE);
    }
    a64_b(x, e->r->thunks->offset[c->reg[1]]);
}

static void on_miss(Emit *e, const IRInsn *i, const size_t *field, unsigned n, unsigned thunk)
{
    Cold *c = a64_cold(e, cold_miss, field[0]);
    c->back = n > 1 ? field[1] : 0;
    c->reg[0] = i->aux;
    c->reg[1] = (int)thunk;
}

EMIT(exit_ind)
{
    size_t miss[2];
    A64Code *c = &e->c;
    a64_mov(c, true, T0, ra_use(&e->ra, i->arg[0]));
    give_back(e, e->index);
    if (i->aux2 == IR_IND_RET) {
        a64_pair(c, A64_LDP_POST, T1, T3, REG_RET, 16);
        a64_rrr(c, A64_EOR | A64_X, T1, T1, T0);
        miss[0] = a64_cbz_fwd(c, true, true, T1);
        on_miss(e, i, miss, 1, T_RET_MISS);
        a64_br(c, A64_RET, T3);
        return;
    }
    a64_jump_cache_look(c, miss);
    on_miss(e, i, miss, 2, T_INDIRECT);
    if (i->aux2 == IR_IND_CALL) {
        a64_mov(c, true, T0, T1);
        size_t pushed = push_return(e, i->imm);
        a64_br(c, A64_BLR, T0);
        landing(e, pushed);
    } else {
        a64_br(c, A64_BR, T1);
    }
}
