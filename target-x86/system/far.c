// Far JMP, CALL and RET (SDM vol. 2; vol. 3, 5.8).
//
//   selector --> code segment: same level (or conforming)
//            \-> call gate --> code segment: same level, or an inner one with the TSS's stack
//            \-> task gate, TSS --> task.c
#include "target-x86/system.h"

static NORETURN void refuse(X86CPU *c, unsigned vector, uint16_t selector)
{
    x86_exception(c, vector, selector & ~3u);
}

static bool is_code64(const X86CPU *c, const X86Desc *d)
{
    return x86_long_mode(c) && (d->hi & X86_DESC_L);
}

// The offset has to lie in the segment that it is for.
static void check_offset(X86CPU *c, const X86Desc *d, uint64_t eip)
{
    if (is_code64(c, d) ? !x86_canonical(eip) : eip > x86_desc_limit(d)) {
        x86_exception(c, X86_GP, 0);
    }
}

static void check_present(X86CPU *c, uint16_t selector, const X86Desc *d)
{
    if (!(d->hi & X86_DESC_P)) {
        refuse(c, X86_NP, selector);
    }
    if (is_code64(c, d) && (d->hi & X86_DESC_B)) {
        refuse(c, X86_GP, selector);
    }
}

static void read_descriptor(X86CPU *c, uint16_t selector, X86Desc *d)
{
    if (x86_null(selector)) {
        x86_exception(c, X86_GP, 0);
    }
    if (!x86_desc_read(c, selector, d)) {
        refuse(c, X86_GP, selector);
    }
}

static void set_code(X86CPU *c, uint16_t selector, X86Desc *d, uint64_t eip, unsigned cpl)
{
    x86_desc_set_accessed(c, d);
    c->seg[X86_CS] = x86_segment_of((uint16_t)((selector & ~3u) | cpl), d);
    c->cpl = (uint8_t)cpl;
    x86_set_eip(c, eip);
    x86_segments_changed(c);
}

// --- real and V86 mode

static void set_real(X86CPU *c, uint16_t selector, uint64_t eip)
{
    X86Segment cs = x86_segment_real(selector, x86_v86(c), &c->seg[X86_CS]);
    if (eip > cs.limit) {
        x86_exception(c, X86_GP, 0);
    }
    c->seg[X86_CS] = cs;
    x86_set_eip(c, eip);
    x86_segments_changed(c);
}

// --- direct: to a code segment of the same level

static void check_same_level(X86CPU *c, uint16_t selector, const X86Desc *d)
{
    unsigned rpl = selector & 3, dpl = x86_desc_dpl(d);
    bool ok = x86_desc_conforming(d) ? dpl <= c->cpl : rpl <= c->cpl && dpl == c->cpl;
    if (!ok) {
        refuse(c, X86_GP, selector);
    }
    check_present(c, selector, d);
}

static void push_return(X86CPU *c, X86Stack *st, uint64_t eip, unsigned n)
{
    x86_stack_push(st, c->seg[X86_CS].selector, n);
    x86_stack_push(st, eip, n);
}

static void direct(X86CPU *c, uint16_t selector, X86Desc *d, uint64_t offset, unsigned n,
                   const uint64_t *return_eip)
{
    check_same_level(c, selector, d);
    check_offset(c, d, offset);
    if (return_eip) {
        X86Stack st = x86_stack_current(c);
        push_return(c, &st, *return_eip, n);
        x86_stack_done(&st);
    }
    set_code(c, selector, d, offset, c->cpl);
}

// --- through a call gate

typedef struct Gate {
    unsigned n;      // bytes of a push
    unsigned params; // to copy
    uint16_t selector;
    uint64_t eip;
} Gate;

static Gate read_gate(X86CPU *c, uint16_t selector, const X86Desc *d)
{
    bool wide = x86_desc_type(d) == X86_SYS_CALL32;
    Gate g = {.n = wide ? 4 : 2, .params = d->hi & 31, .selector = (uint16_t)(d->lo >> 16)};
    g.eip = (d->lo & 0xffff) | (wide ? d->hi & 0xffff0000 : 0);
    if (!(d->hi & X86_DESC_P)) {
        refuse(c, X86_NP, selector);
    }
    if (x86_long_mode(c)) {
        X86Desc upper;
        if (!x86_desc_read_upper(c, selector, &upper) || (upper.hi & 0x1f00)) {
            refuse(c, X86_GP, selector);
        }
        g.eip |= (uint64_t)upper.lo << 32;
        g.n = 8;
        g.params = 0;
    }
    return g;
}

static void read_gate_target(X86CPU *c, const Gate *g, X86Desc *d)
{
    read_descriptor(c, g->selector, d);
    if (!x86_desc_is_code(d) || x86_desc_dpl(d) > c->cpl) {
        refuse(c, X86_GP, g->selector);
    }
    if (x86_long_mode(c) && (d->hi & (X86_DESC_L | X86_DESC_B)) != X86_DESC_L) {
        refuse(c, X86_GP, g->selector);
    }
    check_present(c, g->selector, d);
    check_offset(c, d, g->eip);
}

