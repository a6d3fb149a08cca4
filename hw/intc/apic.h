// Local APICs: one device for each CPU, and the messages between them.
//
//   8259 INTR --> LINT0 --.                       .--> CPU (X86ApicOps, X86_INPUT_*)
//   SERR, "nmi" --> LINT1 -+-> local APIC of CPU n-+
//   timer, errors, IPIs ---'         ^             '--> messages (ICR)
//                                    |
//   I/O APIC, MSI (memory writes to 0xfee00000 - 0xfeefffff) : ApicMessage
//
// "SDM" is Intel's Software Developer's Manual, volume 3, chapter 10 ("APIC").
#ifndef HW_INTC_APIC_H
#define HW_INTC_APIC_H

#include "hw/core/device.h"

#define APIC_ADDRESS 0xfee00000
#define APIC_WINDOW  0x100000

// Delivery modes (SDM 10.6.1).
typedef enum ApicMode {
    APIC_FIXED,
    APIC_LOWEST,
    APIC_SMI,
    APIC_RESERVED,
    APIC_NMI,
    APIC_INIT,
    APIC_STARTUP,
    APIC_EXTINT
} ApicMode;

typedef struct ApicMessage {
    uint32_t dest; // APIC id, or logical address; 0xff (x2APIC senders: ~0) is everybody
    uint8_t vector;
    uint8_t mode; // ApicMode
    bool logical;
    bool level;    // trigger mode: EOI is told to the I/O APIC
    bool x2apic;   // the sender uses 32-bit destinations
    bool deassert; // INIT level de-assert: nothing to do since the Pentium 4
} ApicMessage;

// After all CPUs exist: one "apic" for each, connected to it (x86_cpu_connect_apic), and their
// window of memory. A CPU whose model has no APIC gets its interrupts straight from LINT0.
void apic_create_all(struct Machine *m, MemRegion *sysmem);
// The 8259's output and the chipset's NMI, wired to all local APICs.
IrqLine apic_lint0(struct Machine *m);
IrqLine apic_lint1(struct Machine *m);
// A person's non-maskable interrupt: a pulse on LINT1, through the gate.
void apic_nmi_button(struct Machine *m);
// Who answers INTA cycles when LINT0 delivers an external interrupt (an i8259).
void apic_connect_pic(struct Machine *m, Device *pic);
void apic_send(struct Machine *m, const ApicMessage *msg);
// A PciMsiHook with the machine as opaque: writes outside the APICs' window go to memory.
void apic_msi(void *machine, uint16_t requester, uint64_t addr, uint32_t data);
void apic_print(struct Machine *m, void *file); // `info lapic`

#endif
