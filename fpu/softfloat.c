// Unpacking, rounding and packing, and the choice of NaNs: what all softfloat operations share.
#include "fpu/softfloat_parts.h"

typedef struct Format {
    uint8_t exp_bits, frac_bits;
} Format;

static const Format formats[SF_FORMATS] = {
    [SF_F16] = {5, 10}, [SF_F32] = {8, 23}, [SF_F64] = {11, 52}, [SF_BF16] = {8, 7}};

unsigned sf_exp_bits(SfFormat f)
{
    return formats[f].exp_bits;
}

unsigned sf_frac_bits(SfFormat f)
{
    return formats[f].frac_bits;
}

static int exp_max(SfFormat f)
{
    return (1 << formats[f].exp_bits) - 1;
}

static int bias(SfFormat f)
{
    return exp_max(f) >> 1;
}

static uint64_t pack(SfFormat f, bool sign, unsigned biased, uint64_t frac)
{
    return (sign ? sf_sign_bit(f) : 0) | (uint64_t)biased << formats[f].frac_bits | frac;
}

bool sf_is_nan(SfFormat f, uint64_t a)
{
    return (a & (sf_sign_bit(f) - 1)) > (uint64_t)exp_max(f) << formats[f].frac_bits;
}

uint64_t sf_pack_zero(SfFormat f, bool sign)
{
    return pack(f, sign, 0, 0);
}

uint64_t sf_pack_inf(SfFormat f, bool sign)
{
    return pack(f, sign, exp_max(f), 0);
}

static SfParts unpack_special(SfFormat f, bool sign, uint64_t frac)
{
    SfParts p = {.cls = SF_INF, .sign = sign};
    if (frac) {
        p.frac = frac << (63 - formats[f].frac_bits);
        p.cls = p.frac >> 62 ? SF_QNAN : SF_SNAN;
    }
    return p;
}

static SfParts unpack_denormal(SfStatus *s, SfFormat f, bool sign, uint64_t frac)
{
    SfParts p = {.cls = SF_ZERO, .sign = sign};
    if (frac && s->flush_in) {
        s->flags |= SF_DENORMAL_IN;
    } else if (frac) {
        s->flags |= SF_DENORMAL_USED;
        int shift = __builtin_clzll(frac);
        p.cls = SF_NORMAL;
        p.frac = frac << shift;
        p.exp = 1 - bias(f) - (shift - (63 - formats[f].frac_bits));
    }
    return p;
}

SfParts sf_unpack(SfStatus *s, SfFormat f, uint64_t a)
{
    unsigned frac_bits = formats[f].frac_bits;
    bool sign = a & sf_sign_bit(f);
    int biased = (int)extract64(a, frac_bits, formats[f].exp_bits);
    uint64_t frac = a & mask64(frac_bits);
    if (biased == exp_max(f) && !(f == SF_F16 && s->alt_half)) {
        return unpack_special(f, sign, frac);
    }
    if (biased == 0) {
        return unpack_denormal(s, f, sign, frac);
    }
    return (SfParts){.cls = SF_NORMAL,
                     .sign = sign,
                     .exp = biased - bias(f),
                     .frac = BIT(63) | frac << (63 - frac_bits)};
}

// --- rounding

static bool rounds_up(unsigned round, bool sign, bool odd, sf_u128 rest, sf_u128 half)
{
    switch (round) {
    case SF_RND_NEAREST:
        return rest > half || (rest == half && odd);
    case SF_RND_AWAY:
        return rest >= half;
    case SF_RND_UP:
        return rest && !sign;
    case SF_RND_DOWN:
        return rest && sign;
    case SF_RND_ODD:
    case SF_RND_ODD_INF:
        return rest && !odd;
    default:
        return false;
    }
}

// The top frac_bits + 1 bits of frac, rounded: 2^frac_bits up to and including 2^(frac_bits + 1).
static uint64_t round_frac(const SfStatus *s, SfFormat f, bool sign, sf_u128 frac, bool *inexact)
{
    unsigned drop = 127 - formats[f].frac_bits;
    uint64_t keep = (uint64_t)(frac >> drop);
    sf_u128 rest = frac << (128 - drop);
    *inexact = rest != 0;
    return keep + rounds_up(s->round, sign, keep & 1, rest, (sf_u128)1 << 127);
}

