// Reference functions of the vector ops that compute: bitwise, lane arithmetic, compares, shifts,
// widening products. desc is aux | (aux2 or imm) << 16, and aux the esize.
#include "tcg-like/interp_ops.h"

// --- bitwise
#define BITWISE(name, expr)                                                                        \
    VECTOR_FN(name)                                                                                \
    {                                                                                              \
        V128 r;                                                                                    \
        for (unsigned k = 0; k < 2; k++) {                                                         \
            r.u64[k] = (expr);                                                                     \
        }                                                                                          \
        *d = r;                                                                                    \
    }
BITWISE(vand, a->u64[k] & b->u64[k])
BITWISE(vor, a->u64[k] | b->u64[k])
BITWISE(vxor, a->u64[k] ^ b->u64[k])
BITWISE(vandn, a->u64[k] & ~b->u64[k])
BITWISE(vorn, a->u64[k] | ~b->u64[k])
BITWISE(vnot, ~a->u64[k])
BITWISE(vbsl, (a->u64[k] & b->u64[k]) | (~a->u64[k] & c->u64[k]))

// --- lane by lane. In expr: x and y are the lanes as type T, U and S its unsigned and signed
// forms; the value is cut to the lane. count = desc >> 16.
#define LANE_LOOP(T, UT, ST, field, n, expr)                                                       \
    for (unsigned k = 0; k < (n); k++) {                                                           \
        typedef UT U __attribute__((unused));                                                      \
        typedef ST S __attribute__((unused));                                                      \
        T x = (T)a->field[k];                                                                      \
        T y __attribute__((unused)) = (T)b->field[k];                                              \
        r.field[k] = (UT)(expr);                                                                   \
    }
#define LANES_OF(name, P, second, expr)                                                            \
    VECTOR_FN(name)                                                                                \
    {                                                                                              \
        unsigned count __attribute__((unused)) = desc >> 16;                                       \
        V128 r;                                                                                    \
        b = second;                                                                                \
        switch (desc & 3) {                                                                        \
        case 0:                                                                                    \
            LANE_LOOP(P##int8_t, uint8_t, int8_t, u8, 16, expr)                                    \
            break;                                                                                 \
        case 1:                                                                                    \
            LANE_LOOP(P##int16_t, uint16_t, int16_t, u16, 8, expr)                                 \
            break;                                                                                 \
        case 2:                                                                                    \
            LANE_LOOP(P##int32_t, uint32_t, int32_t, u32, 4, expr)                                 \
            break;                                                                                 \
        default:                                                                                   \
            LANE_LOOP(P##int64_t, uint64_t, int64_t, u64, 2, expr)                                 \
            break;                                                                                 \
        }                                                                                          \
        *d = r;                                                                                    \
    }
#define U1(name, expr) LANES_OF(name, u, a, expr)
#define U2(name, expr) LANES_OF(name, u, b, expr)
#define S1(name, expr) LANES_OF(name, , a, expr)
#define S2(name, expr) LANES_OF(name, , b, expr)
#define ALL_ONES(c)    ((c) ? (U)-1 : 0)
#define LANE_BITS      (8 * sizeof(U))
#define S_MAX          ((U)((U)-1 >> 1))
#define SATURATE_S(op)                                                                             \
    ({                                                                                             \
        S sum;                                                                                     \
        __builtin_##op##_overflow(x, y, &sum) ? (U)(S_MAX + (x < 0)) : (U)sum;                     \
    })
#define SATURATE_U(op, bound)                                                                      \
    ({                                                                                             \
        U sum;                                                                                     \
        __builtin_##op##_overflow(x, y, &sum) ? (U)(bound) : sum;                                  \
    })

U2(vadd, x + y)
U2(vsub, x - y)
U2(vmul, (uint64_t)x *y)
U1(vneg, -x)
S1(vabs, x < 0 ? -(U)x : (U)x)
U2(vceq, ALL_ONES(x == y))
S2(vcgt, ALL_ONES(x > y))
S2(vcge, ALL_ONES(x >= y))
U2(vcgtu, ALL_ONES(x > y))
U2(vcgeu, ALL_ONES(x >= y))
U2(vctst, ALL_ONES(x &y))
S2(vmins, x < y ? x : y)
S2(vmaxs, x > y ? x : y)
U2(vminu, x < y ? x : y)
U2(vmaxu, x > y ? x : y)
S2(vqadds, SATURATE_S(add))
S2(vqsubs, SATURATE_S(sub))
U2(vqaddu, SATURATE_U(add, -1))
U2(vqsubu, SATURATE_U(sub, 0))
U2(vavgu, ((unsigned __int128)x + y + 1) >> 1)
S2(vabds, x > y ? (U)x - (U)y : (U)y - (U)x)
U2(vabdu, x > y ? x - y : y - x)
U1(vshli, count < LANE_BITS ? (uint64_t)x << count : 0)
U1(vshri, count < LANE_BITS ? x >> count : 0)
S1(vsari, x >> (count < LANE_BITS ? count : LANE_BITS - 1))

VECTOR_FN(vcnt)
{
    V128 r;
    for (unsigned k = 0; k < 16; k++) {
        r.u8[k] = (uint8_t)__builtin_popcount(a->u8[k]);
    }
    *d = r;
}

VECTOR_FN(vaddp)
{
    unsigned esize = desc & 3, half = 8u >> esize;
    V128 r;
    for (unsigned k = 0; k < 2 * half; k++) {
        const V128 *from = k < half ? a : b;
        unsigned lane = 2 * (k % half);
        vector_set_lane(&r, esize, k,
                        vector_lane(from, esize, lane) + vector_lane(from, esize, lane + 1));
    }
    *d = r;
}

// --- widening products of the lanes from `first` on
static inline int64_t signed_lane(const V128 *v, unsigned esize, unsigned lane)
{
    return sextract64(vector_lane(v, esize, lane), 0, 8u << esize);
}

static void mull(V128 *d, const V128 *a, const V128 *b, unsigned esize, bool high, bool sign)
{
    unsigned n = 8u >> esize, first = high ? n : 0;
    V128 r;
    for (unsigned k = 0; k < n; k++) {
        uint64_t p =
            sign ? (uint64_t)(signed_lane(a, esize, first + k) * signed_lane(b, esize, first + k))
                 : vector_lane(a, esize, first + k) * vector_lane(b, esize, first + k);
        vector_set_lane(&r, esize + 1, k, p);
    }
    *d = r;
}

#define MULL(name, high, sign)                                                                     \
    VECTOR_FN(name)                                                                                \
    {                                                                                              \
        mull(d, a, b, MIN_OF(desc & 3, 2u), high, sign);                                           \
    }
MULL(vmull_s, false, true)
MULL(vmull_u, false, false)
MULL(vmull2_s, true, true)
MULL(vmull2_u, true, false)
