// Translations larger than 4 KiB. Tables hold 4 KiB pieces of them, while maintenance of one
// address in a large page is of the whole page: so it is remembered which large pages there are.
//
//   walk says 2 MiB --> large_note        maintenance at va --> large_drop: is va in one of them?
//                                          of each size in use: one look in the hash table
#include "softmmu/internal.h"

static gint64 large_id(uint64_t va, unsigned page_bits)
{
    return (gint64)((va & ~mask64(page_bits)) | page_bits);
}

void large_note(SoftMmu *m, uint64_t va, unsigned page_bits)
{
    gint64 id = large_id(va, page_bits);
    if (m->large_lost || g_hash_table_contains(m->large, &id)) {
        return;
    }
    if (g_hash_table_size(m->large) >= MAX_LARGE) {
        m->large_lost = true;
        return;
    }
    m->large_sizes |= BIT(page_bits);
    g_hash_table_add(m->large, g_memdup2(&id, sizeof(id)));
}

void large_forget(SoftMmu *m)
{
    g_hash_table_remove_all(m->large);
    m->large_sizes = 0;
    m->large_lost = false;
}

static void drop_pieces(SoftMmu *m, uint64_t lo, uint64_t hi)
{
    for (unsigned i = 0; i < N_TABLES; i++) {
        if (m->table[i].used) {
            table_drop_range(&m->table[i], lo, hi);
        }
    }
    l2_drop_range(m, lo, hi);
    mapping_range_dropped(m, lo, hi);
}

void large_drop(SoftMmu *m, uint64_t va)
{
    if (m->large_lost) {
        mmu_flush_all(m->v);
        return;
    }
    for (uint64_t sizes = m->large_sizes; sizes; sizes &= sizes - 1) {
        unsigned page_bits = (unsigned)__builtin_ctzll(sizes);
        gint64 id = large_id(va, page_bits);
        if (g_hash_table_remove(m->large, &id)) {
            uint64_t lo = va & ~mask64(page_bits);
            drop_pieces(m, lo, lo | mask64(page_bits));
        }
    }
}
