// What the backends share: bookkeeping about a block's emission that does not depend on the host.
#ifndef HOST_BACKENDS_COMMON_H
#define HOST_BACKENDS_COMMON_H

#include "accel/block.h"
#include "tcg-like/regalloc.h"

// The instructions behind the index-th, which did not run: what an exit there gives back.
static inline unsigned hb_refund(const IRBlock *b, unsigned index)
{
    return b->guest_insns > index + 1 ? b->guest_insns - index - 1 : 0;
}

// --- side table
typedef struct SideTable {
    SideEntry *entry;
    unsigned n, capacity;
} SideTable;

void hb_side_add(SideTable *t, size_t host_offset, unsigned index, uint32_t recipe);
// Sorted, as a block keeps it.
void hb_side_finish(SideTable *t, Block *b);

// --- recipes of lazy flags (tcg-like/lazy_flags.h)
typedef struct Recipes {
    uint8_t *bytes;
    unsigned n, capacity;
} Recipes;

// Where thunks leave an integer register for C code: offset from the vCPU.
typedef size_t HbSavedAt(const RaRegs *regs, int reg);
// How to work out the flags pending at insn `at`, from where values are now; 0: none are.
uint32_t hb_recipe(Recipes *r, RegAlloc *ra, IRRef at, HbSavedAt *saved_at);

// --- ops that one host instruction can do together
// An insn soon to come, like `like` but with this op, or IR_NONE.
IRRef hb_partner(RegAlloc *ra, IRRef at, IROpcode op, const IRInsn *like);

// --- pinned slots
// The pin that is the whole slot, or NULL.
const RaPin *hb_whole_pin(const RegAlloc *ra, IRType t, uint64_t off, unsigned bytes);
bool hb_touches_pin(const RegAlloc *ra, size_t off, size_t bytes);
// Pinned slots that the bytes touch are written home or, after a change, loaded again.
void hb_sync_pins(RegAlloc *ra, size_t off, size_t bytes, bool load);
// The op get: from a pin, from memory, or later, where the value is used. narrow moves 32 bits of
// one integer register to another, with zeroes above.
typedef void HbNarrow(void *ctx, int dst, int src);
void hb_get(RegAlloc *ra, IRRef at, HbNarrow *narrow);

// Whether the op wants code: not if it is another's copy, unused, or done with an earlier one.
bool hb_wants_code(RegAlloc *ra, IRRef at);

#endif
