// Exceptions: from a fault to the handler's entry (SDM vol. 3, chapter 6).
//
//   x86_exception, x86_fault --> x86_deliver: combined with what is under way (6.15, #DF)
//                                  first \ second  contributory   #PF       other
//                                  contributory    #DF            second    second
//                                  #PF             #DF            #DF       second
//                                  #DF             shutdown       shutdown  second
//                            --> gates.c: x86_enter_handler
#include "target-x86/system.h"

#include <inttypes.h>
#include <string.h>

#include "target-x86/insn/insn.h"
#include "util/log.h"

bool x86_vector_has_error(unsigned vector)
{
    return (UINT32_C(1) << vector &
            (1u << X86_DF_ABORT | 1u << X86_TS | 1u << X86_NP | 1u << X86_SS_FAULT | 1u << X86_GP |
             1u << X86_PF_FAULT | 1u << X86_AC_FAULT)) != 0;
}

static X86Delivering class_of(unsigned vector)
{
    const uint32_t contributory =
        1u << X86_DE | 1u << X86_TS | 1u << X86_NP | 1u << X86_SS_FAULT | 1u << X86_GP;
    return vector == X86_DF_ABORT              ? X86_DOUBLE
           : vector == X86_PF_FAULT            ? X86_PAGE
           : contributory >> (vector & 31) & 1 ? X86_CONTRIBUTORY
                                               : X86_BENIGN;
}

void x86_shutdown(X86CPU *c)
{
    log_printf(LOG_GUEST_ERRORS, "cpu%u: triple fault at pc 0x%" PRIx64 ": shutdown\n",
               c->vcpu.index, c->vcpu.pc);
    c->sys->delivering = X86_NOTHING;
    c->sys->external = 0;
    c->sys->shutdown = 1;
    c->vcpu.stopped = 1; // until the reset that boards make of a shutdown cycle
    machine_request(c->vcpu.machine, MACHINE_RESET, 0);
}

// True: *vector and *error are what to deliver now. False: the CPU shut down.
static bool combine(X86CPU *c, unsigned *vector, uint32_t *error)
{
    X86Delivering first = c->sys->delivering, second = class_of(*vector);
    if (first == X86_DOUBLE && second != X86_BENIGN) {
        x86_shutdown(c);
        return false;
    }
    bool twice = (second == X86_CONTRIBUTORY && first >= X86_CONTRIBUTORY) ||
                 (second == X86_PAGE && first == X86_PAGE);
    if (twice) {
        *vector = X86_DF_ABORT;
        *error = 0;
    }
    return true;
}

static void log_event(const X86CPU *c, const X86Event *e)
{
    log_printf(LOG_INT,
               "cpu%u vector 0x%02x kind %d error 0x%x from cpl %u %04x:0x%" PRIx64
               " rsp 0x%" PRIx64 " cr2 0x%" PRIx64 "\n",
               c->vcpu.index, e->vector, (int)e->kind, e->error, c->cpl, c->seg[X86_CS].selector,
               e->eip, c->vcpu.gpr[X86_RSP], c->cr2);
}

void x86_deliver(X86CPU *c, unsigned vector, X86EventKind kind, uint32_t error, uint64_t eip)
{
    X86System *s = c->sys;
    if (kind == X86_EVENT_FAULT && !combine(c, &vector, &error)) {
        return;
    }
    bool exception = kind == X86_EVENT_FAULT || kind == X86_EVENT_TRAP;
    X86Event e = {vector, kind, exception && x86_vector_has_error(vector), error, eip};
    if (log_enabled(LOG_INT)) {
        log_event(c, &e);
    }
    s->delivering = kind == X86_EVENT_SOFT ? X86_NOTHING
                    : exception            ? class_of(vector)
                                           : X86_BENIGN;
    s->external = kind != X86_EVENT_SOFT;
    x86_enter_handler(c, &e);
    s->delivering = X86_NOTHING;
    s->external = 0;
}

// A fault while an event is being delivered was counted with what caused that event.
static bool counted(X86CPU *c)
{
    bool yes = c->sys->delivering || c->sys->counted;
    c->sys->counted = 0;
    return yes;
}

static void begin(X86CPU *c)
{
    if (!counted(c)) {
        engine_exception_begin(&c->vcpu);
    }
}

void x86_exception(X86CPU *c, unsigned vector, uint32_t error)
{
    begin(c);
    if (vector == X86_MF && !(c->cr0 & X86_CR0_NE)) {
        // The old way: FERR# asks for an interrupt, and the instruction waits until it comes or
        // IGNNE# lets it go on (SDM vol. 1, D.2).
        irq_set(&c->sys->ferr, true);
        engine_leave(&c->vcpu);
    }
    x86_deliver(c, vector, X86_EVENT_FAULT, error, x86_eip_of(c, c->vcpu.pc));
    engine_leave(&c->vcpu);
}

void x86_exception_ext(X86CPU *c, unsigned vector, uint32_t error)
{
    x86_exception(c, vector, error | c->sys->external);
}

