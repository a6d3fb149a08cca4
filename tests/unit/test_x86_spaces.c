// Translations that outlive loads of CR3 (target-x86/system/spaces.c): table pages are changed at
// random by both CPUs of a machine, by devices and by a debugger, at every level; whatever a CPU
// finds after a load of CR3 has to be what a walk of its tables gives now.
//
//   roots --> directories --> tables --> pages      each entry may point to any page of its kind
//
// In 64-bit mode the roots are PML4s over two shared PDPTs; with PAE they are the four PDPTEs that
// a load of CR3 brings in. Entry BIG of all directories is a large page with all of RAM in it,
// through which CPUs store.
#include <inttypes.h>
#include <setjmp.h>

#include "softmmu/softmmu.h"
#include "target-x86/insn/system.h"
#include "target-x86/system.h"
#include "tests/unit/x86_machine.h"

#define RAM      0x200000u
#define PAGES    16 // of data, from 0 on
#define TABLES   0x100000u
#define N_TABLES 12
#define DIRS     0x140000u
#define N_DIRS   8
#define PDPTS    0x180000u
#define N_PDPTS  4
#define ROOTS    0x1a0000u
#define ENTRIES  4 // that are used of each
#define GLOBAL   3 // the entry of the tables that is global
#define BIG      8 // the entry of the directories that is a large page
#define P_RW_US  7u
#define PS       0x80u
#define G        0x100u

typedef enum Mode { LEGACY, PAE, LONG, LONG_PCID } Mode;

typedef struct Rig {
    Machine *m;
    X86CPU *cpu[2];
    uint8_t *ram;
    Mode mode;
    unsigned n_roots;
    bool wide; // tables are met at more addresses than are told apart
    TargetOps ops;
    GRand *rand;
    unsigned cases, changes[4], checks;
} Rig;

// The walks of the test that runs.
static unsigned walks;

static bool counted_walk(VCPU *v, uint64_t va, MmuAccess a, unsigned regime, MmuPage *p,
                         MmuFault *f)
{
    walks++;
    return x86_walk(v, va, a, regime, p, f);
}

// Takes the place of an exception's delivery: the access has failed.
static void no_page(VCPU *v, const MmuFault *f)
{
    (void)v;
    (void)f;
}

static unsigned pick(Rig *r, unsigned n)
{
    return (unsigned)g_rand_int_range(r->rand, 0, (gint32)n);
}

static unsigned entry_bytes(const Rig *r)
{
    return r->mode == LEGACY ? 4 : 8;
}

static uint64_t root_at(const Rig *r, unsigned n)
{
    return r->mode == PAE ? ROOTS + 32 * n : ROOTS + 4096 * (n % 64);
}

static uint64_t cr3_of(const Rig *r, unsigned n)
{
    return root_at(r, n) | (r->mode == LONG_PCID ? n % 3 : 0);
}

// --- what entries may say

static uint64_t table_entry(Rig *r, unsigned entry)
{
    uint64_t e = pick(r, PAGES) << 12 | P_RW_US | (entry == GLOBAL ? G : 0);
    return pick(r, 8) ? e : 0;
}

static uint64_t dir_entry(Rig *r, unsigned entry)
{
    if (entry == BIG) {
        return P_RW_US | PS;
    }
    return pick(r, 8) ? TABLES + pick(r, N_TABLES) * 4096 + P_RW_US : 0;
}

static uint64_t pdpt_entry(Rig *r, bool pae_root)
{
    return DIRS + pick(r, N_DIRS) * 4096 + (pae_root ? 1 : P_RW_US);
}

static uint64_t root_entry(Rig *r, unsigned entry)
{
    return r->mode == LEGACY ? dir_entry(r, entry)
           : r->mode == PAE  ? pdpt_entry(r, true)
                             : PDPTS + pick(r, N_PDPTS) * 4096 + P_RW_US;
}

