// The performance monitors, PMUv3 (DDI 0487 D13). What is counted follows from the instruction
// count, so it repeats exactly: a cycle is an instruction.
//
//   events: SW_INCR, INST_RETIRED, CPU_CYCLES; filters by exception level (P, U)
//   lazily: counters are brought up to date before they are read or written, before the exception
//   level changes, and when the next overflow is due
#include "target-arm/sysregs.h"

#include "hw/core/machine.h"

enum { PMCR_E = 1, PMCR_P = 2, PMCR_C = 4, PMCR_D = 8, PMCR_X = 16, PMCR_DP = 32, PMCR_LC = 64 };
enum { USER_EN = 1, USER_SW = 2, USER_CR = 4, USER_ER = 8 };
enum { EVENT_SW_INCR = 0x00, EVENT_INST_RETIRED = 0x08, EVENT_CPU_CYCLES = 0x11 };
#define EVENTS        (BIT(EVENT_SW_INCR) | BIT(EVENT_INST_RETIRED) | BIT(EVENT_CPU_CYCLES))
#define FILTER_P      BIT(31)
#define FILTER_U      BIT(30)
#define CYCLE_BIT     BIT(ARM_PMU_CYCLE)
#define IDLE_CHECK_NS 100000 // how often a waiting CPU's counters are looked at

static unsigned n_counters(const ARMCPU *c)
{
    return c->model->pmu_counters;
}

static uint64_t all_counters(const ARMCPU *c)
{
    return mask64(n_counters(c)) | CYCLE_BIT;
}

static bool filtered(const ARMCPU *c, uint64_t type)
{
    return arm_el(c) == 0 ? type & FILTER_U : type & FILTER_P;
}

static bool counts(const ARMCPU *c, unsigned n)
{
    const ARMPmu *p = &c->sys->pmu;
    if (!(p->pmcr & PMCR_E) || !(p->enabled >> n & 1)) {
        return false;
    }
    if (n == ARM_PMU_CYCLE) {
        return !filtered(c, p->ccfilt);
    }
    unsigned event = p->evtype[n] & 0xffff;
    return (event == EVENT_INST_RETIRED || event == EVENT_CPU_CYCLES) && !filtered(c, p->evtype[n]);
}

// --- counting

static void add_event(ARMPmu *p, unsigned n, uint64_t by)
{
    uint64_t old = p->evcnt[n];
    p->evcnt[n] = (uint32_t)(old + by);
    if (old + by > UINT32_MAX) {
        p->overflow |= BIT(n);
    }
}

static void add_cycles(ARMPmu *p, uint64_t by)
{
    if ((p->pmcr & PMCR_D) && !(p->pmcr & PMCR_LC)) {
        p->prescale += by;
        by = p->prescale / 64;
        p->prescale %= 64;
    }
    uint64_t old = p->ccnt;
    p->ccnt += by;
    bool wrapped = p->pmcr & PMCR_LC ? p->ccnt < old : (uint32_t)old + by > UINT32_MAX;
    p->overflow |= wrapped ? CYCLE_BIT : 0;
}

void arm_pmu_sync(ARMCPU *c)
{
    ARMPmu *p = &c->sys->pmu;
    uint64_t now = engine_icount(&c->vcpu), by = now - p->last;
    p->last = now;
    if (!by || !p->active) {
        return;
    }
    for (unsigned n = 0; n < n_counters(c); n++) {
        if (counts(c, n)) {
            add_event(p, n, by);
        }
    }
    if (counts(c, ARM_PMU_CYCLE)) {
        add_cycles(p, by);
    }
}

// --- overflow interrupt

static uint64_t until_overflow(const ARMCPU *c, unsigned n)
{
    const ARMPmu *p = &c->sys->pmu;
    if (n != ARM_PMU_CYCLE) {
        return BIT(32) - p->evcnt[n];
    }
    uint64_t left = p->pmcr & PMCR_LC ? -p->ccnt : BIT(32) - (uint32_t)p->ccnt;
    bool divided = (p->pmcr & PMCR_D) && !(p->pmcr & PMCR_LC);
    return divided ? left * 64 - p->prescale : left;
}

