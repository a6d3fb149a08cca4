// AArch32's TLB maintenance (DDI 0487 G7.3.5): everything, by address and ASID, by ASID, by address
// in all ASIDs; of instruction, data or unified TLBs, which are one here; on this CPU or on all.
#include "target-arm/cp15.h"

#include "hw/core/machine.h"

enum { BY_ADDRESS = 1, BY_ASID = 2 };

static void flush_one(VCPU *v, unsigned by, uint32_t value)
{
    uint32_t asid = by & BY_ASID ? value & 0xff : MMU_ALL_ASIDS;
    if (by & BY_ADDRESS) {
        mmu_flush_range(v, value & ~0xfffu, 4096, asid);
    } else if (by & BY_ASID) {
        mmu_flush_asid(v, asid);
    } else {
        mmu_flush_all(v);
    }
}

// CRm 3: inner shareable, on all CPUs. The row's value: what it goes by.
static void maintain(ARMCPU *c, const ARMSysReg *r, uint32_t enc, uint64_t value)
{
    const Machine *m = c->vcpu.machine;
    if (SR_CRM(enc) != 3) {
        flush_one(&c->vcpu, (unsigned)r->value, (uint32_t)value);
        return;
    }
    for (unsigned i = 0; i < m->n_cpus; i++) {
        flush_one(m->cpu[i], (unsigned)r->value, (uint32_t)value);
    }
}

#define TLB(crm, op2, nm, by)                                                                      \
    {                                                                                              \
        .enc = CP(15, 0, 8, crm, op2), .name = nm, .access = SR_W1, .flags = SR_ENDS, .value = by, \
        .write = maintain                                                                          \
    }
#define TLB_SET(crm, suffix)                                                                       \
    TLB(crm, 0, "TLBIALL" suffix, 0), TLB(crm, 1, "TLBIMVA" suffix, BY_ADDRESS | BY_ASID),         \
        TLB(crm, 2, "TLBIASID" suffix, BY_ASID), TLB(crm, 3, "TLBIMVAA" suffix, BY_ADDRESS),       \
        TLB(crm, 5, "TLBIMVAL" suffix, BY_ADDRESS | BY_ASID),                                      \
        TLB(crm, 7, "TLBIMVAAL" suffix, BY_ADDRESS)

static const ARMSysReg rows[] = {
    TLB_SET(3, "IS"),
    TLB_SET(5, " (instruction)"),
    TLB_SET(6, " (data)"),
    TLB_SET(7, ""),
};
const ARMSysRegTable arm_cp_tlb = {rows, ARRAY_LEN(rows)};
