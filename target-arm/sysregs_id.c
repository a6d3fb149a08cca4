// Identification registers (DDI 0487 D17.2): CPU, caches, features. Their values come from the
// model and its features (models.c); what is not allocated in the ID space reads as zero.
#include "target-arm/sysregs.h"

static uint64_t read_midr(ARMCPU *c, const ARMSysReg *r, uint32_t enc)
{
    (void)r, (void)enc;
    return c->sys->midr;
}

static uint64_t read_mpidr(ARMCPU *c, const ARMSysReg *r, uint32_t enc)
{
    (void)r, (void)enc;
    return c->sys->mpidr;
}

static uint64_t read_revidr(ARMCPU *c, const ARMSysReg *r, uint32_t enc)
{
    (void)r, (void)enc;
    return c->sys->revidr;
}

static uint64_t read_feature(ARMCPU *c, const ARMSysReg *r, uint32_t enc)
{
    (void)r;
    return c->sys->id[SR_CRM(enc) * 8 + SR_OP2(enc)];
}

static uint64_t read_clidr(ARMCPU *c, const ARMSysReg *r, uint32_t enc)
{
    (void)r, (void)enc;
    return c->model->clidr;
}

static uint64_t read_ccsidr(ARMCPU *c, const ARMSysReg *r, uint32_t enc)
{
    (void)r, (void)enc;
    unsigned i = (unsigned)c->sys->csselr;
    return i < ARRAY_LEN(c->model->ccsidr) ? c->model->ccsidr[i] : 0;
}

static uint8_t trap_ctr(ARMCPU *c, const ARMSysReg *r, bool write)
{
    (void)r, (void)write;
    bool trapped = arm_el(c) == 0 && !(c->sys->sctlr_el[1] & SCTLR_UCT);
    return trapped ? EC_SYSREG : ARM_NO_TRAP;
}

static uint64_t read_ctr(ARMCPU *c, const ARMSysReg *r, uint32_t enc)
{
    (void)r, (void)enc;
    return c->ctr_el0;
}

// DZP tells whether DC ZVA would trap.
static uint64_t read_dczid(ARMCPU *c, const ARMSysReg *r, uint32_t enc)
{
    (void)r, (void)enc;
    bool prohibited = arm_el(c) == 0 && !(c->sys->sctlr_el[1] & SCTLR_DZE);
    return c->dczid_el0 | (prohibited ? 16 : 0);
}

#define ID(crm, op2, nm)                                                                           \
    {                                                                                              \
        .enc = SR(3, 0, 0, crm, op2), .name = nm, .access = SR_R1, .read = read_feature            \
    }
#define ID_RANGE(crm, op2, n, nm)                                                                  \
    {                                                                                              \
        .enc = SR(3, 0, 0, crm, op2), .name = nm, .access = SR_R1, .count = n, .step = 1,          \
        .read = read_feature                                                                       \
    }

static const ARMSysReg rows[] = {
    {.enc = SR(3, 0, 0, 0, 0), .name = "MIDR_EL1", .access = SR_R1, .read = read_midr},
    {.enc = SR(3, 0, 0, 0, 5), .name = "MPIDR_EL1", .access = SR_R1, .read = read_mpidr},
    {.enc = SR(3, 0, 0, 0, 6), .name = "REVIDR_EL1", .access = SR_R1, .read = read_revidr},
    ID_RANGE(1, 0, 8, "ID_PFR0_EL1..ID_MMFR3_EL1"),
    ID_RANGE(2, 0, 8, "ID_ISAR0_EL1..ID_ISAR6_EL1"),
    ID_RANGE(3, 0, 8, "MVFR0_EL1..ID_MMFR5_EL1"),
    ID(4, 0, "ID_AA64PFR0_EL1"),
    ID(4, 1, "ID_AA64PFR1_EL1"),
    ID_RANGE(4, 2, 6, "ID_AA64PFR2_EL1.."),
    ID(5, 0, "ID_AA64DFR0_EL1"),
    ID(5, 1, "ID_AA64DFR1_EL1"),
    ID_RANGE(5, 2, 6, "ID_AA64AFR0_EL1.."),
    ID(6, 0, "ID_AA64ISAR0_EL1"),
    ID(6, 1, "ID_AA64ISAR1_EL1"),
    ID(6, 2, "ID_AA64ISAR2_EL1"),
    ID_RANGE(6, 3, 5, "ID_AA64ISAR3_EL1.."),
    ID(7, 0, "ID_AA64MMFR0_EL1"),
    ID(7, 1, "ID_AA64MMFR1_EL1"),
    ID(7, 2, "ID_AA64MMFR2_EL1"),
    ID_RANGE(7, 3, 5, "ID_AA64MMFR3_EL1.."),
    {.enc = SR(3, 1, 0, 0, 0), .name = "CCSIDR_EL1", .access = SR_R1, .read = read_ccsidr},
    {.enc = SR(3, 1, 0, 0, 1), .name = "CLIDR_EL1", .access = SR_R1, .read = read_clidr},
    {.enc = SR(3, 1, 0, 0, 7), .name = "AIDR_EL1", .access = SR_R1, .flags = SR_CONST},
    {.enc = SR(3, 2, 0, 0, 0), .name = "CSSELR_EL1", .access = SR_RW1, SR_HOME(csselr), .mask = 15},
    {.enc = SR(3, 3, 0, 0, 1),
     .name = "CTR_EL0",
     .access = SR_R0,
     .read = read_ctr,
     .trap = trap_ctr},
    {.enc = SR(3, 3, 0, 0, 7), .name = "DCZID_EL0", .access = SR_R0, .read = read_dczid},
};
const ARMSysRegTable arm_sysregs_id = {rows, ARRAY_LEN(rows)};
