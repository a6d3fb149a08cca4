// The controller's commands besides transfers (5.1 and 5.2).
#include <string.h>

#include "hw/block/fdc_internal.h"
#include "util/log.h"

static void invalid(Fdc *s)
{
    fdc_result(s, (const uint8_t[]){ST0_INVALID}, 1);
}

static void cmd_specify(Fdc *s)
{
    memcpy(s->specify, s->in + 1, 2);
    fdc_idle(s);
}

static void cmd_sense_drive(Fdc *s)
{
    unsigned unit = s->in[1] & 3;
    const FdcDrive *d = &s->drive[unit % FDC_DRIVES];
    uint8_t st3 = 0x20 | ST3_TWO_SIDED | (s->in[1] & 7);
    st3 |= unit < FDC_DRIVES && d->type && !d->track ? ST3_TRACK_0 : 0;
    st3 |= d->disk && block_readonly(d->disk) ? ST3_PROTECTED : 0;
    fdc_result(s, &st3, 1);
}

// The heads have arrived: at once.
static void seek_done(Fdc *s, uint8_t unit, uint8_t st0)
{
    s->unit = unit;
    s->interrupt_st0 = st0;
    s->interrupt_pending = true;
    fdc_idle(s);
    fdc_raise(s);
}

static void move_heads(Fdc *s, unsigned unit, int track)
{
    if (unit >= FDC_DRIVES || !s->drive[unit].type) { // no track 0 signal comes
        seek_done(s, (uint8_t)unit, (uint8_t)(ST0_ABNORMAL | ST0_SEEK_END | ST0_EQUIPMENT | unit));
        return;
    }
    FdcDrive *d = &s->drive[unit];
    int last = 84;
    track = track < 0 ? 0 : track > last ? last : track;
    d->changed = d->changed && !d->media; // a step with a disk in tells that it is seen
    d->track = (uint8_t)track;
    seek_done(s, (uint8_t)unit, (uint8_t)(ST0_SEEK_END | unit));
}

static void cmd_recalibrate(Fdc *s)
{
    move_heads(s, s->in[1] & 3, 0);
}

static void cmd_seek(Fdc *s)
{
    unsigned unit = s->in[1] & 3;
    int track = s->in[2];
    if (s->in[0] & 0x80) { // relative
        int now = s->drive[unit % FDC_DRIVES].track;
        track = s->in[0] & 0x40 ? now + track : now - track;
    }
    move_heads(s, unit, track);
}

static void cmd_sense_interrupt(Fdc *s)
{
    uint8_t r[2];
    if (s->reset_sense) {
        unsigned unit = 4u - s->reset_sense--;
        r[0] = (uint8_t)(ST0_READY_CHANGED | unit);
        r[1] = unit < FDC_DRIVES ? s->drive[unit].track : 0;
    } else if (s->interrupt_pending) {
        r[0] = s->interrupt_st0;
        r[1] = fdc_selected(s)->track;
    } else {
        invalid(s);
        return;
    }
    s->interrupt_pending = false;
    s->interrupt = false;
    irq_set(&s->irq, false);
    fdc_result(s, r, 2);
}

static void cmd_read_id(Fdc *s)
{
    s->unit = s->in[1] & 3;
    s->head = s->in[1] >> 2 & 1;
    FdcDrive *d = fdc_selected(s);
    const FdcMedia *m = d->media;
    bool ok = s->unit < FDC_DRIVES && m && m->rate == s->rate && s->head < m->heads &&
              d->track < m->tracks;
    if (ok) {
        d->last_sector = (uint8_t)(d->last_sector % m->track_sectors + 1);
    }
    uint8_t r[7] = {(uint8_t)((ok ? 0 : ST0_ABNORMAL) | s->head << 2 | s->unit),
                    ok ? 0 : ST1_NO_ADDRESS,
                    0,
                    d->track,
                    s->head,
                    ok ? d->last_sector : 0,
                    2};
    fdc_result(s, r, sizeof r);
    fdc_raise(s);
}

static void cmd_read(Fdc *s)
{
    fdc_begin_transfer(s, FDC_READ);
}

static void cmd_write(Fdc *s)
{
    fdc_begin_transfer(s, FDC_WRITE);
}

