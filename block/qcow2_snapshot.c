// Snapshots: an L1 table of its own for each. Making one raises the count of all that the disk's
// table reaches, so that writes go to new clusters from then on.
//
// Each operation begins and ends with everything on the disk, and marks the image as dirty
// meanwhile. What fails half-way is taken back by counting again.
#include "block/qcow2.h"

#include <errno.h>
#include <stdlib.h>

#include "util/log.h"

#define VM_STATE_PIECE ((uint64_t)1 << 20)

// The disk's offset of the machine's state: behind what the L1 table needs for the disk.
static uint64_t vm_state_start(const Qcow2 *q, uint64_t disk_size)
{
    uint64_t entries = disk_size ? ((disk_size - 1) >> q_l1_shift(q)) + 1 : 0;
    return entries << q_l1_shift(q);
}

static QSnapshot *find(const Qcow2 *q, const char *id)
{
    for (guint i = 0; i < q->snapshots->len; i++) {
        QSnapshot *s = q->snapshots->pdata[i];
        if (!strcmp(s->id, id)) {
            return s;
        }
    }
    return NULL;
}

static bool get(BlockNode *node, unsigned index, BlockSnapshotInfo *info)
{
    const Qcow2 *q = (Qcow2 *)node;
    if (index >= q->snapshots->len) {
        return false;
    }
    const QSnapshot *s = q->snapshots->pdata[index];
    *info = (BlockSnapshotInfo){.id = s->id,
                                .name = s->name,
                                .date_sec = s->date_sec,
                                .date_nsec = s->date_nsec,
                                .vm_clock_ns = s->vm_clock,
                                .icount = s->icount,
                                .vm_state_size = s->vm_state_size,
                                .disk_size = s->disk_size};
    return true;
}

// --- what all operations do

static int begin(Qcow2 *q)
{
    int err = q_prepare(q);
    err = err ? err : q_commit(q, true);
    return err ? err : q_set_features(q, q->incompatible | Q_DIRTY);
}

// Takes back what was half done: the header still has, or has already, tables that are whole.
static void undo(Qcow2 *q)
{
    int err = q->broken || !q->writable ? 0 : q_repair(q);
    if (err && !q->broken) {
        q->broken = true; // whoever opens it next repairs it
        report("%s: the interrupted change of its snapshots could not be taken back: %s; it is not "
               "written to any more",
               q->name, block_strerror(err));
    }
}

static bool end(Qcow2 *q, int err, char **error)
{
    err = err ? err : q_commit(q, true);
    err = err ? err : q_set_features(q, q->incompatible & ~Q_DIRTY);
    if (!err) {
        return true;
    }
    if (err == EMLINK) {
        *error = g_strdup_printf("%s: its reference counts of %u bits are too narrow for one more "
                                 "snapshot",
                                 q->name, 1u << q->refcount_order);
    } else {
        *error = g_strdup_printf("%s: %s", q->name, block_strerror(err));
    }
    undo(q);
    return false;
}

// --- making one

static int copy_l1(Qcow2 *q, QSnapshot *s)
{
    uint64_t cluster;
    s->l1_size = q->l1_size;
    int err =
        q_alloc_exact(q, MAX_OF(q_clusters(q, (uint64_t)q->l1_size * 8), UINT64_C(1)), &cluster);
    err = err ? err : q_tree_raise(q, q->l1, q->l1_size);
    err = err ? err : q_tree_fix_copied(q);
    err = err ? err : q_commit(q, true);
    s->l1_offset = err ? 0 : cluster << q->cluster_bits;
    return err ? err : q_write_l1(q, q->l1, q->l1_size, s->l1_offset);
}

static char *free_id(const Qcow2 *q)
{
    unsigned long most = 0;
    for (guint i = 0; i < q->snapshots->len; i++) {
        const QSnapshot *s = q->snapshots->pdata[i];
        most = MAX_OF(most, strtoul(s->id, NULL, 10) % UINT32_MAX);
    }
    return g_strdup_printf("%lu", most + 1);
}

// Takes the tables from entry `first` of L1 on out of it.
static int drop_tables(Qcow2 *q, uint64_t first)
{
    int err = 0;
    for (uint64_t i = first; i < q->l1_size && !err; i++) {
        uint64_t entry = q->l1[i], off = entry & Q_OFFSET;
        if (!off) {
            continue;
        }
        q_set_l1(q, (uint32_t)i, 0);
        err = q_commit(q, true);
        q_cache_drop(&q->l2_cache, off);
        err = err ? err : q_tree_lower(q, &entry, 1);
        q_cache_drop(&q->l2_cache, off);
    }
    return err;
}

// The state belongs to the snapshot now; what the disk's table has of it would only be copied.
static int drop_vm_state(Qcow2 *q)
{
    return drop_tables(q, vm_state_start(q, q->size) >> q_l1_shift(q));
}

// --- for commit.c

bool q_can_empty(BlockNode *node)
{
    return !((Qcow2 *)node)->snapshots->len;
}

int q_empty(BlockNode *node)
{
    Qcow2 *q = (Qcow2 *)node;
    int err = q_prepare(q);
    err = err ? err : q_commit(q, true);
    err = err ? err : drop_tables(q, 0);
    return err ? err : q_commit(q, true);
}