static uint64_t overflow(SfStatus *s, SfFormat f, bool sign, bool inexact)
{
    // A bit for each sign.
    static const uint8_t to_inf[] = {
        [SF_RND_NEAREST] = 3, [SF_RND_AWAY] = 3, [SF_RND_UP] = 1,      [SF_RND_DOWN] = 2,
        [SF_RND_ZERO] = 0,    [SF_RND_ODD] = 0,  [SF_RND_ODD_INF] = 3,
    };
    s->flags |= SF_OVERFLOW | (inexact || !s->overflow_traps ? SF_INEXACT : 0);
    uint64_t inf = sf_pack_inf(f, sign);
    return to_inf[s->round] >> sign & 1 ? inf : inf - 1;
}

static uint64_t pack_denormal(SfStatus *s, SfFormat f, bool sign, int biased, sf_u128 frac)
{
    bool inexact, tiny = true;
    if (s->tiny_after && biased == 0) {
        tiny = !(round_frac(s, f, sign, frac, &inexact) >> (formats[f].frac_bits + 1));
    }
    if (s->flush_out && tiny) {
        s->flags |= s->flush_flags;
        return sf_pack_zero(f, sign);
    }
    uint64_t keep = round_frac(s, f, sign, sf_shift_jam(frac, 1 - biased), &inexact);
    bool traps = tiny && s->underflow_traps;
    if (traps) {
        round_frac(s, f, sign, frac, &inexact);
    }
    s->flags |= inexact ? SF_INEXACT : 0;
    s->flags |= tiny && (inexact || traps) ? SF_UNDERFLOW : 0;
    return pack(f, sign, 0, 0) + keep; // a carry into the exponent makes the smallest normal number
}

uint64_t sf_round_pack(SfStatus *s, SfFormat f, bool sign, int exp, sf_u128 frac)
{
    if (!frac) {
        return sf_pack_zero(f, sign);
    }
    int shift = sf_clz128(frac);
    frac <<= shift;
    int biased = exp - shift + bias(f);
    if (biased < 1) {
        return pack_denormal(s, f, sign, biased, frac);
    }
    bool inexact;
    uint64_t keep = round_frac(s, f, sign, frac, &inexact);
    if (keep >> (formats[f].frac_bits + 1)) {
        keep >>= 1;
        biased++;
    }
    bool alt = f == SF_F16 && s->alt_half;
    if (biased >= exp_max(f) + alt) {
        if (alt) { // no infinity: the largest number, and invalid instead of inexact
            s->flags |= SF_INVALID;
            return pack(f, sign, exp_max(f), mask64(formats[f].frac_bits));
        }
        return overflow(s, f, sign, inexact);
    }
    s->flags |= inexact ? SF_INEXACT : 0;
    return pack(f, sign, biased, keep & mask64(formats[f].frac_bits));
}

// --- NaNs

uint64_t sf_default_nan(const SfStatus *s, SfFormat f)
{
    return pack(f, s->nan_rule == SF_NAN_SSE, exp_max(f), BIT(formats[f].frac_bits - 1));
}

uint64_t sf_invalid(SfStatus *s, SfFormat f)
{
    s->flags |= SF_INVALID;
    return sf_default_nan(s, f);
}

uint64_t sf_pack_nan(const SfStatus *s, SfFormat f, const SfParts *p)
{
    if (s->default_nan) {
        return sf_default_nan(s, f);
    }
    uint64_t frac = (p->frac | BIT(62)) >> (63 - formats[f].frac_bits);
    return pack(f, p->sign, exp_max(f), frac & mask64(formats[f].frac_bits));
}

uint64_t sf_pick_nan(SfStatus *s, SfFormat f, const SfParts *const *p, unsigned n)
{
    const SfParts *first = NULL, *signalling = NULL;
    for (unsigned i = 0; i < n; i++) {
        if (sf_parts_nan(p[i]) && !first) {
            first = p[i];
        }
        if (p[i]->cls == SF_SNAN && !signalling) {
            signalling = p[i];
        }
    }
    if (signalling) {
        s->flags |= SF_INVALID;
    }
    return sf_pack_nan(s, f, s->nan_rule == SF_NAN_ARM && signalling ? signalling : first);
}

uint64_t sf_process_nan(SfStatus *s, SfFormat f, uint64_t a)
{
    SfParts p = sf_unpack(s, f, a);
    const SfParts *list[] = {&p};
    return sf_pick_nan(s, f, list, 1);
}
