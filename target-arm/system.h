// The system side of an Arm CPU: banked and system registers, exceptions, translation regimes,
// timers, debug, PMU. EL0 and EL1 exist; the arrays indexed by exception level leave room for EL2
// and EL3.
//
//   MSR/MRS/SYS --> sysregs.c finds the row --> traps, hooks (timers.c, pmu.c, debug.c, tlbi.c ...)
//   SVC, faults, interrupts --> exceptions.c: PSTATE, SPSR, ELR, ESR, FAR, vector
//   TLB miss --> mmu.c: the walk of stage 1
//   whatever changes how code is decoded or addresses are translated --> arm_mode_changed()
#ifndef TARGET_ARM_SYSTEM_H
#define TARGET_ARM_SYSTEM_H

#include "target-arm/cpu.h"
#include "target-arm/board.h"
#include "accel/engine.h"
#include "hw/core/state.h"
#include "softmmu/softmmu.h"

extern const TargetOps target_aarch64, target_arm;

#define ARM_MAX_BREAKPOINTS 6
#define ARM_MAX_WATCHPOINTS 4
#define ARM_PMU_COUNTERS    6
#define ARM_REGIME_MODES    3
#define ARM_PMU_CYCLE       31 // bit of the cycle counter in the enable and overflow sets

// CNTFRQ_EL0 that firmware would have set: 62.5 MHz, 16 ns a tick.
#define ARM_TIMER_HZ      62500000
#define ARM_TIMER_TICK_NS 16

typedef struct ARMGenTimer {
    uint64_t cval;
    uint32_t ctl; // ENABLE, IMASK; ISTATUS is computed
    bool level;   // of the output
    // --- not state
    ARMCPU *cpu;
    Timer *timer;
    IrqLine line;
    unsigned which;
} ARMGenTimer;

typedef struct ARMPmu {
    uint64_t pmcr, userenr, selr;
    uint64_t enabled;  // PMCNTENSET
    uint64_t inten;    // PMINTENSET
    uint64_t overflow; // PMOVSSET
    uint64_t ccfilt, ccnt;
    uint64_t evtype[ARM_PMU_COUNTERS], evcnt[ARM_PMU_COUNTERS];
    uint64_t last;     // instruction count up to which the counters are current
    uint64_t prescale; // instructions not yet a tick of a divided cycle counter (PMCR.D)
    bool level;
    // --- not state
    bool active;  // something counts: mode changes have to bring the counters up to date
    Timer *timer; // next overflow
    IrqLine line;
} ARMPmu;

typedef struct ARMDebug {
    uint64_t mdscr, mdccint, osdtrrx, osdtrtx, oseccr, claim;
    bool os_lock, os_dlock;
    uint64_t bvr[ARM_MAX_BREAKPOINTS], bcr[ARM_MAX_BREAKPOINTS];
    uint64_t wvr[ARM_MAX_WATCHPOINTS], wcr[ARM_MAX_WATCHPOINTS];
} ARMDebug;

struct ARMSysReg;
struct ARMSemihosting;

// 128-bit keys: IA, IB, DA, DB, GA (the order of arm_h_pac's key argument).
typedef struct ARMKey {
    uint64_t lo, hi;
} ARMKey;

// Where PACs go in pointers of one kind (instruction, data): bits 63..56 unless they are a tag, and
// those between the address and bit 55, for each half; the bit that tells the half.
typedef struct ARMPacLayout {
    uint64_t field[2];
    uint8_t select;
} ARMPacLayout;

// What only AArch32 has at EL1 (DDI 0487 G1.9.2): the registers of modes that are not the current
// one, in the order of ArmBank.
typedef enum ArmBank {
    ARM_BANK_USR, // and System
    ARM_BANK_FIQ,
    ARM_BANK_IRQ,
    ARM_BANK_SVC,
    ARM_BANK_ABT,
    ARM_BANK_UND,
    ARM_BANKS
} ArmBank;
#define ARM_DACR_SLOTS 7

typedef struct ARMSystemA32 {
    uint32_t r13[ARM_BANKS], r14[ARM_BANKS]; // the current mode's are in vcpu.gpr instead
    uint32_t spsr[ARM_BANKS];                // USR has none
    uint32_t fiq[5];                         // r8-r12: FIQ's, in FIQ mode the other modes'
    uint64_t dacr, ifsr, adfsr, aifsr;
    // Values of DACR met lately: translations made under different ones are kept apart by their
    // number in the regime's mode. Derived.
    uint32_t dacr_slot[ARM_DACR_SLOTS];
    unsigned n_dacr_slots;
} ARMSystemA32;

