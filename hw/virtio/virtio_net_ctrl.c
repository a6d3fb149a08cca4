// virtio-net's control queue and the receive filter that it programs (Virtio 1.2, 5.1.6.5).
//
//   command: class, command, data ... -> one status byte
#include <glib.h>
#include "hw/virtio/virtio_net_internal.h"

#include <stdio.h>
#include <string.h>

#include "hw/core/machine.h"

#include "util/log.h"

enum { CLASS_RX = 0, CLASS_MAC = 1, CLASS_VLAN = 2 };
enum { RX_PROMISC, RX_ALLMULTI, RX_ALLUNI, RX_NOMULTI, RX_NOUNI, RX_NOBCAST };
enum { MAC_TABLE_SET, MAC_ADDR_SET };
enum { VLAN_ADD, VLAN_DEL };
enum { CTRL_OK = 0, CTRL_ERR = 1 };

#define HEADER   2 // class, command
#define ETH_VLAN 0x8100
#define N_VLANS  4096

#define FILTER_U8(f) STATE_U8(VirtioNet, f, .keep = true)
const StateField virtio_net_filter_fields[] = {
    STATE_BYTES(VirtioNet, cur_mac, .keep = true),
    FILTER_U8(promisc),
    FILTER_U8(allmulti),
    FILTER_U8(alluni),
    FILTER_U8(nomulti),
    FILTER_U8(nouni),
    FILTER_U8(nobcast),
    FILTER_U8(uni_overflow),
    FILTER_U8(multi_overflow),
    STATE_U32(VirtioNet, n_uni, .keep = true),
    STATE_U32(VirtioNet, n_multi, .keep = true),
    STATE_BYTES(VirtioNet, table, .keep = true),
    STATE_BYTES(VirtioNet, vlans, .keep = true),
    STATE_END,
};

// A driver without a control queue gets everything.
void virtio_net_filter_reset(VirtioNet *n)
{
    memcpy(n->cur_mac, n->mac, sizeof n->cur_mac);
    n->promisc = 1;
    n->allmulti = n->alluni = n->nomulti = n->nouni = n->nobcast = 0;
    n->uni_overflow = n->multi_overflow = 0;
    n->n_uni = n->n_multi = 0;
    memset(n->table, 0, sizeof n->table);
    memset(n->vlans, 0, sizeof n->vlans);
}

bool virtio_net_filter_loaded(VirtioNet *n, char **error)
{
    if (n->n_uni > NET_MAC_TABLE || n->n_multi > NET_MAC_TABLE - n->n_uni) {
        *error = g_strdup_printf("virtio-net: filter of %u and %u addresses", n->n_uni, n->n_multi);
        return false;
    }
    return true;
}

// --- the filter

static bool in_table(const VirtioNet *n, const uint8_t *mac, uint32_t first, uint32_t count)
{
    for (uint32_t i = first; i < first + count; i++) {
        if (!memcmp(n->table + 6 * i, mac, 6)) {
            return true;
        }
    }
    return false;
}

static bool vlan_passes(const VirtioNet *n, const uint8_t *p, size_t len)
{
    if (!virtio_has(&n->v, NET_F_CTRL_VLAN) || len < 16 || (p[12] << 8 | p[13]) != ETH_VLAN) {
        return true;
    }
    unsigned vid = (p[14] << 8 | p[15]) & (N_VLANS - 1);
    return n->vlans[vid / 8] >> (vid % 8) & 1;
}

bool virtio_net_filter_passes(const VirtioNet *n, const uint8_t *packet, size_t len)
{
    static const uint8_t broadcast[6] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
    if (n->promisc || len < 14) {
        return n->promisc;
    }
    if (!vlan_passes(n, packet, len)) {
        return false;
    }
    if (!memcmp(packet, broadcast, 6)) {
        return !n->nobcast;
    }
    if (packet[0] & 1) {
        return !n->nomulti &&
               (n->allmulti || n->multi_overflow || in_table(n, packet, n->n_uni, n->n_multi));
    }
    return !n->nouni && (n->alluni || n->uni_overflow || !memcmp(packet, n->cur_mac, 6) ||
                         in_table(n, packet, 0, n->n_uni));
}

// --- commands; `at` is where their data starts

