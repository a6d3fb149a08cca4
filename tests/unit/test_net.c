// -netdev, -nic, packets between the user-mode network and a virtio card.
#include <criterion/criterion.h>

#include "hw/pci/gpex.h"
#include "net/net.h"
#include "replay/gate.h"
#include "virtio_rig.h"

enum { RX, TX, CTRL };

#define F_CSUM       0
#define F_GUEST_CSUM 1
#define F_MRG_RXBUF  15
#define F_CTRL_VQ    17
#define F_CTRL_RX    18
#define RX_BUF(i)    (DATA + 0x1000 * (uint64_t)(i))
#define TX_BUF       (DATA + 0x80000)
#define HDR          12

static char *netdev_error(const char *arg)
{
    char *error = NULL;
    cr_assert_not(netdev_add(bare_machine(), arg, &error), "%s", arg);
    return error;
}

static Rig *net_rig(const char *netdev, uint64_t features)
{
    static const char *const props[] = {"netdev=n0", NULL};
    Rig *r = rig_new();
    char *error = NULL;
    rig_slot(r, false);
    cr_assert(netdev_add(r->m, netdev, &error), "%s", error);
    error = rig_plug(r, "virtio-net-device", props);
    cr_assert_null(error, "%s", error);
    start(r, features, 3);
    return r;
}

static void offer_rx(Rig *r, unsigned i, uint32_t len)
{
    desc(r, RX, i, RX_BUF(i), len, D_WRITE, 0);
    offer(r, RX, i);
    kick(r, RX);
}

static void send(Rig *r, const void *packet, size_t len)
{
    memset(at(r, TX_BUF), 0, HDR);
    memcpy(at(r, TX_BUF + HDR), packet, len);
    desc(r, TX, 0, TX_BUF, HDR + (uint32_t)len, 0, 0);
    offer(r, TX, 0);
    kick(r, TX);
}

// Who has 10.0.2.2?
static const uint8_t arp[42] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x52, 0x54, 0, 0x12, 0x34,
                                0x56, 8,    6,    0,    1,    8,    0,    6,    4, 0,    1,
                                0x52, 0x54, 0,    0x12, 0x34, 0x56, 10,   0,    2, 15,   0,
                                0,    0,    0,    0,    0,    10,   0,    2,    2};

Test(net, arp_goes_out_and_comes_back_through_the_gate)
{
    Rig *r = net_rig("user,id=n0,ipv6=off", UINT64_MAX & ~BIT(F_CTRL_VQ));
    offer_rx(r, 0, 2048);
    send(r, arp, sizeof arp);
    cr_expect_eq(used(r, TX), 1);
    cr_expect_eq(used(r, RX), 0, "not before the gate delivers");
    gate_deliver(gate_get(r->m));
    cr_expect_eq(used(r, RX), 1);
    const uint8_t *p = at(r, RX_BUF(0) + HDR);
    cr_expect_eq(p[12] << 8 | p[13], 0x0806);
    cr_expect_eq(p[21], 2, "reply");
    cr_expect_eq(memcmp(p + 28, arp + 38, 4), 0);
    cr_expect_eq(get16(r, RX_BUF(0) + 10), 1, "num_buffers");
    cr_expect_geq(used_len(r, RX, 0), HDR + 42);
    net_close_all(r->m);
}

Test(net, packets_wait_for_buffers)
{
    Rig *r = net_rig("user,id=n0,ipv6=off", UINT64_MAX & ~BIT(F_CTRL_VQ));
    for (int i = 0; i < 3; i++) {
        send(r, arp, sizeof arp);
    }
    gate_deliver(gate_get(r->m));
    cr_expect_eq(used(r, RX), 0);
    offer_rx(r, 0, 2048);
    cr_expect_eq(used(r, RX), 1);
    offer_rx(r, 1, 2048);
    offer_rx(r, 2, 2048);
    cr_expect_eq(used(r, RX), 3);
}

static void input(Rig *r, const void *packet, size_t len)
{
    net_input(netdev_find(r->m, "n0"), packet, len);
    gate_deliver(gate_get(r->m));
}

