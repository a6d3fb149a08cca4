// What stands under a BlockDevice: a file, or an overlay over one. Only block/ includes this.
#ifndef BLOCK_NODE_H
#define BLOCK_NODE_H

#include <sys/uio.h>
#include "util/bits.h"

typedef struct BlockNode BlockNode;
struct BlockSnapshotInfo;

// Offsets and lengths are in bytes and within `size`; each returns 0 or an errno value.
// BLOCK_ETRUNCATED: the file ends before its size at opening.
#define BLOCK_ETRUNCATED 100000
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

typedef struct BlockNodeOps {
    int (*readv)(BlockNode *n, uint64_t off, const struct iovec *iov, unsigned count);
    int (*writev)(BlockNode *n, uint64_t off, const struct iovec *iov, unsigned count);
    int (*zero)(BlockNode *n, uint64_t off, uint64_t len, bool may_unmap);
    int (*discard)(BlockNode *n, uint64_t off, uint64_t len);
    int (*flush)(BlockNode *n);
    void (*close)(BlockNode *n);
    const BlockSnapshotOps *snapshots; // NULL: the format keeps none
} BlockNodeOps;

struct BlockNode {
    const BlockNodeOps *ops;
    uint64_t size;
};

// Opens file as raw; locks it against other writers (or, read-only, against any) if lock says so.
// NULL with *error, without the file's name.
BlockNode *raw_open(const char *file, bool readonly, bool lock, char **error);
// Writes go to a temporary file, reads of what was not written to base. Takes base over.
BlockNode *overlay_open(BlockNode *base, char **error);

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
