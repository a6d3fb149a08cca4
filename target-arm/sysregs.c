// System register access: the index, permissions, traps. The rows are in sysregs_*.c.
#include "target-arm/sysregs.h"

#include <inttypes.h>

#include "target-arm/helpers.h"
#include "util/log.h"

const ARMSysRegTable *const arm_sysreg_tables[] = {
    &arm_sysregs_id,    &arm_sysregs_el1,  &arm_sysregs_pstate,
    &arm_sysregs_timer, &arm_sysregs_pmu,  &arm_sysregs_debug,
    &arm_sysregs_cache, &arm_sysregs_tlbi, &arm_sysregs_impdef,
};
const unsigned arm_n_sysreg_tables = ARRAY_LEN(arm_sysreg_tables);

// --- the index

static bool model_has(const ARMCPU *c, const ARMSysReg *r)
{
    if ((r->flags & SR_CORTEX) && !c->model->cortex_impdef) {
        return false;
    }
    return !r->feature || arm_has(c, r->feature);
}

static unsigned row_count(const ARMSysReg *r)
{
    return r->count ? r->count : 1;
}

static void add_row(ARMSystem *s, const ARMSysReg *r)
{
    s->row[s->n_rows++] = r;
    for (unsigned i = 0; i < row_count(r); i++) {
        s->row_index[r->enc + i * r->step] = (uint16_t)s->n_rows;
    }
}

void arm_sysregs_init(ARMCPU *c)
{
    ARMSystem *s = c->sys;
    unsigned total = 0;
    for (unsigned t = 0; t < arm_n_sysreg_tables; t++) {
        total += arm_sysreg_tables[t]->n;
    }
    s->row = g_new0(const ARMSysReg *, total);
    s->row_index = g_new0(uint16_t, 1 << 16);
    s->n_rows = 0;
    for (unsigned t = 0; t < arm_n_sysreg_tables; t++) {
        for (unsigned i = 0; i < arm_sysreg_tables[t]->n; i++) {
            const ARMSysReg *r = &arm_sysreg_tables[t]->row[i];
            if (model_has(c, r)) {
                add_row(s, r);
            }
        }
    }
}

void arm_sysregs_free(ARMCPU *c)
{
    g_free(c->sys->row);
    g_free(c->sys->row_index);
    c->sys->row = NULL;
    c->sys->row_index = NULL;
}

const ARMSysReg *arm_sysreg_find(const ARMCPU *c, uint32_t enc)
{
    unsigned i = c->sys->row_index[enc & 0xffff];
    return i ? c->sys->row[i - 1] : NULL;
}

// --- the GIC's registers: ICC_PMR_EL1, and op0 3, op1 0, CRn 12, CRm 8..12

static bool is_gic(const ARMCPU *c, uint32_t enc)
{
    if (!c->sys->gic || SR_OP0(enc) != 3 || SR_OP1(enc) != 0) {
        return false;
    }
    return (SR_CRN(enc) == 4 && SR_CRM(enc) == 6) ||
           (SR_CRN(enc) == 12 && SR_CRM(enc) >= 8 && SR_CRM(enc) <= 12);
}

static NORETURN void unknown(ARMCPU *c, uint32_t enc, const char *what)
{
    log_printf(LOG_UNIMP, "%s of system register S%u_%u_C%u_C%u_%u at EL%u: UNDEFINED\n", what,
               SR_OP0(enc), SR_OP1(enc), SR_CRN(enc), SR_CRM(enc), SR_OP2(enc), arm_el(c));
    arm_raise_undefined(c);
}

static uint64_t gic_read(ARMCPU *c, uint32_t enc)
{
    uint64_t value = 0;
    if (arm_el(c) == 0 || !c->sys->gic->read(c->sys->gic_opaque, c->vcpu.index, enc, &value)) {
        unknown(c, enc, "read");
    }
    return value;
}

static void gic_write(ARMCPU *c, uint32_t enc, uint64_t value)
{
    if (arm_el(c) == 0 || !c->sys->gic->write(c->sys->gic_opaque, c->vcpu.index, enc, value)) {
        unknown(c, enc, "write");
    }
}

// --- access

static unsigned access_bit(const ARMCPU *c, bool write)
{
    return (arm_el(c) == 0 ? SR_EL0_R : SR_EL1_R) << (write ? 1 : 0);
}

// ISS of a trapped MSR, MRS or system instruction (D17.2.37).
static uint32_t trap_syndrome(uint32_t enc, unsigned rt, bool write)
{
    return SR_OP0(enc) << 20 | SR_OP2(enc) << 17 | SR_OP1(enc) << 14 | SR_CRN(enc) << 10 | rt << 5 |
           SR_CRM(enc) << 1 | (write ? 0 : 1);
}

