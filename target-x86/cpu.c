// An x86 CPU as an object: creation, wiring, reset, INIT and STARTUP, the two targets.
#include "target-x86/system.h"

#include <capstone/capstone.h>
#include <stdlib.h>
#include <string.h>

#include "util/log.h"

#define RESET_MXCSR  0x1f80
#define RESET_PAT    UINT64_C(0x0007040600070406)
#define RESET_SMBASE 0x30000

// The decoder's names clash with capstone's.
void x86_translate(VCPU *v, IRBlock *b, const TranslateRequest *r);

// --- creation

VCPU *x86_cpu_create(Machine *m, const char *model, char **error)
{
    size_t size = ALIGN_UP(sizeof(X86CPUAll), (size_t)64);
    X86CPUAll *all = aligned_alloc(64, size);
    if (!all) {
        die("no memory for a CPU");
    }
    memset(all, 0, size);
    X86CPU *c = &all->cpu;
    c->sys = &all->sys;
    c->vcpu.target = !strcmp(m->board->target, "i386") ? &target_i386 : &target_x86_64;
    c->sys->lm = c->vcpu.target == &target_x86_64;
    if (!x86_choose_model(c, model, error)) {
        free(all);
        return NULL;
    }
    machine_add_cpu(m, &c->vcpu);
    state_reset(&x86_cpu_state, c);
    x86_cpu_reset(&c->vcpu);
    return &c->vcpu;
}

// --- wiring

IrqLine x86_cpu_input(VCPU *v, X86Input which)
{
    return irq_line(x86_input_set, v, which);
}

void x86_cpu_connect_apic(VCPU *v, const X86ApicOps *ops, void *opaque)
{
    x86_cpu(v)->sys->apic = ops;
    x86_cpu(v)->sys->apic_opaque = opaque;
}

void x86_cpu_set_smm_space(VCPU *v, AddressSpace *space)
{
    x86_cpu(v)->sys->smm_space = space;
}

void x86_cpu_connect_ferr(VCPU *v, IrqLine line)
{
    x86_cpu(v)->sys->ferr = line;
}

void x86_cpu_ignne(VCPU *v)
{
    X86CPU *c = x86_cpu(v);
    c->sys->ignne = c->fpu.status >> 7 & 1; // until the error is cleared
    irq_set(&c->sys->ferr, false);
    x86_mode_changed(c);
}

uint64_t x86_cpu_tsc(VCPU *v)
{
    return x86_tsc(x86_cpu(v));
}

uint64_t x86_cpu_tsc_to_ns(VCPU *v, uint64_t tsc)
{
    // The offset may be negative: the counter starts at 0 at each reset, virtual time does not.
    int64_t offset = (int64_t)x86_cpu(v)->sys->tsc_offset;
    if (offset > 0) {
        return tsc > (uint64_t)offset ? tsc - (uint64_t)offset : 0;
    }
    uint64_t behind = 0 - (uint64_t)offset;
    return tsc > UINT64_MAX - behind ? UINT64_MAX : tsc + behind;
}

// --- reset: what is not zero or depends on the model (SDM vol. 3, table 9-1)

static X86Segment real_segment(uint16_t selector, uint64_t base, bool code)
{
    return (X86Segment){.selector = selector,
                        .base = base,
                        .limit = 0xffff,
                        .attr = X86_DESC_P | X86_DESC_S | X86_DESC_W | X86_DESC_A |
                                (code ? X86_DESC_CODE : 0)};
}

// Power-up and INIT have this in common.
static void reset_common(X86CPU *c)
{
    X86System *s = c->sys;
    memset(c->vcpu.gpr, 0, sizeof(c->vcpu.gpr));
    c->vcpu.gpr[X86_RDX] = x86_signature(c);
    for (unsigned i = 0; i < X86_SEGS; i++) {
        c->seg[i] = real_segment(0, 0, false);
    }
    c->seg[X86_CS] = real_segment(0xf000, 0xffff0000, true);
    s->ldt = (X86Segment){.limit = 0xffff, .attr = X86_DESC_P | X86_SYS_LDT << 8};
    s->tr = (X86Segment){.limit = 0xffff, .attr = X86_DESC_P | X86_SYS_TSS32_BUSY << 8};
    s->gdt = s->idt = (X86Table){.limit = 0xffff};
    x86_eflags_set(c, 0);
    c->cpl = 0;
    c->inhibit = c->smm = c->nmi_masked = 0;
    c->cr2 = c->cr3 = c->cr4 = c->efer = 0;
    c->vcpu.pc = 0xfffffff0;
    memset(s->dr, 0, sizeof(s->dr));
    s->db_pending = 0;
    s->pending = s->delivering = s->external = s->counted = s->step_skip = 0;
    x86_smm_memory(c);
}

