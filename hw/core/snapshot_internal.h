// What the files of a snapshot share. Nobody else but the replay, which keeps snapshots in memory,
// includes it.
#ifndef HW_CORE_SNAPSHOT_INTERNAL_H
#define HW_CORE_SNAPSHOT_INTERNAL_H

#include "util/log.h"
#include "hw/core/machine.h"
#include "hw/core/snapshot.h"
#include "hw/core/state_save.h"

// --- parts: everything that has a StateDesc, in an order that the machine alone decides
typedef struct SnapshotPart {
    char name[64]; // "cpu0", "3:pl011"
    const StateDesc *desc;
    void *obj;
} SnapshotPart;

typedef struct SnapshotParts SnapshotParts;
SnapshotParts *snapshot_parts_new(Machine *m);
void snapshot_parts_free(SnapshotParts *p);
unsigned snapshot_parts_count(const SnapshotParts *p);
const SnapshotPart *snapshot_part(const SnapshotParts *p, unsigned n);
// Bytes of each part, GByteArray *; the array owns them.
GPtrArray *snapshot_parts_save(SnapshotParts *p);
// Of bytes that state_check has accepted. False with *error: values that cannot be; parts of the
// machine have them now.
bool snapshot_parts_load(SnapshotParts *p, const GPtrArray *bytes, char **error);

// --- memory
#define SNAPSHOT_PAGE UINT64_C(4096)
uint64_t snapshot_pages(const MemRegion *r);
bool snapshot_page_is_zero(const uint8_t *page);
// Makes the page equal to bytes (NULL: zeros), and tells who watches it.
void snapshot_set_page(Machine *m, MemRegion *r, uint64_t page, const uint8_t *bytes);

// --- sections:  kind:u32 len:u64 payload crc32:u32    (the checksum is of all before it)
typedef enum SectionKind {
    SECTION_MACHINE = 1, // lines "what=value": they have to be the same
    SECTION_PART,        // name_len:u32 name layout_len:u32 layout state
    SECTION_MEMORY,      // size:u64 name: the next memory, all zero
    SECTION_PAGES,       // memory:u32 first:u64 count:u32 packed:u32 bytes
    SECTION_END,
} SectionKind;

#define SNAPSHOT_MAGIC     "MIMUSVM\n"
#define SNAPSHOT_MAGIC_LEN 8
#define SNAPSHOT_VERSION   1
#define SNAPSHOT_RUN       256 // pages in a section

typedef struct SectionWriter {
    const SnapshotSink *sink;
    GByteArray *payload;
    char *error; // the first
} SectionWriter;

void section_begin_file(SectionWriter *w, const SnapshotSink *sink);
void section_u32(SectionWriter *w, uint32_t v);
void section_u64(SectionWriter *w, uint64_t v);
void section_bytes(SectionWriter *w, const void *p, size_t n);
bool section_write(SectionWriter *w, SectionKind kind); // what has been put together
bool section_end_file(SectionWriter *w, char **error);

typedef struct SectionReader {
    const SnapshotSource *source;
    uint64_t at, start; // where the next section begins, where this one does
    SectionKind kind;
    GByteArray *payload;
    size_t pos;
    bool short_read;
} SectionReader;

bool section_open(SectionReader *r, const SnapshotSource *source, char **error);
bool section_next(SectionReader *r, char **error); // reads a section and compares its checksum
void section_close(SectionReader *r);
const uint8_t *section_take(SectionReader *r, uint64_t n); // NULL: there is not as much
uint32_t section_take_u32(SectionReader *r);
uint64_t section_take_u64(SectionReader *r);
char *section_take_text(SectionReader *r, uint64_t n);
// "at OFFSET: REASON"; false.
bool section_fail(const SectionReader *r, char **error, const char *fmt, ...) PRINTF_LIKE(3, 4);

// snapshot_ram.c: sections of memory
bool snapshot_save_memory(Machine *m, SectionWriter *w);
// Looks only, or writes if `m` shall have it. `next` counts the memories seen.
typedef struct SnapshotMemory {
    Machine *m;
    bool write;
    unsigned next;
    uint64_t expected; // first page of the current memory that has not been said to be anything
    uint8_t *scratch;
} SnapshotMemory;
bool snapshot_take_memory(SnapshotMemory *s, SectionReader *r, char **error);
bool snapshot_take_pages(SnapshotMemory *s, SectionReader *r, char **error);
bool snapshot_memory_done(SnapshotMemory *s, const SectionReader *r, char **error);

#endif
