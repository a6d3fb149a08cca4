// Network backends (-netdev) and the NICs that they connect to.
//
//   NIC -- net_send --> backend -> host            at once
//   NIC <-- receive -- queue <-- gate <-- backend   between turns (replay/gate.h), source "net:ID"
#ifndef NET_NET_H
#define NET_NET_H

#include <stdio.h>
#include "util/bits.h"

struct Machine;
typedef struct NetClient NetClient; // a -netdev

#define NET_MAX_PACKET 65550 // Ethernet frame without FCS

// The NIC's end.
typedef struct NetPeer {
    bool (*can_receive)(void *opaque); // packets wait in a bounded queue otherwise
    // False: no room after all; the packet waits until net_ready.
    bool (*receive)(void *opaque, const uint8_t *packet, size_t len);
    void *opaque;
} NetPeer;

// -netdev user,id=...; false with *error.
bool netdev_add(struct Machine *m, const char *optarg, char **error);
// -nic user|none[,model=,mac=,id=,...options of the backend]. Creates the NIC now if the board's
// bus is there, otherwise when it comes.
bool nic_add(struct Machine *m, const char *optarg, char **error);
// -net none|nic[,model=,macaddr=,netdev=]|user[,...]: the older form, one common network.
bool net_add(struct Machine *m, const char *optarg, char **error);
// When no option said anything about networks: what QEMU does, a user-mode NIC.
bool net_add_default(struct Machine *m, char **error);
// When the board's bus is ready: NICs that wait for it. False with *error.
bool nic_create_pending(struct Machine *m, char **error);

NetClient *netdev_find(struct Machine *m, const char *id); // NULL if there is none
// False with *error if it has a NIC already.
bool net_connect(NetClient *c, const NetPeer *peer, char **error);
void net_disconnect(NetClient *c);
void net_send(NetClient *c, const void *packet, size_t len); // NULL c: dropped
void net_ready(NetClient *c);                                // the NIC can take more
const char *net_id(const NetClient *c);

// What a NIC does with its netdev= and mac=: refuses a multicast address, connects to the netdev of
// that id (NULL: a card without a cable, *client stays NULL), completes the address (below).
bool net_plug(struct Machine *m, const char *netdev, uint8_t mac[6], const NetPeer *peer,
              NetClient **client, char **error);
// mac=AA:BB:..., or the next default one (52:54:00:12:34:56 and up). `given` all zero: default.
void net_next_mac(struct Machine *m, uint8_t mac[6]);

void net_print(struct Machine *m, FILE *f); // `info network`
void net_close_all(struct Machine *m);

// --- for backends
typedef struct NetBackend {
    const char *name;
    void (*send)(void *opaque, const uint8_t *packet, size_t len); // from the NIC
    void (*print)(void *opaque, FILE *f);
    void (*close)(void *opaque);
} NetBackend;

// A packet from the host: passes the gate, then waits for the NIC. Longest NET_MAX_PACKET.
void net_input(NetClient *c, const void *packet, size_t len);

#endif
