// Shared by gicv2.c (distributor, device) and gicv2_cpuif.c.
#ifndef HW_INTC_GICV2_INTERNAL_H
#define HW_INTC_GICV2_INTERNAL_H

#include "hw/intc/gic.h"
#include "hw/intc/gic_core.h"

typedef struct GicV2Cpu {
    uint32_t ctlr;
    uint8_t pmr;
    uint8_t bpr, abpr;
    uint32_t apr[8];              // active priorities: 0-3 group 0, 4-7 group 1
    uint8_t sgi_source[GIC_SGIS]; // CPUs whose SGI n is pending here
} GicV2Cpu;

typedef struct GicV2 {
    GicCore core;
    uint32_t ctlr;
    uint8_t target[GIC_WORDS * 32]; // CPU masks of shared interrupts
    GicV2Cpu cpu[MACHINE_MAX_CPUS];
} GicV2;

extern const MmioOps gicv2_cpuif_ops;

unsigned gicv2_current_cpu(const GicV2 *s);
void gicv2_update_cpu(GicCore *g, unsigned cpu);
void gicv2_sgi_clear(GicV2 *s, unsigned cpu, unsigned sgi, uint8_t sources);

#endif
