// TCP and Unix sockets, as server (one peer at a time) or client.
//
// A server waits for its first peer before the machine starts unless wait=off; while a peer is
// there the next one waits in the kernel's backlog. Output without a peer is lost.
#define _GNU_SOURCE // accept4
#include <errno.h>
#include <glib-unix.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "chardev/backend.h"
#include "chardev/telnet.h"
#include "util/log.h"

typedef struct SocketState {
    Stream stream; // first
    int listener;  // -1: client
    guint accept_watch;
    bool nodelay;
    bool tcp;
    bool speaks_telnet;
    Telnet telnet;
    char *unlink_path;
} SocketState;

typedef struct SocketConfig {
    const char *host, *port, *path;
    bool server, wait, nodelay, telnet;
} SocketConfig;

static gboolean acceptable(gint fd, GIOCondition cond, gpointer opaque);

static void watch_listener(Chardev *c)
{
    SocketState *s = c->state;
    if (s->listener >= 0 && !s->accept_watch && s->stream.in < 0) {
        s->accept_watch = g_unix_fd_add(s->listener, G_IO_IN, acceptable, c);
    }
}

static void adopt(Chardev *c, int fd)
{
    SocketState *s = c->state;
    int on = 1;
    if (s->tcp && s->nodelay) {
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    }
    if (s->tcp) {
        setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
    }
    stream_open(&s->stream, fd, fd);
    if (s->speaks_telnet) {
        s->telnet = (Telnet){0};
        stream_write(&s->stream, telnet_greeting, sizeof(telnet_greeting));
    }
    chardev_set_connected(c, true);
}

static size_t telnet_filter(void *opaque, uint8_t *buf, size_t len)
{
    SocketState *s = opaque; // the stream is its first member
    size_t n = telnet_input(&s->telnet, buf, len);
    if (s->telnet.brk) {
        s->telnet.brk = false;
        chardev_break(s->stream.chardev);
    }
    return n;
}

static gboolean acceptable(gint listener, GIOCondition cond, gpointer opaque)
{
    Chardev *c = opaque;
    SocketState *s = c->state;
    int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    (void)cond;
    if (fd < 0) {
        return G_SOURCE_CONTINUE;
    }
    s->accept_watch = 0;
    adopt(c, fd);
    return G_SOURCE_REMOVE;
}

static void peer_gone(void *opaque)
{
    Chardev *c = ((Stream *)opaque)->chardev;
    stream_close(opaque);
    chardev_set_connected(c, false);
    watch_listener(c);
}

static struct addrinfo *resolve(const SocketConfig *f, char **error)
{
    uint64_t number;
    if (parse_u64(f->port, &number) && number > 65535) {
        *error =
            g_strdup_printf("tcp:%s:%s: a port is 0 to 65535", f->host ? f->host : "", f->port);
        return NULL;
    }
    struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM}, *list = NULL;
    hints.ai_flags = f->server ? AI_PASSIVE : 0;
    const char *host = f->host && *f->host ? f->host : NULL;
    int e = getaddrinfo(host, f->port, &hints, &list);
    if (e == EAI_NONAME && host && !strcmp(host, "localhost")) { // a host without /etc/hosts
        e = getaddrinfo("127.0.0.1", f->port, &hints, &list);
    }
    if (e) {
        *error = g_strdup_printf("tcp:%s:%s: %s", host ? host : "", f->port, gai_strerror(e));
        return NULL;
    }
    return list;
}

static int tcp_socket(const SocketConfig *f, char **error)
{
    struct addrinfo *list = resolve(f, error);
    int fd = -1, on = 1, why = 0;
    if (!list) {
        return -1;
    }
    for (struct addrinfo *a = list; a && fd < 0; a = a->ai_next) {
        fd = socket(a->ai_family, a->ai_socktype | SOCK_CLOEXEC, a->ai_protocol);
        if (fd < 0) {
            why = errno;
            continue;
        }
        if (f->server) {
            setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
        }
        if (f->server ? bind(fd, a->ai_addr, a->ai_addrlen) || listen(fd, 1)
                      : connect(fd, a->ai_addr, a->ai_addrlen)) {
            why = errno;
            close(fd);
            fd = -1;
        }
    }
    freeaddrinfo(list);
    if (fd < 0) {
        *error = g_strdup_printf("tcp:%s:%s: cannot %s: %s", f->host ? f->host : "", f->port,
                                 f->server ? "listen" : "connect", g_strerror(why));
    }
    return fd;
}

// The port that the kernel has chosen for port 0: people are told where to connect to.
static const char *bound_port(int fd, const char *asked, char text[8])
{
    struct sockaddr_storage a;
    socklen_t len = sizeof(a);
    if (getsockname(fd, (struct sockaddr *)&a, &len) ||
        getnameinfo((struct sockaddr *)&a, len, NULL, 0, text, 8, NI_NUMERICSERV)) {
        return asked;
    }
    return text;
}

// A socket file that nobody listens on any more is left over from an earlier run.
static void remove_stale(const struct sockaddr_un *a)
{
    struct stat st;
    if (stat(a->sun_path, &st) || !S_ISSOCK(st.st_mode)) {
        return;
    }
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && connect(fd, (const struct sockaddr *)a, sizeof(*a)) && errno == ECONNREFUSED) {
        unlink(a->sun_path);
    }
    if (fd >= 0) {
        close(fd);
    }
}

