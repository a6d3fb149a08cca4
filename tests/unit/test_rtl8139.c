// The RTL8139: EEPROM, both ways of sending and receiving, the timer.
#include <criterion/criterion.h>

#include "hw/net/rtl8139.h"
#include "net_rig.h"

#define IO    0xc000
#define DEVFN (4 << 3)
#define TX    0x10000
#define RX    0x20000
#define DATA  0x100000
#define RXBUF 0x200000
#define LINE  (4 % 4)

static NetRig *rig(void)
{
    NetRig *t = net_rig_new();
    bus_device(t->r, "rtl8139,netdev=n0,addr=4");
    bare_reset(t->r->m);
    pci_cfg_set(t->r, DEVFN, PCI_BAR0, IO, 4);
    pci_cfg_set(t->r, DEVFN, PCI_COMMAND, 7, 2);
    return t;
}

static uint32_t get(NetRig *t, unsigned reg, unsigned size)
{
    return (uint32_t)in_port(t->r, IO + reg, size);
}

static void set(NetRig *t, unsigned reg, uint32_t v, unsigned size)
{
    out_port(t->r, IO + reg, v, size);
}

static unsigned eeprom(NetRig *t, unsigned word)
{
    unsigned command = 6 << 6 | word, v = 0;
    set(t, R_9346CR, 0x80, 1);
    set(t, R_9346CR, 0x88, 1);
    for (int i = 8; i >= 0; i--) {
        unsigned di = command >> i & 1 ? 2 : 0;
        set(t, R_9346CR, 0x88 | di, 1);
        set(t, R_9346CR, 0x8c | di, 1);
    }
    set(t, R_9346CR, 0x88, 1);
    for (int i = 0; i < 16; i++) {
        set(t, R_9346CR, 0x8c, 1);
        v = v << 1 | (get(t, R_9346CR, 1) & 1);
        set(t, R_9346CR, 0x88, 1);
    }
    set(t, R_9346CR, 0, 1);
    return v;
}

Test(rtl8139, identity)
{
    NetRig *t = rig();
    cr_expect_eq(pci_cfg(t->r, DEVFN, 0, 4), 0x813910ec);
    cr_expect_eq(pci_cfg(t->r, DEVFN, 8, 1), 0x20);
    cr_expect_eq(get(t, R_IDR, 4), 0x12005452);
    cr_expect_eq(get(t, R_TCR, 4), 0x74800000);
    cr_expect_eq(eeprom(t, 0), 0x8129);
    cr_expect_eq(eeprom(t, 7), 0x5452);
    cr_expect_eq(eeprom(t, 9), 0x5634);
    cr_expect_eq(get(t, R_BMSR, 2) & 0x24, 0x24);
}

Test(rtl8139, four_buffers_and_a_ring_of_bytes)
{
    NetRig *t = rig();
    size_t len;
    uint8_t p[1600];
    set(t, R_RBSTART, RXBUF, 4);
    set(t, R_CR, CR_TX | CR_RX, 1);
    set(t, R_RCR, 0x0a, 4);
    set(t, R_IMR, ISR_TOK | ISR_ROK, 2);
    for (unsigned i = 0; i < 5; i++) {
        memset(t->r->ram + DATA, (int)(0x40 + i), 100);
        set(t, R_TSAD + 4 * (i % 4), DATA, 4);
        set(t, R_TSD + 4 * (i % 4), 100, 4);
        cr_assert_eq(t->sent->len, i + 1);
        cr_expect_eq(net_rig_packet(t, i, &len)[99], 0x40 + i);
        cr_expect_eq(get(t, R_TSD + 4 * (i % 4), 4) & 0xe000, 0xa000);
    }
    cr_expect(t->r->intx[LINE].level);
    set(t, R_ISR, ISR_TOK, 2);
    cr_expect_not(t->r->intx[LINE].level);

    net_rig_tcp(p, 46);
    uint32_t at = 0;
    for (unsigned i = 0; i < 200; i++) { // round the ring
        p[60] = (uint8_t)i;
        net_rig_input(t, p, 100);
        cr_expect_eq(ram_get32(t->r, RXBUF + at), 0x00684001, "packet %u", i);
        cr_expect_eq(get(t, R_CR, 1) & 1, 0);
        uint32_t where = (at + 4 + 60) % 8192;
        cr_expect_eq(t->r->ram[RXBUF + where], (uint8_t)i);
        at = (at + 108) % 8192;
        cr_expect_eq(get(t, R_CBR, 2), at);
        set(t, R_CAPR, at - 16, 2);
        cr_expect_eq(get(t, R_CR, 1) & 1, 1);
    }
    p[0] ^= 2; // not ours
    net_rig_input(t, p, 100);
    cr_expect_eq(get(t, R_CR, 1) & 1, 1);
    p[0] ^= 2;
    for (unsigned i = 0; i < 8; i++) { // full: the rest waits
        net_rig_input(t, p, 1514);
    }
    uint32_t full = get(t, R_CBR, 2);
    set(t, R_CAPR, full - 16, 2);
    cr_expect_neq(get(t, R_CBR, 2), full);
}

