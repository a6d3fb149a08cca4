// The floppy disk controller's ports and phases. The picture is in fdc_internal.h.
#include "hw/block/fdc.h"

#include <glib.h>
#include <string.h>

#include "hw/block/fdc_internal.h"
#include "hw/core/machine.h"
#include "util/log.h"

enum { PORT_SRB = 1, PORT_DOR, PORT_TDR, PORT_MSR, PORT_FIFO, PORT_DIR = 7 };

#define DOR_NOT_RESET 0x04
#define DOR_ENABLE    0x08 // DMA and interrupts
#define DSR_RESET     0x80
#define MSR_READY     0x80
#define MSR_TO_HOST   0x40
#define MSR_NO_DMA    0x20
#define MSR_BUSY      0x10
#define DIR_CHANGED   0x80

// --- interrupts and phases

void fdc_raise(Fdc *s)
{
    s->interrupt = true;
    irq_set(&s->irq, s->dor & DOR_ENABLE);
}

static void lower(Fdc *s)
{
    s->interrupt = false;
    irq_set(&s->irq, false);
}

void fdc_idle(Fdc *s)
{
    s->phase = FDC_COMMAND;
    s->n_in = s->n_out = s->at_out = 0;
}

void fdc_result(Fdc *s, const uint8_t *bytes, unsigned n)
{
    fdc_idle(s);
    memcpy(s->out, bytes, n);
    s->n_out = (uint8_t)n;
    s->phase = FDC_RESULT;
}

static void soft_reset(Fdc *s)
{
    fdc_idle(s);
    lower(s);
    if (s->dma) {
        i8237_request(s->dma, 2, false);
    }
    fdc_reset_registers(s, false);
}

// After a reset the controller polls its drives: four to be asked about.
static void reset_over(Fdc *s)
{
    s->reset_sense = 4;
    fdc_raise(s);
}

// --- registers

static uint8_t main_status(const Fdc *s)
{
    if (!(s->dor & DOR_NOT_RESET)) {
        return 0;
    }
    bool out = s->data == FDC_READ;
    switch (s->phase) {
    case FDC_RESULT:
        return MSR_READY | MSR_TO_HOST | MSR_BUSY;
    case FDC_EXECUTE:
        return s->no_dma ? MSR_READY | MSR_NO_DMA | MSR_BUSY | (out ? MSR_TO_HOST : 0) : MSR_BUSY;
    default:
        return MSR_READY | (s->n_in ? MSR_BUSY : 0);
    }
}

static void write_dor(Fdc *s, uint8_t v)
{
    uint8_t old = s->dor;
    s->dor = v;
    if (!(v & DOR_NOT_RESET)) {
        soft_reset(s);
    } else if (!(old & DOR_NOT_RESET)) {
        reset_over(s);
    }
    irq_set(&s->irq, s->interrupt && (v & DOR_ENABLE));
}

static void write_dsr(Fdc *s, uint8_t v)
{
    s->dsr = v & 0x7f;
    s->rate = v & 3;
    if (v & DSR_RESET) {
        soft_reset(s);
        reset_over(s);
    }
}

static uint8_t read_fifo(Fdc *s)
{
    if (s->phase == FDC_EXECUTE) {
        if (s->no_dma && s->data == FDC_READ) {
            lower(s);
            return fdc_byte_out(s);
        }
        return 0;
    }
    if (s->phase != FDC_RESULT) {
        return 0;
    }
    lower(s); // at the first result byte
    uint8_t v = s->out[s->at_out++];
    if (s->at_out >= s->n_out) {
        fdc_idle(s);
    }
    return v;
}

static void write_fifo(Fdc *s, uint8_t v)
{
    if (!(s->dor & DOR_NOT_RESET)) {
        return;
    }
    if (s->phase == FDC_EXECUTE) {
        if (s->no_dma && s->data != FDC_READ) {
            lower(s);
            fdc_byte_in(s, v);
        }
        return;
    }
    if (s->phase == FDC_RESULT) {
        log_printf(LOG_GUEST_ERRORS, "fdc: byte 0x%02x written in the result phase\n", v);
        return;
    }
    if (!s->n_in) {
        s->need = (uint8_t)(1 + fdc_parameters(v));
    }
    s->in[s->n_in++] = v;
    if (s->n_in == s->need) {
        fdc_execute(s);
    }
}

static uint8_t digital_input(const Fdc *s)
{
    unsigned unit = s->dor & 3;
    bool motor = s->dor >> (4 + unit) & 1;
    bool changed = unit < FDC_DRIVES && s->drive[unit].changed;
    return motor && changed ? DIR_CHANGED : 0;
}

static uint64_t port_read(void *opaque, uint64_t offset, unsigned size)
{
    Fdc *s = opaque;
    (void)size;
    switch (offset + 1) {
    case PORT_SRB:
        return 0xc0;
    case PORT_DOR:
        return s->dor;
    case PORT_TDR:
        return s->tdr;
    case PORT_MSR:
        return main_status(s);
    case PORT_FIFO:
        return read_fifo(s);
    }
    return 0xff;
}

static void port_write(void *opaque, uint64_t offset, uint64_t value, unsigned size)
{
    Fdc *s = opaque;
    (void)size;
    switch (offset + 1) {
    case PORT_DOR:
        write_dor(s, (uint8_t)value);
        break;
    case PORT_TDR:
        s->tdr = value & 3;
        break;
    case PORT_MSR:
        write_dsr(s, (uint8_t)value);
        break;
    case PORT_FIFO:
        write_fifo(s, (uint8_t)value);
        break;
    }
}

// 3f7: disk change to read, the data rate to write.
static uint64_t dir_read(void *opaque, uint64_t offset, unsigned size)
{
    (void)offset;
    (void)size;
    return digital_input(opaque);
}

