// x87 instructions: the host's own, on registers that hold what the guest's hold (x87_stack.c).
// Each leaves C1 and exception flags in the host's status word, where they wait (X87Stack.pending).
// What is popped first goes home if guest state has it not: it can be seen there.
#include <string.h>

#include "host-backends/x86_64/emit_x87.h"
#include "host-backends/x86_64/thunks.h"

enum { RAISED_C1 = X87_SW_RAISED | X87_SW_C1, COMPARED = X87_SW_RAISED | X87_SW_CONDITION };

// --- memory operands
typedef struct Format {
    uint16_t load, store, truncate, arith; // opcodes
    uint8_t load_reg, store_reg, pop_reg, truncate_reg;
} Format;

// Without a form that does not pop, store_reg is pop_reg.
static const Format formats[] = {
    [X87_F32] = {0xd9, 0xd9, 0, 0xd8, 0, 2, 3, 0},
    [X87_F64] = {0xdd, 0xdd, 0, 0xdc, 0, 2, 3, 0},
    [X87_I16] = {0xdf, 0xdf, 0xdf, 0xde, 0, 2, 3, 1},
    [X87_I32] = {0xdb, 0xdb, 0xdb, 0xda, 0, 2, 3, 1},
    [X87_I64] = {0xdf, 0xdf, 0xdd, 0, 5, 7, 7, 1},
};

static void store_operand(Emit *e, uint32_t desc, X86Mem m)
{
    const Format *f = &formats[desc & 0xff];
    if (desc & X87_POP) {
        x87_clean(e, e->x87->here, 0);
    }
    if (desc & X87_ROUND_ZERO) {
        x86_rm(&e->c, f->truncate, f->truncate_reg, m);
    } else {
        x86_rm(&e->c, f->store, desc & X87_POP ? f->pop_reg : f->store_reg, m);
    }
}

static void arith_operand(Emit *e, uint32_t desc, X86Mem m)
{
    X87Arith op = desc & 7;
    if (op == X87_COMP) {
        x87_clean(e, e->x87->here, 0);
    }
    x86_rm(&e->c, formats[desc >> 8 & 7].arith, (int)op, m);
}

static void operate(Emit *e, const IRInsn *call, X86Mem m)
{
    uint32_t desc = x87_desc(e, call);
    switch (x87_helper(call)->call) {
    case X87_CALL_LOAD:
        x86_rm(&e->c, formats[desc & 0xff].load, formats[desc & 0xff].load_reg, m);
        break;
    case X87_CALL_ARITH_MEM:
        arith_operand(e, desc, m);
        break;
    default:
        store_operand(e, desc, m);
        break;
    }
}

void x87_access(Emit *e, const IRInsn *i, X86Mem m)
{
    operate(e, &e->b->insn[x87_operand_of(e, i)], m);
}

static void store_argument(Emit *e, IRRef value, size_t off, unsigned bytes)
{
    x86_store(&e->c, ra_use(&e->ra, value), state_mem(off), bytes);
}

// --- one instruction
typedef struct Op {
    Emit *e;
    X87Stack *s;
    const IRInsn *i;
    uint32_t desc;
} Op;

static void keep_operand(const Op *o, unsigned argument)
{
    store_argument(o->e, o->i->arg[argument], o->e->x87->at->dp, 8);
    o->s->segment = o->desc >> X87_SEG_SHIFT & 7;
}

// Not done by the access of an ld: the value is in a register.
static void operate_on_value(const Op *o)
{
    if (o->e->x87->operand[o->e->at] == IR_NONE) {
        store_argument(o->e, o->i->arg[0], VARG(0), 8);
        o->e->x87->here = o->s;
        operate(o->e, o->i, state_mem(VARG(0)));
    }
}

static void new_st0(const Op *o)
{
    o->s->id[0] = (uint8_t)x87_new_id(o->s);
}

static void op_load(const Op *o)
{
    operate_on_value(o);
    x87_push(o->s, x87_new_id(o->s));
    o->s->pending |= RAISED_C1;
}

static void op_arith_mem(const Op *o)
{
    X87Arith op = o->desc & 7;
    operate_on_value(o);
    if (op != X87_COM && op != X87_COMP) {
        new_st0(o);
        o->s->pending |= RAISED_C1;
        return;
    }
    if (op == X87_COMP) {
        x87_pop(o->s);
    }
    o->s->pending |= COMPARED;
}

