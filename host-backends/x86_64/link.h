// Patchable jumps between blocks.
#ifndef HOST_BACKENDS_X86_64_LINK_H
#define HOST_BACKENDS_X86_64_LINK_H

#include "host-backends/x86_64/emit.h"

// Writes one record per link after the code: where the jump's displacement is, its stub, its key
// check. They tell x86_patch_link what to rewrite; code never reads them.
void x86_emit_link_records(Emit *e);
void x86_patch_link(CodeCache *cache, BlockLink *l, const void *to);

void x86_cold_budget(Emit *e, const Cold *c);

#endif
