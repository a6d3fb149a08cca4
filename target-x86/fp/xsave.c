// FXSAVE, XSAVE and their ways back. Everything is checked before anything is loaded; all of an
// area is touched by 16-byte accesses from its start on, so that a fault can be repeated.
#include "target-x86/fp/xsave.h"

#include <string.h>

#include "softmmu/softmmu.h"
#include "target-x86/fp/sse.h"

// One call under way.
typedef struct Area {
    X86CPU *c;
    uint64_t address;
    unsigned mode;
} Area;

static unsigned n_vec(const Area *a)
{
    return a->mode & XS_LONG ? 16 : 8;
}

static void check_aligned(const Area *a, unsigned bytes)
{
    if (a->address & (bytes - 1)) {
        x86_exception(a->c, X86_GP, 0);
    }
}

static V128 load(const Area *a, unsigned offset)
{
    V128 x;
    const void *host = x86_mem_fast(a->c, a->address + offset, sizeof x, false);
    if (host) {
        memcpy(&x, host, sizeof x);
    } else {
        mmu_load128(&a->c->vcpu, a->address + offset, &x, 4);
    }
    return x;
}

static void store(const Area *a, unsigned offset, V128 x)
{
    void *host = x86_mem_fast(a->c, a->address + offset, sizeof x, true);
    if (host) {
        memcpy(host, &x, sizeof x);
    } else {
        mmu_store128(&a->c->vcpu, a->address + offset, &x, 4);
    }
}

// --- in use
static bool all_zero(const V128 *v, unsigned n)
{
    uint64_t any = 0;
    for (unsigned k = 0; k < n; k++) {
        any |= v[k].u64[0] | v[k].u64[1];
    }
    return !any;
}

static bool x87_initial(const X86CPU *c)
{
    const X86Fpu *f = &c->fpu;
    uint64_t any = 0;
    for (unsigned k = 0; k < 8; k++) {
        any |= f->st[k].frac | f->st[k].se;
    }
    return !any && f->control == 0x37f && !x86_fpu_status(c) && f->empty == 0xff && !f->opcode &&
           !f->ip && !f->dp && !f->cs && !f->ds;
}

unsigned x86_xinuse(X86CPU *c)
{
    bool sse = !all_zero(c->vcpu.vec, 16) || (x86_mxcsr_get(c) & MXCSR_VALID) != MXCSR_RESET;
    return (x87_initial(c) ? 0 : XSTATE_X87) | (sse ? XSTATE_SSE : 0) |
           (all_zero(c->vcpu.vec + 16, 16) ? 0 : XSTATE_AVX);
}

// --- x87: control, pointers, registers in stack order
static void x87_head(const Area *a, V128 *low, uint64_t *dp)
{
    const X86Fpu *f = &a->c->fpu;
    *low = (V128){.u16 = {f->control, x86_fpu_status(a->c), (uint8_t)~f->empty, f->opcode}};
    if (a->mode & XS_64) {
        low->u64[1] = f->ip;
        *dp = f->dp;
    } else {
        low->u64[1] = (uint32_t)f->ip | (uint64_t)f->cs << 32;
        *dp = (uint32_t)f->dp | (uint64_t)f->ds << 32;
    }
}

static void save_x87(const Area *a)
{
    const X86Fpu *f = &a->c->fpu;
    for (unsigned k = 0; k < 8; k++) {
        const X86Float80 *st = &f->st[(f->top + k) & 7];
        store(a, 32 + 16 * k, (V128){.u64 = {st->frac, st->se}});
    }
}

