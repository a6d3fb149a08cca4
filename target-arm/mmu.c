// Translation of stage 1, EL1&0 (DDI 0487 D8).
//
//   va --bit 55--> TTBR0 or TTBR1, TnSZ, granule
//     level 0..3:  table descriptor -> next level (gathers APTable, UXNTable, PXNTable)
//                  block or page    -> output address, permissions, attributes
//     access flag, dirty state: set here if TCR_EL1.HA/HD ask for it
//   SCTLR_EL1.M = 0: va = pa
//
// The contiguous hint is ignored: each page is walked by itself.
#include "target-arm/system.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "hw/core/machine.h"
#include "util/log.h"

#define FLAT_PAGE_BITS 30

enum {
    DESC_VALID = 1,
    DESC_TABLE = 2, // a page, at level 3
};
#define DESC_AP1      BIT(6)
#define DESC_AP2      BIT(7)
#define DESC_AF       BIT(10)
#define DESC_NG       BIT(11)
#define DESC_DBM      BIT(51)
#define DESC_PXN      BIT(53)
#define DESC_UXN      BIT(54)
#define DESC_PXNTABLE BIT(59)
#define DESC_UXNTABLE BIT(60)
#define DESC_APTABLE0 BIT(61) // no EL0 access below
#define DESC_APTABLE1 BIT(62) // no write access below
#define DESC_ADDRESS  (mask64(48) & ~mask64(12))

// How one half of the address space is translated.
typedef struct Half {
    uint64_t ttbr;
    unsigned tsz;     // 64 - bits of input address
    unsigned granule; // log2 of a table's bytes
    bool disabled;    // EPDn
    bool tbi;
    bool hpd; // hierarchical permissions ignored
    bool e0pd;
    bool missing; // AArch32: between the two
} Half;

typedef struct Walker {
    ARMCPU *c;
    uint64_t va;
    MmuAccess access;
    ARMWalkMode mode;
    Half half;
    unsigned level;
    uint64_t desc_addr, desc;
    uint64_t table_attrs; // APTable, UXNTable, PXNTable of the levels above
    uint32_t fsc;
} Walker;

static bool fail(Walker *w, uint32_t fsc)
{
    w->fsc = fsc;
    return false;
}

// TG0 and TG1 encode the sizes differently; reserved values mean 4 KiB here, and so does a size
// that the model lacks.
static unsigned granule_of(const ARMCPU *c, unsigned tg, bool upper)
{
    static const uint8_t low[4] = {12, 16, 14, 12}, high[4] = {12, 14, 12, 16};
    unsigned g = upper ? high[tg] : low[tg];
    if ((g == 14 && !c->model->granule16) || (g == 16 && !c->model->granule64)) {
        return 12;
    }
    return g;
}

static bool tbi_of(uint64_t tcr, bool upper, bool instruction)
{
    bool tbi = tcr & (upper ? TCR_TBI1 : TCR_TBI0);
    bool data_only = tcr & (upper ? TCR_TBID1 : TCR_TBID0);
    return tbi && !(instruction && data_only);
}

uint64_t arm_untag(const ARMCPU *c, uint64_t va, bool instruction)
{
    bool upper = va >> 55 & 1;
    return tbi_of(c->sys->tcr_el[1], upper, instruction) ? (uint64_t)sextract64(va, 0, 56) : va;
}

// AArch32's long descriptors (G5.5.4): sizes of 32 bits and less; the halves need not meet, or one
// has all that the other leaves.
static bool a32_upper(const ARMCPU *c, uint64_t va)
{
    uint64_t tcr = c->sys->tcr_el[1];
    unsigned t0 = tcr & 7, t1 = tcr >> 16 & 7;
    if (t1) {
        return (uint32_t)va >> (32 - t1) == mask64(t1);
    }
    return t0 && (uint32_t)va >> (32 - t0) != 0;
}

static Half a32_half_of(const ARMCPU *c, uint64_t va)
{
    const ARMSystem *s = c->sys;
    uint64_t tcr = s->tcr_el[1];
    bool upper = a32_upper(c, va);
    unsigned t0 = tcr & 7;
    return (Half){
        .ttbr = upper ? s->ttbr1_el[1] : s->ttbr0_el[1],
        .tsz = 32 + (upper ? tcr >> 16 & 7 : t0),
        .granule = 12,
        .disabled = tcr & (upper ? TCR_EPD1 : TCR_EPD0),
        .missing = !upper && t0 && (uint32_t)va >> (32 - t0) != 0,
    };
}

