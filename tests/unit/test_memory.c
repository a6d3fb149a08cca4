// Regions, the flattened view, and how accesses reach devices.
#include <criterion/criterion.h>
#include <string.h>

#include "tests/unit/bare_machine.h"

typedef struct Probe {
    uint64_t value;
    unsigned reads, writes;
    uint64_t offset[16];
    unsigned size[16];
    uint64_t written[16];
    Machine *m;
    uint64_t recurse;
    MemResult inner;
} Probe;

static uint64_t probe_read(void *opaque, uint64_t offset, unsigned size)
{
    Probe *p = opaque;
    p->offset[p->reads % 16] = offset;
    p->size[p->reads++ % 16] = size;
    return p->value >> (8 * (offset & 7));
}

static void probe_write(void *opaque, uint64_t offset, uint64_t value, unsigned size)
{
    Probe *p = opaque;
    p->offset[p->writes % 16] = offset;
    p->size[p->writes % 16] = size;
    p->written[p->writes++ % 16] = value;
    if (p->recurse) {
        p->inner = mem_write_n(p->m->memory, p->recurse, 1, 4);
    }
}

static const MmioOps plain_ops = {probe_read, probe_write, 0, 0, false};
static const MmioOps word_ops = {probe_read, probe_write, 4, 4, false};
static const MmioOps be_ops = {probe_read, probe_write, 1, 8, true};

static Machine *with(MemRegion *r, uint64_t addr)
{
    Machine *m = bare_machine();
    mem_map(address_space_root(m->memory), addr, r, 0);
    return m;
}

Test(memory, ram_reads_back_and_pages_are_direct)
{
    MemRegion *ram = mem_ram("ram", 0x400000);
    Machine *m = with(ram, 0x40000000);
    cr_assert_eq((uintptr_t)mem_host(ram) % 0x200000, 0);
    wr(m, 0x40000ffc, 0x1122334455667788, 8); // crosses a page
    cr_assert_eq(rd(m, 0x40000ffc, 8), 0x1122334455667788);
    cr_assert_eq(rd(m, 0x40001000, 2), 0x3344);
    MemPage p = address_space_page(m->memory, 0x40001abc);
    cr_assert_eq(p.host, mem_host(ram) + 0x1000);
    cr_assert(p.writable && p.assigned);
    p = address_space_page(m->memory, 0x40400000);
    cr_assert(!p.host && !p.assigned);
    cr_assert_eq(mem_read_n(m->memory, 0x3fffffff, &(uint64_t){0}, 1), MEM_UNASSIGNED);
}

Test(memory, partly_covered_page_is_dispatched)
{
    Probe probe = {.value = 0x5a};
    MemRegion *ram = mem_ram("ram", 0x3000);
    Machine *m = with(ram, 0);
    mem_map(address_space_root(m->memory), 0x1800, mem_mmio("dev", 0x100, &plain_ops, &probe), 1);
    cr_assert_null(address_space_page(m->memory, 0x1000).host);
    cr_assert(address_space_page(m->memory, 0x1000).assigned);
    cr_assert_eq(address_space_page(m->memory, 0x2000).host, mem_host(ram) + 0x2000);
    wr(m, 0x17ff, 0x77, 1);
    cr_assert_eq(rd(m, 0x17ff, 1), 0x77);
    cr_assert_eq(rd(m, 0x1800, 1), 0x5a);
    wr(m, 0x1900, 0x99, 1);
    cr_assert_eq(mem_host(ram)[0x1900], 0x99);
}

Test(memory, priority_enable_move_unmap)
{
    MemRegion *low = mem_ram("low", 0x4000), *high = mem_ram("high", 0x1000);
    Machine *m = with(low, 0);
    MemRegion *root = address_space_root(m->memory);
    mem_map(root, 0x1000, high, 5);
    mem_host(low)[0x1000] = 1;
    mem_host(high)[0] = 2;
    cr_assert_eq(rd(m, 0x1000, 1), 2);
    mem_set_enabled(high, false);
    cr_assert_eq(rd(m, 0x1000, 1), 1);
    mem_set_enabled(high, true);
    mem_set_address(high, 0x2000);
    cr_assert_eq(rd(m, 0x1000, 1), 1);
    cr_assert_eq(rd(m, 0x2000, 1), 2);
    mem_unmap(root, high);
    cr_assert_eq(rd(m, 0x2000, 1), 0);
}

