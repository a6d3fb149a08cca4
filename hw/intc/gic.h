// Arm interrupt controllers, as boards see them.
#ifndef HW_INTC_GIC_H
#define HW_INTC_GIC_H

#include "hw/core/device.h"
#include "hw/core/machine.h"

typedef struct GicConfig {
    unsigned n_cpus;
    unsigned n_spis; // shared interrupts; a multiple of 32, at most 988
    MemRegion *sysmem;
    uint64_t dist_base;
    uint64_t cpu_base; // v2: CPU interface; v3: first redistributor, 128 KiB each
    IrqLine irq[MACHINE_MAX_CPUS], fiq[MACHINE_MAX_CPUS];
    uint64_t affinity[MACHINE_MAX_CPUS]; // MPIDR affinity fields (v3)
} GicConfig;

// dist_size 0x1000 (mapped 64 KiB apart), CPU interface 8 KiB.
Device *gicv2_create(Machine *m, const GicConfig *c);
// Distributor 64 KiB. The board connects gicv3_sysreg_ops to each CPU with the device as opaque.
Device *gicv3_create(Machine *m, const GicConfig *c);
struct ARMGicOps;
extern const struct ARMGicOps gicv3_sysreg_ops;

// Input pins: shared interrupt n (INTID 32 + n); private interrupt INTID 16..31 of a CPU.
IrqLine gic_spi(Device *gic, unsigned n);
IrqLine gic_ppi(Device *gic, unsigned cpu, unsigned intid);

// GICv2m: a write of an INTID pulses that line. count shared interrupts from first_spi on.
Device *gicv2m_create(Machine *m, MemRegion *sysmem, uint64_t base, unsigned first_spi,
                      unsigned count, const IrqLine *spi);

#endif
