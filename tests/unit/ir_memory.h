// A stand-in for the software MMU: one arena of guest memory, part of which faults. A failed access
// leaves by vcpu->leave, as with the real one.
#ifndef TESTS_IR_MEMORY_H
#define TESTS_IR_MEMORY_H

#include <string.h>
#include "accel/engine.h"
#include "softmmu/softmmu.h"

#define ARENA_VA   UINT64_C(0x10000)
#define ARENA_SIZE 8192
#define ARENA_BAD  4096 // accesses from here on fault: the second page

typedef struct Arena {
    uint8_t byte[ARENA_SIZE];
    bool chk_failed;
} Arena;

// The test hangs it off vcpu->debug, which nothing else uses here.
static inline uint8_t *arena_at(VCPU *v, uint64_t va, unsigned bytes)
{
    Arena *a = v->debug;
    uint64_t off = va - ARENA_VA;
    if (off > ARENA_BAD || bytes > ARENA_BAD - off) {
        longjmp(v->leave, 1);
    }
    return a->byte + off;
}

// A first-level table for the arena's good page. The test hangs the arena off vcpu->debug first.
enum { ARENA_TLB = 2 };
static inline void arena_tlb(VCPU *v, TlbEntry table[ARENA_TLB], bool loads, bool stores)
{
    uintptr_t add = (uintptr_t)((Arena *)v->debug)->byte - ARENA_VA;
    for (unsigned k = 0; k < ARENA_TLB; k++) {
        table[k] = (TlbEntry){.rtag = UINT64_MAX, .radd = add, .wtag = UINT64_MAX, .wadd = add};
    }
    TlbEntry *good = &table[ARENA_VA >> 12 & (ARENA_TLB - 1)];
    good->rtag = loads ? ARENA_VA : UINT64_MAX;
    good->wtag = stores ? ARENA_VA : UINT64_MAX;
    v->fast[0] = v->fast[1] = (TlbFast){.entry = table, .mask = (ARENA_TLB - 1) << 5};
}

uint64_t mmu_load(VCPU *v, uint64_t va, uint32_t memop)
{
    unsigned bytes = 1u << (memop & IR_MEM_SIZE);
    uint64_t x = 0;
    memcpy(&x, arena_at(v, va, bytes), bytes);
    return memop & IR_MEM_SIGN ? (uint64_t)sextract64(x, 0, 8 * bytes) : x;
}

void mmu_store(VCPU *v, uint64_t va, uint64_t value, uint32_t memop)
{
    unsigned bytes = 1u << (memop & IR_MEM_SIZE);
    memcpy(arena_at(v, va, bytes), &value, bytes);
}

void mmu_load128(VCPU *v, uint64_t va, V128 *out, uint32_t memop)
{
    (void)memop;
    memcpy(out, arena_at(v, va, 16), 16);
}

void mmu_store128(VCPU *v, uint64_t va, const V128 *value, uint32_t memop)
{
    (void)memop;
    memcpy(arena_at(v, va, 16), value, 16);
}

// Enough for one op to be told from another.
uint64_t mmu_rmw(VCPU *v, uint64_t va, uint64_t value, uint32_t memop, IRRmwKind kind)
{
    uint64_t old = mmu_load(v, va, memop & ~IR_MEM_SIGN);
    mmu_store(v, va, old + value * (kind + 1), memop);
    return old;
}

uint64_t mmu_cas(VCPU *v, uint64_t va, uint64_t expected, uint64_t value, uint32_t memop)
{
    uint64_t old = mmu_load(v, va, memop & ~IR_MEM_SIGN);
    if (old == (expected & mask64(8u << (memop & IR_MEM_SIZE)))) {
        mmu_store(v, va, value, memop);
    }
    return old;
}

void engine_run_alone(VCPU *v)
{
    longjmp(v->leave, 1);
}

uintptr_t mmu_chk(VCPU *v, uint64_t va, uint32_t span, uint32_t memop)
{
    (void)memop;
    ((Arena *)v->debug)->chk_failed = true; // stays if the next line leaves
    uintptr_t host = (uintptr_t)arena_at(v, va, span);
    ((Arena *)v->debug)->chk_failed = false;
    return host - va;
}

#endif
