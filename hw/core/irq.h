// Interrupt lines: level-valued wires from a device to an input of another.
#ifndef HW_CORE_IRQ_H
#define HW_CORE_IRQ_H

#include "util/bits.h"

typedef void IrqHandler(void *opaque, unsigned n, bool level);

// An input pin of some device. A zeroed IrqLine is not connected; raising it does nothing.
typedef struct IrqLine {
    IrqHandler *handler;
    void *opaque;
    unsigned n;
} IrqLine;

static inline IrqLine irq_line(IrqHandler *h, void *opaque, unsigned n)
{
    return (IrqLine){h, opaque, n};
}

static inline void irq_set(const IrqLine *l, bool level)
{
    if (l->handler) {
        l->handler(l->opaque, l->n, level);
    }
}

static inline void irq_pulse(const IrqLine *l)
{
    irq_set(l, true);
    irq_set(l, false);
}

#endif
