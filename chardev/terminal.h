// The terminal on standard input: raw while the machine runs, as it was on every way out.
#ifndef CHARDEV_TERMINAL_H
#define CHARDEV_TERMINAL_H

#include "util/bits.h"

// Does nothing if fd is not a terminal. signals: Ctrl-C and others still raise signals.
void terminal_raw(int fd, bool signals);
void terminal_restore(void);

#endif
