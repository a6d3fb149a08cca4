// Folding of flag ops: constant flags, and conditions seen through an inverted carry.
#include "tcg-like/fold.h"

static bool is_fconst(const IRBlock *b, IRRef r, unsigned *f)
{
    *f = (unsigned)ir_def(b, r)->imm & IR_FLAG_MASK;
    return ir_def(b, r)->op == IR_fconst;
}

// --- making flags
// Two integers, with the carry of arg[2] where the op has one.
static IRRef fold_make(IRBlock *b, IRInsn *i)
{
    uint64_t x, y;
    unsigned f = 0;
    if (i->arg[2] != IR_NONE && is_fconst(b, i->arg[2], &f) && !(f & IR_FLAG_C)) {
        i->op = i->op == IR_f_adc ? IR_f_add : IR_f_sub;
        i->arg[2] = IR_NONE;
    }
    bool known = i->arg[2] == IR_NONE || is_fconst(b, i->arg[2], &f);
    if (!known || !ir_is_const(b, i->arg[0], &x) || !ir_is_const(b, i->arg[1], &y)) {
        return IR_NONE;
    }
    bool w = ir_type(b, i->arg[0]) == IR_I64, add = i->op == IR_f_add || i->op == IR_f_adc;
    unsigned carry = f & IR_FLAG_C ? 1 : 0;
    return ir_fconst(b, add ? ir_eval_f_adc(w, x, y, carry) : ir_eval_f_sbb(w, x, y, carry));
}

static IRRef fold_logic(IRBlock *b, IRInsn *i)
{
    uint64_t x;
    bool w = ir_type(b, i->arg[0]) == IR_I64;
    return ir_is_const(b, i->arg[0], &x) ? ir_fconst(b, ir_flags_of_result(w, x)) : IR_NONE;
}

// adc and sbb with a carry that is known to be clear.
static IRRef fold_carry(IRBlock *b, IRInsn *i)
{
    unsigned f;
    if (is_fconst(b, i->arg[2], &f) && !(f & IR_FLAG_C)) {
        i->op = i->op == IR_adc ? IR_add : IR_sub;
        i->arg[2] = IR_NONE;
    }
    return IR_NONE;
}

static IRRef fold_cmc(IRBlock *b, IRInsn *i)
{
    unsigned f;
    const IRInsn *d = ir_def(b, i->arg[0]);
    if (is_fconst(b, i->arg[0], &f)) {
        return ir_fconst(b, f ^ IR_FLAG_C);
    }
    return d->op == IR_f_cmc ? d->arg[0] : IR_NONE;
}

static IRRef fold_pack(IRBlock *b, IRInsn *i)
{
    unsigned f;
    return is_fconst(b, i->arg[0], &f) ? ir_i32(b, f) : IR_NONE;
}

static IRRef fold_unpack(IRBlock *b, IRInsn *i)
{
    uint64_t x;
    const IRInsn *d = ir_def(b, i->arg[0]);
    if (ir_is_const(b, i->arg[0], &x)) {
        return ir_fconst(b, (unsigned)x & IR_FLAG_MASK);
    }
    return d->op == IR_f_pack ? d->arg[0] : IR_NONE;
}

// --- asking for flags
// Gives the answer (0, 1) if the flags are constant, else -1. An f_cmc stays between producer and
// question: backends carry the inverted carry along for nothing, while a second form of the same
// flags would have to be kept beside the one that is put.
static int ask(const IRBlock *b, const IRInsn *i, unsigned cond)
{
    unsigned f;
    return is_fconst(b, i->arg[0], &f) ? (int)ir_flags_hold((IRFlagCond)cond, f) : -1;
}

static IRRef fold_f_test(IRBlock *b, IRInsn *i)
{
    int known = ask(b, i, i->aux);
    return known >= 0 ? ir_i32(b, (unsigned)known) : IR_NONE;
}

// f_select and f_choose
static IRRef fold_pick(IRBlock *b, IRInsn *i)
{
    int known = ask(b, i, i->aux);
    if (known >= 0 || i->arg[1] == i->arg[2]) {
        return i->arg[known ? 1 : 2];
    }
    return IR_NONE;
}

static IRRef fold_exit_if_f(IRBlock *b, IRInsn *i)
{
    if (ask(b, i, i->aux2) == 0) {
        *i = (IRInsn){.op = IR_nop, .arg = {IR_NONE, IR_NONE, IR_NONE, IR_NONE}};
    }
    return IR_NONE;
}

IRFoldFn *const ir_fold_flags[IR_OPCODES] = {
    [IR_f_add] = fold_make,      [IR_f_sub] = fold_make,          [IR_f_adc] = fold_make,
    [IR_f_sbb] = fold_make,      [IR_f_logic] = fold_logic,       [IR_adc] = fold_carry,
    [IR_sbb] = fold_carry,       [IR_f_cmc] = fold_cmc,           [IR_f_pack] = fold_pack,
    [IR_f_unpack] = fold_unpack, [IR_f_test] = fold_f_test,       [IR_f_select] = fold_pick,
    [IR_f_choose] = fold_pick,   [IR_exit_if_f] = fold_exit_if_f,
};
