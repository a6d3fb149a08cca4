// Control registers and what they switch (SDM vol. 3, 2.5; entering and leaving long mode: 9.8.5).
#include "target-x86/system.h"

#include "target-x86/insn/system.h"

#include "util/log.h"

#define CR3_NO_FLUSH BIT(63)

static NORETURN void refuse(X86CPU *c)
{
    x86_exception(c, X86_GP, 0);
}

// --- PAE's pointers, which CR3 brings in without long mode (4.4.1)

bool x86_load_pdptes(X86CPU *c, uint64_t cr0, uint64_t cr3, uint64_t cr4)
{
    VCPU *v = &c->vcpu;
    const uint64_t reserved = ~mask64(X86_PHYS_BITS) | 0x1e6;
    uint64_t e[4];
    if (!(cr0 & X86_CR0_PG) || !(cr4 & X86_CR4_PAE) || (c->efer & X86_EFER_LMA)) {
        return true;
    }
    for (unsigned i = 0; i < 4; i++) {
        uint64_t at = ((cr3 & 0xffffffe0) + 8 * i) & x86_a20_mask(c);
        if (mem_read_n(v->memory ? v->memory : v->machine->memory, at, &e[i], 8) != MEM_OK) {
            e[i] = UINT64_MAX;
        }
        if ((e[i] & 1) && (e[i] & reserved)) {
            return false;
        }
    }
    for (unsigned i = 0; i < 4; i++) {
        c->sys->pdpte[i] = e[i];
    }
    return true;
}

// --- CR0

#define CR0_BITS                                                                                   \
    (X86_CR0_PE | X86_CR0_MP | X86_CR0_EM | X86_CR0_TS | X86_CR0_ET | X86_CR0_NE | X86_CR0_WP |    \
     X86_CR0_AM | X86_CR0_NW | X86_CR0_CD | X86_CR0_PG)

static bool cr0_ok(const X86CPU *c, uint64_t value)
{
    if (value >> 32 || ((value & X86_CR0_PG) && !(value & X86_CR0_PE)) ||
        ((value & X86_CR0_NW) && !(value & X86_CR0_CD))) {
        return false;
    }
    bool pg_before = c->cr0 & X86_CR0_PG, pg = value & X86_CR0_PG;
    if (pg && !pg_before && (c->efer & X86_EFER_LME)) {
        return (c->cr4 & X86_CR4_PAE) && !(c->seg[X86_CS].attr & X86_DESC_L);
    }
    if (!pg && pg_before) {
        return !x86_code64(c) && !(c->cr4 & X86_CR4_PCIDE);
    }
    return true;
}

void x86_set_cr0(X86CPU *c, uint64_t value)
{
    if (!cr0_ok(c, value)) {
        refuse(c);
    }
    value = (value & CR0_BITS) | X86_CR0_ET;
    uint64_t changed = c->cr0 ^ value;
    if ((changed & (X86_CR0_PG | X86_CR0_CD | X86_CR0_NW)) && !(c->efer & X86_EFER_LME) &&
        !x86_load_pdptes(c, value, c->cr3, c->cr4)) {
        refuse(c);
    }
    if ((changed & X86_CR0_PG) && (c->efer & X86_EFER_LME)) {
        c->efer = value & X86_CR0_PG ? c->efer | X86_EFER_LMA : c->efer & ~(uint64_t)X86_EFER_LMA;
    }
    c->cr0 = value;
    if ((changed & X86_CR0_PE) && !(value & X86_CR0_PE)) {
        c->cpl = 0;
    }
    x86_segments_changed(c);
    if (changed & (X86_CR0_PG | X86_CR0_WP)) {
        mmu_regime_changed(&c->vcpu);
    }
}

// --- CR3

void x86_set_cr3(X86CPU *c, uint64_t value)
{
    bool pcid = c->cr4 & X86_CR4_PCIDE;
    value = pcid ? value & ~CR3_NO_FLUSH : value;
    if (x86_long_mode(c) && value >> X86_PHYS_BITS) {
        refuse(c);
    }
    if (!x86_load_pdptes(c, c->cr0, value, c->cr4)) {
        refuse(c);
    }
    c->cr3 = value;
    x86_space_load(c);
    x86_level_changed(c); // another address space
}

// --- CR4

typedef struct Cr4Bit {
    uint32_t bit;
    uint8_t feature;
} Cr4Bit;

