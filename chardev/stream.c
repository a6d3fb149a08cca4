// Non-blocking descriptors. What a slow peer does not take waits in a bounded queue; when that is
// full, output is lost, but the machine goes on.
#include <errno.h>
#include <glib-unix.h>
#include <poll.h>
#include <unistd.h>

#include "chardev/backend.h"

void stream_init(Stream *s, Chardev *c, void (*hangup)(void *), void *opaque)
{
    *s = (Stream){.chardev = c, .in = -1, .out = -1, .hangup = hangup, .opaque = opaque};
    s->queue = g_byte_array_new();
    c->stream = s;
}

static gboolean readable(gint fd, GIOCondition cond, gpointer opaque)
{
    Stream *s = opaque;
    uint8_t buf[4096];
    size_t room = MIN_OF(chardev_room(s->chardev), sizeof(buf));
    (void)cond;
    if (!room) {
        s->in_watch = 0;
        return G_SOURCE_REMOVE;
    }
    ssize_t n = read(fd, buf, room);
    if (n > 0) {
        size_t len = s->filter ? s->filter(s->opaque, buf, (size_t)n) : (size_t)n;
        if (len) {
            chardev_input(s->chardev, buf, len);
        }
        return s->in_watch ? G_SOURCE_CONTINUE : G_SOURCE_REMOVE;
    }
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
        return G_SOURCE_CONTINUE;
    }
    s->in_watch = 0;
    s->hangup(s->opaque);
    return G_SOURCE_REMOVE;
}

void stream_resume(Stream *s)
{
    if (s->in >= 0 && !s->in_watch && chardev_room(s->chardev)) {
        s->in_watch = g_unix_fd_add(s->in, G_IO_IN | G_IO_HUP | G_IO_ERR, readable, s);
    }
}

void stream_open(Stream *s, int in, int out)
{
    s->in = in;
    s->out = out;
    g_byte_array_set_size(s->queue, 0);
    if (in >= 0) {
        g_unix_set_fd_nonblocking(in, TRUE, NULL);
    }
    if (out >= 0 && out != in) {
        g_unix_set_fd_nonblocking(out, TRUE, NULL);
    }
    stream_resume(s);
}

static void unwatch(guint *watch)
{
    if (*watch) {
        g_source_remove(*watch);
        *watch = 0;
    }
}

void stream_close(Stream *s)
{
    unwatch(&s->in_watch);
    unwatch(&s->out_watch);
    if (s->out >= 0 && s->out != s->in) {
        close(s->out);
    }
    if (s->in >= 0) {
        close(s->in);
    }
    s->in = s->out = -1;
    g_byte_array_set_size(s->queue, 0);
}

// Writes what the peer takes now. False if it is gone. The reading side notices that too and tells
// the backend, so nothing is closed from here.
static bool push(Stream *s)
{
    size_t done = 0;
    bool alive = true;
    while (done < s->queue->len) {
        ssize_t n = write(s->out, s->queue->data + done, s->queue->len - done);
        if (n > 0) {
            done += (size_t)n;
        } else if (n < 0 && errno == EINTR) {
            continue;
        } else {
            alive = n < 0 && errno == EAGAIN;
            break;
        }
    }
    g_byte_array_remove_range(s->queue, 0, (guint)done);
    return alive;
}

static gboolean writable(gint fd, GIOCondition cond, gpointer opaque)
{
    Stream *s = opaque;
    (void)fd;
    (void)cond;
    if (!push(s)) {
        g_byte_array_set_size(s->queue, 0);
    }
    bool more = s->queue->len != 0;
    s->out_watch = more ? s->out_watch : 0;
    chardev_output_moved(s->chardev); // may queue more, or close the stream
    return more && s->out_watch ? G_SOURCE_CONTINUE : G_SOURCE_REMOVE;
}

void stream_write(Stream *s, const uint8_t *buf, size_t len)
{
    if (s->out < 0) {
        return;
    }
    size_t room = CHARDEV_OUTPUT_QUEUE - MIN_OF(s->queue->len, CHARDEV_OUTPUT_QUEUE);
    s->lost += len - MIN_OF(len, room);
    g_byte_array_append(s->queue, buf, (guint)MIN_OF(len, room));
    if (s->out_watch) {
        return;
    }
    if (!push(s)) {
        g_byte_array_set_size(s->queue, 0);
    } else if (s->queue->len) {
        s->out_watch = g_unix_fd_add(s->out, G_IO_OUT | G_IO_HUP | G_IO_ERR, writable, s);
    }
}

void stream_flush(Stream *s, int timeout_ms)
{
    gint64 end = g_get_monotonic_time() + timeout_ms * G_GINT64_CONSTANT(1000);
    while (s->out >= 0 && s->queue->len && push(s) && s->queue->len) {
        struct pollfd f = {.fd = s->out, .events = POLLOUT};
        gint64 left = (end - g_get_monotonic_time()) / 1000;
        if (left <= 0 || poll(&f, 1, (int)left) <= 0) {
            return;
        }
    }
}
