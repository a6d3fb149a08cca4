// Where firmware files that are named without a directory are found.
#ifndef HW_CORE_FIRMWARE_H
#define HW_CORE_FIRMWARE_H

#include "hw/core/machine.h"

// A readable file of that name: as given, in -L's directories, in Mimus's own, then where
// distributions put QEMU's. g_free'd; NULL if there is none.
char *firmware_find(const MachineConfig *c, const char *name);

#endif
