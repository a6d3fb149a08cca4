// Inside the interpreter: one function an op, each of which ends by jumping to the next op's.
//
//   val[]  one 16-byte slot an insn; i is the insn under way and r its slot (they advance together)
//   I32 values are kept zero-extended, flags packed and masked
#ifndef TCG_LIKE_INTERP_OPS_H
#define TCG_LIKE_INTERP_OPS_H

#include "accel/vcpu.h"
#include "tcg-like/lanes.h"
#include "tcg-like/passes.h"

#define INTERP_ARGS VCPU *v, const IRInsn *i, V128 *r, V128 *val, const IRBlock *b
typedef IRExit IRInterpFn(INTERP_ARGS);

#define IR_OP(name, sig, eff) IRInterpFn ir_interp_##name;
#include "tcg-like/ops.h"

extern IRInterpFn *const ir_interp_table[IR_OPCODES];

// An op: INTERP(add) { r->u64[0] = ...; NEXT; }. All five arguments are named even if unused.
#define INTERP(name)                                                                               \
    IRExit ir_interp_##name(VCPU *v __attribute__((unused)), const IRInsn *i,                      \
                            V128 *r __attribute__((unused)), V128 *val __attribute__((unused)),    \
                            const IRBlock *b __attribute__((unused)))
// A tail call: with -O2 both compilers make it a jump, without it the stack grows with the block.
#define NEXT return ir_interp_table[i[1].op](v, i + 1, r + 1, val, b)

#define ARG(k)  (val[i->arg[k]].u64[0])
#define VARG(k) (i->arg[k] == IR_NONE ? NULL : &val[i->arg[k]])
#define IS64    (i->type == IR_I64)

static inline IRType interp_arg_type(const IRBlock *b, const IRInsn *i, unsigned k)
{
    return (IRType)b->insn[i->arg[k]].type;
}

// --- vectors: reference functions, shared with ir_vector_fn. Every pure op whose signature has
// vectors only is in this list.
// clang-format off
#define IR_VECTOR_OPS(V)                                                                           \
    V(vzext) V(vduplane) V(vmovlane) V(vand) V(vor) V(vxor) V(vandn) V(vorn) V(vnot) V(vbsl)       \
    V(vadd) V(vsub) V(vmul) V(vneg) V(vabs) V(vceq) V(vcgt) V(vcge) V(vcgtu) V(vcgeu) V(vctst)     \
    V(vmins) V(vmaxs) V(vminu) V(vmaxu) V(vqadds) V(vqaddu) V(vqsubs) V(vqsubu) V(vavgu) V(vabds)  \
    V(vabdu) V(vaddp) V(vmull_s) V(vmull_u) V(vmull2_s) V(vmull2_u) V(vcnt) V(vshli) V(vshri)      \
    V(vsari) V(vzip1) V(vzip2) V(vuzp1) V(vuzp2) V(vtrn1) V(vtrn2) V(vext) V(vrev) V(vtbl)         \
    V(vwiden_s) V(vwiden_u) V(vwiden2_s) V(vwiden2_u) V(vnarrow) V(vnarrow2) V(vclmul)             \
    V(aes_enclast) V(aes_declast) V(aes_mc) V(aes_imc) V(sha1c) V(sha1p) V(sha1m) V(sha1su1)       \
    V(sha256h) V(sha256h2) V(sha256su0) V(sha256su1)                                                      \
    V(vshufb) V(vshuf32) V(vblendi) V(vblendv) V(vmulh_s) V(vmulh_u) V(vmulhr_s) V(vmule_s)        \
    V(vmule_u) V(vmaddp_s) V(vmaddp_us) V(vsadu) V(vqpack_s) V(vqpack_u) V(vshl) V(vshr) V(vsar)   \
    V(vshlv) V(vshrv) V(vsarv) V(aes_enc) V(aes_dec) V(sha1rnds4) V(sha1nexte) V(sha1msg1)         \
    V(sha1msg2) V(sha256rnds2) V(sha256msg1) V(sha256msg2)
// clang-format on

#define V(name) IRVFn ir_ref_##name;
IR_VECTOR_OPS(V)
#undef V

// Opens a reference function. The result goes through a local, as d may be one of the arguments.
#define VECTOR_FN(name)                                                                            \
    void ir_ref_##name(                                                                            \
        VCPU *v __attribute__((unused)), V128 *d, const V128 *a __attribute__((unused)),           \
        const V128 *b __attribute__((unused)), const V128 *c __attribute__((unused)),              \
        uint32_t desc __attribute__((unused)))

#endif