// *live: the counter that overflows first counts at the current exception level.
static uint64_t next_overflow(const ARMCPU *c, bool *live)
{
    const ARMPmu *p = &c->sys->pmu;
    uint64_t next = UINT64_MAX;
    *live = false;
    for (unsigned n = 0; n <= ARM_PMU_CYCLE; n++) {
        bool exists = all_counters(c) >> n & 1;
        bool wanted = (p->inten >> n & 1) && (p->pmcr & PMCR_E) && (p->enabled >> n & 1);
        if (exists && wanted && until_overflow(c, n) < next) {
            next = until_overflow(c, n);
            *live = counts(c, n) && !c->vcpu.halted;
        }
    }
    return next;
}

void arm_pmu_update(ARMCPU *c)
{
    ARMPmu *p = &c->sys->pmu;
    p->active = (p->pmcr & PMCR_E) && p->enabled;
    bool level = (p->pmcr & PMCR_E) && (p->overflow & p->inten);
    if (level != p->level) {
        p->level = level;
        irq_set(&p->line, level);
    }
    bool live;
    uint64_t next = next_overflow(c, &live);
    const Machine *m = c->vcpu.machine;
    if (!p->timer) {
        return;
    }
    if (next >= BIT(48)) {
        timer_stop(p->timer);
        return;
    }
    // With several CPUs, or while this one waits, time runs ahead of this count: fire() looks
    // again.
    uint64_t ns = next << m->config.icount_shift;
    timer_arm(p->timer, clock_now(m->clock) + (live ? ns : MAX_OF(ns, (uint64_t)IDLE_CHECK_NS)));
}

static void fire(void *opaque)
{
    arm_pmu_sync(opaque);
    arm_pmu_update(opaque);
}

void arm_pmu_init(ARMCPU *c)
{
    if (arm_has(c, ARM_FEAT_PMUV3)) {
        c->sys->pmu.timer = timer_new(c->vcpu.machine->clock, fire, c);
    }
}

void arm_pmu_reset(ARMCPU *c)
{
    ARMPmu *p = &c->sys->pmu;
    p->pmcr = PMCR_LC;
    p->active = false;
    p->last = vcpu_icount(&c->vcpu);
    if (p->timer) {
        timer_stop(p->timer);
    }
}

// --- registers. Every one syncs first; writes recompute what follows.

static uint8_t trap_user(const ARMCPU *c, uint64_t bits)
{
    return arm_el(c) == 0 && !(c->sys->pmu.userenr & bits) ? EC_SYSREG : ARM_NO_TRAP;
}

static uint8_t trap_en(ARMCPU *c, const ARMSysReg *r, bool write)
{
    (void)r, (void)write;
    return trap_user(c, USER_EN);
}

static uint8_t trap_swinc(ARMCPU *c, const ARMSysReg *r, bool write)
{
    (void)r, (void)write;
    return trap_user(c, USER_EN | USER_SW);
}

static uint8_t trap_ccnt(ARMCPU *c, const ARMSysReg *r, bool write)
{
    (void)r;
    return trap_user(c, USER_EN | (write ? 0 : USER_CR));
}

static uint8_t trap_evcnt(ARMCPU *c, const ARMSysReg *r, bool write)
{
    (void)r;
    return trap_user(c, USER_EN | (write ? 0 : USER_ER));
}

static uint8_t trap_selr(ARMCPU *c, const ARMSysReg *r, bool write)
{
    (void)r, (void)write;
    return trap_user(c, USER_EN | USER_ER);
}

static uint64_t read_pmcr(ARMCPU *c, const ARMSysReg *r, uint32_t enc)
{
    (void)r, (void)enc;
    return c->sys->pmu.pmcr | (uint64_t)n_counters(c) << 11 | (c->sys->midr >> 24 & 0xff) << 24;
}

static void write_pmcr(ARMCPU *c, const ARMSysReg *r, uint32_t enc, uint64_t value)
{
    (void)r, (void)enc;
    ARMPmu *p = &c->sys->pmu;
    arm_pmu_sync(c);
    if (value & PMCR_C) {
        p->ccnt = p->prescale = 0;
    }
    for (unsigned n = 0; (value & PMCR_P) && n < n_counters(c); n++) {
        p->evcnt[n] = 0;
    }
    p->pmcr = value & (PMCR_E | PMCR_D | PMCR_X | PMCR_DP | PMCR_LC);
    arm_pmu_update(c);
}

// The set and clear registers: .value of the row is 1 for "clear".
static void set_or_clear(ARMCPU *c, uint64_t *reg, const ARMSysReg *r, uint64_t value)
{
    arm_pmu_sync(c);
    value &= all_counters(c);
    *reg = r->value ? *reg & ~value : *reg | value;
    arm_pmu_update(c);
}

