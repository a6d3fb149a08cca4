// What translating a block of Arm code has at hand: the same for A64, A32 and T32, so that the
// instruction sets can share what they do alike (vectors, floating point, ways out).
#ifndef TARGET_ARM_TRANSLATE_H
#define TARGET_ARM_TRANSLATE_H

#include "accel/target.h"
#include "target-arm/cpu.h"
#include "target-arm/decode.h"
#include "tcg-like/builder.h"

typedef struct ArmCtx {
    IRBlock *b;
    ARMCPU *cpu;
    const TranslateRequest *req;
    uint64_t flags; // ARM_BF_*
    uint64_t pc;    // of the current instruction, as vcpu.pc has it (ARM_PC_*)
    uint32_t insn;
    bool ended;                 // the block has its terminal op
    unsigned conditional_exits; // taken branches out of its middle
    bool sp_checked;            // A64: SP is known to be 16-byte aligned here
    // --- A32 and T32
    uint64_t next; // vcpu.pc of the next instruction, ITSTATE advanced; IT itself puts it there
    uint8_t insn_bytes;  // of the current instruction
    uint8_t cond;        // its condition; 14: always
    bool selects;        // registers and flags that it writes are selected by cond (a32_put)
    uint8_t known;       // a condition that holds from here on, until flags are written; 14: none
    uint16_t cond_flags; // IRRef: the flags at the start of an instruction that selects
} ArmCtx;

// --- software step: an instruction's way out is by arm_h_step_done, after the next pc has been put
static inline bool arm_stepping(const ArmCtx *c)
{
    return c->flags & ARM_BF_SS;
}
void arm_put_pc(ArmCtx *c, IRRef pc);
void arm_finish_step(ArmCtx *c);
void arm_step_to(ArmCtx *c, IRRef pc); // both

// --- the exclusive monitor: address, size and value of the last load exclusive. size: log2.
void arm_open_monitor(ArmCtx *c, IRRef addr, IRRef value, unsigned size);
IRRef arm_monitor_holds(ArmCtx *c, IRRef addr, unsigned size); // I32, 0 or 1
void arm_close_monitor(ArmCtx *c);

// TargetOps.translate for one instruction set each
void arm_a64_translate(VCPU *v, IRBlock *b, const TranslateRequest *r);

#endif
