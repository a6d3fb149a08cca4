// Framebuffer updates: what changed for one client, and the pseudo-rectangles that tell it of size,
// cursor, pointer mode and LEDs.
#include "ui/vnc_internal.h"

#include <string.h>

#define BAND 64 // lines of a rectangle

enum {
    ENC_RAW = 0,
    ENC_ZRLE = 16,
    ENC_SIZE = -223,
    ENC_CURSOR = -239,
    ENC_POINTER_MODE = -257,
    ENC_EXT_KEY = -258,
    ENC_LEDS = -261,
    ENC_EXT_SIZE = -308,
    ENC_ALPHA_CURSOR = -314,
};

void vnc_damage(VncClient *c, const Rect *r)
{
    if (r->x < c->width && r->y < c->height && r->width && r->height) {
        Rect clipped = {r->x, r->y, MIN_OF(r->width, c->width - r->x),
                        MIN_OF(r->height, c->height - r->y)};
        damage_add(c->damage, &c->n_damage, &clipped);
    }
}

static void header(VncClient *c, unsigned x, unsigned y, unsigned width, unsigned height,
                   int32_t encoding)
{
    vnc_send_u16(c, x);
    vnc_send_u16(c, y);
    vnc_send_u16(c, width);
    vnc_send_u16(c, height);
    vnc_send_u32(c, (uint32_t)encoding);
}

// --- pseudo-rectangles: each returns how many it sent

static unsigned tell_size(VncClient *c)
{
    if (c->has & VNC_HAS_EXT_SIZE) {
        header(c, c->size_reason, c->size_status, c->width, c->height, ENC_EXT_SIZE);
        vnc_send_u32(c, 1u << 24); // one screen, which has it all
        vnc_send_u32(c, 0);
        vnc_send_u32(c, 0);
        vnc_send_u16(c, c->width);
        vnc_send_u16(c, c->height);
        vnc_send_u32(c, 0);
    } else if (c->has & VNC_HAS_SIZE) {
        header(c, 0, 0, c->width, c->height, ENC_SIZE);
    } else {
        return 0;
    }
    return 1;
}

static unsigned scaled(uint32_t argb, unsigned shift)
{
    return (argb >> shift & 0xff) * (argb >> 24) / 255;
}

static void alpha_cursor(VncClient *c, const ConsoleCursor *p)
{
    header(c, p->hot_x, p->hot_y, p->width, p->height, ENC_ALPHA_CURSOR);
    vnc_send_u32(c, ENC_RAW);
    for (unsigned i = 0; i < p->width * p->height; i++) {
        uint32_t v = p->argb[i];
        uint8_t rgba[4] = {(uint8_t)scaled(v, 16), (uint8_t)scaled(v, 8), (uint8_t)scaled(v, 0),
                           (uint8_t)(v >> 24)};
        vnc_send(c, rgba, 4);
    }
}

static void plain_cursor(VncClient *c, const ConsoleCursor *p)
{
    header(c, p->hot_x, p->hot_y, p->width, p->height, ENC_CURSOR);
    for (unsigned i = 0; i < p->width * p->height; i++) {
        uint8_t pixel[4];
        vnc_pixel(&c->format, p->argb[i], pixel);
        vnc_send(c, pixel, c->format.bytes);
    }
    for (unsigned y = 0; y < p->height; y++) {
        for (unsigned x = 0; x < p->width; x += 8) {
            unsigned bits = 0;
            for (unsigned i = 0; i < 8 && x + i < p->width; i++) {
                bits |= p->argb[y * p->width + x + i] >> 31 ? 0x80u >> i : 0;
            }
            vnc_send_u8(c, bits);
        }
    }
}

static unsigned tell_cursor(VncClient *c)
{
    Console *shown = c->s->d->view ? c->s->d->view->console : NULL;
    const ConsoleCursor *p = shown ? console_cursor(shown) : NULL;
    if (!p || !p->serial) {
        return 0; // it draws its pointer into the picture
    }
    ConsoleCursor none = {0};
    p = p->visible ? p : &none;
    if (c->has & VNC_HAS_ALPHA_CURSOR) {
        alpha_cursor(c, p);
    } else if (c->has & VNC_HAS_CURSOR) {
        plain_cursor(c, p);
    } else {
        return 0;
    }
    return 1;
}

