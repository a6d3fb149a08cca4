// Watched pages: which stores are told to whom.
#include "tests/unit/softmmu_rig.h"

typedef struct Seen {
    unsigned calls, offset, len;
    const uint8_t *host;
    bool clear; // the handler takes the watch away
    PageWatchKind kind;
} Seen;

static void seen(void *opaque, const MemPage *p, unsigned offset, unsigned len)
{
    Seen *s = opaque;
    s->calls++;
    s->host = p->host;
    s->offset = offset;
    s->len = len;
    if (s->clear) {
        page_watch_clear(p, s->kind);
    }
}

static MemPage page_at(const Guest *g, uint64_t phys)
{
    return address_space_page(g->m->memory, phys);
}

static void watch(Guest *g, Seen *s, PageWatchKind kind, uint64_t phys, uint64_t pages)
{
    MemPage p = page_at(g, phys);
    s->kind = kind;
    page_watch_handler(g->m, kind, seen, s);
    page_watch_set(g->m, &p, pages, kind);
}

Test(page_watch, the_first_store_goes_the_slow_way)
{
    Guest *g = guest();
    Seen s = {.clear = true};
    map(g, 0x40000, 0x5000, 12, "rw", 1);
    map(g, 0x90000, 0x5000, 12, "rw", 1);
    map(g, 0x41000, 0x6000, 12, "rw", 1);
    load(g, 0x40000);
    load(g, 0x41000);
    load(g, 0x90000);
    watch(g, &s, WATCH_TABLES, 0x5000, 1);
    cr_assert_not(stores_fast(g, 0x40000) || stores_fast(g, 0x90000));
    cr_assert(stores_fast(g, 0x41000) && loads_fast(g, 0x40000));
    cr_assert(try_store(g, 0x40008, 1, 3));
    cr_assert(s.calls == 1 && s.host == g->ram + 0x5000 && s.offset == 8 && s.len == 8);
    cr_assert(stores_fast(g, 0x40000), "nobody watches any more");
    cr_assert_not(stores_fast(g, 0x90000));
    cr_assert(try_store(g, 0x90008, 2, 3));
    cr_assert(stores_fast(g, 0x90000), "its tag comes back with its own next store");
    cr_assert_eq(s.calls, 1u);
}

Test(page_watch, stores_of_what_is_there_are_told_to_frames_only)
{
    Guest *g = guest();
    Seen tables = {0}, frame = {0};
    map(g, 0x40000, 0x5000, 12, "rw", 1);
    watch(g, &tables, WATCH_TABLES, 0x5000, 1);
    watch(g, &frame, WATCH_FRAME, 0x5000, 1);
    cr_assert(try_store(g, 0x40000, 5, 2));
    cr_assert(!tables.calls && frame.calls == 1);
    cr_assert(try_store(g, 0x40000, 6, 2));
    cr_assert(tables.calls == 1 && frame.calls == 2);
    cr_assert_not(stores_fast(g, 0x40000));
}

Test(page_watch, page_crossing_stores_tell_of_both_pages)
{
    Guest *g = guest();
    Seen s = {0};
    map(g, 0x40000, 0x5000, 12, "rw", 1);
    map(g, 0x41000, 0x6000, 12, "rw", 1);
    watch(g, &s, WATCH_FRAME, 0x6000, 1);
    cr_assert(try_store(g, 0x40ffe, 0x01020304, 2));
    cr_assert(s.calls == 2 && s.host == g->ram + 0x6000 && s.offset == 1 && s.len == 1);
}

Test(page_watch, devices_and_debuggers_are_told_of)
{
    Guest *g = guest();
    Seen s = {0};
    uint64_t x = 1;
    watch(g, &s, WATCH_TABLES, 0x5000, 2);
    mem_write(g->m->memory, 0x4ffc, &x, 8);
    cr_assert(s.calls == 1 && s.host == g->ram + 0x5000 && !s.offset && s.len == 4);
    mem_write_n(g->m->memory, 0x5010, 1, 2);
    cr_assert(s.calls == 2 && s.offset == 0x10 && s.len == 2);
    mem_dirty(g->m->memory, 0x4000, 0x3000);
    cr_assert(s.calls == 4 && s.host == g->ram + 0x6000 && !s.offset && s.len == 0x1000);
    mem_dirty(g->m->memory, 0x7000, 0x1000);
    cr_assert_eq(s.calls, 4u);
}

// A window onto RAM somewhere else is the same RAM.
Test(page_watch, aliases_are_covered)
{
    Guest *g = guest();
    Seen s = {0};
    MemRegion *ram = mem_ram("more", 0x4000);
    mem_map(address_space_root(g->m->memory), 0x20000000, ram, 0);
    mem_map(address_space_root(g->m->memory), 0x30000000, mem_alias("alias", ram, 0x1000, 0x2000),
            0);
    map(g, 0x40000, 0x20001000, 12, "rw", 1);
    map(g, 0x50000, 0x30000000, 12, "rwx", 1);
    watch(g, &s, WATCH_TABLES, 0x20001000, 1);
    cr_assert(try_store(g, 0x50004, 1, 2));
    cr_assert(s.calls == 1 && s.host == mem_host(ram) + 0x1000 && s.offset == 4);
    mem_write_n(g->m->memory, 0x30000008, 1, 4);
    cr_assert(s.calls == 2 && s.offset == 8);
    Block *b = g_new0(Block, 1);
    *b = (Block){.pc = 0x50100,
                 .phys = 0x30000100,
                 .host = mem_host(ram) + 0x1100,
                 .guest_bytes = 4,
                 .guest_insns = 1};
    block_insert(&g->v, b);
    cr_assert(try_store(g, 0x40200, 1, 2));
    cr_assert(b->valid);
    cr_assert(try_store(g, 0x40100, 1, 2));
    cr_assert_not(b->valid, "code is stale however the store came there");
}

Test(page_watch, code_goes_with_a_flush)
{
    Guest *g = guest();
    map(g, 0x40000, 0x5000, 12, "rwx", 1);
    put_block(g, 0x5100, 16);
    MemPage p = page_at(g, 0x5000);
    cr_assert(page_watch_on(&p, WATCH_CODE));
    engine_flush(g->m->engine);
    cr_assert_not(*p.watch);
    cr_assert(try_store(g, 0x40100, 1, 2));
    cr_assert(stores_fast(g, 0x40000));
}
