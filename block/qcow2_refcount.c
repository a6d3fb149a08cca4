// How many references each cluster has: the refcount table and its blocks.
#include "block/qcow2.h"

#include <errno.h>

uint64_t q_block_entries(const Qcow2 *q)
{
    return q->cluster * 8 >> q->refcount_order;
}

uint64_t q_max_count(const Qcow2 *q)
{
    return mask64(1u << q->refcount_order);
}

// Counts of less than a byte start at its lowest bit.
uint64_t q_read_count(const Qcow2 *q, const uint8_t *block, uint64_t index)
{
    switch (q->refcount_order) {
    case 3:
        return block[index];
    case 4:
        return q_get16(block + index * 2);
    case 5:
        return q_get32(block + index * 4);
    case 6:
        return q_get64(block + index * 8);
    default: {
        uint64_t bit = index << q->refcount_order;
        return block[bit / 8] >> (bit % 8) & q_max_count(q);
    }
    }
}

void q_write_count(const Qcow2 *q, uint8_t *block, uint64_t index, uint64_t count)
{
    switch (q->refcount_order) {
    case 3:
        block[index] = (uint8_t)count;
        break;
    case 4:
        q_put16(block + index * 2, (uint16_t)count);
        break;
    case 5:
        q_put32(block + index * 4, (uint32_t)count);
        break;
    case 6:
        q_put64(block + index * 8, count);
        break;
    default: {
        uint64_t bit = index << q->refcount_order;
        block[bit / 8] &= (uint8_t) ~(q_max_count(q) << (bit % 8));
        block[bit / 8] |= (uint8_t)(count << (bit % 8));
    }
    }
}

// *t: the block of that index in the table, or NULL if there is none.
static int get_block(Qcow2 *q, uint64_t index, QTable **t)
{
    *t = NULL;
    uint64_t off = index < q->reftable_size ? q->reftable[index] & ~UINT64_C(0x1ff) : 0;
    if (!off) {
        return 0;
    }
    if (off & (q->cluster - 1) || off > Q_OFFSET) {
        return q_damaged(q, "entry %llu of the refcount table points to %#llx",
                         (unsigned long long)index, (unsigned long long)off);
    }
    return q_cache_get(q, &q->ref_cache, off, t);
}

int q_count(Qcow2 *q, uint64_t cluster, uint64_t *count)
{
    QTable *t;
    uint64_t n = q_block_entries(q);
    int err = get_block(q, cluster / n, &t);
    *count = !err && t ? q_read_count(q, t->data, cluster % n) : 0;
    return err;
}

static void set_in_block(Qcow2 *q, QTable *t, uint64_t index, uint64_t count)
{
    uint32_t byte = (uint32_t)((index << q->refcount_order) / 8);
    q_write_count(q, t->data, index, count);
    q_cache_touch(&q->ref_cache, t, byte, byte + MAX_OF(1u, 1u << q->refcount_order >> 3));
}

int q_set_count(Qcow2 *q, uint64_t cluster, uint64_t count)
{
    QTable *t;
    uint64_t n = q_block_entries(q);
    int err = get_block(q, cluster / n, &t);
    if (!err && !t) {
        err = q_damaged(q, "cluster %#llx has no refcount block",
                        (unsigned long long)(cluster << q->cluster_bits));
    }
    if (!err) {
        set_in_block(q, t, cluster % n, count);
    }
    return err;
}

int q_raise(Qcow2 *q, uint64_t cluster, uint64_t n)
{
    for (; n; n--, cluster++) {
        uint64_t count;
        int err = q_count(q, cluster, &count);
        if (!err && count == q_max_count(q)) {
            return EMLINK;
        }
        err = err ? err : q_set_count(q, cluster, count + 1);
        if (err) {
            return err;
        }
    }
    return 0;
}

int q_lower(Qcow2 *q, uint64_t cluster, uint64_t n)
{
    for (; n; n--, cluster++) {
        uint64_t count;
        int err = q_count(q, cluster, &count);
        if (!err && !count) {
            err = q_damaged(q, "cluster %#llx was in use, but has no references",
                            (unsigned long long)(cluster << q->cluster_bits));
        }
        err = err ? err : q_set_count(q, cluster, count - 1);
        if (err) {
            return err;
        }
        if (count == 1) {
            q->free_hint = MIN_OF(q->free_hint, cluster);
        }
    }
    return 0;
}

