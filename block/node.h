// What stands under a BlockDevice: a file, or an overlay over one. Only block/ includes this.
#ifndef BLOCK_NODE_H
#define BLOCK_NODE_H

#include <sys/uio.h>
#include "block/block.h"
#include "util/bits.h"

typedef struct BlockNode BlockNode;
struct BlockSnapshotInfo;

// Offsets and lengths are in bytes and within `size`; each returns 0 or an errno value.
// BLOCK_ETRUNCATED: the file ends before its size at opening.
// BLOCK_EDAMAGED: the image's tables contradict themselves, which has been reported.
// BLOCK_EPACKED: a compressed cluster cannot be unpacked.
#define BLOCK_ETRUNCATED 100000
#define BLOCK_EDAMAGED   100001
#define BLOCK_EPACKED    100002
#define BLOCK_IOV_MAX    1024

// Of formats that keep snapshots (block/snapshot.h has the rules). Snapshots go by id.
typedef struct BlockSnapshotOps {
    // The index-th, oldest first; false if there are not so many. Strings live until they change.
    bool (*get)(BlockNode *n, unsigned index, struct BlockSnapshotInfo *info);
    bool (*create)(BlockNode *n, const struct BlockSnapshotInfo *info, char **error);
    bool (*apply)(BlockNode *n, const char *id, char **error);
    bool (*remove)(BlockNode *n, const char *id, char **error);
    bool (*vmstate_write)(BlockNode *n, uint64_t off, const void *buf, uint64_t len, char **error);
    void (*vmstate_drop)(BlockNode *n);
    bool (*vmstate_read)(BlockNode *n, const char *id, uint64_t off, void *buf, uint64_t len,
                         char **error);
} BlockSnapshotOps;

// What of a node is its own (commit.c).
typedef struct BlockPiece {
    enum { BLOCK_PIECE_BELOW, BLOCK_PIECE_ZERO, BLOCK_PIECE_DATA } kind;
    uint64_t len; // bytes; as asked for, or fewer
} BlockPiece;

typedef struct BlockNodeOps {
    int (*readv)(BlockNode *n, uint64_t off, const struct iovec *iov, unsigned count);
    int (*writev)(BlockNode *n, uint64_t off, const struct iovec *iov, unsigned count);
    int (*zero)(BlockNode *n, uint64_t off, uint64_t len, bool may_unmap);
    int (*discard)(BlockNode *n, uint64_t off, uint64_t len);
    int (*flush)(BlockNode *n);
    void (*close)(BlockNode *n);
    void (*info)(BlockNode *n, BlockImageInfo *info); // fills in a cleared one; NULL: raw
    // --- of nodes that stand on another; NULL: others
    BlockNode **(*base)(BlockNode *n); // *: NULL if there is none
    int (*piece)(BlockNode *n, uint64_t off, BlockPiece *p);
    bool (*can_empty)(BlockNode *n);   // nothing but the disk needs what it has
    int (*empty)(BlockNode *n);        // forgets all that is its own
    const BlockSnapshotOps *snapshots; // NULL: the format keeps none
} BlockNodeOps;

struct BlockNode {
    const BlockNodeOps *ops;
    uint64_t size;
};

enum {
    RAW_READONLY = 1,
    RAW_LOCK = 2,    // against other writers, or, read-only, against any
    RAW_NO_SYNC = 4, // flushes do nothing
    RAW_GROWS = 8,   // may be written beyond its size, where it reads as zeros; for image formats
    RAW_GUARD = 16,  // refuses writes that would make it look like another format
};
// Opens file as raw. NULL with *error, without the file's name.
BlockNode *raw_open(const char *file, unsigned flags, char **error);
void raw_set(BlockNode *raw, unsigned flags); // GROWS or GUARD
// Writes go to a temporary file, reads of what was not written to base. Takes base over.
BlockNode *overlay_open(BlockNode *base, char **error);
// An overlay that can go back. False with *error; without, if n is no overlay.
bool overlay_keep_journal(BlockNode *n, char **error);
uint64_t overlay_mark(BlockNode *n);             // a place to go back to
int overlay_rewind(BlockNode *n, uint64_t mark); // marks behind it are gone. 0 or an errno value

const char *block_strerror(int err);

static inline uint64_t iov_length(const struct iovec *iov, unsigned count)
{
    uint64_t len = 0;
    for (unsigned i = 0; i < count; i++) {
        len += iov[i].iov_len;
    }
    return len;
}

#endif
