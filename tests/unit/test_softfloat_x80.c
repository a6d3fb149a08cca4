// The 80-bit format: against the host's own x87 where there is one, and known values everywhere.
#include <criterion/criterion.h>
#include <string.h>

#include "fpu/softfloat_x80.h"

static void expect_eq(SfX80 got, uint16_t se, uint64_t frac)
{
    cr_assert_eq(got.se, se, "%04x.%016lx", got.se, (unsigned long)got.frac);
    cr_assert_eq(got.frac, frac, "%04x.%016lx", got.se, (unsigned long)got.frac);
}

Test(softfloat_x80, known_values)
{
    SfX80Status s = {.precision = 64};
    SfX80 one = sf_x80_from_int(1), three = sf_x80_from_int(3);
    expect_eq(sf_x80_div(&s, one, three), 0x3ffd, UINT64_C(0xaaaaaaaaaaaaaaab));
    cr_assert_eq(s.flags, SF_INEXACT);
    expect_eq(sf_x80_sqrt(&s, sf_x80_from_int(2)), 0x3fff, UINT64_C(0xb504f333f9de6484));
    expect_eq(sf_x80_atan2(&s, one, one), 0x3ffe, UINT64_C(0xc90fdaa22168c235));
    expect_eq(sf_x80_yl2x(&s, one, sf_x80_from_int(1024)), 0x4002, UINT64_C(0xa000000000000000));
    // 66 bits of pi: SDM vol. 1, 8.3.8
    SfX80 pi = {UINT64_C(0xc90fdaa22168c235), 0x4000}, sin;
    sf_x80_trig(&s, pi, &sin, NULL, NULL);
    expect_eq(sin, 0xbfbf, UINT64_C(0x8000000000000000));
}

Test(softfloat_x80, decimal)
{
    SfX80Status s = {.precision = 64};
    uint8_t bcd[10], again[10];
    sf_x80_to_bcd(&s, sf_x80_from_int(-1234567890123456789 / 10), bcd);
    cr_assert_eq(bcd[9], 0x80);
    cr_assert_eq(bcd[0], 0x78);
    sf_x80_to_bcd(&s, sf_x80_from_bcd(bcd), again);
    cr_assert(!memcmp(bcd, again, 10));
    cr_assert_eq(s.flags, 0);
    sf_x80_to_bcd(&s, sf_x80_from_int(INT64_MAX), bcd);
    cr_assert_eq(s.flags, SF_INVALID);
}

#if defined __x86_64__

static uint64_t next(uint64_t *r)
{
    *r ^= *r << 13;
    *r ^= *r >> 7;
    *r ^= *r << 17;
    return *r;
}

static SfX80 random_operand(uint64_t *r)
{
    SfX80 a = {next(r) | UINT64_C(1) << 63, (uint16_t)next(r)};
    uint16_t sign = a.se & SF_X80_SIGN;
    switch (next(r) % 10) {
    case 0: // infinity
        return (SfX80){UINT64_C(1) << 63, a.se | SF_X80_EXP};
    case 1: // zero
        return (SfX80){0, sign};
    case 2: // denormal
        return (SfX80){a.frac >> next(r) % 64, sign};
    case 3: // NaN
        return (SfX80){a.frac, a.se | SF_X80_EXP};
    case 4: // maybe unsupported
        return (SfX80){next(r), a.se};
    case 5: // few bits
        return (SfX80){UINT64_MAX << next(r) % 64, (uint16_t)(sign | (SF_X80_BIAS + next(r) % 5))};
    case 6: // about to underflow
        return (SfX80){a.frac, (uint16_t)(sign | (1 + next(r) % 70))};
    case 7: // about to overflow
        return (SfX80){a.frac, (uint16_t)(sign | (0x7ffe - next(r) % 70))};
    default:
        return (SfX80){a.frac, (uint16_t)(sign | (SF_X80_BIAS - 70 + next(r) % 140))};
    }
}

typedef enum Operation { ADD, SUB, MUL, DIV, SQRT, RINT, SCALE, PREM, PREM1, OPERATIONS } Operation;

