// checkpoints.h has the picture.
#include "replay/checkpoints.h"

#include <string.h>

#include "block/rewind.h"
#include "hw/core/snapshot_internal.h"
#include "softmmu/ram_dirty.h"
#include "util/log.h"

#define MAX_CHECKPOINTS 48

typedef struct PageCopy {
    uint32_t refs;
    uint8_t bytes[SNAPSHOT_PAGE];
} PageCopy;

typedef struct Checkpoint {
    uint64_t icount;
    CheckpointPlace place;
    GPtrArray *parts;
    BlockMark *disks;
    PageCopy ***page; // of each memory, of each page; NULL: zeros
} Checkpoint;

typedef struct Memory {
    MemRegion *region;
    uint64_t pages;
    RamDirty *tracker; // NULL: small, or written past the watches: every page is looked at
    uint64_t *dirty;
} Memory;

struct Checkpoints {
    Machine *m;
    unsigned n_memories;
    Memory *memory;
    GPtrArray *all; // Checkpoint *, oldest first
    uint64_t bytes, max_bytes;
};

// --- pages

static PageCopy *copy_new(Checkpoints *c, const uint8_t *bytes)
{
    if (snapshot_page_is_zero(bytes)) {
        return NULL;
    }
    PageCopy *p = g_new(PageCopy, 1);
    p->refs = 1;
    memcpy(p->bytes, bytes, SNAPSHOT_PAGE);
    c->bytes += sizeof *p;
    return p;
}

static void copy_unref(Checkpoints *c, PageCopy *p)
{
    if (p && --p->refs == 0) {
        c->bytes -= sizeof *p;
        g_free(p);
    }
}

static bool same_page(const PageCopy *p, const uint8_t *bytes)
{
    return p ? !memcmp(p->bytes, bytes, SNAPSHOT_PAGE) : snapshot_page_is_zero(bytes);
}

// --- memories

// Large RAM is written by vCPUs and DMA, which watches see. Video memory and flash have writers of
// their own, and are small.
#define TRACKED_PAGES (UINT64_C(64) << 20 >> 12)

static void memory_init(Checkpoints *c, Memory *mem, MemRegion *r)
{
    MemPage first = mem_region_page(r, 0);
    *mem = (Memory){.region = r, .pages = snapshot_pages(r)};
    if (mem->pages >= TRACKED_PAGES && first.writable) {
        mem->tracker = ram_dirty_track(c->m, &first, mem->pages);
        mem->dirty = g_new0(uint64_t, mem->pages / 64 + 1);
    }
}

static bool may_have_changed(const Memory *mem, uint64_t page)
{
    return !mem->tracker || ram_dirty_bit(mem->dirty, page);
}

static void collect(Memory *mem)
{
    if (mem->tracker) {
        ram_dirty_collect(mem->tracker, 0, mem->pages, mem->dirty);
    }
}

static PageCopy **copy_memory(Checkpoints *c, Memory *mem, PageCopy *const *before)
{
    PageCopy **page = g_new0(PageCopy *, mem->pages);
    const uint8_t *host = mem_host(mem->region);
    collect(mem);
    for (uint64_t i = 0; i < mem->pages; i++) {
        const uint8_t *now = host + i * SNAPSHOT_PAGE;
        if (before && (!may_have_changed(mem, i) || same_page(before[i], now))) {
            page[i] = before[i];
            if (page[i]) {
                page[i]->refs++;
            }
        } else {
            page[i] = copy_new(c, now);
        }
    }
    return page;
}

// The machine is something behind `newest`, and becomes what it was at `to`.
static void restore_memory(Checkpoints *c, Memory *mem, PageCopy *const *newest,
                           PageCopy *const *to)
{
    collect(mem);
    for (uint64_t i = 0; i < mem->pages; i++) {
        if (newest[i] != to[i] || may_have_changed(mem, i)) {
            snapshot_set_page(c->m, mem->region, i, to[i] ? to[i]->bytes : NULL);
        }
    }
    collect(mem); // what this wrote is not a change
}

// --- checkpoints

static Checkpoint *at(const Checkpoints *c, unsigned n)
{
    return c->all->pdata[n];
}

static void checkpoint_free(Checkpoints *c, Checkpoint *p)
{
    for (unsigned i = 0; i < c->n_memories; i++) {
        for (uint64_t n = 0; n < c->memory[i].pages; n++) {
            copy_unref(c, p->page[i][n]);
        }
        g_free(p->page[i]);
    }
    g_free(p->page);
    g_ptr_array_unref(p->parts);
    block_mark_free(p->disks);
    g_free(p);
}

