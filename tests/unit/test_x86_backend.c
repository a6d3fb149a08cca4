// The x86-64 backend against the interpreter: random blocks must leave the same state, count, pc
// and memory, with TLB hits (fast paths) and without (slow paths), faults and side exits included.
#include <criterion/criterion.h>
#include <glib.h>
#include <stdio.h>
#include <sys/mman.h>

#include "accel/codecache.h"
#include "host-backends/backend.h"
#include "tcg-like/lazy_flags.h"
#include "ir_memory.h"
#include "ir_random.h"

static const uint16_t pin_gpr[] = {offsetof(VCPU, gpr[0]), offsetof(VCPU, gpr[1]),
                                   offsetof(VCPU, gpr[2]), offsetof(VCPU, gpr[31]), 0};
static const uint16_t pin_vec[] = {offsetof(VCPU, vec[0]), offsetof(VCPU, vec[1]),
                                   offsetof(VCPU, vec[2]), 0};
static const TargetOps target = {
    .name = "test", .pin_gpr = pin_gpr, .pin_vec = pin_vec, .va_canonical_mask = UINT64_MAX};

typedef struct Bench {
    CodeCache cache;
    HostThunks thunks;
    const HostBackend *be;
    VCPU *v;
    uint8_t *ret_stack;
    TlbEntry tlb[2];
    JumpCacheEntry *jumps;
    Arena *arena;
} Bench;

static Bench *bench_new(void)
{
    Bench *t = g_new0(Bench, 1);
    const char *why;
    t->be = host_backend_find(&why);
    if (!t->be) {
        cr_skip_test("%s", why);
    }
    cr_assert(codecache_init(&t->cache, 16 << 20));
    cr_assert(t->be->emit_thunks(&t->cache, &t->thunks, &target));
    t->ret_stack = g_malloc0(65536);
    t->jumps = g_malloc(sizeof(JumpCacheEntry) << JUMP_CACHE_BITS);
    memset(t->jumps, 0xff, sizeof(JumpCacheEntry) << JUMP_CACHE_BITS);
    t->arena = aligned_alloc(4096, ALIGN_UP(sizeof(Arena), 4096));
    t->v = aligned_alloc(64, ALIGN_UP(sizeof(VCPU), 64));
    return t;
}

