// Viewers as the main loop sees them: a thread each, what they typed, their end.
#include "ui/vnc/internal.h"

#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <glib-unix.h>

#include "hw/core/machine.h"
#include "util/log.h"

#define NICENESS 5     // pictures may wait for the machine
#define HURRY_US 20000 // from one reminder to the next

void vnc_call(int eventfd)
{
    eventfd_write(eventfd, 1);
}

// --- in the thread

bool vnc_is_ending(VncViewer *v)
{
    g_mutex_lock(&v->s->lock);
    bool ending = v->ending;
    g_mutex_unlock(&v->s->lock);
    return ending;
}

void vnc_push(VncViewer *v, VncEvent e)
{
    VncServer *s = v->s;
    g_mutex_lock(&s->lock);
    while (v->n_events == VNC_EVENTS && !v->ending) {
        g_cond_wait(&s->change, &s->lock);
    }
    if (!v->ending) {
        v->events[(v->first_event + v->n_events++) % VNC_EVENTS] = e;
        if (v->n_events == 1) {
            vnc_call(s->news);
        }
    }
    g_mutex_unlock(&s->lock);
}

static void *run(void *opaque)
{
    VncViewer *v = opaque;
    sigset_t hurry;
    sigemptyset(&hurry);
    sigaddset(&hurry, VNC_HURRY);
    pthread_sigmask(SIG_UNBLOCK, &hurry, NULL);
    g_mutex_lock(&v->s->lock);
    v->pthread = pthread_self();
    v->begun = true;
    g_mutex_unlock(&v->s->lock);
    setpriority(PRIO_PROCESS, 0, NICENESS); // of this thread
    if (vnc_handshake(v) && vnc_await_picture(v)) {
        vnc_session(v);
    }
    shutdown(v->fd, SHUT_RDWR);
    g_mutex_lock(&v->s->lock);
    v->gone = true;
    vnc_call(v->s->news);
    g_cond_broadcast(&v->s->change);
    g_mutex_unlock(&v->s->lock);
    return NULL;
}

// --- coming and going

static void close_all(VncViewer *v)
{
    close(v->fd);
    if (v->wake >= 0) {
        close(v->wake);
    }
    g_free(v->peer.host);
    g_free(v->peer.service);
    g_free(v);
}

// Signals are for the main thread, or for nobody (SIGPIPE).
static GThread *start_thread(VncViewer *v)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    GThread *t = g_thread_try_new("vnc", run, v, NULL);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return t;
}

void vnc_viewer_new(VncServer *s, int fd, VncPeer peer)
{
    VncViewer *v = g_new0(VncViewer, 1);
    v->s = s;
    v->fd = fd;
    v->peer = peer;
    v->born = g_get_monotonic_time();
    v->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    g_mutex_lock(&s->lock); // the thread waits until it is on the list
    v->thread = v->wake >= 0 ? start_thread(v) : NULL;
    if (v->thread) {
        g_ptr_array_add(s->viewers, v);
    }
    g_mutex_unlock(&s->lock);
    if (v->thread) {
        vnc_changed(v, VNC_CHANGE_CONNECTED);
    } else {
        close_all(v);
    }
}

void vnc_viewer_end(VncViewer *v)
{
    g_mutex_lock(&v->s->lock);
    v->ending = true;
    g_cond_broadcast(&v->s->change);
    shutdown(v->fd, SHUT_RDWR);
    vnc_call(v->wake);
    if (v->begun && !v->gone) { // see await_end
        pthread_kill(v->pthread, VNC_HURRY);
    }
    g_mutex_unlock(&v->s->lock);
}

// A write to a socket file that is full does not see that the connection is shut down, until a
// signal wakes it; and one that comes just before it waits is lost.
static void await_end(VncViewer *v)
{
    while (!v->gone) {
        if (v->begun) {
            pthread_kill(v->pthread, VNC_HURRY);
        }
        g_cond_wait_until(&v->s->change, &v->s->lock, g_get_monotonic_time() + HURRY_US);
    }
}

static void viewer_free(VncViewer *v)
{
    VncServer *s = v->s;
    g_mutex_lock(&s->lock);
    await_end(v);
    g_mutex_unlock(&s->lock);
    g_thread_join(v->thread);
    g_mutex_lock(&s->lock);
    g_ptr_array_remove(s->viewers, v);
    g_mutex_unlock(&s->lock);
    if (v->running) { // what it held down, nobody else lets go
        display_release_all(s->d);
    }
    log_printf(LOG_VNC, "vnc %s: %s %s: %s\n", s->id, v->peer.host, v->peer.service,
               v->why ? v->why : "sent away");
    vnc_changed(v, VNC_CHANGE_DISCONNECTED);
    close_all(v);
}

