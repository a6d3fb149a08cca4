// Reciprocal and reciprocal square root: estimates, exponents and Newton steps (DDI 0487
// shared/functions/float: FPRecipEstimate, FPRSqrtEstimate, FPRecpX, FPRecipStepFused,
// FPRSqrtStepFused).
#include "fpu/softfloat_parts.h"
#include "target-arm/fp_lanes.h"

unsigned arm_recip_estimate(unsigned a)
{
    return ((1u << 19) / (a * 2 + 1) + 1) / 2;
}

unsigned arm_recip_sqrt_estimate(unsigned a)
{
    unsigned b = 512;
    a = a < 256 ? a * 2 + 1 : ((a >> 1 << 1) + 1) * 2;
    while (a * (b + 1) * (b + 1) < 1u << 28) {
        b++;
    }
    return (b + 1) / 2;
}

static int bias(SfFormat f)
{
    return (1 << (sf_exp_bits(f) - 1)) - 1;
}

// Eight bits of an estimate as the top of a fraction field.
static uint64_t estimate_bits(SfFormat f, unsigned estimate)
{
    return (uint64_t)(estimate & 0xff) << (sf_frac_bits(f) - 8);
}

static uint64_t too_large(SfStatus *s, SfFormat f, bool sign)
{
    bool inf = s->round == SF_RND_NEAREST || (s->round == SF_RND_UP && !sign) ||
               (s->round == SF_RND_DOWN && sign);
    s->flags |= SF_OVERFLOW | SF_INEXACT;
    return sf_pack_inf(f, sign) - !inf;
}

static uint64_t recip_normal(SfFormat f, const SfParts *p)
{
    unsigned frac_bits = sf_frac_bits(f);
    int exp = 2 * bias(f) - 1 - (p->exp + bias(f));
    uint64_t frac = estimate_bits(f, arm_recip_estimate(p->frac >> 55));
    if (exp <= 0) { // denormal results: the leading one moves into the fraction
        frac = (frac | BIT(frac_bits)) >> (1 - exp);
        exp = 0;
    }
    return (p->sign ? sf_sign_bit(f) : 0) | (uint64_t)exp << frac_bits | frac;
}

static uint64_t recpe(SfStatus *s, SfFormat f, uint64_t a, uint64_t b, uint64_t c)
{
    SfParts p = sf_unpack(s, f, a);
    (void)b;
    (void)c;
    if (sf_parts_nan(&p)) {
        return sf_process_nan(s, f, a);
    }
    if (p.cls == SF_INF) {
        return sf_pack_zero(f, p.sign);
    }
    if (p.cls == SF_ZERO) {
        s->flags |= SF_DIVZERO;
        return sf_pack_inf(f, p.sign);
    }
    if (p.exp < -bias(f) - 1) {
        return too_large(s, f, p.sign);
    }
    if (s->flush_out && p.exp >= bias(f) - 1) {
        s->flags |= SF_UNDERFLOW;
        return sf_pack_zero(f, p.sign);
    }
    return recip_normal(f, &p);
}
FP_LANES(recpe)

static uint64_t rsqrte(SfStatus *s, SfFormat f, uint64_t a, uint64_t b, uint64_t c)
{
    SfParts p = sf_unpack(s, f, a);
    (void)b;
    (void)c;
    if (sf_parts_nan(&p)) {
        return sf_process_nan(s, f, a);
    }
    if (p.cls == SF_ZERO) {
        s->flags |= SF_DIVZERO;
        return sf_pack_inf(f, p.sign);
    }
    if (p.sign) {
        return sf_invalid(s, f);
    }
    if (p.cls == SF_INF) {
        return sf_pack_zero(f, false);
    }
    int exp = p.exp + bias(f);
    unsigned scaled = (unsigned)(p.frac >> ((exp & 1) ? 56 : 55)); // even: nine bits, odd: eight
    uint64_t result = (uint64_t)((3 * bias(f) - 1 - exp) >> 1);
    return result << sf_frac_bits(f) | estimate_bits(f, arm_recip_sqrt_estimate(scaled));
}
FP_LANES(rsqrte)