int q_load_reftable(Qcow2 *q)
{
    q->reftable = g_malloc(q->reftable_size * 8);
    int err = q_read(q, q->reftable_offset, q->reftable, q->reftable_size * 8);
    for (uint64_t i = 0; !err && i < q->reftable_size; i++) {
        q->reftable[i] = be64toh(q->reftable[i]);
    }
    return err;
}

// --- new blocks. A block that is missing says that all its clusters are free: it lies in the first
// of them and counts itself.

static void set_reftable(Qcow2 *q, uint64_t index, uint64_t off)
{
    q->reftable[index] = off;
    if (q->reftable_dirty_from == q->reftable_dirty_to) {
        q->reftable_dirty_from = index;
        q->reftable_dirty_to = index + 1;
    }
    q->reftable_dirty_from = MIN_OF(q->reftable_dirty_from, index);
    q->reftable_dirty_to = MAX_OF(q->reftable_dirty_to, index + 1);
}

// The table is full: the new one lies behind the blocks that count it, from cluster `first` on.
//
//   first | block | block ... | table ...... | free
static int write_larger_table(Qcow2 *q, uint64_t index, uint64_t blocks, uint64_t clusters)
{
    uint64_t first = index * q_block_entries(q), entries = clusters * q->cluster / 8;
    uint64_t *table = g_malloc0(clusters * q->cluster);
    for (uint64_t i = 0; i < entries; i++) {
        uint64_t old = i < q->reftable_size ? q->reftable[i] : 0;
        bool new_block = i >= index && i < index + blocks;
        table[i] = new_block ? (first + i - index) << q->cluster_bits : old;
    }
    for (uint64_t b = 0; b < blocks; b++) {
        QTable *t = q_cache_new(q, &q->ref_cache, (first + b) << q->cluster_bits);
        for (uint64_t i = 0; i < q_block_entries(q); i++) {
            if (b * q_block_entries(q) + i < blocks + clusters) {
                q_write_count(q, t->data, i, 1);
            }
        }
    }
    uint64_t off = (first + blocks) << q->cluster_bits;
    uint64_t *be = g_malloc(clusters * q->cluster);
    for (uint64_t i = 0; i < entries; i++) {
        be[i] = htobe64(table[i]);
    }
    uint8_t field[12];
    q_put64(field, off);
    q_put32(field + 8, (uint32_t)clusters);
    int err = q_cache_write(q, &q->ref_cache);
    err = err ? err : q_write(q, off, be, clusters * q->cluster);
    err = err ? err : q_sync(q);
    err = err ? err : q_write(q, QH_REFTABLE, field, sizeof field);
    err = err ? err : q_sync(q);
    g_free(be);
    if (err) {
        g_free(table);
        return err;
    }
    uint64_t old = q->reftable_offset >> q->cluster_bits, n = q_clusters(q, q->reftable_size * 8);
    g_free(q->reftable);
    q->reftable = table;
    q->reftable_size = entries;
    q->reftable_offset = off;
    q->reftable_dirty_from = q->reftable_dirty_to = 0;
    return q_lower(q, old, n);
}

static int grow_table(Qcow2 *q, uint64_t index)
{
    uint64_t n = q_block_entries(q), blocks = 1, clusters = 0, was;
    do {
        was = blocks + clusters;
        uint64_t entries = MAX_OF(index + blocks, q->reftable_size + q->reftable_size / 2);
        clusters = q_clusters(q, entries * 8);
        blocks = (blocks + clusters + n - 1) / n;
    } while (blocks + clusters != was);
    if (clusters * q->cluster > Q_MAX_REFTABLE_BYTES) {
        return EFBIG;
    }
    uint64_t first = index * n << q->cluster_bits;
    if (q_is_fixed(q, first, (blocks + clusters) << q->cluster_bits)) {
        return q_damaged(q, "a table lies at %#llx, which should be free",
                         (unsigned long long)first);
    }
    return write_larger_table(q, index, blocks, clusters);
}

int q_make_block(Qcow2 *q, uint64_t index)
{
    uint64_t off = index * q_block_entries(q) << q->cluster_bits;
    if (index >= q->reftable_size) {
        return grow_table(q, index);
    }
    if (q_is_fixed(q, off, q->cluster)) {
        return q_damaged(q, "a table lies at %#llx, which should be free", (unsigned long long)off);
    }
    QTable *t = q_cache_new(q, &q->ref_cache, off);
    q_write_count(q, t->data, 0, 1);
    set_reftable(q, index, off);
    return 0;
}
