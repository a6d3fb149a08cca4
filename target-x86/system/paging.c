// Address translation (SDM vol. 3, chapter 4).
//
//   CR0.PG = 0                 linear = physical
//   CR4.PAE = 0                2 levels of 1024: PDE (4 MiB with PSE) -> PTE
//   CR4.PAE = 1, LMA = 0       4 PDPTE registers -> PDE (2 MiB) -> PTE
//   LMA = 1                    PML4E -> PDPTE (1 GiB) -> PDE (2 MiB) -> PTE
//
// Accessed and dirty bits are set as the walk succeeds; a page whose D is clear is given out as
// read-only, so that the first store comes back here.
#include "target-x86/system.h"

#include <inttypes.h>
#include <string.h>

#include "softmmu/page_watch.h"
#include "util/log.h"

#define FLAT_PAGE_BITS 30

enum {
    PTE_P = 1,
    PTE_W = 2,
    PTE_U = 4,
    PTE_A = 1 << 5,
    PTE_D = 1 << 6,
    PTE_PS = 1 << 7,
    PTE_G = 1 << 8,
};
#define PTE_NX      BIT(63)
#define PTE_ADDRESS (mask64(52) & ~mask64(12))
// Address bits of an entry that no memory of this size has.
#define PHYS_RESERVED (mask64(52) & ~mask64(X86_PHYS_BITS))

typedef struct Walker {
    X86CPU *c;
    uint64_t va;
    MmuAccess access;
    bool user;  // the access is the program's at CPL 3
    bool smap;  // supervisor data accesses to user pages fault
    bool debug; // no side effects, no permissions
    bool nx;    // EFER.NXE
    uint64_t entry[4], address[4];
    unsigned n;         // entries gathered
    unsigned bytes;     // of an entry: 4 or 8
    unsigned page_bits; // of the leaf
    uint64_t phys;
    uint32_t code; // why it failed
} Walker;

// --- memory

// What the walk itself stores, accessed and dirty bits, changes nothing that spaces.c keeps.
static bool plain_entry(Walker *w, uint64_t at, uint8_t **host, bool store)
{
    VCPU *v = &w->c->vcpu;
    MemPage p = address_space_page(v->memory ? v->memory : v->machine->memory, at & ~mask64(12));
    *host = p.host + (at & mask64(12));
    return p.host && (!store || (p.writable && !(*p.watch & ~BIT(WATCH_TABLES))));
}

static uint64_t read_entry(Walker *w, uint64_t at)
{
    VCPU *v = &w->c->vcpu;
    uint8_t *host;
    uint64_t value = 0;
    if (plain_entry(w, at, &host, false)) {
        memcpy(&value, host, w->bytes);
    } else if (mem_read_n(v->memory ? v->memory : v->machine->memory, at, &value, w->bytes) !=
               MEM_OK) {
        value = w->bytes == 4 ? UINT32_MAX : UINT64_MAX; // nothing answers
    }
    return value;
}

static void write_entry(Walker *w, uint64_t at, uint64_t value)
{
    VCPU *v = &w->c->vcpu;
    uint8_t *host;
    if (plain_entry(w, at, &host, true)) {
        memcpy(host, &value, w->bytes);
    } else {
        mem_write_n(v->memory ? v->memory : v->machine->memory, at, value, w->bytes);
    }
}

static bool fail(Walker *w, uint32_t code)
{
    w->code = code;
    return false;
}

// Reads the next entry on the way down; false if it is not present or has reserved bits set.
static bool descend(Walker *w, uint64_t table, uint64_t index, uint64_t reserved)
{
    uint64_t at = (table + index * w->bytes) & x86_a20_mask(w->c);
    uint64_t e = read_entry(w, at);
    w->address[w->n] = at;
    w->entry[w->n++] = e;
    if (!(e & PTE_P)) {
        return fail(w, 0);
    }
    return e & reserved ? fail(w, X86_PF_P | X86_PF_RSVD) : true;
}

// --- the three forms

static bool walk_legacy(Walker *w)
{
    w->bytes = 4;
    if (!descend(w, w->c->cr3 & 0xfffff000, extract64(w->va, 22, 10), 0)) {
        return false;
    }
    uint64_t pde = w->entry[0];
    if ((pde & PTE_PS) && (w->c->cr4 & X86_CR4_PSE)) {
        if (pde & BIT(21)) { // bits 20..13 are bits 39..32 of the address (PSE-36)
            return fail(w, X86_PF_P | X86_PF_RSVD);
        }
        w->page_bits = 22;
        w->phys = (pde & 0xffc00000) | extract64(pde, 13, 8) << 32;
        return true;
    }
    w->page_bits = 12;
    if (!descend(w, pde & 0xfffff000, extract64(w->va, 12, 10), 0)) {
        return false;
    }
    w->phys = w->entry[1] & 0xfffff000;
    return true;
}

