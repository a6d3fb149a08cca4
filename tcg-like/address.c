#include "tcg-like/address.h"

#define MAX_OFFSET (INT64_C(1) << 30) // larger constants are no displacements

// If r is a value and a constant, added or subtracted: r becomes the value.
static bool peel(const IRInsn *insn, IRRef *r, uint64_t *sum)
{
    const IRInsn *i = &insn[*r];
    if ((i->op != IR_add && i->op != IR_sub) || insn[i->arg[1]].op != IR_const) {
        return false;
    }
    uint64_t c = insn[i->arg[1]].imm;
    *sum = i->op == IR_add ? *sum + c : *sum - c;
    *r = i->arg[0];
    return true;
}

static bool small(int64_t x)
{
    return x > -MAX_OFFSET && x < MAX_OFFSET;
}

// Ops that keep the low 32 bits.
static bool keeps_low(const IRInsn *i)
{
    return i->op == IR_trunc || i->op == IR_extu || i->op == IR_exts ||
           ((i->op == IR_zext || i->op == IR_sext) && i->aux == 32);
}

static bool cuts_to_32(const IRInsn *i)
{
    return i->op == IR_extu || (i->op == IR_zext && i->aux == 32);
}

// The 32-bit sum under a zero extension.
static void look_inside(const IRInsn *insn, IRAddress *a)
{
    uint64_t sum = 0;
    IRRef r = insn[a->root].arg[0], start;
    a->narrow = true;
    do {
        start = r;
        while (keeps_low(&insn[r])) {
            r = insn[r].arg[0];
        }
        if (small((int32_t)sum)) {
            a->root = r;
            a->inner = (int32_t)sum;
        }
        peel(insn, &r, &sum);
    } while (r != start);
}

IRAddress ir_address(const IRInsn *insn, IRRef r)
{
    uint64_t sum = 0;
    IRAddress a = {.root = r};
    do {
        if (insn[r].op == IR_const) {
            return (IRAddress){.root = IR_NONE, .outer = (int64_t)(sum + insn[r].imm)};
        }
        if (small((int64_t)sum)) {
            a.root = r;
            a.outer = (int64_t)sum;
        }
    } while (peel(insn, &r, &sum));
    if (cuts_to_32(&insn[a.root])) {
        look_inside(insn, &a);
    }
    return a;
}
