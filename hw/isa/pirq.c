// Routing of PCI interrupts to ISA lines. The picture is in pirq.h.
#include "hw/isa/pirq.h"

#include <string.h>

#include "hw/core/machine.h"

#define VALID_IRQS 0xdef8u

void pirq_init(PirqRouter *p, Machine *m, const uint8_t *low, const uint8_t *high)
{
    p->n = high ? 8 : 4;
    for (unsigned i = 0; i < p->n; i++) {
        p->route[i] = i < 4 ? low + i : high + i - 4;
    }
    for (unsigned i = 0; i < ISA_IRQS; i++) {
        p->isa[i] = isa_irq(m, i);
    }
}

void pirq_update(PirqRouter *p)
{
    uint32_t high = 0;
    for (unsigned i = 0; i < p->n; i++) {
        if (p->level[i] && !(*p->route[i] & PIRQ_OFF)) {
            high |= (uint32_t)BIT(*p->route[i] & 15) & VALID_IRQS;
        }
    }
    for (unsigned i = 0; i < ISA_IRQS; i++) {
        irq_set(&p->isa[i], high >> i & 1);
    }
}

bool pirq_set(PirqRouter *p, unsigned n, bool level)
{
    if (p->level[n] == level) {
        return false;
    }
    p->level[n] = level;
    pirq_update(p);
    return true;
}

void pirq_default(uint8_t registers[4])
{
    static const uint8_t lines[4] = {10, 10, 11, 11};
    memcpy(registers, lines, sizeof lines);
}
