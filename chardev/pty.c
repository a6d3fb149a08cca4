// Backends that are one stream: pty, a pair of named pipes, a serial line of the host.
#include <errno.h>
#include <fcntl.h>
#include <pty.h>
#include <stdio.h>
#include <termios.h>
#include <unistd.h>

#include "chardev/backend.h"

typedef struct PtyState {
    Stream stream; // first
    int keep;      // our own end of the slave, so that a closed terminal is no hang-up; or -1
    struct termios before;
    bool restore;
} PtyState;

static void stream_gone(void *opaque)
{
    Stream *s = opaque;
    stream_close(s);
    chardev_set_connected(s->chardev, false);
}

static PtyState *new_state(Chardev *c, int in, int out)
{
    PtyState *p = g_new0(PtyState, 1);
    p->keep = -1;
    c->state = p;
    c->connected = true;
    stream_init(&p->stream, c, stream_gone, &p->stream);
    stream_open(&p->stream, in, out);
    return p;
}

static void pty_write(Chardev *c, const uint8_t *buf, size_t len)
{
    stream_write(c->state, buf, len);
}

static void pty_resume(Chardev *c)
{
    stream_resume(c->state);
}

static void pty_close(Chardev *c)
{
    PtyState *p = c->state;
    stream_flush(&p->stream, p->keep >= 0 ? 0 : 200);
    if (p->restore && p->stream.in >= 0) {
        tcsetattr(p->stream.in, TCSANOW, &p->before);
    }
    stream_close(&p->stream);
    g_byte_array_free(p->stream.queue, TRUE);
    if (p->keep >= 0) {
        close(p->keep);
    }
}

static bool pty_open(Chardev *c, KeyVal *kv, char **error)
{
    int master, slave;
    char name[128];
    struct termios raw;
    (void)kv;
    if (openpty(&master, &slave, NULL, NULL, NULL) || ttyname_r(slave, name, sizeof(name))) {
        *error = g_strdup_printf("pty: %s", g_strerror(errno));
        return false;
    }
    tcgetattr(slave, &raw);
    cfmakeraw(&raw);
    tcsetattr(slave, TCSANOW, &raw);
    new_state(c, master, master)->keep = slave;
    c->spec = g_strdup_printf("pty:%s", name);
    printf("char device redirected to %s (label %s)\n", name, c->id); // as scripts look for it
    fflush(stdout);
    return true;
}

static const char *const pty_keys[] = {"mux", "logfile", "logappend", NULL};
const ChardevKind chardev_pty = {"pty", pty_keys, pty_open, pty_write, pty_resume, pty_close};

// PATH.in and PATH.out if both exist, else PATH for both directions. Read-write opens do not wait
// for the other side.
static bool pipe_open(Chardev *c, KeyVal *kv, char **error)
{
    const char *path = keyval_get(kv, "path");
    if (!path || !*path) {
        *error = g_strdup("pipe: no path given");
        return false;
    }
    char *in_path = g_strconcat(path, ".in", NULL), *out_path = g_strconcat(path, ".out", NULL);
    int in = open(in_path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
    int out = open(out_path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
    g_free(in_path);
    g_free(out_path);
    if (in < 0 || out < 0) {
        if (in >= 0) {
            close(in);
        }
        if (out >= 0) {
            close(out);
        }
        in = out = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
    }
    if (in < 0) {
        *error = g_strdup_printf("pipe '%s': %s", path, g_strerror(errno));
        return false;
    }
    new_state(c, in, out);
    return true;
}

static const char *const path_keys[] = {"path", "mux", "logfile", "logappend", NULL};
const ChardevKind chardev_pipe = {"pipe", path_keys, pipe_open, pty_write, pty_resume, pty_close};

static bool line_open(Chardev *c, KeyVal *kv, char **error)
{
    const char *path = keyval_get(kv, "path");
    struct termios raw;
    int fd = path ? open(path, O_RDWR | O_NONBLOCK | O_NOCTTY | O_CLOEXEC) : -1;
    if (fd < 0) {
        *error = g_strdup_printf("serial line '%s': %s", path ? path : "",
                                 path ? g_strerror(errno) : "no path given");
        return false;
    }
    if (tcgetattr(fd, &raw)) {
        *error = g_strdup_printf("serial line '%s': not a terminal device", path);
        close(fd);
        return false;
    }
    PtyState *p = new_state(c, fd, fd);
    p->before = raw;
    p->restore = true;
    cfmakeraw(&raw);
    tcsetattr(fd, TCSANOW, &raw);
    return true;
}

const ChardevKind chardev_serial_line = {"serial",  path_keys,  line_open,
                                         pty_write, pty_resume, pty_close};
