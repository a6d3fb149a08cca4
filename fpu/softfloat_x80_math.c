// The x87's transcendental functions, by reduction and power series in 128-bit floating point.
//
//   2^x - 1    t = x ln 2;  sum of t^n / n!
//   log2 x     x = m 2^e, m in [sqrt 1/2, sqrt 2);  z = (m - 1) / (m + 1);  2 atanh z / ln 2
//   atan q     q in [0, 1], k = q to the nearest eighth;  atan k + atan((q - k) / (1 + q k))
//   sin, cos   x modulo the hardware's pi/2, which has 66 bits (SDM vol. 1, 8.3.8)
//
// The sums carry some 120 correct bits, so that results of 64 bits are correctly rounded but for
// about one argument in 2^50.
#include "fpu/softfloat_x80_parts.h"

typedef SfTerm Wide; // normalised: bit 127 is set, or all of frac is zero

#define WIDE(sgn, e, hi, lo)                                                                       \
    {                                                                                              \
        .sign = (sgn), .exp = (e), .frac = (sf_u128)UINT64_C(hi) << 64 | UINT64_C(lo)              \
    }

static const Wide one = WIDE(false, 0, 0x8000000000000000, 0);
static const Wide ln2 = WIDE(false, -1, 0xb17217f7d1cf79ab, 0xc9e3b39803f2f6af);
static const Wide log2e = WIDE(false, 0, 0xb8aa3b295c17f0bb, 0xbe87fed0691d3e89);
static const Wide pi = WIDE(false, 1, 0xc90fdaa22168c234, 0xc4c6628b80dc1cd1);
static const Wide atan_eighths[9] = {
    WIDE(false, 0, 0, 0),
    WIDE(false, -4, 0xfeadd4d5617b6e32, 0xc897989f3e888ef8),
    WIDE(false, -3, 0xfadbafc96406eb15, 0x6dc79ef5f7a217e6),
    WIDE(false, -2, 0xb7b0ca0f26f78473, 0x8aa32122dcfe4483),
    WIDE(false, -2, 0xed63382b0dda7b45, 0x6fe445ecbc3a8d03),
    WIDE(false, -1, 0x8f005d5ef7f59f9b, 0x5c835e1665c43748),
    WIDE(false, -1, 0xa4bc7d1934f70924, 0x19a87f2a457dac9f),
    WIDE(false, -1, 0xb8053e2bc2319e73, 0xcb2da55210a4443d),
    WIDE(false, -1, 0xc90fdaa22168c234, 0xc4c6628b80dc1cd1),
};
#define PI66 ((sf_u128)3 << 64 | UINT64_C(0x243f6a8885a308d3)) // pi * 2^64

// --- 128-bit floating point

static Wide normal(Wide a)
{
    if (a.frac) {
        int shift = sf_clz128(a.frac);
        a.frac <<= shift;
        a.exp -= shift;
    }
    return a;
}

static Wide wide_of(const SfParts *p)
{
    return (Wide){
        .sign = p->sign, .exp = p->exp, .frac = p->cls == SF_NORMAL ? (sf_u128)p->frac << 64 : 0};
}

static Wide small_int(int n)
{
    return normal((Wide){.sign = n < 0, .exp = 127, .frac = (sf_u128)(n < 0 ? -n : n)});
}

static Wide add(Wide a, Wide b)
{
    static const SfStatus nearest = {.round = SF_RND_NEAREST};
    return normal(sf_add_terms(&nearest, a, b));
}

static Wide negate(Wide a)
{
    a.sign = !a.sign;
    return a;
}

static sf_u128 high_product(sf_u128 a, sf_u128 b)
{
    uint64_t ah = (uint64_t)(a >> 64), al = (uint64_t)a, bh = (uint64_t)(b >> 64), bl = (uint64_t)b;
    sf_u128 low = (sf_u128)al * bl, m1 = (sf_u128)ah * bl, m2 = (sf_u128)al * bh;
    sf_u128 middle = (low >> 64) + (uint64_t)m1 + (uint64_t)m2;
    return (sf_u128)ah * bh + (m1 >> 64) + (m2 >> 64) + (middle >> 64);
}