// Memory as FLD and FSTP have it.
typedef union Image {
    long double value;
    SfX80 bits;
} Image;

#define HOST(text)                                                                                 \
    __asm__ volatile("fninit; fldcw %2; fldt %4; fldt %3; " text                                   \
                     "; fnstsw %%ax; mov %%ax, %1; fstpt %0; fninit"                               \
                     : "=m"(r.value), "=m"(status)                                                 \
                     : "m"(control), "m"(x.value), "m"(y.value)                                    \
                     : "ax", "memory")

static SfX80 on_host(Operation op, SfX80 a, SfX80 b, uint16_t control, uint16_t *fsw)
{
    Image x = {.bits = a}, y = {.bits = b}, r;
    uint16_t status;
    switch (op) {
    case ADD:
        HOST("faddp");
        break;
    case SUB:
        HOST("fsubp %%st, %%st(1)");
        break;
    case MUL:
        HOST("fmulp");
        break;
    case DIV:
        HOST("fdivp %%st, %%st(1)");
        break;
    case SQRT:
        HOST("fsqrt");
        break;
    case RINT:
        HOST("frndint");
        break;
    case SCALE:
        HOST("fscale");
        break;
    case PREM:
        HOST("fprem");
        break;
    default:
        HOST("fprem1");
        break;
    }
    *fsw = status;
    return r.bits;
}

static SfX80 ours(SfX80Status *s, Operation op, SfX80 a, SfX80 b, uint64_t *q, bool *complete)
{
    switch (op) {
    case ADD:
        return sf_x80_add(s, b, a);
    case SUB:
        return sf_x80_sub(s, a, b); // AT&T's names: ST - ST(1)
    case MUL:
        return sf_x80_mul(s, b, a);
    case DIV:
        return sf_x80_div(s, a, b);
    case SQRT:
        return sf_x80_sqrt(s, a);
    case RINT:
        return sf_x80_round_to_int(s, a);
    case SCALE:
        return sf_x80_scale(s, a, b);
    default:
        return sf_x80_remainder(s, a, b, op == PREM1, q, complete);
    }
}

static unsigned fsw_of(const SfX80Status *s)
{
    return (s->flags & SF_INVALID ? 1u : 0) | (s->denormal ? 2u : 0) |
           (s->flags & SF_DIVZERO ? 4u : 0) | (s->flags & SF_OVERFLOW ? 8u : 0) |
           (s->flags & SF_UNDERFLOW ? 16u : 0) | (s->flags & SF_INEXACT ? 32u : 0);
}

Test(softfloat_x80, as_the_host)
{
    static const uint8_t bits[4] = {24, 64, 53, 64};
    uint64_t r = UINT64_C(88172645463325252);
    for (unsigned n = 0; n < 60000 * OPERATIONS; n++) {
        Operation op = n % OPERATIONS;
        SfX80 a = random_operand(&r), b = random_operand(&r);
        unsigned round = next(&r) & 3, precision = (unsigned[]){0, 2, 3, 3}[next(&r) & 3];
        uint16_t fsw;
        SfX80Status s = {.round = (uint8_t)round, .precision = bits[precision]};
        uint64_t q = 0;
        bool complete = true;
        SfX80 want = on_host(op, a, b, (uint16_t)(0x7f | precision << 8 | round << 10), &fsw);
        SfX80 got = ours(&s, op, a, b, &q, &complete);
        cr_assert(want.frac == got.frac && want.se == got.se && fsw_of(&s) == (fsw & 0x3fu),
                  "operation %d of %04x.%016lx, %04x.%016lx, rounding %u, %u bits: host "
                  "%04x.%016lx %02x, ours %04x.%016lx %02x",
                  op, a.se, (unsigned long)a.frac, b.se, (unsigned long)b.frac, round,
                  bits[precision], want.se, (unsigned long)want.frac, fsw & 0x3f, got.se,
                  (unsigned long)got.frac, fsw_of(&s));
    }
}

#endif
