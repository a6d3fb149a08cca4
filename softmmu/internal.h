// Data structures shared by the files of the software MMU.
#ifndef SOFTMMU_INTERNAL_H
#define SOFTMMU_INTERNAL_H

#include <glib.h>
#include <inttypes.h>
#include <string.h>
#include "accel/engine.h"
#include "hw/core/machine.h"
#include "softmmu/page_watch.h"
#include "softmmu/softmmu.h"
#include "util/log.h"

#define PAGE_BITS      12
#define PAGE_SIZE_     (UINT64_C(1) << PAGE_BITS)
#define PAGE_OFFSET    (PAGE_SIZE_ - 1)
#define N_TABLES       16
#define TABLE_MIN_BITS 9
#define TABLE_MAX_BITS 13
#define L2_SET_BITS    11
#define L2_WAYS        4
#define MAX_LARGE      4096
#define INVALID_TAG    UINT64_MAX // never equals a page address

// What the fast entry of the same index stands for.
typedef struct PageInfo {
    uint64_t va; // page address, or INVALID_TAG
    uint64_t phys;
    uint8_t *host;  // NULL: device or nothing
    uint8_t *watch; // who watches the page (page_watch.h); NULL if host is
    bool r, w, x;
    bool writable; // RAM rather than ROM
    bool global, device;
} PageInfo;

// A first-level table: the pages of one regime key.
typedef struct FastTable {
    uint64_t key;
    bool used;
    unsigned bits; // log2 of the entries
    TlbEntry *entry;
    PageInfo *info;
    uint16_t *local;    // entries filled with non-global pages since they were all dropped:
    unsigned n_local;   // for maintenance by ASID; more than half of all: look at each one
    uint64_t last_use;  // SoftMmu.use_count when last selected
    uint32_t evictions; // since the last resize
} FastTable;

typedef struct SecondLevelEntry {
    uint64_t va;
    uint64_t phys;
    uint32_t mode, asid; // of the regime key
    uint32_t generation; // of the whole level, and of the ASID:
    uint32_t asid_generation;
    bool r, w, x, global, device, valid;
} SecondLevelEntry;

#define FETCHED_BUCKETS 4096

struct SoftMmu {
    VCPU *v;
    FastTable table[N_TABLES];
    FastTable *current[2];
    FastTable *lately[8]; // found by their key's low bits, if still theirs
    uint64_t use_count;
    SecondLevelEntry (*l2)[L2_WAYS];
    uint8_t *l2_next; // round-robin victim of each set
    uint32_t l2_generation;
    uint32_t *asid_generation;     // 65536
    uint32_t *code_generation;     // code mapping of each ASID's low half, 65536
    uint32_t next_code_generation; // in steps of MACHINE_MAX_CPUS
    uint16_t *live_asids;          // those whose code_generation is not 0, n_live of them
    uint32_t n_live;
    uint32_t fetched_at[FETCHED_BUCKETS]; // elements of fetched, by their page's low bits
    uint32_t high_generation;
    uint32_t low_generation;
    bool high_per_asid;    // non-global code was fetched in the high half
    uint32_t low_per_asid; // bit n: in the low half, in regime mode n (modulo 32)
    GHashTable *fetched;   // pages (and ASIDs) that blocks were looked up through
    GHashTable *large;     // large pages that tables may hold pieces of (large.c)
    uint64_t large_sizes;  // bit n: some of 2^n bytes
    bool large_lost;       // too many to be told one by one
};

static inline uint32_t key_asid(uint64_t key)
{
    return (uint32_t)key & 0xffff;
}
static inline uint32_t key_mode(uint64_t key)
{
    return (uint32_t)(key >> 32);
}
static inline unsigned table_index(const FastTable *t, uint64_t va)
{
    return (unsigned)(va >> PAGE_BITS) & ((1u << t->bits) - 1);
}

// table.c: first level
void table_select(SoftMmu *m, unsigned regime, uint64_t key);
void table_clear(FastTable *t);
void table_drop_page(FastTable *t, uint64_t va);
void table_drop_range(FastTable *t, uint64_t lo, uint64_t hi); // inclusive
void table_drop_local(FastTable *t);                           // all but global pages
void table_set_fast(SoftMmu *m, FastTable *t, unsigned index);
PageInfo *table_insert(SoftMmu *m, unsigned regime, uint64_t va, const MmuPage *p);

// second_level.c
bool l2_lookup(SoftMmu *m, uint64_t key, uint64_t va, MmuPage *p);
void l2_insert(SoftMmu *m, uint64_t key, uint64_t va, const MmuPage *p);
void l2_drop_page(SoftMmu *m, uint64_t va, uint32_t asid);
void l2_drop_range(SoftMmu *m, uint64_t lo, uint64_t hi);

// large.c
void large_note(SoftMmu *m, uint64_t va, unsigned page_bits);
// If va may lie in a large page, drops all pieces of that.
void large_drop(SoftMmu *m, uint64_t va);
void large_forget(SoftMmu *m); // there are none any more

// access.c: the page, filled if need be; leaves by a guest exception if it may not be accessed
PageInfo *mmu_lookup(VCPU *v, uint64_t va, MmuAccess access, unsigned regime);

// code_mapping.c
void mapping_init(SoftMmu *m);
void mapping_note_fetch(SoftMmu *m, uint64_t va, bool global);
void mapping_page_dropped(SoftMmu *m, uint64_t va, uint32_t asid);
void mapping_range_dropped(SoftMmu *m, uint64_t lo, uint64_t hi); // inclusive, in all ASIDs
void mapping_asid_dropped(SoftMmu *m, uint32_t asid);
void mapping_all_dropped(SoftMmu *m);
void mapping_select(SoftMmu *m, uint64_t key);

static inline AddressSpace *mmu_memory(const VCPU *v)
{
    return v->memory ? v->memory : v->machine->memory;
}

#endif
