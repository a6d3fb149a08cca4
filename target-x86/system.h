// The system side of an x86 CPU: tables, control, model-specific and debug registers, exceptions,
// paging, system management mode.
//
//   INT, faults, interrupts --> system/exception.c --> gate --> system/gates.c: stack, CS:EIP,
//   flags
//                                                  \-> task gate --> system/task.c
//   far transfers, IRET     --> system/far.c, iret.c   } descriptors: system/descriptor.c
//   segment loads           --> system/segments.c      }
//   MOV CR, MSRs, CPUID     --> system/control.c, msr*.c, cpuid.c
//   TLB miss                --> system/paging.c
//   SMI, RSM                --> system/smm.c
//   whatever changes how code is decoded or addresses are translated --> x86_mode_changed (mode.c)
//
// How a fault leaves: a C function that an instruction calls may stop anywhere by x86_exception (or
// an access that faults does it for it). So it reads and checks first and changes registers last;
// memory that it has already written (pushes, accessed bits) stays, as on a real CPU. Delivery of
// an exception is under the same rule: sys->delivering remembers what is under way, so that a
// second fault is combined with it (double fault, shutdown).
#ifndef TARGET_X86_SYSTEM_H
#define TARGET_X86_SYSTEM_H

#include "accel/engine.h"
#include "hw/core/machine.h"
#include "hw/core/state.h"
#include "softmmu/softmmu.h"
#include "target-x86/board.h"
#include "target-x86/cpu.h"
#include "target-x86/helpers.h"

extern const TargetOps target_x86_64, target_i386;

#define X86_PHYS_BITS 40
#define X86_MCE_BANKS 10
#define X86_VAR_MTRRS 8
#define X86_FIX_MTRRS 11
#define X86_RDTSC_NS  96 // virtual time that reading a clock takes: see target-arm/timers.c

typedef struct X86Table {
    uint64_t base;
    uint32_t limit;
    uint32_t pad;
} X86Table;

// What is under way when a fault comes up.
typedef enum X86Delivering {
    X86_NOTHING,
    X86_BENIGN,       // an interrupt, or an exception that pairs with none
    X86_CONTRIBUTORY, // #DE, #TS, #NP, #SS, #GP
    X86_PAGE,         // #PF
    X86_DOUBLE,       // #DF: one more is a shutdown
} X86Delivering;

// Inputs that are edges, remembered until taken.
enum {
    X86_PENDING_NMI = 1,
    X86_PENDING_SMI = 2,
    X86_PENDING_INIT = 4,
    X86_PENDING_DB = 8, // a trap-class #DB: DR6 bits in sys->db_pending
};

// Bits of X86CPU.inhibit.
enum { X86_INHIBIT_SS = 1, X86_INHIBIT_STI = 2 };

typedef struct X86System {
    // --- tables, task
    X86Segment ldt, tr;
    X86Table gdt, idt;
    // --- MSRs
    uint64_t star, lstar, cstar, fmask;
    uint64_t sysenter_cs, sysenter_esp, sysenter_eip;
    uint64_t tsc_seen; // latest virtual time that the counter has shown
    uint64_t pat, tsc_offset, tsc_adjust, tsc_aux, misc_enable, feature_control, debugctl;
    uint64_t mtrr_def_type, mtrr_fixed[X86_FIX_MTRRS], mtrr_var[2 * X86_VAR_MTRRS];
    uint64_t mcg_status, mcg_ctl, mce_bank[4 * X86_MCE_BANKS];
    uint64_t pdpte[4]; // PAE without long mode: loaded with CR3
    uint64_t dr[8];    // 0..3, 6, 7
    uint64_t smbase;
    uint64_t rng[2]; // RDRAND's generator
    uint32_t db_pending;
    uint8_t pending; // X86_PENDING_*
    uint8_t delivering;
    uint8_t external;  // what is delivered came from outside the program: error codes have EXT
    uint8_t counted;   // the instruction under way counts as executed already (task switch)
    uint8_t step_skip; // the instruction entered a handler: no single-step trap after it
    uint8_t wait_sipi; // after INIT
    uint8_t input[X86_INPUTS];
    uint8_t ignne;
    uint8_t shutdown;
    // --- derived from the above: x86_mode_changed
    uint64_t block_flags;
    uint64_t regime_key[2];
    uint64_t seg_flags;     // block flags of the segments and CS's number
    uint64_t control_flags; // block flags of CR0, CR4, EFER, XCR0
    uint64_t cs_key[2];     // (base, limit) that cs_number stands for
    uint16_t cs_number;
    uint8_t regime_mode[2];
    // --- configuration
    bool lm; // the target has long mode
    const X86ApicOps *apic;
    void *apic_opaque;
    AddressSpace *smm_space;
    IrqLine ferr;
    struct X86Shared *shared;
    struct X86Spaces *spaces; // spaces.c
} X86System;

