// CPUID (SDM vol. 2; APM vol. 3, appendix E): what the model says about itself, and no more than is
// there.
#include "target-x86/system.h"

#include <string.h>

#include "target-x86/insn/system.h"

enum { EAX, EBX, ECX, EDX };

#define HYPERVISOR_LEAF 0x40000000
#define EXTENDED_LEAF   0x80000000

typedef struct Place {
    uint32_t leaf;
    uint8_t sub, reg, bit;
} Place;

static const Place places[] = {
#define X86_FEATURE(symbol, name, leaf, subleaf, reg, bit) {leaf, subleaf, reg, bit},
#include "target-x86/feature_list.h"
};

static void feature_bits(const X86CPU *c, uint32_t leaf, uint32_t sub, uint32_t out[4])
{
    for (unsigned i = 1; i < ARRAY_LEN(places); i++) {
        const Place *p = &places[i];
        if (p->leaf == leaf && p->sub == sub && x86_has(c, (X86Feature)i)) {
            out[p->reg] |= 1u << p->bit;
        }
    }
}

uint32_t x86_signature(const X86CPU *c)
{
    const X86Model *m = c->model;
    unsigned family = m->family > 15 ? 15 : m->family;
    return (uint32_t)m->stepping | (uint32_t)(m->model & 15) << 4 | family << 8 |
           (uint32_t)(m->model >> 4) << 16 | (m->family - family) << 20;
}

// Names of four, eight or twelve letters a register.
static uint32_t letters(const char *s, unsigned at)
{
    uint32_t v = 0;
    size_t n = strlen(s);
    for (unsigned i = 0; i < 4; i++) {
        v |= at + i < n ? (uint32_t)(uint8_t)s[at + i] << 8 * i : 0;
    }
    return v;
}

static uint32_t max_leaf(const X86CPU *c)
{
    uint32_t need = c->model->level;
    for (unsigned i = 1; i < ARRAY_LEN(places); i++) {
        if (places[i].leaf < HYPERVISOR_LEAF && x86_has(c, (X86Feature)i)) {
            need = MAX_OF(need, places[i].leaf);
        }
    }
    return x86_has(c, X86_FEAT_X2APIC) ? MAX_OF(need, 0xbu) : need;
}

static uint32_t max_extended(const X86CPU *c)
{
    uint32_t need = c->model->xlevel;
    for (unsigned i = 1; i < ARRAY_LEN(places); i++) {
        if (places[i].leaf >= EXTENDED_LEAF && x86_has(c, (X86Feature)i)) {
            need = MAX_OF(need, places[i].leaf);
        }
    }
    return x86_has(c, X86_FEAT_LM) ? MAX_OF(need, 0x80000008u) : need;
}

// --- XSAVE

enum { XCR0_X87 = 1, XCR0_SSE = 2, XCR0_AVX = 4 };
#define XSAVE_AVX_OFFSET 576
#define XSAVE_AVX_SIZE   256

uint64_t x86_xcr0_mask(const X86CPU *c)
{
    return x86_has(c, X86_FEAT_XSAVE)
               ? XCR0_X87 | XCR0_SSE | (x86_has(c, X86_FEAT_AVX) ? XCR0_AVX : 0)
               : 0;
}

static uint32_t xsave_size(uint64_t xcr0)
{
    return XSAVE_AVX_OFFSET + (xcr0 & XCR0_AVX ? XSAVE_AVX_SIZE : 0);
}

static void leaf_xsave(const X86CPU *c, uint32_t sub, uint32_t out[4])
{
    uint64_t mask = x86_xcr0_mask(c);
    if (!mask) {
        return;
    }
    if (sub == 0) {
        out[EAX] = (uint32_t)mask;
        out[EBX] = xsave_size(c->xcr0);
        out[ECX] = xsave_size(mask);
    } else if (sub == 1) {
        feature_bits(c, 0xd, 1, out);
        out[EBX] = xsave_size(c->xcr0);
    } else if (sub == 2 && (mask & XCR0_AVX)) {
        out[EAX] = XSAVE_AVX_SIZE;
        out[EBX] = XSAVE_AVX_OFFSET;
    }
}

