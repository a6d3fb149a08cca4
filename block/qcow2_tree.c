// All that an L1 table reaches: L2 tables, data, compressed data.
#include "block/qcow2.h"

#include <errno.h>

static int each_entry(Qcow2 *q, const QTable *t, QTreeFn *fn, void *opaque)
{
    int err = 0;
    for (unsigned i = 0; i < BIT(q->l2_bits) && !err; i++) {
        uint64_t entry = q_entry(q, t, i), off = entry & Q_OFFSET, len = off ? q->cluster : 0;
        if (entry & Q_COMPRESSED) {
            q_compressed_place(q, entry, &off, &len);
        } else if (off & (q->cluster - 1)) {
            return q_damaged(q, "the L2 table at %#llx points to %#llx",
                             (unsigned long long)t->offset, (unsigned long long)off);
        }
        err = len ? fn(q, opaque, off, len) : 0;
    }
    return err;
}

int q_tree_each(Qcow2 *q, const uint64_t *l1, uint32_t l1_size, QTreeFn *fn, void *opaque)
{
    int err = 0;
    for (uint32_t i = 0; i < l1_size && !err; i++) {
        uint64_t off = l1[i] & Q_OFFSET;
        QTable *t;
        if (!off) {
            continue;
        }
        if (off & (q->cluster - 1)) {
            return q_damaged(q, "an L1 table points to %#llx", (unsigned long long)off);
        }
        err = fn(q, opaque, off, q->cluster);
        err = err ? err : q_cache_get(q, &q->l2_cache, off, &t);
        err = err ? err : each_entry(q, t, fn, opaque);
        err = err ? err : q_settle(q);
    }
    return err;
}

static int raise_one(Qcow2 *q, void *opaque, uint64_t off, uint64_t len)
{
    (void)opaque;
    uint64_t first = off >> q->cluster_bits;
    return q_raise(q, first, ((off + len - 1) >> q->cluster_bits) - first + 1);
}

int q_tree_raise(Qcow2 *q, const uint64_t *l1, uint32_t l1_size)
{
    return q_tree_each(q, l1, l1_size, raise_one, NULL);
}

static int lower_one(Qcow2 *q, void *opaque, uint64_t off, uint64_t len)
{
    (void)opaque;
    uint64_t first = off >> q->cluster_bits;
    return q_lower(q, first, ((off + len - 1) >> q->cluster_bits) - first + 1);
}

int q_tree_lower(Qcow2 *q, const uint64_t *l1, uint32_t l1_size)
{
    return q_tree_each(q, l1, l1_size, lower_one, NULL);
}

// --- the flags that say that a count is 1

static int fix_entries(Qcow2 *q, QTable *t)
{
    for (unsigned i = 0; i < BIT(q->l2_bits); i++) {
        uint64_t entry = q_entry(q, t, i), off = entry & Q_OFFSET, count;
        if (entry & Q_COMPRESSED || !off) {
            continue;
        }
        int err = q_count(q, off >> q->cluster_bits, &count);
        if (err) {
            return err;
        }
        uint64_t fixed = (entry & ~Q_COPIED) | (count == 1 ? Q_COPIED : 0);
        if (fixed != entry) {
            q_set_entry(q, t, i, fixed, q_bitmap(q, t, i));
        }
    }
    return 0;
}

int q_tree_fix_copied(Qcow2 *q)
{
    int err = 0;
    for (uint32_t i = 0; i < q->l1_size && !err; i++) {
        uint64_t off = q->l1[i] & Q_OFFSET, count;
        QTable *t;
        if (!off) {
            continue;
        }
        err = q_count(q, off >> q->cluster_bits, &count);
        err = err ? err : q_cache_get(q, &q->l2_cache, off, &t);
        err = err ? err : fix_entries(q, t);
        if (!err) {
            q_set_l1(q, i, off | (count == 1 ? Q_COPIED : 0));
            err = q_settle(q);
        }
    }
    return err;
}
