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
    uint64_t flags;   // ARM_BF_*
    uint64_t pc;      // of the current instruction
    uint32_t insn;
    bool ended;       // the block has its terminal op
} A64Ctx;

// False: the encoding is unallocated after all (the caller then makes it UNDEFINED; nothing may
// have been emitted).
typedef bool A64Translate(A64Ctx *c, const A64Fields *f);

typedef struct A64Row {
    const char *name;
    const char *bits;
    A64Translate *translate;
    uint8_t feature;    // ARM_FEAT_* that it needs
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
    a64_load_store_exclusive, a64_load_store_simd, a64_fp_scalar, a64_fp_convert, a64_simd_three_same,
    a64_simd_three_diff, a64_simd_two_misc, a64_simd_across, a64_simd_shift, a64_simd_permute,
    a64_simd_indexed, a64_simd_scalar, a64_simd_copy, a64_crypto;

// NULL if no row matches. fields is filled.
const A64Row *a64_decode(uint32_t insn, A64Fields *fields);

// --- register access for translators. Reads of 31 as ZR give 0, writes are dropped; *_sp mean SP.
IRRef a64_x(A64Ctx *c, unsigned r);          // 64-bit
IRRef a64_w(A64Ctx *c, unsigned r);          // low 32 bits, as I32
IRRef a64_r(A64Ctx *c, unsigned r, bool sf); // x or w
IRRef a64_x_sp(A64Ctx *c, unsigned r);
IRRef a64_r_sp(A64Ctx *c, unsigned r, bool sf);
void a64_put(A64Ctx *c, unsigned r, IRRef v);    // I32 values zero-extend
void a64_put_sp(A64Ctx *c, unsigned r, IRRef v);
IRRef a64_v(A64Ctx *c, unsigned r);
void a64_put_v(A64Ctx *c, unsigned r, IRRef v);  // whole register
void a64_put_v_q(A64Ctx *c, unsigned r, IRRef v, bool q); // !q: upper half zeroed
IRRef a64_flags(A64Ctx *c);
void a64_put_flags(A64Ctx *c, IRRef f);
// Memory op bits common to all accesses of this block (SCTLR.A).
unsigned a64_memop(A64Ctx *c, unsigned size_log2);
// Emits the FP/SIMD access trap if it applies; true: the block has ended, emit nothing more.
bool a64_fp_trapped(A64Ctx *c);
// Ends the block with an exception whose syndrome is known now.
void a64_raise_undefined(A64Ctx *c);
void a64_raise(A64Ctx *c, uint32_t syndrome);
IRFlagCond a64_cond(unsigned cond); // Arm condition (0..13) to IR

#endif
