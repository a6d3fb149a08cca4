// The PCI host, config space, BARs, interrupts, and virtio's PCI transport.
#include <criterion/criterion.h>

#include "hw/pci/gpex.h"
#include "virtio_rig.h"

#define ECAM UINT64_C(0x4010000000)
#define MMIO UINT64_C(0x10000000)
#define HIGH UINT64_C(0x8000000000)
#define PIO  UINT64_C(0x3eff0000)
#define MSI  UINT64_C(0x8020040) // where the test's MSI writes land

typedef struct PciRig {
    Rig *r;
    Machine *m;
    Pin intx[4];
    unsigned msis;
    uint32_t last_msi;
} PciRig;

static void msi_write(void *opaque, uint64_t offset, uint64_t value, unsigned size)
{
    PciRig *p = opaque;
    (void)size;
    if (offset == 0x40) {
        p->msis++;
        p->last_msi = (uint32_t)value;
    }
}

static const MmioOps msi_ops = {.write = msi_write, .min_size = 4, .max_size = 4};

static PciRig *pci_rig(void)
{
    PciRig *p = g_new0(PciRig, 1);
    p->r = rig_new();
    p->m = p->r->m;
    MemRegion *root = address_space_root(p->m->memory);
    mem_map(root, MSI & ~UINT64_C(0xfff), mem_mmio("msi", 0x1000, &msi_ops, p), 0);
    GpexConfig c = {root, ECAM,    0x10000000, MMIO, 0x2eff0000, HIGH, UINT64_C(0x8000000000),
                    PIO,  0x10000, {{0}}};
    for (int i = 0; i < 4; i++) {
        c.intx[i] = pin_line(&p->intx[i]);
    }
    gpex_create(p->m, &c);
    return p;
}

static uint64_t cfg(unsigned slot, unsigned reg)
{
    return ECAM + (uint64_t)slot * 0x8000 + reg;
}

static char *plug(PciRig *p, const char *type, const char *const *props)
{
    return rig_plug(p->r, type, props);
}

// Config offset of a virtio capability of a type; 0 if there is none.
static unsigned find_cap(PciRig *p, unsigned slot, uint8_t id, uint8_t type)
{
    unsigned at = (unsigned)rd(p->m, cfg(slot, 0x34), 1);
    for (int i = 0; at && i < 48; i++) {
        if (rd(p->m, cfg(slot, at), 1) == id && (!type || rd(p->m, cfg(slot, at + 3), 1) == type)) {
            return at;
        }
        at = (unsigned)rd(p->m, cfg(slot, at + 1), 1);
    }
    return 0;
}

Test(pci, host_bridge_and_empty_slots)
{
    PciRig *p = pci_rig();
    cr_expect_eq(rd(p->m, cfg(0, 0), 4), 0x00081b36);
    cr_expect_eq(rd(p->m, cfg(0, 8), 4), 0x06000000);
    cr_expect_eq(rd(p->m, cfg(3, 0), 4), 0xffffffff);
    cr_expect_eq(rd(p->m, cfg(3, 2), 2), 0xffff);
    cr_expect_eq(rd(p->m, ECAM + (1 << 20), 4), 0xffffffff, "bus 1");
    wr(p->m, cfg(0, 0), 0, 4);
    cr_expect_eq(rd(p->m, cfg(0, 0), 4), 0x00081b36);
}

