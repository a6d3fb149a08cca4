// Debug registers (SDM vol. 3, chapter 17): instruction, data and I/O breakpoints, single-step.
//
//   instruction: X86_BF_BREAK has each instruction ask before it runs: a fault
//   data:        the MMU announces accesses to pages with watched bytes;
//   I/O:         IN and OUT ask (CR4.DE);
//   TF:          X86_BF_TF makes blocks of one instruction, then step_done:
//                traps, which wait for the instruction to end
#include "target-x86/system.h"

#include "target-x86/insn/system.h"

#define DR6_FIXED 0xffff0ff0u
#define DR6_BITS  (0xfu | X86_DR6_BD | X86_DR6_BS | X86_DR6_BT)
#define DR7_FIXED 0x400u
#define DR7_BITS  0xffff2bffu
#define N_ADDRESS 4

enum { RW_EXECUTE, RW_WRITE, RW_IO, RW_ACCESS };

static bool enabled(const X86CPU *c, unsigned n)
{
    return c->sys->dr[7] >> (2 * n) & 3;
}

static unsigned kind_of(const X86CPU *c, unsigned n)
{
    return c->sys->dr[7] >> (16 + 4 * n) & 3;
}

static unsigned length_of(const X86CPU *c, unsigned n)
{
    static const uint8_t bytes[4] = {1, 2, 8, 4};
    return bytes[c->sys->dr[7] >> (18 + 4 * n) & 3];
}

static bool is_data(unsigned kind)
{
    return kind == RW_WRITE || kind == RW_ACCESS;
}

bool x86_code_breakpoints(const X86CPU *c)
{
    for (unsigned i = 0; i < N_ADDRESS; i++) {
        if (enabled(c, i) && kind_of(c, i) == RW_EXECUTE) {
            return true;
        }
    }
    return false;
}

void x86_debug_changed(X86CPU *c)
{
    bool before = c->vcpu.watch_armed, now = false;
    for (unsigned i = 0; i < N_ADDRESS; i++) {
        now |= enabled(c, i) && is_data(kind_of(c, i));
    }
    c->vcpu.watch_armed = now;
    if ((before || now) && c->vcpu.engine) {
        mmu_flush_all(&c->vcpu);
    }
    x86_mode_changed(c);
}

// --- matches

static bool overlaps(const X86CPU *c, unsigned n, uint64_t at, uint64_t len)
{
    unsigned bytes = length_of(c, n);
    uint64_t first = c->sys->dr[n] & ~(uint64_t)(bytes - 1);
    return at < first + bytes && first < at + len;
}

static void breakpoint(VCPU *v, uint64_t linear)
{
    X86CPU *c = x86_cpu(v);
    uint32_t hit = 0;
    if (c->eflags & X86_RF) {
        return;
    }
    for (unsigned i = 0; i < N_ADDRESS; i++) {
        if (enabled(c, i) && kind_of(c, i) == RW_EXECUTE && c->sys->dr[i] == linear) {
            hit |= 1u << i;
        }
    }
    if (hit) {
        x86_debug_fault(c, hit);
    }
}

const IRHelper x86_h_breakpoint = {"breakpoint", breakpoint, IR_VOID, 1, IR_CALL_ALL};

static void pend_trap(X86CPU *c, uint32_t dr6)
{
    c->sys->db_pending |= dr6;
    x86_pend(c, X86_PENDING_DB);
}

void x86_pend_step(X86CPU *c)
{
    pend_trap(c, X86_DR6_BS);
}

bool x86_page_watched(VCPU *v, uint64_t page_va)
{
    const X86CPU *c = x86_cpu(v);
    for (unsigned i = 0; i < N_ADDRESS; i++) {
        if (enabled(c, i) && is_data(kind_of(c, i)) && overlaps(c, i, page_va, 4096)) {
            return true;
        }
    }
    return false;
}

// The trap comes after the access: its instruction is run alone, so that nothing else follows.
void x86_check_watch(VCPU *v, uint64_t va, unsigned size, MmuAccess access, unsigned regime)
{
    X86CPU *c = x86_cpu(v);
    uint32_t hit = 0;
    (void)regime;
    for (unsigned i = 0; i < N_ADDRESS; i++) {
        unsigned kind = kind_of(c, i);
        bool applies = kind == RW_ACCESS || (kind == RW_WRITE && access == MMU_WRITE);
        if (enabled(c, i) && applies && overlaps(c, i, va, size)) {
            hit |= 1u << i;
        }
    }
    if (!hit) {
        return;
    }
    if ((v->host_ra || v->block) && !engine_in_single(v)) {
        engine_restore(v);
        v->leave_single = 1;
        engine_leave(v);
    }
    pend_trap(c, hit);
}

bool x86_io_breakpoint(X86CPU *c, unsigned port, unsigned bytes)
{
    uint32_t hit = 0;
    for (unsigned i = 0; i < N_ADDRESS && (c->cr4 & X86_CR4_DE); i++) {
        if (enabled(c, i) && kind_of(c, i) == RW_IO && overlaps(c, i, port, bytes)) {
            hit |= 1u << i;
        }
    }
    if (hit) {
        pend_trap(c, hit);
    }
    return hit;
}

// --- after an instruction that X86_BF_TF or X86_BF_SHADOW set apart: the pc is the next one's

static void step_done(VCPU *v)
{
    X86CPU *c = x86_cpu(v);
    X86System *s = c->sys;
    uint64_t before = engine_running_flags(v); // as the flags were when the instruction began
    if ((before & X86_BF_TF) && !s->step_skip) {
        pend_trap(c, X86_DR6_BS);
    }
    s->step_skip = 0;
    if (before & X86_BF_SHADOW) {
        c->inhibit = 0;
        c->eflags &= ~(uint32_t)X86_RF;
        x86_mode_changed(c);
    }
}

const IRHelper x86_h_step_done = {"step_done", step_done, IR_VOID, 0, IR_CALL_ALL};

// --- MOV to and from DR0-7

static unsigned index_of(X86CPU *c, uint64_t n)
{
    if (n == 4 || n == 5) {
        if (c->cr4 & X86_CR4_DE) {
            x86_exception(c, X86_UD, 0);
        }
        n += 2; // names for DR6 and DR7
    }
    if (n > 7) {
        x86_exception(c, X86_UD, 0);
    }
    return (unsigned)n;
}

static void check_general_detect(X86CPU *c)
{
    if (c->sys->dr[7] & X86_DR7_GD) {
        x86_debug_fault(c, X86_DR6_BD);
    }
}

static uint64_t read_dr(VCPU *v, uint64_t n_)
{
    X86CPU *c = x86_cpu(v);
    unsigned n = index_of(c, n_);
    check_general_detect(c);
    return n == 6 ? c->sys->dr[6] | DR6_FIXED : n == 7 ? c->sys->dr[7] | DR7_FIXED : c->sys->dr[n];
}

static void write_dr(VCPU *v, uint64_t n_, uint64_t value)
{
    X86CPU *c = x86_cpu(v);
    unsigned n = index_of(c, n_);
    check_general_detect(c);
    if (n >= 6 && value >> 32) {
        x86_exception(c, X86_GP, 0);
    }
    c->sys->dr[n] = n == 6 ? value & DR6_BITS : n == 7 ? value & DR7_BITS : value;
    if (n != 6) {
        x86_debug_changed(c);
    }
}

const IRHelper x86_h_read_dr = {"read_dr", read_dr, IR_I64, 1, IR_CALL_ALL};
const IRHelper x86_h_write_dr = {"write_dr", write_dr, IR_VOID, 2, IR_CALL_ALL};
