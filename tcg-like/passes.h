// The passes over an IRBlock, in the order that ir_optimize runs them. Each is a small file.
#ifndef TCG_LIKE_PASSES_H
#define TCG_LIKE_PASSES_H

#include "tcg-like/ir.h"

typedef void IRPassFn(IRBlock *b);

IRPassFn ir_pass_forward;    // get after put or get of the same slot
IRPassFn ir_pass_fold;       // constants, identities, address displacements into ld/st
IRPassFn ir_pass_dead_state; // puts that a later put overwrites before anything can see them
IRPassFn ir_pass_dead_code;  // values and flags without a use
IRPassFn ir_pass_lazy_flags; // marks puts of flags that only exceptions can see (lazy_flags.h)
IRPassFn ir_pass_check_elim; // accesses off one base share a page check

typedef struct IRPass {
    const char *name;
    IRPassFn *run;
} IRPass;

extern const IRPass ir_passes[];
extern const unsigned ir_n_passes;

// Runs all passes; in debug builds verifies after each. dump (may be NULL: none, or a pass's name
// or "all") prints the block after that pass to file.
void ir_optimize(IRBlock *b, const char *dump, void *file);

// How a block is left, for the interpreter; vcpu->pc is then the next guest pc.
typedef enum IRExit { IR_EXIT_BUDGET, IR_EXIT_NEXT } IRExit;

// Runs the block: takes guest_insns from vcpu->budget, and gives IR_EXIT_BUDGET without running
// anything if that would make it negative. A guest exception leaves by engine_leave (longjmp).
// vcpu->insn_index always tells the current instruction.
IRExit ir_interp(struct VCPU *vcpu, const IRBlock *b);

// The reference meaning of a vector op, as a function (NULL for ops that are not v=v..v): what the
// interpreter calls, and what a backend may call for an op that it has no host sequence for.
// desc = aux | aux2 << 16 for ops whose immediates are in aux; ops with imm take it in the low bits
// of aux2 (see ir_vector_desc).
IRVFn *ir_vector_fn(IROpcode op);
uint32_t ir_vector_desc(const IRInsn *i);
// What an FP op's exact function gets as desc: aux | aux2 << 16, bit 31 for a 64-bit integer side.
uint32_t ir_fp_desc(const IRBlock *b, const IRInsn *i);

#endif
