// Inside chardev/: what a backend implements, and the streams that most of them are.
//
//   host fd --stream.c--> chardev_input --mux.c: escapes--> slot of the frontend with the focus
//                                                             | direct: receive() at once
//                                                             v else
//                         frontend <-- slot queue <-- gate (delivered between turns)
//
// A slot's queue is emptied into the frontend only when the gate delivers and when the frontend
// says chardev_ready(): both are exact points of the machine's time. The host's side reads only
// what the queue has room for.
#ifndef CHARDEV_BACKEND_H
#define CHARDEV_BACKEND_H

#include <glib.h>
#include "chardev/chardev.h"
#include "replay/gate.h"
#include "util/keyval.h"

#define CHARDEV_QUEUE         4096       // bytes of input that wait for one frontend
#define CHARDEV_OUTPUT_QUEUE  (1u << 20) // bytes of output that wait for a slow peer
#define CHARDEV_MAX_FRONTENDS 4

typedef struct ChardevKind {
    const char *name;
    const char *const *keys; // of -chardev, besides the common ones; ended by NULL
    bool (*open)(Chardev *c, KeyVal *kv, char **error);
    void (*write)(Chardev *c, const uint8_t *buf, size_t len);
    void (*resume)(Chardev *c); // there is room for input again; NULL: no input
    void (*close)(Chardev *c);
} ChardevKind;

extern const ChardevKind chardev_null, chardev_stdio, chardev_file, chardev_serial_line,
    chardev_pipe, chardev_pty, chardev_socket, chardev_vc;

typedef struct ChardevSlot {
    Chardev *chardev;
    ChardevFrontend frontend;
    GateSource input, brk;
    char *input_name, *brk_name;
    size_t in_flight;  // in the gate
    GByteArray *queue; // out of the gate, not taken by the frontend
    bool draining;
} ChardevSlot;

struct Chardev {
    const ChardevKind *kind;
    void *state; // the backend's
    char *id;    // NULL: closed
    char *spec;  // for people, as QEMU names it: "unix:/tmp/x,server=on"
    ChardevSet *set;
    ChardevSlot *slot[CHARDEV_MAX_FRONTENDS];
    unsigned n_slots, focus;
    bool claimed;                // some -serial, -monitor, ... refers to it
    bool monitored;              // "mon:"
    bool mux;                    // several frontends, Ctrl-A escapes
    bool escape;                 // mux: Ctrl-A was typed
    bool timestamps, line_start; // mux: Ctrl-A t
    bool keep_reading;           // escapes must work even if nobody takes the input: excess is lost
    bool connected;
    struct Stream *stream; // where its output waits for the peer, or NULL
    int log_fd;            // logfile=, or -1
};

struct ChardevSet {
    struct Machine *machine; // NULL until attached
    GPtrArray *chardevs;     // Chardev *, owned
    char *label;             // id of the next one that has none, or NULL
    GPtrArray *serials;      // Chardev * or NULL, borrowed
};

// --- from backends
size_t chardev_room(const Chardev *c); // bytes that chardev_input would take now
void chardev_input(Chardev *c, const uint8_t *buf, size_t len);
void chardev_set_connected(Chardev *c, bool connected);
void chardev_break(Chardev *c); // to the frontend that has the focus

// --- chardev.c and mux.c
void chardev_output_moved(Chardev *c); // the peer took some of what waits
void chardev_slot_input(ChardevSlot *s, const uint8_t *buf, size_t len);
size_t chardev_slot_room(const ChardevSlot *s);
void chardev_output(Chardev *c, const uint8_t *buf, size_t len); // past the mux
void mux_input(Chardev *c, const uint8_t *buf, size_t len);
void mux_write(Chardev *c, const uint8_t *buf, size_t len);

// --- parse.c: backend kind and its keys, from any of the spellings. NULL with *error.
typedef struct ChardevSpec {
    const ChardevKind *kind;
    KeyVal *kv;
    char *id;
    bool monitored;
} ChardevSpec;
bool chardev_parse(const char *text, ChardevSpec *spec, char **error);
const ChardevKind *chardev_kind_find(const char *name, char **error);

// --- stream.c: non-blocking file descriptors with a bounded output queue
typedef struct Stream {
    Chardev *chardev;
    int in, out; // -1: closed. May be the same.
    guint in_watch, out_watch;
    GByteArray *queue;
    uint64_t lost;                                            // bytes that did not fit
    void (*hangup)(void *opaque);                             // the peer is gone: close the stream
    size_t (*filter)(void *opaque, uint8_t *buf, size_t len); // what is left of input; or NULL
    void *opaque;
} Stream;
void stream_init(Stream *s, Chardev *c, void (*hangup)(void *), void *opaque);
void stream_open(Stream *s, int in, int out); // makes them non-blocking
void stream_close(Stream *s);                 // closes the descriptors
void stream_write(Stream *s, const uint8_t *buf, size_t len);
void stream_resume(Stream *s);
void stream_flush(Stream *s, int timeout_ms);        // what the peer takes in that time
bool write_all(int fd, const void *buf, size_t len); // blocking, for files and terminals

#endif
