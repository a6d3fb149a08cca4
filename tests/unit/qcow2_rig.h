// A qcow2 image over a file that can fail: from its n-th write on nothing reaches it any more. What
// was written since the last flush may then be lost or not, each write for itself, as when the
// host's power fails.
#ifndef TESTS_UNIT_QCOW2_RIG_H
#define TESTS_UNIT_QCOW2_RIG_H

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "block/format.h"
#include "block/snapshot.h"
#include "tests/qcow2_image.h"

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

// --- files

static inline char *qcow2_path(const char *name)
{
    return g_strdup_printf("/tmp/mimus-test-%d-%s", getpid(), name);
}

static inline char *qcow2_make(const char *name, const Qcow2Shape *s)
{
    char *path = qcow2_path(name);
    GByteArray *b = image_qcow2(s);
    cr_assert(g_file_set_contents(path, (char *)b->data, b->len, NULL));
    g_byte_array_free(b, TRUE);
    return path;
}

static inline char *raw_make(const char *name, size_t size)
{
    char *path = qcow2_path(name), *bytes = g_malloc(size);
    for (size_t i = 0; i < size; i++) {
        bytes[i] = (char)(i * 7 + i / 512 + 1);
    }
    cr_assert(g_file_set_contents(path, bytes, (gssize)size, NULL));
    g_free(bytes);
    return path;
}

static inline BlockNode *qcow2_node(const char *path, bool readonly)
{
    char *error = NULL;
    const BlockOpen how = {.format = "qcow2", .readonly = readonly, .discard = true};
    BlockNode *n = block_open_image(path, &how, &error);
    cr_assert(n, "%s: %s", path, error);
    return n;
}

// --- qemu-img, where it is

static inline bool have_qemu_img(void)
{
    char *path = g_find_program_in_path("qemu-img");
    g_free(path);
    return path != NULL;
}

// The exit status; what it says is shown if it is not one of 0 and `fine`.
static inline int run_tool(int fine, const char *fmt, const char *path, const char *more)
{
    char *command = g_strdup_printf(fmt, path, more), *out = NULL, *err = NULL;
    int status = -1;
    cr_assert(g_spawn_command_line_sync(command, &out, &err, &status, NULL), "%s", command);
    status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    if (status && status != fine) {
        fprintf(stderr, "%s: %d\n%s%s\n", command, status, out, err);
    }
    g_free(command);
    g_free(out);
    g_free(err);
    return status;
}

// 0: nothing wrong; 3: clusters without a reference.
static inline int qemu_check(const char *path, int fine)
{
    return have_qemu_img() ? run_tool(fine, "qemu-img check -f qcow2 %s%s", path, "") : 0;
}

#endif
