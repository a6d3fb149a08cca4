// AArch32's control, translation, exception and context registers (DDI 0487 G8.2).
#include "target-arm/cp15.h"

#include "hw/core/machine.h"
#include "util/log.h"

// --- SCTLR

// ARMv7's bits that are one, and those that software may set. ITD and the like stay 0, CP15BEN 1.
#define SCTLR_RES1 UINT64_C(0x00c50878)
#define SCTLR_BITS                                                                                 \
    (SCTLR_M | SCTLR_A | SCTLR_C | BIT(10) | BIT(11) | SCTLR_I | SCTLR_V | BIT(14) | SCTLR_EE |    \
     SCTLR_TRE | SCTLR_AFE | SCTLR_TE)
#define SCTLR_V7VE_BITS (SCTLR_WXN | SCTLR_UWXN)
#define SCTLR_V8_BITS   (SCTLR_NTWI | SCTLR_NTWE | SCTLR_SED)
#define SCTLR_MAPPING                                                                              \
    (SCTLR_M | SCTLR_C | SCTLR_WXN | SCTLR_UWXN | SCTLR_EE | SCTLR_TRE | SCTLR_AFE)

static void write_sctlr(ARMCPU *c, const ARMSysReg *r, uint32_t enc, uint64_t value)
{
    (void)r, (void)enc;
    uint64_t *sctlr = &c->sys->sctlr_el[1], old = *sctlr, bits = SCTLR_BITS, ones = SCTLR_RES1;
    bits |= arm_has(c, ARM_FEAT_LPAE) ? SCTLR_V7VE_BITS : 0;
    bits |= arm_has(c, ARM_FEAT_A32_V8) ? SCTLR_V8_BITS : 0;
    bits |= arm_has(c, ARM_FEAT_PAN) ? SCTLR_SPAN : 0;
    *sctlr = (value & bits) | (ones & ~bits);
    arm_mode_refresh(c);
    if ((old ^ *sctlr) & SCTLR_MAPPING) {
        mmu_regime_changed(&c->vcpu);
    }
    arm_mode_changed(c);
}

// --- translation

#define TTBCR_SHORT UINT64_C(0x37) // N, PD0, PD1
#define TTBCR_LONG  (UINT64_C(0x3f803f87) | TCR_A1)

static void write_ttbcr(ARMCPU *c, const ARMSysReg *r, uint32_t enc, uint64_t value)
{
    (void)r, (void)enc;
    uint64_t old = c->sys->tcr_el[1];
    bool eae = (value & TTBCR_EAE) && arm_has(c, ARM_FEAT_LPAE);
    value = eae ? value & (TTBCR_EAE | TTBCR_LONG) : value & TTBCR_SHORT;
    c->sys->tcr_el[1] = value;
    arm_mode_refresh(c);
    if (old != value) {
        mmu_regime_changed(&c->vcpu);
    }
    arm_mode_changed(c);
}

// In the short format another table under the same ASID needs TLB maintenance; the long one has the
// ASID here.
static void write_ttbr(ARMCPU *c, const ARMSysReg *r, uint32_t enc, uint64_t value)
{
    (void)enc;
    *(uint64_t *)(void *)((uint8_t *)c->sys + r->offset) = value;
    if (c->sys->tcr_el[1] & TTBCR_EAE) {
        arm_mode_changed(c);
    }
}

// Attributes are worked out when a translation is made.
static void write_attributes(ARMCPU *c, const ARMSysReg *r, uint32_t enc, uint64_t value)
{
    (void)r, (void)enc;
    if (c->sys->mair_el[1] != value) {
        c->sys->mair_el[1] = value;
        mmu_regime_changed(&c->vcpu);
    }
}

static void write_dacr(ARMCPU *c, const ARMSysReg *r, uint32_t enc, uint64_t value)
{
    (void)r, (void)enc;
    if (value != c->sys->a32.dacr) {
        arm_a32_write_dacr(c, (uint32_t)value);
    }
}

static void write_contextidr(ARMCPU *c, const ARMSysReg *r, uint32_t enc, uint64_t value)
{
    (void)r, (void)enc;
    c->sys->contextidr_el[1] = (uint32_t)value;
    arm_mode_changed(c);
}

// --- control

// Coprocessors 10 and 11 have one right (the one of 10), ASEDIS; D32DIS would take away D16-D31.
static void write_cpacr(ARMCPU *c, const ARMSysReg *r, uint32_t enc, uint64_t value)
{
    (void)r, (void)enc;
    uint64_t rights = value >> 20 & 3;
    c->sys->cpacr = rights << 20 | rights << 22 | (value & BIT(31));
    arm_mode_changed(c);
}

static uint64_t read_dfsr(ARMCPU *c, const ARMSysReg *r, uint32_t enc)
{
    (void)r, (void)enc;
    return (uint32_t)c->sys->esr_el[1];
}

static void write_dfsr(ARMCPU *c, const ARMSysReg *r, uint32_t enc, uint64_t value)
{
    (void)r, (void)enc;
    c->sys->esr_el[1] = (uint32_t)value;
}

#define PLAIN(crn, crm, op2, nm, field)                                                            \
    {                                                                                              \
        .enc = CP(15, 0, crn, crm, op2), .name = nm, .access = SR_RW1, SR_HOME(field)              \
    }
