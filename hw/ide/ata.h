// An ATA disk or ATAPI CD-ROM drive, whatever it is attached to.
//
//   controller                          drive
//   ----------                          -----
//   registers, ata_command     ------>  runs the command up to its next data block, sets `phase`
//   moves buf[pos..end)                 (PIO)
//   ata_block_done             ------>  goes on
//   ata_dma(scatter list)      ------>  moves everything between guest memory and image (DMA)
//                              <------  interrupt
//
// Everything happens while the guest's register access is under way: a command is complete at the
// virtual time at which it was given, whatever the host's disk does.
//
// Manuals: ATA/ATAPI-7 and ATA8-ACS (section numbers: ACS-2), MMC-5 and SPC-3 for packets.
#ifndef HW_IDE_ATA_H
#define HW_IDE_ATA_H

#include "block/block.h"
#include "hw/core/device.h"

#define ATA_SECTOR       512
#define CD_SECTOR        2048
#define ATA_MAX_MULTIPLE 16
#define ATA_BUFFER       (16 * CD_SECTOR)
#define ATA_QUEUE_ERROR  14
#define ATA_PACKET_LEN   12

// Status.
#define ATA_BSY  0x80
#define ATA_DRDY 0x40
#define ATA_DF   0x20
#define ATA_DSC  0x10 // seek complete
#define ATA_DRQ  0x08
#define ATA_ERR  0x01
// Error.
#define ATA_UNC  0x40
#define ATA_IDNF 0x10
#define ATA_ABRT 0x04
// Device register.
#define ATA_DEV_LBA 0x40
#define ATA_DEV_1   0x10
// Interrupt reason (the count register in packet commands).
#define ATAPI_COD 0x01 // a command packet
#define ATAPI_IO  0x02 // to the host

typedef enum AtaPhase {
    ATA_IDLE,
    ATA_PIO_IN, // DRQ: buf[pos..end) goes to the host
    ATA_PIO_OUT,
    ATA_DMA_IN, // the drive waits for ata_dma
    ATA_DMA_OUT,
} AtaPhase;

// What the data of the current command is.
typedef enum AtaData {
    ATA_DATA_NONE,
    ATA_DATA_SECTORS, // of the disk
    ATA_DATA_BUFFER,  // what stands in buf, once
    ATA_DATA_TRIM,    // ranges to discard
    ATA_DATA_PACKET,  // a packet command is to come
    ATA_DATA_CD,      // sectors of the CD
    ATA_DATA_REPLY,   // a packet command's reply, in buf
    ATA_DATA_MODE,    // a packet command's parameters
} AtaData;

// A task file register and what was written before it (48-bit commands use both).
typedef struct AtaReg {
    uint8_t now, before;
} AtaReg;

typedef struct AtaSense {
    uint8_t key, asc, ascq;
} AtaSense;

typedef struct AtaDrive {
    // --- fixed
    bool cdrom, sata;
    BlockDevice *disk;                        // NULL: a CD-ROM drive without a medium
    uint64_t sectors;                         // of ATA_SECTOR; of CD_SECTOR in a CD-ROM drive
    uint32_t cylinders, heads, track_sectors; // default geometry
    char serial[21], model[41], version[9];
    uint64_t wwn;
    uint32_t physical_exp, rotation; // log2 of sectors in a physical one; nominal rotation rate
    void (*interrupt)(void *opaque); // wants the host's attention
    void *opaque;
    // --- state: registers
    AtaReg feature, count, lba_low, lba_mid, lba_high;
    uint8_t device, status, error;
    uint8_t command;
    uint8_t multiple;         // sectors of a block of READ MULTIPLE, 0: not set
    uint8_t udma, mwdma, pio; // selected transfer modes; udma, mwdma: 0xff not selected
    uint8_t heads_now, track_sectors_now;
    bool write_cache, smart, sleeping;
    uint8_t queue_error[ATA_QUEUE_ERROR]; // the log's first bytes
    // --- state: transfer
    uint8_t phase, data; // AtaPhase, AtaData
    bool dma;            // of a packet command
    uint32_t pos, end;   // in buf: of the block that is being moved
    uint32_t filled;     // in buf: of what was read for packet commands
    uint64_t next;       // sector that comes next
    uint64_t left;       // sectors, or bytes of a packet command, not moved yet
    uint16_t limit;      // byte count limit of a packet command
    bool lba48, by_multiple, flush_after;
    uint8_t packet[ATA_PACKET_LEN];
    uint16_t cd_sector; // bytes of a CD sector as it is being read
    uint8_t cd_parts;   // READ CD: what of it
    // --- state: CD-ROM
    AtaSense sense;
    uint8_t media_event; // not reported yet
    bool tray_open, locked, attention;
    uint8_t buf[ATA_BUFFER];
} AtaDrive;

