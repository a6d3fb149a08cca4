// The interpreter's memory ops.
#include <string.h>
#include "softmmu/softmmu.h"
#include "tcg-like/interp_ops.h"

// The address's entry of the first-level table, as translated code finds it.
static const TlbEntry *entry_of(const TlbFast *t, uint64_t va)
{
    return (const TlbEntry *)(const void *)((const char *)t->entry + (va >> 7 & t->mask));
}

INTERP(page)
{
    uint64_t va = ARG(0) + i->imm, page = (va + i->aux2 - 1) & ~UINT64_C(0xfff);
    const TlbEntry *e = entry_of(&v->fast[!!(i->aux & IR_MEM_UNPRIV)], va);
    bool store = i->aux & IR_MEM_STORE;
    r->u64[0] = (store ? e->wtag : e->rtag) != page ? 0 : store ? e->wadd : e->radd;
    NEXT;
}

static uint64_t memo(const IRInsn *i, const V128 *val, unsigned k)
{
    return i->arg[k] == IR_NONE ? 0 : val[i->arg[k]].u64[0];
}

// Without a check: addend is host address - guest address.
static void load_host(const IRInsn *i, V128 *r, uint64_t va, uint64_t addend)
{
    unsigned bytes = 1u << (i->aux & IR_MEM_SIZE);
    *r = (V128){.u64 = {0}};
    memcpy(r, (const void *)(uintptr_t)(va + addend), bytes);
    if (i->aux & IR_MEM_SIGN && bytes <= 8) {
        uint64_t x = (uint64_t)sextract64(r->u64[0], 0, 8 * bytes);
        r->u64[0] = IS64 ? x : (uint32_t)x;
    }
}

static void store_host(const IRInsn *i, const V128 *value, uint64_t va, uint64_t addend)
{
    memcpy((void *)(uintptr_t)(va + addend), value, (size_t)1 << (i->aux & IR_MEM_SIZE));
}

INTERP(ld)
{
    uint64_t va = ARG(0) + i->imm, addend = memo(i, val, 1);
    if (addend) {
        load_host(i, r, va, addend);
    } else if ((i->aux & IR_MEM_SIZE) == 4) {
        mmu_load128(v, va, r, i->aux);
    } else if (i->type == IR_V128) {
        *r = (V128){.u64 = {mmu_load(v, va, i->aux)}};
    } else {
        uint64_t x = mmu_load(v, va, i->aux);
        r->u64[0] = IS64 ? x : (uint32_t)x;
    }
    NEXT;
}

INTERP(st)
{
    uint64_t va = ARG(0) + i->imm, addend = memo(i, val, 2);
    if (addend) {
        store_host(i, &val[i->arg[1]], va, addend);
    } else if ((i->aux & IR_MEM_SIZE) == 4) {
        mmu_store128(v, va, &val[i->arg[1]], i->aux);
    } else {
        mmu_store(v, va, ARG(1), i->aux);
    }
    NEXT;
}

INTERP(rmw)
{
    r->u64[0] = mmu_rmw(v, ARG(0) + i->imm, ARG(1), i->aux, (IRRmwKind)i->aux2);
    NEXT;
}

INTERP(cas)
{
    r->u64[0] = mmu_cas(v, ARG(0) + i->imm, ARG(1), ARG(2), i->aux);
    NEXT;
}

INTERP(casif)
{
    uint64_t expected = ARG(1) & mask64(8u << (i->aux & IR_MEM_SIZE));
    r->u64[0] = !ARG(3) || mmu_cas(v, ARG(0) + i->imm, expected, ARG(2), i->aux) != expected;
    NEXT;
}

INTERP(fence)
{
    NEXT;
}

// --- after a chk, accesses are the host's own
INTERP(chk)
{
    uint64_t addend = memo(i, val, 1);
    r->u64[0] = addend ? addend : mmu_chk(v, ARG(0) + i->imm, i->aux2, i->aux);
    NEXT;
}

INTERP(ldh)
{
    load_host(i, r, ARG(0) + i->imm, ARG(1));
    NEXT;
}

INTERP(sth)
{
    store_host(i, &val[i->arg[2]], ARG(0) + i->imm, ARG(1));
    NEXT;
}