static void tx(NetRig *t, unsigned n, uint32_t flags, uint32_t vlan, uint32_t addr)
{
    ram32(t->r, TX + 16 * n, flags);
    ram32(t->r, TX + 16 * n + 4, vlan);
    ram32(t->r, TX + 16 * n + 8, addr);
    ram32(t->r, TX + 16 * n + 12, 0);
}

Test(rtl8139, cplus_transmit)
{
    NetRig *t = rig();
    uint8_t *p = t->r->ram + DATA;
    size_t len;
    set(t, R_CPCR, 0x23, 2);
    set(t, R_CR, CR_TX, 1);
    set(t, R_TSAD, TX, 4);
    net_rig_tcp(p, 100);
    tx(t, 0, 0xb0050000 | 154, 0, DATA); // IP and TCP checksums
    net_rig_tcp(p + 0x1000, 3000);
    tx(t, 1, 0xa0000000 | 1u << 27 | 1460 << 16 | 54, 1 << 17 | 0x0500, DATA + 0x1000);
    tx(t, 2, 0xd0000000 | 1u << 27 | 1460 << 16 | 3000, 1 << 17 | 0x0500, DATA + 0x1000 + 54);
    set(t, R_TPPOLL, 0x40, 1);
    cr_assert_eq(t->sent->len, 4);
    const uint8_t *s = net_rig_packet(t, 0, &len);
    cr_expect_eq(len, 154);
    cr_expect(net_rig_sums_ok(s));
    for (unsigned i = 1; i < 4; i++) {
        uint8_t copy[1600];
        s = net_rig_packet(t, i, &len);
        cr_expect_eq(net_get32(s + 12), 0x81000005);
        memcpy(copy, s, 12);
        memcpy(copy + 12, s + 16, len - 16);
        cr_expect(net_rig_sums_ok(copy), "segment %u", i);
        cr_expect_eq(net_get32(copy + 38), 0x1000 + 1460 * (i - 1));
    }
    cr_expect_eq(ram_get32(t->r, TX + 32) >> 28, 5, "given back");
    cr_expect_eq(get(t, R_TPPOLL, 1), 0);
    cr_expect_eq(get(t, R_ISR, 2), ISR_TOK | ISR_TDU);
}

Test(rtl8139, cplus_receive_and_timer)
{
    NetRig *t = rig();
    uint8_t p[300];
    set(t, R_CPCR, 0x22, 2);
    set(t, R_CR, CR_RX, 1);
    set(t, R_RCR, 0x0a, 4);
    set(t, R_RDSAR, RX, 4);
    for (unsigned i = 0; i < 2; i++) {
        ram32(t->r, RX + 16 * i, 0x80000000u | (i ? 0x40000000 : 0) | 1536);
        ram32(t->r, RX + 16 * i + 8, RXBUF + 0x1000 * i);
    }
    net_rig_tcp(p, 200);
    net_rig_pseudo(p, 220);
    net_sum_finish(p + 34, 220, 16, false);
    net_sum_finish(p + 14, 20, 10, false);
    net_rig_input(t, p, 254);
    cr_expect_eq(ram_get32(t->r, RX), 0x32010000 | 258);
    cr_expect_arr_eq(t->r->ram + RXBUF, p, 254);
    p[80] ^= 4;
    net_rig_input(t, p, 254);
    cr_expect_eq(ram_get32(t->r, RX + 16), 0x72012000u | 258, "a wrong checksum");
    net_rig_input(t, p, 254); // no descriptor: waits
    cr_expect_eq(ram_get32(t->r, RX), 0x32010000 | 258);
    ram32(t->r, RX, 0x80000000u | 1536);
    set(t, R_ISR, 0xffff, 2);
    cr_expect_eq(ram_get32(t->r, RX), 0x32012000u | 258);

    set(t, R_ISR, 0xffff, 2);
    set(t, R_TCTR, 0, 4);
    set(t, R_TIMER_INT, 33000, 4); // 1 ms
    clock_run_due(t->r->m->clock, 999999);
    cr_expect_eq(get(t, R_ISR, 2), 0);
    clock_run_due(t->r->m->clock, 1000001);
    cr_expect_eq(get(t, R_ISR, 2), ISR_TIMEOUT);
}

Test(rtl8139, hostile_registers)
{
    NetRig *t = rig();
    uint32_t x = 3;
    uint8_t p[1500] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
    for (unsigned i = 0; i < 1 << 16; i += 4) {
        x = x * 1664525 + 1013904223;
        ram32(t->r, TX + i, i & 8 ? x & 0x3fffff : x);
    }
    for (unsigned round = 0; round < 3000; round++) {
        x = x * 1664525 + 1013904223;
        unsigned reg = x >> 8 & 0xff, size = 1u << (x >> 16 & 1 ? 2 : x >> 17 & 1);
        uint32_t v = x >> 5 ^ x << 18;
        v = reg == R_RDSAR || reg == R_TSAD || reg == R_RBSTART ? TX + (v & 0xff00) : v;
        set(t, reg & ~(size - 1), v, size);
        set(t, R_CPCR, 0x63, 2);
        set(t, R_CR, CR_TX | CR_RX, 1);
        net_rig_input(t, p, 64 + x % 1400);
        clock_run_due(t->r->m->clock, round * 100000);
        g_ptr_array_set_size(t->sent, 0);
    }
}
