// The e1000: EEPROM, transceiver, rings, offloads, filters, interrupts.
#include <criterion/criterion.h>

#include "hw/net/e1000.h"
#include "net_rig.h"

#define BAR   0xfeb00000
#define IO    0xc000
#define DEVFN (3 << 3)
#define TX    0x10000
#define RX    0x20000
#define DATA  0x100000
#define RXBUF 0x200000
#define LINE  (3 % 4)

static NetRig *rig(void)
{
    NetRig *t = net_rig_new();
    bus_device(t->r, "e1000,netdev=n0,addr=3");
    bare_reset(t->r->m);
    pci_cfg_set(t->r, DEVFN, PCI_BAR0, BAR, 4);
    pci_cfg_set(t->r, DEVFN, PCI_BAR0 + 4, IO, 4);
    pci_cfg_set(t->r, DEVFN, PCI_COMMAND, 7, 2);
    return t;
}

static uint32_t get(NetRig *t, unsigned reg)
{
    return (uint32_t)rd(t->r->m, BAR + reg, 4);
}

static void set(NetRig *t, unsigned reg, uint32_t v)
{
    wr(t->r->m, BAR + reg, v, 4);
}

static void start(NetRig *t)
{
    set(t, E_TDBAL, TX);
    set(t, E_TDLEN, 64 * 16);
    set(t, E_TCTL, 0xa);
    set(t, E_RDBAL, RX);
    set(t, E_RDLEN, 8 * 16);
    set(t, E_IMS, ICR_TXDW | ICR_RXT0);
    for (unsigned i = 0; i < 8; i++) {
        ram32(t->r, RX + 16 * i, RXBUF + 0x1000 * i);
    }
    set(t, E_RDT, 7);
    set(t, E_RCTL, 0x8002 | 1u << 26);
}

static void tx(NetRig *t, uint32_t addr, uint32_t high, uint32_t lower, uint32_t upper)
{
    uint32_t tail = get(t, E_TDT);
    ram32(t->r, TX + 16 * tail, addr);
    ram32(t->r, TX + 16 * tail + 4, high);
    ram32(t->r, TX + 16 * tail + 8, lower);
    ram32(t->r, TX + 16 * tail + 12, upper);
    set(t, E_TDT, (tail + 1) % 64);
}

Test(e1000, eeprom_and_transceiver)
{
    NetRig *t = rig();
    uint16_t sum = 0, words[64];
    for (unsigned i = 0; i < 64; i++) {
        set(t, E_EERD, 1 | i << 8);
        cr_expect(get(t, E_EERD) & 0x10);
        words[i] = (uint16_t)(get(t, E_EERD) >> 16);
        sum = (uint16_t)(sum + words[i]);
    }
    cr_expect_eq(sum, 0xbaba);
    cr_expect_eq(words[0], 0x5452);
    cr_expect_eq(get(t, E_RA), 0x12005452);
    cr_expect_eq(get(t, E_RA + 4), 0x80005634);

    // Bit by bit: word 0x0d.
    uint32_t eecd = 0x42;
    unsigned command = 6 << 6 | 0x0d, value = 0;
    set(t, E_EECD, eecd);
    cr_expect(get(t, E_EECD) & 0x80, "granted");
    for (int i = 8; i >= 0; i--) {
        uint32_t di = command >> i & 1 ? 4 : 0;
        set(t, E_EECD, eecd | di);
        set(t, E_EECD, eecd | di | 1);
        set(t, E_EECD, eecd | di);
    }
    for (int i = 0; i < 16; i++) {
        set(t, E_EECD, eecd | 1);
        value = value << 1 | (get(t, E_EECD) >> 3 & 1);
        set(t, E_EECD, eecd);
    }
    cr_expect_eq(value, 0x100e);

    set(t, E_MDIC, 1 << 21 | 2 << 16 | 2 << 26);
    cr_expect_eq(get(t, E_MDIC) & 0x1000ffff, 0x10000141);
    set(t, E_MDIC, 1 << 21 | 1 << 16 | 2 << 26);
    cr_expect_eq(get(t, E_MDIC) & 0x24, 0x24, "link is up, negotiated");
    set(t, E_MDIC, 2 << 21 | 1 << 16 | 2 << 26);
    cr_expect(get(t, E_MDIC) & 1 << 30, "no such transceiver");
    out_port(t->r, IO, E_STATUS, 4);
    cr_expect_eq(in_port(t->r, IO + 4, 4) & 0xff, 0x83);
}

