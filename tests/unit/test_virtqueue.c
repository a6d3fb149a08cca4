// Virtqueues and the MMIO transport, with the entropy device behind them: what an honest driver
// sees, and that a hostile one only breaks its own device.
#include <criterion/criterion.h>

#include "virtio_rig.h"

static Rig *rng_rig(uint64_t features)
{
    Rig *r = rig_new();
    rig_slot(r, false);
    cr_assert_null(rig_plug(r, "virtio-rng-device", NULL));
    start(r, features, 1);
    return r;
}

static bool needs_reset(Rig *r)
{
    return status(r) & VIRTIO_STATUS_NEEDS_RESET;
}

Test(virtqueue, identifies_itself)
{
    Rig *r = rng_rig(0);
    cr_expect_eq(getreg(r, 0x00), 0x74726976);
    cr_expect_eq(getreg(r, 0x04), 2);
    cr_expect_eq(getreg(r, 0x08), 4);
    cr_expect_eq(status(r), 15);
}

Test(virtqueue, empty_slot_has_no_device)
{
    Rig *r = rig_new();
    rig_slot(r, true);
    cr_expect_eq(getreg(r, 0x00), 0x74726976);
    cr_expect_eq(getreg(r, 0x04), 1);
    cr_expect_eq(getreg(r, 0x08), 0);
    reg(r, 0x70, 15);
    cr_expect_eq(status(r), 0);
}

Test(virtqueue, serves_a_chain)
{
    Rig *r = rng_rig(0);
    desc(r, 0, 0, DATA, 5, D_WRITE | D_NEXT, 1);
    desc(r, 0, 1, DATA + 100, 7, D_WRITE, 0);
    offer(r, 0, 0);
    kick(r, 0);
    cr_expect_eq(used(r, 0), 1);
    cr_expect_eq(used_len(r, 0, 0), 12);
    cr_expect(r->irq.level);
    cr_expect_eq(getreg(r, 0x60), 1);
    reg(r, 0x64, 1);
    cr_expect_not(r->irq.level);
    uint8_t zero[7] = {0};
    cr_expect_neq(memcmp(at(r, DATA + 100), zero, 7), 0);
    cr_expect_eq(*(uint8_t *)at(r, DATA + 107), 0);
}

Test(virtqueue, the_same_seed_gives_the_same_bytes)
{
    Rig *a = rng_rig(0), *b = rng_rig(0);
    for (Rig *const *r = (Rig *const[]){a, b, NULL}; *r; r++) {
        desc(*r, 0, 0, DATA, 64, D_WRITE, 0);
        offer(*r, 0, 0);
        kick(*r, 0);
    }
    cr_expect_eq(memcmp(at(a, DATA), at(b, DATA), 64), 0);
}

Test(virtqueue, no_interrupt_if_the_driver_does_not_want_one)
{
    Rig *r = rng_rig(0);
    put16(r, AVAIL(0), 1);
    desc(r, 0, 0, DATA, 8, D_WRITE, 0);
    offer(r, 0, 0);
    kick(r, 0);
    cr_expect_eq(used(r, 0), 1);
    cr_expect_not(r->irq.level);
}

Test(virtqueue, event_index)
{
    Rig *r = rng_rig(BIT(VIRTIO_F_EVENT_IDX));
    for (unsigned i = 0; i < 4; i++) {
        desc(r, 0, i, DATA + 16 * i, 16, D_WRITE, 0);
    }
    put16(r, AVAIL(0) + 4 + 2 * N_DESC, 2); // used_event: tell me after the third
    unsigned rises[4];
    for (unsigned i = 0; i < 4; i++) {
        offer(r, 0, i);
        kick(r, 0);
        rises[i] = r->irq.rises;
        reg(r, 0x64, 1);
        cr_expect_eq(get16(r, USED(0) + 4 + 8 * N_DESC), i + 1); // avail_event
    }
    cr_expect_eq(rises[0], 1, "the first is always told");
    cr_expect_eq(rises[1], 1);
    cr_expect_eq(rises[2], 2);
    cr_expect_eq(rises[3], 2);
}

Test(virtqueue, indices_wrap)
{
    Rig *r = rng_rig(0);
    desc(r, 0, 0, DATA, 1, D_WRITE, 0);
    for (unsigned i = 0; i < 70000; i++) {
        offer(r, 0, 0);
        kick(r, 0);
    }
    cr_expect_eq(used(r, 0), (uint16_t)70000);
    cr_expect_not(needs_reset(r));
}

