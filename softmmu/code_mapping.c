// The identity of "where code is fetched from": a generation for each ASID's low half and one for
// the high half. Links between blocks hold only under the generation in which they were made; TLB
// maintenance changes it only if it hits a page that code was looked up through.
#include "softmmu/internal.h"

#define MAX_FETCHED 65536

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

static uint32_t new_generation(SoftMmu *m)
{
    return ++m->next_code_generation;
}

static void renew_asid(SoftMmu *m, uint32_t asid)
{
    if (!m->code_generation[asid]) {
        m->live_asids[m->n_live++] = asid;
    }
    m->code_generation[asid] = new_generation(m);
}

void mapping_select(SoftMmu *m, uint32_t asid)
{
    if (!m->code_generation[asid]) {
        renew_asid(m, asid);
    }
    m->v->map_gen[0] = m->code_generation[asid];
    m->v->map_gen[1] = m->high_per_asid ? m->code_generation[asid] : m->high_generation;
}

static uint32_t current_asid(const SoftMmu *m)
{
    return m->current[0] ? key_asid(m->current[0]->key) : 0;
}

static void apply(SoftMmu *m)
{
    mapping_select(m, current_asid(m));
    engine_mode_changed(m->v);
}

void mapping_note_fetch(SoftMmu *m, uint64_t va, bool global)
{
    if (va >> 63 && !global && !m->high_per_asid) {
        m->high_per_asid = true;
        mapping_all_dropped(m);
    }
    uint32_t asid = filed_asid(m, va, current_asid(m));
    gint64 id = fetch_id(va, asid);
    if (!g_hash_table_contains(m->fetched, &id)) {
        if (g_hash_table_size(m->fetched) >= MAX_FETCHED) {
            mapping_all_dropped(m);
        }
        g_hash_table_add(m->fetched, g_memdup2(&id, sizeof(id)));
        ++*fetched_at(m, va);
    }
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
    // Global pages of the low half (firmware, identity maps) are filed under the ASID that fetched
    // them; a drop in all ASIDs has to assume that any may have.
    if (asid == MMU_ALL_ASIDS && !(va >> 63 && !m->high_per_asid)) {
        gint64 id = fetch_id(va, current_asid(m));
        if (!*fetched_at(m, va)) {
            return;
        }
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
    g_hash_table_remove_all(m->fetched);
    memset(m->fetched_at, 0, sizeof m->fetched_at);
    apply(m);
}
