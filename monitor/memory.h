// Inside monitor/: memory of the guest to files, for both monitors.
#ifndef MONITOR_MEMORY_H
#define MONITOR_MEMORY_H

#include "hw/core/machine.h"

// size bytes at a virtual address of v, or a physical one if v is NULL. False with *error; the file
// then holds what could be read.
bool monitor_save_memory(Machine *m, VCPU *v, uint64_t addr, uint64_t size, const char *file,
                         char **error);

#endif
