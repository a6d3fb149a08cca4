// Shared by virtio_net.c (packets) and virtio_net_ctrl.c (control queue, filters). Nobody else
// includes it.
#ifndef HW_VIRTIO_VIRTIO_NET_INTERNAL_H
#define HW_VIRTIO_VIRTIO_NET_INTERNAL_H

#include "hw/virtio/virtio_mmio.h"
#include "hw/virtio/virtio_pci.h"
#include "net/net.h"

enum {
    NET_F_CSUM = 0,
    NET_F_GUEST_CSUM = 1,
    NET_F_MAC = 5,
    NET_F_HOST_TSO4 = 11,
    NET_F_HOST_TSO6 = 12,
    NET_F_MRG_RXBUF = 15,
    NET_F_STATUS = 16,
    NET_F_CTRL_VQ = 17,
    NET_F_CTRL_RX = 18,
    NET_F_CTRL_VLAN = 19,
    NET_F_CTRL_RX_EXTRA = 20,
    NET_F_CTRL_MAC_ADDR = 23,
};

enum { NET_QUEUE_RX, NET_QUEUE_TX, NET_QUEUE_CTRL };

#define NET_MAC_TABLE 64

typedef struct VirtioNet {
    VirtioDevice v;
    // --- options
    char *netdev;
    uint8_t mac[6];
    uint32_t rx_queue_size, tx_queue_size, host_mtu;
    bool mrg_rxbuf, status, ctrl_vq, ctrl_rx, ctrl_vlan, ctrl_rx_extra, ctrl_mac_addr;
    bool csum, guest_csum, host_tso4, host_tso6;
    // --- fixed
    NetClient *client;
    VirtElem *elem, *first; // the chain at hand; a packet's first
    uint8_t *packet;        // being put together, NET_MAX_PACKET bytes
    // --- state: the receive filter (5.1.6.5)
    uint8_t cur_mac[6];
    uint8_t promisc, allmulti, alluni, nomulti, nouni, nobcast;
    uint8_t uni_overflow, multi_overflow; // the guest's table was too long: all pass
    uint32_t n_uni, n_multi;
    uint8_t table[NET_MAC_TABLE * 6]; // unicast, then multicast
    uint8_t vlans[4096 / 8];
} VirtioNet;

static inline VirtioNet *net_of(VirtioDevice *v)
{
    return container_of(v, VirtioNet, v);
}

extern const StateField virtio_net_filter_fields[];
void virtio_net_filter_reset(VirtioNet *n);
bool virtio_net_filter_passes(const VirtioNet *n, const uint8_t *packet, size_t len);
bool virtio_net_filter_loaded(VirtioNet *n, char **error);
void virtio_net_control(VirtioNet *n); // serves the control queue

#endif
