// Loading segment registers (SDM vol. 2, MOV; vol. 3, 5.7) and the system ones: LLDT, LTR.
#include "target-x86/system.h"

#include "target-x86/insn/system.h"

static NORETURN void refuse(X86CPU *c, unsigned vector, uint16_t selector)
{
    x86_exception(c, vector, selector & ~3u);
}

static void load_ss(X86CPU *c, uint16_t selector)
{
    X86Desc d;
    unsigned rpl = selector & 3;
    if (x86_null(selector)) {
        // 64-bit mode does without a stack segment, except at CPL 3.
        if (!x86_code64(c) || c->cpl == 3 || rpl != c->cpl) {
            refuse(c, X86_GP, 0);
        }
        c->seg[X86_SS] =
            (X86Segment){.selector = selector, .attr = (uint32_t)c->cpl << X86_DESC_DPL_SHIFT};
        return;
    }
    if (!x86_desc_read(c, selector, &d) || rpl != c->cpl || !x86_desc_is_data(&d) ||
        !(d.hi & X86_DESC_W) || x86_desc_dpl(&d) != c->cpl) {
        refuse(c, X86_GP, selector);
    }
    if (!(d.hi & X86_DESC_P)) {
        refuse(c, X86_SS_FAULT, selector);
    }
    x86_desc_set_accessed(c, &d);
    c->seg[X86_SS] = x86_segment_of(selector, &d);
}

static void load_data(X86CPU *c, unsigned seg, uint16_t selector)
{
    X86Desc d;
    if (x86_null(selector)) {
        c->seg[seg] = (X86Segment){.selector = selector};
        return;
    }
    if (!x86_desc_read(c, selector, &d) || !(d.hi & X86_DESC_S)) {
        refuse(c, X86_GP, selector);
    }
    bool code = x86_desc_is_code(&d), conforming = code && x86_desc_conforming(&d);
    unsigned rpl = selector & 3, dpl = x86_desc_dpl(&d);
    if ((code && !(d.hi & X86_DESC_W)) || (!conforming && (rpl > dpl || c->cpl > dpl))) {
        refuse(c, X86_GP, selector);
    }
    if (!(d.hi & X86_DESC_P)) {
        refuse(c, X86_NP, selector);
    }
    x86_desc_set_accessed(c, &d);
    c->seg[seg] = x86_segment_of(selector, &d);
}

// Programs and kernels mostly load what is there: then nothing follows from it.
static bool same_segment(const X86Segment *a, const X86Segment *b)
{
    return a->base == b->base && a->limit == b->limit && a->attr == b->attr;
}

void x86_load_segment(X86CPU *c, unsigned seg, uint16_t selector)
{
    X86Segment old = c->seg[seg];
    if (!x86_protected(c)) {
        c->seg[seg] = x86_segment_real(selector, x86_v86(c), &c->seg[seg]);
    } else if (seg == X86_SS) {
        load_ss(c, selector);
    } else {
        load_data(c, seg, selector);
    }
    // In 64-bit mode the flags do not depend on data segments.
    if (!x86_code64(c) && !same_segment(&old, &c->seg[seg])) {
        x86_segments_loaded(c, 1u << seg);
    }
}

static uint64_t load_seg(VCPU *v, uint64_t seg, uint64_t selector)
{
    uint64_t before = x86_block_flags(v);
    x86_load_segment(x86_cpu(v), (unsigned)seg, (uint16_t)selector);
    return before != x86_block_flags(v);
}

const IRHelper x86_h_load_seg = {"load_seg", load_seg, IR_I32, 2, IR_CALL_ALL};

// An outer level keeps only segments that it could have loaded itself (SDM vol. 2, RET).
void x86_drop_inner_segments(X86CPU *c)
{
    static const uint8_t data[] = {X86_ES, X86_DS, X86_FS, X86_GS};
    for (unsigned i = 0; i < ARRAY_LEN(data); i++) {
        X86Segment *s = &c->seg[data[i]];
        bool conforming = (s->attr & (X86_DESC_CODE | X86_DESC_E)) == (X86_DESC_CODE | X86_DESC_E);
        bool keep =
            !(s->attr & X86_DESC_P) || conforming || (s->attr >> X86_DESC_DPL_SHIFT & 3) >= c->cpl;
        if (!keep) {
            *s = (X86Segment){.base = s->base};
        }
    }
}

// --- LLDT, LTR

static X86Segment system_segment(X86CPU *c, uint16_t selector, const X86Desc *d)
{
    X86Segment s = x86_segment_of(selector, d);
    X86Desc upper;
    if (x86_long_mode(c)) {
        if (!x86_desc_read_upper(c, selector, &upper) || (upper.hi & 0x1f00)) {
            refuse(c, X86_GP, selector);
        }
        s.base |= (uint64_t)upper.lo << 32;
        if (!x86_canonical(s.base)) {
            refuse(c, X86_GP, selector);
        }
    }
    return s;
}

static void lldt(VCPU *v, uint64_t value)
{
    X86CPU *c = x86_cpu(v);
    uint16_t selector = (uint16_t)value;
    X86Desc d;
    if (x86_null(selector)) {
        c->sys->ldt = (X86Segment){.selector = selector};
        return;
    }
    if ((selector & 4) || !x86_desc_read(c, selector, &d) || (d.hi & X86_DESC_S) ||
        x86_desc_type(&d) != X86_SYS_LDT) {
        refuse(c, X86_GP, selector);
    }
    if (!(d.hi & X86_DESC_P)) {
        refuse(c, X86_NP, selector);
    }
    c->sys->ldt = system_segment(c, selector, &d);
}

static bool available_tss(const X86CPU *c, const X86Desc *d)
{
    unsigned type = x86_desc_type(d);
    return !(d->hi & X86_DESC_S) &&
           (type == X86_SYS_TSS32 || (type == X86_SYS_TSS16 && !x86_long_mode(c)));
}

static void ltr(VCPU *v, uint64_t value)
{
    X86CPU *c = x86_cpu(v);
    uint16_t selector = (uint16_t)value;
    X86Desc d;
    if (x86_null(selector)) {
        refuse(c, X86_GP, 0);
    }
    if ((selector & 4) || !x86_desc_read(c, selector, &d) || !available_tss(c, &d)) {
        refuse(c, X86_GP, selector);
    }
    if (!(d.hi & X86_DESC_P)) {
        refuse(c, X86_NP, selector);
    }
    X86Segment tr = system_segment(c, selector, &d);
    d.hi |= 2 << 8; // busy
    x86_mem_store(c, x86_lin(c, d.linear + 5), d.hi >> 8 & 0xff, 1, X86_AS_SYSTEM);
    tr.attr |= 2 << 8;
    c->sys->tr = tr;
}

const IRHelper x86_h_lldt = {"lldt", lldt, IR_VOID, 1, IR_CALL_ALL};
const IRHelper x86_h_ltr = {"ltr", ltr, IR_VOID, 1, IR_CALL_ALL};