typedef struct ARMSystem {
    // --- plain registers, also accessed inline by translated code
    uint64_t sp_el[4]; // the current stack pointer is in vcpu.gpr[31] instead
    uint64_t elr_el[4], spsr_el[4], tpidr_el[4];
    uint64_t esr_el[4], far_el[4], vbar_el[4];
    // --- translation and control
    uint64_t sctlr_el[4], tcr_el[4], ttbr0_el[4], ttbr1_el[4], mair_el[4];
    uint64_t amair_el[4], afsr0_el[4], afsr1_el[4], actlr_el[4], contextidr_el[4];
    uint64_t cpacr, par, csselr, cntkctl, cntfrq;
    uint64_t scxtnum[2];
    ARMKey key[5];
    uint64_t rng[2];    // RNDR's generator
    uint64_t impdef[4]; // implementation-defined control registers of the Cortex models
    ARMDebug debug;
    ARMGenTimer timer[ARM_TIMERS];
    ARMPmu pmu;
    ARMSystemA32 a32;
    uint32_t inputs;     // level of each ARMInput
    bool event;          // the event register of WFE
    Timer *event_stream; // CNTKCTL_EL1.EVNTEN's next event, while a WFE waits for it
    // --- derived from the above: arm_mode_changed
    uint64_t block_flags;
    uint64_t regime_key[2];
    // Block flags but for PSTATE's: EL0, EL1; EL0 and EL1 in AArch32 state.
    uint64_t control_flags[4];
    uint64_t mode_key[ARM_REGIME_MODES]; // regime keys of EL0, EL1, EL1 with PAN
    ARMPacLayout pac[2];                 // from TCR_EL1
    bool tagged_access; // a tagged address was translated since the last full flush
    // --- configuration
    uint64_t midr, revidr, mpidr;
    uint64_t id[8 * 8]; // ID registers: S3_0_C0_C<m>_<op2> at m * 8 + op2
    unsigned pa_bits;
    ARMPsciConduit psci;
    uint64_t boot_pc, boot_x0;
    bool boot_off;
    const ARMGicOps *gic;
    void *gic_opaque;
    const struct ARMSysReg **row; // rows of this model
    unsigned n_rows;
    uint16_t *row_index;             // by encoding: 1 + index in row, or 0
    const struct ARMSysReg **cp_row; // the same for coprocessors 14 and 15
    uint16_t *cp_index;
    struct ARMSemihosting *semihosting;
} ARMSystem;

// Memory of a CPU: the registers that translated code reaches by offset lie in one piece.
typedef struct ARMCPUAll {
    ARMCPU cpu; // first
    ARMSystem sys;
} ARMCPUAll;

// What distinguishes the models. Feature sets are masks of 1 << ARM_FEAT_*.
struct ARMCPUModel {
    const char *name, *desc, *compatible;
    uint64_t features;
    uint32_t midr, revidr;
    uint64_t ctr, clidr;
    uint32_t ccsidr[6]; // by CSSELR: level * 2 + instruction
    uint8_t pa_range;   // ID_AA64MMFR0.PARange
    bool granule16, granule64;
    uint8_t dc_zva_log2; // bytes of DC ZVA
    uint8_t breakpoints, watchpoints, pmu_counters;
    bool cortex_impdef; // L2CTLR, CPUECTLR, ...
    // AArch32's ID registers from ID_PFR0 to MVFR2, where they have them; NULL: all 0.
    const uint32_t *id_a32;
};

// Of the CPUs of 32 bits or of the others: both have "max".
const ARMCPUModel *arm_model_find(const char *name, bool a32);
const ARMCPUModel *arm_model_at(unsigned i, bool a32); // NULL past the end
// Name of a feature on the command line, NULL past the end; *bit is its ARM_FEAT_*.
const char *arm_feature_name(unsigned i, unsigned *bit);
// Removes features whose requirements are missing.
uint64_t arm_features_close(uint64_t features);
void arm_id_registers(ARMCPU *c); // from model and features

// SCTLR_EL1 bits (DDI 0487 D17.2.118).
#define SCTLR_M     BIT(0)
#define SCTLR_A     BIT(1)
#define SCTLR_C     BIT(2)
#define SCTLR_SA    BIT(3)
#define SCTLR_SA0   BIT(4)
#define SCTLR_UMA   BIT(9)
#define SCTLR_I     BIT(12)
#define SCTLR_ENDB  BIT(13)
#define SCTLR_DZE   BIT(14)
#define SCTLR_UCT   BIT(15)
#define SCTLR_NTWI  BIT(16)
#define SCTLR_NTWE  BIT(18)
#define SCTLR_WXN   BIT(19)
#define SCTLR_SPAN  BIT(23)
#define SCTLR_UCI   BIT(26)
#define SCTLR_ENDA  BIT(27)
#define SCTLR_ENIB  BIT(30)
#define SCTLR_ENIA  BIT(31)
#define SCTLR_DSSBS BIT(44)