static const Cr4Bit cr4_bits[] = {
    {X86_CR4_VME, X86_FEAT_VME},           {X86_CR4_PVI, X86_FEAT_VME},
    {X86_CR4_TSD, X86_FEAT_TSC},           {X86_CR4_DE, X86_FEAT_DE},
    {X86_CR4_PSE, X86_FEAT_PSE},           {X86_CR4_PAE, X86_FEAT_PAE},
    {X86_CR4_MCE, X86_FEAT_MCE},           {X86_CR4_PGE, X86_FEAT_PGE},
    {X86_CR4_PCE, X86_FEAT_TSC},           {X86_CR4_OSFXSR, X86_FEAT_FXSR},
    {X86_CR4_OSXMMEXCPT, X86_FEAT_SSE},    {X86_CR4_UMIP, X86_FEAT_UMIP},
    {X86_CR4_FSGSBASE, X86_FEAT_FSGSBASE}, {X86_CR4_PCIDE, X86_FEAT_PCID},
    {X86_CR4_OSXSAVE, X86_FEAT_XSAVE},     {X86_CR4_SMEP, X86_FEAT_SMEP},
    {X86_CR4_SMAP, X86_FEAT_SMAP},
};

uint64_t x86_cr4_bits(const X86CPU *c)
{
    uint64_t m = 0;
    for (unsigned i = 0; i < ARRAY_LEN(cr4_bits); i++) {
        m |= x86_has(c, cr4_bits[i].feature) ? cr4_bits[i].bit : 0;
    }
    return m;
}

static bool cr4_ok(const X86CPU *c, uint64_t value)
{
    uint64_t changed = c->cr4 ^ value;
    if (value & ~x86_cr4_bits(c)) {
        return false;
    }
    if (x86_long_mode(c) && !(value & X86_CR4_PAE)) {
        return false;
    }
    bool pcid_on = changed & value & X86_CR4_PCIDE;
    return !pcid_on || (x86_long_mode(c) && !(c->cr3 & 0xfff));
}

void x86_set_cr4(X86CPU *c, uint64_t value)
{
    const uint64_t paging =
        X86_CR4_PSE | X86_CR4_PAE | X86_CR4_PGE | X86_CR4_PCIDE | X86_CR4_SMEP | X86_CR4_SMAP;
    if (!cr4_ok(c, value)) {
        log_printf(LOG_GUEST_ERRORS, "CR4 = 0x%x: not possible here\n", (unsigned)value);
        refuse(c);
    }
    uint64_t changed = c->cr4 ^ value;
    if ((changed & (X86_CR4_PSE | X86_CR4_PAE | X86_CR4_PGE | X86_CR4_SMEP)) &&
        !x86_load_pdptes(c, c->cr0, c->cr3, value)) {
        refuse(c);
    }
    c->cr4 = value;
    if (changed & X86_CR4_DE) {
        x86_debug_changed(c);
    }
    x86_mode_changed(c);
    if (changed & paging) {
        mmu_regime_changed(&c->vcpu);
    }
}

// --- EFER

static bool efer_ok(const X86CPU *c, uint64_t value)
{
    uint64_t bits = X86_EFER_LMA;
    bits |= x86_has(c, X86_FEAT_SYSCALL) ? X86_EFER_SCE : 0;
    bits |= x86_has(c, X86_FEAT_LM) ? X86_EFER_LME : 0;
    bits |= x86_has(c, X86_FEAT_NX) ? X86_EFER_NXE : 0;
    bool lme_changed = (c->efer ^ value) & X86_EFER_LME;
    return !(value & ~bits) && !(lme_changed && (c->cr0 & X86_CR0_PG));
}

void x86_set_efer(X86CPU *c, uint64_t value)
{
    if (!efer_ok(c, value)) {
        refuse(c);
    }
    uint64_t changed = (c->efer ^ value) & ~(uint64_t)X86_EFER_LMA;
    c->efer ^= changed;
    x86_segments_changed(c);
    if (changed & X86_EFER_NXE) {
        mmu_regime_changed(&c->vcpu);
    }
}

// --- instructions

static uint64_t read_cr(VCPU *v, uint64_t n)
{
    X86CPU *c = x86_cpu(v);
    switch (n) {
    case 0:
        return c->cr0;
    case 2:
        return c->cr2;
    case 3:
        return c->cr3;
    case 4:
        return c->cr4;
    case 8:
        return c->sys->apic && c->sys->apic->tpr ? c->sys->apic->tpr(c->sys->apic_opaque) : 0;
    default:
        x86_exception(c, X86_UD, 0);
    }
}

static void set_cr8(X86CPU *c, uint64_t value)
{
    if (value & ~UINT64_C(15)) {
        refuse(c);
    }
    if (c->sys->apic && c->sys->apic->set_tpr) {
        c->sys->apic->set_tpr(c->sys->apic_opaque, (unsigned)value);
    }
}