static void ccr_write(void *opaque, uint64_t offset, uint64_t value, unsigned size)
{
    (void)offset;
    (void)size;
    ((Fdc *)opaque)->rate = value & 3;
}

static const MmioOps port_ops = {port_read, port_write, 1, 1, false};
static const MmioOps dir_ops = {dir_read, ccr_write, 1, 1, false};

// --- state

static const StateField drive_fields[] = {
    STATE_U8(FdcDrive, track),
    STATE_U8(FdcDrive, last_sector),
    STATE_BOOL(FdcDrive, changed),
    STATE_END,
};

static const StateField fields[] = {
    STATE_STRUCTS(Fdc, drive, FdcDrive, FDC_DRIVES, drive_fields),
    STATE_U8(Fdc, dor, .reset = 0x0c),
    STATE_U8(Fdc, tdr),
    STATE_U8(Fdc, dsr),
    STATE_U8(Fdc, rate),
    STATE_U8(Fdc, phase),
    STATE_U8_ARRAY(Fdc, in, FDC_BYTES),
    STATE_U8(Fdc, n_in),
    STATE_U8(Fdc, need),
    STATE_U8_ARRAY(Fdc, out, FDC_BYTES),
    STATE_U8(Fdc, n_out),
    STATE_U8(Fdc, at_out),
    STATE_U8_ARRAY(Fdc, specify, 2),
    STATE_U8_ARRAY(Fdc, configure, 2),
    STATE_U8(Fdc, perpendicular),
    STATE_U8(Fdc, lock),
    STATE_U8(Fdc, reset_sense),
    STATE_BOOL(Fdc, interrupt),
    STATE_U8(Fdc, interrupt_st0),
    STATE_BOOL(Fdc, interrupt_pending),
    STATE_U8(Fdc, data),
    STATE_BOOL(Fdc, no_dma),
    STATE_BOOL(Fdc, multi_track),
    STATE_BOOL(Fdc, deleted),
    STATE_U8(Fdc, unit),
    STATE_U8(Fdc, cylinder),
    STATE_U8(Fdc, head),
    STATE_U8(Fdc, sector),
    STATE_U8(Fdc, size),
    STATE_U8(Fdc, end_of_track),
    STATE_U8(Fdc, fill),
    STATE_U8(Fdc, to_format),
    STATE_U8(Fdc, scan_st2),
    STATE_U32(Fdc, pos),
    STATE_BYTES(Fdc, buf),
    STATE_END,
};

static bool loaded(void *obj, char **error)
{
    Fdc *s = obj;
    bool ok = s->phase <= FDC_RESULT && (!s->n_in || s->n_in < s->need) && s->need <= FDC_BYTES &&
              s->n_out <= FDC_BYTES && s->at_out <= s->n_out && s->data <= FDC_SCAN &&
              s->pos < FDC_SECTOR && s->reset_sense <= 4 && s->unit < 4;
    if (!ok) {
        *error = g_strdup_printf("fdc: phase %u, position %u", s->phase, s->pos);
    }
    if (ok) {
        irq_set(&s->irq, s->interrupt && (s->dor & DOR_ENABLE));
    }
    return ok;
}

static const StateDesc state = {.name = "fdc", .version = 1, .fields = fields, .loaded = loaded};

static void reset(Device *d)
{
    Fdc *s = (Fdc *)d;
    irq_set(&s->irq, false);
    fdc_reset_registers(s, true);
    for (unsigned i = 0; i < FDC_DRIVES; i++) {
        s->drive[i].changed = true;
    }
}

static const DeviceType type = {
    .name = "isa-fdc",
    .desc = "floppy disk controller",
    .bus = "sysbus",
    .size = sizeof(Fdc),
    .state = &state,
    .reset = reset,
};
DEVICE_TYPE(type);

// --- setting up

static void use_disk(FdcDrive *d)
{
    d->disk = block_size(d->block) ? d->block : NULL;
    d->media = fdc_media_of(block_size(d->block));
}

static void disk_changed(void *opaque)
{
    FdcDrive *d = opaque;
    use_disk(d);
    d->changed = true;
}

static const BlockMedia floppy_media = {.changed = disk_changed};

static bool add_disk(void *opaque, BlockDevice *b, char **error)
{
    Fdc *s = opaque;
    unsigned unit = block_unit(b);
    if (unit >= FDC_DRIVES) {
        *error = g_strdup_printf("there is no if=floppy,unit=%u", unit);
        return false;
    }
    if (!block_claim_empty(b, "isa-fdc", error)) {
        return false;
    }
    FdcDrive *d = &s->drive[unit];
    d->block = b;
    use_disk(d);
    block_set_media(b, &floppy_media, d);
    d->type = d->media ? d->media->drive : 4;
    return true;
}

Device *fdc_create(Machine *m, MemRegion *io, IrqLine irq6, I8237 *dma)
{
    Fdc *s = (Fdc *)device_create(m, "isa-fdc");
    device_reset(&s->dev);
    s->irq = irq6;
    s->dma = dma;
    if (dma) {
        i8237_connect(dma, 2, fdc_dma_ready, s);
    }
    drive_register_interface(m, "floppy", add_disk, s);
    mem_map(io, 0x3f1, mem_mmio("fdc", 5, &port_ops, s), 0);
    mem_map(io, 0x3f7, mem_mmio("fdc-dir", 1, &dir_ops, s), 0);
    return &s->dev;
}

unsigned fdc_drive_type(Device *fdc, unsigned unit)
{
    return unit < FDC_DRIVES ? ((Fdc *)fdc)->drive[unit].type : 0;
}
