// The interpreter's vector and FP ops: lanes to and from integers, and the bridges to the reference
// functions (interp_vector_*.c) and to the exact FP functions of a target.
#include "tcg-like/interp_ops.h"

uint32_t ir_vector_desc(const IRInsn *i)
{
    return i->aux | (uint32_t)(i->aux2 | (i->imm & 0xffff)) << 16;
}

IRVFn *ir_vector_fn(IROpcode op)
{
    static IRVFn *const table[IR_OPCODES] = {
#define V(name) [IR_##name] = ir_ref_##name,
        IR_VECTOR_OPS(V)
#undef V
    };
    return table[op];
}

#define V(name)                                                                                    \
    INTERP(name)                                                                                   \
    {                                                                                              \
        ir_ref_##name(v, r, VARG(0), VARG(1), VARG(2), ir_vector_desc(i));                         \
        NEXT;                                                                                      \
    }
IR_VECTOR_OPS(V)
#undef V

// --- lanes and integers
INTERP(vfromg)
{
    uint64_t x = ARG(0) & mask64(8u << (i->aux & 3));
    *r = (V128){.u64 = {x}};
    NEXT;
}

INTERP(vdup)
{
    uint64_t x = ARG(0);
    for (unsigned k = 0; k < 16u >> (i->aux & 3); k++) {
        vector_set_lane(r, i->aux & 3, k, x);
    }
    NEXT;
}

INTERP(vget)
{
    uint64_t x = vector_lane(&val[i->arg[0]], i->aux & 3, i->aux >> 8);
    r->u64[0] = IS64 ? x : (uint32_t)x;
    NEXT;
}

INTERP(vgets)
{
    uint64_t x = vector_lane(&val[i->arg[0]], i->aux & 3, i->aux >> 8);
    x = (uint64_t)sextract64(x, 0, 8u << (i->aux & 3));
    r->u64[0] = IS64 ? x : (uint32_t)x;
    NEXT;
}

INTERP(vset)
{
    *r = val[i->arg[0]];
    vector_set_lane(r, i->aux & 3, i->aux >> 8, ARG(1));
    NEXT;
}

// --- floating point
uint32_t ir_fp_desc(const IRBlock *b, const IRInsn *i)
{
    bool from_int = i->op == IR_fs2f || i->op == IR_fu2f;
    bool to_int = i->op == IR_ff2s || i->op == IR_ff2u;
    bool wide = (from_int && b->insn[i->arg[0]].type == IR_I64) || (to_int && i->type == IR_I64);
    return i->aux | (uint32_t)i->aux2 << 16 | (wide ? UINT32_C(1) << 31 : 0);
}

#define FP(name)                                                                                   \
    INTERP(name)                                                                                   \
    {                                                                                              \
        const IRVHelper *h = (const IRVHelper *)(uintptr_t)i->imm;                                 \
        h->fn(v, r, VARG(0), VARG(1), VARG(2), ir_fp_desc(b, i));                                  \
        NEXT;                                                                                      \
    }
// Results that are not vectors: mask tells which bits of them count.
#define FP_TO_INT(name, mask)                                                                      \
    INTERP(name)                                                                                   \
    {                                                                                              \
        const IRVHelper *h = (const IRVHelper *)(uintptr_t)i->imm;                                 \
        h->fn(v, r, VARG(0), VARG(1), VARG(2), ir_fp_desc(b, i));                                  \
        r->u64[0] &= (mask);                                                                       \
        NEXT;                                                                                      \
    }

// The other lanes of a scalar result may be a's.
static void keep_lanes(const IRInsn *i, V128 *r, const V128 *a)
{
    if (i->aux & IR_FP_KEEP) {
        uint64_t x = vector_lane(r, i->aux & 3, 0);
        *r = *a;
        vector_set_lane(r, i->aux & 3, 0, x);
    }
}

#define FP_KEEP(name)                                                                              \
    INTERP(name)                                                                                   \
    {                                                                                              \
        const IRVHelper *h = (const IRVHelper *)(uintptr_t)i->imm;                                 \
        h->fn(v, r, VARG(0), VARG(1), VARG(2), ir_fp_desc(b, i));                                  \
        keep_lanes(i, r, VARG(0));                                                                 \
        NEXT;                                                                                      \
    }

FP_KEEP(fadd)
FP_KEEP(fsub)
FP_KEEP(fmul)
FP_KEEP(fdiv)
FP_KEEP(fsqrt)
FP(fma)
FP_KEEP(fmin)
FP_KEEP(fmax)
FP(fceq)
FP(fcge)
FP(fcgt)
FP_KEEP(fcmpp)
FP_KEEP(fround)
FP(fcvt)
FP(fs2f)
FP(fu2f)
FP(vs2f)
FP(vu2f)
FP(vf2s)
FP(vf2u)
FP(vw2f)
FP(vf2w)
FP_TO_INT(ff2s, IS64 ? UINT64_MAX : UINT32_MAX)
FP_TO_INT(ff2u, IS64 ? UINT64_MAX : UINT32_MAX)
FP_TO_INT(f_fcmp, IR_FLAG_MASK)
