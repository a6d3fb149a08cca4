#include "host-backends/aarch64/link.h"

#include <assert.h>
#include <string.h>

typedef struct LinkRecord {
    uint32_t field; // offset of the jump
    uint32_t stub;  // where it goes while it is unlinked
    uint32_t key;   // offset of the word that the key is compared with, or 0
} LinkRecord;

void a64_emit_link_records(Emit *e)
{
    Block *b = e->r->block;
    for (unsigned k = 0; k < b->n_links; k++) {
        unsigned slot = k < e->b->n_slots ? k : LINK_LANDING;
        b->link[k].site = (uint32_t)e->c.pos;
        a64_word(&e->c, (uint32_t)e->link[slot].field);
        a64_word(&e->c, (uint32_t)e->link[slot].stub);
        a64_word(&e->c, (uint32_t)e->link[slot].key);
    }
}

// The caches work by physical address where data is concerned, so that cleaning by the executable
// view's address writes back what was stored through the other one (DDI 0487 B2.4.4: DC CVAU, DSB,
// IC IVAU, DSB, ISB, which is what the builtin is there).
void a64_sync_code(CodeCache *cache, size_t from, size_t to)
{
#if defined(__aarch64__)
    char *rx = (char *)(uintptr_t)cache->rx;
    __builtin___clear_cache(rx + from, rx + to);
#else
    (void)cache, (void)from, (void)to;
#endif
}

static void write32(CodeCache *cache, uint32_t at, uint32_t v)
{
    __atomic_store_n((uint32_t *)(void *)(cache->rw + at), v, __ATOMIC_RELAXED);
}

void a64_patch_link(CodeCache *cache, BlockLink *l, const void *to)
{
    LinkRecord r;
    uint32_t word;
    memcpy(&r, cache->rw + l->site, sizeof(r));
    if (!r.field) {
        return; // an exit that the block's code never takes
    }
    size_t target = to ? (size_t)((const uint8_t *)to - cache->rx) : r.stub;
    if (r.key && to) {
        write32(cache, r.key, l->key);
    }
    memcpy(&word, cache->rw + r.field, 4);
    bool reaches = a64_retarget(&word, (int64_t)target - (int64_t)r.field);
    assert(reaches); // A64_CACHE_MAX
    (void)reaches;
    write32(cache, r.field, word);
    a64_sync_code(cache, r.field, r.field + 4);
}
