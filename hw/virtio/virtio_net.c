// virtio network device (Virtio 1.2, 5.1).
//
//   transmit: chain -> (checksum) -> net_send, at once
//   receive:  filter -> header + packet into one chain, or several (mergeable buffers)
//
// A backend that takes packets of any size is offered the guest's large TCP packets unsegmented,
// which saves both sides most of the work per byte.
#include "hw/virtio/virtio_net_internal.h"

#include <stdio.h>
#include <string.h>

#include "hw/core/machine.h"
#include "net/checksum.h"
#include "util/log.h"

#define CONFIG_SIZE     12
#define STATUS_LINK_UP  1
#define CTRL_QUEUE_SIZE 64
#define HDR_NEEDS_CSUM  1
#define HDR_DATA_VALID  2
#define GSO_NONE        0
#define GSO_TCPV4       1
#define GSO_TCPV6       4
#define GSO_ECN         0x80

typedef struct NetHeader {
    uint8_t flags, gso_type;
    uint16_t hdr_len, gso_size, csum_start, csum_offset;
    uint16_t num_buffers; // with mergeable buffers, or since Virtio 1.0
} NetHeader;
_Static_assert(sizeof(NetHeader) == 12, "header layout");

static size_t header_len(const VirtioNet *n)
{
    return virtio_has(&n->v, NET_F_MRG_RXBUF) || virtio_has(&n->v, VIRTIO_F_VERSION_1)
               ? sizeof(NetHeader)
               : offsetof(NetHeader, num_buffers);
}

// --- transmit

// The field holds the sum of the pseudo header; what it covers reaches to the packet's end.
static bool finish_checksum(const NetHeader *h, uint8_t *p, size_t len)
{
    size_t field = (size_t)h->csum_start + h->csum_offset;
    if (h->csum_start >= len || field + 2 > len) {
        return false;
    }
    net_sum_finish(p + h->csum_start, len - h->csum_start, h->csum_offset, true);
    return true;
}

static bool offload_allowed(const VirtioNet *n, const NetHeader *h)
{
    uint8_t type = h->gso_type & ~GSO_ECN;
    bool gso = type == GSO_NONE || (type == GSO_TCPV4 && virtio_has(&n->v, NET_F_HOST_TSO4)) ||
               (type == GSO_TCPV6 && virtio_has(&n->v, NET_F_HOST_TSO6));
    return gso && (!(h->flags & HDR_NEEDS_CSUM) || virtio_has(&n->v, NET_F_CSUM));
}

static void transmit(VirtioNet *n)
{
    VirtElem *e = n->elem;
    NetHeader h = {0};
    size_t skip = header_len(n);
    if (virtelem_read(e, 0, &h, skip) != skip) {
        virtio_broken(&n->v, "packet shorter than its header");
        return;
    }
    uint64_t len = e->out_len - skip;
    if (len > NET_MAX_PACKET || !offload_allowed(n, &h)) {
        log_printf(LOG_GUEST_ERRORS,
                   "virtio-net: packet of %llu bytes, flags %u, type %u dropped\n",
                   (unsigned long long)len, h.flags, h.gso_type);
        return;
    }
    // The packet in one piece behind its header, or the two in one: no copy.
    const struct iovec *last = &e->iov[e->n_out - 1];
    bool one = last->iov_len >= len && (e->n_out == 1 || last->iov_len == len);
    const uint8_t *packet = (uint8_t *)last->iov_base + last->iov_len - len;
    if (!one || (h.flags & HDR_NEEDS_CSUM)) {
        virtelem_read(e, skip, n->packet, len);
        packet = n->packet;
    }
    if ((h.flags & HDR_NEEDS_CSUM) && !finish_checksum(&h, n->packet, len)) {
        log_printf(LOG_GUEST_ERRORS, "virtio-net: checksum outside of the packet\n");
        return;
    }
    net_send(n->client, packet, len);
}

static void transmit_queue(VirtioNet *n)
{
    VirtQueue *q = &n->v.queue[NET_QUEUE_TX];
    for (unsigned budget = q->num; budget && virtqueue_pop(q, n->elem); budget--) {
        transmit(n);
        virtqueue_push(q, n->elem, 0);
    }
    virtqueue_want_kicks(q);
    virtio_notify(&n->v, q);
}

// --- receive

