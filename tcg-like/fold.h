// Inside the folding pass: a rule looks at one insn, whose arguments are already folded, and
// answers with a value that does the same, or IR_NONE to keep the insn (which it may have changed).
#ifndef TCG_LIKE_FOLD_H
#define TCG_LIKE_FOLD_H

#include "tcg-like/builder.h"
#include "tcg-like/intops.h"

typedef IRRef IRFoldFn(IRBlock *b, IRInsn *i);

extern IRFoldFn *const ir_fold_integer[IR_OPCODES]; // NULL: no rule
extern IRFoldFn *const ir_fold_flags[IR_OPCODES];
extern IRFoldFn *const ir_fold_vector[IR_OPCODES];

static inline const IRInsn *ir_def(const IRBlock *b, IRRef r)
{
    return &b->insn[r];
}

static inline bool ir_is_const(const IRBlock *b, IRRef r, uint64_t *v)
{
    *v = ir_def(b, r)->imm;
    return ir_def(b, r)->op == IR_const;
}

static inline bool ir_is_value(const IRBlock *b, IRRef r, uint64_t v)
{
    return ir_def(b, r)->op == IR_const && ir_def(b, r)->imm == v;
}

static inline unsigned ir_bits(IRType t)
{
    return t == IR_I64 ? 64 : 32;
}

#endif
