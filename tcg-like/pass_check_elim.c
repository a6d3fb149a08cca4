// Check elimination: neighbouring loads, or stores, of one guest instruction off one base share one
// check. The check's failure leaves before the current instruction, so nothing of that may have
// happened by then: the group must come first in it.
//
//   insn                         insn
//   a = ld %b disp=0             c = chk %b disp=0 span=16
//   d = ld %b disp=8      ->     a = ldh %b, c disp=0
//                                d = ldh %b, c disp=8
//
// Blocks of one instruction are left alone: they are what the engine runs when a check failed.
#include "tcg-like/rewrite.h"

#define MAX_SPAN 64
#define PRIVATE                                                                                    \
    (IR_MEM_ALIGN | IR_MEM_ALIGN16 | IR_MEM_ACQ | IR_MEM_REL |                                     \
     IR_MEM_WRITE) // need a check of their own

typedef struct Group {
    unsigned first, last; // insns of the old block
    unsigned members;
    int64_t low, high; // bytes touched, from the base
} Group;

static bool may_group(const IRInsn *i)
{
    return (i->op == IR_ld || i->op == IR_st) && !(i->aux & PRIVATE);
}

static bool add_member(Group *g, const IRInsn *i, unsigned n)
{
    int64_t low = MIN_OF(g->low, (int64_t)i->imm);
    int64_t high = MAX_OF(g->high, (int64_t)i->imm + (1 << (i->aux & IR_MEM_SIZE)));
    if (high - low > MAX_SPAN) {
        return false;
    }
    g->low = low;
    g->high = high;
    g->last = n;
    g->members++;
    return true;
}

// The group that starts with insn `first`, the first memory access of its guest instruction.
static Group find_group(const IRInsn *insn, unsigned end, unsigned first)
{
    const IRInsn *head = &insn[first];
    Group g = {.first = first, .last = first, .low = INT64_MAX / 2, .high = INT64_MIN / 2};
    for (unsigned n = first; n < end; n++) {
        const IRInsn *i = &insn[n];
        bool fits = may_group(i) && i->op == head->op && i->arg[0] == head->arg[0] &&
                    !((i->aux ^ head->aux) & IR_MEM_UNPRIV);
        if (fits ? !add_member(&g, i, n)
                 : i->op != IR_put && ir_op_info[i->op].effects != IR_EFF_PURE) {
            break;
        }
    }
    return g;
}

// Copies insns [from, to) as they are.
static void copy(IRRewrite *w, unsigned from, unsigned to)
{
    for (unsigned n = from; n < to; n++) {
        w->map[n] = ir_append(w->b, ir_rewrite_fetch(w, n));
    }
}

static void emit_group(IRRewrite *w, const Group *g)
{
    IRInsn head = ir_rewrite_fetch(w, g->first);
    IRRef chk = ir_make(w->b, IR_chk, IR_I64, head.arg[0], IR_NONE, IR_NONE, IR_NONE,
                        head.aux & (IR_MEM_STORE | IR_MEM_UNPRIV), (unsigned)(g->high - g->low),
                        (uint64_t)g->low);
    for (unsigned n = g->first; n <= g->last; n++) {
        IRInsn i = ir_rewrite_fetch(w, n);
        if (i.op == IR_ld) {
            i.op = IR_ldh;
            i.arg[1] = chk;
        } else if (i.op == IR_st) {
            i.op = IR_sth;
            i.arg[2] = i.arg[1];
            i.arg[1] = chk;
        }
        w->map[n] = ir_append(w->b, i);
    }
}

// One guest instruction: insns [from, to), after its marker.
static void visit_instruction(IRRewrite *w, unsigned from, unsigned to)
{
    unsigned n = from;
    while (n < to && w->old[n].op != IR_put && ir_op_info[w->old[n].op].effects == IR_EFF_PURE) {
        n++;
    }
    copy(w, from, n);
    if (n < to && may_group(&w->old[n])) {
        Group g = find_group(w->old, to, n);
        if (g.members > 1) {
            emit_group(w, &g);
            n = g.last + 1;
        }
    }
    copy(w, n, to);
}

static unsigned next_marker(const IRRewrite *w, unsigned n)
{
    while (n < w->n && w->old[n].op != IR_insn) {
        n++;
    }
    return n;
}

// Most blocks have nothing to group: two accesses of one kind, with no marker in between.
static bool worthwhile(const IRBlock *b)
{
    unsigned last = IR_nop;
    for (unsigned n = 0; n < b->n; n++) {
        unsigned op = b->insn[n].op;
        if (op == IR_insn) {
            last = IR_nop;
        } else if (op == IR_ld || op == IR_st) {
            if (op == last) {
                return true;
            }
            last = op;
        }
    }
    return false;
}

void ir_pass_check_elim(IRBlock *b)
{
    if (b->guest_insns <= 1 || !worthwhile(b)) {
        return;
    }
    IRRewrite w;
    ir_rewrite_begin(&w, b, 0);
    unsigned n = next_marker(&w, 0);
    copy(&w, 0, n);
    while (n < w.n) {
        unsigned end = next_marker(&w, n + 1);
        copy(&w, n, n + 1);
        visit_instruction(&w, n + 1, end);
        n = end;
    }
}
