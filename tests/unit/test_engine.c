// The engine: exact stops, the JIT against the interpreter at each of them, code that changes, a
// full code cache, links across address spaces.
#include "tests/unit/arm_fixture.h"

#include "accel/internal.h"

#define CODE   RAM_BASE
#define FAR    (RAM_BASE + 0x2000) // code on a page of its own
#define DATA   (RAM_BASE + 0x10000)
#define TABLES (RAM_BASE + 0x100000)
#define TWIN   (RAM_BASE + 0x200000) // what the second address space sees at CODE
#define DEVICE UINT64_C(0x10000000)
#define RET    0xd65f03c0u
#define SELF   0x14000000u // b .
#define MIB    (UINT64_C(1) << 20)

// The device's register reads as the number of instructions executed before the read.
static uint64_t read_count(void *opaque, uint64_t offset, unsigned size)
{
    (void)offset;
    (void)size;
    return engine_icount(opaque);
}

static void ignore_write(void *opaque, uint64_t offset, uint64_t value, unsigned size)
{
    (void)opaque;
    (void)offset;
    (void)value;
    (void)size;
}

// cache_bytes 0: the interpreter.
static void make_machine(Fixture *f, size_t cache_bytes)
{
    static const MmioOps counter = {read_count, ignore_write, 1, 8, false};
    const char *why;
    EngineConfig config = {.backend = cache_bytes ? host_backend_find(&why) : NULL,
                           .cache_bytes = cache_bytes};
    fixture_init_with(f, "max", &config);
    MemRegion *r = mem_mmio("counter", 0x1000, &counter, &f->c->vcpu);
    mem_map(address_space_root(f->m->memory), DEVICE, r, 0);
}

static void poke_code(Fixture *f, uint64_t at, const uint32_t *words, size_t bytes)
{
    mem_write(f->m->memory, at, words, bytes);
}
#define POKE(f, at, ...)                                                                           \
    do {                                                                                           \
        const uint32_t words_[] = {__VA_ARGS__};                                                   \
        poke_code(f, at, words_, sizeof(words_));                                                  \
    } while (0)

// From the start: EL1 at CODE, x3 and x12 point to data and device.
static void begin(Fixture *f)
{
    VCPU *v = &f->c->vcpu;
    machine_reset(f->m);
    set_el(f, 1);
    memset(v->gpr, 0, sizeof(v->gpr));
    v->flags = 0;
    v->gpr[3] = DATA;
    v->gpr[12] = DEVICE;
    v->pc = CODE;
    v->stopped = v->halted = 0;
    v->base = v->budget = 0;
}

typedef struct Snapshot {
    uint64_t gpr[32];
    uint64_t pc, icount;
    uint16_t flags;
} Snapshot;

static Snapshot snapshot(const Fixture *f)
{
    const VCPU *v = &f->c->vcpu;
    Snapshot s;
    memset(&s, 0, sizeof(s));
    memcpy(s.gpr, v->gpr, sizeof(s.gpr));
    s.pc = v->pc;
    s.icount = vcpu_icount(v);
    s.flags = v->flags & IR_FLAG_MASK;
    return s;
}

typedef void Program(Fixture *f); // puts code and data into memory

// The interpreter, an instruction at a time: the state after each of `insns` instructions.
static Snapshot *reference(Program *program, unsigned insns)
{
    Fixture f;
    make_machine(&f, 0);
    begin(&f);
    program(&f);
    Snapshot *s = g_new(Snapshot, insns + 1);
    for (unsigned i = 0; i <= insns; i++) {
        s[i] = snapshot(&f);
        engine_run(&f.c->vcpu, 1);
    }
    return s;
}

// Every turn length from 1 to max_turn stops where it should, in the state that the reference has.
static void check_turns(Program *program, size_t cache_bytes, unsigned insns, unsigned max_turn)
{
    Snapshot *want = reference(program, insns);
    Fixture f;
    make_machine(&f, cache_bytes);
    for (unsigned turn = 1; turn <= max_turn; turn++) {
        begin(&f);
        program(&f);
        for (unsigned at = turn; at <= insns; at += turn) {
            cr_assert_eq(engine_run(&f.c->vcpu, turn), turn);
            Snapshot got = snapshot(&f);
            cr_assert_eq(got.icount, at);
            cr_assert_eq(got.pc, want[at].pc, "turn %u, after %u: pc 0x%" PRIx64, turn, at, got.pc);
            cr_assert_arr_eq(&got, &want[at], sizeof(got), "turn %u, after %u", turn, at);
        }
    }
    g_free(want);
}

