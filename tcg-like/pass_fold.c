// Folding: one walk from the start; each insn's arguments are folded before it. The rules stand in
// tables by op in fold_integer.c, fold_flags.c and fold_vector.c.
#include "tcg-like/fold.h"
#include "tcg-like/rewrite.h"

// A rule may turn an insn into one of another op that has rules of its own.
#define MAX_CHANGES 4

static IRFoldFn *rule_of(unsigned op)
{
    return ir_fold_integer[op] ? ir_fold_integer[op]
           : ir_fold_flags[op] ? ir_fold_flags[op]
                               : ir_fold_vector[op];
}

static IRRef apply(IRBlock *b, IRInsn *i)
{
    for (unsigned k = 0; k < MAX_CHANGES; k++) {
        unsigned op = i->op;
        IRFoldFn *rule = rule_of(op);
        IRRef r = rule ? rule(b, i) : IR_NONE;
        if (r != IR_NONE) {
            return r;
        }
        if (i->op == op) {
            break;
        }
    }
    return i->op == IR_nop ? IR_NONE : ir_append(b, *i);
}

// Uses of each value, but for those as an address of ld or st, where a sum costs nothing. They
// travel in the host field, which is free until registers are allocated.
static void count_uses(const IRRewrite *w, uint8_t *uses)
{
    memset(uses, 0, w->n);
    for (unsigned n = 0; n < w->n; n++) {
        const IRInsn *i = &w->old[n];
        for (unsigned k = i->op == IR_ld || i->op == IR_st; k < 4; k++) {
            if (i->arg[k] != IR_NONE && uses[i->arg[k]] < 100) {
                uses[i->arg[k]]++;
            }
        }
    }
}

void ir_pass_fold(IRBlock *b)
{
    IRRewrite w;
    ir_rewrite_begin(&w, b, b->n);
    uint8_t *uses = w.extra;
    count_uses(&w, uses);
    for (unsigned n = 0; n < w.n; n++) {
        IRInsn i = ir_rewrite_fetch(&w, n);
        i.host = 0;
        IRRef r = w.map[n] = apply(b, &i);
        if (r != IR_NONE && uses[n]) {
            IRInsn *d = &b->insn[r];
            d->host = (uint8_t)MIN_OF(d->host + uses[n], 100);
        }
    }
    for (unsigned n = 0; n < b->n; n++) {
        b->insn[n].host = 0;
    }
}