extern const StateField ata_state_fields[];
bool ata_loaded(AtaDrive *d, char **error);

// --- guest memory of a DMA transfer (ata_sg.c)
typedef struct AtaSg {
    AddressSpace *memory;
    // The next piece; false: there are no more.
    bool (*next)(struct AtaSg *sg, uint64_t *addr, uint32_t *len);
    uint64_t addr; // of what is left of the current piece
    uint32_t left;
    uint64_t moved; // bytes so far
    bool over;      // next said so
} AtaSg;
// Bytes moved: fewer than len if the list is shorter.
size_t ata_sg_copy(AtaSg *sg, void *buf, size_t len, bool to_memory);
// The same with a piece of an image. False: the image failed.
bool ata_sg_image(AtaSg *sg, BlockDevice *disk, uint64_t off, uint64_t len, bool to_memory,
                  uint64_t *moved);

// --- for controllers
void ata_power_on(AtaDrive *d); // the state after reset
void ata_reset(AtaDrive *d);    // software reset
void ata_command(AtaDrive *d, uint8_t command);
void ata_block_done(AtaDrive *d); // pos has reached end
// Phase ATA_DMA_*. Complete, or ended for lack of memory: the drive then stays in its phase.
void ata_dma(AtaDrive *d, AtaSg *sg);
// A queued read or write (READ/WRITE FPDMA QUEUED), from the registers. False: failed, and status
// and error, and the log of queued errors, say how.
bool ata_queued(AtaDrive *d, AtaSg *sg, bool write, unsigned tag);

// --- between the parts
void ata_abort(AtaDrive *d, uint8_t error); // ends the command with an error
void ata_complete(AtaDrive *d);             // and without
void ata_signature(AtaDrive *d);
// A block of buf for the host, or from it.
void ata_pio(AtaDrive *d, AtaPhase phase, AtaData data, uint32_t len, bool interrupt);
void ata_identify(AtaDrive *d); // fills buf
void ata_identify_packet(AtaDrive *d);
void ata_smart(AtaDrive *d);
void ata_set_features(AtaDrive *d);
void ata_disk_command(AtaDrive *d, unsigned flags); // reads and writes, ATA_RW_*
void ata_disk_block_done(AtaDrive *d);
void ata_disk_dma(AtaDrive *d, AtaSg *sg);
void ata_trim_dma(AtaDrive *d, AtaSg *sg);
uint64_t ata_address(const AtaDrive *d, bool lba48); // from the registers; UINT64_MAX: invalid
uint32_t ata_count(const AtaDrive *d, bool lba48);
void ata_set_address(AtaDrive *d, uint64_t sector, bool lba48);

enum {
    ATA_RW_WRITE = 1,
    ATA_RW_DMA = 2,
    ATA_RW_MULTIPLE = 4,
    ATA_RW_48 = 8,
    ATA_RW_FUA = 16,
    ATA_RW_VERIFY = 32,
};

// --- packet commands (atapi.c, atapi_info.c)
void atapi_packet(AtaDrive *d); // PACKET was written
void atapi_block_done(AtaDrive *d);
void atapi_dma(AtaDrive *d, AtaSg *sg);
void atapi_error(AtaDrive *d, uint8_t key, uint8_t asc, uint8_t ascq);
void atapi_ok(AtaDrive *d);
// The reply's len bytes stand in buf; the host gets at most `room` of them.
void atapi_reply(AtaDrive *d, uint32_t len, uint32_t room);
bool atapi_ready(AtaDrive *d);         // a medium is in; otherwise ends the command
void atapi_media_changed(AtaDrive *d); // disk and sectors are those of the new medium, or none
void atapi_eject_request(AtaDrive *d);
// Commands that only tell something. False: not one of these.
bool atapi_info(AtaDrive *d);

static inline void ata_put16(uint8_t *p, unsigned word, unsigned v)
{
    p[2 * word] = (uint8_t)v;
    p[2 * word + 1] = (uint8_t)(v >> 8);
}

static inline void be16(uint8_t *p, unsigned v)
{
    p[0] = (uint8_t)(v >> 8);
    p[1] = (uint8_t)v;
}

static inline void be32(uint8_t *p, uint32_t v)
{
    be16(p, v >> 16);
    be16(p + 2, v & 0xffff);
}

static inline uint32_t get_be16(const uint8_t *p)
{
    return (uint32_t)p[0] << 8 | p[1];
}

static inline uint32_t get_be32(const uint8_t *p)
{
    return get_be16(p) << 16 | get_be16(p + 2);
}

#endif
