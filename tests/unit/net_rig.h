// A network whose other end is the test: what a card sent, and packets for it.
#ifndef TESTS_UNIT_NET_RIG_H
#define TESTS_UNIT_NET_RIG_H

#include "net/checksum.h"
#include "net/net_internal.h"
#include "bus_rig.h"
#include "replay/gate.h"

typedef struct NetRig {
    BusRig *r;
    NetClient *client;
    GPtrArray *sent; // GBytes *
} NetRig;

static inline void net_rig_sent(void *opaque, const uint8_t *packet, size_t len)
{
    g_ptr_array_add(((NetRig *)opaque)->sent, g_bytes_new(packet, len));
}

static const NetBackend net_rig_backend = {.name = "test", .send = net_rig_sent};

// With a -netdev "n0".
static inline NetRig *net_rig_new(void)
{
    NetRig *t = g_new0(NetRig, 1);
    t->r = bus_rig();
    t->sent = g_ptr_array_new();
    t->client = net_client_new(net_get(t->r->m), "n0", &net_rig_backend, t);
    return t;
}

static inline const uint8_t *net_rig_packet(NetRig *t, unsigned n, size_t *len)
{
    return n < t->sent->len ? g_bytes_get_data(t->sent->pdata[n], len) : NULL;
}

static inline void net_rig_input(NetRig *t, const uint8_t *packet, size_t len)
{
    net_input(t->client, packet, len);
    gate_deliver(gate_get(t->r->m));
}

// Addresses, type, IPv4 and TCP headers of a packet with `payload` bytes: 54 + payload in all.
// Checksums are zero, lengths right.
static inline void net_rig_tcp(uint8_t *p, size_t payload)
{
    static const uint8_t head[54] = {0x52, 0x54, 0,    0x12, 0x34, 0x56, 0x52, 0x55, 10,   0, 2,
                                     2,    8,    0,    0x45, 0,    0,    0,    0x12, 0x34, 0, 0,
                                     64,   6,    0,    0,    10,   0,    2,    2,    10,   0, 2,
                                     15,   0x1f, 0x90, 0x10, 0,    0,    0,    0x10, 0,    0, 0,
                                     0,    1,    0x50, 0x19, 0xff, 0xff, 0,    0,    0,    0};
    memcpy(p, head, sizeof head);
    net_put16(p + 16, (unsigned)(40 + payload));
    for (size_t i = 0; i < payload; i++) {
        p[54 + i] = (uint8_t)(i * 5);
    }
}

// Both checksums of an IPv4 TCP packet are right.
static inline bool net_rig_sums_ok(const uint8_t *p)
{
    size_t total = net_get16(p + 16);
    uint8_t tail[4] = {(uint8_t)((total - 20) >> 8), (uint8_t)(total - 20), 0, 6};
    uint64_t sum = net_sum(p + 26, 8) + (uint64_t)net_sum(tail, 4) + net_sum(p + 34, total - 20);
    return net_sum(p + 14, 20) == 0xffff && net_sum_fold(sum) == 0xffff;
}

// The sum of the pseudo header, as drivers put it in the checksum field; len 0: without.
static inline void net_rig_pseudo(uint8_t *p, size_t len)
{
    uint8_t tail[4] = {(uint8_t)(len >> 8), (uint8_t)len, 0, 6};
    uint16_t sum = net_sum_fold((uint64_t)net_sum(p + 26, 8) + net_sum(tail, 4));
    memcpy(p + 50, &sum, 2);
}

#endif
