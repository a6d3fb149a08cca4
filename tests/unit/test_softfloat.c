// softfloat against the host's FPU (x86-64): every operation on special and random values in all
// rounding modes, results and flags. softfloat is set to the host's ways: the SSE choice of NaNs,
// and underflow told after rounding. Arm's ways are tested by the oracle (tests/oracle).
//
// Left out: NaN results of fma (the host's choice among three differs by instruction form) and of
// conversions to integers (the host gives its "integer indefinite").
#include <criterion/criterion.h>
#include <fenv.h>
#include <math.h>
#include <string.h>

#include "fpu/softfloat.h"

#define CASES 20000

// --- values

static uint64_t next(uint64_t *s)
{
    *s ^= *s << 13;
    *s ^= *s >> 7;
    *s ^= *s << 17;
    return *s * UINT64_C(0x2545f4914f6cdd1d);
}

static unsigned below(uint64_t *s, unsigned n)
{
    return (unsigned)((next(s) >> 32) * n >> 32);
}

static uint64_t special(uint64_t *s, SfFormat f)
{
    unsigned fb = sf_frac_bits(f);
    uint64_t top = mask64(sf_exp_bits(f)), mid = top >> 1, half = BIT(fb - 1);
    const uint64_t exps[] = {0, 1, 2, mid - 1, mid, mid + 1, mid + fb, top - 2, top - 1, top};
    const uint64_t fracs[] = {0, 1, 2, half - 1, half, half + 1, mask64(fb) - 1, mask64(fb)};
    uint64_t e = exps[below(s, ARRAY_LEN(exps))], m = fracs[below(s, ARRAY_LEN(fracs))];
    return (below(s, 2) ? sf_sign_bit(f) : 0) | e << fb | m;
}

// Special, anything, close to another one, or with few significant bits.
static uint64_t value(uint64_t *s, SfFormat f, uint64_t other)
{
    unsigned fb = sf_frac_bits(f);
    uint64_t r = next(s);
    switch (below(s, 5)) {
    case 0:
        return special(s, f);
    case 1:
        break;
    case 2:
        r = ((other >> fb) + below(s, 5) - 2) << fb | (r & mask64(fb));
        break;
    case 3:
        r = (other & ~mask64(fb)) | (r & next(s) & mask64(fb));
        break;
    default:
        r &= ~mask64(fb - 3);
        break;
    }
    return r & mask64(sf_bits(f));
}

static const struct {
    int host;
    SfRound soft;
} modes[] = {{FE_TONEAREST, SF_RND_NEAREST},
             {FE_DOWNWARD, SF_RND_DOWN},
             {FE_UPWARD, SF_RND_UP},
             {FE_TOWARDZERO, SF_RND_ZERO}};

static SfStatus status(SfRound round)
{
    return (SfStatus){.round = round, .nan_rule = SF_NAN_SSE, .tiny_after = true};
}

// --- the host's answers. volatile keeps the compiler from moving or folding the operation.

enum { IEEE = 31 }; // without the denormal operand

static unsigned host_flags(void)
{
    int e = fetestexcept(FE_ALL_EXCEPT);
    return (e & FE_INVALID ? SF_INVALID : 0) | (e & FE_DIVBYZERO ? SF_DIVZERO : 0) |
           (e & FE_OVERFLOW ? SF_OVERFLOW : 0) | (e & FE_UNDERFLOW ? SF_UNDERFLOW : 0) |
           (e & FE_INEXACT ? SF_INEXACT : 0);
}

static float load32(uint64_t x)
{
    uint32_t b = (uint32_t)x;
    float f;
    memcpy(&f, &b, sizeof f);
    return f;
}
static uint64_t store32(float f)
{
    uint32_t b;
    memcpy(&b, &f, sizeof f);
    return b;
}
static double load64(uint64_t x)
{
    double f;
    memcpy(&f, &x, sizeof f);
    return f;
}
static uint64_t store64(double f)
{
    uint64_t b;
    memcpy(&b, &f, sizeof f);
    return b;
}

typedef uint64_t Host(uint64_t a, uint64_t b, uint64_t c);