Test(e1000, legacy_transmit)
{
    NetRig *t = rig();
    size_t len;
    start(t);
    memcpy(t->r->ram + DATA, "\xff\xff\xff\xff\xff\xff\x52\x54\0\x12\x34\x56\x08\x06", 14);
    memset(t->r->ram + DATA + 14, 0x11, 50);
    tx(t, DATA, 0, 14 | 0x02000000, 0);
    cr_expect_eq(t->sent->len, 0);
    tx(t, DATA + 14, 0, 50 | 0x0b000000, 0);
    cr_assert_eq(t->sent->len, 1);
    const uint8_t *p = net_rig_packet(t, 0, &len);
    cr_expect_eq(len, 64);
    cr_expect_arr_eq(p, t->r->ram + DATA, 64);
    cr_expect_eq(ram_get32(t->r, TX + 16 + 12), 1, "done");
    cr_expect_eq(ram_get32(t->r, TX + 12), 0, "no report was asked for");
    cr_expect(t->r->intx[LINE].level);
    cr_expect_eq(get(t, E_ICR), 3);
    cr_expect_not(t->r->intx[LINE].level);
    cr_expect_eq(get(t, E_TDH), 2);
    cr_expect_eq(get(t, 0x40d4), 1, "packets sent");
    cr_expect_eq(get(t, 0x40d4), 0, "cleared by reading");
}

Test(e1000, checksums_and_segments)
{
    NetRig *t = rig();
    uint8_t *p = t->r->ram + DATA;
    size_t len;
    start(t);
    net_rig_tcp(p, 100);
    net_rig_pseudo(p, 120);
    tx(t, 14 | 24 << 8 | 33 << 16, 34 | 50 << 8, 0x23000000, 0);
    tx(t, DATA, 0, 154 | 0x2b100000, 0x300);
    cr_assert_eq(t->sent->len, 1);
    const uint8_t *s = net_rig_packet(t, 0, &len);
    cr_expect_eq(len, 154);
    cr_expect(net_rig_sums_ok(s));

    net_rig_tcp(p, 4000);
    net_rig_pseudo(p, 0);
    tx(t, 14 | 24 << 8 | 33 << 16, 34 | 50 << 8, 0x27000000 | 4000, 1460u << 16 | 54 << 8);
    tx(t, DATA, 0, 54 | 0x26100000, 0x300);
    tx(t, DATA + 54, 0, 4000 | 0x2f100000, 0x300);
    cr_assert_eq(t->sent->len, 4);
    static const size_t sizes[3] = {1514, 1514, 54 + 1080};
    for (unsigned i = 0; i < 3; i++) {
        s = net_rig_packet(t, 1 + i, &len);
        cr_expect_eq(len, sizes[i]);
        cr_expect(net_rig_sums_ok(s), "segment %u", i);
        cr_expect_eq(net_get32(s + 38), 0x1000 + 1460 * i, "sequence");
        cr_expect_eq(net_get16(s + 18), 0x1234 + i, "identification");
        cr_expect_eq(s[47], i == 2 ? 0x19 : 0x10, "FIN and PSH in the last");
        cr_expect_eq(s[54], (uint8_t)(1460 * i * 5));
    }

    // VLAN tag.
    set(t, E_CTRL, get(t, E_CTRL) | 1u << 30);
    tx(t, DATA, 0, 60 | 0x4b000000, 5u << 16);
    s = net_rig_packet(t, 4, &len);
    cr_expect_eq(len, 64);
    cr_expect_eq(net_get32(s + 12), 0x81000005);
    cr_expect_eq(net_get16(s + 16), 0x0800);
}

