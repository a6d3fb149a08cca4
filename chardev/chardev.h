// Character backends: stdio, null, file, pty, tcp, unix socket, mux. A device (the frontend) connects
// to one; output goes at once, input arrives through the gate (replay/gate.h).
#ifndef CHARDEV_CHARDEV_H
#define CHARDEV_CHARDEV_H

#include "util/bits.h"

struct Machine;
typedef struct Chardev Chardev;

typedef struct ChardevFrontend {
    // How many bytes the frontend can take now; input waits in the host otherwise.
    size_t (*can_receive)(void *opaque);
    void (*receive)(void *opaque, const uint8_t *buf, size_t len);
    void (*connected)(void *opaque, bool connected); // may be NULL
    void *opaque;
} ChardevFrontend;

// Parses "stdio", "null", "file:PATH", "pty", "tcp:HOST:PORT[,server=on][,wait=off]", "unix:PATH...",
// "mon:stdio", "chardev:ID", or (-chardev) "BACKEND,id=ID,key=value". NULL with *error.
Chardev *chardev_open(struct Machine *m, const char *spec, char **error);
Chardev *chardev_find(struct Machine *m, const char *id);
// Connects a frontend; with a mux, the last connected has the focus first.
void chardev_connect(Chardev *c, const ChardevFrontend *f);
void chardev_write(Chardev *c, const void *buf, size_t len); // NULL c: discarded
// The frontend can take more now.
void chardev_ready(Chardev *c);
void chardev_close_all(struct Machine *m); // flushes; restores the terminal

// The n-th -serial's backend (NULL if none): boards connect their UARTs in order.
Chardev *chardev_serial(struct Machine *m, unsigned n);

#endif
