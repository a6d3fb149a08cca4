// AArch32's names of what AArch64 has, too: identification, the generic timer, the PMU (DDI 0487
// G8.2, K16). Values, permissions and traps are those of the AArch64 rows.
#include "target-arm/cp15.h"

#define NAME(opc1, crn, crm, op2, nm, to)                                                          \
    {                                                                                              \
        .enc = CP(15, opc1, crn, crm, op2), .name = nm, .flags = SR_ALIAS, .value = to             \
    }
#define SAME(opc1, crn, crm, op2, nm) NAME(opc1, crn, crm, op2, nm, SR(3, opc1, crn, crm, op2))
#define RANGE(crn, crm, op2, n, nm, to)                                                            \
    {                                                                                              \
        .enc = CP(15, 0, crn, crm, op2), .name = nm, .flags = SR_ALIAS, .value = to, .count = n,   \
        .step = 1                                                                                  \
    }
#define NAME64(opc1, crm, nm, to)                                                                  \
    {                                                                                              \
        .enc = CP64(15, opc1, crm), .name = nm, .flags = SR_ALIAS, .value = to                     \
    }
#define PMU(crm, op2, nm)                                                                          \
    {                                                                                              \
        .enc = CP(15, 0, 9, crm, op2), .name = nm, .flags = SR_ALIAS,                              \
        .value = SR(3, 3, 9, crm, op2), .feature = ARM_FEAT_PMUV3                                  \
    }
#define ZERO(crn, crm, op2, nm)                                                                    \
    {                                                                                              \
        .enc = CP(15, 0, crn, crm, op2), .name = nm, .access = SR_R1, .flags = SR_CONST            \
    }

#define ZEROES(crm)                                                                                \
    {                                                                                              \
        .enc = CP(15, 0, 0, crm, 0), .name = "c0", .access = SR_R1, .flags = SR_CONST, .count = 8, \
        .step = 1                                                                                  \
    }

static const ARMSysReg rows[] = {
    SAME(0, 0, 0, 0, "MIDR"),
    // EL0 may not read it where EL1 is AArch32, whatever SCTLR says.
    {.enc = CP(15, 0, 0, 0, 1),
     .name = "CTR",
     .flags = SR_ALIAS,
     .value = SR(3, 3, 0, 0, 1),
     .access = SR_R1},
    ZERO(0, 0, 2, "TCMTR"),
    ZERO(0, 0, 3, "TLBTR"),
    NAME(0, 0, 0, 4, "MIDR", SR(3, 0, 0, 0, 0)),
    SAME(0, 0, 0, 5, "MPIDR"),
    SAME(0, 0, 0, 6, "REVIDR"),
    NAME(0, 0, 0, 7, "MIDR", SR(3, 0, 0, 0, 0)),
    RANGE(0, 1, 0, 8, "ID_PFR0..ID_MMFR3", SR(3, 0, 0, 1, 0)),
    RANGE(0, 2, 0, 8, "ID_ISAR0..ID_ISAR6", SR(3, 0, 0, 2, 0)),
    ZERO(0, 3, 0, "c0, c3, 0"),
    ZERO(0, 3, 1, "c0, c3, 1"),
    ZERO(0, 3, 2, "c0, c3, 2"),
    RANGE(0, 3, 3, 5, "ID_PFR2..ID_MMFR5", SR(3, 0, 0, 3, 3)),
    // The rest of the space reads as 0.
    ZEROES(4),
    ZEROES(5),
    ZEROES(6),
    ZEROES(7),
    SAME(1, 0, 0, 0, "CCSIDR"),
    SAME(1, 0, 0, 1, "CLIDR"),
    SAME(1, 0, 0, 7, "AIDR"),
    SAME(2, 0, 0, 0, "CSSELR"),
    // --- the generic timer
    NAME(0, 14, 0, 0, "CNTFRQ", SR(3, 3, 14, 0, 0)),
    NAME(0, 14, 1, 0, "CNTKCTL", SR(3, 0, 14, 1, 0)),
    NAME(0, 14, 2, 0, "CNTP_TVAL", SR(3, 3, 14, 2, 0)),
    NAME(0, 14, 2, 1, "CNTP_CTL", SR(3, 3, 14, 2, 1)),
    NAME(0, 14, 3, 0, "CNTV_TVAL", SR(3, 3, 14, 3, 0)),
    NAME(0, 14, 3, 1, "CNTV_CTL", SR(3, 3, 14, 3, 1)),
    NAME64(0, 14, "CNTPCT", SR(3, 3, 14, 0, 1)),
    NAME64(1, 14, "CNTVCT", SR(3, 3, 14, 0, 2)),
    NAME64(2, 14, "CNTP_CVAL", SR(3, 3, 14, 2, 2)),
    NAME64(3, 14, "CNTV_CVAL", SR(3, 3, 14, 3, 2)),
    // --- the PMU
    PMU(12, 0, "PMCR"),
    PMU(12, 1, "PMCNTENSET"),
    PMU(12, 2, "PMCNTENCLR"),
    PMU(12, 3, "PMOVSR"),
    PMU(12, 4, "PMSWINC"),
    PMU(12, 5, "PMSELR"),
    PMU(12, 6, "PMCEID0"),
    PMU(12, 7, "PMCEID1"),
    PMU(13, 0, "PMCCNTR"),
    PMU(13, 1, "PMXEVTYPER"),
    PMU(13, 2, "PMXEVCNTR"),
    PMU(14, 0, "PMUSERENR"),
    NAME(0, 9, 14, 1, "PMINTENSET", SR(3, 0, 9, 14, 1)),
    NAME(0, 9, 14, 2, "PMINTENCLR", SR(3, 0, 9, 14, 2)),
    PMU(14, 3, "PMOVSSET"),
    {.enc = CP64(15, 0, 9),
     .name = "PMCCNTR",
     .flags = SR_ALIAS,
     .value = SR(3, 3, 9, 13, 0),
     .feature = ARM_FEAT_A32_V8},
    RANGE(14, 8, 0, 6, "PMEVCNTR<n>", SR(3, 3, 14, 8, 0)),
    RANGE(14, 12, 0, 6, "PMEVTYPER<n>", SR(3, 3, 14, 12, 0)),
    NAME(0, 14, 15, 7, "PMCCFILTR", SR(3, 3, 14, 15, 7)),
};
const ARMSysRegTable arm_cp_names = {rows, ARRAY_LEN(rows)};
