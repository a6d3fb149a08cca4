// The task state segment: task switches (SDM vol. 3, chapter 8), stacks of inner levels, the I/O
// permission and interrupt redirection bitmaps.
//
//   switch: checks -> registers saved in the old TSS -> new TSS read -> busy bits, link, NT
//           --- from here on faults are the new task's ---
//           CR3, registers, LDT, segments
#include "target-x86/system.h"

#include <string.h>

#include "util/log.h"

#define MIN_LIMIT_16 0x2b
#define MIN_LIMIT_32 0x67
#define MIN_LIMIT_IO 0x67

// Offsets in a TSS (8.2.1, 8.6).
typedef struct Layout {
    uint8_t cr3, eip, eflags, gpr, seg, ldt;
    uint8_t n;      // bytes of a register
    uint8_t seg_n;  // distance of the segment selectors
    uint8_t n_segs; // 4: without FS and GS
    uint8_t min_limit;
} Layout;

static const Layout layout16 = {0, 0x0e, 0x10, 0x12, 0x22, 0x2a, 2, 2, 4, MIN_LIMIT_16};
static const Layout layout32 = {0x1c, 0x20, 0x24, 0x28, 0x48, 0x60, 4, 4, 6, MIN_LIMIT_32};

#define OFF_T  0x64
#define OFF_IO 0x66

static bool is_32(uint32_t attr)
{
    return (attr >> 8 & 15) >= X86_SYS_TSS32;
}

static uint64_t tss_load(X86CPU *c, const X86Segment *tss, unsigned off, unsigned n)
{
    return x86_mem_load(c, x86_lin(c, tss->base + off), n, X86_AS_SYSTEM);
}

static void tss_store(X86CPU *c, const X86Segment *tss, unsigned off, uint64_t v, unsigned n)
{
    x86_mem_store(c, x86_lin(c, tss->base + off), v, n, X86_AS_SYSTEM);
}

// --- stacks

static NORETURN void bad_tss(X86CPU *c)
{
    x86_exception_ext(c, X86_TS, c->sys->tr.selector & ~3u);
}

void x86_tss_stack(X86CPU *c, unsigned cpl, uint16_t *ss, uint64_t *sp)
{
    const X86Segment *tr = &c->sys->tr;
    unsigned n = x86_long_mode(c) ? 8 : is_32(tr->attr) ? 4 : 2;
    unsigned off = n == 8 ? 4 + 8 * cpl : n + 2 * n * cpl;
    if (off + n + (n == 8 ? 0 : 2) - 1 > tr->limit) {
        bad_tss(c);
    }
    *sp = tss_load(c, tr, off, n);
    *ss = n == 8 ? 0 : (uint16_t)tss_load(c, tr, off + n, 2);
}

uint64_t x86_tss64_ist(X86CPU *c, unsigned ist)
{
    unsigned off = 0x1c + 8 * ist;
    if (off + 7 > c->sys->tr.limit) {
        bad_tss(c);
    }
    return tss_load(c, &c->sys->tr, off, 8);
}

// --- bitmaps

bool x86_io_allowed(X86CPU *c, unsigned port, unsigned bytes)
{
    const X86Segment *tr = &c->sys->tr;
    if (!(c->cr0 & X86_CR0_PE) || (!x86_v86(c) && c->cpl <= x86_iopl(c))) {
        return true;
    }
    if (!(tr->attr & X86_DESC_P) || !is_32(tr->attr) || tr->limit < MIN_LIMIT_IO) {
        return false;
    }
    uint32_t at = (uint32_t)tss_load(c, tr, OFF_IO, 2) + port / 8;
    if (at + 1 > tr->limit) {
        return false;
    }
    unsigned map = (unsigned)tss_load(c, tr, at, 2);
    return !(map >> (port & 7) & ((1u << bytes) - 1));
}

bool x86_vme_redirected(X86CPU *c, unsigned vector)
{
    const X86Segment *tr = &c->sys->tr;
    if (!(c->cr4 & X86_CR4_VME) || !is_32(tr->attr) || tr->limit < MIN_LIMIT_IO) {
        return false;
    }
    uint32_t io = (uint32_t)tss_load(c, tr, OFF_IO, 2);
    if (io < 32 || io - 32 + vector / 8 > tr->limit) {
        return false;
    }
    return !(tss_load(c, tr, io - 32 + vector / 8, 1) >> (vector & 7) & 1);
}

// --- the switch

typedef struct NewTask {
    X86Segment tss;
    const Layout *l;
    uint64_t cr3, eip;
    uint32_t eflags;
    uint32_t gpr[8];
    uint16_t seg[X86_SEGS], ldt;
    bool trap;
} NewTask;

static NORETURN void refuse(X86CPU *c, unsigned vector, uint16_t selector)
{
    x86_exception_ext(c, vector, selector & ~3u);
}

