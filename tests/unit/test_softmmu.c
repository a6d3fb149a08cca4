// The software MMU.
#include "tests/unit/softmmu_rig.h"

Test(softmmu, a_page_is_walked_once)
{
    Guest *g = guest();
    map(g, 0x40000, 0x5000, 12, "rw", 1);
    cr_assert_not(loads_fast(g, 0x40000));
    cr_assert_eq(load(g, 0x40000), 5u);
    cr_assert_not(walks_again(g, 0x40008));
    cr_assert(loads_fast(g, 0x40000) && stores_fast(g, 0x40000));
    cr_assert_eq((uint8_t *)(fast(g, 0x40000, 0)->radd + 0x40010), g->ram + 0x5010);
    cr_assert_eq(fast(g, 0x40000, 0)->wadd, fast(g, 0x40000, 0)->radd);
}

Test(softmmu, faults_tell_address_and_kind)
{
    Guest *g = guest();
    Mapping *m = map(g, 0x40000, 0x5000, 12, "r", 1);
    uint64_t x;
    cr_assert_not(try_load(g, 0x41238, 3, &x));
    cr_assert(g->faults == 1 && g->fault.va == 0x41238 && g->fault.access == MMU_READ);
    cr_assert_eq(g->fault.code, 1u);
    load(g, 0x40000);
    cr_assert_not(stores_fast(g, 0x40000));
    cr_assert_not(try_store(g, 0x40010, 7, 3));
    cr_assert(g->faults == 2 && g->fault.va == 0x40010 && g->fault.access == MMU_WRITE);
    cr_assert_eq(g->fault.code, 2u);
    cr_assert_eq(vcpu_icount(&g->v), 2u, "each fault counts as an instruction");
    m->may = "rw"; // more rights need no maintenance
    cr_assert(try_store(g, 0x40010, 7, 3));
    cr_assert_eq(load(g, 0x40010), 7u);
}

Test(softmmu, sizes_signs_and_page_crossing)
{
    Guest *g = guest();
    map(g, 0x40000, 0x5000, 12, "rw", 1);
    map(g, 0x41000, 0x9000, 12, "rw", 1);
    map(g, 0x42000, 0xa000, 12, "r", 1);
    uint64_t x;
    cr_assert(try_store(g, 0x40ffd, UINT64_C(0x8877665544332211), 3));
    cr_assert_eq(g->ram[0x5fff], 0x33);
    cr_assert_eq(g->ram[0x9000], 0x44);
    cr_assert(try_load(g, 0x40ffd, 3, &x) && x == UINT64_C(0x8877665544332211));
    cr_assert(try_load(g, 0x41003, 1 | IR_MEM_SIGN, &x) && x == UINT64_C(0xffffffffffff8877));
    cr_assert(try_load(g, 0x41003, 1, &x) && x == 0x8877);
    // The second page refuses: nothing is written to the first.
    g->ram[0x9fff] = 0x99;
    cr_assert_not(try_store(g, 0x41fff, 0, 1));
    cr_assert_eq(g->fault.va, 0x42000u);
    cr_assert_eq(g->ram[0x9fff], 0x99);
    cr_assert_not(try_load(g, 0x40001, 2 | IR_MEM_ALIGN, &x));
    cr_assert_eq(g->unaligned, 1u);
}

Test(softmmu, address_spaces_keep_their_tables)
{
    Guest *g = guest();
    map(g, 0x40000, 0x1000, 12, "rw", 1);
    map(g, 0x40000, 0x2000, 12, "rw", 2);
    for (unsigned i = 0; i < 10; i++) {
        use_asid(g, 1 + i % 2);
        cr_assert_eq(load(g, 0x40000), 1u + i % 2);
        cr_assert(i < 2 || loads_fast(g, 0x40000));
    }
    cr_assert_eq(g->walks, 2u);
}

