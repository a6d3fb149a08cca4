// The overlay of -snapshot: writes go to a sparse temporary file of the same layout, a bit for each
// cluster says that it is there. The file has no name and goes when it is closed.
//
//   base     |....|....|....|....|
//   overlay  |    |wwww|    |..ww|   bits 0101; the last cluster was copied before its second half
//                                    was written
//
// A journal, if one is kept, remembers what clusters were before their first change since the last
// mark: the overlay can become again what it was at a mark, as often as one likes.
//
//   mark 0    c5: not there    c9: old bytes    mark 1    c5: bytes ...
//   rewind to mark 0: the records behind it are undone, the last one first
#define _GNU_SOURCE // fallocate, open file description locks, O_TMPFILE
#include "block/node.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SMALL_CLUSTER UINT64_C(0x1000)
#define LARGE_CLUSTER UINT64_C(0x10000)
#define LARGE_IMAGE   (UINT64_C(64) << 30)

typedef struct Overlay {
    BlockNode node;
    BlockNode *base, *file;
    uint64_t cluster;
    uint8_t *present; // a bit for each cluster
    // --- the journal, or NULL
    GArray *journal;        // Record
    BlockNode *journal_old; // the clusters' old bytes, one behind the other
    uint64_t n_old;
    uint8_t *recorded; // a bit for each cluster: since the last mark
} Overlay;

typedef struct Record {
    uint64_t cluster;
    bool was_present; // then its bytes are in journal_old
} Record;

static bool is_present(const Overlay *o, uint64_t cluster)
{
    return o->present[cluster / 8] >> (cluster % 8) & 1;
}

// --- the temporary file

static int unnamed_file(char **error)
{
    const char *dir = getenv("TMPDIR");
    dir = dir ? dir : "/var/tmp";
    int fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (fd >= 0) {
        return fd;
    }
    char *name = g_strdup_printf("%s/mimus-snapshot-XXXXXX", dir);
    fd = mkstemp(name);
    if (fd >= 0) {
        unlink(name);
    } else {
        *error =
            g_strdup_printf("snapshot: no temporary file in %s (TMPDIR): %s", dir, strerror(errno));
    }
    g_free(name);
    return fd;
}

static BlockNode *open_temporary(uint64_t size, char **error)
{
    int fd = unnamed_file(error);
    if (fd < 0) {
        return NULL;
    }
    BlockNode *n = NULL;
    if (ftruncate(fd, (off_t)size) < 0) {
        *error = g_strdup_printf("snapshot: temporary file of %llu bytes: %s",
                                 (unsigned long long)size, strerror(errno));
    } else {
        char path[32];
        g_snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
        n = raw_open(path, 0, error);
    }
    close(fd);
    return n;
}

// --- the journal

static uint64_t cluster_bytes(const Overlay *o, uint64_t c)
{
    return MIN_OF(o->cluster, o->node.size - c * o->cluster);
}

static int copy_cluster(const Overlay *o, BlockNode *from, uint64_t from_off, BlockNode *to,
                        uint64_t to_off, uint64_t len)
{
    struct iovec iov = {g_malloc(o->cluster), len};
    int err = from->ops->readv(from, from_off, &iov, 1);
    err = err ? err : to->ops->writev(to, to_off, &iov, 1);
    g_free(iov.iov_base);
    return err;
}

static int record(Overlay *o, uint64_t c)
{
    Record r = {c, is_present(o, c)};
    if (r.was_present) {
        int err = copy_cluster(o, o->file, c * o->cluster, o->journal_old, o->n_old * o->cluster,
                               cluster_bytes(o, c));
        if (err) {
            return err;
        }
        o->n_old++;
    }
    o->recorded[c / 8] |= BIT(c % 8);
    g_array_append_val(o->journal, r);
    return 0;
}

// Before anything in [off, off + len) changes.
static int record_range(Overlay *o, uint64_t off, uint64_t len)
{
    int err = 0;
    for (uint64_t c = off / o->cluster;
         o->journal && len && !err && c <= (off + len - 1) / o->cluster; c++) {
        if (!(o->recorded[c / 8] >> (c % 8) & 1)) {
            err = record(o, c);
        }
    }
    return err;
}

