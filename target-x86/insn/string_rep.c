// Repeated string instructions, a chunk at a time, and INS and OUTS.
//
// A chunk is the elements up to the next page boundary of either side, or the end of a segment, or
// one element that crosses a boundary. Where chunks end is the guest's state alone, as each counts
// as one instruction. Within a chunk all elements see the same pages: plain memory on both sides is
// worked on through host pointers; otherwise each element is a load or store, and registers are up
// to date before the next one, so that a fault or a re-run alone (devices) finds them right.
#include <string.h>

#include "softmmu/softmmu.h"
#include "target-x86/helpers.h"
#include "target-x86/insn/helpers.h"
#include "tcg-like/intops.h"

typedef struct Str {
    X86CPU *c;
    X86StringDesc d;
    unsigned bytes; // of an element
    uint64_t mask;  // of addresses
    bool down;
    unsigned memop;
} Str;

// One side: its linear address, and how many elements may follow from there on.
typedef struct Side {
    bool used;
    uint64_t linear;
} Side;

// --- registers

static uint64_t get_reg(const Str *s, unsigned reg)
{
    return s->c->vcpu.gpr[reg] & s->mask;
}

static void set_reg(const Str *s, unsigned reg, uint64_t v)
{
    uint64_t *r = &s->c->vcpu.gpr[reg];
    *r = s->d.log2_addr == 1 ? (*r & ~s->mask) | (v & s->mask) : v & s->mask;
}

static uint64_t accumulator(const Str *s)
{
    return s->c->vcpu.gpr[X86_RAX] & mask64(8 * s->bytes);
}

static void set_accumulator(const Str *s, uint64_t v)
{
    uint64_t *r = &s->c->vcpu.gpr[X86_RAX];
    *r = s->bytes == 8 ? v : s->bytes == 4 ? (uint32_t)v : deposit64(*r, 0, 8 * s->bytes, v);
}

// --- chunks

static bool has_source(const Str *s)
{
    return s->d.op == X86_STR_MOVS || s->d.op == X86_STR_LODS || s->d.op == X86_STR_CMPS ||
           s->d.op == X86_STR_OUTS;
}

static bool has_destination(const Str *s)
{
    return s->d.op != X86_STR_LODS && s->d.op != X86_STR_OUTS;
}

static bool stores(const Str *s)
{
    return s->d.op == X86_STR_MOVS || s->d.op == X86_STR_STOS || s->d.op == X86_STR_INS;
}

// Elements from offset `at` on that lie whole within [0, size).
static uint64_t elements(const Str *s, uint64_t at, uint64_t size)
{
    if (at + s->bytes > size) {
        return 0;
    }
    return s->down ? at / s->bytes + 1 : (size - at) / s->bytes;
}

// Elements until the offset wraps or leaves the segment; at least 1, as the first was checked.
static uint64_t elements_in_segment(const Str *s, unsigned seg, uint64_t offset)
{
    const X86Segment *g = &s->c->seg[seg];
    bool long_code = s->c->efer & X86_EFER_LMA && s->c->seg[X86_CS].attr & X86_DESC_L;
    uint64_t size = s->mask == UINT64_MAX ? UINT64_MAX : s->mask + 1;
    if (!long_code) {
        if (!(g->attr & X86_DESC_CODE) && g->attr & X86_DESC_E) {
            return 1; // expand-down
        }
        size = MIN_OF(size, (uint64_t)g->limit + 1);
    }
    return MAX_OF(elements(s, offset, size), 1);
}

// Checks the first element of a side; how many may follow: 0 if it crosses a page.
static uint64_t begin_side(const Str *s, Side *side, unsigned seg, unsigned reg, bool store)
{
    uint64_t offset = get_reg(s, reg);
    side->used = true;
    side->linear = x86_linear_checked(s->c, seg, offset, s->bytes, store);
    uint64_t n = elements(s, side->linear & 0xfff, 0x1000);
    return n ? MIN_OF(n, elements_in_segment(s, seg, offset)) : 0;
}

// Host address of the lowest of n elements, or NULL. A fault is the first element's.
static uint8_t *probe(const Str *s, const Side *side, uint64_t n, bool store)
{
    VCPU *v = &s->c->vcpu;
    uint64_t low = s->down ? side->linear - (n - 1) * s->bytes : side->linear;
    unsigned memop = store ? IR_MEM_STORE : 0;
    uint8_t *fast = x86_mem_fast(s->c, low, (unsigned)(n * s->bytes), store);
    if (fast) {
        return fast;
    }
    if (s->down) {
        mmu_probe(v, side->linear, s->bytes, memop);
    }
    return mmu_probe(v, low, (unsigned)(n * s->bytes), memop);
}

