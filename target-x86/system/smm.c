// System management mode (SDM vol. 3, chapter 31; APM vol. 2, chapter 10). The state save area at
// SMBASE + 0x8000 has the AMD64 layout on CPUs with long mode (revision 0x20064) and the legacy
// one on those without (0x20000): what firmware finds on the usual virtual CPUs.
#include "target-x86/system.h"

#include "target-x86/insn/system.h"

#include "util/log.h"

#define SAVE_AREA   0x8000
#define REVISION_64 0x20064
#define REVISION_32 0x20000
#define RELOCATABLE 0x20000 // bit of the revision: RSM takes SMBASE from the area

typedef struct Area {
    X86CPU *c;
    uint64_t base;
} Area;

static Area area_of(X86CPU *c)
{
    return (Area){c, c->sys->smbase + SAVE_AREA};
}

static void put(const Area *a, unsigned off, uint64_t value, unsigned bytes)
{
    mem_write_n(a->c->sys->smm_space, (a->base + off) & x86_a20_mask(a->c),
                value & mask64(8 * bytes), bytes);
}

static uint64_t get(const Area *a, unsigned off, unsigned bytes)
{
    uint64_t value = 0;
    mem_read_n(a->c->sys->smm_space, (a->base + off) & x86_a20_mask(a->c), &value, bytes);
    return value & mask64(8 * bytes);
}

// --- AMD64 layout

static const uint16_t seg64[X86_SEGS] = {0x7e00, 0x7e10, 0x7e20, 0x7e30, 0x7e40, 0x7e50};

enum {
    A64_GDTR = 0x7e60,
    A64_LDTR = 0x7e70,
    A64_IDTR = 0x7e80,
    A64_TR = 0x7e90,
    A64_EFER = 0x7ed0,
    A64_REVISION = 0x7efc,
    A64_SMBASE = 0x7f00,
    A64_CR4 = 0x7f48,
    A64_CR3 = 0x7f50,
    A64_CR0 = 0x7f58,
    A64_DR7 = 0x7f60,
    A64_DR6 = 0x7f68,
    A64_RFLAGS = 0x7f70,
    A64_RIP = 0x7f78,
    A64_R15 = 0x7f80, // down to RAX at 0x7ff8
};

static unsigned gpr64(unsigned n)
{
    return A64_R15 + 8 * (15 - n);
}

static void save_segment64(const Area *a, unsigned off, const X86Segment *s)
{
    put(a, off, s->selector, 2);
    put(a, off + 2, s->attr >> 8, 2);
    put(a, off + 4, s->limit, 4);
    put(a, off + 8, s->base, 8);
}

static X86Segment load_segment64(const Area *a, unsigned off)
{
    return (X86Segment){.selector = (uint16_t)get(a, off, 2),
                        .attr = ((uint32_t)get(a, off + 2, 2) << 8) & 0x00f0ff00,
                        .limit = (uint32_t)get(a, off + 4, 4),
                        .base = get(a, off + 8, 8)};
}

static void save64(X86CPU *c, const Area *a)
{
    const X86System *s = c->sys;
    for (unsigned i = 0; i < X86_SEGS; i++) {
        save_segment64(a, seg64[i], &c->seg[i]);
    }
    save_segment64(a, A64_LDTR, &s->ldt);
    save_segment64(a, A64_TR, &s->tr);
    put(a, A64_GDTR + 4, s->gdt.limit, 4);
    put(a, A64_GDTR + 8, s->gdt.base, 8);
    put(a, A64_IDTR + 4, s->idt.limit, 4);
    put(a, A64_IDTR + 8, s->idt.base, 8);
    put(a, A64_EFER, c->efer, 8);
    for (unsigned i = 0; i < 16; i++) {
        put(a, gpr64(i), c->vcpu.gpr[i], 8);
    }
    put(a, A64_RIP, x86_eip_of(c, c->vcpu.pc), 8);
    put(a, A64_RFLAGS, x86_eflags_get(c), 8);
    put(a, A64_DR6, s->dr[6], 8);
    put(a, A64_DR7, s->dr[7], 8);
    put(a, A64_CR4, c->cr4, 8);
    put(a, A64_CR3, c->cr3, 8);
    put(a, A64_CR0, c->cr0, 8);
    put(a, A64_REVISION, REVISION_64, 4);
    put(a, A64_SMBASE, s->smbase, 4);
}

