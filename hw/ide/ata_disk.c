// Reads and writes of disks: PIO by blocks, DMA in one go, queued.
#include "hw/ide/ata.h"

#include <string.h>

#include "util/log.h"

// The range counts; false: the command has ended.
static bool check_range(AtaDrive *d, uint64_t first, uint64_t count)
{
    if (first < d->sectors && count <= d->sectors - first) {
        return true;
    }
    log_printf(LOG_GUEST_ERRORS, "ide: %llu sectors at %llu of a disk of %llu\n",
               (unsigned long long)count, (unsigned long long)first,
               (unsigned long long)d->sectors);
    ata_abort(d, first == UINT64_MAX || first >= d->sectors ? ATA_IDNF : ATA_ABRT | ATA_IDNF);
    return false;
}

// The registers name the first sector that was not moved.
static void fail_at(AtaDrive *d, uint64_t sector, uint8_t error)
{
    ata_set_address(d, sector, d->lba48);
    ata_abort(d, error);
}

static uint32_t block_sectors(const AtaDrive *d)
{
    uint32_t n = d->by_multiple ? d->multiple : 1;
    return (uint32_t)MIN_OF((uint64_t)n, d->left);
}

static void moved(AtaDrive *d, uint32_t n)
{
    d->next += n;
    d->left -= n;
}

static void finish(AtaDrive *d)
{
    if (d->flush_after && !block_flush(d->disk)) {
        ata_abort(d, ATA_ABRT);
        return;
    }
    ata_set_address(d, d->next - 1, d->lba48);
    d->count.now = d->count.before = 0;
    ata_complete(d);
}

// The next block for the host to read.
static void load_block(AtaDrive *d)
{
    uint32_t n = block_sectors(d);
    if (!block_read(d->disk, d->next * ATA_SECTOR, d->buf, (uint64_t)n * ATA_SECTOR)) {
        fail_at(d, d->next, ATA_UNC);
        return;
    }
    ata_set_address(d, d->next + n - 1, d->lba48);
    moved(d, n);
    ata_pio(d, ATA_PIO_IN, ATA_DATA_SECTORS, n * ATA_SECTOR, true);
}

static void store_block(AtaDrive *d)
{
    uint32_t n = d->end / ATA_SECTOR;
    if (!block_write(d->disk, d->next * ATA_SECTOR, d->buf, d->end)) {
        fail_at(d, d->next, ATA_ABRT);
        return;
    }
    moved(d, n);
    if (d->left) {
        ata_set_address(d, d->next, d->lba48);
        ata_pio(d, ATA_PIO_OUT, ATA_DATA_SECTORS, block_sectors(d) * ATA_SECTOR, true);
    } else {
        finish(d);
    }
}

void ata_disk_block_done(AtaDrive *d)
{
    if (d->phase == ATA_PIO_OUT) {
        store_block(d);
    } else if (d->left) {
        load_block(d);
    } else { // read to the end: no interrupt
        d->phase = ATA_IDLE;
        d->data = ATA_DATA_NONE;
        d->status = ATA_DRDY | ATA_DSC;
        d->count.now = d->count.before = 0;
    }
}

void ata_disk_command(AtaDrive *d, unsigned flags)
{
    d->lba48 = flags & ATA_RW_48;
    d->by_multiple = flags & ATA_RW_MULTIPLE;
    d->flush_after = (flags & ATA_RW_FUA) || ((flags & ATA_RW_WRITE) && !d->write_cache);
    d->next = ata_address(d, d->lba48);
    d->left = ata_count(d, d->lba48);
    if (d->by_multiple && !d->multiple) {
        ata_abort(d, ATA_ABRT);
        return;
    }
    if (!check_range(d, d->next, d->left)) {
        return;
    }
    if ((flags & ATA_RW_WRITE) && block_readonly(d->disk)) {
        log_printf(LOG_GUEST_ERRORS, "ide: write to a read-only disk\n");
        ata_abort(d, ATA_ABRT);
    } else if (flags & ATA_RW_VERIFY) {
        d->next += d->left;
        finish(d);
    } else if (flags & ATA_RW_DMA) {
        d->phase = flags & ATA_RW_WRITE ? ATA_DMA_OUT : ATA_DMA_IN;
        d->data = ATA_DATA_SECTORS;
        d->status = ATA_DRDY | ATA_DSC | ATA_DRQ;
    } else if (flags & ATA_RW_WRITE) {
        ata_pio(d, ATA_PIO_OUT, ATA_DATA_SECTORS, block_sectors(d) * ATA_SECTOR, false);
    } else {
        load_block(d);
    }
}

