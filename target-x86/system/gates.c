// Entry into handlers: vector table, interrupt and trap gates (SDM vol. 3, 6.12, 6.14; 20.1 for
// real mode, 20.3 for V86 mode).
//
//   gate (IDT) -> code segment -> level: inner: SS:rSP of the TSS (or IST), old SS:rSP pushed
//                                       same:  the current stack (64-bit: aligned, SS:RSP pushed)
//              -> flags, CS, rIP [, error code] pushed -> CS:rIP, flags changed
#include "target-x86/system.h"

typedef struct Gate {
    X86Desc desc;
    X86Desc upper; // of a 16-byte gate
    unsigned type;
    uint32_t error; // of faults about the gate itself
} Gate;

typedef struct Target {
    X86Segment cs;
    uint64_t eip;
    unsigned cpl;
    bool wide; // 32-bit pushes (16-byte gates: 64-bit)
} Target;

#define SELECTOR_ERROR(sel) ((sel) & ~3u)
#define IDT_ERROR(vector)   ((vector)*8 + 2)

// Flags as the handler finds them on its stack.
static uint32_t flags_image(const X86CPU *c, const X86Event *e)
{
    uint32_t f = x86_eflags_get(c);
    if (e->kind == X86_EVENT_FAULT && e->vector != X86_DB) {
        return f | X86_RF;
    }
    return e->kind == X86_EVENT_SOFT ? f & ~(uint32_t)X86_RF : f;
}

// --- real mode

static void enter_real(X86CPU *c, const X86Event *e)
{
    X86System *s = c->sys;
    uint32_t at = e->vector * 4;
    if (at + 3 > s->idt.limit) {
        x86_exception_ext(c, X86_GP, IDT_ERROR(e->vector));
    }
    uint32_t entry = (uint32_t)x86_mem_load(c, x86_lin(c, s->idt.base + at), 4, X86_AS_SYSTEM);
    X86Stack st = x86_stack_current(c);
    x86_stack_push(&st, flags_image(c, e) & 0xffff, 2);
    x86_stack_push(&st, c->seg[X86_CS].selector, 2);
    x86_stack_push(&st, e->eip & 0xffff, 2);
    x86_stack_done(&st);
    c->seg[X86_CS] = x86_segment_real((uint16_t)(entry >> 16), false, &c->seg[X86_CS]);
    x86_set_eip(c, entry & 0xffff);
    c->eflags &= ~(uint32_t)(X86_IF | X86_TF | X86_AC | X86_RF);
}

void x86_enter_redirected(X86CPU *c, unsigned vector, uint64_t eip)
{
    uint32_t f = x86_eflags_get(c);
    if (x86_iopl(c) < 3) { // the program's IF is VIF, and it believes that IOPL is 3
        f = (f & ~(uint32_t)X86_IF) | X86_IOPL | (f & X86_VIF ? X86_IF : 0);
    }
    uint32_t entry = (uint32_t)x86_mem_load(c, vector * 4, 4, X86_AS_CPL);
    X86Stack st = x86_stack_current(c);
    x86_stack_push(&st, f & 0xffff, 2);
    x86_stack_push(&st, c->seg[X86_CS].selector, 2);
    x86_stack_push(&st, eip & 0xffff, 2);
    x86_stack_done(&st);
    c->eflags &= ~(uint32_t)(X86_TF | X86_RF | (x86_iopl(c) == 3 ? X86_IF : X86_VIF));
    c->seg[X86_CS] = x86_segment_real((uint16_t)(entry >> 16), true, &c->seg[X86_CS]);
    x86_set_eip(c, entry & 0xffff);
    x86_segments_changed(c);
}

// --- gates

static bool is_interrupt_gate(unsigned type)
{
    return type == X86_SYS_INT16 || type == X86_SYS_INT32;
}

static bool known_gate(const X86CPU *c, unsigned type)
{
    bool wide = type == X86_SYS_INT32 || type == X86_SYS_TRAP32;
    bool old = type == X86_SYS_INT16 || type == X86_SYS_TRAP16 || type == X86_SYS_TASK;
    return wide || (old && !x86_long_mode(c));
}

