// Snapshots by name: the machine's state inside one of its disk images, with a snapshot of each
// disk.
//
//   savevm tag   state --> vmstate of the first image that keeps snapshots (block/snapshot.h);
//                each writable disk keeps itself under the same tag
//   loadvm tag   all disks have it? state reads well? --> disks go back, machine goes back
//
// Read-only disks and empty drives take no part. A writable disk that cannot keep snapshots forbids
// it, as its content would not go back. All to be called between turns.
#ifndef HW_CORE_SAVEVM_H
#define HW_CORE_SAVEVM_H

#include <glib.h>
#include "util/bits.h"

struct Machine;
struct BlockDevice;

// name NULL: one is made of the date. A snapshot of that name is replaced. False with *error.
bool savevm_save(struct Machine *m, const char *name, char **error);
// False with *error, which says so if the machine had to be reset.
bool savevm_load(struct Machine *m, const char *name, char **error);
bool savevm_delete(struct Machine *m, const char *name, char **error);

typedef struct SavevmRow {
    char *id, *name;
    uint64_t state_size, vm_clock_ns;
    int64_t icount;         // -1: not known
    uint32_t seconds;       // host's time since 1970
    struct BlockDevice *on; // the one disk that has it; NULL: all that take part have
} SavevmRow;
// Of SavevmRow, which it frees. NULL: no disk keeps snapshots.
GArray *savevm_list(struct Machine *m);

#endif