Test(memory, alias_shows_part_and_follows_changes)
{
    MemRegion *ram = mem_ram("ram", 0x4000);
    Machine *m = with(ram, 0x10000);
    MemRegion *root = address_space_root(m->memory);
    MemRegion *alias = mem_alias("alias", ram, 0x2000, 0x1000);
    mem_map(root, 0x80000, alias, 0);
    wr(m, 0x80004, 0xabcd, 2);
    cr_assert_eq(rd(m, 0x12004, 2), 0xabcd);
    cr_assert_eq(mem_host(alias), mem_host(ram) + 0x2000);
    cr_assert_eq(mem_read_n(m->memory, 0x81000, &(uint64_t){0}, 1), MEM_UNASSIGNED);
    // A container seen through an alias: a child that appears later is seen too.
    MemRegion *box = mem_container("box", 0x10000);
    mem_map(root, 0x200000, mem_alias("window", box, 0x8000, 0x8000), 0);
    cr_assert_eq(mem_read_n(m->memory, 0x200000, &(uint64_t){0}, 1), MEM_UNASSIGNED);
    MemRegion *late = mem_ram("late", 0x1000);
    mem_map(box, 0x8000, late, 0);
    cr_assert_eq(mem_write_n(m->memory, 0x200000, 0x42, 1), MEM_OK);
    cr_assert_eq(mem_host(late)[0], 0x42);
}

Test(memory, container_up_to_the_end_of_the_address_space)
{
    MemRegion *ram = mem_ram("top", 0x1000);
    Machine *m = with(ram, UINT64_MAX - 0x1000);
    cr_assert_eq(mem_write_n(m->memory, UINT64_MAX - 1, 7, 1), MEM_OK);
    cr_assert_eq(rd(m, UINT64_MAX - 1, 1), 7);
    uint8_t buf[32];
    cr_assert_eq(mem_read(m->memory, UINT64_MAX - 8, buf, sizeof buf), MEM_UNASSIGNED);
}

Test(memory, mmio_is_split_and_widened)
{
    Probe probe = {.value = 0x8877665544332211};
    Machine *m = with(mem_mmio("dev", 0x1000, &word_ops, &probe), 0x1000);
    cr_assert_eq(rd(m, 0x1000, 8), 0x8877665544332211);
    cr_assert_eq(probe.reads, 2);
    cr_assert(probe.offset[0] == 0 && probe.offset[1] == 4 && probe.size[1] == 4);
    cr_assert_eq(rd(m, 0x1002, 1), 0x33);
    cr_assert(probe.offset[2] == 0 && probe.size[2] == 4);
    wr(m, 0x1003, 0xab, 1);
    cr_assert(probe.offset[0] == 0 && probe.size[0] == 4 && probe.written[0] == 0xab000000);
    wr(m, 0x1002, 0x11223344, 4); // unaligned: two halves
    cr_assert_eq(probe.writes, 3);
    cr_assert(probe.written[1] == 0x33440000 && probe.written[2] == 0x1122);
}

Test(memory, one_access_is_one_callback)
{
    Probe probe = {.value = 0x1234};
    Machine *m = with(mem_mmio("dev", 0x1000, &plain_ops, &probe), 0);
    const unsigned sizes[] = {1, 2, 4, 8};
    for (unsigned i = 0; i < 4; i++) {
        rd(m, 8, sizes[i]);
        cr_assert_eq(probe.reads, i + 1);
        cr_assert_eq(probe.size[i], sizes[i]);
    }
}

Test(memory, big_endian_device)
{
    Probe probe = {.value = 0x11223344};
    Machine *m = with(mem_mmio("dev", 0x1000, &be_ops, &probe), 0);
    cr_assert_eq(rd(m, 0, 4), 0x44332211);
    wr(m, 0, 0x0102, 2);
    cr_assert_eq(probe.written[0], 0x0201);
}

Test(memory, device_that_reaches_itself_is_refused)
{
    Probe probe = {.recurse = 0x1010};
    Machine *m = with(mem_mmio("dev", 0x1000, &plain_ops, &probe), 0x1000);
    probe.m = m;
    cr_assert_eq(mem_write_n(m->memory, 0x1000, 1, 4), MEM_OK);
    cr_assert_eq(probe.writes, 1);
    cr_assert_eq(probe.inner, MEM_REFUSED);
}

