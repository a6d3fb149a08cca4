// Backends that only write: null and file. Writes to a file block; a full disk loses output.
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include "chardev/backend.h"

// Retries what a signal or a non-blocking descriptor (someone else may have made it so) cut short.
bool write_all(int fd, const void *buf, size_t len)
{
    const uint8_t *p = buf;
    while (len) {
        ssize_t n = write(fd, p, len);
        if (n >= 0) {
            p += n;
            len -= (size_t)n;
        } else if (errno == EAGAIN) {
            struct pollfd f = {.fd = fd, .events = POLLOUT};
            poll(&f, 1, -1);
        } else if (errno != EINTR) {
            return false;
        }
    }
    return true;
}

static bool null_open(Chardev *c, KeyVal *kv, char **error)
{
    (void)kv;
    (void)error;
    c->connected = true;
    return true;
}

static void null_write(Chardev *c, const uint8_t *buf, size_t len)
{
    (void)c;
    (void)buf;
    (void)len;
}

static void null_close(Chardev *c)
{
    (void)c;
}

const ChardevKind chardev_null = {"null", NULL, null_open, null_write, NULL, null_close};

typedef struct FileState {
    int fd;
} FileState;

static bool file_open(Chardev *c, KeyVal *kv, char **error)
{
    const char *path = keyval_get(kv, "path");
    bool append = false;
    if (!path || !*path) {
        *error = g_strdup("file: no path given");
        return false;
    }
    if (!keyval_bool(kv, "append", &append, error)) {
        return false;
    }
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | (append ? O_APPEND : O_TRUNC), 0666);
    if (fd < 0) {
        *error = g_strdup_printf("file '%s': %s", path, g_strerror(errno));
        return false;
    }
    FileState *s = g_new0(FileState, 1);
    s->fd = fd;
    c->state = s;
    c->connected = true;
    return true;
}

static void file_write(Chardev *c, const uint8_t *buf, size_t len)
{
    write_all(((FileState *)c->state)->fd, buf, len);
}

static void file_close(Chardev *c)
{
    close(((FileState *)c->state)->fd);
}

static const char *const file_keys[] = {"path", "append", "mux", "logfile", "logappend", NULL};
const ChardevKind chardev_file = {"file", file_keys, file_open, file_write, NULL, file_close};