static uint64_t recpx(SfStatus *s, SfFormat f, uint64_t a, uint64_t b, uint64_t c)
{
    unsigned frac_bits = sf_frac_bits(f), exp_bits = sf_exp_bits(f);
    uint64_t exp = extract64(a, frac_bits, exp_bits);
    (void)b;
    (void)c;
    if (sf_is_nan(f, a)) {
        return sf_process_nan(s, f, a);
    }
    sf_unpack(s, f, a); // tells of a flushed input
    exp = exp ? ~exp & mask64(exp_bits) : mask64(exp_bits) - 1;
    return (a & sf_sign_bit(f)) | exp << frac_bits;
}
FP_LANES(recpx)

// --- steps: k - a * b, times 2^scale, where infinity times zero counts as zero. k is `bits`.

static uint64_t step(SfStatus *s, SfFormat f, uint64_t a, uint64_t b, uint64_t k, uint64_t k_scaled,
                     int scale)
{
    SfStatus own = *s;
    own.flags = 0;
    a ^= sf_sign_bit(f);
    SfParts x = sf_unpack(&own, f, a), y = sf_unpack(&own, f, b);
    uint64_t r;
    if (sf_parts_nan(&x) || sf_parts_nan(&y)) {
        const SfParts *list[] = {&x, &y};
        r = sf_pick_nan(&own, f, list, 2);
    } else if ((x.cls == SF_INF && y.cls == SF_ZERO) || (x.cls == SF_ZERO && y.cls == SF_INF)) {
        r = k_scaled;
    } else {
        r = sf_muladd(&own, f, a, b, k, scale);
    }
    s->flags |= own.flags;
    return r;
}

// 1.5 and 3.0 have the top fraction bit; exponents around the bias.
static uint64_t constant(SfFormat f, int exp, bool half)
{
    return (uint64_t)(bias(f) + exp) << sf_frac_bits(f) | (half ? BIT(sf_frac_bits(f) - 1) : 0);
}

static uint64_t recps(SfStatus *s, SfFormat f, uint64_t a, uint64_t b, uint64_t c)
{
    uint64_t two = constant(f, 1, false);
    (void)c;
    return step(s, f, a, b, two, two, 0);
}
FP_LANES(recps)

static uint64_t rsqrts(SfStatus *s, SfFormat f, uint64_t a, uint64_t b, uint64_t c)
{
    (void)c;
    return step(s, f, a, b, constant(f, 1, true), constant(f, 0, true), -1);
}
FP_LANES(rsqrts)

// --- AArch32: the product is rounded on its own (DDI 0487 shared/functions/float: FPRecipStep,
// FPRSqrtStep)

static bool infinity_times_zero(SfStatus *s, SfFormat f, uint64_t a, uint64_t b)
{
    SfStatus own = *s;
    SfParts x = sf_unpack(&own, f, a), y = sf_unpack(&own, f, b);
    bool yes = (x.cls == SF_INF && y.cls == SF_ZERO) || (x.cls == SF_ZERO && y.cls == SF_INF);
    s->flags |= yes ? own.flags : 0;
    return yes;
}

static uint64_t recps_twice(SfStatus *s, SfFormat f, uint64_t a, uint64_t b, uint64_t c)
{
    uint64_t two = constant(f, 1, false);
    (void)c;
    return infinity_times_zero(s, f, a, b) ? two : sf_sub(s, f, two, sf_mul(s, f, a, b));
}
FP_LANES(recps_twice)

static uint64_t rsqrts_twice(SfStatus *s, SfFormat f, uint64_t a, uint64_t b, uint64_t c)
{
    (void)c;
    if (infinity_times_zero(s, f, a, b)) {
        return constant(f, 0, true);
    }
    uint64_t rest = sf_sub(s, f, constant(f, 1, true), sf_mul(s, f, a, b));
    return sf_div(s, f, rest, constant(f, 1, false));
}
FP_LANES(rsqrts_twice)
