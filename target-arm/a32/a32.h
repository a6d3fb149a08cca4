// The AArch32 frontends: A32 (32-bit instructions) and T32 (16 and 32 bits), which share their
// translators (DDI 0487 F2-F5).
//
//   vcpu.pc bit 0 --> A32: cond in bits 31..28, rows of a32_set
//                --> T32: condition from ITSTATE, rows of t16_set or t32_set
//   condition --> ARM_ROW_SELECTS: the registers written select; else a branch over the instruction
//   row->translate --> IR
//
// vcpu.pc carries the instruction set and ITSTATE beside the address (ARM_PC_*, target-arm/cpu.h),
// so that they are part of a block's identity without being a mode: BX and POP {pc} jump to the
// value as it stands.
//
// R0-R14 of the current mode are vcpu.gpr[0..14], always with zeroes above bit 31 (whole slots are
// read and written, as in A64). D and Q registers are vcpu.vec[]: Qn is vec[n], D2n and D2n+1 its
// halves, S4n.. its quarters.
//
// Translators name the fields of their rows so that an A32 row and the T32 row of the same
// instruction can have one translator: d, n, m, s (shift register) or a (accumulator), t, u (Rt,
// Rt2) for registers; S sets flags; i for the immediate as the translator wants it (a T32 row with
// another form has a translator of its own that rewrites the fields and calls the shared one).
#ifndef TARGET_ARM_A32_A32_H
#define TARGET_ARM_A32_A32_H

#include "target-arm/translate.h"

extern const ArmInsnSet a32_set, t32_set, t16_set;

// --- chapters: a32_chapters.c, t32_chapters.c list them
// A32
extern const ArmChapter a32_dp, a32_multiply, a32_media, a32_load_store, a32_load_store_multiple,
    a32_exclusive, a32_branches, a32_system, a32_coprocessor;
// T32
extern const ArmChapter t16_all, t32_dp, t32_multiply, t32_media, t32_load_store,
    t32_load_store_multiple, t32_exclusive, t32_branches, t32_system, t32_coprocessor;
// The same rows in A32 and T32. VFP: with cond in the A32 form, 1110 in T32's place. Advanced SIMD:
// T32's 111U 1111 is looked up as A32's 1111 001U, T32's 1111 1001 as 1111 0100 (F3.1.20).
extern const ArmChapter a32_vfp_dp, a32_vfp_move, a32_vfp_load_store, a32_vfp_unconditional,
    a32_neon_three_same, a32_neon_three_diff, a32_neon_scalar, a32_neon_shift, a32_neon_two_misc,
    a32_neon_immediate, a32_neon_permute, a32_neon_load_store, a32_neon_crypto;

enum { A32_SP = 13, A32_LR = 14, A32_PC = 15 };
enum { A32_COND_AL = 14 };

static inline bool a32_thumb(const ArmCtx *c)
{
    return c->pc & ARM_PC_T;
}

// --- registers (context.c)
// As I32. 15 reads as the instruction's address plus 8 (A32) or 4 (T32).
IRRef a32_r(ArmCtx *c, unsigned r);
// The base of a pc-relative address: that, aligned down to 4.
IRRef a32_r_aligned(ArmCtx *c, unsigned r);
// v is an I32. To 15: a branch within the instruction set, or, from A32, with a change
// (ALUWritePC).
void a32_put(ArmCtx *c, unsigned r, IRRef v);
// What a load puts into 15 may change the instruction set (LoadWritePC, which is BXWritePC).
void a32_put_loaded(ArmCtx *c, unsigned r, IRRef v);
IRRef a32_flags(ArmCtx *c);
void a32_put_flags(ArmCtx *c, IRRef flags);
IRFlagCond a32_cond_of(unsigned cond); // 0..13
IRRef a32_carry(ArmCtx *c);            // C as an I32, 0 or 1
// The instruction is not one that selects, or not in this case: branches over it where its
// condition fails. Nothing of it has been put.
void a32_skip(ArmCtx *c);
void a32_set_q(ArmCtx *c, IRRef nonzero); // PSTATE.Q becomes set if the I32 is not 0
// 64-bit D and 128-bit Q registers; s: as I32.
IRRef a32_q(ArmCtx *c, unsigned q);
void a32_put_q(ArmCtx *c, unsigned q, IRRef v);
IRRef a32_d(ArmCtx *c, unsigned d); // I64
void a32_put_d(ArmCtx *c, unsigned d, IRRef v);
IRRef a32_dv(ArmCtx *c, unsigned d);             // V128, upper half 0
void a32_put_dv(ArmCtx *c, unsigned d, IRRef v); // the lower half of v
IRRef a32_s(ArmCtx *c, unsigned s);              // I32
void a32_put_s(ArmCtx *c, unsigned s, IRRef v);
IRRef a32_sv(ArmCtx *c, unsigned s); // V128, lane 0
void a32_put_sv(ArmCtx *c, unsigned s, IRRef v);

