// Coprocessor 14: debug (DDI 0487 G8.3), ThumbEE's and Jazelle's registers, of which nothing is
// left but that they can be read. Breakpoints and watchpoints are AArch64's (debug.c).
#include "target-arm/cp15.h"

// Version of the debug architecture: ARMv7.1 or ARMv8, and how many breakpoints and watchpoints.
static uint64_t read_didr(ARMCPU *c, const ARMSysReg *r, uint32_t enc)
{
    (void)r, (void)enc;
    unsigned version = arm_has(c, ARM_FEAT_A32_V8) ? 6 : 5;
    return (uint64_t)(c->model->watchpoints - 1) << 28 |
           (uint64_t)(c->model->breakpoints - 1) << 24 | 1u << 20 | version << 16 | 1u << 15 |
           1u << 12;
}

#define NAME(opc1, crn, crm, op2, nm, acc)                                                         \
    {                                                                                              \
        .enc = CP(14, opc1, crn, crm, op2), .name = nm, .flags = SR_ALIAS,                         \
        .value = SR(2, opc1, crn, crm, op2), .access = acc                                         \
    }
#define POINTS(op2, nm)                                                                            \
    {                                                                                              \
        .enc = CP(14, 0, 0, 0, op2), .name = nm, .flags = SR_ALIAS, .value = SR(2, 0, 0, 0, op2),  \
        .count = 16, .step = 8                                                                     \
    }
#define ZERO(opc1, crn, crm, op2, nm, acc)                                                         \
    {                                                                                              \
        .enc = CP(14, opc1, crn, crm, op2), .name = nm, .access = acc, .flags = SR_CONST           \
    }

static const ARMSysReg rows[] = {
    {.enc = CP(14, 0, 0, 0, 0), .name = "DBGDIDR", .access = SR_R0, .read = read_didr},
    {.enc = CP(14, 0, 0, 1, 0), // of DBGDSCRext
     .name = "DBGDSCRint",
     .flags = SR_ALIAS,
     .value = SR(2, 0, 0, 2, 2),
     .access = SR_R0},
    NAME(0, 0, 2, 0, "DBGDCCINT", SR_RW1),
    NAME(0, 0, 2, 2, "DBGDSCRext", SR_RW1),
    ZERO(0, 0, 5, 0, "DBGDTRRXint/DBGDTRTXint", SR_RW0),
    ZERO(0, 0, 6, 0, "DBGWFAR", SR_RW1),
    ZERO(0, 0, 7, 0, "DBGVCR", SR_RW1),
    POINTS(4, "DBGBVR<n>"),
    POINTS(5, "DBGBCR<n>"),
    POINTS(6, "DBGWVR<n>"),
    POINTS(7, "DBGWCR<n>"),
    ZERO(0, 1, 0, 0, "DBGDRAR", SR_R0),
    {.enc = CP64(14, 0, 1), .name = "DBGDRAR", .access = SR_R0, .flags = SR_CONST},
    NAME(0, 1, 0, 4, "DBGOSLAR", SR_W1),
    NAME(0, 1, 1, 4, "DBGOSLSR", SR_R1),
    NAME(0, 1, 3, 4, "DBGOSDLR", SR_RW1),
    ZERO(0, 1, 4, 4, "DBGPRCR", SR_RW1),
    ZERO(0, 2, 0, 0, "DBGDSAR", SR_R0),
    {.enc = CP64(14, 0, 2), .name = "DBGDSAR", .access = SR_R0, .flags = SR_CONST},
    ZERO(0, 7, 0, 7, "DBGDEVID2", SR_R1),
    ZERO(0, 7, 1, 7, "DBGDEVID1", SR_R1),
    ZERO(0, 7, 2, 7, "DBGDEVID", SR_R1),
    NAME(0, 7, 8, 6, "DBGCLAIMSET", SR_RW1),
    NAME(0, 7, 9, 6, "DBGCLAIMCLR", SR_RW1),
    NAME(0, 7, 14, 6, "DBGAUTHSTATUS", SR_R1),
    ZERO(6, 0, 0, 0, "TEECR", SR_RW1),
    ZERO(6, 1, 0, 0, "TEEHBR", SR_RW0),
    ZERO(7, 0, 0, 0, "JIDR", SR_RW0),
    ZERO(7, 1, 0, 0, "JOSCR", SR_RW1),
    ZERO(7, 2, 0, 0, "JMCR", SR_RW1),
};
const ARMSysRegTable arm_cp_debug = {rows, ARRAY_LEN(rows)};
