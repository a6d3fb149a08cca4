// Where a range of the disk lies in the file: L1 and L2 tables.
#include "block/qcow2.h"

#include <errno.h>

// --- L2 entries

uint64_t q_entry(const Qcow2 *q, const QTable *t, unsigned index)
{
    return q_get64(t->data + (size_t)index * q->entry_words * 8);
}

uint64_t q_bitmap(const Qcow2 *q, const QTable *t, unsigned index)
{
    return q->entry_words == 2 ? q_get64(t->data + (size_t)index * 16 + 8) : 0;
}

void q_set_entry(Qcow2 *q, QTable *t, unsigned index, uint64_t entry, uint64_t bitmap)
{
    uint32_t size = q->entry_words * 8, at = index * size;
    q_put64(t->data + at, entry);
    if (q->entry_words == 2) {
        q_put64(t->data + at + 8, bitmap);
    }
    q_cache_touch(&q->l2_cache, t, at, at + size);
}

QKind q_sub_kind(const Qcow2 *q, uint64_t entry, uint64_t bitmap, unsigned sub)
{
    if (entry & Q_COMPRESSED) {
        return Q_KIND_COMPRESSED;
    }
    if (q->entry_words == 2) {
        return bitmap & BIT(sub) ? Q_KIND_DATA : bitmap & BIT(sub + 32) ? Q_KIND_ZERO : Q_KIND_HOLE;
    }
    return entry & Q_ZERO ? Q_KIND_ZERO : entry & Q_OFFSET ? Q_KIND_DATA : Q_KIND_HOLE;
}

int q_check_entry(Qcow2 *q, uint64_t off, uint64_t entry, uint64_t bitmap)
{
    uint64_t host = entry & Q_OFFSET;
    const char *wrong = NULL;
    if (entry & Q_COMPRESSED) {
        return 0;
    }
    if (host & (q->cluster - 1)) {
        wrong = "is not at a cluster's start";
    } else if (host && q_is_fixed(q, host, q->cluster)) {
        wrong = "lies in a table";
    } else if (q->version < 3 && entry & Q_ZERO) {
        wrong = "is a zero cluster, which version 2 does not have";
    } else if (bitmap & bitmap >> 32 || ((uint32_t)bitmap && !host)) {
        wrong = "has subclusters that cannot be";
    }
    if (!wrong) {
        return 0;
    }
    return q_damaged(q, "the cluster of the disk's offset %#llx, at %#llx, %s",
                     (unsigned long long)off, (unsigned long long)host, wrong);
}

void q_compressed_place(const Qcow2 *q, uint64_t entry, uint64_t *off, uint64_t *len)
{
    unsigned shift = 62 - (q->cluster_bits - 8);
    uint64_t sectors = ((entry & mask64(62)) >> shift) + 1;
    *off = entry & mask64(MIN_OF(shift, 56u));
    *len = sectors * 512 - (*off & 511);
}

void q_free_entry(Qcow2 *q, uint64_t entry)
{
    uint64_t off = entry & Q_OFFSET, len = off ? q->cluster : 0;
    if (entry & Q_COMPRESSED) {
        q_compressed_place(q, entry, &off, &len);
    }
    q_free_bytes(q, off, len);
}

// --- looking up

static int get_l2(Qcow2 *q, uint64_t off, uint64_t table, QTable **t)
{
    if (table & (q->cluster - 1) || q_is_fixed(q, table, q->cluster)) {
        return q_damaged(q, "the L2 table of the disk's offset %#llx cannot be at %#llx",
                         (unsigned long long)off, (unsigned long long)table);
    }
    return q_cache_get(q, &q->l2_cache, table, t);
}

static unsigned l2_index(const Qcow2 *q, uint64_t off)
{
    return (unsigned)(off >> q->cluster_bits & mask64(q->l2_bits));
}

// One subcluster (or cluster) at off, which e->len of are left.
static int look(Qcow2 *q, const QTable *t, uint64_t off, QExtent *e)
{
    unsigned index = l2_index(q, off);
    unsigned sub = (unsigned)((off & (q->cluster - 1)) >> q->sub_bits);
    uint64_t entry = q_entry(q, t, index), bitmap = q_bitmap(q, t, index);
    int err = q_check_entry(q, off, entry, bitmap);
    e->kind = q_sub_kind(q, entry, bitmap, sub);
    e->entry = entry;
    e->host = (entry & Q_OFFSET) + (off & (q->cluster - 1));
    unsigned bits = e->kind == Q_KIND_COMPRESSED ? q->cluster_bits : q->sub_bits;
    e->len = BIT(bits) - (off & (BIT(bits) - 1));
    return err;
}

