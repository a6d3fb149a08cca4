// Guest physical memory: a tree of regions, flattened into address spaces.
#ifndef HW_CORE_MEMORY_H
#define HW_CORE_MEMORY_H

#include "util/bits.h"

typedef struct MemRegion MemRegion;
typedef struct AddressSpace AddressSpace;

// Handlers see offsets within the region and sizes min_size..max_size; wider or narrower guest
// accesses are split or widened by the dispatcher. Reads return the value in the low bytes.
typedef struct MmioOps {
    uint64_t (*read)(void *opaque, uint64_t offset, unsigned size);
    void (*write)(void *opaque, uint64_t offset, uint64_t value, unsigned size);
    uint8_t min_size, max_size; // 1, 2, 4, 8; 0 means 1 and 8
    bool big_endian;
} MmioOps;

// Regions live as long as the machine. size may be up to 2^64 - 1.
MemRegion *mem_container(const char *name, uint64_t size);
MemRegion *mem_ram(const char *name, uint64_t size); // zeroed, mmap'd, 2 MiB aligned
MemRegion *mem_rom(const char *name, uint64_t size); // guest writes are ignored
MemRegion *mem_mmio(const char *name, uint64_t size, const MmioOps *ops, void *opaque);
MemRegion *mem_alias(const char *name, MemRegion *target, uint64_t offset, uint64_t size);
// An alias that shows RAM as ROM, or as itself again.
void mem_alias_set_readonly(MemRegion *alias, bool readonly);
// ROM whose writes go to ops (flash); mem_romd_set(false) sends reads there as well.
MemRegion *mem_romd(const char *name, uint64_t size, const MmioOps *ops, void *opaque);
void mem_romd_set(MemRegion *r, bool reads_memory);
void mem_map(MemRegion *parent, uint64_t addr, MemRegion *child, int priority);
void mem_unmap(MemRegion *parent, MemRegion *child);
void mem_set_enabled(MemRegion *r, bool enabled);
void mem_set_address(MemRegion *r, uint64_t addr); // of a mapped child (PCI BARs)
uint8_t *mem_host(MemRegion *r);                   // RAM/ROM bytes
uint64_t mem_size(const MemRegion *r);
const char *mem_name(const MemRegion *r);

AddressSpace *address_space_new(const char *name, MemRegion *root);
MemRegion *address_space_root(AddressSpace *as);

typedef enum MemResult { MEM_OK, MEM_UNASSIGNED, MEM_REFUSED } MemResult;

// What lies at a physical page: host memory, or NULL if device or nothing. writable: stores may go
// straight to it. Stable until `changed`.
typedef struct MemPage {
    uint8_t *host;
    uint8_t *watch; // who watches the page (softmmu/page_watch.h); NULL if host is
    bool writable;
    bool assigned;
} MemPage;
MemPage address_space_page(AddressSpace *as, uint64_t phys);
// The 4 KiB page of a region's memory that has the byte at offset; host is NULL if there is none.
MemPage mem_region_page(MemRegion *r, uint64_t offset);

// changed: after each change of the flattened view (the MMU drops what it cached). stored: bytes
// of a watched page of memory were written, other than by a vCPU's store.
void address_space_set_hooks(AddressSpace *as, void *opaque, void (*changed)(void *),
                             void (*stored)(void *, const MemPage *, unsigned offset,
                                            unsigned len));

MemResult mem_read(AddressSpace *as, uint64_t phys, void *buf, uint64_t len);
MemResult mem_write(AddressSpace *as, uint64_t phys, const void *buf, uint64_t len);
// One access of 1, 2, 4 or 8 bytes, little-endian value: device registers are read exactly once.
MemResult mem_read_n(AddressSpace *as, uint64_t phys, uint64_t *value, unsigned size);
MemResult mem_write_n(AddressSpace *as, uint64_t phys, uint64_t value, unsigned size);
// Host pointer to len bytes of RAM for a device's DMA, or NULL if not all RAM; call mem_dirty
// after writing through it.
void *mem_dma(AddressSpace *as, uint64_t phys, uint64_t len);
void mem_dirty(AddressSpace *as, uint64_t phys, uint64_t len);
// The same for who wrote through mem_host, wherever the region is mapped, or not at all.
void mem_region_dirty(AddressSpace *as, MemRegion *r, uint64_t offset, uint64_t len);

void address_space_print(AddressSpace *as, void *file); // `info mtree`
// Calls fn for each RAM region (hash, snapshot), in address order.
void address_space_each_ram(AddressSpace *as,
                            void (*fn)(void *, const char *name, uint64_t phys, uint8_t *,
                                       uint64_t),
                            void *opaque);

#endif