static void check_trap(ARMCPU *c, const ARMSysReg *r, uint32_t enc, unsigned rt, bool write)
{
    uint8_t ec = r->trap(c, r, write);
    if (ec == ARM_NO_TRAP) {
        return;
    }
    uint32_t iss = ec == EC_SYSREG ? trap_syndrome(enc, rt, write) : 0;
    if (ec == EC_FP) {
        iss = 0x1e << 20; // COND = always, CV = 1
    }
    arm_raise(c, ESR_EC(ec) | iss);
}

static const ARMSysReg *checked(ARMCPU *c, uint32_t enc, unsigned rt, bool write)
{
    const ARMSysReg *r = arm_sysreg_find(c, enc);
    if (!r) {
        unknown(c, enc, write ? "write" : "read");
    }
    if (!(r->access & access_bit(c, write))) {
        bool id = SR_CRN(enc) == 0 && SR_OP1(enc) == 0; // EL0 may ask: kernels emulate these
        log_printf(id ? LOG_INT : LOG_GUEST_ERRORS, "%s of %s not allowed at EL%u\n",
                   write ? "write" : "read", r->name, arm_el(c));
        arm_raise_undefined(c);
    }
    if (r->trap) {
        check_trap(c, r, enc, rt, write);
    }
    return r;
}

static uint64_t *home_of(ARMCPU *c, const ARMSysReg *r, uint32_t enc)
{
    unsigned i = r->step ? (enc - r->enc) / r->step : 0;
    return (uint64_t *)(void *)((uint8_t *)c->sys + r->offset) + i;
}

uint64_t arm_sysreg_get(ARMCPU *c, const ARMSysReg *r, uint32_t enc)
{
    if (r->flags & SR_CONST) {
        return r->value;
    }
    return r->read ? r->read(c, r, enc) : *home_of(c, r, enc);
}

void arm_sysreg_set(ARMCPU *c, const ARMSysReg *r, uint32_t enc, uint64_t value)
{
    if (r->flags & SR_CONST) {
        return;
    }
    value &= r->mask ? r->mask : ~UINT64_C(0);
    if (r->write) {
        r->write(c, r, enc, value);
    } else {
        *home_of(c, r, enc) = value;
    }
}

uint64_t arm_sysreg_read(ARMCPU *c, uint32_t enc, unsigned rt)
{
    return is_gic(c, enc) ? gic_read(c, enc) : arm_sysreg_get(c, checked(c, enc, rt, false), enc);
}

void arm_sysreg_write(ARMCPU *c, uint32_t enc, uint64_t value, unsigned rt)
{
    if (is_gic(c, enc)) {
        gic_write(c, enc, value);
        return;
    }
    arm_sysreg_set(c, checked(c, enc, rt, true), enc, value);
}

// --- for the translator

// MSR (immediate) and what decodes like it (op0 = 0, CRn = 4): setting DAIF bits cannot let an
// interrupt in; everything else may change what code depends on.
static unsigned pstate_flags(uint32_t enc)
{
    bool daifset = SR_OP1(enc) == 3 && SR_OP2(enc) == 6;
    return daifset ? 0 : ARM_SR_ENDS_BLOCK;
}

unsigned arm_sysreg_flags(const ARMCPU *c, uint32_t enc, bool write)
{
    if (SR_OP0(enc) == 0) {
        return pstate_flags(enc);
    }
    if (is_gic(c, enc)) {
        return ARM_SR_ENDS_BLOCK;
    }
    const ARMSysReg *r = arm_sysreg_find(c, enc);
    if (!r) {
        log_printf(LOG_UNIMP, "code uses unknown system register S%u_%u_C%u_C%u_%u (%s)\n",
                   SR_OP0(enc), SR_OP1(enc), SR_CRN(enc), SR_CRM(enc), SR_OP2(enc),
                   write ? "write" : "read");
        return ARM_SR_UNKNOWN;
    }
    return r->flags & (write ? SR_ENDS : SR_ENDS_READ) ? ARM_SR_ENDS_BLOCK : 0;
}

uint32_t arm_sysreg_inline(const ARMCPU *c, uint64_t flags, uint32_t enc, bool write)
{
    if ((flags & ARM_BF_EL) != 1) {
        return 0;
    }
    if (enc == SR(3, 0, 4, 1, 0)) { // SP_EL0 is only there while SP_EL1 is in use
        return flags & ARM_BF_SPSEL ? offsetof(ARMCPUAll, sys.sp_el[0]) : 0;
    }
    if (enc == SR(3, 3, 13, 0, 2)) {
        return offsetof(ARMCPU, tpidr_el0);
    }
    if (enc == SR(3, 3, 13, 0, 3)) {
        return offsetof(ARMCPU, tpidrro_el0);
    }
    const ARMSysReg *r = arm_sysreg_find(c, enc);
    if (!r || r->trap || !r->offset || r->flags || r->count || r->mask) {
        return 0;
    }
    bool plain = (r->access & (write ? SR_EL1_W : SR_EL1_R)) && !(write ? !!r->write : !!r->read);
    return plain ? (uint32_t)(offsetof(ARMCPUAll, sys) + r->offset) : 0;
}
