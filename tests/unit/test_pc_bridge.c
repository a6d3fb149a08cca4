// Host bridges of the PC boards: PAM areas, SMRAM and its lock, Q35's configuration window and
// TSEG.
#include <criterion/criterion.h>

#include "bus_rig.h"
#include "hw/pci/i440fx.h"
#include "hw/pci/pci_host.h"
#include "hw/pci/q35_mch.h"

#define ROM_BYTE 0xc7
#define VGA_BYTE 0x5a

typedef struct BridgeRig {
    Machine *m;
    PcMemory mem;
    AddressSpace *smm;
    PciBus *bus;
    Device *bridge;
    uint8_t *ram;
    uint64_t vga_written; // the last value
} BridgeRig;

static uint64_t vga_read(void *opaque, uint64_t offset, unsigned size)
{
    (void)opaque;
    (void)offset;
    (void)size;
    return VGA_BYTE;
}

static void vga_write(void *opaque, uint64_t offset, uint64_t value, unsigned size)
{
    (void)offset;
    (void)size;
    ((BridgeRig *)opaque)->vga_written = value;
}

static const MmioOps vga_ops = {vga_read, vga_write, 1, 1, false};

static BridgeRig *bridge_rig(bool q35)
{
    BridgeRig *r = g_new0(BridgeRig, 1);
    static const IrqLine none[4];
    r->m = bare_machine();
    MemRegion *io = mem_container("io", 0x10000), *rom = mem_rom("rom", 0x40000);
    r->mem.sysmem = address_space_root(r->m->memory);
    r->mem.ram = mem_ram("ram", BUS_RAM);
    r->mem.below_4g = BUS_RAM;
    r->mem.pci = mem_container("pci", UINT64_MAX);
    r->mem.smm = mem_container("smm", UINT64_MAX);
    r->ram = mem_host(r->mem.ram);
    memset(mem_host(rom), ROM_BYTE, 0x40000);
    mem_map(r->mem.sysmem, 0, mem_alias("below", r->mem.ram, 0, BUS_RAM), 0);
    mem_map(r->mem.sysmem, 0, r->mem.pci, -1);
    mem_map(r->mem.pci, 0xc0000, rom, 0);
    mem_map(r->mem.pci, 0xa0000, mem_mmio("vga", 0x20000, &vga_ops, r), 0);
    mem_map(r->mem.smm, 0, mem_alias("all", r->mem.sysmem, 0, UINT64_MAX), 0);
    r->smm = address_space_new("smm", r->mem.smm);
    r->m->io = address_space_new("io", io);
    r->bus = pci_bus_new(r->m, "pci.0", r->mem.pci, io, none);
    machine_register(r->m, "pci", r->bus);
    r->bridge = q35 ? q35_mch_create(r->m, &r->mem) : i440fx_create(r->m, &r->mem);
    bare_reset(r->m);
    return r;
}

static void config(BridgeRig *r, unsigned offset, uint32_t value, unsigned size)
{
    pci_bus_config_write(r->bus, 0, offset, value, size);
}

static uint32_t config_of(BridgeRig *r, unsigned offset, unsigned size)
{
    return pci_bus_config_read(r->bus, 0, offset, size);
}

static uint8_t smm_byte(BridgeRig *r, uint64_t addr)
{
    uint64_t v = 0;
    mem_read_n(r->smm, addr, &v, 1);
    return (uint8_t)v;
}

