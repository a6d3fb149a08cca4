#include <string.h>

#include "host-backends/x86_64/link.h"

typedef struct LinkRecord {
    uint32_t field; // offset of the jump's rel32
    uint32_t stub;  // where it goes while it is unlinked
    uint32_t key;   // offset of the key check's imm32, or 0
} LinkRecord;

void x86_emit_link_records(Emit *e)
{
    Block *b = e->r->block;
    for (unsigned k = 0; k < b->n_links; k++) {
        unsigned slot = k < e->b->n_slots ? k : LINK_LANDING;
        b->link[k].site = (uint32_t)e->c.pos;
        x86_imm32(&e->c, (uint32_t)e->link[slot].field);
        x86_imm32(&e->c, (uint32_t)e->link[slot].stub);
        x86_imm32(&e->c, (uint32_t)e->link[slot].key);
    }
}

static void write32(CodeCache *cache, uint32_t at, uint32_t v)
{
    __atomic_store_n((uint32_t *)(cache->rw + at), v, __ATOMIC_RELAXED);
}

void x86_patch_link(CodeCache *cache, BlockLink *l, const void *to)
{
    LinkRecord r;
    memcpy(&r, cache->rw + l->site, sizeof(r));
    if (!r.field) {
        return; // an exit that the block's code never takes
    }
    uint32_t target = to ? (uint32_t)((const uint8_t *)to - cache->rx) : r.stub;
    if (r.key && to) {
        write32(cache, r.key, l->key);
    }
    write32(cache, r.field, target - (r.field + 4));
}
