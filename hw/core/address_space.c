// An address space: the flattened, sorted view of a region tree, and accesses through it.
//
// The view is rebuilt at the first look after a change. A look-up is a binary search after a try of
// the range that was hit last.
#include "hw/core/memory_internal.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "util/log.h"

#define PAGE      UINT64_C(4096)
#define MAX_DEPTH 32 // of containers and aliases

typedef struct FlatRange {
    uint64_t first, last; // both inclusive
    MemRegion *region;    // never an alias or container
    uint64_t offset;      // of first, in region
    MemKind kind;         // the region's, but ROM for RAM behind a read-only alias
} FlatRange;

struct AddressSpace {
    char *name;
    MemRegion *root;
    bool stale;
    GArray *view; // FlatRange, sorted, disjoint
    unsigned last_hit;
    void *hook_opaque;
    void (*changed)(void *);
    void (*stored)(void *, const MemPage *, unsigned offset, unsigned len);
};

AddressSpace *address_space_new(const char *name, MemRegion *root)
{
    AddressSpace *as = g_new0(AddressSpace, 1);
    as->name = g_strdup(name);
    as->root = root;
    as->stale = true;
    as->view = g_array_new(FALSE, FALSE, sizeof(FlatRange));
    g_ptr_array_add(root->spaces, as);
    return as;
}

MemRegion *address_space_root(AddressSpace *as)
{
    return as->root;
}

void address_space_set_hooks(AddressSpace *as, void *opaque, void (*changed)(void *),
                             void (*stored)(void *, const MemPage *, unsigned offset, unsigned len))
{
    as->hook_opaque = opaque;
    as->changed = changed;
    as->stored = stored;
}

// Nobody has looked since the first change: one call of the hook serves all of them.
void address_space_stale(AddressSpace *as)
{
    if (as->stale) {
        return;
    }
    as->stale = true;
    if (as->changed) {
        as->changed(as->hook_opaque);
    }
}

// --- flattening

// Signed and wide enough for a base before 0 (aliases) and an end at 2^64.
typedef __int128 Wide;

// Puts r into what is still free of [lo, hi).
static void insert_range(GArray *view, MemRegion *r, bool readonly, Wide base, Wide lo, Wide hi)
{
    MemKind kind = readonly && r->kind == MEM_RAM ? MEM_ROM : r->kind;
    guint i = 0;
    while (lo < hi) {
        while (i < view->len && (Wide)g_array_index(view, FlatRange, i).last < lo) {
            i++;
        }
        Wide end = hi;
        Wide next = hi;
        if (i < view->len) {
            const FlatRange *f = &g_array_index(view, FlatRange, i);
            end = MIN_OF(end, (Wide)f->first);
            next = (Wide)f->last + 1;
        }
        if (lo < end) {
            FlatRange n = {(uint64_t)lo, (uint64_t)(end - 1), r, (uint64_t)(lo - base), kind};
            g_array_insert_val(view, i, n);
            i++;
        }
        if (end == hi) {
            return;
        }
        lo = next;
    }
}

static void render(GArray *view, MemRegion *r, bool readonly, Wide base, Wide lo, Wide hi,
                   unsigned depth)
{
    assert(depth < MAX_DEPTH);
    lo = MAX_OF(lo, base);
    hi = MIN_OF(hi, base + (Wide)r->size);
    if (!r->enabled || lo >= hi) {
        return;
    }
    if (r->kind == MEM_ALIAS) {
        render(view, r->target, readonly || r->readonly, base - (Wide)r->target_offset, lo, hi,
               depth + 1);
        return;
    }
    for (guint i = 0; i < r->children->len; i++) {
        MemRegion *child = r->children->pdata[i];
        render(view, child, readonly, base + (Wide)child->addr, lo, hi, depth + 1);
    }
    if (r->kind != MEM_CONTAINER) {
        insert_range(view, r, readonly, base, lo, hi);
    }
}

static void rebuild(AddressSpace *as)
{
    g_array_set_size(as->view, 0);
    as->last_hit = 0;
    render(as->view, as->root, false, 0, 0, (Wide)1 << 64, 0);
    as->stale = false;
}