// AArch32's SCTLR, where it differs (G8.2.126).
#define SCTLR_SED  BIT(8)
#define SCTLR_SW   BIT(10)
#define SCTLR_V    BIT(13)
#define SCTLR_UWXN BIT(20)
#define SCTLR_EE   BIT(25)
#define SCTLR_TRE  BIT(28)
#define SCTLR_AFE  BIT(29)
#define SCTLR_TE   BIT(30)
#define TTBCR_EAE  BIT(31)

// TCR_EL1 (D17.2.131).
#define TCR_EPD0  BIT(7)
#define TCR_A1    BIT(22)
#define TCR_EPD1  BIT(23)
#define TCR_AS    BIT(36)
#define TCR_TBI0  BIT(37)
#define TCR_TBI1  BIT(38)
#define TCR_HA    BIT(39)
#define TCR_HD    BIT(40)
#define TCR_HPD0  BIT(41)
#define TCR_HPD1  BIT(42)
#define TCR_TBID0 BIT(51)
#define TCR_TBID1 BIT(52)
#define TCR_E0PD0 BIT(55)
#define TCR_E0PD1 BIT(56)

// MDSCR_EL1 (D17.3.20).
#define MDSCR_SS   BIT(0)
#define MDSCR_TDCC BIT(12)
#define MDSCR_KDE  BIT(13)
#define MDSCR_MDE  BIT(15)

// Exception classes (ESR_ELx.EC). Those with a "same level" twin are the "lower level" one here.
enum {
    EC_UNKNOWN = 0x00,
    EC_WFX = 0x01,
    EC_CP15 = 0x03,
    EC_CP15_64 = 0x04,
    EC_CP14 = 0x05,
    EC_CP14_64 = 0x0c,
    EC_FP = 0x07,
    EC_ILLEGAL = 0x0e,
    EC_SVC_A32 = 0x11, // from AArch32
    EC_SVC = 0x15,
    EC_HVC = 0x16,
    EC_SMC = 0x17,
    EC_SYSREG = 0x18,
    EC_FETCH = 0x20,
    EC_PC_ALIGN = 0x22,
    EC_DATA = 0x24,
    EC_SP_ALIGN = 0x26,
    EC_BREAKPOINT = 0x30,
    EC_STEP = 0x32,
    EC_BKPT = 0x38,
    EC_WATCHPOINT = 0x34,
    EC_BRK = 0x3c,
};
#define ESR_EC_SHIFT 26
#define ESR_IL       BIT(25)
#define ESR_EC(ec)   ((uint32_t)(ec) << ESR_EC_SHIFT)

// Fault status codes; the first four take the level in the low two bits.
enum {
    FSC_ADDRESS_SIZE = 0x00,
    FSC_TRANSLATION = 0x04,
    FSC_ACCESS_FLAG = 0x08,
    FSC_PERMISSION = 0x0c,
    FSC_EXTERNAL = 0x10,
    FSC_EXTERNAL_WALK = 0x14,
    FSC_ALIGNMENT = 0x21,
    FSC_DEBUG = 0x22,
    FSC_DOMAIN = 0x3c,    // AArch32
    FSC_PC_ALIGN = 0x100, // MmuFault.code only: a misaligned pc
};
#define ISS_WNR BIT(6)
#define ISS_CM  BIT(8)

