// IDE for boards: controllers, and the drives on them.
//
//   piix3-ide (or piix4-ide): two channels "ide.0" and "ide.1", units 0 and 1 each
//   ich9-ahci:                six ports "ide.0" to "ide.5", unit 0 each
//
// Drives are devices of their own, "ide-hd" and "ide-cd" (bus=ide.N,unit=U). The first controller
// also takes the drives with if=ide (-hda, -cdrom), in order; nothing has to be called for that.
#ifndef HW_IDE_IDE_H
#define HW_IDE_IDE_H

#include "hw/core/device.h"

struct Machine;

// A function of the south bridge at addr ("1.1"), with the ISA ports 1f0, 3f6, 170, 376 on the PCI
// bus's I/O space. type: "piix3-ide" or "piix4-ide".
Device *piix_ide_create(struct Machine *m, const char *type, const char *addr, IrqLine irq14,
                        IrqLine irq15);
// AHCI at addr ("1f.2"); a PCI device that also stands alone as -device ahci.
Device *ahci_create(struct Machine *m, const char *addr);

// --- for firmware tables. n counts as if=ide units do: channel n / 2, unit n % 2, or port n.
typedef struct IdeGeometry {
    uint32_t cylinders;
    uint8_t heads, sectors;
    uint8_t translation; // as a PC's CMOS byte 0x39 has it: 0 none, 1 LBA, 2 large
} IdeGeometry;
// False: no hard disk there.
bool ide_disk_geometry(struct Machine *m, unsigned n, IdeGeometry *g);
// Open Firmware path below the host bridge ("ide@1,1/drive@0/disk@0") and the bootindex of an
// ide-hd or ide-cd; NULL if d is neither. g_free it.
char *ide_boot_path(const Device *d, uint32_t *bootindex);

#endif
