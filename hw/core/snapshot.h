// Snapshots: the machine's whole state as a stream of bytes, and back.
//
//   snapshot.c          save: stream of sections --> sink (a file, an image's vmstate, memory)
//                       load: source --> looks at all of it --> parts --> RAM
//     snapshot_parts.c  run state, clock, vCPUs, devices: everything with a StateDesc
//     snapshot_ram.c    the machine's memories, page by page
//     snapshot_file.c   sections with their checksums
//
// Not in it are the host's things: connections, viewers, what waits at the gate; what derives from
// the state: TLBs, translated code, pictures; and disks, which have snapshots of their own
// (block/). A load makes the derived anew. So does a save: after it the machine has forgotten the
// same, and goes on as one that was loaded does.
//
// Save and load are for the moments between two turns, that is, for whoever the main loop calls.
#ifndef HW_CORE_SNAPSHOT_H
#define HW_CORE_SNAPSHOT_H

#include <glib.h>
#include "util/bits.h"

struct Machine;

// Takes the next n bytes. False with *error.
typedef struct SnapshotSink {
    bool (*write)(void *opaque, const void *bytes, size_t n, char **error);
    void *opaque;
} SnapshotSink;

// Gives n bytes at `at`, in any order. False with *error: they cannot be had.
typedef struct SnapshotSource {
    bool (*read)(void *opaque, uint64_t at, void *bytes, size_t n, char **error);
    void *opaque;
    uint64_t size; // the stream may be shorter
    // Once: the state can be loaded, and what belongs to it elsewhere (disks) has to go back, too.
    // False with *error; *changed says whether some of it has. NULL: nothing does.
    bool (*commit)(void *opaque, bool *changed, char **error);
} SnapshotSource;

// False with *error, if the sink does.
bool snapshot_save(struct Machine *m, const SnapshotSink *sink, char **error);

typedef enum SnapshotResult {
    SNAPSHOT_LOADED,
    SNAPSHOT_REFUSED, // the machine is what it was
    SNAPSHOT_BROKEN,  // the source failed half-way: the machine has been reset and is paused
} SnapshotResult;
// *error, if it does not load: offset and reason.
SnapshotResult snapshot_load(struct Machine *m, const SnapshotSource *source, char **error);

// To and from an array of bytes, and files.
bool snapshot_save_bytes(struct Machine *m, GByteArray *out, char **error);
SnapshotResult snapshot_load_bytes(struct Machine *m, const void *bytes, size_t n, char **error);
bool snapshot_save_file(struct Machine *m, const char *file, char **error);
SnapshotResult snapshot_load_file(struct Machine *m, const char *file, char **error);

// What was derived is forgotten, as by a save. What a guest may tell of it: which old translations
// it still finds.
void snapshot_settle(struct Machine *m);

#endif
