// Operands of instructions, and constants that are read from behind the code.
#include <glib.h>

#include "host-backends/aarch64/emit.h"

Regs a64_r1(Emit *e, const IRInsn *i)
{
    Regs r = {.a = ra_use(&e->ra, i->arg[0])};
    r.d = ra_def(&e->ra, e->at, i->arg[0], false);
    return r;
}

Regs a64_r2(Emit *e, const IRInsn *i)
{
    Regs r = {.a = ra_use(&e->ra, i->arg[0]), .b = ra_use(&e->ra, i->arg[1])};
    r.d = ra_def(&e->ra, e->at, i->arg[0], false);
    return r;
}

Regs a64_r3(Emit *e, const IRInsn *i)
{
    Regs r = {.a = ra_use(&e->ra, i->arg[0]),
              .b = ra_use(&e->ra, i->arg[1]),
              .c = ra_use(&e->ra, i->arg[2])};
    r.d = ra_def(&e->ra, e->at, i->arg[0], false);
    return r;
}

int a64_use_wide(Emit *e, IRRef r)
{
    int reg = ra_use(&e->ra, r);
    if (!arg_wide(e, r) && !ra_zero_high(&e->ra, r)) {
        a64_mov(&e->c, false, T3, reg);
        return T3;
    }
    return reg;
}

void a64_pool(Emit *e, int vd, V128 value)
{
    size_t field = e->c.pos;
    a64_word(&e->c, A64_LDR_Q_LIT | (uint32_t)vd);
    if (e->n_pool == e->pool_capacity) {
        e->pool_capacity = e->pool_capacity * 2 + 8;
        e->pool = g_renew(PoolUse, e->pool, e->pool_capacity);
    }
    e->pool[e->n_pool++] = (PoolUse){.field = field, .value = value};
}