static int undo(Overlay *o)
{
    Record r = g_array_index(o->journal, Record, o->journal->len - 1);
    if (r.was_present) {
        int err = copy_cluster(o, o->journal_old, (o->n_old - 1) * o->cluster, o->file,
                               r.cluster * o->cluster, cluster_bytes(o, r.cluster));
        if (err) {
            return err;
        }
        o->n_old--;
    } else {
        o->present[r.cluster / 8] &= (uint8_t)~BIT(r.cluster % 8);
    }
    g_array_set_size(o->journal, o->journal->len - 1);
    return 0;
}

static void forget_recorded(Overlay *o)
{
    memset(o->recorded, 0, o->node.size / o->cluster / 8 + 1);
}

// --- requests, one host buffer at a time

// Bytes from off to the end of the run of clusters that are all there, or all not; at most len.
static uint64_t run_length(const Overlay *o, uint64_t off, uint64_t len)
{
    uint64_t c = off / o->cluster, last = (off + len - 1) / o->cluster;
    bool first = is_present(o, c);
    while (c < last && is_present(o, c + 1) == first) {
        c++;
    }
    return MIN_OF(len, (c + 1) * o->cluster - off);
}

static int overlay_readv(BlockNode *node, uint64_t off, const struct iovec *iov, unsigned count)
{
    Overlay *o = (Overlay *)node;
    uint64_t total = iov_length(iov, count);
    if (total && run_length(o, off, total) == total) {
        BlockNode *from = is_present(o, off / o->cluster) ? o->file : o->base;
        return from->ops->readv(from, off, iov, count);
    }
    for (unsigned i = 0; i < count; i++) {
        struct iovec part = iov[i];
        for (size_t left = part.iov_len; left;) {
            part.iov_len = run_length(o, off, left);
            BlockNode *from = is_present(o, off / o->cluster) ? o->file : o->base;
            int err = from->ops->readv(from, off, &part, 1);
            if (err) {
                return err;
            }
            off += part.iov_len;
            left -= part.iov_len;
            part.iov_base = (char *)part.iov_base + part.iov_len;
        }
    }
    return 0;
}

// Copies a cluster from the base, if it is not there yet.
static int populate(Overlay *o, uint64_t c)
{
    if (is_present(o, c)) {
        return 0;
    }
    uint64_t off = c * o->cluster;
    int err = copy_cluster(o, o->base, off, o->file, off, cluster_bytes(o, c));
    if (!err) {
        o->present[c / 8] |= BIT(c % 8);
    }
    return err;
}

// Before a write to [off, off + len): its first and last cluster, where it leaves bytes of them.
static int populate_edges(Overlay *o, uint64_t off, uint64_t len)
{
    uint64_t end = off + len;
    int err = off % o->cluster ? populate(o, off / o->cluster) : 0;
    if (!err && end % o->cluster && end < o->node.size) {
        err = populate(o, end / o->cluster);
    }
    return err;
}

static void mark_present(Overlay *o, uint64_t off, uint64_t len)
{
    for (uint64_t c = off / o->cluster; len && c <= (off + len - 1) / o->cluster; c++) {
        o->present[c / 8] |= BIT(c % 8);
    }
}

static int overlay_writev(BlockNode *node, uint64_t off, const struct iovec *iov, unsigned count)
{
    Overlay *o = (Overlay *)node;
    uint64_t len = iov_length(iov, count);
    int err = record_range(o, off, len);
    err = err ? err : populate_edges(o, off, len);
    err = err ? err : o->file->ops->writev(o->file, off, iov, count);
    if (!err) {
        mark_present(o, off, len);
    }
    return err;
}