Test(softmmu, more_address_spaces_than_tables)
{
    Guest *g = guest();
    for (unsigned a = 1; a <= 60; a++) {
        map(g, 0x40000, (uint64_t)a << PAGE_BITS, 12, "rw", a);
    }
    for (unsigned round = 0; round < 3; round++) {
        for (unsigned a = 1; a <= 60; a++) {
            use_asid(g, a);
            cr_assert_eq(load(g, 0x40000), a);
        }
    }
}

Test(softmmu, unprivileged_regime)
{
    Guest *g = guest();
    map(g, 0x40000, 0x5000, 12, "rW", 1);
    map(g, 0x41000, 0x6000, 12, "RW", 1);
    uint64_t x;
    cr_assert(try_load(g, 0x40000, 3 | IR_MEM_UNPRIV, &x) && x == 5);
    cr_assert_eq(fast(g, 0x40000, 1)->rtag, 0x40000u);
    cr_assert_not(try_store(g, 0x40000, 1, 3 | IR_MEM_UNPRIV));
    cr_assert(try_store(g, 0x40000, 1, 3));
    cr_assert_not(try_load(g, 0x41000, 3 | IR_MEM_UNPRIV, &x));
    cr_assert_eq(load(g, 0x41000), 6u);
    cr_assert_neq(fast(g, 0x41000, 1)->rtag, 0x41000u);
}

// Four pages: two of ASID 1, one of ASID 2 at the first's address, one global.
typedef struct Four {
    bool a, b, other, global; // had to be walked again
} Four;

static Four after(Guest *g)
{
    Four f;
    use_asid(g, 2);
    f.other = walks_again(g, 0x40000);
    use_asid(g, 1);
    f.a = walks_again(g, 0x40000);
    f.b = walks_again(g, 0x41000);
    f.global = walks_again(g, KERNEL);
    return f;
}

static Guest *guest_with_four(void)
{
    Guest *g = guest();
    map(g, 0x40000, 0x1000, 12, "rw", 1);
    map(g, 0x41000, 0x2000, 12, "rw", 1);
    map(g, 0x40000, 0x3000, 12, "rw", 2);
    map(g, KERNEL, 0x4000, 12, "rwg", 0);
    after(g);
    Four f = after(g);
    cr_assert(!f.a && !f.b && !f.other && !f.global);
    return g;
}

static void expect(Guest *g, const char *what, bool a, bool b, bool other, bool global)
{
    Four f = after(g);
    cr_assert(f.a == a && f.b == b && f.other == other && f.global == global,
              "%s: walked again: %d %d %d %d", what, f.a, f.b, f.other, f.global);
}

Test(softmmu, maintenance_drops_what_it_names)
{
    Guest *g = guest_with_four();
    VCPU *v = &g->v;
    mmu_flush_range(v, 0x40123, 1, 1);
    expect(g, "page in ASID 1", true, false, false, false);
    mmu_flush_range(v, 0x40000, 1, 2);
    expect(g, "page in ASID 2", false, false, true, false);
    mmu_flush_range(v, 0x40000, 1, MMU_ALL_ASIDS);
    expect(g, "page in all", true, false, true, false);
    mmu_flush_range(v, 0x40000, 0x2000, 1);
    expect(g, "two pages", true, true, false, false);
    mmu_flush_range(v, KERNEL, 1, 1);
    expect(g, "global page by an ASID", false, false, false, true);
    mmu_flush_range(v, KERNEL, 1, MMU_ALL_ASIDS);
    expect(g, "global page", false, false, false, true);
    mmu_flush_asid(v, 2);
    expect(g, "ASID 2", false, false, true, false);
    mmu_flush_asid(v, 1);
    expect(g, "ASID 1, of which the global page is no part", true, true, false, false);
    mmu_flush_all(v);
    expect(g, "all", true, true, true, true);
    mmu_flush_range(v, 0, UINT64_C(1) << 47, MMU_ALL_ASIDS);
    Four f = after(g);
    cr_assert(f.a && f.b && f.other, "a long range");
}