// Arithmetic, memory, flags, a device, direct and indirect calls, forward and backward branches.
static void busy_loop(Fixture *f)
{
    memset(f->ram + (DATA - RAM_BASE), 1, 16);
    POKE(f, CODE, 0xd2800000, // mov x0, #0
         0xd28000e4,          // mov x4, #7
         0x8b000021,          // 1: add x1, x1, x0
         0xf9400062,          // ldr x2, [x3]
         0x8b010042,          // add x2, x2, x1
         0xf9000062,          // str x2, [x3]
         0x9400000b,          // bl f
         0xf1000cbf,          // cmp x5, #3
         0x9a82c026,          // csel x6, x1, x2, gt
         0xf940018b,          // ldr x11, [x12]
         0xa9402067,          // ldp x7, x8, [x3]
         0x36080040,          // tbz w0, #1, 2f
         0xca070129,          // eor x9, x9, x7
         0x91000400,          // 2: add x0, x0, #1
         0xf1000484,          // subs x4, x4, #1
         0x54fffe61,          // b.ne 1b
         0x17fffff0,          // b CODE
         0x1000006a,          // f: adr x10, g
         0x910004a5,          // add x5, x5, #1
         0xd61f0140, RET);    // br x10; g: ret
}

Test(engine, interpreter_stops_exactly)
{
    check_turns(busy_loop, 0, 400, 70);
}

Test(engine, jit_stops_exactly_in_the_interpreters_state)
{
    check_turns(busy_loop, MIB, 1500, 70);
}

// Adds 1 to the immediate of an add further on in the same block, each time round.
static void patches_itself(Fixture *f)
{
    POKE(f, CODE, 0xd2800884, // mov x4, #68
         0x100000a3,          // adr x3, 2f
         0xb9400062,          // 1: ldr w2, [x3]
         0x11100042,          // add w2, w2, #0x400
         0xb9000062,          // str w2, [x3]
         0xd503201f,          // nop
         0x91000021,          // 2: add x1, x1, #0
         0xf1000484,          // subs x4, x4, #1
         0x54ffff41,          // b.ne 1b
         SELF);
}

// The same to a function on another page, which is reached by links.
static void patches_a_function(Fixture *f)
{
    POKE(f, CODE, 0xd2800884, // mov x4, #68
         0xd503201f,          // nop
         0xb9400062,          // 1: ldr w2, [x3]
         0x11100042,          // add w2, w2, #0x400
         0xb9000062,          // str w2, [x3]
         0x940007fb,          // bl FAR
         0xf1000484,          // subs x4, x4, #1
         0x54ffff61,          // b.ne 1b
         SELF);
    POKE(f, FAR, 0x91000021, RET); // add x1, x1, #0
    f->c->vcpu.gpr[3] = FAR;
}

Test(engine, a_block_that_changes_itself)
{
    check_turns(patches_itself, MIB, 480, 40);
}

Test(engine, a_linked_function_that_changes)
{
    check_turns(patches_a_function, MIB, 480, 40);
}

static void check_sum_after(Fixture *f, unsigned insns, uint64_t sum)
{
    cr_assert_eq(engine_run(&f->c->vcpu, insns), insns);
    cr_assert_eq(f->c->vcpu.gpr[1], sum, "x1 is %" PRIu64, f->c->vcpu.gpr[1]);
}

Test(engine, changing_programs_compute_what_they_should)
{
    Program *const programs[] = {patches_itself, patches_a_function};
    static const unsigned per_round[] = {7, 8};
    for (unsigned i = 0; i < ARRAY_LEN(programs); i++) {
        Fixture f;
        make_machine(&f, MIB);
        begin(&f);
        programs[i](&f);
        check_sum_after(&f, 2 + 68 * per_round[i], 68 * 69 / 2);
        cr_assert_geq(f.m->engine->stats.invalidated, 60u);
    }
}

// Other code is put where code has run, by the host (a device's DMA, a loader).
Test(engine, dma_over_code)
{
    Fixture f;
    make_machine(&f, MIB);
    begin(&f);
    POKE(&f, CODE, 0x91000421, 0x17ffffff); // add x1, x1, #1; b CODE
    check_sum_after(&f, 100, 50);
    POKE(&f, CODE, 0x91000821); // add x1, x1, #2
    check_sum_after(&f, 100, 150);
}

// The same bytes again: their blocks are still there.
Test(engine, code_that_comes_back)
{
    Fixture f;
    make_machine(&f, MIB);
    begin(&f);
    const EngineStats *s = &f.m->engine->stats;
    uint64_t blocks = 0, sum = 0;
    POKE(&f, CODE, 0x91000421, 0x17ffffff); // add x1, x1, #1; b CODE
    for (unsigned i = 0; i < 20; i++) {
        unsigned step = 1 + (i & 1);
        POKE(&f, CODE, 0x91000021 | step << 10);
        check_sum_after(&f, 100, sum += 50 * step);
        blocks = i == 1 ? s->blocks : blocks;
    }
    cr_assert_eq(s->blocks, blocks);
    cr_assert_eq(s->revived, 18u);
}

