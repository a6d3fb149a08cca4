// A machine of one CPU with the oracle's memory map and nothing else, that runs cases at EL0.
#ifndef TESTS_ORACLE_BARE_H
#define TESTS_ORACLE_BARE_H

#include "hw/core/machine.h"
#include "target-arm/system.h"
#include "tests/oracle/case.h"

struct HostBackend;

#define BARE_NO_SYSCALL 38 // Linux's ENOSYS: what SVC gives

typedef struct Bare {
    Machine *machine;
    ARMCPU *cpu;
    uint8_t *ram;
    uint64_t *pristine;
    uint32_t state; // what the code around the cases is for: ORACLE_A64, ...
} Bare;

// backend NULL: the interpreter. features: ARM_FEAT_* mask instead of the model's own; 0: the
// model's. NULL with *error.
Bare *bare_new(const char *cpu, uint64_t features, const struct HostBackend *backend, char **error);
// log2 of DC ZVA's bytes, for a reference that has another size. After a reset: 512 bytes.
void bare_set_zva(Bare *b, unsigned log2);
void bare_run(Bare *b, const OracleCase *c, OracleResult *r);

#endif
