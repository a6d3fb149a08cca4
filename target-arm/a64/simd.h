// What the SIMD chapters share. An instruction's shape (lane size, how many lanes, which registers)
// is a Simd; what it computes is a SimdFn, so that the vector and the scalar form of an operation
// are one function:
//
//   row -> translator -> Simd -> simd_run: trap check, SimdFn, write-back of the lanes that count
//
// A SimdFn may compute rubbish in lanes that do not count; where that could set sticky flags, it
// reads its operands with the simd_*_clean functions.
#ifndef TARGET_ARM_A64_SIMD_H
#define TARGET_ARM_A64_SIMD_H

#include "target-arm/a64/a64.h"
#include "target-arm/helpers_simd.h"

typedef struct Simd {
    uint8_t d, n, m;
    uint8_t esize;     // log2 of a lane's bytes; the source's, where source and result differ
    bool q;            // 128 bits (vector form)
    bool scalar;       // lane 0 only
    uint8_t out_esize; // scalar: size of the result if it is not esize (then `resized`)
    bool resized;
    uint8_t shift; // by immediate, as an amount
    bool m_given;  // the second operand is not Vm but m_value: a splatted element
    // A32 and T32: no operand is read by its number; all are values, with zeroes above 64 bits
    // where the instruction has D registers.
    bool given;
    IRRef n_value, m_value, d_value;
} Simd;

typedef IRRef SimdFn(ArmCtx *c, const Simd *s);

// Lane sizes that an encoding allows; 64-bit lanes need q in the vector form.
enum {
    SIMD_B = 1,
    SIMD_H = 2,
    SIMD_S = 4,
    SIMD_D = 8,
    SIMD_BHS = 7,
    SIMD_HS = 6,
    SIMD_BHSD = 15,
};
static inline bool simd_size_ok(const Simd *s, unsigned sizes)
{
    return (sizes >> s->esize & 1) && (s->scalar || s->q || s->esize != 3);
}

static inline unsigned simd_bits(const Simd *s)
{
    return 8u << s->esize;
}

static inline IRRef simd_n(ArmCtx *c, const Simd *s)
{
    return s->given ? s->n_value : a64_v(c, s->n);
}
static inline IRRef simd_m(ArmCtx *c, const Simd *s)
{
    return s->m_given || s->given ? s->m_value : a64_v(c, s->m);
}
static inline IRRef simd_d(ArmCtx *c, const Simd *s)
{
    return s->given ? s->d_value : a64_v(c, s->d);
}
// v with zeroes in the lanes that take no part.
IRRef simd_clean(ArmCtx *c, const Simd *s, IRRef v);
static inline IRRef simd_n_clean(ArmCtx *c, const Simd *s)
{
    return simd_clean(c, s, simd_n(c, s));
}
static inline IRRef simd_m_clean(ArmCtx *c, const Simd *s)
{
    return simd_clean(c, s, simd_m(c, s));
}
static inline IRRef simd_d_clean(ArmCtx *c, const Simd *s)
{
    return simd_clean(c, s, simd_d(c, s));
}
// The low halves of two registers as one, for operations that treat both as one string of lanes;
// for the D form of ZIP, UZP, ADDP and the like.
static inline IRRef simd_join(ArmCtx *c, IRRef lo, IRRef hi)
{
    return ir_v2(c->b, IR_vzip1, lo, hi, 3);
}
static inline IRRef simd_zero(ArmCtx *c)
{
    return ir_vconst(c->b, 0, 0);
}
// The same value in all lanes of a size.
IRRef simd_splat(ArmCtx *c, unsigned esize, uint64_t value);
// QC, if a saturated result differs from the wrapped one.
void simd_note_saturation(ArmCtx *c, IRRef saturated, IRRef wrapped);

// AdvSIMDExpandImm for cmode below 1111; op counts for 1110 only.
uint64_t simd_expand_imm(unsigned op, unsigned cmode, uint64_t imm8);

// Emits the instruction; always true.
bool simd_run(ArmCtx *c, const Simd *s, SimdFn *fn);
// The whole of a common encoding whose operation is on bytes, whatever the size field says.
bool simd_run_bytes(ArmCtx *c, SimdFn *fn);

// Shape of the common vector encodings: Q at bit 30, size at 23..22, Rm, Rn, Rd; and of their
// scalar forms.
Simd simd_vector(const ArmCtx *c);
Simd simd_scalar(const ArmCtx *c);
// Of shifts by immediate: lane size and amount from immh:immb. Left shifts count up, right down.
Simd simd_shift_left(const ArmCtx *c, bool scalar);
Simd simd_shift_right(const ArmCtx *c, bool scalar);
// Of "by element": which lane of which register is the second operand. False: unallocated.
bool simd_by_element(const ArmCtx *c, bool scalar, unsigned esize, Simd *s, unsigned *lane);

// A C helper over the lanes of one, two or three clean registers.
IRRef simd_call1(ArmCtx *c, const Simd *s, const IRVHelper *h, IRRef a);
IRRef simd_call2(ArmCtx *c, const Simd *s, const IRVHelper *h, IRRef a, IRRef b);
IRRef simd_call3(ArmCtx *c, const Simd *s, const IRVHelper *h, IRRef a, IRRef b, IRRef d);

// Lanes of twice s->esize narrowed with saturation, noting QC, into the half that s asks for (the
// scalar form: lane 0). v: operands without rubbish.
typedef enum SimdNarrow { NARROW_S_TO_S, NARROW_U_TO_U, NARROW_S_TO_U } SimdNarrow;
IRRef simd_narrow_saturating(ArmCtx *c, const Simd *s, IRRef v, SimdNarrow how);
// Vn as such an operand.
IRRef simd_wide_n(ArmCtx *c, const Simd *s);