static void check_descriptor(X86CPU *c, uint16_t selector, const X86Desc *d, X86TaskWhy why)
{
    unsigned type = x86_desc_type(d);
    bool busy = type == X86_SYS_TSS16_BUSY || type == X86_SYS_TSS32_BUSY;
    bool free_ = type == X86_SYS_TSS16 || type == X86_SYS_TSS32;
    if ((d->hi & X86_DESC_S) || !(why == X86_TASK_IRET ? busy : free_)) {
        refuse(c, why == X86_TASK_IRET ? X86_TS : X86_GP, selector);
    }
    if (!(d->hi & X86_DESC_P)) {
        refuse(c, X86_NP, selector);
    }
    if (x86_desc_limit(d) < (type & 8 ? MIN_LIMIT_32 : MIN_LIMIT_16)) {
        refuse(c, X86_TS, selector);
    }
}

static void set_busy(X86CPU *c, uint16_t selector, bool busy)
{
    X86Desc d;
    if (!x86_desc_read(c, selector, &d)) {
        return; // the GDT has shrunk under the running task
    }
    uint32_t hi = busy ? d.hi | 2 << 8 : d.hi & ~(uint32_t)(2 << 8);
    x86_mem_store(c, x86_lin(c, d.linear + 4), hi, 4, X86_AS_SYSTEM);
}

static void save_old(X86CPU *c, X86TaskWhy why, uint64_t eip)
{
    const X86Segment *tr = &c->sys->tr;
    const Layout *l = is_32(tr->attr) ? &layout32 : &layout16;
    uint32_t flags = x86_eflags_get(c);
    if (why == X86_TASK_IRET) {
        flags &= ~(uint32_t)X86_NT;
    }
    tss_store(c, tr, l->eip, eip, l->n);
    tss_store(c, tr, l->eflags, flags, l->n);
    for (unsigned i = 0; i < 8; i++) {
        tss_store(c, tr, l->gpr + i * l->n, c->vcpu.gpr[i], l->n);
    }
    for (unsigned i = 0; i < l->n_segs; i++) {
        tss_store(c, tr, l->seg + i * l->seg_n, c->seg[i].selector, 2);
    }
}

static void read_new(X86CPU *c, NewTask *t)
{
    const Layout *l = t->l;
    const X86Segment *s = &t->tss;
    bool wide = l->n == 4;
    t->cr3 = wide ? tss_load(c, s, l->cr3, 4) : 0;
    t->eip = tss_load(c, s, l->eip, l->n);
    t->eflags = (uint32_t)tss_load(c, s, l->eflags, l->n);
    for (unsigned i = 0; i < 8; i++) {
        t->gpr[i] = (uint32_t)tss_load(c, s, l->gpr + i * l->n, l->n);
    }
    for (unsigned i = 0; i < X86_SEGS; i++) {
        t->seg[i] = i < l->n_segs ? (uint16_t)tss_load(c, s, l->seg + i * l->seg_n, 2) : 0;
    }
    t->ldt = (uint16_t)tss_load(c, s, l->ldt, 2);
    t->trap = wide && (tss_load(c, s, OFF_T, 1) & 1);
}

// --- the new task's segments: faults are its own

static void load_ldt(X86CPU *c, uint16_t selector)
{
    X86Desc d;
    c->sys->ldt = (X86Segment){.selector = selector};
    if (x86_null(selector)) {
        return;
    }
    if ((selector & 4) || !x86_desc_read(c, selector, &d) || (d.hi & X86_DESC_S) ||
        x86_desc_type(&d) != X86_SYS_LDT || !(d.hi & X86_DESC_P)) {
        refuse(c, X86_TS, selector);
    }
    c->sys->ldt = x86_segment_of(selector, &d);
}

static void load_code(X86CPU *c, uint16_t selector)
{
    X86Desc d;
    unsigned rpl = selector & 3;
    if (x86_null(selector) || !x86_desc_read(c, selector, &d) || !x86_desc_is_code(&d)) {
        refuse(c, X86_TS, selector);
    }
    unsigned dpl = x86_desc_dpl(&d);
    if (x86_desc_conforming(&d) ? dpl > rpl : dpl != rpl) {
        refuse(c, X86_TS, selector);
    }
    if (!(d.hi & X86_DESC_P)) {
        refuse(c, X86_NP, selector);
    }
    x86_desc_set_accessed(c, &d);
    c->seg[X86_CS] = x86_segment_of(selector, &d);
}

static void load_stack(X86CPU *c, uint16_t selector)
{
    X86Desc d;
    if (x86_null(selector) || !x86_desc_read(c, selector, &d) || !x86_desc_is_data(&d) ||
        !(d.hi & X86_DESC_W) || x86_desc_dpl(&d) != c->cpl || (selector & 3) != c->cpl) {
        refuse(c, X86_TS, selector);
    }
    if (!(d.hi & X86_DESC_P)) {
        refuse(c, X86_SS_FAULT, selector);
    }
    x86_desc_set_accessed(c, &d);
    c->seg[X86_SS] = x86_segment_of(selector, &d);
}

