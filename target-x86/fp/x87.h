// The x87 unit as translated code calls it: one C function for each kind of instruction.
//
//   row (insn/x87.c): memory operand loaded by IR --> helper(value, operation, ip, dp)
//        pending exception? #MF --> operands, stack faults --> softfloat_x80 --> FSW, result, pop
//
// A store computes its value first (x87_h_store_value), lets the IR store it, and only then pops
// and sets flags (x87_h_store_done): a page fault in between leaves everything as it was.
//
// The last instruction's pointers are kept by all but control instructions (SDM vol. 1, 8.1.8).
#ifndef TARGET_X86_FP_X87_H
#define TARGET_X86_FP_X87_H

#include "fpu/softfloat_x80.h"
#include "target-x86/cpu.h"
#include "target-x86/helpers.h"

// FSW and FCW bits (SDM vol. 1, figures 8-4 and 8-6).
enum {
    X87_IE = 1 << 0,
    X87_DE = 1 << 1,
    X87_ZE = 1 << 2,
    X87_OE = 1 << 3,
    X87_UE = 1 << 4,
    X87_PE = 1 << 5,
    X87_EXCEPTIONS = 0x3f,
    X87_SF = 1 << 6,
    X87_ES = 1 << 7,
    X87_C0 = 1 << 8,
    X87_C1 = 1 << 9,
    X87_C2 = 1 << 10,
    X87_TOP_SHIFT = 11,
    X87_TOP = 7 << 11,
    X87_C3 = 1 << 14,
    X87_B = 1 << 15,
    X87_CONDITION = X87_C0 | X87_C1 | X87_C2 | X87_C3,
};

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

// desc of a helper: what, operand i or more; FOP (11 bits) in bits 16..26; bit 31: FIP etc. are
// kept
#define X87_DESC(what, operand) ((uint32_t)(what) | (uint32_t)(operand) << 8)
enum {
    X87_ARITH_TO_STI = 1 << 12, // the destination is ST(i)
    X87_POP = 1 << 13,
    X87_ROUND_ZERO = 1 << 14, // FISTTP
};

// Memory operands: value (raw bits), desc, ip, dp | segment << 60. Segment numbers are X86_ES...
extern const IRHelper x87_h_arith_mem; // X87_DESC(X87Arith, X87Format)
extern const IRHelper x87_h_load;      // X87_DESC(X87Format, 0)
// A store in two steps: the value; then the effects. ST0 is empty or invalid as the SDM says. The
// value's helper takes the linear pc of the next instruction: an unmasked exception that forbids
// the store ends the instruction there.
extern const IRHelper x87_h_store_value; // desc, next pc, ip, dp -> raw bits
extern const IRHelper x87_h_store_done;  // desc, ip, dp
// 80-bit and BCD operands have two parts: 64 bits and 16.
extern const IRHelper x87_h_load80;        // low, high, desc, ip (dp by x87_h_operand before)
extern const IRHelper x87_h_store80_value; // desc, next pc, part (0, 1), dp -> bits
extern const IRHelper x87_h_operand;       // dp | segment << 60
// Registers: desc, ip.
extern const IRHelper x87_h_arith; // X87_DESC(X87Arith, i) | X87_ARITH_TO_STI | X87_POP
extern const IRHelper x87_h_misc;  // X87_DESC(X87Misc, i)
extern const IRHelper x87_h_comi;  // i | quiet << 8 | pop << 9, ip -> packed IR flags
extern const IRHelper x87_h_cmov;  // i, condition (0 or 1), ip
// Control.
extern const IRHelper x87_h_wait;   // #MF if an exception is pending
extern const IRHelper x87_h_init;   // FNINIT
extern const IRHelper x87_h_clex;   // FNCLEX
extern const IRHelper x87_h_fldcw;  // value
extern const IRHelper x87_h_status; // -> FSW with TOP
extern const IRHelper x87_h_emms;
// FLDENV, FNSTENV, FRSTOR, FNSAVE: segment, offset, format (X87_ENV_*).
extern const IRHelper x87_h_fldenv, x87_h_fstenv, x87_h_frstor, x87_h_fsave;
enum { X87_ENV_32 = 1, X87_ENV_REAL = 2 };

// --- between the files
// Raises #MF (or FERR#) if an unmasked exception is pending.
void x87_check_pending(X86CPU *c);
SfX80Status x87_status_for(const X86CPU *c);
// Notes what an operation raised. False: an unmasked exception forbids its result.
bool x87_note(X86CPU *c, const SfX80Status *s);
void x87_raise(X86CPU *c, unsigned exceptions); // FSW bits; ES and its consequences
// Both leave what the masked response is; false: the exception is unmasked, do nothing.
bool x87_stack_overflow(X86CPU *c);
bool x87_stack_underflow(X86CPU *c);
void x87_keep_pointers(X86CPU *c, uint32_t desc, uint64_t ip);
void x87_keep_operand(X86CPU *c, uint64_t dp);
// After a change of ES by software.
void x87_update_summary(X86CPU *c);
uint16_t x87_full_tags(const X86CPU *c);

static inline unsigned x87_reg(const X86CPU *c, unsigned i)
{
    return (c->fpu.top + i) & 7;
}
static inline bool x87_is_empty(const X86CPU *c, unsigned i)
{
    return c->fpu.empty >> x87_reg(c, i) & 1;
}
static inline SfX80 x87_get(const X86CPU *c, unsigned i)
{
    const X86Float80 *r = &c->fpu.st[x87_reg(c, i)];
    return (SfX80){r->frac, r->se};
}
static inline void x87_set(X86CPU *c, unsigned i, SfX80 v)
{
    unsigned r = x87_reg(c, i);
    c->fpu.st[r].frac = v.frac;
    c->fpu.st[r].se = v.se;
    c->fpu.empty &= (uint8_t) ~(1u << r);
}
static inline void x87_pop(X86CPU *c)
{
    c->fpu.empty |= (uint8_t)(1u << c->fpu.top);
    c->fpu.top = (c->fpu.top + 1) & 7;
}
// There is room: x87_stack_overflow has been asked.
static inline void x87_push(X86CPU *c, SfX80 v)
{
    c->fpu.top = (c->fpu.top - 1) & 7;
    x87_set(c, 0, v);
}

#endif