static void cmd_format(Fdc *s)
{
    fdc_begin_transfer(s, FDC_FORMAT);
}

static void cmd_verify(Fdc *s)
{
    fdc_begin_transfer(s, FDC_VERIFY);
}

static void cmd_scan(Fdc *s)
{
    fdc_begin_transfer(s, FDC_SCAN);
}

static void cmd_dump(Fdc *s)
{
    uint8_t r[10] = {s->drive[0].track,
                     s->drive[1].track,
                     0,
                     0,
                     s->specify[0],
                     s->specify[1],
                     s->end_of_track,
                     (uint8_t)(s->lock << 7 | s->perpendicular),
                     s->configure[0],
                     s->configure[1]};
    fdc_result(s, r, sizeof r);
}

static void cmd_version(Fdc *s)
{
    fdc_result(s, (const uint8_t[]){0x90}, 1);
}

static void cmd_perpendicular(Fdc *s)
{
    s->perpendicular = s->in[1] & 0x3f;
    fdc_idle(s);
}

static void cmd_configure(Fdc *s)
{
    memcpy(s->configure, s->in + 2, 2);
    fdc_idle(s);
}

static void cmd_lock(Fdc *s)
{
    s->lock = s->in[0] >> 7;
    fdc_result(s, (const uint8_t[]){(uint8_t)(s->lock << 4)}, 1);
}

static void cmd_part_id(Fdc *s)
{
    fdc_result(s, (const uint8_t[]){0x41}, 1);
}

static void cmd_power_down(Fdc *s)
{
    fdc_result(s, &s->in[1], 1);
}

static void cmd_nothing(Fdc *s)
{
    fdc_idle(s);
}

// Of two rows that fit the first counts. Bits outside of the mask are options.
static const struct {
    uint8_t code, mask, parameters;
    void (*run)(Fdc *s);
} commands[] = {
    {0x03, 0xff, 2, cmd_specify},       {0x04, 0xff, 1, cmd_sense_drive},
    {0x05, 0x3f, 8, cmd_write},         {0x09, 0x3f, 8, cmd_write},
    {0x06, 0x1f, 8, cmd_read},          {0x0c, 0x1f, 8, cmd_read},
    {0x07, 0xff, 1, cmd_recalibrate},   {0x08, 0xff, 0, cmd_sense_interrupt},
    {0x0a, 0xbf, 1, cmd_read_id},       {0x0d, 0xbf, 5, cmd_format},
    {0x0e, 0xff, 0, cmd_dump},          {0x0f, 0x3f, 2, cmd_seek},
    {0x10, 0xff, 0, cmd_version},       {0x11, 0x1f, 8, cmd_scan},
    {0x12, 0xff, 1, cmd_perpendicular}, {0x13, 0xff, 3, cmd_configure},
    {0x14, 0x7f, 0, cmd_lock},          {0x16, 0x1f, 8, cmd_verify},
    {0x17, 0xff, 1, cmd_power_down},    {0x18, 0xff, 0, cmd_part_id},
    {0x19, 0x1f, 8, cmd_scan},          {0x1d, 0x1f, 8, cmd_scan},
    {0x33, 0xff, 1, cmd_nothing}, // OPTION
};

static int find(uint8_t code)
{
    for (size_t i = 0; i < ARRAY_LEN(commands); i++) {
        if ((code & commands[i].mask) == commands[i].code) {
            return (int)i;
        }
    }
    return -1;
}

unsigned fdc_parameters(uint8_t command)
{
    int i = find(command);
    return i < 0 ? 0 : commands[i].parameters;
}

void fdc_execute(Fdc *s)
{
    int i = find(s->in[0]);
    if (i < 0) {
        log_printf(LOG_GUEST_ERRORS, "fdc: command 0x%02x\n", s->in[0]);
        invalid(s);
        return;
    }
    commands[i].run(s);
}

// What LOCK protects stays, unless it is the machine that is reset.
void fdc_reset_registers(Fdc *s, bool by_hardware)
{
    if (by_hardware || !s->lock) {
        s->configure[0] = 0x20; // no FIFO, polling
        s->configure[1] = 0;
        s->lock = by_hardware ? 0 : s->lock;
    }
    s->perpendicular = 0;
    s->interrupt_pending = false;
}
