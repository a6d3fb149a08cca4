// A viewer's connection. Reading stops for a moment after each piece, so that a flood leaves the
// main loop; writing goes on when the socket takes more. Nothing waits.
#include "ui/vnc_internal.h"

#include <errno.h>
#include <glib-unix.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define PAUSE_MS 2

// --- output

void vnc_send(VncClient *c, const void *bytes, size_t len)
{
    if (!c->ending) {
        g_byte_array_append(c->out, bytes, (guint)len);
    }
}

void vnc_send_u8(VncClient *c, unsigned v)
{
    uint8_t b = (uint8_t)v;
    vnc_send(c, &b, 1);
}

void vnc_send_u16(VncClient *c, unsigned v)
{
    uint8_t b[2] = {(uint8_t)(v >> 8), (uint8_t)v};
    vnc_send(c, b, sizeof b);
}

void vnc_send_u32(VncClient *c, uint32_t v)
{
    uint8_t b[4] = {(uint8_t)(v >> 24), (uint8_t)(v >> 16), (uint8_t)(v >> 8), (uint8_t)v};
    vnc_send(c, b, sizeof b);
}

// True if there is no client any more.
static bool finish(VncClient *c)
{
    if (c->ending && !c->out->len) {
        vnc_client_free(c);
        return true;
    }
    return false;
}

static gboolean writable(gint fd, GIOCondition cond, gpointer opaque)
{
    VncClient *c = opaque;
    (void)fd;
    (void)cond;
    c->out_watch = 0;
    vnc_flush(c);
    finish(c);
    return G_SOURCE_REMOVE;
}

void vnc_flush(VncClient *c)
{
    size_t done = 0;
    if (c->fd < 0) {
        return;
    }
    while (done < c->out->len) {
        ssize_t n =
            send(c->fd, c->out->data + done, c->out->len - done, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (n > 0) {
            done += (size_t)n;
        } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
            break;
        } else if (errno != EINTR) { // gone: there is nobody to tell
            done = c->out->len;
            c->ending = true;
        }
    }
    g_byte_array_remove_range(c->out, 0, (guint)done);
    if (c->out->len && !c->out_watch) {
        c->out_watch = g_unix_fd_add(c->fd, G_IO_OUT | G_IO_HUP | G_IO_ERR, writable, c);
    }
}

// --- input

static gboolean readable(gint fd, GIOCondition cond, gpointer opaque);

static void watch(VncClient *c)
{
    c->in_watch = g_unix_fd_add(c->fd, G_IO_IN | G_IO_HUP | G_IO_ERR, readable, c);
}

static gboolean pause_over(gpointer opaque)
{
    VncClient *c = opaque;
    c->pause = 0;
    watch(c);
    return G_SOURCE_REMOVE;
}

static gboolean readable(gint fd, GIOCondition cond, gpointer opaque)
{
    VncClient *c = opaque;
    uint8_t buf[VNC_INPUT];
    (void)cond;
    c->in_watch = 0;
    ssize_t n = recv(fd, buf, sizeof buf, MSG_DONTWAIT);
    bool later = n < 0 && (errno == EINTR || errno == EAGAIN || errno == EWOULDBLOCK);
    if (!later && (n <= 0 || !vnc_take(c, buf, (size_t)n))) {
        vnc_client_free(c);
        return G_SOURCE_REMOVE;
    }
    vnc_flush(c);
    if (!finish(c)) {
        c->pause = g_timeout_add(PAUSE_MS, pause_over, c);
    }
    return G_SOURCE_REMOVE;
}

// --- coming and going

VncClient *vnc_client_new(VncServer *s, int fd, VncPeer peer)
{
    VncClient *c = g_new0(VncClient, 1);
    c->s = s;
    c->fd = fd;
    c->peer = peer;
    c->born = g_get_monotonic_time();
    c->out = g_byte_array_new();
    c->tile = g_byte_array_new();
    vnc_default_format(&c->format);
    g_ptr_array_add(s->clients, c);
    vnc_greet(c);
    if (fd >= 0) {
        watch(c);
        vnc_flush(c);
    }
    return c;
}

static void drop_source(guint id)
{
    if (id) {
        g_source_remove(id);
    }
}

void vnc_client_free(VncClient *c)
{
    g_ptr_array_remove(c->s->clients, c);
    drop_source(c->in_watch);
    drop_source(c->out_watch);
    drop_source(c->pause);
    if (c->state == VNC_RUNNING) { // what it held down, nobody else lets go
        display_release_all(c->s->d);
    }
    if (c->fd >= 0) {
        close(c->fd);
    }
    if (c->zip_open) {
        deflateEnd(&c->zip);
    }
    g_byte_array_free(c->out, TRUE);
    g_byte_array_free(c->tile, TRUE);
    g_free(c->peer.host);
    g_free(c->peer.service);
    g_free(c);
}
