// C functions that A32 and T32 code calls for what concerns the system: modes, status registers,
// banked registers, coprocessors 14 and 15. (SVC, HVC, SMC, WFI, ...: target-arm/helpers.h, the
// same as in A64; arm_h_svc, arm_h_hvc and arm_h_smc want the next pc put.)
//
// "ends": may change mode, masks or mapping. The translator puts the next pc first and ends the
// block behind it (a32_exit_again); "sets pc": with a32_exit_taken. Values are 32 bits in an I64.
#ifndef TARGET_ARM_HELPERS_A32_H
#define TARGET_ARM_HELPERS_A32_H

#include "tcg-like/ir.h"

// --- status registers
extern const IRHelper arm_h_get_cpsr; // -> as MRS reads it (execution state bits are 0)
// value, mask: bits of the fields that MSR names (ff000000, 00ff0000, 0000ff00, 000000ff). What the
// privilege does not allow to write is left alone. CPS, SETEND and SETPAN are such writes, too.
// Ends.
extern const IRHelper arm_h_set_cpsr;
// SPSR of the current mode. User and System mode have none: UNPREDICTABLE, here UNDEFINED.
extern const IRHelper arm_h_get_spsr; // -> value
extern const IRHelper arm_h_set_spsr; // value, mask

// --- banked registers
// MRS, MSR (banked register): arg0 SYSm | R << 5. Reserved ones are UNDEFINED.
extern const IRHelper arm_h_get_banked; // sysm -> value
extern const IRHelper arm_h_set_banked; // sysm, value
// LDM, STM (user registers): r8-r14 as User mode has them.
extern const IRHelper arm_h_get_user; // r -> value
extern const IRHelper arm_h_set_user; // r, value
// SRS: SP of the mode in arg0, which an SRS to it may write back. A mode that is not there is
// UNDEFINED.
extern const IRHelper arm_h_get_mode_sp; // mode -> value
extern const IRHelper arm_h_set_mode_sp; // mode, value

// --- exception return. Sets pc.
// SUBS PC, LR; LDM with PC (exception return); ERET (whose target is LR: there is no Hyp mode).
// arg0: the target; the CPSR, T and ITSTATE with it, comes from SPSR. At EL0: UNDEFINED.
extern const IRHelper arm_h_return;
extern const IRHelper arm_h_rfe; // target, CPSR

extern const IRHelper arm_h_bkpt; // immediate. The current instruction's prefetch abort.

// --- coprocessors
// The register that an MRC or MCR (A32 or T32 word) names, as one number; coprocessors 14 and 15.
static inline uint32_t arm_cp_enc(uint32_t insn)
{
    uint32_t op0 = insn & 0x100 ? 3 : 2;
    return op0 << 14 | (insn >> 21 & 7) << 11 | (insn >> 16 & 15) << 7 | (insn & 15) << 3 |
           (insn >> 5 & 7);
}
// MRRC, MCRR.
static inline uint32_t arm_cp_enc64(uint32_t insn)
{
    uint32_t op0 = insn & 0x100 ? 1 : 0;
    return op0 << 14 | (insn >> 4 & 7) << 11 | (insn & 15) << 3 | (insn >> 7 & 1);
}
// enc, rt | rt2 << 8 (for syndromes; rt2 of the 64-bit ones) -> 32 or 64 bits. Traps and UNDEFINED
// included.
extern const IRHelper arm_h_cp_read;
extern const IRHelper arm_h_cp_write; // enc, value, rt | rt2 << 8
// ARM_SR_* (target-arm/helpers.h): of ARM_SR_ENDS_BLOCK, a read or write "ends".
struct ARMCPU;
unsigned arm_cp_flags(const struct ARMCPU *c, uint32_t enc, bool write);
// Plain storage (TPIDRURW, TPIDRURO, TPIDRPRW): the byte offset from the vCPU of its 64-bit slot if
// blocks with these flags (ARM_BF_*) need no helper, else 0. A read takes the low half; a write
// writes the whole slot, zero-extended. Does not end the block.
uint32_t arm_cp_inline(const struct ARMCPU *c, uint64_t flags, uint32_t enc, bool write);

#endif
