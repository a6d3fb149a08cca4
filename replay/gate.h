// The gate: the one way in for anything that does not follow from the machine's own state (keyboard
// and serial input, network packets, host time). Sources submit from the main loop; the machine
// delivers between turns, stamped with the instruction count, so that a log of deliveries replays a
// run.
#ifndef REPLAY_GATE_H
#define REPLAY_GATE_H

#include "util/bits.h"

struct Machine;
typedef struct Gate Gate;

typedef struct GateSource {
    const char *name; // stable across runs: "chardev:serial0", "net:net0", ...
    void (*deliver)(void *opaque, const void *data, size_t len);
    void *opaque;
} GateSource;

Gate *gate_get(struct Machine *m); // made at the first call, lives as long as the machine
// Copies len bytes of data. src must outlive the machine.
void gate_submit(Gate *g, const GateSource *src, const void *data, size_t len);
// By the machine loop, between turns. Returns true if anything was delivered.
bool gate_deliver(Gate *g);

#endif