// Memory of a CPU.
typedef struct X86CPUAll {
    X86CPU cpu; // first
    X86System sys;
} X86CPUAll;

// --- mode.c
static inline bool x86_has(const X86CPU *c, X86Feature f)
{
    return x86_features_test(&c->features, f);
}
static inline bool x86_long_mode(const X86CPU *c)
{
    return c->efer & X86_EFER_LMA;
}
static inline bool x86_code64(const X86CPU *c)
{
    return (c->efer & X86_EFER_LMA) && (c->seg[X86_CS].attr & X86_DESC_L);
}
static inline bool x86_v86(const X86CPU *c)
{
    return c->eflags & X86_VM;
}
static inline bool x86_protected(const X86CPU *c) // and not V86
{
    return (c->cr0 & X86_CR0_PE) && !(c->eflags & X86_VM);
}
static inline unsigned x86_iopl(const X86CPU *c)
{
    return c->eflags >> 12 & 3;
}
// A linear address as this mode has them.
static inline uint64_t x86_lin(const X86CPU *c, uint64_t a)
{
    return x86_long_mode(c) ? a : (uint32_t)a;
}
static inline bool x86_canonical(uint64_t a)
{
    return (uint64_t)((int64_t)(a << 16) >> 16) == a;
}
// After changes, from the least to the most (mode.c; x86_mode_changed: helpers.h). Between the two
// of segments stand the mode bits PE, VM and LMA, and the control registers.
void x86_level_changed(X86CPU *c);                   // EFLAGS, CPL
void x86_segments_loaded(X86CPU *c, unsigned which); // bit n: register n; and EFLAGS, CPL
void x86_segments_changed(X86CPU *c);
void x86_refresh(X86CPU *c); // the derived values only (after reset or load)
uint64_t x86_block_flags(VCPU *v);
uint64_t x86_regime_key(VCPU *v, unsigned regime);
// The code segment that X86_BF_CS numbers.
void x86_code_segment(const X86CPU *c, unsigned n, uint64_t *base, uint32_t *limit);
// Instruction pointer of a linear pc and back.
static inline uint64_t x86_eip_of(const X86CPU *c, uint64_t pc)
{
    return x86_code64(c) ? pc : (uint32_t)(pc - c->seg[X86_CS].base);
}
static inline void x86_set_eip(X86CPU *c, uint64_t eip) // after CS is set
{
    c->vcpu.pc = x86_code64(c) ? eip : (uint32_t)(c->seg[X86_CS].base + eip);
}

// --- system/memory.c: accesses of C functions. They may leave by a guest exception.
typedef enum X86Access {
    X86_AS_CPL,    // as the program's own
    X86_AS_SYSTEM, // tables: supervisor, whatever the CPL
} X86Access;
uint64_t x86_mem_load(X86CPU *c, uint64_t linear, unsigned bytes, X86Access as);
void x86_mem_store(X86CPU *c, uint64_t linear, uint64_t value, unsigned bytes, X86Access as);

