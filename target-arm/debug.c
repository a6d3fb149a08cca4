// Self-hosted debug (DDI 0487 D2): MDSCR_EL1, the OS lock, hardware breakpoints, software step.
//
// Software step is a state machine over MDSCR_EL1.SS and PSTATE.SS: while debug exceptions are on,
// SS = 1 lets one instruction run (a block of one, then arm_h_step_done), SS = 0 takes the step
// exception before the next (it is delivered like an interrupt).
// Watchpoints: watchpoints.c.
#include "target-arm/sysregs.h"

#include "target-arm/helpers.h"
#include "util/log.h"

// MDSCR_EL1 bits that software may set; the rest shadows external debug state.
#define MDSCR_BITS (MDSCR_SS | MDSCR_TDCC | MDSCR_KDE | MDSCR_MDE)

// --- when debug exceptions happen

bool arm_debug_enabled(const ARMCPU *c, unsigned el, bool masked)
{
    const ARMDebug *d = &c->sys->debug;
    if (d->os_lock || d->os_dlock) {
        return false;
    }
    return el == 0 || arm_a32_el1(c) || ((d->mdscr & MDSCR_KDE) && !masked);
}

static bool enabled_now(const ARMCPU *c)
{
    return arm_debug_enabled(c, arm_el(c), c->pstate & PSTATE_D);
}

bool arm_step_pending(const ARMCPU *c)
{
    return (c->sys->debug.mdscr & MDSCR_SS) && !(c->pstate & PSTATE_SS) && enabled_now(c);
}

static bool any_breakpoint(const ARMDebug *d)
{
    for (unsigned i = 0; i < ARM_MAX_BREAKPOINTS; i++) {
        if (d->bcr[i] & 1) {
            return true;
        }
    }
    return false;
}

uint64_t arm_debug_block_flags(const ARMCPU *c)
{
    const ARMDebug *d = &c->sys->debug;
    uint64_t f = 0;
    if (!enabled_now(c)) {
        return 0;
    }
    if ((d->mdscr & MDSCR_SS) && (c->pstate & PSTATE_SS)) {
        f |= ARM_BF_SS;
    }
    if ((d->mdscr & MDSCR_MDE) && any_breakpoint(d)) {
        f |= ARM_BF_BREAK;
    }
    return f;
}

// --- software step

// ISS: ISV, and EX if a load-exclusive was stepped (the monitor is then still armed).
void arm_take_step(ARMCPU *c)
{
    uint32_t ex = c->exclusive_size ? 1u << 6 : 0;
    arm_take_sync(c, ESR_EC(EC_STEP) | 1u << 24 | ex | FSC_DEBUG, NULL);
}

static void step_done(VCPU *v)
{
    ARMCPU *c = arm_cpu(v);
    if (!(c->pstate & PSTATE_SS)) {
        return; // the instruction took an exception or returned from one
    }
    c->pstate &= ~(uint32_t)PSTATE_SS;
    if (arm_step_pending(c)) {
        arm_take_step(c);
    } else {
        arm_mode_changed(c);
    }
}

const IRHelper arm_h_step_done = {"step_done", step_done, IR_VOID, 0, IR_CALL_ALL};

// --- breakpoints

// PMC and HMC select the levels: only EL0 and EL1, non-secure, matter here.
bool arm_debug_level_matches(unsigned el, uint64_t control)
{
    unsigned pmc = control >> 1 & 3;
    return pmc & (el == 0 ? 2 : 1);
}

bool arm_debug_context_matches(const ARMCPU *c, unsigned i)
{
    const ARMDebug *d = &c->sys->debug;
    bool usable = i < ARM_MAX_BREAKPOINTS && (d->bcr[i] & 1);
    return usable && (uint32_t)d->bvr[i] == (uint32_t)c->sys->contextidr_el[1];
}

// BT: 0 address, 1 address linked to a context, 2 context.
static bool breakpoint_matches(const ARMCPU *c, unsigned i, uint64_t pc)
{
    const ARMDebug *d = &c->sys->debug;
    uint64_t bcr = d->bcr[i];
    if (!(bcr & 1) || !arm_debug_level_matches(arm_el(c), bcr)) {
        return false;
    }
    bool address = (sextract64(d->bvr[i], 0, 49) & ~INT64_C(3)) == (int64_t)(pc & ~UINT64_C(3));
    if (arm_is_a32(c)) { // BAS selects halfwords
        address = (uint32_t)d->bvr[i] >> 2 == (uint32_t)pc >> 2 && (bcr >> (5 + (pc & 2)) & 3) == 3;
    }
    switch (bcr >> 20 & 15) {
    case 0:
        return address;
    case 1:
        return address && arm_debug_context_matches(c, bcr >> 16 & 15);
    case 2:
        return arm_debug_context_matches(c, i);
    default:
        return false;
    }
}

