// What a board needs from an Arm CPU: wires, boot state, the GIC's CPU interface.
#ifndef TARGET_ARM_BOARD_H
#define TARGET_ARM_BOARD_H

#include "accel/vcpu.h"
#include "hw/core/irq.h"
#include "hw/core/machine.h"

typedef enum ARMInput { ARM_INPUT_IRQ, ARM_INPUT_FIQ, ARM_INPUTS } ARMInput;
typedef enum ARMTimer {
    ARM_TIMER_PHYS, // EL1 physical, non-secure: PPI 14 (INTID 30)
    ARM_TIMER_VIRT, // PPI 11 (INTID 27)
    ARM_TIMER_HYP,  // PPI 10
    ARM_TIMER_SEC,  // PPI 13
    ARM_TIMERS
} ARMTimer;
typedef enum ARMPsciConduit { ARM_PSCI_NONE, ARM_PSCI_HVC, ARM_PSCI_SMC } ARMPsciConduit;

// System-register accesses to the GIC (ICC_*): enc is op0:op1:CRn:CRm:op2 as in the MSR encoding,
// bits 20..5 of the instruction. False: the register does not exist (UNDEFINED).
typedef struct ARMGicOps {
    bool (*read)(void *opaque, unsigned cpu, uint32_t enc, uint64_t *value);
    bool (*write)(void *opaque, unsigned cpu, uint32_t enc, uint64_t value);
} ARMGicOps;

// Creates a CPU of a model ("cortex-a72", "max,pauth=off"; of 32 bits on a board for "arm") and
// adds it to the machine; NULL with *error, which names the nearest known model or feature.
VCPU *arm_cpu_create(Machine *m, const char *model, char **error);
void arm_cpu_list(void *file, bool a32);        // -cpu help
const char *arm_cpu_model_name(unsigned i);     // NULL past the end
const char *arm_cpu_model_name_a32(unsigned i); // the CPUs of 32 bits
bool arm_cpu_has_el1_a32(const VCPU *v);        // is one of them
bool arm_cpu_is_v8(const VCPU *v);
IrqLine arm_cpu_input(VCPU *v, ARMInput which);
void arm_cpu_connect_timer(VCPU *v, ARMTimer which, IrqLine line);
void arm_cpu_connect_pmu(VCPU *v, IrqLine line);
void arm_cpu_connect_gic(VCPU *v, const ARMGicOps *ops, void *opaque); // sets ID_AA64PFR0.GIC
void arm_cpu_set_psci(VCPU *v, ARMPsciConduit conduit);
// Where the CPU starts after reset (EL1, MMU off); powered off: waits for PSCI CPU_ON.
void arm_cpu_set_boot(VCPU *v, uint64_t pc, uint64_t x0, bool powered_off);
uint64_t arm_cpu_mpidr(const VCPU *v);
// MPIDR affinity of CPU index: Aff1:Aff0 in 8s (GICv2) or 16s.
uint64_t arm_cpu_affinity_for(unsigned index);
const char *arm_cpu_dt_compatible(const VCPU *v);

#endif