static bool net_can_receive(void *opaque)
{
    VirtioNet *n = opaque;
    VirtQueue *q = &n->v.queue[NET_QUEUE_RX];
    if (!virtio_running(&n->v) || virtqueue_available(q)) {
        return true;
    }
    virtqueue_want_kicks(q);
    return !virtio_running(&n->v);
}

static void put_back(VirtQueue *q, unsigned chains)
{
    while (chains--) {
        virtqueue_unpop(q);
    }
}

// Spreads header and packet over as many chains as it takes. False: not enough of them.
static bool fill_chains(VirtioNet *n, VirtQueue *q, NetHeader *h, const uint8_t *packet, size_t len)
{
    size_t head = header_len(n), done = 0;
    unsigned chains = 0;
    bool merge = virtio_has(&n->v, NET_F_MRG_RXBUF);
    do {
        VirtElem *e = chains ? n->elem : n->first;
        if (chains == q->num || !virtqueue_pop(q, e)) {
            put_back(q, chains);
            return n->v.broken || chains == q->num;
        }
        size_t skip = chains ? 0 : head;
        if (e->in_len <= skip || (!merge && e->in_len < skip + len)) {
            if (e->in_len <= skip) {
                virtio_broken(&n->v, "receive buffer of %llu bytes", (unsigned long long)e->in_len);
            }
            put_back(q, chains + 1);
            return true; // does not fit: dropped
        }
        size_t part = virtelem_write(e, skip, packet + done, len - done);
        virtqueue_fill(q, e, skip + part, chains);
        done += part;
        chains++;
    } while (done < len);
    h->num_buffers = chains;
    virtelem_write(n->first, 0, h, head);
    virtqueue_flush(q, chains);
    return true;
}

static bool net_receive(void *opaque, const uint8_t *packet, size_t len)
{
    VirtioNet *n = opaque;
    VirtQueue *q = &n->v.queue[NET_QUEUE_RX];
    if (!virtio_running(&n->v) || !virtio_net_filter_passes(n, packet, len)) {
        return true; // dropped
    }
    // Backends hand over whole, checked packets.
    NetHeader h = {.flags = virtio_has(&n->v, NET_F_GUEST_CSUM) ? HDR_DATA_VALID : 0};
    if (!fill_chains(n, q, &h, packet, len)) {
        virtqueue_want_kicks(q);
        return false;
    }
    virtio_notify(&n->v, q);
    return true;
}

static void net_kick(VirtioDevice *v, unsigned queue)
{
    VirtioNet *n = net_of(v);
    switch (queue) {
    case NET_QUEUE_RX:
        net_ready(n->client);
        break;
    case NET_QUEUE_TX:
        transmit_queue(n);
        break;
    case NET_QUEUE_CTRL:
        virtio_net_control(n);
        break;
    }
}

// --- configuration

static void net_get_config(VirtioDevice *v, uint8_t *config)
{
    const VirtioNet *n = net_of(v);
    uint16_t words[3] = {STATUS_LINK_UP, 1, n->host_mtu};
    memcpy(config, n->cur_mac, 6);
    memcpy(config + 6, words, sizeof words);
}

// Before Virtio 1.0 the address was written here.
static void net_set_config(VirtioDevice *v, const uint8_t *config)
{
    VirtioNet *n = net_of(v);
    if (!virtio_has(v, VIRTIO_F_VERSION_1) && !virtio_has(v, NET_F_CTRL_MAC_ADDR)) {
        memcpy(n->cur_mac, config, 6);
    }
}

static void net_reset(VirtioDevice *v)
{
    virtio_net_filter_reset(net_of(v));
}

static const VirtioClass net_class = {
    .name = "virtio-net",
    .id = VIRTIO_ID_NET,
    .features = BIT(NET_F_MAC),
    .get_config = net_get_config,
    .set_config = net_set_config,
    .reset = net_reset,
    .kick = net_kick,
};

// --- setting up

#define NET_F_MTU 3