// Index of the first range that ends at or after addr; view->len if none.
static unsigned first_from(AddressSpace *as, uint64_t addr)
{
    if (unlikely(as->stale)) {
        rebuild(as);
    }
    unsigned lo = 0, hi = as->view->len;
    while (lo < hi) {
        unsigned mid = (lo + hi) / 2;
        if (g_array_index(as->view, FlatRange, mid).last < addr) {
            lo = mid + 1;
        } else {
            hi = mid;
        }
    }
    return lo;
}

static const FlatRange *find(AddressSpace *as, uint64_t addr)
{
    if (likely(!as->stale && as->last_hit < as->view->len)) {
        const FlatRange *f = &g_array_index(as->view, FlatRange, as->last_hit);
        if (addr >= f->first && addr <= f->last) {
            return f;
        }
    }
    unsigned i = first_from(as, addr);
    if (i == as->view->len) {
        return NULL;
    }
    const FlatRange *f = &g_array_index(as->view, FlatRange, i);
    if (addr < f->first) {
        return NULL;
    }
    as->last_hit = i;
    return f;
}

static bool reads_memory(const MemRegion *r)
{
    return r->kind == MEM_RAM || r->kind == MEM_ROM || (r->kind == MEM_ROMD && r->romd_reads);
}

MemPage address_space_page(AddressSpace *as, uint64_t phys)
{
    MemPage page = {0};
    uint64_t first = ALIGN_DOWN(phys, PAGE), last = first + (PAGE - 1);
    unsigned i = first_from(as, first);
    if (i == as->view->len) {
        return page;
    }
    const FlatRange *f = &g_array_index(as->view, FlatRange, i);
    page.assigned = f->first <= last;
    // A page that is only partly this region's, or parts of two pages of it, is dispatched access
    // by access.
    uint64_t offset = f->offset + (first - f->first);
    if (f->first <= first && f->last >= last && reads_memory(f->region) && !(offset % PAGE)) {
        page.host = f->region->host + offset;
        page.watch = f->region->watch + offset / PAGE;
        page.writable = f->kind == MEM_RAM;
    }
    return page;
}

// --- device accesses

static uint64_t swap_bytes(uint64_t v, unsigned size)
{
    return __builtin_bswap64(v) >> (64 - 8 * size);
}

static uint64_t call_read(MemRegion *r, uint64_t offset, unsigned size)
{
    if (!r->ops->read) {
        return 0;
    }
    uint64_t v = r->ops->read(r->opaque, offset, size) & mask64(8 * size);
    return r->ops->big_endian ? swap_bytes(v, size) : v;
}

static void call_write(MemRegion *r, uint64_t offset, uint64_t v, unsigned size)
{
    if (r->ops->write) {
        v &= mask64(8 * size);
        r->ops->write(r->opaque, offset, r->ops->big_endian ? swap_bytes(v, size) : v, size);
    }
}

// How the next piece of an access is made: `call` bytes at offset - skip, of which `use` count.
typedef struct Piece {
    unsigned call, skip, use;
} Piece;

static Piece next_piece(const MmioOps *ops, uint64_t offset, unsigned left)
{
    unsigned min = ops->min_size ? ops->min_size : 1;
    unsigned max = ops->max_size ? ops->max_size : 8;
    unsigned n = max;
    while (n > left || (offset & (n - 1))) {
        n /= 2;
    }
    if (n >= min) {
        return (Piece){n, 0, n};
    }
    unsigned skip = offset & (min - 1);
    return (Piece){min, skip, MIN_OF(min - skip, left)};
}

// A device whose DMA reaches its own registers would call itself without end.
static bool enter_device(MemRegion *r, uint64_t phys)
{
    if (r->busy) {
        log_printf(LOG_GUEST_ERRORS, "memory: %s accesses itself at 0x%" PRIx64 "\n", r->name,
                   phys);
        return false;
    }
    r->busy = true;
    return true;
}

static MemResult device_read(MemRegion *r, uint64_t phys, uint64_t offset, uint64_t *value,
                             unsigned size)
{
    *value = 0;
    if (!enter_device(r, phys)) {
        return MEM_REFUSED;
    }
    for (unsigned done = 0; done < size;) {
        Piece p = next_piece(r->ops, offset + done, size - done);
        uint64_t v = call_read(r, offset + done - p.skip, p.call) >> (8 * p.skip);
        *value |= (v & mask64(8 * p.use)) << (8 * done);
        done += p.use;
    }
    r->busy = false;
    return MEM_OK;
}