Test(pci, virtio_identity)
{
    static const char *const modern[] = {"disable-legacy=on", NULL};
    static const char *const legacy[] = {"disable-modern=on", NULL};
    static const char *const neither[] = {"disable-modern=on", "disable-legacy=on", NULL};
    PciRig *p = pci_rig();
    cr_assert_null(plug(p, "virtio-rng-pci", NULL));
    cr_assert_null(plug(p, "virtio-rng-pci", modern));
    cr_assert_null(plug(p, "virtio-net-pci", legacy));
    cr_expect_eq(rd(p->m, cfg(1, 0), 4), 0x10051af4);
    cr_expect_eq(rd(p->m, cfg(1, 8), 4), 0x00ff0000);
    cr_expect_eq(rd(p->m, cfg(1, 0x2c), 4), 0x00041af4);
    cr_expect_eq(rd(p->m, cfg(2, 0), 4), 0x10441af4);
    cr_expect_eq(rd(p->m, cfg(2, 8), 4), 0x00ff0001);
    cr_expect_eq(rd(p->m, cfg(3, 0), 4), 0x10001af4);
    cr_expect_eq(rd(p->m, cfg(1, 0x10), 4), 1, "transitional: I/O BAR");
    cr_expect_eq(rd(p->m, cfg(2, 0x10), 4), 0);
    cr_expect_neq(find_cap(p, 1, 9, 1), 0);
    cr_expect_eq(find_cap(p, 3, 9, 1), 0);
    cr_expect_neq(find_cap(p, 3, 0x11, 0), 0);
    cr_expect_not_null(plug(p, "virtio-rng-pci", neither));
}

Test(pci, addresses)
{
    static const char *const five[] = {"addr=5", NULL};
    static const char *const fn[] = {"addr=5.1", "bus=pcie.0", NULL};
    static const char *const hex[] = {"addr=0x1f", NULL};
    static const char *const bad[] = {"20", "5.8", "x", "5.", "-1", ""};
    static const char *const bus[] = {"bus=pci.7", NULL};
    PciRig *p = pci_rig();
    cr_expect_null(plug(p, "virtio-rng-pci", five));
    cr_expect_null(plug(p, "virtio-rng-pci", fn));
    cr_expect_null(plug(p, "virtio-rng-pci", hex));
    cr_expect_neq(rd(p->m, cfg(5, 0x1000), 4), 0xffffffff);
    cr_expect(strstr(plug(p, "virtio-rng-pci", five), "taken"));
    cr_expect(strstr(plug(p, "virtio-rng-pci", bus), "pci.7"));
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        char *text = g_strdup_printf("addr=%s", bad[i]);
        const char *const props[] = {text, NULL};
        cr_expect_not_null(plug(p, "virtio-rng-pci", props), "%s", text);
    }
}

Test(pci, slots_run_out)
{
    PciRig *p = pci_rig();
    for (int i = 1; i < PCI_SLOTS; i++) {
        cr_assert_null(plug(p, "virtio-rng-pci", NULL));
    }
    cr_expect(strstr(plug(p, "virtio-rng-pci", NULL), "all 32 slots"));
}

Test(pci, bars_size_map_and_move)
{
    PciRig *p = pci_rig();
    cr_assert_null(plug(p, "virtio-rng-pci", NULL));
    wr(p->m, cfg(1, 0x20), ~0u, 4);
    wr(p->m, cfg(1, 0x24), ~0u, 4);
    cr_expect_eq(rd(p->m, cfg(1, 0x20), 4), 0xffffc00c);
    cr_expect_eq(rd(p->m, cfg(1, 0x24), 4), 0xffffffff);
    wr(p->m, cfg(1, 0x20), (uint32_t)(MMIO + 0x4000), 4);
    wr(p->m, cfg(1, 0x24), 0, 4);
    cr_expect_eq(rd(p->m, MMIO + 0x4012, 2), 0xffff, "not decoded yet");
    wr(p->m, cfg(1, 4), 2, 2);
    cr_expect_eq(rd(p->m, MMIO + 0x4012, 2), 1, "number of queues");
    wr(p->m, cfg(1, 0x20), 0, 4);
    wr(p->m, cfg(1, 0x24), (uint32_t)(HIGH >> 32), 4);
    cr_expect_eq(rd(p->m, MMIO + 0x4012, 2), 0xffff);
    cr_expect_eq(rd(p->m, HIGH + 0x12, 2), 1);
    wr(p->m, cfg(1, 0x10), 0x1000, 4);
    wr(p->m, cfg(1, 4), 3, 2);
    cr_expect_eq(rd(p->m, PIO + 0x100c, 2), 8, "legacy queue size");
    bare_reset(p->m);
    cr_expect_eq(rd(p->m, PIO + 0x100c, 2), 0xffff);
    cr_expect_eq(rd(p->m, cfg(1, 0x20), 4), 0xc);
}

