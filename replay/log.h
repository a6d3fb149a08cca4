// The file of a recording: a header, then records in the order in which things happened.
//
//   file    = "MIMUSREC" version:u32 header record... END
//   header  = rtc_base:v icount_shift:v n_cpus:v machine:s n_disks:v disk... settle:v
//            hash:u64,u64
//   disk    = id:s file:s size:v modified:v
//   record  = kind:u8 icount:v ns:v ...       both counted from the record before
//   INPUT   = ... source:v [name:s] len:v bytes check:u32      a source is named when it is new
//   WAIT    = ...                             what everybody waited for came before the deadline
//   END     = ... status:v hash:u64,u64
//
// v: 7 bits a byte, the lowest first, bit 7 set if another follows. s: length:v, bytes. u32 and u64
// are little-endian.
#ifndef REPLAY_LOG_H
#define REPLAY_LOG_H

#include <glib.h>

#include "hw/core/state.h"

#define REPLAY_MAX_INPUT  (UINT64_C(16) << 20) // bytes of one input
#define REPLAY_MAX_NAME   4096
#define REPLAY_MAX_DISKS  256
#define REPLAY_MIN_SETTLE 1000 // instructions

typedef struct ReplayDisk {
    char *id, *file;
    uint64_t size, modified; // bytes, nanoseconds since 1970
} ReplayDisk;

GArray *replay_disk_list(void); // of ReplayDisk, which it frees

typedef struct ReplayHeader {
    uint64_t rtc_base; // seconds since 1970 at virtual time 0
    unsigned icount_shift, n_cpus;
    char *machine;
    GArray *disks;   // ReplayDisk
    uint64_t settle; // instructions; 0: never (REPLAY_SETTLE)
    StateHash hash;  // before the first instruction
} ReplayHeader;

typedef enum ReplayKind { REPLAY_INPUT = 1, REPLAY_WAIT, REPLAY_END, REPLAY_KINDS } ReplayKind;

typedef struct ReplayRecord {
    ReplayKind kind;
    uint64_t icount, ns; // machine_icount and virtual time at which it happened
    // --- INPUT. The name and the bytes belong to the log.
    const char *source;
    const uint8_t *data;
    size_t len;
    uint32_t check; // of the vCPUs' state
    // --- END
    uint64_t status;
    StateHash hash;
} ReplayRecord;

// --- writing
typedef struct ReplayWriter ReplayWriter;
ReplayWriter *replay_writer_open(const char *file, char **error);
void replay_write_header(ReplayWriter *w, const ReplayHeader *h);
void replay_write(ReplayWriter *w, const ReplayRecord *r);
// Hands what was written to the host's kernel. False with *error at the first failure since the
// last call; nothing is written after one.
bool replay_writer_flush(ReplayWriter *w, char **error);
void replay_writer_close(ReplayWriter *w);

// --- reading: errors name the offset and the reason
typedef struct ReplayReader ReplayReader;
ReplayReader *replay_reader_open(const char *file, char **error);
ReplayReader *replay_reader_new(const void *bytes, size_t len); // that stay as long
const ReplayHeader *replay_read_header(ReplayReader *r, char **error);
// False at the end of the file, or with *error. A file that ends within a record was not closed
// properly: that is an end, too.
bool replay_read(ReplayReader *r, ReplayRecord *record, char **error);
// Between two records, to read on from there again.
typedef struct ReplayPlace {
    size_t at;
    uint64_t icount, ns;
    unsigned sources; // that have been named
} ReplayPlace;
ReplayPlace replay_reader_place(const ReplayReader *r);
void replay_reader_return(ReplayReader *r, const ReplayPlace *place);
void replay_reader_close(ReplayReader *r);

#endif
