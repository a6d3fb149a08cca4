// Coprocessor register access: the index, permissions, traps. The rows are in cp15_*.c.
#include "target-arm/cp15.h"

#include <inttypes.h>

#include "target-arm/helpers.h"
#include "target-arm/helpers_a32.h"
#include "util/log.h"

static const ARMSysRegTable *const tables[] = {
    &arm_cp_names, &arm_cp_control, &arm_cp_system, &arm_cp_tlb, &arm_cp_debug,
};

// --- the index

static bool model_has(const ARMCPU *c, const ARMSysReg *r)
{
    if (r->flags & SR_CORTEX && !c->model->cortex_impdef) {
        return false;
    }
    if (r->flags & SR_ALIAS && !arm_sysreg_find(c, (uint32_t)r->value)) {
        return false;
    }
    return !r->feature || arm_has(c, r->feature);
}

static void add_row(ARMSystem *s, unsigned n, const ARMSysReg *r)
{
    s->cp_row[n] = r;
    for (unsigned i = 0; i < (r->count ? r->count : 1u); i++) {
        s->cp_index[r->enc + i * r->step] = (uint16_t)(n + 1);
    }
}

void arm_cp_init(ARMCPU *c)
{
    ARMSystem *s = c->sys;
    unsigned total = 0, n = 0;
    for (unsigned t = 0; t < ARRAY_LEN(tables); t++) {
        total += tables[t]->n;
    }
    s->cp_row = g_new0(const ARMSysReg *, total);
    s->cp_index = g_new0(uint16_t, 1 << 16);
    for (unsigned t = 0; t < ARRAY_LEN(tables); t++) {
        for (unsigned i = 0; i < tables[t]->n; i++) {
            if (model_has(c, &tables[t]->row[i])) {
                add_row(s, n++, &tables[t]->row[i]);
            }
        }
    }
}

void arm_cp_free(ARMCPU *c)
{
    g_free(c->sys->cp_row);
    g_free(c->sys->cp_index);
    c->sys->cp_row = NULL;
    c->sys->cp_index = NULL;
}

static const ARMSysReg *find(const ARMCPU *c, uint32_t enc)
{
    unsigned i = c->sys->cp_index ? c->sys->cp_index[enc & 0xffff] : 0;
    return i ? c->sys->cp_row[i - 1] : NULL;
}

static bool is_64(uint32_t enc)
{
    return SR_OP0(enc) < 2;
}

static unsigned coprocessor(uint32_t enc)
{
    return SR_OP0(enc) & 1 ? 15 : 14;
}

// --- aliases

static const ARMSysReg *alias_of(const ARMCPU *c, const ARMSysReg *r, uint32_t enc, uint32_t *a64)
{
    *a64 = (uint32_t)r->value + (enc - r->enc); // ranges run alike
    return arm_sysreg_find(c, *a64);
}

// --- the GIC's: MCR and MRC as AArch64's, the SGI registers by MCRR (IHI 0069 12.7)

static uint32_t gic_encoding(const ARMCPU *c, uint32_t enc)
{
    if (!c->sys->gic || !arm_a32_el1(c)) {
        return 0;
    }
    if (SR_OP0(enc) == 1 && SR_CRM(enc) == 12 && SR_OP1(enc) < 3 && SR_OP2(enc) == 0) {
        static const uint8_t op2[3] = {5, 6, 7}; // SGI1R, ASGI1R, SGI0R
        return SR(3, 0, 12, 11, op2[SR_OP1(enc)]);
    }
    bool pmr = SR_CRN(enc) == 4 && SR_CRM(enc) == 6;
    bool icc = SR_CRN(enc) == 12 && SR_CRM(enc) >= 8 && SR_CRM(enc) <= 12;
    return SR_OP0(enc) == 3 && SR_OP1(enc) == 0 && (pmr || icc) ? enc : 0;
}

// --- access

static NORETURN void unknown(ARMCPU *c, uint32_t enc, const char *what)
{
    log_printf(LOG_UNIMP, "%s of p%u, %u, c%u, c%u, %u%s at EL%u: UNDEFINED\n", what,
               coprocessor(enc), SR_OP1(enc), SR_CRN(enc), SR_CRM(enc), SR_OP2(enc),
               is_64(enc) ? " (64 bits)" : "", arm_el(c));
    arm_raise_undefined(c);
}

// Where EL1 is AArch64 (G: D17.2.37, ISS of MCR and MCRR traps); else it becomes UNDEFINED. CV = 1,
// COND = always.
static uint32_t trap_syndrome(uint32_t enc, unsigned regs, bool write)
{
    bool cp15 = coprocessor(enc) == 15;
    uint32_t iss = 0x1e << 20 | (regs & 31) << 5 | SR_CRM(enc) << 1 | (write ? 0 : 1);
    if (is_64(enc)) {
        uint32_t opc1 = SR_OP1(enc) | SR_OP2(enc) << 3;
        return ESR_EC(cp15 ? EC_CP15_64 : EC_CP14_64) | iss | opc1 << 16 | (regs >> 8 & 31) << 10;
    }
    return ESR_EC(cp15 ? EC_CP15 : EC_CP14) | iss | SR_OP2(enc) << 17 | SR_OP1(enc) << 14 |
           SR_CRN(enc) << 10;
}

