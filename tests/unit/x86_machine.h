// A machine with memory at address 0, no ports, no time and one x86 CPU ("max"), in its state after
// power-on.
#ifndef TESTS_UNIT_X86_MACHINE_H
#define TESTS_UNIT_X86_MACHINE_H

#include <criterion/criterion.h>

#include "hw/core/machine.h"
#include "target-x86/board.h"

typedef struct X86Machine {
    Machine *m;
    X86CPU *c;
    uint8_t *ram;
} X86Machine;

static inline uint64_t x86_machine_no_time(void *opaque)
{
    (void)opaque;
    return 0;
}

// engine: all zero means the interpreter.
static inline X86Machine x86_machine_new(uint64_t ram_bytes, EngineConfig engine)
{
    static const BoardType board = {.name = "test", .target = "x86_64"};
    MachineConfig config = {.machine = "test", .cpu = "max", .engine = engine};
    X86Machine r = {.m = machine_new(&board, &config)};
    MemRegion *ram = mem_ram("ram", ram_bytes);
    mem_map(address_space_root(r.m->memory), 0, ram, 0);
    r.ram = mem_host(ram);
    r.m->io = address_space_new("io", mem_container("io", 0x10000));
    clock_set_source(r.m->clock, x86_machine_no_time, NULL);
    char *error = NULL;
    VCPU *v = x86_cpu_create(r.m, "max", &error);
    cr_assert(v, "%s", error);
    r.c = x86_cpu(v);
    return r;
}

#endif
