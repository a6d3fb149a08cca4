// What engine and MMU ask about breakpoints and watchpoints (accel/debug.c).
#ifndef ACCEL_DEBUG_INTERNAL_H
#define ACCEL_DEBUG_INTERNAL_H

#include "accel/debug.h"

typedef struct DebugState DebugState;

// A page whose accesses have to take the slow path, for watchpoints of a debugger or the guest.
bool debug_page_watched(VCPU *v, uint64_t page_va);
// True if the access hits a watchpoint: the stop is recorded, the machine pauses after the
// instruction.
bool debug_check_access(VCPU *v, uint64_t va, unsigned size, bool store);
// Breakpoints in [pc, pc + bytes): address of the first one after pc, or UINT64_MAX.
uint64_t debug_next_break(const VCPU *v, uint64_t pc, uint64_t bytes);
// At a block boundary: pause here? (breakpoint at pc, or the single step is done)
bool debug_should_pause(VCPU *v);
// The only vCPU that may run now, or NULL: all.
const VCPU *debug_step_cpu(const Machine *m);
bool debug_stepping(const VCPU *v);

#endif