static Wide mul(Wide a, Wide b)
{
    return normal((Wide){
        .sign = a.sign ^ b.sign, .exp = a.exp + b.exp + 1, .frac = high_product(a.frac, b.frac)});
}

static Wide div_int(Wide a, unsigned n)
{
    sf_u128 q = a.frac / n, rest = a.frac % n;
    int shift = q ? sf_clz128(q) : 0;
    a.frac = q << shift | (rest << shift) / n;
    a.exp -= shift;
    return a;
}

static Wide div(Wide a, Wide b)
{
    sf_u128 rest = a.frac, q = 0;
    for (unsigned i = 0; i < 128; i++) {
        bool carry = false;
        if (i) {
            carry = rest >> 127;
            rest <<= 1;
        }
        q <<= 1;
        if (carry || rest >= b.frac) {
            rest -= b.frac;
            q |= 1;
        }
    }
    return normal((Wide){.sign = a.sign ^ b.sign, .exp = a.exp - b.exp, .frac = q});
}

static bool negligible(Wide term, Wide sum)
{
    return !term.frac || term.exp < sum.exp - 140;
}

// --- results

// The functions' values are irrational but where the caller knows better: always inexact.
static SfX80 inexact(SfX80Status *s, Wide r)
{
    return sf_x80_round_pack(s, r.sign, r.exp, r.frac | 1, 64);
}

static SfX80 exact(SfX80Status *s, Wide r)
{
    return sf_x80_round_pack(s, r.sign, r.exp, r.frac, 64);
}

// --- 2^x - 1

SfX80 sf_x80_f2xm1(SfX80Status *s, SfX80 a)
{
    SfX80 r;
    s->up = false;
    if (sf_x80_nan1(s, a, &r)) {
        return r;
    }
    SfParts p = sf_x80_unpack(a);
    if (p.cls == SF_ZERO) {
        return a;
    }
    if (p.cls == SF_INF) {
        return p.sign ? (SfX80){BIT(63), SF_X80_SIGN | SF_X80_BIAS} : a; // -1, +inf
    }
    if (p.exp >= 0) { // 2^1 - 1, 2^-1 - 1; beyond, the result is undefined: the operand stays
        bool is_one = p.exp == 0 && p.frac == BIT(63);
        return is_one && p.sign ? (SfX80){BIT(63), SF_X80_SIGN | (SF_X80_BIAS - 1)} : a;
    }
    Wide t = mul(wide_of(&p), ln2), term = t, sum = t;
    for (unsigned n = 2; n == 2 || !negligible(term, sum); n++) {
        term = div_int(mul(term, t), n);
        sum = add(sum, term);
    }
    return inexact(s, sum);
}

// --- logarithms

// 2 atanh(z) = 2 (z + z^3 / 3 + ...): the natural logarithm of (1 + z) / (1 - z).
static Wide twice_atanh(Wide z)
{
    Wide z2 = mul(z, z), power = z, sum = z;
    for (unsigned n = 3; n == 3 || !negligible(power, sum); n += 2) {
        power = mul(power, z2);
        sum = add(sum, div_int(power, n));
    }
    sum.exp++;
    return sum;
}

// sqrt(2)'s upper bits: m above it is halved.
#define SQRT2 UINT64_C(0xb504f333f9de6484)

// log2 of a positive normal number. *is_exact: of a power of two.
static Wide log2_wide(Wide x, bool *is_exact)
{
    int e = x.exp;
    x.exp = 0;
    if ((uint64_t)(x.frac >> 64) > SQRT2) {
        x.exp = -1;
        e++;
    }
    *is_exact = x.frac == (sf_u128)1 << 127;
    if (*is_exact) {
        return small_int(e);
    }
    Wide z = div(add(x, negate(one)), add(x, one));
    Wide part = mul(twice_atanh(z), log2e);
    return e ? add(small_int(e), part) : part;
}

