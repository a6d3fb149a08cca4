// 80-bit: conversions, rounding to integral values, scaling, partial remainder.
#include <string.h>
#include "fpu/softfloat_x80_parts.h"

static SfX80 from_parts(SfX80Status *s, const SfParts *p)
{
    return sf_x80_round_pack(s, p->sign, p->exp, (sf_u128)p->frac << 64, 64);
}

// --- other formats

SfX80 sf_x80_from(SfX80Status *s, SfFormat f, uint64_t a)
{
    SfStatus t = {.nan_rule = SF_NAN_SSE};
    SfParts p = sf_unpack(&t, f, a);
    bool denormal = p.cls == SF_NORMAL && !extract64(a, sf_frac_bits(f), sf_exp_bits(f));
    s->denormal |= denormal;
    switch (p.cls) {
    case SF_ZERO:
        return sf_x80_zero(p.sign);
    case SF_INF:
        return sf_x80_inf(p.sign);
    case SF_NORMAL:
        return from_parts(s, &p);
    default:
        s->flags |= p.cls == SF_SNAN ? SF_INVALID : 0;
        return (SfX80){p.frac | UINT64_C(3) << 62,
                       (uint16_t)((p.sign ? SF_X80_SIGN : 0) | SF_X80_EXP)};
    }
}

// Whether the magnitude that was stored exceeds a's.
static bool stored_above(const SfParts *a, SfFormat f, uint64_t stored)
{
    SfStatus t = {0};
    SfParts magnitude = *a, r = sf_unpack(&t, f, stored & ~sf_sign_bit(f));
    magnitude.sign = false;
    return sf_order(&r, &magnitude) == SF_GREATER;
}

uint64_t sf_x80_to(SfX80Status *s, SfFormat f, SfX80 a)
{
    SfStatus t = {.round = s->round, .nan_rule = SF_NAN_SSE, .tiny_after = true};
    SfX80Class cls = sf_x80_class(a);
    SfParts p = sf_x80_unpack(a);
    s->up = false;
    if (cls == SF_X80_UNSUPPORTED) {
        s->flags |= SF_INVALID;
        return sf_default_nan(&t, f);
    }
    if (cls == SF_X80_NAN) {
        s->flags |= sf_x80_is_snan(a) ? SF_INVALID : 0;
        return sf_pack_nan(&t, f, &p);
    }
    if (p.cls != SF_NORMAL) {
        return p.cls == SF_ZERO ? sf_pack_zero(f, p.sign) : sf_pack_inf(f, p.sign);
    }
    uint64_t r = sf_round_pack(&t, f, p.sign, p.exp, (sf_u128)p.frac << 64);
    bool tiny = !extract64(r, sf_frac_bits(f), sf_exp_bits(f));
    if (tiny && (s->trapped & SF_UNDERFLOW)) { // unmasked, exact ones count
        t.flags |= SF_UNDERFLOW;
    }
    s->up = (t.flags & SF_INEXACT) && stored_above(&p, f, r);
    s->flags |= t.flags;
    return r;
}

// --- integers

SfX80 sf_x80_from_int(int64_t a)
{
    SfX80Status s = {.precision = 64};
    uint64_t magnitude = a < 0 ? -(uint64_t)a : (uint64_t)a;
    return sf_x80_round_pack(&s, a < 0, 63, (sf_u128)magnitude << 64, 64);
}

int64_t sf_x80_to_int(SfX80Status *s, SfX80 a, unsigned bits, SfRound round)
{
    uint64_t limit = UINT64_C(1) << (bits - 1);
    SfX80Class cls = sf_x80_class(a);
    SfParts p = sf_x80_unpack(a);
    s->up = false;
    if (cls == SF_X80_ZERO) {
        return 0;
    }
    bool inexact = false, huge = true;
    uint64_t whole = 0;
    if (cls == SF_X80_NORMAL || cls == SF_X80_DENORMAL) {
        whole = sf_integral(&p, p.exp, round, &inexact, &huge);
    }
    if (huge || whole > limit - !p.sign) {
        s->flags |= SF_INVALID;
        return -(int64_t)(limit - 1) - 1;
    }
    if (inexact) {
        bool ignored;
        s->flags |= SF_INEXACT;
        s->up = whole != sf_integral(&p, p.exp, SF_RND_ZERO, &ignored, &ignored);
    }
    return p.sign ? (int64_t)-whole : (int64_t)whole;
}

#define BCD_LIMIT UINT64_C(1000000000000000000)

SfX80 sf_x80_from_bcd(const uint8_t bcd[10])
{
    uint64_t n = 0;
    for (int i = 8; i >= 0; i--) {
        n = n * 100 + (bcd[i] >> 4) * 10 + (bcd[i] & 15);
    }
    SfX80 r = sf_x80_from_int((int64_t)n);
    r.se |= bcd[9] & 0x80 ? SF_X80_SIGN : 0;
    return r;
}

void sf_x80_to_bcd(SfX80Status *s, SfX80 a, uint8_t bcd[10])
{
    SfX80Status t = {.round = s->round, .precision = 64};
    int64_t n = sf_x80_to_int(&t, a, 64, (SfRound)s->round);
    uint64_t magnitude = n < 0 ? -(uint64_t)n : (uint64_t)n;
    if ((t.flags & SF_INVALID) || magnitude >= BCD_LIMIT) {
        static const uint8_t indefinite[10] = {0, 0, 0, 0, 0, 0, 0, 0xc0, 0xff, 0xff};
        s->flags |= SF_INVALID;
        s->up = false;
        memcpy(bcd, indefinite, sizeof indefinite);
        return;
    }
    for (unsigned i = 0; i < 9; i++, magnitude /= 100) {
        bcd[i] = (uint8_t)(magnitude % 100 / 10 << 4 | magnitude % 10);
    }
    bcd[9] = a.se & SF_X80_SIGN ? 0x80 : 0;
    s->flags |= t.flags;
    s->up = t.up;
}

