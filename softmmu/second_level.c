// The second level: set-associative, tagged with regime and ASID, invalidated by generations. It
// warms a new first-level table without page walks.
#include "softmmu/internal.h"

static SecondLevelEntry *set_of(SoftMmu *m, uint64_t va)
{
    uint64_t n = va >> PAGE_BITS;
    return m->l2[(n ^ n >> L2_SET_BITS) & ((1u << L2_SET_BITS) - 1)];
}

static bool entry_live(const SoftMmu *m, const SecondLevelEntry *e)
{
    return e->valid && e->generation == m->l2_generation &&
           (e->global || e->asid_generation == m->asid_generation[e->asid]);
}

bool l2_lookup(SoftMmu *m, uint64_t key, uint64_t va, MmuPage *p)
{
    SecondLevelEntry *set = set_of(m, va);
    for (unsigned i = 0; i < L2_WAYS; i++) {
        const SecondLevelEntry *e = &set[i];
        if (e->va == va && e->mode == key_mode(key) && (e->global || e->asid == key_asid(key)) &&
            entry_live(m, e)) {
            *p = (MmuPage){.phys = e->phys,
                           .page_bits = PAGE_BITS,
                           .r = e->r,
                           .w = e->w,
                           .x = e->x,
                           .global = e->global,
                           .device = e->device};
            return true;
        }
    }
    return false;
}

void l2_insert(SoftMmu *m, uint64_t key, uint64_t va, const MmuPage *p)
{
    SecondLevelEntry *set = set_of(m, va), *slot = NULL;
    for (unsigned i = 0; i < L2_WAYS; i++) {
        SecondLevelEntry *e = &set[i];
        bool same = e->va == va && e->mode == key_mode(key) &&
                    (e->asid == key_asid(key) || (e->global && p->global));
        if (same) {
            slot = e;
            break;
        }
        if (!slot && !entry_live(m, e)) {
            slot = e;
        }
    }
    if (!slot) {
        slot = &set[m->l2_next[(set - m->l2[0]) / L2_WAYS]++ % L2_WAYS];
    }
    *slot = (SecondLevelEntry){.va = va,
                               .phys = p->phys,
                               .mode = key_mode(key),
                               .asid = key_asid(key),
                               .generation = m->l2_generation,
                               .asid_generation = m->asid_generation[key_asid(key)],
                               .r = p->r,
                               .w = p->w,
                               .x = p->x,
                               .global = p->global,
                               .device = p->device,
                               .valid = true};
}

void l2_drop_page(SoftMmu *m, uint64_t va, uint32_t asid)
{
    SecondLevelEntry *set = set_of(m, va);
    for (unsigned i = 0; i < L2_WAYS; i++) {
        if (set[i].va == va && (asid == MMU_ALL_ASIDS || set[i].global || set[i].asid == asid)) {
            set[i].valid = false;
        }
    }
}

void l2_drop_range(SoftMmu *m, uint64_t lo, uint64_t hi)
{
    for (unsigned i = 0; i < L2_WAYS << L2_SET_BITS; i++) {
        SecondLevelEntry *e = &m->l2[i / L2_WAYS][i % L2_WAYS];
        e->valid &= e->va < lo || e->va > hi;
    }
}