// --- topology: one thread a core, all cores in one package

unsigned x86_apic_id(const X86CPU *c)
{
    return c->vcpu.index;
}

static unsigned core_bits(const X86CPU *c)
{
    unsigned n = 0;
    while (1u << n < c->vcpu.machine->n_cpus) {
        n++;
    }
    return n;
}

static void leaf_topology(const X86CPU *c, uint32_t sub, uint32_t out[4])
{
    enum { THREAD = 1, CORE = 2 };
    out[ECX] = sub & 0xff;
    out[EDX] = x86_apic_id(c);
    if (sub == 0) {
        out[EBX] = 1;
        out[ECX] |= THREAD << 8;
    } else if (sub == 1) {
        out[EAX] = core_bits(c);
        out[EBX] = c->vcpu.machine->n_cpus;
        out[ECX] |= CORE << 8;
    }
}

// --- caches: 32 KiB L1 of 8 ways, 2 MiB L2 of 16 ways, 64-byte lines

static void leaf_caches(const X86CPU *c, uint32_t sub, uint32_t out[4])
{
    typedef struct Cache {
        uint8_t type, level, ways;
        uint16_t sets;
    } Cache;
    static const Cache caches[] = {{1, 1, 8, 64}, {2, 1, 8, 64}, {3, 2, 16, 2048}};
    if (sub >= ARRAY_LEN(caches)) {
        return;
    }
    const Cache *k = &caches[sub];
    unsigned cores = (1u << core_bits(c)) - 1;
    out[EAX] = k->type | (uint32_t)k->level << 5 | 1u << 8 | cores << 26;
    out[EBX] = 63 | (uint32_t)(k->ways - 1) << 22;
    out[ECX] = k->sets - 1u;
    out[EDX] = 1;
}

// --- basic leaves

static void leaf_1(const X86CPU *c, uint32_t out[4])
{
    unsigned n = c->vcpu.machine->n_cpus;
    feature_bits(c, 1, 0, out);
    out[EAX] = x86_signature(c);
    out[EBX] = x86_apic_id(c) << 24 | 8 << 8 | (n > 1 ? (1u << core_bits(c)) << 16 : 0);
    out[EDX] |= n > 1 ? 1u << 28 : 0; // more than one logical processor in the package
    out[ECX] |= c->cr4 & X86_CR4_OSXSAVE ? 1u << 27 : 0;
    if (c->sys->apic && c->sys->apic->base && !(c->sys->apic->base(c->sys->apic_opaque) & 0x800)) {
        out[EDX] &= ~(1u << 9); // the local APIC is switched off
    }
}

static void basic(const X86CPU *c, uint32_t leaf, uint32_t sub, uint32_t out[4])
{
    switch (leaf) {
    case 0:
        out[EAX] = max_leaf(c);
        out[EBX] = letters(c->model->vendor, 0);
        out[EDX] = letters(c->model->vendor, 4);
        out[ECX] = letters(c->model->vendor, 8);
        break;
    case 1:
        leaf_1(c, out);
        break;
    case 2: // descriptors: the caches below
        out[EAX] = 1;
        out[EDX] = 0x2c307d;
        break;
    case 4:
        leaf_caches(c, sub, out);
        break;
    case 5: // MONITOR: lines of 64 bytes, interrupts end it even if masked
        if (x86_has(c, X86_FEAT_MONITOR)) {
            out[EAX] = out[EBX] = 64;
            out[ECX] = 3;
        }
        break;
    case 6:
        out[EAX] = 1 << 2; // the APIC timer always runs
        break;
    case 7:
        feature_bits(c, 7, sub, out);
        break;
    case 0xb:
        leaf_topology(c, sub, out);
        break;
    case 0xd:
        leaf_xsave(c, sub, out);
        break;
    case 0x15: // TSC and its crystal: 1 GHz both
        out[EAX] = out[EBX] = 1;
        out[ECX] = (uint32_t)X86_TSC_HZ;
        break;
    case 0x16:
        out[EAX] = out[EBX] = (uint32_t)(X86_TSC_HZ / 1000000);
        out[ECX] = 100;
        break;
    default:
        break;
    }
}

