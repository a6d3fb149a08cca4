// Which pages of guest memory were written: for frame buffers, whose pictures are drawn anew only
// where they changed.
//
//   ram_dirty_track --> all pages are dirty
//   ram_dirty_collect --> those that are dirty; they are clean now, and watched (page_watch.h)
//        ^                                                         |
//        '-- dirty again, watched no more <-- the first store -----'
//
// A page costs a slow store after each collect that found it dirty, and nothing otherwise. Pages
// that nobody collects are never watched. There may be several trackers of the same pages: each is
// told what was written since its own last look. Writes of devices, debuggers and loaders count.
//
// Trackers are the host's state, not the machine's. To be called between the machine's turns.
#ifndef SOFTMMU_RAM_DIRTY_H
#define SOFTMMU_RAM_DIRTY_H

#include "hw/core/memory.h"

struct Machine;
typedef struct RamDirty RamDirty;

#define RAM_DIRTY_PAGE UINT64_C(4096)

// n pages of one region, from *first on (mem_region_page, address_space_page; first->host is not
// NULL).
RamDirty *ram_dirty_track(struct Machine *m, const MemPage *first, uint64_t n);
void ram_dirty_free(RamDirty *d); // NULL: nothing
// fn is called when a page that was clean is written, in the middle of a vCPU's turn. NULL: nobody.
void ram_dirty_notify(RamDirty *d, void (*fn)(void *opaque), void *opaque);
// Bit i of bits, an array of 64-bit words for all pages tracked: page i, of those from `first` on,
// was written since it was last collected. Bits of other pages are left as they are. False if
// none was.
bool ram_dirty_collect(RamDirty *d, uint64_t first, uint64_t n, uint64_t *bits);

static inline bool ram_dirty_bit(const uint64_t *bits, uint64_t page)
{
    return bits[page / 64] >> (page % 64) & 1;
}

#endif
