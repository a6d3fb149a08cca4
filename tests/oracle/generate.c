// Random instructions and register contents. Values are special ones half of the time: extremes and
// small numbers for integers, and for floats zeros, denormals, infinities and NaNs, in lanes of one
// random size per register.
#include "tests/oracle/generate.h"

#include <string.h>

#define FPSR_CUMULATIVE 0x0800009fu
// AHP, DN, FZ, RMode, FZ16
#define FPCR_MODES 0x07c80000u

uint64_t gen_random(Gen *g)
{
    g->seed += UINT64_C(0x9e3779b97f4a7c15);
    uint64_t z = g->seed;
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

unsigned gen_below(Gen *g, unsigned n)
{
    return (unsigned)((gen_random(g) >> 32) * n >> 32);
}

static uint64_t integer_value(Gen *g)
{
    static const uint64_t special[] = {
        0,
        1,
        2,
        UINT64_MAX,
        UINT64_MAX - 1,
        UINT64_C(1) << 63,
        (UINT64_C(1) << 63) - 1,
        UINT64_C(1) << 31,
        (UINT64_C(1) << 31) - 1,
        UINT32_MAX,
        UINT64_C(1) << 32,
        UINT64_C(0xffffffff80000000),
        0x8000,
        0x7fff,
        0x80,
        0x7f,
        0xff,
        0xffff,
    };
    switch (gen_below(g, 4)) {
    case 0:
        return special[gen_below(g, ARRAY_LEN(special))];
    case 1:
        return gen_below(g, 130);
    default:
        return gen_random(g) >> gen_below(g, 64);
    }
}

static uint64_t lane16(Gen *g)
{
    static const uint16_t v[] = {0,      0x8000, 1,      0x8001, 0x03ff, 0x0400, 0x3c00, 0xbc00,
                                 0x4000, 0x7bff, 0xfbff, 0x7c00, 0xfc00, 0x7c01, 0xfd00, 0x7e00,
                                 0xfe01, 0x3800, 0x3555, 0x5640, 0x7fff, 0xffff, 0x0100, 0x4248};
    return v[gen_below(g, ARRAY_LEN(v))];
}

static uint64_t lane32(Gen *g)
{
    static const uint32_t v[] = {
        0,          0x80000000, 1,          0x80000001, 0x007fffff, 0x00800000, 0x80800000,
        0x3f800000, 0xbf800000, 0x40000000, 0x7f7fffff, 0xff7fffff, 0x7f800000, 0xff800000,
        0x7f800001, 0xffa00000, 0x7fc00000, 0xffc00001, 0x3f000000, 0x3eaaaaab, 0x4b7fffff,
        0x4f000000, 0xcf000000, 0x4f7fffff, 0x5f000000, 0xdf000000, 0x477ff000, 0x33000000,
        0x38800000, 0x7fffffff, 0xffffffff, 0x40490fdb, 0x00000200, 0x1a000000, 0x3f7fffff};
    return v[gen_below(g, ARRAY_LEN(v))];
}

static uint64_t lane64(Gen *g)
{
    static const uint64_t v[] = {0,
                                 UINT64_C(0x8000000000000000),
                                 1,
                                 UINT64_C(0x8000000000000001),
                                 UINT64_C(0x000fffffffffffff),
                                 UINT64_C(0x0010000000000000),
                                 UINT64_C(0x3ff0000000000000),
                                 UINT64_C(0xbff0000000000000),
                                 UINT64_C(0x4000000000000000),
                                 UINT64_C(0x7fefffffffffffff),
                                 UINT64_C(0xffefffffffffffff),
                                 UINT64_C(0x7ff0000000000000),
                                 UINT64_C(0xfff0000000000000),
                                 UINT64_C(0x7ff0000000000001),
                                 UINT64_C(0xfff4000000000000),
                                 UINT64_C(0x7ff8000000000000),
                                 UINT64_C(0xfff8000000000001),
                                 UINT64_C(0x3fe0000000000000),
                                 UINT64_C(0x3fd5555555555555),
                                 UINT64_C(0x43e0000000000000),
                                 UINT64_C(0xc3e0000000000000),
                                 UINT64_C(0x43efffffffffffff),
                                 UINT64_C(0x41dfffffffc00000),
                                 UINT64_C(0xc1e0000000000000),
                                 UINT64_C(0x41efffffffe00000),
                                 UINT64_C(0x36a0000000000000),
                                 UINT64_C(0x380fffffffffffff),
                                 UINT64_C(0x47efffffefffffff),
                                 UINT64_C(0x47f0000000000000),
                                 UINT64_C(0x7fffffffffffffff),
                                 UINT64_C(0xffffffffffffffff),
                                 UINT64_C(0x3fefffffffffffff),
                                 UINT64_C(0x400921fb54442d18),
                                 UINT64_C(0x0170000000000000)};
    return v[gen_below(g, ARRAY_LEN(v))];
}

// A finite float of moderate size, so that sums and products are interesting.
static uint64_t moderate(Gen *g, unsigned bits)
{
    uint64_t r = gen_random(g);
    switch (bits) {
    case 16:
        return (r & 0x83ff) | (uint64_t)(8 + gen_below(g, 14)) << 10;
    case 32:
        return (r & 0x807fffff) | (uint64_t)(110 + gen_below(g, 36)) << 23;
    default:
        return (r & UINT64_C(0x800fffffffffffff)) | (uint64_t)(1003 + gen_below(g, 40)) << 52;
    }
}

static uint64_t lane(Gen *g, unsigned bits)
{
    unsigned kind = gen_below(g, 4);
    if (bits == 8) {
        static const uint8_t v[] = {0, 1, 0x7f, 0x80, 0xff, 0x81, 0xfe, 8, 0xf8};
        return kind < 2 ? v[gen_below(g, ARRAY_LEN(v))] : gen_random(g) & 0xff;
    }
    if (kind == 0) {
        return gen_random(g) & mask64(bits);
    }
    if (kind == 1) {
        return moderate(g, bits);
    }
    if (kind == 2 && gen_below(g, 2)) {
        return integer_value(g) & mask64(bits);
    }
    return bits == 16 ? lane16(g) : bits == 32 ? lane32(g) : lane64(g);
}

static uint64_t lanes(Gen *g, unsigned bits)
{
    uint64_t v = 0;
    for (unsigned at = 0; at < 64; at += bits) {
        v |= lane(g, bits) << at;
    }
    return v;
}

static void random_registers(Gen *g, OracleRegs *r)
{
    for (unsigned i = 0; i < 32; i++) {
        unsigned bits = 8u << gen_below(g, 4);
        r->x[i] = integer_value(g);
        r->v[2 * i] = lanes(g, bits);
        r->v[2 * i + 1] = lanes(g, bits);
    }
    r->flags = (uint32_t)gen_random(g);
    r->fpcr = gen_below(g, 3) ? 0 : (uint32_t)gen_random(g) & FPCR_MODES;
    r->fpsr = gen_below(g, 8) ? 0 : (uint32_t)gen_random(g) & FPSR_CUMULATIVE;
    g->isa->trim(r);
}

static uint32_t random_instruction(Gen *g)
{
    uint32_t free_bits = (uint32_t)gen_random(g);
    if (gen_below(g, 4) == 0) {
        free_bits = g->isa->coincide(g, free_bits);
    }
    return g->pattern.value | (free_bits & ~g->pattern.mask);
}

// Bits that the row ignores are "should be one" in the encodings that have such.
static uint32_t set_ignored(const Gen *g, const ArmRow *row, uint32_t insn)
{
    int pos = (int)g->isa->set->bits - 1;
    for (const char *s = row->bits; *s; s++) {
        if (*s != ' ') {
            insn |= *s == '-' ? 1u << pos : 0;
            pos--;
        }
    }
    return insn;
}

bool rule_applies(const Rule *r, const ArmChapter *chapter, const ArmRow *row)
{
    return (!r->chapter || !strcmp(r->chapter, chapter->name)) &&
           (!r->row || !strcmp(r->row, row->name));
}

const char *row_left_out(const Gen *g, const ArmChapter *chapter, const ArmRow *row)
{
    for (unsigned i = 0; i < *g->isa->n_rules; i++) {
        const Rule *r = &g->isa->rule[i];
        if (!r->adjust && rule_applies(r, chapter, row)) {
            return r->reason;
        }
    }
    return NULL;
}

static bool keep_rules(Gen *g, OracleCase *c)
{
    for (unsigned i = 0; i < *g->isa->n_rules; i++) {
        const Rule *r = &g->isa->rule[i];
        if (r->adjust && rule_applies(r, g->chapter, g->row) && !r->adjust(g, c)) {
            return false;
        }
    }
    return true;
}

// One of the instructions is the row's; the others prepare it or look at what it did.
static bool has_row(const Gen *g, const OracleCase *c)
{
    ArmFields f;
    for (unsigned i = 0; i < c->n_insns; i++) {
        if (arm_decode(g->decoder, c->insn[i], &f) == g->row) {
            return true;
        }
    }
    return false;
}

bool gen_case(Gen *g, OracleCase *c)
{
    for (unsigned attempt = 0; attempt < 1000; attempt++) {
        memset(c, 0, sizeof *c);
        random_registers(g, &c->regs);
        c->state = g->isa->state;
        c->insn[0] =
            set_ignored(g, g->row, random_instruction(g) & (uint32_t)mask64(g->isa->set->bits));
        c->n_insns = 1;
        if (keep_rules(g, c) && has_row(g, c)) {
            if (g->isa->condition) {
                g->isa->condition(g, c);
            }
            return true;
        }
    }
    return false;
}

bool gen_sequence(Gen *g, OracleCase *c, unsigned n)
{
    memset(c, 0, sizeof *c);
    random_registers(g, &c->regs);
    c->state = g->isa->state;
    g->isa->sequence(g, c, n);
    return c->n_insns == n;
}