static int unix_socket(const SocketConfig *f, char **error)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    if (strlen(f->path) >= sizeof(a.sun_path)) {
        *error = g_strdup_printf("unix:%s: the path is longer than %zu bytes", f->path,
                                 sizeof(a.sun_path) - 1);
        return -1;
    }
    memcpy(a.sun_path, f->path, strlen(f->path) + 1);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && f->server) {
        remove_stale(&a);
    }
    if (fd < 0 || (f->server ? bind(fd, (struct sockaddr *)&a, sizeof(a)) || listen(fd, 1)
                             : connect(fd, (struct sockaddr *)&a, sizeof(a)))) {
        *error = g_strdup_printf("unix:%s: cannot %s: %s", f->path,
                                 f->server ? "listen" : "connect", g_strerror(errno));
        if (fd >= 0) {
            close(fd);
        }
        return -1;
    }
    return fd;
}

static bool read_config(SocketConfig *f, KeyVal *kv, char **error)
{
    f->host = keyval_get(kv, "host");
    f->port = keyval_get(kv, "port");
    f->path = keyval_get(kv, "path");
    if (!keyval_bool(kv, "server", &f->server, error)) {
        return false;
    }
    f->wait = f->server;
    if (!keyval_bool(kv, "wait", &f->wait, error) ||
        !keyval_bool(kv, "delay", &f->nodelay, error)) { // "nodelay" reads as delay=off
        return false;
    }
    const char *delay = keyval_get(kv, "delay");
    f->nodelay = delay && !f->nodelay;
    if (!keyval_bool(kv, "nodelay", &f->nodelay, error) ||
        !keyval_bool(kv, "telnet", &f->telnet, error)) {
        return false;
    }
    if (f->telnet && !f->server) {
        *error = g_strdup("telnet=on: only as a server (server=on)");
        return false;
    }
    if (!f->path == !f->port) {
        *error = g_strdup("socket: give either port (and host) or path");
        return false;
    }
    return true;
}

// The first peer of a server with wait=on.
static void wait_for_peer(Chardev *c, const SocketConfig *f)
{
    SocketState *s = c->state;
    int fd;
    report("%s: waiting for a connection on %s%s%s", c->id, f->path ? f->path : "port ",
           f->path ? "" : f->port, " (wait=off does not wait)");
    do {
        fd = accept4(s->listener, NULL, NULL, SOCK_CLOEXEC);
    } while (fd < 0 && (errno == EINTR || errno == ECONNABORTED));
    if (fd >= 0) {
        adopt(c, fd);
    }
}

static bool socket_open(Chardev *c, KeyVal *kv, char **error)
{
    SocketConfig f = {0};
    if (!read_config(&f, kv, error)) {
        return false;
    }
    int fd = f.path ? unix_socket(&f, error) : tcp_socket(&f, error);
    if (fd < 0) {
        return false;
    }
    char port[8];
    if (f.server && !f.path) {
        f.port = bound_port(fd, f.port, port);
    }
    SocketState *s = g_new0(SocketState, 1);
    c->state = s;
    s->nodelay = f.nodelay;
    c->spec = f.path ? g_strdup_printf("unix:%s%s", f.path, f.server ? ",server=on" : "")
                     : g_strdup_printf("%s:%s:%s%s", f.telnet ? "telnet" : "tcp",
                                       f.host ? f.host : "", f.port, f.server ? ",server=on" : "");
    s->tcp = !f.path;
    s->speaks_telnet = f.telnet;
    s->listener = f.server ? fd : -1;
    // Whole: a daemon leaves its directory.
    s->unlink_path = f.server && f.path ? g_canonicalize_filename(f.path, NULL) : NULL;
    stream_init(&s->stream, c, peer_gone, &s->stream);
    s->stream.filter = f.telnet ? telnet_filter : NULL;
    if (!f.server) {
        adopt(c, fd);
    } else {
        if (f.wait) {
            wait_for_peer(c, &f);
        }
        g_unix_set_fd_nonblocking(fd, TRUE, NULL);
        watch_listener(c);
    }
    return true;
}

static void socket_write(Chardev *c, const uint8_t *buf, size_t len)
{
    SocketState *s = c->state;
    uint8_t doubled[512];
    if (!s->speaks_telnet) {
        stream_write(&s->stream, buf, len);
        return;
    }
    for (size_t done = 0; done < len;) {
        size_t n = MIN_OF(len - done, sizeof(doubled) / 2);
        stream_write(&s->stream, doubled, telnet_output(buf + done, n, doubled));
        done += n;
    }
}

static void socket_resume(Chardev *c)
{
    stream_resume(c->state);
}

static void socket_close(Chardev *c)
{
    SocketState *s = c->state;
    stream_flush(&s->stream, 500);
    stream_close(&s->stream);
    g_byte_array_free(s->stream.queue, TRUE);
    if (s->accept_watch) {
        g_source_remove(s->accept_watch);
    }
    if (s->listener >= 0) {
        close(s->listener);
    }
    if (s->unlink_path) {
        unlink(s->unlink_path);
        g_free(s->unlink_path);
    }
}

static const char *const socket_keys[] = {"host", "port",    "path",      "server",
                                          "wait", "nodelay", "delay",     "telnet",
                                          "mux",  "logfile", "logappend", NULL};
const ChardevKind chardev_socket = {"socket",     socket_keys,   socket_open,
                                    socket_write, socket_resume, socket_close};
