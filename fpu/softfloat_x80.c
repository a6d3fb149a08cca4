// 80-bit arithmetic: unpacking, rounding, the four operations, square root, comparison.
#include "fpu/softfloat_x80.h"
#include "fpu/softfloat_x80_parts.h"

#define INTEGER_BIT BIT(63)
#define QUIET_BIT   BIT(62)
#define EXP_ADJUST  24576 // SDM vol. 1, 8.5.4 and 8.5.5

SfX80Class sf_x80_class(SfX80 a)
{
    unsigned exp = a.se & SF_X80_EXP;
    if (exp == 0) {
        return a.frac ? SF_X80_DENORMAL : SF_X80_ZERO;
    }
    if (!(a.frac & INTEGER_BIT)) {
        return SF_X80_UNSUPPORTED;
    }
    if (exp < SF_X80_EXP) {
        return SF_X80_NORMAL;
    }
    return a.frac << 1 ? SF_X80_NAN : SF_X80_INFINITY;
}

bool sf_x80_is_snan(SfX80 a)
{
    return sf_x80_class(a) == SF_X80_NAN && !(a.frac & QUIET_BIT);
}

// Invalid operation and division by zero come before a denormal operand (SDM vol. 1, 4.9.2).
SfX80 sf_x80_invalid(SfX80Status *s)
{
    s->flags |= SF_INVALID;
    s->denormal = false;
    return SF_X80_DEFNAN;
}

SfX80 sf_x80_divide_by_zero(SfX80Status *s, bool sign)
{
    s->flags |= SF_DIVZERO;
    s->denormal = false;
    return sf_x80_inf(sign);
}

SfParts sf_x80_unpack(SfX80 a)
{
    SfParts p = {.cls = SF_NORMAL, .sign = a.se & SF_X80_SIGN};
    switch (sf_x80_class(a)) {
    case SF_X80_ZERO:
        p.cls = SF_ZERO;
        break;
    case SF_X80_INFINITY:
        p.cls = SF_INF;
        break;
    case SF_X80_DENORMAL: {
        int shift = __builtin_clzll(a.frac);
        p.frac = a.frac << shift;
        p.exp = 1 - SF_X80_BIAS - shift;
        break;
    }
    case SF_X80_NORMAL:
        p.frac = a.frac;
        p.exp = (a.se & SF_X80_EXP) - SF_X80_BIAS;
        break;
    case SF_X80_NAN:
    case SF_X80_UNSUPPORTED:
        p.cls = a.frac & QUIET_BIT ? SF_QNAN : SF_SNAN;
        p.frac = a.frac;
        break;
    }
    return p;
}

// --- NaNs (SDM vol. 1, table 4-7)

static SfX80 quiet(SfX80 a)
{
    a.frac |= QUIET_BIT;
    return a;
}

static SfX80 larger_nan(SfX80 a, SfX80 b)
{
    if (a.frac != b.frac) {
        return a.frac > b.frac ? a : b;
    }
    return a.se < b.se ? a : b;
}

static SfX80 pick_nan(SfX80 a, SfX80 b)
{
    bool na = sf_x80_class(a) == SF_X80_NAN, nb = sf_x80_class(b) == SF_X80_NAN;
    if (!na || !nb) {
        return quiet(na ? a : b);
    }
    bool sa = sf_x80_is_snan(a), sb = sf_x80_is_snan(b);
    if (sa != sb) {
        return sa ? b : a;
    }
    return larger_nan(quiet(a), quiet(b));
}

bool sf_x80_nan2(SfX80Status *s, SfX80 a, SfX80 b, SfX80 *result)
{
    SfX80Class ca = sf_x80_class(a), cb = sf_x80_class(b);
    if (ca == SF_X80_UNSUPPORTED || cb == SF_X80_UNSUPPORTED) {
        *result = sf_x80_invalid(s);
        return true;
    }
    if (ca == SF_X80_NAN || cb == SF_X80_NAN) {
        if (sf_x80_is_snan(a) || sf_x80_is_snan(b)) {
            s->flags |= SF_INVALID;
        }
        *result = pick_nan(a, b);
        return true;
    }
    s->denormal |= ca == SF_X80_DENORMAL || cb == SF_X80_DENORMAL;
    return false;
}