#define HOST(name, expr32, expr64)                                                                 \
    static uint64_t name##_32(uint64_t a, uint64_t b, uint64_t c)                                  \
    {                                                                                              \
        volatile float x = load32(a), y = load32(b), z = load32(c), r;                             \
        r = expr32;                                                                                \
        (void)y;                                                                                   \
        (void)z;                                                                                   \
        return store32(r);                                                                         \
    }                                                                                              \
    static uint64_t name##_64(uint64_t a, uint64_t b, uint64_t c)                                  \
    {                                                                                              \
        volatile double x = load64(a), y = load64(b), z = load64(c), r;                            \
        r = expr64;                                                                                \
        (void)y;                                                                                   \
        (void)z;                                                                                   \
        return store64(r);                                                                         \
    }

HOST(add, x + y, x + y)
HOST(sub, x - y, x - y)
HOST(mul, x *y, x *y)
HOST(div, x / y, x / y)
HOST(fused, fmaf(x, y, z), fma(x, y, z))

static float sqrt_ss(float x)
{
    __asm__ volatile("sqrtss %0, %0" : "+x"(x));
    return x;
}
static double sqrt_sd(double x)
{
    __asm__ volatile("sqrtsd %0, %0" : "+x"(x));
    return x;
}
HOST(root, sqrt_ss(x), sqrt_sd(x))

// The compiler's rint is not right in all modes.
static float round_ss(float x)
{
    __asm__ volatile("roundss $4, %0, %0" : "+x"(x));
    return x;
}
static double round_sd(double x)
{
    __asm__ volatile("roundsd $4, %0, %0" : "+x"(x));
    return x;
}
HOST(integral, round_ss(x), round_sd(x))

// --- softfloat under one signature

typedef uint64_t Soft(SfStatus *s, SfFormat f, uint64_t a, uint64_t b, uint64_t c);

static uint64_t soft_add(SfStatus *s, SfFormat f, uint64_t a, uint64_t b, uint64_t c)
{
    (void)c;
    return sf_add(s, f, a, b);
}
static uint64_t soft_sub(SfStatus *s, SfFormat f, uint64_t a, uint64_t b, uint64_t c)
{
    (void)c;
    return sf_sub(s, f, a, b);
}
static uint64_t soft_mul(SfStatus *s, SfFormat f, uint64_t a, uint64_t b, uint64_t c)
{
    (void)c;
    return sf_mul(s, f, a, b);
}
static uint64_t soft_div(SfStatus *s, SfFormat f, uint64_t a, uint64_t b, uint64_t c)
{
    (void)c;
    return sf_div(s, f, a, b);
}
static uint64_t soft_sqrt(SfStatus *s, SfFormat f, uint64_t a, uint64_t b, uint64_t c)
{
    (void)b;
    (void)c;
    return sf_sqrt(s, f, a);
}
static uint64_t soft_fused(SfStatus *s, SfFormat f, uint64_t a, uint64_t b, uint64_t c)
{
    return sf_muladd(s, f, a, b, c, 0);
}
static uint64_t soft_integral(SfStatus *s, SfFormat f, uint64_t a, uint64_t b, uint64_t c)
{
    (void)b;
    (void)c;
    return sf_round_to_int(s, f, a, s->round, true);
}

typedef struct Answer {
    uint64_t bits;
    unsigned flags;
} Answer;

static Answer ask_host(Host *fn, int mode, uint64_t a, uint64_t b, uint64_t c)
{
    fesetround(mode);
    feclearexcept(FE_ALL_EXCEPT);
    Answer r = {.bits = fn(a, b, c)};
    r.flags = host_flags();
    fesetround(FE_TONEAREST);
    return r;
}