static void op_load80(const Op *o)
{
    store_argument(o->e, o->i->arg[0], VARG(0), 8);
    store_argument(o->e, o->i->arg[1], VARG(0) + 8, 2);
    x86_rm(&o->e->c, 0xdb, 5, state_mem(VARG(0)));
    x87_push(o->s, x87_new_id(o->s));
    o->s->pending |= X87_SW_C1;
}

static void op_operand(const Op *o)
{
    (void)o; // x87_call keeps it
}

// The value is made by the access of the st. There always is one; the code is right without, too.
static void op_store(const Op *o)
{
    if (o->e->x87->operand[o->e->at] == IR_NONE) {
        x86_cold(o->e, x86_cold_alone, x86_jmp_fwd(&o->e->c));
        ra_def(&o->e->ra, o->e->at, IR_NONE, false);
    }
}

// Before code that changes C1 and may be followed by an access that looks at it.
static void settle_c1(const Op *o)
{
    if (o->s->pending & X87_SW_C1) {
        x87_merge(o->e, o->s);
    }
}

// Goes home, and from there to the result; the store follows.
static void op_store80(const Op *o)
{
    uint64_t part = 0;
    ra_is_const(&o->e->ra, o->i->arg[2], &part);
    int dst = ra_def(&o->e->ra, o->e->at, IR_NONE, false);
    if (x87_is_dirty(o->s, 0)) {
        settle_c1(o);
        x87_clean(o->e, o->s, 0);
        o->s->home[o->s->top] = o->s->id[0];
    }
    X86Mem m = x87_slot(o->e, o->s, 0);
    m.disp += part ? 8 : 0;
    x86_load(&o->e->c, dst, m, part ? 2 : 8);
}

static void op_store_done(const Op *o)
{
    if ((o->desc & 0xff) == X87_F80) {
        x87_bytes(o->e, 0xdd, 0xd8); // fstp st0
        o->s->pending |= X87_SW_C1;
    } else {
        o->s->pending |= RAISED_C1;
    }
    if (o->desc & X87_POP) {
        x87_pop(o->s);
    }
}

// --- registers
static void compare(const Op *o, unsigned a, unsigned b, unsigned pops)
{
    for (unsigned p = 0; p < pops; p++) {
        x87_clean(o->e, o->s, p);
    }
    x87_bytes(o->e, a, b);
    while (pops--) {
        x87_pop(o->s);
    }
    o->s->pending |= COMPARED;
}

// FADDP ST(0) and its like: what is popped is the result.
static void arith_and_drop(const Op *o, unsigned reg)
{
    x87_bytes(o->e, 0xdc, reg);
    new_st0(o);
    o->s->pending |= RAISED_C1;
    x87_merge(o->e, o->s);
    x86_rm(&o->e->c, 0xdb, 7, x87_slot(o->e, o->s, 0));
    x87_pop(o->s);
}

static void op_arith(const Op *o)
{
    unsigned i = o->desc >> 8 & 7, op = o->desc & 7, pop = o->desc & X87_POP ? 1 : 0;
    if (op == X87_COM || op == X87_COMP) {
        bool pops = op == X87_COMP || pop;
        compare(o, 0xd8, (pops ? 0xd8 : 0xd0) + i, pops);
        return;
    }
    if (!(o->desc & X87_ARITH_TO_STI)) {
        x87_bytes(o->e, 0xd8, 0xc0 + 8 * op + i);
        new_st0(o);
        o->s->pending |= RAISED_C1;
        return;
    }
    // Opcodes for ST(i) have the two subtractions and the two divisions the other way round.
    unsigned reg = 0xc0 + 8 * (op >= X87_SUB ? op ^ 1 : op) + i;
    if (pop && !i) {
        arith_and_drop(o, reg);
        return;
    }
    if (pop) {
        x87_clean(o->e, o->s, 0);
    }
    x87_bytes(o->e, pop ? 0xde : 0xdc, reg);
    o->s->id[i] = (uint8_t)x87_new_id(o->s);
    o->s->pending |= RAISED_C1;
    if (pop) {
        x87_pop(o->s);
    }
}

