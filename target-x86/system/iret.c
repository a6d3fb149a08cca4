// IRET and INT n (SDM vol. 2).
//
//   IRET: real mode | V86 mode | NT: back to the calling task | to V86 mode (VM in the image)
//         | same level | outer level, and any from 64-bit mode: with SS:rSP
#include "target-x86/system.h"

#include "util/log.h"

#define ALL_SEGMENTS ((1u << X86_SEGS) - 1)
#define REAL_FLAGS                                                                                 \
    (X86_STATUS_FLAGS | X86_DF | X86_TF | X86_IF | X86_IOPL | X86_NT | X86_RF | X86_AC | X86_ID)

static void set_flags(X86CPU *c, uint32_t image, uint32_t mask, unsigned n)
{
    mask = n == 2 ? mask & 0xffff : mask;
    x86_eflags_set(c, (x86_eflags_get(c) & ~mask) | (image & mask));
    // RF only matters to breakpoints; without any it would end a block for nothing.
    if (!x86_code_breakpoints(c)) {
        c->eflags &= ~(uint32_t)X86_RF;
    }
}

// Flags that an IRET at this level restores.
static uint32_t restored_flags(const X86CPU *c)
{
    uint32_t m = X86_STATUS_FLAGS | X86_DF | X86_TF | X86_NT | X86_RF | X86_AC | X86_ID;
    m |= c->cpl <= x86_iopl(c) ? X86_IF : 0;
    return m | (c->cpl == 0 ? X86_IOPL | X86_VIF | X86_VIP : 0);
}

// --- real and V86 mode

static void iret_real(X86CPU *c, unsigned n, uint32_t mask)
{
    X86Stack st = x86_stack_current(c);
    uint64_t eip = x86_stack_pop(&st, n);
    uint16_t selector = (uint16_t)x86_stack_pop(&st, n);
    uint32_t flags = (uint32_t)x86_stack_pop(&st, n);
    X86Segment cs = x86_segment_real(selector, x86_v86(c), &c->seg[X86_CS]);
    if (eip > cs.limit) {
        x86_exception(c, X86_GP, 0);
    }
    x86_stack_done(&st);
    c->seg[X86_CS] = cs;
    set_flags(c, flags, mask, n);
    x86_set_eip(c, eip);
}

// IOPL < 3 with VME: the image's IF is VIF.
static void iret_vme(X86CPU *c)
{
    X86Stack st = x86_stack_current(c);
    uint64_t eip = x86_stack_pop(&st, 2);
    uint16_t selector = (uint16_t)x86_stack_pop(&st, 2);
    uint32_t flags = (uint32_t)x86_stack_pop(&st, 2);
    if ((flags & X86_TF) || ((flags & X86_IF) && (c->eflags & X86_VIP))) {
        x86_exception(c, X86_GP, 0);
    }
    x86_stack_done(&st);
    c->seg[X86_CS] = x86_segment_real(selector, true, &c->seg[X86_CS]);
    set_flags(c, flags, X86_STATUS_FLAGS | X86_DF | X86_TF | X86_NT, 2);
    c->eflags = (c->eflags & ~(uint32_t)X86_VIF) | (flags & X86_IF ? X86_VIF : 0);
    x86_set_eip(c, eip);
}

static void iret_v86(X86CPU *c, unsigned n)
{
    if (x86_iopl(c) == 3) {
        iret_real(c, n, REAL_FLAGS & ~(uint32_t)X86_IOPL);
    } else if (n == 2 && (c->cr4 & X86_CR4_VME)) {
        iret_vme(c);
    } else {
        x86_exception(c, X86_GP, 0);
    }
}

// --- protected and long mode

static void iret_task(X86CPU *c, uint64_t next)
{
    if (x86_long_mode(c)) {
        x86_exception(c, X86_GP, 0);
    }
    X86Desc d;
    uint16_t link = (uint16_t)x86_mem_load(c, x86_lin(c, c->sys->tr.base), 2, X86_AS_SYSTEM);
    if ((link & 4) || !x86_desc_read(c, link, &d)) {
        x86_exception(c, X86_TS, link & ~3u);
    }
    x86_task_switch(c, link, &d, X86_TASK_IRET, next, NULL);
}

