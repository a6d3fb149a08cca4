// The store of blocks: by (pc, physical address, mode), by page of memory, by host address; and
// the links between them. Blocks that are invalidated stay allocated, and their outgoing links stay
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
    uint64_t phys, next = ((b->pc | 0xfff) + 1) & v->pc_address;
    return !b->next_host || mmu_fetch_page(v, next, &phys) == b->next_host;
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

// --- the bytes of a block: one range, or two. What they are is told by where they lie in host
// memory: the guest may see them, and store to them, at several physical addresses.
static uint64_t first_bytes(const Block *b)
{
    return b->next_host ? 0x1000 - (b->phys & 0xfff) : b->guest_bytes;
}

static uint64_t page_of(const uint8_t *host)
{
    return (uintptr_t)host & ~UINT64_C(0xfff);
}

static bool ranges_overlap(const uint8_t *a, uint64_t a_len, const uint8_t *b, uint64_t b_len)
{
    return (uintptr_t)a < (uintptr_t)b + b_len && (uintptr_t)b < (uintptr_t)a + a_len;
}

bool block_overlaps(const Block *b, const uint8_t *host, uint64_t len)
{
    uint64_t n = first_bytes(b);
    return ranges_overlap(b->host, n, host, len) ||
           (b->next_host && ranges_overlap(b->next_host, b->guest_bytes - n, host, len));
}

static unsigned granule_of(const uint8_t *host)
{
    return ((uintptr_t)host & 0xfff) >> GRANULE_BITS;
}

static uint64_t granules_of(const uint8_t *host, uint64_t len)
{
    unsigned first = granule_of(host), last = granule_of(host + len - 1);
    return mask64(last - first + 1) << first;
}

static CodePage *code_page(const Engine *e, const uint8_t *host)
{
    uint64_t page = page_of(host);
    return g_hash_table_lookup(e->pages, &page);
}

static CodePage *code_page_make(VCPU *v, const uint8_t *host, uint64_t phys)
{
    Engine *e = v->engine;
    CodePage *p = code_page(e, host);
    if (!p) {
        p = g_new0(CodePage, 1);
        p->host = page_of(host);
        p->page = address_space_page(v->memory ? v->memory : e->machine->memory, phys);
        assert((uintptr_t)p->page.host == p->host);
        g_hash_table_insert(e->pages, &p->host, p);
        page_watch_set(e->machine, &p->page, 1, WATCH_CODE);
    }
    return p;
}

static void code_page_free(Engine *e, CodePage *p)
{
    page_watch_clear(&p->page, WATCH_CODE);
    g_hash_table_remove(e->pages, &p->host);
}

static void forget_pages(Engine *e)
{
    GHashTableIter i;
    gpointer p;
    g_hash_table_iter_init(&i, e->pages);
    while (g_hash_table_iter_next(&i, NULL, &p)) {
        page_watch_clear(&((CodePage *)p)->page, WATCH_CODE);
    }
    g_hash_table_remove_all(e->pages);
}

// Which of a block's places in lists a page uses: that of its first byte, or of the page that
// follows.
static unsigned list_of(const Block *b, const CodePage *p)
{
    return page_of(b->host) != p->host;
}

static uint64_t granules_in(const Block *b, const CodePage *p)
{
    uint64_t n = first_bytes(b), set = 0;
    if (page_of(b->host) == p->host) {
        set |= granules_of(b->host, n);
    }
    if (b->next_host && page_of(b->next_host) == p->host) {
        set |= granules_of(b->next_host, b->guest_bytes - n);
    }
    return set;
}

static Block **head_of(const Block *b, CodePage *p)
{
    return list_of(b, p) ? &p->crossing : &p->begin[granule_of(b->host)];
}

static void page_insert(VCPU *v, Block *b, const uint8_t *host, uint64_t phys)
{
    CodePage *p = code_page_make(v, host, phys);
    Block **head = head_of(b, p);
    p->granules |= granules_in(b, p);
    if (!list_of(b, p)) {
        p->span = MAX_OF(p->span, granule_of(b->host + first_bytes(b) - 1) - granule_of(b->host));
    }
    p->n_blocks++;
    b->next_in_page[list_of(b, p)] = *head;
    *head = b;
}

