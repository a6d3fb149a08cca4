// Folding of integer ops: constants by computing, then identities. Constants stand on the right
// afterwards wherever the op allows it.
#include "tcg-like/fold.h"

// --- all arguments constant
typedef uint64_t Eval1(bool w, uint64_t x);
typedef uint64_t Eval2(bool w, uint64_t x, uint64_t y);
typedef uint64_t EvalAux(bool w, uint64_t x, unsigned aux);

#define E(name) [IR_##name] = ir_eval_##name
static Eval1 *const eval1[IR_OPCODES] = {
    E(not ), E(neg), E(trunc), E(extu), E(exts), E(rbit), E(clz), E(ctz), E(popcnt),
};
static Eval2 *const eval2[IR_OPCODES] = {
    E(add),  E(sub), E(mul),  E(mulhu), E(mulhs), E(divu), E(divs), E(and),  E(or),   E(xor),
    E(andn), E(orn), E(xnor), E(shl),   E(shr),   E(sar),  E(ror),  E(pdep), E(pext),
};
static EvalAux *const eval_aux[IR_OPCODES] = {
    E(zext), E(sext), E(bswap), E(extract), E(sextract),
};
#undef E

static IRRef new_const(IRBlock *b, const IRInsn *i, uint64_t v)
{
    return ir_const(b, (IRType)i->type, v);
}

static IRRef fold_unary(IRBlock *b, const IRInsn *i)
{
    uint64_t x;
    bool w = i->type == IR_I64;
    if (!ir_is_const(b, i->arg[0], &x)) {
        return IR_NONE;
    }
    return new_const(b, i, eval1[i->op] ? eval1[i->op](w, x) : eval_aux[i->op](w, x, i->aux));
}

static IRRef fold_binary(IRBlock *b, const IRInsn *i)
{
    uint64_t x, y;
    if (!ir_is_const(b, i->arg[0], &x) || !ir_is_const(b, i->arg[1], &y)) {
        return IR_NONE;
    }
    return new_const(b, i, eval2[i->op](i->type == IR_I64, x, y));
}

static void const_right(const IRBlock *b, IRInsn *i)
{
    if (ir_def(b, i->arg[0])->op == IR_const) {
        IRRef t = i->arg[0];
        i->arg[0] = i->arg[1];
        i->arg[1] = t;
    }
}

static uint64_t ones(const IRInsn *i)
{
    return mask64(ir_bits((IRType)i->type));
}

// Changes the insn; pass_fold.c then looks for a rule of the new op.
static void become_unary(IRInsn *i, IROpcode op, unsigned aux)
{
    i->op = op;
    i->aux = (uint16_t)aux;
    i->arg[1] = IR_NONE;
}

// --- sums
// If r is x + constant or x - constant, gives x and adds the constant to *sum.
static IRRef split_sum(const IRBlock *b, IRRef r, uint64_t *sum)
{
    const IRInsn *d = ir_def(b, r);
    uint64_t c;
    if ((d->op != IR_add && d->op != IR_sub) || !ir_is_const(b, d->arg[1], &c)) {
        return IR_NONE;
    }
    *sum += d->op == IR_add ? c : -c;
    return d->arg[0];
}

// (x + c1) + c2. host counts uses (see pass_fold.c): an inner sum that stays anyway is as good a
// start.
static IRRef fold_chain(IRBlock *b, const IRInsn *i, uint64_t sum)
{
    if (ir_def(b, i->arg[0])->host > 1) {
        return IR_NONE;
    }
    IRRef x = split_sum(b, i->arg[0], &sum);
    return x == IR_NONE ? x : ir_addi(b, x, i->type == IR_I32 ? (int32_t)sum : (int64_t)sum);
}

static IRRef fold_add(IRBlock *b, IRInsn *i)
{
    uint64_t c;
    const_right(b, i);
    if (!ir_is_const(b, i->arg[1], &c)) {
        return IR_NONE;
    }
    return c == 0 ? i->arg[0] : fold_chain(b, i, c);
}