static uint64_t read_enabled(ARMCPU *c, const ARMSysReg *r, uint32_t enc)
{
    (void)r, (void)enc;
    return c->sys->pmu.enabled;
}

static void write_enabled(ARMCPU *c, const ARMSysReg *r, uint32_t enc, uint64_t value)
{
    (void)enc;
    set_or_clear(c, &c->sys->pmu.enabled, r, value);
}

static uint64_t read_overflow(ARMCPU *c, const ARMSysReg *r, uint32_t enc)
{
    (void)r, (void)enc;
    arm_pmu_sync(c);
    return c->sys->pmu.overflow;
}

static void write_overflow(ARMCPU *c, const ARMSysReg *r, uint32_t enc, uint64_t value)
{
    (void)enc;
    set_or_clear(c, &c->sys->pmu.overflow, r, value);
}

static uint64_t read_inten(ARMCPU *c, const ARMSysReg *r, uint32_t enc)
{
    (void)r, (void)enc;
    return c->sys->pmu.inten;
}

static void write_inten(ARMCPU *c, const ARMSysReg *r, uint32_t enc, uint64_t value)
{
    (void)enc;
    set_or_clear(c, &c->sys->pmu.inten, r, value);
}

static void write_swinc(ARMCPU *c, const ARMSysReg *r, uint32_t enc, uint64_t value)
{
    (void)r, (void)enc;
    ARMPmu *p = &c->sys->pmu;
    arm_pmu_sync(c);
    for (unsigned n = 0; n < n_counters(c); n++) {
        bool on = (p->pmcr & PMCR_E) && (p->enabled & value) >> n & 1;
        if (on && (p->evtype[n] & 0xffff) == EVENT_SW_INCR && !filtered(c, p->evtype[n])) {
            add_event(p, n, 1);
        }
    }
    arm_pmu_update(c);
}

static uint64_t read_selr(ARMCPU *c, const ARMSysReg *r, uint32_t enc)
{
    (void)r, (void)enc;
    return c->sys->pmu.selr;
}

static void write_selr(ARMCPU *c, const ARMSysReg *r, uint32_t enc, uint64_t value)
{
    (void)r, (void)enc;
    c->sys->pmu.selr = value & 31;
}

static uint64_t read_userenr(ARMCPU *c, const ARMSysReg *r, uint32_t enc)
{
    (void)r, (void)enc;
    return c->sys->pmu.userenr;
}

static void write_userenr(ARMCPU *c, const ARMSysReg *r, uint32_t enc, uint64_t value)
{
    (void)r, (void)enc;
    c->sys->pmu.userenr = value & 15;
}

static uint64_t read_ccnt(ARMCPU *c, const ARMSysReg *r, uint32_t enc)
{
    (void)r, (void)enc;
    arm_pmu_sync(c);
    return c->sys->pmu.ccnt;
}

static void write_ccnt(ARMCPU *c, const ARMSysReg *r, uint32_t enc, uint64_t value)
{
    (void)r, (void)enc;
    arm_pmu_sync(c);
    c->sys->pmu.ccnt = value;
    arm_pmu_update(c);
}

// Counter n by encoding (CRm 8..11: counts, 12..15: types), or the selected one (CRm 13, op2 1, 2).
static unsigned number_of(const ARMCPU *c, uint32_t enc)
{
    return SR_CRN(enc) == 14 ? (SR_CRM(enc) & 3) * 8 + SR_OP2(enc) : (unsigned)c->sys->pmu.selr;
}

static uint64_t read_evcnt(ARMCPU *c, const ARMSysReg *r, uint32_t enc)
{
    (void)r;
    unsigned n = number_of(c, enc);
    arm_pmu_sync(c);
    return n < n_counters(c) ? c->sys->pmu.evcnt[n] : 0;
}

static void write_evcnt(ARMCPU *c, const ARMSysReg *r, uint32_t enc, uint64_t value)
{
    (void)r;
    unsigned n = number_of(c, enc);
    arm_pmu_sync(c);
    if (n < n_counters(c)) {
        c->sys->pmu.evcnt[n] = (uint32_t)value;
    }
    arm_pmu_update(c);
}

static uint64_t *type_of(ARMCPU *c, uint32_t enc)
{
    unsigned n = number_of(c, enc);
    if (n == ARM_PMU_CYCLE) {
        return &c->sys->pmu.ccfilt;
    }
    return n < n_counters(c) ? &c->sys->pmu.evtype[n] : NULL;
}

