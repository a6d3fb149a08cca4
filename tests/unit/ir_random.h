// Random IR for tests: blocks that are sound by construction, over the vCPU's registers and a small
// arena of guest memory, with helpers whose results depend on everything they are given.
#ifndef TESTS_IR_RANDOM_H
#define TESTS_IR_RANDOM_H

#include <stdlib.h>
#include "accel/vcpu.h"
#include "softmmu/softmmu.h"
#include "tcg-like/builder.h"
#include "tcg-like/passes.h"

typedef struct Random {
    uint64_t x;
} Random;

static inline uint64_t rnd64(Random *r)
{
    r->x ^= r->x << 13;
    r->x ^= r->x >> 7;
    r->x ^= r->x << 17;
    return r->x * UINT64_C(0x2545f4914f6cdd1d);
}

static inline unsigned rnd(Random *r, unsigned below)
{
    return (unsigned)((rnd64(r) >> 33) % below);
}

static inline Random random_seeded(uint64_t seed)
{
    Random r = {seed * UINT64_C(0x9e3779b97f4a7c15) + 1};
    for (int k = 0; k < 8; k++) {
        rnd64(&r);
    }
    return r;
}

// Numbers at which arithmetic goes wrong, more often than others.
static inline uint64_t rnd_number(Random *r)
{
    switch (rnd(r, 6)) {
    case 0:
        return rnd(r, 3) - 1; // 0, 1, all ones of 32 bits
    case 1:
        return (uint64_t)(int64_t)(int32_t)rnd64(r);
    case 2:
        return (UINT64_C(1) << rnd(r, 64)) - rnd(r, 2);
    case 3:
        return ~(UINT64_C(1) << rnd(r, 64)) + rnd(r, 2);
    case 4:
        return rnd(r, 256);
    default:
        return rnd64(r);
    }
}

static inline void random_state(Random *r, VCPU *v)
{
    for (unsigned k = 0; k < 32; k++) {
        v->gpr[k] = rnd_number(r);
        v->vec[k].u64[0] = rnd_number(r);
        v->vec[k].u64[1] = rnd_number(r);
    }
    v->flags = (uint16_t)(rnd64(r) & 0xff01); // the high byte may have other bits set
}

// --- building
enum { RANDOM_VALUES = 256 };

typedef struct RandomBlock {
    Random *r;
    IRBlock *b;
    const IRVHelper *const *exact; // of the FP ops, by op
    IRRef value[5][RANDOM_VALUES];
    unsigned n_values[5];
} RandomBlock;

static inline IRRef keep(RandomBlock *g, IRRef ref)
{
    unsigned t = g->b->insn[ref].type;
    if (t != IR_VOID) {
        g->value[t][g->n_values[t]++ % RANDOM_VALUES] = ref;
    }
    return ref;
}

static inline IRRef random_get(RandomBlock *g, IRType t)
{
    Random *r = g->r;
    unsigned reg = rnd(r, 6);
    switch (t) {
    case IR_I64:
        return rnd(r, 3) ? ir_get(g->b, t, offsetof(VCPU, gpr[reg]))
                         : ir_get_n(g->b, t, offsetof(VCPU, gpr[reg]), 1u << rnd(r, 4));
    case IR_I32:
        return rnd(r, 3) ? ir_get_n(g->b, t, offsetof(VCPU, gpr[reg]), 1u << rnd(r, 3))
                         : ir_get_n(g->b, t, offsetof(VCPU, vec[reg]) + 4 * rnd(r, 4), 4);
    case IR_V128:
        return ir_get(g->b, t, offsetof(VCPU, vec[reg]));
    default:
        return ir_get(g->b, t, offsetof(VCPU, flags));
    }
}

static inline IRRef random_const(RandomBlock *g, IRType t)
{
    switch (t) {
    case IR_V128:
        return ir_vconst(g->b, rnd_number(g->r), rnd_number(g->r));
    case IR_FLAGS:
        return ir_fconst(g->b, (unsigned)rnd64(g->r) & IR_FLAG_MASK);
    default:
        return ir_const(g->b, t, rnd_number(g->r));
    }
}

static inline IRRef random_value(RandomBlock *g, IRType t)
{
    unsigned n = MIN_OF(g->n_values[t], (unsigned)RANDOM_VALUES), how = rnd(g->r, 8);
    if (n && how < 5) {
        unsigned recent = MIN_OF(n, 8u);
        unsigned k =
            rnd(g->r, 2) ? rnd(g->r, n) : (g->n_values[t] - 1 - rnd(g->r, recent)) % RANDOM_VALUES;
        return g->value[t][k];
    }
    return keep(g, how == 5 ? random_const(g, t) : random_get(g, t));
}

