// The host's x87 stack as a copy of the guest's: what is in it, how it gets there and back.
#include <glib.h>
#include <string.h>

#include "host-backends/x86_64/emit_x87.h"

enum { ENV_BYTES_STATUS = 4 }; // in what FNSTENV stores

void x87_bytes(Emit *e, unsigned a, unsigned b)
{
    x86_byte(&e->c, a);
    x86_byte(&e->c, b);
}

static void fld(Emit *e, X86Mem m)
{
    x86_rm(&e->c, 0xdb, 5, m);
}
static void fstp(Emit *e, X86Mem m)
{
    x86_rm(&e->c, 0xdb, 7, m);
}

// --- what is known
void x87_push(X87Stack *s, unsigned id)
{
    memmove(s->id + 1, s->id, sizeof(s->id) - 1);
    s->id[0] = (uint8_t)id;
    s->n++;
    s->top = (s->top - 1) & 7;
    s->toggled ^= (uint8_t)(1u << s->top);
    s->home[s->top] = 0;
}

void x87_pop(X87Stack *s)
{
    memmove(s->id, s->id + 1, sizeof(s->id) - 1);
    s->n--;
    s->toggled ^= (uint8_t)(1u << s->top);
    s->top = (s->top + 1) & 7;
}

static unsigned reg_of(const X87Stack *s, unsigned p)
{
    return (s->top + p) & 7;
}

bool x87_is_dirty(const X87Stack *s, unsigned p)
{
    return s->id[p] != s->home[reg_of(s, p)];
}

// --- single registers
static X86Mem place(const Emit *e, int index)
{
    X86Mem m = state_mem(e->x87->at->st);
    m.index = (int8_t)index;
    return m;
}

X86Mem x87_slot(Emit *e, const X87Stack *s, unsigned p)
{
    x86_load(&e->c, RAX, state_mem(e->x87->at->top), 1);
    if (reg_of(s, p)) {
        x86_alu_ri(&e->c, ALU_ADD, false, RAX, (int32_t)reg_of(s, p));
        x86_alu_ri(&e->c, ALU_AND, false, RAX, 7);
    }
    x86_shift_ri(&e->c, SH_SHL, false, RAX, 4);
    return place(e, RAX);
}

void x87_clean(Emit *e, const X87Stack *s, unsigned p)
{
    if (x87_is_dirty(s, p)) {
        x87_bytes(e, 0xd9, 0xc0 + p); // fld st(p)
        fstp(e, x87_slot(e, s, p));
    }
}

// --- to guest state
static void merge(Emit *e, unsigned pending)
{
    const X87Layout *at = e->x87->at;
    x87_bytes(e, 0xdf, 0xe0); // fnstsw ax
    x86_load(&e->c, RCX, state_mem(at->status), 2);
    if (pending & X87_SW_CONDITION) {
        x86_alu_ri(&e->c, ALU_AND, false, RCX, (int32_t) ~(pending & X87_SW_CONDITION));
    }
    x86_alu_ri(&e->c, ALU_AND, false, RAX, (int32_t)pending);
    x86_alu_rr(&e->c, ALU_OR, false, RCX, RAX);
    x86_store(&e->c, RCX, state_mem(at->status), 2);
}

void x87_merge(Emit *e, X87Stack *s)
{
    if (s->pending) {
        merge(e, s->pending);
    }
    s->pending = 0;
}

static void copy16(Emit *e, unsigned to, unsigned from)
{
    x86_load(&e->c, RAX, state_mem(from), 2);
    x86_store(&e->c, RAX, state_mem(to), 2);
}

static void write_pointers(Emit *e, const X87Stack *s)
{
    const X87Layout *at = e->x87->at;
    if (s->last != IR_NONE) {
        const IRInsn *i = &e->b->insn[s->last];
        uint64_t ip = 0;
        ra_is_const(&e->ra, i->arg[x87_arguments(x87_helper(i)->call).ip], &ip);
        x86_mov_ri(&e->c, RAX, ip);
        x86_store(&e->c, RAX, state_mem(at->ip), 8);
        x86_store_imm(&e->c, state_mem(at->opcode), 2, x87_desc(e, i) >> X87_FOP_SHIFT & 0x7ff);
        copy16(e, at->cs, at->cs_selector);
    }
    if (s->segment != X87_NO_SEGMENT) {
        copy16(e, at->ds, at->selector + s->segment * at->selector_step);
    }
}