// All four attributes of one area; others stay ROM.
static void check_area(BridgeRig *r, unsigned reg, unsigned shift, uint64_t base, uint64_t last)
{
    for (unsigned bits = 0; bits < 4; bits++) {
        config(r, reg, bits << shift, 1);
        for (unsigned end = 0; end < 2; end++) {
            uint64_t at = end ? last : base;
            r->ram[at] = 0x11;
            uint8_t before = (uint8_t)rd(r->m, at, 1);
            cr_assert_eq(before, bits & 1 ? 0x11 : ROM_BYTE, "%lx, bits %u reads %x", at, bits,
                         before);
            wr(r->m, at, 0x22, 1);
            cr_assert_eq(r->ram[at], bits & 2 ? 0x22 : 0x11, "%lx, bits %u writes", at, bits);
            uint8_t after = (uint8_t)rd(r->m, at, 1);
            cr_assert_eq(after, bits & 1 ? r->ram[at] : ROM_BYTE);
        }
        if (base > 0xc0000) {
            cr_assert_eq(rd(r->m, base - 1, 1), ROM_BYTE, "below %lx", base);
        }
        if (last < 0xfffff) {
            cr_assert_eq(rd(r->m, last + 1, 1), ROM_BYTE, "above %lx", last);
        }
    }
    config(r, reg, 0, 1);
}

static void check_pam(BridgeRig *r, unsigned pam)
{
    check_area(r, pam, 4, 0xf0000, 0xfffff);
    for (unsigned i = 0; i < 12; i++) {
        uint64_t base = 0xc0000 + 0x4000 * i;
        check_area(r, pam + 1 + i / 2, i % 2 ? 4 : 0, base, base + 0x3fff);
    }
}

// A byte at the middle of the window, as RAM has it, and as each sees it.
static void check_smram(BridgeRig *r, bool all_see_ram, bool smm_sees_ram)
{
    r->ram[0xa8000] = 0x77;
    cr_assert_eq(rd(r->m, 0xa8000, 1), all_see_ram ? 0x77 : VGA_BYTE);
    cr_assert_eq(smm_byte(r, 0xa8000), smm_sees_ram ? 0x77 : VGA_BYTE);
    r->vga_written = 0;
    wr(r->m, 0xa8000, 0x99, 1);
    cr_assert_eq(r->ram[0xa8000], all_see_ram ? 0x99 : 0x77);
    cr_assert_eq(r->vga_written, all_see_ram ? 0 : 0x99);
}

static void check_smram_bits(BridgeRig *r, unsigned reg)
{
    cr_assert_eq(config_of(r, reg, 1), 0x02);
    check_smram(r, false, false);
    config(r, reg, 0x0a, 1); // on
    check_smram(r, false, true);
    config(r, reg, 0x4a, 1); // and open
    check_smram(r, true, true);
    config(r, reg, 0x42, 1); // open alone does nothing
    check_smram(r, false, false);
    config(r, reg, 0x5a, 1); // the lock closes it
    cr_assert_eq(config_of(r, reg, 1) & 0x58, 0x18);
    check_smram(r, false, true);
    config(r, reg, 0x42, 1); // and holds
    cr_assert_eq(config_of(r, reg, 1) & 0x58, 0x18);
    check_smram(r, false, true);
    bare_reset(r->m);
    cr_assert_eq(config_of(r, reg, 1), 0x02);
    check_smram(r, false, false);
    config(r, reg, 0x4a, 1);
    check_smram(r, true, true);
}

Test(pc_bridge, i440fx_identity)
{
    BridgeRig *r = bridge_rig(false);
    cr_assert_eq(config_of(r, 0, 4), 0x12378086);
    cr_assert_eq(config_of(r, 8, 4), 0x06000002);
    config(r, 0, 0xffffffff, 4);
    cr_assert_eq(config_of(r, 0, 4), 0x12378086);
    cr_assert_eq(config_of(r, 0x57, 1), BUS_RAM >> 23);
}

Test(pc_bridge, i440fx_pam)
{
    check_pam(bridge_rig(false), 0x59);
}

Test(pc_bridge, q35_pam)
{
    check_pam(bridge_rig(true), 0x90);
}

Test(pc_bridge, i440fx_smram)
{
    check_smram_bits(bridge_rig(false), 0x72);
}

Test(pc_bridge, q35_smram)
{
    check_smram_bits(bridge_rig(true), 0x9d);
}

