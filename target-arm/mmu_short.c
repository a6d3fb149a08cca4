// AArch32's translation with short descriptors (DDI 0487 G5.4): TTBCR.EAE = 0.
//
//   va --TTBCR.N--> TTBR0 or TTBR1
//     first level, 1 MiB an entry:  section, supersection (16 MiB), or a table of
//     second level, 4 KiB an entry: small page, large page (64 KiB)
//     domain: DACR says no access, as the descriptor says, or anything
//     AP, XN, PXN; TEX, C, B -> attributes, with SCTLR.TRE by PRRR and NMRR
#include "target-arm/system.h"

#include <stdio.h>
#include <string.h>

#define TTBCR_PD0 BIT(4)
#define TTBCR_PD1 BIT(5)

// A leaf, of whichever kind, in one form.
typedef struct Leaf {
    uint64_t base;
    unsigned bits; // log2 of the size
    uint8_t level, domain;
    uint8_t ap; // AP[2:0]
    uint8_t tex, cb;
    bool xn, pxn, ng, shared;
} Leaf;

typedef struct Fault {
    uint32_t fsc;
    uint8_t domain;
} Fault;

static bool fail(Fault *f, uint32_t fsc, unsigned domain)
{
    *f = (Fault){fsc, (uint8_t)domain};
    return false;
}

// --- descriptors

static Leaf section(uint32_t d)
{
    bool super = d >> 18 & 1;
    Leaf l = {.level = 1,
              .ap = (uint8_t)((d >> 10 & 3) | (d >> 15 & 1) << 2),
              .tex = d >> 12 & 7,
              .cb = d >> 2 & 3,
              .xn = d >> 4 & 1,
              .pxn = d & 1,
              .ng = d >> 17 & 1,
              .shared = d >> 16 & 1};
    if (super) { // domain 0; PA[35:32] and PA[39:36] where others have something else
        l.base = (d & 0xff000000) | (uint64_t)(d >> 20 & 15) << 32 | (uint64_t)(d >> 5 & 15) << 36;
        l.bits = 24;
    } else {
        l.base = d & 0xfff00000;
        l.bits = 20;
        l.domain = d >> 5 & 15;
    }
    return l;
}

static Leaf page(uint32_t first, uint32_t d)
{
    bool small = d & 2;
    return (Leaf){.base = d & (small ? 0xfffff000 : 0xffff0000),
                  .bits = small ? 12 : 16,
                  .level = 2,
                  .domain = first >> 5 & 15,
                  .ap = (uint8_t)((d >> 4 & 3) | (d >> 9 & 1) << 2),
                  .tex = small ? d >> 6 & 7 : d >> 12 & 7,
                  .cb = d >> 2 & 3,
                  .xn = small ? d & 1 : d >> 15 & 1,
                  .pxn = first >> 2 & 1,
                  .ng = d >> 11 & 1,
                  .shared = d >> 10 & 1};
}

// --- the walk

// Address of the first descriptor; false: walks with this base are switched off.
static bool first_descriptor(const ARMCPU *c, uint32_t va, uint64_t *at)
{
    const ARMSystem *s = c->sys;
    unsigned n = s->tcr_el[1] & 7;
    bool upper = n && va >> (32 - n);
    if (s->tcr_el[1] & (upper ? TTBCR_PD1 : TTBCR_PD0)) {
        return false;
    }
    unsigned table_bits = upper ? 14 : 14 - n;
    uint64_t ttbr = (uint32_t)(upper ? s->ttbr1_el[1] : s->ttbr0_el[1]) & ~mask64(table_bits);
    *at = ttbr | (extract64(va, 20, table_bits - 2) << 2);
    return true;
}

static bool find_leaf(ARMCPU *c, uint32_t va, Leaf *l, Fault *f)
{
    uint64_t at, d, second;
    if (!first_descriptor(c, va, &at)) {
        return fail(f, FSC_TRANSLATION | 1, 0);
    }
    if (!arm_read_table(c, at, &d, 4)) {
        return fail(f, FSC_EXTERNAL_WALK | 1, 0);
    }
    switch (d & 3) {
    case 0:
        return fail(f, FSC_TRANSLATION | 1, 0);
    case 1:
        at = (d & 0xfffffc00) | (va >> 12 & 0xff) << 2;
        if (!arm_read_table(c, at, &second, 4)) {
            return fail(f, FSC_EXTERNAL_WALK | 2, d >> 5 & 15);
        }
        if (!(second & 3)) {
            return fail(f, FSC_TRANSLATION | 2, d >> 5 & 15);
        }
        *l = page((uint32_t)d, (uint32_t)second);
        return true;
    default:
        *l = section((uint32_t)d);
        return true;
    }
}

// --- permissions

// AP[2:0], or AP[2:1] with the access flag in AP[0] (SCTLR.AFE), as rights of PL1 and PL0.
enum { R1 = 1, W1 = 2, R0 = 4, W0 = 8 };

static unsigned rights(const ARMCPU *c, unsigned ap)
{
    static const uint8_t full[8] = {0, R1 | W1, R1 | W1 | R0, R1 | W1 | R0 | W0,
                                    0, R1,      R1 | R0,      R1 | R0};
    static const uint8_t simple[4] = {R1 | W1, R1 | W1 | R0 | W0, R1, R1 | R0};
    return c->sys->sctlr_el[1] & SCTLR_AFE ? simple[ap >> 1] : full[ap];
}

