// AHCI: an HBA with six SATA ports.
//
//   driver --- command list (32 headers) ---> command table: FIS, packet, PRDs (scatter list)
//          --- PxCI / PxSACT -------------> ahci_port.c: runs the slots, one after the other
//          <-- received FIS area, PxIS ---                  \-- the drive (ata.h)
//   HBA registers, interrupts, PCI: ahci.c
//
// Manual: Serial ATA AHCI 1.3.1 (section numbers in comments); SATA 2.6 for FIS layouts.
#ifndef HW_IDE_AHCI_INTERNAL_H
#define HW_IDE_AHCI_INTERNAL_H

#include "hw/ide/ide_bus.h"
#include "hw/pci/pci.h"

#define AHCI_PORTS 6
#define AHCI_SLOTS 32

// Port interrupt status (3.3.5).
#define PIS_DHRS BIT(0)  // register FIS
#define PIS_PSS  BIT(1)  // PIO setup FIS
#define PIS_SDBS BIT(3)  // set device bits FIS
#define PIS_DPS  BIT(5)  // a PRD that asks for it was processed
#define PIS_PCS  BIT(6)  // connect change: mirrors SERR.X
#define PIS_OFS  BIT(24) // the scatter list was too short
#define PIS_TFES BIT(30) // the drive reports an error
#define PIS_ALL  0xfdc000ffu

// Port command (3.3.7).
#define PCMD_ST  BIT(0)
#define PCMD_SUD BIT(1)
#define PCMD_POD BIT(2)
#define PCMD_CLO BIT(3)
#define PCMD_FRE BIT(4)
#define PCMD_CCS 0x1f00u
#define PCMD_FR  BIT(14)
#define PCMD_CR  BIT(15)
#define PCMD_ICC 0xf0000000u
#define PCMD_WRITABLE                                                                              \
    (PCMD_ST | PCMD_SUD | PCMD_POD | PCMD_FRE | BIT(24) | BIT(25) | BIT(26) | BIT(27))

#define SERR_X BIT(26)

typedef struct AhciPort {
    struct Ahci *hba;
    IdeBus bus;
    // --- state: registers by their names in the manual
    uint64_t clb, fb;
    uint32_t is, ie, cmd, tfd, sig, sctl, serr, sact, ci;
    bool halted; // by an error, until ST is cleared
    bool soft_reset;
} AhciPort;

typedef struct Ahci {
    PciDevice pci;
    AhciPort port[AHCI_PORTS];
    // --- state
    uint32_t ghc, is, index;
    bool line; // what the interrupt output was last
    bool busy; // a command is under way: its DMA may not reach the registers by the I/O ports
} Ahci;

void ahci_update_irq(Ahci *s);

// --- ports: offset is within the port's 128 bytes
extern const StateField ahci_port_fields[];
void ahci_port_init(AhciPort *p, Ahci *s, unsigned n);
uint32_t ahci_port_read(AhciPort *p, unsigned offset);
void ahci_port_write(AhciPort *p, unsigned offset, uint32_t v);
void ahci_port_power_on(AhciPort *p);
void ahci_port_reset(AhciPort *p); // by GHC.HR: addresses stay
bool ahci_port_loaded(AhciPort *p, char **error);

#endif
