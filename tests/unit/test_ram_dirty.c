// Trackers of written pages.
#include "softmmu/ram_dirty.h"
#include "tests/unit/softmmu_rig.h"

#define FIRST UINT64_C(0x10000) // physical; 70 pages are tracked, more than a word of bits
#define PAGES 70
#define VA    UINT64_C(0x400000)

typedef struct Rig {
    Guest *g;
    RamDirty *d;
    uint64_t bits[2];
} Rig;

static RamDirty *track(const Guest *g)
{
    MemPage first = address_space_page(g->m->memory, FIRST);
    return ram_dirty_track(g->m, &first, PAGES);
}

static Rig rig(void)
{
    Rig r = {.g = guest()};
    for (unsigned i = 0; i < 4; i++) {
        map(r.g, VA + (i << PAGE_BITS), FIRST + (i << PAGE_BITS), 12, "rw", 1);
        load(r.g, VA + (i << PAGE_BITS));
    }
    r.d = track(r.g);
    return r;
}

static bool collect(Rig *r)
{
    return ram_dirty_collect(r->d, 0, PAGES, r->bits);
}

Test(ram_dirty, stores_are_seen_once)
{
    Rig r = rig();
    cr_assert(collect(&r));
    cr_assert(r.bits[0] == UINT64_MAX && r.bits[1] == 0x3f, "all is dirty at first");
    cr_assert_not(collect(&r) || r.bits[0] || r.bits[1]);
    cr_assert_not(stores_fast(r.g, VA));
    cr_assert(try_store(r.g, VA + 0x1008, 1, 3));
    cr_assert(stores_fast(r.g, VA + 0x1000));
    cr_assert_not(stores_fast(r.g, VA));
    cr_assert(collect(&r));
    cr_assert(r.bits[0] == 2 && !r.bits[1]);
    cr_assert_not(stores_fast(r.g, VA + 0x1000));
    cr_assert_not(collect(&r));
}

Test(ram_dirty, without_a_look_nothing_is_slow)
{
    Rig r = rig();
    cr_assert(stores_fast(r.g, VA));
    cr_assert(ram_dirty_collect(r.d, 2, 1, r.bits));
    cr_assert_eq(r.bits[0], 4u);
    cr_assert(stores_fast(r.g, VA) && stores_fast(r.g, VA + 0x3000));
    cr_assert_not(stores_fast(r.g, VA + 0x2000));
}

Test(ram_dirty, a_part_is_collected)
{
    Rig r = rig();
    collect(&r);
    wr(r.g->m, FIRST + (63 << PAGE_BITS), 1, 1);
    wr(r.g->m, FIRST + (64 << PAGE_BITS), 1, 1);
    r.bits[0] = 1;
    cr_assert(ram_dirty_collect(r.d, 64, 6, r.bits));
    cr_assert(r.bits[0] == 1 && r.bits[1] == 1);
    cr_assert(ram_dirty_collect(r.d, 0, 64, r.bits));
    cr_assert(r.bits[0] == BIT(63) && r.bits[1] == 1);
    cr_assert_not(ram_dirty_collect(r.d, 0, 64, r.bits));
}

Test(ram_dirty, crossing_stores_dma_and_probes)
{
    Rig r = rig();
    uint8_t some[0x1800] = {1};
    collect(&r);
    cr_assert(try_store(r.g, VA + 0xffc, 1, 3));
    cr_assert(collect(&r) && r.bits[0] == 3);
    mem_write(r.g->m->memory, FIRST + 0x1900, some, sizeof some);
    cr_assert(collect(&r) && r.bits[0] == 0xe);
    memset(mem_dma(r.g->m->memory, FIRST + 0x800, 0x1000), 2, 0x1000);
    mem_dirty(r.g->m->memory, FIRST + 0x800, 0x1000);
    cr_assert(collect(&r) && r.bits[0] == 3);
    cr_assert_eq(setjmp(r.g->v.leave), 0);
    cr_assert_not_null(mmu_probe(&r.g->v, VA + 0x2000, 64, IR_MEM_STORE));
    cr_assert(collect(&r) && r.bits[0] == 4);
}

// A block's shared check must not send each first store to a block of its own.
Test(ram_dirty, a_check_for_several_stores_makes_the_page_fast)
{
    Rig r = rig();
    collect(&r);
    cr_assert_eq(setjmp(r.g->v.leave), 0, "run alone");
    cr_assert_eq(mmu_chk(&r.g->v, VA + 0x10, 64, IR_MEM_STORE), fast(r.g, VA, 0)->wadd);
    cr_assert(stores_fast(r.g, VA));
    cr_assert(collect(&r) && r.bits[0] == 1);
}

Test(ram_dirty, equal_bytes_count)
{
    Rig r = rig();
    collect(&r);
    cr_assert(try_store(r.g, VA, FIRST >> PAGE_BITS, 3));
    cr_assert(stores_fast(r.g, VA), "clearing what is clear is not slow each time");
    cr_assert(collect(&r) && r.bits[0] == 1);
}

Test(ram_dirty, two_trackers_look_when_they_like)
{
    Rig r = rig();
    RamDirty *other = track(r.g);
    uint64_t bits[2];
    collect(&r);
    cr_assert(ram_dirty_collect(other, 0, PAGES, bits));
    cr_assert(try_store(r.g, VA, 1, 3));
    cr_assert(collect(&r) && r.bits[0] == 1);
    cr_assert(try_store(r.g, VA + 0x1000, 1, 3));
    cr_assert(ram_dirty_collect(other, 0, PAGES, bits));
    cr_assert_eq(bits[0], 3u);
    cr_assert(collect(&r) && r.bits[0] == 2);
    ram_dirty_free(other);
    cr_assert(try_store(r.g, VA, 1, 3));
    cr_assert(collect(&r) && r.bits[0] == 1);
}

static void count(void *opaque)
{
    ++*(unsigned *)opaque;
}

Test(ram_dirty, the_first_store_is_told)
{
    Rig r = rig();
    unsigned calls = 0;
    ram_dirty_notify(r.d, count, &calls);
    cr_assert(try_store(r.g, VA, 1, 3));
    cr_assert_eq(calls, 0u, "dirty from the start");
    collect(&r);
    cr_assert(try_store(r.g, VA, 2, 3) && try_store(r.g, VA + 8, 2, 3));
    wr(r.g->m, FIRST, 3, 8);
    cr_assert_eq(calls, 1u);
}

Test(ram_dirty, nobody_left)
{
    Rig r = rig();
    collect(&r);
    ram_dirty_free(r.d);
    cr_assert_not(stores_fast(r.g, VA));
    cr_assert(try_store(r.g, VA, 1, 3));
    cr_assert(stores_fast(r.g, VA));
}

// The engine forgets its code, the MMU its tables; the tracker goes on.
Test(ram_dirty, a_flush_changes_nothing)
{
    Rig r = rig();
    collect(&r);
    put_block(r.g, FIRST + 0x1100, 16);
    engine_flush(r.g->m->engine);
    mmu_regime_changed(&r.g->v);
    cr_assert(try_store(r.g, VA + 0x1000, 1, 3));
    cr_assert(collect(&r) && r.bits[0] == 2);
    cr_assert_not(collect(&r));
}
