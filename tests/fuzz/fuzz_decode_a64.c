// Random words through decoder, translation, passes and backend, under every combination of block
// flags. Half of the words fit a row of the decode tables, the rest are noise. The IR is verified
// after translation and after each pass (a debug build does), goes through its text form, and host
// code is made of it; nothing is run (tests/oracle does that).
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host-backends/backend.h"
#include "target-arm/a64/a64.h"
#include "target-arm/board.h"
#include "tcg-like/passes.h"
#include "tests/fuzz/machine.h"

#define BLOCKS    400 // a run
#define MAX_WORDS 64
#define ALL_FLAGS ((uint64_t)ARM_BF_SPSEL * 2 - 1)

typedef struct Rig {
    Fuzz *f;
    ARMCPU *cpu;
    const HostBackend *backend;
    CodeCache cache;
    HostThunks thunks;
    A64Pattern *pattern; // of all rows
    unsigned n_patterns;
} Rig;

static void parse_rows(Rig *r)
{
    unsigned total = 0;
    for (unsigned i = 0; i < a64_n_chapters; i++) {
        total += a64_chapters[i]->n_rows;
    }
    r->pattern = g_new0(A64Pattern, total);
    for (unsigned i = 0; i < a64_n_chapters; i++) {
        for (unsigned k = 0; k < a64_chapters[i]->n_rows; k++) {
            if (!a64_parse_row(&a64_chapters[i]->rows[k], &r->pattern[r->n_patterns++])) {
                fuzz_fail("row %s: bad bit string", a64_chapters[i]->rows[k].name);
            }
        }
    }
}

static Rig *rig_new(Fuzz *f)
{
    Rig *r = g_new0(Rig, 1);
    const char *why = NULL;
    char *error = NULL;
    MachineConfig c = {.machine = "virt", .cpu = "max"};
    FuzzMachine *fm = fuzz_machine_new(f, &c, NULL, &error);
    if (!fm) {
        fuzz_fail("machine: %s", error);
    }
    r->f = f;
    r->cpu = arm_cpu(fm->m->cpu[0]);
    if (fuzz_one_in(f, 4)) {
        r->cpu->features = fuzz_random(f);
    }
    r->backend = host_backend_find(&why);
    if (!r->backend) {
        fuzz_fail("no backend: %s", why);
    }
    if (!codecache_init(&r->cache, 1 << 20) ||
        !r->backend->emit_thunks(&r->cache, &r->thunks, r->cpu->vcpu.target)) {
        fuzz_fail("no code cache");
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
    const A64Pattern *p = &r->pattern[fuzz_below(f, r->n_patterns)];
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

// --- what is done with a block

static void verify(const IRBlock *b, const char *when)
{
    char *problem = ir_verify(b);
    if (problem) {
        ir_print(b, stderr);
        fuzz_fail("%s: %s", when, problem);
    }
}

static char *text_of(const IRBlock *b)
{
    char *text;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    ir_print(b, out);
    fclose(out);
    return text;
}

static void compile(Rig *r, IRBlock *ir)
{
    uint64_t insn_pc[MAX_WORDS + 1];
    Block b = {.pc = ir->pc,
               .guest_insns = (uint16_t)ir->guest_insns,
               .guest_bytes = ir->guest_bytes,
               .insn_pc = insn_pc,
               .valid = true};
    const IRInsn *last = &ir->insn[ir->n - 1];
    bool call = last->op == IR_exit_call || (last->op == IR_exit_ind && last->aux2 == IR_IND_CALL);
    b.n_links = (uint16_t)(ir->n_slots + call);
    b.link = g_new0(BlockLink, b.n_links + 1u);
    for (unsigned i = 0; i < b.n_links; i++) {
        b.link[i].from = &b;
        b.link[i].target_pc = i < ir->n_slots ? ir->exit_pc[i] : last->imm;
        b.link[i].checked = i >= ir->n_slots || fuzz_one_in(r->f, 2);
    }
    size_t start = r->cache.used;
    CompileRequest c = {&r->cache, &r->thunks, r->cpu->vcpu.target, ir, &b};
    if (!r->backend->compile(&c)) {
        fuzz_fail("a block of %u instructions does not fit into the code cache", ir->guest_insns);
    }
    for (unsigned i = 0; i < b.n_side; i++) {
        if (b.side[i].insn_index >= ir->guest_insns || b.side[i].host_offset > b.code_size) {
            fuzz_fail("side table entry %u is wrong", i);
        }
    }
    r->cache.used = start;
    g_free(b.side);
    g_free(b.link);
}

static void one_block(Rig *r, IRBlock *ir)
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
    if (f->verbose) {
        printf("pc %llx flags %llx:", (unsigned long long)q.pc, (unsigned long long)q.flags);
        for (unsigned i = 0; i < n; i++) {
            printf(" %08x", word[i]);
        }
        printf("\n");
        fflush(stdout);
    }
    ir_block_reset(ir);
    ir->pc = q.pc;
    arm_a64_translate(&r->cpu->vcpu, ir, &q);
    if (!ir->guest_insns || ir->guest_insns > q.max_insns || !ir->n) {
        fuzz_fail("%u instructions of at most %u", ir->guest_insns, q.max_insns);
    }
    verify(ir, "translated");
    ir_optimize(ir, NULL, NULL);
    verify(ir, "optimized");
    free(text_of(ir));
    compile(r, ir);
    f->inputs += ir->guest_insns;
}

static void run(Fuzz *f)
{
    Rig *r = rig_new(f);
    IRBlock *ir = ir_block_new();
    for (unsigned i = 0; i < BLOCKS; i++) {
        one_block(r, ir);
    }
    ir_block_free(ir);
    codecache_free(&r->cache);
    g_free(r->pattern);
    g_free(r);
}

const Fuzzer fuzzer = {
    .name = "fuzz_decode_a64",
    .what = "Random A64 words through decoder, passes and backend, in all block flags.",
    .unit = "instructions",
    .run = run,
};
