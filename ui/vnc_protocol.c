// Handshake and messages of a client (RFC 6143, section 7). Pieces may come in any size; what has
// no end in sight (encodings, clipboard text) is taken as it comes.
#include "ui/vnc_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/log.h"

enum { SECURITY_NONE = 1, SECURITY_VNC = 2 };
enum { RESULT_OK, RESULT_FAILED };
enum {
    MSG_SET_FORMAT = 0,
    MSG_SET_ENCODINGS = 2,
    MSG_UPDATE_REQUEST = 3,
    MSG_KEY = 4,
    MSG_POINTER = 5,
    MSG_CUT_TEXT = 6,
    MSG_SET_DESKTOP_SIZE = 251,
    MSG_QEMU = 255,
};

static unsigned get16(const uint8_t *p)
{
    return (unsigned)p[0] << 8 | p[1];
}

static uint32_t get32(const uint8_t *p)
{
    return (uint32_t)get16(p) << 16 | get16(p + 2);
}

// --- handshake

void vnc_greet(VncClient *c)
{
    vnc_send(c, "RFB 003.008\n", 12);
}

static bool fail(VncClient *c, const char *reason)
{
    vnc_send_u32(c, RESULT_FAILED);
    if (c->minor >= 8) {
        vnc_send_u32(c, (uint32_t)strlen(reason));
        vnc_send(c, reason, strlen(reason));
    }
    c->ending = true;
    return true;
}

static void send_challenge(VncClient *c)
{
    for (unsigned i = 0; i < VNC_CHALLENGE; i += 4) {
        guint32 r = g_random_int();
        memcpy(c->challenge + i, &r, 4);
    }
    vnc_send(c, c->challenge, VNC_CHALLENGE);
    c->state = VNC_AUTH;
}

// 3.3 has one kind, chosen here; later versions a list of one.
static bool offer_security(VncClient *c)
{
    unsigned kind = c->s->needs_password ? SECURITY_VNC : SECURITY_NONE;
    if (c->minor >= 7) {
        vnc_send_u8(c, 1);
        vnc_send_u8(c, kind);
        c->state = VNC_SECURITY;
    } else {
        vnc_send_u32(c, kind);
        c->state = VNC_INIT;
        if (kind == SECURITY_VNC) {
            send_challenge(c);
        }
    }
    return true;
}

static bool take_version(VncClient *c, const uint8_t *p)
{
    char text[13] = {0};
    unsigned major, minor;
    memcpy(text, p, 12);
    if (sscanf(text, "RFB %3u.%3u", &major, &minor) != 2 || major != 3 || minor < 3) {
        return false;
    }
    c->minor = minor >= 8 ? 8 : minor == 7 ? 7 : 3; // RFC 6143, 7.1.1: others are 3.3
    return offer_security(c);
}

static bool take_security(VncClient *c, const uint8_t *p)
{
    if (p[0] != (c->s->needs_password ? SECURITY_VNC : SECURITY_NONE)) {
        return fail(c, "this security type was not offered");
    }
    if (c->s->needs_password) {
        send_challenge(c);
        return true;
    }
    if (c->minor >= 8) {
        vnc_send_u32(c, RESULT_OK);
    }
    c->state = VNC_INIT;
    return true;
}

static bool take_auth(VncClient *c, const uint8_t *p)
{
    const VncServer *s = c->s;
    if (!s->password || g_get_real_time() / G_USEC_PER_SEC >= s->expires) {
        return fail(c, s->password ? "the password has expired" : "no password is set");
    }
    vnc_encrypt_challenge(s->password, c->challenge);
    uint8_t differ = 0;
    for (unsigned i = 0; i < VNC_CHALLENGE; i++) {
        differ |= c->challenge[i] ^ p[i];
    }
    if (differ) {
        return fail(c, "wrong password");
    }
    vnc_send_u32(c, RESULT_OK);
    c->state = VNC_INIT;
    return true;
}

