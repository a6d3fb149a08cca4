// qcow2 images, versions 2 and 3 (docs/interop/qcow2.txt of QEMU is the format's definition;
// numbers are big-endian, everything is in clusters of one size).
//
//   guest offset                                       header --> L1 table, refcount table,
//     | l1 index | l2 index | in cluster |                |        snapshot table, backing file
//         |           |           |                       v
//         v           v           |          refcount table --> refcount blocks: how many
//     L1 table --> L2 table ------+--> data                     references each cluster has
//
// L1 and refcount table are in memory; L2 tables and refcount blocks pass through two caches
// (qcow2_cache.c). Changes of tables stay in memory until the guest flushes or too many have
// gathered; then they are written in an order in which an interruption leaves clusters without a
// reference at worst (qcow2_commit.c):
//
//   data, refcounts that rose | L2 tables | L1 table | refcounts that fall
//
// A freed cluster keeps its count in a list (q->freed) until no table on the disk points to it, so
// that counts in the cache have only risen, and nothing is used again too early. Snapshots change
// many tables at once; meanwhile the header says that counts may be wrong ("dirty"), and whoever
// opens the image next counts again (qcow2_repair.c).
//
// qcow2_open.c      header, features, limits      qcow2_map.c       L1 and L2: where a range lies
// qcow2_cache.c     tables in memory              qcow2_read.c      reads
// qcow2_refcount.c  counts                        qcow2_compressed.c inflates
// qcow2_alloc.c     clusters                      qcow2_write.c     writes
// qcow2_commit.c    writes tables in order        qcow2_zero.c      zeroes, discards
// qcow2_snapshot*.c snapshots and VM state        qcow2_tree.c      all that an L1 table reaches
// qcow2_repair.c    counts again
//
// Functions that return int give 0, an errno value or one of BLOCK_E*.
#ifndef BLOCK_QCOW2_H
#define BLOCK_QCOW2_H

#include <endian.h>
#include <glib.h>
#include <string.h>

#include "block/node.h"
#include "block/snapshot.h"

enum {
    Q_MAX_L1_BYTES = 32 << 20,      // these limits are QEMU's
    Q_MAX_REFTABLE_BYTES = 8 << 20, //
    Q_MAX_SNAPSHOTS = 65536,        //
    Q_CACHE_BYTES = 16 << 20,       // of each cache, if nobody says
    Q_CACHE_TABLES = 4,             // but at least so many tables
    Q_MAX_FREED = 4096,             // ranges that wait for a commit
};

// Incompatible features; compatible and autoclear ones make no difference to us.
#define Q_DIRTY       BIT(0)
#define Q_CORRUPT     BIT(1)
#define Q_DATA_FILE   BIT(2)
#define Q_COMPRESSION BIT(3)
#define Q_EXTENDED_L2 BIT(4)

// Bits of L1 and L2 entries.
#define Q_COPIED     BIT(63) // its count is 1: may be written in place
#define Q_COMPRESSED BIT(62)
#define Q_ZERO       BIT(0)
#define Q_OFFSET     UINT64_C(0x00fffffffffffe00)

// Offsets of header fields that are changed.
enum {
    QH_SIZE = 24,
    QH_L1 = 36,        // number of entries, offset
    QH_REFTABLE = 48,  // offset, number of clusters
    QH_SNAPSHOTS = 60, // number, offset
    QH_INCOMPATIBLE = 72,
    QH_AUTOCLEAR = 88,
};

typedef struct QTable {
    uint64_t offset;               // in the file
    uint8_t *data;                 // a cluster, as in the file
    uint32_t dirty_from, dirty_to; // bytes; equal: clean
    GList link;                    // in the cache's order of use
} QTable;

typedef struct QCache {
    GHashTable *by_offset;
    GQueue used; // the latest first
    unsigned max, n_dirty;
} QCache;

typedef struct QRange {
    uint64_t cluster, n;
} QRange;

typedef struct QSnapshot {
    uint64_t l1_offset;
    uint32_t l1_size;
    char *id, *name;
    uint32_t date_sec, date_nsec;
    uint64_t vm_clock, vm_state_size, disk_size;
    int64_t icount;
    GByteArray *extra; // what else its entry has
} QSnapshot;

