// Sectors between disk and host: by DMA in one go, or byte by byte with an interrupt for each run.
#include <string.h>

#include "hw/block/fdc_internal.h"
#include "util/log.h"

#define DMA_CHANNEL 2

static uint64_t sector_offset(const Fdc *s, const FdcMedia *m)
{
    return (((uint64_t)s->cylinder * m->heads + s->head) * m->track_sectors + s->sector - 1) *
           FDC_SECTOR;
}

static void request_dma(Fdc *s, bool on)
{
    if (s->dma) {
        i8237_request(s->dma, DMA_CHANNEL, on);
    }
}

static void end(Fdc *s, uint8_t st0, uint8_t st1, uint8_t st2)
{
    uint8_t r[7] = {(uint8_t)(st0 | s->head << 2 | s->unit),
                    st1,
                    st2,
                    s->cylinder,
                    s->head,
                    s->sector,
                    s->size};
    request_dma(s, false);
    fdc_result(s, r, sizeof r);
    fdc_raise(s);
}

static void fail(Fdc *s, uint8_t st1, uint8_t st2)
{
    end(s, ST0_ABNORMAL, st1, st2);
}

// --- the current sector

// Is it on the disk, under the heads, and readable at this rate? Otherwise the command has ended.
static bool find_sector(Fdc *s)
{
    FdcDrive *d = fdc_selected(s);
    const FdcMedia *m = d->media;
    if (s->unit >= FDC_DRIVES || !m || m->rate != s->rate) {
        fail(s, ST1_NO_ADDRESS, 0);
        return false;
    }
    if (s->cylinder != d->track) {
        fail(s, ST1_NO_DATA, ST2_CYLINDER);
        return false;
    }
    if (s->size != 2 || s->head >= m->heads || !s->sector || s->sector > m->track_sectors ||
        s->cylinder >= m->tracks || sector_offset(s, m) + FDC_SECTOR > block_size(d->disk)) {
        fail(s, ST1_NO_DATA, 0);
        return false;
    }
    d->last_sector = s->sector;
    return true;
}

// False: the command has ended.
static bool load(Fdc *s)
{
    FdcDrive *d = fdc_selected(s);
    if (!find_sector(s)) {
        return false;
    }
    if (!block_read(d->disk, sector_offset(s, d->media), s->buf, FDC_SECTOR)) {
        fail(s, ST1_DATA, ST2_DATA);
        return false;
    }
    return true;
}

static bool store(Fdc *s)
{
    FdcDrive *d = fdc_selected(s);
    if (!find_sector(s)) {
        return false;
    }
    if (!block_write(d->disk, sector_offset(s, d->media), s->buf, FDC_SECTOR)) {
        fail(s, ST1_NOT_WRITABLE, 0);
        return false;
    }
    return true;
}

// To the next sector. False: the last one of the track (or of both, with multi-track) is done.
static bool advance(Fdc *s)
{
    if (s->sector < s->end_of_track) {
        s->sector++;
        return true;
    }
    s->sector = 1;
    if (s->multi_track && s->head == 0) {
        s->head = 1;
        return true;
    }
    s->head = s->multi_track ? 0 : s->head;
    s->cylinder++;
    return false;
}

// --- scanning: the host's bytes against the disk's (5.2.5)

static bool scan_matches(Fdc *s, const uint8_t *host, size_t n)
{
    unsigned kind = s->in[0] & 0x1f; // 11 equal, 19 low or equal, 1d high or equal
    s->scan_st2 = ST2_EQUAL;
    for (size_t i = 0; i < n; i++) {
        uint8_t want = host[i], have = s->buf[i];
        if (want == 0xff || want == have) {
            continue;
        }
        s->scan_st2 = 0;
        if (kind == 0x11 || (kind == 0x19 && have > want) || (kind == 0x1d && have < want)) {
            s->scan_st2 = ST2_NOT;
            return false;
        }
    }
    return true;
}

// --- DMA

typedef enum Step { STEP_MORE, STEP_COUNT, STEP_WAIT, STEP_ENDED } Step;

static Step dma_read(Fdc *s)
{
    bool tc;
    if (!s->pos && !load(s)) {
        return STEP_ENDED;
    }
    size_t n = i8237_to_memory(s->dma, DMA_CHANNEL, s->buf + s->pos, FDC_SECTOR - s->pos, &tc);
    s->pos += (uint32_t)n;
    return tc ? STEP_COUNT : s->pos < FDC_SECTOR ? STEP_WAIT : STEP_MORE;
}

static Step dma_write(Fdc *s)
{
    bool tc;
    size_t n = i8237_from_memory(s->dma, DMA_CHANNEL, s->buf + s->pos, FDC_SECTOR - s->pos, &tc);
    s->pos += (uint32_t)n;
    if (!tc && s->pos < FDC_SECTOR) {
        return STEP_WAIT;
    }
    memset(s->buf + s->pos, 0, FDC_SECTOR - s->pos); // a count that ends in a sector fills it
    return !store(s) ? STEP_ENDED : tc ? STEP_COUNT : STEP_MORE;
}

static Step dma_scan(Fdc *s)
{
    uint8_t host[FDC_SECTOR];
    bool tc;
    if (!load(s)) {
        return STEP_ENDED;
    }
    size_t n = i8237_from_memory(s->dma, DMA_CHANNEL, host, FDC_SECTOR, &tc);
    if (!n) {
        return STEP_WAIT;
    }
    if (scan_matches(s, host, n)) {
        end(s, 0, 0, s->scan_st2);
        return STEP_ENDED;
    }
    return tc ? STEP_COUNT : STEP_MORE;
}