bool sf_x80_nan1(SfX80Status *s, SfX80 a, SfX80 *result)
{
    return sf_x80_nan2(s, a, (SfX80){0, 0}, result);
}

// --- rounding

static SfX80 pack(bool sign, unsigned biased, uint64_t frac)
{
    return (SfX80){frac, (uint16_t)((sign ? SF_X80_SIGN : 0) | biased)};
}

SfX80 sf_x80_zero(bool sign)
{
    return pack(sign, 0, 0);
}

SfX80 sf_x80_inf(bool sign)
{
    return pack(sign, SF_X80_EXP, INTEGER_BIT);
}

static bool rounds_up(unsigned round, bool sign, bool odd, sf_u128 rest)
{
    const sf_u128 half = (sf_u128)1 << 127;
    switch (round) {
    case SF_RND_NEAREST:
        return rest > half || (rest == half && odd);
    case SF_RND_UP:
        return rest && !sign;
    case SF_RND_DOWN:
        return rest && sign;
    default:
        return false;
    }
}

typedef struct Rounded {
    uint64_t frac; // the upper `precision` bits
    bool inexact, up, carry;
} Rounded;

static Rounded round_frac(const SfX80Status *s, bool sign, sf_u128 frac, unsigned precision)
{
    unsigned drop = 128 - precision;
    uint64_t keep = (uint64_t)(frac >> drop);
    sf_u128 rest = frac << precision;
    Rounded r = {.inexact = rest != 0};
    r.up = rounds_up(s->round, sign, keep & 1, rest);
    keep += r.up;
    r.carry = precision == 64 ? r.up && !keep : keep >> precision;
    r.frac = r.carry ? INTEGER_BIT : keep << (64 - precision);
    return r;
}

static void note_inexact(SfX80Status *s, const Rounded *r)
{
    s->flags |= r->inexact ? SF_INEXACT : 0;
    s->up = r->up;
}

static SfX80 overflow(SfX80Status *s, bool sign, unsigned precision)
{
    bool to_inf = s->round == SF_RND_NEAREST || s->round == (sign ? SF_RND_DOWN : SF_RND_UP);
    s->flags |= SF_OVERFLOW | SF_INEXACT;
    s->up = to_inf;
    return to_inf ? sf_x80_inf(sign) : pack(sign, SF_X80_EXP - 1, UINT64_MAX << (64 - precision));
}

static SfX80 pack_tiny(SfX80Status *s, bool sign, int biased, sf_u128 frac, unsigned precision)
{
    Rounded whole = round_frac(s, sign, frac, precision);
    bool tiny = biased < 0 || !whole.carry; // told after rounding
    if (tiny && (s->trapped & SF_UNDERFLOW)) {
        s->flags |= SF_UNDERFLOW;
        note_inexact(s, &whole);
        biased += EXP_ADJUST + whole.carry;
        if (biased > 0) {
            return pack(sign, (unsigned)biased, whole.frac);
        }
        s->flags |= SF_INEXACT; // too small even so (SDM vol. 1, 8.5.5)
        s->up = false;
        return sf_x80_zero(sign);
    }
    Rounded r = round_frac(s, sign, sf_shift_jam(frac, (unsigned)(1 - biased)), precision);
    note_inexact(s, &r);
    s->flags |= tiny && r.inexact ? SF_UNDERFLOW : 0;
    return pack(sign, r.frac & INTEGER_BIT ? 1 : 0, r.frac);
}

SfX80 sf_x80_round_pack(SfX80Status *s, bool sign, int exp, sf_u128 frac, unsigned precision)
{
    s->up = false;
    if (!frac) {
        return sf_x80_zero(sign);
    }
    int shift = sf_clz128(frac);
    frac <<= shift;
    int biased = exp - shift + SF_X80_BIAS;
    if (biased < 1) {
        return pack_tiny(s, sign, biased, frac, precision);
    }
    Rounded r = round_frac(s, sign, frac, precision);
    biased += r.carry;
    if (biased >= SF_X80_EXP) {
        if (!(s->trapped & SF_OVERFLOW)) {
            return overflow(s, sign, precision);
        }
        s->flags |= SF_OVERFLOW;
        biased -= EXP_ADJUST;
        if (biased >= SF_X80_EXP) {
            s->flags |= SF_INEXACT; // too large even so (8.5.4)
            s->up = true;
            return sf_x80_inf(sign);
        }
    }
    note_inexact(s, &r);
    return pack(sign, (unsigned)biased, r.frac);
}

