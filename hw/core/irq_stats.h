// How often lines of interrupt controllers rose since the start: `info irq`. Not guest state.
#ifndef HW_CORE_IRQ_STATS_H
#define HW_CORE_IRQ_STATS_H

#include "util/bits.h"

struct Machine;

// By a controller, at its realization: it counts in count[0 .. n - 1], which stays.
void irq_stats_register(struct Machine *m, const char *name, const uint64_t *count, unsigned n);
void irq_stats_each(struct Machine *m,
                    void (*fn)(void *opaque, const char *name, const uint64_t *count, unsigned n),
                    void *opaque);

#endif