static void load_x87(const Area *a, const V128 *low, uint64_t dp)
{
    X86Fpu *f = &a->c->fpu;
    V128 st[8];
    for (unsigned k = 0; k < 8; k++) {
        st[k] = load(a, 32 + 16 * k);
    }
    f->control = low->u16[0];
    x86_fpu_set_status(a->c, low->u16[1]);
    f->empty = (uint8_t)~low->u8[4];
    f->opcode = low->u16[3] & 0x7ff;
    bool wide = a->mode & XS_64;
    f->ip = wide ? low->u64[1] : low->u32[2];
    f->cs = wide ? 0 : low->u16[6];
    f->dp = wide ? dp : (uint32_t)dp;
    f->ds = wide ? 0 : (uint16_t)(dp >> 32);
    for (unsigned k = 0; k < 8; k++) {
        f->st[(f->top + k) & 7] = (X86Float80){.frac = st[k].u64[0], .se = st[k].u16[4]};
    }
}

static void reset_x87(X86CPU *c)
{
    x86_fpu_reset(c);
    memset(c->fpu.st, 0, sizeof c->fpu.st);
}

// --- vectors
static void save_vec(const Area *a, unsigned offset, unsigned first)
{
    for (unsigned k = 0; k < n_vec(a); k++) {
        store(a, offset + 16 * k, a->c->vcpu.vec[first + k]);
    }
}

static void load_vec(const Area *a, unsigned offset, unsigned first, bool from_memory)
{
    V128 v[16] = {0};
    for (unsigned k = 0; from_memory && k < n_vec(a); k++) {
        v[k] = load(a, offset + 16 * k);
    }
    memcpy(&a->c->vcpu.vec[first], v, n_vec(a) * sizeof(V128));
}

static void check_mxcsr(const Area *a, uint32_t value)
{
    if (value & ~(uint32_t)MXCSR_VALID) {
        x86_exception(a->c, X86_GP, 0);
    }
}

// --- FXSAVE
static void fxsave(VCPU *v, uint64_t address, uint64_t mode)
{
    Area a = {x86_cpu(v), address, (unsigned)mode};
    V128 low, high = {.u64 = {0, 0}};
    check_aligned(&a, 16);
    x87_head(&a, &low, &high.u64[0]);
    high.u32[2] = x86_mxcsr_get(a.c);
    high.u32[3] = MXCSR_VALID;
    store(&a, 0, low);
    store(&a, 16, high);
    save_x87(&a);
    save_vec(&a, 160, 0);
}
const IRHelper x86_h_fxsave = {"fxsave", (void *)fxsave, IR_VOID, 2, IR_CALL_ALL};

static void fxrstor(VCPU *v, uint64_t address, uint64_t mode)
{
    Area a = {x86_cpu(v), address, (unsigned)mode};
    check_aligned(&a, 16);
    V128 low = load(&a, 0), high = load(&a, 16);
    check_mxcsr(&a, high.u32[2]);
    load(&a, 160 + 16 * (n_vec(&a) - 1)); // a fault there comes first
    load_x87(&a, &low, high.u64[0]);
    load_vec(&a, 160, 0, true);
    x86_mxcsr_set(a.c, high.u32[2]);
}
const IRHelper x86_h_fxrstor = {"fxrstor", (void *)fxrstor, IR_VOID, 2, IR_CALL_ALL};

// --- XSAVE, XSAVEOPT, XSAVEC: `parts` are written
static void save_head(const Area *a, unsigned parts, bool mxcsr)
{
    V128 low, high = {.u64 = {0, 0}};
    x87_head(a, &low, &high.u64[0]);
    if (parts & XSTATE_X87) {
        store(a, 0, low);
        mmu_store(&a->c->vcpu, a->address + 16, high.u64[0], 3);
        save_x87(a);
    }
    if (mxcsr) {
        uint64_t pair = x86_mxcsr_get(a->c) | (uint64_t)MXCSR_VALID << 32;
        mmu_store(&a->c->vcpu, a->address + 24, pair, 3);
    }
}

