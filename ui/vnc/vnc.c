// A VNC server as a display. The picture is in internal.h.
#include "ui/vnc/internal.h"

#include <stdarg.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "hw/core/machine.h"
#include "ui/display_types.h"
#include "util/log.h"

static GPtrArray *servers(Machine *m)
{
    GPtrArray *all = machine_lookup(m, "vnc");
    if (!all) {
        all = g_ptr_array_new();
        machine_register(m, "vnc", all);
    }
    return all;
}

// --- refresh

static bool vnc_refresh(Display *d)
{
    VncServer *s = d->state;
    for (unsigned i = 0; i < s->viewers->len; i++) {
        const VncViewer *v = s->viewers->pdata[i];
        if (v->running) {
            return vnc_publish(s);
        }
    }
    return false;
}

// --- opening

static bool choose_share(VncServer *s, const char *share, char **error)
{
    static const char *const names[] = {[VNC_SHARE_ALLOW_EXCLUSIVE] = "allow-exclusive",
                                        [VNC_SHARE_FORCE_SHARED] = "force-shared",
                                        [VNC_SHARE_IGNORE] = "ignore"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        if (!strcmp(share, names[i])) {
            s->share = (VncShare)i;
            return true;
        }
    }
    *error = g_strdup_printf("share=%s: there are allow-exclusive, force-shared and ignore", share);
    return false;
}

static bool options(VncServer *s, KeyVal *kv, unsigned *to, char **error)
{
    const char *share = keyval_get(kv, "share"), *id = keyval_get(kv, "id");
    uint64_t limit = VNC_MAX_CLIENTS, last = 0;
    if ((share && !choose_share(s, share, error)) ||
        !keyval_bool(kv, "password", &s->needs_password, error) ||
        !keyval_u64(kv, "connections", &limit, error) || !keyval_u64(kv, "to", &last, error)) {
        return false;
    }
    if (!limit || limit > VNC_MAX_CLIENTS) {
        *error = g_strdup_printf("connections=%" G_GUINT64_FORMAT ": expected 1 to %u", limit,
                                 VNC_MAX_CLIENTS);
        return false;
    }
    s->max_clients = (unsigned)limit;
    *to = (unsigned)MIN_OF(last, UINT64_C(0xffff));
    unsigned n = servers(s->d->m)->len;
    s->id = id ? g_strdup(id) : n ? g_strdup_printf("vnc%u", n + 1) : g_strdup("default");
    return true;
}

// The library's errors, from any thread. What it says otherwise is for its developers.
static gboolean log_line(gpointer text)
{
    log_printf(LOG_VNC, "vnc: %s", (const char *)text);
    g_free(text);
    return G_SOURCE_REMOVE;
}

static void log_error(const char *format, ...)
{
    va_list ap;
    if (log_enabled(LOG_VNC)) {
        va_start(ap, format);
        g_idle_add(log_line, g_strdup_vprintf(format, ap));
        va_end(ap);
    }
}

static void log_nothing(const char *format, ...)
{
    (void)format;
}

static void ignore(int signal)
{
    (void)signal;
}

// Before any viewer's thread: what the library has one of, it sets up here.
static bool open_library(VncServer *s)
{
    unsigned char nothing[16] = {0};
    char none[] = "";
    const struct sigaction wake = {.sa_handler = ignore};
    sigaction(VNC_HURRY, &wake, NULL);
    rfbLog = log_nothing;
    rfbErr = log_error;
    rfbEncryptBytes(nothing, none);
    s->screen = rfbGetScreen(NULL, NULL, 640, 480, 8, 3, 4);
    if (!s->screen) {
        return false;
    }
    vnc_set_format(s->screen);
    s->more = vnc_extensions_add();
    return true;
}

VncServer *vnc_server_new(Display *d, char **error)
{
    VncServer *s = g_new0(VncServer, 1);
    d->state = s;
    s->d = d;
    s->fd = -1;
    s->expires = INT64_MAX;
    s->max_clients = VNC_MAX_CLIENTS;
    s->viewers = g_ptr_array_new();
    s->name = g_strdup_printf("Mimus%s%s%s", d->name ? " (" : "", d->name ? d->name : "",
                              d->name ? ")" : "");
    g_mutex_init(&s->lock);
    g_cond_init(&s->change);
    s->news = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (s->news < 0 || !open_library(s)) {
        *error = g_strdup("no file descriptor, or no memory, is left for a VNC server");
        vnc_server_free(s);
        return NULL;
    }
    vnc_watch_news(s);
    return s;
}

void vnc_server_free(VncServer *s)
{
    vnc_viewers_free(s);
    vnc_unlisten(s);
    vnc_forget_picture(s);
    if (s->news_watch) {
        g_source_remove(s->news_watch);
    }
    if (s->news >= 0) {
        close(s->news);
    }
    if (s->screen) {
        vnc_extensions_remove(s->more);
        rfbScreenCleanup(s->screen);
    }
    g_ptr_array_free(s->viewers, TRUE);
    g_mutex_clear(&s->lock);
    g_cond_clear(&s->change);
    g_free(s->unix_path);
    g_free(s->address.host);
    g_free(s->address.service);
    g_free(s->password);
    g_free(s->name);
    g_free(s->id);
    s->d->state = NULL;
    g_free(s);
}

static void vnc_close(Display *d)
{
    g_ptr_array_remove(servers(d->m), d->state);
    vnc_server_free(d->state);
}