Test(softmmu, a_page_of_a_large_one_drops_all_of_it)
{
    Guest *g = guest();
    Mapping *m = map(g, 0x200000, 0x400000, 21, "rw", 1);
    cr_assert_eq(load(g, 0x200000), 0x400u);
    cr_assert_eq(load(g, 0x3ff000), 0x5ffu);
    m->phys = 0x200000;
    mmu_flush_range(&g->v, 0x280000, 1, 1);
    cr_assert_eq(load(g, 0x200000), 0x200u);
    cr_assert_eq(load(g, 0x3ff000), 0x3ffu);
}

Test(softmmu, maintenance_of_a_large_page_leaves_others)
{
    Guest *g = guest();
    map(g, 0x200000, 0x400000, 21, "rw", 1);
    map(g, 0x400000, 0, 21, "rw", 1);
    map(g, 0x600000, 0x5000, 12, "rw", 1);
    load(g, 0x200000);
    load(g, 0x401000);
    load(g, 0x600000);
    mmu_flush_range(&g->v, 0x280000, 1, 1);
    cr_assert(!walks_again(g, 0x401000) && !walks_again(g, 0x600000));
    cr_assert(walks_again(g, 0x200000));
}

Test(softmmu, maintenance_by_asid_keeps_global_pages_at_hand)
{
    Guest *g = guest();
    map(g, 0x10000, 0x5000, 12, "rwg", 0);
    for (unsigned n = 0; n < 400; n++) { // more than a table lists
        map(g, 0x200000, 0, 21, "rw", 1);
        load(g, 0x200000 + 0x1000 * n);
        g->n_map--;
        load(g, 0x10000);
        if (n % 100 == 99) {
            mmu_flush_asid(&g->v, 1);
            cr_assert(loads_fast(g, 0x10000));
            cr_assert(!loads_fast(g, 0x200000 + 0x1000 * n));
        }
    }
}

Test(softmmu, tables_grow_and_stay_right)
{
    Guest *g = guest();
    map(g, 0x800000, 0, 23, "rw", 1);
    unsigned bits = g->v.mmu->current[0]->bits;
    for (unsigned round = 0; round < 8; round++) {
        for (uint64_t i = 0; i < RAM_SIZE >> PAGE_BITS; i++) {
            cr_assert_eq(load(g, 0x800000 + (i << PAGE_BITS)), i);
        }
    }
    cr_assert_gt(g->v.mmu->current[0]->bits, bits);
}

// --- devices

Test(softmmu, a_device_is_accessed_alone)
{
    Guest *g = guest();
    map(g, 0x40000, DEVICE, 12, "rwd", 1);
    map(g, 0x41000, 0x20000000, 12, "rwd", 1);
    uint64_t x, pc = 0;
    const Block among_others = {.guest_insns = 2, .insn_pc = &pc};
    g->v.block = &among_others;
    cr_assert_not(try_load(g, 0x40010, 2, &x));
    cr_assert(g->v.leave_single && !g->device_reads && !g->faults);
    const Block alone = {.single = true, .guest_insns = 1, .insn_pc = &pc};
    g->v.block = &alone;
    cr_assert(try_load(g, 0x40010, 2, &x) && x == 0x10);
    cr_assert_eq(g->device_reads, 1u);
    cr_assert_not(loads_fast(g, 0x40000) || stores_fast(g, 0x40000));
    cr_assert_not(try_load(g, 0x40011, 2, &x));
    cr_assert_eq(g->unaligned, 1u);
    g->v.block = &alone;
    cr_assert_not(try_load(g, 0x41000, 2, &x));
    cr_assert_eq(g->bus_errors, 1u);
}

// --- pages with code