static void xsave(VCPU *v, uint64_t address, uint64_t mode, uint64_t mask)
{
    Area a = {x86_cpu(v), address, (unsigned)mode};
    unsigned wanted = (unsigned)(mask & a.c->xcr0), used = wanted & x86_xinuse(a.c);
    bool compact = mode & XS_COMPACT;
    unsigned parts = mode & (XS_OPT | XS_COMPACT) ? used : wanted;
    check_aligned(&a, 64);
    V128 header = load(&a, XSAVE_HEADER);
    save_head(&a, parts, compact ? parts & XSTATE_SSE : wanted & (XSTATE_SSE | XSTATE_AVX));
    if (parts & XSTATE_SSE) {
        save_vec(&a, 160, 0);
    }
    if (parts & XSTATE_AVX) {
        save_vec(&a, XSAVE_AVX, 16);
    }
    if (compact) {
        store(&a, XSAVE_HEADER, (V128){.u64 = {used, wanted | XCOMP_COMPACT}});
    } else {
        mmu_store(v, address + XSAVE_HEADER, (header.u64[0] & ~(uint64_t)wanted) | used, 3);
    }
}
const IRHelper x86_h_xsave = {"xsave", (void *)xsave, IR_VOID, 3, IR_CALL_ALL};

// --- XRSTOR
// #GP for what SDM vol. 1, 13.8 lists; gives whether the format is the compacted one.
static bool check_header(const Area *a, V128 *header)
{
    *header = load(a, XSAVE_HEADER);
    uint64_t bv = header->u64[0], comp = header->u64[1], rest = 0;
    bool compact = comp & XCOMP_COMPACT;
    // Bytes 16 to 23 of the header must be zero, in the compacted format all after it, too.
    for (unsigned k = 1; k < (compact ? 4 : 2); k++) {
        V128 x = load(a, XSAVE_HEADER + 16 * k);
        rest |= x.u64[0] | (compact ? x.u64[1] : 0);
    }
    bool bad = rest || bv & ~a->c->xcr0;
    if (compact) {
        bad |= (comp & ~XCOMP_COMPACT & ~a->c->xcr0) || bv & ~comp ||
               !x86_features_test(&a->c->features, X86_FEAT_XSAVEC);
    } else {
        bad |= comp != 0;
    }
    if (bad) {
        x86_exception(a->c, X86_GP, 0);
    }
    return compact;
}

static void xrstor(VCPU *v, uint64_t address, uint64_t mode, uint64_t mask)
{
    Area a = {x86_cpu(v), address, (unsigned)mode};
    V128 header;
    check_aligned(&a, 64);
    bool compact = check_header(&a, &header);
    unsigned wanted = (unsigned)(mask & a.c->xcr0), from = (unsigned)header.u64[0] & wanted;
    bool mxcsr = compact ? from & XSTATE_SSE : wanted & (XSTATE_SSE | XSTATE_AVX);
    V128 low = load(&a, 0), high = load(&a, 16);
    if (mxcsr) {
        check_mxcsr(&a, high.u32[2]);
    }
    if (from & XSTATE_AVX) { // a fault there comes first
        load(&a, XSAVE_AVX + 16 * (n_vec(&a) - 1));
    }
    if (wanted & XSTATE_X87) {
        if (from & XSTATE_X87) {
            load_x87(&a, &low, high.u64[0]);
        } else {
            reset_x87(a.c);
        }
    }
    if (wanted & XSTATE_SSE) {
        load_vec(&a, 160, 0, from & XSTATE_SSE);
    }
    if (wanted & XSTATE_AVX) {
        load_vec(&a, XSAVE_AVX, 16, from & XSTATE_AVX);
    }
    if (mxcsr) {
        x86_mxcsr_set(a.c, high.u32[2]);
    } else if (compact && wanted & XSTATE_SSE) {
        x86_mxcsr_set(a.c, MXCSR_RESET);
    }
}
const IRHelper x86_h_xrstor = {"xrstor", (void *)xrstor, IR_VOID, 3, IR_CALL_ALL};
