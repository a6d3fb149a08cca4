// Plans: from which values of a block the flags of a lazy put can be worked out later. Values that
// the block computes anyway are leaves; what is there for the flags alone becomes part of the plan,
// so that it need not be computed at all. An operand that is not needed any longer is told from the
// result: after add eax, ebx the old eax is eax - ebx.
#include "tcg-like/lazy_flags.h"

#include <glib.h>
#include <string.h>

#include "tcg-like/fold.h"
#include "tcg-like/rewrite.h"

#define MAX_DEPTH 4
#define NO_NODE   0xff
#define FAR       24 // insns between flags and the value of the same operands
#define MAX_PLANS 250

typedef struct Planner {
    IRBlock *b;
    IRRef *last_use; // by what is computed in any case; 0: by nothing
    LazyPlan *p;
    IRRef end; // the last observer
} Planner;

// --- what the block computes in any case
static bool is_root(const IRInsn *i)
{
    return ir_touches(i) & IR_TOUCH_KEEP && !ir_put_is_lazy(i);
}

static void scan_uses(Planner *s)
{
    memset(s->last_use, 0, s->b->n * sizeof(IRRef));
    for (unsigned n = s->b->n; n-- > 0;) {
        const IRInsn *i = &s->b->insn[n];
        if (!is_root(i) && !s->last_use[n]) {
            continue;
        }
        for (unsigned k = 0; k < 4; k++) {
            if (i->arg[k] != IR_NONE && s->last_use[i->arg[k]] < n) {
                s->last_use[i->arg[k]] = (IRRef)n;
            }
        }
    }
}

// --- nodes
static uint8_t add_node(Planner *s, LazyNode n)
{
    if (s->p->n_nodes == LAZY_NODES) {
        return NO_NODE;
    }
    s->p->node[s->p->n_nodes] = n;
    return s->p->n_nodes++;
}

static uint8_t add_const(Planner *s, uint64_t v)
{
    return add_node(s, (LazyNode){.kind = LAZY_CONST, .imm = v});
}

static uint8_t add_leaf(Planner *s, IRRef r)
{
    for (uint8_t k = 0; k < s->p->n_nodes; k++) {
        if (s->p->node[k].kind == LAZY_LEAF && s->p->node[k].leaf == r) {
            return k;
        }
    }
    if (s->p->n_leaves == LAZY_LEAVES) {
        return NO_NODE;
    }
    s->p->leaf[s->p->n_leaves++] = r;
    return add_node(s, (LazyNode){.kind = LAZY_LEAF, .leaf = r});
}

static uint8_t add_op(Planner *s, LazyNode n, unsigned n_args)
{
    for (unsigned k = 0; k < n_args; k++) {
        if (n.arg[k] == NO_NODE) {
            return NO_NODE;
        }
    }
    n.kind = LAZY_OP;
    return add_node(s, n);
}

static bool expandable(unsigned op)
{
    switch (op) {
    case IR_add:
    case IR_sub:
    case IR_and:
    case IR_or:
    case IR_xor:
    case IR_neg:
    case IR_shl:
    case IR_shr:
    case IR_sar:
    case IR_zext:
    case IR_sext:
    case IR_trunc:
    case IR_extu:
    case IR_extract:
    case IR_cmpset:
    case IR_f_test:
        return true;
    default:
        return false;
    }
}

static bool is_wide(const Planner *s, IRRef r)
{
    return ir_type(s->b, r) == IR_I64;
}

static LazyNode node_of(const Planner *s, const IRInsn *i)
{
    return (LazyNode){
        .op = i->op, .aux = i->aux, .wide = i->type == IR_I64, .arg_wide = is_wide(s, i->arg[0])};
}

static uint8_t plan_flags(Planner *s, IRRef r, unsigned depth);

static uint8_t plan_value(Planner *s, IRRef r, unsigned depth)
{
    const IRInsn *i = ir_def(s->b, r);
    if (i->op == IR_const) {
        return add_const(s, i->imm);
    }
    if (s->last_use[r] || depth >= MAX_DEPTH || !expandable(i->op)) {
        return add_leaf(s, r);
    }
    LazyNode n = node_of(s, i);
    if (i->op == IR_f_test) {
        n.arg[0] = plan_flags(s, i->arg[0], depth + 1);
        return add_op(s, n, 1);
    }
    unsigned args = ir_op_info[i->op].n_args;
    for (unsigned k = 0; k < args; k++) {
        n.arg[k] = plan_value(s, i->arg[k], depth + 1);
    }
    return add_op(s, n, args);
}

// --- sums and differences
static bool held(const Planner *s, IRRef r)
{
    return ir_def(s->b, r)->op == IR_const || s->last_use[r] >= s->end;
}

// The value that goes with flags op f, if the block computes it anyway.
static IRRef result_of(const Planner *s, IRRef f, IROpcode op)
{
    const IRInsn *i = ir_def(s->b, f);
    unsigned from = f > FAR ? f - FAR : 0, to = MIN_OF(f + (unsigned)FAR, (unsigned)s->p->put);
    for (unsigned k = from; k < to; k++) {
        const IRInsn *v = ir_def(s->b, (IRRef)k);
        if (v->op == op && v->arg[0] == i->arg[0] && v->arg[1] == i->arg[1] && s->last_use[k]) {
            return (IRRef)k;
        }
    }
    return IR_NONE;
}

