// The gate: the one way in for anything that does not follow from the machine's own state (keyboard
// and serial input, network packets, host time). Sources submit from the main loop; the machine
// delivers between turns, stamped with the instruction count.
//
//   source -- gate_submit --> queue --> gate_deliver --> source's deliver     recording: and the
//   log
//                                       log (replay) ---> source's deliver
#ifndef REPLAY_GATE_H
#define REPLAY_GATE_H

#include <glib.h>
#include "util/bits.h"

struct Machine;
typedef struct Gate Gate;

typedef struct GateSource {
    const char *name; // stable across runs: "chardev:serial0", "net:net0", ...
    // A recording may hold anything: no length or value may be taken for granted.
    void (*deliver)(void *opaque, const void *data, size_t len);
    void *opaque;
    // What was delivered and the machine has not taken yet, for snapshots. load: data may be
    // anything, and nothing (len 0) if there was none. NULL: nothing ever waits.
    void (*save)(void *opaque, GByteArray *out);
    void (*load)(void *opaque, const void *data, size_t len);
} GateSource;

Gate *gate_get(struct Machine *m); // made at the first call, lives as long as the machine
// Before its first submission, and before the machine runs: a recording finds it by its name, which
// no other source has. src must outlive the machine.
void gate_add_source(Gate *g, const GateSource *src);
const GateSource *gate_find_source(const Gate *g, const char *name); // NULL: there is none
// Copies len bytes of data. False: dropped, the machine takes its input from a recording.
bool gate_submit(Gate *g, const GateSource *src, const void *data, size_t len);
bool gate_pending(const Gate *g); // something waits for gate_deliver
// By the machine loop, between turns. Returns true if anything was delivered.
bool gate_deliver(Gate *g);

// The queues of all sources that have one: name_len:u32 name len:u32 bytes, in the names' order.
// Those of other sources, which another machine had, are left out when loading. False: malformed.
void gate_save_queues(const Gate *g, GByteArray *out);
bool gate_load_queues(const Gate *g, const void *data, size_t len);

#endif
