// Writes. A run of clusters is written at once, in place or to new clusters; what the guest leaves
// of its first and last (sub)cluster is filled in from what was there:
//
//   from     off                        off + len   to
//    |. fill .|wwwwwwwwwwwwwwwwwwwwwwwwwwwww|. fill .|
//    |  (sub)cluster  |  ...       |  (sub)cluster   |
//
// The tables learn of a new cluster when its data has been written.
#include "block/iov.h"
#include "block/qcow2.h"

#define MAX_PIECES (BLOCK_IOV_MAX - 2) // of the guest's buffers, besides two of fill

typedef struct Run {
    QTable *t;
    unsigned index, n;   // entries
    bool own;            // to be written in place
    uint64_t base, host; // the first cluster's start: on the disk, in the file
    uint64_t off, len;   // what the guest writes
    uint64_t from, to;   // with the fill
} Run;

static bool is_own(uint64_t entry)
{
    return entry & Q_COPIED && entry & Q_OFFSET && !(entry & Q_COMPRESSED);
}

// Whether a new cluster in place of this one needs some of its bytes.
static bool has_data(const Qcow2 *q, uint64_t entry, uint64_t bitmap)
{
    return entry & Q_COMPRESSED ||
           (q->entry_words == 2 ? (uint32_t)bitmap != 0 : entry & Q_OFFSET && !(entry & Q_ZERO));
}

// How many entries from r->index on, of those that are written to, can be written as one.
static int find_run(Qcow2 *q, Run *r)
{
    uint64_t most = q_clusters(q, r->off + r->len - r->base);
    most = MIN_OF(most, BIT(q->l2_bits) - r->index);
    for (r->n = 0; r->n < most; r->n++) {
        uint64_t e = q_entry(q, r->t, r->index + r->n);
        int err = q_check_entry(q, r->off, e, q_bitmap(q, r->t, r->index + r->n));
        if (err) {
            return err;
        }
        if (!r->n) {
            r->own = is_own(e);
            r->host = e & Q_OFFSET;
        }
        bool next = !r->own || (e & Q_OFFSET) == r->host + r->n * q->cluster;
        if (is_own(e) != r->own || !next) {
            break;
        }
    }
    if (r->own) {
        return 0;
    }
    uint64_t cluster = 0, got = 0;
    int err = q_alloc(q, r->n, &cluster, &got);
    r->host = cluster << q->cluster_bits;
    r->n = (unsigned)got;
    return err;
}

// Up to where a border at `at` must be moved, down or up, in the cluster of entry index.
static uint64_t border(const Qcow2 *q, const Run *r, unsigned index, uint64_t at, bool up)
{
    uint64_t entry = q_entry(q, r->t, index), bitmap = q_bitmap(q, r->t, index);
    uint64_t inside = up ? at - 1 : at; // a byte that is written
    unsigned sub = (unsigned)((inside & (q->cluster - 1)) >> q->sub_bits);
    unsigned bits = q->sub_bits;
    if (!r->own && has_data(q, entry, bitmap)) {
        bits = q->cluster_bits;
    } else if (r->own && q_sub_kind(q, entry, bitmap, sub) == Q_KIND_DATA) {
        return at;
    }
    return up ? ALIGN_UP(at, BIT(bits)) : ALIGN_DOWN(at, BIT(bits));
}

// The bytes of [from, to) as they are now, as a buffer of its own; none if the file has zeros
// there.
static int fill(Qcow2 *q, uint64_t from, uint64_t to, bool fresh, struct iovec *v)
{
    bool zero = from < to && q_reads_zero(q, from, to - from);
    *v = (struct iovec){NULL, to - from};
    if (from == to || (zero && fresh)) {
        v->iov_len = 0;
        return 0;
    }
    v->iov_base = g_malloc0(to - from);
    return zero ? 0 : q_read_mapped(q, q->l1, q->l1_size, from, v, 1);
}

