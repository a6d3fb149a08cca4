// Disks that can go back, for replays: what is written goes to overlays, which keep a journal.
//
//   block_rewind_begin --> every writable disk has an overlay: its file stays as it is
//   block_mark ... block_mark ... block_rewind(mark) --> the disks, and which media are in, are
//   what
//                                                        they were at the mark
#ifndef BLOCK_REWIND_H
#define BLOCK_REWIND_H

#include "block/block.h"

typedef struct BlockMark BlockMark;

// False with *error, which names the drive.
bool block_rewind_begin(struct Machine *m, char **error);
BlockMark *block_mark(struct Machine *m);
void block_mark_free(BlockMark *mark);
// Marks that were made later must not be gone back to any more. False with *error: the disks are
// something in between.
bool block_rewind(struct Machine *m, const BlockMark *mark, char **error);

#endif