static unsigned tell_pointer(VncClient *c)
{
    if (!(c->has & VNC_HAS_POINTER_MODE)) {
        return 0;
    }
    header(c, c->s->absolute, 0, c->width, c->height, ENC_POINTER_MODE);
    return 1;
}

static unsigned tell_ext_key(VncClient *c)
{
    if (!(c->has & VNC_HAS_EXT_KEY)) {
        return 0;
    }
    header(c, 0, 0, 0, 0, ENC_EXT_KEY);
    return 1;
}

static unsigned tell_leds(VncClient *c)
{
    if (!(c->has & VNC_HAS_LEDS)) {
        return 0;
    }
    header(c, 0, 0, 1, 1, ENC_LEDS);
    vnc_send_u8(c, c->s->leds & 7);
    return 1;
}

static unsigned tell(VncClient *c)
{
    static const struct {
        size_t flag;
        unsigned (*send)(VncClient *c);
    } rows[] = {
        {offsetof(VncClient, tell_ext_key), tell_ext_key},
        {offsetof(VncClient, tell_pointer), tell_pointer},
        {offsetof(VncClient, tell_leds), tell_leds},
        {offsetof(VncClient, tell_cursor), tell_cursor},
    };
    unsigned n = 0;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        bool *flag = (bool *)((char *)c + rows[i].flag);
        if (*flag) {
            *flag = false;
            n += rows[i].send(c);
        }
    }
    return n;
}

// --- pixels

static void rectangle(VncClient *c, const Surface *s, const Rect *r)
{
    bool zrle = c->has & VNC_HAS_ZRLE;
    header(c, r->x, r->y, r->width, r->height, zrle ? ENC_ZRLE : ENC_RAW);
    if (zrle) {
        vnc_encode_zrle(c, s, r);
    } else {
        vnc_encode_raw(c, s, r);
    }
}

// Bands of the damage until the update is big enough; the rest stays for the next.
static unsigned rectangles(VncClient *c, const Surface *s)
{
    unsigned n = 0;
    while (c->n_damage && c->out->len < VNC_UPDATE) {
        Rect *r = &c->damage[c->n_damage - 1];
        if (r->x >= s->width || r->y >= s->height) { // the picture got smaller
            c->n_damage--;
            continue;
        }
        Rect band = {r->x, r->y, MIN_OF(r->width, s->width - r->x),
                     MIN_OF(MIN_OF(r->height, (unsigned)BAND), s->height - r->y)};
        rectangle(c, s, &band);
        n++;
        if (r->height <= BAND) {
            c->n_damage--;
        } else {
            r->y += BAND;
            r->height -= BAND;
        }
    }
    return n;
}

static bool has_news(const VncClient *c)
{
    return c->n_damage || c->tell_size ||
           (c->tell_cursor && c->has & (VNC_HAS_CURSOR | VNC_HAS_ALPHA_CURSOR)) ||
           (c->tell_pointer && c->has & VNC_HAS_POINTER_MODE) ||
           (c->tell_leds && c->has & VNC_HAS_LEDS) || (c->tell_ext_key && c->has & VNC_HAS_EXT_KEY);
}

static guint begin(VncClient *c)
{
    guint at = c->out->len;
    vnc_send_u8(c, 0);
    vnc_send_u8(c, 0);
    vnc_send_u16(c, 0);
    return at;
}

static void end(VncClient *c, guint at, unsigned n)
{
    c->out->data[at + 2] = (uint8_t)(n >> 8);
    c->out->data[at + 3] = (uint8_t)n;
}

bool vnc_update(VncClient *c, const Surface *s)
{
    c->tell_size &= (c->has & (VNC_HAS_SIZE | VNC_HAS_EXT_SIZE)) != 0;
    if (c->state != VNC_RUNNING || !c->requested || c->out->len || c->ending || !has_news(c)) {
        return false;
    }
    c->requested = false;
    if (c->tell_size) {       // RFC 6143, 7.8.2: no pixels in the same update. They follow at once,
        c->tell_size = false; // for viewers that do not ask again
        guint at = begin(c);
        end(c, at, tell_size(c));
    }
    guint at = begin(c);
    unsigned n = tell(c);
    end(c, at, n + rectangles(c, s));
    vnc_flush(c);
    return true;
}