// --- exceptions.c
typedef enum ARMVector {
    ARM_VECTOR_SYNC = 0x000,
    ARM_VECTOR_IRQ = 0x080,
    ARM_VECTOR_FIQ = 0x100,
    ARM_VECTOR_SERROR = 0x180,
} ARMVector;
// Enters an exception at vcpu.pc, its preferred return address. Needs exact pc and count.
void arm_take_exception(ARMCPU *c, unsigned el, ARMVector vector);
// Synchronous: sets ESR (with IL and the "same level" variant of the class) first. far: NULL leaves
// FAR alone.
void arm_take_sync(ARMCPU *c, uint32_t esr, const uint64_t *far);
// From helpers, while an instruction executes: the exception's return address is that instruction.
NORETURN void arm_raise(ARMCPU *c, uint32_t esr);
NORETURN void arm_raise_far(ARMCPU *c, uint32_t esr, uint64_t far);
NORETURN void arm_raise_undefined(ARMCPU *c);
void arm_exception_return(ARMCPU *c, uint64_t target);
// EL that synchronous exceptions and interrupts of the current state go to.
unsigned arm_exception_el(const ARMCPU *c);
// PSTATE with NZCV, as SPSR holds it; and all but NZCV, with the stack pointer switched.
uint32_t arm_spsr(const ARMCPU *c);
void arm_set_pstate(ARMCPU *c, uint32_t pstate);
uint32_t arm_nzcv(const ARMCPU *c); // at bits 31..28
void arm_set_nzcv(ARMCPU *c, uint32_t spsr);
void arm_set_daif(ARMCPU *c, uint32_t daif); // bits 9..6
// TargetOps
void arm_fault(VCPU *v, const MmuFault *f);
void arm_unaligned(VCPU *v, uint64_t va, MmuAccess access, unsigned regime);
void arm_bus_error(VCPU *v, uint64_t va, uint64_t phys, MmuAccess access);
bool arm_interrupt_ready(VCPU *v);
void arm_interrupt_take(VCPU *v);
bool arm_has_work(VCPU *v);

// --- exceptions_a32.c, banks_a32.c: AArch32. Which exception; their order is the table's.
typedef enum ArmA32Exception {
    A32_UNDEFINED,
    A32_SVC,
    A32_PREFETCH_ABORT,
    A32_DATA_ABORT,
    A32_IRQ,
    A32_FIQ,
} ArmA32Exception;
// EL1 is in AArch32: exceptions go to its modes.
static inline bool arm_a32_el1(const ARMCPU *c)
{
    return arm_has(c, ARM_FEAT_AA32_EL1);
}

// With the MMU off all data are Device memory there. What that means, alignment, is then checked by
// the blocks (ARM_BF_ALIGN), so that the pages can be accessed inline.
static inline bool arm_a32_all_device(const ARMCPU *c)
{
    return arm_a32_el1(c) && !(c->sys->sctlr_el[1] & (SCTLR_M | SCTLR_C));
}
void arm_a32_take(ARMCPU *c, ArmA32Exception e);
void arm_a32_take_sync(ARMCPU *c, uint32_t esr, const uint64_t *far);
void arm_a32_fault(ARMCPU *c, const MmuFault *f);
// The fault status register's value, in the format that TTBCR.EAE asks for. esr: FSC, WnR, CM, of
// ESR; domain: of the short format.
uint32_t arm_a32_fsr(const ARMCPU *c, uint32_t esr, unsigned domain);
// Return to target with this CPSR, which says T and ITSTATE.
void arm_a32_return(ARMCPU *c, uint32_t target, uint32_t cpsr);
bool arm_a32_mode_valid(unsigned mode);
ArmBank arm_a32_bank(unsigned mode);
uint32_t arm_cpsr(const ARMCPU *c);
// All of it but T and ITSTATE, with the registers switched.
void arm_set_cpsr(ARMCPU *c, uint32_t cpsr);
// vcpu.pc for an address and the T and ITSTATE of a CPSR.
uint64_t arm_a32_pc(uint32_t address, uint32_t cpsr);
uint32_t arm_a32_get_user(const ARMCPU *c, unsigned r); // r8-r14 of User mode
void arm_a32_set_user(ARMCPU *c, unsigned r, uint32_t value);
uint32_t arm_a32_get_sp(const ARMCPU *c, unsigned mode);
void arm_a32_set_sp(ARMCPU *c, unsigned mode, uint32_t value);
uint32_t arm_a32_get_lr(const ARMCPU *c, unsigned mode);
void arm_a32_set_lr(ARMCPU *c, unsigned mode, uint32_t value);
void arm_a32_write_dacr(ARMCPU *c, uint32_t value);

// --- mode.c: what decode and translation depend on
void arm_mode_changed(ARMCPU *c);   // recomputes the caches, tells the engine
void arm_pstate_changed(ARMCPU *c); // the same if only PSTATE changed
void arm_mode_refresh(ARMCPU *c);   // the caches only (after reset or load)
uint64_t arm_block_flags(VCPU *v);
uint64_t arm_regime_key(VCPU *v, unsigned regime);
uint32_t arm_current_asid(const ARMCPU *c);

