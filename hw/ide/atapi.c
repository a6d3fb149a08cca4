// Packet commands of a CD-ROM drive: the protocol and the commands that read. The ones that only
// tell something are in atapi_info.c.
//
//   PACKET -> 12 bytes by PIO -> command -> data by PIO in chunks of the byte count limit, or DMA
//                                        -> status, interrupt
#include "hw/ide/ata.h"

#include <assert.h>
#include <string.h>

#include "util/log.h"

#define RAW_SECTOR 2352
#define RAW_USER   16 // sync pattern and header come before the data

enum { KEY_NONE, KEY_NOT_READY = 2, KEY_MEDIUM = 3, KEY_ILLEGAL = 5, KEY_ATTENTION = 6 };

// --- ends of a command

static void reason(AtaDrive *d, uint8_t r)
{
    d->count.now = r;
}

void atapi_ok(AtaDrive *d)
{
    reason(d, ATAPI_IO | ATAPI_COD);
    d->sense = (AtaSense){0};
    ata_complete(d);
}

void atapi_error(AtaDrive *d, uint8_t key, uint8_t asc, uint8_t ascq)
{
    d->sense = (AtaSense){key, asc, ascq};
    reason(d, ATAPI_IO | ATAPI_COD);
    ata_abort(d, (uint8_t)(key << 4 | (key == KEY_ILLEGAL ? ATA_ABRT : 0)));
}

bool atapi_ready(AtaDrive *d)
{
    if (d->disk && !d->tray_open) {
        return true;
    }
    atapi_error(d, KEY_NOT_READY, 0x3a, d->tray_open ? 2 : 1);
    return false;
}

// --- data to the host

static uint64_t sector_count(const AtaDrive *d)
{
    return d->sectors;
}

// Sync pattern, address and mode of a raw sector (ECMA-130, 14); error correction stays zero.
static void raw_frame(uint8_t *p, uint64_t lba)
{
    uint64_t msf = lba + 150;
    uint8_t part[3] = {(uint8_t)(msf / (75 * 60) % 100), (uint8_t)(msf / 75 % 60),
                       (uint8_t)(msf % 75)};
    memset(p, 0, RAW_SECTOR);
    memset(p + 1, 0xff, 10);
    for (int i = 0; i < 3; i++) {
        p[12 + i] = (uint8_t)(part[i] / 10 << 4 | part[i] % 10);
    }
    p[15] = 1;
}

// Sectors from d->next into buf; false: the command has ended.
static bool fill(AtaDrive *d)
{
    if (!atapi_ready(d)) { // it was taken out on the way
        return false;
    }
    unsigned n = (unsigned)MIN_OF(d->left / d->cd_sector, (uint64_t)(ATA_BUFFER / d->cd_sector));
    bool ok = true;
    if (d->cd_sector == CD_SECTOR) {
        ok = block_read(d->disk, d->next * CD_SECTOR, d->buf, (uint64_t)n * CD_SECTOR);
    }
    for (unsigned i = 0; ok && d->cd_sector != CD_SECTOR && i < n; i++) {
        uint8_t *p = d->buf + (size_t)i * RAW_SECTOR;
        raw_frame(p, d->next + i);
        ok = block_read(d->disk, (d->next + i) * CD_SECTOR, p + RAW_USER, CD_SECTOR);
    }
    if (!ok) {
        atapi_error(d, KEY_MEDIUM, 0x11, 0);
        return false;
    }
    d->next += n;
    d->filled = n * d->cd_sector;
    d->pos = d->end = 0;
    return true;
}

// Byte count limits are even, but for the last chunk (ATA/ATAPI-7, 9.8).
static uint32_t chunk_size(const AtaDrive *d)
{
    uint32_t have = d->filled - d->pos, limit = d->limit & 0xfffeu;
    limit = limit ? limit : 0xfffe;
    return MIN_OF(have, limit);
}

static void send_chunk(AtaDrive *d)
{
    if (!d->left) {
        atapi_ok(d);
        return;
    }
    if (d->data == ATA_DATA_CD && d->pos == d->filled && !fill(d)) {
        return;
    }
    uint32_t n = chunk_size(d);
    d->end = d->pos + n;
    d->left -= n;
    d->lba_mid.now = (uint8_t)n;
    d->lba_high.now = (uint8_t)(n >> 8);
    reason(d, ATAPI_IO);
    d->phase = ATA_PIO_IN;
    d->status = ATA_DRDY | ATA_DRQ;
    d->interrupt(d->opaque);
}

static void begin_data(AtaDrive *d, AtaData data)
{
    d->data = (uint8_t)data;
    d->pos = d->end = 0;
    if (d->dma) {
        d->phase = ATA_DMA_IN;
        d->status = ATA_DRDY | ATA_DRQ;
    } else {
        send_chunk(d);
    }
}

