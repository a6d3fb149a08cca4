// What decoding and address translation depend on, cached: block_flags and the keys of the two
// regimes. It is put together from what segments, control registers, and EFLAGS with CPL say;
// system calls and interrupts change only some of that, and often to what it was:
//
//   x86_segments_changed   all of it, after the mode bits (PE, VM, LMA) too
//   x86_mode_changed       all but segments
//   x86_segments_loaded    some segment registers, EFLAGS and CPL
//   x86_level_changed      EFLAGS and CPL
//
// Translated code contains addresses as its CS makes them, so a block belongs to one (base, limit)
// of CS. These pairs are numbered for the whole machine, since its CPUs share the blocks.
#include "target-x86/system.h"

#include <glib.h>

#define MAX_CODE_SEGMENTS 0xffff

typedef struct CodeSegment {
    uint64_t base;
    uint32_t limit;
} CodeSegment;

typedef struct X86Shared {
    GArray *code; // CodeSegment; number n stands at n - 1
    GHashTable *numbers;
} X86Shared;

static X86Shared *shared_of(X86CPU *c)
{
    if (!c->sys->shared) {
        Machine *m = c->vcpu.machine;
        X86Shared *s = machine_lookup(m, "x86");
        if (!s) {
            s = g_new0(X86Shared, 1);
            s->code = g_array_new(FALSE, FALSE, sizeof(CodeSegment));
            s->numbers = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
            machine_register(m, "x86", s);
        }
        c->sys->shared = s;
    }
    return c->sys->shared;
}

// All numbers are taken: forgets them, and all code with them. CPUs that run look their code up
// again before they go on.
static void start_over(X86CPU *c, X86Shared *s)
{
    Machine *m = c->vcpu.machine;
    g_array_set_size(s->code, 0);
    g_hash_table_remove_all(s->numbers);
    engine_flush(m->engine);
    for (unsigned i = 0; i < m->n_cpus; i++) {
        x86_cpu(m->cpu[i])->sys->cs_number = 0;
        if (m->cpu[i] != &c->vcpu) {
            x86_segments_changed(x86_cpu(m->cpu[i]));
        }
    }
    vcpu_kick(&c->vcpu);
}

static unsigned number_of(X86CPU *c, uint64_t base, uint32_t limit)
{
    X86Shared *s = shared_of(c);
    gint64 id = (gint64)(base << 32 | limit); // outside 64-bit mode bases have 32 bits
    uintptr_t known = (uintptr_t)g_hash_table_lookup(s->numbers, &id);
    if (known) {
        return (unsigned)known;
    }
    if (s->code->len == MAX_CODE_SEGMENTS) {
        start_over(c, s);
    }
    CodeSegment seg = {base, limit};
    g_array_append_val(s->code, seg);
    g_hash_table_insert(s->numbers, g_memdup2(&id, sizeof(id)), (gpointer)(uintptr_t)s->code->len);
    return s->code->len;
}

static unsigned code_segment_number(X86CPU *c)
{
    X86System *s = c->sys;
    const X86Segment *cs = &c->seg[X86_CS];
    if (x86_code64(c) || (!cs->base && cs->limit == UINT32_MAX)) {
        return 0;
    }
    if (!s->cs_number || s->cs_key[0] != cs->base || s->cs_key[1] != cs->limit) {
        unsigned n = number_of(c, (uint32_t)cs->base, cs->limit);
        s->cs_number = (uint16_t)n;
        s->cs_key[0] = cs->base;
        s->cs_key[1] = cs->limit;
    }
    return s->cs_number;
}

void x86_code_segment(const X86CPU *c, unsigned n, uint64_t *base, uint32_t *limit)
{
    const X86Shared *s = c->sys->shared;
    CodeSegment seg = {0, UINT32_MAX};
    if (n && s && n <= s->code->len) {
        seg = g_array_index(s->code, CodeSegment, n - 1);
    }
    *base = seg.base;
    *limit = seg.limit;
}

// --- segments

#define ALL_SEGMENTS UINT64_C(0x3f)
#define FS_GS        (UINT64_C(1) << X86_FS | UINT64_C(1) << X86_GS)

