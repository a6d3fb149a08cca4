// AArch32's operations on caches and branch predictors, barriers, address translation (DDI 0487
// G7.3.4), and the Cortex models' own registers. Maintenance by address goes through AArch64's
// rows: it faults where there is no translation.
#include "target-arm/cp15.h"

#include "hw/core/machine.h"
#include "util/log.h"

static void nothing(ARMCPU *c, const ARMSysReg *r, uint32_t enc, uint64_t value)
{
    (void)c, (void)r, (void)enc, (void)value;
}

// --- ATS1C: PAR tells the result (G8.2.118)

#define PAR_LPAE BIT(11)
#define PAR_NS   BIT(9)
#define PAR_SH   BIT(7)

// Inner attributes of the short format by MAIR's.
static unsigned short_inner(uint8_t attr)
{
    unsigned inner = attr & 15;
    if (!(attr & 0xf0)) {
        return attr ? 3 : 1; // Device, Strongly-ordered
    }
    return inner == 4 ? 0 : inner == 15 ? 5 : inner == 10 ? 6 : 7;
}

static uint64_t short_result(const ARMWalk *w)
{
    unsigned outer = w->attr >> 4 == 15 ? 1 : w->attr >> 4 == 10 ? 2 : w->attr >> 4 == 14 ? 3 : 0;
    uint64_t attrs = PAR_NS | (w->sh ? PAR_SH : 0) | short_inner(w->attr) << 4 | outer << 2;
    if (w->page_bits == 24) { // a supersection: PA[39:32] in bits 23..16
        return attrs | 2 | (w->phys & 0xff000000) | (w->phys >> 32 & 0xff) << 16;
    }
    return attrs | (w->phys & 0xfffff000);
}

static uint64_t long_result(const ARMWalk *w)
{
    return (w->phys & mask64(40) & ~mask64(12)) | (uint64_t)w->attr << 56 | (uint64_t)w->sh << 7 |
           PAR_NS | PAR_LPAE;
}

// op2: bit 0 write, bit 1 unprivileged.
static void translate_address(ARMCPU *c, const ARMSysReg *r, uint32_t enc, uint64_t va)
{
    (void)r;
    ARMWalkMode mode = {.el0 = SR_OP2(enc) & 2};
    MmuAccess access = SR_OP2(enc) & 1 ? MMU_WRITE : MMU_READ;
    bool eae = c->sys->tcr_el[1] & TTBCR_EAE;
    ARMWalk w = {.domain = 0};
    uint32_t fsc;
    if (arm_walk(c, va, access, mode, &w, &fsc)) {
        c->sys->par = eae ? long_result(&w) : short_result(&w);
    } else if (eae) {
        c->sys->par = 1 | fsc << 1 | PAR_LPAE;
    } else {
        uint32_t fsr = arm_a32_fsr(c, fsc, 0);
        c->sys->par = 1 | (fsr & 15) << 1 | (fsr >> 10 & 1) << 5;
    }
}

// --- implementation-defined

// L2CTLR of A7 and A15: the number of cores in bits 25..24, an interrupt controller in bit 23.
static uint64_t read_l2ctlr(ARMCPU *c, const ARMSysReg *r, uint32_t enc)
{
    (void)r, (void)enc;
    return (uint64_t)((MIN_OF(c->vcpu.machine->n_cpus, 4u) - 1) & 3) << 24 | BIT(23);
}

// CBAR: where the board has the private peripherals (-M virt: the GIC).
#define CBAR_VALUE 0x08000000

#define OP(crm, op2, nm, acc, fn, flag)                                                            \
    {                                                                                              \
        .enc = CP(15, 0, 7, crm, op2), .name = nm, .access = acc, .flags = flag, .write = fn       \
    }
#define BY_ADDRESS(crm, op2, nm, to)                                                               \
    {                                                                                              \
        .enc = CP(15, 0, 7, crm, op2), .name = nm, .access = SR_W1, .flags = SR_ALIAS, .value = to \
    }
#define IMPDEF(opc1, crn, crm, op2, nm)                                                            \
    {                                                                                              \
        .enc = CP(15, opc1, crn, crm, op2), .name = nm, .access = SR_RW1,                          \
        .flags = SR_CORTEX | SR_CONST                                                              \
    }

static const ARMSysReg rows[] = {
    OP(0, 4, "NOP", SR_W1, nothing, 0),
    OP(1, 0, "ICIALLUIS", SR_W1, nothing, 0),
    OP(1, 6, "BPIALLIS", SR_W1, nothing, 0),
    OP(5, 0, "ICIALLU", SR_W1, nothing, 0),
    BY_ADDRESS(5, 1, "ICIMVAU", SR(1, 3, 7, 5, 1)),
    OP(5, 4, "CP15ISB", SR_W0, nothing, SR_ENDS),
    OP(5, 6, "BPIALL", SR_W1, nothing, 0),
    OP(5, 7, "BPIMVA", SR_W1, nothing, 0),
    BY_ADDRESS(6, 1, "DCIMVAC", SR(1, 0, 7, 6, 1)),
    OP(6, 2, "DCISW", SR_W1, nothing, 0),
    BY_ADDRESS(10, 1, "DCCMVAC", SR(1, 3, 7, 10, 1)),
    OP(10, 2, "DCCSW", SR_W1, nothing, 0),
    OP(10, 4, "CP15DSB", SR_W0, nothing, 0),
    OP(10, 5, "CP15DMB", SR_W0, nothing, 0),
    BY_ADDRESS(11, 1, "DCCMVAU", SR(1, 3, 7, 11, 1)),
    OP(13, 1, "NOP", SR_W1, nothing, 0),
    BY_ADDRESS(14, 1, "DCCIMVAC", SR(1, 3, 7, 14, 1)),
    OP(14, 2, "DCCISW", SR_W1, nothing, 0),
    OP(8, 0, "ATS1CPR", SR_W1, translate_address, 0),
    OP(8, 1, "ATS1CPW", SR_W1, translate_address, 0),
    OP(8, 2, "ATS1CUR", SR_W1, translate_address, 0),
    OP(8, 3, "ATS1CUW", SR_W1, translate_address, 0),
    {.enc = CP(15, 1, 9, 0, 2),
     .name = "L2CTLR",
     .access = SR_RW1,
     .flags = SR_CORTEX,
     .read = read_l2ctlr,
     .write = nothing},
    IMPDEF(1, 9, 0, 3, "L2ECTLR"),
    IMPDEF(0, 15, 0, 0, "power control"),
    IMPDEF(0, 15, 0, 1, "diagnostic"),
    IMPDEF(1, 15, 0, 0, "L2ACTLR"),
    {.enc = CP(15, 4, 15, 0, 0),
     .name = "CBAR",
     .access = SR_R1,
     .flags = SR_CORTEX | SR_CONST,
     .value = CBAR_VALUE},
};
const ARMSysRegTable arm_cp_system = {rows, ARRAY_LEN(rows)};