static MemResult device_write(MemRegion *r, uint64_t phys, uint64_t offset, uint64_t value,
                              unsigned size)
{
    if (!enter_device(r, phys)) {
        return MEM_REFUSED;
    }
    for (unsigned done = 0; done < size;) {
        Piece p = next_piece(r->ops, offset + done, size - done);
        uint64_t v = (value >> (8 * done)) & mask64(8 * p.use);
        call_write(r, offset + done - p.skip, v << (8 * p.skip), p.call);
        done += p.use;
    }
    r->busy = false;
    return MEM_OK;
}

static MemResult unassigned(const AddressSpace *as, const char *what, uint64_t phys, unsigned size)
{
    log_printf(LOG_GUEST_ERRORS,
               "memory: %s of %u bytes at unassigned address 0x%" PRIx64 " (%s)\n", what, size,
               phys, as->name);
    return MEM_UNASSIGNED;
}

// --- accesses of any length

static void tell_stored(AddressSpace *as, MemRegion *r, uint64_t offset, uint64_t len)
{
    while (len) {
        uint64_t n = MIN_OF(len, PAGE - offset % PAGE);
        if (unlikely(r->watch[offset / PAGE]) && as->stored) {
            MemPage p = mem_region_page(r, offset);
            as->stored(as->hook_opaque, &p, (unsigned)(offset % PAGE), (unsigned)n);
        }
        offset += n;
        len -= n;
    }
}

// The largest power of two up to 8 that len allows.
static unsigned access_size(uint64_t len)
{
    return len >= 8 ? 8 : len >= 4 ? 4 : len >= 2 ? 2 : 1;
}

// How many of len bytes from phys on lie in no range, given that phys does not.
static uint64_t gap(AddressSpace *as, uint64_t phys, uint64_t len)
{
    unsigned i = first_from(as, phys);
    if (i == as->view->len) {
        return len;
    }
    return MIN_OF(len, g_array_index(as->view, FlatRange, i).first - phys);
}

// Reads up to len bytes, all of one range; returns how many.
static uint64_t read_some(AddressSpace *as, uint64_t phys, uint8_t *buf, uint64_t len,
                          MemResult *result)
{
    const FlatRange *f = find(as, phys);
    if (!f) {
        len = gap(as, phys, len);
        memset(buf, 0, len);
        *result = unassigned(as, "read", phys, len);
        return len;
    }
    MemRegion *r = f->region;
    uint64_t offset = f->offset + (phys - f->first);
    uint64_t room = f->last - phys;
    len = room < len ? room + 1 : len;
    if (reads_memory(r)) {
        memcpy(buf, r->host + offset, len);
        return len;
    }
    unsigned size = access_size(len);
    uint64_t v;
    MemResult one = device_read(r, phys, offset, &v, size);
    *result = one == MEM_OK ? *result : one;
    memcpy(buf, &v, size);
    return size;
}

static uint64_t write_some(AddressSpace *as, uint64_t phys, const uint8_t *buf, uint64_t len,
                           MemResult *result)
{
    const FlatRange *f = find(as, phys);
    if (!f) {
        len = gap(as, phys, len);
        *result = unassigned(as, "write", phys, len);
        return len;
    }
    MemRegion *r = f->region;
    uint64_t offset = f->offset + (phys - f->first);
    uint64_t room = f->last - phys;
    len = room < len ? room + 1 : len;
    if (f->kind == MEM_RAM) {
        memcpy(r->host + offset, buf, len);
        tell_stored(as, r, offset, len);
        return len;
    }
    if (f->kind == MEM_ROM) {
        return len;
    }
    unsigned size = access_size(len);
    uint64_t v = 0;
    memcpy(&v, buf, size);
    MemResult one = device_write(r, phys, offset, v, size);
    *result = one == MEM_OK ? *result : one;
    return size;
}

MemResult mem_read(AddressSpace *as, uint64_t phys, void *buf, uint64_t len)
{
    MemResult result = MEM_OK;
    uint8_t *p = buf;
    while (len) {
        uint64_t n = read_some(as, phys, p, len, &result);
        phys += n;
        p += n;
        len -= n;
    }
    return result;
}

