// Raw images: a regular file or a host block device.
//
// The size is the one at opening, rounded up to a sector; what lies between the file's end and that
// reads as zeros. A file that somebody truncates later gives errors, never a crash.
#define _GNU_SOURCE // fallocate, open file description locks, O_TMPFILE
#include "block/node.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "block/format.h"
#include "block/iov.h"

#define SECTOR 512

typedef struct RawNode {
    BlockNode node;
    int fd;
    uint64_t file_size; // at opening, or as far as we have written
    unsigned flags;
} RawNode;

// --- transfers that the host may cut short

typedef ssize_t Transfer(int fd, const struct iovec *iov, int count, off_t off);

// Drops `done` bytes from the front of iov.
static void advance(struct iovec **iov, unsigned *count, uint64_t done)
{
    while (*count && done >= (*iov)->iov_len) {
        done -= (*iov)->iov_len;
        (*iov)++;
        (*count)--;
    }
    if (*count) {
        (*iov)->iov_base = (char *)(*iov)->iov_base + done;
        (*iov)->iov_len -= done;
    }
}

// Returns 0, an errno value, or BLOCK_ETRUNCATED at the end of the file; *left says what remains.
static int transfer(Transfer *fn, int fd, uint64_t off, struct iovec **iov, unsigned *count)
{
    while (*count) {
        ssize_t n = fn(fd, *iov, (int)*count, (off_t)off);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0) {
            return errno;
        }
        if (n == 0) {
            return BLOCK_ETRUNCATED;
        }
        off += (uint64_t)n;
        advance(iov, count, (uint64_t)n);
    }
    return 0;
}

// What lies behind the end of a file that grows was never written.
static bool behind_end(const RawNode *r, uint64_t off)
{
    return r->flags & RAW_GROWS && off >= r->file_size;
}

static int raw_readv(BlockNode *node, uint64_t off, const struct iovec *iov, unsigned count)
{
    RawNode *r = (RawNode *)node;
    uint64_t len = iov_length(iov, count);
    struct iovec copy[BLOCK_IOV_MAX], *rest = copy;
    if (behind_end(r, off)) {
        iov_clear(iov, count);
        return 0;
    }
    memcpy(copy, iov, count * sizeof *iov);
    int err = transfer(preadv, r->fd, off, &rest, &count);
    uint64_t reached = off + len - iov_length(rest, count);
    if (err != BLOCK_ETRUNCATED || reached < r->file_size) {
        return err;
    }
    iov_clear(rest, count);
    return 0;
}

// The first sector as it would be, for a file whose format was guessed.
static bool would_change_format(BlockNode *node, uint64_t off, const struct iovec *iov,
                                unsigned count)
{
    uint8_t head[SECTOR] = "";
    struct iovec whole = {head, MIN_OF(node->size, (uint64_t)SECTOR)};
    if (off >= SECTOR || raw_readv(node, 0, &whole, 1)) {
        return false;
    }
    for (unsigned i = 0; i < count && off < SECTOR; i++) {
        size_t n = MIN_OF(iov[i].iov_len, (size_t)(SECTOR - off));
        memcpy(head + off, iov[i].iov_base, n);
        off += iov[i].iov_len;
    }
    return strcmp(block_probe(head, sizeof head), "raw") != 0;
}

static int raw_writev(BlockNode *node, uint64_t off, const struct iovec *iov, unsigned count)
{
    RawNode *r = (RawNode *)node;
    struct iovec copy[BLOCK_IOV_MAX], *rest = copy;
    uint64_t end = off + iov_length(iov, count);
    if (r->flags & RAW_GUARD && would_change_format(node, off, iov, count)) {
        return EPERM;
    }
    memcpy(copy, iov, count * sizeof *iov);
    int err = transfer(pwritev, r->fd, off, &rest, &count);
    if (!err && r->flags & RAW_GROWS && end > r->file_size) {
        r->file_size = end;
        node->size = MAX_OF(node->size, ALIGN_UP(end, (uint64_t)SECTOR));
    }
    return err == BLOCK_ETRUNCATED ? EIO : err;
}

static int write_zeros(BlockNode *node, uint64_t off, uint64_t len)
{
    enum { CHUNK = 64 * 1024 };
    void *zeros = g_malloc0(CHUNK);
    int err = 0;
    while (len && !err) {
        struct iovec iov = {zeros, MIN_OF(len, (uint64_t)CHUNK)};
        err = raw_writev(node, off, &iov, 1);
        off += iov.iov_len;
        len -= iov.iov_len;
    }
    g_free(zeros);
    return err;
}