// cl = TOP at the stretch's start. Turns the tags that have changed.
static void turn_tags(Emit *e, const X87Stack *s)
{
    if (s->toggled) {
        x86_mov_ri(&e->c, RAX, s->toggled);
        x86_rr(&e->c, 0xd2 | X86_BYTE, SH_ROL, RAX);
        x86_rm(&e->c, 0x30 | X86_BYTE_REG, RAX, state_mem(e->x87->at->empty)); // xor
    }
}

// ecx = TOP at the stretch's start; the guest's becomes that and `by`, which rax then holds.
static void turn_top(Emit *e, unsigned by)
{
    if (by) {
        x86_lea(&e->c, false, RAX, x86_mem(RCX, (int32_t)by));
        x86_alu_ri(&e->c, ALU_AND, false, RAX, 7);
        x86_store(&e->c, RAX, state_mem(e->x87->at->top), 1);
    }
}

// ST(p) in guest state; ecx = 16 * TOP at the stretch's start. rax changes.
static X86Mem slot_from(Emit *e, const X87Stack *s, unsigned p)
{
    if (!reg_of(s, p)) {
        return place(e, RCX);
    }
    x86_lea(&e->c, false, RAX, x86_mem(RCX, 16 * (int32_t)reg_of(s, p)));
    x86_alu_ri(&e->c, ALU_AND, false, RAX, 0x70);
    return place(e, RAX);
}

static void write_back(Emit *e, const X87Stack *s)
{
    if (s->pending) {
        merge(e, s->pending);
    }
    write_pointers(e, s);
    x86_load(&e->c, RCX, state_mem(e->x87->at->top), 1);
    turn_tags(e, s);
    turn_top(e, s->top);
    x86_shift_ri(&e->c, SH_SHL, false, RCX, 4);
    for (unsigned p = 0; p < s->n; p++) {
        if (x87_is_dirty(s, p)) {
            fstp(e, slot_from(e, s, p));
        } else {
            x87_bytes(e, 0xdd, 0xd8); // fstp st0
        }
    }
}

static void end_stretch(Emit *e)
{
    X87Stack *s = &e->x87->now;
    flags_clobber(e);
    write_back(e, s);
    s->active = false;
}

// --- code out of line
uint16_t x87_snapshot(Emit *e)
{
    if (!x87_is_busy(e)) {
        return 0;
    }
    X87 *x = e->x87;
    if (x->n_snapshots && !memcmp(&x->snapshot[x->n_snapshots - 1], &x->now, sizeof(x->now))) {
        return (uint16_t)x->n_snapshots;
    }
    if (x->n_snapshots == x->capacity) {
        x->capacity = x->capacity * 2 + 8;
        x->snapshot = g_renew(X87Stack, x->snapshot, x->capacity);
    }
    x->snapshot[x->n_snapshots++] = x->now;
    return (uint16_t)x->n_snapshots;
}

void x87_cold(Emit *e, const Cold *c)
{
    if (e->x87) {
        e->x87->now.active = false;
        e->x87->here = c->x87 ? &e->x87->snapshot[c->x87 - 1] : &e->x87->now;
    }
}

// The value of a store whose access may fail: what its conversion raises is not the guest's yet.
static void convert_for_store(Emit *e, const IRInsn *i)
{
    X87Stack none = {.active = true};
    fld(e, x87_slot(e, &none, 0));
    e->x87->here = &none;
    x87_access(e, i, state_mem(VARG(0)));
    x86_store_imm(&e->c, state_mem(offsetof(VCPU, host_x87)), 4, 0);
    if (!(x87_desc(e, &e->b->insn[x87_operand_of(e, i)]) & X87_POP)) {
        x87_bytes(e, 0xdd, 0xd8); // fstp st0
    }
}

