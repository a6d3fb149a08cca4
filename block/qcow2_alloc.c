// Which clusters are taken: the first free ones.
#include "block/qcow2.h"

#include <errno.h>

static bool overlaps(uint64_t a, uint64_t a_len, uint64_t b, uint64_t b_len)
{
    return a_len && b_len && a < b + b_len && b < a + a_len;
}

bool q_is_fixed(const Qcow2 *q, uint64_t off, uint64_t len)
{
    return off < q->cluster || overlaps(off, len, q->l1_offset, (uint64_t)q->l1_size * 8) ||
           overlaps(off, len, q->reftable_offset, q->reftable_size * 8) ||
           overlaps(off, len, q->snapshots_offset, q->snapshots_bytes);
}

// A damaged image may count a table as free; to write over it would make things worse.
static int check_free(Qcow2 *q, uint64_t cluster, uint64_t n)
{
    uint64_t off = cluster << q->cluster_bits, len = n << q->cluster_bits;
    bool taken = q_is_fixed(q, off, len);
    for (uint64_t i = 0; i < q->reftable_size && !taken; i++) {
        taken = q->reftable[i] >= off && q->reftable[i] - off < len;
    }
    return taken ? q_damaged(q, "the table at %#llx counts as free", (unsigned long long)off) : 0;
}

// *count of a cluster; makes its block if there is none.
static int count_or_make(Qcow2 *q, uint64_t cluster, uint64_t *count)
{
    uint64_t n = q_block_entries(q), index = cluster / n;
    if (cluster >= (Q_OFFSET >> q->cluster_bits)) {
        return EFBIG;
    }
    if (index >= q->reftable_size || !q->reftable[index]) {
        int err = q_make_block(q, index);
        if (err) {
            return err;
        }
    }
    return q_count(q, cluster, count);
}

// The first run of `least` to `most` free clusters.
static int find(Qcow2 *q, uint64_t least, uint64_t most, uint64_t *cluster, uint64_t *got)
{
    uint64_t first = q->free_hint, n = 0;
    bool all_taken = true; // since free_hint
    for (uint64_t c = first; n < most; c++) {
        uint64_t count;
        int err = count_or_make(q, c, &count);
        if (err) {
            return err;
        }
        if (!count) {
            n++;
            all_taken = false;
        } else if (n >= least) {
            break;
        } else {
            n = 0;
            first = c + 1;
        }
        if (all_taken && q->free_hint == c) {
            q->free_hint = c + 1;
        }
    }
    *cluster = first;
    *got = n;
    return 0;
}

static int take(Qcow2 *q, uint64_t least, uint64_t most, uint64_t *cluster, uint64_t *got)
{
    int err = find(q, least, most, cluster, got);
    err = err ? err : check_free(q, *cluster, *got);
    for (uint64_t i = 0; !err && i < *got; i++) {
        err = q_set_count(q, *cluster + i, 1);
    }
    if (!err && *cluster == q->free_hint) {
        q->free_hint += *got;
    }
    return err;
}

int q_alloc(Qcow2 *q, uint64_t want, uint64_t *cluster, uint64_t *got)
{
    return take(q, 1, want, cluster, got);
}

int q_alloc_exact(Qcow2 *q, uint64_t n, uint64_t *cluster)
{
    uint64_t got;
    return take(q, n, n, cluster, &got);
}

void q_free(Qcow2 *q, uint64_t cluster, uint64_t n)
{
    QRange *last = q->freed->len ? &g_array_index(q->freed, QRange, q->freed->len - 1) : NULL;
    if (last && last->cluster + last->n == cluster) {
        last->n += n;
        return;
    }
    QRange r = {cluster, n};
    g_array_append_val(q->freed, r);
}

void q_free_bytes(Qcow2 *q, uint64_t off, uint64_t len)
{
    uint64_t first = off >> q->cluster_bits;
    if (len) {
        q_free(q, first, ((off + len - 1) >> q->cluster_bits) - first + 1);
    }
}
