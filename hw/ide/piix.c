// The IDE function of PIIX3 and PIIX4: two channels at their ISA ports, and bus-master DMA.
//
//   BAR 4: for each channel  +0 command (bit 0 start, bit 3 to memory)
//                            +2 status  (bit 0 active, 1 error, 2 interrupt, 5 and 6 drive can)
//                            +4 address of the table: entries of address and length
//
// Manuals: Intel 290550 (PIIX3), "Programming Interface for Bus Master IDE Controller" 1.0.
#include <glib.h>
#include <string.h>

#include "hw/core/machine.h"
#include "hw/ide/ide_bus.h"
#include "hw/pci/pci.h"
#include "util/log.h"

#define BM_CMD_START  0x01
#define BM_CMD_READ   0x08
#define BM_ACTIVE     0x01
#define BM_ERROR      0x02
#define BM_INTERRUPT  0x04
#define BM_CAPABLE    0x60
#define PRD_LAST      0x80000000u
#define PRD_MAX       8192 // a table is at most 64 KiB long
#define TIMING        0x40 // config: IDETIM of the two channels
#define TIMING_DECODE 0x8000

typedef struct BusMaster {
    uint8_t command, status;
    uint32_t table;
} BusMaster;

typedef struct PiixIde {
    PciDevice pci;
    IdeChannel channel[2];
    BusMaster bm[2];
} PiixIde;

// --- DMA

typedef struct PrdList {
    AtaSg sg;
    uint64_t at; // of the next entry
    unsigned n;  // read so far
    bool last;   // it was the last one
} PrdList;

static bool next_prd(AtaSg *sg, uint64_t *addr, uint32_t *len)
{
    PrdList *l = container_of(sg, PrdList, sg);
    uint8_t e[8];
    if (l->last || l->n == PRD_MAX) {
        return false;
    }
    mem_read(sg->memory, l->at, e, sizeof e);
    l->at += sizeof e;
    l->n++;
    l->last = pci_get32(e, 4) & PRD_LAST;
    *addr = pci_get32(e, 0) & ~1u;
    *len = pci_get32(e, 4) & 0xfffe;
    *len = *len ? *len : 0x10000;
    return true;
}

static void run_dma(PiixIde *s, unsigned n)
{
    BusMaster *b = &s->bm[n];
    AtaDrive *d = ide_channel_drive(&s->channel[n]);
    if (!(b->status & BM_ACTIVE) || !d || (d->phase != ATA_DMA_IN && d->phase != ATA_DMA_OUT)) {
        return;
    }
    if (!(pci_get16(s->pci.config, PCI_COMMAND) & PCI_COMMAND_MASTER)) {
        log_printf(LOG_GUEST_ERRORS, "ide: DMA without bus mastering\n");
        return;
    }
    PrdList l = {.sg = {.memory = s->pci.dev.machine->memory, .next = next_prd}, .at = b->table};
    ata_dma(d, &l.sg);
    // Active stays set if the drive was done before the table was (section 3.1 of the interface).
    if (d->phase != ATA_IDLE || (l.last && !l.sg.left)) {
        b->status &= (uint8_t)~BM_ACTIVE;
    }
}

static void dma_wanted(void *opaque, unsigned channel)
{
    run_dma(opaque, channel);
}

static void interrupted(void *opaque, unsigned channel)
{
    ((PiixIde *)opaque)->bm[channel].status |= BM_INTERRUPT;
}

// --- registers of the bus master

static uint64_t bm_read(void *opaque, uint64_t offset, unsigned size)
{
    PiixIde *s = opaque;
    const BusMaster *b = &s->bm[offset >> 3];
    unsigned reg = offset & 7;
    if (reg >= 4) {
        return b->table >> (8 * (reg - 4));
    }
    uint32_t all = b->command | (uint32_t)b->status << 16;
    (void)size;
    return all >> (8 * reg);
}

static void write_command(PiixIde *s, unsigned n, uint8_t v)
{
    BusMaster *b = &s->bm[n];
    bool started = v & ~b->command & BM_CMD_START;
    b->command = v & (BM_CMD_START | BM_CMD_READ);
    if (!(v & BM_CMD_START)) {
        b->status &= (uint8_t)~BM_ACTIVE;
    } else if (started) {
        b->status |= BM_ACTIVE;
        run_dma(s, n);
    }
}

static void write_status(BusMaster *b, uint8_t v)
{
    uint8_t keep = b->status & (BM_ACTIVE | BM_ERROR | BM_INTERRUPT);
    b->status = (uint8_t)((keep & ~(v & (BM_ERROR | BM_INTERRUPT))) | (v & BM_CAPABLE));
}

