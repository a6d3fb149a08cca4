// The exact FP functions: arithmetic and comparisons, lane by lane. Conversions are in
// fp_exact_convert.c, estimates and steps in fp_estimate.c, products of other shapes in
// fp_exact_product.c.
#include "target-arm/fp_lanes.h"

void fp_each_lane(VCPU *v, FpLaneFn *fn, V128 *d, const V128 *a, const V128 *b, const V128 *c,
                  uint32_t desc)
{
    SfFormat f = desc & 3;
    SfStatus s = arm_fp_status_of(arm_cpu(v), f, desc);
    V128 r = {.u64 = {0, 0}};
    for (unsigned i = 0; i < fp_lanes(desc); i++) {
        fp_set_lane(
            &r, f, i,
            fn(&s, f, fp_lane(a, f, i), b ? fp_lane(b, f, i) : 0, c ? fp_lane(c, f, i) : 0));
    }
    *d = r;
    arm_fp_note(arm_cpu(v), f, &s);
}

// --- arithmetic

#define SIMPLE2(name, fn)                                                                          \
    static uint64_t name(SfStatus *s, SfFormat f, uint64_t a, uint64_t b, uint64_t c)              \
    {                                                                                              \
        (void)c;                                                                                   \
        return fn(s, f, a, b);                                                                     \
    }                                                                                              \
    FP_LANES(name)

SIMPLE2(add, sf_add)
SIMPLE2(sub, sf_sub)
SIMPLE2(mul, sf_mul)
SIMPLE2(div, sf_div)
SIMPLE2(min, sf_min)
SIMPLE2(max, sf_max)
SIMPLE2(minnm, sf_minnum)
SIMPLE2(maxnm, sf_maxnum)

static uint64_t sqrt_lane(SfStatus *s, SfFormat f, uint64_t a, uint64_t b, uint64_t c)
{
    (void)b;
    (void)c;
    return sf_sqrt(s, f, a);
}
FP_LANES_NAMED(sqrt, sqrt_lane)

static uint64_t fma_lane(SfStatus *s, SfFormat f, uint64_t a, uint64_t b, uint64_t c)
{
    return sf_muladd(s, f, a, b, c, 0);
}
FP_LANES_NAMED(fma, fma_lane)

static uint64_t abd(SfStatus *s, SfFormat f, uint64_t a, uint64_t b, uint64_t c)
{
    (void)c;
    return sf_sub(s, f, a, b) & ~sf_sign_bit(f);
}
FP_LANES(abd)

// Infinity times zero is 2, with the product's sign.
static uint64_t mulx(SfStatus *s, SfFormat f, uint64_t a, uint64_t b, uint64_t c)
{
    SfStatus own = *s;
    own.flags = 0;
    uint64_t r = sf_mul(&own, f, a, b);
    (void)c;
    if ((own.flags & SF_INVALID) && !sf_is_nan(f, a) && !sf_is_nan(f, b)) {
        own.flags &= ~SF_INVALID;
        r = BIT(sf_exp_bits(f) - 1) << sf_frac_bits(f) | ((a ^ b) & sf_sign_bit(f));
    }
    s->flags |= own.flags;
    return r;
}
FP_LANES(mulx)

// --- comparisons: all ones if true

static uint64_t all_ones(SfFormat f, bool yes)
{
    return yes ? mask64(sf_bits(f)) : 0;
}

static uint64_t ceq(SfStatus *s, SfFormat f, uint64_t a, uint64_t b, uint64_t c)
{
    (void)c;
    return all_ones(f, sf_compare(s, f, a, b, false) == SF_EQUAL);
}

static uint64_t cge(SfStatus *s, SfFormat f, uint64_t a, uint64_t b, uint64_t c)
{
    SfOrder o = sf_compare(s, f, a, b, true);
    (void)c;
    return all_ones(f, o == SF_GREATER || o == SF_EQUAL);
}

static uint64_t cgt(SfStatus *s, SfFormat f, uint64_t a, uint64_t b, uint64_t c)
{
    (void)c;
    return all_ones(f, sf_compare(s, f, a, b, true) == SF_GREATER);
}

static uint64_t acge(SfStatus *s, SfFormat f, uint64_t a, uint64_t b, uint64_t c)
{
    uint64_t m = ~sf_sign_bit(f);
    return cge(s, f, a & m, b & m, c);
}

static uint64_t acgt(SfStatus *s, SfFormat f, uint64_t a, uint64_t b, uint64_t c)
{
    uint64_t m = ~sf_sign_bit(f);
    return cgt(s, f, a & m, b & m, c);
}

FP_LANES(ceq)
FP_LANES(cge)
FP_LANES(cgt)
FP_LANES(acge)
FP_LANES(acgt)

// FCMP: aux has IR_FCMP_SIGNAL, and IR_FCMP_NZCV or the order is told as x86 does.
static void do_cmp(VCPU *v, V128 *d, const V128 *a, const V128 *b, const V128 *c, uint32_t desc)
{
    static const uint16_t flags[2][4] = {
        // less, equal, greater, unordered
        {IR_FLAG_C, IR_FLAG_Z, 0, IR_FLAG_Z | IR_FLAG_P | IR_FLAG_C},
        {IR_FLAG_S, IR_FLAG_Z | IR_FLAG_C, IR_FLAG_C, IR_FLAG_C | IR_FLAG_V}};
    SfFormat f = desc & 3;
    SfStatus s = arm_fp_status_of(arm_cpu(v), f, desc);
    SfOrder o = sf_compare(&s, f, fp_lane(a, f, 0), fp_lane(b, f, 0), desc & IR_FCMP_SIGNAL);
    (void)c;
    arm_fp_note(arm_cpu(v), f, &s);
    *d = (V128){.u64 = {flags[!!(desc & IR_FCMP_NZCV)][o + 1], 0}};
}
const IRVHelper arm_fx_cmp = {"fx_cmp", do_cmp, 0};
