// The x87 unit's helpers as a backend may know them. A call of one is an op like any other call
// (IR_CALL_X87 in ir.h); a backend on an x86 host computes it with its own x87, keeping the guest's
// registers in it from one call to the next. Where the host's unit would not do the same - an
// exception is unmasked, the stack overflows - the instruction is run alone instead, as after a
// guard, and such blocks have plain calls only.
#ifndef TCG_LIKE_X87_H
#define TCG_LIKE_X87_H

#include "tcg-like/ir.h"

// By the reg field of D8, DA, DC, DE.
typedef enum X87Arith {
    X87_ADD,
    X87_MUL,
    X87_COM,
    X87_COMP,
    X87_SUB,
    X87_SUBR,
    X87_DIV,
    X87_DIVR,
} X87Arith;

typedef enum X87Format { X87_F32, X87_F64, X87_I16, X87_I32, X87_I64, X87_F80, X87_BCD } X87Format;

// Instructions without a memory operand.
typedef enum X87Misc {
    X87_FLD,     // operand: i
    X87_FXCH,    // i
    X87_FST,     // i
    X87_FSTP,    // i
    X87_FSTPNCE, // i: an empty ST0 is no fault
    X87_FLD1,    // FLD1 .. FLDZ in the order of their opcodes
    X87_FLDL2T,
    X87_FLDL2E,
    X87_FLDPI,
    X87_FLDLG2,
    X87_FLDLN2,
    X87_FLDZ,
    X87_FCHS,
    X87_FABS,
    X87_FTST,
    X87_FXAM,
    X87_F2XM1,
    X87_FYL2X,
    X87_FPTAN,
    X87_FPATAN,
    X87_FXTRACT,
    X87_FPREM1,
    X87_FPREM,
    X87_FYL2XP1,
    X87_FSQRT,
    X87_FSINCOS,
    X87_FRNDINT,
    X87_FSCALE,
    X87_FSIN,
    X87_FCOS,
    X87_FUCOM,   // i
    X87_FUCOMP,  // i
    X87_FUCOMPP, // i is 1
    X87_FCOMPP,  // i is 1
    X87_FFREE,   // i
    X87_FFREEP,  // i
    X87_FDECSTP,
    X87_FINCSTP,
    X87_FNOP,
} X87Misc;

// desc of a helper: what, operand i or more; FOP (11 bits) in bits 16..26; the segment of a memory
// operand (0..5) in bits 27..29
#define X87_DESC(what, operand) ((uint32_t)(what) | (uint32_t)(operand) << 8)
enum {
    X87_ARITH_TO_STI = 1 << 12, // the destination is ST(i)
    X87_POP = 1 << 13,
    X87_ROUND_ZERO = 1 << 14, // FISTTP
    X87_FOP_SHIFT = 16,
    X87_SEG_SHIFT = 27,
};

// Which function a helper is, with its arguments. dp: offset of the memory operand. The first one
// that changes the unit's pointers has desc and ip.
typedef enum X87Call {
    X87_CALL_ARITH,     // desc: X87_DESC(X87Arith, i) | X87_ARITH_TO_STI | X87_POP; ip
    X87_CALL_ARITH_MEM, // value (raw bits), desc: X87_DESC(X87Arith, X87Format), ip, dp
    X87_CALL_LOAD,      // value, desc: X87_DESC(X87Format, 0), ip, dp
    X87_CALL_LOAD80,    // low, high, desc, ip; then X87_CALL_OPERAND
    X87_CALL_OPERAND,   // desc, dp
    // A store in two steps: the value; then, with nothing but the st of it between them, the
    // effects.
    X87_CALL_STORE,      // desc: X87Format | X87_POP | X87_ROUND_ZERO; next pc, ip, dp -> raw bits
    X87_CALL_STORE80,    // desc, next pc, part (0: 64 bits, 1: 16), dp -> bits
    X87_CALL_STORE_DONE, // desc, ip, dp
    X87_CALL_MISC,       // desc: X87_DESC(X87Misc, i); ip
    X87_CALL_COMI,       // desc: i | quiet << 8 | pop << 9; ip -> FLAGS
    X87_CALL_CMOV,       // desc: i; condition (0 or 1), ip
    X87_CALL_WAIT,
    X87_CALL_FLDCW,   // value
    X87_CALL_CONTROL, // -> FCW
    X87_CALL_STATUS,  // -> FSW with TOP
} X87Call;

// Where the unit's state lies: offsets from the vCPU. No other op names it in a block with such
// calls, but after the last of them.
typedef struct X87Layout {
    uint16_t st; // eight registers of 16 bytes: significand, sign and exponent
    uint16_t control, status, top, empty;
    uint16_t opcode, ip, dp, cs, ds;
    uint16_t first, end;                           // all of that
    uint16_t selector, selector_step, cs_selector; // of segment 0; of CS
} X87Layout;

// Such a helper.
typedef struct X87Helper {
    IRHelper helper; // first
    const X87Layout *layout;
    X87Call call;
} X87Helper;
enum { X87_CALL_FLAGS = IR_CALL_FAULTS | IR_CALL_X87 };

// What instructions without a memory operand need a backend to know; the others are plain calls.
static inline bool x87_misc_is_short(X87Misc what, unsigned i)
{
    // FLD ST(7) is always a fault: that register must be both full and empty.
    return what <= X87_FSTP ? what != X87_FLD || i < 7
                            : (what >= X87_FLD1 && what <= X87_FXAM) || what == X87_FXTRACT ||
                                  what == X87_FSQRT || what == X87_FRNDINT || what == X87_FSCALE ||
                                  (what >= X87_FUCOM && what <= X87_FCOMPP);
}

#endif