static void bm_write(void *opaque, uint64_t offset, uint64_t value, unsigned size)
{
    PiixIde *s = opaque;
    unsigned n = (unsigned)(offset >> 3), reg = offset & 7;
    for (unsigned i = 0; i < size; i++, reg++, value >>= 8) {
        BusMaster *b = &s->bm[n];
        if (reg == 0) {
            write_command(s, n, (uint8_t)value);
        } else if (reg == 2) {
            write_status(b, (uint8_t)value);
        } else if (reg >= 4) {
            b->table = (uint32_t)deposit64(b->table, 8 * (reg - 4), 8, value & 0xff) & ~3u;
        }
    }
}

static const MmioOps bm_ops = {bm_read, bm_write, 1, 4, false};

// --- the device

static bool realize(Device *d, const PciIds *ids, char **error)
{
    PiixIde *s = (PiixIde *)d;
    static const struct {
        uint16_t ports, control;
    } places[2] = {{0x1f0, 0x3f6}, {0x170, 0x376}};
    if (!pci_device_plug(&s->pci, ids, false, error)) {
        return false;
    }
    for (unsigned i = 0; i < 2; i++) {
        IdeChannel *c = &s->channel[i];
        c->bus.machine = d->machine;
        c->bus.controller = d;
        c->bus.index = i;
        c->dma_wanted = dma_wanted;
        c->interrupted = interrupted;
        c->opaque = s;
        ide_channel_init(c, pci_bus_io(s->pci.bus), places[i].ports, places[i].control);
        // Without firmware nobody else would turn the channels on.
        pci_put16(s->pci.config, TIMING + 2 * i, TIMING_DECODE);
        pci_put16(s->pci.wmask, TIMING + 2 * i, 0xffff);
    }
    pci_add_bar(&s->pci, 4, PCI_BAR_IO, mem_mmio("ide-bus-master", 16, &bm_ops, s));
    pci_device_ready(&s->pci);
    return true;
}

static bool piix3_realize(Device *d, char **error)
{
    static const PciIds ids = {0x8086, 0x7010, 0x1af4, 0x1100, 0, 0x010180};
    return realize(d, &ids, error);
}

static bool piix4_realize(Device *d, char **error)
{
    static const PciIds ids = {0x8086, 0x7111, 0x1af4, 0x1100, 0, 0x010180};
    return realize(d, &ids, error);
}

static void reset(Device *d)
{
    PiixIde *s = (PiixIde *)d;
    pci_device_reset(&s->pci);
    ide_channel_reset(&s->channel[0]);
    ide_channel_reset(&s->channel[1]);
}

static bool loaded(void *obj, char **error)
{
    PiixIde *s = obj;
    pci_device_loaded(&s->pci);
    return ide_channel_loaded(&s->channel[0], error) && ide_channel_loaded(&s->channel[1], error);
}

static const StateField bm_fields[] = {
    STATE_U8(BusMaster, command),
    STATE_U8(BusMaster, status),
    STATE_U32(BusMaster, table),
    STATE_END,
};
static const StateField fields[] = {
    STATE_STRUCTS(PiixIde, pci, PciDevice, 1, pci_state_fields),
    STATE_STRUCTS(PiixIde, channel, IdeChannel, 2, ide_channel_fields),
    STATE_STRUCTS(PiixIde, bm, BusMaster, 2, bm_fields),
    STATE_END,
};
static const StateDesc state = {
    .name = "piix-ide", .version = 1, .fields = fields, .loaded = loaded};
static const DeviceProp props[] = {PCI_PROPS(PiixIde, pci), {0}};

static const DeviceType piix3_type = {
    .name = "piix3-ide",
    .desc = "IDE function of PIIX3",
    .bus = "pci",
    .size = sizeof(PiixIde),
    .props = props,
    .state = &state,
    .realize = piix3_realize,
    .reset = reset,
};
DEVICE_TYPE(piix3_type);

static const DeviceType piix4_type = {
    .name = "piix4-ide",
    .desc = "IDE function of PIIX4",
    .bus = "pci",
    .size = sizeof(PiixIde),
    .props = props,
    .state = &state,
    .realize = piix4_realize,
    .reset = reset,
};
DEVICE_TYPE(piix4_type);

Device *piix_ide_create(Machine *m, const char *type, const char *addr, IrqLine irq14,
                        IrqLine irq15)
{
    Device *d = device_new(device_type_find(type), m, NULL);
    char *error = NULL;
    if (!device_set(d, "addr", addr, &error) || !device_realize(d, &error)) {
        die("%s", error);
    }
    ((PiixIde *)d)->channel[0].irq = irq14;
    ((PiixIde *)d)->channel[1].irq = irq15;
    return d;
}
