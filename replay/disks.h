// The files of a machine's disks, which a recording names but does not hold.
#ifndef REPLAY_DISKS_H
#define REPLAY_DISKS_H

#include <glib.h>

struct Machine;

GArray *replay_disks(struct Machine *m); // ReplayDisk, as they are now
// Warns of those that changed since they were recorded.
void replay_check_disks(struct Machine *m, const GArray *recorded, const char *recording);

#endif
