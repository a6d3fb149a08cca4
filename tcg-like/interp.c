// The interpreter: runs a block's IR as it stands, and so defines what each op means.
//
//   ir_interp -> budget check -> op -> op -> ... -> exit        guest exception: engine_leave
//                                each op jumps to the next one's function
//
// Here: entry, markers, guest state, calls, ways out. Integers, flags, memory and vectors are in
// the files of those names.
#include <alloca.h>
#include <string.h>
#include "accel/engine.h"
#include "tcg-like/interp_ops.h"
#include "tcg-like/x87.h"

IRInterpFn *const ir_interp_table[IR_OPCODES] = {
#define IR_OP(name, sig, eff) [IR_##name] = ir_interp_##name,
#include "tcg-like/ops.h"
};

IRExit ir_interp(VCPU *v, const IRBlock *b)
{
    if (v->budget < (int32_t)b->guest_insns) {
        v->pc = b->pc;
        return IR_EXIT_BUDGET;
    }
    v->budget -= (int32_t)b->guest_insns;
    v->insn_index = 0;
    V128 *val = alloca(b->n * sizeof(V128));
    return ir_interp_table[b->insn[0].op](v, b->insn, val, val, b);
}

// --- markers and constants
INTERP(nop)
{
    NEXT;
}

INTERP(insn)
{
    v->insn_index = i->aux;
    NEXT;
}

INTERP(const)
{
    r->u64[0] = i->imm;
    NEXT;
}

INTERP(vconst)
{
    *r = b->vpool[i->imm];
    NEXT;
}

INTERP(fconst)
{
    r->u64[0] = i->imm & IR_FLAG_MASK;
    NEXT;
}

// --- guest state
INTERP(get)
{
    const char *p = (const char *)v + i->imm;
    switch (i->aux) {
    case 1:
        *r = (V128){.u8 = {*(const uint8_t *)p}};
        break;
    case 2:
        *r = (V128){.u64 = {*(const uint16_t *)p & (i->type == IR_FLAGS ? IR_FLAG_MASK : 0xffff)}};
        break;
    case 4:
        *r = (V128){.u64 = {*(const uint32_t *)p}};
        break;
    case 8:
        *r = (V128){.u64 = {*(const uint64_t *)p}};
        break;
    default:
        memcpy(r, p, sizeof *r);
        break;
    }
    NEXT;
}

INTERP(put)
{
    char *p = (char *)v + i->imm;
    const V128 *x = &val[i->arg[0]];
    switch (i->aux) {
    case 1:
        *(uint8_t *)p = x->u8[0];
        break;
    case 2:
        *(uint16_t *)p = x->u16[0];
        break;
    case 4:
        *(uint32_t *)p = x->u32[0];
        break;
    case 8:
        *(uint64_t *)p = x->u64[0];
        break;
    default:
        memcpy(p, x, sizeof *x);
        break;
    }
    NEXT;
}

// --- calls
typedef uint64_t CallFn(VCPU *, uint64_t, uint64_t, uint64_t, uint64_t);
typedef uint32_t CallFn32(VCPU *, uint64_t, uint64_t, uint64_t, uint64_t);

static inline uint64_t call_arg(const IRInsn *i, const V128 *val, unsigned k)
{
    return i->arg[k] == IR_NONE ? 0 : val[i->arg[k]].u64[0];
}

// What backends on hosts with an x87 leave to a block of its own, so that all engines do the same.
static bool x87_runs_alone(const VCPU *v, const IRHelper *helper, uint64_t first)
{
    enum { MASKS = 0x3f };
    const X87Helper *h = (const X87Helper *)(const void *)helper;
    uint16_t control;
    memcpy(&control, (const char *)v + h->layout->control, sizeof(control));
    return (control & MASKS) != MASKS || (h->call == X87_CALL_FLDCW && (first & MASKS) != MASKS);
}

// Functions of fewer arguments ignore the rest, which the C calling conventions of our hosts allow.
INTERP(call)
{
    const IRHelper *h = (const IRHelper *)(uintptr_t)i->imm;
    uint64_t x = call_arg(i, val, 0), y = call_arg(i, val, 1);
    uint64_t z = call_arg(i, val, 2), w = call_arg(i, val, 3);
    if (h->flags & IR_CALL_X87 && x87_runs_alone(v, h, x)) {
        engine_run_alone(v);
    }
    switch (i->type) {
    case IR_I64:
        r->u64[0] = ((CallFn *)h->fn)(v, x, y, z, w);
        break;
    case IR_FLAGS:
        r->u64[0] = ((CallFn32 *)h->fn)(v, x, y, z, w) & IR_FLAG_MASK;
        break;
    default:
        r->u64[0] = ((CallFn32 *)h->fn)(v, x, y, z, w);
        break;
    }
    NEXT;
}

INTERP(vcall)
{
    const IRVHelper *h = (const IRVHelper *)(uintptr_t)i->imm;
    h->fn(v, r, VARG(0), VARG(1), VARG(2), i->aux | (uint32_t)i->aux2 << 16);
    NEXT;
}

// --- ways out. The instructions after the current one did not execute.
static void give_back(VCPU *v, const IRBlock *b)
{
    int32_t rest = (int32_t)b->guest_insns - (int32_t)v->insn_index - 1;
    if (rest > 0) {
        v->budget += rest;
    }
}

static IRExit leave(VCPU *v, const IRBlock *b, uint64_t pc)
{
    give_back(v, b);
    v->pc = pc;
    return IR_EXIT_NEXT;
}

INTERP(exit_if)
{
    if (ir_cond_holds((IRCond)i->aux2, interp_arg_type(b, i, 0), ARG(0), ARG(1))) {
        return leave(v, b, b->exit_pc[i->aux]);
    }
    NEXT;
}

INTERP(exit_if_f)
{
    if (ir_flags_hold((IRFlagCond)i->aux2, (unsigned)ARG(0))) {
        return leave(v, b, b->exit_pc[i->aux]);
    }
    NEXT;
}

INTERP(guard)
{
    if (ir_cond_holds((IRCond)i->aux2, interp_arg_type(b, i, 0), ARG(0), ARG(1))) {
        engine_run_alone(v);
    }
    NEXT;
}

INTERP(exit_jump)
{
    return leave(v, b, b->exit_pc[i->aux]);
}

INTERP(exit_call)
{
    return leave(v, b, b->exit_pc[i->aux]);
}

INTERP(exit_ind)
{
    uint64_t pc = ARG(0);
    bool tagged = i->aux >> (pc >> 55 & 1) & 1;
    return leave(v, b, tagged ? (uint64_t)sextract64(pc, 0, 56) : pc);
}

INTERP(exit_loop)
{
    give_back(v, b);
    (void)i;
    return IR_EXIT_NEXT;
}
