// First-level tables: direct-mapped, one per regime key, switched when the key changes.
#include "softmmu/internal.h"
#include "accel/debug.h"
#include "accel/debug_internal.h"

static unsigned local_room(const FastTable *t)
{
    return 1u << (t->bits - 1);
}

static void table_allocate(FastTable *t, unsigned bits)
{
    g_free(t->entry);
    g_free(t->info);
    g_free(t->local);
    t->bits = bits;
    t->local = g_new(uint16_t, local_room(t));
    t->entry = g_new(TlbEntry, 1u << bits);
    t->info = g_new(PageInfo, 1u << bits);
    table_clear(t);
}

void table_clear(FastTable *t)
{
    unsigned n = 1u << t->bits;
    memset(t->entry, 0xff, n * sizeof(TlbEntry));
    for (unsigned i = 0; i < n; i++) {
        t->info[i].va = INVALID_TAG;
    }
    t->evictions = 0;
    t->n_local = 0;
}

static void entry_invalidate(FastTable *t, unsigned i)
{
    t->entry[i] = (TlbEntry){INVALID_TAG, 0, INVALID_TAG, 0};
    t->info[i].va = INVALID_TAG;
}

void table_drop_page(FastTable *t, uint64_t va)
{
    unsigned i = table_index(t, va);
    if (t->info[i].va == va) {
        entry_invalidate(t, i);
    }
}

void table_drop_range(FastTable *t, uint64_t lo, uint64_t hi)
{
    for (unsigned i = 0; i < 1u << t->bits; i++) {
        if (t->info[i].va >= lo && t->info[i].va <= hi) {
            entry_invalidate(t, i);
        }
    }
}

static void drop_local(FastTable *t, unsigned i)
{
    if (t->info[i].va != INVALID_TAG && !t->info[i].global) {
        entry_invalidate(t, i);
    }
}

void table_drop_local(FastTable *t)
{
    bool listed = t->n_local <= local_room(t);
    unsigned n = listed ? t->n_local : 1u << t->bits;
    for (unsigned i = 0; i < n; i++) {
        drop_local(t, listed ? t->local[i] : i);
    }
    t->n_local = 0;
}

static void note_local(FastTable *t, unsigned i)
{
    if (t->n_local < local_room(t)) {
        t->local[t->n_local++] = (uint16_t)i;
    } else {
        t->n_local = local_room(t) + 1;
    }
}

static void publish(SoftMmu *m, unsigned regime)
{
    FastTable *t = m->current[regime];
    m->v->fast[regime] = (TlbFast){t->entry, ((UINT64_C(1) << t->bits) - 1) << 5};
}

static FastTable *table_find_slowly(SoftMmu *m, uint64_t key)
{
    FastTable *victim = &m->table[0];
    for (unsigned i = 0; i < N_TABLES; i++) {
        FastTable *t = &m->table[i];
        if (t->used && t->key == key) {
            return t;
        }
        bool idle = t != m->current[0] && t != m->current[1];
        bool victim_idle = victim != m->current[0] && victim != m->current[1];
        if (idle &&
            (!victim_idle || (victim->used && (!t->used || t->last_use < victim->last_use)))) {
            victim = t;
        }
    }
    if (!victim->entry) {
        table_allocate(victim, TABLE_MIN_BITS);
    } else {
        table_clear(victim);
    }
    victim->used = true;
    victim->key = key;
    return victim;
}

static FastTable *table_find(SoftMmu *m, uint64_t key)
{
    FastTable **t = &m->lately[(key_mode(key) + key_asid(key)) % ARRAY_LEN(m->lately)];
    if (!*t || !(*t)->used || (*t)->key != key) {
        *t = table_find_slowly(m, key);
    }
    return *t;
}

void table_select(SoftMmu *m, unsigned regime, uint64_t key)
{
    FastTable *t = m->current[regime];
    if (!t || !t->used || t->key != key) {
        t = table_find(m, key);
        m->current[regime] = t;
    }
    t->last_use = ++m->use_count;
    publish(m, regime);
}

// Sets the fast tags of a filled entry: what may bypass the slow path.
void table_set_fast(SoftMmu *m, FastTable *t, unsigned i)
{
    const PageInfo *p = &t->info[i];
    uintptr_t addend = (uintptr_t)p->host - (uintptr_t)p->va;
    bool fast = p->host && !p->device && !debug_page_watched(m->v, p->va);
    bool store = fast && p->r && p->w && p->writable && !*p->watch;
    t->entry[i] = (TlbEntry){
        .rtag = fast && p->r ? p->va : INVALID_TAG,
        .radd = addend,
        .wtag = store ? p->va : INVALID_TAG,
        .wadd = addend,
    };
}

// A table that keeps evicting its own pages doubles.
static FastTable *table_grow_if_crowded(SoftMmu *m, FastTable *t)
{
    if (t->evictions < (4u << t->bits) || t->bits == TABLE_MAX_BITS) {
        return t;
    }
    table_allocate(t, t->bits + 1);
    for (unsigned r = 0; r < 2; r++) {
        if (m->current[r]) {
            publish(m, r);
        }
    }
    return t;
}

PageInfo *table_insert(SoftMmu *m, unsigned regime, uint64_t va, const MmuPage *p)
{
    FastTable *t = table_grow_if_crowded(m, m->current[regime]);
    unsigned i = table_index(t, va);
    PageInfo *info = &t->info[i];
    if (info->va != INVALID_TAG && info->va != va) {
        t->evictions++;
    }
    MemPage mem = address_space_page(mmu_memory(m->v), p->phys);
    *info = (PageInfo){.va = va,
                       .phys = p->phys,
                       .host = mem.host,
                       .watch = mem.watch,
                       .r = p->r,
                       .w = p->w,
                       .x = p->x,
                       .writable = mem.writable,
                       .global = p->global,
                       .device = p->device};
    if (p->page_bits > PAGE_BITS) {
        large_note(m, va, p->page_bits);
    }
    if (!p->global) {
        note_local(t, i);
    }
    table_set_fast(m, t, i);
    return info;
}
