#include "hw/core/irq_stats.h"

#include "hw/core/machine.h"

typedef struct Counted {
    const char *name;
    const uint64_t *count;
    unsigned n;
} Counted;

void irq_stats_register(Machine *m, const char *name, const uint64_t *count, unsigned n)
{
    GArray *all = machine_lookup(m, "irq-stats");
    if (!all) {
        all = g_array_new(FALSE, FALSE, sizeof(Counted));
        machine_register(m, "irq-stats", all);
    }
    const Counted c = {name, count, n};
    g_array_append_val(all, c);
}

void irq_stats_each(Machine *m, void (*fn)(void *, const char *, const uint64_t *, unsigned),
                    void *opaque)
{
    const GArray *all = machine_lookup(m, "irq-stats");
    for (guint i = 0; all && i < all->len; i++) {
        const Counted *c = &g_array_index(all, Counted, i);
        fn(opaque, c->name, c->count, c->n);
    }
}