static bool vnc_open(Display *d, KeyVal *kv, char **error)
{
    const char *address = keyval_get(kv, "vnc");
    unsigned to = 0;
    if (!d->view) {
        *error = g_strdup("the machine has no graphics card whose picture could be shown");
        return false;
    }
    VncServer *s = vnc_server_new(d, error);
    if (!s) {
        return false;
    }
    if (!options(s, kv, &to, error) || !vnc_listen(s, address, to, error)) {
        vnc_server_free(s);
        return false;
    }
    g_ptr_array_add(servers(d->m), s);
    return true;
}

static const char *const keys[] = {"vnc", "password", "share", "to", "id", "connections", NULL};

const DisplayType display_vnc = {
    .name = "vnc",
    .help = "=[HOST]:N|unix:PATH[,password=on|off][,to=L][,id=ID][,connections=N]"
            "[,share=allow-exclusive|force-shared|ignore]",
    .keys = keys,
    .open = vnc_open,
    .refresh = vnc_refresh,
    .close = vnc_close,
};

// --- for monitors

typedef struct Listener {
    VncListener *fn;
    void *opaque;
} Listener;

static VncServerInfo server_info(const VncServer *s)
{
    return (VncServerInfo){
        .id = s->id, .address = s->address, .auth = s->needs_password ? "vnc" : "none"};
}

void vnc_on_change(Machine *m, VncListener *fn, void *opaque)
{
    GArray *all = machine_lookup(m, "vnc-listeners");
    if (!all) {
        all = g_array_new(FALSE, FALSE, sizeof(Listener));
        machine_register(m, "vnc-listeners", all);
    }
    g_array_append_val(all, ((Listener){fn, opaque}));
}

void vnc_changed(const VncViewer *v, VncChange what)
{
    const GArray *all = machine_lookup(v->s->d->m, "vnc-listeners");
    VncServerInfo info = server_info(v->s);
    for (unsigned i = 0; all && i < all->len; i++) {
        const Listener *l = &g_array_index(all, Listener, i);
        l->fn(l->opaque, what, &info, &v->peer);
    }
}

void vnc_each(Machine *m, void (*fn)(void *opaque, const VncServerInfo *), void *opaque)
{
    GPtrArray *all = servers(m);
    for (unsigned i = 0; i < all->len; i++) {
        const VncServer *s = all->pdata[i];
        VncPeer peers[VNC_MAX_CLIENTS];
        VncServerInfo info = server_info(s);
        info.client = peers;
        for (unsigned k = 0; k < s->viewers->len; k++) {
            const VncViewer *v = s->viewers->pdata[k];
            if (v->running && !v->sent_away) {
                peers[info.n_clients++] = v->peer;
            }
        }
        fn(opaque, &info);
    }
}

// The server that a password is for; NULL with *error.
static VncServer *protected_server(Machine *m, const char *id, char **error)
{
    GPtrArray *all = servers(m);
    for (unsigned i = 0; i < all->len; i++) {
        VncServer *s = all->pdata[i];
        if (id && strcmp(s->id, id)) {
            continue;
        }
        if (!s->needs_password) {
            *error = g_strdup_printf("VNC server '%s' was started without password=on", s->id);
            return NULL;
        }
        return s;
    }
    *error = id ? g_strdup_printf("there is no VNC server '%s'", id)
                : g_strdup("there is no VNC server");
    return NULL;
}

bool vnc_set_password(Machine *m, const char *id, const char *password, char **error)
{
    VncServer *s = protected_server(m, id, error);
    if (!s) {
        return false;
    }
    g_mutex_lock(&s->lock);
    g_free(s->password);
    s->password = g_strdup(password);
    g_mutex_unlock(&s->lock);
    return true;
}

bool vnc_expire_password(Machine *m, const char *id, int64_t when, char **error)
{
    VncServer *s = protected_server(m, id, error);
    if (!s) {
        return false;
    }
    g_mutex_lock(&s->lock);
    s->expires = when;
    g_mutex_unlock(&s->lock);
    return true;
}

static void print_peer(GString *out, const VncPeer *p)
{
    bool v6 = !strcmp(p->family, "ipv6");
    if (!strcmp(p->family, "unix")) {
        g_string_append_printf(out, "unix:%s", p->host);
    } else {
        g_string_append_printf(out, "%s%s%s:%s", v6 ? "[" : "", p->host, v6 ? "]" : "", p->service);
    }
}

static void print_server(void *opaque, const VncServerInfo *i)
{
    GString *out = opaque;
    g_string_append_printf(out, "%s:\n  Server: ", i->id);
    print_peer(out, &i->address);
    g_string_append_printf(out, " (%s)\n    Auth: %s (Sub: none)\n", i->address.family, i->auth);
    for (unsigned k = 0; k < i->n_clients; k++) {
        g_string_append(out, "  Client: ");
        print_peer(out, &i->client[k]);
        g_string_append_printf(out, " (%s)\n", i->client[k].family);
    }
    if (!i->n_clients) {
        g_string_append(out, "  Client: none\n");
    }
}

void vnc_print(Machine *m, GString *out)
{
    gsize before = out->len;
    vnc_each(m, print_server, out);
    if (out->len == before) {
        g_string_append(out, "There is no VNC server (-vnc :N starts one).\n");
    }
}
