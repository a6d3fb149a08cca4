// A qcow2 image over a file that can fail: from its n-th write on nothing reaches it any more. What
// was written since the last flush may then be lost or not, each write for itself, as when the
// host's power fails.
#ifndef TESTS_UNIT_QCOW2_FAULT_H
#define TESTS_UNIT_QCOW2_FAULT_H

#include <errno.h>

#include "qcow2_rig.h"

typedef struct FaultWrite {
    uint64_t off;
    GByteArray *data;
} FaultWrite;

typedef struct FaultNode {
    BlockNode node;
    BlockNode *file;
    char *path;
    GByteArray *durable; // the file at the last flush
    GArray *since;       // FaultWrite
    unsigned left;       // writes until the failure
    bool failed;
} FaultNode;

static int fault_readv(BlockNode *n, uint64_t off, const struct iovec *iov, unsigned count)
{
    FaultNode *f = (FaultNode *)n;
    return f->file->ops->readv(f->file, off, iov, count);
}

static int fault_writev(BlockNode *n, uint64_t off, const struct iovec *iov, unsigned count)
{
    FaultNode *f = (FaultNode *)n;
    if (f->failed || !f->left) {
        f->failed = true;
        return EIO;
    }
    f->left--;
    FaultWrite w = {off, g_byte_array_new()};
    for (unsigned i = 0; i < count; i++) {
        g_byte_array_append(w.data, iov[i].iov_base, (guint)iov[i].iov_len);
    }
    g_array_append_val(f->since, w);
    int err = f->file->ops->writev(f->file, off, iov, count);
    n->size = f->file->size;
    return err;
}

static void fault_apply(GByteArray *to, const FaultWrite *w)
{
    guint old = to->len, end = (guint)w->off + w->data->len;
    if (end > old) {
        g_byte_array_set_size(to, end);
        memset(to->data + old, 0, end - old);
    }
    memcpy(to->data + w->off, w->data->data, w->data->len);
}

static int fault_flush(BlockNode *n)
{
    FaultNode *f = (FaultNode *)n;
    if (f->failed) {
        return EIO;
    }
    for (guint i = 0; i < f->since->len; i++) {
        FaultWrite *w = &g_array_index(f->since, FaultWrite, i);
        fault_apply(f->durable, w);
        g_byte_array_free(w->data, TRUE);
    }
    g_array_set_size(f->since, 0);
    return 0;
}

static int fault_discard(BlockNode *n, uint64_t off, uint64_t len)
{
    (void)n;
    (void)off;
    (void)len;
    return 0;
}

// power: those since the last flush are written or lost by chance; NULL: the process was killed.
static void fault_crash(FaultNode *f, GRand *power)
{
    if (!f->failed || !power) {
        return;
    }
    for (guint i = 0; i < f->since->len; i++) {
        if (g_rand_boolean(power)) {
            fault_apply(f->durable, &g_array_index(f->since, FaultWrite, i));
        }
    }
    cr_assert(g_file_set_contents(f->path, (char *)f->durable->data, f->durable->len, NULL));
}

static void fault_close(BlockNode *n)
{
    FaultNode *f = (FaultNode *)n;
    f->file->ops->close(f->file);
}

static const BlockNodeOps fault_ops = {
    .readv = fault_readv,
    .writev = fault_writev,
    .discard = fault_discard,
    .flush = fault_flush,
    .close = fault_close,
};

static inline FaultNode *fault_open(const char *path, unsigned writes)
{
    char *error = NULL, *bytes;
    gsize len;
    FaultNode *f = g_new0(FaultNode, 1);
    f->file = raw_open(path, RAW_GROWS, &error);
    cr_assert(f->file, "%s", error);
    g_file_get_contents(path, &bytes, &len, NULL);
    f->node = (BlockNode){&fault_ops, f->file->size};
    f->durable = g_byte_array_new_take((guint8 *)bytes, len);
    f->since = g_array_new(FALSE, FALSE, sizeof(FaultWrite));
    f->path = g_strdup(path);
    f->left = writes;
    return f;
}

static inline void fault_free(FaultNode *f)
{
    for (guint i = 0; i < f->since->len; i++) {
        g_byte_array_free(g_array_index(f->since, FaultWrite, i).data, TRUE);
    }
    g_array_free(f->since, TRUE);
    g_byte_array_free(f->durable, TRUE);
    g_free(f->path);
    g_free(f);
}

#endif
