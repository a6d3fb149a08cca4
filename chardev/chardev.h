// Character backends: stdio, null, file, pty, tcp, unix socket, mux. A device (the frontend)
// connects to one; output goes at once, input arrives through the gate (replay/gate.h).
#ifndef CHARDEV_CHARDEV_H
#define CHARDEV_CHARDEV_H

#include "util/bits.h"

struct Machine;
typedef struct Chardev Chardev;

// The command line opens backends before there is a machine: they are kept in a set, which
// MachineConfig.chardevs hands over. The functions below that take a machine mean its set.
typedef struct ChardevSet ChardevSet;
ChardevSet *chardev_set_new(void);
Chardev *chardev_set_open(ChardevSet *s, const char *spec, char **error);
// The next -serial. Shares a backend that is a mux.
bool chardev_set_add_serial(ChardevSet *s, const char *spec, char **error);
// Once the machine exists: input can flow, and the mux escapes can act on it.
void chardev_set_attach(ChardevSet *s, struct Machine *m);

typedef struct ChardevFrontend {
    // How many bytes the frontend can take now; input waits in the host otherwise.
    size_t (*can_receive)(void *opaque);
    void (*receive)(void *opaque, const uint8_t *buf, size_t len);
    void (*connected)(void *opaque, bool connected); // may be NULL
    void (*brk)(void *opaque);                       // a break condition on the line; may be NULL
    void *opaque;
    // Not part of the machine (monitor, gdb server): input does not pass the gate and arrives while
    // the machine is paused too.
    bool direct;
} ChardevFrontend;

// Parses "stdio", "null", "file:PATH", "pty", "tcp:HOST:PORT[,server=on][,wait=off]",
// "unix:PATH...", "mon:stdio", "chardev:ID", or (-chardev) "BACKEND,id=ID,key=value". NULL with
// *error.
Chardev *chardev_open(struct Machine *m, const char *spec, char **error);
Chardev *chardev_find(struct Machine *m, const char *id);
// Connects a frontend; with a mux, the last connected has the focus first.
void chardev_connect(Chardev *c, const ChardevFrontend *f);
void chardev_write(Chardev *c, const void *buf, size_t len); // NULL c: discarded
// Bytes that can be written now without any being lost if the peer reads nothing.
size_t chardev_write_room(const Chardev *c);
// Lets the peer go, if it is one that can (a socket's); a server then waits for the next.
void chardev_disconnect(Chardev *c);
bool chardev_is_mux(const Chardev *c);
// The frontend can take more now.
void chardev_ready(Chardev *c);
// For the monitor and the gdb server. A mux keeps its focus; the user turns to it with Ctrl-A c.
void chardev_connect_behind(Chardev *c, const ChardevFrontend *f);
// False with *error if something uses it and it is no mux.
bool chardev_claim(Chardev *c, char **error);
// For a device's chardev= property: *c is the backend with that id, claimed; NULL if id is NULL.
// False with *error.
bool chardev_use(struct Machine *m, const char *id, Chardev **c, char **error);
// Each mux made by "mon:", before or after it has other frontends.
void chardev_each_monitored(struct Machine *m, void (*fn)(void *, Chardev *), void *opaque);
// Ends one (its peer is disconnected, its listener closed).
void chardev_close(Chardev *c);
typedef struct ChardevInfo {
    const char *id, *spec; // as it was asked for; a pty's says where it is
    const char *kind;
    bool mux, connected;
    unsigned users;
} ChardevInfo;
void chardev_each(struct Machine *m, void (*fn)(void *, const ChardevInfo *), void *opaque);
void chardev_print(struct Machine *m, void *file); // `info chardev`
void chardev_close_all(struct Machine *m);         // flushes; restores the terminal

// The n-th -serial's backend (NULL if none): boards connect their UARTs in order.
Chardev *chardev_serial(struct Machine *m, unsigned n);

#endif
