// The generic timer (DDI 0487 D11) as seen from EL1: one counter, derived from virtual time, and
// the physical and virtual timers with their outputs. CNTVOFF is 0, since there is no EL2 that
// could have set it.
//
//   condition: ENABLE and count >= CVAL      output: condition and not IMASK
#include "target-arm/sysregs.h"

#include "hw/core/machine.h"

enum { CTL_ENABLE = 1, CTL_IMASK = 2, CTL_ISTATUS = 4 };

// CNTKCTL_EL1
enum { EL0PCTEN = 1, EL0VCTEN = 2, EVNTEN = 4, EVNTDIR = 8, EL0VTEN = 1 << 8, EL0PTEN = 1 << 9 };
#define CNTKCTL_BITS (EL0PCTEN | EL0VCTEN | EVNTEN | EVNTDIR | 0xf0 | EL0VTEN | EL0PTEN)

// Virtual time that reading the counter takes: about what the read costs the host. A guest that
// waits in a loop of reads would otherwise wait many times longer by the host's clock than by its
// own.
#define COUNTER_READ_NS 96

uint64_t arm_counter(const ARMCPU *c)
{
    return clock_now(c->vcpu.machine->clock) / ARM_TIMER_TICK_NS;
}

static bool condition(const ARMGenTimer *t)
{
    return (t->ctl & CTL_ENABLE) && arm_counter(t->cpu) >= t->cval;
}

static void update(ARMGenTimer *t)
{
    if (!t->timer) {
        return;
    }
    bool met = condition(t);
    bool level = met && !(t->ctl & CTL_IMASK);
    bool changed = level != t->level;
    t->level = level;
    if ((t->ctl & (CTL_ENABLE | CTL_IMASK)) == CTL_ENABLE && !met &&
        t->cval < UINT64_MAX / ARM_TIMER_TICK_NS) {
        timer_arm(t->timer, t->cval * ARM_TIMER_TICK_NS);
    } else {
        timer_stop(t->timer);
    }
    if (changed) {
        irq_set(&t->line, level);
    }
}

static void fire(void *opaque)
{
    update(opaque);
}

// --- the event stream: events at edges of a bit of the counter (D11.2.2)

static void event_edge(void *opaque)
{
    ARMCPU *c = opaque;
    c->sys->event = true;
    machine_notify_cpu(&c->vcpu);
}

void arm_event_stream(ARMCPU *c)
{
    ARMSystem *s = c->sys;
    if (!(s->cntkctl & EVNTEN)) {
        return;
    }
    uint64_t half = UINT64_C(1) << (s->cntkctl >> 4 & 15), period = half * 2;
    uint64_t phase = s->cntkctl & EVNTDIR ? 0 : half; // falling or rising edge
    uint64_t next = ((arm_counter(c) - phase) / period + 1) * period + phase;
    timer_arm(s->event_stream, next * ARM_TIMER_TICK_NS);
}

void arm_timers_init(ARMCPU *c)
{
    c->sys->event_stream = timer_new(c->vcpu.machine->clock, event_edge, c);
    for (unsigned i = 0; i < ARM_TIMERS; i++) {
        ARMGenTimer *t = &c->sys->timer[i];
        t->cpu = c;
        t->which = i;
        t->timer = timer_new(c->vcpu.machine->clock, fire, t);
    }
}

void arm_timers_update(ARMCPU *c)
{
    for (unsigned i = 0; i < ARM_TIMERS; i++) {
        update(&c->sys->timer[i]);
        irq_set(&c->sys->timer[i].line, c->sys->timer[i].level);
    }
}

// --- registers

// CRm names the timer: 2 physical, 3 virtual.
static ARMGenTimer *timer_of(ARMCPU *c, uint32_t enc)
{
    return &c->sys->timer[SR_CRM(enc) == 2 ? ARM_TIMER_PHYS : ARM_TIMER_VIRT];
}

static uint8_t trap_el0(const ARMCPU *c, uint64_t bits)
{
    return arm_el(c) == 0 && !(c->sys->cntkctl & bits) ? EC_SYSREG : ARM_NO_TRAP;
}

static uint8_t trap_timer(ARMCPU *c, const ARMSysReg *r, bool write)
{
    (void)write;
    return trap_el0(c, SR_CRM(r->enc) == 2 ? EL0PTEN : EL0VTEN);
}