static IRRef fold_sub(IRBlock *b, IRInsn *i)
{
    uint64_t c;
    if (i->arg[0] == i->arg[1]) {
        return new_const(b, i, 0);
    }
    if (ir_is_value(b, i->arg[0], 0)) {
        return ir_neg(b, i->arg[1]);
    }
    if (!ir_is_const(b, i->arg[1], &c)) {
        return IR_NONE;
    }
    return c == 0 ? i->arg[0] : fold_chain(b, i, -c);
}

static IRRef fold_mul(IRBlock *b, IRInsn *i)
{
    uint64_t c;
    const_right(b, i);
    if (!ir_is_const(b, i->arg[1], &c)) {
        return IR_NONE;
    }
    if (c == 0 || c == 1) {
        return i->arg[!c];
    }
    return c & (c - 1) ? IR_NONE : ir_shli(b, i->arg[0], (unsigned)__builtin_ctzll(c));
}

static IRRef fold_commutative(IRBlock *b, IRInsn *i)
{
    const_right(b, i);
    return IR_NONE;
}

static IRRef fold_div(IRBlock *b, IRInsn *i)
{
    return ir_is_value(b, i->arg[1], 1) ? i->arg[0] : IR_NONE;
}

// --- bits
static IRRef fold_and(IRBlock *b, IRInsn *i)
{
    uint64_t c;
    const_right(b, i);
    if (i->arg[0] == i->arg[1]) {
        return i->arg[0];
    }
    if (!ir_is_const(b, i->arg[1], &c)) {
        return IR_NONE;
    }
    if (c == 0 || c == ones(i)) {
        return i->arg[c ? 0 : 1];
    }
    if (c == 0xff || c == 0xffff || c == 0xffffffff) {
        become_unary(i, IR_zext, (unsigned)__builtin_popcountll(c));
    }
    return IR_NONE;
}

static IRRef fold_or(IRBlock *b, IRInsn *i)
{
    const_right(b, i);
    if (i->arg[0] == i->arg[1] || ir_is_value(b, i->arg[1], 0)) {
        return i->arg[0];
    }
    return ir_is_value(b, i->arg[1], ones(i)) ? i->arg[1] : IR_NONE;
}

static IRRef fold_xor(IRBlock *b, IRInsn *i)
{
    const_right(b, i);
    if (i->arg[0] == i->arg[1]) {
        return new_const(b, i, 0);
    }
    if (ir_is_value(b, i->arg[1], 0)) {
        return i->arg[0];
    }
    return ir_is_value(b, i->arg[1], ones(i)) ? ir_not(b, i->arg[0]) : IR_NONE;
}

// a op ~c becomes the plain op with the constant inverted; ~(a ^ c) is a ^ ~c.
static IRRef fold_inverted(IRBlock *b, IRInsn *i)
{
    uint64_t c;
    IRFoldFn *plain = i->op == IR_andn ? fold_and : i->op == IR_orn ? fold_or : fold_xor;
    if (i->op == IR_xnor) {
        const_right(b, i);
    }
    if (i->arg[0] == i->arg[1]) {
        return new_const(b, i, i->op == IR_andn ? 0 : ones(i));
    }
    if (i->op != IR_xnor && ir_is_value(b, i->arg[0], 0)) {
        return i->op == IR_andn ? i->arg[0] : ir_not(b, i->arg[1]);
    }
    if (!ir_is_const(b, i->arg[1], &c)) {
        return IR_NONE;
    }
    i->op = i->op == IR_andn ? IR_and : i->op == IR_orn ? IR_or : IR_xor;
    i->arg[1] = new_const(b, i, ~c);
    return plain(b, i);
}

static IRRef fold_not(IRBlock *b, IRInsn *i)
{
    const IRInsn *d = ir_def(b, i->arg[0]);
    return d->op == i->op ? d->arg[0] : IR_NONE; // also neg of neg
}

static IRRef fold_shift(IRBlock *b, IRInsn *i)
{
    uint64_t c, mask = ir_bits((IRType)i->type) - 1;
    if (ir_is_value(b, i->arg[0], 0)) {
        return i->arg[0];
    }
    if (!ir_is_const(b, i->arg[1], &c)) {
        return IR_NONE;
    }
    if ((c & mask) == 0) {
        return i->arg[0];
    }
    if (c > mask) {
        i->arg[1] = new_const(b, i, c & mask);
    }
    return IR_NONE;
}