static SfX80 scaled_log(SfX80Status *s, const SfParts *y, Wide log, bool log_exact)
{
    if (y->cls == SF_INF || y->cls == SF_ZERO) {
        bool zero_times_inf = y->cls == SF_INF && !log.frac;
        bool sign = y->sign ^ (log.frac && log.sign);
        if (zero_times_inf) {
            return sf_x80_invalid(s);
        }
        return y->cls == SF_INF ? sf_x80_inf(sign) : sf_x80_zero(sign);
    }
    if (!log.frac) {
        return sf_x80_zero(y->sign);
    }
    Wide r = mul(wide_of(y), log);
    return log_exact ? exact(s, r) : inexact(s, r);
}

SfX80 sf_x80_yl2x(SfX80Status *s, SfX80 b, SfX80 a)
{
    SfX80 r;
    s->up = false;
    if (sf_x80_nan2(s, b, a, &r)) {
        return r;
    }
    SfParts x = sf_x80_unpack(a), y = sf_x80_unpack(b);
    if (x.cls == SF_ZERO) {
        if (y.cls == SF_ZERO) {
            return sf_x80_invalid(s);
        }
        return y.cls == SF_INF ? sf_x80_inf(!y.sign) : sf_x80_divide_by_zero(s, !y.sign);
    }
    if (x.sign || (x.cls == SF_INF && y.cls == SF_ZERO)) {
        return sf_x80_invalid(s);
    }
    if (x.cls == SF_INF) {
        return sf_x80_inf(y.sign);
    }
    bool is_exact;
    Wide log = log2_wide(wide_of(&x), &is_exact);
    return scaled_log(s, &y, log, is_exact);
}

SfX80 sf_x80_yl2xp1(SfX80Status *s, SfX80 b, SfX80 a)
{
    SfX80 r;
    s->up = false;
    if (sf_x80_nan2(s, b, a, &r)) {
        return r;
    }
    SfParts x = sf_x80_unpack(a), y = sf_x80_unpack(b);
    if (x.cls == SF_ZERO) {
        return y.cls == SF_INF ? sf_x80_invalid(s) : sf_x80_zero(x.sign ^ y.sign);
    }
    if (x.sign && (x.cls == SF_INF || x.exp >= 0)) { // log of zero or less
        return sf_x80_invalid(s);
    }
    if (x.cls == SF_INF) {
        return y.cls == SF_ZERO ? sf_x80_invalid(s) : sf_x80_inf(y.sign);
    }
    Wide w = wide_of(&x);
    bool is_exact = false;
    Wide log;
    if (x.exp < -2) { // near zero the sum with 1 would lose bits
        log = mul(twice_atanh(div(w, add(w, small_int(2)))), log2e);
    } else {
        log = log2_wide(add(w, one), &is_exact);
    }
    return scaled_log(s, &y, log, is_exact);
}

// --- arc tangent

static Wide atan_series(Wide r)
{
    Wide r2 = mul(r, r), power = r, sum = r;
    if (!r.frac) {
        return r;
    }
    for (unsigned n = 3; n == 3 || !negligible(power, sum); n += 2) {
        power = negate(mul(power, r2));
        sum = add(sum, div_int(power, n));
    }
    return sum;
}

static Wide atan_unit(Wide q) // 0 < q <= 1
{
    unsigned k = 0;
    if (q.exp >= -4) {
        unsigned sixteenths = (unsigned)(q.frac >> (123 - q.exp));
        k = (sixteenths + 1) / 2;
    }
    if (!k) {
        return atan_series(q);
    }
    Wide c = small_int((int)k);
    c.exp -= 3;
    Wide r = div(add(q, negate(c)), add(one, mul(q, c)));
    return add(atan_eighths[k], atan_series(r));
}

// Angles that are multiples of pi / 4.
static SfX80 quarters(SfX80Status *s, unsigned n, bool sign)
{
    if (!n) {
        return sf_x80_zero(sign);
    }
    Wide r = mul(pi, small_int((int)n));
    r.exp -= 2;
    r.sign = sign;
    return inexact(s, r);
}