int q_lookup(Qcow2 *q, const uint64_t *l1, uint32_t l1_size, uint64_t off, uint64_t len, QExtent *e)
{
    uint64_t i = off >> q_l1_shift(q), covered = BIT(q_l1_shift(q));
    uint64_t table = i < l1_size ? l1[i] & Q_OFFSET : 0;
    len = MIN_OF(len, covered - (off & (covered - 1)));
    if (!table) {
        *e = (QExtent){.kind = Q_KIND_HOLE, .len = len};
        return 0;
    }
    QTable *t;
    int err = get_l2(q, off, table, &t);
    err = err ? err : look(q, t, off, e);
    while (!err && e->len < len && e->kind != Q_KIND_COMPRESSED) {
        QExtent next;
        err = look(q, t, off + e->len, &next);
        if (next.kind != e->kind || (e->kind == Q_KIND_DATA && next.host != e->host + e->len)) {
            break;
        }
        e->len += next.len;
    }
    e->len = MIN_OF(e->len, len);
    return err;
}

// --- tables that may be changed

int q_write_l1(Qcow2 *q, const uint64_t *l1, uint32_t entries, uint64_t offset)
{
    uint64_t *be = g_new(uint64_t, entries);
    for (uint32_t i = 0; i < entries; i++) {
        be[i] = htobe64(l1[i]);
    }
    int err = q_write(q, offset, be, (uint64_t)entries * 8);
    g_free(be);
    return err;
}

int q_switch_l1(Qcow2 *q, uint64_t *l1, uint32_t entries, uint64_t cluster)
{
    uint8_t field[12];
    q_put32(field, entries);
    q_put64(field + 4, cluster << q->cluster_bits);
    int err = q_sync(q);
    err = err ? err : q_write(q, QH_L1, field, sizeof field);
    err = err ? err : q_sync(q);
    if (err) {
        return err;
    }
    q_free_bytes(q, q->l1_offset, (uint64_t)q->l1_size * 8);
    g_free(q->l1);
    q->l1 = l1;
    q->l1_size = entries;
    q->l1_offset = cluster << q->cluster_bits;
    q->l1_dirty_from = q->l1_dirty_to = 0;
    return 0;
}

int q_grow_l1(Qcow2 *q, uint32_t entries)
{
    uint64_t cluster, n = q_clusters(q, (uint64_t)entries * 8);
    if (entries <= q->l1_size) {
        return 0;
    }
    if ((uint64_t)entries * 8 > Q_MAX_L1_BYTES) {
        return EFBIG;
    }
    // What the old table points to, and the new one's counts, must be on the disk first.
    int err = q_alloc_exact(q, n, &cluster);
    err = err ? err : q_commit(q, true);
    if (err) {
        return err;
    }
    uint64_t *l1 = g_new0(uint64_t, entries);
    memcpy(l1, q->l1, (size_t)q->l1_size * 8);
    err = q_write_l1(q, l1, entries, cluster << q->cluster_bits);
    err = err ? err : q_switch_l1(q, l1, entries, cluster);
    if (err) {
        g_free(l1);
        q_lower(q, cluster, n);
    }
    return err;
}

void q_set_l1(Qcow2 *q, uint32_t i, uint64_t entry)
{
    q->l1[i] = entry;
    if (q->l1_dirty_from == q->l1_dirty_to) {
        q->l1_dirty_from = i;
        q->l1_dirty_to = i + 1;
    }
    q->l1_dirty_from = MIN_OF(q->l1_dirty_from, i);
    q->l1_dirty_to = MAX_OF(q->l1_dirty_to, i + 1);
}

// A table of our own: an empty one, or a copy of one that a snapshot has too.
static int own_l2(Qcow2 *q, uint64_t off, uint64_t old, QTable **t)
{
    uint64_t cluster;
    QTable *from = NULL;
    int err = q_alloc_exact(q, 1, &cluster);
    if (err) {
        return err;
    }
    *t = q_cache_new(q, &q->l2_cache, cluster << q->cluster_bits);
    err = old ? get_l2(q, off, old, &from) : 0;
    if (err) {
        q_cache_drop(&q->l2_cache, cluster << q->cluster_bits);
        q_lower(q, cluster, 1);
        return err;
    }
    if (from) {
        memcpy((*t)->data, from->data, q->cluster);
        q_free(q, old >> q->cluster_bits, 1);
    }
    q_set_l1(q, (uint32_t)(off >> q_l1_shift(q)), cluster << q->cluster_bits | Q_COPIED);
    return 0;
}

int q_l2_for_write(Qcow2 *q, uint64_t off, QTable **t, unsigned *index)
{
    uint64_t i = off >> q_l1_shift(q);
    *index = l2_index(q, off);
    if (i >= UINT32_MAX) {
        return EFBIG;
    }
    int err = q_grow_l1(q, (uint32_t)i + 1);
    if (err) {
        return err;
    }
    uint64_t entry = q->l1[i], table = entry & Q_OFFSET;
    return entry & Q_COPIED && table ? get_l2(q, off, table, t) : own_l2(q, off, table, t);
}
