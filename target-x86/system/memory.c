// Guest memory for C functions: linear accesses as the program or as the system makes them,
// segment checks, and stacks of far transfers.
#include "target-x86/system.h"

#include <string.h>

#define PAGE_MASK (~UINT64_C(0xfff))

static unsigned log2_of(unsigned bytes)
{
    return bytes == 1 ? 0 : bytes == 2 ? 1 : bytes == 4 ? 2 : 3;
}

static const TlbEntry *fast_entry(const VCPU *v, uint64_t va, unsigned regime)
{
    const TlbFast *t = &v->fast[regime];
    return (const TlbEntry *)((const uint8_t *)t->entry + (va >> 7 & t->mask));
}

void *x86_mem_fast(X86CPU *c, uint64_t linear, unsigned bytes, bool store)
{
    const TlbEntry *e = fast_entry(&c->vcpu, linear, 0);
    uint64_t page = linear & PAGE_MASK, tag = store ? e->wtag : e->rtag;
    if (tag != page || tag != ((linear + bytes - 1) & PAGE_MASK)) {
        return NULL;
    }
    return (void *)(uintptr_t)(linear + (store ? e->wadd : e->radd));
}

uint64_t x86_mem_load(X86CPU *c, uint64_t linear, unsigned bytes, X86Access as)
{
    VCPU *v = &c->vcpu;
    unsigned regime = as == X86_AS_SYSTEM;
    const TlbEntry *e = fast_entry(v, linear, regime);
    if (likely(e->rtag == ((linear + bytes - 1) & PAGE_MASK) && e->rtag == (linear & PAGE_MASK))) {
        uint64_t value = 0;
        memcpy(&value, (const void *)(uintptr_t)(linear + e->radd), bytes);
        return value;
    }
    return mmu_load(v, linear, log2_of(bytes) | (regime ? IR_MEM_UNPRIV : 0));
}

void x86_mem_store(X86CPU *c, uint64_t linear, uint64_t value, unsigned bytes, X86Access as)
{
    VCPU *v = &c->vcpu;
    unsigned regime = as == X86_AS_SYSTEM;
    const TlbEntry *e = fast_entry(v, linear, regime);
    if (likely(e->wtag == ((linear + bytes - 1) & PAGE_MASK) && e->wtag == (linear & PAGE_MASK))) {
        memcpy((void *)(uintptr_t)(linear + e->wadd), &value, bytes);
        return;
    }
    mmu_store(v, linear, value, log2_of(bytes) | (regime ? IR_MEM_UNPRIV : 0));
}

// --- segments

// Whether off .. off + bytes - 1 lies within a segment of these properties (SDM vol. 3, 5.3).
static bool within(uint32_t limit, uint32_t attr, uint64_t off, unsigned bytes)
{
    uint64_t last = off + bytes - 1;
    bool expand_down =
        (attr & (X86_DESC_S | X86_DESC_CODE | X86_DESC_E)) == (X86_DESC_S | X86_DESC_E);
    if (expand_down) {
        return off > limit && last <= (attr & X86_DESC_B ? UINT32_MAX : 0xffff);
    }
    return last <= limit;
}

static bool type_allows(const X86CPU *c, const X86Segment *s, bool store)
{
    if (!x86_protected(c)) {
        return true;
    }
    bool code = s->attr & X86_DESC_CODE, w = s->attr & X86_DESC_W;
    return (s->attr & X86_DESC_P) && (store ? !code && w : !code || w);
}

// In flat segments nothing else looks at an access's end: there it must not wrap (SDM vol. 3, 5.3),
// in others the linear address may.
bool x86_span_allowed(VCPU *v, uint64_t va, uint64_t last, MmuAccess access, MmuFault *fault)
{
    X86CPU *c = x86_cpu(v);
    uint64_t flags = c->sys->block_flags;
    bool flat = x86_flat(flags, X86_DS) && x86_flat(flags, X86_SS) && x86_flat(flags, X86_ES);
    bool ok = x86_code64(c) ? x86_canonical(va) == x86_canonical(last)
                            : last <= UINT32_MAX || !flat || access == MMU_FETCH;
    fault->code = X86_FAULT_NONCANONICAL;
    return ok;
}