// --- widths
// How many low bits of r can be other than zero, as far as its op tells.
static unsigned width_of(const IRBlock *b, IRRef r)
{
    const IRInsn *d = ir_def(b, r);
    uint64_t c;
    switch (d->op) {
    case IR_const:
        return d->imm ? 64 - (unsigned)__builtin_clzll(d->imm) : 0;
    case IR_zext:
        return d->aux;
    case IR_get:
        return 8u * d->aux;
    case IR_extu:
        return 32;
    case IR_extract:
        return d->aux >> 8;
    case IR_cmpset:
    case IR_f_test:
        return 1;
    case IR_ld:
        return d->aux & IR_MEM_SIGN ? 64 : 8u << (d->aux & IR_MEM_SIZE);
    case IR_vget:
        return 8u << (d->aux & 0xff);
    case IR_and:
        return ir_is_const(b, d->arg[1], &c) && c ? 64 - (unsigned)__builtin_clzll(c) : 64;
    default:
        return 64;
    }
}

static IRRef fold_zext(IRBlock *b, IRInsn *i)
{
    if (i->aux >= ir_bits((IRType)i->type) || width_of(b, i->arg[0]) <= i->aux) {
        return i->arg[0];
    }
    const IRInsn *d = ir_def(b, i->arg[0]);
    if ((d->op == IR_zext || d->op == IR_sext) && d->aux >= i->aux) {
        i->arg[0] = d->arg[0];
    }
    return IR_NONE;
}

static IRRef fold_sext(IRBlock *b, IRInsn *i)
{
    if (i->aux >= ir_bits((IRType)i->type) || width_of(b, i->arg[0]) < i->aux) {
        return i->arg[0];
    }
    const IRInsn *d = ir_def(b, i->arg[0]);
    if (d->op == IR_sext && d->aux <= i->aux) {
        return i->arg[0];
    }
    if ((d->op == IR_zext || d->op == IR_sext) && d->aux >= i->aux) {
        i->arg[0] = d->arg[0];
    }
    return IR_NONE;
}

static IRRef fold_trunc(IRBlock *b, IRInsn *i)
{
    const IRInsn *d = ir_def(b, i->arg[0]);
    if (d->op == IR_extu || d->op == IR_exts) {
        return d->arg[0];
    }
    if ((d->op == IR_zext || d->op == IR_sext) && d->aux == 32) {
        i->arg[0] = d->arg[0];
    }
    return IR_NONE;
}

static IRRef fold_extu(IRBlock *b, IRInsn *i)
{
    const IRInsn *d = ir_def(b, i->arg[0]);
    if (d->op != IR_trunc) {
        return IR_NONE;
    }
    i->arg[0] = d->arg[0];
    become_unary(i, IR_zext, 32);
    return IR_NONE;
}

static IRRef fold_exts(IRBlock *b, IRInsn *i)
{
    const IRInsn *d = ir_def(b, i->arg[0]);
    if (d->op == IR_trunc) {
        i->arg[0] = d->arg[0];
        become_unary(i, IR_sext, 32);
    }
    return IR_NONE;
}

// --- fields
static bool register_width(unsigned len)
{
    return len == 8 || len == 16 || len == 32;
}

static IRRef fold_extract(IRBlock *b, IRInsn *i)
{
    unsigned pos = i->aux & 0xff, len = i->aux >> 8;
    bool sign = i->op == IR_sextract;
    if (pos + len == ir_bits((IRType)i->type)) {
        return sign ? ir_sari(b, i->arg[0], pos) : ir_shri(b, i->arg[0], pos);
    }
    if (pos == 0 && register_width(len)) {
        become_unary(i, sign ? IR_sext : IR_zext, len);
    }
    return IR_NONE;
}

static IRRef low_bits(IRBlock *b, IRRef r, unsigned len)
{
    if (width_of(b, r) <= len) {
        return r;
    }
    return register_width(len) ? ir_zext(b, r, len) : ir_extract(b, r, 0, len);
}