Test(softmmu, stores_to_code_invalidate_it)
{
    Guest *g = guest();
    map(g, 0x40000, 0x5000, 12, "rwx", 1);
    map(g, 0x90000, 0x5000, 12, "rw", 1); // the same page
    load(g, 0x40000);
    load(g, 0x90000);
    cr_assert(stores_fast(g, 0x40000) && stores_fast(g, 0x90000));
    Block *low = put_block(g, 0x5100, 16), *high = put_block(g, 0x5800, 64);
    cr_assert_not(stores_fast(g, 0x40000) || stores_fast(g, 0x90000));
    cr_assert(loads_fast(g, 0x40000));
    cr_assert(try_store(g, 0x40110, 1, 2)); // behind the first
    cr_assert(low->valid && high->valid);
    cr_assert(try_store(g, 0x9010c, 1, 3)); // its last word
    cr_assert(!low->valid && high->valid);
    cr_assert_not(stores_fast(g, 0x90000));
    cr_assert(try_store(g, 0x407ff, 1, 1)); // crosses into the second
    cr_assert_not(high->valid);
    cr_assert_not(*address_space_page(g->m->memory, 0x5000).watch);
    cr_assert(stores_fast(g, 0x40000), "no code is left");
}

// --- the code mapping's key

static uint32_t key_after_fetch(Guest *g, uint64_t pc)
{
    uint64_t phys;
    cr_assert_eq(setjmp(g->v.leave), 0);
    mmu_fetch_page(&g->v, pc, &phys);
    return g->v.key[pc >> 63];
}

Test(softmmu, keys_change_with_what_code_is_fetched_through)
{
    Guest *g = guest();
    VCPU *v = &g->v;
    map(g, 0x40000, 0x1000, 12, "rx", 1);
    map(g, 0x41000, 0x2000, 12, "rw", 1);
    map(g, 0x40000, 0x3000, 12, "rx", 2);
    map(g, KERNEL, 0x4000, 12, "rxg", 0);
    uint32_t user = key_after_fetch(g, 0x40000), kernel = key_after_fetch(g, KERNEL);
    load(g, 0x41000);
    mmu_flush_range(v, 0x41000, 1, 1);
    cr_assert(v->key[0] == user && v->key[1] == kernel, "a data page");
    use_asid(g, 2);
    cr_assert_neq(key_after_fetch(g, 0x40000), user);
    cr_assert_eq(v->key[1], kernel);
    use_asid(g, 1);
    cr_assert_eq(v->key[0], user, "back again");
    mmu_flush_range(v, 0x40000, 1, 1);
    cr_assert_neq(v->key[0], user);
    cr_assert_eq(v->key[1], kernel);
    user = key_after_fetch(g, 0x40000);
    mmu_flush_range(v, KERNEL, 1, MMU_ALL_ASIDS);
    cr_assert_eq(v->key[0], user);
    cr_assert_neq(v->key[1], kernel);
    kernel = key_after_fetch(g, KERNEL);
    mmu_flush_asid(v, 1);
    cr_assert_neq(v->key[0], user);
    cr_assert_eq(v->key[1], kernel);
}

// Blocks are linked for all CPUs: a key that two of them had would lead one into the other's code.
Test(softmmu, no_two_cpus_have_a_key_in_common)
{
    Guest *cpu[2] = {guest()};
    GHashTable *seen = g_hash_table_new(NULL, NULL); // key -> 1 + the CPU that has it
    cpu[1] = another_cpu(cpu[0]);
    for (unsigned k = 0; k < 2; k++) {
        map(cpu[k], 0x40000, 0x1000 + 0x1000 * k, 12, "rx", 1);
        map(cpu[k], KERNEL, 0x4000 + 0x1000 * k, 12, "rxg", 0);
    }
    for (unsigned i = 0; i < 200; i++) {
        unsigned k = i % 2;
        uint32_t keys[] = {key_after_fetch(cpu[k], 0x40000), key_after_fetch(cpu[k], KERNEL)};
        for (unsigned n = 0; n < 2; n++) {
            gpointer owner = g_hash_table_lookup(seen, GUINT_TO_POINTER(keys[n]));
            cr_assert(!owner || owner == GUINT_TO_POINTER(1 + k), "key %u", keys[n]);
            g_hash_table_insert(seen, GUINT_TO_POINTER(keys[n]), GUINT_TO_POINTER(1 + k));
        }
        mmu_flush_all(&cpu[k]->v);
    }
    g_hash_table_destroy(seen);
}