// A stack that is being built or taken down; commit by x86_stack_done. The register pushes of far
// transfers, whose segment is not SS yet or no more.
typedef struct X86Stack {
    X86CPU *c;
    uint64_t sp;
    uint64_t base;
    uint64_t mask; // of sp: 16, 32 or 64 bits
    uint32_t limit, attr;
    bool flat64; // 64-bit: no limits
    X86Access as;
    unsigned vector; // raised if it does not fit: with error
    uint32_t error;
} X86Stack;
X86Stack x86_stack_current(X86CPU *c);
// An inner level's, before SS is loaded with it; in 64-bit mode it has no segment.
X86Stack x86_stack_inner(X86CPU *c, const X86Segment *ss, uint64_t sp);
X86Stack x86_stack_inner64(X86CPU *c, uint64_t sp);
void x86_stack_push(X86Stack *s, uint64_t value, unsigned bytes);
uint64_t x86_stack_pop(X86Stack *s, unsigned bytes);
uint64_t x86_stack_peek(X86Stack *s, uint64_t skip, unsigned bytes); // without moving
void x86_stack_done(const X86Stack *s);                              // sp -> rSP

// --- system/descriptor.c
typedef struct X86Desc {
    uint32_t lo, hi;
    uint64_t linear; // where it stands
} X86Desc;
static inline uint32_t x86_desc_attr(const X86Desc *d)
{
    return d->hi & 0x00f0ff00;
}
static inline unsigned x86_desc_dpl(const X86Desc *d)
{
    return d->hi >> X86_DESC_DPL_SHIFT & 3;
}
static inline unsigned x86_desc_type(const X86Desc *d)
{
    return d->hi >> 8 & 15;
}
static inline bool x86_desc_is_code(const X86Desc *d)
{
    return (d->hi & (X86_DESC_S | X86_DESC_CODE)) == (X86_DESC_S | X86_DESC_CODE);
}
static inline bool x86_desc_is_data(const X86Desc *d)
{
    return (d->hi & (X86_DESC_S | X86_DESC_CODE)) == X86_DESC_S;
}
static inline bool x86_desc_conforming(const X86Desc *d) // of code
{
    return d->hi & X86_DESC_E;
}
static inline bool x86_null(uint16_t selector)
{
    return !(selector & ~3);
}
uint64_t x86_desc_base(const X86Desc *d);
uint32_t x86_desc_limit(const X86Desc *d);
// False: the selector lies outside its table. Reads it as the system does.
bool x86_desc_read(X86CPU *c, uint16_t selector, X86Desc *d);
// The upper 8 bytes of a 16-byte system descriptor; false: outside.
bool x86_desc_read_upper(X86CPU *c, uint16_t selector, X86Desc *d);
void x86_desc_set_accessed(X86CPU *c, X86Desc *d);
// The hidden part from a descriptor.
X86Segment x86_segment_of(uint16_t selector, const X86Desc *d);
X86Segment x86_segment_real(uint16_t selector, bool v86, const X86Segment *old);
enum {
    X86_SYS_TSS16 = 1,
    X86_SYS_LDT = 2,
    X86_SYS_TSS16_BUSY = 3,
    X86_SYS_CALL16 = 4,
    X86_SYS_TASK = 5,
    X86_SYS_INT16 = 6,
    X86_SYS_TRAP16 = 7,
    X86_SYS_TSS32 = 9,
    X86_SYS_TSS32_BUSY = 11,
    X86_SYS_CALL32 = 12,
    X86_SYS_INT32 = 14,
    X86_SYS_TRAP32 = 15,
};

// --- system/segments.c
void x86_load_segment(X86CPU *c, unsigned seg, uint16_t selector); // MOV Sreg and its like
// After a transfer to an outer level: data segments that it may not use become null.
void x86_drop_inner_segments(X86CPU *c);

