// The host backend against the interpreter: each op alone with random arguments, then random
// programs with memory, helpers, faults and side exits. Both must leave the same vCPU behind.
//
// MIMUS_TEST_SEEDS: how many seeds (default 200 an op, 2000 programs).
#include "backend_rig.h"

// --- one op
// The op, sometimes after a few others; the result is put at once or after more ops.
static IRBlock *op_block(Host *h, Random *r, unsigned op)
{
    RandomBlock g = {.r = r, .b = ir_block_new(), .exact = h->exact};
    g.b->pc = 0x1000;
    g.b->guest_insns = 1;
    ir_insn(g.b, 0x1000, 0);
    IRRef x = random_op(&g, op);
    if (rnd(r, 4) == 0) {
        random_any_op(&g);
        random_put(&g);
    }
    put_value(g.b, x, rnd(r, 8));
    if (rnd(r, 4) == 0) {
        put_value(g.b, x, rnd(r, 8)); // a second use
    }
    if (rnd(r, 2)) {
        ir_exit_jump(g.b, 0x2000);
    } else {
        ir_exit_loop(g.b);
    }
    return g.b;
}

static bool is_fp(unsigned op)
{
    return op == IR_f_fcmp || (op >= IR_fadd && op <= IR_vf2w);
}

static unsigned compare_ops(Host *h, unsigned first_op, unsigned end)
{
    unsigned n_seeds = seeds(200), failures = 0;
    for (unsigned op = first_op; op < end; op++) {
        unsigned bad = 0;
        char *first = NULL;
        bool possible = is_value_op(op) && (!is_fp(op) || h->exact[op]);
        for (unsigned seed = 0; possible && seed < n_seeds; seed++) {
            Random r = random_seeded(op * 100000 + seed);
            IRBlock *b = op_block(h, &r, op);
            char *d = compare(h, &r, b, is_fp(op) ? 12 : 6, is_fp(op));
            bad += d != NULL;
            if (d && !first) {
                first = d;
            } else {
                g_free(d);
            }
            ir_block_free(b);
        }
        if (bad) {
            fprintf(stderr, "%s: %u of %u blocks differ; the first:\n%s\n", ir_op_info[op].name,
                    bad, n_seeds, first);
            failures++;
        }
        g_free(first);
    }
    return failures;
}

Test(backend, ops, .timeout = 600)
{
    Host *h = host_new();
    unsigned failures = compare_ops(h, 0, IR_OPCODES);
    cr_expect_eq(failures, 0, "%u ops differ", failures);
    host_free(h);
}

// Without the instructions that a host need not have.
Test(backend, ops_of_plain_hosts, .timeout = 600)
{
    Host *h = host_new();
    h->thunks.features = 0;
    unsigned failures = compare_ops(h, IR_sha1c, IR_sha256su1 + 1);
    cr_expect_eq(failures, 0, "%u ops differ", failures);
    host_free(h);
}

// Both halves of four rounds at once, as compilers write them.
Test(backend, sha256_pairs, .timeout = 600)
{
    Host *h = host_new();
    for (unsigned seed = 0; seed < 4 * seeds(200); seed++) {
        Random r = random_seeded(seed);
        IRBlock *b = ir_block_new();
        b->pc = 0x1000;
        b->guest_insns = 1;
        ir_insn(b, 0x1000, 0);
        IRRef v[3];
        for (unsigned k = 0; k < 3; k++) {
            v[k] = ir_get(b, IR_V128, offsetof(VCPU, vec[rnd(&r, 8)]));
        }
        bool first = rnd(&r, 2);
        for (unsigned k = 0; k < 2; k++) {
            IROpcode op = first == k ? IR_sha256h : IR_sha256h2;
            ir_put(b, offsetof(VCPU, vec[rnd(&r, 8)]), ir_v3(b, op, v[0], v[1], v[2], 0));
        }
        ir_exit_loop(b);
        char *d = compare(h, &r, b, 6, false);
        cr_expect_null(d, "%s", d);
        g_free(d);
        ir_block_free(b);
    }
    host_free(h);
}

