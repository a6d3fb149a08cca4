// A parallel ATA channel: command block (8 ports) and control block (1 port) shared by two drives.
// Both see each register write; the one selected answers and runs commands (ATA/ATAPI-7 vol. 1, 5).
#include <glib.h>
#include <string.h>

#include "hw/ide/ide_bus.h"

enum { REG_DATA, REG_FEATURE, REG_COUNT, REG_LOW, REG_MID, REG_HIGH, REG_DEVICE, REG_COMMAND };
#define CONTROL_NIEN 0x02
#define CONTROL_SRST 0x04
#define CONTROL_HOB  0x80

const StateField ide_channel_fields[] = {
    STATE_U8(IdeChannel, control),
    STATE_U8(IdeChannel, unit),
    STATE_BOOL(IdeChannel, intrq),
    STATE_END,
};

static void update_irq(IdeChannel *c)
{
    irq_set(&c->irq, c->intrq && !(c->control & CONTROL_NIEN));
}

static void drive_interrupt(void *opaque, unsigned unit)
{
    IdeChannel *c = opaque;
    if (unit != c->unit) {
        return;
    }
    c->intrq = true;
    c->interrupted(c->opaque, c->bus.index);
    update_irq(c);
}

static void clear_interrupt(IdeChannel *c)
{
    c->intrq = false;
    update_irq(c);
}

static void look_for_dma(IdeChannel *c)
{
    const AtaDrive *d = ide_channel_drive(c);
    if (d && (d->phase == ATA_DMA_IN || d->phase == ATA_DMA_OUT)) {
        c->dma_wanted(c->opaque, c->bus.index);
    }
}

// --- the data port

// PIO phases move 16 or 32 bits at a time; what goes beyond the block is nothing.
static uint64_t read_data(IdeChannel *c, unsigned size)
{
    AtaDrive *d = ide_channel_drive(c);
    uint32_t v = 0;
    if (!d || d->phase != ATA_PIO_IN) {
        return 0;
    }
    unsigned n = MIN_OF(size, d->end - d->pos);
    memcpy(&v, d->buf + d->pos, n);
    d->pos += n;
    if (d->pos == d->end) {
        ata_block_done(d);
    }
    return v;
}

static void write_data(IdeChannel *c, uint32_t v, unsigned size)
{
    AtaDrive *d = ide_channel_drive(c);
    if (!d || d->phase != ATA_PIO_OUT) {
        return;
    }
    unsigned n = MIN_OF(size, d->end - d->pos);
    memcpy(d->buf + d->pos, &v, n);
    d->pos += n;
    if (d->pos == d->end) {
        ata_block_done(d);
        look_for_dma(c); // a packet command may want it
    }
}

// --- the others

static AtaReg *reg_of(AtaDrive *d, unsigned reg)
{
    switch (reg) {
    case REG_FEATURE:
        return &d->feature;
    case REG_COUNT:
        return &d->count;
    case REG_LOW:
        return &d->lba_low;
    case REG_MID:
        return &d->lba_mid;
    default:
        return &d->lba_high;
    }
}

static uint8_t read_status(IdeChannel *c)
{
    const AtaDrive *d = ide_channel_drive(c);
    return d ? d->status : 0;
}

static uint64_t ports_read(void *opaque, uint64_t offset, unsigned size)
{
    IdeChannel *c = opaque;
    AtaDrive *d = ide_channel_drive(c);
    if (offset == REG_DATA) {
        return read_data(c, size);
    }
    if (!d) { // nobody there; the other drive, if any, answers with zeros
        return 0;
    }
    switch (offset) {
    case REG_FEATURE:
        return d->error;
    case REG_DEVICE:
        return d->device | 0xa0;
    case REG_COMMAND:
        clear_interrupt(c);
        return read_status(c);
    default: {
        const AtaReg *r = reg_of(d, (unsigned)offset);
        return c->control & CONTROL_HOB ? r->before : r->now;
    }
    }
}

static void command(IdeChannel *c, uint8_t v)
{
    AtaDrive *d = ide_channel_drive(c);
    clear_interrupt(c);
    if (!d || c->control & CONTROL_SRST) {
        return;
    }
    ata_command(d, v);
    if (v == 0x90) { // both run their diagnostics, and the first tells
        c->unit = 0;
    }
    look_for_dma(c);
}

static void select_unit(IdeChannel *c, uint8_t v)
{
    c->unit = v & ATA_DEV_1 ? 1 : 0;
    for (unsigned i = 0; i < IDE_UNITS; i++) {
        if (c->bus.drive[i]) {
            c->bus.drive[i]->device = v;
        }
    }
}

static void ports_write(void *opaque, uint64_t offset, uint64_t value, unsigned size)
{
    IdeChannel *c = opaque;
    if (offset == REG_DATA) {
        write_data(c, (uint32_t)value, size);
        return;
    }
    c->control &= (uint8_t)~CONTROL_HOB;
    if (offset == REG_COMMAND) {
        command(c, (uint8_t)value);
    } else if (offset == REG_DEVICE) {
        select_unit(c, (uint8_t)value);
    } else {
        for (unsigned i = 0; i < IDE_UNITS; i++) {
            if (c->bus.drive[i]) {
                AtaReg *r = reg_of(c->bus.drive[i], (unsigned)offset);
                *r = (AtaReg){.now = (uint8_t)value, .before = r->now};
            }
        }
    }
}

static uint64_t control_read(void *opaque, uint64_t offset, unsigned size)
{
    (void)offset;
    (void)size;
    return read_status(opaque); // without clearing the interrupt
}

static void reset_drives(IdeChannel *c, bool held)
{
    c->unit = 0;
    for (unsigned i = 0; i < IDE_UNITS; i++) {
        AtaDrive *d = c->bus.drive[i];
        if (d) {
            ata_reset(d);
            d->device = 0;
            d->status = held ? ATA_BSY : d->status;
        }
    }
}

static void control_write(void *opaque, uint64_t offset, uint64_t value, unsigned size)
{
    IdeChannel *c = opaque;
    uint8_t changed = c->control ^ (uint8_t)value;
    (void)offset;
    (void)size;
    c->control = (uint8_t)value;
    if (changed & CONTROL_SRST) {
        reset_drives(c, value & CONTROL_SRST);
        c->intrq = false;
    }
    update_irq(c);
}

static const MmioOps ports_ops = {ports_read, ports_write, 1, 4, false};
static const MmioOps control_ops = {control_read, control_write, 1, 1, false};

void ide_channel_init(IdeChannel *c, MemRegion *io, unsigned ports, unsigned control)
{
    c->bus.units = IDE_UNITS;
    c->bus.interrupt = drive_interrupt;
    c->bus.opaque = c;
    ide_bus_init(&c->bus);
    mem_map(io, ports, mem_mmio("ide-ports", 8, &ports_ops, c), 0);
    mem_map(io, control, mem_mmio("ide-control", 1, &control_ops, c), 0);
}

void ide_channel_reset(IdeChannel *c)
{
    update_irq(c);
}

bool ide_channel_loaded(IdeChannel *c, char **error)
{
    if (c->unit >= IDE_UNITS) {
        *error = g_strdup_printf("ide channel: unit %u", c->unit);
        return false;
    }
    update_irq(c);
    return true;
}