static bool take_init(VncClient *c, const uint8_t *p)
{
    VncServer *s = c->s;
    uint8_t format[16];
    if (!p[0] && s->share == VNC_SHARE_ALLOW_EXCLUSIVE) {
        vnc_make_exclusive(s, c);
    }
    vnc_default_format(&c->format);
    vnc_put_format(&c->format, format);
    char *name = g_strdup_printf("Mimus%s%s%s", s->d->name ? " (" : "",
                                 s->d->name ? s->d->name : "", s->d->name ? ")" : "");
    vnc_measure(s);
    c->width = s->width;
    c->height = s->height;
    vnc_send_u16(c, c->width);
    vnc_send_u16(c, c->height);
    vnc_send(c, format, sizeof format);
    vnc_send_u32(c, (uint32_t)strlen(name));
    vnc_send(c, name, strlen(name));
    g_free(name);
    c->state = VNC_RUNNING;
    display_wake(s->d);
    return true;
}

// --- messages; each gets all of its fixed part

// Viewers that know no true colour get a map with 3, 3 and 2 bits of red, green and blue.
static void send_colour_map(VncClient *c)
{
    vnc_send_u8(c, 1);
    vnc_send_u8(c, 0);
    vnc_send_u16(c, 0);
    vnc_send_u16(c, 256);
    for (unsigned i = 0; i < 256; i++) {
        vnc_send_u16(c, (i & 7) * 0xffff / 7);
        vnc_send_u16(c, (i >> 3 & 7) * 0xffff / 7);
        vnc_send_u16(c, (i >> 6 & 3) * 0xffff / 3);
    }
}

static bool set_format(VncClient *c, const uint8_t *p)
{
    bool map = false;
    if (!vnc_parse_format(&c->format, p + 4, &map)) {
        return false;
    }
    if (map) {
        send_colour_map(c);
    }
    return true;
}

static bool set_encodings(VncClient *c, const uint8_t *p)
{
    c->encodings_left = get16(p + 2);
    c->wanted = 0;
    if (!c->encodings_left) {
        c->has = 0;
    }
    return true;
}

static bool update_request(VncClient *c, const uint8_t *p)
{
    if (!p[1]) {
        Rect r = {get16(p + 2), get16(p + 4), get16(p + 6), get16(p + 8)};
        vnc_damage(c, &r);
    }
    if (c->n_damage || !c->requested) {
        display_wake(c->s->d);
    }
    c->requested = true;
    return true;
}

static bool key(VncClient *c, const uint8_t *p)
{
    vnc_key(c, p[1], get32(p + 4));
    return true;
}

static bool pointer(VncClient *c, const uint8_t *p)
{
    vnc_pointer(c, p[1], (int)get16(p + 2), (int)get16(p + 4));
    return true;
}

// A negative length is an extended clipboard message, which was not offered.
static bool cut_text(VncClient *c, const uint8_t *p)
{
    uint32_t len = get32(p + 4);
    c->skip = (int32_t)len < 0 ? 0 - len : len;
    return true;
}

static bool set_desktop_size(VncClient *c, const uint8_t *p)
{
    Console *shown = c->s->d->view ? c->s->d->view->console : NULL;
    unsigned width = get16(p + 2), height = get16(p + 4);
    bool takes = shown && console_takes_size(shown);
    bool fits = width && height && width <= SURFACE_MAX_SIDE && height <= SURFACE_MAX_SIDE;
    c->skip = p[6] * 16u;
    c->tell_size = true;
    c->size_reason = 1;                         // the client asked
    c->size_status = !takes ? 1 : fits ? 0 : 3; // prohibited, done, invalid
    if (takes && fits) {
        console_suggest_size(shown, width, height);
    }
    display_wake(c->s->d);
    return true;
}