static void check_breakpoint(VCPU *v, uint64_t pc)
{
    ARMCPU *c = arm_cpu(v);
    pc &= v->pc_address;
    for (unsigned i = 0; i < c->model->breakpoints; i++) {
        if (breakpoint_matches(c, i, pc)) {
            arm_raise(c, ESR_EC(EC_BREAKPOINT) | FSC_DEBUG);
        }
    }
}

const IRHelper arm_h_check_breakpoint = {"check_breakpoint", check_breakpoint, IR_VOID, 1,
                                         IR_CALL_ALL};

// --- registers

static uint8_t trap_dcc(ARMCPU *c, const ARMSysReg *r, bool write)
{
    (void)r, (void)write;
    return arm_el(c) == 0 && (c->sys->debug.mdscr & MDSCR_TDCC) ? EC_SYSREG : ARM_NO_TRAP;
}

static void write_mdscr(ARMCPU *c, const ARMSysReg *r, uint32_t enc, uint64_t value)
{
    (void)r, (void)enc;
    uint64_t aarch64 = arm_a32_el1(c) ? MDSCR_SS | MDSCR_KDE : 0; // AArch32's DBGDSCR has neither
    c->sys->debug.mdscr = value & MDSCR_BITS & ~aarch64;
    arm_mode_changed(c);
}

static void write_oslar(ARMCPU *c, const ARMSysReg *r, uint32_t enc, uint64_t value)
{
    (void)r, (void)enc;
    c->sys->debug.os_lock = value & 1;
    arm_mode_changed(c);
}

// OSLM = 0b10 (bits 3 and 0 hold it): the OS lock is there.
static uint64_t read_oslsr(ARMCPU *c, const ARMSysReg *r, uint32_t enc)
{
    (void)r, (void)enc;
    return 8 | (c->sys->debug.os_lock ? 2 : 0);
}

static uint64_t read_osdlr(ARMCPU *c, const ARMSysReg *r, uint32_t enc)
{
    (void)r, (void)enc;
    return c->sys->debug.os_dlock;
}

static void write_osdlr(ARMCPU *c, const ARMSysReg *r, uint32_t enc, uint64_t value)
{
    (void)r, (void)enc;
    c->sys->debug.os_dlock = value & 1;
    arm_mode_changed(c);
}

// The claim tags: eight of them; CLAIMSET reads as ones.
static uint64_t read_claimset(ARMCPU *c, const ARMSysReg *r, uint32_t enc)
{
    (void)c, (void)r, (void)enc;
    return 0xff;
}

static void write_claimset(ARMCPU *c, const ARMSysReg *r, uint32_t enc, uint64_t value)
{
    (void)r, (void)enc;
    c->sys->debug.claim |= value & 0xff;
}

static uint64_t read_claimclr(ARMCPU *c, const ARMSysReg *r, uint32_t enc)
{
    (void)r, (void)enc;
    return c->sys->debug.claim;
}

static void write_claimclr(ARMCPU *c, const ARMSysReg *r, uint32_t enc, uint64_t value)
{
    (void)r, (void)enc;
    c->sys->debug.claim &= ~value;
}

// DBGBVR<n>, DBGBCR<n>, DBGWVR<n>, DBGWCR<n>: n in CRm, which one in op2.
static uint64_t *point_register(ARMCPU *c, uint32_t enc)
{
    ARMDebug *d = &c->sys->debug;
    unsigned n = SR_CRM(enc);
    uint64_t *const bank[4] = {d->bvr, d->bcr, d->wvr, d->wcr};
    unsigned limit = SR_OP2(enc) < 6 ? c->model->breakpoints : c->model->watchpoints;
    return n < limit ? &bank[SR_OP2(enc) - 4][n] : NULL;
}

static uint64_t read_point(ARMCPU *c, const ARMSysReg *r, uint32_t enc)
{
    const uint64_t *p = point_register(c, enc);
    if (!p) {
        log_printf(LOG_GUEST_ERRORS, "%s: no such breakpoint or watchpoint\n", r->name);
        arm_raise_undefined(c);
    }
    return *p;
}

