// What QEMU's viewers know besides RFC 6143 and the library does not: keys by their place (-258),
// the keyboard's LEDs (-261), a pointer that moves relatively (-257). The viewer lists them among
// its encodings and is told by rectangles without pixels; keys come as messages of type 255.
#include "ui/vnc/internal.h"

#include <rfb/rfbregion.h>
#include <string.h>

enum { ENC_POINTER = -257, ENC_KEYS = -258, ENC_LEDS = -261 };
enum { MSG_QEMU = 255, QEMU_KEY = 0 };

#define HEADER 12 // of a rectangle

static rfbBool enable(rfbClientPtr cl, void **data, int encoding)
{
    VncViewer *v = cl->clientData;
    unsigned e = encoding == ENC_POINTER ? VNC_EXT_POINTER
                 : encoding == ENC_KEYS  ? VNC_EXT_KEYS
                 : encoding == ENC_LEDS  ? VNC_EXT_LEDS
                                         : 0;
    (void)data;
    v->extensions |= e;
    v->told &= ~e;
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

static uint8_t *put16(uint8_t *p, unsigned v)
{
    *p++ = (uint8_t)(v >> 8);
    *p++ = (uint8_t)v;
    return p;
}

static uint8_t *header(uint8_t *p, unsigned x, unsigned width, unsigned height, int encoding)
{
    p = put16(put16(p, x), 0);
    p = put16(put16(p, width), height);
    return put16(put16(p, (uint32_t)encoding >> 16), (uint32_t)encoding & 0xffff);
}

// Extensions that the viewer has and something new is to be said of.
static unsigned news(const VncViewer *v)
{
    unsigned e = v->extensions & ~v->told;
    e |= v->status.absolute != v->told_absolute ? v->extensions & VNC_EXT_POINTER : 0;
    return e | (v->status.leds != v->told_leds ? v->extensions & VNC_EXT_LEDS : 0);
}

void vnc_tell(VncViewer *v)
{
    uint8_t update[4 + 3 * HEADER + 1] = {0}, *p = update + 4;
    unsigned e = news(v);
    if (!e || sraRgnEmpty(v->cl->requestedRegion)) { // updates are for who asks
        return;
    }
    if (e & VNC_EXT_KEYS) {
        p = header(p, 0, 0, 0, ENC_KEYS);
    }
    if (e & VNC_EXT_POINTER) {
        p = header(p, v->status.absolute, (unsigned)v->screen->width, (unsigned)v->screen->height,
                   ENC_POINTER);
    }
    if (e & VNC_EXT_LEDS) {
        p = header(p, 0, 1, 1, ENC_LEDS);
        *p++ = v->status.leds & 7;
    }
    put16(update + 2, (unsigned)__builtin_popcount(e));
    v->told |= e;
    v->told_absolute = v->status.absolute;
    v->told_leds = v->status.leds;
    if (rfbWriteExact(v->cl, (const char *)update, (int)(p - update)) < 0) {
        rfbCloseClient(v->cl);
    }
}
