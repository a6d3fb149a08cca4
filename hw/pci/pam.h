// The 13 areas between 768 KiB and 1 MiB that a PC's host bridge maps to RAM or to PCI, each one
// for reads and writes separately, and SMRAM at 640 KiB.
//
//   register 0 high  f0000-fffff        system memory, highest priority first
//   register 1 low   c0000-c3fff          RAM alias, read-only or not   (reads from RAM)
//   register 1 high  c4000-c7fff          handler: PCI reads, RAM writes (writes only)
//   ...                                   PCI alias                     (neither)
//   register 6 high  ec000-effff          RAM
#ifndef HW_PCI_PAM_H
#define HW_PCI_PAM_H

#include "hw/core/memory.h"

#define PAM_AREAS     13
#define PAM_REGISTERS 7

struct Machine;

// What a host bridge gets from its board. smm is the root of what CPUs in system management mode
// see: an alias of sysmem, under what the bridge adds.
typedef struct PcMemory {
    MemRegion *sysmem, *smm, *ram, *pci;
    uint64_t below_4g; // bytes of ram that start at address 0
} PcMemory;

typedef struct PamArea {
    struct PamMap *map;
    uint32_t base;
    MemRegion *ram, *write_only;
} PamArea;

typedef struct PamMap {
    struct Machine *machine;
    MemRegion *ram;
    AddressSpace *pci;
    PamArea area[PAM_AREAS];
    MemRegion *vga_hole; // PCI over RAM at a0000; disabled while SMRAM is open
    MemRegion *smram;    // RAM at a0000 for CPUs in SMM
} PamMap;

void pam_init(PamMap *p, struct Machine *m, const PcMemory *mem);
// Both bits of an area: 1 RAM is read, 2 RAM is written.
void pam_set(PamMap *p, const uint8_t registers[PAM_REGISTERS]);
// A bridge's SMRAM register: bit 6 open, bit 3 enabled.
void pam_set_smram(PamMap *p, uint8_t smram);

#endif
