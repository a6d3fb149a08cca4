#include "fpu/softfloat_x80_series.h"

#include "util/bits.h"

// --- floating point

Wide wide_normal(Wide a)
{
    if (a.frac) {
        int shift = sf_clz128(a.frac);
        a.frac <<= shift;
        a.exp -= shift;
    }
    return a;
}

Wide wide_int(int n)
{
    return wide_normal(
        (Wide){.sign = n < 0, .exp = 127, .frac = (sf_u128)(n < 0 ? -(int64_t)n : n)});
}

Wide wide_add(Wide a, Wide b)
{
    static const SfStatus nearest = {.round = SF_RND_NEAREST};
    return wide_normal(sf_add_terms(&nearest, a, b));
}

static inline sf_u128 high_product(sf_u128 a, sf_u128 b)
{
    uint64_t ah = (uint64_t)(a >> 64), al = (uint64_t)a, bh = (uint64_t)(b >> 64), bl = (uint64_t)b;
    sf_u128 low = (sf_u128)al * bl, m1 = (sf_u128)ah * bl, m2 = (sf_u128)al * bh;
    sf_u128 middle = (low >> 64) + (uint64_t)m1 + (uint64_t)m2;
    return (sf_u128)ah * bh + (m1 >> 64) + (m2 >> 64) + (middle >> 64);
}

Wide wide_mul(Wide a, Wide b)
{
    return wide_normal((Wide){
        .sign = a.sign ^ b.sign, .exp = a.exp + b.exp + 1, .frac = high_product(a.frac, b.frac)});
}

// One digit of a long division in base 2^64: rest * 2^64 / b, rest becoming the remainder. rest <
// b, b normalised.
static uint64_t quotient_digit(sf_u128 *rest, sf_u128 b)
{
    uint64_t b1 = (uint64_t)(b >> 64), b0 = (uint64_t)b;
    uint64_t q = (uint64_t)(*rest >> 64) >= b1 ? UINT64_MAX : (uint64_t)(*rest / b1);
    sf_u128 low = (sf_u128)q * b0, high = (sf_u128)q * b1 + (low >> 64);
    uint64_t last = (uint64_t)low;
    while (high > *rest || (high == *rest && last)) { // at most twice
        q--;
        high -= b1 + (sf_u128)(last < b0);
        last -= b0;
    }
    *rest = ((*rest - high) << 64) - last;
    return q;
}

Wide wide_div(Wide a, Wide b)
{
    sf_u128 rest = a.frac >> 1;
    uint64_t q = quotient_digit(&rest, b.frac);
    return wide_normal((Wide){.sign = a.sign ^ b.sign,
                              .exp = a.exp - b.exp,
                              .frac = (sf_u128)q << 64 | quotient_digit(&rest, b.frac)});
}

// --- fixed point: 1 is 2^127

typedef sf_u128 Fixed;
#define ONE        ((Fixed)1 << 127)
#define INVERSE(n) (ONE / (n))

static inline Fixed times(Fixed a, Fixed b)
{
    return high_product(a, b) << 1;
}

static Fixed fixed_of(Wide a) // its magnitude, less than 2
{
    return !a.frac || a.exp <= -128 ? 0 : a.frac >> -a.exp;
}

static Wide wide_of_fixed(Fixed f)
{
    return wide_normal((Wide){.exp = 0, .frac = f});
}

// Terms of a series in t, the n-th less than t^n: how many reach 2^-130.
static unsigned terms(Wide t, unsigned most)
{
    unsigned bits = (unsigned)(t.exp < -130 ? 130 : -t.exp - 1);
    return bits ? MIN_OF(130 / bits + 1, most) : most;
}

// --- series

// Just below 1, for what is less than 1 by too little to be seen: the direction matters to
// rounding.
static Fixed below_one(Fixed h)
{
    return h == ONE ? ONE - 1 : h;
}

#define TEN_AFTER(n)                                                                               \
    INVERSE((n) + 1), INVERSE((n) + 2), INVERSE((n) + 3), INVERSE((n) + 4), INVERSE((n) + 5),      \
        INVERSE((n) + 6), INVERSE((n) + 7), INVERSE((n) + 8), INVERSE((n) + 9), INVERSE((n) + 10)
static const Fixed inverse[] = {
    0, TEN_AFTER(0), TEN_AFTER(10), TEN_AFTER(20), TEN_AFTER(30), TEN_AFTER(40), TEN_AFTER(50)};

// t (1 + t/2 (1 + t/3 (...)))
Wide wide_expm1(Wide t)
{
    Fixed f = fixed_of(t), h = ONE;
    for (unsigned n = terms(t, 18) + 1; n > 1; n--) {
        Fixed p = times(times(f, h), inverse[n]);
        h = t.sign ? ONE - p : ONE + p;
    }
    return wide_mul(t, wide_of_fixed(h));
}

// z (1 +- z^2/3 + z^4/5 +- ...)
static Wide odd_powers(Wide z, bool alternate)
{
    Wide z2 = wide_mul(z, z);
    Fixed f = fixed_of(z2), h = 0;
    for (int n = 2 * (int)terms(z2, 28) + 1; n > 0; n -= 2) {
        Fixed p = times(f, h);
        h = alternate ? inverse[n] - p : inverse[n] + p;
    }
    return wide_mul(z, wide_of_fixed(alternate ? below_one(h) : h));
}

Wide wide_twice_atanh(Wide z)
{
    Wide r = odd_powers(z, false);
    r.exp++;
    return r;
}

Wide wide_atan(Wide r)
{
    return odd_powers(r, true);
}

// 1 - x^2/(m (m+1)) (1 - x^2/((m+2) (m+3)) (...))
static Fixed alternating(Wide x2, int m)
{
    Fixed f = fixed_of(x2), h = ONE;
    for (int n = m + 2 * (int)(terms(x2, 17) - 1); n >= m; n -= 2) {
        h = ONE - times(times(f, h), times(inverse[n], inverse[n + 1]));
    }
    return below_one(h);
}

Wide wide_sin(Wide x)
{
    return x.frac ? wide_mul(x, wide_of_fixed(alternating(wide_mul(x, x), 2))) : x;
}

Wide wide_cos(Wide x)
{
    return x.frac ? wide_of_fixed(alternating(wide_mul(x, x), 1)) : wide_one;
}
