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

// Pinned slots that the bytes touch, other than as a whole, are written home and, after a change,
// loaded again.
static void sync_pins(Emit *e, size_t off, size_t bytes, bool load)
{
    for (unsigned c = 0; c < RA_CLASSES; c++) {
        unsigned size = c == RA_GPR ? 8 : 16;
        for (unsigned p = 0; p < e->regs.n_pins[c]; p++) {
            const RaPin *pin = &e->regs.pin[c][p];
            if (off >= pin->off + size || pin->off >= off + bytes) {
                continue;
            }
            if (load) {
                e->ra.ops->load(e, c, pin->reg, pin->off, size);
            } else {
                e->ra.ops->store(e, c, pin->reg, pin->off, size);
            }
        }
    }
}

static const RaPin *whole_pin(Emit *e, IRType t, uint64_t off, unsigned bytes)
{
    if (bytes == 8 && t == IR_I64) {
        return ra_pin(&e->ra, RA_GPR, off);
    }
    return bytes == 16 ? ra_pin(&e->ra, RA_VEC, off) : NULL;
}

static bool touches_pin(Emit *e, size_t off, size_t bytes)
{
    for (unsigned c = 0; c < RA_CLASSES; c++) {
        unsigned size = c == RA_GPR ? 8 : 16;
        for (unsigned p = 0; p < e->regs.n_pins[c]; p++) {
            size_t at = e->regs.pin[c][p].off;
            if (off < at + size && at < off + bytes) {
                return true;
            }
        }
    }
    return false;
}

EMIT(get)
{
    const RaPin *pin = whole_pin(e, i->type, i->imm, i->aux);
    if (pin) {
        ra_get_pinned(&e->ra, e->at, pin);
        return;
    }
    const RaPin *low = i->aux == 4 && i->type == IR_I32 ? ra_pin(&e->ra, RA_GPR, i->imm) : NULL;
    if (low) {
        x86_mov_rr(&e->c, false, ra_def(&e->ra, e->at, IR_NONE, true), low->reg);
        return;
    }
    if (touches_pin(e, i->imm, i->aux)) {
        sync_pins(e, i->imm, i->aux, false);
        int dst = ra_def(&e->ra, e->at, IR_NONE, true);
        e->ra.ops->load(e, e->ra.v[e->at].cls, dst, i->imm, i->aux);
        return;
    }
    RaValue *v = &e->ra.v[e->at]; // loaded when first used
    v->state = (int32_t)i->imm;
    v->state_bytes = (uint8_t)i->aux;
    if (!v->listed) {
        v->listed = true;
        e->ra.in_state[e->ra.n_in_state++] = e->at;
    }
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
    const RaPin *pin = whole_pin(e, t, i->imm, i->aux);
    if (pin) {
        ra_put_pinned(&e->ra, i->arg[0], pin);
        return;
    }
    bool pinned = touches_pin(e, i->imm, i->aux);
    if (pinned) {
        sync_pins(e, i->imm, i->aux, false);
    }
    if (t == IR_FLAGS) {
        flags_put(e, i->arg[0], i->imm);
    } else if (t == IR_V128) {
        put_vector(e, i);
    } else {
        put_integer(e, i);
    }
    if (pinned) {
        sync_pins(e, i->imm, i->aux, true);
    } else {
        ra_state_holds(&e->ra, i->arg[0], i->imm, i->aux);
    }
}
