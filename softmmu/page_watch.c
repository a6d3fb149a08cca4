// page_watch.h has the picture.
#include "softmmu/page_watch.h"

#include "softmmu/internal.h"

void page_watch_handler(Machine *m, PageWatchKind kind, WatchStored *stored, void *opaque)
{
    m->watcher[kind] = (Watcher){stored, opaque};
}

void page_watch_set(Machine *m, const MemPage *first, uint64_t n, PageWatchKind kind)
{
    uint64_t lo = n, hi = 0; // pages that may have fast tags
    for (uint64_t i = 0; i < n; i++) {
        if (!first->watch[i]) {
            lo = MIN_OF(lo, i);
            hi = i + 1;
        }
        first->watch[i] |= (uint8_t)BIT(kind);
    }
    for (unsigned i = 0; lo < hi && i < m->n_cpus; i++) {
        mmu_protect(m->cpu[i], first->host + (lo << PAGE_BITS), (hi - lo) << PAGE_BITS);
    }
}

void page_watch_stored(Machine *m, const MemPage *p, unsigned offset, unsigned len, unsigned kinds)
{
    kinds &= *p->watch;
    for (unsigned k = 0; k < WATCH_KINDS; k++) {
        if (kinds >> k & 1 && m->watcher[k].stored) {
            m->watcher[k].stored(m->watcher[k].opaque, p, offset, len);
        }
    }
}
