// Random A64, A32 and T32 code through decoder, translation, passes and backend, under every
// combination of block flags (blocks.h; running them is tests/oracle's part). Half of the
// instructions fit a row of the decode tables, the rest are noise. A run has one instruction set.
#include "target-arm/a32/a32.h"
#include "target-arm/a64/a64.h"
#include "target-arm/board.h"
#include "tests/fuzz/blocks.h"

#define BLOCKS     400 // a run
#define MAX_INSNS  64
#define MAX_HALVES (2 * MAX_INSNS)
#define A64_FLAGS  ((uint64_t)ARM_BF_SPSEL * 2 - 1)
#define A32_FLAGS                                                                                  \
    (UINT64_C(1) | ARM_BF_FP_TRAP | ARM_BF_FP_SOFT | ARM_BF_SS | ARM_BF_ALIGN | ARM_BF_UNPRIV |    \
     ARM_BF_IL | ARM_BF_BREAK | ARM_BF_E | ARM_BF_NO_SIMD | ARM_BF_VFP_OFF | ARM_BF_SYS |          \
     ARM_BF_NO_IT | ARM_BF_SWP)

typedef enum State { STATE_A64, STATE_A32, STATE_THUMB, STATES } State;

typedef struct Pattern {
    ArmPattern p;
    unsigned bits;
} Pattern;

typedef struct Rig {
    Fuzz *f;
    FuzzBlocks blocks;
    State state;
    GArray *pattern; // of all rows: Pattern
} Rig;

static void parse_rows(Rig *r, const ArmInsnSet *set)
{
    for (unsigned i = 0; i < set->n_chapters; i++) {
        for (unsigned k = 0; k < set->chapter[i]->n_rows; k++) {
            Pattern x = {.bits = set->bits};
            if (!arm_parse_row(set->bits, &set->chapter[i]->rows[k], &x.p)) {
                fuzz_fail("row %s: bad bit string", set->chapter[i]->rows[k].name);
            }
            g_array_append_val(r->pattern, x);
        }
    }
}

static Rig *rig_new(Fuzz *f)
{
    Rig *r = g_new0(Rig, 1);
    MachineConfig c = {.machine = "virt", .cpu = "max"};
    r->f = f;
    fuzz_blocks_init(&r->blocks, f, &c);
    if (fuzz_one_in(f, 4)) {
        arm_cpu(r->blocks.vcpu)->features = fuzz_random(f);
    }
    r->pattern = g_array_new(FALSE, FALSE, sizeof(Pattern));
    r->state = (State)fuzz_below(f, STATES);
    parse_rows(r, r->state == STATE_A64 ? &a64_set : r->state == STATE_A32 ? &a32_set : &t16_set);
    if (r->state == STATE_THUMB) {
        parse_rows(r, &t32_set);
        arm_cpu(r->blocks.vcpu)->vcpu.pc_address = ARM_PC_ADDRESS;
    }
    return r;
}

// --- instructions

static uint32_t fewer_registers(const Rig *r, unsigned bits, uint32_t word)
{
    if (r->state == STATE_A64) {
        return word & 0xffe3fc63u & ~0x00180000u;
    }
    return bits == 16 ? word & 0xff9bu : word & 0xfff33333u;
}

// Of *bits bits.
static uint32_t random_insn(Rig *r, unsigned *bits)
{
    Fuzz *f = r->f;
    uint32_t word = (uint32_t)fuzz_random(f);
    *bits = 32;
    if (fuzz_one_in(f, 3)) {
        return word;
    }
    const Pattern *x = &g_array_index(r->pattern, Pattern, fuzz_below(f, r->pattern->len));
    *bits = x->bits;
    if (fuzz_one_in(f, 4)) { // the passes find more
        word = fewer_registers(r, x->bits, word);
    }
    if (r->state == STATE_A32 && fuzz_one_in(f, 2)) {
        word = (word & 0x0fffffff) | 0xe0000000;
    }
    word = (word & ~x->p.mask) | x->p.value;
    if (fuzz_one_in(f, 16)) {
        word ^= UINT32_C(1) << fuzz_below(f, x->bits);
    }
    return word & (uint32_t)mask64(x->bits);
}

// As they lie in memory. Returns how many halfwords.
static unsigned random_code(Rig *r, unsigned n, uint16_t half[MAX_HALVES])
{
    unsigned at = 0;
    for (unsigned i = 0; i < n; i++) {
        unsigned bits;
        uint32_t insn = random_insn(r, &bits);
        bool high_first = r->state == STATE_THUMB;
        if (bits == 32) {
            half[at++] = (uint16_t)(high_first ? insn >> 16 : insn);
        }
        half[at++] = (uint16_t)(bits == 32 && !high_first ? insn >> 16 : insn);
    }
    if (at == 1) {
        half[at++] = (uint16_t)fuzz_random(r->f);
    }
    return at;
}

static uint64_t random_flags(Rig *r)
{
    uint64_t common = 1 | (UINT64_C(15) << ARM_BF_PAUTH_SHIFT);
    if (r->state != STATE_A64) {
        uint64_t f = fuzz_random(r->f) & A32_FLAGS;
        return ARM_BF_A32 | (fuzz_one_in(r->f, 2) ? f : f & 1);
    }
    uint64_t flags = fuzz_random(r->f) & A64_FLAGS;
    return fuzz_one_in(r->f, 2) ? flags : fuzz_one_in(r->f, 2) ? common : common ^ 1 ^ flags % 4;
}

// --- blocks

static uint64_t random_pc(Rig *r)
{
    Fuzz *f = r->f;
    uint64_t pc = fuzz_one_in(f, 2) ? 0x40000000 : fuzz_number(f);
    switch (r->state) {
    case STATE_A64:
        return pc & ~UINT64_C(3);
    case STATE_A32:
        return pc & 0xfffffffc;
    default: {
        uint64_t it = fuzz_one_in(f, 2) ? 0 : fuzz_random(f) & 0xff;
        return (pc & ARM_PC_ADDRESS) | ARM_PC_T | it << ARM_PC_IT_SHIFT;
    }
    }
}

static void one_block(Rig *r)
{
    Fuzz *f = r->f;
    uint16_t half[MAX_HALVES];
    unsigned n = 1 + (unsigned)fuzz_below(f, fuzz_one_in(f, 4) ? MAX_INSNS : 8);
    unsigned bytes = 2 * random_code(r, n, half);
    TranslateRequest q = {.pc = random_pc(r),
                          .flags = random_flags(r),
                          .host = (const uint8_t *)half,
                          .bytes = bytes,
                          .limit = bytes,
                          .max_insns = fuzz_one_in(f, 8) ? 1 + (unsigned)fuzz_below(f, n) : n,
                          .single = fuzz_one_in(f, 16)};
    q.max_insns = q.single ? 1 : q.max_insns;
    fuzz_block(&r->blocks, &q, q.bytes, r->state == STATE_THUMB ? 2 : 4);
}

static void run(Fuzz *f)
{
    Rig *r = rig_new(f);
    for (unsigned i = 0; i < BLOCKS; i++) {
        one_block(r);
    }
    fuzz_blocks_free(&r->blocks);
    g_array_free(r->pattern, TRUE);
    g_free(r);
}

const Fuzzer fuzzer = {
    .name = "fuzz_decode_arm",
    .what = "Random A64, A32 and T32 code through decoder, passes and backend, in all block flags.",
    .unit = "instructions",
    .run = run,
};