// --- operations

static const SfStatus *add_status(const SfX80Status *s, SfStatus *t)
{
    *t = (SfStatus){.round = s->round};
    return t;
}

static SfTerm term(const SfParts *p)
{
    return (SfTerm){
        .sign = p->sign, .exp = p->exp, .frac = p->cls == SF_NORMAL ? (sf_u128)p->frac << 64 : 0};
}

static SfX80 add(SfX80Status *s, SfX80 a, SfX80 b, bool negate)
{
    SfX80 r;
    SfStatus t;
    if (sf_x80_nan2(s, a, b, &r)) {
        return r;
    }
    SfParts x = sf_x80_unpack(a), y = sf_x80_unpack(b);
    y.sign ^= negate;
    if (x.cls == SF_INF && y.cls == SF_INF && x.sign != y.sign) {
        return sf_x80_invalid(s);
    }
    if (x.cls == SF_INF || y.cls == SF_INF) {
        return sf_x80_inf(x.cls == SF_INF ? x.sign : y.sign);
    }
    SfTerm sum = sf_add_terms(add_status(s, &t), term(&x), term(&y));
    return sf_x80_round_pack(s, sum.sign, sum.exp, sum.frac, s->precision);
}

SfX80 sf_x80_add(SfX80Status *s, SfX80 a, SfX80 b)
{
    return add(s, a, b, false);
}

SfX80 sf_x80_sub(SfX80Status *s, SfX80 a, SfX80 b)
{
    return add(s, a, b, true);
}

SfX80 sf_x80_mul(SfX80Status *s, SfX80 a, SfX80 b)
{
    SfX80 r;
    if (sf_x80_nan2(s, a, b, &r)) {
        return r;
    }
    SfParts x = sf_x80_unpack(a), y = sf_x80_unpack(b);
    bool sign = x.sign ^ y.sign, zero = x.cls == SF_ZERO || y.cls == SF_ZERO;
    if (x.cls == SF_INF || y.cls == SF_INF) {
        return zero ? sf_x80_invalid(s) : sf_x80_inf(sign);
    }
    sf_u128 frac = zero ? 0 : (sf_u128)x.frac * y.frac;
    return sf_x80_round_pack(s, sign, x.exp + y.exp + 1, frac, s->precision);
}

SfX80 sf_x80_div(SfX80Status *s, SfX80 a, SfX80 b)
{
    SfX80 r;
    if (sf_x80_nan2(s, a, b, &r)) {
        return r;
    }
    SfParts x = sf_x80_unpack(a), y = sf_x80_unpack(b);
    bool sign = x.sign ^ y.sign;
    if (x.cls == y.cls && x.cls != SF_NORMAL) { // 0/0, inf/inf
        return sf_x80_invalid(s);
    }
    if (x.cls == SF_INF) {
        return sf_x80_inf(sign);
    }
    if (y.cls == SF_ZERO) {
        return sf_x80_divide_by_zero(s, sign);
    }
    if (x.cls == SF_ZERO || y.cls == SF_INF) {
        return sf_x80_zero(sign);
    }
    SfTerm q = sf_quotient(&x, &y);
    return sf_x80_round_pack(s, sign, q.exp, q.frac, s->precision);
}

SfX80 sf_x80_sqrt(SfX80Status *s, SfX80 a)
{
    SfX80 r;
    if (sf_x80_nan1(s, a, &r)) {
        return r;
    }
    SfParts x = sf_x80_unpack(a);
    if (x.cls == SF_ZERO) {
        return a;
    }
    if (x.sign) {
        return sf_x80_invalid(s);
    }
    if (x.cls == SF_INF) {
        return a;
    }
    SfTerm root = sf_square_root(&x);
    return sf_x80_round_pack(s, false, root.exp, root.frac, s->precision);
}

SfOrder sf_x80_compare(SfX80Status *s, SfX80 a, SfX80 b, bool signalling)
{
    SfX80 r;
    if (sf_x80_nan2(s, a, b, &r)) {
        s->flags |= signalling ? SF_INVALID : 0;
        return SF_UNORDERED;
    }
    SfParts x = sf_x80_unpack(a), y = sf_x80_unpack(b);
    return sf_order(&x, &y);
}