static bool create(BlockNode *node, const BlockSnapshotInfo *info, char **error)
{
    Qcow2 *q = (Qcow2 *)node;
    if (q->snapshots->len >= Q_MAX_SNAPSHOTS || strlen(info->name) > UINT16_MAX) {
        *error = g_strdup_printf("%s: no more than %d snapshots, with names of 65535 bytes",
                                 q->name, Q_MAX_SNAPSHOTS);
        return false;
    }
    QSnapshot *s = g_new0(QSnapshot, 1);
    s->id = free_id(q);
    s->name = g_strdup(info->name);
    s->date_sec = info->date_sec;
    s->date_nsec = info->date_nsec;
    s->vm_clock = info->vm_clock_ns;
    s->icount = info->icount;
    s->vm_state_size = info->vm_state_size;
    s->disk_size = q->size;
    int err = begin(q);
    err = err ? err : copy_l1(q, s);
    g_ptr_array_add(q->snapshots, s);
    err = err ? err : q_write_snapshots(q);
    if (err) {
        g_ptr_array_set_size(q->snapshots, (int)q->snapshots->len - 1);
    }
    err = err ? err : drop_vm_state(q);
    return end(q, err, error);
}

// --- deleting one

static bool remove_snapshot(BlockNode *node, const char *id, char **error)
{
    Qcow2 *q = (Qcow2 *)node;
    QSnapshot *s = find(q, id);
    uint64_t *l1 = NULL;
    guint index;
    int err = q_load_l1(q, s->l1_offset, s->l1_size, &l1);
    err = err ? err : begin(q);
    g_ptr_array_find(q->snapshots, s, &index);
    if (!err) {
        g_ptr_array_set_free_func(q->snapshots, NULL);
        g_ptr_array_remove_index(q->snapshots, index);
        g_ptr_array_set_free_func(q->snapshots, q_snapshot_free);
        err = q_write_snapshots(q);
        if (err) {
            g_ptr_array_insert(q->snapshots, (gint)index, s);
        } else {
            err = q_tree_lower(q, l1, s->l1_size);
            q_free_bytes(q, s->l1_offset, (uint64_t)s->l1_size * 8);
            q_snapshot_free(s);
            err = err ? err : q_tree_fix_copied(q);
        }
    }
    g_free(l1);
    return end(q, err, error);
}

// --- applying one

// A copy of the snapshot's table for the disk, without the machine's state.
static int adopt_l1(Qcow2 *q, const QSnapshot *s, const uint64_t *from)
{
    uint32_t entries = (uint32_t)(vm_state_start(q, q->size) >> q_l1_shift(q));
    uint32_t old_size = q->l1_size, n = MAX_OF(entries, 1u);
    uint64_t *l1 = g_new0(uint64_t, n), cluster, *old = g_memdup2(q->l1, (gsize)old_size * 8);
    for (uint32_t i = 0; i < entries && i < s->l1_size; i++) {
        l1[i] = from[i] & ~Q_COPIED;
    }
    int err = q_alloc_exact(q, q_clusters(q, (uint64_t)n * 8), &cluster);
    err = err ? err : q_tree_raise(q, l1, n);
    err = err ? err : q_commit(q, true);
    err = err ? err : q_write_l1(q, l1, n, cluster << q->cluster_bits);
    err = err ? err : q_switch_l1(q, l1, n, cluster);
    if (err) {
        g_free(l1);
    } else {
        err = q_tree_lower(q, old, old_size);
        err = err ? err : q_tree_fix_copied(q);
    }
    g_free(old);
    return err;
}

static bool apply(BlockNode *node, const char *id, char **error)
{
    Qcow2 *q = (Qcow2 *)node;
    const QSnapshot *s = find(q, id);
    uint64_t *l1 = NULL;
    if (s->disk_size != q->size) {
        *error = g_strdup_printf("%s: the snapshot is of a disk of %llu bytes, not %llu", q->name,
                                 (unsigned long long)s->disk_size, (unsigned long long)q->size);
        return false;
    }
    int err = q_load_l1(q, s->l1_offset, s->l1_size, &l1);
    err = err ? err : begin(q);
    err = err ? err : adopt_l1(q, s, l1);
    g_free(l1);
    return end(q, err, error);
}

// --- the machine's state

static bool vmstate_write(BlockNode *node, uint64_t off, const void *buf, uint64_t len,
                          char **error)
{
    Qcow2 *q = (Qcow2 *)node;
    uint64_t at = vm_state_start(q, q->size) + off;
    int err = off > INT64_MAX / 2 ? EFBIG : 0;
    while (len && !err) {
        struct iovec v = {(void *)(uintptr_t)buf, MIN_OF(len, VM_STATE_PIECE)};
        err = q_writev(node, at, &v, 1);
        at += v.iov_len;
        buf = (const char *)buf + v.iov_len;
        len -= v.iov_len;
    }
    if (err) {
        *error = g_strdup_printf("%s: %s", q->name, block_strerror(err));
    }
    return !err;
}

static void vmstate_drop(BlockNode *node)
{
    Qcow2 *q = (Qcow2 *)node;
    int err = q_prepare(q);
    err = err ? err : drop_vm_state(q);
    if (err) {
        report("%s: the unused state could not be removed: %s", q->name, block_strerror(err));
    }
}

static bool vmstate_read(BlockNode *node, const char *id, uint64_t off, void *buf, uint64_t len,
                         char **error)
{
    Qcow2 *q = (Qcow2 *)node;
    const QSnapshot *s = find(q, id);
    struct iovec v = {buf, len};
    uint64_t *l1 = NULL;
    int err = q_load_l1(q, s->l1_offset, s->l1_size, &l1);
    err =
        err ? err : q_read_mapped(q, l1, s->l1_size, vm_state_start(q, s->disk_size) + off, &v, 1);
    g_free(l1);
    if (err) {
        *error = g_strdup_printf("%s: %s", q->name, block_strerror(err));
    }
    return !err;
}

const BlockSnapshotOps q_snapshot_ops = {
    .get = get,
    .create = create,
    .apply = apply,
    .remove = remove_snapshot,
    .vmstate_write = vmstate_write,
    .vmstate_drop = vmstate_drop,
    .vmstate_read = vmstate_read,
};
