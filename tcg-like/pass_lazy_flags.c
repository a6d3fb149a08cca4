// Marks the puts of flags that only an exception can see (lazy_flags.h). A walk from the end: a put
// is lazy if the next thing to touch the slot is another put, with nothing but observers of
// exceptions between, and side exits that ask the very value put: those have it at hand.
#include "tcg-like/lazy_flags.h"
#include "tcg-like/rewrite.h"

typedef struct Scan {
    bool replaced; // a later put overwrites the slot before anything sees it
    IRRef asked;   // by side exits in between; IR_NONE: none
} Scan;

bool ir_only_faults(const IRInsn *i)
{
    switch (i->op) {
    case IR_ld:
    case IR_st:
    case IR_rmw:
    case IR_cas:
    case IR_casif:
    case IR_chk:
    case IR_guard:
        return true;
    case IR_call:
        return (((const IRHelper *)(uintptr_t)i->imm)->flags & ~IR_CALL_X87) == IR_CALL_FAULTS;
    default:
        return false;
    }
}

static void visit_put(Scan *s, IRInsn *i)
{
    i->aux2 = s->replaced && (s->asked == IR_NONE || s->asked == i->arg[0]);
    *s = (Scan){.replaced = true, .asked = IR_NONE};
}

static void visit_exit(Scan *s, const IRInsn *i)
{
    if (s->asked != IR_NONE && s->asked != i->arg[0]) {
        s->replaced = false;
    }
    s->asked = i->arg[0];
}

static bool touches_flags(const IRBlock *b, const IRInsn *i)
{
    return i->op == IR_get ? i->type == IR_FLAGS : b->insn[i->arg[0]].type == IR_FLAGS;
}

void ir_pass_lazy_flags(IRBlock *b)
{
    Scan s = {.asked = IR_NONE};
    for (unsigned n = b->n; n-- > 0;) {
        IRInsn *i = &b->insn[n];
        if (i->op == IR_put && touches_flags(b, i)) {
            visit_put(&s, i);
        } else if (i->op == IR_exit_if_f) {
            visit_exit(&s, i);
        } else if (i->op == IR_get
                       ? touches_flags(b, i)
                       : i->op != IR_insn && !ir_only_faults(i) && ir_touches(i) & IR_TOUCH_READS) {
            s.replaced = false;
        }
    }
}
