#include "tcg-like/regalloc.h"

#include <assert.h>
#include <glib.h>
#include <string.h>

static RaClass class_of(const IRInsn *i)
{
    return i->type == IR_V128 ? RA_VEC : RA_GPR;
}

static unsigned full_bytes(RegAlloc *ra, IRRef root)
{
    static const uint8_t bytes[] = {0, 4, 8, 16, 2};
    return bytes[ra->b->insn[root].type];
}

// --- scans before the first insn

// I64 values whose upper half is zero for sure.
static bool makes_zero_high(const IRInsn *i)
{
    if (i->type == IR_I32) {
        return true;
    }
    switch (i->op) {
    case IR_const:
        return i->imm == (uint32_t)i->imm;
    case IR_extu:
        return true;
    case IR_zext:
        return i->aux <= 32;
    case IR_get:
        return i->aux <= 4;
    case IR_ld:
        return (i->aux & IR_MEM_SIZE) <= 2 && !(i->aux & IR_MEM_SIGN);
    case IR_extract:
        return i->aux >> 8 <= 32;
    case IR_vget:
        return (i->aux & 7) <= 2;
    default:
        return false;
    }
}

static bool is_free_copy(RegAlloc *ra, const IRInsn *i)
{
    switch (i->op) {
    case IR_trunc:
        return true;
    case IR_extu:
        return ra_zero_high(ra, i->arg[0]);
    case IR_zext:
        return i->aux == 32 && i->type == IR_I64 && ra_zero_high(ra, i->arg[0]);
    default:
        return false;
    }
}

static void scan_roots(RegAlloc *ra)
{
    for (unsigned k = 0; k < ra->b->n; k++) {
        const IRInsn *i = &ra->b->insn[k];
        RaValue *v = &ra->v[k];
        *v = (RaValue){.root = (IRRef)k,
                       .next = IR_NONE,
                       .spill = -1,
                       .state = -1,
                       .reg = RA_NO_REG,
                       .hint = RA_NO_REG,
                       .cls = (uint8_t)class_of(i)};
        v->constant = i->op == IR_const || i->op == IR_vconst || i->op == IR_fconst;
        v->zero_high = i->type != IR_VOID && makes_zero_high(i);
        if (is_free_copy(ra, i)) {
            v->root = ra->v[i->arg[0]].root;
        }
    }
}

// The n-th leaf of what is pending at observer k, but each root only once; NULL: no n-th.
static RaValue *pending_leaf(RegAlloc *ra, IRRef k, unsigned n)
{
    const LazyPlan *p = ra_pending(ra, k);
    if (!p || !ir_only_faults(&ra->b->insn[k]) || n >= p->n_leaves) {
        return NULL;
    }
    RaValue *v = ra_value(ra, p->leaf[n]);
    for (unsigned m = 0; m < n; m++) {
        if (ra_value(ra, p->leaf[m]) == v) {
            return NULL;
        }
    }
    return v;
}

// Leaves count after the arguments: an argument that is a leaf, too, does not die here.
static void scan_leaves(RegAlloc *ra, IRRef k)
{
    for (unsigned n = 0; ra->leaf_next && n < LAZY_LEAVES; n++) {
        RaValue *v = pending_leaf(ra, k, n);
        if (v) {
            ra->leaf_next[k][n] = v->next;
            v->next = k;
        }
    }
}

static void scan_uses(RegAlloc *ra)
{
    for (unsigned k = ra->b->n; k-- > 0;) {
        const IRInsn *i = &ra->b->insn[k];
        RaValue *v = &ra->v[k];
        bool copy = v->root != k;
        if (ir_put_is_lazy(i)) {
            v->unused = true;
            continue;
        }
        scan_leaves(ra, (IRRef)k);
        if (i->type != IR_VOID && !copy && v->next == IR_NONE &&
            ir_op_info[i->op].effects == IR_EFF_PURE) {
            v->unused = true;
            continue;
        }
        if (copy) {
            continue; // its own uses count as its root's
        }
        unsigned n = ir_op_info[i->op].n_args;
        for (unsigned a = 0; a < n; a++) {
            ra->next[k][a] = i->arg[a] == IR_NONE ? IR_NONE : ra_value(ra, i->arg[a])->next;
        }
        for (unsigned a = 0; a < n; a++) {
            if (i->arg[a] != IR_NONE) {
                ra_value(ra, i->arg[a])->next = (IRRef)k;
            }
        }
    }
}

