// Snapshots that an image format keeps inside the image (qcow2), and the machine's state beside
// them. qemu-img and QEMU read what is made here, and the other way round. Called between turns.
//
//   saving, disks A (keeps the state) and B               loading
//   block_vmstate_write(A, 0.., state)                    block_snapshot_find(A, tag), (B, tag)
//   block_snapshot_create(A, {tag, vm_state_size})        block_vmstate_read(A, tag, 0.., state)
//   block_snapshot_create(B, {tag, vm_state_size = 0})    block_snapshot_apply(A, tag), (B, tag)
//
// The state is written before its snapshot is made: it lies behind the disk's last byte until
// block_snapshot_create gives it to the snapshot and takes it away from the disk. What was written
// and not given to a snapshot goes with block_vmstate_drop. The state of a snapshot can be read at
// any time without applying it, so that it can be checked first.
//
// Each function is complete when it returns: the image on the host's disk is that of before or
// after it. Errors are one reason without the drive's name and without a newline, to be freed.
#ifndef BLOCK_SNAPSHOT_H
#define BLOCK_SNAPSHOT_H

#include "block/block.h"

typedef struct BlockSnapshotInfo {
    const char *id;   // unique in its image; block_snapshot_create chooses it and ignores this
    const char *name; // the tag
    uint32_t date_sec, date_nsec; // host's time, since 1970
    uint64_t vm_clock_ns;         // virtual time
    int64_t icount;               // instructions, or -1: not known
    uint64_t vm_state_size;       // bytes; 0: the machine's state is not in this image
    uint64_t disk_size;           // bytes; block_snapshot_create ignores it
} BlockSnapshotInfo;

// The drive has a writable image of a format that keeps snapshots, and no temporary overlay on it.
// Drives that are empty or read-only cannot, and need not.
bool block_can_snapshot(const BlockDevice *b);

// Keeps the disk as it is now. An error if there is a snapshot of that name (QEMU's savevm deletes
// the old one first). vm_state_size is what block_vmstate_write has written since the last
// snapshot, or 0.
bool block_snapshot_create(BlockDevice *b, const BlockSnapshotInfo *info, char **error);
// The disk becomes what it was; the snapshot stays. The state of the machine is not touched.
// Refused if the disk had another size then.
bool block_snapshot_apply(BlockDevice *b, const char *name, char **error);
bool block_snapshot_delete(BlockDevice *b, const char *name, char **error);
// Each snapshot, oldest first; *info and its strings live for the call. fn must not change the
// drive's snapshots. Also for drives that cannot make snapshots but have some (read-only images).
typedef void BlockSnapshotFn(void *opaque, const BlockSnapshotInfo *info);
void block_snapshot_each(BlockDevice *b, BlockSnapshotFn *fn, void *opaque);
// By name (of several, the oldest), never by id: as QEMU's savevm. False if there is none. info may
// be NULL; its strings live until the drive's snapshots change.
bool block_snapshot_find(BlockDevice *b, const char *name, BlockSnapshotInfo *info);

// Bytes of the state to be saved; in any order, but a snapshot's state should have no holes (they
// read as zeros).
bool block_vmstate_write(BlockDevice *b, uint64_t off, const void *buf, uint64_t len, char **error);
// Throws away what was written for a snapshot that will not be made.
void block_vmstate_drop(BlockDevice *b);
// Bytes of a snapshot's state. An error beyond its vm_state_size.
bool block_vmstate_read(BlockDevice *b, const char *name, uint64_t off, void *buf, uint64_t len,
                        char **error);

#endif
