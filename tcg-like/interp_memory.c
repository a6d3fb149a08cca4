// The interpreter's memory ops.
#include <string.h>
#include "softmmu/softmmu.h"
#include "tcg-like/interp_ops.h"

INTERP(ld)
{
    uint64_t va = ARG(0) + i->imm;
    if ((i->aux & IR_MEM_SIZE) == 4) {
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
    uint64_t va = ARG(0) + i->imm;
    if ((i->aux & IR_MEM_SIZE) == 4) {
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
    r->u64[0] = mmu_chk(v, ARG(0) + i->imm, i->aux2, i->aux);
    NEXT;
}

static inline void *host_address(const IRInsn *i, const V128 *val)
{
    return (void *)(uintptr_t)(val[i->arg[0]].u64[0] + i->imm + val[i->arg[1]].u64[0]);
}

INTERP(ldh)
{
    unsigned bytes = 1u << (i->aux & IR_MEM_SIZE);
    *r = (V128){.u64 = {0}};
    memcpy(r, host_address(i, val), bytes);
    if (i->aux & IR_MEM_SIGN && bytes <= 8) {
        uint64_t x = (uint64_t)sextract64(r->u64[0], 0, 8 * bytes);
        r->u64[0] = IS64 ? x : (uint32_t)x;
    }
    NEXT;
}

INTERP(sth)
{
    memcpy(host_address(i, val), &val[i->arg[2]], (size_t)1 << (i->aux & IR_MEM_SIZE));
    NEXT;
}