static void write_point(ARMCPU *c, const ARMSysReg *r, uint32_t enc, uint64_t value)
{
    uint64_t *p = point_register(c, enc);
    if (!p) {
        log_printf(LOG_GUEST_ERRORS, "%s: no such breakpoint or watchpoint\n", r->name);
        arm_raise_undefined(c);
    }
    *p = value;
    if (SR_OP2(enc) >= 6) {
        arm_watchpoints_update(c);
    }
    arm_mode_changed(c);
}

#define POINTS(op2, nm)                                                                            \
    {                                                                                              \
        .enc = SR(2, 0, 0, 0, op2), .name = nm, .access = SR_RW1, .flags = SR_ENDS, .count = 16,   \
        .step = 8, .read = read_point, .write = write_point                                        \
    }
#define DEBUG_PLAIN(crn, crm, op2, nm, field, m)                                                   \
    {                                                                                              \
        .enc = SR(2, 0, crn, crm, op2), .name = nm, .access = SR_RW1, SR_HOME(debug.field),        \
        .mask = m                                                                                  \
    }
#define DEBUG_ZERO(op1, crn, crm, op2, nm, acc, tr)                                                \
    {                                                                                              \
        .enc = SR(2, op1, crn, crm, op2), .name = nm, .access = acc, .flags = SR_CONST, .trap = tr \
    }

static const ARMSysReg rows[] = {
    DEBUG_PLAIN(0, 0, 2, "OSDTRRX_EL1", osdtrrx, UINT32_MAX),
    DEBUG_PLAIN(0, 2, 0, "MDCCINT_EL1", mdccint, UINT64_C(3) << 29),
    {.enc = SR(2, 0, 0, 2, 2),
     .name = "MDSCR_EL1",
     .access = SR_RW1,
     .flags = SR_ENDS,
     SR_HOME(debug.mdscr),
     .write = write_mdscr},
    DEBUG_PLAIN(0, 3, 2, "OSDTRTX_EL1", osdtrtx, UINT32_MAX),
    DEBUG_PLAIN(0, 6, 2, "OSECCR_EL1", oseccr, UINT32_MAX),
    POINTS(4, "DBGBVR<n>_EL1"),
    POINTS(5, "DBGBCR<n>_EL1"),
    POINTS(6, "DBGWVR<n>_EL1"),
    POINTS(7, "DBGWCR<n>_EL1"),
    DEBUG_ZERO(0, 1, 0, 0, "MDRAR_EL1", SR_R1, NULL),
    {.enc = SR(2, 0, 1, 0, 4),
     .name = "OSLAR_EL1",
     .access = SR_W1,
     .flags = SR_ENDS,
     .write = write_oslar},
    {.enc = SR(2, 0, 1, 1, 4), .name = "OSLSR_EL1", .access = SR_R1, .read = read_oslsr},
    {.enc = SR(2, 0, 1, 3, 4),
     .name = "OSDLR_EL1",
     .access = SR_RW1,
     .flags = SR_ENDS,
     .read = read_osdlr,
     .write = write_osdlr},
    DEBUG_ZERO(0, 1, 4, 4, "DBGPRCR_EL1", SR_RW1, NULL),
    {.enc = SR(2, 0, 7, 8, 6),
     .name = "DBGCLAIMSET_EL1",
     .access = SR_RW1,
     .read = read_claimset,
     .write = write_claimset},
    {.enc = SR(2, 0, 7, 9, 6),
     .name = "DBGCLAIMCLR_EL1",
     .access = SR_RW1,
     .read = read_claimclr,
     .write = write_claimclr},
    DEBUG_ZERO(0, 7, 14, 6, "DBGAUTHSTATUS_EL1", SR_R1, NULL),
    DEBUG_ZERO(3, 0, 1, 0, "MDCCSR_EL0", SR_R0, trap_dcc),
    DEBUG_ZERO(3, 0, 4, 0, "DBGDTR_EL0", SR_RW0, trap_dcc),
    DEBUG_ZERO(3, 0, 5, 0, "DBGDTRRX_EL0/DBGDTRTX_EL0", SR_RW0, trap_dcc),
};
const ARMSysRegTable arm_sysregs_debug = {rows, ARRAY_LEN(rows)};