static int raw_zero(BlockNode *node, uint64_t off, uint64_t len, bool may_unmap)
{
    RawNode *r = (RawNode *)node;
    int mode = may_unmap ? FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE : FALLOC_FL_ZERO_RANGE;
    if (fallocate(r->fd, mode, (off_t)off, (off_t)len) == 0) {
        return 0;
    }
    return write_zeros(node, off, len);
}

static int raw_discard(BlockNode *node, uint64_t off, uint64_t len)
{
    RawNode *r = (RawNode *)node;
    // Only a hint: file systems without holes keep the bytes.
    int mode = FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE;
    if (fallocate(r->fd, mode, (off_t)off, (off_t)len) < 0 && errno == EIO) {
        return EIO;
    }
    return 0;
}

static int raw_flush(BlockNode *node)
{
    RawNode *r = (RawNode *)node;
    if (r->flags & RAW_NO_SYNC) {
        return 0;
    }
    // EINVAL: something that cannot be synchronized, as a pipe or /dev/null.
    return fdatasync(r->fd) == 0 || errno == EINVAL ? 0 : errno;
}

static void raw_close(BlockNode *node)
{
    RawNode *r = (RawNode *)node;
    close(r->fd);
    g_free(r);
}

static const BlockNodeOps raw_ops = {
    .readv = raw_readv,
    .writev = raw_writev,
    .zero = raw_zero,
    .discard = raw_discard,
    .flush = raw_flush,
    .close = raw_close,
};

// --- opening

// One writer or many readers. Locks belong to the open file and end with it; a host file system
// that has none is no reason to refuse.
static bool lock_file(int fd, bool readonly, char **error)
{
    struct flock l = {.l_type = readonly ? F_RDLCK : F_WRLCK, .l_whence = SEEK_SET};
    if (fcntl(fd, F_OFD_SETLK, &l) == 0 || (errno != EAGAIN && errno != EACCES)) {
        return true;
    }
    *error = g_strdup_printf("another process uses it%s (file.locking=off lets both)",
                             readonly ? " for writing" : "");
    return false;
}

static bool check_file(int fd, uint64_t *size, char **error)
{
    struct stat st;
    if (fstat(fd, &st) < 0) {
        *error = g_strdup(strerror(errno));
        return false;
    }
    if (!S_ISREG(st.st_mode) && !S_ISBLK(st.st_mode)) {
        *error = g_strdup("neither a regular file nor a block device");
        return false;
    }
    off_t end = lseek(fd, 0, SEEK_END);
    if (end < 0) {
        *error = g_strdup(strerror(errno));
        return false;
    }
    *size = (uint64_t)end;
    return true;
}

BlockNode *raw_open(const char *file, unsigned flags, char **error)
{
    bool readonly = flags & RAW_READONLY;
    // O_NONBLOCK: a FIFO given by mistake must not hang us.
    int fd = open(file, (readonly ? O_RDONLY : O_RDWR) | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) {
        *error = g_strdup_printf("%s%s", strerror(errno),
                                 errno == EACCES && !readonly ? " (for writing)" : "");
        return NULL;
    }
    uint64_t size;
    if (!check_file(fd, &size, error) || (flags & RAW_LOCK && !lock_file(fd, readonly, error))) {
        close(fd);
        return NULL;
    }
    RawNode *r = g_new0(RawNode, 1);
    r->node = (BlockNode){&raw_ops, ALIGN_UP(size, (uint64_t)SECTOR)};
    r->fd = fd;
    r->file_size = size;
    r->flags = flags;
    return &r->node;
}

void raw_set(BlockNode *raw, unsigned flags)
{
    ((RawNode *)raw)->flags |= flags;
}

const char *block_strerror(int err)
{
    static const struct {
        int err;
        const char *text;
    } own[] = {
        {BLOCK_ETRUNCATED, "the file has become shorter"},
        {BLOCK_EDAMAGED, "the image is damaged"},
        {BLOCK_EPACKED, "a compressed cluster cannot be unpacked"},
    };
    for (size_t i = 0; i < ARRAY_LEN(own); i++) {
        if (own[i].err == err) {
            return own[i].text;
        }
    }
    return strerror(err);
}