// --- extended leaves

static void extended(const X86CPU *c, uint32_t leaf, uint32_t out[4])
{
    bool amd = !strcmp(c->model->vendor, "AuthenticAMD");
    unsigned n = c->vcpu.machine->n_cpus;
    switch (leaf - EXTENDED_LEAF) {
    case 0:
        out[EAX] = max_extended(c);
        if (amd) {
            out[EBX] = letters(c->model->vendor, 0);
            out[EDX] = letters(c->model->vendor, 4);
            out[ECX] = letters(c->model->vendor, 8);
        }
        break;
    case 1:
        feature_bits(c, leaf, 0, out);
        if (amd) { // AMD repeats what leaf 1 says
            uint32_t one[4] = {0};
            leaf_1(c, one);
            out[EAX] = one[EAX];
            out[EDX] |= one[EDX] & 0x0183f3ff;
            out[ECX] |= n > 1 ? 1 << 1 : 0; // the count in leaf 1 is of cores
        }
        break;
    case 2:
    case 3:
    case 4:
        for (unsigned i = 0; i < 4; i++) {
            out[i] = letters(c->model->brand, (leaf - EXTENDED_LEAF - 2) * 16 + 4 * i);
        }
        break;
    case 5: // L1: 32 KiB, 8 ways, 64-byte lines
        if (amd) {
            out[EAX] = out[EBX] = 0xff40ff40;
            out[ECX] = out[EDX] = 32u << 24 | 8 << 16 | 1 << 8 | 64;
        }
        break;
    case 6: // L2: 2 MiB, 16 ways
        out[ECX] = 2048u << 16 | 8 << 12 | 1 << 8 | 64;
        break;
    case 7:
        feature_bits(c, leaf, 0, out);
        break;
    case 8:
        out[EAX] = X86_PHYS_BITS | (x86_has(c, X86_FEAT_LM) ? 48 << 8 : 32 << 8);
        out[ECX] = amd && n > 1 ? (n - 1) | core_bits(c) << 12 : 0;
        break;
    default:
        break;
    }
}

void x86_cpuid(X86CPU *c, uint32_t leaf, uint32_t sub, uint32_t out[4])
{
    static const char name[] = "MimusMimus  ";
    memset(out, 0, 4 * sizeof(out[0]));
    if (leaf >> 16 == HYPERVISOR_LEAF >> 16 && x86_has(c, X86_FEAT_HYPERVISOR)) {
        if (leaf == HYPERVISOR_LEAF) {
            out[EAX] = HYPERVISOR_LEAF + 1;
            out[EBX] = letters(name, 0);
            out[ECX] = letters(name, 4);
            out[EDX] = letters(name, 8);
        }
        return;
    }
    if (leaf >= EXTENDED_LEAF && leaf <= max_extended(c)) {
        extended(c, leaf, out);
        return;
    }
    // Beyond the last basic leaf Intel's CPUs answer with the last one.
    basic(c, MIN_OF(leaf, max_leaf(c)), sub, out);
}

static void cpuid(VCPU *v)
{
    uint32_t out[4];
    x86_cpuid(x86_cpu(v), (uint32_t)v->gpr[X86_RAX], (uint32_t)v->gpr[X86_RCX], out);
    v->gpr[X86_RAX] = out[EAX];
    v->gpr[X86_RBX] = out[EBX];
    v->gpr[X86_RCX] = out[ECX];
    v->gpr[X86_RDX] = out[EDX];
}

const IRHelper x86_h_cpuid = {"cpuid", cpuid, IR_VOID, 0, IR_CALL_READS | IR_CALL_WRITES};