// May something look at, or leave with, the guest state at this insn?
static bool observes(const IRInsn *i)
{
    if (i->op == IR_call) {
        return ((const IRHelper *)(uintptr_t)i->imm)->flags != 0;
    }
    if (i->op == IR_vcall) {
        return ((const IRVHelper *)(uintptr_t)i->imm)->flags != 0;
    }
    if (i->op == IR_f_fcmp || (i->op >= IR_fadd && i->op <= IR_vf2w)) {
        return ((const IRVHelper *)(uintptr_t)i->imm)->flags != 0;
    }
    return i->op != IR_insn &&
           (ir_op_info[i->op].effects & (IR_EFF_FAULT | IR_EFF_EXIT | IR_EFF_TERM));
}

static bool overlaps(size_t a, size_t a_len, size_t b, size_t b_len)
{
    return a < b + b_len && b < a + a_len;
}

// Which values are put to pinned slots, and from which insn on the slot's register is free for
// them.
static void scan_hints(RegAlloc *ra)
{
    size_t low[RA_CLASSES], high[RA_CLASSES]; // where a class's pinned slots are
    for (unsigned c = 0; c < RA_CLASSES; c++) {
        low[c] = SIZE_MAX;
        high[c] = 0;
        for (unsigned p = 0; p < ra->regs->n_pins[c]; p++) {
            low[c] = MIN_OF(low[c], (size_t)ra->regs->pin[c][p].off);
            high[c] = MAX_OF(high[c], ra->regs->pin[c][p].off + (c == RA_GPR ? 8u : 16u));
        }
    }
    IRRef touched[RA_CLASSES][RA_MAX_PINS] = {{0}};
    IRRef observed = 0;
    for (unsigned k = 0; k < ra->b->n; k++) {
        const IRInsn *i = &ra->b->insn[k];
        if (observes(i)) {
            observed = (IRRef)k;
        }
        if (i->op != IR_get && i->op != IR_put) {
            continue;
        }
        for (unsigned c = 0; c < RA_CLASSES; c++) {
            unsigned size = c == RA_GPR ? 8 : 16;
            if (i->imm >= high[c] || i->imm + i->aux <= low[c]) {
                continue;
            }
            for (unsigned p = 0; p < ra->regs->n_pins[c]; p++) {
                const RaPin *pin = &ra->regs->pin[c][p];
                if (!overlaps(pin->off, size, i->imm, i->aux)) {
                    continue;
                }
                RaValue *v = i->op == IR_put ? ra_value(ra, i->arg[0]) : NULL;
                if (v && pin->off == i->imm && i->aux == size && v->cls == c && !v->constant &&
                    v->hint == RA_NO_REG) {
                    v->hint = pin->reg;
                    v->hint_from = observed > touched[c][p] ? observed : touched[c][p];
                }
                touched[c][p] = (IRRef)k;
            }
        }
    }
}

void ra_init(RegAlloc *ra, const IRBlock *b, const LazyPlans *lazy, const RaRegs *regs,
             const RaOps *ops, void *ctx)
{
    memset(ra, 0, sizeof(*ra));
    ra->b = b;
    ra->regs = regs;
    ra->ops = ops;
    ra->ctx = ctx;
    ra->v = g_new(RaValue, b->n);
    ra->next = g_malloc(sizeof(*ra->next) * b->n);
    ra->in_state = g_new(IRRef, b->n);
    ra->lazy = lazy;
    ra->leaf_next = lazy->at ? g_malloc(sizeof(*ra->leaf_next) * b->n) : NULL;
    memset(ra->owner, 0xff, sizeof(ra->owner));
    scan_roots(ra);
    scan_uses(ra);
    scan_hints(ra);
}

