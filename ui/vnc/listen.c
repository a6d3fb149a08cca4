// Where a VNC server listens: [HOST]:N is port 5900 + N, unix:PATH a socket file.
#include "ui/vnc/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define PORT0 5900

VncPeer vnc_peer(const void *sockaddr, size_t len)
{
    const struct sockaddr *a = sockaddr;
    char host[NI_MAXHOST], service[NI_MAXSERV];
    if (a->sa_family == AF_UNIX || getnameinfo(a, (socklen_t)len, host, sizeof host, service,
                                               sizeof service, NI_NUMERICHOST | NI_NUMERICSERV)) {
        return (VncPeer){g_strdup(""), g_strdup(""), "unix"};
    }
    return (VncPeer){g_strdup(host), g_strdup(service), a->sa_family == AF_INET6 ? "ipv6" : "ipv4"};
}

// --- accepting

static gboolean incoming(gint fd, GIOCondition cond, gpointer opaque);

static gboolean listen_again(gpointer opaque)
{
    VncServer *s = opaque;
    s->watch = g_unix_fd_add(s->fd, G_IO_IN, incoming, s);
    return G_SOURCE_REMOVE;
}

static gboolean incoming(gint fd, GIOCondition cond, gpointer opaque)
{
    VncServer *s = opaque;
    struct sockaddr_storage from;
    socklen_t len = sizeof from;
    int one = 1, client = accept(fd, (struct sockaddr *)&from, &len);
    (void)cond;
    if (client >= FD_SETSIZE || (client >= 0 && s->viewers->len >= s->max_clients)) {
        close(client);
    } else if (client >= 0) {
        fcntl(client, F_SETFD, FD_CLOEXEC);
        g_unix_set_fd_nonblocking(client, TRUE, NULL);
        if (from.ss_family != AF_UNIX) {
            setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
            setsockopt(client, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof one);
        }
        vnc_viewer_new(s, client, vnc_peer(&from, len));
    }
    s->watch = g_timeout_add(VNC_PAUSE_MS, listen_again, s);
    return G_SOURCE_REMOVE;
}

// --- opening

static bool start(VncServer *s, int fd, char **error)
{
    struct sockaddr_storage at;
    socklen_t len = sizeof at;
    if (listen(fd, 16)) {
        *error = g_strdup(g_strerror(errno));
        close(fd);
        return false;
    }
    s->fd = fd;
    if (!getsockname(fd, (struct sockaddr *)&at, &len)) {
        s->address = vnc_peer(&at, len);
    }
    s->watch = g_unix_fd_add(fd, G_IO_IN, incoming, s);
    return true;
}

static bool listen_unix(VncServer *s, const char *path, char **error)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    struct stat st;
    if (!*path || strlen(path) >= sizeof a.sun_path) {
        *error = g_strdup_printf("unix:%s: a path of 1 to %zu characters is expected", path,
                                 sizeof a.sun_path - 1);
        return false;
    }
    strcpy(a.sun_path, path);
    if (!lstat(path, &st) && S_ISSOCK(st.st_mode)) {
        unlink(path); // left by an earlier run
    }
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&a, sizeof a)) {
        *error = g_strdup_printf("unix:%s: %s", path, g_strerror(errno));
        if (fd >= 0) {
            close(fd);
        }
        return false;
    }
    s->unix_path = g_canonicalize_filename(path, NULL); // a daemon leaves its directory
    if (!start(s, fd, error)) {
        return false;
    }
    g_free(s->address.host);
    s->address.host = g_strdup(path);
    return true;
}

// The first of the host's addresses that can be bound; errno tells why not.
static int bind_one(const struct addrinfo *list)
{
    int why = EADDRNOTAVAIL;
    for (const struct addrinfo *a = list; a; a = a->ai_next) {
        int one = 1;
        int fd = socket(a->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (fd < 0) {
            why = errno;
            continue;
        }
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
        if (!bind(fd, a->ai_addr, a->ai_addrlen)) {
            return fd;
        }
        why = errno;
        close(fd);
        if (why == EADDRINUSE) { // not half of a port that somebody has the other half of
            break;
        }
    }
    errno = why;
    return -1;
}

static int bind_port(const char *host, unsigned port, char **error)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
    struct addrinfo *list;
    char service[8];
    g_snprintf(service, sizeof service, "%u", port);
    hints.ai_family = *host ? AF_UNSPEC : AF_INET;
    int why = getaddrinfo(*host ? host : NULL, service, &hints, &list);
    if (why) {
        *error = g_strdup_printf("'%s': %s", host, gai_strerror(why));
        return -1;
    }
    int fd = bind_one(list);
    if (fd < 0) {
        *error = g_strdup_printf("port %u: %s", port, g_strerror(errno));
    }
    freeaddrinfo(list);
    return fd;
}

// "[HOST]:N"; the host may be in brackets.
static bool split(const char *address, char **host, unsigned *display)
{
    const char *colon = strrchr(address, ':');
    char *end;
    if (!colon || !g_ascii_isdigit(colon[1])) {
        return false;
    }
    guint64 n = g_ascii_strtoull(colon + 1, &end, 10);
    if (*end || n > 0xffff - PORT0) {
        return false;
    }
    size_t len = (size_t)(colon - address);
    bool brackets = len >= 2 && address[0] == '[' && address[len - 1] == ']';
    *host = brackets ? g_strndup(address + 1, len - 2) : g_strndup(address, len);
    *display = (unsigned)n;
    return true;
}

bool vnc_listen(VncServer *s, const char *address, unsigned to, char **error)
{
    char *host;
    unsigned first;
    if (g_str_has_prefix(address, "unix:")) {
        return listen_unix(s, address + strlen("unix:"), error);
    }
    if (!split(address, &host, &first)) {
        *error = g_strdup_printf("'%s': expected [HOST]:N with N from 0 to %u, or unix:PATH",
                                 address, 0xffff - PORT0);
        return false;
    }
    int fd = -1;
    for (unsigned n = first; fd < 0 && n <= first + to && n <= 0xffff - PORT0; n++) {
        g_clear_pointer(error, g_free);
        fd = bind_port(host, PORT0 + n, error);
    }
    g_free(host);
    return fd >= 0 && start(s, fd, error);
}

void vnc_unlisten(VncServer *s)
{
    if (s->watch) {
        g_source_remove(s->watch);
        s->watch = 0;
    }
    if (s->fd >= 0) {
        close(s->fd);
        s->fd = -1;
    }
    if (s->unix_path) {
        unlink(s->unix_path);
    }
}
