// What a received frame is, and whether its checksums are right: for cards that check on reception.
#ifndef NET_INSPECT_H
#define NET_INSPECT_H

#include "util/bits.h"

typedef enum NetProtocol { NET_OTHER, NET_IP, NET_TCP, NET_UDP } NetProtocol;

typedef struct NetInspection {
    NetProtocol protocol; // the innermost that is known: NET_IP for other protocols over IP
    bool ipv4;            // with a header checksum
    bool ip_ok;
    bool l4_checked; // there is a TCP or UDP checksum and the packet is whole
    bool l4_ok;
} NetInspection;

// frame: Ethernet without VLAN tag; len may include padding.
NetInspection net_inspect(const uint8_t *frame, size_t len);

#endif
