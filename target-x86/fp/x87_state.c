// The x87's status: exceptions, stack faults, pointers, control instructions.
#include "target-x86/fp/x87.h"
#include "target-x86/system.h"

#define ALL_CALLS X87_ALONE

#define AT(field) offsetof(X86CPU, field)
const X87Layout x87_layout = {
    .st = AT(fpu.st),
    .control = AT(fpu.control),
    .status = AT(fpu.status),
    .top = AT(fpu.top),
    .empty = AT(fpu.empty),
    .opcode = AT(fpu.opcode),
    .ip = AT(fpu.ip),
    .dp = AT(fpu.dp),
    .cs = AT(fpu.cs),
    .ds = AT(fpu.ds),
    .first = AT(fpu),
    .end = AT(fpu) + sizeof(X86Fpu),
    .selector = AT(seg[0].selector),
    .selector_step = sizeof(X86Segment),
    .cs_selector = AT(seg[X86_CS].selector),
};

// --- exceptions

static void signal_error(X86CPU *c)
{
    if (!(c->cr0 & X86_CR0_NE)) {
        irq_set(&c->sys->ferr, true);
    }
}

void x87_update_summary(X86CPU *c)
{
    bool was = c->fpu.status & X87_ES;
    bool now = c->fpu.status & ~c->fpu.control & X87_EXCEPTIONS;
    c->fpu.status &= (uint16_t) ~(X87_ES | X87_B);
    c->fpu.status |= now ? X87_ES | X87_B : 0;
    if (now != was) {
        x86_mode_changed(c);
    }
    if (now && !was) {
        signal_error(c);
    }
}

void x87_raise(X86CPU *c, unsigned exceptions)
{
    c->fpu.status |= (uint16_t)exceptions;
    if (unlikely(exceptions & ~c->fpu.control & X87_EXCEPTIONS)) {
        x87_update_summary(c);
    }
}

void x87_check_pending(X86CPU *c)
{
    if (unlikely(c->fpu.status & X87_ES)) {
        if (c->cr0 & X86_CR0_NE) {
            x86_exception(c, X86_MF, 0);
        }
        signal_error(c);
    }
}

SfX80Status x87_status_for(const X86CPU *c)
{
    static const uint8_t precision[4] = {24, 64, 53, 64}; // 1 is reserved
    unsigned unmasked = ~c->fpu.control;
    return (SfX80Status){.round = c->fpu.control >> 10 & 3, // numbered as SfRound
                         .precision = precision[c->fpu.control >> 8 & 3],
                         .trapped = (unmasked & X87_OE ? SF_OVERFLOW : 0) |
                                    (unmasked & X87_UE ? SF_UNDERFLOW : 0)};
}

bool x87_note(X86CPU *c, const SfX80Status *s)
{
    unsigned f = (s->flags & SF_INVALID ? X87_IE : 0) | (s->denormal ? X87_DE : 0) |
                 (s->flags & SF_DIVZERO ? X87_ZE : 0) | (s->flags & SF_OVERFLOW ? X87_OE : 0) |
                 (s->flags & SF_UNDERFLOW ? X87_UE : 0) | (s->flags & SF_INEXACT ? X87_PE : 0);
    // What is found before the operation, if unmasked, keeps it from being done.
    unsigned before = X87_IE | X87_DE | X87_ZE;
    if (f & before & ~c->fpu.control) {
        f &= before;
    }
    c->fpu.status &= (uint16_t)~X87_C1;
    if ((f & X87_PE) && s->up) {
        c->fpu.status |= X87_C1;
    }
    x87_raise(c, f);
    return !(f & ~c->fpu.control & (X87_IE | X87_DE | X87_ZE));
}

static bool stack_fault(X86CPU *c, bool overflow)
{
    c->fpu.status = (uint16_t)((c->fpu.status & ~X87_C1) | (overflow ? X87_C1 : 0));
    x87_raise(c, X87_IE | X87_SF);
    return c->fpu.control & X87_IE;
}

bool x87_stack_overflow(X86CPU *c)
{
    return stack_fault(c, true);
}

bool x87_stack_underflow(X86CPU *c)
{
    return stack_fault(c, false);
}

// --- pointers

void x87_keep_pointers(X86CPU *c, uint32_t desc, uint64_t ip)
{
    c->fpu.ip = ip;
    c->fpu.cs = c->seg[X86_CS].selector;
    c->fpu.opcode = desc >> X87_FOP_SHIFT & 0x7ff;
}