static uint64_t read_evtype(ARMCPU *c, const ARMSysReg *r, uint32_t enc)
{
    (void)r;
    const uint64_t *t = type_of(c, enc);
    return t ? *t : 0;
}

static void write_evtype(ARMCPU *c, const ARMSysReg *r, uint32_t enc, uint64_t value)
{
    (void)r;
    uint64_t *t = type_of(c, enc);
    arm_pmu_sync(c);
    if (t) {
        *t = value & (FILTER_P | FILTER_U | (t == &c->sys->pmu.ccfilt ? 0 : 0xffff));
    }
    arm_pmu_update(c);
}

#define PMU(op1, crm, op2, nm, acc, val, rd, wr, tr)                                               \
    {                                                                                              \
        .enc = SR(3, op1, 9, crm, op2), .name = nm, .access = acc, .flags = SR_ENDS,               \
        .feature = ARM_FEAT_PMUV3, .value = val, .read = rd, .write = wr, .trap = tr               \
    }
#define PMU_BANK(crm, op2, n, nm, rd, wr, tr)                                                      \
    {                                                                                              \
        .enc = SR(3, 3, 14, crm, op2), .name = nm, .access = SR_RW0, .flags = SR_ENDS,             \
        .feature = ARM_FEAT_PMUV3, .count = n, .step = 1, .read = rd, .write = wr, .trap = tr      \
    }

static const ARMSysReg rows[] = {
    PMU(0, 14, 1, "PMINTENSET_EL1", SR_RW1, 0, read_inten, write_inten, NULL),
    PMU(0, 14, 2, "PMINTENCLR_EL1", SR_RW1, 1, read_inten, write_inten, NULL),
    PMU(3, 12, 0, "PMCR_EL0", SR_RW0, 0, read_pmcr, write_pmcr, trap_en),
    PMU(3, 12, 1, "PMCNTENSET_EL0", SR_RW0, 0, read_enabled, write_enabled, trap_en),
    PMU(3, 12, 2, "PMCNTENCLR_EL0", SR_RW0, 1, read_enabled, write_enabled, trap_en),
    PMU(3, 12, 3, "PMOVSCLR_EL0", SR_RW0, 1, read_overflow, write_overflow, trap_en),
    PMU(3, 12, 4, "PMSWINC_EL0", SR_W0, 0, NULL, write_swinc, trap_swinc),
    PMU(3, 12, 5, "PMSELR_EL0", SR_RW0, 0, read_selr, write_selr, trap_selr),
    {.enc = SR(3, 3, 9, 12, 6),
     .name = "PMCEID0_EL0",
     .access = SR_R0,
     .flags = SR_CONST,
     .feature = ARM_FEAT_PMUV3,
     .value = EVENTS,
     .trap = trap_en},
    {.enc = SR(3, 3, 9, 12, 7),
     .name = "PMCEID1_EL0",
     .access = SR_R0,
     .flags = SR_CONST,
     .feature = ARM_FEAT_PMUV3,
     .trap = trap_en},
    PMU(3, 13, 0, "PMCCNTR_EL0", SR_RW0, 0, read_ccnt, write_ccnt, trap_ccnt),
    PMU(3, 13, 1, "PMXEVTYPER_EL0", SR_RW0, 0, read_evtype, write_evtype, trap_en),
    PMU(3, 13, 2, "PMXEVCNTR_EL0", SR_RW0, 0, read_evcnt, write_evcnt, trap_evcnt),
    PMU(3, 14, 0, "PMUSERENR_EL0", SR_RW1_R0, 0, read_userenr, write_userenr, NULL),
    PMU(3, 14, 3, "PMOVSSET_EL0", SR_RW0, 0, read_overflow, write_overflow, trap_en),
    PMU_BANK(8, 0, ARM_PMU_COUNTERS, "PMEVCNTR<n>_EL0", read_evcnt, write_evcnt, trap_evcnt),
    PMU_BANK(12, 0, ARM_PMU_COUNTERS, "PMEVTYPER<n>_EL0", read_evtype, write_evtype, trap_en),
    PMU_BANK(15, 7, 1, "PMCCFILTR_EL0", read_evtype, write_evtype, trap_en),
};
const ARMSysRegTable arm_sysregs_pmu = {rows, ARRAY_LEN(rows)};
