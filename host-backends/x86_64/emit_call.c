// C functions called from translated code, through the thunks (thunks.c).
#include "host-backends/x86_64/emit_x87.h"

static void push_argument(Emit *e, IRRef r)
{
    uint64_t v;
    size_t off;
    bool narrow = e->b->insn[r].type == IR_I32;
    if (ra_is_const(&e->ra, r, &v) && v == (uint64_t)(int64_t)(int32_t)v) {
        x86_push_imm(&e->c, (int32_t)v);
    } else if (ra_is_const(&e->ra, r, &v)) {
        x86_mov_ri(&e->c, RAX, v);
        x86_push(&e->c, RAX);
    } else if (!narrow && ra_memory(&e->ra, r, 8, &off)) {
        x86_push_mem(&e->c, state_mem(off));
    } else if (narrow && !ra_zero_high(&e->ra, r)) {
        x86_mov_rr(&e->c, false, RAX, ra_use(&e->ra, r));
        x86_push(&e->c, RAX);
    } else {
        x86_push(&e->c, ra_use(&e->ra, r));
    }
}

// The thunk takes four words off, whatever the function wants.
static void push_arguments(Emit *e, const IRInsn *i)
{
    unsigned n = 0;
    while (n < 4 && i->arg[n] != IR_NONE) {
        n++;
    }
    if (n < 4) {
        x86_lea(&e->c, true, RSP, x86_mem(RSP, -8 * (int32_t)(4 - n)));
    }
    while (n-- > 0) {
        if (e->b->insn[i->arg[n]].type == IR_FLAGS) {
            x86_push(&e->c, ra_use(&e->ra, i->arg[n]));
        } else {
            push_argument(e, i->arg[n]);
        }
    }
}

static void keep_flag_arguments(Emit *e, const IRInsn *i)
{
    for (unsigned n = 0; n < 4; n++) {
        if (i->arg[n] != IR_NONE && e->b->insn[i->arg[n]].type == IR_FLAGS) {
            flags_keep(e, i->arg[n]);
        }
    }
}

// The operands have been stored; their registers are free for what follows.
static void operands_read(Emit *e, bool state_changes)
{
    e->ra.locked[RA_GPR] = e->ra.locked[RA_VEC] = 0;
    if (state_changes) {
        ra_state_changes(&e->ra, 0, SIZE_MAX);
    }
}

static void define_result(Emit *e, const IRInsn *i)
{
    if (i->type == IR_VOID) {
        return;
    }
    int dst = ra_def(&e->ra, e->at, IR_NONE, false);
    x86_mov_rr(&e->c, is_wide(i), dst, RAX);
    if (i->type == IR_FLAGS) {
        x86_alu_ri(&e->c, ALU_AND, false, dst, IR_FLAG_MASK);
    }
}

EMIT(call)
{
    const IRHelper *h = (const IRHelper *)(uintptr_t)i->imm;
    if (h->flags & IR_CALL_X87) {
        x87_call(e, i);
        return;
    }
    keep_flag_arguments(e, i);
    flags_clobber(e);
    push_arguments(e, i);
    operands_read(e, h->flags & IR_CALL_WRITES);
    uint32_t busy = ra_busy(&e->ra, RA_VEC);
    x86_save_vec(e, busy, false);
    x86_mov_ri(&e->c, RAX, (uintptr_t)h->fn);
    uint32_t recipe = x86_recipe(e);
    x86_thunk(e, h->flags ? T_CALL : T_CALL_PURE);
    x86_side_entry(e, e->index, recipe);
    x86_save_vec(e, busy, true);
    define_result(e, i);
}

// Operands go to VARG(1..3); an integer takes lane 0.
static void store_vector_arguments(Emit *e, const IRInsn *i)
{
    for (unsigned n = 0; n < 3; n++) {
        if (i->arg[n] == IR_NONE || n >= ir_op_info[i->op].n_args) {
            continue;
        }
        int src = ra_use(&e->ra, i->arg[n]);
        if (e->b->insn[i->arg[n]].type == IR_V128) {
            vex_rrm(&e->c, 0x29 | X86_0F, src, 0, state_mem(VARG(1 + n)));
        } else if (e->b->insn[i->arg[n]].type == IR_I32) {
            x86_mov_rr(&e->c, false, RAX, src);
            x86_store(&e->c, RAX, state_mem(VARG(1 + n)), 8);
        } else {
            x86_store(&e->c, src, state_mem(VARG(1 + n)), 8);
        }
    }
}

static void vector_result(Emit *e, const IRInsn *i)
{
    int dst = ra_def(&e->ra, e->at, IR_NONE, false);
    if (i->type == IR_V128) {
        vex_rrm(&e->c, 0x28 | X86_0F, dst, 0, state_mem(VARG(0)));
        return;
    }
    x86_load(&e->c, dst, state_mem(VARG(0)), is_wide(i) ? 8 : 4);
    if (i->type == IR_FLAGS) {
        x86_alu_ri(&e->c, ALU_AND, false, dst, IR_FLAG_MASK);
    }
}

void x86_vector_call(Emit *e, const IRInsn *i, IRVFn *fn, uint32_t desc, unsigned flags)
{
    flags_clobber(e);
    store_vector_arguments(e, i);
    operands_read(e, flags & IR_CALL_WRITES);
    uint32_t busy = ra_busy(&e->ra, RA_VEC);
    x86_save_vec(e, busy, false);
    x86_mov_ri(&e->c, RAX, (uintptr_t)fn);
    x86_mov_ri(&e->c, RCX, desc);
    x86_thunk(e, flags ? T_VCALL : T_VCALL_PURE);
    x86_side_entry(e, e->index, 0);
    x86_save_vec(e, busy, true);
    vector_result(e, i);
}

EMIT(vcall)
{
    const IRVHelper *h = (const IRVHelper *)(uintptr_t)i->imm;
    x86_vector_call(e, i, h->fn, i->aux | (uint32_t)i->aux2 << 16, h->flags);
}