static IRRef fold_deposit(IRBlock *b, IRInsn *i)
{
    unsigned pos = i->aux & 0xff, len = i->aux >> 8, bits = ir_bits((IRType)i->type);
    uint64_t x, y;
    if (len == bits) {
        return i->arg[1];
    }
    bool into_const = ir_is_const(b, i->arg[0], &x);
    if (into_const && ir_is_const(b, i->arg[1], &y)) {
        return new_const(b, i, ir_eval_deposit(bits == 64, x, y, i->aux));
    }
    if (into_const && x == 0) {
        return pos + len == bits ? ir_shli(b, i->arg[1], pos)
                                 : ir_shli(b, low_bits(b, i->arg[1], len), pos);
    }
    return IR_NONE;
}

static IRRef fold_extr(IRBlock *b, IRInsn *i)
{
    uint64_t hi, lo;
    if (i->imm == 0) {
        return i->arg[1];
    }
    if (ir_is_const(b, i->arg[0], &hi) && ir_is_const(b, i->arg[1], &lo)) {
        return new_const(b, i, ir_eval_extr(i->type == IR_I64, hi, lo, (unsigned)i->imm));
    }
    if (i->arg[0] == i->arg[1]) {
        return ir_ror(b, i->arg[0], new_const(b, i, i->imm));
    }
    return ir_is_value(b, i->arg[0], 0) ? ir_shri(b, i->arg[1], (unsigned)i->imm) : IR_NONE;
}

// --- comparisons
// Whether the outcome is known: 0, 1, or -1 if not.
static int outcome(const IRBlock *b, IRCond c, IRRef x, IRRef y)
{
    uint64_t p, q;
    if (ir_is_const(b, x, &p) && ir_is_const(b, y, &q)) {
        return ir_cond_holds(c, ir_type(b, x), p, q);
    }
    bool same = x == y && c < IR_TSTNZ;
    return same ? (int)ir_cond_holds(c, IR_I64, 0, 0) : -1;
}

// (x & y) compared with 0 is a test.
static void fold_test(const IRBlock *b, IRRef *x, IRRef *y, uint16_t *cond)
{
    const IRInsn *d = ir_def(b, *x);
    if ((*cond == IR_EQ || *cond == IR_NE) && d->op == IR_and && ir_is_value(b, *y, 0)) {
        *cond = *cond == IR_NE ? IR_TSTNZ : IR_TSTZ;
        *x = d->arg[0];
        *y = d->arg[1];
    }
}

// A comparison whose 0 or 1 the insn compares with 0: the insn can ask the comparison itself.
static const IRInsn *asked_for_zero(const IRBlock *b, const IRInsn *i, unsigned cond)
{
    const IRInsn *d = ir_def(b, i->arg[0]);
    bool asks_zero = (cond == IR_EQ || cond == IR_NE) && ir_is_value(b, i->arg[1], 0);
    return asks_zero && (d->op == IR_cmpset || d->op == IR_f_test) ? d : NULL;
}

static IRRef fold_cmpset(IRBlock *b, IRInsn *i)
{
    int known = outcome(b, (IRCond)i->aux, i->arg[0], i->arg[1]);
    if (known >= 0) {
        return ir_i32(b, (unsigned)known);
    }
    fold_test(b, &i->arg[0], &i->arg[1], &i->aux);
    return IR_NONE;
}

static IRRef fold_select(IRBlock *b, IRInsn *i)
{
    int known = outcome(b, (IRCond)i->aux, i->arg[0], i->arg[1]);
    if (known >= 0) {
        return i->arg[known ? 2 : 3];
    }
    if (i->arg[2] == i->arg[3]) {
        return i->arg[2];
    }
    const IRInsn *d = asked_for_zero(b, i, i->aux);
    if (d) {
        i->aux = d->aux ^ (i->aux == IR_EQ);
        i->arg[0] = d->arg[0];
        i->arg[1] = d->arg[1];
        if (d->op == IR_f_test) {
            i->op = IR_f_select;
            i->arg[1] = i->arg[2];
            i->arg[2] = i->arg[3];
            i->arg[3] = IR_NONE;
        }
        return IR_NONE;
    }
    fold_test(b, &i->arg[0], &i->arg[1], &i->aux);
    return IR_NONE;
}

