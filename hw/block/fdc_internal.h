// The floppy disk controller's parts. Only hw/block/fdc*.c include this.
//
//   port 3f5 --> command bytes --> fdc_commands.c --> result bytes --> port 3f5
//                                      |
//                                fdc_transfer.c: sectors by DMA or byte by byte
//                                      |
//                                fdc_media.c: image sizes, geometry, data rates
//
// Manual: Intel 82078 (290468). Status register names are its.
#ifndef HW_BLOCK_FDC_INTERNAL_H
#define HW_BLOCK_FDC_INTERNAL_H

#include "block/block.h"
#include "hw/block/fdc.h"

#define FDC_DRIVES 2
#define FDC_SECTOR 512
#define FDC_BYTES  16 // command or result

// Status register 0, 1, 2, 3.
enum {
    ST0_ABNORMAL = 0x40,
    ST0_INVALID = 0x80,
    ST0_READY_CHANGED = 0xc0,
    ST0_SEEK_END = 0x20,
    ST0_EQUIPMENT = 0x10
};
enum {
    ST1_END = 0x80,
    ST1_DATA = 0x20,
    ST1_NO_DATA = 0x04,
    ST1_NOT_WRITABLE = 0x02,
    ST1_NO_ADDRESS = 0x01
};
enum { ST2_MARK = 0x40, ST2_DATA = 0x20, ST2_CYLINDER = 0x10, ST2_EQUAL = 0x08, ST2_NOT = 0x04 };
enum { ST3_PROTECTED = 0x40, ST3_TRACK_0 = 0x10, ST3_TWO_SIDED = 0x08 };

// Data rates as CCR codes.
typedef struct FdcMedia {
    uint32_t sectors; // in all
    uint8_t drive;    // type of the drive (fdc_drive_type)
    uint8_t tracks, heads, track_sectors;
    uint8_t rate;
} FdcMedia;

typedef struct FdcDrive {
    BlockDevice *block;    // the drive, NULL if there is none
    BlockDevice *disk;     // the same while a disk is in
    const FdcMedia *media; // NULL: no disk
    uint8_t type;
    // --- state
    uint8_t track; // where the heads are
    uint8_t last_sector;
    bool changed; // since the last step
} FdcDrive;

typedef enum FdcPhase { FDC_COMMAND, FDC_EXECUTE, FDC_RESULT } FdcPhase;
typedef enum FdcData { FDC_READ, FDC_WRITE, FDC_FORMAT, FDC_VERIFY, FDC_SCAN } FdcData;

typedef struct Fdc {
    Device dev;
    I8237 *dma;
    IrqLine irq;
    FdcDrive drive[FDC_DRIVES];
    // --- state
    uint8_t dor, tdr, dsr, rate;
    uint8_t phase;         // FdcPhase
    uint8_t in[FDC_BYTES]; // command and parameters
    uint8_t n_in, need;    // bytes that came, that the command has
    uint8_t out[FDC_BYTES];
    uint8_t n_out, at_out;
    uint8_t specify[2], configure[2], perpendicular;
    uint8_t lock;
    uint8_t reset_sense; // drives that still have to be asked about after a reset
    bool interrupt;
    uint8_t interrupt_st0;
    bool interrupt_pending; // for SENSE INTERRUPT
    // transfer
    uint8_t data; // FdcData
    bool no_dma, multi_track, deleted;
    uint8_t unit, cylinder, head, sector, size, end_of_track;
    uint8_t fill, to_format; // FORMAT: the byte, sectors left
    uint8_t scan_st2;
    uint32_t pos;
    uint8_t buf[FDC_SECTOR];
} Fdc;

// --- fdc.c
void fdc_raise(Fdc *s);
void fdc_result(Fdc *s, const uint8_t *bytes, unsigned n); // and the result phase
void fdc_idle(Fdc *s);                                     // back to the command phase

// --- fdc_commands.c
unsigned fdc_parameters(uint8_t command); // how many bytes follow
void fdc_execute(Fdc *s);
void fdc_reset_registers(Fdc *s, bool by_hardware);

// --- fdc_transfer.c
void fdc_begin_transfer(Fdc *s, FdcData data);
uint8_t fdc_byte_out(Fdc *s); // to the host, without DMA
void fdc_byte_in(Fdc *s, uint8_t v);
void fdc_dma_ready(void *opaque);

// --- fdc_media.c
const FdcMedia *fdc_media_of(uint64_t bytes);
static inline FdcDrive *fdc_selected(Fdc *s)
{
    return &s->drive[s->unit % FDC_DRIVES];
}

#endif
