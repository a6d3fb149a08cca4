// Reads: extent by extent, from the file, the backing file or nowhere.
#include "block/iov.h"
#include "block/qcow2.h"

// How far the backing file serves: what is behind it reads as zeros, as does VM state.
static uint64_t backing_end(const Qcow2 *q)
{
    return q->backing ? MIN_OF(q->backing->size, q->size) : 0;
}

static int read_backing(Qcow2 *q, uint64_t off, const struct iovec *iov, unsigned count)
{
    uint64_t end = backing_end(q), len = iov_length(iov, count);
    uint64_t there = off >= end ? 0 : MIN_OF(len, end - off);
    if (there == len) {
        return q->backing->ops->readv(q->backing, off, iov, count);
    }
    struct iovec part[BLOCK_IOV_MAX];
    IovCursor c = {iov, count, 0};
    unsigned n = iov_take(&c, &there, part, BLOCK_IOV_MAX);
    int err = n ? q->backing->ops->readv(q->backing, off, part, n) : 0;
    uint64_t rest = len - there;
    n = iov_take(&c, &rest, part, BLOCK_IOV_MAX);
    iov_clear(part, n);
    return err;
}

static int read_compressed(Qcow2 *q, uint64_t off, const QExtent *e, const struct iovec *iov,
                           unsigned n)
{
    const uint8_t *bytes;
    int err = q_inflate(q, e->entry, &bytes);
    if (!err) {
        iov_put(iov, n, bytes + (off & (q->cluster - 1)));
    }
    return err;
}

static int read_extent(Qcow2 *q, uint64_t off, const QExtent *e, const struct iovec *iov,
                       unsigned n)
{
    switch (e->kind) {
    case Q_KIND_DATA:
        return q->file->ops->readv(q->file, e->host, iov, n);
    case Q_KIND_COMPRESSED:
        return read_compressed(q, off, e, iov, n);
    case Q_KIND_HOLE:
        return read_backing(q, off, iov, n);
    default:
        iov_clear(iov, n);
        return 0;
    }
}

int q_read_mapped(Qcow2 *q, const uint64_t *l1, uint32_t l1_size, uint64_t off,
                  const struct iovec *iov, unsigned count)
{
    struct iovec part[BLOCK_IOV_MAX];
    IovCursor c = {iov, count, 0};
    uint64_t left = iov_length(iov, count);
    while (left) {
        QExtent e;
        int err = q_lookup(q, l1, l1_size, off, left, &e);
        if (err) {
            return err;
        }
        if (e.len == left && !c.done) {
            return read_extent(q, off, &e, c.iov, c.count);
        }
        unsigned n = iov_take(&c, &e.len, part, BLOCK_IOV_MAX);
        err = read_extent(q, off, &e, part, n);
        if (err) {
            return err;
        }
        off += e.len;
        left -= e.len;
    }
    return 0;
}

bool q_reads_zero(Qcow2 *q, uint64_t off, uint64_t len)
{
    while (len) {
        QExtent e;
        if (q_lookup(q, q->l1, q->l1_size, off, len, &e)) {
            return false;
        }
        bool zero = e.kind == Q_KIND_ZERO || (e.kind == Q_KIND_HOLE && off >= backing_end(q));
        if (!zero) {
            return false;
        }
        off += e.len;
        len -= e.len;
    }
    return true;
}

int q_piece(BlockNode *node, uint64_t off, BlockPiece *p)
{
    Qcow2 *q = (Qcow2 *)node;
    QExtent e = {.len = p->len};
    int err = q_lookup(q, q->l1, q->l1_size, off, p->len, &e);
    p->kind = e.kind == Q_KIND_HOLE   ? BLOCK_PIECE_BELOW
              : e.kind == Q_KIND_ZERO ? BLOCK_PIECE_ZERO
                                      : BLOCK_PIECE_DATA;
    p->len = e.len;
    return err;
}