void x87_keep_operand(X86CPU *c, uint32_t desc, uint64_t dp)
{
    c->fpu.dp = dp;
    c->fpu.ds = c->seg[desc >> X87_SEG_SHIFT & 7].selector;
}

static void h_operand(VCPU *v, uint64_t desc, uint64_t dp)
{
    x87_keep_operand(x86_cpu(v), (uint32_t)desc, dp);
}
X87_FORM(operand, h_operand, IR_VOID, 2, X87_CALL_OPERAND);

// --- FSW and tags

uint16_t x86_fpu_status(const X86CPU *c)
{
    return (uint16_t)((c->fpu.status & ~X87_TOP) | c->fpu.top << X87_TOP_SHIFT);
}

void x86_fpu_set_status(X86CPU *c, uint16_t status)
{
    c->fpu.top = status >> X87_TOP_SHIFT & 7;
    c->fpu.status = status & (uint16_t)~X87_TOP;
    x87_host_unknown(c);
    x87_update_summary(c);
}

// SDM vol. 1, 8.1.7.
static unsigned tag_of(const X86CPU *c, unsigned r)
{
    if (c->fpu.empty >> r & 1) {
        return 3;
    }
    switch (sf_x80_class((SfX80){c->fpu.st[r].frac, c->fpu.st[r].se})) {
    case SF_X80_NORMAL:
        return 0;
    case SF_X80_ZERO:
        return 1;
    default:
        return 2;
    }
}

uint16_t x87_full_tags(const X86CPU *c)
{
    unsigned tags = 0;
    for (unsigned r = 0; r < 8; r++) {
        tags |= tag_of(c, r) << (2 * r);
    }
    return (uint16_t)tags;
}

void x86_fpu_reset(X86CPU *c)
{
    X86Fpu *f = &c->fpu;
    f->control = 0x37f;
    f->status = 0;
    x87_host_unknown(c);
    f->top = 0;
    f->empty = 0xff;
    f->opcode = 0;
    f->ip = f->dp = 0;
    f->cs = f->ds = 0;
    x87_update_summary(c);
}

// --- control instructions

static void h_wait(VCPU *v)
{
    x87_check_pending(x86_cpu(v));
}
X87_FORM(wait, h_wait, IR_VOID, 0, X87_CALL_WAIT);

static void h_init(VCPU *v)
{
    bool pending = x86_cpu(v)->fpu.status & X87_ES;
    x86_fpu_reset(x86_cpu(v));
    if (pending) {
        x86_mode_changed(x86_cpu(v));
    }
}
const IRHelper x87_h_init = {"x87_init", h_init, IR_VOID, 0, ALL_CALLS};

static void h_clex(VCPU *v)
{
    X86CPU *c = x86_cpu(v);
    bool pending = c->fpu.status & X87_ES;
    c->fpu.status &= (uint16_t) ~(X87_EXCEPTIONS | X87_SF | X87_ES | X87_B);
    x87_host_unknown(c);
    if (pending) {
        x86_mode_changed(c);
    }
}
const IRHelper x87_h_clex = {"x87_clex", h_clex, IR_VOID, 0, ALL_CALLS};

static void h_fldcw(VCPU *v, uint64_t value)
{
    X86CPU *c = x86_cpu(v);
    x87_check_pending(c);
    c->fpu.control = (uint16_t)((value & 0x1f3f) | 0x40);
    x87_update_summary(c);
}
X87_FORM(fldcw, h_fldcw, IR_VOID, 1, X87_CALL_FLDCW);

static uint64_t h_control(VCPU *v)
{
    return x86_cpu(v)->fpu.control;
}
X87_FORM(control, h_control, IR_I32, 0, X87_CALL_CONTROL);

static uint64_t h_status(VCPU *v)
{
    return x86_fpu_status(x86_cpu(v));
}
X87_FORM(status, h_status, IR_I32, 0, X87_CALL_STATUS);

static void h_emms(VCPU *v)
{
    X86CPU *c = x86_cpu(v);
    x87_check_pending(c);
    c->fpu.top = 0;
    c->fpu.empty = 0xff;
}
const IRHelper x87_h_emms = {"x87_emms", h_emms, IR_VOID, 0, ALL_CALLS};
