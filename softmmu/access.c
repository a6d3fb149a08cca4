// The slow path of every guest memory access.
#include "softmmu/internal.h"
#include "accel/debug_internal.h"

static unsigned regime_of(uint32_t memop)
{
    return memop & IR_MEM_UNPRIV ? 1 : 0;
}

static bool allowed(const PageInfo *p, MmuAccess a)
{
    return a == MMU_READ ? p->r : a == MMU_WRITE ? p->w : p->x;
}

static bool page_allows(const MmuPage *p, MmuAccess a)
{
    return a == MMU_READ ? p->r : a == MMU_WRITE ? p->w : p->x;
}

static NORETURN void raise_fault(VCPU *v, const MmuFault *f)
{
    engine_exception_begin(v);
    v->target->fault(v, f);
    engine_leave(v);
}

PageInfo *mmu_lookup(VCPU *v, uint64_t va, MmuAccess access, unsigned regime)
{
    SoftMmu *m = v->mmu;
    const FastTable *t = m->current[regime];
    uint64_t page_va = va & ~PAGE_OFFSET;
    PageInfo *p = &t->info[table_index(t, page_va)];
    if (p->va == page_va && allowed(p, access)) {
        return p;
    }
    MmuPage page;
    if (!l2_lookup(m, t->key, page_va, &page) || !page_allows(&page, access)) {
        MmuFault fault = {.va = va, .access = access};
        if (!v->target->walk(v, va, access, regime, &page, &fault)) {
            raise_fault(v, &fault);
        }
        l2_insert(m, m->current[regime]->key, page_va, &page);
    }
    return table_insert(m, regime, page_va, &page);
}

static NORETURN void raise_unaligned(VCPU *v, uint64_t va, MmuAccess a, unsigned regime)
{
    engine_exception_begin(v);
    v->target->unaligned(v, va, a, regime);
    engine_leave(v);
}

static void check_alignment(VCPU *v, uint64_t va, uint32_t memop, unsigned size, MmuAccess a)
{
    bool bad = (memop & IR_MEM_ALIGN) && (va & ir_mem_align_mask(memop, size));
    bad |= (memop & IR_MEM_ALIGN16) && (va & 15) + size > 16;
    if (unlikely(bad)) {
        raise_unaligned(v, va, a, regime_of(memop));
    }
}

// Device accesses run alone in a block of one instruction: see docs/architecture.md, rule 3.
static void require_device(VCPU *v)
{
    if (!engine_in_single(v)) {
        engine_leave_for_device(v);
    }
}

// So do accesses that a debugger watches, and stores over the block under way.
static void require_single(VCPU *v)
{
    if (!engine_in_single(v)) {
        engine_run_alone(v);
    }
}

// Not plain memory for this access: a device, nothing at all, or a store to ROM or flash.
static bool needs_dispatch(const PageInfo *p, MmuAccess a)
{
    return !p->host || (a == MMU_WRITE && !p->writable);
}

static NORETURN void raise_bus_error(VCPU *v, uint64_t va, uint64_t phys, MmuAccess a)
{
    engine_exception_begin(v);
    v->target->bus_error(v, va, phys, a);
    engine_leave(v);
}

static bool watched(VCPU *v, const PageInfo *p)
{
    return (v->debug || v->watch_armed) && debug_page_watched(v, p->va);
}

static void check_device(VCPU *v, const PageInfo *p, uint64_t va, unsigned size, MmuAccess a,
                         unsigned regime)
{
    if (p->device && (va & (size - 1))) {
        raise_unaligned(v, va, a, regime);
    }
    if (needs_dispatch(p, a)) {
        require_device(v);
    }
    if (unlikely(watched(v, p))) {
        if (v->watch_armed) {
            v->target->check_watch(v, va, size, a, regime);
        }
        if (debug_check_access(v, va, size, a == MMU_WRITE)) {
            require_single(v);
        }
    }
}

static uint64_t device_read(VCPU *v, const PageInfo *p, uint64_t va, unsigned size)
{
    uint64_t phys = p->phys | (va & PAGE_OFFSET), value = 0;
    if (va & (size - 1)) {
        for (unsigned i = 0; i < size; i++) {
            value |= device_read(v, p, va + i, 1) << (8 * i);
        }
        return value;
    }
    if (mem_read_n(mmu_memory(v), phys, &value, size) != MEM_OK) {
        if (!v->target->open_bus) {
            raise_bus_error(v, va, phys, MMU_READ);
        }
        value = mask64(8 * size);
    }
    machine_meet_deadline(v);
    return value;
}

