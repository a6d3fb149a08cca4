// Writes changed tables in the order that qcow2.h explains.
#include "block/qcow2.h"

#include <errno.h>

static int write_reftable(Qcow2 *q)
{
    uint64_t from = q->reftable_dirty_from & ~UINT64_C(63);
    uint64_t to = MIN_OF(ALIGN_UP(q->reftable_dirty_to, UINT64_C(64)), q->reftable_size);
    if (q->reftable_dirty_from == q->reftable_dirty_to) {
        return 0;
    }
    uint64_t *be = g_new(uint64_t, to - from);
    for (uint64_t i = from; i < to; i++) {
        be[i - from] = htobe64(q->reftable[i]);
    }
    int err = q_sync(q); // the blocks first
    err = err ? err : q_write(q, q->reftable_offset + from * 8, be, (to - from) * 8);
    g_free(be);
    if (!err) {
        q->reftable_dirty_from = q->reftable_dirty_to = 0;
    }
    return err;
}

static int write_l1(Qcow2 *q)
{
    uint32_t from = q->l1_dirty_from & ~63u;
    uint32_t to = MIN_OF(ALIGN_UP(q->l1_dirty_to, 64u), q->l1_size);
    if (q->l1_dirty_from == q->l1_dirty_to) {
        return 0;
    }
    int err = q_sync(q); // the L2 tables first
    err = err ? err : q_write_l1(q, q->l1 + from, to - from, q->l1_offset + (uint64_t)from * 8);
    if (!err) {
        q->l1_dirty_from = q->l1_dirty_to = 0;
    }
    return err;
}

// The bytes of clusters that have become free.
static void punch(Qcow2 *q, uint64_t cluster, uint64_t n)
{
    uint64_t run = 0;
    for (uint64_t i = 0; i <= n; i++) {
        uint64_t count = 1;
        if (i < n && q_count(q, cluster + i, &count)) {
            return;
        }
        if (count == 0) {
            run++;
        } else if (run) {
            q->file->ops->discard(q->file, (cluster + i - run) << q->cluster_bits,
                                  run << q->cluster_bits);
            run = 0;
        }
    }
}

// Nothing on the disk refers to them any more.
static int release(Qcow2 *q)
{
    int err = 0;
    for (guint i = 0; i < q->freed->len && !err; i++) {
        QRange r = g_array_index(q->freed, QRange, i);
        err = q_lower(q, r.cluster, r.n);
        if (!err && q->discard) {
            punch(q, r.cluster, r.n);
        }
    }
    g_array_set_size(q->freed, 0);
    return err;
}

int q_commit(Qcow2 *q, bool sync)
{
    if (!q->writable || q->broken) {
        return 0;
    }
    bool tables = q->l2_cache.n_dirty || q->l1_dirty_from != q->l1_dirty_to;
    int err = q_cache_write(q, &q->ref_cache);
    err = err ? err : write_reftable(q);
    if (tables) {
        err = err ? err : q_sync(q); // also data that the tables point to
        err = err ? err : q_cache_write(q, &q->l2_cache);
        err = err ? err : write_l1(q);
    }
    if (sync || q->freed->len > Q_MAX_FREED) {
        err = err ? err : q_sync(q);
        err = err ? err : release(q);
        err = err ? err : q_cache_write(q, &q->ref_cache);
    }
    return err;
}

int q_settle(Qcow2 *q)
{
    bool full = q->l2_cache.n_dirty > q->l2_cache.max / 2 ||
                q->ref_cache.n_dirty > q->ref_cache.max / 2 || q->freed->len > Q_MAX_FREED;
    return full ? q_commit(q, false) : 0;
}
