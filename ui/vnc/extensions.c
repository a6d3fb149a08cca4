// What QEMU's viewers know besides RFC 6143 and the library does not: keys by their place (-258),
// the keyboard's LEDs (-261), a pointer that moves relatively (-257). The viewer lists them among
// its encodings and is told by rectangles without pixels; keys come as messages of type 255.
#include "ui/vnc/internal.h"

#include <rfb/rfbregion.h>
#include <string.h>

enum { ENC_RAW = 0, ENC_POINTER = -257, ENC_KEYS = -258, ENC_LEDS = -261, ENC_CURSOR = -314 };
enum { MSG_QEMU = 255, QEMU_KEY = 0 };

static rfbBool enable(rfbClientPtr cl, void **data, int encoding)
{
    VncViewer *v = cl->clientData;
    unsigned e = encoding == ENC_POINTER  ? VNC_EXT_POINTER
                 : encoding == ENC_KEYS   ? VNC_EXT_KEYS
                 : encoding == ENC_LEDS   ? VNC_EXT_LEDS
                 : encoding == ENC_CURSOR ? VNC_EXT_CURSOR
                                          : 0;
    (void)data;
    v->extensions |= e;
    v->told &= ~e;
    if (e == VNC_EXT_CURSOR) { // it is not drawn into the picture
        cl->enableCursorShapeUpdates = TRUE;
    }
    return e != 0;
}

static uint32_t get32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static rfbBool message(rfbClientPtr cl, void *data, const rfbClientToServerMsg *msg)
{
    VncViewer *v = cl->clientData;
    uint8_t rest[11];
    (void)data;
    if (msg->type != MSG_QEMU) {
        return FALSE;
    }
    if (rfbReadExact(cl, (char *)rest, sizeof rest) <= 0 || rest[0] != QEMU_KEY) {
        v->why = "broke off in a message, or sent sound"; // which was not offered
        rfbCloseClient(cl);
        return TRUE;
    }
    vnc_push(v, (VncEvent){.kind = VNC_SCANCODE,
                           .flag = rest[1] || rest[2],
                           .value = get32(rest + 3),
                           .x = (int)MIN_OF(get32(rest + 7), UINT32_C(0xffff))});
    return TRUE;
}

static rfbBool everybody(rfbClientPtr cl, void **data)
{
    (void)cl;
    *data = NULL;
    return TRUE;
}

rfbProtocolExtension *vnc_extensions_add(void)
{
    rfbProtocolExtension *e = g_new0(rfbProtocolExtension, 1);
    e->newClient = everybody;
    e->enablePseudoEncoding = enable;
    e->handleMessage = message;
    rfbRegisterProtocolExtension(e);
    return e;
}

void vnc_extensions_remove(rfbProtocolExtension *e)
{
    e->next = NULL; // or those behind it went, too
    rfbUnregisterProtocolExtension(e);
    g_free(e);
}

// --- telling

static void put16(GByteArray *b, unsigned v)
{
    const uint8_t wire[] = {(uint8_t)(v >> 8), (uint8_t)v};
    g_byte_array_append(b, wire, sizeof wire);
}

static void header(GByteArray *b, unsigned x, unsigned y, unsigned width, unsigned height,
                   int encoding)
{
    put16(b, x);
    put16(b, y);
    put16(b, width);
    put16(b, height);
    put16(b, (uint32_t)encoding >> 16);
    put16(b, (uint32_t)encoding & 0xffff);
}

static unsigned scaled(uint32_t argb, unsigned shift)
{
    return (argb >> shift & 0xff) * (argb >> 24) / 255;
}

static void tell_keys(const VncViewer *v, GByteArray *b)
{
    (void)v;
    header(b, 0, 0, 0, 0, ENC_KEYS);
}

static void tell_pointer(const VncViewer *v, GByteArray *b)
{
    header(b, v->status.absolute, 0, (unsigned)v->screen->width, (unsigned)v->screen->height,
           ENC_POINTER);
}

static void tell_leds(const VncViewer *v, GByteArray *b)
{
    uint8_t leds = v->status.leds & 7;
    header(b, 0, 0, 1, 1, ENC_LEDS);
    g_byte_array_append(b, &leds, 1);
}

static void tell_cursor(const VncViewer *v, GByteArray *b)
{
    const VncCursor *c = &v->cursor;
    unsigned n = c->visible ? c->width * c->height : 0;
    header(b, n ? c->hot_x : 0, n ? c->hot_y : 0, n ? c->width : 0, n ? c->height : 0, ENC_CURSOR);
    put16(b, ENC_RAW);
    put16(b, ENC_RAW);
    for (unsigned i = 0; i < n; i++) { // alpha is multiplied in
        uint32_t p = c->argb[i];
        const uint8_t rgba[] = {(uint8_t)scaled(p, 16), (uint8_t)scaled(p, 8),
                                (uint8_t)scaled(p, 0), (uint8_t)(p >> 24)};
        g_byte_array_append(b, rgba, sizeof rgba);
    }
}

// Extensions that the viewer has and something new is to be said of.
static unsigned news(const VncViewer *v)
{
    unsigned changed = (v->status.absolute != v->told_absolute ? VNC_EXT_POINTER : 0) |
                       (v->status.leds != v->told_leds ? VNC_EXT_LEDS : 0) |
                       (v->cursor.serial != v->told_cursor ? VNC_EXT_CURSOR : 0);
    unsigned e = v->extensions & (~v->told | changed);
    return v->cursor.serial ? e : e & ~(unsigned)VNC_EXT_CURSOR; // the guest draws its own
}

void vnc_tell(VncViewer *v)
{
    static const struct {
        unsigned extension;
        void (*tell)(const VncViewer *v, GByteArray *b);
    } rows[] = {{VNC_EXT_KEYS, tell_keys},
                {VNC_EXT_POINTER, tell_pointer},
                {VNC_EXT_LEDS, tell_leds},
                {VNC_EXT_CURSOR, tell_cursor}};
    unsigned e = news(v);
    if (!e || sraRgnEmpty(v->cl->requestedRegion)) { // updates are for who asks
        return;
    }
    GByteArray *update = g_byte_array_new();
    put16(update, 0); // an update
    put16(update, (unsigned)__builtin_popcount(e));
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        if (e & rows[i].extension) {
            rows[i].tell(v, update);
        }
    }
    v->told |= e;
    v->told_absolute = v->status.absolute;
    v->told_leds = v->status.leds;
    v->told_cursor = v->cursor.serial;
    if (rfbWriteExact(v->cl, (const char *)update->data, (int)update->len) < 0) {
        rfbCloseClient(v->cl);
    }
    g_byte_array_free(update, TRUE);
}
