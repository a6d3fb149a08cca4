// A viewer's session, in its thread: a screen of the library's with one client. The library reads a
// message when one is there, and calls back; it writes an update when something changed. Only the
// messages named here get to it: not its file transfer, chat, scaling and clipboard.
#include "ui/vnc/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <rfb/rfbregion.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <unistd.h>

#define UPDATE_US 5000 // from one update to the next, at least

enum { MSG_CUT_TEXT = 6, MSG_QEMU = 255 };

void vnc_set_format(rfbScreenInfoPtr screen)
{
    screen->serverFormat.depth = 24;
    screen->serverFormat.redShift = 16;
    screen->serverFormat.greenShift = 8;
    screen->serverFormat.blueShift = 0;
}

// --- called by the library

static void key(rfbBool down, rfbKeySym keysym, rfbClientPtr cl)
{
    vnc_push(cl->clientData, (VncEvent){.kind = VNC_KEY, .flag = down, .value = keysym});
}

static void pointer(int buttons, int x, int y, rfbClientPtr cl)
{
    VncViewer *v = cl->clientData;
    vnc_push(v, (VncEvent){.kind = VNC_POINTER,
                           .flag = v->extensions & VNC_EXT_POINTER,
                           .value = (uint32_t)buttons,
                           .x = x,
                           .y = y});
}

static int want_size(int width, int height, int n, rfbExtDesktopScreen *screens, rfbClientPtr cl)
{
    VncViewer *v = cl->clientData;
    (void)n;
    (void)screens;
    if (!v->status.takes_size) {
        return rfbExtDesktopSize_ResizeProhibited;
    }
    if (width <= 0 || height <= 0 || width > VNC_MAX_SIDE || height > VNC_MAX_SIDE) {
        return rfbExtDesktopSize_InvalidScreenLayout;
    }
    vnc_push(v, (VncEvent){.kind = VNC_SIZE, .x = width, .y = height});
    cl->newFBSizePending = TRUE; // answered now; the guest may follow later, or not
    return rfbExtDesktopSize_Success;
}

// Nothing is to be left of what was asked for: the library divides by sides of rectangles.
static void asked(rfbClientPtr cl, rfbFramebufferUpdateRequestMsg *m)
{
    if (!m->w || !m->h) {
        m->x = m->y = 0;
        m->w = m->h = 1;
    }
    (void)cl;
}

// A guest that never had a pointer shape draws its own; its viewers keep theirs. Those that know
// alpha were told by vnc_tell.
static void before_update(rfbClientPtr cl)
{
    VncViewer *v = cl->clientData;
    if (!v->cursor.serial || v->extensions & VNC_EXT_CURSOR) {
        cl->cursorWasChanged = FALSE;
    }
}

static rfbBool set_translation(rfbClientPtr cl)
{
    VncViewer *v = cl->clientData;
    const rfbPixelFormat *f = &cl->format;
    bool known = f->bitsPerPixel == 8 || f->bitsPerPixel == 16 || f->bitsPerPixel == 32;
    if (!known ||
        (f->trueColour && (f->redShift > 31 || f->greenShift > 31 || f->blueShift > 31))) {
        v->why = "wants pixels of a kind that there is not";
        rfbCloseClient(cl);
        return FALSE;
    }
    return rfbSetTranslateFunction(cl);
}

// What there is besides the client stays until vnc_session ends.
static void gone(rfbClientPtr cl)
{
    while (cl->extensions) { // the library forgets them
        rfbExtensionData *next = cl->extensions->next;
        free(cl->extensions);
        cl->extensions = next;
    }
}

// --- opening

// The library sets up its list of clients, which is one for all screens, anew with each screen. So
// one is made, before there are viewers, and theirs are copies.
static void make_screen(VncViewer *v)
{
    rfbScreenInfoPtr s = calloc(1, sizeof *s); // the library frees it
    *s = *v->s->screen;
    pthread_mutex_init(&s->cursorMutex, NULL);
    s->screenData = v;
    s->desktopName = v->s->name;
    s->cursor = NULL;
    s->alwaysShared = TRUE; // who may stay is for viewer.c to say
    s->deferUpdateTime = s->deferPtrUpdateTime = 0;
    s->maxClientWait = VNC_WAIT_MS;
    s->permitFileTransfer = FALSE;
    s->kbdAddEvent = key;
    s->ptrAddEvent = pointer;
    s->setDesktopSizeHook = want_size;
    s->displayHook = before_update;
    s->setTranslateFunction = set_translation;
    v->screen = s;
}

// The library begins by waiting whether the peer speaks first, for WebSockets and TLS. So it begins
// with a socket on which somebody does, whose number then becomes the viewer's. What it says there
// (its greeting) nobody reads.
static rfbClientPtr make_client(VncViewer *v)
{
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair)) {
        return NULL;
    }
    rfbClientPtr cl = NULL;
    bool ok = pair[0] < FD_SETSIZE && write(pair[1], "RFB ", 4) == 4;
    if (!ok) {
        close(pair[0]);
    } else {
        cl = rfbNewClient(v->screen, pair[0]);
    }
    if (cl && dup2(v->fd, pair[0]) < 0) {
        rfbClientConnectionGone(cl);
        cl = NULL;
    }
    if (cl) {
        fcntl(pair[0], F_SETFD, FD_CLOEXEC);
    }
    close(pair[1]);
    return cl;
}

