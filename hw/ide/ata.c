// The drive's registers and commands other than data transfers. The picture is in ata.h.
#include "hw/ide/ata.h"

#include <glib.h>
#include <string.h>

#include "util/log.h"

#define REG(f) STATE_STRUCTS(AtaDrive, f, AtaReg, 1, reg_fields)

static const StateField reg_fields[] = {
    STATE_U8(AtaReg, now),
    STATE_U8(AtaReg, before),
    STATE_END,
};
static const StateField sense_fields[] = {
    STATE_U8(AtaSense, key),
    STATE_U8(AtaSense, asc),
    STATE_U8(AtaSense, ascq),
    STATE_END,
};

const StateField ata_state_fields[] = {
    REG(feature),
    REG(count),
    REG(lba_low),
    REG(lba_mid),
    REG(lba_high),
    STATE_U8(AtaDrive, device),
    STATE_U8(AtaDrive, status),
    STATE_U8(AtaDrive, error),
    STATE_U8(AtaDrive, command),
    STATE_U8(AtaDrive, multiple),
    STATE_U8(AtaDrive, udma, .reset = 5),
    STATE_U8(AtaDrive, mwdma, .reset = 0xff),
    STATE_U8(AtaDrive, pio),
    STATE_U8(AtaDrive, heads_now),
    STATE_U8(AtaDrive, track_sectors_now),
    STATE_BOOL(AtaDrive, write_cache, .reset = 1),
    STATE_BOOL(AtaDrive, smart, .reset = 1),
    STATE_BOOL(AtaDrive, sleeping),
    STATE_U8_ARRAY(AtaDrive, queue_error, ATA_QUEUE_ERROR),
    STATE_U8(AtaDrive, phase),
    STATE_U8(AtaDrive, data),
    STATE_BOOL(AtaDrive, dma),
    STATE_U32(AtaDrive, pos),
    STATE_U32(AtaDrive, end),
    STATE_U32(AtaDrive, filled),
    STATE_U64(AtaDrive, next),
    STATE_U64(AtaDrive, left),
    STATE_U16(AtaDrive, limit),
    STATE_BOOL(AtaDrive, lba48),
    STATE_BOOL(AtaDrive, by_multiple),
    STATE_BOOL(AtaDrive, flush_after),
    STATE_U8_ARRAY(AtaDrive, packet, ATA_PACKET_LEN),
    STATE_U16(AtaDrive, cd_sector),
    STATE_U8(AtaDrive, cd_parts),
    STATE_STRUCTS(AtaDrive, sense, AtaSense, 1, sense_fields),
    STATE_U8(AtaDrive, media_event),
    STATE_BOOL(AtaDrive, tray_open),
    STATE_BOOL(AtaDrive, locked),
    STATE_BOOL(AtaDrive, attention),
    STATE_BYTES(AtaDrive, buf),
    STATE_END,
};

bool ata_loaded(AtaDrive *d, char **error)
{
    bool ok = d->phase <= ATA_DMA_OUT && d->data <= ATA_DATA_MODE && d->pos <= d->end &&
              d->end <= ATA_BUFFER && d->filled <= ATA_BUFFER && d->multiple <= ATA_MAX_MULTIPLE &&
              (d->cd_sector == CD_SECTOR || d->cd_sector == 2352 || !d->cd_sector) &&
              d->heads_now && d->heads_now <= 16 && d->track_sectors_now;
    if (!ok) {
        *error = g_strdup_printf("ide drive: transfer at %u to %u in phase %u", d->pos, d->end,
                                 d->phase);
    }
    return ok;
}

// --- ends of a command

static void idle(AtaDrive *d)
{
    d->phase = ATA_IDLE;
    d->data = ATA_DATA_NONE;
    d->pos = d->end = 0;
    d->left = 0;
}

void ata_complete(AtaDrive *d)
{
    idle(d);
    d->status = ATA_DRDY | (d->cdrom ? 0 : ATA_DSC);
    d->interrupt(d->opaque);
}

void ata_abort(AtaDrive *d, uint8_t error)
{
    idle(d);
    d->status = ATA_DRDY | ATA_ERR | (d->cdrom ? 0 : ATA_DSC);
    d->error = error;
    d->interrupt(d->opaque);
}

void ata_pio(AtaDrive *d, AtaPhase phase, AtaData data, uint32_t len, bool interrupt)
{
    d->phase = phase;
    d->data = data;
    d->pos = 0;
    d->end = len;
    d->status = ATA_DRDY | ATA_DRQ | (d->cdrom ? 0 : ATA_DSC);
    if (interrupt) {
        d->interrupt(d->opaque);
    }
}

// --- reset and signature (ACS-2, 6.5)

