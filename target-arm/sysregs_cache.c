// SYS operations on caches and address translation: IC, DC, AT (DDI 0487 C5.3). There are no caches
// to maintain, code is kept coherent by physical address; what remains is permission and
// translation: an operation by address faults where a real one would.
#include "target-arm/sysregs.h"

#include <string.h>

#include "hw/core/machine.h"

static uint8_t trap_uci(ARMCPU *c, const ARMSysReg *r, bool write)
{
    (void)r, (void)write;
    return arm_el(c) == 0 && !(c->sys->sctlr_el[1] & SCTLR_UCI) ? EC_SYSREG : ARM_NO_TRAP;
}

static uint8_t trap_dze(ARMCPU *c, const ARMSysReg *r, bool write)
{
    (void)r, (void)write;
    return arm_el(c) == 0 && !(c->sys->sctlr_el[1] & SCTLR_DZE) ? EC_SYSREG : ARM_NO_TRAP;
}

static void nothing(ARMCPU *c, const ARMSysReg *r, uint32_t enc, uint64_t value)
{
    (void)c, (void)r, (void)enc, (void)value;
}

// The address must translate. A clean needs read access at EL0 only; a privileged one needs no
// permission at all, nor a domain that may be accessed (Linux cleans what its programs write while
// it keeps itself from their domain). DC IVAC needs write access. Faults count as writes, with CM
// set.
static void by_address(ARMCPU *c, uint64_t va, MmuAccess access)
{
    ARMWalkMode mode = arm_walk_mode(c, 0);
    mode.pan = false;
    mode.upkeep = true;
    ARMWalk w;
    uint32_t fsc;
    if (!arm_walk(c, va, access, mode, &w, &fsc)) {
        arm_raise_far(c, ESR_EC(EC_DATA) | ISS_CM | ISS_WNR | fsc, va);
    }
}

static void clean(ARMCPU *c, const ARMSysReg *r, uint32_t enc, uint64_t va)
{
    (void)r, (void)enc;
    by_address(c, va, MMU_READ);
}

static void invalidate(ARMCPU *c, const ARMSysReg *r, uint32_t enc, uint64_t va)
{
    (void)r, (void)enc;
    by_address(c, va, MMU_WRITE);
}

static void zero(ARMCPU *c, const ARMSysReg *r, uint32_t enc, uint64_t va)
{
    (void)r, (void)enc;
    unsigned size = 4u << (c->dczid_el0 & 15);
    va &= ~(uint64_t)(size - 1);
    uint8_t *p = mmu_probe(&c->vcpu, va, size, IR_MEM_STORE);
    if (p) {
        memset(p, 0, size);
        return;
    }
    // A device, or a page that stores must be told about.
    V128 none = {.u64 = {0, 0}};
    for (unsigned i = 0; i < size; i += 16) {
        mmu_store128(&c->vcpu, va + i, &none, 4 | IR_MEM_STORE);
    }
}

// --- AT: PAR_EL1 tells the result (D17.2.108)

#define PAR_NS   BIT(9)
#define PAR_RES1 BIT(11)

// AT S1E{1,0}{R,W}[P]: op2 bit 0 write, bit 1 EL0; CRm 9: as if PSTATE.PAN applied.
static void translate_address(ARMCPU *c, const ARMSysReg *r, uint32_t enc, uint64_t va)
{
    (void)r;
    ARMWalkMode mode = {.el0 = SR_OP2(enc) & 2,
                        .pan = SR_CRM(enc) == 9 && (c->pstate & PSTATE_PAN)};
    MmuAccess access = SR_OP2(enc) & 1 ? MMU_WRITE : MMU_READ;
    ARMWalk w;
    uint32_t fsc;
    if (arm_walk(c, va, access, mode, &w, &fsc)) {
        c->sys->par = (w.phys & mask64(48) & ~mask64(12)) | (uint64_t)w.attr << 56 |
                      (uint64_t)w.sh << 7 | PAR_NS | PAR_RES1;
    } else if ((fsc & ~3u) == FSC_EXTERNAL_WALK) {
        arm_raise_far(c, ESR_EC(EC_DATA) | ISS_CM | fsc, va); // not a result but an abort
    } else {
        c->sys->par = 1 | fsc << 1 | PAR_RES1;
    }
}

#define SYS(op1, crn, crm, op2, nm, acc, feat, fn, tr)                                             \
    {                                                                                              \
        .enc = SR(1, op1, crn, crm, op2), .name = nm, .access = acc, .feature = feat, .write = fn, \
        .trap = tr                                                                                 \
    }

static const ARMSysReg rows[] = {
    SYS(0, 7, 1, 0, "IC IALLUIS", SR_W1, 0, nothing, NULL),
    SYS(0, 7, 5, 0, "IC IALLU", SR_W1, 0, nothing, NULL),
    SYS(3, 7, 5, 1, "IC IVAU", SR_W0, 0, clean, trap_uci),
    SYS(0, 7, 6, 1, "DC IVAC", SR_W1, 0, invalidate, NULL),
    SYS(0, 7, 6, 2, "DC ISW", SR_W1, 0, nothing, NULL),
    SYS(0, 7, 10, 2, "DC CSW", SR_W1, 0, nothing, NULL),
    SYS(0, 7, 14, 2, "DC CISW", SR_W1, 0, nothing, NULL),
    SYS(3, 7, 4, 1, "DC ZVA", SR_W0, 0, zero, trap_dze),
    SYS(3, 7, 10, 1, "DC CVAC", SR_W0, 0, clean, trap_uci),
    SYS(3, 7, 11, 1, "DC CVAU", SR_W0, 0, clean, trap_uci),
    SYS(3, 7, 12, 1, "DC CVAP", SR_W0, ARM_FEAT_DPB, clean, trap_uci),
    SYS(3, 7, 13, 1, "DC CVADP", SR_W0, ARM_FEAT_DPB2, clean, trap_uci),
    SYS(3, 7, 14, 1, "DC CIVAC", SR_W0, 0, clean, trap_uci),
    SYS(0, 7, 8, 0, "AT S1E1R", SR_W1, 0, translate_address, NULL),
    SYS(0, 7, 8, 1, "AT S1E1W", SR_W1, 0, translate_address, NULL),
    SYS(0, 7, 8, 2, "AT S1E0R", SR_W1, 0, translate_address, NULL),
    SYS(0, 7, 8, 3, "AT S1E0W", SR_W1, 0, translate_address, NULL),
    SYS(0, 7, 9, 0, "AT S1E1RP", SR_W1, ARM_FEAT_PAN2, translate_address, NULL),
    SYS(0, 7, 9, 1, "AT S1E1WP", SR_W1, ARM_FEAT_PAN2, translate_address, NULL),
};
const ARMSysRegTable arm_sysregs_cache = {rows, ARRAY_LEN(rows)};
