// Constants, and guest state: slots in memory and those that are pinned to host registers.
#include "host-backends/x86_64/emit.h"

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
    x86_mov_rr(&e->c, false, dst, src);
}

EMIT(get)
{
    (void)i;
    hb_get(&e->ra, e->at, narrow);
}

static void put_vector(Emit *e, const IRInsn *i)
{
    int src = ra_use(&e->ra, i->arg[0]);
    ra_state_changes(&e->ra, i->imm, i->aux);
    if (i->aux < 4) { // vpextrb, vpextrw
        vex_rrm(&e->c, (i->aux == 2 ? 0x15 : 0x14) | X86_0F3A | X86_66, src, 0, state_mem(i->imm));
        x86_byte(&e->c, 0);
    } else {
        e->ra.ops->store(e, RA_VEC, src, i->imm, i->aux);
    }
}

static void put_integer(Emit *e, const IRInsn *i)
{
    uint64_t v;
    if (ra_is_const(&e->ra, i->arg[0], &v) && (i->aux < 8 || v == (uint64_t)(int64_t)(int32_t)v)) {
        ra_state_changes(&e->ra, i->imm, i->aux);
        x86_store_imm(&e->c, state_mem(i->imm), i->aux, (int32_t)v);
        return;
    }
    int src = ra_use(&e->ra, i->arg[0]);
    ra_state_changes(&e->ra, i->imm, i->aux);
    if (i->aux == 8 && e->b->insn[i->arg[0]].type == IR_I32 && !ra_zero_high(&e->ra, i->arg[0])) {
        x86_mov_rr(&e->c, false, RAX, src);
        src = RAX;
    }
    x86_store(&e->c, src, state_mem(i->imm), i->aux);
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
        flags_put(e, i->arg[0], i->imm);
    } else if (t == IR_V128) {
        put_vector(e, i);
    } else {
        put_integer(e, i);
    }
    if (pinned) {
        hb_sync_pins(&e->ra, i->imm, i->aux, true);
    } else {
        ra_state_holds(&e->ra, i->arg[0], i->imm, i->aux);
    }
}
