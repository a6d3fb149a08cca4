// Block devices: what -drive opens and disk devices read and write.
//
//   drive_add -> BlockDevice -> (overlay, with -snapshot) -> raw file, or qcow2 image -> file
//
// Requests are synchronous. A failed one prints one line naming file, offset and reason, and the
// device tells its guest.
#ifndef BLOCK_BLOCK_H
#define BLOCK_BLOCK_H

#include <sys/uio.h>
#include "util/bits.h"

struct Machine;
typedef struct BlockDevice BlockDevice;

// -drive file=,if=,id=,format=,readonly=on,unit=,index=,cache=,snapshot=,serial=,...
// False with *error (the reason only; the caller names the option). Drives with if=virtio become
// disks in drive_create_devices.
bool drive_add(struct Machine *m, const char *optarg, bool snapshot, char **error);
// -hda and the like: FILE as unit N of interface `interface` ("ide", "sd", ...; the board's default
// if NULL: virtio).
bool drive_add_file(struct Machine *m, const char *file, const char *interface, unsigned unit,
                    bool snapshot, char **error);
// -blockdev driver=,node-name=,...: a drive with if=none whose id is the node's name. Nodes of
// files that no format's node has asked for become raw drives in blockdev_finish, after the last
// one.
bool blockdev_add(struct Machine *m, const char *optarg, bool snapshot, char **error);
bool blockdev_finish(struct Machine *m, bool snapshot, char **error);
// For controllers that exist before the drives do: drives of this interface become their disks.
// Boards with "ide" have that as their default, others virtio.
typedef bool DriveCreate(void *opaque, BlockDevice *b, char **error);
void drive_register_interface(struct Machine *m, const char *interface, DriveCreate *create,
                              void *opaque);
// After the -device options: disks for if=virtio drives, on PCI if the board has it. False with
// *error.
bool drive_create_devices(struct Machine *m, char **error);

BlockDevice *block_find(struct Machine *m, const char *id); // NULL if there is none
BlockDevice *block_find_interface(struct Machine *m, const char *interface, unsigned unit);
// A device takes a drive for itself. False with *error if another has it.
bool block_claim(BlockDevice *b, const char *owner, char **error);

// The same for devices with removable media: the drive may have no file.
bool block_claim_empty(BlockDevice *b, const char *owner, char **error);

// Removable media (media.c): what a drive's device says and learns. Called between turns.
typedef struct BlockMedia {
    bool (*locked)(void *opaque);  // the guest does not want it to be taken out. NULL: it cannot
    void (*request)(void *opaque); // somebody tried to, while it was locked. May be NULL
    void (*changed)(void *opaque); // there is another medium, or none (block_inserted)
} BlockMedia;
void block_set_media(BlockDevice *b, const BlockMedia *ops, void *opaque);
// While the machine runs: takes the medium out, or puts file in its place, between the next two
// turns. The drive's name is its id, QEMU's name for it ("ide1-cd0", "floppy0") or its device's id.
// Unless force, a locked drive keeps its medium, and its guest is told of the wish. False with
// *error.
bool block_eject(struct Machine *m, const char *name, bool force, char **error);
// format: NULL: by the file's first bytes. readonly: 1, 0, or -1 as the drive has it.
bool block_change(struct Machine *m, const char *name, const char *file, const char *format,
                  int readonly, bool force, char **error);

// The changes of a drive, or of "all" that can, go from its image, or from -snapshot's temporary
// file, into the file that it stands on. Between turns. False with *error.
bool block_commit(struct Machine *m, const char *name, char **error);

const char *block_id(const BlockDevice *b);
const char *block_file(const BlockDevice *b);
const char *block_serial(const BlockDevice *b); // serial= of the drive, or NULL
unsigned block_unit(const BlockDevice *b);      // unit= of the drive
bool block_is_cdrom(const BlockDevice *b);      // media=cdrom
bool block_readonly(const BlockDevice *b);
uint64_t block_size(const BlockDevice *b); // bytes

// False after an error, which has been reported. Offsets and lengths are in bytes.
bool block_read(BlockDevice *b, uint64_t off, void *buf, uint64_t len);
bool block_write(BlockDevice *b, uint64_t off, const void *buf, uint64_t len);
bool block_readv(BlockDevice *b, uint64_t off, const struct iovec *iov, unsigned n);
bool block_writev(BlockDevice *b, uint64_t off, const struct iovec *iov, unsigned n);
bool block_write_zeroes(BlockDevice *b, uint64_t off, uint64_t len, bool may_unmap);
bool block_discard(BlockDevice *b, uint64_t off, uint64_t len); // a hint
bool block_flush(BlockDevice *b);

// Each drive, in the order in which they were made.
void block_each(struct Machine *m, void (*fn)(void *opaque, BlockDevice *b), void *opaque);
bool block_inserted(const BlockDevice *b);      // it has a file
bool block_write_through(const BlockDevice *b); // cache=writethrough
const char *block_owner(const BlockDevice *b);  // the device that has it, or NULL
// What was asked of it since the start: requests that succeeded, and their bytes.
typedef struct BlockStats {
    uint64_t reads, read_bytes, writes, write_bytes, flushes, discards, discard_bytes, failed;
} BlockStats;
const BlockStats *block_stats(const BlockDevice *b);

// What a drive's image is: level 0 is its own file, 1 that one's backing file, and so on. False if
// there is no such level.
typedef struct BlockImageInfo {
    const char *file;           // as it is opened
    const char *format;         // "raw", "qcow2"
    uint64_t size;              // bytes that the guest sees of it
    uint64_t cluster;           // bytes; 0: raw
    const char *backing_name;   // as the image has it, or NULL
    const char *backing_file;   // as it is opened
    const char *backing_format; // as the image has it, or NULL
    bool dirty, corrupt;        // marks of the image
    struct BlockNode *backing;  // for block/ only
} BlockImageInfo;
bool block_image_info(const BlockDevice *b, unsigned level, BlockImageInfo *info);

// The bytes of the disk in an image of any format, to be read and closed like a file; NULL if it
// cannot be opened. (A FILE *.)
void *block_contents(const char *file);

void block_print(struct Machine *m, void *file); // `info block`
void block_close_all(struct Machine *m);         // flushes

#endif