void x86_debug_fault(X86CPU *c, uint32_t dr6)
{
    begin(c);
    c->sys->dr[6] = (c->sys->dr[6] & ~UINT64_C(15)) | dr6;
    c->sys->dr[7] &= ~(uint64_t)X86_DR7_GD;
    x86_debug_changed(c);
    x86_deliver(c, X86_DB, X86_EVENT_FAULT, 0, x86_eip_of(c, c->vcpu.pc));
    engine_leave(&c->vcpu);
}

static void raise_vector(VCPU *v, uint64_t vector, uint64_t error)
{
    x86_exception(x86_cpu(v), (unsigned)vector, (uint32_t)error);
}

const IRHelper x86_h_raise = {"raise", raise_vector, IR_VOID, 2, IR_CALL_ALL};

// --- what the MMU reports

// The instruction at pc.
static bool decode_current(X86CPU *c, X86Insn *insn)
{
    uint8_t bytes[X86_MAX_INSN_BYTES];
    unsigned n = 0;
    while (n < sizeof(bytes) && mmu_debug_access(&c->vcpu, c->vcpu.pc + n, &bytes[n], 1, false)) {
        n++;
    }
    return c->decoder &&
           x86_decode(c->decoder, &c->features, c->sys->block_flags, bytes, n, insn) == X86_DECODED;
}

// Whether it addresses memory through SS: a bad address is then #SS.
static bool uses_stack_segment(X86CPU *c)
{
    X86Insn insn;
    if (!decode_current(c, &insn)) {
        return false;
    }
    if (strstr(insn.row->name, "MASKMOV") || !strcmp(insn.row->name, "XLAT")) {
        return insn.seg_prefix == X86_SS; // DS:rDI, DS:rBX
    }
    for (unsigned i = 0; i < insn.n_operands; i++) {
        if (insn.operand[i].kind == X86_OP_MEM) {
            return insn.seg == X86_SS;
        }
        if (insn.operand[i].kind == X86_OP_STR_SRC || insn.operand[i].kind == X86_OP_STR_DST) {
            return false;
        }
    }
    return true; // PUSH, POP, CALL, RET, ...
}

// The first half of a 32-byte operand whose second half lies beyond the last address: what the
// whole operand asks for is wrong, before any page is looked at.
static bool operand_runs_over(X86CPU *c, const MmuFault *f)
{
    X86Insn insn;
    uint64_t last = f->va + 31;
    bool over = x86_code64(c) ? !x86_canonical(last) : last > UINT32_MAX;
    if (likely(!over) || f->access == MMU_FETCH || !decode_current(c, &insn)) {
        return false;
    }
    for (unsigned i = 0; i < insn.n_operands; i++) {
        if (insn.operand[i].kind == X86_OP_MEM && insn.operand[i].bytes == 32) {
            return x86_code64(c) || x86_flat(c->sys->block_flags, insn.seg);
        }
    }
    return false;
}

void x86_fault(VCPU *v, const MmuFault *f)
{
    X86CPU *c = x86_cpu(v);
    unsigned vector = X86_PF_FAULT;
    uint32_t error = f->code;
    v->budget += counted(c); // the caller has counted it too
    if (f->code == X86_FAULT_NONCANONICAL || operand_runs_over(c, f)) {
        bool stack = f->access != MMU_FETCH && !c->sys->delivering && uses_stack_segment(c);
        vector = stack ? X86_SS_FAULT : X86_GP;
        error = c->sys->external;
    } else {
        c->cr2 = f->va;
    }
    x86_deliver(c, vector, X86_EVENT_FAULT, error, x86_eip_of(c, v->pc));
}

// #GP where an SSE operand of 16 bytes has to be aligned, else #AC at CPL 3.
void x86_unaligned(VCPU *v, uint64_t va, MmuAccess access, unsigned regime)
{
    X86CPU *c = x86_cpu(v);
    (void)va, (void)access, (void)regime;
    X86Insn insn;
    bool ac = (c->sys->block_flags & X86_BF_ALIGN) &&
              !(decode_current(c, &insn) && (insn.row->flags & X86_ROW_SSE) &&
                !(insn.row->flags & X86_ROW_UNALIGNED));
    x86_deliver(c, ac ? X86_AC_FAULT : X86_GP, X86_EVENT_FAULT, 0, x86_eip_of(c, v->pc));
}

// Only fetches come here: data accesses that nothing answers read as ones.
void x86_bus_error(VCPU *v, uint64_t va, uint64_t phys, MmuAccess access)
{
    X86CPU *c = x86_cpu(v);
    (void)access;
    log_printf(LOG_GUEST_ERRORS, "no memory to run at 0x%" PRIx64 " (linear 0x%" PRIx64 ")\n", phys,
               va);
    x86_deliver(c, X86_UD, X86_EVENT_FAULT, 0, x86_eip_of(c, v->pc));
}
