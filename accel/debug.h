// Breakpoints and watchpoints set from outside the guest (gdb server, monitor). The engine ends
// blocks before a breakpoint; a watched page loses its fast tags and every access to it is checked.
#ifndef ACCEL_DEBUG_H
#define ACCEL_DEBUG_H

#include "hw/core/machine.h"

typedef enum WatchKind { WATCH_WRITE = 1, WATCH_READ = 2, WATCH_ACCESS = 3 } WatchKind;

typedef struct DebugStop {
    VCPU *cpu;
    enum { DEBUG_BREAK, DEBUG_STEP, DEBUG_WATCH } why;
    uint64_t va; // of the access, for DEBUG_WATCH
    WatchKind kind;
} DebugStop;

// They apply to all vCPUs. False if already there / not there.
bool debug_break_insert(Machine *m, uint64_t pc);
bool debug_break_remove(Machine *m, uint64_t pc);
bool debug_watch_insert(Machine *m, uint64_t va, uint64_t len, WatchKind kind);
bool debug_watch_remove(Machine *m, uint64_t va, uint64_t len, WatchKind kind);
void debug_remove_all(Machine *m);
// The next machine_continue runs v alone for one instruction, then pauses (exceptions entered
// count).
// NULL: all run. Either forgets the last stop.
void debug_single_step(Machine *m, VCPU *v);
// Why the machine paused last; false if not for debugging.
bool debug_last_stop(Machine *m, DebugStop *stop);

#endif
