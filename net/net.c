// Packets between backends and NICs, and the list of backends. The picture is in net.h.
#include "net/net_internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "hw/core/machine.h"
#include "replay/replay.h"
#include "util/log.h"

#define MAX_WAITING 4096 // packets; more are dropped, as on a real network

Net *net_get(Machine *m)
{
    Net *n = machine_lookup(m, "net");
    if (!n) {
        n = g_new0(Net, 1);
        n->machine = m;
        n->clients = g_ptr_array_new();
        n->pending = g_ptr_array_new();
        machine_register(m, "net", n);
    }
    return n;
}

// --- host to guest

static bool peer_takes(NetClient *c, const void *packet, size_t len)
{
    if (!c->peer.can_receive(c->peer.opaque) || !c->peer.receive(c->peer.opaque, packet, len)) {
        return false;
    }
    c->received++;
    return true;
}

static void deliver(void *opaque, const void *packet, size_t len)
{
    NetClient *c = opaque;
    if (!c->has_peer) {
        c->dropped++;
        return;
    }
    if (g_queue_is_empty(&c->waiting) && peer_takes(c, packet, len)) {
        return;
    }
    if (c->waiting.length == MAX_WAITING) {
        c->dropped++;
        return;
    }
    g_queue_push_tail(&c->waiting, g_bytes_new(packet, len));
}

void net_ready(NetClient *c)
{
    while (c && c->has_peer && !g_queue_is_empty(&c->waiting)) {
        GBytes *b = g_queue_peek_head(&c->waiting);
        size_t len;
        const void *data = g_bytes_get_data(b, &len);
        if (!peer_takes(c, data, len)) {
            return;
        }
        g_queue_pop_head(&c->waiting);
        g_bytes_unref(b);
    }
}

// Each packet: its length, 4 bytes, and its bytes.
static void save_waiting(void *opaque, GByteArray *out)
{
    const NetClient *c = opaque;
    for (GList *l = c->waiting.head; l; l = l->next) {
        gsize len;
        const void *data = g_bytes_get_data(l->data, &len);
        const uint32_t n = (uint32_t)len;
        g_byte_array_append(out, (const guint8 *)&n, sizeof n);
        g_byte_array_append(out, data, n);
    }
}

static void load_waiting(void *opaque, const void *data, size_t len)
{
    NetClient *c = opaque;
    const uint8_t *at = data;
    uint32_t n;
    g_queue_clear_full(&c->waiting, (GDestroyNotify)g_bytes_unref);
    while (len >= sizeof n && c->has_peer && c->waiting.length < MAX_WAITING) {
        memcpy(&n, at, sizeof n);
        if (n > len - sizeof n || n > NET_MAX_PACKET) {
            return;
        }
        g_queue_push_tail(&c->waiting, g_bytes_new(at + sizeof n, n));
        at += sizeof n + n;
        len -= sizeof n + n;
    }
}

void net_input(NetClient *c, const void *packet, size_t len)
{
    if (len <= NET_MAX_PACKET) {
        gate_submit(gate_get(c->net->machine), &c->source, packet, len);
    }
}

// --- guest to host

void net_send(NetClient *c, const void *packet, size_t len)
{
    if (c && c->backend && len <= NET_MAX_PACKET) {
        c->sent++;
        if (replay_mode(c->net->machine) == REPLAY_PLAY) {
            return; // the answer is in the recording
        }
        c->backend->send(c->opaque, packet, len);
    }
}

// --- connecting

NetClient *netdev_find(Machine *m, const char *id)
{
    Net *n = net_get(m);
    for (guint i = 0; i < n->clients->len; i++) {
        NetClient *c = n->clients->pdata[i];
        if (!strcmp(c->id, id)) {
            return c;
        }
    }
    return NULL;
}

NetClient *net_client_new(Net *n, const char *id, const NetBackend *backend, void *opaque)
{
    NetClient *c = g_new0(NetClient, 1);
    c->net = n;
    c->id = g_strdup(id);
    c->backend = backend;
    c->opaque = opaque;
    c->source_name = g_strdup_printf("net:%s", id);
    c->source = (GateSource){.name = c->source_name,
                             .deliver = deliver,
                             .opaque = c,
                             .save = save_waiting,
                             .load = load_waiting};
    gate_add_source(gate_get(n->machine), &c->source);
    g_queue_init(&c->waiting);
    g_ptr_array_add(n->clients, c);
    return c;
}

bool net_connect(NetClient *c, const NetPeer *peer, char **error)
{
    if (c->has_peer) {
        *error = g_strdup_printf("netdev '%s' has a network card already", c->id);
        return false;
    }
    c->peer = *peer;
    c->has_peer = true;
    return true;
}

bool net_plug(Machine *m, const char *netdev, uint8_t mac[6], const NetPeer *peer,
              NetClient **client, char **error)
{
    if (mac[0] & 1) {
        *error = g_strdup("mac=: this is a multicast address");
        return false;
    }
    if (netdev) {
        *client = netdev_find(m, netdev);
        if (!*client) {
            *error = g_strdup_printf("netdev=%s: there is no -netdev with this id", netdev);
            return false;
        }
        if (!net_connect(*client, peer, error)) {
            return false;
        }
    }
    net_next_mac(m, mac);
    return true;
}

void net_disconnect(NetClient *c)
{
    if (c) {
        c->has_peer = false;
        g_queue_clear_full(&c->waiting, (GDestroyNotify)g_bytes_unref);
    }
}

const char *net_id(const NetClient *c)
{
    return c->id;
}

void net_next_mac(Machine *m, uint8_t mac[6])
{
    static const uint8_t base[6] = {0x52, 0x54, 0x00, 0x12, 0x34, 0x56};
    static const uint8_t zero[6] = {0};
    if (memcmp(mac, zero, 6)) {
        return;
    }
    memcpy(mac, base, 6);
    mac[5] += net_get(m)->macs++;
}

void net_print(Machine *m, FILE *f)
{
    Net *n = net_get(m);
    for (guint i = 0; i < n->clients->len; i++) {
        const NetClient *c = n->clients->pdata[i];
        fprintf(f, "%s: type=%s%s, sent %" PRIu64 ", received %" PRIu64 ", dropped %" PRIu64 "\n",
                c->id, c->backend ? c->backend->name : "none", c->has_peer ? "" : ", not connected",
                c->sent, c->received, c->dropped);
        if (c->backend && c->backend->print) {
            c->backend->print(c->opaque, f);
        }
    }
}

// Clients stay: the gate may still hold packets that name them.
void net_close_all(Machine *m)
{
    Net *n = net_get(m);
    for (guint i = 0; i < n->clients->len; i++) {
        NetClient *c = n->clients->pdata[i];
        if (c->backend) {
            c->backend->close(c->opaque);
            c->backend = NULL;
        }
        net_disconnect(c);
    }
}