uint64_t x86_linear_checked(X86CPU *c, unsigned seg, uint64_t offset, unsigned bytes, bool store)
{
    const X86Segment *s = &c->seg[seg];
    if (x86_code64(c)) {
        uint64_t a = offset + (seg >= X86_FS ? s->base : 0);
        if (!x86_canonical(a) || !x86_canonical(a + bytes - 1)) {
            x86_segment_fault(c, seg);
        }
        return a;
    }
    if (!type_allows(c, s, store) ||
        !within(s->limit, x86_protected(c) ? s->attr : 0, offset, bytes)) {
        x86_segment_fault(c, seg);
    }
    return (uint32_t)(s->base + offset);
}

void x86_segment_fault(X86CPU *c, unsigned seg)
{
    x86_exception(c, seg == X86_SS ? X86_SS_FAULT : X86_GP, 0);
}

static uint64_t check_access(VCPU *v, uint64_t seg, uint64_t offset, uint64_t what)
{
    return x86_linear_checked(x86_cpu(v), (unsigned)seg, offset, what & 0xff, what >> 8 & 1);
}

const IRHelper x86_h_check_access = {"check_access", check_access, IR_I64, 3, IR_CALL_FAULTS};

// --- stacks of far transfers

X86Stack x86_stack_current(X86CPU *c)
{
    const X86Segment *ss = &c->seg[X86_SS];
    bool flat = x86_code64(c);
    return (X86Stack){.c = c,
                      .sp = c->vcpu.gpr[X86_RSP],
                      .base = flat ? 0 : ss->base,
                      .mask = flat                    ? ~UINT64_C(0)
                              : ss->attr & X86_DESC_B ? UINT32_MAX
                                                      : 0xffff,
                      .limit = ss->limit,
                      .attr = x86_protected(c) ? ss->attr : 0,
                      .flat64 = flat,
                      .as = X86_AS_CPL,
                      .vector = X86_SS_FAULT};
}

X86Stack x86_stack_inner(X86CPU *c, const X86Segment *ss, uint64_t sp)
{
    return (X86Stack){.c = c,
                      .sp = sp,
                      .base = ss->base,
                      .mask = ss->attr & X86_DESC_B ? UINT32_MAX : 0xffff,
                      .limit = ss->limit,
                      .attr = ss->attr,
                      .as = X86_AS_SYSTEM,
                      .vector = X86_SS_FAULT,
                      .error = ss->selector & ~3u};
}

X86Stack x86_stack_inner64(X86CPU *c, uint64_t sp)
{
    return (X86Stack){.c = c,
                      .sp = sp,
                      .mask = ~UINT64_C(0),
                      .flat64 = true,
                      .as = X86_AS_SYSTEM,
                      .vector = X86_SS_FAULT};
}

static uint64_t stack_address(X86Stack *s, uint64_t sp, unsigned bytes)
{
    uint64_t off = sp & s->mask;
    if (s->flat64) {
        if (!x86_canonical(off) || !x86_canonical(off + bytes - 1)) {
            x86_exception_ext(s->c, s->vector, s->error);
        }
        return off;
    }
    if (!within(s->limit, s->attr, off, bytes)) {
        x86_exception_ext(s->c, s->vector, s->error);
    }
    return (uint32_t)(s->base + off);
}

void x86_stack_push(X86Stack *s, uint64_t value, unsigned bytes)
{
    x86_mem_store(s->c, stack_address(s, s->sp - bytes, bytes), value, bytes, s->as);
    s->sp = (s->sp & ~s->mask) | ((s->sp - bytes) & s->mask);
}

uint64_t x86_stack_peek(X86Stack *s, uint64_t skip, unsigned bytes)
{
    return x86_mem_load(s->c, stack_address(s, s->sp + skip, bytes), bytes, s->as);
}

uint64_t x86_stack_pop(X86Stack *s, unsigned bytes)
{
    uint64_t value = x86_stack_peek(s, 0, bytes);
    s->sp = (s->sp & ~s->mask) | ((s->sp + bytes) & s->mask);
    return value;
}

void x86_stack_done(const X86Stack *s)
{
    s->c->vcpu.gpr[X86_RSP] = s->sp;
}
