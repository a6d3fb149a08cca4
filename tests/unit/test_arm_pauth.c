// Pointer authentication, for what does not depend on the algorithm: every layout of the signature
// (DDI 0487 D8.10.2), every key, interpreter and JIT side by side. tests/oracle compares the layout
// of Linux processes with QEMU's.
#include "host-backends/backend.h"
#include "tests/unit/arm_fixture.h"

#define CODE RAM_BASE
#define SELF 0x14000000u // b .

enum { IA, IB, DA, DB, KEYS };
enum { OP_PAC = 0, OP_AUT = 4 }; // opcode, bits 15..10

typedef struct Layout {
    const char *name;
    uint64_t tcr;
    bool upper;
    uint64_t code, data; // signature bits of instruction and data pointers
} Layout;

#define TSZ(n)    ((uint64_t)(n) | (uint64_t)(n) << 16)
#define HIGH      (UINT64_C(0xff) << 56)
#define FIELD(va) ((BIT(55) - 1) & ~(BIT(va) - 1))

static const Layout layouts[] = {
    {"48 bits", TSZ(16), false, FIELD(48) | HIGH, FIELD(48) | HIGH},
    {"48 bits, upper", TSZ(16), true, FIELD(48) | HIGH, FIELD(48) | HIGH},
    {"48 bits, tags", TSZ(16) | TCR_TBI0, false, FIELD(48), FIELD(48)},
    {"48 bits, upper tags", TSZ(16) | TCR_TBI1, true, FIELD(48), FIELD(48)},
    {"39 bits, tags", TSZ(25) | TCR_TBI0, false, FIELD(39), FIELD(39)},
    {"39 bits, tags of the other half", TSZ(25) | TCR_TBI1, false, FIELD(39) | HIGH,
     FIELD(39) | HIGH},
    {"39 bits, tags of data", TSZ(25) | TCR_TBI0 | TCR_TBID0, false, FIELD(39) | HIGH, FIELD(39)},
    {"39 bits, upper tags of data", TSZ(25) | TCR_TBI1 | TCR_TBID1, true, FIELD(39) | HIGH,
     FIELD(39)},
    {"25 bits", TSZ(39), false, FIELD(25) | HIGH, FIELD(25) | HIGH},
};

// Two CPUs with the same keys.
typedef struct Pair {
    Fixture f[2];
    unsigned n;
    GRand *random;
} Pair;

static uint64_t random64(Pair *p)
{
    return (uint64_t)g_rand_int(p->random) << 32 | g_rand_int(p->random);
}

static void set_up(Fixture *f, const Layout *l, const ARMKey *key)
{
    machine_reset(f->m);
    set_el(f, 1);
    ARMSystem *s = f->c->sys;
    s->tcr_el[1] = l->tcr;
    s->sctlr_el[1] |= SCTLR_ENIA | SCTLR_ENIB | SCTLR_ENDA | SCTLR_ENDB;
    memcpy(s->key, key, sizeof(s->key));
    f->c->vcpu.stopped = f->c->vcpu.halted = 0;
    arm_pauth_update(f->c);
    arm_mode_changed(f->c);
}

static void pair_init(Pair *p, const Layout *l)
{
    const char *why;
    const EngineConfig jit = {.backend = host_backend_find(&why), .cache_bytes = 1 << 20};
    ARMKey key[5];
    p->random = g_rand_new_with_seed(7);
    p->n = jit.backend ? 2 : 1;
    for (unsigned i = 0; i < ARRAY_LEN(key); i++) {
        key[i] = (ARMKey){random64(p), random64(p)};
    }
    for (unsigned i = 0; i < p->n; i++) {
        fixture_init_with(&p->f[i], "max", i ? &jit : NULL);
        set_up(&p->f[i], l, key);
    }
}

// One instruction on X0, with X1 as its modifier; both engines have to agree.
static uint64_t run_one(Pair *p, uint32_t insn, uint64_t x0, uint64_t x1)
{
    uint64_t result[2];
    for (unsigned i = 0; i < p->n; i++) {
        VCPU *v = &p->f[i].c->vcpu;
        const uint32_t words[] = {insn, SELF};
        memcpy(p->f[i].ram, words, sizeof(words));
        mem_dirty(p->f[i].m->memory, CODE, sizeof(words));
        v->gpr[0] = x0;
        v->gpr[1] = x1;
        v->pc = CODE;
        cr_assert_eq(engine_run(v, 1), 1);
        cr_assert_eq(v->pc, CODE + 4);
        result[i] = v->gpr[0];
    }
    cr_assert(p->n == 1 || result[0] == result[1], "%08x: interpreter %llx, JIT %llx", insn,
              (unsigned long long)result[0], (unsigned long long)result[1]);
    return result[0];
}

static uint64_t pac(Pair *p, unsigned key, uint64_t ptr, uint64_t modifier)
{
    return run_one(p, 0xdac10020 | (OP_PAC + key) << 10, ptr, modifier);
}

static uint64_t aut(Pair *p, unsigned key, uint64_t ptr, uint64_t modifier)
{
    return run_one(p, 0xdac10020 | (OP_AUT + key) << 10, ptr, modifier);
}

static uint64_t strip(Pair *p, unsigned key, uint64_t ptr)
{
    return run_one(p, key >= DA ? 0xdac147e0 : 0xdac143e0, ptr, 0);
}

