// ram_dirty.h has the picture.
#include "softmmu/ram_dirty.h"

#include <assert.h>

#include "hw/core/machine.h"

#define TRACKERS "ram-dirty"

struct RamDirty {
    Machine *m;
    MemPage first;
    uint64_t pages;
    uint64_t *dirty; // a bit a page
    void (*notify)(void *opaque);
    void *opaque;
};

static void set_bits(uint64_t *bits, uint64_t first, uint64_t n)
{
    for (uint64_t i = first; i < first + n; i++) {
        bits[i / 64] |= BIT(i % 64);
    }
}

static void set_dirty(RamDirty *d, uint64_t page)
{
    bool was = ram_dirty_bit(d->dirty, page);
    set_bits(d->dirty, page, 1);
    if (!was && d->notify) {
        d->notify(d->opaque);
    }
}

static void stored(void *opaque, const MemPage *p, unsigned offset, unsigned len)
{
    GPtrArray *all = opaque;
    (void)offset;
    (void)len;
    for (guint i = 0; i < all->len; i++) {
        RamDirty *d = all->pdata[i];
        uint64_t page = (uint64_t)(p->watch - d->first.watch);
        if (p->watch >= d->first.watch && page < d->pages) {
            set_dirty(d, page);
        }
    }
    page_watch_clear(p, WATCH_FRAME);
}

static GPtrArray *trackers(Machine *m)
{
    GPtrArray *all = machine_lookup(m, TRACKERS);
    if (!all) {
        all = g_ptr_array_new();
        machine_register(m, TRACKERS, all);
        page_watch_handler(m, WATCH_FRAME, stored, all);
    }
    return all;
}

RamDirty *ram_dirty_track(Machine *m, const MemPage *first, uint64_t n)
{
    RamDirty *d = g_new0(RamDirty, 1);
    d->m = m;
    d->first = *first;
    d->pages = n;
    d->dirty = g_new0(uint64_t, n / 64 + 1);
    set_bits(d->dirty, 0, n);
    g_ptr_array_add(trackers(m), d);
    return d;
}

void ram_dirty_notify(RamDirty *d, void (*fn)(void *opaque), void *opaque)
{
    d->notify = fn;
    d->opaque = opaque;
}

// Watches that nobody else needs go with the next store.
void ram_dirty_free(RamDirty *d)
{
    if (d) {
        g_ptr_array_remove_fast(trackers(d->m), d);
        g_free(d->dirty);
        g_free(d);
    }
}

static void watch(RamDirty *d, uint64_t first, uint64_t end)
{
    MemPage p = d->first;
    p.host += first * RAM_DIRTY_PAGE;
    p.watch += first;
    page_watch_set(d->m, &p, end - first, WATCH_FRAME);
}

static uint64_t mask_of(uint64_t word, uint64_t first, uint64_t end)
{
    uint64_t lo = MAX_OF(first, word * 64), hi = MIN_OF(end, word * 64 + 64);
    return mask64((unsigned)(hi - lo)) << (lo % 64);
}

bool ram_dirty_collect(RamDirty *d, uint64_t first, uint64_t n, uint64_t *bits)
{
    uint64_t end = first + n, lo = end, hi = first; // pages that are dirty lie in [lo, hi)
    assert(end <= d->pages && end >= n);
    for (uint64_t w = first / 64; w * 64 < end; w++) {
        uint64_t mask = mask_of(w, first, end), found = d->dirty[w] & mask;
        bits[w] = (bits[w] & ~mask) | found;
        d->dirty[w] &= ~mask;
        if (found) {
            lo = MIN_OF(lo, w * 64 + (unsigned)__builtin_ctzll(found));
            hi = w * 64 + 64 - (unsigned)__builtin_clzll(found);
        }
    }
    if (lo < hi) {
        watch(d, lo, hi);
    }
    return lo < hi;
}
