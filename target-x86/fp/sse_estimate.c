// RCPPS and RSQRTPS: 1/x and 1/sqrt(x), rounded to 13 significant bits. The manuals allow a
// relative error of 1.5 * 2^-12, and CPUs differ; this is below 2^-13 and the same on every host.
// Denormal operands count as zeros and denormal results become zeros, whatever MXCSR says; nothing
// is raised.
#include "target-x86/fp/sse.h"

enum { FRAC_BITS = 23, BIAS = 127, QUIET = 1 << 22, INF = 0xff << FRAC_BITS };
#define DEFAULT_NAN UINT32_C(0xffc00000)

// q / 2^13 * 2^exp, 2^12 < q <= 2^13.
static uint32_t pack(uint32_t sign, uint32_t q, int exp)
{
    int biased = BIAS + exp - (q < 1u << 13);
    if (biased <= 0) {
        return sign;
    }
    return sign | (uint32_t)biased << FRAC_BITS | (q << (q < 1u << 13 ? 11 : 10) & 0x7fffff);
}

typedef struct Number {
    uint32_t sign, frac; // frac: with the leading one
    int exp;
} Number;

// False: *r is the result already.
static bool unpack(uint32_t x, Number *n, uint32_t *r)
{
    n->sign = x & 0x80000000;
    n->exp = (int)(x >> FRAC_BITS & 0xff) - BIAS;
    n->frac = (x & 0x7fffff) | 1u << FRAC_BITS;
    if (n->exp == -BIAS) {
        *r = n->sign | INF;
        return false;
    }
    if (n->exp == BIAS + 1) {
        *r = x & 0x7fffff ? x | QUIET : n->sign;
        return false;
    }
    return true;
}

static uint32_t reciprocal(uint32_t x)
{
    Number n;
    uint32_t r;
    if (!unpack(x, &n, &r)) {
        return r;
    }
    uint64_t q = ((UINT64_C(1) << 37) / n.frac + 1) >> 1;
    return pack(n.sign, (uint32_t)q, -n.exp);
}

static uint32_t square_root(uint64_t n)
{
    uint64_t r = 0;
    for (uint64_t bit = UINT64_C(1) << 15; bit; bit >>= 1) {
        r |= (r | bit) * (r | bit) <= n ? bit : 0;
    }
    return (uint32_t)r;
}

static uint32_t reciprocal_root(uint32_t x)
{
    Number n;
    uint32_t r;
    bool special = !unpack(x, &n, &r);
    if (special && (r & INF) == INF) { // of a zero or a NaN
        return r;
    }
    if (n.sign) {
        return DEFAULT_NAN;
    }
    if (special) {
        return r;
    }
    bool odd = n.exp & 1;
    uint32_t twice = square_root((UINT64_C(1) << 51) / (n.frac << odd));
    return pack(0, (twice + 1) >> 1, -(n.exp - odd) / 2);
}

static void each(V128 *d, const V128 *a, uint32_t desc, uint32_t fn(uint32_t))
{
    V128 r = {.u64 = {0, 0}};
    for (unsigned k = 0; k < (desc & IR_FP_SCALAR ? 1 : 4); k++) {
        r.u32[k] = fn(a->u32[k]);
    }
    *d = r;
}

static void do_rcp(VCPU *v, V128 *d, const V128 *a, const V128 *b, const V128 *c, uint32_t desc)
{
    (void)v;
    (void)b;
    (void)c;
    each(d, a, desc, reciprocal);
}
const IRVHelper sse_fx_rcp = {"sse_rcp", do_rcp, 0};

static void do_rsqrt(VCPU *v, V128 *d, const V128 *a, const V128 *b, const V128 *c, uint32_t desc)
{
    (void)v;
    (void)b;
    (void)c;
    each(d, a, desc, reciprocal_root);
}
const IRVHelper sse_fx_rsqrt = {"sse_rsqrt", do_rsqrt, 0};
