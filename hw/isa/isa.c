// ISA interrupt lines: each is the OR of its sources.
#include "hw/isa/isa.h"

#include <assert.h>

#include "hw/core/machine.h"
#include "util/log.h"

#define MAX_SOURCES 32

// What is driven follows from the sources, which drive their lines again after a load: no state.
typedef struct IsaBus {
    IrqLine irq[ISA_IRQS];
    uint32_t level[ISA_IRQS]; // a bit for each source
    unsigned sources[ISA_IRQS];
} IsaBus;

static void source_changed(void *opaque, unsigned n, bool level)
{
    IsaBus *b = opaque;
    unsigned line = n / MAX_SOURCES, source = n % MAX_SOURCES;
    b->level[line] = (b->level[line] & ~(1u << source)) | (uint32_t)level << source;
    irq_set(&b->irq[line], b->level[line] != 0);
}

void isa_bus_create(Machine *m, const IrqLine irq[ISA_IRQS])
{
    IsaBus *b = g_new0(IsaBus, 1);
    for (unsigned i = 0; i < ISA_IRQS; i++) {
        b->irq[i] = irq[i];
    }
    machine_register(m, "isa", b);
}

IrqLine isa_irq(Machine *m, unsigned n)
{
    IsaBus *b = machine_lookup(m, "isa");
    assert(n < ISA_IRQS);
    if (!b) {
        return (IrqLine){0};
    }
    if (b->sources[n] == MAX_SOURCES) {
        die("ISA interrupt %u: more than %u devices share it", n, MAX_SOURCES);
    }
    return irq_line(source_changed, b, n * MAX_SOURCES + b->sources[n]++);
}

MemRegion *isa_io(Machine *m)
{
    return m->io ? address_space_root(m->io) : NULL;
}

bool isa_map(Machine *m, uint32_t base, MemRegion *region, char **error)
{
    if (!isa_io(m)) {
        *error = g_strdup("this board has no I/O ports");
        return false;
    }
    if (base > 0xffff || mem_size(region) > 0x10000 - base) {
        *error = g_strdup_printf("port 0x%x is not below 0x10000", base);
        return false;
    }
    mem_map(isa_io(m), base, region, 0);
    return true;
}
