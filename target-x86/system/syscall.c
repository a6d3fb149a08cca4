// SYSCALL, SYSRET, SYSENTER, SYSEXIT (SDM vol. 2; APM vol. 2, 6.1). The two vendors differ: Intel
// has SYSCALL only in 64-bit mode, AMD has SYSENTER only outside long mode.
#include "target-x86/system.h"

#include <string.h>

static bool is_intel(const X86CPU *c)
{
    return !strcmp(c->model->vendor, "GenuineIntel");
}

// The flat segments that these instructions load without looking at a descriptor table.
static X86Segment flat_code(unsigned selector, unsigned cpl, bool code64)
{
    return (X86Segment){.selector = (uint16_t)selector,
                        .limit = UINT32_MAX,
                        .attr = X86_DESC_G | (code64 ? X86_DESC_L : X86_DESC_B) | X86_DESC_P |
                                X86_DESC_S | cpl << X86_DESC_DPL_SHIFT | X86_DESC_CODE |
                                X86_DESC_W | X86_DESC_A};
}

static X86Segment flat_stack(unsigned selector, unsigned cpl)
{
    return (X86Segment){.selector = (uint16_t)selector,
                        .limit = UINT32_MAX,
                        .attr = X86_DESC_G | X86_DESC_B | X86_DESC_P | X86_DESC_S |
                                cpl << X86_DESC_DPL_SHIFT | X86_DESC_W | X86_DESC_A};
}

static void enter(X86CPU *c, unsigned cs, unsigned ss, unsigned cpl, bool code64, uint64_t rip)
{
    c->seg[X86_CS] = flat_code((cs & ~3u) | cpl, cpl, code64);
    c->seg[X86_SS] = flat_stack((ss & ~3u) | cpl, cpl);
    c->cpl = (uint8_t)cpl;
    x86_set_eip(c, rip);
    x86_segments_loaded(c, 1u << X86_CS | 1u << X86_SS);
}

static void syscall_(VCPU *v, uint64_t n)
{
    X86CPU *c = x86_cpu(v);
    X86System *s = c->sys;
    bool lm = x86_long_mode(c);
    (void)n;
    if (!(c->efer & X86_EFER_SCE) || (is_intel(c) && !x86_code64(c))) {
        x86_exception(c, X86_UD, 0);
    }
    unsigned cs = s->star >> 32 & 0xfffc;
    uint32_t flags = x86_eflags_get(c) & ~(uint32_t)X86_RF;
    v->gpr[X86_RCX] = x86_eip_of(c, v->pc);
    if (lm) {
        v->gpr[X86_RAX + 11] = flags;
        uint64_t target = x86_code64(c) ? s->lstar : s->cstar;
        x86_eflags_set(c, flags & ~(uint32_t)s->fmask);
        enter(c, cs, cs + 8, 0, true, target);
    } else {
        x86_eflags_set(c, flags & ~(uint32_t)(X86_IF | X86_VM));
        enter(c, cs, cs + 8, 0, false, (uint32_t)s->star);
    }
    // A step ends with the mask's TF, not with the one before.
    s->step_skip = (engine_running_flags(v) & X86_BF_TF) && !(c->eflags & X86_TF);
}

// Flags that SYSRET takes from R11: all but RF and VM, and what is reserved.
#define SYSRET_FLAGS 0x3c7fd7u

static void sysret(VCPU *v, uint64_t n)
{
    X86CPU *c = x86_cpu(v);
    X86System *s = c->sys;
    if (!(c->efer & X86_EFER_SCE) || (is_intel(c) && !x86_code64(c))) {
        x86_exception(c, X86_UD, 0);
    }
    if (!x86_protected(c) || c->cpl != 0) {
        x86_exception(c, X86_GP, 0);
    }
    unsigned base = s->star >> 48;
    if (!x86_code64(c)) { // legacy, or compatibility mode
        c->eflags |= X86_IF;
        enter(c, base, base + 8, 3, false, (uint32_t)v->gpr[X86_RCX]);
        return;
    }
    if (n == 8 && !x86_canonical(v->gpr[X86_RCX])) {
        x86_exception(c, X86_GP, 0);
    }
    x86_eflags_set(c, (uint32_t)v->gpr[X86_RAX + 11] & SYSRET_FLAGS);
    if (n == 8) {
        enter(c, base + 16, base + 8, 3, true, v->gpr[X86_RCX]);
    } else {
        enter(c, base, base + 8, 3, false, (uint32_t)v->gpr[X86_RCX]);
    }
    if (c->eflags & X86_TF) { // as if the SYSCALL in the stepped program ended now
        x86_pend_step(c);
    }
}

static void check_sysenter(X86CPU *c)
{
    if (x86_long_mode(c) && !is_intel(c)) {
        x86_exception(c, X86_UD, 0);
    }
    if (!(c->cr0 & X86_CR0_PE) || x86_null((uint16_t)c->sys->sysenter_cs)) {
        x86_exception(c, X86_GP, 0);
    }
}

static void sysenter(VCPU *v, uint64_t n)
{
    X86CPU *c = x86_cpu(v);
    X86System *s = c->sys;
    bool lm = x86_long_mode(c);
    (void)n;
    check_sysenter(c);
    c->eflags &= ~(uint32_t)(X86_VM | X86_IF | X86_RF);
    v->gpr[X86_RSP] = lm ? s->sysenter_esp : (uint32_t)s->sysenter_esp;
    unsigned cs = s->sysenter_cs & 0xfffc;
    enter(c, cs, cs + 8, 0, lm, lm ? s->sysenter_eip : (uint32_t)s->sysenter_eip);
}

static void sysexit(VCPU *v, uint64_t n)
{
    X86CPU *c = x86_cpu(v);
    check_sysenter(c);
    if (c->cpl != 0) {
        x86_exception(c, X86_GP, 0);
    }
    bool wide = n == 8;
    uint64_t rip = v->gpr[X86_RDX], rsp = v->gpr[X86_RCX];
    if (wide && (!x86_canonical(rip) || !x86_canonical(rsp))) {
        x86_exception(c, X86_GP, 0);
    }
    unsigned cs = (c->sys->sysenter_cs & 0xfffc) + (wide ? 32 : 16);
    v->gpr[X86_RSP] = wide ? rsp : (uint32_t)rsp;
    enter(c, cs, cs + 8, 3, wide, wide ? rip : (uint32_t)rip);
}

const IRHelper x86_h_syscall = {"syscall", syscall_, IR_VOID, 1, IR_CALL_ALL};
const IRHelper x86_h_sysret = {"sysret", sysret, IR_VOID, 1, IR_CALL_ALL};
const IRHelper x86_h_sysenter = {"sysenter", sysenter, IR_VOID, 1, IR_CALL_ALL};
const IRHelper x86_h_sysexit = {"sysexit", sysexit, IR_VOID, 1, IR_CALL_ALL};
