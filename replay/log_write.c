// Writes a recording's file.
#include "replay/log.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "replay/log_format.h"

struct ReplayWriter {
    FILE *f;
    int failed; // errno of the first failure
    uint64_t icount, ns;
    GHashTable *sources; // name -> number + 1
};

ReplayWriter *replay_writer_open(const char *file, char **error)
{
    FILE *f = fopen(file, "wbe");
    if (!f) {
        *error = g_strdup_printf("%s: %s", file, strerror(errno));
        return NULL;
    }
    ReplayWriter *w = g_new0(ReplayWriter, 1);
    w->f = f;
    w->sources = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    return w;
}

static void put(ReplayWriter *w, const void *p, size_t n)
{
    if (!w->failed && n && fwrite(p, n, 1, w->f) != 1) {
        w->failed = errno;
    }
}

static void put_number(ReplayWriter *w, uint64_t v)
{
    uint8_t b[10];
    unsigned n = 0;
    for (; v >= 0x80; v >>= 7) {
        b[n++] = (uint8_t)(v | 0x80);
    }
    b[n++] = (uint8_t)v;
    put(w, b, n);
}

static void put_string(ReplayWriter *w, const char *s)
{
    size_t n = strlen(s);
    put_number(w, n);
    put(w, s, n);
}

static void put_hash(ReplayWriter *w, const StateHash *h)
{
    put(w, h->h, sizeof h->h);
}

void replay_write_header(ReplayWriter *w, const ReplayHeader *h)
{
    const uint32_t version = REPLAY_VERSION;
    put(w, REPLAY_MAGIC, REPLAY_MAGIC_LEN);
    put(w, &version, sizeof version);
    put_number(w, h->rtc_base);
    put_number(w, h->icount_shift);
    put_number(w, h->n_cpus);
    put_string(w, h->machine);
    put_number(w, h->disks->len);
    for (guint i = 0; i < h->disks->len; i++) {
        const ReplayDisk *d = &g_array_index(h->disks, ReplayDisk, i);
        put_string(w, d->id);
        put_string(w, d->file);
        put_number(w, d->size);
        put_number(w, d->modified);
    }
    put_number(w, h->settle);
    put_hash(w, &h->hash);
}

static void put_source(ReplayWriter *w, const char *name)
{
    uintptr_t n = (uintptr_t)g_hash_table_lookup(w->sources, name);
    if (n) {
        put_number(w, n - 1);
        return;
    }
    n = g_hash_table_size(w->sources);
    g_hash_table_insert(w->sources, g_strdup(name), (gpointer)(n + 1));
    put_number(w, n);
    put_string(w, name);
}

void replay_write(ReplayWriter *w, const ReplayRecord *r)
{
    const uint8_t kind = (uint8_t)r->kind;
    put(w, &kind, 1);
    put_number(w, r->icount - w->icount);
    put_number(w, r->ns - w->ns);
    w->icount = r->icount;
    w->ns = r->ns;
    if (r->kind == REPLAY_INPUT) {
        put_source(w, r->source);
        put_number(w, r->len);
        put(w, r->data, r->len);
        put(w, &r->check, sizeof r->check);
    } else if (r->kind == REPLAY_END) {
        put_number(w, r->status);
        put_hash(w, &r->hash);
    }
}

bool replay_writer_flush(ReplayWriter *w, char **error)
{
    if (!w->f) {
        return true;
    }
    if (!w->failed && fflush(w->f)) {
        w->failed = errno;
    }
    if (w->failed) {
        *error = g_strdup(strerror(w->failed));
        fclose(w->f);
        w->f = NULL;
        return false;
    }
    return true;
}

void replay_writer_close(ReplayWriter *w)
{
    if (w->f) {
        fclose(w->f);
    }
    g_hash_table_destroy(w->sources);
    g_free(w);
}