void x86_cpu_reset(VCPU *v)
{
    X86CPU *c = x86_cpu(v);
    X86System *s = c->sys;
    reset_common(c);
    c->cr0 = X86_CR0_ET | X86_CR0_CD | X86_CR0_NW;
    c->xcr0 = 1;
    c->mxcsr = RESET_MXCSR;
    c->fpu.control = 0x40;
    c->fpu.empty = 0;
    s->pat = RESET_PAT;
    s->smbase = RESET_SMBASE;
    s->misc_enable = 1;
    s->tsc_offset = 0 - clock_now(v->machine->clock); // the counter starts at 0
    s->mcg_ctl = UINT64_MAX;
    for (unsigned i = 0; i < X86_MCE_BANKS; i++) {
        s->mce_bank[4 * i] = UINT64_MAX;
    }
    s->rng[0] = UINT64_C(0x6d696d75732d7838) + v->index;
    s->rng[1] = UINT64_C(0x9e3779b97f4a7c15);
    // The other processors wait for STARTUP.
    s->wait_sipi = v->stopped = v->index != 0;
    x86_cpu_state_loaded(c);
}

// INIT: as power-up, but for caches, FPU and MSRs (SDM vol. 3, 9.1.1).
void x86_cpu_init(X86CPU *c)
{
    VCPU *v = &c->vcpu;
    X86System *s = c->sys;
    log_printf(LOG_INT, "cpu%u INIT\n", v->index);
    reset_common(c);
    c->cr0 = X86_CR0_ET | (c->cr0 & (X86_CR0_CD | X86_CR0_NW));
    v->halted = 0;
    s->wait_sipi = v->stopped = v->index != 0;
    s->shutdown = 0;
    if (s->apic && s->apic->init) {
        s->apic->init(s->apic_opaque);
    }
    x86_cpu_state_loaded(c);
    if (v->stopped) {
        vcpu_kick(v);
    }
}

void x86_cpu_startup(VCPU *v, unsigned vector)
{
    X86CPU *c = x86_cpu(v);
    X86System *s = c->sys;
    log_printf(LOG_INT, "cpu%u STARTUP at 0x%x%s\n", v->index, vector << 12,
               s->wait_sipi ? "" : ": not waiting");
    if (!s->wait_sipi) {
        return;
    }
    s->wait_sipi = 0;
    v->stopped = v->halted = 0;
    c->seg[X86_CS] = real_segment((uint16_t)(vector << 8), (uint64_t)vector << 12, true);
    v->pc = (uint64_t)vector << 12;
    x86_segments_changed(c);
}

void x86_cpu_state_loaded(X86CPU *c)
{
    x86_mxcsr_set(c, c->mxcsr);
    x86_smm_memory(c);
    x86_debug_changed(c);
    x86_refresh(c);
    if (c->vcpu.engine) {
        mmu_regime_changed(&c->vcpu);
    }
}

// --- direct boot

#define BOOT_CS 0x10
#define BOOT_DS 0x18

static void boot_protected(X86CPU *c, bool code64, uint64_t pc, uint64_t rsi)
{
    uint32_t attr = X86_DESC_P | X86_DESC_S | X86_DESC_W | X86_DESC_A | X86_DESC_G;
    for (unsigned i = 0; i < X86_SEGS; i++) {
        c->seg[i] =
            (X86Segment){.selector = BOOT_DS, .limit = UINT32_MAX, .attr = attr | X86_DESC_B};
    }
    c->seg[X86_CS].selector = BOOT_CS;
    c->seg[X86_CS].attr = attr | X86_DESC_CODE | (code64 ? X86_DESC_L : X86_DESC_B);
    c->cr0 = X86_CR0_PE | X86_CR0_ET;
    c->vcpu.gpr[X86_RSI] = rsi;
    c->vcpu.pc = pc;
    c->vcpu.stopped = 0;
    c->sys->wait_sipi = 0;
}