// The modern interface up to DRIVER_OK; queue 0 as in the rig. vector: MSI-X vector of queue 0.
static void start_modern(PciRig *p, unsigned slot, uint64_t bar, uint16_t vector)
{
    wr(p->m, cfg(slot, 0x20), (uint32_t)bar, 4);
    wr(p->m, cfg(slot, 0x24), (uint32_t)(bar >> 32), 4);
    wr(p->m, cfg(slot, 4), 6, 2);
    wr(p->m, bar + 0x14, 3, 1);
    wr(p->m, bar + 0x08, 1, 4);
    wr(p->m, bar + 0x0c, 1, 4);
    wr(p->m, bar + 0x14, 11, 1);
    wr(p->m, bar + 0x16, 0, 2);
    wr(p->m, bar + 0x18, N_DESC, 2);
    wr(p->m, bar + 0x1a, vector, 2);
    wr(p->m, bar + 0x20, DESC(0), 8);
    wr(p->m, bar + 0x28, AVAIL(0), 8);
    wr(p->m, bar + 0x30, USED(0), 8);
    wr(p->m, bar + 0x1c, 1, 2);
    wr(p->m, bar + 0x14, 15, 1);
}

static void one_request(PciRig *p, uint64_t bar)
{
    desc(p->r, 0, 0, DATA, 8, D_WRITE, 0);
    offer(p->r, 0, 0);
    wr(p->m, bar + 0x3000, 0, 2);
}

Test(pci, intx_is_swizzled_and_can_be_disabled)
{
    PciRig *p = pci_rig();
    for (int i = 0; i < 5; i++) {
        cr_assert_null(plug(p, "virtio-rng-pci", NULL));
    }
    uint64_t bar = MMIO + 0x10000;
    start_modern(p, 5, bar, 0xffff);
    one_request(p, bar);
    cr_expect_eq(used(p->r, 0), 1);
    cr_expect(p->intx[5 % 4].level);
    cr_expect_not(p->intx[0].level);
    cr_expect_eq(rd(p->m, cfg(5, 6), 2) & 8, 8);
    wr(p->m, cfg(5, 4), 0x406, 2);
    cr_expect_not(p->intx[1].level);
    wr(p->m, cfg(5, 4), 0x006, 2);
    cr_expect(p->intx[1].level);
    cr_expect_eq(rd(p->m, bar + 0x1000, 1), 1);
    cr_expect_not(p->intx[1].level);
    cr_expect_eq(rd(p->m, bar + 0x1000, 1), 0);
}

Test(pci, msix_masks_and_pends)
{
    PciRig *p = pci_rig();
    cr_assert_null(plug(p, "virtio-rng-pci", NULL));
    uint64_t bar = MMIO + 0x10000, table = MMIO + 0x20000;
    unsigned cap = find_cap(p, 1, 0x11, 0);
    cr_assert_neq(cap, 0);
    cr_expect_eq(rd(p->m, cfg(1, cap + 2), 2), 1, "two vectors");
    wr(p->m, cfg(1, 0x14), (uint32_t)table, 4);
    start_modern(p, 1, bar, 1);
    cr_expect_eq(rd(p->m, table + 16 + 12, 4), 1, "masked after reset");
    wr(p->m, table + 16, (uint32_t)MSI, 4);
    wr(p->m, table + 16 + 8, 0x55, 4);
    wr(p->m, cfg(1, cap + 2), 0x8000, 2);
    one_request(p, bar);
    cr_expect_eq(p->msis, 0);
    cr_expect_eq(rd(p->m, table + 0x800, 4), 2, "pending");
    wr(p->m, table + 16 + 12, 0, 4);
    cr_expect_eq(p->msis, 1);
    cr_expect_eq(p->last_msi, 0x55);
    cr_expect_eq(rd(p->m, table + 0x800, 4), 0);
    wr(p->m, cfg(1, cap + 2), 0xc000, 2);
    one_request(p, bar);
    cr_expect_eq(p->msis, 1);
    wr(p->m, cfg(1, cap + 2), 0x8000, 2);
    cr_expect_eq(p->msis, 2);
    cr_expect_not(p->intx[1].level);
}