// A place and what to store there.
static uint64_t some_entry(Rig *r, uint64_t *value)
{
    unsigned kind = pick(r, 16), entry = pick(r, ENTRIES), bytes = entry_bytes(r);
    if (kind < 10) {
        *value = table_entry(r, entry);
        return TABLES + pick(r, N_TABLES) * 4096 + entry * bytes;
    }
    if (kind < 13 && r->mode != LEGACY) {
        *value = dir_entry(r, entry);
        return DIRS + pick(r, N_DIRS) * 4096 + entry * bytes;
    }
    if (kind < 14 && r->mode >= LONG) {
        *value = pdpt_entry(r, false);
        return PDPTS + pick(r, N_PDPTS) * 4096 + entry % 2 * bytes;
    }
    entry %= r->mode == LEGACY ? ENTRIES : r->mode == PAE ? 4 : 2;
    *value = root_entry(r, entry);
    return root_at(r, pick(r, r->n_roots)) + entry * bytes;
}

static void put(Rig *r, uint64_t at, uint64_t value)
{
    memcpy(r->ram + at, &value, entry_bytes(r));
}

static void fill(Rig *r)
{
    for (unsigned e = 0; e < ENTRIES; e++) {
        for (unsigned i = 0; i < N_TABLES; i++) {
            put(r, TABLES + i * 4096 + e * entry_bytes(r), table_entry(r, e));
        }
        for (unsigned i = 0; i < N_DIRS && r->mode != LEGACY; i++) {
            put(r, DIRS + i * 4096 + e * 8, dir_entry(r, e));
            put(r, DIRS + i * 4096 + BIG * 8, dir_entry(r, BIG));
        }
        for (unsigned i = 0; i < N_PDPTS && r->mode >= LONG && e < 2; i++) {
            put(r, PDPTS + i * 4096 + e * 8, pdpt_entry(r, false));
        }
        for (unsigned i = 0; i < r->n_roots; i++) {
            unsigned n = r->mode == LEGACY ? ENTRIES : r->mode == PAE ? 4 : 2;
            if (e < n) {
                put(r, root_at(r, i) + e * entry_bytes(r), root_entry(r, e));
            }
            if (r->mode == LEGACY) {
                put(r, root_at(r, i) + BIG * 4, dir_entry(r, BIG));
            }
        }
    }
}

// --- addresses and accesses

static uint64_t address(Rig *r, unsigned entry)
{
    uint64_t offset = pick(r, 512) * 8;
    if (r->mode == LEGACY) {
        return (uint64_t)pick(r, 2) << 22 | entry << 12 | offset;
    }
    uint64_t va = (uint64_t)pick(r, 2) << 21 | entry << 12 | offset;
    return r->mode == PAE
               ? va | (uint64_t)pick(r, 2) << 30
               : va | (uint64_t)pick(r, 2) << 30 | (uint64_t)pick(r, r->wide ? 2 : 1) << 39;
}

// NULL: a page fault.
static const uint8_t *find(X86CPU *c, uint64_t va)
{
    const uint8_t *host = NULL;
    if (!setjmp(c->vcpu.leave)) {
        host = mmu_probe(&c->vcpu, va, 1, 0);
    }
    return host;
}

static void check(Rig *r, X86CPU *c, uint64_t va, const char *after)
{
    uint64_t phys = x86_virt_to_phys_debug(&c->vcpu, va);
    const uint8_t *want = phys == UINT64_MAX ? NULL : r->ram + phys, *got = find(c, va);
    r->checks++;
    cr_assert_eq(got, want,
                 "case %u, mode %u, cpu%u, cr3 0x%" PRIx64 ", va 0x%" PRIx64
                 " after %s: %td, the tables say %td",
                 r->cases, r->mode, c->vcpu.index, c->cr3, va, after, got ? got - r->ram : -1,
                 want ? want - r->ram : -1);
}