// --- system/gates.c, exception.c
typedef enum X86EventKind {
    X86_EVENT_FAULT,    // exception
    X86_EVENT_TRAP,     // exception whose return address is the next instruction (#DB, #BP)
    X86_EVENT_EXTERNAL, // interrupt, NMI
    X86_EVENT_SOFT,     // INT n, INT3, INTO: the gate's DPL counts
} X86EventKind;
typedef struct X86Event {
    unsigned vector;
    X86EventKind kind;
    bool has_error;
    uint32_t error;
    uint64_t eip; // to return to
} X86Event;
// Enters the handler. Needs exact pc and count.
void x86_enter_handler(X86CPU *c, const X86Event *e);
// INT n of a V86 program that its TSS leaves to the program's own vector table.
void x86_enter_redirected(X86CPU *c, unsigned vector, uint64_t eip);
// The stack segment of an inner level; #TS or #SS, with EXT, if it may not be one.
X86Segment x86_inner_ss(X86CPU *c, uint16_t selector, unsigned dpl);
// Delivers with everything around it: combination with what is under way, EXT, shutdown.
void x86_deliver(X86CPU *c, unsigned vector, X86EventKind kind, uint32_t error, uint64_t eip);
bool x86_vector_has_error(unsigned vector);
NORETURN void x86_exception_ext(X86CPU *c, unsigned vector, uint32_t error); // EXT added
NORETURN void x86_debug_fault(X86CPU *c, uint32_t dr6); // #DB as a fault, DR6 bits set
void x86_shutdown(X86CPU *c);
// TargetOps
void x86_fault(VCPU *v, const MmuFault *f);
void x86_unaligned(VCPU *v, uint64_t va, MmuAccess access, unsigned regime);
void x86_bus_error(VCPU *v, uint64_t va, uint64_t phys, MmuAccess access);
// system/interrupt.c
bool x86_interrupt_ready(VCPU *v);
void x86_interrupt_take(VCPU *v);
bool x86_has_work(VCPU *v);
void x86_input_set(void *opaque, unsigned n, bool level);
void x86_pend(X86CPU *c, unsigned what); // X86_PENDING_*

// --- system/far.c: returns. Checks of CS:rIP that was popped, and of the SS that comes with it;
// then both are loaded (without x86_segments_changed).
void x86_check_return_code(X86CPU *c, uint16_t selector, X86Desc *d, uint64_t eip);
X86Segment x86_check_return_stack(X86CPU *c, uint16_t selector, const X86Desc *code, unsigned cpl);
void x86_return_to(X86CPU *c, uint16_t selector, X86Desc *d, uint64_t eip, const X86Segment *ss,
                   uint64_t sp);

// --- system/task.c
typedef enum X86TaskWhy { X86_TASK_JMP, X86_TASK_CALL, X86_TASK_INT, X86_TASK_IRET } X86TaskWhy;
// Switches to the TSS that selector and d name, with all checks. eip: of the old task's resumption.
// error: pushed in the new task, or NULL.
// Leaves the block that it was called from, if any.
void x86_task_switch(X86CPU *c, uint16_t selector, X86Desc *d, X86TaskWhy why, uint64_t eip,
                     const uint32_t *error);
// Through a task gate.
void x86_task_gate(X86CPU *c, const X86Desc *gate, X86TaskWhy why, uint64_t eip,
                   const uint32_t *error);
// SS:rSP of an inner level from the current TSS.
void x86_tss_stack(X86CPU *c, unsigned cpl, uint16_t *ss, uint64_t *sp);
uint64_t x86_tss64_ist(X86CPU *c, unsigned ist);
bool x86_io_allowed(X86CPU *c, unsigned port, unsigned bytes); // by CPL, IOPL and the bitmap
bool x86_vme_redirected(X86CPU *c, unsigned vector); // the TSS leaves INT n to the V86 program

// --- system/control.c
void x86_set_cr0(X86CPU *c, uint64_t value);
void x86_set_cr3(X86CPU *c, uint64_t value);
void x86_set_cr4(X86CPU *c, uint64_t value);
void x86_set_cpl(X86CPU *c, unsigned cpl); // without x86_mode_changed
void x86_set_efer(X86CPU *c, uint64_t value);
bool x86_load_pdptes(X86CPU *c, uint64_t cr0, uint64_t cr3, uint64_t cr4); // false: reserved bits
uint64_t x86_cr4_bits(const X86CPU *c); // those that this model has
void x86_a20_changed(X86CPU *c);

// --- system/msr.c
bool x86_msr_read(X86CPU *c, uint32_t msr, uint64_t *value); // false: #GP
bool x86_msr_write(X86CPU *c, uint32_t msr, uint64_t value);
uint64_t x86_tsc(X86CPU *c);

// --- cpuid.c
void x86_cpuid(X86CPU *c, uint32_t leaf, uint32_t sub, uint32_t out[4]);
uint64_t x86_xcr0_mask(const X86CPU *c); // bits that XSETBV may set
uint32_t x86_signature(const X86CPU *c); // family, model, stepping as in leaf 1

