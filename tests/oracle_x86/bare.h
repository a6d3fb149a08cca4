// A machine of one CPU with the oracle's memory map and nothing else, that runs cases at CPL 3 in
// 64-bit mode or in a 32- or 16-bit code segment of long mode, as Linux runs its processes.
#ifndef TESTS_ORACLE_X86_BARE_H
#define TESTS_ORACLE_X86_BARE_H

#include "hw/core/machine.h"
#include "target-x86/cpu.h"
#include "tests/oracle_x86/case.h"

struct HostBackend;

typedef struct Bare {
    Machine *machine;
    X86CPU *cpu;
    uint8_t *ram;
    uint64_t *pristine;
    unsigned bits; // 16, 32, 64
} Bare;

Bare *bare_new(const char *cpu, unsigned bits, const struct HostBackend *backend, char **error);
void bare_run(Bare *b, const XCase *c, XResult *r);

#endif
