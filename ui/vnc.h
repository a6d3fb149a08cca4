// VNC servers, for monitors: passwords, and who is connected.
#ifndef UI_VNC_H
#define UI_VNC_H

#include <glib.h>

#include "util/bits.h"

struct Machine;

typedef struct VncPeer {
    char *host, *service; // address and port; the path and ""
    const char *family;   // "ipv4", "ipv6", "unix"
} VncPeer;

typedef struct VncServerInfo {
    const char *id; // "default", "vnc2", ... or id=
    VncPeer address;
    const char *auth; // "none", "vnc"
    unsigned n_clients;
    const VncPeer *client;
} VncServerInfo;

// In the order of the command line. What fn gets is gone afterwards.
void vnc_each(struct Machine *m, void (*fn)(void *opaque, const VncServerInfo *), void *opaque);
// id NULL: the first. password NULL: nobody gets in. Takes effect for those who come later. False
// with *error: there is no such server, or it was started without password=on.
bool vnc_set_password(struct Machine *m, const char *id, const char *password, char **error);
// From that time on (seconds since 1970; INT64_MAX: never) the password is not accepted.
bool vnc_expire_password(struct Machine *m, const char *id, int64_t when, char **error);
void vnc_print(struct Machine *m, GString *out); // `info vnc`

// --- who comes and goes
typedef enum VncChange {
    VNC_CHANGE_CONNECTED,
    VNC_CHANGE_INITIALIZED, // it knew the password and sees the screen
    VNC_CHANGE_DISCONNECTED,
    VNC_CHANGES
} VncChange;

// server is without its clients. Both are gone afterwards.
typedef void VncListener(void *opaque, VncChange what, const VncServerInfo *server,
                         const VncPeer *client);
// Listeners stay as long as the machine.
void vnc_on_change(struct Machine *m, VncListener *fn, void *opaque);

#endif
