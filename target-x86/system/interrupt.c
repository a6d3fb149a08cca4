// Inputs of the CPU: interrupts, NMI, SMI, INIT, A20M, and traps that wait for the instruction to
// complete (SDM vol. 3, 6.9 has their order).
#include "target-x86/system.h"

#include <inttypes.h>

#include "util/log.h"

void x86_pend(X86CPU *c, unsigned what)
{
    c->sys->pending |= what;
    machine_notify_cpu(&c->vcpu);
}

// A CPU that is not in the middle of its turn takes INIT at once, so that a STARTUP right behind it
// finds it waiting.
static void init_edge(X86CPU *c)
{
    if (c->vcpu.machine->current == &c->vcpu) {
        x86_pend(c, X86_PENDING_INIT);
    } else {
        x86_cpu_init(c);
    }
}

static void edge(X86CPU *c, unsigned n)
{
    if (n == X86_INPUT_NMI) {
        x86_pend(c, X86_PENDING_NMI);
    } else if (n == X86_INPUT_SMI && c->sys->smm_space) {
        x86_pend(c, X86_PENDING_SMI);
    } else if (n == X86_INPUT_INIT) {
        init_edge(c);
    }
}

void x86_input_set(void *opaque, unsigned n, bool level)
{
    X86CPU *c = opaque;
    bool before = c->sys->input[n];
    if (before == level) {
        return;
    }
    c->sys->input[n] = level;
    if (n == X86_INPUT_A20M) {
        x86_a20_changed(c);
    } else if (level && n == X86_INPUT_INTR) {
        machine_notify_cpu(&c->vcpu);
    } else if (level) {
        edge(c, n);
    }
}

// Which pending ones may be taken now.
static unsigned ready(const X86CPU *c)
{
    unsigned p = c->sys->pending;
    if (c->smm) {
        p &= ~(unsigned)(X86_PENDING_SMI | X86_PENDING_INIT);
    }
    if (c->nmi_masked || c->inhibit) {
        p &= ~(unsigned)X86_PENDING_NMI;
    }
    if (c->inhibit & X86_INHIBIT_SS) {
        p &= ~(unsigned)X86_PENDING_DB;
    }
    return p;
}

static bool intr_ready(const X86CPU *c)
{
    return c->sys->input[X86_INPUT_INTR] && (c->eflags & X86_IF) && !c->inhibit;
}

bool x86_interrupt_ready(VCPU *v)
{
    const X86CPU *c = x86_cpu(v);
    return intr_ready(c) || (unlikely(c->sys->pending) && ready(c));
}

bool x86_has_work(VCPU *v)
{
    const X86CPU *c = x86_cpu(v);
    const X86System *s = c->sys;
    return (s->input[X86_INPUT_INTR] && (c->eflags & X86_IF)) || (s->pending && ready(c));
}

static void take_debug_trap(X86CPU *c)
{
    X86System *s = c->sys;
    s->dr[6] = (s->dr[6] & ~UINT64_C(15)) | s->db_pending; // B0-B3 tell of the last one
    s->db_pending = 0;
    x86_deliver(c, X86_DB, X86_EVENT_TRAP, 0, x86_eip_of(c, c->vcpu.pc));
}

static void take_nmi(X86CPU *c)
{
    c->nmi_masked = 1;
    x86_deliver(c, X86_NMI, X86_EVENT_EXTERNAL, 0, x86_eip_of(c, c->vcpu.pc));
}

static void take_intr(X86CPU *c)
{
    X86System *s = c->sys;
    int vector = s->apic ? s->apic->acknowledge(s->apic_opaque) : -1;
    if (vector >= 0) {
        x86_deliver(c, (unsigned)vector & 0xff, X86_EVENT_EXTERNAL, 0, x86_eip_of(c, c->vcpu.pc));
    }
}

void x86_interrupt_take(VCPU *v)
{
    X86CPU *c = x86_cpu(v);
    X86System *s = c->sys;
    unsigned r = s->pending ? ready(c) : 0;
    if (r & X86_PENDING_INIT) {
        s->pending &= (uint8_t)~X86_PENDING_INIT;
        x86_cpu_init(c);
    } else if (r & X86_PENDING_SMI) {
        s->pending &= (uint8_t)~X86_PENDING_SMI;
        x86_enter_smm(c);
    } else if (r & X86_PENDING_DB) {
        s->pending &= (uint8_t)~X86_PENDING_DB;
        take_debug_trap(c);
    } else if (r & X86_PENDING_NMI) {
        s->pending &= (uint8_t)~X86_PENDING_NMI;
        take_nmi(c);
    } else if (intr_ready(c)) {
        take_intr(c);
    }
}