// --- system/debug.c
enum {
    X86_DR6_BD = 1 << 13,
    X86_DR6_BS = 1 << 14,
    X86_DR6_BT = 1 << 15,
    X86_DR7_GD = 1 << 13,
};
void x86_pend_step(X86CPU *c);     // a single-step trap is due after this instruction
void x86_debug_changed(X86CPU *c); // after a change of DR0-7 or CR4.DE
bool x86_code_breakpoints(const X86CPU *c);
bool x86_io_breakpoint(X86CPU *c, unsigned port, unsigned bytes); // pends #DB
bool x86_page_watched(VCPU *v, uint64_t page_va);
void x86_check_watch(VCPU *v, uint64_t va, unsigned size, MmuAccess access, unsigned regime);

// --- system/smm.c
void x86_enter_smm(X86CPU *c);
void x86_leave_smm(X86CPU *c);  // RSM
void x86_smm_memory(X86CPU *c); // v->memory as cpu->smm says

// --- system/spaces.c: what is left of an address space when CR3 is loaded again
typedef struct X86Walked {
    uint64_t va;
    const uint64_t *address; // of the n entries, the last one the leaf
    unsigned n, entry_bytes;
    bool small; // the leaf is a page table's
} X86Walked;
void x86_spaces_new(X86CPU *c);
void x86_spaces_forget(X86CPU *c);
void x86_space_load(X86CPU *c);     // CR3 and PDPTEs have been loaded
unsigned x86_space_asid(X86CPU *c); // of the current space
void x86_space_walked(X86CPU *c, const X86Walked *w);
void x86_space_drop_pcid(X86CPU *c, uint32_t pcid);

// --- system/paging.c
bool x86_walk(VCPU *v, uint64_t va, MmuAccess access, unsigned regime, MmuPage *page,
              MmuFault *fault);
bool x86_span_allowed(VCPU *v, uint64_t va, uint64_t last, MmuAccess access, MmuFault *fault);
uint64_t x86_virt_to_phys_debug(VCPU *v, uint64_t va);
bool x86_translation_on(VCPU *v);
bool x86_mapping(VCPU *v, uint64_t va, TargetMapping *p);
#define X86_FAULT_NONCANONICAL 0x80000000u // MmuFault.code: #GP or #SS instead of #PF
// Page-fault error code (SDM vol. 3, 4.7).
enum { X86_PF_P = 1, X86_PF_W = 2, X86_PF_U = 4, X86_PF_RSVD = 8, X86_PF_I = 16 };
// What a regime may see.
enum {
    X86_REGIME_FLAT,
    X86_REGIME_USER,
    X86_REGIME_SUPER,      // SMAP applies, if on
    X86_REGIME_SUPER_OPEN, // EFLAGS.AC lets supervisor data accesses through
    X86_REGIME_SMM = 4,    // added: in system management mode
};
static inline uint64_t x86_a20_mask(const X86CPU *c)
{
    return c->sys->input[X86_INPUT_A20M] ? ~BIT(20) : ~UINT64_C(0);
}

// --- cpu.c, state.c, models.c
struct X86Model {
    const char *name, *desc, *vendor, *brand;
    uint32_t level, xlevel;
    uint16_t family;
    uint8_t model, stepping;
    const char *base;     // the model that this one extends, or NULL
    const char *features; // names that it adds; "-name" takes one away
};
const X86Model *x86_model_find(const char *name);
const X86Model *x86_model_at(unsigned i); // NULL past the end
// Features by -cpu. model: "NAME,+feat,-feat,feat=on|off".
bool x86_choose_model(X86CPU *c, const char *spec, char **error);
extern const StateDesc x86_cpu_state;
void x86_cpu_reset(VCPU *v);
void x86_cpu_init(X86CPU *c); // INIT
void x86_cpu_state_loaded(X86CPU *c);
unsigned x86_apic_id(const X86CPU *c);

// --- gdb.c
#define X86_GDB_REGS64 82
#define X86_GDB_REGS32 55
extern const GdbRegister x86_gdb_regs64[X86_GDB_REGS64], x86_gdb_regs32[X86_GDB_REGS32];
bool x86_gdb_read(VCPU *v, unsigned reg, void *buf);
bool x86_gdb_write(VCPU *v, unsigned reg, const void *buf);

#endif