// In 64-bit mode FS and GS have a base and nothing else, the others nothing at all.
#define FLAGS_64                                                                                   \
    ((ALL_SEGMENTS & ~FS_GS) << X86_BF_FLAT_SHIFT | ALL_SEGMENTS << X86_BF_NO_LIMIT_SHIFT |        \
     ALL_SEGMENTS << X86_BF_64K_SHIFT)

// Readable and writable without more checks than the limit's; CS: readable, as stores through it
// are never taken for granted.
static bool plain(const X86CPU *c, unsigned n)
{
    const X86Segment *s = &c->seg[n];
    if (!x86_protected(c)) {
        return true;
    }
    if (n == X86_CS) {
        return s->attr & X86_DESC_W;
    }
    unsigned mask = X86_DESC_S | X86_DESC_CODE | X86_DESC_P | X86_DESC_W | X86_DESC_E;
    return (s->attr & mask) == (X86_DESC_S | X86_DESC_P | X86_DESC_W);
}

// FS and GS never count as flat: where their base happens to be 0 the same code would be translated
// again.
static uint64_t segment_flags(const X86CPU *c, unsigned n)
{
    const X86Segment *s = &c->seg[n];
    if (!plain(c, n) || s->limit < 0xffff) {
        return 0;
    }
    uint64_t f = UINT64_C(1) << (X86_BF_64K_SHIFT + n);
    if (s->limit == UINT32_MAX) {
        f |= UINT64_C(1) << (X86_BF_NO_LIMIT_SHIFT + n);
        f |= !s->base && n < X86_FS ? UINT64_C(1) << (X86_BF_FLAT_SHIFT + n) : 0;
    }
    return f;
}

// All that one register says.
static uint64_t register_flags(X86CPU *c, unsigned n)
{
    uint64_t f = segment_flags(c, n);
    if (n == X86_CS) {
        f |= (uint64_t)code_segment_number(c) << X86_BF_CS_SHIFT;
        f |= c->seg[n].attr & X86_DESC_B ? X86_BF_CODE32 : 0;
    } else if (n == X86_SS) {
        f |= c->seg[n].attr & X86_DESC_B ? X86_BF_STACK32 : 0;
    }
    return f;
}

static uint64_t register_mask(unsigned n)
{
    uint64_t one = UINT64_C(1) << n;
    uint64_t m = one << X86_BF_FLAT_SHIFT | one << X86_BF_NO_LIMIT_SHIFT | one << X86_BF_64K_SHIFT;
    return m | (n == X86_CS ? X86_BF_CS | X86_BF_CODE32 : n == X86_SS ? X86_BF_STACK32 : 0);
}

static uint64_t seg_flags(X86CPU *c)
{
    uint64_t f = 0;
    if (x86_code64(c)) {
        return FLAGS_64 | X86_BF_CODE64;
    }
    for (unsigned i = 0; i < X86_SEGS; i++) {
        f |= register_flags(c, i);
    }
    return f;
}

// --- control registers

#define XCR0_AVX 6 // SSE and AVX

static uint64_t control_flags(const X86CPU *c)
{
    uint64_t f = c->efer & X86_EFER_LMA ? X86_BF_LONG : 0;
    f |= c->cr0 & X86_CR0_EM ? X86_BF_EM : 0;
    f |= c->cr0 & X86_CR0_TS ? X86_BF_TS : 0;
    f |= c->cr0 & X86_CR0_MP ? X86_BF_MP : 0;
    f |= c->cr4 & X86_CR4_OSFXSR ? X86_BF_SSE : 0;
    f |= c->cr4 & X86_CR4_FSGSBASE ? X86_BF_FSGSBASE : 0;
    if (c->cr4 & X86_CR4_OSXSAVE) {
        f |= X86_BF_XSAVE | ((c->xcr0 & XCR0_AVX) == XCR0_AVX ? X86_BF_AVX : 0);
    }
    f |= (c->mxcsr & 0x1f80) != 0x1f80 ? X86_BF_SSE_TRAPS : 0;
    bool ignored = c->sys->ignne && !(c->cr0 & X86_CR0_NE);
    f |= (c->fpu.status & 0x80) && !ignored ? X86_BF_FPU_ERROR : 0;
    f |= c->smm ? X86_BF_SMM : 0;
    return f | (x86_code_breakpoints(c) ? X86_BF_BREAK : 0);
}