Test(net, mergeable_buffers)
{
    Rig *r = net_rig("user,id=n0,ipv6=off", BIT(F_MRG_RXBUF));
    uint8_t packet[1000];
    for (size_t i = 0; i < sizeof packet; i++) {
        packet[i] = (uint8_t)(i * 7);
    }
    offer_rx(r, 0, 400);
    offer_rx(r, 1, 400);
    input(r, packet, sizeof packet);
    cr_expect_eq(used(r, RX), 0, "two are not enough");
    offer_rx(r, 2, 400);
    cr_expect_eq(used(r, RX), 3);
    cr_expect_eq(get16(r, RX_BUF(0) + 10), 3);
    cr_expect_eq(used_len(r, RX, 0), 400);
    cr_expect_eq(used_len(r, RX, 2), 1000 + HDR - 800);
    cr_expect_eq(memcmp(at(r, RX_BUF(0) + HDR), packet, 388), 0);
    cr_expect_eq(memcmp(at(r, RX_BUF(2)), packet + 788, 212), 0);
}

Test(net, without_mergeable_buffers_a_long_packet_is_dropped)
{
    Rig *r = net_rig("user,id=n0,ipv6=off", 0);
    uint8_t packet[1000] = {0};
    offer_rx(r, 0, 400);
    input(r, packet, sizeof packet);
    cr_expect_eq(used(r, RX), 0);
    input(r, packet, 100);
    cr_expect_eq(used(r, RX), 1);
    cr_expect_eq(used_len(r, RX, 0), 112);
    cr_expect_eq(status(r), 15);
}

static uint8_t command(Rig *r, uint8_t class, uint8_t cmd, const void *data, uint32_t len)
{
    uint8_t *p = at(r, TX_BUF);
    p[0] = class;
    p[1] = cmd;
    if (len) {
        memcpy(p + 2, data, len);
    }
    p[100] = 0xee;
    desc(r, CTRL, 0, TX_BUF, 2 + len, D_NEXT, 1);
    desc(r, CTRL, 1, TX_BUF + 100, 1, D_WRITE, 0);
    offer(r, CTRL, 0);
    kick(r, CTRL);
    return p[100];
}

Test(net, filters)
{
    Rig *r = net_rig("user,id=n0,ipv6=off", BIT(F_CTRL_VQ) | BIT(F_CTRL_RX));
    static const uint8_t to_us[14] = {0x52, 0x54, 0, 0x12, 0x34, 0x56};
    static const uint8_t to_other[14] = {0x52, 0x54, 0, 0x12, 0x34, 0x57};
    static const uint8_t multi[14] = {0x33, 0x33, 0, 0, 0, 1};
    static const uint8_t multi2[14] = {0x33, 0x33, 0, 0, 0, 2};
    static const uint8_t table[] = {0, 0, 0, 0, 1, 0, 0, 0, 0x33, 0x33, 0, 0, 0, 1};
    static const uint8_t off = 0, on = 1;
    static const uint8_t huge[8] = {0xff, 0xff, 0xff, 0xff};
    for (unsigned i = 0; i < N_DESC; i++) {
        offer_rx(r, i, 256);
    }
    input(r, to_other, 14);
    cr_expect_eq(used(r, RX), 1, "promiscuous after reset");
    cr_expect_eq(command(r, 0, 0, &off, 1), 0);
    cr_expect_eq(command(r, 1, 0, table, sizeof table), 0);
    input(r, to_other, 14);
    input(r, multi2, 14);
    cr_expect_eq(used(r, RX), 1);
    input(r, to_us, 14);
    input(r, multi, 14);
    cr_expect_eq(used(r, RX), 3);
    cr_expect_eq(command(r, 0, 1, &on, 1), 0);
    input(r, multi2, 14);
    cr_expect_eq(used(r, RX), 4);
    cr_expect_eq(command(r, 9, 9, &on, 1), 1);
    cr_expect_eq(command(r, 1, 0, huge, sizeof huge), 1);
    cr_expect_eq(command(r, 0, 0, NULL, 0), 1);
}

// --- transmit with a checksum to complete

static uint32_t sum16(const uint8_t *p, size_t len)
{
    uint32_t s = 0;
    for (size_t i = 0; i < len; i += 2) {
        s += (uint32_t)p[i] << 8 | (i + 1 < len ? p[i + 1] : 0);
    }
    while (s >> 16) {
        s = (s & 0xffff) + (s >> 16);
    }
    return s;
}