// --- elements through pointers

static uint64_t load_host(const Str *s, const uint8_t *p)
{
    uint64_t v = 0;
    memcpy(&v, p, s->bytes);
    return v;
}

// From the lowest element's address to the k-th in the order of execution.
static uint8_t *element(const Str *s, uint8_t *low, uint64_t n, uint64_t k)
{
    return low + (s->down ? n - 1 - k : k) * s->bytes;
}

static void copy(const Str *s, uint8_t *dst, const uint8_t *src, uint64_t n)
{
    uint64_t len = n * s->bytes;
    // The destination runs over source elements that are still to be read: they are read as
    // written.
    bool repeats = s->down ? dst < src && dst + len > src : dst > src && dst < src + len;
    if (!repeats) {
        memmove(dst, src, len);
        return;
    }
    for (uint64_t k = 0; k < n; k++) {
        uint64_t at = (s->down ? n - 1 - k : k) * s->bytes;
        uint64_t v = load_host(s, src + at);
        memcpy(dst + at, &v, s->bytes);
    }
}

static void fill(const Str *s, uint8_t *dst, uint64_t n)
{
    uint64_t v = accumulator(s);
    if (s->bytes == 1 || v == 0) {
        memset(dst, (int)v, n * s->bytes);
        return;
    }
    for (uint64_t k = 0; k < n; k++) {
        memcpy(dst + k * s->bytes, &v, s->bytes);
    }
}

// Moves registers over n elements. The count register is not moved without REP.
static void advance(const Str *s, uint64_t n)
{
    uint64_t delta = s->down ? 0 - n * s->bytes : n * s->bytes;
    if (has_source(s)) {
        set_reg(s, X86_RSI, get_reg(s, X86_RSI) + delta);
    }
    if (has_destination(s)) {
        set_reg(s, X86_RDI, get_reg(s, X86_RDI) + delta);
    }
    if (s->d.rep != X86_NO_REP) {
        set_reg(s, X86_RCX, get_reg(s, X86_RCX) - n);
    }
}

static void set_flags(const Str *s, uint64_t x, uint64_t y)
{
    s->c->vcpu.flags = (uint16_t)ir_eval_f_sbb(8 * s->bytes, x, y, 0);
}

// Whether a comparison of these ends the repetition.
static bool ends(const Str *s, uint64_t x, uint64_t y)
{
    return (x == y) == (s->d.rep == X86_REPNE);
}

// Elements compared, the last of which may end it.
static uint64_t compare(const Str *s, uint8_t *src, uint8_t *dst, uint64_t n)
{
    uint64_t x = accumulator(s), y = 0, k = 0;
    do {
        x = src ? load_host(s, element(s, src, n, k)) : x;
        y = load_host(s, element(s, dst, n, k));
        k++;
    } while (k < n && !ends(s, x, y));
    set_flags(s, x, y);
    return k;
}

static void run_plain(const Str *s, uint8_t *src, uint8_t *dst, uint64_t n)
{
    switch ((X86StringOp)s->d.op) {
    case X86_STR_MOVS:
        copy(s, dst, src, n);
        break;
    case X86_STR_STOS:
        fill(s, dst, n);
        break;
    case X86_STR_LODS:
        set_accumulator(s, load_host(s, element(s, src, n, n - 1)));
        break;
    case X86_STR_CMPS:
    case X86_STR_SCAS:
        n = compare(s, src, dst, n);
        break;
    default:
        break;
    }
    advance(s, n);
}

// --- ports: as IN and OUT do it

static uint64_t port_read(X86CPU *c, uint64_t port, uint64_t bytes)
{
    typedef uint64_t In(X86CPU *, uint64_t, uint64_t);
    return ((In *)x86_h_in.fn)(c, port, bytes);
}

static void port_write(X86CPU *c, uint64_t port, uint64_t value, uint64_t bytes)
{
    typedef void Out(X86CPU *, uint64_t, uint64_t, uint64_t);
    ((Out *)x86_h_out.fn)(c, port, value, bytes);
}

// --- elements one by one

static bool compares(const Str *s)
{
    return s->d.op == X86_STR_CMPS || s->d.op == X86_STR_SCAS;
}