static Half half_of(const ARMCPU *c, bool upper, bool instruction)
{
    const ARMSystem *s = c->sys;
    uint64_t tcr = s->tcr_el[1];
    unsigned tsz = upper ? tcr >> 16 & 63 : tcr & 63;
    return (Half){
        .ttbr = upper ? s->ttbr1_el[1] : s->ttbr0_el[1],
        .tsz = tsz < 16   ? 16
               : tsz > 39 ? 39
                          : tsz,
        .granule = granule_of(c, upper ? tcr >> 30 & 3 : tcr >> 14 & 3, upper),
        .disabled = tcr & (upper ? TCR_EPD1 : TCR_EPD0),
        .tbi = tbi_of(tcr, upper, instruction),
        .hpd = tcr & (upper ? TCR_HPD1 : TCR_HPD0),
        .e0pd = tcr & (upper ? TCR_E0PD1 : TCR_E0PD0),
    };
}

// Bits of an output address: TCR_EL1.IPS, but no more than the CPU has.
static unsigned output_bits(const ARMCPU *c)
{
    static const uint8_t bits[8] = {32, 36, 40, 42, 44, 48, 48, 48};
    if (arm_a32_el1(c)) {
        return 40;
    }
    return MIN_OF((unsigned)bits[c->sys->tcr_el[1] >> 32 & 7], c->sys->pa_bits);
}

static bool check_output(Walker *w, uint64_t pa, unsigned level)
{
    if ((pa & mask64(48)) >> output_bits(w->c)) {
        return fail(w, FSC_ADDRESS_SIZE | level);
    }
    return true;
}

// --- memory

static bool big_endian_tables(const ARMCPU *c)
{
    return arm_a32_el1(c) && (c->sys->sctlr_el[1] & SCTLR_EE);
}

bool arm_read_table(ARMCPU *c, uint64_t pa, uint64_t *desc, unsigned size)
{
    AddressSpace *as = c->vcpu.machine->memory;
    MemPage p = address_space_page(as, pa & ~mask64(12));
    const uint8_t *host = p.host + (pa & mask64(12));
    if (p.host && size == 8) {
        *desc = __atomic_load_n((const uint64_t *)(const void *)host, __ATOMIC_RELAXED);
    } else if (p.host) {
        *desc = __atomic_load_n((const uint32_t *)(const void *)host, __ATOMIC_RELAXED);
    } else if (mem_read_n(as, pa, desc, size) != MEM_OK) {
        return false;
    }
    if (big_endian_tables(c)) {
        *desc = size == 8 ? __builtin_bswap64(*desc) : __builtin_bswap32((uint32_t)*desc);
    }
    return true;
}

static bool read_descriptor(Walker *w)
{
    if (!arm_read_table(w->c, w->desc_addr, &w->desc, 8)) {
        return fail(w, FSC_EXTERNAL_WALK | w->level);
    }
    return true;
}

static bool write_descriptor(Walker *w, uint64_t desc)
{
    w->desc = desc;
    if (w->mode.debug) {
        return true;
    }
    if (mem_write_n(w->c->vcpu.machine->memory, w->desc_addr, desc, 8) != MEM_OK) {
        return fail(w, FSC_EXTERNAL_WALK | w->level);
    }
    return true;
}

// --- the walk

// The address must be a sign extension of its half's input size (less the tag, with TBI).
static bool address_in_range(const Walker *w)
{
    unsigned top = w->half.tbi ? 56 : 64;
    unsigned in = 64 - w->half.tsz;
    uint64_t rest = extract64(w->va, in, top - in);
    return rest == (w->va >> 55 & 1 ? mask64(top - in) : 0);
}

static bool is_leaf(const Walker *w, bool *bad)
{
    *bad = false;
    if (w->level == 3) {
        *bad = !(w->desc & DESC_TABLE);
        return true;
    }
    if (w->desc & DESC_TABLE) {
        return false;
    }
    *bad = !(w->level == 2 || (w->level == 1 && w->half.granule == 12));
    return true;
}