Test(pc_bridge, shadow_of_a_board_without_firmware)
{
    BridgeRig *r = bridge_rig(false);
    i440fx_open_shadow(r->bridge);
    for (uint64_t at = 0xc0000; at < 0x100000; at += 0x4000) {
        wr(r->m, at, at >> 12, 1);
        cr_assert_eq(rd(r->m, at, 1), at >> 12 & 0xff);
    }
    bare_reset(r->m);
    cr_assert_eq(rd(r->m, 0xe0000, 1), ROM_BYTE);
}

// Firmware copies itself: it reads ROM and writes RAM at the same addresses, in all sizes.
Test(pc_bridge, copy_in_place)
{
    BridgeRig *r = bridge_rig(false);
    config(r, 0x59, 0x20, 1);
    for (unsigned size = 1; size <= 8; size *= 2) {
        uint64_t at = 0xf0000 + 64 * size;
        wr(r->m, at, rd(r->m, at, size), size);
        for (unsigned i = 0; i < size; i++) {
            cr_assert_eq(r->ram[at + i], ROM_BYTE);
        }
    }
    config(r, 0x59, 0x10, 1);
    cr_assert_eq(rd(r->m, 0xf0040, 1), ROM_BYTE);
    wr(r->m, 0xf0040, 1, 1);
    cr_assert_eq(rd(r->m, 0xf0040, 1), ROM_BYTE, "read-only");
}

Test(pc_bridge, q35_configuration_window)
{
    BridgeRig *r = bridge_rig(true);
    cr_assert_eq(config_of(r, 0, 4), 0x29c08086);
    cr_assert_eq(config_of(r, 0x60, 4), 0xb0000000);
    config(r, 0x60, 0xe0000001, 4);
    cr_assert_eq(rd(r->m, 0xe0000000, 4), 0x29c08086);
    cr_assert_eq(rd(r->m, 0xe0008000, 4), 0xffffffff, "an empty slot");
    wr(r->m, 0xe000009d, 0x0a, 1);
    cr_assert_eq(config_of(r, 0x9d, 1), 0x0a);
    config(r, 0x60, 0xe0000000, 4);
    cr_assert_neq(rd(r->m, 0xe0000000, 4), 0x29c08086);
    q35_mch_prepare(r->bridge, 0xc0000000);
    cr_assert_eq(rd(r->m, 0xc0000000, 4), 0x29c08086);
}

static void check_tseg(BridgeRig *r, unsigned code, uint64_t size)
{
    uint64_t base = BUS_RAM - size;
    config(r, 0x9e, code << 1 | 1, 1);
    r->ram[base] = r->ram[BUS_RAM - 1] = 0x42;
    r->ram[base - 1] = 0x43;
    cr_assert_eq(rd(r->m, base, 1), 0xff);
    cr_assert_eq(rd(r->m, BUS_RAM - 1, 1), 0xff);
    cr_assert_eq(rd(r->m, base - 1, 1), 0x43);
    wr(r->m, base, 1, 1);
    cr_assert_eq(r->ram[base], 0x42);
    cr_assert_eq(smm_byte(r, base), 0x42);
    cr_assert_eq(smm_byte(r, BUS_RAM - 1), 0x42);
    config(r, 0x9e, code << 1, 1);
    cr_assert_eq(rd(r->m, base, 1), 0x42);
}

Test(pc_bridge, q35_tseg)
{
    BridgeRig *r = bridge_rig(true);
    config(r, 0x9e, 1, 1);
    r->ram[BUS_RAM - 1] = 0x42;
    cr_assert_eq(rd(r->m, BUS_RAM - 1, 1), 0x42, "SMRAM is not on");
    config(r, 0x9d, 0x0a, 1);
    check_tseg(r, 0, 1 << 20);
    check_tseg(r, 1, 2 << 20);
    check_tseg(r, 2, 8 << 20);
    config(r, 0x9e, 3, 1);
    config(r, 0x9d, 0x1a, 1); // locked: TSEG stays
    config(r, 0x9e, 0, 1);
    cr_assert_eq(rd(r->m, BUS_RAM - 1, 1), 0xff);
    config(r, 0x50, 0xffff, 2);
    cr_assert_eq(config_of(r, 0x50, 2), 16);
}