void ra_free(RegAlloc *ra)
{
    g_free(ra->v);
    g_free(ra->next);
    g_free(ra->in_state);
    g_free(ra->leaf_next);
}

// --- registers

static bool is_temp(const RegAlloc *ra, RaClass cls, int reg)
{
    return ra->regs->temps[cls] >> reg & 1;
}

static void own(RegAlloc *ra, RaValue *v, int reg)
{
    v->reg = (int8_t)reg;
    ra->owner[v->cls][reg] = v->root;
}

static void disown(RegAlloc *ra, RaValue *v)
{
    if (v->reg != RA_NO_REG) {
        ra->owner[v->cls][v->reg] = IR_NONE;
        v->reg = RA_NO_REG;
    }
}

static void spill(RegAlloc *ra, RaValue *v, int reg)
{
    if (v->constant || v->spill >= 0 || v->state >= 0) {
        return;
    }
    uint64_t *used = ra->spill_used[v->cls];
    unsigned word = 0;
    while (word < RA_MAX_SPILL / 64 - 1 && !~used[word]) {
        word++;
    }
    unsigned slot = 64 * word + (~used[word] ? (unsigned)__builtin_ctzll(~used[word]) : 64);
    if (slot >= ra->regs->n_spill[v->cls]) {
        ra->overflow = true;
        return;
    }
    used[word] |= BIT(slot & 63);
    v->spill = (int16_t)slot;
    unsigned bytes = v->cls == RA_GPR ? 8 : 16;
    ra->ops->store(ra->ctx, v->cls, reg, ra->regs->spill_off[v->cls] + slot * bytes, bytes);
}

static bool is_operand(RegAlloc *ra, IRRef root)
{
    const IRInsn *insn = &ra->b->insn[ra->pos];
    for (unsigned a = 0; a < ir_op_info[insn->op].n_args; a++) {
        if (insn->arg[a] != IR_NONE && ra->v[insn->arg[a]].root == root) {
            return true;
        }
    }
    return false;
}

// A temporary that is neither locked nor in use; the one with the furthest next use makes room.
static int allocate(RegAlloc *ra, RaClass cls)
{
    uint32_t candidates = ra->regs->temps[cls] & ~ra->locked[cls];
    int best = RA_NO_REG;
    unsigned best_next = 0;
    for (uint32_t set = candidates; set; set &= set - 1) {
        int reg = __builtin_ctz(set);
        IRRef o = ra->owner[cls][reg];
        unsigned next = o == IR_NONE ? 0x10000 : ra->v[o].next;
        if (best == RA_NO_REG || next > best_next) {
            best = reg;
            best_next = next;
        }
    }
    assert(best != RA_NO_REG);
    IRRef o = ra->owner[cls][best];
    if (o != IR_NONE) {
        if (ra->v[o].next != IR_NONE || is_operand(ra, o)) {
            spill(ra, &ra->v[o], best);
        }
        disown(ra, &ra->v[o]);
    }
    return best;
}

bool ra_can_allocate(const RegAlloc *ra, RaClass cls)
{
    return ra->regs->temps[cls] & ~ra->locked[cls];
}

void ra_kill(RegAlloc *ra, IRRef root)
{
    RaValue *v = &ra->v[root];
    disown(ra, v);
    if (v->spill >= 0) {
        ra->spill_used[v->cls][v->spill / 64] &= ~BIT(v->spill & 63);
        v->spill = -1;
    }
    v->state = -1;
    v->next = IR_NONE;
}

static void fill(RegAlloc *ra, RaValue *v, int reg)
{
    if (v->constant) {
        ra->ops->constant(ra->ctx, v->cls, reg, &ra->b->insn[v->root]);
    } else if (v->spill >= 0) {
        unsigned bytes = v->cls == RA_GPR ? 8 : 16;
        ra->ops->load(ra->ctx, v->cls, reg,
                      ra->regs->spill_off[v->cls] + (unsigned)v->spill * bytes, bytes);
    } else {
        assert(v->state >= 0);
        ra->ops->load(ra->ctx, v->cls, reg, (size_t)v->state, v->state_bytes);
    }
}

