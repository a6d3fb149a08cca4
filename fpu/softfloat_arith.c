// Addition, multiplication, division, square root, fused multiply-add.
#include "fpu/softfloat_parts.h"

static SfTerm term(const SfParts *p)
{
    return (SfTerm){
        .sign = p->sign, .exp = p->exp, .frac = p->cls == SF_NORMAL ? (sf_u128)p->frac << 64 : 0};
}

// Exact: 64 x 64 bits. The product of two fractions in [1, 2) is in [1, 4).
static SfTerm product(const SfParts *a, const SfParts *b)
{
    return (SfTerm){.sign = a->sign ^ b->sign,
                    .exp = a->exp + b->exp + 1,
                    .frac = a->cls == SF_NORMAL && b->cls == SF_NORMAL ? (sf_u128)a->frac * b->frac
                                                                       : 0};
}

SfTerm sf_add_terms(const SfStatus *s, SfTerm x, SfTerm y)
{
    if (!x.frac && !y.frac) {
        x.sign = x.sign == y.sign ? x.sign : s->round == SF_RND_DOWN;
        return x;
    }
    if (!x.frac || !y.frac) {
        return x.frac ? x : y;
    }
    if (x.exp < y.exp) {
        SfTerm t = x;
        x = y;
        y = t;
    }
    sf_u128 a = x.frac >> 1; // room for the carry
    sf_u128 b = sf_shift_jam(y.frac >> 1, x.exp - y.exp);
    SfTerm r = {.sign = x.sign, .exp = x.exp + 1};
    if (x.sign == y.sign) {
        r.frac = a + b;
    } else if (a != b) {
        r.frac = a > b ? a - b : b - a;
        r.sign = a > b ? x.sign : y.sign;
    } else {
        r.sign = s->round == SF_RND_DOWN;
    }
    return r;
}

static uint64_t round_term(SfStatus *s, SfFormat f, SfTerm t)
{
    return sf_round_pack(s, f, t.sign, t.exp, t.frac);
}

static uint64_t nan2(SfStatus *s, SfFormat f, const SfParts *a, const SfParts *b)
{
    const SfParts *list[] = {a, b};
    return sf_pick_nan(s, f, list, 2);
}

static uint64_t add(SfStatus *s, SfFormat f, uint64_t a, uint64_t b, bool negate)
{
    SfParts x = sf_unpack(s, f, a), y = sf_unpack(s, f, b);
    if (sf_parts_nan(&x) || sf_parts_nan(&y)) {
        return nan2(s, f, &x, &y);
    }
    y.sign ^= negate;
    if (x.cls == SF_INF && y.cls == SF_INF && x.sign != y.sign) {
        return sf_invalid(s, f);
    }
    if (x.cls == SF_INF || y.cls == SF_INF) {
        return sf_pack_inf(f, x.cls == SF_INF ? x.sign : y.sign);
    }
    return round_term(s, f, sf_add_terms(s, term(&x), term(&y)));
}

uint64_t sf_add(SfStatus *s, SfFormat f, uint64_t a, uint64_t b)
{
    return add(s, f, a, b, false);
}

uint64_t sf_sub(SfStatus *s, SfFormat f, uint64_t a, uint64_t b)
{
    return add(s, f, a, b, true);
}

static bool inf_times_zero(const SfParts *a, const SfParts *b)
{
    return (a->cls == SF_INF && b->cls == SF_ZERO) || (a->cls == SF_ZERO && b->cls == SF_INF);
}

uint64_t sf_mul(SfStatus *s, SfFormat f, uint64_t a, uint64_t b)
{
    SfParts x = sf_unpack(s, f, a), y = sf_unpack(s, f, b);
    if (sf_parts_nan(&x) || sf_parts_nan(&y)) {
        return nan2(s, f, &x, &y);
    }
    if (inf_times_zero(&x, &y)) {
        return sf_invalid(s, f);
    }
    if (x.cls == SF_INF || y.cls == SF_INF) {
        return sf_pack_inf(f, x.sign ^ y.sign);
    }
    return round_term(s, f, product(&x, &y));
}

// 127 or 128 bits of quotient, the last one sticky.
SfTerm sf_quotient(const SfParts *a, const SfParts *b)
{
    sf_u128 n = (sf_u128)a->frac << 63;
    uint64_t high = (uint64_t)(n / b->frac);
    n = (n % b->frac) << 64;
    sf_u128 frac = (sf_u128)high << 64 | (uint64_t)(n / b->frac);
    return (SfTerm){
        .sign = a->sign ^ b->sign, .exp = a->exp - b->exp, .frac = frac | (n % b->frac != 0)};
}