static void device_write(VCPU *v, const PageInfo *p, uint64_t va, uint64_t value, unsigned size)
{
    uint64_t phys = p->phys | (va & PAGE_OFFSET);
    if (va & (size - 1)) {
        for (unsigned i = 0; i < size; i++) {
            device_write(v, p, va + i, value >> (8 * i) & 0xff, 1);
        }
        return;
    }
    if (mem_write_n(mmu_memory(v), phys, value, size) != MEM_OK && !v->target->open_bus) {
        raise_bus_error(v, va, phys, MMU_WRITE);
    }
    machine_meet_deadline(v);
}

// A store over the code of the block under way is made by a block of one instruction, so that what
// follows is what memory then holds.
static void keep_off_running_code(VCPU *v, const PageInfo *p, uint64_t va, unsigned size)
{
    if (p->host && engine_running_code_at(v, p->host + (va & PAGE_OFFSET), size)) {
        require_single(v);
    }
}

static void tell_watchers(VCPU *v, const PageInfo *p, uint64_t va, const void *bytes, unsigned size)
{
    unsigned at = va & PAGE_OFFSET, kinds = WATCH_ALL;
    if (bytes && !memcmp(p->host + at, bytes, size)) {
        kinds = BIT(WATCH_FRAME);
    } else if (*p->watch & BIT(WATCH_CODE)) {
        keep_off_running_code(v, p, va, size);
    }
    MemPage page = {.host = p->host, .watch = p->watch, .writable = true, .assigned = true};
    page_watch_stored(v->machine, &page, at, size, kinds);
}

// Before a store of these bytes (NULL: any) through host memory: who watches the page is told. If
// nobody does any more, later stores are fast.
static void prepare_store(VCPU *v, const PageInfo *p, uint64_t va, const void *bytes, unsigned size)
{
    if (*p->watch) {
        tell_watchers(v, p, va, bytes, size);
    }
    for (unsigned r = 0; r < 2 && !*p->watch; r++) {
        FastTable *t = v->mmu->current[r];
        unsigned i = table_index(t, va);
        if (t->info[i].va == p->va && t->entry[i].wtag != p->va) {
            table_set_fast(v->mmu, t, i);
        }
    }
}

static bool crosses_page(uint64_t va, unsigned size)
{
    return (va & PAGE_OFFSET) + size > PAGE_SIZE_;
}

// What a load has to be allowed to do.
static MmuAccess load_access(uint32_t memop)
{
    return memop & IR_MEM_WRITE ? MMU_WRITE : MMU_READ;
}

static uint64_t load_part(VCPU *v, uint64_t va, unsigned size, uint32_t memop)
{
    unsigned regime = regime_of(memop);
    PageInfo *p = mmu_lookup(v, va, load_access(memop), regime);
    check_device(v, p, va, size, MMU_READ, regime);
    if (!p->host) {
        return device_read(v, p, va, size);
    }
    uint64_t value = 0;
    memcpy(&value, p->host + (va & PAGE_OFFSET), size);
    return value;
}

static void store_part(VCPU *v, uint64_t va, uint64_t value, unsigned size, unsigned regime)
{
    PageInfo *p = mmu_lookup(v, va, MMU_WRITE, regime);
    check_device(v, p, va, size, MMU_WRITE, regime);
    if (needs_dispatch(p, MMU_WRITE)) {
        device_write(v, p, va, value, size);
        return;
    }
    prepare_store(v, p, va, &value, size);
    memcpy(p->host + (va & PAGE_OFFSET), &value, size);
}

static uint64_t sign_extend(uint64_t value, uint32_t memop)
{
    unsigned bits = 8u << (memop & IR_MEM_SIZE);
    return (memop & IR_MEM_SIGN) && bits < 64 ? (uint64_t)sextract64(value, 0, bits) : value;
}

static void check_span(VCPU *v, uint64_t va, unsigned size, MmuAccess a, unsigned regime)
{
    MmuFault fault = {.va = va, .access = a};
    if (regime == 0 && v->target->span_allowed &&
        !v->target->span_allowed(v, va, va + size - 1, a, &fault)) {
        raise_fault(v, &fault);
    }
}

