// -device loader: files and values put into memory at reset.
#ifndef HW_CORE_GENERIC_LOADER_H
#define HW_CORE_GENERIC_LOADER_H

#include "hw/core/machine.h"

// For boards: where a -device loader wants this CPU to start; false if none does.
bool generic_loader_pc(Machine *m, unsigned cpu, uint64_t *pc);

#endif