static uint64_t load64(X86CPU *c, const Area *a)
{
    X86System *s = c->sys;
    c->efer = get(a, A64_EFER, 8);
    c->cr4 = get(a, A64_CR4, 4);
    c->cr3 = get(a, A64_CR3, 8);
    c->cr0 = get(a, A64_CR0, 4);
    for (unsigned i = 0; i < X86_SEGS; i++) {
        c->seg[i] = load_segment64(a, seg64[i]);
    }
    s->ldt = load_segment64(a, A64_LDTR);
    s->tr = load_segment64(a, A64_TR);
    s->gdt = (X86Table){.limit = (uint32_t)get(a, A64_GDTR + 4, 4) & 0xffff,
                        .base = get(a, A64_GDTR + 8, 8)};
    s->idt = (X86Table){.limit = (uint32_t)get(a, A64_IDTR + 4, 4) & 0xffff,
                        .base = get(a, A64_IDTR + 8, 8)};
    for (unsigned i = 0; i < 16; i++) {
        c->vcpu.gpr[i] = get(a, gpr64(i), 8);
    }
    x86_eflags_set(c, (uint32_t)get(a, A64_RFLAGS, 4));
    s->dr[6] = get(a, A64_DR6, 4);
    s->dr[7] = get(a, A64_DR7, 4);
    if (get(a, A64_REVISION, 4) & RELOCATABLE) {
        s->smbase = get(a, A64_SMBASE, 4);
    }
    return get(a, A64_RIP, 8);
}

// --- legacy layout

enum {
    A32_SMBASE = 0x7ef8,
    A32_REVISION = 0x7efc,
    A32_CR4 = 0x7f14,
    A32_DS = 0x7f2c, // FS, GS follow
    A32_IDTR = 0x7f54,
    A32_TR = 0x7f5c,
    A32_GDTR = 0x7f70,
    A32_LDTR = 0x7f78,
    A32_ES = 0x7f84, // CS, SS follow
    A32_SELECTORS = 0x7fa8,
    A32_LDTR_SELECTOR = 0x7fc0,
    A32_TR_SELECTOR = 0x7fc4,
    A32_DR7 = 0x7fc8,
    A32_DR6 = 0x7fcc,
    A32_EAX = 0x7fd0, // up to EDI
    A32_EIP = 0x7ff0,
    A32_EFLAGS = 0x7ff4,
    A32_CR3 = 0x7ff8,
    A32_CR0 = 0x7ffc,
};

static unsigned seg32(unsigned n)
{
    return n < X86_DS ? A32_ES + 12 * n : A32_DS + 12 * (n - X86_DS);
}

static void save_segment32(const Area *a, unsigned off, unsigned selector, const X86Segment *s)
{
    put(a, selector, s->selector, 4);
    put(a, off, s->attr >> 8, 4);
    put(a, off + 4, s->limit, 4);
    put(a, off + 8, s->base, 4);
}

static X86Segment load_segment32(const Area *a, unsigned off, unsigned selector)
{
    return (X86Segment){.selector = (uint16_t)get(a, selector, 2),
                        .attr = ((uint32_t)get(a, off, 4) << 8) & 0x00f0ff00,
                        .limit = (uint32_t)get(a, off + 4, 4),
                        .base = get(a, off + 8, 4)};
}

static void save32(X86CPU *c, const Area *a)
{
    const X86System *s = c->sys;
    for (unsigned i = 0; i < X86_SEGS; i++) {
        save_segment32(a, seg32(i), A32_SELECTORS + 4 * i, &c->seg[i]);
    }
    save_segment32(a, A32_LDTR, A32_LDTR_SELECTOR, &s->ldt);
    save_segment32(a, A32_TR, A32_TR_SELECTOR, &s->tr);
    put(a, A32_GDTR, s->gdt.limit, 4);
    put(a, A32_GDTR + 4, s->gdt.base, 4);
    put(a, A32_IDTR, s->idt.limit, 4);
    put(a, A32_IDTR + 4, s->idt.base, 4);
    for (unsigned i = 0; i < 8; i++) {
        put(a, A32_EAX + 4 * i, c->vcpu.gpr[i], 4);
    }
    put(a, A32_EIP, x86_eip_of(c, c->vcpu.pc), 4);
    put(a, A32_EFLAGS, x86_eflags_get(c), 4);
    put(a, A32_DR6, s->dr[6], 4);
    put(a, A32_DR7, s->dr[7], 4);
    put(a, A32_CR4, c->cr4, 4);
    put(a, A32_CR3, c->cr3, 4);
    put(a, A32_CR0, c->cr0, 4);
    put(a, A32_REVISION, REVISION_32, 4);
    put(a, A32_SMBASE, s->smbase, 4);
}

