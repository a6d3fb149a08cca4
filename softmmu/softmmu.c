// Life and maintenance of the software MMU; softmmu.h has the picture.
#include "softmmu/internal.h"

SoftMmu *softmmu_new(VCPU *v)
{
    SoftMmu *m = g_new0(SoftMmu, 1);
    m->v = v;
    m->l2 = g_malloc0(sizeof(m->l2[0]) << L2_SET_BITS);
    m->l2_next = g_malloc0(1u << L2_SET_BITS);
    m->asid_generation = g_new0(uint32_t, 65536);
    m->code_generation = g_new0(uint32_t, 65536);
    m->live_asids = g_new(uint16_t, 65536);
    mapping_init(m);
    m->large = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
    m->fetched = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
    return m;
}

void softmmu_free(SoftMmu *m)
{
    for (unsigned i = 0; i < N_TABLES; i++) {
        g_free(m->table[i].entry);
        g_free(m->table[i].info);
        g_free(m->table[i].local);
    }
    g_free(m->l2);
    g_free(m->l2_next);
    g_free(m->asid_generation);
    g_free(m->code_generation);
    g_free(m->live_asids);
    g_hash_table_destroy(m->large);
    g_hash_table_destroy(m->fetched);
    g_free(m);
}

void mmu_select_regimes(VCPU *v)
{
    SoftMmu *m = v->mmu;
    uint64_t key = v->target->regime_key(v, 0);
    table_select(m, 0, key);
    table_select(m, 1, v->target->regime_key(v, 1));
    mapping_select(m, key);
}

void mmu_flush_all(VCPU *v)
{
    SoftMmu *m = v->mmu;
    m->l2_generation++;
    large_forget(m);
    for (unsigned i = 0; i < N_TABLES; i++) {
        FastTable *t = &m->table[i];
        if (t == m->current[0] || t == m->current[1]) {
            table_clear(t);
        } else {
            t->used = false;
        }
    }
    mapping_all_dropped(m);
}

void mmu_forget(VCPU *v)
{
    SoftMmu *m = v->mmu;
    for (unsigned i = 0; i < N_TABLES; i++) {
        FastTable *t = &m->table[i];
        g_free(t->entry);
        g_free(t->info);
        g_free(t->local);
        *t = (FastTable){0};
    }
    memset(m->current, 0, sizeof m->current);
    memset(m->lately, 0, sizeof m->lately);
    memset(m->l2, 0, sizeof(m->l2[0]) << L2_SET_BITS);
    memset(m->l2_next, 0, 1u << L2_SET_BITS);
    m->use_count = 0;
    large_forget(m);
    mapping_all_dropped(m);
    engine_mode_changed(v); // selects tables
}

void mmu_regime_changed(VCPU *v)
{
    mmu_flush_all(v);
    engine_mode_changed(v);
}

void mmu_flush_asid(VCPU *v, uint32_t asid)
{
    SoftMmu *m = v->mmu;
    m->asid_generation[asid & 0xffff]++;
    for (unsigned i = 0; i < N_TABLES; i++) {
        FastTable *t = &m->table[i];
        if (t->used && key_asid(t->key) == (asid & 0xffff)) {
            table_drop_local(t);
        }
    }
    mapping_asid_dropped(m, asid & 0xffff);
}

static void flush_page(SoftMmu *m, uint64_t va, uint32_t asid)
{
    for (unsigned i = 0; i < N_TABLES; i++) {
        FastTable *t = &m->table[i];
        if (!t->used) {
            continue;
        }
        const PageInfo *p = &t->info[table_index(t, va)];
        if (p->va == va && (asid == MMU_ALL_ASIDS || p->global || key_asid(t->key) == asid)) {
            table_drop_page(t, va);
        }
    }
    l2_drop_page(m, va, asid);
    mapping_page_dropped(m, va, asid);
}

void mmu_flush_range(VCPU *v, uint64_t va, uint64_t len, uint32_t asid)
{
    SoftMmu *m = v->mmu;
    uint64_t lo = va & ~PAGE_OFFSET, hi = va + len - 1;
    if ((hi - lo) >> PAGE_BITS > 512) {
        mmu_flush_all(v);
        return;
    }
    for (uint64_t n = (hi - lo) >> PAGE_BITS, i = 0; i <= n; i++) {
        uint64_t page = lo + (i << PAGE_BITS);
        large_drop(m, page);
        flush_page(m, page, asid == MMU_ALL_ASIDS ? asid : asid & 0xffff);
    }
}

void mmu_protect(VCPU *v, const uint8_t *host, uint64_t len)
{
    SoftMmu *m = v->mmu;
    for (unsigned i = 0; i < N_TABLES; i++) {
        FastTable *t = &m->table[i];
        for (unsigned j = 0; t->used && j < 1u << t->bits; j++) {
            TlbEntry *e = &t->entry[j];
            if (e->wtag + e->wadd - (uintptr_t)host < len && e->wtag != INVALID_TAG) {
                e->wtag = INVALID_TAG;
            }
        }
    }
}

void mmu_drop_fast(VCPU *v, uint64_t va)
{
    for (unsigned i = 0; i < N_TABLES; i++) {
        if (v->mmu->table[i].used) {
            table_drop_page(&v->mmu->table[i], va & ~PAGE_OFFSET);
        }
    }
}

bool mmu_debug_access(VCPU *v, uint64_t va, void *buf, size_t len, bool write)
{
    uint8_t *p = buf;
    while (len) {
        size_t n = MIN_OF(len, PAGE_SIZE_ - (va & PAGE_OFFSET));
        uint64_t phys = v->target->virt_to_phys_debug(v, va);
        if (phys == UINT64_MAX) {
            return false;
        }
        AddressSpace *as = mmu_memory(v);
        if (!address_space_page(as, phys & ~PAGE_OFFSET).host ||
            (write ? mem_write(as, phys, p, n) : mem_read(as, phys, p, n)) != MEM_OK) {
            return false;
        }
        va += n;
        p += n;
        len -= n;
    }
    return true;
}