static void check_some(Rig *r, X86CPU *c, unsigned entries, const char *after)
{
    for (unsigned i = 0; i < 12; i++) {
        check(r, c, address(r, pick(r, entries)), after);
    }
}

// --- ways to change an entry

static void by_cpu(Rig *r, uint64_t at, uint64_t value)
{
    VCPU *v = &r->cpu[pick(r, 2)]->vcpu;
    uint64_t big = (uint64_t)BIG << (r->mode == LEGACY ? 22 : 21);
    if (!setjmp(v->leave)) {
        mmu_store(v, big + at, value, (r->mode == LEGACY ? 2 : 3) | IR_MEM_STORE);
    }
}

static void by_device(Rig *r, uint64_t at, uint64_t value)
{
    unsigned bytes = entry_bytes(r);
    if (pick(r, 2)) {
        mem_write(r->m->memory, at, &value, bytes);
    } else { // a transfer of the whole page, in which one entry is another one
        uint64_t page = at & ~(uint64_t)0xfff;
        uint8_t *host = mem_dma(r->m->memory, page, 4096);
        memcpy(host + (at & 0xfff), &value, bytes);
        mem_dirty(r->m->memory, page, 4096);
    }
}

static void by_debugger(Rig *r, uint64_t at, uint64_t value)
{
    VCPU *v = &r->cpu[pick(r, 2)]->vcpu;
    uint64_t big = (uint64_t)BIG << (r->mode == LEGACY ? 22 : 21);
    mmu_debug_access(v, big + at, &value, entry_bytes(r), true);
}

static void across_entries(Rig *r, uint64_t at, uint64_t value)
{
    // A store that changes the upper half of one entry and the lower one of the next, as they are.
    uint64_t old;
    put(r, at, value);
    memcpy(&old, r->ram + at + 4, 8);
    mem_write(r->m->memory, at, r->ram + at, 4);
    by_cpu(r, at + 4, old);
}

static void change(Rig *r)
{
    static void (*const ways[])(Rig *, uint64_t, uint64_t) = {by_cpu, by_device, by_debugger,
                                                              across_entries};
    uint64_t value, at = some_entry(r, &value);
    unsigned way = pick(r, ARRAY_LEN(ways));
    r->changes[way]++;
    ways[way](r, at, value);
}

// --- what a CPU does

static void load_cr3(Rig *r, X86CPU *c)
{
    bool keep = r->mode == LONG_PCID && pick(r, 2);
    // Most loads are of few roots: only those are worth a watch.
    unsigned n = pick(r, 8) ? pick(r, 4) : pick(r, r->n_roots);
    x86_set_cr3(c, cr3_of(r, n) | (keep ? BIT(63) : 0));
    check_some(r, c, GLOBAL, "a load of CR3");
}

static void toggle_pge(Rig *r, X86CPU *c)
{
    x86_set_cr4(c, c->cr4 ^ X86_CR4_PGE);
    check_some(r, c, ENTRIES, "a change of CR4.PGE");
}

static void change_and_invlpg(Rig *r, X86CPU *c)
{
    uint64_t value, at = some_entry(r, &value), va = address(r, pick(r, ENTRIES));
    find(c, va);
    by_device(r, at, value);
    // PAE's roots are looked at by loads only, and so is what x86_virt_to_phys_debug goes by.
    ((void (*)(VCPU *, uint64_t))x86_h_invlpg.fn)(&c->vcpu, va);
    check(r, c, va, "INVLPG");
}

static void step(Rig *r)
{
    X86CPU *c = r->cpu[pick(r, 2)];
    unsigned what = pick(r, 512);
    c->vcpu.base++; // another block
    r->cases++;
    if (what < 440) {
        load_cr3(r, c);
    } else if (what < 492) {
        change(r);
    } else if (what < 508) {
        change_and_invlpg(r, c);
    } else {
        toggle_pge(r, c);
    }
}