// A UDP datagram to the host's TFTP-less port: what matters is that slirp takes its checksum.
Test(net, dhcp_with_offloaded_checksum)
{
    Rig *r = net_rig("user,id=n0,ipv6=off", BIT(F_CSUM) | BIT(F_GUEST_CSUM));
    uint8_t p[14 + 20 + 8 + 300] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x52,
                                    0x54, 0,    0x12, 0x34, 0x56, 8,    0};
    uint8_t *ip = p + 14, *udp = ip + 20, *bootp = udp + 8;
    ip[0] = 0x45;
    ip[2] = (20 + 8 + 300) >> 8;
    ip[3] = (20 + 8 + 300) & 0xff;
    ip[8] = 64;
    ip[9] = 17;
    memset(ip + 16, 0xff, 4);
    uint16_t s = (uint16_t)~sum16(ip, 20);
    ip[10] = s >> 8;
    ip[11] = s & 0xff;
    udp[1] = 68;
    udp[3] = 67;
    udp[4] = 308 >> 8;
    udp[5] = 308 & 0xff;
    uint8_t pseudo[12] = {0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0, 17, 308 >> 8, 308 & 0xff};
    s = (uint16_t)sum16(pseudo, 12);
    udp[6] = s >> 8;
    udp[7] = s & 0xff;
    static const uint8_t discover[] = {0x63, 0x82, 0x53, 0x63, 53, 1, 1, 255};
    bootp[0] = bootp[1] = 1;
    bootp[2] = 6;
    memcpy(bootp + 28, p + 6, 6);
    memcpy(bootp + 236, discover, sizeof discover);

    offer_rx(r, 0, 2048);
    uint8_t *h = at(r, TX_BUF);
    memset(h, 0, HDR);
    h[0] = 1; // NEEDS_CSUM
    h[6] = 34;
    h[8] = 6;
    memcpy(h + HDR, p, sizeof p);
    desc(r, TX, 0, TX_BUF, HDR, D_NEXT, 1);
    desc(r, TX, 1, TX_BUF + HDR, 50, D_NEXT, 2);
    desc(r, TX, 2, TX_BUF + HDR + 50, sizeof p - 50, 0, 0);
    offer(r, TX, 0);
    kick(r, TX);
    gate_deliver(gate_get(r->m));
    cr_assert_eq(used(r, RX), 1);
    const uint8_t *reply = at(r, RX_BUF(0) + HDR);
    static const uint8_t offered[4] = {10, 0, 2, 15};
    cr_expect_eq(memcmp(reply + 14 + 28 + 16, offered, 4), 0, "yiaddr");
    cr_expect_eq(*(uint8_t *)at(r, RX_BUF(0)), 2, "DATA_VALID");
}

Test(net, bad_packets)
{
    Rig *r = net_rig("user,id=n0,ipv6=off", BIT(F_CSUM));
    uint8_t *h = at(r, TX_BUF);
    memset(h, 0, 100);
    h[0] = 1;
    h[6] = 0xff;
    h[7] = 0xff;
    desc(r, TX, 0, TX_BUF, 100, 0, 0);
    offer(r, TX, 0);
    kick(r, TX);
    h[6] = 50;
    h[7] = 0;
    h[8] = 0xff;
    h[9] = 0xff;
    offer(r, TX, 0);
    kick(r, TX);
    h[1] = 1; // TSO, which was not negotiated
    offer(r, TX, 0);
    kick(r, TX);
    cr_expect_eq(used(r, TX), 3);
    cr_expect_eq(status(r), 15);
    desc(r, TX, 0, TX_BUF, 5, 0, 0);
    offer(r, TX, 0);
    kick(r, TX);
    cr_expect(status(r) & 0x40);
}

// --- options

Test(net, option_errors)
{
    cr_expect(strstr(netdev_error("user"), "id="));
    cr_expect(strstr(netdev_error("tap,id=a"), "tap: not supported"));
    cr_expect(strstr(netdev_error("user,id=a,hostfw=x"), "hostfwd"));
    cr_expect(strstr(netdev_error("user,id=a,net=10.0.2"), "net=10.0.2"));
    cr_expect(strstr(netdev_error("user,id=a,net=10.0.2.0/40"), "net="));
    cr_expect(strstr(netdev_error("user,id=a,dhcpstart=192.168.1.1"), "dhcpstart="));
    cr_expect(strstr(netdev_error("user,id=a,dns=10.0.2.2"), "dns="));
    static const char *const rules[] = {"tcp::99999-:22", "tcp::2222", "tcp::22-:x", "tcp:a:1-:2",
                                        "tcp::2222-:0",   "",          "-",          "icmp::1-:2"};
    for (size_t i = 0; i < ARRAY_LEN(rules); i++) {
        char *arg = g_strdup_printf("user,id=a,hostfwd=%s", rules[i]);
        cr_expect(strstr(netdev_error(arg), "hostfwd="), "%s", arg);
    }
}

