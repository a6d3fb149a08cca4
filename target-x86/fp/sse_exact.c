// Arithmetic, comparisons and rounding, lane by lane. Conversions are in sse_convert.c.
#include "target-x86/fp/sse.h"

// On lane k of a, b and c; those behind the op's operands are 0. aux2 is desc's.
typedef uint64_t LaneFn(SfStatus *s, SfFormat f, uint64_t a, uint64_t b, uint64_t c, unsigned aux2,
                        unsigned k);

static void each_lane(VCPU *v, LaneFn *fn, unsigned operands, V128 *d, const V128 *a, const V128 *b,
                      const V128 *c, uint32_t desc)
{
    SfFormat f = desc & 3;
    unsigned n = desc & IR_FP_SCALAR ? 1 : 16u >> f, flags = 0;
    SfStatus s = sse_status(x86_cpu(v));
    V128 r = {.u64 = {0, 0}};
    for (unsigned k = 0; k < n; k++) {
        uint64_t x = vector_lane(a, f, k), y = operands > 1 ? vector_lane(b, f, k) : 0,
                 z = operands > 2 ? vector_lane(c, f, k) : 0;
        s.flags = 0;
        vector_set_lane(&r, f, k, fn(&s, f, x, y, z, desc >> 16, k));
        flags |= sse_flags(&s, sf_is_nan(f, x) || sf_is_nan(f, y) || sf_is_nan(f, z));
    }
    *d = r;
    sse_note(x86_cpu(v), flags);
}

#define LANES(name, operands)                                                                      \
    static void do_##name(VCPU *v, V128 *d, const V128 *a, const V128 *b, const V128 *c,           \
                          uint32_t desc)                                                           \
    {                                                                                              \
        each_lane(v, lane_##name, operands, d, a, b, c, desc);                                     \
    }                                                                                              \
    const IRVHelper sse_fx_##name = {"sse_" #name, do_##name, 0};
#define LANE(name)                                                                                 \
    static uint64_t lane_##name(                                                                   \
        SfStatus *s, SfFormat f, uint64_t a, uint64_t b __attribute__((unused)),                   \
        uint64_t c __attribute__((unused)), unsigned aux2 __attribute__((unused)),                 \
        unsigned k __attribute__((unused)))

LANE(add)
{
    return sf_add(s, f, a, b);
}
LANES(add, 2)

LANE(sub)
{
    return sf_sub(s, f, a, b);
}
LANES(sub, 2)

LANE(mul)
{
    return sf_mul(s, f, a, b);
}
LANES(mul, 2)

LANE(div)
{
    return sf_div(s, f, a, b);
}
LANES(div, 2)

LANE(sqrt)
{
    return sf_sqrt(s, f, a);
}
LANES(sqrt, 1)

// Negating a factor or the addend does not touch NaNs.
static uint64_t negate(SfFormat f, uint64_t x, bool yes)
{
    return yes && !sf_is_nan(f, x) ? x ^ sf_sign_bit(f) : x;
}

LANE(fma)
{
    bool product = aux2 == IR_FMA_NEG_ADD || aux2 == IR_FMA_NEG_SUB;
    bool addend = aux2 == IR_FMA_SUB || aux2 == IR_FMA_NEG_SUB ||
                  (aux2 == IR_FMA_ADD_SUB && !(k & 1)) || (aux2 == IR_FMA_SUB_ADD && (k & 1));
    return sf_muladd(s, f, negate(f, a, product), b, negate(f, c, addend), 0);
}
LANES(fma, 3)

// MINPS: the second operand unless the first one is really less; denormals count as zeros under
// DAZ, also in the result.
static uint64_t choose(SfStatus *s, SfFormat f, uint64_t a, uint64_t b, SfOrder wins)
{
    uint64_t r = sf_compare(s, f, a, b, true) == wins ? a : b;
    bool denormal = !(r & BIT(sf_frac_bits(f)) * mask64(sf_exp_bits(f)));
    return s->flush_in && denormal ? r & sf_sign_bit(f) : r;
}

LANE(min)
{
    return choose(s, f, a, b, SF_LESS);
}
LANES(min, 2)

LANE(max)
{
    return choose(s, f, a, b, SF_GREATER);
}
LANES(max, 2)

// Predicates 0..31 of VCMPPS (SDM vol. 2, CMPPD, table 3-1): the orders that hold, and whether a
// quiet NaN is invalid.
enum { LT = 1, EQ = 2, GT = 4, UN = 8 };
static const uint8_t predicate_holds[16] = {
    EQ,      LT,      LT | EQ,      UN, LT | GT | UN, EQ | GT | UN, GT | UN, LT | EQ | GT,
    EQ | UN, LT | UN, LT | EQ | UN, 0,  LT | GT,      EQ | GT,      GT,      15};
// 3..0 of the first 16; the upper 16 are the opposite.
#define SIGNALS 0x6666u

LANE(cmp)
{
    bool signals = (SIGNALS >> (aux2 & 15) & 1) != (aux2 >> 4 & 1);
    SfOrder o = sf_compare(s, f, a, b, signals);
    return predicate_holds[aux2 & 15] >> (o + 1) & 1 ? mask64(sf_bits(f)) : 0;
}
LANES(cmp, 2)

// Rounding to integral values tells of no denormal operand.
LANE(round)
{
    SfRound round = (aux2 & 7) == IR_RND_CURRENT ? (SfRound)s->round : (SfRound)(aux2 & 7);
    uint64_t r = sf_round_to_int(s, f, a, round, aux2 & IR_RND_EXACT);
    s->flags &= ~SF_DENORMAL_USED;
    return r;
}
LANES(round, 1)

// COMISD signals quiet NaNs, too.
static void do_fcmp(VCPU *v, V128 *d, const V128 *a, const V128 *b, const V128 *c, uint32_t desc)
{
    static const uint16_t flags[] = {IR_FLAG_C, IR_FLAG_Z, 0, IR_FLAG_Z | IR_FLAG_P | IR_FLAG_C};
    SfFormat f = desc & 3;
    SfStatus s = sse_status(x86_cpu(v));
    SfOrder o =
        sf_compare(&s, f, vector_lane(a, f, 0), vector_lane(b, f, 0), desc & IR_FCMP_SIGNAL);
    (void)c;
    *d = (V128){.u64 = {flags[o + 1]}};
    sse_note(x86_cpu(v), sse_flags(&s, o == SF_UNORDERED));
}
const IRVHelper sse_fx_fcmp = {"sse_fcmp", do_fcmp, 0};
