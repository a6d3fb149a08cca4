// Small devices on a whole PC board: watchdog, test and panic devices, debug ports, parallel port.
#include <stdio.h>
#include <string.h>

#include "chardev/chardev.h"
#include "hw/watchdog/watchdog.h"
#include "tests/unit/pc_rig.h"

// The board's own memory, ports and clock in a rig.
static PcRig *board(const char *device)
{
    PcRig *r = g_new0(PcRig, 1);
    MachineConfig c = {.machine = "pc", .cpu = "qemu64", .smp = 1, .ram_size = 8 << 20};
    char *error = NULL;
    c.engine.cache_bytes = 1 << 20;
    c.machine_opts = g_hash_table_new(g_str_hash, g_str_equal);
    g_hash_table_insert(c.machine_opts, "firmware", "off");
    c.chardevs = chardev_set_new();
    cr_assert(chardev_set_open(c.chardevs, "file,id=out,path=/dev/null", &error), "%s", error);
    const BoardType *type = board_type_find("pc", "x86_64");
    Machine *m = r->m = machine_new(type, &c);
    cr_assert(type->init(m, &error), "%s", error);
    cr_assert(device_add(m, device, &error), "%s", error);
    chardev_set_attach(c.chardevs, m);
    clock_set_source(m->clock, pc_rig_now, r);
    machine_reset(m);
    return r;
}

static uint32_t config(PcRig *r, unsigned devfn, unsigned reg)
{
    out_n(r, 0xcf8, 0x80000000 | devfn << 8 | reg, 4);
    return (uint32_t)in_n(r, 0xcfc, 4);
}

static void set_config(PcRig *r, unsigned devfn, unsigned reg, uint32_t v, unsigned size)
{
    out_n(r, 0xcf8, 0x80000000 | devfn << 8 | (reg & ~3u), 4);
    out_n(r, 0xcfc + (reg & 3), v, size);
}

#define DEVFN (8 << 3)
#define BAR   0xe0000000

Test(pc_misc, watchdog)
{
    PcRig *r = board("i6300esb,addr=8");
    cr_assert_eq(config(r, DEVFN, 0), 0x25ab8086);
    set_config(r, DEVFN, 0x10, BAR, 4);
    set_config(r, DEVFN, 4, 2, 2);
    for (unsigned stage = 0; stage < 2; stage++) { // a second each
        wr(r->m, BAR + 0xc, 0x80, 4);
        wr(r->m, BAR + 0xc, 0x86, 4);
        wr(r->m, BAR + 4 * stage, 1017, 4);
    }
    wr(r->m, BAR, 1, 4); // locked: no effect
    set_config(r, DEVFN, 0x68, 2, 1);
    pass(r, 900000000);
    cr_assert_eq(rd(r->m, BAR + 8, 4), 0);
    pass(r, 200000000);
    cr_assert_eq(rd(r->m, BAR + 8, 4), 1);
    wr(r->m, BAR + 0xc, 0x80, 4);
    wr(r->m, BAR + 0xc, 0x86, 4);
    wr(r->m, BAR + 0xc, 0x100, 4); // alive
    pass(r, 1900000000);
    cr_assert_eq(r->m->stop, MACHINE_RUNNING);
    cr_assert(watchdog_set_action(r->m, "pause"));
    cr_assert(!watchdog_set_action(r->m, "explode"));
    pass(r, 200000000);
    cr_assert_eq(r->m->stop, MACHINE_PAUSED);
    cr_assert_eq(rd(r->m, BAR + 0xc, 4), 0x200);
}

Test(pc_misc, pci_testdev)
{
    PcRig *r = board("pci-testdev,addr=8");
    set_config(r, DEVFN, 0x10, BAR, 4);
    set_config(r, DEVFN, 0x14, 0xc000, 4);
    set_config(r, DEVFN, 4, 3, 2);
    out(r, 0xc000, 0);
    cr_assert_eq(in(r, 0xc001), 1);
    cr_assert_eq(in_n(r, 0xc004, 4), 0xff);
    cr_assert_eq(in(r, 0xc008), 0xfa);
    out(r, 0xc0ff, 0xfa);
    out(r, 0xc0ff, 0xfb);
    out(r, 0xc0ff, 0xfa);
    cr_assert_eq(in_n(r, 0xc00c, 4), 2);
    wr(r->m, BAR, 1, 1);
    cr_assert_eq(rd(r->m, BAR + 16, 8), UINT64_C(0x6c69772d6f696d6d)); // "mmio-wil"
}

Test(pc_misc, panic_and_exit)
{
    PcRig *r = board("pvpanic");
    cr_assert_eq(in(r, 0x505), 3);
    out(r, 0x505, 1);
    cr_assert_eq(r->m->stop, MACHINE_SHUTDOWN);
    r = board("isa-debug-exit,iobase=0xf4,iosize=4");
    out_n(r, 0xf4, 0x10, 4);
    cr_assert_eq(r->m->stop, MACHINE_QUIT);
    cr_assert_eq(r->m->exit_status, 0x21);
}

Test(pc_misc, debug_ports)
{
    PcRig *r = board("isa-debugcon,chardev=out");
    cr_assert_eq(in(r, 0xe9), 0xe9);
    out(r, 0xe9, 'x');
    out(r, 0x80, 0x42);
    cr_assert_eq(in(r, 0x80), 0x42);
    r = board("pc-testdev");
    out_n(r, 0xe0, 0x12345678, 4);
    cr_assert_eq(in_n(r, 0xe8, 2), 0x5678);
    wr(r->m, 0xff000010, 0x99, 1);
    cr_assert_eq(rd(r->m, 0xff000010, 1), 0x99);
    out(r, 0x20, 0x0a); // IRR of the 8259
    cr_assert_eq(in(r, 0x20) & 0x20, 0);
    out(r, 0x2005, 1);
    cr_assert_eq(in(r, 0x20) & 0x20, 0x20);
}

Test(pc_misc, wrong_options)
{
    PcRig *r = board("isa-serial,index=2");
    char *error = NULL;
    cr_assert(!device_add(r->m, "isa-serial,irq=99", &error));
    cr_assert_not_null(strstr(error, "irq=99"), "%s", error);
    cr_assert(!device_add(r->m, "isa-debugcon,iobase=0x10000", &error));
    cr_assert_not_null(strstr(error, "0x10000"), "%s", error);
    cr_assert(!device_add(r->m, "pci-serial,chardev=nobody", &error));
    cr_assert_not_null(strstr(error, "nobody"), "%s", error);
}