void vnc_viewers_free(VncServer *s)
{
    for (unsigned i = 0; i < s->viewers->len; i++) {
        vnc_viewer_end(s->viewers->pdata[i]);
    }
    while (s->viewers->len) {
        viewer_free(s->viewers->pdata[0]);
    }
}

static void send_others_away(const VncViewer *v)
{
    for (unsigned i = 0; i < v->s->viewers->len; i++) {
        VncViewer *other = v->s->viewers->pdata[i];
        if (other != v) {
            other->sent_away = true;
            vnc_viewer_end(other);
        }
    }
}

// --- events

static void joined(VncViewer *v, bool shared)
{
    v->running = true;
    log_printf(LOG_VNC, "vnc %s: %s %s is connected\n", v->s->id, v->peer.host, v->peer.service);
    vnc_changed(v, VNC_CHANGE_INITIALIZED);
    if (!shared && v->s->share == VNC_SHARE_ALLOW_EXCLUSIVE) {
        send_others_away(v);
    }
    display_wake(v->s->d);
}

static void want_size(const VncViewer *v, unsigned width, unsigned height)
{
    Console *shown = v->s->d->view ? v->s->d->view->console : NULL;
    if (shown && console_takes_size(shown)) {
        console_suggest_size(shown, width, height);
        display_wake(v->s->d);
    }
}

static void apply(VncViewer *v, const VncEvent *e)
{
    switch ((VncEventKind)e->kind) {
    case VNC_JOINED:
        joined(v, e->flag);
        break;
    case VNC_KEY:
        vnc_key(v, e->flag, e->value);
        break;
    case VNC_SCANCODE:
        vnc_scancode(v, e->flag, e->value, (uint32_t)e->x);
        break;
    case VNC_POINTER:
        vnc_pointer(v, e->value, e->x, e->y, e->flag);
        break;
    case VNC_SIZE:
        want_size(v, (unsigned)e->x, (unsigned)e->y);
        break;
    }
}

// All that wait, at most VNC_EVENTS. *gone: the thread has ended.
static unsigned take_events(VncViewer *v, VncEvent *e, bool *gone)
{
    *gone = false;
    if (!g_mutex_trylock(&v->s->lock)) {
        vnc_call(v->s->news);
        return 0;
    }
    unsigned n = v->n_events;
    for (unsigned i = 0; i < n; i++) {
        e[i] = v->events[(v->first_event + i) % VNC_EVENTS];
    }
    v->first_event = v->n_events = 0;
    *gone = v->gone;
    if (n == VNC_EVENTS) {
        g_cond_broadcast(&v->s->change);
    }
    g_mutex_unlock(&v->s->lock);
    return n;
}

static void show_first_picture(VncServer *s)
{
    bool wanted = true;
    if (g_mutex_trylock(&s->lock)) {
        wanted = vnc_someone_waits(s);
        g_mutex_unlock(&s->lock);
    }
    if (wanted) {
        vnc_publish(s);
    }
}

static gboolean news(gint fd, GIOCondition cond, gpointer opaque);

static gboolean call_again(gpointer opaque)
{
    VncServer *s = opaque;
    s->news_watch = g_unix_fd_add(s->news, G_IO_IN, news, s);
    return G_SOURCE_REMOVE;
}

static gboolean news(gint fd, GIOCondition cond, gpointer opaque)
{
    VncServer *s = opaque;
    VncEvent e[VNC_EVENTS];
    eventfd_t calls;
    (void)cond;
    eventfd_read(fd, &calls);
    for (unsigned i = s->viewers->len; i-- > 0;) {
        VncViewer *v = s->viewers->pdata[i];
        bool gone;
        unsigned n = take_events(v, e, &gone);
        for (unsigned k = 0; k < n && !v->sent_away; k++) {
            apply(v, &e[k]);
        }
        if (gone) {
            viewer_free(v);
        }
    }
    show_first_picture(s);
    s->news_watch = g_timeout_add(VNC_PAUSE_MS, call_again, s);
    return G_SOURCE_REMOVE;
}

void vnc_watch_news(VncServer *s)
{
    call_again(s);
}
