// Saturating arithmetic, bit counts, polynomials, estimates, dot products: helpers_simd.h.
#include <string.h>

#include "target-arm/helpers_simd_lanes.h"

#define ALWAYS_INLINE inline __attribute__((always_inline))

// --- one operation on lanes of a, b and c, which may saturate

typedef uint64_t LaneFn(unsigned esize, const V128 *a, const V128 *b, const V128 *c, unsigned i,
                        bool *sat);

static ALWAYS_INLINE void each_lane(unsigned esize, LaneFn *fn, V128 *d, const V128 *a,
                                    const V128 *b, const V128 *c, bool *sat)
{
    V128 r;
    for (unsigned i = 0; i < 16u >> esize; i++) {
        set_lane(&r, esize, i, fn(esize, a, b, c, i, sat));
    }
    *d = r;
}

#define LANES(name)                                                                                \
    static void do_##name(VCPU *v, V128 *d, const V128 *a, const V128 *b, const V128 *c,           \
                          uint32_t desc)                                                           \
    {                                                                                              \
        bool sat = false;                                                                          \
        EACH_SIZE(desc, each_lane, name, d, a, b, c, &sat);                                        \
        note_saturation(v, sat);                                                                   \
    }                                                                                              \
    const IRVHelper arm_hv_##name = {#name, do_##name, 0};

#define LANE_ARGS     unsigned esize, const V128 *a, const V128 *b, const V128 *c, unsigned i, bool *sat
#define UNUSED2(x, y) ((void)(x), (void)(y))

static ALWAYS_INLINE uint64_t suqadd(LANE_ARGS)
{
    (void)c;
    return saturate_s((wide_t)lane_u(a, esize, i) + lane_s(b, esize, i), 8u << esize, sat);
}

static ALWAYS_INLINE uint64_t usqadd(LANE_ARGS)
{
    (void)c;
    return saturate_u((wide_t)lane_s(a, esize, i) + lane_u(b, esize, i), 8u << esize, sat);
}

// The accumulator joins before the rounding shift.
static ALWAYS_INLINE uint64_t double_high_add(LANE_ARGS, bool subtract)
{
    unsigned bits = 8u << esize;
    wide_t p = 2 * (wide_t)lane_s(a, esize, i) * lane_s(b, esize, i);
    wide_t x = (wide_t)lane_s(c, esize, i) * ((wide_t)1 << bits);
    x += (subtract ? -p : p) + ((wide_t)1 << (bits - 1));
    return saturate_s(x >> bits, bits, sat);
}

static ALWAYS_INLINE uint64_t sqrdmlah(LANE_ARGS)
{
    return double_high_add(esize, a, b, c, i, sat, false);
}

static ALWAYS_INLINE uint64_t sqrdmlsh(LANE_ARGS)
{
    return double_high_add(esize, a, b, c, i, sat, true);
}

static ALWAYS_INLINE uint64_t clz(LANE_ARGS)
{
    uint64_t x = lane_u(a, esize, i);
    UNUSED2(b, c);
    (void)sat;
    return x ? (unsigned)__builtin_clzll(x) - (64 - (8u << esize)) : 8u << esize;
}

static ALWAYS_INLINE uint64_t cls(LANE_ARGS)
{
    int64_t x = lane_s(a, esize, i);
    UNUSED2(b, c);
    (void)sat;
    x ^= x >> 63;
    return (x ? (unsigned)__builtin_clzll((uint64_t)x) : 64) - (64 - (8u << esize)) - 1;
}

static ALWAYS_INLINE uint64_t pmul(LANE_ARGS)
{
    unsigned x = lane_u(a, esize, i), y = lane_u(b, esize, i), r = 0;
    (void)c;
    (void)sat;
    for (unsigned k = 0; k < 8; k++) {
        r ^= (y >> k & 1) ? x << k : 0;
    }
    return r;
}

LANES(suqadd)
LANES(usqadd)
LANES(sqrdmlah)
LANES(sqrdmlsh)
LANES(clz)
LANES(cls)
LANES(pmul)