void atapi_reply(AtaDrive *d, uint32_t len, uint32_t room)
{
    assert(len <= ATA_BUFFER);
    d->filled = MIN_OF(len, room);
    d->left = d->filled;
    if (d->left) {
        begin_data(d, ATA_DATA_REPLY);
    } else {
        atapi_ok(d);
    }
}

// --- reading

static void read_sectors(AtaDrive *d, uint32_t lba, uint32_t n, uint16_t sector_size)
{
    if (!atapi_ready(d)) {
        return;
    }
    if (lba >= sector_count(d) || n > sector_count(d) - lba) {
        atapi_error(d, KEY_ILLEGAL, 0x21, 0);
        return;
    }
    d->cd_sector = sector_size;
    d->next = lba;
    d->left = (uint64_t)n * sector_size;
    d->filled = 0;
    if (n) {
        begin_data(d, ATA_DATA_CD);
    } else {
        atapi_ok(d);
    }
}

static void cmd_read_10(AtaDrive *d)
{
    read_sectors(d, get_be32(d->packet + 2), get_be16(d->packet + 7), CD_SECTOR);
}

static void cmd_read_12(AtaDrive *d)
{
    read_sectors(d, get_be32(d->packet + 2), get_be32(d->packet + 6), CD_SECTOR);
}

// User data alone, or all of a sector: what a data disc gives.
static void cmd_read_cd(AtaDrive *d)
{
    uint32_t n = get_be32(d->packet + 5) & 0xffffff;
    switch (d->packet[9] & 0xf8) {
    case 0x00:
        if (atapi_ready(d)) {
            atapi_ok(d);
        }
        break;
    case 0x10:
        read_sectors(d, get_be32(d->packet + 2), n, CD_SECTOR);
        break;
    case 0xf8:
        read_sectors(d, get_be32(d->packet + 2), n, RAW_SECTOR);
        break;
    default:
        atapi_error(d, KEY_ILLEGAL, 0x24, 0);
    }
}

static void cmd_seek(AtaDrive *d)
{
    if (!atapi_ready(d)) {
        return;
    }
    if (get_be32(d->packet + 2) >= sector_count(d)) {
        atapi_error(d, KEY_ILLEGAL, 0x21, 0);
    } else {
        atapi_ok(d);
    }
}

static void cmd_read_capacity(AtaDrive *d)
{
    if (atapi_ready(d)) {
        be32(d->buf, (uint32_t)sector_count(d) - 1);
        be32(d->buf + 4, CD_SECTOR);
        atapi_reply(d, 8, 8);
    }
}

// --- state

static void cmd_test_unit_ready(AtaDrive *d)
{
    if (atapi_ready(d)) {
        atapi_ok(d);
    }
}

static void cmd_request_sense(AtaDrive *d)
{
    AtaSense s = d->sense;
    memset(d->buf, 0, 18);
    d->buf[0] = 0xf0;
    d->buf[2] = s.key;
    d->buf[7] = 10;
    d->buf[12] = s.asc;
    d->buf[13] = s.ascq;
    d->sense = (AtaSense){0};
    atapi_reply(d, 18, d->packet[4]);
}

enum { START = 1, LOAD_EJECT = 2 };
enum { EVENT_EJECT_REQUEST = 1, EVENT_NEW_MEDIA = 2, EVENT_REMOVED = 3 };

static void cmd_start_stop(AtaDrive *d)
{
    uint8_t how = d->packet[4];
    if (how & 0xf0) { // power conditions
        atapi_ok(d);
        return;
    }
    if (how & LOAD_EJECT) {
        bool open = !(how & START);
        if (open && d->locked) {
            atapi_error(d, KEY_ILLEGAL, 0x53, 2);
            return;
        }
        if (open != d->tray_open && d->disk) {
            d->media_event = open ? EVENT_REMOVED : EVENT_NEW_MEDIA;
            d->attention = !open;
        }
        d->tray_open = open;
    }
    atapi_ok(d);
}

void atapi_media_changed(AtaDrive *d)
{
    d->media_event = d->disk ? EVENT_NEW_MEDIA : EVENT_REMOVED;
    d->attention = d->disk != NULL;
    d->tray_open = !d->disk;
    d->locked = d->locked && d->disk;
}

void atapi_eject_request(AtaDrive *d)
{
    d->media_event = EVENT_EJECT_REQUEST;
}

static void cmd_prevent_removal(AtaDrive *d)
{
    d->locked = d->packet[4] & 1;
    atapi_ok(d);
}

static void cmd_nothing(AtaDrive *d)
{
    atapi_ok(d);
}