// base + (index << n) in all the ways that its parts can be used again, before and after.
Test(backend, scaled_addresses, .timeout = 600)
{
    Host *h = host_new();
    for (unsigned seed = 0; seed < 10 * seeds(200); seed++) {
        Random r = random_seeded(seed);
        IRBlock *b = ir_block_new();
        b->pc = 0x1000;
        b->guest_insns = 1;
        ir_insn(b, 0x1000, 0);
        IRRef base = ir_get(b, IR_I64, offsetof(VCPU, gpr[rnd(&r, 8)]));
        IRRef index = ir_get(b, IR_I64, offsetof(VCPU, gpr[rnd(&r, 8)]));
        if (rnd(&r, 6) == 0) {
            index = base;
        } else if (rnd(&r, 2)) {
            index = ir_zext(b, index, 32);
        }
        IRRef scaled = ir_shli(b, index, 1 + rnd(&r, 4));
        if (rnd(&r, 4) == 0) {
            ir_put(b, offsetof(VCPU, gpr[rnd(&r, 8)]), base);
        }
        IRRef other = rnd(&r, 8) ? base : scaled;
        IRRef sum = rnd(&r, 2) ? ir_add(b, other, scaled) : ir_add(b, scaled, other);
        if (rnd(&r, 4) == 0) {
            ir_put(b, offsetof(VCPU, flags), ir_f_add(b, base, scaled));
        }
        ir_put(b, offsetof(VCPU, gpr[rnd(&r, 8)]), sum);
        IRRef part[] = {base, index, scaled, sum};
        for (unsigned n = rnd(&r, 4); n > 0; n--) {
            IRRef x = ir_xor(b, part[rnd(&r, 4)], part[rnd(&r, 4)]);
            ir_put(b, offsetof(VCPU, gpr[rnd(&r, 8)]), x);
        }
        ir_exit_loop(b);
        char *d = compare(h, &r, b, 6, false);
        cr_expect_null(d, "%s", d);
        g_free(d);
        ir_block_free(b);
    }
    host_free(h);
}

// --- programs, as translated and optimised
static char *compare_program(Host *h, uint64_t seed, bool optimize)
{
    Random r = random_seeded(seed);
    IRBlock *b = random_block(&r, h->exact);
    b->pc = 0x1000;
    if (optimize) {
        ir_optimize(b, NULL, NULL);
    }
    char *d = compare(h, &r, b, 6, true);
    ir_block_free(b);
    return d;
}

static void programs(bool optimize)
{
    Host *h = host_new();
    unsigned bad = 0, n = seeds(2000);
    for (uint64_t seed = 1; seed <= n; seed++) {
        char *d = compare_program(h, seed, optimize);
        if (d && bad++ < 3) {
            fprintf(stderr, "seed %lu%s:\n%s\n", seed, optimize ? ", optimised" : "", d);
        }
        g_free(d);
    }
    host_free(h);
    cr_expect_eq(bad, 0, "%u of %u programs differ", bad, n);
}

Test(backend, programs, .timeout = 600)
{
    programs(false);
}

Test(backend, optimised_programs, .timeout = 600)
{
    programs(true);
}

// --- flags as x86 code makes them: each instruction sets them, and most accesses may fault
typedef struct Alu {
    RandomBlock *g;
    unsigned bits;
    IRType t;
} Alu;

static IRRef alu_get(const Alu *a)
{
    IRRef x = ir_get(a->g->b, IR_I64, offsetof(VCPU, gpr[rnd(a->g->r, 6)]));
    return a->t == IR_I64 ? x : ir_trunc(a->g->b, x);
}

static IRRef alu_operand(const Alu *a)
{
    Random *r = a->g->r;
    switch (rnd(r, 4)) {
    case 0:
        return ir_const(a->g->b, a->t, rnd_number(r));
    case 1:
        return ir_ld(a->g->b, a->t, random_address(a->g), 0, a->t == IR_I64 ? 3 : 2);
    default:
        return alu_get(a);
    }
}

static void alu_put(const Alu *a, IRRef x, IRRef f)
{
    IRBlock *b = a->g->b;
    unsigned reg = rnd(a->g->r, 6);
    if (rnd(a->g->r, 6)) {
        IRRef wide = a->t == IR_I64 ? x : ir_extu(b, x);
        if (a->bits < 32) {
            IRRef old = ir_get(b, IR_I64, offsetof(VCPU, gpr[reg]));
            wide = ir_deposit(b, old, wide, 0, a->bits);
        }
        ir_put(b, offsetof(VCPU, gpr[reg]), wide);
    } else {
        unsigned size = a->bits == 64 ? 3 : a->bits == 32 ? 2 : a->bits / 16;
        ir_st(b, random_address(a->g), 0, x, size);
    }
    ir_put(b, offsetof(VCPU, flags), f);
}

