// How the exact FP functions walk over lanes.
#ifndef TARGET_ARM_FP_LANES_H
#define TARGET_ARM_FP_LANES_H

#include "target-arm/fp_exact.h"

static inline uint64_t fp_lane(const V128 *v, SfFormat f, unsigned i)
{
    switch (f) {
    case SF_F64:
        return v->u64[i];
    case SF_F32:
        return v->u32[i];
    default:
        return v->u16[i];
    }
}

static inline void fp_set_lane(V128 *v, SfFormat f, unsigned i, uint64_t x)
{
    switch (f) {
    case SF_F64:
        v->u64[i] = x;
        break;
    case SF_F32:
        v->u32[i] = (uint32_t)x;
        break;
    default:
        v->u16[i] = (uint16_t)x;
        break;
    }
}

static inline unsigned fp_lanes(uint32_t desc)
{
    return desc & IR_FP_SCALAR ? 1 : 16u >> (desc & 3);
}

// On one lane of a, b and c; unused ones arrive as 0.
typedef uint64_t FpLaneFn(SfStatus *s, SfFormat f, uint64_t a, uint64_t b, uint64_t c);

// Applies fn to the lanes that desc names; other lanes of *d become zero. b and c may be NULL.
void fp_each_lane(VCPU *v, FpLaneFn *fn, V128 *d, const V128 *a, const V128 *b, const V128 *c,
                  uint32_t desc);

#define FP_LANES_NAMED(name, lane_fn)                                                              \
    static void do_##name(VCPU *v, V128 *d, const V128 *a, const V128 *b, const V128 *c,           \
                          uint32_t desc)                                                           \
    {                                                                                              \
        fp_each_lane(v, lane_fn, d, a, b, c, desc);                                                \
    }                                                                                              \
    const IRVHelper arm_fx_##name = {"fx_" #name, do_##name, 0};
#define FP_LANES(name) FP_LANES_NAMED(name, name)

#endif