static void start_cpu(Rig *r, X86CPU *c)
{
    VCPU *v = &c->vcpu;
    if (r->mode >= LONG) {
        x86_cpu_boot_long(v, 0, 0, root_at(r, 0));
        x86_set_cr4(c, c->cr4 | (r->mode == LONG_PCID ? X86_CR4_PCIDE : 0));
    } else {
        x86_cpu_boot_flat32(v, 0, 0, 0);
        x86_set_cr4(c, r->mode == PAE ? X86_CR4_PAE : X86_CR4_PSE);
        x86_set_cr3(c, root_at(r, 0));
        x86_set_cr0(c, c->cr0 | X86_CR0_PG);
    }
    r->ops = *v->target;
    r->ops.walk = counted_walk;
    r->ops.fault = no_page;
    v->target = &r->ops;
}

static Rig *rig(Mode mode, unsigned n_roots)
{
    X86Machine x = x86_machine_new(RAM, (EngineConfig){0});
    char *error = NULL;
    VCPU *second = x86_cpu_create(x.m, "max", &error);
    cr_assert(second, "%s", error);
    Rig *r = g_new0(Rig, 1);
    *r = (Rig){.m = x.m,
               .cpu = {x.c, x86_cpu(second)},
               .ram = x.ram,
               .mode = mode,
               .n_roots = n_roots,
               .wide = n_roots > 32,
               .rand = g_rand_new_with_seed(1)};
    machine_reset(x.m);
    fill(r);
    start_cpu(r, r->cpu[0]);
    start_cpu(r, r->cpu[1]);
    walks = 0;
    return r;
}

static void run(Mode mode, unsigned n_roots)
{
    Rig *r = rig(mode, n_roots);
    for (unsigned i = 0; i < 60000; i++) {
        step(r);
    }
    for (unsigned i = 0; i < ARRAY_LEN(r->changes); i++) {
        cr_assert_gt(r->changes[i], 1000u);
    }
    // It is of no use to test translations that are not kept: a fault is walked for each time.
    cr_assert(r->wide || walks < r->checks * 3 / 4, "%u walks for %u checks", walks, r->checks);
}

Test(x86_spaces, long_mode)
{
    run(LONG, 12);
}
Test(x86_spaces, more_spaces_than_are_kept)
{
    run(LONG, 60);
}
Test(x86_spaces, pcids)
{
    run(LONG_PCID, 12);
}
Test(x86_spaces, pae)
{
    run(PAE, 12);
}
Test(x86_spaces, entries_of_four_bytes)
{
    run(LEGACY, 12);
}

// The same CR3 over and over, so that its space is kept, and other pointers behind it: those that
// were loaded count until CR3 is loaded the next time.
Test(x86_spaces, pae_pointers_are_compared)
{
    Rig *r = rig(PAE, 1);
    X86CPU *c = r->cpu[0];
    memset(r->ram + TABLES, 0, N_TABLES * 4096);
    for (unsigned d = 0; d < 2; d++) {
        put(r, DIRS + d * 4096, (TABLES + d * 4096) | P_RW_US);
        put(r, TABLES + d * 4096, (d + 3) << 12 | P_RW_US);
    }
    for (unsigned i = 0; i < 40; i++) {
        unsigned d = i / 3 % 2; // now and then it stays
        put(r, root_at(r, 0), (DIRS + d * 4096) | 1);
        mem_dirty(r->m->memory, root_at(r, 0), 8);
        c->vcpu.base++;
        const uint8_t *before = i ? find(c, 0) : NULL;
        cr_assert(i == 0 || before == r->ram + ((i - 1) / 3 % 2 + 3) * 4096, "before load %u", i);
        walks = 0;
        x86_set_cr3(c, root_at(r, 0));
        cr_assert_eq(find(c, 0), r->ram + (d + 3) * 4096, "after load %u", i);
        cr_assert(i < 12 || i % 3 == 0 || walks == 0, "load %u changes nothing, but is walked for",
                  i);
    }
}