Test(net, options_that_work)
{
    static const char *const args[] = {
        "user,id=a", "user,id=b,net=192.168.76.0/24,dhcpstart=192.168.76.9,restrict=on",
        "user,id=c,net=172.16.0.0/255.255.0.0,hostname=x,dnssearch=a.b,dnssearch=c.d",
        "user,id=d,hostfwd=tcp:127.0.0.1:0-:22,hostfwd=udp::0-10.0.2.15:53"};
    Machine *m = bare_machine();
    for (size_t i = 0; i < ARRAY_LEN(args); i++) {
        char *error = NULL;
        cr_expect(netdev_add(m, args[i], &error), "%s: %s", args[i], error);
    }
    char *error = NULL;
    cr_expect_not(netdev_add(m, "user,id=a", &error));
    net_close_all(m);
}

static Machine *pci_machine(void)
{
    Machine *m = bare_machine();
    GpexConfig c = {
        .sysmem = address_space_root(m->memory), .ecam_base = 0x30000000, .ecam_size = 0x1000000};
    gpex_create(m, &c);
    return m;
}

Test(net, nics_and_their_addresses)
{
    Machine *m = pci_machine();
    char *error = NULL;
    cr_assert(nic_add(m, "user,model=virtio-net-pci,mac=52:54:00:aa:bb:cc", &error), "%s", error);
    cr_assert(nic_add(m, "user,net=10.1.0.0/24", &error), "%s", error);
    cr_assert(net_add(m, "nic", &error) && net_add(m, "user", &error), "%s", error);
    cr_assert(nic_create_pending(m, &error), "%s", error);
    cr_expect(nic_add(m, "none", &error));
    cr_expect_not(nic_add(m, "user,model=ne2000", &error));
    cr_expect(strstr(error, "e1000"));
    cr_expect_not(nic_add(m, "user,mac=1:2", &error));
    unsigned cards = 0;
    for (guint i = 0; i < m->devices->len; i++) {
        Device *d = m->devices->pdata[i];
        cards += !strcmp(d->type->name, "virtio-net-pci");
    }
    cr_expect_eq(cards, 3);
    net_close_all(m);
}

Test(net, one_card_for_a_netdev)
{
    static const char *const again[] = {"netdev=n0", NULL};
    static const char *const unknown[] = {"netdev=zz", NULL};
    Rig *r = net_rig("user,id=n0", 0);
    rig_slot(r, false);
    cr_expect(strstr(rig_plug(r, "virtio-net-device", again), "already"));
    cr_expect(strstr(rig_plug(r, "virtio-net-device", unknown), "netdev=zz"));
}

Test(net, random_packets_and_commands, .timeout = 60)
{
    Rig *r = net_rig("user,id=n0,restrict=on,ipv6=off", UINT64_MAX);
    GRand *g = g_rand_new_with_seed(5);
    for (int i = 0; i < 20000; i++) {
        uint8_t bytes[200];
        for (size_t k = 0; k < sizeof bytes; k++) {
            bytes[k] = (uint8_t)(g_rand_int(g) & (k < 2 ? 3 : 0xff));
        }
        uint32_t len = (uint32_t)g_rand_int_range(g, 0, sizeof bytes);
        switch (g_rand_int_range(g, 0, 3)) {
        case 0:
            command(r, bytes[0], bytes[1], bytes + 2, len > 90 ? 90 : len);
            break;
        case 1:
            offer_rx(r, (unsigned)i % N_DESC, 1 + len);
            input(r, bytes, len);
            break;
        default:
            memcpy(at(r, TX_BUF), bytes, sizeof bytes);
            desc(r, TX, 0, TX_BUF, 1 + len, 0, 0);
            offer(r, TX, 0);
            kick(r, TX);
        }
        if (status(r) & 0x40) {
            start(r, UINT64_MAX, 3);
        }
    }
}
