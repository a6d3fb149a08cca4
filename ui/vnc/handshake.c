// The first words with a viewer, in its thread: version, security type, password (RFC 6143, 7.1 and
// 7.2). Not by the library, whose list of security types is one for all its screens: of two
// servers, one with a password, each would take what the other offered. So nobody gets to the
// library without the password. Its cipher is used.
#include "ui/vnc/internal.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>

#define CHALLENGE   16
#define HEAR_OUT_US G_USEC_PER_SEC // for whom is refused

enum { SECURITY_NONE = 1, SECURITY_VNC = 2 };
enum { RESULT_OK, RESULT_FAILED };

// --- bytes

// Waits until the socket is ready. False: it is too late, or the viewer is sent away.
static bool await_until(VncViewer *v, short events, gint64 until)
{
    struct pollfd fds[] = {{.fd = v->fd, .events = events}, {.fd = v->wake, .events = POLLIN}};
    for (;;) {
        gint64 left = until - g_get_monotonic_time();
        int n = left > 0 ? poll(fds, ARRAY_LEN(fds), (int)(left / 1000) + 1) : 0;
        if (vnc_is_ending(v)) {
            v->why = "sent away";
            return false;
        }
        if (!n) {
            v->why = "did not say who it is in time";
            return false;
        }
        if (n > 0 && fds[0].revents) {
            return true;
        }
    }
}

static bool await(VncViewer *v, short events)
{
    return await_until(v, events, v->born + VNC_HANDSHAKE_US);
}

static bool again(void)
{
    return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
}

static bool get(VncViewer *v, void *bytes, size_t len)
{
    for (size_t done = 0; done < len;) {
        ssize_t n = recv(v->fd, (uint8_t *)bytes + done, len - done, MSG_DONTWAIT);
        if (n > 0) {
            done += (size_t)n;
        } else if (n == 0 || !again()) {
            v->why = "hung up";
            return false;
        } else if (!await(v, POLLIN)) {
            return false;
        }
    }
    return true;
}

static bool put(VncViewer *v, const void *bytes, size_t len)
{
    for (size_t done = 0; done < len;) {
        ssize_t n =
            send(v->fd, (const uint8_t *)bytes + done, len - done, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (n > 0) {
            done += (size_t)n;
        } else if (!again()) {
            v->why = "hung up";
            return false;
        } else if (!await(v, POLLOUT)) {
            return false;
        }
    }
    return true;
}

static bool put_u32(VncViewer *v, uint32_t n)
{
    uint32_t wire = GUINT32_TO_BE(n);
    return put(v, &wire, sizeof wire);
}

// --- steps

// A connection that is closed with something unread is reset, and what was sent is lost.
static void hear_out(VncViewer *v)
{
    gint64 until = g_get_monotonic_time() + HEAR_OUT_US;
    uint8_t rest[4096];
    ssize_t n = 1;
    shutdown(v->fd, SHUT_WR);
    while (n && await_until(v, POLLIN, until)) {
        n = recv(v->fd, rest, sizeof rest, MSG_DONTWAIT);
        n = n < 0 && !again() ? 0 : n;
    }
}

static bool fail(VncViewer *v, const char *reason)
{
    if (put_u32(v, RESULT_FAILED) && v->minor >= 8 && put_u32(v, (uint32_t)strlen(reason))) {
        put(v, reason, strlen(reason));
    }
    hear_out(v);
    v->why = reason;
    return false;
}

static bool version(VncViewer *v)
{
    char text[13] = {0};
    unsigned major, minor;
    if (!put(v, "RFB 003.008\n", 12) || !get(v, text, 12)) {
        return false;
    }
    if (sscanf(text, "RFB %3u.%3u", &major, &minor) != 2 || major != 3 || minor < 3) {
        v->why = "does not speak RFB 3";
        return false;
    }
    v->minor = minor >= 8 ? 8 : minor == 7 ? 7 : 3; // RFC 6143, 7.1.1: others are 3.3
    return true;
}

// 3.3 has one kind, chosen here; later versions a list of one.
static bool security(VncViewer *v, uint8_t kind)
{
    const uint8_t offer[] = {1, kind};
    uint8_t chosen;
    if (v->minor < 7) {
        return put_u32(v, kind);
    }
    if (!put(v, offer, sizeof offer) || !get(v, &chosen, 1)) {
        return false;
    }
    return chosen == kind || fail(v, "this security type was not offered");
}

// The server's password as of now; NULL with *why. g_free it.
static char *password_now(VncServer *s, const char **why)
{
    gint64 now = g_get_real_time() / G_USEC_PER_SEC;
    g_mutex_lock(&s->lock);
    *why = s->password ? "the password has expired" : "no password is set";
    char *password = s->password && now < s->expires ? g_strdup(s->password) : NULL;
    g_mutex_unlock(&s->lock);
    return password;
}

static bool right_answer(const uint8_t *challenge, char *password, const uint8_t *answer)
{
    uint8_t expected[CHALLENGE], differ = 0, same = 0;
    memcpy(expected, challenge, CHALLENGE);
    rfbEncryptBytes(expected, password);
    for (unsigned i = 0; i < CHALLENGE; i++) {
        differ |= expected[i] ^ answer[i];
        same |= expected[i] ^ challenge[i]; // 0: the host has no such cipher, and nobody was told
    }
    return !differ && same;
}

static bool check_password(VncViewer *v)
{
    uint8_t challenge[CHALLENGE], answer[CHALLENGE];
    const char *why;
    if (getrandom(challenge, sizeof challenge, 0) != sizeof challenge) {
        return fail(v, "the host has no random numbers");
    }
    if (!put(v, challenge, sizeof challenge) || !get(v, answer, sizeof answer)) {
        return false;
    }
    char *password = password_now(v->s, &why);
    if (!password) {
        return fail(v, why);
    }
    bool right = right_answer(challenge, password, answer);
    g_free(password);
    return right || fail(v, "wrong password");
}

bool vnc_handshake(VncViewer *v)
{
    bool locked = v->s->needs_password;
    return version(v) && security(v, locked ? SECURITY_VNC : SECURITY_NONE) &&
           (!locked || check_password(v)) && ((!locked && v->minor < 8) || put_u32(v, RESULT_OK));
}
