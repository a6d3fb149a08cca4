// What drives say about themselves: IDENTIFY, SET FEATURES, SMART.
#include "hw/ide/ata.h"

#include <string.h>

#include "util/log.h"

// Word numbers and bits of IDENTIFY DEVICE: ACS-2, table 45.
typedef struct Word {
    uint8_t n;
    uint16_t v;
} Word;

static void put_words(uint8_t *p, const Word *w, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        ata_put16(p, w[i].n, w[i].v);
    }
}

// Two letters a word, the first in the high byte.
static void put_text(uint8_t *p, unsigned word, const char *text, unsigned len)
{
    size_t n = strlen(text);
    for (unsigned i = 0; i < len; i++) {
        p[(2 * word + i) ^ 1] = i < n ? (uint8_t)text[i] : ' ';
    }
}

static void put32(uint8_t *p, unsigned word, uint32_t v)
{
    ata_put16(p, word, v & 0xffff);
    ata_put16(p, word + 1, v >> 16);
}

static uint16_t modes(uint8_t selected, unsigned highest)
{
    return (uint16_t)(mask64(highest + 1) | (selected <= highest ? 0x100u << selected : 0));
}

static void put_names(AtaDrive *d, uint8_t *p)
{
    put_text(p, 10, d->serial, 20);
    put_text(p, 23, d->version, 8);
    put_text(p, 27, d->model, 40);
    ata_put16(p, 63, modes(d->mwdma, 2));
    ata_put16(p, 88, modes(d->udma, 5));
    if (d->sata) {
        ata_put16(p, 76, 0x0006 | (d->cdrom ? 0 : 0x0100)); // 1.5 and 3 Gb/s, queueing
        ata_put16(p, 75, d->cdrom ? 0 : 31);
    } else {
        ata_put16(p, 93, d->device & ATA_DEV_1 ? 0x4b00 | 0x2000 : 0x600d); // 80-wire cable
    }
}

static void put_checksum(uint8_t *p)
{
    uint8_t sum = 0xa5;
    p[510] = 0xa5;
    for (unsigned i = 0; i < 510; i++) {
        sum = (uint8_t)(sum + p[i]);
    }
    p[511] = (uint8_t)-sum;
}

static void put_geometry(AtaDrive *d, uint8_t *p)
{
    unsigned track = (unsigned)d->heads_now * d->track_sectors_now;
    uint64_t cylinders = MIN_OF(d->sectors / track, UINT64_C(16383));
    ata_put16(p, 1, d->cylinders);
    ata_put16(p, 3, d->heads);
    ata_put16(p, 6, d->track_sectors);
    ata_put16(p, 54, (unsigned)cylinders);
    ata_put16(p, 55, d->heads_now);
    ata_put16(p, 56, d->track_sectors_now);
    put32(p, 57, (uint32_t)cylinders * track);
    put32(p, 60, (uint32_t)MIN_OF(d->sectors, UINT64_C(0xfffffff)));
    put32(p, 100, (uint32_t)d->sectors);
    put32(p, 102, (uint32_t)(d->sectors >> 32));
}

void ata_identify(AtaDrive *d)
{
    static const Word words[] = {
        {0, 0x0040}, // fixed disk
        {47, 0x8000 | ATA_MAX_MULTIPLE},
        {48, 0x4000},
        {49, 0x0b00}, // IORDY, LBA, DMA
        {50, 0x4000},
        {51, 0x0200},
        {53, 0x0007},
        {64, 0x0003}, // PIO 3 and 4
        {65, 120},
        {66, 120},
        {67, 120},
        {68, 120},
        {80, 0x01f0}, // ATA/ATAPI-4 to ATA8-ACS
        {82, 0x4021}, // NOP, write cache, SMART
        {83, 0x7400}, // FLUSH CACHE (EXT), 48-bit addresses
        {84, 0x4060}, // logging, FUA
        {86, 0x3400},
        {87, 0x4060},
    };
    uint8_t *p = d->buf;
    memset(p, 0, ATA_SECTOR);
    put_words(p, words, ARRAY_LEN(words));
    put_names(d, p);
    put_geometry(d, p);
    ata_put16(p, 59, d->multiple ? 0x100u | d->multiple : 0);
    ata_put16(p, 85, 0x4000u | (d->write_cache ? 0x20 : 0) | (d->smart ? 1 : 0));
    if (d->physical_exp) {
        ata_put16(p, 106, 0x6000 | d->physical_exp);
    }
    if (d->wwn) {
        ata_put16(p, 84, 0x4160);
        ata_put16(p, 87, 0x4160);
        for (unsigned i = 0; i < 4; i++) {
            ata_put16(p, 108 + i, (unsigned)(d->wwn >> (48 - 16 * i)) & 0xffff);
        }
    }
    ata_put16(p, 105, 8); // sectors of ranges in one TRIM
    ata_put16(p, 169, 1); // TRIM
    ata_put16(p, 217, d->rotation);
    put_checksum(p);
}

void ata_identify_packet(AtaDrive *d)
{
    static const Word words[] =
        {
            {0, 0x85c0}, // CD-ROM, removable, fast DRQ, packets of 12 bytes
            {48, 1},      {49, 0x0b00}, {53, 0x0007}, {64, 0x0003}, {65, 120},
            {66, 120},    {67, 120},    {68, 120},    {71, 30},     {72, 30},
            {80, 0x00f0}, {82, 0x4210}, // NOP, DEVICE RESET, packets
            {83, 0x4000}, {84, 0x4000}, {85, 0x4210}, {86, 0},      {87, 0x4000},
        };
    uint8_t *p = d->buf;
    memset(p, 0, ATA_SECTOR);
    put_words(p, words, ARRAY_LEN(words));
    put_names(d, p);
    put_checksum(p);
}

