// A machine with one Arm CPU and RAM, for tests of the system side.
#ifndef TESTS_ARM_FIXTURE_H
#define TESTS_ARM_FIXTURE_H

#include <criterion/criterion.h>
#include <string.h>

#include "hw/core/machine.h"
#include "target-arm/sysregs.h"

#define RAM_BASE UINT64_C(0x40000000)
#define RAM_SIZE UINT64_C(0x4000000)

typedef struct Fixture {
    Machine *m;
    ARMCPU *c;
    uint8_t *ram;
    uint64_t now; // virtual ns
} Fixture;

static uint64_t fixture_now(void *opaque)
{
    return ((Fixture *)opaque)->now;
}

// engine NULL: the interpreter. a32: a CPU of 32 bits.
static inline void fixture_init_kind(Fixture *f, bool a32, const char *model,
                                     const EngineConfig *engine)
{
    static const BoardType boards[2] = {{.name = "test", .target = "aarch64"},
                                        {.name = "test", .target = "arm"}};
    MachineConfig config = {.machine = "test", .cpu = model};
    if (engine) {
        config.engine = *engine;
    }
    memset(f, 0, sizeof(*f));
    f->m = machine_new(&boards[a32], &config);
    MemRegion *ram = mem_ram("ram", RAM_SIZE);
    mem_map(address_space_root(f->m->memory), RAM_BASE, ram, 0);
    f->ram = mem_host(ram);
    clock_set_source(f->m->clock, fixture_now, f);
    char *error = NULL;
    VCPU *v = arm_cpu_create(f->m, model, &error);
    cr_assert(v, "%s", error);
    f->c = arm_cpu(v);
}

static inline void fixture_init_with(Fixture *f, const char *model, const EngineConfig *engine)
{
    fixture_init_kind(f, false, model, engine);
}

static inline void fixture_init(Fixture *f, const char *model)
{
    fixture_init_with(f, model, NULL);
}

static inline void poke64(Fixture *f, uint64_t phys, uint64_t value)
{
    cr_assert(phys >= RAM_BASE && phys + 8 <= RAM_BASE + RAM_SIZE);
    memcpy(f->ram + (phys - RAM_BASE), &value, 8);
}

static inline uint64_t peek64(Fixture *f, uint64_t phys)
{
    uint64_t value;
    memcpy(&value, f->ram + (phys - RAM_BASE), 8);
    return value;
}

static inline void set_el(Fixture *f, unsigned el)
{
    arm_set_pstate(f->c, el << PSTATE_EL_SHIFT | (el ? PSTATE_SP : 0));
    arm_mode_changed(f->c);
}

#endif