// Both pages of a crossing access are checked before any byte moves.
static void check_both_pages(VCPU *v, uint64_t va, unsigned size, MmuAccess a, unsigned regime)
{
    check_span(v, va, size, a, regime);
    for (unsigned i = 0; i < 2; i++) {
        uint64_t at = i ? (va + size - 1) & ~PAGE_OFFSET : va;
        PageInfo *p = mmu_lookup(v, at, a, regime);
        if (p->device) {
            raise_unaligned(v, va, a, regime);
        }
        if (needs_dispatch(p, a)) {
            require_device(v);
        }
        if (a == MMU_WRITE) {
            keep_off_running_code(v, p, i ? at : va,
                                  i ? (va + size) & PAGE_OFFSET : PAGE_SIZE_ - (va & PAGE_OFFSET));
        }
    }
}

uint64_t mmu_load(VCPU *v, uint64_t va, uint32_t memop)
{
    unsigned size = 1u << (memop & IR_MEM_SIZE), regime = regime_of(memop);
    check_alignment(v, va, memop, size, load_access(memop));
    if (likely(!crosses_page(va, size))) {
        return sign_extend(load_part(v, va, size, memop), memop);
    }
    check_both_pages(v, va, size, load_access(memop), regime);
    uint64_t value = 0;
    for (unsigned i = 0; i < size; i++) {
        value |= load_part(v, va + i, 1, memop) << (8 * i);
    }
    return sign_extend(value, memop);
}

void mmu_store(VCPU *v, uint64_t va, uint64_t value, uint32_t memop)
{
    unsigned size = 1u << (memop & IR_MEM_SIZE), regime = regime_of(memop);
    check_alignment(v, va, memop, size, MMU_WRITE);
    if (likely(!crosses_page(va, size))) {
        store_part(v, va, value, size, regime);
        return;
    }
    check_both_pages(v, va, size, MMU_WRITE, regime);
    for (unsigned i = 0; i < size; i++) {
        store_part(v, va + i, value >> (8 * i) & 0xff, 1, regime);
    }
}

void mmu_load128(VCPU *v, uint64_t va, V128 *out, uint32_t memop)
{
    if ((memop & IR_MEM_SIZE) < 4) {
        *out = (V128){.u64 = {mmu_load(v, va, memop)}};
        return;
    }
    unsigned regime = regime_of(memop);
    check_alignment(v, va, memop, 16, load_access(memop));
    if (crosses_page(va, 16)) {
        check_both_pages(v, va, 16, load_access(memop), regime);
    }
    for (unsigned i = 0; i < 2; i++) {
        out->u64[i] = mmu_load(v, va + 8 * i, (memop & (IR_MEM_UNPRIV | IR_MEM_WRITE)) | 3);
    }
}

void mmu_store128(VCPU *v, uint64_t va, const V128 *value, uint32_t memop)
{
    if ((memop & IR_MEM_SIZE) < 4) {
        mmu_store(v, va, value->u64[0], memop);
        return;
    }
    unsigned regime = regime_of(memop);
    check_alignment(v, va, memop, 16, MMU_WRITE);
    if (crosses_page(va, 16)) {
        check_both_pages(v, va, 16, MMU_WRITE, regime);
    } else {
        keep_off_running_code(v, mmu_lookup(v, va, MMU_WRITE, regime), va, 16);
    }
    for (unsigned i = 0; i < 2; i++) {
        mmu_store(v, va + 8 * i, value->u64[i], (memop & IR_MEM_UNPRIV) | 3);
    }
}

static uint64_t rmw_result(uint64_t old, uint64_t value, unsigned size, IRRmwKind kind)
{
    unsigned bits = size * 8;
    int64_t so = sextract64(old, 0, bits), sv = sextract64(value, 0, bits);
    uint64_t uo = old & mask64(bits), uv = value & mask64(bits);
    switch (kind) {
    case IR_RMW_XCHG:
        return value;
    case IR_RMW_ADD:
        return old + value;
    case IR_RMW_AND:
        return old & value;
    case IR_RMW_CLR:
        return old & ~value;
    case IR_RMW_OR:
        return old | value;
    case IR_RMW_XOR:
        return old ^ value;
    case IR_RMW_SMAX:
        return so > sv ? old : value;
    case IR_RMW_SMIN:
        return so < sv ? old : value;
    case IR_RMW_UMAX:
        return uo > uv ? old : value;
    case IR_RMW_UMIN:
        return uo < uv ? old : value;
    }
    return value;
}

