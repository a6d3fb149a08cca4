#include "chardev/telnet.h"

// RFC 854; the options: RFC 856 (binary), 857 (echo), 858 (suppress go-ahead).
enum {
    CMD_SE = 240,
    CMD_BREAK = 243,
    CMD_SB = 250,
    CMD_WILL = 251,
    CMD_DO = 253,
    CMD_DONT = 254,
    CMD_IAC = 255,
    OPT_BINARY = 0,
    OPT_ECHO = 1,
    OPT_NO_GO_AHEAD = 3,
};

enum { DATA, COMMAND, OPTION, SUBOPTION, SUBOPTION_COMMAND };

const uint8_t telnet_greeting[12] = {
    CMD_IAC, CMD_WILL, OPT_ECHO,   CMD_IAC, CMD_WILL, OPT_NO_GO_AHEAD,
    CMD_IAC, CMD_WILL, OPT_BINARY, CMD_IAC, CMD_DO,   OPT_BINARY,
};

// What the peer agrees to or refuses changes nothing here, so options are not answered.
static uint8_t after_command(Telnet *t, uint8_t byte)
{
    t->brk |= byte == CMD_BREAK;
    return byte == CMD_SB ? SUBOPTION : byte >= CMD_WILL && byte <= CMD_DONT ? OPTION : DATA;
}

// True: the byte is the user's.
static bool step(Telnet *t, uint8_t byte)
{
    switch (t->state) {
    case COMMAND:
        if (byte == CMD_IAC) {
            t->state = DATA;
            return true;
        }
        t->state = after_command(t, byte);
        return false;
    case OPTION:
        t->state = DATA;
        return false;
    case SUBOPTION:
        t->state = byte == CMD_IAC ? SUBOPTION_COMMAND : SUBOPTION;
        return false;
    case SUBOPTION_COMMAND:
        t->state = byte == CMD_SE ? DATA : SUBOPTION;
        return false;
    default:
        t->state = byte == CMD_IAC ? COMMAND : DATA;
        return byte != CMD_IAC;
    }
}

size_t telnet_input(Telnet *t, uint8_t *buf, size_t len)
{
    size_t n = 0;
    for (size_t i = 0; i < len; i++) {
        uint8_t byte = buf[i];
        if (!step(t, byte)) {
            continue;
        }
        bool padding = t->cr && byte == 0; // CR NUL is how clients that are not binary send CR
        t->cr = byte == '\r';
        if (!padding) {
            buf[n++] = byte;
        }
    }
    return n;
}

size_t telnet_output(const uint8_t *buf, size_t len, uint8_t *out)
{
    size_t n = 0;
    for (size_t i = 0; i < len; i++) {
        out[n++] = buf[i];
        if (buf[i] == CMD_IAC) {
            out[n++] = CMD_IAC;
        }
    }
    return n;
}
