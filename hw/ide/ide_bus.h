// A cable with drives on it, as the controller sees it. Only hw/ide includes this.
//
//   controller --- IdeBus "ide.0" --- unit 0: ide-hd or ide-cd
//                                 \-- unit 1 (parallel ATA only)
#ifndef HW_IDE_IDE_BUS_H
#define HW_IDE_IDE_BUS_H

#include "hw/ide/ata.h"
#include "hw/ide/ide.h"

#define IDE_UNITS 2

typedef struct IdeBus {
    struct Machine *machine;
    Device *controller;
    char *name;
    unsigned units; // that can be attached: 1 or 2
    unsigned index; // among the controller's
    bool sata;
    AtaDrive *drive[IDE_UNITS];
    // From a drive: it wants an interrupt.
    void (*interrupt)(void *opaque, unsigned unit);
    void *opaque;
} IdeBus;

// Takes the next free name (or CONTROLLER.N if that has an id) and joins the machine's list.
// machine, controller, units, index, sata, interrupt and opaque are set.
void ide_bus_init(IdeBus *b);

// --- the two ports of a parallel ATA channel
typedef struct IdeChannel {
    IdeBus bus;
    IrqLine irq;
    // A drive has come to a phase in which it moves data by DMA.
    void (*dma_wanted)(void *opaque, unsigned channel);
    void (*interrupted)(void *opaque, unsigned channel); // INTRQ went up
    void *opaque;
    // --- state
    uint8_t control;
    uint8_t unit; // selected
    bool intrq;
} IdeChannel;

extern const StateField ide_channel_fields[];
// bus, irq and the callbacks are set. Maps 8 ports at `ports` and one at `control` into io.
void ide_channel_init(IdeChannel *c, MemRegion *io, unsigned ports, unsigned control);
void ide_channel_reset(IdeChannel *c);
bool ide_channel_loaded(IdeChannel *c, char **error);

static inline AtaDrive *ide_channel_drive(const IdeChannel *c)
{
    return c->bus.drive[c->unit];
}

#endif