static IRRef fold_exit_if(IRBlock *b, IRInsn *i)
{
    const IRInsn *d = asked_for_zero(b, i, i->aux2);
    if (d) {
        i->aux2 = d->aux ^ (i->aux2 == IR_EQ);
        i->op = d->op == IR_cmpset ? IR_exit_if : IR_exit_if_f;
        i->arg[0] = d->arg[0];
        i->arg[1] = d->arg[1];
        return IR_NONE;
    }
    fold_test(b, &i->arg[0], &i->arg[1], &i->aux2);
    if (outcome(b, (IRCond)i->aux2, i->arg[0], i->arg[1]) == 0) {
        i->op = IR_nop;
        i->arg[0] = i->arg[1] = IR_NONE;
        i->aux = i->aux2 = 0;
    }
    return IR_NONE;
}

// --- memory: x + constant as the address moves into the displacement, unless the sum is needed
// for something else as well.
static IRRef fold_address(IRBlock *b, IRInsn *i)
{
    uint64_t disp = i->imm;
    if (ir_def(b, i->arg[0])->host > 0) {
        return IR_NONE;
    }
    IRRef x = split_sum(b, i->arg[0], &disp);
    if (x != IR_NONE && (int64_t)disp == (int32_t)disp) {
        i->arg[0] = x;
        i->imm = disp;
    }
    return IR_NONE;
}

// Constants first, then the op's own rule.
#define UNARY(name, rule)                                                                          \
    static IRRef name##_const(IRBlock *b, IRInsn *i)                                               \
    {                                                                                              \
        IRRef r = fold_unary(b, i);                                                                \
        return r == IR_NONE ? rule(b, i) : r;                                                      \
    }
#define BINARY(name, rule)                                                                         \
    static IRRef name##_const(IRBlock *b, IRInsn *i)                                               \
    {                                                                                              \
        IRRef r = fold_binary(b, i);                                                               \
        return r == IR_NONE ? rule(b, i) : r;                                                      \
    }

static IRRef no_rule(IRBlock *b, IRInsn *i)
{
    (void)b, (void)i;
    return IR_NONE;
}

UNARY(plain, no_rule)
UNARY(not, fold_not)
UNARY(zext, fold_zext)
UNARY(sext, fold_sext)
UNARY(trunc, fold_trunc)
UNARY(extu, fold_extu)
UNARY(exts, fold_exts)
UNARY(extract, fold_extract)
BINARY(add, fold_add)
BINARY(sub, fold_sub)
BINARY(mul, fold_mul)
BINARY(commutative, fold_commutative)
BINARY(div, fold_div)
BINARY(and, fold_and)
BINARY(or, fold_or)
BINARY(xor, fold_xor)
BINARY(inverted, fold_inverted)
BINARY(shift, fold_shift)
BINARY(two, no_rule)

IRFoldFn *const ir_fold_integer[IR_OPCODES] = {
    [IR_add] = add_const,           [IR_sub] = sub_const,           [IR_mul] = mul_const,
    [IR_mulhu] = commutative_const, [IR_mulhs] = commutative_const, [IR_divu] = div_const,
    [IR_divs] = div_const,          [IR_and] = and_const,           [IR_or] = or_const,
    [IR_xor] = xor_const,           [IR_andn] = inverted_const,     [IR_orn] = inverted_const,
    [IR_xnor] = inverted_const,     [IR_shl] = shift_const,         [IR_shr] = shift_const,
    [IR_sar] = shift_const,         [IR_ror] = shift_const,         [IR_not] = not_const,
    [IR_neg] = not_const,           [IR_zext] = zext_const,         [IR_sext] = sext_const,
    [IR_trunc] = trunc_const,       [IR_extu] = extu_const,         [IR_exts] = exts_const,
    [IR_bswap] = plain_const,       [IR_rbit] = plain_const,        [IR_clz] = plain_const,
    [IR_ctz] = plain_const,         [IR_popcnt] = plain_const,      [IR_extract] = extract_const,
    [IR_pdep] = two_const,          [IR_pext] = two_const,          [IR_sextract] = extract_const,
    [IR_deposit] = fold_deposit,    [IR_extr] = fold_extr,          [IR_cmpset] = fold_cmpset,
    [IR_select] = fold_select,      [IR_ld] = fold_address,         [IR_st] = fold_address,
    [IR_exit_if] = fold_exit_if,
};
