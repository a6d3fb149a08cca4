// Segment descriptors: reading them from GDT and LDT, what they say (SDM vol. 3, 3.4.5, 5.8.3).
#include "target-x86/system.h"

#include "target-x86/insn/system.h"

#include "util/log.h"

uint64_t x86_desc_base(const X86Desc *d)
{
    return (d->lo >> 16) | (d->hi & 0xff) << 16 | (d->hi & 0xff000000);
}

uint32_t x86_desc_limit(const X86Desc *d)
{
    uint32_t limit = (d->lo & 0xffff) | (d->hi & 0xf0000);
    return d->hi & X86_DESC_G ? limit << 12 | 0xfff : limit;
}

static bool place(const X86CPU *c, uint16_t selector, unsigned bytes, uint64_t *linear)
{
    const X86System *s = c->sys;
    bool local = selector & 4;
    uint64_t base = local ? s->ldt.base : s->gdt.base;
    uint32_t limit = local ? s->ldt.limit : s->gdt.limit, off = selector & ~7u;
    if ((local && !(s->ldt.attr & X86_DESC_P)) || off + bytes - 1 > limit) {
        return false;
    }
    *linear = x86_lin(c, base + off);
    return true;
}

bool x86_desc_read(X86CPU *c, uint16_t selector, X86Desc *d)
{
    if (!place(c, selector, 8, &d->linear)) {
        return false;
    }
    uint64_t raw = x86_mem_load(c, d->linear, 8, X86_AS_SYSTEM);
    d->lo = (uint32_t)raw;
    d->hi = (uint32_t)(raw >> 32);
    return true;
}

bool x86_desc_read_upper(X86CPU *c, uint16_t selector, X86Desc *d)
{
    uint64_t linear;
    if (!place(c, selector, 16, &linear)) {
        return false;
    }
    uint64_t raw = x86_mem_load(c, x86_lin(c, linear + 8), 8, X86_AS_SYSTEM);
    d->lo = (uint32_t)raw;
    d->hi = (uint32_t)(raw >> 32);
    return true;
}

void x86_desc_set_accessed(X86CPU *c, X86Desc *d)
{
    if ((d->hi & X86_DESC_S) && !(d->hi & X86_DESC_A)) {
        d->hi |= X86_DESC_A;
        x86_mem_store(c, x86_lin(c, d->linear + 5), d->hi >> 8 & 0xff, 1, X86_AS_SYSTEM);
    }
}

X86Segment x86_segment_of(uint16_t selector, const X86Desc *d)
{
    return (X86Segment){.selector = selector,
                        .base = x86_desc_base(d),
                        .limit = x86_desc_limit(d),
                        .attr = x86_desc_attr(d)};
}

// Real and V86 mode: the base follows the selector. Real mode leaves limit and rights as they are
// ("unreal mode" relies on it); V86 mode has its own.
X86Segment x86_segment_real(uint16_t selector, bool v86, const X86Segment *old)
{
    X86Segment s = {.selector = selector, .base = (uint64_t)selector << 4};
    bool had = old->attr & X86_DESC_P;
    s.limit = v86 || !had ? 0xffff : old->limit; // it may still hold a null selector
    s.attr = v86 || !had ? X86_DESC_S | X86_DESC_P | X86_DESC_W | X86_DESC_A : old->attr;
    s.attr |= v86 ? X86_DESC_DPL : 0;
    return s;
}

// --- LAR, LSL, VERR, VERW

// Which system types LAR and LSL know; by mode.
#define T(n)           (1u << (n))
#define LAR_TYPES      (T(1) | T(2) | T(3) | T(4) | T(5) | T(9) | T(11) | T(12))
#define LSL_TYPES      (T(1) | T(2) | T(3) | T(9) | T(11))
#define LAR_TYPES_LONG (T(2) | T(9) | T(11) | T(12))
#define LSL_TYPES_LONG (T(2) | T(9) | T(11))

static bool visible(const X86CPU *c, uint16_t selector, const X86Desc *d)
{
    unsigned rpl = selector & 3, dpl = x86_desc_dpl(d);
    if (x86_desc_is_code(d) && x86_desc_conforming(d)) {
        return true;
    }
    return dpl >= c->cpl && dpl >= rpl;
}

static bool examine(X86CPU *c, uint64_t selector, X86Desc *d, uint32_t types, uint32_t types_long)
{
    uint16_t sel = (uint16_t)selector;
    if (x86_null(sel) || !x86_desc_read(c, sel, d)) {
        return false;
    }
    if (!(d->hi & X86_DESC_S)) {
        uint32_t known = x86_long_mode(c) ? types_long : types;
        if (!(known >> x86_desc_type(d) & 1)) {
            return false;
        }
    }
    return visible(c, sel, d);
}

static void set_zf(X86CPU *c, bool z)
{
    c->vcpu.flags = (uint16_t)(z ? c->vcpu.flags | IR_FLAG_Z : c->vcpu.flags & ~IR_FLAG_Z);
}

// The result, or old if the selector does not qualify; ZF tells.
static uint64_t lar(VCPU *v, uint64_t selector, uint64_t old)
{
    X86CPU *c = x86_cpu(v);
    X86Desc d;
    bool ok = examine(c, selector, &d, LAR_TYPES, LAR_TYPES_LONG);
    set_zf(c, ok);
    return ok ? d.hi & 0x00f0ff00 : old;
}

static uint64_t lsl(VCPU *v, uint64_t selector, uint64_t old)
{
    X86CPU *c = x86_cpu(v);
    X86Desc d;
    bool ok = examine(c, selector, &d, LSL_TYPES, LSL_TYPES_LONG);
    set_zf(c, ok);
    return ok ? x86_desc_limit(&d) : old;
}

static void verify(VCPU *v, uint64_t selector, uint64_t write)
{
    X86CPU *c = x86_cpu(v);
    X86Desc d;
    bool ok = examine(c, selector, &d, 0, 0);
    if (ok) {
        bool code = d.hi & X86_DESC_CODE, w = d.hi & X86_DESC_W;
        ok = write ? !code && w : !code || w;
    }
    set_zf(c, ok);
}

const IRHelper x86_h_lar = {"lar", lar, IR_I64, 2, IR_CALL_ALL};
const IRHelper x86_h_lsl = {"lsl", lsl, IR_I64, 2, IR_CALL_ALL};
const IRHelper x86_h_verify = {"verify", verify, IR_VOID, 2, IR_CALL_ALL};