void ata_signature(AtaDrive *d)
{
    d->count.now = d->lba_low.now = 1;
    d->lba_mid.now = d->cdrom ? 0x14 : 0;
    d->lba_high.now = d->cdrom ? 0xeb : 0;
    d->device &= ATA_DEV_1;
}

void ata_reset(AtaDrive *d)
{
    idle(d);
    ata_signature(d);
    d->error = 1; // diagnostics passed
    d->status = d->cdrom ? 0 : ATA_DRDY | ATA_DSC;
    d->multiple = ATA_MAX_MULTIPLE;
    d->sleeping = false;
    memset(d->queue_error, 0, ATA_QUEUE_ERROR);
    d->queue_error[0] = 0x80; // no queued command has failed
}

void ata_power_on(AtaDrive *d)
{
    d->heads_now = (uint8_t)d->heads;
    d->track_sectors_now = (uint8_t)d->track_sectors;
    ata_reset(d);
}

// --- addresses

uint64_t ata_address(const AtaDrive *d, bool lba48)
{
    uint64_t low = d->lba_low.now | d->lba_mid.now << 8 | d->lba_high.now << 16;
    if (lba48) {
        return low | (uint64_t)d->lba_low.before << 24 | (uint64_t)d->lba_mid.before << 32 |
               (uint64_t)d->lba_high.before << 40;
    }
    if (d->device & ATA_DEV_LBA) {
        return low | (uint64_t)(d->device & 15) << 24;
    }
    unsigned sector = d->lba_low.now, head = d->device & 15;
    uint64_t cylinder = low >> 8;
    if (!sector || sector > d->track_sectors_now || head >= d->heads_now) {
        return UINT64_MAX;
    }
    return (cylinder * d->heads_now + head) * d->track_sectors_now + sector - 1;
}

void ata_set_address(AtaDrive *d, uint64_t sector, bool lba48)
{
    if (!lba48 && !(d->device & ATA_DEV_LBA)) {
        uint64_t track = sector / d->track_sectors_now;
        uint64_t cylinder = track / d->heads_now;
        d->device = (uint8_t)((d->device & 0xf0) | track % d->heads_now);
        d->lba_low.now = (uint8_t)(sector % d->track_sectors_now + 1);
        d->lba_mid.now = (uint8_t)cylinder;
        d->lba_high.now = (uint8_t)(cylinder >> 8);
        return;
    }
    d->lba_low.now = (uint8_t)sector;
    d->lba_mid.now = (uint8_t)(sector >> 8);
    d->lba_high.now = (uint8_t)(sector >> 16);
    if (lba48) {
        d->lba_low.before = (uint8_t)(sector >> 24);
        d->lba_mid.before = (uint8_t)(sector >> 32);
        d->lba_high.before = (uint8_t)(sector >> 40);
    } else {
        d->device = (uint8_t)((d->device & 0xf0) | (sector >> 24 & 15));
    }
}

uint32_t ata_count(const AtaDrive *d, bool lba48)
{
    if (lba48) {
        uint32_t n = d->count.now | (uint32_t)d->count.before << 8;
        return n ? n : 65536;
    }
    return d->count.now ? d->count.now : 256;
}

// --- commands without data

static void cmd_nothing(AtaDrive *d, unsigned arg)
{
    (void)arg;
    ata_complete(d);
}

static void cmd_nop(AtaDrive *d, unsigned arg)
{
    (void)arg;
    ata_abort(d, ATA_ABRT);
}

static void cmd_recalibrate(AtaDrive *d, unsigned arg)
{
    (void)arg;
    d->lba_mid.now = d->lba_high.now = 0;
    ata_complete(d);
}

static void cmd_seek(AtaDrive *d, unsigned arg)
{
    (void)arg;
    if (ata_address(d, false) >= d->sectors) {
        ata_abort(d, ATA_IDNF);
    } else {
        ata_complete(d);
    }
}

// Also of the other drive: its result says nothing bad either.
static void cmd_diagnostic(AtaDrive *d, unsigned arg)
{
    (void)arg;
    ata_reset(d);
    d->device = 0;
    d->interrupt(d->opaque);
}

static void cmd_device_reset(AtaDrive *d, unsigned arg)
{
    (void)arg;
    ata_reset(d);
}

static void cmd_set_parameters(AtaDrive *d, unsigned arg)
{
    (void)arg;
    if (!d->count.now) {
        ata_abort(d, ATA_ABRT);
        return;
    }
    d->track_sectors_now = d->count.now;
    d->heads_now = (uint8_t)((d->device & 15) + 1);
    ata_complete(d);
}

static void cmd_set_multiple(AtaDrive *d, unsigned arg)
{
    unsigned n = d->count.now;
    (void)arg;
    if (n > ATA_MAX_MULTIPLE || (n & (n - 1))) {
        ata_abort(d, ATA_ABRT);
        return;
    }
    d->multiple = (uint8_t)n;
    ata_complete(d);
}