static void read_gate(X86CPU *c, const X86Event *e, Gate *g)
{
    const X86System *s = c->sys;
    bool lm = x86_long_mode(c);
    uint32_t size = lm ? 16 : 8, at = e->vector * size;
    uint32_t error = IDT_ERROR(e->vector);
    if (at + size - 1 > s->idt.limit) {
        x86_exception_ext(c, X86_GP, error);
    }
    uint64_t linear = x86_lin(c, s->idt.base + at);
    uint64_t raw = x86_mem_load(c, linear, 8, X86_AS_SYSTEM);
    g->desc = (X86Desc){(uint32_t)raw, (uint32_t)(raw >> 32), linear};
    g->upper = (X86Desc){0};
    if (lm) {
        raw = x86_mem_load(c, x86_lin(c, linear + 8), 8, X86_AS_SYSTEM);
        g->upper = (X86Desc){(uint32_t)raw, (uint32_t)(raw >> 32), linear + 8};
    }
    g->type = x86_desc_type(&g->desc);
    if ((g->desc.hi & X86_DESC_S) || !known_gate(c, g->type) ||
        (e->kind == X86_EVENT_SOFT && x86_desc_dpl(&g->desc) < c->cpl)) {
        x86_exception_ext(c, X86_GP, error);
    }
    if (!(g->desc.hi & X86_DESC_P)) {
        x86_exception_ext(c, X86_NP, error);
    }
}

// The handler's code segment and entry.
static void read_target(X86CPU *c, const Gate *g, Target *t)
{
    uint16_t selector = (uint16_t)(g->desc.lo >> 16);
    X86Desc d;
    if (x86_null(selector)) {
        x86_exception_ext(c, X86_GP, 0);
    }
    if (!x86_desc_read(c, selector, &d) || !x86_desc_is_code(&d) || x86_desc_dpl(&d) > c->cpl) {
        x86_exception_ext(c, X86_GP, SELECTOR_ERROR(selector));
    }
    bool code64 = (d.hi & (X86_DESC_L | X86_DESC_B)) == X86_DESC_L;
    if (x86_long_mode(c) && !code64) {
        x86_exception_ext(c, X86_GP, SELECTOR_ERROR(selector));
    }
    if (!(d.hi & X86_DESC_P)) {
        x86_exception_ext(c, X86_NP, SELECTOR_ERROR(selector));
    }
    t->cpl = x86_desc_conforming(&d) ? c->cpl : x86_desc_dpl(&d);
    if (x86_v86(c) && t->cpl != 0) {
        x86_exception_ext(c, X86_GP, SELECTOR_ERROR(selector));
    }
    x86_desc_set_accessed(c, &d);
    t->cs = x86_segment_of((uint16_t)((selector & ~3u) | t->cpl), &d);
    t->wide = g->type >= X86_SYS_INT32;
    t->eip = (g->desc.lo & 0xffff) | (t->wide ? g->desc.hi & 0xffff0000 : 0) |
             (uint64_t)g->upper.lo << 32;
}

X86Segment x86_inner_ss(X86CPU *c, uint16_t selector, unsigned dpl)
{
    X86Desc d;
    if (x86_null(selector)) {
        x86_exception_ext(c, X86_TS, 0);
    }
    if ((selector & 3) != dpl || !x86_desc_read(c, selector, &d) || !x86_desc_is_data(&d) ||
        !(d.hi & X86_DESC_W) || x86_desc_dpl(&d) != dpl) {
        x86_exception_ext(c, X86_TS, SELECTOR_ERROR(selector));
    }
    if (!(d.hi & X86_DESC_P)) {
        x86_exception_ext(c, X86_SS_FAULT, SELECTOR_ERROR(selector));
    }
    x86_desc_set_accessed(c, &d);
    return x86_segment_of(selector, &d);
}

// --- changes that every entry ends with

static void finish(X86CPU *c, const Gate *g, const Target *t)
{
    uint32_t clear = X86_TF | X86_NT | X86_VM | X86_RF;
    c->eflags &= ~(clear | (is_interrupt_gate(g->type) ? X86_IF : 0));
    c->seg[X86_CS] = t->cs;
    c->cpl = (uint8_t)t->cpl;
    x86_set_eip(c, t->eip);
}

// --- protected mode

static void push_v86_segments(X86CPU *c, X86Stack *st, unsigned n)
{
    static const uint8_t order[] = {X86_GS, X86_FS, X86_DS, X86_ES};
    for (unsigned i = 0; i < ARRAY_LEN(order); i++) {
        x86_stack_push(st, c->seg[order[i]].selector, n);
    }
}

static void clear_v86_segments(X86CPU *c)
{
    static const uint8_t data[] = {X86_GS, X86_FS, X86_DS, X86_ES};
    for (unsigned i = 0; i < ARRAY_LEN(data); i++) {
        c->seg[data[i]] = (X86Segment){0};
    }
}

