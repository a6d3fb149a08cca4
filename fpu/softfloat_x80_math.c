// The x87's transcendental functions: reduction, then a series (softfloat_x80_series.c).
//
//   2^x - 1    k = x to the nearest sixteenth;  2^x - 1 = T + E + T E, T = 2^k - 1, E = 2^(x-k) - 1
//   log2 x     x = m 2^e, m in [sqrt 1/2, sqrt 2);  j = 64 / m to the nearest integer;
//              log2 m = log2 (64 / j) + 2 atanh z / ln 2, z = (m j / 64 - 1) / (m j / 64 + 1)
//   atan q     q in [0, 1], k = q to the nearest eighth;  atan k + atan((q - k) / (1 + q k))
//   sin, cos   x modulo the hardware's pi/2, which has 66 bits (SDM vol. 1, 8.3.8)
//
// The sums carry some 120 correct bits, so that results of 64 bits are correctly rounded but for
// about one argument in 2^50.
#include "fpu/softfloat_x80_series.h"

#define PI66 ((sf_u128)3 << 64 | UINT64_C(0x243f6a8885a308d3)) // pi * 2^64

static Wide wide_of(const SfParts *p)
{
    return (Wide){
        .sign = p->sign, .exp = p->exp, .frac = p->cls == SF_NORMAL ? (sf_u128)p->frac << 64 : 0};
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

static Wide wide_fraction(int n, int log2_denominator)
{
    Wide r = wide_int(n);
    r.exp -= log2_denominator;
    return r;
}

static int nearest_sixteenth(const SfParts *x) // |x| < 1
{
    int k = x->exp < -5 ? 0 : (int)(((x->frac >> (58 - x->exp)) + 1) / 2);
    return x->sign ? -k : k;
}

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
    Wide x = wide_of(&p);
    int k = nearest_sixteenth(&p);
    Wide e = wide_expm1(wide_mul(wide_add(x, wide_fraction(-k, 4)), wide_ln2));
    Wide t = wide_exp_sixteenths[k + 16];
    return inexact(s, k ? wide_add(t, wide_add(e, wide_mul(t, e))) : e);
}

// --- logarithms

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
        return wide_int(e);
    }
    sf_u128 twice = ((sf_u128)1 << (70 - x.exp)) / (uint64_t)(x.frac >> 64); // 2 * 64 / m
    int j = (int)((twice + 1) / 2);
    Wide m = wide_mul(x, wide_fraction(j, 6));
    Wide z = wide_div(wide_add(m, wide_negate(wide_one)), wide_add(m, wide_one));
    Wide part = wide_mul(wide_twice_atanh(z), wide_log2e);
    if (j != 64) {
        part = wide_add(wide_log_inverse[j - WIDE_LOG_FIRST], part);
    }
    return e ? wide_add(wide_int(e), part) : part;
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
    Wide r = wide_mul(wide_of(y), log);
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
        log = wide_mul(wide_twice_atanh(wide_div(w, wide_add(w, wide_int(2)))), wide_log2e);
    } else {
        log = log2_wide(wide_add(w, wide_one), &is_exact);
    }
    return scaled_log(s, &y, log, is_exact);
}

// --- arc tangent

static Wide atan_unit(Wide q) // 0 < q <= 1
{
    unsigned k = 0;
    if (q.exp >= -4) {
        unsigned sixteenths = (unsigned)(q.frac >> (123 - q.exp));
        k = (sixteenths + 1) / 2;
    }
    if (!k) {
        return wide_atan(q);
    }
    Wide c = wide_fraction((int)k, 3);
    Wide r = wide_div(wide_add(q, wide_negate(c)), wide_add(wide_one, wide_mul(q, c)));
    return wide_add(wide_atan_eighths[k], wide_atan(r));
}

// Angles that are multiples of pi / 4.
static SfX80 quarters(SfX80Status *s, unsigned n, bool sign)
{
    if (!n) {
        return sf_x80_zero(sign);
    }
    Wide r = wide_mul(wide_pi, wide_int((int)n));
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
    Wide angle = atan_unit(steep ? wide_div(wx, wy) : wide_div(wy, wx));
    if (steep) {
        Wide right = wide_pi;
        right.exp--;
        angle = wide_add(right, wide_negate(angle));
    }
    if (x.sign) {
        angle = wide_add(wide_pi, wide_negate(angle));
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
    *rest = wide_normal((Wide){.sign = above, .exp = 62, .frac = above ? PI66 - r : r});
    return quadrant + above;
}

// x + x^3 / 3: its difference from x, too little for a quotient to show, decides the rounding.
#define TINY (-40)
static Wide tiny_tan(Wide x, bool negative)
{
    Wide r = wide_add(x, wide_div(wide_mul(x, wide_mul(x, x)), wide_int(3)));
    r.sign ^= negative;
    return r;
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
    bool odd = quadrant & 1, s_wanted = sin || tan, c_wanted = cos || tan;
    Wide ws = (odd ? c_wanted : s_wanted) ? wide_sin(rest) : wide_one;
    Wide wc = (odd ? s_wanted : c_wanted) ? wide_cos(rest) : wide_one;
    if (odd) {
        Wide t = ws;
        ws = wc;
        wc = wide_negate(t);
    }
    ws.sign ^= (quadrant & 2) != 0;
    wc.sign ^= (quadrant & 2) != 0;
    ws.sign ^= p.sign;
    if (sin) {
        *sin = inexact(s, ws);
    }
    if (tan) {
        *tan = inexact(s, odd || rest.exp >= TINY ? wide_div(ws, wc) : tiny_tan(rest, p.sign));
    }
    if (cos) {
        *cos = inexact(s, wc);
    }
}