void x87_leave(Emit *e, const Cold *c)
{
    if (!c->x87) {
        return;
    }
    const X87Stack *s = &e->x87->snapshot[c->x87 - 1];
    const IRInsn *i = &e->b->insn[c->insn];
    write_back(e, s);
    if (i->op == IR_st && x87_operand_of(e, i) != IR_NONE) {
        convert_for_store(e, i);
        e->x87->here = s;
    }
}

// Loading registers has changed the condition bits; FLDENV is the one way to set them.
static void restore_condition(Emit *e)
{
    X86Mem env = state_mem(VARG(2)), status = state_mem(VARG(2) + ENV_BYTES_STATUS);
    x86_rm(&e->c, 0xd9, 6, env); // fnstenv
    x86_load(&e->c, RAX, status, 2);
    x86_load(&e->c, RCX, state_mem(e->x87->at->status), 2);
    x86_alu_ri(&e->c, ALU_AND, false, RAX, ~X87_SW_CONDITION);
    x86_alu_ri(&e->c, ALU_AND, false, RCX, X87_SW_CONDITION);
    x86_alu_rr(&e->c, ALU_OR, false, RAX, RCX);
    x86_store(&e->c, RAX, status, 2);
    x86_rm(&e->c, 0xd9, 4, env); // fldenv
}

void x87_return(Emit *e, const Cold *c)
{
    if (!c->x87) {
        return;
    }
    const X87Stack *s = &e->x87->snapshot[c->x87 - 1];
    x86_load(&e->c, RCX, state_mem(e->x87->at->top), 1);
    if (s->top) {
        turn_top(e, 8u - s->top);
        x86_mov_rr(&e->c, false, RCX, RAX);
    }
    turn_tags(e, s);
    x86_shift_ri(&e->c, SH_SHL, false, RCX, 4);
    for (unsigned p = s->n; p-- > 0;) {
        fld(e, slot_from(e, s, p));
    }
    if (s->pending & X87_SW_CONDITION) {
        restore_condition(e);
    }
}

// --- a stretch's start
static bool ends_stretch(const Emit *e, const IRInsn *i)
{
    const X87Layout *at = e->x87->at;
    unsigned effects = ir_op_info[i->op].effects;
    switch (i->op) {
    case IR_insn:
    case IR_exit_if:
    case IR_exit_if_f:
    case IR_guard:
    case IR_ld:
    case IR_st:
    case IR_chk:
    case IR_rmw:
    case IR_cas:
    case IR_casif:
        return false;
    case IR_call:
        return !x87_helper(i) && ((const IRHelper *)(uintptr_t)i->imm)->flags;
    case IR_get:
    case IR_put:
        return i->imm + i->aux > at->first && i->imm < at->end;
    default:
        break;
    }
    if (effects & (IR_EFF_RD | IR_EFF_WR)) {
        return ((const IRVHelper *)(uintptr_t)i->imm)->flags;
    }
    return effects & (IR_EFF_FAULT | IR_EFF_EXIT | IR_EFF_TERM);
}

// What a stretch that starts here needs, by register: there, or empty.
typedef struct Needs {
    unsigned there, empty; // how many below and above TOP
    IRRef until;
} Needs;

// False: that is more than can be; one of the host's registers is kept free (x87_clean).
static bool add_needs(Needs *n, X87Use u, int *moved)
{
    int there = MAX_OF((int)n->there, u.deepest + 1 + *moved);
    int empty = MAX_OF((int)n->empty, u.pushes - *moved);
    if (there + empty >= X87_REGS) {
        return false;
    }
    n->there = (unsigned)there;
    n->empty = (unsigned)empty;
    *moved += u.pops - u.pushes;
    return true;
}

static Needs needs_from_here(const Emit *e)
{
    Needs n = {.until = e->at};
    int moved = 0;
    for (; n.until < e->b->n; n.until++) {
        const IRInsn *i = &e->b->insn[n.until];
        const X87Helper *h = x87_helper(i);
        if (h ? !add_needs(&n, x87_use(h->call, x87_desc(e, i)), &moved) : ends_stretch(e, i)) {
            break;
        }
    }
    return n;
}

