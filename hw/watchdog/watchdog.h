// What happens when a watchdog expires.
#ifndef HW_WATCHDOG_WATCHDOG_H
#define HW_WATCHDOG_WATCHDOG_H

#include "util/bits.h"

struct Machine;

// -watchdog-action ACTION, -action watchdog=ACTION: reset (default), shutdown, poweroff, pause,
// debug, none, inject-nmi. False if there is no such action. Before the machine runs.
bool watchdog_set_action(struct Machine *m, const char *action);
// By a watchdog device: its time is over.
void watchdog_expired(struct Machine *m, const char *device);

#endif
