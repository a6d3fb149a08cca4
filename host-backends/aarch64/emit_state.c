// Constants, and guest state: slots in memory and those that are pinned to host registers.
#include "host-backends/aarch64/emit_flags.h"

EMIT(nop)
{
    (void)e, (void)i;
}
EMIT(const)
{
    (void)e, (void)i;
}
EMIT(vconst)
{
    (void)e, (void)i;
}
EMIT(fconst)
{
    (void)e, (void)i;
}

EMIT(insn)
{
    e->index = i->aux;
}

static void narrow(void *ctx, int dst, int src)
{
    Emit *e = ctx;
    a64_mov(&e->c, false, dst, src);
}

EMIT(get)
{
    (void)i;
    hb_get(&e->ra, e->at, narrow);
}

static void put_integer(Emit *e, const IRInsn *i)
{
    uint64_t v;
    int src = XZR;
    if (!ra_is_const(&e->ra, i->arg[0], &v) || v) {
        src = ra_use(&e->ra, i->arg[0]);
    }
    ra_state_changes(&e->ra, i->imm, i->aux);
    if (i->aux == 8 && src != XZR && !arg_wide(e, i->arg[0]) && !ra_zero_high(&e->ra, i->arg[0])) {
        a64_mov(&e->c, false, T0, src);
        src = T0;
    }
    state_store(&e->c, src, i->imm, i->aux);
}

EMIT(put)
{
    IRType t = (IRType)e->b->insn[i->arg[0]].type;
    const RaPin *pin = hb_whole_pin(&e->ra, t, i->imm, i->aux);
    if (pin) {
        ra_put_pinned(&e->ra, i->arg[0], pin);
        return;
    }
    bool pinned = hb_touches_pin(&e->ra, i->imm, i->aux);
    if (pinned) {
        hb_sync_pins(&e->ra, i->imm, i->aux, false);
    }
    if (t == IR_FLAGS) {
        nz_put(e, i->arg[0], i->imm);
    } else if (t == IR_V128) {
        int src = ra_use(&e->ra, i->arg[0]);
        ra_state_changes(&e->ra, i->imm, i->aux);
        state_store_vec(&e->c, src, i->imm, i->aux);
    } else {
        put_integer(e, i);
    }
    if (pinned) {
        hb_sync_pins(&e->ra, i->imm, i->aux, true);
    } else {
        ra_state_holds(&e->ra, i->arg[0], i->imm, i->aux);
    }
}
