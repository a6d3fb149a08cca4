// An address as a sum, so that accesses off one base can be told apart by constants.
#ifndef TCG_LIKE_ADDRESS_H
#define TCG_LIKE_ADDRESS_H

#include "tcg-like/ir.h"

// Wide: root + outer. Narrow: (uint32_t)(root + inner) + outer, as 32-bit guests compute; of root
// only the low 32 bits count then. root is IR_NONE for a constant: that is in outer.
typedef struct IRAddress {
    IRRef root;
    bool narrow;
    int64_t inner, outer;
} IRAddress;

// Of value r of the block whose insns these are.
IRAddress ir_address(const IRInsn *insn, IRRef r);

static inline int64_t ir_address_offset(const IRAddress *a)
{
    return (int64_t)((uint64_t)a->inner + (uint64_t)a->outer);
}

static inline bool ir_same_base(const IRAddress *a, const IRAddress *b)
{
    return a->root == b->root && a->narrow == b->narrow;
}

#endif
