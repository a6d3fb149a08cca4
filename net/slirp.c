// -netdev user: a network of the process's own sockets, by libslirp.
//
//   guest packet -> slirp_input -> host sockets         at once, in the device's access
//   host sockets -> slirp_poll (main loop) -> net_input -> gate -> NIC
//   what slirp answers by itself (ARP, DHCP) takes the same way: through the gate
//
// TCP's timers in slirp follow the host's clock, since they watch the host's sockets. Its one timer
// towards the guest (IPv6 router advertisements) follows virtual time with a fixed period, so that
// a machine that does not use the network runs the same each time.
#include "net/slirp.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "hw/core/machine.h"
#include "replay/replay.h"
#include "util/log.h"

#define ADVERTISE_NS (UINT64_C(300) * NS_PER_SEC)

// --- what slirp calls

static ssize_t send_packet(const void *packet, size_t len, void *opaque)
{
    SlirpClient *s = opaque;
    if (s->client) {
        net_input(s->client, packet, len);
    }
    return (ssize_t)len;
}

static void guest_error(const char *msg, void *opaque)
{
    SlirpClient *s = opaque;
    log_printf(LOG_GUEST_ERRORS, "net %s: %s\n", s->client ? s->client->id : "user", msg);
}

static int64_t clock_get_ns(void *opaque)
{
    (void)opaque;
    return g_get_monotonic_time() * 1000;
}

static void advertise(void *opaque)
{
    SlirpClient *s = opaque;
    s->timer_cb(s->timer_opaque);
}

static void *new_timer(SlirpTimerCb cb, void *cb_opaque, void *opaque)
{
    SlirpClient *s = opaque;
    s->timer_cb = cb;
    s->timer_opaque = cb_opaque;
    return s;
}

static void free_timer(void *timer, void *opaque)
{
    (void)timer;
    (void)opaque; // with the client
}

// Its random interval is not used: see above.
static void modify_timer(void *timer, int64_t expire_ms, void *opaque)
{
    SlirpClient *s = timer;
    (void)expire_ms;
    (void)opaque;
    timer_arm(s->timer, clock_now(s->machine->clock) + ADVERTISE_NS);
}

static void ignore_fd(int fd, void *opaque)
{
    (void)fd;
    (void)opaque;
}

static void notify(void *opaque)
{
    (void)opaque;
    g_main_context_wakeup(NULL);
}

static const SlirpCb callbacks = {
    .send_packet = send_packet,
    .guest_error = guest_error,
    .clock_get_ns = clock_get_ns,
    .timer_new = new_timer,
    .timer_free = free_timer,
    .timer_mod = modify_timer,
    .register_poll_fd = ignore_fd,
    .unregister_poll_fd = ignore_fd,
    .notify = notify,
};

// --- the backend

static void slirp_send(void *opaque, const uint8_t *packet, size_t len)
{
    SlirpClient *s = opaque;
    slirp_input(s->slirp, packet, (int)len);
}

static void slirp_print(void *opaque, FILE *f)
{
    SlirpClient *s = opaque;
    char *text = slirp_connection_info(s->slirp);
    fputs(text, f);
    g_free(text);
}

static void slirp_close(void *opaque)
{
    SlirpClient *s = opaque;
    if (s->poll) {
        g_source_destroy(s->poll);
        g_source_unref(s->poll);
    }
    slirp_cleanup(s->slirp);
    timer_free(s->timer);
    g_free(s);
}

static const NetBackend backend = {"user", slirp_send, slirp_print, slirp_close};

NetClient *slirp_client_new(Net *n, const char *id, KeyVal *kv, char **error)
{
    SlirpOptions o;
    if (!slirp_options_parse(kv, &o, error)) {
        return NULL;
    }
    SlirpClient *s = g_new0(SlirpClient, 1);
    s->machine = n->machine;
    s->timer = timer_new(n->machine->clock, advertise, s);
    s->slirp = slirp_new(&o.config, &callbacks, s);
    g_strfreev(o.dnssearch);
    g_free(o.tftp);
    if (!s->slirp) {
        *error = g_strdup("the network cannot be set up");
        timer_free(s->timer);
        g_free(s);
        return NULL;
    }
    bool replayed = replay_mode(s->machine) == REPLAY_PLAY; // nobody outside is talked to
    if (!replayed && !slirp_add_forwards(s->slirp, kv, error)) {
        slirp_close(s);
        return NULL;
    }
    s->client = net_client_new(n, id, &backend, s);
    s->poll = slirp_poll_new(s->slirp);
    return s->client;
}
