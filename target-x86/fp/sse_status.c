// MXCSR: its flags are in up to three places, merged when they are read: cpu->mxcsr, the host's
// register under translated code, and cpu->sse_flags within an instruction that may trap.
#include "accel/engine.h"
#include "host-backends/backend.h"
#include "target-x86/fp/sse.h"

static unsigned from_host(unsigned h)
{
    static const struct {
        uint8_t host, guest;
    } row[] = {{HOST_FP_INVALID, MXCSR_IE},  {HOST_FP_DIVZERO, MXCSR_ZE},
               {HOST_FP_OVERFLOW, MXCSR_OE}, {HOST_FP_UNDERFLOW, MXCSR_UE},
               {HOST_FP_INEXACT, MXCSR_PE},  {HOST_FP_DENORMAL, MXCSR_DE}};
    unsigned flags = 0;
    for (unsigned k = 0; k < ARRAY_LEN(row); k++) {
        flags |= h & row[k].host ? row[k].guest : 0;
    }
    return flags;
}

uint32_t x86_mxcsr_get(X86CPU *c)
{
    c->mxcsr |= from_host(engine_fp_take_flags(&c->vcpu));
    return c->mxcsr;
}

void x86_mxcsr_set(X86CPU *c, uint32_t value)
{
    bool traps = (c->mxcsr & MXCSR_MASKS) != MXCSR_MASKS;
    engine_fp_take_flags(&c->vcpu);
    c->mxcsr = value & MXCSR_VALID;
    engine_fp_set_control(&c->vcpu, c->mxcsr & ~MXCSR_FLAGS);
    if (traps != ((c->mxcsr & MXCSR_MASKS) != MXCSR_MASKS)) {
        x86_mode_changed(c);
    }
}

// Flushing to zero is for masked underflow only (SDM vol. 1, 10.2.3.3).
SfStatus sse_status(const X86CPU *c)
{
    return (SfStatus){.round = c->mxcsr >> MXCSR_RC_SHIFT & 3, // SfRound numbers these alike
                      .nan_rule = SF_NAN_SSE,
                      .flush_in = c->mxcsr & MXCSR_DAZ,
                      .flush_out = c->mxcsr & MXCSR_FZ && c->mxcsr & MXCSR_UM,
                      .flush_flags = SF_UNDERFLOW | SF_INEXACT,
                      .tiny_after = true,
                      .overflow_traps = !(c->mxcsr & MXCSR_OM),
                      .underflow_traps = !(c->mxcsr & MXCSR_UM)};
}

// Denormal operands come last among what is found before computing (SDM vol. 1, 4.9.2).
unsigned sse_flags(const SfStatus *s, bool nan)
{
    bool denormal = s->flags & SF_DENORMAL_USED && !nan && !(s->flags & (SF_INVALID | SF_DIVZERO));
    return (s->flags & SF_INVALID ? MXCSR_IE : 0) | (denormal ? MXCSR_DE : 0) |
           (s->flags & SF_DIVZERO ? MXCSR_ZE : 0) | (s->flags & SF_OVERFLOW ? MXCSR_OE : 0) |
           (s->flags & SF_UNDERFLOW ? MXCSR_UE : 0) | (s->flags & SF_INEXACT ? MXCSR_PE : 0);
}

void sse_note(X86CPU *c, unsigned flags)
{
    if ((c->mxcsr & MXCSR_MASKS) == MXCSR_MASKS) {
        c->mxcsr |= flags;
    } else {
        c->sse_flags |= flags;
    }
}

// An unmasked exception found before computing keeps those of the result from being told.
static void trap(VCPU *v)
{
    X86CPU *c = x86_cpu(v);
    unsigned flags = c->sse_flags, unmasked = flags & ~(c->mxcsr >> MXCSR_MASK_SHIFT);
    c->sse_flags = 0;
    if (unmasked & MXCSR_BEFORE) {
        flags &= MXCSR_BEFORE;
    }
    c->mxcsr |= flags;
    if (unmasked) {
        x86_exception(c, c->cr4 & X86_CR4_OSXMMEXCPT ? X86_XM : X86_UD, 0);
    }
}
const IRHelper x86_h_sse_trap = {"sse_trap", (void *)trap, IR_VOID, 0, IR_CALL_ALL};

static void ldmxcsr(VCPU *v, uint64_t value)
{
    if (value & ~(uint64_t)MXCSR_VALID) {
        x86_exception(x86_cpu(v), X86_GP, 0);
    }
    x86_mxcsr_set(x86_cpu(v), (uint32_t)value);
}
const IRHelper x86_h_ldmxcsr = {"ldmxcsr", (void *)ldmxcsr, IR_VOID, 1, IR_CALL_ALL};

static uint32_t stmxcsr(VCPU *v)
{
    return x86_mxcsr_get(x86_cpu(v));
}
const IRHelper x86_h_stmxcsr = {"stmxcsr", (void *)stmxcsr, IR_I32, 0, 0};
