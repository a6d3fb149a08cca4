// The header: what an image is, and whether we can do it justice. Everything is checked before a
// byte is written.
#include "block/qcow2.h"

#include <errno.h>
#include <stdarg.h>

#include "block/format.h"
#include "util/log.h"

enum { MIN_CLUSTER_BITS = 9, MAX_CLUSTER_BITS = 21, V2_HEADER = 72, V3_HEADER = 104 };

#define EXT_BACKING_FORMAT 0xe2792aca
#define EXT_FEATURE_NAMES  0x6803f857
#define EXT_BITMAPS        0x23852875

// --- the file

int q_read(Qcow2 *q, uint64_t off, void *buf, uint64_t len)
{
    struct iovec v = {buf, len};
    return q->file->ops->readv(q->file, off, &v, 1);
}

int q_write(Qcow2 *q, uint64_t off, const void *buf, uint64_t len)
{
    struct iovec v = {(void *)(uintptr_t)buf, len};
    return q->file->ops->writev(q->file, off, &v, 1);
}

int q_sync(Qcow2 *q)
{
    return q->file->ops->flush(q->file);
}

int q_set_features(Qcow2 *q, uint64_t incompatible)
{
    uint8_t field[8];
    if (q->version < 3 || incompatible == q->incompatible) {
        return 0;
    }
    q_put64(field, incompatible);
    int err = q_write(q, QH_INCOMPATIBLE, field, sizeof field);
    err = err ? err : q_sync(q);
    if (!err) {
        q->incompatible = incompatible;
    }
    return err;
}

int q_prepare(Qcow2 *q)
{
    if (q->broken) {
        return BLOCK_EDAMAGED;
    }
    if (!q->writable) {
        return EROFS;
    }
    if (q->prepared) {
        return 0;
    }
    int err = 0;
    if (q->autoclear) {
        static const uint8_t none[8];
        report(
            "%s: what it keeps about changes (dirty bitmaps) is not kept up; it counts as out of "
            "date from now on",
            q->name);
        err = q_write(q, QH_AUTOCLEAR, none, sizeof none);
        err = err ? err : q_sync(q);
    }
    q->prepared = !err;
    return err;
}

int q_damaged(Qcow2 *q, const char *fmt, ...)
{
    if (!q->broken) {
        va_list ap;
        va_start(ap, fmt);
        char *what = g_strdup_vprintf(fmt, ap);
        va_end(ap);
        report("%s: the image is damaged: %s%s", q->name, what,
               q->writable ? "; it is not written to any more" : "");
        g_free(what);
        q->broken = true;
        if (q->writable && q->prepared) {
            q_set_features(q, q->incompatible | Q_CORRUPT);
        }
    }
    return BLOCK_EDAMAGED;
}

// --- requests that are short

static int q_readv(BlockNode *node, uint64_t off, const struct iovec *iov, unsigned count)
{
    Qcow2 *q = (Qcow2 *)node;
    return q_read_mapped(q, q->l1, q->l1_size, off, iov, count);
}

static int q_flush(BlockNode *node)
{
    Qcow2 *q = (Qcow2 *)node;
    return q->broken ? BLOCK_EDAMAGED : q_commit(q, true);
}

static void q_close(BlockNode *node)
{
    Qcow2 *q = (Qcow2 *)node;
    if (q->l2_cache.by_offset) {
        int err = q_commit(q, true);
        if (err) {
            report("%s: the tables could not be written: %s", q->name, block_strerror(err));
        }
    }
    if (q->backing) {
        q->backing->ops->close(q->backing);
    }
    q->file->ops->close(q->file);
    q_cache_free(&q->l2_cache);
    q_cache_free(&q->ref_cache);
    g_free(q->l1);
    g_free(q->reftable);
    if (q->freed) {
        g_array_free(q->freed, TRUE);
    }
    if (q->snapshots) {
        g_ptr_array_free(q->snapshots, TRUE);
    }
    g_free(q->inflated);
    g_free(q->packed);
    g_free(q->name);
    g_free(q->backing_name);
    g_free(q->backing_format);
    g_free(q->backing_file);
    g_free(q);
}

