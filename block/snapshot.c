// Finds the image that keeps snapshots under a drive, and says why there is none.
#include "block/snapshot.h"

#include <string.h>

#include "block/block_internal.h"

static const BlockSnapshotOps *ops_of(const BlockDevice *b)
{
    return b->node ? b->node->ops->snapshots : NULL;
}

bool block_can_snapshot(const BlockDevice *b)
{
    return ops_of(b) && !b->readonly;
}

static bool must_have(const BlockDevice *b, char **error)
{
    if (!b->node) {
        *error = g_strdup("the drive is empty");
    } else if (b->snapshot) {
        *error = g_strdup("the drive is temporary (snapshot=on), which keeps no snapshots");
    } else if (!ops_of(b)) {
        *error = g_strdup("the image's format keeps no snapshots (qcow2 does)");
    }
    return ops_of(b);
}

static bool may_change(const BlockDevice *b, char **error)
{
    if (!must_have(b, error)) {
        return false;
    }
    if (b->readonly) {
        *error = g_strdup("the drive is read-only");
    }
    return !b->readonly;
}

bool block_snapshot_find(BlockDevice *b, const char *name, BlockSnapshotInfo *info)
{
    const BlockSnapshotOps *ops = ops_of(b);
    BlockSnapshotInfo it;
    for (unsigned i = 0; ops && ops->get(b->node, i, &it); i++) {
        if (!strcmp(it.name, name)) {
            if (info) {
                *info = it;
            }
            return true;
        }
    }
    return false;
}

// The snapshot's id, or NULL with *error.
static const char *id_of(BlockDevice *b, const char *name, char **error)
{
    BlockSnapshotInfo info;
    if (block_snapshot_find(b, name, &info)) {
        return info.id;
    }
    *error = g_strdup_printf("there is no snapshot '%s'", name);
    return NULL;
}

void block_snapshot_each(BlockDevice *b, BlockSnapshotFn *fn, void *opaque)
{
    const BlockSnapshotOps *ops = ops_of(b);
    BlockSnapshotInfo it;
    for (unsigned i = 0; ops && ops->get(b->node, i, &it); i++) {
        fn(opaque, &it);
    }
}

bool block_snapshot_create(BlockDevice *b, const BlockSnapshotInfo *info, char **error)
{
    if (!may_change(b, error)) {
        return false;
    }
    if (block_snapshot_find(b, info->name, NULL)) {
        *error = g_strdup_printf("there is a snapshot '%s' already", info->name);
        return false;
    }
    return ops_of(b)->create(b->node, info, error);
}

bool block_snapshot_apply(BlockDevice *b, const char *name, char **error)
{
    const char *id = may_change(b, error) ? id_of(b, name, error) : NULL;
    return id && ops_of(b)->apply(b->node, id, error);
}

bool block_snapshot_delete(BlockDevice *b, const char *name, char **error)
{
    const char *id = may_change(b, error) ? id_of(b, name, error) : NULL;
    return id && ops_of(b)->remove(b->node, id, error);
}

bool block_vmstate_write(BlockDevice *b, uint64_t off, const void *buf, uint64_t len, char **error)
{
    return may_change(b, error) && ops_of(b)->vmstate_write(b->node, off, buf, len, error);
}

void block_vmstate_drop(BlockDevice *b)
{
    if (block_can_snapshot(b)) {
        ops_of(b)->vmstate_drop(b->node);
    }
}

bool block_vmstate_read(BlockDevice *b, const char *name, uint64_t off, void *buf, uint64_t len,
                        char **error)
{
    BlockSnapshotInfo info;
    if (!must_have(b, error)) {
        return false;
    }
    if (!block_snapshot_find(b, name, &info)) {
        return id_of(b, name, error);
    }
    if (off > info.vm_state_size || len > info.vm_state_size - off) {
        *error = g_strdup_printf("the state of '%s' ends at byte %llu", info.name,
                                 (unsigned long long)info.vm_state_size);
        return false;
    }
    return ops_of(b)->vmstate_read(b->node, info.id, off, buf, len, error);
}