static void drop(Checkpoints *c, unsigned n)
{
    checkpoint_free(c, at(c, n));
    g_ptr_array_remove_index(c->all, n);
}

Checkpoints *checkpoints_new(struct Machine *m, uint64_t max_bytes)
{
    Checkpoints *c = g_new0(Checkpoints, 1);
    c->m = m;
    c->max_bytes = max_bytes;
    c->all = g_ptr_array_new();
    c->n_memories = m->memories->len;
    c->memory = g_new0(Memory, c->n_memories);
    for (unsigned i = 0; i < c->n_memories; i++) {
        memory_init(c, &c->memory[i], m->memories->pdata[i]);
    }
    return c;
}

void checkpoints_free(Checkpoints *c)
{
    if (!c) {
        return;
    }
    while (c->all->len) {
        drop(c, c->all->len - 1);
    }
    for (unsigned i = 0; i < c->n_memories; i++) {
        ram_dirty_free(c->memory[i].tracker);
        g_free(c->memory[i].dirty);
    }
    g_free(c->memory);
    g_ptr_array_unref(c->all);
    g_free(c);
}

// Without the one that is chosen, the gap that comes about is the smallest compared to how far it
// lies back. The first and the newest stay.
static unsigned least_needed(const Checkpoints *c)
{
    unsigned best = 1;
    double least = 0;
    uint64_t now = at(c, c->all->len - 1)->icount;
    for (unsigned i = 1; i + 1 < c->all->len; i++) {
        uint64_t gap = at(c, i + 1)->icount - at(c, i - 1)->icount;
        double cost = (double)gap / (double)(now - at(c, i)->icount + 1);
        if (i == 1 || cost < least) {
            best = i;
            least = cost;
        }
    }
    return best;
}

static void thin_out(Checkpoints *c)
{
    while (c->all->len > MAX_CHECKPOINTS || (c->all->len > 2 && c->bytes > c->max_bytes)) {
        drop(c, least_needed(c));
    }
}

static GPtrArray *save_parts(Machine *m)
{
    SnapshotParts *parts = snapshot_parts_new(m);
    GPtrArray *bytes = snapshot_parts_save(parts);
    snapshot_parts_free(parts);
    return bytes;
}

void checkpoints_take(Checkpoints *c, const CheckpointPlace *place)
{
    Checkpoint *before = c->all->len ? at(c, c->all->len - 1) : NULL;
    Checkpoint *p = g_new0(Checkpoint, 1);
    p->icount = c->m->executed;
    p->place = *place;
    p->parts = save_parts(c->m);
    p->disks = block_mark(c->m);
    p->page = g_new0(PageCopy **, c->n_memories);
    for (unsigned i = 0; i < c->n_memories; i++) {
        p->page[i] = copy_memory(c, &c->memory[i], before ? before->page[i] : NULL);
    }
    g_ptr_array_add(c->all, p);
    thin_out(c);
}

static unsigned index_before(const Checkpoints *c, uint64_t icount)
{
    unsigned n = 0;
    while (n < c->all->len && at(c, n)->icount <= icount) {
        n++;
    }
    return n;
}

uint64_t checkpoints_find(const Checkpoints *c, uint64_t icount)
{
    unsigned n = index_before(c, icount);
    return n ? at(c, n - 1)->icount : UINT64_MAX;
}

static bool load_parts(Machine *m, const GPtrArray *bytes, char **error)
{
    SnapshotParts *parts = snapshot_parts_new(m);
    bool ok = snapshot_parts_load(parts, bytes, error);
    snapshot_parts_free(parts);
    return ok;
}

bool checkpoints_load(Checkpoints *c, uint64_t icount, CheckpointPlace *place, char **error)
{
    unsigned n = index_before(c, icount);
    g_assert(n > 0);
    const Checkpoint *to = at(c, n - 1), *newest = at(c, c->all->len - 1);
    if (!block_rewind(c->m, to->disks, error)) {
        return false;
    }
    for (unsigned i = 0; i < c->n_memories; i++) {
        restore_memory(c, &c->memory[i], newest->page[i], to->page[i]);
    }
    while (c->all->len > n) {
        drop(c, c->all->len - 1);
    }
    *place = to->place;
    engine_flush(c->m->engine);
    return load_parts(c->m, to->parts, error);
}

unsigned checkpoints_count(const Checkpoints *c)
{
    return c->all->len;
}

uint64_t checkpoints_bytes(const Checkpoints *c)
{
    return c->bytes;
}