static void random_alu(RandomBlock *g)
{
    IRBlock *b = g->b;
    Random *r = g->r;
    Alu a = {.g = g, .bits = 8u << rnd(r, 4)};
    a.t = a.bits == 64 ? IR_I64 : IR_I32;
    IRRef x = alu_get(&a), y = alu_operand(&a), old = ir_get(b, IR_FLAGS, offsetof(VCPU, flags));
    IRRef n = ir_const(b, a.t, rnd(r, a.bits - 1)), one = ir_const(b, a.t, 1), z;
    switch (rnd(r, 11)) {
    case 0:
        z = ir_sub(b, x, y);
        alu_put(&a, z, ir_f_sub_n(b, x, y, a.bits));
        break;
    case 1:
        ir_put(b, offsetof(VCPU, flags), ir_f_sub_n(b, x, y, a.bits));
        break;
    case 2:
        z = ir_and(b, x, y);
        alu_put(&a, z, ir_f_logic_n(b, z, a.bits));
        break;
    case 3:
        ir_put(b, offsetof(VCPU, flags), ir_f_logic_n(b, ir_and(b, x, y), a.bits));
        break;
    case 4: {
        IRRef c = ir_f_test(b, IR_F_C, old), f = ir_f_add_n(b, x, one, a.bits);
        alu_put(&a, ir_add(b, x, one), ir_f_setc(b, f, c));
        break;
    }
    case 5:
        z = ir_shl(b, x, n);
        alu_put(&a, ir_add(b, z, z), ir_f_add_n(b, z, z, a.bits));
        break;
    case 6:
        x = a.bits < 32 ? ir_zext(b, x, a.bits) : x;
        z = ir_shr(b, x, n);
        alu_put(&a, ir_shr(b, z, one), ir_f_shr1_n(b, z, a.bits));
        break;
    case 7:
        z = ir_adc(b, x, y, old);
        alu_put(&a, z, ir_f_adc_n(b, x, y, old, a.bits));
        break;
    case 8:
        ir_put(b, offsetof(VCPU, flags), ir_f_setc(b, old, ir_f_test(b, IR_F_S, old)));
        break;
    case 9:
        z = ir_and(b, x, y);
        alu_put(&a, z, ir_f_nz(b, old, ir_flag_arg(b, z, 32)));
        break;
    default:
        z = ir_add(b, x, y);
        alu_put(&a, z, ir_f_add_n(b, x, y, a.bits));
        break;
    }
}

static void random_use(RandomBlock *g)
{
    IRBlock *b = g->b;
    IRRef f = ir_get(b, IR_FLAGS, offsetof(VCPU, flags));
    switch (rnd(g->r, 6)) {
    case 0:
        if (b->n_slots < 6) {
            ir_exit_if_f(b, (IRFlagCond)rnd(g->r, 18), f, rnd(g->r, 9999));
        }
        break;
    case 1:
        ir_put(b, offsetof(VCPU, gpr[rnd(g->r, 6)]),
               ir_extu(b, ir_f_test(b, (IRFlagCond)rnd(g->r, 18), f)));
        break;
    case 2:
        ir_call(b, &helpers[rnd(g->r, ARRAY_LEN(helpers))], random_value(g, IR_I64), IR_NONE,
                IR_NONE, IR_NONE);
        break;
    case 3:
        ir_guard(b, IR_EQ, random_value(g, IR_I64), random_value(g, IR_I64));
        break;
    default:
        random_load_store(g, random_address(g), 0, rnd(g->r, 2));
        break;
    }
}

static char *compare_flags(Host *h, uint64_t seed)
{
    Random r = random_seeded(seed);
    RandomBlock g = {.r = &r, .b = ir_block_new(), .exact = h->exact};
    g.b->pc = 0x1000;
    g.b->guest_insns = 3 + rnd(&r, 20);
    for (unsigned k = 0; k < g.b->guest_insns; k++) {
        ir_insn(g.b, 0x1000 + 4 * k, k);
        if (rnd(&r, 3)) {
            random_alu(&g);
        } else {
            random_use(&g);
        }
    }
    ir_exit_jump(g.b, 0x2000);
    ir_optimize(g.b, NULL, NULL);
    char *d = compare(h, &r, g.b, 12, false);
    ir_block_free(g.b);
    return d;
}

Test(backend, lazy_flags, .timeout = 600)
{
    Host *h = host_new();
    unsigned bad = 0, n = seeds(3000);
    for (uint64_t seed = 1; seed <= n; seed++) {
        char *d = compare_flags(h, seed);
        if (d && bad++ < 2) {
            fprintf(stderr, "seed %lu:\n%s\n", seed, d);
        }
        g_free(d);
    }
    host_free(h);
    cr_expect_eq(bad, 0, "%u of %u programs differ", bad, n);
}