// --- mmu.c
typedef struct ARMWalk {
    uint8_t domain;     // of a short descriptor; also where the walk fails
    uint64_t phys;      // of the address itself
    unsigned page_bits; // log2 of the translation's size
    bool r, w, x, global;
    uint8_t attr; // MAIR encoding
    uint8_t sh;   // shareability
} ARMWalk;
typedef struct ARMWalkMode {
    bool el0;    // unprivileged
    bool pan;    // privileged data accesses to EL0's pages fault
    bool debug;  // no side effects (access flag, dirty bit)
    bool upkeep; // cache maintenance: domains do not count
} ARMWalkMode;
// False: *fsc says why.
bool arm_walk(ARMCPU *c, uint64_t va, MmuAccess access, ARMWalkMode mode, ARMWalk *out,
              uint32_t *fsc);
ARMWalkMode arm_walk_mode(const ARMCPU *c, unsigned regime);
// A descriptor of 4 or 8 bytes; false: nothing answers there.
bool arm_read_table(ARMCPU *c, uint64_t pa, uint64_t *desc, unsigned size);
// mmu_short.c: AArch32's short descriptors
bool arm_walk_short(ARMCPU *c, uint64_t va, MmuAccess access, ARMWalkMode mode, ARMWalk *out,
                    uint32_t *fsc);
bool arm_mapping_short(ARMCPU *c, uint64_t va, TargetMapping *p);
// TargetOps
bool arm_mmu_walk(VCPU *v, uint64_t va, MmuAccess access, unsigned regime, MmuPage *page,
                  MmuFault *fault);
uint64_t arm_virt_to_phys_debug(VCPU *v, uint64_t va);
bool arm_translation_on(VCPU *v);
bool arm_mapping(VCPU *v, uint64_t va, TargetMapping *p);
// Removes the tag of an address where TBI says so.
uint64_t arm_untag(const ARMCPU *c, uint64_t va, bool instruction);

// --- timers.c, pmu.c, debug.c
void arm_timers_init(ARMCPU *c);
void arm_timers_update(ARMCPU *c);     // outputs and deadlines from the registers
uint64_t arm_counter(const ARMCPU *c); // CNTPCT = CNTVCT
void arm_event_stream(ARMCPU *c);      // before waiting: the next event stream edge ends it
void arm_pmu_init(ARMCPU *c);
void arm_pmu_reset(ARMCPU *c);
void arm_pmu_update(ARMCPU *c);                  // output and deadline, after a load
void arm_pmu_sync(ARMCPU *c);                    // counters up to now; before the mode changes
uint64_t arm_debug_block_flags(const ARMCPU *c); // ARM_BF_SS, ARM_BF_BREAK
bool arm_debug_enabled(const ARMCPU *c, unsigned el, bool masked); // debug exceptions from el
// Do PMC (or PAC) of a control register select el? Does breakpoint i, linked to, match the context?
bool arm_debug_level_matches(unsigned el, uint64_t control);
bool arm_debug_context_matches(const ARMCPU *c, unsigned i);
bool arm_step_pending(const ARMCPU *c); // software step: active-pending
// watchpoints.c
void arm_watchpoints_update(ARMCPU *c); // after a change of the registers
bool arm_page_watched(VCPU *v, uint64_t page_va);
void arm_check_watch(VCPU *v, uint64_t va, unsigned size, MmuAccess access, unsigned regime);
void arm_take_step(ARMCPU *c);

// --- psci.c, semihosting.c, pauth.c
// True if the call was one of ours: x0-x3 are set. Otherwise the instruction is UNDEFINED.
bool arm_psci_call(ARMCPU *c);
void arm_cpu_reset(VCPU *v);          // after the declared state's reset
void arm_cpu_state_loaded(ARMCPU *c); // what derives from the declared state
void arm_pauth_update(ARMCPU *c);     // TCR_EL1 changed
void arm_semihosting_call(ARMCPU *c); // x0 = operation, x1 = parameter
void arm_semihosting_free(ARMCPU *c);

// --- state.c, gdb.c
extern const StateDesc arm_cpu_state;
#define ARM_GDB_REGS 68
extern const GdbRegister arm_gdb_regs[ARM_GDB_REGS];
bool arm_gdb_read(VCPU *v, unsigned reg, void *buf);
bool arm_gdb_write(VCPU *v, unsigned reg, const void *buf);
// --- gdb_a32.c
#define ARM_A32_GDB_REGS 50
extern const GdbRegister arm_a32_gdb_regs[ARM_A32_GDB_REGS];
bool arm_a32_gdb_read(VCPU *v, unsigned reg, void *buf);
bool arm_a32_gdb_write(VCPU *v, unsigned reg, const void *buf);

#endif
