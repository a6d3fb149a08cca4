// State of an Arm CPU. Translated code reaches x0-x30 as vcpu.gpr[0..30] and the current stack
// pointer as vcpu.gpr[31]; V registers as vcpu.vec[]; NZCV as vcpu.flags (packed IR flags with
// Arm's sense of C: carry, not borrow).
#ifndef TARGET_ARM_CPU_H
#define TARGET_ARM_CPU_H

#include "accel/vcpu.h"
#include "hw/core/irq.h"
#include "target-arm/features.h"

// AArch32: r0-r14 of the current mode are vcpu.gpr[0..14] with zeroes above bit 31.
#define ARM_SP 31

// In AArch32 state vcpu.pc holds, beside the address, what decoding depends on from one instruction
// to the next; vcpu.pc_address has the address bits.
#define ARM_PC_T        UINT64_C(1) // T32
#define ARM_PC_IT_SHIFT 32          // ITSTATE, 8 bits
#define ARM_PC_ADDRESS  UINT64_C(0xfffffffe)

// PSTATE bits other than NZCV, at their SPSR positions (DDI 0487 C5.2.18).
enum {
    PSTATE_SP = 1 << 0,
    PSTATE_EL_SHIFT = 2,
    PSTATE_EL = 3 << 2,
    PSTATE_NRW = 1 << 4,
    PSTATE_F = 1 << 6,
    PSTATE_I = 1 << 7,
    PSTATE_A = 1 << 8,
    PSTATE_D = 1 << 9,
    PSTATE_BTYPE = 3 << 10,
    PSTATE_SSBS = 1 << 12,
    PSTATE_IL = 1 << 20,
    PSTATE_SS = 1 << 21,
    PSTATE_PAN = 1 << 22,
    PSTATE_UAO = 1 << 23,
    PSTATE_DIT = 1 << 24,
    PSTATE_TCO = 1 << 25,
};

// AArch32: pstate is the CPSR without N, Z, C, V, Q, GE, IT and T (DDI 0487 G1.9.1): M, F, I, A, E,
// IL, PAN, SSBS. IT and T are in vcpu.pc, Q and GE in fields of their own.
enum {
    CPSR_M = 0x1f, // bit 4, PSTATE_NRW, is set
    CPSR_T = 1 << 5,
    CPSR_E = 1 << 9,
    CPSR_Q = 1 << 27,
    CPSR_GE_SHIFT = 16,
};
enum {
    ARM_MODE_USR = 0x10,
    ARM_MODE_FIQ = 0x11,
    ARM_MODE_IRQ = 0x12,
    ARM_MODE_SVC = 0x13,
    ARM_MODE_MON = 0x16,
    ARM_MODE_ABT = 0x17,
    ARM_MODE_HYP = 0x1a,
    ARM_MODE_UND = 0x1b,
    ARM_MODE_SYS = 0x1f,
};

typedef struct ARMCPUModel ARMCPUModel;
// Banked and system registers, timers, debug: target-arm/system.h.
typedef struct ARMSystem ARMSystem;

typedef struct ARMCPU {
    VCPU vcpu;       // first
    uint32_t pstate; // all but NZCV
    uint32_t fpcr;
    uint32_t fpsr;           // sticky flags, besides those still in the host (target->sync)
    uint32_t exclusive_size; // bytes; 0: the local monitor is open
    uint64_t exclusive_addr; // virtual
    uint64_t exclusive_value[2];
    V128 qc;                         // nonzero: FPSR.QC is set (saturation seen by inline code)
    uint64_t tpidr_el0, tpidrro_el0; // read inline
    uint64_t dczid_el0, ctr_el0;
    uint64_t features; // ARM_FEAT_* of the model (64 of them)
    const ARMCPUModel *model;
    ARMSystem *sys;
    struct ArmDecoder *decoder; // A64's, made at the first translation
    // --- AArch32
    uint32_t q;         // not 0: CPSR.Q is set
    uint32_t ge;        // GE flags as byte masks: ff in byte n where GE[n] is 1
    uint16_t vfp_flags; // N, Z, C, V of FPSCR, packed as vcpu.flags
    uint32_t fpexc;     // EN (bit 30)
    struct ArmDecoder *a32_decoder, *t32_decoder, *t16_decoder;
} ARMCPU;