// From a page directory of 512 entries down.
static bool walk_directory(Walker *w, uint64_t table, uint64_t reserved)
{
    if (!descend(w, table, extract64(w->va, 21, 9), reserved)) {
        return false;
    }
    uint64_t pde = w->entry[w->n - 1];
    if (pde & PTE_PS) {
        if (pde & mask64(21) & ~mask64(13)) {
            return fail(w, X86_PF_P | X86_PF_RSVD);
        }
        w->page_bits = 21;
        w->phys = pde & PTE_ADDRESS & ~mask64(21);
        return true;
    }
    if (!descend(w, pde & PTE_ADDRESS, extract64(w->va, 12, 9), reserved)) {
        return false;
    }
    w->page_bits = 12;
    w->phys = w->entry[w->n - 1] & PTE_ADDRESS;
    return true;
}

static bool walk_pae(Walker *w)
{
    uint64_t pdpte = w->c->sys->pdpte[extract64(w->va, 30, 2)];
    w->bytes = 8;
    if (!(pdpte & PTE_P)) {
        return fail(w, 0);
    }
    uint64_t reserved = PHYS_RESERVED | (mask64(63) & ~mask64(52)) | (w->nx ? 0 : PTE_NX);
    return walk_directory(w, pdpte & PTE_ADDRESS, reserved);
}

static bool walk_long(Walker *w)
{
    uint64_t reserved = PHYS_RESERVED | (w->nx ? 0 : PTE_NX);
    w->bytes = 8;
    if (!descend(w, w->c->cr3 & PTE_ADDRESS, extract64(w->va, 39, 9), reserved | PTE_PS) ||
        !descend(w, w->entry[0] & PTE_ADDRESS, extract64(w->va, 30, 9), reserved)) {
        return false;
    }
    uint64_t pdpte = w->entry[1];
    if (!(pdpte & PTE_PS)) {
        return walk_directory(w, pdpte & PTE_ADDRESS, reserved);
    }
    if (!x86_has(w->c, X86_FEAT_PDPE1GB) || (pdpte & mask64(30) & ~mask64(13))) {
        return fail(w, X86_PF_P | X86_PF_RSVD);
    }
    w->page_bits = 30;
    w->phys = pdpte & PTE_ADDRESS & ~mask64(30);
    return true;
}

// --- permissions (4.6)

static void permissions(const Walker *w, MmuPage *p)
{
    uint64_t all = ~UINT64_C(0), nx = 0;
    for (unsigned i = 0; i < w->n; i++) {
        all &= w->entry[i];
        nx |= w->entry[i];
    }
    bool user_page = all & PTE_U, writable = all & PTE_W;
    p->x = !(w->nx && (nx & PTE_NX));
    if (w->user) {
        p->r = user_page;
        p->w = user_page && writable;
        p->x = p->x && user_page;
    } else {
        p->r = !(user_page && w->smap);
        p->w = p->r && (writable || !(w->c->cr0 & X86_CR0_WP));
        p->x = p->x && !(user_page && (w->c->cr4 & X86_CR4_SMEP));
    }
}

// Accessed bits on the way, D in the leaf if the access is a store.
static void set_accessed(Walker *w)
{
    for (unsigned i = 0; i < w->n; i++) {
        uint64_t want = PTE_A | (i == w->n - 1 && w->access == MMU_WRITE ? PTE_D : 0);
        if ((w->entry[i] & want) != want) {
            w->entry[i] |= want;
            write_entry(w, w->address[i], w->entry[i]);
        }
    }
}

static bool walk_tables(Walker *w)
{
    if (x86_long_mode(w->c)) {
        return walk_long(w);
    }
    return w->c->cr4 & X86_CR4_PAE ? walk_pae(w) : walk_legacy(w);
}

static bool walk_paged(Walker *w, MmuPage *p)
{
    if (!walk_tables(w)) {
        return false;
    }
    permissions(w, p);
    bool ok = w->access == MMU_READ ? p->r : w->access == MMU_WRITE ? p->w : p->x;
    if (!ok && !w->debug) {
        return fail(w, X86_PF_P);
    }
    if (!w->debug) {
        set_accessed(w);
        x86_space_walked(w->c, &(X86Walked){.va = w->va,
                                            .address = w->address,
                                            .n = w->n,
                                            .entry_bytes = w->bytes,
                                            .small = w->page_bits == 12});
    }
    uint64_t leaf = w->entry[w->n - 1];
    p->w = p->w && (leaf & PTE_D);
    p->global = (leaf & PTE_G) && (w->c->cr4 & X86_CR4_PGE);
    p->page_bits = w->page_bits;
    p->phys = (w->phys | (w->va & mask64(w->page_bits))) & ~mask64(12) & x86_a20_mask(w->c);
    return true;
}

static uint32_t error_code(const Walker *w)
{
    bool tells_fetch = w->nx || (w->c->cr4 & X86_CR4_SMEP);
    return w->code | (w->access == MMU_WRITE ? X86_PF_W : 0) | (w->user ? X86_PF_U : 0) |
           (w->access == MMU_FETCH && tells_fetch ? X86_PF_I : 0);
}

