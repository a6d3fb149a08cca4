// The software MMU under a target made up here: mappings in a list, walks and faults counted.
#ifndef TESTS_UNIT_SOFTMMU_RIG_H
#define TESTS_UNIT_SOFTMMU_RIG_H

#include <criterion/criterion.h>

#include "accel/internal.h"
#include "softmmu/internal.h"
#include "tests/unit/bare_machine.h"

#define RAM_SIZE  0x800000u
#define DEVICE    UINT64_C(0x10000000)
#define KERNEL    UINT64_C(0xffff000000000000)
#define USER_MODE 1u // of a regime key; the other is 0

typedef struct Mapping {
    uint64_t va, phys;
    unsigned bits;   // log2 of the size
    const char *may; // of "rwx", in capitals if not for the unprivileged; 'g' global, 'd' device
    unsigned asid;   // unless global
} Mapping;

typedef struct Guest {
    VCPU v;
    Machine *m;
    uint8_t *ram;
    unsigned asid;
    Mapping map[64];
    unsigned n_map;
    unsigned walks, faults, bus_errors, unaligned;
    MmuFault fault;
    unsigned device_reads;
} Guest;

static inline uint64_t block_flags(VCPU *v)
{
    (void)v;
    return 0;
}

static inline uint64_t regime_key(VCPU *v, unsigned regime)
{
    const Guest *g = (const Guest *)v;
    return (uint64_t)(regime ? USER_MODE : 0) << 32 | g->asid;
}

static inline bool may(const Mapping *m, char what, unsigned regime)
{
    return strchr(m->may, what) || (!regime && strchr(m->may, what - 'a' + 'A'));
}

static inline const Mapping *find(const Guest *g, uint64_t va)
{
    for (unsigned i = 0; i < g->n_map; i++) {
        const Mapping *m = &g->map[i];
        if (m->va == (va & ~mask64(m->bits)) && (strchr(m->may, 'g') || m->asid == g->asid)) {
            return m;
        }
    }
    return NULL;
}

static inline bool walk(VCPU *v, uint64_t va, MmuAccess a, unsigned regime, MmuPage *p, MmuFault *f)
{
    Guest *g = (Guest *)v;
    g->walks++;
    const Mapping *m = find(g, va);
    if (!m || !may(m, "rwx"[a], regime)) {
        f->code = m ? 2 : 1;
        return false;
    }
    *p = (MmuPage){.phys = m->phys + (va & mask64(m->bits) & ~PAGE_OFFSET),
                   .page_bits = m->bits,
                   .r = may(m, 'r', regime),
                   .w = may(m, 'w', regime),
                   .x = may(m, 'x', regime),
                   .global = strchr(m->may, 'g'),
                   .device = strchr(m->may, 'd')};
    return true;
}

static inline void take_fault(VCPU *v, const MmuFault *f)
{
    Guest *g = (Guest *)v;
    g->faults++;
    g->fault = *f;
}

static inline void take_unaligned(VCPU *v, uint64_t va, MmuAccess a, unsigned regime)
{
    (void)va;
    (void)a;
    (void)regime;
    ((Guest *)v)->unaligned++;
}

static inline void take_bus_error(VCPU *v, uint64_t va, uint64_t phys, MmuAccess a)
{
    (void)va;
    (void)phys;
    (void)a;
    ((Guest *)v)->bus_errors++;
}

static inline bool never(VCPU *v)
{
    (void)v;
    return false;
}

static const TargetOps target = {
    .name = "test",
    .va_canonical_mask = UINT64_MAX,
    .block_flags = block_flags,
    .regime_key = regime_key,
    .walk = walk,
    .fault = take_fault,
    .unaligned = take_unaligned,
    .bus_error = take_bus_error,
    .interrupt_ready = never,
};

static inline uint64_t device_read(void *opaque, uint64_t offset, unsigned size)
{
    (void)size;
    ((Guest *)opaque)->device_reads++;
    return offset;
}

