// What a board needs from an x86 CPU: wires, boot state, the local APIC's side of the CPU.
#ifndef TARGET_X86_BOARD_H
#define TARGET_X86_BOARD_H

#include "accel/vcpu.h"
#include "hw/core/irq.h"
#include "hw/core/machine.h"

// Inputs of the CPU. The local APIC (hw/intc/apic.c) drives all but A20M and SMI of chipsets.
typedef enum X86Input {
    X86_INPUT_INTR, // level: the APIC or 8259 has a vector to give
    X86_INPUT_NMI,  // edge
    X86_INPUT_SMI,  // edge
    X86_INPUT_INIT, // edge
    X86_INPUT_A20M, // level, high: address bit 20 is masked
    X86_INPUTS
} X86Input;

// The local APIC as its CPU sees it. Addresses of MSRs and registers: SDM vol. 3, chapter 10.
typedef struct X86ApicOps {
    int (*acknowledge)(void *opaque);               // the vector to deliver now; -1: none after all
    uint64_t (*base)(void *opaque);                 // IA32_APIC_BASE
    bool (*set_base)(void *opaque, uint64_t value); // false: #GP
    // x2APIC MSRs 0x800..0x8ff and TSC deadline (0x6e0); false: #GP.
    bool (*read_msr)(void *opaque, uint32_t msr, uint64_t *value);
    bool (*write_msr)(void *opaque, uint32_t msr, uint64_t value);
    unsigned (*tpr)(void *opaque); // CR8: bits 7..4 of the TPR
    void (*set_tpr)(void *opaque, unsigned cr8);
    void (*init)(void *opaque); // the CPU took INIT
} X86ApicOps;

// Creates a CPU of a model ("qemu64", "max,-avx2") and adds it to the machine; NULL with *error,
// which names the nearest known model or feature. APIC id: its index.
VCPU *x86_cpu_create(Machine *m, const char *model, char **error);
void x86_cpu_list(void *file);              // -cpu help
const char *x86_cpu_model_name(unsigned i); // NULL past the end
IrqLine x86_cpu_input(VCPU *v, X86Input which);
void x86_cpu_connect_apic(VCPU *v, const X86ApicOps *ops, void *opaque);
// STARTUP from another APIC: a CPU that waits after INIT begins at vector << 12.
void x86_cpu_startup(VCPU *v, unsigned vector);
// Memory as it is seen in SMM; NULL: no SMM (SMIs are ignored).
void x86_cpu_set_smm_space(VCPU *v, AddressSpace *space);
// FERR#: raised by an unmasked x87 exception while CR0.NE is clear; cleared by IGNNE (port 0xf0).
void x86_cpu_connect_ferr(VCPU *v, IrqLine line);
void x86_cpu_ignne(VCPU *v);
// Time stamp counter: 1 GHz of virtual time. Deadlines of the APIC timer are in it.
#define X86_TSC_HZ UINT64_C(1000000000)
uint64_t x86_cpu_tsc(VCPU *v);
uint64_t x86_cpu_tsc_to_ns(VCPU *v, uint64_t tsc); // virtual time at which the TSC has that value
// Called after each reset, by the board's own reset: start in flat 32-bit protected mode (paging
// off) at pc with rsi and rbx as given, as direct kernel boot does.
void x86_cpu_boot_flat32(VCPU *v, uint64_t pc, uint64_t rsi, uint64_t rbx);
// The same in 64-bit mode with the page table at cr3.
void x86_cpu_boot_long(VCPU *v, uint64_t pc, uint64_t rsi, uint64_t cr3);

// The I/O port space is the machine's (Machine.io).

#endif
