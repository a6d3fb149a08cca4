// The identity of "where code is fetched from": a generation for each half of the address space.
// Links between blocks hold only under the generation in which they were made; TLB maintenance
// changes it only if it hits a page that code was looked up through.
//
//   high half                     one generation for all ASIDs, as long as all code there is in
//                                 global pages; else each ASID's own
//   low half, by regime mode      the same: a 32-bit kernel's pages are global, its programs' not
//
// That all code is global is found out anew after everything has been dropped: systems start with
// tables that have no global pages.
#include "softmmu/internal.h"

#define MAX_FETCHED 65536
#define ANY_ASID    0x10000 // global pages of the low half are filed under this one, too

static gint64 fetch_id(uint64_t va, uint32_t asid)
{
    return (gint64)((va & ~PAGE_OFFSET) ^ (uint64_t)asid << 1 ^ (uint64_t)(asid >> 11) << 58);
}

static uint32_t *fetched_at(SoftMmu *m, uint64_t va)
{
    return &m->fetched_at[va / PAGE_SIZE_ % FETCHED_BUCKETS];
}

static bool forget_fetch(SoftMmu *m, uint64_t va, uint32_t asid)
{
    gint64 id = fetch_id(va, asid);
    bool found = g_hash_table_remove(m->fetched, &id);
    *fetched_at(m, va) -= found;
    return found;
}

// The ASID that a page's code mapping is filed under: global pages of the high half have none.
static uint32_t filed_asid(const SoftMmu *m, uint64_t va, uint32_t asid)
{
    return va >> 63 && !m->high_per_asid ? 0 : asid;
}

// Blocks and their links are all CPUs': no two CPUs may call their mappings by one number.
static uint32_t new_generation(SoftMmu *m)
{
    m->next_code_generation += MACHINE_MAX_CPUS;
    return m->next_code_generation + m->v->index;
}

void mapping_init(SoftMmu *m)
{
    m->high_generation = new_generation(m);
    m->low_generation = new_generation(m);
}

static void renew_asid(SoftMmu *m, uint32_t asid)
{
    if (!m->code_generation[asid]) {
        m->live_asids[m->n_live++] = asid;
    }
    m->code_generation[asid] = new_generation(m);
}

static uint32_t mode_bit(uint64_t key)
{
    return UINT32_C(1) << (key_mode(key) & 31);
}

void mapping_select(SoftMmu *m, uint64_t key)
{
    uint32_t asid = key_asid(key);
    if (!m->code_generation[asid]) {
        renew_asid(m, asid);
    }
    bool own = m->low_per_asid & mode_bit(key);
    m->v->map_gen[0] = own ? m->code_generation[asid] : m->low_generation;
    m->v->map_gen[1] = m->high_per_asid ? m->code_generation[asid] : m->high_generation;
}

static uint64_t current_key(const SoftMmu *m)
{
    return m->current[0] ? m->current[0]->key : 0;
}

static uint32_t current_asid(const SoftMmu *m)
{
    return key_asid(current_key(m));
}

static void apply(SoftMmu *m)
{
    mapping_select(m, current_key(m));
    engine_mode_changed(m->v);
}

static void file_fetch(SoftMmu *m, uint64_t va, uint32_t asid)
{
    gint64 id = fetch_id(va, asid);
    if (!g_hash_table_contains(m->fetched, &id)) {
        g_hash_table_add(m->fetched, g_memdup2(&id, sizeof(id)));
        ++*fetched_at(m, va);
    }
}

// Code in a page that only this ASID has: its half has to be each ASID's own from now on.
static void note_local(SoftMmu *m, uint64_t va)
{
    uint32_t mode = mode_bit(current_key(m));
    if (va >> 63 && !m->high_per_asid) {
        mapping_all_dropped(m);
        m->high_per_asid = true;
        apply(m);
    } else if (!(va >> 63) && !(m->low_per_asid & mode)) {
        m->low_per_asid |= mode;
        apply(m);
    }
}

void mapping_note_fetch(SoftMmu *m, uint64_t va, bool global)
{
    if (g_hash_table_size(m->fetched) >= MAX_FETCHED) {
        mapping_all_dropped(m);
    }
    if (!global) {
        note_local(m, va);
    } else if (!(va >> 63)) {
        file_fetch(m, va, ANY_ASID);
        if (!(m->low_per_asid & mode_bit(current_key(m)))) {
            return;
        }
    }
    file_fetch(m, va, filed_asid(m, va, current_asid(m)));
}

static void bump(SoftMmu *m, uint64_t va, uint32_t asid)
{
    if (va >> 63 && !m->high_per_asid) {
        m->high_generation = new_generation(m);
    } else {
        renew_asid(m, asid);
    }
}

void mapping_page_dropped(SoftMmu *m, uint64_t va, uint32_t asid)
{
    if (!*fetched_at(m, va)) {
        return;
    }
    if (!(va >> 63) && forget_fetch(m, va, ANY_ASID)) {
        mapping_all_dropped(m);
        return;
    }
    if (asid == MMU_ALL_ASIDS && !(va >> 63 && !m->high_per_asid)) {
        gint64 id = fetch_id(va, current_asid(m));
        if (g_hash_table_contains(m->fetched, &id)) {
            mapping_all_dropped(m);
            return;
        }
        for (uint32_t i = 0; i < m->n_live; i++) {
            if (forget_fetch(m, va, m->live_asids[i])) {
                bump(m, va, m->live_asids[i]);
            }
        }
        apply(m);
        return;
    }
    if (forget_fetch(m, va, filed_asid(m, va, asid))) {
        bump(m, va, asid == MMU_ALL_ASIDS ? 0 : asid);
        apply(m);
    }
}

void mapping_range_dropped(SoftMmu *m, uint64_t lo, uint64_t hi)
{
    uint64_t pages = MIN_OF((hi - lo) / PAGE_SIZE_ + 1, (uint64_t)FETCHED_BUCKETS);
    for (uint64_t i = 0; i < pages; i++) {
        if (*fetched_at(m, lo + i * PAGE_SIZE_)) {
            mapping_all_dropped(m);
            return;
        }
    }
}

void mapping_asid_dropped(SoftMmu *m, uint32_t asid)
{
    renew_asid(m, asid);
    if (asid == current_asid(m)) {
        apply(m);
    }
}

void mapping_all_dropped(SoftMmu *m)
{
    memset(m->code_generation, 0, 65536 * sizeof(m->code_generation[0]));
    m->n_live = 0;
    m->high_generation = new_generation(m);
    m->low_generation = new_generation(m);
    m->high_per_asid = false;
    m->low_per_asid = 0;
    g_hash_table_remove_all(m->fetched);
    memset(m->fetched_at, 0, sizeof m->fetched_at);
    apply(m);
}