// Rounded right shift of lanes, 1 <= n <= lane bits.
IRRef simd_shr_round(ArmCtx *c, IRRef v, unsigned esize, unsigned n, bool is_signed);

// Structures of 1 to 4 elements in memory, one register for each place: registers rt, rt + 1, ...
typedef struct SimdStructs {
    unsigned rt, esize, n_regs;
    bool interleaved; // LD2-4; LD1 of several registers just follows memory
    bool q, load;
} SimdStructs;
// The memory of all registers as 16-byte pieces, the last one of 8 (log2: 3) if that is what
// remains.
unsigned simd_n_pieces(const SimdStructs *s);
unsigned simd_piece_size(const SimdStructs *s, unsigned piece);
// Between those pieces and the registers' values, of 2 to 4 registers.
void simd_take_apart(ArmCtx *c, const SimdStructs *s, const IRRef *mem, IRRef *reg);
void simd_put_together(ArmCtx *c, const SimdStructs *s, const IRRef *reg, IRRef *mem);

// Operations that have both forms, by file.
extern SimdFn simd_add, simd_sub, simd_cmgt, simd_cmge, simd_cmhi, simd_cmhs, simd_cmeq, simd_cmtst,
    simd_sqadd, simd_uqadd, simd_sqsub, simd_uqsub, simd_sshl, simd_ushl, simd_srshl, simd_urshl,
    simd_sqshl, simd_uqshl, simd_sqrshl, simd_uqrshl, simd_sqdmulh, simd_sqrdmulh, simd_sqrdmlah,
    simd_sqrdmlsh, simd_mul, simd_mla, simd_mls, simd_udot, simd_sdot, simd_usdot, simd_sudot,
    simd_smax, simd_smin, simd_umax, simd_umin, simd_sabd, simd_uabd, simd_saba, simd_uaba,
    simd_shadd, simd_uhadd, simd_srhadd, simd_urhadd, simd_shsub, simd_uhsub, simd_pmul, simd_addp,
    simd_smaxp, simd_sminp, simd_umaxp, simd_uminp, simd_and, simd_bic, simd_orr, simd_orn,
    simd_eor, simd_bsl, simd_bit, simd_bif, simd_ummla, simd_smmla, simd_usmmla;
extern SimdFn simd_abs, simd_neg, simd_cmgt0, simd_cmge0, simd_cmeq0, simd_cmle0, simd_cmlt0,
    simd_sqabs, simd_sqneg, simd_suqadd, simd_usqadd, simd_sqxtn, simd_uqxtn, simd_sqxtun, simd_cls,
    simd_clz, simd_cnt, simd_not, simd_rbit, simd_rev64, simd_rev32, simd_rev16, simd_saddlp,
    simd_uaddlp, simd_sadalp, simd_uadalp, simd_xtn, simd_shll, simd_urecpe, simd_ursqrte;
extern SimdFn simd_sqdmlal, simd_sqdmlsl, simd_sqdmull, simd_smull, simd_umull, simd_smlal,
    simd_umlal, simd_smlsl, simd_umlsl, simd_saddl, simd_uaddl, simd_ssubl, simd_usubl, simd_saddw,
    simd_uaddw, simd_ssubw, simd_usubw, simd_sabdl, simd_uabdl, simd_sabal, simd_uabal, simd_addhn,
    simd_raddhn, simd_subhn, simd_rsubhn, simd_pmull8, simd_pmull64;
extern SimdFn simd_sshr, simd_ushr, simd_ssra, simd_usra, simd_srshr, simd_urshr, simd_srsra,
    simd_ursra, simd_shl, simd_sri, simd_sli, simd_sqshl_imm, simd_uqshl_imm, simd_sqshlu_imm,
    simd_sqshrn, simd_sqrshrn, simd_uqshrn, simd_uqrshrn, simd_sqshrun, simd_sqrshrun, simd_shrn,
    simd_rshrn, simd_sshll, simd_ushll;
// Floating point: esize 1, 2 or 3.
extern SimdFn simd_fmla, simd_fmls, simd_fmul, simd_fmulx, simd_fadd, simd_fsub, simd_fdiv,
    simd_fmax, simd_fmin, simd_fmaxnm, simd_fminnm, simd_fcmeq, simd_fcmge, simd_fcmgt, simd_facge,
    simd_facgt, simd_fabd, simd_frecps, simd_frsqrts, simd_faddp, simd_fmaxp, simd_fminp,
    simd_fmaxnmp, simd_fminnmp, simd_fabs, simd_fneg, simd_fsqrt, simd_frintn, simd_frintp,
    simd_frintm, simd_frintz, simd_frinta, simd_frinti, simd_frintx, simd_frint32z, simd_frint32x,
    simd_frint64z, simd_frint64x, simd_frecpe, simd_frsqrte, simd_frecpx, simd_fcmgt0, simd_fcmge0,
    simd_fcmeq0, simd_fcmle0, simd_fcmlt0;
extern SimdFn simd_scvtf, simd_ucvtf, simd_fcvtns, simd_fcvtnu, simd_fcvtms, simd_fcvtmu,
    simd_fcvtps, simd_fcvtpu, simd_fcvtzs, simd_fcvtzu, simd_fcvtas, simd_fcvtau, simd_scvtf_fix,
    simd_ucvtf_fix, simd_fcvtzs_fix, simd_fcvtzu_fix;

#endif
