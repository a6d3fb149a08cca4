// What each host register is for while translated code runs.
//
//   x28  VCPU                      w27  budget
//   x26  first-level TLB of the current regime; in thunks the way back
//   x25  its mask                  x24  return-prediction stack, see emit_exit.c
//   sp   the C stack, as enter found it
//   x15, x16, x17, x30, v29..v31   scratch within one op; x15 also where an offset needs a register
//   PIN_*                          homes of guest slots, TargetOps.pin_gpr/pin_vec in order
//   TEMP_*                         the allocator's
//   x18                            the platform's: left alone
//
// Pins that C functions keep come first: calls of pure ones then leave them where they are.
#ifndef HOST_BACKENDS_AARCH64_REGISTERS_H
#define HOST_BACKENDS_AARCH64_REGISTERS_H

#include "accel/target.h"
#include "host-backends/aarch64/encode.h"
#include "tcg-like/regalloc.h"

enum {
    REG_STATE = 28,
    REG_BUDGET = 27,
    REG_TLB = 26,
    REG_MASK = 25,
    REG_RET = 24,
    T0 = 16,
    T1 = 17,
    T2 = 30,
    T3 = 15,
    VA = 29,
    VB = 30,
    VC = 31,
};

#define N_PIN_GPR 14
#define N_PIN_VEC 8
#define PIN_GPR   19, 20, 21, 22, 23, 29, 7, 8, 9, 10, 11, 12, 13, 14
#define PIN_VEC   16 // and on
#define TEMP_GPR  0x7fu
#define TEMP_VEC  0xffu

// Pinned registers that a C function may change: x7..x14.
#define CALLER_SAVED 0x7f80u

// VCPU.spill[0..239] and vspill[0..127] are the allocator's; behind them the thunks and slow paths
// keep what C would overwrite, and the arguments of C functions.
#define N_SPILL_GPR 240
#define N_SPILL_VEC 128
#define SAVE_GPR(n) (offsetof(VCPU, spill) + 8 * (N_SPILL_GPR + (size_t)(n))) // by register
#define SAVE_NZCV   SAVE_GPR(7)
#define CALL_ARG(n) SAVE_GPR(8 + (n))                                                // four
#define SAVE_VEC(n) (offsetof(VCPU, vspill) + 16 * (N_SPILL_VEC + (size_t)(n)))      // by register
#define VARG(n)     (offsetof(VCPU, vspill) + 16 * (N_SPILL_VEC + 16 + (size_t)(n))) // result, a, b, c

static inline void state_load(A64Code *c, int rt, size_t off, unsigned bytes)
{
    a64_mem(c, a64_load_op(bytes, false), rt, REG_STATE, (int64_t)off, T3);
}
static inline void state_store(A64Code *c, int rt, size_t off, unsigned bytes)
{
    a64_mem(c, a64_store_op(bytes, false), rt, REG_STATE, (int64_t)off, T3);
}
static inline void state_load_vec(A64Code *c, int vt, size_t off, unsigned bytes)
{
    a64_mem(c, a64_load_op(bytes, true), vt, REG_STATE, (int64_t)off, T3);
}
static inline void state_store_vec(A64Code *c, int vt, size_t off, unsigned bytes)
{
    a64_mem(c, a64_store_op(bytes, true), vt, REG_STATE, (int64_t)off, T3);
}

// The allocator's description of the machine for this guest.
void a64_registers(RaRegs *r, const TargetOps *t);

#endif