// --- memory. Addresses are I32 and wrap at 4 GiB; data are in the order that PSTATE.E says.
// memop: log2 of the size | IR_MEM_SIGN. The result is an I32, an I64 of size 3.
// _unaligned: SCTLR.A decides whether the address must be aligned; _aligned: it must be (LDM, LDRD,
// exclusives, LDA).
IRRef a32_load(ArmCtx *c, IRRef addr, int32_t disp, unsigned memop);
IRRef a32_load_aligned(ArmCtx *c, IRRef addr, int32_t disp, unsigned memop);
void a32_store(ArmCtx *c, IRRef addr, int32_t disp, IRRef v, unsigned memop);
void a32_store_aligned(ArmCtx *c, IRRef addr, int32_t disp, IRRef v, unsigned memop);
// Several accesses off one address, which do not wrap from one to the next: it, as an I64.
IRRef a32_address(ArmCtx *c, IRRef addr, int32_t disp);
IRRef a32_load_at(ArmCtx *c, IRRef address, int32_t disp, unsigned memop);
void a32_store_at(ArmCtx *c, IRRef address, int32_t disp, IRRef v, unsigned memop);
// | to memop: with the permissions of EL0 (LDRT and its like).
unsigned a32_memop_unprivileged(const ArmCtx *c);

// --- exceptions: each ends the block. Returns true for `return a32_...`.
bool a32_undefined(ArmCtx *c);
bool a32_raise(ArmCtx *c, uint32_t syndrome); // as HSR/ESR has it
// Emits the trap of VFP and Advanced SIMD (CPACR, FPEXC) if it applies: true: the block has ended.
bool a32_vfp_trapped(ArmCtx *c, bool simd);

// --- ways out. Targets are addresses without ARM_PC_*; the instruction set stays. a32_exit_jump of
// a row that selects (c->selects) leaves if c->cond holds.
void a32_exit_jump(ArmCtx *c, uint32_t target);
void a32_exit_call(ArmCtx *c, uint32_t target); // LR has been put
// To the other instruction set (BLX immediate).
void a32_exit_call_exchange(ArmCtx *c, uint32_t target);
// To what the I32 says, bit 0 being T (BXWritePC).
void a32_exit_bx(ArmCtx *c, IRRef target, IRIndKind kind);
// vcpu.pc of the next instruction, ITSTATE advanced; and as the value of LR after a call.
uint64_t a32_next_pc(const ArmCtx *c);
uint32_t a32_link_value(const ArmCtx *c);
// As in A64: the next pc is put, the helper called, then the block ends. _loop: to the dispatcher;
// _again: the mode may have changed; _taken: the helper has set pc.
void a32_put_next_pc(ArmCtx *c);
void a32_exit_loop(ArmCtx *c);
void a32_exit_again(ArmCtx *c);
void a32_exit_taken(ArmCtx *c);

// --- what rows share: operations by the manual's names, fields as above
// An immediate of A32 (rotated) or T32 (F1.7.7), and its carry: 0, 1, or -1 for "unchanged".
uint32_t a32_expand_imm(uint32_t imm12, int *carry);
uint32_t t32_expand_imm(uint32_t imm12, int *carry);
// type 0..3: LSL LSR ASR ROR; an immediate shift as DecodeImmShift has it (LSR #0 is 32, ROR #0 is
// RRX). carry: NULL, or the flags with C set accordingly.
IRRef a32_shift_imm(ArmCtx *c, IRRef v, unsigned type, unsigned amount, IRRef *carry);
IRRef a32_shift_reg(ArmCtx *c, IRRef v, unsigned type, IRRef amount, IRRef *carry);

// TargetOps.translate for AArch32 state
void arm_a32_translate(VCPU *v, IRBlock *b, const TranslateRequest *r);

#endif
