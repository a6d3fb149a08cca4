// Reference functions of the vector ops that move lanes. desc is aux | (aux2 or imm) << 16.
#include "tcg-like/interp_ops.h"

VECTOR_FN(vzext)
{
    *d = (V128){.u64 = {vector_lane(a, desc & 3, 0)}};
}

VECTOR_FN(vduplane)
{
    uint64_t x = vector_lane(a, desc & 3, desc >> 8 & 15);
    V128 r;
    for (unsigned k = 0; k < 16u >> (desc & 3); k++) {
        vector_set_lane(&r, desc & 3, k, x);
    }
    *d = r;
}

VECTOR_FN(vmovlane)
{
    V128 r = *a;
    vector_set_lane(&r, desc & 3, desc >> 8 & 15, vector_lane(b, desc & 3, desc >> 12 & 15));
    *d = r;
}

// Lane k of the result is lane `index` of a, or of b from the number of lanes on. n and k can be
// used in index.
#define PERMUTE(name, index)                                                                       \
    VECTOR_FN(name)                                                                                \
    {                                                                                              \
        unsigned esize = desc & 3, n = 16u >> esize;                                               \
        V128 r;                                                                                    \
        for (unsigned k = 0; k < n; k++) {                                                         \
            unsigned from = (index);                                                               \
            vector_set_lane(&r, esize, k, vector_lane(from < n ? a : b, esize, from % n));         \
        }                                                                                          \
        *d = r;                                                                                    \
    }
PERMUTE(vzip1, k / 2 + (k & 1) * n)
PERMUTE(vzip2, k / 2 + n / 2 + (k & 1) * n)
PERMUTE(vuzp1, 2 * k)
PERMUTE(vuzp2, 2 * k + 1)
PERMUTE(vtrn1, (k & ~1u) + (k & 1) * n)
PERMUTE(vtrn2, (k | 1) + (k & 1) * n)

VECTOR_FN(vext)
{
    unsigned first = desc >> 16 & 15;
    V128 r;
    for (unsigned k = 0; k < 16; k++) {
        r.u8[k] = first + k < 16 ? a->u8[first + k] : b->u8[first + k - 16];
    }
    *d = r;
}

VECTOR_FN(vrev)
{
    unsigned esize = desc & 3, container = desc >> 16 & 3;
    unsigned flip = container > esize ? (1u << (container - esize)) - 1 : 0;
    V128 r;
    for (unsigned k = 0; k < 16u >> esize; k++) {
        vector_set_lane(&r, esize, k, vector_lane(a, esize, k ^ flip));
    }
    *d = r;
}

VECTOR_FN(vtbl)
{
    V128 r;
    for (unsigned k = 0; k < 16; k++) {
        r.u8[k] = b->u8[k] < 16 ? a->u8[b->u8[k]] : 0;
    }
    *d = r;
}

static void widen(V128 *d, const V128 *a, unsigned esize, bool high, bool sign)
{
    unsigned n = 8u >> esize;
    V128 r;
    for (unsigned k = 0; k < n; k++) {
        uint64_t x = vector_lane(a, esize, k + (high ? n : 0));
        vector_set_lane(&r, esize + 1, k, sign ? (uint64_t)sextract64(x, 0, 8u << esize) : x);
    }
    *d = r;
}

#define WIDEN(name, high, sign)                                                                    \
    VECTOR_FN(name)                                                                                \
    {                                                                                              \
        widen(d, a, MIN_OF(desc & 3, 2u), high, sign);                                             \
    }
WIDEN(vwiden_s, false, true)
WIDEN(vwiden_u, false, false)
WIDEN(vwiden2_s, true, true)
WIDEN(vwiden2_u, true, false)

static uint64_t narrow(const V128 *a, unsigned esize)
{
    V128 r = {.u64 = {0}};
    for (unsigned k = 0; k < 16u >> esize; k++) {
        vector_set_lane(&r, esize - 1, k, vector_lane(a, esize, k));
    }
    return r.u64[0];
}

VECTOR_FN(vnarrow)
{
    *d = (V128){.u64 = {narrow(a, MAX_OF(desc & 3, 1u))}};
}

VECTOR_FN(vnarrow2)
{
    *d = (V128){.u64 = {a->u64[0], narrow(b, MAX_OF(desc & 3, 1u))}};
}
