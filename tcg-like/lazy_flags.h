// Flags that nobody will look at, unless the guest takes an exception first.
//
//   add  eax, ebx      put flags, lazy         the sum's flags are overwritten by sub's, but the
//   mov  [rsi], eax    st: may fault           store may fault, and then the exception's handler
//   sub  ecx, 1        put flags               sees them
//
// A put of flags is lazy if another put replaces it before anything but such observers comes. The
// backend leaves lazy puts out. Where an observer calls C, a recipe tells how to work the flags out
// from what is in registers and memory then; only if the call does not return is it followed.
#ifndef TCG_LIKE_LAZY_FLAGS_H
#define TCG_LIKE_LAZY_FLAGS_H

#include "tcg-like/ir.h"

#define LAZY_NODES  16
#define LAZY_LEAVES 3

// One step of a computation; the last one gives the flags.
typedef struct LazyNode {
    enum { LAZY_LEAF, LAZY_CONST, LAZY_OP } kind;
    uint16_t op;
    uint16_t aux;
    bool wide, arg_wide; // result, first argument: 64 bits
    uint8_t arg[3];      // earlier nodes
    IRRef leaf;          // a value of the block
    uint64_t imm;
} LazyNode;

typedef struct LazyPlan {
    IRRef put;
    uint8_t n_nodes, n_leaves;
    IRRef leaf[LAZY_LEAVES];
    LazyNode node[LAZY_NODES];
} LazyPlan;

// The lazy puts of a block. at[k]: 1 + index of the plan that is pending at insn k, an observer.
typedef struct LazyPlans {
    LazyPlan *plan;
    unsigned n;
    uint8_t *at;
} LazyPlans;

static inline bool ir_put_is_lazy(const IRInsn *i)
{
    return i->op == IR_put && i->aux2;
}
// Whether an insn may leave the block as an exception, without looking at state otherwise.
bool ir_only_faults(const IRInsn *i);

// Plans for the block's lazy puts; the mark of those for which there is none is taken away. at is
// NULL if there are no lazy puts.
void ir_lazy_plan(LazyPlans *p, IRBlock *b);
void ir_lazy_free(LazyPlans *p);

// --- recipes: a plan with the places of its leaves, as bytes
typedef struct LazyPlace {
    uint16_t off; // from the vCPU
    uint8_t bytes;
} LazyPlace;

#define LAZY_RECIPE_BYTES (4 + 12 * LAZY_NODES)
// state: the offset that the flags are put to. Returns how many bytes it takes of out.
unsigned ir_recipe_write(const LazyPlan *p, const LazyPlace *place, uint16_t state, uint8_t *out);
// Follows one: works the flags out and puts them.
void ir_recipe_follow(const uint8_t *recipe, struct VCPU *v);

#endif
