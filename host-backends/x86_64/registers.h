// What each host register is for while translated code runs.
//
//   rsp  return-prediction stack: [guest return pc][host address of the landing], see emit_exit.c
//   rbp  VCPU + STATE_BIAS, so that one-byte displacements reach the header and x0..x23
//   r15  budget (32 bits)          r13  first-level TLB of the current regime
//   rax, rcx, xmm14, xmm15         scratch within one op; rax is also where flags are packed
//   PIN_*                          homes of guest slots, TargetOps.pin_gpr/pin_vec in order
//   TEMP_*                         the allocator's
#ifndef HOST_BACKENDS_X86_64_REGISTERS_H
#define HOST_BACKENDS_X86_64_REGISTERS_H

#include "accel/target.h"
#include "host-backends/x86_64/encode.h"
#include "tcg-like/regalloc.h"

#define STATE_BIAS 128

#define REG_STATE  RBP
#define REG_BUDGET R15
#define REG_TLB    R13

#define N_PIN_GPR 6
#define N_PIN_VEC 8
#define PIN_GPR   RBX, R12, R14, RSI, RDI, R8
#define TEMP_GPR  (1u << RDX | 1u << R9 | 1u << R10 | 1u << R11)
#define TEMP_VEC  (0x3f00u) // xmm8..xmm13; xmm0.. are pinned
#define XMM_A     14
#define XMM_B     15

// Pinned registers that a C function may change.
#define CALLER_SAVED                                                                               \
    (1u << RSI | 1u << RDI | 1u << R8 | 1u << RDX | 1u << R9 | 1u << R10 | 1u << R11)

// VCPU.spill[0..239] and vspill[0..127] are the allocator's; behind them the thunks and slow paths
// keep what C would overwrite, and the arguments of vector functions.
#define N_SPILL_GPR 240
#define N_SPILL_VEC 128
#define SAVE_GPR(n) (offsetof(VCPU, spill) + 8 * (N_SPILL_GPR + (size_t)(n)))
#define SAVE_VEC(n) (offsetof(VCPU, vspill) + 16 * (N_SPILL_VEC + (size_t)(n))) // by xmm register
#define VARG(n)     (offsetof(VCPU, vspill) + 16 * (N_SPILL_VEC + 16 + (size_t)(n))) // result, a, b, c

static inline X86Mem state_mem(size_t off)
{
    return x86_mem(REG_STATE, (int32_t)off - STATE_BIAS);
}

// The allocator's description of the machine for this guest.
void x86_registers(RaRegs *r, const TargetOps *t);

#endif
