// Decode tables: an instruction set as rows of bit strings, one file a chapter of the manual's
// encoding sections (DDI 0487 C4 for A64, F3 and F4 for T32 and A32), each row with its translator.
//
//   static const ArmRow rows[] = {
//       {"ADD_imm", "s001 0001 0hii iiii iiii iinn nnnd dddd", tr_add_imm, ARM_FEAT_BASE},
//
// As many characters besides spaces as the set's instructions have bits: 0 and 1 are fixed, '-' is
// ignored, a letter is a field (its bits need not be adjacent; the first in the string is the
// highest). The translator finds field 'n' as f->n. More specific rows win over less specific ones;
// two rows that overlap without one being contained in the other are a bug that the tables' tests
// report.
#ifndef TARGET_ARM_DECODE_H
#define TARGET_ARM_DECODE_H

#include "util/bits.h"

typedef struct ArmFields {
    // by letter, lower case then upper case
    uint32_t a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v, w, x, y, z;
    uint32_t A, B, C, D, E, F, G, H, I, J, K, L, M, N, O, P, Q, R, S, T, U, V, W, X, Y, Z;
} ArmFields;

struct ArmCtx;
// False: the encoding is unallocated after all (the caller then makes it UNDEFINED; nothing may
// have been emitted).
typedef bool ArmTranslate(struct ArmCtx *c, const ArmFields *f);

typedef struct ArmRow {
    const char *name;
    const char *bits;
    ArmTranslate *translate;
    uint8_t feature; // ARM_FEAT_* that it needs; A32 and T32: | ARM_ROW_*
} ArmRow;

// Besides the feature, of A32 and T32 rows: all that the instruction does is to write registers and
// flags by a32_put and a32_put_flags. Where its condition fails they keep their values, without a
// branch. Others are branched over.
#define ARM_ROW_SELECTS 0x80
#define ARM_ROW_FEATURE 0x7f

// A chapter: its rows and how many.
typedef struct ArmChapter {
    const char *name;
    const ArmRow *rows;
    unsigned n_rows;
} ArmChapter;

// An instruction set. index: up to two runs of the bits that tell most rows apart, 12 bits in all.
typedef struct ArmInsnSet {
    const char *name;
    unsigned bits;    // of an instruction: 32 or 16
    bool conditional; // A32: where bits 31..28 are 1111, only rows that say so match
    struct {
        uint8_t pos, len;
    } index[2];
    const ArmChapter *const *chapter;
    unsigned n_chapters;
} ArmInsnSet;

// A row's bit string as mask and value, and its fields as runs of bits in the string's order.
typedef struct ArmPattern {
    uint32_t mask, value;
    uint8_t n_runs;
    struct {
        uint8_t field; // index into ArmFields
        uint8_t pos, len;
    } run[24];
} ArmPattern;

// False if the string has not exactly that many positions or a character that has no meaning.
bool arm_parse_row(unsigned bits, const ArmRow *row, ArmPattern *p);

// The rows of all chapters, indexed; one for each CPU and set, made when it first translates.
typedef struct ArmDecoder ArmDecoder;
ArmDecoder *arm_decoder_new(const ArmInsnSet *set);
void arm_decoder_free(ArmDecoder *d);

// NULL if no row matches. fields is filled.
const ArmRow *arm_decode(const ArmDecoder *d, uint32_t insn, ArmFields *fields);

#endif
