// Watched pages: for those who want to know when a page of guest memory is stored to.
//
//   page_watch_set --> the page's watch byte: a bit a kind
//        '-----------> its fast write tags are taken away, on all vCPUs
//
//   vCPU's store, no tag --> slow path --+
//   device's DMA, gdb, monitor, loader   +--> watch byte != 0 --> page_watch_stored
//   page walkers' accessed bits ---------+                             |
//                                                       handler of each kind that is set
//   page_watch_clear --> the bit; with none left the next store brings the fast tag back
//
// Every region of host memory has one byte for each 4 KiB page. As the byte belongs to the memory
// and not to an address, it covers every place where the page can be seen: aliases, moved BARs,
// shadow RAM. Stores of the fast path pay nothing for it.
//
// Watches are the host's: no guest sees them, they are in no state, and survive a reset unless
// their owner clears them. They may be set between blocks and in C code that a block calls. There,
// a block's later accesses may share a page check that was made before (pass_check_elim.c): such
// stores are missed until the block has ended, unless the call ends groups.
#ifndef SOFTMMU_PAGE_WATCH_H
#define SOFTMMU_PAGE_WATCH_H

#include "hw/core/memory.h"

struct Machine;

typedef enum PageWatchKind {
    WATCH_CODE,   // translated code was made from it (accel/blocks.c)
    WATCH_FRAME,  // a frame buffer that was drawn: told of any store, also of equal bytes
    WATCH_TABLES, // page tables that something was derived from
    WATCH_KINDS
} PageWatchKind;

// Of bytes [offset, offset + len) of the page, which are stored to: shortly before a vCPU's store,
// after a device's. It may clear watches, and set none. A vCPU's store of bytes that are there
// already is told to WATCH_FRAME only; WATCH_FRAME may be told of a store that then does not
// happen.
typedef void WatchStored(void *opaque, const MemPage *p, unsigned offset, unsigned len);

typedef struct Watcher {
    WatchStored *stored;
    void *opaque;
} Watcher;

// One a kind and machine.
void page_watch_handler(struct Machine *m, PageWatchKind kind, WatchStored *stored, void *opaque);
// n pages that follow each other in one region, from *first on (address_space_page,
// mem_region_page; host is not NULL).
void page_watch_set(struct Machine *m, const MemPage *first, uint64_t n, PageWatchKind kind);

static inline void page_watch_clear(const MemPage *p, PageWatchKind kind)
{
    *p->watch &= (uint8_t)~BIT(kind);
}

static inline bool page_watch_on(const MemPage *p, PageWatchKind kind)
{
    return *p->watch & BIT(kind);
}

// Tells the handlers of those of `kinds` (BIT(PageWatchKind)) that are set. By the softmmu and by
// address spaces.
#define WATCH_ALL ((unsigned)mask64(WATCH_KINDS))
void page_watch_stored(struct Machine *m, const MemPage *p, unsigned offset, unsigned len,
                       unsigned kinds);

#endif
