// The A64 frontend: what its chapters of decode rows share. target-arm/decode.h says what a row is.
#ifndef TARGET_ARM_A64_A64_H
#define TARGET_ARM_A64_A64_H

#include "target-arm/translate.h"

// All chapters: target-arm/a64/chapters.c
extern const ArmInsnSet a64_set;
extern const ArmChapter a64_dp_imm, a64_dp_reg, a64_branches, a64_system, a64_load_store,
    a64_load_store_exclusive, a64_load_store_simd, a64_fp_scalar, a64_fp_convert,
    a64_simd_three_same, a64_simd_three_diff, a64_simd_two_misc, a64_simd_across, a64_simd_shift,
    a64_simd_permute, a64_simd_indexed, a64_simd_scalar, a64_simd_copy, a64_simd_fp,
    a64_simd_fp_convert, a64_simd_fp_products, a64_crypto;

// --- register access for translators. Reads of 31 as ZR give 0, writes are dropped; *_sp mean SP.
IRRef a64_x(ArmCtx *c, unsigned r);          // 64-bit
IRRef a64_w(ArmCtx *c, unsigned r);          // low 32 bits, as I32
IRRef a64_r(ArmCtx *c, unsigned r, bool sf); // x or w
IRRef a64_x_sp(ArmCtx *c, unsigned r);
IRRef a64_r_sp(ArmCtx *c, unsigned r, bool sf);
void a64_put(ArmCtx *c, unsigned r, IRRef v); // I32 values zero-extend
void a64_put_sp(ArmCtx *c, unsigned r, IRRef v);
IRRef a64_v(ArmCtx *c, unsigned r);
void a64_put_v(ArmCtx *c, unsigned r, IRRef v);           // whole register
void a64_put_v_q(ArmCtx *c, unsigned r, IRRef v, bool q); // !q: upper half zeroed
IRRef a64_flags(ArmCtx *c);
void a64_put_flags(ArmCtx *c, IRRef f);
// Base register of a load or store: a64_x_sp with SP's alignment check where it applies. Call it
// before anything else of the access is emitted. a64_writeback: base = old + offset, after the
// access.
IRRef a64_base(ArmCtx *c, unsigned n);
void a64_writeback(ArmCtx *c, unsigned n, IRRef old, int64_t offset);
// Memory op bits common to all accesses of this block (SCTLR.A). _ordered: of atomic and
// acquire/release accesses, which must be aligned (FEAT_LSE2: lie within 16 bytes).
unsigned a64_memop(ArmCtx *c, unsigned size_log2);
unsigned a64_memop_ordered(ArmCtx *c, unsigned size_log2);
// Emits the FP/SIMD access trap if it applies; true: the block has ended, emit nothing more.
bool a64_fp_trapped(ArmCtx *c);
// Ends the block with an exception whose syndrome is known now.
void a64_raise_undefined(ArmCtx *c);
void a64_raise(ArmCtx *c, uint32_t syndrome);
IRFlagCond a64_cond(unsigned cond); // Arm condition (0..13) to IR

// --- ways out: each ends the block, and takes the software step exception if one is due.
void a64_exit_jump(ArmCtx *c, uint64_t target);
void a64_exit_call(ArmCtx *c, uint64_t target); // the caller has put the link register
// To target if the condition holds, else to the next instruction.
void a64_exit_if(ArmCtx *c, IRCond cond, IRRef x, IRRef y, uint64_t target);
void a64_exit_if_f(ArmCtx *c, IRFlagCond cond, uint64_t target);
void a64_exit_ind(ArmCtx *c, IRRef target, IRIndKind kind);
// System instructions: a64_put_next_pc, then the call, then a64_exit_loop.
void a64_put_next_pc(ArmCtx *c);
void a64_exit_loop(ArmCtx *c);
// After one that may have changed the mode or mapping, or unmasked an interrupt (the helper has
// then stopped the budget): the next block is looked up under the new key, without the dispatcher.
void a64_exit_again(ArmCtx *c);
// After an exception was taken or returned from by a helper: on at vcpu->pc, without a step.
void a64_exit_taken(ArmCtx *c);

#endif
