// slirp's descriptors in the GLib main loop. The set is asked for before each poll and changed only
// where it differs.
#include "net/slirp.h"

#include <string.h>

typedef struct SlirpPoll {
    GSource source;
    Slirp *slirp;
    GPtrArray *watched; // GPollFD *, known to the context
    GArray *wanted;     // GPollFD
    gint64 last_us;     // when slirp looked last
    gint64 due_us;
} SlirpPoll;

static const struct {
    int slirp;
    gushort glib;
} events[] = {
    {SLIRP_POLL_IN, G_IO_IN},   {SLIRP_POLL_OUT, G_IO_OUT}, {SLIRP_POLL_PRI, G_IO_PRI},
    {SLIRP_POLL_ERR, G_IO_ERR}, {SLIRP_POLL_HUP, G_IO_HUP},
};

static int add_wanted(int fd, int mask, void *opaque)
{
    SlirpPoll *p = opaque;
    GPollFD f = {.fd = fd};
    for (size_t i = 0; i < ARRAY_LEN(events); i++) {
        f.events |= mask & events[i].slirp ? events[i].glib : 0;
    }
    g_array_append_val(p->wanted, f);
    return (int)p->wanted->len - 1;
}

static bool same_set(const SlirpPoll *p)
{
    if (p->wanted->len != p->watched->len) {
        return false;
    }
    for (guint i = 0; i < p->wanted->len; i++) {
        const GPollFD *a = &g_array_index(p->wanted, GPollFD, i), *b = p->watched->pdata[i];
        if (a->fd != b->fd || a->events != b->events) {
            return false;
        }
    }
    return true;
}

// The array frees its elements.
static void unwatch(SlirpPoll *p)
{
    for (guint i = 0; i < p->watched->len; i++) {
        g_source_remove_poll(&p->source, p->watched->pdata[i]);
    }
    g_ptr_array_set_size(p->watched, 0);
}

static void watch_wanted(SlirpPoll *p)
{
    if (same_set(p)) {
        return;
    }
    unwatch(p);
    for (guint i = 0; i < p->wanted->len; i++) {
        GPollFD *f = g_memdup2(&g_array_index(p->wanted, GPollFD, i), sizeof *f);
        g_ptr_array_add(p->watched, f);
        g_source_add_poll(&p->source, f);
    }
}

static gboolean poll_prepare(GSource *source, gint *timeout)
{
    SlirpPoll *p = (SlirpPoll *)source;
    uint32_t ms = UINT32_MAX;
    g_array_set_size(p->wanted, 0);
    slirp_pollfds_fill(p->slirp, &ms, add_wanted, p);
    watch_wanted(p);
    if (ms == UINT32_MAX) {
        p->due_us = G_MAXINT64;
        *timeout = -1;
        return FALSE;
    }
    // slirp counts from now each time it is asked; we count from when it looked last.
    p->due_us = p->last_us + (gint64)ms * 1000;
    gint64 left = p->due_us - g_get_monotonic_time();
    *timeout = left <= 0 ? 0 : (gint)(left / 1000 + 1);
    return left <= 0;
}

static gboolean poll_check(GSource *source)
{
    SlirpPoll *p = (SlirpPoll *)source;
    for (guint i = 0; i < p->watched->len; i++) {
        if (((GPollFD *)p->watched->pdata[i])->revents) {
            return TRUE;
        }
    }
    return p->due_us != G_MAXINT64 && g_get_monotonic_time() >= p->due_us;
}

static int get_revents(int index, void *opaque)
{
    SlirpPoll *p = opaque;
    int mask = 0;
    if (index < 0 || (guint)index >= p->watched->len) {
        return 0;
    }
    const GPollFD *f = p->watched->pdata[index];
    for (size_t i = 0; i < ARRAY_LEN(events); i++) {
        mask |= f->revents & events[i].glib ? events[i].slirp : 0;
    }
    return mask;
}

static gboolean poll_dispatch(GSource *source, GSourceFunc callback, gpointer data)
{
    SlirpPoll *p = (SlirpPoll *)source;
    (void)callback;
    (void)data;
    p->last_us = g_get_monotonic_time();
    slirp_pollfds_poll(p->slirp, 0, get_revents, p);
    return G_SOURCE_CONTINUE;
}

static void poll_finalize(GSource *source)
{
    SlirpPoll *p = (SlirpPoll *)source;
    g_ptr_array_free(p->watched, TRUE);
    g_array_free(p->wanted, TRUE);
}

GSource *slirp_poll_new(Slirp *slirp)
{
    static const GSourceFuncs funcs = {
        .prepare = poll_prepare,
        .check = poll_check,
        .dispatch = poll_dispatch,
        .finalize = poll_finalize,
    };
    GSource *source = g_source_new((GSourceFuncs *)(uintptr_t)&funcs, sizeof(SlirpPoll));
    SlirpPoll *p = (SlirpPoll *)source;
    p->slirp = slirp;
    p->watched = g_ptr_array_new_with_free_func(g_free);
    p->wanted = g_array_new(FALSE, TRUE, sizeof(GPollFD));
    p->last_us = g_get_monotonic_time();
    g_source_set_name(source, "slirp");
    g_source_attach(source, NULL);
    return source;
}
