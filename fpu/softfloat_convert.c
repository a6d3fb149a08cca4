// Rounding to integral values, and conversions between formats and from and to integers.
#include "fpu/softfloat_parts.h"

uint64_t sf_integral(const SfParts *p, int exp, SfRound round, bool *inexact, bool *huge)
{
    *huge = exp >= 64;
    *inexact = false;
    if (*huge) {
        return 0;
    }
    // Point between bits 63 and 64 of the 128-bit number.
    sf_u128 x = (sf_u128)p->frac << 1;
    x = exp >= 0 ? x << exp : sf_shift_jam(x, -exp);
    uint64_t whole = (uint64_t)(x >> 64), rest = (uint64_t)x;
    bool up = false;
    *inexact = rest != 0;
    switch (round) {
    case SF_RND_NEAREST:
        up = rest > BIT(63) || (rest == BIT(63) && (whole & 1));
        break;
    case SF_RND_AWAY:
        up = rest >= BIT(63);
        break;
    case SF_RND_UP:
        up = rest && !p->sign;
        break;
    case SF_RND_DOWN:
        up = rest && p->sign;
        break;
    case SF_RND_ODD:
    case SF_RND_ODD_INF:
        up = rest && !(whole & 1);
        break;
    case SF_RND_ZERO:
        break;
    }
    *huge = up && whole == UINT64_MAX;
    return whole + up;
}

uint64_t sf_round_to_int(SfStatus *s, SfFormat f, uint64_t a, SfRound round, bool exact)
{
    SfParts p = sf_unpack(s, f, a);
    const SfParts *list[] = {&p};
    if (sf_parts_nan(&p)) {
        return sf_pick_nan(s, f, list, 1);
    }
    if (p.cls == SF_INF) {
        return a;
    }
    if (p.cls == SF_ZERO) {
        return sf_pack_zero(f, p.sign);
    }
    if (p.exp >= (int)sf_frac_bits(f)) {
        return a;
    }
    bool inexact, huge;
    uint64_t whole = sf_integral(&p, p.exp, round, &inexact, &huge);
    if (inexact && exact) {
        s->flags |= SF_INEXACT;
    }
    // The integer has no more bits than the format: packing it is exact.
    return sf_round_pack(s, f, p.sign, 63, (sf_u128)whole << 64);
}

static uint64_t convert_nan(SfStatus *s, SfFormat to, const SfParts *p)
{
    if (to == SF_F16 && s->alt_half) {
        s->flags |= SF_INVALID;
        return sf_pack_zero(to, p->sign);
    }
    return sf_pick_nan(s, to, &p, 1);
}

uint64_t sf_convert(SfStatus *s, SfFormat from, SfFormat to, uint64_t a)
{
    SfParts p = sf_unpack(s, from, a);
    if (sf_parts_nan(&p)) {
        return convert_nan(s, to, &p);
    }
    if (p.cls == SF_ZERO) {
        return sf_pack_zero(to, p.sign);
    }
    if (p.cls == SF_INF) {
        if (to == SF_F16 && s->alt_half) {
            s->flags |= SF_INVALID;
            return sf_pack_inf(to, p.sign) | mask64(sf_frac_bits(to));
        }
        return sf_pack_inf(to, p.sign);
    }
    return sf_round_pack(s, to, p.sign, p.exp, (sf_u128)p.frac << 64);
}

static uint64_t out_of_range(SfStatus *s, bool sign, unsigned bits, bool is_signed)
{
    s->flags |= SF_INVALID;
    if (!is_signed) {
        return sign ? 0 : mask64(bits);
    }
    return sign ? ~mask64(bits - 1) : mask64(bits - 1);
}

uint64_t sf_to_int(SfStatus *s, SfFormat f, uint64_t a, SfRound round, unsigned fbits,
                   unsigned bits, bool is_signed)
{
    SfParts p = sf_unpack(s, f, a);
    if (sf_parts_nan(&p)) {
        s->flags |= SF_INVALID;
        return 0;
    }
    if (p.cls == SF_ZERO) {
        return 0;
    }
    if (p.cls == SF_INF) {
        return out_of_range(s, p.sign, bits, is_signed);
    }
    bool inexact, huge;
    uint64_t whole = sf_integral(&p, p.exp + (int)fbits, round, &inexact, &huge);
    uint64_t limit = !is_signed ? (p.sign ? 0 : mask64(bits)) : mask64(bits - 1) + p.sign;
    if (huge || whole > limit) {
        return out_of_range(s, p.sign, bits, is_signed);
    }
    s->flags |= inexact ? SF_INEXACT : 0;
    return p.sign ? -whole : whole;
}

uint64_t sf_from_int(SfStatus *s, SfFormat f, uint64_t a, unsigned fbits, bool is_signed)
{
    bool sign = is_signed && (int64_t)a < 0;
    return sf_round_pack(s, f, sign, 63 - (int)fbits, (sf_u128)(sign ? -a : a) << 64);
}