static void q_info(BlockNode *node, BlockImageInfo *info)
{
    Qcow2 *q = (Qcow2 *)node;
    info->format = "qcow2";
    info->file = q->name;
    info->backing_file = q->backing_file;
    info->backing_name = q->backing_name;
    info->backing_format = q->backing_format;
    info->backing = q->backing;
    info->cluster = q->cluster;
    info->dirty = q->incompatible & Q_DIRTY;
    info->corrupt = q->incompatible & Q_CORRUPT;
}

static BlockNode **q_base(BlockNode *node)
{
    return &((Qcow2 *)node)->backing;
}

static const BlockNodeOps q_ops = {
    .readv = q_readv,
    .writev = q_writev,
    .zero = q_zero,
    .discard = q_discard,
    .flush = q_flush,
    .close = q_close,
    .info = q_info,
    .base = q_base,
    .piece = q_piece,
    .can_empty = q_can_empty,
    .empty = q_empty,
    .snapshots = &q_snapshot_ops,
};

// --- the header

static bool say(char **error, const char *fmt, ...) PRINTF_LIKE(2, 3);
static bool say(char **error, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    *error = g_strdup_vprintf(fmt, ap);
    va_end(ap);
    return false;
}

// The image's own name for an incompatible feature that we do not know.
static char *feature_name(const uint8_t *head, uint64_t len, uint64_t at, unsigned bit)
{
    for (; at + 8 <= len; at += 8 + ALIGN_UP((uint64_t)q_get32(head + at + 4), UINT64_C(8))) {
        uint64_t size = q_get32(head + at + 4);
        if (!q_get32(head + at) || size > len - at - 8) {
            break;
        }
        for (uint64_t e = 0; q_get32(head + at) == EXT_FEATURE_NAMES && e + 48 <= size; e += 48) {
            const uint8_t *row = head + at + 8 + e;
            if (row[0] == 0 && row[1] == bit) {
                char *name = g_strndup((const char *)row + 2, 46);
                return g_strcanon(
                    name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 -_", '?');
            }
        }
    }
    return g_strdup("unknown");
}

static bool check_features(Qcow2 *q, const uint8_t *head, uint64_t len, uint64_t at, char **error)
{
    uint64_t f = q->incompatible;
    uint64_t unknown = f & ~(Q_DIRTY | Q_CORRUPT | Q_DATA_FILE | Q_COMPRESSION | Q_EXTENDED_L2);
    if (unknown) {
        unsigned bit = (unsigned)__builtin_ctzll(unknown);
        char *name = feature_name(head, len, at, bit);
        say(error, "it needs the qcow2 feature '%s' (incompatible bit %u), which is not supported",
            name, bit);
        g_free(name);
        return false;
    }
    if (f & Q_DATA_FILE) {
        return say(error, "its data is in an external file (data_file), which is not supported "
                          "(qemu-img convert -O qcow2 makes an image of its own)");
    }
    if (!(f & Q_COMPRESSION) != !q->compression || q->compression > 1) {
        return say(error,
                   "compression type %u is not one of 0 (zlib), 1 (zstd), or contradicts the "
                   "features",
                   q->compression);
    }
#if !CONFIG_ZSTD
    if (q->compression) {
        return say(error, "it is compressed with zstd, which this build does not have (libzstd)");
    }
#endif
    if (f & Q_CORRUPT && q->writable) {
        return say(error,
                   "it is marked as corrupt: it can be opened read-only, and qemu-img check -r "
                   "all may repair it");
    }
    return true;
}

static bool parse_v3(Qcow2 *q, const uint8_t *head, uint64_t len, uint64_t *at, char **error)
{
    uint32_t size = q_get32(head + 100);
    q->incompatible = q_get64(head + 72);
    q->autoclear = q_get64(head + 88);
    q->refcount_order = q_get32(head + 96);
    if (q->refcount_order > 6 || size < V3_HEADER || size % 8 || size > len) {
        return say(error, "refcount order %u or header length %u (at bytes 96 and 100) cannot be",
                   q->refcount_order, size);
    }
    q->compression = size > V3_HEADER ? head[104] : 0;
    *at = size;
    return true;
}

// One extension that ends in the first cluster.
static bool parse_extension(Qcow2 *q, uint32_t type, const uint8_t *data, uint32_t size,
                            char **error)
{
    if (type == EXT_BACKING_FORMAT && !q->backing_format) {
        q->backing_format = g_strndup((const char *)data, MIN_OF(size, 32u));
    } else if (type == EXT_BITMAPS) {
        if (size < 24) {
            return say(error, "the bitmaps extension has %u bytes instead of 24", size);
        }
        q->bitmaps_bytes = q_get64(data + 8);
        q->bitmaps_offset = q_get64(data + 16);
    }
    return true;
}

static bool parse_extensions(Qcow2 *q, const uint8_t *head, uint64_t end, uint64_t at, char **error)
{
    while (at + 8 <= end) {
        uint32_t type = q_get32(head + at), size = q_get32(head + at + 4);
        if (!type) {
            break;
        }
        if (size > end - at - 8) {
            return say(error, "the header extension at byte %llu ends beyond %llu",
                       (unsigned long long)at, (unsigned long long)end);
        }
        if (!parse_extension(q, type, head + at + 8, size, error)) {
            return false;
        }
        at += 8 + ALIGN_UP((uint64_t)size, UINT64_C(8));
    }
    return true;
}

static bool parse_names(Qcow2 *q, const uint8_t *head, uint64_t len, uint64_t at, char **error)
{
    uint64_t off = q_get64(head + 8), end = off ? off : len;
    uint32_t size = q_get32(head + 16);
    if (off && (off < at || off > len || size > len - off || size > 1023 || !size)) {
        return say(error, "the backing file's name, %u bytes at %#llx, is not in the first cluster",
                   size, (unsigned long long)off);
    }
    if (off) {
        q->backing_name = g_strndup((const char *)head + off, size);
    }
    return parse_extensions(q, head, end, at, error);
}

// Where a table lies: at a cluster, and not beyond what the host can address.
static bool check_place(const Qcow2 *q, const char *what, uint64_t off, uint64_t bytes,
                        char **error)
{
    if (off & (q->cluster - 1) || off > Q_OFFSET || bytes > Q_OFFSET || (!off && bytes)) {
        return say(error, "the %s is at %#llx, which cannot be", what, (unsigned long long)off);
    }
    return true;
}

static bool parse_tables(Qcow2 *q, const uint8_t *head, char **error)
{
    uint64_t entries = q->size ? ((q->size - 1) >> q_l1_shift(q)) + 1 : 0;
    uint32_t clusters = q_get32(head + 56);
    q->l1_size = q_get32(head + 36);
    q->l1_offset = q_get64(head + 40);
    q->reftable_offset = q_get64(head + 48);
    q->reftable_size = (uint64_t)clusters * (q->cluster / 8);
    if ((uint64_t)q->l1_size * 8 > Q_MAX_L1_BYTES || entries > q->l1_size) {
        return say(error,
                   "an L1 table of %u entries does not fit a disk of %llu bytes (%llu are "
                   "needed, 4194304 possible)",
                   q->l1_size, (unsigned long long)q->size, (unsigned long long)entries);
    }
    if (!clusters || (uint64_t)clusters * q->cluster > Q_MAX_REFTABLE_BYTES) {
        return say(error, "a refcount table of %u clusters: 1 to %llu are possible", clusters,
                   (unsigned long long)(Q_MAX_REFTABLE_BYTES / q->cluster));
    }
    return check_place(q, "L1 table", q->l1_offset, (uint64_t)q->l1_size * 8, error) &&
           check_place(q, "refcount table", q->reftable_offset, 1, error);
}

static bool parse_sizes(Qcow2 *q, const uint8_t *head, char **error)
{
    static const char *const crypt[] = {"AES", "LUKS"};
    uint32_t method = q_get32(head + 32);
    q->size = q_get64(head + 24);
    if (method) {
        return say(error,
                   "it is encrypted (%s), which is not supported (qemu-img convert makes a "
                   "plain one)",
                   method <= 2 ? crypt[method - 1] : "unknown method");
    }
    if (q->size > (UINT64_C(1) << 62)) {
        return say(error, "its size, %llu bytes, is too large", (unsigned long long)q->size);
    }
    bool extended = q->incompatible & Q_EXTENDED_L2;
    if (extended && q->cluster_bits < 14) {
        return say(error, "clusters of %llu bytes have no subclusters",
                   (unsigned long long)q->cluster);
    }
    q->entry_words = extended ? 2 : 1;
    q->l2_bits = q->cluster_bits - (extended ? 4 : 3);
    q->sub_bits = q->cluster_bits - (extended ? 5 : 0);
    q->node.size = ALIGN_UP(q->size, UINT64_C(512));
    return true;
}

static bool parse_header(Qcow2 *q, const uint8_t *head, uint64_t len, char **error)
{
    uint64_t at = V2_HEADER;
    q->refcount_order = 4;
    if (q->version == 3 && !parse_v3(q, head, len, &at, error)) {
        return false;
    }
    return check_features(q, head, len, at, error) && parse_sizes(q, head, error) &&
           parse_names(q, head, len, at, error) && parse_tables(q, head, error);
}

static bool read_header(Qcow2 *q, char **error)
{
    uint8_t start[V3_HEADER];
    int err = q_read(q, 0, start, sizeof start);
    if (err) {
        return say(error, "the header cannot be read: %s", block_strerror(err));
    }
    q->version = q_get32(start + 4);
    q->cluster_bits = q_get32(start + 20);
    if (q_get32(start) != 0x514649fb) {
        return say(error, "it is not a qcow2 image: it does not begin with 'QFI\\xfb'");
    }
    if (q->version != 2 && q->version != 3) {
        return say(error, "version %u of qcow2 (at byte 4): 2 and 3 are supported", q->version);
    }
    if (q->cluster_bits < MIN_CLUSTER_BITS || q->cluster_bits > MAX_CLUSTER_BITS) {
        return say(error, "clusters of 2^%u bytes (at byte 20): 2^%d to 2^%d are possible",
                   q->cluster_bits, MIN_CLUSTER_BITS, MAX_CLUSTER_BITS);
    }
    q->cluster = BIT(q->cluster_bits);
    uint8_t *head = g_malloc(q->cluster);
    err = q_read(q, 0, head, q->cluster);
    bool ok = err ? say(error, "the header cannot be read: %s", block_strerror(err))
                  : parse_header(q, head, q->cluster, error);
    if (ok) {
        ok = q_load_snapshots(q, q_get32(head + QH_SNAPSHOTS), q_get64(head + QH_SNAPSHOTS + 4),
                              error);
    }
    g_free(head);
    return ok;
}

static bool load_tables(Qcow2 *q, const BlockOpen *how, char **error)
{
    q_cache_init(q, &q->l2_cache, how->cache_bytes);
    q_cache_init(q, &q->ref_cache, how->cache_bytes);
    q->freed = g_array_new(FALSE, FALSE, sizeof(QRange));
    int err = q_load_l1(q, q->l1_offset, q->l1_size, &q->l1);
    err = err ? err : q_load_reftable(q);
    if (err) {
        return say(error, "the tables cannot be read: %s", block_strerror(err));
    }
    if (q->incompatible & Q_DIRTY && q->writable) {
        report("%s: it was not closed properly; its reference counts are made again", q->name);
        err = q_repair(q);
    }
    return !err || say(error,
                       "its reference counts cannot be made again (%s); qemu-img check -r all "
                       "may do it",
                       block_strerror(err));
}

static bool open_backing(Qcow2 *q, const BlockOpen *how, char **error)
{
    char *reason = NULL;
    if (!q->backing_name || how->no_backing) {
        return true;
    }
    q->backing_file = block_backing_path(q->name, q->backing_name);
    q->backing = block_open_backing(q->name, q->backing_name, q->backing_format, how, &reason);
    if (!q->backing) {
        say(error, "its backing file '%s': %s", q->backing_name, reason);
        g_free(reason);
    }
    return q->backing;
}

BlockNode *qcow2_open(BlockNode *file, const char *name, const BlockOpen *how, char **error)
{
    Qcow2 *q = g_new0(Qcow2, 1);
    q->node.ops = &q_ops;
    q->file = file;
    q->name = g_strdup(name);
    q->writable = !how->readonly;
    q->discard = how->discard;
    // The backing chain before the tables: a repair is the only thing that writes.
    if (!read_header(q, error) || !open_backing(q, how, error) || !load_tables(q, how, error)) {
        q->writable = false;
        q_close(&q->node);
        return NULL;
    }
    return &q->node;
}