void x86_cpu_boot_flat32(VCPU *v, uint64_t pc, uint64_t rsi, uint64_t rbx)
{
    X86CPU *c = x86_cpu(v);
    boot_protected(c, false, pc, rsi);
    v->gpr[X86_RBX] = rbx;
    x86_cpu_state_loaded(c);
}

void x86_cpu_boot_long(VCPU *v, uint64_t pc, uint64_t rsi, uint64_t cr3)
{
    X86CPU *c = x86_cpu(v);
    boot_protected(c, true, pc, rsi);
    c->cr0 |= X86_CR0_PG;
    c->cr3 = cr3;
    c->cr4 = X86_CR4_PAE;
    c->efer = X86_EFER_LME | X86_EFER_LMA | (x86_has(c, X86_FEAT_NX) ? X86_EFER_NXE : 0);
    x86_cpu_state_loaded(c);
}

// --- the targets

static void forget(VCPU *v)
{
    x86_spaces_forget(x86_cpu(v));
}

static void sync_state(VCPU *v)
{
    X86CPU *c = x86_cpu(v);
    c->mxcsr = x86_mxcsr_get(c);
}

static int disas_mode(uint64_t flags, uint64_t pc)
{
    (void)pc;
    return flags & X86_BF_CODE64 ? CS_MODE_64 : flags & X86_BF_CODE32 ? CS_MODE_32 : CS_MODE_16;
}

#define GPR(n) offsetof(VCPU, gpr[n])
#define VEC(n) offsetof(VCPU, vec[n])

static const uint16_t pin_gpr[] = {
    GPR(X86_RAX),
    GPR(X86_RSP),
    GPR(X86_RDX),
    GPR(X86_RCX),
    GPR(X86_RDI),
    GPR(X86_RSI),
    GPR(X86_RBX),
    GPR(X86_RBP),
    GPR(8),
    GPR(9),
    GPR(12),
    GPR(13),
    GPR(14),
    GPR(15),
    GPR(10),
    GPR(11),
    0,
};
static const uint16_t pin_vec[] = {VEC(0), VEC(1), VEC(2), VEC(3), VEC(4),
                                   VEC(5), VEC(6), VEC(7), 0};

#define TARGET_OPS(nm, mode, arch, regs, n_regs)                                                   \
    {                                                                                              \
        .name = nm, .capstone_arch = CS_ARCH_X86, .capstone_mode = mode, .gdb_arch = arch,         \
        .capstone_mode_of = disas_mode, .pin_gpr = pin_gpr, .pin_vec = pin_vec,                    \
        .va_canonical_mask = ~UINT64_C(0), .longest_insn = 15, .open_bus = true,                   \
        .precise_code = true, .block_flags = x86_block_flags, .translate = x86_translate,          \
        .walk = x86_walk, .regime_key = x86_regime_key, .fault = x86_fault,                        \
        .unaligned = x86_unaligned, .span_allowed = x86_span_allowed, .bus_error = x86_bus_error,  \
        .interrupt_ready = x86_interrupt_ready, .interrupt_take = x86_interrupt_take,              \
        .has_work = x86_has_work, .page_watched = x86_page_watched,                                \
        .check_watch = x86_check_watch, .sync = sync_state, .gdb_regs = regs,                      \
        .n_gdb_regs = n_regs, .virt_to_phys_debug = x86_virt_to_phys_debug,                        \
        .translation_on = x86_translation_on, .mapping = x86_mapping, .gdb_read = x86_gdb_read,    \
        .gdb_write = x86_gdb_write, .state = &x86_cpu_state, .forget = forget,                     \
        .reset = x86_cpu_reset,                                                                    \
    }

const TargetOps target_x86_64 =
    TARGET_OPS("x86_64", CS_MODE_64, "i386:x86-64", x86_gdb_regs64, X86_GDB_REGS64);
const TargetOps target_i386 =
    TARGET_OPS("i386", CS_MODE_32, "i386", x86_gdb_regs32, X86_GDB_REGS32);
