// Snapshots in memory of a machine that is replayed, to go back to.
//
//   instructions  0 ........ N ........ 2N ....... 3N ...      N: REPLAY_SETTLE
//                 |          |          |          |
//   checkpoints   parts,     parts,                parts,      some are given up: the further they
//                 pages,     changed               changed     lie back, the wider apart they are
//                 disk mark  pages                 pages
//
// A page that did not change since the checkpoint before is shared with that. What changed is known
// from watched pages (softmmu/ram_dirty.h). Disks go back by their overlays' journals
// (block/rewind.h).
#ifndef REPLAY_CHECKPOINTS_H
#define REPLAY_CHECKPOINTS_H

#include <glib.h>
#include "replay/log.h"

struct Machine;
typedef struct Checkpoints Checkpoints;

// Of the replay itself: where in the recording it is.
typedef struct CheckpointPlace {
    ReplayPlace place;
    uint64_t inputs;
} CheckpointPlace;

// max_bytes: of pages, besides those of the newest checkpoint; more are given up.
Checkpoints *checkpoints_new(struct Machine *m, uint64_t max_bytes);
void checkpoints_free(Checkpoints *c);
// Between two turns.
void checkpoints_take(Checkpoints *c, const CheckpointPlace *place);
// The machine becomes that of the last one at or before icount (there is always one, the first,
// once one was taken); those behind it are gone. False with *error: the machine is in no good
// state.
bool checkpoints_load(Checkpoints *c, uint64_t icount, CheckpointPlace *place, char **error);
// Instruction count of the last one at or before icount; UINT64_MAX: there is none.
uint64_t checkpoints_find(const Checkpoints *c, uint64_t icount);
unsigned checkpoints_count(const Checkpoints *c);
uint64_t checkpoints_bytes(const Checkpoints *c);

#endif
