// Random words through decoder, translation, passes and backend, under every combination of block
// flags (blocks.h; running them is tests/oracle's part). Half of the words fit a row of the decode
// tables, the rest are noise.
#include "target-arm/a64/a64.h"
#include "target-arm/board.h"
#include "tests/fuzz/blocks.h"

#define BLOCKS    400 // a run
#define MAX_WORDS 64
#define ALL_FLAGS ((uint64_t)ARM_BF_SPSEL * 2 - 1)

typedef struct Rig {
    Fuzz *f;
    FuzzBlocks blocks;
    ArmPattern *pattern; // of all rows
    unsigned n_patterns;
} Rig;

static void parse_rows(Rig *r)
{
    unsigned total = 0;
    for (unsigned i = 0; i < a64_set.n_chapters; i++) {
        total += a64_set.chapter[i]->n_rows;
    }
    r->pattern = g_new0(ArmPattern, total);
    for (unsigned i = 0; i < a64_set.n_chapters; i++) {
        for (unsigned k = 0; k < a64_set.chapter[i]->n_rows; k++) {
            if (!arm_parse_row(32, &a64_set.chapter[i]->rows[k], &r->pattern[r->n_patterns++])) {
                fuzz_fail("row %s: bad bit string", a64_set.chapter[i]->rows[k].name);
            }
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
    parse_rows(r);
    return r;
}

// --- words

static uint32_t random_word(Rig *r)
{
    Fuzz *f = r->f;
    uint32_t word = (uint32_t)fuzz_random(f);
    if (fuzz_one_in(f, 3)) {
        return word;
    }
    const ArmPattern *p = &r->pattern[fuzz_below(f, r->n_patterns)];
    if (fuzz_one_in(f, 2)) { // few different registers: the passes find more
        word &= fuzz_one_in(f, 2) ? 0xffe3fc63u & ~0x00180000u : UINT32_MAX;
    }
    word = (word & ~p->mask) | p->value;
    if (fuzz_one_in(f, 16)) {
        word ^= UINT32_C(1) << fuzz_below(f, 32);
    }
    return word;
}

static uint64_t random_flags(Rig *r)
{
    uint64_t common = 1 | (UINT64_C(15) << ARM_BF_PAUTH_SHIFT);
    uint64_t flags = fuzz_random(r->f) & ALL_FLAGS;
    return fuzz_one_in(r->f, 2) ? flags : fuzz_one_in(r->f, 2) ? common : common ^ 1 ^ flags % 4;
}

// --- blocks

static void one_block(Rig *r)
{
    Fuzz *f = r->f;
    uint32_t word[MAX_WORDS];
    unsigned n = 1 + (unsigned)fuzz_below(f, fuzz_one_in(f, 4) ? MAX_WORDS : 8);
    for (unsigned i = 0; i < n; i++) {
        word[i] = random_word(r);
    }
    TranslateRequest q = {.pc = fuzz_one_in(f, 2) ? 0x40000000 : fuzz_number(f) & ~UINT64_C(3),
                          .flags = random_flags(r),
                          .host = (const uint8_t *)word,
                          .bytes = 4 * n,
                          .limit = 4 * n,
                          .max_insns = fuzz_one_in(f, 8) ? 1 + (unsigned)fuzz_below(f, n) : n,
                          .single = fuzz_one_in(f, 16)};
    q.max_insns = q.single ? 1 : q.max_insns;
    fuzz_block(&r->blocks, &q, q.bytes, 4);
}

static void run(Fuzz *f)
{
    Rig *r = rig_new(f);
    for (unsigned i = 0; i < BLOCKS; i++) {
        one_block(r);
    }
    fuzz_blocks_free(&r->blocks);
    g_free(r->pattern);
    g_free(r);
}

const Fuzzer fuzzer = {
    .name = "fuzz_decode_a64",
    .what = "Random A64 words through decoder, passes and backend, in all block flags.",
    .unit = "instructions",
    .run = run,
};
