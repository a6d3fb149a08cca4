// ACPI fixed hardware of PC chipsets (ACPI specification 6.5, chapter 4): PM1 event and control
// blocks, the power management timer, general-purpose events, and the SMI command ports.
//
//   PIIX4 (a PCI function of its own)     ICH9 (part of the LPC bridge)
//   +00 PM1_STS, +02 PM1_EN               the same
//   +04 PM1_CNT                           the same
//   +08 PM_TMR                            the same
//   GPE0 at port afe0h, 4 bytes           +20 GPE0, 16 bytes
//                                         +30 SMI_EN, +34 SMI_STS, +60 TCO watchdog
//   b2h, b3h: APM control and status      the same
//
// _S5's SLP_TYP is 0, _S3's is 1, _S4's is 2. The power button is the machine's (powerdown.h).
#ifndef HW_ACPI_PM_H
#define HW_ACPI_PM_H

#include "hw/core/device.h"

#define PM_TIMER_HZ 3579545

#define ACPI_ENABLE_PIIX4  0xf1 // values for the SMI command port, for the FADT
#define ACPI_DISABLE_PIIX4 0xf0
#define ACPI_ENABLE_ICH9   0x02
#define ACPI_DISABLE_ICH9  0x03
#define ACPI_SMI_CMD       0xb2

#define PIIX4_PM_DEVFN   0x0b   // slot 1, function 3
#define PIIX4_GPE0       0xafe0 // 4 bytes
#define ACPI_PM_DEFAULT  0x600  // where firmware puts the block
#define ICH9_PM_SIZE     0x80
#define ICH9_GPE0_OFFSET 0x20

// PCI function 8086:7113 on the machine's "pci", at addr=1.3. sci is IRQ 9 (level). smi may be not
// connected: then the APM ports only store. The block appears where the guest's PMBA says; a board
// without firmware sets it through config space (offset 0x40, enable bit 0 of 0x80) or
// piix4_pm_map.
Device *piix4_pm_create(struct Machine *m, IrqLine sci, IrqLine smi);
void piix4_pm_map(Device *d, uint16_t base); // as firmware would; call it from the board's reset

// The block of an ICH9: the LPC bridge's config space says where it is.
Device *ich9_pm_create(struct Machine *m, MemRegion *io, IrqLine sci, IrqLine smi);
void ich9_pm_map(Device *d, uint16_t base, bool enabled); // PMBASE (40h), ACPI_CNTL.ACPI_EN (44h)
// The SMI lock of GEN_PMCON_1 (a0h bit 4): SMI_EN's global enable cannot be cleared any more.
void ich9_pm_smi_lock(Device *d, bool locked);
// NO_REBOOT of GCS (root complex register 3410h bit 5): the TCO watchdog does not reset.
void ich9_pm_no_reboot(Device *d, bool no_reboot);

// Raises general-purpose event n (bit of GPE0), as hot-plug controllers do. Nothing without PM.
void acpi_gpe(struct Machine *m, unsigned n);

#endif