static inline void device_write(void *opaque, uint64_t offset, uint64_t value, unsigned size)
{
    (void)opaque;
    (void)offset;
    (void)value;
    (void)size;
}

// RAM from 0, each 4 KiB page of it starting with its number; nothing mapped, ASID 1.
static inline Guest *guest(void)
{
    static const MmioOps ops = {device_read, device_write, 1, 8, false};
    const EngineConfig interpreter = {.backend = NULL};
    Guest *g = g_new0(Guest, 1);
    g->m = bare_machine();
    MemRegion *ram = mem_ram("ram", RAM_SIZE);
    mem_map(address_space_root(g->m->memory), 0, ram, 0);
    mem_map(address_space_root(g->m->memory), DEVICE, mem_mmio("device", 0x1000, &ops, g), 0);
    g->ram = mem_host(ram);
    for (uint64_t i = 0; i < RAM_SIZE >> PAGE_BITS; i++) {
        memcpy(g->ram + (i << PAGE_BITS), &i, sizeof(i));
    }
    g->m->engine = engine_new(g->m, &interpreter);
    g->asid = 1;
    g->v.target = &target;
    machine_add_cpu(g->m, &g->v);
    engine_mode_changed(&g->v);
    return g;
}

// A CPU more in a guest's machine, with mappings of its own.
static inline Guest *another_cpu(const Guest *first)
{
    Guest *g = g_new0(Guest, 1);
    g->m = first->m;
    g->ram = first->ram;
    g->asid = 1;
    g->v.target = &target;
    machine_add_cpu(g->m, &g->v);
    engine_mode_changed(&g->v);
    return g;
}

static inline Mapping *map(Guest *g, uint64_t va, uint64_t phys, unsigned bits, const char *may,
                           unsigned asid)
{
    cr_assert_lt(g->n_map, ARRAY_LEN(g->map));
    g->map[g->n_map] = (Mapping){va, phys, bits, may, asid};
    return &g->map[g->n_map++];
}

static inline void use_asid(Guest *g, unsigned asid)
{
    g->asid = asid;
    engine_mode_changed(&g->v);
}

// Performs an access; false if it left by an exception or to be run alone.
static inline bool try_load(Guest *g, uint64_t va, uint32_t memop, uint64_t *value)
{
    if (setjmp(g->v.leave)) {
        return false;
    }
    *value = mmu_load(&g->v, va, memop);
    return true;
}

static inline bool try_store(Guest *g, uint64_t va, uint64_t value, uint32_t memop)
{
    if (setjmp(g->v.leave)) {
        return false;
    }
    mmu_store(&g->v, va, value, memop | IR_MEM_STORE);
    return true;
}

static inline uint64_t load(Guest *g, uint64_t va)
{
    uint64_t x = 0;
    cr_assert(try_load(g, va, 3, &x), "load of 0x%" PRIx64, va);
    return x;
}

static inline bool walks_again(Guest *g, uint64_t va)
{
    unsigned before = g->walks;
    load(g, va);
    return g->walks != before;
}

// What translated code sees.
static inline const TlbEntry *fast(const Guest *g, uint64_t va, unsigned regime)
{
    const TlbFast *f = &g->v.fast[regime];
    return (const TlbEntry *)((const uint8_t *)f->entry + ((va >> 7) & f->mask));
}

static inline bool loads_fast(const Guest *g, uint64_t va)
{
    return fast(g, va, 0)->rtag == (va & ~PAGE_OFFSET);
}

static inline bool stores_fast(const Guest *g, uint64_t va)
{
    return fast(g, va, 0)->wtag == (va & ~PAGE_OFFSET);
}

static inline Block *put_block(Guest *g, uint64_t phys, uint32_t bytes)
{
    Block *b = g_new0(Block, 1);
    *b = (Block){
        .pc = phys, .phys = phys, .host = g->ram + phys, .guest_bytes = bytes, .guest_insns = 1};
    block_insert(&g->v, b);
    return b;
}

#endif