Test(virtqueue, indirect)
{
    Rig *r = rng_rig(BIT(VIRTIO_F_INDIRECT_DESC));
    // The table stands in what would be queue 1's descriptors.
    desc(r, 1, 0, DATA, 3, D_WRITE | D_NEXT, 2);
    desc(r, 1, 2, DATA + 3, 4, D_WRITE, 0);
    desc(r, 0, 5, DESC(1), 48, D_INDIRECT, 0);
    offer(r, 0, 5);
    kick(r, 0);
    cr_expect_eq(used(r, 0), 1);
    cr_expect_eq(used_len(r, 0, 0), 7);
}

Test(virtqueue, legacy_layout)
{
    Rig *r = rig_new();
    rig_slot(r, true);
    cr_assert_null(rig_plug(r, "virtio-rng-device", NULL));
    reg(r, 0x28, 4096);
    reg(r, 0x70, 0); // Linux resets the device after this
    reg(r, 0x70, 3);
    reg(r, 0x30, 0);
    cr_expect_eq(getreg(r, 0x34), 8);
    reg(r, 0x38, 8);
    reg(r, 0x3c, 4096);
    reg(r, 0x40, RAM_BASE / 4096);
    cr_expect_eq(getreg(r, 0x40), RAM_BASE / 4096);
    reg(r, 0x70, 7);
    desc(r, 0, 0, DATA, 9, D_WRITE, 0);
    put16(r, RAM_BASE + 8 * 16 + 2, 1);
    kick(r, 0);
    cr_expect_eq(get16(r, RAM_BASE + 4096 + 2), 1);
    cr_expect_eq(get32(r, RAM_BASE + 4096 + 8), 9);
}

// --- hostile drivers

typedef struct BadCase {
    const char *what;
    uint64_t addr;
    uint32_t len;
    uint16_t flags, next;
} BadCase;

static const BadCase bad_cases[] = {
    {"loop", DATA, 4, D_WRITE | D_NEXT, 0},
    {"next beyond the ring", DATA, 4, D_WRITE | D_NEXT, N_DESC},
    {"empty buffer", DATA, 0, D_WRITE, 0},
    {"no memory there", 0x100, 4, D_WRITE, 0},
    {"a device there", SLOT_BASE, 4, D_WRITE, 0},
    {"past the end of RAM", RAM_BASE + RAM_SIZE - 4, 8, D_WRITE, 0},
    {"wraps around", UINT64_MAX - 3, 8, D_WRITE, 0},
    {"4 GiB", RAM_BASE, UINT32_MAX, D_WRITE, 0},
    {"indirect, odd length", DESC(1), 17, D_INDIRECT, 0},
    {"indirect, empty", DESC(1), 0, D_INDIRECT, 0},
    {"indirect, no memory there", 0x100, 32, D_INDIRECT, 0},
};

Test(virtqueue, bad_descriptors_break_the_device)
{
    for (size_t i = 0; i < ARRAY_LEN(bad_cases); i++) {
        const BadCase *c = &bad_cases[i];
        Rig *r = rng_rig(BIT(VIRTIO_F_INDIRECT_DESC));
        desc(r, 0, 0, c->addr, c->len, c->flags, c->next);
        offer(r, 0, 0);
        kick(r, 0);
        cr_expect(needs_reset(r), "%s", c->what);
        cr_expect_eq(used(r, 0), 0, "%s", c->what);
        cr_expect(getreg(r, 0x60) & 2, "%s: a configuration interrupt tells", c->what);
        // And it works again after a reset.
        start(r, 0, 1);
        desc(r, 0, 0, DATA, 4, D_WRITE, 0);
        offer(r, 0, 0);
        kick(r, 0);
        cr_expect_eq(used(r, 0), 1, "%s", c->what);
    }
}

Test(virtqueue, nested_indirect_and_wrong_order)
{
    Rig *r = rng_rig(BIT(VIRTIO_F_INDIRECT_DESC));
    desc(r, 1, 0, DESC(1), 16, D_INDIRECT, 0);
    desc(r, 0, 0, DESC(1), 16, D_INDIRECT, 0);
    offer(r, 0, 0);
    kick(r, 0);
    cr_expect(needs_reset(r));
    start(r, 0, 1);
    desc(r, 0, 0, DATA, 4, D_WRITE | D_NEXT, 1);
    desc(r, 0, 1, DATA, 4, 0, 0);
    offer(r, 0, 0);
    kick(r, 0);
    cr_expect(needs_reset(r));
}

