// What the VFP and Advanced SIMD chapters share. Operations on vectors are those of A64's chapters
// (target-arm/a64/simd.h): an instruction's shape is a Simd whose operands are given as values, D
// registers with zeroes above them; only encodings, and what the registers are, differ.
//
//   row -> translator -> trap check -> Simd with the values of Vd, Vn, Vm -> SimdFn -> D or Q
//
// VFP's scalars are lane 0 of a vector, and obey FPSCR. Advanced SIMD has the standard FPSCR value,
// which a64_fp adds by itself (a64_fp_aux).
#ifndef TARGET_ARM_A32_VFP_H
#define TARGET_ARM_A32_VFP_H

#include "target-arm/a32/a32.h"
#include "target-arm/a64/fp.h"

// Rows name the four-bit fields d, n, m, and D, N, M the bit beside each.
static inline unsigned vfp_d(unsigned reg, unsigned bit)
{
    return bit << 4 | reg;
}
static inline unsigned vfp_s(unsigned reg, unsigned bit)
{
    return reg << 1 | bit;
}

// What the rows of conditional instructions begin with; with 1111 there none of them is found.
#define VFP_COND "---- "

// --- registers as operands of lane 0: what is above it is rubbish. esize: 1 and 2: S, 3: D
IRRef vfp_lane(ArmCtx *c, unsigned r, unsigned esize);
void vfp_put_lane(ArmCtx *c, unsigned r, unsigned esize, IRRef v);
// Number of the register of that size.
static inline unsigned vfp_reg(unsigned reg, unsigned bit, unsigned esize)
{
    return esize == 3 ? vfp_d(reg, bit) : vfp_s(reg, bit);
}

// To integral, mode as of IR_fround; to an integer in Sd (fields d m z, s signed). vfp_dp.c
IRRef vfp_round(ArmCtx *c, IRRef v, unsigned esize, unsigned round);
bool vfp_to_int(ArmCtx *c, const ArmFields *f, IRRound round);

// --- Advanced SIMD: a D register, or with q the Q register of that (even) number of a D register
IRRef neon_reg(ArmCtx *c, unsigned d, bool q);
void neon_put_reg(ArmCtx *c, unsigned d, bool q, IRRef v);

// The fields of an Advanced SIMD data-processing instruction. False: a Q register has an odd
// number.
typedef struct Neon {
    unsigned d, n, m; // as D registers
    unsigned size;
    bool q;
} Neon;
Neon neon_fields(const ArmCtx *c); // size at 21..20, Q at 6
static inline bool neon_even(unsigned reg, bool q)
{
    return !(reg & q);
}

// Operands read: the trap has been checked.
Simd neon_shape(ArmCtx *c, const Neon *n, unsigned esize);
// Vd = fn(Vd, Vn, Vm), all of one size. one: Vm is the only source.
bool neon_run(ArmCtx *c, const Neon *n, unsigned esize, SimdFn *fn);
bool neon_run_one(ArmCtx *c, const Neon *n, unsigned esize, SimdFn *fn);

// A translator of one call.
#define NEON_TR(name, call)                                                                        \
    static bool tr_##name(ArmCtx *c, const ArmFields *f)                                           \
    {                                                                                              \
        (void)f;                                                                                   \
        return call;                                                                               \
    }

// VMLA and VMLS: the product is rounded on its own.
extern SimdFn neon_fmla, neon_fmls;

#endif