// The page that a block goes on in, unless that is the same one.
static bool has_second_page(const Block *b)
{
    return b->next_host && page_of(b->next_host) != page_of(b->host);
}

void block_insert_again(VCPU *v, Block *b)
{
    Block **bucket = &v->engine->hash[hash_of(b->pc, b->phys, b->flags)];
    b->next_hash = *bucket;
    *bucket = b;
    page_insert(v, b, b->host, b->phys);
    if (has_second_page(b)) {
        page_insert(v, b, b->next_host, b->next_phys);
    }
    b->valid = true;
}

void block_insert(VCPU *v, Block *b)
{
    block_insert_again(v, b);
    g_ptr_array_add(v->engine->all, b);
}

static void block_free(gpointer data)
{
    Block *b = data;
    g_free(b->side);
    g_free(b->recipes);
    g_free(b->insn_pc);
    g_free(b->bytes);
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
    memset(e->retired, 0, sizeof(e->retired));
    forget_pages(e);
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
    block_retire(e, b);
}

static void page_remove(Engine *e, const Block *b, const uint8_t *host)
{
    CodePage *p = code_page(e, host);
    Block **at = head_of(b, p);
    while (*at != b) {
        at = &(*at)->next_in_page[list_of(*at, p)];
    }
    *at = b->next_in_page[list_of(b, p)];
    if (!--p->n_blocks) {
        code_page_free(e, p);
    }
}

// The lists of blocks that may have bytes in granule g or behind it begin with list_from(p, g); the
// crossing ones come first.
static int list_from(const CodePage *p, unsigned g)
{
    return g > p->span ? (int)(g - p->span) : -1;
}

static Block **list_at(CodePage *p, int k)
{
    return k < 0 ? &p->crossing : &p->begin[k];
}

// Gives the granules of the blocks that went.
static uint64_t invalidate_in_list(Engine *e, CodePage *p, Block **at, const uint8_t *host,
                                   uint64_t len)
{
    uint64_t gone = 0;
    while (*at) {
        Block *b = *at;
        Block **next = &b->next_in_page[list_of(b, p)];
        if (!block_overlaps(b, host, len)) {
            at = next;
            continue;
        }
        *at = *next;
        p->n_blocks--;
        gone |= granules_in(b, p);
        if (has_second_page(b)) {
            page_remove(e, b, list_of(b, p) ? b->host : b->next_host);
        }
        block_invalidate(e, b);
    }
    return gone;
}

static void forget_granules(CodePage *p, uint64_t gone)
{
    unsigned first = (unsigned)__builtin_ctzll(gone), last = 63 - (unsigned)__builtin_clzll(gone);
    p->granules &= ~gone;
    for (int k = list_from(p, first); k <= (int)last; k++) {
        for (const Block *b = *list_at(p, k); b; b = b->next_in_page[list_of(b, p)]) {
            p->granules |= granules_in(b, p);
        }
    }
}

static void invalidate_in_page(Engine *e, CodePage *p, const uint8_t *host, uint64_t len)
{
    if (!(p->granules & granules_of(host, len))) {
        return;
    }
    uint64_t gone = 0;
    for (int k = list_from(p, granule_of(host)); k <= (int)granule_of(host + len - 1); k++) {
        gone |= invalidate_in_list(e, p, list_at(p, k), host, len);
    }
    if (!p->n_blocks) {
        code_page_free(e, p);
    } else if (gone) {
        forget_granules(p, gone);
    }
}

void engine_invalidate(Engine *e, const uint8_t *host, uint64_t len)
{
    while (len) {
        uint64_t n = MIN_OF(len, 0x1000 - ((uintptr_t)host & 0xfff));
        CodePage *p = code_page(e, host);
        if (p) {
            invalidate_in_page(e, p, host, n);
        }
        host += n;
        len -= n;
    }
}

void engine_code_stored(void *opaque, const MemPage *p, unsigned offset, unsigned len)
{
    engine_invalidate(opaque, p->host + offset, len);
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