static uint64_t eflags_flags(const X86CPU *c)
{
    uint32_t e = c->eflags;
    uint64_t f = e & X86_TF ? X86_BF_TF : 0;
    // RF holds instruction breakpoints back for one instruction, as a shadow does interrupts.
    f |= c->inhibit || (e & X86_RF) ? X86_BF_SHADOW : 0;
    if (!(c->cr0 & X86_CR0_PE)) {
        return f | X86_BF_IOPL;
    }
    f |= e & X86_VM ? X86_BF_V86 : X86_BF_PROTECTED;
    f |= c->cpl <= x86_iopl(c) ? X86_BF_IOPL : 0;
    f |= (e & X86_AC) && c->cpl == 3 && (c->cr0 & X86_CR0_AM) ? X86_BF_ALIGN : 0;
    return f;
}

// --- regimes

static void select_regimes(X86CPU *c)
{
    X86System *s = c->sys;
    uint64_t asid = x86_space_asid(c);
    unsigned super = X86_REGIME_SUPER, now = X86_REGIME_FLAT;
    if (c->cr0 & X86_CR0_PG) {
        bool smap = c->cr4 & X86_CR4_SMAP;
        now = c->cpl == 3                    ? X86_REGIME_USER
              : smap && (c->eflags & X86_AC) ? X86_REGIME_SUPER_OPEN
                                             : X86_REGIME_SUPER;
    } else {
        super = X86_REGIME_FLAT;
    }
    unsigned smm = c->smm ? X86_REGIME_SMM : 0;
    s->regime_mode[0] = (uint8_t)now;
    s->regime_mode[1] = (uint8_t)super;
    s->regime_key[0] = (uint64_t)(now | smm) << 32 | asid;
    s->regime_key[1] = (uint64_t)(super | smm) << 32 | asid;
}

void x86_refresh(X86CPU *c)
{
    X86System *s = c->sys;
    s->seg_flags = seg_flags(c);
    s->control_flags = control_flags(c);
    s->block_flags = s->seg_flags | s->control_flags | eflags_flags(c) | c->cpl;
    select_regimes(c);
}

// Tells the engine what is new; if nothing is, only an interrupt may have become possible.
static void publish(X86CPU *c)
{
    X86System *s = c->sys;
    uint64_t flags = s->seg_flags | s->control_flags | eflags_flags(c) | c->cpl;
    uint64_t key[2] = {s->regime_key[0], s->regime_key[1]};
    bool same = flags == s->block_flags;
    s->block_flags = flags;
    select_regimes(c);
    if (key[0] != s->regime_key[0] || key[1] != s->regime_key[1]) {
        engine_mode_changed(&c->vcpu);
    } else if (!same) {
        engine_flags_changed(&c->vcpu);
    } else if (x86_interrupt_ready(&c->vcpu)) {
        vcpu_kick(&c->vcpu);
    }
}

void x86_level_changed(X86CPU *c)
{
    publish(c);
}

void x86_mode_changed(X86CPU *c)
{
    c->sys->ignne &= c->fpu.status >> 7 & 1;
    c->sys->control_flags = control_flags(c);
    publish(c);
}

void x86_segments_changed(X86CPU *c)
{
    c->sys->seg_flags = seg_flags(c);
    x86_mode_changed(c);
}

void x86_segments_loaded(X86CPU *c, unsigned which)
{
    X86System *s = c->sys;
    if (x86_code64(c) || (s->seg_flags & X86_BF_CODE64)) {
        s->seg_flags = seg_flags(c);
    } else {
        for (unsigned set = which; set; set &= set - 1) {
            unsigned n = (unsigned)__builtin_ctz(set);
            s->seg_flags = (s->seg_flags & ~register_mask(n)) | register_flags(c, n);
        }
    }
    publish(c);
}

uint64_t x86_block_flags(VCPU *v)
{
    const X86CPU *c = x86_cpu(v);
    // An inline STI's shadow is not published: it matters only if the block is left within it.
    return c->sys->block_flags | (c->inhibit ? X86_BF_SHADOW : 0);
}

uint64_t x86_regime_key(VCPU *v, unsigned regime)
{
    return x86_cpu(v)->sys->regime_key[regime];
}