typedef struct Qcow2 {
    BlockNode node;
    BlockNode *file, *backing;           // backing: NULL if there is none
    char *name;                          // for messages
    char *backing_name, *backing_format; // as the header has them; NULL
    char *backing_file;                  // as it is opened; NULL
    bool writable;
    bool prepared; // the header says what has to be said before the first change
    bool broken;   // damage was found: nothing is written any more
    bool discard;  // freed clusters become holes of the file
    // --- from the header
    unsigned version, cluster_bits, refcount_order, compression;
    uint64_t incompatible, autoclear;
    uint64_t cluster, size; // bytes
    unsigned entry_words;   // of an L2 entry: 1, or 2 with subclusters
    unsigned l2_bits;       // log2 of an L2 table's entries
    unsigned sub_bits;      // log2 of a subcluster's bytes; that of a cluster if there are none
    // --- tables
    uint64_t *l1, l1_offset;
    uint32_t l1_size;
    uint32_t l1_dirty_from, l1_dirty_to;                // entries
    uint64_t *reftable, reftable_offset, reftable_size; // entries
    uint64_t reftable_dirty_from, reftable_dirty_to;
    QCache l2_cache, ref_cache;
    uint64_t free_hint; // no cluster before it is free
    GArray *freed;      // QRange: references that go with the next commit
    // --- snapshots
    GPtrArray *snapshots; // QSnapshot
    uint64_t snapshots_offset, snapshots_bytes;
    // --- bitmaps: only counted
    uint64_t bitmaps_offset, bitmaps_bytes;
    // --- the last cluster that was decompressed
    uint64_t inflated_entry;
    uint8_t *inflated, *packed;
} Qcow2;

static inline uint64_t q_get64(const void *p)
{
    uint64_t v;
    memcpy(&v, p, 8);
    return be64toh(v);
}

static inline uint32_t q_get32(const void *p)
{
    uint32_t v;
    memcpy(&v, p, 4);
    return be32toh(v);
}

static inline uint16_t q_get16(const void *p)
{
    uint16_t v;
    memcpy(&v, p, 2);
    return be16toh(v);
}

static inline void q_put64(void *p, uint64_t v)
{
    v = htobe64(v);
    memcpy(p, &v, 8);
}

static inline void q_put32(void *p, uint32_t v)
{
    v = htobe32(v);
    memcpy(p, &v, 4);
}

static inline void q_put16(void *p, uint16_t v)
{
    v = htobe16(v);
    memcpy(p, &v, 2);
}

static inline uint64_t q_clusters(const Qcow2 *q, uint64_t bytes)
{
    return (bytes >> q->cluster_bits) + ((bytes & (q->cluster - 1)) != 0);
}

// Guest bytes that an L2 table covers, as a shift.
static inline unsigned q_l1_shift(const Qcow2 *q)
{
    return q->cluster_bits + q->l2_bits;
}

// --- qcow2_open.c
int q_read(Qcow2 *q, uint64_t off, void *buf, uint64_t len); // zeros beyond the file's end
int q_write(Qcow2 *q, uint64_t off, const void *buf, uint64_t len);
int q_sync(Qcow2 *q);
int q_set_features(Qcow2 *q, uint64_t incompatible); // in the header, synced
// Before the first change: clears the autoclear features that will not hold any more.
int q_prepare(Qcow2 *q);
// Says once what is wrong and marks the image. Returns BLOCK_EDAMAGED.
int q_damaged(Qcow2 *q, const char *fmt, ...) PRINTF_LIKE(2, 3);

// --- qcow2_cache.c. Pointers hold until two other tables of the same cache have been asked for.
void q_cache_init(const Qcow2 *q, QCache *c, uint64_t bytes); // 0: Q_CACHE_BYTES
void q_cache_free(QCache *c);
int q_cache_get(Qcow2 *q, QCache *c, uint64_t offset, QTable **t);
QTable *q_cache_new(Qcow2 *q, QCache *c, uint64_t offset); // of zeros, to be written whole
void q_cache_touch(QCache *c, QTable *t, uint32_t from, uint32_t to); // bytes have changed
void q_cache_drop(QCache *c, uint64_t offset);                        // with its changes
void q_cache_drop_all(QCache *c);
int q_cache_write(Qcow2 *q, QCache *c);

// --- qcow2_refcount.c. In clusters.
uint64_t q_block_entries(const Qcow2 *q);
uint64_t q_max_count(const Qcow2 *q);
uint64_t q_read_count(const Qcow2 *q, const uint8_t *block, uint64_t index);
void q_write_count(const Qcow2 *q, uint8_t *block, uint64_t index, uint64_t count);
int q_count(Qcow2 *q, uint64_t cluster, uint64_t *count);
int q_set_count(Qcow2 *q, uint64_t cluster, uint64_t count); // its block must exist
int q_raise(Qcow2 *q, uint64_t cluster, uint64_t n);
int q_lower(Qcow2 *q, uint64_t cluster, uint64_t n); // at once: nothing on the disk refers to it
int q_load_reftable(Qcow2 *q);
int q_make_block(Qcow2 *q, uint64_t index); // a refcount block that is not there yet
// --- qcow2_alloc.c. In clusters, of one reference each.
int q_alloc(Qcow2 *q, uint64_t want, uint64_t *cluster, uint64_t *got); // 1 to want
int q_alloc_exact(Qcow2 *q, uint64_t n, uint64_t *cluster);
void q_free(Qcow2 *q, uint64_t cluster, uint64_t n); // a reference each, with the next commit
void q_free_bytes(Qcow2 *q, uint64_t off, uint64_t len);
bool q_is_fixed(const Qcow2 *q, uint64_t off, uint64_t len); // header, L1, refcount table, ...