static uint64_t field_of(const Layout *l, unsigned key)
{
    return key >= DA ? l->data : l->code;
}

// A pointer that the MMU would take: bits of the field, and 55, tell the half.
static uint64_t canonical(Pair *p, const Layout *l, unsigned key)
{
    uint64_t field = field_of(l, key) | BIT(55), r = random64(p);
    return l->upper ? r | field : r & ~field;
}

static uint64_t poisoned(const Layout *l, unsigned key, uint64_t ptr)
{
    unsigned pos = field_of(l, key) & HIGH ? 61 : 53;
    return deposit64(ptr, pos, 2, key == IB || key == DB ? 2 : 1);
}

static void check_layout(const Layout *l)
{
    Pair p;
    pair_init(&p, l);
    for (unsigned i = 0; i < 400; i++) {
        unsigned key = i % KEYS;
        uint64_t field = field_of(l, key), ptr = canonical(&p, l, key), mod = random64(&p);
        uint64_t signed_ptr = pac(&p, key, ptr, mod);
        cr_assert_eq((signed_ptr ^ ptr) & ~field, 0, "%s: other bits change", l->name);
        cr_assert_eq(aut(&p, key, signed_ptr, mod), ptr, "%s: key %u", l->name, key);
        cr_assert_eq(strip(&p, key, signed_ptr), ptr, "%s: key %u", l->name, key);
        for (uint64_t bits = field; bits; bits &= bits - 1) {
            uint64_t bad = signed_ptr ^ (bits & -bits);
            cr_assert_eq(aut(&p, key, bad, mod), poisoned(l, key, ptr), "%s: key %u, %llx", l->name,
                         key, (unsigned long long)bad);
        }
    }
}

Test(arm_pauth, sign_authenticate_strip_and_fail)
{
    for (unsigned i = 0; i < ARRAY_LEN(layouts); i++) {
        check_layout(&layouts[i]);
    }
}

// With 24 bits of signature one in 16 million agrees by chance.
Test(arm_pauth, everything_counts)
{
    const Layout *l = &layouts[5];
    Pair p;
    pair_init(&p, l);
    for (unsigned i = 0; i < 500; i++) {
        unsigned key = i % KEYS;
        uint64_t field = field_of(l, key), ptr = canonical(&p, l, key), mod = random64(&p);
        uint64_t s = pac(&p, key, ptr, mod);
        uint64_t other_ptr = ptr ^ BIT(g_rand_int_range(p.random, 0, 39));
        uint64_t other_mod = mod ^ BIT(g_rand_int_range(p.random, 0, 64));
        cr_expect_neq(pac(&p, (key + 1) % KEYS, ptr, mod) & field, s & field);
        cr_expect_neq(pac(&p, key, other_ptr, mod) & field, s & field);
        cr_expect_neq(pac(&p, key, ptr, other_mod) & field, s & field);
        cr_expect_eq(pac(&p, key, ptr, mod), s);
    }
}

// The signature of an address that is none does not authenticate (AddPAC).
Test(arm_pauth, unusable_addresses_stay_so)
{
    for (unsigned i = 0; i < ARRAY_LEN(layouts); i++) {
        const Layout *l = &layouts[i];
        Pair p;
        pair_init(&p, l);
        for (unsigned k = 0; k < 100; k++) {
            unsigned key = k % KEYS;
            uint64_t ptr = canonical(&p, l, key), mod = random64(&p);
            uint64_t bad = ptr ^ (field_of(l, key) & (field_of(l, key) << 1) & BIT(40 + k % 14));
            if (bad != ptr) {
                cr_assert_eq(aut(&p, key, pac(&p, key, bad, mod), mod), poisoned(l, key, ptr), "%s",
                             l->name);
            }
        }
    }
}

// PACGA: the upper half depends on both operands, the lower one is zero.
Test(arm_pauth, generic)
{
    Pair p;
    pair_init(&p, &layouts[0]);
    for (unsigned i = 0; i < 200; i++) {
        uint64_t x = random64(&p), mod = random64(&p);
        uint64_t s = run_one(&p, 0x9ac13000, x, mod); // pacga x0, x0, x1
        cr_assert_eq(s & UINT32_MAX, 0);
        cr_assert_neq(run_one(&p, 0x9ac13000, x ^ BIT(i % 64), mod), s);
        cr_assert_neq(run_one(&p, 0x9ac13000, x, mod ^ BIT(i % 64)), s);
    }
}

// A key that SCTLR_EL1 does not enable leaves pointers alone.
Test(arm_pauth, disabled_keys)
{
    static const uint64_t enable[] = {SCTLR_ENIA, SCTLR_ENIB, SCTLR_ENDA, SCTLR_ENDB};
    Pair p;
    pair_init(&p, &layouts[2]);
    for (unsigned off = 0; off < KEYS; off++) {
        for (unsigned i = 0; i < p.n; i++) {
            p.f[i].c->sys->sctlr_el[1] |= SCTLR_ENIA | SCTLR_ENIB | SCTLR_ENDA | SCTLR_ENDB;
            p.f[i].c->sys->sctlr_el[1] &= ~enable[off];
            arm_mode_changed(p.f[i].c);
        }
        for (unsigned key = 0; key < KEYS; key++) {
            uint64_t ptr = 0x12345678, s = pac(&p, key, ptr, 99);
            cr_expect_eq(s == ptr, key == off);
            cr_expect_eq(aut(&p, key, s, 99), ptr);
        }
    }
}
