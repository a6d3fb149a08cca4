// A row's strings as the decoder uses them: sets of what it matches, and a list of operands.
#ifndef TARGET_X86_INSN_ROWS_H
#define TARGET_X86_INSN_ROWS_H

#include "target-x86/insn/insn.h"

// Opcode maps. VEX has its own copies of 1..3.
enum { X86_MAP_1, X86_MAP_0F, X86_MAP_0F38, X86_MAP_0F3A, X86_MAP_VEX = 4, X86_MAPS = 8 };

// Mandatory prefixes; a row matches a set of them.
enum { X86_PFX_NONE, X86_PFX_66, X86_PFX_F3, X86_PFX_F2 };

typedef enum X86Size {
    X86_SIZE_NONE,
    X86_SIZE_B,
    X86_SIZE_W,
    X86_SIZE_D,
    X86_SIZE_Q,
    X86_SIZE_DQ,
    X86_SIZE_QQ,
    X86_SIZE_X,
    X86_SIZE_H,
    X86_SIZE_T,
    X86_SIZE_V,
    X86_SIZE_Z,
    X86_SIZE_Y,
    X86_SIZE_P,
    X86_SIZE_BS,
    X86_SIZE_N,
} X86Size;

// kind: the notation's letter, or one of these for operands given by name.
enum {
    X86_FIXED_GPR = 'r',
    X86_FIXED_SEG = 's',
    X86_FIXED_ONE = '1',
    X86_FIXED_ST0 = 'f',
    X86_FIXED_XMM0 = 'v',
    X86_STACK_REG = 'i', // ST(i)
};

typedef struct X86OperandSpec {
    char kind;
    uint8_t size; // X86Size
    uint8_t reg;  // of fixed ones
} X86OperandSpec;

typedef struct X86Pattern {
    uint8_t map, opcode;
    bool plus_reg;     // the opcode's low three bits are a register
    bool has_modrm;    // else modrm is full
    bool ignores_mod;  // MOV to and from control and debug registers: r/m is a register always
    uint8_t prefixes;  // set of X86_PFX_*
    uint8_t w, l;      // sets: bit 0: clear, bit 1: set
    uint8_t modes;     // bit 0: other modes, bit 1: 64-bit mode
    uint64_t modrm[4]; // set of ModRM bytes
    uint8_t n_operands;
    X86OperandSpec operand[4];
} X86Pattern;

// False if a string is malformed; *why then says what (a constant).
bool x86_parse_row(const X86Row *row, X86Pattern *p, const char **why);
// How many encodings it matches, up to a common factor; rows that match fewer win.
unsigned x86_pattern_size(const X86Pattern *p);
// Whether some encoding matches both; whether all of a's match b.
bool x86_patterns_overlap(const X86Pattern *a, const X86Pattern *b);
bool x86_pattern_within(const X86Pattern *a, const X86Pattern *b);

#endif