static void cmd_mode_select(AtaDrive *d)
{
    uint32_t n = get_be16(d->packet + 7);
    if (n > ATA_BUFFER) {
        atapi_error(d, KEY_ILLEGAL, 0x24, 0);
        return;
    }
    if (!n) {
        atapi_ok(d);
        return;
    }
    d->data = ATA_DATA_MODE;
    d->pos = 0;
    d->end = n;
    d->phase = d->dma ? ATA_DMA_OUT : ATA_PIO_OUT;
    d->status = ATA_DRDY | ATA_DRQ;
    if (!d->dma) {
        d->lba_mid.now = (uint8_t)n;
        d->lba_high.now = (uint8_t)(n >> 8);
        reason(d, 0);
        d->interrupt(d->opaque);
    }
}

// --- the table

enum { DESPITE_ATTENTION = 1 };

static const struct {
    uint8_t code;
    uint8_t flags;
    void (*run)(AtaDrive *d);
} commands[] = {
    {0x00, 0, cmd_test_unit_ready},
    {0x03, DESPITE_ATTENTION, cmd_request_sense},
    {0x1b, 0, cmd_start_stop},
    {0x1e, 0, cmd_prevent_removal},
    {0x25, 0, cmd_read_capacity},
    {0x28, 0, cmd_read_10},
    {0x2b, 0, cmd_seek},
    {0x35, 0, cmd_nothing}, // SYNCHRONIZE CACHE
    {0x55, 0, cmd_mode_select},
    {0xa8, 0, cmd_read_12},
    {0xbb, 0, cmd_nothing}, // SET CD SPEED
    {0xbe, 0, cmd_read_cd},
};

#define CMD_INQUIRY      0x12
#define CMD_EVENT_STATUS 0x4a

static bool take_attention(AtaDrive *d, uint8_t code, unsigned flags)
{
    if (!d->attention || (flags & DESPITE_ATTENTION) || code == CMD_INQUIRY ||
        code == CMD_EVENT_STATUS) {
        return false;
    }
    d->attention = false;
    atapi_error(d, KEY_ATTENTION, 0x28, 0); // the medium may have changed
    return true;
}

static void run_packet(AtaDrive *d)
{
    uint8_t code = d->packet[0];
    for (size_t i = 0; i < ARRAY_LEN(commands); i++) {
        if (commands[i].code == code) {
            if (!take_attention(d, code, commands[i].flags)) {
                commands[i].run(d);
            }
            return;
        }
    }
    if (take_attention(d, code, 0) || atapi_info(d)) {
        return;
    }
    log_printf(LOG_UNIMP, "ide: packet command 0x%02x\n", code);
    atapi_error(d, KEY_ILLEGAL, 0x20, 0);
}

void atapi_packet(AtaDrive *d)
{
    if (d->feature.now & 2) { // overlapped
        ata_abort(d, ATA_ABRT);
        return;
    }
    d->dma = d->feature.now & 1;
    d->limit = (uint16_t)(d->lba_mid.now | d->lba_high.now << 8);
    reason(d, ATAPI_COD);
    ata_pio(d, ATA_PIO_OUT, ATA_DATA_PACKET, ATA_PACKET_LEN, false);
}

void atapi_block_done(AtaDrive *d)
{
    if (d->data == ATA_DATA_PACKET) {
        memcpy(d->packet, d->buf, ATA_PACKET_LEN);
        run_packet(d);
    } else if (d->data == ATA_DATA_MODE) {
        atapi_ok(d); // there is nothing to select
    } else {
        send_chunk(d);
    }
}

// --- DMA

static void dma_raw(AtaDrive *d, AtaSg *sg)
{
    while (d->left) {
        if (!fill(d)) {
            return;
        }
        size_t n = ata_sg_copy(sg, d->buf, d->filled, true);
        d->left -= n;
        if (n < d->filled) {
            return;
        }
    }
    atapi_ok(d);
}

static void dma_cd(AtaDrive *d, AtaSg *sg)
{
    uint64_t done;
    if (d->cd_sector != CD_SECTOR) {
        dma_raw(d, sg);
        return;
    }
    if (!atapi_ready(d)) {
        return;
    }
    if (!ata_sg_image(sg, d->disk, d->next * CD_SECTOR, d->left, true, &done)) {
        atapi_error(d, KEY_MEDIUM, 0x11, 0);
        return;
    }
    d->left -= done;
    d->next += done / CD_SECTOR;
    if (!d->left) {
        atapi_ok(d);
    }
}

void atapi_dma(AtaDrive *d, AtaSg *sg)
{
    switch (d->data) {
    case ATA_DATA_CD:
        dma_cd(d, sg);
        break;
    case ATA_DATA_REPLY:
        d->left -= ata_sg_copy(sg, d->buf, (size_t)d->left, true);
        if (!d->left) {
            atapi_ok(d);
        }
        break;
    case ATA_DATA_MODE:
        d->pos += (uint32_t)ata_sg_copy(sg, d->buf + d->pos, d->end - d->pos, false);
        if (d->pos == d->end) {
            atapi_ok(d);
        }
        break;
    }
}