static inline void random_put(RandomBlock *g)
{
    unsigned reg = rnd(g->r, 6);
    switch (rnd(g->r, 6)) {
    case 0:
        ir_put(g->b, offsetof(VCPU, vec[reg]), random_value(g, IR_V128));
        break;
    case 1:
        ir_put(g->b, offsetof(VCPU, flags), random_value(g, IR_FLAGS));
        break;
    case 2:
        ir_put_n(g->b, offsetof(VCPU, gpr[reg]) + 4 * rnd(g->r, 2), random_value(g, IR_I32),
                 1u << rnd(g->r, 3));
        break;
    case 3:
        ir_put_n(g->b, offsetof(VCPU, vec[reg]) + 8 * rnd(g->r, 2), random_value(g, IR_I64),
                 1u << rnd(g->r, 4));
        break;
    default:
        ir_put(g->b, offsetof(VCPU, gpr[reg]), random_value(g, IR_I64));
        break;
    }
}

// Into register reg of the value's kind.
static inline void put_value(IRBlock *b, IRRef x, unsigned reg)
{
    switch (ir_type(b, x)) {
    case IR_V128:
        ir_put(b, offsetof(VCPU, vec[reg]), x);
        break;
    case IR_FLAGS:
        ir_put(b, offsetof(VCPU, flags), x);
        break;
    case IR_I64:
        ir_put(b, offsetof(VCPU, gpr[reg]), x);
        break;
    default:
        ir_put(b, offsetof(VCPU, gpr[reg]), ir_extu(b, x));
        break;
    }
}

static inline bool is_widening(unsigned op)
{
    return (op >= IR_vmull_s && op <= IR_vmull2_u) || (op >= IR_vwiden_s && op <= IR_vwiden2_u);
}

static inline unsigned random_fp_aux(Random *r, unsigned op)
{
    unsigned esize = 1 + rnd(r, 3);
    bool scalar_only = op == IR_fcvt || (op >= IR_fs2f && op <= IR_ff2u);
    return esize | (scalar_only || rnd(r, 2) ? IR_FP_SCALAR : 0);
}

static inline void random_fp_immediates(RandomBlock *g, IRInsn *i)
{
    Random *r = g->r;
    i->imm = (uintptr_t)g->exact[i->op];
    i->aux = (uint16_t)random_fp_aux(r, i->op);
    if (i->op == IR_f_fcmp) {
        i->aux = (uint16_t)((i->aux & 3) | rnd(r, 4) << 4);
    } else if (i->op == IR_fcvt) {
        i->aux2 = (uint16_t)(1 + (i->aux + rnd(r, 2)) % 3); // some other esize
    } else if (i->op == IR_fround) {
        i->aux2 = (uint16_t)(rnd(r, 6) | (rnd(r, 2) ? IR_RND_EXACT : 0));
    } else if (i->op == IR_ff2s || i->op == IR_ff2u || i->op == IR_vf2s || i->op == IR_vf2u) {
        i->aux2 = (uint16_t)rnd(r, 6);
    }
}

static inline void random_vector_immediates(Random *r, IRInsn *i)
{
    unsigned esize = rnd(r, 4);
    if (is_widening(i->op)) {
        esize = rnd(r, 3);
    }
    switch (i->op) {
    case IR_vget:
    case IR_vgets:
        esize = i->type == IR_I32 ? rnd(r, 3) : esize;
        i->aux = (uint16_t)(esize | rnd(r, 16u >> esize) << 8);
        break;
    case IR_vset:
    case IR_vduplane:
        i->aux = (uint16_t)(esize | rnd(r, 16u >> esize) << 8);
        break;
    case IR_vmovlane:
        i->aux = (uint16_t)(esize | rnd(r, 16u >> esize) << 8 | rnd(r, 16u >> esize) << 12);
        break;
    case IR_vavgu:
        i->aux = (uint16_t)rnd(r, 2);
        break;
    case IR_vnarrow:
    case IR_vnarrow2:
        i->aux = (uint16_t)(1 + rnd(r, 3));
        break;
    case IR_vrev:
        i->aux = (uint16_t)rnd(r, 3);
        i->aux2 = (uint16_t)(i->aux + 1 + rnd(r, 3u - i->aux));
        break;
    case IR_vclmul:
        i->aux = (uint16_t)(rnd64(r) & 0x11);
        break;
    case IR_vext:
        i->imm = rnd(r, 16);
        break;
    case IR_vshli:
        i->aux = (uint16_t)esize;
        i->imm = rnd(r, 8u << esize);
        break;
    case IR_vshri:
    case IR_vsari:
        i->aux = (uint16_t)esize;
        i->imm = rnd(r, (8u << esize) + 1);
        break;
    case IR_vshuf32:
    case IR_vblendi:
        i->imm = rnd(r, 256);
        break;
    case IR_sha1rnds4:
        i->imm = rnd(r, 4);
        break;
    case IR_vqpack_s:
    case IR_vqpack_u:
        i->aux = (uint16_t)(1 + rnd(r, 2));
        break;
    case IR_vshl:
    case IR_vshr:
    case IR_vsar:
        i->aux = (uint16_t)(1 + rnd(r, 3));
        break;
    case IR_vshlv:
    case IR_vshrv:
    case IR_vsarv:
        i->aux = (uint16_t)(2 + rnd(r, 2));
        break;
    default:
        i->aux = (uint16_t)esize;
        break;
    }
    bool no_esize = i->op >= IR_vshufb && i->op <= IR_f_vtest && i->op != IR_vblendv &&
                    i->op != IR_vmovmsk && !(i->op >= IR_vqpack_s && i->op <= IR_vsarv);
    bool bitwise =
        no_esize || (i->op >= IR_vand && i->op <= IR_vbsl) || i->op == IR_vcnt || i->op == IR_vtbl;
    if (bitwise || i->op >= IR_aes_enclast) {
        i->aux = 0;
    }
}