static uint8_t trap_pct(ARMCPU *c, const ARMSysReg *r, bool write)
{
    (void)r, (void)write;
    return trap_el0(c, EL0PCTEN);
}

static uint8_t trap_vct(ARMCPU *c, const ARMSysReg *r, bool write)
{
    (void)r, (void)write;
    return trap_el0(c, EL0VCTEN);
}

static uint8_t trap_frq(ARMCPU *c, const ARMSysReg *r, bool write)
{
    (void)r, (void)write;
    return trap_el0(c, EL0PCTEN | EL0VCTEN);
}

static uint64_t read_count(ARMCPU *c, const ARMSysReg *r, uint32_t enc)
{
    (void)r, (void)enc;
    uint64_t count = arm_counter(c);
    machine_charge(&c->vcpu, COUNTER_READ_NS);
    return count;
}

static uint64_t read_tval(ARMCPU *c, const ARMSysReg *r, uint32_t enc)
{
    (void)r;
    return (uint32_t)(timer_of(c, enc)->cval - arm_counter(c));
}

static void write_tval(ARMCPU *c, const ARMSysReg *r, uint32_t enc, uint64_t value)
{
    (void)r;
    ARMGenTimer *t = timer_of(c, enc);
    t->cval = arm_counter(c) + (uint64_t)sextract64(value, 0, 32);
    update(t);
}

static uint64_t read_ctl(ARMCPU *c, const ARMSysReg *r, uint32_t enc)
{
    (void)r;
    const ARMGenTimer *t = timer_of(c, enc);
    return t->ctl | (condition(t) ? CTL_ISTATUS : 0);
}

static void write_ctl(ARMCPU *c, const ARMSysReg *r, uint32_t enc, uint64_t value)
{
    (void)r;
    ARMGenTimer *t = timer_of(c, enc);
    t->ctl = value & (CTL_ENABLE | CTL_IMASK);
    update(t);
}

static uint64_t read_cval(ARMCPU *c, const ARMSysReg *r, uint32_t enc)
{
    (void)r;
    return timer_of(c, enc)->cval;
}

static void write_cval(ARMCPU *c, const ARMSysReg *r, uint32_t enc, uint64_t value)
{
    (void)r;
    ARMGenTimer *t = timer_of(c, enc);
    t->cval = value;
    update(t);
}

#define TIMER(crm, op2, nm, rd, wr)                                                                \
    {                                                                                              \
        .enc = SR(3, 3, 14, crm, op2), .name = nm, .access = SR_RW0, .flags = SR_ENDS, .read = rd, \
        .write = wr, .trap = trap_timer                                                            \
    }

static const ARMSysReg rows[] = {
    {.enc = SR(3, 0, 14, 1, 0),
     .name = "CNTKCTL_EL1",
     .access = SR_RW1,
     SR_HOME(cntkctl),
     .mask = CNTKCTL_BITS},
    {.enc = SR(3, 3, 14, 0, 0),
     .name = "CNTFRQ_EL0",
     .access = SR_RW1_R0,
     SR_HOME(cntfrq),
     .mask = UINT32_MAX,
     .trap = trap_frq},
    {.enc = SR(3, 3, 14, 0, 1),
     .name = "CNTPCT_EL0",
     .access = SR_R0,
     .flags = SR_ENDS_READ,
     .read = read_count,
     .trap = trap_pct},
    {.enc = SR(3, 3, 14, 0, 2),
     .name = "CNTVCT_EL0",
     .access = SR_R0,
     .flags = SR_ENDS_READ,
     .read = read_count,
     .trap = trap_vct},
    TIMER(2, 0, "CNTP_TVAL_EL0", read_tval, write_tval),
    TIMER(2, 1, "CNTP_CTL_EL0", read_ctl, write_ctl),
    TIMER(2, 2, "CNTP_CVAL_EL0", read_cval, write_cval),
    TIMER(3, 0, "CNTV_TVAL_EL0", read_tval, write_tval),
    TIMER(3, 1, "CNTV_CTL_EL0", read_ctl, write_ctl),
    TIMER(3, 2, "CNTV_CVAL_EL0", read_cval, write_cval),
};
const ARMSysRegTable arm_sysregs_timer = {rows, ARRAY_LEN(rows)};