uint64_t sf_div(SfStatus *s, SfFormat f, uint64_t a, uint64_t b)
{
    SfParts x = sf_unpack(s, f, a), y = sf_unpack(s, f, b);
    if (sf_parts_nan(&x) || sf_parts_nan(&y)) {
        return nan2(s, f, &x, &y);
    }
    if (x.cls == y.cls && x.cls != SF_NORMAL) { // 0/0, inf/inf
        return sf_invalid(s, f);
    }
    if (x.cls == SF_INF || y.cls == SF_ZERO) {
        s->flags |= x.cls == SF_INF ? 0 : SF_DIVZERO;
        return sf_pack_inf(f, x.sign ^ y.sign);
    }
    if (x.cls == SF_ZERO || y.cls == SF_INF) {
        return sf_pack_zero(f, x.sign ^ y.sign);
    }
    SfTerm t = sf_quotient(&x, &y);
    return round_term(s, f, t);
}

// The integer square root of n, bit by bit; *rest = n - root^2.
static uint64_t root(sf_u128 n, sf_u128 *rest)
{
    sf_u128 r = 0, left = 0;
    for (int i = 126; i >= 0; i -= 2) {
        left = left << 2 | (n >> i & 3);
        sf_u128 trial = r << 2 | 1;
        r <<= 1;
        if (left >= trial) {
            left -= trial;
            r |= 1;
        }
    }
    *rest = left;
    return (uint64_t)r;
}

SfTerm sf_square_root(const SfParts *x)
{
    bool odd = x->exp & 1;
    sf_u128 rest, n = (sf_u128)x->frac << (odd ? 64 : 63);
    uint64_t r = root(n, &rest);
    // The root has 64 bits; the next one is set if the rest exceeds the root.
    sf_u128 frac = (sf_u128)r << 64 | (sf_u128)(rest > r) << 63 | (rest != 0);
    return (SfTerm){.exp = (x->exp - odd) / 2, .frac = frac};
}

uint64_t sf_sqrt(SfStatus *s, SfFormat f, uint64_t a)
{
    SfParts x = sf_unpack(s, f, a);
    const SfParts *list[] = {&x};
    if (sf_parts_nan(&x)) {
        return sf_pick_nan(s, f, list, 1);
    }
    if (x.cls == SF_ZERO) {
        return sf_pack_zero(f, x.sign);
    }
    if (x.sign) {
        return sf_invalid(s, f);
    }
    if (x.cls == SF_INF) {
        return sf_pack_inf(f, false);
    }
    SfTerm t = sf_square_root(&x);
    return sf_round_pack(s, f, false, t.exp, t.frac);
}

// --- fused

static uint64_t nan3(SfStatus *s, SfFormat f, const SfParts *a, const SfParts *b, const SfParts *c)
{
    if (s->nan_rule == SF_NAN_ARM) {
        const SfParts *list[] = {c, a, b};
        if (c->cls == SF_QNAN && inf_times_zero(a, b)) {
            return sf_invalid(s, f);
        }
        return sf_pick_nan(s, f, list, 3);
    }
    const SfParts *list[] = {a, b, c};
    return sf_pick_nan(s, f, list, 3);
}

static uint64_t muladd(SfStatus *s, SfFormat f, const SfParts *a, const SfParts *b,
                       const SfParts *c, int scale)
{
    if (sf_parts_nan(a) || sf_parts_nan(b) || sf_parts_nan(c)) {
        return nan3(s, f, a, b, c);
    }
    bool sign = a->sign ^ b->sign, inf = a->cls == SF_INF || b->cls == SF_INF;
    if (inf_times_zero(a, b) || (inf && c->cls == SF_INF && sign != c->sign)) {
        return sf_invalid(s, f);
    }
    if (inf || c->cls == SF_INF) {
        return sf_pack_inf(f, inf ? sign : c->sign);
    }
    SfTerm sum = sf_add_terms(s, product(a, b), term(c));
    sum.exp += scale;
    return round_term(s, f, sum);
}

uint64_t sf_muladd(SfStatus *s, SfFormat f, uint64_t a, uint64_t b, uint64_t c, int scale)
{
    SfParts z = sf_unpack(s, f, c), x = sf_unpack(s, f, a), y = sf_unpack(s, f, b);
    return muladd(s, f, &x, &y, &z, scale);
}

uint64_t sf_muladd_widen(SfStatus *s, SfFormat from, bool flush_ab, SfFormat to, uint64_t a,
                         uint64_t b, uint64_t c)
{
    SfStatus narrow = {.flush_in = flush_ab};
    SfParts z = sf_unpack(s, to, c);
    SfParts x = sf_unpack(&narrow, from, a), y = sf_unpack(&narrow, from, b);
    return muladd(s, to, &x, &y, &z, 0);
}
