// The x87 on an x86-64 host's own x87 unit, for what translated code meets: all exceptions masked,
// no stack fault. The functions decline anything else (IR_CALL_ASKS), and the instruction is run
// alone with those of x87.h. Results and status are the same, bit for bit.
//
// What they work on - registers, tags, TOP, control and status - no IR op may name in a block that
// calls them: MMX instructions do, so that a block uses them until it has one (X86Ctx.mmx).
#ifndef TARGET_X86_FP_X87_NATIVE_H
#define TARGET_X86_FP_X87_NATIVE_H

#include "target-x86/fp/x87.h"

#if defined(__x86_64__)
#define X87_NATIVE 1
#else
#define X87_NATIVE 0
#endif

// NULL: only the functions of x87.h do it. Arguments as there unless said otherwise.
const IRHelper *x87_native_arith(X87Arith op);                  // desc, ip
const IRHelper *x87_native_arith_mem(X87Arith op, X87Format f); // value, desc, ip, dp
const IRHelper *x87_native_misc(X87Misc what);                  // desc, ip
const IRHelper *x87_native_load(X87Format f);                   // value, desc, ip, dp
const IRHelper *x87_native_store(X87Format f, bool to_zero);    // desc -> raw bits

// With the store's value behind it, nothing can go wrong: desc, ip, dp.
extern const IRHelper x87_n_store_done;
extern const IRHelper x87_n_load80;  // low, high, desc, ip; then x87_n_operand
extern const IRHelper x87_n_store80; // desc, part (0, 1) -> bits
extern const IRHelper x87_n_operand; // dp
extern const IRHelper x87_n_comi;    // how, ip -> packed IR flags
extern const IRHelper x87_n_cmov;    // desc, condition, ip
extern const IRHelper x87_n_wait;
extern const IRHelper x87_n_fldcw;  // value
extern const IRHelper x87_n_fnstcw; // -> FCW
extern const IRHelper x87_n_status; // -> FSW with TOP

#endif
