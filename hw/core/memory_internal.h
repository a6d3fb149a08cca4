// What memory.c (the tree) and address_space.c (the flattened view) share. Nobody else includes it.
#ifndef HW_CORE_MEMORY_INTERNAL_H
#define HW_CORE_MEMORY_INTERNAL_H

#include <glib.h>
#include "hw/core/memory.h"

typedef enum MemKind { MEM_CONTAINER, MEM_RAM, MEM_ROM, MEM_MMIO, MEM_ROMD, MEM_ALIAS } MemKind;

struct MemRegion {
    char *name;
    MemKind kind;
    uint64_t size;
    bool enabled;
    bool romd_reads;    // MEM_ROMD: reads see the memory
    bool readonly;      // ALIAS: RAM behind it cannot be written
    bool busy;          // a handler of this region is on the stack
    uint8_t *host;      // RAM, ROM, ROMD
    uint8_t *watch;     // a byte for each 4 KiB of it (softmmu/page_watch.h)
    const MmioOps *ops; // MMIO, ROMD
    void *opaque;
    MemRegion *target; // ALIAS
    uint64_t target_offset;
    MemRegion *parent;
    uint64_t addr; // within parent
    int priority;
    GPtrArray *children; // highest priority first; of equals, the latest mapped first
    GPtrArray *aliases;  // regions that alias this one
    GPtrArray *spaces;   // address spaces rooted here
};

#define WATCHED_PAGE UINT64_C(4096)

// The region behind aliases; the offset becomes one in it.
MemRegion *mem_behind(MemRegion *r, uint64_t *offset);
// The region changed in a way that flattened views can tell.
void mem_changed(MemRegion *r);
// For address_space.c.
void address_space_stale(AddressSpace *as);

#endif