Test(memory, rom_and_romd)
{
    Probe probe = {.value = 0x80};
    MemRegion *rom = mem_rom("rom", 0x1000), *flash = mem_romd("flash", 0x1000, &plain_ops, &probe);
    Machine *m = with(rom, 0);
    mem_map(address_space_root(m->memory), 0x1000, flash, 0);
    mem_host(rom)[1] = 9;
    mem_host(flash)[1] = 8;
    cr_assert_eq(mem_write_n(m->memory, 1, 5, 1), MEM_OK);
    cr_assert_eq(rd(m, 1, 1), 9);
    cr_assert_eq(rd(m, 0x1001, 1), 8);
    cr_assert(address_space_page(m->memory, 0x1000).host &&
              !address_space_page(m->memory, 0x1000).writable);
    wr(m, 0x1000, 0x70, 1);
    cr_assert_eq(probe.writes, 1);
    mem_romd_set(flash, false);
    cr_assert_eq(rd(m, 0x1000, 1), 0x80);
    cr_assert_null(address_space_page(m->memory, 0x1000).host);
}

static void count(void *opaque)
{
    ++*(unsigned *)opaque;
}

static const uint8_t *last_host;
static unsigned last_len;

static void stored(void *opaque, const MemPage *p, unsigned offset, unsigned len)
{
    (void)opaque;
    last_host = p->host + offset;
    last_len = len;
}

Test(memory, hooks)
{
    unsigned changes = 0;
    MemRegion *ram = mem_ram("ram", 0x1000);
    Machine *m = with(ram, 0);
    rd(m, 0, 1);
    address_space_set_hooks(m->memory, &changes, count, stored);
    mem_set_enabled(ram, false);
    cr_assert_eq(changes, 1);
    rd(m, 0, 1);
    mem_set_enabled(ram, true);
    cr_assert_eq(changes, 2);
    wr(m, 0x10, 1, 4);
    cr_assert_null(last_host, "nobody watches");
    *address_space_page(m->memory, 0).watch = 1;
    wr(m, 0x10, 1, 4);
    cr_assert(last_host == mem_host(ram) + 0x10 && last_len == 4);
    uint8_t *p = mem_dma(m->memory, 0x100, 0x200);
    cr_assert_eq(p, mem_host(ram) + 0x100);
    cr_assert_null(mem_dma(m->memory, 0xf00, 0x200));
    mem_dirty(m->memory, 0x100, 0x200);
    cr_assert(last_host == p && last_len == 0x200);
    mem_region_dirty(m->memory, ram, 0xfff, 1);
    cr_assert(last_host == mem_host(ram) + 0xfff && last_len == 1);
}

// The view against a plain array of "who owns this byte", over random trees.
#define SPAN 512

static uint32_t next_random(uint64_t *s)
{
    *s = *s * 6364136223846793005 + 1442695040888963407;
    return (uint32_t)(*s >> 33);
}

Test(memory, random_overlaps_match_painting)
{
    for (uint64_t seed = 1; seed <= 200; seed++) {
        uint64_t s = seed;
        Machine *m = bare_machine();
        uint8_t owner[SPAN] = {0};
        int best[SPAN];
        for (int i = 0; i < SPAN; i++) {
            best[i] = -1;
        }
        for (unsigned i = 1; i <= 12; i++) {
            uint64_t at = next_random(&s) % SPAN, len = 1 + next_random(&s) % (SPAN - at);
            int prio = (int)(next_random(&s) % 4);
            MemRegion *r = mem_ram("r", len);
            memset(mem_host(r), (int)i, len);
            mem_map(address_space_root(m->memory), at, r, prio);
            for (uint64_t b = at; b < at + len; b++) {
                if (prio >= best[b]) { // the latest of equals wins
                    best[b] = prio;
                    owner[b] = (uint8_t)i;
                }
            }
        }
        for (unsigned b = 0; b < SPAN; b++) {
            cr_assert_eq(rd(m, b, 1), owner[b], "seed %u byte %u", (unsigned)seed, b);
        }
    }
}