static uint64_t load32(X86CPU *c, const Area *a)
{
    X86System *s = c->sys;
    c->cr4 = get(a, A32_CR4, 4);
    c->cr3 = get(a, A32_CR3, 4);
    c->cr0 = get(a, A32_CR0, 4);
    for (unsigned i = 0; i < X86_SEGS; i++) {
        c->seg[i] = load_segment32(a, seg32(i), A32_SELECTORS + 4 * i);
    }
    s->ldt = load_segment32(a, A32_LDTR, A32_LDTR_SELECTOR);
    s->tr = load_segment32(a, A32_TR, A32_TR_SELECTOR);
    s->gdt = (X86Table){.limit = (uint32_t)get(a, A32_GDTR, 2), .base = get(a, A32_GDTR + 4, 4)};
    s->idt = (X86Table){.limit = (uint32_t)get(a, A32_IDTR, 2), .base = get(a, A32_IDTR + 4, 4)};
    for (unsigned i = 0; i < 8; i++) {
        c->vcpu.gpr[i] = get(a, A32_EAX + 4 * i, 4);
    }
    x86_eflags_set(c, (uint32_t)get(a, A32_EFLAGS, 4));
    s->dr[6] = get(a, A32_DR6, 4);
    s->dr[7] = get(a, A32_DR7, 4);
    if (get(a, A32_REVISION, 4) & RELOCATABLE) {
        s->smbase = get(a, A32_SMBASE, 4);
    }
    return get(a, A32_EIP, 4);
}

// --- in and out

void x86_smm_memory(X86CPU *c)
{
    c->vcpu.memory = c->smm && c->sys->smm_space ? c->sys->smm_space : NULL;
}

static X86Segment smm_segment(uint16_t selector, uint64_t base)
{
    return (X86Segment){.selector = selector,
                        .base = base,
                        .limit = UINT32_MAX,
                        .attr = X86_DESC_P | X86_DESC_S | X86_DESC_W | X86_DESC_A | X86_DESC_G};
}

void x86_enter_smm(X86CPU *c)
{
    X86System *s = c->sys;
    Area a = area_of(c);
    log_printf(LOG_INT, "cpu%u SMI, SMBASE 0x%x\n", c->vcpu.index, (unsigned)s->smbase);
    if (s->lm) {
        save64(c, &a);
    } else {
        save32(c, &a);
    }
    c->smm = (uint8_t)(1 | c->nmi_masked << 1);
    c->nmi_masked = 1;
    c->inhibit = 0;
    x86_eflags_set(c, 0);
    c->efer = 0;
    c->cr0 &= ~(uint64_t)(X86_CR0_PE | X86_CR0_EM | X86_CR0_TS | X86_CR0_PG);
    c->cr4 = 0;
    c->cpl = 0;
    s->dr[7] = 0;
    for (unsigned i = 0; i < X86_SEGS; i++) {
        c->seg[i] =
            i == X86_CS ? smm_segment((uint16_t)(s->smbase >> 4), s->smbase) : smm_segment(0, 0);
    }
    c->vcpu.pc = (uint32_t)(s->smbase + 0x8000);
    x86_smm_memory(c);
    x86_debug_changed(c);
    x86_segments_changed(c);
    mmu_regime_changed(&c->vcpu);
}

// What no CPU could have saved.
static bool impossible(const X86CPU *c)
{
    bool pg = c->cr0 & X86_CR0_PG, pe = c->cr0 & X86_CR0_PE, lma = c->efer & X86_EFER_LMA;
    return (pg && !pe) || (lma && (!pg || !(c->cr4 & X86_CR4_PAE) || !c->sys->lm)) ||
           (c->cr4 & ~x86_cr4_bits(c)) || (!lma && c->cr3 >> 32);
}

void x86_leave_smm(X86CPU *c)
{
    X86System *s = c->sys;
    Area a = area_of(c);
    uint64_t eip = s->lm ? load64(c, &a) : load32(c, &a);
    c->nmi_masked = c->smm >> 1 & 1;
    c->smm = 0;
    c->cr0 |= X86_CR0_ET;
    c->efer &= X86_EFER_SCE | X86_EFER_LME | X86_EFER_LMA | X86_EFER_NXE;
    c->cpl = c->cr0 & X86_CR0_PE ? (c->eflags & X86_VM ? 3 : c->seg[X86_SS].attr >> 13 & 3) : 0;
    x86_smm_memory(c);
    if (impossible(c) || !x86_load_pdptes(c, c->cr0, c->cr3, c->cr4)) {
        x86_shutdown(c);
        return;
    }
    x86_set_eip(c, eip);
    x86_debug_changed(c);
    x86_segments_changed(c);
    mmu_regime_changed(&c->vcpu);
    log_printf(LOG_INT, "cpu%u RSM to %04x:0x%llx\n", c->vcpu.index, c->seg[X86_CS].selector,
               (unsigned long long)eip);
}

static void rsm(VCPU *v)
{
    X86CPU *c = x86_cpu(v);
    if (!c->smm) {
        x86_exception(c, X86_UD, 0);
    }
    x86_leave_smm(c);
}

const IRHelper x86_h_rsm = {"rsm", rsm, IR_VOID, 0, IR_CALL_ALL};