// The host's unit becomes the guest's if that masks all exceptions.
static void cold_control(Emit *e, const Cold *c)
{
    x86_mov_rr(&e->c, false, RCX, RAX);
    x86_alu_ri(&e->c, ALU_AND, false, RCX, X87_SW_RAISED);
    x86_alu_ri(&e->c, ALU_CMP, false, RCX, X87_SW_RAISED);
    size_t masked = x86_jcc_fwd(&e->c, CC_E);
    x86_cold_alone(e, c);
    x86_patch(&e->c, masked, e->c.pos);
    x87_bytes(e, 0xdb, 0xe2); // fnclex
    x86_rm(&e->c, 0xd9, 5, state_mem(e->x87->at->control));
    x86_store(&e->c, RAX, state_mem(offsetof(VCPU, host_x87)), 4);
    x86_jmp(&e->c, c->back);
}

static void check_control(Emit *e)
{
    x86_load(&e->c, RAX, state_mem(e->x87->at->control), 2);
    x86_alu_rm(&e->c, ALU_CMP, false, RAX, state_mem(offsetof(VCPU, host_x87)));
    Cold *c = x86_cold(e, cold_control, x86_jcc_fwd(&e->c, CC_NE));
    c->back = e->c.pos;
}

// ecx = TOP. al bit r: register r, counted from TOP, is empty.
static void check_tags(Emit *e, const Needs *n)
{
    unsigned empty = 0xff & ~(0xffu >> n->empty), asked = empty | ((1u << n->there) - 1);
    x86_load(&e->c, RCX, state_mem(e->x87->at->top), 1);
    x86_load(&e->c, RAX, state_mem(e->x87->at->empty), 1);
    x86_rr(&e->c, 0xd2 | X86_BYTE, SH_ROR, RAX);
    if (empty) {
        x87_bytes(e, 0x34, empty); // xor al
    }
    x87_bytes(e, 0xa8, asked); // test al
    x86_cold(e, x86_cold_alone, x86_jcc_fwd(&e->c, CC_NE));
}

static void load_registers(Emit *e, X87Stack *s, unsigned n)
{
    *s = (X87Stack){
        .n = (uint8_t)n, .next_id = (uint8_t)(n + 1), .segment = X87_NO_SEGMENT, .last = IR_NONE};
    if (n) {
        x86_shift_ri(&e->c, SH_SHL, false, RCX, 4);
    }
    for (unsigned p = n; p-- > 0;) {
        s->id[p] = s->home[p] = (uint8_t)(p + 1);
        fld(e, slot_from(e, s, p));
    }
    s->active = true;
}

void x87_ready(Emit *e, IRRef k)
{
    X87 *x = e->x87;
    flags_clobber(e);
    if (x->now.active && k < x->until) {
        return;
    }
    if (x->now.active) {
        end_stretch(e);
    }
    Needs n = needs_from_here(e);
    check_control(e);
    if (n.until <= k) { // it alone needs more than there is: the code behind it is not run
        x86_cold(e, x86_cold_alone, x86_jmp_fwd(&e->c));
        n.there = X87_REGS;
        n.until = k + 1;
    } else if (n.there + n.empty) {
        check_tags(e, &n);
    }
    load_registers(e, &x->now, n.there);
    x->until = n.until;
}

// The call that an access belongs to, or behind a store the one with its effects.
static IRRef completed_by(const Emit *e, IRRef access)
{
    IRRef k = e->x87->operand[access];
    if (k < access) {
        for (k = access + 1; !x87_helper(&e->b->insn[k]);) {
            k++;
        }
    }
    return k;
}

void x87_op_begins(Emit *e, const IRInsn *i)
{
    X87 *x = e->x87;
    X87Stack *s = &x->now;
    if (i->op != IR_call && x87_operand_of(e, i) != IR_NONE) {
        x87_ready(e, completed_by(e, e->at));
    }
    if (!s->active) {
        return;
    }
    if (ends_stretch(e, i)) {
        end_stretch(e);
    } else if (i->op != IR_call && ir_op_info[i->op].effects & IR_EFF_FAULT) {
        for (unsigned p = 0; p < s->n; p++) { // its slow path may write them back
            if (x87_is_dirty(s, p)) {
                s->home[reg_of(s, p)] = 0;
            }
        }
    }
}