static void do_rbit(VCPU *v, V128 *d, const V128 *a, const V128 *b, const V128 *c, uint32_t desc)
{
    (void)v;
    UNUSED2(b, c);
    (void)desc;
    for (unsigned i = 0; i < 2; i++) {
        uint64_t x = a->u64[i];
        x = (x >> 1 & UINT64_C(0x5555555555555555)) | (x & UINT64_C(0x5555555555555555)) << 1;
        x = (x >> 2 & UINT64_C(0x3333333333333333)) | (x & UINT64_C(0x3333333333333333)) << 2;
        x = (x >> 4 & UINT64_C(0x0f0f0f0f0f0f0f0f)) | (x & UINT64_C(0x0f0f0f0f0f0f0f0f)) << 4;
        d->u64[i] = x;
    }
}
const IRVHelper arm_hv_rbit = {"rbit", do_rbit, 0};

static void do_pmull8(VCPU *v, V128 *d, const V128 *a, const V128 *b, const V128 *c, uint32_t desc)
{
    unsigned base = arm_vdesc_imm(desc) * 8;
    V128 r;
    (void)v;
    (void)c;
    for (unsigned i = 0; i < 8; i++) {
        unsigned p = 0;
        for (unsigned k = 0; k < 8; k++) {
            p ^= (b->u8[base + i] >> k & 1) ? (unsigned)a->u8[base + i] << k : 0;
        }
        r.u16[i] = (uint16_t)p;
    }
    *d = r;
}
const IRVHelper arm_hv_pmull8 = {"pmull8", do_pmull8, 0};

// --- estimates: the top nine bits of the operand make nine bits of result

static uint32_t reciprocal_estimate(uint32_t x)
{
    return x >> 31 ? arm_recip_estimate(x >> 23) << 23 : UINT32_MAX;
}

static uint32_t reciprocal_sqrt_estimate(uint32_t x)
{
    return x >> 30 ? arm_recip_sqrt_estimate(x >> 23) << 23 : UINT32_MAX;
}

#define ESTIMATE(name, fn)                                                                         \
    static void do_##name(VCPU *v, V128 *d, const V128 *a, const V128 *b, const V128 *c,           \
                          uint32_t desc)                                                           \
    {                                                                                              \
        (void)v;                                                                                   \
        UNUSED2(b, c);                                                                             \
        (void)desc;                                                                                \
        for (unsigned i = 0; i < 4; i++) {                                                         \
            d->u32[i] = fn(a->u32[i]);                                                             \
        }                                                                                          \
    }                                                                                              \
    const IRVHelper arm_hv_##name = {#name, do_##name, 0};

ESTIMATE(urecpe, reciprocal_estimate)
ESTIMATE(ursqrte, reciprocal_sqrt_estimate)

// --- dot products of bytes

static int signed_or_not(const V128 *v, unsigned i, bool is_signed)
{
    return is_signed ? v->s8[i] : v->u8[i];
}

static uint32_t dot_of(const V128 *a, unsigned i, const V128 *b, unsigned j, unsigned n,
                       unsigned signs)
{
    uint32_t sum = 0;
    for (unsigned k = 0; k < n; k++) {
        sum += (uint32_t)(signed_or_not(a, i + k, signs & 1) * signed_or_not(b, j + k, signs & 2));
    }
    return sum;
}

static void do_dot(VCPU *v, V128 *d, const V128 *a, const V128 *b, const V128 *c, uint32_t desc)
{
    V128 r;
    (void)v;
    for (unsigned i = 0; i < 4; i++) {
        r.u32[i] = c->u32[i] + dot_of(a, 4 * i, b, 4 * i, 4, arm_vdesc_imm(desc));
    }
    *d = r;
}
const IRVHelper arm_hv_dot = {"dot", do_dot, 0};

static void do_mmla(VCPU *v, V128 *d, const V128 *a, const V128 *b, const V128 *c, uint32_t desc)
{
    V128 r;
    (void)v;
    for (unsigned i = 0; i < 4; i++) {
        unsigned row = i / 2 * 8, column = i % 2 * 8;
        r.u32[i] = c->u32[i] + dot_of(a, row, b, column, 8, arm_vdesc_imm(desc));
    }
    *d = r;
}
const IRVHelper arm_hv_mmla = {"mmla", do_mmla, 0};
