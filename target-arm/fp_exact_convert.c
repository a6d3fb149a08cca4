// Exact FP conversions: between formats, to integral values, from and to integers and fixed point.
#include "target-arm/fp_lanes.h"

static SfRound rounding(const SfStatus *s, uint32_t desc)
{
    unsigned r = desc >> 16 & 7;
    return r == IR_RND_CURRENT ? (SfRound)s->round : (SfRound)r;
}

static unsigned fraction_bits(uint32_t desc)
{
    return desc >> (16 + ARM_FX_FBITS) & 0x7f;
}

// --- one lane with desc

typedef uint64_t ConvertFn(SfStatus *s, SfFormat f, uint64_t a, uint32_t desc);

static void each_lane(VCPU *v, ConvertFn *fn, V128 *d, const V128 *a, uint32_t desc)
{
    SfFormat f = desc & 3;
    SfStatus s = arm_fp_status_of(arm_cpu(v), f, desc);
    V128 r = {.u64 = {0, 0}};
    for (unsigned i = 0; i < fp_lanes(desc); i++) {
        fp_set_lane(&r, f, i, fn(&s, f, fp_lane(a, f, i), desc));
    }
    *d = r;
    arm_fp_note(arm_cpu(v), f, &s);
}

#define CONVERT(name, fn)                                                                          \
    static void do_##name(VCPU *v, V128 *d, const V128 *a, const V128 *b, const V128 *c,           \
                          uint32_t desc)                                                           \
    {                                                                                              \
        (void)b;                                                                                   \
        (void)c;                                                                                   \
        each_lane(v, fn, d, a, desc);                                                              \
    }                                                                                              \
    const IRVHelper arm_fx_##name = {"fx_" #name, do_##name, 0};

static uint64_t to_integral(SfStatus *s, SfFormat f, uint64_t a, uint32_t desc)
{
    return sf_round_to_int(s, f, a, rounding(s, desc), desc >> 16 & IR_RND_EXACT);
}
CONVERT(round, to_integral)

// FRINT32, FRINT64: what does not fit a signed integer of that size becomes its minimum, invalid.
static uint64_t to_bounded(SfStatus *s, SfFormat f, uint64_t a, uint32_t desc)
{
    unsigned bits = fraction_bits(desc);
    SfStatus own = *s;
    own.flags = 0;
    sf_to_int(&own, f, a, rounding(s, desc), 0, bits, true);
    if (!(own.flags & SF_INVALID)) {
        return sf_round_to_int(s, f, a, rounding(s, desc), true);
    }
    s->flags |= own.flags;
    return sf_from_int(&own, f, ~mask64(bits - 1), 0, true);
}
CONVERT(round_bounded, to_bounded)

static uint64_t to_signed(SfStatus *s, SfFormat f, uint64_t a, uint32_t desc)
{
    return sf_to_int(s, f, a, rounding(s, desc), fraction_bits(desc), sf_bits(f), true);
}
static uint64_t to_unsigned(SfStatus *s, SfFormat f, uint64_t a, uint32_t desc)
{
    return sf_to_int(s, f, a, rounding(s, desc), fraction_bits(desc), sf_bits(f), false);
}
static uint64_t from_signed(SfStatus *s, SfFormat f, uint64_t a, uint32_t desc)
{
    a = (uint64_t)sextract64(a, 0, sf_bits(f));
    return sf_from_int(s, f, a, fraction_bits(desc), true);
}
static uint64_t from_unsigned(SfStatus *s, SfFormat f, uint64_t a, uint32_t desc)
{
    return sf_from_int(s, f, a, fraction_bits(desc), false);
}
CONVERT(vf2s, to_signed)
CONVERT(vf2u, to_unsigned)
CONVERT(vs2f, from_signed)
CONVERT(vu2f, from_unsigned)

// --- scalars with a general register on the other side

static unsigned integer_bits(uint32_t desc)
{
    return desc & ARM_FX_I64 ? 64 : desc & ARM_FX_I16 ? 16 : 32;
}

static void to_register(VCPU *v, V128 *d, const V128 *a, uint32_t desc, bool is_signed)
{
    SfFormat f = desc & 3;
    SfStatus s = arm_fp_status_of(arm_cpu(v), f, desc);
    unsigned bits = integer_bits(desc);
    uint64_t r = sf_to_int(&s, f, fp_lane(a, f, 0), rounding(&s, desc), fraction_bits(desc), bits,
                           is_signed);
    arm_fp_note(arm_cpu(v), f, &s);
    *d = (V128){.u64 = {r & mask64(bits), 0}};
}

static void from_register(VCPU *v, V128 *d, const V128 *a, uint32_t desc, bool is_signed)
{
    SfFormat f = desc & 3;
    SfStatus s = arm_fp_status_of(arm_cpu(v), f, desc);
    unsigned bits = integer_bits(desc);
    uint64_t x = is_signed ? (uint64_t)sextract64(a->u64[0], 0, bits) : a->u64[0] & mask64(bits);
    uint64_t r = sf_from_int(&s, f, x, fraction_bits(desc), is_signed);
    arm_fp_note(arm_cpu(v), f, &s);
    *d = (V128){.u64 = {r, 0}};
}

