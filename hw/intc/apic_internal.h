// Between apic.c (registers), apic_bus.c (messages), apic_timer.c and apic_cpu.c (the CPU's side).
// Nobody else includes it.
#ifndef HW_INTC_APIC_INTERNAL_H
#define HW_INTC_APIC_INTERNAL_H

#include "hw/core/machine.h"
#include "hw/intc/apic.h"
#include "replay/gate.h"
#include "target-x86/board.h"

// Register numbers: the MMIO offset is 16 times, the x2APIC MSR 0x800 plus (SDM table 10-1, 10-6).
enum {
    APIC_ID = 0x02,
    APIC_VERSION = 0x03,
    APIC_TPR = 0x08,
    APIC_APR = 0x09,
    APIC_PPR = 0x0a,
    APIC_EOI = 0x0b,
    APIC_RRD = 0x0c,
    APIC_LDR = 0x0d,
    APIC_DFR = 0x0e,
    APIC_SVR = 0x0f,
    APIC_ISR = 0x10,
    APIC_TMR = 0x18,
    APIC_IRR = 0x20,
    APIC_ESR = 0x28,
    APIC_ICR = 0x30,
    APIC_ICR_HIGH = 0x31,
    APIC_LVT = 0x32, // timer, thermal, performance, LINT0, LINT1, error
    APIC_INITIAL = 0x38,
    APIC_CURRENT = 0x39,
    APIC_DIVIDE = 0x3e,
    APIC_SELF_IPI = 0x3f, // x2APIC only
};

typedef enum ApicLvt {
    LVT_TIMER,
    LVT_THERMAL,
    LVT_PERF,
    LVT_LINT0,
    LVT_LINT1,
    LVT_ERROR,
    LVT_COUNT
} ApicLvt;

enum {
    LVT_VECTOR = 0xff,
    LVT_MODE_SHIFT = 8,
    LVT_POLARITY = 1 << 13, // lines here are "asserted" or not: it changes nothing
    LVT_REMOTE_IRR = 1 << 14,
    LVT_LEVEL = 1 << 15,
    LVT_MASKED = 1 << 16,
    LVT_PERIODIC = 1 << 17,
    LVT_DEADLINE = 1 << 18,
    LVT_TIMER_MODE = 3 << 17,
    SVR_ENABLED = 1 << 8,
    ESR_SEND_ILLEGAL = 1 << 5,
    ESR_RECEIVE_ILLEGAL = 1 << 6,
    ESR_REGISTER = 1 << 7,
};

// IA32_APIC_BASE (SDM 10.4.4).
enum {
    BASE_BSP = 1 << 8,
    BASE_X2APIC = 1 << 10,
    BASE_ENABLED = 1 << 11,
};

typedef struct Apic {
    Device dev;
    VCPU *cpu;
    struct ApicBus *bus;
    unsigned index;
    IrqLine intr, nmi, smi, init; // the CPU's inputs
    bool exists;                  // the CPU's model has an APIC
    bool intr_out;                // derived: INTR as it was driven last
    // --- state
    uint64_t base;
    uint32_t id; // as in the register: bits 31..24
    uint32_t ldr, dfr, svr, tpr;
    uint32_t isr[8], tmr[8], irr[8];
    uint32_t esr, errors; // as shown; gathered since
    uint64_t icr;
    uint32_t lvt[LVT_COUNT];
    uint32_t initial, divide;
    uint64_t started;  // virtual time at which the count began
    uint64_t deadline; // TSC value, 0: none
    Timer *timer;
    bool lint[2]; // levels of LINT0 and LINT1
    bool extint;  // a message of mode ExtINT waits for its INTA cycle
} Apic;

// The machine's "apics".
typedef struct ApicBus {
    Machine *m;
    unsigned n;
    Apic *apic[MACHINE_MAX_CPUS];
    Device *pic;
    MemRegion *window;
    GateSource button; // the NMI button
} ApicBus;

static inline ApicBus *apic_bus(const Machine *m)
{
    return machine_lookup(m, "apics");
}

static inline bool apic_enabled(const Apic *s)
{
    return s->base & BASE_ENABLED;
}

static inline bool apic_x2(const Apic *s)
{
    return (s->base & BASE_X2APIC) != 0;
}

static inline bool apic_soft_enabled(const Apic *s)
{
    return apic_enabled(s) && (s->svr & SVR_ENABLED);
}

// --- apic.c
// Drives INTR; after each change of what it depends on.
void apic_update(Apic *s);
unsigned apic_ppr(const Apic *s);
int apic_highest(const uint32_t bits[8]); // the highest set bit, -1: none
void apic_accept(Apic *s, unsigned vector, bool level);
void apic_error(Apic *s, uint32_t bit);
void apic_local(Apic *s, ApicLvt n); // the source of an LVT entry fires
// State after INIT (SDM 10.4.7.3); `power_on` also restores id and base.
void apic_init_state(Apic *s, bool power_on);
bool apic_takes_extint(const Apic *s); // LINT0 is a wire to the 8259
// Registers as both MMIO and MSRs see them. False: there is no such register, or not this way.
bool apic_register_read(Apic *s, unsigned reg, uint32_t *value);
bool apic_register_write(Apic *s, unsigned reg, uint32_t value);

// --- apic_timer.c
uint32_t apic_timer_current(const Apic *s);
void apic_timer_start(Apic *s, uint32_t initial);
void apic_timer_divide(Apic *s, uint32_t value);
void apic_timer_lvt(Apic *s, uint32_t value); // the timer's LVT entry is written
uint64_t apic_timer_deadline(const Apic *s);
void apic_timer_set_deadline(Apic *s, uint64_t tsc);
void apic_timer_fire(void *apic);

// --- apic_bus.c
void apic_write_icr(Apic *s, uint64_t icr);

// --- apic_cpu.c
extern const X86ApicOps apic_cpu_ops;

#endif
