#include "block/mapped.h"

#include <errno.h>
#include <zlib.h>

#include "block/iov.h"

enum { MARKER = 12 }; // of a packed block: its first sector on the disk, bytes of the stream

typedef struct MappedNode {
    BlockNode node;
    BlockNode *file;
    MappedImage image;
    uint64_t unpacked_at; // the place of the block in `unpacked`
    uint8_t *unpacked;
} MappedNode;

bool mapped_read(BlockNode *file, uint64_t off, void *buf, uint64_t len, char **error)
{
    struct iovec v = {buf, len};
    int err = off <= INT64_MAX - len ? file->ops->readv(file, off, &v, 1) : EINVAL;
    if (err) {
        *error = g_strdup_printf("the header or map at %#llx cannot be read: %s",
                                 (unsigned long long)off, block_strerror(err));
    }
    return !err;
}

bool mapped_may_open(const char *format, const BlockOpen *how, char **error)
{
    if (!how->readonly) {
        *error = g_strdup_printf("%s images can only be read: with readonly=on or snapshot=on "
                                 "(qemu-img convert -O qcow2 makes one that can be written)",
                                 format);
    }
    return how->readonly;
}

bool mapped_new_map(MappedImage *image, char **error)
{
    uint64_t block = image->block;
    bool ok = block >= 512 && block <= 64 << 20 && !(block & (block - 1));
    uint64_t needed = ok ? image->size / block + (image->size % block != 0) : 0;
    if (!ok || image->n > MAPPED_MOST || needed > image->n) {
        *error = g_strdup_printf("%llu blocks of %llu bytes for a disk of %llu bytes cannot be, or "
                                 "are more than %llu",
                                 (unsigned long long)image->n, (unsigned long long)block,
                                 (unsigned long long)image->size, (unsigned long long)MAPPED_MOST);
        return false;
    }
    image->map = g_new0(uint64_t, MAX_OF(image->n, UINT64_C(1)));
    return true;
}

BlockNode *mapped_fail(BlockNode *file, MappedImage *image)
{
    file->ops->close(file);
    g_free(image->map);
    return NULL;
}

// --- reading

static int unpack(MappedNode *m, uint64_t at)
{
    uint8_t head[MARKER], *packed;
    uint64_t most = m->image.block * 2;
    struct iovec v = {head, sizeof head};
    int err = m->file->ops->readv(m->file, at, &v, 1);
    uint32_t len = mapped_le32(head + 8);
    if (err || !len || len > most) {
        return err ? err : BLOCK_EPACKED;
    }
    packed = g_malloc(len);
    m->unpacked = m->unpacked ? m->unpacked : g_malloc(m->image.block);
    m->unpacked_at = 0;
    v = (struct iovec){packed, len};
    err = m->file->ops->readv(m->file, at + MARKER, &v, 1);
    uLongf size = m->image.block;
    if (!err && uncompress(m->unpacked, &size, packed, len) != Z_OK) {
        err = BLOCK_EPACKED;
    }
    g_free(packed);
    if (!err) {
        memset(m->unpacked + size, 0, m->image.block - size); // the disk's last block may be short
        m->unpacked_at = at;
    }
    return err;
}

// In one block.
static int read_block(MappedNode *m, uint64_t off, const struct iovec *iov, unsigned n)
{
    uint64_t at = m->image.map[off / m->image.block], in = off & (m->image.block - 1);
    if (!at) {
        iov_clear(iov, n);
        return 0;
    }
    if (!m->image.packed) {
        return m->file->ops->readv(m->file, at + in, iov, n);
    }
    int err = m->unpacked_at == at ? 0 : unpack(m, at);
    if (!err) {
        iov_put(iov, n, m->unpacked + in);
    }
    return err;
}

static int mapped_readv(BlockNode *node, uint64_t off, const struct iovec *iov, unsigned count)
{
    MappedNode *m = (MappedNode *)node;
    struct iovec part[BLOCK_IOV_MAX];
    IovCursor c = {iov, count, 0};
    uint64_t left = iov_length(iov, count);
    int err = 0;
    while (left && !err) {
        uint64_t len = MIN_OF(left, m->image.block - (off & (m->image.block - 1)));
        unsigned n = iov_take(&c, &len, part, BLOCK_IOV_MAX);
        err = read_block(m, off, part, n);
        off += len;
        left -= len;
    }
    return err;
}

// --- what is refused

static int mapped_writev(BlockNode *node, uint64_t off, const struct iovec *iov, unsigned count)
{
    (void)node;
    (void)off;
    (void)iov;
    (void)count;
    return EROFS;
}

static int mapped_zero(BlockNode *node, uint64_t off, uint64_t len, bool may_unmap)
{
    (void)node;
    (void)off;
    (void)len;
    (void)may_unmap;
    return EROFS;
}

static int mapped_discard(BlockNode *node, uint64_t off, uint64_t len)
{
    return mapped_zero(node, off, len, true);
}

static int mapped_flush(BlockNode *node)
{
    (void)node;
    return 0;
}

static void mapped_close(BlockNode *node)
{
    MappedNode *m = (MappedNode *)node;
    m->file->ops->close(m->file);
    g_free(m->image.map);
    g_free(m->unpacked);
    g_free(m);
}

static void mapped_info(BlockNode *node, BlockImageInfo *info)
{
    const MappedNode *m = (MappedNode *)node;
    info->format = m->image.format;
    info->cluster = m->image.block;
}

static const BlockNodeOps mapped_ops = {
    .readv = mapped_readv,
    .writev = mapped_writev,
    .zero = mapped_zero,
    .discard = mapped_discard,
    .flush = mapped_flush,
    .close = mapped_close,
    .info = mapped_info,
};

BlockNode *mapped_open(BlockNode *file, const MappedImage *image)
{
    MappedNode *m = g_new0(MappedNode, 1);
    m->node = (BlockNode){&mapped_ops, ALIGN_UP(image->size, UINT64_C(512))};
    m->file = file;
    m->image = *image;
    return &m->node;
}
