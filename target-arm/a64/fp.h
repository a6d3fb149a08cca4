// What the FP chapters share: an IR op, or the exact C function where the op would not do.
#ifndef TARGET_ARM_A64_FP_H
#define TARGET_ARM_A64_FP_H

#include "target-arm/a64/simd.h"
#include "target-arm/fp_exact.h"

// The op on vectors; the exact function itself for half precision, and under an FPCR that the IR
// ops do not know (ARM_BF_FP_SOFT). Unused operands are IR_NONE. aux = esize | IR_FP_SCALAR.
IRRef a64_fp(ArmCtx *c, IROpcode op, const IRVHelper *exact, IRRef x, IRRef y, IRRef z,
             unsigned aux, unsigned aux2);
// In AArch32 state vectors are Advanced SIMD's and have the standard FPSCR value; lane 0 alone is
// VFP's. aux with what tells the two apart.
static inline unsigned a64_fp_aux(const ArmCtx *c, unsigned aux)
{
    return aux | (c->flags & ARM_BF_A32 && !(aux & IR_FP_SCALAR) ? IR_FP_FLUSH : 0);
}
static inline IRRef a64_fp_exact(ArmCtx *c, const IRVHelper *exact, IRRef x, IRRef y, IRRef z,
                                 unsigned aux, unsigned aux2)
{
    return ir_vcall(c->b, exact, x, y, z, a64_fp_aux(c, aux) | (uint32_t)aux2 << 16);
}
bool a64_fp_soft(const ArmCtx *c, unsigned aux);

// Sign bits flipped, or cleared, in all lanes.
IRRef a64_fp_neg(ArmCtx *c, IRRef v, unsigned esize);
IRRef a64_fp_abs(ArmCtx *c, IRRef v, unsigned esize);

// FMAXNM, FMINNM on vectors: aux as in a64_fp.
IRRef a64_fp_maxnm(ArmCtx *c, IRRef x, IRRef y, unsigned aux, bool max);

// FCMP of lane 0: flags.
IRRef a64_fp_compare(ArmCtx *c, IRRef n, IRRef m, unsigned esize, bool signalling);

// Integer <-> lane 0. to_sf, from_sf: the integer is an I64, else an I32.
IRRef a64_fp_from_int(ArmCtx *c, IRRef x, unsigned esize, unsigned fbits, bool is_signed);
IRRef a64_fp_to_int(ArmCtx *c, IRRef v, bool to_sf, unsigned esize, unsigned fbits, IRRound round,
                    bool is_signed);
// Lane 0 from one format to another (1, 2, 3).
IRRef a64_fp_reformat(ArmCtx *c, IRRef v, unsigned from, unsigned to);

// aux of an instruction's shape, and its operands without rubbish that could raise flags.
static inline unsigned simd_fp_aux(const Simd *s)
{
    return s->esize | (s->scalar ? IR_FP_SCALAR : 0);
}
static inline IRRef simd_fp_clean(ArmCtx *c, const Simd *s, IRRef v)
{
    return s->scalar ? v : simd_clean(c, s, v);
}

// Shape of an FP instruction of the SIMD encodings: bit 28 tells the scalar ones. half: bit 21
// (three same) or 19 (miscellaneous) tells half precision, else bit 22 single or double. False:
// unallocated.
bool simd_fp_three_same(const ArmCtx *c, Simd *s);
bool simd_fp_two_misc(const ArmCtx *c, Simd *s);

uint64_t a64_expand_fp_imm(unsigned esize, unsigned imm8); // VFPExpandImm

// One instruction with one shape function and one SimdFn.
#define TR_FP(tr, shape, fn)                                                                       \
    static bool tr_##tr(ArmCtx *c, const ArmFields *f)                                             \
    {                                                                                              \
        Simd s;                                                                                    \
        (void)f;                                                                                   \
        return shape(c, &s) && simd_run(c, &s, fn);                                                \
    }

#endif
