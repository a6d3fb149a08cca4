// The tree of memory regions. What a CPU or a device sees is not this tree but its flattened form
// (address_space.c), which is rebuilt when something here changes:
//
//   system (container)                         flat view
//    |- virt.flash0  0x00000000 (romd)         00000000-03ffffff flash0
//    |- ram          0x40000000         ==>    08000000-0800ffff gic dist
//    |- gic dist     0x08000000 (mmio)         ...
//    '- pci mmio     0x10000000 (container)    10004000-10004fff a BAR
//        '- BAR      0x00004000                40000000-7fffffff ram
//
// Where siblings overlap, the higher priority wins; a container shows what lies under it where it
// has no child of its own.
#include "hw/core/memory_internal.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "util/log.h"

#define HUGE_PAGE UINT64_C(0x200000)

static MemRegion *region_new(const char *name, MemKind kind, uint64_t size)
{
    MemRegion *r = g_new0(MemRegion, 1);
    r->name = g_strdup(name);
    r->kind = kind;
    r->size = size;
    r->enabled = true;
    r->romd_reads = true;
    r->children = g_ptr_array_new();
    r->aliases = g_ptr_array_new();
    r->spaces = g_ptr_array_new();
    return r;
}

// Zeroed host memory, aligned to a huge page when it is at least that large. Pages are taken from
// the host as the guest touches them.
static uint8_t *host_alloc(const char *name, uint64_t size)
{
    uint64_t slack = size >= HUGE_PAGE ? HUGE_PAGE : 0;
    uint64_t len = ALIGN_UP(MAX_OF(size, 1), UINT64_C(4096));
    if (len < size || len + slack < len || len + slack > SIZE_MAX / 2) {
        die("memory '%s': %llu bytes are more than this host can address", name,
            (unsigned long long)size);
    }
    uint8_t *p = mmap(NULL, len + slack, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (p == MAP_FAILED) {
        die("memory '%s': cannot allocate %llu bytes: %s", name, (unsigned long long)size,
            strerror(errno));
    }
    if (slack) {
        uint8_t *aligned = (uint8_t *)ALIGN_UP((uintptr_t)p, HUGE_PAGE);
        if (aligned > p) {
            munmap(p, aligned - p);
        }
        if (p + slack > aligned) {
            munmap(aligned + len, p + slack - aligned);
        }
        p = aligned;
        madvise(p, len, MADV_HUGEPAGE);
    }
    return p;
}

static MemRegion *region_with_memory(const char *name, MemKind kind, uint64_t size)
{
    MemRegion *r = region_new(name, kind, size);
    r->host = host_alloc(name, size);
    r->watch = g_malloc0(size / WATCHED_PAGE + 1);
    return r;
}

MemRegion *mem_container(const char *name, uint64_t size)
{
    return region_new(name, MEM_CONTAINER, size);
}

MemRegion *mem_ram(const char *name, uint64_t size)
{
    return region_with_memory(name, MEM_RAM, size);
}

MemRegion *mem_rom(const char *name, uint64_t size)
{
    return region_with_memory(name, MEM_ROM, size);
}

MemRegion *mem_mmio(const char *name, uint64_t size, const MmioOps *ops, void *opaque)
{
    MemRegion *r = region_new(name, MEM_MMIO, size);
    r->ops = ops;
    r->opaque = opaque;
    return r;
}

MemRegion *mem_romd(const char *name, uint64_t size, const MmioOps *ops, void *opaque)
{
    MemRegion *r = region_with_memory(name, MEM_ROMD, size);
    r->ops = ops;
    r->opaque = opaque;
    return r;
}

MemRegion *mem_alias(const char *name, MemRegion *target, uint64_t offset, uint64_t size)
{
    MemRegion *r = region_new(name, MEM_ALIAS, size);
    r->target = target;
    r->target_offset = offset;
    g_ptr_array_add(target->aliases, r);
    return r;
}

void mem_alias_set_readonly(MemRegion *alias, bool readonly)
{
    assert(alias->kind == MEM_ALIAS);
    if (alias->readonly != readonly) {
        alias->readonly = readonly;
        mem_changed(alias);
    }
}

void mem_changed(MemRegion *r)
{
    for (; r; r = r->parent) {
        for (guint i = 0; i < r->spaces->len; i++) {
            address_space_stale(r->spaces->pdata[i]);
        }
        for (guint i = 0; i < r->aliases->len; i++) {
            mem_changed(r->aliases->pdata[i]);
        }
        if (!r->enabled) {
            return;
        }
    }
}

void mem_romd_set(MemRegion *r, bool reads_memory)
{
    assert(r->kind == MEM_ROMD);
    if (r->romd_reads != reads_memory) {
        r->romd_reads = reads_memory;
        mem_changed(r);
    }
}

static void insert_child(MemRegion *parent, MemRegion *child)
{
    guint i = 0;
    while (i < parent->children->len &&
           ((MemRegion *)parent->children->pdata[i])->priority > child->priority) {
        i++;
    }
    g_ptr_array_insert(parent->children, (gint)i, child);
}

void mem_map(MemRegion *parent, uint64_t addr, MemRegion *child, int priority)
{
    assert(!child->parent && parent->kind != MEM_ALIAS);
    child->parent = parent;
    child->addr = addr;
    child->priority = priority;
    insert_child(parent, child);
    mem_changed(child);
}

void mem_unmap(MemRegion *parent, MemRegion *child)
{
    assert(child->parent == parent);
    mem_changed(child);
    g_ptr_array_remove(parent->children, child);
    child->parent = NULL;
}

void mem_set_enabled(MemRegion *r, bool enabled)
{
    if (r->enabled != enabled) {
        r->enabled = true; // mem_changed stops at what cannot be seen
        mem_changed(r);
        r->enabled = enabled;
    }
}

void mem_set_address(MemRegion *r, uint64_t addr)
{
    if (r->addr != addr) {
        r->addr = addr;
        mem_changed(r);
    }
}

MemRegion *mem_behind(MemRegion *r, uint64_t *offset)
{
    while (r->kind == MEM_ALIAS) {
        *offset += r->target_offset;
        r = r->target;
    }
    return r;
}

uint8_t *mem_host(MemRegion *r)
{
    uint64_t offset = 0;
    r = mem_behind(r, &offset);
    return r->host ? r->host + offset : NULL;
}

MemPage mem_region_page(MemRegion *r, uint64_t offset)
{
    r = mem_behind(r, &offset);
    uint64_t page = offset / WATCHED_PAGE;
    if (!r->host || offset >= r->size) {
        return (MemPage){0};
    }
    return (MemPage){.host = r->host + page * WATCHED_PAGE,
                     .watch = r->watch + page,
                     .writable = r->kind == MEM_RAM,
                     .assigned = true};
}

uint64_t mem_size(const MemRegion *r)
{
    return r->size;
}

const char *mem_name(const MemRegion *r)
{
    return r->name;
}