SfX80 sf_x80_atan2(SfX80Status *s, SfX80 b, SfX80 a)
{
    SfX80 r;
    s->up = false;
    if (sf_x80_nan2(s, b, a, &r)) {
        return r;
    }
    SfParts x = sf_x80_unpack(a), y = sf_x80_unpack(b);
    if (x.cls == SF_INF && y.cls == SF_INF) {
        return quarters(s, x.sign ? 3 : 1, y.sign);
    }
    if (y.cls == SF_ZERO || x.cls == SF_INF) {
        return quarters(s, x.sign ? 4 : 0, y.sign);
    }
    if (x.cls == SF_ZERO || y.cls == SF_INF) {
        return quarters(s, 2, y.sign);
    }
    Wide wx = wide_of(&x), wy = wide_of(&y);
    wx.sign = wy.sign = false;
    bool steep = wy.exp > wx.exp || (wy.exp == wx.exp && wy.frac > wx.frac);
    Wide angle = atan_unit(steep ? div(wx, wy) : div(wy, wx));
    if (steep) {
        Wide right = pi;
        right.exp--;
        angle = add(right, negate(angle));
    }
    if (x.sign) {
        angle = add(pi, negate(angle));
    }
    angle.sign = y.sign;
    return inexact(s, angle);
}

// --- sine and cosine

// |x| = quadrant * pi/2 + *rest, |*rest| <= pi/4.
static unsigned reduce(const SfParts *p, Wide *rest)
{
    if (p->exp < -2) {
        *rest = wide_of(p);
        rest->sign = false;
        return 0;
    }
    sf_u128 r = p->frac; // in units of 2^-65, where pi/2 is PI66
    unsigned quadrant = 0;
    for (int i = -1; i < p->exp + 2; i++) {
        if (i >= 0) {
            r <<= 1;
            quadrant <<= 1;
        }
        if (r >= PI66) {
            r -= PI66;
            quadrant++;
        }
    }
    bool above = r > PI66 / 2;
    *rest = normal((Wide){.sign = above, .exp = 62, .frac = above ? PI66 - r : r});
    return quadrant + above;
}

// first +- first x^2 / ((n+1)(n+2)) ...: alternating, over every other factorial.
static Wide alternating(Wide first, Wide x2, unsigned n)
{
    Wide term = first, sum = first;
    for (bool begun = false; !begun || !negligible(term, sum); begun = true, n += 2) {
        term = negate(div_int(mul(term, x2), (n + 1) * (n + 2)));
        sum = add(sum, term);
    }
    return sum;
}

void sf_x80_trig(SfX80Status *s, SfX80 a, SfX80 *sin, SfX80 *cos, SfX80 *tan)
{
    SfX80 *out[] = {sin, cos, tan}, nan;
    s->up = false;
    SfParts p = sf_x80_unpack(a);
    bool invalid = p.cls == SF_INF;
    if (invalid || sf_x80_nan1(s, a, &nan)) {
        nan = invalid ? sf_x80_invalid(s) : nan;
        for (unsigned i = 0; i < 3; i++) {
            if (out[i]) {
                *out[i] = nan;
            }
        }
        return;
    }
    if (p.cls == SF_ZERO) {
        if (cos) {
            *cos = (SfX80){BIT(63), SF_X80_BIAS};
        }
        for (unsigned i = 0; i < 3; i += 2) {
            if (out[i]) {
                *out[i] = a;
            }
        }
        return;
    }
    Wide rest;
    unsigned quadrant = reduce(&p, &rest);
    Wide r2 = mul(rest, rest);
    Wide ws = rest.frac ? alternating(rest, r2, 1) : rest;
    Wide wc = rest.frac ? alternating(one, r2, 0) : one;
    if (quadrant & 1) {
        Wide t = ws;
        ws = wc;
        wc = negate(t);
    }
    ws.sign ^= (quadrant & 2) != 0;
    wc.sign ^= (quadrant & 2) != 0;
    ws.sign ^= p.sign;
    if (sin) {
        *sin = inexact(s, ws);
    }
    if (tan) {
        *tan = inexact(s, div(ws, wc));
    }
    if (cos) {
        *cos = inexact(s, wc);
    }
}
