// The instruction sets that can be compared.
#include "tests/oracle/generate.h"

#include <capstone/capstone.h>

#include "target-arm/a64/a64.h"
#include "target-arm/cpu.h"

// --- A64

static void trim_a64(OracleRegs *r)
{
    r->flags &= 0xf0000000u;
    // With SP in the runner's signal stack, the frame of its signal would go right there.
    if (r->x[31] - 0x400000 < 0x100000) {
        r->x[31] += 0x100000;
    }
}

static uint32_t coincide_a64(Gen *g, uint32_t free_bits)
{
    (void)g;
    return (free_bits & ~0x001f03e0u) | (free_bits & 0x1f) << 5 | (free_bits & 0x1f) << 16;
}

const OracleIsa oracle_isa[] = {
    {
        .name = "a64",
        .set = &a64_set,
        .state = ORACLE_A64,
        .cpu = "max,sve=off,sme=off",
        .our_cpu = "max",
        // All rows, whatever the model has; but QEMU 7.2 lacks FEAT_LSE2, whose alignment rules
        // differ.
        .features = ~BIT(ARM_FEAT_LSE2),
        .runner = "build/tests/a64-runner",
        .qemu = "qemu-aarch64-static",
        .cs_arch = CS_ARCH_ARM64,
        .cs_mode = CS_MODE_ARM,
        .nop = 0xd503201fu,
        .rule = oracle_rules_a64,
        .n_rules = &oracle_n_rules_a64,
        .trim = trim_a64,
        .coincide = coincide_a64,
        .sequence = oracle_sequence_a64,
    },
};
const unsigned oracle_n_isas = ARRAY_LEN(oracle_isa);
