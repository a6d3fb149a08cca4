// The A64 frontend: rows of bit strings, one file a chapter of the manual's "A64 instruction set
// encoding" (DDI 0487 C4), each row with its translator.
//
//   static const A64Row rows[] = {
//       {"ADD_imm", "s001 0001 0hii iiii iiii iinn nnnd dddd", tr_add_imm, ARM_FEAT_BASE},
//
// 32 characters besides spaces: 0 and 1 are fixed, '-' is ignored, a letter is a field (its bits
// need not be adjacent; the first in the string is the highest). The translator finds field 'n' as
// f->n. More specific rows win over less specific ones; two rows that overlap without one being
// contained in the other are a bug that the decoder's test reports.
#ifndef TARGET_ARM_A64_A64_H
#define TARGET_ARM_A64_A64_H

#include "target-arm/cpu.h"
#include "tcg-like/builder.h"
#include "accel/target.h"

typedef struct A64Fields {
    // by letter, lower case then upper case
    uint32_t a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v, w, x, y, z;
    uint32_t A, B, C, D, E, F, G, H, I, J, K, L, M, N, O, P, Q, R, S, T, U, V, W, X, Y, Z;
} A64Fields;

typedef struct A64Ctx {
    IRBlock *b;
    ARMCPU *cpu;
    const TranslateRequest *req;
    uint64_t flags; // ARM_BF_*
    uint64_t pc;    // of the current instruction
    uint32_t insn;
    bool ended;                 // the block has its terminal op
    unsigned conditional_exits; // taken branches out of its middle
    bool sp_checked;            // SP is known to be 16-byte aligned here
} A64Ctx;

// False: the encoding is unallocated after all (the caller then makes it UNDEFINED; nothing may
// have been emitted).
typedef bool A64Translate(A64Ctx *c, const A64Fields *f);

typedef struct A64Row {
    const char *name;
    const char *bits;
    A64Translate *translate;
    uint8_t feature; // ARM_FEAT_* that it needs
} A64Row;

// A chapter: its rows and how many. All chapters stand in a64_chapters[] (decode.c).
typedef struct A64Chapter {
    const char *name;
    const A64Row *rows;
    unsigned n_rows;
} A64Chapter;

extern const A64Chapter *const a64_chapters[];
extern const unsigned a64_n_chapters;
extern const A64Chapter a64_dp_imm, a64_dp_reg, a64_branches, a64_system, a64_load_store,
    a64_load_store_exclusive, a64_load_store_simd, a64_fp_scalar, a64_fp_convert,
    a64_simd_three_same, a64_simd_three_diff, a64_simd_two_misc, a64_simd_across, a64_simd_shift,
    a64_simd_permute, a64_simd_indexed, a64_simd_scalar, a64_simd_copy, a64_simd_fp,
    a64_simd_fp_convert, a64_simd_fp_products, a64_crypto;

// A row's bit string as mask and value, and its fields as runs of bits in the string's order.
typedef struct A64Pattern {
    uint32_t mask, value;
    uint8_t n_runs;
    struct {
        uint8_t field; // index into A64Fields
        uint8_t pos, len;
    } run[24];
} A64Pattern;

// False if the string has not exactly 32 positions or a character that has no meaning.
bool a64_parse_row(const A64Row *row, A64Pattern *p);

// The rows of all chapters, indexed; one for each CPU, made when it first translates.
typedef struct A64Decoder A64Decoder;
A64Decoder *a64_decoder_new(void);
void a64_decoder_free(A64Decoder *d);

// NULL if no row matches. fields is filled.
const A64Row *a64_decode(const A64Decoder *d, uint32_t insn, A64Fields *fields);

// TargetOps.translate
void arm_a64_translate(VCPU *v, IRBlock *b, const TranslateRequest *r);

// --- register access for translators. Reads of 31 as ZR give 0, writes are dropped; *_sp mean SP.
IRRef a64_x(A64Ctx *c, unsigned r);          // 64-bit
IRRef a64_w(A64Ctx *c, unsigned r);          // low 32 bits, as I32
IRRef a64_r(A64Ctx *c, unsigned r, bool sf); // x or w
IRRef a64_x_sp(A64Ctx *c, unsigned r);
IRRef a64_r_sp(A64Ctx *c, unsigned r, bool sf);
void a64_put(A64Ctx *c, unsigned r, IRRef v); // I32 values zero-extend
void a64_put_sp(A64Ctx *c, unsigned r, IRRef v);
IRRef a64_v(A64Ctx *c, unsigned r);
void a64_put_v(A64Ctx *c, unsigned r, IRRef v);           // whole register
void a64_put_v_q(A64Ctx *c, unsigned r, IRRef v, bool q); // !q: upper half zeroed
IRRef a64_flags(A64Ctx *c);
void a64_put_flags(A64Ctx *c, IRRef f);
// Base register of a load or store: a64_x_sp with SP's alignment check where it applies. Call it
// before anything else of the access is emitted. a64_writeback: base = old + offset, after the
// access.
IRRef a64_base(A64Ctx *c, unsigned n);
void a64_writeback(A64Ctx *c, unsigned n, IRRef old, int64_t offset);
// Memory op bits common to all accesses of this block (SCTLR.A). _ordered: of atomic and
// acquire/release accesses, which must be aligned (FEAT_LSE2: lie within 16 bytes).
unsigned a64_memop(A64Ctx *c, unsigned size_log2);
unsigned a64_memop_ordered(A64Ctx *c, unsigned size_log2);
// Emits the FP/SIMD access trap if it applies; true: the block has ended, emit nothing more.
bool a64_fp_trapped(A64Ctx *c);
// Ends the block with an exception whose syndrome is known now.
void a64_raise_undefined(A64Ctx *c);
void a64_raise(A64Ctx *c, uint32_t syndrome);
IRFlagCond a64_cond(unsigned cond); // Arm condition (0..13) to IR

// --- ways out: each ends the block, and takes the software step exception if one is due.
void a64_exit_jump(A64Ctx *c, uint64_t target);
void a64_exit_call(A64Ctx *c, uint64_t target); // the caller has put the link register
// To target if the condition holds, else to the next instruction.
void a64_exit_if(A64Ctx *c, IRCond cond, IRRef x, IRRef y, uint64_t target);
void a64_exit_if_f(A64Ctx *c, IRFlagCond cond, uint64_t target);
void a64_exit_ind(A64Ctx *c, IRRef target, IRIndKind kind);
// System instructions: a64_put_next_pc, then the call, then a64_exit_loop.
void a64_put_next_pc(A64Ctx *c);
void a64_exit_loop(A64Ctx *c);
// After one that may have changed the mode or mapping, or unmasked an interrupt (the helper has
// then stopped the budget): the next block is looked up under the new key, without the dispatcher.
void a64_exit_again(A64Ctx *c);
// After an exception was taken or returned from by a helper: on at vcpu->pc, without a step.
void a64_exit_taken(A64Ctx *c);

#endif