int ra_use(RegAlloc *ra, IRRef r)
{
    RaValue *v = ra_value(ra, r);
    if (v->reg == RA_NO_REG) {
        int reg = allocate(ra, v->cls);
        fill(ra, v, reg);
        own(ra, v, reg);
    }
    ra->locked[v->cls] |= 1u << v->reg;
    return v->reg;
}

bool ra_memory(RegAlloc *ra, IRRef r, unsigned bytes, size_t *off)
{
    RaValue *v = ra_value(ra, r);
    if (v->reg != RA_NO_REG || v->constant || v->next != IR_NONE) {
        return false;
    }
    if (v->spill >= 0) {
        *off = ra->regs->spill_off[v->cls] + (unsigned)v->spill * (v->cls == RA_GPR ? 8 : 16);
        return true;
    }
    if (v->state >= 0 && v->state_bytes >= bytes) {
        *off = (size_t)v->state;
        return true;
    }
    return false;
}

static void evacuate(RegAlloc *ra, int reg, RaClass cls, bool keep_operands);

static bool operand_in(RegAlloc *ra, RaClass cls, int reg)
{
    return ra->locked[cls] >> reg & 1;
}

// A temporary operand that dies here, or RA_NO_REG.
static int dying(RegAlloc *ra, RaClass cls, IRRef r)
{
    if (r == IR_NONE) {
        return RA_NO_REG;
    }
    RaValue *v = ra_value(ra, r);
    bool ok =
        v->cls == cls && v->next == IR_NONE && v->reg != RA_NO_REG && is_temp(ra, cls, v->reg);
    return ok ? v->reg : RA_NO_REG;
}

int ra_def(RegAlloc *ra, IRRef i, IRRef like, bool early)
{
    RaValue *v = &ra->v[i];
    RaClass cls = v->cls;
    int reg = RA_NO_REG;
    if (v->hint != RA_NO_REG && v->hint_from <= ra->pos &&
        !(early && operand_in(ra, cls, v->hint))) {
        reg = v->hint;
        evacuate(ra, reg, cls, false);
    }
    const IRInsn *insn = &ra->b->insn[ra->pos];
    if (reg == RA_NO_REG && !early) {
        reg = dying(ra, cls, like);
        for (unsigned a = 0; reg == RA_NO_REG && a < ir_op_info[insn->op].n_args; a++) {
            reg = dying(ra, cls, insn->arg[a]);
        }
        if (reg != RA_NO_REG && ra->owner[cls][reg] != IR_NONE) {
            RaValue *old = &ra->v[ra->owner[cls][reg]];
            assert(old->next == IR_NONE);
            ra_kill(ra, old->root);
        }
    }
    if (reg == RA_NO_REG) {
        reg = allocate(ra, cls);
    }
    own(ra, v, reg);
    ra->locked[cls] |= 1u << reg;
    if (ra->n_defined < 4) {
        ra->defined[ra->n_defined++] = i;
    }
    return reg;
}

int ra_temp(RegAlloc *ra, RaClass cls)
{
    int reg = allocate(ra, cls);
    ra->locked[cls] |= 1u << reg;
    return reg;
}

void ra_unlock(RegAlloc *ra, IRRef r)
{
    RaValue *v = ra_value(ra, r);
    if (v->reg != RA_NO_REG) {
        ra->locked[v->cls] &= ~(1u << v->reg);
    }
}

int ra_hold(RegAlloc *ra, IRRef r)
{
    RaValue *v = ra_value(ra, r);
    int reg = allocate(ra, v->cls);
    own(ra, v, reg);
    return reg;
}

void ra_spill_from(RegAlloc *ra, IRRef r, int reg)
{
    spill(ra, ra_value(ra, r), reg);
}