static void bench_state(Bench *t, VCPU *v, Random r, bool hits)
{
    memset(v, 0, sizeof(*v));
    random_state(&r, v);
    v->flags &= IR_FLAG_MASK;
    v->gpr[31] = ARENA_VA + rnd(&r, 2048);
    v->budget = 1000;
    v->key[0] = 1;
    v->key[1] = 2;
    v->jump_cache = t->jumps;
    v->ret_stack = (uintptr_t)t->ret_stack + 65536 - 64;
    for (unsigned k = 0; k < ARENA_SIZE; k++) {
        t->arena->byte[k] = (uint8_t)rnd64(&r);
    }
    t->arena->chk_failed = false;
    v->debug = t->arena;
    uintptr_t add = (uintptr_t)t->arena->byte - ARENA_VA;
    for (unsigned k = 0; k < 2; k++) {
        t->tlb[k] = (TlbEntry){hits ? ARENA_VA : 1, add, hits ? ARENA_VA : 1, add};
        v->fast[k] = (TlbFast){&t->tlb[k], 0};
    }
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
static uint64_t writes_state(VCPU *v, uint64_t x, uint32_t y)
{
    v->gpr[x % 6] = mix(1, x + y);
    v->vec[x / 7 % 6].u64[1] = mix(2, x);
    v->flags ^= IR_FLAG_C;
    return x + 1;
}
static uint64_t pure_helper(VCPU *v, uint64_t x, uint32_t y, uint64_t z)
{
    (void)v;
    return mix(mix(mix(3, x), y), z);
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
    {"writes_state", (void *)writes_state, IR_I64, 2, IR_CALL_WRITES | IR_CALL_READS},
    {"pure", (void *)pure_helper, IR_I64, 3, 0},
    {"may_fault", (void *)may_fault, IR_I64, 1, IR_CALL_FAULTS},
};
static const IRVHelper mix_helper = {"mix", mixing_exact, 0};

static IRRef random_address(RandomBlock *g)
{
    IRRef base = ir_get(g->b, IR_I64, offsetof(VCPU, gpr[31]));
    IRRef r = rnd(g->r, 2) ? ir_addi(g->b, base, (int64_t)rnd(g->r, 64)) : base;
    if (rnd(g->r, 3) == 0) {
        r = ir_add(g->b, r, ir_extract(g->b, random_value(g, IR_I64), 0, 10));
    }
    return r;
}

static void random_access(RandomBlock *g, bool atomics)
{
    static const IRType types[] = {IR_I32, IR_I64, IR_V128};
    IRType t = types[rnd(g->r, atomics ? 2 : 3)];
    unsigned size = t == IR_V128 ? 4 : rnd(g->r, t == IR_I64 ? 4 : 3);
    IRRef a = random_address(g);
    if (atomics) {
        IRRef v = random_value(g, t);
        if (rnd(g->r, 2)) {
            keep(g, ir_rmw(g->b, (IRRmwKind)rnd(g->r, 10), a, v, size));
        } else if (rnd(g->r, 2)) {
            IRRef held = ir_cmpset(g->b, IR_LT, random_value(g, IR_I64), random_value(g, IR_I64));
            keep(g, ir_casif(g->b, a, random_value(g, t), v, held, size));
        } else {
            keep(g, ir_cas(g->b, a, random_value(g, t), v, size));
        }
    } else if (rnd(g->r, 2)) {
        ir_st(g->b, a, rnd(g->r, 40), random_value(g, t), size);
    } else {
        unsigned sign = t != IR_V128 && rnd(g->r, 2) ? IR_MEM_SIGN : 0;
        unsigned regime = rnd(g->r, 8) ? 0 : IR_MEM_UNPRIV;
        keep(g, ir_ld(g->b, t, a, rnd(g->r, 40), size | sign | regime));
    }
}

static bool is_fp(unsigned op)
{
    return op == IR_f_fcmp || (op >= IR_fadd && op <= IR_vf2w);
}

static IRBlock *random_block(Random *r, bool hits, unsigned length)
{
    const IRVHelper *exact[IR_OPCODES];
    for (unsigned op = 0; op < IR_OPCODES; op++) {
        exact[op] = &mix_helper;
    }
    RandomBlock g = {.r = r, .b = ir_block_new(), .exact = exact};
    g.b->pc = 0x4000;
    g.b->guest_insns = length;
    for (unsigned k = 0; k < length; k++) {
        ir_insn(g.b, 0x4000 + 4 * k, k);
        unsigned n = 1 + rnd(r, 4);
        for (unsigned j = 0; j < n; j++) {
            unsigned op;
            switch (rnd(r, 16)) {
            case 0: {
                const IRHelper *h = &helpers[rnd(r, 4)];
                keep(&g, ir_call(g.b, h, random_value(&g, IR_I64),
                                 h->n_args > 1 ? random_value(&g, IR_I32) : IR_NONE,
                                 h->n_args > 2 ? random_value(&g, IR_I64) : IR_NONE, IR_NONE));
                break;
            }
            case 1:
            case 2:
                random_access(&g, false);
                break;
            case 3:
                if (!hits) {
                    random_access(&g, true);
                }
                break;
            case 4:
                if (g.b->n_slots < IR_MAX_SLOTS - 1) {
                    IRRef x = random_value(&g, IR_I64);
                    ir_exit_if(g.b, (IRCond)rnd(r, 12), x, random_value(&g, IR_I64),
                               0x4100 + 0x1000 * rnd(r, 2));
                }
                break;
            case 5:
                if (g.b->n_slots < IR_MAX_SLOTS - 1) {
                    ir_exit_if_f(g.b, (IRFlagCond)rnd(r, IR_F_NP + 1), random_value(&g, IR_FLAGS),
                                 0x4200);
                }
                break;
            case 6:
            case 7:
            case 8:
                random_put(&g);
                break;
            default:
                do {
                    op = rnd(r, rnd(r, 3) ? IR_vzext : IR_OPCODES);
                } while (!is_value_op(op) || is_fp(op));
                random_op(&g, op);
                break;
            }
        }
    }
    ir_exit_jump(g.b, 0x8000);
    return g.b;
}

typedef struct Result {
    VCPU v;
    Arena arena;
    bool left;
    unsigned index;
} Result;

static void run_interpreter(Bench *t, const IRBlock *b, Result *out)
{
    volatile bool left = true;
    if (!setjmp(t->v->leave)) {
        ir_interp(t->v, b);
        left = false;
    }
    out->left = left;
    out->index = t->v->insn_index;
    out->v = *t->v;
    out->arena = *t->arena;
}

static Block *compile(Bench *t, IRBlock *ir)
{
    Block *b = g_new0(Block, 1);
    *b = (Block){.pc = ir->pc,
                 .guest_insns = (uint16_t)ir->guest_insns,
                 .n_links = (uint16_t)ir->n_slots,
                 .link = g_new0(BlockLink, 9)};
    for (unsigned k = 0; k < ir->n_slots; k++) {
        b->link[k].target_pc = ir->exit_pc[k];
        b->link[k].checked = (ir->exit_pc[k] ^ ir->pc) >> 12;
    }
    CompileRequest q = {&t->cache, &t->thunks, &target, ir, b};
    if (!t->be->compile(&q)) {
        t->cache.used = 65536;
        cr_assert(t->be->compile(&q), "the backend refuses a block");
    }
    return b;
}

static void run_jit(Bench *t, const Block *b, Result *out)
{
    volatile bool left = true;
    if (!setjmp(t->v->leave)) {
        HostExit e = t->thunks.enter(t->v, b->code);
        left = false;
        cr_assert(e == HOST_EXIT_BUDGET || (e > HOST_EXIT_KINDS && t->v->pc));
    }
    out->left = left;
    if (left) {
        t->be->left(t->v);
        uint32_t off = (uint32_t)(t->v->host_ra - (uintptr_t)b->code);
        out->index = ~0u;
        for (unsigned k = 0; k < b->n_side; k++) {
            if (b->side[k].host_offset == off) {
                out->index = b->side[k].insn_index;
                if (b->side[k].recipe) {
                    ir_recipe_follow(b->recipes + b->side[k].recipe, t->v);
                }
            }
        }
    }
    out->v = *t->v;
    out->arena = *t->arena;
}

static void dump(const Bench *t, const Block *b, const IRBlock *ir)
{
    ir_print(ir, stderr);
    (void)t;
    FILE *f = fopen("/tmp/mimus-x86-test.bin", "w");
    if (f) {
        fwrite(b->code, 1, b->code_size, f);
        fclose(f);
    }
}

static bool same(const Result *a, const Result *b)
{
    bool ok = a->left == b->left && !memcmp(a->v.gpr, b->v.gpr, sizeof(a->v.gpr)) &&
              !memcmp(a->v.vec, b->v.vec, sizeof(a->v.vec)) &&
              !((a->v.flags ^ b->v.flags) & IR_FLAG_MASK) &&
              !memcmp(a->arena.byte, b->arena.byte, ARENA_SIZE) && a->v.halted == b->v.halted;
    if (a->left) {
        return ok && a->index == b->index;
    }
    return ok && a->v.pc == b->v.pc && a->v.budget == b->v.budget;
}

static void explain(const Result *a, const Result *b)
{
    fprintf(stderr, "left %d %d index %u %u pc %#lx %#lx budget %d %d flags %x %x halted %d %d\n",
            a->left, b->left, a->index, b->index, (long)a->v.pc, (long)b->v.pc, a->v.budget,
            b->v.budget, a->v.flags & IR_FLAG_MASK, b->v.flags & IR_FLAG_MASK, a->v.halted,
            b->v.halted);
    for (unsigned k = 0; k < 32; k++) {
        if (a->v.gpr[k] != b->v.gpr[k]) {
            fprintf(stderr, "gpr%u want %#lx got %#lx\n", k, (long)a->v.gpr[k], (long)b->v.gpr[k]);
        }
        if (memcmp(&a->v.vec[k], &b->v.vec[k], 16)) {
            fprintf(stderr, "vec%u want %#lx:%#lx got %#lx:%#lx\n", k, (long)a->v.vec[k].u64[1],
                    (long)a->v.vec[k].u64[0], (long)b->v.vec[k].u64[1], (long)b->v.vec[k].u64[0]);
        }
    }
    for (unsigned k = 0; k < ARENA_SIZE; k++) {
        if (a->arena.byte[k] != b->arena.byte[k]) {
            fprintf(stderr, "memory %#x want %#x got %#x\n", k, a->arena.byte[k], b->arena.byte[k]);
        }
    }
}

static void run_seed(Bench *t, uint64_t seed)
{
    static Result want, got;
    Random r = random_seeded(seed);
    bool hits = rnd(&r, 2);
    IRBlock *ir = random_block(&r, hits, 1 + rnd(&r, seed % 4 ? 12 : 40));
    if (rnd(&r, 2)) {
        ir_optimize(ir, NULL, NULL);
    }
    bench_state(t, t->v, r, hits);
    run_interpreter(t, ir, &want);
    bool skip = hits && want.left; // the fast path does not know the bad part
    Block *b = compile(t, ir);
    bench_state(t, t->v, r, hits);
    run_jit(t, b, &got);
    if (!same(&want, &got) && !(skip && (!got.left || got.index != want.index))) {
        dump(t, b, ir);
        explain(&want, &got);
        cr_assert(false, "seed %lu (hits %d)", (long)seed, hits);
    }
    g_free(b->side);
    g_free(b->recipes);
    g_free(b->link);
    g_free(b);
    ir_block_free(ir);
}

Test(x86_backend, random_blocks)
{
    Bench *t = bench_new();
    const char *from = getenv("MIMUS_SEED");
    uint64_t first = from ? strtoull(from, NULL, 0) : 1, n = from ? 1 : 4000;
    const char *count = getenv("MIMUS_SEEDS");
    n = count ? strtoull(count, NULL, 0) : n;
    for (uint64_t k = 0; k < n; k++) {
        run_seed(t, first + k);
    }
}

// --- ways out: blocks joined by hand
static IRBlock *simple_block(uint64_t pc, unsigned reg, uint64_t add)
{
    IRBlock *b = ir_block_new();
    b->pc = pc;
    b->guest_insns = 2;
    ir_insn(b, pc, 0);
    IRRef x = ir_get(b, IR_I64, offsetof(VCPU, gpr[reg]));
    ir_put(b, offsetof(VCPU, gpr[reg]), ir_addi(b, x, (int64_t)add));
    ir_insn(b, pc + 4, 1);
    return b;
}

static Block *compile_call(Bench *t, IRBlock *ir, uint64_t ret)
{
    Block *b = g_new0(Block, 1);
    *b = (Block){.pc = ir->pc,
                 .guest_insns = 2,
                 .n_links = (uint16_t)(ir->n_slots + 1),
                 .link = g_new0(BlockLink, 2)};
    if (ir->n_slots) {
        b->link[0].target_pc = ir->exit_pc[0];
    }
    b->link[ir->n_slots].target_pc = ret;
    b->link[ir->n_slots].checked = true;
    CompileRequest q = {&t->cache, &t->thunks, &target, ir, b};
    cr_assert(t->be->compile(&q));
    return b;
}

static void link_to(Bench *t, BlockLink *l, const Block *to, uint32_t key)
{
    l->key = key;
    t->be->patch_link(&t->cache, l, to ? to->code : NULL);
}

Test(x86_backend, ways_out)
{
    Bench *t = bench_new();
    VCPU *v = t->v;
    bench_state(t, v, random_seeded(7), true);
    v->gpr[0] = v->gpr[1] = v->gpr[2] = 0;
    v->gpr[30] = 0x1008;
    IRBlock *ir = simple_block(0x1000, 0, 1);
    ir_exit_call(ir, 0x2000, 0x1008);
    Block *caller = compile_call(t, ir, 0x1008);
    ir = simple_block(0x2000, 1, 10);
    ir_exit_ind(ir, ir_get(ir, IR_I64, offsetof(VCPU, gpr[30])), IR_IND_RET, 0);
    Block *callee = compile(t, ir);
    ir = simple_block(0x1008, 2, 100);
    ir_exit_jump(ir, 0x1000);
    Block *after = compile(t, ir);

    v->budget = 100;
    cr_assert(t->thunks.enter(v, caller->code) == (HostExit)&caller->link[0]);
    cr_assert(v->pc == 0x2000 && v->budget == 98 && v->gpr[0] == 1);
    link_to(t, &caller->link[0], callee, 1);
    cr_assert(t->thunks.enter(v, caller->code) == (HostExit)&caller->link[1]);
    cr_assert(v->pc == 0x1008 && v->budget == 94 && v->gpr[1] == 10);
    link_to(t, &caller->link[1], after, 77); // a key that v does not have
    cr_assert(t->thunks.enter(v, caller->code) == (HostExit)&caller->link[1]);
    link_to(t, &caller->link[1], after, 1);
    cr_assert(t->thunks.enter(v, caller->code) == (HostExit)&after->link[0]);
    cr_assert(v->pc == 0x1000 && v->budget == 84 && v->gpr[2] == 100);
    // A loop over all three runs until the budget ends; not a single instruction is lost.
    link_to(t, &after->link[0], caller, 1);
    cr_assert(t->thunks.enter(v, caller->code) == HOST_EXIT_BUDGET);
    cr_assert(v->budget == 0 && v->pc == 0x1000 && v->gpr[0] == 18 && v->gpr[2] == 1500);
    v->budget = 3;
    cr_assert(t->thunks.enter(v, after->code) == HOST_EXIT_BUDGET);
    cr_assert(v->budget == 1 && v->pc == 0x1000);
    // A return that was not predicted: jump cache missed, then hit.
    v->budget = 100;
    link_to(t, &after->link[0], NULL, 0);
    cr_assert(t->thunks.enter(v, callee->code) == HOST_EXIT_INDIRECT && v->pc == 0x1008);
    t->jumps[JUMP_CACHE_INDEX(0x1008)] =
        (JumpCacheEntry){.pc = 0x1008, .key = 1, .code = after->code};
    cr_assert(t->thunks.enter(v, callee->code) == (HostExit)&after->link[0]);
    t->jumps[JUMP_CACHE_INDEX(0x1008)].key = 2;
    cr_assert(t->thunks.enter(v, callee->code) == HOST_EXIT_INDIRECT);
    // The top of the return stack holds no prediction, not even for this target.
    v->gpr[30] = UINT64_MAX;
    cr_assert(t->thunks.enter(v, callee->code) == HOST_EXIT_INDIRECT && v->pc == UINT64_MAX);
    // Indirect calls, to a target of the upper half.
    uint64_t high = UINT64_C(0xffff800000002000);
    ir = simple_block(0x1000, 0, 1);
    ir_exit_ind(ir, ir_const(ir, IR_I64, high), IR_IND_CALL, 0x1008);
    Block *indirect = compile_call(t, ir, 0x1008);
    cr_assert(t->thunks.enter(v, indirect->code) == HOST_EXIT_INDIRECT && v->pc == high);
    t->jumps[JUMP_CACHE_INDEX(high)] = (JumpCacheEntry){.pc = high, .key = 2, .code = callee->code};
    v->gpr[30] = 0x1008;
    cr_assert(t->thunks.enter(v, indirect->code) == (HostExit)&indirect->link[0]);
    cr_assert(v->pc == 0x1008);
}

// The pc of an indirect branch drops the target's tag, on the miss path; it is found without one.
Test(x86_backend, tagged_targets)
{
    static const struct {
        uint64_t target, pc;
        unsigned tags;
    } row[] = {
        {UINT64_C(0x1200000000002000), UINT64_C(0x1200000000002000), 0},
        {UINT64_C(0x1200000000002000), UINT64_C(0x1200000000002000), 2},
        {UINT64_C(0x1200000000002000), 0x2000, 1},
        {UINT64_C(0x1200000000002000), 0x2000, 3},
        {UINT64_C(0x12ff800000002000), UINT64_C(0xffff800000002000), 2},
        {UINT64_C(0x12ff800000002000), UINT64_C(0xffff800000002000), 3},
        {UINT64_C(0x12ff800000002000), UINT64_C(0x12ff800000002000), 1},
    };
    Bench *t = bench_new();
    VCPU *v = t->v;
    bench_state(t, v, random_seeded(7), true);
    for (unsigned k = 0; k < ARRAY_LEN(row); k++) {
        for (unsigned kind = IR_IND_JUMP; kind <= IR_IND_RET; kind++) {
            v->budget = 100;
            IRBlock *ir = simple_block(0x1000, 0, 1);
            ir_exit_ind_tagged(ir, ir_const(ir, IR_I64, row[k].target), (IRIndKind)kind, 0x1008,
                               row[k].tags);
            Block *b = kind == IR_IND_CALL ? compile_call(t, ir, 0x1008) : compile(t, ir);
            cr_assert(t->thunks.enter(v, b->code) == HOST_EXIT_INDIRECT);
            cr_expect(v->pc == row[k].pc, "row %u kind %u: %lx", k, kind, v->pc);
        }
    }
}

// --- atomics on the fast path
Test(x86_backend, store_conditional)
{
    Bench *t = bench_new();
    Random r = random_seeded(4);
    for (unsigned n = 0; n < 3000; n++) {
        unsigned size = rnd(&r, 4);
        uint64_t m = mask64(8u << size);
        IRBlock *ir = simple_block(0x1000, 2, 1);
        IRType type = size == 3 ? IR_I64 : IR_I32;
        IRRef a = ir_get(ir, IR_I64, offsetof(VCPU, gpr[31]));
        IRRef x = ir_get_n(ir, type, offsetof(VCPU, gpr[0]), size == 3 ? 8 : 4);
        IRRef y = ir_get_n(ir, type, offsetof(VCPU, gpr[5]), size == 3 ? 8 : 4);
        IRRef held = ir_get_n(ir, IR_I32, offsetof(VCPU, gpr[rnd(&r, 2) ? 1 : 20]), 4);
        IRRef failed = ir_casif(ir, a, x, y, held, size | (rnd(&r, 2) ? IR_MEM_ALIGN : 0));
        ir_put(ir, offsetof(VCPU, gpr[3]), ir_extu(ir, failed));
        ir_put(ir, offsetof(VCPU, gpr[4]), ir_extu(ir, held)); // all operands live on
        ir_put(ir, offsetof(VCPU, gpr[6]), ir_add(ir, a, size == 3 ? x : ir_extu(ir, x)));
        ir_exit_jump(ir, 0x2000);
        Block *b = compile(t, ir);
        bench_state(t, t->v, r, true);
        bool is_held = rnd(&r, 3), same = rnd(&r, 2);
        t->v->gpr[1] = t->v->gpr[20] = is_held ? 5 : UINT64_C(5) << 32;
        t->v->gpr[31] = ARENA_VA + 8 * rnd(&r, 100);
        uint64_t *p = (uint64_t *)(t->arena->byte + (t->v->gpr[31] - ARENA_VA));
        *p = rnd_number(&r);
        t->v->gpr[0] = same ? *p : *p ^ 1;
        uint64_t before = *p, want = is_held && same ? (before & ~m) | (t->v->gpr[5] & m) : before;
        uint64_t sum = t->v->gpr[31] + (size == 3 ? t->v->gpr[0] : (uint32_t)t->v->gpr[0]);
        t->thunks.enter(t->v, b->code);
        cr_assert(t->v->gpr[3] == !(is_held && same), "size %u: status", size);
        cr_assert(*p == want && t->v->gpr[6] == sum, "size %u", size);
        ir_block_free(ir);
    }
}

static uint64_t rmw_meaning(IRRmwKind k, uint64_t old, uint64_t x, unsigned bits)
{
    int64_t so = sextract64(old, 0, bits), sx = sextract64(x, 0, bits);
    uint64_t uo = old & mask64(bits), ux = x & mask64(bits);
    switch (k) {
    case IR_RMW_XCHG:
        return x;
    case IR_RMW_ADD:
        return old + x;
    case IR_RMW_AND:
        return old & x;
    case IR_RMW_CLR:
        return old & ~x;
    case IR_RMW_OR:
        return old | x;
    case IR_RMW_XOR:
        return old ^ x;
    case IR_RMW_SMAX:
        return (uint64_t)(so > sx ? so : sx);
    case IR_RMW_SMIN:
        return (uint64_t)(so < sx ? so : sx);
    case IR_RMW_UMAX:
        return uo > ux ? uo : ux;
    default:
        return uo < ux ? uo : ux;
    }
}

Test(x86_backend, atomics)
{
    Bench *t = bench_new();
    Random r = random_seeded(3);
    for (unsigned n = 0; n < 3000; n++) {
        unsigned kind = rnd(&r, 12), size = rnd(&r, 4), bits = 8u << size;
        IRBlock *ir = simple_block(0x1000, 2, 1);
        IRType type = size == 3 ? IR_I64 : IR_I32;
        IRRef a = ir_get(ir, IR_I64, offsetof(VCPU, gpr[31]));
        IRRef x = ir_get_n(ir, type, offsetof(VCPU, gpr[0]), size == 3 ? 8 : 4);
        IRRef y = ir_get_n(ir, type, offsetof(VCPU, gpr[5]), size == 3 ? 8 : 4);
        IRRef old = kind < 10 ? ir_rmw(ir, (IRRmwKind)kind, a, x, size) : ir_cas(ir, a, x, y, size);
        ir_put(ir, offsetof(VCPU, gpr[3]), size == 3 ? old : ir_extu(ir, old));
        ir_exit_jump(ir, 0x2000);
        Block *b = compile(t, ir);
        bench_state(t, t->v, r, true);
        t->v->gpr[31] = ARENA_VA + 8 * rnd(&r, 100);
        uint64_t *p = (uint64_t *)(t->arena->byte + (t->v->gpr[31] - ARENA_VA));
        *p = rnd_number(&r);
        if (rnd(&r, 2)) {
            t->v->gpr[0] = *p;
        }
        uint64_t before = *p, want, m = mask64(bits);
        if (kind < 10) {
            want = rmw_meaning((IRRmwKind)kind, before, t->v->gpr[0], bits);
        } else {
            want = (before ^ t->v->gpr[0]) & m ? before : t->v->gpr[5];
        }
        t->thunks.enter(t->v, b->code);
        cr_assert(t->v->gpr[3] == (before & m), "kind %u size %u: old value", kind, size);
        cr_assert(*p == ((before & ~m) | (want & m)), "kind %u size %u", kind, size);
        ir_block_free(ir);
    }
}
