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
