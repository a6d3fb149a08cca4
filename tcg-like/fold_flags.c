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
    unsigned bits = ir_flag_bits(i, ir_type(b, i->arg[0])), carry = f & IR_FLAG_C ? 1 : 0;
    bool add = i->op == IR_f_add || i->op == IR_f_adc;
    return ir_fconst(b, add ? ir_eval_f_adc(bits, x, y, carry) : ir_eval_f_sbb(bits, x, y, carry));
}

// Whether a value has its upper bits, from `bit` on, clear.
static bool clear_from(const IRBlock *b, IRRef r, unsigned bit)
{
    const IRInsn *d = ir_def(b, r);
    uint64_t c;
    switch (d->op) {
    case IR_and:
        return ir_is_const(b, d->arg[1], &c) && !(c >> bit);
    case IR_zext:
        return d->aux <= bit;
    case IR_extract:
        return d->aux >> 8u <= bit;
    case IR_cmpset:
    case IR_f_test:
        return true;
    default:
        return false;
    }
}

static IRRef fold_logic(IRBlock *b, IRInsn *i)
{
    uint64_t x;
    unsigned bits = ir_flag_bits(i, ir_type(b, i->arg[0]));
    if (ir_is_const(b, i->arg[0], &x)) {
        return ir_fconst(b, ir_flags_of_result(bits, x));
    }
    if (i->aux && clear_from(b, i->arg[0], i->aux - 1u)) {
        i->aux = 0; // S is clear either way
    }
    return IR_NONE;
}

static IRRef fold_shift1(IRBlock *b, IRInsn *i)
{
    uint64_t x;
    unsigned bits = ir_flag_bits(i, ir_type(b, i->arg[0]));
    if (!ir_is_const(b, i->arg[0], &x)) {
        return IR_NONE;
    }
    return ir_fconst(b, i->op == IR_f_shr1 ? ir_eval_f_shr1(bits, x) : ir_eval_f_sar1(bits, x));
}

static IRRef fold_set(IRBlock *b, IRInsn *i)
{
    uint64_t x;
    unsigned f, flag = i->op == IR_f_setc ? IR_FLAG_C : IR_FLAG_V;
    const IRInsn *d = ir_def(b, i->arg[0]);
    if (is_fconst(b, i->arg[0], &f) && ir_is_const(b, i->arg[1], &x)) {
        return ir_fconst(b, ir_eval_f_set(f, flag, x));
    }
    if (d->op == i->op) { // set twice
        i->arg[0] = d->arg[0];
    }
    return IR_NONE;
}

static IRRef fold_nz(IRBlock *b, IRInsn *i)
{
    uint64_t x;
    unsigned f;
    const IRInsn *d = ir_def(b, i->arg[0]);
    if (is_fconst(b, i->arg[0], &f) && ir_is_const(b, i->arg[1], &x)) {
        return ir_fconst(b, ir_eval_f_nz(f, x));
    }
    if (d->op == i->op) { // set twice
        i->arg[0] = d->arg[0];
    }
    return IR_NONE;
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

// A question for C of f_setc, or V of f_setv, is one for the bit that it was given. Other questions
// stay as they are: the host's flags answer them as well before as after.
static IRRef asked_bit(const IRBlock *b, const IRInsn *i, unsigned cond)
{
    const IRInsn *d = ir_def(b, i->arg[0]);
    bool c = d->op == IR_f_setc && (cond & ~1u) == IR_F_C;
    bool v = d->op == IR_f_setv && (cond & ~1u) == IR_F_V;
    return c || v ? d->arg[1] : IR_NONE;
}

// Questions for S or Z of f_nz are ones about its integer; those for C or V go to its flags.
static bool asks_nz(const IRBlock *b, const IRInsn *i, IRCond *cond)
{
    unsigned even = i->aux & ~1u;
    if (ir_def(b, i->arg[0])->op != IR_f_nz || (even != IR_F_Z && even != IR_F_S)) {
        return false;
    }
    *cond = (IRCond)((even == IR_F_Z ? IR_EQ : IR_LT) ^ (i->aux & 1));
    return true;
}

static void look_through_nz(const IRBlock *b, IRInsn *i)
{
    unsigned even = i->aux & ~1u;
    const IRInsn *d = ir_def(b, i->arg[0]);
    if (d->op == IR_f_nz && (even == IR_F_C || even == IR_F_V)) {
        i->arg[0] = d->arg[0];
    }
}

static IRRef fold_f_test(IRBlock *b, IRInsn *i)
{
    IRCond cond;
    if (asks_nz(b, i, &cond)) {
        return ir_cmpset(b, cond, ir_def(b, i->arg[0])->arg[1], ir_i32(b, 0));
    }
    look_through_nz(b, i);
    int known = ask(b, i, i->aux);
    if (known >= 0) {
        return ir_i32(b, (unsigned)known);
    }
    IRRef bit = asked_bit(b, i, i->aux);
    if (bit == IR_NONE) {
        return IR_NONE;
    }
    IRRef r = ir_and(b, bit, ir_i32(b, 1));
    return i->aux & 1 ? ir_xor(b, r, ir_i32(b, 1)) : r;
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

static IRRef fold_f_select(IRBlock *b, IRInsn *i)
{
    IRCond cond;
    if (asks_nz(b, i, &cond)) {
        IRRef x = ir_def(b, i->arg[0])->arg[1];
        *i = (IRInsn){.op = IR_select,
                      .type = i->type,
                      .aux = (uint16_t)cond,
                      .arg = {x, ir_i32(b, 0), i->arg[1], i->arg[2]}};
        return IR_NONE;
    }
    look_through_nz(b, i);
    IRRef bit = asked_bit(b, i, i->aux);
    if (bit != IR_NONE) {
        unsigned c = i->aux & 1 ? IR_TSTZ : IR_TSTNZ;
        *i = (IRInsn){.op = IR_select,
                      .type = i->type,
                      .aux = (uint16_t)c,
                      .arg = {bit, ir_i32(b, 1), i->arg[1], i->arg[2]}};
        return IR_NONE;
    }
    return fold_pick(b, i);
}

static IRRef fold_exit_if_f(IRBlock *b, IRInsn *i)
{
    if (ask(b, i, i->aux2) == 0) {
        *i = (IRInsn){.op = IR_nop, .arg = {IR_NONE, IR_NONE, IR_NONE, IR_NONE}};
        return IR_NONE;
    }
    IRRef bit = asked_bit(b, i, i->aux2);
    if (bit != IR_NONE) {
        i->op = IR_exit_if;
        i->arg[0] = bit;
        i->arg[1] = ir_i32(b, 1);
        i->aux2 = i->aux2 & 1 ? IR_TSTZ : IR_TSTNZ;
    }
    return IR_NONE;
}

IRFoldFn *const ir_fold_flags[IR_OPCODES] = {
    [IR_f_add] = fold_make,      [IR_f_sub] = fold_make,    [IR_f_adc] = fold_make,
    [IR_f_sbb] = fold_make,      [IR_f_logic] = fold_logic, [IR_adc] = fold_carry,
    [IR_sbb] = fold_carry,       [IR_f_cmc] = fold_cmc,     [IR_f_pack] = fold_pack,
    [IR_f_unpack] = fold_unpack, [IR_f_test] = fold_f_test, [IR_f_select] = fold_f_select,
    [IR_f_choose] = fold_pick,   [IR_f_shr1] = fold_shift1, [IR_f_sar1] = fold_shift1,
    [IR_f_setc] = fold_set,      [IR_f_setv] = fold_set,    [IR_exit_if_f] = fold_exit_if_f,
    [IR_f_nz] = fold_nz,
};