// One element at the given addresses. Registers are not moved yet.
static void run_element(const Str *s, uint64_t src, uint64_t dst)
{
    X86CPU *c = s->c;
    VCPU *v = &c->vcpu;
    uint64_t y = compares(s) ? mmu_load(v, dst, s->memop) : 0;
    uint64_t x = has_source(s) ? mmu_load(v, src, s->memop) : accumulator(s);
    switch ((X86StringOp)s->d.op) {
    case X86_STR_MOVS:
    case X86_STR_STOS:
        mmu_store(v, dst, x, s->memop | IR_MEM_STORE);
        break;
    case X86_STR_LODS:
        set_accumulator(s, x);
        break;
    case X86_STR_CMPS:
    case X86_STR_SCAS:
        set_flags(s, x, y);
        break;
    case X86_STR_INS:
        // A fault must come before the device is read.
        mmu_probe(v, dst, s->bytes, IR_MEM_STORE);
        x = port_read(c, v->gpr[X86_RDX] & 0xffff, s->bytes);
        mmu_store(v, dst, x, s->memop | IR_MEM_STORE);
        break;
    case X86_STR_OUTS:
        port_write(c, v->gpr[X86_RDX] & 0xffff, x, s->bytes);
        break;
    }
}

static bool compare_ended(const Str *s)
{
    bool equal = s->c->vcpu.flags & IR_FLAG_Z;
    return compares(s) && equal == (s->d.rep == X86_REPNE);
}

static void run_elements(const Str *s, const Side *src, const Side *dst, uint64_t n)
{
    for (uint64_t k = 0; k < n; k++) {
        uint64_t offset = s->down ? 0 - k * s->bytes : k * s->bytes;
        run_element(s, src->linear + offset, dst->linear + offset);
        advance(s, 1);
        if (compare_ended(s)) {
            return;
        }
    }
}

// --- the chunk

// The sides of a chunk and how many elements it has at most.
typedef struct Chunk {
    Side src, dst;
    uint64_t n;
    bool crosses;
} Chunk;

static void bound(Chunk *k, uint64_t elements)
{
    k->crosses |= elements == 0;
    k->n = MIN_OF(k->n, MAX_OF(elements, 1));
}

static void begin_source(const Str *s, Chunk *k)
{
    if (has_source(s)) {
        bound(k, begin_side(s, &k->src, s->d.seg, X86_RSI, false));
    }
}

static void begin_destination(const Str *s, Chunk *k)
{
    if (has_destination(s)) {
        bound(k, begin_side(s, &k->dst, X86_ES, X86_RDI, stores(s)));
    }
}

// True: both sides are plain memory, and it is done.
static bool try_plain(const Str *s, Chunk *k)
{
    uint8_t *from = NULL, *to = NULL;
    if (compares(s)) {
        to = probe(s, &k->dst, k->n, false);
    }
    if (k->src.used) {
        from = probe(s, &k->src, k->n, false);
    }
    if (k->dst.used && !compares(s)) {
        to = probe(s, &k->dst, k->n, stores(s));
    }
    if ((k->src.used && !from) || (k->dst.used && !to)) {
        return false;
    }
    run_plain(s, from, to, k->n);
    return true;
}

// What is looked at first tells which fault it is if both sides have one: comparisons begin with
// ES:rDI, all others with the source.
static void run_chunk(const Str *s, uint64_t count)
{
    Chunk k = {.n = s->d.one || s->c->vcpu.watch_armed ? 1 : count};
    bool io = s->d.op >= X86_STR_INS;
    if (compares(s)) {
        begin_destination(s, &k);
        begin_source(s, &k);
    } else {
        begin_source(s, &k);
        begin_destination(s, &k);
    }
    if (!k.crosses && !io && !s->d.align && try_plain(s, &k)) {
        return;
    }
    run_elements(s, &k.src, &k.dst, k.crosses ? 1 : k.n);
}

static uint64_t run_string(X86CPU *c, uint32_t desc)
{
    X86StringDesc d = x86_string_undesc(desc);
    Str s = {.c = c,
             .d = d,
             .bytes = 1u << d.log2_bytes,
             .mask = mask64(8u << d.log2_addr),
             .down = c->df < 0,
             .memop = d.log2_bytes | (d.align ? IR_MEM_ALIGN : 0)};
    if (d.rep == X86_NO_REP) {
        run_chunk(&s, 1);
        return 0;
    }
    uint64_t count = get_reg(&s, X86_RCX);
    if (count == 0) {
        return 0;
    }
    run_chunk(&s, count);
    return get_reg(&s, X86_RCX) != 0 && !compare_ended(&s);
}

const IRHelper x86_h_string = {"string", run_string, IR_I32, 1, IR_CALL_ALL};