// --- qcow2_commit.c
int q_commit(Qcow2 *q, bool sync); // sync: all is on the disk, and what was freed is free
int q_settle(Qcow2 *q);            // commits if much has gathered; between requests' pieces

// --- qcow2_map.c
typedef enum QKind { Q_KIND_HOLE, Q_KIND_ZERO, Q_KIND_DATA, Q_KIND_COMPRESSED } QKind;
typedef struct QExtent {
    QKind kind;
    uint64_t len;   // bytes of this kind, contiguous in the file
    uint64_t host;  // DATA: of the first byte
    uint64_t entry; // COMPRESSED: the cluster's L2 entry
} QExtent;
// What is at [off, off + len) of the disk that l1 describes; in one L2 table, so len may shrink.
int q_lookup(Qcow2 *q, const uint64_t *l1, uint32_t l1_size, uint64_t off, uint64_t len,
             QExtent *e);
// An L2 table that may be changed, and the index of the entry for off.
int q_l2_for_write(Qcow2 *q, uint64_t off, QTable **t, unsigned *index);
uint64_t q_entry(const Qcow2 *q, const QTable *t, unsigned index);
uint64_t q_bitmap(const Qcow2 *q, const QTable *t, unsigned index);
void q_set_entry(Qcow2 *q, QTable *t, unsigned index, uint64_t entry, uint64_t bitmap);
QKind q_sub_kind(const Qcow2 *q, uint64_t entry, uint64_t bitmap, unsigned sub);
int q_check_entry(Qcow2 *q, uint64_t off, uint64_t entry, uint64_t bitmap);
void q_compressed_place(const Qcow2 *q, uint64_t entry, uint64_t *off, uint64_t *len);
// Drops the reference of an entry that is being replaced.
void q_free_entry(Qcow2 *q, uint64_t entry);
int q_grow_l1(Qcow2 *q, uint32_t entries);
// Makes l1 (of entries, in clusters from `cluster` on, written there) the active table.
int q_switch_l1(Qcow2 *q, uint64_t *l1, uint32_t entries, uint64_t cluster);
void q_set_l1(Qcow2 *q, uint32_t i, uint64_t entry);
int q_write_l1(Qcow2 *q, const uint64_t *l1, uint32_t entries, uint64_t offset);

// --- requests
int q_read_mapped(Qcow2 *q, const uint64_t *l1, uint32_t l1_size, uint64_t off,
                  const struct iovec *iov, unsigned count); // qcow2_read.c
int q_inflate(Qcow2 *q, uint64_t entry, const uint8_t **bytes);
int q_writev(BlockNode *n, uint64_t off, const struct iovec *iov, unsigned count);
int q_zero(BlockNode *n, uint64_t off, uint64_t len, bool may_unmap);
int q_discard(BlockNode *n, uint64_t off, uint64_t len);
int q_piece(BlockNode *n, uint64_t off, BlockPiece *p); // read.c
bool q_can_empty(BlockNode *n);                         // snapshot.c
int q_empty(BlockNode *n);
bool q_reads_zero(Qcow2 *q, uint64_t off, uint64_t len); // without looking at data

// --- qcow2_tree.c. All tables and clusters that an L1 table refers to: data with its reference's
// bytes.
typedef int QTreeFn(Qcow2 *q, void *opaque, uint64_t off, uint64_t len);
int q_tree_each(Qcow2 *q, const uint64_t *l1, uint32_t l1_size, QTreeFn *fn, void *opaque);
int q_tree_raise(Qcow2 *q, const uint64_t *l1, uint32_t l1_size);
int q_tree_lower(Qcow2 *q, const uint64_t *l1, uint32_t l1_size); // at once
int q_tree_fix_copied(Qcow2 *q); // sets the flags of the active tables by the counts

// --- qcow2_qcow2_snapshot.c, qcow2_snapshot_table.c
extern const BlockSnapshotOps q_snapshot_ops;
bool q_load_snapshots(Qcow2 *q, uint32_t n, uint64_t off, char **error);
int q_write_snapshots(Qcow2 *q); // a new table, and the header that says where
void q_snapshot_free(void *snapshot);
int q_load_l1(Qcow2 *q, uint64_t off, uint32_t entries, uint64_t **l1); // to be g_free'd

// --- qcow2_repair.c
int q_repair(Qcow2 *q); // counts again; the tables in memory must have been written

#endif
