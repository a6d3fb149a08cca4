// A whole machine without a command line, for fuzzers of devices, loaders and the gdb server.
#ifndef TESTS_FUZZ_MACHINE_H
#define TESTS_FUZZ_MACHINE_H

#include "hw/core/machine.h"
#include "tests/fuzz/fuzz.h"

// Option arguments, each list ended by NULL; a list may be NULL.
typedef struct FuzzParts {
    const char *const *drives, *const *netdevs, *const *devices;
} FuzzParts;

typedef struct FuzzMachine {
    Fuzz *f;
    Machine *m;
    uint64_t now; // virtual ns
} FuzzMachine;

// Serial ports go nowhere; the board is the one that c->machine names. One CPU, unless c says
// otherwise. NULL with *error, as the command line would get it.
FuzzMachine *fuzz_machine_new(Fuzz *f, const MachineConfig *c, const FuzzParts *parts,
                              char **error);
void fuzz_machine_free(FuzzMachine *fm);

// Adds "key=value" to a table of MachineConfig, which is made if it is NULL.
void fuzz_machine_opt(GHashTable **table, const char *key, const char *value);

// As a guest's accesses in a vCPU's turn. -v tells of them.
void fuzz_write(FuzzMachine *fm, uint64_t addr, uint64_t value, unsigned size);
uint64_t fuzz_read(FuzzMachine *fm, uint64_t addr, unsigned size);
void fuzz_out(FuzzMachine *fm, unsigned port, uint64_t value, unsigned size);
uint64_t fuzz_in(FuzzMachine *fm, unsigned port, unsigned size);
// Timers fire, the host's input comes in.
void fuzz_pass_time(FuzzMachine *fm);
// Each device's state is one that a load would accept.
void fuzz_check_states(FuzzMachine *fm);
// One turn of each vCPU, of n instructions at most; resets and power off are served.
void fuzz_machine_turn(FuzzMachine *fm, uint64_t n);

// A file of n zero bytes with a boot signature, for disks.
char *fuzz_disk(Fuzz *f, const char *name, uint64_t n);

#endif