// An atomic access needs permission to write even if it ends up not storing.
static uint64_t atomic_load(VCPU *v, uint64_t va, uint32_t memop, unsigned size)
{
    unsigned regime = regime_of(memop);
    check_alignment(v, va, memop, size, MMU_WRITE);
    if (crosses_page(va, size)) {
        check_both_pages(v, va, size, MMU_WRITE, regime);
    } else if (needs_dispatch(mmu_lookup(v, va, MMU_WRITE, regime), MMU_WRITE)) {
        require_device(v);
    }
    return mmu_load(v, va, memop & (IR_MEM_SIZE | IR_MEM_UNPRIV));
}

uint64_t mmu_rmw(VCPU *v, uint64_t va, uint64_t value, uint32_t memop, IRRmwKind kind)
{
    unsigned size = 1u << (memop & IR_MEM_SIZE);
    uint64_t old = atomic_load(v, va, memop, size);
    mmu_store(v, va, rmw_result(old, value, size, kind), memop & (IR_MEM_SIZE | IR_MEM_UNPRIV));
    return old;
}

uint64_t mmu_cas(VCPU *v, uint64_t va, uint64_t expected, uint64_t value, uint32_t memop)
{
    unsigned size = 1u << (memop & IR_MEM_SIZE);
    uint64_t old = atomic_load(v, va, memop, size);
    if (old == (expected & mask64(size * 8))) {
        mmu_store(v, va, value, memop & (IR_MEM_SIZE | IR_MEM_UNPRIV));
    }
    return old;
}

uintptr_t mmu_chk(VCPU *v, uint64_t va, uint32_t span, uint32_t memop)
{
    bool store = memop & IR_MEM_STORE;
    unsigned regime = regime_of(memop);
    if (!crosses_page(va, span)) {
        PageInfo *p = mmu_lookup(v, va, store ? MMU_WRITE : MMU_READ, regime);
        const FastTable *t = v->mmu->current[regime];
        const TlbEntry *e = &t->entry[table_index(t, va)];
        if (store && !needs_dispatch(p, MMU_WRITE) && !(*p->watch & ~BIT(WATCH_FRAME))) {
            prepare_store(v, p, va, NULL, span); // a frame buffer's page becomes fast here and now
        }
        if ((store ? e->wtag : e->rtag) == p->va) {
            return store ? e->wadd : e->radd;
        }
    }
    engine_run_alone(v);
}

void *mmu_probe(VCPU *v, uint64_t va, unsigned size, uint32_t memop)
{
    bool store = memop & IR_MEM_STORE;
    unsigned regime = regime_of(memop);
    check_alignment(v, va, memop, size, store ? MMU_WRITE : MMU_READ);
    if (crosses_page(va, size)) {
        check_both_pages(v, va, size, store ? MMU_WRITE : MMU_READ, regime);
        return NULL;
    }
    PageInfo *p = mmu_lookup(v, va, store ? MMU_WRITE : MMU_READ, regime);
    if (needs_dispatch(p, store ? MMU_WRITE : MMU_READ) || watched(v, p)) {
        return NULL;
    }
    if (store) {
        prepare_store(v, p, va, NULL, size);
    }
    return p->host + (va & PAGE_OFFSET);
}

const uint8_t *mmu_fetch_page(VCPU *v, uint64_t pc, uint64_t *phys)
{
    PageInfo *p = mmu_lookup(v, pc, MMU_FETCH, 0);
    if (!p->host) {
        log_printf(LOG_GUEST_ERRORS, "instruction fetch from a device at 0x%" PRIx64 "\n", p->phys);
        raise_bus_error(v, pc, p->phys | (pc & PAGE_OFFSET), MMU_FETCH);
    }
    mapping_note_fetch(v->mmu, p->va, p->global);
    *phys = p->phys | (pc & PAGE_OFFSET);
    return p->host + (pc & PAGE_OFFSET);
}