static void call_inner(X86CPU *c, const Gate *g, X86Desc *d, uint64_t return_eip)
{
    unsigned cpl = x86_desc_dpl(d);
    uint16_t selector;
    uint64_t sp;
    X86Segment ss;
    x86_tss_stack(c, cpl, &selector, &sp);
    if (x86_long_mode(c)) {
        ss = (X86Segment){.selector = (uint16_t)cpl, .attr = cpl << X86_DESC_DPL_SHIFT};
    } else {
        ss = x86_inner_ss(c, selector, cpl);
    }
    X86Stack from = x86_stack_current(c),
             to = x86_long_mode(c) ? x86_stack_inner64(c, sp) : x86_stack_inner(c, &ss, sp);
    x86_stack_push(&to, c->seg[X86_SS].selector, g->n);
    x86_stack_push(&to, c->vcpu.gpr[X86_RSP], g->n);
    for (unsigned i = g->params; i-- > 0;) {
        x86_stack_push(&to, x86_stack_peek(&from, i * g->n, g->n), g->n);
    }
    push_return(c, &to, return_eip, g->n);
    c->seg[X86_SS] = ss;
    c->vcpu.gpr[X86_RSP] = to.sp;
    set_code(c, g->selector, d, g->eip, cpl);
}

static void through_gate(X86CPU *c, uint16_t selector, const X86Desc *gate,
                         const uint64_t *return_eip)
{
    X86Desc d;
    Gate g = read_gate(c, selector, gate);
    read_gate_target(c, &g, &d);
    unsigned dpl = x86_desc_dpl(&d);
    bool same = x86_desc_conforming(&d) || dpl == c->cpl;
    if (!return_eip && !same) { // JMP does not change the level
        refuse(c, X86_GP, g.selector);
    }
    if (return_eip && !same) {
        call_inner(c, &g, &d, *return_eip);
        return;
    }
    if (return_eip) {
        X86Stack st = x86_stack_current(c);
        push_return(c, &st, *return_eip, g.n);
        x86_stack_done(&st);
    }
    set_code(c, g.selector, &d, g.eip, c->cpl);
}

static void system_target(X86CPU *c, uint16_t selector, X86Desc *d, const uint64_t *return_eip,
                          uint64_t next_eip)
{
    X86TaskWhy why = return_eip ? X86_TASK_CALL : X86_TASK_JMP;
    unsigned type = x86_desc_type(d), rpl = selector & 3, dpl = x86_desc_dpl(d);
    bool lm = x86_long_mode(c);
    bool tss = type == X86_SYS_TSS16 || type == X86_SYS_TSS32;
    bool call = type == X86_SYS_CALL32 || (type == X86_SYS_CALL16 && !lm);
    bool task = !lm && (tss || type == X86_SYS_TASK);
    if ((!call && !task) || dpl < c->cpl || dpl < rpl) {
        refuse(c, X86_GP, selector);
    }
    if (call) {
        through_gate(c, selector, d, return_eip);
        return;
    }
    if (!(d->hi & X86_DESC_P)) {
        refuse(c, X86_NP, selector);
    }
    if (tss) {
        x86_task_switch(c, selector, d, why, next_eip, NULL);
    } else {
        x86_task_gate(c, d, why, next_eip, NULL);
    }
}

static void transfer(X86CPU *c, uint16_t selector, uint64_t offset, unsigned n,
                     const uint64_t *return_eip, uint64_t next_eip)
{
    X86Desc d;
    read_descriptor(c, selector, &d);
    if (d.hi & X86_DESC_S) {
        if (!x86_desc_is_code(&d)) {
            refuse(c, X86_GP, selector);
        }
        direct(c, selector, &d, offset, n, return_eip);
    } else {
        system_target(c, selector, &d, return_eip, next_eip);
    }
}

// --- the instructions. The pc is that of the next one.

static void far_jump(VCPU *v, uint64_t selector, uint64_t offset, uint64_t n)
{
    X86CPU *c = x86_cpu(v);
    if (!x86_protected(c)) {
        set_real(c, (uint16_t)selector, offset);
    } else {
        transfer(c, (uint16_t)selector, offset, (unsigned)n, NULL, x86_eip_of(c, v->pc));
    }
}

static void far_call(VCPU *v, uint64_t selector, uint64_t offset, uint64_t n)
{
    X86CPU *c = x86_cpu(v);
    uint64_t next = x86_eip_of(c, v->pc);
    if (x86_protected(c)) {
        transfer(c, (uint16_t)selector, offset, (unsigned)n, &next, next);
        return;
    }
    if (offset > 0xffff && offset > c->seg[X86_CS].limit) {
        x86_exception(c, X86_GP, 0);
    }
    X86Stack st = x86_stack_current(c);
    push_return(c, &st, next, (unsigned)n);
    x86_stack_done(&st);
    set_real(c, (uint16_t)selector, offset);
}