#define HOOKED(crn, crm, op2, nm, field, fn, flag)                                                 \
    {                                                                                              \
        .enc = CP(15, 0, crn, crm, op2), .name = nm, .access = SR_RW1, .flags = SR_ENDS | (flag),  \
        SR_HOME(field), .write = fn                                                                \
    }
#define PART(crn, crm, op2, nm, field, flag)                                                       \
    {                                                                                              \
        .enc = CP(15, 0, crn, crm, op2), .name = nm, .access = SR_RW1, .flags = flag,              \
        SR_HOME(field)                                                                             \
    }
#define ALIAS(crn, crm, op2, nm, to, acc)                                                          \
    {                                                                                              \
        .enc = CP(15, 0, crn, crm, op2), .name = nm, .flags = SR_ALIAS, .value = to, .access = acc \
    }
#define LONG(opc1, crm, nm, field, fn)                                                             \
    {                                                                                              \
        .enc = CP64(15, opc1, crm), .name = nm, .access = SR_RW1, .flags = SR_ENDS,                \
        .feature = ARM_FEAT_LPAE, SR_HOME(field), .write = fn                                      \
    }

static const ARMSysReg rows[] = {
    HOOKED(1, 0, 0, "SCTLR", sctlr_el[1], write_sctlr, 0),
    PART(1, 0, 1, "ACTLR", actlr_el[1], SR_LOW),
    {.enc = CP(15, 0, 1, 0, 3),
     .name = "ACTLR2",
     .access = SR_RW1,
     .flags = SR_HIGH,
     .feature = ARM_FEAT_A32_V8,
     SR_HOME(actlr_el[1])},
    HOOKED(1, 0, 2, "CPACR", cpacr, write_cpacr, 0),
    HOOKED(2, 0, 0, "TTBR0", ttbr0_el[1], write_ttbr, SR_LOW),
    HOOKED(2, 0, 1, "TTBR1", ttbr1_el[1], write_ttbr, SR_LOW),
    HOOKED(2, 0, 2, "TTBCR", tcr_el[1], write_ttbcr, 0),
    LONG(0, 2, "TTBR0", ttbr0_el[1], write_ttbr),
    LONG(1, 2, "TTBR1", ttbr1_el[1], write_ttbr),
    HOOKED(3, 0, 0, "DACR", a32.dacr, write_dacr, 0),
    {.enc = CP(15, 0, 5, 0, 0),
     .name = "DFSR",
     .access = SR_RW1,
     .read = read_dfsr,
     .write = write_dfsr},
    PLAIN(5, 0, 1, "IFSR", a32.ifsr),
    PLAIN(5, 1, 0, "ADFSR", a32.adfsr),
    PLAIN(5, 1, 1, "AIFSR", a32.aifsr),
    PART(6, 0, 0, "DFAR", far_el[1], SR_LOW),
    PART(6, 0, 2, "IFAR", far_el[1], SR_HIGH),
    PART(7, 4, 0, "PAR", par, SR_LOW),
    {.enc = CP64(15, 0, 7),
     .name = "PAR",
     .access = SR_RW1,
     .feature = ARM_FEAT_LPAE,
     SR_HOME(par)},
    HOOKED(10, 2, 0, "PRRR/MAIR0", mair_el[1], write_attributes, SR_LOW),
    HOOKED(10, 2, 1, "NMRR/MAIR1", mair_el[1], write_attributes, SR_HIGH),
    PART(10, 3, 0, "AMAIR0", amair_el[1], SR_LOW),
    PART(10, 3, 1, "AMAIR1", amair_el[1], SR_HIGH),
    {.enc = CP(15, 0, 12, 0, 0),
     .name = "VBAR",
     .access = SR_RW1,
     SR_HOME(vbar_el[1]),
     .mask = UINT32_MAX & ~UINT64_C(0x1f)},
    ALIAS(12, 1, 0, "ISR", SR(3, 0, 12, 1, 0), SR_R1),
    {.enc = CP(15, 0, 12, 0, 1),
     .name = "RVBAR",
     .flags = SR_ALIAS,
     .value = SR(3, 0, 12, 0, 1),
     .access = SR_R1,
     .feature = ARM_FEAT_A32_V8},
    {.enc = CP(15, 0, 13, 0, 0), .name = "FCSEIDR", .access = SR_RW1, .flags = SR_CONST},
    HOOKED(13, 0, 1, "CONTEXTIDR", contextidr_el[1], write_contextidr, 0),
    ALIAS(13, 0, 2, "TPIDRURW", SR(3, 3, 13, 0, 2), SR_RW0),
    ALIAS(13, 0, 3, "TPIDRURO", SR(3, 3, 13, 0, 3), SR_RW1_R0),
    PLAIN(13, 0, 4, "TPIDRPRW", tpidr_el[1]),
    // Without EL3, NSACR tells that coprocessors 10 and 11 are open (ARMv8).
    {.enc = CP(15, 0, 1, 1, 2),
     .name = "NSACR",
     .access = SR_R1,
     .flags = SR_CONST,
     .value = 0xc00,
     .feature = ARM_FEAT_A32_V8},
};
const ARMSysRegTable arm_cp_control = {rows, ARRAY_LEN(rows)};
