// Shared by the parts of the GICv3: distributor, redistributors, CPU interfaces.
#ifndef HW_INTC_GICV3_INTERNAL_H
#define HW_INTC_GICV3_INTERNAL_H

#include "hw/intc/gic.h"
#include "hw/intc/gic_core.h"

#define GICV3_REDIST_SIZE UINT64_C(0x20000)

// Priorities have five bits, of which all may preempt: 32 levels, one word of active priorities.
#define GICV3_PRIO_BITS 5
#define GICV3_MIN_BPR0  (7 - GICV3_PRIO_BITS)
#define GICV3_MIN_BPR1  (GICV3_MIN_BPR0 + 1)

typedef struct GicV3Cpu {
    uint32_t waker;
    uint32_t ctlr; // ICC_CTLR_EL1: CBPR, EOImode
    uint8_t pmr;
    uint8_t bpr[2];  // by group
    uint32_t apr[2]; // active priorities by group
    bool enabled[2]; // ICC_IGRPEN0/1_EL1
} GicV3Cpu;

typedef struct GicV3 {
    GicCore core;
    uint32_t ctlr;                   // GICD_CTLR: group enables, E1NWF
    uint64_t router[GIC_WORDS * 32]; // affinity each shared interrupt goes to
    GicV3Cpu cpu[MACHINE_MAX_CPUS];
    uint64_t affinity[MACHINE_MAX_CPUS];
} GicV3;

extern const MmioOps gicv3_dist_ops, gicv3_redist_ops;
extern const StateField gicv3_cpu_fields[];

void gicv3_update_cpu(GicCore *g, unsigned cpu);
void gicv3_reset_cpuif(GicV3 *s);
// Identification registers at 0xffd0-0xffff of each 64 KiB frame; part: the low byte.
uint32_t gicv3_id(uint32_t offset, uint8_t part);

#endif