static void store_register(const Op *o, unsigned i, bool pop)
{
    o->s->pending |= X87_SW_C1;
    if (pop && !i && x87_is_dirty(o->s, 0)) {
        x86_rm(&o->e->c, 0xdb, 7, x87_slot(o->e, o->s, 0));
    } else {
        if (pop && i) {
            x87_clean(o->e, o->s, 0);
        }
        x87_bytes(o->e, 0xdd, (pop ? 0xd8 : 0xd0) + i);
    }
    o->s->id[i] = o->s->id[0];
    if (pop) {
        x87_pop(o->s);
    }
}

static void exchange(const Op *o, unsigned i)
{
    uint8_t id = o->s->id[0];
    x87_bytes(o->e, 0xd9, 0xc8 + i);
    o->s->id[0] = o->s->id[i];
    o->s->id[i] = id;
    o->s->pending |= X87_SW_C1;
}

static void push_register(const Op *o, unsigned i)
{
    x87_bytes(o->e, 0xd9, 0xc0 + i);
    x87_push(o->s, o->s->id[i]);
    o->s->pending |= X87_SW_C1;
}

static void unary(const Op *o, unsigned opcode)
{
    x87_bytes(o->e, 0xd9, opcode);
    new_st0(o);
    o->s->pending |= RAISED_C1;
}

static void op_misc(const Op *o)
{
    unsigned what = o->desc & 0xff, i = o->desc >> 8 & 7;
    switch (what) {
    case X87_FLD:
        push_register(o, i);
        break;
    case X87_FXCH:
        exchange(o, i);
        break;
    case X87_FST:
    case X87_FSTP:
        store_register(o, i, what == X87_FSTP);
        break;
    case X87_FCHS:
        unary(o, 0xe0);
        break;
    case X87_FABS:
        unary(o, 0xe1);
        break;
    case X87_FTST:
        compare(o, 0xd9, 0xe4, 0);
        break;
    case X87_FXAM:
        compare(o, 0xd9, 0xe5, 0);
        break;
    case X87_FSQRT:
        unary(o, 0xfa);
        break;
    case X87_FRNDINT:
        unary(o, 0xfc);
        break;
    case X87_FSCALE:
        unary(o, 0xfd);
        break;
    case X87_FXTRACT: // the exponent stays, the significand is pushed
        unary(o, 0xf4);
        x87_push(o->s, x87_new_id(o->s));
        break;
    case X87_FUCOM:
        compare(o, 0xdd, 0xe0 + i, 0);
        break;
    case X87_FUCOMP:
        compare(o, 0xdd, 0xe8 + i, 1);
        break;
    case X87_FUCOMPP:
        compare(o, 0xda, 0xe9, 2);
        break;
    case X87_FCOMPP:
        compare(o, 0xde, 0xd9, 2);
        break;
    default: // FLD1 .. FLDZ
        x87_bytes(o->e, 0xd9, 0xe8 + what - X87_FLD1);
        x87_push(o->s, x87_new_id(o->s));
        o->s->pending |= X87_SW_C1;
        break;
    }
}

// Z, P and C as packed flags have them, the others 0. C1 stays.
static void op_comi(const Op *o)
{
    bool quiet = o->desc & 1 << 8, pop = o->desc >> 9 & 1;
    bool saves = pop && x87_is_dirty(o->s, 0);
    if (saves || !(o->e->r->thunks->features & X86_COMI_KEEPS_C1)) {
        settle_c1(o);
    }
    if (saves) {
        x87_clean(o->e, o->s, 0);
    }
    x87_bytes(o->e, pop ? 0xdf : 0xdb, (quiet ? 0xe8 : 0xf0) + (o->desc & 7));
    flags_set(o->e, o->e->at, false);
    o->s->pending |= X87_SW_RAISED;
    if (pop) {
        x87_pop(o->s);
    }
}

static void op_cmov(const Op *o)
{
    int condition = ra_use(&o->e->ra, o->i->arg[1]);
    x86_test_rr(&o->e->c, false, condition, condition);
    x87_bytes(o->e, 0xdb, 0xc8 + (o->desc & 7)); // fcmovne
    new_st0(o);
}

// --- control
static void op_wait(const Op *o)
{
    (void)o; // no exception waits while all are masked
}