// Finds the leaf descriptor.
static bool walk_tables(Walker *w)
{
    unsigned g = w->half.granule, stride = g - 3, in = 64 - w->half.tsz;
    w->level = 4 - (in - g + stride - 1) / stride;
    unsigned shift = g + stride * (3 - w->level);
    uint64_t table = w->half.ttbr & mask64(48) & ~UINT64_C(1);
    if (!check_output(w, table, 0)) {
        return false;
    }
    table &= ~mask64(MAX_OF(in - shift + 3, 6u)); // the first table may be short
    uint64_t index = extract64(w->va, shift, in - shift);
    for (;;) {
        w->desc_addr = table + index * 8;
        bool bad;
        if (!read_descriptor(w)) {
            return false;
        }
        if (!(w->desc & DESC_VALID)) {
            return fail(w, FSC_TRANSLATION | w->level);
        }
        if (is_leaf(w, &bad)) {
            return bad ? fail(w, FSC_TRANSLATION | w->level) : true;
        }
        w->table_attrs |= w->desc;
        table = w->desc & DESC_ADDRESS & ~mask64(g);
        if (!check_output(w, table, w->level)) {
            return false;
        }
        w->level++;
        shift -= stride;
        index = extract64(w->va, shift, stride);
    }
}

// --- permissions

static uint64_t effective_attrs(const Walker *w)
{
    uint64_t d = w->desc, t = w->half.hpd ? 0 : w->table_attrs;
    d = t & DESC_APTABLE1 ? d | DESC_AP2 : d;
    d = t & DESC_APTABLE0 ? d & ~DESC_AP1 : d;
    d |= t & DESC_UXNTABLE ? DESC_UXN : 0;
    d |= t & DESC_PXNTABLE ? DESC_PXN : 0;
    return d;
}

// AArch32 (G5.7.2): what cannot be read cannot be executed; PL1 may execute what PL0 can write,
// unless SCTLR.UWXN says otherwise.
static void execute_a32(const Walker *w, uint64_t attrs, bool el0_w, ARMWalk *out)
{
    uint64_t sctlr = w->c->sys->sctlr_el[1];
    bool xn = (attrs & DESC_UXN) || ((sctlr & SCTLR_WXN) && out->w);
    if (!w->mode.el0) {
        xn |= (attrs & DESC_PXN) || ((sctlr & SCTLR_UWXN) && el0_w);
    }
    out->x = out->r && !xn;
}

static void permissions(const Walker *w, uint64_t attrs, ARMWalk *out)
{
    bool el0_r = attrs & DESC_AP1, el0_w = el0_r && !(attrs & DESC_AP2);
    bool wxn = w->c->sys->sctlr_el[1] & SCTLR_WXN;
    if (w->mode.el0) {
        out->r = el0_r;
        out->w = el0_w;
        out->x = !(attrs & DESC_UXN) && !(wxn && el0_w);
    } else {
        bool writable = !(attrs & DESC_AP2);
        out->x = !(attrs & DESC_PXN) && !el0_w && !(wxn && writable);
        out->r = !(w->mode.pan && el0_r);
        out->w = writable && out->r;
    }
    if (arm_a32_el1(w->c)) {
        execute_a32(w, attrs, el0_w, out);
    }
}

static bool allowed(const ARMWalk *p, MmuAccess a)
{
    return a == MMU_READ ? p->r : a == MMU_WRITE ? p->w : p->x;
}

static bool hardware_update(const Walker *w, uint64_t tcr_bit)
{
    return arm_has(w->c, ARM_FEAT_HAFDBS) && (w->c->sys->tcr_el[1] & tcr_bit);
}

// Access flag, permissions, dirty state, in the order of their faults.
static bool check_leaf(Walker *w, ARMWalk *out)
{
    bool set_af = !(w->desc & DESC_AF) && hardware_update(w, TCR_HA);
    if (!(w->desc & DESC_AF) && !set_af) {
        return fail(w, FSC_ACCESS_FLAG | w->level);
    }
    uint64_t attrs = w->desc;
    bool managed = (attrs & DESC_DBM) && hardware_update(w, TCR_HA) && hardware_update(w, TCR_HD);
    bool clean = managed && (attrs & DESC_AP2);
    Walker effective = *w;
    effective.desc = managed ? attrs & ~DESC_AP2 : attrs;
    permissions(w, effective_attrs(&effective), out);
    if (!allowed(out, w->access) && !w->mode.debug) {
        // The access flag of a page that may not be accessed is not set.
        return fail(w, FSC_PERMISSION | w->level);
    }
    bool set_dirty = clean && w->access == MMU_WRITE;
    if (set_af || set_dirty) {
        uint64_t d = w->desc | DESC_AF;
        if (!write_descriptor(w, set_dirty ? d & ~DESC_AP2 : d)) {
            return false;
        }
    }
    out->w = out->w && !(clean && !set_dirty);
    return true;
}

