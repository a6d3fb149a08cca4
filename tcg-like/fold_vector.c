// Folding of vector ops: constants that come from integers, lanes that are taken back out, upper
// lanes that are zero already.
#include "tcg-like/fold.h"

static uint64_t repeat(uint64_t x, unsigned esize)
{
    x &= mask64(8u << esize);
    for (unsigned bits = 8u << esize; bits < 64; bits *= 2) {
        x |= x << bits;
    }
    return x;
}

static IRRef fold_vfromg(IRBlock *b, IRInsn *i)
{
    uint64_t x;
    if (ir_is_const(b, i->arg[0], &x)) {
        return ir_vconst(b, x & mask64(8u << i->aux), 0);
    }
    const IRInsn *d = ir_def(b, i->arg[0]);
    bool cut = (d->op == IR_extu || d->op == IR_trunc) && i->aux <= 2;
    if (cut || (d->op == IR_zext && d->aux >= 8u << i->aux)) {
        i->arg[0] = d->arg[0];
    }
    return IR_NONE;
}

static IRRef fold_vdup(IRBlock *b, IRInsn *i)
{
    uint64_t x;
    if (!ir_is_const(b, i->arg[0], &x)) {
        return IR_NONE;
    }
    x = repeat(x, i->aux);
    return ir_vconst(b, x, x);
}

// Lane 0 of what vfromg made of an integer.
static IRRef fold_vget(IRBlock *b, IRInsn *i)
{
    const IRInsn *d = ir_def(b, i->arg[0]);
    unsigned esize = i->aux & 0xff, lane = i->aux >> 8;
    if (d->op == IR_vconst && i->op == IR_vget) {
        uint64_t x = extract64(b->vpool[d->imm].u64[(lane << esize) >> 3],
                               ((lane << esize) & 7) * 8, 8u << esize);
        return ir_const(b, (IRType)i->type, x);
    }
    if (d->op != IR_vfromg || d->aux != esize || lane != 0 || i->op != IR_vget) {
        return IR_NONE;
    }
    IRRef x = d->arg[0];
    if (ir_type(b, x) != i->type) {
        x = i->type == IR_I64 ? ir_extu(b, x) : ir_trunc(b, x);
    }
    return 8u << esize < ir_bits((IRType)i->type) ? ir_zext(b, x, 8u << esize) : x;
}

// Whether lanes above lane 0 of esize are zero.
static bool zero_above(const IRBlock *b, IRRef r, unsigned esize)
{
    const IRInsn *d = ir_def(b, r);
    switch (d->op) {
    case IR_vconst: {
        const V128 *c = &b->vpool[d->imm];
        return c->u64[1] == 0 && !(c->u64[0] & ~mask64(8u << esize));
    }
    case IR_vzext:
    case IR_vfromg:
        return d->aux <= esize;
    case IR_fcvt:
        return d->aux & IR_FP_SCALAR && d->aux2 <= esize;
    case IR_fs2f:
    case IR_fu2f:
        return (d->aux & 0xf) <= esize;
    default:
        return d->op >= IR_fadd && d->op <= IR_vf2w && d->aux & IR_FP_SCALAR &&
               !(d->aux & IR_FP_KEEP) && (d->aux & 0xf) <= esize;
    }
}

static IRRef fold_vzext(IRBlock *b, IRInsn *i)
{
    return zero_above(b, i->arg[0], i->aux) ? i->arg[0] : IR_NONE;
}

static bool is_vconst(const IRBlock *b, IRRef r, uint64_t each)
{
    const IRInsn *d = ir_def(b, r);
    return d->op == IR_vconst && b->vpool[d->imm].u64[0] == each && b->vpool[d->imm].u64[1] == each;
}

static IRRef fold_vand_vor(IRBlock *b, IRInsn *i)
{
    uint64_t neutral = i->op == IR_vand ? UINT64_MAX : 0;
    if (i->arg[0] == i->arg[1] || is_vconst(b, i->arg[1], neutral) ||
        is_vconst(b, i->arg[0], ~neutral)) {
        return i->arg[0];
    }
    bool other = is_vconst(b, i->arg[0], neutral) || is_vconst(b, i->arg[1], ~neutral);
    return other ? i->arg[1] : IR_NONE;
}

static IRRef fold_vxor(IRBlock *b, IRInsn *i)
{
    if (i->arg[0] == i->arg[1]) {
        return ir_vconst(b, 0, 0);
    }
    return is_vconst(b, i->arg[1], 0) ? i->arg[0] : IR_NONE;
}

// Lane 0 on zeros.
static IRRef fold_vmovlane(IRBlock *b, IRInsn *i)
{
    unsigned esize = i->aux & 0xff;
    bool low = i->aux >> 8 == 0 && is_vconst(b, i->arg[0], 0);
    return low && zero_above(b, i->arg[1], esize) ? i->arg[1] : IR_NONE;
}

// x == x, x - x, x > x
static IRRef fold_vceq(IRBlock *b, IRInsn *i)
{
    return i->arg[0] == i->arg[1] ? ir_vconst(b, UINT64_MAX, UINT64_MAX) : IR_NONE;
}

static IRRef fold_vsub_vcgt(IRBlock *b, IRInsn *i)
{
    return i->arg[0] == i->arg[1] ? ir_vconst(b, 0, 0) : IR_NONE;
}

static IRRef fold_vshift(IRBlock *b, IRInsn *i)
{
    (void)b;
    return i->imm == 0 ? i->arg[0] : IR_NONE;
}

IRFoldFn *const ir_fold_vector[IR_OPCODES] = {
    [IR_vfromg] = fold_vfromg, [IR_vdup] = fold_vdup,      [IR_vget] = fold_vget,
    [IR_vzext] = fold_vzext,   [IR_vand] = fold_vand_vor,  [IR_vor] = fold_vand_vor,
    [IR_vxor] = fold_vxor,     [IR_vshli] = fold_vshift,   [IR_vshri] = fold_vshift,
    [IR_vsari] = fold_vshift,  [IR_vext] = fold_vshift,    [IR_vmovlane] = fold_vmovlane,
    [IR_vceq] = fold_vceq,     [IR_vsub] = fold_vsub_vcgt, [IR_vcgt] = fold_vsub_vcgt,
};
