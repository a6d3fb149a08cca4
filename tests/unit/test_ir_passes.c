// The passes: the files in tests/ir one by one, then random blocks that must do the same before and
// after each pass, faults and side exits included.
#include <criterion/criterion.h>
#include <glib.h>
#include <stdio.h>
#include "ir_program.h"

static const IRPass *find_pass(const char *name)
{
    for (unsigned k = 0; k < ir_n_passes; k++) {
        if (!strcmp(ir_passes[k].name, name)) {
            return &ir_passes[k];
        }
    }
    return NULL;
}

// --- files: "pass NAME..." line, input, a line "---", expected output
static void run_file(const char *path)
{
    char *text, *error = NULL;
    cr_assert(g_file_get_contents(path, &text, NULL, NULL), "%s", path);
    char **parts = g_strsplit(text, "---\n", 2);
    char *line = strstr(parts[0], "pass ");
    char *end = line ? strchr(line, '\n') : NULL;
    cr_assert(parts[1] && end, "%s: no pass line or no ---", path);
    *end = 0;
    IRBlock *b = ir_parse(end + 1, &error);
    cr_assert(b, "%s: %s", path, error);
    cr_assert_null(error = ir_verify(b), "%s: %s", path, error);
    char **names = g_strsplit(line + 5, " ", -1);
    for (unsigned k = 0; names[k]; k++) {
        const IRPass *pass = find_pass(names[k]);
        cr_assert(pass, "%s: no pass %s", path, names[k]);
        pass->run(b);
        cr_assert_null(error = ir_verify(b), "%s: %s", path, error);
    }
    char *out = ir_text(b);
    cr_expect_str_eq(out, parts[1], "%s gives\n%s", path, out);
    free(out);
    ir_block_free(b);
    g_strfreev(names);
    g_strfreev(parts);
    g_free(text);
}

Test(ir_passes, files)
{
    GDir *d = g_dir_open("tests/ir", 0, NULL);
    cr_assert(d, "run from the top of the tree");
    const char *name;
    while ((name = g_dir_read_name(d))) {
        if (g_str_has_suffix(name, ".ir")) {
            char *path = g_build_filename("tests/ir", name, NULL);
            run_file(path);
            g_free(path);
        }
    }
    g_dir_close(d);
}

// --- random blocks
static const IRVHelper mix_exact = {"mix", mixing_exact, 0};

static IRBlock *copy_block(const IRBlock *b)
{
    IRBlock *c = ir_block_new();
    *c = *b;
    c->capacity = b->n;
    c->insn = g_memdup2(b->insn, b->n * sizeof *b->insn);
    c->vpool = b->n_vpool ? g_memdup2(b->vpool, b->n_vpool * sizeof *b->vpool) : NULL;
    c->vpool_capacity = b->n_vpool;
    c->spare = NULL;
    c->scratch = NULL;
    c->spare_capacity = 0;
    c->scratch_bytes = 0;
    return c;
}

typedef struct Outcome {
    VCPU v;
    Arena arena;
    TlbEntry tlb[ARENA_TLB];
    bool faulted;
} Outcome;

static void run(Outcome *o, const IRBlock *b)
{
    o->v.debug = &o->arena;
    arena_tlb(&o->v, o->tlb, true, o->v.gpr[1] & 1); // page checks fail in some
    o->v.budget = 100;
    if (setjmp(o->v.leave) == 0) {
        ir_interp(&o->v, b);
    } else {
        o->faulted = true;
    }
}

static bool same(const Outcome *x, const Outcome *y)
{
    // A shared check fails before the instruction, where one by one the first store may be done.
    bool memory = x->arena.chk_failed || y->arena.chk_failed ||
                  !memcmp(x->arena.byte, y->arena.byte, ARENA_SIZE);
    return memory && x->faulted == y->faulted && x->v.insn_index == y->v.insn_index &&
           (x->faulted || x->v.pc == y->v.pc) && same_state(&x->v, &y->v) &&
           x->v.halted == y->v.halted;
}

static void check(uint64_t seed, const IRBlock *before, const IRBlock *after, const char *pass)
{
    Random r = random_seeded(seed + 1);
    char *error = ir_verify(after);
    cr_assert_null(error, "seed %lu, %s: %s", seed, pass, error);
    for (unsigned n = 0; n < 4; n++) {
        Outcome *x = g_new0(Outcome, 1), *y = g_new0(Outcome, 1);
        random_state(&r, &x->v);
        x->v.gpr[31] = random_base(&r);
        for (unsigned k = 0; k < ARENA_SIZE; k++) {
            x->arena.byte[k] = (uint8_t)rnd64(&r);
        }
        memcpy(y, x, sizeof *x);
        run(x, before);
        run(y, after);
        if (!same(x, y)) {
            char *p = ir_text(before), *q = ir_text(after);
            cr_assert_fail("seed %lu, state %u: %s changes the meaning of\n%sto\n%s", seed, n, pass,
                           p, q);
        }
        g_free(x);
        g_free(y);
    }
}

static void random_passes(uint64_t seed)
{
    const IRVHelper *exact[IR_OPCODES];
    for (unsigned op = 0; op < IR_OPCODES; op++) {
        exact[op] = &mix_exact;
    }
    Random r = random_seeded(seed);
    IRBlock *b = random_block(&r, exact);
    char *error = ir_verify(b);
    cr_assert_null(error, "seed %lu: %s", seed, error);
    for (unsigned k = 0; k < ir_n_passes; k++) {
        IRBlock *c = copy_block(b);
        ir_passes[k].run(c);
        check(seed, b, c, ir_passes[k].name);
        ir_block_free(c);
    }
    IRBlock *c = copy_block(b);
    ir_optimize(c, NULL, NULL);
    check(seed, b, c, "all");
    ir_block_free(c);
    ir_block_free(b);
}

Test(ir_passes, random)
{
    for (uint64_t seed = 1; seed <= 3000; seed++) {
        random_passes(seed);
    }
}