static void offer_features(VirtioNet *n)
{
    const struct {
        bool on;
        unsigned feature;
    } options[] = {
        {n->mrg_rxbuf, NET_F_MRG_RXBUF},
        {n->status, NET_F_STATUS},
        {n->ctrl_vq, NET_F_CTRL_VQ},
        {n->ctrl_vq && n->ctrl_rx, NET_F_CTRL_RX},
        {n->ctrl_vq && n->ctrl_vlan, NET_F_CTRL_VLAN},
        {n->ctrl_vq && n->ctrl_rx_extra, NET_F_CTRL_RX_EXTRA},
        {n->ctrl_vq && n->ctrl_mac_addr, NET_F_CTRL_MAC_ADDR},
        {n->csum, NET_F_CSUM},
        {n->guest_csum, NET_F_GUEST_CSUM},
        {n->csum && n->host_tso4, NET_F_HOST_TSO4},
        {n->csum && n->host_tso6, NET_F_HOST_TSO6},
        {n->host_mtu != 0, NET_F_MTU},
    };
    for (size_t i = 0; i < ARRAY_LEN(options); i++) {
        n->v.offered |= options[i].on ? BIT(options[i].feature) : 0;
    }
}

static bool check_size(const char *name, uint32_t size, char **error)
{
    if (size >= 64 && size <= VIRTQUEUE_MAX_SIZE && !(size & (size - 1))) {
        return true;
    }
    *error =
        g_strdup_printf("%s=%u: expected a power of 2, 64 to %d", name, size, VIRTQUEUE_MAX_SIZE);
    return false;
}

static bool net_init(VirtioNet *n, Device *d, char **error)
{
    if (!check_size("rx_queue_size", n->rx_queue_size, error) ||
        !check_size("tx_queue_size", n->tx_queue_size, error)) {
        return false;
    }
    if (n->host_mtu && (n->host_mtu < 68 || n->host_mtu > 65535)) {
        *error = g_strdup_printf("host_mtu=%u: expected 68 to 65535", n->host_mtu);
        return false;
    }
    virtio_init(&n->v, &net_class, d, CONFIG_SIZE);
    NetPeer peer = {net_can_receive, net_receive, n};
    if (!net_plug(d->machine, n->netdev, n->mac, &peer, &n->client, error)) {
        return false;
    }
    offer_features(n);
    virtio_add_queue(&n->v, n->rx_queue_size);
    virtio_add_queue(&n->v, n->tx_queue_size);
    if (n->ctrl_vq) {
        virtio_add_queue(&n->v, CTRL_QUEUE_SIZE);
    }
    n->elem = g_new(VirtElem, 1);
    n->first = g_new(VirtElem, 1);
    n->packet = g_malloc(NET_MAX_PACKET);
    virtio_net_filter_reset(n);
    return true;
}

static void net_free(VirtioNet *n)
{
    net_disconnect(n->client);
    g_free(n->elem);
    g_free(n->first);
    g_free(n->packet);
}

#define NET_BOOL(T, f, field, text)                                                                \
    {                                                                                              \
#field, PROP_BOOL, offsetof(T, f.field), "on", text                                        \
    }
#define NET_PROPS(T, f)                                                                            \
    VIRTIO_PROPS(T, f.v),                                                                          \
        {"netdev", PROP_STRING, offsetof(T, f.netdev), NULL, "id of the -netdev"},                 \
        {"mac", PROP_MAC, offsetof(T, f.mac), NULL, "address (default 52:54:00:12:34:56 and up)"}, \
        {"rx_queue_size", PROP_U32, offsetof(T, f.rx_queue_size), "256", "descriptors"},           \
        {"tx_queue_size", PROP_U32, offsetof(T, f.tx_queue_size), "256", "descriptors"},           \
        {"host_mtu", PROP_U32, offsetof(T, f.host_mtu), "0", "MTU told to the guest, 0: none"},    \
        NET_BOOL(T, f, mrg_rxbuf, "mergeable receive buffers"),                                    \
        NET_BOOL(T, f, status, "link status"), NET_BOOL(T, f, ctrl_vq, "control queue"),           \
        NET_BOOL(T, f, ctrl_rx, "receive modes"), NET_BOOL(T, f, ctrl_vlan, "VLAN filter"),        \
        NET_BOOL(T, f, ctrl_rx_extra, "more receive modes"),                                       \
        NET_BOOL(T, f, ctrl_mac_addr, "address set by command"),                                   \
        NET_BOOL(T, f, csum, "the host completes checksums"),                                      \
        NET_BOOL(T, f, guest_csum, "the host vouches for checksums"),                              \
        NET_BOOL(T, f, host_tso4, "large TCP packets, IPv4"),                                      \
        NET_BOOL(T, f, host_tso6, "large TCP packets, IPv6")

