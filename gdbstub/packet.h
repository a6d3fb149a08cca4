// gdb's packet framing: $payload#checksum, '}' escapes, acknowledgements, the interrupt byte.
// Knows nothing of the machine: bytes in, events out.
#ifndef GDBSTUB_PACKET_H
#define GDBSTUB_PACKET_H

#include <glib.h>
#include "util/bits.h"

#define GDB_MAX_PACKET 0x4000 // bytes of payload, either way

typedef enum GdbEvent {
    GDB_NOTHING,
    GDB_PACKET,    // payload[0..len) is complete, checked and unescaped; payload[len] is 0
    GDB_INTERRUPT, // Ctrl-C
    GDB_ACK,
    GDB_NAK,
    GDB_BAD,      // wrong checksum: ask for it again
    GDB_TOO_LONG, // dropped
} GdbEvent;

typedef struct GdbParser {
    enum { GDB_IDLE, GDB_DATA, GDB_ESCAPED, GDB_SUM_1, GDB_SUM_2 } state;
    uint8_t sum;      // of the bytes so far
    uint8_t expected; // high digit of the checksum sent
    bool bad_digit, overflow;
    size_t len;
    uint8_t payload[GDB_MAX_PACKET + 1];
} GdbParser;

void gdb_parser_init(GdbParser *p);
GdbEvent gdb_parser_feed(GdbParser *p, uint8_t byte);

// Appends the framed and escaped form of a payload.
void gdb_frame(GByteArray *out, const void *payload, size_t len);

int gdb_hex_digit(uint8_t c); // -1 if it is none
void gdb_append_hex(GString *out, const void *bytes, size_t len);
// Bytes decoded, at most max; stops at the first thing that is no pair of digits.
size_t gdb_decode_hex(const char *text, size_t len, uint8_t *out, size_t max);

#endif
