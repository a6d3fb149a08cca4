// C functions called from translated code, through the thunks (thunks.c).
#include "host-backends/aarch64/emit_flags.h"
#include "tcg-like/x87.h"

static void store_argument(Emit *e, IRRef r, unsigned n)
{
    uint64_t v;
    bool flags = e->b->insn[r].type == IR_FLAGS;
    int reg = XZR;
    if (flags) {
        reg = nz_use_packed(e, r);
    } else if (!ra_is_const(&e->ra, r, &v) || v) {
        reg = a64_use_wide(e, r);
    }
    state_store(&e->c, reg, CALL_ARG(n), 8);
}

static void store_arguments(Emit *e, const IRInsn *i, unsigned max)
{
    for (unsigned n = 0; n < max; n++) {
        if (i->arg[n] != IR_NONE) {
            store_argument(e, i->arg[n], n);
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
    if (i->type == IR_FLAGS) {
        a64_const(&e->c, T1, IR_FLAG_MASK);
        a64_rrr(&e->c, A64_AND, dst, T0, T1);
    } else {
        a64_mov(&e->c, is_wide(i), dst, T0);
    }
}

static void call(Emit *e, const void *fn, unsigned thunk)
{
    uint32_t busy = ra_busy(&e->ra, RA_VEC);
    a64_save_vec(e, busy, false);
    uint32_t recipe = a64_recipe(e);
    a64_const(&e->c, T0, (uintptr_t)fn);
    a64_thunk(e, thunk, e->index, recipe);
    a64_save_vec(e, busy, true);
}

// The x87 unit is software here. What backends with an x87 leave to a block of its own runs alone
// here, too, so that all engines do the same.
static void x87_guard(Emit *e, const IRInsn *i)
{
    enum { MASKS = 0x3f };
    A64Code *c = &e->c;
    const X87Helper *h = (const X87Helper *)(uintptr_t)i->imm;
    state_load(c, T0, h->layout->control, 2);
    a64_rrr(c, A64_ORN, T0, XZR, T0);
    if (h->call == X87_CALL_FLDCW) {
        state_load(c, T1, CALL_ARG(0), 4);
        a64_rrr(c, A64_ORN, T0, T0, T1);
    }
    a64_logic_imm(c, A64_ANDI, T0, T0, MASKS);
    a64_cold(e, a64_cold_alone, a64_cbz_fwd(c, false, true, T0));
}

EMIT(call)
{
    const IRHelper *h = (const IRHelper *)(uintptr_t)i->imm;
    nz_clobber(e);
    store_arguments(e, i, 4);
    if (h->flags & IR_CALL_X87) {
        x87_guard(e, i);
    }
    operands_read(e, h->flags & IR_CALL_WRITES);
    call(e, h->fn, h->flags ? T_CALL : T_CALL_PURE);
    define_result(e, i);
}

void a64_call_helper(Emit *e, const IRInsn *i, const void *fn)
{
    nz_clobber(e);
    store_arguments(e, i, ir_op_info[i->op].n_args);
    operands_read(e, false);
    call(e, fn, T_CALL_PURE);
    define_result(e, i);
}

// Operands go to VARG(1..3); an integer takes lane 0.
static void store_vector_arguments(Emit *e, const IRInsn *i)
{
    for (unsigned n = 0; n < 3; n++) {
        if (i->arg[n] == IR_NONE || n >= ir_op_info[i->op].n_args) {
            continue;
        }
        if (e->b->insn[i->arg[n]].type == IR_V128) {
            state_store_vec(&e->c, ra_use(&e->ra, i->arg[n]), VARG(1 + n), 16);
        } else {
            state_store(&e->c, a64_use_wide(e, i->arg[n]), VARG(1 + n), 8);
        }
    }
}

static void vector_result(Emit *e, const IRInsn *i)
{
    int dst = ra_def(&e->ra, e->at, IR_NONE, false);
    if (i->type == IR_V128) {
        state_load_vec(&e->c, dst, VARG(0), 16);
        return;
    }
    state_load(&e->c, dst, VARG(0), is_wide(i) ? 8 : 4);
    if (i->type == IR_FLAGS) {
        a64_const(&e->c, T1, IR_FLAG_MASK);
        a64_rrr(&e->c, A64_AND, dst, dst, T1);
    }
}

void a64_vector_call(Emit *e, const IRInsn *i, IRVFn *fn, uint32_t desc, unsigned flags)
{
    nz_clobber(e);
    store_vector_arguments(e, i);
    operands_read(e, flags & IR_CALL_WRITES);
    uint32_t busy = ra_busy(&e->ra, RA_VEC);
    a64_save_vec(e, busy, false);
    a64_const(&e->c, T0, (uintptr_t)fn);
    a64_const(&e->c, T1, desc);
    a64_thunk(e, flags ? T_VCALL : T_VCALL_PURE, e->index, 0);
    a64_save_vec(e, busy, true);
    vector_result(e, i);
}

EMIT(vcall)
{
    const IRVHelper *h = (const IRVHelper *)(uintptr_t)i->imm;
    a64_vector_call(e, i, h->fn, i->aux | (uint32_t)i->aux2 << 16, h->flags);
}
