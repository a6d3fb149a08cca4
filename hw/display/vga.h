// VGA for boards. PCI device types: "VGA" (-vga std: VGA with Bochs VBE extensions, 1234:1111, class
// 030000, option ROM vgabios-stdvga.bin) and "bochs-display" (the same without VGA). They bring
// their own ports (3b0-3df, 1ce-1d0) and the window a0000-bffff on the PCI bus's spaces. The display
// is a console (ui/console.h).
#ifndef HW_DISPLAY_VGA_H
#define HW_DISPLAY_VGA_H

#include "hw/core/device.h"

struct Machine;

#endif