// Copies a value out of a register that is about to be taken, if it is still wanted: later, or
// (keep_operands) by this insn.
static void evacuate(RegAlloc *ra, int reg, RaClass cls, bool keep_operands)
{
    IRRef o = ra->owner[cls][reg];
    if (o == IR_NONE) {
        return;
    }
    RaValue *v = &ra->v[o];
    bool wanted = v->next != IR_NONE || (keep_operands && is_operand(ra, o));
    if (!wanted || v->constant || v->spill >= 0 || v->state >= 0) {
        disown(ra, v);
        return;
    }
    uint32_t was = ra->locked[cls];
    bool lock = was >> reg & 1;
    ra->locked[cls] |= 1u << reg;
    if (ra_can_allocate(ra, cls)) {
        int to = allocate(ra, cls);
        ra->ops->move(ra->ctx, cls, to, reg);
        disown(ra, v);
        own(ra, v, to);
        was |= lock ? 1u << to : 0;
    } else {
        spill(ra, v, reg);
        disown(ra, v);
    }
    ra->locked[cls] = was;
}

int ra_place(RegAlloc *ra, IRRef r, size_t *off, unsigned *bytes)
{
    RaValue *v = ra_value(ra, r);
    unsigned own = full_bytes(ra, r);
    *bytes = own;
    if (v->reg != RA_NO_REG) {
        return v->reg;
    }
    if (v->spill >= 0) {
        *off = ra->regs->spill_off[v->cls] + (unsigned)v->spill * (v->cls == RA_GPR ? 8 : 16);
    } else {
        assert(v->state >= 0);
        *off = (size_t)v->state;
        *bytes = MIN_OF(own, (unsigned)v->state_bytes);
    }
    return RA_NO_REG;
}

void ra_take(RegAlloc *ra, RaClass cls, int reg)
{
    evacuate(ra, reg, cls, true);
    ra->locked[cls] |= 1u << reg;
}

uint32_t ra_busy(const RegAlloc *ra, RaClass cls)
{
    uint32_t busy = 0;
    for (uint32_t set = ra->regs->temps[cls]; set; set &= set - 1) {
        int reg = __builtin_ctz(set);
        IRRef o = ra->owner[cls][reg];
        busy |= o != IR_NONE && ra->v[o].next != IR_NONE ? 1u << reg : 0;
    }
    return busy;
}

// --- the walk

void ra_begin(RegAlloc *ra, IRRef i)
{
    ra->pos = i;
    ra->n_defined = 0;
    ra->locked[RA_GPR] = ra->locked[RA_VEC] = 0;
    const IRInsn *insn = &ra->b->insn[i];
    if (ra->v[i].root != i) {
        return;
    }
    for (unsigned a = 0; a < ir_op_info[insn->op].n_args; a++) {
        if (insn->arg[a] != IR_NONE) {
            RaValue *v = ra_value(ra, insn->arg[a]);
            v->next = ra->next[i][a];
            if (v->reg != RA_NO_REG) {
                ra->locked[v->cls] |= 1u << v->reg;
            }
        }
    }
}

static void reap(RegAlloc *ra, IRRef root)
{
    if (ra->v[root].next == IR_NONE) {
        ra_kill(ra, root);
    }
}

static void reap_args(RegAlloc *ra, IRRef i)
{
    const IRInsn *insn = &ra->b->insn[i];
    for (unsigned a = 0; a < ir_op_info[insn->op].n_args; a++) {
        if (insn->arg[a] != IR_NONE) {
            reap(ra, ra->v[insn->arg[a]].root);
        }
    }
}

static void end_leaves(RegAlloc *ra)
{
    for (unsigned n = 0; ra->leaf_next && n < LAZY_LEAVES; n++) {
        RaValue *v = pending_leaf(ra, ra->pos, n);
        if (v) {
            v->next = ra->leaf_next[ra->pos][n];
            reap(ra, v->root);
        }
    }
}

void ra_end(RegAlloc *ra)
{
    end_leaves(ra);
    if (ra->v[ra->pos].root == ra->pos) {
        reap_args(ra, ra->pos);
    }
    for (unsigned k = 0; k < ra->n_defined; k++) {
        reap(ra, ra->defined[k]);
    }
    ra->locked[RA_GPR] = ra->locked[RA_VEC] = 0;
}

