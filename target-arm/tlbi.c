// TLB maintenance (DDI 0487 C5.5, D8.13.5): by address, by ASID, all; on this CPU or, in the inner
// and outer shareable forms, on all. Ranges with FEAT_TLBIRANGE.
#include "target-arm/sysregs.h"

#include <inttypes.h>

#include "hw/core/machine.h"
#include "util/log.h"

// One operation, decoded.
typedef struct Flush {
    uint64_t va, len; // len 0: everything
    uint32_t asid;    // MMU_ALL_ASIDS: all
    bool by_asid;
} Flush;

// With TBI a page may also have been reached through tagged addresses, which the MMU knows as other
// pages: then an operation by address drops everything.
static void flush_one(VCPU *v, const Flush *f)
{
    bool *tagged = &arm_cpu(v)->sys->tagged_access;
    if (f->len && !*tagged) {
        mmu_flush_range(v, f->va, f->len, f->asid);
    } else if (f->by_asid) {
        mmu_flush_asid(v, f->asid);
    } else {
        *tagged = false;
        mmu_flush_all(v);
    }
}

// CRm: 3 inner shareable, 1 outer, 7 local; ranges: 2, 5, 6.
static bool is_broadcast(uint32_t enc)
{
    unsigned crm = SR_CRM(enc);
    return crm == 1 || crm == 2 || crm == 3 || crm == 5;
}

static void flush(ARMCPU *c, uint32_t enc, const Flush *f)
{
    const Machine *m = c->vcpu.machine;
    if (log_enabled(LOG_MMU)) {
        log_printf(LOG_MMU, "cpu%u tlbi op2 %u va 0x%" PRIx64 "+0x%" PRIx64 " asid 0x%x%s\n",
                   c->vcpu.index, SR_OP2(enc), f->va, f->len, f->asid,
                   is_broadcast(enc) ? " on all" : "");
    }
    if (!is_broadcast(enc)) {
        flush_one(&c->vcpu, f);
        return;
    }
    for (unsigned i = 0; i < m->n_cpus; i++) {
        flush_one(m->cpu[i], f);
    }
}

static uint32_t asid_of(const ARMCPU *c, uint64_t value)
{
    return (uint32_t)(value >> 48) & (c->sys->tcr_el[1] & TCR_AS ? 0xffff : 0xff);
}

static void tlbi_all(ARMCPU *c, const ARMSysReg *r, uint32_t enc, uint64_t value)
{
    (void)r, (void)value;
    flush(c, enc, &(Flush){.asid = MMU_ALL_ASIDS});
}

static void tlbi_asid(ARMCPU *c, const ARMSysReg *r, uint32_t enc, uint64_t value)
{
    (void)r;
    flush(c, enc, &(Flush){.asid = asid_of(c, value), .by_asid = true});
}

// VA<55:12> in bits 43..0. op2 bit 1: all ASIDs (VAAE1, VAALE1); bit 2 (last level) makes no
// difference here.
static void tlbi_va(ARMCPU *c, const ARMSysReg *r, uint32_t enc, uint64_t value)
{
    (void)r;
    uint64_t va = (uint64_t)sextract64(value, 0, 44) << 12;
    uint32_t asid = SR_OP2(enc) & 2 ? MMU_ALL_ASIDS : asid_of(c, value);
    flush(c, enc, &(Flush){.va = va, .len = 4096, .asid = asid});
}

// ASID, TG, SCALE, NUM, TTL, BaseADDR: (NUM + 1) * 2^(5 * SCALE + 1) granules from BaseADDR.
static void tlbi_range(ARMCPU *c, const ARMSysReg *r, uint32_t enc, uint64_t value)
{
    (void)r;
    unsigned tg = value >> 46 & 3;
    if (!tg) {
        log_printf(LOG_GUEST_ERRORS, "TLBI by range with a reserved granule\n");
        return;
    }
    unsigned granule = 10 + 2 * tg;
    uint64_t pages = ((value >> 39 & 31) + 1) << (5 * (value >> 44 & 3) + 1);
    uint64_t va = (uint64_t)sextract64(value, 0, 37) << granule;
    uint32_t asid = SR_OP2(enc) & 2 ? MMU_ALL_ASIDS : asid_of(c, value);
    flush(c, enc, &(Flush){.va = va, .len = pages << granule, .asid = asid});
}

#define TLBI(crm, op2, nm, feat, fn)                                                               \
    {                                                                                              \
        .enc = SR(1, 0, 8, crm, op2), .name = nm, .access = SR_W1, .flags = SR_ENDS,               \
        .feature = feat, .write = fn                                                               \
    }
#define TLBI_SET(crm, suffix, feat)                                                                \
    TLBI(crm, 0, "TLBI VMALLE1" suffix, feat, tlbi_all),                                           \
        TLBI(crm, 1, "TLBI VAE1" suffix, feat, tlbi_va),                                           \
        TLBI(crm, 2, "TLBI ASIDE1" suffix, feat, tlbi_asid),                                       \
        TLBI(crm, 3, "TLBI VAAE1" suffix, feat, tlbi_va),                                          \
        TLBI(crm, 5, "TLBI VALE1" suffix, feat, tlbi_va),                                          \
        TLBI(crm, 7, "TLBI VAALE1" suffix, feat, tlbi_va)
#define TLBI_RANGE_SET(crm, suffix)                                                                \
    TLBI(crm, 1, "TLBI RVAE1" suffix, ARM_FEAT_TLBIRANGE, tlbi_range),                             \
        TLBI(crm, 3, "TLBI RVAAE1" suffix, ARM_FEAT_TLBIRANGE, tlbi_range),                        \
        TLBI(crm, 5, "TLBI RVALE1" suffix, ARM_FEAT_TLBIRANGE, tlbi_range),                        \
        TLBI(crm, 7, "TLBI RVAALE1" suffix, ARM_FEAT_TLBIRANGE, tlbi_range)

static const ARMSysReg rows[] = {
    TLBI_SET(7, "", 0),    TLBI_SET(3, "IS", 0),    TLBI_SET(1, "OS", ARM_FEAT_TLBIOS),
    TLBI_RANGE_SET(6, ""), TLBI_RANGE_SET(2, "IS"), TLBI_RANGE_SET(5, "OS"),
};
const ARMSysRegTable arm_sysregs_tlbi = {rows, ARRAY_LEN(rows)};
