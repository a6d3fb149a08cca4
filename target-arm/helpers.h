// C functions that A64 code calls, for the translators. Those that end in exceptions or change the
// mode leave vcpu->pc complete; the translator then ends the block with exit_ind of the pc slot.
#ifndef TARGET_ARM_HELPERS_H
#define TARGET_ARM_HELPERS_H

#include "tcg-like/ir.h"

// Raise with a syndrome (ESR value without IL): never returns. arg0: syndrome.
extern const IRHelper arm_h_raise;
// arg0: immediate. Exception entry or PSCI; returns with pc and mode set.
extern const IRHelper arm_h_svc, arm_h_hvc, arm_h_smc;
extern const IRHelper arm_h_brk, arm_h_hlt; // hlt: semihosting or UNDEFINED
extern const IRHelper arm_h_eret;           // arg0: target pc (ELR, authenticated by the caller)
extern const IRHelper arm_h_wfi, arm_h_wfe, arm_h_yield, arm_h_sev, arm_h_sevl;
// enc: bits 20..5 of MSR/MRS/SYS (op0:op1:CRn:CRm:op2). Traps, UNDEFINED and effects included.
extern const IRHelper arm_h_mrs;     // enc, rt -> value
extern const IRHelper arm_h_msr;     // enc, value, rt
extern const IRHelper arm_h_msr_imm; // op1:op2 (6 bits), CRm: DAIFSet, SPSel, PAN, ...
// SYS: cache, TLB and address-translation operations. arg0 enc, arg1 value, arg2 rt.
extern const IRHelper arm_h_sys;
extern const IRHelper arm_h_dc_zva; // arg0: address
// The pc of the next instruction has been put: ends a software step by its exception. Returns with
// pc and mode set.
extern const IRHelper arm_h_step_done;
extern const IRHelper arm_h_check_breakpoint; // arg0: pc; raises if a hardware breakpoint matches

enum {
    ARM_SR_UNKNOWN = 1,    // no such register: UNDEFINED
    ARM_SR_ENDS_BLOCK = 2, // a write (or SYS) may change mode, mapping or interrupts
};
struct ARMCPU;
unsigned arm_sysreg_flags(const struct ARMCPU *c, uint32_t enc, bool write);
// For system registers that are plain storage (SP_EL0, ELR_EL1, SPSR_EL1, TPIDR_EL1, FAR_EL1, ...):
// the byte offset from the vCPU of their 64-bit home if the access needs no helper in blocks with
// these flags (ARM_BF_*), else 0. Such a write does not end a block.
uint32_t arm_sysreg_inline(const struct ARMCPU *c, uint64_t flags, uint32_t enc, bool write);

// ARM_BF_SS: called after the block's one instruction, with vcpu->pc at the next; takes the step
// exception if it is still due. ARM_BF_BREAK: called before each instruction (its marker emitted);
// raises if a breakpoint matches.
extern const IRHelper arm_h_step_done, arm_h_check_breakpoint;

// Pointer authentication. key: 0 IA, 1 IB, 2 DA, 3 DB, 4 GA. arg0 value, arg1 modifier, arg2 key.
extern const IRHelper arm_h_pac, arm_h_aut; // aut: raises or poisons as the architecture says
extern const IRHelper arm_h_pacga;          // value, modifier
extern const IRHelper arm_h_xpac;           // value, data (1) or instruction (0)

// Memory helpers: exclusives and pairs that the IR does not have.
extern const IRHelper arm_h_ldxp; // address, memop (size of one element), rt, rt2: writes registers
extern const IRHelper arm_h_stxp; // address, low, high, memop -> status
extern const IRHelper arm_h_casp; // address, rs | rt << 8, memop: registers in place
// Code at a pc that is not a multiple of 4 (arg0): a PC alignment fault; or, for the pc that a
// failed SP check branches to (that of the instruction, plus 2), an SP alignment fault. Never
// returns.
extern const IRHelper arm_h_misaligned;

extern const IRHelper arm_h_crc32; // accumulator, value, log2 of bytes -> checksum

#endif