static void check_trap(ARMCPU *c, const ARMSysReg *r, uint32_t enc, unsigned regs, bool write)
{
    uint8_t ec = r->trap ? r->trap(c, r, write) : ARM_NO_TRAP;
    if (ec == EC_SYSREG) {
        arm_raise(c, trap_syndrome(enc, regs, write));
    }
    if (ec != ARM_NO_TRAP) {
        arm_raise(c, ESR_EC(ec));
    }
}

static void check_access(ARMCPU *c, const ARMSysReg *r, uint32_t enc, bool write)
{
    unsigned bit = (arm_el(c) == 0 ? SR_EL0_R : SR_EL1_R) << (write ? 1 : 0);
    if (!(r->access & bit)) {
        log_printf(LOG_GUEST_ERRORS, "%s of %s not allowed at EL%u\n", write ? "write" : "read",
                   r->name, arm_el(c));
        (void)enc;
        arm_raise_undefined(c);
    }
}

// The row that answers: an alias's permissions are its own if it names any.
static const ARMSysReg *checked(ARMCPU *c, uint32_t *enc, unsigned regs, bool write,
                                unsigned *flags)
{
    const ARMSysReg *r = find(c, *enc);
    if (!r) {
        unknown(c, *enc, write ? "write" : "read");
    }
    *flags = r->flags;
    uint32_t cp = *enc;
    const ARMSysReg *to = r->flags & SR_ALIAS ? alias_of(c, r, cp, enc) : r;
    const ARMSysReg *rule = r->access ? r : to;
    check_access(c, rule, cp, write);
    check_trap(c, rule, cp, regs, write);
    return to;
}

uint64_t arm_cp_read(ARMCPU *c, uint32_t enc, unsigned regs)
{
    uint32_t gic = gic_encoding(c, enc);
    if (gic) {
        return arm_sysreg_read(c, gic, regs & 31);
    }
    bool wide = is_64(enc);
    unsigned flags;
    const ARMSysReg *r = checked(c, &enc, regs, false, &flags);
    uint64_t v = arm_sysreg_get(c, r, enc);
    v = flags & SR_HIGH ? v >> 32 : v;
    return wide ? v : (uint32_t)v;
}

void arm_cp_write(ARMCPU *c, uint32_t enc, uint64_t value, unsigned regs)
{
    uint32_t gic = gic_encoding(c, enc);
    if (gic) {
        arm_sysreg_write(c, gic, value, regs & 31);
        return;
    }
    unsigned flags;
    const ARMSysReg *r = checked(c, &enc, regs, true, &flags);
    if (flags & (SR_LOW | SR_HIGH)) {
        uint64_t old = arm_sysreg_get(c, r, enc);
        value = deposit64(old, flags & SR_HIGH ? 32 : 0, 32, value);
    }
    arm_sysreg_set(c, r, enc, value);
}

// --- for the translator

unsigned arm_cp_flags(const ARMCPU *c, uint32_t enc, bool write)
{
    if (gic_encoding(c, enc)) {
        return ARM_SR_ENDS_BLOCK;
    }
    const ARMSysReg *r = find(c, enc);
    uint32_t a64;
    unsigned flags = r ? r->flags : 0;
    if (r && r->flags & SR_ALIAS) {
        const ARMSysReg *to = alias_of(c, r, enc, &a64);
        flags |= to ? to->flags : 0;
        r = to;
    }
    if (!r) {
        log_printf(LOG_UNIMP, "code uses unknown coprocessor register p%u, %u, c%u, c%u, %u (%s)\n",
                   coprocessor(enc), SR_OP1(enc), SR_CRN(enc), SR_CRM(enc), SR_OP2(enc),
                   write ? "write" : "read");
        return ARM_SR_UNKNOWN;
    }
    return flags & (write ? SR_ENDS : SR_ENDS_READ) ? ARM_SR_ENDS_BLOCK : 0;
}

uint32_t arm_cp_inline(const ARMCPU *c, uint64_t flags, uint32_t enc, bool write)
{
    (void)c;
    bool el1 = flags & ARM_BF_EL;
    switch (enc) {
    case CP(15, 0, 13, 0, 2): // TPIDRURW
        return offsetof(ARMCPU, tpidr_el0);
    case CP(15, 0, 13, 0, 3): // TPIDRURO
        return el1 || !write ? offsetof(ARMCPU, tpidrro_el0) : 0;
    case CP(15, 0, 13, 0, 4): // TPIDRPRW
        return el1 ? offsetof(ARMCPUAll, sys.tpidr_el[1]) : 0;
    default:
        return 0;
    }
}