Test(virtqueue, rings_outside_of_memory)
{
    for (unsigned which = 0; which < 3; which++) {
        Rig *r = rng_rig(0);
        reg(r, 0x44, 0);
        reg(r, (const unsigned[]){0x80, 0x90, 0xa0}[which], 0x1000);
        reg(r, 0x44, 1);
        desc(r, 0, 0, DATA, 4, D_WRITE, 0);
        offer(r, 0, 0);
        kick(r, 0);
        cr_expect(needs_reset(r), "ring %u", which);
    }
}

Test(virtqueue, index_too_far_ahead)
{
    Rig *r = rng_rig(0);
    put16(r, AVAIL(0) + 2, N_DESC + 1);
    kick(r, 0);
    cr_expect(needs_reset(r));
}

Test(virtqueue, sizes_that_are_refused)
{
    Rig *r = rng_rig(0);
    reg(r, 0x44, 0);
    static const uint32_t sizes[] = {0, 3, 16, 0x10000, UINT32_MAX};
    for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
        reg(r, 0x38, sizes[i]);
    }
    reg(r, 0x30, 1000);
    reg(r, 0x38, 8);
    reg(r, 0x80, 1);
    reg(r, 0x44, 1);
    cr_expect_eq(getreg(r, 0x34), 0);
    kick(r, 77);
    cr_expect_eq(status(r), 15);
}

// --- random rings. Any outcome is fine but a crash, a hang, or a write outside of the machine.

static uint64_t random_addr(GRand *g)
{
    switch (g_rand_int_range(g, 0, 8)) {
    case 0:
        return ((uint64_t)g_rand_int(g) << 32) | g_rand_int(g);
    case 1:
        return RAM_BASE + RAM_SIZE - (uint64_t)g_rand_int_range(g, 0, 64);
    case 2: // the rings themselves
        return RAM_BASE + (uint64_t)g_rand_int_range(g, 0, 0x20000);
    case 3:
        return SLOT_BASE;
    default:
        return DATA + (uint64_t)g_rand_int_range(g, 0, 0x10000);
    }
}

static uint32_t random_len(GRand *g)
{
    static const uint32_t odd[] = {0, 1, 15, 16, 32, 512, 0x10000, 0x7fffffff, UINT32_MAX};
    return g_rand_boolean(g) ? (uint32_t)g_rand_int_range(g, 0, 4096)
                             : odd[g_rand_int_range(g, 0, ARRAY_LEN(odd))];
}

static void random_chains(Rig *r, GRand *g, unsigned queues)
{
    for (unsigned q = 0; q < queues; q++) {
        for (unsigned i = 0; i < N_DESC; i++) {
            desc(r, q, i, random_addr(g), random_len(g), (uint16_t)g_rand_int_range(g, 0, 8),
                 (uint16_t)g_rand_int_range(g, 0, N_DESC + 2));
        }
        for (int i = g_rand_int_range(g, 0, N_DESC + 2); i > 0; i--) {
            offer(r, q, (uint16_t)g_rand_int_range(g, 0, N_DESC + 1));
        }
    }
    for (unsigned q = 0; q < queues; q++) {
        kick(r, q);
    }
}

static void random_registers(Rig *r, GRand *g)
{
    for (int i = 0; i < 20; i++) {
        unsigned offset = (unsigned)g_rand_int_range(g, 0, 0x200);
        unsigned size = 1u << g_rand_int_range(g, 0, 4);
        wr(r->m, SLOT_BASE + offset, g_rand_int(g) >> g_rand_int_range(g, 0, 32), size);
        rd(r->m, SLOT_BASE + offset, size);
    }
}

Test(virtqueue, random_rings, .timeout = 60)
{
    static const char *const types[] = {"virtio-rng-device", "virtio-net-device",
                                        "virtio-serial-device"};
    static const unsigned queues[] = {1, 3, 6};
    GRand *g = g_rand_new_with_seed(1);
    for (size_t t = 0; t < ARRAY_LEN(types); t++) {
        for (int legacy = 0; legacy < 2; legacy++) {
            Rig *r = rig_new();
            rig_slot(r, legacy);
            cr_assert_null(rig_plug(r, types[t], NULL));
            for (int round = 0; round < 2000; round++) {
                r->avail[0] = r->avail[1] = r->avail[2] = r->avail[3] = 0;
                start(r, g_rand_boolean(g) ? UINT64_MAX : 0, MIN_OF(queues[t], 4u));
                random_chains(r, g, MIN_OF(queues[t], 4u));
                random_registers(r, g);
            }
        }
    }
}