static void cmd_power(AtaDrive *d, unsigned sleep)
{
    d->sleeping = sleep;
    ata_complete(d);
}

static void cmd_check_power(AtaDrive *d, unsigned arg)
{
    (void)arg;
    d->count.now = 0xff; // active or idle
    ata_complete(d);
}

static void cmd_flush(AtaDrive *d, unsigned arg)
{
    (void)arg;
    if (d->disk && !block_flush(d->disk)) {
        ata_abort(d, ATA_ABRT);
        return;
    }
    ata_complete(d);
}

static void cmd_native_max(AtaDrive *d, unsigned lba48)
{
    if (!lba48 && !(d->device & ATA_DEV_LBA)) {
        ata_abort(d, ATA_ABRT);
        return;
    }
    uint64_t last = d->sectors - 1;
    ata_set_address(d, lba48 ? last : MIN_OF(last, UINT64_C(0xfffffff)), lba48);
    ata_complete(d);
}

// --- commands with a buffer

static void cmd_identify(AtaDrive *d, unsigned arg)
{
    (void)arg;
    if (d->cdrom) {
        ata_signature(d);
        ata_abort(d, ATA_ABRT);
        return;
    }
    ata_identify(d);
    ata_pio(d, ATA_PIO_IN, ATA_DATA_BUFFER, ATA_SECTOR, true);
}

static void cmd_identify_packet(AtaDrive *d, unsigned arg)
{
    (void)arg;
    ata_identify_packet(d);
    ata_pio(d, ATA_PIO_IN, ATA_DATA_BUFFER, ATA_SECTOR, true);
}

// General purpose logs (ACS-2, annex A): the directory and the log of queued errors.
static void cmd_read_log(AtaDrive *d, unsigned arg)
{
    unsigned log = d->lba_low.now, page = d->lba_mid.now | d->lba_mid.before << 8;
    (void)arg;
    if (ata_count(d, true) != 1 || page || (log != 0 && log != 0x10)) {
        ata_abort(d, ATA_ABRT);
        return;
    }
    memset(d->buf, 0, ATA_SECTOR);
    if (log == 0) {
        ata_put16(d->buf, 0, 1);
        ata_put16(d->buf, 0x10, 1);
    } else {
        memcpy(d->buf, d->queue_error, ATA_QUEUE_ERROR);
        uint8_t sum = 0;
        for (unsigned i = 0; i < ATA_SECTOR - 1; i++) {
            sum = (uint8_t)(sum + d->buf[i]);
        }
        d->buf[ATA_SECTOR - 1] = (uint8_t)-sum;
    }
    ata_pio(d, ATA_PIO_IN, ATA_DATA_BUFFER, ATA_SECTOR, true);
}

static void cmd_trim(AtaDrive *d, unsigned arg)
{
    (void)arg;
    if (d->feature.now != 1 || !d->disk || block_readonly(d->disk)) {
        ata_abort(d, ATA_ABRT);
        return;
    }
    d->left = ata_count(d, true);
    d->phase = ATA_DMA_OUT;
    d->data = ATA_DATA_TRIM;
    d->status = ATA_DRDY | ATA_DSC | ATA_DRQ;
}

static void cmd_smart(AtaDrive *d, unsigned arg)
{
    (void)arg;
    ata_smart(d);
}

static void cmd_features(AtaDrive *d, unsigned arg)
{
    (void)arg;
    ata_set_features(d);
}

static void cmd_packet(AtaDrive *d, unsigned arg)
{
    (void)arg;
    atapi_packet(d);
}

// --- the table

enum { HD = 1, CD = 2, BOTH = 3 };

typedef struct AtaCommand {
    uint8_t code;
    uint8_t kinds;
    void (*run)(AtaDrive *d, unsigned arg);
    unsigned arg;
} AtaCommand;

