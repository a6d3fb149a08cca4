// Shifts by register and saturating left shifts: helpers_simd.h.
#include "target-arm/helpers_simd_lanes.h"

// x * 2^n exactly if it fits, else beyond any lane's range with x's sign; right shifts round down,
// or to nearest (half up) if asked to. The lane has `bits` bits; |x| < 2^64.
static inline wide_t shifted(wide_t x, int n, unsigned bits, bool round)
{
    if (n >= 0) {
        wide_t huge = (wide_t)1 << 120;
        if (n >= (int)bits) {
            return x == 0 ? 0 : x < 0 ? -huge : huge;
        }
        return x > huge >> n ? huge : x * ((wide_t)1 << n);
    }
    n = -n;
    if (n > (int)bits) { // the rounding constant exceeds every |x|, or ties at exactly half
        return round ? 0 : (x < 0 ? -1 : 0);
    }
    return (x + (round ? (wide_t)1 << (n - 1) : 0)) >> n;
}

enum { SIGNED = 1, ROUND = 2, SATURATE = 4 };

static inline __attribute__((always_inline)) void
by_register(unsigned esize, V128 *d, const V128 *a, const V128 *b, unsigned how, bool *sat)
{
    unsigned bits = 8u << esize;
    for (unsigned i = 0; i < 16u >> esize; i++) {
        wide_t x = (how & SIGNED) ? (wide_t)lane_s(a, esize, i) : (wide_t)lane_u(a, esize, i);
        int n = (int8_t)lane_u(b, esize, i);
        uint64_t r;
        if (!(how & SATURATE) && n >= 0) {
            r = n >= (int)bits ? 0 : (uint64_t)x << n;
        } else {
            wide_t y = shifted(x, n, bits, how & ROUND);
            r = !(how & SATURATE) ? (uint64_t)y
                : (how & SIGNED)  ? saturate_s(y, bits, sat)
                                  : saturate_u(y, bits, sat);
        }
        set_lane(d, esize, i, r);
    }
}

#define BY_REGISTER(name, how)                                                                     \
    static void do_##name(VCPU *v, V128 *d, const V128 *a, const V128 *b, const V128 *c,           \
                          uint32_t desc)                                                           \
    {                                                                                              \
        bool sat = false;                                                                          \
        V128 x = *a, y = *b;                                                                       \
        (void)c;                                                                                   \
        EACH_SIZE(desc, by_register, d, &x, &y, how, &sat);                                        \
        note_saturation(v, sat);                                                                   \
    }                                                                                              \
    const IRVHelper arm_hv_##name = {#name, do_##name, 0};

BY_REGISTER(sshl, SIGNED)
BY_REGISTER(ushl, 0)
BY_REGISTER(srshl, SIGNED | ROUND)
BY_REGISTER(urshl, ROUND)
BY_REGISTER(sqshl, SIGNED | SATURATE)
BY_REGISTER(uqshl, SATURATE)
BY_REGISTER(sqrshl, SIGNED | ROUND | SATURATE)
BY_REGISTER(uqrshl, ROUND | SATURATE)

// --- left by the immediate, saturating; `to_signed` tells the range of the result

static inline __attribute__((always_inline)) void left(unsigned esize, V128 *d, const V128 *a,
                                                       unsigned n, bool from_signed, bool to_signed,
                                                       bool *sat)
{
    unsigned bits = 8u << esize;
    for (unsigned i = 0; i < 16u >> esize; i++) {
        wide_t x = from_signed ? (wide_t)lane_s(a, esize, i) : (wide_t)lane_u(a, esize, i);
        x = shifted(x, (int)n, bits, false);
        set_lane(d, esize, i, to_signed ? saturate_s(x, bits, sat) : saturate_u(x, bits, sat));
    }
}

#define LEFT(name, from_signed, to_signed)                                                         \
    static void do_##name(VCPU *v, V128 *d, const V128 *a, const V128 *b, const V128 *c,           \
                          uint32_t desc)                                                           \
    {                                                                                              \
        bool sat = false;                                                                          \
        V128 x = *a;                                                                               \
        (void)b;                                                                                   \
        (void)c;                                                                                   \
        EACH_SIZE(desc, left, d, &x, arm_vdesc_imm(desc), from_signed, to_signed, &sat);           \
        note_saturation(v, sat);                                                                   \
    }                                                                                              \
    const IRVHelper arm_hv_##name = {#name, do_##name, 0};

LEFT(sqshl_imm, true, true)
LEFT(uqshl_imm, false, false)
LEFT(sqshlu_imm, true, false)