static void write_cr(VCPU *v, uint64_t n, uint64_t value)
{
    X86CPU *c = x86_cpu(v);
    switch (n) {
    case 0:
        x86_set_cr0(c, value);
        break;
    case 2:
        c->cr2 = value;
        break;
    case 3:
        x86_set_cr3(c, value);
        break;
    case 4:
        x86_set_cr4(c, value);
        break;
    case 8:
        set_cr8(c, value);
        break;
    default:
        x86_exception(c, X86_UD, 0);
    }
}

// LMSW changes MP, EM and TS, and can set PE.
static void lmsw(VCPU *v, uint64_t value)
{
    X86CPU *c = x86_cpu(v);
    uint64_t low = (value & 15) | (c->cr0 & X86_CR0_PE);
    x86_set_cr0(c, (c->cr0 & ~UINT64_C(15)) | low);
}

static void clts(VCPU *v)
{
    X86CPU *c = x86_cpu(v);
    c->cr0 &= ~(uint64_t)X86_CR0_TS;
    x86_mode_changed(c);
}

static void xsetbv(VCPU *v, uint64_t index, uint64_t value)
{
    X86CPU *c = x86_cpu(v);
    bool ok =
        index == 0 && (value & 1) && !(value & ~x86_xcr0_mask(c)) && !((value & 4) && !(value & 2));
    if (!ok) {
        refuse(c);
    }
    c->xcr0 = value;
    x86_mode_changed(c);
}

static uint64_t xgetbv(VCPU *v, uint64_t index)
{
    X86CPU *c = x86_cpu(v);
    if (index == 1 && x86_has(c, X86_FEAT_XGETBV1)) {
        return c->xcr0; // nothing is in its initial state for sure
    }
    if (index != 0) {
        refuse(c);
    }
    return c->xcr0;
}

const IRHelper x86_h_read_cr = {"read_cr", read_cr, IR_I64, 1, IR_CALL_ALL};
const IRHelper x86_h_write_cr = {"write_cr", write_cr, IR_VOID, 2, IR_CALL_ALL};
const IRHelper x86_h_lmsw = {"lmsw", lmsw, IR_VOID, 1, IR_CALL_ALL};
const IRHelper x86_h_clts = {"clts", clts, IR_VOID, 0, IR_CALL_ALL};
const IRHelper x86_h_xsetbv = {"xsetbv", xsetbv, IR_VOID, 2, IR_CALL_ALL};
const IRHelper x86_h_xgetbv = {"xgetbv", xgetbv, IR_I64, 1, IR_CALL_ALL};

// --- translations: INVLPG, INVPCID (4.10.4.1)

static uint32_t current_pcid(const X86CPU *c)
{
    return c->cr4 & X86_CR4_PCIDE ? c->cr3 & 0xfff : 0;
}

// In the current space. The others of its PCID are put right when they are loaded.
static void drop_page(X86CPU *c, uint64_t linear)
{
    mmu_flush_range(&c->vcpu, linear & ~mask64(12), 1, x86_space_asid(c));
}

static void invlpg(VCPU *v, uint64_t linear)
{
    X86CPU *c = x86_cpu(v);
    if (x86_canonical(linear)) {
        drop_page(c, linear);
    }
}

enum { INVPCID_ADDRESS, INVPCID_CONTEXT, INVPCID_ALL_GLOBAL, INVPCID_ALL };

static void invpcid(VCPU *v, uint64_t type, uint64_t pcid, uint64_t linear)
{
    X86CPU *c = x86_cpu(v);
    bool bad = type > INVPCID_ALL || pcid >> 12 ||
               (type <= INVPCID_CONTEXT && pcid && !(c->cr4 & X86_CR4_PCIDE)) ||
               (type == INVPCID_ADDRESS && !x86_canonical(linear));
    if (bad) {
        refuse(c);
    }
    if (type == INVPCID_ADDRESS) {
        if (pcid == current_pcid(c)) {
            drop_page(c, linear);
        }
    } else if (type == INVPCID_CONTEXT) {
        x86_space_drop_pcid(c, (uint32_t)pcid);
    } else {
        mmu_flush_all(v);
    }
}

const IRHelper x86_h_invlpg = {"invlpg", invlpg, IR_VOID, 1, IR_CALL_ALL};
const IRHelper x86_h_invpcid = {"invpcid", invpcid, IR_VOID, 3, IR_CALL_ALL};

void x86_a20_changed(X86CPU *c)
{
    if (c->vcpu.engine) {
        mmu_regime_changed(&c->vcpu);
    }
}
