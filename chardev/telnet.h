// Inside chardev/: the telnet protocol (RFC 854) on a socket, as far as a character terminal needs
// it.
#ifndef CHARDEV_TELNET_H
#define CHARDEV_TELNET_H

#include "util/bits.h"

typedef struct Telnet {
    uint8_t state; // of the command under way
    bool cr;       // the last byte was a CR
    bool brk;      // a BREAK came: the reader takes it back
} Telnet;

// What a server says first: it echoes, there are no lines, all bytes count.
extern const uint8_t telnet_greeting[12];

// Takes commands out of what came from the peer; returns how much is left, at the start of buf.
size_t telnet_input(Telnet *t, uint8_t *buf, size_t len);
// Bytes that are commands to the peer are doubled. out has room for 2 * len; returns how much it
// is.
size_t telnet_output(const uint8_t *buf, size_t len, uint8_t *out);

#endif