static bool qemu_message(VncClient *c, const uint8_t *p)
{
    if (p[1] != 0) { // 1 is sound, which was not offered
        return false;
    }
    vnc_scancode(c, get16(p + 2) != 0, get32(p + 4), get32(p + 8));
    return true;
}

static const struct {
    uint8_t type;
    uint8_t size; // of the part that comes always
    bool (*take)(VncClient *c, const uint8_t *p);
} messages[] = {
    {MSG_SET_FORMAT, 20, set_format},
    {MSG_SET_ENCODINGS, 4, set_encodings},
    {MSG_UPDATE_REQUEST, 10, update_request},
    {MSG_KEY, 8, key},
    {MSG_POINTER, 6, pointer},
    {MSG_CUT_TEXT, 8, cut_text},
    {MSG_SET_DESKTOP_SIZE, 8, set_desktop_size},
    {MSG_QEMU, 12, qemu_message},
};

// --- encodings

static void take_encoding(VncClient *c, int32_t encoding)
{
    static const struct {
        int32_t encoding;
        unsigned has;
    } rows[] = {
        {16, VNC_HAS_ZRLE},     {-223, VNC_HAS_SIZE},         {-308, VNC_HAS_EXT_SIZE},
        {-239, VNC_HAS_CURSOR}, {-314, VNC_HAS_ALPHA_CURSOR}, {-258, VNC_HAS_EXT_KEY},
        {-261, VNC_HAS_LEDS},   {-257, VNC_HAS_POINTER_MODE},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        if (rows[i].encoding == encoding) {
            c->wanted |= rows[i].has;
        }
    }
    if (!--c->encodings_left) {
        c->has = c->wanted;
        vnc_first_update(c);
        display_wake(c->s->d);
    }
}

// --- taking apart

static bool take_message(VncClient *c, const uint8_t *p, size_t len, size_t *used)
{
    for (size_t i = 0; i < ARRAY_LEN(messages); i++) {
        if (messages[i].type == p[0]) {
            *used = len >= messages[i].size ? messages[i].size : 0;
            return !*used || messages[i].take(c, p);
        }
    }
    return false;
}

static bool take_handshake(VncClient *c, const uint8_t *p, size_t len, size_t *used)
{
    static const struct {
        uint8_t size;
        bool (*take)(VncClient *c, const uint8_t *p);
    } steps[] = {
        [VNC_VERSION] = {12, take_version},
        [VNC_SECURITY] = {1, take_security},
        [VNC_AUTH] = {VNC_CHALLENGE, take_auth},
        [VNC_INIT] = {1, take_init},
    };
    *used = len >= steps[c->state].size ? steps[c->state].size : 0;
    return !*used || steps[c->state].take(c, p);
}

// *used: 0 if the rest has to come first.
static bool take_some(VncClient *c, const uint8_t *p, size_t len, size_t *used)
{
    if (c->skip) {
        *used = MIN_OF(len, (size_t)c->skip);
        c->skip -= (uint32_t)*used;
        return true;
    }
    if (c->encodings_left) {
        *used = len >= 4 ? 4 : 0;
        if (*used) {
            take_encoding(c, (int32_t)get32(p));
        }
        return true;
    }
    return c->state == VNC_RUNNING ? take_message(c, p, len, used)
                                   : take_handshake(c, p, len, used);
}

bool vnc_take(VncClient *c, const uint8_t *bytes, size_t len)
{
    while (len) {
        size_t n = MIN_OF(len, sizeof c->in - c->in_len), done = 0, used = 1;
        memcpy(c->in + c->in_len, bytes, n);
        c->in_len += n;
        bytes += n;
        len -= n;
        while (used && done < c->in_len) {
            if (c->ending || !take_some(c, c->in + done, c->in_len - done, &used)) {
                return c->ending;
            }
            done += used;
        }
        memmove(c->in, c->in + done, c->in_len - done);
        c->in_len -= done;
    }
    return c->out->len <= VNC_OUTPUT;
}