// --- against the list of mappings, over random operations

static uint32_t rnd(uint64_t *s, uint32_t n)
{
    *s = *s * 6364136223846793005 + 1442695040888963407;
    return (uint32_t)(*s >> 33) % n;
}

// Changes a mapping and does the maintenance that a careful guest would.
static void remap(Guest *g, uint64_t *s)
{
    static const char *const rights[] = {"rw", "r", "rwg", "", "rwx", "rg"};
    Mapping *m = &g->map[rnd(s, g->n_map)];
    bool was_global = strchr(m->may, 'g');
    unsigned old_asid = m->asid;
    m->phys = ((uint64_t)rnd(s, RAM_SIZE >> m->bits)) << m->bits;
    m->may = rights[rnd(s, ARRAY_LEN(rights))];
    bool all = was_global || strchr(m->may, 'g');
    switch (rnd(s, 8)) {
    case 0:
        mmu_flush_all(&g->v);
        break;
    case 1:
        mmu_flush_range(&g->v, m->va, BIT(m->bits), MMU_ALL_ASIDS);
        break;
    default:
        mmu_flush_range(&g->v, m->va, 1, all ? MMU_ALL_ASIDS : old_asid);
    }
}

static void check_access(Guest *g, uint64_t va, bool store, uint64_t seed)
{
    const Mapping *m = find(g, va);
    bool allowed = m && may(m, store ? 'w' : 'r', 0);
    uint8_t *host = m ? g->ram + m->phys + (va & mask64(m->bits)) : NULL;
    uint64_t x = seed, there = 0;
    cr_assert_eq(store ? try_store(g, va, seed, 3) : try_load(g, va, 3, &x), allowed,
                 "0x%" PRIx64 ", ASID %u", va, g->asid);
    if (allowed) {
        memcpy(&there, host, 8);
        cr_assert_eq(there, x, "0x%" PRIx64 ", ASID %u", va, g->asid);
    }
    // What translated code may do without asking is what the mapping says.
    if (loads_fast(g, va)) {
        cr_assert(m && may(m, 'r', 0));
        cr_assert_eq((uint8_t *)(fast(g, va, 0)->radd + va), host);
    }
    if (stores_fast(g, va)) {
        cr_assert(m && may(m, 'w', 0));
        cr_assert_eq((uint8_t *)(fast(g, va, 0)->wadd + va), host);
    }
}

Test(softmmu, random_operations_match_the_mappings)
{
    for (uint64_t seed = 1; seed <= 20; seed++) {
        Guest *g = guest();
        uint64_t s = seed;
        // Mappings of one address in two ASIDs, large ones between, no global one over another.
        for (unsigned i = 0; i < 24; i++) {
            unsigned bits = i % 8 ? 12 : 21;
            map(g, (uint64_t)(i + 1) << 21, 0, bits, "", 1 + i % 2);
        }
        for (unsigned i = 0; i < 4000; i++) {
            uint32_t what = rnd(&s, 20);
            if (what == 0) {
                use_asid(g, 1 + rnd(&s, 3));
            } else if (what < 3) {
                remap(g, &s);
            } else {
                const Mapping *m = &g->map[rnd(&s, g->n_map)];
                uint64_t va = m->va + (rnd(&s, (uint32_t)BIT(m->bits)) & ~7u);
                check_access(g, va, rnd(&s, 2), i);
            }
        }
    }
}