static void load_data(X86CPU *c, unsigned seg, uint16_t selector)
{
    X86Desc d;
    if (x86_null(selector)) {
        return;
    }
    if (!x86_desc_read(c, selector, &d) || !(d.hi & X86_DESC_S) ||
        (x86_desc_is_code(&d) && !(d.hi & X86_DESC_W))) {
        refuse(c, X86_TS, selector);
    }
    bool conforming = x86_desc_is_code(&d) && x86_desc_conforming(&d);
    unsigned rpl = selector & 3, dpl = x86_desc_dpl(&d);
    if (!conforming && (rpl > dpl || c->cpl > dpl)) {
        refuse(c, X86_TS, selector);
    }
    if (!(d.hi & X86_DESC_P)) {
        refuse(c, X86_NP, selector);
    }
    x86_desc_set_accessed(c, &d);
    c->seg[seg] = x86_segment_of(selector, &d);
}

static void load_segments(X86CPU *c, const NewTask *t)
{
    for (unsigned i = 0; i < X86_SEGS; i++) {
        c->seg[i] = (X86Segment){.selector = t->seg[i]};
    }
    load_ldt(c, t->ldt);
    if (t->eflags & X86_VM) {
        for (unsigned i = 0; i < X86_SEGS; i++) {
            c->seg[i] = x86_segment_real(t->seg[i], true, &c->seg[i]);
        }
        return;
    }
    load_code(c, t->seg[X86_CS]);
    load_stack(c, t->seg[X86_SS]);
    static const uint8_t data[] = {X86_ES, X86_DS, X86_FS, X86_GS};
    for (unsigned i = 0; i < ARRAY_LEN(data); i++) {
        load_data(c, data[i], t->seg[data[i]]);
    }
}

// Registers and everything that cannot fault. The pc is right once CS is.
static void load_registers(X86CPU *c, const NewTask *t)
{
    const uint32_t known = X86_STATUS_FLAGS | X86_DF | X86_TF | X86_IF | X86_IOPL | X86_NT |
                           X86_RF | X86_VM | X86_AC | X86_VIF | X86_VIP | X86_ID;
    x86_eflags_set(c, t->eflags & known);
    for (unsigned i = 0; i < 8; i++) {
        c->vcpu.gpr[i] = t->gpr[i];
    }
    c->cpl = t->eflags & X86_VM ? 3 : t->seg[X86_CS] & 3;
    c->vcpu.pc = (uint32_t)t->eip;
    c->inhibit = 0;
}

static void push_error(X86CPU *c, const NewTask *t, uint32_t error)
{
    X86Stack st = x86_stack_current(c);
    x86_stack_push(&st, error, t->l->n);
    x86_stack_done(&st);
}

static void enter_task(X86CPU *c, NewTask *t, X86TaskWhy why, const uint32_t *error)
{
    X86System *s = c->sys;
    s->tr = t->tss;
    c->cr0 |= X86_CR0_TS;
    s->dr[7] &= ~UINT64_C(0x155); // local breakpoints
    if (t->l->n == 4 && (c->cr0 & X86_CR0_PG)) {
        x86_set_cr3(c, t->cr3);
    }
    if (why == X86_TASK_CALL || why == X86_TASK_INT) {
        t->eflags |= X86_NT;
    }
    load_registers(c, t);
    x86_debug_changed(c);
    load_segments(c, t);
    x86_set_eip(c, t->eip);
    x86_segments_changed(c);
    if (t->eip > c->seg[X86_CS].limit) {
        x86_exception_ext(c, X86_GP, 0);
    }
    if (error) {
        push_error(c, t, *error);
    }
    if (t->trap) {
        s->db_pending |= X86_DR6_BT;
        x86_pend(c, X86_PENDING_DB);
    }
}

void x86_task_switch(X86CPU *c, uint16_t selector, X86Desc *d, X86TaskWhy why, uint64_t eip,
                     const uint32_t *error)
{
    VCPU *v = &c->vcpu;
    X86System *s = c->sys;
    NewTask t = {.tss = x86_segment_of(selector, d)};
    check_descriptor(c, selector, d, why);
    t.l = is_32(t.tss.attr) ? &layout32 : &layout16;
    read_new(c, &t);
    save_old(c, why, eip);
    if (why == X86_TASK_CALL || why == X86_TASK_INT) {
        tss_store(c, &t.tss, 0, s->tr.selector, 2);
    }
    if (why == X86_TASK_JMP || why == X86_TASK_IRET) {
        set_busy(c, s->tr.selector, false);
    }
    set_busy(c, selector, true);
    t.tss.attr |= 2 << 8;
    bool in_block = v->host_ra || v->block;
    if (in_block) { // the pc that the block knows is no longer the one to report
        engine_exception_begin(v);
    }
    s->counted = in_block;
    enter_task(c, &t, why, error);
    s->counted = 0;
    if (in_block) {
        engine_leave(v);
    }
}

void x86_task_gate(X86CPU *c, const X86Desc *gate, X86TaskWhy why, uint64_t eip,
                   const uint32_t *error)
{
    uint16_t selector = (uint16_t)(gate->lo >> 16);
    X86Desc d;
    if (x86_null(selector) || (selector & 4) || !x86_desc_read(c, selector, &d)) {
        refuse(c, X86_GP, selector);
    }
    x86_task_switch(c, selector, &d, why, eip, error);
}
