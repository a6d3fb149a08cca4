// Standard input and output. Output blocks, like any program's; input is read when there is some
// and the frontend has room.
#include <errno.h>
#include <glib-unix.h>
#include <unistd.h>

#include "chardev/backend.h"
#include "chardev/terminal.h"

typedef struct StdioState {
    guint watch;
    bool ended; // end of file on standard input
} StdioState;

static gboolean stdin_readable(gint fd, GIOCondition cond, gpointer opaque)
{
    Chardev *c = opaque;
    StdioState *s = c->state;
    uint8_t buf[1024];
    size_t room = MIN_OF(chardev_room(c), sizeof(buf));
    (void)cond;
    if (!room) {
        s->watch = 0;
        return G_SOURCE_REMOVE;
    }
    ssize_t n = read(fd, buf, room);
    if (n > 0) {
        chardev_input(c, buf, (size_t)n);
    } else if (n == 0 || (errno != EINTR && errno != EAGAIN)) {
        s->ended = true;
        s->watch = 0;
        return G_SOURCE_REMOVE;
    }
    return G_SOURCE_CONTINUE;
}

static void stdio_resume(Chardev *c)
{
    StdioState *s = c->state;
    if (!s->watch && !s->ended && chardev_room(c)) {
        s->watch = g_unix_fd_add(STDIN_FILENO, G_IO_IN | G_IO_HUP, stdin_readable, c);
    }
}

static bool stdio_taken(const Chardev *c)
{
    for (unsigned i = 0; i < c->set->chardevs->len; i++) {
        const Chardev *other = g_ptr_array_index(c->set->chardevs, i);
        if (other->kind == &chardev_stdio) {
            return true;
        }
    }
    return false;
}

static bool stdio_open(Chardev *c, KeyVal *kv, char **error)
{
    bool signals = !c->mux;
    if (stdio_taken(c)) {
        *error = g_strdup("standard input and output are in use already (mon:stdio shares them)");
        return false;
    }
    if (!keyval_bool(kv, "signal", &signals, error)) {
        return false;
    }
    c->state = g_new0(StdioState, 1);
    c->connected = true;
    c->keep_reading = c->mux && isatty(STDIN_FILENO);
    terminal_raw(STDIN_FILENO, signals);
    return true;
}

static void stdio_write(Chardev *c, const uint8_t *buf, size_t len)
{
    (void)c;
    write_all(STDOUT_FILENO, buf, len);
}

static void stdio_close(Chardev *c)
{
    StdioState *s = c->state;
    if (s->watch) {
        g_source_remove(s->watch);
        s->watch = 0;
    }
    terminal_restore();
}

static const char *const stdio_keys[] = {"signal", "mux", "logfile", "logappend", NULL};
const ChardevKind chardev_stdio = {"stdio",     stdio_keys,   stdio_open,
                                   stdio_write, stdio_resume, stdio_close};
