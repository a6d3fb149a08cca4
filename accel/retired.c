// Blocks whose bytes changed, kept for when the same bytes come back: code that patches itself to
// and fro, a program that is loaded again. Their code is still there until the cache is emptied,
// and depends on nothing but the bytes, the pc and the mode: the physical page may be another one.
#include "accel/internal.h"

#define MOST_ALIKE 8 // of a bucket: contents that one pc has had lately

static Block **bucket_of(Engine *e, uint64_t pc, uint64_t flags)
{
    uint64_t h = (pc ^ flags * UINT64_C(0xc2b2ae3d27d4eb4f)) * UINT64_C(0x9e3779b97f4a7c15);
    return &e->retired[h >> (64 - RETIRED_BITS)];
}

void block_retire(Engine *e, Block *b)
{
    if (!b->bytes) {
        return;
    }
    Block **bucket = bucket_of(e, b->pc, b->flags), *last = b;
    b->next_hash = *bucket;
    *bucket = b;
    for (unsigned n = 1; last && n < MOST_ALIKE; n++) {
        last = last->next_hash;
    }
    if (last) {
        last->next_hash = NULL;
    }
}

static bool same_code(const Block *b, const TranslateRequest *r, uint64_t flags)
{
    return b->pc == r->pc && b->flags == flags && b->guest_bytes <= r->bytes &&
           block_insn_offset(b, b->guest_insns - 1) < r->limit &&
           !memcmp(b->bytes, r->host, b->guest_bytes);
}

// Links within the old page are not checked.
static void move(Engine *e, Block *b, const uint8_t *host, uint64_t phys)
{
    if (b->host == host && b->phys == phys) {
        return;
    }
    for (unsigned k = 0; k < b->n_links; k++) {
        block_unlink(e, &b->link[k]);
    }
    b->host = host;
    b->phys = phys;
}

Block *block_revive(VCPU *v, const TranslateRequest *r, uint64_t phys, uint64_t flags)
{
    Engine *e = v->engine;
    Block **at = bucket_of(e, r->pc, flags);
    while (*at && !same_code(*at, r, flags)) {
        at = &(*at)->next_hash;
    }
    Block *b = *at;
    if (b) {
        *at = b->next_hash;
        move(e, b, r->host, phys);
        block_insert_again(v, b);
        e->stats.revived++;
    }
    return b;
}