static const StateField net_fields[] = {
    STATE_STRUCTS(VirtioNet, v, VirtioDevice, 1, virtio_state_fields),
    // The filter's fields are of the same structure.
    {.name = "filter",
     .offset = 0,
     .size = sizeof(VirtioNet),
     .count = 1,
     .kind = STATE_KIND_STRUCT,
     .fields = virtio_net_filter_fields},
    STATE_END,
};

// --- on PCI

typedef struct VirtioNetPci {
    VirtioPci pci;
    VirtioNet net;
} VirtioNetPci;

static bool net_pci_realize(Device *d, char **error)
{
    VirtioNetPci *s = (VirtioNetPci *)d;
    s->pci.pci.default_rom = "efi-virtio.rom";
    return net_init(&s->net, d, error) && virtio_pci_plug(&s->pci, &s->net.v, 0x020000, 4, error);
}

static void net_pci_reset(Device *d)
{
    virtio_pci_reset(&((VirtioNetPci *)d)->pci);
}

static void net_pci_unrealize(Device *d)
{
    VirtioNetPci *s = (VirtioNetPci *)d;
    virtio_pci_unplug(&s->pci);
    net_free(&s->net);
}

static bool net_pci_loaded(void *obj, char **error)
{
    VirtioNetPci *s = obj;
    return virtio_pci_loaded(&s->pci, error) && virtio_net_filter_loaded(&s->net, error);
}

static const StateField net_pci_fields[] = {
    STATE_STRUCTS(VirtioNetPci, pci, VirtioPci, 1, virtio_pci_state_fields),
    STATE_STRUCTS(VirtioNetPci, net, VirtioNet, 1, net_fields),
    STATE_END,
};

static const StateDesc net_pci_state = {
    .name = "virtio-net-pci", .version = 1, .fields = net_pci_fields, .loaded = net_pci_loaded};

static const DeviceProp net_pci_props[] = {
    VIRTIO_PCI_PROPS(VirtioNetPci, pci),
    NET_PROPS(VirtioNetPci, net),
    {0},
};

static const DeviceType virtio_net_pci = {
    .name = "virtio-net-pci",
    .alias = "virtio-net",
    .desc = "virtio network card",
    .bus = "pci",
    .size = sizeof(VirtioNetPci),
    .user_creatable = true,
    .props = net_pci_props,
    .state = &net_pci_state,
    .realize = net_pci_realize,
    .reset = net_pci_reset,
    .unrealize = net_pci_unrealize,
};
DEVICE_TYPE(virtio_net_pci);

// --- on MMIO

typedef struct VirtioNetMmio {
    VirtioMmioChild mmio;
    VirtioNet net;
} VirtioNetMmio;

static bool net_mmio_realize(Device *d, char **error)
{
    VirtioNetMmio *s = (VirtioNetMmio *)d;
    return net_init(&s->net, d, error) && virtio_mmio_plug(&s->mmio, &s->net.v, error);
}

static void net_mmio_unrealize(Device *d)
{
    net_free(&((VirtioNetMmio *)d)->net);
}

static bool net_mmio_loaded(void *obj, char **error)
{
    VirtioNet *n = &((VirtioNetMmio *)obj)->net;
    return virtio_loaded(&n->v, error) && virtio_net_filter_loaded(n, error);
}

static const StateField net_mmio_fields[] = {
    STATE_STRUCTS(VirtioNetMmio, net, VirtioNet, 1, net_fields),
    STATE_END,
};

static const StateDesc net_mmio_state = {"virtio-net-device", 1, net_mmio_fields,
                                         .loaded = net_mmio_loaded};

static const DeviceProp net_mmio_props[] = {
    VIRTIO_MMIO_PROPS(VirtioNetMmio, mmio),
    NET_PROPS(VirtioNetMmio, net),
    {0},
};

static const DeviceType virtio_net_device = {
    .name = "virtio-net-device",
    .desc = "virtio network card in a virtio-mmio slot",
    .bus = "virtio-mmio",
    .size = sizeof(VirtioNetMmio),
    .user_creatable = true,
    .props = net_mmio_props,
    .state = &net_mmio_state,
    .realize = net_mmio_realize,
    .unrealize = net_mmio_unrealize,
};
DEVICE_TYPE(virtio_net_device);