static void push_frame(X86CPU *c, X86Stack *st, const X86Event *e, unsigned n)
{
    x86_stack_push(st, flags_image(c, e), n);
    x86_stack_push(st, c->seg[X86_CS].selector, n);
    x86_stack_push(st, e->eip, n);
    if (e->has_error) {
        x86_stack_push(st, e->error, n);
    }
}

static void enter_inner(X86CPU *c, const X86Event *e, const Gate *g, const Target *t)
{
    uint16_t selector;
    uint64_t sp;
    unsigned n = t->wide ? 4 : 2;
    bool v86 = x86_v86(c);
    x86_tss_stack(c, t->cpl, &selector, &sp);
    X86Segment ss = x86_inner_ss(c, selector, t->cpl);
    X86Stack st = x86_stack_inner(c, &ss, sp);
    if (v86) {
        push_v86_segments(c, &st, n);
    }
    x86_stack_push(&st, c->seg[X86_SS].selector, n);
    x86_stack_push(&st, c->vcpu.gpr[X86_RSP], n);
    push_frame(c, &st, e, n);
    if (v86) {
        clear_v86_segments(c);
    }
    c->seg[X86_SS] = ss;
    c->vcpu.gpr[X86_RSP] = st.mask == UINT32_MAX
                               ? (uint32_t)st.sp
                               : (c->vcpu.gpr[X86_RSP] & ~st.mask) | (st.sp & st.mask);
    finish(c, g, t);
}

static void enter_same(X86CPU *c, const X86Event *e, const Gate *g, const Target *t)
{
    X86Stack st = x86_stack_current(c);
    st.as = c->cpl < 3 ? X86_AS_SYSTEM : X86_AS_CPL;
    push_frame(c, &st, e, t->wide ? 4 : 2);
    x86_stack_done(&st);
    finish(c, g, t);
}

static void enter_protected(X86CPU *c, const X86Event *e)
{
    Gate g;
    Target t;
    read_gate(c, e, &g);
    if (g.type == X86_SYS_TASK) {
        x86_task_gate(c, &g.desc, X86_TASK_INT, e->eip, e->has_error ? &e->error : NULL);
        return;
    }
    read_target(c, &g, &t);
    if (t.eip > t.cs.limit) {
        x86_exception_ext(c, X86_GP, 0);
    }
    if (t.cpl < c->cpl) {
        enter_inner(c, e, &g, &t);
    } else {
        enter_same(c, e, &g, &t);
    }
}

// --- long mode

static void enter_long(X86CPU *c, const X86Event *e)
{
    Gate g;
    Target t;
    read_gate(c, e, &g);
    read_target(c, &g, &t);
    if (!x86_canonical(t.eip)) {
        x86_exception_ext(c, X86_GP, 0);
    }
    unsigned ist = g.desc.hi & 7;
    uint64_t sp = c->vcpu.gpr[X86_RSP];
    uint16_t unused;
    if (ist) {
        sp = x86_tss64_ist(c, ist);
    } else if (t.cpl < c->cpl) {
        x86_tss_stack(c, t.cpl, &unused, &sp);
    }
    X86Stack st = x86_stack_inner64(c, sp & ~UINT64_C(15));
    st.as = t.cpl < 3 ? X86_AS_SYSTEM : X86_AS_CPL;
    x86_stack_push(&st, c->seg[X86_SS].selector, 8);
    x86_stack_push(&st, c->vcpu.gpr[X86_RSP], 8);
    push_frame(c, &st, e, 8);
    x86_stack_done(&st);
    if (t.cpl < c->cpl) { // a null selector with the new level
        c->seg[X86_SS] = (X86Segment){.selector = (uint16_t)t.cpl,
                                      .attr = (uint32_t)t.cpl << X86_DESC_DPL_SHIFT};
    }
    finish(c, &g, &t);
}

void x86_enter_handler(X86CPU *c, const X86Event *e)
{
    bool v86 = x86_v86(c);
    if (!(c->cr0 & X86_CR0_PE)) {
        enter_real(c, e);
    } else if (x86_long_mode(c)) {
        enter_long(c, e);
    } else {
        enter_protected(c, e);
    }
    c->inhibit = 0;
    if (v86) {
        x86_segments_changed(c);
    } else {
        x86_segments_loaded(c, 1u << X86_CS | 1u << X86_SS);
    }
}