// --- DMA

void ata_disk_dma(AtaDrive *d, AtaSg *sg)
{
    uint64_t done;
    bool in = d->phase == ATA_DMA_IN;
    bool ok = ata_sg_image(sg, d->disk, d->next * ATA_SECTOR, d->left * ATA_SECTOR, in, &done);
    uint32_t sectors = (uint32_t)(done / ATA_SECTOR);
    moved(d, sectors);
    if (!ok) {
        fail_at(d, d->next, in ? ATA_UNC : ATA_ABRT);
    } else if (!d->left) {
        finish(d);
    } else {
        log_printf(LOG_GUEST_ERRORS, "ide: DMA list ends %llu sectors early\n",
                   (unsigned long long)d->left);
    }
}

// Ranges of 48-bit sector and 16-bit count, 64 in a sector (ACS-2, 7.10).
static bool discard_ranges(AtaDrive *d, const uint8_t *p)
{
    for (unsigned i = 0; i < ATA_SECTOR; i += 8) {
        uint64_t v = 0;
        for (int b = 7; b >= 0; b--) {
            v = v << 8 | p[i + (unsigned)b];
        }
        uint64_t first = v & mask64(48), count = v >> 48;
        if (!count) {
            continue;
        }
        if (first >= d->sectors || count > d->sectors - first) {
            return false;
        }
        block_discard(d->disk, first * ATA_SECTOR, count * ATA_SECTOR); // a hint
    }
    return true;
}

void ata_trim_dma(AtaDrive *d, AtaSg *sg)
{
    while (d->left) {
        if (ata_sg_copy(sg, d->buf, ATA_SECTOR, false) < ATA_SECTOR) {
            return;
        }
        if (!discard_ranges(d, d->buf)) {
            ata_abort(d, ATA_ABRT | ATA_IDNF);
            return;
        }
        d->left--;
    }
    ata_complete(d);
}

// --- queued (SATA): the count stands in the features, FUA in the device register

static bool queued(AtaDrive *d, AtaSg *sg, bool write, uint64_t first, uint64_t count)
{
    uint64_t done = 0;
    d->error = ATA_ABRT;
    if (first >= d->sectors || count > d->sectors - first) {
        d->error |= ATA_IDNF;
        return false;
    }
    if (write && block_readonly(d->disk)) {
        return false;
    }
    if (!ata_sg_image(sg, d->disk, first * ATA_SECTOR, count * ATA_SECTOR, !write, &done)) {
        d->error = write ? ATA_ABRT : ATA_UNC;
        return false;
    }
    bool through = write && ((d->device & 0x80) || !d->write_cache);
    return done == count * ATA_SECTOR && (!through || block_flush(d->disk));
}

bool ata_queued(AtaDrive *d, AtaSg *sg, bool write, unsigned tag)
{
    uint64_t count = d->feature.now | (uint64_t)d->feature.before << 8;
    bool ok = queued(d, sg, write, ata_address(d, true), count ? count : 65536);
    d->status = ATA_DRDY | ATA_DSC | (ok ? 0 : ATA_ERR);
    d->error = ok ? 0 : d->error;
    if (!ok) {
        const uint8_t log[ATA_QUEUE_ERROR] = {(uint8_t)tag,       0,
                                              d->status,          d->error,
                                              d->lba_low.now,     d->lba_mid.now,
                                              d->lba_high.now,    d->device,
                                              d->lba_low.before,  d->lba_mid.before,
                                              d->lba_high.before, 0,
                                              d->count.now,       d->count.before};
        memcpy(d->queue_error, log, sizeof log);
    }
    return ok;
}