static void iret_to_v86(X86CPU *c, X86Stack *st, uint64_t eip, uint16_t cs, uint32_t flags)
{
    static const uint8_t order[] = {X86_ES, X86_DS, X86_FS, X86_GS};
    uint32_t sp = (uint32_t)x86_stack_pop(st, 4);
    uint16_t selector[X86_SEGS];
    selector[X86_CS] = cs;
    selector[X86_SS] = (uint16_t)x86_stack_pop(st, 4);
    for (unsigned i = 0; i < ARRAY_LEN(order); i++) {
        selector[order[i]] = (uint16_t)x86_stack_pop(st, 4);
    }
    set_flags(c, flags, restored_flags(c) | X86_VM, 4);
    c->cpl = 3;
    for (unsigned i = 0; i < X86_SEGS; i++) {
        c->seg[i] = x86_segment_real(selector[i], true, &c->seg[i]);
    }
    c->vcpu.gpr[X86_RSP] = sp;
    x86_set_eip(c, eip & 0xffff);
}

static void iret_protected(X86CPU *c, unsigned n, uint64_t next)
{
    if (c->eflags & X86_NT) {
        iret_task(c, next);
        return;
    }
    X86Desc d;
    X86Stack st = x86_stack_current(c);
    uint64_t eip = x86_stack_pop(&st, n);
    uint16_t selector = (uint16_t)x86_stack_pop(&st, n);
    uint32_t flags = (uint32_t)x86_stack_pop(&st, n);
    if (n == 4 && (flags & X86_VM) && c->cpl == 0 && !x86_long_mode(c)) {
        iret_to_v86(c, &st, eip, selector, flags);
        return;
    }
    x86_check_return_code(c, selector, &d, eip);
    uint32_t mask = restored_flags(c);
    if ((selector & 3) == c->cpl && !x86_code64(c)) {
        x86_stack_done(&st);
        x86_desc_set_accessed(c, &d);
        c->seg[X86_CS] = x86_segment_of(selector, &d);
        x86_set_eip(c, eip);
    } else {
        uint64_t sp = x86_stack_pop(&st, n);
        uint16_t ss_selector = (uint16_t)x86_stack_pop(&st, n);
        X86Segment ss = x86_check_return_stack(c, ss_selector, &d, selector & 3);
        x86_return_to(c, selector, &d, eip, &ss, sp);
    }
    set_flags(c, flags, mask, n);
}

static void iret(VCPU *v, uint64_t n)
{
    X86CPU *c = x86_cpu(v);
    bool v86 = x86_v86(c);
    if (!(c->cr0 & X86_CR0_PE)) {
        iret_real(c, (unsigned)n, REAL_FLAGS);
    } else if (x86_v86(c)) {
        iret_v86(c, (unsigned)n);
    } else {
        iret_protected(c, (unsigned)n, x86_eip_of(c, v->pc));
    }
    c->nmi_masked = 0;
    if (v86 != x86_v86(c)) {
        x86_segments_changed(c);
    } else {
        x86_segments_loaded(c, ALL_SEGMENTS);
    }
}

const IRHelper x86_h_iret = {"iret", iret, IR_VOID, 1, IR_CALL_ALL};

// --- INT n, INT3, INTO, INT1. The pc is that of the next instruction.

static void software_interrupt(VCPU *v, uint64_t vector, uint64_t kind)
{
    X86CPU *c = x86_cpu(v);
    uint64_t next = x86_eip_of(c, v->pc);
    if (kind == X86_INT_1) {
        // Not a breakpoint, but a trap like one: no check of the gate's DPL.
        x86_deliver(c, X86_DB, X86_EVENT_TRAP, 0, next);
    } else if (kind == X86_INT_N && x86_v86(c) && x86_vme_redirected(c, (unsigned)vector)) {
        x86_enter_redirected(c, (unsigned)vector, next);
    } else if (kind == X86_INT_N && x86_v86(c) && x86_iopl(c) < 3) {
        x86_exception(c, X86_GP, 0);
    } else {
        x86_deliver(c, (unsigned)vector & 0xff, X86_EVENT_SOFT, 0, next);
    }
}

const IRHelper x86_h_int = {"int", software_interrupt, IR_VOID, 2, IR_CALL_ALL};
