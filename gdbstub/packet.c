#include "gdbstub/packet.h"

#include <string.h>

void gdb_parser_init(GdbParser *p)
{
    p->state = GDB_IDLE;
    p->len = 0;
}

int gdb_hex_digit(uint8_t c)
{
    return g_ascii_xdigit_value((char)c);
}

static GdbEvent idle(GdbParser *p, uint8_t byte)
{
    switch (byte) {
    case '$':
        p->state = GDB_DATA;
        p->len = 0;
        p->sum = 0;
        p->overflow = false;
        return GDB_NOTHING;
    case 3:
        return GDB_INTERRUPT;
    case '+':
        return GDB_ACK;
    case '-':
        return GDB_NAK;
    default:
        return GDB_NOTHING; // noise between packets
    }
}

static void store(GdbParser *p, uint8_t byte)
{
    if (p->len == GDB_MAX_PACKET) {
        p->overflow = true;
    } else {
        p->payload[p->len++] = byte;
    }
}

static GdbEvent data(GdbParser *p, uint8_t byte)
{
    if (byte == '$') { // the start of a new packet: the last one was cut off
        return idle(p, byte);
    }
    if (byte == '#') {
        p->state = GDB_SUM_1;
        return GDB_NOTHING;
    }
    p->sum = (uint8_t)(p->sum + byte);
    if (byte == '}') {
        p->state = GDB_ESCAPED;
    } else {
        store(p, byte);
    }
    return GDB_NOTHING;
}

static GdbEvent finish(GdbParser *p, int digit)
{
    p->state = GDB_IDLE;
    p->payload[p->len] = 0;
    if (p->overflow) {
        return GDB_TOO_LONG;
    }
    bool good = digit >= 0 && !p->bad_digit && (p->expected << 4 | digit) == p->sum;
    return good ? GDB_PACKET : GDB_BAD;
}

GdbEvent gdb_parser_feed(GdbParser *p, uint8_t byte)
{
    switch (p->state) {
    case GDB_IDLE:
        return idle(p, byte);
    case GDB_DATA:
        return data(p, byte);
    case GDB_ESCAPED:
        p->sum = (uint8_t)(p->sum + byte);
        store(p, byte ^ 0x20);
        p->state = GDB_DATA;
        return GDB_NOTHING;
    case GDB_SUM_1:
        p->bad_digit = gdb_hex_digit(byte) < 0;
        p->expected = (uint8_t)(p->bad_digit ? 0 : gdb_hex_digit(byte));
        p->state = GDB_SUM_2;
        return GDB_NOTHING;
    case GDB_SUM_2:
        return finish(p, gdb_hex_digit(byte));
    }
    return GDB_NOTHING;
}

// '*' would start a run-length count in what we send.
void gdb_frame(GByteArray *out, const void *payload, size_t len)
{
    const uint8_t *p = payload;
    uint8_t sum = 0;
    g_byte_array_append(out, (const uint8_t *)"$", 1);
    for (size_t i = 0; i < len; i++) {
        uint8_t pair[2] = {'}', p[i] ^ 0x20};
        bool special = p[i] == '$' || p[i] == '#' || p[i] == '}' || p[i] == '*';
        const uint8_t *from = special ? pair : p + i;
        size_t n = special ? 2 : 1;
        for (size_t j = 0; j < n; j++) {
            sum = (uint8_t)(sum + from[j]);
        }
        g_byte_array_append(out, from, (guint)n);
    }
    char tail[4];
    g_snprintf(tail, sizeof(tail), "#%02x", sum);
    g_byte_array_append(out, (const uint8_t *)tail, 3);
}

void gdb_append_hex(GString *out, const void *bytes, size_t len)
{
    const uint8_t *p = bytes;
    for (size_t i = 0; i < len; i++) {
        g_string_append_printf(out, "%02x", p[i]);
    }
}

size_t gdb_decode_hex(const char *text, size_t len, uint8_t *out, size_t max)
{
    size_t n = 0;
    for (; n < max && 2 * n + 1 < len; n++) {
        int hi = gdb_hex_digit((uint8_t)text[2 * n]), lo = gdb_hex_digit((uint8_t)text[2 * n + 1]);
        if (hi < 0 || lo < 0) {
            break;
        }
        out[n] = (uint8_t)(hi << 4 | lo);
    }
    return n;
}
