// The steps between options and a running machine.
#ifndef SYSTEM_LAUNCH_H
#define SYSTEM_LAUNCH_H

#include "system/options.h"

// Picks the board from -M, the program's name, or the file to run; completes and checks the
// configuration (CPU model, memory, number of CPUs, readable files). Dies with one line if that is
// impossible.
const BoardType *choose_board(Options *o);

// -display, -vnc, and what it is without them: o->displays, config.nographic. Before chardevs open.
void choose_displays(Options *o, const BoardType *board);
void start_displays(Options *o, Machine *m); // dies with one line

#endif