SfX80 sf_x80_round_to_int(SfX80Status *s, SfX80 a)
{
    SfX80 r;
    s->up = false;
    if (sf_x80_nan1(s, a, &r)) {
        return r;
    }
    SfParts p = sf_x80_unpack(a);
    if (p.cls != SF_NORMAL || p.exp >= 63) {
        return a;
    }
    bool inexact, huge;
    uint64_t whole = sf_integral(&p, p.exp, (SfRound)s->round, &inexact, &huge);
    r = sf_x80_round_pack(s, p.sign, 63, (sf_u128)whole << 64, 64);
    if (inexact) {
        bool ignored;
        s->flags |= SF_INEXACT;
        s->up = whole != sf_integral(&p, p.exp, SF_RND_ZERO, &ignored, &ignored);
    }
    return r;
}

// --- scaling

static SfX80 scale_by_infinity(SfX80Status *s, SfX80 a, const SfParts *x, bool down)
{
    if (x->cls == (down ? SF_INF : SF_ZERO)) {
        return sf_x80_invalid(s);
    }
    if (x->cls != SF_NORMAL) {
        return a;
    }
    return down ? sf_x80_zero(x->sign) : sf_x80_inf(x->sign);
}

SfX80 sf_x80_scale(SfX80Status *s, SfX80 a, SfX80 b)
{
    SfX80 r;
    s->up = false;
    if (sf_x80_nan2(s, a, b, &r)) {
        return r;
    }
    SfParts x = sf_x80_unpack(a), y = sf_x80_unpack(b);
    if (y.cls == SF_INF) {
        return scale_by_infinity(s, a, &x, y.sign);
    }
    if (x.cls != SF_NORMAL) {
        return a;
    }
    int by = 0;
    if (y.cls == SF_NORMAL && y.exp >= 0) {
        by = y.exp > 16 ? 0x20000 : (int)(y.frac >> (63 - y.exp));
    }
    x.exp += y.sign ? -by : by;
    return from_parts(s, &x);
}

void sf_x80_extract(SfX80Status *s, SfX80 a, SfX80 *exponent, SfX80 *significand)
{
    SfX80 r;
    s->up = false;
    if (sf_x80_nan1(s, a, &r)) {
        *exponent = *significand = r;
        return;
    }
    SfParts p = sf_x80_unpack(a);
    *significand = a;
    if (p.cls == SF_INF) {
        *exponent = sf_x80_inf(false);
    } else if (p.cls == SF_ZERO) {
        *exponent = sf_x80_divide_by_zero(s, true);
    } else {
        *exponent = sf_x80_from_int(p.exp);
        p.exp = 0;
        *significand = from_parts(s, &p);
    }
}

// --- remainder

// x * 2^steps divided by y, bit by bit: the remainder below y; the low bits of the quotient.
static uint64_t divide(uint64_t x, uint64_t y, unsigned steps, uint64_t *quotient)
{
    sf_u128 rest = x;
    uint64_t q = 0;
    for (unsigned i = 0;; i++) {
        q <<= 1;
        if (rest >= y) {
            rest -= y;
            q |= 1;
        }
        if (i == steps) {
            break;
        }
        rest <<= 1;
    }
    *quotient = q;
    return (uint64_t)rest;
}

SfX80 sf_x80_remainder(SfX80Status *s, SfX80 a, SfX80 b, bool nearest, uint64_t *quotient,
                       bool *complete)
{
    SfX80 r;
    *quotient = 0;
    *complete = true;
    s->up = false;
    if (sf_x80_nan2(s, a, b, &r)) {
        return r;
    }
    SfParts x = sf_x80_unpack(a), y = sf_x80_unpack(b);
    if (x.cls == SF_INF || y.cls == SF_ZERO) {
        return sf_x80_invalid(s);
    }
    int distance = x.exp - y.exp;
    if (x.cls == SF_ZERO) {
        return a;
    }
    if (y.cls == SF_INF || distance < (nearest ? -1 : 0)) {
        return from_parts(s, &x);
    }
    if (distance >= 64) { // SDM vol. 2, FPREM: N is 32 to 63, by implementation
        unsigned steps = (distance & 31) | 32;
        *complete = false;
        x.frac = divide(x.frac, y.frac, steps, quotient);
        *quotient = 0;
        return sf_x80_round_pack(s, x.sign, x.exp - (int)steps, (sf_u128)x.frac << 64, 64);
    }
    // The remainder has y's scale; with distance -1, x's (below y in any case).
    if (distance >= 0) {
        x.frac = divide(x.frac, y.frac, (unsigned)distance, quotient);
        x.exp = y.exp;
    }
    if (nearest) {
        // In units of half of x's last place both halves compare exactly.
        sf_u128 twice = (sf_u128)x.frac << (distance < 0 ? 0 : 1);
        if (twice > y.frac || (twice == y.frac && (*quotient & 1))) {
            sf_u128 whole = (sf_u128)y.frac << (distance < 0 ? 1 : 0);
            x.frac = (uint64_t)(whole - x.frac);
            x.sign = !x.sign;
            ++*quotient;
        }
    }
    if (!x.frac) {
        return sf_x80_zero(a.se & SF_X80_SIGN);
    }
    return sf_x80_round_pack(s, x.sign, x.exp, (sf_u128)x.frac << 64, 64);
}
