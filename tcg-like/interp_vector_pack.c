// Reference functions of the vector ops that multiply and add neighbours, pack with saturation,
// blend, and shift by values. desc is aux | (aux2 or imm) << 16.
#include "tcg-like/interp_ops.h"

// --- permutes and blends
VECTOR_FN(vshufb)
{
    V128 r;
    for (unsigned k = 0; k < 16; k++) {
        r.u8[k] = b->u8[k] & 0x80 ? 0 : a->u8[b->u8[k] & 15];
    }
    *d = r;
}

VECTOR_FN(vshuf32)
{
    unsigned imm = desc >> 16;
    *d = (V128){
        .u32 = {a->u32[imm & 3], a->u32[imm >> 2 & 3], b->u32[imm >> 4 & 3], b->u32[imm >> 6 & 3]}};
}

VECTOR_FN(vblendi)
{
    V128 r;
    for (unsigned k = 0; k < 8; k++) {
        r.u16[k] = desc >> 16 >> k & 1 ? b->u16[k] : a->u16[k];
    }
    *d = r;
}

VECTOR_FN(vblendv)
{
    unsigned esize = desc & 3;
    V128 r;
    for (unsigned k = 0; k < 16u >> esize; k++) {
        bool top = vector_lane(c, esize, k) >> ((8u << esize) - 1);
        vector_set_lane(&r, esize, k, vector_lane(top ? b : a, esize, k));
    }
    *d = r;
}

INTERP(vmovmsk)
{
    unsigned esize = i->aux & 3, bits = 0;
    const V128 *a = VARG(0);
    for (unsigned k = 0; k < 16u >> esize; k++) {
        bits |= (unsigned)(vector_lane(a, esize, k) >> ((8u << esize) - 1)) << k;
    }
    r->u64[0] = bits;
    NEXT;
}

INTERP(f_vtest)
{
    unsigned __int128 x = VARG(0)->u128, y = VARG(1)->u128;
    r->u64[0] = (x & y ? 0 : IR_FLAG_Z) | (~x & y ? 0 : IR_FLAG_C);
    NEXT;
}

// --- products. In expr, x and y are the 16-bit lanes.
#define WORDS(name, T, expr)                                                                       \
    VECTOR_FN(name)                                                                                \
    {                                                                                              \
        V128 r;                                                                                    \
        for (unsigned k = 0; k < 8; k++) {                                                         \
            T x = (T)a->u16[k], y = (T)b->u16[k];                                                  \
            r.u16[k] = (uint16_t)(expr);                                                           \
        }                                                                                          \
        *d = r;                                                                                    \
    }
WORDS(vmulh_s, int16_t, x *y >> 16)
WORDS(vmulh_u, uint16_t, (uint32_t)x *y >> 16)
WORDS(vmulhr_s, int16_t, (x * y + 0x4000) >> 15)

VECTOR_FN(vmule_s)
{
    V128 r;
    r.s64[0] = (int64_t)a->s32[0] * b->s32[0];
    r.s64[1] = (int64_t)a->s32[2] * b->s32[2];
    *d = r;
}

VECTOR_FN(vmule_u)
{
    V128 r;
    r.u64[0] = (uint64_t)a->u32[0] * b->u32[0];
    r.u64[1] = (uint64_t)a->u32[2] * b->u32[2];
    *d = r;
}

VECTOR_FN(vmaddp_s)
{
    V128 r;
    for (unsigned k = 0; k < 4; k++) {
        uint32_t x = (uint32_t)(a->s16[2 * k] * b->s16[2 * k]);
        r.u32[k] = x + (uint32_t)(a->s16[2 * k + 1] * b->s16[2 * k + 1]);
    }
    *d = r;
}

static int32_t saturate(int32_t x, int32_t low, int32_t high)
{
    return x < low ? low : x > high ? high : x;
}

VECTOR_FN(vmaddp_us)
{
    V128 r;
    for (unsigned k = 0; k < 8; k++) {
        int sum = a->u8[2 * k] * b->s8[2 * k] + a->u8[2 * k + 1] * b->s8[2 * k + 1];
        r.s16[k] = (int16_t)saturate(sum, INT16_MIN, INT16_MAX);
    }
    *d = r;
}

VECTOR_FN(vsadu)
{
    V128 r = {.u64 = {0, 0}};
    for (unsigned k = 0; k < 16; k++) {
        r.u64[k / 8] += (uint64_t)(a->u8[k] > b->u8[k] ? a->u8[k] - b->u8[k] : b->u8[k] - a->u8[k]);
    }
    *d = r;
}

// --- packs
static void pack(V128 *d, const V128 *a, const V128 *b, uint32_t desc, bool to_unsigned)
{
    unsigned esize = (desc & 3) == 2 ? 2 : 1, n = 16u >> esize, bits = 8u << (esize - 1);
    int32_t low = to_unsigned ? 0 : -(1 << (bits - 1));
    int32_t high = (int32_t)mask64(to_unsigned ? bits : bits - 1);
    V128 r;
    for (unsigned k = 0; k < 2 * n; k++) {
        const V128 *from = k < n ? a : b;
        int32_t x = esize == 1 ? from->s16[k % n] : from->s32[k % n];
        vector_set_lane(&r, esize - 1, k, (uint64_t)(int64_t)saturate(x, low, high));
    }
    *d = r;
}

VECTOR_FN(vqpack_s)
{
    pack(d, a, b, desc, false);
}

VECTOR_FN(vqpack_u)
{
    pack(d, a, b, desc, true);
}

// --- shifts by values
typedef enum ShiftKind { LEFT, RIGHT, ARITH } ShiftKind;

static uint64_t shift_lane(uint64_t x, unsigned bits, uint64_t n, ShiftKind kind)
{
    if (kind == ARITH) {
        return (uint64_t)(sextract64(x, 0, bits) >> MIN_OF(n, bits - 1));
    }
    return n >= bits ? 0 : kind == LEFT ? x << n : x >> n;
}

static void shift(V128 *d, const V128 *a, const V128 *b, uint32_t desc, ShiftKind kind, bool each)
{
    unsigned esize = desc & 3;
    V128 r;
    for (unsigned k = 0; k < 16u >> esize; k++) {
        uint64_t n = each ? vector_lane(b, esize, k) : b->u64[0];
        vector_set_lane(&r, esize, k, shift_lane(vector_lane(a, esize, k), 8u << esize, n, kind));
    }
    *d = r;
}

#define SHIFT(name, kind, each)                                                                    \
    VECTOR_FN(name)                                                                                \
    {                                                                                              \
        shift(d, a, b, desc, kind, each);                                                          \
    }
SHIFT(vshl, LEFT, false)
SHIFT(vshr, RIGHT, false)
SHIFT(vsar, ARITH, false)
SHIFT(vshlv, LEFT, true)
SHIFT(vshrv, RIGHT, true)
SHIFT(vsarv, ARITH, true)
