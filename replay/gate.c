// The gate's queue. Everything runs on the machine's thread: sources submit while the main loop
// polls the host, the machine delivers at a turn's end. The order of submission is the order of
// delivery, across all sources, so a log of (instruction count, source, bytes) says all that a
// replay needs.
#include "replay/gate.h"

#include <glib.h>
#include <string.h>

#include "hw/core/machine.h"
#include "replay/replay.h"

typedef struct GateRecord {
    struct GateRecord *next;
    const GateSource *source;
    size_t len;
    uint8_t data[];
} GateRecord;

struct Gate {
    Machine *machine;
    GHashTable *sources; // by name
    GateRecord *first, **last;
};

static Gate *gate_new(Machine *m)
{
    Gate *g = g_new0(Gate, 1);
    g->machine = m;
    g->sources = g_hash_table_new(g_str_hash, g_str_equal);
    g->last = &g->first;
    return g;
}

Gate *gate_get(struct Machine *m)
{
    Gate *g = machine_lookup(m, "gate");
    if (!g) {
        g = gate_new(m);
        machine_register(m, "gate", g);
    }
    return g;
}

void gate_add_source(Gate *g, const GateSource *src)
{
    g_assert(!gate_find_source(g, src->name));
    g_hash_table_insert(g->sources, (gpointer)src->name, (gpointer)src);
}

const GateSource *gate_find_source(const Gate *g, const char *name)
{
    return g_hash_table_lookup(g->sources, name);
}

bool gate_submit(Gate *g, const GateSource *src, const void *data, size_t len)
{
    g_assert(gate_find_source(g, src->name) == src);
    if (replay_mode(g->machine) == REPLAY_PLAY) {
        return false;
    }
    GateRecord *r = g_malloc(sizeof(*r) + len);
    r->next = NULL;
    r->source = src;
    r->len = len;
    if (len) {
        memcpy(r->data, data, len);
    }
    *g->last = r;
    g->last = &r->next;
    return true;
}

bool gate_pending(const Gate *g)
{
    return g->first != NULL;
}

// What a delivery submits in its turn waits for the next call: the machine decides when that is.
bool gate_deliver(Gate *g)
{
    GateRecord *r = g->first;
    bool any = r != NULL;
    g->first = NULL;
    g->last = &g->first;
    while (r) {
        GateRecord *next = r->next;
        replay_record_input(g->machine, r->source, r->data, r->len);
        r->source->deliver(r->source->opaque, r->data, r->len);
        g_free(r);
        r = next;
    }
    return any;
}

// --- queues

static GList *sorted_names(const Gate *g)
{
    return g_list_sort(g_hash_table_get_keys(g->sources), (GCompareFunc)strcmp);
}

static void append_counted(GByteArray *out, const void *p, size_t n)
{
    const uint32_t len = (uint32_t)n;
    g_byte_array_append(out, (const guint8 *)&len, sizeof len);
    g_byte_array_append(out, p, (guint)n);
}

void gate_save_queues(const Gate *g, GByteArray *out)
{
    GList *names = sorted_names(g);
    for (GList *l = names; l; l = l->next) {
        const GateSource *s = gate_find_source(g, l->data);
        GByteArray *queue = g_byte_array_new();
        if (s->save) {
            s->save(s->opaque, queue);
        }
        if (queue->len) {
            append_counted(out, s->name, strlen(s->name));
            append_counted(out, queue->data, queue->len);
        }
        g_byte_array_unref(queue);
    }
    g_list_free(names);
}

static const uint8_t *take_counted(const uint8_t **at, const uint8_t *end, uint32_t *n)
{
    if (end - *at < (ptrdiff_t)sizeof *n) {
        return NULL;
    }
    memcpy(n, *at, sizeof *n);
    *at += sizeof *n;
    if ((uint64_t)(end - *at) < *n) {
        return NULL;
    }
    *at += *n;
    return *at - *n;
}

bool gate_load_queues(const Gate *g, const void *data, size_t len)
{
    const uint8_t *at = data, *end = at + len;
    GHashTableIter i;
    gpointer source;
    g_hash_table_iter_init(&i, g->sources);
    while (g_hash_table_iter_next(&i, NULL, &source)) {
        const GateSource *s = source;
        if (s->load) {
            s->load(s->opaque, NULL, 0);
        }
    }
    while (at < end) {
        uint32_t name_len = 0, n = 0;
        const uint8_t *name = take_counted(&at, end, &name_len);
        const uint8_t *queue = name ? take_counted(&at, end, &n) : NULL;
        if (!queue) {
            return false;
        }
        char *key = g_strndup((const char *)name, name_len);
        const GateSource *s = gate_find_source(g, key);
        if (s && s->load) {
            s->load(s->opaque, queue, n);
        }
        g_free(key);
    }
    return true;
}