static inline void random_immediates(RandomBlock *g, IRInsn *i)
{
    Random *r = g->r;
    unsigned bits = i->type == IR_I64 ? 64 : 32, pos = rnd(r, bits);
    switch (i->op) {
    case IR_zext:
    case IR_sext:
        i->aux = (uint16_t)(8u << rnd(r, 3));
        break;
    case IR_bswap:
        i->aux = (uint16_t)(16u << rnd(r, bits == 64 ? 3 : 2));
        break;
    case IR_extract:
    case IR_sextract:
    case IR_deposit:
        i->aux = (uint16_t)(pos | (1 + rnd(r, bits - pos)) << 8);
        break;
    case IR_extr:
        i->imm = pos;
        break;
    case IR_crc32c:
        i->aux = (uint16_t)rnd(r, 4);
        break;
    case IR_cmpset:
    case IR_select:
        i->aux = (uint16_t)rnd(r, IR_TSTZ + 1);
        break;
    case IR_f_add:
    case IR_f_sub:
    case IR_f_adc:
    case IR_f_sbb:
    case IR_f_logic:
    case IR_f_shr1:
    case IR_f_sar1:
        i->aux = (uint16_t)(8 * rnd(r, 3));
        break;
    case IR_f_test:
    case IR_f_select:
    case IR_f_choose:
        i->aux = (uint16_t)rnd(r, IR_F_NP + 1);
        break;
    default:
        if (i->op == IR_f_fcmp || (i->op >= IR_fadd && i->op <= IR_vf2w)) {
            random_fp_immediates(g, i);
        } else if (i->op >= IR_vzext) {
            random_vector_immediates(r, i);
        }
        break;
    }
}

// Whether random_op can make it: values in, a value out, no control flow and no memory.
static inline bool is_value_op(unsigned op)
{
    return (op >= IR_add && op <= IR_f_fcmp) || (op >= IR_vzext && op <= IR_vf2u);
}

static inline IRType random_letter_type(char letter, IRType own, IRType shared)
{
    switch (letter) {
    case 'T':
        return own;
    case 'S':
        return shared;
    case 'w':
        return IR_I32;
    case 'x':
        return IR_I64;
    case 'v':
        return IR_V128;
    default:
        return IR_FLAGS;
    }
}

static inline IRRef random_op(RandomBlock *g, unsigned op)
{
    const IROpInfo *o = &ir_op_info[op];
    IRType own = rnd(g->r, 2) ? IR_I64 : IR_I32, shared = rnd(g->r, 2) ? IR_I64 : IR_I32;
    IRInsn i = {.op = (uint16_t)op, .arg = {IR_NONE, IR_NONE, IR_NONE, IR_NONE}};
    i.type = (uint8_t)random_letter_type(o->sig[0], own, shared);
    for (unsigned k = 0; k < o->n_args; k++) {
        i.arg[k] = random_value(g, random_letter_type(o->sig[2 + k], own, shared));
    }
    random_immediates(g, &i);
    return keep(g, ir_append(g->b, i));
}

// FP ops need an exact function.
static inline bool can_make(const RandomBlock *g, unsigned op)
{
    bool fp = op == IR_f_fcmp || (op >= IR_fadd && op <= IR_vf2w);
    return is_value_op(op) && (!fp || g->exact[op]);
}

static inline IRRef random_any_op(RandomBlock *g)
{
    unsigned op;
    do {
        op = rnd(g->r, rnd(g->r, 2) ? IR_vzext : IR_OPCODES);
    } while (!can_make(g, op));
    return random_op(g, op);
}

// --- helpers: results mix everything they get
static inline uint64_t mix(uint64_t h, uint64_t x)
{
    h = (h ^ x) * UINT64_C(0xff51afd7ed558ccd);
    return h ^ h >> 32;
}

static inline void mixing_exact(VCPU *v, V128 *d, const V128 *a, const V128 *b, const V128 *c,
                                uint32_t desc)
{
    const V128 *arg[3] = {a, b, c};
    uint64_t h = desc;
    v->halted++; // stands for the sticky flags: each call counts
    for (unsigned k = 0; k < 3; k++) {
        h = mix(h, arg[k] ? arg[k]->u64[0] : k);
    }
    bool scalar = desc & IR_FP_SCALAR; // zeros above lane 0, as ops.h wants
    d->u64[0] = scalar ? mix(h, 1) & 0xff : mix(h, 1);
    d->u64[1] = scalar ? 0 : mix(h, 2);
}

#endif