static void op_fldcw(const Op *o)
{
    X86Code *c = &o->e->c;
    int value = ra_use(&o->e->ra, o->i->arg[0]);
    X86Mem control = state_mem(o->e->x87->at->control);
    x86_mov_rr(c, false, RAX, value);
    x86_alu_ri(c, ALU_AND, false, RAX, X87_SW_RAISED);
    x86_alu_ri(c, ALU_CMP, false, RAX, X87_SW_RAISED);
    x86_cold(o->e, x86_cold_alone, x86_jcc_fwd(c, CC_NE));
    x86_mov_rr(c, false, RAX, value);
    x86_alu_ri(c, ALU_AND, false, RAX, 0x1f3f);
    x86_alu_ri(c, ALU_OR, false, RAX, 0x40);
    x86_store(c, RAX, control, 2);
    x86_rm(c, 0xd9, 5, control);
    x86_store(c, RAX, state_mem(offsetof(VCPU, host_x87)), 4);
}

static void op_control(const Op *o)
{
    int dst = ra_def(&o->e->ra, o->e->at, IR_NONE, false);
    x86_load(&o->e->c, dst, state_mem(o->e->x87->at->control), 2);
}

static void op_status(const Op *o)
{
    X86Code *c = &o->e->c;
    int dst = ra_def(&o->e->ra, o->e->at, IR_NONE, false);
    flags_clobber(o->e);
    if (o->s->active) {
        x87_merge(o->e, o->s);
    }
    x86_load(c, dst, state_mem(o->e->x87->at->status), 2);
    x86_load(c, RAX, state_mem(o->e->x87->at->top), 1);
    if (o->s->active && o->s->top) {
        x86_alu_ri(c, ALU_ADD, false, RAX, o->s->top);
        x86_alu_ri(c, ALU_AND, false, RAX, 7);
    }
    x86_shift_ri(c, SH_SHL, false, RAX, 11);
    x86_alu_rr(c, ALU_OR, false, dst, RAX);
}

// --- by function
typedef struct Row {
    void (*emit)(const Op *o);
    X87Arguments argument;
    bool anywhere; // it needs no stretch
    bool keeps;    // the instruction's pointers become the unit's
} Row;

static const Row rows[] = {
    [X87_CALL_ARITH] = {op_arith, {0, 1, -1}, false, true},
    [X87_CALL_ARITH_MEM] = {op_arith_mem, {1, 2, 3}, false, true},
    [X87_CALL_LOAD] = {op_load, {1, 2, 3}, false, true},
    [X87_CALL_LOAD80] = {op_load80, {2, 3, -1}, false, true},
    [X87_CALL_OPERAND] = {op_operand, {0, -1, 1}, false, false},
    [X87_CALL_STORE] = {op_store, {0, 2, -1}, true, false},
    [X87_CALL_STORE80] = {op_store80, {0, -1, -1}, false, false},
    [X87_CALL_STORE_DONE] = {op_store_done, {0, 1, 2}, false, true},
    [X87_CALL_MISC] = {op_misc, {0, 1, -1}, false, true},
    [X87_CALL_COMI] = {op_comi, {0, 1, -1}, false, true},
    [X87_CALL_CMOV] = {op_cmov, {0, 2, -1}, false, true},
    [X87_CALL_WAIT] = {op_wait, {-1, -1, -1}, false, false},
    [X87_CALL_FLDCW] = {op_fldcw, {-1, -1, -1}, false, false},
    [X87_CALL_CONTROL] = {op_control, {-1, -1, -1}, true, false},
    [X87_CALL_STATUS] = {op_status, {-1, -1, -1}, true, false},
};

X87Arguments x87_arguments(X87Call call)
{
    return rows[call].argument;
}

void x87_call(Emit *e, const IRInsn *i)
{
    X87 *x = e->x87;
    const Row *r = &rows[x87_helper(i)->call];
    Op o = {.e = e, .s = &x->now, .i = i, .desc = x87_desc(e, i)};
    if (!r->anywhere) {
        x87_ready(e, e->at);
    }
    x->here = o.s;
    r->emit(&o);
    if (r->argument.dp >= 0) {
        keep_operand(&o, (unsigned)r->argument.dp);
    }
    if (r->keeps) {
        o.s->last = e->at;
    }
}
