// A VNC server as a display. The picture is in vnc_internal.h.
#include "ui/vnc_internal.h"

#include <stdlib.h>
#include <string.h>

#include "hw/core/machine.h"
#include "ui/display_types.h"

#define HANDSHAKE_US (20 * G_USEC_PER_SEC)

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

void vnc_first_update(VncClient *c)
{
    c->tell_size |= (c->has & VNC_HAS_EXT_SIZE) != 0;
    c->tell_pointer = c->tell_leds = c->tell_cursor = c->tell_ext_key = true;
    c->size_reason = c->size_status = 0;
}

void vnc_measure(VncServer *s)
{
    const Surface *picture = s->d->view ? console_view_update(s->d->view) : NULL;
    if (picture) {
        s->width = picture->width;
        s->height = picture->height;
    }
}

void vnc_make_exclusive(VncServer *s, const VncClient *c)
{
    for (unsigned i = s->clients->len; i-- > 0;) {
        VncClient *other = s->clients->pdata[i];
        if (other != c) {
            vnc_client_free(other);
        }
    }
}

// A viewer that cannot change its size keeps the one it has and sees the part that fits.
static void follow_size(VncClient *c)
{
    const VncServer *s = c->s;
    if (c->state == VNC_RUNNING && c->has & (VNC_HAS_SIZE | VNC_HAS_EXT_SIZE) &&
        (c->width != s->width || c->height != s->height)) {
        c->width = s->width;
        c->height = s->height;
        c->tell_size = true;
        c->size_reason = c->size_status = 0;
        c->n_damage = 0;
        vnc_damage(c, &(Rect){0, 0, c->width, c->height});
    }
}

static void tell_changes(VncServer *s)
{
    Display *d = s->d;
    const ConsoleCursor *cursor = console_cursor(d->view->console);
    unsigned serial = cursor->serial * 2 + cursor->visible, leds = input_leds(d->m);
    bool absolute = display_takes_absolute(d);
    for (unsigned i = 0; i < s->clients->len; i++) {
        VncClient *c = s->clients->pdata[i];
        c->tell_cursor |= serial != s->cursor_serial;
        c->tell_pointer |= absolute != s->absolute;
        c->tell_leds |= leds != s->leds;
    }
    s->cursor_serial = serial;
    s->absolute = absolute;
    s->leds = leds;
}

// A connection that has not said who it is takes the place of one that would.
static bool overdue(const VncClient *c)
{
    return c->state != VNC_RUNNING && g_get_monotonic_time() - c->born > HANDSHAKE_US;
}

static bool update_clients(VncServer *s, const Surface *picture)
{
    const ConsoleView *v = s->d->view;
    bool sent = false;
    for (unsigned i = s->clients->len; i-- > 0;) {
        VncClient *c = s->clients->pdata[i];
        follow_size(c);
        for (unsigned k = 0; c->state == VNC_RUNNING && k < v->n_damage; k++) {
            vnc_damage(c, &v->damage[k]);
        }
        sent |= vnc_update(c, picture);
        if (overdue(c) || (c->ending && !c->out->len)) {
            vnc_client_free(c);
        }
    }
    return sent;
}

static bool vnc_refresh(Display *d)
{
    VncServer *s = d->state;
    if (!s->clients->len || !d->view) {
        return false;
    }
    const Surface *picture = console_view_update(d->view);
    if (!picture) {
        return false;
    }
    s->width = picture->width;
    s->height = picture->height;
    tell_changes(s);
    bool sent = update_clients(s, picture);
    console_view_clear(d->view);
    return sent;
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

static void vnc_close(Display *d)
{
    VncServer *s = d->state;
    g_ptr_array_remove(servers(d->m), s);
    while (s->clients->len) {
        vnc_client_free(s->clients->pdata[0]);
    }
    vnc_unlisten(s);
    g_ptr_array_free(s->clients, TRUE);
    g_free(s->unix_path);
    g_free(s->address.host);
    g_free(s->address.service);
    g_free(s->password);
    g_free(s->id);
    g_free(s);
    d->state = NULL;
}

static bool vnc_open(Display *d, KeyVal *kv, char **error)
{
    const char *address = keyval_get(kv, "vnc");
    unsigned to = 0;
    VncServer *s = g_new0(VncServer, 1);
    d->state = s;
    s->d = d;
    s->fd = -1;
    s->expires = INT64_MAX;
    s->clients = g_ptr_array_new();
    if (d->view) {
        s->width = console_surface(d->view->console)->width;
        s->height = console_surface(d->view->console)->height;
    } else {
        *error = g_strdup("the machine has no graphics card whose picture could be shown");
    }
    if (!d->view || !options(s, kv, &to, error) || !vnc_listen(s, address, to, error)) {
        vnc_close(d);
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

void vnc_each(Machine *m, void (*fn)(void *opaque, const VncServerInfo *), void *opaque)
{
    GPtrArray *all = servers(m);
    for (unsigned i = 0; i < all->len; i++) {
        const VncServer *s = all->pdata[i];
        VncPeer peers[VNC_MAX_CLIENTS];
        VncServerInfo info = {.id = s->id,
                              .address = s->address,
                              .auth = s->needs_password ? "vnc" : "none",
                              .client = peers};
        for (unsigned k = 0; k < s->clients->len; k++) {
            const VncClient *c = s->clients->pdata[k];
            if (c->state == VNC_RUNNING) {
                peers[info.n_clients++] = c->peer;
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
    g_free(s->password);
    s->password = g_strdup(password);
    return true;
}

bool vnc_expire_password(Machine *m, const char *id, int64_t when, char **error)
{
    VncServer *s = protected_server(m, id, error);
    if (!s) {
        return false;
    }
    s->expires = when;
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