static bool walk_half(Walker *w, ARMWalk *out)
{
    bool a32 = arm_a32_el1(w->c);
    w->half =
        a32 ? a32_half_of(w->c, w->va) : half_of(w->c, w->va >> 55 & 1, w->access == MMU_FETCH);
    bool e0pd = w->half.e0pd && w->mode.el0 && arm_has(w->c, ARM_FEAT_E0PD);
    if (w->half.missing || w->half.disabled || e0pd || (!a32 && !address_in_range(w))) {
        return fail(w, FSC_TRANSLATION | (a32 ? 1 : 0)); // AArch32 has no level 0
    }
    if (!walk_tables(w)) {
        return false;
    }
    unsigned bits = w->half.granule + (w->half.granule - 3) * (3 - w->level);
    uint64_t base = w->desc & DESC_ADDRESS & ~mask64(bits);
    if (!check_output(w, base, w->level) || !check_leaf(w, out)) {
        return false;
    }
    out->phys = base | (w->va & mask64(bits));
    out->page_bits = bits;
    out->global = !(w->desc & DESC_NG);
    out->attr = (uint8_t)(w->c->sys->mair_el[1] >> ((w->desc >> 2 & 7) * 8));
    out->sh = w->desc >> 8 & 3;
    return true;
}

// MMU off (D8.2.10). Data is Device-nGnRnE; with SCTLR_EL1.C set it is treated as normal memory.
static bool walk_flat(Walker *w, ARMWalk *out)
{
    uint64_t pa = arm_untag(w->c, w->va, w->access == MMU_FETCH);
    if (pa >> w->c->sys->pa_bits) {
        return fail(w, FSC_ADDRESS_SIZE);
    }
    bool normal = w->access == MMU_FETCH || (w->c->sys->sctlr_el[1] & SCTLR_C);
    *out = (ARMWalk){.phys = pa,
                     .page_bits = FLAT_PAGE_BITS,
                     .r = true,
                     .w = true,
                     .x = true,
                     .global = true,
                     .attr = normal ? 0xff : 0x00,
                     .sh = 2};
    return true;
}

bool arm_walk(ARMCPU *c, uint64_t va, MmuAccess access, ARMWalkMode mode, ARMWalk *out,
              uint32_t *fsc)
{
    if (arm_a32_el1(c)) {
        va = (uint32_t)va;
        uint64_t eae = c->sys->tcr_el[1] & TTBCR_EAE;
        if ((c->sys->sctlr_el[1] & SCTLR_M) && !eae) {
            return arm_walk_short(c, va, access, mode, out, fsc);
        }
    }
    Walker w = {.c = c, .va = va, .access = access, .mode = mode};
    out->domain = 0;
    bool ok = c->sys->sctlr_el[1] & SCTLR_M ? walk_half(&w, out) : walk_flat(&w, out);
    if (!ok) {
        *fsc = w.fsc;
    }
    return ok;
}

// --- TargetOps

static bool is_device(uint8_t attr)
{
    return (attr & 0xf0) == 0;
}

bool arm_mmu_walk(VCPU *v, uint64_t va, MmuAccess access, unsigned regime, MmuPage *page,
                  MmuFault *fault)
{
    ARMCPU *c = arm_cpu(v);
    ARMWalk w;
    uint32_t fsc;
    if (!arm_walk(c, va, access, arm_walk_mode(c, regime), &w, &fsc)) {
        // A misaligned pc goes first. Where the page can be fetched, the translator sees to it.
        fsc = access == MMU_FETCH && (va & 3) && !arm_is_a32(c) ? FSC_PC_ALIGN : fsc;
        *fault = (MmuFault){.va = va, .access = access, .code = fsc, .extra = w.domain};
        if (log_enabled(LOG_MMU)) {
            log_printf(LOG_MMU, "cpu%u walk va 0x%" PRIx64 " access %d: fault status 0x%x\n",
                       v->index, va, (int)access, fsc);
        }
        return false;
    }
    c->sys->tagged_access |= (uint64_t)sextract64(va, 0, 56) != va;
    *page = (MmuPage){.phys = w.phys & ~mask64(12),
                      .page_bits = w.page_bits,
                      .r = w.r,
                      .w = w.w,
                      .x = w.x,
                      .global = w.global,
                      .device = is_device(w.attr) && !arm_a32_all_device(c)};
    return true;
}

