// Shared by net.c (packets), nic.c (options) and the backends. Nobody else includes it.
#ifndef NET_NET_INTERNAL_H
#define NET_NET_INTERNAL_H

#include <glib.h>
#include "net/net.h"
#include "replay/gate.h"
#include "util/keyval.h"

// A NIC that was asked for before there was a bus to put it on.
typedef struct PendingNic {
    char *model, *mac, *netdev, *id;
} PendingNic;

typedef struct Net {
    struct Machine *machine;
    GPtrArray *clients; // NetClient *
    GPtrArray *pending; // PendingNic *
    unsigned macs;      // default addresses given out
    unsigned nics;      // names given out
} Net;

Net *net_get(struct Machine *m);

struct NetClient {
    Net *net;
    char *id;
    const NetBackend *backend;
    void *opaque; // the backend's
    GateSource source;
    char *source_name;
    bool has_peer;
    NetPeer peer;
    GQueue waiting; // GBytes *: delivered by the gate, not yet taken by the NIC
    uint64_t sent, received, dropped;
};

NetClient *net_client_new(Net *n, const char *id, const NetBackend *backend, void *opaque);

// -netdev KIND: sets up a backend from its options. NULL with *error.
NetClient *slirp_client_new(Net *n, const char *id, KeyVal *kv, char **error);

#endif
