// The store of blocks: by (pc, physical address, mode), by physical page, by host address; and the
// links between them. Blocks that are invalidated stay allocated, and their outgoing links stay
// maintained, until the whole cache is flushed: their code may still be running, or wait on the
// return stack.
#include "accel/internal.h"

static unsigned hash_of(uint64_t pc, uint64_t phys, uint64_t flags)
{
    uint64_t h = phys * UINT64_C(0x9e3779b97f4a7c15) ^ pc * UINT64_C(0xc2b2ae3d27d4eb4f) ^
                 flags * UINT64_C(0x165667b19e3779f9);
    return (unsigned)(h >> (64 - HASH_BITS));
}

static bool next_page_fits(VCPU *v, const Block *b)
{
    uint64_t phys;
    return !b->next_host || mmu_fetch_page(v, (b->pc | 0xfff) + 1, &phys) == b->next_host;
}

Block *block_lookup(VCPU *v, uint64_t pc, uint64_t phys, const uint8_t *host, uint64_t flags)
{
    for (Block *b = v->engine->hash[hash_of(pc, phys, flags)]; b; b = b->next_hash) {
        if (b->pc == pc && b->phys == phys && b->host == host && b->flags == flags &&
            next_page_fits(v, b)) {
            return b;
        }
    }
    return NULL;
}

// --- the bytes of a block: one range, or two
static uint64_t first_bytes(const Block *b)
{
    return b->next_host ? 0x1000 - (b->phys & 0xfff) : b->guest_bytes;
}

static bool ranges_overlap(uint64_t a, uint64_t a_len, uint64_t b, uint64_t b_len)
{
    return a < b + b_len && b < a + a_len;
}

bool block_overlaps(const Block *b, uint64_t phys, uint64_t len)
{
    uint64_t n = first_bytes(b);
    return ranges_overlap(b->phys, n, phys, len) ||
           (b->next_host && ranges_overlap(b->next_phys, b->guest_bytes - n, phys, len));
}

static uint64_t granules_of(uint64_t phys, uint64_t len)
{
    unsigned first = (phys & 0xfff) >> GRANULE_BITS;
    unsigned last = ((phys & 0xfff) + len - 1) >> GRANULE_BITS;
    return mask64(last - first + 1) << first;
}

static CodePage *code_page(const Engine *e, uint64_t phys)
{
    uint64_t page = phys & ~UINT64_C(0xfff);
    return g_hash_table_lookup(e->pages, &page);
}

bool engine_page_has_code(const Engine *e, uint64_t phys)
{
    return e && code_page(e, phys) != NULL;
}

static CodePage *code_page_make(Engine *e, uint64_t phys)
{
    CodePage *p = code_page(e, phys);
    if (!p) {
        p = g_new0(CodePage, 1);
        p->phys = phys & ~UINT64_C(0xfff);
        g_hash_table_insert(e->pages, &p->phys, p);
        for (unsigned i = 0; i < e->machine->n_cpus; i++) {
            mmu_protect_code(e->machine->cpu[i], p->phys);
        }
    }
    return p;
}

// Which of its lists a page keeps a block in: by its first byte, or by the page that follows.
static unsigned list_of(const Block *b, const CodePage *p)
{
    return (b->phys & ~UINT64_C(0xfff)) != p->phys;
}

static uint64_t granules_in(const Block *b, const CodePage *p)
{
    uint64_t n = first_bytes(b), set = 0;
    if ((b->phys & ~UINT64_C(0xfff)) == p->phys) {
        set |= granules_of(b->phys, n);
    }
    if (b->next_host && b->next_phys == p->phys) {
        set |= granules_of(b->next_phys, b->guest_bytes - n);
    }
    return set;
}

static void page_insert(Engine *e, Block *b, uint64_t phys)
{
    CodePage *p = code_page_make(e, phys);
    p->granules |= granules_in(b, p);
    b->next_in_page[list_of(b, p)] = p->blocks;
    p->blocks = b;
}

// The page that a block goes on in, unless that is the same one.
static bool has_second_page(const Block *b)
{
    return b->next_host && b->next_phys != (b->phys & ~UINT64_C(0xfff));
}

void block_insert(Engine *e, Block *b)
{
    Block **bucket = &e->hash[hash_of(b->pc, b->phys, b->flags)];
    b->next_hash = *bucket;
    *bucket = b;
    page_insert(e, b, b->phys);
    if (has_second_page(b)) {
        page_insert(e, b, b->next_phys);
    }
    b->valid = true;
    g_ptr_array_add(e->all, b);
}

static void block_free(gpointer data)
{
    Block *b = data;
    g_free(b->side);
    g_free(b->recipes);
    g_free(b->insn_pc);
    g_free(b->link);
    if (b->ir) {
        ir_block_free(b->ir);
    }
    g_free(b);
}