// More blocks than the code cache holds.
#define MANY 6000
Test(engine, a_full_code_cache_is_emptied)
{
    Fixture f;
    make_machine(&f, 128 << 10);
    begin(&f);
    for (unsigned i = 0; i < MANY; i++) {
        POKE(&f, CODE + 8 * i, 0x91000421, 0x14000001); // add x1, x1, #1; b .+4
    }
    POKE(&f, CODE + 8 * MANY, SELF | (-2 * MANY & 0x3ffffff)); // b CODE
    uint64_t flushes = f.m->engine->stats.flushes;
    for (unsigned round = 1; round <= 3; round++) {
        check_sum_after(&f, 2 * MANY + 1, round * MANY);
        cr_assert_eq(f.c->vcpu.pc, CODE);
    }
    if (f.m->engine->config.backend) {
        cr_assert_gt(f.m->engine->stats.flushes, flushes);
    }
}

// --- address spaces

// A level 1 and a level 2 table that map the 2 MiB at CODE to phys, not global.
static uint64_t make_tables(Fixture *f, uint64_t at, uint64_t phys)
{
    poke64(f, at + 8 * (CODE >> 30), (at + 0x1000) | 3);
    poke64(f, at + 0x1000, phys | BIT(11) | BIT(10) | 1 << 2 | 1);
    return at;
}

static void use_tables(Fixture *f, uint64_t tables, unsigned asid)
{
    arm_sysreg_write(f->c, SR(3, 0, 2, 0, 0), tables | (uint64_t)asid << 48, 0);
}

// A loop of 6 instructions that calls a function on another page, which adds `step` to x1.
static void put_loop(Fixture *f, uint64_t phys, unsigned step)
{
    POKE(f, phys, 0xd503201f, 0x940007ff, 0x91000442, 0x17fffffd); // nop; bl FAR; add x2, x2, #1; b
    POKE(f, phys + (FAR - CODE), 0x91000021 | step << 10, RET);
}

// What is at CODE and at TWIN, under ASIDs 1 and 2; the first is chosen.
static void two_spaces(Fixture *f, uint64_t tables[2])
{
    tables[0] = make_tables(f, TABLES, CODE);
    tables[1] = make_tables(f, TABLES + 0x2000, TWIN);
    arm_sysreg_write(f->c, SR(3, 0, 10, 2, 0), 0xff04, 0); // MAIR: 1 is normal memory
    arm_sysreg_write(f->c, SR(3, 0, 2, 0, 2), 25 | TCR_EPD1 | UINT64_C(5) << 32, 0);
    use_tables(f, tables[0], 1);
    arm_sysreg_write(f->c, SR(3, 0, 1, 0, 0), 1, 0); // SCTLR.M
    arm_mode_changed(f->c);
}

// A block that is used again for another page has another successor there.
Test(engine, code_that_comes_back_elsewhere)
{
    Fixture f;
    make_machine(&f, MIB);
    begin(&f);
    uint64_t tables[2];
    const uint64_t at[] = {CODE, TWIN};
    for (unsigned i = 0; i < 2; i++) { // b 1f; nop; 1: add x1, x1, #1 or 2; b CODE
        POKE(&f, at[i], 0x14000002, 0xd503201f, 0x91000021 | (i + 1) << 10, 0x17fffffd);
    }
    two_spaces(&f, tables);
    check_sum_after(&f, 300, 100);
    POKE(&f, CODE, 0xd503201f);
    use_tables(&f, tables[1], 2);
    check_sum_after(&f, 300, 300);
    cr_assert_eq(f.m->engine->stats.revived, 1u);
}

Test(engine, links_survive_a_change_of_asid)
{
    Fixture f;
    make_machine(&f, MIB);
    begin(&f);
    put_loop(&f, CODE, 1);
    put_loop(&f, TWIN, 2);
    uint64_t tables[2];
    two_spaces(&f, tables);
    const EngineStats *s = &f.m->engine->stats;
    uint64_t blocks = 0, links = 0, sum = 0;
    for (unsigned i = 0; i < 40; i++) {
        use_tables(&f, tables[i & 1], 1 + (i & 1));
        sum += 100 * (1 + (i & 1));
        check_sum_after(&f, 600, sum);
        cr_assert_eq(f.c->vcpu.pc, CODE);
        if (i == 5) {
            blocks = s->blocks;
            links = s->links;
        }
    }
    cr_assert_eq(s->blocks, blocks);
    cr_assert_eq(s->links, links, "%" PRIu64 " more links", s->links - links);
}
