// EFLAGS: its parts in one word and back, and the instructions that change IF, IOPL and the rest of
// it (SDM vol. 2: PUSHF, POPF, CLI, STI; V86 extensions: vol. 3, 20.3).
#include "target-x86/system.h"

uint32_t x86_eflags_get(const X86CPU *c)
{
    uint32_t f = c->vcpu.flags;
    return c->eflags | (f >> 8 & (X86_CF | X86_PF | X86_AF | X86_ZF | X86_SF)) |
           (f & 1 ? X86_OF : 0) | (c->df < 0 ? X86_DF : 0);
}

void x86_eflags_set(X86CPU *c, uint32_t value)
{
    c->vcpu.flags = (uint16_t)((value & (X86_CF | X86_PF | X86_AF | X86_ZF | X86_SF)) << 8 |
                               (value & X86_OF ? 1 : 0));
    c->df = value & X86_DF ? -1 : 1;
    c->eflags = (value & ~(uint32_t)(X86_STATUS_FLAGS | X86_DF)) | 2;
}

// --- PUSHF, POPF

static uint64_t pushf(VCPU *v, uint64_t bytes)
{
    X86CPU *c = x86_cpu(v);
    uint32_t f = x86_eflags_get(c) & ~(uint32_t)(X86_VM | X86_RF);
    if (x86_v86(c) && x86_iopl(c) < 3) {
        if (bytes != 2 || !(c->cr4 & X86_CR4_VME)) {
            x86_exception(c, X86_GP, 0);
        }
        f = (f & ~(uint32_t)X86_IF) | X86_IOPL | (c->eflags & X86_VIF ? X86_IF : 0);
    }
    return f;
}

// Bits that POPF may change.
static uint32_t popf_mask(const X86CPU *c, unsigned bytes)
{
    uint32_t m = X86_STATUS_FLAGS | X86_DF | X86_TF | X86_NT | X86_AC | X86_ID;
    m |= c->cpl <= x86_iopl(c) ? X86_IF : 0;
    m |= c->cpl == 0 ? X86_IOPL : 0;
    return bytes == 2 ? m & 0xffff : m;
}

// POPF of 16 bits in V86 mode with VME and IOPL < 3: IF goes to VIF.
static void popf_vme(X86CPU *c, uint32_t value)
{
    if ((value & X86_TF) || ((value & X86_IF) && (c->eflags & X86_VIP))) {
        x86_exception(c, X86_GP, 0);
    }
    uint32_t m = (X86_STATUS_FLAGS | X86_DF | X86_TF | X86_NT) & 0xffff;
    uint32_t f = (x86_eflags_get(c) & ~(m | X86_VIF)) | (value & m);
    x86_eflags_set(c, f | (value & X86_IF ? X86_VIF : 0));
}

static void popf(VCPU *v, uint64_t value, uint64_t bytes)
{
    X86CPU *c = x86_cpu(v);
    if (x86_v86(c) && x86_iopl(c) < 3) {
        if (bytes != 2 || !(c->cr4 & X86_CR4_VME)) {
            x86_exception(c, X86_GP, 0);
        }
        popf_vme(c, (uint32_t)value);
    } else {
        uint32_t m = popf_mask(c, (unsigned)bytes);
        x86_eflags_set(c, (x86_eflags_get(c) & ~(m | X86_RF)) | ((uint32_t)value & m));
    }
    x86_level_changed(c);
}

const IRHelper x86_h_pushf = {"pushf", pushf, IR_I64, 1, IR_CALL_ALL};
const IRHelper x86_h_popf = {"popf", popf, IR_VOID, 2, IR_CALL_ALL};

// --- CLI, STI: the flag that they may change, or #GP

static uint32_t interrupt_flag(X86CPU *c)
{
    if (!(c->cr0 & X86_CR0_PE) || c->cpl <= x86_iopl(c)) {
        return X86_IF;
    }
    if (x86_v86(c) ? c->cr4 & X86_CR4_VME : c->cpl == 3 && (c->cr4 & X86_CR4_PVI)) {
        return X86_VIF;
    }
    x86_exception(c, X86_GP, 0);
}

static void cli(VCPU *v)
{
    X86CPU *c = x86_cpu(v);
    c->eflags &= ~interrupt_flag(c);
}

// STI holds interrupts back for one instruction if they were off.
static void sti(VCPU *v)
{
    X86CPU *c = x86_cpu(v);
    uint32_t flag = interrupt_flag(c);
    if (flag == X86_VIF && (c->eflags & X86_VIP)) {
        x86_exception(c, X86_GP, 0);
    }
    if (flag == X86_IF && !(c->eflags & X86_IF)) {
        c->inhibit |= X86_INHIBIT_STI;
    }
    c->eflags |= flag;
    x86_level_changed(c);
}

const IRHelper x86_h_cli = {"cli", cli, IR_VOID, 0, IR_CALL_ALL};
const IRHelper x86_h_sti = {"sti", sti, IR_VOID, 0, IR_CALL_ALL};