void block_free_all(Engine *e)
{
    for (guint i = 0; i < e->all->len; i++) {
        block_free(g_ptr_array_index(e->all, i));
    }
    g_ptr_array_set_size(e->all, 0);
    e->last_at_host = NULL;
    memset(e->hash, 0, sizeof(e->hash));
    g_hash_table_remove_all(e->pages);
    for (unsigned i = 0; i < e->machine->n_cpus; i++) {
        memset(e->machine->cpu[i]->jump_cache, 0xff, sizeof(JumpCacheEntry) << JUMP_CACHE_BITS);
    }
}

void block_unlink(Engine *e, BlockLink *l)
{
    if (!l->to) {
        return;
    }
    *l->incoming_at = l->next_incoming;
    if (l->next_incoming) {
        l->next_incoming->incoming_at = l->incoming_at;
    }
    l->to = NULL;
    if (e->config.backend) {
        e->config.backend->patch_link(&e->cache, l, NULL);
    }
}

void block_link(Engine *e, BlockLink *l, Block *to, uint32_t key)
{
    block_unlink(e, l);
    l->to = to;
    l->key = key;
    l->next_incoming = to->incoming;
    l->incoming_at = &to->incoming;
    if (to->incoming) {
        to->incoming->incoming_at = &l->next_incoming;
    }
    to->incoming = l;
    e->config.backend->patch_link(&e->cache, l, to->code);
}

static void forget_jumps(Engine *e, const Block *b)
{
    for (unsigned i = 0; i < e->machine->n_cpus; i++) {
        JumpCacheEntry *j = &e->machine->cpu[i]->jump_cache[JUMP_CACHE_INDEX(b->pc)];
        if (j->pc == b->pc) {
            memset(j, 0xff, sizeof(*j));
        }
    }
}

static void block_invalidate(Engine *e, Block *b)
{
    Block **at = &e->hash[hash_of(b->pc, b->phys, b->flags)];
    while (*at != b) {
        at = &(*at)->next_hash;
    }
    *at = b->next_hash;
    while (b->incoming) {
        block_unlink(e, b->incoming);
    }
    forget_jumps(e, b);
    b->valid = false;
    e->stats.invalidated++;
}

static void page_remove(Engine *e, const Block *b, uint64_t phys)
{
    CodePage *p = code_page(e, phys);
    Block **at = &p->blocks;
    while (*at != b) {
        at = &(*at)->next_in_page[list_of(*at, p)];
    }
    *at = b->next_in_page[list_of(b, p)];
    if (!p->blocks) {
        g_hash_table_remove(e->pages, &p->phys);
    }
}

static void invalidate_in_page(Engine *e, CodePage *p, uint64_t phys, uint64_t len)
{
    if (!(p->granules & granules_of(phys, len))) {
        return;
    }
    uint64_t left = 0;
    Block **at = &p->blocks;
    while (*at) {
        Block *b = *at;
        Block **next = &b->next_in_page[list_of(b, p)];
        if (!block_overlaps(b, phys, len)) {
            left |= granules_in(b, p);
            at = next;
            continue;
        }
        *at = *next;
        if (has_second_page(b)) {
            page_remove(e, b, list_of(b, p) ? b->phys : b->next_phys);
        }
        block_invalidate(e, b);
    }
    p->granules = left;
    if (!p->blocks) {
        g_hash_table_remove(e->pages, &p->phys);
    }
}

void engine_invalidate_phys(Engine *e, uint64_t phys, uint64_t len)
{
    while (len) {
        uint64_t n = MIN_OF(len, 0x1000 - (phys & 0xfff));
        CodePage *p = code_page(e, phys);
        if (p) {
            invalidate_in_page(e, p, phys, n);
        }
        phys += n;
        len -= n;
    }
}

const Block *block_at_host(Engine *e, uintptr_t host)
{
    const Block *last = e->last_at_host;
    if (last && host - (uintptr_t)last->code < last->code_size) {
        return last;
    }
    guint lo = 0, hi = e->all->len;
    while (hi - lo > 1) {
        guint mid = (lo + hi) / 2;
        const Block *b = g_ptr_array_index(e->all, mid);
        if ((uintptr_t)b->code <= host) {
            lo = mid;
        } else {
            hi = mid;
        }
    }
    if (lo >= e->all->len) {
        return NULL;
    }
    const Block *b = g_ptr_array_index(e->all, lo);
    uintptr_t start = (uintptr_t)b->code;
    if (host < start || host > start + b->code_size) {
        return NULL;
    }
    return e->last_at_host = b;
}
