// String comparisons (SDM vol. 2, 4.1), and the two searches for the least: PHMINPOSUW, MPSADBW.
#include "target-x86/fp/sse.h"

typedef struct Strings {
    unsigned esize, n;   // lanes: log2 of the bytes, how many
    unsigned len1, len2; // valid ones
    int32_t s1[16], s2[16];
} Strings;

static void load(Strings *s, int32_t *to, const V128 *v, bool is_signed)
{
    unsigned bits = 8u << s->esize;
    for (unsigned k = 0; k < s->n; k++) {
        uint64_t x = vector_lane(v, s->esize, k);
        to[k] = (int32_t)(is_signed ? sextract64(x, 0, bits) : (int64_t)x);
    }
}

static unsigned implicit_length(const int32_t *s, unsigned n)
{
    unsigned k = 0;
    while (k < n && s[k]) {
        k++;
    }
    return k;
}

static unsigned explicit_length(uint64_t x, unsigned n)
{
    uint64_t magnitude = (int64_t)x < 0 ? -x : x;
    return magnitude < n ? (unsigned)magnitude : n;
}

// --- aggregation: a bit for each lane of the second string
static bool equal_any(const Strings *s, unsigned j)
{
    bool any = false;
    for (unsigned i = 0; i < s->len1; i++) {
        any |= s->s1[i] == s->s2[j];
    }
    return j < s->len2 && any;
}

static bool in_ranges(const Strings *s, unsigned j)
{
    bool any = false;
    for (unsigned i = 0; i + 1 < s->len1; i += 2) {
        any |= s->s1[i] <= s->s2[j] && s->s2[j] <= s->s1[i + 1];
    }
    return j < s->len2 && any;
}

static bool equal_each(const Strings *s, unsigned j)
{
    bool valid1 = j < s->len1, valid2 = j < s->len2;
    return valid1 && valid2 ? s->s1[j] == s->s2[j] : valid1 == valid2;
}

static bool equal_ordered(const Strings *s, unsigned j)
{
    bool all = true;
    for (unsigned i = 0; i < s->len1 && i + j < s->n; i++) {
        all &= i + j < s->len2 && s->s1[i] == s->s2[i + j];
    }
    return all;
}

static unsigned compare(const Strings *s, unsigned imm)
{
    static bool (*const aggregate[])(const Strings *, unsigned) = {equal_any, in_ranges, equal_each,
                                                                   equal_ordered};
    unsigned bits = 0, all = (unsigned)mask64(s->n), valid = (unsigned)mask64(s->len2);
    for (unsigned j = 0; j < s->n; j++) {
        bits |= (unsigned)aggregate[imm >> 2 & 3](s, j) << j;
    }
    if (imm & 0x10) {
        bits ^= imm & 0x20 ? valid : all;
    }
    return bits;
}

// --- results
static V128 index_of(const Strings *s, unsigned bits, unsigned imm)
{
    unsigned index = s->n;
    if (bits) {
        index = imm & 0x40 ? 31 - (unsigned)__builtin_clz(bits) : (unsigned)__builtin_ctz(bits);
    }
    return (V128){.u64 = {index}};
}

static V128 mask_of(const Strings *s, unsigned bits, unsigned imm)
{
    V128 r = {.u64 = {bits}};
    if (imm & 0x40) {
        for (unsigned k = 0; k < s->n; k++) {
            vector_set_lane(&r, s->esize, k, bits >> k & 1 ? UINT64_MAX : 0);
        }
    }
    return r;
}

static V128 flags_of(const Strings *s, unsigned bits)
{
    unsigned f = (bits ? IR_FLAG_C : 0) | (s->len2 < s->n ? IR_FLAG_Z : 0) |
                 (s->len1 < s->n ? IR_FLAG_S : 0) | (bits & 1 ? IR_FLAG_V : 0);
    return (V128){.u64 = {f}};
}

static void do_strings(VCPU *v, V128 *d, const V128 *a, const V128 *b, const V128 *c, uint32_t desc)
{
    Strings s = {.esize = desc & 1, .n = desc & 1 ? 8 : 16};
    (void)v;
    load(&s, s.s1, a, desc & 2);
    load(&s, s.s2, b, desc & 2);
    bool by_registers = desc & SSE_STR_EXPLICIT;
    s.len1 = by_registers ? explicit_length(c->u64[0], s.n) : implicit_length(s.s1, s.n);
    s.len2 = by_registers ? explicit_length(c->u64[1], s.n) : implicit_length(s.s2, s.n);
    unsigned bits = compare(&s, desc);
    *d = desc & SSE_STR_FLAGS  ? flags_of(&s, bits)
         : desc & SSE_STR_MASK ? mask_of(&s, bits, desc)
                               : index_of(&s, bits, desc);
}
const IRVHelper sse_v_strings = {"sse_strings", do_strings, 0};

// --- the least word and where it is
static void do_minpos(VCPU *v, V128 *d, const V128 *a, const V128 *b, const V128 *c, uint32_t desc)
{
    unsigned best = 0;
    (void)v;
    (void)b;
    (void)c;
    (void)desc;
    for (unsigned k = 1; k < 8; k++) {
        best = a->u16[k] < a->u16[best] ? k : best;
    }
    *d = (V128){.u16 = {a->u16[best], (uint16_t)best}};
}
const IRVHelper sse_v_minpos = {"sse_minpos", do_minpos, 0};

// Eight sums of four differences: four bytes of b against those of a from each byte on.
static void do_mpsad(VCPU *v, V128 *d, const V128 *a, const V128 *b, const V128 *c, uint32_t desc)
{
    unsigned from1 = desc & 4, from2 = 4 * (desc & 3);
    V128 r = {.u64 = {0, 0}};
    (void)v;
    (void)c;
    for (unsigned k = 0; k < 8; k++) {
        for (unsigned j = 0; j < 4; j++) {
            int x = a->u8[from1 + k + j] - b->u8[from2 + j];
            r.u16[k] = (uint16_t)(r.u16[k] + (x < 0 ? -x : x));
        }
    }
    *d = r;
}
const IRVHelper sse_v_mpsad = {"sse_mpsad", do_mpsad, 0};