// --- SET FEATURES (7.48)

static bool set_transfer_mode(AtaDrive *d, uint8_t v)
{
    unsigned kind = v >> 3, mode = v & 7;
    switch (kind) {
    case 0: // PIO default, with or without IORDY
        return mode <= 1;
    case 1: // PIO with flow control
        d->pio = (uint8_t)mode;
        return mode <= 4;
    case 4:
        d->mwdma = mode <= 2 ? (uint8_t)mode : d->mwdma;
        d->udma = mode <= 2 ? 0xff : d->udma;
        return mode <= 2;
    case 8:
        d->udma = mode <= 5 ? (uint8_t)mode : d->udma;
        d->mwdma = mode <= 5 ? 0xff : d->mwdma;
        return mode <= 5;
    }
    return false;
}

void ata_set_features(AtaDrive *d)
{
    bool ok = true;
    switch (d->feature.now) {
    case 0x02:
    case 0x82:
        ok = !d->cdrom;
        d->write_cache = ok && d->feature.now == 0x02;
        ok = ok && (d->write_cache || block_flush(d->disk));
        break;
    case 0x03:
        ok = set_transfer_mode(d, d->count.now);
        break;
    case 0x05: // power management level
    case 0x10: // SATA features
    case 0x42: // acoustic management
    case 0x55: // read look-ahead
    case 0x66: // keep settings over a software reset
    case 0x85:
    case 0x90:
    case 0xaa:
    case 0xc2:
    case 0xcc:
        break;
    default:
        ok = false;
    }
    if (ok) {
        ata_complete(d);
    } else {
        ata_abort(d, ATA_ABRT);
    }
}

// --- SMART (7.53): a disk that is always well

#define SMART_KEY_MID  0x4f
#define SMART_KEY_HIGH 0xc2

static void sector_checksum(uint8_t *p)
{
    uint8_t sum = 0;
    for (unsigned i = 0; i < 511; i++) {
        sum = (uint8_t)(sum + p[i]);
    }
    p[511] = (uint8_t)-sum;
}

// id, flags, value and worst, threshold, raw
static const struct {
    uint8_t id, flags, value, threshold;
    uint8_t raw;
} attributes[] = {
    {1, 0x03, 100, 6, 0}, {3, 0x03, 100, 0, 0},  {4, 0x02, 100, 20, 1},   {5, 0x03, 100, 36, 0},
    {9, 0x03, 100, 0, 1}, {12, 0x03, 100, 0, 0}, {190, 0x03, 69, 50, 31},
};

static void smart_data(AtaDrive *d)
{
    uint8_t *p = d->buf;
    p[0] = 1;
    for (size_t i = 0; i < ARRAY_LEN(attributes); i++) {
        uint8_t *a = p + 2 + 12 * i;
        a[0] = attributes[i].id;
        a[1] = attributes[i].flags;
        a[3] = a[4] = attributes[i].value;
        a[5] = attributes[i].raw;
    }
    p[362] = 0x02; // off-line collection was never started
    p[367] = 0x13; // can: off-line, abort, self-test
    p[368] = 0x03;
    p[370] = 0x01; // error log
    p[372] = 2;    // minutes of a short self-test
    p[373] = 54;
}

static void smart_thresholds(AtaDrive *d)
{
    uint8_t *p = d->buf;
    p[0] = 1;
    for (size_t i = 0; i < ARRAY_LEN(attributes); i++) {
        p[2 + 12 * i] = attributes[i].id;
        p[3 + 12 * i] = attributes[i].threshold;
    }
}

static bool smart_log(AtaDrive *d)
{
    uint8_t *p = d->buf;
    switch (d->lba_low.now) {
    case 0x00: // directory: one sector each
        p[0] = 1;
        p[2 * 1] = p[2 * 6] = 1;
        return true;
    case 0x01: // no errors
    case 0x06: // no self-tests
        p[0] = 1;
        return true;
    }
    return false;
}

void ata_smart(AtaDrive *d)
{
    bool key = d->lba_mid.now == SMART_KEY_MID && d->lba_high.now == SMART_KEY_HIGH;
    uint8_t sub = d->feature.now;
    if (!key || (!d->smart && sub != 0xd8)) {
        ata_abort(d, ATA_ABRT);
        return;
    }
    memset(d->buf, 0, ATA_SECTOR);
    switch (sub) {
    case 0xd0:
        smart_data(d);
        break;
    case 0xd1:
        smart_thresholds(d);
        break;
    case 0xd5:
        if (d->count.now == 1 && smart_log(d)) {
            break;
        }
        ata_abort(d, ATA_ABRT);
        return;
    case 0xd2: // attribute autosave
    case 0xd3: // save attributes
    case 0xd4: // self-tests pass at once
    case 0xda: // status: the registers keep the key
        ata_complete(d);
        return;
    case 0xd8:
    case 0xd9:
        d->smart = sub == 0xd8;
        ata_complete(d);
        return;
    default:
        ata_abort(d, ATA_ABRT);
        return;
    }
    sector_checksum(d->buf);
    ata_pio(d, ATA_PIO_IN, ATA_DATA_BUFFER, ATA_SECTOR, true);
}