static inline ARMCPU *arm_cpu(VCPU *v)
{
    return (ARMCPU *)v;
}
static inline bool arm_is_a32(const ARMCPU *c)
{
    return c->pstate & PSTATE_NRW;
}
// AArch32: PL0 is EL0; the privileged modes are EL1, as there is no EL3.
static inline unsigned arm_el(const ARMCPU *c)
{
    if (arm_is_a32(c)) {
        return (c->pstate & CPSR_M) != ARM_MODE_USR;
    }
    return (c->pstate & PSTATE_EL) >> PSTATE_EL_SHIFT;
}
static inline bool arm_has(const ARMCPU *c, unsigned feature)
{
    return c->features >> feature & 1;
}

// Bits of TranslateRequest.flags (block_flags).
enum {
    ARM_BF_EL = 3,            // current exception level
    ARM_BF_FP_TRAP = 1 << 2,  // FP/SIMD access traps (to EL: ARM_BF_FP_EL)
    ARM_BF_FP_SOFT = 1 << 3,  // FPCR asks for FZ, FZ16, DN, AH or traps: use the exact functions
    ARM_BF_SS = 1 << 4,       // software step active: one instruction, then the step exception
    ARM_BF_ALIGN = 1 << 5,    // SCTLR.A: every access checks its alignment
    ARM_BF_SP_ALIGN = 1 << 6, // SCTLR.SA/SA0: SP-based accesses check SP
    ARM_BF_UMA = 1 << 7,      // EL0 may access DAIF
    ARM_BF_UCI = 1 << 8,      // EL0 may do cache maintenance
    ARM_BF_UCT = 1 << 9,      // EL0 may read CTR_EL0
    ARM_BF_DZE = 1 << 10,     // EL0 may DC ZVA
    ARM_BF_PAUTH_SHIFT = 11,  // APIA, APIB, APDA, APDB enabled: 4 bits
    ARM_BF_UNPRIV = 1 << 15,  // LDTR/STTR use regime 1 (EL1 without UAO)
    ARM_BF_IL = 1 << 16,      // PSTATE.IL: every instruction is an illegal-state exception
    ARM_BF_BTYPE_SHIFT = 17,  // 2 bits
    ARM_BF_TBI = 3 << 19,     // top byte ignored for instruction addresses: lower, upper half
    ARM_BF_NTWX = 3 << 21,    // WFI (bit 21), WFE (bit 22) trap from EL0
    ARM_BF_BREAK = 1 << 23,   // hardware breakpoints armed: check each instruction's address
    ARM_BF_SPSEL = 1 << 24,   // PSTATE.SP
};
// AArch32: EL, FP_TRAP (CPACR; not FPEXC.EN), FP_SOFT, ALIGN, UNPRIV, IL, BREAK as above, and
#define ARM_BF_A32     BIT(32)
#define ARM_BF_E       BIT(33) // data are big-endian
#define ARM_BF_NO_SIMD BIT(34) // CPACR.ASEDIS: Advanced SIMD is UNDEFINED
#define ARM_BF_VFP_OFF BIT(35) // FPEXC.EN is clear: VFP is UNDEFINED but for what sets it
#define ARM_BF_SYS     BIT(36) // System mode: no SPSR, banked registers are User's
#define ARM_BF_NO_IT   BIT(37) // SCTLR.ITD: long IT blocks are UNDEFINED
#define ARM_BF_SWP     BIT(38) // ARMv7's SCTLR.SW: SWP and SWPB are there
// FPSCR does not round to nearest, as Advanced SIMD always does: it uses the exact functions.
#define ARM_BF_FP_ROUND BIT(39)
// FPSCR asks for short vectors, which no CPU of ours has: what would obey it is UNDEFINED.
#define ARM_BF_FP_SHORT BIT(40)

#endif