static uint8_t plan_sum(Planner *s, IRRef f)
{
    const IRInsn *i = ir_def(s->b, f);
    bool add = i->op == IR_f_add, wide = is_wide(s, i->arg[0]);
    LazyNode n = node_of(s, i),
             back = {.op = add ? IR_sub : IR_add, .wide = wide, .arg_wide = wide};
    IRRef v = IR_NONE, x = i->arg[0], y = i->arg[1];
    if (x != y && (!held(s, x) || !held(s, y))) {
        v = result_of(s, f, add ? IR_add : IR_sub);
    }
    if (v == IR_NONE || (held(s, x) && !held(s, v))) {
        n.arg[0] = plan_value(s, x, 1);
        n.arg[1] = plan_value(s, y, 1);
    } else if (held(s, x) && !held(s, y)) { // y = v - x, x - v
        n.arg[0] = plan_value(s, x, 1);
        back.op = IR_sub;
        back.arg[!add] = add_leaf(s, v);
        back.arg[add] = n.arg[0];
        n.arg[1] = add_op(s, back, 2);
    } else { // x = v - y, v + y
        n.arg[1] = plan_value(s, y, 1);
        back.arg[0] = add_leaf(s, v);
        back.arg[1] = n.arg[1];
        n.arg[0] = add_op(s, back, 2);
    }
    return add_op(s, n, 2);
}

static uint8_t plan_flags(Planner *s, IRRef r, unsigned depth)
{
    const IRInsn *i = ir_def(s->b, r);
    LazyNode n;
    if (depth > MAX_DEPTH) {
        return NO_NODE;
    }
    switch (i->op) {
    case IR_fconst:
        return add_const(s, i->imm & IR_FLAG_MASK);
    case IR_get: // lies in memory anyway
        return add_leaf(s, r);
    case IR_f_add:
    case IR_f_sub:
        return plan_sum(s, r);
    case IR_f_logic:
    case IR_f_shr1:
    case IR_f_sar1:
        n = node_of(s, i);
        n.arg[0] = plan_value(s, i->arg[0], 1);
        return add_op(s, n, 1);
    case IR_f_cmc:
        n = node_of(s, i);
        n.arg[0] = plan_flags(s, i->arg[0], depth + 1);
        return add_op(s, n, 1);
    case IR_f_setc:
    case IR_f_setv:
    case IR_f_nz:
        n = node_of(s, i);
        n.arg[0] = plan_flags(s, i->arg[0], depth + 1);
        n.arg[1] = plan_value(s, i->arg[1], 1);
        return add_op(s, n, 2);
    default:
        return NO_NODE;
    }
}

// --- the block
// Where the put at `from` is pending: up to the next one. Gives the last observer that calls C.
static IRRef last_observer(const IRBlock *b, unsigned from)
{
    IRRef last = 0;
    for (unsigned k = from + 1; k < b->n; k++) {
        const IRInsn *i = &b->insn[k];
        if (i->op == IR_put && b->insn[i->arg[0]].type == IR_FLAGS) {
            break;
        }
        last = ir_only_faults(i) ? (IRRef)k : last;
    }
    return last;
}

static void mark_pending(LazyPlans *p, const IRBlock *b, unsigned from)
{
    for (unsigned k = from + 1; k < b->n; k++) {
        const IRInsn *i = &b->insn[k];
        if (i->op == IR_put && b->insn[i->arg[0]].type == IR_FLAGS) {
            return;
        }
        p->at[k] = ir_only_faults(i) || i->op == IR_exit_if_f ? (uint8_t)p->n : 0;
    }
}

static void plan_put(LazyPlans *p, Planner *s, unsigned put)
{
    LazyPlan plan = {.put = (IRRef)put};
    s->p = &plan;
    s->end = last_observer(s->b, put);
    if (p->n == MAX_PLANS || plan_flags(s, s->b->insn[put].arg[0], 0) == NO_NODE) {
        s->b->insn[put].aux2 = 0;
        scan_uses(s); // it is computed after all
        return;
    }
    p->plan = g_renew(LazyPlan, p->plan, p->n + 1);
    p->plan[p->n++] = plan;
    mark_pending(p, s->b, put);
}

void ir_lazy_plan(LazyPlans *p, IRBlock *b)
{
    *p = (LazyPlans){NULL, 0, NULL};
    unsigned n_lazy = 0;
    for (unsigned k = 0; k < b->n; k++) {
        n_lazy += ir_put_is_lazy(&b->insn[k]);
    }
    if (!n_lazy) {
        return;
    }
    p->at = g_malloc0(b->n);
    Planner s = {.b = b, .last_use = ir_scratch(b, b->n * sizeof(IRRef))};
    scan_uses(&s);
    for (unsigned k = 0; k < b->n; k++) {
        if (ir_put_is_lazy(&b->insn[k])) {
            plan_put(p, &s, k);
        }
    }
}

void ir_lazy_free(LazyPlans *p)
{
    g_free(p->plan);
    g_free(p->at);
}