static void compare(SfFormat f, const char *what, Soft *soft, Host *host, bool skip_nan)
{
    uint64_t seed = 88172645463325252u;
    for (unsigned i = 0; i < CASES; i++) {
        uint64_t a = value(&seed, f, 0), b = value(&seed, f, a), c = value(&seed, f, a);
        for (unsigned m = 0; m < ARRAY_LEN(modes); m++) {
            SfStatus s = status(modes[m].soft);
            Answer want = ask_host(host, modes[m].host, a, b, c);
            uint64_t got = soft(&s, f, a, b, c);
            if (skip_nan && sf_is_nan(f, want.bits) && sf_is_nan(f, got)) {
                continue;
            }
            cr_assert(want.bits == got && want.flags == (s.flags & IEEE),
                      "%s%u mode %u of %llx %llx %llx: host %llx flags %02x, soft %llx flags %02x",
                      what, sf_bits(f), m, (unsigned long long)a, (unsigned long long)b,
                      (unsigned long long)c, (unsigned long long)want.bits, want.flags,
                      (unsigned long long)got, s.flags);
        }
    }
}

#define BOTH(name, soft, host, skip_nan)                                                           \
    Test(softfloat, name)                                                                          \
    {                                                                                              \
        compare(SF_F32, #name, soft, host##_32, skip_nan);                                         \
        compare(SF_F64, #name, soft, host##_64, skip_nan);                                         \
    }

BOTH(add, soft_add, add, false)
BOTH(sub, soft_sub, sub, false)
BOTH(mul, soft_mul, mul, false)
BOTH(div, soft_div, div, false)
BOTH(sqrt, soft_sqrt, root, false)
BOTH(muladd, soft_fused, fused, true)
BOTH(round_to_int, soft_integral, integral, false)

// --- between formats

static uint64_t narrow_64(uint64_t a, uint64_t b, uint64_t c)
{
    volatile double x = load64(a);
    volatile float r = (float)x;
    (void)b;
    (void)c;
    return store32(r);
}
static uint64_t widen_32(uint64_t a, uint64_t b, uint64_t c)
{
    volatile float x = load32(a);
    volatile double r = x;
    (void)b;
    (void)c;
    return store64(r);
}
static uint64_t soft_narrow(SfStatus *s, SfFormat f, uint64_t a, uint64_t b, uint64_t c)
{
    (void)b;
    (void)c;
    return sf_convert(s, f, SF_F32, a);
}
static uint64_t soft_widen(SfStatus *s, SfFormat f, uint64_t a, uint64_t b, uint64_t c)
{
    (void)b;
    (void)c;
    return sf_convert(s, f, SF_F64, a);
}

Test(softfloat, convert_format)
{
    compare(SF_F64, "narrow", soft_narrow, narrow_64, false);
    compare(SF_F32, "widen", soft_widen, widen_32, false);
}

// --- integers

static uint64_t from_s64_32(uint64_t a, uint64_t b, uint64_t c)
{
    volatile int64_t x = (int64_t)a;
    volatile float r = (float)x;
    (void)b;
    (void)c;
    return store32(r);
}
static uint64_t from_s64_64(uint64_t a, uint64_t b, uint64_t c)
{
    volatile int64_t x = (int64_t)a;
    volatile double r = (double)x;
    (void)b;
    (void)c;
    return store64(r);
}

Test(softfloat, from_int)
{
    uint64_t seed = 4711;
    for (unsigned i = 0; i < CASES; i++) {
        uint64_t a = next(&seed) >> below(&seed, 64);
        a = below(&seed, 2) ? -a : a;
        for (unsigned m = 0; m < ARRAY_LEN(modes); m++) {
            Answer want = ask_host(from_s64_32, modes[m].host, a, 0, 0);
            SfStatus s = status(modes[m].soft);
            cr_assert_eq(want.bits, sf_from_int(&s, SF_F32, a, 0, true));
            cr_assert_eq(want.flags, s.flags & IEEE);
            want = ask_host(from_s64_64, modes[m].host, a, 0, 0);
            s = status(modes[m].soft);
            cr_assert_eq(want.bits, sf_from_int(&s, SF_F64, a, 0, true));
            cr_assert_eq(want.flags, s.flags & IEEE);
        }
    }
}

static uint64_t to_s64(uint64_t a, uint64_t b, uint64_t c)
{
    volatile double x = load64(a);
    int64_t r;
    (void)b;
    (void)c;
    __asm__ volatile("cvtsd2si %1, %0" : "=r"(r) : "x"(x));
    return (uint64_t)r;
}

Test(softfloat, to_int)
{
    uint64_t seed = 4712;
    for (unsigned i = 0; i < CASES; i++) {
        uint64_t a = value(&seed, SF_F64, 0);
        for (unsigned m = 0; m < ARRAY_LEN(modes); m++) {
            Answer want = ask_host(to_s64, modes[m].host, a, 0, 0);
            SfStatus s = status(modes[m].soft);
            uint64_t got = sf_to_int(&s, SF_F64, a, modes[m].soft, 0, 64, true);
            cr_assert_eq(want.flags, s.flags & IEEE, "%llx", (unsigned long long)a);
            if (!(want.flags & SF_INVALID)) {
                cr_assert_eq(want.bits, got, "%llx", (unsigned long long)a);
            }
        }
    }
}

// Saturation and fraction bits, which the host does not have.
Test(softfloat, to_fixed)
{
    SfStatus s = status(SF_RND_ZERO);
    uint64_t two_and_half = UINT64_C(0x4004000000000000), big = UINT64_C(0x43f0000000000000);
    cr_assert_eq(sf_to_int(&s, SF_F64, two_and_half, SF_RND_ZERO, 4, 32, true), 40);
    cr_assert_eq(s.flags, 0);
    cr_assert_eq(sf_to_int(&s, SF_F64, big, SF_RND_ZERO, 0, 64, true), INT64_MAX);
    cr_assert_eq(sf_to_int(&s, SF_F64, big, SF_RND_ZERO, 0, 64, false), UINT64_MAX);
    cr_assert_eq(sf_to_int(&s, SF_F64, big | BIT(63), SF_RND_ZERO, 0, 32, true),
                 (uint64_t)(int64_t)INT32_MIN);
    cr_assert_eq(sf_to_int(&s, SF_F64, big | BIT(63), SF_RND_ZERO, 0, 32, false), 0);
    cr_assert_eq(s.flags, SF_INVALID);
}

// --- order: a signalling compare of the host's, and minimum and maximum of ordered values

Test(softfloat, compare_min_max)
{
    uint64_t seed = 4713;
    for (unsigned i = 0; i < CASES; i++) {
        uint64_t a = value(&seed, SF_F64, 0), b = value(&seed, SF_F64, a);
        double x = load64(a), y = load64(b);
        SfStatus s = status(SF_RND_NEAREST);
        SfOrder o = sf_compare(&s, SF_F64, a, b, true);
        cr_assert_eq(o == SF_UNORDERED, isnan(x) || isnan(y));
        cr_assert_eq(s.flags & IEEE, o == SF_UNORDERED ? SF_INVALID : 0);
        if (o != SF_UNORDERED) {
            cr_assert_eq(o, x < y ? SF_LESS : x > y ? SF_GREATER : SF_EQUAL);
            cr_assert_eq(load64(sf_min(&s, SF_F64, a, b)), x < y ? x : y);
            cr_assert_eq(load64(sf_max(&s, SF_F64, a, b)), x < y ? y : x);
        }
    }
}

// --- Arm's ways that differ

Test(softfloat, arm_nans_and_flushing)
{
    const uint64_t snan = UINT64_C(0x7ff0000000000001), qnan = UINT64_C(0xfff8000000000002);
    const uint64_t denormal = 1, one = UINT64_C(0x3ff0000000000000);
    SfStatus s = {.nan_rule = SF_NAN_ARM, .flush_flags = SF_UNDERFLOW};
    cr_assert_eq(sf_add(&s, SF_F64, qnan, snan), snan | BIT(51));
    cr_assert_eq(s.flags, SF_INVALID);
    s.flush_in = s.flush_out = true;
    s.flags = 0;
    cr_assert_eq(sf_mul(&s, SF_F64, denormal, one), 0);
    cr_assert_eq(s.flags, SF_DENORMAL_IN);
    s.flags = 0;
    cr_assert_eq(sf_div(&s, SF_F64, UINT64_C(0x0010000000000000), UINT64_C(0x4000000000000000)), 0);
    cr_assert_eq(s.flags, SF_UNDERFLOW);
    s.default_nan = true;
    cr_assert_eq(sf_add(&s, SF_F64, qnan, one), sf_default_nan(&s, SF_F64));
}