static bool open_session(VncViewer *v)
{
    make_screen(v);
    vnc_take(v);
    rfbClientPtr cl = v->frame ? make_client(v) : NULL;
    if (!cl) {
        v->why = v->why ? v->why : "there are no file descriptors left";
        return false;
    }
    cl->clientData = v;
    cl->clientGoneHook = gone;
    cl->clientFramebufferUpdateRequestHook = asked;
    cl->protocolMajorVersion = 3;
    cl->protocolMinorVersion = (int)v->minor;
    cl->state = RFB_INITIALISATION;
    v->cl = cl;
    return true;
}

// --- messages

static void refuse(VncViewer *v, const char *why)
{
    v->why = why;
    rfbCloseClient(v->cl);
}

// Clipboard text goes nowhere. A negative length is an extended message.
static void skip_text(VncViewer *v)
{
    uint8_t head[8];
    if (rfbReadExact(v->cl, (char *)head, sizeof head) <= 0) {
        refuse(v, "broke off in a message");
        return;
    }
    int32_t len = (int32_t)((uint32_t)head[4] << 24 | (uint32_t)head[5] << 16 |
                            (uint32_t)head[6] << 8 | head[7]);
    v->skip = len < 0 ? 0 - (uint64_t)(int64_t)len : (uint64_t)len;
}

static void skip_some(VncViewer *v)
{
    uint8_t buf[4096];
    ssize_t n = recv(v->cl->sock, buf, MIN_OF(sizeof buf, (size_t)v->skip), MSG_DONTWAIT);
    if (n > 0) {
        v->skip -= (uint64_t)n;
    } else if (n == 0 || (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR)) {
        refuse(v, "hung up");
    }
}

static void normal_message(VncViewer *v, uint8_t type)
{
    switch (type) {
    case MSG_CUT_TEXT:
        skip_text(v);
        break;
    case rfbSetEncodings:
        v->extensions = 0; // it lists all that it knows
        rfbProcessClientMessage(v->cl);
        break;
    case rfbSetPixelFormat:
    case rfbFramebufferUpdateRequest:
    case rfbKeyEvent:
    case rfbPointerEvent:
    case rfbSetDesktopSize:
    case MSG_QEMU:
        rfbProcessClientMessage(v->cl);
        break;
    default:
        refuse(v, "sent a message of a kind that was not offered");
    }
}

static void take_message(VncViewer *v)
{
    uint8_t first;
    ssize_t n = recv(v->cl->sock, &first, 1, MSG_PEEK | MSG_DONTWAIT);
    if (v->skip) {
        skip_some(v);
    } else if (n == 1 && v->cl->state == RFB_NORMAL) {
        normal_message(v, first);
    } else if (n == 1) {
        rfbProcessClientMessage(v->cl);
        if (v->cl->sock >= 0 && v->cl->state == RFB_NORMAL) {
            vnc_push(v, (VncEvent){.kind = VNC_JOINED, .flag = first});
        }
    } else if (n == 0 || (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR)) {
        refuse(v, "hung up");
    }
}

// --- updates

static bool wanted(const rfbClientRec *cl)
{
    return cl->sock >= 0 && FB_UPDATE_PENDING(cl) && !sraRgnEmpty(cl->requestedRegion);
}

// The first may be one that tells the size alone.
static void update(VncViewer *v)
{
    gint64 now = g_get_monotonic_time();
    v->late = false;
    if (v->cl->sock < 0 || v->cl->state != RFB_NORMAL) {
        return;
    }
    vnc_tell(v);
    if (wanted(v->cl) && now < v->next_update) {
        v->late = true;
        return;
    }
    for (unsigned i = 0; i < 2 && wanted(v->cl); i++) {
        rfbUpdateClient(v->cl);
        v->next_update = now + UPDATE_US;
    }
}

// --- the loop

static int patience(const VncViewer *v, gint64 now)
{
    gint64 until = v->late ? v->next_update : v->born + VNC_HANDSHAKE_US;
    if (!v->late && v->cl->state == RFB_NORMAL) {
        return -1;
    }
    return until > now ? (int)((until - now) / 1000) + 1 : 0;
}

static void turn(VncViewer *v)
{
    struct pollfd fds[] = {{.fd = v->cl->sock, .events = POLLIN},
                           {.fd = v->wake, .events = POLLIN}};
    int n = poll(fds, ARRAY_LEN(fds), patience(v, g_get_monotonic_time()));
    eventfd_t calls;
    if (!n && v->cl->state != RFB_NORMAL) {
        refuse(v, "did not say how it wants to share the screen in time");
        return;
    }
    if (n > 0 && fds[1].revents) {
        eventfd_read(v->wake, &calls);
        vnc_take(v);
    }
    if (n > 0 && fds[0].revents && v->cl->sock >= 0) {
        take_message(v);
    }
    update(v);
}

void vnc_session(VncViewer *v)
{
    bool ok = open_session(v);
    while (ok && v->cl->sock >= 0 && !vnc_is_ending(v)) {
        turn(v);
    }
    if (!v->why) {
        v->why = vnc_is_ending(v) ? "sent away" : "hung up, or took nothing for too long";
    }
    if (v->cl) { // the screen's end would forget one that is closed
        rfbClientConnectionGone(v->cl);
    }
    rfbScreenCleanup(v->screen);
    g_free(v->frame);
    v->screen = NULL;
    v->cl = NULL;
    v->frame = NULL;
}
