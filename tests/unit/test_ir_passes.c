// The passes: the files in tests/ir one by one, then random blocks that must do the same before and
// after each pass, faults and side exits included.
#include <criterion/criterion.h>
#include <glib.h>
#include <stdio.h>
#include "ir_random.h"
#include "ir_memory.h"

static char *print(const IRBlock *b)
{
    char *text;
    size_t size;
    FILE *f = open_memstream(&text, &size);
    ir_print(b, f);
    fclose(f);
    return text;
}

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
    char *out = print(b);
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
static uint64_t reads_state(VCPU *v, uint64_t x)
{
    uint64_t h = x;
    for (unsigned k = 0; k < 6; k++) {
        h = mix(mix(h, v->gpr[k]), v->vec[k].u64[0] + v->vec[k].u64[1]);
    }
    return mix(h, v->flags & IR_FLAG_MASK);
}

static uint64_t writes_state(VCPU *v, uint64_t x)
{
    v->gpr[x % 6] = mix(1, x);
    v->vec[x / 7 % 6].u64[1] = mix(2, x);
    v->flags ^= IR_FLAG_C;
    return x + 1;
}

static uint64_t pure_helper(VCPU *v, uint64_t x)
{
    (void)v;
    return mix(3, x);
}

static uint64_t may_fault(VCPU *v, uint64_t x)
{
    if (x % 5 == 0) {
        longjmp(v->leave, 1);
    }
    return x;
}

static const IRHelper helpers[] = {
    {"reads_state", (void *)reads_state, IR_I64, 1, IR_CALL_READS},
    {"writes_state", (void *)writes_state, IR_I64, 1, IR_CALL_WRITES},
    {"pure", (void *)pure_helper, IR_I64, 1, 0},
    {"may_fault", (void *)may_fault, IR_I64, 1, IR_CALL_FAULTS},
};

static const IRVHelper exact = {"mix", mixing_exact, 0};

// An address in the arena, now and then outside; the base register 31 is never put.
static IRRef random_address(RandomBlock *g)
{
    IRRef base = ir_get(g->b, IR_I64, offsetof(VCPU, gpr[31]));
    IRRef r = rnd(g->r, 2) ? ir_addi(g->b, base, (int64_t)rnd(g->r, 64)) : base;
    if (rnd(g->r, 3) == 0) {
        IRRef index = ir_extract(g->b, random_value(g, IR_I64), 0, 11);
        r = ir_add(g->b, r, index);
    }
    return rnd(g->r, 3) ? r : ir_addi(g->b, r, (int64_t)rnd(g->r, 100) - 30);
}

static IRType random_access(Random *r, unsigned *memop)
{
    IRType t = (IRType)(IR_I32 + rnd(r, 3));
    *memop = t == IR_V128 ? 4 : rnd(r, t == IR_I64 ? 4 : 3);
    if (t != IR_V128 && rnd(r, 3) == 0) {
        *memop |= IR_MEM_SIGN;
    }
    return t;
}

static void random_load_store(RandomBlock *g, IRRef address, int64_t disp, bool store)
{
    unsigned memop;
    IRType t = random_access(g->r, &memop);
    if (store) {
        IRRef v = random_value(g, t);
        ir_st(g->b, address, disp, v, memop & ~IR_MEM_SIGN);
    } else {
        keep(g, ir_ld(g->b, t, address, disp, memop));
    }
}

static void random_group(RandomBlock *g)
{
    IRRef a = random_address(g);
    bool store = rnd(g->r, 2);
    for (unsigned n = 1 + rnd(g->r, 3); n-- > 0;) {
        random_load_store(g, a, (int64_t)rnd(g->r, 48), store);
    }
}

static void random_action(RandomBlock *g)
{
    switch (rnd(g->r, 16)) {
    case 0:
        random_load_store(g, random_address(g), 0, rnd(g->r, 2));
        break;
    case 1:
        keep(g, ir_call(g->b, &helpers[rnd(g->r, ARRAY_LEN(helpers))], random_value(g, IR_I64),
                        IR_NONE, IR_NONE, IR_NONE));
        break;
    case 2:
    case 3:
    case 4:
    case 5:
        random_put(g);
        break;
    case 6:
        if (g->b->n_slots < 6) {
            IRRef x = random_value(g, IR_I64), y = random_value(g, IR_I64);
            ir_exit_if(g->b, rnd(g->r, 2) ? IR_EQ : (IRCond)rnd(g->r, 12), x, y, rnd(g->r, 9999));
        }
        break;
    case 7:
        if (g->b->n_slots < 6) {
            IRRef f = random_value(g, IR_FLAGS);
            ir_exit_if_f(g->b, (IRFlagCond)rnd(g->r, 18), f, rnd(g->r, 9999));
        }
        break;
    default:
        random_any_op(g);
        break;
    }
}

static IRBlock *random_block(Random *r)
{
    RandomBlock g = {.r = r, .b = ir_block_new(), .exact = &exact};
    g.b->guest_insns = 2 + rnd(r, 6);
    for (unsigned k = 0; k < g.b->guest_insns; k++) {
        ir_insn(g.b, 0x1000 + 4 * k, k);
        if (rnd(r, 3) == 0) {
            random_group(&g);
        }
        for (unsigned n = rnd(r, 12); n-- > 0;) {
            random_action(&g);
        }
    }
    ir_exit_jump(g.b, 0x2000);
    return g.b;
}

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
    bool faulted;
} Outcome;

static void run(Outcome *o, const IRBlock *b)
{
    o->v.debug = &o->arena;
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
           x->v.budget == y->v.budget && (x->faulted || x->v.pc == y->v.pc) &&
           !memcmp(x->v.gpr, y->v.gpr, sizeof x->v.gpr) &&
           !memcmp(x->v.vec, y->v.vec, sizeof x->v.vec) &&
           !((x->v.flags ^ y->v.flags) & IR_FLAG_MASK) && x->v.halted == y->v.halted;
}

static void check(uint64_t seed, const IRBlock *before, const IRBlock *after, const char *pass)
{
    Random r = random_seeded(seed + 1);
    char *error = ir_verify(after);
    cr_assert_null(error, "seed %lu, %s: %s", seed, pass, error);
    for (unsigned n = 0; n < 4; n++) {
        Outcome *x = g_new0(Outcome, 1), *y = g_new0(Outcome, 1);
        random_state(&r, &x->v);
        x->v.gpr[31] = ARENA_VA + 512 + rnd(&r, 2) * 800;
        for (unsigned k = 0; k < ARENA_SIZE; k++) {
            x->arena.byte[k] = (uint8_t)rnd64(&r);
        }
        memcpy(y, x, sizeof *x);
        run(x, before);
        run(y, after);
        if (!same(x, y)) {
            char *p = print(before), *q = print(after);
            cr_assert_fail("seed %lu, state %u: %s changes the meaning of\n%sto\n%s", seed, n, pass,
                           p, q);
        }
        g_free(x);
        g_free(y);
    }
}

static void random_passes(uint64_t seed)
{
    Random r = random_seeded(seed);
    IRBlock *b = random_block(&r);
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
