// Patchable jumps between blocks.
#ifndef HOST_BACKENDS_AARCH64_LINK_H
#define HOST_BACKENDS_AARCH64_LINK_H

#include "host-backends/aarch64/emit.h"

// Writes one record per link after the code: where the jump is, its stub, its key. They tell
// a64_patch_link what to rewrite; code reads nothing of them but the key.
void a64_emit_link_records(Emit *e);
void a64_patch_link(CodeCache *cache, BlockLink *l, const void *to);
// Makes bytes written to the cache visible to instruction fetches.
void a64_sync_code(CodeCache *cache, size_t from, size_t to);

void a64_cold_budget(Emit *e, const Cold *c);

#endif