uint64_t arm_virt_to_phys_debug(VCPU *v, uint64_t va)
{
    ARMCPU *c = arm_cpu(v);
    ARMWalkMode mode = arm_walk_mode(c, 0);
    mode.debug = true;
    ARMWalk w;
    uint32_t fsc;
    return arm_walk(c, va, MMU_READ, mode, &w, &fsc) ? w.phys : UINT64_MAX;
}

// --- for the monitor

bool arm_translation_on(VCPU *v)
{
    return arm_cpu(v)->sys->sctlr_el[1] & SCTLR_M;
}

static void print_rights(Walker *w, bool el0, char *out)
{
    ARMWalk a = {0};
    w->mode = (ARMWalkMode){.el0 = el0, .debug = true};
    permissions(w, effective_attrs(w), &a);
    out[0] = a.r ? 'r' : '-';
    out[1] = a.w ? 'w' : '-';
    out[2] = a.x ? 'x' : '-';
}

// access: EL1's rights, EL0's. flags: not global, accessed, dirty modifier, memory attributes.
static void print_mapping(Walker *w, TargetMapping *p)
{
    unsigned attr = (unsigned)(w->c->sys->mair_el[1] >> ((w->desc >> 2 & 7) * 8) & 0xff);
    memcpy(p->access, "---/---", 8);
    print_rights(w, false, p->access);
    print_rights(w, true, p->access + 4);
    snprintf(p->flags, sizeof(p->flags), "%s %s %s sh%u attr %02x %s", p->access,
             w->desc & DESC_NG ? "ng" : "--", w->desc & DESC_AF ? "af" : "--",
             (unsigned)(w->desc >> 8 & 3), attr, is_device((uint8_t)attr) ? "device" : "normal");
}

// AArch32's long descriptors.
static bool a32_mapping(ARMCPU *c, uint64_t va, TargetMapping *p)
{
    Walker w = {.c = c, .va = va, .mode = {.debug = true}, .half = a32_half_of(c, va)};
    if (w.half.disabled || w.half.missing) {
        p->next = (va | mask64(25)) + 1; // halves begin at multiples of 2^25
        return false;
    }
    bool ok = walk_tables(&w);
    unsigned bits = 12 + 9 * (3 - w.level);
    p->va = va & ~mask64(bits);
    p->size = BIT(bits);
    p->next = p->va + p->size;
    if (ok) {
        p->phys = w.desc & DESC_ADDRESS & ~mask64(bits);
        print_mapping(&w, p);
    }
    return ok;
}

bool arm_mapping(VCPU *v, uint64_t va, TargetMapping *p)
{
    ARMCPU *c = arm_cpu(v);
    if (arm_a32_el1(c)) {
        bool eae = c->sys->tcr_el[1] & TTBCR_EAE;
        bool ok = eae ? a32_mapping(c, va, p) : arm_mapping_short(c, va, p);
        p->next = p->next >> 32 ? 0 : p->next;
        return ok;
    }
    bool upper = va >> 55 & 1;
    Walker w = {.c = c, .va = va, .mode = {.debug = true}, .half = half_of(c, upper, false)};
    uint64_t begin = upper ? -BIT(64 - w.half.tsz) : 0;
    uint64_t end = upper ? 0 : -BIT(64 - half_of(c, true, false).tsz);
    w.half.tbi = false;
    if (upper && va < begin) {
        p->next = begin;
        return false;
    }
    if (w.half.disabled || !address_in_range(&w)) {
        p->next = end;
        return false;
    }
    bool ok = walk_tables(&w);
    unsigned bits = w.half.granule + (w.half.granule - 3) * (3 - w.level);
    p->va = va & ~mask64(bits);
    p->size = BIT(bits);
    p->next = p->va + p->size;
    if (ok) {
        p->phys = w.desc & DESC_ADDRESS & ~mask64(bits);
        print_mapping(&w, p);
    }
    return ok;
}
