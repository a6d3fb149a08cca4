// Lane access for the C vector helpers. A loop over lanes reads through these with the size as a
// constant of the switch that EACH_SIZE makes, so that the compiler sees one plain loop a size.
#ifndef TARGET_ARM_HELPERS_SIMD_LANES_H
#define TARGET_ARM_HELPERS_SIMD_LANES_H

#include "target-arm/fp_exact.h"
#include "target-arm/helpers_simd.h"

static inline uint64_t lane_u(const V128 *v, unsigned esize, unsigned i)
{
    switch (esize) {
    case 0:
        return v->u8[i];
    case 1:
        return v->u16[i];
    case 2:
        return v->u32[i];
    default:
        return v->u64[i];
    }
}

static inline int64_t lane_s(const V128 *v, unsigned esize, unsigned i)
{
    switch (esize) {
    case 0:
        return v->s8[i];
    case 1:
        return v->s16[i];
    case 2:
        return v->s32[i];
    default:
        return v->s64[i];
    }
}

static inline void set_lane(V128 *v, unsigned esize, unsigned i, uint64_t x)
{
    switch (esize) {
    case 0:
        v->u8[i] = (uint8_t)x;
        break;
    case 1:
        v->u16[i] = (uint16_t)x;
        break;
    case 2:
        v->u32[i] = (uint32_t)x;
        break;
    default:
        v->u64[i] = x;
        break;
    }
}

// Calls fn, an inline function, with a constant esize.
#define EACH_SIZE(desc, fn, ...)                                                                   \
    do {                                                                                           \
        switch (arm_vdesc_esize(desc)) {                                                           \
        case 0:                                                                                    \
            fn(0, __VA_ARGS__);                                                                    \
            break;                                                                                 \
        case 1:                                                                                    \
            fn(1, __VA_ARGS__);                                                                    \
            break;                                                                                 \
        case 2:                                                                                    \
            fn(2, __VA_ARGS__);                                                                    \
            break;                                                                                 \
        default:                                                                                   \
            fn(3, __VA_ARGS__);                                                                    \
            break;                                                                                 \
        }                                                                                          \
    } while (0)

// Wide enough for any sum, difference, or shifted value here.
typedef __int128 wide_t;

static inline wide_t max_signed(unsigned bits)
{
    return ((wide_t)1 << (bits - 1)) - 1;
}
static inline wide_t max_unsigned(unsigned bits)
{
    return ((wide_t)1 << bits) - 1;
}
static inline uint64_t saturate(wide_t x, wide_t lo, wide_t hi, bool *sat)
{
    if (x < lo) {
        *sat = true;
        return (uint64_t)lo;
    }
    if (x > hi) {
        *sat = true;
        return (uint64_t)hi;
    }
    return (uint64_t)x;
}
static inline uint64_t saturate_s(wide_t x, unsigned bits, bool *sat)
{
    return saturate(x, -max_signed(bits) - 1, max_signed(bits), sat);
}
static inline uint64_t saturate_u(wide_t x, unsigned bits, bool *sat)
{
    return saturate(x, 0, max_unsigned(bits), sat);
}

static inline void note_saturation(VCPU *v, bool sat)
{
    if (sat) {
        arm_cpu(v)->fpsr |= FPSR_QC;
    }
}

#endif
