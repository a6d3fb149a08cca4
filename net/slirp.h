// The parts of the user-mode network. Only net/slirp*.c include this.
#ifndef NET_SLIRP_H
#define NET_SLIRP_H

#include <libslirp.h>
#include "net/net_internal.h"

typedef struct SlirpClient {
    struct Machine *machine;
    NetClient *client;
    Slirp *slirp;
    GSource *poll;       // its descriptors in the main loop
    struct Timer *timer; // router advertisements
    SlirpTimerCb timer_cb;
    void *timer_opaque;
} SlirpClient;

// A source that watches what slirp wants watched. Attached to the default context.
GSource *slirp_poll_new(Slirp *slirp);

// The options of -netdev user. Strings borrow from kv.
typedef struct SlirpOptions {
    SlirpConfig config;
    char **dnssearch;
    char *tftp; // whole: a daemon leaves its directory
} SlirpOptions;
bool slirp_options_parse(KeyVal *kv, SlirpOptions *o, char **error);
// hostfwd=tcp|udp:[ADDR]:PORT-[ADDR]:PORT, all of kv.
bool slirp_add_forwards(Slirp *s, KeyVal *kv, char **error);

#endif
