// SSE floating point, exact in every bit and flag under any MXCSR: what the IR's FP ops with
// IR_FP_SSE fall back to, and what does the operations that the IR does not have.
//
//   all exceptions masked   translated code computes; the flags gather in the host's MXCSR
//   some unmasked           X86_BF_SSE_TRAPS: the exact functions compute, their flags gather in
//                           cpu->sse_flags; x86_h_sse_trap merges them before the destination is
//                           written, and raises #XM if one is unmasked
//
// desc = aux | aux2 << 16 as in tcg-like/ops.h: aux has the lane size (1 half, 2 single, 3 double)
// and IR_FP_SCALAR; bit 31: the integer side has 64 bits.
#ifndef TARGET_X86_FP_SSE_H
#define TARGET_X86_FP_SSE_H

#include "fpu/softfloat.h"
#include "target-x86/helpers.h"
#include "tcg-like/lanes.h"

// MXCSR (SDM vol. 1, 10.2.3).
enum {
    MXCSR_IE = 1 << 0,
    MXCSR_DE = 1 << 1,
    MXCSR_ZE = 1 << 2,
    MXCSR_OE = 1 << 3,
    MXCSR_UE = 1 << 4,
    MXCSR_PE = 1 << 5,
    MXCSR_FLAGS = 0x3f,
    MXCSR_DAZ = 1 << 6,
    MXCSR_MASK_SHIFT = 7,
    MXCSR_MASKS = MXCSR_FLAGS << MXCSR_MASK_SHIFT,
    MXCSR_OM = MXCSR_OE << MXCSR_MASK_SHIFT,
    MXCSR_UM = MXCSR_UE << MXCSR_MASK_SHIFT,
    MXCSR_RC_SHIFT = 13,
    MXCSR_FZ = 1 << 15,
    MXCSR_VALID = 0xffff, // other bits: #GP; MXCSR_MASK of FXSAVE
    MXCSR_RESET = 0x1f80,
    MXCSR_BEFORE = MXCSR_IE | MXCSR_DE | MXCSR_ZE, // found before the computation
};

// softfloat's settings under the current MXCSR.
SfStatus sse_status(const X86CPU *c);
// MXCSR's flags for those of one operation on one lane. nan: an operand was one, which outranks a
// denormal one (SDM vol. 1, table 14-... and 4.9.2).
unsigned sse_flags(const SfStatus *s, bool nan);
// Takes note of an instruction's flags, or of a part's.
void sse_note(X86CPU *c, unsigned flags);

// Lane by lane: a op b, op a, a * b + c (aux2: IRFmaKind).
extern const IRVHelper sse_fx_add, sse_fx_sub, sse_fx_mul, sse_fx_div, sse_fx_min, sse_fx_max,
    sse_fx_sqrt, sse_fx_fma;
extern const IRVHelper sse_fx_cmp;   // aux2: predicate of VCMPPS; all-ones lanes
extern const IRVHelper sse_fx_fcmp;  // COMISD, UCOMISD: packed IR flags in lane 0
extern const IRVHelper sse_fx_round; // aux2: IRRound
// Integers: in lane 0 of 64 bits (s2f, f2s; aux2: IRRound), or lane by lane.
extern const IRVHelper sse_fx_s2f, sse_fx_f2s, sse_fx_vs2f, sse_fx_vf2s;
extern const IRVHelper sse_fx_cvt;     // aux2: to; lane 0, or all lanes there is room for
extern const IRVHelper sse_fx_w2f;     // two 32-bit integers to double
extern const IRVHelper sse_fx_f2w;     // two doubles to 32-bit integers; aux2: IRRound
extern const IRVHelper sse_fx_to_half; // four singles; aux2: IRRound

// Approximations to 12 bits: of ours, real CPUs differ from each other.
extern const IRVHelper sse_fx_rcp, sse_fx_rsqrt; // aux: IR_FP_SCALAR

// String comparison (SDM vol. 2, 4.1): desc = imm8 | explicit lengths << 8 | mask << 9 | flags
// << 10. c: the explicit lengths in u32[0], u32[1]. d: the index in u64[0], the mask, or packed IR
// flags.
enum { SSE_STR_EXPLICIT = 1 << 8, SSE_STR_MASK = 1 << 9, SSE_STR_FLAGS = 1 << 10 };
extern const IRVHelper sse_v_strings;
extern const IRVHelper sse_v_minpos, sse_v_mpsad; // PHMINPOSUW; MPSADBW, desc: imm8's low 3 bits

extern const IRHelper x86_h_sse_trap;
extern const IRHelper x86_h_ldmxcsr, x86_h_stmxcsr; // value; -> value

#endif