Test(e1000, receive_filters_and_checks)
{
    NetRig *t = rig();
    uint8_t p[2000];
    start(t);
    set(t, E_RXCSUM, 0x300);
    net_rig_tcp(p, 200);
    net_rig_pseudo(p, 220);
    net_sum_finish(p + 34, 220, 16, false);
    net_sum_finish(p + 14, 20, 10, false);
    net_rig_input(t, p, 254);
    cr_expect_eq(get(t, E_RDH), 1);
    cr_expect_eq(ram_get32(t->r, RX + 8) & 0xffff, 254);
    cr_expect_eq(ram_get32(t->r, RX + 12) & 0xffff, 0x0063, "done, end, checksums are right");
    cr_expect_arr_eq(t->r->ram + RXBUF, p, 254);
    cr_expect(t->r->intx[LINE].level);
    cr_expect(get(t, E_ICR) & ICR_RXT0);
    p[100] ^= 1;
    net_rig_input(t, p, 254);
    cr_expect_eq(ram_get32(t->r, RX + 16 + 12) & 0xffff, 0x2063, "a wrong TCP checksum");

    p[5] ^= 1; // not ours
    net_rig_input(t, p, 254);
    cr_expect_eq(get(t, E_RDH), 2);
    set(t, E_RCTL, get(t, E_RCTL) | 8);
    net_rig_input(t, p, 254);
    cr_expect_eq(get(t, E_RDH), 3);
    p[0] = 0x33; // multicast
    net_rig_input(t, p, 254);
    cr_expect_eq(get(t, E_RDH), 3);
    unsigned hash = (p[4] | p[5] << 8) >> 4 & 0xfff;
    set(t, E_MTA + (hash >> 5) * 4, 1u << (hash & 31));
    net_rig_input(t, p, 254);
    cr_expect_eq(get(t, E_RDH), 4);

    net_rig_tcp(p, 10); // tagged, the tag goes to the descriptor
    memmove(p + 16, p + 12, 100);
    net_put32(p + 12, 0x81000000 | 7);
    set(t, E_CTRL, get(t, E_CTRL) | 1u << 30);
    net_rig_input(t, p, 68);
    cr_expect_eq(ram_get32(t->r, RX + 64 + 12) >> 16, 7);
    cr_expect_eq(ram_get32(t->r, RX + 64 + 8) & 0xffff, 64);
    set(t, E_RCTL, get(t, E_RCTL) | 1 << 18); // VLAN filter
    net_rig_input(t, p, 68);
    cr_expect_eq(get(t, E_RDH), 5);
    set(t, E_VFTA, 1 << 7);
    net_rig_input(t, p, 68);
    cr_expect_eq(get(t, E_RDH), 6);
}

Test(e1000, long_packets_take_several_buffers_and_wait_for_them)
{
    NetRig *t = rig();
    uint8_t p[2000] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
    start(t);
    set(t, E_RCTL, 0x8002 | 3 << 16 | 1 << 5 | 1u << 26); // buffers of 256, long packets
    memset(p + 6, 0x77, sizeof p - 6);
    net_rig_input(t, p, 1500);
    cr_expect_eq(get(t, E_RDH), 6);
    cr_expect_eq(ram_get32(t->r, RX + 12) & 3, 1);
    cr_expect_eq(ram_get32(t->r, RX + 16 * 5 + 12) & 3, 3);
    cr_expect_eq(ram_get32(t->r, RX + 16 * 5 + 8) & 0xffff, 1500 - 5 * 256);
    net_rig_input(t, p, 1500);
    cr_expect_eq(get(t, E_RDH), 6, "waits");
    set(t, E_RDT, 4);
    cr_expect_eq(get(t, E_RDH), 4);
}

Test(e1000, interrupts_are_throttled_in_virtual_time)
{
    NetRig *t = rig();
    uint8_t p[64] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
    start(t);
    set(t, E_ITR, 1000); // 256 us
    net_rig_input(t, p, 64);
    cr_expect(t->r->intx[LINE].level);
    get(t, E_ICR);
    net_rig_input(t, p, 64);
    cr_expect_not(t->r->intx[LINE].level);
    clock_run_due(t->r->m->clock, 255999);
    cr_expect_not(t->r->intx[LINE].level);
    clock_run_due(t->r->m->clock, 256000);
    cr_expect(t->r->intx[LINE].level);
}

Test(e1000, hostile_rings)
{
    NetRig *t = rig();
    uint32_t x = 1;
    uint8_t p[1500] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
    for (unsigned i = 0; i < 1 << 18; i += 4) {
        x = x * 1664525 + 1013904223;
        ram32(t->r, TX + i, i & 8 ? x : x & 0x3fffff);
    }
    for (unsigned round = 0; round < 300; round++) {
        static const uint16_t regs[] = {E_TDBAL, E_TDLEN,  E_TDH,  E_TDT,  E_RDBAL,
                                        E_RDLEN, E_RDH,    E_RDT,  E_TCTL, E_RCTL,
                                        E_VET,   E_RXCSUM, E_CTRL, E_EECD, E_MDIC};
        for (unsigned i = 0; i < 8; i++) {
            x = x * 1664525 + 1013904223;
            unsigned reg = regs[(x >> 8) % ARRAY_LEN(regs)];
            uint32_t v = x >> 4 ^ x << 20;
            v = reg == E_TDBAL || reg == E_RDBAL ? v & 0x3fff0 : v;
            v = reg == E_CTRL ? v & ~(1u << 26) : v;
            v = reg == E_TCTL || reg == E_RCTL ? v | 2 : v;
            set(t, reg, round % 4 ? v : v & 0xfff);
        }
        net_rig_input(t, p, 64 + x % 1400);
        clock_run_due(t->r->m->clock, round * 100000);
        g_ptr_array_set_size(t->sent, 0);
    }
}