static void permissions(const ARMCPU *c, const Leaf *l, ARMWalkMode mode, ARMWalk *out)
{
    uint64_t sctlr = c->sys->sctlr_el[1];
    unsigned r = rights(c, l->ap);
    bool xn = l->xn;
    out->r = r & (mode.el0 ? R0 : R1);
    out->w = r & (mode.el0 ? W0 : W1);
    xn |= (sctlr & SCTLR_WXN) && out->w;
    if (!mode.el0) {
        xn |= l->pxn || ((sctlr & SCTLR_UWXN) && (r & W0));
    }
    out->x = out->r && !xn;
    if (mode.pan && (r & R0)) {
        out->r = out->w = false;
    }
}

static bool allowed(const ARMWalk *p, MmuAccess a)
{
    return a == MMU_READ ? p->r : a == MMU_WRITE ? p->w : p->x;
}

enum { DOMAIN_NONE = 0, DOMAIN_CLIENT = 1, DOMAIN_MANAGER = 3 };

static unsigned domain_access(const ARMCPU *c, unsigned domain)
{
    return c->sys->a32.dacr >> 2 * domain & 3;
}

// Access flag, domain, permissions, in the order of their faults.
static bool check(const ARMCPU *c, const Leaf *l, MmuAccess access, ARMWalkMode mode, ARMWalk *out,
                  Fault *f)
{
    unsigned domain = domain_access(c, l->domain);
    if ((c->sys->sctlr_el[1] & SCTLR_AFE) && !(l->ap & 1)) {
        return fail(f, FSC_ACCESS_FLAG | l->level, l->domain);
    }
    if (domain == DOMAIN_MANAGER) {
        out->r = out->w = out->x = true;
        return true;
    }
    if (domain != DOMAIN_CLIENT && !mode.debug && !mode.upkeep) {
        return fail(f, FSC_DOMAIN | l->level, l->domain);
    }
    permissions(c, l, mode, out);
    return allowed(out, access) || mode.debug || fail(f, FSC_PERMISSION | l->level, l->domain);
}

// --- attributes, as MAIR has them

// Non-cacheable; write-back with, write-through without, write-back without allocation of writes.
static const uint8_t cached[4] = {0x4, 0xf, 0xa, 0xe};

static uint8_t remapped(const ARMCPU *c, const Leaf *l)
{
    uint64_t mair = c->sys->mair_el[1]; // PRRR, NMRR
    unsigned n = (l->tex & 1) << 2 | l->cb;
    switch (mair >> 2 * n & 3) {
    case 0:
        return 0x00;
    case 1:
        return 0x04;
    default:
        return (uint8_t)(cached[mair >> (32 + 16 + 2 * n) & 3] << 4 |
                         cached[mair >> (32 + 2 * n) & 3]);
    }
}

static uint8_t attributes(const ARMCPU *c, const Leaf *l)
{
    if (c->sys->sctlr_el[1] & SCTLR_TRE) {
        return remapped(c, l);
    }
    if (l->tex & 4) {
        return (uint8_t)(cached[l->tex & 3] << 4 | cached[l->cb]);
    }
    static const uint8_t plain[8] = {0x00, 0x04, 0xaa, 0xee, 0x44, 0x44, 0x44, 0xff};
    return l->tex < 2 ? plain[l->tex << 2 | l->cb] : 0x04;
}

// --- what mmu.c calls

bool arm_walk_short(ARMCPU *c, uint64_t va, MmuAccess access, ARMWalkMode mode, ARMWalk *out,
                    uint32_t *fsc)
{
    Leaf l;
    Fault f = {0, 0};
    bool ok = find_leaf(c, (uint32_t)va, &l, &f) && check(c, &l, access, mode, out, &f);
    if (!ok) {
        *fsc = f.fsc;
        out->domain = f.domain;
        return false;
    }
    out->phys = l.base | (va & mask64(l.bits));
    out->page_bits = l.bits;
    out->global = !l.ng;
    out->attr = attributes(c, &l);
    out->sh = l.shared ? 3 : 0;
    out->domain = l.domain;
    return true;
}

static void print_leaf(ARMCPU *c, const Leaf *l, TargetMapping *p)
{
    unsigned attr = attributes(c, l);
    memcpy(p->access, "---/---", 8);
    for (unsigned el0 = 0; el0 < 2; el0++) {
        ARMWalk w = {.r = false};
        permissions(c, l, (ARMWalkMode){.el0 = el0, .debug = true}, &w);
        char *out = p->access + 4 * el0;
        out[0] = w.r ? 'r' : '-';
        out[1] = w.w ? 'w' : '-';
        out[2] = w.x ? 'x' : '-';
    }
    snprintf(p->flags, sizeof(p->flags), "%s %s dom%u sh%u attr %02x %s", p->access,
             l->ng ? "ng" : "--", (unsigned)l->domain, l->shared ? 3 : 0, attr,
             attr & 0xf0 ? "normal" : "device");
}

bool arm_mapping_short(ARMCPU *c, uint64_t va, TargetMapping *p)
{
    Leaf l;
    Fault f;
    if (!find_leaf(c, (uint32_t)va, &l, &f)) {
        p->next = (va | mask64((f.fsc & 3) == 2 ? 12 : 20)) + 1;
        return false;
    }
    p->va = va & ~mask64(l.bits);
    p->size = BIT(l.bits);
    p->next = p->va + p->size;
    p->phys = l.base;
    print_leaf(c, &l, p);
    return true;
}
