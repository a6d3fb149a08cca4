// The scenarios of scenarios*.s on a bare PC of 8 MiB without devices, run by Mimus and, where
// there is /dev/kvm, by this host's CPU: every register and everything in memory has to come out
// the same.
#ifndef TESTS_X86_SYSTEM_SCENARIO_H
#define TESTS_X86_SYSTEM_SCENARIO_H

#include <stdint.h>
#include <string.h>

#define SCENARIO_RAM   (8u << 20)
#define SCENARIO_BASE  0x1000
#define SCENARIO_LOG   0x20000
#define SCENARIO_ENTRY 0x500
#define SCENARIO_MODE  0x504
#define SCENARIO_PAGES 0x10000
#define SCENARIO_CR0   0x60000010

typedef struct Scenario {
    const char *name;
    uint32_t entry, mode;
} Scenario;

// From the .s files.
extern const uint8_t x86_blob[], x86_blob_end[];
extern const Scenario x86_scenarios[], x86_scenarios_end[];

typedef struct ScenarioSegment {
    uint16_t selector;
    uint64_t base;
    uint32_t limit;
    uint32_t attr; // as X86Segment.attr; P clear: the rest does not count
} ScenarioSegment;

// What is compared, besides memory.
typedef struct ScenarioState {
    uint64_t gpr[16], rip, rflags;
    ScenarioSegment seg[6], ldt, tr; // ES, CS, SS, DS, FS, GS
    uint64_t gdt_base, idt_base;
    uint16_t gdt_limit, idt_limit;
    uint64_t cr0, cr2, cr3, cr4, efer;
    uint64_t dr[4], dr6, dr7;
    enum { SCENARIO_HALTED, SCENARIO_SHUTDOWN, SCENARIO_STUCK } end;
} ScenarioState;

static inline void scenario_prepare(uint8_t *ram, const Scenario *s)
{
    memset(ram, 0, SCENARIO_RAM);
    memcpy(ram + SCENARIO_BASE, x86_blob, (size_t)(x86_blob_end - x86_blob));
    memcpy(ram + SCENARIO_ENTRY, &s->entry, 4);
    memcpy(ram + SCENARIO_MODE, &s->mode, 4);
}

#endif