static Walker walker_of(X86CPU *c, uint64_t va, MmuAccess access, unsigned regime)
{
    unsigned mode = c->sys->regime_mode[regime];
    return (Walker){
        .c = c,
        .va = va,
        .access = access,
        .user = mode == X86_REGIME_USER,
        .smap = mode == X86_REGIME_SUPER && (c->cr4 & X86_CR4_SMAP),
        // NX is a reserved bit of the 4-byte entries' format: there is no such bit.
        .nx = (c->efer & X86_EFER_NXE) && (c->cr4 & X86_CR4_PAE),
    };
}

static void walk_flat(const X86CPU *c, uint64_t va, MmuPage *p)
{
    *p = (MmuPage){.phys = va & ~mask64(12) & x86_a20_mask(c),
                   .page_bits = FLAT_PAGE_BITS,
                   .r = true,
                   .w = true,
                   .x = true,
                   .global = true};
}

bool x86_walk(VCPU *v, uint64_t va, MmuAccess access, unsigned regime, MmuPage *page,
              MmuFault *fault)
{
    X86CPU *c = x86_cpu(v);
    if (!(c->cr0 & X86_CR0_PG)) {
        walk_flat(c, va, page);
        return true;
    }
    if (!x86_canonical(va)) {
        *fault = (MmuFault){.va = va, .access = access, .code = X86_FAULT_NONCANONICAL};
        return false;
    }
    Walker w = walker_of(c, va, access, regime);
    *page = (MmuPage){0};
    if (walk_paged(&w, page)) {
        return true;
    }
    *fault = (MmuFault){.va = va, .access = access, .code = error_code(&w)};
    if (log_enabled(LOG_MMU)) {
        log_printf(LOG_MMU, "cpu%u walk linear 0x%" PRIx64 " access %d: error 0x%x\n", v->index, va,
                   (int)access, fault->code);
    }
    return false;
}

uint64_t x86_virt_to_phys_debug(VCPU *v, uint64_t va)
{
    X86CPU *c = x86_cpu(v);
    MmuPage p = {0};
    va = x86_lin(c, va);
    if (!(c->cr0 & X86_CR0_PG)) {
        walk_flat(c, va, &p);
        return p.phys | (va & mask64(12));
    }
    Walker w = walker_of(c, va, MMU_READ, 0);
    w.debug = true;
    return x86_canonical(va) && walk_paged(&w, &p) ? p.phys | (va & mask64(12)) : UINT64_MAX;
}

// --- for the monitor

bool x86_translation_on(VCPU *v)
{
    return x86_cpu(v)->cr0 & X86_CR0_PG;
}

// How much an entry at the place where the walk ended stands for, as a power of 2.
static unsigned reached_bits(const Walker *w)
{
    static const uint8_t four[] = {39, 39, 30, 21, 12}, three[] = {30, 21, 12},
                         two[] = {22, 22, 12};
    bool pae = w->c->cr4 & X86_CR4_PAE;
    return x86_long_mode(w->c) ? four[w->n] : pae ? three[w->n] : two[w->n];
}

static void print_mapping(const Walker *w, TargetMapping *p)
{
    static const struct {
        uint64_t bit;
        char letter;
    } columns[] = {{PTE_NX, 'X'}, {PTE_G, 'G'},  {PTE_PS, 'P'}, {PTE_D, 'D'}, {PTE_A, 'A'},
                   {BIT(4), 'C'}, {BIT(3), 'T'}, {PTE_U, 'U'},  {PTE_W, 'W'}};
    uint64_t leaf = w->entry[w->n - 1], all = ~UINT64_C(0), any = 0;
    if (w->page_bits == 12) {
        leaf &= ~(uint64_t)PTE_PS; // the bit is PAT there
    }
    for (unsigned i = 0; i < ARRAY_LEN(columns); i++) {
        p->flags[i] = leaf & columns[i].bit ? columns[i].letter : '-';
    }
    p->flags[ARRAY_LEN(columns)] = 0;
    for (unsigned i = 0; i < w->n; i++) {
        all &= w->entry[i];
        any |= w->entry[i];
    }
    p->access[0] = all & PTE_U ? 'u' : '-';
    p->access[1] = 'r';
    p->access[2] = all & PTE_W ? 'w' : '-';
    p->access[3] = w->nx && (any & PTE_NX) ? '-' : 'x';
    p->access[4] = 0;
}

bool x86_mapping(VCPU *v, uint64_t va, TargetMapping *p)
{
    X86CPU *c = x86_cpu(v);
    Walker w = walker_of(c, va, MMU_READ, 0);
    w.debug = true;
    if (!x86_canonical(va)) {
        p->next = UINT64_C(0xffff800000000000);
        return false;
    }
    bool ok = walk_tables(&w);
    unsigned bits = ok ? w.page_bits : reached_bits(&w);
    p->va = va & ~mask64(bits);
    p->size = BIT(bits);
    p->next = p->va + p->size;
    if (!x86_long_mode(c) && p->next >> 32) {
        p->next = 0;
    }
    if (ok) {
        p->phys = w.phys;
        print_mapping(&w, p);
    }
    return ok;
}