static int overlay_zero(BlockNode *node, uint64_t off, uint64_t len, bool may_unmap)
{
    Overlay *o = (Overlay *)node;
    int err = record_range(o, off, len);
    err = err ? err : populate_edges(o, off, len);
    err = err ? err : o->file->ops->zero(o->file, off, len, may_unmap);
    if (!err) {
        mark_present(o, off, len);
    }
    return err;
}

static int overlay_discard(BlockNode *node, uint64_t off, uint64_t len)
{
    // Bytes of the base cannot go away, and holes would show them again.
    (void)node;
    (void)off;
    (void)len;
    return 0;
}

static int overlay_flush(BlockNode *node)
{
    (void)node; // the file does not outlive us
    return 0;
}

static void overlay_close(BlockNode *node)
{
    Overlay *o = (Overlay *)node;
    o->base->ops->close(o->base);
    o->file->ops->close(o->file);
    if (o->journal) {
        g_array_unref(o->journal);
        o->journal_old->ops->close(o->journal_old);
        g_free(o->recorded);
    }
    g_free(o->present);
    g_free(o);
}

static void overlay_info(BlockNode *node, BlockImageInfo *info)
{
    BlockNode *base = ((Overlay *)node)->base;
    if (base->ops->info) {
        base->ops->info(base, info);
    }
}

static BlockNode **overlay_base(BlockNode *node)
{
    return &((Overlay *)node)->base;
}

static int overlay_piece(BlockNode *node, uint64_t off, BlockPiece *p)
{
    Overlay *o = (Overlay *)node;
    p->kind = is_present(o, off / o->cluster) ? BLOCK_PIECE_DATA : BLOCK_PIECE_BELOW;
    p->len = run_length(o, off, p->len);
    return 0;
}

static bool overlay_can_empty(BlockNode *node)
{
    return !((Overlay *)node)->journal;
}

static int overlay_empty(BlockNode *node)
{
    Overlay *o = (Overlay *)node;
    memset(o->present, 0, node->size / o->cluster / 8 + 1);
    return o->file->ops->discard(o->file, 0, o->file->size);
}

static const BlockNodeOps overlay_ops = {
    .readv = overlay_readv,
    .writev = overlay_writev,
    .zero = overlay_zero,
    .discard = overlay_discard,
    .flush = overlay_flush,
    .close = overlay_close,
    .info = overlay_info,
    .base = overlay_base,
    .piece = overlay_piece,
    .can_empty = overlay_can_empty,
    .empty = overlay_empty,
};

BlockNode *overlay_open(BlockNode *base, char **error)
{
    BlockNode *file = open_temporary(base->size, error);
    if (!file) {
        base->ops->close(base);
        return NULL;
    }
    Overlay *o = g_new0(Overlay, 1);
    o->node = (BlockNode){&overlay_ops, base->size};
    o->base = base;
    o->file = file;
    o->cluster = base->size <= LARGE_IMAGE ? SMALL_CLUSTER : LARGE_CLUSTER;
    o->present = g_malloc0(base->size / o->cluster / 8 + 1);
    return &o->node;
}

// --- going back

// The journal's file has room for more clusters than the disk has: each may be recorded many times.
#define JOURNAL_ROOM (UINT64_C(1) << 40)

bool overlay_keep_journal(BlockNode *n, char **error)
{
    Overlay *o = (Overlay *)n;
    if (n->ops != &overlay_ops || o->journal) {
        return n->ops == &overlay_ops;
    }
    o->journal_old = open_temporary(JOURNAL_ROOM, error);
    if (!o->journal_old) {
        return false;
    }
    o->journal = g_array_new(FALSE, FALSE, sizeof(Record));
    o->recorded = g_malloc0(o->node.size / o->cluster / 8 + 1);
    return true;
}

uint64_t overlay_mark(BlockNode *n)
{
    Overlay *o = (Overlay *)n;
    forget_recorded(o);
    return o->journal->len;
}

int overlay_rewind(BlockNode *n, uint64_t mark)
{
    Overlay *o = (Overlay *)n;
    int err = 0;
    while (!err && o->journal->len > mark) {
        err = undo(o);
    }
    forget_recorded(o);
    return err;
}