#define REGISTER(name, fn, is_signed)                                                              \
    static void do_##name(VCPU *v, V128 *d, const V128 *a, const V128 *b, const V128 *c,           \
                          uint32_t desc)                                                           \
    {                                                                                              \
        (void)b;                                                                                   \
        (void)c;                                                                                   \
        fn(v, d, a, desc, is_signed);                                                              \
    }                                                                                              \
    const IRVHelper arm_fx_##name = {"fx_" #name, do_##name, 0};

REGISTER(f2s, to_register, true)
REGISTER(f2u, to_register, false)
REGISTER(s2f, from_register, true)
REGISTER(u2f, from_register, false)

// FJCVTZS: towards zero, modulo 2^32; Z tells that nothing was lost, not even the sign of -0.
static void do_jcvt(VCPU *v, V128 *d, const V128 *a, const V128 *b, const V128 *c, uint32_t desc)
{
    SfStatus s = arm_fp_status(arm_cpu(v), SF_F64);
    uint64_t x = a->u64[0];
    (void)b;
    (void)c;
    (void)desc;
    uint64_t r = sf_to_int(&s, SF_F64, x, SF_RND_ZERO, 0, 32, true);
    if ((s.flags & SF_INVALID) && !sf_is_nan(SF_F64, x)) {
        int exp = (int)extract64(x, 52, 11) - 1023; // 31 or more
        uint64_t frac = extract64(x, 0, 52) | BIT(52);
        r = exp <= 52 ? frac >> (52 - exp) : exp < 85 ? frac << (exp - 52) : 0;
        r = x >> 63 ? -r : r;
    }
    bool zero = x << 1 == 0 || (s.flags & SF_DENORMAL_IN);
    bool exact = !(s.flags & ~(unsigned)SF_DENORMAL_IN) && !(zero && x >> 63);
    arm_fp_note(arm_cpu(v), SF_F64, &s);
    *d = (V128){.u32 = {(uint32_t)r, exact ? IR_FLAG_Z : 0, 0, 0}};
}
const IRVHelper arm_fx_jcvt = {"fx_jcvt", do_jcvt, 0};

// --- between formats. Half precision is not flushed here, whatever FZ16 says, and may be the
// alternative one.

static SfStatus convert_status(const ARMCPU *c, SfFormat from, SfFormat to, uint32_t desc)
{
    SfStatus s = arm_fp_status_of(c, SF_F64, desc);
    s.flush_in = s.flush_in && from != SF_F16;
    s.flush_out = s.flush_out && to != SF_F16;
    s.alt_half = c->fpcr & FPCR_AHP;
    return s;
}

static void do_cvt(VCPU *v, V128 *d, const V128 *a, const V128 *b, const V128 *c, uint32_t desc)
{
    SfFormat from = desc & 3, to = desc >> 16 & 7;
    SfStatus s = convert_status(arm_cpu(v), from, to, desc);
    (void)b;
    (void)c;
    *d = (V128){.u64 = {sf_convert(&s, from, to, fp_lane(a, from, 0)), 0}};
    arm_fp_note(arm_cpu(v), SF_F64, &s);
}
const IRVHelper arm_fx_cvt = {"fx_cvt", do_cvt, 0};

static void do_cvt_odd(VCPU *v, V128 *d, const V128 *a, const V128 *b, const V128 *c, uint32_t desc)
{
    SfStatus s = convert_status(arm_cpu(v), SF_F64, SF_F32, desc);
    s.round = SF_RND_ODD;
    (void)b;
    (void)c;
    (void)desc;
    *d = (V128){.u64 = {sf_convert(&s, SF_F64, SF_F32, a->u64[0]), 0}};
    arm_fp_note(arm_cpu(v), SF_F64, &s);
}
const IRVHelper arm_fx_cvt_odd = {"fx_cvt_odd", do_cvt_odd, 0};

// n lanes from the bottom of a to the bottom of d.
static void change_lanes(VCPU *v, V128 *d, const V128 *a, SfFormat from, SfFormat to, unsigned n,
                         bool odd, uint32_t desc)
{
    SfStatus s = convert_status(arm_cpu(v), from, to, desc);
    V128 r = {.u64 = {0, 0}};
    s.round = odd ? SF_RND_ODD : s.round;
    for (unsigned i = 0; i < n; i++) {
        fp_set_lane(&r, to == SF_BF16 ? SF_F16 : to, i,
                    sf_convert(&s, from, to, fp_lane(a, from, i)));
    }
    *d = r;
    arm_fp_note(arm_cpu(v), SF_F64, &s);
}

#define CHANGE(name, to, n, odd)                                                                   \
    static void do_##name(VCPU *v, V128 *d, const V128 *a, const V128 *b, const V128 *c,           \
                          uint32_t desc)                                                           \
    {                                                                                              \
        SfFormat from = desc & 3;                                                                  \
        (void)b;                                                                                   \
        (void)c;                                                                                   \
        change_lanes(v, d, a, from, to, n, odd, desc);                                             \
    }                                                                                              \
    const IRVHelper arm_fx_##name = {"fx_" #name, do_##name, 0};

CHANGE(lengthen, from + 1, 8u >> from, false)
CHANGE(narrow, from - 1, 16u >> from, false)
CHANGE(narrow_odd, from - 1, 16u >> from, true)
CHANGE(bf_cvt, SF_BF16, 1, false)
CHANGE(bf_narrow, SF_BF16, 4, false)
