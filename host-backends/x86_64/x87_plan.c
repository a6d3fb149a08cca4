// What is known of a block's x87 calls before code is made: how they use the stack, and which loads
// and stores are their operands.
#include <glib.h>

#include "host-backends/x86_64/emit_x87.h"

// --- what a call wants of the stack
static X87Use misc_use(unsigned what, unsigned i)
{
    switch (what) {
    case X87_FLD:
        return (X87Use){(int8_t)i, 1, 0};
    case X87_FXCH:
    case X87_FST:
    case X87_FUCOM:
        return (X87Use){(int8_t)i, 0, 0};
    case X87_FSTP:
    case X87_FUCOMP:
        return (X87Use){(int8_t)i, 0, 1};
    case X87_FUCOMPP:
    case X87_FCOMPP:
        return (X87Use){1, 0, 2};
    case X87_FSCALE:
        return (X87Use){1, 0, 0};
    case X87_FXTRACT:
        return (X87Use){0, 1, 0};
    case X87_FCHS:
    case X87_FABS:
    case X87_FTST:
    case X87_FXAM:
    case X87_FSQRT:
    case X87_FRNDINT:
        return (X87Use){0, 0, 0};
    default:
        return (X87Use){-1, 1, 0};
    }
}

static X87Use arith_use(uint32_t desc, bool memory)
{
    bool pops = (desc & 7) == X87_COMP || desc & X87_POP;
    return (X87Use){memory ? 0 : (int8_t)(desc >> 8 & 7), 0, pops};
}

X87Use x87_use(X87Call call, uint32_t desc)
{
    switch (call) {
    case X87_CALL_ARITH:
    case X87_CALL_ARITH_MEM:
        return arith_use(desc, call == X87_CALL_ARITH_MEM);
    case X87_CALL_LOAD:
    case X87_CALL_LOAD80:
        return (X87Use){-1, 1, 0};
    case X87_CALL_STORE:
    case X87_CALL_STORE80:
        return (X87Use){0, 0, 0};
    case X87_CALL_STORE_DONE:
        return (X87Use){0, 0, desc & X87_POP ? 1 : 0};
    case X87_CALL_MISC:
        return misc_use(desc & 0xff, desc >> 8 & 7);
    case X87_CALL_COMI:
        return (X87Use){(int8_t)(desc & 7), 0, desc >> 9 & 1};
    case X87_CALL_CMOV:
        return (X87Use){(int8_t)(desc & 7), 0, 0};
    default:
        return (X87Use){-1, 0, 0};
    }
}

// --- which loads and stores are operands
uint32_t x87_desc(const Emit *e, const IRInsn *i)
{
    int k = x87_arguments(x87_helper(i)->call).desc;
    return k < 0 ? 0 : (uint32_t)e->b->insn[i->arg[k]].imm;
}

static bool is_pure(const IRInsn *i)
{
    return ir_op_info[i->op].effects == IR_EFF_PURE && i->op != IR_put;
}

static bool used_once(const Emit *e, IRRef r)
{
    unsigned n = 0;
    for (unsigned k = r; k < e->b->n; k++) {
        for (unsigned a = 0; a < ir_op_info[e->b->insn[k].op].n_args; a++) {
            n += e->b->insn[k].arg[a] == r;
        }
    }
    return n == 1;
}

static bool fits(const IRInsn *i, X87Format f)
{
    static const uint8_t size[] = {
        [X87_F32] = 2, [X87_F64] = 3, [X87_I16] = 1, [X87_I32] = 2, [X87_I64] = 3};
    return (i->aux & IR_MEM_SIZE) == size[f];
}

static void pair(Emit *e, IRRef access, IRRef call)
{
    e->x87->operand[access] = call;
    e->x87->operand[call] = access;
}

static void plan_load(Emit *e, IRRef k, X87Format f)
{
    IRRef j = e->b->insn[k].arg[0];
    const IRInsn *ld = &e->b->insn[j];
    bool direct = ld->op == IR_ld && fits(ld, f) && used_once(e, j);
    for (unsigned m = j + 1u; direct && m < k; m++) {
        direct = is_pure(&e->b->insn[m]);
    }
    if (direct) {
        pair(e, j, k);
    }
}

static void plan_store(Emit *e, IRRef k, X87Format f)
{
    const IRBlock *b = e->b;
    unsigned j = k + 1u;
    while (j < b->n && b->insn[j].op != IR_insn && b->insn[j].op != IR_st) {
        j++;
    }
    if (j == b->n || b->insn[j].op != IR_st || b->insn[j].arg[1] != k || !fits(&b->insn[j], f)) {
        return;
    }
    unsigned done = j + 1u;
    while (done < b->n && is_pure(&b->insn[done])) {
        done++;
    }
    const X87Helper *h = done < b->n ? x87_helper(&b->insn[done]) : NULL;
    if (h && h->call == X87_CALL_STORE_DONE && used_once(e, k)) {
        pair(e, (IRRef)j, k);
    }
}

static void plan_call(Emit *e, IRRef k)
{
    const IRInsn *i = &e->b->insn[k];
    uint32_t desc = x87_desc(e, i);
    switch (x87_helper(i)->call) {
    case X87_CALL_LOAD:
        plan_load(e, k, desc & 0xff);
        break;
    case X87_CALL_ARITH_MEM:
        plan_load(e, k, desc >> 8 & 7);
        break;
    case X87_CALL_STORE:
        plan_store(e, k, desc & 0xff);
        break;
    default:
        break;
    }
}

void x87_plan(Emit *e)
{
    unsigned k = 0, n = e->b->n;
    while (k < n && !x87_helper(&e->b->insn[k])) {
        k++;
    }
    if (k == n) {
        return;
    }
    e->x87 = g_malloc0(sizeof(X87) + n * sizeof(IRRef));
    e->x87->at = x87_helper(&e->b->insn[k])->layout;
    e->x87->here = &e->x87->now;
    for (unsigned m = 0; m < n; m++) {
        e->x87->operand[m] = IR_NONE;
    }
    for (; k < n; k++) {
        if (x87_helper(&e->b->insn[k])) {
            plan_call(e, (IRRef)k);
        }
    }
}

void x87_free(Emit *e)
{
    if (e->x87) {
        g_free(e->x87->snapshot);
        g_free(e->x87);
    }
}
