// Watchpoints of the self-hosted debug registers (DDI 0487 D2.10): DBGWVR<n>_EL1, DBGWCR<n>_EL1.
//
// While any is enabled the MMU gives its pages no fast tags, so that each access to them comes here
// before it is made. Nothing else slows down.
#include "target-arm/system.h"

// DBGWCR: E 0, PAC 2..1, LSC 4..3, BAS 12..5, LBN 19..16, WT 20, MASK 28..24.
#define WCR_E    BIT(0)
#define WCR_LOAD BIT(3)
#define WCR_WT   BIT(20)

// Address bits that count: DBGWVR holds 48..2.
#define ADDRESS_BITS 49

typedef struct Range {
    uint64_t first; // of at most ADDRESS_BITS
    uint64_t len;
    uint8_t bytes; // if len is 8: those that are watched
} Range;

static Range watch_range(const ARMDebug *d, unsigned i)
{
    uint64_t at = d->wvr[i] & mask64(ADDRESS_BITS) & ~UINT64_C(3);
    unsigned mask = d->wcr[i] >> 24 & 31, bas = d->wcr[i] >> 5 & 0xff;
    if (mask >= 3) { // 1 and 2 are reserved: taken as 0
        return (Range){at & ~mask64(mask), UINT64_C(1) << mask, 0xff};
    }
    // A word's address leaves four bits of BAS.
    return (Range){at & ~UINT64_C(7), 8, (uint8_t)(at & 4 ? bas << 4 : bas)};
}

static bool range_overlaps(const Range *r, uint64_t va, uint64_t len)
{
    va &= mask64(ADDRESS_BITS);
    return va < r->first + r->len && r->first < va + len;
}

// The first watched byte of an access, or its end.
static unsigned first_hit(const Range *r, uint64_t va, unsigned size)
{
    unsigned i = 0;
    while (i < size &&
           (!range_overlaps(r, va + i, 1) || (r->len == 8 && !(r->bytes >> ((va + i) & 7) & 1)))) {
        i++;
    }
    return i;
}

static bool applies(const ARMCPU *c, unsigned i, unsigned el, MmuAccess access)
{
    uint64_t wcr = c->sys->debug.wcr[i];
    uint64_t kind = access == MMU_WRITE ? WCR_LOAD << 1 : WCR_LOAD;
    return (wcr & WCR_E) && (wcr & kind) && arm_debug_level_matches(el, wcr) &&
           (!(wcr & WCR_WT) || arm_debug_context_matches(c, wcr >> 16 & 15));
}

bool arm_page_watched(VCPU *v, uint64_t page_va)
{
    const ARMDebug *d = &arm_cpu(v)->sys->debug;
    for (unsigned i = 0; i < ARM_MAX_WATCHPOINTS; i++) {
        Range r = watch_range(d, i);
        if ((d->wcr[i] & WCR_E) && range_overlaps(&r, page_va, 4096)) {
            return true;
        }
    }
    return false;
}

void arm_check_watch(VCPU *v, uint64_t va, unsigned size, MmuAccess access, unsigned regime)
{
    ARMCPU *c = arm_cpu(v);
    const ARMDebug *d = &c->sys->debug;
    if (!(d->mdscr & MDSCR_MDE) || !arm_debug_enabled(c, arm_el(c), c->pstate & PSTATE_D)) {
        return;
    }
    unsigned el = arm_walk_mode(c, regime).el0 ? 0 : 1;
    for (unsigned i = 0; i < ARM_MAX_WATCHPOINTS; i++) {
        Range r = watch_range(d, i);
        if (!applies(c, i, el, access)) {
            continue;
        }
        unsigned hit = first_hit(&r, va, size);
        if (hit < size) {
            uint32_t iss = FSC_DEBUG | (access == MMU_WRITE ? ISS_WNR : 0);
            arm_raise_far(c, ESR_EC(EC_WATCHPOINT) | iss, va + hit);
        }
    }
}

void arm_watchpoints_update(ARMCPU *c)
{
    bool before = c->vcpu.watch_armed, now = false;
    for (unsigned i = 0; i < ARM_MAX_WATCHPOINTS; i++) {
        now |= c->sys->debug.wcr[i] & WCR_E;
    }
    c->vcpu.watch_armed = now;
    if ((before || now) && c->vcpu.engine) {
        mmu_flush_all(&c->vcpu);
    }
}
