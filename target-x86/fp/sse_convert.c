// Conversions between formats and from and to integers.
#include "target-x86/fp/sse.h"

static SfRound rounding(const SfStatus *s, unsigned aux2)
{
    return (aux2 & 7) == IR_RND_CURRENT ? (SfRound)s->round : (SfRound)(aux2 & 7);
}

// --- between formats. Half precision is converted as if DAZ and FZ were clear; denormal halves are
// not told of (SDM vol. 1, 14.4.1).
static uint64_t convert(const SfStatus *base, SfFormat from, SfFormat to, uint64_t x,
                        unsigned *flags)
{
    SfStatus s = *base;
    s.flags = 0;
    s.flush_in = s.flush_in && from != SF_F16;
    s.flush_out = s.flush_out && to != SF_F16;
    uint64_t r = sf_convert(&s, from, to, x);
    if (from == SF_F16) {
        s.flags &= ~SF_DENORMAL_USED;
    }
    *flags |= sse_flags(&s, sf_is_nan(from, x));
    return r;
}

static void convert_lanes(VCPU *v, V128 *d, const V128 *a, SfFormat from, SfFormat to, unsigned n,
                          const SfStatus *s)
{
    unsigned flags = 0;
    V128 r = {.u64 = {0, 0}};
    for (unsigned k = 0; k < n; k++) {
        vector_set_lane(&r, to, k, convert(s, from, to, vector_lane(a, from, k), &flags));
    }
    *d = r;
    sse_note(x86_cpu(v), flags);
}

static void do_cvt(VCPU *v, V128 *d, const V128 *a, const V128 *b, const V128 *c, uint32_t desc)
{
    SfFormat from = desc & 3, to = desc >> 16 & 3;
    SfStatus s = sse_status(x86_cpu(v));
    (void)b;
    (void)c;
    convert_lanes(v, d, a, from, to, desc & IR_FP_SCALAR ? 1 : 16u >> MAX_OF(from, to), &s);
}
const IRVHelper sse_fx_cvt = {"sse_cvt", do_cvt, 0};

static void do_to_half(VCPU *v, V128 *d, const V128 *a, const V128 *b, const V128 *c, uint32_t desc)
{
    SfStatus s = sse_status(x86_cpu(v));
    s.round = (uint8_t)rounding(&s, desc >> 16);
    (void)b;
    (void)c;
    convert_lanes(v, d, a, SF_F32, SF_F16, 4, &s);
}
const IRVHelper sse_fx_to_half = {"sse_to_half", do_to_half, 0};

// --- from integers
static uint64_t from_int(const SfStatus *base, SfFormat f, int64_t x, unsigned *flags)
{
    SfStatus s = *base;
    s.flags = 0;
    uint64_t r = sf_from_int(&s, f, (uint64_t)x, 0, true);
    *flags |= sse_flags(&s, false);
    return r;
}

static void from_ints(VCPU *v, V128 *d, const V128 *a, unsigned esize, SfFormat to, unsigned n)
{
    unsigned flags = 0;
    SfStatus s = sse_status(x86_cpu(v));
    V128 r = {.u64 = {0, 0}};
    for (unsigned k = 0; k < n; k++) {
        int64_t x = sextract64(vector_lane(a, esize, k), 0, 8u << esize);
        vector_set_lane(&r, to, k, from_int(&s, to, x, &flags));
    }
    *d = r;
    sse_note(x86_cpu(v), flags);
}

#define CONVERSION(name, body)                                                                     \
    static void do_##name(VCPU *v, V128 *d, const V128 *a, const V128 *b, const V128 *c,           \
                          uint32_t desc)                                                           \
    {                                                                                              \
        (void)b;                                                                                   \
        (void)c;                                                                                   \
        (void)desc;                                                                                \
        body;                                                                                      \
    }                                                                                              \
    const IRVHelper sse_fx_##name = {"sse_" #name, do_##name, 0};

CONVERSION(s2f, from_ints(v, d, a, desc >> 31 ? 3 : 2, desc & 3, 1))
CONVERSION(vs2f, from_ints(v, d, a, desc & 3, desc & 3, desc &IR_FP_SCALAR ? 1 : 16u >> (desc & 3)))
CONVERSION(w2f, from_ints(v, d, a, 2, SF_F64, 2))

// --- to integers: the "integer indefinite" is the smallest one
static void to_ints(VCPU *v, V128 *d, const V128 *a, SfFormat from, unsigned esize, unsigned n,
                    uint32_t desc)
{
    unsigned flags = 0;
    SfStatus s = sse_status(x86_cpu(v));
    V128 r = {.u64 = {0, 0}};
    for (unsigned k = 0; k < n; k++) {
        s.flags = 0;
        uint64_t x = sf_to_int(&s, from, vector_lane(a, from, k), rounding(&s, desc >> 16), 0,
                               8u << esize, true);
        s.flags &= ~SF_DENORMAL_USED;
        vector_set_lane(&r, esize, k, s.flags & SF_INVALID ? BIT((8u << esize) - 1) : x);
        flags |= sse_flags(&s, false);
    }
    *d = r;
    sse_note(x86_cpu(v), flags);
}

CONVERSION(f2s, to_ints(v, d, a, desc & 3, desc >> 31 ? 3 : 2, 1, desc))
CONVERSION(vf2s,
           to_ints(v, d, a, desc & 3, desc & 3, desc &IR_FP_SCALAR ? 1 : 16u >> (desc & 3), desc))
CONVERSION(f2w, to_ints(v, d, a, SF_F64, 2, 2, desc))