// Only uses that are the value's very next ones are taken off now; otherwise the skipped insn takes
// them off when its turn comes (ra_fuse again, at that point).
void ra_fuse(RegAlloc *ra, IRRef j)
{
    const IRInsn *insn = &ra->b->insn[j];
    for (unsigned a = 0; a < ir_op_info[insn->op].n_args; a++) {
        RaValue *v = insn->arg[a] == IR_NONE ? NULL : ra_value(ra, insn->arg[a]);
        if (v && v->next == j) {
            v->next = ra->next[j][a];
            if (ra->pos == j && v->next == IR_NONE) {
                ra_kill(ra, v->root);
            }
        }
    }
    ra->v[j].done = true;
}

// --- guest state

const RaPin *ra_pin(const RegAlloc *ra, RaClass cls, uint64_t off)
{
    for (unsigned p = 0; p < ra->regs->n_pins[cls]; p++) {
        if (ra->regs->pin[cls][p].off == off) {
            return &ra->regs->pin[cls][p];
        }
    }
    return NULL;
}

void ra_state_holds(RegAlloc *ra, IRRef r, size_t off, unsigned bytes)
{
    RaValue *v = ra_value(ra, r);
    unsigned full = full_bytes(ra, v->root);
    if (v->constant || v->state >= 0 || bytes < full) {
        return;
    }
    v->state = (int32_t)off;
    v->state_bytes = (uint8_t)bytes;
    if (!v->listed) {
        v->listed = true;
        ra->in_state[ra->n_in_state++] = v->root;
    }
}

void ra_state_changes(RegAlloc *ra, size_t off, size_t bytes)
{
    unsigned kept = 0;
    for (unsigned k = 0; k < ra->n_in_state; k++) {
        RaValue *v = &ra->v[ra->in_state[k]];
        bool hit = v->state >= 0 && overlaps((size_t)v->state, v->state_bytes, off, bytes);
        if (hit && v->next != IR_NONE && v->reg == RA_NO_REG && v->spill < 0) {
            int reg = allocate(ra, v->cls);
            fill(ra, v, reg);
            own(ra, v, reg);
        }
        if (hit) {
            v->state = -1;
        }
        if (v->state >= 0) {
            ra->in_state[kept++] = v->root;
        } else {
            v->listed = false;
        }
    }
    ra->n_in_state = kept;
    for (unsigned c = 0; c < RA_CLASSES; c++) {
        for (unsigned p = 0; p < ra->regs->n_pins[c]; p++) {
            const RaPin *pin = &ra->regs->pin[c][p];
            if (overlaps(pin->off, c == RA_GPR ? 8 : 16, off, bytes)) {
                evacuate(ra, pin->reg, c, false);
            }
        }
    }
}

void ra_get_pinned(RegAlloc *ra, IRRef i, const RaPin *p)
{
    RaValue *v = &ra->v[i];
    IRRef o = ra->owner[v->cls][p->reg];
    if (o != IR_NONE && ra->v[o].next != IR_NONE) {
        int reg = allocate(ra, v->cls);
        ra->ops->move(ra->ctx, v->cls, reg, p->reg);
        own(ra, v, reg);
        return;
    }
    if (o != IR_NONE) {
        disown(ra, &ra->v[o]);
    }
    own(ra, v, p->reg);
}

void ra_put_pinned(RegAlloc *ra, IRRef r, const RaPin *p)
{
    RaValue *v = ra_value(ra, r);
    if (v->reg == p->reg) {
        return;
    }
    evacuate(ra, p->reg, v->cls, false);
    if (v->reg != RA_NO_REG) {
        ra->ops->move(ra->ctx, v->cls, p->reg, v->reg);
        if (is_temp(ra, v->cls, v->reg)) {
            disown(ra, v);
            own(ra, v, p->reg);
        }
        return;
    }
    fill(ra, v, p->reg);
    own(ra, v, p->reg);
}
