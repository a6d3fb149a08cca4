// Zeroes and discards: marks in the tables where whole clusters or subclusters are meant.
#include "block/qcow2.h"

#include <errno.h>

#define ZERO_BYTES ((uint64_t)256 << 10)

static int write_zeros(Qcow2 *q, uint64_t off, uint64_t len)
{
    int err = 0;
    void *zeros = q_reads_zero(q, off, len) ? NULL : g_malloc0(MIN_OF(len, ZERO_BYTES));
    while (zeros && len && !err) {
        struct iovec v = {zeros, MIN_OF(len, ZERO_BYTES)};
        err = q_writev(&q->node, off, &v, 1);
        off += v.iov_len;
        len -= v.iov_len;
    }
    g_free(zeros);
    return err;
}

// All of a cluster.
static void zero_cluster(Qcow2 *q, QTable *t, unsigned index, bool unmap)
{
    uint64_t entry = q_entry(q, t, index), bits = 0;
    bool own = entry & Q_COPIED && !(entry & Q_COMPRESSED);
    if (unmap || !own) {
        q_free_entry(q, entry);
        entry = 0;
    }
    if (q->entry_words == 2) {
        bits = mask64(32) << 32;
    } else if (q->version >= 3) {
        entry |= Q_ZERO;
    } else if (entry) { // version 2 has only holes
        q_free_entry(q, entry);
        entry = 0;
    }
    q_set_entry(q, t, index, entry, bits);
}

// Some subclusters of a cluster that is not compressed.
static void zero_subclusters(Qcow2 *q, QTable *t, uint64_t off, uint64_t len, unsigned index)
{
    unsigned first = (unsigned)((off & (q->cluster - 1)) >> q->sub_bits);
    uint64_t set = mask64((unsigned)(len >> q->sub_bits)) << first;
    uint64_t bits = (q_bitmap(q, t, index) & ~set) | set << 32;
    q_set_entry(q, t, index, q_entry(q, t, index), bits);
}

// [off, off + len), of whole (sub)clusters in one L2 table, is not zero now.
static int zero_piece(Qcow2 *q, uint64_t off, uint64_t len, bool unmap)
{
    QTable *t;
    unsigned index;
    int err = q_l2_for_write(q, off, &t, &index);
    while (len && !err) {
        uint64_t n = MIN_OF(len, q->cluster - (off & (q->cluster - 1)));
        uint64_t entry = q_entry(q, t, index);
        err = q_check_entry(q, off, entry, q_bitmap(q, t, index));
        if (err) {
            break;
        }
        if (n == q->cluster) {
            zero_cluster(q, t, index, unmap);
        } else if (entry & Q_COMPRESSED) {
            return write_zeros(q, off, len); // no subclusters yet; *t may go
        } else {
            zero_subclusters(q, t, off, n, index);
        }
        off += n;
        len -= n;
        index++;
    }
    return err;
}

// [off, off + len) is of whole (sub)clusters.
static int zero_range(Qcow2 *q, uint64_t off, uint64_t len, bool unmap)
{
    int err = 0;
    while (len && !err) {
        QExtent e;
        err = q_lookup(q, q->l1, q->l1_size, off, len, &e);
        if (err) {
            break;
        }
        bool zero = e.kind == Q_KIND_ZERO || (e.kind == Q_KIND_HOLE && !q->backing);
        if (!zero) {
            bool as_data = q->version < 3 && q->backing; // a hole would show what is behind it
            err = as_data ? write_zeros(q, off, e.len) : zero_piece(q, off, e.len, unmap);
        }
        off += e.len;
        len -= e.len;
        err = err ? err : q_settle(q);
    }
    return err;
}

// The end of the disk is as good as that of a cluster.
static uint64_t round_end(const Qcow2 *q, uint64_t end, unsigned bits)
{
    return end == q->node.size ? ALIGN_UP(end, BIT(bits)) : ALIGN_DOWN(end, BIT(bits));
}

int q_zero(BlockNode *node, uint64_t off, uint64_t len, bool may_unmap)
{
    Qcow2 *q = (Qcow2 *)node;
    uint64_t from = ALIGN_UP(off, BIT(q->sub_bits)), to = round_end(q, off + len, q->sub_bits);
    int err = q_prepare(q);
    if (err || from >= to) {
        return err ? err : write_zeros(q, off, len);
    }
    err = write_zeros(q, off, from - off);
    err = err ? err : zero_range(q, from, to - from, may_unmap);
    return err || to >= off + len ? err : write_zeros(q, to, off + len - to);
}

int q_discard(BlockNode *node, uint64_t off, uint64_t len)
{
    Qcow2 *q = (Qcow2 *)node;
    uint64_t from = ALIGN_UP(off, q->cluster), to = round_end(q, off + len, q->cluster_bits);
    if (from >= to || (q->version < 3 && q->backing)) {
        return 0; // only a hint
    }
    int err = q_prepare(q);
    return err ? err : zero_range(q, from, to - from, true);
}