const IRHelper x86_h_far_jump = {"far_jump", far_jump, IR_VOID, 3, IR_CALL_ALL};
const IRHelper x86_h_far_call = {"far_call", far_call, IR_VOID, 3, IR_CALL_ALL};

// --- returns: RETF here, IRET in iret.c

void x86_check_return_code(X86CPU *c, uint16_t selector, X86Desc *d, uint64_t eip)
{
    unsigned rpl = selector & 3;
    read_descriptor(c, selector, d);
    unsigned dpl = x86_desc_dpl(d);
    bool level = x86_desc_conforming(d) ? dpl <= rpl : dpl == rpl;
    if (!x86_desc_is_code(d) || rpl < c->cpl || !level) {
        refuse(c, X86_GP, selector);
    }
    check_present(c, selector, d);
    check_offset(c, d, eip);
}

X86Segment x86_check_return_stack(X86CPU *c, uint16_t selector, const X86Desc *code, unsigned cpl)
{
    X86Desc d;
    unsigned rpl = selector & 3;
    if (x86_null(selector)) {
        if (!is_code64(c, code) || cpl == 3 || rpl != cpl) {
            x86_exception(c, X86_GP, 0);
        }
        return (X86Segment){.selector = selector, .attr = cpl << X86_DESC_DPL_SHIFT};
    }
    if (!x86_desc_read(c, selector, &d) || rpl != cpl || !x86_desc_is_data(&d) ||
        !(d.hi & X86_DESC_W) || x86_desc_dpl(&d) != cpl) {
        refuse(c, X86_GP, selector);
    }
    if (!(d.hi & X86_DESC_P)) {
        refuse(c, X86_SS_FAULT, selector);
    }
    x86_desc_set_accessed(c, &d);
    return x86_segment_of(selector, &d);
}

void x86_return_to(X86CPU *c, uint16_t selector, X86Desc *d, uint64_t eip, const X86Segment *ss,
                   uint64_t sp)
{
    unsigned cpl = selector & 3;
    bool outer = cpl > c->cpl;
    x86_desc_set_accessed(c, d);
    c->seg[X86_CS] = x86_segment_of(selector, d);
    c->seg[X86_SS] = *ss;
    c->cpl = (uint8_t)cpl;
    if (x86_code64(c)) {
        c->vcpu.gpr[X86_RSP] = sp;
    } else if (ss->attr & X86_DESC_B) {
        c->vcpu.gpr[X86_RSP] = (uint32_t)sp;
    } else {
        c->vcpu.gpr[X86_RSP] = (c->vcpu.gpr[X86_RSP] & ~UINT64_C(0xffff)) | (sp & 0xffff);
    }
    if (outer) {
        x86_drop_inner_segments(c);
    }
    x86_set_eip(c, eip);
}

static void ret_real(X86CPU *c, unsigned n, uint64_t drop)
{
    X86Stack st = x86_stack_current(c);
    uint64_t eip = x86_stack_pop(&st, n);
    uint16_t selector = (uint16_t)x86_stack_pop(&st, n);
    X86Segment cs = x86_segment_real(selector, x86_v86(c), &c->seg[X86_CS]);
    if (eip > cs.limit) {
        x86_exception(c, X86_GP, 0);
    }
    st.sp = (st.sp & ~st.mask) | ((st.sp + drop) & st.mask);
    x86_stack_done(&st);
    set_real(c, selector, eip);
}

static void far_ret(VCPU *v, uint64_t n_, uint64_t drop)
{
    X86CPU *c = x86_cpu(v);
    unsigned n = (unsigned)n_;
    if (!x86_protected(c)) {
        ret_real(c, n, drop);
        return;
    }
    X86Desc d;
    X86Stack st = x86_stack_current(c);
    uint64_t eip = x86_stack_pop(&st, n);
    uint16_t selector = (uint16_t)x86_stack_pop(&st, n);
    x86_check_return_code(c, selector, &d, eip);
    st.sp = (st.sp & ~st.mask) | ((st.sp + drop) & st.mask);
    if ((selector & 3) == c->cpl) {
        x86_stack_done(&st);
        set_code(c, selector, &d, eip, c->cpl);
        return;
    }
    uint64_t sp = x86_stack_pop(&st, n);
    uint16_t ss_selector = (uint16_t)x86_stack_pop(&st, n);
    X86Segment ss = x86_check_return_stack(c, ss_selector, &d, selector & 3);
    x86_return_to(c, selector, &d, eip, &ss, sp + drop);
    x86_segments_changed(c);
}

const IRHelper x86_h_far_ret = {"far_ret", far_ret, IR_VOID, 2, IR_CALL_ALL};