Test(pci, config_window_reaches_the_bar)
{
    PciRig *p = pci_rig();
    cr_assert_null(plug(p, "virtio-rng-pci", NULL));
    unsigned cap = find_cap(p, 1, 9, 5);
    cr_assert_neq(cap, 0);
    wr(p->m, cfg(1, cap + 4), 4, 1);
    wr(p->m, cfg(1, cap + 8), 0x12, 4);
    wr(p->m, cfg(1, cap + 12), 2, 4);
    cr_expect_eq(rd(p->m, cfg(1, cap + 16), 2), 1);
    wr(p->m, cfg(1, cap + 8), 0x14, 4);
    wr(p->m, cfg(1, cap + 12), 1, 4);
    wr(p->m, cfg(1, cap + 16), 3, 1);
    cr_expect_eq(rd(p->m, cfg(1, cap + 16), 1), 3);
}

// A vector that points at a device's own doorbell must not recurse without end.
Test(pci, msi_to_a_doorbell)
{
    PciRig *p = pci_rig();
    cr_assert_null(plug(p, "virtio-rng-pci", NULL));
    uint64_t bar = MMIO + 0x10000, table = MMIO + 0x20000;
    unsigned cap = find_cap(p, 1, 0x11, 0);
    wr(p->m, cfg(1, 0x14), (uint32_t)table, 4);
    start_modern(p, 1, bar, 1);
    wr(p->m, table + 16, (uint32_t)bar + 0x3000, 4);
    wr(p->m, table + 16 + 12, 0, 4);
    wr(p->m, cfg(1, cap + 2), 0x8000, 2);
    for (unsigned i = 0; i < N_DESC; i++) {
        desc(p->r, 0, i, DATA, 8, D_WRITE, 0);
        offer(p->r, 0, i);
    }
    wr(p->m, bar + 0x3000, 0, 2);
    cr_expect_eq(used(p->r, 0), N_DESC);
}

Test(pci, random_accesses, .timeout = 60)
{
    static const char *const types[] = {"virtio-rng-pci", "virtio-net-pci", "virtio-serial-pci"};
    PciRig *p = pci_rig();
    GRand *g = g_rand_new_with_seed(3);
    for (size_t i = 0; i < ARRAY_LEN(types); i++) {
        cr_assert_null(plug(p, types[i], NULL));
    }
    const uint64_t bases[] = {cfg(1, 0), cfg(2, 0), cfg(3, 0), MMIO, PIO, HIGH, RAM_BASE};
    for (int i = 0; i < 200000; i++) {
        uint64_t addr = bases[g_rand_int_range(g, 0, ARRAY_LEN(bases))] +
                        (uint64_t)g_rand_int_range(g, 0, g_rand_boolean(g) ? 0x100 : 0x4000);
        uint32_t v = g_rand_int(g) & g_rand_int(g);
        switch (g_rand_int_range(g, 0, 8)) {
        case 0: // put a BAR where the next accesses go
            wr(p->m, cfg(1 + v % 3, 0x10 + 4 * (v >> 8) % 6), (uint32_t)MMIO + (v & 0x3000), 4);
            break;
        case 1:
            wr(p->m, cfg(1 + v % 3, 4), 7, 2);
            break;
        default:
            wr(p->m, addr, v, 1u << (v & 3));
            rd(p->m, addr, 1u << (v >> 2 & 3));
        }
    }
    bare_reset(p->m);
    cr_expect_eq(rd(p->m, cfg(1, 0), 4), 0x10051af4);
}
