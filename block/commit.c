// commit: what an image, or the temporary file of -snapshot, has of its own goes into the file that
// it stands on, and is forgotten. The guest sees no difference.
//
//   top  |..aa..bb|          top  |........|
//   base |cccccccc|   --->   base |ccaaccbb|
//
// The base is closed, opened for writing, and opened as it was again; while it is neither, reads of
// it fail.
#include <errno.h>
#include <string.h>

#include "block/block_internal.h"
#include "hw/core/machine.h"
#include "replay/replay.h"

#define PIECE ((uint64_t)1 << 20)

// --- what stands in for a base that is not open

static int closed_readv(BlockNode *n, uint64_t off, const struct iovec *iov, unsigned count)
{
    (void)n;
    (void)off;
    (void)iov;
    (void)count;
    return EIO;
}

static void closed_close(BlockNode *n)
{
    g_free(n);
}

static const BlockNodeOps closed_ops = {.readv = closed_readv, .close = closed_close};

static BlockNode *closed_node(uint64_t size)
{
    BlockNode *n = g_new0(BlockNode, 1);
    *n = (BlockNode){&closed_ops, size};
    return n;
}

// --- copying

static int copy_piece(BlockNode *top, BlockNode *base, uint64_t off, const BlockPiece *p, void *buf)
{
    struct iovec v = {buf, p->len};
    if (p->kind == BLOCK_PIECE_ZERO) {
        return base->ops->zero(base, off, p->len, true);
    }
    int err = top->ops->readv(top, off, &v, 1);
    return err ? err : base->ops->writev(base, off, &v, 1);
}

static int copy(BlockNode *top, BlockNode *base)
{
    void *buf = g_malloc(PIECE);
    int err = 0;
    for (uint64_t off = 0; off < top->size && !err;) {
        BlockPiece p = {.len = MIN_OF(PIECE, top->size - off)};
        err = top->ops->piece(top, off, &p);
        if (!err && p.kind != BLOCK_PIECE_BELOW) {
            err = copy_piece(top, base, off, &p, buf);
        }
        off += p.len;
    }
    g_free(buf);
    return err ? err : base->ops->flush(base);
}

// Into the file at path, which nobody else may have open. False with *error.
static bool copy_to_file(BlockNode *top, const char *path, BlockOpen *how, char **error)
{
    char *reason = NULL;
    how->readonly = false;
    BlockNode *base = block_open_image(path, how, &reason);
    int err = 0;
    if (base && base->size < top->size) {
        reason =
            g_strdup_printf("it has %llu bytes, fewer than the %llu of the disk (qemu-img resize "
                            "makes it larger)",
                            (unsigned long long)base->size, (unsigned long long)top->size);
    } else if (base) {
        err = copy(top, base);
        reason = err ? g_strdup(block_strerror(err)) : NULL;
    }
    if (base) {
        base->ops->close(base);
    }
    if (reason) {
        *error = g_strdup_printf("%s: %s", path, reason);
        g_free(reason);
        return false;
    }
    return true;
}

// --- one drive

static bool may_commit(Machine *m, const BlockDevice *b, char **error)
{
    const char *why = !b->node                        ? "it is empty"
                      : replay_mode(m) != REPLAY_OFF  ? "not while a recording is made or replayed"
                      : b->readonly                   ? "it is read-only"
                      : !b->node->ops->base           ? "its image has no backing file"
                      : !*b->node->ops->base(b->node) ? "its image has no backing file"
                      : !b->node->ops->can_empty(b->node)
                          ? "its image has snapshots, which would change"
                          : NULL;
    if (why) {
        *error = g_strdup_printf("drive '%s': %s", b->id, why);
    }
    return !why;
}

static bool commit_drive(Machine *m, BlockDevice *b, char **error)
{
    if (!may_commit(m, b, error)) {
        return false;
    }
    BlockNode *top = b->node, **slot = top->ops->base(top);
    BlockImageInfo own = {.backing_file = b->file}, below = {.format = "raw"};
    if (!b->snapshot) {
        top->ops->info(top, &own);
    }
    if ((*slot)->ops->info) {
        (*slot)->ops->info(*slot, &below);
    }
    char *path = g_strdup(own.backing_file), *reason = NULL;
    BlockOpen how = {.format = below.format, .lock = true, .no_sync = b->no_flush, .quiet = true};
    uint64_t size = (*slot)->size;
    int err = top->ops->flush(top);
    (*slot)->ops->close(*slot);
    *slot = closed_node(size);
    bool ok = !err && copy_to_file(top, path, &how, error);
    how.readonly = true;
    BlockNode *base = block_open_image(path, &how, &reason);
    if (base) {
        closed_close(*slot);
        *slot = base;
        err = ok ? top->ops->empty(top) : err;
    } else {
        ok = false;
        g_free(*error);
        *error = g_strdup_printf("%s: it cannot be opened again: %s", path, reason);
        g_free(reason);
    }
    if (err) {
        *error = *error ? *error : g_strdup_printf("%s: %s", b->file, block_strerror(err));
        ok = false;
    }
    g_free(path);
    return ok;
}

bool block_commit(Machine *m, const char *name, char **error)
{
    GPtrArray *all = block_devices(m);
    bool every = !strcmp(name, "all"), ok = true;
    BlockDevice *one = every ? NULL : block_find(m, name);
    if (!every && !one) {
        *error = g_strdup_printf("there is no drive '%s' (info block lists them)", name);
        return false;
    }
    for (guint i = 0; i < all->len && ok; i++) {
        BlockDevice *b = all->pdata[i];
        char *why = NULL;
        bool takes_part = every ? may_commit(m, b, &why) : b == one;
        g_free(why);
        ok = !takes_part || commit_drive(m, b, error);
    }
    return ok;
}