static const AtaCommand commands[] = {
    {0x00, BOTH, cmd_nop, 0},
    {0x06, HD, cmd_trim, 0},
    {0x08, CD, cmd_device_reset, 0},
    {0x20, HD, ata_disk_command, 0},
    {0x21, HD, ata_disk_command, 0},
    {0x24, HD, ata_disk_command, ATA_RW_48},
    {0x25, HD, ata_disk_command, ATA_RW_48 | ATA_RW_DMA},
    {0x27, HD, cmd_native_max, 1},
    {0x29, HD, ata_disk_command, ATA_RW_48 | ATA_RW_MULTIPLE},
    {0x2f, HD, cmd_read_log, 0},
    {0x30, HD, ata_disk_command, ATA_RW_WRITE},
    {0x31, HD, ata_disk_command, ATA_RW_WRITE},
    {0x34, HD, ata_disk_command, ATA_RW_WRITE | ATA_RW_48},
    {0x35, HD, ata_disk_command, ATA_RW_WRITE | ATA_RW_48 | ATA_RW_DMA},
    {0x39, HD, ata_disk_command, ATA_RW_WRITE | ATA_RW_48 | ATA_RW_MULTIPLE},
    {0x3d, HD, ata_disk_command, ATA_RW_WRITE | ATA_RW_48 | ATA_RW_DMA | ATA_RW_FUA},
    {0x40, HD, ata_disk_command, ATA_RW_VERIFY},
    {0x41, HD, ata_disk_command, ATA_RW_VERIFY},
    {0x42, HD, ata_disk_command, ATA_RW_VERIFY | ATA_RW_48},
    {0x70, HD, cmd_seek, 0},
    {0x90, BOTH, cmd_diagnostic, 0},
    {0x91, HD, cmd_set_parameters, 0},
    {0x94, BOTH, cmd_power, 0},
    {0x95, BOTH, cmd_power, 0},
    {0x96, BOTH, cmd_power, 0},
    {0x97, BOTH, cmd_power, 0},
    {0x98, BOTH, cmd_check_power, 0},
    {0x99, BOTH, cmd_power, 1},
    {0xa0, CD, cmd_packet, 0},
    {0xa1, CD, cmd_identify_packet, 0},
    {0xb0, HD, cmd_smart, 0},
    {0xc4, HD, ata_disk_command, ATA_RW_MULTIPLE},
    {0xc5, HD, ata_disk_command, ATA_RW_WRITE | ATA_RW_MULTIPLE},
    {0xc6, HD, cmd_set_multiple, 0},
    {0xc8, HD, ata_disk_command, ATA_RW_DMA},
    {0xc9, HD, ata_disk_command, ATA_RW_DMA},
    {0xca, HD, ata_disk_command, ATA_RW_WRITE | ATA_RW_DMA},
    {0xcb, HD, ata_disk_command, ATA_RW_WRITE | ATA_RW_DMA},
    {0xce, HD, ata_disk_command, ATA_RW_WRITE | ATA_RW_48 | ATA_RW_MULTIPLE | ATA_RW_FUA},
    {0xe0, BOTH, cmd_power, 0},
    {0xe1, BOTH, cmd_power, 0},
    {0xe2, BOTH, cmd_power, 0},
    {0xe3, BOTH, cmd_power, 0},
    {0xe5, BOTH, cmd_check_power, 0},
    {0xe6, BOTH, cmd_power, 1},
    {0xe7, BOTH, cmd_flush, 0},
    {0xea, HD, cmd_flush, 0},
    {0xec, BOTH, cmd_identify, 0},
    {0xef, BOTH, cmd_features, 0},
    {0xf5, HD, cmd_nothing, 0}, // SECURITY FREEZE LOCK: there are no passwords
    {0xf8, HD, cmd_native_max, 0},
};

static const AtaCommand *find_command(const AtaDrive *d, uint8_t code)
{
    static const AtaCommand recalibrate = {0x10, HD, cmd_recalibrate, 0};
    if ((code & 0xf0) == 0x10 && !d->cdrom) {
        return &recalibrate;
    }
    for (size_t i = 0; i < ARRAY_LEN(commands); i++) {
        if (commands[i].code == code && (commands[i].kinds & (d->cdrom ? CD : HD))) {
            return &commands[i];
        }
    }
    return NULL;
}

void ata_command(AtaDrive *d, uint8_t code)
{
    const AtaCommand *c = find_command(d, code);
    if (d->phase != ATA_IDLE && code != 0x08) { // given up: the new command counts
        idle(d);
    }
    d->command = code;
    d->error = 0;
    if (!c) {
        log_printf(LOG_UNIMP, "ide: command 0x%02x\n", code);
        ata_abort(d, ATA_ABRT);
        return;
    }
    c->run(d, c->arg);
}

// --- transfers

void ata_block_done(AtaDrive *d)
{
    switch (d->data) {
    case ATA_DATA_SECTORS:
        ata_disk_block_done(d);
        break;
    case ATA_DATA_PACKET:
    case ATA_DATA_CD:
    case ATA_DATA_REPLY:
    case ATA_DATA_MODE:
        atapi_block_done(d);
        break;
    default: // the host has it all: no interrupt
        idle(d);
        d->status = ATA_DRDY | (d->cdrom ? 0 : ATA_DSC);
    }
}

void ata_dma(AtaDrive *d, AtaSg *sg)
{
    switch (d->data) {
    case ATA_DATA_SECTORS:
        ata_disk_dma(d, sg);
        break;
    case ATA_DATA_TRIM:
        ata_trim_dma(d, sg);
        break;
    default:
        atapi_dma(d, sg);
    }
}