static int write_data(Qcow2 *q, Run *r, const struct iovec *iov, unsigned count)
{
    struct iovec all[BLOCK_IOV_MAX], head, tail = {0};
    // What was never written in the file reads as zeros.
    bool fresh = !r->own && r->host + (r->from - r->base) >= q->file->size;
    int err = fill(q, r->from, r->off, fresh, &head);
    err = err ? err : fill(q, r->off + r->len, r->to, fresh, &tail);
    uint64_t at = r->host + (r->off - r->base) - head.iov_len;
    unsigned n = 0;
    if (head.iov_len) {
        all[n++] = head;
    }
    memcpy(all + n, iov, count * sizeof *iov);
    n += count;
    if (tail.iov_len) {
        all[n++] = tail;
    }
    err = err ? err : q->file->ops->writev(q->file, at, all, n);
    g_free(head.iov_base);
    g_free(tail.iov_base);
    return err;
}

// Bits of the subclusters of a cluster that starts at `base` which [from, to) covers.
static uint64_t sub_bits_of(const Qcow2 *q, uint64_t base, uint64_t from, uint64_t to)
{
    unsigned first = from <= base ? 0 : (unsigned)((from - base) >> q->sub_bits);
    unsigned end = to >= base + q->cluster
                       ? 32
                       : (unsigned)((to - base + BIT(q->sub_bits) - 1) >> q->sub_bits);
    return mask64(end) & ~mask64(first);
}

static void update(Qcow2 *q, const Run *r)
{
    for (unsigned i = 0; i < r->n; i++) {
        uint64_t old = q_entry(q, r->t, r->index + i), bits = q_bitmap(q, r->t, r->index + i);
        uint64_t entry = (r->host + i * q->cluster) | Q_COPIED, bitmap = 0;
        if (q->entry_words == 2) {
            uint64_t set = sub_bits_of(q, r->base + i * q->cluster, r->from, r->to);
            uint64_t kept = r->own || !has_data(q, old, bits) ? bits : 0;
            bitmap = (kept & ~(set << 32)) | set;
        }
        if (entry == old && bitmap == bits) {
            continue;
        }
        if (!r->own) {
            q_free_entry(q, old);
        }
        q_set_entry(q, r->t, r->index + i, entry, bitmap);
    }
}

// Writes as much as is one run; *len becomes that.
static int write_run(Qcow2 *q, uint64_t off, uint64_t *len, IovCursor *c)
{
    struct iovec part[BLOCK_IOV_MAX];
    Run r = {.off = off, .len = *len, .base = off & ~(q->cluster - 1)};
    int err = q_l2_for_write(q, off, &r.t, &r.index);
    err = err ? err : find_run(q, &r);
    if (err) {
        return err;
    }
    r.len = MIN_OF(r.len, r.base + r.n * q->cluster - off);
    unsigned n = iov_take(c, &r.len, part, MAX_PIECES), used = r.n;
    r.n = (unsigned)q_clusters(q, off + r.len - r.base);
    r.from = border(q, &r, r.index, off, false);
    r.to = border(q, &r, r.index + r.n - 1, off + r.len, true);
    err = write_data(q, &r, part, n);
    if (!r.own) { // those that turned out not to be needed, or all
        unsigned keep = err ? 0 : r.n;
        int err2 = q_lower(q, (r.host >> q->cluster_bits) + keep, used - keep);
        err = err ? err : err2;
    }
    if (!err) {
        update(q, &r);
    }
    *len = r.len;
    return err;
}

int q_writev(BlockNode *node, uint64_t off, const struct iovec *iov, unsigned count)
{
    Qcow2 *q = (Qcow2 *)node;
    IovCursor c = {iov, count, 0};
    uint64_t left = iov_length(iov, count);
    int err = q_prepare(q);
    while (left && !err) {
        uint64_t len = left;
        err = write_run(q, off, &len, &c);
        err = err ? err : q_settle(q);
        off += len;
        left -= len;
    }
    return err;
}