static bool format_sector(Fdc *s)
{
    s->cylinder = s->buf[0];
    s->head = s->buf[1];
    s->sector = s->buf[2];
    s->size = s->buf[3];
    memset(s->buf, s->fill, FDC_SECTOR);
    s->pos = 0;
    return store(s) && --s->to_format > 0;
}

static Step dma_format(Fdc *s)
{
    bool tc;
    size_t n = i8237_from_memory(s->dma, DMA_CHANNEL, s->buf + s->pos, 4 - s->pos, &tc);
    s->pos += (uint32_t)n;
    if (s->pos < 4) {
        return tc ? STEP_COUNT : STEP_WAIT;
    }
    if (format_sector(s)) {
        return tc ? STEP_COUNT : STEP_MORE;
    }
    if (s->phase == FDC_EXECUTE) {
        end(s, 0, 0, 0);
    }
    return STEP_ENDED;
}

static Step verify(Fdc *s)
{
    return load(s) ? STEP_MORE : STEP_ENDED;
}

static Step step(Fdc *s)
{
    switch (s->data) {
    case FDC_READ:
        return dma_read(s);
    case FDC_WRITE:
        return dma_write(s);
    case FDC_FORMAT:
        return dma_format(s);
    case FDC_SCAN:
        return dma_scan(s);
    default:
        return verify(s);
    }
}

// Without a terminal count the end of the track is an error (6.1).
static void sector_done(Fdc *s, bool counted)
{
    s->pos = 0;
    bool more = advance(s);
    uint8_t st2 = s->deleted ? ST2_MARK : s->data == FDC_SCAN ? s->scan_st2 : 0;
    if (counted || (s->data == FDC_VERIFY && !more) || s->deleted) {
        end(s, 0, 0, st2);
    } else if (!more) {
        fail(s, ST1_END, st2);
    }
}

static void run_dma(Fdc *s)
{
    while (s->phase == FDC_EXECUTE) {
        Step r = step(s);
        if (r == STEP_WAIT || r == STEP_ENDED) {
            return;
        }
        if (s->data == FDC_FORMAT) {
            if (r == STEP_COUNT) {
                end(s, 0, 0, 0);
            }
        } else {
            sector_done(s, r == STEP_COUNT);
        }
    }
}

void fdc_dma_ready(void *opaque)
{
    Fdc *s = opaque;
    if (s->phase == FDC_EXECUTE && !s->no_dma) {
        run_dma(s);
    }
}

// --- byte by byte

uint8_t fdc_byte_out(Fdc *s)
{
    uint8_t v = s->buf[s->pos++];
    if (s->pos == FDC_SECTOR) {
        sector_done(s, false);
        if (s->phase == FDC_EXECUTE && load(s)) {
            fdc_raise(s);
        }
    }
    return v;
}

static void sector_came(Fdc *s)
{
    if (s->data == FDC_SCAN) {
        uint8_t host[FDC_SECTOR];
        memcpy(host, s->buf, sizeof host);
        if (!load(s)) {
            return;
        }
        if (scan_matches(s, host, sizeof host)) {
            end(s, 0, 0, s->scan_st2);
            return;
        }
    } else if (!store(s)) {
        return;
    }
    sector_done(s, false);
}

void fdc_byte_in(Fdc *s, uint8_t v)
{
    s->buf[s->pos++] = v;
    if (s->data == FDC_FORMAT && s->pos == 4) {
        if (!format_sector(s) && s->phase == FDC_EXECUTE) {
            end(s, 0, 0, 0);
        }
    } else if (s->pos == FDC_SECTOR) {
        sector_came(s);
    } else {
        return;
    }
    if (s->phase == FDC_EXECUTE) {
        fdc_raise(s);
    }
}

// --- beginning

static bool may_write(Fdc *s)
{
    const FdcDrive *d = fdc_selected(s);
    if (s->unit < FDC_DRIVES && d->disk && block_readonly(d->disk)) {
        fail(s, ST1_NOT_WRITABLE, 0);
        return false;
    }
    return true;
}

// The command's bytes stand in `in`.
void fdc_begin_transfer(Fdc *s, FdcData data)
{
    s->data = (uint8_t)data;
    s->unit = s->in[1] & 3;
    s->head = s->in[1] >> 2 & 1;
    s->multi_track = s->in[0] & 0x80;
    s->deleted = (s->in[0] & 0x1f) == 0x0c;
    s->no_dma = s->specify[1] & 1 || !s->dma;
    s->pos = 0;
    if (data == FDC_FORMAT) {
        s->size = s->in[2];
        s->to_format = s->in[3];
        s->fill = s->in[5];
        s->cylinder = fdc_selected(s)->track;
        s->sector = 1;
    } else {
        s->cylinder = s->in[2];
        s->head = s->in[3] & 1;
        s->sector = s->in[4];
        s->size = s->in[5];
        s->end_of_track = s->in[6];
    }
    if ((data == FDC_WRITE || data == FDC_FORMAT) && !may_write(s)) {
        return;
    }
    if (!find_sector(s)) {
        return;
    }
    if (data == FDC_FORMAT && !s->to_format) {
        end(s, 0, 0, 0);
        return;
    }
    s->phase = FDC_EXECUTE;
    if (data == FDC_VERIFY) {
        run_dma(s);
    } else if (s->no_dma) {
        if (data != FDC_READ || load(s)) {
            fdc_raise(s);
        }
    } else {
        request_dma(s, true);
        run_dma(s);
    }
}