static uint8_t set_mode(VirtioNet *n, uint8_t command)
{
    uint8_t *const modes[] = {
        [RX_PROMISC] = &n->promisc, [RX_ALLMULTI] = &n->allmulti, [RX_ALLUNI] = &n->alluni,
        [RX_NOMULTI] = &n->nomulti, [RX_NOUNI] = &n->nouni,       [RX_NOBCAST] = &n->nobcast,
    };
    uint8_t on;
    if (command >= ARRAY_LEN(modes) || virtelem_read(n->elem, HEADER, &on, 1) != 1) {
        return CTRL_ERR;
    }
    *modes[command] = on != 0;
    return CTRL_OK;
}

// One of the two lists of a table: a count and as many addresses. Advances *at.
static bool read_list(VirtioNet *n, size_t *at, uint32_t room, uint32_t *count, uint8_t *overflow,
                      uint8_t *out)
{
    uint32_t entries;
    if (virtelem_read(n->elem, *at, &entries, 4) != 4) {
        return false;
    }
    *at += 4;
    uint64_t bytes = 6 * (uint64_t)entries;
    if (bytes > n->elem->out_len - *at) {
        return false;
    }
    *overflow = entries > room;
    *count = *overflow ? 0 : entries;
    virtelem_read(n->elem, *at, out, 6 * (size_t)*count);
    *at += bytes;
    return true;
}

static uint8_t set_table(VirtioNet *n)
{
    uint8_t table[sizeof n->table] = {0}, overflow[2];
    uint32_t uni, multi;
    size_t at = HEADER;
    if (!read_list(n, &at, NET_MAC_TABLE, &uni, &overflow[0], table) ||
        !read_list(n, &at, NET_MAC_TABLE - uni, &multi, &overflow[1], table + 6 * uni)) {
        return CTRL_ERR;
    }
    memcpy(n->table, table, sizeof table);
    n->n_uni = uni;
    n->n_multi = multi;
    n->uni_overflow = overflow[0];
    n->multi_overflow = overflow[1];
    return CTRL_OK;
}

static uint8_t set_mac(VirtioNet *n, uint8_t command)
{
    uint8_t mac[6];
    if (command == MAC_TABLE_SET) {
        return set_table(n);
    }
    if (command != MAC_ADDR_SET || virtelem_read(n->elem, HEADER, mac, 6) != 6) {
        return CTRL_ERR;
    }
    memcpy(n->cur_mac, mac, 6);
    return CTRL_OK;
}

static uint8_t set_vlan(VirtioNet *n, uint8_t command)
{
    uint16_t vid;
    if (command > VLAN_DEL || virtelem_read(n->elem, HEADER, &vid, 2) != 2 || vid >= N_VLANS) {
        return CTRL_ERR;
    }
    uint8_t bit = BIT(vid % 8);
    n->vlans[vid / 8] = command == VLAN_ADD ? n->vlans[vid / 8] | bit : n->vlans[vid / 8] & ~bit;
    return CTRL_OK;
}

static uint8_t run_command(VirtioNet *n)
{
    uint8_t h[HEADER];
    if (virtelem_read(n->elem, 0, h, HEADER) != HEADER) {
        return CTRL_ERR;
    }
    switch (h[0]) {
    case CLASS_RX:
        return set_mode(n, h[1]);
    case CLASS_MAC:
        return set_mac(n, h[1]);
    case CLASS_VLAN:
        return set_vlan(n, h[1]);
    }
    log_printf(LOG_GUEST_ERRORS, "virtio-net: control command %u.%u\n", h[0], h[1]);
    return CTRL_ERR;
}

void virtio_net_control(VirtioNet *n)
{
    VirtQueue *q = &n->v.queue[NET_QUEUE_CTRL];
    for (unsigned budget = q->num; budget && virtqueue_pop(q, n->elem); budget--) {
        if (n->elem->out_len < HEADER || !n->elem->in_len) {
            virtio_broken(&n->v, "control command without header or status");
            return;
        }
        uint8_t status = run_command(n);
        virtelem_write(n->elem, 0, &status, 1);
        virtqueue_push(q, n->elem, 1);
    }
    virtqueue_want_kicks(q);
    virtio_notify(&n->v, q);
}