MemResult mem_write(AddressSpace *as, uint64_t phys, const void *buf, uint64_t len)
{
    MemResult result = MEM_OK;
    const uint8_t *p = buf;
    while (len) {
        uint64_t n = write_some(as, phys, p, len, &result);
        phys += n;
        p += n;
        len -= n;
    }
    return result;
}

MemResult mem_read_n(AddressSpace *as, uint64_t phys, uint64_t *value, unsigned size)
{
    *value = 0;
    const FlatRange *f = find(as, phys);
    if (!f) {
        return unassigned(as, "read", phys, size);
    }
    if (unlikely(f->last - phys < size - 1)) {
        return mem_read(as, phys, value, size);
    }
    MemRegion *r = f->region;
    uint64_t offset = f->offset + (phys - f->first);
    if (reads_memory(r)) {
        memcpy(value, r->host + offset, size);
        return MEM_OK;
    }
    return device_read(r, phys, offset, value, size);
}

MemResult mem_write_n(AddressSpace *as, uint64_t phys, uint64_t value, unsigned size)
{
    const FlatRange *f = find(as, phys);
    if (!f) {
        return unassigned(as, "write", phys, size);
    }
    if (unlikely(f->last - phys < size - 1)) {
        return mem_write(as, phys, &value, size);
    }
    MemRegion *r = f->region;
    uint64_t offset = f->offset + (phys - f->first);
    if (f->kind == MEM_RAM) {
        memcpy(r->host + offset, &value, size);
        tell_stored(as, r, offset, size);
        return MEM_OK;
    }
    if (f->kind == MEM_ROM) {
        log_printf(LOG_GUEST_ERRORS, "memory: write to ROM %s at 0x%" PRIx64 "\n", r->name, phys);
        return MEM_OK;
    }
    return device_write(r, phys, offset, value, size);
}

// --- DMA and whole-memory walks

void *mem_dma(AddressSpace *as, uint64_t phys, uint64_t len)
{
    const FlatRange *f = find(as, phys);
    if (!f || f->kind != MEM_RAM || (len && f->last - phys < len - 1)) {
        return NULL;
    }
    return f->region->host + f->offset + (phys - f->first);
}

void mem_dirty(AddressSpace *as, uint64_t phys, uint64_t len)
{
    while (len) {
        const FlatRange *f = find(as, phys);
        uint64_t n = f ? MIN_OF(len - 1, f->last - phys) + 1 : gap(as, phys, len);
        if (f && f->region->host) {
            tell_stored(as, f->region, f->offset + (phys - f->first), n);
        }
        phys += n;
        len -= n;
    }
}

void mem_region_dirty(AddressSpace *as, MemRegion *r, uint64_t offset, uint64_t len)
{
    r = mem_behind(r, &offset);
    assert(r->host && offset <= r->size && len <= r->size - offset);
    tell_stored(as, r, offset, len);
}

void address_space_each_ram(AddressSpace *as,
                            void (*fn)(void *, const char *name, uint64_t phys, uint8_t *,
                                       uint64_t),
                            void *opaque)
{
    first_from(as, 0);
    for (guint i = 0; i < as->view->len; i++) {
        const FlatRange *f = &g_array_index(as->view, FlatRange, i);
        if (f->region->kind == MEM_RAM) {
            fn(opaque, f->region->name, f->first, f->region->host + f->offset,
               f->last - f->first + 1);
        }
    }
}

void address_space_print(AddressSpace *as, void *file)
{
    static const char *const kinds[] = {
        [MEM_RAM] = "ram", [MEM_ROM] = "rom", [MEM_MMIO] = "i/o", [MEM_ROMD] = "romd"};
    first_from(as, 0);
    fprintf(file, "address-space: %s\n", as->name);
    for (guint i = 0; i < as->view->len; i++) {
        const FlatRange *f = &g_array_index(as->view, FlatRange, i);
        fprintf(file, "  %016" PRIx64 "-%016" PRIx64 " (%s): %s", f->first, f->last, kinds[f->kind],
                f->region->name);
        if (f->offset) {
            fprintf(file, " @%016" PRIx64, f->offset);
        }
        fprintf(file, "\n");
    }
}
