// Comparison, minimum, maximum.
#include "fpu/softfloat_parts.h"

static int magnitude_order(const SfParts *a, const SfParts *b)
{
    if (a->cls != b->cls) { // zero < normal < infinity
        return a->cls < b->cls ? -1 : 1;
    }
    if (a->cls != SF_NORMAL) {
        return 0;
    }
    if (a->exp != b->exp) {
        return a->exp < b->exp ? -1 : 1;
    }
    return a->frac == b->frac ? 0 : a->frac < b->frac ? -1 : 1;
}

SfOrder sf_order(const SfParts *a, const SfParts *b)
{
    if (a->cls == SF_ZERO && b->cls == SF_ZERO) {
        return SF_EQUAL;
    }
    if (a->sign != b->sign) {
        return a->sign ? SF_LESS : SF_GREATER;
    }
    int m = magnitude_order(a, b);
    return (SfOrder)(a->sign ? -m : m);
}

SfOrder sf_compare(SfStatus *s, SfFormat f, uint64_t a, uint64_t b, bool signalling)
{
    SfParts x = sf_unpack(s, f, a), y = sf_unpack(s, f, b);
    if (sf_parts_nan(&x) || sf_parts_nan(&y)) {
        if (signalling || x.cls == SF_SNAN || y.cls == SF_SNAN) {
            s->flags |= SF_INVALID;
        }
        return SF_UNORDERED;
    }
    return sf_order(&x, &y);
}

// A denormal that was flushed comes back as the zero that it counted as.
static uint64_t repack(SfStatus *s, SfFormat f, uint64_t a, const SfParts *p)
{
    (void)s;
    return p->cls == SF_ZERO ? sf_pack_zero(f, p->sign) : a;
}

static uint64_t choose(SfStatus *s, SfFormat f, uint64_t a, uint64_t b, bool max)
{
    SfParts x = sf_unpack(s, f, a), y = sf_unpack(s, f, b);
    const SfParts *list[] = {&x, &y};
    if (sf_parts_nan(&x) || sf_parts_nan(&y)) {
        return sf_pick_nan(s, f, list, 2);
    }
    SfOrder o = sf_order(&x, &y);
    if (o == SF_EQUAL) { // zeroes: -0 is the lesser
        bool sign = max ? x.sign && y.sign : x.sign || y.sign;
        return x.cls == SF_ZERO ? sf_pack_zero(f, sign) : a;
    }
    return (o == SF_GREATER) == max ? repack(s, f, a, &x) : repack(s, f, b, &y);
}

uint64_t sf_min(SfStatus *s, SfFormat f, uint64_t a, uint64_t b)
{
    return choose(s, f, a, b, false);
}

uint64_t sf_max(SfStatus *s, SfFormat f, uint64_t a, uint64_t b)
{
    return choose(s, f, a, b, true);
}

// A quiet NaN against anything else counts as the infinity that cannot win.
static uint64_t choose_number(SfStatus *s, SfFormat f, uint64_t a, uint64_t b, bool max)
{
    uint64_t quiet = BIT(sf_frac_bits(f) - 1);
    bool qa = sf_is_nan(f, a) && (a & quiet), qb = sf_is_nan(f, b) && (b & quiet);
    if (qa && !qb) {
        a = sf_pack_inf(f, max);
    } else if (qb && !qa) {
        b = sf_pack_inf(f, max);
    }
    return choose(s, f, a, b, max);
}

uint64_t sf_minnum(SfStatus *s, SfFormat f, uint64_t a, uint64_t b)
{
    return choose_number(s, f, a, b, false);
}

uint64_t sf_maxnum(SfStatus *s, SfFormat f, uint64_t a, uint64_t b)
{
    return choose_number(s, f, a, b, true);
}
